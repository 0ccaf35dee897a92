package displog

import "strings"

// A template is a message with holes: "Found farm {farm} for {host}". Text between holes stands for itself.
type template struct {
	kind string
	text string
	// decision is the field that the message implies; "" for none.
	decision string
}

// templates are the messages that are known. The first that fits counts.
var templates = []template{
	{"filter", "Filter rule entry /{rule} allowed '{request}'", "allow"},
	{"filter", "Filter rule entry /{rule} blocked '{request}'", "deny"},
	{"filter", "'{request}' was blocked because of /{rule}", "deny"},
	{"filter", "'{request}' was allowed because of /{rule}", "allow"},
	{"filter", "Filter rejects: {request}", "deny"},
	{"farm", "Found farm {farm} for {host}", ""},
	{"farm", "No farm matches host '{host}', selected last farm '{farm}'", ""},
	{"docroot", "farms[{farm}].cache.docroot = {docroot}", ""},
	{"header", `request.headers[{header}] = "{value}"`, ""},
	{"start", "Dispatcher initialized (build {build})", ""},
	{"start", "Dispatcher initializing (build {build})", ""},
	{"flush", "Activation detected: action={action} [{handle}]", ""},
	{"flush", "Flushing rejected from {client}", "deny"},
	{"touch", "Touched {file}", ""},
	{"cache", "cache-action for [{uri}]: {action}", ""},
	{"cache", "checking [{uri}]", ""},
	{"cache", "cache file is newer than lastflush -> use cache [{file}]", ""},
	{"cache", "cache file is older than lastflush -> flush [{file}]", ""},
	{"cache", "cache file has not expired: {file}", ""},
	{"cache", "cache file has expired: {file}", ""},
	{"cache", "Cache file successfully created: {file}", ""},
	{"cache", "authorization checker denied access: {file}", ""},
	{"cache", "request URL not in cache rules: {uri}", ""},
	{"cache", "request contains a query string: {query}", ""},
	{"cache", "Query string ignored: {query}", ""},
	{"cache", "Name not in ignored URL parameters ACL: {name}", ""},
	{"cache", "Unable to create parent directory {file}: {error}", ""},
	{"cache", "Current cache hit ratio: {ratio} %", ""},
	{"render", "Unable to connect socket to {address}: {error}", ""},
	{"render", "Unable to connect to backend {render} ({address}): {error}", ""},
	{"render", "Unable to connect to any backend in farm {farm}", ""},
	{"render", "Connected to backend {render} ({address})", ""},
	{"render", "Creating new connection: {address}", ""},
	{"render", "Storing socket for later reuse: {address}", ""},
	{"render", "Dropping socket after {seconds} seconds of inactivity: {address}", ""},
	{"render", "Adding request header: {header}", ""},
	{"render", "Error while reading response: {error}", ""},
	{"checker", "Authorization checker: backend answered with status code: {status}", ""},
	{"checker", "Authorization checker: initialized with URL '{url}'", ""},
	{"vanity", "Loaded {count} vanity URLs from file {file}", ""},
	{"vanity", "Vanity URL file ({file}) not found, fetching...", ""},
	{"vanity", "Unable to fetch vanity URLs from {url}: {error}", ""},
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
	if t.decision != "" {
		fields["decision"] = t.decision
	}
	return fields, true
}
