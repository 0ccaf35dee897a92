package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
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

// BenchmarkLintCorpus reads and lints the WKND project of the corpus, as a run of the program does.
func BenchmarkLintCorpus(b *testing.B) {
	dir := filepath.Join(testkit.CorpusDir(b), "adobe__aem-guides-wknd", "dispatcher", "src")
	if _, err := os.Stat(dir); err != nil {
		b.Skip("the corpus has no WKND")
	}
	b.ReportAllocs()
	for b.Loop() {
		lintAll(b, loadFor(b, project.Options{FS: os.DirFS(dir), Path: "."}))
	}
}

// BenchmarkLintSize says how the time of all rules grows with the text. What a byte costs (ns/byte) is to stay the same within
// 1.3 times from 50 KB to 1 MB: in farms, whose filters have a hundred entries as people write them, and in one farm whose
// filter has them all.
func BenchmarkLintSize(b *testing.B) {
	for _, shape := range []struct {
		name    string
		entries int // of a farm
	}{{"farms", 100}, {"farm", 1 << 20}} {
		for _, size := range []int{50 << 10, 200 << 10, 1 << 20} {
			text := farms(size, shape.entries)
			p := loadFor(b, project.Options{FS: fstest.MapFS{"dispatcher.any": {Data: []byte(text)}}, Path: "dispatcher.any"})
			b.Run(fmt.Sprintf("%s/%dKB", shape.name, size>>10), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					lintAll(b, p)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(text)), "ns/byte")
			})
		}
	}
}

// farms returns a configuration of at least size bytes, with farms of so many filter entries at most.
func farms(size, entries int) string {
	lines := []string{
		`/type "allow" /method "GET" /path "/content/site%d/section%d/*" /extension "html"`,
		`/type "allow" /method "GET" /path '/content/site%d/section%d(/[a-z0-9-]+)*' /extension "html"`,
		`/type "allow" /url "/etc.clientlibs/site%d/lib%d/*"`,
		`/type "deny" /url "/content/site%d/section%d/*" /selectors '(feed|rss|infinity|tidy|[0-9-]+)' /extension '(json|xml|html)'`,
		`/type "allow" /path "/content/dam/site%d/folder%d/*" /extension '(png|jpe?g|svg)'`,
		`/type "allow" /method "POST" /url "/content/site%d/forms/form%d.html"`,
		`/type "allow" /method "GET" /url "/bin/site%d/search%d.json"`,
		`/type "deny" /url "/content/site%d/internal%d/*"`,
	}
	var b strings.Builder
	b.WriteString("/farms {\n")
	for farm := 0; b.Len() < size; farm++ {
		fmt.Fprintf(&b, "/site%d {\n/virtualhosts { \"www%d.example.com\" }\n/renders { /0 { /hostname \"h%d\" /port \"4503\" /timeout \"1000\" } }\n/filter {\n/0001 { /type \"deny\" /url \"*\" }\n", farm, farm, farm)
		for entry := 0; entry < entries && b.Len() < size; entry++ {
			fmt.Fprintf(&b, "/%04d { %s }\n", entry+2, fmt.Sprintf(lines[entry%len(lines)], farm, entry))
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
	s, err := p.Subject(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	r := lint.Run(b.Context(), s, All(), nil, lint.RunOptions{})
	if len(r.Failures) > 0 || r.Err != nil {
		b.Fatal(r.Failures, r.Err)
	}
}
