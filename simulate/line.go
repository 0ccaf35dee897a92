package simulate

import (
	"strings"
	"unsafe"
)

// requestLine returns the request line as /glob in a filter sees it: method, cleaned and decoded URI with the query
// as sent, protocol. The string is good until the end of the decision: it shares the exchange's memory, so that a
// filter with globs allocates nothing.
//
// Source: adobe/aem-dispatcher-experiments, dispatcher.any ("* /index.html *" and the query string).
func requestLine(x *Exchange) string {
	if !x.hasLine {
		x.line = appendLine(x.line[:0], x, x.Decision.URI)
		x.hasLine = true
	}
	return unsafe.String(unsafe.SliceData(x.line), len(x.line))
}

func appendLine(b []byte, x *Exchange, uri string) []byte {
	b = append(b, x.Request.Method...)
	b = append(b, ' ')
	b = append(b, uri...)
	if x.Decision.HasQuery {
		b = append(b, '?')
		b = append(b, x.Decision.Query...)
	}
	b = append(b, ' ')
	return append(b, x.Request.proto()...)
}

// logLine returns the request line as it stands in the log: with the URI encoded again.
func (x *Exchange) logLine() string {
	return string(appendLine(nil, x, escapePath(x.Decision.URI)))
}

// RequestLine returns the request line as it stands in the log of the filter: the URI cleaned and encoded again.
// A request that httpd refuses stands there as it was sent.
func (d *Decision) RequestLine(r *Request) string {
	uri := d.URI
	if d.Outcome != Refused {
		uri = escapePath(uri)
	}
	var b strings.Builder
	b.WriteString(r.Method)
	b.WriteByte(' ')
	b.WriteString(uri)
	if d.HasQuery {
		b.WriteByte('?')
		b.WriteString(d.Query)
	}
	b.WriteByte(' ')
	b.WriteString(r.proto())
	return b.String()
}
