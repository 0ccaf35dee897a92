package include

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var includeGlobEmpty = lint.Rule{
	ID: "DSP103", Name: "include-glob-empty", Severity: diag.Warning, Config: checkGlobEmpty,
	Doc: lint.Doc{
		Title: "wildcard of $include matches no file",
		Why: "A wildcard that matches nothing is no mistake for the Dispatcher: it starts without the farms or rules that were meant. It " +
			"happens when files are named otherwise than the pattern, such as .farm and _farm.any.",
		File: "dispatcher.any",
		Bad: `/farms {
	$include "enabled_farms/*.farm"
	$include "enabled_farms/*_farm.any"
}
`,
		Good: `/farms {
	$include "enabled_farms/*.farm"
}
`,
		Files:   []lint.File{{Name: "enabled_farms/site.farm", Text: siteFarm}},
		Note:    "It is an error where the configuration has no farm and the line stands in /farms.",
		Since:   since,
		Sources: []string{debugging, "adobe/aem-dispatcher-optimizer-tool, resolver of includes"},
	},
}

// wildcards are the bytes that make a path a pattern.
const wildcards = "*?["

func checkGlobEmpty(p *lint.Pass, c *model.Config) {
	t := newTree(p.Subject)
	left := lint.MaxFindings
	for _, f := range p.Subject.Files {
		if p.Subject.Immutable != nil && p.Subject.Immutable(f.Src) {
			continue // the pattern is the platform's: that there are no farms is no-farms
		}
		grammar.Walk(f.Items, func(it grammar.Item) bool {
			inc, ok := it.(*grammar.IncludeItem)
			if !ok || inc.Path == nil || inc.Path.Broken || left == 0 {
				return true
			}
			pattern := inc.Path.Text()
			if !strings.ContainsAny(pattern, wildcards) || strings.ContainsAny(pattern, "$\\") || t.matches(inc, pattern) {
				return true
			}
			d := diag.Diagnostic{
				Span:    inc.Path.At,
				Message: fmt.Sprintf("include %s matches no file", inc.Path.Raw()),
				Hint:    "make the pattern and the names of the files agree, or remove the line",
			}
			if len(c.Farms) == 0 && t.inFarms(f, inc.Span()) {
				d.Severity = diag.Error
			}
			p.Report(d)
			left--
			return true
		})
	}
}

// A tree is the files of a configuration and the lines that include them.
type tree struct {
	subject *lint.Subject
	files   map[*source.File]*grammar.File
	// by are the files that each line brought, itself or through others, as far as the line was the first to.
	by map[source.Span][]*source.File
}

func newTree(s *lint.Subject) *tree {
	t := tree{s, make(map[*source.File]*grammar.File, len(s.Files)), map[source.Span][]*source.File{}}
	for _, f := range s.Files {
		t.files[f.Src] = f
		for _, line := range t.included(f.Src) {
			t.by[line] = append(t.by[line], f.Src)
		}
	}
	return &t
}

func (t *tree) included(f *source.File) []source.Span {
	if t.subject.Included == nil {
		return nil
	}
	return t.subject.Included(f)
}

// matches reports whether a wildcard matches a file that was read: one came by it, or has a name that fits.
func (t *tree) matches(inc *grammar.IncludeItem, pattern string) bool {
	if len(t.by[inc.Span()]) > 0 {
		return true
	}
	parts := ownParts(pattern)
	return slices.ContainsFunc(t.subject.Files, func(f *grammar.File) bool { return endsLike(f.Src.Name, parts) })
}

// inFarms reports whether a place is directly in /farms, in its file or in one that includes it.
func (t *tree) inFarms(f *grammar.File, at source.Span) bool {
	for chain := t.included(f.Src); ; chain = chain[:len(chain)-1] {
		if name := sectionAround(f, at); name != "" {
			return name == "farms"
		}
		if len(chain) == 0 {
			return false
		}
		at = chain[len(chain)-1]
		if f = t.files[at.File]; f == nil {
			return false
		}
	}
}

// ownParts returns the parts of a path without those that only lead to where it starts.
func ownParts(p string) []string {
	parts := strings.Split(path.Clean(p), "/")
	for len(parts) > 0 && (parts[0] == ".." || parts[0] == "." || parts[0] == "") {
		parts = parts[1:]
	}
	return parts
}

// endsLike reports whether a name ends with parts that match.
func endsLike(name string, patterns []string) bool {
	parts := strings.Split(name, "/")
	n := len(parts) - len(patterns)
	if n < 0 || len(patterns) == 0 {
		return false
	}
	for i, pattern := range patterns {
		if ok, err := path.Match(pattern, parts[n+i]); !ok || err != nil {
			return false
		}
	}
	return true
}

// sectionAround returns the name of the innermost block around a place; "" where there is none.
func sectionAround(f *grammar.File, at source.Span) string {
	name := ""
	grammar.Walk(f.Items, func(it grammar.Item) bool {
		if !it.Span().Contains(at) {
			return false
		}
		if p, ok := it.(*grammar.Property); ok && p.Block != nil && p.Block.Span().Contains(at) {
			name = p.Label()
		}
		return true
	})
	return name
}
