package lastmatch

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

// A Kind says which section it is, and so what its entries are compared with.
type Kind uint8

// The kinds of section.
const (
	Filter     Kind = iota // /filter: requests
	CacheRules             // /rules of /cache: GET and HEAD requests
	Parameters             // /ignoreUrlParams: names of parameters
)

// listOf returns the section of a kind; nil where the farm has none.
func (k Kind) listOf(f *model.Farm) *model.RuleList {
	switch {
	case k == Filter:
		return f.Filter
	case f.Cache == nil:
		return nil
	case k == CacheRules:
		return f.Cache.Rules
	}
	return f.Cache.IgnoreURLParams
}

// A Section is a section of one farm. It is not for several goroutines.
type Section struct {
	// Rules are its entries in the order of the text.
	Rules []*model.Rule

	kind Kind
	pass *lint.Pass
	*analysis
}

// An analysis is what is known of a section. Farms whose sections have the same text share it.
type analysis struct {
	world   world
	keys    []string
	allow   []bool
	entries []*entry
	shadows []*Shadow
	earlier []*int
	dangers []*automata.Requests // by entry that denies selectors: see Reopened
}

type (
	sectionKey  struct{ list *model.RuleList }
	analysisKey struct {
		kind Kind
		keys string
	}
)

// Of returns the section of a farm; nil where it has none.
func Of(p *lint.Pass, k Kind, f *model.Farm) *Section {
	list := k.listOf(f)
	if list == nil {
		return nil
	}
	return lint.Memo(p, sectionKey{list}, func() *Section {
		s := &Section{Rules: list.Rules, kind: k, pass: p}
		var all strings.Builder
		keys := make([]string, len(s.Rules))
		for i, r := range s.Rules {
			keys[i] = keyOf(r)
			all.WriteByte("da"[bit(r.Allow)])
			all.WriteString(keys[i])
			all.WriteByte('\n')
		}
		s.analysis = lint.Memo(p, analysisKey{k, all.String()}, func() *analysis {
			n := len(s.Rules)
			a := &analysis{world: worldOf(k), keys: keys, allow: make([]bool, n), entries: make([]*entry, n), shadows: make([]*Shadow, n), earlier: make([]*int, n), dangers: make([]*automata.Requests, n)}
			for i, r := range s.Rules {
				a.allow[i] = r.Allow
				a.entries[i] = compiled(p, a.world, k, r)
			}
			return a
		})
		return s
	})
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Empty reports whether no request matches an entry, as far as that is known.
func (a *analysis) Empty(i int) bool {
	a.Shadow(i) // finds out, at no further cost, for most
	return a.known(i) && a.entries[i].empty
}

// known reports whether the set of an entry is known, and looks what is in it.
func (a *analysis) known(i int) bool {
	e := a.entries[i]
	if e.decided() {
		e.look(a.world)
	}
	return e.decided()
}

// Twin reports whether another entry of the section has the same text and type.
func (a *analysis) Twin(i int) bool {
	for k := range a.keys {
		if a.twins(i, k) {
			return true
		}
	}
	return false
}

func (a *analysis) twins(i, k int) bool {
	return i != k && a.keys[i] == a.keys[k] && a.allow[i] == a.allow[k]
}

// A Shadow says that an entry never decides.
type Shadow struct {
	// By are the entries behind it that match all that it matches, ascending; none of them can be left out. It is empty
	// where the entry decides something, or where that is not known.
	By []int
	// Same says that they all do what the entry does.
	Same bool
	// Sampled says that samples showed it, and no proof.
	Sampled bool
}

// samples is how many requests stand for an entry that is too large for an automaton, and fewest how many there have to
// be for them to say anything.
const samples, fewest = 48, 12

// Shadow returns what keeps an entry from ever deciding.
func (a *analysis) Shadow(i int) *Shadow {
	if a.shadows[i] == nil {
		s := a.shadow(i)
		s.Same = true
		for _, k := range s.By {
			s.Same = s.Same && a.allow[k] == a.allow[i]
		}
		a.shadows[i] = s
	}
	return a.shadows[i]
}

func (a *analysis) shadow(i int) *Shadow {
	e := a.entries[i]
	if e.unsure {
		return &Shadow{}
	}
	var sets []set
	var at []int
	sampled := false
	for k := i + 1; k < len(a.entries); k++ {
		switch later := a.entries[k]; {
		case later.decided():
			sets, at = append(sets, later.set), append(at, k)
		case !later.unsure:
			sampled = true
		}
	}
	if e.err == nil {
		covered, used, outside, err := a.world.cover(e.set, sets)
		switch {
		case err != nil:
		case covered:
			e.looked, e.empty = e.looked || len(used) == 0, len(used) == 0
			s := &Shadow{}
			for _, k := range used {
				s.By = append(s.By, at[k])
			}
			return s
		default:
			e.looked, e.witness = true, outside
			if !sampled {
				return &Shadow{}
			}
		}
	}
	return a.shadowOfSamples(i)
}

// shadowOfSamples asks the patterns themselves about some requests.
func (a *analysis) shadowOfSamples(i int) *Shadow {
	list := a.world.sample(a.entries[i].elements, samples)
	if len(list) < fewest {
		return &Shadow{}
	}
	s := &Shadow{Sampled: true}
	for k := len(a.entries) - 1; k > i && len(list) > 0; k-- {
		if a.entries[k].unsure {
			continue
		}
		rest := list[:0]
		for _, w := range list {
			if !a.world.match(a.entries[k].elements, w) {
				rest = append(rest, w)
			}
		}
		if len(rest) < len(list) {
			s.By = append([]int{k}, s.By...)
		}
		list = rest
	}
	if len(list) > 0 {
		return &Shadow{}
	}
	return s
}

// Redundant returns an entry before i that does the same and matches all that i matches, while no entry between them
// that does the opposite matches any of it: without i each request is answered as before. It is the nearest such, and -1
// where there is none, or where that is not known.
func (a *analysis) Redundant(i int) int {
	if a.earlier[i] == nil {
		j := a.redundant(i)
		a.earlier[i] = &j
	}
	return *a.earlier[i]
}

func (a *analysis) redundant(i int) int {
	e := a.entries[i]
	if !a.known(i) || e.empty {
		return -1
	}
	for j := i - 1; j >= 0; j-- {
		b := a.entries[j]
		if a.allow[j] != a.allow[i] {
			// One request of both settles most cases; without one the section above is asked first, which is cheap.
			if !a.known(j) || b.set.has(e.witness) || !b.empty && e.set.has(b.witness) {
				return -1
			}
			continue
		}
		if !b.decided() || !b.set.has(e.witness) {
			continue
		}
		if ok, err := a.world.includes(b.set, e.set); err != nil || !ok {
			continue
		}
		for k := j + 1; k < i; k++ {
			if a.allow[k] == a.allow[i] || a.entries[k].empty {
				continue
			}
			if ok, err := a.world.disjoint(e.set, a.entries[k].set); err != nil || !ok {
				return -1
			}
		}
		return j
	}
	return -1
}

// Uncacheable reports whether an entry of [CacheRules] matches requests, but none whose answer Dispatcher may store: the
// last segment of each has no dot with something behind it.
func (s *Section) Uncacheable(i int) bool {
	e := s.entries[i]
	r, ok := e.set.(requestSet)
	w, cached := s.world.(requests)
	if !ok || !cached || s.kind != CacheRules || s.Empty(i) || storable() == nil {
		return false
	}
	none, err := w.space.Disjoint(r.Requests, storable())
	return err == nil && none
}

// Example returns a URL that an entry of [CacheRules] matches, as it reads best; "" where there is none.
func (s *Section) Example(i int) string {
	r, ok := s.entries[i].set.(requestSet)
	w, cached := s.world.(requests)
	if !ok || !cached {
		return ""
	}
	plain := automata.Elements{Query: match.Glob("*")}
	if with, err := w.space.Entry(plain); err == nil { // a query says nothing here
		if without, err := w.space.Difference(r.Requests, with); err == nil {
			if q, ok, err := w.space.Witness(without); err == nil && ok {
				return q.Target()
			}
		}
	}
	return ""
}
