package decisiondiff_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dispcheck/dispcheck/internal/decisiondiff"
	"github.com/dispcheck/dispcheck/source"
)

// TestSameEachTime: one worker or many find the same, in the same order.
func TestSameEachTime(t *testing.T) {
	tr := examples(t)[0]
	var side *decisiondiff.Side
	for _, m := range mutants(t, tr, 20, 3) {
		if side = tr.edited(t, m.texts); side != nil {
			break
		}
	}
	var want *decisiondiff.Result
	for _, workers := range []int{1, 2, 5} {
		got, err := decisiondiff.Compare(t.Context(), tr.side, side, decisiondiff.Options{Generate: true, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
			continue
		}
		opts := []cmp.Option{
			cmpopts.IgnoreUnexported(decisiondiff.Change{}), cmp.Comparer(func(a, b source.Span) bool { return a == b }), cmpopts.EquateComparable(decisiondiff.Request{}.Client),
		}
		if diff := cmp.Diff(want, got, opts...); diff != "" {
			t.Errorf("with %d workers: %s", workers, diff)
		}
	}
}

// TestBounds: a bound on requests holds, and is said.
func TestBounds(t *testing.T) {
	trees := examples(t)
	res, err := decisiondiff.Compare(t.Context(), trees[0].side, trees[1].side, decisiondiff.Options{Generate: true, MaxRequests: 300})
	if err != nil {
		t.Fatal(err)
	}
	if res.Distinct > 300 || res.Generated != res.Distinct {
		t.Errorf("%d requests, %d made", res.Distinct, res.Generated)
	}
	if len(res.Bounded) != 1 || !strings.Contains(res.Bounded[0], "--max-requests is 300") {
		t.Errorf("got %q", res.Bounded)
	}
}

// TestOtherProjects: two projects that have nothing in common are compared all the same.
func TestOtherProjects(t *testing.T) {
	trees := examples(t)
	for i, a := range trees[1:] {
		b := trees[i]
		res, err := decisiondiff.Compare(t.Context(), a.side, b.side, decisiondiff.Options{Generate: true, MaxRequests: 1500})
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Changes) < 10 {
			t.Errorf("%s and %s: %d changes only", a.name, b.name, len(res.Changes))
		}
		before, after := newOracle(t, a.side), newOracle(t, b.side)
		for _, c := range res.Changes {
			if c.Example != nil && before.answer(c.Example) == after.answer(c.Example) {
				t.Errorf("%s and %s: %s: %s -> %s is none for %s", a.name, b.name, c.Kind, c.From, c.To, c.Example)
			}
		}
	}
}

// TestStops: a comparison that is interrupted ends at once, with the reason.
func TestStops(t *testing.T) {
	trees := examples(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := decisiondiff.Compare(ctx, trees[0].side, trees[1].side, decisiondiff.Options{Generate: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestSitemapMistakes: what is no sitemap says so, with its line.
func TestSitemapMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"<urlset>\n<url><loc>ftp://a/b</loc></url></urlset>": "s.xml:2: URL",
		"<urlset>\n<url>":                           "s.xml:2: is no XML",
		"<urlset></urlset>":                         "s.xml:1: has no <loc>",
		"<sitemapindex><sitemap></sitemapindex>":    "s.xml:1: is an index",
		"<urlset><url><loc><b>x</b></loc></url>":    "s.xml:1: URL",
		"<urlset><url><loc>/a</loc></url></urlset>": "",
	} {
		s := &decisiondiff.Sitemap{Name: "s.xml", Text: strings.NewReader(text)}
		err := s.Requests(t.Context(), func(decisiondiff.Request, int64) error { return nil })
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
