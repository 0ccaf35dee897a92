package rewrite

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// TestNeverApplies: rules that are said to never apply do not, whatever is asked, in rule sets that are made up.
func TestNeverApplies(t *testing.T) {
	patterns := []string{"^/a$", "^/a", "^/a/(.*)$", "^/(.*)$", "^/b$", "^/(a|b)$", "^a/(.*)$", "/a", `\.html$`, "^(/?)$", "^/?$", "^/A$", "^/a/[a-z]+$", "!^/a", "^$", ".*", "^/(?!a)", "^/b/?$", "^/c", "^/x/a$"}
	targets := []string{"-", "/a", "/b", "/x/$1", "/content/site/a.html", "https://www.example.com/b", "a/b"}
	flags := []string{"", " [L]", " [PT]", " [PT,L]", " [R=301,L]", " [R=301]", " [F]", " [S=1]", " [C]", " [NC,L]", " [END]", " [NC,PT]", " [N=2]", " [S=2,NC]"}
	conditions := []string{"RewriteCond %{QUERY_STRING} x\n", "RewriteCond %{REQUEST_URI} !^/a\n"}
	// No folder that is there: httpd asks itself for its index then, and leaves out redirects.
	paths := []string{"/a", "/A", "/b", "/a/", "/a/b", "/a/b.html", "/x/a", "/c", "/cc.html", "/b/", "/x/a/b", "/a?x", "/b?x", "/content/site/a.html", "/a/a", "/C"}
	never := []string{"DSP655", "DSP661", "DSP687"}
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(list []string) string { return list[rnd.IntN(len(list))] }
	told := map[string]int{}
	rounds := 600
	if testing.Short() {
		rounds = 50
	}
	for range rounds {
		var b strings.Builder
		for range 2 + rnd.IntN(6) {
			if rnd.IntN(5) == 0 {
				b.WriteString(pick(conditions))
			}
			fmt.Fprintf(&b, "RewriteRule %s %s%s\n", pick(patterns), pick(targets), pick(flags))
		}
		text := b.String()
		p, err := project.Load(t.Context(), project.Options{FS: fstest.MapFS{"site.rules": &fstest.MapFile{Data: []byte(text)}}, Path: "site.rules"})
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Subject(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r := lint.Run(t.Context(), s, Rules(), &lint.Settings{Select: never}, lint.RunOptions{})
		for _, f := range r.Failures {
			t.Fatalf("%v\n%s\n%s", f, f.Stack, text)
		}
		for _, path := range paths {
			var a lint.FrontAnswer
			if err := s.Front.Serve(t.Context(), &lint.FrontQuestion{Host: "publish", URL: path}, &a); err != nil {
				t.Fatal(err)
			}
			for _, d := range r.Findings {
				if !slices.Contains(never, d.Rule) || d.Rule == "DSP661" && strings.Contains(d.Message, "!") {
					continue
				}
				told[d.Rule]++
				line := d.Span.Position().Line
				for _, rule := range a.Applied {
					if rule.At.File == d.Span.File && rule.At.Position().Line == line {
						t.Fatalf("%s: %s, and it applies to %s:\n%s", d.Rule, d.Message, path, text)
					}
				}
			}
		}
	}
	for _, id := range never {
		if told[id] == 0 {
			t.Errorf("%s was never found: the rule sets prove nothing about it", id)
		}
	}
}
