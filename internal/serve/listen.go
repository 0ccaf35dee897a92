package serve

import (
	"bytes"
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// A door takes connections, no more than a bound at the same time. At the bound it closes the one that waits longest for its
// client to ask, so that clients who open connections and say nothing keep nobody out.
type door struct {
	net.Listener
	heads bool // keep the heads of requests as they were sent

	mu     sync.Mutex
	room   sync.Cond
	most   int
	open   map[*wire]struct{}
	full   atomic.Bool // Accept waits for room
	closed bool
}

func newDoor(l net.Listener, most int, heads bool) *door {
	d := &door{Listener: l, most: most, heads: heads, open: map[*wire]struct{}{}}
	d.room.L = &d.mu
	return d
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	d.makeRoom()
	c, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: c, door: d, lost: !d.heads}
	w.tcp, _ = c.(*net.TCPConn)
	w.waiting.Store(time.Now().UnixNano())
	d.mu.Lock()
	d.open[w] = struct{}{}
	d.mu.Unlock()
	return w, nil
}

// makeRoom returns when there is room for a connection. net/http has one goroutine that accepts.
func (d *door) makeRoom() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.open) >= d.most && !d.closed {
		d.full.Store(true)
		var longest *wire
		since := int64(math.MaxInt64)
		for w := range d.open {
			if at := w.waiting.Load(); at != 0 && at < since {
				longest, since = w, at
			}
		}
		if longest == nil {
			d.room.Wait()
			continue
		}
		delete(d.open, longest)
		longest.Conn.Close() // net/http sees it, and closes the wire
	}
	d.full.Store(false)
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.mu.Lock()
	d.closed = true
	d.room.Broadcast()
	d.mu.Unlock()
	return d.Listener.Close()
}

// note is http.Server.ConnState: a connection that is new or idle waits for its client.
func (d *door) note(c net.Conn, s http.ConnState) {
	w := wireOf(c)
	switch {
	case w == nil:
	case s == http.StateNew || s == http.StateIdle:
		w.waiting.Store(time.Now().UnixNano())
		if d.full.Load() {
			d.mu.Lock()
			d.room.Signal()
			d.mu.Unlock()
		}
	default:
		w.waiting.Store(0)
	}
}

// A wire is a connection. It keeps the head of each request as the client sent it: net/http knows neither the order nor the
// letters of headers any more, and the module passes both on.
type wire struct {
	net.Conn
	tcp  *net.TCPConn
	door *door
	// waiting is since when it waits for its client to ask, in nanoseconds of Unix time; 0 while a request is answered.
	waiting atomic.Int64

	mu    sync.Mutex
	text  []byte // of a head that is not whole yet
	skip  int64  // bytes of a body still to come
	lost  bool   // heads cannot be told from bodies any more
	heads []string

	// held is an answer that waits for its last byte, so that it leaves in one piece.
	held    []byte
	holding bool
}

// wireOf finds the wire under a connection; nil where there is none.
func wireOf(c net.Conn) *wire {
	for {
		switch v := c.(type) {
		case *wire:
			return v
		case interface{ NetConn() net.Conn }: // TLS
			c = v.NetConn()
		default:
			return nil
		}
	}
}

type wireKey struct{}

// remember is http.Server.ConnContext.
func remember(ctx context.Context, c net.Conn) context.Context {
	w, ok := c.(*wire)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, wireKey{}, w)
}

// Close implements net.Conn.
func (w *wire) Close() error {
	d := w.door
	d.mu.Lock()
	delete(d.open, w)
	d.room.Signal()
	d.mu.Unlock()
	return w.Conn.Close()
}

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 0 {
		w.take(p[:n])
	}
	return n, err
}

// maxPending bounds the heads that a client sends ahead.
const maxPending = 64

// take finds heads in what comes.
func (w *wire) take(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(b) > 0 && !w.lost {
		if w.skip > 0 {
			k := min(w.skip, int64(len(b)))
			w.skip, b = w.skip-k, b[k:]
			continue
		}
		from := max(0, len(w.text)-3)
		w.text = append(w.text, b...)
		i := bytes.Index(w.text[from:], []byte("\r\n\r\n"))
		if i < 0 {
			w.lost = len(w.text) > maxHead
			return
		}
		end := from + i + 4
		head := string(w.text[:end])
		b = b[len(b)-(len(w.text)-end):]
		w.text = w.text[:0]
		w.heads = append(w.heads, head)
		length, ok := bodyLength(head)
		w.skip, w.lost = length, !ok || len(w.heads) > maxPending
	}
	if w.lost {
		w.text = nil
	}
}

// maxHead bounds what is kept of a head. A longer one is not kept.
const maxHead = 1 << 20

// bodyLength is how long the body after a head is; ok is false where that cannot be told.
func bodyLength(head string) (n int64, ok bool) {
	for _, rest, more := strings.Cut(head, "\r\n"); more && rest != ""; {
		var line string
		line, rest, more = strings.Cut(rest, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		switch len(name) {
		case len("Content-Length"):
			if strings.EqualFold(name, "Content-Length") {
				v, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
				if err != nil || v < 0 {
					return 0, false
				}
				n = v
			}
		case len("Transfer-Encoding"):
			if strings.EqualFold(name, "Transfer-Encoding") {
				return 0, false
			}
		case len("Upgrade"):
			if strings.EqualFold(name, "Upgrade") {
				return 0, false
			}
		}
	}
	return n, true
}

// head returns the headers of a request in their order, without Host, and false where they are not known.
func (w *wire) head(r *http.Request) (simulate.Header, bool) {
	w.mu.Lock()
	if len(w.heads) == 0 {
		w.lost = true
		w.mu.Unlock()
		return nil, false
	}
	text := w.heads[0]
	copy(w.heads, w.heads[1:])
	w.heads = w.heads[:len(w.heads)-1]
	w.mu.Unlock()

	line, rest, _ := strings.Cut(text, "\r\n")
	method, after, _ := strings.Cut(line, " ")
	target, proto, _ := strings.Cut(after, " ")
	if method != r.Method || target != r.RequestURI || proto != r.Proto {
		w.lose()
		return nil, false
	}
	h := make(simulate.Header, 0, len(r.Header)+1)
	for rest != "\r\n" && rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || line[0] == ' ' || line[0] == '\t' || strings.IndexByte(line, '\n') >= 0 {
			w.lose()
			return nil, false
		}
		if len(name) == 4 && strings.EqualFold(name, "Host") {
			continue
		}
		h = append(h, simulate.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return h, true
}

func (w *wire) lose() {
	w.mu.Lock()
	w.lost, w.heads, w.text = true, nil, nil
	w.mu.Unlock()
}

// maxHeld bounds what hold keeps back.
const maxHeld = 64 << 10

// hold keeps back what is written until release: net/http writes a head and a body of some kilobytes in two pieces, and a second
// system call takes as long as all the rest of a cached page.
func (w *wire) hold() { w.holding = true }

// release writes what was kept back.
func (w *wire) release() error {
	w.holding = false
	if len(w.held) == 0 {
		return nil
	}
	_, err := w.Conn.Write(w.held)
	if cap(w.held) > maxHeld {
		w.held = nil
	}
	w.held = w.held[:0]
	return err
}

// Write implements net.Conn. It is called by one goroutine at a time, as net/http does.
func (w *wire) Write(p []byte) (int, error) {
	if w.holding && len(w.held)+len(p) <= maxHeld {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	if len(w.held) > 0 {
		if err := w.release(); err != nil {
			return 0, err
		}
	}
	return w.Conn.Write(p)
}

// ReadFrom implements io.ReaderFrom: the system sends files by itself.
func (w *wire) ReadFrom(r io.Reader) (int64, error) {
	if err := w.release(); err != nil {
		return 0, err
	}
	if w.tcp != nil {
		return w.tcp.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{w.Conn}, r)
}
