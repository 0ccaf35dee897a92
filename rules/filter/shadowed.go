package filter

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var denyAllNotFirst = lint.Rule{
	ID: "DSP153", Name: "filter-deny-all-not-first", Severity: diag.Error, Security: true, Drops: true, Fixable: true, Farm: checkDenyAllNotFirst,
	Doc: lint.Doc{
		Title: "rule that denies everything stands behind rules that allow",
		Why: "The last rule that matches decides, not the first. A rule that denies every request makes void all rules before it: what " +
			"they allow is answered with 404.",
		Bad: `/filter {
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/9999 { /type "deny"  /url "*" }
}
`,
		Good: `/filter {
	/9999 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Note:    "The fix moves the rule to the top, which changes what is answered. There is none where the first rule denies everything already.",
		Since:   since,
		Sources: []string{configuration + " (the last rule that matches)"},
	},
}

func checkDenyAllNotFirst(p *lint.Pass, f *model.Farm) {
	if f.Filter == nil {
		return
	}
	rules := f.Filter.Rules
	k := lastDenyAll(rules)
	if k < 0 {
		return
	}
	allows := 0
	var first *model.Rule
	for _, r := range rules[:k] {
		if r.Allow {
			if allows++; first == nil {
				first = r
			}
		}
	}
	if allows == 0 {
		return
	}
	r := rules[k]
	d := diag.Diagnostic{
		Span: r.At.Span, Included: r.At.Included,
		Message: fmt.Sprintf("%s denies every request, and makes void what %s before it", lastmatch.Name(r), plural(allows, "rule allows", "rules allow")),
		Hint:    "move it to the top of /filter: the last rule that matches decides",
		Related: []diag.Related{{Span: first.At.Span, Message: lastmatch.Name(first) + " allows, in vain"}},
	}
	top := rules[0].At.Span
	if at := r.At.Span; !lastmatch.Universal(rules[0]) && top.File == at.File && top.End <= at.Start {
		line := top.Position().Line
		indent := top.File.Line(line).Text()[:top.Position().Column-1]
		if blank(indent) {
			// Not safe: the requests that the rules before it allow are let through after it.
			d.Fixes = []diag.Fix{{Title: "move it to the top", Edits: []diag.Edit{
				{Span: top.File.Span(int(top.Start), int(top.Start)), New: at.Text() + "\n" + indent},
				textedit.Removed(at),
			}}}
		}
	}
	p.Report(d)
}

func blank(s string) bool {
	for _, c := range s {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// lastDenyAll returns the last rule that denies every request; -1 where there is none.
func lastDenyAll(rules []*model.Rule) int {
	for k := len(rules) - 1; k >= 0; k-- {
		if !rules[k].Allow && lastmatch.Universal(rules[k]) {
			return k
		}
	}
	return -1
}

// voided returns how many rules at the start of /filter DSP153 speaks of: those before a rule that denies everything.
func voided(rules []*model.Rule) int {
	k := lastDenyAll(rules)
	for i := range k {
		if rules[i].Allow {
			return k
		}
	}
	return 0
}

var ruleShadowed = lint.Rule{
	ID: "DSP186", Name: "filter-rule-shadowed", Severity: diag.Warning, Drops: true, Farm: checkShadowed,
	Doc: lint.Doc{
		Title: "filter rule never decides, since later rules match all that it matches",
		Why: "The last rule that matches decides. If each request that a rule matches is matched by a rule behind it, the rule might as well " +
			"not be there: what it was to deny is let through, or what it was to allow is not.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /path "/content/news/*" /extension "html" }
	/0200 { /type "deny"  /url "/content/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /path "/content/news/*" /extension "html" }
}
`,
		Note: "Where the later rules do what the rule does, it is only not needed: that is an info, with a fix. Rules that are written alike are " +
			"left to the rule about copies, and those before a rule that denies everything to filter-deny-all-not-first. What is said by " +
			"samples is not proven: the pattern is too large for that.",
		Since:   since,
		Sources: []string{configuration + " (the last rule that matches)"},
	},
}

func checkShadowed(p *lint.Pass, f *model.Farm) {
	s := lastmatch.Of(p, lastmatch.Filter, f)
	if s == nil {
		return
	}
	for i := voided(s.Rules); i < len(s.Rules) && p.Context().Err() == nil; i++ {
		d, sh := s.Shadowed(i)
		if sh == nil {
			continue
		}
		if sh.Same {
			d.Severity = diag.Info
		}
		p.Report(d)
	}
}

var ruleRedundant = lint.Rule{
	ID: "DSP188", Name: "filter-rule-redundant", Severity: diag.Info, Drops: true, Fixable: true, Farm: checkRedundant,
	Doc: lint.Doc{
		Title: "filter rule does what an earlier rule does already",
		Why: "All that the rule matches is matched by a rule before it that does the same, and no rule between them does the opposite for any of " +
			"it. Without the rule, each request is answered as before. Often the earlier rule is wider than was meant.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /url "/content/*" }
	/0101 { /type "allow" /url "/content/news/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /url "/content/*" }
}
`,
		Since:   since,
		Sources: []string{configuration + " (the last rule that matches)"},
	},
}

func checkRedundant(p *lint.Pass, f *model.Farm) {
	s := lastmatch.Of(p, lastmatch.Filter, f)
	if s == nil {
		return
	}
	for i := voided(s.Rules); i < len(s.Rules) && p.Context().Err() == nil; i++ {
		if s.Theirs(i) || s.Twin(i) || len(s.Shadow(i).By) > 0 {
			continue
		}
		r, j := s.Rules[i], s.Redundant(i)
		switch {
		case j < 0 || !s.Spare(i):
			continue
		case len(s.Shadow(j).By) == 1 && s.Shadow(j).By[0] == i:
			continue // both match the same, and it is said of the other one
		}
		p.Report(diag.Diagnostic{
			Span: r.At.Span, Included: r.At.Included,
			Message: fmt.Sprintf("%s is not needed: %s before it %s all that it matches", lastmatch.Name(r), lastmatch.Name(s.Rules[j]), verb(r)),
			Hint:    "remove it, or make the earlier rule narrower if it was to do less",
			Related: s.Related([]int{j}),
			Fixes:   s.Remove(i),
		})
	}
}

func verb(r *model.Rule) string {
	if r.Allow {
		return "allows"
	}
	return "denies"
}
