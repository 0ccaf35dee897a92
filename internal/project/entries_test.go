package project

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestEntries(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	link := func(to string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink} }
	tree := fstest.MapFS{
		"src/opt-in/USE_SOURCES_DIRECTLY":               file(""),
		"src/conf.dispatcher.d/dispatcher.any":          file("/farms { $include \"enabled_farms/*.farm\" }\n"),
		"src/conf.dispatcher.d/available_farms/a.farm":  file("/a { }\n"),
		"src/conf.dispatcher.d/enabled_farms/a.farm":    link("../available_farms/a.farm"),
		"src/conf.dispatcher.d/enabled_farms/gone.farm": link("../available_farms/gone.farm"),
		"src/conf.d/available_vhosts/a.vhost":           file("<VirtualHost *:80>\nServerName a\nInclude conf.d/rewrites/a.rules\n</VirtualHost>\n"),
		"src/conf.d/enabled_vhosts/a.vhost":             file("../available_vhosts/a.vhost\n"),
		"src/conf.d/enabled_vhosts/out.vhost":           link("/etc/httpd/conf.d/a.vhost"),
		"src/conf.d/rewrites/a.rules":                   file("RewriteRule ^/a$ - [F]\n"),
		"src/conf.d/rewrites/unread.rules":              file("RewriteRule ^/b$ - [F]\n"),
		"src/conf.d/rewrites/default_rewrite.rules":     file("# the platform's\n"),
		"src/conf.modules.d/00-base.conf":               file("# not looked into\n"),
		"src/.git/config":                               file("x"),
		"pom.xml":                                       file("<project/>"),
	}
	p, err := Load(t.Context(), Options{FS: tree})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range s.Folders.Entries() {
		line := e.Name
		switch {
		case e.Folder:
			line += "/"
		case e.Link != "":
			line += " -> " + e.Link
		}
		if e.To != "" {
			line += " = " + e.To
		}
		if e.Broken {
			line += ", broken"
		}
		if len(e.File.Text) > 0 {
			line += ", read"
		}
		if !strings.HasSuffix(e.File.Name, e.Name) {
			t.Errorf("%s is shown as %s", e.Name, e.File.Name)
		}
		got = append(got, line)
	}
	want := []string{
		".git/", "conf.d/", "conf.d/available_vhosts/", "conf.d/available_vhosts/a.vhost, read", "conf.d/enabled_vhosts/",
		"conf.d/enabled_vhosts/a.vhost = conf.d/available_vhosts/a.vhost", "conf.d/enabled_vhosts/out.vhost -> /etc/httpd/conf.d/a.vhost, broken",
		"conf.d/rewrites/", "conf.d/rewrites/a.rules, read", "conf.d/rewrites/default_rewrite.rules", "conf.d/rewrites/unread.rules",
		"conf.dispatcher.d/", "conf.dispatcher.d/available_farms/", "conf.dispatcher.d/available_farms/a.farm",
		"conf.dispatcher.d/dispatcher.any, read", "conf.dispatcher.d/enabled_farms/",
		"conf.dispatcher.d/enabled_farms/a.farm -> ../available_farms/a.farm = conf.dispatcher.d/available_farms/a.farm, read",
		"conf.dispatcher.d/enabled_farms/gone.farm -> ../available_farms/gone.farm = conf.dispatcher.d/available_farms/gone.farm, broken",
		"conf.modules.d/", "opt-in/", "opt-in/USE_SOURCES_DIRECTLY",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var unread []string
	for _, f := range s.Folders.UnreadServer() {
		unread = append(unread, f.Src.Name)
	}
	if diff := cmp.Diff([]string{"src/conf.d/rewrites/unread.rules"}, unread); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"../pom.xml": "<project/>", "conf.d/rewrites/unread.rules": "RewriteRule ^/b$ - [F]\n", "conf.d": "", "conf.d/none": ""} {
		text := ""
		if f := s.Folders.Read(name); f != nil {
			text = string(f.Text)
		}
		if text != want {
			t.Errorf("%s: got %q, want %q", name, text, want)
		}
	}
	for name, want := range map[string]bool{"conf.d/rewrites/default_rewrite.rules": true, "conf.d/rewrites/unread.rules": false, "conf.dispatcher.d/dispatcher.any": true} {
		if f := s.Folders.Read(name); f == nil || p.Immutable(f) != want {
			t.Errorf("%s: immutable is not %t", name, want)
		}
	}
}

// TestEntriesOfPart: of a part of a configuration nothing is told of what lies around it.
func TestEntriesOfPart(t *testing.T) {
	tree := fstest.MapFS{
		"conf.dispatcher.d/dispatcher.any": {Data: []byte("/farms { }\n")}, "conf.dispatcher.d/enabled_farms/a.farm": {Data: []byte("/a { }\n")},
		"conf.d/enabled_vhosts/a.vhost": {Data: []byte("<VirtualHost *:80>\n</VirtualHost>\n")},
	}
	for _, path := range []string{"conf.dispatcher.d/enabled_farms/a.farm", "conf.d/enabled_vhosts/a.vhost"} {
		p, err := Load(t.Context(), Options{FS: tree, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Folders().Entries(); len(got) > 0 {
			t.Errorf("%s: got %s", path, fmt.Sprint(got))
		}
	}
}
