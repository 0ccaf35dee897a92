// Package diag holds findings: what is said about a text, where, why it matters, and how to put it
// right. It knows neither rules nor output formats: [Diagnostic] is what passes between those who find
// and those who print. Sort and Apply work on many of them.
package diag

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dispcheck/dispcheck/source"
)

// Severity says how bad a finding is. A higher value is worse.
type Severity uint8

// The severities, mildest first.
const (
	Hint    Severity = iota + 1 // worth knowing
	Info                        // works, but not as most would expect
	Warning                     // goes wrong for some requests, or soon
	Error                       // goes wrong
)

var severityNames = [...]string{Hint: "hint", Info: "info", Warning: "warning", Error: "error"}

// String returns the severity's name: "hint", "info", "warning" or "error".
func (s Severity) String() string {
	if s < Hint || s > Error {
		return fmt.Sprintf("severity(%d)", uint8(s))
	}
	return severityNames[s]
}

// ParseSeverity is the inverse of [Severity.String].
func ParseSeverity(name string) (Severity, bool) {
	i := slices.Index(severityNames[Hint:], name)
	return Severity(i + 1), i >= 0
}

// A Diagnostic is one finding. Message is one sentence, lower case, without a full stop.
type Diagnostic struct {
	// Rule is the catalogue's id, such as "DSP152". Its page is docs/rules/<id>.md.
	Rule     string
	Severity Severity
	// Span is exactly the text at fault.
	Span    source.Span
	Message string
	// Hint names the likely cause, or what to do next; "" where there is nothing to add.
	Hint string
	// Why says what goes wrong in a running Dispatcher.
	Why string
	// Related are other places that take part.
	Related []Related
	// Included are the $include lines that led to the file, outermost first.
	Included []source.Span
	// Fixes are alternatives: at most one is applied.
	Fixes []Fix
}

// Related is a place that takes part in a finding, and how.
type Related struct {
	Span    source.Span
	Message string
}

// A Fix is one way to put a finding right. Title is a verb phrase. Safe says that no request is
// answered differently after it.
type Fix struct {
	Title string
	Safe  bool
	Edits []Edit
}

// An Edit replaces the text of a span.
type Edit struct {
	Span source.Span
	New  string
}

// Sort orders findings by file, place, severity (worst first), rule and message, and drops exact
// repeats: a file that is included twice says a thing once per chain of includes.
func Sort(ds []Diagnostic) []Diagnostic {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(
			a.Span.Compare(b.Span),
			cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(ds, func(a, b Diagnostic) bool {
		return a.Span == b.Span && a.Rule == b.Rule && a.Message == b.Message
	})
}

// Worst returns the highest severity among the findings, and 0 where there are none.
func Worst(ds []Diagnostic) Severity {
	var worst Severity
	for _, d := range ds {
		worst = max(worst, d.Severity)
	}
	return worst
}

// Apply returns the text of file with edits made. Edits in other files are left out. It fails where
// two edits overlap or where one lies outside the text.
func Apply(file *source.File, edits []Edit) ([]byte, error) {
	var mine []Edit
	size := len(file.Text)
	for _, e := range edits {
		if e.Span.File != file {
			continue
		}
		if e.Span.Start < 0 || e.Span.End < e.Span.Start || int(e.Span.End) > len(file.Text) {
			return nil, fmt.Errorf("edit of bytes %d to %d lies outside %s, which has %d", e.Span.Start, e.Span.End, file.Name, len(file.Text))
		}
		mine = append(mine, e)
		size += len(e.New) - e.Span.Len()
	}
	slices.SortStableFunc(mine, func(a, b Edit) int { return a.Span.Compare(b.Span) })
	out := make([]byte, 0, max(size, 0))
	at := int32(0)
	for _, e := range mine {
		if e.Span.Start < at {
			p := e.Span.Position()
			return nil, fmt.Errorf("two edits overlap at %s:%d:%d", file.Name, p.Line, p.Column)
		}
		out = append(out, file.Text[at:e.Span.Start]...)
		out = append(out, e.New...)
		at = e.Span.End
	}
	return append(out, file.Text[at:]...), nil
}
