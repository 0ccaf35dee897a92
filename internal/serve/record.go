package serve

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/serve/page"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
)

const (
	// maxExchanges is how many requests are remembered in short, maxPaths how many with their path, which takes some 40 KB each.
	maxExchanges, maxPaths = 1000, 100
	// tracedPerSecond is how many requests of a second are traced while nobody looks: a person who tries things out finds the path
	// of each, and load is not slowed down.
	tracedPerSecond = 10
)

const (
	eventReloaded = page.Reloaded
	eventFlush    = page.Flushing
	eventAdvanced = page.Advanced
	eventLinted   = page.Linted
)

// A record remembers the last requests, and tells those who look about new ones.
type record struct {
	on bool // somebody may look

	ids     atomic.Int64
	lookers atomic.Int32
	second  atomic.Int64 // the second that traced counts
	traced  atomic.Int32

	mu     sync.Mutex
	last   []page.Exchange // a ring of those that ended
	next   int
	trails []*trail // a ring
	turn   int
	subs   map[*subscriber]struct{}
}

// A trail is what is known of one request.
type trail struct {
	exchange page.Exchange
	g        *generation
	request  simulate.Request
	decision *simulate.Decision
	trace    *simulate.Trace
	passage  *site.Passage
	body     []byte
	head     fields
}

type subscriber struct{ events chan page.Event }

func newRecord(o *Options) *record {
	return &record{on: o.Watched, subs: map[*subscriber]struct{}{}}
}

// wanted reports whether the path of the next request is to be kept.
func (r *record) wanted() bool {
	if !r.on {
		return false
	}
	now := time.Now().Unix()
	if r.second.Swap(now) != now {
		r.traced.Store(0)
	}
	n := r.traced.Add(1)
	if r.lookers.Load() > 0 {
		return n <= maxPaths // more than that nobody can open
	}
	return n <= tracedPerSecond
}

// add notes a request that ended.
func (r *record) add(x *exchange) {
	x.id = r.ids.Add(1)
	if !r.on {
		return
	}
	e := x.short()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.last) < maxExchanges {
		r.last = append(r.last, e)
	} else {
		r.last[r.next] = e
		r.next = (r.next + 1) % maxExchanges
	}
	if x.keeping {
		passage := x.passage // a copy: the exchange holds the connection
		passage.Client = nil
		p := &trail{exchange: e, g: x.g, request: x.request, decision: x.decision, trace: x.trace, passage: &passage, body: x.kept, head: x.fields}
		p.request.Body, p.request.Sink = nil, nil
		if len(r.trails) < maxPaths {
			r.trails = append(r.trails, p)
		} else {
			r.trails[r.turn] = p
			r.turn = (r.turn + 1) % maxPaths
		}
	}
	r.send(page.Event{Kind: page.Ended, Exchange: e})
	if x.decision.Outcome == simulate.Flush && x.status < http.StatusBadRequest {
		r.send(page.Event{Kind: eventFlush})
	}
}

// send is called under the lock.
func (r *record) send(e page.Event) {
	for s := range r.subs {
		select {
		case s.events <- e:
		default: // it has no room: it sees by the ids that something is missing
		}
	}
}

// tell tells of what is no request.
func (r *record) tell(k page.EventKind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.send(page.Event{Kind: k})
}

// short is the exchange for lists.
func (x *exchange) short() page.Exchange {
	d := x.decision
	e := page.Exchange{
		ID: x.id, At: x.at, Took: time.Since(x.start), Method: x.request.Method, URL: x.request.Target, Host: x.host, Status: x.status,
		Bytes: x.sent, Outcome: d.Outcome.String(), Reason: string(d.Reason), From: d.Response.From, By: d.By, Page: x.page, Cut: x.cut, Revision: x.g.number,
	}
	if f := d.Farm.Farm; f != nil {
		e.Farm = f.Name
	}
	if d.Cache.Reached {
		e.Cache = d.Cache.Action.String()
	}
	if x.mapped {
		e.Host = x.request.Host
	}
	return e
}

// finish notes the request where somebody wants to know of it.
func (x *exchange) finish() {
	s := x.server
	var p *site.Passage
	if x.g.site != nil {
		p = &x.passage
	}
	x.g.hits.note(x.decision, x.trace, p)
	s.record.add(x)
	s.requests.Add(1)
	s.logs.ended(x)
	if s.o.Screen != nil {
		s.o.Screen.ended(x)
	}
	if s.o.Each != nil && x.trace != nil {
		s.each(x, p)
	}
}

func (s *Server) each(x *exchange, p *site.Passage) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.o.Each(&report.Simulation{Request: &x.request, Decision: x.decision, Trace: x.trace, Passage: p, ShowTrace: true, Version: x.g.engine.Version()})
}

// recent returns the last exchanges, the newest last.
func (r *record) recent(most int) []page.Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(most, len(r.last))
	out := make([]page.Exchange, 0, max(n, 0))
	for i := len(r.last) - n; i < len(r.last); i++ {
		out = append(out, r.last[(r.next+i)%len(r.last)])
	}
	return out
}

func (r *record) trail(id int64) *trail {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.trails {
		if p.exchange.ID == id {
			return p
		}
	}
	return nil
}

func (r *record) subscribe() (<-chan page.Event, func()) {
	s := &subscriber{make(chan page.Event, 256)}
	r.mu.Lock()
	r.subs[s] = struct{}{}
	r.mu.Unlock()
	r.lookers.Add(1)
	var once sync.Once
	return s.events, func() {
		once.Do(func() {
			r.lookers.Add(-1)
			r.mu.Lock()
			delete(r.subs, s)
			r.mu.Unlock()
		})
	}
}

// formRequest makes a request of what a form gives.
func formRequest(r page.Request, firstHost string) (*simulate.Request, error) {
	q, err := simulate.NewRequest(r.Method, r.URL)
	if err != nil {
		return nil, err
	}
	out := &simulate.Request{Method: q.Method, Target: q.Target, Proto: "HTTP/1.1", Host: cmp.Or(r.Host, q.Host, firstHost), Client: netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	if r.Client != "" {
		if out.Client, err = netip.ParseAddr(r.Client); err != nil {
			return nil, fmt.Errorf("%q is no address of a client", r.Client)
		}
		out.Client = out.Client.Unmap()
	}
	for _, h := range r.Header {
		out.Header = append(out.Header, simulate.Field{Name: h[0], Value: h[1]})
	}
	if len(r.Body) > 0 {
		out.Body, out.Length = bytes.NewReader(r.Body), int64(len(r.Body))
	}
	return out, nil
}
