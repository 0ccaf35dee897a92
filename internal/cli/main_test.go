package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// hung is longer than anything takes that does not hang, however busy the machine is.
const hung = time.Minute

func TestExitCodes(t *testing.T) {
	src := source.NewFile("a.any", []byte("x\ny"))
	tests := []struct {
		name     string
		run      func(context.Context, *invocation) error
		flags    []string
		want     int
		wantText string // in standard error
	}{
		{"clean", func(context.Context, *invocation) error { return nil }, nil, 0, ""},
		{"findings", func(context.Context, *invocation) error { return errFindings }, nil, 1, ""},
		{"findings with exit zero", func(context.Context, *invocation) error { return errFindings }, []string{"--exit-zero"}, 0, ""},
		{"unusable", func(context.Context, *invocation) error { return errUnusable }, nil, 2, ""},
		{"unusable with exit zero", func(context.Context, *invocation) error { return errUnusable }, []string{"--exit-zero"}, 2, ""},
		{"usage", func(context.Context, *invocation) error { return usagef("do this", "no %s", "that") }, nil, 2, "dispcheck: no that; do this\n"},
		{"any other error", func(context.Context, *invocation) error { return errors.New("the disk is full") }, nil, 2, "dispcheck: the disk is full\n"},
		{"error with a place", func(context.Context, *invocation) error {
			return &placedError{src.Span(2, 3), "y is here", "take it out"}
		}, nil, 2, "a.any:2:1: error: y is here; take it out\n"},
		{"error in YAML", func(context.Context, *invocation) error {
			return &yamltext.Error{Span: src.Span(0, 1), Message: "x is here"}
		}, nil, 2, "a.any:1:1: error: x is here\n"},
		{"internal", func(context.Context, *invocation) error { return &internalError{errors.New("two trees differ")} }, nil, 3, "dispcheck: internal error: two trees differ; please report it"},
		{"internal with exit zero", func(context.Context, *invocation) error { return &internalError{errors.New("two trees differ")} }, []string{"--exit-zero"}, 3, "internal error"},
		{"panic", func(context.Context, *invocation) error { panic("index out\nof range") }, nil, 3, "dispcheck: internal error: index out of range; please report it"},
		{"panic, verbose", func(context.Context, *invocation) error { panic("boom") }, []string{"-v"}, 3, "goroutine "},
		{"nil pointer", func(context.Context, *invocation) error { var p *program; p.verbose = true; return nil }, nil, 3, "dispcheck: internal error: runtime error: invalid memory address"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			p := testProgram([]*command{{name: "go", bare: i%2 == 0, run: tt.run}})
			p.stderr = &stderr
			if got := p.main(append([]string{"dispcheck", "go"}, tt.flags...)); got != tt.want {
				t.Errorf("exit code is %d, want %d", got, tt.want)
			}
			if got := stderr.String(); !strings.Contains(got, tt.wantText) || tt.wantText == "" && got != "" {
				t.Errorf("standard error is %q, want %q in it", got, tt.wantText)
			}
			if strings.Contains(tt.name, "panic") && !strings.Contains(tt.name, "verbose") && strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("the crash takes several lines:\n%s", stderr.String())
			}
		})
	}
}

// A command that does not look at its context must not keep the process alive, and what it was writing
// must not stay behind.
func TestInterruptedWhileStuck(t *testing.T) {
	dir := t.TempDir()
	release := make(chan struct{})
	defer close(release)
	p := testProgram([]*command{{name: "go", run: func(_ context.Context, in *invocation) error {
		f, err := createBeside(filepath.Join(dir, "out"), 0o666)
		if err != nil {
			return err
		}
		in.program.temps.add(f.Name())
		f.Close()
		me, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		if err := me.Signal(syscall.SIGINT); err != nil {
			return err
		}
		<-release
		return nil
	}}})
	start := time.Now()
	if got := p.main([]string{"dispcheck", "go"}); got != exitInterrupted {
		t.Errorf("exit code is %d, want %d", got, exitInterrupted)
	}
	if took := time.Since(start); took > hung {
		t.Errorf("took %v to stop", took)
	}
	if grace >= time.Second {
		t.Errorf("%v are left to commands that do not stop: Ctrl-C is to end them within a second", grace)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("%s is left behind", e.Name())
	}
}

// brokenWriter is a full disk.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestOutputCannotBeWritten(t *testing.T) {
	for _, line := range []string{"version", "version -f json", "match a a", "help", "help fmt", "config schema", "config print", "completion bash", "--version", "parse -", "parse - -f json", "fmt -"} {
		t.Run(line, func(t *testing.T) {
			var stderr bytes.Buffer
			p := testProgram(commands())
			p.stdout, p.stderr = brokenWriter{}, &stderr
			p.stdin = strings.NewReader("/a \"b\"\n")
			if got := p.main(append([]string{"dispcheck"}, split(line)...)); got != exitUnusable {
				t.Errorf("exit code is %d, want %d", got, exitUnusable)
			}
			if !strings.Contains(stderr.String(), "no space left on device") {
				t.Errorf("standard error is %q", stderr.String())
			}
		})
	}
}

func TestStdinBounded(t *testing.T) {
	in := &invocation{stdin: endless{}}
	if _, err := in.readStdin(t.Context(), 1000); err == nil || !strings.Contains(err.Error(), "at most 1000 are read") {
		t.Errorf("reading an endless input gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w := io.Pipe()
	defer w.Close()
	in.stdin = r
	if _, err := in.readStdin(ctx, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("reading after the interrupt gives %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
