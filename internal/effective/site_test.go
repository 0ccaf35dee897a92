package effective

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// siteOf lays files out and loads them. A text that is not there is that of a bare cloud project.
func siteOf(t *testing.T, o project.Options, files map[string]string) *Site {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"opt-in/USE_SOURCES_DIRECTLY":             "",
		"conf.d/dispatcher_vhost.conf":            "IncludeOptional conf.d/enabled_vhosts/*.vhost\n",
		"conf.dispatcher.d/dispatcher.any":        "/farms { $include \"enabled_farms/*.farm\" }\n",
		"conf.dispatcher.d/enabled_farms/f.farm":  "/only { /virtualhosts { \"*\" } /renders { /0 { /hostname \"h\" /port \"1\" } } }\n",
		"conf.d/enabled_vhosts/.keep":             "",
		"conf.d/variables/global.vars":            "",
		"conf.dispatcher.d/enabled_farms/.ignore": "",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	o.Path, o.WorkDir = dir, dir
	p, err := project.Load(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(context.Background(), p, simulate.Version{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Apache == nil || s.Config == nil {
		t.Fatal("a side of the project is not loaded")
	}
	return s
}

func where(s source.Span) string {
	if s.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%s:%d", filepath.Base(s.File.Name), s.Position().Line)
}

// written writes directives that are not the platform's, one a line with its place.
func written(list []Directive, indent string, b *strings.Builder) {
	for _, d := range list {
		if d.Platform {
			continue
		}
		written(d.Conditions, indent, b)
		fmt.Fprintf(b, "%s%s %s %s", indent, d.Name, d.Args, where(d.At))
		if d.Inherited {
			b.WriteString(" inherited")
		}
		for _, r := range d.Replaces {
			if !r.Platform {
				b.WriteString(" replaces " + where(r.At))
			}
		}
		for _, v := range d.Variables {
			fmt.Fprintf(b, " %s=%s from %s", v.Name, v.Value, filepath.Base(v.From))
		}
		b.WriteByte('\n')
		written(d.Inside, indent+"  ", b)
	}
}

func group(h *Host, name GroupName) string {
	var b strings.Builder
	for _, g := range h.Groups {
		if g.Name == name {
			written(g.Directives, "", &b)
		}
	}
	return b.String()
}

// TestMerging: what holds for a virtual host, in which order, and what it replaces.
func TestMerging(t *testing.T) {
	const main, host = "conf.d/dispatcher_vhost.conf", "conf.d/enabled_vhosts/a.vhost"
	include := "IncludeOptional conf.d/enabled_vhosts/*.vhost\n"
	vhost := func(lines string) string {
		return "<VirtualHost *:80>\nServerName a\n" + lines + "</VirtualHost>\n"
	}
	for _, tc := range []struct {
		name       string
		main, host string
		files      map[string]string
		group      GroupName
		want       string
	}{
		{
			name: "the last of a name counts", group: Settings,
			main: "MergeSlashes Off\nAllowEncodedSlashes On\n", host: vhost("AllowEncodedSlashes Off\nAllowEncodedSlashes NoDecode\n"),
			want: "MergeSlashes Off dispatcher_vhost.conf:1 inherited\nServerName a a.vhost:2\n" +
				"AllowEncodedSlashes NoDecode a.vhost:4 replaces dispatcher_vhost.conf:2 replaces a.vhost:3\n",
		},
		{
			name: "the last of a first word counts", group: Settings,
			main: "ErrorDocument 404 /main\nErrorDocument 403 /main\n", host: vhost("ErrorDocument 404 /own\n"),
			want: "ErrorDocument 403 /main dispatcher_vhost.conf:2 inherited\nServerName a a.vhost:2\n" +
				"ErrorDocument 404 /own a.vhost:3 replaces dispatcher_vhost.conf:1\n",
		},
		{
			name: "names are the host's own", group: Settings,
			main: "ServerName m\n", host: vhost("ServerAlias b\nServerAlias c\n"),
			want: "ServerName a a.vhost:2\nServerAlias b a.vhost:3\nServerAlias c a.vhost:4\n",
		},
		{
			name: "headers follow each other", group: Headers,
			main: "Header set X main\n", host: vhost("RequestHeader set R 1\nHeader set X own\nHeader set E 1 early\n"),
			want: "Header set E 1 early a.vhost:5\nRequestHeader set R 1 a.vhost:3\nHeader set X main dispatcher_vhost.conf:1 inherited\nHeader set X own a.vhost:4\n",
		},
		{
			name: "rules of the main server are not inherited", group: Rewrites,
			main: "RewriteEngine On\nRewriteRule ^/m /n\n", host: vhost("RewriteRule ^/a /b\n"),
			want: "RewriteEngine On dispatcher_vhost.conf:1 inherited\nRewriteRule ^/a /b a.vhost:3\n",
		},
		{
			name: "rules behind the own ones", group: Rewrites,
			main: "RewriteEngine On\nRewriteRule ^/m /n\n", host: vhost("RewriteEngine On\nRewriteOptions Inherit\nRewriteCond a b\nRewriteRule ^/a /b\n"),
			want: "RewriteEngine On a.vhost:3\nRewriteOptions Inherit a.vhost:4\nRewriteCond a b a.vhost:5\nRewriteRule ^/a /b a.vhost:6\nRewriteRule ^/m /n dispatcher_vhost.conf:2 inherited\n",
		},
		{
			name: "rules before the own ones", group: Rewrites,
			main: "RewriteEngine On\nRewriteOptions InheritDownBefore\nRewriteRule ^/m /n\n", host: vhost("RewriteEngine On\nRewriteRule ^/a /b\n"),
			want: "RewriteEngine On a.vhost:3\nRewriteOptions InheritDownBefore dispatcher_vhost.conf:2 inherited\nRewriteRule ^/m /n dispatcher_vhost.conf:3 inherited\nRewriteRule ^/a /b a.vhost:4\n",
		},
		{
			name: "a file that two places include", group: Rewrites,
			main: "", host: vhost("RewriteEngine On\nInclude conf.d/rewrites/r.rules\n<Directory />\nInclude conf.d/rewrites/r.rules\n</Directory>\n"),
			files: map[string]string{"conf.d/rewrites/r.rules": "RewriteRule ^/a /b\n"},
			want:  "RewriteEngine On a.vhost:3\nRewriteRule ^/a /b r.rules:1\n",
		},
		{
			name: "sections in the order in which they are merged", group: Sections,
			main: "<Location /m>\nHeader set M 1\n</Location>\n",
			host: vhost("<Location /l>\nHeader set L 1\n</Location>\n<Files x>\nRequire all denied\n</Files>\n<Directory /a/b>\nOptions None\n</Directory>\n<Directory /a>\nOptions All\n<Files y>\nRequire all granted\n</Files>\n</Directory>\n"),
			want: "Directory /a a.vhost:12\n  Options All a.vhost:13\n  Files y a.vhost:14\n    Require all granted a.vhost:15\n" +
				"Directory /a/b a.vhost:9\n  Options None a.vhost:10\nFiles x a.vhost:6\n  Require all denied a.vhost:7\n" +
				"Location /m dispatcher_vhost.conf:1 inherited\n  Header set M 1 dispatcher_vhost.conf:2 inherited\nLocation /l a.vhost:3\n  Header set L 1 a.vhost:4\n",
		},
		{
			name: "redirects of the host are tried first", group: Redirects,
			main: "Redirect /m http://m/\n", host: vhost("Redirect /a http://a/\nRedirectMatch ^/b http://b/\n"),
			want: "Redirect /a http://a/ a.vhost:3\nRedirectMatch ^/b http://b/ a.vhost:4\nRedirect /m http://m/ dispatcher_vhost.conf:1 inherited\n",
		},
		{
			name: "directives of the module", group: Dispatcher,
			main: "DispatcherPassError 0\nDispatcherDeclineRoot Off\n", host: vhost("DispatcherPassError 404\n"),
			want: "DispatcherDeclineRoot Off dispatcher_vhost.conf:2 inherited\nDispatcherPassError 404 a.vhost:3 replaces dispatcher_vhost.conf:1\n",
		},
		{
			name: "environment", group: Environment,
			main: "SetEnv M 1\n", host: vhost("SetEnv A ${PUBLISH_PORT}\nSetEnvIf Host x B\n"),
			want: "SetEnvIf Host x B a.vhost:4\nSetEnv M 1 dispatcher_vhost.conf:1 inherited\nSetEnv A 4503 a.vhost:3 PUBLISH_PORT=4503 from set by ams, dev\n",
		},
		{
			name: "variables know their line", group: Headers,
			main: "Define V one\n", host: "Define V two\n" + vhost("Header set X \"${V}\"\n") + "Define V three\n",
			want: "Header set X \"two\" a.vhost:4 V=two from a.vhost:1\n",
		},
		{
			name: "a macro", group: Headers,
			main: "<Macro M $x>\nHeader set X $x\n</Macro>\n", host: vhost("Use M 1\nUse M 2\n"),
			want: "Header set X 1 dispatcher_vhost.conf:2\nHeader set X 2 dispatcher_vhost.conf:2\n",
		},
		{
			name: "logs of the host's own", group: Other,
			main: "CustomLog logs/m common\nErrorLog logs/m\n", host: vhost("CustomLog logs/a common\nCustomLog logs/b common\nErrorLog logs/a\n"),
			want: "CustomLog logs/a common a.vhost:3\nCustomLog logs/b common a.vhost:4\nErrorLog logs/a a.vhost:5 replaces dispatcher_vhost.conf:2\n",
		},
		{
			name: "files for a folder", group: Settings,
			main: "DirectoryIndex m.html\n", host: vhost("DirectoryIndex a.html\nDirectoryIndex b.html\n"),
			want: "ServerName a a.vhost:2\nDirectoryIndex a.html a.vhost:3\nDirectoryIndex b.html a.vhost:4\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			files := map[string]string{main: tc.main + include, host: tc.host}
			for name, text := range tc.files {
				files[name] = text
			}
			s := siteOf(t, project.Options{Profile: project.AMS}, files) // where the main file is the project's
			got := "no virtual host"
			for _, h := range s.Apache.Hosts {
				if h.Name.Host == "a" {
					got = group(s.Host(h), tc.group)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestSample: a sample of a pattern is matched by it.
func TestSample(t *testing.T) {
	for _, tc := range []struct{ pattern, want string }{
		{"www.example.com", "www.example.com"},
		{"*", "any"},
		{"*.example.com", "any.example.com"},
		{"www?.example.*", "wwwx.example.any"},
		{"[abc].example.com", "a.example.com"},
		{"[!abc].example.com", "x.example.com"},
		{"[a.example.com", "[a.example.com"},
		{"[::1]:8080", "[::1]:8080"},
		{"", ""},
	} {
		t.Run(tc.pattern, func(t *testing.T) {
			if got := sample(tc.pattern); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestPortOf(t *testing.T) {
	for _, tc := range []struct {
		host string
		want int
	}{
		{"a", 0}, {"a:8080", 8080}, {"a:", 0}, {"a:0", 0}, {"a:70000", 0}, {"a:x", 0}, {"[::1]", 0}, {"[::1]:81", 81}, {"::1", 0},
	} {
		t.Run(tc.host, func(t *testing.T) {
			if got := portOf(tc.host); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}
