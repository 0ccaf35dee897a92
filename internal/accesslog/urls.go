package accesslog

import "bytes"

// url reads a line of a list: URL, METHOD URL, URL HOST or METHOD URL HOST. A URL is a path, or has scheme and host. A list has
// no method where a line has none, and whoever reads it takes GET.
func (p *Parser) url(line []byte, r *Record) Reason {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return Blank
	}
	if line[0] == '#' {
		return Comment
	}
	for _, c := range line {
		if c < ' ' && c != '\t' || c == 0x7f {
			return Misfit
		}
	}
	word, rest := cutField(line)
	if !isURL(word) {
		if !isToken(word) {
			return Misfit
		}
		r.Method = word
		r.mark(FieldMethod)
		if word, rest = cutField(rest); !isURL(word) && string(word) != "*" {
			return Misfit
		}
	}
	host, rest := cutField(rest)
	if len(rest) > 0 || bytes.IndexByte(host, '/') >= 0 {
		return Misfit
	}
	if i := bytes.IndexByte(word, '#'); i > 0 { // never sent
		word = word[:i]
	}
	p.target(r, word, true)
	if len(host) > 0 && r.present&(1<<FieldHost) == 0 {
		r.take(FieldHost, &r.Host, host, string(host) == "-", false)
	}
	return Read
}

func cutField(s []byte) (word, rest []byte) {
	i := 0
	for i < len(s) && s[i] != ' ' && s[i] != '\t' {
		i++
	}
	return s[:i], bytes.TrimLeft(s[i:], " \t")
}

// isURL reports whether s begins as a path, or as "https://host" does.
func isURL(s []byte) bool {
	if len(s) == 0 || s[0] == '/' {
		return len(s) > 0
	}
	i := bytes.Index(s, []byte("://"))
	return i > 0 && i <= 10 && isToken(s[:i]) && i+3 < len(s) && s[i+3] != '/'
}
