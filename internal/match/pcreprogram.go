package match

import "strings"

// maxPCRESize bounds the instructions of a compiled pattern, repetitions written out.
const maxPCRESize = 20_000

// A pinst is an instruction of the backtracking machine.
type pinst struct {
	op       piop
	greed    greed
	x, y     int32    // where to go on
	n        int32    // group, register, bytes to step back
	min, max int32    // pRepeat
	memo     int32    // number among the instructions that may be remembered
	set      *ByteSet // pSet, pRepeat
	text     string
	next     *firstSet // pRepeat: what may stand behind it
	fx, fy   *firstSet // pSplit: what may stand at x, and at y; nil for anything
	nums     []int
}

// A piop is what an instruction does. Each goes on at the instruction behind it, if nothing else is said.
type piop uint8

const (
	piMatch    piop = iota
	piFail          // go back
	piByte          // one byte, text[0]
	piText          // text
	piFoldText      // text in either case
	piSet           // a byte out of set
	piRepeat        // min to max bytes out of set
	piSplit         // try x, then y
	piJump          // go to x
	piOpen          // register n: where a group starts
	piClose         // group n has matched from register x to here
	piBegin
	piEnd
	piFinalEnd
	piLineBegin
	piLineEnd
	piWordEdge
	piNotWordEdge
	piWordStart
	piWordEnd
	piKeep
	piBackref
	piFoldBackref
	piIsSet    // go to y if none of nums is set
	piMark     // register n: where a round of a loop starts
	piProgress // go to x if the round has taken nothing
	piBarrier  // registers n and n+1: how deep the stack is, and where; go to y if what follows fails (y < 0: go back)
	piCut      // what was tried since barrier n is settled
	piCutBack  // so it is, and go back to where the barrier stands
	piCutFail  // what follows the barrier must not match: undo all and go back
	piStepBack // n bytes
)

// A firstSet is what may stand at an instruction: a byte out of set, or the end of the subject.
type firstSet struct {
	set ByteSet
	end bool
}

func (f *firstSet) everything() bool { return f.end && f.set.Any() }

// has reports whether f allows position pos of s.
func (f *firstSet) has(s string, pos int) bool {
	if pos >= len(s) {
		return f.end
	}
	return f.set.Has(s[pos])
}

// A pprogram is a compiled pattern.
type pprogram struct {
	code      []pinst
	registers int
	memos     int
	pure      bool      // where a try has failed depends on the place alone: it need not be tried twice
	start     *firstSet // what may stand where a match begins; nil for anything
}

// A pcompiler makes a program of a tree.
type pcompiler struct {
	prog pprogram
	big  bool
}

func compilePCRE(root *pnode) (*pprogram, bool) {
	c := pcompiler{prog: pprogram{pure: true}}
	c.node(root)
	c.emit(pinst{op: piMatch})
	if c.big {
		return nil, false
	}
	prog := c.prog
	prog.findFirsts()
	return &prog, true
}

func (c *pcompiler) emit(in pinst) int32 {
	if len(c.prog.code) >= maxPCRESize {
		c.big = true
		return 0
	}
	c.prog.code = append(c.prog.code, in)
	return int32(len(c.prog.code) - 1)
}

func (c *pcompiler) here() int32 { return int32(len(c.prog.code)) }

func (c *pcompiler) register(n int) int32 {
	r := c.prog.registers
	c.prog.registers += n
	return int32(r)
}

func (c *pcompiler) split() int32 {
	at := c.emit(pinst{op: piSplit, memo: int32(c.prog.memos)})
	c.prog.memos++
	return at
}

// aim sets where a split tries first and second; the other way round if it is lazy.
func (c *pcompiler) aim(at, first, second int32, g greed) {
	if g == lazy {
		first, second = second, first
	}
	c.prog.code[at].x, c.prog.code[at].y = first, second
}

var edgeInst = map[pop]piop{
	popBegin: piBegin, popEnd: piEnd, popFinalEnd: piFinalEnd, popLineBegin: piLineBegin, popLineEnd: piLineEnd,
	popWordEdge: piWordEdge, popNotWordEdge: piNotWordEdge, popWordStart: piWordStart, popWordEnd: piWordEnd, popFail: piFail,
}

func (c *pcompiler) node(n *pnode) {
	if c.big {
		return
	}
	switch n.op {
	case popEmpty:
	case popText:
		switch {
		case n.fold:
			c.emit(pinst{op: piFoldText, text: n.text})
		case len(n.text) == 1:
			c.emit(pinst{op: piByte, text: n.text})
		default:
			c.emit(pinst{op: piText, text: n.text})
		}
	case popSet:
		c.emit(pinst{op: piSet, set: n.set})
	case popCat:
		for _, s := range n.subs {
			c.node(s)
		}
	case popAlt:
		c.alternatives(n.subs)
	case popRepeat:
		c.repeat(n)
	case popCapture:
		r := c.register(1)
		c.emit(pinst{op: piOpen, n: r})
		c.node(n.subs[0])
		c.emit(pinst{op: piClose, n: int32(n.n), x: r})
	case popAtomic:
		c.atomic(func() { c.node(n.subs[0]) })
	case popLook:
		c.look(n)
	case popCond:
		c.condition(n)
	case popBackref:
		c.prog.pure = false
		op := piBackref
		if n.fold {
			op = piFoldBackref
		}
		c.emit(pinst{op: op, nums: n.nums})
	case popKeep:
		c.emit(pinst{op: piKeep})
	default:
		c.emit(pinst{op: edgeInst[n.op]})
	}
}

func (c *pcompiler) alternatives(subs []*pnode) {
	var ends []int32
	for i, s := range subs {
		if i == len(subs)-1 {
			c.node(s)
			break
		}
		at := c.split()
		first := c.here()
		c.node(s)
		ends = append(ends, c.emit(pinst{op: piJump}))
		if c.big {
			return
		}
		c.aim(at, first, c.here(), greedy)
	}
	for _, at := range ends {
		c.prog.code[at].x = c.here()
	}
}

// oneByte returns the set of a node that takes one byte out of a set.
func oneByte(n *pnode) *ByteSet {
	switch {
	case n.op == popSet:
		return n.set
	case n.op == popText && len(n.text) == 1:
		var set ByteSet
		set.Add(n.text[0])
		if n.fold {
			set.fold()
		}
		return &set
	}
	return nil
}

func (c *pcompiler) repeat(n *pnode) {
	sub := n.subs[0]
	if set := oneByte(sub); set != nil {
		c.emit(pinst{op: piRepeat, set: set, min: int32(n.min), max: int32(n.max), greed: n.greed, memo: int32(c.prog.memos)})
		c.prog.memos++
		return
	}
	if n.greed == possessive {
		inner := *n
		inner.greed = greedy
		c.atomic(func() { c.repeat(&inner) })
		return
	}
	for i := 0; i < n.min && !c.big; i++ {
		c.node(sub)
	}
	switch {
	case n.max == unbounded:
		c.loop(sub, n.greed)
	case n.max > n.min:
		var skips []int32
		for i := n.min; i < n.max && !c.big; i++ {
			skips = append(skips, c.split())
			c.node(sub)
		}
		if c.big {
			return
		}
		for _, at := range skips {
			c.aim(at, at+1, c.here(), n.greed)
		}
	}
}

// loop repeats sub as often as it goes. A round that takes nothing ends it.
func (c *pcompiler) loop(sub *pnode, g greed) {
	at := c.split()
	body := c.here()
	var progress int32
	if sub.nullable() {
		c.prog.pure = false
		mark := c.register(1)
		c.emit(pinst{op: piMark, n: mark})
		c.node(sub)
		progress = c.emit(pinst{op: piProgress, n: mark})
	} else {
		c.node(sub)
	}
	c.emit(pinst{op: piJump, x: at})
	if c.big {
		return
	}
	c.aim(at, body, c.here(), g)
	if progress > 0 {
		c.prog.code[progress].x = c.here()
	}
}

func (c *pcompiler) atomic(body func()) {
	c.prog.pure = false
	r := c.register(2)
	c.emit(pinst{op: piBarrier, n: r, y: -1})
	body()
	c.emit(pinst{op: piCut, n: r})
}

// look compiles a lookaround.
func (c *pcompiler) look(n *pnode) {
	c.prog.pure = false
	r := c.register(2)
	at := c.emit(pinst{op: piBarrier, n: r, y: -1})
	c.lookBody(n)
	if !n.negate {
		c.emit(pinst{op: piCutBack, n: r})
		return
	}
	c.emit(pinst{op: piCutFail, n: r})
	if !c.big {
		c.prog.code[at].y = c.here()
	}
}

// lookBody compiles what a lookaround looks for. Each alternative of a lookbehind steps back by its own length.
func (c *pcompiler) lookBody(n *pnode) {
	sub := n.subs[0]
	if !n.behind {
		c.node(sub)
		return
	}
	branches := []*pnode{sub}
	if sub.op == popAlt {
		branches = sub.subs
	}
	var ends []int32
	for i, b := range branches {
		var at int32 = -1
		if i < len(branches)-1 {
			at = c.split()
		}
		first := c.here()
		w, _ := b.width()
		c.emit(pinst{op: piStepBack, n: int32(w)})
		c.node(b)
		if at >= 0 {
			ends = append(ends, c.emit(pinst{op: piJump}))
			if c.big {
				return
			}
			c.aim(at, first, c.here(), greedy)
		}
	}
	for _, at := range ends {
		c.prog.code[at].x = c.here()
	}
}

func (c *pcompiler) condition(n *pnode) {
	c.prog.pure = false
	test, yes, no := n.subs[0], n.subs[1], n.subs[2]
	var at int32
	if test.op == popIsSet {
		at = c.emit(pinst{op: piIsSet, nums: test.nums})
	} else {
		r := c.register(2)
		at = c.emit(pinst{op: piBarrier, n: r, y: -1})
		c.lookBody(test)
		c.emit(pinst{op: piCutBack, n: r}) // the other branch is out of question
		if test.negate {
			yes, no = no, yes
		}
	}
	c.node(yes)
	end := c.emit(pinst{op: piJump})
	if c.big {
		return
	}
	c.prog.code[at].y = c.here()
	c.node(no)
	if !c.big {
		c.prog.code[end].x = c.here()
	}
}

// findFirsts finds out what may stand at the instructions where something is decided by it.
func (p *pprogram) findFirsts() {
	f := firstFinder{p: p, known: make([]*firstSet, len(p.code))}
	useful := func(pc int32) *firstSet {
		if s := f.find(pc); !s.everything() {
			return s
		}
		return nil
	}
	for i := range p.code {
		in := &p.code[i]
		switch in.op {
		case piSplit:
			in.fx, in.fy = useful(in.x), useful(in.y)
		case piRepeat:
			next := f.find(int32(i) + 1)
			if in.greed == greedy && (in.set.disjoint(&next.set) || f.accepts(int32(i)+1)) {
				in.greed = possessive
			}
			if !next.everything() {
				in.next = next
			}
		}
	}
	p.start = useful(0)
}

// A firstFinder computes first sets.
type firstFinder struct {
	p     *pprogram
	known []*firstSet
}

var anyFirst = &firstSet{set: *anySet, end: true}

// find returns what may stand at pc. It errs towards more. Each instruction is looked at once: on the way round a loop
// anything counts as possible.
func (f *firstFinder) find(pc int32) *firstSet {
	if f.known[pc] != nil {
		return f.known[pc]
	}
	f.known[pc] = anyFirst
	in := &f.p.code[pc]
	var s firstSet
	switch in.op {
	case piFail:
	case piByte, piText:
		s.set.Add(in.text[0])
	case piFoldText:
		s.set.Add(in.text[0])
		s.set.fold()
	case piSet:
		s.set = *in.set
	case piRepeat:
		s.set = *in.set
		if in.min == 0 {
			s.join(f.find(pc + 1))
		}
	case piSplit:
		s = *f.find(in.x)
		s.join(f.find(in.y))
	case piJump:
		s = *f.find(in.x)
	case piOpen, piClose, piBegin, piLineBegin, piWordEdge, piNotWordEdge, piWordStart, piWordEnd, piKeep, piMark:
		s = *f.find(pc + 1)
	case piProgress:
		s = *f.find(pc + 1)
		s.join(f.find(in.x))
	case piIsSet:
		s = *f.find(pc + 1)
		s.join(f.find(in.y))
	case piEnd:
		s.end = true
	case piFinalEnd, piLineEnd:
		s.end = true
		s.set.Add('\n')
	default:
		s = *anyFirst
	}
	f.known[pc] = &s
	return &s
}

func (s *firstSet) join(o *firstSet) {
	s.set.AddSet(&o.set)
	s.end = s.end || o.end
}

// accepts reports whether the match is certain at pc.
func (f *firstFinder) accepts(pc int32) bool {
	for range 100 {
		switch in := &f.p.code[pc]; in.op {
		case piMatch:
			return true
		case piJump:
			pc = in.x
		case piOpen, piClose, piKeep:
			pc++
		default:
			return false
		}
	}
	return false
}

// index returns the first position from pos on where f allows a match to begin, -1 if there is none.
func (f *firstSet) index(s string, pos int) int {
	if c, one := f.single(); one {
		i := strings.IndexByte(s[pos:], c)
		if i >= 0 {
			return pos + i
		}
		return -1
	}
	for ; pos < len(s); pos++ {
		if f.set.Has(s[pos]) {
			return pos
		}
	}
	if f.end {
		return len(s)
	}
	return -1
}

func (f *firstSet) single() (byte, bool) {
	if f.end || f.set.Len() != 1 {
		return 0, false
	}
	return f.set.First(0)
}
