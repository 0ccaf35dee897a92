package lint

import (
	"bytes"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/spelling"
	"github.com/dispcheck/dispcheck/source"
)

// A directive is a comment that speaks to the linter:
//
//	# dispcheck:ignore DSP155, unknown-property -- reason
type directive struct {
	// at covers the comment.
	at source.Span
	// program covers a misspelt dispcheck; the zero Span where it is spelt well.
	program source.Span
	// word covers what follows dispcheck and its colon, kind is what it says.
	word source.Span
	kind directiveKind
	// names cover the rules.
	names []source.Span
	// more is set where there are more names than maxNames.
	more bool
	// separated is set where -- stands before the reason.
	separated bool
	reason    string
}

// A directiveKind is what a directive does.
type directiveKind uint8

const (
	ignoreOther directiveKind = iota // no directive that is known
	ignoreLine
	ignoreStart
	ignoreEnd
	ignoreFile
)

var directiveWords = [...]string{ignoreOther: "", ignoreLine: "ignore", ignoreStart: "ignore-start", ignoreEnd: "ignore-end", ignoreFile: "ignore-file"}

func (k directiveKind) String() string { return "dispcheck:" + directiveWords[k] }

// maxNames is how many rules one comment may name.
const maxNames = 50

const blanks = " \t\r\v\f"

// parseDirective reads a comment, from its # on. It reports false where the comment is for people.
func parseDirective(at source.Span) (directive, bool) {
	const program = "dispcheck"
	text := at.File.Text[at.Start:at.End]
	i := 0
	for i < len(text) && (text[i] == '#' || strings.IndexByte(blanks, text[i]) >= 0) {
		i++
	}
	if len(text)-i <= len(program) || !strings.EqualFold(string(text[i:i+len(program)]), program) {
		return misspelt(at, i, program)
	}
	d := directive{at: at}
	span := func(start, end int) source.Span {
		return source.Span{File: at.File, Start: at.Start + int32(start), End: at.Start + int32(end)}
	}
	rest := string(text)
	start := i + len(program)
	colon := skip(rest, start, blanks)
	if colon == len(rest) || rest[colon] != ':' {
		// dispcheck-ignore, dispcheck ignore: a directive where one of its words and a rule's id follow.
		i = skip(rest, start, blanks+"-_.")
		end := i + until(rest[i:], blanks+",")
		if i == start || !slices.Contains(directiveWords[1:], strings.ToLower(rest[i:end])) || !looksLikeID(rest[skip(rest, end, blanks+","):]) {
			return directive{}, false
		}
		d.word = span(start, end)
		return d, true
	}
	i = skip(rest, colon+1, blanks)
	end := i + until(rest[i:], blanks+",:")
	d.word = span(i, end)
	d.kind = directiveKind(max(slices.Index(directiveWords[:], strings.ToLower(rest[i:end])), 0))
	i = end
	for {
		i = skip(rest, i, blanks+",:")
		if i == len(rest) {
			return d, true
		}
		end = i + until(rest[i:], blanks+",")
		name := rest[i:end]
		if n := separator(rest[i:]); n > 0 {
			d.separated, d.reason = true, strings.Trim(strings.TrimLeft(rest[i+n:], "-"), blanks)
			return d, true
		}
		if n := strings.Index(name, "--"); n > 0 { // DSP155--reason
			end = i + n
		}
		if len(d.names) < maxNames {
			d.names = append(d.names, span(i, end))
		} else {
			d.more = true
		}
		i = end
	}
}

// misspelt reads a comment that starts, at an offset, with a word like the name of the program. It is a
// directive where a colon and one of the words of directives follow.
func misspelt(at source.Span, start int, program string) (directive, bool) {
	const limit = 2
	text := at.File.Text[at.Start:at.End]
	colon := bytes.IndexByte(text[start:min(start+len(program)+limit+1, len(text))], ':')
	if colon < 0 {
		return directive{}, false
	}
	rest := string(text[start+colon+1:])
	word := skip(rest, 0, blanks)
	end := word + until(rest[word:], blanks+",:")
	if !slices.Contains(directiveWords[1:], strings.ToLower(rest[word:end])) ||
		spelling.Edits(strings.ToLower(string(text[start:start+colon])), program, limit) > limit {
		return directive{}, false
	}
	first := at.Start + int32(start)
	second := first + int32(colon) + 1
	return directive{
		at:      at,
		program: source.Span{File: at.File, Start: first, End: first + int32(colon)},
		word:    source.Span{File: at.File, Start: second + int32(word), End: second + int32(end)},
	}, true
}

// separator returns how long the dashes are with which a text starts, 0 where it starts with none. Programs
// that write texts make one dash of two.
func separator(s string) int {
	for _, dashes := range []string{"--", "—", "–"} {
		if strings.HasPrefix(s, dashes) {
			return len(dashes)
		}
	}
	return 0
}

func skip(s string, i int, set string) int {
	for i < len(s) && strings.IndexByte(set, s[i]) >= 0 {
		i++
	}
	return i
}

func until(s, set string) int {
	if n := strings.IndexAny(s, set); n >= 0 {
		return n
	}
	return len(s)
}

// looksLikeID reports whether a text starts as ids do.
func looksLikeID(s string) bool {
	return len(s) > 3 && strings.EqualFold(s[:3], "dsp") && s[3] >= '0' && s[3] <= '9'
}

// proseAt returns the index of the first name that is a word of a reason without -- before it, -1 where there
// is none. Every rule has a dash in its name, or is named by its id.
func (d *directive) proseAt(known func(string) bool) int {
	if d.separated {
		return -1
	}
	for i, n := range d.names {
		name := n.Text()
		if i == 0 || known(name) || looksLikeID(name) || strings.ContainsAny(name, "-_*") {
			continue
		}
		if known(d.names[0].Text()) {
			return i
		}
	}
	return -1
}

// label is the directive as it is called in messages: its word and its rules.
func (d *directive) label() string {
	s := d.kind.String()
	for i, n := range d.names {
		if i == 3 {
			return s + ", …"
		}
		if i > 0 {
			s += ","
		}
		s += " " + clip(n.Text())
	}
	return s
}

// clip shortens a text of a comment for a message.
func clip(s string) string {
	q := quoted(s)
	return q[1 : len(q)-1]
}

// onOwnLine reports whether nothing but blanks stands before a comment on its line.
func onOwnLine(at source.Span) bool {
	text := at.File.Text
	for i := int(at.Start) - 1; i >= 0 && text[i] != '\n'; i-- {
		if strings.IndexByte(blanks, text[i]) < 0 {
			return false
		}
	}
	return true
}

// without covers a comment and what goes with it: its line where it has one of its own, or else the blanks
// before it.
func without(at source.Span) source.Span {
	text := at.File.Text
	start, end := int(at.Start), int(at.End)
	for start > 0 && strings.IndexByte(blanks, text[start-1]) >= 0 {
		start--
	}
	if start == 0 || text[start-1] == '\n' {
		for end < len(text) && text[end] != '\n' {
			end++
		}
		end = min(end+1, len(text))
	}
	return at.File.Span(start, end)
}

// nextLines returns for each line of a file, counted from 1, the next one below it that holds more than
// blanks and a comment; 0 where there is none.
func nextLines(f *source.File) []int {
	n := f.Lines()
	next := make([]int, n+1)
	for line, below := n, 0; line >= 1; line-- {
		next[line] = below
		at := f.Line(line)
		for i := at.Start; i < at.End; i++ {
			if c := f.Text[i]; strings.IndexByte(blanks, c) < 0 {
				if c != '#' {
					below = line
				}
				break
			}
		}
	}
	return next
}
