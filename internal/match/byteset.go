package match

import "math/bits"

// ByteSet is a set of bytes. The zero value is empty; sets compare with ==.
type ByteSet [4]uint64

// AnyByte returns the set of all 256 bytes, the meaning of '.' in a regular expression and '?' in a glob.
func AnyByte() ByteSet {
	return ByteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
}

// Add puts c into the set.
func (b *ByteSet) Add(c byte) { b[c>>6] |= 1 << (c & 63) }

// AddRange puts all bytes from lo to hi, both included, into the set; nothing if lo > hi.
func (b *ByteSet) AddRange(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		b.Add(byte(c))
	}
}

// AddSet puts all members of o into the set.
func (b *ByteSet) AddSet(o *ByteSet) {
	for i := range b {
		b[i] |= o[i]
	}
}

// Negate turns the set into its complement.
func (b *ByteSet) Negate() {
	for i := range b {
		b[i] = ^b[i]
	}
}

// Has reports whether c is in the set.
func (b *ByteSet) Has(c byte) bool { return b[c>>6]>>(c&63)&1 != 0 }

// Len is the number of members.
func (b *ByteSet) Len() int {
	return bits.OnesCount64(b[0]) + bits.OnesCount64(b[1]) + bits.OnesCount64(b[2]) + bits.OnesCount64(b[3])
}

// Any reports whether the set holds all 256 bytes.
func (b *ByteSet) Any() bool { return *b == AnyByte() }

// First returns the smallest member that is at least from, and false if there is none.
func (b *ByteSet) First(from int) (byte, bool) {
	for c := from; c < 256; c++ {
		if b.Has(byte(c)) {
			return byte(c), true
		}
	}
	return 0, false
}

// fold adds the other case of every ASCII letter in the set.
func (b *ByteSet) fold() {
	for c := byte('a'); c <= 'z'; c++ {
		upper := c - 'a' + 'A'
		if b.Has(c) || b.Has(upper) {
			b.Add(c)
			b.Add(upper)
		}
	}
}

// subsetOf reports whether every member is in o.
func (b *ByteSet) subsetOf(o *ByteSet) bool {
	for i := range b {
		if b[i]&^o[i] != 0 {
			return false
		}
	}
	return true
}

// disjoint reports whether no member is in o.
func (b *ByteSet) disjoint(o *ByteSet) bool {
	for i := range b {
		if b[i]&o[i] != 0 {
			return false
		}
	}
	return true
}

// isWord reports whether c counts as part of a word for \w, \b, \< and \>: in the C locale an ASCII letter, a
// digit or '_'.
func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// wordBytes is the set of the bytes for which isWord holds.
func wordBytes() ByteSet {
	var b ByteSet
	b.AddRange('a', 'z')
	b.AddRange('A', 'Z')
	b.AddRange('0', '9')
	b.Add('_')
	return b
}

// spaceBytes is the class [:space:] of the C locale.
func spaceBytes() ByteSet {
	var b ByteSet
	b.AddRange('\t', '\r')
	b.Add(' ')
	return b
}

// namedClass returns the character class [:name:] of the C locale.
func namedClass(name string) (ByteSet, bool) {
	var b ByteSet
	switch name {
	case "alnum":
		b.AddRange('a', 'z')
		b.AddRange('A', 'Z')
		b.AddRange('0', '9')
	case "alpha":
		b.AddRange('a', 'z')
		b.AddRange('A', 'Z')
	case "blank":
		b.Add(' ')
		b.Add('\t')
	case "cntrl":
		b.AddRange(0, 31)
		b.Add(127)
	case "digit":
		b.AddRange('0', '9')
	case "graph":
		b.AddRange('!', '~')
	case "lower":
		b.AddRange('a', 'z')
	case "print":
		b.AddRange(' ', '~')
	case "punct":
		b.AddRange('!', '/')
		b.AddRange(':', '@')
		b.AddRange('[', '`')
		b.AddRange('{', '~')
	case "space":
		b = spaceBytes()
	case "upper":
		b.AddRange('A', 'Z')
	case "xdigit":
		b.AddRange('0', '9')
		b.AddRange('a', 'f')
		b.AddRange('A', 'F')
	default:
		return b, false
	}
	return b, true
}
