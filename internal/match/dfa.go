package match

import "slices"

// Bounds on a deterministic automaton. Past them the program is run directly.
const (
	maxCells = 1 << 16 // of the table: states times classes of bytes
	maxWork  = 1 << 21 // steps looked at while it is built
)

// A dfa is a deterministic automaton over classes of bytes. States are named by the index of their first cell in
// next. State 0 is the one from which nothing matches, state full the one from which everything does; the states
// that match if the subject ends there come last.
type dfa struct {
	class  [256]uint8
	next   []uint16
	start  uint16
	full   uint16
	accept uint16 // states from here on match at the end; at least full + 1
}

// match reports whether d matches all of s.
func (d *dfa) match(s string) bool {
	at, next := d.start, d.next
	if at <= d.full {
		return at == d.full
	}
	for i := 0; i < len(s); i++ {
		at = next[int(at)+int(d.class[s[i]])]
		if at <= d.full {
			return at == d.full
		}
	}
	return at >= d.accept
}

// A dfaBuilder turns a program into a dfa by following, class by class, every set of steps the program can be in.
type dfaBuilder struct {
	p       *program
	cells   int // bound on states times classes
	most    int // bound on states, 0 is none
	class   [256]uint8
	sample  []byte // a byte of each class
	work    int
	scratch stepList // what is being followed
	ways    stepList // the steps of a state once its edges are resolved
	stack   []uint32
	states  []dfaState
	index   map[string]int
	key     []byte
	rows    []int32 // states × classes
}

// A dfaState is a set of steps with all splits followed but edges not yet decided, and the byte before.
type dfaState struct {
	steps  []uint32
	before int  // kind of byte before, as classKind says; only if an edge is among steps
	edges  bool // an edge is among steps
	accept bool
}

// Kinds of byte before a place, all that an edge needs to know: none, one outside words, one in a word.
const (
	beforeNone = iota
	beforeOther
	beforeWord
)

// kindByte is a byte of the kind, as holds takes it.
func kindByte(kind int) int {
	switch kind {
	case beforeOther:
		return ' '
	case beforeWord:
		return 'a'
	}
	return -1
}

// newDFA builds the automaton of p, or returns nil if it would be too large.
func newDFA(p *program) *dfa {
	b := newDFABuilder(p)
	b.cells = maxCells
	if !b.build() {
		return nil
	}
	return b.finish()
}

func newDFABuilder(p *program) *dfaBuilder {
	n := len(p.steps)
	return &dfaBuilder{p: p, scratch: newStepList(n), ways: newStepList(n), index: map[string]int{}}
}

// build makes all states. It returns false if they are too many.
func (b *dfaBuilder) build() bool {
	b.classify()
	b.scratch.clear()
	b.follow(&b.scratch, b.p.start, false, 0, 0)
	b.intern(beforeNone)
	for i := 0; i < len(b.states); i++ {
		if !b.expand(i) {
			return false
		}
	}
	return true
}

// classify groups the bytes that no step tells apart.
func (b *dfaBuilder) classify() {
	var singles ByteSet
	classes := 1
	seen := map[ByteSet]bool{}
	split := func(set *ByteSet) {
		if seen[*set] {
			return
		}
		seen[*set] = true
		// A class with members both in the set and out of it is parted; to is the new class of those in.
		var in, out [256]bool
		for c := range 256 {
			if set.Has(byte(c)) {
				in[b.class[c]] = true
			} else {
				out[b.class[c]] = true
			}
		}
		var to [256]uint8
		for c := range classes {
			if in[c] && out[c] {
				to[c] = uint8(classes)
				classes++
			}
		}
		for c := range 256 {
			if old := b.class[c]; to[old] != 0 && set.Has(byte(c)) {
				b.class[c] = to[old]
			}
		}
	}
	for i := range b.p.steps {
		switch x := &b.p.steps[i]; x.op {
		case stepByte:
			singles.Add(x.c)
		case stepSet:
			split(x.set)
		}
	}
	if b.p.edges {
		words := wordBytes()
		split(&words)
	}
	var members [256]int
	for c := range 256 {
		members[b.class[c]]++
	}
	for c, ok := singles.First(0); ok; c, ok = singles.First(int(c) + 1) {
		if old := b.class[c]; members[old] > 1 {
			members[old]--
			members[classes] = 1
			b.class[c] = uint8(classes)
			classes++
		}
	}
	b.sample = make([]byte, classes)
	for c := 255; c >= 0; c-- {
		b.sample[b.class[c]] = byte(c)
	}
}

// follow adds to l all steps that can be reached from at without taking a byte. Edges end the way unless decide is
// set, when they are decided by the bytes before and after.
func (b *dfaBuilder) follow(l *stepList, at uint32, decide bool, before, after int) {
	b.stack = append(b.stack[:0], at)
	for len(b.stack) > 0 {
		at = b.stack[len(b.stack)-1]
		b.stack = b.stack[:len(b.stack)-1]
		b.work++
		if l.has(at) {
			continue
		}
		l.add(at)
		switch x := &b.p.steps[at]; x.op {
		case stepSplit:
			b.stack = append(b.stack, x.alt, x.out)
		case stepEdge:
			if decide && holds(x.edge, before, after) {
				b.stack = append(b.stack, x.out)
			}
		}
	}
}

// intern returns the number of the state whose steps are in scratch, where before is the kind of byte before it.
func (b *dfaBuilder) intern(before int) int {
	steps := make([]uint32, 0, len(b.scratch.list))
	edges, accept := false, false
	for _, at := range b.scratch.list {
		switch b.p.steps[at].op {
		case stepSplit:
			continue
		case stepEdge:
			edges = true
		case stepMatch:
			accept = true
		}
		steps = append(steps, at)
	}
	slices.Sort(steps)
	if !edges {
		before = beforeNone
	}
	b.key = append(b.key[:0], byte(before))
	for _, at := range steps {
		b.key = append(b.key, byte(at), byte(at>>8))
	}
	if i, ok := b.index[string(b.key)]; ok {
		return i
	}
	i := len(b.states)
	b.index[string(b.key)] = i
	b.states = append(b.states, dfaState{steps: steps, before: before, edges: edges, accept: accept})
	return i
}

// resolve returns the steps of state i once its edges are decided for the byte after.
func (b *dfaBuilder) resolve(i, after int) []uint32 {
	s := &b.states[i]
	if !s.edges {
		return s.steps
	}
	b.ways.clear()
	for _, at := range s.steps {
		b.follow(&b.ways, at, true, kindByte(s.before), after)
	}
	return b.ways.list
}

// expand fills the row of state i. It returns false if the automaton grows too large.
func (b *dfaBuilder) expand(i int) bool {
	if b.states[i].edges && !b.states[i].accept {
		for _, at := range b.resolve(i, -1) {
			if b.p.steps[at].op == stepMatch {
				b.states[i].accept = true
			}
		}
	}
	for _, c := range b.sample {
		b.scratch.clear()
		steps := b.resolve(i, int(c))
		b.work += len(steps)
		for _, at := range steps {
			x := &b.p.steps[at]
			if x.op == stepByte && x.c == c || x.op == stepSet && x.set.Has(c) {
				b.follow(&b.scratch, x.out, false, 0, 0)
			}
		}
		before := beforeOther
		if isWord(c) {
			before = beforeWord
		}
		b.rows = append(b.rows, int32(b.intern(before)))
		if b.work > maxWork || (len(b.states)+2)*len(b.sample) > b.cells || b.most > 0 && len(b.states) > b.most {
			return false
		}
	}
	return true
}

// finish numbers the states as dfa wants them and joins those whose answer is settled.
func (b *dfaBuilder) finish() *dfa {
	n, classes := len(b.states), len(b.sample)
	// A state is dead if no matching state can be reached from it, full if no other one can.
	alive, open := b.reaching(func(s *dfaState) bool { return s.accept }), b.reaching(func(s *dfaState) bool { return !s.accept })
	number := make([]int, n)
	count := 2
	d := &dfa{class: b.class, full: uint16(classes)}
	for pass := range 2 {
		if pass == 1 {
			d.accept = uint16(min(count*classes, maxCells-1))
		}
		for i := range b.states {
			switch {
			case !alive[i]:
				number[i] = 0
			case !open[i]:
				number[i] = 1
			case b.states[i].accept == (pass == 1):
				number[i] = count
				count++
			}
		}
	}
	d.next = make([]uint16, count*classes)
	for i := range b.states {
		if number[i] < 2 {
			continue
		}
		for c := range classes {
			d.next[number[i]*classes+c] = uint16(number[b.rows[i*classes+c]] * classes)
		}
	}
	d.start = uint16(number[0] * classes)
	return d
}

// reaching marks the states from which one that is wanted can be reached, itself included.
func (b *dfaBuilder) reaching(wanted func(*dfaState) bool) []bool {
	n, classes := len(b.states), len(b.sample)
	// The transitions backwards, grouped by target.
	first := make([]int32, n+1)
	for _, to := range b.rows {
		first[to+1]++
	}
	for i := range n {
		first[i+1] += first[i]
	}
	from := make([]int32, len(b.rows))
	fill := slices.Clone(first)
	for i, to := range b.rows {
		from[fill[to]] = int32(i / classes)
		fill[to]++
	}
	mark := make([]bool, n)
	var stack []int32
	for i := range b.states {
		if wanted(&b.states[i]) {
			mark[i] = true
			stack = append(stack, int32(i))
		}
	}
	for len(stack) > 0 {
		to := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, i := range from[first[to]:first[to+1]] {
			if !mark[i] {
				mark[i] = true
				stack = append(stack, i)
			}
		}
	}
	return mark
}
