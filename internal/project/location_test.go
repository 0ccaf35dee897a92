package project

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// plant writes files below a new folder. A text that starts with "-> " is a link; the test is skipped
// where links cannot be made.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(p, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			if err := os.Symlink(filepath.FromSlash(target), p); err != nil {
				t.Skipf("no links here: %v", err)
			}
			continue
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// names makes files of which only the names count.
func names(list ...string) map[string]string {
	files := map[string]string{}
	for _, n := range list {
		files[n] = ""
	}
	return files
}

func TestFind(t *testing.T) {
	cloud := []string{"conf.d/variables/global.vars", "conf.dispatcher.d/dispatcher.any", "conf.dispatcher.d/enabled_farms/a.farm", "conf.dispatcher.d/filters/default_filters.any"}
	ams := []string{"conf.d/variables/ams_default.vars", "conf.dispatcher.d/dispatcher.any", "conf.dispatcher.d/enabled_farms/000_ams_author_farm.any", "conf.dispatcher.d/vhosts/x.any"}
	under := func(dir string, list []string, more ...string) map[string]string {
		files := names(more...)
		for _, n := range list {
			files[dir+n] = ""
		}
		return files
	}
	type want struct {
		Kind             Kind
		Entry, Site      string // as shown
		Whole, Synthetic bool
	}
	for _, tc := range []struct {
		name    string
		files   map[string]string
		path    string
		workDir string
		profile Kind
		want    want
	}{
		{"cloud, the folder itself", under("", cloud), ".", "", "", want{Cloud, "conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"cloud in src", under("src/", cloud), ".", "", "", want{Cloud, "src/conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"cloud in dispatcher/src", under("dispatcher/src/", cloud), ".", "", "", want{Cloud, "dispatcher/src/conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"nearest first", under("dispatcher/src/", cloud, "dispatcher.any"), ".", "", "", want{Classic, "dispatcher.any", "", true, false}},
		{"upward", under("dispatcher/src/", cloud, ".git/", "core/main/java/X.java"), "", "core/main", "", want{Cloud, "../../dispatcher/src/conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"upward from inside", under("src/", cloud), "", "src/conf.dispatcher.d/filters", "", want{Cloud, "../dispatcher.any", "", true, false}},
		{"one of its folders", under("src/", cloud), "src/conf.dispatcher.d", "", "", want{Cloud, "src/conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"marker alone decides", under("", ams, "opt-in/USE_SOURCES_DIRECTLY"), ".", "", "", want{Cloud, "conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"no dispatcher.any", under("", cloud[2:], "conf.d/x"), ".", "", "", want{Cloud, "conf.dispatcher.d/dispatcher.any (built in)", "", true, true}},
		{"ams", under("", ams), ".", "", "", want{AMS, "conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"ams without its prefix", names("conf.d/x.conf", "conf.modules.d/x", "conf.dispatcher.d/dispatcher.any", "conf.dispatcher.d/vhosts/a.any", "conf.dispatcher.d/available_farms/000_site_farm.any"), ".", "", "", want{AMS, "conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"ams deeper", under("dispatcher/src/httpd/", ams), ".", "", "", want{AMS, "dispatcher/src/httpd/conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"profile", under("", cloud), ".", "", AMS, want{AMS, "conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"conf.dispatcher.d alone, of the cloud", under("", cloud[1:]), ".", "", "", want{Cloud, "conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"conf.dispatcher.d alone", names("conf.dispatcher.d/dispatcher.any"), ".", "", "", want{Classic, "conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"classic", names("x/dispatcher.any"), "x", "", "", want{Classic, "x/dispatcher.any", "", true, false}},
		{"classic in conf", names("x/conf/dispatcher.any"), "x", "", "", want{Classic, "x/conf/dispatcher.any", "", true, false}},
		{"classic, conf itself", names("x/conf/dispatcher.any"), "x/conf", "", "", want{Classic, "x/conf/dispatcher.any", "", true, false}},
		{"httpd", names("httpd/conf/dispatcher.any"), ".", "", "", want{Classic, "httpd/conf/dispatcher.any", "", true, false}},
		{"vhosts alone", names("conf.d/enabled_vhosts/a.vhost"), ".", "", "", want{Cloud, "", "", false, false}},
		{"a file: dispatcher.any", names("x/dispatcher.any"), "x/dispatcher.any", "", "", want{Classic, "x/dispatcher.any", "", true, false}},
		{"a file: dispatcher.any of a tree", under("src/", cloud), "src/conf.dispatcher.d/dispatcher.any", "", "", want{Cloud, "src/conf.dispatcher.d/dispatcher.any", "", true, false}},
		{"a file: a farm of a tree", under("src/", cloud), "src/conf.dispatcher.d/enabled_farms/a.farm", "", "", want{Cloud, "src/conf.dispatcher.d/enabled_farms/a.farm", "", false, false}},
		{"a file: a part of an ams tree", under("src/", ams), "src/conf.dispatcher.d/vhosts/x.any", "", "", want{AMS, "src/conf.dispatcher.d/vhosts/x.any", "", false, false}},
		{"a file: a vhost of a tree", under("src/", cloud, "src/conf.d/a/x.vhost"), "src/conf.d/a/x.vhost", "", "", want{Cloud, "", "src/conf.d/a/x.vhost", false, false}},
		{"a file: a vhost alone", names("x.vhost"), "x.vhost", "", "", want{Cloud, "", "x.vhost", false, false}},
		{"a file: rules of ams", map[string]string{"x.rules": "RewriteCond ${AUTHOR_DEFAULT_HOSTNAME}"}, "x.rules", "", "", want{AMS, "", "x.rules", false, false}},
		{"a file: a fragment", map[string]string{"x.any": "/filter { }"}, "x.any", "", "", want{Classic, "x.any", "", false, false}},
		{"a file: a fragment of the cloud", map[string]string{"x.any": `/docroot "${DOCROOT}"`}, "x.any", "", "", want{Cloud, "x.any", "", false, false}},
		{"a file: a fragment of ams", map[string]string{"x.any": `/docroot "${PUBLISH_DOCROOT}"`}, "x.any", "", "", want{AMS, "x.any", "", false, false}},
		{"a file: a farm", names("x.farm"), "x.farm", "", "", want{Cloud, "x.farm", "", false, false}},
		{"a file above the working directory", names("x/a.any", "y/z"), "../x/a.any", "y", "", want{Classic, "../x/a.any", "", false, false}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := plant(t, tc.files)
			workDir := filepath.Join(dir, filepath.FromSlash(tc.workDir))
			l, err := Find(Options{Path: filepath.FromSlash(tc.path), WorkDir: workDir, Profile: tc.profile})
			if err != nil {
				t.Fatal(err)
			}
			got := want{Kind: l.Kind, Whole: l.Whole, Synthetic: l.Synthetic != ""}
			if l.Entry != "" {
				got.Entry = l.Show(l.Entry)
				if !isFile(l.FS, l.Entry) {
					t.Errorf("%s is not in FS", l.Entry)
				}
			}
			if l.Site != "" {
				got.Site = l.Show(l.Site)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if l.Entry != "" && l.Synthetic == "" {
				if _, err := os.Stat(l.Path(l.Entry)); err != nil {
					t.Errorf("Path: %v", err)
				}
			}
			if tc.path != "" {
				// The same, without a disk.
				files := fstest.MapFS{}
				for name, text := range tc.files {
					files[strings.TrimSuffix(name, "/x/")] = &fstest.MapFile{Data: []byte(text)}
				}
				if tc.workDir != "" {
					return
				}
				m, err := Find(Options{Path: tc.path, FS: files, Prefix: "mem:", Profile: tc.profile})
				if err != nil {
					t.Fatal(err)
				}
				if m.Kind != l.Kind || m.Whole != l.Whole || m.Entry != "" && m.Show(m.Entry) != "mem:/"+got.Entry {
					t.Errorf("in memory: got %+v", m)
				}
			}
		})
	}
}

func TestFindNothing(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		path  string
		work  string
		want  string
	}{
		{"empty folder", names("x/readme"), "x", "", "no Dispatcher configuration in x: looked for conf.dispatcher.d beside conf.d (here, in src or in dispatcher/src), conf.dispatcher.d/dispatcher.any, dispatcher.any, conf/dispatcher.any; name one with -c, or try -c example:cloud"},
		{"nothing upward", names(".git/", "a/b/c"), "", "a/b", "no Dispatcher configuration from the working directory up to ../..: looked for conf.dispatcher.d beside conf.d (here, in src or in dispatcher/src), conf.dispatcher.d/dispatcher.any, dispatcher.any, conf/dispatcher.any; name one with -c, or try -c example:cloud"},
		{"not beyond the repository", names("dispatcher.any", "repo/.git/"), "", "repo", "no Dispatcher configuration in the working directory: looked for conf.dispatcher.d beside conf.d (here, in src or in dispatcher/src), conf.dispatcher.d/dispatcher.any, dispatcher.any, conf/dispatcher.any; name one with -c, or try -c example:cloud"},
		{"one below", names("a/rules/dispatcher.any"), ".", "", "there is one at a/rules: name it with -c"},
		{"several below", names("dispatcher.ams/src/conf.dispatcher.d/dispatcher.any", "dispatcher.cloud/src/conf.dispatcher.d/dispatcher.any"), ".", "", "there are several, such as dispatcher.ams/src: name one with -c"},
		{"no such file", names("x"), "y", "", "no Dispatcher configuration at y: there is no such file or folder; name one with -c, or try -c example:cloud"},
		{"letter case", names("Dispatcher/dispatcher.any"), "dispatcher", "", "there is one at Dispatcher: name it with -c"},
		{"example", nil, "example:clod", "", `no example project "clod", there are ams, classic, cloud; write -c example:cloud`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := plant(t, tc.files)
			if tc.name == "letter case" {
				if _, err := os.Stat(filepath.Join(dir, "dispatcher")); err == nil {
					t.Skip("letter case does not count here")
				}
			}
			_, err := Find(Options{Path: filepath.FromSlash(tc.path), WorkDir: filepath.Join(dir, filepath.FromSlash(tc.work))})
			if err == nil || !strings.HasSuffix(err.Error(), tc.want) {
				t.Fatalf("got  %v\nwant %s", err, tc.want)
			}
			var nf *NotFoundError
			if !strings.HasPrefix(tc.path, "example:") && !errors.As(err, &nf) {
				t.Errorf("%T is no *NotFoundError", err)
			}
		})
	}
	if _, err := Find(Options{Path: "example:cloud", Profile: "onprem"}); err == nil || err.Error() != `profile "onprem" is none of cloud, ams, classic` {
		t.Errorf("got %v", err)
	}
}

func TestMap(t *testing.T) {
	files := fstest.MapFS{}
	for _, n := range []string{"conf.dispatcher.d/dispatcher.any", "conf.dispatcher.d/filters/a.any", "conf.d/x.conf"} {
		files[n] = &fstest.MapFile{}
	}
	tree := &Location{Kind: AMS, FS: files, Root: ".", Entry: "conf.dispatcher.d/dispatcher.any", Dir: filepath.FromSlash("/srv/tree")}
	own := fstest.MapFS{"apache/conf/dispatcher.any": {}, "apache/conf/rules/a.any": {}, "secret": {}}
	classic := &Location{Kind: Classic, FS: own, Root: "apache", Entry: "apache/conf/dispatcher.any"}
	for _, tc := range []struct {
		l         *Location
		abs, want string
	}{
		{tree, "/etc/httpd/conf.dispatcher.d/filters/a.any", "conf.dispatcher.d/filters/a.any"},
		{tree, "/etc/httpd/conf.dispatcher.d/filters/none.any", "conf.dispatcher.d/filters/none.any"},
		{tree, "/etc/httpd/conf.dispatcher.d/filters/*.any", "conf.dispatcher.d/filters/*.any"},
		{tree, "/opt/apache/conf.dispatcher.d/filters/*.any", "conf.dispatcher.d/filters/*.any"},
		{tree, "/srv/tree/conf.d/x.conf", "conf.d/x.conf"},
		{tree, "/etc/passwd", ""},
		{tree, "/etc/shadow.any", ""},
		{classic, "/etc/httpd/conf/rules/a.any", "apache/conf/rules/a.any"},
		{classic, "/private/etc/apache2/conf/rules/a.any", "apache/conf/rules/a.any"},
		{classic, "C:/apache/rules/*.any", "apache/conf/rules/*.any"},
		{classic, "/secret", ""},
	} {
		got, ok := tc.l.Map(tc.abs)
		if got != tc.want && ok || ok != (tc.want != "") {
			t.Errorf("%s: got %q, %v, want %q", tc.abs, got, ok, tc.want)
		}
	}
}
