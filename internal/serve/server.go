package serve

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/serve/page"
	"github.com/dispcheck/dispcheck/internal/serve/wire"
	"github.com/dispcheck/dispcheck/simulate"
)

// maxMemory bounds a cache in memory. What goes beyond is passed on and not stored.
const maxMemory = 128 << 20

// A Server answers requests for a configuration. It is an http.Handler, safe for many goroutines.
type Server struct {
	o      Options
	clock  Clock
	ahead  atomic.Int64 // how far the clock was set forward
	memory *docroot.Memory
	keeper *keeper
	hot    *hotFiles
	logs   *logs
	record *record

	ctx  context.Context
	stop context.CancelFunc
	// running are goroutines beside requests.
	running sync.WaitGroup

	current   atomic.Pointer[generation]
	reloading sync.Mutex
	busy      chan struct{} // requests that are answered
	requests  atomic.Int64
	last      chan struct{} // closed when Options.Once requests were answered

	telling sync.Mutex // of Options.Each

	mu     sync.Mutex
	broken *page.Broken
	urls   []string
	scheme string
	port   string
}

// New loads the configuration and makes a server of it. The server must be closed. Where the configuration cannot serve, the error
// is that of Options.Load, or wraps [ErrBroken].
func New(ctx context.Context, o Options) (*Server, error) {
	o.Limits.complete()
	if o.Clock == nil {
		o.Clock = simulate.NewShiftedClock(time.Now())
	}
	if o.Sleep == nil {
		o.Sleep = simulate.RealSleep
	}
	s := &Server{
		o: o, clock: o.Clock, memory: &docroot.Memory{MaxBytes: min(maxMemory, o.CacheBytes)}, busy: make(chan struct{}, o.Requests), last: make(chan struct{}), hot: newHotFiles(),
		scheme: "http",
	}
	if o.TLS != nil {
		s.scheme = "https"
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.keeper = newKeeper(s, o.CacheBytes)
	s.logs = newLogs(&s.o)
	s.record = newRecord(&s.o)
	c, err := o.Load(ctx)
	if err == nil {
		err = unfit(c, nil)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	g, err := s.generate(ctx, c)
	if err != nil {
		s.Close()
		return nil, err
	}
	s.install(g)
	return s, nil
}

// Close lets go of everything. Requests that are under way fail.
func (s *Server) Close() {
	s.stop()
	s.running.Wait()
	if g := s.current.Load(); g != nil {
		g.engine.Stop(nil)
		g.leave()
	}
	if s.logs != nil {
		s.logs.close()
	}
}

// Run answers requests that come to l until ctx is over or as many were answered as Options.Once says. Requests that are under
// way then go on for as long as Limits.DrainTimeout. It closes l.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	s.Listening(l.Addr())
	c := &wire.Server{
		HTTP: &http.Server{
			Handler: s, ReadHeaderTimeout: s.o.ReadTimeout, IdleTimeout: s.o.IdleTimeout, MaxHeaderBytes: s.o.HeaderBytes,
			TLSConfig: s.o.TLS, DisableGeneralOptionsHandler: true,
			// What clients do wrong is no news for the one who looks at the screen.
			ErrorLog:    log.New(io.Discard, "", 0),
			BaseContext: func(net.Listener) context.Context { return s.ctx },
		},
		Simple: s.simple, Context: s.ctx, Most: s.o.Connections, WriteTimeout: s.o.WriteTimeout,
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	case <-s.last:
	}
	if s.o.Hurry != nil && s.o.Hurry() {
		s.stop() // renders are let go, too
		c.Close()
		<-ended
		return nil
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.DrainTimeout)
	defer cancel()
	err := c.Shutdown(drain)
	if err != nil {
		c.Close()
		err = errors.New("requests were still under way after " + s.o.DrainTimeout.String() + " and were broken off")
	}
	if e := <-ended; !errors.Is(e, http.ErrServerClosed) && e != nil {
		err = e
	}
	return err
}

// Listening says at which address requests come, before or when [Server.Run] takes them.
func (s *Server) Listening(addr net.Addr) {
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return
	}
	url := s.scheme + "://" + addr.String()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.port = port
	if !slices.Contains(s.urls, url) {
		s.urls = append(s.urls, url)
	}
}

// Configuration is the one that serves.
func (s *Server) Configuration() *Configuration {
	g := s.use()
	defer g.leave()
	return g.Configuration
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter(r.Context()) {
		return
	}
	defer s.leave()
	out := &httpOutput{w: w, conn: wire.Of(r.Context()), wait: s.o.WriteTimeout}
	x := newExchange(s, out)
	x.request = incoming(r, w, s.o.BodyBytes)
	if x.request.Body != nil {
		x.body = patient{control: http.NewResponseController(w), wait: s.o.ReadTimeout}
	}
	broken := x.run(r.Context())
	out.done()
	if broken {
		panic(http.ErrAbortHandler)
	}
}

// simple answers requests that package wire reads. It is wire.Server.Simple.
func (s *Server) simple(ctx context.Context, q *simulate.Request, r *wire.Reply) {
	if !s.enter(ctx) {
		return
	}
	defer s.leave()
	x := newExchange(s, wireOutput{r})
	x.request = *q
	if x.run(ctx) {
		r.Abort()
	}
}

// enter waits until there are fewer requests than may be, and reports false where the client does not wait.
func (s *Server) enter(ctx context.Context) bool {
	select {
	case s.busy <- struct{}{}:
		return true
	default:
	}
	select {
	case s.busy <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) leave() {
	<-s.busy
	if s.o.Once > 0 && s.requests.Load() == s.o.Once {
		close(s.last)
	}
}

// Addresses are the names of the site with the addresses at which this server shows them, once it runs.
func (s *Server) Addresses() []page.Host {
	s.mu.Lock()
	scheme, port := s.scheme, s.port
	s.mu.Unlock()
	if port == "" {
		port = "0"
	}
	g := s.use()
	defer g.leave()
	var out []page.Host
	for _, name := range hostNames(g.Configuration) {
		out = append(out, page.Host{Name: name, URL: localURL(scheme, name, port)})
	}
	return out
}

// Place is a document root and the folder that stands for it.
type Place struct{ Docroot, Folder string }

// Places are the document roots with their folders; none where they are in memory.
func (s *Server) Places() []Place {
	if s.o.CacheDir == "" {
		return nil
	}
	g := s.use()
	defer g.leave()
	top := commonFolder(g.roots)
	var out []Place
	for _, root := range g.roots {
		out = append(out, Place{root, s.o.CacheDir + root[min(len(root), len(top)):]})
	}
	return out
}

func (s *Server) notice(n Notice) {
	if s.o.Notice != nil {
		s.o.Notice(n)
	}
}
