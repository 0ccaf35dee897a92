package lint

import (
	"bytes"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// SelectFixes picks the fixes that can be made at once: of each finding the first that is safe, or the first of
// all where unsafe ones may be made. Findings come in the order of [diag.Sort], and the earlier one wins where
// two fixes touch the same text, two insertions at one place included; texts that meet at the start of a line
// do not. A fix goes in whole or not at all. taken are the findings whose fix went in, left is how many have one
// that did not: make the edits, look anew, and choose again.
//
// Fixes in files that must not be changed do not get here: [Run] drops them.
func SelectFixes(ds []diag.Diagnostic, unsafe bool) (edits []diag.Edit, taken []diag.Diagnostic, left int) {
	sorted := slices.Clone(ds)
	slices.SortStableFunc(sorted, func(a, b diag.Diagnostic) int { return a.Span.Compare(b.Span) })
	made := map[*source.File][]diag.Edit{} // sorted
	for _, d := range sorted {
		i := slices.IndexFunc(d.Fixes, func(f diag.Fix) bool { return len(f.Edits) > 0 && (f.Safe || unsafe) })
		if i < 0 {
			continue
		}
		if !isWhole(d.Fixes[i].Edits) || slices.ContainsFunc(d.Fixes[i].Edits, func(e diag.Edit) bool { return touchesAny(made[e.Span.File], e) }) {
			left++
			continue
		}
		for _, e := range d.Fixes[i].Edits {
			list := made[e.Span.File]
			at, _ := slices.BinarySearchFunc(list, e, compareEdits)
			made[e.Span.File] = slices.Insert(list, at, e)
			edits = append(edits, e)
		}
		taken = append(taken, d)
	}
	slices.SortStableFunc(edits, compareEdits)
	return edits, taken, left
}

func compareEdits(a, b diag.Edit) int { return a.Span.Compare(b.Span) }

// isWhole reports whether the edits of a fix can be made together: each inside its text, none over another.
func isWhole(edits []diag.Edit) bool {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, compareEdits)
	for i, e := range sorted {
		s := e.Span
		if s.IsZero() || s.Start < 0 || s.End < s.Start || int(s.End) > len(s.File.Text) {
			return false
		}
		if i > 0 && sorted[i-1].Span.File == s.File && sorted[i-1].Span.End > s.Start {
			return false
		}
	}
	return true
}

// touchesAny reports whether an edit touches one of a sorted list in which none do.
func touchesAny(list []diag.Edit, e diag.Edit) bool {
	at, _ := slices.BinarySearchFunc(list, e, compareEdits)
	// Before at, spans end at the latest where the next one starts: two neighbours are enough, but for
	// an empty span that stands between.
	for _, o := range list[max(at-2, 0):min(at+2, len(list))] {
		if touch(o.Span, e.Span) {
			return true
		}
	}
	return false
}

// touch reports whether two spans of one file have a byte in common or meet, other than two texts that meet at
// the start of a line.
func touch(a, b source.Span) bool {
	if a.Start > b.Start || a.Start == b.Start && a.End > b.End {
		a, b = b, a
	}
	switch {
	case b.Start != a.End:
		return b.Start < a.End
	case a.Len() == 0 || b.Len() == 0:
		return true
	}
	return a.File.Text[b.Start-1] != '\n'
}

// A Changed is a file with its text after edits.
type Changed struct {
	File *source.File
	Text []byte
}

// ApplyEdits returns the files that edits change, by name, with the texts that they yield. A text that was laid out as
// dispcheck fmt lays it out by default is laid out again, which concerns nothing but what the edits touch: columns of
// rules, lines that have become too long, what stood around something that is gone. Others keep their looks. It fails as
// [diag.Apply] does; what [SelectFixes] returns does not fail.
func ApplyEdits(edits []diag.Edit) ([]Changed, error) {
	byFile := map[*source.File][]diag.Edit{}
	var files []*source.File
	for _, e := range edits {
		if e.Span.File == nil {
			continue
		}
		if byFile[e.Span.File] == nil {
			files = append(files, e.Span.File)
		}
		byFile[e.Span.File] = append(byFile[e.Span.File], e)
	}
	slices.SortStableFunc(files, func(a, b *source.File) int { return strings.Compare(a.Name, b.Name) })
	var changed []Changed
	for _, f := range files {
		text, err := diag.Apply(f, byFile[f])
		if err != nil {
			return nil, err
		}
		if bytes.Equal(text, f.Text) {
			continue
		}
		if isLaidOut(f.Text) {
			if laid, ok := grammar.FormatText(text, grammar.FormatOptions{}); ok {
				text = laid
			}
		}
		changed = append(changed, Changed{f, text})
	}
	return changed, nil
}

// isLaidOut reports whether a text is what the formatter makes of it. One that it does not read is not.
func isLaidOut(text []byte) bool {
	laid, ok := grammar.FormatText(text, grammar.FormatOptions{})
	return ok && bytes.Equal(laid, text)
}
