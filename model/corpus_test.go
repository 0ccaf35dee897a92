package model

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/source"
)

// TestCorpus decodes real texts, each alone: nothing in them is lost, and printing and decoding again gives
// the same.
func TestCorpus(t *testing.T) {
	for _, src := range testkit.Corpus(t, ".any", ".farm", ".any-sm") {
		t.Run(src.Name, func(t *testing.T) {
			tree := grammar.Parse(src)
			for _, fragment := range []bool{true, false} {
				c, found := Decode(tree.Items, Options{Fragment: fragment})
				lawsOfDecode(t, tree.Items, c, found)
				roundTrip(t, c)
			}
		})
	}
}

// TestCorpusFragments: nearly all real texts are recognised as the part of a configuration that they are.
func TestCorpusFragments(t *testing.T) {
	unrecognised := 0
	files := testkit.Corpus(t, ".any", ".farm")
	for _, src := range files {
		tree := grammar.Parse(src)
		c, _ := Decode(tree.Items, Options{Fragment: true})
		content := false
		for _, it := range tree.Items {
			switch it.(type) {
			case *grammar.Property, *grammar.Block:
				content = true
			}
		}
		if content && len(c.Farms) == 0 && c.FarmsAt.Span.IsZero() {
			t.Logf("%s is not recognised", src.Name)
			unrecognised++
		}
	}
	if unrecognised*50 > len(files) {
		t.Errorf("%d of %d texts are not recognised", unrecognised, len(files))
	}
}

// roundTrip fails the test where printing and decoding again does not give the same configuration.
func roundTrip(tb testing.TB, c *Config) {
	tb.Helper()
	printed := printText(tb, c)
	again, _ := Decode(grammar.Parse(source.NewFile("printed.any", []byte(printed))).Items, Options{})
	if diff := cmp.Diff(printed, printText(tb, again)); diff != "" {
		tb.Errorf("printed and decoded again (-first +second):\n%s", diff)
	}
}

func printText(tb testing.TB, c *Config) string {
	tb.Helper()
	var b strings.Builder
	if err := Fprint(&b, c); err != nil {
		tb.Fatal(err)
	}
	s := b.String()
	if strings.HasPrefix(s, "# completed") {
		_, s, _ = strings.Cut(s, "\n")
	}
	return s
}
