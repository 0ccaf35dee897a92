package grammar

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Scan appends the tokens of src to tokens. It cannot fail: every byte belongs to exactly one token,
// and the tokens joined are src. What is no text in UTF-8 at all is one token. A text of more than 2 GiB is cut; callers bound theirs long before.
//
// Lexical rules: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (names,
// comments, quotes); where it is silent, the reader of adobe/aem-dispatcher-optimizer-tool (strings do
// not span lines).
func Scan(src []byte, tokens []Token) []Token {
	s := scanner{src: src, toks: tokens, lineTok: len(tokens)}
	if isUTF16(src) || isBinary(src) > 0 {
		return append(tokens, Token{Start: 0, End: int32(len(src)), Kind: Odd})
	}
	s.run()
	return s.toks
}

// What a byte can do where a token may start, and whether it ends a word.
const (
	wordEnds   = 1 << iota // blank, line end, brace, straight quote, #
	blank                  // space, tab, carriage return, vertical tab, form feed
	control                // a control byte nobody types
	maybeOdd               // first byte of an encoded blank, mark or typographic quote
	stringEnds             // a byte that a string may end or change its course at
	wordOdd                // a word that ends with it needs a second look: punctuation, the $ of a variable
)

var classes = func() (t [256]uint8) {
	for c := range 0x20 {
		t[c] = control | wordEnds
	}
	t[0x7f] = control | wordEnds
	for _, c := range " \t\r\v\f" {
		t[c] = blank | wordEnds
	}
	for _, c := range "\n{}\"'#" {
		t[c] = wordEnds
	}
	for _, c := range "\"'\\\n" {
		t[c] |= stringEnds
	}
	for _, c := range punctuation + "$" {
		t[c] |= wordOdd
	}
	t[0xc2], t[0xe2], t[0xef] = maybeOdd, maybeOdd, maybeOdd
	return t
}()

type scanner struct {
	src  []byte
	toks []Token

	lineTok   int // index of the first token of the line
	lineStart int // where the line starts
	opened    int // braces opened on this line and not closed on it
	careful   bool
}

func (s *scanner) add(kind Kind, start, end int) {
	s.toks = append(s.toks, Token{Start: int32(start), End: int32(end), Kind: kind})
}

// run scans the whole text. It keeps to what nearly every byte of a real file is; anything else (odd
// characters, escapes, variables in words, strings that are not closed) goes through token.
func (s *scanner) run() {
	src, toks := s.src, s.toks
	for i := 0; i < len(src); {
		start := i
		kind := Space
		switch c := src[i]; {
		case c == ' ' || c == '\t':
			for i++; i < len(src) && (src[i] == ' ' || src[i] == '\t'); i++ {
			}
			if i < len(src) && classes[src[i]]&blank != 0 {
				kind = 0
			}
		case c == '\n':
			kind = Newline
			i++
			s.lineTok, s.lineStart = len(toks)+1, i
		case c == '"' || c == '\'':
			kind = Double
			if c == '\'' {
				kind = Single
			}
			for i++; i < len(src) && classes[src[i]]&stringEnds == 0; i++ {
			}
			for i < len(src) && src[i] != c && (src[i] == '"' || src[i] == '\'') {
				for i++; i < len(src) && classes[src[i]]&stringEnds == 0; i++ {
				}
			}
			if i == len(src) || src[i] != c {
				kind = 0
			}
			i++
		case c == '{':
			kind = Open
			i++
		case c == '}':
			kind = Close
			i++
		case c == '#':
			kind = Comment
			if n := bytes.IndexByte(src[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(src)
			}
			for i > start+1 && classes[src[i-1]]&blank != 0 {
				i-- // blanks at the end of the line, and its carriage return, are not the comment's
			}
		case classes[c]&(wordEnds|maybeOdd) == 0 && c != '$':
			kind = Bare
			if c == '/' {
				kind = Name
			}
			for i++; i < len(src) && classes[src[i]]&(wordEnds|maybeOdd) == 0; i++ {
			}
			if classes[src[i-1]]&wordOdd != 0 || i < len(src) && classes[src[i]]&maybeOdd != 0 {
				kind = 0
			}
		default:
			kind = 0
		}
		if kind == 0 {
			s.toks = toks
			i = s.token(start, len(src))
			toks = s.toks
			continue
		}
		toks = append(toks, Token{Start: int32(start), End: int32(i), Kind: kind})
	}
	s.toks = toks
}

// token scans the token at i, which ends at limit at the latest, and returns where it ends.
func (s *scanner) token(i, limit int) int {
	src := s.src
	start := i
	c := src[i]
	switch {
	case c == ' ' || c == '\t':
		for i++; i < limit && (src[i] == ' ' || src[i] == '\t'); i++ {
		}
		if i < limit && classes[src[i]]&blank != 0 {
			i = s.blanks(i, limit)
			if i == start {
				break
			}
		}
		s.add(Space, start, i)
	case c == '\n':
		i++
		s.add(Newline, start, i)
		s.lineTok, s.lineStart, s.opened = len(s.toks), i, 0
	case c == '/':
		i = s.word(i+1, limit)
		s.add(Name, start, s.withoutPunctuation(start, i, ":=,;"))
		return int(s.toks[len(s.toks)-1].End)
	case c == '"' || c == '\'':
		return s.str(i, limit)
	case c == '#':
		n := bytes.IndexByte(src[i:limit], '\n')
		if n < 0 {
			i = limit
		} else {
			i += n
		}
		for i > start+1 && classes[src[i-1]]&blank != 0 {
			i-- // blanks at the end of the line, and its carriage return, are not the comment's
		}
		s.add(Comment, start, i)
	case c == '{':
		i++
		s.opened++
		s.add(Open, start, i)
	case c == '}':
		i++
		s.opened--
		s.add(Close, start, i)
	case classes[c]&blank != 0:
		if c == '\r' && i+1 < limit && src[i+1] == '\n' {
			i += 2
			s.add(Newline, start, i)
			s.lineTok, s.lineStart, s.opened = len(s.toks), i, 0
			break
		}
		i = s.blanks(i, limit)
		s.add(Space, start, i)
	case classes[c]&control != 0:
		s.add(Odd, start, s.odd(i, limit))
		return int(s.toks[len(s.toks)-1].End)
	case classes[c]&maybeOdd != 0:
		if end := s.odd(i, limit); end > i {
			s.add(Odd, start, end)
			return end
		}
		if quote, n := typographic(src[i:limit]); n > 0 {
			return s.typographicString(i, limit, quote, n)
		}
		fallthrough
	default:
		i = s.word(i, limit)
		if i == start {
			i += max(1, runeLen(src[i:limit])) // a word of its own, so that no byte is lost
		}
		switch end := s.withoutPunctuation(start, i, ",;"); {
		case c == '$' && string(src[start:i]) == "$include":
			s.add(Include, start, i)
		case strings.IndexByte(punctuation, c) >= 0 && s.withoutPunctuation(start, i, punctuation) == start:
			s.add(Odd, start, i)
		default:
			s.add(Bare, start, end)
			return end
		}
	}
	return i
}

// punctuation is what other notations put between or after values. Here it is nothing but a mistake: a
// word of it is read as Odd, so that the value behind it still finds its property.
const punctuation = ":=,;"

// withoutPunctuation returns where the word [start, end) ends without the bytes of set at its end.
func (s *scanner) withoutPunctuation(start, end int, set string) int {
	for i := end; i > start; i-- {
		if strings.IndexByte(set, s.src[i-1]) < 0 {
			return i
		}
	}
	if set == punctuation {
		return start
	}
	return end
}

// blanks returns where the blanks at i end; a carriage return before a line feed is not one of them.
func (s *scanner) blanks(i, limit int) int {
	for ; i < limit && classes[s.src[i]]&blank != 0; i++ {
		if s.src[i] == '\r' && i+1 < limit && s.src[i+1] == '\n' {
			break
		}
	}
	return i
}

// word returns where the run of word bytes that goes on at i ends. A variable's braces, ${NAME} or
// $<NAME>, belong to the word.
func (s *scanner) word(i, limit int) int {
	src := s.src
	for i < limit {
		c := classes[src[i]]
		if c&(wordEnds|maybeOdd) == 0 {
			i++
			continue
		}
		if c&maybeOdd != 0 {
			if s.odd(i, limit) > i {
				return i
			}
			if quote, n := typographic(src[i:limit]); n > 0 && quote == '"' {
				return i
			}
			i++
			continue
		}
		if src[i] == '{' && i > 0 && src[i-1] == '$' {
			if n := variableEnd(src[i:limit]); n > 0 {
				i += n
				continue
			}
		}
		return i
	}
	return i
}

// variableEnd returns how long {NAME} at the start of b is, and 0 where there is none.
func variableEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '}' && i > 1:
			return i + 1
		case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
		default:
			return 0
		}
	}
	return 0
}

// odd returns where the run of odd bytes at i ends: i where there is none.
func (s *scanner) odd(i, limit int) int {
	for i < limit {
		n := oddLen(s.src[i:limit])
		if n == 0 {
			return i
		}
		i += n
	}
	return i
}

// oddLen returns the length of the byte or character at the start of b that nobody meant to be there:
// control bytes, U+FEFF, U+00A0, U+200B to U+200F, U+2028, U+2029, U+202A to U+202F, U+2060.
func oddLen(b []byte) int {
	switch c := b[0]; {
	case classes[c]&control != 0 && c != '\n':
		return 1
	case classes[c]&maybeOdd == 0:
		return 0
	case c == 0xc2:
		if len(b) > 1 && b[1] == 0xa0 {
			return 2
		}
	case len(b) < 3:
	case c == 0xef:
		if b[1] == 0xbb && b[2] == 0xbf {
			return 3
		}
	case b[1] == 0x80 && (b[2] >= 0x8b && b[2] <= 0x8f || b[2] >= 0xa8 && b[2] <= 0xaf),
		b[1] == 0x81 && b[2] == 0xa0:
		return 3
	}
	return 0
}

// typographic returns the straight quote that the typographic one at the start of b stands for, and
// its length; 0, 0 where there is none.
func typographic(b []byte) (quote byte, n int) {
	if len(b) < 3 || b[0] != 0xe2 || b[1] != 0x80 {
		return 0, 0
	}
	switch b[2] {
	case 0x9c, 0x9d, 0x9e, 0x9f: // “ ” „ ‟
		return '"', 3
	case 0x98, 0x99, 0x9a, 0x9b: // ‘ ’ ‚ ‛
		return '\'', 3
	}
	return 0, 0
}

// closedTypographically reports whether a string opens with a typographic quote and ends with a quote of its kind.
// One that does not could swallow what another line break puts behind it.
func closedTypographically(b []byte) bool {
	quote, n := typographic(b)
	if n == 0 || len(b) == n {
		return false
	}
	rest := b[n:]
	if rest[len(rest)-1] == quote {
		return true
	}
	if len(rest) < 3 {
		return false
	}
	q, _ := typographic(rest[len(rest)-3:])
	return q == quote
}

// quoteLen returns how long the quote is that a string starts with.
func quoteLen(b []byte) int {
	if _, n := typographic(b); n > 0 {
		return n
	}
	return min(1, len(b))
}

// closingTypographic returns the length of the typographic quote that ends b, and 0 where none does.
func closingTypographic(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	_, n := typographic(b[len(b)-3:])
	return n
}

// str scans the string whose straight quote stands at i. One that its line does not close makes the
// whole line be read again, with care.
func (s *scanner) str(i, limit int) int {
	end, ok := stringEnd(s.src[:limit], i)
	if ok {
		kind := Double
		if s.src[i] == '\'' {
			kind = Single
		}
		s.add(kind, i, end)
		return end
	}
	if !s.careful {
		return s.repair(end)
	}
	s.add(Broken, i, s.withoutClosing(i, end))
	return int(s.toks[len(s.toks)-1].End)
}

// stringEnd returns where the string that starts at i ends, and whether its quote is closed; one that
// is not ends with the line.
func stringEnd(src []byte, i int) (end int, closed bool) {
	quote := src[i]
	for j := i + 1; j < len(src); j++ {
		switch src[j] {
		case quote:
			return j + 1, true
		case '\\':
			if j+1 < len(src) && (src[j+1] == quote || src[j+1] == '\\') {
				j++
			}
		case '\n':
			if src[j-1] == '\r' && j-1 > i {
				j--
			}
			return j, false
		}
	}
	return len(src), false
}

// repair reads a line again on which a string is not closed. The line is scanned with care: a
// typographic quote may close a string, a string that runs over a following /name is cut before it,
// and the braces at the end of the line still close the blocks that the line opened. So one missing
// quote costs one string and not the rest of the file.
func (s *scanner) repair(lineEnd int) int {
	s.toks = s.toks[:s.lineTok]
	s.opened = 0
	s.careful = true
	for i := s.lineStart; i < lineEnd; {
		c := s.src[i]
		if c == '"' || c == '\'' {
			if end := s.cut(i, lineEnd); end > 0 {
				s.add(Broken, i, end)
				i = end
				continue
			}
		}
		i = s.token(i, lineEnd)
	}
	s.careful = false
	return lineEnd
}

// cut returns where the string at i should end although no straight quote closes it there: after a
// typographic quote of its kind, or before a blank and a /name where the closing quote that it finds is
// plainly another string's opening one. 0 where the string is best left alone.
func (s *scanner) cut(i, limit int) int {
	src := s.src
	end, closed := stringEnd(src[:limit], i)
	if !closed {
		end = limit
	}
	for j := i + 1; j+2 < end; j++ {
		if q, n := typographic(src[j:end]); n > 0 && q == src[i] {
			return j + n
		}
	}
	if !closed || end == limit || classes[src[end]]&wordEnds != 0 {
		return 0
	}
	for j := i + 1; j+2 < end; j++ {
		if classes[src[j]]&blank != 0 && src[j+1] == '/' && classes[src[j+2]]&wordEnds == 0 {
			return j
		}
	}
	return 0
}

// withoutClosing shortens a broken string that starts at i by the closing braces at its end, as many
// as the line has opened.
func (s *scanner) withoutClosing(i, end int) int {
	keep := end
	for j, braces := end, s.opened; j > i+1; {
		c := s.src[j-1]
		if classes[c]&blank != 0 {
			j--
			if keep > j && keep < end {
				keep = j // the blanks before the braces
			}
			continue
		}
		if c != '}' || braces <= 0 {
			break
		}
		braces--
		j--
		keep = j
	}
	return keep
}

// typographicString scans a string that opens with a typographic quote of n bytes: up to a closing
// quote of its kind on the line, else up to the end of the word.
func (s *scanner) typographicString(i, limit int, quote byte, n int) int {
	src := s.src
	for j := i + n; j < limit && src[j] != '\n'; j++ {
		if src[j] == quote {
			s.add(Broken, i, j+1)
			return j + 1
		}
		if q, m := typographic(src[j:limit]); m > 0 && q == quote {
			s.add(Broken, i, j+m)
			return j + m
		}
	}
	end := s.word(i+n, limit)
	s.add(Broken, i, end)
	return end
}

func runeLen(b []byte) int {
	_, n := utf8.DecodeRune(b)
	return n
}

// isBinary returns how many control bytes make a text none at all; 0 for what may be a text, if one with a
// few NUL bytes in it.
func isBinary(src []byte) int {
	if bytes.IndexByte(src, 0) < 0 {
		return 0
	}
	n := 0
	for _, c := range src {
		if classes[c]&control != 0 {
			n++
		}
	}
	if n > 8 && n > len(src)/50 {
		return n
	}
	return 0
}

// isUTF16 reports whether src looks like UTF-16: it starts with its byte order mark, or every other
// byte of its start is NUL.
func isUTF16(src []byte) bool {
	if len(src) >= 2 && (src[0] == 0xff && src[1] == 0xfe || src[0] == 0xfe && src[1] == 0xff) {
		return true
	}
	n := min(len(src), 64) &^ 1
	if n < 8 {
		return false
	}
	even, odd := 0, 0
	for i := 0; i < n; i += 2 {
		if src[i] == 0 {
			even++
		}
		if src[i+1] == 0 {
			odd++
		}
	}
	return even == n/2 && odd == 0 || odd == n/2 && even == 0
}
