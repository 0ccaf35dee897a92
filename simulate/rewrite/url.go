package rewrite

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/escape"
	"github.com/dispcheck/dispcheck/model/server"
)

// absolute returns how long the scheme of a URL is with what separates it from the rest, or 0 for a path.
func absolute(s string) int {
	if s == "" || s[0] == '/' {
		return 0
	}
	i := strings.IndexByte(s, ':')
	if i < 2 || i > 8 {
		return 0
	}
	scheme := s[:i]
	if strings.HasPrefix(s[i:], "://") {
		switch strings.ToLower(scheme) {
		case "ajp", "balancer", "ftp", "fcgi", "gopher", "h2", "h2c", "http", "https", "ldap", "nntp", "scgi", "uwsgi", "ws", "wss":
			return i + 3
		}
		return 0
	}
	switch strings.ToLower(scheme) {
	case "mailto", "news":
		return i + 1
	}
	return 0
}

// hasQueries reports whether a query means something in a URL of the scheme.
func hasQueries(s string) bool {
	scheme, _, _ := strings.Cut(s, ":")
	switch strings.ToLower(scheme) {
	case "ldap", "news", "nntp", "gopher", "ftp":
		return false
	}
	return true
}

// escapeAbsolute encodes the path of a URL.
func escapeAbsolute(url string) string {
	skip := absolute(url)
	if skip == 0 {
		return escape.Path(url)
	}
	if url[skip-1] == '/' {
		i := strings.IndexByte(url[skip:], '/')
		if i < 0 {
			return url
		}
		skip += i + 1
	}
	if path := escape.Path(url[skip:]); len(path) != len(url)-skip { // else nothing was encoded
		return url[:skip] + path
	}
	return url
}

const hexDigits = "0123456789abcdef"

// escapeReference encodes what a reference stands for, as the flag B asks.
func escapeReference(s string, f *server.RewriteFlags) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		escape := !alphanumeric(c) && c != '_'
		switch {
		case f.EscapeCTLs:
			escape = c < ' ' || c == ' ' || c == 0x7f
		case f.EscapeOnly != "":
			escape = strings.IndexByte(f.EscapeOnly, c) >= 0
		}
		if escape && f.EscapeNot != "" && strings.IndexByte(f.EscapeNot, c) >= 0 {
			escape = false
		}
		switch {
		case !escape:
			b.WriteByte(c)
		case c == ' ' && f.EscapeBlankAsPlus:
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

func alphanumeric(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// unescape decodes %XX; what is no such sequence stays.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := hexValue(s[i+1]), hexValue(s[i+2])
			if hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// canonicalURL writes a URL as mod_proxy does before it connects; without escape its path stays as it is.
func canonicalURL(url string, escape bool) string {
	i := strings.Index(url, "://")
	if i < 0 {
		return url
	}
	scheme, rest := strings.ToLower(url[:i]), url[i+3:]
	authority, path := rest, "/"
	if j := strings.IndexByte(rest, '/'); j >= 0 {
		authority, path = rest[:j], rest[j:]
	}
	if k := strings.LastIndexByte(authority, ':'); k >= 0 {
		port := authority[k+1:]
		if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
			authority = authority[:k]
		}
	}
	if escape {
		path = CanonicalPath(path)
	}
	return scheme + "://" + strings.ToLower(authority) + path
}

// CanonicalPath encodes the path of a URL as mod_proxy does: what may not stand in it, in capital digits.
func CanonicalPath(path string) string { return escape.ProxyPath(path) }
