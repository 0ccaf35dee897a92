package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
)

// BenchmarkLastMatch: what the rules take that compare the entries of sections, on projects as people have them.
func BenchmarkLastMatch(b *testing.B) {
	var family []*lint.Rule
	for _, id := range []string{"DSP153", "DSP185", "DSP186", "DSP187", "DSP188", "DSP316", "DSP319", "DSP320"} {
		if r := Find(id); r != nil {
			family = append(family, r)
		}
	}
	run := func(name string, fsys fs.FS) {
		b.Run(name, func(b *testing.B) {
			p, err := project.Load(b.Context(), project.Options{FS: fsys, Path: "."})
			if err != nil {
				b.Fatal(err)
			}
			s := lint.Subject{Config: p.Config, Files: p.Tree.Files, Profile: string(p.Kind), Immutable: p.Immutable}
			entries := 0
			for _, f := range p.Config.Farms {
				if f.Filter != nil {
					entries += len(f.Filter.Rules)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if r := lint.Run(b.Context(), &s, family, nil, lint.RunOptions{}); len(r.Failures) > 0 {
					b.Fatal(r.Failures[0])
				}
			}
			b.ReportMetric(float64(entries), "filter-rules")
		})
	}
	for _, name := range fixtures.Names() {
		fsys, err := fixtures.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		run(name, fsys)
	}
	b.Run("corpus", func(b *testing.B) {
		dir := filepath.Join(testkit.CorpusDir(b), "adobe__aem-guides-wknd", "dispatcher", "src")
		if _, err := os.Stat(dir); err != nil {
			b.Skip("the corpus has no WKND")
		}
		run("wknd", os.DirFS(dir))
	})
}
