package site

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

// Next is the request that a client makes of an answer to r with a status and a Location; nil where it makes none, or where it leaves
// the site. A POST becomes a GET by 301 and 302, as browsers do, and everything but HEAD by 303; 307 and 308 change nothing.
//
// Source: RFC 9110, 15.4 and 10.2.2; fetch.spec.whatwg.org, HTTP-redirect fetch.
func (s *Site) Next(r *simulate.Request, status int, location string) *simulate.Request {
	n := target(r, location)
	if n == nil || !strings.EqualFold(n.Host, r.Host) && !s.names(n.Host) {
		return nil
	}
	n.Method = r.Method
	switch status {
	case http.StatusMovedPermanently, http.StatusFound:
		if r.Method == http.MethodPost {
			n.Method = http.MethodGet
		}
	case http.StatusSeeOther:
		if r.Method != http.MethodHead {
			n.Method = http.MethodGet
		}
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	n.Header, n.Client, n.Proto, n.Farm = r.Header, r.Client, r.Proto, r.Farm
	switch {
	case n.Method != r.Method:
		n.Header = slices.DeleteFunc(slices.Clone(r.Header), func(f simulate.Field) bool {
			name := strings.ToLower(f.Name)
			return strings.HasPrefix(name, "content-") || name == "transfer-encoding"
		})
	case r.Body != nil:
		again, ok := r.Body.(io.Seeker)
		if !ok {
			return nil
		}
		if _, err := again.Seek(0, io.SeekStart); err != nil {
			return nil
		}
		n.Body, n.Length = r.Body, r.Length
	}
	return n
}

// target is where a Location leads from a request; nil where that is no place of http. A relative one is resolved (RFC 3986, 5.2).
func target(r *simulate.Request, location string) *simulate.Request {
	location, _, _ = strings.Cut(location, "#")
	scheme := "http:"
	if r.TLS {
		scheme = "https:"
	}
	switch {
	case strings.HasPrefix(location, "//"):
		location = scheme + location
	case strings.HasPrefix(location, "/"):
	case location == "":
		return nil
	default:
		u, err := url.Parse(location)
		if err != nil {
			return nil
		}
		if u.Scheme == "" {
			base, err := url.ParseRequestURI(r.Target)
			if err != nil {
				return nil
			}
			location = base.ResolveReference(u).RequestURI()
		}
	}
	n, err := simulate.NewRequest(r.Method, location)
	if err != nil {
		return nil
	}
	if n.Host == "" {
		n.Host, n.TLS = r.Host, r.TLS
	}
	return n
}
