package lastmatch

import (
	"github.com/dispcheck/dispcheck/internal/automata/elements"
	"github.com/dispcheck/dispcheck/model"
)

// Clash returns patterns of an entry that matches nothing because of which it does not: one that nothing meets alone, or
// else two that nothing meets together, or else all of them.
func (s *Section) Clash(i int) []*model.Pattern {
	ps := s.Rules[i].Patterns()
	for _, p := range ps {
		if s.meetNothing(p) {
			return []*model.Pattern{p}
		}
	}
	for b := range ps {
		for a := range b {
			if s.meetNothing(ps[a], ps[b]) {
				return []*model.Pattern{ps[a], ps[b]}
			}
		}
	}
	return ps
}

// meetNothing reports whether nothing meets some patterns together.
func (s *Section) meetNothing(ps ...*model.Pattern) bool {
	var r model.Rule
	for _, p := range ps {
		for name, to := range map[string]**model.Pattern{
			"glob": &r.Glob, "method": &r.Method, "url": &r.URL, "query": &r.Query, "protocol": &r.Protocol,
			"path": &r.Path, "selectors": &r.Selectors, "extension": &r.Extension, "suffix": &r.Suffix,
		} {
			if name == p.Property {
				*to = p
			}
		}
	}
	return s.nothing(&r)
}

// MatchesAsURL reports whether an entry would match something if its /path were its /url.
func (s *Section) MatchesAsURL(r *model.Rule) bool {
	changed := *r
	changed.URL, changed.Path = r.Path, nil
	return !s.nothing(&changed)
}

// nothing reports whether no request matches a rule; it is false where that is not known.
func (s *Section) nothing(r *model.Rule) bool {
	set, err := s.world.compile(elements.Of(r, s.kind != Filter))
	if err != nil {
		return false
	}
	_, empty, err := s.world.first(set)
	return err == nil && empty
}
