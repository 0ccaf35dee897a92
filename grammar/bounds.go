package grammar

import (
	"fmt"

	"github.com/dispcheck/dispcheck/source"
)

// The bounds that hold for one text. They are far above what real configurations need (the largest of
// some 800 public files has 9 kB and five levels) and keep a hostile one from taking the process down.
const (
	MaxDepth    = 256      // blocks inside blocks
	MaxFileSize = 16 << 20 // bytes
	MaxItems    = 1_000_000
)

// A BoundError says that a text passes a bound. It is not a finding: what lies beyond is not read.
type BoundError struct {
	Span    source.Span
	Message string // what was found and what the bound is
	Hint    string
}

// Error gives place, message and hint in one line.
func (e *BoundError) Error() string {
	p := e.Span.Position()
	s := fmt.Sprintf("%s:%d:%d: %s", e.Span.File.Name, p.Line, p.Column, e.Message)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}
