package lastmatch

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
)

// An index finds the entries of a section that match something, without asking each: by the text that their URLs start or
// end with.
type index struct {
	entries      []*entry
	heads, tails map[string][]int
	// headSizes and tailSizes are how long those texts are, ascending.
	headSizes, tailSizes []int
	// loose are the entries that have neither.
	loose []int
}

func indexOf(entries []*entry) *index {
	x := &index{entries: entries, heads: map[string][]int{}, tails: map[string][]int{}}
	for i, e := range entries {
		switch {
		case e.unsure:
		case e.head != "":
			x.heads[e.head] = append(x.heads[e.head], i)
		case e.tail != "":
			x.tails[e.tail] = append(x.tails[e.tail], i)
		default:
			x.loose = append(x.loose, i)
		}
	}
	x.headSizes, x.tailSizes = sizesOf(x.heads), sizesOf(x.tails)
	return x
}

// sizesOf returns the lengths of the keys, ascending, each once.
func sizesOf(m map[string][]int) []int {
	var out []int
	for key := range m {
		out = append(out, len(key))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// matching returns the entries that match w, ascending. It is false if b has nothing left for that.
func (x *index) matching(w subject, b *budget) ([]int, bool) {
	if b.matches <= 0 {
		return nil, false
	}
	var out []int
	ask := func(list []int) {
		b.matches -= len(list)
		for _, i := range list {
			if x.entries[i].has(w) {
				out = append(out, i)
			}
		}
	}
	text := w.text()
	for _, n := range x.headSizes {
		if n > len(text) {
			break
		}
		ask(x.heads[text[:n]])
	}
	for _, n := range x.tailSizes {
		if n > len(text) {
			break
		}
		ask(x.tails[text[len(text)-n:]])
	}
	ask(x.loose)
	slices.Sort(out)
	return out, b.matches > 0
}

// apart reports whether it is plain that nothing matches both of two entries.
func apart(a, b *entry) bool {
	return !startAlike(a.head, b.head) || !endAlike(a.tail, b.tail)
}

// startAlike reports whether one text is the start of the other, endAlike whether it is the end.
func startAlike(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
func endAlike(a, b string) bool   { return strings.HasSuffix(a, b) || strings.HasSuffix(b, a) }

// edges returns texts that all that a pattern matches start and end with.
func edges(p *match.Pattern) (head, tail string) {
	if p == nil || p.Refused() {
		return "", ""
	}
	if text := p.Text(); p.Kind() == match.KindGlob {
		first := strings.IndexAny(text, "*?[")
		if first < 0 {
			return text, text
		}
		return text[:first], text[strings.LastIndexAny(text, "*?[]")+1:]
	}
	e := p.Expr()
	subs := []*match.Expr{e}
	if e.Op == match.OpCat {
		subs = slices.DeleteFunc(slices.Clone(e.Subs), func(s *match.Expr) bool { return s.Op >= match.OpBegin })
	}
	for i, s := range subs {
		if s.Op == match.OpText {
			if i == 0 {
				head = s.Text
			}
			if i == len(subs)-1 {
				tail = s.Text
			}
		}
	}
	return head, tail
}

// setEdges finds out what the URIs, or names, of an entry start and end with.
func (e *entry) setEdges() {
	if line := e.elements.Glob; line != nil {
		// Up to the first blank that is written out stands the method.
		text, _ := edges(line)
		if _, uri, ok := strings.Cut(text, " "); ok {
			e.head, _, _ = strings.Cut(uri, " ")
		}
		return
	}
	e.head, e.tail = edges(e.elements.URL)
	if path, _ := edges(e.elements.Path); len(path) > len(e.head) {
		e.head = path
	}
}
