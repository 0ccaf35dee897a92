package expand

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dispcheck/dispcheck/grammar"
)

// TestBombs: small trees that would grow without end stop at a bound, soon, with one error that says so.
func TestBombs(t *testing.T) {
	levels := func(n int, width int, leaf string) fstest.MapFS {
		files := fstest.MapFS{}
		for i := range n {
			for j := range width {
				files[fmt.Sprintf("l%02d/%d.any", i, j)] = &fstest.MapFile{Data: fmt.Appendf(nil, `$include "../l%02d/*.any"`, i+1)}
			}
		}
		for j := range width {
			files[fmt.Sprintf("l%02d/%d.any", n, j)] = &fstest.MapFile{Data: []byte(leaf)}
		}
		files["a.any"] = &fstest.MapFile{Data: []byte(`$include "l00/0.any"`)}
		return files
	}
	lines := func(n int, line string) []byte { return []byte(strings.Repeat(line+"\n", n)) }
	chain := fstest.MapFS{}
	for i := range MaxIncludeDepth + 5 {
		chain[fmt.Sprintf("%d.any", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "/n%d \"x\"\n$include \"%d.any\"", i, i+1)}
	}
	chain["a.any"] = &fstest.MapFile{Data: []byte(`$include "0.any"`)}
	big := strings.Repeat("v", 1<<20)
	for _, tc := range []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"two by two, 40 deep", levels(40, 2, `/x "1"`), "includes more than 10000 files"},
		{"ten by ten, with nothing in it", levels(30, 10, ""), "includes more than 10000 files"},
		{"few files, many items", fstest.MapFS{
			"a.any": {Data: lines(1000, `$include "b.any"`)}, "b.any": {Data: lines(2000, `"x"`)},
		}, "more than 1000000 items"},
		{"a chain", chain, "more than 50 deep"},
		{"values that grow", fstest.MapFS{"a.any": {Data: lines(1000, `"${BIG}"`)}}, "the values put in have more than"},
		{"one value that grows", fstest.MapFS{"a.any": {Data: []byte(`"` + strings.Repeat("${BIG}", 1000) + `"`)}}, "the values put in have more than"},
		{"wildcards that match nothing", fstest.MapFS{
			"a.any": {Data: lines(200_000, `$include "n*.any"`)},
		}, "$include lines"},
		{"wildcards over many names", func() fstest.MapFS {
			files := fstest.MapFS{"a.any": {Data: lines(20_000, `$include "d/*z.any"`)}}
			for i := range 2000 {
				files[fmt.Sprintf("d/%d.any", i)] = &fstest.MapFile{}
			}
			return files
		}(), "looks at more than"},
		{"blocks", fstest.MapFS{"a.any": {Data: []byte(strings.Repeat("{", 300))}}, "nested more than"},
		{"a file that is too large", fstest.MapFS{"a.any": {Data: []byte(`$include "b.any"`)}, "b.any": {Data: make([]byte, grammar.MaxFileSize+1)}}, "more than the 16777216 that are read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			start := time.Now()
			tree, err := File("a.any", Options{FS: tc.files, Lookup: func(string) (Variable, bool) { return Variable{Value: big}, true }})
			if err != nil {
				t.Fatal(err)
			}
			checkTree(t, tree)
			if len(tree.Fatal) != 1 || !strings.Contains(tree.Fatal[0].Message, tc.want) {
				t.Errorf("got %v, want one error with %q", tree.Fatal, tc.want)
			}
			if tree.Err() == nil {
				t.Error("Err knows nothing")
			}
			t.Logf("%v, %d files", time.Since(start).Round(time.Millisecond), len(tree.Files))
		})
	}
}
