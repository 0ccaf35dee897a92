package renderio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

func TestAnswer(t *testing.T) {
	noLeak(t)
	type answer struct {
		Status  int
		Proto   string
		Header  simulate.Header
		HasBody bool
		Body    string
	}
	tests := []struct {
		name, method, raw string
		want              answer
	}{
		{"headers keep order, case and repetition", "GET", "HTTP/1.1 200 OK\r\nX-b: 1\r\nSet-Cookie: a\r\nx-A:\r\nset-cookie: b\r\nX-B:  2 \r\ncontent-length: 2\r\nConnection: X-b\r\n\r\nok",
			answer{200, "HTTP/1.1", simulate.Header{{Name: "X-b", Value: "1"}, {Name: "Set-Cookie", Value: "a"}, {Name: "x-A", Value: ""}, {Name: "set-cookie", Value: "b"}, {Name: "X-B", Value: "2"}, {Name: "content-length", Value: "2"}, {Name: "Connection", Value: "X-b"}}, true, "ok"}},
		{"Pragma adds no Cache-Control", "GET", "HTTP/1.1 200 OK\r\nPragma: no-cache\r\nContent-Length: 0\r\n\r\n",
			answer{200, "HTTP/1.1", simulate.Header{{Name: "Pragma", Value: "no-cache"}, {Name: "Content-Length", Value: "0"}}, false, ""}},
		{"chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\nTrailer: T\r\n\r\n2\r\nab\r\n3;ext=1\r\ncde\r\n0\r\nT: u\r\n\r\n",
			answer{200, "HTTP/1.1", simulate.Header{{Name: "A", Value: "b"}}, true, "abcde"}},
		{"a length beside chunks does not count", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
			answer{200, "HTTP/1.1", nil, true, "a"}},
		{"the same length twice", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
			answer{200, "HTTP/1.1", simulate.Header{{Name: "Content-Length", Value: "1"}}, true, "a"}},
		{"to the end of the connection", "GET", "HTTP/1.0 200 OK\r\nA: b\r\n\r\nall of it",
			answer{200, "HTTP/1.0", simulate.Header{{Name: "A", Value: "b"}}, true, "all of it"}},
		{"no headers at all", "GET", "HTTP/1.1 404 \r\n\r\n", answer{404, "HTTP/1.1", nil, true, ""}},
		{"no reason", "GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", answer{200, "HTTP/1.1", simulate.Header{{Name: "Content-Length", Value: "0"}}, false, ""}},
		{"bare line feeds", "GET", "HTTP/1.1 200 OK\nA: b\nContent-Length: 1\n\nx", answer{200, "HTTP/1.1", simulate.Header{{Name: "A", Value: "b"}, {Name: "Content-Length", Value: "1"}}, true, "x"}},
		{"a folded header", "GET", "HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\n  d\r\nContent-Length: 0\r\n\r\n", answer{200, "HTTP/1.1", simulate.Header{{Name: "A", Value: "b c d"}, {Name: "Content-Length", Value: "0"}}, false, ""}},
		{"bytes that are no UTF-8", "GET", "HTTP/1.1 200 OK\r\nA: \xe4\r\nContent-Length: 1\r\n\r\n\xff", answer{200, "HTTP/1.1", simulate.Header{{Name: "A", Value: "\xe4"}, {Name: "Content-Length", Value: "1"}}, true, "\xff"}},
		{"interim answers", "GET", "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
			answer{302, "HTTP/1.1", simulate.Header{{Name: "Location", Value: "/b"}, {Name: "Content-Length", Value: "0"}}, false, ""}},
		{"HEAD has the length and no body", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", answer{200, "HTTP/1.1", simulate.Header{{Name: "Content-Length", Value: "1234"}}, false, ""}},
		{"204 without a body", "GET", "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", answer{204, "HTTP/1.1", simulate.Header{{Name: "A", Value: "b"}}, false, ""}},
		{"304 has the length of the page", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: x\r\n\r\n", answer{304, "HTTP/1.1", simulate.Header{{Name: "Content-Length", Value: "10"}, {Name: "ETag", Value: "x"}}, false, ""}},
		{"nothing is decompressed", "GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", answer{200, "HTTP/1.1", simulate.Header{{Name: "Content-Encoding", Value: "gzip"}, {Name: "Content-Length", Value: "3"}}, true, "\x1f\x8b\x08"}},
		{"a status that nobody knows", "GET", "HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n", answer{799, "HTTP/1.1", simulate.Header{{Name: "Content-Length", Value: "0"}}, false, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := newRaw(t, saysAndEnds(tt.raw))
			r := get(raw.render(), "/")
			r.Method = tt.method
			a, err := roundTrip(t, newBackend(t, Options{}), r)
			if err != nil {
				t.Fatal(err)
			}
			got := answer{Status: a.Status, Proto: a.Proto, Header: a.Header, HasBody: a.Body != nil}
			if got.Body, err = readAll(a); err != nil {
				t.Errorf("body: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if a.Addr != raw.addr.String() {
				t.Errorf("address %s, want %s", a.Addr, raw.addr)
			}
		})
	}
}

// TestNoAnswer: what is no answer is an error, and none of the connection's.
func TestNoAnswer(t *testing.T) {
	noLeak(t)
	tests := []struct{ name, raw, want string }{
		{"nothing", "", "the render closed the connection without an answer"},
		{"a cut status line", "HTTP/1.1 20", "malformed HTTP status code"},
		{"cut headers", "HTTP/1.1 200 OK\r\nContent-Le", "malformed MIME header"},
		{"a header's line and no more", "HTTP/1.1 200 OK\r\nA: b\r\n", "the render closed the connection within the headers"},
		{"garbage", "hello world\r\n\r\n", "malformed HTTP"},
		{"another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n", "malformed HTTP"},
		{"a status of letters", "HTTP/1.1 abc OK\r\n\r\n", "malformed HTTP status code"},
		{"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "malformed HTTP status code"},
		{"a negative status", "HTTP/1.1 -20 OK\r\n\r\n", "malformed HTTP status code"},
		{"status zero", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n", "status 000, which HTTP does not have"},
		{"another protocol asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "101: it changes to another protocol"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "multiple Content-Length headers"},
		{"a length of letters", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nab", "bad Content-Length"},
		{"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab", "bad Content-Length"},
		{"an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab", "unsupported transfer encoding"},
		{"a line without a colon", "HTTP/1.1 200 OK\r\nabc\r\n\r\n", "malformed MIME header"},
		{"many headers", "HTTP/1.1 200 OK\r\n" + strings.Repeat("a: b\r\n", maxHeaders+1) + "\r\n", "more than 1000 headers"},
		{"a long header", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 2<<20) + "\r\n\r\n", "exceeded 1048576 bytes"},
		{"a long status line", "HTTP/1.1 200 " + strings.Repeat("b", 2<<20) + "\r\n\r\n", "exceeded 1048576 bytes"},
		{"interim answers without end", strings.Repeat("HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n", 100000), "exceeded 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
				readHead(in)
				io.WriteString(c, tt.raw)
				c.CloseWrite()
				io.Copy(io.Discard, in) // a close with unread bytes would be a reset
			})
			a, err := roundTrip(t, newBackend(t, Options{}), get(raw.render(), "/"))
			if err == nil {
				t.Fatalf("got an answer: %+v", a)
			}
			var connect *simulate.ConnectError
			if !strings.Contains(err.Error(), tt.want) || errors.As(err, &connect) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestMaxHeaders: as many headers as are allowed are no error.
func TestMaxHeaders(t *testing.T) {
	raw := newRaw(t, says("HTTP/1.1 200 OK\r\n"+strings.Repeat("a: b\r\n", maxHeaders-1)+"Content-Length: 0\r\n\r\n"))
	a, err := roundTrip(t, newBackend(t, Options{}), get(raw.render(), "/"))
	if err != nil || len(a.Header) != maxHeaders {
		t.Errorf("got %v, %v", a, err)
	}
	if _, err := roundTrip(t, newBackend(t, Options{MaxHeaderBytes: 2000}), get(raw.render(), "/")); err == nil {
		t.Error("MaxHeaderBytes is not kept to")
	}
}

// TestCutBody: a body that ends before its end says so, and stays at that.
func TestCutBody(t *testing.T) {
	noLeak(t)
	reset := func(c *net.TCPConn) { c.SetLinger(0) }
	tests := []struct {
		name, raw string
		before    func(*net.TCPConn)
		body      string
		want      error // nil: any that is not the end
	}{
		{"short of its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", nil, "abc", io.ErrUnexpectedEOF},
		{"nothing of its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", nil, "", io.ErrUnexpectedEOF},
		{"within a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", nil, "ab", io.ErrUnexpectedEOF},
		{"between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", nil, "ab", io.ErrUnexpectedEOF},
		{"before the last empty line", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", nil, "ab", io.ErrUnexpectedEOF},
		{"a broken chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n", nil, "ab", nil},
		{"a reset", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", reset, "abc", syscall.ECONNRESET},
		{"a reset without a length", "HTTP/1.1 200 OK\r\n\r\nabc", reset, "abc", syscall.ECONNRESET},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got3 := make(chan struct{})
			raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
				readHead(in)
				io.WriteString(c, tt.raw)
				if tt.before != nil {
					<-got3 // a reset may overtake what was sent before
					tt.before(c)
				}
			})
			a, err := roundTrip(t, newBackend(t, Options{}), get(raw.render(), "/"))
			if err != nil {
				t.Fatal(err)
			}
			start := make([]byte, len(tt.body))
			_, err = io.ReadFull(a.Body, start)
			close(got3)
			if string(start) != tt.body || err != nil {
				t.Fatalf("got %q %v", start, err)
			}
			for range 2 {
				n, err := a.Body.Read(make([]byte, 10))
				if n != 0 || err == nil || err == io.EOF || tt.want != nil && !errors.Is(err, tt.want) {
					t.Errorf("got %d %v, want %v", n, err, tt.want)
				}
			}
		})
	}
}

// TestResetBeforeAnswer: a render that resets the connection is no failed connect.
func TestResetBeforeAnswer(t *testing.T) {
	noLeak(t)
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		readHead(in)
		c.SetLinger(0)
	})
	_, err := roundTrip(t, newBackend(t, Options{}), get(raw.render(), "/"))
	var connect *simulate.ConnectError
	if !errors.Is(err, syscall.ECONNRESET) || errors.As(err, &connect) {
		t.Errorf("got %v", err)
	}
	if got := raw.conns.Load(); got != 1 {
		t.Errorf("%d connections: a first connection is not tried again", got)
	}
}

// TestKeepAlive: connections are used again, and by whom.
func TestKeepAlive(t *testing.T) {
	noLeak(t)
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	tests := []struct {
		name    string
		options Options
		serve   func(*net.TCPConn, *bufio.Reader)
		method  string
		always  bool
		unread  bool
		want    int32
	}{
		{"kept", Options{}, says(ok), "GET", false, false, 1},
		{"kept when resolved always", Options{}, says(ok), "GET", true, false, 1},
		{"kept without a body", Options{}, says("HTTP/1.1 304 Not Modified\r\n\r\n"), "GET", false, false, 1},
		{"off", Options{KeepAlive: -1}, says(ok), "GET", false, false, 5},
		{"the render closes", Options{}, says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"), "GET", false, false, 5},
		{"the render closes and does not say so", Options{}, saysAndEnds(ok), "GET", false, false, 5},
		{"an old render", Options{}, says("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"), "GET", false, false, 5},
		{"what changes something has its own", Options{}, says(ok), "DELETE", false, false, 5},
		{"the answer is not read to its end", Options{}, says("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000)), "GET", false, true, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := newRaw(t, tt.serve)
			b := newBackend(t, tt.options)
			for i := range 5 {
				r := get(raw.render(), fmt.Sprintf("/%d", i))
				r.Method = tt.method
				r.Render.AlwaysResolve.Value = tt.always
				a, err := roundTrip(t, b, r)
				if err != nil {
					t.Fatalf("request %d: %v", i, err)
				}
				if tt.unread {
					a.Close()
				} else if _, err := readAll(a); err != nil {
					t.Fatalf("body %d: %v", i, err)
				}
			}
			if got := raw.conns.Load(); got != tt.want {
				t.Errorf("%d connections, want %d", got, tt.want)
			}
		})
	}
}
