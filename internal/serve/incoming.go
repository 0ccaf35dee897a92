package serve

import (
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/serve/wire"
	"github.com/dispcheck/dispcheck/simulate"
)

// localSuffix is what stands behind the name of a host to reach it on this machine: browsers and resolvers take every name
// below localhost for the loopback address (RFC 6761, 6.3).
const localSuffix = ".localhost"

// siteHost is the host of the site that a Host header asks for, and whether it was asked for by its name below localhost. Then
// it has no port: that of this server means nothing to the site.
func siteHost(host string) (string, bool) {
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host, ':') == i {
		name = host[:i]
	}
	if n := len(name) - len(localSuffix); n > 0 && strings.EqualFold(name[n:], localSuffix) {
		return name[:n], true
	}
	return host, false
}

// localURL is the address of a host of the site on this server.
func localURL(scheme, host, port string) string {
	return scheme + "://" + host + localSuffix + ":" + port
}

// incoming makes the engine's request of one that net/http read. Its body may be bodyBytes long.
func incoming(r *http.Request, w http.ResponseWriter, bodyBytes int64) (q simulate.Request) {
	q.Method, q.Target, q.Proto, q.Host = r.Method, r.RequestURI, r.Proto, r.Host
	q.TLS = r.TLS != nil
	if addr, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		q.Client = addr.Addr().Unmap()
	}
	known := false
	if conn := wire.Of(r.Context()); conn != nil && r.ProtoMajor == 1 {
		q.Header, known = conn.Head(r)
	}
	if !known {
		q.Header = sorted(r)
	}
	if r.Body != nil && r.Body != http.NoBody {
		q.Body, q.Length = http.MaxBytesReader(w, r.Body, bodyBytes), r.ContentLength
	}
	return q
}

// sorted are the headers of a request by name: net/http keeps no other order.
func sorted(r *http.Request) simulate.Header {
	names := make([]string, 0, len(r.Header))
	n := 0
	for name, values := range r.Header {
		names = append(names, name)
		n += len(values)
	}
	slices.Sort(names)
	h := make(simulate.Header, 0, n+1)
	for _, name := range names {
		for _, v := range r.Header[name] {
			h = append(h, simulate.Field{Name: name, Value: v})
		}
	}
	if len(r.TransferEncoding) > 0 { // which net/http takes off
		h = append(h, simulate.Field{Name: "Transfer-Encoding", Value: strings.Join(r.TransferEncoding, ", ")})
	} else if r.ContentLength > 0 && !h.Has("Content-Length") {
		h = append(h, simulate.Field{Name: "Content-Length", Value: strconv.FormatInt(r.ContentLength, 10)})
	}
	return h
}

// discarded is a body that nobody reads.
type discarded struct{}

func (discarded) Read([]byte) (int, error) { return 0, io.EOF }
