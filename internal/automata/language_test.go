package automata

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/match"
)

// maker makes patterns at random, over few letters so that they meet.
type maker struct{ *rand.Rand }

func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 0x6175746f6d617461))} }

func (m maker) pick(list ...string) string { return list[m.IntN(len(list))] }

func (m maker) glob() string {
	var b strings.Builder
	for range m.IntN(6) {
		b.WriteString(m.pick("a", "b", ".", "/", "*", "*", "?", "[ab]", "[!a]", "[^/.]", "[a-c]", "A", "["))
	}
	return b.String()
}

func (m maker) ere(depth int) string {
	if depth == 0 {
		return m.pick("a", "b", "ab", ".", `\.`, "/", "[^a]", "[a/]", "A", `\w`, `\W`, "^", "$", `\b`, `\<`, `\>`, `\B`)
	}
	x := func() string { return m.ere(depth - 1) }
	switch m.IntN(8) {
	case 0, 1, 2:
		return x() + x()
	case 3:
		return "(" + x() + "|" + x() + ")"
	case 4:
		return "(" + x() + ")*"
	case 5:
		return "(" + x() + ")?"
	case 6:
		return "(" + x() + ")" + m.pick("{2}", "{1,2}", "{2,}", "+")
	}
	return x()
}

// pattern makes a glob, in either case or one, or a regular expression.
func (m maker) pattern() *match.Pattern {
	switch m.IntN(4) {
	case 0:
		return match.Glob(m.glob())
	case 1:
		return match.GlobFold(m.glob())
	}
	text := m.ere(m.IntN(4))
	p, err := match.ERE(text)
	if err != nil {
		return match.Nothing(match.KindERE, text)
	}
	return p
}

// describe names a pattern in messages.
func describe(p *match.Pattern) string { return fmt.Sprintf("%s %q", p.Kind(), p.Text()) }

// words are all strings over an alphabet up to a length.
func words(alphabet string, length int) []string {
	out, from := []string{""}, 0
	for range length {
		to := len(out)
		for _, w := range out[from:to] {
			for i := range len(alphabet) {
				out = append(out, w+alphabet[i:i+1])
			}
		}
		from = to
	}
	return out
}

func mustLanguage(t testing.TB, p *match.Pattern) *Language {
	t.Helper()
	l, err := Limit(0).Language(p)
	if err != nil {
		t.Fatalf("%s: %v", describe(p), err)
	}
	return l
}

func mustERE(t testing.TB, text string) *match.Pattern {
	t.Helper()
	p, err := match.ERE(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// must takes the error off a result.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// checkLanguage compares a language with what it should contain, on short words, and its witness and samples with it.
func checkLanguage(t *testing.T, what string, l *Language, short []string, want func(string) bool) {
	t.Helper()
	some := false
	for _, w := range short {
		if got, want := l.Contains(w), want(w); got != want {
			t.Fatalf("%s: %q: got %t, want %t", what, w, got, want)
		}
		some = some || want(w)
	}
	w, ok := l.Witness()
	switch {
	case ok == l.Empty():
		t.Fatalf("%s: witness %t, empty %t", what, ok, l.Empty())
	case ok && !want(w):
		t.Fatalf("%s: witness %q is not in it", what, w)
	case some && !ok:
		t.Fatalf("%s: no witness, though it has strings", what)
	}
	sample := l.Sample(12)
	if (len(sample) > 0) != ok {
		t.Fatalf("%s: %d samples, witness %t", what, len(sample), ok)
	}
	for i, s := range sample {
		if !want(s) {
			t.Fatalf("%s: sample %q is not in it", what, s)
		}
		if i > 0 && len(s) < len(sample[i-1]) || slices.Contains(sample[:i], s) {
			t.Fatalf("%s: samples %q are not in order of length, each once", what, sample)
		}
	}
	if l.Universal() != l.Complement().Empty() {
		t.Fatalf("%s: universal %t, complement %s", what, l.Universal(), l.Complement())
	}
}

// TestLanguage: a pattern and its language are one.
func TestLanguage(t *testing.T) {
	m, short := newMaker(1), words("abA./_", 4)
	for range 1500 {
		p := m.pattern()
		checkLanguage(t, describe(p), mustLanguage(t, p), short, p.Match)
	}
}

// TestOperations: each operation does on languages what it says on strings.
func TestOperations(t *testing.T) {
	m, short := newMaker(2), words("ab./", 4)
	var n Limit
	for range 700 {
		p, q := m.pattern(), m.pattern()
		a, b := mustLanguage(t, p), mustLanguage(t, q)
		names := describe(p) + ", " + describe(q)
		lang := must[*Language](t)
		checkLanguage(t, "intersection of "+names, lang(n.Intersect(a, b)), short, func(s string) bool { return p.Match(s) && q.Match(s) })
		checkLanguage(t, "union of "+names, lang(n.Union(a, b)), short, func(s string) bool { return p.Match(s) || q.Match(s) })
		rest := lang(n.Difference(a, b))
		checkLanguage(t, "difference of "+names, rest, short, func(s string) bool { return p.Match(s) && !q.Match(s) })
		checkLanguage(t, "complement of "+names, a.Complement(), short, func(s string) bool { return !p.Match(s) })
		checkLanguage(t, "concatenation of "+names, lang(n.Concat(a, b)), short, func(s string) bool {
			for i := range len(s) + 1 {
				if p.Match(s[:i]) && q.Match(s[i:]) {
					return true
				}
			}
			return false
		})
		is := must[bool](t)
		if got, want := is(n.Includes(b, a)), rest.Empty(); got != want {
			t.Fatalf("%s: included %t, difference empty %t", names, got, want)
		}
		if got, want := is(n.Disjoint(a, b)), lang(n.Intersect(a, b)).Empty(); got != want {
			t.Fatalf("%s: disjoint %t, intersection empty %t", names, got, want)
		}
		if got, want := is(n.Equal(a, b)), rest.Empty() && lang(n.Difference(b, a)).Empty(); got != want {
			t.Fatalf("%s: equal %t, want %t", names, got, want)
		}
		// The smallest automaton is one: whichever way to a language, it has as many states.
		again := lang(n.Difference(lang(n.Union(a, b)), lang(n.Difference(b, a))))
		if !is(n.Equal(again, a)) || again.States() != a.States() {
			t.Fatalf("%s: (a+b)-(b-a) has %d states, a has %d", names, again.States(), a.States())
		}
	}
}

func TestStrings(t *testing.T) {
	var n Limit
	list := []string{"GET", "HEAD", "", "GETS", "HE", "\x00\xff"}
	l := must[*Language](t)(n.Strings(list...))
	got := l.Sample(100)
	slices.Sort(got)
	slices.Sort(list)
	if diff := cmp.Diff(list, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	for _, s := range []string{"G", "GETSS", "H", "HEA", "x"} {
		if l.Contains(s) {
			t.Errorf("%q is in it", s)
		}
	}
	var bytes []string
	for c := range 256 {
		bytes = append(bytes, string([]byte{byte(c)}))
	}
	checkLanguage(t, "all bytes", must[*Language](t)(n.Strings(bytes...)), words("\x00a\xff", 3), func(s string) bool { return len(s) == 1 })
	if none := must[*Language](t)(n.Strings()); !none.Empty() {
		t.Error("no strings are some")
	}
	if _, err := Limit(5).Strings("abcdefgh"); !errors.Is(err, ErrTooManyStates) {
		t.Errorf("got %v, want %v", err, ErrTooManyStates)
	}
}

func TestWitness(t *testing.T) {
	var urlBytes match.ByteSet
	urlBytes.AddRange('!', '~')
	tests := []struct {
		pattern *match.Pattern
		want    string
	}{
		{match.Glob("/content/*"), "/content/"},
		{match.Glob("/content/?*.html"), "/content/a.html"},
		{match.Glob("[%a]"), "a"},
		{match.Glob("[%;]"), ";"},
		{mustERE(t, `(~|aaa)`), "aaa"}, // three letters rather than an odd character
		{mustERE(t, `[^a-z]{2}`), "00"},
		{match.GlobFold("A"), "a"},
		{match.Glob(""), ""},
	}
	for _, tt := range tests {
		t.Run(describe(tt.pattern), func(t *testing.T) {
			got, ok := mustLanguage(t, tt.pattern).WitnessOf(urlBytes)
			if got != tt.want || !ok {
				t.Errorf("got %q, %t, want %q", got, ok, tt.want)
			}
		})
	}
	if w, ok := mustLanguage(t, match.Glob("a b")).WitnessOf(urlBytes); ok {
		t.Errorf("got %q, though a blank is not allowed", w)
	}
	if got := mustLanguage(t, match.Glob("a b")).SampleOf(1, urlBytes); len(got) != 0 {
		t.Errorf("got %q, though a blank is not allowed", got)
	}
	inside := must[bool](t)(Limit(0).Includes(BytesOf(urlBytes), mustLanguage(t, mustERE(t, `[!-~]*`))))
	if !inside || BytesOf(urlBytes).Contains("a b") || !BytesOf(urlBytes).Contains("") {
		t.Error("BytesOf is not the strings of its bytes")
	}
}

// TestHostile: what is too large is said to be, in little time, and what is not regular is told apart.
func TestHostile(t *testing.T) {
	back := match.Nothing(match.KindERE, `(a|b)\1`)
	tests := []struct {
		name string
		p    *match.Pattern
		want error
	}{
		{"exponential", mustERE(t, `(a|b)*a(a|b){20}`), ErrTooManyStates},
		{"long", match.Glob(strings.Repeat("ab", 9000)), ErrTooManyStates},
		{"nested counts", mustERE(t, `((a{1,20}b?){1,20}c?){1,4}`), ErrTooManyStates},
		{"back reference", back, ErrNotRegular},
		{"NUL", match.Nothing(match.KindERE, "a\x00"), ErrNotSimulated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := Limit(5000).Language(tt.p)
			if !errors.Is(err, tt.want) || !isUndecided(err) {
				t.Errorf("got %v and %v, want %v", l, err, tt.want)
			}
		})
	}
	if l := mustLanguage(t, match.Nothing(match.KindERE, `a(`)); !l.Empty() {
		t.Error("a pattern that the C library refuses matches something")
	}
	// Each is small, together they are not.
	var n Limit = 2000
	all := Anything()
	var err error
	for i := range 26 {
		c := string(rune('a' + i))
		var l *Language
		if l, err = n.Language(match.Glob("*" + c + "*" + c + "*")); err != nil {
			t.Fatal(err)
		}
		if all, err = n.Intersect(all, l); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrTooManyStates) {
		t.Errorf("26 patterns at once: got %v, want %v", err, ErrTooManyStates)
	}
	if _, err := Limit(100).Concat(mustLanguage(t, mustERE(t, `(a|b)*`)), mustLanguage(t, mustERE(t, `a(a|b){9}`))); !errors.Is(err, ErrTooManyStates) {
		t.Errorf("concatenation: got %v, want %v", err, ErrTooManyStates)
	}
}

func TestSampleOfInfinite(t *testing.T) {
	got := mustLanguage(t, match.Glob("/c/*.html")).Sample(4)
	if want := []string{"/c/.html", "/c/a.html"}; len(got) != 4 || !slices.Equal(got[:2], want) {
		t.Errorf("got %q, want 4 that start with %q", got, want)
	}
	got = mustLanguage(t, mustERE(t, `(a{40})*`)).Sample(3)
	want := []string{"", strings.Repeat("a", 40), strings.Repeat("a", 80)}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLanguageCover: as TestCoverLaws, with strings.
func TestLanguageCover(t *testing.T) {
	m, short := newMaker(7), words("ab./", 4)
	var n Limit
	covered := 0
	for range 300 {
		p := m.pattern()
		var by []*Language
		var patterns []*match.Pattern
		rest, name := mustLanguage(t, p), describe(p)
		for range 4 {
			q := m.pattern()
			patterns, by, name = append(patterns, q), append(by, mustLanguage(t, q)), name+" | "+describe(q)
			rest = must[*Language](t)(n.Difference(rest, by[len(by)-1]))
		}
		c := must[Cover[string]](t)(n.Cover(mustLanguage(t, p), by...))
		if c.Covered != rest.Empty() {
			t.Fatalf("%s: covered %t, want %t", name, c.Covered, rest.Empty())
		}
		in := func(s string) bool {
			return slices.ContainsFunc(patterns, func(q *match.Pattern) bool { return q.Match(s) })
		}
		if !c.Covered {
			if !p.Match(c.Witness) || in(c.Witness) {
				t.Fatalf("%s: %q is no witness", name, c.Witness)
			}
			continue
		}
		covered++
		for _, w := range short {
			if p.Match(w) && !in(w) {
				t.Fatalf("%s: %q is not covered", name, w)
			}
		}
	}
	if covered < 30 {
		t.Errorf("%d covers only", covered)
	}
}

// TestSampleOfLong: a language whose shortest string is long has a sample.
func TestSampleOfLong(t *testing.T) {
	long := strings.Repeat("ab", 2500)
	got := mustLanguage(t, match.Glob(long+"*")).Sample(2)
	if len(got) == 0 || got[0] != long {
		t.Errorf("got %d strings, want one of %d bytes", len(got), len(long))
	}
}

// isUndecided reports whether an error of this package says that automata cannot answer and samples have to do.
func isUndecided(err error) bool {
	return errors.Is(err, ErrTooManyStates) || errors.Is(err, ErrNotRegular) || errors.Is(err, ErrNotSimulated)
}
