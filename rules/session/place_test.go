package session

import (
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/model"
)

func TestDocroots(t *testing.T) {
	tests := []struct {
		name, folder string
		want         bool
	}{
		{"/var/www/html", "/var/www/html", true},
		{"/var/www/html/", "/var/www/html", true},
		{"/var/www/html/a", "/var/www/html/", true},
		{"/var/www/../www/html/a/b", "/var/www/html", true},
		{"/var/www/html2", "/var/www/html", false},
		{"/var/www", "/var/www/html", false},
		{"/tmp/a", "/", false},
		{"/tmp/a", "", false},
		{"html/a", "html", false},
		{`C:\\html`, "/html", false},
		{"/${ROOT}/a", "/${ROOT}", false},
		{"/a" + strings.Repeat("/b", maxPath), "/a", false},
	}
	for _, tt := range tests {
		t.Run(tt.name[:min(len(tt.name), 40)]+" in "+tt.folder, func(t *testing.T) {
			f := &model.Farm{Cache: &model.Cache{Docroot: model.Setting[string]{Value: tt.folder, Set: true}}}
			roots := docrootsOf(&model.Config{Farms: []*model.Farm{{}, f}})
			if got := roots.holding(tt.name) == &f.Cache.Docroot; got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestIsAbsolute(t *testing.T) {
	for name, want := range map[string]bool{
		"/tmp/a": true, "/": true, `C:\a`: true, "d:/a": true, `\\host\a`: true,
		"a": false, "./a": false, "a:b": false, "C:": false, "": false,
	} {
		t.Run(name, func(t *testing.T) {
			if got := isAbsolute(name); got != want {
				t.Errorf("got %t, want %t", got, want)
			}
		})
	}
}

func TestListed(t *testing.T) {
	for want, names := range map[string][]string{"a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		t.Run(want, func(t *testing.T) {
			if got := listed(names); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
