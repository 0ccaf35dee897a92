package server

import (
	"slices"
	"testing"
)

func TestNextReference(t *testing.T) {
	tests := []struct {
		name, s string
		want    []string // the outer references as written
	}{
		{"none", "/content/site", nil},
		{"groups", "/$1/%2$34", []string{"$1", "%2", "$3"}},
		{"escaped", `\$1\%2\\$0`, []string{"$0"}},
		{"signs alone", "$/%x$", nil},
		{"variable", "%{HTTP_HOST}%{ENV:a}", []string{"%{HTTP_HOST}", "%{ENV:a}"}},
		{"braces in braces", "${m:${n:%1}|{}}$1", []string{"${m:${n:%1}|{}}", "$1"}},
		{"escaped brace", `${m:\}}`, []string{`${m:\}}`}},
		{"not closed", "${m:$1", []string{"$1"}},
		{"brace that closes nothing", "}$1", []string{"$1"}},
		{"backslash at the end", `$1\`, []string{"$1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for at := 0; ; {
				ref, ok := NextReference(tt.s, at)
				if !ok {
					break
				}
				got, at = append(got, tt.s[ref.Start:ref.End]), ref.End
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestIndexOutsideCurlies(t *testing.T) {
	tests := []struct {
		s    string
		want int
	}{
		{"key|default", 3},
		{"{a|b}|c", 5},
		{`a\|b|c`, 4},
		{"{a|b}", -1},
		{"a}|b", -1},
		{"", -1},
	}
	for _, tt := range tests {
		if got := IndexOutsideCurlies(tt.s, '|'); got != tt.want {
			t.Errorf("%q: got %d, want %d", tt.s, got, tt.want)
		}
	}
}
