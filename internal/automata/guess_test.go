package automata

import (
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
)

// TestGuess: guesses are in the space and in the entry, as the automaton has it, and entries as people write them have some.
func TestGuess(t *testing.T) {
	space, err := NewSpace(Universe{})
	if err != nil {
		t.Fatal(err)
	}
	ere := func(text string) *match.Pattern {
		p, err := match.ERE(text)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, tt := range map[string]struct {
		e    Elements
		none bool
	}{
		"all":                {e: Elements{URL: match.Glob("*")}},
		"tree":               {e: Elements{URL: match.Glob("/content/*")}},
		"ending":             {e: Elements{URL: match.Glob("*.css")}},
		"both ends":          {e: Elements{URL: match.Glob("/etc.clientlibs/*.css")}},
		"one":                {e: Elements{URL: match.Glob("/bin/search.json")}},
		"expression":         {e: Elements{URL: ere(`/(content|conf)/[a-z]{2,3}(/[^.]*)?[.]html`)}},
		"anchored":           {e: Elements{URL: ere(`^/content/.+[.](html|json)$`)}},
		"later alternative":  {e: Elements{URL: ere(`(x|/a)`)}},
		"path and extension": {e: Elements{Method: ere(`(GET|HEAD)`), Path: match.Glob("/content/*"), Extension: ere(`(css|js)`)}},
		"extension alone":    {e: Elements{Extension: ere(`(css|eot|gif)`)}},
		"url and extension":  {e: Elements{URL: match.Glob("/content*"), Extension: match.Glob("html")}},
		"selectors":          {e: Elements{URL: match.Glob("/content*"), Selectors: match.Glob("*")}},
		"many selectors":     {e: Elements{Selectors: ere(`(feed|rss|[0-9-]+)`), Extension: ere(`(json|xml)`)}},
		"suffix":             {e: Elements{URL: match.Glob("/content*"), Suffix: match.Glob("*")}},
		"no suffix":          {e: Elements{Path: match.Glob("/content/*"), Suffix: match.Glob("")}},
		"query":              {e: Elements{Query: match.Glob("debug=*")}},
		"method":             {e: Elements{Method: match.Glob("POST")}},
		"protocol":           {e: Elements{Protocol: match.Glob("HTTP/1.0")}},
		"any line":           {e: Elements{Glob: match.Glob("*")}},
		"line":               {e: Elements{Glob: match.Glob("GET /content/*.html *")}},
		"line of any method": {e: Elements{Glob: match.Glob("* /content/*")}},
		"line inside":        {e: Elements{Glob: match.Glob("*.infinity.json*")}},
		"line with query":    {e: Elements{Glob: match.Glob("GET *.html?debug=* *")}},
		"not a URL":          {e: Elements{URL: match.Glob("content")}, none: true},
		"a way up":           {e: Elements{URL: match.Glob("/../x")}, none: true},
		"two that exclude":   {e: Elements{URL: match.Glob("/a*"), Path: match.Glob("/b*")}, none: true},
		"no method":          {e: Elements{Method: match.Glob("get it")}, none: true},
		"refused":            {e: Elements{URL: match.Nothing(match.KindERE, "(")}, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := space.Entry(tt.e)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			seen := map[Request]bool{}
			for g := Guess(tt.e); ; n++ {
				r, ok := g.Next()
				if !ok {
					break
				}
				if !space.Has(r) || !set.Contains(r) || seen[r] {
					t.Errorf("guess %+v: in the space %t, in the entry %t, seen before %t", r, space.Has(r), set.Contains(r), seen[r])
				}
				seen[r] = true
			}
			if n == 0 != tt.none {
				t.Errorf("got %d guesses, want none: %t", n, tt.none)
			}
		})
	}
}

func TestGuessStrings(t *testing.T) {
	for _, text := range []string{"utm_*", "*", "a?c", "x[abc]y", "id"} {
		t.Run(text, func(t *testing.T) {
			p := match.Glob(text)
			list := GuessStrings(p)
			if len(list) == 0 {
				t.Error("got none")
			}
			for _, s := range list {
				if !p.Match(s) {
					t.Errorf("%q does not match", s)
				}
			}
		})
	}
}
