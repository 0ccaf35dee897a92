package decisiondiff

import (
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

// Pairs say which farms and virtual hosts of the two sides are the same ones.
type pairs struct {
	farms []farmPair
	hosts []hostPair
	// farm and host number the pairs by their parts.
	farm map[*model.Farm]int
	host map[*server.Host]int
}

// A farmPair is a farm before and after; one of them is nil where there is none.
type farmPair struct{ old, new *model.Farm }

// A hostPair is a virtual host before and after; one of them is nil where there is none.
type hostPair struct{ old, new *server.Host }

func pairUp(old, new *Side) *pairs {
	p := &pairs{farm: map[*model.Farm]int{}, host: map[*server.Host]int{}}
	farmKeys := []func(*model.Farm) string{
		func(f *model.Farm) string { return f.Name + "\x00" + fingerprint(f) },
		func(f *model.Farm) string { return "\x00" + f.Name },
		func(f *model.Farm) string { return fingerprint(f) },
		func(f *model.Farm) string { return hostTexts(f) },
	}
	for _, m := range matchUp(old.Config.Farms, new.Config.Farms, farmKeys) {
		p.farms = append(p.farms, farmPair{m[0], m[1]})
		for _, f := range m {
			if f != nil {
				p.farm[f] = len(p.farms) - 1
			}
		}
	}
	hostKeys := []func(*server.Host) string{
		func(h *server.Host) string { return hostName(h) + "\x00" + fingerprint(h) },
		func(h *server.Host) string {
			return hostName(h) + "\x00" + fingerprint(h.Addresses) + fingerprint(h.Names)
		},
		func(h *server.Host) string { return hostName(h) + "\x00" + fingerprint(h.Addresses) },
		func(h *server.Host) string { return "\x00" + hostName(h) },
		func(h *server.Host) string { return fingerprint(h.Names) + "\x00" + fingerprint(h.Addresses) },
	}
	for _, m := range matchUp(hostsOf(old), hostsOf(new), hostKeys) {
		p.hosts = append(p.hosts, hostPair{m[0], m[1]})
		for _, h := range m {
			if h != nil {
				p.host[h] = len(p.hosts) - 1
			}
		}
	}
	return p
}

// hostsOf are the virtual hosts of a side, and the main server behind them.
func hostsOf(s *Side) []*server.Host {
	if s.Server == nil {
		return nil
	}
	return append(s.Server.Hosts[:len(s.Server.Hosts):len(s.Server.Hosts)], s.Server.Main)
}

// matchUp pairs what has the same key, by the first key by which it does; the rest stays alone. A key that is empty or that
// nothing else has pairs nothing.
func matchUp[T any](old, new []*T, keys []func(*T) string) [][2]*T {
	partner := map[*T]*T{}
	taken := map[*T]bool{}
	for _, key := range keys {
		free := map[string][]*T{}
		for _, n := range new {
			if !taken[n] {
				k := key(n)
				free[k] = append(free[k], n)
			}
		}
		for _, o := range old {
			if partner[o] != nil {
				continue
			}
			k := key(o)
			if list := free[k]; len(list) > 0 && k != "" {
				partner[o], taken[list[0]] = list[0], true
				free[k] = list[1:]
			}
		}
	}
	var out [][2]*T
	for _, o := range old {
		out = append(out, [2]*T{o, partner[o]})
	}
	for _, n := range new {
		if !taken[n] {
			out = append(out, [2]*T{nil, n})
		}
	}
	return out
}

func hostTexts(f *model.Farm) string {
	var list []string
	for _, v := range f.VirtualHosts {
		list = append(list, strings.ToLower(v.Text))
	}
	return strings.Join(list, "\n")
}

// hostName is what a virtual host is called: by its ServerName, else by its first alias.
func hostName(h *server.Host) string {
	switch {
	case h == nil:
		return ""
	case !h.Virtual:
		return "main server"
	case h.Name.Set:
		return h.Name.Host
	case len(h.Names) > 0:
		return h.Names[0].Pattern
	}
	return "virtual host without a name"
}

func farmName(f *model.Farm) string {
	if f == nil {
		return "no farm"
	}
	return f.Name
}

// hostAt is where a virtual host stands.
func hostAt(h *server.Host) source.Span {
	if h == nil {
		return source.Span{}
	}
	return h.At
}
