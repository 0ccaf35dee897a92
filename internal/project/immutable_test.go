package project

import (
	"testing"
	"testing/fstest"
)

func TestImmutable(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		name string
		want bool
	}{
		{Cloud, "conf.dispatcher.d/filters/default_filters.any", true},
		{Cloud, "conf.dispatcher.d/filters/filters.any", false},
		{Cloud, "conf.dispatcher.d/filters/ams_publish_filters.any", false},
		{AMS, "conf.dispatcher.d/filters/ams_publish_filters.any", true},
		{AMS, "conf.dispatcher.d/filters/default_filters.any", false},
		{AMS, "conf.dispatcher.d/filters/site_ams_filters.any", false},
		{AMS, "conf.dispatcher.d/filters/010_site_filters.any", false},
		{AMS, "conf.dispatcher.d/filters/999_ams_filters.any", true},
		{Classic, "conf.dispatcher.d/filters/ams_publish_filters.any", false},
		{Classic, "conf.dispatcher.d/filters/default_filters.any", false},
	} {
		t.Run(string(tt.kind)+" "+tt.name, func(t *testing.T) {
			for _, root := range []string{"", "dispatcher/src/"} {
				fsys := fstest.MapFS{
					root + "conf.d/x.conf":                      {},
					root + tt.name:                              {Data: []byte(`/filter { /0001 { /type "deny" /url "*" } }`)},
					root + "conf.dispatcher.d/dispatcher.any":   {Data: []byte(`/farms { $include "farms/*.any" }`)},
					root + "conf.dispatcher.d/farms/a.any":      {Data: []byte(`/a { $include "../filters/` + tt.name[len("conf.dispatcher.d/filters/"):] + `" }`)},
					root + "conf.dispatcher.d/unused/ams_x.any": {},
				}
				p, err := Load(t.Context(), Options{FS: fsys, Profile: tt.kind})
				if err != nil {
					t.Fatal(err)
				}
				seen := false
				for _, f := range p.Tree.Files {
					if p.Tree.Name(f.Src) == root+tt.name {
						seen = true
						if got := p.Immutable(f.Src); got != tt.want {
							t.Errorf("below %q: got %v, want %v", root, got, tt.want)
						}
					}
				}
				if !seen {
					t.Errorf("below %q: the file was not read", root)
				}
			}
		})
	}
}
