package lastmatch

import (
	"sort"
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
	alike   map[twin][]int
	entries []*entry
	index   *index
	budget  *budget
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
			a := &analysis{world: worldOf(k), keys: keys, alike: make(map[twin][]int, n), allow: make([]bool, n), entries: make([]*entry, n), shadows: make([]*Shadow, n), earlier: make([]*int, n), dangers: make([]*automata.Requests, n)}
			for i, r := range s.Rules {
				a.allow[i] = r.Allow
				a.alike[a.twin(i)] = append(a.alike[a.twin(i)], i)
				a.entries[i] = entryOf(p, a.world, k, keys[i], r)
			}
			a.index, a.budget = indexOf(a.entries), budgetOf(p)
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
	e := a.entries[i]
	e.look()
	return e.looked && e.empty
}

// Twin reports whether another entry of the section has the same text and type.
func (a *analysis) Twin(i int) bool { return len(a.alike[a.twin(i)]) > 1 }

// twinBehind reports whether one behind the entry has.
func (a *analysis) twinBehind(i int) bool {
	list := a.alike[a.twin(i)]
	return list[len(list)-1] > i
}

// A twin is what two entries have in common that are written alike and do the same.
type twin struct {
	key   string
	allow bool
}

func (a *analysis) twin(i int) twin { return twin{a.keys[i], a.allow[i]} }

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
	// What the entry matches and no later one settles most cases, and what only one of them matches the others.
	var single []int
	asked := false
	for n := 0; ; n++ {
		w, ok := e.guess(n)
		if !ok {
			break
		}
		if single, ok = a.narrow(i, single, asked, w); !ok {
			return &Shadow{}
		}
		asked = true
	}
	if e.decided() {
		probes, err := a.world.probe(e.set)
		if err == nil && len(probes) == 0 {
			e.looked, e.empty = true, true
			return &Shadow{}
		}
		for _, w := range probes {
			var covered bool
			if single, covered = a.narrow(i, single, asked, w); !covered {
				e.looked, e.witness = true, w
				return &Shadow{}
			}
			asked = true
		}
		for _, k := range single {
			if !a.entries[k].decided() {
				continue
			}
			ok, err2 := a.world.includes(a.entries[k].set, e.set)
			if err = err2; ok || err != nil {
				if ok {
					return &Shadow{By: []int{k}}
				}
				break
			}
		}
		if err == nil {
			if s := a.shadowOfSeveral(i); s != nil {
				return s
			}
		}
	}
	if e.unsure { // the bound has been reached
		return &Shadow{}
	}
	return a.shadowOfSamples(i)
}

// narrow returns those of a list of entries that match w; the list is all entries behind i unless others were asked for
// before. It is false where no entry behind i matches w, or where that is no longer looked for.
func (a *analysis) narrow(i int, list []int, asked bool, w subject) (those []int, some bool) {
	if a.budget.matches -= len(list); a.budget.matches <= 0 {
		return nil, false
	}
	for _, k := range list {
		if a.entries[k].has(w) {
			those = append(those, k)
		}
	}
	if len(those) > 0 {
		return those, true
	}
	all, ok := a.index.matching(w, a.budget)
	behind := all[sort.SearchInts(all, i+1):]
	if !asked {
		those = behind
	}
	return those, ok && len(behind) > 0
}

// shadowOfSeveral compares an entry with the union of those behind it. It is nil where that says nothing.
func (a *analysis) shadowOfSeveral(i int) *Shadow {
	e := a.entries[i]
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
	covered, used, outside, err := a.world.cover(e.set, sets)
	switch {
	case err != nil:
		return nil
	case covered:
		s := &Shadow{}
		for _, k := range used {
			s.By = append(s.By, at[k])
		}
		return s
	}
	e.looked, e.witness = true, outside
	if sampled {
		return nil
	}
	return &Shadow{}
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
			if !a.entries[k].has(w) {
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
	if e.look(); !e.looked || e.empty {
		return -1
	}
	before, ok := a.index.matching(e.witness, a.budget)
	if !ok {
		return -1
	}
	before = before[:sort.SearchInts(before, i)]
	for n := len(before) - 1; n >= 0; n-- {
		j := before[n]
		b := a.entries[j]
		if a.allow[j] != a.allow[i] {
			return -1
		}
		if !a.hasAll(b, e) || !b.decided() || !e.decided() {
			continue
		}
		if ok, err := a.world.includes(b.set, e.set); err != nil || !ok {
			continue
		}
		if a.opposed(i, j) {
			return -1
		}
		return j
	}
	return -1
}

// opposed reports whether an entry between j and i that does the opposite matches some of what i matches, or may do so.
func (a *analysis) opposed(i, j int) bool {
	e := a.entries[i]
	for k := j + 1; k < i; k++ {
		b := a.entries[k]
		a.budget.matches--
		switch {
		case a.allow[k] == a.allow[i]:
			continue
		case a.budget.matches <= 0:
			return true
		case b.unsure:
			return true
		case apart(b, e):
			continue
		}
		// One request of both settles most cases.
		if b.look(); b.looked && (b.empty || e.has(b.witness)) {
			if b.empty {
				continue
			}
			return true
		}
		if !b.decided() {
			return true
		}
		if ok, err := a.world.disjoint(e.set, b.set); err != nil || !ok {
			return true
		}
	}
	return false
}

// hasAll reports whether b matches all that is known of what e matches.
func (a *analysis) hasAll(b, e *entry) bool {
	if !b.has(e.witness) {
		return false
	}
	for n := 0; ; n++ {
		w, ok := e.guess(n)
		if !ok {
			return true
		}
		if !b.has(w) {
			return false
		}
	}
}

// Uncacheable reports whether an entry of [CacheRules] matches requests, but none whose answer Dispatcher may store: the
// last segment of each has no dot with something behind it.
func (s *Section) Uncacheable(i int) bool {
	e := s.entries[i]
	w, requested := s.world.(requests)
	if !requested || s.kind != CacheRules || e.unsure {
		return false
	}
	for n := 0; ; n++ {
		g, ok := e.guess(n)
		if !ok {
			break
		}
		if mayBeStored(g.request.URI) {
			return false
		}
	}
	if !e.decided() || s.Empty(i) || storable() == nil {
		return false
	}
	r := e.set.(requestSet)
	none, err := w.space().Disjoint(r.Requests, storable())
	return err == nil && none
}

// Example returns a URL that an entry of [CacheRules] matches, as it reads best; "" where there is none.
func (s *Section) Example(i int) string {
	w, ok := s.world.(requests)
	if !ok || !s.entries[i].decided() {
		return ""
	}
	r := s.entries[i].set.(requestSet)
	plain := automata.Elements{Query: match.Glob("*")}
	if with, err := w.space().Entry(plain); err == nil { // a query says nothing here
		if without, err := w.space().Difference(r.Requests, with); err == nil {
			if q, ok, err := w.space().Witness(without); err == nil && ok {
				return q.Target()
			}
		}
	}
	return ""
}
