package model

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Fprint writes a configuration as .any text: what is in effect and nothing else, in the order of [Schema],
// rules, farms and strings in their own. Decoding the result gives the same configuration at other places.
func Fprint(w io.Writer, c *Config) error { return Printer{}.Fprint(w, c) }

// A Printer writes configurations as .any text. The zero Printer is [Fprint]'s.
type Printer struct {
	// Defaults adds what holds although it is not written.
	Defaults bool
	// Places adds, as comments, where each line comes from.
	Places bool
	// Unread adds, as comments, what stands in the text and is not read.
	Unread bool
}

// Fprint writes a configuration. The error is that of w.
func (p Printer) Fprint(w io.Writer, c *Config) error {
	out := printing{Printer: p, w: bufio.NewWriter(w)}
	if len(c.Wrapped) > 0 {
		out.line("# completed with " + strings.Join(c.Wrapped, ", "))
	}
	out.properties(&topSection, c)
	return out.w.Flush()
}

type printing struct {
	Printer
	w     *bufio.Writer
	depth int
}

func (p *printing) line(text string) {
	for range p.depth {
		p.w.WriteByte('\t')
	}
	p.w.WriteString(text)
	p.w.WriteByte('\n')
}

// note is the comment on a line: where it comes from, the zero Place standing for nowhere.
func (p *printing) note(at Place, set bool) string {
	switch {
	case !set:
		return " # default"
	case !p.Places || at.Span.IsZero():
		return ""
	}
	pos := at.Span.Position()
	return fmt.Sprintf(" # %s:%d", at.Span.File.Name, pos.Line)
}

func (p *printing) properties(s *section, h holder) {
	for i := range s.props {
		p.property(&s.props[i], h)
	}
	p.unread(*h.unread())
}

func (p *printing) property(pr *property, h holder) {
	if text, at, set := written(pr, h); text != "" {
		if set || p.Defaults {
			p.line("/" + pr.name + " " + text + p.note(at, set))
		}
		return
	}
	f, ok := pr.at(owner(h)).(opener)
	if !ok {
		return
	}
	target, at := f.current()
	if target == nil {
		return
	}
	p.line("/" + pr.name + " {" + p.note(at, true))
	p.depth++
	switch t := target.(type) {
	case *List:
		for _, v := range t.Values {
			p.line(quote(v.Text, '"') + p.note(v.At, true))
		}
		p.unread(t.Unknown)
	case hostsField:
		for _, v := range t.VirtualHosts {
			p.line(quote(v.Text, '"') + p.note(v.At, true))
		}
	case entryList:
		for e := range t.all() {
			p.entry(pr.sec.entry, e)
		}
		if pr.name != "farms" && pr.name != "renders" && pr.name != "categories" { // those have no list of their own
			p.unread(*t.unread())
		}
	default:
		p.properties(pr.sec, target)
	}
	p.depth--
	p.line("}")
}

// entry prints a labelled block: a rule or category on one line.
func (p *printing) entry(s *section, e entry) {
	head := "{"
	if l := e.labelText(); l != "" {
		head = "/" + l + " {"
	}
	if s.choice || s == &filterRule || s == &globRule || s == &categorySection {
		var b strings.Builder
		b.WriteString(head)
		for i := range s.props {
			if text, _, set := written(&s.props[i], e); set {
				b.WriteString(" /" + s.props[i].name + " " + text)
			}
		}
		b.WriteString(" }" + p.note(*e.place(), true))
		p.line(b.String())
		p.depth++
		p.unread(*e.unread())
		p.depth--
		return
	}
	p.line(head + p.note(*e.place(), true))
	p.depth++
	p.properties(s, e)
	p.depth--
	p.line("}")
}

func (p *printing) unread(list []Unknown) {
	if !p.Unread {
		return
	}
	for _, u := range list {
		name := "a block or value without a name"
		if u.Name != "" {
			name = "/" + u.Name
		}
		at := ""
		if p.Places && !u.At.Span.IsZero() {
			at = fmt.Sprintf(" at %s:%d", u.At.Span.File.Name, u.At.Span.Position().Line)
		}
		p.line(fmt.Sprintf("# not read: %s%s (%s)", name, at, u.Cause))
	}
}

// written returns the text of a value, "" for a property that is none, and whether it is written or the
// default.
func written(pr *property, h holder) (text string, at Place, set bool) {
	switch f := pr.at(owner(h)).(type) {
	case *Setting[string]:
		if !f.Set && pr.def == "" {
			return "", Place{}, false
		}
		return quote(either(f.Set, f.Text, f.Value), '"'), f.At, f.Set
	case *Setting[int]:
		return quote(either(f.Set, f.Text, strconv.Itoa(f.Value)), '"'), f.At, f.Set
	case *Setting[uint32]:
		return quote(either(f.Set, f.Text, fmt.Sprintf("%04o", f.Value)), '"'), f.At, f.Set
	case *Setting[bool]:
		return quote(either(f.Set, f.Text, map[bool]string{true: "1", false: "0"}[f.Value]), '"'), f.At, f.Set
	case **Pattern:
		if *f == nil {
			return "", Place{}, false
		}
		return quote((*f).Text(), (*f).Quote), (*f).At, true
	}
	return "", Place{}, false
}

func either(set bool, text, def string) string {
	if set {
		return text
	}
	return def
}

// quote writes a text so that it is read as it is. A backslash is doubled only where it would be taken for
// the start of an escape.
func quote(text string, q byte) string {
	if q == 0 {
		q = '"'
	}
	var b strings.Builder
	b.Grow(len(text) + 2)
	b.WriteByte(q)
	for i := range len(text) {
		c := text[i]
		switch {
		case c == q:
			b.WriteByte('\\')
		case c == '\\' && (i+1 == len(text) || strings.IndexByte(`\"'`, text[i+1]) >= 0):
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	b.WriteByte(q)
	return b.String()
}
