package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// A Group is all that one thing let through.
type Group struct {
	How How
	// At is the rule, the farm or the directive that let the requests through.
	At source.Span
	// Rule is the rule of /filter or /allowedClients; nil where it is none.
	Rule *model.Rule
	// Farms are those that it did so in, in the order of the configuration; none where httpd did it.
	Farms []*model.Farm
	// Severity is the highest of the exposures.
	Severity diag.Severity
	// Certain says that an exposure is certain: it depends on nothing but the configuration and the model of it.
	Certain bool
	// Requests is how many requests got through.
	Requests int
	// Exposures are the probes that got through, the worst first, one for each probe.
	Exposures []*Exposure
	// Fix is the proposed rule; nil where there is none, and NoFix says why.
	Fix   *Fix
	NoFix string

	found []finding
}

// Label is what outputs call what is guilty.
func (g *Group) Label() string {
	switch g.How {
	case ByRule, ByFlush:
		if g.Rule != nil {
			return "/" + g.Rule.Label
		}
	case ByProxy:
		return "httpd"
	case ByVanity:
		return "/vanity_urls"
	case ByNothing:
	}
	if len(g.Farms) > 0 {
		return "farm " + g.Farms[0].Name
	}
	return string(g.How)
}

// Example is the smallest request of the worst probe that is certain, or of the worst probe where none is.
func (g *Group) Example() *Exposure { return g.Exposures[0] }

// Classes are the names of the classes that got through, in order.
func (g *Group) Classes() []string {
	var out []string
	for _, e := range g.Exposures {
		out = append(out, e.Probe.Class.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// An Exposure is a probe that got through.
type Exposure struct {
	Probe *Probe
	// Request is the smallest request that got through, as its Operator made it of the probe.
	Request  Sent
	Operator Operator
	// Requests is how many got through.
	Requests int
	// Depends is what Request depends on beside the configuration; empty for nothing.
	Depends []string
}

// Severity is that of the probe's class.
func (e *Exposure) Severity() diag.Severity { return e.Probe.Class.Severity }

// group puts what got through together by what let it.
func (a *auditor) group() {
	by := map[guilty]*Group{}
	for i := range a.found {
		f := &a.found[i]
		g := by[f.guilty]
		if g == nil {
			g = &Group{How: f.guilty.how, At: f.guilty.at}
			if f.guilty.how == ByRule {
				g.Rule = f.view.rule
			}
			by[f.guilty] = g
			if f.platform {
				a.report.Platform = append(a.report.Platform, g)
			} else {
				a.report.Groups = append(a.report.Groups, g)
			}
		}
		g.found = append(g.found, *f)
		if f.view.farm != nil && !contains(g.Farms, f.view.farm) {
			g.Farms = append(g.Farms, f.view.farm)
		}
	}
	a.found = nil
	for _, list := range [][]*Group{a.report.Groups, a.report.Platform} {
		for _, g := range list {
			g.summarize(a.o.Config)
		}
		slices.SortFunc(list, func(x, y *Group) int {
			return cmp.Or(cmp.Compare(y.Severity, x.Severity), cmp.Compare(y.Requests, x.Requests), x.At.Compare(y.At), cmp.Compare(x.How, y.How))
		})
	}
}

// summarize counts what a group has found.
func (g *Group) summarize(c *model.Config) {
	g.Requests = len(g.found)
	slices.SortFunc(g.Farms, func(a, b *model.Farm) int { return slices.Index(c.Farms, a) - slices.Index(c.Farms, b) })
	if g.How == ByFlush {
		for _, f := range g.Farms {
			if f.Cache == nil || f.Cache.AllowedClients == nil {
				continue
			}
			for _, r := range f.Cache.AllowedClients.Rules {
				if r.At.Span == g.At {
					g.Rule = r
				}
			}
		}
	}
	by := map[*Probe]*Exposure{}
	for i := range g.found {
		f := &g.found[i]
		e := by[f.probe]
		if e == nil {
			e = &Exposure{Probe: f.probe, Request: f.sent, Operator: f.operator, Depends: f.depends}
			by[f.probe] = e
			g.Exposures = append(g.Exposures, e)
		} else if smaller(f, e) {
			e.Request, e.Operator, e.Depends = f.sent, f.operator, f.depends
		}
		e.Requests++
		g.Severity = max(g.Severity, e.Severity())
		g.Certain = g.Certain || len(f.depends) == 0
	}
	slices.SortStableFunc(g.Exposures, compareExposures)
}

// compareExposures orders exposures: the severe first, then the certain, then the small.
func compareExposures(a, b *Exposure) int {
	return cmp.Or(
		cmp.Compare(b.Severity(), a.Severity()), cmp.Compare(sign(len(a.Depends)), sign(len(b.Depends))), cmp.Compare(disguised(a.Operator), disguised(b.Operator)),
		cmp.Compare(sizeOf(&a.Request), sizeOf(&b.Request)), strings.Compare(a.Request.Target, b.Request.Target),
		strings.Compare(a.Request.Method, b.Request.Method), strings.Compare(a.Request.Host, b.Request.Host),
	)
}

// smaller reports whether a finding shows an exposure better than what it has: by a request that depends on nothing, by a
// shorter one. A probe as it is says more than a disguise.
func smaller(f *finding, e *Exposure) bool {
	return cmp.Or(
		cmp.Compare(sign(len(f.depends)), sign(len(e.Depends))), cmp.Compare(disguised(f.operator), disguised(e.Operator)), cmp.Compare(sizeOf(&f.sent), sizeOf(&e.Request)),
		strings.Compare(f.sent.Target, e.Request.Target), strings.Compare(f.sent.Host, e.Request.Host),
	) < 0
}

// disguised is 0 for a probe as it is, and 1 for all others.
func disguised(o Operator) int { return boolToInt(o != AsIs) }

func sign(n int) int { return min(n, 1) }

func sizeOf(s *Sent) int { return len(s.Method) + len(s.Target) }

// notes says what the whole result rests on.
func (a *auditor) notes() {
	r := a.report
	for _, f := range a.o.Config.Farms {
		if f.VanityURLs != nil && !contains(r.Skipped, f) {
			r.Notes = append(r.Notes, "farm "+f.Name+" has /vanity_urls, and the list is not known: a URL on it passes, whatever /filter says")
		}
	}
	r.Notes = append(r.Notes, a.o.Notes...)
}
