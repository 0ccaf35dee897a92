package syntax

import (
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// TestEmptySectionBroken: where reading lost something, a section may have entries.
func TestEmptySectionBroken(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"empty", "/farms { /a { /filter { } } }\n", 1},
		{"only comments", "/farms { /a { /filter {\n# none\n} } }\n", 1},
		{"empty file", "/farms { /a { /filter { $include \"empty.any\" } } }\n", 1},
		{"empty file, path without quotes", "/farms { /a { /filter { $include empty.any } } }\n", 0},
		{"braces from a file", "/farms { /a { /filter $include \"braces.any\" } }\n", 0},
		{"include not found", "/farms { /a { /filter { $include \"gone.any\" } } }\n", 0},
		{"variable not defined", "/farms { /a { /filter { $include \"${GONE}.any\" } } }\n", 0},
		{"brace closes too early", "/farms { /a { /filter { }\n/0001 { /type \"deny\" /url \"*\" } } } }\n", 0},
		{"something else in it", "/farms { /a { /filter { \"*\" } } }\n", 0},
		{"a name without a rule", "/farms { /a { /filter { /0001 } } }\n", 0},
		{"not written", "/farms { /a { } }\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"dispatcher.any": {Data: []byte(tt.text)}, "empty.any": {Data: []byte("# none\n")}, "braces.any": {Data: []byte("{ }\n")},
			}
			p, err := project.Load(t.Context(), project.Options{FS: fsys, Path: "dispatcher.any"})
			if err != nil {
				t.Fatal(err)
			}
			s := lint.Subject{Config: p.Config, Files: p.Tree.Files, Found: p.Findings}
			got := 0
			for _, d := range lint.Run(t.Context(), &s, []*lint.Rule{&emptySection}, nil, lint.RunOptions{}).Findings {
				if d.Rule == emptySection.ID {
					got++
				}
			}
			if got != tt.want {
				t.Errorf("%d findings, want %d", got, tt.want)
			}
		})
	}
}

func TestPlainLabel(t *testing.T) {
	for _, tt := range []struct{ name, odd, want string }{
		{"0001", "", "0001"},
		{"a-b_c.D", "", "a-b_c.D"},
		{"a:b", ":", "a-b"},
		{"/content//*", "/", "content"},
		{"a+-+b", "+", "a---b"},
		{"***", "*", ""},
		{"bücher", "ü", ""},
		{"", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := oddCharacter(tt.name); got != tt.odd {
				t.Errorf("odd character %q, want %q", got, tt.odd)
			}
			if got := plainLabel(tt.name); got != tt.want {
				t.Errorf("plain label %q, want %q", got, tt.want)
			}
		})
	}
}
