package expand

import (
	"path"
	"strings"
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
		if d := edits(name, n, limit); d <= limit && (best == "" || d < limit) {
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

// edits counts the bytes to insert, remove, replace or swap with their neighbour to make b of a. A count
// above limit is only known to be above it.
func edits(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit || len(a) > 255 {
		return limit + 1
	}
	var rows [3][260]int
	before, above, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			n := min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				n = min(n, before[j-2]+1)
			}
			row[j] = n
			least = min(least, n)
		}
		if least > limit {
			return limit + 1
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
