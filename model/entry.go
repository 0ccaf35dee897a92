package model

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// maxNesting bounds the pairs of braces too many that are looked through, around entries and around strings.
const maxNesting = 4

// entries reads a section of labelled blocks: farms, renders, rules, categories.
func (d *decoder) entries(s *section, l entryList, items []grammar.Item) {
	e := entryReader{decoder: d, s: s, l: l}
	e.read(items, 0)
	e.loose()
	e.duplicates()
	d.closed = s
}

// An entryReader reads one section of labelled blocks.
type entryReader struct {
	*decoder
	s *section
	l entryList

	labels []label
	bare   []*grammar.Property // properties of an entry that stand in the section without label and braces
	first  entry               // the one entry that the bare properties of /renders make
}

type label struct {
	name string
	it   *grammar.Property
}

func (e *entryReader) read(items []grammar.Item, depth int) {
	for i := 0; i < len(items); i++ {
		if !present(items[i]) {
			continue
		}
		switch it := items[i].(type) {
		case *grammar.Property:
			p, more := completed(it, items[i+1:])
			if more {
				i++
			}
			e.property(p, depth)
		case *grammar.Block:
			if e.wraps(it.Items, depth) {
				e.say("DSP029", it, it.Open, "remove this pair of braces", "%ss stand one pair of braces too deep in %s", e.s.label, e.where())
				e.read(it.Items, depth+1)
				continue
			}
			if e.foreign(it, it.Open, "", it.Items) {
				continue
			}
			e.entry("", source.Span{}, placeOf(it), it.Items, Place{it.Open, placeOf(it).Included})
		case *grammar.Value:
			e.keep(e.l, it, "", NoName)
			if e.s == &authHeadersSection { // grammar.Check says so of all others, and takes this for a list
				e.say("DSP009", it, it.At, `write a rule: /0001 { /type "allow" /glob "Set-Cookie:*" }`, "string %s has no name %s", clip(it.Raw()), e.in())
			}
		}
	}
}

func (e *entryReader) property(it *grammar.Property, depth int) {
	name := e.label(it)
	switch {
	case it.Value == nil && it.Block == nil:
		e.keep(e.l, it, name, NoValue) // grammar.Check says so
		return
	case it.Value != nil:
		e.scalar(it, name)
		return
	}
	items := it.Block.Items
	place := placeOf(it)
	if e.wraps(items, depth) {
		own := name == e.path[len(e.path)-1].name
		if !own && e.elsewhere(it, name) {
			return
		}
		if own {
			e.say("DSP029", it, it.Name, "does an included file bring a section of its own?", "section /%s stands inside %s", clip(name), e.where())
		} else {
			e.say("DSP029", it, it.Name, "remove the name and its pair of braces", "%ss stand one pair of braces too deep, in /%s of %s", e.s.label, clip(name), e.where())
		}
		e.read(items, depth+1)
		return
	}
	if e.reserved(it, name) || e.foreign(it, it.Name, name, items) {
		return
	}
	if name != "" {
		e.labels = append(e.labels, label{name, it})
	}
	e.entry(name, it.Name, place, items, Place{it.Name, place.Included})
}

// entry reads one labelled block.
func (e *entryReader) entry(name string, nameAt source.Span, place Place, items []grammar.Item, head Place) {
	t := e.l.add(e.decoder)
	t.name(name, nameAt)
	*t.place() = place
	e.enter(e.s.entry, name)
	e.properties(e.s.entry, t, items, head)
	e.leave()
	finish(t)
}

// finish works out what depends on several properties of an entry.
func finish(t entry) {
	switch t := t.(type) {
	case *Rule:
		t.Allow = t.Type.Value == "allow"
	case *Render:
		if t.Secure.Value && (!t.Port.Set || t.Port.Text == "") {
			t.Port.Value = 443
		}
	}
}

// wraps reports whether a block holds entries in place of an entry's properties: a pair of braces too many.
func (e *entryReader) wraps(items []grammar.Item, depth int) bool {
	if depth >= maxNesting {
		return false
	}
	entries, others := 0, 0
	for _, it := range items {
		if !present(it) {
			continue
		}
		var inner []grammar.Item
		switch it := it.(type) {
		case *grammar.Property:
			if it.Value != nil || e.s.entry.find(e.label(it)) >= 0 {
				return false
			}
			if it.Block == nil {
				continue
			}
			inner = it.Block.Items
		case *grammar.Block:
			inner = it.Items
		default:
			continue
		}
		switch hits, misses := e.fit(e.s.entry, inner); {
		case hits > misses, misses > 0 && e.wraps(inner, depth+1):
			entries++
		case hits < misses:
			others++
		}
	}
	return entries > others
}

// reserved deals with a label that is the name of a property or section. It reports true where the block is
// that section, standing in the wrong place.
func (e *entryReader) reserved(it *grammar.Property, name string) bool {
	of := spotsOf(name)
	if len(of) == 0 {
		return false
	}
	if e.elsewhere(it, name) {
		return true
	}
	section := slices.ContainsFunc(of, func(sp spot) bool { return sp.prop.sec != nil })
	if hits, misses := e.fit(e.s.entry, it.Block.Items); e.s == &farmsSection && !section && hits > misses {
		return false // Adobe's page on SSL calls a farm /secure
	}
	e.say("DSP023", it, it.Name, "give it another label, or is a brace missing before it?", "label /%s in %s is also the name of a property", name, e.where())
	return false
}

// elsewhere deals with a block that has the name of a section and holds what that section does: the section itself,
// standing in the wrong place. It reports whether it is one.
func (e *entryReader) elsewhere(it *grammar.Property, name string) bool {
	of := spotsOf(name)
	if len(of) == 0 {
		return false
	}
	hits, misses := e.fit(e.s.entry, it.Block.Items)
	for _, sp := range of {
		if sp.prop.sec == nil {
			continue
		}
		if h, m := e.fit(sp.prop.sec, it.Block.Items); h-m > hits-misses || h-m == hits-misses && h > 0 && sp.prop.kind == KindSection {
			e.say("DSP029", it, it.Name, "is a closing brace missing above it?", "section /%s stands %s, but belongs %s", name, e.in(), e.home(of))
			e.keep(e.l, it, name, Misplaced)
			return true
		}
	}
	return false
}

// foreign deals with an entry none of whose properties is one of this section's, if they are those of
// another's: a render among the rules of a filter.
func (e *entryReader) foreign(it grammar.Item, at source.Span, name string, items []grammar.Item) bool {
	for _, in := range first(items, 0) {
		switch in := in.(type) {
		case *grammar.Property:
			if in == nil || e.s.entry.find(e.label(in)) >= 0 {
				return false
			}
		case *grammar.IncludeItem:
			return false
		}
	}
	list, owner := e.listFor(items)
	if list == nil || list == e.s {
		return false
	}
	what := list.label
	if name != "" {
		what += " /" + clip(name)
	}
	e.say("DSP029", it, at, "is this the file that should be included here?", "%s stands %s, but belongs in /%s", what, e.in(), owner)
	e.keep(e.l, it, name, Misplaced)
	return true
}

// spotsOf is spots for a label, which most often is a number.
func spotsOf(name string) []spot {
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return nil
	}
	return spots()[name]
}

// scalar deals with a value where a labelled block belongs.
func (e *entryReader) scalar(it *grammar.Property, name string) {
	switch {
	case e.s.entry.find(name) >= 0:
		e.bare = append(e.bare, it)
		if e.s != &rendersSection {
			e.keep(e.l, it, name, Misplaced)
			return
		}
		if e.first == nil { // keep its place among the others
			e.first = e.l.add(e.decoder)
		}
	case name == "", e.noName(it, name):
		e.keep(e.l, it, name, NotKnown) // grammar.Check says so
	case e.include(it, name):
		e.keep(e.l, it, name, NotKnown)
	case len(spotsOf(name)) > 0:
		e.say("DSP029", it, it.Name, "is a closing brace missing before it, or one too many?",
			"property /%s stands %s, but belongs %s", name, e.in(), e.home(spots()[name]))
		e.keep(e.l, it, name, Misplaced)
	default:
		e.say("DSP008", it, it.Name, fmt.Sprintf("write /%s { … }", clip(name)), "%s /%s in %s is a value; it takes a block of properties", e.s.label, clip(name), e.where())
		e.keep(e.l, it, name, WrongKind)
	}
}

// loose deals with properties of an entry that stand in the section itself. In /renders they make one render
// without a name, as in an example of Adobe's dispatcher-configuration.md; elsewhere nothing says so.
func (e *entryReader) loose() {
	if len(e.bare) == 0 {
		return
	}
	first, last := e.bare[0], e.bare[len(e.bare)-1]
	name := e.label(first)
	if e.s != &rendersSection {
		e.say("DSP029", first, first.Name, fmt.Sprintf("put the properties of each %s into a block with a label: /0001 { … }", e.s.label),
			"property /%s stands in %s, but belongs in %s", name, e.where(), a(e.s.entry.name))
		return
	}
	items := make([]grammar.Item, len(e.bare))
	for i, p := range e.bare {
		items[i] = p
	}
	*e.first.place() = cover(items)
	e.enter(e.s.entry, "")
	e.properties(e.s.entry, e.first, items, Place{first.Name, placeOf(first).Included})
	e.leave()
	finish(e.first)
	dg := e.say("DSP468", first, first.Name, "put the properties of each render into a block with a label: /rend01 { … }", "property /%s stands in %s without a render's label", name, e.where())
	if s, t := first.Span(), last.Span(); len(e.labels) == 0 && s.File == t.File {
		// Not safe: a farm that binds clients to renders has the label in the cookie renderid.
		dg.Fixes = []diag.Fix{{Title: "put them into /rend01 { … }", Edits: []diag.Edit{
			{Span: before(s), New: "/rend01 { "}, {Span: after(t), New: " }"},
		}}}
	}
}

// cover is the place from the first of some items to the last; the zero span where they are of several files.
func cover(items []grammar.Item) Place {
	var p Place
	for _, it := range items {
		if !present(it) {
			continue
		}
		q := placeOf(it)
		switch {
		case p.Span.IsZero():
			p = q
		case p.Span.File != q.Span.File:
			return Place{}
		default:
			p.Span = p.Span.To(q.Span)
		}
	}
	return p
}

// duplicates reports labels that stand in the section more than once. All entries count.
func (e *entryReader) duplicates() {
	if len(e.labels) < 2 {
		return
	}
	seen := make(map[string]*grammar.Property, len(e.labels))
	for _, l := range e.labels {
		first, repeated := seen[l.name]
		if !repeated {
			seen[l.name] = l.it
			continue
		}
		if first.Name == l.it.Name {
			continue // the file is included twice, which package lint reports
		}
		rule := "DSP015"
		if e.s == &farmsSection {
			rule = "DSP400"
		}
		dg := e.say(rule, l.it, l.it.Name, "give it a label of its own", "label /%s is used twice in %s", clip(l.name), e.where())
		dg.Related = []diag.Related{{Span: first.Name, Message: "the first " + e.s.label + " of this label"}}
		if e.s == &rendersSection {
			dg.Severity = diag.Error
			dg.Why = "logs and the cookie renderid name renders by label: they cannot be told apart"
		}
		dg.Fixes = e.relabel(first, l.it, seen)
	}
}

// relabel is a fix that gives one of two entries of one label a number that is free: the later one, unless
// it stands in a file that comes with the product and the other does not.
func (e *entryReader) relabel(first, second *grammar.Property, seen map[string]*grammar.Property) []diag.Fix {
	it := second
	if managed(second) && !managed(first) {
		it = first
	}
	old := e.label(it)
	if e.s == &farmsSection && first.Name.File != second.Name.File {
		// A farm is best called after its file.
		base := path.Base(it.Name.File.Name)
		name := strings.TrimSuffix(base, path.Ext(base))
		if name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == "" && !e.uses(name) {
			return relabelled(it, name, seen, true)
		}
	}
	stem := strings.TrimRight(old, "0123456789")
	digits := old[len(stem):]
	n, _ := strconv.Atoi(digits)
	if len(digits) > 9 {
		return nil
	}
	for range 10000 {
		n++
		name := fmt.Sprintf("%s%0*d", stem, len(digits), n)
		if stem != "" && digits == "" {
			name = fmt.Sprintf("%s-%d", stem, n+1)
		}
		if _, taken := seen[name]; taken || e.uses(name) {
			continue
		}
		return relabelled(it, name, seen, e.s != &rendersSection)
	}
	return nil
}

// relabelled is a fix that gives an entry a label, which is then taken.
func relabelled(it *grammar.Property, name string, seen map[string]*grammar.Property, safe bool) []diag.Fix {
	seen[name] = it
	fixes := rename(it, name)
	fixes[0].Safe = safe
	return fixes
}

func (e *entryReader) uses(name string) bool {
	for _, l := range e.labels {
		if l.name == name {
			return true
		}
	}
	return false
}

// managed reports whether a property stands in a file that the product brings and nobody should change.
func managed(it *grammar.Property) bool {
	if it.Name.File == nil {
		return false
	}
	base := path.Base(it.Name.File.Name)
	return strings.HasPrefix(base, "default_") || strings.HasPrefix(base, "ams_")
}
