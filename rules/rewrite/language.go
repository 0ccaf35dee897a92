package rewrite

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
)

// limit bounds the automata of patterns: rules have small ones, and what is larger is not decided.
const limit automata.Limit = 2_000

type languageKey struct {
	text   string
	noCase bool
}

type made struct {
	language *automata.Language
	ok       bool
}

// languageOf returns the texts that a pattern finds a match in, whatever stands in front of it; false where that is not
// known.
func languageOf(p *lint.Pass, pattern *server.Pattern) (*automata.Language, bool) {
	if pattern == nil || pattern.PCRE == nil {
		return nil, false
	}
	m := lint.Memo(p, languageKey{pattern.Text, pattern.NoCase}, func() made { return languageFor(pattern.PCRE) })
	return m.language, m.ok
}

func languageFor(re *match.PCRE) made {
	whole, ok := re.Pattern()
	if !ok {
		return made{}
	}
	l, err := limit.Language(whole)
	return made{l, err == nil}
}

type pathsKey struct{}

// paths are the texts that start with a slash: what rules of a virtual host see of a request.
func paths(p *lint.Pass) *automata.Language {
	return lint.Memo(p, pathsKey{}, func() *automata.Language {
		slash, err := limit.Strings("/")
		if err != nil {
			return automata.Anything()
		}
		l, err := limit.Concat(slash, automata.Anything())
		if err != nil {
			return automata.Anything()
		}
		return l
	})
}

type urlsKey struct{}

// urls are the texts that start as the URL of a redirect does.
func urls(p *lint.Pass) *automata.Language {
	return lint.Memo(p, urlsKey{}, func() *automata.Language {
		schemes, err := limit.Strings("http://", "https://")
		if err != nil {
			return automata.Anything()
		}
		l, err := limit.Concat(schemes, automata.Anything())
		if err != nil {
			return automata.Anything()
		}
		return l
	})
}

// without are the texts that hold none of some bytes.
func without(bytes string) *automata.Language {
	var set match.ByteSet
	for c := range 256 {
		if strings.IndexByte(bytes, byte(c)) < 0 {
			set.Add(byte(c))
		}
	}
	return automata.BytesOf(set)
}

// literal returns the only path that a pattern matches, in lower case where case does not count.
func literal(p *server.Pattern) (path string, ok bool) {
	if p == nil || p.PCRE == nil || p.Negated {
		return "", false
	}
	s := p.PCRE.Shape()
	return s.Contains, s.Whole && s.Begin && s.End && s.Contains != ""
}

// everything reports whether a pattern matches every path, by the way it is written.
func everything(p *server.Pattern) bool {
	if p.Negated {
		return false
	}
	switch p.Text {
	case "^", ".*", "(.*)", "^.*$", "^(.*)$", "^.*", "^(.*)", "^/", "^/.*", "^/.*$", "^/(.*)", "^/(.*)$", "/", "/.*", "^/?(.*)$", "^/?(.*)":
		return true
	}
	return false
}

// A group of a pattern is its text between the parentheses.
func groupText(pattern string, n int) (string, bool) {
	var open []int // the number of each group that is open, 0 for one that remembers nothing
	var from []int
	count := 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '[':
			i = classEnd(pattern, i)
		case '(':
			number := 0
			if rest := pattern[i+1:]; !strings.HasPrefix(rest, "?") && !strings.HasPrefix(rest, "*") ||
				strings.HasPrefix(rest, "?<") && !strings.HasPrefix(rest, "?<=") && !strings.HasPrefix(rest, "?<!") ||
				strings.HasPrefix(rest, "?P<") || strings.HasPrefix(rest, "?'") {
				count++
				number = count
			}
			open, from = append(open, number), append(from, i+1)
		case ')':
			last := len(open) - 1
			if last < 0 {
				return "", false
			}
			if open[last] == n {
				return pattern[from[last]:i], !strings.HasPrefix(pattern[from[last]:], "?")
			}
			open, from = open[:last], from[:last]
		}
	}
	return "", false
}

// classEnd returns where a class in brackets ends.
func classEnd(s string, i int) int {
	i++
	if i < len(s) && s[i] == '^' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	for ; i < len(s) && s[i] != ']'; i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], "[:"):
			if end := strings.Index(s[i:], ":]"); end > 0 {
				i += end + 1
			}
		}
	}
	return i
}

// groupLanguage returns what a group of a pattern may take, as far as the group alone says.
func groupLanguage(p *server.Pattern, n int) (*automata.Language, bool) {
	s, ok := groupText(p.Text, n)
	if !ok {
		return nil, false
	}
	re, err := match.CompilePCRE("^(?:"+s+")$", match.PCREOptions{IgnoreCase: p.NoCase})
	if err != nil {
		return nil, false
	}
	m := languageFor(re)
	return m.language, m.ok
}
