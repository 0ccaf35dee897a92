package match

import (
	"fmt"
	"strings"
)

// maxCount is glibc's RE_DUP_MAX, the largest count of an interval.
const maxCount = 0x7fff

// ParseERE reads a POSIX extended regular expression as glibc's regcomp(REG_EXTENDED) does in the C locale, with
// the GNU extensions \w \W \s \S \b \B \< \> \` \'. The tree says what the expression matches; for the match of a
// whole subject no ^ or $ need be added.
//
// The error is a *[SyntaxError] where glibc refuses the text, and otherwise an *[UnsupportedError] where this
// package does not follow. The notes are those found up to there.
func ParseERE(text string) (*Expr, []Note, error) {
	p := ereParser{text: text}
	p.notes.addText(text)
	if i := strings.IndexByte(text, 0); i >= 0 {
		return nil, p.notes.list, &UnsupportedError{Offset: i, End: i + 1,
			Message: "NUL byte in the pattern", Hint: "remove it: the C library reads no further"}
	}
	e := p.alternatives(0)
	if p.err != nil {
		return nil, p.notes.list, p.err
	}
	if p.unsupported != nil {
		return nil, p.notes.list, p.unsupported
	}
	return e, p.notes.list, nil
}

// An ereParser reads one regular expression from left to right. After the first syntax error nothing more is
// read. What is merely not supported is remembered and reading goes on, since a syntax error further on decides.
type ereParser struct {
	text        string
	pos         int
	nodes       int
	groups      int    // '(' seen so far
	closed      uint16 // bit n: group n+1 is complete, so that \n+1 may refer to it; only the first nine count
	notes       notes
	err         error // *SyntaxError, or *UnsupportedError when reading cannot go on
	unsupported *UnsupportedError
}

func (p *ereParser) fail(from, to int, message, hint string) {
	if p.err == nil {
		p.err = &SyntaxError{Offset: from, End: to, Message: message, Hint: hint}
	}
}

func (p *ereParser) refuse(from, to int, message, hint string) {
	if p.unsupported == nil {
		p.unsupported = &UnsupportedError{Offset: from, End: to, Message: message, Hint: hint}
	}
}

// node counts e against the bound. Past the bound the tree is worthless, but reading goes on.
func (p *ereParser) node(e *Expr) *Expr {
	if p.nodes++; p.nodes > maxNodes {
		p.refuse(0, len(p.text), "pattern is too large to simulate", "split it into several rules")
		return emptyExpr
	}
	return e
}

// alternatives reads branches separated by '|', up to the end or, inside depth groups, up to ')'.
func (p *ereParser) alternatives(depth int) *Expr {
	start := p.pos
	// A branch cannot refer to groups of the branches before it, what follows the alternatives can to all.
	before, closed := p.closed, uint16(0)
	var subs []*Expr
	for {
		from := p.pos
		p.closed = before
		branch := p.branch(depth)
		closed |= p.closed
		if p.err != nil {
			return nil
		}
		more := p.pos < len(p.text) && p.text[p.pos] == '|'
		if p.pos == from && (more || len(subs) > 0) {
			p.notes.add(max(from-1, 0), min(from+1, len(p.text)), NoteEmptyAlternative,
				"empty alternative matches the empty string", "remove the surplus '|' unless that is meant")
		}
		// A row of bars is one empty branch.
		if n := len(subs); branch.Op != OpEmpty || n == 0 || subs[n-1].Op != OpEmpty || !more {
			subs = append(subs, branch)
		}
		if !more {
			break
		}
		p.pos++
	}
	p.closed = closed
	if len(subs) == 1 {
		return subs[0]
	}
	return p.node(&Expr{Op: OpAlt, Offset: start, Subs: subs})
}

// branch reads one alternative: expressions one after the other, each perhaps repeated.
func (p *ereParser) branch(depth int) *Expr {
	start := p.pos
	var subs []*Expr
	for p.err == nil && p.pos < len(p.text) {
		from, c := p.pos, p.text[p.pos]
		if c == '|' || c == ')' && depth > 0 {
			break
		}
		var e *Expr
		switch c {
		case '*', '+', '?', '{':
			p.nothingToRepeat()
		case '^':
			p.pos++
			e = p.anchor(OpBegin, from)
		case '$':
			p.pos++
			e = p.anchor(OpEnd, from)
		case '.':
			p.pos++
			e = p.repeats(p.node(&Expr{Op: OpSet, Offset: from, Set: anySet}))
		case '[':
			e = p.bracket()
			if p.err == nil {
				e = p.repeats(e)
			}
		case '(':
			e = p.group(depth)
			if p.err == nil {
				e = p.repeats(e)
			}
		case '\\':
			e = p.escape()
		default:
			e = p.plain()
		}
		if p.err != nil {
			return nil
		}
		if e.Op != OpEmpty {
			subs = append(subs, e)
		}
	}
	switch {
	case p.err != nil:
		return nil
	case len(subs) == 0:
		return &Expr{Op: OpEmpty, Offset: start}
	case len(subs) == 1:
		return subs[0]
	}
	return p.node(&Expr{Op: OpCat, Offset: start, Subs: subs})
}

// anchor makes an edge. glibc lets no repetition follow one; the next round of branch refuses it.
func (p *ereParser) anchor(op Op, from int) *Expr {
	if op == OpBegin && from == 0 || op == OpEnd && p.pos == len(p.text) {
		p.notes.add(from, p.pos, NoteOuterAnchor,
			fmt.Sprintf("%q changes nothing: the pattern is compared with the whole text anyway", p.text[from:p.pos]), "")
	}
	return p.node(&Expr{Op: op, Offset: from})
}

// plain reads a run of ordinary characters. If a repetition follows, it takes the last one only.
func (p *ereParser) plain() *Expr {
	from := p.pos
	if p.text[p.pos] == ')' {
		p.notes.add(p.pos, p.pos+1, NoteSurplusParen, "')' without '(' is an ordinary character",
			"remove it, or write '\\)' if it is meant")
		p.pos++
		return p.repeats(p.node(&Expr{Op: OpText, Offset: from, Text: ")"}))
	}
	for p.pos < len(p.text) && !special(p.text[p.pos]) {
		p.pos++
	}
	if p.pos < len(p.text) && repetition(p.text[p.pos]) {
		last := p.pos - 1
		if last > from {
			p.pos = last
		} else {
			if c := p.text[last]; c >= 0x80 {
				p.notes.add(last, p.pos, NoteSplitCharacter,
					"repetition takes one byte, not the whole character beyond ASCII", "put the character in parentheses")
			}
			return p.repeats(p.node(&Expr{Op: OpText, Offset: from, Text: p.text[from:p.pos]}))
		}
	}
	return p.node(&Expr{Op: OpText, Offset: from, Text: p.text[from:p.pos]})
}

// special reports whether c has a meaning of its own outside brackets. '}' and ']' have none.
func special(c byte) bool {
	switch c {
	case '\\', '^', '$', '.', '[', '(', ')', '|', '*', '+', '?', '{':
		return true
	}
	return false
}

// repetition reports whether c starts a repetition.
func repetition(c byte) bool { return c == '*' || c == '+' || c == '?' || c == '{' }

// group reads '(' to ')'.
func (p *ereParser) group(depth int) *Expr {
	from := p.pos
	if depth >= MaxDepth {
		p.err = &UnsupportedError{Offset: from, End: from + 1,
			Message: fmt.Sprintf("'(' is nested deeper than %d", MaxDepth), Hint: "take parentheses out"}
		return nil
	}
	number := p.groups
	p.groups++
	p.pos++
	e := p.alternatives(depth + 1)
	if p.err != nil {
		return nil
	}
	if p.pos >= len(p.text) {
		p.fail(from, from+1, "'(' is not closed", "add ')', or write '\\(' for the character")
		return nil
	}
	p.pos++
	if number < 9 {
		p.closed |= 1 << number
	}
	return e
}

// escape reads a backslash outside brackets and what it stands before.
func (p *ereParser) escape() *Expr {
	from := p.pos
	if from+1 >= len(p.text) {
		p.fail(from, from+1, "'\\' at the end has nothing to escape", "write '\\\\' for a backslash")
		return nil
	}
	c := p.text[from+1]
	p.pos += 2
	switch c {
	case '<':
		return p.node(&Expr{Op: OpWordStart, Offset: from})
	case '>':
		return p.node(&Expr{Op: OpWordEnd, Offset: from})
	case 'b':
		return p.node(&Expr{Op: OpWordEdge, Offset: from})
	case 'B':
		return p.node(&Expr{Op: OpNotWordEdge, Offset: from})
	case '`':
		return p.node(&Expr{Op: OpBegin, Offset: from})
	case '\'':
		return p.node(&Expr{Op: OpEnd, Offset: from})
	case 'w', 'W', 's', 'S':
		set := spaceBytes()
		if c == 'w' || c == 'W' {
			set = wordBytes()
		}
		if c == 'W' || c == 'S' {
			set.Negate()
		}
		return p.repeats(p.node(&Expr{Op: OpSet, Offset: from, Set: &set}))
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if p.closed>>(c-'1')&1 == 0 {
			p.fail(from, p.pos, fmt.Sprintf("back reference '\\%c' refers to no group that ends before it", c),
				"write the text out")
			return nil
		}
		first := p.unsupported == nil
		p.refuse(from, p.pos, fmt.Sprintf("back reference '\\%c' is not simulated", c), "write the text out")
		p.unsupported.BackReference = p.unsupported.BackReference || first
		return p.repeats(p.node(&Expr{Op: OpText, Offset: from, Text: p.text[from+1 : p.pos]}))
	}
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '0' {
		hint := "remove the backslash, or write what is meant in brackets"
		switch c {
		case 'd':
			hint = "write [0-9] for a digit"
		case 'D':
			hint = "write [^0-9] for anything but a digit"
		}
		p.notes.add(from, p.pos, NotePlainEscape, fmt.Sprintf("'\\%c' is the character '%c'", c, c), hint)
	}
	return p.repeats(p.node(&Expr{Op: OpText, Offset: from, Text: p.text[from+1 : p.pos]}))
}

// nothingToRepeat refuses a repetition where an expression should start, and tells the habits that lead there apart.
func (p *ereParser) nothingToRepeat() {
	at, c := p.pos, p.text[p.pos]
	message, hint := fmt.Sprintf("'%c' has nothing to repeat", c), fmt.Sprintf("write '\\%c' for the character", c)
	switch {
	case at > 0 && p.text[at-1] == '(' && c == '?':
		message, hint = "'(?' has no meaning in POSIX expressions: '?' has nothing to repeat", "write a plain group '('"
		rest := p.text[at:]
		if strings.HasPrefix(rest, "?=") || strings.HasPrefix(rest, "?!") || strings.HasPrefix(rest, "?<") {
			hint = "there is no look-around: use a further rule that denies"
		}
	case c == '*' && (at == 0 || p.text[at-1] == '|' || p.text[at-1] == '('):
		hint = "write '.*' for any text, or use double quotes for a glob"
	case at > 0 && (p.text[at-1] == '^' || p.text[at-1] == '$'):
		hint = "an anchor cannot be repeated"
	}
	p.fail(at, at+1, message, hint)
}

// repeats reads the repetitions after e.
func (p *ereParser) repeats(e *Expr) *Expr {
	for n := 0; p.pos < len(p.text) && repetition(p.text[p.pos]); n++ {
		from, c := p.pos, p.text[p.pos]
		lo, hi := 0, unbounded
		switch c {
		case '+':
			lo = 1
		case '?':
			hi = 1
		case '{':
			var ok bool
			if lo, hi, ok = p.interval(); !ok {
				return nil
			}
		}
		if c != '{' {
			p.pos++
		}
		switch {
		case n > 0 && c == '?':
			p.notes.add(from, p.pos, NoteLazyRepeat, "'?' after a repetition makes it optional, not lazy",
				"remove it: the whole text is compared, so laziness changes nothing")
		case n > 0 && c == '+':
			p.notes.add(from, p.pos, NotePossessiveRepeat, "'+' after a repetition repeats it, it does not make it possessive", "remove it")
		case n > 0:
			p.notes.add(from, p.pos, NoteDoubleRepeat, fmt.Sprintf("%q repeats a repetition", p.text[from:p.pos]), "remove one of them")
		case c == '*' && from > 0 && p.text[from-1] == '/':
			p.notes.add(from-1, from+1, NoteGlobHabit, "'/*' is any number of slashes", "write '/.*' for any text after the slash")
		}
		e = p.repeat(e, lo, hi, from)
	}
	return e
}

// repeat makes lo to hi times e, where from is the place of the repetition. Repetitions of repetitions collapse
// where they can, which keeps the tree flat.
func (p *ereParser) repeat(e *Expr, lo, hi, from int) *Expr {
	switch {
	case hi == 0 || e.Op == OpEmpty:
		return &Expr{Op: OpEmpty, Offset: e.Offset}
	case lo == 1 && hi == 1:
		return e
	}
	if e.Op == OpRepeat {
		if min, max, ok := composeRepeats(e.Min, e.Max, lo, hi); ok {
			lo, hi, e = min, max, e.Subs[0]
		}
	}
	if repeatSize(e.size(), lo, hi) > MaxSize {
		p.refuse(from, p.pos, "pattern is too large once its repetitions are written out", "use '*' or '+' or a smaller count")
		return emptyExpr
	}
	return p.node(&Expr{Op: OpRepeat, Offset: e.Offset, Min: lo, Max: hi, Subs: []*Expr{e}})
}

// composeRepeats returns the repetition that equals outer (lo2, hi2) of inner (lo1, hi1), if one does.
func composeRepeats(lo1, hi1, lo2, hi2 int) (lo, hi int, ok bool) {
	switch {
	case hi1 == unbounded && lo1 <= 1: // (a*){2,3}, (a+){2,3}
		return lo1 * lo2, unbounded, true
	case lo1 == 0 && hi1 == 1: // (a?){2,3}
		return 0, hi2, true
	case lo1 == 1 && hi1 == 1:
		return lo2, hi2, true
	case lo1 == hi1 && lo2 == hi2: // (a{2}){3}
		return lo1 * lo2, hi1 * hi2, true
	}
	return 0, 0, false
}

// interval reads {n}, {n,}, {,m}, {n,m} or {,}. glibc looks at tokens, so that an escaped comma or zero counts too.
func (p *ereParser) interval() (lo, hi int, ok bool) {
	from := p.pos
	p.pos++
	lo, end := p.count(from)
	if p.err != nil {
		return 0, 0, false
	}
	hi = lo
	if end == ',' {
		lo = max(lo, 0)
		if hi, end = p.count(from); p.err != nil {
			return 0, 0, false
		}
	}
	text := p.text[from:p.pos]
	const hint = "write {n}, {n,}, {,m} or {n,m}, or '\\{' for the character"
	switch {
	case end != '}' || lo < 0:
		p.fail(from, p.pos, fmt.Sprintf("interval %q is not a count", text), hint)
	case hi >= 0 && lo > hi:
		p.fail(from, p.pos, fmt.Sprintf("interval %q counts down", text), "put the smaller number first")
	case max(lo, hi) > maxCount:
		p.fail(from, p.pos, fmt.Sprintf("interval %q is above glibc's limit of %d", text, maxCount), "use a smaller count or no upper bound")
	default:
		return lo, hi, true
	}
	return 0, 0, false
}

// count reads the digits of an interval that starts at from, and the ',' or '}' that ends them. No digits are -1.
func (p *ereParser) count(from int) (n int, end byte) {
	n = -1
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		if c == '\\' && p.pos < len(p.text) && (p.text[p.pos] == ',' || p.text[p.pos] == '0') {
			c = p.text[p.pos]
			p.pos++
		}
		switch {
		case c == '}' || c == ',':
			return n, c
		case c >= '0' && c <= '9':
			n = min(max(n, 0)*10+int(c-'0'), maxCount+1)
		default:
			if close := strings.IndexByte(p.text[p.pos:], '}'); close >= 0 {
				p.pos += close + 1
				p.fail(from, p.pos, fmt.Sprintf("interval %q is not a count", clip(p.text[from:p.pos])),
					"write {n}, {n,}, {,m} or {n,m}, or '\\{' for the character")
				return 0, 0
			}
			p.pos = len(p.text)
		}
	}
	p.fail(from, from+1, "'{' is not closed", "write {n}, {n,}, {,m} or {n,m}, or '\\{' for the character")
	return 0, 0
}

// clip shortens a text for a message.
func clip(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
