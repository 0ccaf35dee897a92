package filter

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// Bounds on examples of what an expression matches.
const (
	maxSamples     = 64
	maxSampleBytes = 512
)

// samples returns examples of what an expression matches, such that each alternative is in one of them, and each
// repetition once at its least and once with one more. Word edges are not looked at: ask the pattern.
func samples(e *match.Expr) []string {
	switch e.Op {
	case match.OpNever:
		return nil
	case match.OpText:
		return []string{e.Text}
	case match.OpSet:
		if e.Set.Any() {
			return []string{"."} // mostly a dot that lacks its backslash
		}
		return members(e.Set)
	case match.OpCat:
		list := []string{""}
		for _, sub := range e.Subs {
			list = zip(list, samples(sub))
		}
		return list
	case match.OpAlt:
		var list []string
		for _, sub := range e.Subs {
			list = append(list, samples(sub)...)
			if len(list) > maxSamples {
				return list[:maxSamples]
			}
		}
		return list
	case match.OpRepeat:
		subs := samples(e.Subs[0])
		if x := e.Subs[0]; x.Op == match.OpSet && x.Set.Any() {
			subs = []string{"x"}
		}
		var list []string
		counts := [...]int{e.Min, e.Min + 1}
		if e.Min == 0 { // something reads better than nothing
			counts = [...]int{1, 0}
		}
		for _, n := range counts {
			if e.Max >= 0 && n > e.Max {
				continue
			}
			if n == 0 {
				list = append(list, "")
				continue
			}
			for _, sub := range subs {
				if len(list) < maxSamples && n*len(sub) <= maxSampleBytes {
					list = append(list, strings.Repeat(sub, n))
				}
			}
		}
		return list
	}
	return []string{""}
}

// zip joins two lists one by one; the shorter starts again where it ends.
func zip(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	list := make([]string, 0, max(len(a), len(b)))
	for i := range max(len(a), len(b)) {
		if s := a[i%len(a)] + b[i%len(b)]; len(s) <= maxSampleBytes {
			list = append(list, s)
		}
	}
	return list
}

// fewMembers is up to how many members of a set are alternatives, each with a sample of its own.
const fewMembers = 8

// members returns all members of a small set, and of another the one that reads best: a letter, a digit, a mark.
func members(s *match.ByteSet) []string {
	var list []string
	if s.Len() <= fewMembers {
		for c, ok := s.First(0); ok; c, ok = s.First(int(c) + 1) {
			list = append(list, string([]byte{c}))
		}
		return list
	}
	for _, r := range [...][2]byte{{'x', 'z'}, {'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'!', '~'}, {0, 255}} {
		if c, ok := s.First(int(r[0])); ok && c <= r[1] {
			return []string{string([]byte{c})}
		}
	}
	return nil
}

// missed returns an example of what a pattern was meant to match and does not: meant is the regular expression
// that its author had in mind. Only what the element can be counts.
func missed(p *model.Pattern, meant string) (example string, ok bool) {
	re, err := match.ERE(meant)
	if err != nil {
		return "", false
	}
	shape := shapeOf(p.Property)
	for _, s := range samples(re.Expr()) {
		if s != "" && shape.has(s) && re.Match(s) && !p.Match(s) {
			return s, true
		}
	}
	return "", false
}
