package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/simulate"
)

// A generation is a configuration that serves, with all that is made of it. It is closed when another serves and the last of
// its requests is over.
type generation struct {
	*Configuration
	number  int
	loaded  time.Time
	folder  os.FileInfo // of the cache, when it was opened; nil for none
	engine  *simulate.Engine
	site    *site.Site // nil where there is no httpd side
	store   *cacheStore
	roots   []string
	hits    *hits
	closers []io.Closer

	findings atomic.Pointer[report.Findings] // of lint
	linting  atomic.Bool

	users   atomic.Int64 // requests, and one for serving
	closing sync.Once
}

// use takes the generation that serves. It must be left.
func (s *Server) use() *generation {
	for {
		g := s.current.Load()
		g.users.Add(1)
		if s.current.Load() == g {
			return g
		}
		g.leave() // another took its place meanwhile
	}
}

func (g *generation) leave() {
	if g.users.Add(-1) == 0 {
		g.closing.Do(func() {
			for _, c := range g.closers {
				c.Close()
			}
		})
	}
}

// generate makes a generation of a configuration.
func (s *Server) generate(ctx context.Context, c *Configuration) (_ *generation, err error) {
	g := &generation{Configuration: c, loaded: s.clock.Now()}
	g.users.Store(1)
	defer func() {
		if err != nil {
			g.leave()
		}
	}()
	g.roots = docroots(c)
	o := s.o.Engine
	backend, err := s.o.Publish(c)
	if err != nil {
		return nil, err
	}
	if closer, ok := backend.(io.Closer); ok {
		g.closers = append(g.closers, closer)
	}
	o.Backend = backend
	if g.store, err = s.openStore(g); err != nil {
		return nil, err
	}
	o.Store, o.Now, o.Sleep = g.store, s.clock.Now, s.o.Sleep
	if s.logs != nil {
		o.Warn = s.logs.warn
	}
	g.engine = simulate.New(c.Config, o)
	if c.Apache != nil {
		others := s.o.Others
		if others == nil {
			others = backend
		}
		g.site = site.New(&site.Site{
			Server: c.Apache.Server, Files: &knownFiles{FileSystem: c.Apache.Files()}, Getenv: c.Apache.Getenv, Dispatcher: g.engine, Directives: s.o.Directives,
			Open: c.Open, Now: s.clock.Now, Proxy: (&elsewhere{publish: backend, others: others, getenv: c.Apache.Getenv}).ask,
		})
	}
	g.hits = newHits(c)
	return g, nil
}

// openStore makes the document roots: below the folder of the cache, or the ones in memory that the server keeps.
func (s *Server) openStore(g *generation) (*cacheStore, error) {
	switch {
	case s.o.Store != nil:
		return &cacheStore{Store: s.o.Store, roots: g.roots, keeper: s.keeper, hot: s.hot}, nil
	case s.o.CacheDir == "":
		return &cacheStore{Store: s.memory, roots: g.roots, keeper: s.keeper, hot: s.hot}, nil
	}
	disk, err := docroot.NewDisk(s.o.CacheDir, []string{commonFolder(g.roots)})
	if err != nil {
		return nil, err
	}
	g.closers = append(g.closers, disk)
	g.folder, _ = os.Stat(s.o.CacheDir)
	return &cacheStore{Store: disk, roots: g.roots, keeper: s.keeper, hot: s.hot}, nil
}

// docroots are the document roots of a configuration, each once, without a slash at the end.
func docroots(c *Configuration) []string {
	var out []string
	seen := map[string]bool{}
	for _, f := range c.Config.Farms {
		if f.Cache == nil {
			continue
		}
		root := strings.TrimRight(f.Cache.Docroot.Value, "/")
		if root == "" || seen[root] {
			continue
		}
		seen[root] = true
		out = append(out, root)
	}
	return out
}

// commonFolder is the folder that holds all of some document roots, or is the only one. It stands for the folder of the cache.
func commonFolder(roots []string) string {
	if len(roots) == 0 {
		return "/"
	}
	common := roots[0]
	for _, r := range roots[1:] {
		for !strings.HasPrefix(r+"/", strings.TrimRight(common, "/")+"/") {
			i := strings.LastIndexByte(common, '/')
			if i <= 0 {
				return "/"
			}
			common = common[:i]
		}
	}
	return common
}

// Reload loads the configuration again. Where it can serve, it does from the next request on, and those under way end with the
// one before; where it cannot, the error says why and nothing changes.
func (s *Server) Reload(ctx context.Context) error {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	c, err := s.o.Load(ctx)
	var g *generation
	if err == nil {
		if err = unfit(c, s.current.Load()); err == nil {
			g, err = s.generate(ctx, c)
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			s.broke(c, err)
		}
		return err
	}
	s.install(g)
	s.notice(Notice{Reloaded: g.number, Findings: c.Findings})
	s.record.tell(eventReloaded)
	return nil
}

// reopen opens the folder of the cache anew, where it is another than the one that is open.
func (s *Server) reopen() {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	old := s.current.Load()
	if now, err := os.Stat(s.o.CacheDir); err == nil && os.SameFile(now, old.folder) {
		return
	}
	if os.MkdirAll(s.o.CacheDir, 0o755) != nil {
		return // the next page that cannot be stored tries again
	}
	g, err := s.generate(s.ctx, old.Configuration)
	if err != nil {
		return
	}
	s.install(g)
	s.notice(Notice{Reloaded: g.number, Reopened: true})
	s.record.tell(eventReloaded)
}

// ErrBroken says that a configuration has mistakes that a Dispatcher would not start with. They are among its findings.
var ErrBroken = errors.New("the configuration would not start")

// unfit says that a configuration cannot serve: a part of it could not be read, or it has an error that the one which serves, nil
// for none, has not.
func unfit(c *Configuration, old *generation) error {
	if c.Project != nil && c.Project.Tree != nil && len(c.Project.Tree.Fatal) > 0 {
		e := c.Project.Tree.Fatal[0]
		return fmt.Errorf("%w: %s", ErrBroken, e.Message)
	}
	if old == nil || c.Findings == nil {
		return nil
	}
	type mistake struct{ rule, message, file string }
	of := func(d *diag.Diagnostic) mistake {
		m := mistake{rule: d.Rule, message: d.Message}
		if d.Span.File != nil {
			m.file = d.Span.File.Name
		}
		return m
	}
	known := map[mistake]bool{}
	if old.Findings != nil {
		for i := range old.Findings.List {
			known[of(&old.Findings.List[i])] = true
		}
	}
	for i := range c.Findings.List {
		if d := &c.Findings.List[i]; d.Severity >= diag.Error && !known[of(d)] {
			return fmt.Errorf("%w: %s", ErrBroken, d.Message)
		}
	}
	return nil
}

// install lets a generation serve.
func (s *Server) install(g *generation) {
	s.mu.Lock()
	old := s.current.Load()
	g.number = 1
	if old != nil {
		g.number = old.number + 1
	}
	s.broken = nil
	s.mu.Unlock()
	s.start(g)
	s.current.Store(g)
	if old != nil {
		old.leave()
	}
}

// startFor is how long a configuration may take to start before it serves.
const startFor = 500 * time.Millisecond

// start does what the module does when httpd starts. A publish that is away keeps nobody waiting: the lists of vanity URLs that it is
// asked for come later then.
func (s *Server) start(g *generation) {
	done := make(chan struct{})
	g.users.Add(1)
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer g.leave()
		defer close(done)
		if s.logs == nil {
			_ = g.engine.Start(s.ctx, nil) // a list that is missing is fetched when a request is denied
			return
		}
		t := new(simulate.Trace)
		_ = g.engine.Start(s.ctx, t) // what fails stands in the log
		s.logs.events(t.Events, "")
	}()
	wait := time.NewTimer(startFor)
	defer wait.Stop()
	select {
	case <-done:
	case <-wait.C:
	}
}

// lint finds what is wrong with a configuration, beside the requests.
func (s *Server) lint(g *generation) {
	g.users.Add(1)
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer g.leave()
		f, err := s.o.Lint(s.ctx, g.Configuration)
		if err != nil || f == nil {
			f = g.Findings
			if f == nil {
				f = &report.Findings{}
			}
		}
		g.findings.Store(f)
		s.record.tell(eventLinted)
	}()
}
