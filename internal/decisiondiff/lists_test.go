package decisiondiff

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

func TestAlign(t *testing.T) {
	for _, tt := range []struct{ before, after, gone, come string }{
		{"abc", "abc", "", ""},
		{"abc", "abd", "c", "d"},
		{"abc", "ac", "b", ""},
		{"ac", "abc", "", "b"},
		{"", "ab", "", "ab"},
		{"ab", "ba", "a", "a"},
		{"aab", "ab", "a", ""},
		{"abcd", "dabc", "d", "d"},
	} {
		m := align(strings.Split(tt.before, ""), strings.Split(tt.after, ""))
		if tt.before == "" {
			m = align(nil, strings.Split(tt.after, ""))
		}
		var gone, come strings.Builder
		for i, alone := range m.before {
			if alone {
				gone.WriteByte(tt.before[i])
			}
		}
		for i, alone := range m.after {
			if alone {
				come.WriteByte(tt.after[i])
			}
		}
		if gone.String() != tt.gone || come.String() != tt.come {
			t.Errorf("%s, %s: got %q gone and %q come, want %q and %q", tt.before, tt.after, gone.String(), come.String(), tt.gone, tt.come)
		}
		if m.any() != (tt.gone+tt.come != "") {
			t.Errorf("%s, %s: any is %v", tt.before, tt.after, m.any())
		}
	}
}

// TestAlignKeepsOrder: what has a counterpart on both sides is the same, in the same order.
func TestAlignKeepsOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	list := func() []string {
		out := make([]string, r.IntN(9))
		for i := range out {
			out[i] = string(rune('a' + r.IntN(4)))
		}
		return out
	}
	for range 2000 {
		before, after := list(), list()
		m := align(before, after)
		var a, b []string
		for i, alone := range m.before {
			if !alone {
				a = append(a, before[i])
			}
		}
		for i, alone := range m.after {
			if !alone {
				b = append(b, after[i])
			}
		}
		if !slices.Equal(a, b) {
			t.Fatalf("%v, %v: %v stays on one side and %v on the other", before, after, a, b)
		}
	}
}

// TestFingerprint: names and places mean nothing, all else does.
func TestFingerprint(t *testing.T) {
	of := func(text string) string {
		c := configOf(t, text)
		return fingerprint(c.Farms[0])
	}
	const one = `/filter { /0001 { /type "allow" /url "/a*" } } /cache { /docroot "/d" /gracePeriod "2" }`
	for _, tt := range []struct {
		name, other string
		same        bool
	}{
		{"itself", one, true},
		{"another label", `/filter { /7 { /type "allow" /url "/a*" } } /cache { /docroot "/d" /gracePeriod "2" }`, true},
		{"another layout", "/cache { /gracePeriod \"2\"\n /docroot \"/d\" } # x\n/filter { /0001 { /url \"/a*\" /type \"allow\" } }", true},
		{"another pattern", `/filter { /0001 { /type "allow" /url "/b*" } } /cache { /docroot "/d" /gracePeriod "2" }`, false},
		{"a regular expression", `/filter { /0001 { /type "allow" /url '/a*' } } /cache { /docroot "/d" /gracePeriod "2" }`, false},
		{"another element", `/filter { /0001 { /type "allow" /path "/a*" } } /cache { /docroot "/d" /gracePeriod "2" }`, false},
		{"another type", `/filter { /0001 { /type "deny" /url "/a*" } } /cache { /docroot "/d" /gracePeriod "2" }`, false},
		{"another number", `/filter { /0001 { /type "allow" /url "/a*" } } /cache { /docroot "/d" /gracePeriod "3" }`, false},
		{"a further section", one + ` /vanity_urls { /url "/x" }`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if same := of(one) == of(tt.other); same != tt.same {
				t.Errorf("got %v, want %v:\n%s\n%s", same, tt.same, of(one), of(tt.other))
			}
		})
	}
}

// configOf decodes the body of a farm.
func configOf(t *testing.T, text string) *model.Config {
	t.Helper()
	c := decodeText(source.NewFile("test.any", []byte("/farms { /f { "+text+" } }")))
	if len(c.Farms) != 1 {
		t.Fatalf("%s: %d farms", text, len(c.Farms))
	}
	return c
}
