package cache

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/sample"
)

// pathOf returns an example of the URL path that a rule of /filter speaks of, "" where it speaks of none.
func pathOf(r *model.Rule) string {
	for _, p := range [...]*model.Pattern{r.Path, r.URL} {
		if p == nil || undetermined(p.Text()) {
			continue
		}
		for _, s := range filled(p) {
			if p.Match(s) {
				return s
			}
		}
	}
	return ""
}

// examplesOf returns some paths with an extension that a pattern matches.
func examplesOf(p *model.Pattern) []string {
	var list []string
	for _, s := range filled(p) {
		for _, end := range [...]string{"", ".html", ".js", ".png"} {
			if strings.Contains(s[strings.LastIndexByte(s, '/')+1:]+end, ".") && p.Match(s+end) {
				list = append(list, s+end)
			}
		}
	}
	return list
}

// filled returns paths made of a pattern, of which it need not match each.
func filled(p *model.Pattern) []string {
	var list []string
	for _, fill := range [...]string{sample.Path, sample.Word, sample.Nothing} {
		if s, ok := sample.Filled(p, fill); ok && strings.HasPrefix(s, "/") {
			list = append(list, s)
		}
	}
	return list
}

// literalOf returns the text with which all that a pattern matches starts.
func literalOf(p *model.Pattern) string {
	if p == nil || p.Pattern == nil || p.Err != nil || undetermined(p.Text()) {
		return ""
	}
	e := p.Expr()
	if e.Op == match.OpCat {
		e = e.Subs[0]
	}
	if e.Op == match.OpText {
		return e.Text
	}
	return ""
}
