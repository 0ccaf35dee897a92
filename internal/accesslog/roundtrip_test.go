package accesslog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// A logged is a request as httpd knows it, before it is logged.
type logged struct {
	client, user, method, path, query, protocol, host, server, agent, referer, scheme string
	status, port                                                                      int
	bytes                                                                             int64
	micros                                                                            int64
	at                                                                                time.Time
}

// escapeItem writes a value as httpd's log does.
func escapeItem(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case strings.IndexByte("\b\n\r\t\v", c) >= 0:
			b.WriteByte('\\')
			b.WriteByte("bnrtv"[strings.IndexByte("\b\n\r\t\v", c)])
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// parts are directives with what httpd writes for them. They are written without the code that is tested.
var parts = []struct {
	directive string
	write     func(*logged) string
}{
	{"%h", func(q *logged) string { return q.client }},
	{"%a", func(q *logged) string { return q.client }},
	{"%l", func(*logged) string { return "-" }},
	{"%u", func(q *logged) string { return orDash(q.user) }},
	{"%t", func(q *logged) string { return q.at.Format("[02/Jan/2006:15:04:05 -0700]") }},
	{"%{%Y-%m-%dT%H:%M:%S%z}t", func(q *logged) string { return q.at.Format("2006-01-02T15:04:05-0700") }},
	{"%{sec}t", func(q *logged) string { return fmt.Sprint(q.at.Unix()) }},
	{"%>s", func(q *logged) string { return fmt.Sprint(q.status) }},
	{"%b", func(q *logged) string {
		if q.bytes == 0 {
			return "-"
		}
		return fmt.Sprint(q.bytes)
	}},
	{"%B", func(q *logged) string { return fmt.Sprint(q.bytes) }},
	{"%v", func(q *logged) string { return q.server }},
	{"%V", func(q *logged) string { return q.server }},
	{"%p", func(q *logged) string { return fmt.Sprint(q.port) }},
	{"%D", func(q *logged) string { return fmt.Sprint(q.micros) }},
	{"%{us}T", func(q *logged) string { return fmt.Sprint(q.micros) }},
	{"%{Host}i", func(q *logged) string { return orDash(q.host) }},
	{"%{User-Agent}i", func(q *logged) string { return orDash(escapeItem(q.agent)) }},
	{"%{Referer}i", func(q *logged) string { return orDash(escapeItem(q.referer)) }},
	{"%{REQUEST_SCHEME}e", func(q *logged) string { return q.scheme }},
	{"%A", func(*logged) string { return "192.0.2.1" }},
	{"%X", func(*logged) string { return "+" }},
}

// requests are directives of which a format needs one.
var requests = []struct {
	directive string
	write     func(*logged) string
}{
	{"%r", func(q *logged) string { return escapeItem(q.method + " " + q.path + q.query + " " + q.protocol) }},
	{"%m %U%q %H", func(q *logged) string {
		return q.method + " " + escapeItem(q.path) + escapeItem(q.query) + " " + q.protocol
	}},
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func pick[T any](rnd *rand.Rand, all ...T) T { return all[rnd.IntN(len(all))] }

func randomRequest(rnd *rand.Rand) *logged {
	return &logged{
		client: pick(rnd, "203.0.113.9", "2001:db8::1", "host.example.com"),
		user:   pick(rnd, "", "jane", "a\\b"[:1]),
		method: pick(rnd, "GET", "HEAD", "POST", "M-SEARCH"),
		path:   pick(rnd, "/", "/a.html", "/a b/\"c\"\\d.html", "/\x01\xff\u00e9.html", "/a/-/b"),
		query:  pick(rnd, "", "?", "?a=1", "?a=1&b", "?q=%20\"x\"\\"),

		protocol: pick(rnd, "HTTP/1.1", "HTTP/1.0", "HTTP/2.0"),
		host:     pick(rnd, "", "www.example.com", "www.example.com:8443"),
		server:   pick(rnd, "www.example.com", "localhost"),
		agent:    pick(rnd, "", "Mozilla/5.0 (X11; \"odd\\\")", "x\ty\x00z", "\\", "a \" b"),
		referer:  pick(rnd, "", "https://www.example.com/?a=\"b\" c"),
		scheme:   pick(rnd, "http", "https"),
		status:   200 + rnd.IntN(400),
		port:     pick(rnd, 80, 443),
		bytes:    pick(rnd, int64(0), 1, rnd.Int64N(1e12)),
		micros:   rnd.Int64N(1e9),
		at:       time.Unix(rnd.Int64N(4e9), 0).In(time.FixedZone("", (rnd.IntN(25)-12)*3600+rnd.IntN(2)*1800)),
	}
}

// TestRoundTrip: what httpd would write in a format is read back, for formats and requests made at random.
func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 11))
	for n := range 3000 {
		var format, line strings.Builder
		q := randomRequest(rnd)
		chosen := map[string]bool{}
		separator := pick(rnd, " ", " | ", "\t", " - ")
		if pick(rnd, true, false) {
			format.WriteString("start ")
			line.WriteString("start ")
		}
		order := rnd.Perm(len(parts))[:rnd.IntN(8)]
		at := rnd.IntN(len(order) + 1)
		for i := 0; i <= len(order); i++ {
			if i > 0 {
				format.WriteString(separator)
				line.WriteString(separator)
			}
			quote := `"`
			var directive, value string
			if i == at {
				p := requests[rnd.IntN(len(requests))]
				directive, value = p.directive, p.write(q)
			} else {
				j := i
				if i > at {
					j--
				}
				p := parts[order[j]]
				directive, value = p.directive, p.write(q)
				if !strings.HasSuffix(directive, "i") && pick(rnd, true, false) {
					quote = ""
				}
			}
			chosen[directive] = true
			format.WriteString(quote + directive + quote)
			line.WriteString(quote + value + quote)
		}
		name := fmt.Sprintf("%d: format %s\nline %s", n, format.String(), line.String())
		p, err := New(Options{Format: format.String(), KeepClient: true, KeepUserAgent: true, KeepQuery: true, KeepHeaders: true})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var r Record
		if reason := p.Parse([]byte(line.String()), &r); reason != Read {
			t.Fatalf("%s: %s", name, reason)
		}
		check := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Fatalf("%s\n%s: got %q, want %q", name, what, got, want)
			}
		}
		check("method", string(r.Method), q.method)
		check("target", string(r.Target), q.path+q.query)
		check("protocol", string(r.Protocol), q.protocol)
		if chosen["%h"] || chosen["%a"] {
			check("client", string(r.Client), q.client)
		}
		if chosen["%u"] {
			check("user", string(r.User), q.user)
		}
		if chosen["%t"] || chosen["%{%Y-%m-%dT%H:%M:%S%z}t"] || chosen["%{sec}t"] {
			check("time", r.Time.Format(time.RFC3339), q.at.UTC().Format(time.RFC3339))
		}
		if chosen["%>s"] {
			check("status", fmt.Sprint(r.Status), fmt.Sprint(q.status))
		}
		if chosen["%b"] || chosen["%B"] {
			check("bytes", fmt.Sprint(r.Bytes), fmt.Sprint(q.bytes))
		}
		if chosen["%v"] || chosen["%V"] {
			check("server", string(r.Server), q.server)
		}
		if chosen["%p"] {
			check("port", string(r.Port), fmt.Sprint(q.port))
		}
		if chosen["%D"] || chosen["%{us}T"] {
			check("elapsed", fmt.Sprint(r.Elapsed.Microseconds()), fmt.Sprint(q.micros))
		}
		if chosen["%{Host}i"] {
			check("host", string(r.Host), q.host)
		}
		if chosen["%{User-Agent}i"] {
			check("agent", string(r.UserAgent), q.agent)
		}
		if chosen["%{Referer}i"] {
			v, _ := r.Header("referer")
			check("referer", string(v), q.referer)
		}
		if chosen["%{REQUEST_SCHEME}e"] {
			check("scheme", string(r.Scheme), q.scheme)
		}
	}
}

// TestClockAgrees: times are those that package time reads.
func TestClockAgrees(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 5))
	var c clock
	for range 20000 {
		want := time.Unix(rnd.Int64N(2e11)-6e10, 0).In(time.FixedZone("", (rnd.IntN(47)-23)*1800))
		if y := want.Year(); y < 1 || y > 9999 {
			continue
		}
		for layout, read := range map[string]func([]byte) (time.Time, bool){
			"02/Jan/2006:15:04:05 -0700": c.clf, "2006-01-02T15:04:05Z07:00": c.iso, "2006-01-02 15:04:05-0700": c.iso,
		} {
			text := want.Format(layout)
			if got, ok := read([]byte(text)); !ok || !got.Equal(want) {
				t.Fatalf("%s: got %v, %t", text, got, ok)
			}
		}
		text := want.UTC().Format("Mon Jan 02 15:04:05 2006")
		if got, ok := c.module([]byte(text)); !ok || !got.Equal(want) {
			t.Fatalf("%s: got %v, %t", text, got, ok)
		}
	}
}

// TestDropValues: names and their order stay, values go.
func TestDropValues(t *testing.T) {
	tests := []struct{ query, want string }{
		{"", ""}, {"a", "a"}, {"a=", "a="}, {"a=1", "a="}, {"a=1=2&b", "a=&b"}, {"&&a=1&", "&&a=&"}, {"=x", "="}, {"a=1&b=2&c=3", "a=&b=&c="},
	}
	for _, tt := range tests {
		q := []byte(tt.query)
		if got := q[:dropValues(q)]; !bytes.Equal(got, []byte(tt.want)) {
			t.Errorf("%s: got %s, want %s", tt.query, got, tt.want)
		}
	}
}
