package model

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// list reads a section of strings.
func (d *decoder) list(s *section, h holder, items []grammar.Item) {
	l := listReader{decoder: d, s: s, h: h}
	if len(items) > 1 {
		l.seen = make(map[string]source.Span, len(items))
	}
	l.read(items, 0)
}

// oneString reads a section of strings that is given as one value.
func (d *decoder) oneString(s *section, h holder, it grammar.Item, v *grammar.Value) {
	l := listReader{decoder: d, s: s, h: h}
	l.add(it, v)
}

// A listReader reads one section of strings.
type listReader struct {
	*decoder
	s    *section
	h    holder
	seen map[string]source.Span
}

func (l *listReader) read(items []grammar.Item, depth int) {
	var last *grammar.Value // what a value without quotes may touch
	for i := 0; i < len(items); i++ {
		if !present(items[i]) {
			continue
		}
		switch it := items[i].(type) {
		case *grammar.Value:
			if trails(last, it) && !l.version.before("4.3.1") { // DISP-725
				l.keep(l.h, it, "", Trailing) // grammar.Check says so
				continue
			}
			l.add(it, it)
			last = it
		case *grammar.Property:
			p, more := completed(it, items[i+1:])
			if more {
				i++
			}
			l.named(p, depth)
			last = p.Value
		case *grammar.Block: // as in { "${VIRTUALHOST}" }, from Adobe's page on validation and debugging
			if depth >= maxNesting {
				l.keep(l.h, it, "", WrongKind)
				continue
			}
			l.read(it.Items, depth+1)
		}
	}
}

// trails reports whether v is text without quotes right behind the closing quote of the value before it.
func trails(before, v *grammar.Value) bool {
	return before != nil && before.Quote != 0 && v.Quote == 0 && before.At.File == v.At.File && before.At.End == v.At.Start
}

// named reads a string with a label, or a block with one, whose strings count too.
func (l *listReader) named(it *grammar.Property, depth int) {
	name := l.label(it)
	switch {
	case l.include(it, name), name != "" && it.Value != nil && l.noName(it, name):
		l.keep(l.h, it, name, NotKnown)
	case it.Value != nil:
		dg := l.say("DSP010", it, it.Name, "remove the name: a list holds strings alone", "string %s in %s has the name /%s", clip(it.Value.Raw()), l.where(), clip(name))
		if it.Value.At.File == it.Name.File {
			gap := it.Name
			gap.End = it.Value.At.Start
			dg.Fixes = []diag.Fix{{Title: "remove the name", Safe: true, Edits: []diag.Edit{{Span: gap}}}}
		}
		l.add(it, it.Value)
	case it.Block == nil:
		l.keep(l.h, it, name, NoValue) // grammar.Check says so
	case depth < maxNesting && onlyStrings(it.Block.Items):
		l.say("DSP010", it, it.Name, "remove the name and its pair of braces", "strings in %s stand in a block /%s", l.where(), clip(name))
		l.read(it.Block.Items, depth+1)
	default:
		l.block(it, name)
	}
}

// block reports a block of properties where strings belong.
func (l *listReader) block(it *grammar.Property, name string) {
	if of := spotsOf(name); len(of) > 0 && of[0].prop.sec != nil {
		l.say("DSP029", it, it.Name, "is a closing brace missing above it?", "section /%s stands %s, but belongs %s", name, l.in(), l.home(of))
		l.keep(l.h, it, name, Misplaced)
		return
	}
	l.say("DSP008", it, it.Name, "write the strings alone", "/%s in %s is a block; the section takes strings", clip(name), l.where())
	l.keep(l.h, it, name, WrongKind)
}

// onlyStrings reports whether a block holds strings and nothing else.
func onlyStrings(items []grammar.Item) bool {
	found := false
	for _, it := range items {
		if !present(it) {
			continue
		}
		switch it := it.(type) {
		case *grammar.Value:
			found = true
		case *grammar.Block:
			if !onlyStrings(it.Items) {
				return false
			}
			found = true
		case *grammar.IncludeItem, *grammar.Stray:
		default:
			return false
		}
	}
	return found
}

// add takes a string. it is the item that holds it.
func (l *listReader) add(it grammar.Item, v *grammar.Value) {
	text := l.value(v)
	at := placeOf(it)
	if text == "" {
		l.say("DSP021", it, v.At, "write a value, or remove it", "string in %s is empty%s", l.where(), from(v))
	} else {
		l.repeated(it, v, text)
	}
	switch h := l.h.(type) {
	case *List:
		h.Values = append(h.Values, ListValue{Text: text, At: at})
	case hostsField:
		h.VirtualHosts = append(h.VirtualHosts, newVirtualHost(text, at))
	default:
		panic("model: the table calls something a list that is none")
	}
}

// repeated reports a string that stands in the section already.
func (l *listReader) repeated(it grammar.Item, v *grammar.Value, text string) {
	if l.seen == nil {
		return
	}
	key := text
	if l.s.typ == TypeHeader || l.s.typ == TypeHost {
		key = strings.ToLower(text)
	}
	first, ok := l.seen[key]
	if !ok {
		l.seen[key] = v.At
		return
	}
	if first == v.At {
		return // the file is included twice, which package lint reports
	}
	dg := l.say("DSP016", it, v.At, "remove one of them", "string %q stands twice in %s", clip(text), l.where())
	dg.Related = []diag.Related{{Span: first, Message: "the first one"}}
	// Safe where whoever reads this one reads the first one too: a file that brings this one alone may serve other lists.
	dg.Fixes = []diag.Fix{{Title: "remove it", Safe: first.File == v.At.File, Edits: []diag.Edit{removal(placeOf(it).Span)}}}
}
