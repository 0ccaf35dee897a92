package project

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

const asked = `/farms {
	/first {
		/virtualhosts { "first.example" }
		/filter {
			/0001 { /type "deny" /url "*" }
			/0002 { /type "allow" /method "GET" /url "/content/*" }
			/0003 { /type "deny" /url "/content/secret*" }
		}
		/cache {
			/docroot "/var/www"
			/rules {
				/0000 { /glob "*" /type "allow" }
				/0001 { /glob "*.nocache.html" /type "deny" }
			}
		}
	}
	/second {
		/virtualhosts { "*" }
	}
	/second {
		/virtualhosts { "*" }
		/filter { /0001 { /type "deny" /url "*" } }
		/cache { /allowAuthorized "0" /docroot "/srv" /rules { /0000 { /glob "*" /type "allow" } } }
	}
}
`

func askedProject(t testing.TB) *Project {
	t.Helper()
	p, err := Load(context.Background(), Options{FS: fstest.MapFS{"dispatcher.any": {Data: []byte(asked)}}, Path: "dispatcher.any"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOracle(t *testing.T) {
	p := askedProject(t)
	type said struct {
		Allowed, Filtered, Cacheable   bool
		Rule, CacheRule                string
		Reason, CacheReason, CacheFile string
	}
	for _, tt := range []struct {
		name string
		farm int
		q    lint.Question
		want said
	}{
		{"allowed and cacheable", 0, lint.Question{URL: "/content/a.html", File: true}, said{true, true, true, "0002", "0000", "filter-allowed", "cacheable", "/var/www/content/a.html"}},
		{"no file asked for", 0, lint.Question{URL: "/content/a.html"}, said{true, true, true, "0002", "0000", "filter-allowed", "cacheable", ""}},
		{"denied by a rule", 0, lint.Question{URL: "/content/secret.html", File: true}, said{Filtered: true, Rule: "0003", Reason: "filter-denied"}},
		{"another method", 0, lint.Question{Method: "POST", URL: "/content/a.html"}, said{Filtered: true, Rule: "0001", Reason: "filter-denied"}},
		{"decoded before it is compared", 0, lint.Question{URL: "/content/%73ecret.html"}, said{Filtered: true, Rule: "0003", Reason: "filter-denied"}},
		{"kept from the cache by a rule", 0, lint.Question{URL: "/content/a.nocache.html", File: true}, said{true, true, false, "0002", "0001", "filter-allowed", "not-in-cache-rules", ""}},
		{"kept from the cache by a query", 0, lint.Question{URL: "/content/a.html?b=c"}, said{true, true, false, "0002", "", "filter-allowed", "query-string", ""}},
		{"kept from the cache by a header", 0, lint.Question{URL: "/content/a.html", Header: []lint.Header{{Name: "Authorization", Value: "Basic eDp5"}}}, said{true, true, false, "0002", "", "filter-allowed", "authorization", ""}},
		{"refused by httpd", 0, lint.Question{URL: "/content/%zz.html"}, said{Reason: "bad-escape"}},
		{"no filter", 1, lint.Question{URL: "/crx/de"}, said{true, true, false, "", "", "no-filter", "no-docroot", ""}},
		{"a second farm of one name", 2, lint.Question{URL: "/crx/de"}, said{Filtered: true, Rule: "0001", Reason: "filter-denied"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a lint.Answer
			a.CacheFile = "/left/over"
			if err := p.Oracle().Decide(t.Context(), p.Config.Farms[tt.farm], &tt.q, &a); err != nil {
				t.Fatal(err)
			}
			got := said{a.Allowed, a.Filtered, a.Cacheable, labelOf(a.Rule), labelOf(a.CacheRule), a.Reason, a.CacheReason, a.CacheFile}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func labelOf(r *model.Rule) string {
	if r == nil {
		return ""
	}
	return r.Label
}

func TestOracleRefuses(t *testing.T) {
	p := askedProject(t)
	o, f := p.Oracle(), p.Config.Farms[0]
	var a lint.Answer
	if err := o.Decide(t.Context(), &model.Farm{}, &lint.Question{URL: "/"}, &a); err == nil {
		t.Error("a farm of another configuration is answered for")
	}
	if err := o.Decide(t.Context(), f, &lint.Question{URL: "content"}, &a); err == nil {
		t.Error("a URL without a slash is answered for")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Decide(ctx, f, &lint.Question{URL: "/"}, &a); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the context has ended", err)
	}
	if (&Project{}).Oracle() != nil {
		t.Error("a project without a configuration has an oracle")
	}
}

func TestOracleAllocates(t *testing.T) {
	if testkit.Race {
		t.Skip("with the race detector on, pools drop what they are given")
	}
	p := askedProject(t)
	o, f := p.Oracle(), p.Config.Farms[0]
	q, a, ctx := lint.Question{URL: "/content/a.html"}, lint.Answer{}, t.Context()
	ask := func() {
		if err := o.Decide(ctx, f, &q, &a); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	if n := testing.AllocsPerRun(1000, ask); n > 0.5 {
		t.Errorf("a question allocates %v times", n)
	}
}

func BenchmarkOracle(b *testing.B) {
	p := askedProject(b)
	o, f := p.Oracle(), p.Config.Farms[0]
	q, a, ctx := lint.Question{URL: "/content/a.html"}, lint.Answer{}, context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := o.Decide(ctx, f, &q, &a); err != nil {
			b.Fatal(err)
		}
	}
}

// TestOracleTogether: an oracle answers many at once, each as if alone.
func TestOracleTogether(t *testing.T) {
	p := askedProject(t)
	o := p.Oracle()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			var a lint.Answer
			for range 200 {
				f := p.Config.Farms[i%len(p.Config.Farms)]
				if err := o.Decide(t.Context(), f, &lint.Question{URL: "/content/a.html"}, &a); err != nil {
					t.Error(err)
					return
				}
				if want := i%3 != 2; a.Allowed != want {
					t.Errorf("farm %d: allowed is %t, want %t", i%3, a.Allowed, want)
					return
				}
			}
		})
	}
	wg.Wait()
}
