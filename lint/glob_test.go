package lint

import (
	"strings"
	"testing"
	"time"
)

func TestPathPattern(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"a.any", "a.any", true}, {"a.any", "x/y/a.any", true}, {"a.any", "ba.any", false},
		{"*.any", "x/a.any", true}, {"*.any", "x/a.farm", false}, {"?.any", "x/a.any", true}, {"[ab].any", "b.any", true},
		{"x/*.any", "x/a.any", true}, {"x/*.any", "x/y/a.any", false}, {"x/*.any", "z/x/a.any", false},
		{"**/x/*.any", "z/x/a.any", true}, {"**/x/*.any", "x/a.any", true}, {"**/x/*.any", "a/b/c/x/a.any", true}, {"**/x/*.any", "a/x/b/a.any", false},
		{"x/**/a.any", "x/a.any", true}, {"x/**/a.any", "x/1/2/a.any", true}, {"x/**/a.any", "y/x/a.any", false},
		{"x/**", "x/a/b", true}, {"x/**", "y/x", false}, {"x/**/**/b", "x/b", true}, {"**", "a/b", true}, {"**/b/**", "a/b/c", true},
		{"x", "x/a/b.any", true}, {"x/y", "x/y/z/b.any", true}, {"x/", "x/a.any", true}, {"x/y", "x/yy/b.any", false},
		{"./x/a.any", "x/a.any", true}, {"x/a.any", "./x/a.any", true}, {"/etc/x", "/etc/x/a.any", true}, {"../x/*", "../x/a.any", true},
		{"X/a.any", "x/a.any", false}, {"*", "any/thing", true}, {"", "a", false}, {"x/a.any/b", "x/a.any", false}, {"a**b", "axb", true},
	} {
		if got := newPathPattern(tt.pattern).fits(tt.name); got != tt.want {
			t.Errorf("%q fits %q: %t, want %t", tt.pattern, tt.name, got, tt.want)
		}
	}
}

// TestPathPatternBound: hostile patterns take no longer than the product of both lengths.
func TestPathPatternBound(t *testing.T) {
	start := time.Now()
	if newPathPattern(strings.Repeat("**/a/", 49) + "b").fits(strings.Repeat("a/", 5000) + "c") {
		t.Error("fits")
	}
	if newPathPattern(strings.Repeat("a/", 200) + "b").fits(strings.Repeat("a/", 200) + "b") {
		t.Error("a pattern deeper than the bound fits")
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
}

func TestRulePattern(t *testing.T) {
	r := &Rule{ID: "DSP155", Name: "filter-allow-glob"}
	for pattern, want := range map[string]bool{
		"DSP155": true, "dsp155": true, "filter-allow-glob": true, "Filter-*": true, "DSP1*": true, "*": true, "DSP15?": true,
		"DSP15": false, "filter": false, "": false, "allow": false, "155": false,
	} {
		if got := newRulePattern(pattern).fits(r.ID, r); got != want {
			t.Errorf("%q: %t, want %t", pattern, got, want)
		}
	}
	if !newRulePattern("DSP9*").fits("DSP901", nil) || newRulePattern("filter-*").fits("DSP901", nil) {
		t.Error("an id that no rule has is matched by its id alone")
	}
}
