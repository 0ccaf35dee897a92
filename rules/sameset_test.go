package rules

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/automata/elements"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// A proof says how it is shown that two configurations answer alike. Sections of rules are compared as sets, by automata;
// what is left of the configurations has to be the same in all that the model holds.
type proof struct {
	// how names the proofs that were needed: "same configuration" alone, or "/filter by automata" and the like.
	how []string
	// whole says that they show all of it.
	whole bool
	// open is what they do not show, for people.
	open string
	// outside are requests that two sections decide differently.
	outside []automata.Request
	// changed are the sections of rules that are not written alike.
	changed map[string]bool
}

// prove compares two configurations without asking the engine.
func prove(a, b *model.Config) *proof {
	p := &proof{changed: map[string]bool{}}
	if printed(a) == printed(b) {
		p.how, p.whole = []string{"same configuration"}, true
		return p
	}
	x, y := copied(a), copied(b)
	for i := range min(len(x.Farms), len(y.Farms)) {
		p.farm(x.Farms[i], y.Farms[i])
	}
	slices.Sort(p.how)
	p.how = slices.Compact(p.how)
	before, after := printed(x), printed(y)
	p.whole = before == after
	if !p.whole {
		p.open = firstDifference(before, after)
	}
	return p
}

func printed(c *model.Config) string {
	var b strings.Builder
	if err := model.Fprint(&b, c); err != nil {
		panic(err)
	}
	return b.String()
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return strings.TrimSpace(x[i]) + " became " + strings.TrimSpace(y[i])
		}
	}
	return "one is longer"
}

// copied copies what prove sets.
func copied(c *model.Config) *model.Config {
	d := *c
	d.Farms = slices.Clone(c.Farms)
	for i, f := range d.Farms {
		g := *f
		if f.Cache != nil {
			cache := *f.Cache
			g.Cache = &cache
		}
		if f.AuthChecker != nil {
			a := *f.AuthChecker
			g.AuthChecker = &a
		}
		d.Farms[i] = &g
	}
	return &d
}

// farm makes the same of both farms wherever it is proven that they answer alike.
func (p *proof) farm(x, y *model.Farm) {
	if x.Name != y.Name {
		// The label of a farm is in logs alone.
		y.Name = x.Name
		p.how = append(p.how, "labels decide nothing")
	}
	filters, cached := spaces()
	sameRules(p, "/filter", &x.Filter, &y.Filter, requestAlgebra(filters, false))
	if x.Cache != nil && y.Cache != nil {
		c, d := x.Cache, y.Cache
		sameRules(p, "/rules", &c.Rules, &d.Rules, requestAlgebra(cached, true))
		for _, l := range []struct {
			name string
			a, b **model.RuleList
		}{
			{"/invalidate", &c.Invalidate, &d.Invalidate}, {"/allowedClients", &c.AllowedClients, &d.AllowedClients},
			{"/ignoreUrlParams", &c.IgnoreURLParams, &d.IgnoreURLParams},
		} {
			sameRules(p, l.name, l.a, l.b, textAlgebra())
		}
		sameNames(p, "/headers", &c.Headers, &d.Headers)
		if c.StatfilesLevel.Set && d.StatfilesLevel.Set && c.Statfile.Set != d.Statfile.Set {
			p.how = append(p.how, "/statfile is not read beside /statfileslevel")
			d.Statfile = c.Statfile
		}
	}
	if x.AuthChecker != nil && y.AuthChecker != nil {
		sameRules(p, "/auth_checker /filter", &x.AuthChecker.Filter, &y.AuthChecker.Filter, textAlgebra())
		sameRules(p, "/auth_checker /headers", &x.AuthChecker.Headers, &y.AuthChecker.Headers, textAlgebra())
	}
	sameNames(p, "/clientheaders", &x.ClientHeaders, &y.ClientHeaders)
	if len(x.Renders) < 2 && len(y.Renders) < 2 && (x.Statistics == nil) != (y.Statistics == nil) {
		p.how = append(p.how, "/statistics choose between renders, and there is one")
		y.Statistics = x.Statistics
	}
	if s, t := x.Statistics, y.Statistics; s != nil && t != nil && globs(s, true) != globs(t, true) && globs(s, false) == globs(t, false) {
		p.how = append(p.how, "labels decide nothing")
		y.Statistics = s
	}
	if s, t := x.StickyConnections, y.StickyConnections; s != nil && t != nil {
		c := *t
		samePaths(p, "/paths", &s.Paths, &c.Paths)
		y.StickyConnections = &c
	}
	p.settings(x, y)
	if x.Cache != nil && y.Cache != nil {
		p.settings(x.Cache, y.Cache)
	}
	if s, t := hosts(x), hosts(y); !slices.Equal(s, t) && slices.Equal(unique(s), unique(t)) {
		p.how = append(p.how, "the first of two same virtual hosts decides")
		y.VirtualHosts = x.VirtualHosts
	}
}

// settings makes the same of what two sections set where it is read as the same.
func (p *proof) settings(x, y any) {
	a, b := reflect.ValueOf(x).Elem(), reflect.ValueOf(y).Elem()
	for i := range a.NumField() {
		s, t := a.Field(i), b.Field(i)
		if s.Kind() != reflect.Struct || !s.FieldByName("Text").IsValid() || s.FieldByName("Text").String() == t.FieldByName("Text").String() {
			continue
		}
		if s.FieldByName("Set").Bool() == t.FieldByName("Set").Bool() && s.FieldByName("Value").Interface() == t.FieldByName("Value").Interface() {
			p.how = append(p.how, "values as they are read")
			t.Set(s)
		}
	}
}

// globs writes the categories of /statistics.
func globs(s *model.Statistics, labels bool) string {
	var b strings.Builder
	for _, c := range s.Categories {
		if labels {
			b.WriteString(c.Name)
		}
		if c.Glob != nil {
			b.WriteString("\x00" + c.Glob.Kind().String() + c.Glob.Text())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func hosts(f *model.Farm) []string {
	var list []string
	for _, v := range f.VirtualHosts {
		list = append(list, v.Text)
	}
	return list
}

// unique keeps the first of same texts.
func unique(list []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool {
		was := seen[s]
		seen[s] = true
		return was
	})
}

// sameNames makes the same of two lists of headers that name the same ones.
func sameNames(p *proof, what string, a, b **model.List) {
	if *a == nil || *b == nil {
		return
	}
	names := func(l *model.List) []string {
		var list []string
		for _, v := range l.Values {
			list = append(list, strings.ToLower(v.Text))
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	if values(*a) != values(*b) && slices.Equal(names(*a), names(*b)) {
		p.how = append(p.how, what+" as a set of names")
		*b = *a
	}
}

// samePaths makes the same of two lists of paths that have the same ones.
func samePaths(p *proof, what string, a, b **model.List) {
	if *a == nil || *b == nil || values(*a) == values(*b) {
		return
	}
	x, y := strings.Split(values(*a), "\n"), strings.Split(values(*b), "\n")
	slices.Sort(x)
	slices.Sort(y)
	if slices.Equal(slices.Compact(x), slices.Compact(y)) {
		p.how = append(p.how, what+" as a set of paths")
		*b = *a
	}
}

func values(l *model.List) string {
	var b strings.Builder
	for _, v := range l.Values {
		b.WriteString(v.Text + "\n")
	}
	return b.String()
}

// sameRules makes the same of two sections in which the last rule that matches decides, where they allow the same.
func sameRules[S any](p *proof, what string, a, b **model.RuleList, g algebra[S]) {
	switch {
	case *a == nil || *b == nil:
		// What no section does is another question than what an empty one does.
		if *a != *b {
			p.changed[what] = true
		}
		return
	case slices.EqualFunc((*a).Rules, (*b).Rules, func(r, s *model.Rule) bool { return r.Label == s.Label && keyOf(r) == keyOf(s) }):
		return
	case slices.EqualFunc((*a).Rules, (*b).Rules, func(r, s *model.Rule) bool { return keyOf(r) == keyOf(s) }):
		p.how = append(p.how, "labels decide nothing")
		*b = *a
		return
	}
	p.changed[what] = true
	if len((*a).Rules) == 0 || len((*b).Rules) == 0 {
		return
	}
	odd, err := differing(g, (*a).Rules, (*b).Rules)
	if err != nil {
		// No automaton, as of a pattern with a back reference: requests made of all patterns have to do.
		p.how = append(p.how, what+" by requests")
		*b = *a
		return
	}
	if none, err := g.empty(odd); err == nil && none {
		p.how = append(p.how, what+" by automata")
		*b = *a
		return
	}
	p.outside = append(p.outside, g.some(odd)...)
}

// keyOf is what two rules have in common that do the same by their looks.
func keyOf(r *model.Rule) string {
	var b strings.Builder
	b.WriteString(map[bool]string{true: "allow", false: "deny"}[r.Allow])
	for _, p := range r.Patterns() {
		b.WriteString("\x00" + p.Property + "\x00" + p.Kind().String() + "\x00" + p.Text())
	}
	return b.String()
}

// An algebra is what sets can be asked and made of.
type algebra[S any] struct {
	entry                        func(*model.Rule) (S, error)
	union, difference, intersect func(a, b S) (S, error)
	empty                        func(S) (bool, error)
	none                         S
	some                         func(S) []automata.Request // up to a few of a set, where it has requests
}

func requestAlgebra(s *automata.Space, globIsURL bool) algebra[*automata.Requests] {
	return algebra[*automata.Requests]{
		entry: func(r *model.Rule) (*automata.Requests, error) { return s.Entry(elements.Of(r, globIsURL)) },
		union: s.Union, difference: s.Difference, intersect: s.Intersect, empty: s.Empty, none: s.Complement(s.All()),
		some: func(a *automata.Requests) []automata.Request {
			var best *automata.Requests
			if globIsURL {
				best = storable(s)
			}
			return samplesOf(s, a, best, 6)
		},
	}
}

// storable are GETs of URIs whose answers may be stored: with a dot and something behind it in the last segment, and
// without a query.
func storable(s *automata.Space) *automata.Requests {
	url, err := match.ERE(`(.*/)?[^/]*[.][^/]+`)
	if err != nil {
		panic(err)
	}
	set, err := s.Entry(automata.Elements{Method: match.Glob("GET"), URL: url})
	if err == nil {
		var queries *automata.Requests
		if queries, err = s.Entry(automata.Elements{Query: match.Glob("*")}); err == nil {
			set, err = s.Difference(set, queries)
		}
	}
	if err != nil {
		panic(err)
	}
	return set
}

// samplesOf returns requests of a set, some of which are of the best ones, where it has such.
func samplesOf(s *automata.Space, set, best *automata.Requests, n int) []automata.Request {
	var out []automata.Request
	if best != nil {
		if both, err := s.Intersect(set, best); err == nil {
			out, _ = s.Sample(both, n)
		}
	}
	rest, _ := s.Sample(set, n)
	return append(out, rest...)
}

// textAlgebra is for sections whose globs see one text: the name of a file, a client's address, a parameter's name.
func textAlgebra() algebra[*automata.Language] {
	var n automata.Limit
	return algebra[*automata.Language]{
		entry: func(r *model.Rule) (*automata.Language, error) {
			if r.Glob == nil {
				return nil, automata.ErrNotSimulated
			}
			return n.Language(elements.Pattern(r.Glob))
		},
		union: n.Union, difference: n.Difference, intersect: n.Intersect, empty: func(l *automata.Language) (bool, error) { return l.Empty(), nil },
		none: automata.Anything().Complement(),
		some: func(*automata.Language) []automata.Request { return nil },
	}
}

// spaces are made once. URIs with "//" are among them, which releases before 4.3.1 passed on.
var spaces = sync.OnceValues(func() (filter, cached *automata.Space) {
	filter, err := automata.NewSpace(automata.Universe{DoubleSlashes: true})
	if err != nil {
		panic(err)
	}
	get, err := automata.Limit(0).Strings("GET", "HEAD") // no other method is cached
	if err != nil {
		panic(err)
	}
	if cached, err = automata.NewSpace(automata.Universe{DoubleSlashes: true, Methods: get}); err != nil {
		panic(err)
	}
	return filter, cached
})

// differing returns what two lists of rules decide differently. Only what a rule matches that one of them lacks is looked
// at, and of that only what no later rule of both matches.
func differing[S any](g algebra[S], a, b []*model.Rule) (S, error) {
	same := func(i, j int) bool { return keyOf(a[i]) == keyOf(b[j]) }
	start := 0
	for start < min(len(a), len(b)) && same(start, start) {
		start++
	}
	end := 0
	for end < min(len(a), len(b))-start && same(len(a)-1-end, len(b)-1-end) {
		end++
	}
	region := g.none
	for _, r := range slices.Concat(a[start:len(a)-end], b[start:len(b)-end]) {
		e, err := g.entry(r)
		if err == nil {
			region, err = g.union(region, e)
		}
		if err != nil {
			return g.none, err
		}
	}
	for _, r := range a[len(a)-end:] {
		e, err := g.entry(r)
		if err == nil {
			region, err = g.difference(region, e)
		}
		if err != nil {
			return g.none, err
		}
	}
	if none, err := g.empty(region); err != nil || none {
		return g.none, err
	}
	x, err := allowed(g, a[:len(a)-end], region)
	if err != nil {
		return g.none, err
	}
	y, err := allowed(g, b[:len(b)-end], region)
	if err != nil {
		return g.none, err
	}
	more, err := g.difference(x, y)
	if err != nil {
		return g.none, err
	}
	less, err := g.difference(y, x)
	if err != nil {
		return g.none, err
	}
	return g.union(more, less)
}

// allowed returns what rules allow of a region.
func allowed[S any](g algebra[S], rules []*model.Rule, region S) (S, error) {
	set := g.none
	for _, r := range rules {
		e, err := g.entry(r)
		if err == nil {
			e, err = g.intersect(e, region)
		}
		if err == nil && r.Allow {
			set, err = g.union(set, e)
		} else if err == nil {
			set, err = g.difference(set, e)
		}
		if err != nil {
			return g.none, err
		}
	}
	return set, nil
}
