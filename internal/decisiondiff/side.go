package decisiondiff

import (
	"context"
	"net/netip"
	"time"

	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/httpd"
	"github.com/dispcheck/dispcheck/source"
)

// A Side is one of the two configurations.
type Side struct {
	// Name is what people call it: "git:main".
	Name string
	// Config is the .any side. Open says that there is none, and that it stands for an open farm.
	Config *model.Config
	Open   bool
	// Server is the httpd side, nil where there is none or it is left out; Files its disk, Getenv the environment that httpd
	// is started in.
	Server *server.Server
	Files  httpd.FileSystem
	Getenv func(name string) (string, bool)
	// Owned tells texts of the project from those that its platform brings; nil takes all for the project's.
	Owned func(*source.File) bool
	// Options are those of the engine. Renders, stores and clocks do not count.
	Options simulate.Options
	// Directives are those of the Dispatcher that win over httpd's configuration.
	Directives []string
}

// moment is when all requests come: headers that hold a time must not differ.
func moment() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }

// engine compiles the .any side, for all deciders of the side.
func (s *Side) engine() *simulate.Engine {
	o := s.Options
	o.Backend, o.Store, o.Now, o.Sleep = nil, nil, nil, nil
	return simulate.New(s.Config, o)
}

// A decider answers requests with one side, one at a time. What it holds is good until the next request.
type decider struct {
	side     *Side
	engine   *simulate.Engine
	site     *site.Site // nil without httpd
	decision simulate.Decision
	passage  site.Passage
}

func newDecider(s *Side, e *simulate.Engine) *decider {
	d := &decider{side: s, engine: e}
	if s.Server != nil {
		d.site = d.newSite()
		d.passage.Quiet = true
	}
	return d
}

func (d *decider) newSite() *site.Site {
	s := d.side
	return site.New(&site.Site{
		Server: s.Server, Files: s.Files, Getenv: s.Getenv, Dispatcher: d.engine, Directives: s.Directives, Open: s.Open, Now: moment,
		Assume: 200,
	})
}

var localhost = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// request is r as the engines take it.
func (r *Request) request() simulate.Request {
	q := simulate.Request{Method: r.Method, Target: r.Target, Host: r.Host, TLS: r.TLS, Header: r.Header, Client: r.Client}
	if !q.Client.IsValid() {
		q.Client = localhost
	}
	return q
}

// decide answers a request.
func (d *decider) decide(ctx context.Context, r *Request) error {
	q := r.request()
	if d.site == nil {
		return d.engine.Decide(ctx, &q, &d.decision, nil)
	}
	d.site.AssumeHeader = r.Answer
	return d.site.Decide(ctx, &q, &d.decision, nil, &d.passage)
}

// rewrittenBy returns the rule that made the path what it is: the last that was applied and changed it.
func (d *decider) rewrittenBy(ctx context.Context, r *Request) (source.Span, error) {
	if d.side.Server == nil {
		return source.Span{}, nil
	}
	d.site.AssumeHeader = nil
	q := r.request()
	var made simulate.Decision
	var p site.Passage
	if err := d.site.Decide(ctx, &q, &made, nil, &p); err != nil {
		return source.Span{}, err
	}
	var at source.Span
	for _, s := range p.Steps {
		if s.Applied && s.Input != s.Output {
			at = s.Rule.At
		}
	}
	return at, nil
}
