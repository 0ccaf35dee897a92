package serve

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/httpd"
)

// An exchange is a request that is being answered.
type exchange struct {
	server *Server
	g      *generation
	out    output

	request  simulate.Request
	host     string // as the client asks for it
	decision *simulate.Decision
	passage  site.Passage
	trace    *simulate.Trace // nil where nobody wants one

	mapped bool // the host was asked for below localhost
	page   bool // the request comes from the page
	start  time.Time
	at     time.Time // by the engine's clock

	status  int
	fields  fields // of the answer
	sent    int64
	cut     bool // less was sent than there is
	headed  bool // the head is written
	body    patient
	kept    []byte // the start of the body, where somebody may ask
	keeping bool
	id      int64
	number  int // of the configuration that answered
}

// exchanges keeps the memory of those whose path nobody keeps.
var exchanges = sync.Pool{New: func() any { return new(exchange) }}

func newExchange(s *Server, out output) *exchange {
	x := exchanges.Get().(*exchange)
	d, p, f := x.decision, x.passage, x.fields
	*x = exchange{server: s, out: out, decision: d, passage: p, fields: f[:0]}
	if x.decision == nil {
		x.decision = new(simulate.Decision)
	}
	return x
}

// run answers the request, and reports whether the client gets less than what the answer promised: it must see that.
func (x *exchange) run(ctx context.Context) (broken bool) {
	s := x.server
	x.start, x.at = time.Now(), s.clock.Now()
	x.g = s.use()
	defer x.g.leave()
	x.number = x.g.number
	x.host = x.request.Host
	x.request.Host, x.mapped = siteHost(x.host)
	if x.request.Body != nil {
		x.body.from = x.request.Body
		x.request.Body = &x.body
	}
	if x.keeping = x.page || s.record.wanted(); x.keeping {
		x.trace = &simulate.Trace{Explain: true}
		x.decision, x.passage = new(simulate.Decision), site.Passage{}
	} else if s.traced() {
		x.trace = &simulate.Trace{Explain: s.o.Each != nil}
	}
	x.passage.Client, x.passage.Quiet = x, x.trace == nil
	var err error
	if x.request.Length > s.o.BodyBytes {
		x.plain(http.StatusRequestEntityTooLarge, "")
	} else {
		err = x.decide(ctx)
	}
	switch {
	case x.headed || err != nil:
	case x.body.large:
		x.plain(http.StatusRequestEntityTooLarge, "")
	default:
		err = x.byHTTPD()
	}
	if err != nil && !x.headed {
		x.failed(ctx, err)
	}
	x.finish()
	broken = x.cut && x.headed && ctx.Err() == nil
	if !x.keeping {
		*x = exchange{decision: x.decision, passage: x.passage, fields: x.fields}
		x.passage.Client = nil
		exchanges.Put(x)
	}
	return broken
}

// decide asks the configuration.
func (x *exchange) decide(ctx context.Context) error {
	if x.g.site != nil {
		return x.g.site.Decide(ctx, &x.request, x.decision, x.trace, &x.passage)
	}
	x.request.Sink = bare{x}
	return x.g.engine.Decide(ctx, &x.request, x.decision, x.trace)
}

// bare takes answers where there is no httpd side.
type bare struct{ x *exchange }

// Answer implements simulate.Sink.
func (b bare) Answer(status int, h simulate.Header, body io.Reader) error {
	head := httpd.Result{Status: status}
	for _, f := range h {
		head.Header = append(head.Header, httpd.Field{Name: f.Name, Value: f.Value})
	}
	return b.x.Answer(&head, b.x.decision, body)
}

// Answer implements site.Client.
func (x *exchange) Answer(head *httpd.Result, d *simulate.Decision, body io.Reader) error {
	status := head.Status
	if x.body.large { // which is why the render has not got it
		x.plain(http.StatusRequestEntityTooLarge, "")
		return nil
	}
	if d != nil && d.Response.From == "dispatcher" {
		if page := dispatcherPage(d, status); page != "" {
			return x.sendText(head, page)
		}
	}
	x.setHeader(head.Header)
	if x.request.Method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified || status < 200 {
		x.writeHead(status)
		return nil
	}
	if head.Deflated {
		return x.compress(status, body)
	}
	fromFile := d != nil && d.Response.From == "cache" && status == http.StatusOK
	if fromFile {
		x.fields.set("Accept-Ranges", "bytes")
		if ranges, ok := x.request.Header.Value("Range"); ok {
			if done, err := x.sendRanges(ranges, d.Response.Length, body); done {
				return err
			}
		}
	}
	length := x.length()
	if length >= 0 && (length <= shortAnswer || fromFile && length <= smallBody) {
		return x.sendSmall(status, length, body, fromFile)
	}
	x.writeHead(status)
	if length < 0 { // the first of it may be long in coming
		_ = x.out.Flush()
	}
	return x.copy(x.out, body, length)
}

// length is how long the body is to be; -1 where no header says it.
func (x *exchange) length() int64 {
	if v := x.fields.value("Content-Length"); v != "" {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	}
	return -1
}

// setHeader takes the headers of the answer. What frames the connection is that of the render, and not ours.
func (x *exchange) setHeader(list []httpd.Field) {
	x.fields = x.fields[:0]
	for _, f := range list {
		switch len(f.Name) {
		case len("Connection"), len("Transfer-Encoding"), len("Trailer"):
			if strings.EqualFold(f.Name, "Connection") || strings.EqualFold(f.Name, "Keep-Alive") || strings.EqualFold(f.Name, "Transfer-Encoding") ||
				strings.EqualFold(f.Name, "Trailer") {
				continue
			}
		case len("Location"):
			if x.mapped && strings.EqualFold(f.Name, "Location") {
				f.Value = x.here(f.Value)
			}
		}
		x.fields = append(x.fields, f)
	}
}

// here is where a redirect leads on this server, where it leads to a host of the site by the scheme that the server speaks.
func (x *exchange) here(location string) string {
	scheme := x.server.scheme + "://"
	rest, ok := strings.CutPrefix(location, scheme)
	if !ok {
		return location
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host := rest[:end]
	asked, _ := siteHost(x.host)
	if !strings.EqualFold(host, asked) {
		known := false
		for _, name := range x.g.hits.names {
			known = known || strings.EqualFold(name, host)
		}
		if !known {
			return location
		}
	}
	_, port, _ := strings.Cut(x.host[strings.LastIndexByte(x.host, '.')+1:], ":")
	if port == "" {
		return scheme + host + localSuffix + rest[end:]
	}
	return scheme + host + localSuffix + ":" + port + rest[end:]
}

// headAs notes with which status the answer begins.
func (x *exchange) headAs(status int) int {
	if status < 200 || status > 999 {
		status = http.StatusBadGateway
	}
	x.status, x.headed = status, true
	return status
}

func (x *exchange) writeHead(status int) { x.out.Head(x.headAs(status), x.fields) }

// smallBody is how long a file may be to be sent in one piece with its head, shortAnswer how long the body of a render, which may
// be slow in coming.
const smallBody, shortAnswer = 48 << 10, 16 << 10

var (
	smallBodies  = sync.Pool{New: func() any { b := make([]byte, smallBody); return &b }}
	shortAnswers = sync.Pool{New: func() any { b := make([]byte, shortAnswer); return &b }}
)

// sendSmall sends a body of some kilobytes in one piece with its head.
func (x *exchange) sendSmall(status int, length int64, body io.Reader, fromFile bool) error {
	pool := &smallBodies
	if length <= shortAnswer {
		pool = &shortAnswers
	}
	buf := pool.Get().(*[]byte)
	defer pool.Put(buf)
	b := (*buf)[:length]
	n, err := io.ReadFull(body, b)
	if err == nil && !fromFile {
		var more [1]byte
		if k, e := body.Read(more[:]); k > 0 || e != nil && e != io.EOF { // the body's end is seen, so that what reads along is whole
			err = e
			if k > 0 {
				err = errLonger
			}
		}
	}
	m, werr := x.out.Whole(x.headAs(status), x.fields, b[:n])
	x.take(b[:m])
	switch {
	case werr != nil:
		x.cut = true
		return werr
	case int64(n) < length:
		x.cut = true
	case err == errLonger:
		return nil
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil // the engine knows by itself that the render broke off
	}
	return err
}

var errLonger = errors.New("the body is longer than its Content-Length")

// take notes what was sent.
func (x *exchange) take(b []byte) {
	x.sent += int64(len(b))
	if x.keeping && len(x.kept) < maxKept {
		x.kept = append(x.kept, b[:min(len(b), maxKept-len(x.kept))]...)
	}
}

// maxKept is how much of a body is kept for the page.
const maxKept = 4 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// copy sends a body as it comes. length is -1 where it is not known.
func (x *exchange) copy(w io.Writer, body io.Reader, length int64) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	flushes := length < 0
	var total int64
	for {
		n, err := body.Read(*buf)
		if n > 0 {
			b := (*buf)[:n]
			if length >= 0 && total+int64(n) > length {
				b = b[:length-total]
			}
			if len(b) > 0 {
				k, werr := w.Write(b)
				x.take(b[:k])
				if werr != nil {
					x.cut = true
					return werr
				}
			}
			total += int64(n)
			if flushes && n < len(*buf) {
				if z, ok := w.(*gzip.Writer); ok {
					_ = z.Flush()
				}
				if err := x.out.Flush(); err != nil {
					x.cut = true
					return err
				}
			}
		}
		switch {
		case err == io.EOF:
			if length >= 0 && total < length {
				x.cut = true
			}
			return nil
		case err != nil:
			x.cut = true
			return err
		}
	}
}

var zippers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// compress sends a body as mod_deflate does: its length is not known beforehand, and its ETag is another's.
func (x *exchange) compress(status int, body io.Reader) error {
	x.fields.remove("Content-Length")
	x.fields.remove("Content-MD5")
	x.fields.remove("Accept-Ranges")
	if v := x.fields.value("ETag"); strings.HasSuffix(v, `"`) {
		x.fields.set("ETag", v[:len(v)-1]+`-gzip"`)
	}
	x.writeHead(status)
	z := zippers.Get().(*gzip.Writer)
	defer func() { z.Reset(io.Discard); zippers.Put(z) }()
	z.Reset(x.out)
	if err := x.copy(z, body, -1); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		x.cut = true
		return err
	}
	return nil
}

// patient is a body whose client may take as long as a limit for each piece of it.
type patient struct {
	from    io.Reader
	control *http.ResponseController // nil where it comes from no connection
	wait    time.Duration
	large   bool // it is larger than it may be
}

func (p *patient) Read(b []byte) (int, error) {
	if p.control == nil {
		return p.from.Read(b)
	}
	_ = p.control.SetReadDeadline(time.Now().Add(p.wait)) // tests ask without a connection
	n, err := p.from.Read(b)
	if err != nil {
		var large *http.MaxBytesError
		p.large = p.large || errors.As(err, &large)
		_ = p.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// failed answers where the decision could not be made.
func (x *exchange) failed(ctx context.Context, err error) {
	switch {
	case x.body.large:
		x.plain(http.StatusRequestEntityTooLarge, "")
	case ctx.Err() != nil:
		x.cut = true // nobody is there to be answered
	default:
		x.plain(http.StatusInternalServerError, "dispcheck: "+err.Error())
	}
}
