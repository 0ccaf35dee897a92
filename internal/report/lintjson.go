package report

import (
	"bufio"
	"io"

	"github.com/dispcheck/dispcheck/diag"
)

// LintSchema names the form of [LintJSON].
const LintSchema = "dispcheck.lint/v1"

// LintJSON is findings as dispcheck.lint/v1. Every key is always there; lists are never null, and a fix
// is null where there is none. Lines and columns count from 1, columns in characters; a finding without a
// place has an empty file and zeros. The bytes that a fix replaces count from 0.
type LintJSON struct {
	Schema   string      `json:"schema"`
	Summary  LintSummary `json:"summary"`
	Findings []Finding   `json:"findings"`
}

// LintSummary counts findings by severity, and the files that were looked at.
type LintSummary struct {
	Error   int `json:"error"`
	Warning int `json:"warning"`
	Info    int `json:"info"`
	Hint    int `json:"hint"`
	Files   int `json:"files"`
}

// NewLintJSON returns findings in JSON's form, files behind a prefix.
func NewLintJSON(f *Findings, prefix string) *LintJSON { return (&Printer{Prefix: prefix}).lintJSON(f) }

func (p *Printer) lintJSON(f *Findings) *LintJSON {
	j := &LintJSON{
		Schema:   LintSchema,
		Summary:  LintSummary{f.count(diag.Error), f.count(diag.Warning), f.count(diag.Info), f.count(diag.Hint), f.Files},
		Findings: make([]Finding, 0, len(f.List)),
	}
	for i := range f.List {
		j.Findings = append(j.Findings, p.lintFinding(f, &f.List[i]))
	}
	return j
}

func (p *Printer) lintFinding(f *Findings, d *diag.Diagnostic) Finding {
	out := NewFinding(d, p.Prefix)
	out.Name, out.URL = f.name(d.Rule), f.url(d.Rule)
	if len(d.Fixes) > 0 && !textOnly(d.Fixes[0].Edits) {
		out.Fix = nil // JSON cannot hold its bytes, and other bytes would spoil the file
	}
	return out
}

// LintJSON writes findings as one object, [LintJSON].
func (p *Printer) LintJSON(w io.Writer, f *Findings) error { return JSON(w, p.lintJSON(f)) }

// LintJSONLines writes each finding as a line of JSON, in the form that they have in [LintJSON]. Without
// findings nothing is written.
func (p *Printer) LintJSONLines(w io.Writer, f *Findings) error {
	b := bufio.NewWriter(w)
	for i := range f.List {
		if err := JSONLine(b, p.lintFinding(f, &f.List[i])); err != nil {
			return err
		}
	}
	return b.Flush()
}
