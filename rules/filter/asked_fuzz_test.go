package filter

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// FuzzAsked writes a text as an element of a rule that allows and of one that denies, between rules of a usual filter, and
// has all rules ask about it: none breaks off, every span lies in its text, and a fix takes its own finding away.
func FuzzAsked(f *testing.F) {
	for i, s := range []string{
		"*", "/content*", "/content/*", "debug=*", "(.*&)?debug=.*", "infinity", "(infinity|tidy)", "json", "POST", "(POST|OPTIONS)", "/graphql/execute.json*",
		"/graphql/execute.json/a;x=1", "/bin/a/proxy", "/content/*.form.html", "/content/dam/*", "/libs/granite/security/currentuser.json", "/a b/*", "é", "", "[", "a{2}",
		"/content/_cq_graphql/*/endpoint.json", "*/j_security_check", "${A}=*", "%", "/content/.*", "wcmmode=edit", "=*", "=", ".",
	} {
		for _, element := range []int{2, i} { // /url, and each of the others now and then
			f.Add(s, uint8(element), (i+element)%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, text string, element uint8, regex bool) {
		if len(text) > 200 || strings.ContainsAny(text, "\"'\n\r\x00") {
			t.Skip("would not stay one value")
		}
		name, q := fuzzedElements[int(element)%len(fuzzedElements)], `"`
		if regex {
			q = "'"
		}
		p := "/" + name + " " + q + text + q
		config := fmt.Sprintf(`/farms {
	/site {
		/filter {
			/0001 { /type "deny" /url "*" }
			/0002 { /type "deny" %[1]s }
			/0003 { /type "allow" %[1]s }
			/0004 { /type "allow" /method "GET" /url "/content*" }
			/0005 { /type "deny" %[1]s /extension '(json|html)' } # %[1]s
			/0006 { /type "allow" /method "POST" %[1]s /selectors "form" }
			/0007 { /type "deny" %[1]s /selectors '(infinity|tidy)' }
		}
		/cache {
			/docroot "/var/www"
			/rules { /0000 { /glob "*" /type "allow" } }
		}
	}
}
`, p)
		run := func(text string) []diag.Diagnostic {
			p, err := project.Load(t.Context(), project.Options{FS: fstest.MapFS{"a.any": {Data: []byte(text)}}, Path: "a.any"})
			if err != nil {
				t.Skip(err)
			}
			s := lint.Subject{Config: p.Config, Files: p.Tree.Files, Found: p.Findings, Oracle: p.Oracle(), Profile: "cloud"}
			set := lint.Settings{Options: map[string]lint.Options{filterNeededURLDenied.ID: {mustAllow: {Value: []string{"/content/x.html", text}}}}}
			r := lint.Run(t.Context(), &s, Rules(), &set, lint.RunOptions{})
			for _, failure := range r.Failures {
				t.Fatalf("%v\n%s", failure, failure.Stack)
			}
			return r.Findings
		}
		tried := 0
		for _, d := range run(config) {
			if d.Span.Len() < 0 || int(d.Span.End) > len(d.Span.File.Text) {
				t.Fatalf("%s: the span lies outside the text", d.Rule)
			}
			if r := ruleWith(d.Rule); r == nil || !r.Asks || len(d.Fixes) == 0 || tried > 5 {
				continue
			}
			tried++
			if d.Fixes[0].Safe {
				t.Errorf("%s: what changes who is let in is not safe", d.Rule)
			}
			fixed, err := diag.Apply(d.Span.File, d.Fixes[0].Edits)
			if err != nil {
				t.Fatalf("%s: %v", d.Rule, err)
			}
			for _, e := range run(string(fixed)) {
				if e.Rule == d.Rule && e.Message == d.Message {
					t.Errorf("%s: %s: is still found after the fix %q:\n%s", d.Rule, d.Message, d.Fixes[0].Title, fixed)
				}
			}
		}
	})
}

var fuzzedElements = [...]string{"glob", "method", "url", "query", "protocol", "path", "selectors", "extension", "suffix"}

func ruleWith(id string) *lint.Rule {
	for _, r := range Rules() {
		if r.ID == id {
			return r
		}
	}
	return nil
}
