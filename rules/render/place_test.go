package render

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

// TestUnread: what a file that cannot be included may hold is not said to be missing, and other mistakes are no reason
// to keep quiet.
func TestUnread(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"no file", map[string]string{"d.any": `/farms { /publish { /renders { $include "none.any" } } }`}, nil},
		{"no file in the farm", map[string]string{"d.any": `/farms { /publish { $include "none.any" } }`}, nil},
		{"no file further down", map[string]string{
			"d.any": `/farms { /publish { $include "renders.any" } }`, "renders.any": `/renders { $include "none.any" }`,
		}, nil},
		{"unknown variable in the path", map[string]string{"d.any": `/farms { /publish { $include "${NOT_SET_ANYWHERE}.any" } }`}, nil},
		{"another farm", map[string]string{"d.any": `/farms { /one { $include "none.any" } /two { /info "0" } }`}, []string{"farm /two has no /renders"}},
		{"unknown variable elsewhere", map[string]string{"d.any": `/farms { /publish { /homepage "${NOT_SET_ANYWHERE}" } }`}, []string{"farm /publish has no /renders"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for name, text := range tt.files {
				fsys[name] = &fstest.MapFile{Data: []byte(text)}
			}
			p, err := project.Load(t.Context(), project.Options{FS: fsys, Path: "d.any"})
			if err != nil {
				t.Fatal(err)
			}
			included := map[*source.File][]source.Span{}
			for _, f := range p.Tree.Files {
				included[f.Src] = p.Tree.Included(f)
			}
			s := lint.Subject{
				Config: p.Config, Files: p.Tree.Files, Found: p.Findings,
				Included: func(f *source.File) []source.Span { return included[f] },
			}
			var got []string
			for _, d := range lint.Run(t.Context(), &s, []*lint.Rule{&rendersMissing}, nil, lint.RunOptions{}).Findings {
				if d.Rule == rendersMissing.ID {
					got = append(got, d.Message)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	number := func(text string, n int) model.Setting[int] {
		return model.Setting[int]{Set: true, Text: text, Value: n}
	}
	flag := func(text string) model.Setting[bool] {
		return model.Setting[bool]{Set: true, Text: text, Value: text == "1"}
	}
	tests := []struct {
		name   string
		render model.Render
		want   string
	}{
		{"as written", model.Render{Hostname: model.Setting[string]{Value: "Pub.Example"}, Port: number("4503", 4503)}, "pub.example:4503"},
		{"default port", model.Render{Hostname: model.Setting[string]{Value: "a"}, Port: model.Setting[int]{Value: 80}}, "a:80"},
		{"default port of TLS", model.Render{Hostname: model.Setting[string]{Value: "a"}, Port: model.Setting[int]{Value: 80}, Secure: flag("1")}, "a:443"},
		{"address of version 6", model.Render{Hostname: model.Setting[string]{Value: "::1"}, Port: number("80", 80)}, "[::1]:80"},
		{"no host", model.Render{Port: number("80", 80)}, ""},
		{"unknown host", model.Render{Hostname: model.Setting[string]{Value: "${HOST}"}, Port: number("80", 80)}, ""},
		{"unknown port", model.Render{Hostname: model.Setting[string]{Value: "a"}, Port: number("${PORT}", 80)}, ""},
		{"no number", model.Render{Hostname: model.Setting[string]{Value: "a"}, Port: number("http", 80)}, ""},
		{"unknown flag", model.Render{Hostname: model.Setting[string]{Value: "a"}, Secure: flag("yes")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := address(&tt.render)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("got %q, %t; want %q", got, ok, tt.want)
			}
		})
	}
}

func TestEdits(t *testing.T) {
	tests := []struct {
		name, text, at string
		edit           func(source.Span) []diag.Edit
		want           string
	}{
		{"add on a line", "{\n\t/a \"1\"\n}\n", `/a "1"`, add, "{\n\t/a \"1\"\n\t/b \"2\"\n}\n"},
		{"add on a line of Windows", "{\r\n  /a \"1\"\r\n}\r\n", `/a "1"`, add, "{\r\n  /a \"1\"\r\n  /b \"2\"\r\n}\r\n"},
		{"add between", `{ /a "1" }`, `/a "1"`, add, `{ /a "1" /b "2" }`},
		{"add before a comment", "\t/a \"1\" # one\n", `/a "1"`, add, "\t/a \"1\" # one\n\t/b \"2\"\n"},
		{"add at the end", `/a "1"`, `/a "1"`, add, "/a \"1\"\n/b \"2\""},
		{"add behind a section", "\t/s {\n\t\t1\n\t}\n", "/s {\n\t\t1\n\t}", add, "\t/s {\n\t\t1\n\t}\n\t/b \"2\"\n"},
		{"remove a line", "a\n\tb\nc\n", "b", remove, "a\nc\n"},
		{"remove lines", "a\n\tb {\n\t}\nc\n", "b {\n\t}", remove, "a\nc\n"},
		{"remove the last line", "a\n\tb", "b", remove, "a\n"},
		{"remove in a line", "a b c\n", "b", remove, "a c\n"},
		{"remove before a comment", "\tb # c\n", "b", remove, "\t# c\n"},
		{"remove a line of Windows", "a\r\nb\r\nc\r\n", "b", remove, "a\r\nc\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := source.NewFile("a.any", []byte(tt.text))
			i := strings.Index(tt.text, tt.at)
			got, err := diag.Apply(f, tt.edit(f.Span(i, i+len(tt.at))))
			if err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func add(at source.Span) []diag.Edit    { return textedit.Added(at, `/b "2"`)[0].Edits }
func remove(at source.Span) []diag.Edit { return []diag.Edit{textedit.Removed(at)} }
