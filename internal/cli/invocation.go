package cli

import (
	"fmt"
	"io"

	"golang.org/x/term"

	"github.com/dispcheck/dispcheck/internal/report"
)

// An invocation is a command that is being run: its arguments, settings and streams.
type invocation struct {
	values
	path    []*command
	args    []string
	file    *projectFile // nil where there is none, or it is not read
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	program *program
}

// printer returns the printer for standard error: findings for people.
func (in *invocation) printer() *report.Printer {
	return &report.Printer{Prefix: in.text("path-prefix"), Color: in.colored(in.stderr)}
}

// complain prints an error that does not end the command on standard error.
func (in *invocation) complain(err error) { complain(in.stderr, err, in.text("path-prefix")) }

// remark prints a line for people on standard error, unless --quiet.
func (in *invocation) remark(format string, args ...any) {
	if !in.yes("quiet") {
		fmt.Fprintln(in.stderr, report.Line(fmt.Sprintf(format, args...)))
	}
}

// detail prints a line for people on standard error if --verbose.
func (in *invocation) detail(format string, args ...any) {
	if in.yes("verbose") {
		fmt.Fprintln(in.stderr, report.Line(fmt.Sprintf(format, args...)))
	}
}

// name returns a file's name as outputs show it.
func (in *invocation) name(file string) string { return report.Path(in.text("path-prefix"), file) }

// colored reports whether a stream is to have colours.
func (in *invocation) colored(w io.Writer) bool {
	return colored(in.text("color"), in.program.lookupEnv, isTerminal(w))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

// colored decides about colours for one stream. always and never are the user's word. Otherwise NO_COLOR
// (no-color.org) forbids them, FORCE_COLOR and CLICOLOR_FORCE (bixense.com/clicolors) ask for them
// whatever the stream is, and a terminal that is not dumb has them.
func colored(color string, lookupEnv func(string) (string, bool), terminal bool) bool {
	switch color {
	case "always":
		return true
	case "never":
		return false
	}
	env := func(name string) string { v, _ := lookupEnv(name); return v }
	if env("NO_COLOR") != "" {
		return false
	}
	switch env("FORCE_COLOR") {
	case "":
	case "0", "false":
		return false
	default:
		return true
	}
	if v := env("CLICOLOR_FORCE"); v != "" && v != "0" {
		return true
	}
	return terminal && env("TERM") != "dumb" && env("CLICOLOR") != "0"
}
