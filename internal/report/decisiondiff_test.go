package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/internal/report"
)

// TestDiffCommentIsBounded: a comment with thousands of changes is one that GitHub takes, and says how many are not shown.
func TestDiffCommentIsBounded(t *testing.T) {
	r := &decisiondiff.Result{Old: "old", New: "new"}
	for i := range 3000 {
		example := &decisiondiff.Request{Method: "GET", Target: fmt.Sprintf("/a|b/<c>%d", i), Host: "www.example.com"}
		r.Changes = append(r.Changes, &decisiondiff.Change{Kind: decisiondiff.KindFilter, From: "deny", To: strings.Repeat("x", 400), Security: i == 0, Example: example})
		r.Purge = append(r.Purge, &decisiondiff.Stale{URL: example.URL()})
		r.Undecided = append(r.Undecided, decisiondiff.Undecided{What: "a", Why: "b"})
	}
	var b bytes.Buffer
	if err := (&report.Printer{}).DiffMarkdown(&b, r); err != nil {
		t.Fatal(err)
	}
	const most = 65_536
	if b.Len() > most {
		t.Errorf("%d bytes", b.Len())
	}
	for _, want := range []string{"3000 changes, 1 of which lowers protection", "more of 3000 changes not shown", `/a\|b/&#60;c&#62;0`, "to be purged: 3000"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q", want)
		}
	}
}

// TestDiffSummary: counts are said as people say them.
func TestDiffSummary(t *testing.T) {
	safe, unsafe := &decisiondiff.Change{}, &decisiondiff.Change{Security: true}
	for want, r := range map[string]*decisiondiff.Result{
		"no difference: both mean the same, word for word": {Same: true},
		"no difference": {},
		"1 change":      {Changes: []*decisiondiff.Change{safe}},
		"2 changes, 1 of which lowers protection": {Changes: []*decisiondiff.Change{safe, unsafe}},
		"2 changes, 2 of which lower protection":  {Changes: []*decisiondiff.Change{unsafe, unsafe}},
	} {
		if got := report.DiffSummary(r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
