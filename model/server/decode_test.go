package server

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/source"
)

// host decodes a text as the content of a virtual host.
func host(t *testing.T, text string) *Host {
	t.Helper()
	s := decodeText(t, "<VirtualHost *:80>\nServerName www.example.com\n"+text+"\n</VirtualHost>\n")
	if errs := errorsOf(s); len(errs) > 0 {
		t.Fatalf("%s: %s", text, strings.Join(errs, "; "))
	}
	return s.Hosts[0]
}

var plain = cmp.Options{cmpopts.IgnoreTypes(Place{}, source.Span{}), cmpopts.EquateEmpty()}

func TestRewriteFlags(t *testing.T) {
	for _, tt := range []struct {
		flags string
		want  RewriteFlags
	}{
		{"[L,R=301]", RewriteFlags{Last: true, Status: 301, Redirect: true}},
		{"[R]", RewriteFlags{Status: 302, Redirect: true}},
		{"[R=foo]", RewriteFlags{Status: 302, Redirect: true}},
		{"[R=seeother]", RewriteFlags{Status: 303, Redirect: true}},
		{"[R=404]", RewriteFlags{Status: 404, Redirect: true}},
		{"[R=301,F]", RewriteFlags{Status: 403, Forbidden: true}},
		{"[F,R=301]", RewriteFlags{Status: 301}},
		{"[F,R]", RewriteFlags{Status: 403, Redirect: true}},
		{"[F,G]", RewriteFlags{Status: 410, Gone: true}},
		{"[NC,PT,QSA]", RewriteFlags{NoCase: true, PassThrough: true, QueryAppend: true}},
		{"[E=A:b,E=!C,env=D]", RewriteFlags{Env: []string{"A:b", "!C", "D"}}},
		{`"[ L , NE ]"`, RewriteFlags{Last: true, NoEscape: true}},
		{"[S=2,C,NS,QSD,QSL,DPI,END,P,N=5]", RewriteFlags{Skip: 2, Chain: true, NoSubrequest: true, QueryDiscard: true, QueryLast: true, DiscardPath: true,
			End: true, Proxy: true, Next: true, NextLimit: 5}},
		{"[B= ?]", RewriteFlags{}},
		{"[T=Text/HTML,UnsafeAllow3F,UnsafePrefixStat]", RewriteFlags{Type: ptr("text/html"), UnsafeAllow3F: true, UnsafePrefixStat: true}},
	} {
		t.Run(tt.flags, func(t *testing.T) {
			if tt.flags == "[B= ?]" {
				tt.flags, tt.want = `"[B= ?,BNP]"`, RewriteFlags{Escape: true, EscapeOnly: " ?"}
			} else {
				tt.want.EscapeBlankAsPlus = true
			}
			h := host(t, "RewriteEngine On\nRewriteRule ^/a /b "+tt.flags)
			if diff := cmp.Diff(tt.want, h.Rewrite.Rules[0].Flags); diff != "" {
				t.Error("-want +got\n", diff)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestRewriteConditions(t *testing.T) {
	for _, tt := range []struct {
		text, test, operand string
		kind                CondKind
		negated             bool
	}{
		{`%{HTTP_HOST} ^www\. [NC]`, "%{HTTP_HOST}", "", CondPattern, false},
		{`%{REQUEST_URI} !^/a`, "%{REQUEST_URI}", "", CondPattern, true},
		{`%{HTTP_HOST} =a.b`, "%{HTTP_HOST}", "a.b", CondLexEqual, false},
		{`%{HTTP_HOST} =""`, "%{HTTP_HOST}", "", CondLexEqual, false},
		{`%{HTTP_HOST} !=""`, "%{HTTP_HOST}", "", CondLexEqual, true},
		{`%{A} >=x`, "%{A}", "x", CondLexGreaterEqual, false},
		{`%{A} <x`, "%{A}", "x", CondLexLess, false},
		{`%{A} -lt5`, "%{A}", "5", CondIntLess, false},
		{`%{A} "-ge 10"`, "%{A}", " 10", CondIntGreaterEqual, false},
		{`%{A} -eq`, "%{A}", "", CondPattern, false},
		{`%{A} !-f`, "%{A}", "", CondFile, true},
		{`%{A} -d`, "%{A}", "", CondDirectory, false},
		{`%{A} -h`, "%{A}", "", CondLink, false},
		{`expr "%{REQUEST_METHOD} == 'GET'"`, "expr", "", CondExpr, false},
	} {
		t.Run(tt.text, func(t *testing.T) {
			h := host(t, "RewriteEngine On\nRewriteCond "+tt.text+"\nRewriteRule a - [F]\nRewriteRule b - [F]")
			rules := h.Rewrite.Rules
			if got := len(rules[0].Conditions); got != 1 || len(rules[1].Conditions) != 0 {
				t.Fatalf("got %d and %d conditions, want 1 and 0", got, len(rules[1].Conditions))
			}
			c := rules[0].Conditions[0]
			if c.Test != tt.test || c.Operand != tt.operand || c.Kind != tt.kind || c.Negated != tt.negated {
				t.Errorf("got %q %q %d %v, want %q %q %d %v", c.Test, c.Operand, c.Kind, c.Negated, tt.test, tt.operand, tt.kind, tt.negated)
			}
			if (c.Pattern != nil) != (tt.kind == CondPattern) || (c.Expr != nil) != (tt.kind == CondExpr) {
				t.Errorf("got pattern %v and expression %v", c.Pattern, c.Expr)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	for _, tt := range []struct {
		text string
		want HeaderRule
	}{
		{`Header set X-A "a b"`, HeaderRule{Name: "X-A", Value: []HeaderPart{{Text: "a b"}}}},
		{`Header always append X-A: b`, HeaderRule{Action: HeaderAppend, Always: true, Name: "X-A", Value: []HeaderPart{{Text: "b"}}}},
		{`Header set A "x%{B}e%%%D" env=!C`, HeaderRule{Name: "A", EnvName: "C", EnvNegated: true,
			Value: []HeaderPart{{Text: "x"}, {Format: 'e', Name: "B"}, {Text: "%"}, {Format: 'D'}}}},
		{`Header unset A env=B`, HeaderRule{Action: HeaderUnset, Name: "A", EnvName: "B"}},
		{`Header set A b early`, HeaderRule{Name: "A", Early: true, Value: []HeaderPart{{Text: "b"}}}},
		{`Header set A "a \"b\""`, HeaderRule{Name: "A", Value: []HeaderPart{{Text: `a "b"`}}}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got := *host(t, tt.text).Base.Headers[0]
			got.ValueText = ""
			if diff := cmp.Diff(tt.want, got, plain); diff != "" {
				t.Error("-want +got\n", diff)
			}
		})
	}
	h := host(t, "Header edit* Set-Cookie ^(.*)$ \"$1; Secure\"\nHeader set A \"expr=%{REQUEST_URI}\" \"expr=%{REQUEST_STATUS} == 200\"\nHeader echo ^X-\nRequestHeader unset B")
	e, x := h.Base.Headers[0], h.Base.Headers[1]
	if e.Action != HeaderEditAll || e.Edit == nil || e.Edit.PCRE == nil || e.Value[0].Text != "$1; Secure" {
		t.Errorf("got %+v, want edit* with its pattern", e)
	}
	if x.ValueExpr == nil || x.Condition == nil || x.Condition.Expr == nil {
		t.Errorf("got %+v, want two expressions", x)
	}
	if h.Base.Headers[2].Echo == nil || h.Base.RequestHeaders[0].Action != HeaderUnset {
		t.Errorf("got %+v and %+v", h.Base.Headers[2], h.Base.RequestHeaders[0])
	}
}

func TestExpires(t *testing.T) {
	for _, tt := range []struct {
		code string
		want Expiry
	}{
		{"A300", Expiry{Seconds: 300}},
		{"M60", Expiry{Seconds: 60, FromModification: true}},
		{`"access plus 1 month 2 days"`, Expiry{Seconds: 32 * 86400}},
		{`"modification 1 hour"`, Expiry{Seconds: 3600, FromModification: true}},
		{`"now plus 2 minutes"`, Expiry{Seconds: 120}},
		{`"Access plus 2 minutes"`, Expiry{}},
	} {
		t.Run(tt.code, func(t *testing.T) {
			got := *host(t, "ExpiresByType Text/HTML "+tt.code).Base.ExpiresByType["text/html"]
			got.Text = ""
			if diff := cmp.Diff(tt.want, got, plain); diff != "" {
				t.Error("-want +got\n", diff)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	h := host(t, `SetEnvIfNoCase Request_URI \.gif$ no-gzip dont-vary=yes !gone empty=
SetEnvIf ^X-(A|B) (.*) V=$1
BrowserMatchNoCase bot robot
SetEnvIfExpr "%{REQUEST_URI} =~ m#/(.*)$#" CAP=$1
SetEnv A b
UnsetEnv C`)
	e := h.Base.EnvIf
	want := []EnvAssignment{{Name: "no-gzip", Value: "1"}, {Name: "dont-vary", Value: "yes"}, {Name: "gone", Unset: true}, {Name: "empty", Value: "1"}}
	if diff := cmp.Diff(want, e[0].Set); diff != "" {
		t.Error("-want +got\n", diff)
	}
	if !e[0].Pattern.NoCase || e[1].AttributePattern == nil || e[2].Attribute != "User-Agent" || !e[2].Pattern.NoCase || e[3].Expr == nil {
		t.Errorf("got %+v", e)
	}
	if diff := cmp.Diff([]*EnvRule{{Name: "A", Value: "b"}, {Name: "C", Unset: true}}, h.Base.Env, plain); diff != "" {
		t.Error("-want +got\n", diff)
	}
}

func TestErrorDocuments(t *testing.T) {
	for _, tt := range []struct {
		text  string
		kind  ErrorKind
		value string
	}{
		{"ErrorDocument 404 /404.html", ErrorPath, "/404.html"},
		{"ErrorDocument 404 https://a/b", ErrorURL, "https://a/b"},
		{`ErrorDocument 404 "not here"`, ErrorText, "not here"},
		{"ErrorDocument 404 default", ErrorDefault, "default"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got := host(t, tt.text).Base.ErrorDocuments[404]
			if got.Kind != tt.kind || got.Value != tt.value {
				t.Errorf("got %d %q, want %d %q", got.Kind, got.Value, tt.kind, tt.value)
			}
		})
	}
}

func TestRedirectsAndAliases(t *testing.T) {
	h := host(t, `Redirect permanent /a /b
Redirect gone /c
RedirectMatch 404 ^/d
Alias /e /var/e/
AliasMatch ^/f(.*) /var/f$1
ProxyPassMatch ^/g(.*) http://b/$1 nocanon timeout=5
<Location /h>
 Redirect 302 /i
 ProxyPass https://c/
 Alias /var/h
</Location>`)
	want := []*Redirect{{Status: 301, Path: "/a", Target: "/b"}, {Status: 410, Path: "/c"}, {Status: 404}}
	if diff := cmp.Diff(want, h.Redirects, plain, cmpopts.IgnoreFields(Redirect{}, "Pattern")); diff != "" {
		t.Error("-want +got\n", diff)
	}
	if h.Redirects[2].Pattern == nil || h.Aliases[0].Target != "/var/e/" || h.Aliases[1].Pattern == nil || !h.Proxies[0].NoCanon {
		t.Errorf("got %+v %+v %+v", h.Redirects[2], h.Aliases, h.Proxies[0])
	}
	s := h.Locations[0].Settings
	if r := s.Redirects[0]; !r.InSection || r.Target != "/i" || r.Status != 302 || r.Path != "" {
		t.Errorf("got %+v, want a redirect of the section", r)
	}
	if s.Proxy.Path != "/h" || s.Proxy.Target != "https://c/" || s.Alias.Path != "/h" || s.Alias.Target != "/var/h" {
		t.Errorf("got %+v and %+v", s.Proxy, s.Alias)
	}
}

func TestAccess(t *testing.T) {
	h := host(t, `<Location /a>
 <RequireAll>
  Require all granted
  Require not ip 10.1 192.168.0.0/255.255.0.0
 </RequireAll>
 Order deny,allow
 Deny from all
 Allow from 10 env=ok env=!bad host.example
 Satisfy Any
 <LimitExcept GET>
  Require valid-user
  Order allow,deny
 </LimitExcept>
 AuthType Basic
 AuthName "here"
</Location>`)
	a := h.Locations[0].Settings.Access
	if a.Require.Kind != RequireAny || len(a.Require.Children) != 2 {
		t.Fatalf("got %+v, want any of two", a.Require)
	}
	all, user := a.Require.Children[0], a.Require.Children[1]
	want := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("192.168.0.0/16")}
	if all.Kind != RequireAll || !all.Children[1].Negated || fmt.Sprint(all.Children[1].Prefixes) != fmt.Sprint(want) {
		t.Errorf("got %+v", all)
	}
	if user.Kind != RequireUser || user.Methods.Covers("GET") || user.Methods.Covers("HEAD") || !user.Methods.Covers("POST") {
		t.Errorf("got %+v, want a user for all methods but GET", user)
	}
	if a.Order == nil || a.Order.AllowFirst || len(a.LimitedOrders) != 1 || !a.Deny[0].All || len(a.Allow) != 4 || !a.Allow[2].Negated || a.Allow[3].Host != "host.example" {
		t.Errorf("got %+v", a)
	}
	if a.SatisfyAny == nil || !*a.SatisfyAny || a.AuthType != "Basic" || a.AuthName != "here" {
		t.Errorf("got %+v", a)
	}
}

// TestMergedAccess: recorded from httpd 2.4.
func TestMergedAccess(t *testing.T) {
	h := host(t, `<Location /a>
 Order deny,allow
 Deny from all
 Require all denied
 Satisfy Any
</Location>
<Location /satisfy>
 Satisfy All
</Location>
<Location /require>
 Require all granted
</Location>`)
	base := h.Locations[0].Settings
	if got := base.Merge(h.Locations[1].Settings).Access; got.Order != nil || got.Deny != nil || *got.SatisfyAny || got.Require == nil {
		t.Errorf("got %+v, want Satisfy to drop Order and Deny, and to keep Require", got)
	}
	if got := base.Merge(h.Locations[2].Settings).Access; got.Order == nil || got.Deny == nil || !*got.SatisfyAny || got.Require.Kind != RequireGranted {
		t.Errorf("got %+v, want Require to be replaced and the rest kept", got)
	}
}

func TestMergedOptions(t *testing.T) {
	h := host(t, `<Directory /a>
 Options Indexes FollowSymLinks
 Options +MultiViews -Indexes
</Directory>
<Directory /b>
 Options +Includes
 Options -FollowSymLinks +ExecCGI
</Directory>`)
	a, b := h.Directories[0].Settings, h.Directories[1].Settings
	for _, tt := range []struct {
		name      string
		got, want Option
	}{
		{"one place", a.Options.Set, OptFollowSymLinks | OptMultiViews},
		{"over what is set", a.Merge(b).Options.Set, OptMultiViews | OptIncludes | OptExecCGI},
		{"over nothing", (&Settings{}).Merge(b).Options.Set, OptIncludes | OptExecCGI},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %b, want %b", tt.name, tt.got, tt.want)
		}
	}
}

// TestInherited: what a virtual host has of the main server. Recorded from httpd 2.4.
func TestInherited(t *testing.T) {
	s := decodeText(t, `AllowEncodedSlashes NoDecode
LogLevel warn rewrite:trace3
RewriteEngine On
RewriteMap lo int:tolower
RewriteRule ^/main - [F]
Header set A main
SetEnvIf B c D
ErrorDocument 404 /main.html
Redirect /r /main
Alias /x /var/main
DispatcherPassError 1
<Directory />
</Directory>
<Directory /var/www>
</Directory>
<Location /main>
</Location>
<VirtualHost *:80>
 ServerName none
</VirtualHost>
<VirtualHost *:80 [::1]:81>
 ServerName own:8080
 ServerAlias a *.b
 DocumentRoot /own
 RewriteRule ^/own - [F]
 Header set A own
 Alias /x /var/own
 DispatcherPassError 0
 <DirectoryMatch ^/m>
 </DirectoryMatch>
 <Directory /var>
 </Directory>
 <Location /own>
 </Location>
</VirtualHost>
<VirtualHost *:80>
 ServerName inherits
 RewriteOptions Inherit
 RewriteRule ^/own - [F]
</VirtualHost>
<VirtualHost *:80>
 RewriteEngine Off
 RewriteOptions InheritBefore
 RewriteRule ^/own - [F]
</VirtualHost>
`)
	if errs := errorsOf(s); len(errs) > 0 {
		t.Fatal(errs)
	}
	rules := func(h *Host) string {
		var all []string
		for _, r := range h.Rewrite.Rules {
			all = append(all, r.Pattern.Text)
		}
		return strings.Join(all, " ")
	}
	none, own, inherits, before := s.Hosts[0], s.Hosts[1], s.Hosts[2], s.Hosts[3]
	if none.Rewrite.On != nil || rules(none) != "" || none.EncodedSlashes != EncodedNoDecode || none.DocumentRoot.Value != "/var/www" || none.RewriteLogLevel != 3 {
		t.Errorf("got %v %q %v %q %d", none.Rewrite.On, rules(none), none.EncodedSlashes, none.DocumentRoot.Value, none.RewriteLogLevel)
	}
	if own.Rewrite.On == nil || !*own.Rewrite.On || rules(own) != "^/own" || len(own.Maps) != 0 {
		t.Errorf("got %v %q %v, want the engine of the main server and rules of its own", own.Rewrite.On, rules(own), own.Maps)
	}
	if rules(inherits) != "^/own ^/main" || inherits.Maps["lo"] == nil {
		t.Errorf("got %q %v, want own rules, then the main server's, and its map", rules(inherits), inherits.Maps)
	}
	if rules(before) != "^/main ^/own" || *before.Rewrite.On || *before.Base.Rewrite.On || before.Name.Host != "localhost" || before.Name.Set {
		t.Errorf("got %q %v %+v", rules(before), *before.Rewrite.On, before.Name)
	}
	var dirs, locations []string
	for _, d := range own.Directories {
		if d.Pattern != nil {
			dirs = append(dirs, "~"+d.Pattern.Text)
		} else {
			dirs = append(dirs, d.Path)
		}
	}
	for _, l := range own.Locations {
		locations = append(locations, l.Path)
	}
	if got, want := strings.Join(dirs, " "), "/ /var/ /var/www/ ~^/m"; got != want {
		t.Errorf("got folders %s, want %s", got, want)
	}
	if got, want := strings.Join(locations, " "), "/main /own"; got != want {
		t.Errorf("got locations %s, want %s", got, want)
	}
	if len(own.Base.Headers) != 2 || own.Base.Headers[1].Value[0].Text != "own" || own.Aliases[0].Target != "/var/own" || len(own.Redirects) != 1 ||
		own.Dispatcher[1].Args != "0" || own.Base.ErrorDocuments[404] == nil || len(own.Base.EnvIf) != 1 {
		t.Errorf("got %+v", own)
	}
	if own.Name.Port != 8080 || !own.Names[1].Wild || own.Addresses[1].Port != 81 || own.Addresses[0].Addr.IsValid() {
		t.Errorf("got %+v %+v %+v", own.Name, own.Names, own.Addresses)
	}
}

func TestNotSimulated(t *testing.T) {
	s := decodeText(t, `SecRule ARGS x "id:1,deny"
SecRuleEngine Off
<VirtualHost *:80>
 ServerName a
 CheckSpelling On
 <Location /a>
  Action x /y
 </Location>
</VirtualHost>
`, "speling_module", "actions_module")
	if errs := errorsOf(s); len(errs) > 0 {
		t.Fatal(errs)
	}
	names := func(list []Construct) string {
		var all []string
		for _, c := range list {
			all = append(all, c.Text)
		}
		return strings.Join(all, " ")
	}
	h := s.Hosts[0]
	for _, tt := range []struct{ where, got, want string }{
		{"server", names(s.NotSimulated), "SecRule CheckSpelling Action"},
		{"main", names(s.Main.NotSimulated), "SecRule"},
		{"host", names(h.NotSimulated), "SecRule CheckSpelling"},
		{"section", names(h.Locations[0].Settings.NotSimulated), "Action"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.where, tt.got, tt.want)
		}
	}
}

func TestMaps(t *testing.T) {
	h := host(t, "RewriteEngine On\nRewriteMap m txt:map.txt\nRewriteMap d dbm=sdbm:map.txt\nRewriteMap s dbm=sdbm:/tmp/rewrites/s\nRewriteMap i int:escape")
	want := map[string]string{"key": "value", "/old": "/new?x=1"}
	for _, name := range []string{"m", "d"} {
		if diff := cmp.Diff(want, h.Maps[name].Entries); diff != "" || !h.Maps[name].Known {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	if h.Maps["s"].Known || !h.Maps["i"].Known || h.Maps["i"].Kind != MapInternal {
		t.Errorf("got %+v and %+v", h.Maps["s"], h.Maps["i"])
	}
}

// TestFindings holds place, rule and hint of findings.
func TestFindings(t *testing.T) {
	for _, tt := range []struct{ text, at, rule, message, hint string }{
		{"RewriteRul ^/a /b", "RewriteRul", ruleUnknown, "directive RewriteRul is not known", "did you mean RewriteRule"},
		{"RewriteLog /x", "RewriteLog", ruleUnknown, "directive RewriteLog is not one of httpd 2.4", "write LogLevel rewrite:trace3, as 2.4 does"},
		{"LuaScope once", "LuaScope", ruleUnknown, "directive LuaScope is of lua_module, which is not loaded", "load the module, or put the line into <IfModule lua_module>"},
		{"RewriteRule ^/a /b [L,X]", "X", ruleFlags, `flag "X" is not one of RewriteRule`, "see the list of flags of mod_rewrite"},
		{"RewriteRule ^/a /b [L, R]", "[L,", ruleFlags, "flags [L, do not stand in brackets", "remove the blanks inside of the brackets, or put the list in quotes"},
		{"RewriteRule ^/a /b [R=418]", "R=418", ruleStatus, "flag R=418 is no status that httpd has", "write 301, 302, 303, 307 or 308"},
		{"RewriteRule ^/my page$ /x [L]", "/x", ruleCount, "argument /x of RewriteRule stands where the flags belong", "put an argument with blanks in quotes"},
		{"RewriteMap m txt:nope", "txt:nope", ruleMap, "file /etc/httpd/nope of RewriteMap m is not there", "correct the path, or make the file before httpd starts"},
		{"Header set A b # why", "#", ruleCount, "Header set A has too many arguments", "a comment needs a line of its own"},
		{"ServerName a # why", "#", ruleCount, "ServerName wants one argument, and has 3", "a comment needs a line of its own"},
		{"KeepAliveTimeout abc", "abc", ruleArgument, `KeepAliveTimeout is "abc"`, "write a number of seconds, or one with ms, s, min or h behind it"},
		{"KeepAlive 5", "5", ruleArgument, `KeepAlive is "5"`, "write On or Off"},
		{"Options Indexs2", "Indexs2", ruleArgument, `Options has "Indexs2", which is no option`, "did you mean Indexes"},
		{"Port 80", "Port", ruleUnknown, "directive Port is not one of httpd 2.4", "write Listen"},
		{"Require all granted", "Require", ruleContext, "Require may not stand in the server's configuration outside of sections", "put it into <Directory> or <Location>"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			s := decodeText(t, tt.text+"\n")
			if len(s.Findings) != 1 {
				t.Fatalf("got %v, want one finding", errorsOf(s))
			}
			f := s.Findings[0]
			got := []string{f.Span.Text(), f.Rule, f.Message, f.Hint}
			if diff := cmp.Diff([]string{tt.at, tt.rule, tt.message, tt.hint}, got); diff != "" || f.Severity != diag.Error {
				t.Error("-want +got\n", diff)
			}
		})
	}
}

// TestWarnings holds what httpd starts with and does nothing with.
func TestWarnings(t *testing.T) {
	for _, tt := range []struct{ text, at, rule, message, hint string }{
		{"DefaultType text/html", "DefaultType", ruleUnknown, "DefaultType does nothing", "write ForceType or AddType"},
		{"NameVirtualHost *:80", "NameVirtualHost", ruleUnknown, "NameVirtualHost does nothing", "remove it"},
		{"RewriteOptions MaxRedirects=5", "MaxRedirects=5", ruleArgument, "option MaxRedirects does nothing", "use LimitInternalRecursion"},
		{"RewriteCond %{REQUEST_FILENAME} -f [NC]", "[NC]", ruleArgument, "flag NC does nothing to -f", "remove it"},
		{"ErrorDocument 401 http://a/", "http://a/", ruleArgument, "ErrorDocument 401 with a URL does nothing", "write a path"},
		{"<Location />\nHeader set A b early\n</Location>", "early", ruleContext, "Header early does nothing in a section", "put the line outside of sections"},
		{"<Location />\nAllowOverride None\n</Location>", "AllowOverride", ruleContext, "AllowOverride does nothing outside of <Directory>", "put it into <Directory>"},
		{"<VirtualHost foo.invalid:80>\n</VirtualHost>", "foo.invalid:80", ruleArgument,
			"name foo.invalid of <VirtualHost> is looked up when httpd starts, and is taken for one that is not found", "write an address, or *"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			s := decodeText(t, tt.text+"\n")
			if len(s.Findings) != 1 {
				t.Fatalf("got %v, want one finding", s.Findings)
			}
			f := s.Findings[0]
			got := []string{f.Span.Text(), f.Rule, f.Message, f.Hint}
			if diff := cmp.Diff([]string{tt.at, tt.rule, tt.message, tt.hint}, got); diff != "" || f.Severity != diag.Warning {
				t.Error("-want +got\n", diff)
			}
		})
	}
}

func TestTable(t *testing.T) {
	all := All()
	for i := 1; i < len(all); i++ {
		if compareFold(all[i-1].Name, all[i].Name) >= 0 {
			t.Errorf("%s stands behind %s", all[i].Name, all[i-1].Name)
		}
	}
	for _, name := range []string{"REWRITERULE", "<virtualhost>", "DispatcherPassError", "SecRule", "QS_SrvMaxConn", "Order"} {
		if d, ok := Lookup(name); !ok || !strings.EqualFold(d.Name, name) {
			t.Errorf("%s: got %v %v", name, d, ok)
		}
	}
	if _, ok := Lookup("NoSuchThing"); ok {
		t.Error("NoSuchThing is known")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("<VirtualHost *:80>\nServerName a\nRewriteEngine On\nRewriteCond %{A} -lt5 [NC,OR]\nRewriteRule ^/a(.*) /b$1 [R=301,E=A:b]\n</VirtualHost>\n")
	f.Add("Header always edit* A ^(.*)$ \"%{X}e\\t$1\" \"expr=-n req('A')\"\nExpiresDefault \"access plus 1 month\"\n")
	f.Add("<Directory ~ ^/a>\n<Limit GET>\nRequire not ip 10.1/8\nAllow from env=!a\n</Limit>\n<If \"true\">\n<Files *>\nOptions +None\n</Files>\n</If>\n</Directory>\n")
	f.Add("Redirect 301\nAlias \"\" \"\"\nProxyPass ~ ! nocanon\nSubstitute s\nRewriteMap a b:c\nListen [::1]:80\nServerName http://[::1]:9\n<VirtualHost a:b [:1]>\n</VirtualHost>")
	f.Add("SetEnvIf \"\" \"\"\nRewriteRule \"\" \"\" \"\"\nRewriteRule a b [,=]\nLogLevel :\nErrorDocument 404 \"\"\nSetHandler expr=\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 20_000 {
			t.Skip()
		}
		m := newMemory(map[string]string{"/etc/httpd/httpd.conf": text})
		tree, err := apacheconf.Read(t.Context(), apacheconf.Options{FS: m, Main: "httpd.conf", Root: "/etc/httpd", Modules: []string{
			"access_compat_module", "alias_module", "allowmethods_module", "authn_core_module", "authz_core_module", "authz_host_module",
			"authz_user_module", "deflate_module", "dir_module", "dispatcher_module", "env_module", "expires_module", "filter_module",
			"headers_module", "macro_module", "mime_module", "mpm_event_module", "proxy_module", "remoteip_module", "rewrite_module",
			"setenvif_module", "substitute_module"}})
		if err != nil {
			t.Skip()
		}
		s := Decode(t.Context(), tree, DecodeOptions{ReadFile: m.text, Stat: m.stat})
		for _, d := range s.Findings {
			if d.Span.IsZero() || d.Span.Start < 0 || int(d.Span.End) > len(d.Span.File.Text) || d.Span.Start > d.Span.End || d.Message == "" {
				t.Errorf("finding %+v has no place", d)
			}
		}
		for _, h := range s.Hosts {
			for i, d := range h.Directories {
				if i > 0 && depth(h.Directories[i-1]) > depth(d) {
					t.Error("folders are not in order")
				}
				h.Base.Merge(d.Settings)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var text strings.Builder
	text.WriteString("<VirtualHost *:80>\nServerName a\nRewriteEngine On\n")
	for i := range 1800 {
		fmt.Fprintf(&text, "RewriteCond %%{HTTP_HOST} ^www\\.site%d\\.example$ [NC]\nRewriteRule ^/old/page-%d(/.*)?$ /content/site/new-%d$1 [R=301,L]\n", i%20, i, i)
	}
	text.WriteString("</VirtualHost>\n")
	m := newMemory(map[string]string{"/etc/httpd/httpd.conf": text.String()})
	tree, err := apacheconf.Read(b.Context(), apacheconf.Options{FS: m, Main: "httpd.conf", Root: "/etc/httpd", Modules: []string{"rewrite_module"}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if s := Decode(b.Context(), tree, DecodeOptions{}); len(s.Hosts[0].Rewrite.Rules) != 1800 {
			b.Fatal(len(s.Hosts[0].Rewrite.Rules))
		}
	}
}

func TestTLS(t *testing.T) {
	tests := []struct {
		text, main string
		want       bool
		unsure     bool // the line is among what is not simulated
	}{
		{text: "", want: false},
		{text: "SSLEngine On", want: true, unsure: true},
		{text: "SSLEngine optional", want: true, unsure: true},
		{text: "SSLEngine OFF", want: false},
		{text: `SSLEngine "off"`, want: false},
		{text: "SSLEngine On\nSSLEngine Off", want: false, unsure: true},
		{text: "<IfModule !no_module>\nSSLEngine On\n</IfModule>", want: true, unsure: true},
		{text: "", main: "SSLEngine On\n", want: false, unsure: true},
	}
	for _, tt := range tests {
		t.Run(tt.main+tt.text, func(t *testing.T) {
			h := decodeText(t, tt.main+"<VirtualHost *:443>\n"+tt.text+"\n</VirtualHost>\n").Hosts[0]
			if h.TLS() != tt.want {
				t.Errorf("TLS: got %t, want %t", h.TLS(), tt.want)
			}
			unsure := false
			for _, c := range h.NotSimulated {
				unsure = unsure || c.TLS()
			}
			if unsure != tt.unsure {
				t.Errorf("not simulated: %v", h.NotSimulated)
			}
		})
	}
	if h := host(t, "SecRuleEngine On"); len(h.NotSimulated) != 1 || h.NotSimulated[0].TLS() {
		t.Errorf("another directive: %v", h.NotSimulated)
	}
}
