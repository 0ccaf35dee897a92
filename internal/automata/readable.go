package automata

import (
	"slices"
	"sync"
)

// cost says how odd a symbol looks in a string that people read: the string with the least sum is shown. Bytes that
// URLs are mostly made of cost least.
func cost(symbol int) int {
	switch {
	case symbol >= numBytes:
		return 1
	case symbol >= 'a' && symbol <= 'z', symbol >= '0' && symbol <= '9', symbol >= 'A' && symbol <= 'Z',
		symbol == '/', symbol == '.', symbol == '-':
		return 1
	case symbol == '_':
		return 2
	}
	for _, c := range []byte("~!$&'()*+,;=:@?") {
		if symbol == int(c) {
			return 5
		}
	}
	if symbol > ' ' && symbol < 0x7f {
		return 12
	}
	if symbol == ' ' {
		return 20
	}
	return maxCost
}

// maxCost is what control characters and bytes beyond ASCII cost.
const maxCost = 40

// byReadability returns all symbols, those that cost least first, letters before digits before the rest.
var byReadability = sync.OnceValue(func() []int {
	out := make([]int, numSymbols)
	for s := range out {
		out[s] = s
	}
	rank := func(s int) int {
		switch {
		case s >= 'a' && s <= 'z':
			return 0
		case s >= '0' && s <= '9':
			return 1
		case s >= 'A' && s <= 'Z':
			return 2
		}
		return 3
	}
	slices.SortStableFunc(out, func(a, b int) int {
		if c := cost(a) - cost(b); c != 0 {
			return c
		}
		return rank(a) - rank(b)
	})
	return out
})

// witness returns the symbols of the word that d takes with the least cost, and false if there is none. Only symbols
// for which allowed holds are used.
func (d *dfa) witness(allowed func(symbol int) bool) ([]int, bool) {
	if d.start == dead {
		return nil, false
	}
	type way struct {
		from   int32
		symbol int
		cost   int
		done   bool
	}
	ways := make([]way, d.states())
	for i := range ways {
		ways[i] = way{from: -1, cost: -1}
	}
	ways[d.start].cost = 0
	members := d.members(allowed)
	order := make([]int, 0, d.width) // of classes, the most readable first
	for _, s := range byReadability() {
		if c := int(d.class[s]); members[c] == s {
			order = append(order, c)
		}
	}
	// Costs of one step are small, so a ring of lists by cost serves as the queue.
	var ring [maxCost + 1][]int32
	ring[0] = append(ring[0], d.start)
	waiting := 1
	for at := 0; waiting > 0; at++ {
		list := &ring[at%len(ring)]
		for i := 0; i < len(*list); i++ {
			s := (*list)[i]
			waiting--
			if ways[s].done || ways[s].cost != at {
				continue
			}
			ways[s].done = true
			if d.accept[s] {
				var word []int
				for ; ways[s].from >= 0; s = ways[s].from {
					word = append(word, ways[s].symbol)
				}
				slices.Reverse(word)
				return word, true
			}
			for _, c := range order {
				t := d.next[int(s)*d.width+c]
				if t == dead {
					continue
				}
				sum := at + cost(members[c])
				if w := &ways[t]; w.cost < 0 || sum < w.cost {
					*w = way{from: s, symbol: members[c], cost: sum}
					ring[sum%len(ring)] = append(ring[sum%len(ring)], t)
					waiting++
				}
			}
		}
		*list = (*list)[:0]
	}
	return nil, false
}
