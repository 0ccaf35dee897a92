package filter

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// FuzzPattern writes a text as each element of a rule, between both kinds of quotes: no rule breaks off, every span
// lies in the text, and every fix can be made and takes its finding away.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{
		"*", "/content/*", "GET,POST", "(a|b|a|)", "[A-z|x]", ".html", `\.html`, "/a?b=c", "^a$", "* /a *", "GET /a *", "/a.json", "[.]*.x", "a{2}", "(swf|js)",
		"/libs/granite/*", "${A}", "é|ü", "\u200b*", "(((a*)*)*)*/*", "[", `\`, "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 || strings.ContainsAny(text, "\"'\n\r\x00") {
			t.Skip("would not stay one value")
		}
		var b strings.Builder
		b.WriteString("/filter {\n")
		for _, kind := range []string{"allow", "deny"} {
			for _, element := range []string{"glob", "method", "url", "query", "protocol", "path", "selectors", "extension", "suffix"} {
				for _, q := range []string{`"`, "'"} {
					b.WriteString("\t/x { /type \"" + kind + "\" /" + element + " " + q + text + q + " }\n")
				}
			}
		}
		b.WriteString("}\n")
		run := func(text string) []diag.Diagnostic {
			p, err := project.Load(t.Context(), project.Options{FS: fstest.MapFS{"a.any": {Data: []byte(text)}}, Path: "a.any"})
			if err != nil {
				t.Skip(err)
			}
			r := lint.Run(t.Context(), &lint.Subject{Config: p.Config, Files: p.Tree.Files}, Rules(), nil, lint.RunOptions{})
			for _, failure := range r.Failures {
				t.Fatalf("%v\n%s", failure, failure.Stack)
			}
			return r.Findings
		}
		found := run(b.String())
		counts, tried := map[string]int{}, map[string]bool{}
		for _, d := range found {
			counts[d.Rule]++
		}
		for _, d := range found {
			if d.Span.Len() < 0 || int(d.Span.End) > len(d.Span.File.Text) {
				t.Fatalf("%s: the span lies outside the text", d.Rule)
			}
			if len(d.Fixes) == 0 || tried[d.Rule+d.Fixes[0].Title] {
				continue
			}
			tried[d.Rule+d.Fixes[0].Title] = true
			fixed, err := diag.Apply(d.Span.File, d.Fixes[0].Edits)
			if err != nil {
				t.Fatalf("%s: %v", d.Rule, err)
			}
			left := 0
			for _, e := range run(string(fixed)) {
				if e.Rule == d.Rule {
					left++
				}
			}
			if left >= counts[d.Rule] {
				t.Errorf("%s: %d findings before the fix %q and %d after it:\n%s", d.Rule, counts[d.Rule], d.Fixes[0].Title, left, d.Span.File.Line(d.Span.Position().Line).Text())
			}
		}
	})
}
