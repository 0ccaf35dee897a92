package httpd

import (
	"net/netip"
	"strings"
)

// remoteIP takes the address of the client from a header, from its end on, as long as the address so far is that of a
// proxy that is trusted. What is left of the header stays; where nothing is, the header is gone.
//
// Source: httpd.apache.org/docs/2.4, mod/mod_remoteip.html; recorded from httpd 2.4.71.
func (x *exchange) remoteIP() {
	c := x.host.RemoteIP
	value, ok := x.headers.get(c.Header.Value)
	if !ok {
		return
	}
	list := value
	ip := x.client
	internal := true
	var passed []string
	for list != "" {
		from := ip.Unmap()
		isInternal := anyContains(c.Internal, from)
		if len(c.Internal)+len(c.Trusted) > 0 && !isInternal && !anyContains(c.Trusted, from) {
			break
		}
		if !isInternal {
			internal = false
		}
		word, before := list, ""
		if i := strings.LastIndexByte(list, ','); i >= 0 {
			word, before = list[i+1:], list[:i]
		}
		addr, err := netip.ParseAddr(strings.TrimSpace(word))
		if err != nil {
			break
		}
		if !internal && (addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast()) {
			break // a private address from outside is not believed
		}
		if !isInternal {
			passed = append([]string{ip.String()}, passed...)
		}
		ip, list = addr, strings.TrimRight(before, " \t")
	}
	if list == value {
		return
	}
	x.client = ip
	if list == "" {
		x.headers.unset(c.Header.Value)
	} else {
		x.headers.set(c.Header.Value, list)
	}
	if len(passed) > 0 {
		by := strings.Join(passed, ", ")
		if c.ProxiesHeader != "" {
			x.headers.set(c.ProxiesHeader, by)
		}
	}
}

func anyContains(list []netip.Prefix, ip netip.Addr) bool {
	for i := range list {
		if list[i].Contains(ip) {
			return true
		}
	}
	return false
}
