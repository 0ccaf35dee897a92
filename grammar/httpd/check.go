package httpd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// SectionMismatch is the catalogue's rule for sections that do not open and close as httpd wants it.
const SectionMismatch = "DSP594"

// MaxFindings bounds what Check says of one text.
const MaxFindings = 1000

// Check says what httpd refuses, as an error, and what is surely a mistake though httpd takes it, as a warning, as far as
// one text shows it. Sections that an <IfDefine> or the like may pass over count as if they were read: httpd holds them to
// their nesting too. What lies in a <Macro>, or in a text that uses one, may be complete only where it is used, and gives
// warnings. The findings are in the order of the text.
func Check(f *File) []diag.Diagnostic { return CheckRead(f, nil) }

// CheckRead is [Check] for who knows what httpd passes over in the text: there only the nesting counts, and other errors
// are warnings.
func CheckRead(f *File, skipped []source.Span) []diag.Diagnostic {
	c := checker{f: f, text: f.Src.Text, skipped: skipped}
	if c.link() {
		return c.found
	}
	c.whole()
	c.uses = slices.ContainsFunc(f.Items, isUse)
	c.items(f.Items, within{})
	ds := diag.Sort(c.found)
	if len(ds) > MaxFindings {
		ds = ds[:MaxFindings]
	}
	return ds
}

type checker struct {
	f       *File
	text    []byte
	found   []diag.Diagnostic
	uses    bool // a macro is used here: what opens and closes sections may lie in it
	skipped []source.Span
	fancy   bool // the text has typographic quotes or no-break spaces
}

// unless gives the severity of an error that counts only where httpd reads.
func (c *checker) unless(at source.Span, severity diag.Severity) diag.Severity {
	for _, s := range c.skipped {
		if s.Contains(at) {
			return min(severity, diag.Warning)
		}
	}
	return severity
}

// within is what items lie in.
type within struct {
	outer     *Section // the innermost section around that is closed, of those that are read as one with it
	condition bool     // all sections around are unclosed, and one is a condition
	macro     bool
}

func isUse(it Item) bool {
	switch it := it.(type) {
	case *Directive:
		return strings.EqualFold(it.Name.Text(), "Use")
	case *Section:
		return slices.ContainsFunc(it.Items, isUse)
	}
	return false
}

// conditions are the sections that are decided while httpd reads.
var conditions = [...]string{"ifdefine", "ifmodule", "iffile", "ifversion"}

// IsCondition reports whether a section of this name is decided while httpd reads: IfDefine, IfModule, IfFile, IfVersion.
func IsCondition(name string) bool {
	for _, c := range conditions {
		if strings.EqualFold(name, c) {
			return true
		}
	}
	return false
}

const notStarting = "httpd does not start"

func (c *checker) say(rule string, severity diag.Severity, at source.Span, hint, format string, args ...any) *diag.Diagnostic {
	c.found = append(c.found, diag.Diagnostic{Rule: rule, Severity: severity, Span: at, Hint: hint, Message: fmt.Sprintf(format, args...)})
	d := &c.found[len(c.found)-1]
	if severity == diag.Error {
		d.Why = notStarting
	}
	return d
}

// link finds the text that a checkout leaves where a symbolic link was.
func (c *checker) link() bool {
	to, ok := LinkText(c.text)
	if !ok || len(c.f.Items) == 0 {
		return false
	}
	at := c.f.Items[0].Span()
	c.say("DSP116", diag.Error, at, "make it a symbolic link again: git config core.symlinks true, then check it out anew",
		"file is the text of a symbolic link to %s", to)
	return true
}

// LinkText returns where a text leads that stands where a symbolic link was: one line that is a relative path upward, as
// git writes it where links are switched off.
func LinkText(text []byte) (string, bool) {
	if len(text) > 4096 || !bytes.HasPrefix(text, []byte("../")) {
		return "", false
	}
	line := strings.TrimRight(string(text), " \t\r\n")
	if strings.ContainsAny(line, " \t\r\n\x00") {
		return "", false
	}
	return line, true
}

// whole says what is wrong with the text as a whole.
func (c *checker) whole() {
	src := c.f.Src
	if c.f.BOM {
		d := c.say("DSP024", diag.Error, src.Span(0, len(bom)), "save the file as UTF-8 without a byte order mark",
			"text starts with a byte order mark: httpd takes it for part of the first line")
		d.Fixes = []diag.Fix{{Title: "remove the byte order mark", Edits: []diag.Edit{{Span: src.Span(0, len(bom))}}}}
	}
	if i := bytes.IndexByte(c.text, '\r'); i >= 0 && bytes.IndexByte(c.text, '\n') < 0 && i < len(c.text)-1 {
		c.say("DSP024", diag.Warning, src.Span(i, i+1), "save the file with line feeds", "lines end in a carriage return alone: httpd reads the text as one line")
	}
	if !c.f.TooDeep.IsZero() {
		c.say(SectionMismatch, diag.Warning, c.f.TooDeep, "", "sections lie more than %d deep in each other: those below are not told apart", MaxDepth)
	}
	c.fancy = bytes.Contains(c.text, []byte("\xe2\x80")) || bytes.Contains(c.text, []byte("\xc2\xa0"))
}

func (c *checker) items(items []Item, in within) {
	for _, it := range items {
		switch it := it.(type) {
		case *Comment:
			c.comment(it)
		case *Directive:
			c.line(&it.Line)
			c.directive(it)
		case *Section:
			c.line(&it.Line)
			c.section(it, in)
		case *Stray:
			c.stray(it, in)
		}
		if len(c.found) > 2*MaxFindings {
			return
		}
	}
}

// comment finds a comment that swallows the line behind it, and a line that httpd does not see.
func (c *checker) comment(it *Comment) {
	text := c.text[it.At.Start:it.At.End]
	if text[0] != '#' {
		if i := bytes.IndexByte(text, 0); i >= 0 {
			c.zero(it.At, i)
		}
		return
	}
	for i := 0; ; {
		n := bytes.IndexByte(text[i:], '\n')
		if n < 0 {
			return
		}
		i += n + 1
		rest := text[skip(text, i):]
		if len(rest) == 0 || rest[0] == '#' || rest[0] == '\\' {
			continue
		}
		start := int(it.At.Start) + len(text) - len(rest)
		end := len(rest)
		if n := bytes.IndexByte(rest, '\n'); n >= 0 {
			end = n
		}
		for end > 0 && isBlank(rest[end-1]) {
			end--
		}
		c.say("DSP024", diag.Warning, c.f.Src.Span(start, start+end), "remove the backslash at the end of the line above",
			"line is part of the comment above it, which ends in a backslash").Why = "httpd does not read the line"
		return
	}
}

func (c *checker) zero(at source.Span, i int) {
	c.say("DSP024", diag.Warning, c.f.Src.Span(int(at.Start)+i, int(at.Start)+i+1), "remove it", "line has a zero byte").Why =
		"httpd does not see what follows it on the line"
}

// line says what may be wrong with the characters of any line.
func (c *checker) line(l *Line) {
	text := c.text[l.At.Start:l.At.End]
	if i := bytes.IndexByte(text, 0); i >= 0 {
		c.zero(l.At, i)
		return
	}
	if len(text) > MaxLine {
		c.say(SectionMismatch, diag.Error, l.Name, "", "line is longer than %d bytes", MaxLine)
		return
	}
	if n := len(text); text[n-1] == '\\' && int(l.At.End) < len(c.text) && c.text[l.At.End] != '\n' {
		if end := l.At.End; c.text[end] != '\r' || int(end)+1 >= len(c.text) || c.text[end+1] != '\n' {
			c.say("DSP024", diag.Warning, c.f.Src.Span(int(end)-1, int(end)+1), "remove the blanks behind the backslash, or the backslash",
				"backslash at the end of the line has blanks behind it").Why = "the next line is not joined with this one"
		}
	}
	c.variable(l.At, text)
	if c.fancy {
		c.typography(l, text)
	}
}

// variable finds a ${ that nothing closes on its line.
func (c *checker) variable(at source.Span, text []byte) {
	i := bytes.LastIndex(text, []byte("${"))
	if i < 0 || bytes.IndexByte(text[i:], '}') >= 0 {
		return
	}
	end := i + 2
	for end < len(text) && (text[end] == '_' || isLetter(text[end]) || end > i+2 && '0' <= text[end] && text[end] <= '9') {
		end++
	}
	if end == i+2 {
		return // a regular expression that ends in $ before a {
	}
	c.say("DSP121", diag.Warning, c.f.Src.Span(int(at.Start)+i, int(at.Start)+end), "close it with }", "variable %s has no closing brace", text[i:end]).Why =
		"httpd leaves the text as it is"
}

func isLetter(b byte) bool { return 'a' <= lower(b) && lower(b) <= 'z' }

// typography finds quotes that are none to httpd, and no-break spaces outside quotes.
func (c *checker) typography(l *Line, text []byte) {
	var quote byte
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case quote != 0:
			if b == '\\' {
				i++
			} else if b == quote {
				quote = 0
			}
			continue
		case (b == '"' || b == '\'') && (i == 0 || isBlank(text[i-1])):
			quote = b
			continue
		}
		at := func(n int) source.Span { return c.f.Src.Span(int(l.At.Start)+i, int(l.At.Start)+i+n) }
		switch rest := text[i:]; {
		case bytes.HasPrefix(rest, []byte("\u00a0")):
			d := c.say("DSP024", diag.Warning, at(2), "type a usual space", "no-break space separates nothing")
			d.Fixes = []diag.Fix{{Title: "write a space", Edits: []diag.Edit{{Span: at(2), New: " "}}}}
			return
		case (i == 0 || isBlank(text[i-1])) && (bytes.HasPrefix(rest, []byte("\u201c")) || bytes.HasPrefix(rest, []byte("\u2018")) || bytes.HasPrefix(rest, []byte("\u201d"))):
			c.say("DSP024", diag.Warning, at(3), "type \"", "typographic quote %s does not quote", rest[:3])
			return
		}
	}
}

func (c *checker) directive(d *Directive) {
	name := c.text[d.Name.Start:d.Name.End]
	switch {
	case sameName(name, []byte("$include")):
		c.say("DSP110", c.unless(d.Name, diag.Error), d.Name, "write Include conf.d/…, relative to ServerRoot", "$include belongs in .any files")
	case sameName(name, []byte("ErrorDocument")):
		// A text that starts with a quote and never ends is how it was written in the days of httpd 1.3.
	default:
		c.quotes(d, sameName(name, []byte("RewriteRule")) || sameName(name, []byte("RewriteCond")))
	}
}

// quotes finds an argument whose quote is not closed. mod_rewrite knows no escape for a quote.
func (c *checker) quotes(d *Directive, rewrite bool) {
	if d.Args.IsZero() {
		return
	}
	args := c.text[d.Args.Start:d.Args.End]
	if bytes.IndexByte(args, '"') < 0 && bytes.IndexByte(args, '\'') < 0 {
		return
	}
	for i := skip(args, 0); i < len(args); i = skip(args, i) {
		q := args[i]
		if q != '"' && q != '\'' {
			for i < len(args) && !isBlank(args[i]) {
				if rewrite && args[i] == '\\' && i+1 < len(args) && isBlank(args[i+1]) {
					i++
				}
				i++
			}
			continue
		}
		start := i
		for i++; i < len(args) && args[i] != q; i++ {
			if args[i] == '\\' && i+1 < len(args) && !rewrite && (args[i+1] == q || args[i+1] == '\\') {
				i++
			}
		}
		if i >= len(args) {
			at := int(d.Args.Start) + start
			rule, hint := "DSP001", ""
			if rewrite {
				rule, hint = "DSP694", "quotes cannot be escaped in a quoted argument of "+d.Name.Text()
			}
			c.say(rule, diag.Warning, c.f.Src.Span(at, at+1), hint, "argument starts with %c and is not closed", q).Why =
				"httpd takes the rest of the line for this argument"
			return
		}
		i++
	}
}

func (c *checker) section(s *Section, in within) {
	name := s.Name.Text()
	severity := diag.Error
	if in.macro || c.uses {
		severity = diag.Warning
	}
	switch {
	case s.Name.Len() == 0:
		c.say(SectionMismatch, c.unless(s.At, severity), s.At, "write the name right behind the <", "section has no name")
	case !s.Bracket && !s.Args.IsZero():
		c.say(SectionMismatch, c.unless(s.At, severity), s.At, "end the line with >", "section <%s> has no closing bracket", name)
	case !s.After.IsZero() && !strings.EqualFold(name, "IfVersion"):
		c.say(SectionMismatch, diag.Warning, s.After, "remove it, or put a # on a line of its own in front of it",
			"text behind the bracket of <%s> is passed over", name)
	}
	c.close(s, in, name, severity)
	inner := within{macro: in.macro || strings.EqualFold(name, "Macro"), outer: s}
	if s.Close.IsZero() {
		inner.outer = in.outer
		inner.condition = in.outer == nil && (in.condition || IsCondition(name))
	}
	c.items(s.Items, inner)
}

// close says what is wrong with how a section ends.
func (c *checker) close(s *Section, in within, name string, severity diag.Severity) {
	if !s.Close.IsZero() {
		closeName := s.CloseName.Text()
		switch {
		case !sameName(c.text[s.Name.Start:s.Name.End], c.text[s.CloseName.Start:s.CloseName.End]):
			d := c.say(SectionMismatch, severity, s.Close, "write </"+name+">", "section <%s> is closed by </%s>", name, closeName)
			d.Related = []diag.Related{{Span: s.At, Message: "opened here"}}
			d.Fixes = []diag.Fix{{Title: "write </" + name + ">", Edits: []diag.Edit{{Span: s.CloseName, New: name}}}}
		case !s.CloseBracket:
			c.say(SectionMismatch, severity, s.Close, "write </"+closeName+">", "closing line </%s has no > right behind the name", closeName)
		case !s.CloseAfter.IsZero():
			c.say(SectionMismatch, diag.Warning, s.CloseAfter, "remove it", "text behind </%s> is no comment", closeName).Why =
				"httpd passes over it, and does not start where the section is an <IfDefine> or the like that holds"
		}
		return
	}
	if c.f.TooDeep == s.At {
		return
	}
	if in.outer == nil && (in.condition || IsCondition(name)) {
		severity = diag.Warning
	}
	d := c.say(SectionMismatch, severity, s.At, "add </"+name+"> in the same file", "section <%s> is not closed", name)
	switch {
	case in.outer != nil && !in.outer.Close.IsZero():
		d.Related = []diag.Related{{Span: in.outer.Close, Message: "this closes the section around it"}}
	case severity == diag.Warning && !in.macro && !c.uses:
		d.Why = "httpd takes the end of the file for the end of the condition where it holds, and does not start where it does not"
	}
}

func (c *checker) stray(s *Stray, in within) {
	if !c.f.TooDeep.IsZero() {
		return
	}
	severity := diag.Error
	if in.macro || c.uses {
		severity = diag.Warning
	}
	c.say(SectionMismatch, severity, s.At, "remove it, or add the line that opens the section", "closing line </%s> closes no section", s.Name.Text())
}
