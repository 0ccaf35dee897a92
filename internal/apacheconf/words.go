package apacheconf

import (
	"errors"
	"fmt"
)

// isBlank is C's isspace in the C locale, which httpd reads with.
func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func trimRight(s string) string {
	for len(s) > 0 && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// MaxWords bounds how many arguments of one line are told apart.
const MaxWords = 100_000

// A QuoteError says that a quoted argument is not closed. httpd takes it to the end of the line all the same.
type QuoteError struct{ Word Word }

// Error says which.
func (e *QuoteError) Error() string {
	return fmt.Sprintf("argument starts with %c and is not closed", e.Word.Quote)
}

// Words are the arguments as httpd's ordinary directives take them: separated by blanks; one that starts with a quote ends
// at the same quote, where a backslash keeps the quote, and whatever follows starts the next one. Two backslashes stand for
// one everywhere. The words are complete also where the error is not nil: a [*QuoteError] for a quote that nothing closes,
// which httpd forgives.
func (n *Node) Words() ([]Word, error) { return Words(n.Args) }

// Words splits arguments; see [Node.Words].
func Words(args string) ([]Word, error) {
	var words []Word
	var err error
	for at := 0; ; {
		w, next, ok := nextWord(args, at)
		if !ok {
			return words, err
		}
		if w.Quote != 0 && (w.End-w.Start < 2 || args[w.End-1] != w.Quote || w.open) && err == nil {
			err = &QuoteError{w}
		}
		if len(words) == MaxWords {
			return words, errTooManyWords
		}
		words = append(words, w)
		at = next
	}
}

var errTooManyWords = errors.New("line has more arguments than are read")

// nextWord reads the word at or behind at.
func nextWord(s string, at int) (w Word, next int, ok bool) {
	for at < len(s) && isBlank(s[at]) {
		at++
	}
	if at == len(s) {
		return Word{}, at, false
	}
	w.Start = at
	from, to := at, at
	if q := s[at]; q == '"' || q == '\'' {
		w.Quote = q
		from, to = at+1, at+1
		for to < len(s) && s[to] != q {
			if s[to] == '\\' && to+1 < len(s) && (s[to+1] == q || s[to+1] == '\\') {
				to++
			}
			to++
		}
		at = to
		if at < len(s) {
			at++
		} else {
			w.open = true
		}
	} else {
		for to < len(s) && !isBlank(s[to]) {
			to++
		}
		at = to
	}
	w.End = at
	w.Text = unescape(s[from:to], w.Quote)
	return w, at, true
}

// unescape takes the backslash off a backslash, and off the quote that a word stands in.
func unescape(s string, quote byte) string {
	first := -1
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '\\' && (s[i+1] == '\\' || quote != 0 && s[i+1] == quote) {
			first = i
			break
		}
	}
	if first < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || quote != 0 && s[i+1] == quote) {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}

// RewriteWords are the arguments as RewriteRule and RewriteCond take them, at most max of them: a quote counts only as the
// first byte, and there is no way to write the quote itself within; a backslash keeps a blank in a word and stays in it.
// What follows the last word that is asked for is passed over, as httpd does with what follows the flags. There is one word
// less where a line has only one: mod_rewrite refuses it. As there, a first word in quotes with nothing behind it is
// followed by an empty second one.
func (n *Node) RewriteWords(max int) []Word {
	var words []Word
	s := n.Args
	at := 0
	for len(words) < max {
		for at < len(s) && isBlank(s[at]) {
			at++
		}
		closed := len(words) == 1 && words[0].Quote != 0 && !words[0].open
		if at == len(s) && !closed {
			break
		}
		w := Word{Start: at}
		if at < len(s) && (s[at] == '"' || s[at] == '\'') {
			w.Quote = s[at]
			at++
		}
		from := at
		for at < len(s) {
			if w.Quote == 0 && isBlank(s[at]) || w.Quote != 0 && s[at] == w.Quote {
				break
			}
			if s[at] == '\\' && at+1 < len(s) && isBlank(s[at+1]) {
				at++
			}
			at++
		}
		w.Text = s[from:at]
		w.open = at == len(s)
		if w.Quote != 0 && !w.open {
			at++
		}
		w.End = at
		words = append(words, w)
		if w.Quote == 0 && at < len(s) {
			at++ // the blank that ended it
		}
	}
	return words
}
