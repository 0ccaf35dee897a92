package httpd_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/realhttpd"
)

// A line is one line of a generated configuration, or a section.
type line struct {
	text  string
	flags []string
	inner []*line // of a section
}

func (l *line) render(b *strings.Builder, indent string) {
	b.WriteString(indent)
	b.WriteString(l.text)
	if len(l.flags) > 0 {
		b.WriteString(" [" + strings.Join(l.flags, ",") + "]")
	}
	b.WriteByte('\n')
	if !l.section() {
		return
	}
	for _, in := range l.inner {
		in.render(b, indent+"    ")
	}
	name, _, _ := strings.Cut(strings.Trim(l.text, "<>"), " ")
	b.WriteString(indent + "</" + name + ">\n")
}

func (l *line) section() bool { return strings.HasPrefix(l.text, "<") }

func (l *line) clone() *line {
	c := &line{text: l.text, flags: append([]string(nil), l.flags...)}
	for _, in := range l.inner {
		c.inner = append(c.inner, in.clone())
	}
	return c
}

// A draft is a generated site with the requests that it is asked.
type draft struct {
	lines    []*line
	requests []realhttpd.Request
}

// site is the text of a draft as the one of a name: "@HOST@" is where the name stands.
func (d *draft) site(name, root string) realhttpd.Site {
	var b strings.Builder
	b.WriteString("<VirtualHost *>\n    ServerName @HOST@\n    ServerAlias www.@HOST@ *.alias.@HOST@ ?x.@HOST@\n    DocumentRoot @ROOT@/htdocs\n")
	for _, l := range d.lines {
		l.render(&b, "    ")
	}
	b.WriteString("</VirtualHost>\n")
	return realhttpd.Site{Name: name, Text: strings.NewReplacer("@HOST@", name+".example", "@ROOT@", root).Replace(b.String())}
}

func placed(q realhttpd.Request, name, root string) realhttpd.Request {
	r := strings.NewReplacer("@HOST@", name+".example", "@ROOT@", root)
	q.Target, q.Host = r.Replace(q.Target), r.Replace(q.Host)
	header := make([][2]string, len(q.Header))
	for i, h := range q.Header {
		header[i] = [2]string{h[0], r.Replace(h[1])}
	}
	q.Header = header
	return q
}

// A generator makes drafts: the same seed makes the same ones.
type generator struct {
	*rand.Rand
	paths []string // that patterns and sections of the draft match
	// directory says that rules stand in a section, where patterns see file names.
	directory bool
	headers   map[string][]string
	queries   []string
	cookies   []string
}

func (g *generator) pick(s ...string) string { return s[g.IntN(len(s))] }
func (g *generator) one(n int) bool          { return g.IntN(n) == 0 }

var segments = []string{"content", "site", "en", "de", "products", "page", "a", "b1", "x-y", "etc", "tmp", "dam", "logo.png", "page.html", "foo.bar.json", "1234", "A", "~u", "x_y", "index.html", "empty.txt", "a b"}

func (g *generator) segment() string { return segments[g.IntN(len(segments))] }

// A sample is a text that a pattern should match.
type sample func() string

func (g *generator) literal(s string) (string, sample) {
	re := strings.ReplaceAll(s, " ", `\s`)
	if !g.one(4) {
		re = strings.ReplaceAll(re, ".", `\.`)
	}
	return re, func() string { return s }
}

// piece is a piece of a pattern, within one segment or over several.
func (g *generator) piece() (string, sample) {
	word := func() string { return g.pick("a", "foo", "page", "en", "Xy", "b1") }
	switch g.IntN(16) {
	case 0, 1, 2:
		return g.literal(g.segment())
	case 3:
		return "(en|de|fr)", func() string { return g.pick("en", "de", "fr", "EN", "it") }
	case 4:
		return "([a-z]+)", func() string { return g.pick("abc", "z", "en", "Abc") }
	case 5:
		return g.pick("[0-9]{1,3}", `(\d+)`, `\d{2}`, "([0-9]*)"), func() string { return g.pick("1", "12", "123", "1234", "") }
	case 6:
		return g.pick("([^/]+)", "[^/]*", "([^/.]+)", `(\w+)`, `([\w-]+)`), func() string { return g.pick("page", "x-y", "a.b", "x_y", "a b", "é") }
	case 7, 8:
		return g.pick("(.*)", ".*", "(.+)", "(.*?)", ".+?"), func() string { return g.pick("", "page", "en/page.html", "a/b/c", "x.y", "x?y", "a&b", "50%", "a+b c") }
	case 9:
		re, s := g.literal(g.pick(".html", ".json", "/", "-x"))
		return "(" + re + ")?", func() string { return g.pick(s(), "") }
	case 10:
		w := word()
		return g.pick("(?!", "(?!(?:") + w, func() string { return g.pick("other", w+"x") }
	case 11:
		w := word()
		return "(?=" + w + ")" + g.pick(".*", "([a-z]+)"), func() string { return g.pick(w, w+"x", "other") }
	case 12:
		w := word()
		return "(?:" + w + "|(" + word() + "))", func() string { return g.pick(w, "foo", "b1") }
	case 13:
		return g.pick("(?i)", "(?i:PAGE)", "[[:alpha:]]+", "[^a-c/]+", "[a-z.]*", `\.`, `\S+`, "x{2,}"), func() string { return g.pick("page", "PAGE", "xx", "z.z", ".") }
	case 14:
		return "((" + g.pick("a", "en") + ")/?)+", func() string { return g.pick("a", "a/a", "en", "en/en/", "aa") }
	}
	return "(" + g.pick("a|ab", "foo|foobar", "x?y?", "p(a)(g)e") + ")", func() string { return g.pick("a", "ab", "foo", "foobar", "xy", "page") }
}

// closed completes what a piece may leave open.
func closed(re string) string {
	for open := strings.Count(re, "(") - strings.Count(re, ")") - strings.Count(re, `\(`); open > 0; open-- {
		re += ")"
	}
	return re
}

// pattern makes one for a path, and remembers paths that it is about.
func (g *generator) pattern() string {
	var re strings.Builder
	var parts []sample
	if !g.one(6) {
		re.WriteString("^")
	}
	slash := func() string { return "/" }
	for i := range 1 + g.IntN(3) {
		if i > 0 || !g.one(5) {
			re.WriteString("/")
			parts = append(parts, slash)
		}
		for range 1 + g.IntN(2) {
			p, s := g.piece()
			re.WriteString(closed(p))
			parts = append(parts, s)
		}
	}
	switch g.IntN(5) {
	case 0, 1:
		re.WriteString("$")
	case 2:
		re.WriteString("/?$")
		parts = append(parts, func() string { return g.pick("", "/") })
	}
	for range 2 {
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(p())
		}
		s := b.String()
		if !strings.HasPrefix(s, "/") {
			s = "/" + s
		}
		g.paths = append(g.paths, s)
	}
	return re.String()
}

// path is a plain one for sections and targets.
func (g *generator) path() string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString("/" + strings.ReplaceAll(g.segment(), " ", "-"))
	}
	return b.String()
}

var variables = []string{"%{REQUEST_URI}", "%{HTTP_HOST}", "%{QUERY_STRING}", "%{REQUEST_METHOD}", "%{THE_REQUEST}", "%{HTTP:X-A}", "%{HTTP:X-Forwarded-Proto}",
	"%{HTTP_USER_AGENT}", "%{HTTP_COOKIE}", "%{HTTP_REFERER}", "%{ENV:V}", "%{ENV:W}", "%{REQUEST_FILENAME}", "%{SCRIPT_FILENAME}", "%{SERVER_NAME}",
	"%{SERVER_PORT}", "%{DOCUMENT_ROOT}", "%{PATH_INFO}", "%{HTTPS}", "%{REQUEST_SCHEME}", "%{SERVER_PROTOCOL}", "%{REMOTE_ADDR}", "%{IS_SUBREQ}", "%{HTTP:Host}",
	"%{HTTP:Accept-Language}", "%{HTTP_ACCEPT}", "%{CONTEXT_PREFIX}", "%{CONTEXT_DOCUMENT_ROOT}", "%{NOTHING}", "%{request_uri}", "%{REQUEST_STATUS}", "%{ENV:REDIRECT_STATUS}", "%{HTTP:X-None}", "%{REMOTE_HOST}", "%{CONN_REMOTE_ADDR}", "%{HANDLER}"}

// wanted remembers values that conditions are about.
func (g *generator) wanted(header string, values ...string) {
	g.headers[header] = append(g.headers[header], values...)
}

// condition is one RewriteCond.
func (g *generator) condition() *line {
	l := &line{}
	test, pattern := "", ""
	switch g.IntN(22) {
	case 0, 1, 2:
		test, pattern = "%{REQUEST_URI}", g.pattern()
	case 3:
		test, pattern = "%{HTTP_HOST}", g.pick(`^www\.`, `^(\w+)\.example`, `@HOST@$`, `^(.*)\.(alias)\.`, "^$", "(?i)G", `:(\d+)$`)
	case 4, 5:
		test, pattern = "%{QUERY_STRING}", g.pick("a=(.*)", "^$", "^q=([^&]*)", `(^|&)id=(\d+)(&|$)`, "b", `^(.*)&?x=1&?(.*)$`)
		g.queries = append(g.queries, "a=1", "q=x%20y&b=2", "id=12", "z=1&id=3&b", "x=1&y=2", "y=2&x=1")
	case 6, 7:
		test, pattern = "%{HTTP:X-A}", g.pick("^foo$", "^(.)(.*)", ".", "^$", "b+", "=foo", `"=foo bar"`, ">f", "<foo", ">=bar", "<=foo", "-eq 5", "-gt10", "-lt 7", "-ne 5")
		g.wanted("X-A", "foo", "bar", "foo bar", "5", "12", "010", "Foo", "")
	case 8:
		test, pattern = "%{HTTP:X-Forwarded-Proto}", g.pick("=http", "^https?$", "!https", "http")
		g.wanted("X-Forwarded-Proto", "http", "https", "HTTPS")
	case 9:
		test, pattern = "%{ENV:V}", g.pick("=1", "^$", "^(.+)$", ".", "-eq 1", "!^1")
	case 10:
		test, pattern = "%{REQUEST_METHOD}", g.pick("=GET", "^(GET|HEAD)$", "POST", "!^get$", "=post")
	case 11:
		test, pattern = "%{THE_REQUEST}", g.pick(`^[A-Z]+\s/([^?\s]*)`, `//`, `\?`, `\s/+(.*?)/*\sHTTP`, `%[0-9A-F]{2}`)
	case 12:
		test, pattern = g.pick("%{DOCUMENT_ROOT}%{REQUEST_URI}", "%{REQUEST_FILENAME}", "@ROOT@/htdocs$1", "%{DOCUMENT_ROOT}/$1", "@ROOT@/htdocs/content"), g.pick("-f", "-d", "-s", "-l", "!-f", "!-d", "-x")
		g.paths = append(g.paths, "/content/site/en.html", "/content/site/en", "/content/", "/empty.txt", "/dam/logo.png")
	case 13:
		test, pattern = g.pick("$1", "$2", "$0", "%1", "%2", "$1:$2", "$1|%1"), g.pick("^$", ".", "^[a-z]+$", "(.*)", "=en", "!^en", "-gt 3")
	case 14:
		test, pattern = "%{HTTP_COOKIE}", g.pick(`lang=([a-z]+)`, `(^|;\s*)login=`, "^$")
		g.cookies = append(g.cookies, "lang=de", "login=1; lang=en", "other=1")
	case 15:
		test, pattern = "%{HTTP_USER_AGENT}", g.pick("bot", "^Mozilla", "!^$")
		g.wanted("User-Agent", "Mozilla/5.0 bot", "curl/8", "")
	case 16:
		test, pattern = g.pick("${m:$1}", "${m:$1|none}", "${low:$1}", "${m:%{HTTP:X-A}|}", "${unknown:x|y}"), g.pick("^$", "^(.+)$", "=none", "a")
	case 17, 18:
		test, pattern = "expr", `"`+g.expression()+`"`
	case 19:
		test, pattern = variables[g.IntN(len(variables))], g.pick("^$", "(.*)", "e", "=", "^/", "[0-9]+")
	case 20:
		test, pattern = variables[g.IntN(len(variables))]+g.pick("", "-", "x%%")+variables[g.IntN(len(variables))], g.pick("(.).*(.)", "!^/content", `^(.*)-(.*)$`)
	case 21:
		test, pattern = "%{HTTP:Accept-Language}", g.pick("^de", "^(..)", `en`)
		g.wanted("Accept-Language", "de", "en-US,en;q=0.5")
	}
	if g.one(6) && !strings.HasPrefix(pattern, "!") && !strings.HasPrefix(pattern, `"`) {
		pattern = "!" + pattern
	}
	l.text = "RewriteCond " + test + " " + pattern
	if strings.ContainsAny(test, " ") {
		l.text = `RewriteCond "` + test + `" ` + pattern
	}
	if g.one(4) {
		l.flags = append(l.flags, "NC")
	}
	if g.one(5) {
		l.flags = append(l.flags, "OR")
	}
	if g.one(12) {
		l.flags = append(l.flags, "NV")
	}
	return l
}

// expression is one for conditions, <If> and expr=.
func (g *generator) expression() string {
	g.wanted("X-A", "foo", "bar", "5")
	g.wanted("X-B", "x", "a, b", "")
	e := g.pick(
		"%{REQUEST_URI} =~ m#^/content#", "%{REQUEST_URI} =~ m#^/([a-z]+)/#", "%{REQUEST_URI} !~ m#html$#", "%{QUERY_STRING} == ''", "%{QUERY_STRING} =~ /a=(.)/",
		"req('X-A') == 'foo'", "%{HTTP:X-A} != 'foo'", "-n req('X-A')", "-z %{HTTP:X-B}", "req_novary('X-B') == 'x'", "%{HTTP_HOST} -strcmatch 'WWW.*'",
		"%{HTTP_HOST} -strmatch 'www*'", "%{REQUEST_METHOD} in { 'GET', 'POST' }", "tolower(%{HTTP:X-A}) == 'foo'", "reqenv('V') == '1'", "-T reqenv('V')",
		"%{HTTP:X-A} -eq 5", "%{HTTP:X-A} -gt 4 || %{REQUEST_METHOD} == 'HEAD'", "true", "false", "%{REQUEST_URI} -fnmatch '/content/*'", "-f '@ROOT@/htdocs/index.html'",
		"-d %{REQUEST_FILENAME}", "-R '127.0.0.0/8'", "%{REMOTE_ADDR} -ipmatch '10.0.0.0/8'", "%{HTTP:X-A} =~ /^(.)(.*)$/ && $1 == 'f'", "! %{REQUEST_URI} =~ /en/",
		"%{ENV:V} == ''", "escape(%{REQUEST_URI}) == %{REQUEST_URI}", "%{HTTP:X-A} < 'g'", "'5' -le %{HTTP:X-A}", "%{REQUEST_STATUS} == 200", "base64('a') == 'YQ=='",
		"%{SERVER_NAME} == '@HOST@'", "resp('X-R') == ''", "%{THE_REQUEST} =~ /HTTP/", "req('X-B') in { 'x', 'y' }", "toupper('%{HTTP:X-A}') =~ /F/", "-e '/tmp'", "md5('a') =~ /^0c/", "unescape('%41') == 'A'")
	switch g.IntN(7) {
	case 0:
		return "(" + e + ") && " + g.pick("true", "%{REQUEST_METHOD} == 'GET'", "-n %{HTTP:X-B}")
	case 1:
		return "!(" + e + ")"
	case 2:
		return e + " || " + g.pick("false", "req('X-B') == 'x'", "%{HTTP:X-A} =~ /a/")
	}
	return e
}

// substitution is what a rule makes.
func (g *generator) substitution() string {
	if g.one(8) {
		return "-"
	}
	var b strings.Builder
	switch g.IntN(14) {
	case 0:
		b.WriteString(g.pick("http://other.example", "https://other.example:8443", "http://@HOST@", "https://@HOST@", "http://%{HTTP_HOST}", "https://%{SERVER_NAME}", "HTTP://Other.Example", "ftp://f.example", "//other.example", "http://@HOST@:80", "http:/x"))
	case 1:
		b.WriteString(g.pick("$1", "%1", "rel", "..", "./x", "%{REQUEST_URI}", "${m:$1|/none}", "x y"))
	}
	for range g.IntN(4) {
		b.WriteString("/")
		b.WriteString(g.pick("content", "site", "en", "$1", "$1", "$2", "$3", "%1", "%2", "$0", "x.html", "$1.html", "${m:$1|def}", "${m:$2}", "${low:$1}", "${esc:$1}", "${une:$1}", "..", ".", "", "%{REQUEST_METHOD}", "%{HTTP:X-A}", "%{ENV:V}", "a%20b", `\$1`, "é", "a+b", "tmp", "%{HTTP_HOST}", "${up:$1}", "p-$1-%1", "$1$2", "x;y", "${m:${low:$1}|$1}", "%{SERVER_PORT}", "%3f", `\%1`, "a b"))
	}
	if b.Len() == 0 {
		b.WriteString("/" + g.segment())
	}
	switch g.IntN(12) {
	case 0:
		b.WriteString("?")
	case 1:
		b.WriteString("?a=$1")
	case 2:
		b.WriteString("?x=%{QUERY_STRING}&y=1")
	case 3:
		b.WriteString(g.pick("?q=a%20b", "?u=%1&v=$2", "?%{QUERY_STRING}", "?a?b", "?&", "?x=é y", "?a&", `\?x`, "?x=${m:$1}", "?p=%{REQUEST_URI}"))
	case 4:
		b.WriteString(g.pick("#frag", "#a$1", "?q#f"))
	}
	return b.String()
}

// rule is a RewriteRule with its conditions.
func (g *generator) rule() []*line {
	var list []*line
	if g.one(2) {
		for range 1 + g.IntN(3) {
			list = append(list, g.condition())
		}
	}
	pattern := g.pick("^", "^(.*)$", "^/(.*)$", ".*", "^/?([^/]+)/(.*)$", "(.*)", "^/content/(.*)", "", "^/$")
	if pattern == "" || !g.one(4) {
		pattern = g.pattern()
		if g.directory && g.one(2) {
			pattern = strings.TrimPrefix(strings.TrimPrefix(pattern, "^"), "/")
		}
	}
	if g.one(10) {
		pattern = "!" + pattern
	}
	sub := g.substitution()
	l := &line{text: "RewriteRule " + pattern + " " + sub}
	if strings.Contains(sub, " ") {
		l.text = "RewriteRule " + pattern + ` "` + sub + `"`
	}
	for range g.IntN(4) {
		f := g.pick("L", "L", "L", "PT", "PT", "PT", "END", "R", "R=301", "R=302", "R=307", "R=404", "R=403", "R=204", "R=503", "R=200", "R=405", "QSA", "QSA", "QSD", "QSL", "NE", "NE", "B", "BNP", "B= ?", "BNE=/", "BCTLS", "E=V:$1", "E=V:1", "E=W:%1", "E=!V", "E=V", "E=X-Y:a b", "S=1", "S=2", "C", "N=3", "F", "G", "NC", "NC", "P", "T=text/plain", "H=dispatcher-handler", "CO=c:v$1:.example", "CO=c:v:d.example:10:/:secure:httponly:lax", "NS", "DPI", "UnsafeAllow3F", "UnsafePrefixStat", "E=W:${m:$1|d}", "R=permanent", "R=seeother")
		if strings.ContainsAny(f, " ") || f == "P" && contains(l.flags, "PT") || f == "PT" && contains(l.flags, "P") ||
			f[0] == 'R' && slices.ContainsFunc(l.flags, func(o string) bool { return o[0] == 'R' }) {
			continue
		}
		if f == "P" && !strings.Contains(sub, "://") {
			if sub == "-" {
				continue
			}
			l.text = "RewriteRule " + pattern + ` "http://backend.example` + g.pick("", ":8080", ":80") + "/" + strings.TrimPrefix(sub, "/") + `"`
		}
		l.flags = append(l.flags, f)
	}
	if !g.one(4) && len(l.flags) > 0 && !contains(l.flags, "L") && g.one(2) {
		l.flags = append(l.flags, "L")
	}
	return append(list, l)
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

func (g *generator) rules(n int) []*line {
	list := []*line{{text: "RewriteEngine On"}}
	if g.one(10) {
		list = append(list, &line{text: "RewriteOptions " + g.pick("AllowAnyURI", "LegacyPrefixDocRoot", "MergeBase", "IgnoreContextInfo")})
	}
	for range n {
		list = append(list, g.rule()...)
	}
	return list
}

func (g *generator) name() string {
	return g.pick("X-R", "X-S", "Cache-Control", "Vary", "X-Frame-Options", "Set-Cookie", "Age", "Content-Type")
}

func (g *generator) value() string {
	return g.pick("a", `"a b"`, `"%{V}e"`, `"v=%{V}e %%"`, `"expr=%{REQUEST_URI}"`, "max-age=60", `"a, b"`, `"expr=%{resp:X-R}-%{req:X-A}"`, "Origin", `"expr=x"`, `"%{MISSING}e"`, `"expr=%{reqenv:V}%{HTTP_HOST}"`)
}

func (g *generator) when() string {
	switch g.IntN(6) {
	case 0:
		return " env=" + g.pick("V", "!V", "W", "!W")
	case 1:
		return ` "expr=` + g.expression() + `"`
	case 2:
		return ` "expr=` + g.pick("%{REQUEST_STATUS} -ge 400", "resp('X-R') == 'a'", "-z %{resp:Cache-Control}", "%{REQUEST_STATUS} == 200", "-n %{resp:Content-Type}", "%{CONTENT_TYPE} =~ m#html#", "-z %{resp:Vary}") + `"`
	}
	return ""
}

func (g *generator) header() *line {
	always := g.pick("", "", "always ", "onsuccess ")
	n := g.name()
	switch g.IntN(9) {
	case 0, 1, 2:
		return &line{text: "Header " + always + "set " + n + " " + g.value() + g.when()}
	case 3:
		return &line{text: "Header " + always + "append " + n + " " + g.value() + g.when()}
	case 4:
		return &line{text: "Header " + always + "add " + n + " " + g.value() + g.when()}
	case 5:
		return &line{text: "Header " + always + "merge " + n + " " + g.value() + g.when()}
	case 6:
		return &line{text: "Header " + always + "unset " + n + g.when()}
	case 7:
		// edit* with a pattern that matches nothing at all would end httpd.
		return &line{text: "Header " + always + g.pick("edit "+n+` "^" p-`, "edit "+n+` "$" -s`, g.pick("edit ", "edit* ")+n+" "+g.pick("^a x", "a(.) $1$1", "b y$0", "(?i)A z")) + g.when()}
	}
	return &line{text: "Header " + always + g.pick("setifempty X-R d", "echo ^X-A", "setifempty Cache-Control no-store", "note X-R n") + g.when()}
}

func (g *generator) requestHeader() *line {
	n := g.pick("X-A", "X-B", "X-New", "X-Forwarded-Proto", "User-Agent")
	switch g.IntN(6) {
	case 0, 1:
		return &line{text: "RequestHeader set " + n + " " + g.value() + g.when()}
	case 2:
		return &line{text: "RequestHeader unset " + n + g.when()}
	case 3:
		return &line{text: "RequestHeader " + g.pick("append", "add", "merge", "setifempty") + " " + n + " " + g.value() + g.when()}
	case 4:
		return &line{text: "RequestHeader " + g.pick("edit", "edit*") + " " + n + " " + g.pick("o 0", "^(.) $1-", "a b$0c") + g.when()}
	}
	return &line{text: "RequestHeader set " + n + " " + g.value() + " early"}
}

func (g *generator) envIf() *line {
	set := g.pick("V", "V=1", "!V", "W=$1", "V=$0 W=x", "no-gzip", "W=a-$1", "X-A=y")
	switch g.IntN(6) {
	case 0, 1:
		return &line{text: "SetEnvIf" + g.pick("", "NoCase") + " Request_URI " + g.pattern() + " " + set}
	case 2:
		g.wanted("X-A", "foo", "bar")
		return &line{text: "SetEnvIf" + g.pick("", "NoCase") + " " + g.pick("X-A", "^X-[AB]$", "X-B", "User-Agent", "Host", "V", "W") + " " + g.pick("^$", "(.*)", "foo", "^(b)", ".") + " " + set}
	case 3:
		return &line{text: "SetEnvIf " + g.pick("Request_Method ^(GET|HEAD)$", "Request_Protocol 1", "Remote_Addr ^127", "Remote_Host ^(1)", "Server_Addr 1", "Query_String a") + " " + set}
	case 4:
		return &line{text: `SetEnvIfExpr "` + g.expression() + `" ` + g.pick("V", "V=1", "!V", "W=x V=2")}
	}
	return &line{text: g.pick("SetEnv V 2", "SetEnv W", "UnsetEnv V", "SetEnv V \"a b\"", "BrowserMatch bot V=bot", "BrowserMatchNoCase mozilla W=m")}
}

func (g *generator) access() []*line {
	switch g.IntN(8) {
	case 0:
		return []*line{{text: "Require all denied"}}
	case 1:
		return []*line{{text: "Require all granted"}}
	case 2:
		return []*line{{text: "Require env V"}}
	case 3:
		return []*line{{text: `Require expr "` + g.expression() + `"`}}
	case 4:
		return []*line{{text: "Require method GET HEAD"}, {text: "Require env W"}}
	case 5:
		return []*line{{text: "<RequireAll>", inner: []*line{{text: "Require all granted"}, {text: "Require not env V"}}}}
	case 6:
		return []*line{{text: "<RequireAny>", inner: []*line{{text: "Require " + g.pick("ip 10.0.0.0/8", "ip 127", "local")}, {text: "Require env V"}}}}
	}
	return []*line{{text: "Order " + g.pick("allow,deny", "deny,allow")}, {text: g.pick("Allow from all", "Deny from env=V", "Allow from env=!V", "Deny from all", "Allow from 127.0.0.1")}}
}

// settings are lines that stand in sections as well as outside.
func (g *generator) settings(section bool) []*line {
	switch g.IntN(13) {
	case 0, 1, 2:
		return []*line{g.header()}
	case 3, 4:
		return []*line{g.requestHeader()}
	case 5:
		return []*line{g.envIf()}
	case 6:
		return []*line{{text: "ExpiresActive " + g.pick("On", "On", "Off")}, {text: g.pick("ExpiresByType text/html A300", `ExpiresByType text/html "access plus 1 hour"`, "ExpiresDefault A60", "ExpiresByType image/png A9", "ExpiresByType text/* A5", "ExpiresByType application/json A0")}}
	case 7:
		return []*line{{text: "ErrorDocument " + g.pick("404", "403", "500", "503", "410") + " " + g.pick("/error.html", "/content/error.html?x=1", `"sorry"`, "http://err.example/x", "default", "/missing", "/content/site/en")}}
	case 8:
		if section {
			return []*line{{text: "SetHandler " + g.pick("dispatcher-handler", "None", "default-handler")}}
		}
		return []*line{{text: "DirectorySlash " + g.pick("On", "Off")}}
	case 9:
		return []*line{{text: g.pick("ForceType text/plain", "AddType application/x-foo .foo .bar", "AddDefaultCharset UTF-8", "AddDefaultCharset Off", "AddCharset utf-8 .html", "RemoveType .html", "AddHandler dispatcher-handler .png", "SetOutputFilter DEFLATE", "AddOutputFilterByType DEFLATE text/html", "ModMimeUsePathInfo On", "DirectoryIndex page.html index.html", "DirectoryIndex disabled", "AcceptPathInfo On", "DirectoryIndex /content/site/en.html")}}
	case 10:
		if section {
			return g.access()
		}
		return []*line{g.header()}
	case 11:
		if section {
			return []*line{{text: g.pick("Options FollowSymLinks", "AllowMethods GET POST", "Options None", "Redirect /gone", "Redirect 410", "Redirect 303 http://r.example/s", "DirectoryIndexRedirect on")}}
		}
		return []*line{g.envIf()}
	}
	if section && g.one(2) {
		g.directory = true
		defer func() { g.directory = false }()
		list := g.rules(1 + g.IntN(2))
		if g.one(4) {
			list = append(list, &line{text: "RewriteBase " + g.pick("/", "/base", "/content/")})
		}
		return list
	}
	return []*line{g.header()}
}

func (g *generator) section() *line {
	l := &line{}
	switch g.IntN(11) {
	case 0, 1, 2:
		p := g.path()
		g.paths = append(g.paths, p, p+"/x", p+"y")
		l.text = "<Location " + p + g.pick("", "", "/") + ">"
	case 3:
		l.text = "<Location " + g.pick("/content/*", "/*/site", "/co*", `"~ ^/content/(?<KIND>[a-z]+)"`, "/c?ntent", "/[a-c]*/x") + ">"
		if strings.Contains(l.text, "~") {
			l.text = `<Location ~ "^/content/(?<KIND>[a-z]+)">`
		}
	case 4, 5:
		l.text = `<LocationMatch "` + g.pattern() + `">`
	case 6:
		l.text = `<Directory "@ROOT@/htdocs` + g.pick("", "/content", "/content/site", "/content/*", "/dam/") + `">`
	case 7:
		l.text = `<DirectoryMatch "` + g.pick("^@ROOT@/htdocs/content", "/site(/|$)", "htdocs/(?<PART>[^/]+)/") + `">`
	case 8:
		l.text = g.pick(`<Files "*.html">`, `<FilesMatch "\.(png|html)$">`, "<Files en.html>", `<FilesMatch "^(?<BASE>[a-z]+)\.">`, "<Files content>")
	default:
		l.text = `<If "` + g.expression() + `">`
	}
	for range 1 + g.IntN(3) {
		l.inner = append(l.inner, g.settings(true)...)
	}
	if g.one(8) && !strings.HasPrefix(l.text, "<Files") && !strings.HasPrefix(l.text, "<If") {
		in := &line{text: `<If "` + g.expression() + `">`, inner: g.settings(true)}
		l.inner = append(l.inner, in)
		if g.one(2) {
			l.inner = append(l.inner, &line{text: "<Else>", inner: g.settings(true)})
		}
	}
	if strings.HasPrefix(l.text, "<Location") && g.one(7) {
		l.inner = append(l.inner, &line{text: g.pick("ProxyPass http://back.example/p", "ProxyPass http://back.example:8080/ nocanon", "ProxyPass !", "RewriteEngine Off", "Alias @ROOT@/htdocs/dam/logo.png")})
	}
	return l
}

func (g *generator) alias() *line {
	p := g.path()
	g.paths = append(g.paths, p, p+"/more", p+"x", p+"//a%20b")
	switch g.IntN(12) {
	case 0, 1:
		return &line{text: "Redirect " + g.pick("", "301 ", "permanent ", "temp ", "seeother ", "307 ") + p + " " + g.pick("/target", "http://r.example", "http://r.example/x/", "https://@HOST@/y?z=1")}
	case 2:
		return &line{text: "Redirect " + g.pick("gone ", "404 ", "403 ", "410 ") + p}
	case 3, 4:
		return &line{text: "RedirectMatch " + g.pick("", "301 ", "permanent ") + g.pattern() + " " + g.pick("/t/$1", "http://r.example/$1?x=$2", "/t", "/a&b", `/a\$1`, "http://r.example$0#f")}
	case 5:
		return &line{text: "RedirectMatch " + g.pick("404 ", "410 ", "gone ") + g.pattern()}
	case 6:
		return &line{text: "Alias " + p + " @ROOT@/htdocs" + g.pick("/content", "/dam", "/index.html", "/none")}
	case 7:
		return &line{text: "AliasMatch " + g.pattern() + " @ROOT@/htdocs/$1"}
	case 8, 9:
		return &line{text: "ProxyPass " + p + g.pick("", "/") + " " + g.pick("http://back.example", "http://back.example:8080/b", "!", "http://Back.Example/b/ nocanon", "https://back.example:443/", "http://back.example/p retry=0")}
	}
	return &line{text: "ProxyPassMatch " + g.pattern() + " " + g.pick("http://back.example/$1", "http://back.example", "!", "http://back.example/x?y=$1", "http://back.example:8080/$2/$1", "http://back.example/$1 nocanon")}
}

// draft makes a configuration and n requests for it.
func newDraft(seed uint64, n int) *draft {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 5)), headers: map[string][]string{}}
	d := &draft{}
	if !g.one(8) {
		d.lines = append(d.lines, &line{text: `<Directory "@ROOT@/htdocs">`, inner: []*line{{text: "SetHandler dispatcher-handler"}, {text: "ModMimeUsePathInfo On"}}})
	}
	if g.one(4) {
		d.lines = append(d.lines, &line{text: g.pick("AllowEncodedSlashes On", "AllowEncodedSlashes NoDecode", "MergeSlashes Off", "UseCanonicalName On", "TraceEnable Off", "UseCanonicalPhysicalPort On", "ServerPath /content/legacy", "AllowEncodedSlashes Off")})
	}
	if g.one(10) {
		d.lines = append(d.lines, &line{text: "RemoteIPHeader X-Forwarded-For"})
		g.wanted("X-Forwarded-For", "10.1.2.3", "8.8.8.8, 10.0.0.1", "unknown", "127.0.0.1")
	}
	maps := []*line{{text: "RewriteMap m txt:@ROOT@/maps/m.txt"}, {text: "RewriteMap low int:tolower"}, {text: "RewriteMap up int:toupper"}, {text: "RewriteMap esc int:escape"}, {text: "RewriteMap une int:unescape"}}
	d.lines = append(d.lines, maps...)
	for range g.IntN(3) {
		d.lines = append(d.lines, g.settings(false)...)
	}
	if !g.one(6) {
		d.lines = append(d.lines, g.rules(1+g.IntN(5))...)
	}
	for range g.IntN(3) {
		d.lines = append(d.lines, g.section())
		if last := d.lines[len(d.lines)-1]; strings.HasPrefix(last.text, "<If ") && g.one(2) {
			if g.one(2) {
				d.lines = append(d.lines, &line{text: `<ElseIf "` + g.expression() + `">`, inner: g.settings(true)})
			}
			d.lines = append(d.lines, &line{text: "<Else>", inner: g.settings(true)})
		}
	}
	for range g.IntN(3) {
		d.lines = append(d.lines, g.alias())
	}
	for range n {
		d.requests = append(d.requests, g.request())
	}
	return d
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!$&'()*+,;=:@/"

// encode writes a path as clients do.
func (g *generator) encode(path string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if strings.IndexByte(plain, c) >= 0 && !g.one(40) {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, g.pick("%%%02X", "%%%02x"), c)
	}
	return b.String()
}

func (g *generator) request() realhttpd.Request {
	q := realhttpd.Request{Method: "GET", Host: "@HOST@"}
	path := g.path()
	if len(g.paths) > 0 && !g.one(6) {
		path = g.paths[g.IntN(len(g.paths))]
	}
	switch g.IntN(16) {
	case 0:
		path += "/"
	case 1:
		path = "/x" + path[1:]
	case 2:
		path = strings.ToUpper(path)
	case 3:
		path += g.pick(".html", ".json", "x", "/extra", ".a.html/suffix.html")
	case 4:
		if i := strings.LastIndexByte(path, '/'); i > 0 {
			path = path[:i]
		}
	case 5:
		path = g.pick("/", "/index.html", "/content/site/en.html", "/content", "/content/", "/content/site/en/", "/dam/logo.png", "/empty.txt", "/content/site/en.html/info", "/missing.html")
	}
	target := g.encode(path)
	switch g.IntN(20) {
	case 0:
		target = strings.Replace(target, "/", "//", 1+g.IntN(2))
	case 1:
		target = strings.Replace(target, "/", g.pick("/./", "/../", "/a/../", "/%2e%2e/", "/.%2E/"), 1)
	case 2:
		target += g.pick("%2F", "%2fx", "%20", "%3F", "%3fa=b", "%25", "%C3%A9", "%0A", "%00", "%zz", ";p=1", "%5C", "%09x", "|", "%22", "%26", "%23", "%2B", "+")
	case 3:
		target += "/.." + g.pick("", "/", "/..")
	}
	switch g.IntN(6) {
	case 0:
		target += g.pick("?", "?a=1", "?q=x%20y&b=2", "?a?b", "?x=a+b", "?url=http://e.example/", "?a=%26&b=é", "?&&", "?a=%3F", "?x=%2e%2F")
	case 1, 2:
		if len(g.queries) > 0 {
			target += "?" + g.queries[g.IntN(len(g.queries))]
		}
	}
	switch g.IntN(14) {
	case 0:
		q.Method = "HEAD"
	case 1:
		q.Method, q.Body = "POST", "x=1"
		q.Header = append(q.Header, [2]string{"Content-Length", "3"})
	case 2:
		q.Method = g.pick("OPTIONS", "PUT", "DELETE", "PURGE", "PATCH")
	}
	switch g.IntN(12) {
	case 0:
		q.Host = "www.@HOST@"
	case 1:
		q.Host = g.pick("a.alias.@HOST@", "yx.@HOST@", "WWW.@HOST@", "@HOST@:80", "@HOST@:8080", "@HOST@.", "www.@HOST@:443")
	case 2:
		if g.one(4) {
			target = g.pick("http://", "https://") + q.Host + target
		}
	case 3:
		if g.one(10) {
			q.Host = g.pick("bad host", "a/b", "", "unknown.example")
		}
	}
	for _, name := range []string{"X-A", "X-B", "X-Forwarded-Proto", "User-Agent", "Accept-Language", "X-Forwarded-For"} {
		if values := g.headers[name]; len(values) > 0 && !g.one(3) {
			q.Header = append(q.Header, [2]string{name, values[g.IntN(len(values))]})
		}
	}
	if len(g.cookies) > 0 && !g.one(3) {
		q.Header = append(q.Header, [2]string{"Cookie", g.cookies[g.IntN(len(g.cookies))]})
	}
	if g.one(8) {
		q.Header = append(q.Header, [2]string{"Accept-Encoding", "gzip"})
	}
	if g.one(5) {
		q.Header = append(q.Header, [2]string{"X-Upstream", g.pick("404|text/html|pass", "404|text/html|", "500|text/plain|pass", "503||", "200|application/json|", "301|text/html||Location: http://up.example/x", "204||", "304||", "200|text/html||Cache-Control: max-age=5|X-R: up", "200|image/png||Vary: X-B", "403|text/html|pass|X-R: up", "200|text/html; charset=iso-8859-1||Expires: Thu, 01 Jan 2026 00:00:00 GMT")})
	}
	q.Target = target
	return q
}
