package match

import (
	"strconv"
	"strings"
)

// group reads what stands in parentheses; '(' is read already. It returns nil for options without a group.
func (p *pcreParser) group(from int) (n *pnode, repeatable bool) {
	if p.depth >= maxPCREDepth {
		return p.refuse(from, from+1, "parentheses are nested deeper than 250", "write the pattern with fewer groups"), false
	}
	p.depth++
	defer func() { p.depth-- }()
	rest := p.text[p.pos:]
	if strings.HasPrefix(rest, "*") && len(rest) > 1 && (isWord(rest[1]) || rest[1] == ':') {
		p.pos = from
		return p.verb(), false
	}
	if !strings.HasPrefix(rest, "?") {
		if p.flags.noCapture {
			return p.inside(from, 0), true
		}
		return p.capture(from, ""), true
	}
	p.pos++
	rest = rest[1:]
	for _, kind := range []struct {
		mark   string
		behind bool
		negate bool
	}{{"=", false, false}, {"!", false, true}, {"<=", true, false}, {"<!", true, true}} {
		if strings.HasPrefix(rest, kind.mark) {
			p.pos += len(kind.mark)
			return p.look(from, kind.behind, kind.negate), true
		}
	}
	switch {
	case strings.HasPrefix(rest, ":"):
		p.pos++
		return p.inside(from, 0), true
	case strings.HasPrefix(rest, ">"):
		p.pos++
		n := p.inside(from, 0)
		return &pnode{op: popAtomic, subs: []*pnode{n}, offset: from, end: p.pos}, true
	case strings.HasPrefix(rest, "|"):
		p.pos++
		return p.inside(from, p.groups+1), true
	case strings.HasPrefix(rest, "("):
		return p.condition(from), true
	case strings.HasPrefix(rest, "P<"), strings.HasPrefix(rest, "<"), strings.HasPrefix(rest, "'"):
		return p.named(from), true
	case strings.HasPrefix(rest, "P="):
		p.pos += 2
		name, ok := p.upTo(")")
		if !ok || !isGroupName(name) {
			return p.refuse(from, p.pos, "'(?P=' is followed by no name", "write '(?P=name)'"), false
		}
		return p.backref(from, 0, name), true
	case rest == "":
		return p.refuse(from, p.pos, "'(?' ends the pattern", "close the group, or write '\\(' for the character"), false
	case strings.HasPrefix(rest, "P>"), rest[0] == 'R', rest[0] == '&', rest[0] >= '0' && rest[0] <= '9',
		(rest[0] == '+' || rest[0] == '-') && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		return p.unsupported(from, p.pos+1, "'(?"+rest[:1]+"' calls a group, which is not simulated", "write the group again"), false
	case rest[0] == 'C':
		return p.unsupported(from, p.pos+1, "'(?C' calls out, which is not simulated", "leave it out"), false
	}
	return p.options(from)
}

// upTo reads to the closing mark and past it.
func (p *pcreParser) upTo(closing string) (string, bool) {
	i := strings.Index(p.text[p.pos:], closing)
	if i < 0 {
		return "", false
	}
	text := p.text[p.pos : p.pos+i]
	p.pos += i + len(closing)
	return text, true
}

// inside reads the alternatives up to the ')' that belongs to from, and puts the options back.
func (p *pcreParser) inside(from, reset int) *pnode {
	flags := p.flags
	n := p.alternatives(reset)
	p.flags = flags
	if p.err != nil {
		return n
	}
	if p.pos >= len(p.text) {
		return p.refuse(from, from+1, "'(' is not closed", "add ')', or write '\\(' for the character")
	}
	p.pos++
	return n
}

// capture reads a group that remembers.
func (p *pcreParser) capture(from int, name string) *pnode {
	p.groups++
	if p.groups > maxPCREGroup {
		return p.refuse(from, from+1, "there are more than 65535 groups", "write '(?:' where nothing need be remembered")
	}
	number := p.groups
	p.most = max(p.most, number)
	if name != "" {
		for _, known := range p.names {
			if known.n == number && known.name != name {
				return p.refuse(from, p.pos, "group "+strconv.Itoa(number)+" is called "+known.name+" and "+name, "give both the same name")
			}
		}
		p.names = append(p.names, pcreName{name, number})
	}
	n := p.inside(from, 0)
	return &pnode{op: popCapture, n: number, subs: []*pnode{n}, offset: from, end: p.pos}
}

// named reads (?<name>…), (?'name'…) or (?P<name>…) from its name on.
func (p *pcreParser) named(from int) *pnode {
	if p.text[p.pos] == 'P' {
		p.pos++
	}
	closing := ">"
	if p.text[p.pos] == '\'' {
		closing = "'"
	}
	p.pos++
	name, ok := p.upTo(closing)
	if !ok {
		return p.refuse(from, p.pos, "name of a group is not closed by '"+closing+"'", "write '(?<name>…)'")
	}
	if !isGroupName(name) {
		return p.refuse(from, p.pos, "'"+name+"' is no name for a group", "use letters, digits and '_', no digit first, 32 at most")
	}
	return p.capture(from, name)
}

// look reads a lookaround from its alternatives on.
func (p *pcreParser) look(from int, behind, negate bool) *pnode {
	p.inLook++
	n := p.inside(from, 0)
	p.inLook--
	look := &pnode{op: popLook, behind: behind, negate: negate, subs: []*pnode{n}, offset: from, end: p.pos}
	if !behind || p.err != nil {
		return look
	}
	branches := []*pnode{n}
	if n.op == popAlt {
		branches = n.subs
	}
	for _, b := range branches {
		if _, ok := b.width(); !ok {
			return p.unsupported(from, p.pos, "lookbehind has no fixed length: refused up to PCRE2 10.42, taken from 10.43 on",
				"write it so that each alternative always takes as many characters")
		}
	}
	return look
}

// condition reads (?(…)yes|no) from the second '(' on.
func (p *pcreParser) condition(from int) *pnode {
	at := p.pos
	p.pos++
	rest := p.text[p.pos:]
	var test *pnode
	switch {
	case strings.HasPrefix(rest, "?=") || strings.HasPrefix(rest, "?!") || strings.HasPrefix(rest, "?<=") || strings.HasPrefix(rest, "?<!"):
		test, _ = p.group(at)
	case strings.HasPrefix(rest, "?") || strings.HasPrefix(rest, "*"):
		if strings.HasPrefix(rest, "?C") || strings.HasPrefix(rest, "*") {
			return p.unsupported(at, p.pos+1, "'(?("+rest[:1]+"' is a condition that is not simulated", "write two alternatives")
		}
		return p.refuse(at, p.pos+1, "'(?(' is followed by no condition", "write '(?(1)yes|no)'")
	default:
		test = p.groupTest(at)
	}
	if p.err != nil {
		return &pnode{op: popFail}
	}
	n := p.inside(from, 0)
	if p.err != nil {
		return n
	}
	yes, no := n, &pnode{op: popEmpty, offset: p.pos, end: p.pos}
	if n.op == popAlt && n.offset == test.end {
		if len(n.subs) > 2 {
			return p.refuse(from, p.pos, "a condition has more than two alternatives", "put them in '(?:…)'")
		}
		yes, no = n.subs[0], n.subs[1]
	}
	return &pnode{op: popCond, subs: []*pnode{test, yes, no}, offset: from, end: p.pos}
}

// groupTest reads the name or number of a group in the parentheses of a condition.
func (p *pcreParser) groupTest(at int) *pnode {
	text, ok := p.upTo(")")
	if !ok {
		return p.refuse(at, at+1, "condition is not closed", "write '(?(1)yes|no)'")
	}
	name := text
	if len(text) > 1 && (text[0] == '<' && text[len(text)-1] == '>' || text[0] == '\'' && text[len(text)-1] == '\'') {
		name = text[1 : len(text)-1]
	} else if text == "DEFINE" || strings.HasPrefix(text, "VERSION") || strings.HasPrefix(text, "R") && p.recursionTest(text) {
		return p.unsupported(at, p.pos, "condition '("+text+")' is not simulated", "write two alternatives")
	}
	n := &pnode{op: popIsSet, offset: at, end: p.pos}
	digits := strings.TrimLeft(text, "+-")
	if number, err := strconv.Atoi(digits); isDigits(digits) && err == nil && len(text)-len(digits) <= 1 {
		switch text[0] {
		case '-':
			number = p.groups - number + 1
		case '+':
			number += p.groups
		}
		if number <= 0 || number > maxPCREGroup || len(text) > len(digits) && isDigits(digits) && strings.Trim(digits, "0") == "" {
			return p.refuse(at, p.pos, "condition '("+text+")' refers to no group", "count the groups that remember: '(' without '?:'")
		}
		p.refer(n, number, "")
		return n
	}
	if !isGroupName(name) {
		return p.refuse(at, p.pos, "'("+text+")' is no condition", "write '(?(1)yes|no)'")
	}
	p.refer(n, 0, name)
	return n
}

// recursionTest reports whether the condition asks for a recursion: (R), (R1), (R&name). A group may be called so, but
// which is meant need not be settled: neither is simulated.
func (p *pcreParser) recursionTest(text string) bool {
	return text == "R" || text[1] == '&' || isDigits(text[1:])
}

// options reads (?i), (?i:…), (?^…) and the like; '(?' is read already.
func (p *pcreParser) options(from int) (n *pnode, repeatable bool) {
	flags, on := p.flags, true
	if p.text[p.pos] == '^' {
		flags = pcreFlags{ungreedy: flags.ungreedy, dotall: false}
		p.pos++
		if p.pos < len(p.text) && p.text[p.pos] == '-' {
			return p.refuse(from, p.pos+1, "'-' follows '^' in options", "leave out the '-'"), false
		}
	}
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		switch c {
		case 'i':
			flags.fold = on
		case 'm':
			flags.multi = on
		case 's':
			flags.dotall = on
		case 'x':
			flags.extended = on
			flags.classExtended = false
			if p.pos < len(p.text) && p.text[p.pos] == 'x' {
				p.pos++
				flags.classExtended = on
			}
		case 'n':
			flags.noCapture = on
		case 'U':
			flags.ungreedy = on
		case 'J': // duplicate names are allowed already
		case '-':
			if !on {
				return p.refuse(from, p.pos, "options have two '-'", "write what is switched off behind one '-'"), false
			}
			on = false
		case ':':
			before := p.flags
			p.flags = flags
			n := p.inside(from, 0)
			p.flags = before
			return n, true
		case ')':
			p.flags = flags
			return nil, false
		default:
			if p.pos == from+3 {
				return p.refuse(from, p.pos, "'"+p.text[from:p.pos]+"' opens no known kind of group", "write '(?:…)', or '\\(' for the character"), false
			}
			return p.refuse(p.pos-1, p.pos, "'"+string(c)+"' is no option", "the options are i, m, n, s, x, J and U"), false
		}
	}
	return p.refuse(from, p.pos, "'(' is not closed", "add ')', or write '\\(' for the character"), false
}
