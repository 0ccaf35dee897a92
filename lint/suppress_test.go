package lint_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// suppressible are the rules of the cases in testdata/suppress.
func suppressible() []*lint.Rule {
	off, other, broken := words("DSP803", "word-off", "a"), words("DSP804", "word-cloud", "a"), words("DSP805", "word-broken", "a")
	off.Off, other.Profiles = true, []string{"cloud"}
	broken.File = func(*lint.Pass, *grammar.File) { panic("no") }
	return append([]*lint.Rule{words("DSP801", "word-one", "word"), words("DSP802", "word-two", "other"), off, other, broken}, frame()...)
}

// TestSuppress: what is found, what is suppressed and why, and the texts after the safe fixes, round after round.
func TestSuppress(t *testing.T) {
	paths, err := filepath.Glob("testdata/suppress/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts := &txtar.Archive{}
			want := map[string]string{}
			for _, f := range a.Files {
				if strings.HasSuffix(f.Name, ".any") {
					texts.Files = append(texts.Files, f)
				} else {
					want[f.Name] = string(f.Data)
				}
			}
			got := map[string]string{}
			run := func() *lint.Result {
				s := subject(t, string(txtar.Format(texts)))
				s.Found, s.Profile = nil, "ams"
				s.Config.Wrapped = nil
				return lint.Run(t.Context(), s, suppressible(), nil, lint.RunOptions{})
			}
			r := run()
			got["findings"] = said(r.Findings)
			for _, s := range r.Suppressed {
				got["suppressed"] += fmt.Sprintf("%s %s %s\n", placeOf(s.Finding.Span), s.Finding.Rule, s.Reason)
			}
			for round := 0; ; round++ {
				edits, taken, left := lint.SelectFixes(r.Findings, false)
				if len(taken) == 0 {
					if left > 0 {
						t.Errorf("%d fixes are left for ever", left)
					}
					break
				}
				if round > 10 {
					t.Fatal("fixes do not come to an end")
				}
				changed, err := lint.ApplyEdits(edits)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range changed {
					for i := range texts.Files {
						if texts.Files[i].Name == c.File.Name {
							texts.Files[i].Data = c.Text
							got["fixed"] = ""
						}
					}
				}
				r = run()
			}
			for i, f := range texts.Files {
				if before := fileOf(path, f.Name); string(f.Data) != before {
					got["fixed"] += f.Name + "\n" + string(texts.Files[i].Data)
				}
			}
			if *testkit.Update {
				for i, f := range a.Files {
					if text, ok := got[f.Name]; ok {
						a.Files[i].Data = []byte(text)
					}
				}
				write(t, path, txtar.Format(a))
				return
			}
			for _, section := range []string{"findings", "suppressed", "fixed"} {
				if diff := cmp.Diff(want[section], got[section]); diff != "" {
					t.Errorf("%s:\n%s", section, diff)
				}
			}
		})
	}
}

// TestNoFrameRules: without the values of the rules comments suppress, and nothing is said about them.
func TestNoFrameRules(t *testing.T) {
	s := subject(t, "-- dispatcher.any --\n/one \"1\" # dispcheck:ignore DSP801\n# dispcheck:ingore\n")
	s.Found = nil
	got := lint.Run(t.Context(), s, []*lint.Rule{words("DSP801", "word-one", "one")}, nil, lint.RunOptions{})
	if len(got.Findings) > 0 || len(got.Suppressed) != 1 {
		t.Errorf("%d suppressed, findings:\n%s", len(got.Suppressed), said(got.Findings))
	}
}

// TestUnusedInPart: what only a whole configuration shows is not unused where a part of one was read.
func TestUnusedInPart(t *testing.T) {
	const text = "-- part.any --\n# dispcheck:ignore-file DSP801, DSP802 -- in the whole\n/0001 { /type \"deny\" /url \"*\" }\n"
	all := append([]*lint.Rule{
		words("DSP801", "word-one", "one"),
		{ID: "DSP802", Name: "whole-two", Severity: diag.Error, Config: func(*lint.Pass, *model.Config) {}},
	}, frame()...)
	got := lint.Run(t.Context(), subject(t, text), all, nil, lint.RunOptions{}).Findings
	want := "part.any:1:25: warning DSP990: DSP801 of dispcheck:ignore-file suppresses nothing\n"
	if diff := cmp.Diff(want, said(got)); diff != "" {
		t.Error(diff)
	}
}

// TestSuppressAtInclude: a finding in a file that must not be changed is suppressed at the owner's line.
func TestSuppressAtInclude(t *testing.T) {
	s := subject(t, `-- dispatcher.any --
$include "default.any" # dispcheck:ignore word-one -- the platform's
-- default.any --
/one "1"
`)
	s.Found = nil
	s.Immutable = func(f *source.File) bool { return f.Name == "default.any" }
	got := lint.Run(t.Context(), s, append(frame(), words("DSP801", "word-one", "one")), nil, lint.RunOptions{})
	if len(got.Findings) > 0 || len(got.Suppressed) != 1 || got.Suppressed[0].Reason != "the platform's" || placeOf(got.Suppressed[0].By) != "dispatcher.any:1:24" {
		t.Errorf("suppressed %v, findings:\n%s", got.Suppressed, said(got.Findings))
	}
}

// TestManyComments: a text of nothing but comments for the linter takes no longer than its size.
func TestManyComments(t *testing.T) {
	for name, line := range map[string]string{
		"unknown": "# dispcheck:ignore %dabc-defghijk -- x\n", "starts": "# dispcheck:ignore-start DSP801 -- %d\n",
		"ends": "# dispcheck:ignore-end DSP80%d\n", "names": "# dispcheck:ignore %d" + strings.Repeat(" abc-d", 5000) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString("-- dispatcher.any --\n")
			for i := 0; b.Len() < 200_000; i++ {
				fmt.Fprintf(&b, line, i)
			}
			got := lint.Run(t.Context(), subject(t, b.String()), suppressible(), nil, lint.RunOptions{})
			if len(got.Findings) == 0 || len(got.Findings) > 4*lint.MaxFindings {
				t.Errorf("%d findings", len(got.Findings))
			}
		})
	}
}
