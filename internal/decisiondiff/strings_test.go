package decisiondiff

import (
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model/server"
)

func pcre(t testing.TB, text string) *server.Pattern {
	t.Helper()
	p := &server.Pattern{Text: text}
	text, p.Negated = strings.CutPrefix(text, "!")
	var err error
	if p.PCRE, err = match.CompilePCRE(text, match.PCREOptions{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestInAndNear: strings that a pattern takes are taken, near ones are not, and there are some of both.
func TestInAndNear(t *testing.T) {
	for _, text := range []string{
		`^/a/(.*)$`, `\.html$`, `^/(?!content/)`, `^/(en|fr)/x(?=\.html)`, `(a|b)\1`, `!^/libs`, `^/(?>a+)b`, `^(?i)/A`, `^/[^/]+$`,
	} {
		t.Run(text, func(t *testing.T) {
			s := setOf(pcre(t, text), pathTexts)
			in, near := s.in(pathTexts, 6)
			if len(in) == 0 || len(near) == 0 {
				t.Errorf("got %q and %q", in, near)
			}
			for _, c := range in {
				if !s.takes(c) {
					t.Errorf("%q is not taken", c)
				}
			}
			for _, c := range near {
				if s.takes(c) {
					t.Errorf("%q is taken", c)
				}
			}
		})
	}
}

func TestBetween(t *testing.T) {
	a, b := setOf(pcre(t, `^/shop/.*\.html$`), pathTexts), setOf(pcre(t, `^/shop/.*\.htm$`), pathTexts)
	list := between(a, b, pathTexts, 3)
	if len(list) < 2 {
		t.Errorf("got %q", list)
	}
	for _, s := range list {
		if a.takes(s) == b.takes(s) {
			t.Errorf("%q is of both or of none", s)
		}
	}
	if list := between(a, a, pathTexts, 3); len(list) > 0 {
		t.Errorf("%q is between a pattern and itself", list)
	}
}

func TestFilled(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		groups  map[int]string
		want    string // "" for none
	}{
		{`^/(.*)$`, map[int]string{1: "x/y.html"}, "/x/y.html"},
		{`^/(us|ca)/(.*)\.html$`, map[int]string{1: "ca", 2: "a.b"}, "/ca/a.b.html"},
		{`^/(us|ca)/(.*)\.html$`, map[int]string{1: "de", 2: "a"}, ""}, // which the pattern does not take
		{`^/shop(/.*)?$`, map[int]string{1: "/a"}, "/shop/a"},
		{`^/a\(b(c)$`, map[int]string{1: "c"}, "/a(bc"},
		{`^/[(](c)$`, map[int]string{1: "c"}, "/(c"},
		{`^/a|(b)$`, map[int]string{1: "b"}, ""},
		{`!^/(a)$`, map[int]string{1: "a"}, ""},
	} {
		got := filled(pcre(t, tt.pattern), tt.groups)
		if tt.want == "" && len(got) > 0 || tt.want != "" && !slices.Contains(got, tt.want) {
			t.Errorf("%s with %v: got %q, want %q", tt.pattern, tt.groups, got, tt.want)
		}
	}
}

func TestPreimages(t *testing.T) {
	rule := func(pattern, substitution string) *server.RewriteRule {
		return &server.RewriteRule{Pattern: pcre(t, pattern), Substitution: substitution}
	}
	maps := map[string]*server.RewriteMap{"m": {Entries: map[string]string{"about": "/content/about-us.html", "home": "/content/home.html"}}}
	h := &server.Host{Rewrite: server.RewriteSettings{Rules: []*server.RewriteRule{
		rule(`^/(us|ca)/(.*)$`, "/content/site/$1/$2"), rule(`^/s/([a-z]+)$`, "${m:$1|/none}"), rule(`^/(.*)$`, "https://elsewhere.example/$1"),
	}}, Maps: maps}
	for path, want := range map[string]string{"/content/site/us/en.html": "/us/en.html", "/content/about-us.html": "/s/about"} {
		if got := make(undoer).preimages(h, path); !slices.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	if got := make(undoer).preimages(h, "/other"); slices.Contains(got, "https://elsewhere.example//other") {
		t.Errorf("got %q", got)
	}
}

// FuzzPatterns: whatever a pattern looks like, taking it apart ends, and what comes of it is held against the pattern.
func FuzzPatterns(f *testing.F) {
	for _, s := range []string{`^/(a|b)(?!c)(\d+)$`, `(`, `)`, `[(]`, `(?<n>a)\1`, `(?=(a))b`, `\`, `((a)(b))`, `(?<!x)y|z`, `a{2}(b)?`} {
		f.Add(s, "v")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		if len(text) > 60 || len(value) > 20 {
			return
		}
		for _, loose := range relaxed(text) {
			if len(loose) > len(text)+8*strings.Count(text, "(") {
				t.Errorf("%q became %q", text, loose)
			}
		}
		gaps, _ := groupsOf(text)
		at := 0
		for _, g := range gaps {
			if g.start < at || g.end <= g.start || g.end > len(text) {
				t.Fatalf("%q: groups %v", text, gaps)
			}
			at = g.end
		}
		re, err := match.CompilePCRE(text, match.PCREOptions{})
		if err != nil {
			return
		}
		p := &server.Pattern{PCRE: re}
		for _, s := range filled(p, map[int]string{1: value}) {
			if ok, _, err := re.Match(s, nil); !ok || err != nil {
				t.Errorf("%q does not take %q", text, s)
			}
		}
	})
}
