package report

import (
	"bytes"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

type (
	sonarReport struct {
		Rules  []sonarRule  `json:"rules"`
		Issues []sonarIssue `json:"issues"`
	}
	sonarRule struct {
		ID          string        `json:"id"`
		Name        string        `json:"name"`
		Description string        `json:"description"`
		Engine      string        `json:"engineId"`
		Attribute   string        `json:"cleanCodeAttribute"`
		Type        string        `json:"type"`
		Severity    string        `json:"severity"`
		Impacts     []sonarImpact `json:"impacts"`
	}
	sonarImpact struct {
		Quality  string `json:"softwareQuality"`
		Severity string `json:"severity"`
	}
	sonarIssue struct {
		Rule      string          `json:"ruleId"`
		Primary   sonarLocation   `json:"primaryLocation"`
		Secondary []sonarLocation `json:"secondaryLocations,omitempty"`
	}
	sonarLocation struct {
		Message string      `json:"message"`
		File    string      `json:"filePath"`
		Range   *sonarRange `json:"textRange,omitempty"`
	}
	// Lines count from 1, columns from 0.
	sonarRange struct {
		StartLine   int  `json:"startLine"`
		EndLine     int  `json:"endLine,omitempty"`
		StartColumn *int `json:"startColumn,omitempty"`
		EndColumn   *int `json:"endColumn,omitempty"`
	}
)

// Sonar writes findings in the generic issue format of SonarQube 10.3 and later, with type and severity for
// instances in standard experience mode. SonarQube keeps the severity with the rule, so a rule has the
// worst of its findings. A finding without a rule has the rule dispcheck.
func (p *Printer) Sonar(w io.Writer, f *Findings) error {
	out := sonarReport{Rules: []sonarRule{}, Issues: make([]sonarIssue, 0, len(f.List))}
	ranges := sonarRanges{}
	rules := f.found()
	for i := range f.List {
		if f.List[i].Rule == "" {
			rules = append(rules, foundRule{id: tool, worst: worstWithoutRule(f.List)})
			break
		}
	}
	for _, r := range rules {
		out.Rules = append(out.Rules, f.sonarRule(r))
	}
	for i := range f.List {
		d := &f.List[i]
		issue := sonarIssue{Rule: d.Rule, Primary: sonarLocation{advice(d), p.path(f, d), ranges.of(d.Span)}}
		if issue.Rule == "" {
			issue.Rule = tool
		}
		place := func(at source.Span, message string) {
			if !at.IsZero() {
				issue.Secondary = append(issue.Secondary, sonarLocation{line(message), Path(p.Prefix, at.File.Name), ranges.of(at)})
			}
		}
		for _, r := range d.Related {
			place(r.Span, r.Message)
		}
		for _, at := range d.Included {
			place(at, "included here")
		}
		out.Issues = append(out.Issues, issue)
	}
	return JSON(w, out)
}

func worstWithoutRule(ds []diag.Diagnostic) diag.Severity {
	var worst diag.Severity
	for i := range ds {
		if ds[i].Rule == "" {
			worst = max(worst, ds[i].Severity)
		}
	}
	return worst
}

func (f *Findings) sonarRule(r foundRule) sonarRule {
	out := sonarRule{
		ID: r.id, Name: r.id, Description: "A mistake in a Dispatcher configuration", Engine: tool,
		Attribute: "LOGICAL", Type: "BUG", Impacts: []sonarImpact{{Quality: "RELIABILITY"}},
	}
	if r.rule != nil {
		out.Name = r.rule.Name
		if r.rule.Doc.Why != "" {
			out.Description = r.rule.Doc.Why
		} else if r.rule.Doc.Title != "" {
			out.Description = r.rule.Doc.Title
		}
	}
	switch {
	case r.rule != nil && r.rule.Security:
		out.Attribute, out.Type, out.Impacts[0].Quality = "TRUSTWORTHY", "VULNERABILITY", "SECURITY"
	case r.worst < diag.Warning:
		out.Attribute, out.Type, out.Impacts[0].Quality = "CONVENTIONAL", "CODE_SMELL", "MAINTAINABILITY"
	}
	// Impacts know BLOCKER and INFO since 10.8 only.
	switch r.worst {
	case diag.Error:
		out.Severity, out.Impacts[0].Severity = "CRITICAL", "HIGH"
	case diag.Warning:
		out.Severity, out.Impacts[0].Severity = "MAJOR", "MEDIUM"
	case diag.Info:
		out.Severity, out.Impacts[0].Severity = "MINOR", "LOW"
	default:
		out.Severity, out.Impacts[0].Severity = "INFO", "LOW"
	}
	return out
}

// sonarRanges makes ranges, and remembers each file with the lines that SonarQube sees in it.
type sonarRanges map[*source.File]*source.File

// of returns a range that SonarQube takes: a report with one column past the end of a line, or with an
// empty range, is refused as a whole. Columns count UTF-16 units. An empty span takes in one character
// of its line; where there is none, the line stands for it.
func (r sonarRanges) of(s source.Span) *sonarRange {
	if s.IsZero() {
		return nil
	}
	f := r[s.File]
	if f == nil {
		f = crLines(s.File)
		r[s.File] = f
	}
	start, end := f.Position(int(s.Start)), f.Position(int(s.End))
	first, last := f.Line(start.Line), f.Line(end.Line)
	from, to := min(max(s.Start, first.Start), first.End), min(max(s.End, last.Start), last.End)
	if from >= to && start.Line == end.Line {
		if from < first.End {
			_, n := utf8.DecodeRune(f.Text[from:first.End])
			to = from + int32(n)
		} else if first.Start < from {
			_, n := utf8.DecodeLastRune(f.Text[first.Start:from])
			from -= int32(n)
		}
	}
	startColumn, endColumn := units(f, first.Start, from), units(f, last.Start, to)
	if start.Line == end.Line && startColumn >= endColumn {
		return &sonarRange{StartLine: start.Line}
	}
	return &sonarRange{start.Line, end.Line, &startColumn, &endColumn}
}

// units returns how long a part of a text is in UTF-16. A byte that is no character counts as one, as
// Java reads it, and a byte order mark as none.
func units(f *source.File, start, end int32) int {
	text, n := f.Text[start:end], 0
	if start == 0 {
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		n += max(1, utf16.RuneLen(r))
		text = text[size:]
	}
	return n
}

// crLines returns a file whose lines end as well with a carriage return on its own.
func crLines(f *source.File) *source.File {
	var text []byte
	for i, c := range f.Text {
		if c != '\r' || i+1 < len(f.Text) && f.Text[i+1] == '\n' {
			continue
		}
		if text == nil {
			text = bytes.Clone(f.Text)
		}
		text[i] = '\n'
	}
	if text == nil {
		return f
	}
	return source.NewFile(f.Name, text)
}
