package syntax

import (
	"fmt"
	"path"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

var unbalancedInclude = lint.Rule{
	ID: "DSP031", Name: "unbalanced-include", Severity: diag.Warning, Config: checkHalves,
	Doc: lint.Doc{
		Title: "included file closes a section of another file, or opens one that another closes",
		Why: "The braces match when the texts are put together, and not in each file. Whether a module reads them so is not published: where it " +
			"takes each file for whole entries, a section ends too early or never. Nobody who sees one of the files can tell, and who includes " +
			"one of them elsewhere breaks that place.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		/virtualhosts { "www.example.com" }
		/renders {
			/rend01 { /hostname "publish" /port "4503" }
		}
		/filter {
			$include "filters.any"
	}
}
`,
		Good: `/farms {
	/publish {
		/virtualhosts { "www.example.com" }
		/renders {
			/rend01 { /hostname "publish" /port "4503" }
		}
		/filter {
			$include "filters.any"
		}
	}
}
`,
		BadFiles: []lint.File{{Name: "filters.any", Text: `/0001 { /type "deny"  /url "*" }
/0002 { /type "allow" /url "/content/*" }
}
`}},
		GoodFiles: []lint.File{{Name: "filters.any", Text: `/0001 { /type "deny"  /url "*" }
/0002 { /type "allow" /url "/content/*" }
`}},
		Note:  "The files themselves are reported as DSP002 and DSP004. Where braces match in no way these say all there is to say.",
		Since: since,
	},
}

// A pairing is what is left of the braces of a text when all that match are taken out: braces that close what an earlier
// text opened, and then braces that a later text is to close.
type pairing struct{ closing, opening int }

func (p *pairing) add(next pairing) {
	matched := min(p.opening, next.closing)
	p.opening += next.opening - matched
	p.closing += next.closing - matched
}

func (p pairing) whole() bool { return p == pairing{} }

// checkHalves reports the lines that include files whose braces match with those around the line alone.
func checkHalves(p *lint.Pass, _ *model.Config) {
	if p.Subject.Included == nil {
		return
	}
	uneven := false
	for _, d := range p.Subject.Found {
		uneven = uneven || d.Rule == unclosedBlock.ID || d.Rule == unexpectedCloseBrace.ID
	}
	if !uneven {
		return
	}
	h := halves{by: map[source.Span][]*grammar.File{}, pairings: map[*grammar.File]pairing{}}
	for _, f := range p.Subject.Files {
		if chain := p.Subject.Included(f.Src); len(chain) > 0 {
			line := chain[len(chain)-1]
			h.by[line] = append(h.by[line], f)
		}
	}
	// A file is read before those that it includes, so that from the end on what a line brings is known.
	for i := len(p.Subject.Files) - 1; i >= 0; i-- {
		f := p.Subject.Files[i]
		lines := h.pair(f)
		if !h.pairings[f].whole() {
			continue
		}
		for _, line := range lines {
			for _, part := range h.by[line] {
				left := h.pairings[part]
				if left.whole() {
					continue
				}
				what := "leaves a section open that another file closes"
				if left.closing > 0 {
					what = "closes a section that another file opened"
				}
				p.Report(diag.Diagnostic{
					Span: line, Included: p.Subject.Included(f.Src), Message: fmt.Sprintf("%s %s", path.Base(part.Src.Name), what),
					Hint: "keep both braces of a section in one file",
				})
			}
		}
	}
}

// A halves knows the braces of each file with all that it includes.
type halves struct {
	by       map[source.Span][]*grammar.File // the files that a line brought
	pairings map[*grammar.File]pairing
}

// pair finds out what is left of the braces of a file, and returns its lines that bring files.
func (h *halves) pair(f *grammar.File) (lines []source.Span) {
	at := map[int32]source.Span{}
	grammar.Walk(f.Items, func(it grammar.Item) bool {
		if inc, ok := it.(*grammar.IncludeItem); ok && h.by[inc.Span()] != nil {
			at[inc.Span().Start] = inc.Span()
		}
		return true
	})
	var left pairing
	for _, t := range f.Tokens {
		switch t.Kind {
		case grammar.Open:
			left.add(pairing{opening: 1})
		case grammar.Close:
			left.add(pairing{closing: 1})
		case grammar.Include:
			line, ok := at[t.Start]
			if !ok {
				continue
			}
			lines = append(lines, line)
			for _, part := range h.by[line] {
				left.add(h.pairings[part])
			}
		}
	}
	h.pairings[f] = left
	return lines
}
