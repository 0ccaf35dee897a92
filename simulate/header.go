package simulate

import "strings"

// A Field is one header of a request or an answer.
type Field struct{ Name, Value string }

// A Header is the headers of a message in their order. Names are compared without regard to letter case.
type Header []Field

// Value returns the first value of a header and whether there is one.
func (h Header) Value(name string) (string, bool) {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return h[i].Value, true
		}
	}
	return "", false
}

// Has reports whether there is a header of that name.
func (h Header) Has(name string) bool {
	_, ok := h.Value(name)
	return ok
}

// HasCookie reports whether a Cookie header names a cookie, whatever its value.
func (h Header) HasCookie(name string) bool {
	_, ok := h.Cookie(name)
	return ok
}

// Cookie returns the value of the first cookie of a name, and whether there is one. Names of cookies are compared byte by
// byte (RFC 6265).
func (h Header) Cookie(name string) (string, bool) {
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Cookie") {
			continue
		}
		rest := h[i].Value
		for rest != "" {
			var pair string
			pair, rest, _ = strings.Cut(rest, ";")
			if key, value, ok := strings.Cut(strings.TrimLeft(pair, " \t"), "="); ok && strings.TrimRight(key, " \t") == name {
				return strings.TrimSpace(value), true
			}
		}
	}
	return "", false
}
