package report

import (
	"io"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

type (
	rdResult struct {
		Source      rdSource       `json:"source"`
		Diagnostics []rdDiagnostic `json:"diagnostics"`
	}
	rdSource struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	rdDiagnostic struct {
		Message     string         `json:"message"`
		Location    rdLocation     `json:"location"`
		Severity    string         `json:"severity"`
		Code        *rdCode        `json:"code,omitempty"`
		Suggestions []rdSuggestion `json:"suggestions,omitempty"`
		Related     []rdRelated    `json:"related_locations,omitempty"`
	}
	rdCode struct {
		Value string `json:"value"`
		URL   string `json:"url,omitempty"`
	}
	rdLocation struct {
		Path  string   `json:"path"`
		Range *rdRange `json:"range,omitempty"`
	}
	rdRange struct {
		Start rdPosition `json:"start"`
		End   rdPosition `json:"end"`
	}
	rdPosition struct {
		Line   int `json:"line"`
		Column int `json:"column"`
	}
	rdSuggestion struct {
		Range rdRange `json:"range"`
		Text  string  `json:"text"`
	}
	rdRelated struct {
		Message  string     `json:"message,omitempty"`
		Location rdLocation `json:"location"`
	}
)

// RDJSON writes findings as a DiagnosticResult of the Reviewdog Diagnostic Format. Columns count bytes
// there. Hints are infos. Each fix is one suggestion: its edits, and the text between them. A fix that
// changes another file, or puts in what is no text, cannot be told and is left out.
func (p *Printer) RDJSON(w io.Writer, f *Findings) error {
	out := rdResult{rdSource{tool, toolURL}, make([]rdDiagnostic, 0, len(f.List))}
	for i := range f.List {
		d := &f.List[i]
		one := rdDiagnostic{
			Message: advice(d), Severity: rdSeverity(d.Severity),
			Location: rdLocation{Path: p.path(f, d)}, Suggestions: rdSuggestions(d),
		}
		if !d.Span.IsZero() {
			one.Location.Range = rdRangeOf(d.Span)
		}
		if d.Rule != "" {
			one.Code = &rdCode{d.Rule, f.url(d.Rule)}
		}
		for _, r := range d.Related {
			if !r.Span.IsZero() {
				one.Related = append(one.Related, rdRelated{line(r.Message), rdLocation{Path(p.Prefix, r.Span.File.Name), rdRangeOf(r.Span)}})
			}
		}
		for _, at := range d.Included {
			one.Related = append(one.Related, rdRelated{"included here", rdLocation{Path(p.Prefix, at.File.Name), rdRangeOf(at)}})
		}
		out.Diagnostics = append(out.Diagnostics, one)
	}
	return JSON(w, out)
}

func rdRangeOf(s source.Span) *rdRange {
	start, end := s.Position(), s.EndPosition()
	return &rdRange{rdPosition{start.Line, start.Column}, rdPosition{end.Line, end.Column}}
}

func rdSuggestions(d *diag.Diagnostic) []rdSuggestion {
	var out []rdSuggestion
	for _, fix := range d.Fixes {
		if s, ok := rdSuggest(d.Span.File, fix.Edits); ok {
			out = append(out, s)
		}
	}
	return out
}

// rdSuggest joins the edits of a fix into one.
func rdSuggest(f *source.File, edits []diag.Edit) (s rdSuggestion, ok bool) {
	if f == nil || len(edits) == 0 {
		return s, false
	}
	all := edits[0].Span
	for _, e := range edits {
		if e.Span.File != f {
			return s, false
		}
		all.Start, all.End = min(all.Start, e.Span.Start), max(all.End, e.Span.End)
	}
	if all.Start < 0 || all.End < all.Start || int(all.End) > len(f.Text) {
		return s, false
	}
	part := source.NewFile(f.Name, f.Text[all.Start:all.End])
	moved := make([]diag.Edit, len(edits))
	for i, e := range edits {
		moved[i] = diag.Edit{Span: part.Span(int(e.Span.Start-all.Start), int(e.Span.End-all.Start)), New: e.New}
	}
	text, err := diag.Apply(part, moved)
	if err != nil {
		return s, false
	}
	return rdSuggestion{*rdRangeOf(all), string(text)}, utf8.Valid(text)
}

func rdSeverity(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "ERROR"
	case diag.Warning:
		return "WARNING"
	}
	return "INFO"
}
