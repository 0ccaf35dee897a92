package cli

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/spelling"
)

// nearest returns the name that a mistyped word most likely means, and "" where none is near: a name
// within two edits (swapped letters count as one), or the only one that starts with the word.
func nearest(word string, names []string) string {
	best, bestDistance := "", 3
	if len(word) < 4 {
		bestDistance = 2
	}
	for _, n := range names {
		if d := spelling.Edits(word, n, bestDistance); d < bestDistance {
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

// didYouMean returns the hint that names the nearest of names, or otherwise.
func didYouMean(word string, names []string, prefix, otherwise string) string {
	if n := nearest(word, names); n != "" {
		return "did you mean " + prefix + n + "?"
	}
	return otherwise
}
