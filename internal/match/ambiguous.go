package match

// Bounds on what Ambiguous looks at.
const (
	maxAmbiguousPositions = 1_000 // single-byte steps, bounded repetitions written out
	maxAmbiguousLoop      = 48    // of them in one loop
)

// Ambiguous reports whether e has a loop that can take some text in more than one way, as (a+)+, (a|aa)* and (.*,)* do: a
// matcher that goes back and forth needs a time that doubles with every such text, if the rest does not match. offset is
// where a byte of the loop stands in the pattern. Edges are taken to hold everywhere. A pattern or a loop that is too large
// to look at is not said to be ambiguous. It is for expressions that have not been through [Simplify], which takes out
// what makes them ambiguous: see [PCRE.Ambiguous].
func Ambiguous(e *Expr) (offset int, ok bool) {
	g := glushkov{}
	if g.ends(e); g.large {
		return 0, false
	}
	for _, loop := range g.loops() {
		if at, found := g.ambiguous(loop); found {
			return g.offsets[at], true
		}
	}
	return 0, false
}

// Ambiguous is [Ambiguous] for a pattern of httpd. It is false for one without [PCRE.Expr].
func (re *PCRE) Ambiguous() (offset int, ok bool) {
	e, regular := re.root.language()
	if !regular {
		return 0, false
	}
	return Ambiguous(e)
}

// A glushkov is the automaton whose states are the single-byte steps of an expression. It counts in how many ways one
// follows another: none, one, or more, which is ways(2).
type glushkov struct {
	sets    []ByteSet
	offsets []int
	follow  []map[int]ways
	large   bool
}

type ways uint8

func (w ways) plus(o ways) ways  { return min(w+o, 2) }
func (w ways) times(o ways) ways { return min(w*o, 2) }

// An edgeSet says how an expression begins and ends: with which steps and in how many ways, and in how many it takes nothing.
type edgeSet struct {
	first, last map[int]ways
	empty       ways
}

func (g *glushkov) step(set ByteSet, offset int) edgeSet {
	if len(g.sets) >= maxAmbiguousPositions {
		g.large = true
		return edgeSet{}
	}
	n := len(g.sets)
	g.sets, g.offsets, g.follow = append(g.sets, set), append(g.offsets, offset), append(g.follow, map[int]ways{})
	return edgeSet{first: map[int]ways{n: 1}, last: map[int]ways{n: 1}}
}

// link lets b follow a.
func (g *glushkov) link(a, b map[int]ways) {
	for p, v := range a {
		for q, w := range b {
			g.follow[p][q] = g.follow[p][q].plus(v.times(w))
		}
	}
}

// merged adds b, each way of it by times ways, to a.
func merged(a, b map[int]ways, times ways) map[int]ways {
	if times == 0 || len(b) == 0 {
		return a
	}
	out := make(map[int]ways, len(a)+len(b))
	for p, w := range a {
		out[p] = w
	}
	for p, w := range b {
		out[p] = out[p].plus(w.times(times))
	}
	return out
}

func (g *glushkov) cat(a, b edgeSet) edgeSet {
	g.link(a.last, b.first)
	return edgeSet{first: merged(a.first, b.first, a.empty), last: merged(b.last, a.last, b.empty), empty: a.empty.times(b.empty)}
}

// ends adds the steps of e and returns how it begins and ends.
func (g *glushkov) ends(e *Expr) edgeSet {
	nothing := edgeSet{empty: 1}
	if g.large {
		return nothing
	}
	switch e.Op {
	case OpNever:
		return edgeSet{}
	case OpText:
		all := nothing
		for i := 0; i < len(e.Text) && !g.large; i++ {
			var set ByteSet
			set.Add(e.Text[i])
			all = g.cat(all, g.step(set, e.Offset))
		}
		return all
	case OpSet:
		return g.step(*e.Set, e.Offset)
	case OpCat:
		all := nothing
		for _, s := range e.Subs {
			all = g.cat(all, g.ends(s))
		}
		return all
	case OpAlt:
		var all edgeSet
		for _, s := range e.Subs {
			one := g.ends(s)
			all = edgeSet{first: merged(all.first, one.first, 1), last: merged(all.last, one.last, 1), empty: all.empty.plus(one.empty)}
		}
		return all
	case OpRepeat:
		return g.repeat(e)
	}
	return nothing
}

func (g *glushkov) repeat(e *Expr) edgeSet {
	all := edgeSet{empty: 1}
	for i := 1; i < e.Min && !g.large; i++ {
		all = g.cat(all, g.ends(e.Subs[0]))
	}
	if e.Max != unbounded {
		for i := max(e.Min, 1); i <= e.Max && !g.large; i++ {
			one := g.ends(e.Subs[0])
			if i > e.Min {
				one.empty = 1 // leaving it out and matching nothing are one
			}
			all = g.cat(all, one)
		}
		return all
	}
	loop := g.ends(e.Subs[0])
	g.link(loop.last, loop.first)
	if e.Min == 0 {
		loop.empty = 1
	}
	return g.cat(all, loop)
}

// loops returns the steps that lead back to themselves, those that lead to one another together.
func (g *glushkov) loops() [][]int {
	var list [][]int
	t := tarjan{next: func(p int) map[int]ways { return g.follow[p] }, index: make([]int, len(g.sets)), low: make([]int, len(g.sets)), on: make([]bool, len(g.sets))}
	t.found = func(part []int) {
		if _, self := g.follow[part[0]][part[0]]; len(part) > 1 || self {
			list = append(list, part)
		}
	}
	for p := range g.sets {
		if t.index[p] == 0 {
			t.visit(p)
		}
	}
	return list
}

// ambiguous reports whether two different ways through a loop take the same text from one step back to it, and names a step.
func (g *glushkov) ambiguous(loop []int) (at int, ok bool) {
	if len(loop) > maxAmbiguousLoop {
		return 0, false
	}
	number := map[int]int{}
	for i, p := range loop {
		number[p] = i
	}
	n := len(loop)
	for _, p := range loop {
		for q, w := range g.follow[p] {
			if _, inside := number[q]; inside && w > 1 {
				return p, true
			}
		}
	}
	t := tarjan{index: make([]int, n*n), low: make([]int, n*n), on: make([]bool, n*n)}
	t.next = func(pair int) map[int]ways {
		out := map[int]ways{}
		for q := range g.follow[loop[pair/n]] {
			i, inside := number[q]
			if !inside {
				continue
			}
			for r := range g.follow[loop[pair%n]] {
				if j, also := number[r]; also && !g.sets[q].disjoint(&g.sets[r]) {
					out[i*n+j] = 1
				}
			}
		}
		return out
	}
	t.found = func(part []int) {
		same, different := false, false
		for _, pair := range part {
			same = same || pair/n == pair%n
			different = different || pair/n != pair%n
		}
		if same && different && !ok {
			at, ok = loop[part[0]/n], true
		}
	}
	for i := range n {
		if t.index[i*n+i] == 0 {
			t.visit(i*n + i)
		}
	}
	return at, ok
}

// A tarjan finds the strongly connected parts of a graph.
type tarjan struct {
	next       func(int) map[int]ways
	found      func(part []int)
	index, low []int // from 1 on; 0 is not visited
	on         []bool
	stack      []int
	count      int
}

func (t *tarjan) visit(v int) {
	t.count++
	t.index[v], t.low[v] = t.count, t.count
	t.stack = append(t.stack, v)
	t.on[v] = true
	for w := range t.next(v) {
		if t.index[w] == 0 {
			t.visit(w)
			t.low[v] = min(t.low[v], t.low[w])
		} else if t.on[w] {
			t.low[v] = min(t.low[v], t.index[w])
		}
	}
	if t.low[v] != t.index[v] {
		return
	}
	for i := len(t.stack) - 1; ; i-- {
		w := t.stack[i]
		t.on[w] = false
		if w == v {
			part := append([]int(nil), t.stack[i:]...)
			t.stack = t.stack[:i]
			t.found(part)
			return
		}
	}
}
