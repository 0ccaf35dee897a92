package decisiondiff

import (
	"context"
	"errors"
	"sync"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/automata/elements"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// A region is where one rule decides on the old side and another on the new one, and they decide differently.
type region[T any] struct {
	// witnesses are some of it, at least one.
	witnesses    []T
	fromAt, toAt source.Span
	// from says what the old side does there; the new side does the opposite.
	from bool
}

// A family is the sets that the entries of a kind of section stand for: requests, or names of parameters.
type family[S, T any] struct {
	all      func() S
	entry    func(*model.Rule) (S, error)
	both     func(a, b S) (S, error)
	less     func(a, b S) (S, error)
	apart    func(a, b S) (bool, error)     // whether they have nothing in common
	outside  func(a S, by []S) ([]T, error) // some of a that are in none of by; none where it has none
	counts   func(T) bool                   // whether one of samples is worth a request
	samples  func(S) []T
	guessed  func(*model.Rule) []T                      // for entries without a set
	decision func([]*model.Rule, T) (*model.Rule, bool) // the last entry that matches, by the patterns themselves
}

// A section is a list of entries of which the last that matches decides.
type section struct {
	rules []*model.Rule
	// otherwise is what happens where no entry matches.
	otherwise bool
	at        source.Span
}

// maxPairs bounds how many pairs of entries of two sections are compared: beyond it the comparison goes by samples.
const maxPairs = 60_000

// maxWitnesses bounds how many requests of one region are made.
const maxWitnesses = 12

// errTooMany says that a section has changed so much that not all pairs were compared.
var errTooMany = errors.New("too many entries differ to compare each with each")

// compareSections returns the regions in which two sections decide differently. The error says that not all could be found:
// what is returned is still right. Every region has a pair of entries of which one has no counterpart in the other section,
// or another place among those that have: entries that both have in the same order decide alike.
func compareSections[S, T any](ctx context.Context, w family[S, T], old, new section) ([]region[T], error) {
	match := align(fingerprints(old.rules), fingerprints(new.rules))
	if !match.any() && old.otherwise == new.otherwise {
		return nil, nil
	}
	sides := [2]section{old, new}
	alone := [2][]bool{append([]bool{old.otherwise != new.otherwise}, match.before...), append([]bool{old.otherwise != new.otherwise}, match.after...)}
	var sets [2][]S
	var whole [2][]error
	var kinds [2][]int // which sets are the same one
	var failed error
	known := map[string]int{}
	for i, s := range sides {
		sets[i], whole[i], kinds[i] = []S{w.all()}, []error{nil}, []int{-1}
		for _, r := range s.rules {
			key := patternsOf(r)
			kind, again := known[key]
			if !again {
				kind = len(known)
				known[key] = kind
			}
			set, err := w.entry(r)
			if err != nil {
				failed = errors.Join(failed, err)
			}
			sets[i], whole[i], kinds[i] = append(sets[i], set), append(whole[i], err), append(kinds[i], kind)
		}
	}
	var out []region[T]
	n := 0
	for i := len(sets[0]) - 1; i >= 0; i-- {
		for j := len(sets[1]) - 1; j >= 0; j-- {
			if !alone[0][i] && !alone[1][j] || sides[0].allows(i) == sides[1].allows(j) || whole[0][i] != nil || whole[1][j] != nil {
				continue
			}
			if n++; n > maxPairs {
				return out, errors.Join(failed, errTooMany)
			}
			if err := ctx.Err(); err != nil {
				return out, err
			}
			r, some, err := oneRegion(w, sets, whole, kinds, i, j)
			if err != nil {
				failed = errors.Join(failed, err)
			}
			if some {
				r.fromAt, r.toAt, r.from = sides[0].place(i), sides[1].place(j), sides[0].allows(i)
				out = append(out, r)
			}
		}
	}
	if failed != nil {
		out = append(out, guessedRegions(w, sides)...)
	}
	return out, failed
}

// patternsOf is what an entry matches, as text.
func patternsOf(r *model.Rule) string {
	plain := *r
	plain.Allow = false
	return fingerprint(&plain)
}

// notSimulatedIn names the entries of two sections that only one of them has and of which a pattern is not simulated: what
// they match is not known.
func notSimulatedIn(what string, old, new section) []Undecided {
	var out []Undecided
	m := align(fingerprints(old.rules), fingerprints(new.rules))
	for i, alone := range [...][]bool{m.before, m.after} {
		for j, r := range [...][]*model.Rule{old.rules, new.rules}[i] {
			for _, p := range r.Patterns() {
				var u *match.UnsupportedError
				if alone[j] && errors.As(p.Err, &u) {
					out = append(out, Undecided{What: "a pattern of " + what + " is on one side alone", Why: "it is not simulated: " + u.Message, At: p.At.Span})
				}
			}
		}
	}
	return out
}

// oneRegion is where entry i decides in the one section and entry j in the other. 0 stands for no entry.
func oneRegion[S, T any](w family[S, T], sets [2][]S, whole [2][]error, kinds [2][]int, i, j int) (r region[T], some bool, err error) {
	both, err := w.both(sets[0][i], sets[1][j])
	if err != nil {
		return r, false, err
	}
	var later []S
	taken := map[int]bool{}
	for k, from := range [...]int{i + 1, j + 1} {
		for at := from; at < len(sets[k]); at++ {
			if whole[k][at] == nil && !taken[kinds[k][at]] {
				taken[kinds[k][at]] = true
				later = append(later, sets[k][at])
			}
		}
	}
	if r.witnesses, err = w.outside(both, later); err != nil || len(r.witnesses) == 0 {
		return r, false, err
	}
	left := both
	for _, s := range later {
		if apart, err := w.apart(left, s); err == nil && apart {
			continue
		}
		if left, err = w.less(left, s); err != nil {
			return r, true, nil // the first is enough
		}
	}
	for _, s := range w.samples(left) {
		if len(r.witnesses) < maxWitnesses && (w.counts == nil || w.counts(s)) {
			r.witnesses = append(r.witnesses, s)
		}
	}
	return r, true, nil
}

// guessedRegions are regions found by samples of entries, where automata cannot answer.
func guessedRegions[S, T any](w family[S, T], sides [2]section) []region[T] {
	var out []region[T]
	for _, s := range sides {
		for _, r := range s.rules {
			for _, g := range w.guessed(r) {
				a, from := w.decision(sides[0].rules, g)
				b, to := w.decision(sides[1].rules, g)
				if a == nil {
					from = sides[0].otherwise
				}
				if b == nil {
					to = sides[1].otherwise
				}
				if from != to {
					out = append(out, region[T]{witnesses: []T{g}, fromAt: ruleAt(a), toAt: ruleAt(b), from: from})
				}
			}
		}
	}
	return out
}

func ruleAt(r *model.Rule) source.Span {
	if r == nil {
		return source.Span{}
	}
	return r.At.Span
}

// allows says what entry i does; 0 is no entry.
func (s *section) allows(i int) bool {
	if i == 0 {
		return s.otherwise
	}
	return s.rules[i-1].Allow
}

func (s *section) place(i int) source.Span {
	if i == 0 {
		return s.at
	}
	return s.rules[i-1].At.Span
}

// filterOf is the filter of a farm; none lets everything through.
func filterOf(f *model.Farm) section {
	if f.Filter == nil {
		return section{otherwise: true, at: f.At.Span}
	}
	return section{rules: f.Filter.Rules, at: f.Filter.At.Span}
}

// listOf is a section that does nothing where it is not written.
func listOf(l *model.RuleList) section {
	if l == nil {
		return section{}
	}
	return section{rules: l.Rules, at: l.At.Span}
}

// elementsOf returns the patterns of an entry. globIsURL says that /glob sees the URL, and not the request line.
func elementsOf(r *model.Rule, globIsURL bool) automata.Elements {
	return elements.With(patternOf, r, globIsURL)
}

// patternOf returns what a pattern matches; nil where there is none. One that is not simulated matches nothing here, and
// does not make its entry an error: notSimulatedIn names it.
func patternOf(p *model.Pattern) *match.Pattern {
	if p != nil && p.Err != nil {
		return match.Nothing(match.KindGlob, p.Text())
	}
	return elements.Pattern(p)
}

// spaces are made once: they are the same in each run.
var (
	requestSpace = sync.OnceValue(func() *automata.Space { return spaceOf(nil) })
	cachedSpace  = sync.OnceValue(func() *automata.Space { return spaceOf([]string{"GET"}) })
)

func spaceOf(methods []string) *automata.Space {
	u := automata.Universe{}
	if methods != nil {
		l, err := automata.Limit(0).Strings(methods...)
		if err != nil {
			return nil
		}
		u.Methods, u.NoQuery = l, true
	}
	s, err := automata.NewSpace(u)
	if err != nil {
		return nil // the space of all requests is far below the limit
	}
	return s
}

// requestFamilyOf has sets of requests of a space. globIsURL says that globs see the URL. With a gate, those alone count
// that it lets through.
func requestFamilyOf(space *automata.Space, globIsURL bool, g *gate) family[*automata.Requests, automata.Request] {
	f := family[*automata.Requests, automata.Request]{
		all:   space.All,
		entry: func(r *model.Rule) (*automata.Requests, error) { return space.Entry(elementsOf(r, globIsURL)) },
		both:  space.Intersect,
		less:  space.Difference,
		apart: space.Disjoint,
		outside: func(a *automata.Requests, by []*automata.Requests) ([]automata.Request, error) {
			c, err := space.Cover(a, by...)
			if err != nil || c.Covered || c.Witness.URI == "" {
				return nil, err
			}
			if g != nil {
				return g.through(a, by)
			}
			return []automata.Request{c.Witness}, nil
		},
		samples: func(a *automata.Requests) []automata.Request {
			var out []automata.Request
			if w, ok, err := space.Witness(a); err == nil && ok {
				out = append(out, w)
			}
			if list, err := space.Probe(a); err == nil {
				out = append(out, list...)
			}
			if list, err := space.Sample(a, maxWitnesses); err == nil {
				out = append(out, list...)
			}
			return out
		},
		guessed: func(r *model.Rule) []automata.Request { return guesses(space, elementsOf(r, globIsURL)) },
		decision: func(rules []*model.Rule, q automata.Request) (*model.Rule, bool) {
			for i := len(rules) - 1; i >= 0; i-- {
				if e := elementsOf(rules[i], globIsURL); e.Match(q) {
					return rules[i], rules[i].Allow
				}
			}
			return nil, false
		},
	}
	if g != nil {
		f.counts = g.lets
	}
	return f
}

// guesses are some requests that an entry matches.
func guesses(space *automata.Space, e automata.Elements) []automata.Request {
	var out []automata.Request
	for g := automata.Guess(e); ; {
		r, ok := g.Next()
		if !ok {
			break
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		out = space.SampleEntry(e, maxWitnesses)
	}
	return out
}

// nameFamily has sets of texts, names of parameters or addresses of clients, among all that there may be.
func nameFamily(all *automata.Language) family[*automata.Language, string] {
	var limit automata.Limit
	return family[*automata.Language, string]{
		all: func() *automata.Language { return all },
		entry: func(r *model.Rule) (*automata.Language, error) {
			if r.Glob == nil { // which matches nothing
				return limit.Strings()
			}
			l, err := limit.Language(patternOf(r.Glob))
			if err != nil {
				return nil, err
			}
			return limit.Intersect(l, all)
		},
		both:  limit.Intersect,
		less:  limit.Difference,
		apart: limit.Disjoint,
		outside: func(a *automata.Language, by []*automata.Language) ([]string, error) {
			c, err := limit.Cover(a, by...)
			if err != nil || c.Covered || a.Empty() {
				return nil, err
			}
			return []string{c.Witness}, nil
		},
		samples: func(a *automata.Language) []string {
			var out []string
			if w, ok := a.Witness(); ok {
				out = append(out, w)
			}
			return append(append(out, a.Probe()...), a.Sample(maxWitnesses)...)
		},
		guessed: func(r *model.Rule) []string {
			if r.Glob == nil || r.Glob.Pattern == nil {
				return nil
			}
			return automata.GuessStrings(r.Glob.Pattern)
		},
		decision: func(rules []*model.Rule, s string) (*model.Rule, bool) {
			for i := len(rules) - 1; i >= 0; i-- {
				if g := rules[i].Glob; g != nil && g.Pattern != nil && g.Err == nil && g.Match(s) {
					return rules[i], rules[i].Allow
				}
			}
			return nil, false
		},
	}
}

// plainNames has the names that a parameter may have as it is sent: bytes that need no encoding, and none that ends it.
var plainNames = sync.OnceValue(func() *automata.Language {
	var set match.ByteSet
	for c := byte('!'); c < 0x7f; c++ {
		switch c {
		case '&', '=', '#', '"', '<', '>', '\\', '^', '`', '{', '|', '}':
		default:
			set.Add(c)
		}
	}
	return automata.BytesOf(set)
})

// addresses has the addresses of IPv4.
var addresses = sync.OnceValue(func() *automata.Language {
	const octet = `([0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])`
	return languageOf(octet + `\.` + octet + `\.` + octet + `\.` + octet)
})
