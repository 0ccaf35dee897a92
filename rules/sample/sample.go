// Package sample makes strings that a pattern of a configuration matches: a URL that a rule speaks of, an extension, the
// value of a query. It writes one string and does not look for all; what the pattern is compared with decides whether it
// is of use, so ask the pattern, or the engine, about it. Start from [Of]. [Content] says which paths may be those of pages.
package sample

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// MaxBytes is how long a string may be.
const MaxBytes = 300

// What may stand for text that can be anything, such as *: more of a path, a word, nothing.
const (
	Path    = "/x"
	Word    = "x"
	Nothing = ""
)

// Of returns the first string, of one for each fill, that the pattern matches; "" where it matches none, or there is no
// pattern.
func Of(p *model.Pattern, fills ...string) string {
	for _, fill := range fills {
		if s, ok := Filled(p, fill); ok && p.Match(s) {
			return s
		}
	}
	return ""
}

// Filled returns a string made of a pattern: the first of alternatives, and fill for what may be anything. The pattern
// need not match it, where it has edges of words or fill is more than it takes. There is none where the pattern cannot be
// used or the string becomes too long.
func Filled(p *model.Pattern, fill string) (s string, ok bool) {
	if p == nil || p.Pattern == nil || p.Err != nil {
		return "", false
	}
	var b strings.Builder
	write(&b, p.Expr(), fill)
	return b.String(), b.Len() <= MaxBytes
}

// write writes a string of an expression, and stops when it is too long.
func write(b *strings.Builder, e *match.Expr, fill string) {
	if b.Len() > MaxBytes {
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
			write(b, sub, fill)
		}
	case match.OpAlt:
		if len(e.Subs) > 0 {
			write(b, e.Subs[0], fill)
		}
	case match.OpRepeat:
		repeat(b, e, fill)
	}
}

// repeat writes what is repeated as often as it must be, or once where fill is something.
func repeat(b *strings.Builder, e *match.Expr, fill string) {
	sub, n := e.Subs[0], e.Min
	if sub.Op == match.OpSet && sub.Set.Has('/') && sub.Set.Has('x') && e.Max != 1 {
		if strings.HasSuffix(b.String(), "/") {
			fill = strings.TrimPrefix(fill, "/")
		}
		b.WriteString(fill)
		return
	}
	if n == 0 && fill != "" {
		n = 1
	}
	for range n {
		before := b.Len()
		write(b, sub, fill)
		if b.Len() == before || b.Len() > MaxBytes {
			return // what is empty stays so, however often
		}
	}
}
