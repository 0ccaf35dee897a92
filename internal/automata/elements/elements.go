// Package elements takes the patterns of an entry of the model as package automata wants them.
package elements

import (
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// Of returns the patterns of an entry. One that cannot be used matches nothing, or makes the entry an error, as
// [automata.Elements] says. globIsURL says that /glob sees the URL, and not the request line: so it is in /rules and
// other sections that are no filter.
func Of(r *model.Rule, globIsURL bool) automata.Elements { return With(Pattern, r, globIsURL) }

// With is Of with another way to take a pattern, which may be nil.
func With(take func(*model.Pattern) *match.Pattern, r *model.Rule, globIsURL bool) automata.Elements {
	if globIsURL && r.Glob != nil {
		return automata.Elements{URL: take(r.Glob)}
	}
	return automata.Elements{
		Glob: take(r.Glob), Method: take(r.Method), URL: take(r.URL), Query: take(r.Query), Protocol: take(r.Protocol),
		Path: take(r.Path), Selectors: take(r.Selectors), Extension: take(r.Extension), Suffix: take(r.Suffix),
	}
}

// Pattern returns what a pattern matches; nil where there is none.
func Pattern(p *model.Pattern) *match.Pattern {
	if p == nil {
		return nil
	}
	return p.Pattern
}
