package docs_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/cli"
	"github.com/dispcheck/dispcheck/internal/decisiondiff"
)

const diffPage = "docs/diff.md"

// TestDiffPageRuns runs each command of the page about diff in a folder with the configurations that it shows, and looks for
// what it shows of their output.
func TestDiffPageRuns(t *testing.T) {
	text := pages(t)[diffPage]
	t.Chdir(t.TempDir())
	files := regexp.MustCompile("(?s)```\n# ([a-z.]+)\n(.*?)```")
	for _, m := range files.FindAllStringSubmatch(text, -1) {
		if err := os.WriteFile(m[1], []byte(m[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	var all bytes.Buffer
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(m[1]) {
			ran++
			var errs bytes.Buffer
			if code := cli.Main(words(strings.TrimSpace(line)), strings.NewReader("/content/a.html\n"), &all, &errs); code != 1 {
				t.Errorf("%s\nexits with %d, want %d:\n%s", line, code, 1, errs.String())
			}
		}
	}
	if ran < 4 {
		t.Errorf("only %d commands were found", ran)
	}
	rest := regexp.MustCompile("(?s)```[a-z]+\n.*?```").ReplaceAllString(files.ReplaceAllString(text, ""), "")
	shown := regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(rest, -1)
	if len(shown) == 0 {
		t.Error("the page shows no output")
	}
	for _, m := range shown {
		if !strings.Contains(all.String(), m[1]) {
			t.Errorf("no command prints\n%s\nThe output is\n%s", m[1], all.String())
		}
	}
}

// TestKindsOfChangesAreExplained: the page names each kind of change.
func TestKindsOfChangesAreExplained(t *testing.T) {
	text := pages(t)[diffPage]
	for _, k := range decisiondiff.Kinds() {
		if !strings.Contains(text, "`"+string(k)+"`") {
			t.Errorf("%s does not name %s", diffPage, k)
		}
	}
}
