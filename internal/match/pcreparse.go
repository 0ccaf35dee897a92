package match

import (
	"strconv"
	"strings"
)

// Bounds of PCRE2 as it is built by default.
const (
	maxPCREDepth = 250    // nested parentheses
	maxPCRECount = 65_535 // in an interval, and bytes of a lookbehind
	maxPCREName  = 32     // bytes of a group's name
	maxPCREGroup = 65_535
)

// maxPCRELength bounds the text that is looked at.
const maxPCRELength = 1 << 16

// A pcreFlags holds the options that a pattern can change on its way.
type pcreFlags struct {
	fold, multi, dotall, extended, classExtended, ungreedy, noCapture bool
}

// A pcreParser reads a pattern in the syntax of PCRE2 10.42, as httpd compiles it: bytes, duplicate names allowed.
type pcreParser struct {
	text      string
	pos       int
	flags     pcreFlags
	endDollar bool // $ is only before the end of the subject
	depth     int
	groups    int // so far
	most      int // groups, also those of a branch reset
	names     []pcreName
	refs      []*pnode // to be checked when all groups are known
	refNames  map[*pnode]string
	literal   bool // between \Q and \E
	inLook    int
	nodes     int
	err       error
}

type pcreName struct {
	name string
	n    int
}

// refuse records why PCRE2 does not take the pattern; the first reason counts.
func (p *pcreParser) refuse(from, to int, message, hint string) *pnode {
	if p.err == nil {
		p.err = &SyntaxError{Offset: from, End: min(max(to, from), len(p.text)), Message: message, Hint: hint}
	}
	return &pnode{op: popFail}
}

// unsupported records that the pattern has something that is not simulated.
func (p *pcreParser) unsupported(from, to int, message, hint string) *pnode {
	if p.err == nil {
		p.err = &UnsupportedError{Offset: from, End: min(max(to, from), len(p.text)), Message: message, Hint: hint}
	}
	return &pnode{op: popFail}
}

// parse reads the whole pattern.
func (p *pcreParser) parse() *pnode {
	if len(p.text) > maxPCRELength {
		return p.unsupported(0, len(p.text), "pattern is longer than 64 KB", "split it into several rules")
	}
	if strings.HasPrefix(p.text, "(*") && len(p.text) > 2 && (isWord(p.text[2]) || p.text[2] == ':') {
		return p.verb()
	}
	n := p.alternatives(0)
	if p.err == nil && p.pos < len(p.text) {
		return p.refuse(p.pos, p.pos+1, "')' closes no group", "write '\\)' for the character, or open the group")
	}
	p.resolve()
	return n
}

// verb refuses (*…): verbs steer the search, and options change what bytes and line ends are.
func (p *pcreParser) verb() *pnode {
	end := len(p.text)
	if i := strings.IndexByte(p.text[p.pos:], ')'); i >= 0 {
		end = p.pos + i + 1
	}
	return p.unsupported(p.pos, end, "'"+p.text[p.pos:end]+"' is not simulated", "write the pattern without a verb")
}

// resolve gives references their groups.
func (p *pcreParser) resolve() {
	for _, n := range p.refs {
		if p.err != nil {
			return
		}
		name, named := p.refNames[n]
		if !named {
			if n.nums[0] > p.most {
				p.refuse(n.offset, n.end, "there is no group "+strconv.Itoa(n.nums[0])+" to refer to", "count the groups that remember: '(' without '?:'")
			}
			continue
		}
		for _, known := range p.names {
			if known.name == name {
				n.nums = append(n.nums, known.n)
			}
		}
		if len(n.nums) == 0 {
			p.refuse(n.offset, n.end, "there is no group called "+name, "name it '(?<"+name+">…)'")
		}
	}
}

// alternatives reads up to the ')' that closes the group, or the end. reset is the number of groups to start each
// alternative with, plus one; zero for no branch reset.
func (p *pcreParser) alternatives(reset int) *pnode {
	start := p.pos
	var list []*pnode
	for {
		if reset > 0 {
			p.groups = reset - 1
		}
		list = append(list, p.sequence())
		if p.err != nil || p.pos >= len(p.text) || p.text[p.pos] != '|' {
			break
		}
		p.pos++
	}
	if reset > 0 {
		p.groups = p.most
	}
	if len(list) == 1 {
		return list[0]
	}
	return &pnode{op: popAlt, subs: list, offset: start, end: p.pos}
}

// sequence reads one alternative.
func (p *pcreParser) sequence() *pnode {
	start := p.pos
	var list []*pnode
	for p.err == nil {
		p.skip()
		if p.pos >= len(p.text) || !p.literal && (p.text[p.pos] == '|' || p.text[p.pos] == ')') {
			break
		}
		n, repeatable := p.item()
		if p.err != nil {
			break
		}
		if n == nil {
			continue
		}
		if p.nodes++; p.nodes > 4*maxPCRESize {
			return p.unsupported(start, p.pos, "pattern is too large to simulate", "split it into several rules")
		}
		if repeatable {
			n = p.repeated(n)
		}
		list = append(list, n)
	}
	return catNodes(list, start)
}

// skip passes over what stands for nothing: \E, \Q\E, comments, and with (?x) blanks.
func (p *pcreParser) skip() {
	for p.pos < len(p.text) && p.err == nil {
		rest := p.text[p.pos:]
		switch {
		case p.literal:
			if !strings.HasPrefix(rest, "\\E") {
				return
			}
			p.literal = false
			p.pos += 2
		case strings.HasPrefix(rest, "\\E"):
			p.pos += 2
		case strings.HasPrefix(rest, "\\Q"):
			p.pos += 2
			p.literal = true
		case strings.HasPrefix(rest, "(?#"):
			i := strings.IndexByte(rest, ')')
			if i < 0 {
				p.refuse(p.pos, p.pos+3, "'(?#' opens a comment that is not closed", "add ')'")
				return
			}
			p.pos += i + 1
		case p.flags.extended && (rest[0] == ' ' || rest[0] >= '\t' && rest[0] <= '\r'):
			p.pos++
		case p.flags.extended && rest[0] == '#':
			i := strings.IndexByte(rest, '\n')
			if i < 0 {
				i = len(rest) - 1
			}
			p.pos += i + 1
		default:
			return
		}
	}
}

// repeated reads the quantifiers behind n.
func (p *pcreParser) repeated(n *pnode) *pnode {
	p.skip()
	if p.literal || p.pos >= len(p.text) {
		return n
	}
	lo, hi, ok := p.quantifier()
	if !ok {
		return n
	}
	g := greedy
	if p.flags.ungreedy {
		g = lazy
	}
	p.skip()
	if p.pos < len(p.text) && !p.literal {
		switch p.text[p.pos] {
		case '?':
			p.pos++
			if g = lazy; p.flags.ungreedy {
				g = greedy
			}
		case '+':
			p.pos++
			g = possessive
		}
	}
	p.skip()
	if !p.literal && p.pos < len(p.text) && p.err == nil {
		again := p.pos
		if _, _, more := p.quantifier(); more {
			p.refuse(again, p.pos, "'"+p.text[again:p.pos]+"' repeats a repetition", "put the first one in '(?:…)'")
		}
	}
	if n.op == popLook && hi > lo {
		hi = lo + 1 // more can show nothing new
		if hi > 1 {
			lo, hi = 1, 1
		}
	}
	if n.op == popEmpty || hi == 0 && n.op != popCapture && !holdsCapture(n) {
		return &pnode{op: popEmpty, offset: n.offset, end: p.pos}
	}
	if lo == 1 && hi == 1 {
		if g == possessive {
			return &pnode{op: popAtomic, subs: []*pnode{n}, offset: n.offset, end: p.pos}
		}
		return n
	}
	return &pnode{op: popRepeat, subs: []*pnode{n}, min: lo, max: hi, greed: g, offset: n.offset, end: p.pos}
}

func holdsCapture(n *pnode) bool {
	found := false
	n.walk(func(s *pnode) { found = found || s.op == popCapture })
	return found
}

// quantifier reads *, +, ? or an interval; it moves only if there is one.
func (p *pcreParser) quantifier() (lo, hi int, ok bool) {
	switch p.text[p.pos] {
	case '*':
		p.pos++
		return 0, unbounded, true
	case '+':
		p.pos++
		return 1, unbounded, true
	case '?':
		p.pos++
		return 0, 1, true
	case '{':
		return p.interval()
	}
	return 0, 0, false
}

// interval reads {n}, {n,} or {n,m}. Everything else behind '{' is plain text, but for what newer releases of PCRE2
// take for an interval.
func (p *pcreParser) interval() (lo, hi int, ok bool) {
	from := p.pos
	end := strings.IndexByte(p.text[from:], '}')
	if end < 0 {
		return 0, 0, false
	}
	inside := p.text[from+1 : from+end]
	first, second, comma := strings.Cut(inside, ",")
	if isDigits(first) && (!comma || second == "" || isDigits(second)) {
		p.pos = from + end + 1
		lo = p.count(first, from)
		hi = lo
		if comma {
			if hi = unbounded; second != "" {
				hi = p.count(second, from)
			}
		}
		if hi != unbounded && lo > hi {
			p.refuse(from, p.pos, "'"+p.text[from:p.pos]+"' wants more at least than at most", "turn the two numbers round")
		}
		return lo, hi, true
	}
	first, second = strings.Trim(first, " \t"), strings.Trim(second, " \t")
	if (isDigits(first) || first == "" && second != "") && (!comma || second == "" || isDigits(second)) {
		p.unsupported(from, from+end+1, "'"+p.text[from:from+end+1]+"' is text up to PCRE2 10.42 and an interval from 10.43 on",
			"write the lower bound and no blanks: {0,3}")
	}
	return 0, 0, false
}

func (p *pcreParser) count(digits string, from int) int {
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxPCRECount {
		p.refuse(from, p.pos, "number in '"+p.text[from:p.pos]+"' is above 65535", "write a smaller one")
		return 1
	}
	return n
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// byteNode is one literal byte.
func (p *pcreParser) byteNode(c byte, from int) *pnode {
	n := &pnode{op: popText, offset: from, end: p.pos, text: string([]byte{c})}
	if p.flags.fold && hasLetters(n.text) {
		n.fold, n.text = true, lower(n.text)
	}
	return n
}

func (p *pcreParser) setNode(set ByteSet, from int) *pnode {
	return &pnode{op: popSet, set: &set, offset: from, end: p.pos}
}

// item reads one thing that is no '|', ')' or blank. It returns nil for what only sets options.
func (p *pcreParser) item() (n *pnode, repeatable bool) {
	from := p.pos
	c := p.text[from]
	p.pos++
	if p.literal {
		return p.byteNode(c, from), true
	}
	switch c {
	case '\\':
		return p.escape(from)
	case '[':
		return p.class(from)
	case '(':
		return p.group(from)
	case '.':
		set := AnyByte()
		if !p.flags.dotall {
			set = notLineFeed()
		}
		return p.setNode(set, from), true
	case '^':
		op := popBegin
		if p.flags.multi {
			op = popLineBegin
		}
		return &pnode{op: op, offset: from, end: p.pos}, false
	case '$':
		op := popFinalEnd
		switch {
		case p.flags.multi:
			op = popLineEnd
		case p.endDollar:
			op = popEnd
		}
		return &pnode{op: op, offset: from, end: p.pos}, false
	case '*', '+', '?':
		return p.refuse(from, p.pos, "'"+string(c)+"' has nothing to repeat", "write '\\"+string(c)+"' for the character"), false
	case '{':
		p.pos = from
		if _, _, ok := p.interval(); ok || p.err != nil {
			return p.refuse(from, p.pos, "'"+p.text[from:p.pos]+"' has nothing to repeat", "write '\\{' for the character"), false
		}
		p.pos = from + 1
	}
	return p.byteNode(c, from), true
}

func notLineFeed() ByteSet {
	var set ByteSet
	set.Add('\n')
	set.Negate()
	return set
}
