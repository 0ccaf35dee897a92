package project

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model"
)

// meaning prints a model without its places.
func meaning(t *testing.T, p *Project) string {
	t.Helper()
	var b bytes.Buffer
	if err := (model.Printer{Unread: true}).Fprint(&b, p.Config); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// formatted holds a loaded project against the same with every file formatted: the expanded model is the same. It
// returns how many files the formatter changed.
func formatted(t *testing.T, o Options, key func(p *Project, name string) string) (changed int) {
	t.Helper()
	ctx := context.Background()
	p, err := Load(ctx, o)
	if err != nil {
		t.Errorf("%s: %v", o.Path, err)
		return 0
	}
	if p.Tree == nil {
		return 0
	}
	o.Overlay = map[string][]byte{}
	for _, f := range p.Tree.Files {
		name := p.Tree.Name(f.Src)
		text, _ := grammar.Format(f, grammar.FormatOptions{})
		if name == "" || bytes.Equal(text, f.Src.Text) {
			continue
		}
		o.Overlay[key(p, name)] = text
	}
	again, err := Load(ctx, o)
	if err != nil {
		t.Errorf("%s: formatted: %v", o.Path, err)
		return 0
	}
	if diff := cmp.Diff(meaning(t, p), meaning(t, again)); diff != "" {
		t.Errorf("%s: formatting changes the model (-before +after):\n%s", o.Path, diff)
	}
	return len(o.Overlay)
}

func TestFormatKeepsTheModelOfFixtures(t *testing.T) {
	for _, name := range fixtures.Names() {
		project, err := fixtures.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := formatted(t, Options{FS: project}, func(_ *Project, name string) string { return name }); n > 0 {
			t.Errorf("%d files of example:%s are not formatted", n, name)
		}
	}
}

func TestFormatKeepsTheModelOfTheCorpus(t *testing.T) {
	dir := testkit.CorpusDir(t)
	changed := 0
	for _, root := range corpusRoots(t, dir) {
		changed += formatted(t, Options{Path: root, WorkDir: dir}, func(p *Project, name string) string {
			return filepath.Join(p.Dir, filepath.FromSlash(name))
		})
	}
	t.Logf("the formatter changes %d files", changed)
	if changed < 100 {
		t.Errorf("the formatter changes only %d files: is it run at all?", changed)
	}
}
