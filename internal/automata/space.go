package automata

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/dispcheck/dispcheck/internal/match"
)

// A Universe says which requests there are. The zero value has all that httpd passes on: a method that is a token
// (RFC 9110, 5.6.2), a URI that starts with a slash and has no NUL byte, no "//" and no segment "." or "..", a query of
// bytes that may be sent, and a protocol HTTP/ with two digits. "OPTIONS *" is not among them.
type Universe struct {
	// Limit bounds all automata.
	Limit Limit
	// Methods, URIs, Queries and Protocols are what there may be in each place; nil is the default said above.
	Methods, URIs, Queries, Protocols *Language
	// NoQuery leaves out requests with a query.
	NoQuery bool
	// DoubleSlashes has URIs with "//", which the module passed on until 4.3.1 (DISP-732). It counts where URIs is nil.
	DoubleSlashes bool
}

// A Space is a set of requests within which filter entries are compared. It is immutable and safe for many goroutines.
type Space struct {
	limit Limit
	all   *dfa
	// nice are the requests of the space that read best, in order; nil is left out.
	nice []func() *dfa
}

// Requests are a regular set of requests. Make one with [Space.Entry], and others from it with the methods of the
// space that it belongs to.
type Requests struct {
	d *dfa
	// inside is what a space has of them, once that was asked for.
	inside atomic.Pointer[inside]
}

type inside struct {
	space *Space
	d     *dfa
}

func requestsOf(d *dfa) *Requests { return &Requests{d: d} }

// inside returns what the space has of a.
func (s *Space) inside(a *Requests) (*dfa, error) {
	if w := a.inside.Load(); w != nil && w.space == s {
		return w.d, nil
	}
	d, err := s.limit.combine(opAnd, s.all, a.d)
	if err == nil {
		a.inside.Store(&inside{s, d})
	}
	return d, err
}

// defaultUniverse is what nil languages of a Universe stand for.
var defaultUniverse = sync.OnceValue(func() *struct{ methods, uris, doubled, queries, protocols *dfa } {
	compile := func(ere string) *dfa {
		p, err := match.ERE(ere)
		if err != nil {
			panic(err) // impossible: the text is ours
		}
		d, err := Limit(0).compile(p)
		if err != nil {
			panic(err)
		}
		return d.minimize()
	}
	// any is a byte of a segment, plain one that is no dot.
	const any, plain = "[\x01-.0-\xff]", "[\x01--0-\xff]"
	const segment = "(" + plain + any + "*|\\." + plain + any + "*|\\.\\." + any + "+)"
	u := new(struct{ methods, uris, doubled, queries, protocols *dfa })
	u.methods = compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+")
	u.uris = compile("(/" + segment + ")*/?")
	u.doubled = compile("(/" + segment + "?)*")
	u.queries = compile("[!\"$-~\x80-\xff]*")
	u.protocols = compile("HTTP/[0-9]\\.[0-9]")
	u.uris = dropEmpty(u.uris)
	u.doubled = dropEmpty(u.doubled)
	return u
})

// URIs returns the URIs that a [Universe] has by default, for callers that want all but some.
func URIs() *Language { return &Language{defaultUniverse().uris} }

// dropEmpty takes the empty word out.
func dropEmpty(d *dfa) *dfa {
	empty, err := Limit(0).Strings("")
	if err == nil {
		d, err = Limit(0).combine(opAndNot, d, empty.d)
	}
	if err != nil {
		panic(err) // impossible: both are small
	}
	return d.minimize()
}

// defaultSpace is that of the zero universe, which most callers want.
var defaultSpace = sync.OnceValues(func() (*Space, error) { return newSpace(Universe{}) })

// NewSpace makes the space of a universe. The error is [ErrTooManyStates].
func NewSpace(u Universe) (*Space, error) {
	if u == (Universe{}) {
		return defaultSpace()
	}
	return newSpace(u)
}

func newSpace(u Universe) (*Space, error) {
	known := defaultUniverse()
	or := func(l *Language, d *dfa) *dfa {
		if l != nil {
			return l.d
		}
		return d
	}
	uris := known.uris
	if u.DoubleSlashes {
		uris = known.doubled
	}
	queries := or(u.Queries, known.queries)
	if u.NoQuery {
		queries = constant(false)
	}
	d, err := u.Limit.requests(or(u.Methods, known.methods), or(u.URIs, uris), queries, or(u.Protocols, known.protocols))
	if err != nil {
		return nil, err
	}
	s := &Space{limit: u.Limit, all: d}
	s.nice = s.pleasant()
	return s, nil
}

// requests returns the automaton of all requests with such parts. A query may be missing.
func (n Limit) requests(methods, uris, queries, protocols *dfa) (*dfa, error) {
	d := requestShape()
	for _, l := range []lift{{on: onMethod, q: methods}, {on: onURL, q: uris}, {on: onQuery, q: queries, absent: true}, {on: onProtocol, q: protocols}} {
		part, err := l.dfa(n.states())
		if err != nil {
			return nil, err
		}
		if d, err = n.combine(opAnd, d, part); err != nil {
			return nil, err
		}
	}
	return d.minimize(), nil
}

// pleasant returns sets of requests that people know, the most usual first. Each is made when it is first looked at.
func (s *Space) pleasant() []func() *dfa {
	segments := `(/[A-Za-z0-9_][A-Za-z0-9_:;=@-]*(\.[A-Za-z0-9_:;=@-]+)*)+/?`
	const usual = `GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|TRACE`
	const query = `[A-Za-z0-9_]+=[A-Za-z0-9_]+(&[A-Za-z0-9_]+=[A-Za-z0-9_]+)*`
	var out []func() *dfa
	for _, kind := range []struct {
		method, uri, query string // "" is any
	}{
		{`GET`, segments, query},
		{`GET`, `/[ -~]*`, ``},
		{`GET`, ``, ``},
		{`POST`, segments, query},
		{usual, segments, query},
		{usual, ``, ``},
		{``, ``, ``},
	} {
		out = append(out, sync.OnceValue(func() *dfa { return s.pleasantOf(kind.method, kind.uri, kind.query) }))
	}
	return out
}

// pleasantOf returns the requests of the space whose parts match; "" stands for any. It is nil if they are too many.
func (s *Space) pleasantOf(method, uri, query string) *dfa {
	known := defaultUniverse()
	part := func(ere string, otherwise *dfa) *dfa {
		if ere == "" {
			return otherwise
		}
		p, err := match.ERE(ere)
		if err != nil {
			return constant(false) // impossible: the text is ours
		}
		d, err := Limit(0).compile(p)
		if err != nil {
			return constant(false)
		}
		return d
	}
	d, err := Limit(0).requests(part(method, known.methods), part(uri, known.uris), part(query, known.queries), part(`HTTP/1\.1`, nil))
	if err != nil {
		return nil
	}
	if d, err = s.limit.combine(opAnd, s.all, d); err != nil {
		return nil
	}
	return d.minimize()
}

// Entry returns the requests that a filter entry matches. The error wraps [ErrTooManyStates], [ErrNotRegular] or
// [ErrNotSimulated]; see [Space.SampleEntry] for what is left then.
func (s *Space) Entry(e Elements) (*Requests, error) {
	d := constant(true)
	err := e.patterns(func(on element, p *match.Pattern) error {
		l, err := s.limit.lift(on, p)
		if err != nil {
			return err
		}
		d, err = s.limit.combine(opAnd, d, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	return requestsOf(d), nil
}

// lift returns the requests of which a pattern matches an element.
func (n Limit) lift(on element, p *match.Pattern) (*dfa, error) {
	q, err := n.compile(p)
	if err != nil {
		return nil, err
	}
	l := lift{on: on, q: q, absent: takesAbsent(on, p)}
	d, err := l.dfa(n.states())
	if err != nil {
		return nil, fmt.Errorf("%q: %w", p.Text(), err)
	}
	return d, nil
}

// All returns all requests of the space.
func (s *Space) All() *Requests { return requestsOf(constant(true)) }

// States returns how many states the automaton has.
func (r *Requests) States() int { return r.d.states() }

// Has reports whether a request is in the space.
func (s *Space) Has(r Request) bool { return s.all.accept[r.state(s.all)] }

// Contains reports whether a request, which the space should have, is in the set.
func (r *Requests) Contains(q Request) bool { return r.d.accept[q.state(r.d)] }

// combine makes a set of two others.
func (s *Space) combine(o op, a, b *Requests) (*Requests, error) {
	d, err := s.limit.combine(o, a.d, b.d)
	if err != nil {
		return nil, err
	}
	return requestsOf(d.minimize()), nil
}

// Intersect returns the requests of both sets.
func (s *Space) Intersect(a, b *Requests) (*Requests, error) { return s.combine(opAnd, a, b) }

// Union returns the requests of either set.
func (s *Space) Union(a, b *Requests) (*Requests, error) { return s.combine(opOr, a, b) }

// Difference returns the requests of a that are not in b.
func (s *Space) Difference(a, b *Requests) (*Requests, error) { return s.combine(opAndNot, a, b) }

// Complement returns the requests of the space that are not in the set.
func (s *Space) Complement(a *Requests) *Requests { return requestsOf(a.d.complement()) }

// Empty reports whether the space has no request that is in the set.
func (s *Space) Empty(a *Requests) (bool, error) { return s.limit.isEmpty(opAnd, s.all, a.d) }

// Disjoint reports whether two sets have no request in common.
func (s *Space) Disjoint(a, b *Requests) (bool, error) {
	d, err := s.inside(a)
	if err != nil {
		return false, err
	}
	return s.limit.isEmpty(opAnd, d, b.d)
}

// Includes reports whether all requests of a are in b.
func (s *Space) Includes(b, a *Requests) (bool, error) {
	d, err := s.inside(a)
	if err != nil {
		return false, err
	}
	return s.limit.isEmpty(opAndNot, d, b.d)
}

// Equal reports whether two sets have the same requests.
func (s *Space) Equal(a, b *Requests) (bool, error) {
	ok, err := s.Includes(a, b)
	if err != nil || !ok {
		return false, err
	}
	return s.Includes(b, a)
}

// Witness returns the request of the set that reads best: a GET of a short, ordinary URL where there is one. It is
// false if the set has none. The error is [ErrTooManyStates].
func (s *Space) Witness(a *Requests) (Request, bool, error) {
	for _, nice := range s.nice {
		space := nice()
		if space == nil {
			continue
		}
		d, err := s.limit.combine(opAnd, space, a.d)
		if err != nil {
			continue // the whole space decides
		}
		if word, ok := d.witness(anySymbol); ok {
			return request(word), true, nil
		}
	}
	d, err := s.inside(a)
	if err != nil {
		return Request{}, false, err
	}
	word, ok := d.witness(anySymbol)
	if !ok {
		return Request{}, false, nil
	}
	return request(word), true, nil
}

func anySymbol(int) bool { return true }

// Sample returns up to n requests of the set, as [Language.Sample] does; GETs of ordinary URLs where the set has some.
// It is empty only if the set is. The error is [ErrTooManyStates].
func (s *Space) Sample(a *Requests, n int) ([]Request, error) {
	var out []Request
	seen := map[Request]bool{}
	for i := range len(s.nice) + 1 {
		space := s.all
		if i < len(s.nice) {
			if space = s.nice[i](); space == nil {
				continue
			}
		}
		d, err := s.limit.combine(opAnd, space, a.d)
		if err != nil {
			if len(out) == 0 && space == s.all {
				return nil, err
			}
			continue
		}
		for _, word := range d.sample(n-len(out), anySymbol) {
			if r := request(word); !seen[r] {
				seen[r] = true
				out = append(out, r)
			}
		}
		if len(out) >= n {
			break
		}
	}
	return out, nil
}

// SampleEntry returns up to n requests that a filter entry matches, for entries that [Space.Entry] has no automaton
// of: it leaves out elements that are too large, and asks the patterns themselves about what comes of the others. It
// may find none where there are some.
func (s *Space) SampleEntry(e Elements, n int) []Request {
	d := constant(true)
	_ = e.patterns(func(on element, p *match.Pattern) error {
		l, err := s.limit.lift(on, p)
		if err != nil {
			return nil
		}
		if both, err := s.limit.combine(opAnd, d, l); err == nil {
			d = both
		}
		return nil
	})
	const tries = 64 // for each request that is wanted
	list, err := s.Sample(requestsOf(d), tries*n)
	if err != nil {
		return nil
	}
	var out []Request
	for _, r := range list {
		if len(out) < n && e.Match(r) {
			out = append(out, r)
		}
	}
	return out
}
