package lint_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules"
	"github.com/dispcheck/dispcheck/source"
)

// TestCorpusSuppressed: in every real text a comment at its head that names the rules of all findings suppresses
// them all, and nothing is said about the comment; safe fixes come to an end.
func TestCorpusSuppressed(t *testing.T) {
	all := rules.All()
	run := func(name string, text []byte) *lint.Result {
		f := grammar.Parse(source.NewFile(name, text))
		return lint.Run(t.Context(), &lint.Subject{Files: []*grammar.File{f}, Found: grammar.Check(f)}, all, nil, lint.RunOptions{})
	}
	suppressed := 0
	for _, f := range testkit.Corpus(t, ".any", ".farm") {
		before := run(f.Name, f.Text)
		var ids []string
		for _, d := range before.Findings {
			if !slices.Contains(ids, d.Rule) {
				ids = append(ids, d.Rule)
			}
		}
		text := f.Text
		for round := 0; ; round++ {
			edits, taken, left := lint.SelectFixes(run(f.Name, text).Findings, false)
			if len(taken) == 0 {
				if left > 0 {
					t.Errorf("%s: %d fixes are left for ever", f.Name, left)
				}
				break
			}
			if round > 20 {
				t.Errorf("%s: fixes do not come to an end", f.Name)
				break
			}
			changed, err := lint.ApplyEdits(edits)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changed {
				text = c.Text
			}
		}
		if len(ids) == 0 || bytes.HasPrefix(f.Text, []byte("\ufeff")) || slices.Contains(ids, "DSP116") {
			continue // a mark at the start, or a link that is a file: with a line before it, it would be neither
		}
		head := "# dispcheck:ignore-file " + strings.Join(ids, ", ") + " -- test\n"
		after := run(f.Name, append([]byte(head), f.Text...))
		if len(after.Findings) > 0 || len(after.Suppressed) != len(before.Findings) {
			t.Errorf("%s: %d suppressed of %d, left:\n%s", f.Name, len(after.Suppressed), len(before.Findings), said(after.Findings))
		}
		suppressed += len(after.Suppressed)
	}
	if suppressed == 0 {
		t.Error("no text of the corpus has a finding to suppress")
	}
}
