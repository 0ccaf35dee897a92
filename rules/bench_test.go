package rules

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

// BenchmarkLint runs all rules over the embedded examples, read before. Loaded is with the reading, as a run of the
// program has it.
func BenchmarkLint(b *testing.B) {
	for _, name := range fixtures.Names() {
		p := loadFor(b, project.Options{Path: "example:" + name})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lintAll(b, p)
			}
		})
		b.Run(name+"/loaded", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lintAll(b, loadFor(b, project.Options{Path: "example:" + name}))
			}
		})
	}
}

// BenchmarkLintSize says how the time of all rules grows with the text: a filter with more and more entries, in farms of
// a hundred.
func BenchmarkLintSize(b *testing.B) {
	for _, size := range []int{50 << 10, 1 << 20} {
		text := farms(size)
		p := loadFor(b, project.Options{FS: fstest.MapFS{"dispatcher.any": {Data: []byte(text)}}, Path: "dispatcher.any"})
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				lintAll(b, p)
			}
		})
	}
}

// farms returns a configuration of at least size bytes.
func farms(size int) string {
	const entries = 100
	var b strings.Builder
	b.WriteString("/farms {\n")
	for farm := 0; b.Len() < size; farm++ {
		fmt.Fprintf(&b, "/site%d {\n/virtualhosts { \"www%d.example.com\" }\n/renders { /0 { /hostname \"h%d\" /port \"4503\" /timeout \"1000\" } }\n/filter {\n/0001 { /type \"deny\" /url \"*\" }\n", farm, farm, farm)
		for entry := range entries {
			fmt.Fprintf(&b, "/%04d { /type \"allow\" /method \"GET\" /path '/content/site%d/section%d(/[a-z0-9-]+)*' /extension \"html\" }\n", entry+2, farm, entry)
		}
		b.WriteString("}\n}\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func loadFor(b *testing.B, o project.Options) *project.Project {
	b.Helper()
	p, err := project.Load(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func lintAll(b *testing.B, p *project.Project) {
	b.Helper()
	included := make(map[*source.File][]source.Span, len(p.Tree.Files))
	for _, f := range p.Tree.Files {
		included[f.Src] = p.Tree.Included(f)
	}
	r := lint.Run(b.Context(), &lint.Subject{
		Config: p.Config, Files: p.Tree.Files, Found: p.Findings, Profile: string(p.Kind), Immutable: p.Immutable, Oracle: p.Oracle(),
		Included: func(f *source.File) []source.Span { return included[f] },
	}, All(), nil, lint.RunOptions{})
	if len(r.Failures) > 0 || r.Err != nil {
		b.Fatal(r.Failures, r.Err)
	}
}
