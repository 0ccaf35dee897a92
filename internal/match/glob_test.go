package match

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestGlob holds what AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md says of globs, the
// examples of its table among it, and the questions it leaves open as they are answered here.
func TestGlob(t *testing.T) {
	const (
		en       = "GET /content/geometrixx/en.html"
		outdoors = "GET /content/geometrixx-outdoors/en.html"
		men      = "GET /content/geometrixx-outdoors/en/men.html"
		women    = "GET /content/geometrixx-outdoors/en/women.html"
	)
	for _, tt := range []struct {
		name, glob string
		yes, no    []string
	}{
		{"table: star", "*/geo*", []string{en, outdoors, "/geo"}, []string{"GET geo"}},
		{"table: star and text", "*outdoors/*", []string{outdoors, men}, []string{en}},
		{"table: two bytes", "*outdoors/??/*", []string{men}, []string{outdoors}},
		{"table: class of one", "*[o]men.html*", []string{women}, []string{men}},
		{"table: class of two", "*[o/]men.html*", []string{women, men}, nil},
		{"table: range", "*[m-p]men.html*", []string{women}, []string{men}},
		{"table: negated class", "*[!o]men.html*", []string{men}, []string{women}},
		{"table: two negations", "*[!o!/]men.html*", []string{"GET /en/amen.html"}, []string{women, men}},
		{"table: other negation", "*[^o]men.html*", []string{men}, []string{women}},
		{"star crosses slashes and blanks", "/a*z", []string{"/az", "/a/b c/z"}, []string{"/a", "/a/z/"}},
		{"double star is a star", "/a/**/b", []string{"/a//b", "/a/x/y/b"}, []string{"/a/b"}},
		{"question mark is one byte", "a?c", []string{"abc", "a/c", "a?c"}, []string{"ac", "abbc"}},
		{"question mark is half a character beyond ASCII", "a??c", []string{"aéc"}, []string{"aec"}},
		{"stars and question marks", "*?*?", []string{"ab", "abc"}, []string{"", "a"}},
		{"only question marks", "??", []string{"ab"}, []string{"", "a", "abc"}},
		{"wildcards in a class are themselves", "[*?]", []string{"*", "?"}, []string{"", "a", "*?"}},
		{"ranges and single bytes together", "[a-cx0-9_]", []string{"a", "b", "c", "x", "5", "_"}, []string{"d", "-", "w"}},
		{"dash first or last", "[-a][b-]", []string{"--", "ab", "-b", "a-"}, []string{"ba"}},
		{"dash after a range", "[a-c-e]", []string{"a", "b", "c", "-", "e"}, []string{"d"}},
		{"negation and dash outside a class", "!^-a", []string{"!^-a"}, []string{"a", "!^-b"}},
		{"negation later in a class", "[a!^]", []string{"a", "!", "^"}, []string{"b"}},
		{"negated negation", "[!!]", []string{"a"}, []string{"!"}},
		{"bracket closes at once", "a[]b", nil, []string{"ab", "axb", "a]b", "a[]b"}},
		{"negation of nothing", "a[!]b", []string{"axb", "a]b", "a!b"}, []string{"ab"}},
		{"open bracket in a class", "[[]", []string{"["}, []string{"]", "[[]"}},
		{"closing bracket outside a class", "a]", []string{"a]"}, []string{"a"}},
		{"range backwards", "[z-a]", nil, []string{"a", "z", "-", "m"}},
		{"unclosed bracket", "*[a", nil, []string{"", "a", "[a", "x[a"}},
		{"unclosed bracket after a closed one", "[a]*[", nil, []string{"a", "a["}},
		{"both ends are anchored", "GET /index.html", []string{"GET /index.html"}, []string{"GET /index.html HTTP/1.1", "XGET /index.html"}},
		{"rest of the request line", "GET /index.html *", []string{"GET /index.html HTTP/1.1"}, []string{"GET /index.html"}},
		{"request line", "* /index.html *", []string{"GET /index.html HTTP/1.1"}, []string{"GET /index.html?a=b HTTP/1.1"}},
		{"slash before the star", "/content/*", []string{"/content/", "/content/a.html"}, []string{"/content", "/content.badselector.html"}},
		{"star after the name", "/content*", []string{"/content", "/content.badselector.html", "/contentbackup"}, []string{"/conten"}},
		{"case counts", "/Content/*.html", []string{"/Content/a.html"}, []string{"/content/a.html", "/Content/a.HTML"}},
		{"backslash is itself", `a\*`, []string{`a\`, `a\b`}, []string{"a*", "a"}},
		{"regular expression", "(GET|HEAD)", []string{"(GET|HEAD)"}, []string{"GET", "HEAD"}},
		{"extension idiom", "/foo/bar.*", []string{"/foo/bar.html", "/foo/bar."}, []string{"/foo/bar", "/foo/barn.html"}},
		{"dot or slash", "/foo/bar[./]*", []string{"/foo/bar.html", "/foo/bar/x"}, []string{"/foo/barn.html"}},
		{"dot of a regular expression", "/content/[.]*.form.html", []string{"/content/.x.form.html"}, []string{"/content/a.form.html"}},
		{"leading blank", " * /libs/granite/csrf/token.json*", []string{" GET /libs/granite/csrf/token.json"}, []string{"GET /libs/granite/csrf/token.json HTTP/1.1"}},
		{"regular expression in the AMS default", "/_?jcr[:_]system.*", []string{"/_xjcr:system.json"}, []string{"/jcr:system.json", "/_jcr_system"}},
		{"braces", "{a,b}", []string{"{a,b}"}, []string{"a", "b"}},
		{"empty", "", []string{""}, []string{"a", " "}},
		{"invisible", "\u200b*", []string{"\u200b/a"}, []string{"/a"}},
		{"not UTF-8", "\xff?*", []string{"\xff\xfe", "\xffab"}, []string{"\xff", "a\xff"}},
		{"prefix and suffix may not overlap", "aba*ba", []string{"ababa", "abaxba"}, []string{"aba", "abba"}},
		{"inner text in order", "*ab*ba*", []string{"abba", "xabxbax"}, []string{"aba", "baab"}},
		{"inner text before the tail", "a*b*b", []string{"abb", "axbxb"}, []string{"ab", "axb"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := Glob(tt.glob)
			for _, s := range tt.yes {
				if !p.Match(s) {
					t.Errorf("%q does not match %q", tt.glob, s)
				}
			}
			for _, s := range tt.no {
				if p.Match(s) {
					t.Errorf("%q matches %q", tt.glob, s)
				}
			}
			if p.Kind() != KindGlob || p.Text() != tt.glob {
				t.Errorf("got %v %q", p.Kind(), p.Text())
			}
		})
	}
}

func TestGlobFold(t *testing.T) {
	for _, tt := range []struct {
		glob    string
		yes, no []string
	}{
		{"www.Example.com", []string{"WWW.example.COM"}, []string{"www.example.com.", "wwwxexample.com"}},
		{"*.Example.com", []string{"a.EXAMPLE.com", ".example.com"}, []string{"example.com"}},
		{"WWW.*", []string{"www.example.com", "wWw."}, []string{"ww.example.com"}},
		{"*EXAMPLE*", []string{"www.example.com", "Example"}, []string{"exmple"}},
		{"w*.x?.[C-D]*", []string{"WWW.xY.comedy", "w.XX.D"}, []string{"w.x.c", "w.xx.e"}},
		{"[!a]", []string{"b", "B", "1"}, []string{"a", "A"}},
		{"[^A-C]x", []string{"dX", "DX"}, []string{"bx", "BX"}},
		{"[a", nil, []string{"a", "[a", "[A"}},
		{"*", []string{"", "anything"}, nil},
		{"@[`{", nil, []string{"@[`{"}},
		{"@`{|}~", []string{"@`{|}~"}, []string{"`@[\\]^"}},
		{"É", []string{"É"}, []string{"é"}},
		{"", []string{""}, []string{"a"}},
		{"?", []string{"a", "A"}, []string{""}},
	} {
		t.Run(tt.glob, func(t *testing.T) {
			p := GlobFold(tt.glob)
			for _, s := range tt.yes {
				if !p.Match(s) {
					t.Errorf("%q does not match %q", tt.glob, s)
				}
			}
			for _, s := range tt.no {
				if p.Match(s) {
					t.Errorf("%q matches %q", tt.glob, s)
				}
			}
		})
	}
}

// globAtoms are what random globs are made of.
var globAtoms = []string{"*", "*", "*", "?", "a", "a", "b", "A", "ab", "ba", "[a]", "[ab]", "[!a]", "[^a-b]", "[B]", "[b-a]", "[]", "[!]", "[-a]", "[a-]", "[*]", "[", "]", "!", "-", "\\", "é"}

// TestGlobLikeReference compares random globs with the reference on all short strings.
func TestGlobLikeReference(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	subjects := append(allStrings("abA", 5), "]", "[", "[a", "*", "!", "-", "\\", "é", "aéb", "\xc3", "ab-ba", "abababab", "aaaaaaaab")
	for range 3000 {
		glob := pick(r, 7, globAtoms...)
		compareGlob(t, glob, subjects)
	}
}

// TestGlobFormsLikeReference compares every shape of up to four parts, which takes in all specialised matchers.
func TestGlobFormsLikeReference(t *testing.T) {
	subjects := allStrings("ab", 6)
	parts := []string{"", "a", "ab", "aba", "*", "?", "*?", "[ab]", "[!b]"}
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range parts {
				for _, d := range []string{"", "a", "*", "b?"} {
					compareGlob(t, a+b+c+d, subjects)
				}
			}
		}
	}
}

// compareGlob compares one glob with the reference, in both ways to treat case, and its tree too.
func compareGlob(t *testing.T, glob string, subjects []string) {
	t.Helper()
	for _, fold := range []bool{false, true} {
		p, tree := Glob(glob), parseGlob(glob, false, false)
		if fold {
			p, tree = GlobFold(glob), parseGlob(glob, true, true)
		}
		for _, s := range subjects {
			want := referenceGlob(glob, s, fold)
			if got := p.Match(s); got != want {
				t.Fatalf("glob %q on %q, fold %t: got %t, want %t (form %d)", glob, s, fold, got, want, p.form)
			}
			if got := referenceMatch(tree, s); len(s) < 5 && got != want {
				t.Fatalf("tree of glob %q on %q, fold %t: got %t, want %t", glob, s, fold, got, want)
			}
		}
		checkLaws(t, p, subjects)
	}
}

// checkLaws checks what must hold between a pattern's answers.
func checkLaws(t *testing.T, p *Pattern, subjects []string) {
	t.Helper()
	if got, want := p.MatchesEmpty(), p.Match(""); got != want {
		t.Errorf("%v %q: MatchesEmpty is %t, Match of the empty string %t", p.Kind(), p.Text(), got, want)
	}
	list, finite := p.Strings()
	if finite {
		set := map[string]bool{}
		for _, s := range list {
			if set[s] {
				t.Errorf("%v %q: Strings has %q twice", p.Kind(), p.Text(), s)
			}
			set[s] = true
			if !p.Match(s) {
				t.Errorf("%v %q: Strings has %q, which does not match", p.Kind(), p.Text(), s)
			}
		}
		for _, s := range subjects {
			if p.Match(s) && !set[s] {
				t.Errorf("%v %q: matches %q, which Strings lacks", p.Kind(), p.Text(), s)
			}
		}
	}
	always, never := p.Always(), p.Never()
	if never && finite && len(list) > 0 || always && (finite || never) || finite && len(list) == 0 && !never {
		t.Errorf("%v %q: always %t, never %t, Strings %q %t", p.Kind(), p.Text(), always, never, list, finite)
	}
	for _, s := range subjects {
		if m := p.Match(s); m && never || !m && always {
			t.Errorf("%v %q: always %t, never %t, but match of %q is %t", p.Kind(), p.Text(), always, never, s, m)
		}
	}
	for _, n := range p.Notes() {
		if n.Offset < 0 || n.End <= n.Offset || n.End > len(p.Text()) || n.Message == "" || n.Code == "" {
			t.Errorf("%v %q: bad note %+v", p.Kind(), p.Text(), n)
		}
	}
}

// TestGlobLiterals checks that a glob without metacharacters matches itself and no neighbour of itself.
func TestGlobLiterals(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		s := pick(r, 8, "a", "/", ".", "-", "content", "$", "(", "|", "é", "\\", "^", "!", "{")
		p := Glob(s)
		if !p.Match(s) || p.Match(s+"x") || p.Match(s[1:]) || p.Match(strings.ToUpper(s)) && strings.ToUpper(s) != s {
			t.Errorf("glob %q does not match exactly itself", s)
		}
	}
}
