package match

import (
	"strings"
	"testing"
)

func TestAmbiguous(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		want    int // where the loop is; -1 for no ambiguity
	}{
		{"^(a+)+$", 2},
		{"^(a*)*$", 2},
		{"(x+x+)+y", 1},
		{"^(.*,)*x$", 2},
		{"^/(.*/)*x", 3},
		{"^(a|a)*b", 2},
		{"^(a|aa)+$", 2},
		{"^([a-z]|\\w)*$", 2},
		{"^(/[^/]*)*$", -1},
		{"^(/.*)*$", 2},
		{"^(a+b)+$", -1},
		{"^(?:[a-z]+-)*[a-z]+$", -1},
		{"^(?:[a-z-]+-)*[a-z]+$", 4},
		{".*.*.*x", -1}, // slow, but not twice as slow with every byte
		{"^/content/(.*)\\.html$", -1},
		{"^(ab|a)(c|bcd)*$", -1},
		{"^(?:a?b?)*$", 4},
		{"^(?:a?){20}$", -1},
		{"(a{1,2}){2,}c", 1},
		{"^" + strings.Repeat("a?", 1100), -1}, // too large
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			offset, ok := mustPCRE(t, tt.pattern, PCREOptions{}).Ambiguous()
			if !ok {
				offset = -1
			}
			if ok != (tt.want >= 0) {
				t.Errorf("got %d, want %d", offset, tt.want)
			} else if ok && (offset < tt.want-1 || offset > tt.want+8) {
				t.Errorf("got the loop at %d, want it near %d", offset, tt.want)
			}
		})
	}
}

// TestAmbiguousTakesLong: a match of what is said to be ambiguous takes twice as many tries, or more, with every further
// round of its loop, and a match of what is not said to be does not.
func TestAmbiguousTakesLong(t *testing.T) {
	for _, tt := range []struct{ pattern, round, end string }{
		{"^(a+)+$", "a", "!"}, {"^(a*)*$", "a", "!"}, {"(x+x+)+y", "xx", ""}, {"^(.*,)*x$", ",", ""}, {"^(a|a)*b", "a", ""},
		{"^(a|aa)+$", "aa", "!"}, {"^(/.*)*$", "/", ""}, {"^(/[^/]*)*$", "/a", "\n"}, {"^(a+b)+$", "aab", "!"},
		{"^(?:[a-z]+-)*[a-z]+$", "ab-", "!"}, {"^(?:[a-z-]+-)*[a-z]+$", "a-", "!"}, {"^(?:a?b?)*$", "ab", "!"},
	} {
		re := mustPCRE(t, tt.pattern, PCREOptions{})
		tries := func(rounds int) int {
			m := &pmachine{prog: &pprogram{code: re.build().code, start: re.build().start}, registers: make([]int, 16)}
			m.s, m.caps = strings.Repeat(tt.round, rounds)+tt.end, make([]int, 20)
			m.search(0, true)
			return m.steps + 1
		}
		_, said := re.Ambiguous()
		few, many := tries(6), tries(12)
		if long := many > 30*few; long && !said {
			t.Errorf("%q: %d tries for 6 rounds, %d for 12, and not said to be ambiguous", tt.pattern, few, many)
		} else if !long && said && tt.pattern != "^(/.*)*$" { // which matches whatever comes
			t.Errorf("%q: %d tries for 6 rounds, %d for 12, and said to be ambiguous", tt.pattern, few, many)
		}
	}
}
