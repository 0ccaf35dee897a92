package automata

import "sync"

// Symbols are the 256 bytes and three marks that part a request: METHOD, mark, URI, perhaps a mark and the query,
// mark, PROTOCOL. A decoded URI may hold blanks and question marks of its own; symbols outside the bytes keep them
// apart, and make taking a request apart deterministic. Languages of strings have no use for marks.
const (
	markMethod   = 256 + iota // the blank after the method
	markQuery                 // the question mark before the query
	markProtocol              // the blank before the protocol

	numSymbols
	numBytes = 256
)

// Each dfa has these two states, whether it reaches them or not.
const (
	dead = 0 // nothing matches any more
	full = 1 // whatever follows matches
)

// A dfa is a deterministic automaton over classes of symbols. It is immutable. All its states but dead and full can
// still go both ways.
type dfa struct {
	class  [numSymbols]uint16
	width  int     // number of classes
	next   []int32 // of state s and class c: next[s*width+c]
	accept []bool
	start  int32
}

func (d *dfa) states() int { return len(d.accept) }

// step returns the state after state s and a symbol.
func (d *dfa) step(s int32, symbol int) int32 {
	return d.next[int(s)*d.width+int(d.class[symbol])]
}

// run returns the state after s and the bytes of text.
func (d *dfa) run(s int32, text string) int32 {
	for i := 0; i < len(text) && s > full; i++ {
		s = d.step(s, int(text[i]))
	}
	return s
}

// members returns, for each class, one of its symbols for which allowed holds, the most readable one; -1 for none.
func (d *dfa) members(allowed func(symbol int) bool) []int {
	out := make([]int, d.width)
	for c := range out {
		out[c] = -1
	}
	for _, s := range byReadability() {
		if c := d.class[s]; out[c] < 0 && allowed(s) {
			out[c] = s
		}
	}
	return out
}

// A raw automaton starts in state 0 and has no dead or full state of its own.
type raw struct {
	class  [numSymbols]uint16
	width  int
	next   []int32
	accept []bool
}

// trim joins all states from which nothing matches, and all from which everything does, and all classes that no state
// tells apart.
func (r *raw) trim() *dfa {
	n := len(r.accept)
	t := trims.Get().(*trimming)
	defer trims.Put(t)
	back := &t.back
	r.reverse(back)
	t.alive, t.open = zeroed(t.alive, n), zeroed(t.open, n)
	alive, open := t.alive, t.open
	back.reach(alive, r.accept, true)
	back.reach(open, r.accept, false)
	t.number = zeroed(t.number, n)
	number := t.number
	count := int32(2)
	for s := range n {
		switch {
		case !alive[s]:
			number[s] = dead
		case !open[s]:
			number[s] = full
		default:
			number[s] = count
			count++
		}
	}
	d := &dfa{class: r.class, width: r.width, next: make([]int32, int(count)*r.width), accept: make([]bool, count), start: number[0]}
	d.accept[full] = true
	for c := range r.width {
		d.next[full*r.width+c] = full
	}
	for s := range n {
		to := number[s]
		if to <= full {
			continue
		}
		d.accept[to] = r.accept[s]
		row := r.next[s*r.width : (s+1)*r.width]
		for c, t := range row {
			d.next[int(to)*r.width+c] = number[t]
		}
	}
	d.joinClasses()
	return d
}

// A trimming is the memory of trim.
type trimming struct {
	back        inverse
	alive, open []bool
	number      []int32
}

// trims are those that are free.
var trims = sync.Pool{New: func() any { return new(trimming) }}

// joinClasses makes one class of those that no state tells apart.
func (d *dfa) joinClasses() {
	// Classes that are alike have the same hash; the few that share one are compared.
	hash := make([]uint64, d.width)
	for at := 2 * d.width; at < len(d.next); at += d.width {
		for c, t := range d.next[at : at+d.width] {
			hash[c] = (hash[c] ^ uint64(t)) * 0x9E3779B97F4A7C15
			hash[c] ^= hash[c] >> 29
		}
	}
	to := make([]uint16, d.width)
	count := 0
	first := make(map[uint64]int, d.width)
	for c, h := range hash {
		old, known := first[h]
		if known && d.alike(old, c) {
			to[c] = to[old]
			continue
		}
		if !known {
			first[h] = c
		}
		to[c] = uint16(count)
		count++
	}
	if count == d.width {
		return
	}
	next := make([]int32, d.states()*count)
	for s := range d.states() {
		for c := range d.width {
			next[s*count+int(to[c])] = d.next[s*d.width+c]
		}
	}
	for s := range d.class {
		d.class[s] = to[d.class[s]]
	}
	d.next, d.width = next, count
}

// alike reports whether no state tells two classes apart.
func (d *dfa) alike(a, b int) bool {
	for at := 0; at < len(d.next); at += d.width {
		if d.next[at+a] != d.next[at+b] {
			return false
		}
	}
	return true
}

// An inverse lists the states that lead to each state.
type inverse struct {
	first []int32
	from  []int32
	fill  []int32 // memory of reverse
	stack []int32 // memory of reach
}

// reverse turns the transitions around.
func (r *raw) reverse(inv *inverse) {
	n := len(r.accept)
	inv.first, inv.from, inv.fill = zeroed(inv.first, n+1), zeroed(inv.from, len(r.next)), zeroed(inv.fill, n)
	for _, to := range r.next {
		inv.first[to+1]++
	}
	for i := range n {
		inv.first[i+1] += inv.first[i]
	}
	copy(inv.fill, inv.first)
	at := 0
	for s := range n {
		for _, to := range r.next[at : at+r.width] {
			inv.from[inv.fill[to]] = int32(s)
			inv.fill[to]++
		}
		at += r.width
	}
}

// reach marks the states from which one can be reached that accepts, or that does not.
func (v *inverse) reach(mark, accept []bool, wanted bool) {
	stack := v.stack[:0]
	for s, a := range accept {
		if a == wanted {
			mark[s] = true
			stack = append(stack, int32(s))
		}
	}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, f := range v.from[v.first[s]:v.first[s+1]] {
			if !mark[f] {
				mark[f] = true
				stack = append(stack, f)
			}
		}
	}
	v.stack = stack
}

// complement returns what d does not match.
func (d *dfa) complement() *dfa {
	swap := func(s int32) int32 {
		if s <= full {
			return full - s
		}
		return s
	}
	out := &dfa{class: d.class, width: d.width, next: make([]int32, len(d.next)), accept: make([]bool, len(d.accept)), start: swap(d.start)}
	for s := range d.accept {
		to := int(swap(int32(s)))
		out.accept[to] = !d.accept[s]
		for c := range d.width {
			out.next[to*d.width+c] = swap(d.next[s*d.width+c])
		}
	}
	return out
}

// constant returns the automaton that matches nothing, or everything.
func constant(all bool) *dfa {
	d := &dfa{width: 1, next: []int32{dead, full}, accept: []bool{false, true}, start: dead}
	if all {
		d.start = full
	}
	return d
}
