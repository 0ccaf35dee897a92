package sample

import (
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

func pattern(t *testing.T, text string) *model.Pattern {
	t.Helper()
	if regex, ok := strings.CutPrefix(text, "'"); ok {
		p, err := match.ERE(strings.TrimSuffix(regex, "'"))
		if err != nil {
			t.Fatal(err)
		}
		return &model.Pattern{Pattern: p, Quote: '\''}
	}
	return &model.Pattern{Pattern: match.Glob(text), Quote: '"'}
}

func TestFilled(t *testing.T) {
	for _, tt := range []struct {
		name, pattern, fill, want string
		ok                        bool
	}{
		{"a path", "/content/*", Path, "/content/x", true},
		{"a path behind a word", "/content*", Path, "/content/x", true},
		{"a word", "*.html", Word, "x.html", true},
		{"nothing", "/content*", Nothing, "/content", true},
		{"the first alternative", "'/(a|b)\\.html'", Path, "/a.html", true},
		{"optional things are there", "'/a(/b)?'", Path, "/a/b", true},
		{"or not", "'/a(/b)?'", Nothing, "/a", true},
		{"a class", "'[0-9][A-Z][^x]'", Word, "0Ay", true},
		{"a count", "'[a-z]{4}'", Word, "xxxx", true},
		{"as long as it may be", "'a{255}'", Word, strings.Repeat("a", 255), true},
		{"counts of counts", "'(a{20}){20}'", Word, "", false},
		{"nothing, over and over", "'(()|a){200}'", Nothing, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Filled(pattern(t, tt.pattern), tt.fill)
			if ok != tt.ok || ok && got != tt.want {
				t.Errorf("got %q, %v; want %q, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestOf(t *testing.T) {
	for _, tt := range []struct {
		name, pattern string
		fills         []string
		want          string
	}{
		{"the first that fits", "/a*", []string{Path, Word}, "/a/x"},
		{"the next where that does not", "'/a[^/]*'", []string{Path, Word}, "/ax"},
		{"none", "'/a{400}'", []string{Path, Word, Nothing}, ""},
		{"no fills", "/a", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := pattern(t, tt.pattern)
			if got := Of(p, tt.fills...); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := Of(nil, Path); got != "" {
		t.Errorf("no pattern matches %q", got)
	}
	if got := Of(&model.Pattern{}, Path); got != "" {
		t.Errorf("a pattern that cannot be read matches %q", got)
	}
}
