package accesslog

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// cdn reads a line of the CDN's log: one flat JSON object. Keys that are not known, such as those that forwarding adds, are
// passed over. An object in "event", as some collectors wrap it, is read as if it stood there.
func (p *Parser) cdn(line []byte, r *Record) Reason {
	escaped := bytes.IndexByte(line, '\\') >= 0
	end, ok := p.cdnObject(line, skipBlanks(line, 0), r, escaped, 0)
	if !ok {
		return Misfit
	}
	if end = skipBlanks(line, end); end < len(line) && line[end] == ',' { // lines of a JSON array
		end = skipBlanks(line, end+1)
	}
	switch {
	case end < len(line):
		return Misfit
	case len(r.Target) == 0:
		return NoTarget
	}
	return Read
}

// cdnObject reads the object that begins at i, and returns where it ends.
func (p *Parser) cdnObject(line []byte, i int, r *Record, escaped bool, depth int) (int, bool) {
	if i >= len(line) || line[i] != '{' {
		return 0, false
	}
	i = skipBlanks(line, i+1)
	if i < len(line) && line[i] == '}' {
		return i + 1, true
	}
	for {
		key, after, ok := jsonString(line, i, escaped)
		if !ok {
			return 0, false
		}
		if i = skipBlanks(line, after); i >= len(line) || line[i] != ':' {
			return 0, false
		}
		if i = skipBlanks(line, i+1); i >= len(line) {
			return 0, false
		}
		switch c := line[i]; {
		case c == '"':
			v, after, ok := jsonString(line, i, escaped)
			if !ok || !p.cdnValue(r, key, v) {
				return 0, false
			}
			i = after
		case c == '{' && depth == 0 && string(key) == "event":
			if i, ok = p.cdnObject(line, i, r, escaped, depth+1); !ok {
				return 0, false
			}
		case c == '{' || c == '[':
			if i, ok = skipNested(line, i); !ok {
				return 0, false
			}
		default:
			start := i
			for i < len(line) && line[i] != ',' && line[i] != '}' && line[i] > ' ' {
				i++
			}
			if !isScalar(line[start:i]) || !p.cdnValue(r, key, line[start:i]) {
				return 0, false
			}
		}
		if i = skipBlanks(line, i); i >= len(line) {
			return 0, false
		}
		switch line[i] {
		case ',':
			i = skipBlanks(line, i+1)
		case '}':
			return i + 1, true
		default:
			return 0, false
		}
	}
}

// cdnValue gives one value to the record. It reports false for one that the key cannot have.
func (p *Parser) cdnValue(r *Record, key, v []byte) bool {
	none := len(v) == 0 || string(v) == "null" || string(v) == "-"
	switch string(key) {
	case "timestamp":
		if none {
			return true
		}
		t, ok := r.clock.iso(v)
		if !ok {
			return false
		}
		r.Time = t
		r.mark(FieldTime)
	case "url":
		if !none {
			p.target(r, v, true)
		}
	case "host":
		if r.present&(1<<FieldHost) == 0 {
			r.take(FieldHost, &r.Host, v, none, false)
		}
	case "method":
		if !none && !isToken(v) {
			return false
		}
		r.take(FieldMethod, &r.Method, v, none, false)
	case "status":
		if none {
			r.markNone(FieldStatus)
			return true
		}
		n, ok := number(v)
		if !ok || n > 999 {
			return false
		}
		r.Status = int(n)
		r.mark(FieldStatus)
	case "cache":
		r.CDNCache = nil
		r.take(FieldCDNCache, &r.CDNCache, v, none, false)
	case "cli_ip":
		r.take(FieldClient, &r.Client, v, none, !p.opts.KeepClient)
	case "req_ua":
		r.take(FieldUserAgent, &r.UserAgent, v, none, !p.opts.KeepUserAgent)
	}
	return true
}

func skipBlanks(s []byte, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// isScalar reports whether s is a number of JSON, near enough, or true, false or null.
func isScalar(s []byte) bool {
	switch string(s) {
	case "true", "false", "null":
		return true
	}
	for _, c := range s {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return false
		}
	}
	return len(s) > 0
}

// jsonString reads the string that begins at i; its escapes are undone in place. end is behind the quote. escaped says that
// there are backslashes in the line.
func jsonString(line []byte, i int, escaped bool) (s []byte, end int, ok bool) {
	if i >= len(line) || line[i] != '"' {
		return nil, 0, false
	}
	i++
	n := bytes.IndexByte(line[i:], '"')
	if n < 0 {
		return nil, 0, false
	}
	if s = line[i : i+n]; !escaped || bytes.IndexByte(s, '\\') < 0 {
		return s, i + n + 1, true
	}
	for end = i; end < len(line) && line[end] != '"'; end++ {
		if line[end] == '\\' {
			end++
		}
	}
	if end >= len(line) {
		return nil, 0, false
	}
	s = line[i:end]
	if n, ok = unescapeJSON(s); !ok {
		return nil, 0, false
	}
	return s[:n], end + 1, true
}

// unescapeJSON undoes escapes in place: what it writes is never longer. Half of a pair of surrogates becomes U+FFFD.
func unescapeJSON(s []byte) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '\\' {
			s[n] = c
			n++
			continue
		}
		if i++; i == len(s) {
			return 0, false
		}
		switch s[i] {
		case '"', '\\', '/':
			s[n] = s[i]
		case 'b':
			s[n] = '\b'
		case 'f':
			s[n] = '\f'
		case 'n':
			s[n] = '\n'
		case 'r':
			s[n] = '\r'
		case 't':
			s[n] = '\t'
		case 'u':
			v, ok := hex4(s[i+1:])
			if !ok {
				return 0, false
			}
			i += 4
			if utf16.IsSurrogate(v) {
				pair := rune(utf8.RuneError)
				if len(s) > i+6 && s[i+1] == '\\' && s[i+2] == 'u' {
					if low, ok := hex4(s[i+3:]); ok {
						if pair = utf16.DecodeRune(v, low); pair != utf8.RuneError {
							i += 6
						}
					}
				}
				v = pair
			}
			n += utf8.EncodeRune(s[n:], v)
			continue
		default:
			return 0, false
		}
		n++
	}
	return n, true
}

func hex4(s []byte) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var v rune
	for _, c := range s[:4] {
		h := hexDigit(c)
		if h < 0 {
			return 0, false
		}
		v = v<<4 | rune(h)
	}
	return v, true
}

// skipNested passes over an object or a list: brackets are counted, strings are passed over whole.
func skipNested(line []byte, i int) (int, bool) {
	for depth := 0; i < len(line); i++ {
		switch line[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		case '"':
			for i++; i < len(line) && line[i] != '"'; i++ {
				if line[i] == '\\' {
					i++
				}
			}
		}
	}
	return 0, false
}
