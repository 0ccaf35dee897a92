package docs_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/cli"
	"github.com/dispcheck/dispcheck/suite"
)

const testPage = "docs/test.md"

// TestTestPageRuns runs each command of the page about test in a folder with the suites that it shows, and looks for the
// lines that it shows of their output.
func TestTestPageRuns(t *testing.T) {
	text := pages(t)[testPage]
	t.Chdir(t.TempDir())
	for _, m := range regexp.MustCompile("(?s)```yaml\n# ([a-z.]+)\n.*?```").FindAllStringSubmatch(text, -1) {
		body := strings.TrimSuffix(strings.TrimPrefix(m[0], "```yaml\n"), "```")
		if err := os.WriteFile(m[1], []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	var all bytes.Buffer
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(m[1]) {
			ran++
			var errs bytes.Buffer
			if code := cli.Main(words(strings.TrimSpace(line)), strings.NewReader(""), &all, &errs); code != 0 {
				t.Errorf("%s\nexits with %d:\n%s%s", line, code, all.String(), errs.String())
			}
		}
	}
	if ran < 5 {
		t.Errorf("only %d commands were found", ran)
	}
	suiteText, err := os.ReadFile("site.dispcheck.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Replace(suiteText, []byte(`{cache: "no: /query string/"}`), []byte("{cache: yes}"), 1)
	if err := os.WriteFile("site.dispcheck.yaml", broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := cli.Main(words("dispcheck test site.dispcheck.yaml -c example:cloud"), strings.NewReader(""), &all, &all); code != 1 {
		t.Errorf("a case that fails gives exit code %d", code)
	}
	for _, m := range regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(regexp.MustCompile("(?s)```[a-z]+\n.*?```").ReplaceAllString(text, ""), -1) {
		if !strings.Contains(all.String(), m[1]) {
			t.Errorf("no command prints\n%s\nThe output is\n%s", m[1], all.String())
		}
	}
}

// TestExpectationsAreExplained: the page names each short name of an expectation and each kind of coverage.
func TestExpectationsAreExplained(t *testing.T) {
	text := pages(t)[testPage]
	for _, n := range suite.ShortNames() {
		if !strings.Contains(text, "`"+n[0]+"`") {
			t.Errorf("%s does not name %s", testPage, n[0])
		}
	}
	for _, k := range suite.CoverageKinds() {
		if !strings.Contains(text, "`"+string(k)+"`") {
			t.Errorf("%s does not name %s", testPage, k)
		}
	}
}
