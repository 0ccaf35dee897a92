package apexpr

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A recordedCase is what a real httpd made of a configuration and a request.
type recordedCase struct {
	ID     string
	Config struct {
		ID      string
		Text    string
		Defines []string
	}
	Request struct {
		Method, Target, Host string
		Headers              [][2]string
	}
	Observed struct {
		Accepted bool
		Messages []string
		Headers  map[string]any
	}
}

// recordedCases reads a file of recorded cases, and skips the test where there is none.
func recordedCases(t *testing.T, name string) []recordedCase {
	t.Helper()
	dir := os.Getenv("DISPCHECK_CASES")
	if dir == "" {
		t.Skip("DISPCHECK_CASES names no folder of recorded cases")
	}
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Skipf("no recorded cases: %v", err)
	}
	t.Cleanup(func() { _ = file.Close() })
	var list []recordedCase
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var c recordedCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

var ifSections = regexp.MustCompile(`<If "([^"]*)">\s*Header append X-If "([^"]*)"`)

// TestRecordedIf holds <If> against what httpd answered.
func TestRecordedIf(t *testing.T) {
	held := 0
	for _, c := range recordedCases(t, "httpd.jsonl") {
		if c.Config.ID != "hand/if-expressions" {
			continue
		}
		held++
		src := &fakeSource{variables: map[string]string{"REQUEST_METHOD": c.Request.Method, "REMOTE_ADDR": "127.0.0.1"}, tables: map[Table]map[string]string{RequestHeader: {"host": c.Request.Host}}}
		src.variables["REQUEST_URI"], src.variables["QUERY_STRING"], _ = strings.Cut(c.Request.Target, "?")
		for _, h := range c.Request.Headers {
			src.tables[RequestHeader][strings.ToLower(h[0])] = h[1]
		}
		if src.tables[RequestHeader]["x-a"] == "v" {
			src.tables[Environment] = map[string]string{"sei": "1"}
		}
		var s State
		var names []string
		for _, m := range ifSections.FindAllStringSubmatch(c.Config.Text, -1) {
			e := mustParse(t, strings.ReplaceAll(m[1], "${IFCONST}", "1"))
			ok, err := e.Condition(src, &s)
			if err != nil {
				t.Errorf("%s: %v", m[1], err)
			}
			if ok {
				names = append(names, m[2])
			}
		}
		if got, want := strings.Join(names, ", "), c.Observed.Headers["x-if"]; got != want {
			t.Errorf("%s: got %s, want %s", c.ID, got, want)
		}
		if got, want := strings.Join(s.Vary, ","), c.Observed.Headers["vary"]; got != want {
			t.Errorf("%s: vary: got %s, want %s", c.ID, got, want)
		}
	}
	if held < 5 {
		t.Errorf("only %d cases", held)
	}
}

// TestRecordedStart: expressions of configurations that httpd takes are read, and those it refuses are not.
func TestRecordedStart(t *testing.T) {
	taken, refused := 0, 0
	for _, c := range recordedCases(t, "httpd-configtests.jsonl") {
		at := ""
		if !c.Observed.Accepted {
			at = strings.Join(c.Observed.Messages, "\n")
			if !strings.Contains(at, "condition clause") {
				continue
			}
		}
		failed := ""
		for _, m := range corpusExprs.FindAllStringSubmatch(c.Config.Text, -1) {
			expr := strings.ReplaceAll(strings.ReplaceAll(m[1]+m[2]+m[3], `\"`, `"`), "${IFCONST}", "1")
			_, err := Parse(expr)
			if err != nil && m[3] != "" { // the value of a Header, and no condition
				_, err = ParseText(expr)
			}
			if err != nil {
				failed = expr + ": " + err.Error()
			} else {
				taken++
			}
		}
		switch {
		case c.Observed.Accepted && failed != "" && !strings.Contains(failed, "${"):
			t.Errorf("%s is accepted, got %s", c.Config.ID, failed)
		case !c.Observed.Accepted && failed == "":
			t.Errorf("%s is refused: %s", c.Config.ID, at)
		case !c.Observed.Accepted:
			refused++
		}
	}
	if taken < 50 || refused < 3 {
		t.Errorf("only %d expressions taken and %d refused", taken, refused)
	}
}
