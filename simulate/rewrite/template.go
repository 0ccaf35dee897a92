package rewrite

import (
	"strings"

	"github.com/dispcheck/dispcheck/model/server"
)

// A template is a test string, a substitution or a flag's value, taken apart: text, $N, %N, %{VARIABLE} and ${map:key}.
type template []part

type partKind uint8

const (
	literal partKind = iota
	ruleRef          // $N
	condRef          // %N
	variable
	mapLookup
)

type part struct {
	kind partKind
	text string // of a literal; the name of a variable
	n    int
	// of a map
	m           *server.RewriteMap
	name        string
	key, def    template
	hasDefault  bool
	environment string // NAME of %{ENV:NAME}
	header      string // NAME of %{HTTP:NAME}, or of %{HTTP_...}
}

// parseTemplate takes a string apart as mod_rewrite does. depth bounds maps in the keys of maps.
func parseTemplate(s string, maps map[string]*server.RewriteMap, depth int) template {
	var t template
	text := make([]byte, 0, len(s))
	flush := func() {
		if len(text) > 0 {
			t = append(t, part{kind: literal, text: string(text)})
			text = text[:0]
		}
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\\':
			if i+1 < len(s) {
				text = append(text, s[i+1])
				i += 2
			} else {
				text = append(text, c)
				i++
			}
		case c != '$' && c != '%' || i+1 == len(s):
			text = append(text, c)
			i++
		case s[i+1] == '{':
			end := closingCurly(s, i+2)
			if end < 0 {
				text = append(text, c, '{')
				i += 2
				continue
			}
			inner := s[i+2 : end]
			if c == '%' {
				flush()
				t = append(t, newVariable(inner))
				i = end + 1
				continue
			}
			colon := inCurlies(inner, ':')
			if colon < 0 || depth > 8 {
				text = append(text, c, '{')
				i += 2
				continue
			}
			flush()
			p := part{kind: mapLookup, name: inner[:colon], m: maps[inner[:colon]]}
			key := inner[colon+1:]
			if bar := inCurlies(key, '|'); bar >= 0 {
				p.def, p.hasDefault = parseTemplate(key[bar+1:], maps, depth+1), key[bar+1:] != ""
				key = key[:bar]
			}
			p.key = parseTemplate(key, maps, depth+1)
			t = append(t, p)
			i = end + 1
		case '0' <= s[i+1] && s[i+1] <= '9':
			flush()
			kind := ruleRef
			if c == '%' {
				kind = condRef
			}
			t = append(t, part{kind: kind, n: int(s[i+1] - '0')})
			i += 2
		default:
			text = append(text, c)
			i++
		}
	}
	flush()
	return t
}

func newVariable(name string) part {
	p := part{kind: variable, text: name}
	upper := strings.ToUpper(name)
	switch {
	case strings.HasPrefix(upper, "ENV:") && len(name) > 4:
		p.environment = name[4:]
	case strings.HasPrefix(upper, "HTTP:") && len(name) > 5:
		p.header = name[5:]
	case strings.Contains(upper, ":"):
	default:
		p.text = upper
		p.header = headers[upper]
	}
	return p
}

// headers are the headers that have variables of their own.
var headers = map[string]string{
	"HTTP_HOST": "Host", "HTTP_USER_AGENT": "User-Agent", "HTTP_REFERER": "Referer", "HTTP_COOKIE": "Cookie",
	"HTTP_ACCEPT": "Accept", "HTTP_FORWARDED": "Forwarded", "HTTP_PROXY_CONNECTION": "Proxy-Connection",
}

// closingCurly finds the brace that closes what begins at i; a backslash keeps the sign after it.
func closingCurly(s string, i int) int {
	for depth := 1; i < len(s); i++ {
		switch s[i] {
		case '}':
			if depth--; depth == 0 {
				return i
			}
		case '{':
			depth++
		case '\\':
			i++
		}
	}
	return -1
}

// inCurlies finds a sign that is not within braces.
func inCurlies(s string, c byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == c && depth == 0:
			return i
		case s[i] == '}':
			if depth == 0 {
				return -1
			}
			depth--
		case s[i] == '{':
			depth++
		case s[i] == '\\':
			i++
		}
	}
	return -1
}

// plain returns the text of a template without references.
func (t template) plain() (string, bool) {
	switch len(t) {
	case 0:
		return "", true
	case 1:
		return t[0].text, t[0].kind == literal
	}
	return "", false
}
