package docs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/cli"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/testkit"
)

// TestReplayPagesRun runs the commands of the pages about replay and merge beside the log that they speak of, and looks for
// the lines that they show of the output.
func TestReplayPagesRun(t *testing.T) {
	log, err := os.ReadFile(filepath.Join(testkit.Root(t), "fixtures", "logs", "cdn.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"docs/replay.md", "docs/merge.md"} {
		t.Run(page, func(t *testing.T) {
			text := pages(t)[page]
			t.Chdir(t.TempDir())
			access := `198.51.100.7 - - [10/Oct/2026:13:55:36 +0200] "GET /content/wknd/us/en.html HTTP/1.1" 200 1 "-" "-"` + "\n" +
				`198.51.100.7 - - [10/Oct/2026:13:55:37 +0200] "GET /crx/de HTTP/1.1" 404 1 "-" "-"` + "\n"
			for name, body := range map[string]string{"cdn.log": string(log), "access.log": access} {
				if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
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
						t.Errorf("%s\nexits with %d:\n%s", line, code, errs.String())
					}
				}
			}
			if ran < 3 {
				t.Errorf("only %d commands were found", ran)
			}
			shown := 0
			for _, m := range regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(regexp.MustCompile("(?s)```[a-z]+\n.*?```").ReplaceAllString(text, ""), -1) {
				if shown++; !strings.Contains(all.String(), m[1]) {
					t.Errorf("no command prints\n%s\nThe output is\n%s", m[1], all.String())
				}
			}
			if shown == 0 {
				t.Error("the page shows no output")
			}
		})
	}
}

// TestReplayPageIsComplete: the page names each key of the JSON and each format of logs.
func TestReplayPageIsComplete(t *testing.T) {
	text := pages(t)["docs/replay.md"]
	keys := map[string]bool{}
	jsonKeys(reflect.TypeFor[report.ReplayJSON](), report.ReplayJSON{}, keys)
	if len(keys) < 50 {
		t.Errorf("there are only %d keys", len(keys))
	}
	delete(keys, "schema") // it is in the sentence before
	for key := range keys {
		if !strings.Contains(text, "`"+key+"`") {
			t.Errorf("docs/replay.md does not name `%s`", key)
		}
	}
	for _, f := range accesslog.Formats() {
		if !strings.Contains(text, "`"+f.Name+"`") {
			t.Errorf("docs/replay.md does not name the format `%s`", f.Name)
		}
	}
}
