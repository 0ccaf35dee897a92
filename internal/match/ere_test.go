package match

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// TestERE holds what is known of single-quoted patterns: measured with glibc 2.36, or from the named sources.
func TestERE(t *testing.T) {
	for _, tt := range []struct {
		name, ere string
		yes, no   []string
	}{
		// adobe/aem-dispatcher-experiments, dispatcher.any
		{"only no extension", "()", []string{""}, []string{"a", "html"}},
		{"tree", "/(system|crx|admin)(/.*)?", []string{"/system", "/system/console", "/crx/"}, []string{"/systems", "/a/system", "system"}},
		{"methods", "(GET|HEAD)", []string{"GET", "HEAD"}, []string{"POST", "get", "GETS", ""}},
		// AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md
		{"extensions", "(css|gif|ico|js|png|swf|jpe?g)", []string{"css", "jpeg", "jpg"}, []string{"json", "jp", ""}},
		{"selectors", "((sys|doc)view|query|[0-9-]+)", []string{"sysview", "docview", "query", "10", "1-2"}, []string{"view", "sys", ""}},
		{"surplus parenthesis", "(json|xml|html|feed))", []string{"json)", "feed)"}, []string{"json", ")"}},
		// calebpryor/aem-dispatcher-filter-testing, 002_test_filters.any
		{"dots and semicolon", ".*/[.][.];/.*", []string{"/content/..;/libs", "/..;/"}, []string{"/content/../libs", "/a..;/"}},
		{"parameter", "(.*&debug=.*|debug=.*)", []string{"a=b&debug=layout", "debug="}, []string{"a=bdebug=1", "nodebug=1"}},
		{"closing bracket outside brackets", `(\[|]).*`, []string{"[", "]x"}, []string{"", "x]"}},
		// valtech-ch/aem-dispatcher-filter, filter.md
		{"prefix", "sling:authRequestLogin=.*", []string{"sling:authRequestLogin=1", "sling:authRequestLogin="}, []string{"a&sling:authRequestLogin=1"}},
		{"word characters", `\w\w`, []string{"en", "_1"}, []string{"e", "e-", "eng"}},
		{"anchors at the ends", "^/[a-zA-Z0-9_-]+$", []string{"/a_B-9"}, []string{"/", "/a/b", "x/a"}},
		{"bare word is not contained", "crx", []string{"crx"}, []string{"/crx/de", "/crx"}},
		{"glob habit", "/content/*", []string{"/content", "/content/", "/content//"}, []string{"/content/a"}},
		{"empty", "", []string{""}, []string{"a"}},
		{"empty alternative", "woff2|otf||mp4", []string{"woff2", "mp4", ""}, []string{"|"}},
		{"digit escape is a letter", `\d+`, []string{"d", "ddd"}, []string{"1", "12", ""}},
		{"other escapes are letters", `\n\t\x41\u0041\Q\E`, []string{"ntx41u0041QE"}, []string{"\n\tAA"}},
		{"escaped specials", `\.\*\+\?\(\)\[\]\{\}\|\^\$\\\/`, []string{`.*+?()[]{}|^$\/`}, nil},
		{"space classes", `\s\S`, []string{" a", "\t_", "\n1", "\v\f1"[1:]}, []string{"a ", "  ", "\u00a0a"}},
		{"other than word", `\W+`, []string{"-.", "é", " "}, []string{"_", "a"}},
		{"lazy is a repetition of a repetition", "a*?", []string{"", "a", "aaa"}, []string{"b"}},
		{"possessive too", "a++b", []string{"ab", "aaab"}, []string{"b"}},
		{"lazy in front of text", ".*?x", []string{"x", "axbx"}, []string{"xa"}},
		{"backslash in brackets", `[\d]`, []string{`\`, "d"}, []string{"1"}},
		{"escaped dot in brackets", `[\.]`, []string{`\`, "."}, []string{"a"}},
		{"escaped bracket in brackets", `[\]]`, []string{`\]`}, []string{"]", `\`}},
		{"interval", "a{2,3}", []string{"aa", "aaa"}, []string{"a", "aaaa"}},
		{"interval from zero", "a{,3}", []string{"", "aaa"}, []string{"aaaa", "a{,3}"}},
		{"interval without bounds", "a{,}", []string{"", "aaaaaa"}, []string{"b"}},
		{"interval of none", "a{0}b", []string{"b"}, []string{"ab"}},
		{"interval above a thousand", "x{1001}", []string{strings.Repeat("x", 1001)}, []string{strings.Repeat("x", 1000), strings.Repeat("x", 1002)}},
		{"interval of an interval", "(a{2}){3}", []string{"aaaaaa"}, []string{"aaaaa", "aa"}},
		{"closing brace alone", "a}", []string{"a}"}, nil},
		{"unmatched parenthesis", "a)b", []string{"a)b"}, []string{"ab"}},
		{"equivalence class", "[[=a=]]", []string{"a"}, []string{"=", "á"}},
		{"collating symbol", "[[.-.]a]", []string{"-", "a"}, []string{"."}},
		{"collating symbols bound a range", "[[.a.]-[.c.]]", []string{"a", "b", "c"}, []string{"-", "d"}},
		{"character class", "[[:alpha:]]+[[:digit:]]", []string{"ab1"}, []string{"1", "é1"}},
		{"class without its own brackets", "[:alpha:]", []string{":", "a", "l", "p", "h"}, []string{"b"}},
		{"bracket first", "[]a]", []string{"]", "a"}, nil},
		{"negated bracket first", "[^]a]", []string{"b"}, []string{"]", "a"}},
		{"dash first and last", "[-a][a-]", []string{"--", "aa"}, []string{"bb"}},
		{"caret later", "[a^]", []string{"a", "^"}, []string{"b"}},
		{"byte by byte", "..", []string{"é", "ab"}, []string{"éa"}},
		{"negated class takes one byte", "[^a]", []string{"b", "\n", "\xff"}, []string{"é", "a"}},
		{"line feeds are ordinary", "a.b[^x]", []string{"a\nb\n"}, nil},
		{"anchors match no line feed", "a$|b", []string{"a", "b"}, []string{"a\n"}},
		{"anchor in the middle", "a^b|a$b|c", []string{"c"}, []string{"ab", "a^b"}},
		{"anchor after what may be empty", "x*^a", []string{"a"}, []string{"xa"}},
		{"anchor before what may be empty", "a$x*", []string{"a"}, []string{"ax"}},
		{"anchors in a group", "(^a$)", []string{"a"}, []string{"b"}},
		{"buffer anchors", "\\`a\\'", []string{"a"}, []string{"`a'"}},
		{"word edges", `\<a\> \bb\b`, []string{"a b"}, []string{"ab"}},
		{"word edge in a word", `a\bb`, nil, []string{"ab", "a b"}},
		{"no word edge", `a\Bb`, []string{"ab"}, nil},
		{"no word edge in the empty string", `\B`, []string{""}, []string{"a"}},
		{"word edge in the empty string", `\b`, nil, []string{"", "a"}},
		{"optional word edge", `(a|-)*\b(b|-)*`, []string{"a-", "-b", "a", "a-b", "a--"}, []string{"ab", "--", ""}},
		{"encoded slash", `.*(path=(/|%2F)content).*`, []string{"path=/content", "a=1&path=%2Fcontent&b"}, []string{"path=content"}},
		{"longest alternative is found", "(a|ab)(c|bcd)", []string{"ac", "abcd", "abc"}, []string{"ab"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ERE(tt.ere)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range tt.yes {
				if !p.Match(s) {
					t.Errorf("%q does not match %q", tt.ere, s)
				}
			}
			for _, s := range tt.no {
				if p.Match(s) {
					t.Errorf("%q matches %q", tt.ere, s)
				}
			}
			if p.Kind() != KindERE || p.Text() != tt.ere {
				t.Errorf("got %v %q", p.Kind(), p.Text())
			}
			checkLaws(t, p, append(tt.yes, tt.no...))
		})
	}
}

// TestERESyntaxErrors holds what glibc's regcomp refuses, the place and what is said about it.
func TestERESyntaxErrors(t *testing.T) {
	for _, tt := range []struct {
		ere      string
		from, to int
		message  string
		hint     string // part of it
	}{
		{"*a", 0, 1, "'*' has nothing to repeat", "'.*'"},
		{"a|*b", 2, 3, "'*' has nothing to repeat", "'.*'"},
		{"(+a)", 1, 2, "'+' has nothing to repeat", `'\+'`},
		{"^*", 1, 2, "'*' has nothing to repeat", "anchor"},
		{`\b+`, 2, 3, "'+' has nothing to repeat", `'\+'`},
		{"{1}", 0, 1, "'{' has nothing to repeat", `'\{'`},
		{"x(?:a)", 2, 3, "'(?' has no meaning in POSIX expressions: '?' has nothing to repeat", "plain group"},
		{"(?!a)b", 1, 2, "'(?' has no meaning in POSIX expressions: '?' has nothing to repeat", "look-around"},
		{"(?<=a)b", 1, 2, "'(?' has no meaning in POSIX expressions: '?' has nothing to repeat", "look-around"},
		{"a(b", 1, 2, "'(' is not closed", "add ')'"},
		{"((a)", 0, 1, "'(' is not closed", "add ')'"},
		{"a[b", 1, 2, "'[' is not closed", "add ']'"},
		{"[a-", 0, 1, "'[' is not closed", "add ']'"},
		{"[]", 0, 1, "'[' is not closed", "add ']'"},
		{"[^]", 0, 1, "'[' is not closed", "add ']'"},
		{"x[z-a]", 2, 5, `range "z-a" runs backwards`, "swap"},
		{"[a-z-9]", 4, 5, "'-' follows a range or class in the brackets and starts no range itself", "first or last"},
		{`[\w-.]`, 2, 5, `range "w-." runs backwards`, "last"},
		{"[[:digit:]-z]", 10, 11, "'-' follows a range or class in the brackets and starts no range itself", "first or last"},
		{"[a-[:digit:]]", 1, 12, `range "a-[:digit:]" ends in a class`, "last"},
		{"[[:foo:]]", 1, 8, "class '[:foo:]' is unknown", "alnum"},
		{"[[:alpha:", 1, 3, "'[:' is not closed", "':]'"[:2]},
		{"[[.hyphen.]]", 1, 11, "'[.hyphen.]' names no single character of the C locale", "itself"},
		{"[[=ab=]]", 1, 7, "'[=ab=]' names no single character of the C locale", "itself"},
		{"a{1", 1, 2, "'{' is not closed", `'\{'`},
		{"a{", 1, 2, "'{' is not closed", `'\{'`},
		{"a{}", 1, 3, `interval "{}" is not a count`, "{n,m}"},
		{"a{x}b", 1, 4, `interval "{x}" is not a count`, "{n,m}"},
		{"a{1,2,3}", 1, 6, `interval "{1,2," is not a count`, "{n,m}"},
		{"a{2,1}", 1, 6, `interval "{2,1}" counts down`, "smaller"},
		{"a{40000}", 1, 8, `interval "{40000}" is above glibc's limit of 32767`, "smaller"},
		{`a\`, 1, 2, `'\' at the end has nothing to escape`, `'\\'`},
		{`\1(a)`, 0, 2, `back reference '\1' refers to no group that ends before it`, "write"},
		{`(a)|\1`, 4, 6, `back reference '\1' refers to no group that ends before it`, "write"},
		// A syntax error decides even after something that is merely not simulated.
		{`(a)\1(`, 5, 6, "'(' is not closed", "add ')'"},
		{"(a{9999}){9999}[", 15, 16, "'[' is not closed", "add ']'"},
	} {
		t.Run(tt.ere, func(t *testing.T) {
			p, err := ERE(tt.ere)
			var got *SyntaxError
			if !errors.As(err, &got) || p != nil {
				t.Fatalf("got %v, %v, want a *SyntaxError", p, err)
			}
			if got.Offset != tt.from || got.End != tt.to || got.Message != tt.message {
				t.Errorf("got %d to %d: %s\nwant %d to %d: %s", got.Offset, got.End, got.Message, tt.from, tt.to, tt.message)
			}
			if !strings.Contains(got.Hint, tt.hint) {
				t.Errorf("hint %q lacks %q", got.Hint, tt.hint)
			}
			if !strings.HasPrefix(err.Error(), got.Message) {
				t.Errorf("Error() is %q", err)
			}
		})
	}
}

// TestEREUnsupported holds what glibc takes and is not simulated.
func TestEREUnsupported(t *testing.T) {
	for _, tt := range []struct{ name, ere, message string }{
		{"back reference", `(a)\1`, `back reference '\1' is not simulated`},
		{"repeated back reference", `(a)(b)\2*`, `back reference '\2' is not simulated`},
		{"large count", "(ab|c){30000}", "pattern is too large once its repetitions are written out"},
		{"counts of counts", "((a{1000}){1000}){1000}", "pattern is too large once its repetitions are written out"},
		{"counts of counts of groups", "((ab{100}c){100}){100}", "pattern is too large once its repetitions are written out"},
		{"deep", strings.Repeat("(", 300) + "a" + strings.Repeat(")", 300), "'(' is nested deeper than 256"},
		{"NUL", "a\x00b", "NUL byte in the pattern"},
		{"many nodes", strings.Repeat("[ab]c|", 40_000), "pattern is too large to simulate"},
		{"long and not plain", strings.Repeat("a", 2*MaxSize) + "(.*x)?", "pattern is too large to simulate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ERE(tt.ere)
			var got *UnsupportedError
			if !errors.As(err, &got) || p != nil {
				t.Fatalf("got %v, %v, want an *UnsupportedError", p, err)
			}
			if got.Message != tt.message || got.Hint == "" {
				t.Errorf("got %q, %q, want %q and a hint", got.Message, got.Hint, tt.message)
			}
			if got.Offset < 0 || got.End <= got.Offset || got.End > len(tt.ere) {
				t.Errorf("place %d to %d is not in the pattern", got.Offset, got.End)
			}
			if !strings.HasPrefix(err.Error(), got.Message) {
				t.Errorf("Error() is %q", err)
			}
		})
	}
}

// TestERELikeReference compares random expressions with a matcher that follows the tree as it was read, on all short
// strings: the chosen matcher, the automaton and the tracer.
func TestERELikeReference(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	subjects := append(allStrings("ab-", 4), "é", "\xc3", "a\nb", "aaaaaa", "ababab", "a_b", "   ", "abab-")
	seen := map[form]int{}
	tables, tried := 0, 0
	for i := range 6000 {
		text := randomERE(r, 3, i%2 == 0)
		tree, _, err := ParseERE(text)
		if err != nil {
			continue
		}
		p, err := ERE(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		seen[p.form]++
		simple := Simplify(tree)
		prog := compile(simple)
		table, trace := newDFA(prog), newTracer(prog)
		tried++
		if table != nil {
			tables++
		}
		for _, s := range subjects {
			want := referenceMatch(tree, s)
			if got := p.Match(s); got != want {
				t.Fatalf("%q on %q: got %t, want %t (form %d)", text, s, got, want, p.form)
			}
			if got := referenceMatch(simple, s); got != want {
				t.Fatalf("%q on %q, simplified: got %t, want %t", text, s, got, want)
			}
			if got := trace.match(prog, s); got != want {
				t.Fatalf("%q on %q, traced: got %t, want %t", text, s, got, want)
			}
			if table != nil && table.match(s) != want {
				t.Fatalf("%q on %q, by table: got %t, want %t", text, s, !want, want)
			}
		}
		checkLaws(t, p, subjects)
	}
	for _, f := range []form{formNever, formAlways, formLiteral, formPrefix, formSuffix, formEnds, formWords, formAffixes, formSequence, formMachine} {
		if seen[f] == 0 {
			t.Errorf("no random expression had form %d: the generator is no good", f)
		}
	}
	if tables < tried*9/10 {
		t.Errorf("only %d of %d expressions got a table", tables, tried)
	}
}

// TestERELikeGoRegexp compares random expressions without \< and \> with Go's regexp, on bytes spread to characters.
func TestERELikeGoRegexp(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	subjects := append(allStrings("ab-", 3), "é", "\xc3", "a\nb", "aaaaaa", "ababab", "a_b")
	compared := 0
	for range 1500 {
		text := randomERE(r, 3, true)
		tree, _, err := ParseERE(text)
		if err != nil {
			continue
		}
		source, ok := goSyntax(tree)
		if !ok {
			continue
		}
		compared++
		re := regexp.MustCompile(`\A(?:` + source + `)\z`)
		p, err := ERE(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range subjects {
			if got, want := p.Match(s), re.MatchString(latin1(s)); got != want {
				t.Fatalf("%q on %q: got %t, Go's regexp says %t", text, s, got, want)
			}
		}
	}
	if compared < 500 {
		t.Errorf("only %d expressions compared", compared)
	}
}

// TestTracerTakesOver compares expressions whose automaton is too large for a table with what they should match.
func TestTracerTakesOver(t *testing.T) {
	for _, tt := range []struct {
		ere     string
		yes, no []string
	}{
		{"(a|b)*a(a|b){17}", []string{"a" + strings.Repeat("b", 17), strings.Repeat("ab", 20)}, []string{"b" + strings.Repeat("b", 17), "a", strings.Repeat("ba", 9) + "aab" + strings.Repeat("b", 20)}},
		{`.*\<.{26}`, []string{strings.Repeat("x", 26), "--a" + strings.Repeat("-", 25)}, []string{strings.Repeat("x", 27), "a", strings.Repeat("-", 26)}},
		{`(.*x.{16}|.*y.{17})$`, []string{"x" + strings.Repeat("é", 8), "yx" + strings.Repeat("\xff", 16)}, []string{"x", "y" + strings.Repeat("a", 16)}},
	} {
		t.Run(tt.ere, func(t *testing.T) {
			p, err := ERE(tt.ere)
			if err != nil {
				t.Fatal(err)
			}
			if p.form != formMachine || p.machine.build().dfa != nil {
				t.Fatal("it is not traced")
			}
			for _, s := range tt.yes {
				if !p.Match(s) {
					t.Errorf("does not match %q", s)
				}
			}
			for _, s := range tt.no {
				if p.Match(s) {
					t.Errorf("matches %q", s)
				}
			}
			if p.Always() || p.Never() {
				t.Errorf("always %t, never %t", p.Always(), p.Never())
			}
		})
	}
}

func TestSimplify(t *testing.T) {
	for _, tt := range []struct{ ere, same string }{
		{"^abc$", "abc"},
		{"(^a|^b)(c$|d$)", "[ab][cd]"},
		{"a^b|c", "c"},
		{"(a|b|[c-d])", "[a-d]"},
		{"(((a)))b", "ab"},
		{"a*?*+", "a*"},
		{"(a|)(b|)*", "(a)?b*"},
		{".*.*", ".*"},
		{".*|abc", ".*"},
		{"...*.", ".{3,}"},
		{"(a|.)*", ".*"},
		{`\<GET\>`, "GET"},
		{`a\Bb`, "ab"},
		{"[a]{3}", "aaa"},
		{"(a{2}){3}", "aaaaaa"},
		{"(^)*a($)?", "a"},
		{"()()x()", "x"},
		{"|", ""},
	} {
		t.Run(tt.ere, func(t *testing.T) {
			if got, want := describe(simplified(t, tt.ere)), describe(simplified(t, tt.same)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func simplified(t *testing.T, ere string) *Expr {
	t.Helper()
	e, _, err := ParseERE(ere)
	if err != nil {
		t.Fatal(err)
	}
	return Simplify(e)
}

// describe writes a tree without its offsets.
func describe(e *Expr) string {
	s, ok := goSyntax(e)
	if !ok {
		return "?"
	}
	return s
}
