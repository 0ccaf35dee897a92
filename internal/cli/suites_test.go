package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
)

func TestParseFailUnder(t *testing.T) {
	tests := []struct {
		text, kind string
		least      float64
		ok         bool
	}{
		{"90", "", 90, true}, {"99.5%", "", 99.5, true}, {"filter=100", "filter", 100, true}, {"0", "", 0, true},
		{"-1", "", 0, false}, {"101", "", 0, false}, {"NaN", "", 0, false}, {"filters=1", "", 0, false}, {"=1", "", 0, false}, {"", "", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			kind, least, err := parseFailUnder(tt.text)
			if string(kind) != tt.kind || least != tt.least || (err == nil) != tt.ok {
				t.Errorf("got %q %v %v, want %q %v, ok %v", kind, least, err, tt.kind, tt.least, tt.ok)
			}
		})
	}
}

// TestRecordedSuitesPass: what --record writes for the requests of an example is met by that example.
func TestRecordedSuitesPass(t *testing.T) {
	for _, name := range fixtures.Names() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var urls strings.Builder
			n := 0
			for _, r := range fixtures.Requests(name) {
				if len(r.Header) == 0 && !strings.ContainsAny(r.URL, " \t") {
					urls.WriteString(r.Method + " " + r.URL + " " + r.Host + "\n")
					n++
				}
			}
			if n < 10 {
				t.Fatalf("only %d requests", n)
			}
			list, recorded := filepath.Join(dir, "urls.txt"), filepath.Join(dir, "r.dispcheck.yaml")
			if err := os.WriteFile(list, []byte(urls.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			if code := Main([]string{"dispcheck", "test", "--record", list, recorded, "-c", "example:" + name}, strings.NewReader(""), &stdout, &stderr); code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			if code := Main([]string{"dispcheck", "test", recorded, "-c", "example:" + name, "--coverage"}, strings.NewReader(""), &stdout, &stderr); code != 0 {
				t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
			}
		})
	}
}

// TestOutputIsTheSameInParallel: however many cases run at once, every format says the same.
func TestOutputIsTheSameInParallel(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.dispcheck.yaml")
	text := "- urls: [/a.html, /us/en.html, /b.html, /about-us, /c.html, /system, /d.html, /e.html, /f.html]\n  expect: {filter: allow, status: 404}\n"
	if err := os.WriteFile(broken, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(players int, args ...string) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(players))
		var out bytes.Buffer
		code := Main(append([]string{"dispcheck", "test", "--no-project-config"}, args...), strings.NewReader(""), &out, &out)
		return fmt.Sprintf("%s\nexit code %d", out.String(), code)
	}
	for _, args := range [][]string{
		{"-c", "example:cloud", "--format", "json", "--coverage"}, {"-c", "example:ams", "--format", "html"}, {"-c", "example:classic", "--format", "junit"},
		{broken, "-c", "example:cloud", "--host", "www.wknd.example", "--coverage", "--uncovered"}, {broken, "-c", "example:cloud", "--fail-fast", "--coverage"},
	} {
		want := run(1, args...)
		for _, players := range []int{2, 9} {
			if got := run(players, args...); got != want {
				t.Errorf("%q with %d players says\n%s\nwith one\n%s", args, players, got, want)
			}
		}
	}
}

// TestFilesAreClosed: files that cases open, of which there may be many, are closed with them.
func TestFilesAreClosed(t *testing.T) {
	const opened = "/proc/self/fd"
	count := func() int {
		list, err := os.ReadDir(opened)
		if err != nil {
			t.Skip("the system does not list open files there")
		}
		return len(list)
	}
	count()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"m.yaml": "renders: {'*': [{respond: {file: body.html}}]}\n", "body.html": "x", "all.any": `/filter { /1 { /type "allow" /url "*" } }`,
		"s.dispcheck.yaml": "- urls: [/a, /b, /c, /d, /e, /f, /g, /h]\n  mock: m.yaml\n  expect: {status: 200}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close what is forgotten, some day
	for _, flags := range [][]string{nil, {"--render", "mock:m.yaml"}, {"--render", "mock:m.yaml", "--run", "GET /nothing"}} {
		before := count()
		var out bytes.Buffer
		Main(append([]string{"dispcheck", "test", "s.dispcheck.yaml", "-c", "all.any", "--no-project-config"}, flags...), strings.NewReader(""), &out, &out)
		if !strings.Contains(out.String(), "8 passed, 0 failed") && len(flags) < 3 {
			t.Errorf("%q: %s", flags, out.String())
		}
		if after := count(); after > before {
			t.Errorf("%q: %d files are open, and %d were before", flags, after, before)
		}
	}
}
