package docs_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/cli"
	"github.com/dispcheck/dispcheck/suite"
)

const testPage = "docs/test.md"

// TestTestPageRuns runs each command of the page about test in a folder with the suites that it shows. What stands behind a command is
// part of what it prints; where that begins with FAIL, or says what cannot be updated, the command fails.
func TestTestPageRuns(t *testing.T) {
	list := snippets(pages(t)[testPage])
	t.Chdir(t.TempDir())
	writeFile(t, "urls.txt", "/us/en.html www.wknd.example\nPOST /system/console www.wknd.example\nhttps://magazine.wknd.example/\n")
	ran, shown := 0, 0
	for i, s := range list {
		switch s.language {
		case "yaml":
			if name, named := strings.CutPrefix(s.text, "# "); named {
				name, _, _ = strings.Cut(name, "\n")
				writeFile(t, name, s.text)
			}
		case "sh":
			want := ""
			if i+1 < len(list) && list[i+1].language == "" {
				want = list[i+1].text
				shown++
			}
			wantCode := 0
			if strings.HasPrefix(want, "FAIL") || strings.Contains(want, "cannot be updated") {
				wantCode = 1
			}
			var out bytes.Buffer
			for line := range strings.Lines(s.text) {
				ran++
				if code := cli.Main(words(strings.TrimSpace(line)), strings.NewReader(""), &out, &out); code != wantCode {
					t.Errorf("%sexits with %d, want %d:\n%s", line, code, wantCode, out.String())
				}
			}
			if !strings.Contains(out.String(), want) {
				t.Errorf("%sdoes not print\n%s\nThe output is\n%s", s.text, want, out.String())
			}
		}
	}
	if ran < 8 || shown < 6 {
		t.Errorf("only %d commands and %d outputs were found", ran, shown)
	}
	for _, name := range []string{"coverage.html", "lcov.info", "junit.xml"} {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s was not written: %v", name, err)
		}
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
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
