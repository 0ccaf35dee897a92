package automata

import "slices"

// A Cover says whether a set lies within the union of others. W is what the sets have: [Request] or string.
type Cover[W any] struct {
	// Covered says that it does. An empty set is covered by nothing.
	Covered bool
	// By are the indexes of the sets that cover it, ascending: one of them where one is enough, and the first such; else
	// a selection none of which can be left out, as long as it is no longer than 12 and its automata are not large.
	By []int
	// Witness is outside the union, if the set is not covered. The methods Difference and Witness find the one that
	// reads best.
	Witness W
}

// Bounds of the work for a cover.
const (
	coverProbes  = 24 // words that are tried before automata are compared
	maxSelection = 12 // sets of which it is asked if they can be left out
	coverWork    = 20 // states of all automata that are made on the way, in limits
)

// Cover says whether all requests of a are in one of the sets by. The error is [ErrTooManyStates], also where many
// automata within the limit would take too long.
func (s *Space) Cover(a *Requests, by ...*Requests) (Cover[Request], error) {
	d, err := s.inside(a)
	if err != nil {
		return Cover[Request]{}, err
	}
	c := newCoverer(s.limit, len(by))
	for i, b := range by {
		c.by[i] = b.d
	}
	return coverOf(c, d, request)
}

// Cover says whether all strings of a are in one of the languages by. Its errors are those of [Space.Cover].
func (n Limit) Cover(a *Language, by ...*Language) (Cover[string], error) {
	c := newCoverer(n, len(by))
	for i, b := range by {
		c.by[i] = b.d
	}
	return coverOf(c, a.d, text)
}

// Probe returns some requests of a set that differ widely, the same each time: those that Cover tries before it compares
// automata. There is none if the set has none. The error is [ErrTooManyStates].
func (s *Space) Probe(a *Requests) ([]Request, error) {
	d, err := s.inside(a)
	if err != nil {
		return nil, err
	}
	return probesOf(d, request), nil
}

// Probe returns some strings of the language, as [Space.Probe] does.
func (l *Language) Probe() []string { return probesOf(l.d, text) }

func probesOf[W any](d *dfa, read func([]int) W) []W {
	if d.start == dead {
		return nil
	}
	p := newProber(d)
	out := make([]W, coverProbes)
	for i := range out {
		out[i] = read(p.word())
	}
	return out
}

// coverOf runs a coverer on d and reads the witness.
func coverOf[W any](c *coverer, d *dfa, read func([]int) W) (Cover[W], error) {
	used, outside, err := c.run(d)
	switch {
	case err != nil:
		return Cover[W]{}, err
	case outside != nil:
		return Cover[W]{Witness: read(*outside)}, nil
	}
	return Cover[W]{Covered: true, By: used}, nil
}

// A coverer takes sets away from others, and counts what that costs.
type coverer struct {
	limit Limit
	by    []*dfa
	left  int // states that may still be made
}

func newCoverer(n Limit, sets int) *coverer {
	return &coverer{limit: n, by: make([]*dfa, sets), left: coverWork * n.states()}
}

// run returns the sets that cover d, or a word outside them.
func (c *coverer) run(d *dfa) (used []int, outside *[]int, err error) {
	if d.start == dead {
		return nil, nil, nil
	}
	// A few words settle most cases, and rule out most sets as the one that covers all.
	hits, outside := c.probe(d, c.by)
	if outside != nil {
		return nil, outside, nil
	}
	for i, n := range hits {
		if n < coverProbes {
			continue
		}
		ok, err := c.limit.isEmpty(opAndNot, d, c.by[i])
		if err != nil {
			return nil, nil, err
		}
		if ok {
			return []int{i}, nil, nil
		}
	}
	// Then the set that has most of them is taken away, and others are tried of what is left.
	for rest := d; ; {
		most := 0
		for i, n := range hits {
			if n > hits[most] {
				most = i
			}
		}
		if rest, err = c.without(rest, most); err != nil {
			return nil, nil, err
		}
		used = append(used, most)
		if rest.start == dead {
			break
		}
		if hits, outside = c.probe(rest, c.by); outside != nil {
			return nil, outside, nil
		}
	}
	slices.Sort(used)
	return c.selection(d, used), nil, nil
}

// probe counts how many words of d, which has some, each set has. If none has one of them, that is returned alone.
func (c *coverer) probe(d *dfa, by []*dfa) (hits []int, outside *[]int) {
	hits = make([]int, len(by))
	p := newProber(d)
	for range coverProbes {
		word := p.word()
		some := false
		for i, b := range by {
			if b.takes(word) {
				hits[i]++
				some = true
			}
		}
		if !some {
			return nil, &word
		}
	}
	return hits, nil
}

// takes reports whether d takes a word.
func (d *dfa) takes(word []int) bool {
	s := d.start
	for i := 0; i < len(word) && s > full; i++ {
		s = d.step(s, word[i])
	}
	return d.accept[s]
}

// without takes a set from d.
func (c *coverer) without(d *dfa, i int) (*dfa, error) {
	const small = 64 // states up to which a smaller automaton gains nothing
	if c.left <= 0 {
		return nil, ErrTooManyStates
	}
	d, err := c.limit.combine(opAndNot, d, c.by[i])
	if err != nil {
		return nil, err
	}
	c.left -= d.states()
	if d.states() > small {
		d = d.minimize()
	}
	return d, nil
}

// selection leaves out sets of a cover of d that are not needed.
func (c *coverer) selection(d *dfa, used []int) []int {
	if len(used) < 2 || len(used) > maxSelection {
		return used
	}
	for i := 0; i < len(used); {
		fewer := slices.Delete(slices.Clone(used), i, i+1)
		if c.covers(d, fewer) {
			used = fewer
			continue
		}
		i++
	}
	return used
}

// covers reports whether the listed sets cover d, as far as can be told.
func (c *coverer) covers(d *dfa, list []int) bool {
	few := make([]*dfa, len(list))
	for k, i := range list {
		few[k] = c.by[i]
	}
	if _, outside := c.probe(d, few); outside != nil {
		return false
	}
	var err error
	for _, i := range list {
		if d, err = c.without(d, i); err != nil {
			return false
		}
		if d.start == dead {
			return true
		}
	}
	return false
}
