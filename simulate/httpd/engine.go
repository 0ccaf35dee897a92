package httpd

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// Options say what is around the server. The zero value is a machine with the usual folders and no files, on which nothing
// handles a request.
type Options struct {
	// Handlers answer by the name of the handler: "dispatcher-handler", "proxy-server". A name that is not there ends the
	// request without a status.
	Handlers map[string]Handler
	// Files is the file system of the server.
	Files FileSystem
	// Now is the time of %t and of Expires. nil is the system's clock.
	Now func() time.Time
	// RecursionLimit is LimitInternalRecursion; 0 is httpd's default of 10.
	RecursionLimit int
	// Getenv is the environment that httpd was started with, for %{ENV:NAME} and osenv(). nil knows none.
	Getenv func(name string) (string, bool)
	// Random draws for random maps: a number below n. nil makes random maps not simulated.
	Random func(n int) int
}

// A FileSystem says what is on the disk of the server.
type FileSystem interface {
	// Stat says what is at an absolute path, links followed.
	Stat(path string) rewrite.FileKind
	// Size is how many bytes a plain file has; -1 where that is not known.
	Size(path string) int64
	// Modified is when the file was changed; the zero Time where that is not known.
	Modified(path string) time.Time
}

// An Engine answers requests for one configuration, from many goroutines at once.
type Engine struct {
	server *server.Server
	o      Options
	main   *host
	hosts  []*host
	pool   sync.Pool // of *exchange
	dates  dates
}

// A host is a virtual host with what requests need of it made ready.
type host struct {
	*server.Host
	engine      *Engine
	rules       *rewrite.Rules
	base        *layer
	directories []*section
	locations   []*section
	everywhere  bool // the host has one address, and that is * with port, 0 for any
	port        int
	url         string // scheme and ServerName
	early       bool   // lines of RequestHeader or Header are early
	remembers   bool   // patterns of locations have groups with names, which are put into the environment
	layers      int    // how many layers the trie has; it is bounded
	mu          sync.Mutex
}

// New compiles a configuration, which must not change afterwards.
func New(s *server.Server, o Options) *Engine {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.RecursionLimit == 0 {
		o.RecursionLimit = 10
	}
	if o.Files == nil {
		o.Files = noFiles{}
	}
	e := &Engine{server: s, o: o}
	e.main = e.compile(s.Main)
	for _, h := range s.Hosts {
		e.hosts = append(e.hosts, e.compile(h))
	}
	e.pool.New = func() any { return new(exchange) }
	return e
}

func (e *Engine) compile(h *server.Host) *host {
	c := &host{Host: h, engine: e}
	if len(h.Addresses) == 1 && h.Addresses[0].Host == "" && !h.Addresses[0].Addr.IsValid() {
		c.everywhere, c.port = true, h.Addresses[0].Port
	}
	c.url = cmp.Or(h.Name.Scheme, "http") + "://" + h.Name.Host
	c.rules = rewrite.Compile(&h.Rewrite, h.Maps)
	c.base = newLayer(h.Base, h.Maps)
	isEarly := func(r *server.HeaderRule) bool { return r.Early }
	c.early = slices.ContainsFunc(h.Base.RequestHeaders, isEarly) || slices.ContainsFunc(h.Base.Headers, isEarly)
	for _, s := range h.Directories {
		c.directories = append(c.directories, newSection(s))
	}
	for _, s := range h.Locations {
		c.locations = append(c.locations, newSection(s))
		if p := s.Pattern; p != nil && p.PCRE != nil {
			c.remembers = c.remembers || slices.ContainsFunc(p.PCRE.Names(), func(name string) bool { return name != "" })
		}
	}
	return c
}

// Server returns the configuration that the engine was made of.
func (e *Engine) Server() *server.Server { return e.server }

// Serve answers a request: it fills res. rec takes the steps of the rewrite rules; nil takes nothing. What res holds is good
// until res is used again. Without rec, and with a res that has a Memory and has been used before, hardly anything is
// allocated.
func (e *Engine) Serve(ctx context.Context, r *Request, res *Result, rec rewrite.Recorder) error {
	res.reset()
	x := e.pool.Get().(*exchange)
	x.begin(ctx, e, r, res, rec)
	err := x.run()
	x.end()
	e.pool.Put(x)
	return err
}

// noFiles is a machine with the usual folders and nothing in them.
type noFiles struct{}

func (noFiles) Stat(path string) rewrite.FileKind {
	switch path {
	case "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root", "/run",
		"/sbin", "/srv", "/sys", "/tmp", "/usr", "/var":
		return rewrite.Folder
	}
	return rewrite.Missing
}

func (noFiles) Size(string) int64 { return -1 }

func (noFiles) Modified(string) time.Time { return time.Time{} }

func (res *Result) reset() {
	if res.Memory != nil {
		res.Memory.Reset()
	}
	memory, header, env, asked, came, hops, not := res.Memory, res.Header[:0], res.Env[:0], res.asked[:0], res.came[:0], res.Hops[:0], res.NotSimulated[:0]
	applied := res.Applied[:0]
	*res = Result{}
	res.Memory, res.Header, res.Env, res.asked, res.came, res.Hops, res.NotSimulated = memory, header, env, asked, came, hops, not
	res.Applied = applied
}
