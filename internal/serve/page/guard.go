package page

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// TokenHeader is the header in which the page's script shows that the page gave it the token. A form of another site cannot
// set it.
const TokenHeader = "X-Dispcheck-Token"

// policy lets the page load its own script and style and ask its own server, and nothing else: no script that stands in the
// text, none that a text makes, no other site. The page never makes HTML of text, and with trusted-types browsers that know
// it see to that, too.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// secure sets the headers that every answer has.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// A guard refuses requests that do not come from the page.
type guard struct {
	listen string // the host that the page listens on, lower case, "" for all of them
	token  string
}

func newGuard(listen, token string) guard {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		host = listen
	}
	return guard{strings.ToLower(host), token}
}

// A refusal is why a request is not answered.
type refusal struct {
	status  int
	message string
}

// refuses returns why a request is refused, nil where it is not. Every request must be for a host that only this machine can
// mean, which keeps away a site whose name was pointed here ("DNS rebinding"), and must not be another site's. One that
// changes something must have the token besides, and come from a page of this very address where the browser says so.
func (g *guard) refuses(r *http.Request) *refusal {
	if !g.isOwn(r) {
		return &refusal{http.StatusMisdirectedRequest, "the page is for localhost and the address it listens on; open it by one of them"}
	}
	changes := r.Method != http.MethodGet && r.Method != http.MethodHead
	if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		// Somebody may follow a link to the page; everything behind it is for the page alone.
		if changes || strings.HasPrefix(r.URL.Path, "/api/") {
			return &refusal{http.StatusForbidden, "only the page itself may ask"}
		}
	}
	if origins := r.Header.Values("Origin"); len(origins) > 0 && (changes || strings.HasPrefix(r.URL.Path, "/api/")) {
		if len(origins) > 1 || !strings.EqualFold(origins[0], "http://"+r.Host) && !strings.EqualFold(origins[0], "https://"+r.Host) {
			return &refusal{http.StatusForbidden, "only the page itself may ask"}
		}
	}
	if !changes {
		return nil
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get(TokenHeader)), []byte(g.token)) != 1 {
		return &refusal{http.StatusForbidden, "the token is not that of this server; load the page again"}
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return &refusal{http.StatusUnsupportedMediaType, "forms are sent as application/json"}
	}
	return nil
}

// isOwn reports whether a request is for this machine: a loopback name or address, the host that the page listens on, or, where
// it listens on all addresses, the one that the connection came to.
func (g *guard) isOwn(r *http.Request) bool {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, ""
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if host == "" || strings.Trim(port, "0123456789") != "" {
		return false
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback() || host == g.listen || g.unspecified() && isLocalEnd(r, addr)
	}
	return host == g.listen
}

// unspecified reports whether the page listens on all addresses.
func (g *guard) unspecified() bool {
	if g.listen == "" {
		return true
	}
	addr, err := netip.ParseAddr(g.listen)
	return err == nil && addr.IsUnspecified()
}

// isLocalEnd reports whether a connection came to an address.
func isLocalEnd(r *http.Request, addr netip.Addr) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return false
	}
	end, ok := netip.AddrFromSlice(local.IP)
	return ok && end.Unmap() == addr.Unmap()
}
