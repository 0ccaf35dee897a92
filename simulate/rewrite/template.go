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
	for i := 0; ; {
		ref, ok := server.NextReference(s, i)
		if !ok {
			text = appendLiteral(text, s[i:])
			flush()
			return t
		}
		text = appendLiteral(text, s[i:ref.Start])
		i = ref.End
		switch {
		case ref.Group >= 0:
			flush()
			kind := ruleRef
			if ref.Sign == '%' {
				kind = condRef
			}
			t = append(t, part{kind: kind, n: ref.Group})
		case ref.Sign == '%':
			flush()
			t = append(t, newVariable(ref.Inner))
		default:
			colon := server.IndexOutsideCurlies(ref.Inner, ':')
			if colon < 0 || depth > 8 {
				text = append(text, "${"...)
				i = ref.Start + len("${")
				continue
			}
			flush()
			p := part{kind: mapLookup, name: ref.Inner[:colon], m: maps[ref.Inner[:colon]]}
			key := ref.Inner[colon+1:]
			if bar := server.IndexOutsideCurlies(key, '|'); bar >= 0 {
				p.def, p.hasDefault = parseTemplate(key[bar+1:], maps, depth+1), key[bar+1:] != ""
				key = key[:bar]
			}
			p.key = parseTemplate(key, maps, depth+1)
			t = append(t, p)
		}
	}
}

// appendLiteral appends a text without the backslashes that keep the signs behind them.
func appendLiteral(text []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		text = append(text, s[i])
	}
	return text
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
