package cache

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
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
	if p.Pattern == nil || p.Err != nil {
		return nil
	}
	var list []string
	e := p.Expr()
	for _, fill := range [...]string{"/x", "x", ""} {
		var b strings.Builder
		writeExample(&b, e, fill)
		if s := b.String(); strings.HasPrefix(s, "/") && len(s) <= maxExample {
			list = append(list, s)
		}
	}
	return list
}

// maxExample is how long an example may be.
const maxExample = 300

// writeExample writes one string of an expression: the first of alternatives, and fill for what may be anything.
func writeExample(b *strings.Builder, e *match.Expr, fill string) {
	if b.Len() > maxExample {
		return
	}
	switch e.Op {
	case match.OpText:
		b.WriteString(e.Text)
	case match.OpSet:
		for _, from := range [...]int{'x', 'a', 'A', '0', 0} {
			if c, ok := e.Set.First(from); ok {
				b.WriteByte(c)
				return
			}
		}
	case match.OpCat:
		for _, sub := range e.Subs {
			writeExample(b, sub, fill)
		}
	case match.OpAlt:
		if len(e.Subs) > 0 {
			writeExample(b, e.Subs[0], fill)
		}
	case match.OpRepeat:
		sub, n := e.Subs[0], e.Min
		if sub.Op == match.OpSet && sub.Set.Has('/') && sub.Set.Has('x') && e.Max != 1 {
			b.WriteString(strings.TrimPrefix(fill, slashAfter(b)))
			return
		}
		if n == 0 && fill != "" {
			n = 1
		}
		for range min(n, maxExample) {
			writeExample(b, sub, fill)
		}
	}
}

// slashAfter returns the slash that a text ends with, "" where it ends with none.
func slashAfter(b *strings.Builder) string {
	if strings.HasSuffix(b.String(), "/") {
		return "/"
	}
	return ""
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
