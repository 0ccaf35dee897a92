package cloud

import (
	"io/fs"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/project"
)

// TestKnown: the platform's files of the embedded example are among the versions that are known, and there is a version of
// each file that projects must not change.
func TestKnown(t *testing.T) {
	example, err := fixtures.Open("cloud")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range project.ImmutableFiles() {
		all := versionsOf(name)
		if published(name) == 0 {
			t.Errorf("%s: no version is known", name)
		}
		sums := map[string]bool{}
		for _, k := range all {
			if len(k.sum) != 64 || sums[k.sum] {
				t.Errorf("%s: sum %s is none, or there twice", name, k.sum)
			}
			sums[k.sum] = true
		}
		text, err := fs.ReadFile(example, name)
		if err != nil {
			continue
		}
		seen++
		if !sums[sumOf(text)] {
			t.Errorf("%s of the example is not known: its sum is %s", name, sumOf(text))
		}
	}
	if seen == 0 {
		t.Error("the example has none of the files")
	}
	if versionsOf("conf.d/rewrites/rewrite.rules") != nil {
		t.Error("a file of projects has versions")
	}
}

func TestSumOf(t *testing.T) {
	if sumOf([]byte("/a {\r\n\t\"b\"\r\n}")) != sumOf([]byte("/a {\n  \"b\" }\n")) {
		t.Error("white space counts")
	}
	if sumOf([]byte("a")) == sumOf([]byte("b")) {
		t.Error("text does not count")
	}
}
