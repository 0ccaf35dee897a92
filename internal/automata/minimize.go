package automata

// minimize returns the smallest automaton for the same words, by refining a partition of the states (Hopcroft).
func (d *dfa) minimize() *dfa {
	n := d.states()
	if n <= 3 {
		return d
	}
	// The transitions backwards, by class and target.
	first := make([]int32, d.width*n+1)
	for i, to := range d.next {
		first[(i%d.width)*n+int(to)+1]++
	}
	for i := 1; i < len(first); i++ {
		first[i] += first[i-1]
	}
	from := make([]int32, len(d.next))
	fill := make([]int32, d.width*n)
	copy(fill, first)
	for i, to := range d.next {
		k := (i%d.width)*n + int(to)
		from[fill[k]] = int32(i / d.width)
		fill[k]++
	}

	p := newPartition(d.accept)
	type task struct{ block, class int32 }
	var tasks []task
	waiting := make([]bool, n*d.width) // of block b and class c: waiting[b*width+c]
	push := func(block int32, class int) {
		if at := int(block)*d.width + class; !waiting[at] {
			waiting[at] = true
			tasks = append(tasks, task{block, int32(class)})
		}
	}
	small := p.smaller(0, 1)
	for c := range d.width {
		push(small, c)
	}
	var splitter []int32
	for len(tasks) > 0 {
		t := tasks[len(tasks)-1]
		tasks = tasks[:len(tasks)-1]
		waiting[int(t.block)*d.width+int(t.class)] = false
		splitter = append(splitter[:0], p.members(t.block)...)
		for _, to := range splitter {
			k := int(t.class)*n + int(to)
			for _, s := range from[first[k]:first[k+1]] {
				p.mark(s)
			}
		}
		for _, old := range p.touched {
			made, ok := p.split(old)
			if !ok {
				continue
			}
			small := p.smaller(old, made)
			for c := range d.width {
				// If the old block waits, both halves must; else the smaller half is enough.
				if waiting[int(old)*d.width+c] {
					push(made, c)
				} else {
					push(small, c)
				}
			}
		}
		p.touched = p.touched[:0]
	}
	if len(p.first) == n {
		return d
	}
	return d.quotient(p)
}

// quotient makes one state of each block.
func (d *dfa) quotient(p *partition) *dfa {
	// The blocks of dead and full keep their numbers.
	number := make([]int32, len(p.first))
	for i := range number {
		number[i] = -1
	}
	number[p.block[dead]], number[p.block[full]] = dead, full
	count := int32(2)
	for i := range number {
		if number[i] < 0 {
			number[i] = count
			count++
		}
	}
	out := &dfa{class: d.class, width: d.width, next: make([]int32, int(count)*d.width), accept: make([]bool, count), start: number[p.block[d.start]]}
	for s := range d.accept {
		to := number[p.block[s]]
		out.accept[to] = d.accept[s]
		for c := range d.width {
			out.next[int(to)*d.width+c] = number[p.block[d.next[s*d.width+c]]]
		}
	}
	out.joinClasses()
	return out
}

// A partition parts the states into blocks, each a stretch of order.
type partition struct {
	order   []int32 // the states, block by block
	place   []int32 // of each state in order
	block   []int32 // of each state
	first   []int32 // of each block in order
	end     []int32
	marked  []int32 // how many states at the start of a block are marked
	touched []int32 // blocks with marked states
}

// newPartition makes two blocks, of the states that accept and the others; both exist.
func newPartition(accept []bool) *partition {
	n := len(accept)
	p := &partition{order: make([]int32, 0, n), place: make([]int32, n), block: make([]int32, n)}
	for b, want := range []bool{false, true} {
		p.first = append(p.first, int32(len(p.order)))
		for s, a := range accept {
			if a == want {
				p.place[s], p.block[s] = int32(len(p.order)), int32(b)
				p.order = append(p.order, int32(s))
			}
		}
		p.end = append(p.end, int32(len(p.order)))
	}
	p.marked = make([]int32, 2)
	return p
}

func (p *partition) members(b int32) []int32 { return p.order[p.first[b]:p.end[b]] }

// smaller returns the one of two blocks that has fewer states.
func (p *partition) smaller(a, b int32) int32 {
	if p.end[a]-p.first[a] <= p.end[b]-p.first[b] {
		return a
	}
	return b
}

// mark moves a state to the marked ones at the start of its block.
func (p *partition) mark(s int32) {
	b := p.block[s]
	to := p.first[b] + p.marked[b]
	at := p.place[s]
	if at < to {
		return // marked already
	}
	if p.marked[b] == 0 {
		p.touched = append(p.touched, b)
	}
	other := p.order[to]
	p.order[to], p.order[at] = s, other
	p.place[s], p.place[other] = to, at
	p.marked[b]++
}

// split makes a block of the marked states of b, unless they are all of it, and unmarks them.
func (p *partition) split(b int32) (made int32, ok bool) {
	m := p.marked[b]
	p.marked[b] = 0
	if m == p.end[b]-p.first[b] {
		return 0, false
	}
	made = int32(len(p.first))
	p.first = append(p.first, p.first[b])
	p.end = append(p.end, p.first[b]+m)
	p.marked = append(p.marked, 0)
	p.first[b] += m
	for _, s := range p.members(made) {
		p.block[s] = made
	}
	return made, true
}
