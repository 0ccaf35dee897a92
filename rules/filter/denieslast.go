package filter

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
)

var filterAllowAfterFinalDeny = lint.Rule{
	ID: "DSP215", Name: "filter-allow-after-final-deny", Severity: diag.Info, Drops: true, Off: true, Farm: checkDeniesLast,
	Doc: lint.Doc{
		Title: "rule that allows stands behind rules that deny",
		Why: "The last rule that matches decides. Where all rules that deny selectors, parameters and suffixes come last, nothing that is allowed " +
			"later on takes them back; a rule that allows behind them does, for all that it matches.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0117 { /type "deny"  /selectors '(feed|infinity|tidy)' /extension '(json|xml|html)' }
	/0200 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0200 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0201 { /type "deny"  /selectors '(feed|infinity|tidy)' /extension '(json|xml|html)' }
}
`,
		Note: "A matter of style, and not run unless it is asked for: exceptions to a rule that denies all selectors have to stand behind it. " +
			"Rules in files that their owner must not change do not count. That a rule really takes a denial back is DSP185.",
		Since:   since,
		Sources: []string{"valtech-ch/aem-dispatcher-filter, filter.md (no allow behind the denies)"},
	},
}

func checkDeniesLast(p *lint.Pass, f *model.Farm) {
	var deny *model.Rule
	for _, r := range rulesOf(f) {
		switch {
		case p.Subject.Immutable != nil && p.Subject.Immutable(r.At.Span.File):
		case denies(r):
			if deny == nil && !lastmatch.Universal(r) {
				deny = r
			}
		case r.Allow && deny != nil:
			p.Report(diag.Diagnostic{
				Span: head(r), Included: r.At.Included, Message: named(r) + " allows behind " + named(deny) + ", which denies",
				Hint:    "move it before the rules that deny",
				Related: []diag.Related{{Span: head(deny), Message: "the first rule that denies"}},
			})
		}
	}
}
