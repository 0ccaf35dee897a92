package displog

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	at := func(s string) time.Time {
		d, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	tests := []struct {
		name, line string
		want       Line
		kind       string
		fields     map[string]string
	}{
		{"4.3", "[Wed Jul 15 16:14:59 2020] [D] [pid 93607] checking [/x.html]",
			Line{Time: at("2020-07-15T16:14:59Z"), Level: 'D', PID: 93607, Message: "checking [/x.html]"},
			"cache", map[string]string{"uri": "/x.html"}},
		{"4.3 threads", "[Wed Jul 15 16:14:59 2020] [T] [pid 19173:tid 140542721578752] Filter rule entry /0010 allowed 'GET /x.html HTTP/1.1'",
			Line{Time: at("2020-07-15T16:14:59Z"), Level: 'T', PID: 19173, TID: 140542721578752, Message: "Filter rule entry /0010 allowed 'GET /x.html HTTP/1.1'"},
			"filter", map[string]string{"rule": "0010", "request": "GET /x.html HTTP/1.1", "decision": "allow"}},
		{"4.2 threads", "[Mon Nov 11 22:43:05 2019] [W] [pid 3079 (tid 139859875088128)] Flushing rejected from 10.43.0.57",
			Line{Time: at("2019-11-11T22:43:05Z"), Level: 'W', PID: 3079, TID: 139859875088128, Message: "Flushing rejected from 10.43.0.57"},
			"flush", map[string]string{"client": "10.43.0.57", "decision": "deny"}},
		{"4.2 trace", "[Thu Mar 03 14:42:45 2016] [T] [11831] 'GET /a.json HTTP/1.1' was blocked because of /0082",
			Line{Time: at("2016-03-03T14:42:45Z"), Level: 'T', PID: 11831, Message: "'GET /a.json HTTP/1.1' was blocked because of /0082"},
			"filter", map[string]string{"rule": "0082", "request": "GET /a.json HTTP/1.1", "decision": "deny"}},
		{"oldest", "[Fri Nov 02 16:27:18 2012] [D] [24974(140006182991616)] farms[site].cache.docroot = /var/www/site",
			Line{Time: at("2012-11-02T16:27:18Z"), Level: 'D', PID: 24974, TID: 140006182991616, Message: "farms[site].cache.docroot = /var/www/site"},
			"docroot", map[string]string{"farm": "site", "docroot": "/var/www/site"}},
		{"start", "[Thu Apr 30 17:30:49 2015] [I] [23171(140735307338496)] Dispatcher initialized (build 4.1.9)",
			Line{Time: at("2015-04-30T17:30:49Z"), Level: 'I', PID: 23171, TID: 140735307338496, Message: "Dispatcher initialized (build 4.1.9)"},
			"start", map[string]string{"build": "4.1.9"}},
		{"header with quotes", `[Thu Mar 03 16:05:38 2016] [T] [17183] request.headers[If-None-Match] = ""abc""`,
			Line{Time: at("2016-03-03T16:05:38Z"), Level: 'T', PID: 17183, Message: `request.headers[If-None-Match] = ""abc""`},
			"header", map[string]string{"header": "If-None-Match", "value": `"abc"`}},
		{"not known", "[Wed Jul 15 16:14:59 2020] [I] [pid 1] something else",
			Line{Time: at("2020-07-15T16:14:59Z"), Level: 'I', PID: 1, Message: "something else"}, "", nil},
		{"summary", `[Wed Jul 15 16:14:59 2020] [I] [pid 1] "GET /a b.html" - blocked [publish/-] 0ms`,
			Line{Time: at("2020-07-15T16:14:59Z"), Level: 'I', PID: 1, Message: `"GET /a b.html" - blocked [publish/-] 0ms`},
			"summary", map[string]string{"method": "GET", "uri": "/a b.html", "status": "-", "action": "blocked", "farm": "publish", "render": "-", "decision": "deny"}},
		{"cloud", `[17/Jul/2020:23:48:06 +0000] [I] [cm-p1-e2-aem-publish-6c] "GET /x.html" - 475ms [publishfarm/0] [action miss] "publish.example.com"`,
			Line{Time: at("2020-07-17T23:48:06Z"), Level: 'I', Pod: "cm-p1-e2-aem-publish-6c", Message: `"GET /x.html" - 475ms [publishfarm/0] [action miss] "publish.example.com"`},
			"summary", map[string]string{"method": "GET", "uri": "/x.html", "status": "-", "action": "miss", "farm": "publishfarm", "render": "0", "host": "publish.example.com"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Parse(tt.line)
			if !ok {
				t.Fatal("not read")
			}
			got.Time = got.Time.UTC()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			kind, fields := got.Fields()
			if kind != tt.kind || !maps.Equal(fields, tt.fields) {
				t.Errorf("fields: got %s %v, want %s %v", kind, fields, tt.kind, tt.fields)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, line := range []string{"", "[", "[]", "text", "[Wed Jul 15 16:14:59 2020]", "[Wed Jul 15 16:14:59 2020] [X] [pid 1] m", "[2020-07-15] [D] [pid 1] m", "[Wed Jul 15 16:14:59 2020] [DD] x"} {
		if l, ok := Parse(line); ok {
			t.Errorf("Parse(%q) = %+v, want nothing", line, l)
		}
	}
}

func TestParseSummary(t *testing.T) {
	tests := []struct {
		message string
		want    Summary
	}{
		{`"GET /x.html" - miss [publish/rend01] 905ms`, Summary{Method: "GET", URI: "/x.html", Status: "-", Action: "miss", Farm: "publish", Render: "rend01", Millis: 905}},
		{`"GET /dispatcher/invalidate.cache" 403 none [flush/-] 3ms`, Summary{Method: "GET", URI: "/dispatcher/invalidate.cache", Status: "403", Action: "none", Farm: "flush", Render: "-", Millis: 3}},
		{`"GET /en.html" - + 24034ms [publishfarm/0]`, Summary{Method: "GET", URI: "/en.html", Status: "-", Stored: true, Farm: "publishfarm", Render: "0", Millis: 24034}},
		{`"GET /system/console/" ! - 8ms [publishfarm/-]`, Summary{Method: "GET", URI: "/system/console/", Status: "!", Farm: "publishfarm", Render: "-", Millis: 8}},
		{`"GET /favicon.ico" 502 - 54034ms authorfarm/-`, Summary{Method: "GET", URI: "/favicon.ico", Status: "502", Farm: "authorfarm", Render: "-", Millis: 54034}},
		{`"GET /a.jpeg" 302 10ms [publishfarm/0] [action none] "h"`, Summary{Method: "GET", URI: "/a.jpeg", Status: "302", Action: "none", Farm: "publishfarm", Render: "0", Millis: 10, Host: "h"}},
	}
	for _, tt := range tests {
		got, ok := ParseSummary(tt.message)
		if !ok {
			t.Errorf("%s: not read", tt.message)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.message, diff)
		}
	}
	for _, message := range []string{"", `"`, `""`, `"GET"`, `"GET /x"`, `"GET /x" - miss`, "checking [/x]", `"GET /x" 200 a b [f/r] 1ms`} {
		if s, ok := ParseSummary(message); ok {
			t.Errorf("ParseSummary(%q) = %+v, want nothing", message, s)
		}
	}
}

func TestFormat(t *testing.T) {
	l := Line{Time: time.Date(2020, 7, 15, 16, 14, 59, 0, time.UTC), Level: 'I', PID: 93607, Message: `"GET /x.html" - miss [publish/rend01] 905ms`}
	if got, want := Format(&l, Module, "h"), `[Wed Jul 15 16:14:59 2020] [I] [pid 93607] "GET /x.html" - miss [publish/rend01] 905ms`; got != want {
		t.Errorf("module: got  %s\nwant %s", got, want)
	}
	if got, want := Format(&l, Cloud, "h"), `[15/Jul/2020:16:14:59 +0000] [I] [-] "GET /x.html" - 905ms [publish/rend01] [action miss] "h"`; got != want {
		t.Errorf("cloud: got  %s\nwant %s", got, want)
	}
	l.TID, l.Message = 7, "request declined"
	for _, f := range []Form{Module, Cloud} {
		back, ok := Parse(Format(&l, f, "h"))
		if !ok || back.Message != l.Message || !back.Time.Equal(l.Time) || f == Module && (back.PID != l.PID || back.TID != l.TID) {
			t.Errorf("form %d: got %+v back, want %+v", f, back, l)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[Wed Jul 15 16:14:59 2020] [D] [pid 93607] checking [/x.html]")
	f.Add(`[17/Jul/2020:23:48:06 +0000] [I] [pod] "GET /x.html" - 475ms [publishfarm/0] [action miss] "h"`)
	f.Add(`[Fri Nov 02 16:27:18 2012] [T] [1(2)] request.headers[A] = "b"`)
	f.Fuzz(func(t *testing.T, s string) {
		l, ok := Parse(s)
		if !ok {
			return
		}
		l.Fields()
		again, ok := Parse(Format(&l, Module, ""))
		if !ok || again.Message != l.Message || again.Level != l.Level {
			t.Errorf("%q: got %+v back from %+v", s, again, l)
		}
	})
}
