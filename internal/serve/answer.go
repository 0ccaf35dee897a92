package serve

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"slices"
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
	w      http.ResponseWriter
	r      *http.Request
	wire   *wire // nil where the connection is none of ours, or is TLS

	request  simulate.Request
	decision *simulate.Decision
	passage  site.Passage
	trace    *simulate.Trace // nil where nobody wants one

	mapped bool // the host was asked for below localhost
	page   bool // the request comes from the page
	start  time.Time
	at     time.Time // by the engine's clock

	status  int
	sent    int64
	cut     bool // less was sent than there is
	headed  bool // the head is written
	body    patient
	kept    []byte // the start of the body, where somebody may ask
	keeping bool
	head    [][2]string // the headers as they are sent, where somebody may ask
	id      int64
	number  int // of the configuration that answered
}

// exchanges keeps the memory of those whose path nobody keeps.
var exchanges = sync.Pool{New: func() any { return new(exchange) }}

func newExchange(s *Server, w http.ResponseWriter, r *http.Request) *exchange {
	x := exchanges.Get().(*exchange)
	d, p := x.decision, x.passage
	*x = exchange{server: s, w: w, r: r, decision: d, passage: p}
	if x.decision == nil {
		x.decision = new(simulate.Decision)
	}
	x.wire, _ = r.Context().Value(wireKey{}).(*wire)
	return x
}

// run answers the request.
func (x *exchange) run() {
	s := x.server
	x.start, x.at = time.Now(), s.clock.Now()
	x.g = s.use()
	defer x.g.leave()
	x.number = x.g.number
	header := x.request.Header
	x.request, x.mapped = incoming(x.r, s.o.BodyBytes, x.w)
	if x.page { // whose order nothing has changed
		x.request.Header = header
	}
	if x.request.Body != nil {
		x.body = patient{from: x.request.Body, control: http.NewResponseController(x.w), wait: s.o.ReadTimeout}
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
	if x.r.ContentLength > s.o.BodyBytes {
		x.plain(http.StatusRequestEntityTooLarge, "")
	} else {
		err = x.decide(x.r.Context())
	}
	switch {
	case x.headed || err != nil:
	case x.body.large:
		x.plain(http.StatusRequestEntityTooLarge, "")
	default:
		err = x.byHTTPD()
	}
	if err != nil && !x.headed {
		x.failed(err)
	}
	x.finish()
	abort := x.cut && x.headed && x.r.Context().Err() == nil
	if !x.keeping {
		x.g = nil
		x.w, x.r, x.wire, x.request, x.trace = nil, nil, nil, simulate.Request{}, nil
		x.passage.Client = nil
		defer exchanges.Put(x)
	}
	if abort {
		panic(http.ErrAbortHandler) // the client must see that the answer is not whole
	}
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
	h := x.w.Header()
	x.setHeader(h, head.Header)
	empty := x.r.Method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified || status < 200
	if empty {
		x.writeHead(status)
		return nil
	}
	if head.Deflated {
		return x.compress(h, status, body)
	}
	fromFile := d != nil && d.Response.From == "cache" && status == http.StatusOK
	if fromFile {
		h["Accept-Ranges"] = bytesOnly
		if ranges := x.r.Header["Range"]; ranges != nil {
			if done, err := x.sendRanges(h, ranges[0], d.Response.Length, body); done {
				return err
			}
		}
	}
	length := int64(-1)
	if v := h["Content-Length"]; len(v) == 1 {
		if n, err := strconv.ParseInt(v[0], 10, 64); err == nil {
			length = n
		}
	}
	if length >= 0 && (length <= shortAnswer || fromFile && length <= smallBody) {
		return x.sendSmall(status, length, body, fromFile)
	}
	x.writeHead(status)
	if length < 0 { // the first of it may be long in coming
		flush(nil, x.w)
	}
	return x.copy(x.w, body, length)
}

// etag is as httpd spells it: http.Header would make Etag of it.
var etag = "ETag"

var bytesOnly = []string{"bytes"}

// setHeader puts headers into those of the answer. What frames the connection is net/http's affair.
func (x *exchange) setHeader(h http.Header, list []httpd.Field) {
	values := make([]string, len(list))
	typed := false
	for i, f := range list {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		switch name {
		case "Etag": // as httpd spells it
			name = etag
		case "Connection", "Transfer-Encoding", "Keep-Alive", "Trailer":
			continue
		case "Content-Type":
			typed = true
		case "Location":
			if x.mapped {
				f.Value = x.here(f.Value)
			}
		}
		if old := h[name]; old != nil {
			h[name] = append(old, f.Value)
			continue
		}
		values[i] = f.Value
		h[name] = values[i : i+1 : i+1]
	}
	if !typed {
		h["Content-Type"] = nil // or net/http would guess one
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
	asked, _ := siteHost(x.r.Host)
	if !strings.EqualFold(host, asked) {
		known := false
		for _, name := range x.g.hits.names {
			known = known || strings.EqualFold(name, host)
		}
		if !known {
			return location
		}
	}
	_, port, _ := strings.Cut(x.r.Host[strings.LastIndexByte(x.r.Host, '.')+1:], ":")
	if port == "" {
		return scheme + host + localSuffix + rest[end:]
	}
	return scheme + host + localSuffix + ":" + port + rest[end:]
}

func (x *exchange) writeHead(status int) {
	if status < 200 || status > 999 {
		status = http.StatusBadGateway
	}
	x.status, x.headed = status, true
	if x.keeping {
		x.head = fieldsOf(x.w.Header())
	}
	x.w.WriteHeader(status)
}

// fieldsOf lists headers in order of name.
func fieldsOf(h http.Header) [][2]string {
	out := make([][2]string, 0, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			out = append(out, [2]string{name, value})
		}
	}
	return out
}

// smallBody is how long a file may be to be sent in one piece with its head, shortAnswer how long the body of a render, which may
// be slow in coming.
const smallBody, shortAnswer = 48 << 10, 16 << 10

var smallBodies = sync.Pool{New: func() any { b := make([]byte, smallBody); return &b }}

// sendSmall sends a body of some kilobytes in one piece with its head.
func (x *exchange) sendSmall(status int, length int64, body io.Reader, fromFile bool) error {
	buf := smallBodies.Get().(*[]byte)
	defer smallBodies.Put(buf)
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
	if x.wire != nil {
		x.wire.hold()
	}
	x.writeHead(status)
	m, werr := x.w.Write(b[:n])
	x.take(b[:m])
	if x.wire != nil {
		if f, ok := x.w.(http.Flusher); ok {
			f.Flush()
		}
		if e := x.wire.release(); werr == nil {
			werr = e
		}
	}
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

// copy sends a body as it comes. Each piece may take as long as Limits.WriteTimeout. length is -1 where it is not known.
func (x *exchange) copy(w io.Writer, body io.Reader, length int64) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	control := http.NewResponseController(x.w)
	flushes := length < 0
	var total int64
	for {
		n, err := body.Read(*buf)
		if n > 0 {
			b := (*buf)[:n]
			if length >= 0 && total+int64(n) > length {
				b = b[:length-total]
			}
			_ = control.SetWriteDeadline(time.Now().Add(x.server.o.WriteTimeout)) // tests answer into memory
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
				flush(w, x.w)
			}
		}
		switch {
		case err == io.EOF:
			if length >= 0 && total < length {
				x.cut = true
			}
			_ = control.SetWriteDeadline(time.Time{})
			return nil
		case err != nil:
			x.cut = true
			return err
		}
	}
}

func flush(w io.Writer, under http.ResponseWriter) {
	if z, ok := w.(*gzip.Writer); ok {
		_ = z.Flush()
	}
	if f, ok := under.(http.Flusher); ok {
		f.Flush()
	}
}

var zippers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// compress sends a body as mod_deflate does: its length is not known beforehand, and its ETag is another's.
func (x *exchange) compress(h http.Header, status int, body io.Reader) error {
	delete(h, "Content-Length")
	delete(h, "Content-Md5")
	delete(h, "Accept-Ranges")
	if v := h[etag]; len(v) == 1 && strings.HasSuffix(v[0], `"`) {
		h[etag] = []string{v[0][:len(v[0])-1] + `-gzip"`}
	}
	x.writeHead(status)
	z := zippers.Get().(*gzip.Writer)
	defer func() { z.Reset(io.Discard); zippers.Put(z) }()
	z.Reset(x.w)
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
	control *http.ResponseController
	wait    time.Duration
	large   bool // it is larger than it may be
}

func (p *patient) Read(b []byte) (int, error) {
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
func (x *exchange) failed(err error) {
	switch {
	case x.body.large:
		x.plain(http.StatusRequestEntityTooLarge, "")
	case x.r.Context().Err() != nil:
		x.cut = true // nobody is there to be answered
	default:
		x.plain(http.StatusInternalServerError, "dispcheck: "+err.Error())
	}
}
