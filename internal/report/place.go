package report

import (
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/source"
)

// A Place is where a span is, as every output shows it: the file with the prefix asked for, lines and
// columns from 1, columns in characters. The end is the place right after the last character.
type Place struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
}

// PlaceOf returns the place of a span, its file's name behind prefix. The zero Span gives the zero Place.
func PlaceOf(s source.Span, prefix string) Place {
	if s.IsZero() {
		return Place{}
	}
	p := Place{File: Path(prefix, s.File.Name)}
	p.Line, p.Column = characters(s.File, int(s.Start))
	p.EndLine, p.EndColumn = characters(s.File, int(s.End))
	return p
}

// String returns file:line:column; the zero Place gives "".
func (p Place) String() string {
	if p == (Place{}) {
		return ""
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Path puts a prefix (as --path-prefix gives it) before a file's name. Names that are no paths, such as
// <stdin>, those in example:cloud and those of the platform in base:, stay as they are.
func Path(prefix, name string) string {
	if prefix == "" || strings.HasPrefix(name, "<") || strings.HasPrefix(name, "example:") || strings.HasPrefix(name, "base:") {
		return name
	}
	return path.Join(prefix, name)
}

// characters turns an offset into line and column, the column counted in characters. A byte that is no
// character counts as one.
func characters(f *source.File, offset int) (line, column int) {
	pos := f.Position(offset)
	offset = min(max(offset, 0), len(f.Text))
	return pos.Line, 1 + utf8.RuneCount(f.Text[offset-(pos.Column-1):offset])
}
