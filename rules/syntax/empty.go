package syntax

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/source"
)

var emptySection = lint.Rule{
	ID: "DSP020", Name: "empty-section", Severity: diag.Warning, Drops: true, Config: checkEmptySections,
	Doc: lint.Doc{
		Title: "section that needs entries has none",
		Why: "An empty section is not the same as none. Without /filter every request is let through, with an empty one none is; with empty " +
			"/rules nothing is cached, so the servers answer every request.",
		Bad: `/publish {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
	/filter {
	}
}
`,
		Good: `/publish {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`,
		Note: "Looked at are /filter and /rules of /cache, and the sections that do nothing without one of their properties: /sessionmanagement, " +
			"/auth_checker, /vanity_urls and /health_check. An $include that brings no entries leaves them empty too.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-optimizer-tool, its tests of empty sections"},
	},
}

func checkEmptySections(p *lint.Pass, c *model.Config) {
	broken := unread.Files(p.Subject)
	for _, f := range c.Farms {
		report := func(name string, l *model.RuleList, why, hint string) {
			if l == nil || len(l.Rules)+len(l.Unknown) > 0 || broken[l.At.Span.File] || !isEmpty(name, l.At) {
				return
			}
			p.For(f).Report(diag.Diagnostic{
				Span: nameSpan(l.At.Span, name), Included: l.At.Included,
				Message: "section /" + name + " is empty", Why: why, Hint: hint,
			})
		}
		report("filter", f.Filter, "a filter without a rule that matches denies: no request is let through", "deny all with a first rule, and allow what visitors need")
		without := func(name string, at model.Place, unknown []model.Unknown, set []bool, needs string) {
			if len(unknown) > 0 || slices.Contains(set, true) || broken[at.Span.File] || !isEmpty(name, at) {
				return
			}
			p.Report(diag.Diagnostic{ // as severe in front of authors, where sessions belong
				Span: nameSpan(at.Span, name), Included: at.Included, Message: "section /" + name + " is empty",
				Why: "it does nothing without /" + needs, Hint: "add /" + needs + ", or remove the section",
			})
		}
		if s := f.SessionManagement; s != nil {
			without("sessionmanagement", s.At, s.Unknown, []bool{s.Directory.Set, s.Encode.Set, s.Header.Set, s.Timeout.Set}, "directory")
		}
		if s := f.AuthChecker; s != nil {
			without("auth_checker", s.At, s.Unknown, []bool{s.URL.Set, s.Filter != nil, s.Headers != nil}, "url")
		}
		if s := f.VanityURLs; s != nil {
			without("vanity_urls", s.At, s.Unknown, []bool{s.URL.Set, s.File.Set, s.Delay.Set, s.LoadOnStartup.Set}, "url")
		}
		if s := f.HealthCheck; s != nil {
			without("health_check", s.At, s.Unknown, []bool{s.URL.Set}, "url")
		}
		if f.Cache != nil {
			report("rules", f.Cache.Rules, "what no rule allows is not cached: every request goes to the render", "add rules for what may be cached")
		}
	}
}

// isEmpty reports whether a section without rules is truly one: it stands in the text with its braces, and nothing but
// $include lines is in it.
func isEmpty(name string, at model.Place) bool {
	if !strings.HasPrefix(at.Span.Text(), "/"+name) {
		return false
	}
	braces, include := 0, false
	for i, t := range grammar.Scan([]byte(at.Span.Text()), nil) {
		switch {
		case t.Kind.IsTrivia(), i == 0:
		case t.Kind == grammar.Open, t.Kind == grammar.Close:
			braces++
		case t.Kind == grammar.Include:
			include = true
		case include && (t.Kind == grammar.Double || t.Kind == grammar.Single || t.Kind == grammar.Bare):
			include = false
		default:
			return false
		}
	}
	return braces == 2
}

// nameSpan is the name at the start of a section's span.
func nameSpan(s source.Span, name string) source.Span {
	return source.Span{File: s.File, Start: s.Start, End: s.Start + int32(len("/")+len(name))}
}
