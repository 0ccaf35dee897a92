package render

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// partOf reports whether the text is a part of a farm: what it lacks may stand elsewhere.
func partOf(c *model.Config) bool { return c != nil && len(c.Wrapped) > 1 }

// unread reports whether a farm has a property of a name that could not be read, or an $include inside the
// place that could not be followed: what is missing may be there.
func unread(ps *lint.Pass, f *model.Farm, name string, in source.Span) bool {
	for i := range f.Unknown {
		if strings.EqualFold(f.Unknown[i].Name, name) && f.Unknown[i].Cause != model.Superseded {
			return true
		}
	}
	for i := range ps.Subject.Found {
		d := &ps.Subject.Found[i]
		if !in.IsZero() && d.Severity == diag.Error && losesText(d) && (in.Contains(d.Span) || slices.ContainsFunc(d.Included, in.Contains)) {
			return true
		}
	}
	return false
}

// losesText reports whether a finding is about an $include that brought nothing: of the rules about files, DSP100 to
// DSP118, or of those about variables behind them, in the path of an $include.
func losesText(d *diag.Diagnostic) bool {
	if d.Rule < "DSP100" || d.Rule > "DSP149" {
		return false
	}
	return d.Rule <= "DSP118" || strings.Contains(d.Span.File.Line(d.Span.Position().Line).Text(), "$include")
}

// known reports whether a value does not hang on a variable that nobody has set.
func known(text string) bool { return !strings.Contains(text, "${") && !strings.Contains(text, "$<") }

// isFlag reports whether a flag is absent or one of the two values that the module knows: what is wrong with any
// other is reported where it is read.
func isFlag(s *model.Setting[bool]) bool { return !s.Set || s.Text == "0" || s.Text == "1" }

// head is the name of a section, or all of it where it has none.
func head(at source.Span) source.Span {
	text := at.Text()
	if !strings.HasPrefix(text, "/") {
		return at
	}
	if i := strings.IndexAny(text, " \t\r\n{"); i > 0 {
		at.End = at.Start + int32(i)
	}
	return at
}

// nameOf is the label of a render, or all of it where it has none.
func nameOf(r *model.Render) source.Span {
	if r.NameAt.IsZero() {
		return head(r.At.Span)
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

// tell reports a finding at a part of what stands at a place.
func tell(ps *lint.Pass, at source.Span, in model.Place, message, hint string, fixes ...diag.Fix) {
	ps.Report(diag.Diagnostic{Span: at, Included: in.Included, Message: message, Hint: hint, Fixes: fixes})
}
