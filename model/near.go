package model

import (
	"iter"
	"strings"
)

// nearest returns the word that a name is most likely meant to be: the one with the fewest edits, two at
// most and fewer than half of the name's letters, in either letter case. "" where no word is near or two are equally near.
func nearest(name string, words iter.Seq[string]) string {
	best, found, tied := 3, "", false
	folded := strings.ToLower(name)
	limit := min(2, max(1, (len(name)-1)/2))
	for w := range words {
		n := edits(folded, strings.ToLower(w), limit)
		switch {
		case n > limit || n > best:
		case n < best:
			best, found, tied = n, w, false
		default:
			tied = true
		}
	}
	if tied {
		return ""
	}
	return found
}

// edits returns how many letters must be put in, taken out, changed or swapped with their neighbour to make
// b of a, or a number above limit if they are more than limit, which is 2 at most.
func edits(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	const most = 32
	if len(a) > most || len(b) > most {
		return limit + 1
	}
	var rows [3][most + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		two, prev, row := &rows[(i+1)%3], &rows[(i+2)%3], &rows[i%3]
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			n := min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				n = min(n, two[j-2]+1)
			}
			row[j] = n
			least = min(least, n)
		}
		if least > limit {
			return limit + 1
		}
	}
	return rows[len(a)%3][len(b)]
}

// names lists the properties of a section.
func (s *section) names(yield func(string) bool) {
	for i := range s.props {
		if !yield(s.props[i].name) {
			return
		}
	}
}
