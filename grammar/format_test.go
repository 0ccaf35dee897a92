package grammar

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/source"
)

// TestFormat: each testdata/format/*.txtar holds a text and the same formatted.
func TestFormat(t *testing.T) {
	paths, err := filepath.Glob("testdata/format/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Files) != 2 || a.Files[0].Name != "in" || a.Files[1].Name != "out" {
				t.Fatalf("want the files in and out")
			}
			o := FormatOptions{}
			if strings.Contains(string(a.Comment), "indent=2") {
				o.Indent = "  "
			}
			if strings.Contains(string(a.Comment), "width=60") {
				o.Width = 60
			}
			in := bytes.ReplaceAll(a.Files[0].Data, []byte("\r\n"), []byte("\n"))
			out, _ := FormatText(in, o)
			if err := lawsOfFormat(in, o); err != "" {
				t.Error(err)
			}
			if *testkit.Update {
				a.Files[1].Data = out
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := strings.ReplaceAll(string(a.Files[1].Data), "\r\n", "\n")
			if diff := cmp.Diff(want, string(out)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// lawsOfFormat says which law of the formatter a text breaks: the same tokens and comments but for
// white space, twice is once, and the same tree but for places.
func lawsOfFormat(text []byte, o FormatOptions) string {
	f := Parse(source.NewFile("a.any", text))
	out, ok := Format(f, o)
	if !ok {
		if !bytes.Equal(out, text) {
			return "a text that is not formatted was changed"
		}
		return ""
	}
	if !SameButSpace(text, out) {
		return "tokens or comments were lost, made or moved:\n" + string(out)
	}
	if again, ok := FormatText(out, o); !ok || !bytes.Equal(again, out) {
		return "formatting twice is not formatting once:\n" + cmp.Diff(string(out), string(again))
	}
	formatted := Parse(source.NewFile("a.any", out))
	if diff := cmp.Diff(ownTree(f), ownTree(formatted)); diff != "" {
		return "the tree is another one:\n" + diff
	}
	return ""
}

func TestFormatEOL(t *testing.T) {
	tests := []struct {
		name, in, want string
		keep           bool
	}{
		{"line feeds stay", "/a  \"1\"\n", "/a \"1\"\n", true},
		{"carriage returns go", "/a {\r\n# c \r\n}\r\n", "/a {\n\t# c\n}\n", false},
		{"carriage returns stay when asked", "/a {\r\n# c \r\n}\r\n", "/a {\r\n\t# c\r\n}\r\n", true},
		{"final line end", "/a \"1\"", "/a \"1\"\n", false},
		{"empty", "", "", false},
		{"blanks alone", " \n\n\t\n", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, ok := FormatText([]byte(tt.in), FormatOptions{KeepEOL: tt.keep})
			if !ok || string(out) != tt.want {
				t.Errorf("got %q (%v), want %q", out, ok, tt.want)
			}
		})
	}
}

func TestFormatLeavesBroken(t *testing.T) {
	for _, text := range []string{"/a {\n /b  \"1\"", "/a  }", "/a   \"x\n/b \"y\"", "/a 'x }\n", "../available_farms/x.farm", "/a  “x /b\n0”"} {
		if out, ok := FormatText([]byte(text), FormatOptions{}); ok || string(out) != text {
			t.Errorf("%q became %q (%v)", text, out, ok)
		}
	}
}

func TestFormatCorpus(t *testing.T) {
	formatted := 0
	files := append(testkit.Corpus(t, ".any", ".farm"), seeds()...)
	for _, src := range files {
		for _, o := range []FormatOptions{{}, {Indent: "    ", Width: 80, KeepEOL: true}} {
			if err := lawsOfFormat(src.Text, o); err != "" {
				t.Errorf("%s: %s", src.Name, err)
			}
		}
		if _, ok := FormatText(src.Text, FormatOptions{}); ok {
			formatted++
		}
	}
	t.Logf("%d of %d texts can be formatted", formatted, len(files))
	if formatted*10 < len(files)*9 {
		t.Errorf("only %d of %d texts can be formatted", formatted, len(files))
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range seedTexts {
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, narrow bool) {
		o := FormatOptions{}
		if narrow {
			o = FormatOptions{Indent: "  ", Width: 40, KeepEOL: true}
		}
		if err := lawsOfFormat(text, o); err != "" {
			t.Fatal(err)
		}
	})
}
