package simulate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/testkit"
)

// TestReasonsHaveSections: docs/simulate/reasons.md has a section for each reason, in the same order, and for nothing
// else; and each reason is used somewhere.
func TestReasonsHaveSections(t *testing.T) {
	names, words := reasonConstants(t)
	text, err := os.ReadFile(filepath.Join(testkit.Root(t), "docs", "simulate", "reasons.md"))
	if err != nil {
		t.Fatal(err)
	}
	var sections []string
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			sections = append(sections, strings.TrimSpace(title))
		}
	}
	if diff := cmp.Diff(words, sections); diff != "" {
		t.Errorf("(-reason.go +reasons.md):\n%s", diff)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, f := range files {
		if f == "reason.go" || strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(b)
	}
	for _, name := range names {
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(code.String()) {
			t.Errorf("reason %s is not used", name)
		}
	}
}

// reasonConstants reads the constants of reason.go, and checks that each word is spelt once.
func reasonConstants(t *testing.T) (names, words []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			word, err := strconv.Unquote(spec.Values[i].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(words, word) {
				t.Errorf("reason %q is spelt twice", word)
			}
			names, words = append(names, name.Name), append(words, word)
		}
		return true
	})
	if len(words) < 20 {
		t.Fatalf("only %d reasons found", len(words))
	}
	return names, words
}

// TestStagesHaveFiles: a stage's name is that of its file and of its test's archives.
func TestStagesHaveFiles(t *testing.T) {
	for _, name := range Stages() {
		if _, err := os.Stat("stage_" + name + ".go"); err != nil {
			t.Error(err)
		}
	}
	files, err := filepath.Glob("stage_*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(f, "stage_"), ".go"), "_test")
		if !slices.Contains(Stages(), name) {
			t.Errorf("%s is of no stage", f)
		}
	}
}
