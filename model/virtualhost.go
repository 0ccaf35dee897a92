package model

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
)

// newVirtualHost reads a value of /virtualhosts, [scheme]host[uri][*]: "https://*", "myhost:8888/mysite",
// "intranet.*", "www.example.com/products/*" (AdobeDocs/experience-manager-dispatcher.en,
// dispatcher-configuration.md). A uri is a prefix, with or without an asterisk at its end
// (adobe/aem-dispatcher-experiments, comment on /virtualhosts in dispatcher.any).
func newVirtualHost(text string, at Place) *VirtualHost {
	h := &VirtualHost{Text: text, At: at}
	rest := text
	for _, scheme := range [...]string{"http", "https"} {
		if n := len(scheme) + len("://"); len(rest) >= n && strings.EqualFold(rest[:n], scheme+"://") {
			h.Scheme, rest = scheme, rest[n:]
			break
		}
	}
	h.HostText = rest
	if i := hostEnd(rest); i < len(rest) {
		h.HostText, h.URIText = rest[:i], rest[i:]
		uri := h.URIText
		if !strings.HasSuffix(uri, "*") {
			uri += "*"
		}
		h.URI = match.Glob(uri)
	}
	host := h.HostText
	h.HasPort = hasPort(host)
	if strings.HasPrefix(host, "[") && strings.Contains(host, ":") {
		host = "[[]" + host[1:] // an IPv6 address, which a glob would take for a class
	}
	h.Host = match.GlobFold(host)
	return h
}

// hostEnd returns where the uri starts: at the first slash that stands in no class and no variable.
func hostEnd(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '/':
			return i
		case '$':
			if strings.HasPrefix(s[i:], "${") {
				if n := strings.IndexByte(s[i:], '}'); n > 0 {
					i += n
				}
			}
		}
	}
	return len(s)
}

// hasPort reports whether a host ends with a port, or with a pattern for one.
func hasPort(host string) bool {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || i < strings.LastIndexByte(host, ']') || i+1 == len(host) {
		return false
	}
	if strings.IndexByte(host[:i], ':') >= 0 && host[0] != '[' {
		return false // an IPv6 address without brackets
	}
	for _, c := range []byte(host[i+1:]) {
		if c != '*' && c != '?' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
