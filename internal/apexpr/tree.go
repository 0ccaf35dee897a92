package apexpr

import "github.com/dispcheck/dispcheck/internal/match"

// An Expr is an expression that has been read. It is immutable and safe for many goroutines.
type Expr struct {
	text string
	root *node
	mode mode
}

type mode uint8

const (
	modeCondition mode = iota
	modeText
)

// Text returns what the expression was read from.
func (e *Expr) Text() string { return e.text }

// Constant returns the value of an expression of [ParseText] that holds nothing but plain text.
func (e *Expr) Constant() (string, bool) {
	if e.mode == modeText && e.root.op == opLiteral {
		return e.root.text, true
	}
	return "", false
}

// An op says what a node stands for.
type op uint8

const (
	// Conditions.
	opTrue op = iota
	opFalse
	opNot       // subs[0]
	opAnd       // subs, from left to right
	opOr        // subs
	opTest      // -z and the like: text is the letter, subs[0] the word
	opStrings   // subs compared byte by byte: text is ==, !=, <, <=, > or >=
	opIntegers  // subs compared as integers: text is eq, ne, lt, le, gt or ge
	opIn        // subs[0] is one of the others
	opMatches   // subs[0] matches re; negate
	opIPMatch   // subs[0] is an address in subnet
	opGlobMatch // subs[0] matches the glob subs[1]: text is fnmatch, strmatch or strcmatch
	// Words.
	opLiteral  // text
	opJoin     // subs one after the other; n is how many parts a text has, 0 for words with '.' between them
	opVariable // text, in upper case
	opGroup    // n
	opCall     // fn of subs[0]; text is its name as written
)

// A node is a node of an expression.
type node struct {
	op          op
	negate      bool
	n           int
	fn          function
	offset, end int
	text        string
	subs        []*node
	re          *match.PCRE
	subnet      *subnet
	unknown     string // why it is not simulated, whatever the source knows
}

// Reference names something that an expression looks up.
type Reference struct {
	Offset, End int    // where it stands in the expression
	Variable    string // %{NAME}, in upper case
	Function    string // req, reqenv, file and so on, in lower case; empty for a variable
	Argument    string // of the function, if it is plain text
	Plain       bool   // Argument is known
}

// References returns the variables and functions of the expression, from left to right.
func (e *Expr) References() []Reference {
	var list []Reference
	var walk func(*node)
	walk = func(n *node) {
		switch n.op {
		case opVariable:
			list = append(list, Reference{Offset: n.offset, End: n.end, Variable: n.text})
		case opCall:
			r := Reference{Offset: n.offset, End: n.end, Function: functionName(n.text)}
			if n.subs[0].op == opLiteral {
				r.Argument, r.Plain = n.subs[0].text, true
			}
			list = append(list, r)
		}
		for _, s := range n.subs {
			walk(s)
		}
	}
	walk(e.root)
	return list
}

// Patterns returns the regular expressions of the expression, from left to right.
func (e *Expr) Patterns() []*match.PCRE {
	var list []*match.PCRE
	var walk func(*node)
	walk = func(n *node) {
		if n.re != nil {
			list = append(list, n.re)
		}
		for _, s := range n.subs {
			walk(s)
		}
	}
	walk(e.root)
	return list
}
