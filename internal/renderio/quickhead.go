package renderio

import (
	"bytes"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

// A quickHead is a head that can be read only one way: whole, of HTTP/1.1, with nothing in it that says how the body is
// framed but one Content-Length.
type quickHead struct {
	status int
	header simulate.Header
	length int64 // of the body
	size   int   // of the head
}

// readQuickHead reads a head at the start of text. What is not simple, or may not be allowed, it leaves to net/http and
// to answerHeader: the answer that is read here is the one that they would make.
func readQuickHead(text []byte, method string) (h quickHead, ok bool) {
	const proto = "HTTP/1.1 "
	if len(text) < len(proto)+4 || string(text[:len(proto)]) != proto {
		return h, false
	}
	for _, c := range text[len(proto) : len(proto)+3] {
		if c < '0' || c > '9' {
			return h, false
		}
		h.status = h.status*10 + int(c-'0')
	}
	if c := text[len(proto)+3]; h.status < 200 || c != ' ' && c != '\r' {
		return h, false
	}
	lines := 0
	for at := 0; ; lines++ {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 1 || text[at+n-1] != '\r' || lines > maxHeaders {
			return h, false
		}
		at += n + 1
		if n == 1 {
			h.size = at
			break
		}
	}
	all := string(text[:h.size])
	first := strings.IndexByte(all, '\n') + 1
	if !isText(all[:first-2]) {
		return h, false
	}
	if lines > 1 {
		h.header = make(simulate.Header, 0, lines-1)
	}
	counted := false
	for rest := all[first:]; len(rest) > 2; {
		end := strings.IndexByte(rest, '\n')
		line := rest[:end-1]
		rest = rest[end+1:]
		colon := strings.IndexByte(line, ':')
		if colon < 1 || !isToken(line[:colon]) {
			return h, false
		}
		f := simulate.Field{Name: line[:colon], Value: strings.Trim(line[colon+1:], " \t")}
		if !isText(f.Value) {
			return h, false
		}
		switch {
		case len(f.Name) == len("Content-Length") && strings.EqualFold(f.Name, "Content-Length"):
			if h.length, ok = readLength(f.Value); !ok || counted {
				return h, false
			}
			counted = true
		case len(f.Name) == len("Connection") && strings.EqualFold(f.Name, "Connection"):
			if !strings.EqualFold(f.Value, "keep-alive") {
				return h, false
			}
		case strings.EqualFold(f.Name, "Transfer-Encoding"), strings.EqualFold(f.Name, "Trailer"):
			return h, false
		}
		h.header = append(h.header, f)
	}
	switch {
	case method == "HEAD", h.status == 204, h.status == 304:
		h.length = 0
	case !counted: // it ends with the connection
		return h, false
	}
	return h, true
}

// readLength reads digits: enough for every body, too few for an overflow.
func readLength(s string) (n int64, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, len(s) > 0 && len(s) < 18
}

// isText reports whether a line has no control character but tabs.
func isText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
