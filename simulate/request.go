package simulate

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// A Request is one request as it arrives at the web server.
type Request struct {
	// Method is the method as sent. Letter case matters: "get" is another method than "GET".
	Method string
	// Target is the request target as sent: "/a/b.html?c=d", "http://host/a/b.html" or "*".
	Target string
	// Proto is the protocol of the request line; "" is HTTP/1.1.
	Proto string
	// Host is the Host header, with its port if it has one; "" is none. Where Target names a host, that is the
	// one that counts (RFC 9112, 3.2.2).
	Host string
	// TLS says that the request came over HTTPS.
	TLS bool
	// Header holds the other headers.
	Header Header
	// Client is the address of who asks. The zero value is nobody's.
	Client netip.Addr
	// Body is what is sent along, nil for nothing.
	Body io.Reader
	// Length is the length of Body in bytes, -1 where that is not known. Without a Body it is not read.
	Length int64
	// Farm names the farm that answers, whatever the virtual hosts say; "" leaves it to them.
	Farm string
	// Processed is the path and query that httpd's modules made of Target, "" where they left it alone. It counts
	// where DispatcherUseProcessedURL is on.
	Processed string
	// HTTPD is what httpd made of the request; nil leaves that to the engine, which knows no rules.
	HTTPD *Handed
	// Sink takes the answer; nil lets it go.
	Sink Sink
	// Unknowns are what is not known of the request; nil knows everything.
	Unknowns *Unknowns
}

// A Sink takes the answer to a request. It is called once at most, and not for answers that httpd makes.
type Sink interface {
	// Answer takes status, headers and body. It reads what it wants of the body, which is not nil and good until it
	// returns. An error ends the answer: what was to be cached is not.
	Answer(status int, h Header, body io.Reader) error
}

// proto returns the protocol, with its default.
func (r *Request) proto() string {
	if r.Proto == "" {
		return "HTTP/1.1"
	}
	return r.Proto
}

// NewRequest makes a request of a URL as people write it: a path ("/a.html?b=c"), "*", or an absolute URL, whose
// scheme and host become TLS and Host. It does not decode or clean anything.
func NewRequest(method, url string) (*Request, error) {
	if method == "" {
		return nil, fmt.Errorf("the request has no method")
	}
	r := &Request{Method: method, Target: url}
	scheme, rest, ok := cutScheme(url)
	if !ok {
		if url == "" || url[0] != '/' && url != "*" {
			return nil, fmt.Errorf("URL %q is neither a path that starts with / nor an absolute URL", url)
		}
		return r, nil
	}
	if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return nil, fmt.Errorf("URL %q is of scheme %s; a Dispatcher answers http and https", url, scheme)
	}
	r.TLS = len(scheme) == len("https")
	authority, target := cutAuthority(rest)
	if _, host, ok := strings.Cut(authority, "@"); ok {
		authority = host
	}
	if authority == "" {
		return nil, fmt.Errorf("URL %q names no host", url)
	}
	r.Host, r.Target = authority, target
	if target == "" || target[0] != '/' {
		r.Target = "/" + target
	}
	return r, nil
}

// ParseRequestLine makes a request of a request line, "GET /a.html HTTP/1.1". The protocol may be missing.
// Targets may hold blanks, as they do in some logs: the first word is the method and the last the protocol.
func ParseRequestLine(line string) (Request, error) {
	method, rest, ok := strings.Cut(line, " ")
	if !ok || method == "" || rest == "" {
		return Request{}, fmt.Errorf("%q is not a request line: it has a method, a blank and a target", line)
	}
	r := Request{Method: method, Target: rest}
	if i := strings.LastIndexByte(rest, ' '); i > 0 && strings.HasPrefix(rest[i+1:], "HTTP/") {
		r.Target, r.Proto = rest[:i], rest[i+1:]
	}
	return r, nil
}

// cutScheme splits "scheme://rest" where url starts so.
func cutScheme(url string) (scheme, rest string, ok bool) {
	i := strings.Index(url, "://")
	if i <= 0 {
		return "", url, false
	}
	for _, c := range []byte(url[:i]) {
		if !isSchemeByte(c) {
			return "", url, false
		}
	}
	return url[:i], url[i+len("://"):], true
}

func isSchemeByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'
}

// cutAuthority splits what follows "://" before the first of / ? #.
func cutAuthority(s string) (authority, target string) {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// splitPort splits "host:port", "[::1]:port" and hosts without a port.
func splitPort(host string) (name, port string) {
	if strings.IndexByte(host, ':') < 0 {
		return host, "" // as most are, and found out faster from this side
	}
	i := strings.LastIndexByte(host, ':')
	if strings.IndexByte(host[i:], ']') >= 0 {
		return host, ""
	}
	if strings.IndexByte(host[:i], ':') >= 0 && host[0] != '[' {
		return host, "" // an IPv6 address without brackets
	}
	return host[:i], host[i+1:]
}
