package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

func TestSelectFixes(t *testing.T) {
	f := source.NewFile("a.any", []byte("abcd\nefgh\n"))
	g := source.NewFile("b.any", []byte("0123"))
	edit := func(file *source.File, start, end int, text string) diag.Edit {
		return diag.Edit{Span: file.Span(start, end), New: text}
	}
	fix := func(safe bool, edits ...diag.Edit) diag.Fix { return diag.Fix{Safe: safe, Edits: edits} }
	at := func(file *source.File, start int, fixes ...diag.Fix) diag.Diagnostic {
		return diag.Diagnostic{Rule: "DSP801", Span: file.Span(start, start+1), Message: fmt.Sprint(start), Fixes: fixes}
	}
	for _, tt := range []struct {
		name   string
		ds     []diag.Diagnostic
		unsafe bool
		want   []string // texts after the edits
		taken  []string
		left   int
	}{
		{"none", []diag.Diagnostic{at(f, 0)}, true, nil, nil, 0},
		{"safe", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 0, 1, "A")))}, false, []string{"Abcd\nefgh\n"}, []string{"0"}, 0},
		{"unsafe is not asked for", []diag.Diagnostic{at(f, 0, fix(false, edit(f, 0, 1, "A")))}, false, nil, nil, 0},
		{"unsafe", []diag.Diagnostic{at(f, 0, fix(false, edit(f, 0, 1, "A")))}, true, []string{"Abcd\nefgh\n"}, []string{"0"}, 0},
		{"the first that is safe", []diag.Diagnostic{at(f, 0, fix(false, edit(f, 0, 1, "A")), fix(true, edit(f, 0, 1, "B")), fix(true, edit(f, 0, 1, "C")))}, false, []string{"Bbcd\nefgh\n"}, []string{"0"}, 0},
		{"the first of all", []diag.Diagnostic{at(f, 0, fix(false, edit(f, 0, 1, "A")), fix(true, edit(f, 0, 1, "B")))}, true, []string{"Abcd\nefgh\n"}, []string{"0"}, 0},
		{"the earlier place wins", []diag.Diagnostic{at(f, 1, fix(true, edit(f, 1, 3, "B"))), at(f, 0, fix(true, edit(f, 0, 2, "A")))}, false, []string{"Acd\nefgh\n"}, []string{"0"}, 1},
		{"insertions at one place", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 0, 0, "A"))), at(f, 1, fix(true, edit(f, 0, 0, "B")))}, false, []string{"Aabcd\nefgh\n"}, []string{"0"}, 1},
		{"insertion before a change", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 1, 2, "A"))), at(f, 1, fix(true, edit(f, 1, 1, "B")))}, false, []string{"aAcd\nefgh\n"}, []string{"0"}, 1},
		{"insertion behind a change", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 1, 2, "A"))), at(f, 1, fix(true, edit(f, 2, 2, "B")))}, false, []string{"aAcd\nefgh\n"}, []string{"0"}, 1},
		{"insertion inside a change", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 0, 4, "A"))), at(f, 1, fix(true, edit(f, 2, 2, "B")))}, false, []string{"A\nefgh\n"}, []string{"0"}, 1},
		{"changes that meet", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 0, 2, ""))), at(f, 1, fix(true, edit(f, 2, 4, "")))}, false, []string{"cd\nefgh\n"}, []string{"0"}, 1},
		{"lines that meet", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 0, 5, ""))), at(f, 5, fix(true, edit(f, 5, 10, "")))}, false, []string{""}, []string{"0", "5"}, 0},
		{"apart", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 0, 1, "A"))), at(f, 2, fix(true, edit(f, 2, 3, "C")))}, false, []string{"AbCd\nefgh\n"}, []string{"0", "2"}, 0},
		{"whole or not at all", []diag.Diagnostic{
			at(f, 0, fix(true, edit(f, 0, 1, "A"))),
			at(f, 2, fix(true, edit(f, 7, 8, "C"), edit(f, 0, 1, "x"), edit(g, 0, 1, "x"))),
			at(g, 0, fix(true, edit(g, 0, 1, "G"))),
		}, false, []string{"Abcd\nefgh\n", "G123"}, []string{"0", "0"}, 1},
		{"a fix over several files", []diag.Diagnostic{at(f, 0, fix(true, edit(g, 3, 4, ""), edit(f, 0, 1, "")))}, false, []string{"bcd\nefgh\n", "012"}, []string{"0"}, 0},
		{"edits of one fix may meet", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 2, 3, "2"), edit(f, 1, 2, "1")))}, false, []string{"a12d\nefgh\n"}, []string{"0"}, 0},
		{"edits of one fix overlap", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 0, 3, "2"), edit(f, 1, 2, "1")))}, false, nil, nil, 1},
		{"outside the text", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 0, 300, "2")))}, false, nil, nil, 1},
		{"nowhere", []diag.Diagnostic{at(f, 0, fix(true, diag.Edit{New: "x"}))}, false, nil, nil, 1},
		{"without edits", []diag.Diagnostic{at(f, 0, fix(true), fix(true, edit(f, 0, 1, "A")))}, false, []string{"Abcd\nefgh\n"}, []string{"0"}, 0},
		{"the same text", []diag.Diagnostic{at(f, 0, fix(true, edit(f, 0, 1, "a")))}, false, nil, []string{"0"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			edits, taken, left := lint.SelectFixes(tt.ds, tt.unsafe)
			changed, err := lint.ApplyEdits(edits)
			if err != nil {
				t.Fatal(err)
			}
			var texts, names []string
			for _, c := range changed {
				texts = append(texts, string(c.Text))
			}
			for _, d := range taken {
				names = append(names, d.Message)
			}
			if diff := cmp.Diff(tt.want, texts); diff != "" {
				t.Errorf("texts: %s", diff)
			}
			if diff := cmp.Diff(tt.taken, names); diff != "" || left != tt.left {
				t.Errorf("%d left, want %d; taken: %s", left, tt.left, diff)
			}
		})
	}
}

// TestSelectFixesAlways: whatever fixes there are, the edits that are picked can be made, and no two touch.
func TestSelectFixesAlways(t *testing.T) {
	f := source.NewFile("a.any", []byte("abc\ndef\nghi\n"))
	n := uint32(1)
	next := func(below int) int {
		n = n*1664525 + 1013904223
		return int(n>>16) % below
	}
	for range 2000 {
		var ds []diag.Diagnostic
		fixes := 0
		for range 1 + next(8) {
			x := diag.Fix{Safe: true}
			for range 1 + next(3) {
				start := next(len(f.Text))
				x.Edits = append(x.Edits, diag.Edit{Span: f.Span(start, min(start+next(4), len(f.Text))), New: "x"})
			}
			ds = append(ds, diag.Diagnostic{Span: f.Span(next(12), 12), Fixes: []diag.Fix{x}})
			fixes++
		}
		edits, taken, left := lint.SelectFixes(ds, false)
		if _, err := lint.ApplyEdits(edits); err != nil {
			t.Fatalf("%v: %v", ds, err)
		}
		if len(taken)+left != fixes {
			t.Fatalf("%d taken and %d left of %d", len(taken), left, fixes)
		}
	}
}

func TestApplyEditsOverlap(t *testing.T) {
	f := source.NewFile("a.any", []byte("abcd"))
	if _, err := lint.ApplyEdits([]diag.Edit{{Span: f.Span(0, 2)}, {Span: f.Span(1, 3)}}); err == nil {
		t.Error("edits that overlap were made")
	}
}

// TestApplyEditsLayout: what was laid out is laid out again, and nothing else is.
func TestApplyEditsLayout(t *testing.T) {
	for _, tt := range []struct{ name, text, old, new, want string }{
		{"columns", "/f {\n\t/0001 { /type \"deny\"  /url \"*\" }\n\t/0002 { /type \"allow\" /url \"/a\" }\n}\n", "allow", "deny",
			"/f {\n\t/0001 { /type \"deny\" /url \"*\" }\n\t/0002 { /type \"deny\" /url \"/a\" }\n}\n"},
		{"not laid out before", "/f {\n  /0001 { /type \"deny\"  /url \"*\" }\n  /0002 { /type \"allow\" /url \"/a\" }\n}\n", "allow", "deny",
			"/f {\n  /0001 { /type \"deny\"  /url \"*\" }\n  /0002 { /type \"deny\" /url \"/a\" }\n}\n"},
		{"line ends of another system", "/f {\r\n\t/a \"1\"\r\n}\r\n", "\"1\"", "\"2\"", "/f {\r\n\t/a \"2\"\r\n}\r\n"},
		{"not to be read after", "/f {\n\t/a \"1\"\n}\n", "}", "", "/f {\n\t/a \"1\"\n\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("a.any", []byte(tt.text))
			at := strings.Index(tt.text, tt.old)
			changed, err := lint.ApplyEdits([]diag.Edit{{Span: f.Span(at, at+len(tt.old)), New: tt.new}})
			if err != nil || len(changed) != 1 {
				t.Fatalf("%d files, %v", len(changed), err)
			}
			if diff := cmp.Diff(tt.want, string(changed[0].Text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
