package serve

import (
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/serve/wire"
	"github.com/dispcheck/dispcheck/simulate/httpd"
)

// An output is where an answer goes.
type output interface {
	// Head begins the answer.
	Head(status int, fields []httpd.Field)
	// Write sends a piece of the body. It may wait for the next, or for Flush.
	io.Writer
	Flush() error
	// Whole sends an answer in one piece. It may go out when the exchange is over: who has the answer then finds the request in
	// what is told of it.
	Whole(status int, fields []httpd.Field, body []byte) (int, error)
}

// An httpOutput answers by net/http.
type httpOutput struct {
	w       http.ResponseWriter
	conn    *wire.Conn // nil where the connection is none of ours, or is TLS
	control *http.ResponseController
	wait    time.Duration // Limits.WriteTimeout
	waits   bool          // a deadline is set
}

// Head implements output.
func (o *httpOutput) Head(status int, fields []httpd.Field) {
	h := o.w.Header()
	values := make([]string, len(fields))
	for i, f := range fields {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		if name == "Etag" { // as httpd spells it
			name = "ETag"
		}
		if old := h[name]; old != nil {
			h[name] = append(old, f.Value)
			continue
		}
		values[i] = f.Value
		h[name] = values[i : i+1 : i+1]
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = nil // or net/http would guess one
	}
	o.w.WriteHeader(status)
}

// Write implements io.Writer. The client may take as long as Limits.WriteTimeout for it.
func (o *httpOutput) Write(p []byte) (int, error) {
	if o.control == nil {
		o.control = http.NewResponseController(o.w)
	}
	_ = o.control.SetWriteDeadline(time.Now().Add(o.wait)) // tests answer into memory
	o.waits = true
	return o.w.Write(p)
}

// Flush implements output.
func (o *httpOutput) Flush() error {
	if f, ok := o.w.(http.Flusher); ok {
		f.Flush()
	}
	return nil
}

// Whole implements output.
func (o *httpOutput) Whole(status int, fields []httpd.Field, body []byte) (int, error) {
	if o.conn != nil {
		o.conn.Hold()
		defer o.Flush()
	}
	o.Head(status, fields)
	return o.Write(body)
}

// done sends what waits, when the exchange is over, and takes the deadline off.
func (o *httpOutput) done() {
	if o.conn != nil {
		_ = o.conn.Release() // net/http sees by itself that a client is gone
	}
	if o.waits {
		_ = o.control.SetWriteDeadline(time.Time{})
	}
}

// A wireOutput answers a simple request.
type wireOutput struct{ *wire.Reply }

// Whole implements output.
func (o wireOutput) Whole(status int, fields []httpd.Field, body []byte) (int, error) {
	o.Head(status, fields)
	return o.Rest(body)
}

// noOutput is for requests that come from the page: it shows what is kept of the answer.
type noOutput struct{}

// Head implements output.
func (noOutput) Head(int, []httpd.Field) {}

// Write implements io.Writer.
func (noOutput) Write(p []byte) (int, error) { return len(p), nil }

// Flush implements output.
func (noOutput) Flush() error { return nil }

// Whole implements output.
func (noOutput) Whole(_ int, _ []httpd.Field, body []byte) (int, error) { return len(body), nil }

// fields are the headers of an answer, as httpd names them and in its order.
type fields []httpd.Field

// index is where a header is; -1 for nowhere.
func (l fields) index(name string) int {
	for i := range l {
		if len(l[i].Name) == len(name) && strings.EqualFold(l[i].Name, name) {
			return i
		}
	}
	return -1
}

// value is that of a header; "" where it is missing.
func (l fields) value(name string) string {
	if i := l.index(name); i >= 0 {
		return l[i].Value
	}
	return ""
}

// set gives a header one value, at its place or at the end.
func (l *fields) set(name, value string) {
	i := l.index(name)
	if i < 0 {
		*l = append(*l, httpd.Field{Name: name, Value: value})
		return
	}
	(*l)[i].Value = value
	for j := (*l)[i+1:].index(name); j >= 0; j = (*l)[i+1:].index(name) {
		*l = slices.Delete(*l, i+1+j, i+2+j)
	}
}

// remove takes a header off.
func (l *fields) remove(name string) {
	for i := l.index(name); i >= 0; i = l.index(name) {
		*l = slices.Delete(*l, i, i+1)
	}
}

// pairs are the headers as the page shows them.
func (l fields) pairs() [][2]string {
	out := make([][2]string, len(l))
	for i, f := range l {
		out[i] = [2]string{f.Name, f.Value}
	}
	return out
}
