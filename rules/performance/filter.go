package performance

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var filterCost = lint.Rule{
	ID: "DSP957", Name: "filter-cost", Severity: diag.Info, Farm: checkCost,
	Options: []lint.Option{
		{Name: "expressions", Default: 200, Doc: "How many regular expressions a filter may have."},
		{Name: "leading", Default: 20, Doc: "How many of them may start with .* and go on."},
	},
	Doc: lint.Doc{
		Title: "filter takes long for each request",
		Why: "The last rule that matches decides, so that the module compares each request with all rules, also those that come from the cache. " +
			"A regular expression costs many times what a glob does, and one that starts with .* has the whole URL to go through before it fails. " +
			"Hundreds of them are felt under load.",
		Bad: `/filter {
	/0001 { /type "deny" /url "*" }
	$include "probes.any"
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension '(html|json)' }
	/0200 { /type "deny"  /selectors '(feed|rss|pages|languages|blueprint|infinity|tidy)' }
	/0201 { /type "deny"  /suffix "*" }
}
`,
		BadFiles: []lint.File{{Name: "probes.any", Text: manyProbes}},
		Note:     "The options expressions and leading set the numbers.",
		Since:    since,
		Sources:  []string{configuration + " (/filter)"},
	},
}

// manyProbes is a list of rules as it grows when each finding of a scanner gets one.
const manyProbes = `/0100 { /type "deny" /url '.*/admin[/.].*' }
/0101 { /type "deny" /url '.*/author[/.].*' }
/0102 { /type "deny" /url '.*/backup[/.].*' }
/0103 { /type "deny" /url '.*/cgi[/.].*' }
/0104 { /type "deny" /url '.*/config[/.].*' }
/0105 { /type "deny" /url '.*/console[/.].*' }
/0106 { /type "deny" /url '.*/crx[/.].*' }
/0107 { /type "deny" /url '.*/cq[/.].*' }
/0108 { /type "deny" /url '.*/dump[/.].*' }
/0109 { /type "deny" /url '.*/etc[/.].*' }
/0110 { /type "deny" /url '.*/error[/.].*' }
/0111 { /type "deny" /url '.*/feed[/.].*' }
/0112 { /type "deny" /url '.*/groovy[/.].*' }
/0113 { /type "deny" /url '.*/index[/.].*' }
/0114 { /type "deny" /url '.*/jmx[/.].*' }
/0115 { /type "deny" /url '.*/login[/.].*' }
/0116 { /type "deny" /url '.*/packmgr[/.].*' }
/0117 { /type "deny" /url '.*/querybuilder[/.].*' }
/0118 { /type "deny" /url '.*/shell[/.].*' }
/0119 { /type "deny" /url '.*/system[/.].*' }
/0120 { /type "deny" /url '.*/users[/.].*' }
`

func checkCost(ps *lint.Pass, f *model.Farm) {
	if f.Filter == nil {
		return
	}
	var many, leading counter
	for _, r := range f.Filter.Rules {
		for _, p := range r.Patterns() {
			if p == nil || p.Quote != '\'' || p.Err != nil || strings.Contains(p.Text(), "${") {
				continue
			}
			many.add(p)
			if rest, ok := strings.CutPrefix(strings.TrimPrefix(p.Text(), "^"), ".*"); ok && strings.TrimSuffix(rest, "$") != "" {
				leading.add(p)
			}
		}
	}
	report := func(c *counter, most int, what, hint string) {
		if c.n <= most {
			return
		}
		at := textedit.Head(f.Filter.At.Span)
		ps.Report(diag.Diagnostic{
			Span: at, Included: f.Filter.At.Included, Message: fmt.Sprintf("/filter has %d %s", c.n, what), Hint: hint,
			Related: []diag.Related{{Span: c.first.ValueAt, Message: "the first of them"}},
		})
	}
	report(&many, ps.Int("expressions"), "regular expressions", "put alternatives into one expression, or use globs")
	report(&leading, ps.Int("leading"), "regular expressions that start with .*", "start them with what is in front, or put alternatives into one expression")
}

// A counter counts patterns and keeps the first.
type counter struct {
	n     int
	first *model.Pattern
}

func (c *counter) add(p *model.Pattern) {
	if c.n == 0 {
		c.first = p
	}
	c.n++
}
