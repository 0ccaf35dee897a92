package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/source"
)

// An Expectation is what an answer must say at a path into its JSON, or at one of the short names of paths.
type Expectation struct {
	// Path is names and numbers with dots between them, "render.name", or one of [ShortNames].
	Path string
	// Want is what must stand there.
	Want *Matcher
	// Span is the path in its text, the zero Span on a command line.
	Span source.Span
	// Literal says that a path into a mapping whose names differ from answer to answer must exist.
	Literal bool

	value source.Span // what is expected, where it is one plain value that can be written anew
}

// Literal is the expectation of a text as it stands, as --expect has it.
func Literal(path, text string) Expectation {
	return Expectation{Path: path, Want: &Matcher{kind: matchText, text: text}, Literal: true}
}

// ShortNames are the names of what is asked for most, with what each means.
func ShortNames() [][2]string {
	return [][2]string{
		{"filter", "allow or deny, and by which rule: deny by /0001"},
		{"cache", "yes or no, with a reason if you like, no: REASON; or hit, miss, stale, expired, none"},
		{"farm", "the name of the farm"},
		{"vhost", "the name of the virtual host of httpd"},
		{"uri", "the path that the Dispatcher sees, after rewriting; rewrite is the same"},
		{"redirect", "status and target of a redirect: 301 /target; or one of the two, or no"},
		{"hops", "how many redirects the client gets until there is an answer"},
		{"status", "the status that the client gets, null where no answer is known"},
		{"file", "the cache file"},
		{"header.NAME", "a header of the response, null for none"},
		{"stale", "a page that a publish made stale, or a list of such; fresh, deleted, touched in the same way"},
		{"log", "a line of the Dispatcher's log, without date and process"},
	}
}

// shortPaths are the short names that stand for a path and no more.
var shortPaths = map[string]string{
	"farm": "farm.name", "status": "response.status", "file": "cache.file", "vhost": "httpd.vhost",
}

// memberLists are the short names of lists of which each wanted entry must be there.
var memberLists = []string{"stale", "fresh", "deleted", "touched", "refetched"}

// A Check is an expectation held against an answer.
type Check struct {
	// OK says that the answer is as expected.
	OK bool
	// Actual is what the answer says.
	Actual string

	update string // what to expect instead, "" where that cannot be said in one text
}

// Check holds the expectation against an answer. The error is a *[PathError].
func (e *Expectation) Check(a Answer) (Check, error) {
	s, err := e.subject(a)
	if err != nil {
		return Check{}, err
	}
	ok := e.Want.match(s)
	if action, asked := e.wantsAction(a); asked && !ok {
		s.shown, s.update = action, nil
	}
	c := Check{OK: ok, Actual: s.shown}
	if !c.OK && e.Want.plain() {
		c.update = s.shown
		if s.update != nil {
			c.update = s.update(e.Want.text)
		}
	}
	return c, nil
}

// actionWords are what the cache does, as an expectation of cache has it.
var actionWords = []string{"hit", "miss", "stale", "expired", "none"}

// wantsAction returns what the cache does, where that is what is expected, and reports whether it is.
func (e *Expectation) wantsAction(a Answer) (string, bool) {
	action, _ := a.LookUp("cache.action")
	text, ok := action.(string)
	return text, ok && e.Path == "cache" && e.Want.kind == matchText && slices.Contains(actionWords, e.Want.text)
}

// subject is what stands in the answer.
func (e *Expectation) subject(a Answer) (*subject, error) {
	switch e.Path {
	case "filter":
		return filterSubject(a), nil
	case "cache":
		s := cacheSubject(a)
		if equals := s.equals; s.value == nil && !e.Literal { // what does not come to the cache is not cached
			s.equals = func(want string) bool { return want == "no" || equals(want) }
		}
		return s, nil
	case "log":
		return logSubject(a), nil
	}
	if e.Literal {
		path := e.Path
		if long, ok := shortPaths[path]; ok {
			path = long
		}
		v, err := a.LookUp(path)
		if err != nil {
			return nil, err
		}
		return valueSubject(v), nil
	}
	switch e.Path {
	case "uri", "rewrite":
		v, err := a.LookUp("httpd.uri")
		if err == nil && v == nil {
			v, err = a.LookUp("request.uri")
		}
		if err != nil {
			return nil, err
		}
		return valueSubject(v), nil
	case "redirect":
		return redirectSubject(a), nil
	case "hops":
		return textSubject(fmt.Sprint(hops(a))), nil
	}
	path := e.Path
	if long, ok := shortPaths[path]; ok {
		path = long
	}
	if name, ok := strings.CutPrefix(path, "header."); ok {
		path = "response.headers." + name
	}
	if slices.Contains(memberLists, path) {
		v, err := a.LookUp("invalidation." + path)
		if err != nil {
			return nil, err
		}
		return memberSubject(v), nil
	}
	v, err := a.seek(path)
	if err != nil {
		return nil, err
	}
	return valueSubject(v), nil
}

// hops are the redirects that were followed, and that which the answer still is.
func hops(a Answer) int {
	list, _ := a.LookUp("httpd.redirects")
	followed, _ := list.([]any)
	n := len(followed)
	status, _ := a.LookUp("response.status")
	loop, _ := a.LookUp("httpd.redirect_loop")
	if code := plainText(status); loop != true && len(code) == 3 && code[0] == '3' && code != "304" {
		n++
	}
	return n
}

// A subject is something that a matcher is held against.
type subject struct {
	shown string
	// equals compares with a text as it stands.
	equals func(want string) bool
	// texts are what patterns are held against: one must match.
	texts []string
	value any
	// members says that a wanted list names entries that must be there, and not all there are.
	members bool
	// update returns what to expect in place of a text; nil is shown.
	update func(want string) string
}

func valueSubject(v any) *subject {
	s := textSubject(plainText(v))
	s.value = v
	return s
}

func textSubject(text string) *subject {
	return &subject{shown: text, equals: func(want string) bool { return want == text }, texts: []string{text}, value: text}
}

// filterSubject compares with allow and deny, and deny by /RULE.
func filterSubject(a Answer) *subject {
	action, _ := a.LookUp("filter.action")
	rule, _ := a.LookUp("filter.rule")
	word := plainText(action)
	s := textSubject(word)
	s.value = action
	if rule != nil {
		s.shown += " by " + plainText(rule)
		s.texts = append(s.texts, s.shown)
	}
	s.equals = func(want string) bool {
		want, by, named := strings.Cut(want, " by ")
		label := func(s string) string { return strings.TrimPrefix(strings.TrimSpace(s), "/") }
		return word == strings.TrimSpace(want) && (!named || rule != nil && (by == rule || label(by) == label(plainText(rule))))
	}
	s.update = func(want string) string {
		if strings.Contains(want, " by ") {
			return s.shown
		}
		return word
	}
	return s
}

// cacheSubject compares with yes, no, no: REASON, and the words of cache.action.
func cacheSubject(a Answer) *subject {
	cacheable, _ := a.LookUp("cache.cacheable")
	info, _ := a.LookUp("cache.info")
	reason, _ := a.LookUp("cache.reason")
	code, _ := a.LookUp("cache.code")
	action, _ := a.LookUp("cache.action")
	word := map[any]string{true: "yes", false: "no", nil: "null"}[cacheable]
	s := textSubject(word)
	s.value = cacheable
	reasons := []string{plainText(info), plainText(reason)}
	for _, r := range reasons {
		if general, _, ok := strings.Cut(r, ": "); ok { // what follows is about the one request
			reasons = append(reasons, general)
		}
	}
	if code != nil && word == "no" {
		reasons = append(reasons, plainText(code))
	}
	if action != nil {
		s.texts = append(s.texts, plainText(action))
	}
	for _, r := range []any{info, reason} {
		if r != nil {
			s.texts = append(s.texts, word+": "+plainText(r))
		}
	}
	if reason != nil {
		s.shown += ": " + plainText(reason)
	}
	s.equals = func(want string) bool {
		first, wanted, named := strings.Cut(want, ":")
		if first = strings.TrimSpace(first); first != word && first != plainText(cacheable) && first != plainText(action) {
			return false
		}
		if !named {
			return true
		}
		if slices.Contains(reasons, strings.TrimPrefix(wanted, " ")) {
			return true
		}
		if wanted = strings.TrimSpace(wanted); slices.Contains(reasons, wanted) {
			return true
		}
		m := shortForm(wanted)
		return m != nil && m.kind != matchText && m.match(&subject{equals: func(w string) bool { return slices.Contains(reasons, w) }, texts: reasons})
	}
	s.update = func(want string) string {
		if strings.Contains(want, ":") {
			return s.shown
		}
		return word
	}
	return s
}

// logSubject compares with lines of the log: one must be the text.
func logSubject(a Answer) *subject {
	events, _ := a["trace"].([]any)
	s := &subject{shown: fmt.Sprintf("%d other lines", len(events)), value: a["trace"]}
	for _, v := range events {
		if event, ok := v.(map[string]any); ok {
			s.texts = append(s.texts, plainText(event["message"]))
		}
	}
	s.equals = func(want string) bool { return slices.Contains(s.texts, want) }
	s.update = func(string) string { return "" }
	return s
}

// memberSubject compares with the entries of a list.
func memberSubject(v any) *subject {
	list, _ := v.([]any)
	s := &subject{shown: plainText(v), value: v, members: true}
	for _, e := range list {
		s.texts = append(s.texts, plainText(e))
	}
	s.equals = func(want string) bool { return slices.Contains(s.texts, want) }
	s.update = func(string) string { return "" }
	return s
}

// redirectSubject compares with "301 /target", one of the two, and no. Where redirects were followed it is the first of them.
// A target on the host that was asked may be wanted without that host.
func redirectSubject(a Answer) *subject {
	status, _ := a.LookUp("httpd.status")
	location, _ := a.LookUp("httpd.location")
	if list, _ := a.LookUp("httpd.redirects"); list != nil {
		if l, _ := list.([]any); len(l) > 0 {
			first, _ := l[0].(map[string]any)
			status, location = first["status"], first["to"]
		}
	}
	if location == nil {
		s, _ := a.LookUp("response.status")
		if text := plainText(s); len(text) == 3 && text[0] == '3' {
			h, _ := a.seek("response.headers.Location")
			status, location = s, h
		}
	}
	if location == nil {
		return &subject{shown: "no", texts: []string{"no"}, equals: func(want string) bool { return want == "no" || want == "none" || want == "false" }}
	}
	code, target := plainText(status), plainText(location)
	host, _ := a.LookUp("request.host")
	targets := []string{target}
	for _, scheme := range []string{"http://", "https://"} {
		if rest, ok := strings.CutPrefix(target, scheme); ok {
			at, path, _ := strings.Cut(rest, "/")
			if strings.EqualFold(at, plainText(host)) {
				targets = append(targets, "/"+path)
			}
		}
	}
	s := &subject{shown: code + " " + target, value: code + " " + target}
	for _, t := range targets {
		s.texts = append(s.texts, code+" "+t, t)
	}
	s.equals = func(want string) bool {
		if want == code || want == "yes" || want == "true" {
			return true
		}
		words := strings.Fields(want)
		return slices.Contains(s.texts, strings.Join(words, " "))
	}
	s.update = func(want string) string {
		shown := target
		if len(targets) > 1 && !strings.Contains(want, "://") {
			shown = targets[1]
		}
		return code + " " + shown
	}
	return s
}
