package effective

import (
	"slices"

	"github.com/dispcheck/dispcheck/model"
)

// A Farm is a farm with all that holds for it.
type Farm struct {
	*model.Farm
	Origin Origin
	// Order is the place in which its /virtualhosts are tried, from 1: the last farm of the text is first.
	Order int
	// Last says that it answers where no farm matches.
	Last bool
	// Properties are in the order of model.Schema, defaults included.
	Properties []Property
}

// A Property is a line of the .any side that is in effect: see model.Effective.
type Property struct {
	model.Effective
	// Origin is the zero Origin for a default.
	Origin Origin
	Inside []Property
}

// Farms returns the farms in the order in which their virtual hosts are tried: from the last one up; nil without a .any side.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md.
func (s *Site) Farms() []*Farm {
	if s.Config == nil {
		return nil
	}
	var out []*Farm
	for i, f := range slices.Backward(s.Config.Farms) {
		out = append(out, &Farm{
			Farm: f, Origin: s.anyOrigin(f.At, f.NameAt), Order: len(out) + 1, Last: i == len(s.Config.Farms)-1,
			Properties: s.properties(f.Effective()),
		})
	}
	return out
}

func (s *Site) properties(list []model.Effective) []Property {
	var out []Property
	for _, e := range list {
		p := Property{Effective: e, Inside: s.properties(e.Inside)}
		p.Effective.Inside = nil
		if e.Set {
			p.Origin = s.anyOrigin(e.At, e.ValueAt)
		}
		out = append(out, p)
	}
	return out
}

// A Rule is a rule of a filter.
type Rule struct {
	*model.Rule
	// Number is its place, from 1: the last rule that matches decides.
	Number int
	Origin Origin
	// Patterns are what it demands: none for a rule that matches everything.
	Patterns []RulePattern
}

// A RulePattern is a pattern of a rule.
type RulePattern struct {
	*model.Pattern
	Origin Origin
}

// Rules returns the rules of a list in their order; nil for nil.
func (s *Site) Rules(list *model.RuleList) []Rule {
	if list == nil {
		return nil
	}
	var out []Rule
	for i, r := range list.Rules {
		rule := Rule{Rule: r, Number: i + 1, Origin: s.anyOrigin(r.At, r.NameAt)}
		for _, p := range r.Patterns() {
			rule.Patterns = append(rule.Patterns, RulePattern{p, s.anyOrigin(p.At, p.ValueAt)})
			rule.Origin.Variables = append(rule.Origin.Variables, s.anyOrigin(p.At, p.ValueAt).Variables...)
		}
		if o := s.anyOrigin(r.Type.At, r.Type.ValueAt); r.Type.Set {
			rule.Origin.Variables = append(rule.Origin.Variables, o.Variables...)
		}
		out = append(out, rule)
	}
	return out
}
