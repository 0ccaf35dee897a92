package wire

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// FuzzSimple: whatever is taken for a simple request is one for net/http too, with the same parts and as long, and has no body.
func FuzzSimple(f *testing.F) {
	f.Add([]byte("GET /a.html?b=c HTTP/1.1\r\nHost: www.example.com:8080\r\nx-B:  c d\t\r\nAccept: */*\r\n\r\nGET /"))
	f.Add([]byte("HEAD / HTTP/1.1\r\nhost: [::1]\r\nConnection: Keep-Alive\r\nA:\r\n\r\n"))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"))
	f.Add([]byte("GET //a%2fb HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n"))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var q simulate.Request
		n := simple(text, &q)
		if n == 0 {
			return
		}
		b := bufio.NewReader(bytes.NewReader(text))
		r, err := http.ReadRequest(b)
		if err != nil {
			t.Fatalf("%q: taken for simple, and net/http says %v", text, err)
		}
		if r.Method != q.Method || r.RequestURI != q.Target || r.Proto != "HTTP/1.1" || r.Host != q.Host || r.Close || r.Body != http.NoBody {
			t.Errorf("%q: got %s %s of %s, net/http has %s %s of %s, close %t", text, q.Method, q.Target, q.Host, r.Method, r.RequestURI, r.Host, r.Close)
		}
		rest, err := io.ReadAll(b)
		if err != nil || len(rest) != len(text)-n {
			t.Errorf("%q: %d bytes taken of %d, net/http left %d, %v", text, n, len(text), len(rest), err)
		}
		count := 0
		for name, values := range r.Header {
			count += len(values)
			for _, v := range values {
				if !hasField(q.Header, name, v) {
					t.Errorf("%q: %s: %q is not in %v", text, name, v, q.Header)
				}
			}
		}
		if count != len(q.Header) {
			t.Errorf("%q: %d headers, net/http has %d", text, len(q.Header), count)
		}
	})
}

// FuzzHeads: whatever a client sends, and in whatever pieces, heads are found where net/http finds them, or given up.
func FuzzHeads(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\nx-B: c\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\nHost: a\r\n\r\nabcGET /c HTTP/1.1\r\nHost: a\r\n\r\n"), byte(7))
	f.Add([]byte("GET / HTTP/1.1\nHost: a\n\n"), byte(1))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), byte(100))
	f.Fuzz(func(t *testing.T, text []byte, piece byte) {
		here, there := net.Pipe()
		l := oneListener{make(chan net.Conn, 1)}
		l.conns <- there
		served := make(chan struct{})
		h := &Server{Most: 10, HTTP: &http.Server{ReadHeaderTimeout: time.Minute, DisableGeneralOptionsHandler: true, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			w := Of(r.Context())
			if got, ok := w.Head(r); ok {
				n := 0
				for name, values := range r.Header {
					for _, v := range values {
						n++
						if !hasField(got, name, v) {
							t.Errorf("%q: %s: %q is not in %v", text, name, v, got)
						}
					}
				}
				for _, f := range got {
					if strings.EqualFold(f.Name, "Transfer-Encoding") || strings.EqualFold(f.Name, "Trailer") {
						n++
					}
				}
				if n != len(got) {
					t.Errorf("%q: %d headers, net/http has %d: %v %v", text, len(got), n, got, r.Header)
				}
			}
			_, _ = io.Copy(io.Discard, r.Body)
		})}}
		go func() {
			defer close(served)
			_ = h.Serve(l)
		}()
		go func() { _, _ = io.Copy(io.Discard, here) }()
		step := max(1, int(piece))
		_ = here.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)) // a server that refuses a request reads no more
		for at := 0; at < len(text); at += step {
			if _, err := here.Write(text[at:min(len(text), at+step)]); err != nil {
				break
			}
		}
		here.Close()
		_ = h.Close()
		<-served
	})
}

func hasField(h simulate.Header, name, value string) bool {
	for _, f := range h {
		if http.CanonicalHeaderKey(f.Name) == name && f.Value == value {
			return true
		}
	}
	return false
}

type oneListener struct{ conns chan net.Conn }

func (l oneListener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l oneListener) Close() error {
	defer func() { _ = recover() }() // net/http closes twice
	close(l.conns)
	return nil
}

func (l oneListener) Addr() net.Addr { return &net.TCPAddr{} }
