package filter

import (
	"math/bits"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// A shape is the strings that an element of a request can be at all, whoever sends it: parts one after the other.
// What a pattern matches beyond them no request will ever have.
type shape []part

// A part is one byte out of a set, or any number of them.
type part struct {
	set  match.ByteSet
	many bool
}

// shapeOf returns what an element can be. A part that is absent is none of its strings.
func shapeOf(element string) shape {
	every := match.AnyByte()
	switch element {
	case "method":
		return tokenShape()
	case "url", "suffix":
		return shape{{set: setOf("/")}, {every, true}}
	case "path":
		undotted := setOf(".")
		undotted.Negate()
		return shape{{set: setOf("/")}, {undotted, true}}
	case "selectors", "extension":
		inner := setOf("./")
		inner.Negate()
		return shape{{set: inner}, {inner, true}}
	case "protocol":
		return protocolShape()
	case "glob":
		// The URI is decoded, so a blank may stand in it.
		s := append(tokenShape(), part{set: setOf(" ")}, part{set: setOf("/")}, part{every, true}, part{set: setOf(" ")})
		return append(s, protocolShape()...)
	}
	return shape{{every, true}} // query
}

func setOf(bytes string) match.ByteSet {
	var s match.ByteSet
	for i := range len(bytes) {
		s.Add(bytes[i])
	}
	return s
}

// tokenShape is a method: a token of RFC 9110.
func tokenShape() shape {
	token := setOf("!#$%&'*+-.^_`|~")
	token.AddRange('0', '9')
	token.AddRange('A', 'Z')
	token.AddRange('a', 'z')
	return shape{{set: token}, {token, true}}
}

// protocolShape is HTTP/ and a version, such as HTTP/1.1 and HTTP/2.0.
func protocolShape() shape {
	var s shape
	for _, c := range []byte("HTTP/") {
		s = append(s, part{set: setOf(string(c))})
	}
	digit := setOf("0123456789")
	return append(s, part{set: digit}, part{set: setOf(".")}, part{set: digit})
}

// states are those that a string can lead to: bit n stands before the part n, the highest behind the last.
type states uint64

// settle adds the states that need no byte more.
func (s shape) settle(at states) states {
	for i := range s {
		if s[i].many && at>>i&1 != 0 {
			at |= 1 << (i + 1)
		}
	}
	return at
}

// step takes one byte out of a set.
func (s shape) step(at states, set match.ByteSet) states {
	var next states
	for ; at != 0; at &= at - 1 {
		i := bits.TrailingZeros64(uint64(at))
		if i == len(s) || !meet(s[i].set, set) {
			continue
		}
		if s[i].many {
			next |= 1 << i
		} else {
			next |= 1 << (i + 1)
		}
	}
	return s.settle(next)
}

func meet(a, b match.ByteSet) bool {
	for i := range a {
		if a[i]&b[i] != 0 {
			return true
		}
	}
	return false
}

// A walk takes expressions through a shape.
type walk struct {
	shape shape
	// seen says where repetitions of something larger than a set lead from one state. Without it repetitions within
	// repetitions would be gone through again and again.
	seen map[from]states
}

type from struct {
	e  *match.Expr
	at states // one bit
}

// after takes the strings of an expression. Word edges count as if they held, so that too many states may be left
// and never too few.
func (w *walk) after(e *match.Expr, at states) states {
	if at == 0 {
		return 0
	}
	switch e.Op {
	case match.OpNever:
		return 0
	case match.OpText:
		for i := range len(e.Text) {
			var one match.ByteSet
			one.Add(e.Text[i])
			at = w.shape.step(at, one)
		}
	case match.OpSet:
		return w.shape.step(at, *e.Set)
	case match.OpCat:
		for _, sub := range e.Subs {
			at = w.after(sub, at)
		}
	case match.OpAlt:
		var all states
		for _, sub := range e.Subs {
			all |= w.after(sub, at)
		}
		return all
	case match.OpRepeat:
		if len(e.Subs[0].Subs) == 0 {
			return w.repeat(e, at)
		}
		var all states
		for ; at != 0; at &= at - 1 {
			key := from{e, at & -at}
			to, ok := w.seen[key]
			if !ok {
				to = w.repeat(e, key.at)
				if w.seen == nil {
					w.seen = map[from]states{}
				}
				w.seen[key] = to
			}
			all |= to
		}
		return all
	}
	return at
}

// repeat takes the strings of a repetition.
func (w *walk) repeat(e *match.Expr, at states) states {
	for range e.Min {
		if at = w.after(e.Subs[0], at); at == 0 {
			return 0
		}
	}
	all := at
	for n := e.Min; e.Max < 0 || n < e.Max; n++ {
		if at = w.after(e.Subs[0], at); at&^all == 0 {
			break
		}
		all |= at
	}
	return all
}

// takes reports whether an expression matches one of the strings.
func (s shape) takes(e *match.Expr) bool {
	w := walk{shape: s}
	return w.after(e, s.settle(1))>>len(s)&1 != 0
}

// has reports whether a string is one of them.
func (s shape) has(text string) bool {
	at := s.settle(1)
	for i := range len(text) {
		var one match.ByteSet
		one.Add(text[i])
		at = s.step(at, one)
	}
	return at>>len(s)&1 != 0
}

// misses reports whether a pattern matches nothing that its element can be. An element that is absent is not asked
// for: see takesAbsent.
func misses(p *model.Pattern) bool { return !shapeOf(p.Property).takes(p.Expr()) }

// takesAbsent reports whether a pattern matches where the request lacks the element, as selectors, extension and
// suffix may be: an empty pattern does, and a regular expression that takes the empty string.
func takesAbsent(p *model.Pattern) bool {
	if p.Kind() == match.KindERE {
		return p.MatchesEmpty()
	}
	return p.Text() == ""
}
