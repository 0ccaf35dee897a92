package filter

import (
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

func pattern(t *testing.T, text string) *model.Pattern {
	t.Helper()
	if text == "" || text[0] != '\'' {
		return &model.Pattern{Pattern: match.Glob(text), Quote: '"'}
	}
	p, err := match.ERE(text[1 : len(text)-1])
	if err != nil {
		t.Fatal(err)
	}
	return &model.Pattern{Pattern: p, Quote: '\''}
}

func TestExampleOf(t *testing.T) {
	for _, tt := range []struct{ pattern, path, word string }{
		{"/content/*", "/content/x", "/content/x"},
		{"/content*", "/content/x", "/contentx"},
		{"*", "/x", "x"},
		{"/content/*/en/*", "/content/x/en/x", "/content/x/en/x"},
		{"css", "css", "css"},
		{"js*", "js/x", "jsx"},
		{"", "", ""},
		{"'(html|json)'", "html", "html"},
		{"'/content/[a-z][a-z](/.*)?'", "/content/xx/x", "/content/xx/x"},
		{"'/content/[^.]+\\.model\\.json'", "/content/x.model.json", "/content/x.model.json"},
		{"'[0-9]{4}'", "0000", "0000"},
		{"'a{500}'", "", ""},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			p := pattern(t, tt.pattern)
			got := [...]string{exampleOf(p), wordOf(p)}
			if want := [...]string{tt.path, tt.word}; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestBroadFolder(t *testing.T) {
	for _, tt := range []struct {
		url    string
		folder string
		broad  bool
	}{
		{"/content/*", "/content/", true},
		{"/content/site/*", "/content/site/", true},
		{"/content/site/en/*", "/content/site/en/", false},
		{"*", "/", true},
		{"/content*", "/content/", true},
		{"/bin/search*", "", false},
		{"/content/*.form.html", "", false},
		{"/graphql/execute.json*", "", false},
	} {
		t.Run(tt.url, func(t *testing.T) {
			folder, broad := broadFolder(&model.Rule{URL: pattern(t, tt.url)})
			if folder != tt.folder || broad != tt.broad {
				t.Errorf("got %q, %t, want %q, %t", folder, broad, tt.folder, tt.broad)
			}
		})
	}
}

// TestHazards: every request is one that can be asked, and no plain one ends like the static files that are told by
// rules for disguises.
func TestHazards(t *testing.T) {
	seen := map[string]bool{}
	for _, h := range append(administration(), sensitive()...) {
		if seen[h.class] || h.what == "" || len(h.requests) == 0 || h.severity == 0 {
			t.Errorf("class %q is there twice, or lacks something", h.class)
		}
		seen[h.class] = true
		for _, request := range h.requests {
			if seen[request] {
				t.Errorf("%s is there twice", request)
			}
			seen[request] = true
		}
	}
}
