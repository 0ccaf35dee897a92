package lint_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules"
	"github.com/dispcheck/dispcheck/source"
)

// subject loads the files of a txtar archive, from the first.
func subject(t testing.TB, archive string) *lint.Subject {
	t.Helper()
	fsys := fstest.MapFS{}
	a := txtar.Parse([]byte(archive))
	for _, f := range a.Files {
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	p, err := project.Load(t.Context(), project.Options{FS: fsys, Path: a.Files[0].Name})
	if err != nil {
		t.Fatal(err)
	}
	return subjectOf(p)
}

func subjectOf(p *project.Project) *lint.Subject {
	s := &lint.Subject{Config: p.Config, Files: p.Tree.Files, Found: p.Findings, Profile: string(p.Kind)}
	s.Included = func(f *source.File) []source.Span {
		for _, g := range p.Tree.Files {
			if g.Src == f {
				return p.Tree.Included(g)
			}
		}
		return nil
	}
	return s
}

// said shows findings, a line each.
func said(ds []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range ds {
		fmt.Fprintf(&b, "%s: %s %s: %s\n", placeOf(d.Span), d.Severity, d.Rule, d.Message)
	}
	return b.String()
}

func placeOf(s source.Span) string {
	if s.IsZero() {
		return "nowhere"
	}
	p := s.Position()
	return fmt.Sprintf("%s:%d:%d", s.File.Name, p.Line, p.Column)
}

// frame are the rules about comments.
func frame() []*lint.Rule {
	var list []*lint.Rule
	for _, a := range rules.Areas() {
		if a.Name == "suppression" {
			list = a.Rules
		}
	}
	return list
}

// words is a rule that reports each property of a name.
func words(id, name, label string) *lint.Rule {
	r := &lint.Rule{ID: id, Name: name, Severity: diag.Error}
	r.File = func(p *lint.Pass, f *grammar.File) {
		grammar.Walk(f.Items, func(it grammar.Item) bool {
			if prop, ok := it.(*grammar.Property); ok && prop.Label() == label {
				p.Report(diag.Diagnostic{Span: prop.Name, Message: "/" + label + " is here"})
			}
			return true
		})
	}
	return r
}

// farms is a rule that reports the filter of each farm.
func farms(id string) *lint.Rule {
	return &lint.Rule{ID: id, Name: "farm-filter", Severity: diag.Error, Farm: func(p *lint.Pass, f *model.Farm) {
		if f.Filter != nil {
			for _, r := range f.Filter.Rules {
				p.Reportf(r.At, "rule is here")
			}
		}
	}}
}

// fileOf returns a file of an archive on disk.
func fileOf(archive, name string) string {
	a, err := txtar.ParseFile(archive)
	if err != nil {
		return err.Error()
	}
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
