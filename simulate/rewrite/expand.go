package rewrite

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/escape"
	"github.com/dispcheck/dispcheck/model/server"
)

// expand replaces what a template refers to.
func (x *run) expand(t template) string {
	if s, ok := t.plain(); ok {
		return s
	}
	if len(t) == 1 {
		return x.value(&t[0])
	}
	n := len(x.text) // maps expand templates within templates
	for i := range t {
		v := x.value(&t[i])
		x.text = append(x.text, v...)
	}
	s := x.res.Memory.Text(x.text[n:])
	x.text = x.text[:n]
	return s
}

// value returns what one part stands for.
func (x *run) value(p *part) string {
	switch p.kind {
	case literal:
		return p.text
	case ruleRef:
		return x.escaped(group(x.ruleSource, x.ruleCaps, x.ruleSet, p.n))
	case condRef:
		return x.escaped(group(x.condSource, x.condCaps, x.condSet, p.n))
	case mapLookup:
		return x.lookup(p)
	}
	return x.variable(p)
}

// escaped encodes what a reference stands for where the flag B asks for it, in the keys and defaults of maps, too.
func (x *run) escaped(s string) string {
	if x.escape == nil {
		return s
	}
	return escapeReference(s, x.escape)
}

func group(source string, caps []int, set bool, n int) string {
	if !set || 2*n+1 >= len(caps) || caps[2*n] < 0 {
		return ""
	}
	return source[caps[2*n]:caps[2*n+1]]
}

// expandTarget makes the result of a rule. unsafe says that the question mark at which the query begins came out of a
// reference: httpd answers 403 then, since 2.4.60.
func (x *run) expandTarget(r *rule) (target string, unsafe bool) {
	t := r.substitution
	if s, ok := t.plain(); ok {
		return s, false
	}
	if r.Flags.Escape {
		x.escape = &r.Flags
	}
	n := len(x.text)
	found := false // the question mark at which the query begins: the first, with QSL the last
	for i := range t {
		p := &t[i]
		v := x.value(p)
		if (!found || r.Flags.QueryLast) && strings.IndexByte(v, '?') >= 0 {
			found, unsafe = true, p.kind != literal
		}
		x.text = append(x.text, v...)
	}
	x.escape = nil
	target = x.res.Memory.Text(x.text[n:])
	x.text = x.text[:n]
	return target, unsafe
}

// lookup looks a key up in a map.
func (x *run) lookup(p *part) string {
	key := x.expand(p.key)
	v, found := "", false
	if p.m != nil {
		v, found = x.inMap(p.m, key)
	}
	if !found {
		x.log(5, "map lookup FAILED: map=%s key=%s", p.name, key)
		if p.hasDefault {
			return x.expand(p.def)
		}
		return ""
	}
	x.log(5, "map lookup OK: map=%s key=%s -> val=%s", p.name, key, v)
	return v
}

func (x *run) inMap(m *server.RewriteMap, key string) (string, bool) {
	switch m.Kind {
	case server.MapInternal:
		switch m.Source {
		case "tolower":
			return strings.Map(lowerASCII, key), true
		case "toupper":
			return strings.Map(upperASCII, key), true
		case "escape":
			return escape.Path(key), true
		case "unescape":
			return unescape(key), true
		}
		return "", false
	case server.MapText, server.MapDBM:
		if m.Known {
			v, ok := m.Entries[key]
			return v, ok
		}
	}
	v, found, ok := x.s.Map(m, key)
	if !ok {
		x.s.NotSimulated("RewriteMap "+m.Name, "what the map says is not known", m.Place)
		x.uncertain = true
	}
	return v, found
}

func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

func upperASCII(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}

// variable returns the value of %{...}; a name that is not one is empty.
func (x *run) variable(p *part) string {
	switch {
	case p.environment != "":
		v, _ := x.s.Env(p.environment)
		return v
	case p.header != "":
		v, ok := x.s.Header(p.header)
		if ok && !strings.EqualFold(p.header, "Host") {
			if x.varyThis != "" {
				x.varyThis += ", "
			}
			x.varyThis += p.header
		}
		return v
	}
	switch p.text {
	case "REQUEST_URI":
		return x.s.URI()
	case "QUERY_STRING":
		if x.doubts != nil {
			x.doubts.LooksAtQuery(x.query)
		}
		return x.query
	case "REQUEST_FILENAME", "SCRIPT_FILENAME":
		return x.filename
	case "PATH_INFO":
		return x.pathInfo
	}
	if colon := strings.IndexByte(p.text, ':'); colon >= 0 {
		return x.special(p.text[:colon], p.text[colon+1:])
	}
	switch p.text {
	case "REQUEST_STATUS", "HANDLER", "CONTENT_TYPE":
		return "" // these are variables of expressions alone
	}
	v, ok := x.s.Variable(p.text)
	if !ok && known[p.text] {
		x.s.NotSimulated("%{"+p.text+"}", "its value is not known", server.Place{})
		x.uncertain = true
	}
	return v
}

// known are the variables that httpd knows and a Subject may not.
var known = map[string]bool{"REMOTE_PORT": true, "SERVER_ADMIN": true, "SERVER_SOFTWARE": true, "SCRIPT_USER": true, "SCRIPT_GROUP": true,
	"REMOTE_IDENT": true}

// special answers the variables with a prefix: LA-U, LA-F and SSL.
func (x *run) special(prefix, name string) string {
	switch strings.ToUpper(prefix) {
	case "LA-U", "LA-F":
		v, ok := x.s.LookAhead(name, strings.EqualFold(prefix, "LA-F"))
		if !ok {
			x.s.NotSimulated("%{"+prefix+":"+name+"}", "a look-ahead is not simulated here", server.Place{})
			x.uncertain = true
		}
		return v
	}
	return ""
}
