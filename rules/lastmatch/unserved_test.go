package lastmatch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// site writes a farm of filter rules and cache rules.
func site(filter, rules []string) *source.File {
	var b strings.Builder
	b.WriteString("/farms { /site {\n")
	write := func(lines []string) {
		for i, l := range lines {
			fmt.Fprintf(&b, "/%d { %s }\n", i, l)
		}
	}
	if filter != nil {
		b.WriteString("/filter {\n")
		write(filter)
		b.WriteString("}\n")
	}
	b.WriteString("/cache {\n/docroot \"/c\"\n/rules {\n")
	write(rules)
	b.WriteString("}\n}\n} }\n")
	return source.NewFile("dispatcher.any", []byte(b.String()))
}

// TestUnserved: the last cache rule is judged, or the fate of what it matches.
func TestUnserved(t *testing.T) {
	none, all := deny+`/url "*"`, allow+`/glob "*"`
	pages := allow + `/path "/content/*" /extension "html" /method "GET"`
	for _, tt := range []struct {
		name               string
		filter, rules      []string
		unserved, unstored bool
		suffixes           bool
	}{
		{"served", []string{none, pages}, []string{all, allow + `/glob "*.html"`}, false, false, false},
		{"denied", []string{none, pages}, []string{all, allow + `/glob "/apps/*"`}, true, true, false},
		{"denied again", []string{none, pages, deny + `/url "/content/a/*"`}, []string{all, allow + `/glob "/content/a/*"`}, true, true, false},
		{"denied in part", []string{none, pages, deny + `/url "/content/a/b*"`}, []string{all, allow + `/glob "/content/a/*"`}, false, false, false},
		{"denied by several", []string{none, pages, deny + `/url "/content/a/[!b]*"`, deny + `/url "/content/a/b*"`, deny + `/url "/content/a/"`, deny + `/url "/content/a/.*"`}, []string{all, allow + `/glob "/content/a/?*.html"`}, true, true, false},
		{"opened again", []string{none, pages, deny + `/url "/content/a/*"`, allow + `/url "/content/a/b.html"`}, []string{all, allow + `/glob "/content/a/*"`}, false, false, false},
		{"other methods", []string{none, allow + `/method "POST" /url "/a/*"`}, []string{all, allow + `/glob "/a/*"`}, true, true, false},
		{"head", []string{none, allow + `/method "HEAD" /url "/a/*"`}, []string{all, allow + `/glob "/a/*"`}, false, false, false},
		{"by its suffix", []string{none, pages}, []string{all, allow + `/glob "*.htm"`}, false, true, false},
		{"by its suffix, which counts", []string{none, pages}, []string{all, allow + `/glob "*.htm"`}, false, false, true},
		{"not stored", []string{none, pages}, []string{all, deny + `/glob "*.html*"`}, false, true, false},
		{"without an extension", []string{none, allow + `/url "/a/*"`}, []string{all, allow + `/glob "/a/*/"`}, false, true, false},
		{"no filter", nil, []string{all, allow + `/glob "/a/*"`}, false, false, false},
		{"allow not known", []string{none, pages, allow + `/url "${URL}"`}, []string{all, allow + `/glob "/apps/*"`}, false, false, false},
		{"deny not known", []string{none, pages, deny + `/url "${URL}"`}, []string{all, allow + `/glob "/apps/*"`}, true, true, false},
		{"rule not known", []string{none, pages}, []string{all, allow + `/glob "/apps/${X}"`}, false, false, false},
		{"matches nothing", []string{none, pages}, []string{all, allow + `/glob "apps"`}, false, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			with(t, site(tt.filter, tt.rules), func(p *lint.Pass, f *model.Farm) {
				last := f.Cache.Rules.Rules[len(tt.rules)-1]
				if got := Unserved(p, f, last); got != tt.unserved {
					t.Errorf("unserved: got %t, want %t", got, tt.unserved)
				}
				if got := Unstored(p, f, last, tt.suffixes); got != tt.unstored {
					t.Errorf("unstored: got %t, want %t", got, tt.unstored)
				}
			})
		})
	}
}

func TestStores(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rules []string
		want  bool
	}{
		{"all", []string{allow + `/glob "*"`}, true},
		{"nothing", []string{deny + `/glob "*"`}, false},
		{"no rule", nil, false},
		{"denied again", []string{allow + `/glob "*.html"`, deny + `/glob "*.ht*"`}, false},
		{"allowed again", []string{deny + `/glob "*"`, allow + `/glob "*.html"`}, true},
		{"no extension", []string{allow + `/glob "*/"`}, false},
		{"post", []string{allow + `/method "POST" /url "*"`}, false},
		{"not known", []string{deny + `/glob "*"`, allow + `/glob "${X}"`}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			with(t, site(nil, tt.rules), func(p *lint.Pass, f *model.Farm) {
				if got := Stores(p, f); got != tt.want {
					t.Errorf("got %t, want %t", got, tt.want)
				}
			})
		})
	}
}
