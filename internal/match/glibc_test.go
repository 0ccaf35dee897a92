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
	"strings"
	"testing"
)

//go:embed testdata/posixere.c
var posixereC []byte

// A libcAnswer is what glibc makes of one pattern and some subjects.
type libcAnswer struct {
	slow  bool // it takes too long; nothing else is known
	ok    bool
	whole []bool
	// What the pattern between ^( and )$ does; nil if that was not asked or is refused.
	anchored []bool
}

// A libcQuestion is a pattern and the subjects to match it with. None of them holds a NUL byte.
type libcQuestion struct {
	pattern  string
	subjects []string
	wrap     bool // match with the pattern between ^( and )$ too
}

// askLibc compiles the helper program and puts all questions to it in one run. It skips the test where there is no
// C compiler or no glibc.
func askLibc(t *testing.T, questions []libcQuestion) []libcAnswer {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: not compared with glibc")
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "posixere.c"), filepath.Join(dir, "posixere")
	if err := os.WriteFile(source, posixereC, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-O1", "-o", program, source).CombinedOutput(); err != nil {
		t.Skipf("no glibc to compare with: %v\n%s", err, out)
	}
	answers := make([]libcAnswer, 0, len(questions))
	for len(answers) < len(questions) {
		got, finished := runHelper(t, program, questions[len(answers):])
		answers = append(answers, got...)
		if !finished {
			answers = append(answers, libcAnswer{slow: true})
		}
	}
	return answers
}

// runHelper puts questions to the helper program. If one takes it too long, finished is false and the answers are
// those to the questions before.
func runHelper(t *testing.T, program string, questions []libcQuestion) (answers []libcAnswer, finished bool) {
	t.Helper()
	var in bytes.Buffer
	for _, q := range questions {
		fmt.Fprintf(&in, "P%x\n", q.pattern)
		for _, s := range q.subjects {
			kind := "S"
			if q.wrap {
				kind = "B"
			}
			fmt.Fprintf(&in, "%s%x\n", kind, s)
		}
	}
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	cmd.Env = []string{"LC_ALL=C"}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if slow := errors.As(err, &exit) && exit.ExitCode() == 3; err != nil && !slow {
		t.Fatalf("helper program: %v", err)
	}
	lines := strings.Split(string(out), "\n")
	lines = lines[:len(lines)-1] // each line is ended
	for _, q := range questions {
		if len(lines) < 1+len(q.subjects) {
			break
		}
		a := libcAnswer{ok: strings.HasPrefix(lines[0], "ok ")}
		wrapped := q.wrap && strings.HasSuffix(lines[0], " ok")
		for _, line := range lines[1 : 1+len(q.subjects)] {
			whole, anchored, _ := strings.Cut(line, " ")
			a.whole = append(a.whole, whole == "yes")
			if wrapped {
				a.anchored = append(a.anchored, anchored == "yes")
			}
		}
		answers = append(answers, a)
		lines = lines[1+len(q.subjects):]
	}
	if finished = len(answers) == len(questions); finished && len(lines) != 0 || !finished && err == nil {
		t.Fatalf("helper program gave %d answers to %d questions", len(answers), len(questions))
	}
	return answers, finished
}

// knownDefect reports whether glibc is known to break its own rules for a pattern and subject. In the copies that it
// makes of what is repeated it forgets some of the edges, so that (^a){2} matches aa; which ones depends on
// REG_NOSUB. And when it takes a line feed, it lets ^ hold behind and $ before it as if REG_NEWLINE were set.
func knownDefect(e *Expr, s string) bool {
	return edgeInRepeat(e, false) || strings.Contains(s, "\n") && e.hasEdges()
}

func edgeInRepeat(e *Expr, repeated bool) bool {
	if e.isEdge() {
		return repeated
	}
	for _, s := range e.Subs {
		if edgeInRepeat(s, repeated || e.Op == OpRepeat) {
			return true
		}
	}
	return false
}

// What "matches the whole subject" means: the module's code is not public, so it may ask for the leftmost longest match
// and look whether it is all of the subject, or wrap the pattern in ^( and )$. Both say the same, also for
// alternatives and anchors, since a match of the whole is the longest from the leftmost place; but the wrapping goes
// wrong where the pattern has a surplus ')', as in a)|b. The first meaning is the one chosen here, for it needs no
// exception, and the second is compared wherever it can be.

// compareWithLibc checks verdict and matches of each question. It returns how many patterns glibc accepted.
func compareWithLibc(t *testing.T, questions []libcQuestion) (accepted int) {
	t.Helper()
	slow := 0
	answers := askLibc(t, questions)
	for i, q := range questions {
		a := answers[i]
		if a.slow {
			slow++
			t.Logf("glibc is slow: %q", q.pattern)
			continue
		}
		p, err := ERE(q.pattern)
		var syntax *SyntaxError
		var unsupported *UnsupportedError
		switch {
		case errors.As(err, &unsupported):
			if !a.ok {
				t.Errorf("%q: glibc refuses it, got %v", q.pattern, err)
			}
			continue
		case errors.As(err, &syntax):
			if a.ok {
				t.Errorf("%q: glibc accepts it, got %v", q.pattern, err)
			}
			continue
		case !a.ok:
			t.Errorf("%q: glibc refuses it, got no error", q.pattern)
			continue
		}
		accepted++
		tree, _, _ := ParseERE(q.pattern)
		surplus := false
		for _, n := range p.Notes() {
			surplus = surplus || n.Code == NoteSurplusParen
		}
		for j, s := range q.subjects {
			if knownDefect(tree, s) {
				continue
			}
			got := p.Match(s)
			if want := a.whole[j]; got != want {
				t.Errorf("%q on %q: got %t, glibc's match is the whole subject: %t", q.pattern, s, got, want)
			}
			// A surplus ')' would close the group of the wrapping.
			if a.anchored != nil && !surplus && got != a.anchored[j] {
				t.Errorf("%q on %q: got %t, glibc between ^( and )$: %t", q.pattern, s, got, a.anchored[j])
			}
		}
		if t.Failed() && i > 0 && accepted%2000 == 0 {
			t.Fatal("too many differences")
		}
	}
	if slow > len(questions)/100 {
		t.Errorf("glibc is too slow for %d of %d patterns", slow, len(questions))
	}
	return accepted
}

// TestERELikeGlibcOdd compares hand-made odd patterns, most of them at the edges of what regcomp takes.
func TestERELikeGlibcOdd(t *testing.T) {
	patterns := []string{
		"", "()", "(|)", "|", "||", "a|", "|a", "a||b", "(|a)", "(a|)", "a|(|b)|c", "(())", "((|a)|)*",
		"*", "+", "?", "{", "{1}", "*a", "+a", "a|*b", "(*a)", "(+)", "(?:a)", "(?=a)", "(?!a)b", "(|*)", "a|{1}", "({1})",
		"^*", "$*", "^{1}", "^+", "(^)*", "(^a|b)*", "($)?", "^^a", "a$$", "a^b", "a$b", "x*^a", "a$x*", "(^a$)", "(^|x)a($|x)", "a|^b", "a$|b",
		"a**", "a*?", "a+?", "a??", "a++", "a?*", "a{2}{3}", "a{2}*", "a*{2}", "a{1,2}{2}", "(a*)*", "(a+)+", "(a|b*)*", "(a*b*)*", "(a?){3}",
		"a{0}", "a{0}b", "(a){0}", "a{0,0}*", "(a{0})*", "a{0}{2}", "a{0,1}", "a{1,1}", "a{2}", "a{2,}", "a{2,3}", "a{,2}", "a{,}", "a{,0}",
		"a{}", "a{", "a{1", "a{1,", "a{1,2", "a{x}", "a{1x}", "a{1,x}", "a{-1}", "a{ 1}", "a{1 }", "a{1,2,3}", "a{2,1}", "a{,", "a{,,}",
		"a{32767,32768}", "a{32768}", "a{99999999999999999999}", "a{65536}", `a{1\,2}`, `a{\0,2}`, `a{\1}`, `a{1\}`, `a{1\`, "a{1}{", "a{01}", "a{001,002}", "a{1}}", "a}", "}", "a}*", "}{2}",
		")", "a)", "a)*", "(a))", "(a))*", ")(", "())", "a|)", ")|a", "a)b|c", "(a)b)c", "(", "(a", "((a)", "a(b", "(a|b", "a(", "x)(y", ")+",
		"[", "[]", "[^", "[^]", "[a", "[a-", "[]]", "[^]]", "[]a]", "[]-a]", "[]-]", "[-]", "[--]", "[---]", "[-a]", "[a-]", "[^-a]", "[^a-]", "[--a]", "[+--]", "[%--]", "[a--]", "[a---]",
		"[a-c-e]", "[a-c-]", "[a-z-9]", "[z-a]", "[a-a]", "[a-c]", "[^a-c]", "[^^]", "[a^]", "[ab^c]", "[.]", "[*]", "[a|b]", "[(]", "[)]*", "[$]", "[{]", "[[]", "[[a]", "[a[]", "[[]]", "[]]]", "[A-[]", "[a]]", "[[-a]", "[a-c]-[x]",
		`[\]`, `[\]]`, `[\d]`, `[\\]`, `[\.]`, `[^\]`, `[\-a]`, `[a\]`, `[\w-]`, `[\w-z]`, `[+-\]`, `[a-\]`, `[\n]`,
		"[[:alpha:]]", "[^[:alpha:]]", "[[:alnum:][:blank:]]", "[[:digit:]a-c]", "[a[:digit:]]", "[[:foo:]]", "[[:alpha:]", "[[:alpha]]", "[[:alpha:]-z]", "[[:alpha:]-]", "[a-[:alpha:]]", "[:alpha:]", "[[:]", "[[:]]", "[[::]]", "[[:ALPHA:]]",
		"[[:cntrl:]]", "[[:graph:]]", "[[:lower:]]", "[[:print:]]", "[[:punct:]]", "[[:space:]]", "[[:upper:]]", "[[:xdigit:]]", "[[:word:]]", "[[:alphaalphaalphaalphaalphaalphaalpha:]]",
		"[[=a=]]", "[[=a=]b]", "[[=ab=]]", "[[==]]", "[[===]]", "[[=]=]]", "[[=a]", "[[=a=]-z]", "[a-[=z=]]", "[[=a=]-]", "[[=é=]]",
		"[[.a.]]", "[[.-.]]", "[[.a.]-c]", "[a-[.c.]]", "[[.a.]-[.c.]]", "[[.].]]", "[[...]]", "[[..]]", "[[.hyphen.]]", "[[.space.]]", "[[.ab.]]", "[[.]", "[[.]]", "[[.a.]", "[[.a]]", "[[.", "[[.a.]-]", "[^[.-.]]", "[[.-.]-a]", "[a[.b]",
		"[[:alpha:][.a.][=b=]c-d]", "[x-z[:digit:]", "[é]", "[^é]", "[à-é]", "é", "é*", "(é)*", "é{2}", ".", "..", "...", "\x80", "[\x80-\xff]",
		`\`, `a\`, `(\`, `[a]\`, `\\`, `\.`, `\*`, `\(a\)`, `\[`, `\]`, `\{`, `a\{2`, `a\{2\}`, `\}`, `\^`, `\$a`, `\|`, `a\|b`, `\+`, `\?`, `\/`, `\-`, `\ `, `\"`,
		`\d`, `\D`, `\n`, `\t`, `\r`, `\x41`, `\u0041`, `\Q.\E`, `\A`, `\z`, `\Z`, `\h`, `\p`, `\0`, `\a`, `\e`, `\c`, `\_`,
		`\w`, `\W`, `\s`, `\S`, `\w+`, `\W*`, `\s?`, `\S{2}`, `\w\W`, `(\w|\s)*`,
		`\b`, `\B`, `\<`, `\>`, "\\`", `\'`, `\b*`, `\B+`, `\<?`, `\>{2}`, "\\`*", `\'*`, `\ba`, `a\b`, `\ba\b`, `\Ba`, `a\B`, `a\Bb`, `a\bb`, `\<a`, `a\>`, `\<a\>`, `\>a`, `a\<`, `a\<b`, `a\>b`, "\\`a", `a\'`, "\\`a\\'", "a\\`", `\'a`,
		`\<a\> \<b\>`, `(a| )*\<b`, `(a|-)*\b(a|-)*`, `(\<a|-)*`, `(a\>|-)*`, `(a|\B-)*`, `.\b.`, `.\B.`, `(\b|x)a`, `(\b)a`, `(\<|\>)a`, `\b\b`, `\b\B`, `\B\B`, `\<\>`, `\>\<`, `^\b`, `\b$`, `^\B$`, `-*\B`, `\B-*`,
		`\1`, `(\1)`, `(a)\1`, `(a)\2`, `(a)|\1`, `(a)(b)\2`, `((a)\2)`, `((a)\1)`, `(a|\1)`, `(a)(\1)`, `(a)*\1`, `(a){0}\1`, `(a|(b))\2`, `((a)|b)\2`, `\1(a)`, `(a)\1*`, `(a)\1(`, `(()()()()()()()()())\9`, `()()()()()()()()()\9`, `()()()()()()()()()()\10`,
		"(json|xml|html|feed))", "(GET|HEAD)", "/(system|crx|admin)(/.*)?", ".*/[.][.];/.*", "(.*&debug=.*|debug=.*)", `.*\.(css|js)`, "^/[a-zA-Z0-9_-]+$", "((sys|doc)view|query|[0-9-]+)", `.*(path=(/|%2F)content).*`, `.*(\[|]).*`, "woff2|otf|tif||mp4|JPG",
		"a.b", "a\nb", "[^a]", "[^\n]", ".*\n.*", "^a\nb$",
	}
	subjects := []string{
		"", "a", "b", "c", "d", "e", "x", "y", "z", "A", "Z", "0", "9", "_", "-", "+", ",", ".", "/", " ", "\t", "\n", "\\", "^", "$", "*", "?", "|", "(", ")", "[", "]", "{", "}", "é", "à", "\x80", "\xc3", "\xa9", "n", "w", "'", "`", "<", "#",
		"aa", "aaa", "aaaa", "aaaaaa", "ab", "ba", "abc", "bb", "aba", "a-", "-a", "a b", "a,b", "--", "---", "- -", "xa", "ax", "x", "a]", "]]", "^a", "a^b", "a$b", "(a)", "a)", "a))", "())", "()", ")(", "x)(y", "a|b", "a|", "a{2", "a{2}", "a{1", "a}", "a}}", "{2}", "éé", "éa",
		"a\nb", "\n\n", "ab-", "x41", "Q.E", "a.b", "\\]", "\\a", "a\\", "[a]", "c-x", "a-x", "d4",
		"json", "json)", "xml)", "GET", "HEAD", "GETHEAD", "/system", "/systemx", "/crx/de", "/content/..;/libs", "a=b&debug=layout", "debug=1", "a.css", ".js", "/a.jsp", "/abc_-9", "sysview", "10-3", "a=1&path=%2Fcontent&x", "a[b", "woff2", "JPG",
		"(a)b)c", "ab)c", "(b", "a(b", "aba-ab",
	}
	var questions []libcQuestion
	for _, p := range patterns {
		questions = append(questions, libcQuestion{p, subjects, true})
	}
	if accepted := compareWithLibc(t, questions); accepted < len(patterns)/2 {
		t.Errorf("glibc accepts only %d of %d patterns", accepted, len(patterns))
	}
}

// TestERELikeGlibcRandom compares patterns made at random: well-formed ones, and heaps of syntax.
func TestERELikeGlibcRandom(t *testing.T) {
	count := 21_000
	if testing.Short() {
		count = 2_000
	}
	accepted := compareWithLibc(t, randomQuestions(rand.New(rand.NewPCG(1, 2)), count))
	t.Logf("%d patterns, of which glibc accepts %d", count, accepted)
	if accepted < count/2 {
		t.Errorf("glibc accepts only %d of %d patterns: the generator is no good", accepted, count)
	}
}

// randomQuestions makes patterns and subjects that have a fair chance to match.
func randomQuestions(r *rand.Rand, count int) []libcQuestion {
	var questions []libcQuestion
	for i := 0; len(questions) < count; i++ {
		var pattern string
		switch i % 6 {
		case 0, 1:
			pattern = randomERE(r, 4, false)
		case 4:
			pattern = "[" + pick(r, 6, "a", "b", "-", "-", "]", "[", "^", "[:alpha:]", "[:a:]", "[.a.]", "[.-.]", "[=b=]", "[==]", "[.", ".]", "[:", ":]", "[=", "=", `\`, "é", "+", "z") + "]" + pick(r, 2, "", "", "*", "]", "-]", "[a]")
		case 5:
			pattern = pick(r, 1, "a", "(ab)", "[ab]", ".", "b*", "^", "") + "{" + pick(r, 4, "0", "1", "2", ",", ",", "}", "3", " ", `\,`, `\0`, "-", "a", "9", "{", `\`) + "}" + pick(r, 2, "", "", "a", "?", "{2}")
		case 2:
			pattern = randomERE(r, 3, true)
		case 3:
			pattern = pick(r, 8, "a", "b", "-", "(", ")", "|", "*", "+", "?", "{", "}", "{1}", "{2,}", "{,1}", "{2,1}", ",", "1", "[", "]", "[a", "[^", "-]", "[:alpha:]", "[.-.]", "[=a=]", "^", "$", ".", `\`, `\b`, `\w`, `\<`, `\1`, `\d`, "é")
		}
		e, _, err := ParseERE(pattern)
		var unsupported *UnsupportedError
		if err == nil && e.size() > 60 || errors.As(err, &unsupported) && !strings.Contains(unsupported.Message, "back reference") {
			continue // glibc's time grows with the square of what repetitions write out, and its stack is not endless
		}
		q := libcQuestion{pattern: pattern, wrap: i%12 >= 6}
		if err != nil {
			questions = append(questions, q) // only whether glibc takes it: with back references it may run for hours
			continue
		}
		for range 5 {
			q.subjects = append(q.subjects, pick(r, 6, "", "a", "b", "a", "b", "ab", "-", " ", "_", "é", "\n", "(", ")", "1", "]", "+"))
		}
		q.subjects = append(q.subjects, "", "ab", "aab")
		questions = append(questions, q)
	}
	return questions
}

// randomERE makes a well-formed expression, with edges or without.
func randomERE(r *rand.Rand, depth int, edges bool) string {
	kinds := 12
	if depth == 0 {
		kinds = 5
	}
	switch k := r.IntN(kinds); k {
	case 0, 1:
		return pick(r, 2, "a", "b", "a", "b", "-", " ", "_", "é", `\.`, `\d`, `\(`)
	case 2:
		return "."
	case 3:
		return pick(r, 1, "[ab]", "[^a]", "[a-b]", "[[:alpha:]]", "[^[:space:]-]", "[]a]", `[\]`, "[a-]", "[[.a.]-b]", "[[=b=]_]", `\w`, `\W`, `\s`, `\S`)
	case 4:
		if edges {
			return pick(r, 1, "^", "$", `\b`, `\B`, `\<`, `\>`, "\\`", `\'`)
		}
		return "ab"
	case 5, 6:
		return "(" + randomERE(r, depth-1, edges) + ")" + pick(r, 1, "*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}", "*?", "{2}*", "{0}", "")
	case 7:
		return pick(r, 1, "a", "b", ".", "[ab]") + pick(r, 1, "*", "+", "?", "{2}", "{0,1}", "{1,3}", "{,}", "+?")
	case 8:
		return "(" + randomERE(r, depth-1, edges) + "|" + randomERE(r, depth-1, edges) + pick(r, 1, "", "|", "|b", ")(") + ")"
	case 9:
		return randomERE(r, depth-1, edges) + "|" + randomERE(r, depth-1, edges)
	default:
		return randomERE(r, depth-1, edges) + randomERE(r, depth-1, edges)
	}
}
