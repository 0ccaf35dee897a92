package render

import (
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

// partOf reports whether the text is a part of a farm: what it lacks may stand elsewhere.
func partOf(c *model.Config) bool { return c != nil && len(c.Wrapped) > 1 }

// known reports whether a value does not hang on a variable that nobody has set.
func known(text string) bool { return !strings.Contains(text, "${") && !strings.Contains(text, "$<") }

// isFlag reports whether a flag is absent or one of the two values that the module knows: what is wrong with any
// other is reported where it is read.
func isFlag(s *model.Setting[bool]) bool { return !s.Set || s.Text == "0" || s.Text == "1" }

// nameOf is the label of a render, or all of it where it has none.
func nameOf(r *model.Render) source.Span {
	if r.NameAt.IsZero() {
		return textedit.Head(r.At.Span)
	}
	return r.NameAt
}

// named names a render in a message.
func named(r *model.Render) string {
	if r.Name == "" {
		return "render without a label"
	}
	return "render /" + shown(r.Name)
}

// shown shortens a text from a file for a message, and takes what does not print out of it.
func shown(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
