package textedit

import (
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

func TestLine(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a line", "a\n\t[x]\t\nb", "a\nb"},
		{"the last line", "a\n[x]", "a\n"},
		{"the first line", "[x]\r\nb", "b"},
		{"something before", "a [x]\nb", "a \nb"},
		{"a comment behind", "[x] # c\nb", " # c\nb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("a.any", []byte(tt.text))
			var start, end int
			for i, c := range []byte(tt.text) {
				switch c {
				case '[':
					start = i
				case ']':
					end = i + 1
				}
			}
			at := Line(f.Span(start, end))
			if got := tt.text[:at.Start] + tt.text[at.End:]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRemoved(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"own line", "a\n\t[x]  \nb\n", "a\nb\n"},
		{"comment behind", "a\n\t[x] # why\n", "a\n\t# why\n"},
		{"between", "a [x] b", "a b"},
		{"at the end", "a\n[x]", "a\n"},
		{"all", "[x]", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("f.any", []byte(tt.text))
			at := strings.Index(tt.text, "[x]")
			got, err := diag.Apply(f, []diag.Edit{Removed(f.Span(at, at+3))})
			if err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestRewritten(t *testing.T) {
	for _, tt := range []struct{ name, old, text, want string }{
		{"double quotes", `"a"`, "b", `"b"`},
		{"single quotes", `'a'`, "/b", `'/b'`},
		{"a plain word", "2s", "2", "2"},
		{"a path is a name without quotes", "libs/a", "/libs/a", `"/libs/a"`},
		{"a variable", `"${A}"`, "b", ""},
		{"nothing", "", "b", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("f.any", []byte("/x "+tt.old))
			fixes := Rewritten(&model.Setting[string]{ValueAt: f.Span(3, 3+len(tt.old))}, tt.text)
			if tt.want == "" {
				if len(fixes) > 0 {
					t.Errorf("a fix is offered: %v", fixes)
				}
				return
			}
			got, err := diag.Apply(f, fixes[0].Edits)
			if err != nil || string(got) != "/x "+tt.want {
				t.Errorf("got %q, %v, want %q", got, err, "/x "+tt.want)
			}
		})
	}
}

func TestBehind(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"own line", "{\n\t[x]\n}\n", "{\n\t[x]\n\t/a\n\t/b\n}\n"},
		{"line of Windows", "{\r\n  [x]\r\n}\r\n", "{\r\n  [x]\r\n  /a\r\n  /b\r\n}\r\n"},
		{"comment behind", "\t[x]  # why\n", "\t[x]  # why\n\t/a\n\t/b\n"},
		{"comment on a line of Windows", "\t[x] # why\r\n}", "\t[x] # why\r\n\t/a\r\n\t/b\r\n}"},
		{"comment at the end", "[x] # why", "[x] # why\n/a\n/b"},
		{"between", "{ [x] }", "{ [x] /a /b }"},
		{"behind something", "{ [x] # why\n}", "{ [x] /a /b # why\n}"},
		{"at the end", "[x]", "[x]\n/a\n/b"},
		{"braces deeper than the name", "  [x\n    {\n    }]\n", "  [x\n    {\n    }]\n  /a\n  /b\n"},
		{"several lines", "\t[x\n\t]\n", "\t[x\n\t]\n\t/a\n\t/b\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("f.any", []byte(tt.text))
			fixes := Behind(f.Span(strings.IndexByte(tt.text, '['), strings.LastIndexByte(tt.text, ']')+1), "add both", "/a", "/b")
			got, err := diag.Apply(f, fixes[0].Edits)
			if err != nil || string(got) != tt.want || fixes[0].Title != "add both" {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	if fixes := Behind(source.Span{}, "add", "/a"); fixes != nil {
		t.Errorf("behind nothing there is %v", fixes)
	}
}

func TestReplaced(t *testing.T) {
	for _, tt := range []struct{ name, old, text, want string }{
		{"double quotes", `"1"`, "2", `"2"`},
		{"single quotes", `'1'`, "2", `'2'`},
		{"no quotes", `1`, "2", `2`},
		{"a variable", `"${X}"`, "2", ""},
		{"a variable of the module", `"$<X>"`, "2", ""},
		{"text with a quote", `"1"`, `a"b`, ""},
		{"nothing", ``, "2", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("f.any", []byte(tt.old))
			got := ""
			if fixes := Replaced(f.Span(0, len(tt.old)), tt.text); fixes != nil {
				text, err := diag.Apply(f, fixes[0].Edits)
				if err != nil {
					t.Fatal(err)
				}
				got = string(text)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
