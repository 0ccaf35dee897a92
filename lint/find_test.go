package lint

import (
	"strings"
	"testing"
)

var some = []*Rule{
	{ID: "DSP001", Name: "unterminated-string"},
	{ID: "DSP010", Name: "named-value-in-string-list"},
	{ID: "DSP017", Name: "invalid-number"},
	{ID: "DSP018", Name: "invalid-boolean"},
	{ID: "DSP100", Name: "include-not-found"},
	{ID: "DSP102", Name: "include-is-directory"},
}

func TestFind(t *testing.T) {
	for _, tt := range []struct{ key, want string }{
		{"DSP100", "DSP100"}, {"dsp100", "DSP100"}, {"include-not-found", "DSP100"}, {"Include-Not-Found", "DSP100"},
		{"", ""}, {"DSP", ""}, {"100", ""}, {"include-not-foun", ""},
	} {
		got := ""
		if r := Find(some, tt.key); r != nil {
			got = r.ID
		}
		if got != tt.want {
			t.Errorf("Find(%q) = %q, want %q", tt.key, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, tt := range []struct{ name, key, want string }{
		{"letter missing", "include-not-foun", "include-not-found"},
		{"letters swapped", "invalid-nubmer", "invalid-number"},
		{"capitals", "UNTERMINATED-STIRNG", "unterminated-string"},
		{"short id", "DSP1", "DSP001"},
		{"long id", "dsp0017", "DSP017"},
		{"number alone", "18", "DSP018"},
		{"dash in the id", "DSP-010", "DSP010"},
		{"id of another rule", "DSP999", ""},
		{"zero", "DSP000", ""},
		{"a word of one name", "directory", "include-is-directory"},
		{"words in another order", "found include", "include-not-found"},
		{"a word of several names", "include", ""},
		{"nothing like it", "coffee", ""},
		{"empty", "", ""},
		{"id without a number", "dsp", ""},
		{"very long", strings.Repeat("include", 10_000), ""},
		{"not a letter", "…", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Nearest(some, tt.key); got != tt.want {
				t.Errorf("Nearest(%.40q) = %q, want %q", tt.key, got, tt.want)
			}
		})
	}
}

func TestNearestOfTwo(t *testing.T) {
	two := []*Rule{{ID: "DSP001", Name: "rule-a"}, {ID: "DSP002", Name: "rule-b"}}
	if got := Nearest(two, "rule-c"); got != "" {
		t.Errorf("Nearest = %q, want nothing: two are equally near", got)
	}
}

func TestProfileNames(t *testing.T) {
	r := Rule{}
	if got := strings.Join(r.ProfileNames(), " "); got != "all" {
		t.Errorf("a rule without profiles has %q, want all", got)
	}
	r.Profiles = []string{"cloud", "ams"}
	if got := strings.Join(r.ProfileNames(), " "); got != "cloud ams" {
		t.Errorf("profiles are %q, want cloud ams", got)
	}
}

func TestReported(t *testing.T) {
	if got, want := (ByGrammar | ByModel).String(), "grammar, model"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
