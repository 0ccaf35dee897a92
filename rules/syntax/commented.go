package syntax

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

var commentedBraceImbalance = lint.Rule{
	ID: "DSP027", Name: "commented-brace-imbalance", Severity: diag.Info, File: checkCommented,
	Doc: lint.Doc{
		Title: "comment hides one brace of a pair",
		Why: "A line was commented out that opens a section or closes one, and the line with the other brace was not: what stands between or behind " +
			"them belongs to another section than it seems to.",
		Bad: `/cache {
	# /rules {
		/0000 { /type "allow" /glob "*" }
	}
	/statfileslevel "2"
}
`,
		Good: `/cache {
	/rules {
		/0000 { /type "allow" /glob "*" }
	}
	/statfileslevel "2"
}
`,
		Note:  "It goes with DSP002 or DSP004, where there is exactly one line of comment with which the braces of the file would match.",
		Since: since,
	},
}

// checkCommented looks for the comment in files whose braces do not match.
func checkCommented(p *lint.Pass, f *grammar.File) {
	i := slices.IndexFunc(p.Subject.Found, func(d diag.Diagnostic) bool {
		return d.Span.File == f.Src && (d.Rule == unclosedBlock.ID || d.Rule == unexpectedCloseBrace.ID)
	})
	if i < 0 {
		return
	}
	at, brace := balancing(f)
	if at.IsZero() {
		return
	}
	what := p.Subject.Found[i]
	p.Report(diag.Diagnostic{
		Span: at, Message: fmt.Sprintf("comment holds the %c that the file lacks", brace),
		Hint:    "comment out the lines of both braces, or of none",
		Related: []diag.Related{{Span: what.Span, Message: what.Message}},
	})
}

// A depth is what braces do to how deep the text behind them stands: by how much, and how far up it came on the way.
type depth struct{ change, lowest int }

func (d *depth) count(k grammar.Kind) {
	switch k {
	case grammar.Open:
		d.change++
	case grammar.Close:
		d.change--
		d.lowest = min(d.lowest, d.change)
	}
}

// balancing returns the only comment of a file which, were it none, would make all braces match, and the brace of which
// it has more; the zero Span where there is none, or are several.
func balancing(f *grammar.File) (at source.Span, brace byte) {
	var all depth
	for _, t := range f.Tokens {
		all.count(t.Kind)
	}
	if all.change == 0 {
		return at, 0
	}
	// The lowest depth behind each token, counted from the depth there.
	behind := make([]int, len(f.Tokens)+1)
	for i := len(f.Tokens) - 1; i >= 0; i-- {
		var d depth
		d.count(f.Tokens[i].Kind)
		behind[i] = min(d.lowest, d.change+behind[i+1])
	}
	var before depth
	var tokens []grammar.Token
	for i, t := range f.Tokens {
		before.count(t.Kind)
		if t.Kind != grammar.Comment {
			continue
		}
		text := f.Src.Text[t.Start:t.End]
		if bytes.IndexByte(text, '{') < 0 && bytes.IndexByte(text, '}') < 0 {
			continue
		}
		var own depth
		tokens = grammar.Scan(bytes.TrimLeft(text, "#"), tokens[:0])
		for _, t := range tokens {
			own.count(t.Kind)
		}
		inside := before.change + own.change
		if all.change+own.change != 0 || before.lowest < 0 || before.change+own.lowest < 0 || inside+behind[i+1] < 0 {
			continue
		}
		if !at.IsZero() {
			return source.Span{}, 0
		}
		at, brace = source.Span{File: f.Src, Start: t.Start, End: t.End}, '{'
		if own.change < 0 {
			brace = '}'
		}
	}
	return at, brace
}
