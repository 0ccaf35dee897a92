package grammar

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
	"unicode/utf8"
)

// FormatOptions are the few things that the style leaves open.
type FormatOptions struct {
	// Indent is written once for each block around a line. Default: one tab.
	Indent string
	// Width is how many columns a rule on one line may take; a tab counts as four. Default: 120.
	Width int
	// KeepEOL writes \r\n where the first line of the text ends so. Default: \n always.
	KeepEOL bool
}

// Format lays a text out anew in the one canonical style: a line for each property, indented by depth;
// the opening brace on the line of its name; a short rule written on one line stays there, and the
// columns of consecutive ones are aligned; one blank line at most; comments where they stand; a final
// line end. Only white space changes, and formatting twice is formatting once.
//
// A text with a string or a block that is not closed, or with a brace too many, comes back as it is, and
// ok is false: its indentation is what shows where the mistake is. So does one with NUL bytes, and a
// flattened symbolic link, which a line end would break for good. Lines with other mistakes keep their
// words in their order on their line.
func Format(f *File, o FormatOptions) (text []byte, ok bool) {
	if f.Exceeded != nil {
		return f.Src.Text, false
	}
	return formatTokens(f.Src.Text, f.Tokens, o)
}

// FormatText is Format for a text that needs no tree.
func FormatText(src []byte, o FormatOptions) (text []byte, ok bool) {
	if len(src) > MaxFileSize {
		return src, false
	}
	toks := tokenPool.Get().(*[]Token)
	defer tokenPool.Put(toks)
	*toks = Scan(src, slices.Grow((*toks)[:0], len(src)/tokenSize+16))
	return formatTokens(src, *toks, o)
}

// What a formatting needs besides its result, kept for the next one.
var (
	tokenPool  = sync.Pool{New: func() any { return new([]Token) }}
	writerPool = sync.Pool{New: func() any { return new(writer) }}
)

// tokenSize is how many bytes a token has on average, rather less than more: real files have 4 to 7.
const tokenSize = 4

// SameButSpace reports whether two texts have the same tokens and comments in the same order, white
// space apart: what every formatting must keep.
func SameButSpace(a, b []byte) bool {
	ta, tb := Scan(a, nil), Scan(b, nil)
	for i, j := 0, 0; ; i, j = i+1, j+1 {
		for i < len(ta) && (ta[i].Kind == Space || ta[i].Kind == Newline) {
			i++
		}
		for j < len(tb) && (tb[j].Kind == Space || tb[j].Kind == Newline) {
			j++
		}
		if i == len(ta) || j == len(tb) {
			return i == len(ta) && j == len(tb)
		}
		if ta[i].Kind != tb[j].Kind || !bytes.Equal(a[ta[i].Start:ta[i].End], b[tb[j].Start:tb[j].End]) {
			return false
		}
	}
}

// formatTokens lays a text out. Where lines with mistakes keep their words together, what shares such a line
// with them is laid out by what the line has become: the result is laid out again until nothing changes.
func formatTokens(src []byte, toks []Token, o FormatOptions) ([]byte, bool) {
	out, ok, settled := layOut(src, toks, o)
	if !ok || settled {
		return out, ok
	}
	for range 3 {
		again, ok, _ := layOut(out, Scan(out, nil), o)
		if !ok {
			break
		}
		if !bytes.Equal(again, out) {
			out = again
			continue
		}
		if SameButSpace(src, out) {
			return out, true
		}
		break // a mistake that reads differently behind another line break stays where it is
	}
	return src, false
}

// layOut lays a text out once. settled says that doing it again would change nothing.
func layOut(src []byte, toks []Token, o FormatOptions) (out []byte, ok, settled bool) {
	if bytes.IndexByte(src, 0) >= 0 || isUTF16(src) || looksLikeLink(bytes.TrimSpace(src)) {
		return src, false, true // not text, in an encoding where blanks have two bytes, or a flattened link
	}
	if o.Indent == "" {
		o.Indent = "\t"
	}
	if o.Width == 0 {
		o.Width = 120
	}
	w := writerPool.Get().(*writer)
	defer func() {
		w.src, w.toks = nil, nil
		writerPool.Put(w)
	}()
	*w = writer{src: src, toks: toks, o: o, eol: "\n", marks: w.marks, rows: w.rows, cells: w.cells, stack: w.stack, margin: w.margin[:0]}
	if o.KeepEOL {
		if n := bytes.IndexByte(src, '\n'); n > 0 && src[n-1] == '\r' {
			w.eol = "\r\n"
		}
	}
	w.indentWidth = width([]byte(o.Indent))
	if !w.shape() {
		return src, false, true
	}
	out = w.write(make([]byte, 0, len(src)+len(src)/8+64))
	if isUTF16(out) {
		return src, false, true // without its leading blanks the text would be read as something else
	}
	return out, true, !w.mistakes
}

// A writer formats one text in two passes: shape finds the blocks that stay on one line and the lines
// that must keep their words together, write writes.
type writer struct {
	src         []byte
	toks        []Token
	o           FormatOptions
	eol         string
	indentWidth int

	ascii bool
	// For each token: of a { that stays on one line, its }, times two; plus one where the token is the
	// first of a line that keeps its words together.
	marks    []int32
	mistakes bool // a line keeps its words together

	depth  int
	margin []byte // as much indentation as was needed so far
	stack  []openBlock
	rows   []row
	cells  []cell
}

// An openBlock is a block while shape goes over it.
type openBlock struct {
	tok    int32 // its {
	name   int32 // its name's token, or -1
	items  int32
	width  int32 // of what it holds, blanks between included
	broken bool  // it cannot stay on one line
}

// shape reports whether the text can be formatted at all.
func (w *writer) shape() bool {
	w.ascii = isASCII(w.src)
	w.marks = slices.Grow(w.marks[:0], len(w.toks))[:len(w.toks)]
	clear(w.marks)
	stack := w.stack[:0]
	defer func() { w.stack = stack }()
	lineStart := 0
	prev := -1 // the last token that means something
	for i, t := range w.toks {
		switch t.Kind {
		case Space:
			continue
		case Newline:
			lineStart = i + 1
			if n := len(stack); n > 0 {
				stack[n-1].broken = true
			}
			continue
		case Comment:
			if n := len(stack); n > 0 {
				stack[n-1].broken = true
			}
			continue
		case Odd:
			w.freeze(lineStart)
			if n := len(stack); n > 0 {
				stack[n-1].broken = true
			}
			continue
		case Broken:
			if !closedTypographically(w.src[t.Start:t.End]) {
				return false
			}
			w.freeze(lineStart)
		case Name:
			if s := w.src[t.Start:t.End]; len(s) == 1 || s[1] == '/' || s[1] == '*' {
				w.freeze(lineStart)
			}
		case Bare:
			if prev < 0 || w.toks[prev].Kind != Name && w.toks[prev].Kind != Include {
				w.freeze(lineStart)
			}
		case Open:
			b := openBlock{tok: int32(i), name: -1}
			if prev >= 0 && w.toks[prev].Kind == Name {
				b.name = int32(prev)
			}
			if n := len(stack); n > 0 {
				stack[n-1].broken = true
			}
			stack = append(stack, b)
			prev = i
			continue
		case Close:
			n := len(stack) - 1
			if n < 0 {
				return false
			}
			b := stack[n]
			stack = stack[:n]
			if !b.broken && w.staysOnOneLine(b, n) {
				w.marks[b.tok] |= int32(i) << 1
			}
			prev = i
			continue
		}
		if n := len(stack); n > 0 && !stack[n-1].broken {
			b := &stack[n-1]
			if p := w.toks[prev]; p.End != t.Start || p.Kind == Open { // a block has its { before it
				b.width++
			}
			b.width += int32(w.width(t))
			if t.Kind == Name || t.Kind == Include {
				b.items++
			}
		}
		prev = i
	}
	return len(stack) == 0
}

// width returns how many columns a token takes.
func (w *writer) width(t Token) int {
	if w.ascii {
		return int(t.End - t.Start)
	}
	return utf8.RuneCount(w.src[t.Start:t.End])
}

func isASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// oneLine returns the } of the { at a token if the block stays on one line, else 0.
func (w *writer) oneLine(open int) int { return int(w.marks[open] >> 1) }

// freeze makes the line that starts with a token keep its words together.
func (w *writer) freeze(start int) {
	w.marks[start] |= 1
	w.mistakes = true
}

// frozen reports whether the line that starts with a token keeps its words together.
func (w *writer) frozen(start int) bool { return w.marks[start]&1 != 0 }

// staysOnOneLine decides for a block at a depth that its author wrote on one line and that holds no
// other: a list, a single entry, or a rule that is short enough.
func (w *writer) staysOnOneLine(b openBlock, depth int) bool {
	total := depth*w.indentWidth + len("{") + int(b.width) + len(" }")
	if b.name >= 0 {
		t := w.toks[b.name]
		total += w.width(t) + 1
		if b.items > 1 && w.isSection(t) {
			return false // a section: a line for each property
		}
	}
	return total <= w.o.Width
}

// isSection reports whether a name is that of a section or a list, and no label.
func (w *writer) isSection(name Token) bool {
	if c := w.src[min(name.Start+1, name.End-1)]; c >= '0' && c <= '9' {
		return false
	}
	return words[string(w.src[name.Start+1:name.End])]&(holdsSection|holdsList) != 0
}

// write appends the formatted text to out. What it calls takes and returns out as well: kept in the
// writer it would be a pointer to store for every token.
func (w *writer) write(out []byte) []byte {
	var (
		prev     = -1 // the last token written
		line     = 0  // the first token of the line that prev stands on
		start    = 0  // the first token of the present line
		newlines = 0  // line ends since prev
	)
	for i := 0; i < len(w.toks); i++ {
		t := w.toks[i]
		if t.Kind == Space {
			continue
		}
		if t.Kind == Newline {
			newlines++
			start = i + 1
			continue
		}
		if t.Kind == Close {
			w.depth--
		}
		switch {
		case prev < 0:
			out = w.indent(out)
		case w.breaks(prev, t, newlines, start == line && w.frozen(start)):
			out = append(out, w.eol...)
			if newlines > 1 && w.toks[prev].Kind != Open && t.Kind != Close {
				out = append(out, w.eol...)
			}
			out = w.indent(out)
			if p := w.toks[prev].Kind; p == Comment && isString(t.Kind) && w.holdsNext(prev) {
				out = append(out, w.o.Indent...)
			}
		case w.toks[prev].End == t.Start && !isBrace(w.toks[prev].Kind) && !isBrace(t.Kind):
		default:
			out = append(out, ' ')
		}
		line = start
		if v := i + 2; t.Kind == Name && v < len(w.toks) && w.toks[i+1].Kind == Space && isString(w.toks[v].Kind) {
			out = w.writePair(out, i, v) // what most lines are
			i, prev, newlines = v, v, 0
			continue
		}
		if t.Kind == Name && !w.frozen(start) {
			if o, last := w.writeRules(out, i); last >= 0 {
				out = o
				for ; i < last; i++ {
					if w.toks[i].Kind == Newline {
						start = i + 1
					}
				}
				line, prev, newlines = start, last, 0
				continue
			}
		}
		out = append(out, w.src[t.Start:t.End]...)
		if t.Kind == Open {
			w.depth++
			if last := w.oneLine(i); last > 0 {
				out = w.writeRest(out, i, last)
				w.depth--
				i = last
			}
		}
		prev, newlines = i, 0
	}
	if prev >= 0 {
		out = append(out, w.eol...)
	}
	return out
}

// writePair writes two tokens with a blank between them.
func (w *writer) writePair(out []byte, i, j int) []byte {
	a, b := w.toks[i], w.toks[j]
	if b.Start == a.End+1 && w.src[a.End] == ' ' {
		return append(out, w.src[a.Start:b.End]...)
	}
	out = append(out, w.src[a.Start:a.End]...)
	out = append(out, ' ')
	return append(out, w.src[b.Start:b.End]...)
}

func isBrace(k Kind) bool  { return k == Open || k == Close }
func isString(k Kind) bool { return k >= Double }

// breaks reports whether a line ends between the token prev and t.
func (w *writer) breaks(prev int, t Token, newlines int, frozen bool) bool {
	p := w.toks[prev].Kind
	switch {
	case p == Comment:
		return true
	case t.Kind == Comment:
		return newlines > 0
	case t.Kind == Open && p == Name, isString(t.Kind) && (p == Name || p == Include):
		return false
	case newlines == 0 && frozen:
		return false
	case t.Kind == Close && p == Open:
		return newlines > 0
	case p == Odd, t.Kind == Odd:
		return newlines > 0
	case p == Open, p == Close, isBrace(t.Kind), t.Kind == Name, t.Kind == Include:
		return true
	}
	return newlines > 0
}

// holdsNext reports whether the comment at prev stands between a name and its value.
func (w *writer) holdsNext(prev int) bool {
	for i := prev; i >= 0; i-- {
		switch k := w.toks[i].Kind; k {
		case Space, Newline, Comment:
		default:
			return k == Name || k == Include
		}
	}
	return false
}

func (w *writer) indent(out []byte) []byte {
	for n := w.depth * len(w.o.Indent); len(w.margin) < n; {
		w.margin = append(w.margin, w.o.Indent...)
	}
	return append(out, w.margin[:w.depth*len(w.o.Indent)]...)
}

// writeRest writes the tokens of a block on one line, from behind its { to its }.
func (w *writer) writeRest(out []byte, open, last int) []byte {
	prev := open
	for i := open + 1; i <= last; i++ {
		t := w.toks[i]
		if t.Kind == Space {
			continue
		}
		if w.toks[prev].End != t.Start || isBrace(w.toks[prev].Kind) || isBrace(t.Kind) {
			out = append(out, ' ')
		}
		out = append(out, w.src[t.Start:t.End]...)
		prev = i
	}
	return out
}
