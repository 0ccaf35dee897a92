package model

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/source"
)

// set reads a value into a field. It reports false for a field that is none of the known kinds.
func (d *decoder) set(p *property, field any, it *grammar.Property, h holder) bool {
	text := d.value(it.Value)
	at := placeOf(it)
	switch f := field.(type) {
	case *Setting[string]:
		d.again(p, h, it, f.Set, f.At, f.Text == text)
		*f = Setting[string]{Value: text, Set: true, Text: text, At: at, ValueAt: it.Value.At}
		if p.typ == TypeWord && !isWord(p.words, text) {
			d.notWord(p, it, text)
			if p.def != "" {
				f.Value = p.def
			}
			return true
		}
		d.empty(p, it, text)
	case *Setting[int]:
		d.again(p, h, it, f.Set, f.At, f.Text == text)
		*f = Setting[int]{Set: true, Text: text, At: at, ValueAt: it.Value.At}
		var ok bool
		if f.Value, ok = parseNumber(text); !ok {
			f.Value, _ = parseNumber(p.def)
			d.notNumber(p, it, text)
		}
	case *Setting[uint32]:
		d.again(p, h, it, f.Set, f.At, f.Text == text)
		*f = Setting[uint32]{Set: true, Text: text, At: at, ValueAt: it.Value.At}
		var ok bool
		if f.Value, ok = parseMode(text); !ok {
			f.Value, _ = parseMode(p.def)
			d.notNumber(p, it, text)
		}
	case *Setting[bool]:
		d.again(p, h, it, f.Set, f.At, f.Text == text)
		*f = Setting[bool]{Value: text == "1", Set: true, Text: text, At: at, ValueAt: it.Value.At}
		if text != "1" && text != "0" {
			d.notFlag(p, it, text)
		}
	case **Pattern:
		if *f != nil {
			d.again(p, h, it, true, (*f).At, (*f).Text() == text && (*f).Quote == it.Value.Quote)
		}
		*f = d.pattern(p, it, text, at)
		if !mayBeEmpty(p.name) {
			d.empty(p, it, text)
		}
	default:
		return false
	}
	return true
}

// mayBeEmpty reports whether an empty pattern means something: a request without the element.
func mayBeEmpty(name string) bool {
	return name == "selectors" || name == "extension" || name == "suffix" || name == "query"
}

func isWord(words []string, text string) bool {
	for _, w := range words {
		if w == text {
			return true
		}
	}
	return false
}

// again keeps a value that a later one of the same property makes void.
func (d *decoder) again(p *property, h holder, it *grammar.Property, set bool, earlier Place, same bool) {
	if !set {
		return
	}
	d.duplicateValue(p, it, earlier, same)
	*h.unread() = append(*h.unread(), Unknown{Name: p.name, Path: d.pathString(), At: earlier, Cause: Superseded})
}

// parseNumber reads what the module's numbers look like: digits, within 31 bits.
func parseNumber(s string) (int, bool) {
	if s == "" || len(s) > 64 {
		return 0, false
	}
	n := int64(0)
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > math.MaxInt32 {
			return 0, false
		}
	}
	return int(n), true
}

// parseMode reads permissions: octal digits, with or without a leading 0.
func parseMode(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 8, 32)
	return uint32(n), err == nil && n <= 0o7777 && s[0] != '+'
}

// undetermined reports whether the text depends on a variable that is not known here, which is reported as
// such: ${NAME} that is still there, or {NAME} that lacks its dollar sign.
func undetermined(text string) bool {
	if strings.Contains(text, "${") || strings.Contains(text, "$<") {
		return true
	}
	if len(text) < 3 || text[0] != '{' || text[len(text)-1] != '}' {
		return false
	}
	for _, c := range []byte(text[1 : len(text)-1]) {
		if c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// literal reports whether the text of a value stands in the file as it is, so that an edit can change it.
func literal(v *grammar.Value) bool { return v.Expanded == nil || len(v.Expanded.Uses) == 0 }

// rewrite is a fix that gives a value another text.
func rewrite(v *grammar.Value, text string, safe bool) []diag.Fix {
	if !literal(v) || v.Broken {
		return nil
	}
	quoted := text
	if v.Quote != 0 {
		quoted = string(v.Quote) + text + string(v.Quote)
	}
	return []diag.Fix{{Title: "write " + quoted, Safe: safe, Edits: []diag.Edit{{Span: v.At, New: quoted}}}}
}

// from says which variable a text comes from, for a message; "" where it stands in the file.
func from(v *grammar.Value) string {
	if literal(v) {
		return ""
	}
	return fmt.Sprintf(" (from %s)", clip(v.Raw()))
}

// empty reports an empty value where a value is needed.
func (d *decoder) empty(p *property, it *grammar.Property, text string) {
	switch {
	case text != "":
	case p.name == hostname:
		d.say("DSP451", it, it.Value.At, "write the name or address of the server", "property /%s is empty%s", p.name, from(it.Value))
	default:
		d.say("DSP021", it, it.Value.At, "write a value, or remove the property", "property /%s is empty%s", p.name, from(it.Value))
	}
}

func (d *decoder) notNumber(p *property, it *grammar.Property, text string) {
	v := it.Value
	switch {
	case text == "":
		d.empty(p, it, text)
		return
	case undetermined(text):
		return
	case p.typ == TypeMode:
		d.say("DSP017", it, v.At, `write octal digits, such as "0755"`, "property /%s is %q%s, not an octal number of permissions", p.name, clip(text), from(v))
		return
	}
	hint, what := "write digits only", "not a whole number"
	digits := strings.TrimLeft(text, " \t")
	end := 0
	for end < len(digits) && digits[end] >= '0' && digits[end] <= '9' {
		end++
	}
	rest := strings.TrimSpace(digits[end:])
	digits = digits[:end]
	value, ok := parseNumber(digits)
	switch {
	case len(text) > 1 && text[0] == '-' && strings.Trim(text[1:], "0123456789") == "":
		hint, what = "write a number that is not negative", "a negative number"
	case digits != "" && !ok:
		hint, what = fmt.Sprintf("the largest is %d", math.MaxInt32), "too large a number"
	case ok && rest != "" && p.unit != "":
		hint = fmt.Sprintf("write digits only; the unit is %s", p.unit)
	}
	rule := "DSP017"
	if p.name == "statfileslevel" {
		rule = "DSP305"
	}
	dg := d.say(rule, it, v.At, hint, "property /%s is %q%s, %s", p.name, clip(text), from(v), what)
	if !ok {
		return
	}
	if rest == "" || rest == p.unit || p.unit == "s" && rest == "sec" {
		dg.Fixes = rewrite(v, strconv.Itoa(value), false)
	} else if p.unit == "ms" && rest == "s" && value <= math.MaxInt32/1000 {
		dg.Fixes = rewrite(v, strconv.Itoa(value*1000), false)
	}
}

func (d *decoder) notFlag(p *property, it *grammar.Property, text string) {
	v := it.Value
	switch {
	case text == "":
		d.empty(p, it, text)
		return
	case undetermined(text):
		return
	}
	dg := d.say("DSP018", it, v.At, `write "1" for yes, "0" for no`, "property /%s is %q%s, neither \"0\" nor \"1\"", p.name, clip(text), from(v))
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "1", "true", "on", "yes":
		dg.Why = `only "1" switches a flag on: it is off`
		dg.Fixes = rewrite(v, "1", false)
	case "0", "false", "off", "no":
		dg.Fixes = rewrite(v, "0", true)
	}
}

func (d *decoder) notWord(p *property, it *grammar.Property, text string) {
	v := it.Value
	switch {
	case text == "":
		d.empty(p, it, text)
		return
	case undetermined(text):
		return
	}
	quoted := make([]string, len(p.words))
	for i, w := range p.words {
		quoted[i] = strconv.Quote(w)
	}
	dg := d.say("DSP019", it, v.At, "write "+strings.Join(quoted, " or "), "property /%s is %q%s, not %s", p.name, clip(text), from(v), strings.Join(quoted, " or "))
	if p.name == "type" {
		dg.Why = "what the module does with such a rule is not published; dispcheck takes it for deny"
	}
	word := nearest(strings.ToLower(strings.TrimSpace(text)), func(yield func(string) bool) {
		for _, w := range p.words {
			if !yield(w) {
				return
			}
		}
	})
	if word == "" {
		return
	}
	dg.Hint = fmt.Sprintf("did you mean %q?", word)
	dg.Fixes = rewrite(v, word, false)
}

// pattern reads a pattern and reports what is wrong with a regular expression.
func (d *decoder) pattern(p *property, it *grammar.Property, text string, at Place) *Pattern {
	v := it.Value
	regex := v.Quote == '\'' && !d.version.before("4.2.0")
	c := d.compile(text, regex)
	pat := d.newPattern()
	*pat = Pattern{Pattern: c.pattern, Property: p.name, Quote: v.Quote, At: at, ValueAt: v.At, Err: c.err, value: v}
	if undetermined(text) {
		return pat // what is wrong is the variable
	}
	var refused *match.SyntaxError
	var unsupported *match.UnsupportedError
	switch {
	case errors.As(c.err, &refused):
		err, rule := refused, "DSP036"
		if err.Offset > 0 && err.Offset < len(text) && text[err.Offset-1:err.Offset+1] == "(?" {
			rule = "DSP169"
		}
		dg := d.say(rule, it, pat.Span(err.Offset, err.End), err.Hint, "regular expression of /%s: %s", p.name, err.Message)
		dg.Why = reports["DSP036"].why
	case errors.As(c.err, &unsupported):
		err := unsupported
		dg := d.say("DSP169", it, pat.Span(err.Offset, err.End), err.Hint, "regular expression of /%s: %s", p.name, err.Message)
		dg.Severity = diag.Warning
		dg.Why = "dispcheck takes the rule as one that never matches, and the Dispatcher may not"
	}
	for _, n := range c.notes {
		dg := d.say(noteRules[n.Code], it, pat.Span(n.Offset, n.End), n.Hint, "regular expression of /%s: %s", p.name, n.Message)
		if n.Code == match.NoteSurplusParen {
			dg.Why = "the rule matches only what has such a parenthesis in it: as a rule, nothing"
			if literal(v) && dg.Span != v.At {
				dg.Fixes = []diag.Fix{{Title: "remove the parenthesis", Edits: []diag.Edit{{Span: dg.Span}}}}
			}
		}
		if n.Code == match.NotePlainEscape && literal(v) && dg.Span != v.At {
			switch text[n.Offset:n.End] {
			case `\d`:
				dg.Fixes = []diag.Fix{{Title: "write [0-9]", Edits: []diag.Edit{{Span: dg.Span, New: "[0-9]"}}}}
			case `\D`:
				dg.Fixes = []diag.Fix{{Title: "write [^0-9]", Edits: []diag.Edit{{Span: dg.Span, New: "[^0-9]"}}}}
			}
		}
	}
	return pat
}

// noteRules are the notes on a regular expression that make it mean something else than it says. The others
// are for rules of package rules to weigh.
var noteRules = map[match.NoteCode]string{
	match.NoteSurplusParen:     "DSP036",
	match.NotePlainEscape:      "DSP169",
	match.NoteLazyRepeat:       "DSP169",
	match.NotePossessiveRepeat: "DSP169",
}

// spanOf returns where the bytes [start, end) of a value's text stand in the file; at, the whole value, where
// that cannot be said.
func spanOf(v *grammar.Value, at source.Span, start, end int) source.Span {
	if v == nil || !literal(v) || !sound(v.At) {
		return at
	}
	inner := v.Inner()
	if !sound(inner) {
		return at
	}
	raw := inner.File.Text[inner.Start:inner.End]
	if start < 0 || start > end {
		return at
	}
	from, to := -1, -1
	n := 0
	for i := 0; i <= len(raw); n++ {
		if n == start {
			from = i
		}
		if n == end {
			to = i
			break
		}
		if i+1 < len(raw) && raw[i] == '\\' && (raw[i+1] == '\\' || raw[i+1] == '"' || raw[i+1] == '\'') {
			i++
		}
		i++
	}
	if from < 0 || to < 0 {
		return at
	}
	return source.Span{File: inner.File, Start: inner.Start + int32(from), End: inner.Start + int32(to)}
}
