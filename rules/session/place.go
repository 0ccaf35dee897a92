package session

import (
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/rules/wording"
)

// partOf reports whether the text is a part of a farm: what it lacks may stand elsewhere.
func partOf(c *model.Config) bool { return unread.Part(c) }

// known reports whether a value does not hang on a variable that nobody has set.
func known(text string) bool { return !unread.Variable(text) }

// shown is a text from a file as a message shows it.
func shown(s string) string { return wording.Shown(s) }
