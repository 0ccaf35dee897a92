package expand

import (
	"path"
	"strings"

	"github.com/dispcheck/dispcheck/internal/spelling"
)

// nearest returns the name that name was most likely meant to be: one that differs only in letter case,
// or else one within two edits (one for short names, none for single letters). "" where there is none.
func nearest(name string, names []string) string {
	best, limit := "", min(len(name)/2, 2)
	for _, n := range names {
		if n == name {
			continue
		}
		if strings.EqualFold(n, name) {
			return n
		}
		if d := spelling.Edits(name, n, limit); d <= limit && (best == "" || d < limit) {
			best, limit = n, d
		}
	}
	return best
}

// nearestFile is nearest for names of files: one with the same ending comes first, and the ending makes
// no name longer than it is.
func nearestFile(name string, names []string) string {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	var same, stems []string
	for _, n := range names {
		s := strings.TrimSuffix(n, path.Ext(n))
		switch {
		case path.Ext(n) == ext:
			same = append(same, s)
		case s == stem:
			return n
		default:
			stems = append(stems, n)
		}
	}
	if s := nearest(stem, same); s != "" {
		return s + ext
	}
	if len(stem) < 2 {
		return ""
	}
	return nearest(name, stems)
}
