package decisiondiff_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/site"
)

// A tree is a configuration on disk that a test may edit.
type tree struct {
	name string
	dir  string
	side *decisiondiff.Side
	errs int
}

// copyTree copies a configuration into a folder of the test.
func copyTree(tb testing.TB, name string, from fs.FS) *tree {
	tb.Helper()
	t := &tree{name: name, dir: filepath.Join(tb.TempDir(), "src")}
	if err := os.CopyFS(t.dir, from); err != nil {
		tb.Skip(err) // a system without links
	}
	t.side, t.errs = load(tb, t.dir)
	if t.side == nil {
		tb.Fatalf("%s cannot be loaded", name)
	}
	return t
}

// examples are the embedded projects.
func examples(tb testing.TB) []*tree {
	tb.Helper()
	var out []*tree
	for _, name := range fixtures.Names() {
		f, err := fixtures.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, copyTree(tb, name, f))
	}
	return out
}

// load loads a configuration as one side, and counts its mistakes; nil where there is nothing to load.
func load(tb testing.TB, dir string) (*decisiondiff.Side, int) {
	tb.Helper()
	p, err := project.Load(tb.Context(), project.Options{Path: dir, WorkDir: filepath.Dir(dir)})
	if err != nil {
		return nil, 0
	}
	s := &decisiondiff.Side{Name: "side", Config: p.Config}
	found := p.Findings
	a, err := p.Apache(tb.Context())
	if err != nil {
		return nil, 0
	}
	if a != nil {
		s.Server, s.Files, s.Getenv, s.Owned = a.Server, a.Files(), a.Getenv, a.Owned
		found = slices.Concat(found, a.Findings)
	}
	if s.Config == nil {
		s.Config, s.Open = site.OpenFarm(), true
	}
	n := 0
	for _, d := range found {
		if d.Severity == diag.Error {
			n++
		}
	}
	if p.Tree != nil {
		n += len(p.Tree.Fatal)
	}
	return s, n
}

// files are the texts of a tree that mean something, by their names, links left out.
func (t *tree) files(tb testing.TB) map[string]string {
	tb.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(t.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		switch filepath.Ext(path) {
		case ".any", ".farm", ".vhost", ".conf", ".rules", ".vars":
		default:
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(t.dir, path)
		out[filepath.ToSlash(name)] = strings.ReplaceAll(string(text), "\r\n", "\n")
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

// edited returns the tree with some texts in place of its own, as a side; nil where there is nothing to load, or where it
// has more mistakes than before.
func (t *tree) edited(tb testing.TB, texts map[string]string) *decisiondiff.Side {
	tb.Helper()
	before := map[string][]byte{}
	for name, text := range texts {
		path := filepath.Join(t.dir, filepath.FromSlash(name))
		old, err := os.ReadFile(path)
		if err == nil {
			before[path] = old
		} else {
			before[path] = nil
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	defer func() {
		for path, text := range before {
			if text == nil {
				os.Remove(path)
			} else if err := os.WriteFile(path, text, 0o600); err != nil {
				tb.Fatal(err)
			}
		}
	}()
	s, n := load(tb, t.dir)
	if s == nil || n > t.errs {
		return nil
	}
	return s
}
