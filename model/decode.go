package model

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/source"
)

// Options say how to read a tree. The zero Options read a whole configuration as the newest Dispatcher does.
type Options struct {
	// Fragment says that the tree may be a part of a configuration, which is then completed: see
	// [Config.Wrapped]. Without it such a part is read just the same and reported.
	Fragment bool
	// DispatcherVersion is the version of the module, such as "4.1.9". What came later is not read; single
	// quotes make regular expressions from 4.2.0 on; text that touches a closing quote is a string of its own in a list
	// before 4.3.1, and dropped since. Empty, or a version whose numbers are counted
	// differently as those of AEM as a Cloud Service are, stands for the newest.
	DispatcherVersion string
}

// MaxFindings bounds what Decode reports of one tree.
const MaxFindings = 1000

// Decode makes a configuration of an expanded tree: what $include and ${NAME} stand for is in the items. It
// cannot fail. Whatever stands in the tree is in the configuration, in a field or in an Unknown list, except
// what [grammar.Check] reports of braces, and the findings say what is wrong, one for each mistake. What
// Check reports is not said again. The findings are sorted.
//
// Where Adobe's documents leave open what the module does, Decode takes the reading that the others suggest:
//
//   - The same property twice in a block: the last one counts.
//   - The same section twice in a block: the last one counts and the earlier one is as good as not written,
//     as for a property. Nothing is published; merging them would hide the mistake.
//   - The same label twice: both rules, renders or farms count, in their order.
//   - A section of renders that names /hostname without a label: one render without a name.
//   - A value where a list belongs: a list of that one value.
//   - Labels in a list of strings: the strings count.
//   - Rules in a further pair of braces inside a section of rules: they count, as if the braces were not there.
//   - A section without braces before an $include: the file brings them.
//   - Single quotes around /glob, in any section: a regular expression.
func Decode(items []grammar.Item, o Options) (*Config, []diag.Diagnostic) {
	d := decoder{fragment: o.Fragment, version: parseVersion(o.DispatcherVersion)}
	c := new(Config)
	d.top(c, items)
	return c, diag.Sort(d.found)
}

// A decoder makes one Config.
type decoder struct {
	fragment bool
	version  version
	found    []diag.Diagnostic

	path   []step      // the sections around what is read
	closed *section    // the section of labelled blocks that was read last
	hungry source.Span // the name that was met last, if it had no value
	beside uint64      // the properties that stand in the section at hand, where stranger is asked about it

	file     *source.File // whose text is text
	text     string
	texts    map[*source.File]string // of all files but the one in file
	patterns map[patternKey]compiled
	rules    []Rule // room for the next
	pats     []Pattern
}

// A step is a section on the way down, with the name that stands in the text.
type step struct {
	sec  *section
	name string // without its slash; "" for a block without one
}

func (d *decoder) enter(s *section, name string) { d.path = append(d.path, step{s, name}) }
func (d *decoder) leave()                        { d.path = d.path[:len(d.path)-1] }

// newRule takes a rule from a slab: configurations have hundreds.
func (d *decoder) newRule() *Rule {
	if len(d.rules) == 0 {
		d.rules = make([]Rule, 32)
	}
	r := &d.rules[0]
	d.rules = d.rules[1:]
	return r
}

func (d *decoder) newPattern() *Pattern {
	if len(d.pats) == 0 {
		d.pats = make([]Pattern, 64)
	}
	p := &d.pats[0]
	d.pats = d.pats[1:]
	return p
}

// string returns the text of a span without copying it: substrings of one string for each file.
func (d *decoder) string(s source.Span) string {
	if s.File == nil || s.Start < 0 || s.End < s.Start || int(s.End) > len(s.File.Text) {
		return ""
	}
	if s.File != d.file {
		d.read(s.File)
	}
	return d.text[s.Start:s.End]
}

// read makes f the file at hand.
func (d *decoder) read(f *source.File) {
	if d.file != nil {
		if d.texts == nil {
			d.texts = make(map[*source.File]string)
		}
		d.texts[d.file] = d.text
	}
	text, ok := d.texts[f]
	if !ok {
		text = string(f.Text)
	}
	d.file, d.text = f, text
}

// label returns a property's name without its slash.
func (d *decoder) label(p *grammar.Property) string {
	return strings.TrimPrefix(d.string(p.Name), "/")
}

// value returns what a value stands for.
func (d *decoder) value(v *grammar.Value) string {
	if v.Expanded != nil {
		return v.Expanded.Text
	}
	if !sound(v.At) {
		return ""
	}
	s := d.string(v.Inner())
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return grammar.Unescape(s)
}

// sound reports whether a span lies in its file. Those of a parsed tree do.
func sound(s source.Span) bool {
	return s.File != nil && s.Start >= 0 && s.Start <= s.End && int(s.End) <= len(s.File.Text)
}

// placeOf returns where an item stands: a property whose value or block an included file brings, at its name.
func placeOf(it grammar.Item) Place {
	p := Place{Span: it.Span()}
	if q, ok := it.(*grammar.Property); ok && (q.Value != nil && q.Value.At.File != q.Name.File || q.Block != nil && q.Block.Open.File != q.Name.File) {
		p.Span = q.Name
	}
	if o := it.Origin(); o != nil {
		p.Included = o.Included
	}
	return p
}

// present reports whether an item is one, and not a nil pointer.
func present(it grammar.Item) bool {
	switch it := it.(type) {
	case *grammar.Property:
		return it != nil
	case *grammar.Block:
		return it != nil
	case *grammar.Value:
		return it != nil
	case *grammar.IncludeItem:
		return it != nil
	case *grammar.Stray:
		return it != nil
	}
	return false
}

// completed returns a property together with the block or value that follows it as an item of its own: in
// "/filter $include "f.any"" the included file brings the braces. ok says that there is one.
func completed(p *grammar.Property, rest []grammar.Item) (*grammar.Property, bool) {
	if p.Value != nil || p.Block != nil || len(rest) == 0 || !present(rest[0]) {
		return p, false
	}
	q := *p
	switch next := rest[0].(type) {
	case *grammar.Block:
		if next.Open.File == p.Name.File {
			return p, false // something stands between them, or they would be one
		}
		q.Block = next
	case *grammar.Value:
		if next.At.File == p.Name.File {
			return p, false // a value on a line of its own, after something that is no value
		}
		q.Value = next
	default:
		return p, false
	}
	return &q, true
}

// contents reads what stands between a section's braces.
func (d *decoder) contents(s *section, h holder, items []grammar.Item, head Place) {
	switch {
	case s.typ != 0:
		d.list(s, h, items)
	case s.entry != nil:
		d.entries(s, h.(entryList), items)
	default:
		d.properties(s, h, items, head)
	}
}

// properties reads the items of a section of properties. head is what findings about the section as a whole
// point at.
func (d *decoder) properties(s *section, h holder, items []grammar.Item, head Place) {
	setDefaults(s, h)
	var (
		written  uint64 // the properties that stand here, well or badly
		included bool   // an $include that could not be put in: anything may be missing
		bare     section
		nameless *grammar.Value
		named    bool
		beside   uint64
		counted  bool // beside is known
	)
	pending := &bare // the section that an earlier name opens and whose braces are missing
	for i := 0; i < len(items); i++ {
		if !present(items[i]) {
			continue
		}
		switch it := items[i].(type) {
		case *grammar.Property:
			named = named || it.Name.Len() > 1
			p, more := completed(it, items[i+1:])
			if more {
				i++
			}
			name := d.label(p)
			n := s.find(name)
			if n < 0 {
				if !counted {
					beside, counted = d.standing(s, items), true
				}
				d.beside = beside
				written |= d.stranger(s, h, p, name, pending)
				d.hungry = source.Span{}
				continue
			}
			d.hungry = source.Span{}
			if p.Value == nil && p.Block == nil {
				d.hungry = p.Name
			}
			written |= 1 << n
			if p.Value == nil && p.Block == nil && s.props[n].sec != nil {
				pending = s.props[n].sec
			}
			d.property(&s.props[n], h, p)
		case *grammar.Value:
			d.keep(h, it, "", NoName)
			if n := s.find(d.value(it)); n >= 0 && it.Quote == 0 {
				written |= 1 << n // a name without its slash: grammar.Check says so
			}
			if nameless == nil {
				nameless = it
			}
		case *grammar.Block:
			d.keep(h, it, "", NoName)
		case *grammar.IncludeItem:
			included = true
		}
	}
	if nameless != nil && !named {
		d.onlyNameless(nameless)
	}
	if !included && !head.Span.IsZero() && (len(items) > 0 || d.inEntry()) { // an empty section is package lint's concern
		d.required(s, head, written)
	}
}

// standing returns the properties of a section that stand among items.
func (d *decoder) standing(s *section, items []grammar.Item) uint64 {
	var set uint64
	for _, it := range items {
		if p, ok := it.(*grammar.Property); ok && p != nil {
			if n := s.find(d.label(p)); n >= 0 {
				set |= 1 << n
			}
		}
	}
	return set
}

// inEntry reports whether the section at hand is a labelled block.
func (d *decoder) inEntry() bool {
	n := len(d.path)
	return n > 1 && d.path[n-2].sec.entry == d.path[n-1].sec
}

// property reads a property that belongs where it stands.
func (d *decoder) property(p *property, h holder, it *grammar.Property) {
	switch {
	case it.Value == nil && it.Block == nil:
		d.keep(h, it, p.name, NoValue) // grammar.Check says so
		return
	case d.version.before(p.since):
		d.keep(h, it, p.name, TooNew)
		return
	case p.kind != KindValue:
		d.section(p, h, it)
		return
	case it.Value == nil:
		d.wrongKind(p, it)
		d.keep(h, it, p.name, WrongKind)
		return
	}
	if at := p.at(owner(h)); !d.set(p, at, it, h) {
		panic("model: the table names a field that is none: " + p.name)
	}
}

// owner gives the part of the model that the table's functions take.
func owner(h holder) any {
	switch h := h.(type) {
	case farmsField:
		return h.Config
	case rendersField:
		return h.Farm
	case categoriesField:
		return h.Statistics
	case hostsField:
		return h.Farm
	}
	return h
}

// section reads a section: one of properties, of labelled blocks, or of strings.
func (d *decoder) section(p *property, h holder, it *grammar.Property) {
	place := placeOf(it)
	if it.Block == nil && p.kind != KindList {
		d.noBraces(p, it)
		d.keep(h, it, p.name, WrongKind)
		return
	}
	target, earlier := p.at(owner(h)).(opener).open(place)
	if !earlier.Span.IsZero() {
		d.duplicateSection(p, it, earlier)
		*h.unread() = append(*h.unread(), Unknown{Name: p.name, Path: d.pathString(), At: earlier, Cause: Superseded})
	}
	d.enter(p.sec, p.name)
	defer d.leave()
	if it.Block == nil {
		d.noBraces(p, it)
		d.oneString(p.sec, target, it, it.Value)
		return
	}
	d.contents(p.sec, target, it.Block.Items, Place{it.Name, place.Included})
}

// keep puts what is not read on the section's list.
func (d *decoder) keep(h holder, it grammar.Item, name string, why Cause) {
	l := h.unread()
	*l = append(*l, Unknown{Name: name, Path: d.pathString(), At: placeOf(it), Cause: why})
}

// pathString returns the path of the section at hand: "/farms/publish/cache". A block without a name is {}.
func (d *decoder) pathString() string {
	var b strings.Builder
	for _, s := range d.path {
		b.WriteByte('/')
		if s.name == "" {
			b.WriteString("{}")
		}
		b.WriteString(s.name)
	}
	return b.String()
}

// required reports the properties that the section at hand lacks. written has a bit for each that stands
// there, if only badly: that has been reported.
func (d *decoder) required(s *section, head Place, written uint64) {
	for i := range s.props {
		p := &s.props[i]
		if p.required && written&(1<<i) == 0 && !d.version.before(p.since) {
			d.missing(s, p, head)
		}
	}
	if !s.choice {
		return
	}
	for i := range s.props {
		if s.props[i].typ == TypePattern && written&(1<<i) != 0 {
			return
		}
	}
	d.noPattern(head)
}

// setDefaults fills in what holds where nothing is written.
func setDefaults(s *section, h holder) {
	for i := range s.props {
		p := &s.props[i]
		if p.def == "" || p.kind != KindValue {
			continue
		}
		switch f := p.at(owner(h)).(type) {
		case *Setting[string]:
			f.Value = p.def
		case *Setting[int]:
			f.Value, _ = parseNumber(p.def)
		case *Setting[uint32]:
			f.Value, _ = parseMode(p.def)
		case *Setting[bool]:
			f.Value = p.def == "1"
		}
	}
}

// A patternKey is what patterns are told apart by: configurations repeat "*" and '(GET|HEAD)' on every line.
type patternKey struct {
	text  string
	regex bool
}

type compiled struct {
	pattern *match.Pattern
	err     error
	notes   []match.Note
}

// compile compiles a pattern, once for each text.
func (d *decoder) compile(text string, regex bool) compiled {
	key := patternKey{text, regex}
	if c, ok := d.patterns[key]; ok {
		return c
	}
	var c compiled
	if !regex {
		c.pattern = match.Glob(text)
	} else if c.pattern, c.err = match.ERE(text); c.err != nil {
		c.pattern = match.Nothing(match.KindERE, text)
	} else {
		c.notes = slices.DeleteFunc(slices.Clone(c.pattern.Notes()), func(n match.Note) bool {
			_, reported := noteRules[n.Code]
			return !reported
		})
	}
	if d.patterns == nil {
		d.patterns = make(map[patternKey]compiled)
	}
	d.patterns[key] = c
	return c
}
