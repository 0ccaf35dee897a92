package match

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/testkit"
)

// mustPCRE compiles a pattern that is right.
func mustPCRE(t testing.TB, pattern string, o PCREOptions) *PCRE {
	t.Helper()
	re, err := CompilePCRE(pattern, o)
	if err != nil {
		t.Fatalf("pattern %q: %v", pattern, err)
	}
	return re
}

// pcreSamples say what libpcre2 10.42 makes of patterns; TestPCRESamplesAgainstLibrary holds them against it.
var pcreSamples = []struct{ name, pattern, options, subject, want string }{
	{"literal", "/libs/", "", "/apps/libs/x", "yes 5 11"},
	{"literal, whole", "^/libs$", "", "/libs", "yes 0 5"},
	{"literal, whole, more", "^/libs$", "", "/libs/", "not"},
	{"literal in either case", "JSESSIONID", "i", "x; jsessionid=1", "yes 3 13"},
	{"literal in either case, whole", "^get$", "i", "GeT", "yes 0 3"},
	{"empty", "", "", "abc", "yes 0 0"},
	{"edges alone", "^$", "", "", "yes 0 0"},
	{"edges alone, text", "^$", "", "a", "not"},
	{"end alone", "$", "", "ab", "yes 2 2"},
	{"prefix and group", "^/content/(.*)$", "", "/content/", "yes 0 9 9 9"},
	{"prefix and group of one", "^/content/(.+)$", "", "/content/", "not"},
	{"prefix, group, suffix", "^/content/(.*)\\.html$", "", "/content/a.html/b.html", "yes 0 22 9 17"},
	{"prefix, group, suffix that overlap", "^/a(.*)a$", "", "/a", "not"},
	{"prefix, group, suffix in either case", "^/A/(.*)\\.HTML$", "i", "/a/B.Html", "yes 0 9 3 4"},
	{"group, then text", "^/a/(.*)/b", "", "/a/1/b/2/b/3", "yes 0 10 3 8"},
	{"extensions", "\\.(css|js|png|woff2?)$", "", "/etc/x.js.woff2", "yes 9 15 10 15"},
	{"first alternative wins", "(a|ab)(c|bcd)(d*)", "", "abcd", "yes 0 4 0 1 1 4 4 4"},
	{"group in a loop keeps its last match", "^(a|b(c))*$", "", "bca", "yes 0 3 2 3 1 2"},
	{"empty alternative", "^(|a)+", "", "aaa", "yes 0 0 0 0"},
	{"loop of nothing", "^(a*)*b", "", "aab", "yes 0 3 2 2"},
	{"lookahead", "^/(?!content|etc|libs)(.*)$", "", "/en.html", "yes 0 8 1 8"},
	{"lookahead that refuses", "^/(?!content|etc|libs)(.*)$", "", "/etc.html", "not"},
	{"lookbehind", "(?<!\\.min)\\.js$", "", "/a.min.js", "not"},
	{"lookbehind of alternatives", "(?<=/|-)en", "", "/x-en", "yes 3 5"},
	{"group in a lookahead", "(?=(a+))a", "", "baa", "yes 1 2 1 3"},
	{"group in a negated lookahead", "(?!(b))a", "", "a", "yes 0 1 -1 -1"},
	{"back reference", "^/(\\w+)/\\1/", "", "/en/en/x", "yes 0 7 1 3"},
	{"back reference in either case", "(ab)\\1", "i", "aBAb", "yes 0 4 0 2"},
	{"back reference to an unset group", "(a)?\\1b", "", "b", "not"},
	{"named group", "^/(?<lang>[a-z]{2})/(?P=lang)$", "", "/en/en", "yes 0 6 1 3"},
	{"atomic", "^(?>a*)ab", "", "aab", "not"},
	{"possessive", "^[^/]++/x$", "", "ab/x", "yes 0 4"},
	{"lazy", "^(.*?)/(.*)$", "", "a/b/c", "yes 0 5 0 1 2 5"},
	{"inline option", "^/(?i:libs)/x", "", "/LIBS/x", "yes 0 7"},
	{"inline option to the end of the group", "a(?:b(?i)c|d)e", "", "aDe", "yes 0 3"},
	{"option in front", "(?i)^/ADMIN", "", "/admin", "yes 0 6"},
	{"bytes, not characters", "^..$", "", "é", "yes 0 2"},
	{"other letters know no case", "É", "i", "é", "not"},
	{"class of bytes", "^[^/]$", "", "é", "not"},
	{"dot takes a line feed", "a.b", "", "a\nb", "yes 0 3"},
	{"dot takes none", "a.b", "s", "a\nb", "not"},
	{"dollar at the very end", "a$", "", "a\n", "not"},
	{"dollar before the last line feed", "a$", "d", "a\n", "yes 0 1"},
	{"lines", "^b$", "m", "a\nb\nc", "yes 2 3"},
	{"word edges", "\\bbot\\b", "i", "Some Bot/1.0", "yes 5 8"},
	{"posix class", "^[[:alpha:]_]+$", "", "a_B", "yes 0 3"},
	{"backslash in brackets", "[\\w.-]+@", "", "<a.b-c@d", "yes 1 7"},
	{"quoted", "\\Qa.b\\E+", "", "a.bbb", "yes 0 5"},
	{"condition", "^(<)?a(?(1)>|!)$", "", "<a>", "yes 0 3 0 1"},
	{"condition, other branch", "^(<)?a(?(1)>|!)$", "", "a!", "yes 0 2 -1 -1"},
	{"branch reset", "(?|a(b)|c(d))(e)", "", "cde", "yes 0 3 1 2 2 3"},
	{"keep", "/a/\\Kb", "", "/a/b", "yes 3 4"},
	{"octal or reference", "(a)\\101", "", "aA", "yes 0 2 0 1"},
	{"counted", "^[a-z]{2}(-[A-Z]{2})?$", "", "en-US", "yes 0 5 2 5"},
	{"brace as text", "^{a}$", "", "{a}", "yes 0 3"},
	{"dot-star in front", ".*\\.html", "", "x/a.html.html?", "yes 0 13"},
	{"unanchored, many starts", "(android|iphone|ipad)", "i", "Mozilla (iPhone; CPU)", "yes 9 15 9 15"},
}

func TestPCRE(t *testing.T) {
	for _, tt := range pcreSamples {
		t.Run(tt.name, func(t *testing.T) {
			re := mustPCRE(t, tt.pattern, optionsOf(tt.options))
			if got := ourMatch(re, tt.subject); got != tt.want {
				t.Errorf("%q on %q: got %s, want %s", tt.pattern, tt.subject, got, tt.want)
			}
		})
	}
}

func TestPCRESamplesAgainstLibrary(t *testing.T) {
	var questions []pcre2Question
	for _, tt := range pcreSamples {
		questions = append(questions, pcre2Question{tt.pattern, tt.options, []string{tt.subject}})
	}
	comparePCRE2(t, questions)
}

func TestPCREErrors(t *testing.T) {
	deep := strings.Repeat("(", 251) + strings.Repeat(")", 251)
	for _, tt := range []struct {
		name, pattern string
		unsupported   bool
		offset, end   int
	}{
		{"group not closed", "^/a(b", false, 3, 4},
		{"parenthesis too many", "^/a)b", false, 3, 4},
		{"brackets not closed", "^/[a-z", false, 2, 3},
		{"nothing to repeat", "*.html", false, 0, 1},
		{"nothing to repeat behind an edge", "^*", false, 1, 2},
		{"nothing to repeat in an alternative", "(a|+)", false, 3, 4},
		{"repeated twice", "a**", false, 2, 3},
		{"range turned round", "[z-a]", false, 1, 4},
		{"range from a class", "[\\w-z]", false, 1, 4},
		{"bounds turned round", "a{3,2}", false, 1, 6},
		{"bound too large", "a{65536}", false, 1, 8},
		{"escape of no meaning", "\\i", false, 0, 2},
		{"backslash at the end", "a\\", false, 1, 2},
		{"no such group", "(a)\\2", false, 3, 5},
		{"no such name", "(?<a>b)\\k<c>", false, 7, 12},
		{"no such class", "[[:letter:]]", false, 1, 11},
		{"class without brackets", "[:alpha:]", false, 0, 9},
		{"unknown group", "(?z)", false, 0, 3},
		{"case change", "\\Ua", false, 0, 2},
		{"nested too deep", deep, false, 250, 251},
		{"recursion", "a(?R)?b", true, 1, 4},
		{"group called", "(a)(?1)", true, 3, 6},
		{"group called by name", "(?<n>a)(?&n)", true, 7, 10},
		{"verb", "a(*SKIP)b", true, 1, 8},
		{"option for the whole", "(*UTF8)a", true, 0, 7},
		{"callout", "a(?C1)", true, 1, 4},
		{"property", "\\p{Lu}", true, 0, 2},
		{"new interval", "a{,3}", true, 1, 5},
		{"lookbehind of any length", "(?<=a*)b", true, 0, 7},
		{"too large", "((a{1000}b){1000}c){1000}", true, 0, 25},
		{"too long", strings.Repeat("a", maxPCRELength+1), true, 0, maxPCRELength + 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			re, err := CompilePCRE(tt.pattern, PCREOptions{})
			var refused *SyntaxError
			var not *UnsupportedError
			type found struct {
				Unsupported bool
				Offset, End int
			}
			want := found{tt.unsupported, tt.offset, tt.end}
			var got found
			switch {
			case errors.As(err, &refused):
				got = found{false, refused.Offset, refused.End}
				checkTexts(t, refused.Message, refused.Hint)
			case errors.As(err, &not):
				got = found{true, not.Offset, not.End}
				checkTexts(t, not.Message, not.Hint)
			default:
				t.Fatalf("got error %v and pattern %v, want an error", err, re)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v: want -, got +:\n%s", err, diff)
			}
		})
	}
}

func checkTexts(t *testing.T, message, hint string) {
	t.Helper()
	if message == "" || hint == "" || strings.HasSuffix(message, ".") || strings.HasSuffix(hint, ".") {
		t.Errorf("message %q and hint %q: want both, without a final full stop", message, hint)
	}
}

func TestPCREShape(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		options string
		want    Shape
	}{
		{"^/content/(.*)\\.html$", "", Shape{Begin: true, End: true, Prefix: "/content/", Suffix: ".html", Contains: "/content/", MinLen: 14}},
		{"^/libs$", "", Shape{Begin: true, End: true, Prefix: "/libs", Suffix: "/libs", Contains: "/libs", Whole: true, MinLen: 5}},
		{"libs", "i", Shape{Contains: "libs", Whole: true, MinLen: 4, Fold: true}},
		{"(.*)/jcr:content(.*)", "", Shape{Begin: true, Contains: "/jcr:content", MinLen: 12}},
		{"a|b", "", Shape{MinLen: 1}},
		{"^(foo(bar)+)?x(longer)$", "", Shape{Begin: true, End: true, Contains: "longer", MinLen: 7}},
		{"^$", "", Shape{Begin: true, End: true, Whole: true}},
		{"(.*)\\1x", "", Shape{Contains: "x", MinLen: 1}},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, mustPCRE(t, tt.pattern, optionsOf(tt.options)).Shape()); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestPCREHeads(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		options string
		want    Heads
	}{
		{"^/(de|fr)/(.*)/$", "", Heads{Texts: []string{"/de/", "/fr/"}}},
		{"^/(de|fr)((?:/.*)?\\.html)$", "", Heads{Texts: []string{"/de", "/fr"}}},
		{"^/jobs/?$", "", Heads{Texts: []string{"/jobs/", "/jobs"}, Whole: true}},
		{"^/?$", "", Heads{Texts: []string{"/", ""}, Whole: true}},
		{"^/?", "", Heads{}},
		{"^/?x", "", Heads{Texts: []string{"/x", "x"}}},
		{"^/(?:campaign|promo)/([^/]+)", "i", Heads{Texts: []string{"/campaign/", "/promo/"}, Fold: true}},
		{"^/(?i:ab)C$", "", Heads{Texts: []string{"/abc"}, Whole: true, Fold: true}},
		{"^/[ab]{2}x{1,3}", "", Heads{Texts: []string{"/aax", "/abx", "/bax", "/bbx"}}},
		{"^/[a-z]/", "", Heads{Texts: []string{"/"}}},
		{"^/(a|b*)c", "", Heads{Texts: []string{"/a", "/"}}},
		{"^(a|b*)c", "", Heads{}},
		{"^/a?+b$", "", Heads{Texts: []string{"/"}}},
		{"^/(?=a)b", "", Heads{Texts: []string{"/"}}},
		{"/(de|fr)/", "", Heads{}},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			re := mustPCRE(t, tt.pattern, optionsOf(tt.options))
			if diff := cmp.Diff(tt.want, re.Heads()); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			for _, s := range []string{"", "/", "/de/a/", "/fr.html", "/jobs", "/jobs/", "/jobs/x", "/Promo/x", "/abC", "/ABc", "/ABC", "/abxx", "/c", "/ac", "c", "/ab", "x", "/x"} {
				checkPCRELaws(t, re, s)
			}
		})
	}
}

func TestPCRETails(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		options string
		want    Heads
	}{
		{"\\.(css|js)$", "", Heads{Texts: []string{".css", ".js"}}},
		{"^/(.*)\\.(?:html?|json)$", "i", Heads{Texts: []string{".html", ".htm", ".json"}, Fold: true}},
		{"\\.(css|js)", "", Heads{}},
		{"^/a/?$", "", Heads{}},
		{"(a|b*)$", "", Heads{}},
		{"(a|b*)c$", "", Heads{Texts: []string{"ac", "c"}}},
		{"x[0-9]+a{2}$", "", Heads{Texts: []string{"aa"}}},
		{"a(bc|d(?=e))$", "", Heads{}},
		{"a$|b$", "", Heads{}},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			re := mustPCRE(t, tt.pattern, optionsOf(tt.options))
			if diff := cmp.Diff(tt.want, re.tails); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			for _, s := range []string{"", "/", "/a", "/a/", "/x.css", "/x.CSS", "x.js", "/x.htm", "/x.html", "/x.HTML", "/x.json", "ac", "bc", "bbc", "c", "x1aa", "xaa", "abc", "ad", "a", "b"} {
				checkPCRELaws(t, re, s)
			}
		})
	}
}

func TestPCREGroups(t *testing.T) {
	re := mustPCRE(t, "^/(?<lang>..)/(x)(?:y)(?'rest'.*)", PCREOptions{})
	if diff := cmp.Diff([]string{"", "lang", "", "rest"}, re.Names()); diff != "" {
		t.Errorf("names: want -, got +:\n%s", diff)
	}
	if got := re.NumCaptures(); got != 3 {
		t.Errorf("got %d groups, want 3", got)
	}
}

// TestPCREExplodes: patterns that take time without end come to an end, and those without lookaround and the like to a
// true one.
func TestPCREExplodes(t *testing.T) {
	for _, tt := range []struct {
		pattern, subject string
		want             error
	}{
		{"^(a+)+$", strings.Repeat("a", 28) + "!", nil},
		{"^(.*,)*x$", strings.Repeat("a,", 30), nil},
		{"^/(.*/)*(.*/)*(.*/)*en(d|D)$", strings.Repeat("/seg", 200), nil},
		{"(x+x+)+[yz]", strings.Repeat("x", 1000), nil},
		{"^(a*)*$", strings.Repeat("a", 40) + "!", ErrLimit},
		{"^(?:(?=a)a+)+$", strings.Repeat("a", 40) + "!a", ErrLimit},
		{"^(?:(?=a)a+)+$", strings.Repeat("a", 40) + "!", nil}, // it does not end with an a
		{"^(a|aa)+\\1$", strings.Repeat("a", 60) + "!", ErrLimit},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			start := time.Now()
			ok, _, err := mustPCRE(t, tt.pattern, PCREOptions{}).Match(tt.subject, nil)
			if ok || !errors.Is(err, tt.want) {
				t.Errorf("got %t and %v, want no match and %v", ok, err, tt.want)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestPCREDoesNotAllocate: matching into a slice that is large enough allocates nothing.
func TestPCREDoesNotAllocate(t *testing.T) {
	if testkit.Race {
		t.Skip("pools drop what they are given")
	}
	caps := make([]int, 0, 20)
	for _, tt := range pcreBenchmarks {
		re := mustPCRE(t, tt.pattern, optionsOf(tt.options))
		for _, s := range []string{tt.hit, tt.miss} {
			if got := testing.AllocsPerRun(50, func() { _, caps, _ = re.Match(s, caps) }); got != 0 {
				t.Errorf("%q on %q: %v allocations", tt.pattern, s, got)
			}
		}
	}
}

// TestPCREAtOnce: a pattern may be used by many from the start.
func TestPCREAtOnce(t *testing.T) {
	re := mustPCRE(t, "^/(?!x)([a-z]+)/(.*)$", PCREOptions{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if got := ourMatch(re, "/ab/c"); got != "yes 0 5 1 3 4 5" {
					t.Errorf("got %s", got)
				}
			}
		})
	}
	wg.Wait()
}

// checkPCRELaws holds a pattern against itself: the forms without a machine against the machine, the machine that
// remembers failures against the one that does not, the shape and the expression against the match.
func checkPCRELaws(t *testing.T, re *PCRE, s string) {
	t.Helper()
	ok, caps, err := re.Match(s, nil)
	if err != nil {
		return
	}
	plain := make([]int, len(caps))
	want, limit := re.build().exec(s, plain, 0, false)
	if limit {
		return
	}
	if ok != want || ok && cmp.Diff(plain, caps) != "" {
		t.Errorf("%q on %q: got %t %v, the machine alone %t %v", re.Text(), s, ok, caps, want, plain)
	}
	if ok {
		for i, c := range caps {
			if c < -1 || c > len(s) || i%2 == 1 && i > 1 && c < caps[i-1] {
				t.Errorf("%q on %q: groups %v", re.Text(), s, caps)
			}
		}
		sh := re.Shape()
		text := s
		if sh.Fold {
			text = lower(s)
		}
		if h := re.Heads(); !h.begins(s) || len(h.Texts) > 0 && !sh.Begin {
			t.Errorf("%q matches %q, which begins with none of %+v", re.Text(), s, h)
		}
		if !re.tails.ends(s) {
			t.Errorf("%q matches %q, which ends with none of %+v", re.Text(), s, re.tails)
		}
		if len(s) < sh.MinLen || !strings.HasPrefix(text, sh.Prefix) || !strings.HasSuffix(text, sh.Suffix) || !strings.Contains(text, sh.Contains) {
			t.Errorf("%q matches %q, which is not of the shape %+v", re.Text(), s, sh)
		}
	}
	if e, has := re.Expr(); has && len(re.Text()) < fuzzPattern && len(s) < fuzzSubject {
		if got := (&machine{expr: e}).match(s); got != ok {
			t.Errorf("expression of %q on %q: got %t, want %t", re.Text(), s, got, ok)
		}
		if p, has := re.Pattern(); !has || p.Match(s) != ok || p.Kind() != KindPCRE {
			t.Errorf("pattern of %q on %q: got %t, want %t", re.Text(), s, !ok, ok)
		}
	}
}

func TestPCRELaws(t *testing.T) {
	for _, tt := range pcreSamples {
		re := mustPCRE(t, tt.pattern, optionsOf(tt.options))
		for _, other := range pcreSamples {
			checkPCRELaws(t, re, other.subject)
		}
	}
}

// FuzzPCRE looks for patterns that make the parser or the machine fail, or break a law.
func FuzzPCRE(f *testing.F) {
	for _, tt := range pcreSamples {
		f.Add(tt.pattern, tt.options, tt.subject)
	}
	for _, tt := range pcreBenchmarks {
		f.Add(tt.pattern, tt.options, tt.hit)
	}
	f.Fuzz(func(t *testing.T, pattern, options, s string) {
		re, err := CompilePCRE(pattern, optionsOf(options))
		if err != nil {
			var refused *SyntaxError
			var not *UnsupportedError
			from, to := -1, -1
			switch {
			case errors.As(err, &refused):
				from, to = refused.Offset, refused.End
				checkTexts(t, refused.Message, refused.Hint)
			case errors.As(err, &not):
				from, to = not.Offset, not.End
				checkTexts(t, not.Message, not.Hint)
			}
			if from < 0 || to < from || to > len(pattern) {
				t.Errorf("pattern %q: error %v from %d to %d", pattern, err, from, to)
			}
			return
		}
		if len(s) > 200 || len(pattern) > 1000 {
			s = s[:min(len(s), 200)]
		}
		checkPCRELaws(t, re, s)
	})
}

// corpusRules finds patterns in httpd's texts, with room for mistakes: it is no parser.
var corpusRules = regexp.MustCompile(`(?im)^\s*(?:(RewriteRule|RedirectMatch(?:\s+(?:\d+|permanent|temp|seeother|gone))?)\s+("[^"\n]*"|\S+)|(RewriteCond)\s+(?:"[^"\n]*"|\S+)\s+("[^"\n]*"|\S+)|SetEnvIf(?:NoCase)?\s+(?:"[^"\n]*"|\S+)\s+("[^"\n]*"|\S+)|<(?:LocationMatch|FilesMatch|DirectoryMatch)\s+("[^"\n]*"|[^>\s]+))`)

// corpusPatterns returns the different patterns of real configurations.
func corpusPatterns(t *testing.T) []string {
	t.Helper()
	dir := testkit.CorpusDir(t)
	seen := map[string]bool{}
	var list []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range corpusRules.FindAllStringSubmatch(string(text), -1) {
			pattern := strings.Trim(m[2]+m[4]+m[5]+m[6], `"`)
			if m[1] != "" || m[3] != "" {
				pattern = strings.TrimPrefix(pattern, "!")
			}
			if m[3] != "" && (strings.ContainsAny(pattern[:min(1, len(pattern))], "=<>") || strings.HasPrefix(pattern, "-")) {
				continue
			}
			// A line that goes on behind a backslash has its pattern elsewhere.
			if !seen[pattern] && pattern != `\` && !strings.Contains(pattern, "${") {
				seen[pattern] = true
				list = append(list, pattern)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 1000 {
		t.Errorf("only %d patterns found", len(list))
	}
	return list
}

// TestPCRECorpus: every pattern of real configurations compiles.
func TestPCRECorpus(t *testing.T) {
	forms := map[pcreForm]int{}
	for _, pattern := range corpusPatterns(t) {
		re, err := CompilePCRE(pattern, PCREOptions{})
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		forms[re.form]++
		checkPCRELaws(t, re, "/content/site/en/page.html")
	}
	t.Logf("machine, literal, affixes: %v", forms)
}

// pcreBenchmarks are patterns of the kinds that real configurations use, with a subject each way.
var pcreBenchmarks = []struct{ name, pattern, options, hit, miss string }{
	{"literal", "^/us/en/old-page$", "", "/us/en/old-page", "/us/en/old-pages/more.html"},
	{"prefix", "^/content/dam/", "", "/content/dam/wknd/en/a.jpg", "/etc.clientlibs/wknd/a.css"},
	{"prefix-group", "^/content/(.*)$", "", "/content/wknd/us/en/adventures.html", "/etc.clientlibs/wknd/a.css"},
	{"affixes", "^/content/wknd/(.*)\\.html$", "", "/content/wknd/us/en/adventures.html", "/content/wknd/us/en/adventures.json"},
	{"extensions", "\\.(css|eot|gif|ico|jpe?g|js|gif|pdf|png|svg|swf|ttf|woff2?|html)$", "", "/content/wknd/us/en/adventures.html", "/content/wknd/us/en/adventures.json"},
	{"segments", "^/content/([a-z-]+)/([a-z]{2})/([a-z]{2})/(.*)\\.html$", "", "/content/wknd/us/en/adventures/beervana.html", "/content/wknd/global/en/adventures/beervana.html"},
	{"lookahead", "^/(?!content|etc|libs|apps|dam)(.*)$", "", "/us/en/adventures.html", "/content/wknd/us/en.html"},
	{"mobile", "(android|blackberry|iphone|ipad|ipod|iemobile|opera mobi|palmos|webos|googlebot-mobile)", "i",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36"},
	{"lazy", "^/(.*?)/(.*)\\.html$", "", "/us/en/adventures.html", "/us/en/adventures.json"},
	{"contains", "/jcr:content", "", "/content/wknd/us/en/_jcr_content/jcr:content/x", "/content/wknd/us/en/adventures/beervana.html"},
	{"selector", "^(/content/.+?)\\.([^/.]+)\\.(html|json)(/.*)?$", "", "/content/wknd/us/en.model.json", "/content/wknd/us/en"},
}

func BenchmarkPCRE(b *testing.B) {
	for _, tt := range pcreBenchmarks {
		pattern := tt.pattern
		for _, subject := range []struct{ name, text string }{{"hit", tt.hit}, {"miss", tt.miss}} {
			b.Run(tt.name+"/"+subject.name, func(b *testing.B) {
				re := mustPCRE(b, pattern, optionsOf(tt.options))
				caps := make([]int, 0, 20)
				b.ReportAllocs()
				for b.Loop() {
					_, caps, _ = re.Match(subject.text, caps)
				}
			})
			if strings.Contains(pattern, "(?!") {
				continue
			}
			b.Run(tt.name+"/"+subject.name+"/regexp", func(b *testing.B) {
				if strings.Contains(tt.options, "i") {
					pattern = "(?i)" + tt.pattern
				}
				re := regexp.MustCompile("(?s)" + pattern)
				b.ReportAllocs()
				for b.Loop() {
					re.FindStringSubmatchIndex(subject.text)
				}
			})
		}
	}
}

func BenchmarkPCRECompile(b *testing.B) {
	const pattern = "^/content/([a-z-]+)/([a-z]{2})/([a-z]{2})/(.*)\\.html$"
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustPCRE(b, pattern, PCREOptions{})
		}
	})
	b.Run("read-and-build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustPCRE(b, pattern, PCREOptions{}).build()
		}
	})
	b.Run("regexp", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			regexp.MustCompile(pattern)
		}
	})
}
