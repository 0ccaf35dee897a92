package displog

import "strings"

// A template is a message with holes: "Found farm {farm} for {host}". Text between holes stands for itself.
type template struct {
	kind string
	text string
	// more are fields that the message implies.
	more map[string]string
}

// templates are the messages that are known. The first that fits counts.
var templates = []template{
	{"filter", "Filter rule entry /{rule} allowed '{request}'", map[string]string{"decision": "allow"}},
	{"filter", "Filter rule entry /{rule} blocked '{request}'", map[string]string{"decision": "deny"}},
	{"filter", "'{request}' was blocked because of /{rule}", map[string]string{"decision": "deny"}},
	{"filter", "'{request}' was allowed because of /{rule}", map[string]string{"decision": "allow"}},
	{"filter", "Filter rejects: {request}", map[string]string{"decision": "deny"}},
	{"farm", "Found farm {farm} for {host}", nil},
	{"farm", "No farm matches host '{host}', selected last farm '{farm}'", nil},
	{"docroot", "farms[{farm}].cache.docroot = {docroot}", nil},
	{"header", `request.headers[{header}] = "{value}"`, nil},
	{"start", "Dispatcher initialized (build {build})", nil},
	{"start", "Dispatcher initializing (build {build})", nil},
	{"flush", "Activation detected: action={action} [{handle}]", nil},
	{"flush", "Flushing rejected from {client}", map[string]string{"decision": "deny"}},
	{"touch", "Touched {file}", nil},
	{"cache", "cache-action for [{uri}]: {action}", nil},
	{"cache", "checking [{uri}]", nil},
	{"cache", "cache file is newer than lastflush -> use cache [{file}]", nil},
	{"cache", "cache file is older than lastflush -> flush [{file}]", nil},
	{"cache", "cache file has not expired: {file}", nil},
	{"cache", "cache file has expired: {file}", nil},
	{"cache", "Cache file successfully created: {file}", nil},
	{"cache", "authorization checker denied access: {file}", nil},
	{"cache", "request URL not in cache rules: {uri}", nil},
	{"cache", "request contains a query string: {query}", nil},
	{"cache", "Query string ignored: {query}", nil},
	{"cache", "Name not in ignored URL parameters ACL: {name}", nil},
	{"cache", "Unable to create parent directory {file}: {error}", nil},
	{"cache", "Current cache hit ratio: {ratio} %", nil},
	{"render", "Unable to connect socket to {address}: {error}", nil},
	{"render", "Unable to connect to backend {render} ({address}): {error}", nil},
	{"render", "Unable to connect to any backend in farm {farm}", nil},
	{"render", "Connected to backend {render} ({address})", nil},
	{"render", "Creating new connection: {address}", nil},
	{"render", "Storing socket for later reuse: {address}", nil},
	{"render", "Dropping socket after {seconds} seconds of inactivity: {address}", nil},
	{"render", "Adding request header: {header}", nil},
	{"render", "Error while reading response: {error}", nil},
	{"checker", "Authorization checker: backend answered with status code: {status}", nil},
	{"checker", "Authorization checker: initialized with URL '{url}'", nil},
	{"vanity", "Loaded {count} vanity URLs from file {file}", nil},
	{"vanity", "Vanity URL file ({file}) not found, fetching...", nil},
	{"vanity", "Unable to fetch vanity URLs from {url}: {error}", nil},
}

// Fields says what the message is about: kind is "filter", "farm", "cache", "summary" and the like, "" for a message that
// is not known, and fields its parts by name: rule, decision, farm, client, docroot, header, value, build and so on.
func (l *Line) Fields() (kind string, fields map[string]string) {
	if s, ok := ParseSummary(l.Message); ok {
		fields = map[string]string{"method": s.Method, "uri": s.URI, "status": s.Status, "farm": s.Farm, "render": s.Render}
		if s.Action != "" {
			fields["action"] = s.Action
		}
		if s.Host != "" {
			fields["host"] = s.Host
		}
		if s.Blocked() {
			fields["decision"] = "deny"
		}
		return "summary", fields
	}
	for i := range templates {
		if fields, ok := templates[i].match(l.Message); ok {
			return templates[i].kind, fields
		}
	}
	return "", nil
}

// match fills the holes. A hole ends where the text after it first occurs, the last one at the end of the message.
func (t *template) match(s string) (map[string]string, bool) {
	fields := map[string]string{}
	for text := t.text; ; {
		before, hole, ok := strings.Cut(text, "{")
		if !strings.HasPrefix(s, before) {
			return nil, false
		}
		s = s[len(before):]
		if !ok {
			if s != "" {
				return nil, false
			}
			break
		}
		var name string
		name, text, _ = strings.Cut(hole, "}")
		next, _, _ := strings.Cut(text, "{")
		end := len(s)
		switch {
		case next == "":
		case next == text: // the last text: it ends the message
			if end = len(s) - len(next); end < 0 || s[end:] != next {
				return nil, false
			}
		default:
			if end = strings.Index(s, next); end < 0 {
				return nil, false
			}
		}
		fields[name] = s[:end]
		s = s[end:]
	}
	for k, v := range t.more {
		fields[k] = v
	}
	return fields, true
}
