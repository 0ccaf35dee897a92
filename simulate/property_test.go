package simulate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// A maker makes rules and requests at random, of pieces that meet often enough for most branches to be taken.
type maker struct{ *rand.Rand }

func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 0x6469737063686563))} }

func (m maker) pick(list ...string) string { return list[m.IntN(len(list))] }

var elementValues = map[string][]string{
	"method":    {`"GET"`, `"*"`, `"POST"`, `'(GET|HEAD)'`, `'[A-Z]+'`, `"P*"`, `''`, `'GET|)'`, `"get"`, `'.*'`},
	"url":       {`"*"`, `"/content/*"`, `"/content*"`, `"*.html"`, `'/(content|libs)(/.*)?'`, `"/a/b.html"`, `'.*;.*'`, `"*[ab].*"`, `'/(a|b)/?.*'`, `"/[a"`, `'.*/x\.html'`, `"?content/*"`, `'[/].*'`, `'/*content.*'`, `"*x*"`, `'.?.?.?.?'`, `'/.{1,9}'`},
	"query":     {`"*"`, `"a=*"`, `'(.*&)?debug=.*'`, `""`, `'.*'`, `'()'`, `"b"`},
	"protocol":  {`"HTTP/1.1"`, `"*"`, `'HTTP/1\.[01]'`, `"HTTP/2*"`},
	"path":      {`"/content/*"`, `"*"`, `'/content/(a|b)'`, `"/"`, `"/content"`, `'/[^/]*'`, `"/a*"`, `'(/[a-z]+)+'`},
	"selectors": {`"*"`, `""`, `''`, `'()'`, `"x"`, `'(x|infinity|[0-9]+)'`, `'.*'`, `'x?'`, `"[!x]*"`, `'infinity'`},
	"extension": {`"*"`, `""`, `'()'`, `"html"`, `'(html|json)'`, `'(json|)'`, `'.*'`, `'[a-z]+'`, `"h*"`, `'j?s?'`, `'(a|b'`},
	"suffix":    {`"*"`, `""`, `'()'`, `"/*"`, `'.*\.css'`, `"/x"`, `'(/.*)?'`, `'.*infinity.*'`},
	"glob":      {`"*"`, `"GET *"`, `"* /content*"`, `"*.html HTTP/1.1"`, `"POST /a*"`, `'GET .*'`, `"* *\?*"`, `"/content/*"`, `"*.html"`, `"G* *"`, `"[G]ET *"`},
}

var elementNames = []string{"method", "url", "query", "protocol", "path", "selectors", "extension", "suffix", "glob"}

func (m maker) rule(i int) *model.Rule {
	var pairs []string
	if m.IntN(6) == 0 {
		pairs = append(pairs, "glob", m.pick(elementValues["glob"]...))
	}
	for range m.IntN(4) {
		name := elementNames[m.IntN(len(elementNames)-1)]
		if !slices.Contains(pairs, name) {
			pairs = append(pairs, name, m.pick(elementValues[name]...))
		}
	}
	return newRule(fmt.Sprint(i), m.pick("allow", "deny"), pairs...)
}

func (m maker) rules(most int) *model.RuleList {
	l := new(model.RuleList)
	for i := range m.IntN(most + 1) {
		l.Rules = append(l.Rules, m.rule(i))
	}
	return l
}

func (m maker) request() *Request {
	var b strings.Builder
	b.WriteString(m.pick("/content", "/libs", "/a", "/b", "/content/a", "/content/b/c", "/", "/.x", "/content/a;b", "/c%6Fntent/x", "/a/../content/x", "//content//y"))
	for range m.IntN(3) {
		b.WriteString("." + m.pick("x", "infinity", "1", "", "y", "X"))
	}
	b.WriteString(m.pick("", ".html", ".json", ".css", ".h", ".", ".HTML", ".js"))
	b.WriteString(m.pick("", "", "", "/x", "/x.css", "/", "/infinity.json", "/y/z.html"))
	b.WriteString(m.pick("", "", "", "?a=1", "?debug=x", "?", "?a=1&debug=2", "?b", "?utm=1&a=2"))
	r := &Request{
		Method: m.pick("GET", "GET", "GET", "HEAD", "POST", "PUT", "get", "PROPFIND", "X"),
		Target: b.String(), Host: m.pick("a.example.com", "b.example.com:8080", "", "c"), TLS: m.IntN(3) == 0,
		Proto: m.pick("", "HTTP/1.0", "HTTP/2.0"),
	}
	if m.IntN(5) == 0 {
		r.Header = Header{{m.pick("Authorization", "Cookie", "X-Dispatcher-Info"), m.pick("x", "login-token=1", "sid=2")}}
	}
	return r
}

func (m maker) config() *model.Config {
	c := new(model.Config)
	for i := range 1 + m.IntN(3) {
		f := &model.Farm{Name: fmt.Sprintf("farm%d", i), Info: setting(m.IntN(2) == 0)}
		for range m.IntN(3) {
			f.VirtualHosts = append(f.VirtualHosts, newHost(m.pick("*", "a.example.com", "*.example.com", "c", "B.example.COM")))
		}
		if m.IntN(8) > 0 {
			f.Filter = m.rules(70)
		}
		if m.IntN(4) > 0 {
			f.Cache = &model.Cache{Docroot: setting(m.pick("/d", "/d/", "")), AllowAuthorized: setting(m.IntN(2) == 0)}
			if m.IntN(4) > 0 {
				f.Cache.Rules = m.rules(6)
			}
			if m.IntN(2) > 0 {
				f.Cache.IgnoreURLParams = &model.RuleList{Rules: []*model.Rule{
					newRule("0", m.pick("allow", "deny"), "glob", `"*"`),
					newRule("1", m.pick("allow", "deny"), "glob", m.pick(`"a"`, `"utm*"`, `"[de]*"`)),
				}}
			}
		}
		if m.IntN(6) == 0 {
			f.SessionManagement = &model.SessionManagement{Header: setting("Cookie:sid")}
		}
		if m.IntN(6) == 0 {
			f.VanityURLs = new(model.VanityURLs)
		}
		c.Farms = append(c.Farms, f)
	}
	return c
}

func setting[T any](v T) model.Setting[T] { return model.Setting[T]{Value: v, Set: true} }

func describe(c *model.Config) string {
	var b strings.Builder
	for _, f := range c.Farms {
		fmt.Fprintf(&b, "farm %s\n", f.Name)
		for _, l := range []*model.RuleList{f.Filter, cacheRules(f)} {
			if l == nil {
				continue
			}
			b.WriteString(" section\n")
			for _, r := range l.Rules {
				fmt.Fprintf(&b, "  %s\n", ruleText(r))
			}
		}
	}
	return b.String()
}

func cacheRules(f *model.Farm) *model.RuleList {
	if f.Cache == nil {
		return nil
	}
	return f.Cache.Rules
}

// TestFastAndFullAgree compares the two ways to decide: with a trace every rule is tried in its order, without one
// the rules are indexed and read from the end.
func TestFastAndFullAgree(t *testing.T) {
	configs, requests := 1500, 40
	if testing.Short() || testkit.Race { // there is one goroutine
		configs = 300
	}
	m := newMaker(1)
	ctx := context.Background()
	var fast, full Decision
	outcomes := map[string]int{}
	for range configs {
		c := m.config()
		e := New(c, Options{})
		for range requests {
			r := m.request()
			var trace Trace
			if err := e.Decide(ctx, r, &full, &trace); err != nil {
				t.Fatal(err)
			}
			if err := e.Decide(ctx, r, &fast, nil); err != nil {
				t.Fatal(err)
			}
			outcomes[string(full.Reason)]++
			outcomes[string(full.Cache.Reason)]++
			if diff := cmp.Diff(full, fast, sameDecision...); diff != "" {
				t.Fatalf("%+v\n%s(-with a trace +without):\n%s", r, describe(c), diff)
			}
		}
	}
	for _, want := range []Reason{FilterAllowed, FilterDenied, FilterNoMatch, NoFilter, HeaderFileDenied, Cacheable,
		NotInCacheRules, QueryString, NoExtension, TrailingSlash, OtherMethod, NoDocroot, NoSession, Authorization} {
		if outcomes[string(want)] == 0 {
			t.Errorf("no request was answered with %s: the test does not reach it", want)
		}
	}
}

// sameDecision compares decisions by what they say, and configuration by identity.
var sameDecision = []cmp.Option{
	cmp.AllowUnexported(Decision{}, CacheVerdict{}, Parts{}),
	cmpopts.IgnoreFields(FilterVerdict{}, "Matched"),
	cmp.Comparer(func(a, b source.Span) bool { return a == b }),
	cmp.Comparer(func(a, b *model.Rule) bool { return a == b }),
	cmp.Comparer(func(a, b *model.Farm) bool { return a == b }),
	cmp.Comparer(func(a, b *model.VirtualHost) bool { return a == b }),
	cmp.Comparer(func(a, b *model.Render) bool { return a == b }),
	cmp.Comparer(func(a, b *model.Category) bool { return a == b }),
}

// TestLastRuleRules: a rule at the end changes the verdict to its own type, or not at all.
func TestLastRuleRules(t *testing.T) {
	m := newMaker(2)
	for range 3000 {
		rules := m.rules(12)
		added := m.rule(99)
		more := &model.RuleList{Rules: append(slices.Clone(rules.Rules), added)}
		r := m.request()
		before, after := verdict(t, rules, r), verdict(t, more, r)
		switch {
		case after.Reason == HeaderFileDenied: // whatever the rules say
		case after.Rule == added && after.Allow != added.Allow:
			t.Fatalf("%s decides and allows %v", ruleText(added), after.Allow)
		case after.Rule != added && (after.Rule != before.Rule || after.Allow != before.Allow):
			t.Fatalf("%s does not decide and changes the verdict from %+v to %+v", ruleText(added), before, after)
		}
	}
}

// TestLabelsDecideNothing: new labels for rules and farms give the same answers.
func TestLabelsDecideNothing(t *testing.T) {
	m := newMaker(3)
	ctx := context.Background()
	for range 400 {
		c := m.config()
		other := *c
		other.Farms = nil
		for i, f := range c.Farms {
			g := *f
			g.Name = fmt.Sprintf("z%d", 9-i)
			if f.Filter != nil {
				g.Filter = relabelled(f.Filter)
			}
			if f.Cache != nil && f.Cache.Rules != nil {
				cache := *f.Cache
				cache.Rules = relabelled(f.Cache.Rules)
				g.Cache = &cache
			}
			other.Farms = append(other.Farms, &g)
		}
		e, o := New(c, Options{}), New(&other, Options{})
		for range 10 {
			r := m.request()
			var a, b Decision
			if err := e.Decide(ctx, r, &a, nil); err != nil {
				t.Fatal(err)
			}
			if err := o.Decide(ctx, r, &b, nil); err != nil {
				t.Fatal(err)
			}
			got := []any{b.Outcome, b.Reason, farmIndex(&other, b.Farm.Farm), b.Filter.Allow, b.Cache.Cacheable, b.Cache.File(), b.Cache.Log()}
			want := []any{a.Outcome, a.Reason, farmIndex(c, a.Farm.Farm), a.Filter.Allow, a.Cache.Cacheable, a.Cache.File(), a.Cache.Log()}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%+v\n%s(-before +with other labels):\n%s", r, describe(c), diff)
			}
		}
	}
}

func relabelled(l *model.RuleList) *model.RuleList {
	n := new(model.RuleList)
	for i, r := range l.Rules {
		s := *r
		s.Label = fmt.Sprintf("r%d", len(l.Rules)-i)
		n.Rules = append(n.Rules, &s)
	}
	return n
}

func farmIndex(c *model.Config, f *model.Farm) int { return slices.Index(c.Farms, f) }

// verdict decides a request against a filter.
func verdict(t *testing.T, rules *model.RuleList, r *Request) FilterVerdict {
	t.Helper()
	e := New(&model.Config{Farms: []*model.Farm{{Name: "f", Filter: rules}}}, Options{})
	var d Decision
	if err := e.Decide(context.Background(), r, &d, nil); err != nil {
		t.Fatal(err)
	}
	return d.Filter
}

// TestPlainGlobs: a glob without special characters matches itself alone.
func TestPlainGlobs(t *testing.T) {
	m := newMaker(4)
	for range 2000 {
		text := m.request().Target
		if strings.ContainsAny(text, "*?[%") || strings.HasSuffix(text, ".h") || !isClean(text, true) {
			continue
		}
		rules := &model.RuleList{Rules: []*model.Rule{newRule("1", "allow", "url", `"`+text+`"`)}}
		if v := verdict(t, rules, &Request{Method: "GET", Target: text}); v.Rule == nil {
			t.Fatalf("%q does not match itself", text)
		}
		if v := verdict(t, rules, &Request{Method: "GET", Target: text + "x"}); v.Rule != nil {
			t.Fatalf("%q matches %q", text, text+"x")
		}
	}
}

// TestSameFromManyGoroutines: an engine gives the same answers to a hundred goroutines at once. The race detector
// watches.
func TestSameFromManyGoroutines(t *testing.T) {
	m := newMaker(5)
	c := m.config()
	e := New(c, Options{})
	ctx := context.Background()
	requests := make([]*Request, 50)
	want := make([]Decision, len(requests))
	for i := range requests {
		requests[i] = m.request()
		if err := New(c, Options{}).Decide(ctx, requests[i], &want[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	errs := make(chan string, 100)
	for g := range 100 {
		go func() {
			var d Decision
			message := ""
			for i := range requests {
				i = (i + g) % len(requests)
				var trace *Trace
				if (i+g)%7 == 0 {
					trace = new(Trace)
				}
				if err := e.Decide(ctx, requests[i], &d, trace); err != nil {
					message = err.Error()
				}
				if diff := cmp.Diff(want[i], d, sameDecision...); diff != "" {
					message = diff
				}
			}
			errs <- message
		}()
	}
	for range 100 {
		if message := <-errs; message != "" {
			t.Error(message)
		}
	}
}

// TestDecideAllocatesNothing: not without a trace, and not for paths that are clean.
func TestDecideAllocatesNothing(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector empties pools")
	}
	e := New(benchConfig(), Options{})
	ctx := context.Background()
	var d Decision
	for _, r := range benchRequests() {
		decide := func() {
			if err := e.Decide(ctx, &r, &d, nil); err != nil {
				t.Fatal(err)
			}
		}
		decide() // builds what is built on first use
		if n := testing.AllocsPerRun(100, decide); n != 0 {
			t.Errorf("%s %s: %v allocations, want none", r.Method, r.Target, n)
		}
	}
}
