package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
)

// TestExampleSpans: the bad example of each rule is reported at exactly the text that testdata/spans.txt has. Written
// anew by -update: read the diff, and see that each text is what is at fault and no more.
func TestExampleSpans(t *testing.T) {
	var b strings.Builder
	for _, r := range All() {
		if r.Reported == lint.ByLog {
			continue // package internal/replay tries its examples
		}
		told := 0
		for _, d := range found(t, r, r.Doc.Examples(false)) {
			if d.Rule != r.ID {
				continue
			}
			told++
			p := d.Span.Position()
			fmt.Fprintf(&b, "%s %s:%d:%d %q: %s\n", r.ID, d.Span.File.Name, p.Line, p.Column, d.Span.Text(), d.Message)
		}
		if told == 0 {
			t.Errorf("%s: the bad example is not reported", r.ID)
		}
	}
	name := filepath.Join("testdata", "spans.txt")
	if *testkit.Update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), b.String()); diff != "" {
		t.Errorf("run go test ./rules -run TestExampleSpans -update, and read what changes (-want +got):\n%s", diff)
	}
}

// TestAreasRunCases: each area with rules that look for themselves runs its cases, which package ruletest asks of each of
// these rules: one with the finding in, or through, an included file among them.
func TestAreasRunCases(t *testing.T) {
	for _, a := range Areas() {
		if !slices.ContainsFunc(a.Rules, func(r *lint.Rule) bool { return r.Looks() }) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(a.Name, "cases_test.go"))
		if err != nil || !strings.Contains(string(text), "ruletest.Cases(t, Rules())") {
			t.Errorf("area %s does not call ruletest.Cases(t, Rules()) in cases_test.go: %v", a.Name, err)
		}
	}
}
