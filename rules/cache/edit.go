package cache

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

const blanks = " \t\r"

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

// behind adds texts to a section, behind something that stands in it and laid out as that is. There is no fix where
// that is in another file.
func behind(at, section source.Span, title string, texts ...string) []diag.Fix {
	if at.File != section.File || !section.Contains(at) {
		return nil
	}
	line := at.File.Line(at.Position().Line)
	before := string(at.File.Text[line.Start:at.Start])
	last := at.File.Line(at.File.Span(int(at.End), int(at.End)).Position().Line)
	rest := strings.Trim(string(at.File.Text[at.End:last.End]), blanks)
	end, gap := at.End, " "
	if strings.Trim(before, blanks) == "" && (rest == "" || rest[0] == '#') {
		end, gap = last.End, "\n"+before
		if windows(at.File, end) {
			gap = "\r" + gap
		}
	}
	return []diag.Fix{{Title: title, Edits: []diag.Edit{{Span: at.File.Span(int(end), int(end)), New: gap + strings.Join(texts, gap)}}}}
}

// windows reports whether a line that ends at end is one of Windows.
func windows(f *source.File, end int32) bool { return int(end) < len(f.Text) && f.Text[end] == '\r' }

// firstEntry puts an entry before the others of a list of rules. There is no fix where the text of the list is not
// as usual.
func firstEntry(l *model.RuleList, entry string) []diag.Edit {
	if len(l.Rules) == 0 {
		return nil
	}
	all, first := l.At.Span, l.Rules[0].At.Span
	text := all.Text()
	brace := strings.IndexByte(text, '{')
	if brace < 0 || first.File != all.File || !all.Contains(first) || strings.ContainsAny(text[:brace], "#\"'") {
		return nil
	}
	open := int(all.Start) + brace + 1
	if int(first.Start) < open {
		return nil // the list has no braces of its own
	}
	line := first.File.Line(first.Position().Line)
	before := string(first.File.Text[line.Start:first.Start])
	if strings.Trim(before, blanks) != "" {
		return []diag.Edit{{Span: all.File.Span(open, open), New: " " + entry}}
	}
	end := all.File.Line(all.File.Span(open, open).Position().Line).End
	if rest := strings.Trim(string(all.File.Text[open:end]), blanks); rest != "" && rest[0] != '#' {
		return nil
	}
	gap := "\n" + before
	if windows(all.File, end) {
		gap = "\r" + gap
	}
	return []diag.Edit{{Span: all.File.Span(int(end), int(end)), New: gap + entry}}
}

// rewrite gives a value another text, in the quotes that it has. There is none where a variable is put in, or where the
// text has characters that must be escaped.
func rewrite(at source.Span, text string) []diag.Fix {
	raw := at.Text()
	if raw == "" || undetermined(raw) || strings.ContainsAny(text, `"'\`) {
		return nil
	}
	if q := raw[:1]; q == `"` || q == `'` {
		text = q + text + q
	}
	return []diag.Fix{{Title: "write " + text, Edits: []diag.Edit{{Span: at, New: text}}}}
}
