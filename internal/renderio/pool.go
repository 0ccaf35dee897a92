package renderio

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// pools are the idle connections to a render: in one pool, or, with /always-resolve, in one for each set of addresses that
// its name has had. One to an address that the name no longer has is not used again.
type pools struct {
	keep      time.Duration
	byAddress bool

	mu     sync.Mutex
	all    map[string]*pool
	closed bool
}

// maxPools bounds the sets of addresses that are remembered. A name has a few.
const maxPools = 8

// of returns the pool for addresses. They are nil where they do not matter.
func (p *pools) of(addrs []netip.Addr) *pool {
	name := ""
	if addrs != nil {
		name = poolName(addrs)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if q := p.all[name]; q != nil {
		return q
	}
	if len(p.all) >= maxPools {
		p.closeAll()
	}
	q := &pool{keep: p.keep, closed: p.closed}
	if p.all == nil {
		p.all = map[string]*pool{}
	}
	p.all[name] = q
	return q
}

func (p *pools) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.closeAll()
}

func (p *pools) closeAll() {
	for _, q := range p.all {
		q.close()
	}
	clear(p.all)
}

// A pool is the idle connections to a render that are kept without net/http: at most maxIdlePerRender, each for as long
// as keep. None has a goroutine. The one that was used last is taken first.
type pool struct {
	keep time.Duration

	mu     sync.Mutex
	idle   []*line
	timer  *time.Timer // looks through them; nil where it was never needed
	looks  bool        // the timer runs
	closed bool
}

// lookAfter is how often idle connections are looked through: what the render has closed does not stay open for longer.
const lookAfter = time.Second

// take returns an idle connection that can be used, nil where there is none. A render may have ended a connection
// meanwhile, or sent what nobody asked for, which must not become the answer to another request.
func (p *pool) take() *line {
	for {
		p.mu.Lock()
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return nil
		}
		l := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		if time.Since(l.since) < p.keep && l.quiet() {
			return l
		}
		l.Close()
	}
}

// put keeps a connection whose answer was read to its end, or closes it.
func (p *pool) put(l *line) {
	l.since = time.Now()
	p.mu.Lock()
	if p.closed || len(p.idle) >= maxIdlePerRender {
		p.mu.Unlock()
		l.Close()
		return
	}
	p.idle = append(p.idle, l)
	if !p.looks {
		p.looks = true
		if after := min(lookAfter, p.keep); p.timer == nil {
			p.timer = time.AfterFunc(after, p.look)
		} else {
			p.timer.Reset(after)
		}
	}
	p.mu.Unlock()
}

// look closes what was idle for too long or cannot be used any more.
func (p *pool) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = slices.DeleteFunc(p.idle, func(l *line) bool {
		gone := time.Since(l.since) >= p.keep || !l.quiet()
		if gone {
			l.Close()
		}
		return gone
	})
	if p.looks = len(p.idle) > 0 && !p.closed; p.looks {
		p.timer.Reset(min(lookAfter, p.keep))
	}
}

// close lets go of the idle connections. Those that come back later are closed.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	for _, l := range p.idle {
		l.Close()
	}
	p.idle = nil
}
