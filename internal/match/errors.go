package match

import "fmt"

// A SyntaxError says why glibc's regcomp refuses a regular expression. A rule with such a pattern never matches.
type SyntaxError struct {
	Offset, End int    // the bytes of the pattern at fault, half open
	Message     string // what was found
	Hint        string // what to do about it, may be empty
}

// Error returns the message and the offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset) }

// An UnsupportedError says that a regular expression is one which glibc takes and this package does not simulate:
// it has a back reference, or is larger than [MaxSize] or deeper than [MaxDepth] allow.
type UnsupportedError struct {
	Offset, End   int    // the bytes of the pattern at fault, half open
	Message       string // what was found
	Hint          string // what to do about it, may be empty
	BackReference bool   // it is a back reference, which no automaton follows
}

// Error returns the message and the offset.
func (e *UnsupportedError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset) }
