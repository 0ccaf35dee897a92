package model

import "iter"

// Unread yields what stands in the text and is not read, section by section in the order of [Schema], rules, farms and
// renders in their own. The Unknown lists of all parts hold the same.
func (c *Config) Unread() iter.Seq[Unknown] {
	return func(yield func(Unknown) bool) { unreadIn(&topSection, c, yield) }
}

// unreadIn yields what is not read in a section of properties, and in those inside it. It reports whether to go on.
func unreadIn(s *section, h holder, yield func(Unknown) bool) bool {
	for i := range s.props {
		p := &s.props[i]
		f, ok := p.at(owner(h)).(opener)
		if !ok {
			continue
		}
		target, _ := f.current()
		switch t := target.(type) {
		case nil, hostsField: // the list of virtual hosts keeps what it does not read in its farm
		case *List:
			if !unreadOf(t, yield) {
				return false
			}
		case entryList:
			for e := range t.all() {
				if !unreadIn(p.sec.entry, e, yield) {
					return false
				}
			}
			if p.name != "farms" && p.name != "renders" && p.name != "categories" && !unreadOf(t, yield) { // those have no list of their own
				return false
			}
		default:
			if !unreadIn(p.sec, target, yield) {
				return false
			}
		}
	}
	return unreadOf(h, yield)
}

func unreadOf(h holder, yield func(Unknown) bool) bool {
	for _, u := range *h.unread() {
		if !yield(u) {
			return false
		}
	}
	return true
}
