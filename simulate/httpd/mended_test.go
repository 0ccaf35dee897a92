package httpd_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/realhttpd"
)

// mended are differences from httpd that generated configurations found, with what httpd 2.4.71 does. ask is a method, a
// target and headers; want are the fields that matter.
var mended = []struct{ name, conf, ask, want string }{
	{"a path above the root is cleaned all the same", "", "GET /%2e%2e/de//%78-y", "status=400; uri=/de/x-y"},
	{"a bad escape is cleaned around", "", "GET /a%zz/../x%41", "status=400; uri=/xA"},
	{"a refused slash is shown decoded", "", "GET /a/%2fx", "status=404; uri=/a//x"},
	{"a target that is no path meets the first host", "Header always set X-A a", "GET x/y", "status=400; x-a="},
	{"a URL in a query makes no absolute target", "", "GET %2fx?url=http://e.example/", "status=400"},
	{"the host of an https target does not count", "", "GET https://other.example/x", "status=200; by=dispatcher-handler"},
	{"a target of another scheme is refused", "", "GET ftp://other.example/x", "status=400; uri=/x"},
	{"userinfo in a target is refused", "", "GET http://u:p@www.g0000.example/x", "status=400"},
	{"an absolute target without a host", "", "GET http:///x", "status=404"},

	{"a status leaves path and query alone", "RewriteEngine On\nRewriteRule ^/b$ /c?a=$1 [R=404]", "GET /b?x=1", "status=404; args=x=1"},
	{"slashes that references make at the front are one", "RewriteEngine On\nRewriteRule ^/a(x?)$ /$1/b [PT]", "GET /a", "uri=/b"},
	{"slashes that stand at the front stay", "RewriteEngine On\nRewriteRule ^/b$ //b [PT]", "GET /b", "uri=//b"},
	{"a redirect keeps the slashes of references", "RewriteEngine On\nRewriteRule ^/d(x?)$ /$1/b [R]", "GET /d", "location=http://g0000.example//b"},
	{"an empty query stays a query", "RewriteEngine On\nRewriteRule ^/g$ /x?& [R]", "GET /g", "location=http://g0000.example/x?"},
	{"PT of a URL is refused", "RewriteEngine On\nRewriteRule ^/g$ http://%{HTTP_HOST}/x [PT]", "GET /g", "status=400"},
	{"the file system root needs the literal segment", "RewriteEngine On\nRewriteRule ^/z$ tmp/x", "GET /z", "status=200"},
	{"the file system root behind two slashes", "RewriteEngine On\nRewriteRule ^/z$ //tmp/x", "GET /z", "status=200"},
	{"the file system root before a reference", "RewriteEngine On\nRewriteRule ^/z(x?)$ /tmp$1", "GET /z", "status=403"},
	{"B reaches into maps", "RewriteEngine On\nRewriteMap m txt:@ROOT@/maps/m.txt\nRewriteRule (.*) /${m:$1|$1}/x [PT,B]", "GET /p", "uri=/%2fp/x"},
	{"QSL looks at the last question mark", "RewriteEngine On\nRewriteRule ^/a(.*) /content?a=$1 [QSL]", "GET /ax%3fb", "status=403"},
	{"QSL: an earlier one is safe", "RewriteEngine On\nRewriteRule ^/b(.*) /cc$1?x=1 [QSL,R]", "GET /bx%3fb", "status=302; location=http://g0000.example/ccx%3fb?x=1"},
	{"no cookie where the question mark is refused", "RewriteEngine On\nRewriteRule ^/a(.*) /b$1 [CO=c:v:.example]", "GET /ax%3fb", "status=403; set-cookie="},
	{"the first cookie of a name stays", "RewriteEngine On\nRewriteRule ^/(.) - [CO=c:1:.example]\nRewriteRule ^ - [CO=c:2:.example]", "GET /a", "set-cookie=c=1; path=/; domain=.example"},
	{"NV of an expression", "RewriteEngine On\nRewriteCond expr \"%{HTTP:X-A} == 'a'\" [NV]\nRewriteRule ^ - [E=V:1]", "GET /q | X-A: a", "vary=; status=200"},
	{"-x is true of a folder", "RewriteEngine On\nRewriteCond @ROOT@/htdocs/content -x\nRewriteRule ^ - [R=410]", "GET /q", "status=410"},
	{"ftp has no query to be empty", "RewriteEngine On\nRewriteRule ^/h$ ftp://f/x? [R]", "GET /h", "location=ftp://f/x"},
	{"rules of a section are decoded once more", "<Location /k>\nRewriteEngine On\nRewriteRule (.*) /nA%2520x/../y%252041#z\n</Location>", "GET /k", "status=200"},
	{"an error document is decoded", "ErrorDocument 410 /err%41%20r.html\nRedirect gone /i", "GET /i", "status=410; uri=/errA r.html"},
	{".. in a file name leads out of the document root", "RewriteEngine On\nRewriteRule ^/aa$ /x%{ENV:V}/../../y", "GET /aa", "status=403"},

	{"& is no group", "RedirectMatch ^/e(.) /a&$1", "GET /ef", "location=http://g0000.example/a&f"},
	{"a backslash keeps any sign", `RedirectMatch ^/a(.) /x$1\&z\$1\b`, "GET /ab", "location=http://g0000.example/xb&z$1b"},
	{"an empty query goes along with Redirect", "Redirect /rr http://r.example/x", "GET /rr?", "location=http://r.example/x?"},
	{"Redirect of a section comes before access", "<Location /index.html>\nRequire all denied\nRedirect 303 http://r.example/s\n</Location>", "GET /index.html", "status=303; location=http://r.example/s"},
	{"nocanon where the path was encoded", "ProxyPass /pp/ http://Back.Example/b/ nocanon", "GET /p%70//a%2520b", "proxy=http://back.example/b/a%2520b"},
	{"nocanon writes the host small", "ProxyPass /pp http://Back.Example/b nocanon", "GET /pp/a%2eb", "proxy=http://back.example/b/a%2eb"},
	{"nocanon of a pattern looks at what was sent", "ProxyPassMatch ^/.+?([^/.]+)/?$ http://back.example/$1 nocanon", "GET //aa/", "proxy=http://back.example/aa"},
	{"a percent sign in a proxied path", "ProxyPass /pp http://back.example", "GET /pp/%252fx", "proxy=http://back.example/%252fx"},

	{"append leaves the type of the answer", `Header append Content-Type a/b`, "GET /q", "content-type=text/html"},
	{"setifempty replaces the type of the answer", `Header setifempty Content-Type a/b`, "GET /q", "content-type=a/b"},
	{"always changes the type, too", `Header always unset Content-Type`, "GET /q", "content-type="},
	{"the type is not among the headers yet", `Header set X-R "t=%{X}e"` + "\n" + `Header set X-S "expr=%{resp:Content-Type}."`, "GET /q", "x-s=."},
	{"a control character in a header", `Header set X-R "expr=%{REQUEST_URI}"`, "GET /page%0A", "status=500"},
	{"Vary of a 204 stays", "RewriteEngine On\nRewriteRule ^/q - [R=204]\n<If \"%{HTTP:X-A} == 'a'\">\n</If>", "GET /q | X-A: a", "status=204; vary=X-A"},

	{"DirectorySlash of a POST", "", "POST /content/site/en | Content-Length: 0", "status=301; location=http://g0000.example/content/site/en/"},
	{"a method that nobody knows", "<Location />\nSetHandler None\n</Location>", "PURGE /q", "status=501"},
	{"a method comes before the file", "<Location />\nSetHandler None\n</Location>", "DELETE /missing", "status=405"},
	{"an index that is refused", "<Files index.html>\nRequire all denied\n</Files>", "GET /", "status=403"},
	{"an index that is gone", "<Files index.html>\nRedirect 410\n</Files>", "GET /", "status=410"},
	{"an index within an index", "RewriteEngine On\nRewriteRule ^ / [PT]", "GET /q", "status=500"},
	{"RequestHeader sees the index", `RequestHeader set X-B "expr=%{REQUEST_URI}"`, "GET /", "request:x-b=/index.html"},
	{"SetEnv leaves what a rule set", "SetEnv V 1\nRewriteEngine On\nRewriteRule ^ - [E=V:2]", "GET /q", "env:V=2"},
	{"UnsetEnv leaves what SetEnvIf set", "SetEnvIf Request_URI q V=1\nSetEnv W 1\nUnsetEnv V\nUnsetEnv W", "GET /q", "env:V=1; env:W="},
	{"NE leaves the path of a proxied URL, not its host", "RewriteEngine On\nRewriteRule ^/q(.*) http://Back.example:80/%2f$1/é [P,NE]", "GET /qx", "proxy=http://back.example/fx/é"},
	{"filters by type are for a 200 alone", "AddOutputFilterByType DEFLATE text/html", "GET /q | X-Upstream: 404|text/html|", "status=404; vary="},
	{"the file system root by a dot", "RewriteEngine On\nRewriteRule ^/a(x?)$ /$1.", "GET /a", "status=403"},
	{"setifempty leaves an empty header", "RequestHeader setifempty X-B a", "GET /q | X-B: ", "request:x-b="},
	{"Alias of a section takes all", "<Location /de/x>\nAlias @ROOT@/htdocs/dam/logo.png\n</Location>", "GET /de/x/y | X-Upstream: 200||", "content-type=image/png"},
	{"a folder without a slash and a pattern", "DirectorySlash Off\n<DirectoryMatch \"htdocs/(?<PART>[^/]+)/\">\n</DirectoryMatch>", "GET /content", "env:MATCH_PART="},
	{"nocanon of a pattern brings no query", "ProxyPassMatch ^/(.+?)$ http://back.example/x nocanon", "GET /p?x=1", "proxy=http://back.example/x/p?x=1"},
	{"mod_rewrite knows no REQUEST_STATUS", "RewriteEngine On\nRewriteCond %{REQUEST_STATUS} ^$\nRewriteRule ^ - [R=410]", "GET /q", "status=410"},
	{"the type of a name with a question mark", "", "GET /logo.png%3F", "content-type=text/html"},

	{"a plain pattern of SetEnvIf has no groups", "SetEnvIf Server_Addr 1 V=$0", "GET /q", "env:V=$0"},
	{"the last of several headers", "SetEnvIf ^X-[AB]$ ^(.*)$ V=$1", "GET /q | X-A: foo | X-B: bar", "env:V=bar"},
}

func (m *mendedRun) request(t *testing.T, ask string) realhttpd.Request {
	t.Helper()
	w := strings.Split(ask, " | ")
	method, target, _ := strings.Cut(w[0], " ")
	q := realhttpd.Request{Method: method, Target: target, Host: "g0000.example"}
	for _, h := range w[1:] {
		name, value, ok := strings.Cut(h, ": ")
		if !ok {
			t.Fatalf("%q is no header", h)
		}
		q.Header = append(q.Header, [2]string{name, value})
	}
	return q
}

type mendedRun struct{ *realhttpd.Server }

func (m *mendedRun) site(conf string) realhttpd.Site {
	text := "<VirtualHost *>\nServerName g0000.example\nServerAlias *.g0000.example\nDocumentRoot @ROOT@/htdocs\n<Directory @ROOT@/htdocs>\nSetHandler dispatcher-handler\n</Directory>\n" + conf + "\n</VirtualHost>\n"
	return realhttpd.Site{Name: "g0000", Text: strings.ReplaceAll(text, "@ROOT@", m.Root)}
}

// check compares the fields that are wanted.
func check(t *testing.T, want string, got func(field string) string) {
	t.Helper()
	for _, w := range strings.Split(want, "; ") {
		field, value, ok := strings.Cut(w, "=")
		if !ok {
			continue // the rest of a cookie
		}
		if strings.HasPrefix(w, "set-cookie=c") {
			value = strings.TrimPrefix(want, "set-cookie=")
		}
		if g := got(field); g != value {
			t.Errorf("%s: got %q, want %q", field, g, value)
		}
		if strings.HasPrefix(w, "set-cookie=c") {
			return
		}
	}
}

func TestMended(t *testing.T) {
	for _, tt := range mended {
		t.Run(tt.name, func(t *testing.T) {
			m := &mendedRun{realhttpd.Start(t, "", realBase, realFiles)}
			srv, says, err := m.Load(t.Context(), m.site(tt.conf))
			if err != nil || says != "" {
				t.Fatal(err, says)
			}
			q := m.request(t, tt.ask)
			r := simulated(t, m.Server, engineFor(srv), 0, &q)
			headers := map[string]string{}
			for _, f := range r.Header {
				headers[strings.ToLower(f.Name)] = f.Value
			}
			env, changed := environment(r.Env), changes(&q, r.Changed())
			check(t, tt.want, func(field string) string {
				switch field {
				case "status":
					return strconv.Itoa(r.Status)
				case "by":
					return r.HandledBy
				case "uri":
					return r.URI
				case "args":
					return r.Args
				case "proxy":
					return r.Proxy
				}
				if name, ok := strings.CutPrefix(field, "env:"); ok {
					return env[name]
				}
				if name, ok := strings.CutPrefix(field, "request:"); ok {
					return changed[name]
				}
				return headers[field]
			})
			if len(r.NotSimulated) > 0 {
				t.Errorf("not sure: %v", r.NotSimulated)
			}
		})
	}
}

// TestMendedAgainstHTTPD asks the real httpd whether what the table says is so.
func TestMendedAgainstHTTPD(t *testing.T) {
	if testing.Short() {
		t.Skip("starts httpd")
	}
	m := &mendedRun{realhttpd.Start(t, realhttpd.Find(t), realBase, realFiles)}
	var sites []realhttpd.Site
	var requests []realhttpd.Request
	for i, tt := range mended {
		name := fmt.Sprintf("g%04d", i)
		site := m.site(tt.conf)
		site.Name, site.Text = name, strings.ReplaceAll(site.Text, "g0000", name)
		sites = append(sites, site)
		q := m.request(t, strings.ReplaceAll(tt.ask, "g0000", name))
		q.Host = name + ".example"
		requests = append(requests, q)
	}
	if refused := m.Write(sites); len(refused) > 0 {
		t.Fatal(refused)
	}
	for i, a := range m.Ask(requests) {
		tt := mended[i]
		t.Run(tt.name, func(t *testing.T) {
			now := changed(&requests[i], a.Request)
			check(t, strings.ReplaceAll(tt.want, "g0000", sites[i].Name), func(field string) string {
				switch field {
				case "status":
					return strconv.Itoa(a.Status)
				case "by":
					return a.HandledBy
				case "uri":
					return a.URI
				case "args":
					return a.Args
				case "proxy":
					return a.Proxy
				}
				if name, ok := strings.CutPrefix(field, "env:"); ok {
					return a.Env[name]
				}
				if name, ok := strings.CutPrefix(field, "request:"); ok {
					return now[name]
				}
				return a.Header.Get(field)
			})
		})
	}
}
