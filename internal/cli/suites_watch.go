package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/watch"
	"github.com/dispcheck/dispcheck/internal/yamltext"
)

// A waiter waits for files to change: a *watch.Watcher, or what stands for one in tests.
type waiter interface {
	Wait(ctx context.Context) (changed []string, err error)
}

// newWaiter watches the files that paths names.
func (p *program) newWaiter(paths func() []string) waiter {
	if p.watch != nil {
		return p.watch(paths)
	}
	return watch.New(paths, nil, nil)
}

// watchTests runs the suites, and again whenever the configuration, a suite or a file that one names changes, until the context is
// over.
func watchTests(ctx context.Context, in *invocation) error {
	for name, asked := range map[string]bool{"record": in.given("record"), "update": in.yes("update")} {
		if asked {
			return usagef("give one of them", "--%s writes suites, and --watch waits for them to change", name)
		}
	}
	own, err := outputFiles(in)
	if err != nil {
		return err
	}
	location, err := project.Find(in.projectOptions())
	if err != nil {
		return err
	}
	w := watched{in: in, own: own, paths: firstPaths(in, location)}
	if len(w.paths) == 0 {
		return usagef("leave out --watch", "--watch: neither the configuration nor a suite lies on the disk")
	}
	wait := in.program.newWaiter(func() []string { return w.paths })
	for first := true; ; first = false {
		if err := w.once(ctx, first); err != nil {
			return err
		}
		in.remark("dispcheck: waiting for a change; Ctrl-C ends")
		changed, err := w.next(ctx, wait)
		if err != nil {
			return err
		}
		if isTerminal(in.stdout) {
			const clearScreen = "\x1b[H\x1b[2J\x1b[3J" // cursor home, screen, what was scrolled away
			if _, err := io.WriteString(in.stdout, clearScreen); err != nil {
				return err
			}
		}
		in.remark("dispcheck: %s changed", changed)
	}
}

// A watched is a series of runs.
type watched struct {
	in    *invocation
	own   []string // absolute paths of files that the runs write
	paths []string // what the last run rested on
}

// once runs the suites. What a change of a file can put right ends nothing: it is said, and the next run comes.
func (w *watched) once(ctx context.Context, first bool) error {
	t := newTestRun(w.in)
	t.watching = true
	err := t.run(ctx)
	for _, name := range w.fromFlags() {
		t.note(name)
	}
	if err != nil && !errors.Is(err, errFindings) { // it has not come to all
		for _, name := range w.paths {
			t.note(name)
		}
	}
	w.paths = slices.Sorted(maps.Keys(t.basis))
	var internal *internalError
	switch {
	case err == nil, errors.Is(err, errFindings), errors.Is(err, errUnusable):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &internal), first && !isPlaced(err):
		return err
	}
	w.in.complain(err)
	return nil
}

// isPlaced reports whether an error says what is wrong with a text, and where.
func isPlaced(err error) bool {
	var p *placedError
	var y *yamltext.Error
	var many form.Errors
	return errors.As(err, &p) || errors.As(err, &y) || errors.As(err, &many)
}

// fromFlags are the files that flags name.
func (w *watched) fromFlags() []string {
	var out []string
	for _, s := range w.in.list("render") {
		if file := mockFile(s); file != "" {
			out = append(out, file)
		}
	}
	if file := w.in.text("env-file"); file != "" {
		out = append(out, file)
	}
	return out
}

// next waits for a change of something that the runs do not write themselves, and says what changed.
func (w *watched) next(ctx context.Context, wait waiter) (string, error) {
	for {
		changed, err := wait.Wait(ctx)
		var bound *watch.BoundError
		if errors.As(err, &bound) {
			return "", usagef("name a configuration and suites in smaller folders", "%v", err)
		}
		if err != nil {
			return "", err
		}
		changed = slices.DeleteFunc(changed, func(name string) bool {
			abs, err := filepath.Abs(name)
			return err == nil && slices.Contains(w.own, abs)
		})
		switch len(changed) {
		case 0:
			continue
		case 1:
			return report.Line(display(changed[0])), nil
		}
		return fmt.Sprintf("%s and %s", report.Line(display(changed[0])), count(len(changed)-1, "other file")), nil
	}
}

// outputFiles are the absolute paths of the files that outputs go to.
func outputFiles(in *invocation) ([]string, error) {
	targets, err := in.targets()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, t := range targets {
		if t.file == "" {
			continue
		}
		abs, err := filepath.Abs(t.file)
		if err != nil {
			return nil, err
		}
		out = append(out, abs)
	}
	return out, nil
}

// firstPaths are what is watched while the first run is under way: what it rests on in the end is more.
func firstPaths(in *invocation, l *project.Location) []string {
	out := slices.Clone(in.args)
	if l.Dir == "" {
		return out
	}
	for _, name := range []string{l.Entry, l.Site} {
		if name != "" {
			out = append(out, l.Path(name))
		}
	}
	if l.Whole {
		out = append(out, l.Path(l.Root))
	}
	return out
}
