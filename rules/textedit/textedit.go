// Package textedit makes the edits of fixes: properties written anew, added and removed, laid out as the text around them
// is. It knows spans and nothing of rules. Start from [Removed], [Rewritten] and [Behind].
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

// Rewritten is a fix that gives a property another value; see [Replaced].
func Rewritten[T any](s *model.Setting[T], text string) []diag.Fix { return Replaced(s.ValueAt, text) }

// Replaced is a fix that writes another text for a value, in the quotes that it has, or in double quotes where it has none
// and they are needed. There is none where the value comes from a variable, which others may use as well, or where the text has characters that must be escaped.
func Replaced(value source.Span, text string) []diag.Fix {
	old := value.Text()
	if old == "" || strings.Contains(old, "${") || strings.Contains(old, "$<") || strings.ContainsAny(text, `"'\`) {
		return nil
	}
	switch q := old[0]; {
	case q == '"' || q == '\'':
		text = string(q) + text + string(q)
	case strings.ContainsFunc(text, needsQuotes):
		text = `"` + text + `"`
	}
	return []diag.Fix{{Title: "write " + text, Edits: []diag.Edit{{Span: value, New: text}}}}
}

// needsQuotes reports whether a value with the character is written in quotes: a slash would make a name of it.
func needsQuotes(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
}

// Added is a fix that writes a property behind what stands at a span; see [Behind].
func Added(behind source.Span, property string) []diag.Fix {
	return Behind(behind, "add "+property, property)
}

// Behind is a fix that writes texts behind what stands at a span: each on a line of its own where that has one, but for a
// comment.
func Behind(at source.Span, title string, texts ...string) []diag.Fix {
	if at.IsZero() {
		return nil
	}
	end, gap := at, " "
	if a := aroundOf(at); a.starts && (a.ends || a.comment) {
		gap = a.newLine(at)
		if a.comment {
			end.End = at.File.Line(at.File.Position(int(at.End)).Line).End
		}
	}
	end.Start = end.End
	return []diag.Fix{{Title: title, Edits: []diag.Edit{{Span: end, New: gap + strings.Join(texts, gap)}}}}
}

// FirstEntry is the edit that writes an entry before the others of a list. There is none where the text of the list is not
// as usual.
func FirstEntry(l *model.RuleList, entry string) []diag.Edit {
	if len(l.Rules) == 0 {
		return nil
	}
	all, first := l.At.Span, l.Rules[0].At.Span
	text := all.Text()
	brace := strings.IndexByte(text, '{')
	if brace < 0 || first.File != all.File || !all.Contains(first) || strings.ContainsAny(text[:brace], "#\"'") {
		return nil
	}
	open := all
	open.Start += int32(brace)
	open.End = open.Start + 1
	if first.Start < open.End {
		return nil // the list has no braces of its own
	}
	gap := " "
	if a := aroundOf(first); a.starts {
		brace := aroundOf(open)
		if !brace.ends && !brace.comment {
			return nil
		}
		a.windows = brace.windows
		gap = a.newLine(first)
		open.End = all.File.Line(all.File.Position(int(open.End)).Line).End
	}
	open.Start = open.End
	return []diag.Edit{{Span: open, New: gap + entry}}
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
	comment       bool // nothing but a comment follows
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
	if a.comment = !a.ends && text[end] == '#'; a.comment {
		line := at.File.Line(at.File.Position(int(at.End)).Line)
		a.windows = int(line.End) < len(text) && text[line.End] == '\r'
	}
	return a
}

// newLine returns a line end as the text has it, and the blanks that stand before a span which starts its line.
func (a around) newLine(at source.Span) string {
	return a.lineEnd() + string(at.File.Text[int(at.Start)-a.before:at.Start])
}

func (a around) lineEnd() string {
	if a.windows {
		return "\r\n"
	}
	return "\n"
}
