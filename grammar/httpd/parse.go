package httpd

import (
	"bytes"

	"github.com/dispcheck/dispcheck/source"
)

// Parse makes the tree of a text. It cannot fail: what is wrong is read off the tree by [Check]. It takes time and memory
// in proportion to the text.
//
// A closing line belongs to the innermost open section of its name, and those within it stay unclosed. Where none has the
// name but the innermost begins like it, as in <LocationMatch …> … </Location>, it was meant for that one. Every other
// closing line is a Stray.
func Parse(src *source.File) *File {
	f := &File{Src: src, BOM: bytes.HasPrefix(src.Text, bom)}
	p := parser{f: f, src: src, text: src.Text, lines: ReadLines(src.Text)}
	p.read()
	return f
}

type parser struct {
	f     *File
	src   *source.File
	text  []byte
	lines Lines
	open  []*Section
	// tops is where the items of each open section start in items: those of the file at 0.
	tops  []int
	items []Item
	deep  int // sections that were too deep to be opened

	directives []Directive // what the next ones are cut from
	comments   []Comment
}

func (p *parser) read() {
	p.tops = append(p.tops, 0)
	for {
		line, ok := p.lines.Next()
		if !ok {
			break
		}
		p.line(&line)
	}
	for len(p.open) > 0 {
		p.pop()
	}
	p.f.Items = p.take(0)
}

// take cuts the items from at on off the stack of items.
func (p *parser) take(at int) []Item {
	if at == len(p.items) {
		return nil
	}
	items := make([]Item, len(p.items)-at)
	copy(items, p.items[at:])
	p.items = p.items[:at]
	return items
}

// pop gives the innermost open section its items.
func (p *parser) pop() *Section {
	last := len(p.open) - 1
	s := p.open[last]
	s.Items = p.take(p.tops[last+1])
	p.open, p.tops = p.open[:last], p.tops[:last+1]
	return s
}

func (p *parser) line(l *LogicalLine) {
	at := p.src.Span(l.Start, l.End)
	if len(l.Text) == 0 || l.Text[0] == '#' {
		if len(p.comments) == 0 {
			p.comments = make([]Comment, 64)
		}
		c := &p.comments[0]
		p.comments = p.comments[1:]
		c.At = at
		p.items = append(p.items, c)
		return
	}
	w := firstWord(l.Text)
	rest := skip(l.Text, w.after)
	if w.start < w.end && l.Text[w.start] == '<' {
		p.bracket(l, at, w, rest)
		return
	}
	if len(p.directives) == 0 {
		p.directives = make([]Directive, 64)
	}
	d := &p.directives[0]
	p.directives = p.directives[1:]
	d.At = at
	d.Name = p.span(l, w.start, w.end)
	if rest < len(l.Text) {
		d.Args = p.span(l, rest, len(l.Text))
	}
	p.items = append(p.items, d)
}

func (p *parser) span(l *LogicalLine, from, to int) source.Span { return p.src.Span(l.Span(from, to)) }

// A word is a part of a line, without its quotes, and the place behind it.
type word struct{ start, end, after int }

// firstWord reads the name of a line. httpd reads it as it reads arguments, so that it may stand in quotes.
func firstWord(text []byte) word {
	if q := text[0]; q == '"' || q == '\'' {
		for i := 1; i < len(text); i++ {
			if text[i] == '\\' && i+1 < len(text) && (text[i+1] == q || text[i+1] == '\\') {
				i++
			} else if text[i] == q {
				return word{start: 1, end: i, after: i + 1}
			}
		}
		return word{start: 1, end: len(text), after: len(text)}
	}
	i := 0
	for i < len(text) && !isBlank(text[i]) {
		i++
	}
	return word{end: i, after: i}
}

// bracket takes a line that starts with "<".
func (p *parser) bracket(l *LogicalLine, at source.Span, w word, rest int) {
	line := Line{At: at}
	name, end := w.start+1, w.end
	closing := name < end && l.Text[name] == '/'
	if closing {
		name++
	}
	bracket := end > name && l.Text[end-1] == '>'
	if bracket {
		end--
	}
	line.Name = p.span(l, name, end)
	if closing {
		if rest < len(l.Text) {
			line.Args = p.span(l, rest, len(l.Text))
		}
		p.closing(line, bracket)
		return
	}
	s := &Section{Line: line, Bracket: bracket}
	if args := l.Text[rest:]; len(args) > 0 {
		stop := bytes.LastIndexByte(args, '>')
		if stop >= 0 {
			s.Bracket = true
			if after := skip(l.Text, rest+stop+1); after < len(l.Text) {
				s.After = p.span(l, after, len(l.Text))
			}
		} else {
			stop = len(args)
		}
		for stop > 0 && isBlank(args[stop-1]) {
			stop--
		}
		if stop > 0 {
			s.Args = p.span(l, rest, rest+stop)
		}
	}
	p.items = append(p.items, s)
	if len(p.open) >= MaxDepth {
		if p.f.TooDeep.IsZero() {
			p.f.TooDeep = at
		}
		p.deep++
		return
	}
	p.open = append(p.open, s)
	p.tops = append(p.tops, len(p.items))
}

func (p *parser) closing(line Line, bracket bool) {
	if p.deep > 0 {
		p.deep--
		p.items = append(p.items, &Stray{Line: line, Bracket: bracket})
		return
	}
	to := -1
	for i := len(p.open) - 1; i >= 0; i-- {
		if p.sameName(p.open[i].Name, line.Name) {
			to = i
			break
		}
	}
	if to < 0 {
		if n := len(p.open); n > 0 && p.alike(p.open[n-1].Name, line.Name) {
			to = n - 1
		}
	}
	if to < 0 {
		p.items = append(p.items, &Stray{Line: line, Bracket: bracket})
		return
	}
	for len(p.open)-1 > to {
		p.pop()
	}
	s := p.pop()
	s.Close, s.CloseName, s.CloseBracket, s.CloseAfter = line.At, line.Name, bracket, line.Args
}

func (p *parser) bytes(s source.Span) []byte { return p.text[s.Start:s.End] }

func (p *parser) sameName(a, b source.Span) bool { return sameName(p.bytes(a), p.bytes(b)) }

// sameName compares names without letter case, ASCII only as httpd does.
func sameName(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// alike reports whether one name was meant as the other: they have the first three letters in common, or all of a shorter
// one.
func (p *parser) alike(a, b source.Span) bool {
	x, y := p.bytes(a), p.bytes(b)
	n := min(3, len(x), len(y))
	return n > 0 && sameName(x[:n], y[:n])
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
