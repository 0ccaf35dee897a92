package apexpr

import "strings"

// Bounds. httpd has the first of its own; the others only keep reading bounded.
const (
	maxPiece = 8_191   // bytes of a plain text, or of a regular expression
	maxDepth = 500     // nested parentheses, functions and variables
	maxText  = 1 << 20 // bytes of an expression
)

// regexMarks are what may stand behind m to enclose a regular expression.
const regexMarks = "/#$%^|?!'\",;:._-"

type token uint8

const (
	tokenEnd token = iota
	tokenWrong
	tokenQuote    // ' or "
	tokenVariable // %{
	tokenGroup    // $0 to $9
	tokenRegex    // / or m and a mark
	tokenDigits
	tokenName
	tokenUnary  // -z
	tokenBinary // -strmatch
	tokenOp     // everything else, keywords too; see parser.text
)

// keywords are names that stand for operators.
var keywords = [...]string{"and", "or", "not", "in", "lt", "le", "gt", "ge", "ne", "eq", "true", "false"}

// dashed are the operators with a '-' in front that have a meaning of their own.
var dashed = [...]string{"-in", "-eq", "-ne", "-ge", "-le", "-gt", "-lt"}

// operators, longest first.
var operators = [...]string{"==", "=~", "!=", "!~", "<=", ">=", "&&", "||", "=", "!", "<", ">", ".", "(", ")", "{", "}", ","}

// scan reads the token at the position, past blanks. Of a string, a variable or a regular expression it takes what opens it.
func (p *parser) scan() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\n", p.src[p.pos]) >= 0 {
		p.pos++
	}
	p.from, p.to = p.pos, p.pos
	rest := p.src[p.pos:]
	if rest == "" {
		p.kind = tokenEnd
		return
	}
	take := func(kind token, n int) { p.kind, p.to = kind, p.pos+n }
	regex := func(n int) {
		if take(tokenRegex, n); p.regexEnd() < 0 {
			p.kind = tokenEnd // httpd reads no further, and is content if nothing is missing
		}
	}
	c := rest[0]
	switch {
	case c == '\'' || c == '"':
		take(tokenQuote, 1)
		return
	case strings.HasPrefix(rest, "%{"):
		take(tokenVariable, 2)
		return
	case c == '$' && len(rest) > 1 && isDigit(rest[1]):
		take(tokenGroup, 2)
		return
	case c == '/':
		regex(1)
		return
	case isDigit(c) || c == '-' && len(rest) > 1 && isDigit(rest[1]):
		n := 1
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		take(tokenDigits, n)
		return
	case c == '-' && len(rest) > 1 && (isLetter(rest[1]) || rest[1] == '_'):
		n := 2
		for n < len(rest) && isNameByte(rest[n]) {
			n++
		}
		take(tokenBinary, n)
		if n == 2 {
			p.kind = tokenUnary
		}
		for _, d := range dashed {
			if rest[:n] == d {
				p.kind = tokenOp
			}
		}
		return
	case isLetter(c):
		n := 1
		for n < len(rest) && isNameByte(rest[n]) {
			n++
		}
		if c == 'm' && n < 3 && len(rest) > 1 && strings.IndexByte(regexMarks, rest[1]) >= 0 {
			regex(2)
			return
		}
		take(tokenName, n)
		for _, k := range keywords {
			if rest[:n] == k {
				p.kind = tokenOp
			}
		}
		return
	}
	for _, o := range operators {
		if strings.HasPrefix(rest, o) {
			take(tokenOp, len(o))
			return
		}
	}
	take(tokenWrong, 1)
}

// regexEnd returns where the mark stands that closes the regular expression in front of p.to, -1 if it is not closed in its
// line.
func (p *parser) regexEnd() int {
	rest := p.src[p.to:]
	end := strings.IndexByte(rest, p.src[p.to-1])
	if line := strings.IndexByte(rest, '\n'); end < 0 || line >= 0 && line < end {
		return -1
	}
	return p.to + end
}

func isDigit(c byte) bool    { return c >= '0' && c <= '9' }
func isLetter(c byte) bool   { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }
