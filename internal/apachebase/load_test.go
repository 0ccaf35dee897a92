package apachebase

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/source"
)

func TestSingleFile(t *testing.T) {
	tests := []struct{ name, dir, file string }{
		{"site.conf", ".", "site.conf"},
		{"a/b/site.rules", "a/b", "site.rules"},
		{"src/conf.d/rewrites/x.rules", "src", "conf.d/rewrites/x.rules"},
		{"conf.d/x.vhost", ".", "conf.d/x.vhost"},
		{"/abs/src/conf.d/x.vhost", "/abs/src", "conf.d/x.vhost"},
		{"/conf.d/x.vhost", "/", "conf.d/x.vhost"},
		{"a/conf.d/b/conf.d/x.vhost", "a/conf.d/b", "conf.d/x.vhost"},
	}
	for _, tt := range tests {
		if dir, file := SingleFile(tt.name); dir != tt.dir || file != tt.file {
			t.Errorf("%s: got %s and %s, want %s and %s", tt.name, dir, file, tt.dir, tt.file)
		}
	}
}

func mapOf(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			m[name] = &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink | 0o777}
			continue
		}
		m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return m
}

var testEnv = map[string]string{
	"DOCROOT": "/mnt/var/www/html", "DISP_LOG_LEVEL": "warn", "REWRITE_LOG_LEVEL": "warn", "EXPIRATION_TIME": "300", "FORWARDED_HOST_SETTING": "Off",
	"AEM_HOST": "aem", "AEM_PORT": "4503", "POD_NAME": "pod", "COMMERCE_ENDPOINT": "",
}

func load(t *testing.T, o Options) (*Server, *apacheconf.Tree) {
	t.Helper()
	o.Env = func(name string) (string, bool) { v, ok := testEnv[name]; return v, ok }
	s, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := apacheconf.Read(t.Context(), s.Read)
	if err != nil {
		t.Fatal(err)
	}
	return s, tree
}

// serverNames are the names of the virtual hosts in the order of reading.
func serverNames(tree *apacheconf.Tree) []string {
	var names []string
	for _, n := range tree.Nodes {
		if n.Key != "virtualhost" {
			continue
		}
		for _, c := range n.Children {
			if c.Key == "servername" {
				names = append(names, c.Args)
			}
		}
	}
	return names
}

const host = "<VirtualHost *:80>\nServerName NAME\n</VirtualHost>\n"

func named(name string) string { return strings.ReplaceAll(host, "NAME", name) }

func TestLayers(t *testing.T) {
	cloudMain := "Include conf.d/variables/default.vars\nInclude conf.d/enabled_vhosts/*.vhost\n"
	tests := []struct {
		name    string
		options Options
		files   map[string]string
		want    []string
		errors  []string
	}{
		{name: "cloud without a main file", files: map[string]string{"conf.d/enabled_vhosts/a.vhost": "-> ../available_vhosts/a.vhost", "conf.d/available_vhosts/a.vhost": named("a")},
			want: []string{"test.proxy", "a", "unmatched-host-catch-all"}},
		{name: "project over the server", files: map[string]string{"conf.d/dispatcher_vhost.conf": cloudMain, "conf.d/enabled_vhosts/b.vhost": named("b"), "conf.d/enabled_vhosts/a.vhost": named("a")},
			want: []string{"a", "b"}},
		{name: "text of a link", files: map[string]string{"conf.d/dispatcher_vhost.conf": cloudMain, "conf.d/enabled_vhosts/a.vhost": "../available_vhosts/a.vhost\n", "conf.d/available_vhosts/a.vhost": named("a")},
			want: []string{"a"}},
		{name: "text of a link to nothing", files: map[string]string{"conf.d/dispatcher_vhost.conf": cloudMain, "conf.d/enabled_vhosts/a.vhost": "../available_vhosts/b.vhost"},
			errors: []string{"conf.d/enabled_vhosts/a.vhost:1:1: DSP116 file is the text of a symbolic link to ../available_vhosts/b.vhost"}},
		{name: "absolute link", files: map[string]string{"conf.d/dispatcher_vhost.conf": cloudMain, "conf.d/enabled_vhosts/a.vhost": "-> /etc/httpd/conf.d/available_vhosts/a.vhost", "conf.d/available_vhosts/a.vhost": named("a")},
			want: []string{"a"}},
		{name: "link to a folder", files: map[string]string{"conf.d/dispatcher_vhost.conf": cloudMain, "conf.d/enabled_vhosts": "-> available_vhosts", "conf.d/available_vhosts/a.vhost": named("a")},
			want: []string{"a"}},
		{name: "dangling link", files: map[string]string{"conf.d/dispatcher_vhost.conf": cloudMain, "conf.d/enabled_vhosts/a.vhost": "-> ../nope"},
			errors: []string{"conf.d/dispatcher_vhost.conf:2:9: DSP111 file conf.d/enabled_vhosts/a.vhost is not there"}},
		{name: "links in a circle", files: map[string]string{"conf.d/dispatcher_vhost.conf": cloudMain, "conf.d/enabled_vhosts/a.vhost": "-> b.vhost", "conf.d/enabled_vhosts/b.vhost": "-> a.vhost"},
			errors: []string{"conf.d/dispatcher_vhost.conf:2:9: DSP111 file conf.d/enabled_vhosts/a.vhost is not there"}},
		{name: "link out of the server's tree", files: map[string]string{"conf.d/dispatcher_vhost.conf": cloudMain, "conf.d/enabled_vhosts/a.vhost": "-> ../../../../etc/passwd"},
			errors: []string{"conf.d/dispatcher_vhost.conf:2:9: DSP111 file conf.d/enabled_vhosts/a.vhost is not there"}},
		{name: "no enabled host", files: map[string]string{"conf.d/available_vhosts/a.vhost": named("a")}, want: []string{"test.proxy", "unmatched-host-catch-all"},
			errors: []string{"base:/etc/httpd/conf.d/enabled_vhosts/vhosts.conf:2:9: DSP112 no file in conf.d/enabled_vhosts matches *.vhost"}},
		{name: "cloud hides other folders", files: map[string]string{"conf.d/dispatcher_vhost.conf": "Include other/*.conf\n", "other/a.conf": named("a")},
			errors: []string{"conf.d/dispatcher_vhost.conf:1:9: DSP112 folder other is not there"}},
		{name: "one file", options: Options{File: "x.vhost"}, files: map[string]string{"x.vhost": "Include rules/a.rules\n" + named("x"), "rules/a.rules": "RewriteRule ^ -\n", "conf.d/no.conf": named("no"), "conf/httpd.conf": named("no")},
			want: []string{"x"}},
		{name: "rules alone", options: Options{File: "conf.d/rewrites/x.rules"}, files: map[string]string{"conf.d/rewrites/x.rules": "Include conf.d/rewrites/y.rules\n", "conf.d/rewrites/y.rules": "RewriteRule ^/a /b\n"},
			want: []string{"publish"}},
		{name: "ams with its own main file", options: Options{Profile: AMS}, files: map[string]string{"conf/httpd.conf": "ServerRoot \"/etc/httpd\"\nInclude conf.modules.d/*.conf\n<IfModule disp_apache2.c>\nInclude conf.d/*.conf\n</IfModule>\n",
			"conf.modules.d/02.conf": "LoadModule dispatcher_module x.so\n", "conf.d/a.conf": "Include /etc/httpd/conf.d/hosts/*\n", "conf.d/hosts/a": named("a")}, want: []string{"a"}},
		{name: "ams on the base", options: Options{Profile: AMS}, files: map[string]string{"conf.d/a.conf": "<IfModule mod_lua.c>\n" + named("a") + "</IfModule>\n"}, want: []string{"a"}},
		{name: "classic with its own root", options: Options{Profile: Classic}, files: map[string]string{"httpd.conf": "ServerRoot \"/opt/apache\"\nInclude /opt/apache/extra/*.conf\nInclude extra/b.inc\n", "extra/a.conf": named("a"), "extra/b.inc": "<IfModule mod_rewrite.c>\n" + named("b") + "</IfModule>\n"},
			want: []string{"a", "b"}},
		{name: "further files", options: Options{Files: map[string]string{Root + "/conf.d/z.conf": named("z"), "/mnt/x/": ""}}, files: map[string]string{"conf.d/dispatcher_vhost.conf": "<IfFile /mnt/x>\n" + named("y") + "</IfFile>\n"}, want: []string{"y", "z"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Project = mapOf(tt.files)
			_, tree := load(t, tt.options)
			if diff := cmp.Diff(tt.want, serverNames(tree)); diff != "" {
				t.Errorf("virtual hosts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.errors, errorsOf(tree)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBaseAlone: the server of each profile starts without a project, with one file, and as the recorded cases have it.
func TestBaseAlone(t *testing.T) {
	for _, profile := range []Profile{Cloud, AMS, Classic} {
		for _, bare := range []bool{false, true} {
			for _, file := range []string{"site.conf", "a.rules"} {
				o := Options{Profile: profile, Bare: bare, File: file, Project: mapOf(map[string]string{file: "# nothing\n"}), Flags: []string{"ENVIRONMENT_DEV"}}
				_, tree := load(t, o)
				if len(tree.Findings) > 0 {
					t.Errorf("%s, bare %v, %s: %v", profile, bare, file, tree.Findings[0].Message)
				}
				for _, module := range []string{"disp_apache2.c", "rewrite_module", "mod_headers.c", "macro_module", "version_module", "mod_proxy_http.c"} {
					if !tree.Loaded(module) {
						t.Errorf("%s, bare %v: %s is not loaded", profile, bare, module)
					}
				}
				if got, want := tree.Loaded("mod_security2.c"), profile == Cloud && !bare; got != want {
					t.Errorf("%s, bare %v: mod_security2 is loaded: %v, want %v", profile, bare, got, want)
				}
				if got, want := slices.ContainsFunc(tree.Nodes, func(n *apacheconf.Node) bool { return n.Key == "remoteipheader" }), profile == Cloud && !bare; got != want {
					t.Errorf("%s, bare %v, %s: client addresses are set: %v, want %v", profile, bare, file, got, want)
				}
			}
		}
	}
	if _, err := Load(Options{Profile: "nope"}); err == nil {
		t.Error("a profile that is none is taken")
	}
	if _, err := Load(Options{Project: mapOf(nil), File: "x.conf"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there gives %v", err)
	}
}

func TestServer(t *testing.T) {
	s, tree := load(t, Options{Project: mapOf(map[string]string{"conf.d/enabled_vhosts/a.vhost": named("a")})})
	types, err := s.MIMETypes()
	if err != nil {
		t.Fatal(err)
	}
	for ext, want := range map[string]string{"html": "text/html", "js": "application/javascript", "jpeg": "image/jpeg", "woff2": "font/woff2", "xml": "text/xml", "nope": ""} {
		if types[ext] != want {
			t.Errorf("type of .%s is %q, want %q", ext, types[ext], want)
		}
	}
	top := s.TopFolders()
	for _, name := range []string{"etc", "var", "home", "bin", "tmp", "mnt"} {
		if !slices.Contains(top, name) {
			t.Errorf("/%s is not there", name)
		}
	}
	if slices.Contains(top, "content") || slices.Contains(top, "") {
		t.Errorf("top folders are %q", top)
	}
	if s.DefaultDocumentRoot != "/var/www/localhost/htdocs" {
		t.Errorf("default document root is %s", s.DefaultDocumentRoot)
	}
	for _, f := range tree.Files {
		if own := s.FS.Own(f.Src); own == (f.Src.Name == "conf.d/enabled_vhosts/a.vhost") {
			t.Errorf("%s is the server's: %v", f.Src.Name, own)
		}
		again, err := s.FS.ReadFile(s.FS.Path(f.Src))
		if err != nil || again != f.Src {
			t.Errorf("%s at %q is another text the second time: %v", f.Src.Name, s.FS.Path(f.Src), err)
		}
	}
}

// TestText: the texts of those who have them already are taken.
func TestText(t *testing.T) {
	given := source.NewFile("shown/a.vhost", []byte(named("given")))
	_, tree := load(t, Options{
		Project: mapOf(map[string]string{"conf.d/dispatcher_vhost.conf": "Include conf.d/enabled_vhosts/a.vhost\n", "conf.d/enabled_vhosts/a.vhost": "-> ../available_vhosts/a.vhost", "conf.d/available_vhosts/a.vhost": named("disk")}),
		Text: func(name string) (*source.File, error) {
			if name == "conf.d/available_vhosts/a.vhost" {
				return given, nil
			}
			return source.NewFile(name, []byte("Include conf.d/enabled_vhosts/a.vhost\n")), nil
		},
	})
	if diff := cmp.Diff([]string{"given"}, serverNames(tree)); diff != "" {
		t.Errorf("virtual hosts (-want +got):\n%s", diff)
	}
	if !slices.ContainsFunc(tree.Nodes, func(n *apacheconf.Node) bool { return n.At.File == given }) {
		t.Error("the node lies in another text than the one that was given")
	}
}

func TestFS(t *testing.T) {
	s, _ := load(t, Options{Project: mapOf(map[string]string{"conf.d/a.conf": "A b\n", "opt-in/x": ""})})
	names := func(dir string) []string {
		entries, err := s.FS.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	if diff := cmp.Diff([]string{"a.conf", "dispatcher_vhost.conf", "enabled_vhosts", "remoteip.conf", "rewrites", "status.conf", "variables"}, names(Root+"/conf.d")); diff != "" {
		t.Errorf("conf.d (-want +got):\n%s", diff)
	}
	if got := names(Root); !slices.Contains(got, "opt-in") || !slices.Contains(got, "conf") || !slices.Contains(got, "probes") {
		t.Errorf("ServerRoot has %q", got)
	}
	for name, want := range map[string]error{Root + "/nope": fs.ErrNotExist, Root + "/conf.d/a.conf/x": errNotFolder, Root + "/conf/httpd.conf/x": errNotFolder, "/nope/x": fs.ErrNotExist} {
		if _, err := s.FS.Stat(name); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
	if _, err := s.FS.ReadFile(Root + "/conf.d"); err == nil {
		t.Error("a folder is read as a file")
	}
	if _, err := s.FS.ReadDir(Root + "/conf.d/a.conf"); !errors.Is(err, errNotFolder) {
		t.Errorf("a file is read as a folder: %v", err)
	}
	if fi, err := s.FS.Stat("/mnt/var/www/html"); err != nil || !fi.IsDir() {
		t.Errorf("document root: %v", err)
	}
}
