package accesslog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// show writes what a record has, a field a line; dropped values are "(dropped)".
func show(r *Record) string {
	var b strings.Builder
	text := func(name string, f Field, v any) {
		switch {
		case r.Presence(f) == Absent:
			fmt.Fprintf(&b, "%s none\n", name)
		case r.Dropped(f) && f != FieldQuery:
			fmt.Fprintf(&b, "%s (dropped)\n", name)
		case r.Presence(f) == Present:
			fmt.Fprintf(&b, "%s %v\n", name, v)
		}
	}
	text("time", FieldTime, r.Time.Format(time.RFC3339Nano))
	text("client", FieldClient, string(r.Client))
	text("user", FieldUser, string(r.User))
	text("method", FieldMethod, string(r.Method))
	text("target", FieldTarget, string(r.Target))
	if r.Form != Sent {
		fmt.Fprintf(&b, "form %d\n", r.Form)
	}
	text("query", FieldQuery, map[bool]string{true: "dropped", false: "whole"}[r.Dropped(FieldQuery)])
	text("protocol", FieldProtocol, string(r.Protocol))
	text("host", FieldHost, string(r.Host))
	text("server", FieldServer, string(r.Server))
	text("port", FieldPort, string(r.Port))
	text("scheme", FieldScheme, string(r.Scheme))
	text("status", FieldStatus, r.Status)
	text("bytes", FieldBytes, r.Bytes)
	text("elapsed", FieldElapsed, r.Elapsed)
	text("agent", FieldUserAgent, string(r.UserAgent))
	text("farm", FieldFarm, string(r.Farm))
	text("render", FieldRender, string(r.Render))
	text("action", FieldAction, string(r.Action))
	text("cdn", FieldCDNCache, string(r.CDNCache))
	if r.parser != nil {
		for i, c := range r.parser.Columns() {
			v, p := r.Column(i)
			switch {
			case p == Present && v == nil:
				fmt.Fprintf(&b, "%s (dropped)\n", c.Directive)
			case p == Present:
				fmt.Fprintf(&b, "%s %s\n", c.Directive, v)
			case p == Absent:
				fmt.Fprintf(&b, "%s none\n", c.Directive)
			}
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	all := Options{KeepClient: true, KeepUserAgent: true, KeepQuery: true, KeepHeaders: true}
	with := func(o Options, format string) Options { return o.with(format) }
	const combined = `203.0.113.9 - jane [10/Oct/2026:13:55:36 +0200] "GET /en.html?q=shoes&page=2&print HTTP/1.1" 200 2326 "https://www.example.com/?ref=1" "Mozilla/5.0 (X11; \"odd\")"`
	tests := []struct {
		name string
		o    Options
		line string
		want string
	}{
		{"combined", with(Options{}, "combined"), combined, `time 2026-10-10T11:55:36Z
client (dropped)
user (dropped)
method GET
target /en.html?q=&page=&print
query dropped
protocol HTTP/1.1
status 200
bytes 2326
agent (dropped)
%{Referer}i (dropped)
`},
		{"combined, all kept", with(all, "combined"), combined, `time 2026-10-10T11:55:36Z
client 203.0.113.9
user jane
method GET
target /en.html?q=shoes&page=2&print
query whole
protocol HTTP/1.1
status 200
bytes 2326
agent Mozilla/5.0 (X11; "odd")
%{Referer}i https://www.example.com/?ref=1
`},
		{"headers kept without values of queries", with(Options{KeepHeaders: true}, "combined"), combined, `time 2026-10-10T11:55:36Z
client (dropped)
user (dropped)
method GET
target /en.html?q=&page=&print
query dropped
protocol HTTP/1.1
status 200
bytes 2326
agent (dropped)
%{Referer}i https://www.example.com/?ref=
`},
		{"common, nothing sent", with(all, "common"), `::1 - - [29/Feb/2024:00:00:00 +0000] "HEAD / HTTP/1.0" 304 -`, `time 2024-02-29T00:00:00Z
client ::1
user none
method HEAD
target /
query none
protocol HTTP/1.0
status 304
bytes 0
`},
		{"user with blanks", with(all, "common"), `h - Jane Doe [10/Oct/2026:13:55:36 -0730] "GET /a HTTP/1.1" 200 5`, `time 2026-10-10T21:25:36Z
client h
user Jane Doe
method GET
target /a
query none
protocol HTTP/1.1
status 200
bytes 5
`},
		{"HTTP/0.9, blanks, escapes", with(all, "common"), `h - - [10/Oct/2026:13:55:36 +0000] "GET /a b\x09\"c\\d" 400 5`, `time 2026-10-10T13:55:36Z
client h
user none
method GET
target /a b` + "\t" + `"c\d
query none
protocol none
status 400
bytes 5
`},
		{"whole URL in the request line", with(all, "common"), `h - - [10/Oct/2026:13:55:36 +0000] "GET http://me:pw@www.example.com:8080?x=1 HTTP/1.1" 200 5`, `time 2026-10-10T13:55:36Z
client h
user none
method GET
target /?x=1
query whole
protocol HTTP/1.1
host www.example.com:8080
scheme http
status 200
bytes 5
`},
		{"vhost_combined", with(Options{}, "vhost_combined"), `www.example.com:443 203.0.113.9 - - [10/Oct/2026:13:55:36 +0000] "OPTIONS * HTTP/1.1" 200 126 "-" "-"`, `time 2026-10-10T13:55:36Z
client (dropped)
user none
method OPTIONS
target *
query none
protocol HTTP/1.1
server www.example.com
port 443
status 200
agent none
%O 126
%{Referer}i none
`},
		{"AMS combined with host", with(Options{}, "host_combined"), `10.0.0.1 "www.example.com" - [10/Oct/2026:13:55:36 +0000] "GET /a.html HTTP/1.1" 301 231 "-" "curl/8" "7f3a"`, `time 2026-10-10T13:55:36Z
client (dropped)
user none
method GET
target /a.html
query none
protocol HTTP/1.1
host www.example.com
status 301
bytes 231
agent (dropped)
%{Referer}i none
`},
		{"LogFormat dispatcher", with(Options{}, "dispatcher_access"), `[10/Oct/2026:13:55:36 +0000] "GET /content/a b.html?x=1 HTTP/1.1" - miss [publishfarm/0] 12ms "www.example.com"`, `time 2026-10-10T13:55:36Z
method GET
target /content/a b.html?x=
form 2
query dropped
protocol HTTP/1.1
host www.example.com
elapsed 12ms
farm publishfarm
render 0
action miss
%{dispatcher:status}e none
`},
		{"cloud access log", with(Options{}, "cloud_access"), `cm-p1-e2-aem-publish-59-z8 - - 17/Jul/2026:09:14:41 +0000  "GET /etc.clientlibs/a.css HTTP/1.1" 200 715 "-" "Mozilla/5.0"`, `time 2026-07-17T09:14:41Z
client (dropped)
user none
method GET
target /etc.clientlibs/a.css
query none
protocol HTTP/1.1
status 200
bytes 715
agent (dropped)
%{Referer}i none
`},
		{"cdn", with(Options{}, "cdn"), `{"timestamp":"2026-05-26T09:47:01+0000","ttfb":19,"cli_ip":"203.0.113.1","cli_country":"CH","rid":"974e67f6","req_ua":"Mozilla/5.0","host":"www.example.com","url":"/content/\u0061.png?a=1&b","method":"GET","res_ctype":"image/png","cache":"PASS","status":200,"res_age":0,"pop":"PAR","rules":"match=A,B;action=blocked"}`, `time 2026-05-26T09:47:01Z
client (dropped)
method GET
target /content/a.png?a=&b
query dropped
host www.example.com
status 200
agent (dropped)
cdn PASS
`},
		{"cdn, forwarded and kept", with(all, "cdn"), ` {"aem_env_id":"2", "x":{"y":["}",1]}, "event":{"url" : "/", "method":null, "cli_ip":"::1", "status":"404","timestamp":"2026-05-26T11:47:01.250+02:00"}, "t":true },`, `time 2026-05-26T09:47:01.25Z
client ::1
method none
target /
query none
status 404
`},
		{"dispatcher.log of the cloud", with(Options{}, "dispatcher"), `[17/Jul/2026:23:48:06 +0200] [I] [cm-p1-e2-aem-publish-6c] "GET /content/a.html" - 475ms [publishfarm/0] [action miss] "publish.example.com"`, `time 2026-07-17T21:48:06Z
method GET
target /content/a.html
form 2
host publish.example.com
status none
elapsed 475ms
farm publishfarm
render 0
action miss
`},
		{"dispatcher.log of the module", with(Options{}, "dispatcher"), `[Wed Jul 15 16:14:59 2026] [I] [pid 93607:tid 140542721578752] "GET /a b.html" 403 blocked [publish/-] 0ms`, `time 2026-07-15T16:14:59Z
method GET
target /a b.html
form 2
status 403
elapsed 0s
farm publish
render none
action blocked
`},
		{"dispatcher.log of an old module", with(Options{}, "dispatcher"), `[Thu Mar 03 14:42:45 2016] [I] [11831(139)] "GET /system/console/" ! - 8ms [publishfarm/-]`, `time 2016-03-03T14:42:45Z
method GET
target /system/console/
form 2
status none
elapsed 8ms
farm publishfarm
render none
action blocked
`},
		{"URL", with(Options{}, "urls"), ` https://www.example.com/a?b=c#d `, "target /a?b=\nquery dropped\nhost www.example.com\nscheme https\n"},
		{"method, path and host", with(all, "urls"), "POST\t/a?b=c  www.example.com", "method POST\ntarget /a?b=c\nquery whole\nhost www.example.com\n"},
		{"path with a fragment", with(all, "urls"), `/a#b?c`, "target /a\nquery none\n"},
		{"path alone", with(all, "urls"), `/a`, "target /a\nquery none\n"},
		{"JSON as LogFormat", with(Options{}, `LogFormat "{\"t\":\"%{%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t%{%z}t\",\"m\":\"%m\",\"u\":\"%U\",\"q\":\"%q\",\"s\":%>s,\"d\":%D,\"f\":\"%{X-Forwarded-Proto}i\",\"x\":\"%{X-Forwarded-For}i\",\"c\":\"%{Cookie}i\",\"v\":\"%V\"}" json`),
			`{"t":"2026-10-10T13:55:36.007+0100","m":"GET","u":"/a b","q":"?x=1&y=","s":404,"d":1500,"f":"https","x":"203.0.113.7","c":"-","v":"www.example.com"}`, `time 2026-10-10T12:55:36.007Z
method GET
target /a b?x=&y=
form 1
query dropped
server www.example.com
status 404
elapsed 1.5ms
%{X-Forwarded-Proto}i https
%{X-Forwarded-For}i (dropped)
%{Cookie}i none
`},
		{"host and path joined", with(all, `%{usec}t %{HTTPS}e %V:%p%U%q %H %s %>s %B %{X-A}o %!200{X-B}i %X %{s}T %C`),
			`1760104536000250 on www.example.com:443/a?b=1 HTTP/2.0 302 200 - v - + 3 x`, `time 2025-10-10T13:55:36.00025Z
target /a?b=1
form 1
query whole
protocol HTTP/2.0
server www.example.com
port 443
scheme https
status 200
bytes 0
elapsed 3s
%{X-A}o v
%X +
%C x
`},
		{"arrow", with(all, `%{Referer}i -> %U`), `https://a.example/x -> y -> /b`, "target y -> /b\nform 1\n%{Referer}i https://a.example/x\n"},
		{"unknown directives", with(all, `%{foo}Z|%r|%^FB|%{NOTE}n|%{REMOTE_PORT}x|%k|100%%`), `a b|GET /|with|bar HTTP/1.1|17|n|99|0|100%`, `method GET
target /|with|bar
query none
protocol HTTP/1.1
%{foo}Z a b
%^FB 17
%{NOTE}n n
%{REMOTE_PORT}x 99
%k 0
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := New(tt.o)
			if err != nil {
				t.Fatal(err)
			}
			var r Record
			line := []byte(tt.line)
			if got := p.Parse(line, &r); got != Read {
				t.Fatalf("got %q, want a record", got)
			}
			if diff := cmp.Diff(tt.want, show(&r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const head = `h - - [10/Oct/2026:13:55:36 +0000] `
	tests := []struct {
		name, format, line string
		want               Reason
	}{
		{"empty", "common", "", Blank},
		{"blanks", "common", "   ", Blank},
		{"zero bytes", "common", "\x00\x00a", Binary},
		{"no request", "common", head + `"-" 408 -`, NoRequest},
		{"TLS", "common", head + `"\x16\x03\x01\x02" 400 226`, NotHTTP},
		{"method alone", "common", head + `"GET" 400 226`, NotHTTP},
		{"method and blank", "common", head + `"GET " 400 226`, NotHTTP},
		{"cut off", "common", head + `"GET /a HT`, Misfit},
		{"more behind", "common", head + `"GET /a HTTP/1.1" 200 5 "-"`, Misfit},
		{"status", "common", head + `"GET /a HTTP/1.1" abc 5`, Misfit},
		{"large status", "common", head + `"GET /a HTTP/1.1" 2000 5`, Misfit},
		{"large number", "common", head + `"GET /a HTTP/1.1" 200 99999999999999999999`, Misfit},
		{"no such day", "common", `h - - [31/Feb/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 5`, Misfit},
		{"bare quote", "combined", head + `"GET /a HTTP/1.1" 200 5 "a" "b" "c"`, Misfit},
		{"no target", "cdn", `{"host":"www.example.com","method":"GET"}`, NoTarget},
		{"empty object", "cdn", `{}`, NoTarget},
		{"object cut off", "cdn", `{"url":"/a","x":{"y":`, Misfit},
		{"text behind the object", "cdn", `{"url":"/a"} x`, Misfit},
		{"wrong escape", "cdn", `{"url":"\q"}`, Misfit},
		{"no JSON", "cdn", `url=/a`, Misfit},
		{"message", "dispatcher", `[Wed Jul 15 16:14:59 2026] [D] [pid 1] checking [/x.html]`, OtherMessage},
		{"quoted message", "dispatcher", `[Wed Jul 15 16:14:59 2026] [D] [pid 1] "odd"`, OtherMessage},
		{"error log", "dispatcher", `[Wed Jul 15 16:14:59.123456 2026] [core:error] [pid 1] x`, Misfit},
		{"comment", "urls", `# list`, Comment},
		{"words", "urls", `some words here`, Misfit},
		{"too many words", "urls", `GET /a www.example.com x`, Misfit},
		{"control bytes", "urls", "/a\x01", Misfit},
		{"no host", "urls", "http:///a", Misfit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := New(Options{Format: tt.format})
			if err != nil {
				t.Fatal(err)
			}
			var r Record
			if got := p.Parse([]byte(tt.line), &r); got != tt.want {
				t.Errorf("got %q, want %q; record:\n%s", got, tt.want, show(&r))
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct{ name, format, want string }{
		{"name", "comon", `log format "comon" is not known`},
		{"joined", "%h%u %r", "nothing stands between %h and %u"},
		{"no request", "%h %>s", "does not say what was requested"},
		{"percent at the end", "%r %", "ends inside of %"},
		{"brace", "%r %{Host", "{ is not closed in %{Host"},
		{"no directive", "%r %;", "%; is no directive"},
		{"two lines", `%r\n%h`, "several lines"},
		{"time", "%r %{%Q}t", "%Q is not known here"},
		{"only text", "100%%", "has no directive"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(Options{Format: tt.format})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	p, err := New(Options{Format: `%r "%{Host}i" "%{accept}i" "%{Cookie}i" "%{User-Agent}i" "%{Range}i"`})
	if err != nil {
		t.Fatal(err)
	}
	var r Record
	if reason := p.Parse([]byte(`GET / HTTP/1.1 "h" "text/html" "a=b" "-" ""`), &r); reason != Read {
		t.Fatal(reason)
	}
	tests := []struct {
		name, value string
		nothing     bool
		want        Presence
	}{
		{"host", "h", false, Present},
		{"Accept", "text/html", false, Present},
		{"cookie", "", true, Present},
		{"User-Agent", "", true, Absent},
		{"Range", "", false, Present},
		{"Authorization", "", true, Unlogged},
	}
	for _, tt := range tests {
		v, got := r.Header(tt.name)
		if got != tt.want || string(v) != tt.value || (v == nil) != tt.nothing {
			t.Errorf("%s: got %q (nil: %t), %v; want %q (nil: %t), %v", tt.name, v, v == nil, got, tt.value, tt.nothing, tt.want)
		}
	}
}

func TestDetect(t *testing.T) {
	times := func(n int, line string) string { return strings.Repeat(line+"\n", n) }
	const (
		common   = `h - - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 5`
		combined = common + ` "-" "x"`
	)
	tests := []struct{ name, text, want string }{
		{"common", times(3, common), "common"},
		{"combined", times(3, combined), "combined"},
		{"one line without end", combined, "combined"},
		{"combined with more", times(3, combined+` 123 "y"`), "combined"},
		{"combinedio", times(3, combined+" 12 34"), "combinedio"},
		{"both, read as what they share", times(1, common) + times(4, combined), "common"},
		{"vhost_combined", times(2, "www.example.com:80 "+combined), "vhost_combined"},
		{"host_combined", times(2, `h "www" - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 5 "-" "x"`), "host_combined"},
		{"cdn", times(2, `{"timestamp":"2026-05-26T09:47:01+0000","host":"h","url":"/","method":"GET"}`), "cdn"},
		{"dispatcher messages", times(9, "[Wed Jul 15 16:14:59 2026] [D] [pid 1] checking [/x.html]"), "dispatcher"},
		{"LogFormat dispatcher", times(2, `[10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" - hit [farm/-] 1ms "h"`), "dispatcher_access"},
		{"cloud access", times(2, `pod - - 17/Jul/2026:09:14:41 +0000  "GET /a HTTP/1.1" 200 715 "-" "x"`), "cloud_access"},
		{"urls after a comment", "\xef\xbb\xbf# list\n/a\nGET /b\r\n", "urls"},
		{"har", "\n{ \"log\" :\n {\"entries\":[", "har"},
		{"some garbage", times(2, combined) + times(1, "garbage"), "combined"},
		{"garbage", times(5, "garbage of no kind"), ""},
		{"mostly garbage", times(5, "garbage of no kind") + times(2, combined), ""},
		{"nothing", "", ""},
		{"UTF-16", "\xff\xfeh\x00", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Detect([]byte(tt.text), Options{})
			got := ""
			if err == nil {
				got = p.Name()
			}
			if got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

// TestFormatsHaveNames: each name can be asked for, and those of httpd equal their LogFormat.
func TestFormatsHaveNames(t *testing.T) {
	for _, f := range Formats() {
		p, err := New(Options{Format: f.Name})
		if err != nil {
			t.Fatal(err)
		}
		if p.Name() != f.Name || f.About == "" {
			t.Errorf("got %q (%q), want %q", p.Name(), f.About, f.Name)
		}
		if f.LogFormat != "" {
			if _, err := New(Options{Format: f.LogFormat}); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
}

// TestNoAllocation: lines of the usual forms make no memory.
func TestNoAllocation(t *testing.T) {
	for _, format := range []string{"combined", "cdn", "dispatcher"} {
		t.Run(format, func(t *testing.T) {
			p, err := New(Options{Format: format})
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.SplitAfter(strings.TrimSuffix(string(generate(format, 50)), "\n"), "\n")
			var r Record
			buf := make([]byte, 0, 4096)
			got := testing.AllocsPerRun(20, func() {
				for _, line := range lines {
					buf = append(buf[:0], strings.TrimSuffix(line, "\n")...)
					if reason := p.Parse(buf, &r); reason != Read {
						t.Fatal(reason, line)
					}
				}
			})
			if got != 0 {
				t.Errorf("got %v allocations, want none", got)
			}
		})
	}
}
