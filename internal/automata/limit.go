package automata

import (
	"errors"
	"fmt"

	"github.com/dispcheck/dispcheck/internal/match"
)

// DefaultLimit is the number of states that the zero [Limit] allows.
const DefaultLimit = 10_000

// A Limit is the most states an automaton may have, those in between included. Zero stands for [DefaultLimit]. What
// goes beyond ends with [ErrTooManyStates].
type Limit int

// Errors of what cannot be decided. They come wrapped, with the pattern at fault where there is one.
var (
	// ErrTooManyStates says that an automaton would grow beyond its [Limit].
	ErrTooManyStates = errors.New("too many states")
	// ErrNotRegular says that a pattern has a back reference, which no automaton can follow.
	ErrNotRegular = errors.New("back reference: not a regular language")
	// ErrNotSimulated says that a pattern is not simulated for another reason, such as a NUL byte in it.
	ErrNotSimulated = errors.New("pattern is not simulated")
)

// states returns the limit as a number.
func (n Limit) states() int {
	if n <= 0 {
		return DefaultLimit
	}
	return int(n)
}

// compile returns the automaton of a pattern. A pattern that the C library refuses matches nothing.
func (n Limit) compile(p *match.Pattern) (*dfa, error) {
	if p.Refused() && p.Kind() == match.KindERE {
		_, err := match.ERE(p.Text())
		var u *match.UnsupportedError
		if errors.As(err, &u) {
			if u.BackReference {
				return nil, fmt.Errorf("%q: %w", p.Text(), ErrNotRegular)
			}
			return nil, fmt.Errorf("%q: %w: %w", p.Text(), ErrNotSimulated, err)
		}
	}
	if list, ok := p.Strings(); ok { // a short cut that many methods and extensions can take
		d, err := n.words(list)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", p.Text(), err)
		}
		return d, nil
	}
	t, ok := p.Table(n.states())
	if !ok {
		return nil, fmt.Errorf("%q: %w", p.Text(), ErrTooManyStates)
	}
	var r raw
	r.width = t.Classes
	for c, class := range t.Class {
		r.class[c] = uint16(class)
	}
	for mark := numBytes; mark < numSymbols; mark++ {
		r.class[mark] = r.class[0]
	}
	r.next, r.accept = t.Next, t.Accept
	return r.trim(), nil
}
