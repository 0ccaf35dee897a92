package match

import (
	"slices"
	"strings"
)

// The bounds of Heads.
const (
	maxHeads      = 16
	maxHeadLength = 256
	maxHeadSet    = 4 // bytes of a set that are told apart
	maxHeadRepeat = 4 // times that a repetition is written out
)

// Heads are the texts of which a subject begins with one if the pattern matches it.
type Heads struct {
	// Texts is empty where nothing is known.
	Texts []string
	// Whole says that the subject is one of the texts and no more.
	Whole bool
	// Fold says that the texts are in lower case and meant in either case.
	Fold bool
}

// Heads returns the texts that a subject must begin with: more than one where the pattern has alternatives near its
// beginning, or something that may be left out, as '^/(de|fr)/' and '^/jobs/?$' have. Do not change the slice.
func (re *PCRE) Heads() Heads { return re.heads }

// setEnds reads off the pattern what subjects begin with, and what they end with.
func (re *PCRE) setEnds() {
	items := []*pnode{re.root}
	if re.root.op == popCat {
		items = re.root.subs
	}
	begin, end := false, false
	for len(items) > 0 && items[0].op == popBegin {
		begin, items = true, items[1:]
	}
	for len(items) > 0 && items[len(items)-1].op == popEnd {
		end, items = true, items[:len(items)-1]
	}
	if begin {
		var b headBuilder
		texts, all := b.cat(items)
		re.heads = b.heads(texts, all && end)
		if re.heads.Whole && len(re.names) == 1 && !(b.folded && b.exact) {
			re.form = pcreTexts
		}
	}
	if end && !re.heads.Whole {
		b := headBuilder{back: true}
		texts, _ := b.cat(items)
		re.tails = b.heads(texts, false)
	}
}

// heads makes texts into heads. One that is empty tells nothing, unless the texts are all that there is.
func (b *headBuilder) heads(texts []string, whole bool) Heads {
	if !whole && slices.Contains(texts, "") {
		return Heads{}
	}
	if b.folded {
		for i, t := range texts {
			texts[i] = lower(t)
		}
	}
	return Heads{Texts: texts, Whole: whole, Fold: b.folded}
}

// A headBuilder collects texts.
type headBuilder struct {
	back   bool // what is matched ends with, and not begins with
	folded bool // a text is meant in either case
	exact  bool // a text is meant as it is, and has letters
}

// cat returns what nodes one after the other begin with. all says that the texts are all that they match, and not only
// what it begins with.
func (b *headBuilder) cat(list []*pnode) (texts []string, all bool) {
	texts = []string{""}
	for i := range list {
		n := list[i]
		if b.back {
			n = list[len(list)-1-i]
		}
		next, whole := b.node(n)
		crossed, ok := b.cross(texts, next)
		if !ok {
			return texts, false
		}
		if texts = crossed; !whole {
			return texts, false
		}
	}
	return texts, true
}

// cross puts each of the further texts behind each of those that there are, or in front of it.
func (b *headBuilder) cross(texts, further []string) ([]string, bool) {
	if len(texts)*len(further) > maxHeads {
		return nil, false
	}
	out := make([]string, 0, len(texts)*len(further))
	for _, s := range texts {
		for _, t := range further {
			if len(s)+len(t) > maxHeadLength {
				return nil, false
			}
			if b.back {
				out = append(out, t+s)
			} else {
				out = append(out, s+t)
			}
		}
	}
	return out, true
}

// node is cat for a single node.
func (b *headBuilder) node(n *pnode) (texts []string, all bool) {
	nothing := []string{""}
	switch n.op {
	case popEmpty:
		return nothing, true
	case popText:
		b.folded = b.folded || n.fold
		b.exact = b.exact || !n.fold && lower(n.text) != strings.ToUpper(n.text)
		return []string{n.text}, true
	case popSet:
		for c := range 256 {
			if n.set.Has(byte(c)) {
				if texts = append(texts, string([]byte{byte(c)})); len(texts) > maxHeadSet {
					return nothing, false
				}
			}
		}
		b.exact = true
		return texts, true
	case popCat:
		return b.cat(n.subs)
	case popCapture:
		return b.node(n.subs[0])
	case popAlt:
		all = true
		for _, s := range n.subs {
			more, whole := b.node(s)
			if texts = append(texts, more...); len(texts) > maxHeads {
				return nothing, false
			}
			all = all && whole
		}
		return texts, all
	case popRepeat:
		if n.greed == possessive {
			return nothing, false
		}
		sub, whole := b.node(n.subs[0])
		switch {
		case !whole && n.min == 0:
			return nothing, false
		case !whole:
			return sub, false
		case n.min == 0 && n.max == 1:
			return append(sub, ""), true
		case n.min == 0:
			return nothing, false
		}
		texts = nothing
		for i := range n.min {
			crossed, ok := b.cross(texts, sub)
			if i == maxHeadRepeat || !ok {
				return texts, false
			}
			texts = crossed
		}
		return texts, n.min == n.max
	}
	return nothing, false
}

// begins reports whether a subject begins with one of the heads.
func (h *Heads) begins(s string) bool {
	for _, t := range h.Texts {
		if len(s) >= len(t) && (!h.Whole || len(s) == len(t)) {
			if part := s[:len(t)]; part == t || h.Fold && foldEqual(part, t) {
				return true
			}
		}
	}
	return len(h.Texts) == 0
}

// ends reports whether a subject ends with one of them.
func (h *Heads) ends(s string) bool {
	for _, t := range h.Texts {
		if len(s) >= len(t) {
			if part := s[len(s)-len(t):]; part == t || h.Fold && foldEqual(part, t) {
				return true
			}
		}
	}
	return len(h.Texts) == 0
}
