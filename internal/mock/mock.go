package mock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/simulate"
)

// AllRenders is the label that stands for every render: "*".
const AllRenders = "*"

// Options say how a [Mock] behaves.
type Options struct {
	// Sleep waits; nil is [simulate.RealSleep]. [Mock.SetSleep] sets it later.
	Sleep simulate.Sleeper
	// Record keeps what is asked, for [Mock.Calls]. What is kept grows with each request.
	Record bool
	// Shown is how the file is named in messages; "" is its name in the file system.
	Shown string
}

// A Mock answers for renders. Make one with [Load] or [Respond]. It is safe for many goroutines.
type Mock struct {
	renders  map[string]*render
	fallback *response
	sleep    simulate.Sleeper
	files    folder.Folder
	labels   []*yamltext.Node // as they are written, without *

	mu     sync.RWMutex
	down   map[string]bool // set at run time
	all    *bool           // set for all at run time
	record bool
	calls  []Call
}

var _ simulate.Backend = (*Mock)(nil)

// A render is what the file says of one.
type render struct {
	down    bool
	entries []*entry
}

// An entry is a condition and what is answered where it holds.
type entry struct {
	when    condition
	answers []*response // one or more
	cycle   bool
	asked   atomic.Uint64
}

// next returns the answer that is due.
func (e *entry) next() *response {
	last := uint64(len(e.answers) - 1)
	if last == 0 {
		return e.answers[0]
	}
	n := e.asked.Add(1) - 1
	if e.cycle {
		return e.answers[n%(last+1)]
	}
	return e.answers[min(n, last)]
}

// A condition says which requests an entry answers. What is nil does not matter.
type condition struct {
	methods     []string
	path, query *match.Pattern
	headers     []headerGlob
	purposes    []simulate.Purpose
}

type headerGlob struct {
	name string
	glob *match.Pattern
}

func (c *condition) holds(q *simulate.RenderRequest) bool {
	if c.methods != nil && !slices.Contains(c.methods, q.Method) {
		return false
	}
	if c.purposes != nil && !slices.Contains(c.purposes, q.Purpose) {
		return false
	}
	path, query, _ := strings.Cut(q.Target, "?")
	if c.path != nil && !c.path.Match(path) && !c.path.Match(decoded(path)) {
		return false
	}
	if c.query != nil && !c.query.Match(query) {
		return false
	}
	for i := range c.headers {
		h := &c.headers[i]
		if !slices.ContainsFunc(q.Header, func(f simulate.Field) bool {
			return strings.EqualFold(f.Name, h.name) && h.glob.Match(f.Value)
		}) {
			return false
		}
	}
	return true
}

// decoded undoes the %XX of a path; what is none stays.
func decoded(path string) string {
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			hi, lo := hexDigit(path[i+1]), hexDigit(path[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func hexDigit(c byte) int { return strings.IndexByte("0123456789abcdef", lower(c)) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// Respond returns a Mock that gives one answer to everything: a status from 100 to 599 and a short body of a type, text/html
// for "".
func Respond(status int, contentType string) *Mock {
	if contentType == "" {
		contentType = "text/html"
	}
	return &Mock{fallback: plain(status, contentType)}
}

// plain is an answer with a short body that says its status.
func plain(status int, contentType string) *response {
	r := newResponse(status)
	if !hasBody(status) {
		return r
	}
	r.header = simulate.Header{{Name: "Content-Type", Value: contentType}}
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind = strings.ToLower(strings.TrimSpace(kind)); {
	case kind == "text/html":
		r.text = fmt.Appendf(nil, "<html><body>%d</body></html>\n", status)
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		r.text = fmt.Appendf(nil, "{\"status\":%d}\n", status)
	default:
		r.text = fmt.Appendf(nil, "%d\n", status)
	}
	return r
}

// SetSleep sets what waits; nil is [simulate.RealSleep]. Call it before the first request.
func (m *Mock) SetSleep(s simulate.Sleeper) { m.sleep = s }

// Check says which labels of the file are none of the configuration's renders. The error is [form.Errors].
func (m *Mock) Check(labels []string) error {
	var r form.Reader
	for _, n := range m.labels {
		CheckLabel(&r, n, labels)
	}
	return r.Err()
}

// CheckLabel adds a mistake where a node names no render of a configuration. "*" is every render.
func CheckLabel(r *form.Reader, n *yamltext.Node, labels []string) {
	label := bare(n.Text)
	if label == AllRenders {
		return
	}
	known := make([]string, 0, len(labels))
	for _, l := range labels {
		if l = bare(l); !slices.Contains(known, l) {
			known = append(known, l)
		}
	}
	if !slices.Contains(known, label) {
		hint := form.DidYouMean(label, known)
		if len(known) == 0 {
			hint = "it has no renders"
		}
		r.Failf(n, hint, "the configuration has no render %s", label)
	}
}

// bare is a label without its slash: /renders has /rend01, the log and people rend01.
func bare(label string) string { return strings.TrimPrefix(label, "/") }

// Down makes a render refuse connections, until [Mock.Up]. "*" is all of them.
func (m *Mock) Down(label string) { m.set(label, true) }

// Up makes a render answer again, even one that the file says is down. "*" is all of them.
func (m *Mock) Up(label string) { m.set(label, false) }

func (m *Mock) set(label string, down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if label = bare(label); label == AllRenders {
		m.all, m.down = &down, nil
		return
	}
	if m.down == nil {
		m.down = map[string]bool{}
	}
	m.down[label] = down
}

// isDown reports whether a render refuses connections: what was said at run time, or else in the file.
func (m *Mock) isDown(label string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if down, ok := m.down[label]; ok {
		return down
	}
	if m.all != nil {
		return *m.all
	}
	r := m.of(label)
	return r != nil && r.down
}

// of returns what the file says of a render, nil for nothing.
func (m *Mock) of(label string) *render {
	if r := m.renders[label]; r != nil {
		return r
	}
	return m.renders[AllRenders]
}

// choose returns the answer to a request.
func (m *Mock) choose(label string, q *simulate.RenderRequest) *response {
	if r := m.of(label); r != nil {
		for _, e := range r.entries {
			if e.when.holds(q) {
				return e.next()
			}
		}
	}
	return m.fallback
}

// RoundTrip answers a request.
func (m *Mock) RoundTrip(ctx context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
	a, body, err := m.roundTrip(ctx, q)
	if m.record {
		c := Call{
			Render: bare(q.Render.Name), Purpose: q.Purpose, Method: q.Method, Target: q.Target,
			Header: slices.Clone(q.Header), Body: body, Err: err,
		}
		if a != nil {
			c.Status = a.Status
		}
		m.mu.Lock()
		m.calls = append(m.calls, c)
		m.mu.Unlock()
	}
	return a, err
}

func (m *Mock) roundTrip(ctx context.Context, q *simulate.RenderRequest) (*simulate.Answer, []byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	label := bare(q.Render.Name)
	if m.isDown(label) {
		return nil, nil, refuse(q.Render, "Connection refused")
	}
	r := m.choose(label, q)
	w := newWaiting(ctx, m.sleep, q.Render)
	if err := r.connect(w, q); err != nil {
		return nil, nil, err
	}
	sent, err := m.take(ctx, q, r)
	if err != nil {
		return nil, sent, err
	}
	a, err := r.answer(w, q, m.files)
	return a, sent, err
}

// take reads what is sent along, as a render does before it answers. One that is asked first (Expect: 100-continue) and
// answers with an error leaves it unread, so that it can be sent to another.
func (m *Mock) take(ctx context.Context, q *simulate.RenderRequest, r *response) ([]byte, error) {
	if q.Body == nil {
		return nil, nil
	}
	if expect, _ := q.Header.Value("Expect"); strings.EqualFold(expect, "100-continue") && r.status >= 400 && r.fail == answers {
		return nil, nil
	}
	var kept keeper
	if m.record {
		kept.most = maxKept
	}
	_, err := io.Copy(&kept, &contextReader{ctx, q.Body})
	if err != nil {
		err = fmt.Errorf("reading the body that is sent along: %w", err)
	}
	return kept.kept, err
}

// maxKept is how much of a request's body a Call keeps.
const maxKept = 64 << 10

// A keeper keeps the start of what is written to it.
type keeper struct {
	kept []byte
	most int
}

// Write takes all of p.
func (k *keeper) Write(p []byte) (int, error) {
	k.kept = append(k.kept, p[:min(len(p), k.most-len(k.kept))]...)
	return len(p), nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read reads until the context ends.
func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// A Call is a request that a Mock has seen.
type Call struct {
	// Render is the label, without a slash.
	Render         string
	Purpose        simulate.Purpose
	Method, Target string
	Header         simulate.Header
	// Body is the start of what was sent along, 64 KiB at most.
	Body []byte
	// Status is the answer's, 0 where none came; Err says why.
	Status int
	Err    error
}

// Calls returns what was asked, in its order, where Options.Record is set.
func (m *Mock) Calls() []Call {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.calls)
}

// waiting is the time that one request may still take.
type waiting struct {
	ctx              context.Context
	sleep            simulate.Sleeper
	connect, receive time.Duration // 0 is without an end
	used             time.Duration // of receive
}

func newWaiting(ctx context.Context, sleep simulate.Sleeper, r renderTimes) *waiting {
	if sleep == nil {
		sleep = simulate.RealSleep
	}
	ms := func(n int) time.Duration { return time.Duration(min(max(n, 0), maxMilliseconds)) * time.Millisecond }
	return &waiting{ctx: ctx, sleep: sleep, connect: ms(r.Timeout.Value), receive: ms(r.ReceiveTimeout.Value)}
}

// maxMilliseconds is what a timeout is cut to, so that none overflows: 24 days.
const maxMilliseconds = 1<<31 - 1

// pass lets time pass that counts as /receiveTimeout. Where that ends first, the error is ErrReceiveTimeout.
func (w *waiting) pass(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	late := w.receive > 0 && d > w.receive-w.used
	if late {
		d = w.receive - w.used
	}
	w.used += d
	if d > 0 {
		if err := w.sleep(w.ctx, d); err != nil {
			return err
		}
	}
	if late {
		return simulate.ErrReceiveTimeout
	}
	return nil
}

// patience is how long a render that never answers is waited for where /receiveTimeout is 0.
const patience = 24 * time.Hour

// errPatience says that a wait without an end was ended.
var errPatience = errors.New("the render did not answer for 24 hours, and /receiveTimeout is 0: the wait ends here")

// stall never answers.
func (w *waiting) stall() error {
	if w.receive > 0 {
		return w.pass(w.receive - w.used + 1)
	}
	if err := w.sleep(w.ctx, patience); err != nil {
		return err
	}
	return errPatience
}
