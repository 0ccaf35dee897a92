package model

import (
	"iter"
	"strings"

	"github.com/dispcheck/dispcheck/internal/spelling"
)

// nearest returns the word that a name is most likely meant to be: the one with the fewest edits, two at
// most and fewer than half of the name's letters, in either letter case. "" where no word is near or two are equally near.
func nearest(name string, words iter.Seq[string]) string {
	best, found, tied := 3, "", false
	folded := strings.ToLower(name)
	limit := min(2, max(1, (len(name)-1)/2))
	for w := range words {
		n := spelling.Edits(folded, strings.ToLower(w), limit)
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

// names lists the properties of a section.
func (s *section) names(yield func(string) bool) {
	for i := range s.props {
		if !yield(s.props[i].name) {
			return
		}
	}
}
