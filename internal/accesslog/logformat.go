package accesslog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// what says which part of a record a directive is.
type what uint8

const (
	isColumn what = iota // none: it is kept by position
	isIgnored
	isClient
	isUser
	isTime     // %t, without its brackets
	isStrftime // %{format}t
	isFraction // %{msec_frac}t, %{usec_frac}t
	isRequestLine
	isMethod
	isPath
	isPathQuery // %U and %q with nothing between them
	isQuery
	isProtocol
	isStatus
	isBytes
	isHost
	isServer
	isPort
	isScheme
	isHTTPS // "on" where the scheme is https
	isTLS   // anything where the scheme is https
	isUserAgent
	isElapsed
	isFarmRender
	isAction
)

// A charset says which bytes a value may have, where that tells values apart.
type charset uint8

const (
	anyText charset = iota
	noBlanks
	numeric // digits, or - alone
)

// An op reads one directive and the text after it.
type op struct {
	what      what
	charset   charset
	end       string // the text behind, "" only at the end of the line or before stop
	quoted    bool   // the value stands between quotes, so no bare quote is in it
	stop      byte   // without a text behind: where the value of the next directive begins
	last      bool
	digits    bool // numeric, and what follows cannot be mistaken for a part of it
	simple    bool // where the first byte of end is, there the value ends, and it may have any bytes before
	sometimes bool // a list of statuses, so that - says nothing
	internal  bool // the path is the module's, not httpd's
	final     bool // %>s
	column    int
	personal  bool // the column's value is dropped
	unit      int64
	width     int    // in bytes, where it is always the same
	time      string // of strftime
	directive string
}

// A Column is a directive that a record keeps by position, because no field of it is meant for that.
type Column struct {
	// Directive is as in the format: %{Accept}i.
	Directive string
	// Letter is the last one of the directive, i for a request header, o for one of the answer, e for a variable.
	Letter byte
	// Name is what stands in its braces.
	Name string

	op int
}

// A layout is a LogFormat, compiled.
type layout struct {
	first   string
	ops     []op
	columns []Column
	// lax lets more follow the last directive: servers append to the well-known formats.
	lax bool
	// dates: times are put together from several directives.
	dates bool
	// separate: path and query are put together.
	separate bool
}

// A directive as it stands in a format.
type directive struct {
	before string // the text in front
	text   string
	letter string // s, ti, FB
	name   string
	mod    string // < or >
	cond   bool
}

// compile reads a format. It may have the quoting of the configuration file, or be a whole LogFormat directive.
func compile(format string, o *Options) (*layout, error) {
	text, err := unquoteFormat(format)
	if err != nil {
		return nil, err
	}
	ds, tail, err := directives(text)
	if err != nil {
		return nil, err
	}
	if len(ds) == 0 {
		return nil, fmt.Errorf("log format %q has no directive: write one such as %%h %%l %%u %%t \"%%r\" %%>s %%b", format)
	}
	l := &layout{}
	next := ds[0].before
	quotes := 0
	for i := range ds {
		d := &ds[i]
		p := op{column: -1, directive: d.text, sometimes: d.cond}
		before, after := d.before, tail
		if i+1 < len(ds) {
			after = ds[i+1].before
		}
		quotes += strings.Count(before, `"`)
		p.quoted = quotes%2 == 1
		p.set(d)
		if p.what == isTime { // httpd writes the brackets
			next += "["
			after = "]" + after
		}
		if i == 0 {
			l.first = next
		} else if len(l.ops) > 0 {
			l.ops[len(l.ops)-1].end = next
		}
		next = after
		if p.what == isQuery && d.before == "" && len(l.ops) > 0 && l.ops[len(l.ops)-1].what == isPath {
			l.ops[len(l.ops)-1].what = isPathQuery
			l.ops[len(l.ops)-1].directive += d.text
			continue
		}
		if p.what == isColumn {
			p.column = len(l.columns)
			l.columns = append(l.columns, Column{Directive: d.text, Letter: d.letter[len(d.letter)-1], Name: d.name, op: len(l.ops)})
			p.personal = personal(d, o)
		}
		if p.what == isStrftime {
			if p.time, err = expandStrftime(p.time); err != nil {
				return nil, err
			}
		}
		l.ops = append(l.ops, p)
	}
	l.ops[len(l.ops)-1].end = next
	l.ops[len(l.ops)-1].last = true
	return l, l.settle(format)
}

// settle checks that values can be told apart, and that the format says what was requested.
func (l *layout) settle(format string) error {
	var requestLine, path, status bool
	for i := range l.ops {
		p := &l.ops[i]
		switch p.what {
		case isStrftime, isFraction:
			l.dates = true
		case isRequestLine:
			requestLine = true
		case isPath, isPathQuery:
			path = true
		case isQuery:
			l.separate = true
		case isStatus:
			if status && !p.final { // %s beside %>s
				p.what = isIgnored
			}
			status = true
		}
		p.digits = p.charset == numeric && p.width == 0 && !p.last && p.end != "" && (p.end[0] < '0' || p.end[0] > '9')
		p.simple = p.end != "" && p.width == 0 && p.what != isStrftime &&
			(p.end[0] == '"' && p.quoted && p.charset == anyText || p.end[0] == ' ' && !p.quoted && !p.last && (p.charset == anyText || p.end == " "))
		if p.end != "" || p.last || p.what == isStrftime || p.width > 0 {
			continue
		}
		switch n := &l.ops[i+1]; n.what {
		case isPath, isPathQuery:
			p.stop = '/'
		case isQuery:
			p.stop = '?'
		default:
			return fmt.Errorf("log format %q: nothing stands between %s and %s, so that nobody can tell where one ends: put a blank between them",
				format, p.directive, n.directive)
		}
	}
	if l.separate && slices.ContainsFunc(l.ops, func(p op) bool { return p.what == isPathQuery }) {
		l.separate = false
		for i := range l.ops {
			if l.ops[i].what == isQuery {
				l.ops[i].what = isIgnored
			}
		}
	}
	if requestLine { // it has all, and as it was sent
		for i := range l.ops {
			switch p := &l.ops[i]; p.what {
			case isMethod, isPath, isPathQuery, isQuery, isProtocol:
				p.what = isIgnored
			}
		}
		l.separate = false
	} else if !path {
		return fmt.Errorf("log format %q does not say what was requested: it needs %%r, or %%U with %%q", format)
	}
	// The final status counts, wherever it stands.
	last := -1
	for i := range l.ops {
		if l.ops[i].what == isStatus {
			if last >= 0 {
				l.ops[last].what = isIgnored
			}
			last = i
		}
	}
	return nil
}

// set says what a directive is.
func (p *op) set(d *directive) {
	header := strings.ToLower(d.name)
	p.charset = noBlanks
	switch d.letter {
	case "h":
		p.what = isClient
	case "a":
		if p.what = isClient; d.name == "c" { // the peer's address, which may be a proxy's
			p.what, p.charset = isColumn, noBlanks
		}
	case "l":
		p.what, p.charset = isIgnored, anyText
	case "u":
		p.what, p.charset = isUser, anyText
	case "t":
		p.setTime(d.name)
	case "r":
		p.what, p.charset = isRequestLine, anyText
	case "m":
		p.what = isMethod
	case "U":
		p.what, p.charset = isPath, anyText
	case "q":
		p.what, p.charset = isQuery, anyText
	case "H":
		p.what = isProtocol
	case "s":
		p.what, p.charset, p.final = isStatus, numeric, d.mod == ">"
	case "b", "B":
		p.what, p.charset = isBytes, numeric
	case "v", "V":
		p.what = isServer
	case "p":
		if p.what, p.charset = isPort, numeric; d.name != "" && d.name != "canonical" {
			p.what = isColumn
		}
	case "D":
		p.what, p.charset, p.unit = isElapsed, numeric, 1e3
	case "T":
		p.what, p.charset = isElapsed, numeric
		switch d.name {
		case "us":
			p.unit = 1e3
		case "ms":
			p.unit = 1e6
		default:
			p.unit = 1e9
		}
	case "i":
		p.what, p.charset = isColumn, anyText
		switch header {
		case "host":
			p.what = isHost
		case "user-agent":
			p.what = isUserAgent
		}
	case "e":
		p.what, p.charset = isColumn, anyText
		switch d.name {
		case "REMOTE_ADDR", "REMOTE_HOST":
			p.what = isClient
		case "REMOTE_USER":
			p.what = isUser
		case "REQUEST_METHOD":
			p.what = isMethod
		case "REQUEST_SCHEME":
			p.what = isScheme
		case "SERVER_NAME":
			p.what = isServer
		case "HTTP_HOST":
			p.what = isHost
		case "HTTP_USER_AGENT":
			p.what = isUserAgent
		case "HTTPS":
			p.what = isHTTPS
		case "dispatcher:uri":
			p.what, p.internal = isPath, true
		case "dispatcher:status":
			p.what, p.charset = isColumn, noBlanks
		case "dispatcher:cache":
			p.what = isAction
		case "dispatcher:backend":
			p.what = isFarmRender
		}
	case "x":
		p.what, p.charset = isColumn, anyText
		switch d.name {
		case "HTTPS":
			p.what = isHTTPS
		case "SSL_PROTOCOL", "SSL_CIPHER":
			p.what = isTLS
		}
	case "A", "P", "X", "L", "R":
		p.what = isColumn
	case "k", "I", "O", "S", "^FB":
		p.what, p.charset = isColumn, numeric
	default: // f, C, o, n, and whatever modules add
		p.what, p.charset = isColumn, anyText
	}
}

// setTime says what %t with an argument is.
func (p *op) setTime(format string) {
	format = strings.TrimPrefix(strings.TrimPrefix(format, "begin:"), "end:")
	p.what, p.charset = isStrftime, anyText
	switch format {
	case "":
		p.what, p.width = isTime, len("17/Jul/2020:09:14:41 +0000")
	case "sec":
		p.time = "%s"
	case "msec":
		p.what, p.charset, p.unit, p.time = isFraction, numeric, 1e6, "%s"
	case "usec":
		p.what, p.charset, p.unit, p.time = isFraction, numeric, 1e3, "%s"
	case "msec_frac":
		p.what, p.charset, p.unit, p.width = isFraction, numeric, 1e6, 3
	case "usec_frac":
		p.what, p.charset, p.unit, p.width = isFraction, numeric, 1e3, 6
	default:
		p.time = format
	}
}

// harmless are the request headers that tell what was asked for and not who asked.
const harmless = " accept accept-encoding accept-language access-control-request-headers access-control-request-method " +
	"cq-action cq-action-scope cq-handle cq-path " +
	"cache-control content-length content-type expect host if-match if-modified-since if-none-match if-range if-unmodified-since " +
	"origin pragma range te transfer-encoding upgrade via x-forwarded-host x-forwarded-port x-forwarded-proto x-forwarded-scheme " +
	"x-forwarded-ssl x-aem-edge-key-set x-vary x-request-id x-http-method-override x-http-method x-requested-with "

// personal reports whether a column may tell who the visitor is, and is not asked for.
func personal(d *directive, o *Options) bool {
	switch d.letter {
	case "i":
		return dropsHeader(d.name, o)
	case "C":
		return !o.KeepHeaders
	case "a":
		return !o.KeepClient
	case "o":
		return strings.EqualFold(d.name, "Set-Cookie") && !o.KeepHeaders
	case "e", "n", "x", "^ti":
		name := strings.ToUpper(d.name)
		switch {
		case strings.Contains(name, "REMOTE_") || strings.HasSuffix(name, "_IP") || strings.HasSuffix(name, "_ADDR") || strings.Contains(name, "CLIENT"):
			return !o.KeepClient
		case strings.Contains(name, "COOKIE") || strings.Contains(name, "AUTH") || strings.Contains(name, "USER") || strings.Contains(name, "TOKEN"):
			return !o.KeepHeaders
		case name == "QUERY_STRING":
			return !o.KeepQuery
		case strings.HasPrefix(name, "HTTP_"):
			return dropsHeader(strings.ReplaceAll(name[len("HTTP_"):], "_", "-"), o)
		case d.letter == "^ti":
			return !o.KeepHeaders
		}
	}
	return false
}

// dropsHeader reports whether the value of a request header is dropped. Addresses come with Options.KeepClient.
func dropsHeader(name string, o *Options) bool {
	name = strings.ToLower(name)
	switch name {
	case "user-agent":
		return !o.KeepUserAgent
	case "x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "x-client-ip", "client-ip", "x-cluster-client-ip",
		"cf-connecting-ip", "fastly-client-ip", "x-original-forwarded-for":
		return !o.KeepClient
	}
	return !o.KeepHeaders && !strings.Contains(harmless, " "+name+" ")
}

// unquoteFormat takes off what the configuration file has around a format: LogFormat, quotes, the nickname.
func unquoteFormat(s string) (string, error) {
	s = strings.TrimSpace(s)
	rest, whole := cutWord(s, "LogFormat")
	if whole {
		s = rest
		if s == "" {
			return "", errors.New("LogFormat has no format")
		}
	}
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') {
		for i := 1; i < len(s); i++ {
			if s[i] == '\\' {
				i++
				continue
			}
			if s[i] == s[0] {
				// These may be quotes of the format itself, which begins with a quoted value.
				name := strings.TrimSpace(s[i+1:])
				if whole || strings.Contains(s[1:i], `\"`) || name != "" && strings.Contains(s[1:i], "%") && !strings.ContainsAny(name, "% \"") {
					s = s[1:i]
				}
				break
			}
		}
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case '"', '\\', '\'':
			b.WriteByte(s[i])
		case 't':
			b.WriteByte('\t')
		case 'n', 'r':
			if i+1 == len(s) {
				continue // at the end it is the line's own
			}
			return "", fmt.Errorf("log format %q makes several lines of a request, which cannot be read: log to one line", s)
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}

// cutWord takes a word, in any case, off the start.
func cutWord(s, word string) (string, bool) {
	if len(s) > len(word) && strings.EqualFold(s[:len(word)], word) && (s[len(word)] == ' ' || s[len(word)] == '\t') {
		return strings.TrimLeft(s[len(word):], " \t"), true
	}
	return s, false
}

// directives takes a format apart; tail is the text behind the last one.
func directives(s string) (ds []directive, tail string, err error) {
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			text.WriteByte(s[i])
			continue
		}
		start := i
		if i++; i < len(s) && s[i] == '%' {
			text.WriteByte('%')
			continue
		}
		d := directive{}
		for ; i < len(s); i++ {
			c := s[i]
			if c == '<' || c == '>' {
				d.mod = string(c)
			} else if c == '!' || c == ',' || '0' <= c && c <= '9' {
				d.cond = true
			} else if c == '{' {
				end := strings.IndexByte(s[i:], '}')
				if end < 0 {
					return nil, "", fmt.Errorf("log format %q: { is not closed in %s", s, s[start:])
				}
				d.name = s[i+1 : i+end]
				i += end
			} else {
				break
			}
		}
		switch {
		case i == len(s):
			return nil, "", fmt.Errorf("log format %q ends inside of %s", s, s[start:])
		case s[i] == '^' && i+2 < len(s):
			d.letter = s[i : i+3]
			i += 2
		case 'a' <= s[i] && s[i] <= 'z' || 'A' <= s[i] && s[i] <= 'Z':
			d.letter = s[i : i+1]
		default:
			return nil, "", fmt.Errorf("log format %q: %s is no directive", s, s[start:i+1])
		}
		d.text, d.before = s[start:i+1], text.String()
		text.Reset()
		ds = append(ds, d)
	}
	return ds, text.String(), nil
}

// KeepsHeader reports whether the values of a request header are kept whatever the options are: they tell what was asked for, and
// not who asked.
func KeepsHeader(name string) bool { return !dropsHeader(name, &Options{}) }
