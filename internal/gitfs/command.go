package gitfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// A git runs the git command in one folder with one environment.
type git struct {
	path string
	dir  string
	env  []string
}

// A gitError is what git said when it failed.
type gitError struct {
	args []string
	said string
	err  error
}

func (e *gitError) Unwrap() error { return e.err }

func (e *gitError) Error() string {
	reason := e.reason()
	if reason == "" {
		reason = e.err.Error()
	}
	return "git " + e.args[0] + ": " + reason
}

// reason is the line in which git says why it gave up.
func (e *gitError) reason() string {
	for _, start := range []string{"fatal: ", "error: "} {
		for line := range strings.Lines(e.said) {
			if rest, ok := strings.CutPrefix(line, start); ok {
				return strings.TrimSpace(rest)
			}
		}
	}
	return ""
}

// withoutNetwork makes an environment in which git takes no locks, asks nobody and speaks English.
func withoutNetwork(env []string) []string {
	return append(env[:len(env):len(env)],
		"GIT_NO_LAZY_FETCH=1",
		"GIT_ALLOW_PROTOCOL=none", // for git before 2.45, which does not know the variable above
		"GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_LITERAL_PATHSPECS=0",
		"GIT_ICASE_PATHSPECS=0",
		"LC_ALL=C",
	)
}

// command makes a command that ends with ctx. What it says on stderr goes to the tail.
func (g git) command(ctx context.Context, args ...string) (*exec.Cmd, *tail) {
	said := &tail{}
	// A monitor of the file system is a program that the repository names: there is no need to start it.
	cmd := exec.CommandContext(ctx, g.path, append([]string{"-c", "core.fsmonitor=false"}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = g.dir, withoutNetwork(g.env), said
	cmd.WaitDelay = 2 * time.Second
	return cmd, said
}

// read runs git and hands its output to a function, whose error ends it.
func (g git) read(ctx context.Context, out func(io.Reader) error, args ...string) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd, said := g.command(inner, args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("git cannot be started: %w", err)
	}
	readErr := out(stdout)
	if readErr != nil {
		cancel()
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && errors.Is(readErr, errBrokenOff) && said.String() != "":
		return &gitError{args: args, said: said.String(), err: err}
	case readErr != nil:
		return readErr
	case err != nil:
		return &gitError{args: args, said: said.String(), err: err}
	}
	return nil
}

// errBrokenOff says that an output ends where it should not. Git says why, in most cases.
var errBrokenOff = errors.New("the output of git breaks off")

// maxAnswer bounds the output of commands that answer a question: paths and hashes.
const maxAnswer = 1 << 18

// answer runs git and returns its output, also where it fails.
func (g git) answer(ctx context.Context, args ...string) (string, error) {
	var b bytes.Buffer
	err := g.read(ctx, func(r io.Reader) error {
		n, err := io.Copy(&b, io.LimitReader(r, maxAnswer))
		if err == nil && n == maxAnswer {
			return errors.New("git " + args[0] + " answers without end")
		}
		return err
	}, args...)
	return b.String(), err
}

// A tail keeps the end of what is written to it.
type tail struct{ text []byte }

const maxTail = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[max(0, len(p)-maxTail):]...)
	if over := len(t.text) - maxTail; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.text) }
