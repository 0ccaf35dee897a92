package lastmatch

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

// mixed are entries of all kinds, with texts at the start, at the end, at both and at none of the two.
func mixed() []string {
	return []string{
		deny + `/url "*"`, allow + `/url "/content/*"`, allow + `/path "/content/*" /extension "html"`, allow + `/url "*.css"`,
		allow + `/url "/etc.clientlibs/*.js"`, allow + `/url '/(content|conf)/a[.]html'`, allow + `/url '/content/a([.]html)?'`,
		allow + `/url '^/content/.*[.]json$'`, deny + `/url "*/private/*"`, deny + `/url "/content/a[bc]d"`, deny + `/url "/x[*]"`,
		deny + `/url "/a[]"`, allow + `/glob "GET /bin/search.json*"`, allow + `/glob "* /content/*"`, deny + `/glob "*"`,
		deny + `/selectors '(feed|infinity)' /extension "json"`, deny + `/query "debug=*"`, allow + `/url "/content/a.html" /path "/content/a"`,
		allow + `/method "POST" /url "/content/form.html"`, deny + `/url "/content*" /suffix "*"`, allow + `/url "content"`, deny + `/url "/c${X}"`,
	}
}

// TestIndex: what the index finds is what asking each entry finds, and entries that are apart have nothing in common.
func TestIndex(t *testing.T) {
	with(t, filter(mixed()...), func(p *lint.Pass, f *model.Farm) {
		s := Of(p, Filter, f)
		var words []subject
		for _, e := range s.entries {
			for n := 0; ; n++ {
				w, ok := e.guess(n)
				if !ok {
					break
				}
				words = append(words, w)
			}
			if e.decided() {
				list, err := s.world.probe(e.set)
				if err != nil {
					t.Fatal(err)
				}
				words = append(words, list...)
			}
		}
		if len(words) < 100 {
			t.Errorf("only %d requests are asked for", len(words))
		}
		for _, w := range words {
			var want []int
			for i, e := range s.entries {
				if e.has(w) {
					want = append(want, i)
				}
			}
			got, ok := s.index.matching(w, &budget{matches: 1000})
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("%v: matching entries, in the budget %t (-want +got):\n%s", w.request, ok, diff)
			}
		}
		separate := 0
		for _, a := range s.entries {
			for _, b := range s.entries {
				if !a.decided() || !b.decided() || !apart(a, b) {
					continue
				}
				separate++
				if none, err := s.world.disjoint(a.set, b.set); err != nil || !none {
					t.Errorf("%q/%q and %q/%q are apart, and yet requests match both (%v)", a.head, a.tail, b.head, b.tail, err)
				}
			}
		}
		if separate < 20 {
			t.Errorf("only %d pairs are apart", separate)
		}
	})
}

// TestIndexBudget: without a budget nothing is said.
func TestIndexBudget(t *testing.T) {
	with(t, filter(deny+`/url "*"`, allow+`/url "/a"`, allow+`/url "/a*"`), func(p *lint.Pass, f *model.Farm) {
		s := Of(p, Filter, f)
		s.budget.matches = 0
		if got := s.Shadow(1); len(got.By) > 0 {
			t.Errorf("shadowed by %v, want nothing said", got.By)
		}
		if got := s.Redundant(2); got >= 0 {
			t.Errorf("redundant with %d, want nothing said", got)
		}
	})
}
