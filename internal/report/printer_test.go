package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name, or rewrites the file under -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run with -update to write it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// find returns the span of the first occurrence of text.
func find(t *testing.T, f *source.File, text string) source.Span {
	t.Helper()
	i := bytes.Index(f.Text, []byte(text))
	if i < 0 {
		t.Fatalf("%q is not in %s", text, f.Name)
	}
	return f.Span(i, i+len(text))
}

func findings(t *testing.T) []diag.Diagnostic {
	main := source.NewFile("dispatcher.any", []byte("/farms {\n\t$include \"farms/*.farm\"\n}\n"))
	farm := source.NewFile("farms/a.farm", []byte("/publish {\n\t/filter {\n\t\t/0001 { /type \"allow\"\t/url \"größe*\" /junk }\n\t\t/0002 \"日本\" x\r\n\t}\n"+
		"\t/long \""+strings.Repeat("abcdefghi ", 30)+"HERE"+strings.Repeat(" jklmnopqr", 60)+"\"\n\t/evil \"\x1b[31mred\u202etxt\xff\"\n}"))
	inc := find(t, main, `$include "farms/*.farm"`)
	lines := farm.Line(3).To(farm.Line(5))
	return []diag.Diagnostic{
		{Rule: "DSP007", Severity: diag.Error, Span: find(t, farm, "/junk"), Message: "property /junk has no value", Why: "the default holds", Hint: "write /junk \"…\"",
			Included: []source.Span{inc}},
		{Rule: "DSP100", Severity: diag.Warning, Span: find(t, farm, "x\r\n").File.Span(int(find(t, farm, " x\r").Start)+1, int(find(t, farm, " x\r").End)-1), Message: "value x stands alone",
			Related: []diag.Related{{Span: find(t, farm, `"日本"`), Message: "the value is here"}},
			Fixes:   []diag.Fix{{Title: "remove x", Safe: true}, {Title: "join the two values"}}},
		{Rule: "DSP101", Severity: diag.Info, Span: find(t, farm, "HERE"), Message: "the word stands far to the right"},
		{Rule: "DSP102", Severity: diag.Hint, Span: lines, Message: "the rules fill several lines"},
		{Rule: "DSP103", Severity: diag.Error, Span: find(t, farm, "red"), Message: "text \x1b[31m is dressed up\nand goes on"},
		{Rule: "DSP104", Severity: diag.Error, Span: farm.Span(len(farm.Text), len(farm.Text)), Message: "the file ends here"},
		{Severity: diag.Error, Message: "a finding without a place", Hint: "look around"},
	}
}

func TestText(t *testing.T) {
	ds := findings(t)
	for _, tt := range []struct {
		name string
		p    Printer
	}{
		{"plain", Printer{}},
		{"color", Printer{Color: true}},
		{"prefix", Printer{Prefix: "dispatcher/src/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := tt.p.Text(&b, ds); err != nil {
				t.Fatal(err)
			}
			golden(t, "text-"+tt.name+".golden", b.Bytes())
		})
	}
}

func TestCompact(t *testing.T) {
	var b bytes.Buffer
	if err := new(Printer).Compact(&b, findings(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "compact.golden", b.Bytes())
}

func TestFindingJSON(t *testing.T) {
	var fs []Finding
	for _, d := range findings(t) {
		fs = append(fs, NewFinding(&d, ""))
	}
	var b bytes.Buffer
	if err := JSON(&b, fs); err != nil {
		t.Fatal(err)
	}
	golden(t, "findings.json.golden", b.Bytes())
	b.Reset()
	if err := JSONLine(&b, fs[0]); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "\n"); got != 1 {
		t.Errorf("JSONLine wrote %d line ends, want 1: %s", got, b.String())
	}
}

// The carets must stand under the text at fault as a terminal shows it.
func TestCarets(t *testing.T) {
	tests := []struct {
		name, text, fault, wantLine, wantCarets string
	}{
		{"plain", "/a \"b\" x", "x", `/a "b" x`, "       ^"},
		{"tabs", "\t\t/a\tx", "x", "        /a  x", "            ^"},
		{"tab after two columns", "/a\t/b", "/b", "/a  /b", "    ^^"},
		{"wide characters", "\"日本\" x", "x", `"日本" x`, "       ^"},
		{"fault is wide", "\"日本\"", "日本", `"日本"`, " ^^^^"},
		{"combining mark", "\"e\u0301\" x", "x", "\"e\u0301\" x", "    ^"},
		{"control byte", "a\x01 x", "x", "a␁ x", "   ^"},
		{"zero width", "a\u200b x", "x", "a<U+200B> x", "          ^"},
		{"not UTF-8", "\xff\xfe x", "x", "\ufffd\ufffd x", "   ^"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("t.any", []byte("first\n"+tt.text+"\r\nlast"))
			s := find(t, f, tt.fault)
			line, from, to := shown(s, s.Position())
			if line != tt.wantLine {
				t.Errorf("line is %q, want %q", line, tt.wantLine)
			}
			if got := strings.Repeat(" ", from) + strings.Repeat("^", to-from); got != tt.wantCarets {
				t.Errorf("carets are %q, want %q", got, tt.wantCarets)
			}
		})
	}
}

func TestPlaceCountsCharacters(t *testing.T) {
	f := source.NewFile("a/b.any", []byte("größe x\nyy"))
	tests := []struct {
		name   string
		span   source.Span
		prefix string
		want   Place
	}{
		{"after wide bytes", find(t, f, "x"), "", Place{"a/b.any", 1, 7, 1, 8}},
		{"over lines", f.Span(9, 11), "", Place{"a/b.any", 1, 8, 2, 2}},
		{"prefix", find(t, f, "yy"), "p", Place{"p/a/b.any", 2, 1, 2, 3}},
		{"prefix with slash", find(t, f, "yy"), "../p/", Place{"../p/a/b.any", 2, 1, 2, 3}},
		{"none", source.Span{}, "p", Place{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, PlaceOf(tt.span, tt.prefix)); diff != "" {
				t.Errorf("place (-want +got):\n%s", diff)
			}
		})
	}
	if got, want := Path("p", "<stdin>"), "<stdin>"; got != want {
		t.Errorf("Path gives %q for standard input, want %q", got, want)
	}
}

// FuzzText holds the printer to its promises for any text and any span: no panic, no raw control bytes,
// and lines of bounded length.
func FuzzText(f *testing.F) {
	f.Add([]byte("/a {\n\t/b \"日本\" x\r\n}"), 5, 9)
	f.Add([]byte("\xff\x1b[31m\u202e\t\x00"), 0, 3)
	f.Add([]byte(strings.Repeat("x", 5000)), 4000, 5000)
	f.Add([]byte{}, 0, 0)
	f.Fuzz(func(t *testing.T, text []byte, start, end int) {
		src := source.NewFile("t.any", text)
		start = min(max(start, 0), len(text))
		end = min(max(end, start), len(text))
		var b bytes.Buffer
		p := Printer{}
		if err := p.Text(&b, []diag.Diagnostic{{Severity: diag.Error, Span: src.Span(start, end), Message: "here"}}); err != nil {
			t.Fatal(err)
		}
		for i, l := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
			for _, r := range l {
				if r < 0x20 || r == 0x7f {
					t.Fatalf("line %d has the control character %U: %q", i, r, l)
				}
			}
			if n := len([]rune(l)); n > 12*columnsShown {
				t.Fatalf("line %d has %d characters", i, n)
			}
		}
		if !strings.Contains(b.String(), "^") {
			t.Fatalf("no caret:\n%s", b.String())
		}
	})
}
