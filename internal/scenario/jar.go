package scenario

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// The bounds of a Jar, those that RFC 6265, 6.1 asks of clients for at least.
const (
	maxCookies     = 3000
	maxCookieBytes = 4096 // of name and value
)

// A Jar keeps cookies as a browser does (RFC 6265), by a clock of its own. The package net/http/cookiejar would do for paths
// and domains, but it takes the time from the system: a cookie that expires in simulated time would live, one of a scenario
// that plays last year would be dropped. It also does not say of two cookies of one name which is which, so that expiry cannot
// be kept beside it. Lists of public suffixes are not looked at. It is safe for many goroutines.
type Jar struct {
	now simulate.Clock

	mu      sync.Mutex
	cookies []cookie // in the order in which they were first set
}

type cookie struct {
	name, value  string
	domain, path string
	hostOnly     bool
	secure       bool
	expires      time.Time // zero for the end of the session
}

// NewJar returns an empty Jar.
func NewJar(now simulate.Clock) *Jar { return &Jar{now: now} }

// Store keeps the cookies of an answer to a request.
func (j *Jar) Store(r *simulate.Request, h simulate.Header) {
	for i := range h {
		if strings.EqualFold(h[i].Name, "Set-Cookie") {
			j.set(r, h[i].Value)
		}
	}
}

// set keeps one cookie (RFC 6265, 5.2 and 5.3).
func (j *Jar) set(r *simulate.Request, text string) {
	pair, attributes, _ := strings.Cut(text, ";")
	name, value, ok := strings.Cut(pair, "=")
	c := cookie{name: strings.TrimSpace(name), value: strings.TrimSpace(value), domain: hostOf(r.Host), hostOnly: true, path: folderOf(pathOf(r.Target))}
	if !ok || c.name == "" || len(c.name)+len(c.value) > maxCookieBytes || strings.ContainsFunc(pair, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return
	}
	now := j.now()
	gone, lasts := false, false // Max-Age counts more than Expires
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, value, _ := strings.Cut(attribute, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "path":
			if strings.HasPrefix(value, "/") {
				c.path = value
			} else {
				c.path = folderOf(pathOf(r.Target))
			}
		case "domain":
			if value = strings.ToLower(strings.TrimPrefix(value, ".")); value == "" {
				continue
			}
			if host := hostOf(r.Host); !under(host, value) || value != host && !strings.Contains(value, ".") {
				return // another site's, or that of a whole top-level domain
			}
			c.domain, c.hostOnly = value, isAddress(value)
		case "secure":
			c.secure = true
		case "max-age":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil && strings.Trim(strings.TrimPrefix(value, "-"), "0123456789") != "" || value == "" || value == "-" {
				continue
			}
			lasts = true
			if gone = n <= 0; !gone {
				c.expires = now.Add(time.Duration(min(n, maxAge)) * time.Second)
			}
		case "expires":
			if at, ok := cookieTime(value); ok && !lasts {
				c.expires, gone = at, !at.After(now)
			}
		}
	}
	if c.secure && !r.TLS {
		return // browsers do not take them from http (RFC 6265bis, 5.7)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	i := slices.IndexFunc(j.cookies, func(o cookie) bool { return o.name == c.name && o.domain == c.domain && o.path == c.path })
	switch {
	case gone && i >= 0:
		j.cookies = slices.Delete(j.cookies, i, i+1)
	case gone:
	case i >= 0:
		j.cookies[i] = c
	default:
		if len(j.cookies) >= maxCookies {
			j.cookies = slices.Delete(j.cookies, 0, 1)
		}
		j.cookies = append(j.cookies, c)
	}
}

// maxAge is what Max-Age is cut to: 400 days (RFC 6265bis, 5.5).
const maxAge = 400 * 24 * 60 * 60

// Cookie returns the value of the header Cookie for a request, "" for none: longer paths first, then those set first
// (RFC 6265, 5.4).
func (j *Jar) Cookie(r *simulate.Request) string { return j.cookie(r, nil) }

func (j *Jar) cookie(r *simulate.Request, besides simulate.Header) string {
	now, host, path := j.now(), hostOf(r.Host), pathOf(r.Target)
	j.mu.Lock()
	j.cookies = slices.DeleteFunc(j.cookies, func(c cookie) bool { return !c.expires.IsZero() && !c.expires.After(now) })
	var sent []cookie
	for _, c := range j.cookies {
		if c.fits(host, path, r.TLS) && !besides.HasCookie(c.name) {
			sent = append(sent, c)
		}
	}
	j.mu.Unlock()
	slices.SortStableFunc(sent, func(a, b cookie) int { return len(b.path) - len(a.path) })
	var b strings.Builder
	for i, c := range sent {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.name)
		b.WriteByte('=')
		b.WriteString(c.value)
	}
	return b.String()
}

func (c *cookie) fits(host, path string, tls bool) bool {
	if c.secure && !tls || c.hostOnly && host != c.domain || !c.hostOnly && !under(host, c.domain) {
		return false
	}
	rest, ok := strings.CutPrefix(path, c.path)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(c.path, "/"))
}

// add returns the headers of a request with its cookies in one header.
func (j *Jar) add(r *simulate.Request) simulate.Header {
	text := j.cookie(r, r.Header)
	if text == "" {
		return r.Header
	}
	h := slices.Clone(r.Header)
	for i := range h {
		if strings.EqualFold(h[i].Name, "Cookie") {
			h[i].Value = strings.TrimSuffix(strings.TrimSpace(h[i].Value), ";") + "; " + text
			return h
		}
	}
	return append(h, simulate.Field{Name: "Cookie", Value: text})
}

// under reports whether a host is a domain or below it.
func under(host, domain string) bool {
	rest, ok := strings.CutSuffix(host, domain)
	return ok && (rest == "" || strings.HasSuffix(rest, ".") && !isAddress(host))
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// hostOf returns a host without its port, in lower case.
func hostOf(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") && (strings.Count(host, ":") == 1 || host[0] == '[') {
		host = host[:i]
	}
	return strings.ToLower(host)
}

func pathOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return path
}

// folderOf is the path of a cookie that does not say one (RFC 6265, 5.1.4).
func folderOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 && path[0] == '/' {
		return path[:i]
	}
	return "/"
}

// cookieTime reads the forms of a date that servers send.
func cookieTime(s string) (time.Time, bool) {
	for _, layout := range [...]string{time.RFC1123, "Mon, 02-Jan-2006 15:04:05 MST", "Mon, 02-Jan-06 15:04:05 MST", time.RFC850, time.ANSIC} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
