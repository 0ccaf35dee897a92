package scenario

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

func TestJar(t *testing.T) {
	// Each line is an answer to a request (URL < Set-Cookie), a request with what it carries (URL > Cookie), or time.
	tests := []struct{ name, play string }{
		{"sent back", "https://h/a < a=1\nhttps://h/b > a=1\nhttp://h:8080/ > a=1\nhttps://other/ >"},
		{"host in any case", "https://WWW.h.com/a < a=1\nhttps://www.H.com/b > a=1"},
		{"value replaced, place kept", "https://h/ < a=1\nhttps://h/ < b=2\nhttps://h/ < a=3\nhttps://h/ > a=3; b=2"},
		{"odd values", "https://h/ < a=\"x y\"=z ; Path=/\nhttps://h/ < b=\nhttps://h/ < nothing\nhttps://h/ < =c\nhttps://h/ > a=\"x y\"=z; b="},
		{"path of the request", "https://h/a/b/c < a=1\nhttps://h/a/b/d > a=1\nhttps://h/a/b > a=1\nhttps://h/a/bc >\nhttps://h/a >"},
		{"path of its own", "https://h/a/b/c < a=1; path=/x\nhttps://h/x > a=1\nhttps://h/x/y?z > a=1\nhttps://h/xy >\nhttps://h/a/b/c >"},
		{"path with a slash at its end", "https://h/ < a=1; path=/x/\nhttps://h/x >\nhttps://h/x/y > a=1"},
		{"path that is none", "https://h/a/b < a=1; path=x\nhttps://h/a/c > a=1\nhttps://h/ >"},
		{"longer paths first", "https://h/ < a=1; path=/\nhttps://h/ < a=2; path=/x\nhttps://h/x > a=2; a=1\nhttps://h/ > a=1"},
		{"domain", "https://www.h.com/ < a=1; Domain=.H.com\nhttps://h.com/ > a=1\nhttps://x.y.h.com/ > a=1\nhttps://xh.com/ >"},
		{"host only", "https://h.com/ < a=1\nhttps://www.h.com/ >"},
		{"domain of others", "https://www.h.com/ < a=1; Domain=g.com\nhttps://www.h.com/ < b=1; Domain=x.www.h.com\nhttps://www.h.com/ >\nhttps://g.com/ >"},
		{"top-level domain", "https://h.com/ < a=1; Domain=com\nhttps://h.com/ >"},
		{"domain of one word", "https://localhost/ < a=1; Domain=localhost\nhttps://localhost/ > a=1"},
		{"address", "http://10.0.0.1/ < a=1; Domain=0.0.1\nhttp://10.0.0.1/ < b=1; Domain=10.0.0.1\nhttp://10.0.0.1/ > b=1\nhttp://[::1]:80/ < c=1\nhttp://[::1]/ > c=1"},
		{"secure", "https://h/ < a=1; Secure\nhttp://h/ >\nhttps://h/ > a=1\nhttp://h/ < b=1; Secure\nhttps://h/ > a=1"},
		{"max-age", "https://h/ < a=1; Max-Age=10\n9s\nhttps://h/ > a=1\n1s\nhttps://h/ >"},
		{"max-age 0 removes", "https://h/ < a=1\nhttps://h/ < a=2; Max-Age=0\nhttps://h/ >"},
		{"max-age below zero", "https://h/ < a=1\nhttps://h/ < a=2; max-age=-99999999999999999999\nhttps://h/ >"},
		{"max-age that is none", "https://h/ < a=1; Max-Age=x\n100000h\nhttps://h/ > a=1"},
		{"max-age is bounded", "https://h/ < a=1; Max-Age=99999999999999999999\n9599h\nhttps://h/ > a=1\n1h\nhttps://h/ >"},
		{"expires", "https://h/ < a=1; Expires=Thu, 20 Nov 2025 08:00:10 GMT\n9s\nhttps://h/ > a=1\n1s\nhttps://h/ >"},
		{"expires in the past removes", "https://h/ < a=1\nhttps://h/ < a=; expires=Thu, 01-Jan-1970 00:00:00 GMT\nhttps://h/ >"},
		{"forms of dates", "https://h/ < a=1; Expires=Thursday, 20-Nov-25 08:00:10 GMT\nhttps://h/ < b=1; Expires=Thu Nov 20 08:00:10 2025\nhttps://h/ < c=1; Expires=soon\nhttps://h/ > a=1; b=1; c=1\n10s\nhttps://h/ > c=1"},
		{"max-age before expires", "https://h/ < a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT\nhttps://h/ > a=1"},
		{"max-age after expires", "https://h/ < a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=10\nhttps://h/ > a=1"},
		{"too long", "https://h/ < a=" + strings.Repeat("x", maxCookieBytes) + "\nhttps://h/ >"},
		{"control characters", "https://h/ < a=\x01\nhttps://h/ >"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line := simulate.NewTimeline(time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC))
			j := NewJar(line.Now)
			for row := range strings.SplitSeq(tt.play, "\n") {
				url, rest, ok := strings.Cut(row, " ")
				if !ok {
					d, err := time.ParseDuration(row)
					if err != nil {
						t.Fatal(err)
					}
					line.Advance(d)
					continue
				}
				r, err := simulate.NewRequest("GET", url)
				if err != nil {
					t.Fatal(err)
				}
				if text, ok := strings.CutPrefix(rest, "< "); ok {
					j.Store(r, simulate.Header{{Name: "X", Value: "y=z"}, {Name: "set-cookie", Value: text}})
					continue
				}
				if got, want := j.Cookie(r), strings.TrimSpace(strings.TrimPrefix(rest, ">")); got != want {
					t.Errorf("%s: got %q, want %q", row, got, want)
				}
			}
		})
	}
}

// TestJarOfSteps: cookies of the step count more, and there is one header.
func TestJarOfSteps(t *testing.T) {
	j := NewJar(func() time.Time { return time.Time{} })
	s, err := parse("s.yaml", "- GET http://h/\n- GET http://h/: {headers: {cookie: 'b=x;'}}\n- publish: {handle: /x, host: h}\n")
	if err != nil {
		t.Fatal(err)
	}
	j.Store(s.Steps[0].Request, simulate.Header{{Name: "Set-Cookie", Value: "a=1"}, {Name: "Set-Cookie", Value: "b=2"}})
	for i, want := range []string{`[{"Cookie" "a=1; b=2"}]`, `[{"cookie" "b=x; a=1"}]`, `[{"CQ-Action" "Activate"} {"CQ-Handle" "/x"}]`} {
		if got := fmt.Sprintf("%q", s.Steps[i].NewRequest(j).Header); got != want {
			t.Errorf("step %d: got %s, want %s", i, got, want)
		}
	}
	if v, _ := s.Steps[1].Request.Header.Value("Cookie"); v != "b=x;" {
		t.Errorf("the step itself has now %q", v)
	}
}

func TestJarIsBounded(t *testing.T) {
	j := NewJar(func() time.Time { return time.Time{} })
	r, err := simulate.NewRequest("GET", "http://h/")
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxCookies + 10 {
		j.set(r, fmt.Sprintf("n%d=v", i))
	}
	if len(j.cookies) != maxCookies || j.cookies[0].name != "n10" {
		t.Errorf("%d cookies, the first is %s", len(j.cookies), j.cookies[0].name)
	}
}
