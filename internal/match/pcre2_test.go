package match

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

//go:embed testdata/pcre2.c
var pcre2C []byte

// A pcre2Question is a pattern, its options in the letters of testdata/pcre2.c, and subjects.
type pcre2Question struct {
	pattern, options string
	subjects         []string
}

// A pcre2Answer is what libpcre2 makes of a question.
type pcre2Answer struct {
	ok      bool
	refusal string // "error offset"
	groups  int
	matches []string // "yes 0 1 …", "not", "limit"
}

// askPCRE2 compiles the helper program and puts all questions to it. It skips the test where there is no libpcre2.
func askPCRE2(t *testing.T, questions []pcre2Question) []pcre2Answer {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: not compared with libpcre2")
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "pcre2.c"), filepath.Join(dir, "pcre2")
	if err := os.WriteFile(source, pcre2C, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-O1", "-o", program, source, "-lpcre2-8").CombinedOutput(); err != nil {
		t.Skipf("no libpcre2 to compare with (Debian: libpcre2-dev): %v\n%s", err, out)
	}
	var in bytes.Buffer
	for _, q := range questions {
		fmt.Fprintf(&in, "P%s %x\n", q.options, q.pattern)
		for _, s := range q.subjects {
			fmt.Fprintf(&in, "S %x\n", s)
		}
	}
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("helper program: %v", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	answers := make([]pcre2Answer, 0, len(questions))
	for _, q := range questions {
		if len(lines) < 1+len(q.subjects) {
			t.Fatalf("helper program answered %d of %d questions", len(answers), len(questions))
		}
		a := pcre2Answer{matches: lines[1 : 1+len(q.subjects)]}
		if rest, ok := strings.CutPrefix(lines[0], "ok "); ok {
			a.ok = true
			a.groups, _ = strconv.Atoi(rest)
		} else {
			a.refusal = strings.TrimPrefix(lines[0], "no ")
		}
		answers = append(answers, a)
		lines = lines[1+len(q.subjects):]
	}
	return answers
}

func optionsOf(letters string) PCREOptions {
	return PCREOptions{
		IgnoreCase: strings.Contains(letters, "i"), Multiline: strings.Contains(letters, "m"),
		NoDotAll: strings.Contains(letters, "s"), FinalNewline: strings.Contains(letters, "d"),
	}
}

// ourMatch says what we make of a subject in the words of the helper program.
func ourMatch(re *PCRE, subject string) string {
	ok, caps, err := re.Match(subject, nil)
	if err != nil {
		return "limit"
	}
	if !ok {
		return "not"
	}
	var out strings.Builder
	out.WriteString("yes")
	for _, c := range caps {
		fmt.Fprintf(&out, " %d", c)
	}
	return out.String()
}

// comparePCRE2 holds answers against ours, and returns how many patterns were compared.
func comparePCRE2(t *testing.T, questions []pcre2Question) (compared, unsupported int) {
	t.Helper()
	for i, a := range askPCRE2(t, questions) {
		q := questions[i]
		re, err := CompilePCRE(q.pattern, optionsOf(q.options))
		var refused *SyntaxError
		var not *UnsupportedError
		switch {
		case errors.As(err, &not):
			unsupported++
			continue
		case errors.As(err, &refused) != !a.ok:
			t.Errorf("pattern %q [%s]: got error %v, libpcre2 says %v", q.pattern, q.options, err, cmpVerdict(a))
			continue
		case !a.ok:
			continue
		}
		compared++
		if re.NumCaptures() != a.groups {
			t.Errorf("pattern %q [%s]: got %d groups, want %d", q.pattern, q.options, re.NumCaptures(), a.groups)
		}
		for j, s := range q.subjects {
			got, want := ourMatch(re, s), a.matches[j]
			if got != want && got != "limit" && want != "limit" {
				t.Errorf("pattern %q [%s] on %q: got %s, want %s", q.pattern, q.options, s, got, want)
			}
		}
	}
	return compared, unsupported
}

func cmpVerdict(a pcre2Answer) string {
	if a.ok {
		return "it is right"
	}
	return "error " + a.refusal
}

// pcreAlphabet is what random patterns are made of, from plain to odd.
var pcreAlphabet = []string{
	"a", "b", "c", "A", "/", ".", "ab", "-", "_", "1", "\n", "é", " ", "#",
	"a", "b", "a", "b", "(", ")", "(", ")", "|", "*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{1,2}?", "*+", "?+",
	"^", "$", ".", ".*", "[ab]", "[^a]", "[a-c]", "[^/]+", "(?:", "(?:", ")", ")", "(?i)", "(?i:", "(?-i)", "(?s)", "(?-s)", "(?m)", "(?x)", "(?U)",
	"(?=", "(?!", "(?<=", "(?<!", "(?>", "\\1", "\\2", "\\b", "\\B", "\\d", "\\w", "\\s", "\\W", "\\.", "\\/", "\\A", "\\z", "\\Z", "\\n", "\\x61",
	"(?<n>", "\\k<n>", "(?|", "(?(1)", "\\Q", "\\E", "\\K", "\\R", "\\h", "[[:alpha:]]", "[[:^space:]b]", "[]a]", "[\\d-]", "{", "}", "]", "[", "\\g{-1}",
	"(?(?=", "(?n)", "(?^)", "\\N", "\\0", "\\10", "\\101", "(?#x)", "{,2}", "(a|b(c))*", "(a*)*", "(|a)+", "(a|ab)(c|bcd)",
}

// plainAlphabet makes patterns that are mostly right.
var plainAlphabet = []string{
	"a", "b", "c", "/", "ab", ".", ".*", "[ab]", "[^b]", "a*", "b+", "c?", "a*?", "b+?", "(a|b)*", "(a|b(c))*", "(a*)+", "(|a)*", "(b|)+?",
	"a{2}", "[ab]{1,2}", "(ab?){2,}", "^", "$", "\\b", "(?=a)", "(?!b)", "(?<=a)", "(?<!b|ab)", "(a)", "(b?)", "\\1", "\\2", "(?>a*)", "(?>a|ab)", "b++",
	"(?i:AB)", "(?:a|b)?", "(?:ab|a|b)*", "(?:a(b)?)+", "(?:(a)|b)*", "(?(1)a|b)", "(?=(a))", "(?!(a)b)", "\\K", "|", "|",
}

func randomPattern(r *rand.Rand) string {
	alphabet := plainAlphabet
	if r.IntN(2) == 0 {
		alphabet = pcreAlphabet
	}
	var out strings.Builder
	for range 1 + r.IntN(8) {
		out.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return out.String()
}

func randomSubject(r *rand.Rand) string {
	letters := "aabbccABa/b._1 \n-\xe9#"
	if r.IntN(3) > 0 {
		letters = "aabbc/"
	}
	out := make([]byte, r.IntN(12))
	for i := range out {
		out[i] = letters[r.IntN(len(letters))]
	}
	return string(out)
}

// TestPCREAgainstLibrary holds random patterns and subjects against libpcre2. DISPCHECK_PCRE_PATTERNS says how many, and
// DISPCHECK_PCRE_SEED which.
func TestPCREAgainstLibrary(t *testing.T) {
	count := 20_000
	if testing.Short() {
		count = 2_000
	}
	if n, err := strconv.Atoi(os.Getenv("DISPCHECK_PCRE_PATTERNS")); err == nil {
		count = n
	}
	seed := uint64(1)
	if n, err := strconv.ParseUint(os.Getenv("DISPCHECK_PCRE_SEED"), 10, 64); err == nil {
		seed = n
	}
	r := rand.New(rand.NewPCG(seed, 2))
	options := []string{"", "", "", "i", "m", "s", "d", "im", "sd"}
	questions := make([]pcre2Question, count)
	for i := range questions {
		q := pcre2Question{pattern: randomPattern(r), options: options[r.IntN(len(options))]}
		for range 8 {
			q.subjects = append(q.subjects, randomSubject(r))
		}
		slices.Sort(q.subjects)
		q.subjects = slices.Compact(q.subjects)
		questions[i] = q
	}
	compared, unsupported := comparePCRE2(t, questions)
	if compared < count/4 {
		t.Errorf("only %d of %d patterns were compared", compared, count)
	}
	t.Logf("%d patterns compared, %d not simulated, %d refused", compared, unsupported, count-compared-unsupported)
}

// TestPCRELongAgainstLibrary takes subjects on which patterns need many tries, so that failures are remembered.
func TestPCRELongAgainstLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	questions := make([]pcre2Question, 600)
	for i := range questions {
		var pattern strings.Builder
		for range 3 + r.IntN(5) {
			pattern.WriteString(plainAlphabet[r.IntN(16)])
		}
		q := pcre2Question{pattern: "(?:" + pattern.String() + ")+" + []string{"c", "$", "(/|$)", "(.*)c$"}[r.IntN(4)]}
		for range 3 {
			subject := make([]byte, 80+r.IntN(80))
			for j := range subject {
				subject[j] = "aaab/"[r.IntN(5)]
			}
			q.subjects = append(q.subjects, string(subject))
		}
		questions[i] = q
	}
	compared, _ := comparePCRE2(t, questions)
	if compared < 100 {
		t.Errorf("only %d patterns were compared", compared)
	}
}

// TestPCRECorpusAgainstLibrary holds the patterns of real configurations against libpcre2, on paths of all sorts and on
// what the patterns themselves look like.
func TestPCRECorpusAgainstLibrary(t *testing.T) {
	subjects := []string{
		"/", "", "/content/site/us/en/page.html", "/content/dam/site/a b.jpg", "/en/home.html?x=1", "/libs/granite/core/content/login.html",
		"/etc.clientlibs/site/clientlib.min.js", "/us/en/a.model.json/suffix.html", "www.example.com", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4)",
		"/graphql/execute.json/site/q;a=b", "/content/experience-fragments/x", "on", "https", "10.0.0.1, 127.0.0.1", "GET", "/EN/Page.HTML", "/a//b/../c\xe9",
	}
	var questions []pcre2Question
	for _, pattern := range corpusPatterns(t) {
		plain := strings.NewReplacer("^", "", "$", "", "\\", "", "(", "", ")", "", "?", "", ".*", "x/y", "+", "").Replace(pattern)
		for _, options := range []string{"", "i"} {
			questions = append(questions, pcre2Question{pattern, options, append([]string{plain, "/x" + plain, plain + "/x", strings.ToUpper(plain)}, subjects...)})
		}
	}
	compared, unsupported := comparePCRE2(t, questions)
	t.Logf("%d patterns compared, %d not simulated", compared, unsupported)
}
