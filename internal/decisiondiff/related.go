package decisiondiff

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// maxRelated bounds how many items are looked at for the sake of one that differs.
const maxRelated = 12

// related looks at the items of a virtual host that have to do with one that differs, through a variable of the
// environment that one sets and another asks for, and takes over what they look at: a SetEnvIf shows only where its variable
// means something, and what a variable guards only where it is set.
func (p *probe) related(it *item, h *server.Host, cats []category) {
	var names []string
	for _, n := range environmentNames(h) {
		if strings.Contains(it.print, `"`+n) {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return
	}
	n := 0
	for _, cat := range cats {
		for i := range cat.items {
			other := &cat.items[i]
			if other.print == it.print || n >= maxRelated || !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(other.print, name) }) {
				continue
			}
			n++
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

// combined are the settings of two items, one of each together, and those of the second alone.
func combined(a, b []assignment) []assignment {
	const most = 6
	var out []assignment
	for _, y := range b[:min(len(b), most)] {
		out = append(out, y)
		for _, x := range a[:min(len(a), most)] {
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
