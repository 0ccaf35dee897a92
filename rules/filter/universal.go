package filter

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterAllowAll = lint.Rule{
	ID: "DSP154", Name: "filter-allow-all", Severity: diag.Error, Security: true, Drops: true, Farm: checkAllowAll,
	Doc: lint.Doc{
		Title: "rule allows every request",
		Why: "The last rule that matches decides, so a rule that allows everything makes void what was denied before it. What comes " +
			"after it has to name each thing that is dangerous, and nobody knows all of them.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "*" /url "*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Note: "In farms for authors it is a warning. A rule is not reported where one behind it denies everything again, nor where " +
			"a condition of it was dropped, which DSP151 reports. What follows from such a rule, such as the consoles that it opens, is not " +
			"told besides.",
		Since:   since,
		Sources: []string{configuration, "AdobeDocs/experience-manager-dispatcher.en, security-checklist.md"},
	},
}

// allowsAll reports whether the i-th rule opens everything and stays in force: what DSP154 is about. Rules about what a
// filter lets through say nothing of such an entry, since all of it would follow from this one.
func allowsAll(rules []*model.Rule, i int) bool {
	r := rules[i]
	return allows(r) && len(r.Unknown) == 0 && matchesAll(r) && !deniedBehind(rules, i, "")
}

func checkAllowAll(ps *lint.Pass, f *model.Farm) {
	rules := rulesOf(f)
	for i, r := range rules {
		if !allowsAll(rules, i) {
			continue
		}
		at, message := r.Type.At.Span, named(r)+" has no condition and allows every request"
		if list := r.Patterns(); len(list) > 0 {
			at, message = list[0].At.Span, named(r)+" allows every request"
			for _, p := range list {
				if p.Property == "url" || p.Property == "path" {
					at = p.At.Span
				}
			}
		}
		ps.Tell(at, r.At, message, "name the paths, methods and extensions that the site needs")
	}
}
