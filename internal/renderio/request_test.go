package renderio

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

// TestRequestOnTheWire: the render sees the bytes that the engine gave.
func TestRequestOnTheWire(t *testing.T) {
	tests := []struct {
		name    string
		request simulate.RenderRequest
		want    string // HOST stands for host and port
	}{
		{"plain", simulate.RenderRequest{Method: "GET", Target: "/content/x.html"},
			"GET /content/x.html HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"the headers keep order, case and repetition", simulate.RenderRequest{Method: "GET", Target: "/",
			Header: simulate.Header{{Name: "x-b", Value: "1"}, {Name: "Host", Value: "www.example.com"}, {Name: "X-A", Value: ""}, {Name: "X-B", Value: "2"}, {Name: "Via", Value: "1.1 a (dispatcher)"}}},
			"GET / HTTP/1.1\r\nx-b: 1\r\nHost: www.example.com\r\nX-A: \r\nX-B: 2\r\nVia: 1.1 a (dispatcher)\r\n\r\n"},
		{"a user agent of the client", simulate.RenderRequest{Method: "HEAD", Target: "/", Header: simulate.Header{{Name: "user-agent", Value: "curl"}}},
			"HEAD / HTTP/1.1\r\nHost: HOST\r\nuser-agent: curl\r\n\r\n"},
		{"DISP-704 an escaped plus", simulate.RenderRequest{Method: "GET", Target: "/a%2bb%2Bc+d"}, "GET /a%2bb%2Bc+d HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"an escaped slash", simulate.RenderRequest{Method: "GET", Target: "/a%2Fb%2fc"}, "GET /a%2Fb%2fc HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"two slashes first", simulate.RenderRequest{Method: "GET", Target: "//evil.example/x{y"}, "GET //evil.example/x{y HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"three slashes and dots", simulate.RenderRequest{Method: "GET", Target: "///a/../b/./c//"}, "GET ///a/../b/./c// HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"UTF-8", simulate.RenderRequest{Method: "GET", Target: "/ä/日本.html"}, "GET /ä/日本.html HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"bytes that are no UTF-8", simulate.RenderRequest{Method: "GET", Target: "/\xff\xfe"}, "GET /\xff\xfe HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"a broken escape", simulate.RenderRequest{Method: "GET", Target: "/100%/a%zz"}, "GET /100%/a%zz HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"odd bytes in the query", simulate.RenderRequest{Method: "GET", Target: "/a?b=<\"'|{}^`\\>?c=http://d#e"}, "GET /a?b=<\"'|{}^`\\>?c=http://d#e HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"an empty query", simulate.RenderRequest{Method: "GET", Target: "/a?"}, "GET /a? HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"a star", simulate.RenderRequest{Method: "OPTIONS", Target: "*"}, "OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n"},
		{"a method of its own", simulate.RenderRequest{Method: "PURGE", Target: "/"}, "PURGE / HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"},
		{"a post without a body", simulate.RenderRequest{Method: "POST", Target: "/"}, "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
		{"lengths that no body stands for", simulate.RenderRequest{Method: "GET", Target: "/",
			Header: simulate.Header{{Name: "content-length", Value: "5"}, {Name: "Transfer-Encoding", Value: "chunked"}, {Name: "Expect", Value: "100-continue"}}},
			"GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n"},
		{"a Connection of the engine", simulate.RenderRequest{Method: "DELETE", Target: "/", Header: simulate.Header{{Name: "Connection", Value: "Keep-Alive"}}},
			"DELETE / HTTP/1.1\r\nHost: HOST\r\nConnection: Keep-Alive\r\n\r\n"},
		{"a body", simulate.RenderRequest{Method: "POST", Target: "/", Body: strings.NewReader("hello"), Length: 5,
			Header: simulate.Header{{Name: "Content-Length", Value: "77"}, {Name: "X", Value: "y"}}},
			"POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nX: y\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nhello"},
		{"a body of unknown length", simulate.RenderRequest{Method: "GET", Target: "/", Body: strings.NewReader("hello"), Length: -1},
			"GET / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
		{"an Expect of the client", simulate.RenderRequest{Method: "PUT", Target: "/", Body: strings.NewReader("x"), Length: 1,
			Header: simulate.Header{{Name: "expect", Value: "something"}, {Name: "Trailer", Value: "T"}}},
			"PUT / HTTP/1.1\r\nHost: HOST\r\nexpect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"},
		{"a head longer than any buffer", simulate.RenderRequest{Method: "GET", Target: "/" + strings.Repeat("a", 70000), Header: simulate.Header{{Name: "X", Value: strings.Repeat("b", 70000)}}},
			"GET /" + strings.Repeat("a", 70000) + " HTTP/1.1\r\nHost: HOST\r\nX: " + strings.Repeat("b", 70000) + "\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := make(chan string, 1)
			raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
				text, _ := readHead(in)
				if strings.Contains(text, "100-continue") {
					io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
					body := make([]byte, len(tt.want)-strings.Index(tt.want, "\r\n\r\n")-4)
					io.ReadFull(in, body)
					text += string(body)
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
				seen <- text
			})
			r := tt.request
			r.Render = raw.render()
			a, err := roundTrip(t, newBackend(t, Options{ContinueWait: time.Hour}), &r)
			if err != nil {
				t.Fatal(err)
			}
			if a.Status != 200 {
				t.Errorf("status %d", a.Status)
			}
			if diff := cmp.Diff(strings.ReplaceAll(tt.want, "HOST", raw.addr.String()), <-seen); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRequestRefused: what would break the head is refused, and no render hears of it.
func TestRequestRefused(t *testing.T) {
	raw := newRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	with := func(change func(*simulate.RenderRequest)) *simulate.RenderRequest {
		r := get(raw.render(), "/")
		change(r)
		return r
	}
	header := func(name, value string) *simulate.RenderRequest {
		return with(func(r *simulate.RenderRequest) { r.Header = simulate.Header{{Name: name, Value: value}} })
	}
	tests := []struct {
		name    string
		request *simulate.RenderRequest
		want    string
	}{
		{"a space in the target", get(raw.render(), "/a b"), `the target "/a b" has a space or control character at byte 2, write it as %20`},
		{"a line end in the target", get(raw.render(), "/a\r\nX: y"), `at byte 2, write it as %0D`},
		{"NUL in the target", get(raw.render(), "/\x00"), `at byte 1, write it as %00`},
		{"an empty target", get(raw.render(), ""), `the target is empty`},
		{"an absolute target", get(raw.render(), "http://x/"), `the target "http://x/" does not start with /`},
		{"an empty method", with(func(r *simulate.RenderRequest) { r.Method = "" }), `the method "" is no HTTP method`},
		{"a method with a space", with(func(r *simulate.RenderRequest) { r.Method = "GET /x" }), `the method "GET /x" is no HTTP method`},
		{"a tunnel", with(func(r *simulate.RenderRequest) { r.Method = "CONNECT" }), `CONNECT asks for a tunnel`},
		{"an empty name", header("", "x"), `"" is no name of a header`},
		{"a name with a colon", header("A: b", "x"), `"A: b" is no name of a header`},
		{"a name with a line end", header("A\r\nB", "x"), `"A\r\nB" is no name of a header`},
		{"a value with CR LF", header("Cookie", "a=b\r\nX: y"), `header Cookie has a control character (0x0d) at byte 3`},
		{"a value with LF", header("Cookie", "\n"), `header Cookie has a control character (0x0a) at byte 0`},
		{"a value with NUL", header("Host", "a\x00"), `header Host has a control character (0x00) at byte 1`},
		{"two hosts", with(func(r *simulate.RenderRequest) {
			r.Header = simulate.Header{{Name: "Host", Value: "a"}, {Name: "host", Value: "b"}}
		}), `there are 2 Host headers`},
		{"a length without a body", with(func(r *simulate.RenderRequest) { r.Length = 4 }), `its length is 4, and there is no body`},
		{"no render", with(func(r *simulate.RenderRequest) { r.Render = nil }), `it names no render`},
	}
	b := newBackend(t, Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := roundTrip(t, b, tt.request)
			if !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	if got := raw.conns.Load(); got != 0 {
		t.Errorf("%d connections were made", got)
	}
}

// TestBodyStreams: a body that is made while it is read goes through a pipe, of which a few KiB at most are on the
// way; the render gets all of it, and the answer that comes meanwhile is read at the same time.
func TestBodyStreams(t *testing.T) {
	noLeak(t)
	const size = 8 << 20
	for _, length := range []int64{size, -1} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sum := sha256.New()
				n, err := io.Copy(sum, r.Body)
				fmt.Fprintf(w, "%d %v %x", n, err, sum.Sum(nil))
			}))
			defer server.Close()
			source := &countingSource{left: size, sum: sha256.New()}
			a, err := roundTrip(t, newBackend(t, Options{}), post(renderAt(server.Listener.Addr().String()), source, length))
			if err != nil {
				t.Fatal(err)
			}
			got, err := readAll(a)
			if want := fmt.Sprintf("%d <nil> %x", size, source.sum.Sum(nil)); got != want || err != nil {
				t.Errorf("got %s (%v), want %s", got, err, want)
			}
			if source.largest > 1<<16 {
				t.Errorf("%d bytes were asked for at once: the body is not streamed", source.largest)
			}
		})
	}
}

// A countingSource makes bytes and notes the largest piece that was asked for.
type countingSource struct {
	left, largest int
	sum           hash.Hash
}

func (s *countingSource) Read(p []byte) (int, error) {
	s.largest = max(s.largest, len(p))
	if s.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), s.left)
	for i := range p[:n] {
		p[i] = byte(s.left - i)
	}
	s.left -= n
	s.sum.Write(p[:n])
	return n, nil
}

// TestBodyAdvancesWhenRead: while the render does not read, the body is not read either, but for what sockets hold.
func TestBodyAdvancesWhenRead(t *testing.T) {
	noLeak(t)
	const size = 64 << 20
	release := make(chan struct{})
	read := make(chan int64, 1)
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		readHead(in)
		c.SetReadBuffer(1 << 16)
		io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		<-release
		n, _ := io.Copy(io.Discard, io.LimitReader(in, size))
		read <- n
		io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	source := &countingSource{left: size, sum: sha256.New()}
	r := raw.render()
	r.ReceiveTimeout.Value = 50 // ends what does not move
	_, err := roundTrip(t, newBackend(t, Options{}), post(r, source, size))
	if !errors.Is(err, simulate.ErrReceiveTimeout) {
		t.Errorf("a render that reads nothing: got %v, want ErrReceiveTimeout", err)
	}
	close(release)
	if n := <-read; n >= size/2 {
		t.Errorf("%d of %d bytes were sent to a render that read nothing", n, size)
	}
	if source.left < size/2 {
		t.Errorf("%d of %d bytes were read for a render that read nothing", size-source.left, size)
	}
}

// TestEarlyAnswer: a render that answers before the body leaves the body unread, so that it can be sent again.
func TestEarlyAnswer(t *testing.T) {
	noLeak(t)
	raw := newRaw(t, says("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"))
	body := bytes.NewReader(bytes.Repeat([]byte("x"), 1<<20))
	a, err := roundTrip(t, newBackend(t, Options{ContinueWait: time.Hour}), post(raw.render(), body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := readAll(a); a.Status != 503 || text != "busy" || err != nil {
		t.Errorf("got %d %q %v", a.Status, text, err)
	}
	if body.Len() != 1<<20 {
		t.Errorf("%d bytes of the body were read", 1<<20-body.Len())
	}
}

// TestEarlyAnswerWithinBody: an answer that comes while the body is being sent is there at once.
func TestEarlyAnswerWithinBody(t *testing.T) {
	noLeak(t)
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		readHead(in)
		io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		io.ReadFull(in, make([]byte, 3))
		io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
		in.Peek(1) // until the other side ends
	})
	from, to := io.Pipe()
	defer from.Close()
	go to.Write([]byte("abc")) // and then nothing more
	a, err := roundTrip(t, newBackend(t, Options{}), post(raw.render(), from, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := readAll(a); a.Status != 413 || text != "big" || err != nil {
		t.Errorf("got %d %q %v", a.Status, text, err)
	}
}

// TestNoContinue: a render that says nothing to Expect gets the body after ContinueWait.
func TestNoContinue(t *testing.T) {
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		readHead(in)
		body := make([]byte, 5)
		io.ReadFull(in, body)
		fmt.Fprintf(c, "HTTP/1.0 200 OK\r\n\r\n%s", body)
	})
	a, err := roundTrip(t, newBackend(t, Options{ContinueWait: time.Millisecond}), post(raw.render(), strings.NewReader("hello"), 5))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := readAll(a); text != "hello" || err != nil {
		t.Errorf("got %q %v", text, err)
	}
}

// TestBodyFails: what the source of the body says comes back; a body of another length than announced is an error.
func TestBodyFails(t *testing.T) {
	noLeak(t)
	gone := errors.New("the client is gone")
	tests := []struct {
		name   string
		body   io.Reader
		length int64
		want   string
	}{
		{"the source fails", io.MultiReader(strings.NewReader("abc"), failing{gone}), 10, "the client is gone"},
		{"too short", strings.NewReader("abc"), 10, "ContentLength=10 with Body length 3"},
		{"too long", strings.NewReader("abcdef"), 3, "ContentLength=3 with Body length"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
				readHead(in)
				io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
				io.Copy(io.Discard, in)
			})
			_, err := roundTrip(t, newBackend(t, Options{}), post(raw.render(), tt.body, tt.length))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
