package automata

import (
	"testing"
)

// usualEntries are entries of the kinds that publish filters have, in their usual order: all denied, pages and files
// allowed, then dangerous selectors, extensions and trees denied and single servlets opened.
var usualEntries = [][]string{
	{"url", `"*"`},
	{"url", `"/content*"`},
	{"method", `"GET"`, "extension", `'(css|eot|gif|ico|jpeg|jpg|js|gif|pdf|png|svg|swf|ttf|woff|woff2|html|mp4|mov|m4v)'`, "path", `"/content/*"`},
	{"method", `"GET"`, "url", `"/etc.clientlibs/*"`},
	{"url", `"/libs/granite/csrf/token.json"`},
	{"method", `"POST"`, "url", `"/content/[.]*.form.html"`},
	{"method", `"GET"`, "path", `"/libs/cq/personalization"`},
	{"method", `"POST"`, "path", `"/content/*.commerce.cart.json"`},
	{"selectors", `'(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query|[0-9-]+|jcr:content)'`, "extension", `'(json|xml|html|feed)'`},
	{"method", `"GET"`, "query", `"debug=*"`},
	{"method", `"GET"`, "query", `"wcmmode=*"`},
	{"extension", `"jar"`},
	{"method", `"GET"`, "url", `"/content/*.model.json"`},
	{"method", `'(GET|POST|OPTIONS)'`, "url", `"/graphql/execute.json/*"`},
	{"path", `"/content/ugc"`},
	{"url", `"/content/regent.html"`},
	{"path", `"/content/dam/formsanddocuments/*/jcr:content"`, "method", `"GET"`},
	{"path", `"/content/forms/af/*"`, "method", `'(GET|POST)'`, "extension", `'(html|json|jsp)'`},
	{"path", `"/libs/fd/*"`},
	{"url", `'/content/.*[.]sitemap(-index)?[.]xml'`},
	{"path", `"/content/*"`, "selectors", `'sitemap(-index)?'`, "extension", `"xml"`},
	{"url", `'.*/[.][.];/.*'`},
	{"url", `"*;*"`},
	{"url", `'/(system|crx|admin|bin|apps|var)(/.*)?'`},
	{"suffix", `'.*[.](json|xml|jsp)'`},
	{"path", `"/content/dam/*"`, "extension", `'(json|xml)'`},
	{"glob", `"* *.infinity.json*"`},
	{"method", `"GET"`, "url", `'/manifest[.]webmanifest|/favicon[.]ico|/robots[.]txt'`},
	{"method", `'(DELETE|PUT|PATCH|TRACE|CONNECT)'`},
	{"path", `"/content/screens/*"`, "method", `'(GET|HEAD)'`},
	{"extension", `'(sql|bak|tar|gz|env|php|asp|aspx|cgi)'`},
}

func usual(tb testing.TB, s *Space) []*Requests {
	tb.Helper()
	out := make([]*Requests, len(usualEntries))
	for i, pairs := range usualEntries {
		out[i] = must[*Requests](tb)(s.Entry(elementsOf(pairs...)))
	}
	return out
}

// BenchmarkLanguage: a pattern to its smallest automaton.
func BenchmarkLanguage(b *testing.B) {
	for _, value := range []string{`"/content/*"`, `'(css|eot|gif|ico|jpeg|jpg|js|gif|pdf|png|svg|swf|ttf|woff|woff2|html|mp4|mov|m4v)'`, `'.*/[.][.];/.*'`} {
		b.Run(value, func(b *testing.B) {
			b.ReportAllocs()
			p := compilePattern(value)
			states := 0
			for b.Loop() {
				l, err := Limit(0).Language(p)
				if err != nil {
					b.Fatal(err)
				}
				states = l.States()
			}
			b.ReportMetric(float64(states), "states")
		})
	}
}

// BenchmarkEntries: all automata of a filter of 31 entries.
func BenchmarkEntries(b *testing.B) {
	b.ReportAllocs()
	s := mustSpace(b)
	states := 0
	for b.Loop() {
		states = 0
		for _, r := range usual(b, s) {
			states += r.States()
		}
	}
	b.ReportMetric(float64(states), "states")
}

// BenchmarkCover: whether an entry lies within the 30 after it.
func BenchmarkCover(b *testing.B) {
	s := mustSpace(b)
	later := usual(b, s)[1:]
	for _, bb := range []struct {
		name    string
		pairs   []string
		covered bool
	}{
		{"open", usualEntries[0], false},
		{"open-extensions", []string{"method", `"GET"`, "extension", `'(css|js|png)'`}, false},
		{"by-one", []string{"method", `"GET"`, "url", `"/content/site/*"`}, true},
		{"by-two", []string{"path", `"/content/dam/*"`, "suffix", `'/.*[.]json|/x;y'`}, true},
		{"by-many", []string{"method", `'DELETE|GET'`, "url", `'/(system|crx|content|var)/.*[.](html|json)'`, "query", `"wcmmode=*"`}, true},
		{"almost", []string{"method", `'(PUT|DELETE|GET)'`, "url", `'/(system|crx|content|etc)/.*'`}, false},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			a := must[*Requests](b)(s.Entry(elementsOf(bb.pairs...)))
			var c Cover[Request]
			for b.Loop() {
				var err error
				if c, err = s.Cover(a, later...); err != nil {
					b.Fatal(err)
				}
			}
			if c.Covered != bb.covered {
				b.Fatalf("got %+v", c)
			}
			b.ReportMetric(float64(a.States()), "states")
		})
	}
}

// BenchmarkFilter: a rule's whole work on a filter of 31 entries: its automata, and for each entry whether it is empty
// and whether those after it cover it.
func BenchmarkFilter(b *testing.B) {
	b.ReportAllocs()
	s := mustSpace(b)
	for b.Loop() {
		all := usual(b, s)
		for i, a := range all {
			if _, err := s.Empty(a); err != nil {
				b.Fatal(err)
			}
			if _, err := s.Cover(a, all[i+1:]...); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkWitness: the request that shows what is left of an entry.
func BenchmarkWitness(b *testing.B) {
	b.ReportAllocs()
	s := mustSpace(b)
	all := usual(b, s)
	rest := must[*Requests](b)(s.Difference(all[8], all[1]))
	for b.Loop() {
		if _, ok, err := s.Witness(rest); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// BenchmarkHostile: how long it takes to find that a pattern is too large.
func BenchmarkHostile(b *testing.B) {
	p := mustERE(b, `(a|b)*a(a|b){20}`)
	var err error
	for b.Loop() {
		_, err = Limit(0).Language(p)
	}
	if err == nil {
		b.Fatal("it is not")
	}
}
