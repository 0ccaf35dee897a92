package suite

import (
	"cmp"
	"slices"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// A CoverageKind is a kind of configuration that can decide something; its text is its name in JSON.
type CoverageKind string

// The kinds, in the order of reports.
const (
	VHosts            CoverageKind = "vhosts"             // chosen for a request
	RewriteRules      CoverageKind = "rewrite_rules"      // pattern and conditions held, and the rule was applied
	RewriteConditions CoverageKind = "rewrite_conditions" // compared
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

func (c *Coverage) hit(k CoverageKind, at source.Span) {
	if at.IsZero() {
		return
	}
	if it := c.items[placeOf(k, at)]; it != nil {
		it.Times++
	}
}

func (c *Coverage) hitRule(k CoverageKind, r *model.Rule) {
	if r != nil {
		c.hit(k, r.At.Span)
	}
}

// Note counts what decided about one step. Its trace must have been asked for what was looked at.
func (c *Coverage) Note(o *Observed) {
	d := o.Decision
	if f := d.Farm.Farm; f != nil {
		c.hit(Farms, f.NameAt)
	}
	c.hitRule(FilterRules, d.Filter.Rule)
	c.hitRule(InvalidateRules, d.Cache.Validity.Rule)
	for _, r := range o.Invalidates {
		c.hitRule(InvalidateRules, r)
	}
	c.hitRule(AllowedClients, d.Invalidation.Rule)
	c.noteCache(o.Trace.Looked)
	if p := o.Passage; p != nil {
		if p.Result.Host != nil {
			c.hit(VHosts, p.Result.Host.At)
		}
		for i := range p.Redirects {
			c.hit(RewriteRules, p.Redirects[i].By.At)
		}
		for i := range p.Steps {
			s := &p.Steps[i]
			if s.Applied {
				c.hit(RewriteRules, s.Rule.At)
			}
			for _, cond := range s.Conditions {
				c.hit(RewriteConditions, cond.Cond.At)
			}
		}
	}
}

// noteCache counts, of the rules that were looked at, the last that matched: in /rules one, in /ignoreUrlParams one for each
// parameter.
func (c *Coverage) noteCache(looked []simulate.Looked) {
	type about struct{ section, subject string }
	last := map[about]*model.Rule{}
	var order []about
	for i := range looked {
		l := &looked[i]
		if !l.Match || l.Section != "/cache/rules" && l.Section != "/cache/ignoreUrlParams" {
			continue
		}
		a := about{section: l.Section}
		if l.Section == "/cache/ignoreUrlParams" && len(l.Elements) > 0 {
			a.subject = l.Elements[0].Subject
		}
		if last[a] == nil {
			order = append(order, a)
		}
		last[a] = l.Rule
	}
	for _, a := range order {
		k := CacheRules
		if a.section == "/cache/ignoreUrlParams" {
			k = IgnoreURLParams
		}
		c.hitRule(k, last[a])
	}
}

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
