package match

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// referenceGlob is the plainest matcher of globs there is. It goes through the pattern once and keeps the places of
// s that it can be at.
func referenceGlob(pattern, s string, fold bool) bool {
	if fold {
		b := []byte(s)
		for i, c := range b {
			b[i] = asciiLower(c)
		}
		s = string(b)
	}
	at := make([]bool, len(s)+1)
	at[0] = true
	for pattern != "" {
		if pattern[0] == '*' {
			for i := 1; i < len(at); i++ {
				at[i] = at[i] || at[i-1]
			}
			pattern = pattern[1:]
			continue
		}
		c, class := pattern[0], ""
		pattern = pattern[1:]
		if c == '[' {
			var closed bool
			if class, pattern, closed = strings.Cut(pattern, "]"); !closed {
				return false
			}
		} else if fold {
			c = asciiLower(c)
		}
		for i := len(s) - 1; i >= 0; i-- {
			at[i+1] = at[i] && (c == '?' || c == '[' && referenceClass(class, s[i], fold) || c != '[' && s[i] == c)
		}
		at[0] = false
	}
	return at[len(s)]
}

// referenceClass reports whether c is in a class, brackets not included. A folded c is in lower case.
func referenceClass(class string, c byte, fold bool) bool {
	negated := strings.HasPrefix(class, "!") || strings.HasPrefix(class, "^")
	if negated {
		class = class[1:]
	}
	upper := c
	if fold && c >= 'a' && c <= 'z' {
		upper = c - 'a' + 'A'
	}
	in := false
	for class != "" {
		if len(class) >= 3 && class[1] == '-' {
			in = in || class[0] <= c && c <= class[2] || class[0] <= upper && upper <= class[2]
			class = class[3:]
			continue
		}
		in = in || class[0] == c || class[0] == upper
		class = class[1:]
	}
	return in != negated
}

func asciiLower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// referenceMatch matches by following the tree: from a place in s to the set of places after e.
func referenceMatch(e *Expr, s string) bool {
	r := reference{s: s, known: map[referenceKey][]bool{}}
	return r.from(e, 0)[len(s)]
}

type referenceKey struct {
	e *Expr
	i int
}

type reference struct {
	s     string
	known map[referenceKey][]bool
}

// from returns the places at which e can end if it starts at i.
func (r *reference) from(e *Expr, i int) []bool {
	key := referenceKey{e, i}
	out, ok := r.known[key]
	if !ok {
		at := make([]bool, len(r.s)+1)
		at[i] = true
		out = r.compute(e, i, at)
		r.known[key] = out
	}
	return out
}

// fromAll returns the places at which e can end if it starts at one of at.
func (r *reference) fromAll(e *Expr, at []bool) []bool {
	out := make([]bool, len(at))
	for i, set := range at {
		if set {
			merge(out, r.from(e, i))
		}
	}
	return out
}

// compute is from without memory; at is i as a set.
func (r *reference) compute(e *Expr, i int, at []bool) []bool {
	out := make([]bool, len(at))
	switch e.Op {
	case OpEmpty:
		return at
	case OpText:
		if strings.HasPrefix(r.s[i:], e.Text) {
			out[i+len(e.Text)] = true
		}
	case OpSet:
		if i < len(r.s) && e.Set.Has(r.s[i]) {
			out[i+1] = true
		}
	case OpCat:
		for _, x := range e.Subs {
			at = r.fromAll(x, at)
		}
		return at
	case OpAlt:
		for _, x := range e.Subs {
			merge(out, r.from(x, i))
		}
	case OpRepeat:
		for n := 0; ; n++ {
			if n >= e.Min && !merge(out, at) && e.Max < 0 || n == e.Max {
				break
			}
			at = r.fromAll(e.Subs[0], at)
		}
	default:
		before, after := i > 0 && isWord(r.s[i-1]), i < len(r.s) && isWord(r.s[i])
		switch e.Op {
		case OpBegin:
			out[i] = i == 0
		case OpEnd:
			out[i] = i == len(r.s)
		case OpWordEdge:
			out[i] = before != after
		case OpNotWordEdge:
			out[i] = before == after
		case OpWordStart:
			out[i] = !before && after
		case OpWordEnd:
			out[i] = before && !after
		}
	}
	return out
}

// merge adds from to into and reports whether that changed it.
func merge(into, from []bool) bool {
	changed := false
	for i, set := range from {
		if set && !into[i] {
			into[i], changed = true, true
		}
	}
	return changed
}

// goSyntax writes e for Go's regexp, each byte as the Latin-1 character of its value. It returns false where that
// has no word for it.
func goSyntax(e *Expr) (string, bool) {
	switch e.Op {
	case OpNever:
		return `[^\x{0}-\x{10FFFF}]`, true
	case OpEmpty:
		return `(?:)`, true
	case OpText:
		var b strings.Builder
		for _, c := range []byte(e.Text) {
			fmt.Fprintf(&b, `\x{%x}`, c)
		}
		return b.String(), true
	case OpSet:
		var b strings.Builder
		b.WriteByte('[')
		for c, ok := e.Set.First(0); ok; c, ok = e.Set.First(int(c) + 1) {
			fmt.Fprintf(&b, `\x{%x}`, c)
		}
		if b.Len() == 1 {
			return goSyntax(neverExpr)
		}
		return b.String() + "]", true
	case OpCat, OpAlt:
		var parts []string
		for _, s := range e.Subs {
			part, ok := goSyntax(s)
			if !ok {
				return "", false
			}
			parts = append(parts, "(?:"+part+")")
		}
		if e.Op == OpAlt {
			return strings.Join(parts, "|"), true
		}
		return strings.Join(parts, ""), true
	case OpRepeat:
		sub, ok := goSyntax(e.Subs[0])
		if !ok || e.Min > 1000 || e.Max > 1000 {
			return "", false
		}
		if e.Max == unbounded {
			return fmt.Sprintf("(?:%s){%d,}", sub, e.Min), true
		}
		return fmt.Sprintf("(?:%s){%d,%d}", sub, e.Min, e.Max), true
	case OpBegin:
		return `\A`, true
	case OpEnd:
		return `\z`, true
	case OpWordEdge:
		return `\b`, true
	case OpNotWordEdge:
		return `\B`, true
	}
	return "", false
}

// latin1 spreads the bytes of s to characters.
func latin1(s string) string {
	r := make([]rune, len(s))
	for i := range r {
		r[i] = rune(s[i])
	}
	return string(r)
}

// allStrings returns every string over the alphabet of up to the given length.
func allStrings(alphabet string, most int) []string {
	out, last := []string{""}, []string{""}
	for range most {
		var next []string
		for _, s := range last {
			for _, c := range []byte(alphabet) {
				next = append(next, s+string([]byte{c}))
			}
		}
		out, last = append(out, next...), next
	}
	return out
}

// pick returns one of the parts, up to most times, joined.
func pick(r *rand.Rand, most int, parts ...string) string {
	var b strings.Builder
	for range 1 + r.IntN(most) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}
