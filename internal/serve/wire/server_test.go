package wire_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/serve/wire"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/httpd"
)

// start serves on loopback and returns the address.
func start(t testing.TB, s *wire.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.Most == 0 {
		s.Most = 100
	}
	if s.Context == nil {
		s.Context = context.Background()
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addr().String()
}

// dial connects, for no longer than a test may take.
func dial(t testing.TB, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// read reads an answer whole. Its body's error is the one returned.
func read(t testing.TB, r *bufio.Reader, method string) (*http.Response, string, error) {
	t.Helper()
	res, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

func text(s string) func(context.Context, *simulate.Request, *wire.Reply) {
	return func(_ context.Context, _ *simulate.Request, r *wire.Reply) {
		r.Head(200, []httpd.Field{{Name: "Content-Length", Value: fmt.Sprint(len(s))}})
		_, _ = r.Rest([]byte(s))
	}
}

// other is what answers what is not simple.
var other = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var names []string
	h, _ := wire.Of(r.Context()).Head(r)
	for _, f := range h {
		names = append(names, f.Name)
	}
	w.Header().Set("X-By", "net/http")
	fmt.Fprintf(w, "%s %s %s %s", r.Method, r.RequestURI, strings.Join(names, ","), body)
})

// TestAnswers: an answer is read by a client as the one that net/http makes of the same calls.
func TestAnswers(t *testing.T) {
	long := strings.Repeat("0123456789", 10_000)
	for _, tt := range []struct {
		name   string
		status int
		fields []httpd.Field
		body   []string // "" flushes
	}{
		{"length", 200, []httpd.Field{{Name: "Content-Length", Value: "5"}, {Name: "Content-Type", Value: "text/html"}}, []string{"he", "llo"}},
		{"no length", 200, []httpd.Field{{Name: "Content-Type", Value: "text/html"}}, []string{"he", "", "llo", ""}},
		{"small pieces", 200, []httpd.Field{{Name: "Content-Type", Value: "text/html"}}, strings.SplitAfter(long[:20_000], "5")},
		{"long", 200, []httpd.Field{{Name: "Content-Length", Value: "100000"}, {Name: "Content-Type", Value: "a/b"}}, []string{long[:40_000], long[40_000:41_000], long[41_000:]}},
		{"long, no length", 200, []httpd.Field{{Name: "Content-Type", Value: "a/b"}}, []string{long[:70_000], long[70_000:]}},
		{"nothing", 200, []httpd.Field{{Name: "Content-Length", Value: "0"}, {Name: "Content-Type", Value: "a/b"}}, nil},
		{"no body, no length", 404, []httpd.Field{{Name: "Content-Type", Value: "a/b"}}, []string{""}},
		{"not modified", 304, []httpd.Field{{Name: "Content-Length", Value: "5"}, {Name: "Content-Type", Value: "a/b"}, {Name: "Etag", Value: `"x"`}}, nil},
		{"no content", 204, []httpd.Field{{Name: "Content-Length", Value: "5"}, {Name: "X-A", Value: "b"}}, nil},
		{"unknown status", 299, []httpd.Field{{Name: "Content-Length", Value: "1"}, {Name: "Content-Type", Value: "a/b"}}, []string{"x"}},
		{"repeated", 200, []httpd.Field{{Name: "Content-Length", Value: "1"}, {Name: "Content-Type", Value: "a/b"}, {Name: "X-A", Value: "1"}, {Name: "X-A", Value: "2"}}, []string{"x"}},
		{"hostile values", 200, []httpd.Field{{Name: "Content-Length", Value: "1"}, {Name: "Content-Type", Value: "a/b"}, {Name: "X-A", Value: " 1\r\nX-Evil: 2\n\r\n"}, {Name: "X\r\nB", Value: "3"}, {Name: "", Value: "4"}, {Name: "X-Empty", Value: ""}}, []string{"x"}},
		{"dated", 200, []httpd.Field{{Name: "Content-Length", Value: "1"}, {Name: "Content-Type", Value: "a/b"}, {Name: "Date", Value: "Thu, 01 Jan 1970 00:00:01 GMT"}, {Name: "X-A", Value: "1"}}, []string{"x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := start(t, &wire.Server{
				HTTP: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header()["Content-Type"] = nil
					for _, f := range tt.fields {
						w.Header().Add(f.Name, f.Value)
					}
					w.WriteHeader(tt.status)
					for _, p := range tt.body {
						if p == "" {
							w.(http.Flusher).Flush()
						}
						_, _ = io.WriteString(w, p)
					}
				})},
				Simple: func(_ context.Context, _ *simulate.Request, r *wire.Reply) {
					r.Head(tt.status, tt.fields)
					for _, p := range tt.body {
						if p == "" {
							_ = r.Flush()
							continue
						}
						_, _ = r.Write([]byte(p))
					}
				},
			})
			for _, method := range []string{"GET", "HEAD"} {
				type answer struct {
					Status  string
					Header  http.Header
					Length  int64
					Chunked bool
					Body    string
				}
				var got [2]answer
				for i, more := range []string{"", "Expect: x\r\n"} { // which net/http answers
					if i == 1 {
						more = "Content-Length: 0\r\n"
					}
					c, r := dial(t, addr)
					// Asked twice: what follows an answer begins where it ends.
					send(t, c, strings.Repeat(method+" /a HTTP/1.1\r\nHost: a\r\n"+more+"\r\n", 2))
					for range 2 {
						res, body, err := read(t, r, method)
						if err != nil {
							t.Fatal(err)
						}
						if i == 0 && res.Header.Get("Date") == "" {
							t.Error("there is no Date")
						}
						if tt.name != "dated" {
							res.Header.Del("Date")
						}
						if method == "HEAD" || tt.name == "no body, no length" { // net/http says how long it would be where it can
							res.ContentLength, res.TransferEncoding = -1, nil
							res.Header.Del("Content-Length")
						}
						got[i] = answer{res.Status, res.Header, res.ContentLength, res.TransferEncoding != nil, body}
					}
				}
				if !reflect.DeepEqual(got[0], got[1]) {
					t.Errorf("%s: got  %.300v\nnet/http: %.300v", method, got[0], got[1])
				}
			}
		})
	}
}

// TestTurns: requests of one connection are answered in their order, whoever answers them, and nothing between them is lost.
func TestTurns(t *testing.T) {
	simples := atomic.Int64{}
	addr := start(t, &wire.Server{HTTP: &http.Server{Handler: other}, Simple: func(ctx context.Context, q *simulate.Request, r *wire.Reply) {
		simples.Add(1)
		text(fmt.Sprint(q.Target, q.Header))(ctx, q, r)
	}})
	c, r := dial(t, addr)
	send(t, c, "GET /1 HTTP/1.1\r\nHost: a\r\nx-B: c\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nPOST /3 HTTP/1.1\r\nHost: a\r\nx-B: c\r\nContent-Length: 4\r\n\r\nbodyGET /4 HTTP/1.1\r\nHost: a\r\naCCept: b\r\n\r\n")
	for _, want := range []string{"/1[{x-B c}]", "/2[]", "POST /3 x-B,Content-Length body", "GET /4 aCCept "} {
		if _, got, err := read(t, r, "GET"); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if n := simples.Load(); n != 2 {
		t.Errorf("%d requests were simple", n)
	}
	// A head in pieces, one that is too long, and ones that are wrong.
	for _, tt := range []struct {
		pieces []string
		status int
	}{
		{[]string{"GET /a HT", "TP/1.1\r\nHost: a\r\n\r\n"}, 200},
		{[]string{"GET /" + strings.Repeat("a", 5000) + " HTTP/1.1\r\nHost: a\r\n\r\n"}, 200},
		{[]string{"GET /a HTTP/1.1\nHost: a\n\n"}, 200},
		{[]string{"GET /a HTTP/1.0\r\n\r\n"}, 200},
		{[]string{"GET http://b/a HTTP/1.1\r\nHost: a\r\n\r\n"}, 200},
		{[]string{"GET /a HTTP/1.1\r\n\r\n"}, 400},
		{[]string{"GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"}, 400},
		{[]string{"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"}, 400},
		{[]string{"GET /a HTTP/1.1\r\nHost: a\r\nBad Name: b\r\n\r\n"}, 400},
		{[]string{"GET /a HTTP/1.1\r\nHost: a\r\nA: \x01\r\n\r\n"}, 400},
		{[]string{"nonsense\r\n\r\n"}, 400},
	} {
		before := simples.Load()
		c, r := dial(t, addr)
		for i, p := range tt.pieces {
			if i > 0 {
				for simples.Load() == before { // the first piece came by itself when another connection is answered after it
					c, r := dial(t, addr)
					send(t, c, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
					_, _, _ = read(t, r, "GET")
				}
				before = simples.Load()
			}
			send(t, c, p)
		}
		if res, _, _ := read(t, r, "GET"); res.StatusCode != tt.status {
			t.Errorf("%.40q: got %d, want %d", tt.pieces, res.StatusCode, tt.status)
		}
		if simples.Load() != before {
			t.Errorf("%.40q was simple", tt.pieces)
		}
	}
}

// TestClientGoes: the context of a request is over when its client goes, and what a client asks ahead meanwhile is answered.
func TestClientGoes(t *testing.T) {
	asked, gone := make(chan struct{}), make(chan error, 1)
	addr := start(t, &wire.Server{HTTP: &http.Server{Handler: other}, Simple: func(ctx context.Context, q *simulate.Request, r *wire.Reply) {
		if q.Target == "/wait" {
			under, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			asked <- struct{}{}
			<-under.Done()
			gone <- ctx.Err()
			return
		}
		if ctx.Err() != nil {
			t.Errorf("%s: %v", q.Target, ctx.Err())
		}
		if q.Target == "/watched" {
			select {
			case <-ctx.Done():
				t.Error("nobody went")
			case asked <- struct{}{}:
			}
			<-asked // the client has asked ahead
		}
		text(q.Target)(ctx, q, r)
	}})
	c, r := dial(t, addr)
	send(t, c, "GET /watched HTTP/1.1\r\nHost: a\r\n\r\n")
	<-asked
	send(t, c, "GET /ahead HTTP/1.1\r\nHost: a\r\n\r\n")
	asked <- struct{}{}
	for _, want := range []string{"/watched", "/ahead"} {
		if _, got, err := read(t, r, "GET"); got != want || err != nil {
			t.Errorf("got %q, %v, want %s", got, err, want)
		}
	}
	send(t, c, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
	<-asked
	c.Close()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestKeptContext: who keeps the context of a request longer than the request lasts finds it over.
func TestKeptContext(t *testing.T) {
	kept := make(chan context.Context, 2)
	addr := start(t, &wire.Server{HTTP: &http.Server{Handler: other}, Simple: func(ctx context.Context, q *simulate.Request, r *wire.Reply) {
		if q.Target == "/asked" {
			ctx.Done()
		}
		kept <- ctx
		text("x")(ctx, q, r)
	}})
	c, r := dial(t, addr)
	for _, path := range []string{"/asked", "/not-asked", "/again"} {
		send(t, c, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, _, err := read(t, r, "GET"); err != nil {
			t.Fatal(err)
		}
		if path == "/asked" {
			<-(<-kept).Done()
		}
	}
	ctx := <-kept
	<-ctx.Done()
	if ctx.Err() == nil {
		t.Error("the context is not over")
	}
}

// TestBrokenOff: a client sees that an answer is not whole.
func TestBrokenOff(t *testing.T) {
	for name, answer := range map[string]func(context.Context, *simulate.Request, *wire.Reply){
		"chunked, aborted": func(_ context.Context, _ *simulate.Request, r *wire.Reply) {
			r.Head(200, nil)
			_, _ = r.Write([]byte("half"))
			r.Abort()
		},
		"too short": func(_ context.Context, _ *simulate.Request, r *wire.Reply) {
			r.Head(200, []httpd.Field{{Name: "Content-Length", Value: "8"}})
			_, _ = r.Write([]byte("half"))
		},
		"panic": func(_ context.Context, _ *simulate.Request, r *wire.Reply) {
			r.Head(200, []httpd.Field{{Name: "Content-Length", Value: "8"}})
			_, _ = r.Write([]byte("half"))
			_ = r.Flush()
			panic("test")
		},
	} {
		t.Run(name, func(t *testing.T) {
			addr := start(t, &wire.Server{HTTP: &http.Server{Handler: other}, Simple: answer})
			c, r := dial(t, addr)
			send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if _, got, err := read(t, r, "GET"); got != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %q, %v", got, err)
			}
			if _, err := r.ReadByte(); err != io.EOF {
				t.Errorf("the connection goes on: %v", err)
			}
		})
	}
	t.Run("no answer", func(t *testing.T) {
		addr := start(t, &wire.Server{HTTP: &http.Server{Handler: other}, Simple: func(context.Context, *simulate.Request, *wire.Reply) {}})
		c, r := dial(t, addr)
		send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("got %v", err)
		}
	})
	t.Run("too long", func(t *testing.T) {
		addr := start(t, &wire.Server{HTTP: &http.Server{Handler: other}, Simple: func(_ context.Context, _ *simulate.Request, r *wire.Reply) {
			r.Head(200, []httpd.Field{{Name: "Content-Length", Value: "4"}})
			if _, err := r.Write([]byte("four and more")); err != http.ErrContentLength {
				t.Errorf("more than the length says: %v", err)
			}
			_, _ = r.Write([]byte("four"))
		}})
		c, r := dial(t, addr)
		send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, got, err := read(t, r, "GET"); got != "four" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// TestEnds: a server that ends closes connections that wait, and answers what is under way.
func TestEnds(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	s := &wire.Server{HTTP: &http.Server{Handler: other}, Simple: func(ctx context.Context, q *simulate.Request, r *wire.Reply) {
		if q.Target == "/slow" {
			asked <- struct{}{}
			<-goOn
		}
		text("x")(ctx, q, r)
	}}
	addr := start(t, s)
	idle, ofIdle := dial(t, addr)
	send(t, idle, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	_, _, _ = read(t, ofIdle, "GET")
	passed, ofPassed := dial(t, addr)
	send(t, passed, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
	_, _, _ = read(t, ofPassed, "POST")
	slow, ofSlow := dial(t, addr)
	send(t, slow, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	<-asked

	// As long as a request is under way, Shutdown waits for it.
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(over); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(context.Background()) }()
	for _, r := range []*bufio.Reader{ofIdle, ofPassed} {
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("a connection that waits: %v", err)
		}
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("it still takes connections")
		}
		c.Close()
	}
	close(goOn)
	res, body, err := read(t, ofSlow, "GET")
	if err != nil || body != "x" || !res.Close {
		t.Errorf("got %q, %v, close %t", body, err, res.Close)
	}
	if err := <-ended; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// TestTimes: clients that say nothing, and those that take nothing, are let go.
func TestTimes(t *testing.T) {
	addr := start(t, &wire.Server{HTTP: &http.Server{Handler: other, ReadHeaderTimeout: time.Millisecond, IdleTimeout: time.Minute}, Simple: text("x")})
	_, r := dial(t, addr)
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("a client that says nothing: %v", err)
	}
	addr = start(t, &wire.Server{HTTP: &http.Server{Handler: other, ReadHeaderTimeout: time.Minute, IdleTimeout: time.Millisecond}, Simple: text("x")})
	c, r := dial(t, addr)
	send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	_, _, _ = read(t, r, "GET")
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("a client that asks no more: %v", err)
	}
	failed := make(chan error, 1)
	addr = start(t, &wire.Server{WriteTimeout: time.Millisecond, HTTP: &http.Server{Handler: other}, Simple: func(_ context.Context, _ *simulate.Request, r *wire.Reply) {
		r.Head(200, nil)
		piece := bytes.Repeat([]byte("x"), 64<<10)
		for {
			if _, err := r.Write(piece); err != nil {
				failed <- err
				return
			}
		}
	}})
	c, _ = dial(t, addr)
	send(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	var timeout net.Error
	if err := <-failed; !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a client that takes nothing: %v", err)
	}
}

// TestMost: at the bound a connection that waits makes room, and none that is answered.
func TestMost(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	addr := start(t, &wire.Server{Most: 2, HTTP: &http.Server{Handler: other}, Simple: func(ctx context.Context, q *simulate.Request, r *wire.Reply) {
		if q.Target == "/slow" {
			asked <- struct{}{}
			<-goOn
		}
		text(q.Target)(ctx, q, r)
	}})
	slow, ofSlow := dial(t, addr)
	send(t, slow, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	<-asked
	for range 5 {
		silent, ofSilent := dial(t, addr)
		_ = silent
		c, r := dial(t, addr)
		send(t, c, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, got, err := read(t, r, "GET"); got != "/a" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if _, err := ofSilent.ReadByte(); err == nil {
			t.Error("the one that says nothing was not closed")
		}
	}
	close(goOn)
	if _, got, err := read(t, ofSlow, "GET"); got != "/slow" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// BenchmarkAnswer is a page of 10 KB over loopback, here and by net/http.
func BenchmarkAnswer(b *testing.B) {
	page := bytes.Repeat([]byte("x"), 10<<10)
	var fields []httpd.Field
	for i := range 12 {
		fields = append(fields, httpd.Field{Name: "X-Header-" + string(rune('A'+i)), Value: "some value of a header"})
	}
	fields = append(fields, httpd.Field{Name: "Content-Length", Value: fmt.Sprint(len(page))}, httpd.Field{Name: "Content-Type", Value: "text/html"})
	httpServer := func() *http.Server {
		return &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, f := range fields {
				w.Header()[f.Name] = []string{f.Value}
			}
			_, _ = w.Write(page)
		})}
	}
	run := func(s *wire.Server) func(*testing.B) {
		return func(b *testing.B) {
			addr := start(b, s)
			c, err := net.Dial("tcp", addr)
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			b.ReportAllocs()
			buf := make([]byte, 64<<10)
			for b.Loop() {
				send(b, c, "GET /content/a.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
				for n := 0; n < len(page); {
					k, err := c.Read(buf)
					if err != nil {
						b.Fatal(err)
					}
					n += k
				}
			}
		}
	}
	b.Run("wire", run(&wire.Server{HTTP: httpServer(), Simple: func(_ context.Context, _ *simulate.Request, r *wire.Reply) {
		r.Head(200, fields)
		_, _ = r.Write(page)
	}}))
	b.Run("baseline-http", run(&wire.Server{HTTP: httpServer()}))
}
