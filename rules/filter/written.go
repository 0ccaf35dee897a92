package filter

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/wording"
	"github.com/dispcheck/dispcheck/source"
)

// rulesOf returns the rules of a farm's /filter.
func rulesOf(f *model.Farm) []*model.Rule {
	if f.Filter == nil {
		return nil
	}
	return f.Filter.Rules
}

// patterns calls a function with what the rules of a farm's /filter demand. What cannot be read, or depends on a
// variable that is not known, is left out: others report it.
func patterns(f *model.Farm, do func(r *model.Rule, p *model.Pattern)) {
	for _, r := range rulesOf(f) {
		for _, p := range r.Patterns() {
			if known(p) {
				do(r, p)
			}
		}
	}
}

// known reports whether a pattern is there and says what it matches.
func known(p *model.Pattern) bool {
	return p != nil && p.Err == nil && !strings.Contains(p.Text(), "${")
}

// allows and denies report whether a rule says so in so many words.
func allows(r *model.Rule) bool { return r.Allow }
func denies(r *model.Rule) bool { return r.Type.Value == "deny" }

// isRegex reports whether a pattern is a regular expression.
func isRegex(p *model.Pattern) bool { return p.Quote == '\'' }

// inFile reports whether the text of a pattern stands in its file as it is, so that an edit can change a part of it.
func inFile(p *model.Pattern) bool {
	return p.Quote != 0 && p.Text() != "" && p.Span(0, len(p.Text())) != p.ValueAt
}

// requoted are the edits that put a pattern between other quotes; nil where that cannot be done.
func requoted(p *model.Pattern, quote string) []diag.Edit {
	if !inFile(p) || strings.ContainsAny(p.Text(), `'"`) {
		return nil
	}
	v := p.ValueAt
	return []diag.Edit{
		{Span: source.Span{File: v.File, Start: v.Start, End: v.Start + 1}, New: quote},
		{Span: source.Span{File: v.File, Start: v.End - 1, End: v.End}, New: quote},
	}
}

// named names a rule in a message.
func named(r *model.Rule) string {
	if r.Label == "" {
		return "rule without a label"
	}
	return "rule /" + shown(r.Label)
}

// head is where a rule is named: its label, or the whole rule.
func head(r *model.Rule) source.Span {
	if r.NameAt.IsZero() {
		return r.At.Span
	}
	return r.NameAt
}

// written returns a pattern as it stands in a configuration, for a message.
func written(p *model.Pattern) string {
	q := string(p.Quote)
	if p.Quote == 0 {
		q = ""
	}
	return "/" + p.Property + " " + q + shown(p.Text()) + q
}

// shown is a text from a file as a message shows it.
func shown(s string) string { return wording.Shown(s) }

// isFixed reports whether a rule stands in a file that its owner must not change.
func isFixed(ps *lint.Pass, r *model.Rule) bool {
	return ps.Subject.Immutable != nil && ps.Subject.Immutable(r.At.Span.File)
}

// A fixedText is a text about a file that must not be changed. One rule of such a file says it for all.
type fixedText struct {
	file *source.File
	text string
}

// always reports whether an element that every request has is not limited: it is not asked for, or by a pattern
// that takes all that it can be.
func always(p *model.Pattern) bool {
	if p == nil {
		return true
	}
	if !known(p) {
		return false
	}
	switch p.Property {
	case "url", "path":
		return p.Always() || p.Text() == "/*" && !isRegex(p) || p.Text() == "/.*" && isRegex(p)
	}
	return p.Always()
}

// optional is always for an element that a request may lack.
func optional(p *model.Pattern) bool { return p == nil || known(p) && p.Always() && takesAbsent(p) }

// matchesAll reports whether a rule matches every request.
func matchesAll(r *model.Rule) bool {
	if r.Glob != nil {
		return always(r.Glob)
	}
	return always(r.URL) && always(r.Path) && onlyURI(r)
}

// onlyURI reports whether a rule asks for nothing but the URI as a whole, or its path.
func onlyURI(r *model.Rule) bool {
	return r.Glob == nil && always(r.Method) && always(r.Protocol) && r.Query == nil &&
		optional(r.Selectors) && optional(r.Extension) && optional(r.Suffix)
}

// deniedBehind reports whether a rule behind the i-th denies all requests for a URI, so that the i-th does not
// decide about it.
func deniedBehind(rules []*model.Rule, i int, uri string) bool {
	path, _, _ := strings.Cut(uri, ".")
	for _, r := range rules[i+1:] {
		if !denies(r) {
			continue
		}
		if matchesAll(r) {
			return true
		}
		if uri != "" && onlyURI(r) && (r.URL == nil || known(r.URL) && r.URL.Match(uri)) && (r.Path == nil || known(r.Path) && r.Path.Match(path)) {
			return true
		}
	}
	return false
}
