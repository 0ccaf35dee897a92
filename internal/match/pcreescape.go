package match

import (
	"strconv"
	"strings"
)

// escape reads what stands behind a backslash, outside of brackets.
func (p *pcreParser) escape(from int) (n *pnode, repeatable bool) {
	if p.pos >= len(p.text) {
		return p.refuse(from, from+1, "'\\' ends the pattern", "write '\\\\' for the character"), false
	}
	c := p.text[p.pos]
	p.pos++
	if set, ok := escapedSet(c); ok {
		return p.setNode(set, from), true
	}
	edge := func(op pop) (*pnode, bool) { return &pnode{op: op, offset: from, end: p.pos}, false }
	switch c {
	case 'b':
		return edge(popWordEdge)
	case 'B':
		return edge(popNotWordEdge)
	case 'A', 'G': // httpd starts each search at the first byte
		return edge(popBegin)
	case 'z':
		return edge(popEnd)
	case 'Z':
		return edge(popFinalEnd)
	case 'K':
		if p.inLook > 0 {
			return p.refuse(from, p.pos, "'\\K' stands in a lookaround", "put it behind the lookaround"), false
		}
		return edge(popKeep)
	case 'N':
		if p.pos < len(p.text) && p.text[p.pos] == '{' {
			if _, _, ok := p.interval(); !ok || p.err != nil {
				return p.refuse(from, p.pos, "'\\N{' names a character, which httpd's patterns cannot", "write the character as '\\x{…}'"), false
			}
			p.pos = from + 2
		}
		return p.setNode(notLineFeed(), from), true
	case 'C':
		return p.setNode(AnyByte(), from), true
	case 'R':
		return p.newline(from), true
	case 'X', 'p', 'P':
		return p.unsupported(from, p.pos, "'\\"+string(c)+"' asks for properties of characters, which is not simulated", "write the bytes in brackets"), false
	case 'g', 'k':
		return p.reference(from, c)
	}
	if c >= '1' && c <= '9' {
		if n := p.numbered(from); n != nil {
			return n, true
		}
	}
	b, ok := p.escapedByte(from, c)
	if !ok {
		return &pnode{op: popFail}, false
	}
	return p.byteNode(b, from), true
}

// newline is \R: a line end of any kind, two bytes before one, never tried again.
func (p *pcreParser) newline(from int) *pnode {
	var one ByteSet
	one.AddRange('\n', '\r')
	one.Add(0x85)
	pair := &pnode{op: popText, text: "\r\n", offset: from, end: p.pos}
	either := &pnode{op: popAlt, subs: []*pnode{pair, p.setNode(one, from)}, offset: from, end: p.pos}
	return &pnode{op: popAtomic, subs: []*pnode{either}, offset: from, end: p.pos}
}

// escapedSet is the set that \c stands for, in brackets and outside.
func escapedSet(c byte) (ByteSet, bool) {
	var set ByteSet
	switch c | 0x20 {
	case 'd':
		set.AddRange('0', '9')
	case 'w':
		set = wordBytes()
	case 's':
		set = spaceBytes()
	case 'h':
		set.Add('\t')
		set.Add(' ')
		set.Add(0xA0)
	case 'v':
		set.AddRange('\n', '\r')
		set.Add(0x85)
	default:
		return set, false
	}
	if c < 'a' {
		set.Negate()
	}
	return set, true
}

// numbered reads the number behind a backslash as a back reference, unless it is the code of a character.
func (p *pcreParser) numbered(from int) *pnode {
	end := from + 1
	for end < len(p.text) && p.text[end] >= '0' && p.text[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(p.text[from+1 : end])
	if err != nil || n > maxPCREGroup {
		if p.text[from+1] < '8' && err == nil {
			return nil
		}
		p.pos = end
		return p.refuse(from, end, "number of a group is too large", "write '\\\\' for a backslash")
	}
	if n >= 10 && p.text[from+1] < '8' && n > p.groups {
		return nil
	}
	p.pos = end
	return p.backref(from, n, "")
}

func (p *pcreParser) backref(from, number int, name string) *pnode {
	n := &pnode{op: popBackref, fold: p.flags.fold, offset: from, end: p.pos}
	p.refer(n, number, name)
	return n
}

// refer notes that n refers to a group, by number or by name.
func (p *pcreParser) refer(n *pnode, number int, name string) {
	p.refs = append(p.refs, n)
	if name == "" {
		n.nums = []int{number}
		return
	}
	if p.refNames == nil {
		p.refNames = map[*pnode]string{}
	}
	p.refNames[n] = name
}

// reference reads \g and \k.
func (p *pcreParser) reference(from int, c byte) (n *pnode, repeatable bool) {
	what := func(message string) (*pnode, bool) {
		return p.refuse(from, p.pos, message, "write '\\"+string(c)+"{name}' or '\\1'"), false
	}
	if p.pos >= len(p.text) {
		return what("'\\" + string(c) + "' names no group")
	}
	open := p.text[p.pos]
	closing := map[byte]string{'{': "}", '<': ">", '\'': "'"}[open]
	if c == 'g' && (open == '<' || open == '\'') {
		return p.unsupported(from, p.pos+1, "'\\g"+string(open)+"' calls a group, which is not simulated", "write the group again"), false
	}
	if closing == "" {
		if c == 'k' {
			return what("'\\k' is followed by no name")
		}
		end := p.pos
		if open == '+' || open == '-' {
			end++
		}
		for end < len(p.text) && p.text[end] >= '0' && p.text[end] <= '9' {
			end++
		}
		text := p.text[p.pos:end]
		p.pos = end
		return p.relative(from, text)
	}
	i := strings.Index(p.text[p.pos+1:], closing)
	if i < 0 {
		return what("name of a group is not closed by '" + closing + "'")
	}
	name := p.text[p.pos+1 : p.pos+1+i]
	p.pos += i + 2
	if c == 'g' && name != "" && (name[0] == '+' || name[0] == '-' || name[0] >= '0' && name[0] <= '9') {
		return p.relative(from, name)
	}
	if !isGroupName(name) {
		return what("'" + name + "' is no name of a group")
	}
	return p.backref(from, 0, name), true
}

// relative reads the number of a group in \g, which may count from here.
func (p *pcreParser) relative(from int, text string) (n *pnode, repeatable bool) {
	digits := strings.TrimLeft(text, "+-")
	number, err := strconv.Atoi(digits)
	if err != nil || !isDigits(digits) || len(text)-len(digits) > 1 || number > maxPCREGroup {
		return p.refuse(from, p.pos, "'\\g' is followed by no number and no name", "write '\\g{1}' or '\\g{name}'"), false
	}
	switch text[0] {
	case '-':
		if number > 0 {
			number = p.groups - number + 1
		}
	case '+':
		if number > 0 {
			number += p.groups
		}
	}
	if number <= 0 {
		return p.refuse(from, p.pos, "'"+p.text[from:p.pos]+"' refers to no group", "count the groups that remember: '(' without '?:'"), false
	}
	return p.backref(from, number, ""), true
}

// isGroupName reports whether a group can be called so.
func isGroupName(name string) bool {
	if name == "" || len(name) > maxPCREName || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	for i := 0; i < len(name); i++ {
		if !isWord(name[i]) {
			return false
		}
	}
	return true
}

// escapedByte reads an escape that stands for one byte, in brackets and outside; c is read already.
func (p *pcreParser) escapedByte(from int, c byte) (b byte, ok bool) {
	bad := func(message, hint string) (byte, bool) {
		p.refuse(from, p.pos, message, hint)
		return 0, false
	}
	switch c {
	case 'a':
		return '\a', true
	case 'e':
		return 0x1B, true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'c':
		if p.pos >= len(p.text) || p.text[p.pos] < ' ' || p.text[p.pos] > '~' {
			return bad("'\\c' is followed by no letter", "write the byte as '\\x..'")
		}
		b = p.text[p.pos]
		p.pos++
		if b >= 'a' && b <= 'z' {
			b -= 0x20
		}
		return b ^ 0x40, true
	case 'x':
		if p.pos < len(p.text) && p.text[p.pos] == '{' {
			return p.bracedByte(from, 16)
		}
		end := p.pos
		for end < len(p.text) && end < p.pos+2 && isHex(p.text[end]) {
			end++
		}
		v, _ := strconv.ParseUint("0"+p.text[p.pos:end], 16, 8)
		p.pos = end
		return byte(v), true
	case 'o':
		if p.pos >= len(p.text) || p.text[p.pos] != '{' {
			return bad("'\\o' is followed by no '{'", "write the byte as '\\o{…}' or '\\x{…}'")
		}
		return p.bracedByte(from, 8)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		end := p.pos
		for end < len(p.text) && end < p.pos+2 && p.text[end] >= '0' && p.text[end] <= '7' {
			end++
		}
		v, _ := strconv.ParseUint(p.text[p.pos-1:end], 8, 16)
		p.pos = end
		if v > 255 {
			return bad("'"+p.text[from:end]+"' is above 255", "write the byte as '\\x..'")
		}
		return byte(v), true
	case '8', '9':
		return c, true
	}
	if isWord(c) && c != '_' {
		return bad("'\\"+string(c)+"' means nothing", "write '"+string(c)+"' without the backslash")
	}
	return c, true
}

func (p *pcreParser) bracedByte(from, base int) (b byte, ok bool) {
	end := strings.IndexByte(p.text[p.pos:], '}')
	if end < 0 {
		p.refuse(from, p.pos+1, "'"+p.text[from:p.pos+1]+"' is not closed", "add '}'")
		return 0, false
	}
	digits := p.text[p.pos+1 : p.pos+end]
	p.pos += end + 1
	if strings.Trim(digits, " \t") != digits && strings.Trim(digits, " \t") != "" {
		p.unsupported(from, p.pos, "'"+p.text[from:p.pos]+"' is refused up to PCRE2 10.42 and taken from 10.43 on", "write it without blanks")
		return 0, false
	}
	v, err := strconv.ParseUint(digits, base, 8)
	if err != nil || strings.ContainsAny(digits, "_+-") {
		p.refuse(from, p.pos, "'"+p.text[from:p.pos]+"' is the code of no byte", "write a number from 0 to 255, '\\x{e9}' for example")
		return 0, false
	}
	return byte(v), true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// class reads a class in brackets; '[' is read already.
func (p *pcreParser) class(from int) (n *pnode, repeatable bool) {
	rest := p.text[from:]
	if strings.HasPrefix(rest, "[[:<:]]") || strings.HasPrefix(rest, "[[:>:]]") {
		p.pos = from + len("[[:<:]]")
		op := popWordStart
		if rest[3] == '>' {
			op = popWordEnd
		}
		if p.pos < len(p.text) && strings.IndexByte("*+?{", p.text[p.pos]) >= 0 {
			return p.unsupported(from, p.pos+1, "'"+rest[:7]+"' is repeated, which is not simulated", "leave out '"+p.text[p.pos:p.pos+1]+"'"), false
		}
		return &pnode{op: op, offset: from, end: p.pos}, false
	}
	if len(rest) > 1 && strings.IndexByte(":.=", rest[1]) >= 0 && posixEnd(rest) > 0 {
		return p.refuse(from, from+posixEnd(rest), "'"+rest[:posixEnd(rest)]+"' stands outside of brackets", "write '["+rest[:posixEnd(rest)]+"]'"), false
	}
	r := pcreClass{p: p, from: from}
	return r.read()
}

// posixEnd returns the length of [:name:], [.name.] or [=name=] at the start of s, 0 if there is none.
func posixEnd(s string) int {
	mark := s[1]
	for i := 2; i+1 < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (s[i+1] == ']' || s[i+1] == '\\'):
			i++
		case c == '[' && s[i+1] == mark || c == ']':
			return 0
		case c == mark && s[i+1] == ']':
			return i + 2
		}
	}
	return 0
}

// A pcreClass gathers the set of a class in brackets.
type pcreClass struct {
	p       *pcreParser
	from    int
	set     ByteSet
	literal bool // between \Q and \E
}

// A classItem is one element of a class.
type classItem struct {
	c        byte // if not isSet
	isSet    bool
	from, to int
}

func (r *pcreClass) read() (n *pnode, repeatable bool) {
	p := r.p
	r.skipMarks()
	negate := p.pos < len(p.text) && p.text[p.pos] == '^' && !r.literal
	if negate {
		p.pos++
		r.skipMarks()
	}
	first := true
	for p.err == nil {
		r.skip()
		if p.pos >= len(p.text) {
			return p.refuse(r.from, r.from+1, "'[' is not closed", "add ']', or write '\\[' for the character"), false
		}
		if p.text[p.pos] == ']' && !r.literal && !first {
			p.pos++
			break
		}
		first = false
		item := r.item()
		if p.err != nil {
			break
		}
		r.rangeFrom(item)
	}
	if p.err != nil {
		return &pnode{op: popFail}, false
	}
	if p.flags.fold {
		r.set.fold()
	}
	if negate {
		r.set.Negate()
	}
	return p.setNode(r.set, r.from), true
}

// skipMarks passes over \Q and \E.
func (r *pcreClass) skipMarks() {
	p := r.p
	for {
		rest := p.text[p.pos:]
		switch {
		case strings.HasPrefix(rest, "\\E"):
			r.literal = false
		case strings.HasPrefix(rest, "\\Q") && !r.literal:
			r.literal = true
		default:
			return
		}
		p.pos += 2
	}
}

// skip passes over \Q, \E and, with (?xx), blanks.
func (r *pcreClass) skip() {
	p := r.p
	for {
		r.skipMarks()
		if r.literal || !p.flags.classExtended || p.pos >= len(p.text) || p.text[p.pos] != ' ' && p.text[p.pos] != '\t' {
			return
		}
		p.pos++
	}
}

// item reads one element and, if it is a set, takes its members.
func (r *pcreClass) item() classItem {
	p := r.p
	from := p.pos
	c := p.text[from]
	p.pos++
	done := func(c byte) classItem { return classItem{c: c, from: from, to: p.pos} }
	taken := func(set ByteSet) classItem {
		r.set.AddSet(&set)
		return classItem{isSet: true, from: from, to: p.pos}
	}
	if r.literal {
		return done(c)
	}
	if c == '[' && p.pos < len(p.text) && strings.IndexByte(":.=", p.text[p.pos]) >= 0 {
		if end := posixEnd(p.text[from:]); end > 0 {
			p.pos = from + end
			set, ok := pcreNamed(p.text[from:p.pos])
			if !ok {
				p.refuse(from, p.pos, "there is no class '"+p.text[from:p.pos]+"'", "write the characters themselves")
			}
			return taken(set)
		}
	}
	if c != '\\' {
		return done(c)
	}
	if p.pos >= len(p.text) {
		p.refuse(from, from+1, "'\\' ends the pattern", "write '\\\\' for the character")
		return done(0)
	}
	c = p.text[p.pos]
	p.pos++
	if set, ok := escapedSet(c); ok {
		return taken(set)
	}
	switch c {
	case 'b':
		return done('\b')
	case 'p', 'P':
		p.unsupported(from, p.pos, "'\\"+string(c)+"' asks for properties of characters, which is not simulated", "write the bytes in brackets")
		return done(0)
	case 'B', 'R', 'X', 'N', 'C', 'A', 'G', 'K', 'Z', 'z', 'g', 'k':
		p.refuse(from, p.pos, "'\\"+string(c)+"' cannot stand in brackets", "write '"+string(c)+"' without the backslash, or take it out of the brackets")
		return done(0)
	}
	b, _ := p.escapedByte(from, c)
	return done(b)
}

// rangeFrom takes an element, and the range that it may begin.
func (r *pcreClass) rangeFrom(lo classItem) {
	p := r.p
	back := p.pos
	literal := r.literal
	r.skip()
	if r.literal || p.pos >= len(p.text) || p.text[p.pos] != '-' {
		p.pos, r.literal = back, literal
		r.single(lo)
		return
	}
	p.pos++
	r.skip()
	if p.pos < len(p.text) && p.text[p.pos] == ']' && !r.literal || p.pos >= len(p.text) {
		r.single(lo)
		r.set.Add('-')
		return
	}
	if lo.isSet {
		p.refuse(lo.from, p.pos, "'-' follows a class and can begin no range", "put '-' first or last in the brackets")
		return
	}
	hi := r.item()
	switch {
	case p.err != nil:
	case hi.isSet:
		p.refuse(lo.from, p.pos, "a range ends in a class", "put '-' first or last in the brackets")
	case lo.c > hi.c:
		p.refuse(lo.from, p.pos, "range '"+p.text[lo.from:p.pos]+"' ends before it begins", "turn it round, or put '-' last")
	default:
		r.set.AddRange(lo.c, hi.c)
	}
}

func (r *pcreClass) single(i classItem) {
	if !i.isSet {
		r.set.Add(i.c)
	}
}

// pcreNamed returns the set of [:name:] or [:^name:].
func pcreNamed(text string) (ByteSet, bool) {
	if text[1] != ':' {
		return ByteSet{}, false
	}
	name, negate := strings.CutPrefix(text[2:len(text)-2], "^")
	var set ByteSet
	switch name {
	case "word":
		set = wordBytes()
	case "ascii":
		set.AddRange(0, 127)
	default:
		var ok bool
		if set, ok = namedClass(name); !ok {
			return set, false
		}
	}
	if negate {
		set.Negate()
	}
	return set, true
}
