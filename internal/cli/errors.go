package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// An exitError ends a command with an exit code when everything has been said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// errFindings ends a command that has printed findings.
const errFindings = exitError(exitFindings)

// errUnusable ends a command that has said what it could not read.
const errUnusable = exitError(exitUnusable)

// An internalError is a mistake of our own that was noticed in time.
type internalError struct{ err error }

func (e *internalError) Error() string { return e.err.Error() }
func (e *internalError) Unwrap() error { return e.err }

// A usageError says that the command line or a setting cannot be followed.
type usageError struct {
	message string
	hint    string // what to do next
}

func (e *usageError) Error() string {
	if e.hint == "" {
		return e.message
	}
	return e.message + "; " + e.hint
}

func usagef(hint, format string, args ...any) error {
	return &usageError{message: fmt.Sprintf(format, args...), hint: hint}
}

// A fileError says why a file cannot be read or written. Its text starts with the file's name.
type fileError struct {
	name string
	err  error
}

func (e *fileError) Error() string { return e.name + ": " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// A placedError says why a text cannot be read, and where.
type placedError struct {
	span    source.Span
	message string
	hint    string
}

func (e *placedError) Error() string { return e.shown("") }

// shown returns the error with its file behind prefix.
func (e *placedError) shown(prefix string) string {
	s := report.PlaceOf(e.span, prefix).String() + ": error: " + e.message
	if e.hint != "" {
		s += "; " + e.hint
	}
	return s
}

// newFileError takes the operation and the path out of the system's error, which would say them twice.
func newFileError(name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("no such file or folder")
	case errors.Is(err, fs.ErrPermission):
		err = errors.New("may not be read: permission denied")
	}
	return &fileError{name: name, err: err}
}

// complain prints an error in one line: one that has a place as file:line:column, as editors read it,
// the file behind prefix; any other behind the program's name. Names of files and words of the command line
// are part of it, so that what would steer a terminal is made visible.
func complain(w io.Writer, err error, prefix string) {
	var list *settingsError
	if errors.As(err, &list) {
		for _, e := range list.errs {
			complain(w, e, prefix)
		}
		return
	}
	var many form.Errors
	if errors.As(err, &many) {
		for _, e := range many {
			complain(w, e, prefix)
		}
		return
	}
	var y *yamltext.Error
	if errors.As(err, &y) {
		err = &placedError{y.Span, y.Message, y.Hint}
	}
	var b *grammar.BoundError
	if errors.As(err, &b) {
		err = &placedError{b.Span, b.Message, b.Hint}
	}
	var p *placedError
	if errors.As(err, &p) {
		fmt.Fprintln(w, report.Line(p.shown(prefix)))
		return
	}
	var ef *project.EnvFileError
	if errors.As(err, &ef) && ef.Line > 0 { // it knows the line alone
		fmt.Fprintln(w, report.Line(fmt.Sprintf("%s:%d:1: error: %s", report.Path(prefix, ef.File), ef.Line, ef.Message)))
		return
	}
	var pe *fs.PathError
	if errors.As(err, &pe) && pe.Op == "write" && pe.Path == os.Stdout.Name() {
		err = fmt.Errorf("standard output cannot be written: %w", pe.Err)
	}
	fmt.Fprintln(w, report.Line("dispcheck: "+err.Error()))
}
