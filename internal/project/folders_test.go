package project

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

func link(to string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink}
}

func text(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

// seen is what Folders say, by name.
type seen struct{ Unread, Links, Others []string }

func look(p *Project) seen {
	var s seen
	f := p.Folders()
	for _, g := range f.Unread() {
		s.Unread = append(s.Unread, g.Src.Name)
	}
	for _, l := range f.Links() {
		is := " out"
		if l.Inside {
			is = " in"
		}
		if len(l.File.Text) > 0 {
			is += ", read"
		}
		s.Links = append(s.Links, l.File.Name+" "+l.Target+is)
	}
	for _, o := range f.Others() {
		s.Others = append(s.Others, o.Name)
	}
	return s
}

func TestFolders(t *testing.T) {
	tree := fstest.MapFS{
		"src/conf.dispatcher.d/dispatcher.any":                 text(`/farms { $include "enabled_farms/*.farm" }`),
		"src/conf.dispatcher.d/enabled_farms/a.farm":           link("../available_farms/a.farm"),
		"src/conf.dispatcher.d/enabled_farms/b.farm":           link("a.farm"),
		"src/conf.dispatcher.d/available_farms/a.farm":         text(`/a { $include "../filters/used.any" }`),
		"src/conf.dispatcher.d/available_farms/c.farm":         text(`/c { }`),
		"src/conf.dispatcher.d/filters/used.any":               text(``),
		"src/conf.dispatcher.d/filters/left.any":               text(`/0 { }`),
		"src/conf.dispatcher.d/filters/default_filters.any":    text(`/0 { }`),
		"src/conf.dispatcher.d/filters/away.any":               link("/etc/httpd/conf.dispatcher.d/filters/x.any"),
		"src/conf.dispatcher.d/filters/node_modules/other.any": text(``),
		"src/conf.dispatcher.d/old/dispatcher.any":             text(``),
		"src/conf.d/enabled_vhosts/a.vhost":                    link("../available_vhosts/a.vhost"),
		"src/conf.d/enabled_vhosts/up.vhost":                   link("../../../up.vhost"),
		"src/conf.d/available_vhosts/a.vhost":                  text(``),
		"dispatcher.any":                                       text(`/farms { }`),
	}
	links := []string{
		"src/conf.d/enabled_vhosts/a.vhost ../available_vhosts/a.vhost in",
		"src/conf.d/enabled_vhosts/up.vhost ../../../up.vhost out",
		"src/conf.dispatcher.d/enabled_farms/a.farm ../available_farms/a.farm in, read",
		"src/conf.dispatcher.d/enabled_farms/b.farm a.farm in, read",
		"src/conf.dispatcher.d/filters/away.any /etc/httpd/conf.dispatcher.d/filters/x.any out",
	}
	for _, tt := range []struct {
		name, path string
		overlay    map[string][]byte
		want       seen
	}{
		{"the entry", "src/conf.dispatcher.d/dispatcher.any", nil, seen{
			Unread: []string{
				"src/conf.dispatcher.d/available_farms/c.farm", "src/conf.dispatcher.d/filters/left.any", "src/conf.dispatcher.d/old/dispatcher.any",
			},
			Links: links, Others: []string{"src/conf.dispatcher.d/old/dispatcher.any"},
		}},
		{"with texts in place of files", "src/conf.dispatcher.d/dispatcher.any", map[string][]byte{"src/conf.dispatcher.d/filters/left.any": []byte("/1 { }")}, seen{
			Unread: []string{
				"src/conf.dispatcher.d/available_farms/c.farm", "src/conf.dispatcher.d/filters/left.any", "src/conf.dispatcher.d/old/dispatcher.any",
			},
			Links: links, Others: []string{"src/conf.dispatcher.d/old/dispatcher.any"},
		}},
		{"the folder around it", "src", nil, seen{
			Unread: []string{
				"src/conf.dispatcher.d/available_farms/c.farm", "src/conf.dispatcher.d/filters/left.any", "src/conf.dispatcher.d/old/dispatcher.any",
			},
			Links: links, Others: []string{"src/conf.dispatcher.d/old/dispatcher.any"},
		}},
		{"a part of it", "src/conf.dispatcher.d/filters/left.any", nil, seen{}},
		{"a folder with two", ".", nil, seen{Others: []string{"src/conf.dispatcher.d/dispatcher.any"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Load(t.Context(), Options{FS: tree, Path: tt.path, Overlay: tt.overlay})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, look(p)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFoldersOnDisk: names are those that findings have, and what lies beside the configuration is seen.
func TestFoldersOnDisk(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"src/conf.dispatcher.d/dispatcher.any":         `/farms { $include "enabled_farms/*.farm" }`,
		"src/conf.dispatcher.d/available_farms/a.farm": `/a { }`,
		"src/conf.dispatcher.d/filters/left.any":       `/0 { }`,
		"src/conf.d/available_vhosts/a.vhost":          ``,
		"old/dispatcher.any":                           `/farms { }`,
		"author/dispatcher.any":                        `/farms { }`,
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	farms := filepath.Join(dir, "src/conf.dispatcher.d/enabled_farms")
	if err := os.Mkdir(farms, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"a.farm": "../available_farms/a.farm", "b.farm": filepath.Join(dir, "src/conf.dispatcher.d/available_farms/a.farm")} {
		if err := os.Symlink(to, filepath.Join(farms, name)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Load(t.Context(), Options{Path: dir, WorkDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	want := seen{
		Unread: []string{"src/conf.dispatcher.d/filters/left.any"},
		Links: []string{
			"src/conf.dispatcher.d/enabled_farms/a.farm ../available_farms/a.farm in, read",
			"src/conf.dispatcher.d/enabled_farms/b.farm " + dir + "/src/conf.dispatcher.d/available_farms/a.farm out, read",
		},
		Others: []string{"author/dispatcher.any", "old/dispatcher.any"},
	}
	if diff := cmp.Diff(want, look(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPair: a configuration for authors beside one for publish is meant to be there.
func TestPair(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"author/dispatcher.any", "publish/dispatcher.any", true},
		{"src/dispatcher.any", "author/dispatcher.any", false},
		{"publish-old/dispatcher.any", "publish/dispatcher.any", false},
		{"author/publish/dispatcher.any", "author/dispatcher.any", false},
	} {
		if got := pair(tt.a, tt.b); got != tt.want {
			t.Errorf("pair(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}

// TestWithoutAny: virtual hosts alone are a finding, and nothing at all is an error.
func TestWithoutAny(t *testing.T) {
	tree := fstest.MapFS{"src/conf.d/enabled_vhosts/a.vhost": text(""), "src/conf.d/available_vhosts/b.vhost": text("")}
	for path, want := range map[string]string{"src": "src/conf.d/enabled_vhosts/a.vhost", "src/conf.d/available_vhosts/b.vhost": "src/conf.d/available_vhosts/b.vhost"} {
		p, err := Load(t.Context(), Options{FS: tree, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Findings) != 1 || p.Findings[0].Rule != noConfig || p.Findings[0].Span.File.Name != want {
			t.Errorf("%s: findings %v, want one of %s at %s", path, p.Findings, noConfig, want)
		}
		if diff := cmp.Diff(seen{}, look(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	if _, err := Load(t.Context(), Options{FS: fstest.MapFS{"src/readme.md": text("")}, Path: "src"}); err == nil {
		t.Error("a folder with nothing in it is no error")
	}
}

// TestFoldersAgain: what Folders say is the same each time.
func TestFoldersAgain(t *testing.T) {
	p, err := Load(t.Context(), Options{Path: "example:cloud"})
	if err != nil {
		t.Fatal(err)
	}
	var f lint.Folders = p.Folders()
	a, b := f.Unread(), f.Unread()
	if !cmp.Equal(a, b, cmp.Comparer(func(x, y *source.File) bool { return x == y })) {
		t.Error("another list the second time")
	}
}
