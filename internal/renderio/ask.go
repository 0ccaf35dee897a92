package renderio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// maxOwnHead is how long the head of a request may be that is written without a look at what comes meanwhile. A render
// that finds a longer one too long may answer before it has read it.
const maxOwnHead = 16 << 10

var heads = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

// An asking is a request over a connection of the pool, and its answer. net/http would have two goroutines for each
// connection, which hand requests and answers over; here the one who asks writes and reads.
type asking struct {
	b    *Backend
	pool *pool
	line *line
	ctx  context.Context
	by   time.Time   // until when all of the answer is waited for; zero for ever
	stop func() bool // lets the context end without closing the connection; nil where nobody waits for its end

	left  int64 // of a body with a length
	buf   *[firstPiece]byte
	rest  []byte // of buf
	alive bool   // the connection can be used again once the body is read

	over atomic.Bool
	err  error // of the Read that ended it
}

// ask sends a request without a body that can be repeated, and returns the answer. What is lost on an idle connection is
// sent again on another, as net/http does: that the render has answered with nothing at all says that it has not seen it.
func (b *Backend) ask(ctx context.Context, p *peer, r *simulate.RenderRequest, head []byte) (*simulate.Answer, error) {
	receive := b.limit(r.Render.ReceiveTimeout.Value)
	var addrs []netip.Addr
	var by time.Time // of /timeout, which is for lookup and connect together
	if p.own.byAddress {
		x := b.exchange(ctx, p, r)
		var err error
		if addrs, err = b.lookup(x); err != nil {
			err = x.failed(ctx, err)
		}
		by = x.connectBy
		x.finish()
		if err != nil {
			return nil, err
		}
	}
	pool := p.own.of(addrs)
	for {
		l := pool.take()
		fresh := l == nil
		if fresh {
			var err error
			if l, err = b.newLine(ctx, p, r, addrs, by); err != nil {
				return nil, err
			}
		}
		q := &asking{b: b, pool: pool, line: l, ctx: ctx}
		buf, n, err := q.send(head, receive)
		if err == nil {
			return q.answer(r.Method, buf, n)
		}
		q.end(false)
		if err = q.failed(err); fresh || ctx.Err() != nil || err == ErrClosed || err == simulate.ErrReceiveTimeout {
			if err == io.EOF {
				err = fmt.Errorf("the render closed the connection without an answer: %w", err)
			}
			return nil, err
		}
	}
}

// newLine connects to a render, until a time or, where that is zero, for as long as /timeout says.
func (b *Backend) newLine(ctx context.Context, p *peer, r *simulate.RenderRequest, addrs []netip.Addr, by time.Time) (*line, error) {
	x := b.exchange(ctx, p, r)
	defer x.finish()
	x.addrs = addrs
	if !by.IsZero() {
		x.connectBy = by
	}
	c, err := b.connect(x)
	if err != nil {
		return nil, x.failed(ctx, err)
	}
	l := newLine(c)
	if l == nil {
		c.Close()
		return nil, errors.New("the connection to the render is none of the system's")
	}
	return l, nil
}

// atOnce is how long an answer is waited for before anybody looks whether the context ends. Most have come by then.
const atOnce = 20 * time.Millisecond

// send writes the request and returns the first bytes of the answer.
func (q *asking) send(head []byte, receive time.Duration) (*[firstPiece]byte, int, error) {
	l := q.line
	start := time.Now()
	soon := start.Add(atOnce)
	if receive > 0 {
		q.by = start.Add(receive)
		if q.by.Before(soon) {
			soon = q.by
		}
	}
	if err := l.SetDeadline(soon); err != nil {
		return nil, 0, err
	}
	n, err := l.Conn.Write(head)
	if q.waits(err) {
		_, err = l.Conn.Write(head[n:])
	}
	if err != nil {
		return nil, 0, err
	}
	if receive > 0 {
		if now := time.Now(); now.Sub(start) > time.Millisecond { // /receiveTimeout starts when the request is written
			q.by = now.Add(receive)
			if q.stop != nil {
				if err := l.SetDeadline(q.by); err != nil {
					return nil, 0, err
				}
			}
		}
	}
	buf, n, err := l.readFirst()
	if q.waits(err) {
		buf, n, err = l.readFirst()
	}
	return buf, n, err
}

// waits reports whether an error says only that it did not go at once. From then on it may take its time.
func (q *asking) waits(err error) bool {
	if err == nil || q.stop != nil || !errors.Is(err, os.ErrDeadlineExceeded) || !q.by.IsZero() && time.Until(q.by) <= 0 {
		return false
	}
	q.watch()
	return true
}

// watch lets the end of the context close the connection, and sets the deadline for all of the answer.
func (q *asking) watch() {
	if q.stop == nil {
		q.stop = context.AfterFunc(q.ctx, q.line.cut)
		_ = q.line.SetDeadline(q.by) // a connection that is closed is found out by who reads
	}
}

// end lets go of the connection: it is kept, or closed.
func (q *asking) end(keep bool) {
	if !q.over.CompareAndSwap(false, true) {
		return
	}
	if (q.stop == nil || q.stop()) && keep {
		q.pool.put(q.line)
		return
	}
	q.line.Close()
}

// failed words the error of a request without an answer, or of one whose body did not come.
func (q *asking) failed(err error) error {
	switch {
	case q.ctx.Err() != nil:
		return q.ctx.Err()
	case q.b.ctx.Err() != nil:
		return ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return simulate.ErrReceiveTimeout
	}
	return err
}

// answer makes the Answer of one that starts with the bytes in buf.
func (q *asking) answer(method string, buf *[firstPiece]byte, n int) (*simulate.Answer, error) {
	h, ok := readQuickHead(buf[:min(int64(n), q.b.o.MaxHeaderBytes)], method)
	if !ok {
		return q.longAnswer(method, buf, n)
	}
	a := &simulate.Answer{Status: h.status, Proto: "HTTP/1.1", Header: h.header, Addr: q.line.addr}
	q.rest, q.left = buf[h.size:n], h.length
	// What comes after the answer is no part of another.
	q.alive = int64(len(q.rest)) <= q.left
	if !q.alive {
		q.rest = q.rest[:q.left]
	}
	if q.left == 0 {
		putFirst(buf)
		q.rest = nil
		q.end(q.alive)
		return a, nil
	}
	if int64(len(q.rest)) < q.left {
		q.watch()
	}
	if q.buf = buf; len(q.rest) == 0 {
		q.buf, q.rest = nil, nil
		putFirst(buf)
	}
	a.Body = q
	return a, nil
}

// Read implements io.Reader for a body whose length was announced.
func (q *asking) Read(p []byte) (n int, err error) {
	switch {
	case q.err != nil:
		return 0, q.err
	case q.over.Load():
		return 0, http.ErrBodyReadAfterClose
	case len(p) == 0:
		return 0, nil
	}
	p = p[:min(int64(len(p)), q.left)]
	if len(q.rest) > 0 {
		n = copy(p, q.rest)
		if q.rest = q.rest[n:]; len(q.rest) == 0 {
			putFirst(q.buf)
			q.buf, q.rest = nil, nil
		}
		if n < len(p) {
			n += q.line.readMore(p[n:])
		}
	} else if n, err = q.line.Conn.Read(p); err != nil && err != io.EOF {
		q.err = q.failed(err)
		q.end(false)
		return n, q.err
	}
	q.left -= int64(n)
	switch {
	case q.left == 0:
		q.err = io.EOF
		q.end(q.alive)
	case err == io.EOF:
		q.err = io.ErrUnexpectedEOF
		q.end(false)
	}
	return n, q.err
}

// Close ends the answer. A connection whose answer was not read to its end is not used again.
func (q *asking) Close() error {
	q.end(false)
	return nil
}

// A longAnswer is one that net/http takes apart: its head is longer than the first bytes, or not simple, or its body comes
// in chunks or to the end of the connection.
type longAnswer struct {
	q   *asking
	in  *bufio.Reader
	src io.ReadCloser

	first []byte // of buf
	buf   *[firstPiece]byte
	left  int64 // how much of a head may still come
	heard []byte
	ended bool // the render has ended the connection
}

func (q *asking) longAnswer(method string, buf *[firstPiece]byte, n int) (*simulate.Answer, error) {
	q.watch()
	g := &longAnswer{q: q, buf: buf, first: buf[:n], left: q.b.o.MaxHeaderBytes}
	g.in = bufio.NewReader(g)
	refuse := func(err error) (*simulate.Answer, error) {
		q.end(false)
		return nil, err
	}
	var resp *http.Response
	for {
		var err error
		if resp, err = http.ReadResponse(g.in, &http.Request{Method: method}); err != nil {
			return refuse(g.noAnswer(err))
		}
		if resp.StatusCode < 100 || resp.StatusCode > 199 || resp.StatusCode == http.StatusSwitchingProtocols {
			break
		}
	}
	if err := strange(resp.StatusCode); err != nil {
		return refuse(err)
	}
	header, err := answerHeader(g.heard, resp.StatusCode, len(resp.TransferEncoding) > 0)
	if err != nil {
		return refuse(err)
	}
	g.heard, g.left = nil, -1
	q.alive = !resp.Close
	a := &simulate.Answer{Status: resp.StatusCode, Proto: resp.Proto, Header: header, Addr: q.line.addr}
	if resp.Body == http.NoBody {
		g.end()
		return a, nil
	}
	g.src = resp.Body
	a.Body = (*longBody)(g)
	return a, nil
}

// Read reads from the connection, for the bufio.Reader.
func (g *longAnswer) Read(p []byte) (n int, err error) {
	if g.left == 0 {
		return 0, errHeadLimit
	}
	if g.left > 0 {
		p = p[:min(int64(len(p)), g.left)]
	}
	if g.first != nil {
		n = copy(p, g.first)
		if g.first = g.first[n:]; len(g.first) == 0 {
			putFirst(g.buf)
			g.buf, g.first = nil, nil
		}
	} else {
		n, err = g.q.line.Conn.Read(p)
		g.ended = g.ended || err == io.EOF
	}
	if g.left > 0 {
		g.heard = append(g.heard, p[:n]...)
		g.left -= int64(n)
	}
	return n, err
}

var errHeadLimit = errors.New("the head is too long")

// noAnswer words the error of a head that cannot be read, as net/http's Transport does.
func (g *longAnswer) noAnswer(err error) error {
	if g.left == 0 {
		err = fmt.Errorf("net/http: server response headers exceeded %d bytes; aborted", g.q.b.o.MaxHeaderBytes)
	}
	if known := g.q.failed(err); known != err {
		return known
	}
	err = fmt.Errorf("net/http: HTTP/1.x transport connection broken: %w", err)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the render closed the connection within the headers: %w", err)
	}
	return err
}

// end lets go of the connection when all of the answer was read.
func (g *longAnswer) end() {
	g.q.end(g.q.alive && !g.ended && g.in.Buffered() == 0 && len(g.first) == 0)
}

// A longBody is the body of a longAnswer.
type longBody longAnswer

func (b *longBody) Read(p []byte) (int, error) {
	q := b.q
	switch {
	case q.err != nil:
		return 0, q.err
	case q.over.Load():
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.src.Read(p)
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		(*longAnswer)(b).end()
	case err == io.ErrUnexpectedEOF:
	case err.Error() == trailerCut:
		err = io.ErrUnexpectedEOF
	default:
		err = q.failed(err)
	}
	q.err = err
	q.end(false)
	return n, err
}

// Close ends the answer. A connection whose answer was not read to its end is not used again.
func (b *longBody) Close() error {
	b.q.end(false)
	return nil
}
