package wording

import (
	"strings"
	"testing"
)

func TestShown(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "/content/größe*", "/content/größe*"},
		{"no mark", "a\tb\u200bc", "a<U+0009>b<U+200B>c"},
		{"no text", "a\xffb", "a\ufffdb"},
		{"as long as may be", strings.Repeat("ü", MaxRunes), strings.Repeat("ü", MaxRunes)},
		{"longer", strings.Repeat("ü", MaxRunes+1), strings.Repeat("ü", MaxRunes) + "…"},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Shown(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
