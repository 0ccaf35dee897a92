package unread

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
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

func TestFiles(t *testing.T) {
	for _, tt := range []struct {
		name, part string
		also       []string
		want       []string
	}{
		{"all there", `/1 { /glob "*" /type "deny" }`, nil, nil},
		{"a file is missing", `$include "gone.any"`, nil, []string{"dispatcher.any", "part.any"}},
		{"a brace is missing", `/1 { /glob "*" /type "deny" `, nil, []string{"dispatcher.any", "part.any"}},
		{"a variable of a value", `/1 { /glob "${NOBODY}" /type "deny" }`, nil, nil},
		{"a variable of an $include", `$include "${NOBODY}.any"`, nil, []string{"dispatcher.any", "part.any"}},
		{"another finding", `/1 { /glob "*" /type "Deny" }`, nil, nil},
		{"another finding that counts", `/1 { /glob "*" /type "Deny" }`, []string{"DSP019"}, []string{"dispatcher.any", "part.any"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := project.Load(t.Context(), project.Options{Path: "dispatcher.any", FS: fstest.MapFS{
				"dispatcher.any": {Data: []byte(`/farms { /a { /cache { /rules { $include "part.any" } /invalidate { $include "other.any" } } } }`)},
				"part.any":       {Data: []byte(tt.part)},
				"other.any":      {Data: []byte(`/1 { /glob "*" /type "deny" }`)},
			}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for f := range Files(&lint.Subject{Config: p.Config, Files: p.Tree.Files, Found: p.Findings}, tt.also...) {
				got = append(got, f.Name)
			}
			slices.SortFunc(got, strings.Compare)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIsNumber(t *testing.T) {
	for text, want := range map[string]bool{"0": true, "0042": true, "": false, "-1": false, "1s": false, " 1": false, "${N}": false, "٣": false} {
		if got := IsNumber(text); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}

func TestIsFlag(t *testing.T) {
	for _, tt := range []struct {
		s    model.Setting[bool]
		want bool
	}{
		{model.Setting[bool]{}, true},
		{model.Setting[bool]{Set: true, Text: "0"}, true},
		{model.Setting[bool]{Set: true, Text: "1"}, true},
		{model.Setting[bool]{Set: true, Text: "true"}, false},
		{model.Setting[bool]{Set: true}, false},
	} {
		if got := IsFlag(&tt.s); got != tt.want {
			t.Errorf("%+v: got %t, want %t", tt.s, got, tt.want)
		}
	}
}
