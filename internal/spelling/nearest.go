package spelling

import "strings"

// Nearest returns the name that a mistyped word most likely means: the first of those with the fewest edits, of which there
// are two at the most and one for a word of up to three bytes; else the only name that starts with the word. It is "" where
// there is none.
func Nearest(word string, names []string) string {
	return nearest(word, names, func(s string) string { return s })
}

// NearestFold is [Nearest] where another letter case is no edit.
func NearestFold(word string, names []string) string { return nearest(word, names, strings.ToLower) }

func nearest(word string, names []string, fold func(string) string) string {
	best, bestDistance := "", 3
	if len(word) < 4 {
		bestDistance = 2
	}
	folded := fold(word)
	for _, n := range names {
		if d := Edits(folded, fold(n), bestDistance); d < bestDistance {
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
