package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A scriptedWaiter does one thing at each Wait and says that files changed by it; behind the last it ends the context.
type scriptedWaiter struct {
	t     *testing.T
	paths func() []string
	steps []scriptedStep
	end   context.CancelFunc
}

type scriptedStep struct {
	file, old, new string   // put new in place of old
	changed        []string // what is said to have changed; file, unless there is something
}

func (w *scriptedWaiter) Wait(ctx context.Context) ([]string, error) {
	if len(w.steps) == 0 {
		w.end()
		return nil, ctx.Err()
	}
	s := w.steps[0]
	w.steps = w.steps[1:]
	if s.file != "" {
		replaceInFile(w.t, s.file, s.old, s.new)
	}
	if s.changed == nil {
		return []string{s.file}, nil
	}
	return s.changed, nil
}

func replaceInFile(t *testing.T, file, old, new string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %s", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// watching runs a command line that watches, with a waiter in place of the disk.
func watching(t *testing.T, steps []scriptedStep, args ...string) (code int, out, errs string, w *scriptedWaiter) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout, stderr bytes.Buffer
	w = &scriptedWaiter{t: t, steps: steps, end: cancel}
	p := &program{
		commands: commands(), stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, lookupEnv: func(string) (string, bool) { return "", false },
		watch: func(paths func() []string) waiter {
			w.paths = paths
			return w
		},
	}
	c, err := p.parse(args)
	if err != nil {
		t.Fatal(err)
	}
	code = p.run(ctx, c)
	return code, stdout.String(), stderr.String(), w
}

// watchedSite writes a small site with suites and makes its folder the working directory.
func watchedSite(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		".git/HEAD": "",
		"site/dispatcher.any": `/farms { /p { /virtualhosts { "*" } /filter { /1 { /type "allow" /url "*" } } /renders { /0 { /hostname "a" /port "1" } }
/cache { /docroot "/var/www" /rules { /0 { /glob "*" /type "allow" } } } } }`,
		"suites/a.dispcheck.yaml":     "suite: a\ninclude: more/b.yaml\ncases:\n  - GET /a.html: {filter: allow}\n",
		"suites/more/b.yaml":          "- GET /b.html: {mock: mocks/m.yaml, status: 200}\n",
		"suites/more/mocks/m.yaml":    "renders: {'*': [{respond: {file: body.html}}]}\n",
		"suites/more/mocks/body.html": "hello\n",
		"vars.env":                    "A=b\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWatchRunsAgain(t *testing.T) {
	watchedSite(t)
	suiteFile, config := filepath.Join("suites", "a.dispcheck.yaml"), filepath.Join("site", "dispatcher.any")
	code, out, errs, w := watching(t, []scriptedStep{
		{file: config, old: `/type "allow" /url "*"`, new: `/type "deny" /url "/a*"`},
		{file: suiteFile, old: "filter: allow", new: "filtre: allow"},
		{changed: []string{"report.xml"}},
		{file: suiteFile, old: "filtre: allow", new: "filter: deny by /1", changed: []string{"x", "y", "z"}},
		{file: config, old: "/farms {", new: "/farms { $include \"gone.any\" "},
		{file: config, old: "$include \"gone.any\"", new: ""},
	}, "test", "-c", config, suiteFile, "--watch", "--output", "junit=report.xml", "--env-file", "vars.env", "--render", "mock:suites/more/mocks/m.yaml")
	if code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	wantOut := []string{
		"1 suite: 2 passed, 0 failed",
		"FAIL a: GET /b.html", "1 suite: 0 passed, 2 failed",
		"1 suite: 1 passed, 1 failed",
	}
	if !inOrder(out, wantOut) {
		t.Errorf("standard output is\n%swant in this order %q", out, wantOut)
	}
	wantErrs := []string{
		"waiting for a change", "site/dispatcher.any changed", "waiting",
		"suites/a.dispcheck.yaml changed", "suites/a.dispcheck.yaml:4:19: error: no answer has filtre", "waiting", "x and 2 other files changed", "waiting",
		"site/dispatcher.any changed", "gone.any", "waiting", "site/dispatcher.any changed", "waiting",
	}
	if !inOrder(errs, wantErrs) || strings.Contains(errs, "report.xml changed") {
		t.Errorf("standard error is\n%swant in this order %q", errs, wantErrs)
	}
	var watched []string
	for _, path := range w.paths() {
		watched = append(watched, display(path))
	}
	for _, want := range []string{"site", "suites/a.dispcheck.yaml", "suites/more/b.yaml", "suites/more/mocks/m.yaml", "vars.env"} {
		if !slices.Contains(watched, want) {
			t.Errorf("%s is not watched: %q", want, watched)
		}
	}
	if slices.Contains(watched, "report.xml") {
		t.Errorf("what the run writes is watched: %q", watched)
	}
}

// TestWatchWhatMocksName: files that answer are watched, and those that are not there yet.
func TestWatchWhatMocksName(t *testing.T) {
	watchedSite(t)
	code, out, errs, w := watching(t, nil, "test", "-c", "site", "suites", "--watch")
	if code != exitInterrupted || out != "1 suite: 2 passed, 0 failed\n" {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	var watched []string
	for _, path := range w.paths() {
		watched = append(watched, display(path))
	}
	for _, want := range []string{"suites", "suites/more/mocks/m.yaml", "suites/more/mocks/body.html"} {
		if !slices.Contains(watched, want) {
			t.Errorf("%s is not watched: %q", want, watched)
		}
	}
}

func TestWatchUsage(t *testing.T) {
	watchedSite(t)
	for _, tt := range []struct{ args, want string }{
		{"test -c site suites --watch --update", "--update writes suites, and --watch waits for them to change; give one of them"},
		{"test -c site --watch --record vars.env", "--record writes suites, and --watch waits for them to change; give one of them"},
		{"test -c example:cloud --watch", "--watch: neither the configuration nor a suite lies on the disk; leave out --watch"},
		{"test -c nowhere --watch", "nowhere"},
		{"test -c site gone.dispcheck.yaml --watch", "gone.dispcheck.yaml: no such file or folder"},
	} {
		code, _, errs, _ := watching(t, nil, strings.Fields(tt.args)...)
		if code != exitUnusable || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: exit code %d: %s", tt.args, code, errs)
		}
	}
}

// inOrder reports whether a text holds others, one behind the other.
func inOrder(text string, want []string) bool {
	for _, s := range want {
		at := strings.Index(text, s)
		if at < 0 {
			return false
		}
		text = text[at+len(s):]
	}
	return true
}
