package expand

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// An Error says that something could not be read, so that a Dispatcher would not start, or not with
// what the author meant.
type Error struct {
	// Rule is the id of the finding that says the same, "" where there is none.
	Rule string
	// Span is the place that asked for it; the zero Span where nobody did.
	Span source.Span
	// Chain are the $include lines that led to Span's file, outermost first.
	Chain   []source.Span
	Message string
	// Hint says what to do next; "" where there is nothing to add.
	Hint string
	// Cause is the error of the file system, nil where there is none.
	Cause error

	broken bool // the file is a link to nothing
}

// Error gives place, message and hint in one line.
func (e *Error) Error() string {
	s := e.Message
	if !e.Span.IsZero() {
		p := e.Span.Position()
		s = fmt.Sprintf("%s:%d:%d: %s", e.Span.File.Name, p.Line, p.Column, s)
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// The ids of what this package finds (docs/rules).
const (
	ruleNotFound     = "DSP100"
	ruleCycle        = "DSP101"
	ruleFolder       = "DSP102"
	ruleOutside      = "DSP104"
	ruleCase         = "DSP106"
	ruleBackslash    = "DSP107"
	ruleFlattened    = "DSP116"
	ruleBrokenLink   = "DSP117"
	ruleUndefined    = "DSP119"
	ruleUnclosed     = "DSP121"
	ruleValueless    = "DSP124"
	ruleNoDollar     = "DSP131"
	ruleOddVariable  = "DSP132"
	ruleProvidedFile = "DSP756"
)

// why says what goes wrong in a running Dispatcher.
func why(rule string) string {
	switch rule {
	case ruleNotFound, ruleOutside, ruleCase, ruleBackslash, ruleFolder, ruleBrokenLink:
		return "the Dispatcher does not start, or runs without what the file says"
	case ruleCycle:
		return "the file would be read without end: the Dispatcher does not start"
	case ruleUndefined, ruleUnclosed, ruleValueless, ruleNoDollar:
		return "the text stays as it is written: it names a host, folder or pattern that is not there"
	case ruleOddVariable:
		return "the module reads only ${NAME}: to it this is plain text"
	case ruleProvidedFile:
		return "what the file says is not taken into account here; the platform reads its own copy"
	}
	return ""
}

// say adds a finding, unless its place has said the same before; the result is then a finding that
// nobody reads.
func (e *expander) say(in *frame, rule string, severity diag.Severity, at source.Span, hint, format string, args ...any) *diag.Diagnostic {
	key := place{at.File, at.Start, rule}
	if _, ok := e.said[key]; ok || len(e.tree.Findings) >= maxFindings {
		return new(diag.Diagnostic)
	}
	e.said[key] = struct{}{}
	e.tree.Findings = append(e.tree.Findings, diag.Diagnostic{
		Rule: rule, Severity: severity, Span: at, Hint: hint,
		Message: fmt.Sprintf(format, args...), Included: in.origin.Included,
	})
	d := &e.tree.Findings[len(e.tree.Findings)-1]
	if severity >= diag.Warning {
		d.Why = why(rule)
	}
	return d
}

// fail adds a fatal error that repeats a finding. A finding that was said before is not repeated.
func (e *expander) fail(in *frame, d *diag.Diagnostic) {
	if d.Rule == "" {
		return
	}
	e.tree.Fatal = append(e.tree.Fatal, &Error{Rule: d.Rule, Span: d.Span, Chain: in.origin.Included, Message: d.Message, Hint: d.Hint})
}

// refuse adds a fatal error that no finding says, once for its place.
func (e *expander) refuse(in *frame, err *Error) {
	key := place{err.Span.File, err.Span.Start, err.Message}
	if _, ok := e.said[key]; ok || len(e.tree.Fatal) >= maxFindings {
		return
	}
	e.said[key] = struct{}{}
	err.Chain = in.origin.Included
	e.tree.Fatal = append(e.tree.Fatal, err)
}

// stop ends the expansion because a bound of the whole is passed. What is there stays.
func (e *expander) stop(in *frame, at source.Span, hint, format string, args ...any) {
	if e.stopped {
		return
	}
	e.stopped = true
	e.refuse(in, &Error{Span: at, Message: fmt.Sprintf(format, args...), Hint: hint})
}
