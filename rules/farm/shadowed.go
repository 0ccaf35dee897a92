package farm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/unread"
	"github.com/dispcheck/dispcheck/source"
)

var farmShadowed = lint.Rule{
	ID: "DSP403", Name: "farm-shadowed", Severity: diag.Error, Config: checkShadowed,
	Doc: lint.Doc{
		Title: "farm gets no request: farms that are searched before it take all of its hosts",
		Why: "Farms are searched from the last one up. Where those below a farm take every host that it names, no request comes to it: its filter, its " +
			"cache and its renders do nothing, and its site is served by another farm's.",
		File: "dispatcher.any",
		Bad:  twoFarms, Good: twoFarms,
		Files:     []lint.File{farmFile("enabled_farms/brand.farm", "brand", `"www.example.com" "shop.example.com"`)},
		BadFiles:  []lint.File{farmFile("enabled_farms/default.farm", "default", `"*"`)},
		GoodFiles: []lint.File{farmFile("enabled_farms/000_default.farm", "default", `"*"`)},
		Note: "It is about sets of hosts, with their schemes and URLs, and speaks only where all of them are proven to be taken. The first farm may be the " +
			"default for hosts that no farm names: it is reported where a farm below takes all hosts. What takes single hosts is farm-virtualhost-duplicate, " +
			"and a farm for all hosts that another such farm takes is farm-catchall-order.",
		Since:   since,
		Sources: []string{configuration},
	},
}

// maxCompared bounds how many pairs of values are compared in one run.
const maxCompared = 2_000_000

func checkShadowed(p *lint.Pass, c *model.Config) {
	if !wholeFarms(c) || len(c.Farms) < 2 {
		return
	}
	misplaced := map[*source.File]bool{} // files of which it is not certain that a farm has what seems to be in it
	for _, d := range p.Subject.Found {
		if misplaces(d.Rule) {
			misplaced[d.Span.File] = true
		}
	}
	s := shadows{pass: p, hosts: map[string]*automata.Language{}, left: maxCompared}
	for i, f := range c.Farms[:len(c.Farms)-1] {
		if len(f.VirtualHosts) == 0 || slices.ContainsFunc(f.VirtualHosts, catchAll) || f.NameAt.IsZero() || misplaced[f.At.Span.File] || misplaced[f.VirtualHostsAt.Span.File] ||
			unread.Property(p, f, "virtualhosts", f.At.Span) || p.Context().Err() != nil {
			continue
		}
		var later []host
		all := false // a farm below takes whatever host there is, so that none is left to a default
		for j := i + 1; j < len(c.Farms); j++ {
			g := c.Farms[j]
			if g.At.Span == f.At.Span {
				later = nil // the same farm, included twice: another rule says so
				break
			}
			for _, v := range g.VirtualHosts {
				if determined(v) && !misplaced[v.At.Span.File] {
					later = append(later, host{j, v})
					all = all || catchAll(v)
				}
			}
		}
		if i == 0 && !all || len(later) == 0 {
			continue
		}
		if takers := s.takers(f, later); takers != nil {
			d := diag.Diagnostic{
				Span: f.NameAt, Included: f.At.Included,
				Message: fmt.Sprintf("farm /%s gets no request: farms below it take all of its hosts", f.Name),
				Hint:    "put it behind them, or make their hosts narrower: farms are searched from the last one up",
			}
			for _, h := range takers {
				if len(d.Related) == maxLost {
					break
				}
				g := c.Farms[h.in]
				d.Related = append(d.Related, diag.Related{Span: h.value.At.Span, Message: fmt.Sprintf("farm /%s takes %q", g.Name, h.value.Text)})
			}
			p.Report(d)
		}
	}
}

// A shadows compares values of virtual hosts as sets of hosts.
type shadows struct {
	pass  *lint.Pass
	hosts map[string]*automata.Language // by value, nil where there is none
	left  int
}

// takers returns the values of later farms that take whatever a farm names, each once; nil where something is left, or
// that is not known.
func (s *shadows) takers(f *model.Farm, later []host) []host {
	var out []host
	for _, v := range f.VirtualHosts {
		if !determined(v) {
			return nil
		}
		by := s.takersOf(v, later)
		if by == nil {
			return nil
		}
		for _, h := range by {
			known := false
			for _, o := range out {
				known = known || o.value == h.value
			}
			if !known {
				out = append(out, h)
			}
		}
	}
	return out
}

// takersOf returns what takes all requests of one value. A value that names a host alone is tried after all that name a
// scheme or a URL, so later ones of its own kind are enough. One that names a scheme or a URL loses to one later value that
// takes at least as much in each part; were neither to fit in full, the later one comes first there, too.
func (s *shadows) takersOf(v *model.VirtualHost, later []host) []host {
	if s.left -= len(later); s.left < 0 {
		return nil
	}
	// One host of the value settles most cases.
	example := strings.NewReplacer("*", "x", "?", "x").Replace(v.HostText)
	if v.Host.Match(example) && !slices.ContainsFunc(later, func(h host) bool {
		return explicit(h.value) == explicit(v) && portsAgree(v, h.value) && h.value.Host.Match(example)
	}) {
		return nil
	}
	if !explicit(v) {
		own, one := oneHost(v)
		var by []*automata.Language
		var of []host
		for _, h := range later {
			if explicit(h.value) || !portsAgree(v, h.value) {
				continue
			}
			if _, single := oneHost(h.value); one || single {
				// One host needs no sets, and takes nothing off those that are many.
				if one && h.value.Host.Match(own) {
					return []host{h}
				}
				continue
			}
			if l := s.language(h.value); l != nil {
				by, of = append(by, l), append(of, h)
			}
		}
		hosts := s.language(v)
		if one || hosts == nil || hosts.Empty() || len(by) == 0 {
			return nil
		}
		cover, err := automata.Limit(0).Cover(hosts, by...)
		if err != nil || !cover.Covered {
			return nil
		}
		var out []host
		for _, k := range cover.By {
			out = append(out, of[k])
		}
		return out
	}
	for _, h := range later {
		w := h.value
		if !explicit(w) || !portsAgree(v, w) || w.Scheme != "" && w.Scheme != v.Scheme || !s.includesURL(w, v) {
			continue
		}
		if own, one := oneHost(v); one || !w.Host.Match(example) && v.Host.Match(example) {
			if one && w.Host.Match(own) {
				return []host{h}
			}
			continue
		}
		own, other := s.language(v), s.language(w)
		if own == nil || other == nil || own.Empty() {
			continue
		}
		if ok, err := automata.Limit(0).Includes(other, own); err == nil && ok {
			return []host{h}
		}
	}
	return nil
}

// portsAgree reports whether the hosts of a value can be compared with those of another: both name a port or neither
// does, or the other takes all hosts.
func portsAgree(v, other *model.VirtualHost) bool {
	return v.HasPort == other.HasPort || !other.HasPort && other.Host.Always()
}

// oneHost returns the host of a value that names a single one.
func oneHost(v *model.VirtualHost) (string, bool) {
	return v.HostText, !strings.ContainsAny(v.HostText, "*?[")
}

// language returns the hosts of a value; nil where they are too many for an automaton.
func (s *shadows) language(v *model.VirtualHost) *automata.Language {
	key := strings.ToLower(v.HostText)
	l, ok := s.hosts[key]
	if !ok {
		l = languageOf(v.Host)
		s.hosts[key] = l
	}
	return l
}

// includesURL reports whether each URL of a value is one of another's.
func (s *shadows) includesURL(other, v *model.VirtualHost) bool {
	switch {
	case other.URI == nil:
		return true
	case v.URI == nil:
		return other.URI.Always()
	}
	a, b := languageOf(v.URI), languageOf(other.URI)
	if a == nil || b == nil {
		return false
	}
	ok, err := automata.Limit(0).Includes(b, a)
	return err == nil && ok
}

func languageOf(p *match.Pattern) *automata.Language {
	l, err := automata.Limit(0).Language(p)
	if err != nil {
		return nil
	}
	return l
}
