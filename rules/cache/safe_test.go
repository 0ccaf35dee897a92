package cache

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/simulate"
)

// TestSafeFixes: after the fixes that call themselves safe, each request is decided as before.
func TestSafeFixes(t *testing.T) {
	const farm = "/farms {\n\t/site {\n\t\t/renders { /r { /hostname \"a\" } }\n\t\t/cache {\n\t\t\t/docroot \"/var/cache/www\"\n\t\t\t/rules { /0 { /glob \"*\" /type \"allow\" } }\n\t\t\t%s\n\t\t}\n\t}\n}\n"
	urls := []string{
		"/", "/a.html", "/a.html?", "/a.html?q=1", "/a.html?q=1&q=2", "/a.html?q=1&r=2", "/a.html?utm_source=x", "/a.html?*=1", "/a.html?=1",
		"/.stat", "/a/.stat", "/stat", "/a.stat", "/a.stat?q=1",
	}
	for _, tt := range []struct {
		rule  *lint.Rule
		cache string
	}{
		{&ignoreURLParamsPolicy, `/ignoreUrlParams { /1 { /glob "q" /type "allow" } }`},
		{&ignoreURLParamsPolicy, `/ignoreUrlParams { /0000 { /glob "q" /type "deny" } /2 { /glob "utm_*" /type "allow" } }`},
		{&ignoreURLParamsPolicy, "/ignoreUrlParams {\n\t\t\t\t/1 { /glob 'q|r' /type \"allow\" }\n\t\t\t}"},
		{&statfileIgnored, `/statfile "/var/cache/www/a.stat" /statfileslevel "0"`},
		{&statfileIgnored, `/statfileslevel "2" /statfile "/var/cache/www/stat"`},
		{&statfileIgnored, `/statfileslevel "${UNKNOWN}" /statfile "/tmp/stat"`},
	} {
		t.Run(tt.rule.Name+" "+tt.cache, func(t *testing.T) {
			text := fmt.Sprintf(farm, tt.cache)
			before := loadText(t, text)
			s := lint.Subject{Config: before.Config, Files: before.Tree.Files}
			set := lint.Settings{Select: []string{tt.rule.ID}}
			edits, taken, _ := lint.SelectFixes(lint.Run(t.Context(), &s, Rules(), &set, lint.RunOptions{}).Findings, false)
			if len(taken) == 0 {
				t.Fatal("no safe fix is offered")
			}
			fixed, err := diag.Apply(edits[0].Span.File, edits)
			if err != nil {
				t.Fatal(err)
			}
			after := loadText(t, string(fixed))
			if diff := cmp.Diff(decisions(t, before, urls), decisions(t, after, urls)); diff != "" {
				t.Errorf("the fix changes decisions (-before +after):\n%s\n%s", diff, fixed)
			}
		})
	}
}

func loadText(t *testing.T, text string) *project.Project {
	t.Helper()
	p, err := project.Load(t.Context(), project.Options{Path: "dispatcher.any", FS: fstest.MapFS{"dispatcher.any": {Data: []byte(text)}}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// decisions says what becomes of each URL.
func decisions(t *testing.T, p *project.Project, urls []string) map[string]string {
	t.Helper()
	e := simulate.New(p.Config, simulate.Options{})
	all := map[string]string{}
	for _, url := range urls {
		r, err := simulate.NewRequest("GET", url)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "www.example.com"
		var d simulate.Decision
		if err := e.Decide(t.Context(), r, &d, nil); err != nil {
			t.Fatal(err)
		}
		all[url] = fmt.Sprintf("%v, %v, %d, cacheable %t, %v", d.Outcome, d.Reason, d.Response.Status, d.Cache.Cacheable, d.Cache.Reason)
	}
	return all
}
