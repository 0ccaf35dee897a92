package replay

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"time"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// A Forecast is what a cache that was empty at first would have done with the log, in its order. Each request is sent through
// the engine, on document roots in memory, at the time that the log says; a render answers what the log says was answered.
type Forecast struct {
	// Requests are those that reached a cache: hits, misses, and files that were stale or expired and were fetched again.
	// Uncacheable are the others that /filter let through.
	Requests    int64 `json:"requests"`
	Hits        int64 `json:"hits"`
	Misses      int64 `json:"misses"`
	Stale       int64 `json:"stale"`
	Expired     int64 `json:"expired"`
	Uncacheable int64 `json:"uncacheable"`
	// Flushes were carried out; FlushesUnknown are requests of flushes of whose handle the log says nothing, so that they did
	// nothing, and FlushesRefused those that /allowedClients does not let anybody make.
	Flushes        int64 `json:"flushes"`
	FlushesUnknown int64 `json:"flushes_unknown"`
	FlushesRefused int64 `json:"flushes_refused"`
	// Surveyed are the flushes after which the whole cache was looked at, Fanout the files that they made stale in sum, of
	// FanoutOf in sum that were fresh before.
	Surveyed int64 `json:"surveyed"`
	Fanout   int64 `json:"fanout"`
	FanoutOf int64 `json:"fanout_of"`
	// FanoutFarm is the farm of the flush that made the most files stale.
	FanoutFarm string `json:"fanout_farm"`
	// Full says that the cache had no room for a file, so that some requests were misses for that alone.
	Full bool `json:"full"`
	// Untimed are requests without a time: they come right after the one before.
	Untimed int64 `json:"untimed"`
	// Back are requests that the log dates before the one above them. The clock does not go back for them.
	Back int64 `json:"back"`
}

// maxForecastBytes bounds what the simulated cache takes in memory.
const maxForecastBytes = 1 << 30

// An event is a request or a flush of the log that the cache hears of.
type event struct {
	at             time.Time
	key            int32 // where its key begins in the keys of the block, and its length; none for a flush
	length         int32
	status         int32
	verdict        uint32
	handle, action string
}

// A forecaster plays events on a cache. It is used under the collector's lock.
type forecaster struct {
	p       *player
	engine  *simulate.Engine
	store   *docroot.Memory
	line    *simulate.Timeline
	site    *site.Site
	clients []netip.Addr // that may flush
	d       decider
	status  int
	last    time.Time // that the log has said
	f       Forecast
	table   *table // of requests that belong to other shards
	known   map[uint32]Verdict
}

func newForecaster(p *player) *forecaster {
	f := &forecaster{p: p, store: &docroot.Memory{MaxBytes: maxForecastBytes}, line: simulate.NewTimeline(time.Unix(0, 0).UTC()), known: map[uint32]Verdict{}}
	o := p.o.Engine
	o.Store, o.Backend, o.Now, o.Sleep = f.store, render{f}, f.line.Now, f.line.Sleep
	f.engine = simulate.New(p.o.Config, o)
	if p.o.NewSite != nil {
		f.site = p.o.NewSite(f.engine, f.line.Now)
	}
	f.clients = flushClients(p.o.Config)
	f.table = newTable(p.o.maxDistinct())
	f.d = decider{o: p.o, engine: f.engine, index: p.index, site: f.site, verdicts: p.result.verdicts, headers: p.headers, classes: &p.keyer.classes}
	f.d.passage.Quiet, f.d.passage.Result.Memory = true, newMemory()
	return f
}

// verdict decides a request of another shard.
func (f *forecaster) verdict(h uint64, key []byte, decide func(string) (decided, error)) (uint32, error) {
	return f.table.add(h, key, 1, decide)
}

// A render answers with the status that the log has.
type render struct{ f *forecaster }

// RoundTrip implements simulate.Backend.
func (r render) RoundTrip(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) {
	a := &simulate.Answer{Status: r.f.status, Header: simulate.Header{{Name: "Content-Type", Value: "text/html"}, {Name: "Content-Length", Value: "1"}}}
	if ttl := r.f.p.o.TTL; ttl > 0 {
		a.Header = append(a.Header, simulate.Field{Name: "Cache-Control", Value: "max-age=" + strconv.FormatInt(int64(ttl/time.Second), 10)})
	}
	a.Body = io.NopCloser(strings.NewReader("x"))
	return a, nil
}

// play notes an event.
func (w *worker) play(r *accesslog.Record, key []byte, verdict uint32) {
	e := event{at: r.Time, key: none, status: int32(r.Status), verdict: verdict}
	if key == nil {
		e.handle, e.action = string(r.Flush), string(r.Action)
	} else {
		e.key, e.length = int32(len(w.keys)), int32(len(key))
		w.keys = append(w.keys, key...)
	}
	w.played = append(w.played, e)
}

// take plays the events of a block.
func (f *forecaster) take(ctx context.Context, events []event, keys []byte) error {
	for i := range events {
		e := &events[i]
		f.tick(e)
		if e.key == none {
			if err := f.flush(ctx, e.action, e.handle, ""); err != nil {
				return err
			}
			continue
		}
		if err := f.request(ctx, e, string(keys[e.key:e.key+e.length])); err != nil {
			return err
		}
	}
	return nil
}

// tick sets the clock.
func (f *forecaster) tick(e *event) {
	switch {
	case e.at.IsZero():
		f.f.Untimed++
		return
	case e.at.Before(f.last):
		f.f.Back++
		return
	}
	f.last = e.at
	if now := f.line.Now(); e.at.After(now) { // a flush has put the clock forward a bit
		f.line.Advance(e.at.Sub(now))
	}
}

func (f *forecaster) request(ctx context.Context, e *event, key string) error {
	v, ok := f.known[e.verdict]
	if !ok {
		v = f.p.result.verdicts.of(e.verdict)
		f.known[e.verdict] = v
	}
	var q request
	switch {
	case v.Outcome == simulate.Flush:
		if err := q.parse(key, f.p.headers); err != nil {
			return err
		}
		handle, action := f.header(&q, "cq-handle"), f.header(&q, "cq-action")
		if handle == "" {
			if q.flags&isInternal == 0 { // dispatcher.log has lines of its own for what a flush does
				f.f.FlushesUnknown++
			}
			return nil
		}
		return f.flush(ctx, action, handle, q.host)
	case v.Filter != Allow && v.Logged != Allow:
		return nil
	case v.Cache == Uncacheable:
		f.f.Uncacheable++
		return nil
	}
	if err := q.parse(key, f.p.headers); err != nil {
		return err
	}
	f.status = 200
	if e.status != 0 && e.status != 304 {
		f.status = int(e.status)
	}
	f.d.q, f.d.whole = &q, ""
	w := variant{method: q.method, host: q.host, tls: q.flags&isHTTPS != 0 || q.flags&isHTTP == 0 && f.p.o.Scheme == "https"}
	if q.flags&hasMethod == 0 {
		w.method = "GET"
	}
	if q.flags&hasHost == 0 {
		w.host = f.p.o.usualHost()
	}
	if err := f.d.ask(ctx, w, q.target); err != nil {
		return err
	}
	c := &f.d.d.Cache
	if !c.Reached {
		return nil
	}
	if c.Reason == simulate.StoreFailed {
		f.f.Full = true
	}
	switch c.Action {
	case simulate.ActionHit:
		f.f.Hits++
	case simulate.ActionMiss:
		f.f.Misses++
	case simulate.ActionStale:
		f.f.Stale++
	case simulate.ActionExpired:
		f.f.Expired++
	default:
		f.f.Uncacheable++
		return nil
	}
	f.f.Requests++
	return nil
}

// header is what a request says in a header, as far as the log has it.
func (f *forecaster) header(q *request, name string) string {
	for i, h := range f.p.headers {
		if h == name {
			return q.headers[i].value
		}
	}
	return ""
}

// flush carries out a flush, as a client that may.
func (f *forecaster) flush(ctx context.Context, action, handle, host string) error {
	var d simulate.Decision
	if action == "" {
		action = "Activate"
	}
	r := simulate.Request{
		Method: "GET", Target: "/dispatcher/invalidate.cache", Host: host, Farm: f.p.o.Farm,
		Header: simulate.Header{{Name: "CQ-Action", Value: action}, {Name: "CQ-Handle", Value: handle}},
	}
	if r.Host == "" {
		r.Host = f.p.o.usualHost()
	}
	n := f.f.Flushes + 1
	surveys := n&(n-1) == 0 // after the 1st, 2nd, 4th, 8th and so on
	for i, client := range f.clients {
		r.Client = client
		var before map[string]bool
		var farm *model.Farm
		if surveys && i == 0 {
			var err error
			if farm, before, err = f.fresh(ctx, &r); err != nil {
				return err
			}
		}
		if err := f.engine.Decide(ctx, &r, &d, nil); err != nil {
			return err
		}
		if !d.Invalidation.Allowed {
			continue
		}
		f.f.Flushes++
		f.line.Advance(time.Millisecond) // what is fetched now is newer than the statfiles
		if farm != nil {
			_, after, err := f.fresh(ctx, &r)
			if err != nil {
				return err
			}
			gone := int64(0)
			for name := range before {
				if !after[name] {
					gone++
				}
			}
			f.f.Surveyed++
			f.f.Fanout += gone
			f.f.FanoutOf += int64(len(before))
			f.f.FanoutFarm = farm.Name
		}
		return nil
	}
	f.f.FlushesRefused++
	return nil
}

// fresh returns the farm of a flush, and the fresh files in its cache.
func (f *forecaster) fresh(ctx context.Context, r *simulate.Request) (*model.Farm, map[string]bool, error) {
	var d simulate.Decision
	ask := *r
	ask.Method, ask.Header, ask.Target = "HEAD", nil, "/"
	if err := f.p.engine.Decide(ctx, &ask, &d, nil); err != nil || d.Farm.Farm == nil {
		return nil, nil, err
	}
	fresh := map[string]bool{}
	err := f.engine.Survey(ctx, d.Farm.Farm, simulate.AfterGrace, func(c simulate.CachedFile) error {
		if c.Validity.Fresh {
			fresh[c.Name] = true
		}
		return nil
	})
	return d.Farm.Farm, fresh, err
}

func (f *forecaster) done() *Forecast { return &f.f }

// flushClients returns addresses of which one may flush, where any may: those that are written in /allowedClients, and some of
// private networks.
func flushClients(c *model.Config) []netip.Addr {
	list := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1"), netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.168.0.1")}
	for _, f := range c.Farms {
		if f.Cache == nil || f.Cache.AllowedClients == nil {
			continue
		}
		for _, r := range f.Cache.AllowedClients.Rules {
			if r.Glob == nil || !r.Allow {
				continue
			}
			text := strings.NewReplacer("*", "1", "?", "1").Replace(r.Glob.Text())
			if a, err := netip.ParseAddr(text); err == nil && len(list) < 64 {
				list = append(list, a)
			}
		}
	}
	return list
}

// String says what a forecast comes to.
func (f *Forecast) String() string {
	return fmt.Sprintf("%d of %d requests that reached the cache were hits", f.Hits, f.Requests)
}
