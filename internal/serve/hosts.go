package serve

import (
	"net"
	"strings"
)

// hostNames are the names that virtual hosts answer to, without patterns and addresses, each once, in the order of the
// configuration. Without an httpd side they are those of the farms.
func hostNames(c *Configuration) []string {
	var out []string
	seen := map[string]bool{}
	add := func(name string) {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		if name == "" || seen[name] || strings.ContainsAny(name, "*?[]${}_ :/") || net.ParseIP(name) != nil || name == "localhost" || !strings.Contains(name, ".") {
			return
		}
		seen[name] = true
		out = append(out, name)
	}
	if c.Apache != nil {
		for _, h := range c.Apache.Hosts {
			if !c.Apache.Owned(h.At.File) {
				continue
			}
			if h.Name.Set {
				add(h.Name.Host)
			}
			for _, a := range h.Names {
				add(a.Pattern)
			}
		}
		return out
	}
	for _, f := range c.Config.Farms {
		for _, v := range f.VirtualHosts {
			host := v.Text
			if _, rest, ok := strings.Cut(host, "://"); ok {
				host = rest
			}
			host, _, _ = strings.Cut(host, "/")
			if name, _, err := net.SplitHostPort(host); err == nil {
				host = name
			}
			add(host)
		}
	}
	return out
}
