package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// contextLines is how many unchanged lines stand around a change.
const contextLines = 3

// maxCompared bounds the lines that go into the search for the shortest difference, whose cost grows
// with the square of what differs. Beyond it the rest counts as replaced: longer, and still right.
const maxCompared = 20_000

// Diff writes how to get from a text to another as a unified diff by lines; nothing where they are the
// same. The names stand in the two header lines as given.
func (p *Printer) Diff(w io.Writer, oldName, newName string, old, new []byte) error {
	if bytes.Equal(old, new) {
		return nil
	}
	b := bufio.NewWriter(w)
	pal := newPalette(w, p.Color)
	fmt.Fprintln(b, pal.place("--- "+oldName))
	fmt.Fprintln(b, pal.place("+++ "+newName))
	a, z := lines(old), lines(new)
	for _, h := range hunks(compare(a, z)) {
		h.write(b, pal, a, z)
	}
	return b.Flush()
}

// lines splits a text after each line feed; the last line may lack it.
func lines(text []byte) [][]byte {
	out := make([][]byte, 0, bytes.Count(text, []byte{'\n'})+1)
	for len(text) > 0 {
		i := bytes.IndexByte(text, '\n') + 1
		if i == 0 {
			i = len(text)
		}
		out = append(out, text[:i])
		text = text[i:]
	}
	return out
}

// A change says that lines [a0, a1) of the old text became lines [b0, b1) of the new one.
type change struct{ a0, a1, b0, b1 int }

// compare finds the changes between two texts.
func compare(a, b [][]byte) []change {
	head := 0
	for head < len(a) && head < len(b) && bytes.Equal(a[head], b[head]) {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && bytes.Equal(a[len(a)-1-tail], b[len(b)-1-tail]) {
		tail++
	}
	pairs := match(a[head:len(a)-tail], b[head:len(b)-tail])
	var out []change
	i, j := head, head
	add := func(i2, j2 int) {
		if i2 > i || j2 > j {
			out = append(out, change{i, i2, j, j2})
		}
	}
	for _, p := range pairs {
		add(head+p[0], head+p[1])
		i, j = head+p[0]+1, head+p[1]+1
	}
	add(len(a)-tail, len(b)-tail)
	return out
}

// match returns the pairs of lines that stay. Only lines that both sides have are compared at all, so
// that a file whose every line changes costs next to nothing.
func match(a, b [][]byte) [][2]int {
	const left, right = 1, 2
	sides := make(map[string]int, len(a)+len(b))
	for _, l := range a {
		sides[string(l)] |= left
	}
	for _, l := range b {
		sides[string(l)] |= right
	}
	symbols := map[string]rune{}
	next := rune(1)
	reduce := func(ls [][]byte) (rs []rune, at []int) {
		for i, l := range ls {
			if sides[string(l)] != left|right {
				continue
			}
			r, ok := symbols[string(l)]
			if !ok {
				r = next
				symbols[string(l)] = r
				if next++; next == 0xd800 {
					next = 0xe000 // the surrogates are no characters
				}
			}
			rs = append(rs, r)
			at = append(at, i)
		}
		return rs, at
	}
	ra, atA := reduce(a)
	rb, atB := reduce(b)
	if len(ra) > maxCompared || len(rb) > maxCompared {
		return nil
	}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0 // the result must not depend on the clock
	var pairs [][2]int
	i, j := 0, 0
	for _, d := range dmp.DiffMainRunes(ra, rb, false) {
		n := len([]rune(d.Text))
		switch d.Type {
		case diffmatchpatch.DiffDelete:
			i += n
		case diffmatchpatch.DiffInsert:
			j += n
		default:
			for range n {
				pairs = append(pairs, [2]int{atA[i], atB[j]})
				i++
				j++
			}
		}
	}
	return pairs
}

// A hunk is a run of changes with the lines around it.
type hunk struct {
	changes []change
}

// hunks puts changes together whose surroundings touch.
func hunks(cs []change) []hunk {
	var out []hunk
	for _, c := range cs {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if c.a0-last.changes[len(last.changes)-1].a1 <= 2*contextLines {
				last.changes = append(last.changes, c)
				continue
			}
		}
		out = append(out, hunk{[]change{c}})
	}
	return out
}

func (h hunk) write(w *bufio.Writer, p *palette, a, b [][]byte) {
	first, last := h.changes[0], h.changes[len(h.changes)-1]
	before := min(contextLines, first.a0)
	after := min(contextLines, len(a)-last.a1)
	a0, a1 := first.a0-before, last.a1+after
	b0, b1 := first.b0-before, last.b1+after
	fmt.Fprintln(w, p.hunk(fmt.Sprintf("@@ -%s +%s @@", extent(a0, a1), extent(b0, b1))))
	at := a0
	for _, c := range h.changes {
		p.lines(w, ' ', plain, a[at:c.a0])
		p.lines(w, '-', p.del, a[c.a0:c.a1])
		p.lines(w, '+', p.add, b[c.b0:c.b1])
		at = c.a1
	}
	p.lines(w, ' ', plain, a[at:a1])
}

// extent writes a range of lines as a hunk's header has it: an empty one names the line before it.
func extent(from, to int) string {
	switch to - from {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

func (p *palette) lines(w *bufio.Writer, sign byte, colour paint, ls [][]byte) {
	for _, l := range ls {
		text, closed := bytes.CutSuffix(l, []byte{'\n'})
		if p.color {
			text = []byte(line(string(text))) // for eyes; without colour the bytes stay, for patch
		}
		w.WriteString(colour(string(sign) + string(text)))
		w.WriteByte('\n')
		if !closed {
			w.WriteString("\\ No newline at end of file\n")
		}
	}
}
