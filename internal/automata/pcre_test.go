package automata

import (
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
)

// TestPCRE: patterns of httpd, which are searched for, become languages of whole subjects.
func TestPCRE(t *testing.T) {
	for _, tt := range []struct {
		wide, narrow string
		fold         bool
		want         bool
	}{
		{"^/content/(.*)$", "^/content/dam/", false, true},
		{"^/content/dam/", "^/content/(.*)$", false, false},
		{"\\.html", "^/a/.*?\\.html$", false, true},
		{"^/A", "^/a/b", true, true},
		{"^/(en|de)/", "^/(en)/(.+)$", false, true},
		{"^/[a-z]{2}/", "^/(en|de|fr)/x", false, true},
		{"\\bbot\\b", "^bot$", false, true},
	} {
		t.Run(tt.wide+" "+tt.narrow, func(t *testing.T) {
			var languages [2]*Language
			for i, text := range []string{tt.wide, tt.narrow} {
				re, err := match.CompilePCRE(text, match.PCREOptions{IgnoreCase: tt.fold})
				if err != nil {
					t.Fatal(err)
				}
				p, ok := re.Pattern()
				if !ok {
					t.Fatalf("%q has no pattern for whole subjects", text)
				}
				if languages[i], err = Limit(0).Language(p); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := Limit(0).Includes(languages[0], languages[1]); err != nil || got != tt.want {
				t.Errorf("got %t and %v, want %t", got, err, tt.want)
			}
		})
	}
}
