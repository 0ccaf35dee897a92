package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/serve/page"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// This file is what the page sees of a Server.

var _ page.Source = (*Server)(nil)

// State implements page.Source.
func (s *Server) State() page.State {
	g := s.use()
	defer g.leave()
	hosts := s.Addresses()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := page.State{
		Version: s.o.About.Version, Dispatcher: g.engine.Version().String(), Config: s.o.About.Config, Publish: s.o.About.Publish, CacheDir: s.o.CacheDir,
		URLs: slices.Clone(s.urls), Hosts: hosts, Watch: s.o.About.Watch, Now: s.clock.Now(), Ahead: time.Duration(s.ahead.Load()),
		Revision: g.number, Loaded: g.loaded, Broken: s.broken, Requests: s.requests.Load(),
	}
	if !g.Open {
		for _, f := range g.Config.Farms {
			st.Farms = append(st.Farms, f.Name)
		}
	}
	return st
}

// Recent implements page.Source.
func (s *Server) Recent(most int) []page.Exchange { return s.record.recent(most) }

// Subscribe implements page.Source.
func (s *Server) Subscribe() (<-chan page.Event, func()) { return s.record.subscribe() }

// Explain implements page.Source.
func (s *Server) Explain(ctx context.Context, id int64) (*page.Explanation, bool) {
	p := s.record.trail(id)
	if p == nil {
		return nil, false
	}
	e := &page.Explanation{
		Exchange: p.exchange, Prefix: s.o.Prefix, Body: p.body, Sent: p.head.pairs(),
		Simulation: &report.Simulation{
			Request: &p.request, Decision: p.decision, Trace: p.trace, ShowTrace: true, Explain: true, Version: p.g.engine.Version(),
		},
	}
	if p.g.site != nil {
		e.Simulation.Passage = p.passage
	}
	g := s.use()
	defer g.leave()
	e.Files = g.filesOf(ctx, p.decision)
	return e, true
}

// maxBodyKept is how much of a body that a form sends is taken.
const maxBodyKept = 16 << 20

// Send implements page.Source.
func (s *Server) Send(ctx context.Context, r page.Request) (int64, error) {
	x, err := s.send(ctx, r)
	if err != nil {
		return 0, err
	}
	return x.id, nil
}

// send answers a request of the page as one that came by the port.
func (s *Server) send(ctx context.Context, r page.Request) (*exchange, error) {
	if len(r.Body) > maxBodyKept {
		return nil, fmt.Errorf("the body is longer than %d MiB", maxBodyKept>>20)
	}
	first := "localhost"
	if hosts := s.Addresses(); len(hosts) > 0 {
		first = hosts[0].Name
	}
	q, err := formRequest(r, first)
	if err != nil {
		return nil, err
	}
	x := &exchange{server: s, out: noOutput{}, request: *q, decision: new(simulate.Decision), page: true}
	x.run(ctx)
	return x, nil
}

// Flush implements page.Source.
func (s *Server) Flush(ctx context.Context, f page.Flush) (*page.Flushed, error) {
	if !strings.HasPrefix(f.Handle, "/") {
		return nil, errors.New("a handle is a repository path, such as /content/site/en")
	}
	action := cmp.Or(f.Action, "Activate")
	header := [][2]string{{"CQ-Action", action}, {"CQ-Handle", f.Handle}, {"CQ-Path", f.Handle}}
	if f.Scope != "" {
		header = append(header, [2]string{"CQ-Action-Scope", f.Scope})
	}
	for _, h := range header {
		if strings.ContainsAny(h[1], "\r\n\x00") {
			return nil, fmt.Errorf("%s has a line end in it", h[0])
		}
	}
	before := s.staleBefore(ctx)
	x, err := s.send(ctx, page.Request{Method: http.MethodPost, URL: "/dispatcher/invalidate.cache", Host: f.Host, Header: header})
	if err != nil {
		return nil, err
	}
	out := &page.Flushed{ID: x.id, Prefix: s.o.Prefix, Report: &report.Flush{Decision: x.decision, Trace: x.trace, Handle: f.Handle, Action: action}}
	if out.Report.Trace == nil {
		out.Report.Trace = new(simulate.Trace)
	}
	if d := x.decision; d.Invalidation.Allowed && d.Farm.Farm != nil && d.Farm.Farm.Cache != nil {
		g := s.use()
		defer g.leave()
		if g.number == x.number {
			if out.Report.Survey, err = report.SurveyAfter(ctx, g.engine, d, before[d.Farm.Farm.Name]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// staleBefore are the pages of each farm that are stale already.
func (s *Server) staleBefore(ctx context.Context) map[string]map[string]bool {
	g := s.use()
	defer g.leave()
	out := map[string]map[string]bool{}
	for _, f := range g.Config.Farms {
		if f.Cache == nil {
			continue
		}
		stale := map[string]bool{}
		// What cannot be read is told by the survey after the flush.
		_ = g.engine.Survey(ctx, f, simulate.AfterGrace, func(c simulate.CachedFile) error {
			if !c.Validity.Fresh {
				stale[c.Name] = true
			}
			return nil
		})
		out[f.Name] = stale
	}
	return out
}

// Advance implements page.Source.
func (s *Server) Advance(d time.Duration) time.Time {
	if d > 0 {
		s.clock.Advance(d)
		s.ahead.Add(int64(d))
		s.record.tell(eventAdvanced)
	}
	return s.clock.Now()
}

// Rules implements page.Source.
func (s *Server) Rules() []page.RuleHits {
	g := s.use()
	defer g.leave()
	return g.hits.list()
}

// Findings implements page.Source. Lint begins when somebody asks for the first time: most who serve never do.
func (s *Server) Findings() *report.Findings {
	g := s.use()
	defer g.leave()
	if s.o.Lint == nil {
		return g.Configuration.Findings
	}
	if g.linting.CompareAndSwap(false, true) {
		s.lint(g)
	}
	return g.findings.Load()
}

// Files implements page.Source.
func (s *Server) Files() []*source.File {
	g := s.use()
	defer g.leave()
	var out []*source.File
	if p := g.Project; p != nil && p.Tree != nil {
		for _, f := range p.Tree.Files {
			out = append(out, f.Src)
		}
	}
	if a := g.Apache; a != nil {
		for _, f := range a.Tree.Files {
			if a.Owned(f.Src) {
				out = append(out, f.Src)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *source.File) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b *source.File) bool { return a == b || a.Name == b.Name })
}

// Cache implements page.Source.
func (s *Server) Cache(ctx context.Context, most int) (*page.CacheTree, error) {
	g := s.use()
	defer g.leave()
	t := &page.CacheTree{At: s.clock.Now()}
	left := most
	for _, path := range g.roots {
		r := page.CacheRoot{Path: path}
		judged := map[string]simulate.CachedFile{}
		for _, f := range g.Config.Farms {
			if f.Cache == nil || strings.TrimRight(f.Cache.Docroot.Value, "/") != path {
				continue
			}
			r.Farms = append(r.Farms, f.Name)
			if len(r.Farms) > 1 {
				continue // the first farm judges
			}
			n := 0
			err := g.engine.Survey(ctx, f, simulate.AtOnce, func(c simulate.CachedFile) error {
				if n++; n > most {
					return errEnough
				}
				judged[c.Name] = c
				return nil
			})
			if err != nil && !errors.Is(err, errEnough) {
				r.Error = err.Error()
			}
		}
		root, err := g.store.Docroot(path)
		if err != nil {
			r.Error = err.Error()
			t.Roots = append(t.Roots, r)
			continue
		}
		w := walk{root: root, judged: judged, left: left, skip: g.within(path)}
		if err := w.folder(ctx, ""); err != nil {
			r.Error = err.Error()
		}
		r.Files, left = w.files, w.left
		if w.more {
			t.More = -1
		}
		t.Roots = append(t.Roots, r)
	}
	return t, ctx.Err()
}

var errEnough = errors.New("there are more files than were asked for")

// within are the document roots that lie in another, as they are named in it.
func (g *generation) within(root string) []string {
	var out []string
	for _, r := range g.roots {
		if rest, ok := strings.CutPrefix(r, root+"/"); ok {
			out = append(out, "/"+rest)
		}
	}
	return out
}

// A walk lists a document root.
type walk struct {
	root   simulate.Docroot
	judged map[string]simulate.CachedFile
	skip   []string // document roots of their own
	files  []page.CacheFile
	left   int
	more   bool
}

func (w *walk) folder(ctx context.Context, folder string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := w.root.List(cmp.Or(folder, "/"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := folder + "/" + e.Name
		switch {
		case e.Kind == simulate.FileFolder && slices.Contains(w.skip, name):
		case e.Kind == simulate.FileFolder:
			if err := w.folder(ctx, name); err != nil {
				return err
			}
		case w.left <= 0:
			w.more = true
			return nil
		default:
			w.left--
			c, known := w.judged[name]
			w.files = append(w.files, cacheFile(name, e.FileInfo, &c, known))
		}
	}
	return nil
}

// cacheFile is one file for the page.
func cacheFile(name string, info simulate.FileInfo, c *simulate.CachedFile, known bool) page.CacheFile {
	f := page.CacheFile{Name: name, Kind: kindOf(name, info, known), Size: info.Size, Mod: info.Mod}
	if known {
		v := &c.Validity
		f.Fresh, f.Why, f.Reason, f.Statfile, f.Touched, f.Expires = v.Fresh, v.Why(), string(v.Reason), v.Statfile, v.Touched, v.Expires
		if v.Rule != nil {
			f.Rule = v.Rule.At.Span
		}
	}
	return f
}

func kindOf(name string, info simulate.FileInfo, page1 bool) page.CacheFileKind {
	base := path.Base(name)
	switch {
	case page1:
		return page.Cached
	case info.Kind != simulate.FileRegular:
		return page.Other
	case base == ".stat":
		return page.Statfile
	case strings.HasSuffix(base, ".h"):
		return page.Headers
	case strings.HasSuffix(base, ".ttl"):
		return page.Lifetime
	case simulate.IsPage(name):
		return page.Cached
	}
	return page.Other
}

// filesOf are the cache file of a URL, what stands beside it, and the statfiles down to it.
func (g *generation) filesOf(ctx context.Context, d *simulate.Decision) []page.CacheFile {
	f := d.Farm.Farm
	if f == nil || f.Cache == nil || d.URI == "" || d.URI[0] != '/' {
		return nil
	}
	root, err := g.store.Docroot(strings.TrimRight(f.Cache.Docroot.Value, "/"))
	if err != nil {
		return nil
	}
	var out []page.CacheFile
	add := func(name string, c *simulate.CachedFile, known bool) {
		info, err := root.Stat(name)
		if err == nil && info.Kind == simulate.FileRegular {
			out = append(out, cacheFile(name, info, c, known))
		}
	}
	c := simulate.CachedFile{Validity: g.judge(f.Name, d.URI)}
	add(d.URI, &c, c.Validity.Known)
	add(d.URI+".h", nil, false)
	add(d.URI+".ttl", nil, false)
	add("/.stat", nil, false)
	folder := ""
	const deepest = 64
	for i, segment := range strings.Split(path.Dir(d.URI), "/") {
		if segment == "" || i > deepest || ctx.Err() != nil {
			continue
		}
		folder += "/" + segment
		add(folder+"/.stat", nil, false)
	}
	return out
}

// judge says how a request would find a page now.
func (g *generation) judge(farm, name string) simulate.Validity {
	f := g.Config.Farm(farm)
	if f == nil {
		return simulate.Validity{}
	}
	v, err := g.engine.Judge(f, name)
	if err != nil {
		return simulate.Validity{}
	}
	return v
}

// broke notes a configuration that does not serve.
func (s *Server) broke(c *Configuration, err error) {
	b := &page.Broken{At: s.clock.Now(), Message: err.Error()}
	n := Notice{Err: err}
	if c != nil {
		b.Findings, n.Findings = c.Findings, c.Findings
	}
	s.mu.Lock()
	s.broken = b
	s.mu.Unlock()
	s.notice(n)
	s.record.tell(eventReloaded)
}
