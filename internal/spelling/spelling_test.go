package spelling

import (
	"strings"
	"testing"
)

func TestEdits(t *testing.T) {
	long := strings.Repeat("x", 256)
	tests := []struct {
		a, b  string
		limit int
		want  int
	}{
		{"", "", 2, 0}, {"filter", "filter", 2, 0}, {"filter", "filters", 2, 1}, {"fliter", "filter", 2, 1},
		{"fitler", "filter", 2, 1}, {"filter", "falter", 2, 1}, {"gracePeriode", "gracePeriod", 2, 1},
		{"ca", "abc", 3, 3}, {"kitten", "sitting", 3, 3}, {"kitten", "sitting", 2, 3}, {"", "ab", 2, 2}, {"ab", "", 2, 2},
		{"a", "abcdef", 2, 3}, {long, long + "y", 2, 3}, {long[:255], long[:255] + "yy", 2, 2},
	}
	for _, tt := range tests {
		if got := Edits(tt.a, tt.b, tt.limit); got != tt.want {
			t.Errorf("from %.20q to %.20q: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if len(tt.a) < 256 && len(tt.b) < 256 {
			if got := Edits(tt.b, tt.a, tt.limit); got != tt.want {
				t.Errorf("from %.20q to %.20q: got %d, want %d", tt.b, tt.a, got, tt.want)
			}
		}
	}
}

// TestEditsAgainstPlain holds Edits against a plain implementation of the same distance.
func TestEditsAgainstPlain(t *testing.T) {
	words := []string{"", "a", "ab", "ba", "abc", "acb", "bac", "abcd", "badc", "method", "mehtod", "metod", "methood", "path", "paths", "apth"}
	for _, a := range words {
		for _, b := range words {
			want := plainEdits(a, b)
			got := Edits(a, b, 2)
			if want > 2 && got <= 2 || want <= 2 && got != want {
				t.Errorf("%q to %q: got %d, want %d", a, b, got, want)
			}
		}
	}
}

func plainEdits(a, b string) int {
	switch {
	case a == "":
		return len(b)
	case b == "":
		return len(a)
	}
	n := min(plainEdits(a[1:], b)+1, plainEdits(a, b[1:])+1)
	cost := 1
	if a[0] == b[0] {
		cost = 0
	}
	n = min(n, plainEdits(a[1:], b[1:])+cost)
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		n = min(n, plainEdits(a[2:], b[2:])+1)
	}
	return n
}
