package accesslog

import (
	"bytes"
	"strings"
	"time"
)

// parse reads a line of a LogFormat: first where each value is, then what it says.
func (l *layout) parse(p *Parser, line []byte, r *Record) Reason {
	if cap(r.spans) < len(l.ops) {
		r.spans = make([]span, len(l.ops))
	}
	r.spans = r.spans[:len(l.ops)]
	if len(line) < len(l.first) || string(line[:len(l.first)]) != l.first {
		return Misfit
	}
	escaped := bytes.IndexByte(line, '\\') >= 0
	if !l.split(line, r, escaped) {
		// The shortest value was not the right one somewhere: try longer ones, for as long as is reasonable.
		budget := 1<<16 + 8*len(line)
		if !l.search(line, r, 0, len(l.first), &budget) {
			return Misfit
		}
	}
	return l.assign(p, line, r, escaped)
}

// split finds the values, each ending where the text behind it first occurs.
func (l *layout) split(line []byte, r *Record, escaped bool) bool {
	pos := len(l.first)
	for i := range l.ops {
		p := &l.ops[i]
		end := pos
		switch {
		case p.digits:
			for end < len(line) && line[end]-'0' <= 9 {
				end++
			}
			if end == pos || !hasPrefix(line[end:], p.end) {
				if end = p.find(line, pos, pos, escaped, l.lax); end < 0 {
					return false
				}
			}
		case p.simple:
			// A blank or a quote ends it: the same as below, without what other directives need.
			if n := bytes.IndexByte(line[pos:], p.end[0]); n < 0 {
				return false
			} else if end += n; escaped && end > pos && line[end-1] == '\\' || len(p.end) > 1 && !hasPrefix(line[end:], p.end) {
				if end = p.find(line, pos, pos, escaped, l.lax); end < 0 || !p.fits(line[pos:end]) {
					return false
				}
			}
		default:
			if end = p.find(line, pos, pos, escaped, l.lax); end < 0 || !p.fits(line[pos:end]) {
				return false
			}
		}
		r.spans[i] = span{int32(pos), int32(end)}
		pos = end + len(p.end)
	}
	return pos == len(line) || l.lax && line[pos] == ' '
}

// search is split with second thoughts.
func (l *layout) search(line []byte, r *Record, i, pos int, budget *int) bool {
	if i == len(l.ops) {
		return pos == len(line) || l.lax && line[pos] == ' '
	}
	p := &l.ops[i]
	for from := pos; *budget > 0; {
		end := p.find(line, pos, from, true, l.lax)
		if end < 0 {
			return false
		}
		*budget -= 32 + end - pos
		if p.fits(line[pos:end]) {
			r.spans[i] = span{int32(pos), int32(end)}
			if l.search(line, r, i+1, end+len(p.end), budget) {
				return true
			}
		} else if p.charset != anyText {
			return false // longer ones fit no better
		}
		if p.last || p.what == isStrftime || p.width > 0 || p.quoted && p.end[:min(1, len(p.end))] == `"` {
			return false
		}
		from = end + 1
	}
	return false
}

// find returns where the value that begins at pos ends, at from at the earliest, or -1.
func (p *op) find(line []byte, pos, from int, escaped, lax bool) int {
	if p.width > 0 {
		if end := pos + p.width; end+len(p.end) <= len(line) && string(line[end:end+len(p.end)]) == p.end {
			return end
		}
		return -1
	}
	if p.what == isStrftime {
		// What is read now is read once more when the line is known to fit.
		var d dateParts
		n, ok := d.strftime(p.time, line[pos:])
		if !ok || !hasPrefix(line[pos+n:], p.end) {
			return -1
		}
		return pos + n
	}
	if p.end == "" {
		if !p.last {
			if i := bytes.IndexByte(line[min(from, len(line)):], p.stop); i >= 0 {
				return from + i
			}
			return -1
		}
		if lax {
			if i := bytes.IndexByte(line[pos:], ' '); i >= 0 {
				return pos + i
			}
		}
		return len(line)
	}
	if p.last && !lax && p.end[0] != '"' {
		if end := len(line) - len(p.end); end >= from && string(line[end:]) == p.end {
			return end
		}
		return -1
	}
	if p.digits {
		// Digits end by themselves; a single - does as well.
		end := pos
		for end < len(line) && line[end]-'0' <= 9 {
			end++
		}
		if end == pos && end < len(line) && line[end] == '-' {
			for end++; end < len(line) && line[end]-'0' <= 9; end++ {
			}
		}
		if end > pos && end >= from && hasPrefix(line[end:], p.end) {
			return end
		}
		return -1
	}
	first := p.end[0]
	if from == pos && pos < len(line) && line[pos] == '-' && first != '-' && hasPrefix(line[pos+1:], p.end) {
		return pos + 1 // the most frequent of values
	}
	for i := from; i < len(line); i++ {
		n := bytes.IndexByte(line[i:], first)
		if n < 0 {
			return -1
		}
		i += n
		if first == '"' && escaped && isEscaped(line, pos, i) {
			continue
		}
		if len(p.end) == 1 || hasPrefix(line[i:], p.end) {
			return i
		}
		if first == '"' && p.quoted { // httpd escapes quotes, so this one ends the value
			return -1
		}
	}
	return -1
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

// isEscaped reports whether an odd number of backslashes stands before i.
func isEscaped(line []byte, start, i int) bool {
	n := i
	for n > start && line[n-1] == '\\' {
		n--
	}
	return (i-n)%2 == 1
}

// fits reports whether the value may be one of the directive.
func (p *op) fits(v []byte) bool {
	switch p.charset {
	case noBlanks:
		if p.end != " " && bytes.IndexByte(v, ' ') >= 0 {
			return false
		}
	case numeric:
		if len(v) == 0 {
			return false
		}
		if len(v) == 1 && v[0] == '-' {
			return true
		}
		for i, c := range v {
			if (c < '0' || c > '9') && (i > 0 || c != '-') {
				return false
			}
		}
	}
	if p.quoted && p.end != "" && p.end[0] != '"' { // a bare quote would have ended it
		for i, c := range v {
			if c == '"' && !isEscaped(v, 0, i) {
				return false
			}
		}
	}
	return true
}

// assign gives the values to the record.
func (l *layout) assign(p *Parser, line []byte, r *Record, escaped bool) Reason {
	var path, query []byte
	hasPath, hasQuery, noRequest := false, false, false
	if l.dates {
		r.parts = dateParts{year: 1970, month: 1, day: 1}
	}
	for i := range l.ops {
		o := &l.ops[i]
		if o.what == isIgnored {
			continue
		}
		s := r.spans[i]
		v := line[s.a:s.b]
		none := len(v) == 1 && v[0] == '-'
		if none && o.sometimes {
			r.spans[i].a = spanUnlogged
			continue
		}
		if escaped && !none && o.what != isTime && bytes.IndexByte(v, '\\') >= 0 {
			n := unescape(v)
			v = v[:n]
			r.spans[i].b = s.a + int32(n)
		}
		switch o.what {
		case isColumn:
			switch {
			case none:
				r.spans[i].a = spanAbsent
			case o.personal:
				r.spans[i].a = spanDropped
			case !p.opts.KeepQuery:
				if q := bytes.IndexByte(v, '?'); q >= 0 {
					r.spans[i].b = s.a + int32(q+1+dropValues(v[q+1:]))
				}
			}
		case isTime:
			t, ok := r.clock.clf(v)
			if !ok {
				return Misfit
			}
			r.Time = t
			r.mark(FieldTime)
		case isStrftime:
			r.parts.strftime(o.time, v)
		case isFraction:
			n, ok := number(v)
			if !ok {
				return Misfit
			}
			if o.time != "" { // since the epoch
				per := int64(time.Second) / o.unit
				r.parts.isEpoch, r.parts.isSet = true, true
				r.parts.epoch = n / per
				n %= per
			}
			r.parts.nanos = int(n * o.unit)
		case isRequestLine:
			if none || len(v) == 0 {
				noRequest = true
				break
			}
			if reason := p.requestLine(r, v); reason != Read {
				return reason
			}
			hasPath = true
		case isMethod:
			if none {
				noRequest = true
				break
			}
			if !isToken(v) {
				return NotHTTP
			}
			r.Method = v
			r.mark(FieldMethod)
		case isPath, isPathQuery:
			if none {
				noRequest = true
				break
			}
			r.Form = Decoded
			if o.internal {
				r.Form = Internal
			}
			if path, hasPath = v, true; !l.separate {
				p.target(r, v, o.what == isPathQuery)
			}
		case isQuery:
			if query, hasQuery = v, true; none {
				query = nil
			}
		case isStatus:
			if none {
				r.markNone(FieldStatus)
				break
			}
			n, ok := number(v)
			if !ok || n > 999 {
				return Misfit
			}
			r.Status = int(n)
			r.mark(FieldStatus)
		case isBytes:
			if none { // no bytes
				r.mark(FieldBytes)
				break
			}
			n, ok := number(v)
			if !ok {
				return Misfit
			}
			r.Bytes = n
			r.mark(FieldBytes)
		case isElapsed:
			n, ok := number(v)
			if !ok || n > int64(1<<62)/o.unit {
				break // a clock that was set back gives negative numbers
			}
			r.Elapsed = time.Duration(n * o.unit)
			r.mark(FieldElapsed)
		case isClient:
			r.take(FieldClient, &r.Client, v, none, !p.opts.KeepClient)
		case isUser:
			r.take(FieldUser, &r.User, v, none, !p.opts.KeepClient)
		case isUserAgent:
			r.take(FieldUserAgent, &r.UserAgent, v, none, !p.opts.KeepUserAgent)
		case isHost:
			if r.present&(1<<FieldHost) == 0 { // that of a whole URL counts
				r.take(FieldHost, &r.Host, v, none, false)
			}
		case isServer:
			r.take(FieldServer, &r.Server, v, none, false)
		case isPort:
			r.take(FieldPort, &r.Port, v, none, false)
		case isProtocol:
			r.take(FieldProtocol, &r.Protocol, v, none, false)
		case isScheme:
			r.take(FieldScheme, &r.Scheme, v, none, false)
		case isHTTPS:
			r.scheme(len(v) == 2 && v[0] == 'o' && v[1] == 'n')
		case isTLS:
			r.scheme(!none)
		case isAction:
			r.take(FieldAction, &r.Action, v, none, false)
		case isFarmRender:
			if none {
				r.markNone(FieldFarm)
				break
			}
			farm, render, ok := bytes.Cut(v, []byte("/"))
			r.take(FieldFarm, &r.Farm, farm, false, false)
			if ok {
				r.take(FieldRender, &r.Render, render, len(render) == 1 && render[0] == '-', false)
			}
		}
	}
	if l.dates && r.parts.isSet {
		t, ok := r.parts.time()
		if !ok {
			return Misfit
		}
		r.Time = t
		r.mark(FieldTime)
	}
	switch {
	case noRequest:
		return NoRequest
	case !hasPath:
		return NoTarget
	case l.separate && hasQuery && len(query) > 0:
		r.made = r.made[:0]
		r.made = append(append(r.made, path...), query...)
		p.target(r, r.made, true)
	case l.separate:
		p.target(r, path, hasQuery)
	}
	if len(r.Target) == 0 {
		return NoTarget
	}
	return Read
}

func (r *Record) scheme(https bool) {
	n := 0
	if https {
		n = 1
	}
	r.Scheme = schemeBytes[n]
	r.mark(FieldScheme)
}

var schemeBytes = [2][]byte{[]byte("http"), []byte("https")}

// take gives a value to a field.
func (r *Record) take(f Field, to *[]byte, v []byte, none, drop bool) {
	switch {
	case none:
		r.markNone(f)
	case drop:
		r.markDrop(f)
	default:
		*to = v
		r.mark(f)
	}
}

// unescape undoes, in place, what httpd's log writes for bytes that do not print, and returns the length: \" \\ \b \n \r \t
// \v and \xhh. Anything else that follows a backslash stays as it is, with the backslash.
func unescape(v []byte) int {
	n := bytes.IndexByte(v, '\\')
	if n < 0 {
		return len(v)
	}
	for i := n; i < len(v); i++ {
		c := v[i]
		if c == '\\' && i+1 < len(v) {
			switch e := v[i+1]; e {
			case '"', '\\':
				c = e
				i++
			case 'x':
				if i+3 < len(v) {
					if hi, lo := hexDigit(v[i+2]), hexDigit(v[i+3]); hi >= 0 && lo >= 0 {
						c = byte(hi<<4 | lo)
						i += 3
					}
				}
			default:
				if k := strings.IndexByte("bnrtv", e); k >= 0 {
					c = "\b\n\r\t\v"[k]
					i++
				}
			}
		}
		v[n] = c
		n++
	}
	return n
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
