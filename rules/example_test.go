package rules

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// TestExamples: the bad example of each rule is reported under the rule, with the severity that the rule
// has, and under no other; the good one is not reported at all.
func TestExamples(t *testing.T) {
	for _, r := range All() {
		if r.Reported == lint.ByLog {
			continue // package internal/replay tries its examples
		}
		t.Run(r.ID, func(t *testing.T) {
			bad := found(t, r, r.Doc.Examples(false))
			fixable, severe := false, false
			for _, d := range bad {
				if d.Rule != r.ID && !slices.Contains(companions[r.ID], d.Rule) {
					t.Errorf("the bad example is reported under another rule: %s", said(d))
				}
				fixable = fixable || len(d.Fixes) > 0
				severe = severe || d.Severity == r.Severity
			}
			if !severe {
				t.Errorf("the bad example is not reported as %s; findings:\n%s", r.Severity, allSaid(bad))
			}
			if fixable != r.Fixable {
				t.Errorf("a fix is offered: %t; the rule says: %t", fixable, r.Fixable)
			}
			if good := found(t, r, r.Doc.Examples(true)); len(good) > 0 {
				t.Errorf("the good example is reported:\n%s", allSaid(good))
			}
		})
	}
}

// companions are rules by which the bad examples of some rules are reported as well, which say more about the same mistake.
var companions = map[string][]string{
	"DSP027": {"DSP002", "DSP004"},
	"DSP031": {"DSP002", "DSP004"},
}

// TestExampleFixes: the fixes of a bad example make its finding go away and add none.
func TestExampleFixes(t *testing.T) {
	for _, r := range All() {
		if !r.Fixable {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			files := slices.Clone(r.Doc.Examples(false))
			p := load(t, r, files)
			edits, taken, _ := lint.SelectFixes(run(t, r, p).Findings, true)
			if len(taken) == 0 {
				t.Fatal("no fix is taken")
			}
			changed, err := lint.ApplyEdits(edits)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changed {
				i := slices.IndexFunc(files, func(file lint.File) bool { return nameOf(file) == c.File.Name })
				if i < 0 {
					t.Fatalf("%s is no file of the example", c.File.Name)
				}
				files[i].Text, files[i].Times = string(c.Text), 0
			}
			if left := found(t, r, files); len(left) > 0 {
				t.Errorf("after the fix:\n%s\n%s", files[0].Text, allSaid(left))
			}
		})
	}
}

// found returns what is found in an example: by those who read it, by the rule and in comments.
func found(t *testing.T, r *lint.Rule, files []lint.File) []diag.Diagnostic {
	t.Helper()
	return run(t, r, load(t, r, files)).Findings
}

// run runs one rule, and whatever is reported without being run, over an example, in a profile in which the
// rule holds. Other rules that look for themselves are left out: an example is as short as its own allows.
func run(t *testing.T, r *lint.Rule, p *project.Project) *lint.Result {
	t.Helper()
	list := slices.DeleteFunc(All(), func(o *lint.Rule) bool { return o != r && o.Looks() })
	for i, o := range list {
		if o == r && o.Off {
			on := *o
			on.Off, list[i] = false, &on
		}
	}
	s, err := p.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Profile, s.Version = profileOf(r, p), r.Doc.Version
	set := &lint.Settings{Options: map[string]lint.Options{r.ID: r.Doc.Options}}
	result := lint.Run(t.Context(), s, list, set, lint.RunOptions{})
	for _, f := range result.Failures {
		t.Errorf("%v\n%s", f, f.Stack)
	}
	return result
}

// profileOf is the profile of the example, where the rule holds in it, or else one in which it does.
func profileOf(r *lint.Rule, p *project.Project) string {
	if r.Profiles == nil || slices.Contains(r.Profiles, string(p.Kind)) {
		return string(p.Kind)
	}
	return r.Profiles[0]
}

// TestGoodIsFormatted: the good examples are laid out as dispcheck fmt lays them out.
func TestGoodIsFormatted(t *testing.T) {
	for _, r := range All() {
		for _, f := range r.Doc.Examples(true) {
			if f.Link != "" || !slices.Contains([]string{"", ".any", ".farm"}, path.Ext(f.Name)) {
				continue
			}
			want, ok := grammar.FormatText([]byte(f.Text), grammar.FormatOptions{})
			if !ok || f.Text != string(want) {
				t.Errorf("%s, %s: got\n%swant\n%s", r.ID, f.Name, f.Text, want)
			}
		}
	}
}

func nameOf(f lint.File) string {
	if f.Name == "" {
		return "example.any"
	}
	return f.Name
}

// load reads an example from its first file, as the program reads a configuration.
func load(t *testing.T, r *lint.Rule, files []lint.File) *project.Project {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, f := range files {
		file := &fstest.MapFile{Data: []byte(f.Content())}
		if f.Link != "" {
			file = &fstest.MapFile{Data: []byte(f.Link), Mode: fs.ModeSymlink}
		}
		fsys[nameOf(f)] = file
	}
	p, err := project.Load(t.Context(), project.Options{FS: fsys, Path: nameOf(files[0]), DispatcherVersion: r.Doc.Version})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func said(d diag.Diagnostic) string {
	p := d.Span.Position()
	return fmt.Sprintf("%s:%d:%d: %s %s: %s", d.Span.File.Name, p.Line, p.Column, d.Severity, d.Rule, d.Message)
}

func allSaid(ds []diag.Diagnostic) string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = said(d)
	}
	return strings.Join(lines, "\n")
}
