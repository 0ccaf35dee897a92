package automata

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
)

// Guesses are requests that a filter entry matches, found from the looks of its patterns: no automaton is made, so they
// come fast. They settle most questions whose answer is no. The zero value has none.
type Guesses struct {
	e     Elements
	turn  int
	exprs map[*match.Pattern]*match.Expr
	seen  []Request
}

// Guess returns the guesses for an entry.
func Guess(e Elements) *Guesses {
	return &Guesses{e: e, exprs: make(map[*match.Pattern]*match.Expr, 2)}
}

// guessTurns bounds the tries.
const guessTurns = 8

// Next returns a request that the entry matches and that was not returned before: an ordinary one, which the space of the
// zero [Universe] has. It is false after the last one. There may be none even if the entry matches some.
func (g *Guesses) Next() (Request, bool) {
	for g.turn < guessTurns {
		r := g.try(g.turn)
		g.turn++
		if !r.ordinary() || !g.e.Match(r) {
			continue
		}
		known := false
		for _, s := range g.seen {
			known = known || s == r
		}
		if !known {
			g.seen = append(g.seen, r)
			return r, true
		}
	}
	return Request{}, false
}

// gap stands in a text for whatever may be anything.
const gap = "\x00"

// try makes a request, of which it is not known whether the entry matches it.
func (g *Guesses) try(turn int) Request {
	e := &g.e
	r := Request{Method: "GET", Protocol: "HTTP/1.1"}
	if e.Glob != nil {
		return line(g.text(e.Glob, turn), turn)
	}
	if e.Method != nil {
		r.Method = fill(g.text(e.Method, turn), "GET")
	}
	if e.Protocol != nil {
		r.Protocol = fill(g.text(e.Protocol, turn), "HTTP/1.1")
	}
	if e.Query != nil {
		r.Query, r.HasQuery = fill(g.text(e.Query, turn), "zq=zq"), true
	}
	tail := g.tail(turn)
	if e.URL != nil {
		r.URI = uri(g.text(e.URL, turn), tail, turn)
		return r
	}
	path := [...]string{"/zq/zq", "/content/zq", "/zq"}[turn%3]
	if e.Path != nil {
		path = uri(g.text(e.Path, turn), "", turn)
	}
	r.URI = path + tail
	return r
}

// tail returns what follows the path in a URI: selectors, extension and suffix as the entry has them.
func (g *Guesses) tail(turn int) string {
	e := &g.e
	var selectors, extension, suffix string
	if e.Selectors != nil {
		selectors = fill(g.text(e.Selectors, turn), "zq")
	}
	if e.Extension != nil {
		extension = fill(g.text(e.Extension, turn), "zq")
	} else if e.Selectors != nil || e.Suffix != nil || e.URL == nil && turn%2 == 1 {
		extension = [...]string{"html", "zq"}[turn/2%2]
	}
	if e.Suffix != nil {
		if suffix = fill(g.text(e.Suffix, turn), "/zq"); suffix != "" && suffix[0] != '/' {
			suffix = "/" + suffix
		}
	}
	if selectors != "" {
		selectors = "." + selectors
	}
	if extension != "" {
		extension = "." + extension
	}
	return selectors + extension + suffix
}

// fill puts a text into gaps.
func fill(text, into string) string { return strings.ReplaceAll(text, gap, into) }

// uri puts something into the gaps of a path, so that it starts with a slash. tail goes into the last one.
func uri(text, tail string, turn int) string {
	word := [...]string{"zq", "/zq", "zq/zq", ""}[turn%4]
	if strings.HasPrefix(text, gap) && !strings.HasPrefix(text, gap+"/") && !strings.HasPrefix(word, "/") {
		text = "/zq" + text
	}
	if last := strings.LastIndex(text, gap); last >= 0 {
		text = text[:last] + gap + tail + text[last+len(gap):]
	}
	text = fill(text, word)
	for strings.Contains(text, "//") {
		text = strings.ReplaceAll(text, "//", "/")
	}
	return text
}

// line reads a request line with gaps.
func line(text string, turn int) Request {
	first := [...]string{"GET", "GET /zq", "zq"}[turn%3]
	last := [...]string{"HTTP/1.1", "zq HTTP/1.1", "/zq HTTP/1.1"}[turn/3]
	if text == gap {
		text = "GET /zq" + gap
	} else if strings.HasPrefix(text, gap) {
		text = first + text[len(gap):]
	}
	if strings.HasSuffix(text, gap) {
		text = text[:len(text)-len(gap)] + last
	}
	text = fill(text, "zq")
	from, to := strings.IndexByte(text, ' '), strings.LastIndexByte(text, ' ')
	if from < 0 || from == to {
		return Request{}
	}
	r := Request{Method: text[:from], Protocol: text[to+1:]}
	r.URI, r.Query, r.HasQuery = strings.Cut(text[from+1:to], "?")
	if !strings.HasPrefix(r.URI, "/") {
		r.URI = "/" + r.URI
	}
	return r
}

// ordinary reports whether the request is surely in the space of the zero universe. It is false for some that are.
func (r *Request) ordinary() bool {
	if r.Method == "" || len(r.Protocol) != len("HTTP/1.1") || !strings.HasPrefix(r.Protocol, "HTTP/") || !digit(r.Protocol[5]) || r.Protocol[6] != '.' || !digit(r.Protocol[7]) {
		return false
	}
	for _, c := range []byte(r.Method) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	if r.URI == "" || r.URI[0] != '/' {
		return false
	}
	for i := range len(r.URI) {
		switch c := r.URI[i]; {
		case c <= ' ' || c >= 0x7f || c == '?' || c == '#':
			return false
		case c == '/' && i+1 < len(r.URI) && (r.URI[i+1] == '.' || r.URI[i+1] == '/'):
			return false // perhaps a way up
		}
	}
	for _, c := range []byte(r.Query) {
		if c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return r.HasQuery || r.Query == ""
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// GuessStrings returns some strings that a pattern matches, as [Guesses] finds them.
func GuessStrings(p *match.Pattern) []string {
	g := Guesses{exprs: map[*match.Pattern]*match.Expr{}}
	var out []string
	for turn := range guessTurns {
		s := fill(g.text(p, turn), [...]string{"zq", "", "z", "zq7"}[turn%4])
		known := false
		for _, o := range out {
			known = known || o == s
		}
		if !known && p.Match(s) {
			out = append(out, s)
		}
	}
	return out
}

// maxGuess bounds the texts.
const maxGuess = 300

// text returns a text that the pattern may match, with gaps.
func (g *Guesses) text(p *match.Pattern, turn int) string {
	e, ok := g.exprs[p]
	if !ok {
		if p.Refused() {
			return ""
		}
		e = p.Expr()
		g.exprs[p] = e
	}
	var b strings.Builder
	write(&b, e, turn)
	return b.String()
}

// write writes one string of an expression. Other turns take other alternatives.
func write(b *strings.Builder, e *match.Expr, turn int) {
	if b.Len() > maxGuess {
		return
	}
	switch e.Op {
	case match.OpText:
		b.WriteString(e.Text)
	case match.OpSet:
		for _, from := range [...]int{'x', 'a', 'A', '0', '!'} {
			if c, ok := e.Set.First(from); ok && c < 0x7f {
				b.WriteByte(c)
				return
			}
		}
	case match.OpCat:
		for _, sub := range e.Subs {
			write(b, sub, turn)
		}
	case match.OpAlt:
		write(b, e.Subs[turn%len(e.Subs)], turn)
	case match.OpRepeat:
		sub := e.Subs[0]
		if e.Max < 0 && sub.Op == match.OpSet && sub.Set.Has('/') && sub.Set.Has('z') && sub.Set.Has('q') {
			for range e.Min {
				b.WriteByte('z')
			}
			b.WriteString(gap)
			return
		}
		n := e.Min
		if n == 0 && turn%2 == 1 {
			n = 1
		}
		for range min(n, maxGuess) {
			write(b, sub, turn)
		}
	}
}
