package filter

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/match"
)

func TestShapeTakes(t *testing.T) {
	for _, tt := range []struct {
		name, element, glob, regex string
		want                       bool
	}{
		{"a line", "glob", "GET /a HTTP/1.1", "", true},
		{"a line with a blank in the URI", "glob", "GET /a b HTTP/1.1", "", true},
		{"no protocol", "glob", "GET /a*a", "", false},
		{"no method", "glob", "/a*", "", false},
		{"an open end", "glob", "GET /a*", "", true},
		{"no slash", "glob", "GET a *", "", false},
		{"two methods", "glob", "GET POST /a *", "", false},
		{"never closed", "glob", "*[*", "", false},
		{"expression for a line", "glob", "", "(GET|POST) /a .*", true},
		{"expression for a path", "glob", "", "/a.*", false},
		{"url", "url", "/a.b/c", "", true},
		{"url with a class", "url", "[!a]b", "", true},
		{"relative url", "url", "a/*", "", false},
		{"bounded repetition", "url", "", "a{0,3}/b", true},
		{"repetition that must be", "url", "", "a{2,3}/b", false},
		{"edges are passed over", "url", "", `/.*\<a`, true},
		{"path with a dot", "path", "/a.b*", "", false},
		{"path", "path", "/a*", "", true},
		{"extension with a dot", "extension", "*.a", "", false},
		{"extension", "extension", "", ".?html", true},
		{"selector with a slash", "selectors", "a/b", "", false},
		{"empty extension", "extension", "", "()", false},
		{"suffix", "suffix", "*a", "", true},
		{"suffix without slash", "suffix", "a*", "", false},
		{"protocol", "protocol", "HTTP/?.?", "", true},
		{"lower case", "protocol", "http/1.1", "", false},
		{"method with a blank", "method", "GET POST", "", false},
		{"query", "query", "anything at all", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := match.Glob(tt.glob).Expr()
			if tt.regex != "" {
				p, err := match.ERE(tt.regex)
				if err != nil {
					t.Fatal(err)
				}
				e = p.Expr()
			}
			if got := shapeOf(tt.element).takes(e); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

// TestShapeNested: repetitions within repetitions take no more time than there are of them.
func TestShapeNested(t *testing.T) {
	const depth = 200
	text := strings.Repeat("(", depth) + "a" + strings.Repeat("b)*c?", depth)
	p, err := match.ERE(text)
	if err != nil {
		t.Fatal(err)
	}
	if !shapeOf("extension").takes(p.Expr()) || shapeOf("url").takes(p.Expr()) {
		t.Error("want an expression for extensions and not for URLs")
	}
}

// TestSamplesMatch: each sample matches, and each alternative is in one of them.
func TestSamplesMatch(t *testing.T) {
	for _, tt := range []struct {
		regex string
		want  []string // among the samples
	}{
		{"(a|b|c)", []string{"a", "b", "c"}},
		{"/(a|b)/(c|d|e)", []string{"/a/c", "/b/d", "/a/e"}},
		{"x.*y", []string{"xxy", "xy"}},
		{"[0-9]+", []string{"0", "00"}},
		{"a{2}", []string{"aa"}},
		{`\.json`, []string{".json"}},
		{"^a$", []string{"a"}},
		{"()", []string{""}},
		{`\<a\>b?`, []string{"a"}},
		{"((a|b)*c){3}", nil},
		{"[^a-z]", []string{"A"}},
	} {
		t.Run(tt.regex, func(t *testing.T) {
			p, err := match.ERE(tt.regex)
			if err != nil {
				t.Fatal(err)
			}
			got := samples(p.Expr())
			if len(got) == 0 {
				t.Error("there is none")
			}
			for _, s := range got {
				if !p.Match(s) && tt.regex != `\<a\>b?` {
					t.Errorf("%q does not match", s)
				}
			}
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("%q is not among %q", w, got)
				}
			}
		})
	}
}

func TestSamplesAreBounded(t *testing.T) {
	p, err := match.ERE("((aa|bb|cc|dd|ee|ff|gg|hh){1,9}(ii|jj|kk)*){30}")
	if err != nil {
		t.Fatal(err)
	}
	got := samples(p.Expr())
	if len(got) > maxSamples {
		t.Errorf("got %d samples", len(got))
	}
	for _, s := range got {
		if len(s) > maxSampleBytes {
			t.Errorf("a sample has %d bytes", len(s))
		}
	}
}

func TestDotted(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"*.(json|xml)", `.*\.(json|xml)`},
		{"/content/*", "/content/.*"},
		{"/content/.*", "/content/.*"},
		{"(a)*[b]*", "(a)*[b]*"},
		{"[*.]", "[*.]"},
		{"", ""},
	} {
		if got := dotted(tt.in); got != tt.want {
			t.Errorf("dotted(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestLooseDots(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []int
	}{
		{"/a.json", []int{2}},
		{`/a\.json`, nil},
		{"/a.js.html", []int{2, 5}},
		{"/a.*json", nil},
		{"/[.]json[.js]", nil},
		{"/a.jsonp", nil},
		{"/[.js", []int{2}}, // never closed: no expression at all
		{"", nil},
	} {
		if diff := cmp.Diff(tt.want, looseDots(tt.in)); diff != "" {
			t.Errorf("looseDots(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestClassEnd(t *testing.T) {
	for _, tt := range []struct {
		in    string
		regex bool
		want  int
	}{
		{"[a]b", true, 3},
		{"[]a]b", true, 4},
		{"[^]a]b", true, 5},
		{"[[:alpha:]]b", true, 11},
		{"[[:alpha]", true, 0},
		{"[a", true, 0},
		{"[]a]b", false, 2},
		{"[!a]b", false, 4},
	} {
		if got := classEnd(tt.in, 0, tt.regex); got != tt.want {
			t.Errorf("classEnd(%q, regex %t) = %d, want %d", tt.in, tt.regex, got, tt.want)
		}
	}
}

func TestQueryIn(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want int
	}{
		{"/a?b=c", 2}, {"/a??b=c", 3}, {"/a?b", -1}, {"/a?=b", -1}, {"/a?sling:x-y=", 2}, {"", -1}, {"?", -1},
	} {
		if got := queryIn(tt.in); got != tt.want {
			t.Errorf("queryIn(%q) = %d, want %d", tt.in, got, tt.want)
		}
	}
}
