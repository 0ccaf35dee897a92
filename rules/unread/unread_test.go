package unread

import (
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// TestSection: a line that brings nothing may hide something, one that brings a file from elsewhere does not.
func TestSection(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		want       bool
	}{
		{"missing", "gone.any", true},
		{"beside", "filter.any", false},
		{"from the root of the server", "filters/site.any", false},
		{"out of the project", "../../../x.any", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"conf.dispatcher.d/dispatcher.any":           {Data: []byte(`/farms { $include "enabled_farms/*.farm" }`)},
				"conf.dispatcher.d/filters/site.any":         {Data: []byte(`/0 { /type "deny" /url "*" }`)},
				"conf.dispatcher.d/enabled_farms/filter.any": {Data: []byte(`/0 { /type "deny" /url "*" }`)},
				"conf.dispatcher.d/enabled_farms/a.farm":     {Data: []byte(`/a { /filter { $include "` + tt.path + `" } }`)},
			}
			p, err := project.Load(t.Context(), project.Options{FS: fsys})
			if err != nil {
				t.Fatal(err)
			}
			f := p.Config.Farms[0]
			pass := &lint.Pass{Subject: &lint.Subject{Config: p.Config, Files: p.Tree.Files, Found: p.Findings}}
			if got := Section(pass, f.Filter.At.Span); got != tt.want {
				t.Errorf("got %v, want %v; findings: %v", got, tt.want, p.Findings)
			}
			if got := Property(pass, f, "url", f.Filter.At.Span); got != tt.want {
				t.Errorf("Property: got %v, want %v", got, tt.want)
			}
		})
	}
}
