package lastmatch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// with calls look with each farm of a text, in a run of the linter.
func with(tb testing.TB, f *source.File, look func(*lint.Pass, *model.Farm)) {
	tb.Helper()
	tree, err := expand.Source(f, ".", expand.Options{FS: fstest.MapFS{}})
	if err != nil {
		tb.Fatal(err)
	}
	c, _ := model.Decode(tree.Items, model.Options{Fragment: true})
	rule := &lint.Rule{ID: "DSP999", Name: "look-at-farm", Severity: diag.Info, Farm: look}
	r := lint.Run(tb.Context(), &lint.Subject{Config: c}, []*lint.Rule{rule}, nil, lint.RunOptions{})
	for _, f := range r.Failures {
		tb.Fatalf("%v\n%s", f, f.Stack)
	}
}

// filter writes the entries of a filter.
func filter(lines ...string) *source.File {
	var b strings.Builder
	b.WriteString("/filter {\n")
	for i, l := range lines {
		fmt.Fprintf(&b, "/%d { %s }\n", i, l)
	}
	b.WriteString("}\n")
	return source.NewFile("filter.any", []byte(b.String()))
}

const (
	deny  = `/type "deny" `
	allow = `/type "allow" `
)

func TestShadow(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		want  Shadow // of the first entry
	}{
		{"decides", []string{deny + `/url "*"`, allow + `/url "/a*"`}, Shadow{Same: true}},
		{"by one", []string{allow + `/url "/a"`, deny + `/url "/b"`, deny + `/url "/a*"`}, Shadow{By: []int{2}}},
		{"by two", []string{allow + `/url "/[ab]"`, deny + `/url "/b"`, allow + `/url "/a"`}, Shadow{By: []int{1, 2}}},
		{"same", []string{allow + `/url "/a"`, allow + `/url "/a*"`}, Shadow{By: []int{1}, Same: true}},
		{"element against glob", []string{deny + `/method "GET" /url "/a"`, allow + `/glob "GET *"`}, Shadow{By: []int{1}}},
		{"empty", []string{allow + `/url "a"`, deny + `/url "*"`}, Shadow{Same: true}},
		{"without a type", []string{`/url "/a"`, deny + `/url "*"`}, Shadow{Same: true}},
		{"later one not known", []string{allow + `/url "/a"`, deny + `/url "*" /extensions "x"`}, Shadow{Same: true}},
		{"later one has a variable", []string{allow + `/url "/a${B}"`, deny + `/url "/a*"`}, Shadow{Same: true}},
		{"later one refused", []string{allow + `/url "/a"`, deny + `/url '('`}, Shadow{Same: true}},
		{"samples", []string{allow + `/url "/b*" /path '/b.*|(a|b)*a(a|b){20}'`, deny + `/url "/b*"`}, Shadow{By: []int{1}, Sampled: true}},
		{"samples show that it decides", []string{allow + `/url "/*" /path '/b.*|(a|b)*a(a|b){20}'`, deny + `/url "/ba*"`}, Shadow{Same: true}},
		{"later one too large", []string{allow + `/url "/b*"`, deny + `/url "*" /path '/.*|(a|b)*a(a|b){20}'`}, Shadow{By: []int{1}, Sampled: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			with(t, filter(tt.lines...), func(p *lint.Pass, f *model.Farm) {
				if diff := cmp.Diff(&tt.want, Of(p, Filter, f).Shadow(0)); diff != "" {
					t.Errorf("shadow (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRedundant(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines []string
		want  int // for the last entry
	}{
		{"wider one before", []string{allow + `/url "/a*"`, allow + `/url "/ab"`}, 0},
		{"the nearest", []string{allow + `/url "/*"`, allow + `/url "/a*"`, allow + `/url "/ab"`}, 1},
		{"opposite between", []string{allow + `/url "/a*"`, deny + `/url "/ab*"`, allow + `/url "/abc"`}, -1},
		{"opposite beside", []string{allow + `/url "/a*"`, deny + `/url "/b*"`, allow + `/url "/abc"`}, 0},
		{"opposite touches a part", []string{allow + `/url "/a*"`, deny + `/url "*" /extension "json"`, allow + `/url "/abc*"`}, -1},
		{"opposite not known", []string{allow + `/url "/a*"`, deny + `/url "/b*" /extensions "x"`, allow + `/url "/abc"`}, -1},
		{"narrower one before", []string{allow + `/url "/ab"`, allow + `/url "/a*"`}, -1},
		{"nothing before", []string{deny + `/url "*"`}, -1},
		{"empty", []string{deny + `/url "*"`, deny + `/url "x"`}, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			with(t, filter(tt.lines...), func(p *lint.Pass, f *model.Farm) {
				if got := Of(p, Filter, f).Redundant(len(tt.lines) - 1); got != tt.want {
					t.Errorf("got %d, want %d", got, tt.want)
				}
			})
		})
	}
}

func TestUniversal(t *testing.T) {
	for entry, want := range map[string]bool{
		deny + `/url "*"`: true, deny + `/glob "*"`: true, deny + `/glob "**"`: true, deny + `/url '.*' /method "*" /path "*"`: true,
		deny + `/extension '.*'`: true, deny + `/extension "*"`: false, deny + `/url "*" /query "*"`: false, deny + `/url "/*"`: false,
		deny: false, `/url "*"`: false, deny + `/url "*" /urls "*"`: false, deny + `/url "${ALL}"`: false,
	} {
		t.Run(entry, func(t *testing.T) {
			with(t, filter(entry), func(_ *lint.Pass, f *model.Farm) {
				if got := Universal(f.Filter.Rules[0]); got != want {
					t.Errorf("got %t, want %t", got, want)
				}
			})
		})
	}
}

func TestClash(t *testing.T) {
	for _, tt := range []struct {
		entry string
		want  []string
	}{
		{`/url "/a" /path "/a.b"`, []string{"path"}},
		{`/method "GET" /url "/a.html" /extension "json"`, []string{"url", "extension"}},
		{`/method "GET" /url "/a*.html" /extension "json" /suffix ""`, []string{"method", "url", "extension", "suffix"}},
	} {
		t.Run(tt.entry, func(t *testing.T) {
			with(t, filter(deny+tt.entry), func(p *lint.Pass, f *model.Farm) {
				s := Of(p, Filter, f)
				if !s.Empty(0) {
					t.Fatal("it matches something")
				}
				var got []string
				for _, c := range s.Clash(0) {
					got = append(got, c.Property)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("clash (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestShared: farms and rules that ask for the same text get the same entries.
func TestShared(t *testing.T) {
	one := `/filter { /0 { /type "deny" /url "*" } /1 { /type "allow" /url "/a*" } }`
	file := source.NewFile("dispatcher.any", []byte("/farms { /a { "+one+" } /b { "+one+" } }"))
	var list []*Section
	with(t, file, func(p *lint.Pass, f *model.Farm) { list = append(list, Of(p, Filter, f), Of(p, Filter, f)) })
	if len(list) != 4 || list[0] != list[1] || list[0] == list[2] || list[0].analysis != list[2].analysis {
		t.Errorf("sections of two farms with the same filter share nothing: %v", list)
	}
}

// TestBound: patterns that are too large, in any number, come to an end, and what is small besides is still judged as
// long as the bound has room.
func TestBound(t *testing.T) {
	lines := []string{allow + `/url "/a"`, deny + `/url "/a*"`}
	for i := range 60 {
		lines = append(lines, fmt.Sprintf(`%s/url "/b%d*" /path '/b.*|(a|b)*a(a|b){20}|x%d'`, allow, i, i))
	}
	lines = append(lines, deny+`/url "/b*"`, allow+`/url "/y"`, deny+`/url "/y*"`)
	with(t, filter(lines...), func(p *lint.Pass, f *model.Farm) {
		s := Of(p, Filter, f)
		if got := s.Shadow(0).By; !slices.Equal(got, []int{1}) {
			t.Errorf("the first entry is shadowed by %v, want 1", got)
		}
		n := len(lines)
		for i := range lines { // the automata of all are asked for, in order
			s.Shadow(i)
		}
		if !s.entries[n-2].unsure || len(s.Shadow(n-2).By) > 0 {
			t.Errorf("past the bound, entries are judged still")
		}
	})
}

// TestRemovals: with all entries gone that have a fix which removes them, each request is answered as before. The
// requests are those that tell the entries apart.
func TestRemovals(t *testing.T) {
	seen := map[string]bool{}
	removed := 0
	for _, file := range testkit.Corpus(t, ".any", ".farm") {
		if seen[string(file.Text)] {
			continue
		}
		seen[string(file.Text)] = true
		with(t, file, func(p *lint.Pass, f *model.Farm) {
			for _, k := range []Kind{Filter, CacheRules} {
				s := Of(p, k, f)
				if s == nil {
					continue
				}
				var gone []int
				for i := range s.Rules {
					if len(s.Remove(i)) > 0 {
						gone = append(gone, i)
					}
				}
				removed += len(gone)
				if len(gone) == 0 {
					continue
				}
				for i, e := range s.entries {
					if e.unsure {
						continue
					}
					for _, w := range s.world.sample(e.elements, 30) {
						if before, after := s.decide(w, nil), s.decide(w, gone); before != after {
							t.Errorf("%s, farm %s: %s, which entry %d matches, was %d and is %d without %v", file.Name, f.Name, w.request, i, before, after, gone)
						}
					}
				}
			}
		})
	}
	if removed == 0 {
		t.Error("no entry of the corpus is removed")
	}
	t.Logf("%d entries are removed", removed)
}

// decide answers a request without some of the entries: 1 allows, 0 denies, as does no entry at all.
func (s *Section) decide(w subject, without []int) int {
	for i := len(s.entries) - 1; i >= 0; i-- {
		if !slices.Contains(without, i) && s.world.match(&s.entries[i].elements, w) {
			return bit(s.allow[i])
		}
	}
	return 0
}

// BenchmarkFilter: a filter of 40 entries, as rules ask about it.
func BenchmarkFilter(b *testing.B) {
	lines := []string{deny + `/url "*"`}
	for i := range 13 {
		lines = append(lines,
			fmt.Sprintf(`%s/method "GET" /path "/content/site%d/*" /extension '(html|json|css|js|png|jpg)'`, allow, i),
			fmt.Sprintf(`%s/url "/content/site%d/private/*"`, deny, i),
			fmt.Sprintf(`%s/selectors '(feed|infinity|tidy|[0-9-]+)' /extension "x%d"`, deny, i))
	}
	file := filter(lines...)
	b.ReportAllocs()
	for b.Loop() {
		with(b, file, func(p *lint.Pass, f *model.Farm) {
			s := Of(p, Filter, f)
			for i := range s.Rules {
				s.Shadow(i)
				s.Redundant(i)
				s.Spare(i)
			}
		})
	}
}
