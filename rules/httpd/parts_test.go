package httpd

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model/server"
)

func TestGroup(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"^/(a)(b)$", 1, "(a)"},
		{"^/(a)(b)$", 2, "(b)"},
		{"^/(a(b)c)$", 1, "(a(b)c)"},
		{"^/(a(b)c)$", 2, "(b)"},
		{"^/(?:a|b)(c)", 1, "(c)"},
		{"^/(?<name>x)(y)", 2, "(y)"},
		{"^/(?<=x)(y)", 1, "(y)"},
		{`\((a)`, 1, "(a)"},
		{"[(](a)", 1, "(a)"},
		{"[])](a)", 1, "(a)"},
		{"[^])](a)", 1, "(a)"},
		{"[[:alpha:]()](a)", 1, "(a)"},
		{`[\]()](a)`, 1, "(a)"},
		{"(?i)(a)", 1, "(a)"},
		{"(a)", 2, ""},
		{"(a", 1, ""},
		{"a)", 1, ""},
		{`\Q(\E(a)`, 1, ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			from, to, ok := group(c.text, c.n)
			if got := c.text[from:to]; ok != (c.want != "") || got != c.want {
				t.Errorf("got %q, %t, want %q", got, ok, c.want)
			}
		})
	}
}

func TestSlot(t *testing.T) {
	for _, c := range []struct {
		target string
		named  bool
		want   slot
		ok     bool
	}{
		{"https://$1", false, slot{sign: '$', n: 1, start: 8, limit: 10}, true},
		{"https://a.example$1/x", false, slot{sign: '$', n: 1, front: "a.example", start: 17, limit: 19}, true},
		{"https://%2.a.example/", false, slot{sign: '%', n: 2, rest: ".a.example", start: 8, limit: 10}, true},
		{"https://%{HTTP_HOST}/", false, slot{sign: '{', variable: "HTTP_HOST", start: 8, limit: 20}, true},
		{"https://%{HTTP_HOST}/$1", true, slot{}, false},
		{"https://%{HTTP_HOST}$1", true, slot{sign: '$', n: 1, front: "%{HTTP_HOST}", start: 20, limit: 22}, true},
		{"https://a.example/$1", false, slot{}, false},
		{"https://a.example?$1", false, slot{}, false},
		{`https://a\$1.example/`, false, slot{}, false},
		{"https://${map:$1}/", false, slot{}, false},
		{"%{ENV:BASE}://a$1", false, slot{}, false},
		{"/a/$1", false, slot{}, false},
		{"https://a$", false, slot{}, false},
		{"https://%{HTTP_HOST", false, slot{}, false},
	} {
		t.Run(c.target, func(t *testing.T) {
			got, ok := slotOf(c.target, c.named)
			if ok != c.ok {
				t.Fatalf("got %t", ok)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(slot{})); ok && diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSteered(t *testing.T) {
	for _, c := range []struct {
		pattern string
		n       int
		evil    string
		path    bool
		want    string
	}{
		{"^/go/(.*)$", 1, "evil.test", true, "/go/evil.test"},
		{"^/(.*)$", 1, ".evil.test", true, "/.evil.test"},
		{"^(.*)$", 1, ".evil.test", true, ""},
		{"(.*)", 1, "evil.test", true, ""},
		{"^/(de|fr)$", 1, "evil.test", true, ""},
		{"^/([^/]+)/(.*)$", 1, "evil.test", true, "/evil.test/"},
		{"^/([^/]+)$", 1, "evil.test/x", true, ""},
		{"^to=(.*)$", 1, "evil.test", false, "to=evil.test"},
		{"go/(.*)$", 1, "evil.test", true, "/go/evil.test"},
		{"^/a$", 1, "evil.test", true, ""},
		{`^/(a)\1$`, 1, "evil.test", true, ""},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			re, err := match.CompilePCRE(c.pattern, match.PCREOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, ok := steered(&server.Pattern{Text: c.pattern, PCRE: re}, c.n, c.evil, c.path)
			if got != c.want || ok != (c.want != "") {
				t.Errorf("got %q, %t, want %q", got, ok, c.want)
			}
		})
	}
}

func TestBadCacheControl(t *testing.T) {
	for _, c := range []struct{ value, wrong, instead string }{
		{"max-age=300, public", "", ""},
		{"public,max-age=300,stale-while-revalidate=5,stale-if-error=5,immutable", "", ""},
		{"private, no-cache, no-store, proxy-revalidate, no-transform", "", ""},
		{"no-store, must-revalidate, post-check=0, pre-check=0", "", ""},
		{`private="set-cookie", max-age:3`, "", ""},
		{"", "", ""},
		{"max-age=300,", "", ""},
		{"our-word", "", ""},
		{"MAX-AGE=5", "", ""},
		{"max-age:300", "max-age:300", "max-age=300"},
		{"public, s-maxage : 5", "s-maxage : 5", "s-maxage=5"},
		{"max-age=300;", "max-age=300;", "max-age=300"},
		{"max-age=-1", "max-age=-1", ""},
		{"max-age", "max-age", ""},
		{"max-age = 5", "max-age = 5", "max-age=5"},
		{"pubic", "pubic", "public"},
		{"must-revalidat", "must-revalidat", "must-revalidate"},
		{"max_age=5", "max_age=5", "max-age=5"},
		{"immutable=1", "immutable=1", "immutable"},
	} {
		t.Run(c.value, func(t *testing.T) {
			wrong, why, instead := badCacheControl(c.value)
			if wrong != c.wrong || instead != c.instead || (why != "") != (c.wrong != "") {
				t.Errorf("got %q, %q, %q, want %q and %q", wrong, why, instead, c.wrong, c.instead)
			}
		})
	}
}

func TestPassed(t *testing.T) {
	for _, c := range []struct {
		value    string
		ok       bool
		in, outs int
	}{
		{"0", true, 0, 404},
		{"1", true, 404, 399},
		{"404,500-599", true, 503, 403},
		{"404, 500 - 599", true, 404, 499},
		{"404;500", false, 0, 0},
		{"2", false, 0, 0},
		{"", false, 0, 0},
		{"599-500", false, 0, 0},
		{"404,", false, 0, 0},
	} {
		t.Run(c.value, func(t *testing.T) {
			list, ok := passed(c.value)
			if ok != c.ok || c.in != 0 && !passes(list, c.in) || c.outs != 0 && passes(list, c.outs) {
				t.Errorf("got %v, %t", list, ok)
			}
		})
	}
}

func TestOldProtocols(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"all", "-SSLv3"}, []string{"TLSv1", "TLSv1.1"}},
		{[]string{"all", "-SSLv3", "-TLSv1", "-TLSv1.1"}, nil},
		{[]string{"-all", "+TLSv1.2"}, nil},
		{[]string{"-ALL", "+tlsv1"}, []string{"TLSv1"}},
		{[]string{"TLSv1.2", "TLSv1.3"}, nil},
		{[]string{"SSLv3"}, []string{"SSLv3"}},
		{nil, nil},
	} {
		if diff := cmp.Diff(c.want, oldProtocols(c.args)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.args, diff)
		}
	}
}

func TestWeakCiphers(t *testing.T) {
	for _, c := range []struct {
		list string
		want []string
	}{
		{"HIGH:!aNULL:!MD5:!3DES", nil},
		{"HIGH:MEDIUM:!MD5:!RC4", nil},
		{"HIGH:3DES:!aNULL", []string{"3DES"}},
		{"ECDHE-RSA-DES-CBC3-SHA:AES128-SHA", []string{"ECDHE-RSA-DES-CBC3-SHA"}},
		{"ECDHE-RSA-DES-CBC3-SHA:!3DES", nil},
		{"RC4-SHA:RC4-MD5", []string{"RC4-SHA", "RC4-MD5"}},
		{"ECDHE-RSA-RC4-SHA:!RC4", nil},
		{"ALL:!ADH:!EXPORT56:RC4+RSA:+HIGH:+MEDIUM:+LOW:+SSLv2:+EXP:+eNULL", []string{"RC4+RSA"}},
		{"NULL-SHA,EXP-DES-CBC-SHA", []string{"NULL-SHA", "EXP-DES-CBC-SHA"}},
		{"TLS_AES_128_GCM_SHA256", nil},
	} {
		if diff := cmp.Diff(c.want, weakCiphers(c.list)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.list, diff)
		}
	}
}

func TestForeign(t *testing.T) {
	for _, c := range []struct {
		pattern  string
		referer  bool
		want     string
		severity diag.Severity
	}{
		{`^https://app\.site\.example$`, false, "", 0},
		{`^https://(.*\.)?site\.example(:\d+)?$`, false, "", 0},
		{`^https?://([a-z0-9-]+\.)*site\.example$`, false, "", 0},
		{`^https://app\.site\.example`, false, "https://app.site.example.evil.test", diag.Error},
		{`https://.*site\.example$`, false, "https://evilsite.example", diag.Error},
		{`^https?://(?:.+\.)?(a\.site\.example|site\.example)(?::\d{1,5})?$`, false, "", 0},
		{`app\.site\.example$`, false, "", 0},
		{`https://.*site\.co\.uk$`, false, "https://evilsite.co.uk", diag.Error},
		{`^https://app.site.example$`, false, "https://appxsite.example", diag.Warning},
		{`^https://site.example$`, false, "", 0},
		{`https://.*\.github\.io$`, false, "https://somebody-else.github.io", diag.Info},
		{`^https://mine\.github\.io$`, false, "", 0},
		{`^https://www\.site\.example/`, true, "", 0},
		{`^https://www\.site\.example`, true, "https://www.site.example.evil.test/", diag.Error},
		{`https://www\.site\.example/`, true, "https://evil.test/?https://www.site.example/", diag.Error},
		{`^(.*)$`, false, "", 0},
		{`^https://localhost`, false, "", 0},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			re, err := match.CompilePCRE(c.pattern, match.PCREOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got, how, severity := foreign(c.pattern, re, c.referer)
			if got != c.want || severity != c.severity || (how == "") != (got == "") {
				t.Errorf("got %q, %q, %v, want %q, %v", got, how, severity, c.want, c.severity)
			}
		})
	}
}

// TestModules: no module of httpd 2.4 is taken for another one.
func TestModules(t *testing.T) {
	for _, name := range []string{
		"access_compat", "actions", "alias", "allowmethods", "asis", "auth_basic", "auth_digest", "auth_form", "authn_anon", "authn_core", "authn_dbd", "authn_dbm",
		"authn_file", "authn_socache", "authnz_fcgi", "authnz_ldap", "authz_core", "authz_dbd", "authz_dbm", "authz_groupfile", "authz_host", "authz_owner", "authz_user",
		"autoindex", "brotli", "buffer", "cache", "cache_disk", "cache_socache", "cern_meta", "cgi", "cgid", "charset_lite", "data", "dav", "dav_fs", "dav_lock", "dbd",
		"deflate", "dialup", "dir", "dumpio", "echo", "env", "expires", "ext_filter", "file_cache", "filter", "headers", "heartbeat", "heartmonitor", "http2", "ident",
		"imagemap", "include", "info", "isapi", "lbmethod_bybusyness", "lbmethod_byrequests", "lbmethod_bytraffic", "lbmethod_heartbeat", "log_config", "log_debug",
		"log_forensic", "logio", "lua", "macro", "md", "mime", "mime_magic", "negotiation", "privileges", "proxy", "proxy_ajp", "proxy_balancer", "proxy_connect",
		"proxy_express", "proxy_fcgi", "proxy_fdpass", "proxy_ftp", "proxy_hcheck", "proxy_html", "proxy_http", "proxy_http2", "proxy_scgi", "proxy_uwsgi", "proxy_wstunnel",
		"ratelimit", "reflector", "remoteip", "reqtimeout", "request", "rewrite", "sed", "session", "session_cookie", "session_crypto", "session_dbd", "setenvif",
		"slotmem_plain", "slotmem_shm", "socache_dbm", "socache_dc", "socache_memcache", "socache_redis", "socache_shmcb", "speling", "ssl", "status", "substitute",
		"suexec", "systemd", "tls", "unique_id", "unixd", "userdir", "usertrack", "version", "vhost_alias", "watchdog", "xml2enc",
		"authn_alias", "authn_default", "authz_default", "mem_cache", "disk_cache", "auth", "access", "gzip", "pagespeed", "security2", "security", "evasive20", "qos", "jk", "php", "php5", "php7", "php8", "our_own_thing",
	} {
		for _, known := range []string{"mod_" + name + ".c", name + "_module"} {
			if near := nearModule(known); !knownModules()[known] && near != "" {
				t.Errorf("%s is taken for %s", known, near)
			}
		}
	}
	for name, want := range map[string]string{
		"mod_dispatcher.c": "disp_apache2.c", "disp_apache.c": "disp_apache2.c", "mod_rewrite": "mod_rewrite.c", "mod_rewrite.so": "mod_rewrite.c", "rewrite": "mod_rewrite.c",
		"Mod_Headers.c": "mod_headers.c", "mod_expire.c": "mod_expires.c", "Headers_Module": "headers_module",
	} {
		if got := nearModule(name); got != want {
			t.Errorf("%s is taken for %q, want %q", name, got, want)
		}
	}
}
