package lint

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
)

// A rulePattern names rules: an id, a name, or a glob over both, in either letter case.
type rulePattern struct {
	glob  *match.Pattern
	exact bool // an id or a name, and no glob
}

func newRulePattern(text string) rulePattern {
	return rulePattern{match.GlobFold(text), !isGlob(text)}
}

func newRulePatterns(texts []string) []rulePattern {
	ps := make([]rulePattern, len(texts))
	for i, t := range texts {
		ps[i] = newRulePattern(t)
	}
	return ps
}

func isGlob(text string) bool { return strings.ContainsAny(text, "*?[") }

// fits reports whether the pattern names a rule. One that is not known here has an id alone.
func (p rulePattern) fits(id string, r *Rule) bool {
	return p.glob.Match(id) || r != nil && p.glob.Match(r.Name)
}

func anyFits(ps []rulePattern, id string, r *Rule) bool {
	for _, p := range ps {
		if p.fits(id, r) {
			return true
		}
	}
	return false
}

// A pathPattern names files: see [Override].
type pathPattern []segment

// A segment is what stands between two slashes; nil stands for any number of folders.
type segment = *match.Pattern

// maxSegments bounds a pattern: no path of a project is nearly as deep.
const maxSegments = 100

func newPathPattern(text string) pathPattern {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "./"), "/")
	if !strings.Contains(text, "/") {
		text = "**/" + text
	}
	var p pathPattern
	for _, s := range strings.Split(strings.TrimPrefix(text, "/"), "/") {
		switch {
		case s != "**":
			p = append(p, match.Glob(s))
		case len(p) == 0 || p[len(p)-1] != nil:
			p = append(p, nil)
		}
		if len(p) > maxSegments {
			return pathPattern{match.Nothing(match.KindGlob, text)}
		}
	}
	return p
}

// fits reports whether the pattern names a file or a folder above it. Steps grow with the product of both
// lengths.
func (p pathPattern) fits(name string) bool {
	at, next := make([]bool, len(p)+1), make([]bool, len(p)+1) // at[i]: the segments before i fit what was read
	at[0] = true
	for part := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(name, "./"), "/"), "/") {
		clear(next)
		for i, s := range p {
			if at[i] && s == nil { // ** stands for no folder, or for this one and goes on
				at[i+1] = true
				next[i] = true
			}
			if at[i] && s != nil && s.Match(part) {
				next[i+1] = true
			}
		}
		at, next = next, at
		if at[len(p)] || len(p) > 0 && p[len(p)-1] == nil && at[len(p)-1] {
			return true
		}
	}
	return false
}
