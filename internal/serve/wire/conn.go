package wire

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// A Conn is a connection. It is net/http's unless it is ours.
type Conn struct {
	net.Conn
	server *Server
	tcp    *net.TCPConn
	ours   atomic.Bool
	// waiting is since when it waits for its client to ask, in nanoseconds of Unix time; 0 while a request is answered, and less
	// where it is dismissed.
	waiting atomic.Int64

	heads
	holder

	// buf holds what was read: what is between from and to is still to be looked at.
	buf      []byte
	from, to int
	client   netip.Addr
	// readUntil and writeUntil are its deadlines; the zero time is unknown.
	readUntil, writeUntil time.Time
	reply                 Reply
}

func newConn(s *Server, conn net.Conn) *Conn {
	c := &Conn{Conn: conn, server: s}
	c.tcp, _ = conn.(*net.TCPConn)
	c.waiting.Store(time.Now().UnixNano())
	return c
}

// connOf finds the Conn under a connection; nil where there is none.
func connOf(c net.Conn) *Conn {
	for {
		switch v := c.(type) {
		case *Conn:
			return v
		case interface{ NetConn() net.Conn }: // TLS
			c = v.NetConn()
		default:
			return nil
		}
	}
}

type connKey struct{}

// remember is http.Server.ConnContext.
func remember(ctx context.Context, c net.Conn) context.Context {
	w, ok := c.(*Conn)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, connKey{}, w)
}

// Of returns the plain connection that a request of net/http came on, from its context; nil where it is none of a [Server].
func Of(ctx context.Context) *Conn {
	c, _ := ctx.Value(connKey{}).(*Conn)
	return c
}

// bufferSize is how long the heads may be that are looked at here; slack is how much later than asked for a deadline may be, so
// that not every request sets one.
const (
	bufferSize = 4 << 10
	slack      = time.Second
)

// serve answers requests as long as they are simple, and then leaves the connection to net/http. A head that does not come in one
// piece is none of ours: slow clients are net/http's affair, with its time limits.
func (c *Conn) serve() {
	s := c.server
	kept := false
	defer func() {
		if !kept {
			c.Close()
		}
		s.loops.Done()
	}()
	if addr, err := netip.ParseAddrPort(c.RemoteAddr().String()); err == nil {
		c.client = addr.Addr().Unmap()
	}
	c.buf = make([]byte, bufferSize)
	wait := s.HTTP.ReadHeaderTimeout
	for {
		if c.from == c.to {
			if !c.await(wait) {
				return
			}
			wait = s.HTTP.IdleTimeout
		}
		q := &simulate.Request{Proto: "HTTP/1.1", Client: c.client}
		n := simple(c.buf[c.from:c.to], q)
		if n == 0 || s.HTTP.MaxHeaderBytes > 0 && n > s.HTTP.MaxHeaderBytes {
			kept = c.pass()
			return
		}
		c.from += n
		if !c.answer(q) {
			return
		}
	}
}

// await reads what comes next, and reports false where nothing does.
func (c *Conn) await(wait time.Duration) bool {
	s := c.server
	c.from, c.to = 0, 0
	now := time.Now()
	since := now.UnixNano()
	c.waiting.Store(since)
	if s.closing.Load() {
		return false
	}
	s.freed()
	if until := now.Add(wait); wait > 0 && far(until, c.readUntil) {
		c.readUntil = until
		if c.Conn.SetReadDeadline(until) != nil {
			return false
		}
	}
	n, err := c.Conn.Read(c.buf)
	if err != nil || !c.waiting.CompareAndSwap(since, 0) {
		return false
	}
	c.to = n
	return true
}

// far reports whether a deadline is to be set, where another is set.
func far(until, set time.Time) bool {
	d := until.Sub(set)
	return d > slack || d < -slack
}

// dismiss reports whether the connection waited for its client. It may be closed then.
func (c *Conn) dismiss() bool {
	at := c.waiting.Load()
	if !c.ours.Load() {
		return at > 0
	}
	return at > 0 && c.waiting.CompareAndSwap(at, -1)
}

// pass leaves the connection to net/http, with what was read of it already.
func (c *Conn) pass() bool {
	_ = c.Conn.SetReadDeadline(time.Time{})
	_ = c.Conn.SetWriteDeadline(time.Time{})
	c.ours.Store(false)
	select {
	case c.server.accepted <- accepted{conn: c}:
		return true
	case <-c.server.ended:
		return false
	}
}

// answer has a simple request answered, and reports whether another may follow.
func (c *Conn) answer(q *simulate.Request) (more bool) {
	w := &watch{conn: c}
	r := &c.reply
	r.reset(c, q.Method)
	defer func() {
		if recover() != nil { // as net/http: no other request suffers
			more = false
		}
		w.end()
		r.release()
	}()
	c.server.Simple(w, q, r)
	return r.finish() && !c.server.closing.Load()
}

// Read implements net.Conn for net/http.
func (c *Conn) Read(p []byte) (n int, err error) {
	if c.from < c.to {
		n = copy(p, c.buf[c.from:c.to])
		if c.from += n; c.from == c.to {
			c.buf = nil
		}
	} else {
		n, err = c.Conn.Read(p)
	}
	if n > 0 {
		c.take(p[:n])
	}
	return n, err
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	c.server.leave(c)
	return c.Conn.Close()
}

// Write implements net.Conn for net/http. It is called by one goroutine at a time, as net/http does.
func (c *Conn) Write(p []byte) (int, error) {
	if c.keep(p) {
		return len(p), nil
	}
	if err := c.Release(); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// ReadFrom implements io.ReaderFrom: the system sends files by itself.
func (c *Conn) ReadFrom(r io.Reader) (int64, error) {
	if err := c.Release(); err != nil {
		return 0, err
	}
	if c.tcp != nil {
		return c.tcp.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}

// setWriteDeadline gives the client WriteTimeout to take what is written next.
func (c *Conn) setWriteDeadline() {
	wait := c.server.WriteTimeout
	if until := time.Now().Add(wait); wait > 0 && far(until, c.writeUntil) {
		c.writeUntil = until
		_ = c.Conn.SetWriteDeadline(until)
	}
}

// A holder keeps back what is written.
type holder struct {
	held    []byte
	holding bool
}

// maxHeld bounds what is kept back.
const maxHeld = 64 << 10

// Hold keeps back what net/http writes until Release: it writes a head and a body of some kilobytes in two pieces, and a second
// system call takes as long as all the rest of a cached page.
func (h *holder) Hold() { h.holding = true }

func (h *holder) keep(p []byte) bool {
	if !h.holding || len(h.held)+len(p) > maxHeld {
		return false
	}
	h.held = append(h.held, p...)
	return true
}

// Release writes what was kept back.
func (c *Conn) Release() error {
	c.holding = false
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.held)
	if cap(c.held) > maxHeld {
		c.held = nil
	}
	c.held = c.held[:0]
	return err
}

// A watch is the context of a simple request. The client is watched once somebody asks for that: answering from the cache does not,
// and package renderio does only where a render takes a while.
type watch struct {
	conn *Conn

	mu     sync.Mutex
	inner  context.Context // nil until somebody asks
	cancel context.CancelFunc
	over   bool
	gone   chan struct{} // closed when nobody reads from the connection any more; nil where nobody did
}

// Deadline implements context.Context.
func (w *watch) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value implements context.Context.
func (w *watch) Value(key any) any { return w.at().Value(key) }

// Err implements context.Context.
func (w *watch) Err() error { return w.at().Err() }

func (w *watch) at() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inner != nil {
		return w.inner
	}
	return w.conn.server.Context
}

// Done implements context.Context.
func (w *watch) Done() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inner == nil {
		w.inner, w.cancel = context.WithCancel(w.conn.server.Context)
		switch c := w.conn; {
		case w.over:
			w.cancel()
		case c.to < len(c.buf):
			w.gone = make(chan struct{})
			c.readUntil = time.Time{}
			_ = c.Conn.SetReadDeadline(time.Time{})
			go w.look()
		}
	}
	return w.inner.Done()
}

// look waits for the client to go. What it asks ahead is kept.
func (w *watch) look() {
	c := w.conn
	n, err := c.Conn.Read(c.buf[c.to:])
	c.to += n
	if err != nil {
		w.cancel()
	}
	close(w.gone)
}

// end ends the context, when the request is answered.
func (w *watch) end() {
	w.mu.Lock()
	w.over = true
	gone, cancel := w.gone, w.cancel
	w.mu.Unlock()
	if gone != nil {
		_ = w.conn.Conn.SetReadDeadline(time.Unix(1, 0))
		<-gone
		_ = w.conn.Conn.SetReadDeadline(time.Time{})
	}
	if cancel != nil {
		cancel()
	}
}
