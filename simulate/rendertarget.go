package simulate

import "strings"

// renderTarget returns what is asked of the render: the path, encoded again, and the query as the client sent it. With
// DispatcherNoCanonURL it is the path as the client sent it, too. It allocates only where something is to be encoded.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md (DispatcherNoCanonURL) and release-notes.md
// (DISP-704).
func (x *Exchange) renderTarget() string {
	r, d := x.Request, x.Decision
	if x.directives().NoCanonURL {
		return rawTarget(r.Target)
	}
	raw := r.Target
	if x.directives().UseProcessedURL && r.Processed != "" {
		raw = r.Processed
	}
	path := x.encodedPath(raw)
	if !d.HasQuery {
		return path
	}
	if n := len(raw) - len(path) - len(d.Query) - 1; n >= 0 {
		if end := raw[n:]; end[:len(path)] == path && end[len(path)] == '?' && end[len(path)+1:] == d.Query {
			return end
		}
	}
	return path + "?" + d.Query
}

// rawTarget returns path and query of a target as they were sent.
func rawTarget(s string) string {
	if s == "" || s[0] == '/' {
		return s
	}
	_, rest, ok := cutScheme(s)
	if !ok {
		return s
	}
	_, path := cutAuthority(rest)
	if path == "" || path[0] != '/' {
		return "/" + path
	}
	return path
}

// encodedKinds are the kinds of bytes that may have to be encoded, or to be looked up in the target.
const encodedKinds = signature(1<<kindOther | 1<<kindOpen | 1<<kindShut | 1<<kindPercent | 1<<kindControl)

// encodedPath encodes the URI again, as httpd does: all but letters, digits and a few signs, with lower-case digits.
// Two things have to be looked up in the target: %2b, which is sent as it came since 4.3.0 and as + before (DISP-704),
// and %25, which must not make an encoded slash of %252f.
func (x *Exchange) encodedPath(raw string) string {
	uri := x.Decision.URI
	if x.signature&encodedKinds == 0 {
		return uri
	}
	if i := strings.IndexByte(raw, '?'); i >= 0 {
		raw = raw[:i]
	}
	if strings.IndexByte(raw, '%') < 0 {
		return encodePath(uri, 0, 0)
	}
	var t target
	splitTarget(raw, &t)
	plus, percent := x.at(disp704) && containsFold(t.path, "%2b"), strings.Contains(t.path, "%25")
	if !plus && !percent {
		return encodePath(uri, 0, 0)
	}
	// Each is marked with a byte that the path does not hold, and the path is cleaned again.
	p, q := unusedBytes(t.path, uri)
	if p == 0 || q == 0 {
		return encodePath(uri, 0, 0)
	}
	marked := t.path
	if plus {
		marked = strings.ReplaceAll(strings.ReplaceAll(marked, "%2b", escapeByte(p)), "%2B", escapeByte(p))
	}
	if percent {
		marked = strings.ReplaceAll(marked, "%25", escapeByte(q))
	}
	clean, reason := cleanPath(marked, x.engine.options.EncodedSlashes, x.at(v431))
	if reason != "" || strings.NewReplacer(string([]byte{p}), "+", string([]byte{q}), "%").Replace(clean) != uri {
		return encodePath(uri, 0, 0) // the URI was not made of this target
	}
	return encodePath(clean, p, q)
}

// containsFold reports whether s contains an escape with lower-case digits, whatever their case in s.
func containsFold(s, escape string) bool {
	return strings.Contains(s, escape) || strings.Contains(s, strings.ToUpper(escape))
}

// unusedBytes returns two control characters that neither a path nor its decoded form holds, 0 where there are none.
func unusedBytes(path, uri string) (p, q byte) {
	for c := byte(1); c < ' '; c++ {
		if strings.IndexByte(uri, c) >= 0 || strings.IndexByte(path, c) >= 0 || containsFold(path, escapeByte(c)) {
			continue
		}
		if p != 0 {
			return p, c
		}
		p = c
	}
	return p, 0
}

const hexDigits = "0123456789abcdef"

func escapeByte(c byte) string { return string([]byte{'%', hexDigits[c>>4], hexDigits[c&15]}) }

// encodePath encodes a path. The bytes plus and percent, where they are not 0, stand for %2b and %25.
func encodePath(path string, plus, percent byte) string {
	n := 0
	for i := range len(path) {
		if !sentPlain(path, i) {
			n++
		}
	}
	if n == 0 {
		return path
	}
	b := make([]byte, 0, len(path)+2*n)
	for i := range len(path) {
		c := path[i]
		switch {
		case sentPlain(path, i):
			b = append(b, c)
			continue
		case c == plus:
			c = '+'
		case c == percent:
			c = '%'
		}
		b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
	}
	return string(b)
}

// sentPlain reports whether the byte of a path at i is sent as it is. An encoded slash that httpd left is one.
func sentPlain(path string, i int) bool {
	c := path[i]
	switch {
	case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9':
		return true
	case c == '%':
		return i+2 < len(path) && path[i+1] == '2' && path[i+2]|0x20 == 'f'
	}
	return strings.IndexByte("$-_.+!*'(),:;@&=/~", c) >= 0
}
