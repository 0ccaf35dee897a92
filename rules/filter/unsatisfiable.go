package filter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
)

var ruleUnsatisfiable = lint.Rule{
	ID: "DSP187", Name: "filter-rule-unsatisfiable", Severity: diag.Error, Drops: true, Fixable: true, Farm: checkUnsatisfiable,
	Doc: lint.Doc{
		Title: "filter rule has conditions that no request meets",
		Why: "Dispatcher takes a URL apart: /path is what stands before the first dot, /extension what stands behind the last dot before the " +
			"next slash, /suffix the rest from that slash. A rule whose conditions no URL meets never matches: what it denies is let " +
			"through by other rules, and what it allows is answered with 404.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0016 { /type "allow" /method "GET" /path "/content/*.commerce.cart.json" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0016 { /type "allow" /method "GET" /url "/content/*.commerce.cart.json" }
}
`,
		Note: "The fix writes /url where /path alone is at fault. Conditions that the C library refuses, /glob, a URL without its first slash " +
			"(DSP198) and an extension with its dot (DSP194) have rules of their own.",
		Since:   since,
		Sources: []string{configuration + " (the parts of a URL)", "adobe/aem-project-archetype, dispatcher.cloud, default_filters.any (/0016)"},
	},
}

func checkUnsatisfiable(p *lint.Pass, f *model.Farm) {
	s := lastmatch.Of(p, lastmatch.Filter, f)
	if s == nil {
		return
	}
	for i, r := range s.Rules {
		if p.Context().Err() != nil {
			return
		}
		if r.Glob != nil || !s.Empty(i) || refuses(r) {
			continue
		}
		clash := s.Clash(i)
		at := clash[len(clash)-1]
		d := diag.Diagnostic{Span: at.At.Span, Included: at.At.Included, Hint: "write conditions that one URL can meet"}
		if len(clash) == 1 {
			if isRelative(at) || extensionWantsDot(at) {
				continue // DSP198 and DSP194 say what to write
			}
			why, hint := alone(at)
			d.Message = fmt.Sprintf("%s never matches: %s", lastmatch.Name(r), why)
			d.Hint = hint
			d.Fixes = asURL(s, r, at)
		} else {
			names := make([]string, len(clash))
			for k, c := range clash {
				names[k] = "/" + c.Property + " " + quoted(c)
				if c != at {
					d.Related = append(d.Related, diag.Related{Span: c.At.Span, Message: "the condition that it collides with"})
				}
			}
			d.Message = fmt.Sprintf("%s never matches: no request meets %s", lastmatch.Name(r), strings.Join(names, " and "))
		}
		p.Report(d)
	}
}

// refuses reports whether a rule has a condition that cannot be used, which others report.
func refuses(r *model.Rule) bool {
	for _, c := range r.Patterns() {
		if c.Err != nil {
			return true
		}
	}
	return false
}

// quoted returns a pattern as it is written, cut where it is long, with what cannot be seen in it as an escape.
func quoted(c *model.Pattern) string {
	const most = 60
	text := c.Text()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	q := byte('"')
	if c.Quote == '\'' {
		q = '\''
	}
	b := []byte{q}
	for _, r := range text {
		if strconv.IsPrint(r) {
			b = utf8.AppendRune(b, r)
			continue
		}
		b = append(b, strings.Trim(strconv.QuoteRuneToASCII(r), "'")...)
	}
	return string(append(b, q))
}

// expressive reports whether a glob holds what only regular expressions have.
func expressive(c *model.Pattern) bool {
	return c.Quote != '\'' && (strings.ContainsAny(c.Text(), `\|()^$+`) || strings.Contains(c.Text(), ".*"))
}

// alone says why no request meets one condition, and what to do.
func alone(c *model.Pattern) (why, hint string) {
	text := c.Text()
	if expressive(c) {
		defer func() { hint = "write it in single quotes if it is meant to be a regular expression" }()
	}
	switch c.Property {
	case "path":
		if strings.Contains(text, ".") {
			return "the /path of a URL ends before the first dot, and " + quoted(c) + " wants one in it", "write /url for the whole URL, or take it apart into /path, /selectors, /extension and /suffix"
		}
		return "no /path is like " + quoted(c), "start it with a slash, and leave out double slashes"
	case "url":
		return "no URL is like " + quoted(c), "start it with a slash; the query is /query"
	case "suffix":
		return "no /suffix is like " + quoted(c) + ", as each starts with a slash", "start it with a slash"
	case "extension":
		return "no /extension is like " + quoted(c) + ", as none has a dot or a slash in it", "write the letters behind the last dot alone"
	case "selectors":
		return "no selector is like " + quoted(c) + ": each is what stands between two dots", "write one selector without its dots"
	}
	return "no /" + c.Property + " is like " + quoted(c), "write what requests have there"
}

// asURL writes /url for a /path that has a dot, where something then matches.
func asURL(s *lastmatch.Section, r *model.Rule, c *model.Pattern) []diag.Fix {
	key := c.At.Span
	if c.Property != "path" || r.URL != nil || !strings.HasPrefix(key.Text(), "/path") || !s.MatchesAsURL(r) {
		return nil
	}
	key.End = key.Start + int32(len("/path"))
	// Not safe: the rule matches something then.
	return []diag.Fix{{Title: "write /url", Edits: []diag.Edit{{Span: key, New: "/url"}}}}
}
