package match

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/testkit"
)

// mustERE compiles an expression that is known to be good.
func mustERE(tb testing.TB, text string) *Pattern {
	tb.Helper()
	p, err := ERE(text)
	if err != nil {
		tb.Fatalf("%q: %v", text, err)
	}
	return p
}

// samples is a pattern of each form in each language, with a subject that it matches.
var samples = []struct {
	kind    Kind
	fold    bool
	pattern string
	form    form
	subject string // "" if form is formNever
}{
	{KindGlob, false, "a[", formNever, ""},
	{KindGlob, false, "*", formAlways, "/a"},
	{KindGlob, false, "***", formAlways, "/é"},
	{KindGlob, false, "/content", formLiteral, "/content"},
	{KindGlob, false, "/[c]ontent", formLiteral, "/content"},
	{KindGlob, false, "/content/*", formPrefix, "/content/é"},
	{KindGlob, false, "*.html", formSuffix, "/é.html"},
	{KindGlob, false, "*/jcr:content/*", formContains, "/é/jcr:content/x"},
	{KindGlob, false, "/content/*.html", formEnds, "/content/é.html"},
	{KindGlob, false, "?*", formEnds, "é"},
	{KindGlob, false, "/content/?*", formEnds, "/content/x"},
	{KindGlob, false, "/content/*/[a-z][a-z]/*.html", formSequence, "/content/é/en/é.html"},
	{KindGlob, false, "a??", formSequence, "aé"},
	{KindGlob, false, "*a*b*", formSequence, "éaéb"},
	{KindGlob, true, "www.Example.com", formFoldLiteral, "WWW.eXample.com"},
	{KindGlob, true, "*.Example.com", formFoldEnds, "É.eXample.com"},
	{KindGlob, true, "w*.example.*", formSequence, "WÉ.EXAMPLE.org"},
	{KindGlob, true, "*", formAlways, "É"},
	{KindERE, false, "a^b", formNever, ""},
	{KindERE, false, `a\bb`, formNever, ""},
	{KindERE, false, ".*", formAlways, "é"},
	{KindERE, false, "^(.*)$", formAlways, "é"},
	{KindERE, false, "(|.+)", formAlways, "é"},
	{KindERE, false, "^/robots\\.txt$", formLiteral, "/robots.txt"},
	{KindERE, false, "()", formLiteral, ""},
	{KindERE, false, "(/content/).*", formPrefix, "/content/é"},
	{KindERE, false, `.*[.]html`, formSuffix, "é.html"},
	{KindERE, false, ".*/[.][.];/.*", formContains, "/é/..;/x"},
	{KindERE, false, `/content/.+\.html`, formEnds, "/content/é.html"},
	{KindERE, false, "GET|HEAD", formWords, "HEAD"},
	{KindERE, false, "(css|gif|ico|js|png|swf|jpe?g|mp[34])", formWords, "mp3"},
	{KindERE, false, `/(content|conf)/.*\.(jpe?g|png|gif|svg|webp)`, formAffixes, "/conf/é.jpg"},
	{KindERE, false, `.*\.(css|js)`, formAffixes, "/é.css"},
	{KindERE, false, "/[a-z][a-z]/.*", formSequence, "/en/é"},
	{KindERE, false, "[^a]{40}.*x.*", formSequence, strings.Repeat("é", 20) + "x"},
	{KindERE, false, "/(system|crx|admin)(/.*)?", formMachine, "/crx/é"},
	{KindERE, false, `([^./]|é)+\.html`, formMachine, "é.html"},
	{KindERE, false, `.*\b(é|a|-)*`, formMachine, "aé-"},
	{KindERE, false, "(a|b)*a(a|b){17}.*", formMachine, strings.Repeat("ab", 12) + "é"},
}

func sample(tb testing.TB, kind Kind, fold bool, text string) *Pattern {
	tb.Helper()
	switch {
	case kind == KindERE:
		return mustERE(tb, text)
	case fold:
		return GlobFold(text)
	}
	return Glob(text)
}

// TestForms checks that patterns get the cheap matcher meant for them. That the matchers are right is tested
// elsewhere.
func TestForms(t *testing.T) {
	for _, tt := range samples {
		t.Run(fmt.Sprintf("%v %s", tt.kind, tt.pattern), func(t *testing.T) {
			p := sample(t, tt.kind, tt.fold, tt.pattern)
			if p.form != tt.form {
				t.Errorf("got form %d, want %d", p.form, tt.form)
			}
			if got := p.Match(tt.subject); got != (tt.form != formNever) {
				t.Errorf("match of %q is %t", tt.subject, got)
			}
		})
	}
}

// TestMatchDoesNotAllocate covers every matcher, on subjects that match, that do not, and that are not ASCII.
func TestMatchDoesNotAllocate(t *testing.T) {
	if testkit.Race {
		t.Skip("the race detector makes pools forget")
	}
	for _, tt := range samples {
		p := sample(t, tt.kind, tt.fold, tt.pattern)
		for _, s := range []string{tt.subject, tt.subject + "é\xff", "é\xff" + tt.subject, strings.Repeat("é/ab", 50)} {
			p.Match(s) // builds what is built at first use
			if n := testing.AllocsPerRun(100, func() { p.Match(s) }); n != 0 {
				t.Errorf("%v %q (form %d) allocates %v times on %q", tt.kind, tt.pattern, p.form, n, s)
			}
		}
	}
}

// TestConcurrentUse uses each kind of pattern from many goroutines, its first use among them.
func TestConcurrentUse(t *testing.T) {
	for _, tt := range samples {
		p := sample(t, tt.kind, tt.fold, tt.pattern)
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 20 {
					if p.Match(tt.subject) == (tt.form == formNever) {
						t.Errorf("%v %q: wrong answer on %q", tt.kind, tt.pattern, tt.subject)
					}
					p.Match(strings.Repeat("é/ab", 20))
				}
				p.Always()
				p.Never()
				p.Notes()
				p.Strings()
			})
		}
		wait.Wait()
	}
}

func TestStrings(t *testing.T) {
	many := make([]string, 64)
	for i := range many {
		many[i] = fmt.Sprintf("w%02d", i)
	}
	for _, tt := range []struct {
		kind    Kind
		fold    bool
		pattern string
		want    []string
		ok      bool
	}{
		{KindERE, false, "GET|HEAD", []string{"GET", "HEAD"}, true},
		{KindERE, false, "^(HEAD|GET)$", []string{"HEAD", "GET"}, true},
		{KindERE, false, "GET", []string{"GET"}, true},
		{KindERE, false, "", []string{""}, true},
		{KindERE, false, "()", []string{""}, true},
		{KindERE, false, "jpe?g", []string{"jpg", "jpeg"}, true},
		{KindERE, false, "(a|b|a)(c|)", []string{"a", "ac", "b", "bc"}, true},
		{KindERE, false, "a{1,3}", []string{"a", "aa", "aaa"}, true},
		{KindERE, false, "[0-9]", []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, true},
		{KindERE, false, `\<GET\>`, []string{"GET"}, true},
		{KindERE, false, strings.Join(many, "|"), many, true},
		{KindERE, false, strings.Join(many, "|") + "|more", nil, false},
		{KindERE, false, "[0-9]{2}", nil, false},
		{KindERE, false, "a*", nil, false},
		{KindERE, false, ".", nil, false},
		{KindERE, false, ".*", nil, false},
		{KindERE, false, "a.*", nil, false},
		{KindERE, false, "a^b", nil, true},
		{KindERE, false, strings.Repeat("long", 2000) + "|b", nil, false},
		{KindERE, false, "(a{1000}|b){1,9}", nil, false},
		{KindGlob, false, "GET", []string{"GET"}, true},
		{KindGlob, false, "[Gg]ET", []string{"GET", "gET"}, true},
		{KindGlob, false, "", []string{""}, true},
		{KindGlob, false, "G?T", nil, false},
		{KindGlob, false, "G*", nil, false},
		{KindGlob, false, "[", nil, true},
		{KindGlob, true, "a-B", []string{"A-B", "A-b", "a-B", "a-b"}, true},
		{KindGlob, true, "example", nil, false},
	} {
		t.Run(fmt.Sprintf("%v %.40s", tt.kind, tt.pattern), func(t *testing.T) {
			p := sample(t, tt.kind, tt.fold, tt.pattern)
			got, ok := p.Strings()
			if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
				t.Errorf("got %t, want %t\n%s", ok, tt.ok, diff)
			}
			if len(got) > 0 { // the caller may keep and change what it gets
				got[0] = "changed"
				if again, _ := p.Strings(); again[0] == "changed" {
					t.Error("Strings hands out its own memory")
				}
			}
		})
	}
}

func TestAlwaysAndNever(t *testing.T) {
	for _, tt := range []struct {
		kind          Kind
		pattern       string
		always, never bool
	}{
		{KindGlob, "*", true, false},
		{KindGlob, "**", true, false},
		{KindGlob, "?*", false, false},
		{KindGlob, "[", false, true},
		{KindGlob, "*[", false, true},
		{KindGlob, "a[]b", false, true},
		{KindGlob, "[b-a]*", false, true},
		{KindGlob, "a", false, false},
		{KindERE, ".*", true, false},
		{KindERE, "^.*$", true, false},
		{KindERE, "(a|.)*", true, false},
		{KindERE, "(a|[^a])*", true, false},
		{KindERE, ".*|x", true, false},
		{KindERE, "|.+", true, false},
		{KindERE, "(.{2})*(.?)", true, false},
		{KindERE, "([^x]*x)*[^x]*", true, false},
		{KindERE, `\W*(\w+\W*)*`, true, false},
		{KindERE, ".+", false, false},
		{KindERE, "[^x]*", false, false},
		{KindERE, "", false, false},
		{KindERE, "a^b", false, true},
		{KindERE, "(a$|c)^x|x^", false, true},
		{KindERE, `\b\B`, false, true},
		{KindERE, `(a|b)\b(c|d)`, false, true},
		{KindERE, `(a|-)\b(c|d)`, false, false},
	} {
		t.Run(fmt.Sprintf("%v %s", tt.kind, tt.pattern), func(t *testing.T) {
			p := sample(t, tt.kind, false, tt.pattern)
			if got := p.Always(); got != tt.always {
				t.Errorf("Always is %t", got)
			}
			if got := p.Never(); got != tt.never {
				t.Errorf("Never is %t", got)
			}
		})
	}
}

func TestNothing(t *testing.T) {
	p := Nothing(KindERE, "a(b")
	if p.Match("") || p.Match("a(b") || p.Always() || !p.Never() || p.MatchesEmpty() || p.Text() != "a(b" || p.Kind() != KindERE {
		t.Errorf("got %+v", p)
	}
	if list, ok := p.Strings(); len(list) != 0 || !ok {
		t.Errorf("Strings gives %q, %t", list, ok)
	}
	if got := p.Expr().Op; got != OpNever {
		t.Errorf("Expr is %v", got)
	}
	var zero Pattern
	if zero.Match("") || !zero.Never() {
		t.Error("the zero pattern matches something")
	}
}

// TestExpr checks that the tree of a compiled pattern says what the pattern does.
func TestExpr(t *testing.T) {
	for _, tt := range samples {
		p := sample(t, tt.kind, tt.fold, tt.pattern)
		e := p.Expr()
		for _, s := range []string{tt.subject, "", "/", "é", tt.subject + "/"} {
			if got, want := referenceMatch(e, s), p.Match(s); got != want {
				t.Errorf("%v %q on %q: the tree says %t, Match %t", tt.kind, tt.pattern, s, got, want)
			}
		}
	}
}

func TestParseTree(t *testing.T) {
	e, _, err := ParseERE(`ab*(c|[d-e])\.$`)
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		Op     Op
		Offset int
		Text   string
	}
	var got []node
	var walk func(*Expr)
	walk = func(e *Expr) {
		got = append(got, node{e.Op, e.Offset, e.Text})
		for _, s := range e.Subs {
			walk(s)
		}
	}
	walk(e)
	want := []node{
		{OpCat, 0, ""}, {OpText, 0, "a"}, {OpRepeat, 1, ""}, {OpText, 1, "b"},
		{OpAlt, 4, ""}, {OpText, 4, "c"}, {OpSet, 6, ""}, {OpText, 12, "."}, {OpEnd, 14, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestHostilePatterns compiles and uses what was made to take time or memory. It would not end in a lifetime if one
// of the bounds were missing.
func TestHostilePatterns(t *testing.T) {
	const million = 1_000_000
	subject := strings.Repeat("a", 8000)
	for _, tt := range []struct{ name, text string }{
		{"stars", strings.Repeat("*", 10_000)},
		{"stars and letters", strings.Repeat("*a", 10_000)},
		{"stars, letters and a wrong end", strings.Repeat("*a", 5000) + "b*"},
		{"stars and question marks", strings.Repeat("*?", 5000)},
		{"stars and classes", strings.Repeat("*[a-b]", 3000) + "c*"},
		{"long segments", strings.Repeat("*"+strings.Repeat("a", 50)+"[b]", 100)},
		{"open brackets", strings.Repeat("[", million)},
		{"open brackets and one closed", strings.Repeat("[", million) + "]"},
		{"empty classes", strings.Repeat("[]", million/2)},
		{"megabyte of letters", strings.Repeat("a", million)},
		{"megabyte of question marks", strings.Repeat("?", million)},
		{"megabyte of stars", strings.Repeat("*", million)},
		{"megabyte of braces", strings.Repeat("{", million)},
		{"megabyte of bars", strings.Repeat("|", million)},
		{"megabyte of alternatives", strings.Repeat("a|", million/2)},
		{"megabyte of empty groups", strings.Repeat("()", million/2)},
		{"megabyte of open groups", strings.Repeat("(", million)},
		{"megabyte of closed groups", strings.Repeat(")", million)},
		{"megabyte of plus signs", "a" + strings.Repeat("+", million)},
		{"megabyte of counts", "a" + strings.Repeat("{2}", million/3)},
		{"megabyte of counts of one", "a" + strings.Repeat("{1}", million/3)},
		{"megabyte of counts of none", "a" + strings.Repeat("{0}", million/3)},
		{"megabyte of open counts", "a" + strings.Repeat("{2,}", million/4)},
		{"megabyte of options", "a" + strings.Repeat("{0,2}", million/5)},
		{"megabyte of digits", "a{" + strings.Repeat("1", million) + "}"},
		{"megabyte of anchors", strings.Repeat("^", million)},
		{"megabyte of word edges", strings.Repeat(`\b`, million/2)},
		{"megabyte of escapes", strings.Repeat(`\.`, million/2)},
		{"megabyte of letter escapes", strings.Repeat(`\d`, million/2)},
		{"megabyte of classes", strings.Repeat("[ab]", million/4)},
		{"megabyte of class names", strings.Repeat("[:alpha:", million/8)},
		{"megabyte of named classes", "[" + strings.Repeat("[:alpha:]", million/9) + "]"},
		{"megabyte of invisible characters", strings.Repeat("\u200b", million/3)},
		{"megabyte of broken UTF-8", strings.Repeat("\xff", million)},
		{"groups nested", strings.Repeat("(", 100_000) + "a" + strings.Repeat(")", 100_000)},
		{"repeated groups nested", strings.Repeat("(", 250) + "a" + strings.Repeat(")*", 250)},
		{"counted groups nested", strings.Repeat("(", 250) + "a" + strings.Repeat("){2}", 250)},
		{"optional groups nested", strings.Repeat("(", 250) + "a?" + strings.Repeat("){0,3}", 250)},
		{"alternatives nested", strings.Repeat("(a|", 250) + "b" + strings.Repeat(")*", 250)},
		{"counts of counts", "((a{1000}){1000}){1000}"},
		{"largest count", "a{32767}"},
		{"large count of a class", "[a-b]{1,9000}"},
		{"exponential backtracking", "(a+)+b"},
		{"exponential backtracking, nested", "((a*)*)*b"},
		{"exponential backtracking, alternatives", "(a|a|aa)*b"},
		{"polynomial backtracking", strings.Repeat(".*", 100) + "b"},
		{"exponential automaton", "(a|b)*a(a|b){400}"},
		{"exponential automaton of counts", "(.*a.{300}b)*"},
		{"optional letters", strings.Repeat("a?", 4000) + strings.Repeat("a", 500)},
		{"all subsets", strings.Repeat("(.*a)?(.*b)?", 300)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, p := range []*Pattern{Glob(tt.text), GlobFold(tt.text)} {
				p.Match(subject)
				p.Notes()
				p.Strings()
				p.Always()
				p.Never()
			}
			p, err := ERE(tt.text)
			if (p == nil) == (err == nil) {
				t.Fatalf("got %v, %v", p, err)
			}
			if p != nil {
				p.Match(subject)
				p.Notes()
				p.Strings()
				p.Always()
				p.Never()
			}
		})
	}
}

// TestCorpus compiles every quoted value of real configurations, and compares its matches of other values with the
// references: globs with the plain matcher, regular expressions with glibc.
func TestCorpus(t *testing.T) {
	value := regexp.MustCompile(`"[^"\n]*"|'[^'\n]*'`)
	comment := regexp.MustCompile(`(?m)^\s*#.*$`)
	globs, eres := map[string]bool{}, map[string]bool{}
	for _, f := range testkit.Corpus(t, ".any", ".farm") {
		for _, v := range value.FindAllString(comment.ReplaceAllString(string(f.Text), ""), -1) {
			text := strings.ReplaceAll(v[1:len(v)-1], `\\`, `\`)
			if v[0] == '"' {
				globs[text] = true
			} else {
				eres[text] = true
			}
		}
	}
	var subjects []string
	for text := range globs {
		if s := strings.Map(func(r rune) rune {
			if strings.ContainsRune("*?[]", r) {
				return 'x'
			}
			return r
		}, text); len(subjects) < 150 {
			subjects = append(subjects, s)
		}
	}
	subjects = append(subjects, "", "html", "json", "GET", "POST", "/content/wknd/us/en.html", "/libs/granite/csrf/token.json", "GET /crx/de/index.jsp HTTP/1.1", "a=b&debug=layout", "/etc.clientlibs/a/b.min.css")
	for text := range globs {
		compareGlob(t, text, subjects)
	}
	var questions []libcQuestion
	for text := range eres {
		questions = append(questions, libcQuestion{text, subjects, true})
	}
	accepted := compareWithLibc(t, questions)
	t.Logf("%d globs; %d regular expressions, of which glibc takes %d", len(globs), len(eres), accepted)
	if len(globs) < 100 || accepted < 20 {
		t.Error("the corpus has hardly any patterns")
	}
}

// TestCases runs recorded and documented matches, if there are any.
func TestCases(t *testing.T) {
	name := filepath.Join(testkit.Folder(t, "DISPCHECK_CASES", "../shared/cases"), "engine.jsonl")
	f, err := os.Open(name)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	quoted := regexp.MustCompile(`(?:^|/glob )("[^"]*"|'[^']*')`)
	ran := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c struct {
			ID, Area, Config string
			Request          struct{ Subject *string }
			Expect           struct{ Match *bool }
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil || c.Area != "glob" && c.Area != "regex" {
			continue
		}
		m := quoted.FindStringSubmatch(c.Config)
		if m == nil || c.Request.Subject == nil || c.Expect.Match == nil {
			t.Errorf("%s is not understood", c.ID)
			continue
		}
		text := strings.ReplaceAll(m[1][1:len(m[1])-1], `\\`, `\`)
		p := Glob(text)
		if m[1][0] == '\'' {
			p = mustERE(t, text)
		}
		ran++
		if got := p.Match(*c.Request.Subject); got != *c.Expect.Match {
			t.Errorf("%s: %s on %q: got %t, want %t", c.ID, m[1], *c.Request.Subject, got, *c.Expect.Match)
		}
	}
	if ran < 20 {
		t.Errorf("only %d cases ran", ran)
	}
}
