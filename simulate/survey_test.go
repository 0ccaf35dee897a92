package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/model"
)

// TestSurvey: pages come in order of names, each with what a request would find and why.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (statfileslevel, gracePeriod,
// enableTTL); AdobeDocs/experience-manager-learn.en, disp-flushing.md.
func TestSurvey(t *testing.T) {
	config := func(more string) string {
		return `/cache { /docroot "/d" /statfileslevel "2" ` + more + ` /invalidate { /1 { /glob "*" /type "deny" } /2 { /glob "*.html" /type "allow" } } }`
	}
	fill := func(w *flushWorld) {
		for name, at := range map[string]int{
			"/.stat": 100, "/content/.stat": 900, "/content/new/.stat": 100,
			"/index.html": 50, "/top.html": 200, "/logo.png": 50,
			"/content/a.html": 899, "/content/a.html.h": 899, "/content/a.html.ttl": 999,
			"/content/a/b.html": 900, "/content/b.html": 950, "/content/b.html.ttl": 1500,
			"/content/new/x/y.html": 150, "/content/c.html_2026AbCdEf": 1,
		} {
			w.root.put(name, flushTime(at))
		}
		w.root.link("/content/link.html", "/index.html")
		w.root.link("/content/folder", "/")
		w.root.link("/content/out.html", "")
	}
	tests := []struct {
		name, config string
		version      Version
		want         []string
	}{
		{"statfiles", config(""), Version{}, []string{
			"/content/a.html: stale: /content/.stat was touched after it [headers] [ttl]",
			"/content/a/b.html: fresh: /content/.stat was not touched after it",
			"/content/b.html: fresh: /content/.stat was not touched after it [ttl]",
			"/content/link.html: stale: /content/.stat was touched after it",
			"/content/new/x/y.html: fresh: /content/new/.stat was not touched after it",
			"/index.html: stale: /.stat was touched after it",
			"/logo.png: fresh: /invalidate does not apply to it",
			"/top.html: fresh: /.stat was not touched after it",
		}},
		{"grace period", config(`/gracePeriod "101"`), Version{}, []string{
			"/content/a.html: fresh: /content/.stat was touched after it, but less than /gracePeriod ago [headers] [ttl]",
			"/content/a/b.html: fresh: /content/.stat was not touched after it",
			"/content/b.html: fresh: /content/.stat was not touched after it [ttl]",
			"/content/link.html: fresh: /content/.stat was touched after it, but less than /gracePeriod ago",
			"/content/new/x/y.html: fresh: /content/new/.stat was not touched after it",
			"/index.html: stale: /.stat was touched after it",
			"/logo.png: fresh: /invalidate does not apply to it",
			"/top.html: fresh: /.stat was not touched after it",
		}},
		{"TTL", config(`/enableTTL "1"`), Version{}, []string{
			"/content/a.html: stale: its time to live is over [headers] [ttl]",
			"/content/a/b.html: fresh: /content/.stat was not touched after it",
			"/content/b.html: fresh: /content/.stat was not touched after it [ttl]",
			"/content/link.html: stale: /content/.stat was touched after it",
			"/content/new/x/y.html: fresh: /content/new/.stat was not touched after it",
			"/index.html: stale: /.stat was touched after it",
			"/logo.png: fresh: /invalidate does not apply to it",
			"/top.html: fresh: /.stat was not touched after it",
		}},
		{"TTL before DISP-954", config(`/enableTTL "1"`), v434, []string{
			"/content/a.html: stale: its time to live is over [headers] [ttl]",
			"/content/a/b.html: fresh: /content/.stat was not touched after it",
			"/content/b.html: fresh: its time to live is not over [ttl]",
			"/content/link.html: stale: /content/.stat was touched after it",
			"/content/new/x/y.html: fresh: /content/new/.stat was not touched after it",
			"/index.html: stale: /.stat was touched after it",
			"/logo.png: fresh: /invalidate does not apply to it",
			"/top.html: fresh: /.stat was not touched after it",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newFlushWorld(t, tt.config, Options{Version: tt.version})
			fill(w)
			var got []string
			err := w.Survey(context.Background(), w.Config().Farms[0], AtOnce, func(f CachedFile) error {
				line := f.Name + ": " + f.Validity.Why()
				if f.Headers {
					line += " [headers]"
				}
				if f.TTL {
					line += " [ttl]"
				}
				got = append(got, line)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSurveyOrder: names come in order whatever is a folder.
func TestSurveyOrder(t *testing.T) {
	for seed := range uint64(100) {
		w := newFlushWorld(t, `/cache { /docroot "/d" /statfile "/d/a/s" }`, Options{})
		randomCache(rand.New(rand.NewPCG(seed, 5)), w.root)
		w.root.put("/z/s", flushTime(0))
		var got []string
		if err := w.Survey(context.Background(), w.Config().Farms[0], AtOnce, func(f CachedFile) error { got = append(got, f.Name); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.IsSorted(got) || len(got) == 0 {
			t.Errorf("seed %d: %q", seed, got)
		}
	}
}

// TestSurveyEnds: where there is nothing to survey, and where it is to end.
func TestSurveyEnds(t *testing.T) {
	ctx := context.Background()
	w := newFlushWorld(t, `/cache { /docroot "/d" }`, Options{}, "/a.html", "/b.html")
	farm := w.Config().Farms[0]
	stop := errors.New("stop")
	n := 0
	if err := w.Survey(ctx, farm, AtOnce, func(CachedFile) error { n++; return stop }); err != stop || n != 1 {
		t.Errorf("visit's error: got %v after %d", err, n)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := w.Survey(ended, farm, AtOnce, func(CachedFile) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: got %v", err)
	}
	if err := w.Survey(ctx, &model.Farm{Name: "other"}, AtOnce, nil); err == nil || err.Error() != "farm other is not of this configuration" {
		t.Errorf("another's farm: got %v", err)
	}
	without := New(w.Config(), Options{})
	if err := without.Survey(ctx, farm, AtOnce, func(CachedFile) error { return stop }); err != nil {
		t.Errorf("no store: got %v", err)
	}
	failing := New(w.Config(), Options{Store: failingStore{}})
	if err := failing.Survey(ctx, farm, AtOnce, nil); err == nil || err.Error() != "farm fragment: document root /d: no such disk" {
		t.Errorf("no document root: got %v", err)
	}
	// A flush says so, too.
	var d Decision
	var trace Trace
	if err := failing.Decide(ctx, newFlush("Activate", "/a"), &d, &trace); err != nil || d.Response.Status != 200 {
		t.Errorf("flush: got %v, %d", err, d.Response.Status)
	}
	if err := hasLine(&trace, "[N] the document root cannot be opened: no such disk; nothing is flushed"); err != nil || len(d.Invalidation.Touched) != 0 {
		t.Errorf("touched %s: %v", d.Invalidation.Touched, err)
	}
}

type failingStore struct{}

func (failingStore) Docroot(string) (Docroot, error) { return nil, errors.New("no such disk") }

// TestWhyOfNothing: a file that is not there was not judged.
func TestWhyOfNothing(t *testing.T) {
	if got := new(Validity).Why(); got != "not judged: there is no cache file" {
		t.Errorf("got %q", got)
	}
	v := Validity{Known: true, Fresh: true, Reason: NoStatfile}
	if got := v.Why(); got != "fresh: there is no statfile for it" {
		t.Errorf("got %q", got)
	}
}

// TestWhatIf: what a flush makes stale at each level, in a cache of two sites.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md and dispatcher-domains.md.
func TestWhatIf(t *testing.T) {
	const config = `/cache { /docroot "/d" /statfileslevel "9"
		/invalidate { /1 { /glob "*" /type "deny" } /2 { /glob "*.html" /type "allow" } } }`
	names := []string{
		"/content/sitea/en.html", "/content/sitea/en/news.html", "/content/sitea/en/news/one.html", "/content/sitea/en/news/one.json",
		"/content/sitea/en/shop/shoe.html", "/content/sitea/de/news.html", "/content/siteb/en.html", "/content/siteb/en/x.html",
		"/index.html", "/etc.clientlibs/a.css", "/content/sitea/en/news/.stat", "/content/sitea/en/news.html.h",
	}
	e := New(decode(t, config, Version{}, nil), Options{})
	effects, err := e.WhatIf(e.Config().Farms[0], slices.Values(names), FlushRequest{Handle: "/content/sitea/en/news/one", Action: "Activate"}, []int{0, 1, 2, 3, 4, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range effects {
		got = append(got, fmt.Sprintf("%d: %d touched, %d of %d deleted, %d stale, %.0f %%", f.Level, len(f.Touched), len(f.Deleted), f.Files, len(f.Stale), 100*f.Share()))
	}
	want := []string{
		"0: 1 touched, 2 of 10 deleted, 7 stale, 70 %",
		"1: 2 touched, 2 of 10 deleted, 7 stale, 70 %",
		"2: 3 touched, 2 of 10 deleted, 5 stale, 50 %",
		"3: 4 touched, 2 of 10 deleted, 4 stale, 40 %",
		"4: 5 touched, 2 of 10 deleted, 3 stale, 30 %",
		"5: 5 touched, 2 of 10 deleted, 3 stale, 30 %",
		"6: 5 touched, 2 of 10 deleted, 3 stale, 30 %",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/content/sitea/en.html", "/content/sitea/en/news.html", "/content/sitea/en/shop/shoe.html", "/index.html"}, effects[3].Stale); diff != "" {
		t.Errorf("stale at level 3 (-want +got):\n%s", diff)
	}
	if _, err := e.WhatIf(e.Config().Farms[0], slices.Values(names), FlushRequest{Handle: "content"}, []int{0}); err == nil {
		t.Error("a handle that is no path: no error")
	}
	if _, err := e.WhatIf(&model.Farm{}, slices.Values(names), FlushRequest{Handle: "/content"}, []int{0}); err == nil {
		t.Error("another's farm: no error")
	}
	empty, err := e.WhatIf(e.Config().Farms[0], slices.Values([]string{}), FlushRequest{Handle: "/content", Action: "Delete"}, []int{3})
	if err != nil || empty[0].Share() != 0 || len(empty[0].Touched) != 1 {
		t.Errorf("an empty cache: got %+v, %v", empty, err)
	}
}

// TestInvalidates: which entry of /invalidate decides.
func TestInvalidates(t *testing.T) {
	e := New(decode(t, `/cache { /docroot "/d" /invalidate { /1 { /glob "*" /type "deny" } /2 { /glob "*.html" /type "allow" } } }`, Version{}, nil), Options{})
	for name, want := range map[string]string{"/a.html": "2 true", "/a.css": "1 false"} {
		rule, yes, err := e.Invalidates(e.Config().Farms[0], name)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(rule.Label, " ", yes); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if _, _, err := e.Invalidates(&model.Farm{Name: "x"}, "/a"); err == nil {
		t.Error("another's farm: no error")
	}
}
