package model

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// reports are the rules by which Decode reports, with their usual severity and what goes wrong in a running
// Dispatcher.
var reports = map[string]struct {
	severity diag.Severity
	why      string
}{
	"DSP003": {diag.Error, "whether the module reads a section without braces is not published"},
	"DSP008": {diag.Error, "the module does not read it, and the default holds"},
	"DSP009": {diag.Warning, "a string without a name is not read here (logged since 4.3.2)"},
	"DSP010": {diag.Info, "the string counts, the name means nothing"},
	"DSP011": {diag.Warning, "the module ignores it"},
	"DSP012": {diag.Warning, "names are compared letter by letter: the module ignores it"},
	"DSP013": {diag.Warning, "the others have no effect"},
	"DSP014": {diag.Error, "nothing says which of them the module reads; dispcheck reads the last one"},
	"DSP015": {diag.Warning, "both count, but log and trace name them by label"},
	"DSP016": {diag.Info, "the repeat has no effect"},
	"DSP017": {diag.Error, "what the module reads of it is not published; dispcheck takes the default"},
	"DSP018": {diag.Warning, `only "1" switches a flag on`},
	"DSP019": {diag.Error, "the module knows no other word"},
	"DSP021": {diag.Warning, "an empty value says nothing, and the default need not hold"},
	"DSP022": {diag.Error, "the section cannot do its work without it"},
	"DSP023": {diag.Warning, "most often a brace is missing, and what follows is read as something else"},
	"DSP029": {diag.Error, "the module looks for it elsewhere: here it has no effect"},
	"DSP030": {diag.Error, "the module reads /name, /ignoreEINTR and /farms there, and nothing else"},
	"DSP034": {diag.Error, "the Dispatcher answers no request"},
	"DSP036": {diag.Error, "the rule never matches"},
	"DSP110": {diag.Error, "the file is not included, and what is in it is missing"},
	"DSP151": {diag.Error, "the condition is dropped: the rule matches more than it says"},
	"DSP169": {diag.Error, "the pattern is read as a POSIX extended regular expression"},
	"DSP305": {diag.Error, "what the module reads of it is not published; dispcheck takes the default"},
	"DSP400": {diag.Error, "logs name farms by label: they cannot be told apart"},
	"DSP451": {diag.Error, "the render is no server, and what it is to answer fails"},
	"DSP468": {diag.Warning, "the render has no name for logs and for the cookie renderid"},
}

// Reports returns the ids of the rules by which Decode reports, sorted. No other part of the program needs to
// find what they describe.
func Reports() []string {
	ids := make([]string, 0, len(reports))
	for id := range reports {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

// say adds a finding about an item; at is the text at fault. The result may be changed until the next call.
func (d *decoder) say(rule string, it grammar.Item, at source.Span, hint, format string, args ...any) *diag.Diagnostic {
	var included []source.Span
	if it != nil {
		if o := it.Origin(); o != nil {
			included = o.Included
		}
	}
	return d.sayAt(rule, Place{Span: at, Included: included}, hint, format, args...)
}

func (d *decoder) sayAt(rule string, at Place, hint, format string, args ...any) *diag.Diagnostic {
	if len(d.found) >= MaxFindings {
		return new(diag.Diagnostic)
	}
	r := reports[rule]
	d.found = append(d.found, diag.Diagnostic{
		Rule: rule, Severity: r.severity, Span: at.Span, Included: at.Included, Hint: hint, Why: r.why,
		Message: fmt.Sprintf(format, args...),
	})
	return &d.found[len(d.found)-1]
}

// where says which section is at hand: "farm /publish", "/cache of farm /publish", "rule /0001 of /filter",
// "the top level".
func (d *decoder) where() string {
	if len(d.path) == 0 {
		return "the top level"
	}
	return d.whereAt(len(d.path) - 1)
}

// in is where with its preposition.
func (d *decoder) in() string {
	if len(d.path) == 0 {
		return "at the top level"
	}
	return "in " + d.where()
}

func (d *decoder) whereAt(i int) string {
	s := d.path[i]
	labelled := i > 0 && d.path[i-1].sec.entry == s.sec
	if !labelled {
		return "/" + clip(s.name)
	}
	list := d.path[i-1].sec
	what := list.label
	if s.name != "" {
		what += " /" + clip(s.name)
	} else {
		what += " without a label"
	}
	if list == &farmsSection {
		return what
	}
	return what + " of /" + clip(d.path[i-1].name)
}

// clip shortens a text from a file for a message.
func clip(s string) string {
	const most = 60
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// a puts the article before a noun or a name: "a render", "an entry", "/cache".
func a(noun string) string {
	switch {
	case strings.HasPrefix(noun, "/"):
		return noun
	case strings.IndexByte("aeiou", noun[0]) >= 0:
		return "an " + noun
	}
	return "a " + noun
}

// noBraces reports a section that is given a value.
func (d *decoder) noBraces(p *property, it *grammar.Property) {
	v := it.Value
	dg := d.say("DSP003", it, it.Name.To(v.At), fmt.Sprintf("write /%s { … }", p.name),
		"section /%s is given the value %s in place of a block", p.name, clip(v.Raw()))
	if v.At.File != it.Name.File {
		dg.Span = it.Name
		return
	}
	if p.kind == KindList {
		dg.Hint = fmt.Sprintf("write /%s { %s }", p.name, clip(v.Raw()))
		dg.Fixes = []diag.Fix{{Title: "put the value in braces", Edits: []diag.Edit{
			{Span: before(v.At), New: "{ "}, {Span: after(v.At), New: " }"},
		}}}
	}
}

// wrongKind reports a block where one value belongs.
func (d *decoder) wrongKind(p *property, it *grammar.Property) {
	example := p.def
	if len(p.words) > 0 {
		example = p.words[0]
	}
	if example == "" {
		example = "…"
	}
	d.say("DSP008", it, it.Name, fmt.Sprintf("write /%s %q", p.name, example), "property /%s is a block; it takes one value", p.name)
}

// duplicateSection reports a section that stands in its block a second time.
func (d *decoder) duplicateSection(p *property, it *grammar.Property, earlier Place) {
	if earlier.Span == placeOf(it).Span {
		return // the file is included twice, which package lint reports
	}
	dg := d.say("DSP014", it, it.Name, "put the entries of both into one", "section /%s stands twice %s", p.name, d.in())
	dg.Related = []diag.Related{{Span: earlier.Span, Message: "the other one, which is not read"}}
}

// duplicateValue reports a property that stands in its block a second time.
func (d *decoder) duplicateValue(p *property, it *grammar.Property, earlier Place, same bool) {
	if earlier.Span == placeOf(it).Span {
		return // the file is included twice, which package lint reports
	}
	dg := d.say("DSP013", it, it.Name, "keep one of them", "property /%s is written twice %s; the last one counts", p.name, d.in())
	dg.Related = []diag.Related{{Span: earlier.Span, Message: "without effect, since it stands again further down"}}
	if earlier.Span.File != it.Name.File {
		dg.Severity = diag.Info // included to be overridden, perhaps
		return
	}
	if same {
		dg.Message = fmt.Sprintf("property /%s is written twice %s, with the same value", p.name, d.in())
		dg.Related[0].Message = "the first one"
		dg.Fixes = []diag.Fix{{Title: "remove the repeat", Safe: true, Edits: []diag.Edit{removal(it.Span())}}}
	}
}

// hostname is the property that a render must have; without it, or with an empty one, the finding is one of its own.
const hostname = "hostname"

// missing reports a property that is required.
func (d *decoder) missing(s *section, p *property, head Place) {
	rule := "DSP022"
	if p.name == hostname {
		rule = "DSP451"
	}
	dg := d.sayAt(rule, head, fmt.Sprintf("add /%s: %s", p.name, p.doc), "%s has no /%s", d.where(), p.name)
	switch {
	case p.name == "type":
		dg.Hint = `add /type "allow" or /type "deny"`
		dg.Why = "what the module does with such a rule is not published; dispcheck takes it for deny"
	case p.name == "delay":
		dg.Hint = `add /delay "300"`
	case s.entry == nil && p.name == "glob" && s != &categorySection:
		dg.Why = "what such a rule matches is not published"
	}
}

// noPattern reports a cache rule that matches nothing in particular.
func (d *decoder) noPattern(head Place) {
	dg := d.sayAt("DSP022", head, "add /glob with the URLs that it is about", "%s says nothing of URLs", d.where())
	dg.Why = "what such a rule matches is not published"
}

// onlyNameless reports strings in a section that holds nothing else: grammar.Check takes them for a list.
func (d *decoder) onlyNameless(v *grammar.Value) {
	if len(d.path) == 0 || len(spots()[d.path[len(d.path)-1].name]) > 0 {
		return
	}
	d.say("DSP009", v, v.At, "give it a name", "string %s has no name %s", clip(v.Raw()), d.in())
}

// before and after are the empty spans at the ends of a span.
func before(s source.Span) source.Span { s.End = s.Start; return s }
func after(s source.Span) source.Span  { s.Start = s.End; return s }

// removal removes a span, with its line where nothing else stands on it, else with the blanks before it.
func removal(s source.Span) diag.Edit {
	if !sound(s) {
		return diag.Edit{Span: s}
	}
	text := s.File.Text
	start, end := int(s.Start), int(s.End)
	for start > 0 && (text[start-1] == ' ' || text[start-1] == '\t') {
		start--
	}
	lineStart := start == 0 || text[start-1] == '\n'
	for end < len(text) && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r') {
		end++
	}
	if lineStart && (end == len(text) || text[end] == '\n') {
		return diag.Edit{Span: s.File.Span(start, min(end+1, len(text)))}
	}
	if lineStart {
		return diag.Edit{Span: s.File.Span(int(s.Start), end)}
	}
	return diag.Edit{Span: s.File.Span(start, int(s.End))}
}

// Follows reports whether a finding of Decode only says what another one has caused: something stands in the
// wrong section of a text whose braces do not pair (misplaced), or there are no farms because a file could not
// be read (unread).
func Follows(d diag.Diagnostic, misplaced, unread bool) bool {
	switch d.Rule {
	case "DSP029", "DSP030":
		return misplaced
	case "DSP034":
		return unread
	}
	return false
}
