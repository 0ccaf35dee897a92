package renderio

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

// requestHead appends a request's head: request line, headers in their order, and what frames the body. A request
// without a Host header gets the peer's; last says that the connection ends with the answer.
//
// Content-Length, Transfer-Encoding and Trailer are not taken over: they are written anew from the length that the
// request has. A body is announced with Expect: 100-continue, as the module does it.
func requestHead(out []byte, r *simulate.RenderRequest, length int64, to *peer, last bool) ([]byte, error) {
	if err := checkRequest(r); err != nil {
		return nil, err
	}
	out = append(out, r.Method...)
	out = append(out, ' ')
	out = append(out, r.Target...)
	out = append(out, " HTTP/1.1\r\n"...)
	if !r.Header.Has("Host") {
		out = appendHeader(out, "Host", to.addr())
	}
	framed, counted, expects, connection := false, false, false, false
	for _, f := range r.Header {
		switch {
		case strings.EqualFold(f.Name, "Content-Length"):
			counted = true
			if length != 0 && !framed {
				out, framed = appendFraming(out, length), true
			}
			continue
		case strings.EqualFold(f.Name, "Transfer-Encoding"), strings.EqualFold(f.Name, "Trailer"):
			continue
		case strings.EqualFold(f.Name, "Expect"):
			if length == 0 || expects {
				continue
			}
			expects = true
			out = appendHeader(out, f.Name, "100-continue")
			continue
		case strings.EqualFold(f.Name, "Connection"):
			connection = true
		}
		out = appendHeader(out, f.Name, f.Value)
	}
	if length != 0 {
		if !framed {
			out = appendFraming(out, length)
		}
		if !expects {
			out = appendHeader(out, "Expect", "100-continue")
		}
	} else if counted || r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH" {
		out = appendHeader(out, "Content-Length", "0")
	}
	if last && !connection {
		out = appendHeader(out, "Connection", "close")
	}
	return append(out, "\r\n"...), nil
}

func appendHeader(out []byte, name, value string) []byte {
	out = append(out, name...)
	out = append(out, ": "...)
	out = append(out, value...)
	return append(out, "\r\n"...)
}

func appendFraming(out []byte, length int64) []byte {
	if length < 0 {
		return appendHeader(out, "Transfer-Encoding", "chunked")
	}
	return appendHeader(out, "Content-Length", strconv.FormatInt(length, 10))
}

// checkRequest refuses what cannot stand in a head, or would make two requests of one.
func checkRequest(r *simulate.RenderRequest) error {
	switch {
	case !isToken(r.Method):
		return fmt.Errorf("%w: the method %q is no HTTP method", ErrRequest, r.Method)
	case r.Method == "CONNECT":
		return fmt.Errorf("%w: CONNECT asks for a tunnel", ErrRequest)
	case r.Target == "":
		return fmt.Errorf("%w: the target is empty", ErrRequest)
	case r.Target[0] != '/' && r.Target != "*":
		return fmt.Errorf("%w: the target %q does not start with /", ErrRequest, r.Target)
	}
	for i := range len(r.Target) {
		if c := r.Target[i]; c <= ' ' || c == 0x7f {
			return fmt.Errorf("%w: the target %q has a space or control character at byte %d, write it as %%%02X",
				ErrRequest, r.Target, i, c)
		}
	}
	hosts := 0
	for _, f := range r.Header {
		if !isToken(f.Name) {
			return fmt.Errorf("%w: %q is no name of a header", ErrRequest, f.Name)
		}
		for i := range len(f.Value) {
			if c := f.Value[i]; c < ' ' && c != '\t' || c == 0x7f {
				// The value may be a secret: it is not shown.
				return fmt.Errorf("%w: header %s has a control character (%#02x) at byte %d", ErrRequest, f.Name, c, i)
			}
		}
		if strings.EqualFold(f.Name, "Host") {
			hosts++
		}
	}
	if hosts > 1 {
		return fmt.Errorf("%w: there are %d Host headers", ErrRequest, hosts)
	}
	return nil
}

// isToken: RFC 9110, 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

var (
	errAnswerHead = errors.New("the render's answer cannot be read back: it was sent before the request")
	errTooMany    = fmt.Errorf("the render's answer has more than %d headers", maxHeaders)
)

// answerHeader reads the headers of the answer with that status from the bytes that came, interim answers passed
// over. net/http has read them before and found them well formed; here they keep their order and their names.
//
// Transfer-Encoding and Trailer are left out, since the body comes decoded and without trailers; so is a
// Content-Length beside chunks, and one that is there a second time.
func answerHeader(text []byte, status int, chunked bool) (simulate.Header, error) {
	for {
		line, rest, ok := cutLine(text)
		if !ok {
			return nil, errAnswerHead
		}
		text = rest
		got, ok := statusOf(line)
		if !ok {
			return nil, errAnswerHead
		}
		if got == status {
			break
		}
		if got < 100 || got > 199 {
			return nil, errAnswerHead
		}
		for {
			if line, text, ok = cutLine(text); !ok {
				return nil, errAnswerHead
			}
			if len(line) == 0 {
				break
			}
		}
	}
	var h simulate.Header
	counted := false
	for {
		line, rest, ok := cutLine(text)
		if !ok {
			return nil, errAnswerHead
		}
		text = rest
		if len(line) == 0 {
			return h, nil
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return nil, errAnswerHead
		}
		joined := string(bytes.Trim(value, " \t"))
		// A line that starts with a space goes on with the value (RFC 9112, 5.2).
		for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
			if line, text, ok = cutLine(text); !ok {
				return nil, errAnswerHead
			}
			joined += " " + string(bytes.Trim(line, " \t"))
		}
		switch f := (simulate.Field{Name: string(name), Value: strings.Trim(joined, " \t")}); {
		case strings.EqualFold(f.Name, "Transfer-Encoding"), strings.EqualFold(f.Name, "Trailer"):
		case strings.EqualFold(f.Name, "Content-Length"):
			if !chunked && !counted {
				h = append(h, f)
			}
			counted = true
		default:
			h = append(h, f)
		}
		if len(h) > maxHeaders {
			return nil, errTooMany
		}
	}
}

func statusOf(line []byte) (int, bool) {
	_, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok {
		return 0, false
	}
	code, _, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	n, err := strconv.Atoi(string(code))
	return n, err == nil
}

func cutLine(text []byte) (line, rest []byte, ok bool) {
	line, rest, ok = bytes.Cut(text, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest, ok
}
