package apacheconf

import (
	"sort"
	"strings"

	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/source"
)

// A line is a logical line with the places that its bytes came from.
type line struct {
	text   string
	pieces []piece // nil where text is the text of at
	at     source.Span
	// included are the lines that led to it.
	included []source.Span
}

// lineOf makes a line of what the reader of a text gave.
func lineOf(f *source.File, l *httpd.LogicalLine, included []source.Span) line {
	n := line{text: string(l.Text), included: included, at: f.Span(l.Start, l.End)}
	if l.Pos == nil {
		if start, end := l.Span(0, len(l.Text)); start != l.Start || end != l.End {
			n.pieces = []piece{{end: int32(len(l.Text)), at: f.Span(start, end)}}
		}
		return n
	}
	for i := 0; i < len(l.Pos); {
		j := i + 1
		for j < len(l.Pos) && l.Pos[j] == l.Pos[j-1]+1 {
			j++
		}
		n.pieces = append(n.pieces, piece{start: int32(i), end: int32(j), at: f.Span(int(l.Pos[i]), int(l.Pos[j-1])+1)})
		i = j
	}
	return n
}

// span returns where bytes of the line came from.
func (l *line) span(start, end int) source.Span {
	if l.pieces == nil {
		return source.Span{File: l.at.File, Start: l.at.Start + int32(start), End: l.at.Start + int32(end)}
	}
	return spanOf(l.pieces, start, end)
}

// spanOf joins the places of the pieces that [start, end) lies in. Pieces are in order and leave no gaps.
func spanOf(pieces []piece, start, end int) source.Span {
	var span source.Span
	for _, p := range pieces[from(pieces, start):] {
		if int(p.end) <= start && !(int(p.end) == start && start == end) {
			continue
		}
		if int(p.start) >= end && !(start == end && int(p.start) == start && span.IsZero()) {
			break
		}
		at := p.at
		if !p.whole {
			from, to := max(start, int(p.start)), min(end, int(p.end))
			at = source.Span{File: at.File, Start: at.Start + int32(from) - p.start, End: at.Start + int32(to) - p.start}
		}
		span = cover(span, at)
		if start == end {
			break
		}
	}
	return span
}

// from is the first piece that may have to do with what starts at start.
func from(pieces []piece, start int) int {
	return sort.Search(len(pieces), func(i int) bool { return int(pieces[i].end) >= start })
}

// cover returns the span of both. A span in another text is left out: the text of a macro is where its lines are.
func cover(a, b source.Span) source.Span {
	if a.IsZero() || a.File != b.File {
		if a.IsZero() {
			return b
		}
		return a
	}
	return source.Span{File: a.File, Start: min(a.Start, b.Start), End: max(a.End, b.End)}
}

// cut returns the pieces of [start, end), counted from start.
func (l *line) cut(start, end int) []piece {
	if l.pieces == nil {
		return nil
	}
	var out []piece
	for _, p := range l.pieces[from(l.pieces, start):] {
		if int(p.start) > end {
			break
		}
		from, to := max(start, int(p.start)), min(end, int(p.end))
		if from > to || from == to && p.start != p.end {
			continue
		}
		at := p.at
		if !p.whole {
			at = source.Span{File: at.File, Start: at.Start + int32(from) - p.start, End: at.Start + int32(to) - p.start}
		}
		out = append(out, piece{start: int32(from - start), end: int32(to - start), at: at, whole: p.whole})
	}
	if out == nil {
		out = []piece{}
	}
	return out
}

// A composer puts a line together of runs of another one and of values.
type composer struct {
	from   *line
	text   strings.Builder
	pieces []piece
}

// copy takes over a run of the line.
func (c *composer) copy(start, end int) {
	if start == end {
		return
	}
	at := int32(c.text.Len())
	c.text.WriteString(c.from.text[start:end])
	if c.from.pieces == nil {
		c.pieces = append(c.pieces, piece{start: at, end: at + int32(end-start), at: c.from.span(start, end)})
		return
	}
	for _, p := range c.from.cut(start, end) {
		p.start += at
		p.end += at
		c.pieces = append(c.pieces, p)
	}
}

// put stands a value for a run of the line.
func (c *composer) put(start, end int, value string) {
	at := int32(c.text.Len())
	c.text.WriteString(value)
	c.pieces = append(c.pieces, piece{start: at, end: at + int32(len(value)), at: c.from.span(start, end), whole: true})
}

// line is what was put together.
func (c *composer) line() line {
	out := *c.from
	out.text, out.pieces = c.text.String(), c.pieces
	return out
}
