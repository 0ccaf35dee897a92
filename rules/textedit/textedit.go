// Package textedit makes the edits of fixes: properties written anew, added and removed, laid out as the text around them
// is. It knows spans and nothing of rules. Start from [Removed] and [Rewritten].
package textedit

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// Head is the name of a section, or all of it where it has none.
func Head(at source.Span) source.Span {
	text := at.Text()
	if !strings.HasPrefix(text, "/") {
		return at
	}
	if i := strings.IndexAny(text, " \t\r\n{"); i > 0 {
		at.End = at.Start + int32(i)
	}
	return at
}

// Rewritten is a fix that gives a property another value, in the quotes that it has, or in double quotes where it has
// none and they are needed. There is none where the value
// comes from a variable: others may use it as well.
func Rewritten[T any](s *model.Setting[T], text string) []diag.Fix {
	old := s.ValueAt.Text()
	if old == "" || strings.Contains(old, "${") {
		return nil
	}
	switch q := old[0]; {
	case q == '"' || q == '\'':
		text = string(q) + text + string(q)
	case strings.ContainsFunc(text, needsQuotes):
		text = `"` + text + `"`
	}
	return []diag.Fix{{Title: "write " + text, Edits: []diag.Edit{{Span: s.ValueAt, New: text}}}}
}

// needsQuotes reports whether a value with the character is written in quotes: a slash would make a name of it.
func needsQuotes(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
}

// Added is a fix that writes a property behind what stands at a span: on a line of its own where that has one.
func Added(behind source.Span, property string) []diag.Fix {
	if behind.IsZero() {
		return nil
	}
	end := behind
	end.Start = end.End
	text := " " + property
	if a := aroundOf(behind); a.starts && a.ends {
		text = a.newLine(behind) + property
	}
	return []diag.Fix{{Title: "add " + property, Edits: []diag.Edit{{Span: end, New: text}}}}
}

// Written is the edit that writes items in the place of a span: each on a line of its own where that has one.
func Written(at source.Span, items []string) diag.Edit {
	sep := " "
	if a := aroundOf(at); a.starts && a.ends {
		sep = a.newLine(at)
	}
	return diag.Edit{Span: at, New: strings.Join(items, sep)}
}

// Removed is the edit that takes a span out, with its lines where nothing else stands on them.
func Removed(at source.Span) diag.Edit {
	switch a := aroundOf(at); {
	case a.starts && a.ends:
		at.Start -= int32(a.before)
		at.End += int32(a.after)
		if int(at.End) < len(at.File.Text) {
			at.End++
		}
	case a.starts: // what follows, as a comment, keeps the indent
		at.End += int32(a.after)
	default:
		at.Start -= int32(a.before)
	}
	return diag.Edit{Span: at}
}

// Line widens a span to its line with the line's end, where nothing else stands on the line; else the span stays as it is.
func Line(at source.Span) source.Span {
	if a := aroundOf(at); a.starts && a.ends {
		return Removed(at).Span
	}
	return at
}

// An around is what stands on the lines of a span beside it: the blanks, and whether there is nothing else. It looks no
// further, since lines of a text can be very long.
type around struct {
	before, after int // blanks
	starts, ends  bool
	windows       bool // the line ends with a carriage return too
}

func aroundOf(at source.Span) around {
	text := at.File.Text
	start, end := int(at.Start), int(at.End)
	for start > 0 && (text[start-1] == ' ' || text[start-1] == '\t') {
		start--
	}
	for end < len(text) && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r') {
		end++
	}
	a := around{before: int(at.Start) - start, after: end - int(at.End)}
	a.starts = start == 0 || text[start-1] == '\n'
	a.ends = end == len(text) || text[end] == '\n'
	a.windows = a.ends && a.after > 0 && text[end-1] == '\r'
	return a
}

// newLine returns a line end as the text has it, and the blanks that start the line on which a span ends.
func (a around) newLine(at source.Span) string {
	text := at.File.Text
	start := int(at.End)
	for start > 0 && text[start-1] != '\n' {
		start--
	}
	indent := start
	for indent < int(at.End) && (text[indent] == ' ' || text[indent] == '\t') {
		indent++
	}
	if a.windows {
		return "\r\n" + string(text[start:indent])
	}
	return "\n" + string(text[start:indent])
}
