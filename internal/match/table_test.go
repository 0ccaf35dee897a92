package match

import (
	"errors"
	"strings"
	"testing"
)

// run follows the table.
func (t *Table) run(s string) bool {
	at := int32(0)
	for i := range len(s) {
		at = t.Next[int(at)*t.Classes+int(t.Class[s[i]])]
	}
	return t.Accept[at]
}

// shortWords calls f with all words over an alphabet up to a length.
func shortWords(alphabet string, length int, f func(string)) {
	level := []string{""}
	for n := 0; ; n++ {
		var next []string
		for _, w := range level {
			f(w)
			for _, c := range []byte(alphabet) {
				next = append(next, w+string([]byte{c}))
			}
		}
		if n == length {
			return
		}
		level = next
	}
}

func TestTable(t *testing.T) {
	patterns := []*Pattern{Glob("a*b?"), Glob(""), GlobFold("A[b]*"), Nothing(KindERE, "a("),
		mustERE(t, `(a|b)*\ba_?`), mustERE(t, `a{2,3}(b|^_)|$`), mustERE(t, `.*\>\b.`)}
	for _, s := range samples {
		switch {
		case s.kind == KindERE:
			patterns = append(patterns, mustERE(t, s.pattern))
		case s.fold:
			patterns = append(patterns, GlobFold(s.pattern))
		default:
			patterns = append(patterns, Glob(s.pattern))
		}
	}
	for _, p := range patterns {
		table, ok := p.Table(5000)
		if !ok {
			if p.form != formMachine || p.machine.build().dfa != nil {
				t.Errorf("%s %q: no table", p.Kind(), p.Text())
			}
			continue
		}
		shortWords("abA_/.", 4, func(s string) {
			if got, want := table.run(s), p.Match(s); got != want {
				t.Errorf("table of %s %q on %q: got %t, want %t", p.Kind(), p.Text(), s, got, want)
			}
		})
		for _, s := range samples {
			if got, want := table.run(s.subject), p.Match(s.subject); got != want {
				t.Errorf("table of %s %q on %q: got %t, want %t", p.Kind(), p.Text(), s.subject, got, want)
			}
		}
	}
}

func TestTableBounds(t *testing.T) {
	if _, ok := mustERE(t, `(a|b)*a(a|b){12}`).Table(1000); ok {
		t.Error("8192 states fit 1000")
	}
	if _, ok := Glob(strings.Repeat("a", MaxSize+1)).Table(1 << 20); ok {
		t.Error("a text beyond MaxSize has a table")
	}
	if _, ok := Glob("a").Table(0); ok {
		t.Error("no states are enough")
	}
}

func TestBackReferenceError(t *testing.T) {
	for text, want := range map[string]bool{`(a)\1`: true, `(a{200}){200}`: false, `(a){9999}{9999}(b)\2`: false} {
		_, err := ERE(text)
		var u *UnsupportedError
		if !errors.As(err, &u) || u.BackReference != want {
			t.Errorf("%q: got %v, want an UnsupportedError with BackReference %t", text, err, want)
		}
	}
	if Glob("a").Refused() || !Nothing(KindERE, "(").Refused() {
		t.Error("only what Nothing makes is refused")
	}
}
