package server

import (
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
)

// header decodes Header and RequestHeader.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_headers.html.
func (d *decoder) header(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	request := n.Key == "requestheader"
	h := &HeaderRule{Place: placeOf(n)}
	if len(words) > 0 && !request {
		switch strings.ToLower(words[0].Text) {
		case "always":
			h.Always = true
			words = words[1:]
		case "onsuccess":
			words = words[1:]
		}
	}
	if len(words) == 0 {
		d.refuse(ruleCount, n, at(n), "write an action, a header and a value", "%s has no action", n.Name)
		return
	}
	action, ok := headerAction(words[0].Text)
	if !ok {
		hint := "write set, append, merge, add, unset, edit or edit*"
		if near := nearestOf(words[0].Text, headerActions[:]); near != "" {
			hint = "did you mean " + near
		}
		d.argument(n, words[0], hint, "action %q is not one of %s", words[0].Text, n.Name)
		return
	}
	h.Action = action
	if request && (action == HeaderEcho || action == HeaderNote) {
		d.argument(n, words[0], "use Header", "action %s is not one of RequestHeader", words[0].Text)
		return
	}
	if len(words) < 2 {
		d.refuse(ruleCount, n, at(n), "name the header", "%s %s has no header", n.Name, words[0].Text)
		return
	}
	name, _, _ := strings.Cut(words[1].Text, ":")
	h.Name, h.NameAt = name, n.WordSpan(words[1])
	rest := words[2:]
	edit := action == HeaderEdit || action == HeaderEditAll
	want := 1
	switch {
	case edit:
		want = 2
	case action == HeaderUnset, action == HeaderEcho:
		want = 0
	}
	if len(rest) < want {
		hint := "write a value"
		if edit {
			hint = "write a regular expression and a replacement"
		}
		d.refuse(ruleCount, n, at(n), hint, "%s %s %s has too few arguments", n.Name, words[0].Text, h.Name)
		return
	}
	if len(rest) > want+1 {
		d.refuse(ruleCount, n, n.WordSpan(rest[want]), commentOr("put a value with blanks in quotes", rest[want:]), "%s %s %s has too many arguments", n.Name, words[0].Text, h.Name)
		return
	}
	switch {
	case edit:
		p, ok := d.pattern(n, n.WordSpan(rest[0]), rest[0].Text, false)
		if h.Edit = p; !ok {
			return
		}
		if !d.headerValue(sc, n, h, rest[1]) {
			return
		}
	case action == HeaderEcho:
		p, ok := d.pattern(n, h.NameAt, words[1].Text, false)
		if h.Echo = p; !ok {
			return
		}
	case want == 1:
		if !d.headerValue(sc, n, h, rest[0]) {
			return
		}
	}
	if len(rest) > want && !d.headerCondition(sc, n, h, rest[want]) {
		return
	}
	if action == HeaderNote {
		d.notSimulated(sc, n, n.Name+" note", "")
	}
	s := sc.place.set
	if request {
		s.RequestHeaders = append(s.RequestHeaders, h)
	} else {
		s.Headers = append(s.Headers, h)
	}
}

var headerActions = [...]string{"set", "setifempty", "append", "merge", "add", "unset", "edit", "edit*", "echo", "note"}

func headerAction(s string) (HeaderAction, bool) {
	switch strings.ToLower(s) {
	case "set":
		return HeaderSet, true
	case "setifempty":
		return HeaderSetIfEmpty, true
	case "append":
		return HeaderAppend, true
	case "merge":
		return HeaderMerge, true
	case "add":
		return HeaderAdd, true
	case "unset":
		return HeaderUnset, true
	case "edit":
		return HeaderEdit, true
	case "edit*":
		return HeaderEditAll, true
	case "echo":
		return HeaderEcho, true
	case "note":
		return HeaderNote, true
	}
	return 0, false
}

func (d *decoder) headerCondition(sc *scope, n *apacheconf.Node, h *HeaderRule, w apacheconf.Word) bool {
	lower := strings.ToLower(w.Text)
	switch {
	case lower == "early":
		if !sc.server() {
			d.warn(ruleContext, n, n.WordSpan(w), "put the line outside of sections", "%s early does nothing in a section", n.Name)
		}
		h.Early = true
	case strings.HasPrefix(lower, "env="):
		h.EnvName, h.EnvNegated = w.Text[4:], false
		if name, ok := strings.CutPrefix(h.EnvName, "!"); ok {
			h.EnvName, h.EnvNegated = name, true
		}
		if h.EnvName == "" {
			d.argument(n, w, "write env=NAME", "condition env= has no name")
			return false
		}
	case strings.HasPrefix(lower, "expr="):
		c, ok := d.condition(sc, n, n.WordSpan(w), w.Text[5:])
		if !ok {
			return false
		}
		h.Condition = c
	default:
		hint := "write env=NAME or expr=..., or put a value with blanks in quotes"
		d.argument(n, w, commentOr(hint, []apacheconf.Word{w}), "%s has %q behind the value, which is no condition", n.Name, w.Text)
		return false
	}
	return true
}

// headerValue takes a value apart: text, %% and formats such as %{NAME}e.
func (d *decoder) headerValue(sc *scope, n *apacheconf.Node, h *HeaderRule, w apacheconf.Word) bool {
	h.ValueText, h.ValueAt = w.Text, n.WordSpan(w)
	if text, ok := strings.CutPrefix(w.Text, "expr="); ok {
		e, ok := d.text(sc, n, h.ValueAt, text)
		h.ValueExpr = e
		return ok
	}
	s := w.Text
	var text []byte
	flush := func() {
		if len(text) > 0 {
			h.Value = append(h.Value, HeaderPart{Text: string(text)})
			text = text[:0]
		}
	}
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			switch s[i+1] {
			case 'r':
				text = append(text, '\r')
				i++
			case 'n':
				text = append(text, '\n')
				i++
			case 't':
				text = append(text, '\t')
				i++
			default:
				text = append(text, '\\')
				if s[i+1] != '%' {
					text = append(text, s[i+1])
					i++
				}
			}
			i++
		case s[i] != '%':
			text = append(text, s[i])
			i++
		case i+1 == len(s):
			text = append(text, '%')
			i++
		case s[i+1] == '%':
			text = append(text, '%')
			i += 2
		default:
			j := i + 1
			name := ""
			if s[j] == '{' {
				if end := strings.IndexByte(s[j:], '}'); end >= 0 {
					name = s[j+1 : j+end]
					j += end + 1
				} else {
					j = len(s)
				}
			}
			if j == len(s) || strings.IndexByte("estDlib", s[j]) < 0 {
				d.argument(n, w, "write %% for a percent sign, or %{NAME}e for a variable", "format %q of a header's value is not known", s[i:min(j+1, len(s))])
				return false
			}
			flush()
			h.Value = append(h.Value, HeaderPart{Format: s[j], Name: name})
			i = j + 1
		}
	}
	flush()
	return true
}

// expires decodes ExpiresByType and ExpiresDefault.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_expires.html; recorded from httpd 2.4.71: a code that begins with a capital A or
// M is the short form, whatever follows.
func (d *decoder) expires(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	w := words[len(words)-1]
	if n.Key == "expiresbytype" && !strings.Contains(words[0].Text, "/") {
		d.argument(n, words[0], "write a type such as text/html", "ExpiresByType %q is no media type", words[0].Text)
		return
	}
	e := &Expiry{Place: placeOf(n), Text: w.Text}
	if why, hint := e.read(w.Text); why != "" {
		d.argument(n, w, hint, "%s", why)
		return
	}
	s := sc.place.set
	if n.Key == "expiresdefault" {
		s.ExpiresDefault = e
		return
	}
	if s.ExpiresByType == nil {
		s.ExpiresByType = map[string]*Expiry{}
	}
	s.ExpiresByType[strings.ToLower(words[0].Text)] = e
}

func (e *Expiry) read(code string) (why, hint string) {
	hint = `write "access plus 1 hour", or A3600`
	if code[0] == 'A' || code[0] == 'M' {
		e.FromModification = code[0] == 'M'
		e.Seconds = int64(leading(code[1:]))
		return "", ""
	}
	words, _ := apacheconf.Words(code)
	next := func() string {
		if len(words) == 0 {
			return ""
		}
		w := words[0].Text
		words = words[1:]
		return w
	}
	base := next()
	switch first(base) {
	case 'n', 'a':
	case 'm':
		e.FromModification = true
	default:
		return "expiry " + strconv.Quote(code) + " does not begin with access, now or modification", hint
	}
	word := next()
	if first(word) == 'p' {
		word = next()
	}
	for word != "" {
		if word[0] < '0' || word[0] > '9' {
			return "expiry " + strconv.Quote(code) + " has " + strconv.Quote(word) + " where a number is wanted", hint
		}
		num := int64(leading(word))
		unit := strings.ToLower(next())
		var factor int64
		switch {
		case unit == "":
			return "expiry " + strconv.Quote(code) + " has no unit behind " + word, hint
		case unit[0] == 'y':
			factor = 365 * 24 * 3600
		case strings.HasPrefix(unit, "mo"):
			factor = 30 * 24 * 3600
		case unit[0] == 'w':
			factor = 7 * 24 * 3600
		case unit[0] == 'd':
			factor = 24 * 3600
		case unit[0] == 'h':
			factor = 3600
		case strings.HasPrefix(unit, "mi"):
			factor = 60
		case unit[0] == 's':
			factor = 1
		default:
			return "expiry " + strconv.Quote(code) + " has " + strconv.Quote(unit) + " for a unit", "write years, months, weeks, days, hours, minutes or seconds"
		}
		e.Seconds += num * factor
		word = next()
	}
	return "", ""
}

func first(s string) byte {
	if s == "" {
		return 0
	}
	return lowerByte(s[0])
}

// setEnvIf decodes SetEnvIf, SetEnvIfNoCase, BrowserMatch and BrowserMatchNoCase.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_setenvif.html.
func (d *decoder) setEnvIf(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	e := &EnvIf{Place: placeOf(n)}
	attribute := !strings.HasPrefix(n.Key, "browsermatch")
	e.Attribute = "User-Agent"
	if attribute {
		if len(words) == 0 || words[0].Text == "" {
			d.refuse(ruleCount, n, at(n), "name a header, or Request_URI and the like", "%s has no header", n.Name)
			return
		}
		e.Attribute = words[0].Text
		if isHeaderPattern(e.Attribute) {
			p, ok := d.pattern(n, n.WordSpan(words[0]), e.Attribute, true)
			if e.AttributePattern = p; !ok {
				return
			}
		}
		words = words[1:]
	}
	if len(words) == 0 || words[0].Text == "" {
		d.refuse(ruleCount, n, at(n), "write a regular expression and a variable", "%s has no regular expression", n.Name)
		return
	}
	p, ok := d.pattern(n, n.WordSpan(words[0]), words[0].Text, strings.HasSuffix(n.Key, "nocase"))
	if e.Pattern = p; !ok {
		return
	}
	if strings.HasPrefix(strings.ToLower(e.Attribute), "oid(") {
		d.notSimulated(sc, n, n.Name+" "+e.Attribute, "certificates are not known")
		return
	}
	d.assignments(sc, n, e, words[1:])
}

// setEnvIfExpr decodes SetEnvIfExpr.
func (d *decoder) setEnvIfExpr(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	if len(words) == 0 {
		d.refuse(ruleCount, n, at(n), "write an expression and a variable", "SetEnvIfExpr has no expression")
		return
	}
	e := &EnvIf{Place: placeOf(n)}
	c, ok := d.condition(sc, n, n.WordSpan(words[0]), words[0].Text)
	if !ok {
		return
	}
	e.Expr = c.Expr
	d.assignments(sc, n, e, words[1:])
}

func (d *decoder) assignments(sc *scope, n *apacheconf.Node, e *EnvIf, words []apacheconf.Word) {
	for _, w := range words {
		if w.Text == "" {
			break
		}
		name, value, _ := strings.Cut(w.Text, "=")
		a := EnvAssignment{Name: name, Value: value}
		if value == "" {
			a.Value = "1"
			if plain, ok := strings.CutPrefix(name, "!"); ok {
				a = EnvAssignment{Name: plain, Unset: true}
			}
		} else if value[0] == '!' {
			a = EnvAssignment{Name: name, Unset: true}
		}
		e.Set = append(e.Set, a)
	}
	if len(e.Set) == 0 {
		d.refuse(ruleCount, n, at(n), "name a variable to set", "%s has no variable", n.Name)
		return
	}
	if e.Expr == nil && e.Pattern == nil {
		return
	}
	sc.place.set.EnvIf = append(sc.place.set.EnvIf, e)
}

// isHeaderPattern reports whether the name of a header is taken for a regular expression.
func isHeaderPattern(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case isLetter(c), '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return true
		}
	}
	return false
}

// env decodes SetEnv, UnsetEnv and PassEnv.
func (d *decoder) env(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	s := sc.place.set
	switch n.Key {
	case "setenv":
		e := &EnvRule{Place: placeOf(n), Name: words[0].Text}
		if len(words) > 1 {
			e.Value = words[1].Text
		}
		s.Env = append(s.Env, e)
	default:
		for _, w := range words {
			e := &EnvRule{Place: placeOf(n), Name: w.Text, Unset: n.Key == "unsetenv", Pass: n.Key == "passenv"}
			if e.Pass {
				if d.o.Env == nil {
					d.notSimulated(sc, n, "PassEnv "+w.Text, "the environment is not known")
					continue
				}
				var ok bool
				if e.Value, ok = d.o.Env(w.Text); !ok {
					continue // httpd leaves out what is not there
				}
			}
			s.Env = append(s.Env, e)
		}
	}
}

// errorDocument decodes ErrorDocument.
//
// Source: httpd.apache.org/docs/2.4, mod/core.html#errordocument.
func (d *decoder) errorDocument(sc *scope, n *apacheconf.Node, words []apacheconf.Word) {
	status := leading(words[0].Text)
	if !isStatus(status) {
		d.argument(n, words[0], "write a status such as 404", "ErrorDocument %s is for no status that httpd has", words[0].Text)
		return
	}
	v := words[1].Text
	e := &ErrorDocument{Status: status, Value: v, Place: placeOf(n)}
	switch {
	case strings.Contains(v, " "):
		e.Kind = ErrorText
	case v[0] == '/':
		e.Kind = ErrorPath
	case isURL(v):
		e.Kind = ErrorURL
	case strings.EqualFold(v, "default"):
		e.Kind = ErrorDefault
	default:
		e.Kind = ErrorText
	}
	if e.Kind == ErrorText {
		e.Value = strings.TrimPrefix(v, `"`)
	}
	if status == 401 && e.Kind == ErrorURL {
		d.warn(ruleArgument, n, n.WordSpan(words[1]), "write a path", "ErrorDocument 401 with a URL does nothing")
		return
	}
	if e.Kind != ErrorDefault && strings.Contains(e.Value, "%{") {
		x, ok := d.plainOrText(sc, n, n.WordSpan(words[1]), e.Value)
		if !ok {
			return
		}
		e.Expr = x
	}
	s := sc.place.set
	if s.ErrorDocuments == nil {
		s.ErrorDocuments = map[int]*ErrorDocument{}
	}
	s.ErrorDocuments[status] = e
}

// isURL is httpd's ap_is_url: a scheme, "://" or not, and something behind the colon.
func isURL(s string) bool {
	i := 0
	for i < len(s) && (isLetter(s[i]) || '0' <= s[i] && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.') {
		i++
	}
	return i > 0 && i < len(s) && s[i] == ':'
}
