package filter

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// TestSafeFixesDecideAlike: after the safe fixes of a case the engine decides all requests as before, which are made
// from samples of all patterns of the case.
func TestSafeFixesDecideAlike(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]int{}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{}
		for _, f := range a.Files {
			if !strings.HasPrefix(f.Name, "fixed/") {
				files[f.Name] = &fstest.MapFile{Data: f.Data}
			}
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			before := loaded(t, files)
			s := lint.Subject{Config: before.Config, Files: before.Tree.Files}
			fixed := fstest.MapFS{}
			for n, f := range files {
				fixed[n] = f
			}
			for _, d := range lint.Run(t.Context(), &s, Rules(), nil, lint.RunOptions{}).Findings {
				for _, fix := range d.Fixes {
					if !fix.Safe {
						continue
					}
					// One fix at a time: each has to be safe by itself.
					f := d.Span.File
					text, err := diag.Apply(f, fix.Edits)
					if err != nil {
						t.Fatal(err)
					}
					file := before.Tree.Name(f)
					if bytes.Equal(text, f.Text) {
						t.Fatalf("%s changes nothing", d.Rule)
					}
					fixed[file] = &fstest.MapFile{Data: text}
					alike(t, d.Rule, before.Config, loaded(t, fixed).Config)
					fixed[file] = files[file]
					made[d.Rule]++
				}
			}
		})
	}
	for _, r := range []*lint.Rule{&filterGlobDeprecated, &ruleShadowed, &ruleRedundant, &filterDuplicateRule, &filterEmptyAlternative, &filterDuplicateAlternative} {
		if made[r.ID] == 0 {
			t.Errorf("no case has a safe fix of %s", r.ID)
		}
		delete(made, r.ID)
	}
	for id := range made {
		t.Errorf("%s has a safe fix and is not expected to", id)
	}
}

// TestNeverMatches: what is said never to match matches none of the requests that are made from samples of all
// patterns of a case.
func TestNeverMatches(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{}
		for _, f := range a.Files {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
		p := loaded(t, files)
		s := lint.Subject{Config: p.Config, Files: p.Tree.Files}
		dead := map[*model.Rule]string{}
		for _, d := range lint.Run(t.Context(), &s, Rules(), nil, lint.RunOptions{}).Findings {
			if !strings.HasSuffix(d.Message, "never matches") {
				continue
			}
			for _, f := range p.Config.Farms {
				for _, r := range rulesOf(f) {
					if r.At.Span.Contains(d.Span) {
						dead[r] = d.Rule
						checked[d.Rule] = true
					}
				}
			}
		}
		if len(dead) == 0 {
			continue
		}
		e := simulate.New(p.Config, simulate.Options{})
		for i, r := range requestsOf(p.Config) {
			if i == 3000 {
				break
			}
			var d simulate.Decision
			if err := e.Decide(t.Context(), r, &d, new(simulate.Trace)); err != nil {
				t.Fatal(err)
			}
			for _, m := range d.Filter.Matched {
				if id := dead[m]; id != "" {
					t.Errorf("%s: rule /%s matches %s %s, and %s says that it never matches", name, m.Label, r.Method, r.Target, id)
				}
			}
		}
	}
	for _, r := range []*lint.Rule{
		&filterGlobNeverMatches, &regexAnchorMisuse, &filterExtensionWithDot, &filterSelectorWithDot, &filterSuffixWithoutSlash,
		&filterURLRelative, &filterProtocolMatcher,
	} {
		if !checked[r.ID] {
			t.Errorf("no case of %s says that a rule never matches", r.ID)
		}
	}
}

func loaded(t *testing.T, files fstest.MapFS) *project.Project {
	t.Helper()
	entry := "dispatcher.any"
	if _, ok := files[entry]; !ok {
		entry = "conf.dispatcher.d/" + entry // a whole tree
	}
	p, err := project.Load(t.Context(), project.Options{FS: files, Path: entry})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// alike compares the decisions of two configurations.
func alike(t *testing.T, rule string, a, b *model.Config) {
	t.Helper()
	x, y := simulate.New(a, simulate.Options{}), simulate.New(b, simulate.Options{})
	n := 0
	for _, r := range requestsOf(a) {
		var d, e simulate.Decision
		if err := x.Decide(t.Context(), r, &d, nil); err != nil {
			t.Fatal(err)
		}
		if err := y.Decide(t.Context(), r, &e, nil); err != nil {
			t.Fatal(err)
		}
		if d.Filter.Allow != e.Filter.Allow {
			t.Errorf("%s: %s %s is allowed %t before its fix and %t after it", rule, r.Method, r.Target, d.Filter.Allow, e.Filter.Allow)
		}
		n++
	}
	if n < 20 {
		t.Errorf("%s: only %d requests were compared", rule, n)
	}
}

// requestsOf makes requests of samples of the patterns in all filters.
func requestsOf(c *model.Config) []*simulate.Request {
	parts := map[string][]string{
		"method": {"GET", "POST", "get"}, "selectors": {"", ".x"}, "extension": {"", ".x"}, "suffix": {"", "/x"}, "query": {"", "?x=y"},
	}
	urls := []string{"/", "/x"}
	for _, f := range c.Farms {
		for _, r := range rulesOf(f) {
			for _, p := range r.Patterns() {
				for _, s := range samples(p.Expr())[:min(6, len(samples(p.Expr())))] {
					switch p.Property {
					case "url", "path":
						if strings.HasPrefix(s, "/") && !strings.ContainsAny(s, "? #%") {
							urls = append(urls, s)
						}
					case "selectors", "extension":
						parts[p.Property] = append(parts[p.Property], "."+s)
					case "query":
						parts["query"] = append(parts["query"], "?"+s)
					case "suffix", "method":
						parts[p.Property] = append(parts[p.Property], s)
					}
				}
			}
		}
	}
	var list []*simulate.Request
	for _, m := range parts["method"] {
		for _, u := range urls {
			for _, sel := range parts["selectors"] {
				for _, ext := range parts["extension"] {
					for _, rest := range append(parts["suffix"], parts["query"]...) {
						if r, err := simulate.NewRequest(m, u+sel+ext+rest); err == nil && len(list) < 20_000 {
							list = append(list, r)
						}
					}
				}
			}
		}
	}
	return list
}
