package simulate

import "strings"

// RefusedPath is the path that httpd has of a target that [CleanPath] refuses, as its log and the variables of an error
// document show it: cleaned as far as that goes. A path with a NUL byte ends there.
//
// Source: recorded from httpd 2.4.71.
func RefusedPath(path string, reason Reason, slashes EncodedSlashes, mergeSlashes bool) string {
	if path == "" || path[0] != '/' {
		return path
	}
	sent, b := []byte(path), make([]byte, 0, len(path))
	for i := 0; i < len(sent); i++ {
		c := sent[i]
		if d, ok := unhex(sent, i); c == '%' && ok && isUnreserved(d) {
			c = d
			i += 2
		}
		b = append(b, c)
	}
	b, _ = removeSegments(b, mergeSlashes)
	if reason != NULByte && reason != EncodedSlash {
		return string(b)
	}
	w := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if d, ok := unhex(b, i); c == '%' && ok && !(d == '/' && slashes == KeepEncodedSlashes) {
			c = d
			i += 2
		}
		b[w] = c
		w++
	}
	whole, _, _ := strings.Cut(string(b[:w]), "\x00")
	return whole
}
