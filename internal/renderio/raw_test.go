package renderio

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// A rawRender is a render that says what a test tells it to, byte by byte.
type rawRender struct {
	addr  netip.AddrPort
	conns atomic.Int32 // accepted
}

// newRaw serves each connection with serve, which may read requests from in. The connection is closed after it.
func newRaw(t testing.TB, serve func(c *net.TCPConn, in *bufio.Reader)) *rawRender {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rawRender{addr: l.Addr().(*net.TCPAddr).AddrPort()}
	var wg sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.conns.Add(1)
			mu.Lock()
			open[c] = true
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				serve(c.(*net.TCPConn), bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return r
}

// says answers every request on a connection with the same bytes.
func says(answer string) func(*net.TCPConn, *bufio.Reader) {
	return func(c *net.TCPConn, in *bufio.Reader) {
		for {
			if _, err := readHead(in); err != nil {
				return
			}
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	}
}

// saysAndEnds answers one request and ends the connection.
func saysAndEnds(answer string) func(*net.TCPConn, *bufio.Reader) {
	return func(c *net.TCPConn, in *bufio.Reader) {
		if _, err := readHead(in); err == nil {
			io.WriteString(c, answer)
		}
	}
}

// readHead reads up to the empty line.
func readHead(in *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := in.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			return head.String(), err
		}
		if line == "\r\n" {
			return head.String(), nil
		}
	}
}

func (r *rawRender) render() *model.Render { return renderAt(r.addr.String()) }

// renderAt is a render of that host and port, with the defaults that the model gives.
func renderAt(addr string) *model.Render {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		panic(err)
	}
	r := &model.Render{Name: "rend01"}
	r.Hostname.Value, r.Port.Value, r.ReceiveTimeout.Value = host, n, 600000
	return r
}

// withoutOwn lets the backends of tests have all connections kept by net/http.
var withoutOwn bool

// newBackend makes a backend that must leave no goroutine behind when the test is over.
func newBackend(t testing.TB, o Options) *Backend {
	t.Helper()
	b, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.own = b.own && !withoutOwn
	t.Cleanup(func() {
		b.Close()
		b.mu.Lock()
		defer b.mu.Unlock()
		if got := len(b.conns); got != 0 {
			t.Errorf("%d connections are open after Close", got)
		}
	})
	return b
}

// noLeak fails where goroutines of net/http's Transport, or of this package, are there when everything is closed.
// Call it first, so that it comes last.
func noLeak(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		var stacks string
		// They end on their own once their connection is closed; the loop lets them.
		for by := time.Now().Add(10 * time.Second); time.Now().Before(by); runtime.Gosched() {
			buf := make([]byte, 1<<20)
			stacks = string(buf[:runtime.Stack(buf, true)])
			left := strings.Contains(stacks, "http.(*persistConn)") || strings.Contains(stacks, "http.(*Transport)") ||
				strings.Contains(stacks, "renderio.(*Backend)") || strings.Contains(stacks, "renderio.(*exchange)")
			if !left {
				return
			}
		}
		t.Errorf("goroutines are left behind:\n%s", stacks)
	})
}

func get(r *model.Render, target string, header ...simulate.Field) *simulate.RenderRequest {
	return &simulate.RenderRequest{Render: r, Method: "GET", Target: target, Header: header}
}

func post(r *model.Render, body io.Reader, length int64, header ...simulate.Field) *simulate.RenderRequest {
	return &simulate.RenderRequest{Render: r, Method: "POST", Target: "/bin/post", Header: header, Body: body, Length: length}
}

// roundTrip asks, with a deadline that only a hanging test reaches.
func roundTrip(t testing.TB, b *Backend, r *simulate.RenderRequest) (*simulate.Answer, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	a, err := b.RoundTrip(ctx, r)
	if err == nil {
		t.Cleanup(a.Close)
	}
	return a, err
}

// readAll reads the body to its end and closes it.
func readAll(a *simulate.Answer) (string, error) {
	if a.Body == nil {
		return "", nil
	}
	defer a.Close()
	text, err := io.ReadAll(a.Body)
	return string(text), err
}
