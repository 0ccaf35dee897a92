package wire

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// A Server takes connections. At its bound it closes the one that waits longest for its client to ask, so that clients who open
// connections and say nothing keep nobody out. Its fields must not change once it serves.
type Server struct {
	// HTTP answers all requests that Simple is not asked for. ConnState and ConnContext are set by Serve.
	HTTP *http.Server
	// Simple answers a request without a body on a plain connection. The context is over when the client goes or the server ends.
	// It must not keep the reply. nil leaves all requests to HTTP.
	Simple func(context.Context, *simulate.Request, *Reply)
	// Context is that of simple requests.
	Context context.Context
	// Most is how many connections are open at the same time.
	Most int
	// WriteTimeout is how long a client may take no more of a simple request's answer. Those of reading are HTTP's.
	WriteTimeout time.Duration

	mu       sync.Mutex
	room     sync.Cond // one more may come
	open     map[*Conn]struct{}
	full     atomic.Bool // Serve waits for room
	closing  atomic.Bool
	loops    sync.WaitGroup
	accepted chan accepted
	ended    chan struct{}
	date     atomic.Pointer[date]
}

// accepted is what net/http is given.
type accepted struct {
	conn net.Conn
	err  error
}

// Serve answers requests until Shutdown or Close, and then returns [http.ErrServerClosed]. It is called once.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.open == nil {
		s.open = map[*Conn]struct{}{}
	}
	s.room.L, s.accepted, s.ended = &s.mu, make(chan accepted), make(chan struct{})
	s.mu.Unlock()
	if s.closing.Load() {
		l.Close()
		return http.ErrServerClosed
	}
	s.HTTP.ConnState, s.HTTP.ConnContext = note, remember
	d := &door{Listener: l, server: s}
	if s.HTTP.TLSConfig != nil {
		return s.HTTP.ServeTLS(&lobby{d}, "", "")
	}
	if s.Simple == nil {
		return s.HTTP.Serve(&lobby{d})
	}
	go d.run()
	return s.HTTP.Serve(d)
}

// Shutdown ends the server when the requests that are under way are answered, or ctx is over.
func (s *Server) Shutdown(ctx context.Context) error {
	s.end(false)
	err := s.HTTP.Shutdown(ctx)
	answered := make(chan struct{})
	go func() {
		s.loops.Wait()
		close(answered)
	}()
	select {
	case <-answered:
	case <-ctx.Done():
		err = ctx.Err()
	}
	return err
}

// Close ends the server at once.
func (s *Server) Close() error {
	s.end(true)
	return s.HTTP.Close()
}

// end closes connections whose client is waited for, or all.
func (s *Server) end(all bool) {
	s.closing.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.room.L != nil {
		s.room.Broadcast()
	}
	for c := range s.open {
		if c.ours.Load() && (c.dismiss() || all) {
			c.Conn.Close()
		}
	}
}

// take notes a connection, and reports false where the server has ended.
func (s *Server) take(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.open[c] = struct{}{}
	if c.ours.Load() {
		s.loops.Add(1)
	}
	return true
}

// leave forgets a connection.
func (s *Server) leave(c *Conn) {
	s.mu.Lock()
	delete(s.open, c)
	s.room.Signal()
	s.mu.Unlock()
}

// makeRoom returns when there is room for a connection that has come. One goroutine accepts.
func (s *Server) makeRoom() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.open) >= s.Most && !s.closing.Load() {
		s.full.Store(true)
		var longest *Conn
		since := int64(math.MaxInt64)
		for c := range s.open {
			if at := c.waiting.Load(); at > 0 && at < since {
				longest, since = c, at
			}
		}
		if longest == nil {
			s.room.Wait()
			continue
		}
		if !longest.dismiss() {
			continue // it has asked just now
		}
		delete(s.open, longest)
		longest.Conn.Close() // whoever reads from it sees it
	}
	s.full.Store(false)
}

// freed says that a connection waits for its client.
func (s *Server) freed() {
	if s.full.Load() {
		s.mu.Lock()
		s.room.Signal()
		s.mu.Unlock()
	}
}

// A lobby is a listener whose connections all go to net/http.
type lobby struct{ *door }

// Accept implements net.Listener.
func (l *lobby) Accept() (net.Conn, error) {
	s := l.server
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	s.makeRoom()
	w := newConn(s, c)
	w.lost = s.HTTP.TLSConfig != nil // its bytes are no text
	if !s.take(w) {
		c.Close()
		return nil, net.ErrClosed
	}
	return w, nil
}

// A door is a listener that gives net/http the connections which are not simple.
type door struct {
	net.Listener
	server *Server
	once   sync.Once
}

// run takes connections. Its errors go to net/http, which knows those after which to wait and those that end a server.
func (d *door) run() {
	s := d.server
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			select {
			case s.accepted <- accepted{err: err}:
			case <-s.ended:
				return
			}
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		s.makeRoom()
		c := newConn(s, conn)
		c.ours.Store(true)
		if !s.take(c) {
			conn.Close()
			return
		}
		go c.serve()
	}
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	select {
	case a := <-d.server.accepted:
		return a.conn, a.err
	case <-d.server.ended:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.once.Do(func() { close(d.server.ended) })
	d.server.end(false)
	return d.Listener.Close()
}

// note is http.Server.ConnState: a connection that is new or idle waits for its client.
func note(c net.Conn, state http.ConnState) {
	w := connOf(c)
	switch {
	case w == nil:
	case state == http.StateNew || state == http.StateIdle:
		w.waiting.Store(time.Now().UnixNano())
		w.server.freed()
	default:
		w.waiting.Store(0)
	}
}

// date is a Date header for as long as a second lasts.
type date struct {
	second int64
	text   string
}

func (s *Server) dateAt(now time.Time) string {
	d := s.date.Load()
	if d == nil || d.second != now.Unix() {
		d = &date{now.Unix(), now.UTC().Format(http.TimeFormat)}
		s.date.Store(d)
	}
	return d.text
}
