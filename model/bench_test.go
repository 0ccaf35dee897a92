package model

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/source"
)

// large is a configuration of some 50 kB, as a big project has in all its files: mostly filter rules.
func large() string {
	var b strings.Builder
	b.WriteString("/name \"x\"\n/farms {\n")
	for farm := range 3 {
		fmt.Fprintf(&b, "\t/publish%d {\n\t\t/clientheaders { \"Host\" \"Cookie\" \"Authorization\" }\n\t\t/virtualhosts { \"www%d.example.com\" }\n", farm, farm)
		b.WriteString("\t\t/renders { /rend01 { /hostname \"10.0.0.1\" /port \"4503\" } }\n\t\t/filter {\n\t\t\t/0001 { /type \"deny\" /url \"*\" }\n")
		for rule := range 130 {
			fmt.Fprintf(&b, "\t\t\t/%04d { /type \"allow\" /method \"GET\" /extension '(css|eot|gif|ico|jpeg|jpg|js|gif|pdf|png)' /path \"/content/site%d/*\" }\n", rule+10, rule)
		}
		b.WriteString("\t\t}\n\t\t/cache {\n\t\t\t/docroot \"/var/www\"\n\t\t\t/rules { /0000 { /glob \"*\" /type \"allow\" } }\n\t\t}\n\t}\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func BenchmarkDecode(b *testing.B) {
	b.Run("50 kB", func(b *testing.B) {
		text := large()
		tree := grammar.Parse(source.NewFile("large.any", []byte(text)))
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if c, _ := Decode(tree.Items, Options{}); len(c.Farms) != 3 {
				b.Fatal("farms are missing")
			}
		}
	})
	b.Run("corpus", func(b *testing.B) {
		var trees []*grammar.File
		n := 0
		for _, src := range testkit.Corpus(b, ".any", ".farm") {
			trees = append(trees, grammar.Parse(src))
			n += len(src.Text)
		}
		b.SetBytes(int64(n))
		b.ReportAllocs()
		for b.Loop() {
			for _, t := range trees {
				Decode(t.Items, Options{Fragment: true})
			}
		}
	})
}
