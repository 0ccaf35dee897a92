package report

import (
	"io"
	"path"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

type gitlabIssue struct {
	Description string         `json:"description"`
	Check       string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
	End   int `json:"end,omitempty"`
}

// GitLab writes findings as a Code Quality report. Errors are critical, warnings major, infos minor,
// hints info. GitLab needs a path and a line in each: findings without a place get line 1 of
// [Findings.Subject]. The fingerprint stays when lines move, and is never given twice in a report:
// GitLab would show one of the two.
func (p *Printer) GitLab(w io.Writer, f *Findings) error {
	issues := make([]gitlabIssue, 0, len(f.List))
	prints := lint.Fingerprints(f.List, f.Names)
	for i := range f.List {
		d := &f.List[i]
		issue := gitlabIssue{Description: advice(d), Check: d.Rule, Fingerprint: prints[i], Severity: gitlabSeverity(d.Severity)}
		if issue.Check == "" {
			issue.Check = tool
		}
		issue.Location.Path = path.Clean(p.path(f, d)) // it must not start with ./
		issue.Location.Lines.Begin = 1
		if place := PlaceOf(d.Span, ""); place.Line > 0 {
			issue.Location.Lines = gitlabLines{place.Line, place.EndLine}
		}
		issues = append(issues, issue)
	}
	return JSON(w, issues)
}

func gitlabSeverity(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "critical"
	case diag.Warning:
		return "major"
	case diag.Info:
		return "minor"
	}
	return "info"
}
