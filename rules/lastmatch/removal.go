package lastmatch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/source"
)

// Name names a rule in a message.
func Name(r *model.Rule) string {
	if r.Label == "" {
		return "rule without a name"
	}
	return "rule /" + r.Label
}

// Names names the rules of some entries in a message: "rule /a", "rules /a and /b".
func (s *Section) Names(list []int) string {
	const most = 4
	var labels []string
	for _, i := range list {
		if l := s.Rules[i].Label; l != "" {
			labels = append(labels, "/"+l)
		}
	}
	switch {
	case len(list) == 1:
		return Name(s.Rules[list[0]])
	case len(labels) < len(list) || len(labels) > most:
		return fmt.Sprintf("%d rules", len(list))
	}
	return "rules " + strings.Join(labels[:len(labels)-1], ", ") + " and " + labels[len(labels)-1]
}

// Related returns the places of some entries.
func (s *Section) Related(list []int) []diag.Related {
	var out []diag.Related
	for _, i := range list {
		out = append(out, diag.Related{Span: s.Rules[i].At.Span, Message: Name(s.Rules[i])})
	}
	return out
}

// Spare reports whether an entry could be left out wherever it is read: in each farm that has it, entries that do the
// same match all that it matches, behind it or with nothing opposite between. Of farms that share a file, one may need
// what another does not.
func (s *Section) Spare(i int) bool {
	p := planOf(s.pass, s.kind)
	for _, o := range p.at[s.Rules[i].At.Span] {
		if len(o.section.grounds(o.i)) == 0 {
			return false
		}
	}
	return true
}

// DeadEverywhere reports whether an entry decides nothing wherever it is read.
func (s *Section) DeadEverywhere(i int) bool {
	p := planOf(s.pass, s.kind)
	for _, o := range p.at[s.Rules[i].At.Span] {
		if len(o.section.Shadow(o.i).By) == 0 {
			return false
		}
	}
	return true
}

// Remove returns the fix that removes an entry, if it is proven that no request is then answered differently, also where
// all such fixes are made at once; nil otherwise.
func (s *Section) Remove(i int) []diag.Fix {
	at := s.Rules[i].At.Span
	if !planOf(s.pass, s.kind).removed[at] {
		return nil
	}
	// Safe, as the plan is made of nothing but proofs: see plan.
	return []diag.Fix{{Title: "remove it", Safe: true, Edits: []diag.Edit{textedit.Removed(at)}}}
}

// grounds returns the entries because of which an entry could be left out: proven, and none that is written alike.
func (s *Section) grounds(i int) []int {
	if sh := s.Shadow(i); len(sh.By) > 0 && sh.Same && !sh.Sampled {
		return sh.By
	}
	if j := s.Redundant(i); j >= 0 {
		return []int{j}
	}
	return nil
}

// A plan says which entries can be removed together. An entry that was the ground for one removal stays. Then all stays
// as it is: what an entry of the first kind of grounds matches is decided by those behind it that stay; what one of the
// second kind decides is decided by the one before it that stays, or by one between them, which does the same.
type plan struct {
	at      map[source.Span][]occurrence
	removed map[source.Span]bool
}

type occurrence struct {
	section *Section
	i       int
}

type planKey struct{ kind Kind }

func planOf(p *lint.Pass, k Kind) *plan {
	return lint.Memo(p, planKey{k}, func() *plan {
		pl := &plan{at: map[source.Span][]occurrence{}, removed: map[source.Span]bool{}}
		var order []source.Span
		for _, f := range p.Subject.Config.Farms {
			s := Of(p, k, f)
			if s == nil {
				continue
			}
			for i, r := range s.Rules {
				if pl.at[r.At.Span] == nil {
					order = append(order, r.At.Span)
				}
				pl.at[r.At.Span] = append(pl.at[r.At.Span], occurrence{s, i})
			}
		}
		elsewhere := map[source.Span]bool{} // entries that sections of other kinds include too
		for _, f := range p.Subject.Config.Farms {
			for _, l := range otherLists(f, k) {
				for _, r := range l.Rules {
					elsewhere[r.At.Span] = true
				}
			}
		}
		kept := map[source.Span]bool{}
		for _, at := range order {
			if elsewhere[at] || kept[at] || p.Subject.Immutable != nil && p.Subject.Immutable(at.File) {
				continue
			}
			if grounds, ok := pl.grounds(at); ok {
				pl.removed[at] = true
				for _, g := range grounds {
					kept[g] = true
				}
			}
		}
		return pl
	})
}

// grounds returns the places of all entries because of which one can be removed, wherever it is read.
func (pl *plan) grounds(at source.Span) ([]source.Span, bool) {
	var out []source.Span
	for _, o := range pl.at[at] {
		list := o.section.grounds(o.i)
		// Of two that are written alike, another rule removes one.
		if len(list) == 0 || o.section.Twin(o.i) || slices.ContainsFunc(list, o.section.Twin) {
			return nil, false
		}
		for _, g := range list {
			span := o.section.Rules[g].At.Span
			if span == at || pl.removed[span] {
				return nil, false
			}
			out = append(out, span)
		}
	}
	return out, true
}

// otherLists returns the sections of rules of a farm that are not of a kind.
func otherLists(f *model.Farm, k Kind) []*model.RuleList {
	all := []*model.RuleList{f.Filter}
	if c := f.Cache; c != nil {
		all = append(all, c.Rules, c.IgnoreURLParams, c.Invalidate, c.AllowedClients)
	}
	if a := f.AuthChecker; a != nil {
		all = append(all, a.Filter, a.Headers)
	}
	own := k.listOf(f)
	return slices.DeleteFunc(all, func(l *model.RuleList) bool { return l == nil || l == own })
}
