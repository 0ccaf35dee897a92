// Package source holds texts and places in them, and nothing else. A File is one text, a Span is a
// range of its bytes, and a Position is the line and column of a byte, worked out only when a person
// is to read it. Everything above stores spans; [File.Position] is the one place where they become
// lines and columns. Start from File.
package source

import (
	"bytes"
	"sort"
	"sync"
)

// A File is one text. Name and Text must not change once spans point into it. The zero File is an
// empty text without a name. A File is safe for use by many goroutines.
type File struct {
	// Name is how the file is shown to people: slash-separated, relative to the working directory.
	Name string
	// Text is the whole text, byte for byte as it was read.
	Text []byte

	once  sync.Once
	lines []int32 // the offset of each line's first byte, made when first asked for
}

// NewFile returns a File for a text. The text is not copied.
func NewFile(name string, text []byte) *File { return &File{Name: name, Text: text} }

// A Position is where a byte is, for people. Line and Column count from 1, Column in bytes.
type Position struct{ Line, Column int }

// Position returns the line and column of the byte at offset. An offset past the end is taken as the
// end, a negative one as the start. Lines end with \n.
func (f *File) Position(offset int) Position {
	f.index()
	offset = min(max(offset, 0), len(f.Text))
	line := sort.Search(len(f.lines), func(i int) bool { return int(f.lines[i]) > offset })
	return Position{Line: line, Column: offset - int(f.lines[line-1]) + 1}
}

// Lines returns how many lines the text has. An empty text has one; a text that ends with a line end
// has an empty last line.
func (f *File) Lines() int {
	f.index()
	return len(f.lines)
}

// Line returns the span of a line's text, without its line end. Lines count from 1; a line that is
// not there gives the zero Span.
func (f *File) Line(line int) Span {
	f.index()
	if line < 1 || line > len(f.lines) {
		return Span{}
	}
	start, end := int(f.lines[line-1]), len(f.Text)
	if line < len(f.lines) {
		end = int(f.lines[line]) - 1
		if end > start && f.Text[end-1] == '\r' {
			end--
		}
	}
	return f.Span(start, end)
}

// Span returns the range of bytes [start, end) of the file.
func (f *File) Span(start, end int) Span {
	return Span{File: f, Start: int32(start), End: int32(end)}
}

func (f *File) index() {
	f.once.Do(func() {
		n := bytes.Count(f.Text, []byte{'\n'})
		f.lines = make([]int32, 1, n+1)
		for i := 0; ; {
			j := bytes.IndexByte(f.Text[i:], '\n')
			if j < 0 {
				return
			}
			i += j + 1
			f.lines = append(f.lines, int32(i))
		}
	})
}

// A Span is the half-open range of bytes [Start, End) of a file. The zero Span is no place.
type Span struct {
	File       *File
	Start, End int32
}

// IsZero reports whether s is no place.
func (s Span) IsZero() bool { return s.File == nil }

// Len returns how many bytes the span covers.
func (s Span) Len() int { return int(s.End - s.Start) }

// Text returns the text that the span covers; the zero Span gives "".
func (s Span) Text() string {
	if s.File == nil {
		return ""
	}
	return string(s.File.Text[s.Start:s.End])
}

// Position returns where the span starts; the zero Span gives the zero Position.
func (s Span) Position() Position {
	if s.File == nil {
		return Position{}
	}
	return s.File.Position(int(s.Start))
}

// EndPosition returns where the span ends: the place right after its last byte.
func (s Span) EndPosition() Position {
	if s.File == nil {
		return Position{}
	}
	return s.File.Position(int(s.End))
}

// To returns the span from the start of s to the end of t, which must be in the same file. A zero s
// gives t, a zero t gives s.
func (s Span) To(t Span) Span {
	switch {
	case s.File == nil:
		return t
	case t.File == nil:
		return s
	}
	return Span{File: s.File, Start: s.Start, End: t.End}
}

// Contains reports whether t lies inside s.
func (s Span) Contains(t Span) bool {
	return s.File != nil && s.File == t.File && s.Start <= t.Start && t.End <= s.End
}

// Compare orders spans by file name, start and end: negative where s comes first.
func (s Span) Compare(t Span) int {
	if s.File != t.File {
		if c := bytes.Compare(nameOf(s), nameOf(t)); c != 0 {
			return c
		}
	}
	if s.Start != t.Start {
		return int(s.Start - t.Start)
	}
	return int(s.End - t.End)
}

func nameOf(s Span) []byte {
	if s.File == nil {
		return nil
	}
	return []byte(s.File.Name)
}
