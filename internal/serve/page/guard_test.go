package page

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHost: only names and addresses that mean this machine are answered, so that no name that somebody points here lets
// another site read the page.
func TestHost(t *testing.T) {
	for _, tt := range []struct {
		listen, host, local string
		want                bool
	}{
		{"127.0.0.1:8081", "127.0.0.1:8081", "", true},
		{"127.0.0.1:8081", "localhost:8081", "", true},
		{"127.0.0.1:8081", "LOCALHOST.:8081", "", true},
		{"127.0.0.1:8081", "page.localhost:8081", "", true},
		{"127.0.0.1:8081", "127.9.9.9", "", true},
		{"127.0.0.1:8081", "[::1]:8081", "", true},
		{"127.0.0.1:8081", "[::1]", "", true},
		{"127.0.0.1:8081", "[::ffff:127.0.0.1]:8081", "", true},
		{"127.0.0.1:8081", "localhost:9999", "", true}, // a forwarded port
		{"127.0.0.1:8081", "rebound.example:8081", "", false},
		{"127.0.0.1:8081", "localhost.rebound.example:8081", "", false},
		{"127.0.0.1:8081", "notlocalhost:8081", "", false},
		{"127.0.0.1:8081", "127.0.0.1.rebound.example:8081", "", false},
		{"127.0.0.1:8081", "192.0.2.7:8081", "", false},
		{"127.0.0.1:8081", "192.0.2.7:8081", "192.0.2.7", false}, // it does not listen there
		{"127.0.0.1:8081", "", "", false},
		{"127.0.0.1:8081", ":8081", "", false},
		{"127.0.0.1:8081", "localhost:80x", "", false},
		{"127.0.0.1:8081", "localhost@rebound.example", "", false},
		{"192.0.2.7:8081", "192.0.2.7:8081", "", true},
		{"192.0.2.7:8081", "192.0.2.8:8081", "", false},
		{"dev.internal:8081", "Dev.Internal:8081", "", true},
		{"dev.internal:8081", "other.internal:8081", "", false},
		{"0.0.0.0:8081", "192.0.2.7:8081", "192.0.2.7", true},
		{"0.0.0.0:8081", "192.0.2.7:8081", "192.0.2.8", false},
		{"0.0.0.0:8081", "rebound.example:8081", "192.0.2.7", false},
		{"[::]:8081", "[2001:db8::7]:8081", "2001:db8::7", true},
		{":8081", "192.0.2.7:8081", "192.0.2.7", true},
		{":8081", "192.0.2.7:8081", "", false},
		{"", "localhost", "", true},
	} {
		t.Run(tt.listen+" "+tt.host, func(t *testing.T) {
			g := newGuard(tt.listen, "token")
			r := httptest.NewRequest("GET", "/", nil)
			r.Host = tt.host
			if tt.local != "" {
				r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(tt.local), Port: 8081}))
			}
			if got := g.refuses(r) == nil; got != tt.want {
				t.Errorf("answered: %v, want %v", got, tt.want)
			}
		})
	}
}

// TestChanges: what changes something needs the token and comes from the page's own address.
func TestChanges(t *testing.T) {
	good := func() http.Header {
		return http.Header{"Content-Type": {"application/json"}, TokenHeader: {"token"}, "Origin": {"http://localhost:8081"}, "Sec-Fetch-Site": {"same-origin"}}
	}
	for _, tt := range []struct {
		name   string
		change func(http.Header)
		want   int
	}{
		{"as the page asks", func(http.Header) {}, 0},
		{"from the command line", func(h http.Header) { h.Del("Origin"); h.Del("Sec-Fetch-Site") }, 0},
		{"with a character set", func(h http.Header) { h.Set("Content-Type", "application/json; charset=utf-8") }, 0},
		{"no token", func(h http.Header) { h.Del(TokenHeader) }, 403},
		{"an empty token", func(h http.Header) { h.Set(TokenHeader, "") }, 403},
		{"a token of another start", func(h http.Header) { h.Set(TokenHeader, "tokem") }, 403},
		{"another site", func(h http.Header) { h.Set("Origin", "https://elsewhere.example") }, 403},
		{"another port of this machine", func(h http.Header) { h.Set("Origin", "http://localhost:3000") }, 403},
		{"another name of this machine", func(h http.Header) { h.Set("Origin", "http://127.0.0.1:8081") }, 403},
		{"a page without an origin", func(h http.Header) { h.Set("Origin", "null") }, 403},
		{"two origins", func(h http.Header) { h.Add("Origin", "http://localhost:8081") }, 403},
		{"the browser says another site", func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"the browser says another port", func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") }, 403},
		{"a form of HTML", func(h http.Header) { h.Set("Content-Type", "text/plain") }, 415},
		{"no type", func(h http.Header) { h.Del("Content-Type") }, 415},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGuard("127.0.0.1:8081", "token")
			r := httptest.NewRequest("POST", "/api/send", strings.NewReader("{}"))
			r.Host, r.Header = "localhost:8081", good()
			tt.change(r.Header)
			got := 0
			if refusal := g.refuses(r); refusal != nil {
				got = refusal.status
			}
			if got != tt.want {
				t.Errorf("refused with %d, want %d", got, tt.want)
			}
		})
	}
}

// TestReads: another site cannot read what stands behind the page, nor hold its streams open; a link leads to the page.
func TestReads(t *testing.T) {
	for _, tt := range []struct {
		path, site, origin string
		want               bool
	}{
		{"/", "none", "", true},
		{"/", "cross-site", "", true},
		{"/api/events", "same-origin", "", true},
		{"/api/events", "", "", true},
		{"/api/events", "cross-site", "", false},
		{"/api/state", "same-site", "", false},
		{"/api/state", "", "http://elsewhere.example", false},
		{"/api/state", "", "http://localhost:8081", true},
	} {
		g := newGuard("127.0.0.1:8081", "token")
		r := httptest.NewRequest("GET", tt.path, nil)
		r.Host = "localhost:8081"
		if tt.site != "" {
			r.Header.Set("Sec-Fetch-Site", tt.site)
		}
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		if got := g.refuses(r) == nil; got != tt.want {
			t.Errorf("%s from %q %q: answered: %v, want %v", tt.path, tt.site, tt.origin, got, tt.want)
		}
	}
}
