package mock

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

type renderTimes = *model.Render

// A failure is a way not to answer.
type failure uint8

const (
	answers failure = iota
	refused
	unreachable
	connectTimeout
	noHost
	reset
	timeout
	interrupted
	stalled // in the body
)

// failures are the words of the key fail.
var failures = [...]string{
	refused: "refused", unreachable: "unreachable", connectTimeout: "connect-timeout", noHost: "no-host", reset: "reset",
	timeout: "timeout", interrupted: "interrupted",
}

// A response is one answer, or the lack of one.
type response struct {
	status int
	header simulate.Header
	// The body is text, a file, or size made-up bytes.
	text []byte
	file string
	size int64

	length           int64 // what is announced; asItIs or unsaid
	delay, bodyDelay time.Duration
	cut              int64 // where the body breaks off, -1 for nowhere
	fail             failure
	interrupt        bool
}

// What a response announces as its length, where that is not a number.
const (
	asItIs = -1
	unsaid = -2
)

func newResponse(status int) *response { return &response{status: status, length: asItIs, cut: -1} }

// hasBody reports whether answers of a status have a body (RFC 9110, 6.4.1).
func hasBody(status int) bool { return status >= 200 && status != 204 && status != 304 }

func refuse(r *model.Render, why string) error {
	return &simulate.ConnectError{Addr: simulate.RenderAddr(r), Err: systemError(why)}
}

// A systemError is in the words of the C library, which start with a capital: the module logs them so.
type systemError string

func (e systemError) Error() string { return string(e) }

// linuxGivesUp is how long Linux tries to connect with its own settings: tcp_syn_retries 6.
const linuxGivesUp = 127 * time.Second

// connect fails where the response is that no connection can be made. The texts are those of the C library.
func (r *response) connect(w *waiting, q *simulate.RenderRequest) error {
	why, takes := "", r.delay
	switch r.fail {
	case refused:
		why = "Connection refused"
	case unreachable:
		why = "No route to host"
	case noHost:
		why = "Name or service not known"
	case connectTimeout:
		why, takes = "Connection timed out", linuxGivesUp
	default:
		return nil
	}
	if w.connect > 0 && takes >= w.connect {
		why, takes = "Connection timed out", w.connect
	}
	if takes > 0 {
		if err := w.sleep(w.ctx, takes); err != nil {
			return err
		}
	}
	return refuse(q.Render, why)
}

// errReset is what the C library says where the other side has closed the connection for good.
const errReset = systemError("Connection reset by peer")

// answer gives the answer once there is a connection.
func (r *response) answer(w *waiting, q *simulate.RenderRequest, files folder.Folder) (*simulate.Answer, error) {
	if err := w.pass(r.delay); err != nil {
		return nil, err
	}
	switch r.fail {
	case reset:
		return nil, errReset
	case timeout:
		return nil, w.stall()
	}
	a := &simulate.Answer{Status: r.status, Header: slices.Clone(r.header), Addr: simulate.RenderAddr(q.Render)}
	if !hasBody(r.status) {
		if r.length >= 0 {
			a.Header = append(a.Header, simulate.Field{Name: "Content-Length", Value: strconv.FormatInt(r.length, 10)})
		}
		return a, nil
	}
	b := &body{response: r, waiting: w}
	var err error
	if b.src, b.size, err = r.open(files); err != nil {
		return nil, err
	}
	announced := b.announced(a)
	if q.Method == "HEAD" {
		b.Close()
		return a, nil
	}
	b.plan(announced)
	if b.left > 0 || b.end != io.EOF || r.bodyDelay > 0 || r.interrupt || r.fail == stalled {
		a.Body = b
	} else {
		b.Close()
	}
	return a, nil
}

// open returns the body's source and size.
func (r *response) open(files folder.Folder) (io.Reader, int64, error) {
	switch {
	case r.file != "":
		f, size, err := files.Open(r.file)
		if err != nil {
			return nil, 0, fmt.Errorf("file %s %w", r.file, err)
		}
		return f, size, nil
	case r.size > 0:
		return &madeUp{}, r.size, nil
	}
	return bytes.NewReader(r.text), int64(len(r.text)), nil
}

// madeUp is bytes without an end: lines of text.
type madeUp struct{ at int }

const madeUpLine = "these bytes are made up, for a body that nobody reads to its end\n"

// Read fills p.
func (m *madeUp) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		c := copy(p[n:], madeUpLine[m.at:])
		n += c
		m.at = (m.at + c) % len(madeUpLine)
	}
	return len(p), nil
}

// chunk is how many bytes of a body come at once. body-delay passes before each.
const chunk = 64 << 10

// A body is what is read of an answer.
type body struct {
	*response
	*waiting
	src         io.Reader
	size        int64 // of src
	at, left    int64 // read and still to come
	next        int64 // where the next chunk starts
	interruptAt int64 // -1 for nowhere, or no more
	end         error // once nothing is left
}

// announced adds the header that says the length, unless there is one, and returns what is announced: -1 for nothing.
func (b *body) announced(a *simulate.Answer) int64 {
	if v, ok := a.Header.Value("Content-Length"); ok {
		n, err := strconv.ParseUint(v, 10, 63)
		if err != nil {
			return -1
		}
		return int64(n)
	}
	n := b.length
	switch n {
	case unsaid:
		return -1
	case asItIs:
		if a.Header.Has("Transfer-Encoding") {
			return -1
		}
		n = b.size
	}
	a.Header = append(a.Header, simulate.Field{Name: "Content-Length", Value: strconv.FormatInt(n, 10)})
	return n
}

// plan decides how much is delivered and how it ends: a client reads no more than is announced, and misses what is not
// there.
func (b *body) plan(announced int64) {
	b.left, b.end, b.interruptAt = b.size, io.EOF, -1
	if announced >= 0 {
		b.left = min(b.left, announced)
		if b.left < announced {
			b.end = io.ErrUnexpectedEOF
		}
	}
	switch {
	case b.cut >= 0 && b.cut < b.left:
		b.left, b.end = b.cut, io.ErrUnexpectedEOF
	case b.fail == stalled && b.cut < 0:
		b.left = 0
	}
	if b.interrupt {
		b.interruptAt = b.left / 2
	}
}

// Read reads the next of the body.
func (b *body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if b.src == nil {
		return 0, b.end
	}
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.at == b.next && (b.left > 0 || b.at == 0) {
		b.next += chunk
		if err := b.pass(b.bodyDelay); err != nil {
			return 0, b.stop(err)
		}
	}
	if b.at == b.interruptAt {
		b.interruptAt = -1
		return 0, syscall.EINTR
	}
	if b.left == 0 {
		if b.fail == stalled {
			return 0, b.stop(b.stall())
		}
		return 0, b.stop(b.end)
	}
	most := min(int64(len(p)), b.left, b.next-b.at)
	if b.interruptAt > b.at {
		most = min(most, b.interruptAt-b.at)
	}
	n, err := b.src.Read(p[:most])
	b.at += int64(n)
	b.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && b.left > 0: // the file has become shorter
		return n, b.stop(io.ErrUnexpectedEOF)
	case err != nil && !errors.Is(err, io.EOF):
		return n, b.stop(err)
	}
	return n, nil
}

// stop ends the body with an error, which every further Read gives.
func (b *body) stop(err error) error {
	b.end = err
	b.release()
	return err
}

// Close lets go of the body's file. What is read afterwards is fs.ErrClosed.
func (b *body) Close() error {
	if b.src == nil {
		return nil
	}
	b.end = fs.ErrClosed
	return b.release()
}

func (b *body) release() error {
	c, ok := b.src.(io.Closer)
	b.src = nil
	if ok {
		return c.Close()
	}
	return nil
}
