package decisiondiff

import (
	"regexp"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model/server"
)

// maxStates bounds the automata of patterns of httpd: what is larger is sampled.
const maxStates automata.Limit = 4000

// A texts is what strings are made for: paths of URLs, or values of headers and the like.
type texts uint8

const (
	pathTexts  texts = iota // clean paths that start with a slash
	valueTexts              // printable ASCII
	hostNames               // names of hosts
)

// shapes are what paths look like: a broad pattern gives one string of each.
var shapes = sync.OnceValue(func() []*automata.Language {
	var out []*automata.Language
	for _, text := range []string{
		`/content/[a-z]+/[a-z]+\.html`, `/[a-z]+\.html`, `/[a-z/]+\.(css|js|png|jpg|svg|pdf)`, `/[a-z/]+\.json`, `/[a-z]+`, `/[a-z/]*/`, `/[a-z]+/[a-z/]+`,
		`/[a-z]+\.[a-z]+\.html`, `/[a-z]+\.html/[a-z]+`, `/content/dam/[a-z]+\.[a-z]+`,
	} {
		p, err := match.ERE(text)
		if err != nil {
			continue
		}
		if l, err := maxStates.Language(p); err == nil {
			out = append(out, l)
		}
	}
	return out
})

// alphabet is what the strings of a kind consist of.
func (t texts) alphabet() *automata.Language {
	switch t {
	case pathTexts:
		return pathLanguage()
	case hostNames:
		return hostLanguage()
	}
	return printable()
}

var (
	printable = sync.OnceValue(func() *automata.Language {
		var set match.ByteSet
		set.AddRange(' ', '~')
		return automata.BytesOf(set)
	})
	hostLanguage = sync.OnceValue(func() *automata.Language {
		return languageOf(`[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*`)
	})
	pathLanguage = sync.OnceValue(func() *automata.Language {
		l, err := maxStates.Intersect(automata.URIs(), printable())
		if err != nil {
			return automata.URIs()
		}
		return l
	})
)

func languageOf(ere string) *automata.Language {
	p, err := match.ERE(ere)
	if err == nil {
		if l, err := maxStates.Language(p); err == nil {
			return l
		}
	}
	return automata.Anything()
}

// A subject is a pattern of httpd as a set of strings; the set is nil where automata cannot follow the pattern.
type subject struct {
	pattern *server.Pattern
	set     *automata.Language
}

// setOf returns the strings of a kind in which a pattern is found: or not, where it is negated.
func setOf(p *server.Pattern, t texts) subject {
	s := subject{pattern: p}
	if p == nil || p.PCRE == nil {
		return s
	}
	whole, ok := p.PCRE.Pattern()
	if !ok {
		return s
	}
	l, err := maxStates.Language(whole)
	if err != nil {
		return s
	}
	if p.Negated {
		l = l.Complement()
	}
	if l, err = maxStates.Intersect(l, t.alphabet()); err == nil {
		s.set = l
	}
	return s
}

// sample returns up to n strings of a set that differ in more than a letter.
func sample(l *automata.Language, t texts, n int) []string {
	if l == nil || l.Empty() {
		return nil
	}
	var out []string
	add := func(s string) {
		for _, o := range out {
			if o == s {
				return
			}
		}
		if len(s) <= maxText && len(out) < n {
			out = append(out, s)
		}
	}
	if s, ok := l.Witness(); ok {
		add(s)
	}
	if t == pathTexts {
		for _, shape := range shapes() {
			if both, err := maxStates.Intersect(l, shape); err == nil {
				if s, ok := both.Witness(); ok {
					add(s)
				}
			}
		}
	}
	for _, s := range l.Sample(n) {
		add(s)
	}
	return out
}

// maxText is how long a string that is made may be.
const maxText = 500

// in returns strings that a pattern takes, near ones that it does not.
func (s *subject) in(t texts, n int) (in, near []string) {
	in = sample(s.set, t, n)
	if s.set == nil && s.pattern != nil && s.pattern.PCRE != nil {
		for _, text := range relaxed(s.pattern.PCRE.Text()) {
			p, err := match.CompilePCRE(text, match.PCREOptions{IgnoreCase: s.pattern.NoCase})
			if err != nil {
				continue
			}
			loose := setOf(&server.Pattern{PCRE: p}, t)
			for _, c := range sample(loose.set, t, 4*n) {
				if s.takes(c) {
					in = append(in, c)
				} else {
					near = append(near, c)
				}
			}
		}
		if len(in) > n {
			in = in[:n]
		}
	}
	if s.set != nil && s.pattern != nil && s.pattern.Negated {
		if out, err := maxStates.Difference(t.alphabet(), s.set); err == nil {
			near = append(near, sample(out, t, n/2+1)...)
		}
	}
	if len(in) > 0 {
		for _, c := range mutations(in[0]) {
			if !s.takes(c) && t.alphabet().Contains(c) {
				near = append(near, c)
			}
		}
	}
	if s.set != nil && len(near) == 0 {
		if out, err := maxStates.Difference(t.alphabet(), s.set); err == nil {
			near = sample(out, t, 2)
		}
	}
	if len(near) > n {
		near = near[:n]
	}
	return in, near
}

// takes reports whether a pattern is found, or not where it is negated.
func (s *subject) takes(text string) bool {
	if s.pattern == nil || s.pattern.PCRE == nil {
		return false
	}
	ok, _, err := s.pattern.PCRE.Match(text, nil)
	return err == nil && ok != s.pattern.Negated
}

// mutations are strings that differ a little from one.
func mutations(s string) []string {
	out := []string{s + "x", s + "/x", "/x" + s, strings.ToUpper(s)}
	if len(s) > 1 {
		out = append(out, s[:len(s)-1], s[:len(s)/2]+"q"+s[len(s)/2:])
	}
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		out = append(out, s[:i], s[:i]+".zz")
	}
	return append(out, "/zq.zq")
}

// between returns strings that one pattern takes and another does not, both ways.
func between(a, b subject, t texts, n int) []string {
	if a.set == nil || b.set == nil {
		return nil
	}
	var out []string
	for _, pair := range [...][2]*automata.Language{{a.set, b.set}, {b.set, a.set}} {
		if l, err := maxStates.Difference(pair[0], pair[1]); err == nil {
			out = append(out, sample(l, t, n)...)
		}
	}
	return out
}

// relaxed returns texts of a pattern that automata can follow: without what looks ahead or behind, and with it as if it were
// ordinary text. What comes of them has to be held against the pattern itself.
func relaxed(text string) []string {
	var without, with strings.Builder
	depth := 0
	var skipped []int // depths at which a lookaround was opened
	for i := 0; i < len(text); i++ {
		c := text[i]
		keep := len(skipped) == 0
		switch {
		case c == '\\' && i+1 < len(text):
			piece := text[i : i+2]
			if c := text[i+1]; '1' <= c && c <= '9' {
				piece = "x" // what a back reference repeats
			}
			with.WriteString(piece)
			if keep {
				without.WriteString(piece)
			}
			i++
			continue
		case c == '(':
			depth++
			for _, open := range []string{"(?!", "(?=", "(?<!", "(?<="} {
				if strings.HasPrefix(text[i:], open) {
					skipped = append(skipped, depth)
					with.WriteString("(?:")
					i += len(open) - 1
					keep = true
					c = 0
					break
				}
			}
			if c != 0 && strings.HasPrefix(text[i:], "(?>") {
				with.WriteString("(?:")
				if keep {
					without.WriteString("(?:")
				}
				i += 2
				continue
			}
			if c == 0 {
				continue
			}
		case c == ')':
			if n := len(skipped); n > 0 && skipped[n-1] == depth {
				skipped = skipped[:n-1]
				depth--
				with.WriteByte(')')
				continue
			}
			depth--
		}
		with.WriteByte(c)
		if keep {
			without.WriteByte(c)
		}
	}
	return []string{without.String(), with.String()}
}

// A gap is a group of a pattern, with what quantifies it.
type gap struct{ start, end int }

// groupsOf finds the groups of a pattern that remember, by number from 1, where they stand beside each other at the top.
func groupsOf(text string) (gaps []gap, ok bool) {
	depth, start := 0, 0
	class := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']' || text[i-1] == '['
		case c == '[':
			class = true
		case c == '|' && depth == 0:
			return nil, false
		case c == '(':
			if depth == 0 {
				start = i
			}
			depth++
			if depth > 1 && !strings.HasPrefix(text[i:], "(?") {
				return gaps, len(gaps) > 0 // what follows has other numbers
			}
		case c == ')':
			if depth--; depth < 0 {
				return nil, false
			}
			if depth == 0 && !strings.HasPrefix(text[start:], "(?") {
				end := i + 1
				for end < len(text) && strings.IndexByte("?*+", text[end]) >= 0 {
					end++
				}
				gaps = append(gaps, gap{start, end})
			}
		}
	}
	return gaps, true
}

// filled returns strings that a pattern takes and in which its groups hold some texts, as far as those are known.
func filled(p *server.Pattern, groups map[int]string) []string {
	if p == nil || p.PCRE == nil || p.Negated {
		return nil
	}
	text := p.PCRE.Text()
	gaps, ok := groupsOf(text)
	if !ok {
		return nil
	}
	var b strings.Builder
	at := 0
	for n, g := range gaps {
		value, known := groups[n+1]
		if !known {
			continue
		}
		b.WriteString(text[at:g.start])
		b.WriteString(regexp.QuoteMeta(value))
		at = g.end
	}
	b.WriteString(text[at:])
	q, err := match.CompilePCRE(b.String(), match.PCREOptions{IgnoreCase: p.NoCase})
	if err != nil {
		return nil
	}
	s := setOf(&server.Pattern{PCRE: q}, pathTexts)
	var out []string
	for _, c := range sample(s.set, pathTexts, 3) {
		if ok, _, err := p.PCRE.Match(c, nil); ok && err == nil {
			out = append(out, c)
		}
	}
	return out
}
