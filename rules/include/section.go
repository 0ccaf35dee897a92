package include

import (
	"fmt"
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var includeWrongSection = lint.Rule{
	ID: "DSP109", Name: "include-wrong-section", Severity: diag.Error, Config: checkSections,
	Doc: lint.Doc{
		Title: "file of filter rules is included in the cache, or the other way round",
		Why: "Rules look alike in all sections, so nothing says that they are in the wrong one. Filter rules in /rules decide what is cached, and the " +
			"rules of the cache that were meant are missing; rules of the cache in /filter are compared with whole request lines, which they never match.",
		File: "cache/site.any",
		Bad: `/rules {
	$include "../filters/filters.any"
}
`,
		Good: `/rules {
	$include "rules.any"
}
`,
		Files: []lint.File{
			{Name: "filters/filters.any", Text: `/0001 { /type "deny"  /url "*" }
/0002 { /type "allow" /url "/content/*" }
`},
			{Name: "cache/rules.any", Text: `/0000 { /type "allow" /glob "*" }
`},
		},
		Note: "What a file is for shows in its name or folder (filter, cache, invalidate) and in its rules: those of a filter have /url and its like, " +
			"those of the cache have /glob alone. Where names and rules do not agree nothing is reported.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-cloud-service.en, validation-debug-legacy.md (file included at unknown location)"},
	},
}

// A purpose is what a file of rules is for.
type purpose uint8

const (
	forAny purpose = iota // its name does not say
	forFilter
	forCache
)

// purposeOf says by the names of a file and its folder what its rules are for.
func purposeOf(f *source.File) purpose {
	if f == nil {
		return forAny
	}
	name := strings.ToLower(path.Join(path.Base(path.Dir(f.Name)), path.Base(f.Name)))
	filter, cache := strings.Contains(name, "filter"), false
	for _, word := range []string{"cache", "caching", "invalidat"} {
		cache = cache || strings.Contains(name, word)
	}
	switch {
	case filter && !cache:
		return forFilter
	case cache && !filter:
		return forCache
	}
	return forAny
}

func checkSections(p *lint.Pass, c *model.Config) {
	s := sections{pass: p, purposes: map[*source.File]purpose{}}
	for _, f := range c.Farms {
		s.farm(f)
	}
}

// A sections looks for files in the wrong section.
type sections struct {
	pass     *lint.Pass
	purposes map[*source.File]purpose
}

// purpose is purposeOf, worked out once for each file.
func (s *sections) purpose(f *source.File) purpose {
	p, ok := s.purposes[f]
	if !ok {
		p = purposeOf(f)
		s.purposes[f] = p
	}
	return p
}

func (s *sections) farm(f *model.Farm) {
	s.section("filter", f.Filter, forCache, "rules of the cache", func(r *model.Rule) bool {
		return r.Glob != nil && !strings.ContainsAny(r.Glob.Text(), " \t")
	})
	if f.Cache == nil {
		return
	}
	ofFilter := func(r *model.Rule) bool { return r.Glob == nil && len(r.Patterns())+len(r.Unknown) > 0 }
	s.section("rules", f.Cache.Rules, forFilter, "rules of a filter", ofFilter)
	s.section("invalidate", f.Cache.Invalidate, forFilter, "rules of a filter", ofFilter)
	s.section("allowedClients", f.Cache.AllowedClients, forFilter, "rules of a filter", ofFilter)
	s.section("ignoreUrlParams", f.Cache.IgnoreURLParams, forFilter, "rules of a filter", ofFilter)
}

// section reports the lines that bring files for another purpose into a section, of which each rule looks so too.
func (s *sections) section(section string, list *model.RuleList, foreign purpose, what string, looks func(*model.Rule) bool) {
	if list == nil {
		return
	}
	type bringing struct {
		first *model.Rule
		at    int // of the line among those that lead to the first rule
		all   bool
	}
	var lines []source.Span
	brought := map[source.Span]*bringing{}
	for _, r := range list.Rules {
		at := s.outermost(r.At, foreign)
		if at < 0 {
			continue
		}
		line := r.At.Included[at]
		b := brought[line]
		if b == nil {
			b = &bringing{first: r, at: at, all: true}
			brought[line] = b
			lines = append(lines, line)
		}
		b.all = b.all && looks(r)
	}
	for _, line := range lines {
		b := brought[line]
		if !b.all {
			continue
		}
		file := b.first.At.Span.File
		if b.at+1 < len(b.first.At.Included) {
			file = b.first.At.Included[b.at+1].File
		}
		s.pass.Report(diag.Diagnostic{
			Span: line, Included: b.first.At.Included[:b.at:b.at],
			Message: fmt.Sprintf("%s of %s are included in /%s", what, path.Base(file.Name), section),
			Hint:    "include the file that holds the entries of /" + section,
			Related: []diag.Related{{Span: b.first.At.Span, Message: "the first of them"}},
		})
	}
}

// outermost returns the index of the line that brings a rule out of files for a purpose into one that is not; -1 where
// the rule's file is not for it, or no line led there.
func (s *sections) outermost(at model.Place, of purpose) int {
	file := at.Span.File
	i := len(at.Included)
	for i > 0 && s.purpose(file) == of {
		i--
		file = at.Included[i].File
	}
	if i == len(at.Included) || s.purpose(file) == of {
		return -1
	}
	return i
}
