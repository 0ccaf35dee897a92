package automata

import (
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
)

// fuzzPattern makes a pattern of a kind from text: a glob, one in either case, or a regular expression.
func fuzzPattern(kind uint8, text string) *match.Pattern {
	switch kind % 3 {
	case 0:
		return match.Glob(text)
	case 1:
		return match.GlobFold(text)
	}
	p, err := match.ERE(text)
	if err != nil {
		return match.Nothing(match.KindERE, text)
	}
	return p
}

// FuzzInclusion compares inclusion and disjointness of two patterns with all short strings, and confirms what the
// automata show by the patterns' own matchers.
func FuzzInclusion(f *testing.F) {
	for _, s := range []struct {
		ak   uint8
		a    string
		bk   uint8
		b    string
		word string
	}{
		{0, "/content/a/*", 0, "/content/*", "/content/a/b"},
		{0, "/content*", 2, `/content(/.*)?`, "/contents"},
		{2, `/(system|crx|admin)(/.*)?`, 2, `/(crx|admin)/.*|/.*`, "/crx"},
		{1, "*.HTML", 0, "*.[hH][tT][mM][lL]", "a.hTml"},
		{2, `.*\b[ab]{2,3}\>`, 2, `.*[ab]`, "_ab"},
		{2, `(a|b)*a(a|b){3}`, 2, `(a|b){4,}`, "abbb"},
		{2, `(a)\1`, 0, "aa", "aa"},
		{0, "[!a-c]?[", 0, "*", "ab"},
		{2, `(css|eot|gif|ico|jpeg|jpg|js|gif|pdf|png|svg)`, 2, `[a-z]{2,4}`, "jpg"},
	} {
		f.Add(s.ak, s.a, s.bk, s.b, s.word)
	}
	short := words("ab/.", 4)
	f.Fuzz(func(t *testing.T, ak uint8, a string, bk uint8, b, word string) {
		const longest = 300 // of a pattern; longer ones are slow and show nothing new
		if len(a) > longest || len(b) > longest || len(word) > longest {
			return
		}
		const limit Limit = 1000
		p, q := fuzzPattern(ak, a), fuzzPattern(bk, b)
		l, err := limit.Language(p)
		if err != nil {
			if !isUndecided(err) {
				t.Errorf("%s: error %v is none of ours", describe(p), err)
			}
			return
		}
		m, err := limit.Language(q)
		if err != nil {
			return
		}
		included, err := limit.Includes(m, l)
		if err != nil {
			return
		}
		disjoint, err := limit.Disjoint(l, m)
		if err != nil {
			return
		}
		for _, w := range append([]string{word, a, b}, short...) {
			inP, inQ := p.Match(w), q.Match(w)
			if l.Contains(w) != inP || m.Contains(w) != inQ {
				t.Fatalf("%q: %s: pattern %t, automaton %t; %s: pattern %t, automaton %t", w, describe(p), inP, l.Contains(w), describe(q), inQ, m.Contains(w))
			}
			if included && inP && !inQ {
				t.Fatalf("%s is not included in %s: %q", describe(p), describe(q), w)
			}
			if disjoint && inP && inQ {
				t.Fatalf("%s and %s have %q in common", describe(p), describe(q), w)
			}
		}
		if rest, err := limit.Difference(l, m); err == nil {
			w, ok := rest.Witness()
			if ok == included || ok && (!p.Match(w) || q.Match(w)) {
				t.Fatalf("%s in %s: %t, witness %q %t", describe(p), describe(q), included, w, ok)
			}
		}
		if both, err := limit.Intersect(l, m); err == nil {
			w, ok := both.Witness()
			if ok == disjoint || ok && (!p.Match(w) || !q.Match(w)) {
				t.Fatalf("%s apart from %s: %t, witness %q %t", describe(p), describe(q), disjoint, w, ok)
			}
		}
	})
}

// FuzzEntry compares entries of two elements with the patterns' own matchers, on any request.
func FuzzEntry(f *testing.F) {
	for _, s := range []struct {
		on, other          uint8
		text, second       string
		uri, query, method string
	}{
		{0, 1, "/content/*", "GET", "/content/a.html", "a=b", "GET"},
		{2, 5, "x", "[a-z]+", "/a.x.y.html/b.c", "", "HEAD"},
		{3, 4, "", "/*", "/a..b./x/.y", "?", "POST"},
		{7, 6, "GET * HTTP/1.1", "a=*", "/a b?c", "a=1", "GET"},
		{4, 8, "(/.*)?", "HTTP/1.1", "/a./", "x y", ""},
	} {
		for kind := range uint8(3) {
			f.Add(s.on+9*kind, s.text, s.other+9*kind, s.second, s.uri, s.query, s.method)
		}
	}
	set := func(e *Elements, on uint8, text string) {
		p := fuzzPattern(on/9, text)
		switch on % 9 {
		case 0:
			e.URL = p
		case 1:
			e.Method = p
		case 2:
			e.Selectors = p
		case 3:
			e.Extension = p
		case 4:
			e.Suffix = p
		case 5:
			e.Path = p
		case 6:
			e.Query = p
		case 7:
			e.Glob = p
		case 8:
			e.Protocol = p
		}
	}
	s := must[*Space](f)(NewSpace(Universe{Limit: 1000}))
	f.Fuzz(func(t *testing.T, on uint8, text string, other uint8, second, uri, query, method string) {
		const longest = 300
		if len(text) > longest || len(second) > longest {
			return
		}
		var e Elements
		set(&e, on, text)
		set(&e, other, second)
		r, err := s.Entry(e)
		if err != nil {
			if !isUndecided(err) {
				t.Errorf("error %v is none of ours", err)
			}
			for _, q := range s.SampleEntry(e, 2) {
				if !e.Match(q) {
					t.Errorf("%q does not match", q)
				}
			}
			return
		}
		for _, q := range []Request{{method, uri, "", false, "HTTP/1.1"}, {method, uri, query, true, "HTTP/1.0"}, {"GET", "/" + uri, query, true, text}} {
			if got, want := r.Contains(q), e.Match(q); got != want {
				t.Errorf("%+v: automaton %t, patterns %t", q, got, want)
			}
		}
		w, ok, err := s.Witness(r)
		if err == nil && ok && (!e.Match(w) || !s.Has(w)) {
			t.Errorf("witness %+v does not match", w)
		}
		if empty, err := s.Empty(r); err == nil && empty == ok {
			t.Errorf("empty %t, witness %t", empty, ok)
		}
	})
}
