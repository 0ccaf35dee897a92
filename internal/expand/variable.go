package expand

import (
	"bytes"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// variables puts in what ${NAME} stands for.
//
// A value is put in as it is: it is not searched for variables again, no backslash in it is resolved,
// and no quote in it closes the string. A variable that is not defined stays as it is written, as in
// Apache's own configuration (httpd.apache.org, 2.4, "configuring": undefined variables are left
// untouched); what the module does is not published.
func (e *expander) variables(in *frame, v *grammar.Value) {
	inner := v.Inner()
	raw := inner.File.Text[inner.Start:inner.End]
	next := bytes.IndexByte(raw, '$')
	if next < 0 {
		if v.Quote != 0 && len(raw) > 2 && raw[0] == '{' && raw[len(raw)-1] == '}' && isConstant(raw[1:len(raw)-1]) {
			e.noDollar(in, inner)
		}
		return
	}
	var uses []grammar.Use
	var text strings.Builder
	done := 0 // what stands before is in text
	for next >= 0 && next+1 < len(raw) {
		use, end := e.use(in, inner, raw, next)
		if use.Name != "" {
			if e.bytes+text.Len()+len(use.Value) > MaxBytes {
				e.stop(in, v.At, "", "the values put in have more than %d bytes", MaxBytes)
				return
			}
			text.WriteString(grammar.Unescape(string(raw[done:next])))
			text.WriteString(use.Value)
			done = end
			uses = append(uses, use)
		}
		n := bytes.IndexByte(raw[end:], '$')
		if n < 0 {
			break
		}
		next = end + n
	}
	if uses == nil {
		return
	}
	text.WriteString(grammar.Unescape(string(raw[done:])))
	e.bytes += text.Len()
	v.Expanded = &grammar.Expansion{Text: text.String(), Uses: uses}
}

// use reads what starts with the $ at i. A Use without a name says that it is plain text up to end.
func (e *expander) use(in *frame, inner source.Span, raw []byte, i int) (u grammar.Use, end int) {
	closing := byte('}')
	switch raw[i+1] {
	case '{':
	case '<':
		closing = '>'
	default:
		return u, i + 1
	}
	at := func(end int) source.Span {
		return inner.File.Span(int(inner.Start)+i, int(inner.Start)+end)
	}
	end = i + 2
	for end < len(raw) && isNameByte(raw[end]) {
		end++
	}
	name := string(raw[i+2 : end])
	if name == "" || end == len(raw) || raw[end] != closing {
		if closing == '>' {
			return u, i + 2 // nobody's notation for anything
		}
		end = e.noVariable(in, inner, raw, i, end)
		return u, end
	}
	end++
	u = grammar.Use{Name: name, Span: at(end), Odd: closing == '>'}
	u.Value = string(raw[i:end])
	val, ok := Variable{}, false
	if e.o.Lookup != nil {
		val, ok = e.o.Lookup(name)
	}
	switch {
	case ok && !val.Bare:
		u.Defined, u.Value, u.From = true, val.Value, val.From
	case ok:
		u.From = val.From
		e.say(in, ruleValueless, diag.Error, u.Span, val.From+" defines it without one", "variable %s has no value", at(end).Text())
	default:
		e.undefined(in, u)
	}
	if u.Odd {
		e.say(in, ruleOddVariable, diag.Warning, u.Span, "write ${"+name+"}", "%s is not the module's notation: it reads only ${NAME}", u.Span.Text()).
			Fixes = []diag.Fix{{Title: "write ${" + name + "}", Edits: []diag.Edit{{Span: u.Span, New: "${" + name + "}"}}}}
	}
	return u, end
}

// noVariable speaks of a ${ at i that starts no variable; its name, if any, ends at end. It returns
// where to read on.
func (e *expander) noVariable(in *frame, inner source.Span, raw []byte, i, end int) int {
	at := inner.File.Span(int(inner.Start)+i, int(inner.Start)+end)
	brace := bytes.IndexByte(raw[end:], '}')
	next := bytes.Index(raw[end:], []byte("${"))
	nested := next >= 0 && next < brace
	if brace < 0 || nested && raw[end] != ':' {
		d := e.say(in, ruleUnclosed, diag.Error, at, "close it with }", "variable %s is not closed", at.Text())
		if end > i+2 {
			d.Fixes = []diag.Fix{{Title: "close it", Edits: []diag.Edit{{Span: inner.File.Span(int(at.End), int(at.End)), New: "}"}}}}
		}
		return end
	}
	if !nested {
		end += brace + 1
		at.End = inner.Start + int32(end)
	}
	hint := "write ${NAME}, of letters, digits and _"
	if name, _, ok := strings.Cut(string(raw[i+2:]), ":-"); ok {
		hint = "there are no default values: define " + name + " and write ${" + name + "}"
	}
	e.say(in, ruleUndefined, diag.Error, at, hint, "%s is not a variable", at.Text())
	return end
}

func (e *expander) undefined(in *frame, u grammar.Use) {
	hint := "define it in a .vars file, or give it with --env " + u.Name + "=VALUE"
	var fixes []diag.Fix
	if e.o.Names != nil {
		if near := nearest(u.Name, e.o.Names()); near != "" {
			hint = "did you mean ${" + near + "}?"
			fixes = []diag.Fix{{Title: "write ${" + near + "}", Edits: []diag.Edit{{Span: u.Span, New: "${" + near + "}"}}}}
		}
	}
	e.say(in, ruleUndefined, diag.Error, u.Span, hint, "variable %s is not defined", u.Span.Text()).Fixes = fixes
}

func (e *expander) noDollar(in *frame, inner source.Span) {
	d := e.say(in, ruleNoDollar, diag.Error, inner, "write $"+inner.Text(), "%s is text, not a variable: the $ is missing", inner.Text())
	d.Fixes = []diag.Fix{{Title: "write $" + inner.Text(), Edits: []diag.Edit{{Span: inner.File.Span(int(inner.Start), int(inner.Start)), New: "$"}}}}
}

// isNameByte reports whether a variable's name may hold c. Apache takes any byte but } and :, of which
// names in use have these.
func isNameByte(c byte) bool {
	return c == '_' || c == '.' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isConstant reports whether b is a name in capitals, as variables have.
func isConstant(b []byte) bool {
	for i, c := range b {
		if c != '_' && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return len(b) > 0
}
