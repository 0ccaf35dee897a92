package lastmatch

import (
	"errors"
	"strings"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/automata/elements"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

// An entry is what one rule of a section matches, whatever it does with that. Its automaton is made when it is first
// needed: guesses settle most questions.
type entry struct {
	elements automata.Elements
	world    world
	// head and tail are texts that the URI, or name, of all that it matches starts and ends with.
	head, tail string
	// unsure says that the entry is not what its text says: what it matches is not known.
	unsure bool
	// make says whether the automaton may still be made, and what it costs; nil once it was called for.
	make func(e *entry)
	// set has what the entry matches; nil where err says why there is none. See decided.
	set set
	err error
	// empty says that nothing matches, witness something that does. Both count once looked is set: see look.
	looked, empty bool
	witness       subject
	// guesses are some that the entry matches, more of which more finds; nil where there are no more.
	guesses []subject
	more    func() (subject, bool)
}

// guess returns the guess of a number; false where there are not so many.
func (e *entry) guess(n int) (w subject, ok bool) {
	for n >= len(e.guesses) && e.more != nil && !e.unsure {
		if w, ok = e.more(); !ok {
			e.more = nil
			break
		}
		e.guesses = append(e.guesses, w)
	}
	if n < len(e.guesses) {
		return e.guesses[n], true
	}
	return subject{}, false
}

// has reports whether the entry, of which it is known what it matches, matches s.
func (e *entry) has(s subject) bool { return !e.unsure && e.world.match(&e.elements, s) }

// look finds out whether the entry matches anything.
func (e *entry) look() {
	if e.looked || e.unsure {
		return
	}
	if w, ok := e.guess(0); ok {
		e.looked, e.witness = true, w
	} else if e.decided() {
		e.looked = true
		e.witness, e.empty, e.err = e.world.first(e.set)
	}
}

// decided reports whether the set of the entry is known, and sees to it that it is there.
func (e *entry) decided() bool {
	if e.make != nil && !e.unsure {
		f := e.make
		e.make = nil
		f(e)
	}
	return !e.unsure && e.err == nil
}

// Plain reports whether a rule is what its text says: it has a type and a pattern, all of its properties are known, and
// no pattern holds a variable without a value or something that is not simulated.
func Plain(r *model.Rule) bool {
	ps := r.Patterns()
	if len(ps) == 0 || len(r.Unknown) > 0 || r.Type.Text != "allow" && r.Type.Text != "deny" {
		return false
	}
	for _, p := range ps {
		var u *match.UnsupportedError
		if strings.Contains(p.Text(), "${") || errors.As(p.Err, &u) {
			return false
		}
	}
	return true
}

// Universal reports whether a rule matches every request, by its looks: "*" for the whole line, or for elements that
// each request has.
func Universal(r *model.Rule) bool {
	if !Plain(r) {
		return false
	}
	if r.Glob != nil {
		return r.Glob.Always()
	}
	if r.Query != nil {
		return false
	}
	for _, p := range [...]*model.Pattern{r.Method, r.URL, r.Protocol, r.Path} {
		if p != nil && (p.Err != nil || !p.Always()) {
			return false
		}
	}
	for _, p := range [...]*model.Pattern{r.Selectors, r.Extension, r.Suffix} { // which a request may lack
		if p != nil && (p.Err != nil || p.Kind() != match.KindERE || !p.Always()) {
			return false
		}
	}
	return true
}

// keyOf returns what two entries have in common that match the same by their looks.
func keyOf(r *model.Rule) string {
	if !Plain(r) {
		return "?"
	}
	var b strings.Builder
	for _, p := range r.Patterns() {
		b.WriteString(p.Property)
		b.WriteByte(0)
		b.WriteString(p.Kind().String())
		b.WriteByte(0)
		b.WriteString(p.Text())
		b.WriteByte(0)
	}
	return b.String()
}

// entryKey is the key of a compiled entry for [lint.Memo].
type entryKey struct {
	kind Kind
	key  string
}

// maxStates bounds the automata of one run: what comes beyond is not judged. Filters of thousands of rules stay below it.
const maxStates = 400_000

// maxMatches bounds how often entries are asked in one run if they match something. Only sections of many thousand entries
// that an index is no help with come so far.
const maxMatches = 8_000_000

// A budget counts the states that may still be made in a run, and how often entries may be asked.
type budget struct{ left, matches int }

type budgetKey struct{}

func budgetOf(p *lint.Pass) *budget {
	return lint.Memo(p, budgetKey{}, func() *budget { return &budget{maxStates, maxMatches} })
}

// entryOf returns the entry of a rule. It is unsure, or becomes so, where the run has made too much already, or is to stop.
func entryOf(p *lint.Pass, w world, k Kind, key string, r *model.Rule) *entry {
	return lint.Memo(p, entryKey{k, key}, func() *entry {
		b := budgetOf(p)
		e := &entry{world: w, elements: elements.Of(r, k != Filter)}
		e.unsure = !Plain(r) || k == Parameters && e.elements.URL == nil
		if e.unsure {
			return e
		}
		e.setEdges()
		e.more = w.guess(e.elements)
		e.make = func(e *entry) {
			if e.unsure = b.left <= 0 || p.Context().Err() != nil; e.unsure {
				return
			}
			if e.set, e.err = w.compile(e.elements); e.err != nil {
				b.left -= automata.DefaultLimit
			} else {
				b.left -= e.set.States()
			}
		}
		return e
	})
}
