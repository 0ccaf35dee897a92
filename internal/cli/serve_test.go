package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
)

// A served is a serve command that runs in the test.
type served struct {
	addr   string
	out    chan string // lines of standard output
	errs   chan string // lines of standard error
	ended  chan int
	cancel context.CancelCauseFunc
}

// startServe runs serve with arguments on a free port, and waits until it says where.
func startServe(t *testing.T, args ...string) *served {
	t.Helper()
	outR, outW := io.Pipe()
	errR, errW := io.Pipe()
	p := &program{commands: commands(), stdin: strings.NewReader(""), stdout: outW, stderr: errW, lookupEnv: func(string) (string, bool) { return "", false }}
	c, err := p.parse(append([]string{"serve", "--listen", "127.0.0.1:0", "--no-page", "--color", "never"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	s := &served{out: make(chan string, 1000), errs: make(chan string, 1000), ended: make(chan int, 1), cancel: cancel}
	lines := func(r io.Reader, to chan string) {
		for l := bufio.NewScanner(r); l.Scan(); {
			to <- l.Text()
		}
		close(to)
	}
	go lines(outR, s.out)
	go lines(errR, s.errs)
	go func() {
		s.ended <- p.run(ctx, c)
		outW.Close()
		errW.Close()
	}()
	t.Cleanup(func() { cancel(nil) })
	where := regexp.MustCompile(`^serve    http://(\S+)`)
	for s.addr == "" {
		var line string
		var open bool
		select {
		case line, open = <-s.out:
		case line, open = <-s.errs:
		}
		if !open {
			t.Fatal("it ended before it served")
		}
		if m := where.FindStringSubmatch(line); m != nil {
			s.addr = m[1]
		}
	}
	return s
}

// waitFor returns the first line that holds a text.
func waitFor(t *testing.T, lines chan string, text string) string {
	t.Helper()
	for line := range lines {
		if strings.Contains(line, text) {
			return line
		}
	}
	t.Fatalf("no line has %q", text)
	return ""
}

func (s *served) get(t *testing.T, path, host string) int {
	t.Helper()
	r, err := http.NewRequest("GET", "http://"+s.addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return res.StatusCode
}

// TestServeWatch saves files of a project while it serves: a changed filter, a broken one, a mended one.
func TestServeWatch(t *testing.T) {
	dir := t.TempDir()
	fsys, err := fixtures.Open("cloud")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, fsys); err != nil {
		t.Fatal(err)
	}
	const page, host = "/content/wknd/us/en.html", "www.wknd.example"
	s := startServe(t, "-c", dir, "--publish", "example", "--watch")
	if got := s.get(t, page, host); got != 200 {
		t.Fatalf("at first: %d", got)
	}
	filter := filepath.Join(dir, "conf.dispatcher.d/filters/wknd_filters.any")
	text, err := os.ReadFile(filter)
	if err != nil {
		t.Fatal(err)
	}
	save := func(text string) {
		t.Helper()
		if err := os.WriteFile(filter, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	save(string(text) + "\n/9999 { /type \"deny\" /url \"/content/*\" }\n")
	waitFor(t, s.errs, "configuration 2 serves")
	if got := s.get(t, page, host); got != 404 {
		t.Errorf("with the rule that denies: %d", got)
	}
	if line := waitFor(t, s.out, "blocked"); !strings.Contains(line, "/9999") || !strings.Contains(line, "wknd_filters.any:") {
		t.Errorf("the line is %s", line)
	}
	save(string(text) + "\n/9999 { /type \"allow\" /url \"/*\" \n")
	waitFor(t, s.errs, "the last good configuration goes on serving")
	if got := s.get(t, page, host); got != 404 {
		t.Errorf("with a broken file: %d", got)
	}
	save(string(text))
	waitFor(t, s.errs, "configuration 3 serves")
	if got := s.get(t, page, host); got != 200 {
		t.Errorf("mended: %d", got)
	}
	s.cancel(errTerminated)
	if code := <-s.ended; code != exitClean {
		t.Errorf("after SIGTERM the exit code is %d", code)
	}
}

// TestServeLogs writes both logs, and a JSON object for each request.
func TestServeLogs(t *testing.T) {
	logs, cache := t.TempDir(), filepath.Join(t.TempDir(), "made")
	s := startServe(t, "-c", "example:cloud", "--log-dir", logs, "--log-level", "info", "--log-format", "cloud", "--access-log", "cdn", "--cache-dir", cache,
		"--once", "3", "--format", "json", "--quiet=false")
	for _, path := range []string{"/content/wknd/us/en.html", "/content/wknd/us/en.html", "/system/console?a=\"b"} {
		s.get(t, path, "www.wknd.example")
	}
	if code := <-s.ended; code != exitClean {
		t.Errorf("after --once the exit code is %d", code)
	}
	var verdicts []string
	for line := range s.out {
		var v struct {
			Schema, Outcome string
			Trace           []any
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil || v.Schema != "dispcheck.simulate/v1" || len(v.Trace) == 0 {
			t.Errorf("%v in %.200s", err, line)
		}
		verdicts = append(verdicts, v.Outcome)
	}
	if got := strings.Join(verdicts, " "); got != "answered delivered denied" {
		t.Errorf("the requests were %s", got)
	}
	text := func(name string) string {
		b, err := os.ReadFile(filepath.Join(logs, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, want := range []string{`] [I] [dispcheck] "GET /content/wknd/us/en.html" - `, "[action miss]", "[action hit]", "[action blocked]", `"www.wknd.example"`} {
		if !strings.Contains(text("dispatcher.log"), want) {
			t.Errorf("dispatcher.log has no %s:\n%s", want, text("dispatcher.log"))
		}
	}
	var states []string
	for line := range strings.Lines(text("access.log")) {
		var v struct{ Cache, URL string }
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		states = append(states, v.Cache)
	}
	if got := strings.Join(states, " "); got != "MISS HIT PASS" {
		t.Errorf("access.log has %s", got)
	}
	if _, err := os.Stat(filepath.Join(cache, "content/wknd/us/en.html")); err != nil {
		t.Error(err)
	}
}
