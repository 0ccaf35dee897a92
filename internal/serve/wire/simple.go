package wire

import (
	"bytes"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

var headEnd = []byte("\r\n\r\n")

// simple reads a request that has no body and nothing that a server must know more of than its text, and returns how long it is: 0
// where it is not such a one or not whole. What is not exactly as RFC 9112 wants it is not simple, so that net/http refuses it
// or not.
func simple(b []byte, q *simulate.Request) int {
	if len(b) < len("GET / HTTP/1.1\r\n\r\n") || b[0] != 'G' && b[0] != 'H' {
		return 0
	}
	n := bytes.Index(b, headEnd)
	if n < 0 {
		return 0
	}
	text := string(b[:n+2])
	line, rest, _ := strings.Cut(text, "\r\n")
	method, after, _ := strings.Cut(line, " ")
	target, proto, _ := strings.Cut(after, " ")
	if method != "GET" && method != "HEAD" || proto != "HTTP/1.1" || target == "" || target[0] != '/' || !plain(target) {
		return 0
	}
	q.Method, q.Target = method, target
	hosts := 0
	h := make(simulate.Header, 0, strings.Count(rest, "\n")) // the Dispatcher adds one, and Host is none of them
	for rest != "" {
		end := strings.IndexByte(rest, '\n')
		if end < 1 || rest[end-1] != '\r' {
			return 0
		}
		line, rest = rest[:end-1], rest[end+1:]
		colon := strings.IndexByte(line, ':')
		if colon < 1 {
			return 0
		}
		name, value := line[:colon], strings.Trim(line[colon+1:], " \t")
		if !token(name) || !inLine(value) {
			return 0
		}
		switch len(name) {
		case len("Host"):
			if strings.EqualFold(name, "Host") {
				if hosts++; !hostLike(value) {
					return 0
				}
				q.Host = value
				continue
			}
		case len("Connection"):
			if strings.EqualFold(name, "Connection") && !strings.EqualFold(value, "keep-alive") {
				return 0
			}
		case len("Content-Length"):
			if strings.EqualFold(name, "Content-Length") {
				return 0
			}
		case len("Transfer-Encoding"):
			if strings.EqualFold(name, "Transfer-Encoding") {
				return 0
			}
		case len("Upgrade"): // and Trailer
			if strings.EqualFold(name, "Upgrade") || strings.EqualFold(name, "Trailer") {
				return 0
			}
		case len("Expect"):
			if strings.EqualFold(name, "Expect") {
				return 0
			}
		}
		h = append(h, simulate.Field{Name: name, Value: value})
	}
	if hosts != 1 {
		return 0
	}
	q.Header = h
	return n + len(headEnd)
}

// plain reports whether a target has nothing that net/http would refuse: control characters, and escapes that are none.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c <= ' ' || c == 0x7f:
			return false
		case c == '%':
			if i+2 >= len(s) || !hex(s[i+1]) || !hex(s[i+2]) {
				return false
			}
		}
	}
	return true
}

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// Classes of characters.
const (
	tokenByte = 1 << iota // of a header's name (RFC 9110, 5.6.2)
	hostByte
)

var classes = func() (t [256]byte) {
	for c := range 0x80 {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if letter || strings.IndexByte("!#$%&'*+-.^_`|~", byte(c)) >= 0 {
			t[c] |= tokenByte
		}
		if letter || strings.IndexByte("-._~:[]", byte(c)) >= 0 {
			t[c] |= hostByte
		}
	}
	return t
}()

func all(s string, class byte) bool {
	for i := range len(s) {
		if classes[s[i]]&class == 0 {
			return false
		}
	}
	return s != ""
}

// token reports whether a text can be the name of a header.
func token(s string) bool { return all(s, tokenByte) }

// hostLike reports whether a text is a host, with a port or not, of the plain kind.
func hostLike(s string) bool { return all(s, hostByte) }

// inLine reports whether a text can be the value of a header: it has no control characters but tabs.
func inLine(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
