package match

import (
	"strings"
	"sync"
)

// Bounds on one match. The first is PCRE2's own default, so that a pattern which explodes does so here where it does in
// httpd, give or take what PCRE2 saves itself.
const (
	maxPCRESteps  = 10_000_000 // places to come back to, and 64 bytes looked at for one
	maxPCREStack  = 2_000_000  // frames
	memoAfter     = 4_096      // steps after which failures are remembered, where that is sound
	maxPCREVisits = 1 << 26    // bits to remember them in
)

// A pframe is something to come back to, or to undo on the way back.
type pframe struct {
	kind frameKind
	pc   int32 // or group, or register
	a, b int32
}

type frameKind uint8

const (
	frameBranch   frameKind = iota // go on at pc and a
	frameGreedy                    // the repetition at pc may give back bytes: from b down to a
	frameLazy                      // it may take more: from a up to b
	frameGroup                     // group pc was a to b
	frameRegister                  // register pc was a
)

// A pmachine is the state of one match.
type pmachine struct {
	prog      *pprogram
	s         string
	caps      []int
	registers []int
	stack     []pframe
	visited   []uint64
	steps     int
	limit     bool // a bound was reached
	dirty     bool // groups are set
}

// exec finds the first match of the program that begins at from or behind, at from itself if anchored, and fills caps,
// which has two places for each group.
func (p *pprogram) exec(s string, caps []int, from int, anchored bool) (ok, limit bool) {
	m, _ := pmachines.Get().(*pmachine)
	if m == nil {
		m = &pmachine{stack: make([]pframe, 0, 64), registers: make([]int, 16)}
	}
	m.prog, m.s, m.caps = p, s, caps
	if p.registers > len(m.registers) {
		m.registers = make([]int, p.registers)
	}
	ok, limit = m.search(from, anchored), m.limit
	m.release()
	return ok, limit
}

// pmachines holds machines between matches.
var pmachines sync.Pool // of *pmachine

// release gives the machine back, without what it would keep alive.
func (m *pmachine) release() {
	m.prog, m.s, m.caps, m.visited = nil, "", nil, nil
	m.steps, m.limit, m.dirty = 0, false, false
	if cap(m.stack) > 1<<14 {
		m.stack = make([]pframe, 0, 64)
	}
	pmachines.Put(m)
}

// search finds the first match.
func (m *pmachine) search(from int, anchored bool) bool {
	p, s := m.prog, m.s
	clearGroups(m.caps)
	for start := from; start <= len(s); start++ {
		if p.start != nil {
			if anchored {
				if !p.start.has(s, start) {
					return false
				}
			} else if start = p.start.index(s, start); start < 0 {
				return false
			}
		}
		if m.dirty {
			clearGroups(m.caps)
			m.dirty = false
		}
		m.caps[0] = start
		if m.run(start) {
			return true
		}
		if m.limit || anchored {
			return false
		}
		m.steps++
	}
	return false
}

func clearGroups(caps []int) {
	for i := range caps {
		caps[i] = -1
	}
}

func (m *pmachine) push(f pframe) bool {
	m.steps++
	if m.steps > maxPCRESteps || len(m.stack) >= maxPCREStack {
		m.limit = true
		return false
	}
	m.stack = append(m.stack, f)
	return true
}

// undo puts a group or a register back.
func (m *pmachine) undo(f pframe) {
	switch f.kind {
	case frameGroup:
		m.caps[2*f.pc], m.caps[2*f.pc+1] = int(f.a), int(f.b)
	case frameRegister:
		m.registers[f.pc] = int(f.a)
	}
}

// setRegister sets a register so that going back undoes it.
func (m *pmachine) setRegister(r int32, v int) bool {
	if len(m.stack) > 0 && !m.push(pframe{kind: frameRegister, pc: r, a: int32(m.registers[r])}) {
		return false
	}
	m.registers[r] = v
	return true
}

// setGroup sets a group so that going back undoes it.
func (m *pmachine) setGroup(g int32, from, to int) bool {
	if len(m.stack) > 0 && !m.push(pframe{kind: frameGroup, pc: g, a: int32(m.caps[2*g]), b: int32(m.caps[2*g+1])}) {
		return false
	}
	m.caps[2*g], m.caps[2*g+1] = from, to
	m.dirty = true
	return true
}

// seen reports whether the instruction has failed here before, and notes that it is tried now.
func (m *pmachine) seen(memo int32, pos int) bool {
	if m.visited == nil {
		bits := m.prog.memos * (len(m.s) + 1)
		if !m.prog.pure || bits > maxPCREVisits {
			return false
		}
		m.visited = make([]uint64, bits/64+1)
	}
	i := int(memo)*(len(m.s)+1) + pos
	word, bit := i>>6, uint64(1)<<(i&63)
	if m.visited[word]&bit != 0 {
		return true
	}
	m.visited[word] |= bit
	return false
}

// cut takes away what could be tried again above depth, and keeps what is to be undone.
func (m *pmachine) cut(depth int) {
	kept := m.stack[:depth]
	for _, f := range m.stack[depth:] {
		if f.kind >= frameGroup {
			kept = append(kept, f)
		}
	}
	m.stack = kept
}

// run tries to match at pos.
func (m *pmachine) run(pos int) bool {
	m.stack = m.stack[:0]
	code, s := m.prog.code, m.s
	var pc int32
	for {
		in := &code[pc]
		ok := true
		switch in.op {
		case piMatch:
			m.caps[1] = pos
			return true
		case piFail:
			ok = false
		case piByte:
			if ok = pos < len(s) && s[pos] == in.text[0]; ok {
				pos++
			}
		case piText:
			if ok = len(s)-pos >= len(in.text) && s[pos:pos+len(in.text)] == in.text; ok {
				pos += len(in.text)
			}
		case piFoldText:
			if ok = len(s)-pos >= len(in.text) && foldEqual(s[pos:pos+len(in.text)], in.text); ok {
				pos += len(in.text)
			}
		case piSet:
			if ok = pos < len(s) && in.set.Has(s[pos]); ok {
				pos++
			}
		case piRepeat:
			if m.steps > memoAfter && in.greed != possessive && m.seen(in.memo, pos) {
				ok = false
				break
			}
			pos, ok = m.repeat(in, pc, pos)
		case piSplit:
			if m.steps > memoAfter && m.seen(in.memo, pos) {
				ok = false
				break
			}
			first := in.fx == nil || in.fx.has(s, pos)
			second := in.fy == nil || in.fy.has(s, pos)
			switch {
			case first && second:
				if !m.push(pframe{kind: frameBranch, pc: in.y, a: int32(pos)}) {
					return false
				}
				pc = in.x
				continue
			case first:
				pc = in.x
				continue
			case second:
				pc = in.y
				continue
			}
			ok = false
		case piJump:
			pc = in.x
			continue
		case piOpen:
			if !m.setRegister(in.n, pos) {
				return false
			}
		case piClose:
			if !m.setGroup(in.n, m.registers[in.x], pos) {
				return false
			}
		case piKeep:
			if !m.setGroup(0, pos, -1) {
				return false
			}
		case piBackref, piFoldBackref:
			pos, ok = m.backref(in, pos)
		case piIsSet:
			if !m.isSet(in.nums) {
				pc = in.y
				continue
			}
		case piMark:
			if !m.setRegister(in.n, pos) {
				return false
			}
		case piProgress:
			if m.registers[in.n] == pos {
				pc = in.x
				continue
			}
		case piBarrier:
			m.registers[in.n], m.registers[in.n+1] = len(m.stack), pos
			if in.y >= 0 && !m.push(pframe{kind: frameBranch, pc: in.y, a: int32(pos)}) {
				return false
			}
		case piCut:
			m.cut(m.registers[in.n])
		case piCutBack:
			m.cut(m.registers[in.n])
			pos = m.registers[in.n+1]
		case piCutFail:
			depth := m.registers[in.n]
			for len(m.stack) > depth {
				m.undo(m.stack[len(m.stack)-1])
				m.stack = m.stack[:len(m.stack)-1]
			}
			ok = false
		case piStepBack:
			if pos -= int(in.n); pos < 0 {
				ok = false
			}
		default:
			ok = pcreEdge(in.op, s, pos)
		}
		if ok {
			pc++
			continue
		}
		if pc, pos, ok = m.back(); !ok {
			return false
		}
	}
}

// pcreEdge reports whether an edge is at pos.
func pcreEdge(op piop, s string, pos int) bool {
	switch op {
	case piBegin:
		return pos == 0
	case piEnd:
		return pos == len(s)
	case piFinalEnd:
		return pos == len(s) || pos == len(s)-1 && s[pos] == '\n'
	case piLineBegin: // a line feed that ends the subject begins no line
		return pos == 0 || s[pos-1] == '\n' && pos < len(s)
	case piLineEnd:
		return pos == len(s) || s[pos] == '\n'
	}
	before := pos > 0 && isWord(s[pos-1])
	after := pos < len(s) && isWord(s[pos])
	switch op {
	case piWordEdge:
		return before != after
	case piNotWordEdge:
		return before == after
	case piWordStart:
		return !before && after
	}
	return before && !after // piWordEnd
}

// repeat takes bytes out of a set, and notes what else could be taken.
func (m *pmachine) repeat(in *pinst, pc int32, pos int) (int, bool) {
	s := m.s
	last := len(s)
	if in.max >= 0 && last-pos > int(in.max) {
		last = pos + int(in.max)
	}
	least := pos + int(in.min)
	if least > last {
		return pos, false
	}
	if in.greed == lazy {
		for ; pos < least; pos++ {
			if !in.set.Has(s[pos]) {
				return pos, false
			}
		}
		if pos < last && !m.push(pframe{kind: frameLazy, pc: pc, a: int32(pos), b: int32(last)}) {
			return pos, false
		}
		return pos, true
	}
	from := pos
	if in.set.Any() {
		pos = last
	} else {
		for pos < last && in.set.Has(s[pos]) {
			pos++
		}
	}
	m.steps += (pos - from) >> 6
	if pos < least {
		return pos, false
	}
	if in.greed == greedy && pos > least {
		f := pframe{kind: frameGreedy, pc: pc, a: int32(least), b: int32(pos)}
		if in.next != nil && !in.next.has(s, pos) {
			// Nothing of what may follow is here: give back at once.
			m.stack = append(m.stack, f)
			return m.giveBack(in.next)
		}
		return pos, m.push(f)
	}
	return pos, true
}

// giveBack lets the repetition on top of the stack end at the next place to the left where next may stand.
func (m *pmachine) giveBack(next *firstSet) (int, bool) {
	f := &m.stack[len(m.stack)-1]
	pos := int(f.b) - 1
	m.steps++
	if next != nil {
		from := pos
		if c, one := next.single(); one {
			i := strings.LastIndexByte(m.s[f.a:pos+1], c)
			pos = int(f.a) + i
		} else {
			for pos >= int(f.a) && !next.has(m.s, pos) {
				pos--
			}
		}
		m.steps += (from - pos) >> 6
		if pos < int(f.a) {
			m.stack = m.stack[:len(m.stack)-1]
			return pos, false
		}
	}
	if pos <= int(f.a) {
		m.stack = m.stack[:len(m.stack)-1]
	} else {
		f.b = int32(pos)
	}
	return pos, true
}

// back goes to the last place where something else can be tried.
func (m *pmachine) back() (pc int32, pos int, ok bool) {
	for len(m.stack) > 0 && !m.limit {
		if m.steps > maxPCRESteps {
			m.limit = true
			break
		}
		f := &m.stack[len(m.stack)-1]
		switch f.kind {
		case frameBranch:
			pc, pos = f.pc, int(f.a)
			m.stack = m.stack[:len(m.stack)-1]
			return pc, pos, true
		case frameGreedy:
			pc = f.pc + 1
			if pos, ok = m.giveBack(m.prog.code[f.pc].next); ok {
				return pc, pos, true
			}
		case frameLazy:
			in := &m.prog.code[f.pc]
			pc = f.pc + 1
			m.steps++
			for {
				if !in.set.Has(m.s[f.a]) {
					m.stack = m.stack[:len(m.stack)-1]
					break
				}
				f.a++
				done := f.a >= f.b
				if !done && in.next != nil && !in.next.has(m.s, int(f.a)) {
					continue
				}
				pos = int(f.a)
				if done {
					m.stack = m.stack[:len(m.stack)-1]
				}
				return pc, pos, true
			}
		default:
			m.undo(*f)
			m.stack = m.stack[:len(m.stack)-1]
		}
	}
	return 0, 0, false
}

// isSet reports whether one of the groups has matched.
func (m *pmachine) isSet(nums []int) bool {
	for _, n := range nums {
		if m.caps[2*n] >= 0 {
			return true
		}
	}
	return false
}

// backref takes what a group has matched. A group that has not matched makes it fail.
func (m *pmachine) backref(in *pinst, pos int) (int, bool) {
	for _, n := range in.nums {
		if m.caps[2*n] < 0 {
			continue
		}
		text := m.s[m.caps[2*n]:m.caps[2*n+1]]
		if len(m.s)-pos < len(text) {
			return pos, false
		}
		m.steps += len(text) >> 6
		if in.op == piBackref {
			return pos + len(text), m.s[pos:pos+len(text)] == text
		}
		for i := 0; i < len(text); i++ {
			if foldByte(text[i]) != foldByte(m.s[pos+i]) {
				return pos, false
			}
		}
		return pos + len(text), true
	}
	return pos, false
}

func foldByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}
