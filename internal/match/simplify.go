package match

import "strings"

// Simplify returns an expression for the same subjects in which anchors and word edges are resolved where their
// neighbours decide them, repetitions and alternatives are merged, and what can never match is gone. The result of
// a pattern without edges in the middle has none left. The argument is not changed.
func Simplify(e *Expr) *Expr {
	s := simplifier{edges: e.hasEdges()}
	return s.expr(e, yes, yes)
}

// An answer says whether something holds at a place of the pattern, for every way to get there.
type answer uint8

const (
	perhaps answer = iota
	yes
	no
)

// A simplifier rewrites one tree.
type simplifier struct{ edges bool }

// expr simplifies e, where begin and end say whether the subject begins just before e and ends just after it.
func (s *simplifier) expr(e *Expr, begin, end answer) *Expr {
	switch e.Op {
	case OpText:
		if e.Text == "" {
			return emptyExpr
		}
	case OpSet:
		switch e.Set.Len() {
		case 0:
			return neverExpr
		case 1:
			c, _ := e.Set.First(0)
			return &Expr{Op: OpText, Offset: e.Offset, Text: string([]byte{c})}
		}
	case OpBegin, OpEnd, OpWordEdge, OpNotWordEdge, OpWordStart, OpWordEnd:
		return edge(e, begin, end)
	case OpCat:
		return s.cat(e, begin, end)
	case OpAlt:
		return s.alt(e, begin, end)
	case OpRepeat:
		return s.repeat(e, begin, end)
	}
	return e
}

// edge resolves an edge from the place where it stands alone.
func edge(e *Expr, begin, end answer) *Expr {
	switch {
	case e.Op == OpBegin && begin == yes, e.Op == OpEnd && end == yes:
		return emptyExpr
	case e.Op == OpBegin && begin == no, e.Op == OpEnd && end == no:
		return neverExpr
	case e.Op > OpEnd && begin == yes && end == yes: // the empty subject has no word
		if e.Op == OpNotWordEdge {
			return emptyExpr
		}
		return neverExpr
	}
	return e
}

// cat simplifies a sequence.
func (s *simplifier) cat(e *Expr, begin, end answer) *Expr {
	subs := make([]*Expr, 0, len(e.Subs))
	first, last := begin, end
	var ends []answer
	if s.edges {
		ends = make([]answer, len(e.Subs))
		for i := len(e.Subs) - 1; i >= 0; i-- {
			ends[i] = end
			end = past(e.Subs[i], end)
		}
	} else {
		begin, end = perhaps, perhaps
	}
	for i, sub := range e.Subs {
		if s.edges {
			end = ends[i]
		}
		x := s.expr(sub, begin, end)
		if s.edges {
			begin = past(sub, begin)
		}
		switch x.Op {
		case OpNever:
			return neverExpr
		case OpEmpty:
		case OpCat:
			subs = append(subs, x.Subs...)
		default:
			subs = append(subs, x)
		}
	}
	if s.edges {
		subs = resolveWordEdges(subs, first == yes, last == yes)
		if subs == nil {
			return neverExpr
		}
	}
	subs = mergeNeighbours(subs)
	switch len(subs) {
	case 0:
		return emptyExpr
	case 1:
		return subs[0]
	}
	return &Expr{Op: OpCat, Offset: e.Offset, Subs: subs}
}

// past says whether the subject begins (or, from the right, ends) at the far side of e if it does so, or not, at
// the near side.
func past(e *Expr, near answer) answer {
	switch {
	case e.takesSome():
		return no
	case e.takesNothing() || near == no:
		return near
	}
	return perhaps
}

// resolveWordEdges takes out the word edges whose two neighbours decide them, where first and last say that the
// subject begins before subs and ends after them. It returns nil if one cannot hold.
func resolveWordEdges(subs []*Expr, first, last bool) []*Expr {
	out := make([]*Expr, 0, len(subs))
	for i, e := range subs {
		if e.Op > OpEnd {
			before, after := perhaps, perhaps
			if i > 0 {
				before = wordAt(subs[i-1], true)
			} else if first {
				before = no
			}
			if i+1 < len(subs) {
				after = wordAt(subs[i+1], false)
			} else if last {
				after = no
			}
			if before != perhaps && after != perhaps {
				if !edgeHolds(e.Op, before == yes, after == yes) {
					return nil
				}
				continue
			}
		}
		out = append(out, e)
	}
	return out
}

// wordAt says whether the last (or first) byte that e takes is a word byte.
func wordAt(e *Expr, last bool) answer {
	switch e.Op {
	case OpText:
		c := e.Text[0]
		if last {
			c = e.Text[len(e.Text)-1]
		}
		if isWord(c) {
			return yes
		}
		return no
	case OpSet:
		words := wordBytes()
		switch {
		case e.Set.subsetOf(&words):
			return yes
		case e.Set.disjoint(&words):
			return no
		}
	case OpRepeat:
		if e.Min > 0 {
			return wordAt(e.Subs[0], last)
		}
	}
	return perhaps
}

// edgeHolds reports whether a word edge holds between two places, of which it is known if they are in a word.
func edgeHolds(op Op, before, after bool) bool {
	switch op {
	case OpWordEdge:
		return before != after
	case OpNotWordEdge:
		return before == after
	case OpWordStart:
		return !before && after
	default: // OpWordEnd
		return before && !after
	}
}

// mergeNeighbours joins texts, and wildcards, that stand side by side. It may reuse subs.
func mergeNeighbours(subs []*Expr) []*Expr {
	out := subs[:0]
	for i := 0; i < len(subs); {
		e, j := subs[i], i+1
		switch {
		case e.Op == OpText:
			for j < len(subs) && subs[j].Op == OpText {
				j++
			}
			if j > i+1 {
				var b strings.Builder
				for _, t := range subs[i:j] {
					b.WriteString(t.Text)
				}
				e = &Expr{Op: OpText, Offset: e.Offset, Text: b.String()}
			}
		case e.isGap():
			lo, hi := e.bounds()
			for ; j < len(subs) && subs[j].isGap(); j++ {
				lo2, hi2 := subs[j].bounds()
				lo += lo2
				if hi == unbounded || hi2 == unbounded {
					hi = unbounded
				} else {
					hi += hi2
				}
			}
			if j > i+1 {
				e = &Expr{Op: OpRepeat, Offset: e.Offset, Min: lo, Max: hi, Subs: anyByteSubs}
			}
		}
		out = append(out, e)
		i = j
	}
	return out
}

// alt simplifies alternatives.
func (s *simplifier) alt(e *Expr, begin, end answer) *Expr {
	subs := make([]*Expr, 0, len(e.Subs))
	var set ByteSet // of all alternatives that are a single byte
	singles, at, empty := 0, 0, false
	var single *Expr
	add := func(x *Expr) {
		switch {
		case x.Op == OpNever:
		case x.Op == OpEmpty:
			empty = true
		case x.Op == OpSet, x.Op == OpText && len(x.Text) == 1:
			if x.Op == OpSet {
				set.AddSet(x.Set)
			} else {
				set.Add(x.Text[0])
			}
			if singles++; singles == 1 {
				single, at = x, len(subs)
				subs = append(subs, x)
			}
		default:
			subs = append(subs, x)
		}
	}
	for _, sub := range e.Subs {
		x := s.expr(sub, begin, end)
		if x.isAnything() {
			return x
		}
		if x.Op == OpAlt {
			for _, y := range x.Subs {
				add(y)
			}
			continue
		}
		add(x)
	}
	if singles > 1 {
		if n := set.Len(); n > 1 {
			subs[at] = &Expr{Op: OpSet, Offset: single.Offset, Set: &set}
		}
	}
	var out *Expr
	switch len(subs) {
	case 0:
		if empty {
			return emptyExpr
		}
		return neverExpr
	case 1:
		out = subs[0]
	default:
		out = &Expr{Op: OpAlt, Offset: e.Offset, Subs: subs}
	}
	if empty {
		return repeated(out, 0, 1)
	}
	return out
}

// repeat simplifies a repetition. Only its first round can stand at the begin, and only its last at the end.
func (s *simplifier) repeat(e *Expr, begin, end answer) *Expr {
	if e.Max < 0 || e.Max > 1 {
		if begin == yes {
			begin = perhaps
		}
		if end == yes {
			end = perhaps
		}
	}
	x := s.expr(e.Subs[0], begin, end)
	if x == e.Subs[0] {
		if y := repeated(x, e.Min, e.Max); y.Op != OpRepeat || y.Min != e.Min || y.Max != e.Max || y.Subs[0] != x {
			return y
		}
		return e
	}
	return repeated(x, e.Min, e.Max)
}

// repeated makes lo to hi times x, where x is simplified.
func repeated(x *Expr, lo, hi int) *Expr {
	switch {
	case hi == 0, x.Op == OpEmpty, x.Op == OpNever && lo == 0:
		return emptyExpr
	case x.Op == OpNever:
		return neverExpr
	case lo == 1 && hi == 1:
		return x
	case x.takesNothing(): // edges only: once is as good as often, and not at all is better
		if lo == 0 {
			return emptyExpr
		}
		return x
	case x.Op == OpText && lo == hi && len(x.Text)*lo <= 64:
		return &Expr{Op: OpText, Offset: x.Offset, Text: strings.Repeat(x.Text, lo)}
	}
	if lo > 0 && !x.hasEdges() && x.matchesEmpty() {
		lo = 0
	}
	if x.Op == OpRepeat {
		if min, max, ok := composeRepeats(x.Min, x.Max, lo, hi); ok {
			return &Expr{Op: OpRepeat, Offset: x.Offset, Min: min, Max: max, Subs: x.Subs}
		}
	}
	return &Expr{Op: OpRepeat, Offset: x.Offset, Min: lo, Max: hi, Subs: []*Expr{x}}
}
