package report

import "github.com/dispcheck/dispcheck/diag"

// A Finding is a finding in JSON, in the order of keys that docs promise. Name and URL come from the
// rule, which this package does not know: callers fill them in.
type Finding struct {
	Rule     string `json:"rule"`
	Name     string `json:"name"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
	Place
	Help    string          `json:"help"`
	Why     string          `json:"why"`
	URL     string          `json:"url"`
	Related []RelatedPlace  `json:"related"`
	Include []IncludedPlace `json:"included"`
	Fix     *FindingFix     `json:"fix"`
}

// A RelatedPlace is a place that takes part in a finding, in JSON.
type RelatedPlace struct {
	Message string `json:"message"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
}

// An IncludedPlace is an $include line that led to a finding, in JSON; the outermost stands first.
type IncludedPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// A FindingFix is the first way to put a finding right, in JSON.
type FindingFix struct {
	Title string        `json:"title"`
	Safe  bool          `json:"safe"`
	Edits []FindingEdit `json:"edits"`
}

// A FindingEdit replaces the bytes [Start, End) of a file, in JSON.
type FindingEdit struct {
	File  string `json:"file"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

// NewFinding returns a finding in JSON's form, files behind prefix. Lists are never null.
func NewFinding(d *diag.Diagnostic, prefix string) Finding {
	f := Finding{
		Rule: d.Rule, Severity: d.Severity.String(), Message: d.Message, Place: PlaceOf(d.Span, prefix),
		Help: d.Hint, Why: d.Why,
		Related: make([]RelatedPlace, 0, len(d.Related)), Include: make([]IncludedPlace, 0, len(d.Included)),
	}
	for _, r := range d.Related {
		p := PlaceOf(r.Span, prefix)
		f.Related = append(f.Related, RelatedPlace{r.Message, p.File, p.Line, p.Column})
	}
	for _, s := range d.Included {
		p := PlaceOf(s, prefix)
		f.Include = append(f.Include, IncludedPlace{p.File, p.Line, p.Column})
	}
	if len(d.Fixes) > 0 {
		fix := d.Fixes[0]
		f.Fix = &FindingFix{Title: fix.Title, Safe: fix.Safe, Edits: make([]FindingEdit, 0, len(fix.Edits))}
		for _, e := range fix.Edits {
			if !e.Span.IsZero() {
				f.Fix.Edits = append(f.Fix.Edits, FindingEdit{Path(prefix, e.Span.File.Name), int(e.Span.Start), int(e.Span.End), e.New})
			}
		}
	}
	return f
}
