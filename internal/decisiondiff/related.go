package decisiondiff

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// maxRelated bounds how many items are looked at for the sake of one that differs.
const maxRelated = 40

// related looks at the items of a virtual host that have to do with one that differs, through variables of the environment
// that one sets and another asks for, from one to the next, and takes over what they look at: a SetEnvIf shows only where
// its variable means something, and what a variable guards only where it is set.
func (p *probe) related(it *item, h *server.Host, cats []category) {
	all := environmentNames(h)
	names := mentioned(it.print, all, nil)
	seen := map[string]bool{it.print: true}
	for n := 0; n < len(names); n++ { // which grow
		for _, cat := range cats {
			for i := range cat.items {
				other := &cat.items[i]
				if seen[other.print] || len(seen) > maxRelated || !mentions(other.print, names[n]) {
					continue
				}
				seen[other.print] = true
				names = mentioned(other.print, all, names)
				q := probe{}
				other.look(&q)
				p.paths = append(p.paths, q.paths...)
				p.settings = append(p.settings, combined(p.settings, q.settings)...)
				p.anywhere = p.anywhere || q.anywhere
				if p.whole == nil {
					p.whole = q.whole
				}
			}
		}
	}
}

// mentioned adds to names those of all that a text has.
func mentioned(text string, all, names []string) []string {
	for _, n := range all {
		if !slices.Contains(names, n) && mentions(text, n) {
			names = append(names, n)
		}
	}
	return names
}

// mentions reports whether a text has a name as a word of its own.
func mentions(text, name string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		from = i + len(name)
		if (i == 0 || !isWord(text[i-1])) && (from == len(text) || !isWord(text[from])) {
			return true
		}
	}
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

// combined are the settings of two items: those of the second alone, and after each of the first few of the first.
func combined(a, b []assignment) []assignment {
	const first, most = 2, 8
	var out []assignment
	for _, y := range b[:min(len(b), most)] {
		out = append(out, y)
		for _, x := range a[:min(len(a), first)] {
			out = append(out, x.with(y...))
		}
	}
	return out
}

// environmentNames are the variables of the environment that the lines of a host set.
func environmentNames(h *server.Host) []string {
	var out []string
	add := func(name string) {
		if name = strings.TrimPrefix(name, "!"); len(name) > 1 && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	rules := func(list []*server.RewriteRule) {
		for _, r := range list {
			for _, e := range r.Flags.Env {
				name, _, _ := strings.Cut(e, ":")
				add(name)
			}
		}
	}
	rules(h.Rewrite.Rules)
	walkSettings(h, func(s *server.Settings) {
		if s.Rewrite != nil {
			rules(s.Rewrite.Rules)
		}
		for _, e := range s.EnvIf {
			for _, a := range e.Set {
				add(a.Name)
			}
		}
		for _, e := range s.Env {
			add(e.Name)
		}
	})
	return out
}
