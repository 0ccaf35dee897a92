package automata

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/dispcheck/dispcheck/internal/match"
)

// A Language is a regular set of byte strings. It is immutable and safe for many goroutines. Make one with
// [Limit.Language], [Limit.Strings], [Anything] or [BytesOf], and others from it with the methods of [Limit].
type Language struct{ d *dfa }

// Language returns the strings that a pattern matches, as its own Match does: whole strings, byte by byte, in either
// letter case where the pattern says so. A pattern that the C library refuses matches nothing. The error wraps
// [ErrTooManyStates], [ErrNotRegular] or [ErrNotSimulated].
func (n Limit) Language(p *match.Pattern) (*Language, error) {
	d, err := n.compile(p)
	if err != nil {
		return nil, err
	}
	return &Language{d.minimize()}, nil
}

// Anything returns the language of all strings.
func Anything() *Language { return &Language{constant(true)} }

// BytesOf returns the strings that consist of bytes of the set alone, the empty one among them. Intersecting with it
// restricts the alphabet.
func BytesOf(set match.ByteSet) *Language {
	r := raw{width: 2, next: []int32{0, 1, 1, 1}, accept: []bool{true, false}}
	for s := range numSymbols {
		if s < numBytes && !set.Has(byte(s)) {
			r.class[s] = 1
		}
	}
	for mark := numBytes; mark < numSymbols; mark++ {
		r.class[mark] = r.class[0]
	}
	return &Language{r.trim()}
}

// Strings returns the language of the given strings and no others.
func (n Limit) Strings(list ...string) (*Language, error) {
	d, err := n.words(list)
	if err != nil {
		return nil, err
	}
	return &Language{d}, nil
}

// words returns the smallest automaton of a list of strings.
func (n Limit) words(list []string) (*dfa, error) {
	const other = 1 // the state where all other strings go
	r := raw{width: 1}
	for _, s := range list {
		for _, c := range []byte(s) {
			if r.class[c] == 0 {
				r.class[c] = uint16(r.width)
				r.width++
			}
		}
	}
	if r.width > numBytes { // no byte is left over
		for c := range r.class {
			r.class[c]--
		}
		r.width--
	}
	for mark := numBytes; mark < numSymbols; mark++ {
		r.class[mark] = r.class[0]
	}
	grow := func() int32 {
		for range r.width {
			r.next = append(r.next, other)
		}
		r.accept = append(r.accept, false)
		return int32(len(r.accept) - 1)
	}
	grow()
	grow()
	for _, s := range list {
		at := int32(0)
		for _, c := range []byte(s) {
			k := int(at)*r.width + int(r.class[c])
			if r.next[k] == other {
				if len(r.accept) > n.states() {
					return nil, ErrTooManyStates
				}
				to := grow()
				r.next[k] = to
			}
			at = r.next[k]
		}
		r.accept[at] = true
	}
	return r.trim().minimize(), nil
}

// language wraps the outcome of a product.
func (n Limit) language(o op, a, b *Language) (*Language, error) {
	d, err := n.combine(o, a.d, b.d)
	if err != nil {
		return nil, err
	}
	return &Language{d.minimize()}, nil
}

// Intersect returns the strings of both languages.
func (n Limit) Intersect(a, b *Language) (*Language, error) { return n.language(opAnd, a, b) }

// Union returns the strings of either language.
func (n Limit) Union(a, b *Language) (*Language, error) { return n.language(opOr, a, b) }

// Difference returns the strings of a that are not in b.
func (n Limit) Difference(a, b *Language) (*Language, error) { return n.language(opAndNot, a, b) }

// Complement returns all strings that are not in the language.
func (l *Language) Complement() *Language { return &Language{l.d.complement()} }

// Disjoint reports whether two languages have no string in common. It stops at the first that it finds.
func (n Limit) Disjoint(a, b *Language) (bool, error) { return n.isEmpty(opAnd, a.d, b.d) }

// Includes reports whether all strings of a are in b. It stops at the first that is not; [Limit.Difference] has them
// all.
func (n Limit) Includes(b, a *Language) (bool, error) { return n.isEmpty(opAndNot, a.d, b.d) }

// Equal reports whether two languages have the same strings.
func (n Limit) Equal(a, b *Language) (bool, error) {
	ok, err := n.Includes(a, b)
	if err != nil || !ok {
		return false, err
	}
	return n.Includes(b, a)
}

// Concat returns each string of a followed by each of b.
func (n Limit) Concat(a, b *Language) (*Language, error) {
	c := concatenation{a: a.d, b: b.d, index: map[string]int32{}}
	c.classify()
	c.number(a.d.start, nil)
	for i := 0; i < len(c.states); i++ {
		if len(c.states) > n.states() {
			return nil, ErrTooManyStates
		}
		c.expand(i)
	}
	return &Language{c.r.trim().minimize()}, nil
}

// A concatenation follows the first automaton and, from each place where that accepts, the second.
type concatenation struct {
	a, b    *dfa
	r       raw
	classes [][2]uint16
	states  []concatState
	index   map[string]int32
	key     []byte
}

// A concatState is a state of the first automaton and a set of the second's.
type concatState struct {
	a   int32
	set []int32
}

func (c *concatenation) classify() {
	p := newProduct(opAnd, c.a, c.b)
	c.r.class, c.r.width, c.classes = p.class, len(p.classes), slices.Clone(p.classes)
	p.release()
}

// number returns the number of a state; the set is put in order.
func (c *concatenation) number(a int32, set []int32) int32 {
	if c.a.accept[a] {
		set = append(set, c.b.start)
	}
	slices.Sort(set)
	set = slices.Compact(set)
	if len(set) > 0 && set[0] == dead {
		set = set[1:]
	}
	if len(set) > 0 && set[0] == full { // whatever follows matches
		a, set = dead, []int32{full}
	}
	c.key = binary.AppendVarint(c.key[:0], int64(a))
	for _, s := range set {
		c.key = binary.AppendVarint(c.key, int64(s))
	}
	if n, ok := c.index[string(c.key)]; ok {
		return n
	}
	n := int32(len(c.states))
	c.index[string(c.key)] = n
	c.states = append(c.states, concatState{a, set})
	accept := false
	for _, s := range set {
		accept = accept || c.b.accept[s]
	}
	c.r.accept = append(c.r.accept, accept)
	return n
}

func (c *concatenation) expand(i int) {
	s := c.states[i]
	for _, class := range c.classes {
		set := make([]int32, len(s.set), len(s.set)+1)
		for k, q := range s.set {
			set[k] = c.b.next[int(q)*c.b.width+int(class[1])]
		}
		c.r.next = append(c.r.next, c.number(c.a.next[int(s.a)*c.a.width+int(class[0])], set))
	}
}

// Contains reports whether a string is in the language.
func (l *Language) Contains(s string) bool { return l.d.accept[l.d.run(l.d.start, s)] }

// Empty reports whether the language has no string at all.
func (l *Language) Empty() bool { return l.d.start == dead }

// Universal reports whether the language has every string.
func (l *Language) Universal() bool { return l.d.start == full }

// States returns how many states the automaton has.
func (l *Language) States() int { return l.d.states() }

// Witness returns the string of the language that reads best: a short one of letters, digits, '/', '.' and '-' where
// there is one. It is false if there is none.
func (l *Language) Witness() (string, bool) { return l.WitnessOf(match.AnyByte()) }

// WitnessOf is [Language.Witness] for strings that consist of bytes of the set alone.
func (l *Language) WitnessOf(alphabet match.ByteSet) (string, bool) {
	word, ok := l.d.witness(within(&alphabet))
	return text(word), ok
}

// Sample returns up to n strings of the language, shorter ones first, each once. It prefers strings that differ in
// more than a letter which nothing tells apart, and readable ones among those of one length. They are all of the
// language if those are fewer than n and not very long. There is none only if the language is empty.
func (l *Language) Sample(n int) []string { return l.SampleOf(n, match.AnyByte()) }

// SampleOf is [Language.Sample] for strings that consist of bytes of the set alone.
func (l *Language) SampleOf(n int, alphabet match.ByteSet) []string {
	words := l.d.sample(n, within(&alphabet))
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = text(w)
	}
	return out
}

// String says how large the automaton is.
func (l *Language) String() string { return fmt.Sprintf("language of %d states", l.States()) }

// within allows the bytes of a set, and no marks.
func within(alphabet *match.ByteSet) func(int) bool {
	return func(s int) bool { return s < numBytes && alphabet.Has(byte(s)) }
}

// text returns a word of bytes as a string.
func text(word []int) string {
	b := make([]byte, len(word))
	for i, s := range word {
		b[i] = byte(s)
	}
	return string(b)
}
