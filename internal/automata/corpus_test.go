package automata

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model"
)

// elementsOfRule is what a rule of a linter does with an entry of the model.
func elementsOfRule(r *model.Rule) Elements {
	take := func(p *model.Pattern) *match.Pattern {
		if p == nil {
			return nil
		}
		if p.Err != nil {
			return match.Nothing(p.Kind(), p.Text())
		}
		return p.Pattern
	}
	return Elements{Glob: take(r.Glob), Method: take(r.Method), URL: take(r.URL), Query: take(r.Query), Protocol: take(r.Protocol),
		Path: take(r.Path), Selectors: take(r.Selectors), Extension: take(r.Extension), Suffix: take(r.Suffix)}
}

// TestCorpus: entries that people write have automata, and those said to be empty or covered by later ones are so for
// all samples.
func TestCorpus(t *testing.T) {
	s, m := mustSpace(t), newMaker(6)
	var requests []Request
	for len(requests) < 300 {
		if r := m.request(); s.Has(r) {
			requests = append(requests, r)
		}
	}
	entries, empty, covered, undecided, largest := 0, 0, 0, 0, 0
	seen := map[string]bool{}
	for _, f := range testkit.Corpus(t, ".any", ".farm") {
		if seen[string(f.Text)] {
			continue
		}
		seen[string(f.Text)] = true
		tree, err := expand.Source(f, ".", expand.Options{FS: fstest.MapFS{}})
		if err != nil {
			t.Fatal(err)
		}
		c, _ := model.Decode(tree.Items, model.Options{Fragment: true})
		for _, farm := range c.Farms {
			if farm.Filter == nil {
				continue
			}
			var sets []*Requests
			var list []Elements
			for _, r := range farm.Filter.Rules {
				e := elementsOfRule(r)
				set, err := s.Entry(e)
				if err != nil {
					if !isUndecided(err) {
						t.Fatalf("%s: %v", f.Name, err)
					}
					undecided++
					continue
				}
				sets, list = append(sets, set), append(list, e)
				largest = max(largest, set.States())
			}
			for i, set := range sets {
				entries++
				c, err := s.Cover(set, sets[i+1:]...)
				if err != nil {
					t.Errorf("%s, entry %d: %v", f.Name, i, err)
					continue
				}
				later := func(r Request) bool {
					return slices.ContainsFunc(list[i+1:], func(e Elements) bool { return e.Match(r) })
				}
				if !c.Covered {
					if !list[i].Match(c.Witness) || later(c.Witness) {
						t.Errorf("%s, entry %d: %q is no witness", f.Name, i, c.Witness)
					}
					continue
				}
				covered++
				if c.By == nil {
					empty++
				}
				tried, err := s.Sample(set, 20)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range append(tried, requests...) {
					if list[i].Match(r) && !later(r) {
						t.Errorf("%s, entry %d: %q is not covered", f.Name, i, r)
					}
				}
			}
		}
	}
	t.Logf("%d entries, %d without a request, %d covered by later ones, %d undecided, at most %d states", entries, empty, covered-empty, undecided, largest)
}
