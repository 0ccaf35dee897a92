package match

import "slices"

// stepOp is what a step of a program does.
type stepOp uint8

const (
	stepByte  stepOp = iota // take the byte c, go on at out
	stepSet                 // take a byte of set, go on at out
	stepSplit               // go on at out and at alt
	stepEdge                // go on at out if the edge holds here
	stepMatch               // the expression has been matched
)

// A step is one state of the automaton that an expression is written out to.
type step struct {
	op       stepOp
	c        byte
	edge     Op
	out, alt uint32
	set      *ByteSet
}

// A program is a nondeterministic automaton. It knows no captures and no priorities: only whether there is a way.
type program struct {
	steps []step
	start uint32
	edges bool // some step is a stepEdge
}

// compile writes e out, whose size is within MaxSize.
func compile(e *Expr) *program {
	p := &program{steps: make([]step, 0, e.size()+1)}
	p.start = p.write(e, p.emit(step{op: stepMatch}))
	return p
}

func (p *program) emit(s step) uint32 {
	p.steps = append(p.steps, s)
	return uint32(len(p.steps) - 1)
}

// write adds the steps for e, after which the match goes on at next, and returns the first of them. Writing from
// the back makes every target known but that of a loop.
func (p *program) write(e *Expr, next uint32) uint32 {
	switch e.Op {
	case OpText:
		for i := len(e.Text) - 1; i >= 0; i-- {
			next = p.emit(step{op: stepByte, c: e.Text[i], out: next})
		}
	case OpSet:
		next = p.emit(step{op: stepSet, set: e.Set, out: next})
	case OpCat:
		for _, s := range slices.Backward(e.Subs) {
			next = p.write(s, next)
		}
	case OpAlt:
		start := p.write(e.Subs[len(e.Subs)-1], next)
		for _, s := range slices.Backward(e.Subs[:len(e.Subs)-1]) {
			out := p.write(s, next)
			start = p.emit(step{op: stepSplit, out: out, alt: start})
		}
		next = start
	case OpRepeat:
		next = p.repeat(e, next)
	case OpNever:
		// A set without members is never passed.
		next = p.emit(step{op: stepSet, set: new(ByteSet), out: next})
	case OpBegin, OpEnd, OpWordEdge, OpNotWordEdge, OpWordStart, OpWordEnd:
		p.edges = true
		next = p.emit(step{op: stepEdge, edge: e.Op, out: next})
	}
	return next
}

// repeat writes a repetition: first the rounds that may be left out, then those that may not.
func (p *program) repeat(e *Expr, next uint32) uint32 {
	sub, must := e.Subs[0], e.Min
	start := next
	if e.Max == unbounded {
		loop := p.emit(step{op: stepSplit, alt: next})
		body := p.write(sub, loop)
		p.steps[loop].out = body
		start = loop
		if must > 0 { // the first round of the loop is one of those
			start = body
			must--
		}
	}
	for range e.Max - e.Min {
		body := p.write(sub, start)
		start = p.emit(step{op: stepSplit, out: body, alt: next})
	}
	for range must {
		start = p.write(sub, start)
	}
	return start
}

// holds reports whether an edge holds between the bytes before and after, which are -1 outside the subject.
func holds(edge Op, before, after int) bool {
	switch edge {
	case OpBegin:
		return before < 0
	case OpEnd:
		return after < 0
	}
	return edgeHolds(edge, before >= 0 && isWord(byte(before)), after >= 0 && isWord(byte(after)))
}

// A stepList is a set of steps that can be emptied at once and listed in the order of adding.
type stepList struct {
	list []uint32
	at   []uint32 // at[s] is the index of s in list, if list[at[s]] is s
}

func newStepList(n int) stepList { return stepList{list: make([]uint32, 0, n), at: make([]uint32, n)} }

func (l *stepList) has(s uint32) bool {
	i := l.at[s]
	return int(i) < len(l.list) && l.list[i] == s
}

func (l *stepList) add(s uint32) {
	l.at[s] = uint32(len(l.list))
	l.list = append(l.list, s)
}

func (l *stepList) clear() { l.list = l.list[:0] }
