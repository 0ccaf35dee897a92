package accesslog

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dispcheck/dispcheck/internal/displog"
)

// same checks laws of a parser: what is kept does not change what is read, and what is personal is not there unless kept.
func same(t *testing.T, format, line string) {
	o := Options{Format: format}
	without, err := New(o)
	if err != nil {
		return
	}
	with, err := New(Options{Format: format, KeepClient: true, KeepUserAgent: true, KeepQuery: true, KeepHeaders: true})
	if err != nil {
		t.Fatalf("%q is a format only without what is personal: %v", format, err)
	}
	var a, b Record
	got, want := without.Parse([]byte(line), &a), with.Parse([]byte(line), &b)
	if got != want {
		t.Fatalf("%q, %q: got %q without and %q with what is personal", format, line, got, want)
	}
	if got != Read {
		return
	}
	if len(b.Target) == 0 {
		t.Errorf("%q, %q: a record without target", format, line)
	}
	if a.present != b.present || a.absent != b.absent {
		t.Errorf("%q, %q: presence is %b and %b", format, line, a.present, b.present)
	}
	if a.Client != nil || a.User != nil || a.UserAgent != nil {
		t.Errorf("%q, %q: what is personal was not dropped", format, line)
	}
	if b.dropped != 0 {
		t.Errorf("%q, %q: dropped %b", format, line, b.dropped)
	}
	target := bytes.Clone(b.Target)
	if q := bytes.IndexByte(target, '?'); q >= 0 {
		target = target[:q+1+dropValues(target[q+1:])]
	}
	if !bytes.Equal(a.Target, target) {
		t.Errorf("%q, %q: target is %q, want %q", format, line, a.Target, target)
	}
	if !a.Time.Equal(b.Time) || a.Status != b.Status || a.Bytes != b.Bytes || !bytes.Equal(a.Host, b.Host) || !bytes.Equal(a.Method, b.Method) || !bytes.Equal(a.Action, b.Action) {
		t.Errorf("%q, %q:\n%s\n%s", format, line, show(&a), show(&b))
	}
}

var fuzzLines = []string{
	`h - - [10/Oct/2026:13:55:36 +0000] "GET /a?b=c&d HTTP/1.1" 200 5 "-" "x \"y\""`,
	`h - - [10/Oct/2026:13:55:36 +0000] "-" 408 -`,
	`www:80 h - - [10/Oct/2026:13:55:36 +0000] "GET http://u:p@h?q=1 HTTP/1.1" 200 5 "-" "\x00\\"`,
	`{"timestamp":"2026-05-26T09:47:01+0000","cli_ip":"1","req_ua":"x","host":"h","url":"/a?\u0062=\ud83d\ude00","method":"GET","x":[{}],"event":{"status":200}},`,
	`[17/Jul/2026:23:48:06 +0000] [I] [pod] "GET /a?b=1" - 475ms [farm/0] [action miss] "h"`,
	`[Wed Jul 15 16:14:59 2026] [I] [pid 1] "GET /a" - miss [farm/r] 5ms`,
	`[10/Oct/2026:13:55:36 +0000] "GET /a?b=1 HTTP/1.1" - hit [farm/-] 1ms "h"`,
	`GET https://www.example.com/a?b=c www`,
}

func FuzzParse(f *testing.F) {
	for i := range knownFormats {
		for _, line := range fuzzLines {
			f.Add(uint8(i), line)
		}
	}
	f.Fuzz(func(t *testing.T, format uint8, line string) {
		same(t, knownFormats[int(format)%len(knownFormats)].name, line)
	})
}

func FuzzLogFormat(f *testing.F) {
	f.Add(`%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`, fuzzLines[0])
	f.Add(`LogFormat "%{%Y-%m-%d %I:%M:%S %p}t.%{usec_frac}t %m %U%q|%{X}e" x`, `2026-01-02 03:04:05 PM.000001 GET /a?b=c|?d=e`)
	f.Add(`%{Host}i%U %q %H`, `h/a ?b=c HTTP/1.1`)
	f.Add(`%a%q%r`, `x?yGET /`)
	f.Add(`%r %r %r`, `GET / GET / GET / a b c d e f g h i j`)
	f.Fuzz(same)
}

// FuzzDispatcher: what is read here without package displog is what that package reads.
func FuzzDispatcher(f *testing.F) {
	for _, line := range append(fuzzLines,
		`[Wed Jul 15 16:14:59 2026] [I] [pid 1 (tid 2)] "GET /a" 403 blocked [publish/-] 0ms`,
		`[17/Jul/2026:23:48:06 -0730] [W] [] "POST /a b" 502 0ms [f.1/r:2] [action none] "h:80"`,
		`[Wed Jul 15 16:14:59 2026] [I] [1] "GET /x.html" - + 24034ms [publishfarm/0]`) {
		f.Add(line)
	}
	p, err := New(Options{Format: "dispatcher", KeepQuery: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var r Record
		got := p.Parse([]byte(line), &r)
		l, ok := displog.Parse(line)
		if strings.Contains(line, ":60") { // a leap second, which package time refuses
			return
		}
		if !ok {
			if got == Read || got == OtherMessage {
				t.Fatalf("%q: got %q, and displog refuses it", line, got)
			}
			return
		}
		s, ok := displog.ParseSummary(l.Message)
		if !ok {
			if got != OtherMessage {
				t.Fatalf("%q: got %q, and displog finds no summary", line, got)
			}
			return
		}
		if got != Read {
			if s.URI != "" {
				t.Fatalf("%q: got %q, and displog reads %+v", line, got, s)
			}
			return
		}
		if !r.Time.Equal(l.Time) || string(r.Method) != s.Method || string(r.Farm) != s.Farm || r.Elapsed != time.Duration(s.Millis)*time.Millisecond ||
			s.Action != "" && string(r.Action) != s.Action || string(r.Render) != s.Render && s.Render != "-" ||
			!strings.Contains(s.URI, "://") && (string(r.Target) != s.URI || string(r.Host) != s.Host) {
			t.Fatalf("%q: got\n%s\nand displog reads %+v at %v", line, show(&r), s, l.Time)
		}
	})
}

// FuzzReader: any bytes, packed or not, are read to their end; and blocks have together what the whole has, wherever they end.
func FuzzReader(f *testing.F) {
	for _, line := range fuzzLines {
		f.Add([]byte(line+"\n"+line), uint16(30))
	}
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xd2\x4f\xe4\x02\x04\x00\x00\xff\xff"), uint16(3))
	f.Add([]byte(`{"log":{"entries":[{"request":{"url":"http://h/","headers":[{"name":"a","value":"\u00e9"}]}},{}]}}`), uint16(9))
	f.Add([]byte("\xef\xbb\xbf/a\r\n/b\n\n/c"), uint16(1))
	f.Fuzz(func(t *testing.T, text []byte, at uint16) {
		o := Options{MaxLine: 300}
		r, err := Stream(bytes.NewReader(text), o)
		if err != nil {
			return
		}
		want := drain(r)
		s := r.Stats()
		sum := s.Records
		for _, reason := range Reasons() {
			if reason != Corrupt {
				sum += s.Count(reason)
			}
		}
		r.Close()
		if sum != s.Lines {
			t.Fatalf("%q: %d lines, of which %d are accounted for", text, s.Lines, sum)
		}
		if c, _ := compressionOf(text); c != Plain || !r.Parser().Lines() {
			return
		}
		b, err := StreamBlocks(bytes.NewReader(text), o)
		if err != nil {
			t.Fatal(err)
		}
		b.room = 1 + int(at)
		got, total := readBlocks(t, b)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q at %d (-whole +blocks):\n%s", text, at, diff)
		}
		if s.Count(TooLong) > 0 { // not all of such a line is counted
			s.Bytes, total.Bytes = 0, 0
		}
		if diff := cmp.Diff(*s, total, statsOptions); diff != "" {
			t.Fatalf("%q at %d: statistics (-whole +blocks):\n%s", text, at, diff)
		}
	})
}

// FuzzUnescape: what httpd escapes is read back, whatever the bytes.
func FuzzUnescape(f *testing.F) {
	f.Add("a\"\\\b\n\r\t\v\x00\xff\\x41")
	f.Fuzz(func(t *testing.T, s string) {
		b := []byte(escapeItem(s))
		if got := string(b[:unescape(b)]); got != s {
			t.Errorf("%q: got %q", s, got)
		}
	})
}
