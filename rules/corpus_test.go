package rules

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
)

// TestCorpusFindings runs all rules over each real configuration: none breaks off, and of a file that must not be changed
// nothing worse than an info is told. With -v it prints how much each rule finds.
func TestCorpusFindings(t *testing.T) {
	dir := testkit.CorpusDir(t)
	var found ruleCount
	projects := 0
	eachProject(t, dir, func(p *project.Project) {
		projects++
		for _, d := range lintLoaded(t, p).Findings {
			platform := ofPlatform(p, d)
			if platform && tooLoud(d) {
				t.Errorf("%s, in a file that must not be changed", said(d))
			}
			found.add(d, platform)
		}
	})
	if projects == 0 {
		t.Skipf("no configuration in %s", dir)
	}
	t.Logf("%d configurations\n%s", projects, &found)
}

// eachProject loads every configuration below a folder once: whole trees, and single files dispatcher.any.
func eachProject(t *testing.T, dir string, do func(*project.Project)) {
	t.Helper()
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := filepath.Base(path)
		if e.IsDir() && (base == "conf" || base == "conf.dispatcher.d") || !e.IsDir() && base != "dispatcher.any" {
			return nil // the folder above them is the tree
		}
		p, err := project.Load(t.Context(), project.Options{Path: path, WorkDir: dir})
		if err != nil || p.Tree == nil || seen[p.Show(p.Entry)] {
			return nil // a folder without a configuration
		}
		seen[p.Show(p.Entry)] = true
		do(p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A ruleCount counts findings by rule.
type ruleCount struct{ rules map[string]*count }

type count struct {
	bySeverity [diag.Error + 1]int
	platform   int // of them in files that must not be changed
	files      map[string]bool
}

func (f *ruleCount) add(d diag.Diagnostic, platform bool) {
	if f.rules == nil {
		f.rules = map[string]*count{}
	}
	c := f.rules[d.Rule]
	if c == nil {
		c = &count{files: map[string]bool{}}
		f.rules[d.Rule] = c
	}
	c.bySeverity[d.Severity]++
	if platform {
		c.platform++
	}
	if d.Span.File != nil {
		c.files[d.Span.File.Name] = true
	}
}

// String is the table, a line for each rule.
func (f *ruleCount) String() string {
	var b strings.Builder
	row := func(id string, c *count, files any) {
		fmt.Fprintf(&b, "%-6s %6d %8d %5d %5d %9d %6v\n", id, c.bySeverity[diag.Error], c.bySeverity[diag.Warning], c.bySeverity[diag.Info], c.bySeverity[diag.Hint], c.platform, files)
	}
	b.WriteString("rule    error  warning  info  hint  platform  files\n")
	var all count
	ids := make([]string, 0, len(f.rules))
	for id := range f.rules {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		c := f.rules[id]
		row(id, c, len(c.files))
		for s, n := range c.bySeverity {
			all.bySeverity[s] += n
		}
		all.platform += c.platform
	}
	row("all", &all, "")
	return b.String()
}
