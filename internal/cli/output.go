package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/report"
)

// An output is one format on its way to standard output or to a file.
type output struct {
	io.Writer
	*report.Printer
	format string
}

// A target is where one format goes.
type target struct {
	format string
	file   string // "" for standard output
}

// targets works out which formats go where. A format that the project file or the environment asks for
// is meant for the commands that know it, so others pass it over; one on the command line must be known.
func (in *invocation) targets() ([]target, error) {
	own := in.path[len(in.path)-1].writes()
	var out []target
	check := func(format, flag string, l layer) (bool, error) {
		switch {
		case slices.Contains(own, format):
			return true, nil
		case l < fromFlag:
			return false, nil
		}
		return false, usagef("it writes "+strings.Join(own, ", "), "%s: %s does not write %s", flag, title(in.path), format)
	}
	files := map[string]bool{}
	var onStdout []string
	for _, e := range in.values["output"] {
		format, file, _ := strings.Cut(e.value, "=")
		ok, err := check(format, "--output", e.layer)
		if err != nil {
			return nil, err
		}
		if ok && file == "-" {
			if files[format] = true; !slices.Contains(onStdout, format) {
				onStdout = append(onStdout, format)
			}
			continue
		}
		if i := slices.IndexFunc(out, func(t target) bool { return t.file == file && t.format != format }); ok && i >= 0 {
			return nil, usagef("name a file for each", "--output: %s and %s both go to %s", out[i].format, format, file)
		}
		if ok && !slices.Contains(out, target{format, file}) {
			out = append(out, target{format, file})
			files[format] = true
		}
	}
	for _, e := range in.values["format"] {
		if e.layer == fromDefault && len(onStdout) > 0 {
			continue
		}
		ok, err := check(e.value, "--format", e.layer)
		if err != nil {
			return nil, err
		}
		if ok && !files[e.value] && !slices.Contains(onStdout, e.value) {
			onStdout = append(onStdout, e.value)
		}
	}
	switch {
	case len(onStdout) > 1:
		return nil, usagef(fmt.Sprintf("send one to a file with --output %s=FILE", onStdout[1]), "--format: %s both go to standard output", strings.Join(onStdout, " and "))
	case len(onStdout) == 1:
		out = append(out, target{onStdout[0], ""})
	case !in.given("format"):
	case len(out) == 0: // asked for formats of other commands only
		out = append(out, target{own[0], ""})
	}
	return out, nil
}

// emit has the result written in every format asked for, one after the other. A file appears when it is complete, and
// not at all where write fails.
func (in *invocation) emit(write func(*output) error) error {
	ts, err := in.targets()
	if err != nil {
		return err
	}
	for _, t := range ts {
		err := in.open(t, func(o *output) error { return write(o) })
		if err != nil {
			return err
		}
	}
	return nil
}

// emitTogether is emit for a result that comes only once: write has all formats at hand.
func (in *invocation) emitTogether(write func([]*output) error) error {
	ts, err := in.targets()
	if err != nil {
		return err
	}
	return in.openAll(ts, nil, write)
}

// openAll opens one target after the other, and closes them in the opposite order.
func (in *invocation) openAll(ts []target, open []*output, write func([]*output) error) error {
	if len(ts) == 0 {
		return write(open)
	}
	return in.open(ts[0], func(o *output) error { return in.openAll(ts[1:], append(open, o), write) })
}

// open opens a target for as long as write takes.
func (in *invocation) open(t target, write func(*output) error) error {
	o := output{format: t.format, Printer: &report.Printer{Prefix: in.text("path-prefix")}}
	if t.file == "" {
		o.Writer = in.stdout
		o.Color = in.colored(in.stdout)
		return write(&o)
	}
	o.Color = in.text("color") == "always"
	return in.writeFile(t.file, func(w io.Writer) error {
		o.Writer = w
		return write(&o)
	})
}
