package simulate

import "strings"

// EncodedSlashes is what httpd does with %2F in a path: the values of its directive AllowEncodedSlashes
// (httpd.apache.org/docs/2.4, core).
type EncodedSlashes uint8

// The values of AllowEncodedSlashes. Adobe's own httpd configurations say NoDecode (adobe/aem-project-archetype,
// default.vhost), which is why it comes first.
const (
	KeepEncodedSlashes   EncodedSlashes = iota // NoDecode: %2F stays as it is
	DecodeEncodedSlashes                       // On: %2F is a slash
	RefuseEncodedSlashes                       // Off: 404
)

// A target is a request target, split.
type target struct {
	host     string // of an absolute target, with its port; else ""
	path     string // of an absolute target it is at least "/"
	query    string
	hasQuery bool
	// signature is that of the path.
	signature signature
	// rough says that the path may have segments to take out: a // or a /. is in it.
	rough bool
}

// splitTarget splits a request target. A fragment, which no client sends, is cut off. The path is read once, byte by
// byte, for all that is to be known about it.
func splitTarget(s string, t *target) {
	*t = target{}
	path := s
	if s != "" && s[0] != '/' {
		path = t.cutHost(s)
	}
	if i := strings.IndexByte(path, '#'); i >= 0 {
		path = path[:i]
	}
	if i := strings.IndexByte(path, '?'); i >= 0 {
		t.query, t.hasQuery = path[i+1:], true
		path = path[:i]
	}
	var sig signature
	var before, rough uint8
	for i := range len(path) {
		m := marks[path[i]]
		sig |= 1 << (m & kindMask)
		rough |= before << 1 & m // markSlash of the byte before meets markSegment
		before = m
	}
	t.path, t.signature, t.rough = path, sig, rough&markSegment != 0
}

// cutHost takes scheme and host off an absolute target and returns the rest, which starts with a slash.
func (t *target) cutHost(s string) string {
	_, rest, ok := cutScheme(s)
	if !ok {
		return s
	}
	authority, path := cutAuthority(rest)
	t.host = authority
	if _, after, ok := strings.Cut(authority, "@"); ok {
		t.host = after
	}
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	return path
}

// isClean reports whether cleaning would leave the path as it is.
func isClean(path string, mergeSlashes bool) bool {
	return strings.IndexByte(path, '%') < 0 && !hasDotSegment(path) && !(mergeSlashes && strings.Contains(path, "//"))
}

// hasDotSegment reports whether a segment of the path is "." or "..".
func hasDotSegment(path string) bool {
	for {
		i := strings.Index(path, "/.")
		if i < 0 {
			return false
		}
		path = path[i+1:]
		if dotSegment(path) > 0 {
			return true
		}
	}
}

// CleanPath decodes and cleans the path of a request target as httpd does before anything else looks at it. The reason is
// "" where httpd goes on with what is returned, else why it refuses the request: [BadEscape], [AboveRoot] and [BadTarget]
// are answered with 400, [NULByte] and [EncodedSlash] with 404.
func CleanPath(path string, slashes EncodedSlashes, mergeSlashes bool) (string, Reason) {
	return cleanPath(path, slashes, mergeSlashes)
}

// cleanPath decodes a path and takes out "." and ".." segments and, where mergeSlashes is set, repeated slashes.
// Where httpd would not pass the request on, the reason says why and the path is what was sent.
//
// This is what httpd 2.4.71 does before any module sees the URI: unreserved characters are decoded first, so that
// %2e%2e counts as dots, then the segments are taken out, then the rest is decoded. A ".." above the root answers
// 400, as does a percent sign without two hexadecimal digits; a NUL byte answers 404.
func cleanPath(path string, slashes EncodedSlashes, mergeSlashes bool) (string, Reason) {
	if path == "*" {
		return path, ""
	}
	if path == "" || path[0] != '/' {
		return path, BadTarget
	}
	if isClean(path, mergeSlashes) {
		return path, ""
	}
	b, reason := decodeUnreserved([]byte(path))
	if reason != "" {
		return path, reason
	}
	b, above := removeSegments(b, mergeSlashes)
	if above {
		return path, AboveRoot
	}
	if b, reason = decodeRest(b, slashes); reason != "" {
		return path, reason
	}
	if slashes == DecodeEncodedSlashes {
		// A decoded slash may have made new segments; httpd does not ask here whether they lead above the root.
		b, _ = removeSegments(b, mergeSlashes)
	}
	return string(b), ""
}

// decodeUnreserved decodes letters, digits and - . _ ~, in place.
func decodeUnreserved(b []byte) ([]byte, Reason) {
	w := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '%' {
			d, ok := unhex(b, i)
			if !ok {
				return b, BadEscape
			}
			if isUnreserved(d) {
				c = d
				i += 2
			}
		}
		b[w] = c
		w++
	}
	return b[:w], ""
}

// decodeRest decodes all that is left, in place.
func decodeRest(b []byte, slashes EncodedSlashes) ([]byte, Reason) {
	w := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '%' {
			d, _ := unhex(b, i)
			switch {
			case d == 0:
				return b, NULByte
			case d == '/' && slashes == RefuseEncodedSlashes:
				return b, EncodedSlash
			case d == '/' && slashes == KeepEncodedSlashes:
				w += copy(b[w:], b[i:i+3])
				i += 2
				continue
			}
			c = d
			i += 2
		}
		b[w] = c
		w++
	}
	return b[:w], ""
}

// removeSegments takes out "." and ".." segments and repeated slashes, in place, and reports whether a ".." led
// above the root.
func removeSegments(b []byte, mergeSlashes bool) (out []byte, above bool) {
	w := 0
	for l := 0; l < len(b); {
		if w == 0 || b[w-1] == '/' {
			if mergeSlashes && w > 0 && b[l] == '/' {
				l++
				continue
			}
			if n := dotSegment(b[l:]); n > 0 {
				if n == 2 {
					if w > 1 {
						for w--; w > 0 && b[w-1] != '/'; w-- {
						}
					} else {
						above = true
					}
				}
				l = min(l+n+1, len(b)) // the dots and the slash after them
				continue
			}
		}
		b[w] = b[l]
		w++
		l++
	}
	return b[:w], above
}

// dotSegment returns how many dots make up the segment that b starts with: 1, 2, or 0 for another segment.
func dotSegment[T string | []byte](b T) int {
	n := 0
	for n < len(b) && b[n] == '.' {
		n++
	}
	if n == 0 || n > 2 || n < len(b) && b[n] != '/' {
		return 0
	}
	return n
}

// unhex decodes the %XX at b[i:].
func unhex(b []byte, i int) (byte, bool) {
	if i+2 >= len(b) {
		return 0, false
	}
	hi, lo := hexDigit(b[i+1]), hexDigit(b[i+2])
	return hi<<4 | lo, hi < 16 && lo < 16
}

func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}

func isUnreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// escapePath writes a path the way it stands in a log: encoded, with lower-case digits as httpd has them
// (AdobeDocs/experience-manager-dispatcher.en, issue 32). An encoded slash, which httpd leaves as it was sent
// ([KeepEncodedSlashes]), is not encoded twice.
func escapePath(path string) string {
	n := 0
	for i := range len(path) {
		if !plainAt(path, i) {
			n++
		}
	}
	if n == 0 {
		return path
	}
	b := make([]byte, 0, len(path)+2*n)
	for i := range len(path) {
		if c := path[i]; plainAt(path, i) {
			b = append(b, c)
		} else {
			b = append(b, '%', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return string(b)
}

// plainAt reports whether the byte of a path at i stands for itself in a log.
func plainAt(path string, i int) bool {
	return plainInPath(path[i]) || path[i] == '%' && i+2 < len(path) && path[i+1] == '2' && path[i+2]|0x20 == 'f'
}

// plainInPath reports whether a byte of a path stands for itself in a log. What a target may hold stays as it is; what
// it may not, or what would end the path, is encoded.
func plainInPath(c byte) bool {
	return c > ' ' && c < 0x7f && c != '%' && c != '?' && c != '#' && c != '"'
}

// hasControl reports whether a text holds a blank or a control character. Eight bytes are looked at in one step.
func hasControl(s string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for len(s) >= 8 {
		v := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		del := v ^ 0x7f*ones
		if ((v-0x21*ones)&^v|(del-ones)&^del)&tops != 0 {
			return true
		}
		s = s[8:]
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}
