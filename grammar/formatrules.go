package grammar

import "bytes"

// A row is a rule on one line while its columns are aligned: /label { /key value … }.
type row struct {
	name        int // tokens
	open, close int
	comment     int // the comment behind it on its line, or -1
	cells       int // where its cells start in writer.cells
	n           int // how many it has
	width       int // of the whole line as it will be
}

// A cell is what stands between two blanks that may be stretched: a key with its value, or a value.
type cell struct {
	first, last int32 // tokens
	key         int32 // the name's token, -1 for a value alone
	width       int32
	pad         int32 // blanks added behind it
}

// writeRules writes the run of one-line rules that starts with the name at i, their columns aligned, and
// returns the last token that it has written; -1 where none starts there.
func (w *writer) writeRules(out []byte, i int) (_ []byte, last int) {
	w.rows, w.cells = w.rows[:0], w.cells[:0]
	for at := i; ; {
		r, ok := w.rule(at)
		if !ok {
			break
		}
		w.rows = append(w.rows, r)
		if at, w.rows[len(w.rows)-1].comment = w.nextRule(r.close + 1); at < 0 {
			break
		}
	}
	if len(w.rows) == 0 {
		return out, -1
	}
	labels := w.align()
	for k := range w.rows {
		r := &w.rows[k]
		name := w.toks[r.name]
		out = append(out, w.src[name.Start:name.End]...)
		out = pad(out, labels-w.width(name))
		out = append(out, " {"...)
		for c := range w.cells[r.cells : r.cells+r.n] {
			cell := &w.cells[r.cells+c]
			out = append(out, ' ')
			out = w.writeCell(out, cell)
			out = pad(out, int(cell.pad))
		}
		out = append(out, " }"...)
		if k < len(w.rows)-1 {
			if r.comment >= 0 {
				t := w.toks[r.comment]
				out = append(out, ' ')
				out = append(out, w.src[t.Start:t.End]...)
			}
			out = append(out, w.eol...)
			out = w.indent(out)
		}
	}
	return out, w.rows[len(w.rows)-1].close
}

func pad(out []byte, n int) []byte {
	for range n {
		out = append(out, ' ')
	}
	return out
}

func (w *writer) writeCell(out []byte, c *cell) []byte {
	if c.last == c.first+2 && w.toks[c.first+1].Kind == Space {
		return w.writePair(out, int(c.first), int(c.last))
	}
	for i := c.first; i <= c.last; i++ {
		t := w.toks[i]
		if t.Kind == Space {
			continue
		}
		if i > c.first && w.toks[i-1].Kind == Space {
			out = append(out, ' ')
		}
		out = append(out, w.src[t.Start:t.End]...)
	}
	return out
}

// rule reads the one-line rule whose name is the token at. A section that is not one, or that holds
// nothing or no properties, is none.
func (w *writer) rule(at int) (row, bool) {
	open := -1
	for i := at + 1; i < len(w.toks) && open < 0; i++ {
		switch w.toks[i].Kind {
		case Space:
		case Newline:
			if i+1 < len(w.toks) && w.frozen(i+1) {
				return row{}, false // the brace stands on a line that keeps its words together
			}
		case Open:
			open = i
		default:
			return row{}, false
		}
	}
	if open < 0 || w.oneLine(open) == 0 {
		return row{}, false
	}
	r := row{name: at, open: open, close: w.oneLine(open), cells: len(w.cells), comment: -1}
	if w.isSection(w.toks[at]) {
		return row{}, false
	}
	r.width = w.depth*w.indentWidth + w.width(w.toks[at]) + len(" { }")
	prev := open
	for i := open + 1; i < r.close; i++ {
		t := w.toks[i]
		if t.Kind == Space {
			continue
		}
		glued := w.toks[prev].End == t.Start && prev != open
		holds := prev != open && (w.toks[prev].Kind == Name || w.toks[prev].Kind == Include)
		if n := len(w.cells); glued || holds && isString(t.Kind) {
			c := &w.cells[n-1]
			c.width += int32(w.width(t))
			if !glued {
				c.width++
			}
			c.last = int32(i)
		} else {
			c := cell{first: int32(i), last: int32(i), key: -1, width: int32(w.width(t))}
			if t.Kind == Name {
				c.key = int32(i)
			}
			w.cells = append(w.cells, c)
		}
		prev = i
	}
	r.n = len(w.cells) - r.cells
	for _, c := range w.cells[r.cells:] {
		r.width += int(c.width) + 1
	}
	return r, r.n > 0
}

// nextRule returns the name that starts the line behind the token at, -1 where something else follows or
// a line stays empty; and the comment that ends the line of at, or -1.
func (w *writer) nextRule(at int) (name, comment int) {
	newlines := 0
	comment = -1
	for i := at; i < len(w.toks); i++ {
		switch w.toks[i].Kind {
		case Space:
			continue
		case Newline:
			if newlines++; newlines <= 1 && (i+1 == len(w.toks) || !w.frozen(i+1)) {
				continue
			}
		case Comment:
			if newlines == 0 {
				comment = i
				continue
			}
		case Name:
			return i, comment
		}
		break
	}
	return -1, comment
}

// align sets the padding of the rows' cells and returns the width of the column of labels. A column is
// stretched only where rows agree on its key and no line grows too wide.
func (w *writer) align() (labels int) {
	widest := 0
	for _, r := range w.rows {
		labels = max(labels, w.width(w.toks[r.name]))
	}
	for _, r := range w.rows {
		widest = max(widest, r.width+labels-w.width(w.toks[r.name]))
	}
	if widest > w.o.Width {
		return 0
	}
	for i := range w.rows {
		r := &w.rows[i]
		r.width += labels - w.width(w.toks[r.name])
	}
	w.alignColumn(0, len(w.rows), 0)
	return labels
}

// alignColumn aligns the column col of the rows [from, to), whose columns before it are aligned.
func (w *writer) alignColumn(from, to, col int) {
	for i := from; i < to; {
		r := &w.rows[i]
		if r.n <= col+1 || w.cells[r.cells+col].key < 0 { // the last cell of a row needs no padding
			i++
			continue
		}
		j := i + 1
		for j < to && w.rows[j].n > col+1 && w.sameKey(r.cells+col, w.rows[j].cells+col) {
			j++
		}
		if j > i+1 && w.stretch(i, j, col) {
			w.alignColumn(i, j, col+1)
		}
		i = j
	}
}

func (w *writer) sameKey(a, b int) bool {
	if w.cells[b].key < 0 {
		return false
	}
	x, y := w.toks[w.cells[a].key], w.toks[w.cells[b].key]
	return bytes.Equal(w.src[x.Start:x.End], w.src[y.Start:y.End])
}

// stretch pads a column of the rows [from, to) to the width of its widest cell, unless a line would grow
// too wide.
func (w *writer) stretch(from, to, col int) bool {
	widest := int32(0)
	for _, r := range w.rows[from:to] {
		widest = max(widest, w.cells[r.cells+col].width)
	}
	for _, r := range w.rows[from:to] {
		if r.width+int(widest-w.cells[r.cells+col].width) > w.o.Width {
			return false
		}
	}
	for i := from; i < to; i++ {
		r := &w.rows[i]
		c := &w.cells[r.cells+col]
		c.pad = widest - c.width
		r.width += int(c.pad)
	}
	return true
}
