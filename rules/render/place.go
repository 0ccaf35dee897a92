package render

import (
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/rules/wording"
	"github.com/dispcheck/dispcheck/source"
)

// partOf reports whether the text is a part of a farm: what it lacks may stand elsewhere.
func partOf(c *model.Config) bool { return unread.Part(c) }

// known reports whether a value does not hang on a variable that nobody has set.
func known(text string) bool { return !unread.Variable(text) }

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

// shown is a text from a file as a message shows it.
func shown(s string) string { return wording.Shown(s) }
