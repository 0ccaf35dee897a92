package serve

import (
	"sync/atomic"

	"github.com/dispcheck/dispcheck/internal/serve/page"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

// hits count how often each piece of a configuration decided. Requests without a trace count what stands in their decision;
// which rewrite rules were applied is known of those with one.
type hits struct {
	names []string // of hosts of the site

	order []*hit
	byAt  map[at]*hit

	coverage *suite.Coverage // knows what there is, and counts nothing
}

// A hit is a piece of configuration that can decide.
type hit struct {
	page.RuleHits
	times atomic.Int64
}

type at struct {
	kind suite.CoverageKind
	file *source.File
	from int32
}

func newHits(c *Configuration) *hits {
	h := &hits{names: hostNames(c), byAt: map[at]*hit{}, coverage: suite.NewCoverage()}
	if !c.Open {
		h.coverage.AddConfig(c.Config)
	}
	if c.Apache != nil {
		h.coverage.AddServer(c.Apache.Server, c.Apache.Owned)
	}
	for _, it := range h.coverage.Items() {
		n := &hit{RuleHits: page.RuleHits{Kind: string(it.Kind), Name: it.Name, At: it.At}}
		h.order = append(h.order, n)
		h.byAt[at{it.Kind, it.At.File, it.At.Start}] = n
	}
	return h
}

func (h *hits) at(k suite.CoverageKind, s source.Span) {
	if n := h.byAt[at{k, s.File, s.Start}]; n != nil {
		n.times.Add(1)
	}
}

func (h *hits) rule(k suite.CoverageKind, r *model.Rule) {
	if r != nil {
		h.at(k, r.At.Span)
	}
}

// note counts a request. t is nil where it was not traced with all that was looked at.
func (h *hits) note(d *simulate.Decision, t *simulate.Trace, p *site.Passage) {
	if t != nil && t.Explain {
		h.noteTraced(d, t, p)
		return
	}
	if f := d.Farm.Farm; f != nil {
		h.at(suite.Farms, f.NameAt)
	}
	h.rule(suite.FilterRules, d.Filter.Rule)
	h.rule(suite.CacheRules, d.Cache.Rule)
	h.rule(suite.InvalidateRules, d.Cache.Validity.Rule)
	h.rule(suite.AllowedClients, d.Invalidation.Rule)
	if p != nil && p.Result.Host != nil {
		h.at(suite.VHosts, p.Result.Host.At)
	}
}

func (h *hits) noteTraced(d *simulate.Decision, t *simulate.Trace, p *site.Passage) {
	for _, it := range h.coverage.Decided(&suite.Observed{Decision: d, Trace: t, Passage: p}) {
		h.at(it.Kind, it.At)
	}
}

// list returns all pieces with their counts.
func (h *hits) list() []page.RuleHits {
	out := make([]page.RuleHits, len(h.order))
	for i, n := range h.order {
		out[i] = n.RuleHits
		out[i].Hits = n.times.Load()
	}
	return out
}
