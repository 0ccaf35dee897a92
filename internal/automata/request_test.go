package automata

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// compilePattern reads a value with its quotes; what the C library refuses becomes a pattern that matches nothing.
func compilePattern(value string) *match.Pattern {
	text := value[1 : len(value)-1]
	if value[0] == '"' {
		return match.Glob(text)
	}
	p, err := match.ERE(text)
	if err != nil {
		return match.Nothing(match.KindERE, text)
	}
	return p
}

// elementsOf makes an entry of names and values in quotes.
func elementsOf(pairs ...string) Elements {
	var e Elements
	for i := 0; i < len(pairs); i += 2 {
		p := compilePattern(pairs[i+1])
		switch pairs[i] {
		case "glob":
			e.Glob = p
		case "method":
			e.Method = p
		case "url":
			e.URL = p
		case "query":
			e.Query = p
		case "protocol":
			e.Protocol = p
		case "path":
			e.Path = p
		case "selectors":
			e.Selectors = p
		case "extension":
			e.Extension = p
		case "suffix":
			e.Suffix = p
		default:
			panic("no element " + pairs[i])
		}
	}
	return e
}

// ruleOf makes the same entry for the engine.
func ruleOf(e Elements) *model.Rule {
	wrap := func(p *match.Pattern) *model.Pattern {
		if p == nil {
			return nil
		}
		out := &model.Pattern{Pattern: p, Quote: '"'}
		if p.Kind() == match.KindERE {
			out.Quote = '\''
		}
		if p.Refused() {
			out.Err = errors.New("refused")
		}
		return out
	}
	return &model.Rule{
		Label: "1", Allow: true, Type: model.Setting[string]{Value: "allow", Text: "allow", Set: true},
		Glob: wrap(e.Glob), Method: wrap(e.Method), URL: wrap(e.URL), Query: wrap(e.Query), Protocol: wrap(e.Protocol),
		Path: wrap(e.Path), Selectors: wrap(e.Selectors), Extension: wrap(e.Extension), Suffix: wrap(e.Suffix),
	}
}

// engineOf is a farm with one entry.
func engineOf(e Elements) *simulate.Engine {
	filter := &model.RuleList{Rules: []*model.Rule{ruleOf(e)}}
	return simulate.New(&model.Config{Farms: []*model.Farm{{Name: "f", Filter: filter}}}, simulate.Options{})
}

// decide asks the engine whether the entry matches a request.
func decide(t testing.TB, engine *simulate.Engine, r Request) bool {
	t.Helper()
	var d simulate.Decision
	if err := engine.Decide(context.Background(), &simulate.Request{Method: r.Method, Target: r.Target(), Proto: r.Protocol}, &d, nil); err != nil {
		t.Fatal(err)
	}
	if d.URI != r.URI || d.Query != r.Query || d.HasQuery != r.HasQuery {
		t.Fatalf("the engine makes %q, query %q (%t) of %q: not the request %+v", d.URI, d.Query, d.HasQuery, r.Target(), r)
	}
	// A URL that is never served matches all the same, which the verdict does not tell.
	return d.Filter.Rule != nil
}

// reserved reports whether the engine denies a URL whatever the filter says.
func reserved(r Request) bool {
	return strings.HasSuffix(r.URI, ".h") || strings.HasSuffix(r.URI, ".ttl") || strings.HasSuffix(r.URI, "/.stat")
}

var elementValues = map[string][]string{
	"method":    {`"GET"`, `"*"`, `"POST"`, `'(GET|HEAD)'`, `'[A-Z]+'`, `"P*"`, `''`, `'GET|)'`},
	"url":       {`"*"`, `"/content/*"`, `"/content*"`, `"*.html"`, `'/(content|libs)(/.*)?'`, `"/a/b.html"`, `'.*;.*'`, `"*[ab].*"`, `"/[a"`, `"* *"`, `"*\?*"`, `'.*[?].*'`, `"*x*"`, `'.?.?.?.?'`, `"*.x.*"`},
	"query":     {`"*"`, `"a=*"`, `'(.*&)?debug=.*'`, `""`, `'.*'`, `'()'`},
	"protocol":  {`"HTTP/1.1"`, `"*"`, `'HTTP/1\.[01]'`, `"HTTP/2*"`, `""`},
	"path":      {`"/content/*"`, `"*"`, `'/content/(a|b)'`, `"/"`, `"/content"`, `'/[^/]*'`, `"/a.b"`, `""`, `'[^.]*'`},
	"selectors": {`"*"`, `""`, `''`, `'()'`, `"x"`, `'(x|infinity|[0-9]+)'`, `'.*'`, `'x?'`, `"[!x]*"`, `"x.y"`, `'(a|b'`},
	"extension": {`"*"`, `""`, `'()'`, `"html"`, `'(html|json)'`, `'(json|)'`, `'.*'`, `'[a-z]+'`, `"h*"`, `"a.b"`, `'(a|b'`},
	"suffix":    {`"*"`, `""`, `'()'`, `"/*"`, `'.*\.css'`, `"/x"`, `'(/.*)?'`, `"x*"`, `'(a|b'`},
	"glob":      {`"*"`, `"GET *"`, `"* /content*"`, `"*.html HTTP/1.1"`, `"POST /a*"`, `'GET .*'`, `"* *[?]*"`, `"/content/*"`, `"G* *"`, `"* * * *"`, `'GET [^ ]* HTTP/1[.]1'`},
}

var elementNames = []string{"method", "url", "query", "protocol", "path", "selectors", "extension", "suffix", "glob"}

// entry makes an entry of values that meet, some of them at random.
func (m maker) entry() (Elements, string) {
	var pairs []string
	if m.IntN(6) == 0 {
		pairs = append(pairs, "glob", m.pick(elementValues["glob"]...))
	}
	for range m.IntN(4) {
		name := elementNames[m.IntN(len(elementNames)-1)]
		if slices.Contains(pairs, name) {
			continue
		}
		value := m.pick(elementValues[name]...)
		switch m.IntN(6) {
		case 0:
			value = `"` + m.glob() + `"`
		case 1:
			value = `'` + m.ere(2) + `'`
		}
		pairs = append(pairs, name, value)
	}
	return elementsOf(pairs...), strings.Join(pairs, " ")
}

func (m maker) request() Request {
	var b strings.Builder
	b.WriteString(m.pick("/content", "/libs", "/a", "/b", "/content/a", "/content/b/c", "/", "/.x", "/content/a;b", "/a b", "/a?b", "/ab/a", "/..;", "/é"))
	for range m.IntN(4) {
		b.WriteString("." + m.pick("x", "infinity", "1", "", "a", "X", "ab"))
	}
	b.WriteString(m.pick("", ".html", ".json", ".css", ".", ".HTML", ".a"))
	b.WriteString(m.pick("", "", "", "/x", "/x.css", "/", "/infinity.json", "/y/z.html", "/a b", "/a?"))
	r := Request{Method: m.pick("GET", "GET", "HEAD", "POST", "PUT", "get", "X"), URI: b.String(), Protocol: m.pick("HTTP/1.1", "HTTP/1.0", "HTTP/2.0")}
	if m.IntN(2) == 0 {
		r.HasQuery, r.Query = true, m.pick("a=1", "debug=x", "", "a=1&debug=2", "b", "a?b", ".x/a.html")
	}
	return r
}

func mustSpace(t testing.TB) *Space {
	t.Helper()
	return must[*Space](t)(NewSpace(Universe{}))
}

// TestEntry: an entry's language, its Match and the engine agree on random requests.
func TestEntry(t *testing.T) {
	m, s := newMaker(3), mustSpace(t)
	tried := map[bool]int{}
	for range 2500 {
		e, name := m.entry()
		set := must[*Requests](t)(s.Entry(e))
		engine := engineOf(e)
		for range 30 {
			r := m.request()
			if !s.Has(r) {
				continue
			}
			got, want := set.Contains(r), e.Match(r)
			if got != want {
				t.Fatalf("%s on %q: automaton %t, patterns %t", name, r, got, want)
			}
			if reserved(r) {
				continue
			}
			if decided := decide(t, engine, r); decided != got {
				t.Fatalf("%s on %q: automaton %t, engine %t", name, r, got, decided)
			}
			tried[got]++
		}
	}
	if tried[true] < 3000 || tried[false] < 3000 {
		t.Errorf("tried %d that match and %d that do not: too few", tried[true], tried[false])
	}
}

// TestDecomposition: a pattern on one part matches where it matches what simulate.Decompose says is the part, on all
// short URIs over bytes that matter.
func TestDecomposition(t *testing.T) {
	s := mustSpace(t)
	short := words("./ax", 6)
	absent := func(value, part string, match bool) bool {
		if part == "" {
			return value == `""` || value[0] == '\'' && compilePattern(value).MatchesEmpty()
		}
		return match
	}
	for _, name := range []string{"path", "selectors", "extension", "suffix"} {
		for _, value := range []string{`"*"`, `""`, `"a"`, `"/a"`, `"*a*"`, `"?"`, `'()'`, `'[ax]*'`, `'(/.*)?'`, `'x|xa'`, `'[^.]+'`} {
			t.Run(name+value, func(t *testing.T) {
				set := must[*Requests](t)(s.Entry(elementsOf(name, value)))
				p := compilePattern(value)
				for _, w := range short {
					uri := "/" + w
					parts := simulate.Decompose(uri)
					var want bool
					switch name {
					case "path":
						want = p.Match(parts.Path)
					case "extension":
						want = absent(value, parts.Extension, p.Match(parts.Extension))
					case "suffix":
						want = absent(value, parts.Suffix, p.Match(parts.Suffix))
					case "selectors":
						want = len(parts.Selectors()) == 0 && absent(value, "", false) || slices.ContainsFunc(parts.Selectors(), p.Match)
					}
					for _, query := range []bool{false, true} {
						if got := set.Contains(Request{"GET", uri, ".a/a", query, "HTTP/1.1"}); got != want {
							t.Fatalf("%q (query %t): got %t, want %t", uri, query, got, want)
						}
					}
				}
			})
		}
	}
}

// TestSpace: the requests of the default space are those that the engine passes on as they are.
func TestSpace(t *testing.T) {
	s := mustSpace(t)
	doubled := must[*Space](t)(NewSpace(Universe{DoubleSlashes: true}))
	tests := []struct {
		uri         string
		in, doubles bool
	}{
		{"/", true, true}, {"/a", true, true}, {"/a/", true, true}, {"/a/b.c", true, true}, {"/..;/a", true, true}, {"/...", true, true}, {"/.a", true, true},
		{"/a?b c\n\xff%", true, true}, {"/..a/.b.", true, true},
		{"//", false, true}, {"/a//b", false, true}, {"/a//", false, true},
		{"", false, false}, {"a", false, false}, {"*", false, false}, {"/.", false, false}, {"/..", false, false}, {"/./a", false, false}, {"/a/../b", false, false}, {"/a/..", false, false}, {"/a\x00", false, false},
	}
	for _, tt := range tests {
		r := Request{Method: "GET", URI: tt.uri, Protocol: "HTTP/1.1"}
		if got := s.Has(r); got != tt.in {
			t.Errorf("%q: got %t, want %t", tt.uri, got, tt.in)
		}
		if got := doubled.Has(r); got != tt.doubles {
			t.Errorf("%q with double slashes: got %t, want %t", tt.uri, got, tt.doubles)
		}
		if tt.in {
			decide(t, engineOf(Elements{}), r) // fails unless the URI is left alone
		}
	}
	for _, r := range []Request{
		{"", "/", "", false, "HTTP/1.1"}, {"G T", "/", "", false, "HTTP/1.1"}, {"GET", "/", "", false, "HTTP"},
		{"GET", "/", "", false, ""}, {"GET", "/", "a b", true, "HTTP/1.1"}, {"GET", "/", "a#b", true, "HTTP/1.1"},
	} {
		if s.Has(r) {
			t.Errorf("%+v is in the space", r)
		}
	}
	if !s.Has(Request{"GET", "/", "", true, "HTTP/2.0"}) {
		t.Error("an empty query is not in the space")
	}
	posts := must[*Space](t)(NewSpace(Universe{Methods: must[*Language](t)(Limit(0).Strings("POST")), NoQuery: true}))
	w, ok, err := posts.Witness(posts.All())
	if err != nil || !ok || w.Method != "POST" || w.HasQuery {
		t.Errorf("got %v, %t, %v, want a POST without a query", w, ok, err)
	}
}

// TestOwnURIs: a space without the URLs that are never served has no witness among them.
func TestOwnURIs(t *testing.T) {
	never := mustLanguage(t, mustERE(t, `.*(/\.stat|\.h|\.ttl)`))
	s := must[*Space](t)(NewSpace(Universe{URIs: must[*Language](t)(Limit(0).Difference(URIs(), never))}))
	for uri, want := range map[string]bool{"/a.h": false, "/.stat": false, "/a.ttl": false, "/a.html": true, "/a.h/b": true, "//": false} {
		if got := s.Has(Request{Method: "GET", URI: uri, Protocol: "HTTP/1.1"}); got != want {
			t.Errorf("%s: got %t, want %t", uri, got, want)
		}
	}
	a := must[*Requests](t)(s.Entry(elementsOf("extension", `'h|ttl'`)))
	w, ok, err := s.Witness(a)
	if err != nil || !ok || reserved(w) {
		t.Errorf("got %q, %t, %v, want one with a suffix", w, ok, err)
	}
	if !decider(t, elementsOf("extension", `'h|ttl'`))(w) {
		t.Errorf("the engine does not confirm %q", w)
	}
}

// TestSetLaws: what is said of two random entries holds, with witnesses that the engine confirms.
func TestSetLaws(t *testing.T) {
	m, s := newMaker(4), mustSpace(t)
	set, is := must[*Requests](t), must[bool](t)
	for range 250 {
		e, f := Elements{}, Elements{}
		var en, fn string
		e, en = m.entry()
		f, fn = m.entry()
		name := en + " | " + fn
		a, b := set(s.Entry(e)), set(s.Entry(f))
		confirm := func(what string, r *Requests, empty bool, want func(Request) bool) {
			t.Helper()
			w, ok, err := s.Witness(r)
			if err != nil || ok == empty || is(s.Empty(r)) != empty {
				t.Fatalf("%s: %s: witness %t, want %t (%v)", name, what, ok, !empty, err)
			}
			if ok && (!want(w) || !s.Has(w)) {
				t.Fatalf("%s: %s: witness %q is none", name, what, w)
			}
			list, err := s.Sample(r, 5)
			if err != nil || (len(list) == 0) != empty {
				t.Fatalf("%s: %s: %d samples (%v)", name, what, len(list), err)
			}
			for _, w := range list {
				if !want(w) || !s.Has(w) {
					t.Fatalf("%s: %s: sample %q is none", name, what, w)
				}
			}
		}
		inA, inB := decider(t, e), decider(t, f)
		confirm("a-b", set(s.Difference(a, b)), is(s.Includes(b, a)), func(r Request) bool { return inA(r) && !inB(r) })
		confirm("a&b", set(s.Intersect(a, b)), is(s.Disjoint(a, b)), func(r Request) bool { return inA(r) && inB(r) })
		confirm("a+b", set(s.Union(a, b)), is(s.Empty(a)) && is(s.Empty(b)), func(r Request) bool { return inA(r) || inB(r) })
		confirm("not a", s.Complement(a), is(s.Includes(a, s.All())), func(r Request) bool { return !inA(r) })
		for range 20 {
			if r := m.request(); s.Has(r) && is(s.Includes(b, a)) && inA(r) && !inB(r) {
				t.Fatalf("%s: %q is in a and not in b, though b includes a", name, r)
			}
		}
	}
}

// decider asks the engine about requests, but for those that it never serves.
func decider(t *testing.T, e Elements) func(Request) bool {
	engine := engineOf(e)
	return func(r Request) bool {
		want := e.Match(r)
		if !reserved(r) {
			if got := decide(t, engine, r); got != want {
				t.Fatalf("%q: engine %t, patterns %t", r, got, want)
			}
		}
		return want
	}
}

func TestCover(t *testing.T) {
	tests := []struct {
		name string
		a    []string
		by   [][]string
		want Cover[Request]
	}{
		{"by one", []string{"url", `"/content/a/*"`}, [][]string{{"url", `"/libs*"`}, {"url", `"/content/*"`}, {"url", `"*"`}}, Cover[Request]{Covered: true, By: []int{1}}},
		{"by two", []string{"method", `'GET|POST'`, "url", `"/a*"`}, [][]string{{"method", `"POST"`}, {"url", `"/b"`}, {"method", `"GET"`}}, Cover[Request]{Covered: true, By: []int{0, 2}}},
		{"one too many", []string{"extension", `'css|js'`}, [][]string{{"extension", `"css"`, "url", `"/a*"`}, {"extension", `"css"`}, {"extension", `"js"`}}, Cover[Request]{Covered: true, By: []int{1, 2}}},
		{"across kinds", []string{"glob", `"GET /content/*.html HTTP/1.1"`}, [][]string{{"method", `"GET"`, "url", `"/content/*"`}}, Cover[Request]{Covered: true, By: []int{0}}},
		{"glob over elements", []string{"method", `"GET"`, "url", `"/content/*"`}, [][]string{{"glob", `"GET /content/*"`}}, Cover[Request]{Covered: true, By: []int{0}}},
		{"glob and query", []string{"method", `"GET"`, "url", `"/index.html"`}, [][]string{{"glob", `"* /index.html *"`}}, Cover[Request]{Witness: Request{"GET", "/index.html", "", true, "HTTP/0.0"}}},
		{"path and its extension", []string{"path", `"/content/*"`, "extension", `"html"`}, [][]string{{"url", `"*.html"`}, {"url", `"*.html/*"`}}, Cover[Request]{Covered: true, By: []int{0, 1}}},
		{"with or without", []string{"url", `"/a*"`}, [][]string{{"selectors", `"*"`}, {"selectors", `""`}}, Cover[Request]{Covered: true, By: []int{0, 1}}},
		{"dot in a path", []string{"path", `"/content/*.cart.json"`}, [][]string{{"url", `"/x"`}}, Cover[Request]{Covered: true}},
		{"suffix without slash", []string{"suffix", `"x*"`}, nil, Cover[Request]{Covered: true}},
		{"nothing", []string{"url", `'a('`}, nil, Cover[Request]{Covered: true}},
	}
	s := mustSpace(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := must[*Requests](t)(s.Entry(elementsOf(tt.a...)))
			var by []*Requests
			for _, pairs := range tt.by {
				by = append(by, must[*Requests](t)(s.Entry(elementsOf(pairs...))))
			}
			got := must[Cover[Request]](t)(s.Cover(a, by...))
			if got.Covered != tt.want.Covered || !slices.Equal(got.By, tt.want.By) {
				t.Fatalf("got %+v, want %+v", got, tt.want)
			}
			if !got.Covered && (!a.Contains(got.Witness) || slices.ContainsFunc(by, func(r *Requests) bool { return r.Contains(got.Witness) })) {
				t.Errorf("%q is no witness", got.Witness)
			}
		})
	}
}

// TestCoverLaws: a cover is the same as taking all away, and none of its selection can be left out.
func TestCoverLaws(t *testing.T) {
	m, s := newMaker(5), mustSpace(t)
	covered := 0
	for range 150 {
		e, name := m.entry()
		a := must[*Requests](t)(s.Entry(e))
		var by []*Requests
		var entries []Elements
		for range 6 {
			f, fn := m.entry()
			name += " | " + fn
			by, entries = append(by, must[*Requests](t)(s.Entry(f))), append(entries, f)
		}
		rest := a
		for _, b := range by {
			rest = must[*Requests](t)(s.Difference(rest, b))
		}
		c := must[Cover[Request]](t)(s.Cover(a, by...))
		if want := must[bool](t)(s.Empty(rest)); c.Covered != want {
			t.Fatalf("%s: covered %t, want %t", name, c.Covered, want)
		}
		if !c.Covered {
			if !e.Match(c.Witness) || slices.ContainsFunc(entries, func(f Elements) bool { return f.Match(c.Witness) }) {
				t.Fatalf("%s: %q is no witness", name, c.Witness)
			}
			continue
		}
		covered++
		left := func(without int) *Requests {
			rest := a
			for _, i := range c.By {
				if i != without {
					rest = must[*Requests](t)(s.Difference(rest, by[i]))
				}
			}
			return rest
		}
		if !must[bool](t)(s.Empty(left(-1))) {
			t.Fatalf("%s: %v do not cover", name, c.By)
		}
		for _, i := range c.By {
			if must[bool](t)(s.Empty(left(i))) {
				t.Fatalf("%s: %d of %v can be left out", name, i, c.By)
			}
		}
	}
	if covered < 20 {
		t.Errorf("%d covers only", covered)
	}
}

func TestRequestWitness(t *testing.T) {
	tests := []struct {
		pairs []string
		want  string
	}{
		{[]string{"url", `"/content/*"`}, "GET /content/ HTTP/1.1"},
		{[]string{"selectors", `"*"`, "extension", `"html"`}, "GET /a.a.html HTTP/1.1"},
		{[]string{"suffix", `"*"`}, "GET /a.a/ HTTP/1.1"},
		{[]string{"query", `"debug=*"`}, "GET /a?debug=a HTTP/1.1"},
		{[]string{"method", `"POST"`}, "POST /a HTTP/1.1"},
		{[]string{"url", `"*;*"`}, "GET /a; HTTP/1.1"},
		{[]string{"method", `"UNLOCK"`, "url", `"/bin/x"`}, "UNLOCK /bin/x HTTP/1.1"},
		{[]string{"url", "\"/a\x01\""}, "GET /a\x01 HTTP/1.1"},
	}
	s := mustSpace(t)
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.pairs), func(t *testing.T) {
			e := elementsOf(tt.pairs...)
			w, ok, err := s.Witness(must[*Requests](t)(s.Entry(e)))
			if err != nil || !ok || w.String() != tt.want {
				t.Errorf("got %q, %t, %v, want %q", w, ok, err, tt.want)
			}
			if !decider(t, e)(w) {
				t.Errorf("the engine does not confirm %q", w)
			}
		})
	}
}

// TestUndecided: entries that are too large are told apart, and samples are found all the same.
func TestUndecided(t *testing.T) {
	s := mustSpace(t)
	e := elementsOf("url", `"/content/*"`, "selectors", `'(a|b)*a(a|b){17}|x'`)
	if _, err := s.Entry(e); !errors.Is(err, ErrTooManyStates) || !isUndecided(err) {
		t.Errorf("got %v, want %v", err, ErrTooManyStates)
	}
	list := s.SampleEntry(elementsOf("url", `"/content/*"`, "path", `'((a|b)*a(a|b){17}|/.*)'`), 3)
	if len(list) != 3 {
		t.Fatalf("got %d samples, want 3", len(list))
	}
	for _, r := range list {
		if !strings.HasPrefix(r.URI, "/content/") {
			t.Errorf("%q does not match", r)
		}
	}
	if _, err := s.Entry(elementsOf("extension", `'(a)\1'`)); !errors.Is(err, ErrNotRegular) {
		t.Errorf("got %v, want %v", err, ErrNotRegular)
	}
	small := must[*Space](t)(NewSpace(Universe{Limit: 40}))
	if _, err := small.Entry(elementsOf("url", `"*/abcdefghijklmnopqrstuvwxyz*"`, "extension", `"abcdefghijklmnopqrstuvwxyz"`)); !errors.Is(err, ErrTooManyStates) {
		t.Errorf("got %v, want %v", err, ErrTooManyStates)
	}
}

// TestHostileCover: entries that are harmless alone and not together end with an error, or an answer, soon.
func TestHostileCover(t *testing.T) {
	s := mustSpace(t)
	var by []*Requests
	for i := range 40 {
		x, y := string(rune('a'+i%26)), string(rune('a'+i*7%26))
		by = append(by, must[*Requests](t)(s.Entry(elementsOf("url", `"*`+x+`*`+y+`*`+x+y+`*"`, "query", `"*`+y+`*`+x+`*"`))))
	}
	// The last needs all others to be looked at.
	by = append(by, must[*Requests](t)(s.Entry(elementsOf("method", `'[A-Z]{3}'`))))
	c, err := s.Cover(s.All(), by...)
	if err != nil && !errors.Is(err, ErrTooManyStates) || err == nil && c.Covered {
		t.Errorf("got %+v, %v", c, err)
	}
	a := must[*Requests](t)(s.Entry(elementsOf("url", `'/(.*a.*b.*|.*c.*d.*|.*e.*f.*)'`, "query", `'.*(a.*b|h.*a|c.*d|o.*c|q.*f).*'`)))
	c, err = s.Cover(a, by...)
	if err != nil && !errors.Is(err, ErrTooManyStates) || err == nil && c.Covered {
		t.Errorf("got %+v, %v", c, err)
	}
	// Parts that cover together, in a space where that takes more states than allowed.
	tight := must[*Space](t)(NewSpace(Universe{Limit: 150}))
	whole := must[*Requests](t)(tight.Entry(elementsOf("url", `"*"`)))
	by = nil
	for _, e := range []string{`'.*a.{4}'`, `'.*[^a].{4}'`, `'.{0,4}'`} {
		by = append(by, must[*Requests](t)(tight.Entry(elementsOf("url", e))))
	}
	if c, err = tight.Cover(whole, by...); err == nil && (!c.Covered || len(c.By) != 3) || err != nil && !errors.Is(err, ErrTooManyStates) {
		t.Errorf("got %+v, %v", c, err)
	}
	free := mustSpace(t)
	by = nil
	for _, e := range []string{`'.*a.{4}'`, `"/x"`, `'.*[^a].{4}'`, `'.{0,4}'`} {
		by = append(by, must[*Requests](t)(free.Entry(elementsOf("url", e))))
	}
	if c, err = free.Cover(free.All(), by...); err != nil || !slices.Equal(c.By, []int{0, 2, 3}) {
		t.Errorf("got %+v, %v, want a cover by 0, 2, 3", c, err)
	}
}
