package server

import (
	"strings"
	"testing"
)

func TestMatchName(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "a.example.com", true}, {"*", "", true}, {"www.example.com", "WWW.example.com", true}, {"WWW.example.com", "www.example.com", true},
		{"www.example.com", "www.example.org", false}, {"*.example.com", "a.b.example.com", true}, {"*.example.com", "example.com", false},
		{"w?w.example.com", "wxw.example.com", true}, {"w?w.example.com", "ww.example.com", false}, {"*a*b", "xaxaxb", true}, {"*a*b", "xaxaxbc", false},
		{"", "", true}, {"", "a", false}, {"a**", "a", true}, {"*example*", "example", true}, {"[ab].example.com", "a.example.com", false},
		{"[ab].example.com", "[ab].example.com", true},
	} {
		t.Run(tt.pattern+" "+tt.name, func(t *testing.T) {
			if got := MatchName(tt.pattern, tt.name); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
	if MatchName(strings.Repeat("*a", 200)+"b", strings.Repeat("a", 20_000)) { // in no time
		t.Error("a name without b matches")
	}
}
