package rules

import (
	"fmt"
	"io/fs"
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
		t.Run(r.ID, func(t *testing.T) {
			bad := load(t, r.Doc.Examples(false))
			fixable, severe := false, false
			for _, d := range bad.Findings {
				if d.Rule != r.ID {
					t.Errorf("the bad example is reported under another rule: %s", said(d))
				}
				fixable = fixable || len(d.Fixes) > 0
				severe = severe || d.Severity == r.Severity
			}
			if !severe {
				t.Errorf("the bad example is not reported as %s; findings:\n%s", r.Severity, allSaid(bad.Findings))
			}
			if fixable != r.Fixable {
				t.Errorf("a fix is offered: %t; the rule says: %t", fixable, r.Fixable)
			}
			if good := load(t, r.Doc.Examples(true)); len(good.Findings) > 0 {
				t.Errorf("the good example is reported:\n%s", allSaid(good.Findings))
			}
		})
	}
}

// TestExampleFixes: the fixes of a bad example make its finding go away and add none.
func TestExampleFixes(t *testing.T) {
	for _, r := range All() {
		if !r.Fixable {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			files := slices.Clone(r.Doc.Examples(false))
			p := load(t, files)
			var edits []diag.Edit
			for _, d := range p.Findings {
				if len(d.Fixes) > 0 {
					edits = append(edits, d.Fixes[0].Edits...)
				}
			}
			for _, f := range p.Tree.Files {
				fixed, err := diag.Apply(f.Src, edits)
				if err != nil {
					t.Fatal(err)
				}
				i := slices.IndexFunc(files, func(file lint.File) bool { return nameOf(file) == f.Src.Name })
				if i < 0 {
					t.Fatalf("%s is no file of the example", f.Src.Name)
				}
				files[i].Text = string(fixed)
			}
			if left := load(t, files).Findings; len(left) > 0 {
				t.Errorf("after the fix:\n%s\n%s", files[0].Text, allSaid(left))
			}
		})
	}
}

// TestGoodIsFormatted: the good examples are laid out as dispcheck fmt lays them out.
func TestGoodIsFormatted(t *testing.T) {
	for _, r := range All() {
		for _, f := range r.Doc.Examples(true) {
			if f.Link != "" || strings.HasSuffix(f.Name, ".vars") {
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
func load(t *testing.T, files []lint.File) *project.Project {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, f := range files {
		file := &fstest.MapFile{Data: []byte(f.Text)}
		if f.Link != "" {
			file = &fstest.MapFile{Data: []byte(f.Link), Mode: fs.ModeSymlink}
		}
		fsys[nameOf(f)] = file
	}
	p, err := project.Load(t.Context(), project.Options{FS: fsys, Path: nameOf(files[0])})
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
