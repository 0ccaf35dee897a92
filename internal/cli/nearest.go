package cli

import "strings"

// nearest returns the name that a mistyped word most likely means, and "" where none is near: a name
// within two edits (swapped letters count as one), or the only one that starts with the word.
func nearest(word string, names []string) string {
	best, bestDistance := "", 3
	if len(word) < 4 {
		bestDistance = 2
	}
	for _, n := range names {
		if d := distance(word, n, bestDistance); d < bestDistance {
			best, bestDistance = n, d
		}
	}
	if best != "" || len(word) < 2 {
		return best
	}
	for _, n := range names {
		if strings.HasPrefix(n, word) {
			if best != "" {
				return ""
			}
			best = n
		}
	}
	return best
}

// distance returns how many letters must be changed, added, removed or swapped with their neighbour to
// get from a to b; at least limit where it is more.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// didYouMean returns the hint that names the nearest of names, or otherwise.
func didYouMean(word string, names []string, prefix, otherwise string) string {
	if n := nearest(word, names); n != "" {
		return "did you mean " + prefix + n + "?"
	}
	return otherwise
}
