package decisiondiff

import (
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
)

// A gate is the filters of a farm before and after: what a cache does shows on requests alone that both let in. The set of
// all such requests is often too large for an automaton, so they are found rule by rule.
type gate struct {
	space    *automata.Space
	old, new section
	// sets are those of the entries of the new filter, nil where an entry has none; dot is what may be cached at all.
	sets []*automata.Requests
	dot  *automata.Requests
}

func newGate(p farmPair) *gate {
	g := &gate{space: cachedSpace(), old: filterOf(p.old), new: filterOf(p.new)}
	for _, r := range g.new.rules {
		set, err := g.space.Entry(elementsOf(r, false))
		if err != nil {
			set = nil
		}
		g.sets = append(g.sets, set)
	}
	g.dot = g.space.All()
	if dot, err := match.ERE(`.*\.[^/]+(/.*)?`); err == nil {
		if set, err := g.space.Entry(automata.Elements{URL: dot}); err == nil {
			g.dot = set
		}
	}
	return g
}

// lets reports whether both filters let a request in.
func (g *gate) lets(q automata.Request) bool { return g.old.letsIn(q) && g.new.letsIn(q) }

func (s *section) letsIn(q automata.Request) bool {
	for i := len(s.rules) - 1; i >= 0; i-- {
		if e := elementsOf(s.rules[i], false); e.Match(q) {
			return s.rules[i].Allow
		}
	}
	return s.otherwise
}

// through returns some requests of a set, and of none of others, that both filters let in: one for each entry that lets such
// in. There may be none that the old filter lets in although there are some.
func (g *gate) through(a *automata.Requests, not []*automata.Requests) ([]automata.Request, error) {
	a, err := g.space.Intersect(a, g.dot)
	if err != nil {
		return nil, err
	}
	var out []automata.Request
	add := func(set *automata.Requests, by []*automata.Requests) error {
		c, err := g.space.Cover(set, by...)
		if err == nil && !c.Covered && c.Witness.URI != "" && g.lets(c.Witness) {
			out = append(out, c.Witness)
		}
		return err
	}
	var failed error
	by := not
	for i := len(g.sets) - 1; i >= 0 && len(out) < maxWitnesses/2; i-- {
		if g.sets[i] == nil {
			continue
		}
		if !g.new.rules[i].Allow {
			by = append(by[:len(by):len(by)], g.sets[i])
			continue
		}
		set, err := g.space.Intersect(a, g.sets[i])
		if err != nil {
			failed = err
			continue
		}
		if err := add(set, by); err != nil {
			failed = err
		}
	}
	if g.new.otherwise {
		if err := add(a, by); err != nil {
			failed = err
		}
	}
	if len(out) > 0 {
		failed = nil
	}
	return out, failed
}
