package filter

import (
	"strconv"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterLabelOrder = lint.Rule{
	ID: "DSP190", Name: "filter-label-order", Severity: diag.Info, Drops: true, Farm: checkLabelOrder,
	Doc: lint.Doc{
		Title: "number of a rule is lower than the one before it",
		Why: "Rules are looked at in the order of the text, and the last that matches decides; the numbers decide nothing. A rule with a lower " +
			"number further down looks as if it came first, and whoever adds the next one puts it in the wrong place.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0200 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0100 { /type "deny"  /path "/content/private/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0200 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0300 { /type "deny"  /path "/content/private/*" }
}
`,
		Note:    "Includes count where they stand. Labels that are no numbers are passed over.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkLabelOrder(ps *lint.Pass, f *model.Farm) {
	var last *model.Rule
	before := uint64(0)
	for _, r := range rulesOf(f) {
		n, err := strconv.ParseUint(r.Label, 10, 64)
		if err != nil {
			continue
		}
		if last != nil && n < before {
			ps.Report(diag.Diagnostic{
				Span: head(r), Included: r.At.Included, Message: named(r) + " stands behind /" + last.Label,
				Hint:    "number the rules in the order in which they stand",
				Related: []diag.Related{{Span: head(last), Message: "comes before it"}},
			})
		}
		last, before = r, n
	}
}
