package decisiondiff_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
)

// BenchmarkCompare compares a configuration with one edit of it, from the loaded models on: "load" is what comes before that,
// for one side.
func BenchmarkCompare(b *testing.B) {
	trees := examples(b)
	if corpus := os.Getenv("DISPCHECK_CORPUS"); corpus != "" {
		trees = append(trees, copyTree(b, "corpus-wknd", os.DirFS(filepath.Join(corpus, "adobe__aem-guides-wknd", "dispatcher", "src"))))
	}
	for _, t := range trees {
		var sides []*decisiondiff.Side
		for _, m := range mutants(b, t, 30, 3) {
			if s := t.edited(b, m.texts); s != nil {
				sides = append(sides, s)
			}
		}
		b.Run(t.name+"/load", func(b *testing.B) {
			for b.Loop() {
				load(b, t.dir)
			}
		})
		b.Run(t.name+"/diff", func(b *testing.B) {
			requests := 0
			for i := 0; b.Loop(); i++ {
				res, err := decisiondiff.Compare(b.Context(), t.side, sides[i%len(sides)], decisiondiff.Options{Generate: true})
				if err != nil {
					b.Fatal(err)
				}
				requests += res.Distinct
			}
			b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
		})
		b.Run(t.name+"/same", func(b *testing.B) {
			for b.Loop() {
				if _, err := decisiondiff.Compare(b.Context(), t.side, t.side, decisiondiff.Options{Generate: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
