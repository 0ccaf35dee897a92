package httpd

import "bytes"

// MaxLine is how long a line may be once its physical lines are joined, in bytes: httpd refuses to start with a longer one
// (server/config.c of httpd 2.4).
const MaxLine = 16 << 20

// Lines gives the logical lines of a text one after the other, joined and cut as httpd does it when it reads: a physical
// line that ends in a backslash goes on in the next one, comment or not, and a second backslash in front does not change
// that. A zero byte ends a line early: what follows it on its physical line is lost. Start from [ReadLines].
type Lines struct {
	text []byte
	at   int
	buf  []byte
	pos  []int32
}

// A LogicalLine is one line of a text. The offsets are in the text.
type LogicalLine struct {
	// Start and End are the line with all that it is joined of, without blanks around it.
	Start, End int
	// Text is what httpd sees of the line, without blanks around it: without the backslashes and line ends that join it,
	// and without what a zero byte cuts off. It may be empty, and holds until the next line is read.
	Text []byte
	// Pos are the offsets of the bytes of Text where the line is joined, and nil where Text stands in one piece.
	Pos []int32
	// Cut says that a zero byte cuts the line.
	Cut  bool
	from int
}

var bom = []byte("\xef\xbb\xbf")

// ReadLines gives the lines of a text. A byte order mark at its start is passed over: httpd takes it for the first letters
// of a directive, which [Check] reports.
func ReadLines(text []byte) Lines {
	if bytes.HasPrefix(text, bom) {
		return Lines{text: text, at: len(bom)}
	}
	return Lines{text: text}
}

// Next gives the next line that is not blank, and false at the end of the text.
func (l *Lines) Next() (LogicalLine, bool) {
	for l.at < len(l.text) {
		start := l.at
		end := len(l.text)
		next := end
		whole := false // ends with a line end, and no zero byte hides it
		if i := bytes.IndexByte(l.text[start:], '\n'); i >= 0 {
			end = start + i
			next = end + 1
			whole = true
		}
		physical := l.text[start:end]
		l.at = next
		seen := end
		if i := bytes.IndexByte(physical, 0); i >= 0 {
			seen, whole = start+i, false
		}
		if whole && goesOn(physical) {
			return l.joined(start), true
		}
		for start < end && isBlank(l.text[start]) {
			start++
		}
		if start == end {
			continue
		}
		line := LogicalLine{Start: start, Cut: seen < end}
		for isBlank(l.text[end-1]) {
			end--
		}
		line.End = end
		seen = max(min(seen, end), start)
		for seen > start && isBlank(l.text[seen-1]) {
			seen--
		}
		line.from, line.Text = start, l.text[start:seen]
		return line, true
	}
	return LogicalLine{}, false
}

// goesOn reports whether a line, without its line end, ends in the backslash that joins it with the next.
func goesOn(line []byte) bool {
	n := len(line)
	if n > 0 && line[n-1] == '\r' {
		n--
	}
	return n > 0 && line[n-1] == '\\'
}

// joined reads a line that is joined of several. httpd looks for the backslash at the end of what it has so far, not at the
// end of the physical line: behind two backslashes an empty line joins once more.
func (l *Lines) joined(start int) LogicalLine {
	l.buf, l.pos, l.at = l.buf[:0], l.pos[:0], start
	line := LogicalLine{}
	end := start
	for l.at < len(l.text) {
		from := l.at
		whole := false
		if i := bytes.IndexByte(l.text[from:], '\n'); i >= 0 {
			end = from + i
			l.at = end + 1
			whole = true
		} else {
			end = len(l.text)
			l.at = end
		}
		physical := l.text[from:end]
		if i := bytes.IndexByte(physical, 0); i >= 0 {
			physical, whole, line.Cut = physical[:i], false, true
		}
		l.buf = append(l.buf, physical...)
		for i := range physical {
			l.pos = append(l.pos, int32(from+i))
		}
		if !whole || !goesOn(l.buf) {
			break
		}
		n := bytes.LastIndexByte(l.buf, '\\')
		l.buf, l.pos = l.buf[:n], l.pos[:n]
	}
	for start < end && isBlank(l.text[start]) {
		start++
	}
	for end > start && isBlank(l.text[end-1]) {
		end--
	}
	line.Start, line.End = start, end
	from, to := 0, len(l.buf)
	for from < to && isBlank(l.buf[from]) {
		from++
	}
	for to > from && isBlank(l.buf[to-1]) {
		to--
	}
	line.Text, line.Pos = l.buf[from:to], l.pos[from:to]
	return line
}

// Span returns where in the text the bytes [from, to) of Text stand. An empty range is the place of the byte it stands at.
func (l *LogicalLine) Span(from, to int) (start, end int) {
	if l.Pos == nil {
		return l.from + from, l.from + to
	}
	switch {
	case from < to:
		return int(l.Pos[from]), int(l.Pos[to-1]) + 1
	case from < len(l.Pos):
		return int(l.Pos[from]), int(l.Pos[from])
	}
	return l.End, l.End
}

// isBlank is what httpd passes over: C's isspace in the C locale.
func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// skip passes blanks.
func skip(text []byte, at int) int {
	for at < len(text) && isBlank(text[at]) {
		at++
	}
	return at
}

// Unjoin returns a span of a logical line as httpd sees it: without the backslashes and line ends that join lines.
func Unjoin(text []byte) string {
	if bytes.IndexByte(text, '\n') < 0 {
		return string(text)
	}
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			return string(append(out, text...))
		}
		out = append(out, text[:end]...)
		text = text[end+1:]
		if goesOn(out) {
			out = out[:bytes.LastIndexByte(out, '\\')]
		}
	}
	return string(out)
}
