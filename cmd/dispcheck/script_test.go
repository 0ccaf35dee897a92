package main

import (
	"bufio"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dispcheck": main})
}

// TestScripts runs testdata/script/*.txtar. Besides testscript's own commands they have
//
//	exits CODE dispcheck ARGUMENTS…        runs it and wants this exit code
//	interrupted CODE dispcheck ARGUMENTS…  sends Ctrl-C once it has written to standard error
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", "atexit_sleep_ms=0")                  // or each run waits for a second
			return os.Mkdir(filepath.Join(e.WorkDir, ".git"), 0o755) // settings are not looked for above it
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"interrupted": interrupted,
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return runtime.GOOS != "windows" && os.Geteuid() == 0, nil
			case "nodocs":
				return noDocs, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	want := wantedCode(ts, neg, args)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code is %d, want %d", got, want)
	}
}

func interrupted(ts *testscript.TestScript, neg bool, args []string) {
	want := wantedCode(ts, neg, args)
	path, err := exec.LookPath(filepath.Join(binDir(ts), args[1]))
	ts.Check(err)
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	defer stdin.Close()
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	lines := bufio.NewReader(stderr)
	_, err = lines.ReadString('\n')
	ts.Check(err)
	start := time.Now()
	ts.Check(cmd.Process.Signal(os.Interrupt))
	io.Copy(io.Discard, lines)
	err = cmd.Wait()
	if took := time.Since(start); took > time.Minute { // only what hangs takes so long, however busy the machine is
		ts.Fatalf("took %v to stop", took)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != want {
		ts.Fatalf("ended with %v, want exit code %d", err, want)
	}
}

func wantedCode(ts *testscript.TestScript, neg bool, args []string) int {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: CODE dispcheck ARGUMENTS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	return want
}

// binDir is where testscript has put the commands.
func binDir(ts *testscript.TestScript) string {
	dirs := filepath.SplitList(ts.Getenv("PATH"))
	if len(dirs) == 0 {
		ts.Fatalf("PATH is empty")
	}
	return dirs[0]
}
