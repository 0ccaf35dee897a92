package match

import "fmt"

// A SyntaxError says why a regular expression is refused: by glibc's regcomp, so that a rule with it never matches, or by
// PCRE2, so that httpd does not start.
type SyntaxError struct {
	Offset, End int    // the bytes of the pattern at fault, half open
	Message     string // what was found
	Hint        string // what to do about it, may be empty
}

// Error returns the message and the offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset) }

// An UnsupportedError says that a regular expression is one which glibc or PCRE2 takes and this package does not simulate.
// For glibc's that is a back reference, or a size or depth above [MaxSize] and [MaxDepth]; see [CompilePCRE] for PCRE2's.
type UnsupportedError struct {
	Offset, End   int    // the bytes of the pattern at fault, half open
	Message       string // what was found
	Hint          string // what to do about it, may be empty
	BackReference bool   // it is a back reference of a POSIX expression, which no automaton follows
}

// Error returns the message and the offset.
func (e *UnsupportedError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset) }
