package cli

import "github.com/dispcheck/dispcheck/internal/spelling"

// didYouMean returns the hint that names the nearest of names, or otherwise.
func didYouMean(word string, names []string, prefix, otherwise string) string {
	if n := spelling.Nearest(word, names); n != "" {
		return "did you mean " + prefix + n + "?"
	}
	return otherwise
}
