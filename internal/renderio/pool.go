package renderio

import (
	"slices"
	"sync"
	"time"
)

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
