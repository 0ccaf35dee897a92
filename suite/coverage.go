package suite

import (
	"cmp"
	"slices"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
	"github.com/dispcheck/dispcheck/source"
)

// A CoverageKind is a kind of configuration that can decide something; its text is its name in JSON.
type CoverageKind string

// The kinds, in the order of reports.
const (
	VHosts            CoverageKind = "vhosts"             // chosen for a request
	RewriteRules      CoverageKind = "rewrite_rules"      // pattern and conditions held, and the rule was applied
	RewriteConditions CoverageKind = "rewrite_conditions" // kept its rule from being applied; one of several joined by OR was met
	Farms             CoverageKind = "farms"              // chosen for a request
	FilterRules       CoverageKind = "filter"             // the last that matched
	CacheRules        CoverageKind = "cache_rules"        // the last that matched
	IgnoreURLParams   CoverageKind = "ignore_url_params"  // the last that matched a parameter
	InvalidateRules   CoverageKind = "invalidate"         // the last that matched a file in the cache
	AllowedClients    CoverageKind = "allowed_clients"    // the last that matched the client of a flush
)

// CoverageKinds returns the kinds in the order of reports.
func CoverageKinds() []CoverageKind {
	return []CoverageKind{VHosts, RewriteRules, RewriteConditions, Farms, FilterRules, CacheRules, IgnoreURLParams, InvalidateRules, AllowedClients}
}

// A Coverage counts which parts of a configuration decided something. What stands in one place of a text counts once, however
// many farms or virtual hosts include it.
type Coverage struct {
	items map[place]*Covered
	order []*Covered
}

// A Covered is one rule, farm or virtual host, and how often it decided.
type Covered struct {
	Kind CoverageKind
	// Name is the label of a rule with its slash, the name of a farm or a virtual host, or the directive.
	Name  string
	At    source.Span
	Times int
}

// Text is the text of the rule in one line.
func (c *Covered) Text() string { return oneLine(c.At) }

// A place is a piece of a text. Texts that were read again for another environment are the same.
type place struct {
	kind  CoverageKind
	file  string
	start int32
}

func placeOf(k CoverageKind, s source.Span) place { return place{k, s.File.Name, s.Start} }

// NewCoverage returns a Coverage that knows of nothing.
func NewCoverage() *Coverage { return &Coverage{items: map[place]*Covered{}} }

// AddConfig adds the rules and farms of a configuration.
func (c *Coverage) AddConfig(m *model.Config) {
	for _, f := range m.Farms {
		c.add(Farms, f.Name, f.NameAt)
		if f.Filter != nil {
			c.addRules(FilterRules, f.Filter.Rules)
		}
		if k := f.Cache; k != nil {
			c.addList(CacheRules, k.Rules)
			c.addList(IgnoreURLParams, k.IgnoreURLParams)
			c.addList(InvalidateRules, k.Invalidate)
			c.addList(AllowedClients, k.AllowedClients)
		}
	}
}

// AddServer adds the virtual hosts of an httpd and its rewrite rules, of the texts that owned says are the project's.
func (c *Coverage) AddServer(s *server.Server, owned func(*source.File) bool) {
	rules := func(set *server.RewriteSettings) {
		if set == nil {
			return
		}
		for _, r := range set.Rules {
			if !owned(r.At.File) {
				continue
			}
			c.add(RewriteRules, "RewriteRule", r.At)
			for _, cond := range r.Conditions {
				c.add(RewriteConditions, "RewriteCond", cond.At)
			}
		}
	}
	for _, h := range append([]*server.Host{s.Main}, s.Hosts...) {
		if h.Virtual && owned(h.At.File) {
			c.add(VHosts, h.Name.Host, h.At)
		}
		rules(&h.Rewrite)
		for _, list := range [][]*server.Section{h.Directories, h.Locations} {
			for _, sec := range list {
				if sec.Settings != nil {
					rules(sec.Settings.Rewrite)
				}
			}
		}
	}
}

func (c *Coverage) addList(k CoverageKind, l *model.RuleList) {
	if l != nil {
		c.addRules(k, l.Rules)
	}
}

func (c *Coverage) addRules(k CoverageKind, rules []*model.Rule) {
	for _, r := range rules {
		c.add(k, label(r), r.At.Span)
	}
}

func (c *Coverage) add(k CoverageKind, name string, at source.Span) {
	if at.IsZero() || c.items[placeOf(k, at)] != nil {
		return
	}
	it := &Covered{Kind: k, Name: name, At: at}
	c.items[placeOf(k, at)] = it
	c.order = append(c.order, it)
}

// count counts what decided, as Decided returned it.
func (c *Coverage) count(list []*Covered) {
	for _, it := range list {
		it.Times++
	}
}

// A noting is what decided about one step, as it is found.
type noting struct {
	coverage *Coverage
	found    []*Covered
}

// Decided returns what decided about one step, and about those before it that were redirected: once for each time that it did. The
// trace must have been asked for what was looked at. It changes nothing, so that many goroutines may call it.
func (c *Coverage) Decided(o *Observed) []*Covered {
	n := noting{coverage: c}
	d := o.Decision
	looked := o.Trace.Looked
	if p := o.Passage; p != nil {
		last := 0
		for i := range p.Redirects {
			r := &p.Redirects[i]
			if !p.Loop || i < len(p.Redirects)-1 {
				n.passed(r.Host, r.Steps)
				n.judged(r.Farm, r.Filter, r.Invalidate)
				n.cache(looked[last:r.Looked])
				last = r.Looked
			} // else it is the answer
		}
		looked = looked[last:]
		n.passed(p.Result.Host, p.Steps)
	}
	n.judged(d.Farm.Farm, d.Filter.Rule, d.Cache.Validity.Rule)
	n.cache(looked)
	for _, r := range o.Invalidates {
		n.rule(InvalidateRules, r)
	}
	n.rule(AllowedClients, d.Invalidation.Rule)
	return n.found
}

func (n *noting) hit(k CoverageKind, at source.Span) {
	if at.IsZero() {
		return
	}
	if it := n.coverage.items[placeOf(k, at)]; it != nil {
		n.found = append(n.found, it)
	}
}

func (n *noting) rule(k CoverageKind, r *model.Rule) {
	if r != nil {
		n.hit(k, r.At.Span)
	}
}

// passed notes what decided in httpd.
func (n *noting) passed(h *server.Host, steps []rewrite.Step) {
	if h != nil {
		n.hit(VHosts, h.At)
	}
	for i := range steps {
		s := &steps[i]
		if s.Applied {
			n.hit(RewriteRules, s.Rule.At)
		}
		for _, cond := range s.Conditions {
			if cond.Matched == alternative(s.Rule, cond.Cond) {
				n.hit(RewriteConditions, cond.Cond.At)
			}
		}
	}
}

// alternative reports whether a condition is one of several that [OR] joins: such a one decides where it is met. Any other decides
// where it is not: without it the rule would be applied.
func alternative(r *server.RewriteRule, c *server.RewriteCond) bool {
	i := slices.Index(r.Conditions, c)
	return c.Or || i > 0 && r.Conditions[i-1].Or
}

// judged notes what decided in the Dispatcher.
func (n *noting) judged(f *model.Farm, filter, invalidate *model.Rule) {
	if f != nil {
		n.hit(Farms, f.NameAt)
	}
	n.rule(FilterRules, filter)
	n.rule(InvalidateRules, invalidate)
}

// cache notes, of the rules that were looked at, the last that matched: in /rules one, in /ignoreUrlParams one for each
// parameter. Where the rules of a filter follow others, another request begins, for an error document.
func (n *noting) cache(looked []simulate.Looked) {
	type about struct{ section, subject string }
	last := map[about]*model.Rule{}
	var order []about
	note := func() {
		for _, a := range order {
			k := CacheRules
			if a.section == ignoreSection {
				k = IgnoreURLParams
			}
			n.rule(k, last[a])
		}
		clear(last)
		order = order[:0]
	}
	for i := range looked {
		l := &looked[i]
		if i > 0 && l.Section == "/filter" && looked[i-1].Section != "/filter" {
			note()
		}
		if !l.Match || l.Section != "/cache/rules" && l.Section != ignoreSection {
			continue
		}
		a := about{section: l.Section}
		if l.Section == ignoreSection && len(l.Elements) > 0 {
			a.subject = l.Elements[0].Subject
		}
		if last[a] == nil {
			order = append(order, a)
		}
		last[a] = l.Rule
	}
	note()
}

// ignoreSection is the name of the section of parameters that do not count.
const ignoreSection = "/cache/ignoreUrlParams"

// Items returns everything that can decide, in the order in which it was added. The list is the coverage's own.
func (c *Coverage) Items() []*Covered { return c.order }

// A CoverageTotal is how much of a kind decided something.
type CoverageTotal struct {
	// Covered of Total decided.
	Covered, Total int
	// Uncovered are the others, by file and place.
	Uncovered []*Covered
}

// Percent returns how much decided, from 0 to 100. Of nothing everything did.
func (t *CoverageTotal) Percent() float64 {
	if t.Total == 0 {
		return 100
	}
	return 100 * float64(t.Covered) / float64(t.Total)
}

// Of returns how much of one kind decided something.
func (c *Coverage) Of(k CoverageKind) CoverageTotal {
	return c.total(func(it *Covered) bool { return it.Kind == k })
}

// Total returns how much of all kinds decided something.
func (c *Coverage) Total() CoverageTotal { return c.total(func(*Covered) bool { return true }) }

func (c *Coverage) total(of func(*Covered) bool) CoverageTotal {
	var t CoverageTotal
	for _, it := range c.order {
		if !of(it) {
			continue
		}
		t.Total++
		if it.Times > 0 {
			t.Covered++
		} else {
			t.Uncovered = append(t.Uncovered, it)
		}
	}
	slices.SortStableFunc(t.Uncovered, func(a, b *Covered) int {
		return cmp.Or(cmp.Compare(a.At.File.Name, b.At.File.Name), cmp.Compare(a.At.Start, b.At.Start))
	})
	return t
}
