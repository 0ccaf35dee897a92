package replay

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
)

// elsewhere is a host that no configuration knows (RFC 6761).
const elsewhere = "elsewhere.invalid"

// maxHosts bounds how many hosts stand for all that there may be.
const maxHosts = 32

// hostsOf returns hosts that stand for all: one for each name and pattern by which virtual hosts and farms are found, and one
// that none of them knows.
func hostsOf(c *model.Config, s *server.Server) []string {
	hosts := []string{elsewhere}
	add := func(pattern string) {
		host := strings.NewReplacer("*", "a", "?", "a").Replace(pattern)
		if host != "" && pattern != "*" && !strings.ContainsAny(host, "/[]{}$ ") && len(hosts) < maxHosts && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	if s != nil {
		for _, h := range s.Hosts {
			add(h.Name.Host)
			for _, a := range h.Names {
				add(a.Pattern)
			}
		}
	}
	for _, f := range c.Farms {
		for _, v := range f.VirtualHosts {
			add(v.HostText)
		}
	}
	return hosts
}

// schemeMatters reports whether TLS decides something before any header is looked at: httpd has a port for it, or a farm asks
// for a scheme.
func schemeMatters(c *model.Config, s *server.Server) bool {
	if s != nil && s.HasPort(443) {
		return true
	}
	for _, f := range c.Farms {
		for _, v := range f.VirtualHosts {
			if v.Scheme != "" {
				return true
			}
		}
	}
	return false
}

func newMemory() *rewrite.Memory { return new(rewrite.Memory) }
