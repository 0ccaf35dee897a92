package docs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/cli"
)

const auditPage = "docs/audit.md"

// TestAuditPageRuns runs each command of the page about audit beside the file that it shows, and looks for the lines that it
// shows of their output.
func TestAuditPageRuns(t *testing.T) {
	text := pages(t)[auditPage]
	t.Chdir(t.TempDir())
	fences := regexp.MustCompile("(?s)```\n(.*?)```")
	plain := regexp.MustCompile("(?s)```[a-z]+\n.*?```").ReplaceAllString(text, "")
	var shown []string
	for _, m := range fences.FindAllStringSubmatch(plain, -1) {
		if name, body, ok := strings.Cut(strings.TrimPrefix(m[1], "# "), "\n"); ok && strings.HasSuffix(name, ".any") {
			if err := os.WriteFile(name, []byte("# "+name+"\n"+body), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		shown = append(shown, m[1])
	}
	var all bytes.Buffer
	ran := 0
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(m[1]) {
			ran++
			want := 0
			if strings.Contains(line, "bad.any") {
				want = 1
			}
			var errs bytes.Buffer
			if code := cli.Main(words(strings.TrimSpace(line)), strings.NewReader(""), &all, &errs); code != want {
				t.Errorf("%s\nexits with %d:\n%s%s", line, code, all.String(), errs.String())
			}
		}
	}
	if ran < 4 || len(shown) < 2 {
		t.Errorf("only %d commands and %d outputs were found", ran, len(shown))
	}
	for _, s := range shown {
		if !strings.Contains(all.String(), s) {
			t.Errorf("no command prints\n%s\nThe output is\n%s", s, all.String())
		}
	}
}

// TestAuditKeysAreExplained: the page names each key of the JSON.
func TestAuditKeysAreExplained(t *testing.T) {
	text := pages(t)[auditPage]
	t.Chdir(t.TempDir())
	if err := os.WriteFile("bad.any", []byte("/filter { /1 { /type \"allow\" /url \"/content/*\" } }"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := cli.Main(words("dispcheck audit bad.any --class redundant,login --format json"), strings.NewReader(""), &out, &errs); code != 1 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	var doc map[string]any
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var look func(v any, path string)
	look = func(v any, path string) {
		switch v := v.(type) {
		case map[string]any:
			for k, w := range v {
				if path == ".headers" || path == ".ends" {
					return
				}
				if seen++; !strings.Contains(text, "`"+k+"`") && k != "schema" && k != "file" && k != "line" && k != "column" && path != ".examples" && path != ".hosts" {
					t.Errorf("%s does not name %s%s", auditPage, path, k)
				}
				look(w, "."+k)
			}
		case []any:
			for _, e := range v {
				look(e, path)
			}
		}
	}
	look(doc, "")
	if seen < 50 {
		t.Errorf("only %d keys were found", seen)
	}
}
