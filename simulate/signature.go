package simulate

import (
	"math/bits"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// A signature is the kinds of bytes that a text holds, one bit for each kind. Most rules of a filter need a byte
// that most URIs do not have; comparing signatures finds that out without looking at either text.
type signature uint64

// The kinds of bytes: each letter is one, each byte that means something in a path is one, digits are one.
const (
	kindOther   = 0 // letters of either case follow
	kindDigit   = 53
	kindSlash   = 54
	kindDot     = 55
	kindDash    = 56
	kindLow     = 57 // _
	kindColon   = 58
	kindSemi    = 59
	kindOpen    = 60 // [
	kindShut    = 61 // ]
	kindPercent = 62
	kindControl = 63 // blanks too

	kindMask = 63
)

// commonKinds are the kinds that nearly every URI has: small letters, slashes and dots.
const commonKinds = signature(1<<27 - 2 | 1<<kindSlash | 1<<kindDot)

// What a byte means to splitTarget, above the six bits of its kind.
const (
	markSlash   = 1 << 6 // a slash
	markSegment = 1 << 7 // a slash or a dot: after a slash, perhaps a segment to take out
)

// marks maps a byte to its kind and what it means. It is written out so that nothing is left to do at start-up.
var marks = [256]uint8{
	'a': 1, 'b': 2, 'c': 3, 'd': 4, 'e': 5, 'f': 6, 'g': 7, 'h': 8, 'i': 9, 'j': 10, 'k': 11, 'l': 12, 'm': 13,
	'n': 14, 'o': 15, 'p': 16, 'q': 17, 'r': 18, 's': 19, 't': 20, 'u': 21, 'v': 22, 'w': 23, 'x': 24, 'y': 25, 'z': 26,
	'A': 27, 'B': 28, 'C': 29, 'D': 30, 'E': 31, 'F': 32, 'G': 33, 'H': 34, 'I': 35, 'J': 36, 'K': 37, 'L': 38, 'M': 39,
	'N': 40, 'O': 41, 'P': 42, 'Q': 43, 'R': 44, 'S': 45, 'T': 46, 'U': 47, 'V': 48, 'W': 49, 'X': 50, 'Y': 51, 'Z': 52,
	'0': kindDigit, '1': kindDigit, '2': kindDigit, '3': kindDigit, '4': kindDigit, '5': kindDigit, '6': kindDigit, '7': kindDigit, '8': kindDigit, '9': kindDigit,
	'/': kindSlash | markSlash | markSegment, '.': kindDot | markSegment,
	'-': kindDash, '_': kindLow, ':': kindColon, ';': kindSemi, '[': kindOpen, ']': kindShut, '%': kindPercent,
	0: kindControl, 1: kindControl, 2: kindControl, 3: kindControl, 4: kindControl, 5: kindControl, 6: kindControl, 7: kindControl,
	8: kindControl, 9: kindControl, 10: kindControl, 11: kindControl, 12: kindControl, 13: kindControl, 14: kindControl, 15: kindControl,
	16: kindControl, 17: kindControl, 18: kindControl, 19: kindControl, 20: kindControl, 21: kindControl, 22: kindControl, 23: kindControl,
	24: kindControl, 25: kindControl, 26: kindControl, 27: kindControl, 28: kindControl, 29: kindControl, 30: kindControl, 31: kindControl,
	32:   kindControl,
	0x7f: kindControl,
}

// kindOf returns the kind of a byte.
func kindOf(c byte) uint8 { return marks[c] & kindMask }

// signatureOf returns the signature of a text.
func signatureOf(s string) signature {
	var sig signature
	for i := range len(s) {
		sig |= 1 << kindOf(s[i])
	}
	return sig
}

// A need is what the signature of a URI must have for a pattern to match: all of one set, and one of another, where
// that is not empty.
type need struct{ all, one signature }

// metBy reports whether a URI may match.
func (n need) metBy(sig signature) bool { return n.all&^sig == 0 && (n.one == 0 || n.one&sig != 0) }

// and returns what both need.
func (n need) and(m need) need { return need{n.all | m.all, rarer(n.one, m.one)} }

// rarer returns the set that fewer URIs meet, as far as that can be told.
func rarer(a, b signature) signature {
	switch {
	case a == 0:
		return b
	case b == 0:
		return a
	}
	if x, y := bits.OnesCount64(uint64(a&commonKinds)), bits.OnesCount64(uint64(b&commonKinds)); x != y {
		if x < y {
			return a
		}
		return b
	}
	return a
}

// needOf returns what a rule's patterns need of the URI. They are compared with parts of it; a glob is, where
// globIsURI says so.
func needOf(r *model.Rule, globIsURI bool) need {
	var n need
	if r.Glob != nil {
		if globIsURI {
			n = exprNeed(r.Glob.Expr())
		}
		return n
	}
	for _, p := range []*model.Pattern{r.URL, r.Path, r.Selectors, r.Extension, r.Suffix} {
		if p != nil && !(p.MatchesEmpty() || p.Text() == "") {
			n = n.and(exprNeed(p.Expr()))
		}
	}
	return n
}

// exprNeed returns what each text that an expression matches has.
func exprNeed(e *match.Expr) need {
	switch e.Op {
	case match.OpText:
		return need{all: signatureOf(e.Text)}
	case match.OpSet:
		var n need
		for c := range 256 {
			if e.Set.Has(byte(c)) {
				n.one |= 1 << kindOf(byte(c))
			}
		}
		return n
	case match.OpCat:
		var n need
		for _, s := range e.Subs {
			n = n.and(exprNeed(s))
		}
		return n
	case match.OpAlt:
		n := need{all: ^signature(0)}
		for _, s := range e.Subs {
			n = n.or(exprNeed(s))
		}
		return n
	case match.OpRepeat:
		if e.Min > 0 {
			return exprNeed(e.Subs[0])
		}
	}
	return need{}
}

// or returns what either of two alternatives needs.
func (n need) or(m need) need {
	if n.all == ^signature(0) {
		return m // n is the alternative to nothing
	}
	o := need{all: n.all & m.all}
	if a, b := n.atLeastOne(), m.atLeastOne(); a != 0 && b != 0 {
		o.one = a | b
	}
	return o
}

// atLeastOne turns a need into a set of which one is needed: of the kinds that are all needed the rarest will do.
func (n need) atLeastOne() signature {
	all := n.all
	if rare := all &^ commonKinds; rare != 0 {
		all = rare
	}
	return rarer(all&-all, n.one)
}

// leads is how many kinds of path there are by what follows the first slash: any byte, or nothing.
const (
	noLead = 256
	leads  = noLead + 1
)

// leadOf returns the bytes that follow the slash in the paths of two bytes and more which a pattern matches, and
// perhaps some more.
func leadOf(p *match.Pattern) match.ByteSet {
	var w leadWalk
	w.walk(p.Expr(), 1<<0)
	return w.set
}

// A leadWalk goes through an expression and notes which bytes it takes at offset 1. Offsets are kept as a set of
// three bits: 0, 1, and 2 for all that is further.
type leadWalk struct{ set match.ByteSet }

// walk returns where e may end when it starts at one of the offsets in from.
func (w *leadWalk) walk(e *match.Expr, from uint8) (to uint8) {
	switch e.Op {
	case match.OpNever:
		return 0
	case match.OpText:
		return w.text(e.Text, from)
	case match.OpSet:
		return w.byteSet(e.Set, from)
	case match.OpCat:
		for _, s := range e.Subs {
			from = w.walk(s, from)
		}
		return from
	case match.OpAlt:
		for _, s := range e.Subs {
			to |= w.walk(s, from)
		}
		return to
	case match.OpRepeat:
		return w.repeat(e, from)
	}
	return from // empty, or an edge
}

func (w *leadWalk) text(s string, from uint8) (to uint8) {
	if from&1 != 0 && s[0] == '/' {
		if len(s) == 1 {
			to |= 1 << 1
		} else {
			w.set.Add(s[1])
			to |= 1 << 2
		}
	}
	if from&2 != 0 {
		w.set.Add(s[0])
		to |= 1 << 2
	}
	return to | from&4
}

func (w *leadWalk) byteSet(s *match.ByteSet, from uint8) (to uint8) {
	if from&1 != 0 && s.Has('/') {
		to |= 1 << 1
	}
	if from&2 != 0 {
		w.set.AddSet(s)
		to |= 1 << 2
	}
	return to | from&4
}

// repeat takes no more repetitions than there are offsets, whatever the least number is.
func (w *leadWalk) repeat(e *match.Expr, from uint8) (to uint8) {
	if e.Min == 0 {
		to = from
	}
	for n := 1; n <= 3 && (e.Max < 0 || n <= e.Max); n++ {
		from = w.walk(e.Subs[0], from)
		if n >= min(e.Min, 3) {
			to |= from
		}
	}
	return to
}
