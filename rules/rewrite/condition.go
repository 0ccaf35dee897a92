package rewrite

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

var danglingCond = lint.Rule{
	ID: "DSP656", Name: "dangling-rewritecond", Severity: diag.Error, Server: checkDangling,
	Doc: lint.Doc{
		Title: "condition without a rule",
		Why: "A RewriteCond belongs to the next RewriteRule of the same place. Where none follows it does nothing: what it was to keep out " +
			"is let in, or a rule was lost.",
		File: "site.rules",
		Bad: `RewriteRule ^/old$ /new [R=301,L]
RewriteCond %{HTTP_HOST} =shop.example.com
`,
		Good: `RewriteCond %{HTTP_HOST} =shop.example.com
RewriteRule ^/old$ /new [R=301,L]
`,
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkDangling(p *lint.Pass, s *server.Server) {
	dangling(p, siteOf(p, s), s.Tree.Nodes, nil)
}

// sharing are the sections that are no place of their own.
var sharing = map[string]bool{"limit": true, "limitexcept": true, "ifdirective": true, "ifsection": true, "requireall": true, "requireany": true, "requirenone": true}

// dangling returns the conditions that wait for a rule behind some nodes of a place; where the place ends with them, it
// tells them.
func dangling(p *lint.Pass, w *site, nodes []*apacheconf.Node, waiting *[]*apacheconf.Node) {
	var own []*apacheconf.Node
	last := waiting == nil
	if last {
		waiting = &own
	}
	for _, n := range nodes {
		switch {
		case n.Section && sharing[n.Key]:
			dangling(p, w, n.Children, waiting)
		case n.Section:
			dangling(p, w, n.Children, nil)
		case n.Key == "rewritecond":
			*waiting = append(*waiting, n)
		case n.Key == "rewriterule":
			*waiting = nil
		}
	}
	if !last || len(own) == 0 {
		return
	}
	d := diag.Diagnostic{Message: "condition has no RewriteRule behind it", Hint: "put the rule behind it, or remove it"}
	if len(own) > 1 {
		d.Message = fmt.Sprintf("%d conditions have no RewriteRule behind them", len(own))
		d.Hint = "put the rule behind them, or remove them"
		for _, n := range own[1:] {
			d.Related = append(d.Related, diag.Related{Span: n.At, Message: "another one"})
		}
	}
	w.tell(p, own[0].At, server.Place{At: own[0].At, Included: own[0].Included}, d)
}

var condCoversOne = lint.Rule{
	ID: "DSP657", Name: "cond-covers-one-rule", Severity: diag.Info,
	Server: eachRule(checkCoversOne),
	Doc: lint.Doc{
		Title: "conditions for the first of several rules alone",
		Why: "Conditions hold for the one rule behind them. The rules after it, which look as if they were meant too, apply whatever the " +
			"conditions say.",
		File: "site.rules",
		Bad: `RewriteCond %{HTTP_HOST} =shop.example.com
RewriteRule ^/old$ https://www.example.com/new [R=301,L]
RewriteRule ^/older$ https://www.example.com/newer [R=301,L]
`,
		Good: `RewriteCond %{HTTP_HOST} =shop.example.com
RewriteRule ^/old$ https://www.example.com/new [R=301,L]
RewriteCond %{HTTP_HOST} =shop.example.com
RewriteRule ^/older$ https://www.example.com/newer [R=301,L]
`,
		Note: "Told where the next rule stands on the very next line, without conditions, with the same flags and the same kind of pattern, " +
			"and the conditions are about the host, the query or a header. An empty line between the two says that they are meant apart.",
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkCoversOne(p *lint.Pass, w *site, sc *scope, i int, r *server.RewriteRule) {
	if len(r.Conditions) == 0 || i+1 >= len(sc.rules) {
		return
	}
	next := sc.rules[i+1]
	if next.At.File != r.At.File || len(next.Conditions) > 0 || r.Flags.Chain || next.Pattern.Negated || everything(next.Pattern) || everything(r.Pattern) {
		return
	}
	between := string(r.At.File.Text[r.At.End:max(next.At.Start, r.At.End)])
	if strings.TrimSpace(between) != "" || strings.Count(between, "\n") != 1 {
		return
	}
	_, one := literal(r.Pattern)
	_, two := literal(next.Pattern)
	if one != two || r.FlagsAt.Text() != next.FlagsAt.Text() || r.NoSubstitution != next.NoSubstitution || absolute(r.Substitution) != absolute(next.Substitution) {
		return
	}
	for _, c := range r.Conditions {
		if !ofTheRequest(c.Test) {
			return
		}
	}
	for _, ref := range references(r.Substitution) {
		if ref.kind == condGroup {
			return
		}
	}
	what := "condition holds"
	if len(r.Conditions) > 1 {
		what = "conditions hold"
	}
	w.tell(p, r.Conditions[0].At, r.Conditions[0].Place, diag.Diagnostic{
		Message: fmt.Sprintf("%s for rule %s alone, and not for %s behind it", what, shown(r.Pattern), shown(next.Pattern)),
		Hint:    "repeat the conditions, skip the rules with S=, or leave an empty line where it is meant so",
		Related: []diag.Related{{Span: next.At, Message: "the rule without conditions"}},
	})
}

// ofTheRequest reports whether a test string looks at something that several rules are likely to share.
func ofTheRequest(test string) bool {
	refs := references(test)
	if len(refs) != 1 || refs[0].kind != variable {
		return false
	}
	name := strings.ToUpper(refs[0].name)
	return name == "HTTP_HOST" || name == "SERVER_NAME" || name == "HTTP_USER_AGENT" || name == "HTTP_REFERER" || name == "HTTP_COOKIE" ||
		strings.HasPrefix(name, "HTTP:") || strings.HasPrefix(name, "ENV:")
}

var trailingOr = lint.Rule{
	ID: "DSP658", Name: "cond-trailing-or", Severity: diag.Error, Fixable: true, Server: eachRule(checkTrailingOr),
	Doc: lint.Doc{
		Title: "last condition of a rule has OR",
		Why: "OR joins a condition with the next one. Behind the last there is none, and httpd takes the group for one that holds: the rule " +
			"applies whatever its last conditions say.",
		File: "site.rules",
		Bad: `RewriteCond %{HTTP_HOST} =a.example.com [OR]
RewriteCond %{HTTP_HOST} =b.example.com [OR]
RewriteRule ^/old$ /new [R=301,L]
`,
		Good: `RewriteCond %{HTTP_HOST} =a.example.com [OR]
RewriteCond %{HTTP_HOST} =b.example.com
RewriteRule ^/old$ /new [R=301,L]
`,
		Since:   since,
		Sources: []string{docModule, "Apache HTTP Server 2.4, modules/mappers/mod_rewrite.c"},
	},
}

func checkTrailingOr(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	if len(r.Conditions) == 0 {
		return
	}
	c := r.Conditions[len(r.Conditions)-1]
	if !c.Or {
		return
	}
	list := condFlags(c)
	at := c.At
	f, ok := flagNamed(list, "or", "ornext")
	var fixes []diag.Fix
	if ok {
		at, fixes = f.at, withoutFlag(list, f)
	}
	w.tell(p, at, c.Place, diag.Diagnostic{
		Message: "OR on the last condition makes the rule apply whatever it says", Hint: "remove OR, or put the other condition behind it",
		Fixes: fixes, Related: []diag.Related{{Span: r.At, Message: "the rule"}},
	})
}

// condFlags is where the flags of a condition stand.
func condFlags(c *server.RewriteCond) (list source.Span) {
	if c.PatternAt.IsZero() || c.PatternAt.File != c.At.File || c.PatternAt.End > c.At.End {
		return list
	}
	rest := string(c.At.File.Text[c.PatternAt.End:c.At.End])
	open, end := strings.IndexByte(rest, '['), strings.LastIndexByte(rest, ']')
	if open < 0 || end < open || strings.TrimSpace(rest[:open]) != "" {
		return list
	}
	return source.Span{File: c.At.File, Start: c.PatternAt.End + int32(open), End: c.PatternAt.End + int32(end) + 1}
}
