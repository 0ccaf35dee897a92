package httpd

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// chooseHost finds the virtual host: by the address that the connection came to, then by the name that the request has.
//
// Source: httpd.apache.org/docs/2.4, vhosts/details.html; recorded from httpd 2.4.71: an exact address beats *, a name of
// an earlier host beats a better one of a later, and the port of the Host header is not looked at.
func (x *exchange) chooseHost() verdict {
	e, r := x.engine, x.req
	port := r.Port
	if port == 0 {
		port = 80
	}
	exact, first := false, (*host)(nil)
	for _, h := range e.hosts {
		switch h.answers(r.Local, port) {
		case addressExact:
			if !exact {
				exact, first = true, h
			}
		case addressAny:
			if first == nil {
				first = h
			}
		}
	}
	x.host = first
	if first == nil {
		x.host = e.main
	}
	x.layer = x.host.base

	name, target := "", r.Target
	named := false
	scheme, host, rest, ok := cutAbsolute(target)
	if ok {
		// The host of a URL counts where its scheme is that of the server; else that of the header does.
		target, x.absolute = rest, true
		if strings.EqualFold(scheme, "http") {
			name, named = host, true
			x.headers.set("Host", host)
		}
	}
	if !named && !r.NoHost {
		name, named = r.Host, true
	}
	x.splitTarget(target)
	if (!x.absolute && target != "*" && !strings.HasPrefix(target, "/") && r.Method != "CONNECT") || strings.Contains(host, "@") {
		x.headers = x.headers[:0] // they are not read any more
		x.decide(server.Place{}, "a request target that is neither a path nor a URL")
		return 400
	}
	if name == "" && named && x.absolute {
		return goOn
	}
	if !named || name == "" {
		if !strings.EqualFold(r.Proto, "HTTP/1.0") && (r.Proto == "" || r.Proto > "HTTP/1.0") && (!named || r.NoHost || name == "") {
			x.decide(server.Place{}, "HTTP/1.1 without a Host header")
			return 400
		}
		return goOn
	}
	hostname, hostPort, ok := readHost(name)
	if !ok {
		x.decide(server.Place{}, "a Host header that is no host")
		return 400
	}
	x.hostname, x.hostPort = hostname, hostPort
	if first == nil {
		return goOn
	}
	want := addressAny
	if exact {
		want = addressExact
	}
	for _, h := range e.hosts {
		if h.answers(r.Local, port) == want && h.named(hostname, port, hostPort) {
			x.host, x.layer = h, h.base
			break
		}
	}
	if x.absolute && !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		x.decide(server.Place{}, "a request target of another scheme than http and https")
		return 400
	}
	return goOn
}

type addressMatch uint8

const (
	addressNone addressMatch = iota
	addressAny
	addressExact
)

// answers reports how the addresses of a host fit that of the connection.
func (h *host) answers(local netip.Addr, port int) addressMatch {
	best := addressNone
	if h.everywhere {
		if h.port == 0 || h.port == port {
			best = addressAny
		}
		return best
	}
	for _, a := range h.Addresses {
		if a.Port != 0 && a.Port != port || a.Host != "" {
			continue
		}
		switch {
		case !a.Addr.IsValid():
			best = max(best, addressAny)
		case a.Addr == local:
			return addressExact
		}
	}
	return best
}

// named reports whether a host has a name: its ServerName, or one of its ServerAlias.
func (h *host) named(name string, port, _ int) bool {
	if h.Name.Host != "" && strings.EqualFold(h.Name.Host, name) {
		return true
	}
	for i := range h.Names {
		a := &h.Names[i]
		if a.Wild {
			if server.MatchName(a.Pattern, name) {
				return true
			}
		} else if strings.EqualFold(a.Pattern, name) {
			return true
		}
	}
	return false
}

// readHost reads the value of a Host header, as HttpProtocolOptions Strict has it. A dot at the end is cut off.
func readHost(s string) (name string, port int, ok bool) {
	host := s
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, false
		}
		if _, err := netip.ParseAddr(s[1:end]); err != nil {
			return "", 0, false
		}
		host, s = s[:end+1], s[end+1:]
		if s == "" {
			return strings.ToLower(host), 0, true
		}
		if s[0] != ':' {
			return "", 0, false
		}
		port, ok = readPort(s[1:])
		return strings.ToLower(host), port, ok
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		host = s[:i]
		if port, ok = readPort(s[i+1:]); !ok {
			return "", 0, false
		}
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || strings.Contains(host, "..") {
		return "", 0, false
	}
	upper := false
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		case 'A' <= c && c <= 'Z':
			upper = true
		default:
			return "", 0, false
		}
	}
	if upper {
		host = strings.ToLower(host)
	}
	return host, port, true
}

func readPort(s string) (int, bool) {
	if s == "" {
		return 0, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0 && n <= 65535 && s[0] != '+'
}

// cutAbsolute splits a URL into its scheme, its authority and the rest.
func cutAbsolute(target string) (scheme, host, rest string, ok bool) {
	i := strings.IndexByte(target, ':')
	if i <= 0 || !isLetter(target[0]) || strings.IndexFunc(target[:i], notInScheme) >= 0 || !strings.HasPrefix(target[i+1:], "/") {
		return "", "", target, false
	}
	scheme, rest = target[:i], target[i+1:]
	if strings.HasPrefix(rest, "//") {
		host, rest = rest[2:], ""
		if j := strings.IndexAny(host, "/?#"); j >= 0 {
			host, rest = host[:j], host[j:]
		}
	}
	if rest == "" || rest[0] != '/' {
		rest = "/" + rest
	}
	return scheme, host, rest, true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func notInScheme(r rune) bool {
	return r > 'z' || !isLetter(byte(r)) && (r < '0' || r > '9') && r != '+' && r != '-' && r != '.'
}

// splitTarget takes path and query of the target. A fragment is cut off.
func (x *exchange) splitTarget(target string) {
	if i := strings.IndexByte(target, '#'); i >= 0 {
		target = target[:i]
	}
	if i := strings.IndexByte(target, '?'); i >= 0 {
		x.args, x.hasArgs = target[i+1:], true
		target = target[:i]
	}
	for len(target) > 1 && target[0] == '/' && target[1] == '/' {
		target = target[1:] // httpd drops slashes at the start when it splits the target
	}
	x.original = target
	x.uri = target
}
