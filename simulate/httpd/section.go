package httpd

import (
	"strings"
	"sync/atomic"

	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// A section is one of the configuration with what a request needs to see whether it is meant.
type section struct {
	*server.Section
	// segments is how many names the path of a <Directory> has.
	segments int
	// path of a <Directory> ends with a slash.
	path string
	// prefix is what begins every path that a <Location> may mean; "" where that is not known. regex says that it has a
	// pattern. Most sections are not meant, and these two say so without a look at the section itself.
	prefix string
	regex  bool
}

func newSection(s *server.Section) *section {
	c := &section{Section: s, path: s.Path}
	c.regex = s.Pattern != nil
	if p := s.Pattern; c.regex && p.PCRE != nil && !p.Negated {
		if shape := p.PCRE.Shape(); shape.Begin && !shape.Fold {
			c.prefix = shape.Prefix
		}
	} else if !c.regex && !s.Wild {
		c.prefix = s.Path
	}
	if s.Kind == server.Directory && s.Pattern == nil {
		if !strings.HasSuffix(c.path, "/") {
			c.path += "/"
		}
		c.segments = strings.Count(strings.TrimRight(c.path, "/"), "/")
	}
	return c
}

// A layer is the settings of some sections, merged in the order in which they were met. Layers form a trie: the same
// sections give the same layer, so that a request merges nothing.
type layer struct {
	settings *server.Settings
	// rules are those of per-directory context; nil where there are none.
	rules *rewrite.Rules
	files []*section
	ifs   []*section
	maps  map[string]*server.RewriteMap
	next  atomic.Pointer[map[*server.Section]*layer]
}

// maxLayers bounds the trie of a host. Past it, layers are made anew for each request.
const maxLayers = 10_000

func newLayer(s *server.Settings, maps map[string]*server.RewriteMap) *layer {
	l := &layer{settings: s, maps: maps}
	if s.Rewrite != nil && len(s.Rewrite.Rules) > 0 {
		l.rules = rewrite.Compile(s.Rewrite, maps)
	}
	for _, f := range s.Files {
		l.files = append(l.files, newSection(f))
	}
	for _, f := range s.Ifs {
		l.ifs = append(l.ifs, newSection(f))
	}
	return l
}

// with returns the layer with one more section over it.
func (h *host) with(l *layer, s *section) *layer {
	if m := l.next.Load(); m != nil {
		if n := (*m)[s.Section]; n != nil {
			return n
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	old := l.next.Load()
	if old != nil {
		if n := (*old)[s.Section]; n != nil {
			return n
		}
	}
	n := newLayer(l.settings.Merge(s.Settings), l.maps)
	if h.layers >= maxLayers {
		return n
	}
	h.layers++
	m := map[*server.Section]*layer{s.Section: n}
	if old != nil {
		for k, v := range *old {
			m[k] = v
		}
	}
	l.next.Store(&m)
	return n
}

// enter puts a section over what holds for the request.
func (x *exchange) enter(s *section) { x.layer = x.host.with(x.layer, s) }

// meets reports whether a pattern matches a subject, and takes its named groups into the environment as MATCH_NAME.
func (x *exchange) meets(p *server.Pattern, subject string) bool {
	if p.PCRE == nil {
		x.patternNotSimulated(p)
		return false
	}
	names := p.PCRE.Names()
	ok, caps, err := p.PCRE.Match(subject, x.groups[:0])
	if err != nil {
		x.notSimulated(server.Construct{Text: p.Text, Why: err.Error(), Place: server.Place{At: p.At}})
		return false
	}
	if ok {
		for i, name := range names {
			if name != "" && 2*i+1 < len(caps) && caps[2*i] >= 0 {
				x.env.set("MATCH_"+strings.ToUpper(name), subject[caps[2*i]:caps[2*i+1]])
			}
		}
	}
	return ok != p.Negated
}

// matches is meets without groups.
func (x *exchange) matches(p *server.Pattern, subject string, caps []int) (bool, []int) {
	if p.PCRE == nil {
		x.patternNotSimulated(p)
		return false, nil
	}
	ok, caps, err := p.PCRE.Match(subject, caps)
	if err != nil {
		x.notSimulated(server.Construct{Text: p.Text, Why: err.Error(), Place: server.Place{At: p.At}})
		return false, nil
	}
	return ok, caps
}

func (x *exchange) patternNotSimulated(p *server.Pattern) {
	if p.NotSimulated != "" {
		x.notSimulated(server.Construct{Text: p.Text, Why: p.NotSimulated, Place: server.Place{At: p.At}})
	}
}

// walkLocations puts the <Location> sections that match the path, and then the <If> sections that hold, over the settings.
// It runs twice: on the path as it came, and again when rules and aliases are through with it.
func (x *exchange) walkLocations() {
	if x.locatedFor == x.uri && x.uri != "" && !x.host.remembers {
		for _, s := range x.located {
			x.enter(s)
		}
		x.walkIfs()
		return
	}
	x.located, x.locatedFor = x.located[:0], x.uri
	merged := x.uri
	if strings.Contains(merged, "//") {
		merged = mergeSlashes(merged)
	}
	for _, s := range x.host.locations {
		if x.inLocation(s, merged) {
			x.located = append(x.located, s)
			x.enter(s)
		}
	}
	x.walkIfs()
}

// inLocation reports whether a section is meant. Patterns see the path as it is, others with its slashes merged.
func (x *exchange) inLocation(s *section, uri string) bool {
	if s.regex {
		return strings.HasPrefix(x.uri, s.prefix) && x.meets(s.Pattern, x.uri)
	}
	if !strings.HasPrefix(uri, s.prefix) {
		return false
	}
	if s.Wild {
		return wildMatch(s.Path, uri, true)
	}
	n := len(s.Path)
	if !strings.HasPrefix(uri, s.Path) {
		return false
	}
	return n == 0 || s.Path[n-1] == '/' || len(uri) == n || uri[n] == '/'
}

func mergeSlashes(s string) string {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] == '/' && i > 0 && s[i-1] == '/' {
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

// walkIfs puts the <If>, <ElseIf> and <Else> sections that hold over the settings. Those inside of them are not looked at
// in the same walk.
func (x *exchange) walkIfs() {
	held := false // the <If> or <ElseIf> before
	for _, s := range x.layer.ifs {
		if s.Kind != server.If && held {
			continue
		}
		if s.Kind == server.Else {
			x.enter(s)
			held = false
			continue
		}
		held = x.holds(s.Condition)
		if held {
			x.enter(s)
		}
	}
}

// walkFiles puts the <Files> sections that match the last name of the file over the settings.
func (x *exchange) walkFiles() {
	name := x.filename[strings.LastIndexByte(x.filename, '/')+1:]
	for _, s := range x.layer.files {
		ok := false
		switch {
		case s.Pattern != nil:
			ok = x.meets(s.Pattern, name)
		case s.Wild:
			ok = wildMatch(s.Path, name, true)
		default:
			ok = s.Path == name
		}
		if ok {
			x.enter(s)
		}
	}
}

// wildMatch matches a path with *, ? and [...] in a pattern, as httpd's fnmatch does. With slashes, none of them matches a
// slash.
func wildMatch(pattern, s string, slashes bool) bool {
	// star and back are where to go on after a star that took too little. Under slashes a later star takes the place of an
	// earlier one, as always: what the earlier one left out cannot help.
	p, i, star, back := 0, 0, -1, 0
	for i < len(s) {
		if p < len(pattern) {
			switch c := pattern[p]; {
			case c == '*':
				star, back = p, i
				p++
				continue
			case c == '?':
				if !(slashes && s[i] == '/') {
					p++
					i++
					continue
				}
			case c == '[':
				if n, ok := inBracket(pattern[p:], s[i]); n > 0 {
					if ok && !(slashes && s[i] == '/') {
						p += n
						i++
						continue
					}
				} else if s[i] == '[' {
					p++
					i++
					continue
				}
			case c == '\\' && p+1 < len(pattern):
				if pattern[p+1] == s[i] {
					p += 2
					i++
					continue
				}
			case c == s[i]:
				p++
				i++
				continue
			}
		}
		if star < 0 || slashes && s[back] == '/' {
			return false
		}
		back++
		p, i = star+1, back
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// inBracket reads a bracket expression: how long it is, 0 where it does not end, and whether c is in it.
func inBracket(p string, c byte) (n int, ok bool) {
	i, negated := 1, false
	if i < len(p) && (p[i] == '!' || p[i] == '^') {
		negated = true
		i++
	}
	for first := true; i < len(p); first = false {
		if p[i] == ']' && !first {
			return i + 1, ok != negated
		}
		lo := p[i]
		if lo == '\\' && i+1 < len(p) {
			i++
			lo = p[i]
		}
		hi := lo
		i++
		if i+1 < len(p) && p[i] == '-' && p[i+1] != ']' {
			hi = p[i+1]
			i += 2
		}
		if lo <= c && c <= hi {
			ok = true
		}
	}
	return 0, false
}
