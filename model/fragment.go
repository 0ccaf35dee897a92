package model

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/grammar"
)

// top reads the items of a whole text, or of a part of one.
func (d *decoder) top(c *Config, items []grammar.Item) {
	setDefaults(&topSection, c)
	farms, included := false, false
	var own, rest []grammar.Item // of the top level, and what is left where there are no /farms
	for _, it := range items {
		if !present(it) {
			continue
		}
		own, rest = d.sortTop(own, rest, it)
		switch it := it.(type) {
		case *grammar.Property:
			farms = farms || d.label(it) == "farms"
		case *grammar.IncludeItem:
			included = true
		}
	}
	if farms {
		d.properties(&topSection, c, items, Place{})
		d.topNameless(items)
		d.noFarms(c, items)
		return
	}
	d.properties(&topSection, c, own, Place{})
	for len(rest) > 0 && isStray(rest[len(rest)-1]) {
		rest = rest[:len(rest)-1]
	}
	if len(rest) == 0 {
		if !d.fragment && !included {
			d.sayNoFarms(start(items))
		}
		return
	}
	s, ok := d.classify(rest)
	if !ok {
		if meant := d.unclassified(c, rest); !meant && !d.fragment && !included {
			d.sayNoFarms(start(rest))
		}
		return
	}
	if !d.fragment {
		d.outside(s, rest)
	}
	d.wrap(c, s, rest)
}

// sortTop puts an item with those that belong to the top level in any case, or with the rest.
func (d *decoder) sortTop(own, rest []grammar.Item, it grammar.Item) (_, _ []grammar.Item) {
	switch it := it.(type) {
	case *grammar.Property:
		if i := topSection.find(d.label(it)); i >= 0 && topSection.props[i].kind == KindValue && it.Block == nil {
			return append(own, it), rest
		}
	case *grammar.Stray:
		if len(rest) == 0 {
			return own, rest
		}
		// Kept: it parts a name from a block that follows, see completed.
	case *grammar.IncludeItem:
		return own, rest
	}
	return own, append(rest, it)
}

func isStray(it grammar.Item) bool {
	_, ok := it.(*grammar.Stray)
	return ok
}

// topNameless reports strings and blocks without a name beside /farms. grammar.Check has said so of those
// in the same file.
func (d *decoder) topNameless(items []grammar.Item) {
	for _, it := range items {
		if v, ok := it.(*grammar.Value); ok && present(it) && v.Quote != 0 && !v.Broken && v.Origin() != nil && len(v.Origin().Included) > 0 {
			d.say("DSP030", it, v.At, "does the $include belong in a section?", "string %s stands at the top level", clip(v.Raw()))
			return
		}
	}
}

// noFarms reports /farms that hold none.
func (d *decoder) noFarms(c *Config, items []grammar.Item) {
	if len(c.Farms) > 0 || c.FarmsAt.Span.IsZero() {
		return // or /farms without braces, which is reported
	}
	for _, it := range items {
		p, ok := it.(*grammar.Property)
		if !ok || p == nil || d.label(p) != "farms" || p.Block == nil {
			continue
		}
		for _, in := range p.Block.Items {
			switch in.(type) {
			case *grammar.IncludeItem, *grammar.Property, *grammar.Value:
				return // not known, or reported
			}
		}
		d.sayNoFarms(Place{p.Name, placeOf(p).Included})
		return
	}
}

func (d *decoder) sayNoFarms(at Place) {
	d.sayAt("DSP034", at, "add one: /farms { /publish { … } }, or $include one", "configuration has no farms")
}

// wrap reads the items as the part of a configuration that they are.
func (d *decoder) wrap(c *Config, s shape, items []grammar.Item) {
	c.Wrapped = s.words()
	at := cover(items)
	head := at
	head.Span.End = head.Span.Start
	if p, ok := items[0].(*grammar.Property); ok {
		head.Span = p.Name
	}
	d.enter(&farmsSection, "farms")
	defer func() { d.path = d.path[:0] }()
	if s.farms {
		d.entries(&farmsSection, farmsField{c}, items)
		return
	}
	farm := &Farm{Name: fragmentName, At: at}
	c.Farms = []*Farm{farm}
	d.enter(&farmSection, fragmentName)
	if len(s.path) == 0 {
		d.properties(&farmSection, farm, items, Place{})
		return
	}
	setDefaults(&farmSection, farm)
	sec, h := &farmSection, holder(farm)
	for i, name := range s.path {
		p := &sec.props[sec.find(name)]
		target, _ := p.at(owner(h)).(opener).open(at)
		sec, h = p.sec, target
		d.enter(sec, name)
		if i+1 < len(s.path) {
			setDefaults(sec, h)
		}
	}
	if !s.one {
		d.contents(sec, h, items, Place{}) // no head: a part need not have all that the whole must
		return
	}
	if sec == &rendersSection {
		head = Place{}
	}
	t := h.(entryList).add(d)
	*t.place() = at
	d.enter(sec.entry, "")
	d.properties(sec.entry, t, items, head)
	finish(t)
}

// outside reports, in a whole configuration, what should stand inside /farms.
func (d *decoder) outside(s shape, items []grammar.Item) {
	at := placeOf(items[0])
	if p, ok := items[0].(*grammar.Property); ok {
		at.Span = p.Name
	}
	what := a(s.sec().name)
	switch sec := s.sec(); {
	case s.farms:
		what = "farms"
	case sec.entry != nil:
		what = "entries of " + "/" + strings.Join(s.path, "/")
	case sec.typ != 0:
		what = "strings of " + "/" + strings.Join(s.path, "/")
	case !s.one && len(s.path) > 0, len(s.path) == 0:
		what = "properties of " + a(sec.name)
	}
	inside := append([]string{"/farms"}, "/publish")
	if s.farms {
		inside = inside[:1]
	}
	for _, name := range s.path {
		inside = append(inside, "/"+name)
	}
	stand := "stand"
	if s.one {
		inside = append(inside, "/0001")
		stand = "stands"
	}
	hint := fmt.Sprintf("write %s { … %saround it", strings.Join(inside, " { "), strings.Repeat("} ", len(inside)))
	d.sayAt("DSP030", at, hint, "%s %s at the top level", what, stand)
}

// unclassified keeps items that are no part of a configuration. It reports whether one of them is meant to be
// /farms.
func (d *decoder) unclassified(c *Config, items []grammar.Item) (farms bool) {
	for i := 0; i < len(items); i++ {
		switch it := items[i].(type) {
		case *grammar.Property:
			p, more := completed(it, items[i+1:])
			if more {
				i++
			}
			name := d.label(p)
			d.beside = 0
			d.stranger(&topSection, c, p, name, &section{})
			if n := topSection.near(name); n >= 0 && topSection.props[n].name == "farms" {
				farms = true
			}
		case *grammar.Stray: // grammar.Check says so
		default:
			d.keep(c, it, "", NoName)
		}
	}
	return farms
}

// start is the start of the text that the items are from.
func start(items []grammar.Item) Place {
	for _, it := range items {
		if present(it) && sound(it.Span()) {
			return Place{Span: it.Span().File.Span(0, 0)}
		}
	}
	return Place{}
}
