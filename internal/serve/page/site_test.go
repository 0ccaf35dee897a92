package page

import (
	"context"
	"errors"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/rules"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

// A testSite is a Source without ports: the embedded project on the real engine, its cache in memory, its clock simulated.
type testSite struct {
	*Log
	project  *project.Project
	apache   *project.Apache
	engine   *simulate.Engine
	store    *docroot.Memory
	clock    *simulate.Timeline
	findings *report.Findings

	mu       sync.Mutex // for what follows: a site.Site is for one at a time
	front    *site.Site
	coverage *suite.Coverage
	ahead    time.Duration
	broken   *Broken
	revision int
}

var start = time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)

func newTestSite(t testing.TB) *testSite { return newTestSiteOf(t, "cloud") }

func newTestSiteOf(t testing.TB, example string) *testSite {
	t.Helper()
	s, err := loadTestSite(t.Context(), "example:"+example, "")
	if err != nil {
		t.Fatal(err)
	}
	s.findings = &report.Findings{List: s.lint(t), Rules: rules.Find}
	return s
}

// loadTestSite is a site of a configuration, without findings.
func loadTestSite(ctx context.Context, config, dir string) (*testSite, error) {
	s := &testSite{Log: NewLog(maxRecent), store: &docroot.Memory{MaxBytes: 1 << 20}, clock: simulate.NewTimeline(start), coverage: suite.NewCoverage(), revision: 1}
	var err error
	if s.project, err = project.Load(ctx, project.Options{Path: config, WorkDir: dir}); err != nil {
		return nil, err
	}
	if s.apache, err = s.project.Apache(ctx); err != nil {
		return nil, err
	}
	if s.apache == nil || s.project.Config == nil {
		return nil, errors.New("not both of httpd and Dispatcher")
	}
	renders := mock.Respond(200, "text/html")
	renders.SetSleep(s.clock.Sleep)
	s.engine = simulate.New(s.project.Config, simulate.Options{Backend: renders, Store: s.store, Now: s.clock.Now, Sleep: s.clock.Sleep})
	s.front = site.New(&site.Site{Server: s.apache.Server, Files: s.apache.Files(), Getenv: s.apache.Getenv, Dispatcher: s.engine, Now: s.clock.Now})
	s.coverage.AddServer(s.apache.Server, s.apache.Owned)
	s.coverage.AddConfig(s.project.Config)
	return s, nil
}

func (s *testSite) lint(t testing.TB) []diag.Diagnostic {
	t.Helper()
	subject, err := s.project.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return lint.Run(t.Context(), subject, rules.All(), &lint.Settings{}, lint.RunOptions{}).Findings
}

func (s *testSite) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := State{
		Version: "1.2.3", Dispatcher: simulate.Newest.String(), Config: "example:cloud", Publish: "mock", URLs: []string{"http://127.0.0.1:8080"},
		Watch: true, Now: s.clock.Now(), Ahead: s.ahead, Revision: s.revision, Loaded: start, Broken: s.broken, Requests: s.Count(),
	}
	for _, name := range []string{"www.wknd.example", "magazine.wknd.example"} {
		st.Hosts = append(st.Hosts, Host{name, "http://" + name + ".localhost:8080"})
	}
	for _, f := range s.project.Config.Farms {
		st.Farms = append(st.Farms, f.Name)
	}
	return st
}

func (s *testSite) Send(ctx context.Context, r Request) (int64, error) {
	q, err := simulate.NewRequest(r.Method, r.URL)
	if err != nil {
		return 0, err
	}
	if q.Host == "" {
		q.Host = r.Host
	}
	if q.Host == "" {
		q.Host = "www.wknd.example"
	}
	q.Client = netip.MustParseAddr("127.0.0.1")
	for _, h := range r.Header {
		q.Header = append(q.Header, simulate.Field{Name: h[0], Value: h[1]})
	}
	id, _, err := s.decide(ctx, q)
	return id, err
}

// decide asks the engine and keeps what it says.
func (s *testSite) decide(ctx context.Context, q *simulate.Request) (int64, *report.Simulation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sim := &report.Simulation{
		Request: q, Decision: new(simulate.Decision), Trace: &simulate.Trace{Explain: true}, Passage: new(site.Passage), ShowTrace: true, Explain: true,
	}
	at := s.clock.Now()
	if err := s.front.Decide(ctx, q, sim.Decision, sim.Trace, sim.Passage); err != nil {
		return 0, nil, err
	}
	s.clock.Advance(1370 * time.Microsecond)
	for _, it := range s.coverage.Decided(&suite.Observed{Decision: sim.Decision, Trace: sim.Trace, Passage: sim.Passage}) {
		it.Times++
	}
	d := sim.Decision
	e := Exchange{
		At: at, Took: 1370 * time.Microsecond, Method: q.Method, URL: q.Target, Host: q.Host, Status: d.Response.Status, Bytes: d.Response.Length,
		Outcome: d.Outcome.String(), Reason: string(d.Reason), From: d.Response.From, By: d.By, Revision: s.revision,
	}
	if d.Cache.Reached {
		e.Cache = d.Cache.Action.String()
	}
	if d.Farm.Farm != nil {
		e.Farm = d.Farm.Farm.Name
	}
	return s.Add(e, &Explanation{Simulation: sim, Body: []byte("<!doctype html>\n<title>x</title>")}), sim, nil
}

func (s *testSite) Explain(ctx context.Context, id int64) (*Explanation, bool) {
	x, ok := s.Log.Explain(id)
	if !ok {
		return nil, false
	}
	d := x.Simulation.Decision
	if d.Farm.Farm == nil || d.Cache.File() == "" {
		return x, true
	}
	t, err := s.Cache(ctx, maxCacheFiles)
	if err != nil {
		return x, true
	}
	for _, r := range t.Roots {
		for _, f := range r.Files {
			above := f.Kind == Statfile && strings.HasPrefix(d.URI, strings.TrimSuffix(f.Name, ".stat"))
			if f.Name == d.URI || above {
				x.Files = append(x.Files, f)
			}
		}
	}
	return x, true
}

func (s *testSite) Flush(ctx context.Context, f Flush) (*Flushed, error) {
	if !strings.HasPrefix(f.Handle, "/") {
		return nil, errors.New("a handle is a repository path, such as /content/site/en")
	}
	before, err := s.stale(ctx)
	if err != nil {
		return nil, err
	}
	s.clock.Advance(time.Second)
	host := f.Host
	if host == "" {
		host = "localhost"
	}
	q := &simulate.Request{Method: "GET", Target: "/dispatcher/invalidate.cache", Host: host, Client: netip.MustParseAddr("127.0.0.1"), Header: simulate.Header{
		{Name: "CQ-Action", Value: f.Action}, {Name: "CQ-Handle", Value: f.Handle},
	}}
	id, sim, err := s.decide(ctx, q)
	if err != nil {
		return nil, err
	}
	s.clock.Advance(time.Second)
	sim.Survey = &report.Survey{Deleted: len(sim.Decision.Invalidation.Deleted)}
	for _, farm := range s.project.Config.Farms {
		if farm != sim.Decision.Farm.Farm {
			continue
		}
		err = s.engine.Survey(ctx, farm, simulate.AfterGrace, func(c simulate.CachedFile) error {
			p := report.Surveyed{Name: c.Name, Why: c.Validity.Why()}
			switch {
			case c.Validity.Fresh:
				sim.Survey.Fresh = append(sim.Survey.Fresh, p)
			case slices.Contains(before, c.Name):
				sim.Survey.Already = append(sim.Survey.Already, p)
			default:
				sim.Survey.Stale = append(sim.Survey.Stale, p)
			}
			return nil
		})
	}
	s.Tell(Flushing)
	return &Flushed{ID: id, Report: &report.Flush{Decision: sim.Decision, Trace: sim.Trace, Survey: sim.Survey, Handle: f.Handle, Action: f.Action}}, err
}

func (s *testSite) stale(ctx context.Context) (names []string, err error) {
	t, err := s.Cache(ctx, maxCacheFiles)
	if err != nil {
		return nil, err
	}
	for _, r := range t.Roots {
		for _, f := range r.Files {
			if f.Kind == Cached && !f.Fresh {
				names = append(names, f.Name)
			}
		}
	}
	return names, nil
}

func (s *testSite) Advance(d time.Duration) time.Time {
	s.mu.Lock()
	s.ahead += d
	s.mu.Unlock()
	s.clock.Advance(d)
	s.Tell(Advanced)
	return s.clock.Now()
}

func (s *testSite) Cache(ctx context.Context, most int) (*CacheTree, error) {
	t := &CacheTree{At: s.clock.Now()}
	byRoot := map[string]int{}
	for _, f := range s.project.Config.Farms {
		if f.Cache == nil {
			continue
		}
		root := f.Cache.Docroot.Value
		if i, ok := byRoot[root]; ok {
			t.Roots[i].Farms = append(t.Roots[i].Farms, f.Name)
			continue
		}
		byRoot[root] = len(t.Roots)
		r := CacheRoot{Path: root, Farms: []string{f.Name}}
		d, err := s.store.Docroot(root)
		if err != nil {
			return nil, err
		}
		pages := map[string]simulate.CachedFile{}
		if err := s.engine.Survey(ctx, f, simulate.AtOnce, func(c simulate.CachedFile) error {
			pages[c.Name] = c
			return nil
		}); err != nil {
			return nil, err
		}
		if err := walk(d, "/", func(name string, i simulate.FileInfo) {
			c := CacheFile{Name: name, Kind: Other, Size: i.Size, Mod: i.Mod}
			switch p, page := pages[name]; {
			case page:
				c.Kind, c.Fresh, c.Why, c.Reason = Cached, p.Validity.Fresh, p.Validity.Why(), string(p.Validity.Reason)
				c.Statfile, c.Touched, c.Expires = p.Validity.Statfile, p.Validity.Touched, p.Validity.Expires
				if p.Validity.Rule != nil {
					c.Rule = p.Validity.Rule.At.Span
				}
			case path.Base(name) == ".stat":
				c.Kind = Statfile
			case strings.HasSuffix(name, ".h"):
				c.Kind = Headers
			case strings.HasSuffix(name, ".ttl"):
				c.Kind = Lifetime
			}
			if len(r.Files) < most {
				r.Files = append(r.Files, c)
			} else {
				t.More++
			}
		}); err != nil {
			return nil, err
		}
		t.Roots = append(t.Roots, r)
	}
	return t, nil
}

func walk(d simulate.Docroot, folder string, visit func(string, simulate.FileInfo)) error {
	entries, err := d.List(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := strings.TrimSuffix(folder, "/") + "/" + e.Name
		if e.Kind == simulate.FileFolder {
			if err := walk(d, name, visit); err != nil {
				return err
			}
			continue
		}
		visit(name, e.FileInfo)
	}
	return nil
}

func (s *testSite) Rules() (list []RuleHits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.coverage.Items() {
		list = append(list, RuleHits{string(c.Kind), c.Name, c.At, int64(c.Times)})
	}
	return list
}

func (s *testSite) Findings() *report.Findings { return s.findings }

func (s *testSite) Files() (list []*source.File) {
	for _, f := range s.project.Tree.Files {
		list = append(list, f.Src)
	}
	for _, f := range s.apache.Tree.Files {
		if s.apache.Owned(f.Src) {
			list = append(list, f.Src)
		}
	}
	slices.SortFunc(list, func(a, b *source.File) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(list, func(a, b *source.File) bool { return a.Name == b.Name })
}

var _ Source = (*testSite)(nil)
