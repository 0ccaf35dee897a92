// Package escape encodes paths as httpd does.
package escape

import "strings"

// Path encodes a path as httpd's ap_os_escape_path does, with small digits: what may not stand in a path, and ? and #.
func Path(path string) string { return encode(path, "0123456789abcdef") }

// ProxyPath encodes a path as mod_proxy does: the same bytes, with capital digits.
func ProxyPath(path string) string { return encode(path, "0123456789ABCDEF") }

// encode allocates nothing for a path that stays as it is.
func encode(path, digits string) string {
	var b []byte
	for i := range len(path) {
		c := path[i]
		if 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("$-_.+!*'(),:;@&=/~", c) >= 0 {
			if b != nil {
				b = append(b, c)
			}
			continue
		}
		if b == nil {
			b = append(make([]byte, 0, len(path)+8), path[:i]...)
		}
		b = append(b, '%', digits[c>>4], digits[c&15])
	}
	if b == nil {
		return path
	}
	return string(b)
}
