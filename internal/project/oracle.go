package project

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// Oracle returns what answers the questions of rules about the configuration: the engine, without renders and with
// nothing in the cache. nil where there is no .any side. It is made for one run of the rules and for all of them; each
// farm is compiled when it is first asked about.
func (p *Project) Oracle() lint.Oracle {
	if p.Config == nil {
		return nil
	}
	o := &oracle{engines: make(map[*model.Farm]func() *simulate.Engine, len(p.Config.Farms))}
	for _, f := range p.Config.Farms {
		o.engines[f] = sync.OnceValue(func() *simulate.Engine {
			// Alone, so that it is found whatever its name and its virtual hosts are.
			return simulate.New(&model.Config{Farms: []*model.Farm{f}, Wrapped: p.Config.Wrapped}, simulate.Options{})
		})
	}
	o.pool.New = func() any { return new(inquiry) }
	return o
}

// An oracle answers over the engine.
type oracle struct {
	engines map[*model.Farm]func() *simulate.Engine // not changed once made
	pool    sync.Pool                               // of *inquiry
}

// An inquiry is the memory of one question.
type inquiry struct {
	request  simulate.Request
	decision simulate.Decision
	header   simulate.Header
}

// Decide asks the engine for the decision alone. It allocates nothing but the name of a cache file, and what the
// engine says that it does.
func (o *oracle) Decide(ctx context.Context, f *model.Farm, q *lint.Question, a *lint.Answer) error {
	*a = lint.Answer{}
	if err := ctx.Err(); err != nil {
		return err
	}
	engine, ok := o.engines[f]
	if !ok {
		return fmt.Errorf("the farm is none of the configuration")
	}
	if q.URL == "" || q.URL[0] != '/' {
		return fmt.Errorf("URL %q does not start with a slash", q.URL)
	}
	in := o.pool.Get().(*inquiry)
	defer o.pool.Put(in)
	in.header = in.header[:0]
	for _, h := range q.Header {
		in.header = append(in.header, simulate.Field(h))
	}
	in.request = simulate.Request{Method: q.Method, Target: q.URL, Header: in.header, Client: q.Client}
	if q.Method == "" {
		in.request.Method = http.MethodGet
	}
	if !q.Client.IsValid() {
		in.request.Client = lint.Stranger()
	}
	d := &in.decision
	if err := engine().Decide(ctx, &in.request, d, nil); err != nil {
		return err
	}
	a.Filtered, a.Rule, a.Reason = d.Filter.Reached, d.Filter.Rule, string(d.Reason)
	a.Allowed = d.Filter.Reached && d.Filter.Allow
	if d.Filter.Reached {
		a.Reason = string(d.Filter.Reason)
	}
	if c := &d.Cache; c.Reached {
		a.Cacheable, a.CacheRule, a.CacheReason = c.Cacheable, c.Rule, string(c.Reason)
		if q.File {
			a.CacheFile = c.File()
		}
	}
	return nil
}
