package farm

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// TestBroken: where reading lost something, a farm without hosts may have some.
func TestBroken(t *testing.T) {
	for _, tt := range []struct {
		name, first string
		want        int
	}{
		{"whole", "/first { }\n", 1},
		{"include not found", "/first { $include \"gone.any\" }\n", 0},
		{"section without braces", "/first { /virtualhosts \"a.example.com\" }\n", 0},
		{"block not closed", "/first { /renders {\n", 0},
		{"include not found in the list", "/first { /virtualhosts { $include \"gone.any\" } }\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"dispatcher.any": {Data: []byte("/farms { $include \"a.farm\"\n$include \"b.farm\" }\n")},
				"a.farm":         {Data: []byte(tt.first)},
				"b.farm":         {Data: []byte("/second { /virtualhosts { \"b.example.com\" } }\n")},
			}
			p, err := project.Load(t.Context(), project.Options{FS: fsys, Path: "dispatcher.any"})
			if err != nil {
				t.Fatal(err)
			}
			s := lint.Subject{Config: p.Config, Files: p.Tree.Files, Found: p.Findings}
			res := lint.Run(t.Context(), &s, []*lint.Rule{&farmWithoutVirtualhosts}, nil, lint.RunOptions{})
			got := 0
			for _, d := range res.Findings {
				if d.Rule == farmWithoutVirtualhosts.ID {
					got++
				}
			}
			if got != tt.want {
				t.Errorf("%d findings, want %d: %v", got, tt.want, res.Findings)
			}
		})
	}
}

func TestSeveralHosts(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"a.example.com,b.example.com", []string{"a.example.com", "b.example.com"}},
		{" https://a.example.com ; *.b.example.com ", []string{"https://a.example.com", "*.b.example.com"}},
		{"localhost *", []string{"localhost", "*"}},
		{"a.example.com:80,b.example.com:*", []string{"a.example.com:80", "b.example.com:*"}},
		{"a.example.com", nil},
		{"a.example.com,", nil},
		{"a.example.com,A.example.com", nil},
		{"a.example.com,b.example.com/path", nil},
		{"www example com", nil},
		{"a.example.com,b..com", nil},
		{"a.example.com,b.example.com:x", nil},
		{"", nil},
	} {
		t.Run(tt.text, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, severalHosts(tt.text)); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
		})
	}
}
