package filter

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
)

var deniedPathReopened = lint.Rule{
	ID: "DSP185", Name: "filter-denied-path-reopened", Severity: diag.Error, Security: true, Drops: true, Farm: checkReopened,
	Doc: lint.Doc{
		Title: "rule allows again what a rule before it denies by its selectors",
		Why: "The last rule that matches decides. A rule that denies selectors such as infinity, which make the instance answer with whole trees " +
			"of nodes, has no say over paths that a later rule allows whatever the selectors: there anybody can read the tree.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0017 { /type "deny"  /selectors '(feed|infinity|tidy)' /extension '(json|xml|html)' }
	/0036 { /type "allow" /path "/content/screens/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0036 { /type "allow" /path "/content/screens/*" }
	/0037 { /type "deny"  /selectors '(feed|infinity|tidy)' /extension '(json|xml|html)' }
}
`,
		Note: "It is reported where infinity.json is let through below /content, /conf, /etc, /home, /var or /apps, and not for an exception that " +
			"allows nothing but what was denied, or that names selectors itself.",
		Since:   since,
		Sources: []string{configuration + " (the last rule that matches; denying selectors)", "adobe/aem-project-archetype, dispatcher.cloud, default_filters.any (/0036)"},
	},
}

func checkReopened(p *lint.Pass, f *model.Farm) {
	s := lastmatch.Of(p, lastmatch.Filter, f)
	if s == nil {
		return
	}
	for i, r := range s.Rules {
		if p.Context().Err() != nil {
			return
		}
		d, w, ok := s.Reopened(i)
		if !ok {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: r.At.Span, Included: r.At.Included,
			Message: fmt.Sprintf("%s allows again what %s denies, such as %s %s", lastmatch.Name(r), lastmatch.Name(s.Rules[d]), w.Method, w.Target()),
			Hint:    "repeat the rule that denies behind it",
			Related: s.Related([]int{d}),
		})
	}
}
