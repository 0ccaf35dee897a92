package yamltext

import (
	"fmt"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/source"
)

// An Error says what is wrong with a YAML text, and where.
type Error struct {
	Span    source.Span
	Message string // lower case, the thing first
	Hint    string // what to do next; "" where there is nothing to add
}

// Errorf makes an Error about a node. Callers use it for what only they know: an unknown key, a value
// out of range.
func (n *Node) Errorf(hint, format string, args ...any) *Error {
	return &Error{Span: n.Span, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Place returns file:line:column, the column counted in characters.
func Place(s source.Span) string {
	p := s.Position()
	column := p.Column
	if s.File != nil {
		from := int(s.Start) - (p.Column - 1)
		column = 1 + utf8.RuneCount(s.File.Text[from:s.Start])
	}
	name := ""
	if s.File != nil {
		name = s.File.Name
	}
	return fmt.Sprintf("%s:%d:%d", name, p.Line, column)
}

// Error gives place, message and hint in one line.
func (e *Error) Error() string {
	s := Place(e.Span) + ": " + e.Message
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}
