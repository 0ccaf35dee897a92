package lastmatch

import (
	"sync"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
)

// A subject is what entries are compared with: a request, or the name of a parameter.
type subject struct {
	request automata.Request
	name    string
}

// A set is what an entry matches: requests or names.
type set interface {
	has(subject) bool
	States() int
}

// A world is all that the entries of a kind of section are compared with.
type world interface {
	compile(automata.Elements) (set, error)
	// first returns one of a set, or that it has none.
	first(set) (subject, bool, error)
	// cover says which of some sets have all of a, or gives one of a that none has.
	cover(a set, by []set) (covered bool, used []int, outside subject, err error)
	includes(b, a set) (bool, error)
	disjoint(a, b set) (bool, error)
	// sample returns up to n that an entry matches. It may find none where there are some.
	sample(e automata.Elements, n int) []subject
	match(e automata.Elements, s subject) bool
}

type requestSet struct{ *automata.Requests }

func (r requestSet) has(s subject) bool { return r.Contains(s.request) }

// requests is the world of requests.
type requests struct{ space *automata.Space }

func (w requests) compile(e automata.Elements) (set, error) {
	r, err := w.space.Entry(e)
	if err != nil {
		return nil, err
	}
	return requestSet{r}, nil
}

func (w requests) first(a set) (subject, bool, error) {
	c, err := w.space.Cover(a.(requestSet).Requests)
	return subject{request: c.Witness}, c.Covered, err
}

func (w requests) cover(a set, by []set) (bool, []int, subject, error) {
	list := make([]*automata.Requests, len(by))
	for i, b := range by {
		list[i] = b.(requestSet).Requests
	}
	c, err := w.space.Cover(a.(requestSet).Requests, list...)
	return c.Covered, c.By, subject{request: c.Witness}, err
}

func (w requests) includes(b, a set) (bool, error) {
	return w.space.Includes(b.(requestSet).Requests, a.(requestSet).Requests)
}

func (w requests) disjoint(a, b set) (bool, error) {
	return w.space.Disjoint(a.(requestSet).Requests, b.(requestSet).Requests)
}

func (w requests) sample(e automata.Elements, n int) []subject {
	var out []subject
	for _, r := range w.space.SampleEntry(e, n) {
		out = append(out, subject{request: r})
	}
	return out
}

func (requests) match(e automata.Elements, s subject) bool { return e.Match(s.request) }

type nameSet struct{ *automata.Language }

func (n nameSet) has(s subject) bool { return n.Contains(s.name) }

// names is the world of parameter names, which entries have as their URL.
type names struct{ limit automata.Limit }

func (w names) compile(e automata.Elements) (set, error) {
	if e.URL == nil {
		return nil, automata.ErrNotSimulated
	}
	l, err := w.limit.Language(e.URL)
	if err != nil {
		return nil, err
	}
	return nameSet{l}, nil
}

func (w names) first(a set) (subject, bool, error) {
	c, err := w.limit.Cover(a.(nameSet).Language)
	return subject{name: c.Witness}, c.Covered, err
}

func (w names) cover(a set, by []set) (bool, []int, subject, error) {
	list := make([]*automata.Language, len(by))
	for i, b := range by {
		list[i] = b.(nameSet).Language
	}
	c, err := w.limit.Cover(a.(nameSet).Language, list...)
	return c.Covered, c.By, subject{name: c.Witness}, err
}

func (w names) includes(b, a set) (bool, error) {
	return w.limit.Includes(b.(nameSet).Language, a.(nameSet).Language)
}

func (w names) disjoint(a, b set) (bool, error) {
	return w.limit.Disjoint(a.(nameSet).Language, b.(nameSet).Language)
}

// sample finds none: a name's pattern that is too large for an automaton is not judged.
func (names) sample(automata.Elements, int) []subject { return nil }

func (names) match(e automata.Elements, s subject) bool { return e.URL != nil && e.URL.Match(s.name) }

// spaces are made once: they are the same in each run. URIs with "//" are among them, since releases before 4.3.1 passed
// them on (DISP-732), and what holds with them holds without.
var spaces = sync.OnceValues(func() (filter, cached *automata.Space) {
	filter, _ = automata.NewSpace(automata.Universe{DoubleSlashes: true})
	if get, err := automata.Limit(0).Strings("GET", "HEAD"); err == nil { // no other method is cached
		cached, _ = automata.NewSpace(automata.Universe{DoubleSlashes: true, Methods: get})
	}
	return filter, cached
})

// storable has the URIs of answers that may be stored: a dot and something behind it in the last segment.
var storable = sync.OnceValue(func() *automata.Requests {
	p, err := match.ERE(withExtension)
	if err != nil {
		return nil
	}
	_, cached := spaces()
	r, err := cached.Entry(automata.Elements{URL: p})
	if err != nil {
		return nil
	}
	return r
})

func worldOf(k Kind) world {
	filter, cached := spaces()
	switch k {
	case Filter:
		return requests{filter}
	case CacheRules:
		return requests{cached}
	}
	return names{}
}
