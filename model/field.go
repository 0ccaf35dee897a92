package model

import (
	"iter"

	"github.com/dispcheck/dispcheck/source"
)

// How the decoder gets at the model's types. The table names fields by these; nothing else does.

// A holder is a part of the model that keeps what stands in its text and is not read.
type holder interface{ unread() *[]Unknown }

// An opener is a field that a block fills. open empties it for a new block and says where an earlier one
// stood, the zero Place where there was none. current is what it holds, nil where it was never opened.
type opener interface {
	open(at Place) (holder, Place)
	current() (holder, Place)
}

// A block is a part of the model that a block of the text makes.
type block interface {
	holder
	place() *Place
}

// An entryList is a section of labelled blocks, an entry one of them.
type entryList interface {
	holder
	add(d *decoder) entry
	all() iter.Seq[entry]
}

type entry interface {
	block
	name(label string, at source.Span)
	labelText() string
}

func (c *Config) unread() *[]Unknown            { return &c.Unknown }
func (f *Farm) unread() *[]Unknown              { return &f.Unknown }
func (r *Render) unread() *[]Unknown            { return &r.Unknown }
func (v *VanityURLs) unread() *[]Unknown        { return &v.Unknown }
func (s *SessionManagement) unread() *[]Unknown { return &s.Unknown }
func (a *AuthChecker) unread() *[]Unknown       { return &a.Unknown }
func (s *Statistics) unread() *[]Unknown        { return &s.Unknown }
func (c *Category) unread() *[]Unknown          { return &c.Unknown }
func (s *StickyConnections) unread() *[]Unknown { return &s.Unknown }
func (h *HealthCheck) unread() *[]Unknown       { return &h.Unknown }
func (c *Cache) unread() *[]Unknown             { return &c.Unknown }
func (l *List) unread() *[]Unknown              { return &l.Unknown }
func (l *RuleList) unread() *[]Unknown          { return &l.Unknown }
func (r *Rule) unread() *[]Unknown              { return &r.Unknown }

func (f *Farm) place() *Place              { return &f.At }
func (r *Render) place() *Place            { return &r.At }
func (v *VanityURLs) place() *Place        { return &v.At }
func (s *SessionManagement) place() *Place { return &s.At }
func (a *AuthChecker) place() *Place       { return &a.At }
func (s *Statistics) place() *Place        { return &s.At }
func (c *Category) place() *Place          { return &c.At }
func (s *StickyConnections) place() *Place { return &s.At }
func (h *HealthCheck) place() *Place       { return &h.At }
func (c *Cache) place() *Place             { return &c.At }
func (r *Rule) place() *Place              { return &r.At }

func (f *Farm) labelText() string     { return f.Name }
func (r *Render) labelText() string   { return r.Name }
func (c *Category) labelText() string { return c.Name }
func (r *Rule) labelText() string     { return r.Label }

func (f *Farm) name(label string, at source.Span)     { f.Name, f.NameAt = label, at }
func (r *Render) name(label string, at source.Span)   { r.Name, r.NameAt = label, at }
func (c *Category) name(label string, at source.Span) { c.Name, c.NameAt = label, at }
func (r *Rule) name(label string, at source.Span)     { r.Label, r.NameAt = label, at }

// A field is one that a section of properties fills.
type field[T any] struct{ to **T }

func (f field[T]) open(at Place) (holder, Place) {
	var earlier Place
	if *f.to != nil {
		earlier = *any(*f.to).(block).place()
	}
	t := new(T)
	*f.to = t
	b := any(t).(block)
	*b.place() = at
	return b, earlier
}

func (f field[T]) current() (holder, Place) {
	if *f.to == nil {
		return nil, Place{}
	}
	b := any(*f.to).(block)
	return b, *b.place()
}

// entriesOf lists entries of any kind.
func entriesOf[T entry](of []T) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for _, e := range of {
			if !yield(e) {
				return
			}
		}
	}
}

// farmsField is /farms.
type farmsField struct{ *Config }

func (f farmsField) open(at Place) (holder, Place) {
	earlier := f.FarmsAt
	f.Farms, f.FarmsAt = nil, at
	return f, earlier
}

func (f farmsField) current() (holder, Place) {
	if f.Farms == nil && f.FarmsAt.Span.IsZero() {
		return nil, Place{}
	}
	return f, f.FarmsAt
}

func (f farmsField) all() iter.Seq[entry] { return entriesOf(f.Farms) }

func (f farmsField) add(*decoder) entry {
	farm := new(Farm)
	f.Farms = append(f.Farms, farm)
	return farm
}

// rendersField is /renders of a farm.
type rendersField struct{ *Farm }

func (f rendersField) open(at Place) (holder, Place) {
	earlier := f.RendersAt
	f.Renders, f.RendersAt = nil, at
	return f, earlier
}

func (f rendersField) current() (holder, Place) {
	if f.Renders == nil && f.RendersAt.Span.IsZero() {
		return nil, Place{}
	}
	return f, f.RendersAt
}

func (f rendersField) all() iter.Seq[entry] { return entriesOf(f.Renders) }

func (f rendersField) add(*decoder) entry {
	render := new(Render)
	f.Renders = append(f.Renders, render)
	return render
}

// categoriesField is /categories of /statistics.
type categoriesField struct{ *Statistics }

func (f categoriesField) open(at Place) (holder, Place) {
	earlier := f.CategoriesAt
	f.Categories, f.CategoriesAt = nil, at
	return f, earlier
}

func (f categoriesField) current() (holder, Place) {
	if f.Categories == nil && f.CategoriesAt.Span.IsZero() {
		return nil, Place{}
	}
	return f, f.CategoriesAt
}

func (f categoriesField) all() iter.Seq[entry] { return entriesOf(f.Categories) }

func (f categoriesField) add(*decoder) entry {
	c := new(Category)
	f.Categories = append(f.Categories, c)
	return c
}

// rulesField is a section of rules.
type rulesField struct{ to **RuleList }

func (f rulesField) open(at Place) (holder, Place) {
	var earlier Place
	if *f.to != nil {
		earlier = (*f.to).At
	}
	*f.to = &RuleList{At: at}
	return *f.to, earlier
}

func (f rulesField) current() (holder, Place) {
	if *f.to == nil {
		return nil, Place{}
	}
	return *f.to, (*f.to).At
}

func (l *RuleList) all() iter.Seq[entry] { return entriesOf(l.Rules) }

func (l *RuleList) add(d *decoder) entry {
	r := d.newRule()
	l.Rules = append(l.Rules, r)
	return r
}

// listField is a section of strings.
type listField struct{ to **List }

func (f listField) open(at Place) (holder, Place) {
	var earlier Place
	if *f.to != nil {
		earlier = (*f.to).At
	}
	*f.to = &List{At: at}
	return *f.to, earlier
}

func (f listField) current() (holder, Place) {
	if *f.to == nil {
		return nil, Place{}
	}
	return *f.to, (*f.to).At
}

// hostsField is /virtualhosts of a farm.
type hostsField struct{ *Farm }

func (f hostsField) open(at Place) (holder, Place) {
	earlier := f.VirtualHostsAt
	f.VirtualHosts, f.VirtualHostsAt = nil, at
	return f, earlier
}

func (f hostsField) current() (holder, Place) {
	if f.VirtualHosts == nil && f.VirtualHostsAt.Span.IsZero() {
		return nil, Place{}
	}
	return f, f.VirtualHostsAt
}
