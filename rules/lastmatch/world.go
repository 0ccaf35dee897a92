package lastmatch

import (
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
)

// A subject is what entries are compared with: a request, or the name of a parameter.
type subject struct {
	request automata.Request
	name    string
}

// text is what entries are indexed by: the URI, or the name.
func (s *subject) text() string { return s.request.URI + s.name }

// A set is what an entry matches: requests or names.
type set interface{ States() int }

// A world is all that the entries of a kind of section are compared with.
type world interface {
	compile(automata.Elements) (set, error)
	// first returns one of a set, or that it has none.
	first(set) (subject, bool, error)
	// cover says which of some sets have all of a, or gives one of a that none has.
	cover(a set, by []set) (covered bool, used []int, outside subject, err error)
	includes(b, a set) (bool, error)
	disjoint(a, b set) (bool, error)
	// guess returns what makes some that an entry matches, without an automaton. It may find none where there are some.
	guess(e automata.Elements) func() (subject, bool)
	// probe returns some of a set that differ widely; none where it is empty.
	probe(a set) ([]subject, error)
	// sample returns up to n that an entry matches. It may find none where there are some.
	sample(e automata.Elements, n int) []subject
	match(e *automata.Elements, s subject) bool
}

type requestSet struct{ *automata.Requests }

// requests is the world of requests.
type requests struct {
	space func() *automata.Space // made when it is first needed
	// cached says that it has GET and HEAD alone.
	cached bool
}

func (w requests) compile(e automata.Elements) (set, error) {
	r, err := w.space().Entry(e)
	if err != nil {
		return nil, err
	}
	return requestSet{r}, nil
}

func (w requests) first(a set) (subject, bool, error) {
	c, err := w.space().Cover(a.(requestSet).Requests)
	return subject{request: c.Witness}, c.Covered, err
}

func (w requests) cover(a set, by []set) (bool, []int, subject, error) {
	list := make([]*automata.Requests, len(by))
	for i, b := range by {
		list[i] = b.(requestSet).Requests
	}
	c, err := w.space().Cover(a.(requestSet).Requests, list...)
	return c.Covered, c.By, subject{request: c.Witness}, err
}

func (w requests) includes(b, a set) (bool, error) {
	return w.space().Includes(b.(requestSet).Requests, a.(requestSet).Requests)
}

func (w requests) disjoint(a, b set) (bool, error) {
	return w.space().Disjoint(a.(requestSet).Requests, b.(requestSet).Requests)
}

func (w requests) guess(e automata.Elements) func() (subject, bool) {
	g := automata.Guess(e)
	return func() (subject, bool) {
		for {
			r, ok := g.Next()
			if !ok || !w.cached || r.Method == "GET" || r.Method == "HEAD" {
				return subject{request: r}, ok
			}
		}
	}
}

func (w requests) probe(a set) ([]subject, error) {
	list, err := w.space().Probe(a.(requestSet).Requests)
	out := make([]subject, len(list))
	for i, r := range list {
		out[i].request = r
	}
	return out, err
}

func (w requests) sample(e automata.Elements, n int) []subject {
	var out []subject
	for _, r := range w.space().SampleEntry(e, n) {
		out = append(out, subject{request: r})
	}
	return out
}

func (requests) match(e *automata.Elements, s subject) bool { return e.Match(s.request) }

type nameSet struct{ *automata.Language }

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

func (names) guess(e automata.Elements) func() (subject, bool) {
	var list []string
	if e.URL != nil {
		list = automata.GuessStrings(e.URL)
	}
	return func() (s subject, ok bool) {
		if len(list) == 0 {
			return s, false
		}
		s.name, list = list[0], list[1:]
		return s, true
	}
}

func (names) probe(a set) ([]subject, error) {
	var out []subject
	for _, s := range a.(nameSet).Probe() {
		out = append(out, subject{name: s})
	}
	return out, nil
}

// sample finds none: a name's pattern that is too large for an automaton is not judged.
func (names) sample(automata.Elements, int) []subject { return nil }

func (names) match(e *automata.Elements, s subject) bool { return e.URL != nil && e.URL.Match(s.name) }

// The spaces are made once: they are the same in each run. URIs with "//" are among them, since releases before 4.3.1
// passed them on (DISP-732), and what holds with them holds without.
var (
	filterSpace = sync.OnceValue(func() *automata.Space {
		s, _ := automata.NewSpace(automata.Universe{DoubleSlashes: true})
		return s
	})
	cachedSpace = sync.OnceValue(func() *automata.Space {
		get, err := automata.Limit(0).Strings("GET", "HEAD") // no other method is cached
		if err != nil {
			return nil
		}
		s, _ := automata.NewSpace(automata.Universe{DoubleSlashes: true, Methods: get})
		return s
	})
)

// storable has the URIs of answers that may be stored: a dot and something behind it in the last segment.
var storable = sync.OnceValue(func() *automata.Requests {
	p, err := match.ERE(withExtension)
	if err != nil {
		return nil
	}
	r, err := cachedSpace().Entry(automata.Elements{URL: p})
	if err != nil {
		return nil
	}
	return r
})

// mayBeStored says of a URI whether it is one of them.
func mayBeStored(uri string) bool {
	last := uri[strings.LastIndexByte(uri, '/')+1:]
	dot := strings.IndexByte(last, '.')
	return dot >= 0 && dot < len(last)-1
}

func worldOf(k Kind) world {
	switch k {
	case Filter:
		return requests{space: filterSpace}
	case CacheRules:
		return requests{space: cachedSpace, cached: true}
	}
	return names{}
}
