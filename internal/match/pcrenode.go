package match

import "strings"

// A pop says what a node of a PCRE pattern stands for.
type pop uint8

const (
	popEmpty       pop = iota // nothing
	popFail                   // never matches
	popText                   // the bytes text, in lower case if fold
	popSet                    // one byte out of set
	popCat                    // subs one after the other
	popAlt                    // the first of subs that leads to a match
	popRepeat                 // subs[0], min to max times
	popCapture                // subs[0], remembered as group n
	popAtomic                 // subs[0], not tried again once it has matched
	popLook                   // subs[0] matches here (or behind, or not), and takes nothing
	popCond                   // subs[1] if subs[0] (popLook or popIsSet) holds, else subs[2]
	popIsSet                  // one of the groups nums is set; only as a condition
	popBackref                // what one of the groups nums has matched
	popKeep                   // the match is said to begin here: \K
	popBegin                  // before the first byte: \A, ^
	popEnd                    // after the last byte: \z, $ as Apache sets it
	popFinalEnd               // there, or before a line feed that is the last byte: \Z
	popLineBegin              // ^ with (?m)
	popLineEnd                // $ with (?m)
	popWordEdge               // \b
	popNotWordEdge            // \B
	popWordStart              // [[:<:]]
	popWordEnd                // [[:>:]]
)

// How a repetition goes about its business.
type greed uint8

const (
	greedy greed = iota
	lazy
	possessive
)

// A pnode is a node of the syntax tree of a PCRE pattern.
type pnode struct {
	op             pop
	greed          greed // popRepeat
	fold           bool  // popText, popBackref: in either case
	behind, negate bool  // popLook
	min, max       int   // popRepeat; max is unbounded for no upper bound
	n              int   // popCapture: the group
	offset, end    int   // where it stands in the pattern
	text           string
	set            *ByteSet
	subs           []*pnode
	nums           []int // popBackref, popIsSet
}

// walk calls f for n and everything below it.
func (n *pnode) walk(f func(*pnode)) {
	f(n)
	for _, s := range n.subs {
		s.walk(f)
	}
}

// nullable reports whether n may match without taking a byte. It errs towards yes.
func (n *pnode) nullable() bool {
	switch n.op {
	case popText, popSet, popFail:
		return false
	case popCat:
		for _, s := range n.subs {
			if !s.nullable() {
				return false
			}
		}
		return true
	case popAlt:
		for _, s := range n.subs {
			if s.nullable() {
				return true
			}
		}
		return false
	case popRepeat:
		return n.min == 0 || n.subs[0].nullable()
	case popCapture, popAtomic:
		return n.subs[0].nullable()
	case popCond:
		return n.subs[1].nullable() || n.subs[2].nullable()
	}
	return true
}

// width returns how many bytes n takes if that is always the same number, as the inside of a lookbehind must.
func (n *pnode) width() (int, bool) {
	switch n.op {
	case popText:
		return len(n.text), true
	case popSet:
		return 1, true
	case popCat:
		sum := 0
		for _, s := range n.subs {
			w, ok := s.width()
			if sum += w; !ok || sum > maxPCRECount {
				return 0, false
			}
		}
		return sum, true
	case popAlt:
		w, ok := n.subs[0].width()
		for _, s := range n.subs[1:] {
			v, fixed := s.width()
			ok = ok && fixed && v == w
		}
		return w, ok
	case popRepeat:
		w, ok := n.subs[0].width()
		if n.min != n.max || w*n.min > maxPCRECount {
			return 0, false
		}
		return w * n.min, ok
	case popCapture, popAtomic:
		return n.subs[0].width()
	case popCond:
		w, ok := n.subs[1].width()
		v, fixed := n.subs[2].width()
		return w, ok && fixed && w == v
	case popBackref:
		return 0, false
	}
	return 0, true
}

// least returns how many bytes n takes at least, saturating.
func (n *pnode) least() int {
	sum := 0
	switch n.op {
	case popText:
		return len(n.text)
	case popSet:
		return 1
	case popCat:
		for _, s := range n.subs {
			sum += s.least()
		}
	case popAlt:
		sum = n.subs[0].least()
		for _, s := range n.subs[1:] {
			sum = min(sum, s.least())
		}
	case popRepeat:
		sum = n.subs[0].least() * n.min
	case popCapture, popAtomic:
		return n.subs[0].least()
	case popCond:
		sum = min(n.subs[1].least(), n.subs[2].least())
	}
	return min(sum, 1<<20)
}

// widest returns how many bytes n takes at most, and false if there is no bound, or a large one.
func (n *pnode) widest() (int, bool) {
	const large = 1 << 10
	sum := 0
	switch n.op {
	case popText:
		sum = len(n.text)
	case popSet:
		sum = 1
	case popCat:
		for _, s := range n.subs {
			w, ok := s.widest()
			if sum += w; !ok || sum > large {
				return 0, false
			}
		}
	case popAlt:
		for _, s := range n.subs {
			w, ok := s.widest()
			if !ok {
				return 0, false
			}
			sum = max(sum, w)
		}
	case popRepeat:
		w, ok := n.subs[0].widest()
		if !ok || n.max == unbounded || n.max > large {
			return 0, false
		}
		sum = w * n.max
	case popCapture, popAtomic:
		return n.subs[0].widest()
	case popCond:
		w, ok := n.subs[1].widest()
		v, also := n.subs[2].widest()
		if !ok || !also {
			return 0, false
		}
		sum = max(w, v)
	case popBackref:
		return 0, false
	}
	return sum, sum <= large
}

// isGap reports whether n is '.*', '.+' or the like for all bytes, with no upper bound, and greedy.
func (n *pnode) isGap() bool {
	return n.op == popRepeat && n.greed == greedy && n.max == unbounded && n.subs[0].op == popSet && n.subs[0].set.Any()
}

// catNodes joins nodes to one; neighbouring texts of the same case become one text.
func catNodes(list []*pnode, offset int) *pnode {
	out := list[:0]
	for i := 0; i < len(list); i++ {
		n := list[i]
		if n.op == popEmpty {
			continue
		}
		if n.op == popText {
			j := i + 1
			for j < len(list) && (list[j].op == popEmpty || list[j].op == popText && sameCase(list[i:j], list[j])) {
				j++
			}
			if j > i+1 {
				n = joinTexts(list[i:j])
				i = j - 1
			}
		}
		out = append(out, n)
	}
	switch len(out) {
	case 0:
		return &pnode{op: popEmpty, offset: offset, end: offset}
	case 1:
		return out[0]
	}
	return &pnode{op: popCat, subs: append([]*pnode(nil), out...), offset: out[0].offset, end: out[len(out)-1].end}
}

// sameCase reports whether a text may be joined to those before it. One without letters fits both cases.
func sameCase(before []*pnode, n *pnode) bool {
	if !hasLetters(n.text) {
		return true
	}
	for _, b := range before {
		if b.op == popText && hasLetters(b.text) {
			return b.fold == n.fold
		}
	}
	return true
}

func joinTexts(list []*pnode) *pnode {
	var text strings.Builder
	joined := &pnode{op: popText, offset: list[0].offset}
	for _, n := range list {
		text.WriteString(n.text)
		joined.fold = joined.fold || n.fold && hasLetters(n.text)
		joined.end = max(joined.end, n.end)
	}
	joined.text = text.String()
	return joined
}

func hasLetters(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; 'a' <= c && c <= 'z' {
			return true
		}
	}
	return false
}
