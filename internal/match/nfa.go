package match

// A tracer runs a program directly, following all ways at once. It is the last resort for expressions whose
// deterministic automaton would be too large: its time is at most the product of both lengths, its memory fixed.
type tracer struct {
	now, next stepList
	stack     []uint32
}

func newTracer(p *program) *tracer {
	n := len(p.steps)
	// A step is pushed at most twice before it is in the set: once by each of two branches that lead to it, summed
	// over all steps that is two pushes per step.
	return &tracer{now: newStepList(n), next: newStepList(n), stack: make([]uint32, 0, 2*n+2)}
}

// match reports whether p matches all of s.
func (t *tracer) match(p *program, s string) bool {
	t.now.clear()
	before := -1
	after := byteAt(s, 0)
	t.follow(p, &t.now, p.start, before, after)
	for i := 0; i < len(s); i++ {
		c := s[i]
		before, after = int(c), byteAt(s, i+1)
		t.next.clear()
		for _, at := range t.now.list {
			switch x := &p.steps[at]; x.op {
			case stepByte:
				if x.c == c {
					t.follow(p, &t.next, x.out, before, after)
				}
			case stepSet:
				if x.set.Has(c) {
					t.follow(p, &t.next, x.out, before, after)
				}
			}
		}
		t.now, t.next = t.next, t.now
		if len(t.now.list) == 0 {
			return false
		}
	}
	return t.now.has(0) // compile emits stepMatch first
}

// byteAt returns s[i], or -1 past the end.
func byteAt(s string, i int) int {
	if i < len(s) {
		return int(s[i])
	}
	return -1
}

// follow adds to l the step at and all that can be reached from it without taking a byte.
func (t *tracer) follow(p *program, l *stepList, at uint32, before, after int) {
	t.stack = append(t.stack[:0], at)
	for len(t.stack) > 0 {
		at = t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		if l.has(at) {
			continue
		}
		l.add(at)
		switch x := &p.steps[at]; x.op {
		case stepSplit:
			t.stack = append(t.stack, x.alt, x.out)
		case stepEdge:
			if holds(x.edge, before, after) {
				t.stack = append(t.stack, x.out)
			}
		}
	}
}
