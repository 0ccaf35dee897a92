package include

import (
	"fmt"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

var duplicateInclude = lint.Rule{
	ID: "DSP108", Name: "duplicate-include", Severity: diag.Warning, Config: checkTwice, Fixable: true,
	Doc: lint.Doc{
		Title: "file is included twice in one section",
		Why: "Its entries are there twice. In sections of rules the last rule that matches decides, so a file that is included again overrules " +
			"what stands between: default rules that deny take back what the site's own rules allow.",
		File: "filters/site.any",
		Bad: `$include "./default_filters.any"
$include "./default_filters.any"
/0100 { /type "allow" /url "/content/*" }
`,
		Good: `$include "./default_filters.any"
/0100 { /type "allow" /url "/content/*" }
`,
		Files: []lint.File{{Name: "filters/default_filters.any", Text: denyAll}},
		Note: "A fix is offered where both lines stand in one block: it removes the one without which nothing changes. In rules that is " +
			"the first one, unless they follow each other. Renders and farms are left to their owner.",
		Since:   since,
		Sources: []string{configuration},
	},
}

// What removing one of two copies of entries does depends on which entry of a section counts.
const (
	lastCounts  = iota // rules: the last one that matches
	firstCounts        // the first one that matches, or sets of strings
	allCount           // renders and farms: no copy can go without changing something
)

func checkTwice(p *lint.Pass, c *model.Config) {
	t := twice{pass: p, files: map[*source.File]*grammar.File{}}
	for _, f := range p.Subject.Files {
		t.files[f.Src] = f
	}
	farms := make([]model.Place, len(c.Farms))
	for i, f := range c.Farms {
		farms[i] = f.At
	}
	t.section("farms", farms, allCount)
	for _, f := range c.Farms {
		t.farm(f)
	}
}

// A twice looks for files that a section gets twice.
type twice struct {
	pass  *lint.Pass
	files map[*source.File]*grammar.File
}

func (t *twice) farm(f *model.Farm) {
	var renders, hosts, categories []model.Place
	for _, r := range f.Renders {
		renders = append(renders, r.At)
	}
	for _, v := range f.VirtualHosts {
		hosts = append(hosts, v.At)
	}
	t.section("renders", renders, allCount)
	t.section("virtualhosts", hosts, firstCounts)
	t.strings("clientheaders", f.ClientHeaders)
	t.rules("filter", f.Filter)
	if s := f.Statistics; s != nil {
		for _, c := range s.Categories {
			categories = append(categories, c.At)
		}
		t.section("categories", categories, firstCounts)
	}
	if s := f.StickyConnections; s != nil {
		t.strings("paths", s.Paths)
	}
	if a := f.AuthChecker; a != nil {
		t.rules("filter", a.Filter)
		t.rules("headers", a.Headers)
	}
	if c := f.Cache; c != nil {
		t.rules("rules", c.Rules)
		t.rules("invalidate", c.Invalidate)
		t.rules("allowedClients", c.AllowedClients)
		t.rules("ignoreUrlParams", c.IgnoreURLParams)
		t.strings("headers", c.Headers)
	}
}

func (t *twice) rules(name string, l *model.RuleList) {
	if l == nil {
		return
	}
	places := make([]model.Place, len(l.Rules))
	for i, r := range l.Rules {
		places[i] = r.At
	}
	t.section(name, places, lastCounts)
}

func (t *twice) strings(name string, l *model.List) {
	if l == nil {
		return
	}
	places := make([]model.Place, len(l.Values))
	for i, v := range l.Values {
		places[i] = v.At
	}
	t.section(name, places, firstCounts)
}

// section looks through the entries of one section.
func (t *twice) section(name string, entries []model.Place, counts int) {
	last := make(map[source.Span]int, len(entries)) // the entry of each place that was met last
	type pair struct{ one, two source.Span }
	said := map[pair]bool{}
	for i, e := range entries {
		j, ok := last[e.Span]
		last[e.Span] = i
		if !ok || e.Span.IsZero() {
			continue
		}
		one, two := entries[j].Included, e.Included
		k := 0
		for k < len(one) && k < len(two) && one[k] == two[k] {
			k++
		}
		if k == len(one) || k == len(two) || said[pair{one[k], two[k]}] {
			continue
		}
		said[pair{one[k], two[k]}] = true
		d := diag.Diagnostic{
			Span: two[k], Included: two[:k:k],
			Message: fmt.Sprintf("file %s is included in /%s a second time", path.Base(e.Span.File.Name), name),
			Hint:    "leave one of the lines",
			Related: []diag.Related{{Span: one[k], Message: "included here already"}},
		}
		if len(one) == k+1 && len(two) == k+1 && counts != allCount {
			d.Fixes = t.fix(one[k], two[k], counts == lastCounts && (i == 0 || !brings(entries[i-1], k, one[k])))
		}
		t.pass.Report(d)
	}
}

// brings reports whether a line, the one at k of those that lead to an entry, brings it.
func brings(entry model.Place, k int, line source.Span) bool {
	return len(entry.Included) > k && entry.Included[k] == line
}

// fix removes one of two lines that bring the same file: the second, or else the first. Nothing changes for a request:
// where the last entry that matches decides, and the same entries stand again further down, those further up decide
// nothing; where the first does, or order means nothing, it is the other way round. Both lines stand in one block, so
// this holds wherever their file is included.
func (t *twice) fix(one, two source.Span, removeFirst bool) []diag.Fix {
	f := t.files[two.File]
	if f == nil || one.File != two.File || one == two {
		return nil
	}
	a, b := sibling(f.Items, one, two)
	if a == nil || b == nil {
		return nil
	}
	gone, title := b, "remove the second $include"
	if removeFirst {
		gone, title = a, "remove the first $include, which the second makes void"
	}
	if gone.Path == nil || strings.ContainsAny(gone.Path.Text(), wildcards) {
		return nil // it brings other files too
	}
	return []diag.Fix{{Title: title, Safe: true, Edits: []diag.Edit{{Span: textedit.Line(gone.Span())}}}}
}

// sibling returns two statements that stand in one list of items.
func sibling(items []grammar.Item, one, two source.Span) (a, b *grammar.IncludeItem) {
	look := func(items []grammar.Item) bool {
		var x, y *grammar.IncludeItem
		for _, it := range items {
			if inc, ok := it.(*grammar.IncludeItem); ok {
				switch inc.Span() {
				case one:
					x = inc
				case two:
					y = inc
				}
			}
		}
		if x != nil && y != nil {
			a, b = x, y
		}
		return a != nil
	}
	if look(items) {
		return a, b
	}
	grammar.Walk(items, func(it grammar.Item) bool {
		switch it := it.(type) {
		case *grammar.Property:
			return a == nil && (it.Block == nil || !look(it.Block.Items))
		case *grammar.Block:
			return a == nil && !look(it.Items)
		}
		return true
	})
	return a, b
}
