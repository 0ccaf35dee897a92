package match

import (
	"errors"
	"regexp"
	"testing"
)

// Bounds on what the fuzz targets compare with the references, whose time is the product of both lengths and more.
// Longer input is run all the same.
const (
	fuzzPattern = 200
	fuzzSubject = 60
)

// FuzzGlob compares globs with the plain matcher.
func FuzzGlob(f *testing.F) {
	for _, tt := range samples {
		if tt.kind == KindGlob {
			f.Add(tt.pattern, tt.subject)
		}
	}
	for _, tt := range globBenchmarks {
		f.Add(tt.glob, tt.hit)
		f.Add(tt.glob, tt.miss)
	}
	f.Add("[a-c-e!^]*[]?", "b-")
	f.Fuzz(func(t *testing.T, glob, s string) {
		p, fold := Glob(glob), GlobFold(glob)
		got, folded := p.Match(s), fold.Match(s)
		checkLaws(t, p, []string{s, "", glob})
		checkLaws(t, fold, []string{s, "", glob})
		if len(glob)*len(s) > 1<<20 {
			return
		}
		if want := referenceGlob(glob, s, false); got != want {
			t.Errorf("glob %q on %q: got %t, want %t (form %d)", glob, s, got, want, p.form)
		}
		if want := referenceGlob(glob, s, true); folded != want {
			t.Errorf("glob %q on %q, folded: got %t, want %t (form %d)", glob, s, folded, want, fold.form)
		}
		if got && !folded && !containsNegation(glob) {
			t.Errorf("glob %q matches %q, but not when case does not count", glob, s)
		}
		if len(glob) > fuzzPattern || len(s) > fuzzSubject {
			return
		}
		if want := referenceMatch(parseGlob(glob, false, false), s); got != want {
			t.Errorf("tree of glob %q on %q: got %t, want %t", glob, s, want, got)
		}
		if want := referenceMatch(parseGlob(glob, true, true), s); folded != want {
			t.Errorf("tree of folded glob %q on %q: got %t, want %t", glob, s, want, folded)
		}
	})
}

// containsNegation reports whether a glob may have a negated class, which shrinks when case does not count.
func containsNegation(glob string) bool {
	return regexp.MustCompile(`\[[!^]`).MatchString(glob)
}

// FuzzERE compares the matcher of an expression with the reference on the tree as it was read, with the automaton
// and the tracer, and with Go's regexp where that has the words.
func FuzzERE(f *testing.F) {
	for _, tt := range samples {
		if tt.kind == KindERE {
			f.Add(tt.pattern, tt.subject)
		}
	}
	for _, tt := range ereBenchmarks[:7] {
		f.Add(tt.ere, tt.hit)
		f.Add(tt.ere, tt.miss)
	}
	for _, pattern := range []string{`[[:alpha:][.-.][=a=]x-z]`, `a{1,2}{,3}*?`, `(a|)(\1)`, `^\<a\b\B\>$`, "\\`[^]]\\'", `[\]]|)`, `(a{200}){200}`, `(?:a)`, `a||b`} {
		f.Add(pattern, "ab-")
	}
	f.Fuzz(func(t *testing.T, ere, s string) {
		tree, notes, err := ParseERE(ere)
		p, compileErr := ERE(ere)
		checkError(t, ere, err)
		checkError(t, ere, compileErr)
		for _, n := range notes {
			if n.Offset < 0 || n.End <= n.Offset || n.End > len(ere) || n.Message == "" || n.Code == "" {
				t.Errorf("bad note %+v", n)
			}
		}
		if (p == nil) != (compileErr != nil) || err != nil && compileErr == nil {
			t.Fatalf("ParseERE says %v, ERE %v, %v", err, p, compileErr)
		}
		if p == nil {
			return
		}
		got := p.Match(s)
		checkLaws(t, p, []string{s, "", ere})
		if len(ere) > fuzzPattern || len(s) > fuzzSubject || tree.size() > 2000 {
			return
		}
		if want := referenceMatch(tree, s); got != want {
			t.Errorf("%q on %q: got %t, want %t (form %d)", ere, s, got, want, p.form)
		}
		simple := Simplify(tree)
		prog := compile(simple)
		if traced := newTracer(prog).match(prog, s); traced != got {
			t.Errorf("%q on %q: got %t, traced %t", ere, s, got, traced)
		}
		if d := newDFA(prog); d != nil && d.match(s) != got {
			t.Errorf("%q on %q: got %t, by table %t", ere, s, got, !got)
		}
		if source, ok := goSyntax(tree); ok {
			re, err := regexp.Compile(`\A(?:` + source + `)\z`)
			if err != nil {
				return // larger than Go's regexp takes
			}
			if want := re.MatchString(latin1(s)); got != want {
				t.Errorf("%q on %q: got %t, Go's regexp says %t", ere, s, got, want)
			}
		}
	})
}

// checkError checks that an error is one of the two kinds and points into the pattern.
func checkError(t *testing.T, ere string, err error) {
	t.Helper()
	var syntax *SyntaxError
	var unsupported *UnsupportedError
	from, to, message := 0, 1, "none"
	switch {
	case err == nil:
		return
	case errors.As(err, &syntax):
		from, to, message = syntax.Offset, syntax.End, syntax.Message
	case errors.As(err, &unsupported):
		from, to, message = unsupported.Offset, unsupported.End, unsupported.Message
	default:
		t.Errorf("%q: error of type %T", ere, err)
	}
	if from < 0 || to <= from || to > len(ere) || message == "" {
		t.Errorf("%q: error points from %d to %d: %s", ere, from, to, message)
	}
}
