package lastmatch

import (
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// revealing are requests for whole trees of nodes below the folders that hold what sites and users store: the default GET
// servlet of Apache Sling answers them so. Other folders have servlets, which do as they like with selectors.
//
// Source: Apache Sling, rendering content with the default GET servlets; AdobeDocs/experience-manager-dispatcher.en,
// dispatcher-configuration.md (its sample of rules that deny selectors).
var revealing = sync.OnceValue(func() *automata.Requests {
	p, err := match.ERE(`/(content|conf|etc|home|var|apps)(/[^.]*)?[.]infinity[.]json`)
	if err != nil {
		return nil
	}
	space := filterSpace()
	r, err := space.Entry(automata.Elements{Method: match.Glob("GET"), URL: p})
	if err != nil {
		return nil
	}
	return r
})

// mayReveal is false for entries of which it is plain that they match none of them.
func mayReveal(r *model.Rule) bool {
	for _, tt := range []struct {
		p    *model.Pattern
		text string
	}{{r.Method, "GET"}, {r.Extension, "json"}} {
		if tt.p != nil && !tt.p.Match(tt.text) {
			return false
		}
	}
	if r.Suffix != nil && !r.Suffix.Match("") {
		return false
	}
	for _, p := range []*model.Pattern{r.URL, r.Path} {
		if p == nil || p.Err != nil {
			continue
		}
		head, tail := edges(p.Pattern)
		known := false
		for _, root := range []string{"/content", "/conf", "/etc", "/home", "/var", "/apps"} {
			known = known || startAlike(head, root) && (len(head) <= len(root) || head[len(root)] == '/' || head[len(root)] == '.')
		}
		if !known || p == r.URL && !endAlike(tail, ".infinity.json") {
			return false
		}
	}
	return true
}

// namesSelectors reports whether a pattern for the whole URL speaks of selectors itself: what it allows is meant.
func namesSelectors(r *model.Rule) bool {
	if r.Selectors != nil {
		return true
	}
	if r.URL == nil {
		return false
	}
	text := strings.NewReplacer(`\.`, ".", "[.]", ".", ".*", "*", ".+", "*").Replace(r.URL.Text())
	first := strings.IndexByte(text, '.')
	return first >= 0 && strings.Contains(text[first+1:], ".")
}

// Reopened returns, for an entry of [Filter] that allows, the nearest entry before it that denies by selectors and whose
// denials it takes back, with a request that is let through so. It is false where there is none: also where the entry is an
// exception, which allows nothing that the other did not deny, where it speaks of selectors itself, and where an entry
// behind it may deny the request again.
func (s *Section) Reopened(a int) (d int, w automata.Request, found bool) {
	r := s.Rules[a]
	if s.kind != Filter || !r.Allow || r.Glob != nil || namesSelectors(r) || !mayReveal(r) {
		return 0, w, false
	}
	for d = a - 1; d >= 0; d-- {
		if s.allow[d] || s.Rules[d].Selectors == nil || apart(s.entries[a], s.entries[d]) || !s.entries[d].decided() {
			continue
		}
		if revealing() == nil || !s.entries[a].decided() {
			return 0, w, false
		}
		space, own := filterSpace(), s.entries[a].set.(requestSet).Requests
		denied := s.entries[d].set.(requestSet).Requests
		if s.dangers[d] == nil {
			both, err := space.Intersect(denied, revealing())
			if err != nil {
				continue
			}
			s.dangers[d] = both
		}
		if none, err := space.Disjoint(s.dangers[d], own); err != nil || none {
			continue
		}
		if exception, err := space.Includes(denied, own); err != nil || exception {
			continue
		}
		if w, found = s.lets(a, s.dangers[d]); found {
			return d, w, true
		}
	}
	return 0, w, false
}

// lets returns one of some requests that an entry decides; false where there is none, or where that is not known.
func (s *Section) lets(a int, of *automata.Requests) (w automata.Request, found bool) {
	space := filterSpace()
	rest, err := space.Intersect(of, s.entries[a].set.(requestSet).Requests)
	if err != nil {
		return w, false
	}
	later := s.entries[a+1:]
	if slices.ContainsFunc(later, func(e *entry) bool { return e.unsure }) {
		return w, false
	}
	// The request that reads best is seldom decided by a later entry, and then nothing has to be taken away.
	if w, found, err = space.Witness(rest); err != nil || !found {
		return w, false
	}
	if !slices.ContainsFunc(later, func(e *entry) bool { return e.has(subject{request: w}) }) {
		return w, true
	}
	for _, e := range later {
		if !e.decided() {
			return w, false
		}
		if rest, err = space.Difference(rest, e.set.(requestSet).Requests); err != nil {
			return w, false
		}
	}
	w, found, err = space.Witness(rest)
	return w, found && err == nil
}
