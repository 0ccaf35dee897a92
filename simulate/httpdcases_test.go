package simulate

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
)

// TestRecordedPaths holds the cleaning of paths against what a real httpd did, recorded in httpd.jsonl of the folder
// that DISPCHECK_CASES names: its cases about normalising, in which one rule moves /raw/ to /m/.
func TestRecordedPaths(t *testing.T) {
	f := openCases(t, "httpd.jsonl")
	defer f.Close()
	checked := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var c struct {
			ID       string
			Config   struct{ Text string }
			Request  struct{ Target string }
			Observed struct {
				Status int
				URI    *string
				Args   *string
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(c.ID, "hand/normalise-") || c.Observed.URI == nil {
			continue
		}
		checked++
		t.Run(c.ID+" "+c.Request.Target, func(t *testing.T) {
			slashes := KeepEncodedSlashes
			if strings.Contains(c.Config.Text, "AllowEncodedSlashes On") {
				slashes = DecodeEncodedSlashes
			}
			var target target
			splitTarget(latin1(c.Request.Target), &target)
			path, reason := cleanPath(target.path, slashes, true)
			status := map[Reason]int{"": 200, AboveRoot: 400, BadEscape: 400, NULByte: 404}[reason]
			want := c.Observed.Status
			if want == 403 { // a decoded question mark, which mod_rewrite refuses afterwards
				want = 200
			}
			if status != want {
				t.Fatalf("status: got %d (%s), want %d", status, reason, want)
			}
			if reason != "" || c.Observed.Status != 200 {
				return
			}
			if rest, ok := strings.CutPrefix(path, "/raw/"); ok {
				path = "/m/" + rest
			}
			if w := latin1(*c.Observed.URI); path != w {
				t.Errorf("path: got %q, want %q", path, w)
			}
			if c.Observed.Args != nil && target.query != *c.Observed.Args {
				t.Errorf("query: got %q, want %q", target.query, *c.Observed.Args)
			}
		})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if checked == 0 {
		t.Error("no case was checked")
	}
	t.Logf("checked %d paths", checked)
}

// latin1 gives the bytes that the records write as characters.
func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}
