package match

import (
	"math/bits"
	"slices"
)

// fewWords is the number of words up to which comparing with each beats hashing.
const fewWords = 4

// A wordSet is a fixed set of strings with a fast membership test. Strings are hashed by their length and three of
// their bytes into a table that usually has no two words in one slot; one comparison then settles it.
type wordSet struct {
	words   []string
	lengths []int  // of the words, ascending, each once
	mask    uint64 // bit min(n, 63): a word has length n
	mul     uint32
	shift   uint8
	slots   []uint8 // 1 + index of the slot's first word; nil if there are few words
	next    []uint8 // the same for the next word in the same slot
}

// newWordSet makes the set of words, which are at most maxStrings and distinct.
func newWordSet(words []string) *wordSet {
	w := &wordSet{words: words}
	for _, s := range words {
		w.mask |= 1 << min(len(s), 63)
		w.lengths = append(w.lengths, len(s))
	}
	slices.Sort(w.lengths)
	w.lengths = slices.Compact(w.lengths)
	if len(words) > fewWords {
		w.hash()
	}
	return w
}

// hash fills the table with the multiplier that makes the fewest words share a slot.
func (w *wordSet) hash() {
	size := 1 << bits.Len(uint(4*len(w.words)-1))
	w.shift = uint8(32 - bits.TrailingZeros(uint(size)))
	w.slots, w.next = make([]uint8, size), make([]uint8, len(w.words))
	const attempts = 24
	best, fewest := uint32(0), len(w.words)+1
	mul := uint32(0x9E3779B1)
	for range attempts {
		clear(w.slots)
		shared := 0
		for _, s := range w.words {
			if s == "" {
				continue
			}
			if h := mix(s) * mul >> w.shift; w.slots[h] != 0 {
				shared++
			} else {
				w.slots[h] = 1
			}
		}
		if shared < fewest {
			best, fewest = mul, shared
		}
		if shared == 0 {
			break
		}
		mul = mul*0x2C1B3C6D + 0x12345678 | 1
	}
	w.mul = best
	clear(w.slots)
	for i, s := range w.words {
		if s == "" { // has finds it by its length
			continue
		}
		h := mix(s) * w.mul >> w.shift
		w.next[i] = w.slots[h]
		w.slots[h] = uint8(i + 1)
	}
}

// mix gathers what is hashed of a string that is not empty.
func mix(s string) uint32 {
	n := len(s)
	return uint32(s[0]) | uint32(s[n-1])<<8 | uint32(s[n>>1])<<16 | uint32(n)<<24
}

// has reports whether s is in the set.
func (w *wordSet) has(s string) bool {
	if w.mask>>min(len(s), 63)&1 == 0 {
		return false
	}
	if w.slots == nil {
		for _, word := range w.words {
			if word == s {
				return true
			}
		}
		return false
	}
	if s == "" {
		return true
	}
	for i := w.slots[mix(s)*w.mul>>w.shift]; i != 0; i = w.next[i-1] {
		if w.words[i-1] == s {
			return true
		}
	}
	return false
}

// head returns the length of the shortest word that s starts with.
func (w *wordSet) head(s string) (int, bool) {
	for _, n := range w.lengths {
		if n > len(s) {
			break
		}
		if w.has(s[:n]) {
			return n, true
		}
	}
	return 0, false
}

// tail reports whether s ends with a word.
func (w *wordSet) tail(s string) bool {
	for _, n := range w.lengths {
		if n > len(s) {
			break
		}
		if w.has(s[len(s)-n:]) {
			return true
		}
	}
	return false
}

// An affixes matches one of some heads, then at least gap bytes, then one of some tails.
type affixes struct {
	heads, tails *wordSet // nil stands for the empty string alone
	gap          int
}

// match tries the shortest fitting head only: what a longer one leaves is less.
func (a *affixes) match(s string) bool {
	from := 0
	if a.heads != nil {
		n, ok := a.heads.head(s)
		if !ok {
			return false
		}
		from = n
	}
	from += a.gap
	if from > len(s) {
		return false
	}
	return a.tails == nil || a.tails.tail(s[from:])
}
