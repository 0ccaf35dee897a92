package grammar

// Kind says what a token is.
type Kind uint8

// The kinds of token. Space, Newline, Comment and Odd are trivia: they separate, and mean nothing.
const (
	Space   Kind = iota + 1 // blanks and tabs, and a carriage return that ends no line
	Newline                 // \n or \r\n
	Comment                 // # to the end of the line
	Odd                     // what nobody meant to be there: byte order mark, zero-width and no-break spaces, control bytes, a comma or an equals sign between values
	Open                    // {
	Close                   // }
	Name                    // /filter: a slash and what follows up to a blank, brace, quote or #
	Include                 // $include, bare
	Double                  // "…", a string; a glob where patterns are read
	Single                  // '…', a string; a POSIX extended regular expression where patterns are read
	Bare                    // a value without quotes
	Broken                  // a string that is not closed on its line, or that typographic quotes surround
)

var kindNames = [...]string{
	Space: "space", Newline: "newline", Comment: "comment", Odd: "odd", Open: "open", Close: "close",
	Name: "name", Include: "include", Double: "double", Single: "single", Bare: "bare", Broken: "broken",
}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) && k != 0 {
		return kindNames[k]
	}
	return "none"
}

// IsTrivia reports whether tokens of the kind only separate others.
func (k Kind) IsTrivia() bool { return k <= Odd }

// A Token is a piece of text: the bytes [Start, End).
type Token struct {
	Start, End int32
	Kind       Kind
}
