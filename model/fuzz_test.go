package model

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// FuzzDecode: whatever the text, decoding it loses nothing, points nowhere outside it, and printing and
// decoding again gives the same.
func FuzzDecode(f *testing.F) {
	paths, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		in, _ := splitCase(a.Files)
		for _, file := range in {
			f.Add(file.Data, true, "")
			f.Add(file.Data, false, "4.1.9")
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, fragment bool, version string) {
		tree := grammar.Parse(source.NewFile("fuzz.any", text))
		c, found := Decode(tree.Items, Options{Fragment: fragment, DispatcherVersion: version})
		lawsOfDecode(t, tree.Items, c, found)
		if version == "" && printable(text) {
			roundTrip(t, c)
		}
	})
}

// printable reports whether a text has only names and values that can be written in the notation: what is
// read of a broken file need not be.
func printable(text []byte) bool {
	for _, t := range grammar.Scan(text, nil) {
		switch t.Kind {
		case grammar.Broken, grammar.Odd:
			return false
		}
	}
	return true
}
