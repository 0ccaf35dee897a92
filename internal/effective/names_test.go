package effective

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/project"
)

// answered writes a table: name and port, the virtual host's line, what ends the request in httpd, the farm and its value.
func answered(t *Table) string {
	var b strings.Builder
	for _, n := range t.Names {
		name := n.Text
		if n.Source == AnyOther {
			name = "(other)"
		}
		fmt.Fprintf(&b, "%s %d: ", name, n.Port)
		switch {
		case n.Unusable:
			b.WriteString("unusable\n")
			continue
		case n.VirtualHost != nil && n.VirtualHost.Virtual:
			b.WriteString(where(n.VirtualHost.At))
		case n.VirtualHost != nil:
			b.WriteString("main")
		default:
			b.WriteString("-")
		}
		if n.Ended {
			fmt.Fprintf(&b, " ends %d %s at %s", n.Status, n.Location, where(n.By.At))
		}
		if n.Farm != nil {
			fmt.Fprintf(&b, " %s %s", n.Farm.Name, n.Reason)
			if n.Value != nil {
				fmt.Fprintf(&b, " %q", n.Value.Text)
			}
		}
		if n.Path != "/" {
			b.WriteString(" for " + n.Path)
		}
		b.WriteByte('\n')
	}
	for _, v := range t.Idle {
		fmt.Fprintf(&b, "idle %q of %s\n", v.Value.Text, v.Farm.Name)
	}
	for _, f := range t.Unreached {
		fmt.Fprintf(&b, "unreached %s\n", f.Name)
	}
	return b.String()
}

// TestNames: who answers for which name.
func TestNames(t *testing.T) {
	const handler = "DocumentRoot /mnt/var/www/html\n<Directory />\nSetHandler dispatcher-handler\nRequire all granted\n</Directory>\n</VirtualHost>\n"
	farm := func(name string, hosts ...string) string {
		return fmt.Sprintf("/%s { /virtualhosts { \"%s\" } /renders { /0 { /hostname \"h\" /port \"1\" } } }\n", name, strings.Join(hosts, "\" \""))
	}
	for _, tc := range []struct {
		name, vhosts, farms, want string
	}{
		{
			"each its farm",
			"<VirtualHost *:80>\nServerName a\n" + handler + "<VirtualHost *:80>\nServerName b\nServerAlias *.b\n" + handler,
			farm("fa", "a") + farm("fb", "b", "*.b"),
			"a 80: x.vhost:1 fa matched \"a\"\nb 80: x.vhost:9 fb matched \"b\"\n*.b 80: x.vhost:9 fb matched \"*.b\"\n(other) 80: x.vhost:1 fb default\n",
		},
		{
			"the first virtual host with a name answers, and the last farm",
			"<VirtualHost *:80>\nServerName a\n" + handler + "<VirtualHost *:80>\nServerName a\n" + handler,
			farm("f1", "a") + farm("f2", "a"),
			"a 80: x.vhost:1 f2 matched \"a\"\na 80: x.vhost:1 f2 matched \"a\"\n(other) 80: x.vhost:1 f2 default\nidle \"a\" of f1\nunreached f1\n",
		},
		{
			"ports",
			"<VirtualHost *:80>\nServerName a\nRedirect / https://a/\n</VirtualHost>\n<VirtualHost *:8080>\nServerName a\n" + handler,
			farm("plain", "a") + farm("ported", "a:8080"),
			"a 80: x.vhost:1 ends 302 https://a/ at x.vhost:3\na 8080: x.vhost:5 ported matched \"a:8080\"\n" +
				"a:8080 8080: x.vhost:5 ported matched \"a:8080\"\n(other) 80: x.vhost:1 ends 302 https://a/ at x.vhost:3\n(other) 8080: x.vhost:5 ported default\nidle \"a\" of plain\nunreached plain\n",
		},
		{
			"the home page alone ends in httpd",
			"<VirtualHost *:80>\nServerName a\nRewriteEngine On\nRewriteRule ^/$ /home.html [R=302,L]\n" + handler,
			farm("f", "a"),
			"a 80: x.vhost:1 f matched \"a\" for /content/any/page.html\n(other) 80: x.vhost:1 f default for /content/any/page.html\n",
		},
		{
			"the path that rules made counts",
			"<VirtualHost *:80>\nServerName a\nDispatcherUseProcessedURL On\nRewriteEngine On\nRewriteRule ^/$ /shop/home.html [PT,L]\n" + handler,
			farm("all", "a") + farm("shop", "a/shop/*"),
			"a 80: x.vhost:1 shop matched \"a/shop/*\"\na/shop/* 80: x.vhost:1 shop matched \"a/shop/*\" for /shop/any\n(other) 80: x.vhost:1 shop default\nidle \"a\" of all\nunreached all\n",
		},
		{
			"a name with a variable that nobody defines",
			"<VirtualHost *:80>\nServerName a\nServerAlias ${NOBODY}.b\n" + handler,
			farm("f", "*"),
			"a 80: x.vhost:1 f matched \"*\"\n${NOBODY}.b 80: unusable\n* 80: x.vhost:1 f matched \"*\"\n",
		},
		{
			"no farm",
			"<VirtualHost *:80>\nServerName a\n" + handler, "",
			"a 80: x.vhost:1\n(other) 80: x.vhost:1\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := siteOf(t, project.Options{Profile: project.AMS}, map[string]string{ // where no virtual host stands beside those of the project
				"conf.d/enabled_vhosts/x.vhost": tc.vhosts, "conf.dispatcher.d/enabled_farms/f.farm": tc.farms,
			})
			table, err := s.Names(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, answered(table)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAsk: one host, as a client names it.
func TestAsk(t *testing.T) {
	s := siteOf(t, project.Options{Profile: project.AMS}, map[string]string{"conf.d/enabled_vhosts/x.vhost": "<VirtualHost *:80>\nServerName a\n<Location />\nSetHandler dispatcher-handler\n</Location>\n</VirtualHost>\n"})
	for _, tc := range []struct {
		host, asked, vhost string
		port               int
		named              bool
	}{
		{"a", "a", "x.vhost:1", 80, true},
		{"A:80", "A", "x.vhost:1", 80, true},
		{"b", "b", "x.vhost:1", 80, false},
		{"a:8080", "a:8080", "-", 8080, false},
	} {
		t.Run(tc.host, func(t *testing.T) {
			n, err := s.Ask(context.Background(), tc.host)
			if err != nil {
				t.Fatal(err)
			}
			got := "-"
			if n.VirtualHost != nil && n.VirtualHost.Virtual {
				got = where(n.VirtualHost.At)
			}
			if got != tc.vhost || n.Port != tc.port || n.Named != tc.named || n.Host != tc.asked {
				t.Errorf("got %s for %s, port %d, named %v", got, n.Host, n.Port, n.Named)
			}
		})
	}
}

// TestImmutable: files of the platform that a project holds copies of are known, also by the links in enabled_vhosts.
func TestImmutable(t *testing.T) {
	s := siteOf(t, project.Options{}, map[string]string{
		"conf.d/enabled_vhosts/default.vhost": "<VirtualHost *:80>\nServerName d\n</VirtualHost>\n",
		"conf.d/enabled_vhosts/own.vhost":     "<VirtualHost *:80>\nServerName o\n</VirtualHost>\n",
	})
	got := map[string]bool{}
	hosts, err := s.Hosts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts[1:] {
		if h.Origin.Platform {
			continue // laid over the project's
		}
		got[filepath.Base(h.Origin.At.File.Name)] = h.Origin.Immutable
	}
	if diff := cmp.Diff(map[string]bool{"default.vhost": true, "own.vhost": false}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
