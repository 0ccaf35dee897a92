package apacheconf

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar/httpd"
)

// A use is a macro whose lines are being read, with those around it.
type use struct {
	macro  string
	around *use
}

// macro reads a <Macro> section: its lines are kept as they are, and mean something only where they are used. Names are
// compared without letter case.
func macro(r *reader, in *input, b *builder, n *Node, l line) ending {
	if !n.Bracket {
		r.mismatch(n, l, "section <"+n.Name+"> has no closing bracket", "end the line with >")
	}
	words, _ := n.Words()
	m := &Macro{At: n.At}
	if len(words) == 0 || words[0].Text == "" {
		r.refuse(httpd.SectionMismatch, n.At, l, "write as <Macro Name $argument>", "section <%s> has no name", n.Name)
	} else {
		m.Name = words[0].Text
		for _, w := range words[1:] {
			r.parameter(m, n, l, w)
		}
	}
	deep := 1
	for {
		x, ok := in.next()
		if !ok {
			if !r.done() {
				r.unclosed(n, l)
			}
			break
		}
		first, _, _ := nextWord(x.text, 0)
		switch {
		case strings.EqualFold(first.Text, "</Macro>"):
			deep--
		case strings.EqualFold(first.Text, "<Macro"):
			deep++
		}
		if deep == 0 {
			n.CloseAt = x.at
			break
		}
		r.grow(len(x.text), x)
		m.lines = append(m.lines, x)
	}
	if m.Name != "" {
		r.tree.Macros[fold(m.Name)] = m
	}
	return ending{}
}

func (r *reader) parameter(m *Macro, n *Node, l line, w Word) {
	switch {
	case w.Text == "":
		r.refuse(httpd.SectionMismatch, n.WordSpan(w), l, "name the argument, as $x", "macro %s has an argument without a name", m.Name)
	case slices.Contains(m.Parameters, w.Text):
		r.refuse(httpd.SectionMismatch, n.WordSpan(w), l, "give each argument its own name", "argument %s of macro %s is named twice", w.Text, m.Name)
	}
	m.Parameters = append(m.Parameters, w.Text)
}

// useAction puts the lines of a macro in front of what is left to read. They are read in the section that Use stands in.
func useAction(r *reader, in *input, _ *builder, n *Node, l line) {
	words, _ := n.Words()
	if len(words) == 0 || words[0].Text == "" {
		r.refuse("DSP592", n.At, l, "write as Use Name value", "Use names no macro")
		return
	}
	name := fold(words[0].Text)
	m := r.tree.Macros[name]
	if m == nil {
		r.refuse("DSP592", n.WordSpan(words[0]), l, "a macro is known from its definition on", "macro %s is not defined here", words[0].Text)
		return
	}
	for u := in.top.use; u != nil; u = u.around {
		if u.macro == name {
			r.refuse("DSP113", n.At, l, "", "macro %s uses itself", m.Name)
			return
		}
	}
	values := words[1:]
	if len(values) != len(m.Parameters) {
		r.find(diag.Diagnostic{
			Rule: argumentCount, Severity: diag.Error, Span: n.At, Included: l.included, Why: "httpd does not start",
			Message: "macro " + m.Name + " is used with " + count(len(values)) + " instead of " + count(len(m.Parameters)),
			Hint:    "put a value with blanks in quotes",
			Related: []diag.Related{{Span: m.At, Message: "defined here"}},
		})
		return
	}
	included := append(slices.Clip(l.included), n.At)
	o := &origin{under: in.top, use: &use{macro: name, around: in.top.use}}
	for _, x := range m.lines {
		x.included = included
		if r.grow(len(x.text), x); r.done() {
			return
		}
		if x = r.substitute(x, m.Parameters, values); r.done() {
			return
		}
		o.macro = append(o.macro, x)
	}
	in.top = o
}

func count(n int) string {
	words := [...]string{"no arguments", "one argument", "two arguments", "three arguments"}
	if n < len(words) {
		return words[n]
	}
	return "more than three arguments"
}

// substitute puts the values in place of the arguments' names: at each place the longest name counts, and values are not
// looked at again. The value of a name that starts with @ is put in quotes.
func (r *reader) substitute(l line, names []string, values []Word) line {
	var starts [256]bool
	for _, name := range names {
		if name != "" {
			starts[name[0]] = true
		}
	}
	c := composer{from: &l}
	done := 0
	for at := 0; at < len(l.text); {
		if !starts[l.text[at]] {
			at++
			continue
		}
		if r.work += len(names); r.work > maxWork {
			r.exceed(l, "macros have too many arguments for lines of this length")
			return l
		}
		best := -1
		for i, name := range names {
			if name != "" && strings.HasPrefix(l.text[at:], name) && (best < 0 || len(name) > len(names[best])) {
				best = i
			}
		}
		if best < 0 {
			at++
			continue
		}
		v := values[best].Text
		if names[best][0] == '@' {
			v = quoted(v)
		}
		c.copy(done, at)
		c.put(at, at+len(names[best]), v)
		at += len(names[best])
		done = at
		if r.grow(len(v), l); c.text.Len() > maxExpanded {
			r.exceed(l, "arguments of a macro make this line longer than %d bytes", maxExpanded)
		}
		if r.done() {
			return l
		}
	}
	if done == 0 && len(c.pieces) == 0 {
		return l
	}
	c.copy(done, len(l.text))
	return c.line()
}

// quoted is a value as one argument.
func quoted(v string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(v) {
		if v[i] == '"' || v[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(v[i])
	}
	b.WriteByte('"')
	return b.String()
}

func undefMacro(r *reader, _ *input, _ *builder, n *Node, l line) {
	words, ok := r.words(n, l, 1, 1)
	if !ok {
		return
	}
	name := fold(words[0].Text)
	if r.tree.Macros[name] == nil {
		r.refuse("DSP592", n.WordSpan(words[0]), l, "", "macro %s is not defined here", words[0].Text)
		return
	}
	delete(r.tree.Macros, name)
}
