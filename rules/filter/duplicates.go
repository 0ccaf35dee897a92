package filter

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var filterDuplicateRule = lint.Rule{
	ID: "DSP189", Name: "filter-duplicate-rule", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkDuplicateRule,
	Doc: lint.Doc{
		Title: "rule is there twice",
		Why: "The copy decides nothing: what it says, an earlier rule has said, and none between the two says otherwise. Who takes " +
			"one of them out to close a path finds it still open.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0053 { /type "allow" /method "GET" /path "/content/*" /extension "webmanifest" }
	/0102 { /type "allow" /method "GET" /extension "webmanifest" /path "/content/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0053 { /type "allow" /method "GET" /path "/content/*" /extension "webmanifest" }
}
`,
		Note: "A copy is not reported where a rule of the other type stands between the two: it then says again what that one took " +
			"back. It is an info where the first one stands in a file that must not be changed: what a later release of the platform brings besides " +
			"does no harm. The fix is safe where both stand in one file; another file may be included where the first rule is not.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkDuplicateRule(ps *lint.Pass, f *model.Farm) {
	seen := map[string]*model.Rule{} // since the last rule of the other type
	last := ""
	for _, r := range rulesOf(f) {
		if !allows(r) && !denies(r) {
			clear(seen) // what it does is not known
			last = ""
			continue
		}
		if r.Type.Value != last {
			clear(seen)
			last = r.Type.Value
		}
		if len(r.Unknown) > 0 {
			continue
		}
		key := keyOf(r)
		first := seen[key]
		if first == nil {
			seen[key] = r
			continue
		}
		if first.At.Span == r.At.Span {
			continue // the file is included twice
		}
		d := diag.Diagnostic{
			Span: head(r), Included: r.At.Included, Message: named(r) + " says what " + named(first) + " has said", Hint: "remove one of the two",
			Related: []diag.Related{{Span: head(first), Message: "the first one"}},
		}
		if isFixed(ps, first) {
			d.Severity = diag.Info // the platform came to have it, too
		}
		if edit, ok := lineOf(r.At.Span); ok {
			// All rules between the two are of the same type, so whatever request the copy matches is decided alike
			// without it.
			d.Fixes = []diag.Fix{{Title: "remove the copy", Safe: first.At.Span.File == r.At.Span.File, Edits: []diag.Edit{edit}}}
		}
		ps.Report(d)
	}
}

// keyOf returns a text that two rules have in common which match the same.
func keyOf(r *model.Rule) string {
	var b strings.Builder
	for _, p := range r.Patterns() {
		b.WriteString(p.Property)
		if isRegex(p) {
			b.WriteByte('\'')
		}
		b.WriteByte(0)
		b.WriteString(p.Text())
		b.WriteByte(0)
	}
	return b.String()
}

// lineOf returns the edit that removes a span with its lines; false where something else stands on them.
func lineOf(s source.Span) (diag.Edit, bool) {
	if s.File == nil {
		return diag.Edit{}, false
	}
	text, start, end := s.File.Text, int(s.Start), int(s.End)
	for start > 0 && (text[start-1] == ' ' || text[start-1] == '\t') {
		start--
	}
	for end < len(text) && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r') {
		end++
	}
	if start > 0 && text[start-1] != '\n' || end < len(text) && text[end] != '\n' {
		return diag.Edit{}, false
	}
	return diag.Edit{Span: s.File.Span(start, min(end+1, len(text)))}, true
}
