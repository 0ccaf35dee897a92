package simulate

import (
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/model"
)

// Idle connections are kept for the lines of the log alone: a backend keeps its own. A connection goes back when all of
// an answer was read, and is taken again, the last one first, or dropped when it has been idle for longer than
// DispatcherKeepAliveTimeout. Since 4.2.0 that is 60 seconds where it is not set; before, connections were not kept.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md (DispatcherKeepAliveTimeout);
// adobe/aem-dispatcher-experiments, statfileslevel (log lines).
const defaultKeepAlive = 60 * time.Second

// keepAlive returns how long idle connections are kept, 0 for not at all.
func (e *Engine) keepAlive() time.Duration {
	switch k := e.options.Directives.KeepAlive; {
	case k != 0:
		return max(k, 0)
	case e.options.Version.AtLeast(v420):
		return defaultKeepAlive
	}
	return 0
}

// An idleSocket is a connection that stands idle since a time.
type idleSocket struct {
	addr  string
	since time.Time
}

// take returns an idle connection to a render, and those that were dropped because they were idle for too long.
func (m *renderMemory) take(r *model.Render, now time.Time, keep time.Duration) (taken idleSocket, ok bool, dropped []idleSocket) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.idle[r][:0]
	for _, s := range m.idle[r] {
		if now.Sub(s.since) > keep {
			dropped = append(dropped, s)
		} else {
			kept = append(kept, s)
		}
	}
	if n := len(kept); n > 0 {
		taken, ok, kept = kept[n-1], true, kept[:n-1]
	}
	if m.idle != nil {
		m.idle[r] = kept
	}
	return taken, ok, dropped
}

// put keeps a connection. There are never more than there were requests at the same time: one that stands idle is taken
// before another is made.
func (m *renderMemory) put(r *model.Render, s idleSocket) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.idle == nil {
		m.idle = map[*model.Render][]idleSocket{}
	}
	m.idle[r] = append(m.idle[r], s)
}

// A socket is the connection that an answer comes over. The zero value is none.
type socket struct {
	render *model.Render
	addr   string
	stage  string // whose lines it is in
	once   bool   // the render closes it
}

// release gives back the connection of the last answer, and says in the log what becomes of it. consumed says that all
// of the body was read, or that there was none. It does nothing where there is no connection, or it was given back.
func (x *Exchange) release(consumed bool) {
	s, e := x.socket, x.engine
	x.socket = socket{}
	if s.render == nil || s.once || e.keepAlive() == 0 {
		return
	}
	if !consumed {
		if x.Trace != nil {
			x.sayOf(s.stage, LevelDebug, "", s.render.At, true, "No socket reuse: response body not fully consumed")
		}
		return
	}
	if x.Trace != nil {
		x.sayOf(s.stage, LevelDebug, "", s.render.At, true, "Storing socket for later reuse: %s", s.addr)
	}
	e.memory.renders.put(s.render, idleSocket{s.addr, e.options.Now()})
}

// closes reports whether a render closes the connection after its answer.
func closes(a *Answer) bool {
	for i := range a.Header {
		if strings.EqualFold(a.Header[i].Name, "Connection") && hasToken(a.Header[i].Value, "close") {
			return true
		}
	}
	return a.Proto == "HTTP/1.0" && !a.Header.Has("Connection")
}
