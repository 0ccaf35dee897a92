package project

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/source"
)

// corpusRoots returns the folders of whole trees.
func corpusRoots(t *testing.T, dir string) []string {
	t.Helper()
	var roots []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && filepath.Base(p) != anyFolder && filepath.Base(p) != "conf" { // their parents are the roots
			if _, ok := recognise(os.DirFS(p), "."); ok {
				roots = append(roots, p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(roots) == 0 {
		t.Skipf("no configuration in %s", dir)
	}
	return roots
}

// TestCorpus loads every whole tree of real configurations: none is refused, and all is in place.
func TestCorpus(t *testing.T) {
	dir := testkit.CorpusDir(t)
	roots := corpusRoots(t, dir)
	var table strings.Builder
	kinds := map[Kind]int{}
	for _, root := range roots {
		p, err := Load(context.Background(), Options{Path: root, WorkDir: dir})
		if err != nil {
			t.Errorf("%s: %v", root, err)
			continue
		}
		kinds[p.Kind]++
		checkProject(t, p)
		counts := map[diag.Severity]int{}
		for _, d := range p.Findings {
			counts[d.Severity]++
		}
		farms, files, fatal := 0, 0, 0
		if p.Tree != nil {
			farms, files, fatal = len(p.Config.Farms), len(p.Tree.Files), len(p.Tree.Fatal)
		}
		fmt.Fprintf(&table, "%-7s %2d farms %3d files %3d/%3d/%3d %2d fatal  %s\n", p.Kind, farms, files, counts[diag.Error], counts[diag.Warning], counts[diag.Info], fatal, p.Show(p.Entry))
	}
	t.Logf("kind, farms, files, errors/warnings/infos, fatal errors, entry\n%s%v", &table, kinds)
}

// checkProject holds what is true of every project.
func checkProject(t *testing.T, p *Project) {
	t.Helper()
	if p.Tree == nil {
		if p.Entry != "" || p.Config != nil {
			t.Errorf("%s: an entry and no tree", p.Show(p.Entry))
		}
		return
	}
	read := map[*source.File]*grammar.File{}
	for _, f := range p.Tree.Files {
		read[f.Src] = f
	}
	for i, d := range p.Findings {
		if d.Span.File == nil || read[d.Span.File] == nil {
			t.Errorf("%s: finding %s lies in no file of the project", p.Show(p.Entry), d.Rule)
			continue
		}
		if d.Span.File != p.Tree.Root.Src && len(d.Included) == 0 {
			t.Errorf("%s: nobody knows how %s came in: %s", p.Show(p.Entry), d.Span.File.Name, d.Message)
		}
		if i > 0 && p.Findings[i-1].Span.Compare(d.Span) > 0 {
			t.Errorf("%s: findings are not sorted", p.Show(p.Entry))
		}
	}
	for _, v := range p.Env.All() {
		if v.From == "" || v.Name == "" {
			t.Errorf("%s: variable %q came from nowhere", p.Show(p.Entry), v.Name)
		}
	}
}
