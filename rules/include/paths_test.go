package include

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

func TestOwnParts(t *testing.T) {
	for _, tt := range []struct {
		path string
		want []string
	}{
		{"../../filters/*.any", []string{"filters", "*.any"}},
		{"./*.farm", []string{"*.farm"}},
		{"/etc/httpd/*.any", []string{"etc", "httpd", "*.any"}},
		{"a/../b.any", []string{"b.any"}},
		{"..", []string{}},
	} {
		t.Run(tt.path, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ownParts(tt.path)); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEndsLike(t *testing.T) {
	for _, tt := range []struct {
		name, pattern string
		want          bool
	}{
		{"conf/enabled_farms/a.farm", "enabled_farms/*.farm", true},
		{"a.farm", "*.farm", true},
		{"a.farm", "enabled_farms/*.farm", false},
		{"conf/other/a.farm", "enabled_farms/*.farm", false},
		{"conf/enabled_farms/a.any", "enabled_farms/*.farm", false},
		{"conf/enabled_farms/a.farm", "enabled_farms/[a.farm", false},
	} {
		t.Run(tt.name+" "+tt.pattern, func(t *testing.T) {
			if got := endsLike(tt.name, strings.Split(tt.pattern, "/")); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestRelative(t *testing.T) {
	for _, tt := range []struct{ dir, to, want string }{
		{"src/available_farms", "src/filters/a.any", "../filters/a.any"},
		{"src", "src/filters/a.any", "filters/a.any"},
		{".", "filters/a.any", "filters/a.any"},
		{"a/b/c", "x.any", "../../../x.any"},
		{"a/x.any", "a/x.any", "../x.any"},
		{"../p/a", "../p/b/x.any", "../b/x.any"},
		{"../p", "q/x.any", ""},
		{"q", "../x.any", ""},
	} {
		t.Run(tt.dir+" "+tt.to, func(t *testing.T) {
			if got := relative(tt.dir, tt.to); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestDepthOption: a project may set how deep files include each other.
func TestDepthOption(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, f := range append(chainOfFiles(4), lint.File{Name: "f0.any", Text: "$include \"f1.any\"\n"}) {
		fsys[f.Name] = &fstest.MapFile{Data: []byte(f.Text)}
	}
	p, err := project.Load(t.Context(), project.Options{FS: fsys, Path: "f0.any"})
	if err != nil {
		t.Fatal(err)
	}
	included := map[*source.File][]source.Span{}
	for _, f := range p.Tree.Files {
		included[f.Src] = p.Tree.Included(f)
	}
	for _, tt := range []struct {
		max  int
		want []string
	}{
		{4, nil},
		{3, []string{`f3.any: $include "f4.any"`}},
		{1, []string{`f1.any: $include "f2.any"`}},
		{0, []string{`f1.any: $include "f2.any"`}}, // a file that is included at all is no mistake
	} {
		set := lint.Settings{Options: map[string]lint.Options{includeDepth.ID: {"max": {Value: tt.max}}}}
		s := lint.Subject{Config: p.Config, Files: p.Tree.Files, Included: func(f *source.File) []source.Span { return included[f] }}
		var got []string
		for _, d := range lint.Run(t.Context(), &s, []*lint.Rule{&includeDepth}, &set, lint.RunOptions{}).Findings {
			got = append(got, d.Span.File.Name+": "+d.Span.Text())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("max %d (-want +got):\n%s", tt.max, diff)
		}
	}
}
