package apexpr

import "fmt"

// A SyntaxError says why httpd refuses an expression, and does not start.
type SyntaxError struct {
	Offset, End int    // the bytes of the expression at fault, half open
	Message     string // what was found
	Hint        string // what to do about it
}

// Error returns the message and the offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset) }

// A NotSimulated error says that httpd takes an expression, and that its value is not known here.
type NotSimulated struct {
	Offset, End int    // the bytes of the expression that it is about, half open
	Construct   string // as written: %{TIME}, -U, file('/x')
	Message     string // why
}

// Error returns the construct, the message and the offset.
func (e *NotSimulated) Error() string {
	return fmt.Sprintf("%s: %s (at byte %d)", e.Construct, e.Message, e.Offset)
}
