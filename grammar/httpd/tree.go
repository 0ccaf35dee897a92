package httpd

import "github.com/dispcheck/dispcheck/source"

// MaxDepth bounds how deep sections lie in each other. Real configurations have six levels at most.
const MaxDepth = 256

// A File is the tree of one Apache text. Nothing of the text is lost: what lies between the spans of items is blank, or the
// byte order mark at its start.
type File struct {
	Src   *source.File
	Items []Item
	// BOM says that the text starts with a byte order mark.
	BOM bool
	// TooDeep is the first section that lies deeper than [MaxDepth]; the zero Span where there is none. From there on its
	// contents are its siblings.
	TooDeep source.Span
}

// An Item is a *Directive, a *Section, a *Comment or a *Stray.
type Item interface {
	// Span is the whole item: from its first byte that is not blank to the end of its last line, without the line end.
	Span() source.Span
}

// A Line is a logical line: physical lines that end in a backslash are joined with the next. Comments are joined too.
// Name and Args are spans of the text and may hold such joins: [Unjoin] gives the text that httpd sees.
type Line struct {
	// At is the line without the blanks around it; lines that a backslash joins are all within it.
	At source.Span
	// Name is the first word, without quotes: "RewriteRule", or of a section "Directory" without the brackets. It is the
	// empty span at the place of the name where there is none, as in "< >".
	Name source.Span
	// Args is what follows the name, without blanks around it and, of a section, without the closing bracket. It is
	// the zero Span where nothing follows.
	Args source.Span
}

// A Directive is one line of configuration.
type Directive struct{ Line }

// A Section is a directive in brackets with all that stands up to its closing line.
type Section struct {
	Line
	// Bracket says that the opening line has its ">".
	Bracket bool
	// After is what follows the ">" on the opening line, which httpd passes over; the zero Span where nothing does.
	After source.Span
	Items []Item
	// Close is the closing line; the zero Span where it is missing.
	Close source.Span
	// CloseName is the name in the closing line. It is another than Name, but for letter case, where the line was meant
	// to close this section and is spelled wrong.
	CloseName source.Span
	// CloseBracket says that the name in the closing line touches its ">", without which httpd does not take it;
	// CloseAfter is what follows.
	CloseBracket bool
	CloseAfter   source.Span
}

// A Comment is a line whose first byte that is not blank is #, with the lines that a backslash joins to it. So is a line of
// which httpd sees nothing, as one that starts with a zero byte.
type Comment struct{ At source.Span }

// A Stray is a closing line that closes nothing. Bracket says that its name touches its ">".
type Stray struct {
	Line
	Bracket bool
}

// Span is the line.
func (l *Line) Span() source.Span { return l.At }

// Span is the section from its opening to its closing line.
func (s *Section) Span() source.Span {
	end := s.At.End
	if n := len(s.Items); n > 0 {
		end = s.Items[n-1].Span().End
	}
	if s.Close != (source.Span{}) {
		end = s.Close.End
	}
	return source.Span{File: s.At.File, Start: s.At.Start, End: end}
}

// Span is the comment.
func (c *Comment) Span() source.Span { return c.At }
