package automata

import "slices"

// sampleWork bounds the steps that sampling looks at.
const sampleWork = 1 << 22

// sample returns up to n words of d, shorter ones first. It takes one symbol of each class as long as that gives
// words that differ in more than a letter, and all symbols once there are no others.
func (d *dfa) sample(n int, allowed func(symbol int) bool) [][]int {
	members := d.members(allowed)
	var few, many []int
	for _, s := range byReadability() {
		if !allowed(s) {
			continue
		}
		many = append(many, s)
		if members[d.class[s]] == s {
			few = append(few, s)
		}
	}
	s := &sampler{d: d, symbols: few, most: n, work: sampleWork}
	s.run()
	if len(s.words) < n && s.finite {
		all := &sampler{d: d, symbols: many, most: n, work: sampleWork}
		all.run()
		return all.words
	}
	if len(s.words) == 0 { // the first may be longer than the work allows
		if word, ok := d.witness(allowed); ok && n > 0 {
			return [][]int{word}
		}
	}
	return s.words
}

// A sampler lists the words of an automaton by length.
type sampler struct {
	d       *dfa
	symbols []int
	most    int
	work    int
	words   [][]int
	word    []int
	reach   [][]bool // reach[k][s]: a word of k symbols leads from s to an accepting state
	finite  bool     // all words have been looked at
}

func (s *sampler) run() {
	reach := slices.Clone(s.d.accept)
	var classes []int
	for _, c := range s.symbols {
		classes = append(classes, int(s.d.class[c]))
	}
	slices.Sort(classes)
	classes = slices.Compact(classes)
	last := -1 // length of the longest word so far
	for k := 0; ; k++ {
		s.reach = append(s.reach, reach)
		if reach[s.d.start] {
			last = k
		}
		s.list(s.d.start, k)
		if len(s.words) >= s.most || s.work <= 0 {
			return
		}
		// The words of an automaton without a loop are shorter than it has states, and a loop adds at most as many.
		if k-last > s.d.states() {
			s.finite = true
			return
		}
		next := make([]bool, s.d.states())
		for from := range next {
			if s.work -= len(classes); s.work <= 0 {
				return
			}
			for _, c := range classes {
				if reach[s.d.next[from*s.d.width+c]] {
					next[from] = true
					break
				}
			}
		}
		reach = next
	}
}

// list adds all words of k more symbols from a state.
func (s *sampler) list(at int32, k int) {
	if len(s.words) >= s.most || s.work <= 0 || !s.reach[k][at] {
		return
	}
	if k == 0 {
		s.words = append(s.words, slices.Clone(s.word))
		return
	}
	for _, c := range s.symbols {
		s.work--
		s.word = append(s.word, c)
		s.list(s.d.step(at, c), k-1)
		s.word = s.word[:len(s.word)-1]
	}
}
