package match

// Op says what an [Expr] stands for.
type Op uint8

// The kinds of expression. An edge stands between two bytes and takes none; before the first and after the last
// byte of the subject counts as no word byte.
const (
	OpNever       Op = iota // no string at all
	OpEmpty                 // the empty string
	OpText                  // the bytes Text
	OpSet                   // one byte out of Set
	OpCat                   // Subs one after the other
	OpAlt                   // one of Subs
	OpRepeat                // Subs[0], Min to Max times; Max < 0 is no upper bound
	OpBegin                 // before the first byte of the subject: ^ \`
	OpEnd                   // after the last byte: $ \'
	OpWordEdge              // a word byte on exactly one side: \b
	OpNotWordEdge           // a word byte on both sides or on none: \B
	OpWordStart             // no word byte before, one after: \<
	OpWordEnd               // a word byte before, none after: \>
)

// Bounds on what is compiled. glibc has none of its own but memory and the stack.
const (
	// MaxDepth is how deep parentheses of a regular expression may be nested.
	MaxDepth = 256
	// MaxSize is how large a regular expression may be once its repetitions are written out, counted in
	// single-byte steps and branches. Literal texts and globs are not bound by it.
	MaxSize = 10_000
)

// maxNodes bounds the tree that a regular expression is read into.
const maxNodes = 3 * MaxSize

// unbounded is the Max of a repetition without an upper bound.
const unbounded = -1

// An Expr is a node of a pattern's syntax tree, the same for globs and regular expressions. It describes a set of
// whole subjects. Trees are shared: do not change them.
type Expr struct {
	Op       Op
	Min, Max int      // OpRepeat
	Offset   int      // where it starts in the pattern's text; after [Simplify] only a hint
	Text     string   // OpText, never empty
	Set      *ByteSet // OpSet
	Subs     []*Expr  // OpCat, OpAlt: two or more; OpRepeat: one
}

// Nothing here depends on Offset, so one node of each serves all trees that do not need it.
var (
	neverExpr = &Expr{Op: OpNever}
	emptyExpr = &Expr{Op: OpEmpty}
	anySet    = &ByteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
)

// isEdge reports whether e is one of the expressions that take no byte but look at their neighbours.
func (e *Expr) isEdge() bool { return e.Op >= OpBegin }

// isGap reports whether e takes any bytes, a fixed number of them or at least so many: '.', '?', '.*', '..+'.
func (e *Expr) isGap() bool {
	return e.Op == OpSet && e.Set.Any() || e.Op == OpRepeat && e.Subs[0].Op == OpSet && e.Subs[0].Set.Any()
}

// bounds returns Min and Max of a repetition and 1, 1 for everything else.
func (e *Expr) bounds() (lo, hi int) {
	if e.Op == OpRepeat {
		return e.Min, e.Max
	}
	return 1, 1
}

// isAnything reports whether e is '.*', which matches every string.
func (e *Expr) isAnything() bool {
	return e.Op == OpRepeat && e.Min == 0 && e.Max == unbounded && e.Subs[0].Op == OpSet && e.Subs[0].Set.Any()
}

// hasEdges reports whether an edge stands anywhere in e.
func (e *Expr) hasEdges() bool {
	if e.isEdge() {
		return true
	}
	for _, s := range e.Subs {
		if s.hasEdges() {
			return true
		}
	}
	return false
}

// takesNothing reports whether every string that e matches is empty.
func (e *Expr) takesNothing() bool {
	switch e.Op {
	case OpEmpty:
		return true
	case OpCat, OpAlt:
		for _, s := range e.Subs {
			if !s.takesNothing() {
				return false
			}
		}
		return true
	case OpRepeat:
		return e.Max == 0 || e.Subs[0].takesNothing()
	}
	return e.isEdge()
}

// takesSome reports whether every string that e matches has at least one byte.
func (e *Expr) takesSome() bool {
	switch e.Op {
	case OpNever, OpText, OpSet:
		return true
	case OpCat:
		for _, s := range e.Subs {
			if s.takesSome() {
				return true
			}
		}
	case OpAlt:
		for _, s := range e.Subs {
			if !s.takesSome() {
				return false
			}
		}
		return true
	case OpRepeat:
		return e.Min > 0 && e.Subs[0].takesSome()
	}
	return false
}

// matchesEmpty reports whether e matches the empty subject as a whole. There the begin is the end and no word byte
// is near, so each edge has one fixed answer.
func (e *Expr) matchesEmpty() bool {
	switch e.Op {
	case OpEmpty, OpBegin, OpEnd, OpNotWordEdge:
		return true
	case OpCat:
		for _, s := range e.Subs {
			if !s.matchesEmpty() {
				return false
			}
		}
		return true
	case OpAlt:
		for _, s := range e.Subs {
			if s.matchesEmpty() {
				return true
			}
		}
	case OpRepeat:
		return e.Min == 0 || e.Subs[0].matchesEmpty()
	}
	return false
}

// size returns how many steps of a program e needs, saturating above MaxSize.
func (e *Expr) size() int {
	n := 0
	switch e.Op {
	case OpText:
		n = len(e.Text)
	case OpCat:
		for _, s := range e.Subs {
			n += s.size()
		}
	case OpAlt:
		for _, s := range e.Subs {
			n += s.size() + 1
		}
	case OpRepeat:
		n = repeatSize(e.Subs[0].size(), e.Min, e.Max)
	default:
		n = 1
	}
	return min(n, MaxSize+1)
}

// repeatSize is the size of a repetition of something of the given size, saturating above MaxSize.
func repeatSize(sub, lo, hi int) int {
	var n int
	if hi == unbounded {
		n = sub*max(lo, 1) + 1
	} else {
		n = sub*hi + hi - lo
	}
	return min(n, MaxSize+1)
}
