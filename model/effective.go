package model

import (
	"fmt"
	"strconv"

	"github.com/dispcheck/dispcheck/source"
)

// An Effective is one line of a configuration as it holds, written or not: a property with its value or with what stands
// between its braces, a labelled block, or a string of a list.
type Effective struct {
	// Name is without its slash: of a property, or of a labelled block; "" for a string of a list and for a block without a
	// label.
	Name string
	// Kind is KindValue for strings of lists, too; labelled blocks are of KindSection.
	Kind Kind
	// Entry tells a labelled block (a farm, a render, a rule) from a property.
	Entry bool
	// Value is that of a KindValue, after variables were put in; Quote is ' for a regular expression, else ".
	Value string
	Quote byte
	// Set is false for a default: At and ValueAt are then zero.
	Set     bool
	At      Place
	ValueAt source.Span
	// Inside is what stands between the braces, in the order of [Schema], rules, renders and strings in their own.
	Inside []Effective
}

// Effective returns what holds for a farm, property by property, defaults included. A section that is not written has
// none: what its absence means stands at the farm's field of its name.
func (f *Farm) Effective() []Effective { return effective(&farmSection, f) }

func effective(s *section, h holder) []Effective {
	var out []Effective
	for i := range s.props {
		if e, ok := effectiveProperty(&s.props[i], h); ok {
			out = append(out, e)
		}
	}
	return out
}

func effectiveProperty(pr *property, h holder) (Effective, bool) {
	e := Effective{Name: pr.name, Kind: pr.kind}
	if effectiveValue(pr, h, &e) {
		return e, true
	}
	e.Quote = 0
	f, ok := pr.at(owner(h)).(opener)
	if !ok {
		return e, false
	}
	target, at := f.current()
	if target == nil {
		return e, false
	}
	e.At, e.Set = at, true
	switch t := target.(type) {
	case *List:
		for _, v := range t.Values {
			e.Inside = append(e.Inside, Effective{Kind: KindValue, Value: v.Text, Quote: '"', Set: true, At: v.At, ValueAt: v.At.Span})
		}
	case hostsField:
		for _, v := range t.VirtualHosts {
			e.Inside = append(e.Inside, Effective{Kind: KindValue, Value: v.Text, Quote: '"', Set: true, At: v.At, ValueAt: v.At.Span})
		}
	case entryList:
		for entry := range t.all() {
			e.Inside = append(e.Inside, Effective{
				Name: entry.labelText(), Kind: KindSection, Entry: true, Set: true, At: *entry.place(), Inside: effective(pr.sec.entry, entry),
			})
		}
	default:
		e.Inside = effective(pr.sec, target)
	}
	return e, true
}

// effectiveValue fills in a value; false for what is none, and for one that is neither written nor has a default.
func effectiveValue(pr *property, h holder, e *Effective) bool {
	e.Quote = '"'
	switch f := pr.at(owner(h)).(type) {
	case *Setting[string]:
		if !f.Set && pr.def == "" {
			return false
		}
		e.Value, e.Set, e.At, e.ValueAt = either(f.Set, f.Text, f.Value), f.Set, f.At, f.ValueAt
	case *Setting[int]:
		e.Value, e.Set, e.At, e.ValueAt = either(f.Set, f.Text, strconv.Itoa(f.Value)), f.Set, f.At, f.ValueAt
	case *Setting[uint32]:
		e.Value, e.Set, e.At, e.ValueAt = either(f.Set, f.Text, fmt.Sprintf("%04o", f.Value)), f.Set, f.At, f.ValueAt
	case *Setting[bool]:
		e.Value, e.Set, e.At, e.ValueAt = either(f.Set, f.Text, map[bool]string{true: "1", false: "0"}[f.Value]), f.Set, f.At, f.ValueAt
	case **Pattern:
		if *f == nil {
			return false
		}
		p := *f
		e.Value, e.Set, e.At, e.ValueAt = p.Text(), true, p.At, p.ValueAt
		if p.Quote != 0 {
			e.Quote = p.Quote
		}
	default:
		return false
	}
	return true
}
