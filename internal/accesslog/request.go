package accesslog

import "bytes"

// requestLine takes "METHOD TARGET PROTOCOL" apart. A target may have blanks in it: clients send them, and httpd logs them.
func (p *Parser) requestLine(r *Record, s []byte) Reason {
	i := bytes.IndexByte(s, ' ')
	if i <= 0 || !isToken(s[:i]) {
		return NotHTTP
	}
	r.Method = s[:i]
	r.mark(FieldMethod)
	target := s[i+1:]
	if n := len(target) - len(" HTTP/1.1"); n > 0 && string(target[n:n+6]) == " HTTP/" {
		r.Protocol, target = target[n+1:], target[:n]
		r.mark(FieldProtocol)
	} else if j := bytes.LastIndex(target, []byte(" HTTP/")); j > 0 {
		r.Protocol, target = target[j+1:], target[:j]
		r.mark(FieldProtocol)
	} else {
		r.markNone(FieldProtocol)
	}
	if len(target) == 0 {
		return NotHTTP
	}
	p.target(r, target, true)
	return Read
}

// target takes a URL or a path with its query. wholeQuery says that a target without ? had no query.
func (p *Parser) target(r *Record, t []byte, wholeQuery bool) {
	if len(t) > 0 && t[0] != '/' {
		t = p.authority(r, t)
	}
	q := bytes.IndexByte(t, '?')
	switch {
	case q >= 0:
		r.mark(FieldQuery)
		if !p.opts.KeepQuery {
			n := dropValues(t[q+1:])
			if q+1+n < len(t) {
				t = t[:q+1+n]
				r.markDrop(FieldQuery)
			}
		}
	case wholeQuery:
		r.markNone(FieldQuery)
	}
	r.Target = t
	r.mark(FieldTarget)
}

// authority takes "scheme://host" off a whole URL. Anything else, such as * of OPTIONS, stays as it is.
func (p *Parser) authority(r *Record, t []byte) []byte {
	i := bytes.Index(t, []byte("://"))
	if i <= 0 || i > 10 || !isToken(t[:i]) {
		return t
	}
	rest := t[i+3:]
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	host := rest[:end]
	if at := bytes.LastIndexByte(host, '@'); at >= 0 { // name and password of a user
		host = host[at+1:]
	}
	if len(host) == 0 {
		return t
	}
	r.Scheme, r.Host = t[:i], host
	r.mark(FieldScheme)
	r.mark(FieldHost)
	rest = rest[end:]
	if hash := bytes.IndexByte(rest, '#'); hash >= 0 { // never sent
		rest = rest[:hash]
	}
	if len(rest) == 0 || rest[0] != '/' {
		// The byte before is the last of the host, which stands in Host: make room elsewhere.
		r.made = append(append(r.made[:0], '/'), rest...)
		rest = r.made
	}
	return rest
}

// dropValues takes the values out of a query, in place, and returns how much is left: "a=1&b=2&c" becomes "a=&b=&c". What
// stands in front of the first = is the name; the Dispatcher separates parameters at & alone.
func dropValues(q []byte) int {
	n := 0
	for i := 0; i < len(q); {
		end := bytes.IndexByte(q[i:], '&')
		if end < 0 {
			end = len(q)
		} else {
			end += i
		}
		name := end
		if eq := bytes.IndexByte(q[i:end], '='); eq >= 0 {
			name = i + eq + 1
		}
		n += copy(q[n:], q[i:name])
		if end < len(q) {
			q[n] = '&'
			n++
		}
		i = end + 1
	}
	return n
}

// isToken reports whether s is a token of HTTP (RFC 9110, 5.6.2), which a method must be.
func isToken(s []byte) bool {
	for _, c := range s {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '-' || c == '_' || c == '.' || c == '!' || c == '#' || c == '$' || c == '%' || c == '&' || c == '\'' ||
			c == '*' || c == '+' || c == '^' || c == '`' || c == '|' || c == '~':
		default:
			return false
		}
	}
	return len(s) > 0
}

// number reads digits alone, at most 18 of them.
func number(s []byte) (int64, bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
