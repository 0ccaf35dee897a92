package automata

import "sync"

// An op says which words of two automata a product takes.
type op uint8

const (
	opAnd    op = iota // those of both
	opOr               // those of either
	opAndNot           // those of the first alone
)

// takes says whether a word is taken of which it is known whether each automaton takes it.
func (o op) takes(a, b bool) bool {
	switch o {
	case opAnd:
		return a && b
	case opOr:
		return a || b
	}
	return a && !b
}

// settle returns dead or full where a pair of states decides all that follows, and -1 where it does not.
func (o op) settle(a, b int32) int32 {
	switch o {
	case opAnd:
		switch {
		case a == dead || b == dead:
			return dead
		case a == full && b == full:
			return full
		}
	case opOr:
		switch {
		case a == full || b == full:
			return full
		case a == dead && b == dead:
			return dead
		}
	default:
		switch {
		case a == dead || b == full:
			return dead
		case a == full && b == dead:
			return full
		}
	}
	return -1
}

// A product is two automata that run side by side. Its states are made when they are met. Its memory is used again: see
// release.
type product struct {
	op    op
	a, b  *dfa
	class [numSymbols]uint16
	// classes are the pairs of classes that some symbol has.
	classes [][2]uint16
	pairs   [][2]int32
	dense   []int32 // number of a pair, plus one; for small automata; nil where there is sparse
	sparse  map[[2]int32]int32
	known   []uint16 // number of a pair of classes, plus one
	table   []int32  // memory of dense
	raw     raw      // what all makes
}

// products are those that are free.
var products = sync.Pool{New: func() any { return new(product) }}

// release lets the product be used again.
func (p *product) release() {
	p.a, p.b, p.sparse = nil, nil, nil
	products.Put(p)
}

// zeroed returns a slice of n zeros, in the memory of list where that is large enough.
func zeroed[T any](list []T, n int) []T {
	if cap(list) < n {
		return make([]T, n)
	}
	list = list[:n]
	clear(list)
	return list
}

// maxDense bounds the table that replaces the map of pairs.
const maxDense = 1 << 16

func newProduct(o op, a, b *dfa) *product {
	p := products.Get().(*product)
	p.op, p.a, p.b = o, a, b
	p.classes, p.pairs = p.classes[:0], p.pairs[:0]
	p.known = zeroed(p.known, a.width*b.width)
	known := p.known
	for s := range numSymbols {
		at := int(a.class[s])*b.width + int(b.class[s])
		if known[at] == 0 {
			p.classes = append(p.classes, [2]uint16{a.class[s], b.class[s]})
			known[at] = uint16(len(p.classes))
		}
		p.class[s] = known[at] - 1
	}
	if n := a.states() * b.states(); n <= maxDense {
		p.table = zeroed(p.table, n)
		p.dense = p.table
	} else {
		p.dense, p.sparse = nil, map[[2]int32]int32{}
	}
	return p
}

// number returns the number of a pair, and whether it is new.
func (p *product) number(a, b int32) (int32, bool) {
	switch p.op.settle(a, b) {
	case dead:
		a, b = dead, dead
		if p.op == opAndNot {
			b = full
		}
	case full:
		a, b = full, full
		if p.op == opAndNot {
			b = dead
		}
	}
	pair := [2]int32{a, b}
	if p.dense != nil {
		at := int(a)*p.b.states() + int(b)
		if n := p.dense[at]; n > 0 {
			return n - 1, false
		}
		p.pairs = append(p.pairs, pair)
		p.dense[at] = int32(len(p.pairs))
		return int32(len(p.pairs) - 1), true
	}
	if n, ok := p.sparse[pair]; ok {
		return n, false
	}
	n := int32(len(p.pairs))
	p.sparse[pair] = n
	p.pairs = append(p.pairs, pair)
	return n, true
}

// all makes the whole product.
func (p *product) all(most int) (*dfa, error) {
	r := &p.raw
	r.class, r.width, r.next, r.accept = p.class, len(p.classes), r.next[:0], r.accept[:0]
	p.number(p.a.start, p.b.start)
	for i := 0; i < len(p.pairs); i++ {
		if len(p.pairs) > most {
			return nil, ErrTooManyStates
		}
		a, b := p.pairs[i][0], p.pairs[i][1]
		r.accept = append(r.accept, p.op.takes(p.a.accept[a], p.b.accept[b]))
		for _, c := range p.classes {
			n, _ := p.number(p.a.next[int(a)*p.a.width+int(c[0])], p.b.next[int(b)*p.b.width+int(c[1])])
			r.next = append(r.next, n)
		}
	}
	return r.trim(), nil
}

// empty reports whether the product takes no word. It stops at the first that it meets.
func (p *product) empty(most int) (bool, error) {
	p.number(p.a.start, p.b.start)
	for i := 0; i < len(p.pairs); i++ {
		if len(p.pairs) > most {
			return false, ErrTooManyStates
		}
		a, b := p.pairs[i][0], p.pairs[i][1]
		if p.op.takes(p.a.accept[a], p.b.accept[b]) {
			return false, nil
		}
		if p.op.settle(a, b) == dead {
			continue
		}
		for _, c := range p.classes {
			x, y := p.a.next[int(a)*p.a.width+int(c[0])], p.b.next[int(b)*p.b.width+int(c[1])]
			switch p.op.settle(x, y) {
			case dead:
				continue
			case full:
				return false, nil
			}
			p.number(x, y)
		}
	}
	return true, nil
}

// combine makes the product of two automata.
func (n Limit) combine(o op, a, b *dfa) (*dfa, error) {
	switch o {
	case opAnd:
		switch {
		case a.start == dead || b.start == full:
			return a, nil
		case b.start == dead || a.start == full:
			return b, nil
		}
	case opOr:
		switch {
		case a.start == full || b.start == dead:
			return a, nil
		case b.start == full || a.start == dead:
			return b, nil
		}
	default:
		if a.start == dead || b.start == dead {
			return a, nil
		}
	}
	p := newProduct(o, a, b)
	defer p.release()
	return p.all(n.states())
}

// isEmpty reports whether the product of two automata takes no word.
func (n Limit) isEmpty(o op, a, b *dfa) (bool, error) {
	p := newProduct(o, a, b)
	defer p.release()
	return p.empty(n.states())
}
