// Package site is a whole site: httpd in front of a Dispatcher. A request goes through simulate/httpd; where it reaches the
// handler of the module, package simulate decides, and its answer goes back through httpd's filters. What either of them
// knows nothing of the other is put together here, and nothing is decided. Start from [New] and [Site.Decide].
package site

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/httpd"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// A Site answers requests from end to end, from many goroutines at once: the Dispatcher's engine keeps what lasts, and the site
// keeps nothing.
type Site struct {
	// Server is the httpd side, Files its disk, Getenv the environment that httpd is started in.
	Server *server.Server
	Files  httpd.FileSystem
	Getenv func(name string) (string, bool)
	// Dispatcher is the engine behind it, whose own directives are those of the command line.
	Dispatcher *simulate.Engine
	// Directives are given by the user, and win over those of the configuration.
	Directives []string
	// Open says that there is no .any side: the Dispatcher's engine stands for an open farm, of which nothing is told.
	Open bool
	// Now is the clock of Expires; nil is the system's.
	Now simulate.Clock
	// Follow is how many redirects are followed to hosts that the server answers for. With a Client none is.
	Follow int
	// Assume is the status that a render is taken to answer with where none is asked, so that httpd's headers of the answer
	// are known; 0 leaves both unknown. AssumeHeader is the headers of that answer; it may be set anew before each request.
	Assume       int
	AssumeHeader simulate.Header
	// Proxy answers what goes to other servers, past the Dispatcher; nil leaves them unasked.
	Proxy Proxy

	front  *httpd.Engine
	mu     sync.RWMutex
	byHost map[*server.Host]*simulate.Directives
}

// A Client takes an answer as it comes, while Site.Decide answers. It takes what the Dispatcher or another server sends; what
// httpd answers itself, a redirect or an error page, stands in the Passage afterwards.
type Client interface {
	// Answer takes the head, as httpd's filters leave it, and the body as the handler sends it, which is not nil and good
	// until it returns. An error ends the answer: what was to be cached is not.
	Answer(head *httpd.Result, d *simulate.Decision, body io.Reader) error
}

// A Proxy stands for other servers: it asks the one that q.Proxy names. It passes its answer to respond, which says whether
// the client takes the body, and returns what it passed.
type Proxy func(ctx context.Context, q *httpd.Handled, r *simulate.Request, respond func(httpd.Answer, io.Reader) error) (httpd.Answer, error)

// A Passage is what httpd did with a request.
type Passage struct {
	// Client takes the answer; nil lets it go. Quiet leaves out Steps and Log, which take more time than all the rest, and uses
	// the memory of the Passage again: what it and the headers of the Decision hold is good until the next request. Both are the
	// caller's to set, and stay when the Passage is used again.
	Client Client
	Quiet  bool
	room   *room

	Result httpd.Result
	// Steps are the rewrite rules that were tried, in their order; Log are the lines of mod_rewrite's log.
	Steps []rewrite.Step
	Log   []Line
	// Redirects are the requests that followed, where redirects are followed: the last of them is the answer.
	Redirects []Redirect
	// Loop says that a redirect led to a URL that was asked for before.
	Loop bool
	// Assumed are things that were assumed about the request.
	Assumed []string
}

// A room is memory for one request at a time.
type room struct {
	handler handler
	asked   httpd.Request
	fields  []httpd.Field
	inner   simulate.Request
	handed  simulate.Handed
	header  simulate.Header
	sink    sink
	answer  []httpd.Field
	sent    simulate.Header
}

// makeRoom returns the memory for the next request: that of the one before where the Passage is quiet.
func (p *Passage) makeRoom() *room {
	if !p.Quiet || p.room == nil {
		p.room = newRoom()
	}
	return p.room
}

func newRoom() *room { return new(room) }

// A Line is a line of mod_rewrite's log.
type Line struct {
	Level int
	Text  string
}

// A Redirect is a redirect that was followed.
type Redirect struct {
	From, To string
	Status   int
	By       server.Place

	// Host is the virtual host that answered with it; Steps are the rewrite rules that were tried, in their order.
	Host  *server.Host
	Steps []rewrite.Step
	// Farm, Filter and Invalidate are the farm, the filter rule and the entry of /invalidate that decided; nil where none did.
	Farm               *model.Farm
	Filter, Invalidate *model.Rule
	// Looked is how many entries the trace had in Looked when it was answered.
	Looked int
}

// Step implements rewrite.Recorder.
func (p *Passage) Step(s rewrite.Step) { p.Steps = append(p.Steps, s) }

// Log implements rewrite.Recorder.
func (p *Passage) log(level int, text string) { p.Log = append(p.Log, Line{level, text}) }

// recorder takes what rules do into a passage.
type recorder struct{ *Passage }

func (r recorder) Log(level int, text string) { r.log(level, text) }

// New makes a site ready.
func New(s *Site) *Site {
	s.byHost = map[*server.Host]*simulate.Directives{}
	s.front = httpd.New(s.Server, httpd.Options{
		Files: s.Files, Getenv: s.Getenv, Now: s.Now,
		Handlers: s.handlers(),
	})
	return s
}

// handlers are those of httpd that are not httpd's own. The handler of a request comes with it.
func (s *Site) handlers() map[string]httpd.Handler {
	m := map[string]httpd.Handler{server.DispatcherHandler: httpd.HandlerFunc(func(ctx context.Context, q *httpd.Handled) (httpd.Answer, error) {
		return q.Request.From.(*handler).Handle(ctx, q)
	})}
	if s.Proxy != nil {
		m["proxy-server"] = httpd.HandlerFunc(func(ctx context.Context, q *httpd.Handled) (httpd.Answer, error) {
			return q.Request.From.(*handler).proxy(ctx, q)
		})
	}
	return m
}

// Decide answers r. It fills d as simulate.Engine does, adds to t what the Dispatcher says, and fills p. A request that httpd
// answers itself ends with an outcome of its own. Redirects are followed as often as Follow says, as long as they lead to
// a host that the server names; the answer is that of the last.
func (s *Site) Decide(ctx context.Context, r *simulate.Request, d *simulate.Decision, t *simulate.Trace, p *Passage) error {
	p.Redirects, p.Loop, p.Assumed = nil, false, nil
	if err := s.once(ctx, r, d, t, p); err != nil {
		return err
	}
	if s.Follow == 0 || p.Client != nil {
		return nil
	}
	seen := map[string]bool{urlOf(r): true}
	for len(p.Redirects) < s.Follow {
		location, ok := d.Response.Header.Value("Location")
		next := s.Next(r, d.Response.Status, strings.Clone(location)) // whose memory is used again
		if !ok || next == nil {
			break
		}
		p.Redirects = append(p.Redirects, redirectOf(r, location, d, t, p))
		if seen[urlOf(next)] {
			p.Loop = true
			break
		}
		seen[urlOf(next)] = true
		r = next
		if err := s.once(ctx, r, d, t, p); err != nil {
			return err
		}
	}
	return nil
}

// redirectOf is the answer to r as a redirect that is about to be followed.
func redirectOf(r *simulate.Request, location string, d *simulate.Decision, t *simulate.Trace, p *Passage) Redirect {
	out := Redirect{
		From: urlOf(r), To: location, Status: d.Response.Status, By: p.Result.By, Host: p.Result.Host, Steps: p.Steps,
		Farm: d.Farm.Farm, Filter: d.Filter.Rule, Invalidate: d.Cache.Validity.Rule,
	}
	if t != nil {
		out.Looked = len(t.Looked)
	}
	return out
}

// urlOf is a request's URL, by which loops are found.
func urlOf(r *simulate.Request) string {
	scheme := "http://"
	if r.TLS {
		scheme = "https://"
	}
	return scheme + r.Host + r.Target
}

// names reports whether a virtual host has a host by its name, or by a pattern that is more than "*".
func (s *Site) names(host string) bool {
	host, _, _ = strings.Cut(host, ":")
	for _, h := range s.Server.Hosts {
		if h.Name.Set && strings.EqualFold(h.Name.Host, host) {
			return true
		}
		for _, a := range h.Names {
			if a.Pattern != "*" && server.MatchName(a.Pattern, host) {
				return true
			}
		}
	}
	return false
}

// once answers one request.
func (s *Site) once(ctx context.Context, r *simulate.Request, d *simulate.Decision, t *simulate.Trace, p *Passage) error {
	room := p.makeRoom()
	if !p.Quiet {
		defer func() { p.room = nil }() // a Passage that is kept holds no client
	}
	h := &room.handler
	*h = handler{site: s, request: r, decision: d, trace: t, client: p.Client, room: room}
	p.Steps, p.Log = nil, nil
	q := s.request(r, p)
	q.From = h
	var rec rewrite.Recorder
	if !p.Quiet {
		rec = recorder{p}
	}
	if err := s.front.Serve(ctx, q, &p.Result, rec); err != nil {
		return err
	}
	res := &p.Result
	if !h.asked {
		e := end(res)
		e.Host = r.Host
		d.EndInHTTPD(e)
		return nil
	}
	if s.Open {
		d.Farm, d.Filter, d.Cache = simulate.FarmChoice{}, simulate.FilterVerdict{}, simulate.CacheVerdict{}
	}
	if res.Status != 0 {
		if d.Response.Status != res.Status && res.ByHTTPD {
			d.Response.From = "httpd"
		}
		d.Response.Status = res.Status
		room.sent = appendFields(room.sent[:0], res.Header)
		d.Response.Header = room.sent
	}
	return nil
}

// end is how httpd ended a request.
func end(res *httpd.Result) *simulate.HTTPDEnd {
	e := &simulate.HTTPDEnd{
		Status: res.Status, Location: res.Location, Proxy: res.Proxy, Header: fields(res.Header), By: res.By.At,
		URI: res.URI, Query: res.Args, HasQuery: res.HasArgs,
	}
	if res.HandledBy != "proxy-server" {
		e.Proxy = ""
	}
	return e
}

func fields(list []httpd.Field) simulate.Header {
	if len(list) == 0 {
		return nil
	}
	return appendFields(make(simulate.Header, 0, len(list)), list)
}

func appendFields(h simulate.Header, list []httpd.Field) simulate.Header {
	for _, f := range list {
		h = append(h, simulate.Field{Name: f.Name, Value: f.Value})
	}
	return h
}

// request is the request as it comes to httpd: to the port that its host names, where the server has virtual hosts there. Where the server has nothing on the port of TLS, it ended before httpd, as it
// does in front of AEM as a Cloud Service: the request has X-Forwarded-Proto then.
func (s *Site) request(r *simulate.Request, p *Passage) *httpd.Request {
	q := &p.room.asked
	*q = httpd.Request{Method: r.Method, Target: r.Target, Proto: r.Proto, Host: r.Host, NoHost: r.Host == "", Client: r.Client, HasBody: r.Body != nil, Unknowns: r.Unknowns}
	q.Header = p.room.fields[:0]
	for _, f := range r.Header {
		q.Header = append(q.Header, httpd.Field{Name: f.Name, Value: f.Value})
	}
	p.room.fields = q.Header
	if !r.TLS {
		q.Port = s.namedPort(r.Host)
		return q
	}
	if s.Server.HasPort(443) {
		q.Port = 443
		return q
	}
	if !r.Header.Has("X-Forwarded-Proto") {
		q.Header = append(q.Header, httpd.Field{Name: "X-Forwarded-Proto", Value: "https"})
		p.Assumed = append(p.Assumed, "TLS ends in front of httpd: the request has X-Forwarded-Proto: https")
	}
	return q
}

// namedPort is the port that a client comes to who asks for a host with a port, where the server has virtual hosts there; 0 for any
// other, which is the usual one.
func (s *Site) namedPort(host string) int {
	_, text, ok := strings.Cut(host[strings.IndexByte(host, ']')+1:], ":")
	port, err := strconv.Atoi(text)
	if !ok || err != nil || port == 443 || !s.Server.HasPort(port) {
		return 0
	}
	return port
}

// A handler is the Dispatcher as httpd sees it, for one request.
type handler struct {
	site     *Site
	request  *simulate.Request
	decision *simulate.Decision
	trace    *simulate.Trace
	client   Client
	room     *room
	asked    bool
}

// Handle implements httpd.Handler. The first time it decides the request; later ones are for error documents.
func (h *handler) Handle(ctx context.Context, q *httpd.Handled) (httpd.Answer, error) {
	room := h.room
	if h.asked { // what the first answer is made of may still be looked at
		room = newRoom()
	}
	inner := &room.inner
	*inner = *h.request
	dir, err := h.site.directives(q)
	if err != nil {
		return httpd.Answer{}, err
	}
	inner.Method, inner.Client = q.Method, q.Client
	inner.Host = ""
	inner.Header = room.header[:0]
	for _, f := range q.Header {
		if strings.EqualFold(f.Name, "Host") {
			inner.Host = f.Value
			continue
		}
		inner.Header = append(inner.Header, simulate.Field{Name: f.Name, Value: f.Value})
	}
	room.header = inner.Header
	room.handed = simulate.Handed{URI: q.URI, Query: q.Args, HasQuery: q.HasArgs, Directives: *dir}
	inner.HTTPD = &room.handed
	d, t := h.decision, h.trace
	if h.asked {
		d, inner.Sink, inner.Body = new(simulate.Decision), nil, nil
	}
	h.asked = true
	s := &room.sink
	*s = sink{handler: h, handled: q, decision: d, directives: dir, fields: room.answer}
	if h.client != nil {
		inner.Sink = s
	}
	if err := h.site.Dispatcher.Decide(ctx, inner, d, t); err != nil {
		return httpd.Answer{}, err
	}
	if s.answered { // httpd has had it
		return httpd.Answer{Status: d.Response.Status, Bytes: d.Response.Length, By: d.By}, nil
	}
	a := h.site.answer(d, dir, room.answer[:0])
	room.answer = a.Header
	return a, nil
}

// answer is a decision as httpd sees it. Its headers are put behind fields.
func (s *Site) answer(d *simulate.Decision, dir *simulate.Directives, fields []httpd.Field) httpd.Answer {
	a := httpd.Answer{
		Status: d.Response.Status, Bytes: d.Response.Length, ToHTTPD: d.Response.ByHTTPD, Declined: d.Outcome == simulate.Declined, By: d.By,
		NoExpires: s.Dispatcher.DropsExpires(d, dir),
	}
	a.Header = fields
	if a.Status == 0 && s.Assume != 0 {
		a.Status = s.Assume
		for _, f := range s.AssumeHeader {
			a.Header = append(a.Header, httpd.Field{Name: f.Name, Value: f.Value})
		}
	}
	for _, f := range d.Response.Header {
		if strings.EqualFold(f.Name, "Content-Type") {
			a.ContentType = f.Value
			continue
		}
		a.Header = append(a.Header, httpd.Field{Name: f.Name, Value: f.Value})
	}
	return a
}

// A sink takes what the Dispatcher sends, and has httpd make the head before the first byte of the body goes to the client.
type sink struct {
	handler    *handler
	handled    *httpd.Handled
	decision   *simulate.Decision
	directives *simulate.Directives
	fields     []httpd.Field // memory
	answered   bool
}

// Answer implements simulate.Sink.
func (s *sink) Answer(_ int, _ simulate.Header, body io.Reader) error {
	a := s.handler.site.answer(s.decision, s.directives, s.fields[:0])
	s.handler.room.answer = a.Header
	var m *measured
	if s.decision.Response.From != "cache" && s.handled.Method != "HEAD" {
		m = &measured{Reader: body}
		a.Bytes, a.Measure = announced(s.decision.Response.Header), m.measure
	}
	head, ok := s.handled.Respond(&a)
	s.answered = head != nil
	if !ok {
		return nil
	}
	if m != nil && m.start != nil {
		body = m
	}
	return s.handler.client.Answer(head, s.decision, body)
}

// announced is the length that a header says; -1 where it says none.
func announced(h simulate.Header) int64 {
	if v, ok := h.Value("Content-Length"); ok {
		if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil && n >= 0 {
			return n
		}
	}
	return -1
}

// A measured body is read ahead as far as it takes to tell whether it is short.
type measured struct {
	io.Reader
	start []byte
	err   error
}

// measure implements httpd.Answer.Measure.
func (m *measured) measure() int64 {
	m.start = make([]byte, httpd.DeflateLeast)
	n, err := io.ReadFull(m.Reader, m.start)
	m.start = m.start[:n]
	switch err {
	case nil:
		return -1
	case io.ErrUnexpectedEOF, io.EOF: // the body's own end; one that broke off says so when it is read on
		m.err = nil
		return int64(n)
	}
	m.err = err
	return -1
}

func (m *measured) Read(p []byte) (int, error) {
	if len(m.start) > 0 {
		n := copy(p, m.start)
		m.start = m.start[n:]
		return n, nil
	}
	if m.err != nil {
		return 0, m.err
	}
	return m.Reader.Read(p)
}

// proxy asks another server.
func (h *handler) proxy(ctx context.Context, q *httpd.Handled) (httpd.Answer, error) {
	return h.site.Proxy(ctx, q, h.request, func(a httpd.Answer, body io.Reader) error {
		if h.client == nil {
			return nil
		}
		head, ok := q.Respond(&a)
		if !ok {
			return nil
		}
		return h.client.Answer(head, nil, body)
	})
}

// directives are those of the module for a request: those of the configuration, and over them those of the user.
func (s *Site) directives(q *httpd.Handled) (*simulate.Directives, error) {
	s.mu.RLock()
	dir := s.byHost[q.Host]
	s.mu.RUnlock()
	if dir != nil && len(q.Dispatcher) == len(q.Host.Dispatcher) {
		return dir, nil
	}
	dir = new(simulate.Directives)
	for i := range q.Dispatcher {
		// What cannot be read is a finding of the configuration; the module keeps its default.
		_ = simulate.ParseDirective(dir, q.Dispatcher[i].Name+" "+q.Dispatcher[i].Args)
	}
	for _, line := range s.Directives {
		if err := simulate.ParseDirective(dir, line); err != nil {
			return nil, fmt.Errorf("directive %s: %w", line, err)
		}
	}
	if len(q.Dispatcher) == len(q.Host.Dispatcher) {
		s.mu.Lock()
		s.byHost[q.Host] = dir
		s.mu.Unlock()
	}
	return dir, nil
}

// OpenFarm is a configuration that lets everything through and stores nothing: it stands for a Dispatcher of which nothing
// is known.
func OpenFarm() *model.Config {
	return &model.Config{Farms: []*model.Farm{{
		Name: "open",
		Renders: []*model.Render{{
			Name: "0", Hostname: model.Setting[string]{Value: "localhost"}, Port: model.Setting[int]{Value: 4503}, ReceiveTimeout: model.Setting[int]{Value: 600_000},
		}},
	}}}
}
