package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The exit codes, as docs/usage.md promises them.
const (
	exitClean       = 0   // nothing to say
	exitFindings    = 1   // findings, differences, a failed assertion, an unformatted file
	exitUnusable    = 2   // wrong usage, or something that cannot be read
	exitInternal    = 3   // a mistake of our own
	exitInterrupted = 130 // Ctrl-C; 143 for SIGTERM
)

// grace is how long a command may take to stop after Ctrl-C: the process has to be gone within a second, on a busy
// machine as well.
const grace = 300 * time.Millisecond

// Main runs the command that args (args[0] is the program's name) ask for and returns the exit code:
// 0 clean, 1 findings, 2 wrong usage or unreadable input, 3 internal error, 130 interrupted.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{commands: commands(), stdin: stdin, stdout: stdout, stderr: stderr, lookupEnv: os.LookupEnv}
	return p.main(args)
}

// A program is one run of the command line. Everything it needs from outside is a field, for tests.
type program struct {
	commands       []*command
	stdin          io.Reader
	stdout, stderr io.Writer
	lookupEnv      func(string) (string, bool)
	watch          func(paths func() []string) waiter // nil is the disk

	verbose bool   // set as soon as the flags are read
	prefix  string // --path-prefix, as soon as the settings are known
	temps   temps
}

// main reads the command line and runs the command.
func (p *program) main(args []string) int {
	var c *call
	code := p.guarded(func() int {
		if len(args) > 1 && args[1] == completeWord {
			return p.complete(args[2:])
		}
		var err error
		if c, err = p.parse(args[min(1, len(args)):]); err != nil {
			return p.report(err)
		}
		return exitClean
	})
	switch cmd := c.command(); {
	case c == nil:
		return code
	case cmd == nil || c.help || cmd.bare:
		// It is over before anybody could press a key, and watching for signals would take a fifth of its time.
		return p.guarded(func() int { return p.run(context.Background(), c) })
	}
	return p.watched(c.command().serves, func(ctx context.Context) int { return p.run(ctx, c) })
}

// errTerminated is the cause of a context that SIGTERM has ended.
var errTerminated = errors.New("SIGTERM")

// watched runs a command beside the signals: one that is stuck does not keep the process alive. A command that serves takes its
// time after SIGTERM, and its exit code is its own; a second signal ends it at once.
func (p *program) watched(serves bool, f func(context.Context) int) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan int, 1)
	go func() {
		done <- p.guarded(func() int { return f(ctx) })
	}()
	select {
	case code := <-done:
		signal.Stop(signals)
		return code
	case s := <-signals:
		signal.Stop(signals) // a second Ctrl-C ends the process at once
		if serves && s == syscall.SIGTERM {
			cancel(errTerminated)
			return <-done
		}
		cancel(nil)
		select {
		case <-done:
		case <-time.After(grace):
		}
		p.temps.remove()
		if s == syscall.SIGTERM {
			return 128 + int(syscall.SIGTERM)
		}
		return exitInterrupted
	}
}

// guarded turns a crash into exit code 3 and a message that cannot be taken for a finding.
func (p *program) guarded(f func() int) (code int) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		code = exitInternal
		fmt.Fprintf(p.stderr, "dispcheck: internal error: %s; please report it with the command line, the file and the output of dispcheck version at %s\n",
			strings.ReplaceAll(fmt.Sprint(r), "\n", " "), issuesURL)
		if p.verbose {
			_, _ = p.stderr.Write(debug.Stack())
		}
	}()
	return f()
}

const issuesURL = "https://github.com/dispcheck/dispcheck/issues"

// run does what a call asks for and returns the exit code.
func (p *program) run(ctx context.Context, c *call) int {
	err := p.dispatch(ctx, c)
	switch {
	case err == nil:
		return exitClean
	case ctx.Err() != nil:
		return exitInterrupted
	}
	return p.report(err)
}

// report prints an error, if it was not yet, and returns its exit code.
func (p *program) report(err error) int {
	var status exitError
	if errors.As(err, &status) {
		return int(status)
	}
	var internal *internalError
	if errors.As(err, &internal) {
		fmt.Fprintf(p.stderr, "dispcheck: internal error: %v; please report it with the file and the output of dispcheck version at %s\n", internal.err, issuesURL)
		return exitInternal
	}
	complain(p.stderr, err, p.prefix)
	return exitUnusable
}

// temps are the files that would be left half-written if the process ended now.
type temps struct {
	mu    sync.Mutex
	names map[string]bool
	over  bool
}

// add notes a file. It reports false, and the file must not stay, where the process is about to end.
func (t *temps) add(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil {
		t.names = map[string]bool{}
	}
	t.names[name] = true
	return !t.over
}

func (t *temps) drop(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, name)
}

func (t *temps) remove() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	for name := range t.names {
		os.Remove(name)
	}
}
