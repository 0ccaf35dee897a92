package renderio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// refused is an address on which nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func opError(errno syscall.Errno) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
}

// TestConnectError: a failed connect names the address and the reason in the words of the C library.
func TestConnectError(t *testing.T) {
	noLeak(t)
	two := func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("fd00::1"), netip.MustParseAddr("10.0.0.2")}, nil
	}
	dials := func(err error) func(context.Context, string, string) (net.Conn, error) {
		return func(context.Context, string, string) (net.Conn, error) { return nil, err }
	}
	looksUp := func(err error) func(context.Context, string, string) ([]netip.Addr, error) {
		return func(context.Context, string, string) ([]netip.Addr, error) { return nil, err }
	}
	closed := refused(t)
	dns := func(e net.DNSError) error { return &e }
	tests := []struct {
		name       string
		options    Options
		render     *model.Render
		addr, text string
		is         error
	}{
		{"nobody listens", Options{}, renderAt(closed), closed, "Connection refused", syscall.ECONNREFUSED},
		{"the last address counts", Options{Lookup: two, Dial: dials(opError(syscall.EHOSTUNREACH))}, renderAt("a:80"), "10.0.0.2:80", "No route to host", syscall.EHOSTUNREACH},
		{"no network", Options{Lookup: two, Dial: dials(opError(syscall.ENETUNREACH))}, renderAt("a:80"), "10.0.0.2:80", "Network is unreachable", syscall.ENETUNREACH},
		{"not allowed", Options{Lookup: two, Dial: dials(opError(syscall.EACCES))}, renderAt("a:80"), "10.0.0.2:80", "Permission denied", fs.ErrPermission},
		{"the system's timeout", Options{Lookup: two, Dial: dials(opError(syscall.ETIMEDOUT))}, renderAt("a:80"), "10.0.0.2:80", "Connection timed out", syscall.ETIMEDOUT},
		{"Go's timeout", Options{Lookup: two, Dial: dials(os.ErrDeadlineExceeded)}, renderAt("a:80"), "10.0.0.2:80", "Connection timed out", os.ErrDeadlineExceeded},
		{"another number", Options{Lookup: two, Dial: dials(opError(syscall.EADDRNOTAVAIL))}, renderAt("a:80"), "10.0.0.2:80", "Cannot assign requested address", syscall.EADDRNOTAVAIL},
		{"no such name", Options{Lookup: looksUp(dns(net.DNSError{Err: "no such host", Name: "a", IsNotFound: true}))}, renderAt("a:80"), "a:80", "Name or service not known", nil},
		{"the resolver does not answer", Options{Lookup: looksUp(dns(net.DNSError{Err: "i/o timeout", IsTimeout: true}))}, renderAt("a:80"), "a:80", "Temporary failure in name resolution", nil},
		{"a name without addresses", Options{Lookup: looksUp(nil)}, renderAt("a:80"), "a:80", "Name or service not known", nil},
		{"no hostname", Options{}, renderAt(":80"), ":80", "the render has no /hostname", nil},
	}
	for _, tt := range tests {
		for _, always := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", tt.name, always), func(t *testing.T) {
				r := *tt.render
				r.AlwaysResolve.Value = always
				_, err := roundTrip(t, newBackend(t, tt.options), get(&r, "/"))
				var connect *simulate.ConnectError
				if !errors.As(err, &connect) {
					t.Fatalf("got %v", err)
				}
				if connect.Addr != tt.addr || connect.Err.Error() != tt.text {
					t.Errorf("got %s %q, want %s %q", connect.Addr, connect.Err, tt.addr, tt.text)
				}
				if tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("%v does not unwrap to %v", err, tt.is)
				}
			})
		}
	}
}

// A phoneBook answers lookups and notes them.
type phoneBook struct {
	mu    sync.Mutex
	asked []string
	addrs [][]netip.Addr // one list a lookup, the last one for all that follow; nil fails
}

func (p *phoneBook) lookup(_ context.Context, network, host string) ([]netip.Addr, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.addrs[min(len(p.asked), len(p.addrs)-1)]
	p.asked = append(p.asked, network+" "+host)
	if now == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return now, nil
}

// TestResolve: how often a name is looked up, for which addresses, and in which order they are tried.
func TestResolve(t *testing.T) {
	noLeak(t)
	raw := newRaw(t, saysAndEnds("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"))
	ip := func(texts ...string) []netip.Addr {
		list := make([]netip.Addr, 0, len(texts))
		for _, s := range texts {
			list = append(list, netip.MustParseAddr(s))
		}
		return list
	}
	port := fmt.Sprint(raw.addr.Port())
	tests := []struct {
		name         string
		ipv4, always bool
		book         [][]netip.Addr
		bad          string // addresses that refuse
		asked, tried []string
	}{
		{"once", false, false, [][]netip.Addr{ip("10.0.0.1"), ip("10.0.0.2")}, "", []string{"ip render"}, []string{"10.0.0.1", "10.0.0.1", "10.0.0.1"}},
		{"always", false, true, [][]netip.Addr{ip("10.0.0.1"), ip("10.0.0.2")}, "", []string{"ip render", "ip render", "ip render"}, []string{"10.0.0.1", "10.0.0.2", "10.0.0.2"}},
		{"version 4", true, false, [][]netip.Addr{ip("10.0.0.1")}, "", []string{"ip4 render"}, []string{"10.0.0.1", "10.0.0.1", "10.0.0.1"}},
		{"version 4, always", true, true, [][]netip.Addr{ip("10.0.0.1")}, "", []string{"ip4 render", "ip4 render", "ip4 render"}, []string{"10.0.0.1", "10.0.0.1", "10.0.0.1"}},
		{"the list is walked", false, false, [][]netip.Addr{ip("fd00::1", "::ffff:10.0.0.1", "10.0.0.2")}, "fd00::1 10.0.0.1", []string{"ip render"},
			[]string{"fd00::1", "10.0.0.1", "10.0.0.2", "fd00::1", "10.0.0.1", "10.0.0.2", "fd00::1", "10.0.0.1", "10.0.0.2"}},
		{"a failure is not kept", false, false, [][]netip.Addr{nil, ip("10.0.0.1")}, "", []string{"ip render", "ip render"}, []string{"10.0.0.1", "10.0.0.1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			book := &phoneBook{addrs: tt.book}
			var tried []string
			b := newBackend(t, Options{Lookup: book.lookup, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				host, _, err := net.SplitHostPort(addr)
				if err != nil {
					return nil, err
				}
				tried = append(tried, host)
				if strings.Contains(tt.bad, host) {
					return nil, opError(syscall.ECONNREFUSED)
				}
				return new(net.Dialer).DialContext(ctx, network, raw.addr.String())
			}})
			r := renderAt("render:" + port)
			r.IPv4.Value, r.AlwaysResolve.Value = tt.ipv4, tt.always
			for i := range 3 {
				a, err := roundTrip(t, b, get(r, "/"))
				if tt.book[min(i, len(tt.book)-1)] == nil {
					var connect *simulate.ConnectError
					if !errors.As(err, &connect) {
						t.Errorf("got %v, want a ConnectError", err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if want := net.JoinHostPort(tried[len(tried)-1], port); a.Addr != want {
					t.Errorf("answer of %s, want %s", a.Addr, want)
				}
			}
			if diff := cmp.Diff(tt.asked, book.asked); diff != "" {
				t.Errorf("lookups (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.tried, tried); diff != "" {
				t.Errorf("connects (-want +got):\n%s", diff)
			}
		})
	}
}

// TestResolveAlwaysLeavesOldAddress: an idle connection to an address that the name no longer has is not used.
func TestResolveAlwaysLeavesOldAddress(t *testing.T) {
	noLeak(t)
	raw := newRaw(t, says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	a1, a2 := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	book := &phoneBook{addrs: [][]netip.Addr{{a1, a2}, {a2, a1}, {a2}, {a2}}}
	b := newBackend(t, Options{Lookup: book.lookup, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, raw.addr.String())
	}})
	r := renderAt("render:80")
	r.AlwaysResolve.Value = true
	var got []string
	for range 4 {
		a, err := roundTrip(t, b, get(r, "/"))
		if err != nil {
			t.Fatal(err)
		}
		readAll(a)
		got = append(got, a.Addr)
	}
	// The same addresses in another order are the same render.
	if diff := cmp.Diff([]string{"10.0.0.1:80", "10.0.0.1:80", "10.0.0.2:80", "10.0.0.2:80"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := raw.conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// TestConnectTimeout: /timeout is for all that comes before the request.
func TestConnectTimeout(t *testing.T) {
	noLeak(t)
	hangs := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	raw := newRaw(t, func(_ *net.TCPConn, in *bufio.Reader) { io.Copy(io.Discard, in) })
	two := func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")}, nil
	}
	tests := []struct {
		name    string
		options Options
		addr    string // of the render
		secure  bool
		want    string
	}{
		{"the lookup hangs", Options{Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, &net.DNSError{Err: "i/o timeout", IsTimeout: true, UnwrapErr: ctx.Err()}
		}}, "render:80", false, "render:80"},
		{"every address hangs", Options{Lookup: two, Dial: hangs}, "render:80", false, "10.0.0.2:80"},
		{"the handshake hangs", Options{}, raw.addr.String(), true, raw.addr.String()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := renderAt(tt.addr)
			r.Timeout.Value, r.Secure.Value = 50, tt.secure
			_, err := roundTrip(t, newBackend(t, tt.options), get(r, "/"))
			var connect *simulate.ConnectError
			if !errors.As(err, &connect) || connect.Addr != tt.want || connect.Err.Error() != "Connection timed out" {
				t.Errorf("got %v, want %s: Connection timed out", err, tt.want)
			}
		})
	}
	t.Run("an address that hangs leaves time for the next", func(t *testing.T) {
		good := newRaw(t, says("HTTP/1.1 204 No Content\r\n\r\n"))
		b := newBackend(t, Options{Lookup: two, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if strings.HasPrefix(addr, "10.0.0.1:") {
				return hangs(ctx, network, addr)
			}
			return new(net.Dialer).DialContext(ctx, network, good.addr.String())
		}})
		r := renderAt("render:80")
		r.Timeout.Value = 2000
		if a, err := roundTrip(t, b, get(r, "/")); err != nil || a.Addr != "10.0.0.2:80" {
			t.Errorf("got %v, %v", a, err)
		}
	})
}

// TestLimit: what a timeout of the configuration means. DISP-723.
func TestLimit(t *testing.T) {
	tests := []struct {
		ms       int
		implicit bool
		want     time.Duration
	}{
		{0, false, 0}, {0, true, 10 * time.Minute}, {-1, false, 0}, {-1, true, 10 * time.Minute},
		{50, false, 50 * time.Millisecond}, {50, true, 50 * time.Millisecond},
		{1 << 62, false, (1 << 31) * time.Millisecond},
	}
	for _, tt := range tests {
		b := newBackend(t, Options{Implicit10Min: tt.implicit})
		if got := b.limit(tt.ms); got != tt.want {
			t.Errorf("limit(%d), implicit %v: got %v, want %v", tt.ms, tt.implicit, got, tt.want)
		}
	}
}

// TestImplicitLimitIsUsed: the ten minutes of DISP-723 are a deadline for the connect.
func TestImplicitLimitIsUsed(t *testing.T) {
	for _, implicit := range []bool{false, true} {
		b := newBackend(t, Options{Implicit10Min: implicit, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			by, ok := ctx.Deadline()
			left := time.Until(by)
			if ok != implicit && left > 9*time.Minute {
				t.Errorf("implicit %v: deadline %v", implicit, left)
			}
			if implicit && (left < 9*time.Minute || left > 10*time.Minute) {
				t.Errorf("deadline in %v, want ten minutes", left)
			}
			return nil, opError(syscall.ECONNREFUSED)
		}})
		if _, err := b.RoundTrip(context.Background(), get(renderAt("127.0.0.1:1"), "/")); err == nil {
			t.Error("no error")
		}
	}
}

// TestReceiveTimeout: /receiveTimeout for the headers and for each read of the body.
func TestReceiveTimeout(t *testing.T) {
	noLeak(t)
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
	t.Run("headers", func(t *testing.T) {
		for _, part := range []string{"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nA: b\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"} {
			raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
				readHead(in)
				io.WriteString(c, part)
				io.Copy(io.Discard, in)
			})
			r := raw.render()
			r.ReceiveTimeout.Value = 50
			if _, err := roundTrip(t, newBackend(t, Options{}), get(r, "/")); err != simulate.ErrReceiveTimeout {
				t.Errorf("%q: got %v", part, err)
			}
		}
	})
	t.Run("body", func(t *testing.T) {
		raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
			readHead(in)
			io.WriteString(c, head+"abc")
			io.Copy(io.Discard, in)
		})
		r := raw.render()
		r.ReceiveTimeout.Value = 50
		a, err := roundTrip(t, newBackend(t, Options{}), get(r, "/"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(a.Body)
		if string(text) != "abc" || err != simulate.ErrReceiveTimeout {
			t.Errorf("got %q %v", text, err)
		}
		if _, err := a.Body.Read(make([]byte, 1)); err != simulate.ErrReceiveTimeout {
			t.Errorf("again: %v", err)
		}
	})
	t.Run("a reader that takes its time is no slow render", func(t *testing.T) {
		more := make(chan struct{})
		raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
			readHead(in)
			io.WriteString(c, head+"abc")
			<-more
			io.WriteString(c, "def")
			readHead(in)
			io.WriteString(c, head+"second")
		})
		b := newBackend(t, Options{})
		r := raw.render()
		r.ReceiveTimeout.Value = 5000
		a, err := roundTrip(t, b, get(r, "/"))
		if err != nil {
			t.Fatal(err)
		}
		stands := func(when string) {
			if body, ok := a.Body.(*answerBody); ok && body.x.timer.Stop() {
				t.Error("the clock runs " + when)
			}
		}
		stands("before the first read")
		io.ReadFull(a.Body, make([]byte, 3))
		stands("between reads")
		close(more)
		if text, err := readAll(a); text != "def" || err != nil {
			t.Errorf("got %q %v", text, err)
		}
		// And what the first exchange had set is not there for the next.
		r.ReceiveTimeout.Value = 0
		if a, err = roundTrip(t, b, get(r, "/")); err != nil {
			t.Fatal(err)
		}
		if text, err := readAll(a); text != "second" || err != nil || raw.conns.Load() != 1 {
			t.Errorf("got %q %v on connection %d", text, err, raw.conns.Load())
		}
	})
}

// TestCancel: when the context ends, RoundTrip and Read return at once, wherever they are.
func TestCancel(t *testing.T) {
	noLeak(t)
	reached := make(chan struct{}, 1)
	blockDial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		reached <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	blockLookup := func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
		reached <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	silent := newRaw(t, func(_ *net.TCPConn, in *bufio.Reader) {
		in.Peek(1)
		reached <- struct{}{}
		io.Copy(io.Discard, in)
	})
	half := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		readHead(in)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
		io.Copy(io.Discard, in)
	})
	wantsBody := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		readHead(in)
		io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		in.Peek(1)
		reached <- struct{}{}
		io.Copy(io.Discard, in)
	})
	tests := []struct {
		name            string
		options         Options
		render          *model.Render
		always, secure  bool
		body, unstarted bool
	}{
		{name: "before it starts", render: silent.render(), unstarted: true},
		{name: "in the lookup", options: Options{Lookup: blockLookup}, render: renderAt("a:80")},
		{name: "in the lookup of each request", options: Options{Lookup: blockLookup}, render: renderAt("a:80"), always: true},
		{name: "in the connect", options: Options{Dial: blockDial}, render: renderAt("127.0.0.1:80")},
		{name: "in the handshake", render: silent.render(), secure: true},
		{name: "waiting for headers", render: silent.render()},
		{name: "sending a body", render: wantsBody.render(), body: true},
	}
	for _, tt := range tests {
		for _, how := range []string{"context", "Close"} {
			t.Run(tt.name+"/"+how, func(t *testing.T) {
				b := newBackend(t, tt.options)
				r := *tt.render
				r.AlwaysResolve.Value, r.Secure.Value, r.ReceiveTimeout.Value = tt.always, tt.secure, 0
				q := get(&r, "/")
				if tt.body {
					from, to := io.Pipe()
					defer to.Close()
					go to.Write([]byte("x"))
					q = post(&r, from, -1)
				}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				stop, want := cancel, context.Canceled
				if how == "Close" {
					stop, want = func() { b.Close() }, ErrClosed
				}
				if tt.unstarted {
					stop()
				}
				failed := make(chan error, 1)
				go func() {
					_, err := b.RoundTrip(ctx, q)
					failed <- err
				}()
				if !tt.unstarted {
					<-reached
					stop()
				}
				if err := <-failed; err != want {
					t.Errorf("got %v, want %v", err, want)
				}
			})
		}
	}
	for _, how := range []string{"context", "Close"} {
		t.Run("reading/"+how, func(t *testing.T) {
			b := newBackend(t, Options{})
			r := half.render()
			r.ReceiveTimeout.Value = 0
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			stop, want := cancel, context.Canceled
			if how == "Close" {
				stop, want = func() { b.Close() }, ErrClosed
			}
			a, err := b.RoundTrip(ctx, get(r, "/"))
			if err != nil {
				t.Fatal(err)
			}
			io.ReadFull(a.Body, make([]byte, 3))
			failed := make(chan error, 1)
			go func() {
				_, err := a.Body.Read(make([]byte, 1))
				failed <- err
			}()
			stop()
			if err := <-failed; err != want {
				t.Errorf("got %v, want %v", err, want)
			}
			a.Close()
		})
	}
	t.Run("a deadline of the caller", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		b := newBackend(t, Options{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		if _, err := b.RoundTrip(ctx, get(renderAt("127.0.0.1:80"), "/")); err != context.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
	})
}

// TestManyAtOnce: many goroutines, one backend, kept connections.
func TestManyAtOnce(t *testing.T) {
	noLeak(t)
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		for {
			head, err := readHead(in)
			if err != nil {
				return
			}
			target := strings.Fields(head)[1]
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nX-Target: %s\r\nContent-Length: %d\r\n\r\n%s", target, len(target), target)
		}
	})
	b := newBackend(t, Options{})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := range 50 {
				want := fmt.Sprintf("//%d/%d", i, j)
				a, err := b.RoundTrip(context.Background(), get(raw.render(), want))
				if err != nil {
					t.Error(err)
					return
				}
				header, _ := a.Header.Value("X-Target")
				if text, err := readAll(a); text != want || header != want || err != nil {
					t.Errorf("got %q %q %v, want %q", header, text, err, want)
				}
			}
		})
	}
	wg.Wait()
	if n := raw.conns.Load(); n > 32 {
		t.Errorf("%d connections for 16 goroutines", n)
	}
}

// TestOverride: --render NAME=URL sends requests elsewhere, and the Host header with them.
func TestOverride(t *testing.T) {
	seen := make(chan string, 1)
	raw := newRaw(t, func(c *net.TCPConn, in *bufio.Reader) {
		head, _ := readHead(in)
		seen <- head
		io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
	})
	b := newBackend(t, Options{Override: map[string]string{"rend01": "http://" + raw.addr.String() + "/"}})
	r := renderAt("nowhere.example:4503")
	r.Secure.Value = true
	a, err := roundTrip(t, b, get(r, "/x"))
	if err != nil || a.Addr != raw.addr.String() {
		t.Fatalf("got %v %v", a, err)
	}
	if got, want := <-seen, "GET /x HTTP/1.1\r\nHost: "+raw.addr.String()+"\r\n\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNewFails(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty := write("empty.pem", "nothing here\n")
	p := newAuthority(t)
	cert, key := p.issue(t, leaf{dns: []string{"a"}})
	_, other := p.issue(t, leaf{dns: []string{"a"}})
	override := func(base string) Options { return Options{Override: map[string]string{"r": base}} }
	tests := []struct {
		name    string
		options Options
		want    string
	}{
		{"no CA", Options{CAFile: empty}, "CA file " + empty + " holds no certificate"},
		{"no CA file", Options{CAFile: filepath.Join(dir, "none")}, "CA file " + filepath.Join(dir, "none") + " cannot be read: no such file or directory"},
		{"no certificate", Options{CertFile: write("key.pem", key)}, "key.pem holds no certificate"},
		{"no key", Options{CertFile: write("cert.pem", cert)}, "cert.pem holds no private key: put it below the certificate"},
		{"another key", Options{CertFile: write("both.pem", cert+other)}, "both.pem: tls: private key does not match public key"},
		{"a locked key", Options{CertFile: write("locked.pem", cert+"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")}, "holds an encrypted key: only a plain one can be used"},
		{"no certificate file", Options{CertFile: filepath.Join(dir, "none")}, "cannot be read: no such file or directory"},
		{"an override without a scheme", override("localhost:4503"), `render r: "localhost:4503" has no scheme http or https: write http://host:port`},
		{"an override with another scheme", override("ftp://a"), "has no scheme http or https"},
		{"an override without a host", override("http://:80"), "has no host"},
		{"an override with a path", override("http://a/b"), "has a path"},
		{"an override with a query", override("http://a?b"), "has a query or a fragment"},
		{"an override with a user", override("http://u:p@a"), "has a user"},
		{"an override with a port too large", override("http://a:70000"), "has a port that is not between 1 and 65535"},
		{"an override with a port of letters", override("http://a:b"), `is no URL`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := New(tt.options)
			if err == nil {
				b.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
