package include

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// loaded reads a configuration and returns what one rule finds in it.
func loaded(t *testing.T, files fstest.MapFS, entry string, r *lint.Rule) (*project.Project, []diag.Diagnostic) {
	t.Helper()
	p, err := project.Load(t.Context(), project.Options{FS: files, Path: entry})
	if err != nil {
		t.Fatal(err)
	}
	included := map[*source.File][]source.Span{}
	for _, f := range p.Tree.Files {
		included[f.Src] = p.Tree.Included(f)
	}
	s := lint.Subject{Config: p.Config, Files: p.Tree.Files, Included: func(f *source.File) []source.Span { return included[f] }}
	res := lint.Run(t.Context(), &s, []*lint.Rule{r}, nil, lint.RunOptions{})
	for _, f := range res.Failures {
		t.Fatalf("%v\n%s", f, f.Stack)
	}
	return p, res.Findings
}

// allows says which of some URLs the filter of the only farm lets through: the last rule that matches decides.
func allows(t *testing.T, c *model.Config) string {
	t.Helper()
	if len(c.Farms) != 1 || c.Farms[0].Filter == nil {
		t.Fatal("no filter")
	}
	var b strings.Builder
	for _, url := range []string{"/a", "/b", "/c", "/d"} {
		allow := false
		for _, r := range c.Farms[0].Filter.Rules {
			if r.URL.Match(url) {
				allow = r.Allow
			}
		}
		fmt.Fprintf(&b, "%s %t\n", url, allow)
	}
	return b.String()
}

// TestDuplicateIncludeFixSafe: whatever the order of lines, the fixes leave each decision as it is, and nothing to find.
func TestDuplicateIncludeFixSafe(t *testing.T) {
	lines := []string{
		"$include \"one.any\"\n", "$include \"two.any\"\n",
		"/3 { /type \"allow\" /url \"/a*\" }\n", "/4 { /type \"deny\" /url \"*\" }\n",
	}
	files := fstest.MapFS{
		"one.any": {Data: []byte("/1 { /type \"deny\" /url \"/[ab]\" }\n/2 { /type \"allow\" /url \"/c\" }\n")},
		"two.any": {Data: []byte("/5 { /type \"allow\" /url \"/[bd]\" }\n/6 { /type \"deny\" /url \"/c\" }\n")},
	}
	const length = 5
	fixed := 0
	for n := range 1 << (2 * length) {
		var b strings.Builder
		for i := range length {
			b.WriteString(lines[n>>(2*i)&3])
		}
		text := "/filter {\n" + b.String() + "}\n"
		files["site.any"] = &fstest.MapFile{Data: []byte(text)}
		want := ""
		for round := 0; ; round++ {
			p, found := loaded(t, files, "site.any", &duplicateInclude)
			now := allows(t, p.Config)
			if round == 0 {
				want = now
			}
			if now != want {
				t.Fatalf("%sbefore the fixes:\n%safter:\n%s%s", text, want, p.Tree.Root.Src.Text, now)
			}
			edits, taken, _ := lint.SelectFixes(found, false)
			if len(found) > 0 && len(taken) == 0 || round > length {
				t.Fatalf("%safter %d rounds: %s\n%s", text, round, found[0].Message, p.Tree.Root.Src.Text)
			}
			if len(taken) == 0 {
				break
			}
			fixed++
			after, err := diag.Apply(p.Tree.Root.Src, edits)
			if err != nil {
				t.Fatal(err)
			}
			files["site.any"] = &fstest.MapFile{Data: after}
		}
	}
	if fixed < 500 {
		t.Errorf("%d rounds of fixes: does the rule find them?", fixed)
	}
}

// TestAbsolutePathFixSafe: after the fix the configuration says the same.
func TestAbsolutePathFixSafe(t *testing.T) {
	files := fstest.MapFS{}
	examples := includeAbsolutePath.Doc.Examples(false)
	for _, f := range examples {
		files[f.Name] = &fstest.MapFile{Data: []byte(f.Text)}
	}
	entry := examples[0].Name
	p, found := loaded(t, files, entry, &includeAbsolutePath)
	edits, taken, _ := lint.SelectFixes(found, false)
	if len(taken) != 1 {
		t.Fatalf("%d fixes, want 1", len(taken))
	}
	after, err := diag.Apply(p.Tree.Root.Src, edits)
	if err != nil {
		t.Fatal(err)
	}
	files[entry] = &fstest.MapFile{Data: after}
	q, _ := loaded(t, files, entry, &includeAbsolutePath)
	var want, got strings.Builder
	if err := model.Fprint(&want, p.Config); err != nil {
		t.Fatal(err)
	}
	if err := model.Fprint(&got, q.Config); err != nil {
		t.Fatal(err)
	}
	if got.String() != want.String() {
		t.Errorf("before:\n%s\nafter:\n%s", want.String(), got.String())
	}
	if !strings.Contains(want.String(), "www.example.com") {
		t.Errorf("the included host is missing:\n%s", want.String())
	}
}
