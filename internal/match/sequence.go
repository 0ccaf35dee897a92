package match

import "strings"

// A piece is a text, or n bytes out of a set.
type piece struct {
	text string
	set  *ByteSet // nil with an empty text: any byte
	n    int      // number of bytes taken
}

// A segment is a run of pieces, of fixed length.
type segment struct {
	pieces []piece
	size   int
	anchor string // the longest text among the pieces, to look for
	at     int    // where in the segment it stands
}

// A sequence matches segments in a fixed order with gaps between them: the head at the start of the subject, the
// tail at its end, each of the others at its first place after the one before. Taking the first place is right,
// since a segment's length is fixed and every gap is open-ended.
type sequence struct {
	head, tail segment
	inner      []segment
	gaps       []int // least bytes before each inner segment and, last, before the tail; empty: no tail, head is all
	least      int   // length of the shortest match
	fold       bool  // texts are in lower case and match either
}

// newSequence makes a sequence of e, which is simplified, if e is one.
func newSequence(e *Expr, fold bool) *sequence {
	subs := []*Expr{e}
	if e.Op == OpCat {
		subs = e.Subs
	}
	for _, x := range subs {
		if !sequential(x) {
			return nil
		}
	}
	q := &sequence{fold: fold}
	var segments []segment
	var current segment
	for _, x := range subs {
		lo, hi := x.bounds()
		if hi == unbounded {
			segments = append(segments, current.seal(fold))
			current = segment{}
			q.gaps = append(q.gaps, lo)
			q.least += lo
			continue
		}
		current.add(x, lo, fold)
	}
	segments = append(segments, current.seal(fold))
	for i := range segments {
		q.least += segments[i].size
	}
	q.head = segments[0]
	if n := len(segments); n > 1 {
		q.tail, q.inner = segments[n-1], segments[1:n-1]
	}
	return q
}

// sequential reports whether e can be part of a sequence.
func sequential(e *Expr) bool {
	switch e.Op {
	case OpEmpty, OpText, OpSet:
		return true
	case OpRepeat:
		return e.Subs[0].Op == OpSet && (e.Min == e.Max || e.Max == unbounded && e.Subs[0].Set.Any())
	}
	return false
}

// add appends n times x, a text or set or a repetition of one.
func (g *segment) add(x *Expr, n int, fold bool) {
	if x.Op == OpRepeat {
		x = x.Subs[0]
	}
	switch x.Op {
	case OpText:
		text := x.Text
		if fold {
			text = lower(text)
		}
		g.pieces = append(g.pieces, piece{text: text, n: len(text)})
		g.size += len(text)
	case OpSet:
		p := piece{set: x.Set, n: n}
		if x.Set.Any() {
			p.set = nil
		}
		g.pieces = append(g.pieces, p)
		g.size += n
	}
}

// seal finishes a segment: it chooses the anchor.
func (g *segment) seal(fold bool) segment {
	at := 0
	for _, p := range g.pieces {
		if len(p.text) > len(g.anchor) && !fold {
			g.anchor, g.at = p.text, at
		}
		at += p.n
	}
	return *g
}

// match reports whether the sequence is all of s.
func (q *sequence) match(s string) bool {
	if len(s) < q.least || !q.head.here(s, q.fold) {
		return false
	}
	if len(q.gaps) == 0 {
		return len(s) == q.head.size
	}
	end := len(s) - q.tail.size
	if !q.tail.here(s[end:], q.fold) {
		return false
	}
	from := q.head.size
	for i := range q.inner {
		g := &q.inner[i]
		at := g.find(s[:end], from+q.gaps[i], q.fold)
		if at < 0 {
			return false
		}
		from = at + g.size
	}
	return from+q.gaps[len(q.inner)] <= end
}

// here reports whether s, which is long enough, starts with the segment.
func (g *segment) here(s string, fold bool) bool {
	for i := range g.pieces {
		p := &g.pieces[i]
		switch {
		case p.text != "":
			if fold {
				if !foldEqual(s[:p.n], p.text) {
					return false
				}
			} else if s[:p.n] != p.text {
				return false
			}
		case p.set != nil:
			for _, c := range []byte(s[:p.n]) {
				if !p.set.Has(c) {
					return false
				}
			}
		}
		s = s[p.n:]
	}
	return true
}

// find returns the first place at or after from where the segment stands in s, or -1.
func (g *segment) find(s string, from int, fold bool) int {
	for ; from+g.size <= len(s); from++ {
		if g.anchor != "" {
			n := strings.Index(s[from+g.at:], g.anchor)
			if n < 0 {
				return -1
			}
			if from += n; len(g.pieces) == 1 {
				return from
			}
			if from+g.size > len(s) {
				return -1
			}
		}
		if g.here(s[from:], fold) {
			return from
		}
	}
	return -1
}

// foldEqual reports whether s equals lower, which is as long and in lower case, but for the case of ASCII letters.
func foldEqual(s, lower string) bool {
	for i := 0; i < len(s) && i < len(lower); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// lower returns s with its ASCII letters in lower case.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
