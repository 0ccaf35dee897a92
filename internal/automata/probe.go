package automata

import "math/rand/v2"

// A prober makes words of an automaton that differ widely, and does so fast: it wanders about and then takes the
// shortest way to the end. The first word is the shortest. What it makes is the same each time.
type prober struct {
	d       *dfa
	members []int
	// far is how many symbols it takes from each state to an accepting one; -1 is never.
	far []int32
	rng *rand.Rand
}

// maxWander is how many symbols of a word are not on the shortest way, at most.
const maxWander = 24

// newProber makes the prober of an automaton that takes some word.
func newProber(d *dfa) *prober {
	p := &prober{d: d, members: d.members(anySymbol), far: make([]int32, d.states())}
	r := raw{width: d.width, next: d.next, accept: d.accept}
	t := trims.Get().(*trimming)
	defer trims.Put(t)
	back := &t.back
	r.reverse(back)
	var queue []int32
	for s := range p.far {
		p.far[s] = -1
		if d.accept[s] {
			p.far[s] = 0
			queue = append(queue, int32(s))
		}
	}
	for i := 0; i < len(queue); i++ {
		to := queue[i]
		for _, s := range back.from[back.first[to]:back.first[to+1]] {
			if p.far[s] < 0 {
				p.far[s] = p.far[to] + 1
				queue = append(queue, s)
			}
		}
	}
	return p
}

// word returns the next word.
func (p *prober) word() []int {
	d := p.d
	var word []int
	wander := 0
	if p.rng == nil {
		p.rng = rand.New(rand.NewPCG(1, 2))
	} else {
		wander = 1 + p.rng.IntN(maxWander)
	}
	for s := d.start; p.far[s] > 0 || wander > 0; {
		row := d.next[int(s)*d.width : (int(s)+1)*d.width]
		class := -1
		if wander > 0 {
			wander--
			if c := p.rng.IntN(d.width); p.far[row[c]] >= 0 {
				class = c
			}
		}
		for c := 0; class < 0 && c < d.width && p.far[s] > 0; c++ {
			if p.far[row[c]] == p.far[s]-1 {
				class = c
			}
		}
		if class < 0 {
			continue // at the end, and the way that was tried leads nowhere
		}
		word = append(word, p.members[class])
		s = row[class]
	}
	return word
}
