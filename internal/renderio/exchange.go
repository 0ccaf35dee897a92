package renderio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

type exchangeKey struct{}

// An exchange is one request and its answer.
type exchange struct {
	peer *peer
	// ctx ends with the caller's, with the backend, with a timeout, and once the answer is read or closed.
	ctx    context.Context
	cancel context.CancelCauseFunc
	// backend ends with the backend's Close; unlink takes the exchange off it.
	backend context.Context
	unlink  func() bool

	addrs     []netip.Addr // of /always-resolve
	connectBy time.Time
	receive   time.Duration
	body      *requestBody
	conn      *conn

	mu       sync.Mutex
	timer    *time.Timer // ends the exchange with ErrReceiveTimeout
	deadline time.Time   // when
	answered bool
	done     bool
}

// RoundTrip implements [simulate.Backend].
//
// /timeout is for lookup, connect and TLS handshake together; where the name has several addresses, one that does not
// answer leaves the others an equal share. /receiveTimeout starts when the request is written and is for all of the
// answer; a render that takes no more of the request for as long is given up too. Timeouts of 0 wait until
// the context ends.
//
// A request with a body is announced with Expect: 100-continue, and the body is read once the render says so, or says
// nothing for [Options.ContinueWait] (RFC 9110, 10.1.1). Where it answers at once, nothing of the body has been read,
// so that the engine can send it to another render. Such a request, and one whose method may change something, has a
// connection of its own: on an idle one, which the render may be closing, it would be lost, and cannot be repeated.
// Once RoundTrip has failed, or the answer is closed, no further Read of the body begins; one that is under way then
// is not waited for.
//
// A name that cannot be resolved, a refused connect and a failed TLS handshake are a [*simulate.ConnectError] in the
// words of the C library. Where the context ends, its error is returned.
func (b *Backend) RoundTrip(ctx context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
	if r.Render == nil {
		return nil, fmt.Errorf("%w: it names no render", ErrRequest)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	length := max(r.Length, -1)
	if r.Body == nil {
		if length > 0 {
			return nil, fmt.Errorf("%w: its length is %d, and there is no body", ErrRequest, length)
		}
		length = 0
	}
	p, err := b.peerOf(b.targetOf(r.Render))
	if err != nil {
		return nil, err
	}
	transport, last := p.kept, b.o.KeepAlive < 0
	if length != 0 || !slices.Contains([]string{"GET", "HEAD", "OPTIONS", "TRACE"}, r.Method) {
		transport, last = p.single, true
	}
	if p.own != nil && !last {
		text := heads.Get().(*[]byte)
		defer heads.Put(text)
		head, err := requestHead((*text)[:0], r, 0, p, false)
		if err != nil {
			return nil, err
		}
		if len(head) <= maxOwnHead {
			*text = head
			return b.ask(ctx, p, r, head)
		}
	}
	head, err := requestHead(make([]byte, 0, 1024), r, length, p, last)
	if err != nil {
		return nil, err
	}

	x := b.exchange(ctx, p, r)
	if p.alwaysResolve {
		if x.addrs, err = b.lookup(x); err != nil {
			err = x.failed(ctx, err)
			x.finish()
			return nil, err
		}
	}
	resp, err := transport.RoundTrip(x.request(r, head, length, last))
	x.headersCame()
	if err != nil {
		err = x.noAnswer(x.failed(ctx, err))
		x.finish()
		return nil, err
	}
	return x.answer(ctx, resp)
}

// exchange makes the exchange of a request. It is to be finished.
func (b *Backend) exchange(ctx context.Context, p *peer, r *simulate.RenderRequest) *exchange {
	x := &exchange{peer: p, receive: b.limit(r.Render.ReceiveTimeout.Value)}
	x.ctx, x.cancel = context.WithCancelCause(ctx)
	x.backend = b.ctx
	x.unlink = context.AfterFunc(b.ctx, func() { x.cancel(ErrClosed) })
	if d := b.limit(r.Render.Timeout.Value); d > 0 {
		x.connectBy = time.Now().Add(d)
	}
	return x
}

// limit is a timeout in milliseconds as a duration; 0 is none.
func (b *Backend) limit(ms int) time.Duration {
	if ms <= 0 {
		if b.o.Implicit10Min {
			return implicitLimit
		}
		return 0
	}
	return time.Duration(min(int64(ms), 1<<31)) * time.Millisecond
}

// request is what Transport is told. It decides how the answer is read and whether the connection is kept; what the
// render sees is head.
func (x *exchange) request(r *simulate.RenderRequest, head []byte, length int64, last bool) *http.Request {
	trace := &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			x.conn = i.Conn.(*conn)
			x.conn.expect(slices.Clone(head), x.receive)
		},
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err == nil {
				x.requestWritten()
			}
		},
	}
	q := &http.Request{
		Method: r.Method,
		URL:    &url.URL{Scheme: "http", Host: poolName(x.addrs), Path: "/"},
		Host:   "render",
		Proto:  "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{},
		Close:  last,
	}
	if length != 0 {
		x.body = newRequestBody(r.Body, x.ctx.Done())
		q.Body, q.ContentLength = x.body, length
		q.Header.Set("Expect", "100-continue")
		if length < 0 {
			// Said outright: Transport would read from the body of a GET to see whether there is one.
			q.TransferEncoding = []string{"chunked"}
		}
	}
	return q.WithContext(httptrace.WithClientTrace(context.WithValue(x.ctx, exchangeKey{}, x), trace))
}

// requestWritten starts /receiveTimeout. Transport may come here twice, when it takes another connection, and after
// the answer has come.
func (x *exchange) requestWritten() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.receive <= 0 || x.answered {
		return
	}
	x.deadline = time.Now().Add(x.receive)
	x.startTimer()
}

// startTimer lets what is left of /receiveTimeout run.
func (x *exchange) startTimer() {
	left := max(0, time.Until(x.deadline))
	if x.timer == nil {
		x.timer = time.AfterFunc(left, func() { x.cancel(simulate.ErrReceiveTimeout) })
		return
	}
	x.timer.Reset(left)
}

func (x *exchange) headersCame() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.answered = true
	if x.timer != nil {
		x.timer.Stop()
	}
}

// finish lets go of all that the exchange holds. It may be called again.
func (x *exchange) finish() {
	x.mu.Lock()
	done := x.done
	x.done, x.answered = true, true
	if x.timer != nil {
		x.timer.Stop()
	}
	x.mu.Unlock()
	if done {
		return
	}
	x.unlink()
	if x.body != nil {
		x.body.Close()
	}
	x.cancel(context.Canceled)
}

// failed words the error of a request without an answer, or of one whose body did not come. It is asked before finish.
func (x *exchange) failed(ctx context.Context, err error) error {
	var connect *simulate.ConnectError
	var op *net.OpError
	switch cause := context.Cause(x.ctx); {
	case errors.Is(cause, simulate.ErrReceiveTimeout), errors.Is(cause, ErrClosed):
		return cause
	case ctx.Err() != nil:
		return ctx.Err()
	case x.backend.Err() != nil: // the connection may be gone before the exchange is told
		return ErrClosed
	case errors.As(err, &connect):
		return connect
	case errors.Is(err, ErrClosed):
		return ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return simulate.ErrReceiveTimeout
	case x.conn != nil && errors.As(err, &op) && op.Op == "remote error":
		// TLS 1.3: the render looks at the client's certificate after the client's handshake is over.
		return &simulate.ConnectError{Addr: x.conn.addr, Err: err}
	}
	return err
}

// noAnswer says of an end of the connection that it came before the answer.
func (x *exchange) noAnswer(err error) error {
	switch {
	case err == io.EOF:
		return fmt.Errorf("the render closed the connection without an answer: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF) && x.body == nil:
		return fmt.Errorf("the render closed the connection within the headers: %w", err)
	}
	return err
}

// answer makes the Answer.
func (x *exchange) answer(ctx context.Context, resp *http.Response) (*simulate.Answer, error) {
	refuse := func(err error) (*simulate.Answer, error) {
		resp.Body.Close()
		// Without a body the connection is among the idle ones already: it is not to be trusted.
		x.conn.Close()
		x.finish()
		return nil, err
	}
	if err := strange(resp.StatusCode); err != nil {
		return refuse(err)
	}
	header, err := answerHeader(x.conn.answerHead(), resp.StatusCode, len(resp.TransferEncoding) > 0)
	if err != nil {
		return refuse(err)
	}
	a := &simulate.Answer{Status: resp.StatusCode, Proto: resp.Proto, Header: header, Addr: x.conn.addr}
	if resp.Body == http.NoBody {
		x.finish()
		return a, nil
	}
	a.Body = &answerBody{x: x, caller: ctx, src: resp.Body}
	return a, nil
}

// strange says what is wrong with a status. net/http passes over all of 1xx but 101, and takes any three digits for one.
func strange(status int) error {
	switch {
	case status == http.StatusSwitchingProtocols:
		return errors.New("the render answers 101: it changes to another protocol")
	case status < 200:
		return fmt.Errorf("the render answers with status %03d, which HTTP does not have", status)
	}
	return nil
}

// trailerCut is net/http's error for a body whose last chunk came, and not the empty line behind it. It has no name.
const trailerCut = "http: unexpected EOF reading trailer"

// An answerBody is the body of an answer. All of the answer has /receiveTimeout, as the documentation words it; time in
// which nobody reads counts, but ends nothing before the next Read.
type answerBody struct {
	x      *exchange
	caller context.Context
	src    io.ReadCloser
	err    error // of the Read that ended it
}

func (a *answerBody) Read(p []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	x := a.x
	if x.receive > 0 {
		x.mu.Lock()
		if !x.done {
			x.startTimer()
		}
		x.mu.Unlock()
	}
	n, err := a.src.Read(p)
	if x.receive > 0 {
		x.mu.Lock()
		if x.timer != nil {
			x.timer.Stop()
		}
		x.mu.Unlock()
	}
	if err != nil {
		switch {
		case err == io.EOF, err == io.ErrUnexpectedEOF:
		case err.Error() == trailerCut:
			err = io.ErrUnexpectedEOF
		default:
			err = x.failed(a.caller, err)
		}
		a.err = err
		x.finish()
	}
	return n, err
}

// Close ends the answer. A connection whose answer was not read to its end is not used again.
func (a *answerBody) Close() error {
	err := a.src.Close()
	a.x.finish()
	return err
}

// A requestBody is the body of a request while the exchange lasts. It never closes what it reads from: that is the
// engine's. A Read of the source that hangs would keep Transport from giving up, so that each has a goroutine that can
// be left behind; it ends when the source's Read does, and what that read is lost.
type requestBody struct {
	src  io.Reader
	over <-chan struct{} // closed when the exchange ends

	buf, rest []byte
	err       error

	once    sync.Once
	stopped chan struct{}
}

// bodyPiece is how much of a body is read at once.
const bodyPiece = 32 << 10

var errStopped = errors.New("the exchange is over")

func newRequestBody(src io.Reader, over <-chan struct{}) *requestBody {
	return &requestBody{src: src, over: over, buf: make([]byte, bodyPiece), stopped: make(chan struct{})}
}

func (r *requestBody) Read(p []byte) (int, error) {
	if len(r.rest) == 0 && r.err == nil {
		select {
		case <-r.stopped:
			return 0, errStopped
		case <-r.over:
			return 0, errStopped
		default:
		}
		type piece struct {
			n   int
			err error
		}
		came := make(chan piece, 1)
		go func() {
			n, err := r.src.Read(r.buf)
			came <- piece{n, err}
		}()
		select {
		case got := <-came:
			r.rest, r.err = r.buf[:got.n], got.err
		case <-r.stopped:
			r.err = errStopped
		case <-r.over:
			r.err = errStopped
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if len(r.rest) > 0 {
		return n, nil
	}
	return n, r.err
}

// Close implements io.Closer for Transport, which calls it when it wants no more of the body.
func (r *requestBody) Close() error {
	r.once.Do(func() { close(r.stopped) })
	return nil
}
