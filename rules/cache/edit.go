package cache

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

// head covers the name of a section, of which a Place covers all.
func head(at model.Place) model.Place {
	at.Span = textedit.Head(at.Span)
	return at
}

// insertion puts a property into /cache, behind /docroot. There is none where /docroot does not stand in the text of
// the section.
func insertion(c *model.Cache, text string) []diag.Fix {
	if !c.Docroot.Set {
		return nil
	}
	return behind(c.Docroot.At.Span, c.At.Span, "add "+text, text)
}

// behind adds texts to a section, behind something that stands in it. There is no fix where that is in another file.
func behind(at, section source.Span, title string, texts ...string) []diag.Fix {
	if at.File != section.File || !section.Contains(at) {
		return nil
	}
	return textedit.Behind(at, title, texts...)
}
