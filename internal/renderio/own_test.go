package renderio

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

// TestByNetHTTP: what holds for connections that are kept here holds for those of net/http.
func TestByNetHTTP(t *testing.T) {
	withoutOwn = true
	defer func() { withoutOwn = false }()
	t.Run("Answer", TestAnswer)
	t.Run("NoAnswer", TestNoAnswer)
	t.Run("MaxHeaders", TestMaxHeaders)
	t.Run("CutBody", TestCutBody)
	t.Run("ResetBeforeAnswer", TestResetBeforeAnswer)
	t.Run("KeepAlive", TestKeepAlive)
	t.Run("ReceiveTimeout", TestReceiveTimeout)
	t.Run("Cancel", TestCancel)
	t.Run("ManyAtOnce", TestManyAtOnce)
}

// heard is all that can be seen of two requests to a render that always says the same.
type heard struct {
	Answers [2]struct {
		Status    int
		Proto     string
		Header    simulate.Header
		Body, Err string
	}
	Conns int32
}

// listen asks a render twice. Bytes are sent in two pieces, parted at cut.
func listen(t testing.TB, own bool, method, raw string, cut int) heard {
	t.Helper()
	r := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		for {
			if _, err := readHead(in); err != nil {
				return
			}
			io.WriteString(c, raw[:cut])
			if cut > 0 {
				runtime.Gosched() // likelier then that the pieces are read one by one; the same must come out in either case
			}
			io.WriteString(c, raw[cut:])
			if !strings.HasPrefix(raw, "HTTP/1.1 ") || strings.Contains(raw, "the end") {
				c.CloseWrite()
				io.Copy(io.Discard, in)
				return
			}
		}
	})
	b := newBackend(t, Options{MaxHeaderBytes: 6000})
	b.own = own && canOwn
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var h heard
	for i := range h.Answers {
		q := get(r.render(), "/")
		q.Method, q.Render.ReceiveTimeout.Value = method, 300
		got := &h.Answers[i]
		a, err := b.RoundTrip(ctx, q)
		if err != nil {
			got.Err = err.Error()
			continue
		}
		got.Status, got.Proto, got.Header = a.Status, a.Proto, a.Header
		if got.Body, err = readAll(a); err != nil {
			got.Err = err.Error()
		}
	}
	b.Close()
	h.Conns = r.conns.Load()
	return h
}

// answers are whole ones, odd ones and broken ones. None leaves the render waited for.
var answers = []string{
	"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive, close\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nA:  b\t \r\na:c\r\nContent-Length: 05\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nthe end",
	"HTTP/1.1 200 OK\r\nContent-Length : 7\r\n\r\nthe end",
	"HTTP/1.1 200 OK\r\n Content-Length: 7\r\n\r\nthe end",
	"HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
	"HTTP/1.1 200 OK\r\nA: b\n\r\nContent-Length: 5\r\n\r\nthe end",
	"HTTP/1.1 200 OK\r\nA: b\r\r\nContent-Length: 0\r\n\r\nthe end",
	"HTTP/1.1 200 OK\r\nA: b\x00c\r\nContent-Length: 0\r\n\r\nthe end",
	"HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\nthe end",
	"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx",
	"HTTP/1.1 2000 OK\r\nContent-Length: 1\r\n\r\nthe end",
	"HTTP/1.1  200 OK\r\nContent-Length: 1\r\n\r\nx",
	"HTTP/1.1 200 OK\r\n\r\nthe end",
	"HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 7\r\n\r\nthe end",
	"HTTP/1.1 204 No Content\r\n\r\n",
	"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
	"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
	"HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nthe end",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthe end",
	"HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\nthe end",
	"HTTP/1.1 200 OK\r\nTrailer: T\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.0 200 OK\r\n\r\nok",
	"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"SSH-2.0-x\r\n\r\n", "\r\n\r\n", "x",
	"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 5000) + "\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 7000) + "\r\nContent-Length: 7\r\n\r\nthe end",
	"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + strings.Repeat("0123456789", 2000),
	"HTTP/1.1 200 OK\r\n" + strings.Repeat("A:b\r\n", maxHeaders) + "\r\nthe end",
	"HTTP/1.1 200 OK\r\n" + strings.Repeat("A:b\r\n", maxHeaders+1) + "Content-Length: 0\r\n\r\nthe end",
}

// TestOwnAgrees: whoever reads an answer, the same comes out, down to the words of errors, and the connection is kept or not.
func TestOwnAgrees(t *testing.T) {
	noLeak(t)
	for _, raw := range answers {
		for _, method := range []string{"GET", "HEAD"} {
			if method == "HEAD" && !strings.Contains(raw, "\r\n\r\n") {
				continue
			}
			want := listen(t, false, method, raw, 0)
			if method == "HEAD" {
				// Whether net/http sees a body that must not be there before it sends the next request is chance.
				want.Conns = 0
			}
			for _, cut := range []int{0, 1, min(len(raw), 20), len(raw) - 1} {
				got := listen(t, true, method, raw, cut)
				if method == "HEAD" {
					got.Conns, got.Answers[1] = 0, want.Answers[1]
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s %.200q, cut at %d (-net/http +own):\n%s", method, raw, cut, diff)
				}
			}
		}
	}
}

// FuzzQuickHead: a head that is read here is the one that net/http and answerHeader read.
func FuzzQuickHead(f *testing.F) {
	for _, raw := range answers {
		if len(raw) < 200 {
			f.Add([]byte(raw), "GET")
		}
	}
	f.Add([]byte(answers[0]), "HEAD")
	f.Fuzz(func(t *testing.T, raw []byte, method string) {
		if method != "HEAD" {
			method = "GET"
		}
		got, ok := readQuickHead(raw, method)
		if !ok {
			return
		}
		compareHead(t, raw, method, got)
	})
}

// compareHead compares a head with what net/http makes of it.
func compareHead(t *testing.T, raw []byte, method string, got quickHead) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(raw))
	resp, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: net/http has %v", raw, err)
	}
	header, err := answerHeader(raw, resp.StatusCode, len(resp.TransferEncoding) > 0)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	length := max(resp.ContentLength, 0)
	if resp.Body == http.NoBody {
		length = 0
	}
	if resp.StatusCode != got.status || resp.Proto != "HTTP/1.1" || resp.Close || resp.ContentLength < 0 && resp.Body != http.NoBody || length != got.length {
		t.Fatalf("%q: got %+v, net/http has %+v", raw, got, resp)
	}
	if diff := cmp.Diff(header, got.header); diff != "" {
		t.Fatalf("%q: (-want +got):\n%s", raw, diff)
	}
	rest, _ := io.ReadAll(in)
	if !bytes.Equal(rest, raw[got.size:]) {
		t.Fatalf("%q: the head ends at %d", raw, got.size)
	}
}

// TestUnasked: what comes over an idle connection is the answer to nothing.
func TestUnasked(t *testing.T) {
	noLeak(t)
	const first, second = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"
	for _, together := range []bool{true, false} {
		sent := make(chan struct{}, 10)
		goOn := make(chan struct{}, 10)
		raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
			if _, err := readHead(in); err != nil {
				return
			}
			if together {
				io.WriteString(c, first+second)
			} else {
				io.WriteString(c, first)
				<-goOn
				io.WriteString(c, second)
			}
			sent <- struct{}{}
			readHead(in)
		})
		b := newBackend(t, Options{})
		for i := range 3 {
			a, err := roundTrip(t, b, get(raw.render(), "/"))
			if err != nil {
				t.Fatal(err)
			}
			if text, err := readAll(a); text != "first" || err != nil {
				t.Errorf("together %v, request %d: got %q %v", together, i, text, err)
			}
			goOn <- struct{}{}
			<-sent // on the loopback interface what is written is there
		}
		if n := raw.conns.Load(); n != 3 {
			t.Errorf("together %v: %d connections, want 3", together, n)
		}
	}
}

// TestStale: requests that meet connections which the render has closed, or closes at that moment, are sent again.
func TestStale(t *testing.T) {
	noLeak(t)
	var reset atomic.Bool
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		if _, err := readHead(in); err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		if _, err := readHead(in); err == nil && reset.Load() { // the second request is read, and not answered
			c.SetLinger(0)
		}
	})
	b := newBackend(t, Options{})
	for i := range 20 {
		reset.Store(i%2 == 0)
		a, err := roundTrip(t, b, get(raw.render(), "/"))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := readAll(a); text != "ok" || err != nil {
			t.Fatalf("got %q %v", text, err)
		}
	}
	if n := raw.conns.Load(); n != 20 {
		t.Errorf("%d connections, want 20", n)
	}
}

// TestSlowAnswer: a render may take longer than nobody looks whether the request was given up, for the head and for the body.
func TestSlowAnswer(t *testing.T) {
	noLeak(t)
	slow := func() { <-time.After(2 * atOnce) }
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		for {
			if _, err := readHead(in); err != nil {
				return
			}
			for _, piece := range []string{"", "HTTP/1.1 200 OK\r\nContent-", "Length: 6\r\n\r\nabc", "def"} {
				io.WriteString(c, piece)
				slow()
			}
		}
	})
	b := newBackend(t, Options{})
	for _, receive := range []int{0, 60000} {
		r := raw.render()
		r.ReceiveTimeout.Value = receive
		a, err := roundTrip(t, b, get(r, "/"))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := readAll(a); text != "abcdef" || err != nil {
			t.Errorf("got %q %v", text, err)
		}
	}
	// What is given up while it is not looked at is found out soon after.
	ctx, cancel := context.WithCancel(context.Background())
	silent := newRaw(t, func(_ *net.TCPConn, in *bufio.Reader) {
		readHead(in)
		cancel()
		io.Copy(io.Discard, in)
	})
	if _, err := b.RoundTrip(ctx, get(silent.render(), "/")); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// TestIdleConnections: no more than a bound are kept, none for longer than it may, and none that the render has closed.
func TestIdleConnections(t *testing.T) {
	noLeak(t)
	if !canOwn {
		t.Skip("net/http keeps the connections of this system")
	}
	const many = maxIdlePerRender + 20
	var all sync.WaitGroup
	all.Add(many)
	end := make(chan struct{})
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		readHead(in)
		all.Done()
		all.Wait()
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		<-end
	})
	b := newBackend(t, Options{})
	open := func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.conns)
	}
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			if a, err := b.RoundTrip(context.Background(), get(raw.render(), "/")); err != nil {
				t.Error(err)
			} else if text, err := readAll(a); text != "ok" || err != nil {
				t.Errorf("got %q %v", text, err)
			}
		})
	}
	wg.Wait()
	if n := open(); n != maxIdlePerRender {
		t.Errorf("%d connections are kept, want %d", n, maxIdlePerRender)
	}
	close(end)
	pool := b.peers[b.targetOf(raw.render())].own.of(nil)
	for by := time.Now().Add(10 * time.Second); open() > 0 && time.Now().Before(by); runtime.Gosched() {
		pool.look()
	}
	if n := open(); n != 0 {
		t.Errorf("%d connections are open that the render has closed", n)
	}

	// One that is idle for too long.
	raw = newRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	b = newBackend(t, Options{KeepAlive: time.Nanosecond})
	for range 3 {
		if _, err := roundTrip(t, b, get(raw.render(), "/")); err != nil {
			t.Fatal(err)
		}
	}
	if n := raw.conns.Load(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

// TestOwnAlwaysResolve: with /always-resolve a connection to an address that the name has no longer is not used again.
func TestOwnAlwaysResolve(t *testing.T) {
	noLeak(t)
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Skip(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	var conns atomic.Int32
	if l, err = net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port)); err != nil {
		t.Skip(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go func() {
				says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")(c.(*net.TCPConn), bufio.NewReader(c))
				c.Close()
			}()
		}
	}()
	a1, a2 := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	if c, err := net.Dial("tcp", netip.AddrPortFrom(a2, uint16(port)).String()); err != nil {
		t.Skip("127.0.0.2 is no address of this system")
	} else {
		c.Close()
	}
	book := &phoneBook{addrs: [][]netip.Addr{{a1, a2}, {a2, a1}, {a2}, {a2}, {a1, a2}}}
	b := newBackend(t, Options{Lookup: book.lookup})
	r := renderAt(fmt.Sprintf("render:%d", port))
	r.AlwaysResolve.Value = true
	var got []string
	for range 5 {
		a, err := roundTrip(t, b, get(r, "/"))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.TrimSuffix(a.Addr, fmt.Sprintf(":%d", port)))
	}
	if diff := cmp.Diff([]string{"127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.1"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for range 3 * maxPools { // sets of addresses that come once are not remembered for ever
		b.peers[b.targetOf(r)].own.of([]netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, byte(conns.Add(1))})})
	}
	if n := len(b.peers[b.targetOf(r)].own.all); n > maxPools {
		t.Errorf("%d pools", n)
	}
}

// TestNoDescriptorLeft: requests that end in any way leave nothing open.
func TestNoDescriptorLeft(t *testing.T) {
	noLeak(t)
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		for i := 0; ; i++ {
			head, err := readHead(in)
			if err != nil {
				return
			}
			switch {
			case strings.HasPrefix(head, "GET /silent"):
			case strings.HasPrefix(head, "GET /cut"):
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
				return
			case strings.HasPrefix(head, "GET /chunks"):
				io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
			default:
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
			}
		}
	})
	b := newBackend(t, Options{})
	for i := range 200 {
		ctx, cancel := context.WithCancel(context.Background())
		r := raw.render()
		target := []string{"/", "/silent", "/cut", "/chunks", "/unread"}[i%5]
		if target == "/silent" {
			r.ReceiveTimeout.Value = 1
		}
		a, err := b.RoundTrip(ctx, get(r, target))
		switch {
		case target == "/silent":
			if err != simulate.ErrReceiveTimeout {
				t.Fatalf("got %v", err)
			}
		case err != nil:
			t.Fatal(err)
		case target == "/unread":
			cancel()
			a.Close()
		default:
			_, err := readAll(a)
			if (target == "/cut") != errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s: %v", target, err)
			}
		}
		cancel()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.conns); n > 1 {
		t.Errorf("%d connections are open", n)
	}
	if list, err := os.ReadDir("/proc/self/fd"); err == nil && len(list) > 100 {
		t.Errorf("%d descriptors are open", len(list))
	}
}

// BenchmarkGet asks a render on the loopback interface for a page of 10 KB; baseline is the same over net/http.
func BenchmarkGet(b *testing.B) {
	page := "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 10240\r\n\r\n" + strings.Repeat("x", 10240)
	raw := newRaw(b, says(page))
	run := func(own bool) func(*testing.B) {
		return func(b *testing.B) {
			back, err := New(Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer back.Close()
			back.own = own && canOwn
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := raw.render()
				buf := make([]byte, 16<<10)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				for pb.Next() {
					a, err := back.RoundTrip(ctx, get(r, "/content/en.html", simulate.Field{Name: "Host", Value: "www.example.com"}))
					if err != nil {
						b.Error(err)
						return
					}
					if n, err := io.ReadFull(a.Body, buf[:10240]); err != nil {
						b.Error(n, err)
						return
					}
					a.Close()
				}
			})
		}
	}
	b.Run("own", run(true))
	b.Run("baseline-net-http", run(false))
}
