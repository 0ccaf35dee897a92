package wire

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/simulate/httpd"
)

// A Reply is the answer to a simple request.
type Reply struct {
	conn   *Conn
	buf    *[]byte
	b      []byte // what is not written yet
	head   bool   // the request is HEAD
	status int
	// left is how much of the body is still to come; -1 where its length is not known: it is chunked then.
	left  int64
	chunk int // where a chunk begins in b; -1 for none
	empty bool
	abort bool
	err   error
}

const (
	// writeAt is how much is written at once at least. A piece longer than writeDirect is not copied.
	writeAt, writeDirect = 4 << 10, 16 << 10
	// maxChunk is how long a chunk may be: its length takes four digits.
	maxChunk  = 0x8000
	chunkHead = len("0000\r\n")
)

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

func (r *Reply) reset(c *Conn, method string) {
	*r = Reply{conn: c, head: method == http.MethodHead, chunk: -1}
	r.buf = buffers.Get().(*[]byte)
	r.b = (*r.buf)[:0]
}

func (r *Reply) release() {
	if cap(r.b) <= 2*maxHeld {
		*r.buf = r.b[:0]
	}
	buffers.Put(r.buf)
	*r = Reply{}
}

// Head begins the answer. What frames the body on the connection is seen to here: a Content-Length counts, and without one the body
// is chunked. It is written with the first of the body.
//
// Source: RFC 9112, 6; RFC 9110, 8.6 and 15.4.5.
func (r *Reply) Head(status int, fields []httpd.Field) {
	r.status = status
	b := append(r.b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	if text := http.StatusText(status); text != "" {
		b = append(b, text...)
	} else {
		b = append(b, "status code "...)
		b = strconv.AppendInt(b, int64(status), 10)
	}
	b = append(b, "\r\n"...)
	if !slices.ContainsFunc(fields, isDate) {
		b = append(b, "Date: "...)
		b = append(b, r.conn.server.dateAt(time.Now())...)
		b = append(b, "\r\n"...)
	}
	r.empty = status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
	r.left = -1
	for i := range fields {
		f := &fields[i]
		switch len(f.Name) {
		case len("Content-Type"):
			if status == http.StatusNotModified && strings.EqualFold(f.Name, "Content-Type") {
				continue
			}
		case len("Content-Length"):
			if strings.EqualFold(f.Name, "Content-Length") {
				if n, err := strconv.ParseInt(f.Value, 10, 64); err != nil || n < 0 || r.left >= 0 || r.empty {
					continue
				} else {
					r.left = n
				}
			}
		}
		if !token(f.Name) {
			continue
		}
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = appendValue(b, f.Value)
		b = append(b, "\r\n"...)
	}
	if r.conn.server.closing.Load() {
		b = append(b, "Connection: close\r\n"...)
	}
	if r.left < 0 && !r.empty && !r.head {
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	r.b = append(b, "\r\n"...)
}

func isDate(f httpd.Field) bool {
	return len(f.Name) == len("Date") && strings.EqualFold(f.Name, "Date")
}

// appendValue adds the value of a header. Nothing in it can end its line.
func appendValue(b []byte, s string) []byte {
	if inLine(s) && (s == "" || s[0] > ' ' && s[len(s)-1] > ' ') {
		return append(b, s...)
	}
	s = strings.NewReplacer("\r", " ", "\n", " ").Replace(s)
	return append(b, strings.Trim(s, " \t")...)
}

// Write sends a piece of the body. It may wait for more of it, or for Flush.
func (r *Reply) Write(p []byte) (int, error) {
	switch {
	case r.err != nil:
		return 0, r.err
	case r.empty:
		return 0, http.ErrBodyNotAllowed
	case r.head:
		return len(p), nil
	case r.left >= 0:
		if int64(len(p)) > r.left {
			return 0, http.ErrContentLength
		}
		r.left -= int64(len(p))
		if len(p) > writeDirect {
			return r.direct(p)
		}
		r.b = append(r.b, p...)
		return len(p), r.settle()
	}
	total := len(p)
	for len(p) > 0 {
		if r.chunk < 0 {
			r.chunk = len(r.b)
			r.b = append(r.b, "0000\r\n"...)
		}
		n := min(len(p), maxChunk-(len(r.b)-r.chunk-chunkHead))
		r.b = append(r.b, p[:n]...)
		p = p[n:]
		if err := r.settle(); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// Rest is Write for all of a body that has a length. It goes out when the answer ends.
func (r *Reply) Rest(p []byte) (int, error) {
	if r.err != nil || r.empty || r.head || int64(len(p)) != r.left || len(p) > maxHeld {
		return r.Write(p)
	}
	r.left = 0
	r.b = append(r.b, p...)
	return len(p), nil
}

func (r *Reply) settle() error {
	if len(r.b) < writeAt {
		return nil
	}
	return r.Flush()
}

// Flush writes what waits.
func (r *Reply) Flush() error {
	if r.err != nil {
		return r.err
	}
	r.endChunk()
	if len(r.b) == 0 {
		return nil
	}
	c := r.conn
	c.setWriteDeadline()
	_, r.err = c.Conn.Write(r.b)
	r.b = r.b[:0]
	return r.err
}

// direct writes a piece that is too large to be worth a copy.
func (r *Reply) direct(p []byte) (int, error) {
	if err := r.Flush(); err != nil {
		return 0, err
	}
	r.conn.setWriteDeadline()
	var n int
	n, r.err = r.conn.Conn.Write(p)
	return n, r.err
}

// endChunk writes the length before the chunk that was begun.
func (r *Reply) endChunk() {
	if r.chunk < 0 {
		return
	}
	const digits = "0123456789abcdef"
	n := len(r.b) - r.chunk - chunkHead
	for i := range 4 {
		r.b[r.chunk+i] = digits[n>>(12-4*i)&15]
	}
	r.b = append(r.b, "\r\n"...)
	r.chunk = -1
}

// Abort closes the connection after what was written: the client must see that the answer is not whole.
func (r *Reply) Abort() { r.abort = true }

// finish ends the answer, and reports whether it is whole.
func (r *Reply) finish() bool {
	if r.status == 0 {
		return false
	}
	if r.left < 0 && !r.empty && !r.head && !r.abort {
		r.endChunk()
		r.b = append(r.b, "0\r\n\r\n"...)
	}
	err := r.Flush()
	return err == nil && !r.abort && (r.left <= 0 || r.head)
}
