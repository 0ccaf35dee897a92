package match

import (
	"fmt"
	"strings"
)

// maxBracketName is the length at which glibc stops reading the name in [:name:], [=name=] or [.name.].
const maxBracketName = 32

// bracket reads a bracket expression from '[' to ']'. Inside, the backslash is an ordinary character; ']' is one in
// first place and '-' in first or last place.
func (p *ereParser) bracket() *Expr {
	b := bracketReader{p: p, start: p.pos}
	p.pos++
	negate := p.pos < len(p.text) && p.text[p.pos] == '^'
	if negate {
		p.pos++
	}
	b.first = p.pos
	for {
		if p.pos >= len(p.text) {
			p.fail(b.start, b.start+1, "'[' is not closed", "add ']', or write '\\[' for the character")
			return nil
		}
		if p.text[p.pos] == ']' && p.pos > b.first {
			p.pos++
			break
		}
		if !b.element() {
			return nil
		}
	}
	b.note()
	if negate {
		b.set.Negate()
	}
	set := b.set
	return p.node(&Expr{Op: OpSet, Offset: b.start, Set: &set})
}

// A bracketReader gathers the set of one bracket expression.
type bracketReader struct {
	p     *ereParser
	start int // of '['
	first int // of the first element
	set   ByteSet
}

// element reads one element: a character, a range, a class, an equivalence class or a collating symbol.
func (b *bracketReader) element() bool {
	p, from := b.p, b.p.pos
	if p.text[from] == '-' && from > b.first && !strings.HasPrefix(p.text[from+1:], "]") {
		// Not the '-' of a range, since that is read with the range's start.
		if from+1 >= len(p.text) {
			p.fail(b.start, b.start+1, "'[' is not closed", "add ']', or write '\\[' for the character")
			return false
		}
		p.fail(from, from+1, "'-' follows a range or class in the brackets and starts no range itself", "put '-' first or last in the brackets")
		return false
	}
	lo, single, ok := b.endpoint()
	if !ok {
		return false
	}
	if !single { // a class; it cannot start a range
		return true
	}
	// A '-' that is not last makes a range.
	if p.pos >= len(p.text) || p.text[p.pos] != '-' || strings.HasPrefix(p.text[p.pos+1:], "]") {
		b.set.Add(lo)
		return true
	}
	p.pos++
	if p.pos >= len(p.text) {
		p.fail(b.start, b.start+1, "'[' is not closed", "add ']', or write '\\[' for the character")
		return false
	}
	hi, single, ok := b.endpoint()
	switch {
	case !ok:
		return false
	case !single:
		p.fail(from, p.pos, fmt.Sprintf("range %q ends in a class", p.text[from:p.pos]), "put '-' last in the brackets")
		return false
	case lo > hi:
		p.fail(from, p.pos, fmt.Sprintf("range %q runs backwards", p.text[from:p.pos]), "swap its ends, or put '-' last in the brackets")
		return false
	}
	b.set.AddRange(lo, hi)
	return true
}

// endpoint reads what may stand at either end of a range. single is false for a class, whose members have been
// added to the set already.
func (b *bracketReader) endpoint() (c byte, single, ok bool) {
	p := b.p
	c = p.text[p.pos]
	if c == '[' && p.pos+1 < len(p.text) {
		switch p.text[p.pos+1] {
		case ':', '=', '.':
			return b.named()
		}
	}
	p.pos++
	return c, true, true
}

// named reads [:name:], [=x=] or [.x.]. In the C locale only single characters have equivalence classes and
// collating symbols, and stand for themselves. Of these a symbol may bound a range and an equivalence class may not.
func (b *bracketReader) named() (c byte, single, ok bool) {
	p, from := b.p, b.p.pos
	kind := p.text[from+1]
	rest := p.text[from+2:]
	// The closing pair is looked for from the first byte of the name on, so that [[=]=]] names ']'.
	n := strings.Index(rest, string([]byte{kind, ']'}))
	// glibc wants more text after the pair's first byte than the pair itself has, and a name that fits its buffer.
	if n < 0 || n >= maxBracketName {
		p.fail(from, from+2, fmt.Sprintf("'[%c' is not closed", kind), fmt.Sprintf("add '%c]' after the name, or move '[' in the brackets", kind))
		return 0, false, false
	}
	name := rest[:n]
	p.pos = from + 2 + n + 2
	text := p.text[from:p.pos]
	switch {
	case kind == ':':
		set, known := namedClass(name)
		if !known {
			p.fail(from, p.pos, fmt.Sprintf("class '%s' is unknown", text),
				"the classes are alnum, alpha, blank, cntrl, digit, graph, lower, print, punct, space, upper and xdigit")
			return 0, false, false
		}
		b.set.AddSet(&set)
		return 0, false, true
	case len(name) != 1:
		p.fail(from, p.pos, fmt.Sprintf("'%s' names no single character of the C locale", text), "write the character itself")
		return 0, false, false
	case kind == '=':
		b.set.Add(name[0])
		return 0, false, true
	}
	return name[0], true, true
}

// note adds the remarks on the bracket expression that has just been read.
func (b *bracketReader) note() {
	p := b.p
	body := p.text[b.first : p.pos-1]
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		at := b.first + i
		switch {
		case i+1 == len(body):
			p.notes.add(at, at+2, NoteBracketEscape, "'\\' in brackets is an ordinary character and ']' closes them here", "put ']' first in the brackets to mean the character")
		case body[i+1] == '\\': // means a backslash either way
			i++
			continue
		default:
			end := i + 1
			for end < len(body) && body[end]&0xc0 == 0x80 {
				end++
			}
			end = max(end, i+2)
			p.notes.add(at, b.first+end, NoteBracketEscape, fmt.Sprintf("'\\' in brackets is an ordinary character, so %q stands for its characters one by one", body[i:end]),
				"remove the backslash; write [0-9] or [[:alnum:]_] for a class")
		}
		break
	}
	for i := 0; i < len(body); i++ {
		if body[i] >= 0x80 {
			p.notes.add(b.start, p.pos, NoteSplitCharacter,
				"a character beyond ASCII in brackets stands for its bytes one by one", "write alternatives in parentheses")
			break
		}
	}
}
