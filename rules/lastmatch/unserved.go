package lastmatch

import (
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/automata/elements"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

// Unserved reports whether it is proven that the /filter of a farm lets through none of the GET and HEAD requests that a
// rule of its /cache matches. It is false, too, where that is not known, and where the rule matches nothing at all. Vanity
// URLs pass without the filter: ask for farms without them alone.
func Unserved(p *lint.Pass, f *model.Farm, r *model.Rule) bool {
	c := fetchable(r)
	return c != nil && denied(p, f, c)
}

// Unstored reports whether it is proven that of the requests that a rule of /cache matches, those which the /filter lets
// through are kept from the cache, by /rules or for want of an extension. Files with a suffix are left out
// where suffixes is false, such as page.html/x.htm, for which mostly nobody asks. What is said of [Unserved] holds here, too.
func Unstored(p *lint.Pass, f *model.Farm, r *model.Rule, suffixes bool) bool {
	c := fetchable(r)
	if c == nil {
		return false
	}
	stored := storedBy(p, f)
	if stored == nil {
		return false
	}
	space := filterSpace()
	both, err := space.Intersect(c, stored)
	if err == nil && !suffixes {
		var with *match.Pattern
		if with, err = match.ERE(`.*[.][a-z0-9]{2,5}/.*`); err == nil {
			var e *automata.Requests
			if e, err = space.Entry(automata.Elements{URL: with}); err == nil {
				both, err = space.Difference(both, e)
			}
		}
	}
	if err != nil {
		return false
	}
	if empty, err := space.Empty(both); err != nil || empty {
		return err == nil
	}
	return denied(p, f, both)
}

// Stores reports whether a farm may keep any answer, as far as its /rules are concerned; true where that is not known.
func Stores(p *lint.Pass, f *model.Farm) bool {
	stored := storedBy(p, f)
	if stored == nil {
		return true
	}
	space := filterSpace()
	empty, err := space.Empty(stored)
	return err != nil || !empty
}

// withExtension is a URI whose last segment has a dot and something behind it.
const withExtension = `(.*/)?[^/]*[.][^/]+`

// fetched are the methods whose answers may be stored.
const fetched = "GET|HEAD"

// fetchable returns the requests of the space of filters that a rule of /cache matches; nil where they are not known, or
// are none.
func fetchable(r *model.Rule) *automata.Requests {
	if !Plain(r) {
		return nil
	}
	e := elements.Of(r, true)
	if e.Method == nil {
		var err error
		if e.Method, err = match.ERE(fetched); err != nil {
			return nil
		}
	}
	space := filterSpace()
	c, err := space.Entry(e)
	if err != nil {
		return nil
	}
	if empty, err := space.Empty(c); err != nil || empty {
		return nil
	}
	return c
}

type storedKey struct{ rules *analysis }

// storedBy returns the requests of the space of filters whose answers /rules lets be stored; nil where they are not
// known. Whether parameters are ignored is not looked at: each query counts as one that is.
func storedBy(p *lint.Pass, f *model.Farm) *automata.Requests {
	s := Of(p, CacheRules, f)
	if s == nil {
		return nil
	}
	return lint.Memo(p, storedKey{s.analysis}, func() *automata.Requests {
		space := filterSpace()
		ere, err := match.ERE(withExtension)
		if err != nil {
			return nil
		}
		get, err := match.ERE(fetched)
		if err != nil {
			return nil
		}
		all, err := space.Entry(automata.Elements{Method: get, URL: ere})
		if err != nil {
			return nil
		}
		stored := space.Complement(space.All())
		for i, e := range s.entries {
			if e.unsure {
				return nil
			}
			own, err := space.Entry(e.elements)
			switch {
			case err != nil:
				return nil
			case !s.allow[i]:
				stored, err = space.Difference(stored, own)
			default:
				if own, err = space.Intersect(own, all); err == nil {
					stored, err = space.Union(stored, own)
				}
			}
			if err != nil {
				return nil
			}
		}
		return stored
	})
}

// denied reports whether it is proven that the filter of a farm lets none of some requests through.
func denied(p *lint.Pass, f *model.Farm, of *automata.Requests) bool {
	s := Of(p, Filter, f)
	if s == nil {
		return false // without a filter all pass
	}
	space := filterSpace()
	for i := len(s.entries) - 1; i >= 0; i-- {
		if p.Context().Err() != nil {
			return false
		}
		e := s.entries[i]
		if !s.allow[i] {
			continue
		}
		if !e.decided() {
			return false
		}
		rest, err := space.Intersect(of, e.set.(requestSet).Requests)
		if err != nil {
			return false
		}
		w, found, err := space.Witness(rest)
		if err != nil {
			return false
		}
		if !found {
			continue
		}
		if s.allow[s.last(w)] {
			return false
		}
		// A rule that only may deny, since it is not known what it matches, denies nothing here.
		for k := i + 1; k < len(s.entries); k++ {
			if d := s.entries[k]; !s.allow[k] && d.decided() {
				if rest, err = space.Difference(rest, d.set.(requestSet).Requests); err != nil {
					return false
				}
			}
		}
		if empty, err := space.Empty(rest); err != nil || !empty {
			return false
		}
	}
	return true
}

// last returns the last entry that is known to match a request; -1 for none.
func (s *Section) last(w automata.Request) int {
	for k := len(s.entries) - 1; k >= 0; k-- {
		if e := s.entries[k]; e.has(subject{request: w}) {
			return k
		}
	}
	return -1
}
