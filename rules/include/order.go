package include

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

var defaultIncludeAfterCustom = lint.Rule{
	ID: "DSP114", Name: "default-include-after-custom", Severity: diag.Warning, Fixable: true, Config: checkDefaultsLast,
	Doc: lint.Doc{
		Title: "default rules are included behind the rules of the site",
		Why: "The last rule that matches decides. Default rules start by denying everything, or by allowing everything in /rules of the cache: " +
			"included last, they make void what the site's own rules say before them.",
		File: "filters/site.any",
		Bad: `/0100 { /type "allow" /method "GET" /url "/content/*" }
$include "./default_filters.any"
`,
		Good: `$include "./default_filters.any"
/0100 { /type "allow" /method "GET" /url "/content/*" }
`,
		Files: []lint.File{{Name: "filters/default_filters.any", Text: denyAll}},
		Note: "Default files are those that their owner must not change, and those whose names start with default_. It is reported where they " +
			"do the contrary for all that a rule before them matches. The fix moves the line before the first rule that stands with it.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-cloud-service.en, validation-debug.md (default files come first)", configuration + " (the last rule that matches)"},
	},
}

func checkDefaultsLast(p *lint.Pass, c *model.Config) {
	files := map[*source.File]*grammar.File{}
	for _, f := range p.Subject.Files {
		files[f.Src] = f
	}
	for _, f := range c.Farms {
		if f.Filter != nil {
			defaultsLast(p.For(f), f, lastmatch.Filter, "filter", f.Filter.Rules, files)
		}
		if f.Cache != nil && f.Cache.Rules != nil {
			defaultsLast(p.For(f), f, lastmatch.CacheRules, "rules", f.Cache.Rules.Rules, files)
		}
	}
}

// maxLost is how many of the rules that are lost a finding names.
const maxLost = 5

// defaultsLast reports the lines of one section that include default rules behind rules that they make void.
func defaultsLast(p *lint.Pass, f *model.Farm, k lastmatch.Kind, section string, rules []*model.Rule, files map[*source.File]*grammar.File) {
	own := slices.IndexFunc(rules, func(r *model.Rule) bool { return lineOfDefaults(p, r) < 0 })
	if own < 0 || !slices.ContainsFunc(rules[own:], func(r *model.Rule) bool { return lineOfDefaults(p, r) >= 0 }) {
		return // the usual order, or no default file
	}
	s := lastmatch.Of(p, k, f)
	var lines []source.Span
	lost := map[source.Span][]int{}
	by := map[source.Span]*model.Rule{}
	for i, r := range rules {
		if p.Context().Err() != nil {
			return
		}
		if lineOfDefaults(p, r) >= 0 {
			continue
		}
		sh := s.Shadow(i)
		if len(sh.By) == 0 || sh.Same || sh.Sampled || slices.ContainsFunc(sh.By, func(j int) bool { return lineOfDefaults(p, rules[j]) < 0 }) {
			continue
		}
		d := rules[sh.By[0]]
		line := d.At.Included[lineOfDefaults(p, d)]
		if lost[line] == nil {
			lines = append(lines, line)
			by[line] = d
		}
		lost[line] = append(lost[line], i)
	}
	for _, line := range lines {
		list, d := lost[line], by[line]
		at := lineOfDefaults(p, d)
		what := lastmatch.Name(rules[list[0]])
		if len(list) > 1 {
			what += fmt.Sprintf(" and %d more", len(list)-1)
		}
		p.Report(diag.Diagnostic{
			Span: line, Included: d.At.Included[:at:at],
			Message: fmt.Sprintf("%s is included behind %s, which never decides in /%s then", path.Base(defaultFile(d, at).Name), what, section),
			Hint:    "include it first: the last rule that matches decides",
			Related: s.Related(list[:min(len(list), maxLost)]),
			Fixes:   toTop(files[line.File], line, rules[list[0]]),
		})
	}
}

// lineOfDefaults returns the index of the line, among those that lead to a rule, by which the owner includes the default
// file in which it stands; -1 where it stands in none.
func lineOfDefaults(p *lint.Pass, r *model.Rule) int {
	for i := range r.At.Included {
		file := defaultFile(r, i)
		if p.Subject.Immutable != nil && p.Subject.Immutable(r.At.Included[i].File) {
			continue // the platform's own order
		}
		if p.Subject.Immutable != nil && p.Subject.Immutable(file) || strings.HasPrefix(path.Base(file.Name), "default_") {
			return i
		}
	}
	return -1
}

// defaultFile returns the file that a line, the one at i of those that lead to a rule, includes.
func defaultFile(r *model.Rule, i int) *source.File {
	if i+1 < len(r.At.Included) {
		return r.At.Included[i+1].File
	}
	return r.At.Span.File
}

// toTop is the fix that moves a line to where a rule stands, if both are items of one file. Not safe: the rules that
// it passes decide after it.
func toTop(f *grammar.File, line source.Span, first *model.Rule) []diag.Fix {
	if f == nil || first.At.Span.File != line.File || first.At.Span.Start > line.Start {
		return nil
	}
	inc, rule := together(f.Items, line, first.At.Span)
	if !rule || inc == nil || inc.Path == nil || strings.ContainsAny(inc.Path.Text(), wildcards) {
		return nil
	}
	whole := withComment(line)
	start := int(first.At.Span.Start)
	text := line.File.Text
	indent := start
	for indent > 0 && (text[indent-1] == ' ' || text[indent-1] == '\t') {
		indent--
	}
	if indent > 0 && text[indent-1] != '\n' || textedit.Line(whole) == whole {
		return nil // other items stand on one of the lines
	}
	newLine := "\n"
	if indent > 1 && text[indent-2] == '\r' {
		newLine = "\r\n"
	}
	return []diag.Fix{{Title: "include it first", Edits: []diag.Edit{
		{Span: line.File.Span(start, start), New: whole.Text() + newLine + string(text[indent:start])},
		{Span: textedit.Line(whole)},
	}}}
}

// withComment widens a span to the comment behind it on its line.
func withComment(at source.Span) source.Span {
	rest, _, _ := bytes.Cut(at.File.Text[at.End:], []byte("\n"))
	if trimmed := bytes.TrimSpace(rest); len(trimmed) > 0 && trimmed[0] == '#' {
		at.End += int32(len(bytes.TrimRight(rest, " \t\r")))
	}
	return at
}

// together finds an $include statement, and says whether what is at another place stands in the same list of items.
func together(items []grammar.Item, line, at source.Span) (inc *grammar.IncludeItem, found bool) {
	look := func(items []grammar.Item) bool {
		var here *grammar.IncludeItem
		beside := false
		for _, it := range items {
			if x, ok := it.(*grammar.IncludeItem); ok && x.Span() == line {
				here = x
			}
			beside = beside || it.Span() == at
		}
		if here != nil {
			inc, found = here, beside
		}
		return here != nil
	}
	if look(items) {
		return inc, found
	}
	grammar.Walk(items, func(it grammar.Item) bool {
		switch it := it.(type) {
		case *grammar.Property:
			return inc == nil && (it.Block == nil || !look(it.Block.Items))
		case *grammar.Block:
			return inc == nil && !look(it.Items)
		}
		return true
	})
	return inc, found
}
