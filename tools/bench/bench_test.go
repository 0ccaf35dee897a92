package bench

import (
	"bytes"
	"errors"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"mvdan.cc/sh/v3/syntax"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/source"
)

var sizes = []struct {
	name string
	n    int
}{{"4KB", 4 << 10}, {"50KB", 50 << 10}, {"1MB", 1 << 20}}

// measure runs one operation over a text of each size.
func measure(b *testing.B, tool string, n notation, op func(text []byte) error) {
	for _, s := range sizes {
		b.Run("size="+s.name+"/tool="+tool, func(b *testing.B) {
			text := n.write(s.n)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := op(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParse: text to tree. The goal is to be no slower than hclsyntax, better than shfmt's parser.
func BenchmarkParse(b *testing.B) {
	measure(b, "dispcheck", anyNotation, func(text []byte) error {
		if f := grammar.Parse(source.NewFile("bench.any", text)); f.Exceeded != nil {
			return f.Exceeded
		}
		return nil
	})
	measure(b, "dispcheck-httpd", httpdNotation, func(text []byte) error {
		if f := httpd.Parse(source.NewFile("bench.conf", text)); len(f.Items) == 0 {
			return errors.New("empty tree")
		}
		return nil
	})
	measure(b, "hclsyntax", hclNotation, func(text []byte) error {
		_, diags := hclsyntax.ParseConfig(text, "bench.hcl", hcl.InitialPos)
		if diags.HasErrors() {
			return diags
		}
		return nil
	})
	measure(b, "shfmt", shellNotation, func(text []byte) error {
		_, err := syntax.NewParser(syntax.KeepComments(true)).Parse(bytes.NewReader(text), "bench.sh")
		return err
	})
}

// BenchmarkFormat: text to formatted text. The goal is three times shfmt, better eight.
func BenchmarkFormat(b *testing.B) {
	measure(b, "dispcheck", anyNotation, func(text []byte) error {
		grammar.FormatText(text, grammar.FormatOptions{})
		return nil
	})
	measure(b, "hclwrite", hclNotation, func(text []byte) error {
		hclwrite.Format(text)
		return nil
	})
	measure(b, "shfmt", shellNotation, func(text []byte) error {
		f, err := syntax.NewParser(syntax.KeepComments(true)).Parse(bytes.NewReader(text), "bench.sh")
		if err != nil {
			return err
		}
		var out bytes.Buffer
		return syntax.NewPrinter().Print(&out, f)
	})
}

// BenchmarkBaseline is what the machine can do at all: how long it takes to copy the text.
func BenchmarkBaseline(b *testing.B) {
	var out []byte
	measure(b, "memcpy", anyNotation, func(text []byte) error {
		out = append(out[:0], text...)
		return nil
	})
}
