package apexpr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
)

// Parse reads a condition. The error is a *[SyntaxError] where httpd refuses it, and a *[NotSimulated] where it is larger
// or deeper than is looked at.
func Parse(text string) (*Expr, error) { return parse(text, modeCondition) }

// ParseText reads a text in which %{…} and $0 to $9 stand for values, such as the value of Header set behind expr=. Its
// errors are those of [Parse].
func ParseText(text string) (*Expr, error) { return parse(text, modeText) }

func parse(text string, m mode) (*Expr, error) {
	if len(text) > maxText {
		return nil, &NotSimulated{End: len(text), Construct: "expression", Message: "it is longer than 1 MB"}
	}
	p := parser{src: text}
	var root *node
	if m == modeText {
		root = p.text("", "")
	} else {
		p.scan()
		root = p.or()
		if p.err == nil && p.kind != tokenEnd {
			p.surplus()
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return &Expr{text: text, root: root, mode: m}, nil
}

// A parser reads an expression. It stands on a token, which reaches from from to to.
type parser struct {
	src      string
	pos      int
	kind     token
	from, to int
	depth    int
	err      error
}

// bad is what a mistake leaves in the tree, which nobody sees.
var bad = &node{op: opFalse}

// fail records a mistake; the first counts.
func (p *parser) fail(from, to int, message, hint string) *node {
	if p.err == nil {
		p.err = &SyntaxError{Offset: from, End: min(max(to, from), len(p.src)), Message: message, Hint: hint}
	}
	return bad
}

// found names the token for a message.
func (p *parser) found() string {
	if p.kind == tokenEnd {
		return "the end"
	}
	return "'" + p.src[p.from:p.to] + "'"
}

// is reports whether the parser stands on one of the operators.
func (p *parser) is(ops ...string) bool {
	if p.kind != tokenOp {
		return false
	}
	for _, o := range ops {
		if p.src[p.from:p.to] == o {
			return true
		}
	}
	return false
}

// next goes to the next token.
func (p *parser) next() {
	p.pos = p.to
	p.scan()
}

// enter notes that something is nested one deeper. It is followed by leave.
func (p *parser) enter() bool {
	if p.depth++; p.depth <= maxDepth {
		return p.err == nil
	}
	if p.err == nil {
		p.err = &NotSimulated{Offset: p.from, End: p.to, Construct: "expression", Message: "it is nested deeper than 500"}
	}
	return false
}

func (p *parser) leave() { p.depth-- }

// surplus says what is wrong with a token behind a whole condition.
func (p *parser) surplus() *node {
	switch {
	case p.is(")"):
		return p.fail(p.from, p.to, "')' closes no parenthesis", "leave it out, or write '(' in front")
	case p.kind == tokenOp && strings.ContainsAny(p.src[p.from:p.to], "=<>"):
		return p.fail(p.from, p.to, "'"+p.src[p.from:p.to]+"' follows a comparison", "join two comparisons with '&&' or '||'")
	}
	return p.fail(p.from, p.to, p.found()+" follows a whole condition", "join two conditions with '&&' or '||'")
}

func (p *parser) or() *node { return p.chain(opOr, p.and, "||", "or") }

func (p *parser) and() *node { return p.chain(opAnd, p.not, "&&", "and") }

// chain reads operands with an operator between them.
func (p *parser) chain(o op, operand func() *node, spellings ...string) *node {
	first := operand()
	if p.err != nil || !p.is(spellings...) {
		return first
	}
	n := &node{op: o, subs: []*node{first}, offset: first.offset}
	for p.err == nil && p.is(spellings...) {
		p.next()
		n.subs = append(n.subs, operand())
	}
	n.end = n.subs[len(n.subs)-1].end
	return n
}

func (p *parser) not() *node {
	from, negate := p.from, false
	for p.is("!", "not") {
		p.next()
		negate = !negate
	}
	n := p.condition()
	if !negate {
		return n
	}
	return &node{op: opNot, subs: []*node{n}, offset: from, end: n.end}
}

// condition reads what stands between '&&', '||' and '!'.
func (p *parser) condition() *node {
	from := p.from
	switch {
	case p.is("true"), p.is("false"):
		n := &node{op: opTrue, offset: from, end: p.to}
		if p.is("false") {
			n.op = opFalse
		}
		p.next()
		return n
	case p.is("("):
		if !p.enter() {
			return bad
		}
		defer p.leave()
		p.next()
		n := p.or()
		if p.err == nil && !p.is(")") {
			return p.fail(from, from+1, "'(' is not closed in front of "+p.found(), "add ')'")
		}
		p.next()
		return n
	case p.kind == tokenUnary:
		return p.test()
	case p.kind == tokenEnd:
		if from == 0 || strings.TrimSpace(p.src) == "" {
			return p.fail(from, from, "expression is empty", "write a condition, 'true' for example")
		}
		return p.fail(from, from, "expression ends where a condition should follow", "add one, or leave out the operator in front")
	}
	left := p.word()
	if p.err != nil {
		return bad
	}
	return p.comparison(left)
}

// tests are the letters of tests of one word, and what they ask.
const tests = "nzRTdefsLhxFUA"

// test reads -z and the like.
func (p *parser) test() *node {
	from, letter := p.from, p.src[p.from+1:p.to]
	if !strings.Contains(tests, letter) {
		return p.fail(from, p.to, "there is no test '-"+letter+"'", "the tests are -"+strings.Join(strings.Split(tests, ""), ", -"))
	}
	end := p.to
	p.next()
	word := p.word()
	n := &node{op: opTest, text: letter, subs: []*node{word}, offset: from, end: word.end}
	if p.err != nil {
		return bad
	}
	switch letter {
	case "R":
		n.subnet = p.network(word, "-R")
	case "F", "U", "A":
		n.unknown = "subrequests are not simulated"
		n.end = end
	}
	return n
}

// network reads the network of -R or -ipmatch, which must be plain text.
func (p *parser) network(word *node, operator string) *subnet {
	if word.op != opLiteral || word.n == 1 {
		p.fail(word.offset, word.end, "'"+operator+"' is followed by no plain text in quotes", "write the network itself: '10.0.0.0/8'")
		return nil
	}
	s, ok := parseSubnet(word.text)
	if !ok {
		p.fail(word.offset, word.end, "'"+word.text+"' is no network", "write an address, the start of one or a network: '10.0.0.0/8'")
		return nil
	}
	return s
}

// comparison reads the operator behind a word, and what it compares the word with.
func (p *parser) comparison(left *node) *node {
	n := &node{offset: left.offset, subs: []*node{left}}
	spelling := p.src[p.from:p.to]
	switch {
	case p.is("==", "=", "!=", "<", "<=", ">", ">="):
		if n.op, n.text = opStrings, spelling; spelling == "=" {
			n.text = "=="
		}
	case p.is("eq", "ne", "lt", "le", "gt", "ge", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"):
		n.op, n.text = opIntegers, strings.TrimPrefix(spelling, "-")
	case p.is("=~", "!~"):
		n.op, n.negate = opMatches, spelling == "!~"
		p.next()
		return p.regex(n, spelling)
	case p.is("in", "-in"):
		n.op = opIn
		p.next()
		return p.list(n)
	case p.kind == tokenBinary:
		switch name := strings.ToLower(spelling[1:]); name {
		case "ipmatch":
			n.op = opIPMatch
		case "fnmatch", "strmatch", "strcmatch":
			n.op, n.text = opGlobMatch, name
		default:
			return p.fail(p.from, p.to, "there is no operator '"+spelling+"'", "write -ipmatch, -strmatch, -strcmatch, -fnmatch, -in, -eq, -ne, -lt, -le, -gt or -ge")
		}
	case p.kind == tokenEnd || p.is("&&", "||", "and", "or", ")"):
		return p.fail(left.offset, left.end, "a value stands where a condition is needed", "compare it, or write '-n' in front to ask whether it is not empty")
	case p.kind == tokenWrong:
		return p.fail(p.from, p.to, p.found()+" means nothing here", "put texts in quotes")
	default:
		return p.fail(p.from, p.to, p.found()+" follows a value and is no operator", "compare the value, with '==' for example")
	}
	p.next()
	right := p.word()
	if p.err != nil {
		return bad
	}
	n.subs, n.end = append(n.subs, right), right.end
	if n.op == opIPMatch {
		n.subnet = p.network(right, "-ipmatch")
	}
	return n
}

// list reads {'a','b'} behind in.
func (p *parser) list(n *node) *node {
	from := p.from
	if p.kind == tokenName {
		name := p.src[p.from:p.to]
		if strings.EqualFold(name, "PeerExtList") {
			end := p.to
			p.next()
			if !p.is("(") {
				return p.fail(from, end, "function "+name+" has no argument", "write "+name+"('…')")
			}
			p.next()
			word := p.word()
			if p.err == nil && !p.is(")") {
				return p.fail(from, end, "'(' is not closed", "add ')'")
			}
			n.subs, n.end, n.unknown = append(n.subs, word), p.to, "certificates are not simulated"
			p.next()
			return n
		}
		return p.fail(from, p.to, "there is no function "+name+" that gives a list", "write the list: {'a','b'}")
	}
	if !p.is("{") {
		return p.fail(from, p.to, p.found()+" follows 'in' and is no list", "write the list: {'a','b'}")
	}
	for first := true; p.err == nil; first = false {
		if !first && p.is("}") {
			n.end = p.to
			p.next()
			return n
		}
		if !first && !p.is(",") {
			return p.fail(from, from+1, "list is not closed in front of "+p.found(), "add '}'")
		}
		p.next()
		if p.is("}") {
			return p.fail(p.from, p.to, "a value is missing in a list", "write one between ',' and '}', or leave out the ','")
		}
		n.subs = append(n.subs, p.word())
	}
	return bad
}

// regex reads a regular expression and its flag.
func (p *parser) regex(n *node, operator string) *node {
	if p.kind == tokenEnd && p.to > p.from {
		return p.fail(p.from, p.to, "regular expression is not closed", "add '"+p.src[p.to-1:p.to]+"'")
	}
	if p.kind != tokenRegex {
		return p.fail(p.from, p.to, p.found()+" follows '"+operator+"' and is no regular expression", "write /…/ or m#…#")
	}
	open, mark, end := p.to, p.src[p.to-1], p.regexEnd()
	text := p.src[open:end]
	if len(text) > maxPiece {
		return p.fail(p.from, p.to, "regular expression is longer than 8191 bytes", "split it")
	}
	p.to = end + 1
	fold := p.to < len(p.src) && p.src[p.to] == 'i'
	if fold {
		p.to++
	}
	n.end = p.to
	re, err := match.CompilePCRE(text, match.PCREOptions{IgnoreCase: fold})
	var refused *match.SyntaxError
	var not *match.UnsupportedError
	switch {
	case errors.As(err, &refused):
		hint := refused.Hint
		if mark == '/' && strings.HasSuffix(text, `\`) {
			hint = "a '/' cannot be escaped here: write m#…#"
		}
		return p.fail(open+refused.Offset, open+refused.End, refused.Message, hint)
	case errors.As(err, &not):
		n.unknown = not.Message
	}
	n.re = re
	p.next()
	if p.kind == tokenName && p.from == p.pos && p.from == n.end {
		return p.fail(p.from, p.to, "'"+p.src[p.from:p.to]+"' is no flag of a regular expression", "the only flag is i")
	}
	return n
}

// word reads values joined by '.'.
func (p *parser) word() *node {
	first := p.piece()
	if p.err != nil || !p.is(".") {
		return first
	}
	n := &node{op: opJoin, subs: []*node{first}, offset: first.offset}
	for p.err == nil && p.is(".") {
		p.next()
		n.subs = append(n.subs, p.piece())
	}
	n.end = n.subs[len(n.subs)-1].end
	return n
}

// piece reads a value without '.'.
func (p *parser) piece() *node {
	if !p.enter() {
		return bad
	}
	defer p.leave()
	from, to := p.from, p.to
	switch p.kind {
	case tokenDigits:
		p.next()
		return &node{op: opLiteral, n: 1, text: p.src[from:to], offset: from, end: to}
	case tokenGroup:
		p.next()
		return &node{op: opGroup, n: int(p.src[from+1] - '0'), offset: from, end: to}
	case tokenQuote:
		p.pos = to
		n := p.text(p.src[from:to], "")
		if n.op == opLiteral || n.op == opJoin && p.err == nil {
			n.offset, n.end = from, p.pos
		}
		p.scan()
		return n
	case tokenVariable:
		p.pos = to
		n := p.variable(from)
		p.scan()
		return n
	case tokenName:
		return p.call()
	case tokenEnd:
		return p.fail(from, to, "expression ends where a value should follow", "write one: a text in quotes, a number or %{…}")
	}
	hint := "write a text in quotes, a number or %{…}"
	if p.is("(") {
		hint = "values stand in no parentheses: leave them out"
	}
	return p.fail(from, to, p.found()+" stands where a value is needed", hint)
}

// call reads a function and its argument.
func (p *parser) call() *node {
	from, to := p.from, p.to
	name := p.src[from:to]
	p.next()
	if !p.is("(") {
		return p.fail(from, to, name+" is no value", "put a text in quotes: '"+name+"'")
	}
	open := p.from
	p.next()
	if p.is(")") {
		return p.fail(from, p.to, "function "+name+" has no argument", "write "+name+"('…')")
	}
	argument := p.word()
	if p.err != nil {
		return bad
	}
	if p.is(",") {
		return p.fail(p.from, p.to, "function "+name+" has more than one argument", "leave out the second")
	}
	if !p.is(")") {
		return p.fail(open, open+1, "'(' is not closed in front of "+p.found(), "add ')'")
	}
	n := p.function(name, from, to, argument)
	n.end = p.to
	p.next()
	return n
}

// function makes the node of a function.
func (p *parser) function(name string, from, to int, argument *node) *node {
	fn, ok := functions[functionName(name)]
	n := &node{op: opCall, fn: fn, text: name, subs: []*node{argument}, offset: from, end: to}
	switch {
	case ok:
	case strings.EqualFold(name, "SSL"):
		n.unknown = "values of mod_ssl are not simulated"
	default:
		return p.fail(from, to, "there is no function "+name, "the functions are "+functionList)
	}
	return n
}

// text reads plain text, variables and groups: up to the quote, or up to closing, which stands behind a variable's ':',
// or up to the end if both are empty. It leaves the position behind what ends it.
func (p *parser) text(quote, closing string) *node {
	from := p.pos
	var parts []*node
	var plain strings.Builder
	start := p.pos
	flush := func() {
		if plain.Len() > 0 {
			if plain.Len() > maxPiece {
				p.fail(start, p.pos, "text is longer than 8191 bytes", "split it in two with '.'")
			}
			// A NUL byte ends a text in httpd.
			text, _, _ := strings.Cut(plain.String(), "\x00")
			parts = append(parts, &node{op: opLiteral, text: text, offset: start, end: p.pos})
			plain.Reset()
		}
	}
	for p.err == nil {
		if plain.Len() == 0 {
			start = p.pos
		}
		rest := p.src[p.pos:]
		switch {
		case rest == "":
			if quote == "" && closing == "" {
				flush()
				return joined(parts, from, p.pos)
			}
			if closing != "" {
				return p.fail(from, p.pos, "'%{' is not closed", "add '}'")
			}
			return p.fail(from-1, from, quote+" is not closed", "add "+quote)
		case quote != "" && rest[0] == quote[0] && closing == "":
			flush()
			p.pos++
			return joined(parts, from, p.pos-1)
		case closing != "" && rest[0] == closing[0]:
			flush()
			p.pos++
			return joined(parts, from, p.pos-1)
		case closing != "" && (rest[0] == '\'' || rest[0] == '"'):
			return p.fail(p.pos, p.pos+1, "a quote stands inside '%{…:…}', which stops httpd", "leave it out: names stand there without quotes")
		case rest[0] == '\n':
			return p.fail(p.pos, p.pos+1, "a text goes on in the next line", "write '\\n' for a line feed")
		case rest[0] == '\\':
			plain.WriteByte(p.escape())
		case strings.HasPrefix(rest, "%{"):
			flush()
			at := p.pos
			p.pos += 2
			parts = append(parts, p.variable(at))
		case rest[0] == '$' && len(rest) > 1 && isDigit(rest[1]):
			flush()
			parts = append(parts, &node{op: opGroup, n: int(rest[1] - '0'), offset: p.pos, end: p.pos + 2})
			p.pos += 2
		default:
			plain.WriteByte(rest[0])
			p.pos++
		}
	}
	return bad
}

// joined makes one node of the parts of a text.
func joined(parts []*node, from, to int) *node {
	switch len(parts) {
	case 0:
		return &node{op: opLiteral, offset: from, end: to}
	case 1:
		return parts[0]
	}
	return &node{op: opJoin, subs: parts, n: len(parts), offset: from, end: to}
}

// escape reads a backslash and what stands behind it.
func (p *parser) escape() byte {
	from := p.pos
	if from+1 >= len(p.src) {
		p.fail(from, from+1, "'\\' ends the text, which stops httpd", "write '\\\\' for the character")
		return 0
	}
	c := p.src[from+1]
	p.pos += 2
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	if !isDigit(c) {
		return c
	}
	value, octal := int(c-'0'), c < '8'
	for p.pos < len(p.src) && isDigit(p.src[p.pos]) {
		octal = octal && p.src[p.pos] < '8'
		value = min(value*8+int(p.src[p.pos]-'0'), 1<<16)
		p.pos++
	}
	if !octal || p.pos-from > 4 || value > 255 {
		p.fail(from, p.pos, "'"+p.src[from:p.pos]+"' is the code of no byte", "write an octal number from \\1 to \\377")
	}
	return byte(value)
}

// variable reads %{NAME} or %{NAME:argument} from its name on, and leaves the position behind '}'.
func (p *parser) variable(from int) *node {
	if !p.enter() {
		return bad
	}
	defer p.leave()
	start := p.pos
	for p.pos < len(p.src) && isNameByte(p.src[p.pos]) && (p.pos > start || isLetter(p.src[p.pos])) {
		p.pos++
	}
	name := p.src[start:p.pos]
	if p.pos >= len(p.src) {
		return p.fail(from, from+2, "'%{' is not closed", "add '}'")
	}
	c := p.src[p.pos]
	if name == "" || c != '}' && c != ':' {
		return p.fail(p.pos, p.pos+1, fmt.Sprintf("%q cannot stand in the name of a variable", c), "write %{NAME}, or %{HTTP:Name} for a request header")
	}
	nameEnd := p.pos
	p.pos++
	if c == '}' {
		n := &node{op: opVariable, text: strings.ToUpper(name), offset: from, end: p.pos}
		switch {
		case isVariable(n.text):
		case strings.HasPrefix(n.text, "SSL_"):
			n.unknown = "values of mod_ssl are not simulated"
		default:
			return p.fail(start, nameEnd, "there is no variable "+name, "write %{HTTP:Name} for a request header and %{ENV:NAME} for an environment variable")
		}
		return n
	}
	if p.pos < len(p.src) && p.src[p.pos] == '}' {
		return p.fail(from, p.pos+1, "nothing follows ':' in '"+p.src[from:p.pos+1]+"'", "write a name behind the ':'")
	}
	argument := p.text("", "}")
	if p.err != nil {
		return bad
	}
	n := p.function(name, start, nameEnd, argument)
	if n.op == opCall {
		n.offset, n.end = from, p.pos
	}
	return n
}
