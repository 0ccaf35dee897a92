package decisiondiff

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apexpr"
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
)

// A part is a part of a request that a directive of httpd looks at.
type part uint8

const (
	noPart part = iota
	pathPart
	queryPart
	hostPart
	methodPart
	schemePart
	headerPart
	clientPart
	answerPart // a header of the render's answer
)

// A setting gives a part of a request a value. A header without a value is one that is not sent.
type setting struct {
	part  part
	name  string // of a header
	value string
}

// An assignment is settings that go together. The later ones win.
type assignment []setting

// with returns a with settings behind it.
func (a assignment) with(s ...setting) assignment { return append(a[:len(a):len(a)], s...) }

// applied returns a request with the settings; false where they make none.
func (a assignment) applied(r Request) (Request, bool) {
	for _, s := range a {
		switch s.part {
		case pathPart:
			if !strings.HasPrefix(s.value, "/") {
				return r, false
			}
			_, query, has := strings.Cut(r.Target, "?")
			r.Target = targetOf(s.value)
			if has {
				r.Target += "?" + query
			}
		case queryPart:
			path, _, _ := strings.Cut(r.Target, "?")
			r.Target = path
			if s.value != "" {
				r.Target += "?" + strings.NewReplacer(" ", "%20", "#", "%23").Replace(s.value)
			}
		case hostPart:
			if s.value == "" || strings.ContainsAny(s.value, " /?#@") {
				return r, false
			}
			r.Host = s.value
		case methodPart:
			if !isToken(s.value) {
				return r, false
			}
			r.Method = s.value
		case schemePart:
			r.TLS = s.value == "https" || s.value == "on" || s.value == "443"
		case clientPart:
			addr, err := netip.ParseAddr(s.value)
			if err != nil {
				return r, false
			}
			r.Client = addr
		case headerPart:
			h := slices.DeleteFunc(slices.Clone(r.Header), func(f simulate.Field) bool { return strings.EqualFold(f.Name, s.name) })
			if v := strings.TrimSpace(s.value); v != "" {
				h = append(h, simulate.Field{Name: s.name, Value: v})
			}
			slices.SortFunc(h, func(a, b simulate.Field) int { return strings.Compare(a.Name, b.Name) })
			r.Header = h
		case answerPart:
			r.Answer = append(r.Answer[:len(r.Answer):len(r.Answer)], simulate.Field{Name: s.name, Value: s.value})
		}
	}
	return r, true
}

func isToken(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == '_' || '0' <= c && c <= '9')
	}) < 0
}

// targetOf is a path as it is sent.
func targetOf(path string) string { return automata.Request{URI: path}.Target() }

// variablePart says which part of a request a variable of httpd holds.
func variablePart(name string) (part, string) {
	upper := strings.ToUpper(name)
	switch upper {
	case "REQUEST_URI", "REQUEST_FILENAME", "SCRIPT_NAME", "SCRIPT_FILENAME", "PATH_INFO", "DOCUMENT_URI":
		return pathPart, ""
	case "HTTP_HOST", "SERVER_NAME":
		return hostPart, ""
	case "QUERY_STRING", "ARGS":
		return queryPart, ""
	case "REQUEST_METHOD":
		return methodPart, ""
	case "HTTPS", "REQUEST_SCHEME", "SERVER_PORT":
		return schemePart, ""
	case "REMOTE_ADDR", "REMOTE_HOST":
		return clientPart, ""
	case "HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_COOKIE", "HTTP_ACCEPT", "HTTP_FORWARDED", "HTTP_PROXY_CONNECTION":
		return headerPart, headerName(strings.TrimPrefix(upper, "HTTP_"))
	}
	if rest, ok := cutPrefixFold(name, "HTTP:"); ok {
		if strings.EqualFold(rest, "Host") {
			return hostPart, ""
		}
		return headerPart, rest
	}
	return noPart, ""
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// headerName writes the name of a header as it is used to be written.
func headerName(variable string) string {
	words := strings.Split(strings.ToLower(variable), "_")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "-")
}

// kindOfText is the strings that a part consists of.
func (p part) texts() texts {
	switch p {
	case pathPart:
		return pathTexts
	case hostPart:
		return hostNames
	}
	return valueTexts
}

// maxValues bounds how many values are made for one condition.
const maxValues = 4

// A condition is what a directive demands of a part of a request.
type condition struct {
	part part
	name string
	// set is the values that meet it, nil where that is not known. Yes and no are some that do and do not.
	set     *automata.Language
	yes, no []string
	or      bool
}

// conditionOf reads a RewriteCond. more are conditions for the further parts that its test looks at.
func conditionOf(c *server.RewriteCond) (list []condition) {
	if c.Kind == server.CondExpr {
		for _, a := range expressionSettings(c.Expr) {
			list = append(list, condition{part: a.part, name: a.name, yes: []string{a.value}})
		}
		return list
	}
	for _, name := range variablesIn(c.Test) {
		p, header := variablePart(name)
		if p == noPart {
			continue
		}
		k := condition{part: p, name: header, or: c.Or}
		switch c.Kind {
		case server.CondPattern:
			s := setOf(c.Pattern, p.texts())
			if c.Pattern != nil && c.Negated && !c.Pattern.Negated {
				negated := *c.Pattern
				negated.Negated = true
				s = setOf(&negated, p.texts())
			}
			k.set = s.set
			k.yes, k.no = s.in(p.texts(), maxValues)
			if s.pattern != nil && s.pattern.PCRE != nil && p != pathPart && p != hostPart {
				if s.takes("") { // the header is not there
					k.yes = append(k.yes, "")
				} else {
					k.no = append(k.no, "")
				}
			}
		case server.CondFile, server.CondDirectory, server.CondSize, server.CondLink, server.CondExecutable, server.CondURL, server.CondFileURL:
			continue
		default:
			k.yes, k.no = []string{c.Operand}, []string{c.Operand + "1", "0", ""}
			if c.Negated {
				k.yes, k.no = k.no, k.yes
			}
		}
		if c.Test != "%{"+name+"}" {
			k.set = nil // the test is of more than this
		}
		if len(k.yes)+len(k.no) > 0 {
			list = append(list, k)
		}
	}
	return list
}

// variablesIn are the names of the variables of a test string.
func variablesIn(test string) []string {
	var out []string
	for rest := test; ; {
		_, after, ok := strings.Cut(rest, "%{")
		if !ok {
			return out
		}
		name, more, ok := strings.Cut(after, "}")
		if !ok {
			return out
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
		rest = more
	}
}

// assignments makes settings of conditions: first such that meet all, then such that differ in one.
func assignments(list []condition) []assignment {
	type slot struct {
		part part
		name string
	}
	values := map[slot][]string{}
	var order []slot
	for i := range list {
		c := &list[i]
		s := slot{c.part, strings.ToLower(c.name)}
		if _, known := values[s]; !known {
			order = append(order, s)
			values[s] = nil
		}
		if c.or || i > 0 && list[i-1].or || c.set == nil {
			if values[s] == nil && len(c.yes) > 0 {
				values[s] = c.yes[:1]
			}
			continue
		}
		all := c.set
		for j := range list {
			o := &list[j]
			if j == i || o.set == nil || o.or || j > 0 && list[j-1].or || o.part != c.part || !strings.EqualFold(o.name, c.name) {
				continue
			}
			if both, err := maxStates.Intersect(all, o.set); err == nil && !both.Empty() {
				all = both
			}
		}
		if v := sample(all, c.part.texts(), 1); len(v) > 0 {
			values[s] = v
		}
	}
	var base assignment
	for _, s := range order {
		if v := values[s]; len(v) > 0 && s.part != pathPart {
			base = append(base, setting{s.part, nameOf(list, s.part, s.name), v[0]})
		}
	}
	out := []assignment{base}
	for i := range list {
		c := &list[i]
		if c.part == pathPart {
			continue
		}
		for _, v := range append(c.yes[:len(c.yes):len(c.yes)], c.no...) {
			out = append(out, base.with(setting{c.part, c.name, v}))
		}
	}
	// Of alternatives, each alone.
	for i := range list {
		if !list[i].or && (i == 0 || !list[i-1].or) || len(list[i].yes) == 0 {
			continue
		}
		a := base
		for j := range list {
			if j != i && (list[j].or || j > 0 && list[j-1].or) && len(list[j].no) > 0 && list[j].part != pathPart {
				a = a.with(setting{list[j].part, list[j].name, list[j].no[0]})
			}
		}
		if list[i].part != pathPart {
			a = a.with(setting{list[i].part, list[i].name, list[i].yes[0]})
		}
		out = append(out, a)
	}
	return out
}

func nameOf(list []condition, p part, lower string) string {
	for i := range list {
		if list[i].part == p && strings.ToLower(list[i].name) == lower {
			return list[i].name
		}
	}
	return lower
}

// expressionSettings are values for all parts that an expression looks at: those that it names, those that its patterns
// take, and none.
func expressionSettings(e *apexpr.Expr) []setting {
	if e == nil {
		return nil
	}
	var values, near []string
	for _, p := range e.Patterns() {
		s := subject{pattern: &server.Pattern{PCRE: p}}
		s.set = setOf(s.pattern, valueTexts).set
		yes, no := s.in(valueTexts, 2)
		values, near = append(values, yes...), append(near, no...)
	}
	for _, text := range literals(e.Text()) { // but for the names of what is looked up
		if !slices.ContainsFunc(e.References(), func(r apexpr.Reference) bool { return r.Argument == text }) {
			values = append(values, text)
		}
	}
	values = append(values, near...)
	var out []setting
	for _, ref := range e.References() {
		p, name := noPart, ""
		switch {
		case ref.Variable != "":
			p, name = variablePart(ref.Variable)
			if rest, ok := strings.CutPrefix(ref.Variable, "HTTP_"); ok && p == noPart {
				p, name = headerPart, headerName(rest)
			}
		case slices.Contains([]string{"req", "http", "req_novary"}, ref.Function) && ref.Plain:
			if p, name = headerPart, ref.Argument; strings.EqualFold(name, "Host") {
				p = hostPart
			}
		}
		if p == noPart {
			continue
		}
		for _, v := range append(values[:len(values):len(values)], "zq", "") {
			out = append(out, setting{p, name, v})
		}
		if p == schemePart {
			out = append(out, setting{p, "", "https"}, setting{p, "", "http"})
		}
	}
	return out
}

// literals are the texts between quotes in an expression.
func literals(text string) []string {
	quoted, err := regexp.Compile(`'([^']*)'|"([^"]*)"`)
	if err != nil {
		return nil
	}
	var out []string
	for _, m := range quoted.FindAllStringSubmatch(text, 20) {
		out = append(out, m[1]+m[2])
	}
	return out
}
