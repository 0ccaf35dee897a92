package grammar

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// MaxFindings bounds what Check says of one text. Who has a thousand mistakes has one: the file is not
// what it should be.
const MaxFindings = 1000

// Check says what is wrong with the notation of a text: each mistake once, at its place, with its likely
// cause. What the properties mean is not its concern. The findings are in the order of the text; their
// rules are the ids of docs/rules.
func Check(f *File) []diag.Diagnostic {
	if f.Exceeded != nil && len(f.Items) == 0 {
		return nil // not read at all: Exceeded says so
	}
	c := checker{f: f, src: f.Src}
	if !c.whole() {
		c.tokens()
		c.items(f.Items, context{top: true})
		if f.Exceeded == nil {
			c.braces()
		}
	}
	ds := diag.Sort(c.withoutProse())
	if len(ds) > MaxFindings {
		ds = ds[:MaxFindings]
	}
	return ds
}

type checker struct {
	f     *File
	src   *source.File
	found []diag.Diagnostic

	claims []claim // in the order of the text: what stands there has been spoken for
	until  int32   // the same for the walk over the tree: nothing is said of what starts before

	comments []claim // what was meant as a comment in another notation's style
	prose    []claim // text that lost its #: its commas are no mistakes of their own

	missingOpen  int // sections without their opening brace: as many closing ones are no strays
	brokenBraces int // closing braces that unclosed strings have swallowed
}

type claim struct{ start, end int32 }

// Misplaces reports whether a finding of Check moves what follows it into another section: a brace is
// missing or too many, a section has no {, an entry no slash. What is then found in the wrong section is
// no mistake of its own.
func Misplaces(d diag.Diagnostic) bool {
	switch d.Rule {
	case "DSP002", "DSP003", "DSP004", "DSP025":
		return true
	}
	return false
}

// withoutProse leaves out what was said of single characters inside text that has one finding as a whole.
func (c *checker) withoutProse() []diag.Diagnostic {
	if len(c.prose) == 0 {
		return c.found
	}
	return slices.DeleteFunc(c.found, func(d diag.Diagnostic) bool {
		i, found := slices.BinarySearchFunc(c.prose, d.Span.Start, func(p claim, at int32) int { return int(p.start - at) })
		return !found && i > 0 && d.Span.Start < c.prose[i-1].end
	})
}

// whys say what goes wrong in a running Dispatcher, per rule.
var whys = map[string]string{
	"DSP001": "the module does not start, or takes what follows for part of the string",
	"DSP002": "what follows lands inside this block; the module does not start, or misses the sections behind it",
	"DSP003": "without braces the section is empty and its entries belong to the section around it",
	"DSP004": "the brace closes a section too early: what follows lands outside it and has no effect",
	"DSP005": "the module takes it for a value or an entry, or does not start",
	"DSP006": "before 4.3.1 the module read it as a further value without a name, since then it is dropped",
	"DSP007": "the property has no effect, and the default holds",
	"DSP009": "a string without a name is not read here (logged since 4.3.2)",
	"DSP024": "the module takes the character for part of the text, so that the name or pattern never matches",
	"DSP025": "the entry is not read as one: its rule or section is missing",
	"DSP026": "only # starts a comment: the text behind it is read as configuration",
	"DSP035": "patterns are compared byte by byte: other encodings never match, and logs show rubbish",
	"DSP110": "the file is not included, and its rules are missing",
	"DSP116": "the link's text is read in place of the file it names: the farm or section is missing",
}

func (c *checker) say(rule string, severity diag.Severity, at source.Span, hint, format string, args ...any) *diag.Diagnostic {
	c.found = append(c.found, diag.Diagnostic{
		Rule: rule, Severity: severity, Span: at, Hint: hint, Why: whys[rule],
		Message: fmt.Sprintf(format, args...),
	})
	return &c.found[len(c.found)-1]
}

func (c *checker) span(start, end int32) source.Span {
	return source.Span{File: c.src, Start: start, End: end}
}

func (c *checker) text(t Token) string { return string(c.src.Text[t.Start:t.End]) }

// claim says that a finding covers the bytes up to end. Claims come in the order of the text.
func (c *checker) claim(start, end int32) {
	if n := len(c.claims); n > 0 && end <= c.claims[n-1].end {
		return
	}
	c.claims = append(c.claims, claim{start, end})
}

// claimed reports whether a finding at offset would repeat another.
func (c *checker) claimed(at int32) bool {
	if at < c.until {
		return true
	}
	lo, hi := 0, len(c.claims)
	for lo < hi {
		if mid := (lo + hi) / 2; c.claims[mid].start <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo > 0 && at < c.claims[lo-1].end
}

// lineEnd returns where the line of an offset ends.
func (c *checker) lineEnd(at int32) int32 {
	if n := bytes.IndexByte(c.src.Text[at:], '\n'); n >= 0 {
		return at + int32(n)
	}
	return int32(len(c.src.Text))
}

// sameLine reports whether no line end stands between two offsets.
func (c *checker) sameLine(a, b int32) bool {
	return bytes.IndexByte(c.src.Text[min(a, b):max(a, b)], '\n') < 0
}

// whole looks at the file as such and reports whether it has said all there is to say.
func (c *checker) whole() bool {
	text := c.src.Text
	if isUTF16(text) {
		c.say("DSP035", diag.Error, c.span(0, min(2, int32(len(text)))), "save it as UTF-8", "the file is UTF-16, not UTF-8")
		return true
	}
	if n := isBinary(text); n > 0 {
		c.say("DSP035", diag.Error, c.span(0, 0), "is this a configuration file?", "the file is not text: %d of its %d bytes are control bytes", n, len(text))
		return true
	}
	if target := bytes.TrimSpace(text); looksLikeLink(target) {
		start := int32(bytes.Index(text, target))
		c.say("DSP116", diag.Error, c.span(start, start+int32(len(target))),
			"check the tree out again with core.symlinks=true, or make the link anew",
			"the file is a flattened symbolic link to %s", target)
		return true
	}
	c.encoding()
	return false
}

// looksLikeLink reports whether a whole text is nothing but a relative path to a configuration file, as
// version control writes a link where links are switched off.
func looksLikeLink(text []byte) bool {
	if len(text) == 0 || len(text) > 4096 || bytes.ContainsAny(text, " \t\r\n\"'{}#$*") {
		return false
	}
	if text[0] == '/' || !bytes.Contains(text, []byte("/")) {
		return false
	}
	for _, ending := range []string{".any", ".farm", ".vhost", ".rules", ".vars", ".conf"} {
		if bytes.HasSuffix(text, []byte(ending)) {
			return true
		}
	}
	return bytes.HasPrefix(text, []byte("../")) || bytes.HasPrefix(text, []byte("./"))
}

// encoding finds bytes that are not UTF-8: one finding at the first, milder where all stand in comments.
func (c *checker) encoding() {
	text := c.src.Text
	if utf8.Valid(text) {
		return
	}
	first, inComments := int32(-1), true
	n := 0
	for _, t := range c.f.Tokens {
		for i := t.Start; i < t.End; {
			r, size := utf8.DecodeRune(text[i:t.End])
			if r == utf8.RuneError && size == 1 {
				n++
				if first < 0 || inComments && t.Kind != Comment {
					first = i
				}
				inComments = inComments && t.Kind == Comment
			}
			i += int32(size)
		}
	}
	if first < 0 {
		return // characters cut in two by a token's end, which their halves have told by themselves
	}
	severity := diag.Error
	where := ""
	if inComments {
		severity, where = diag.Warning, " in a comment"
	}
	c.say("DSP035", severity, c.span(first, first+1), "save the file as UTF-8", "byte 0x%02x%s is not UTF-8 (%d such in the file)", text[first], where, n)
}

// tokens says what shows without the tree: odd characters, strings that are not closed, text that
// touches a closing quote.
func (c *checker) tokens() {
	toks := c.f.Tokens
	first := true      // no token that means something stands before on the line
	afterName := false // a name stands right before: what follows is its value, whatever it looks like
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if n := len(c.claims); n > 0 && t.Start < c.claims[n-1].end {
			continue
		}
		switch t.Kind {
		case Newline:
			first, afterName = true, false
			continue
		case Space, Comment:
			continue
		case Odd:
			c.odd(t, first)
		case Broken:
			c.broken(t)
		case Double, Single:
			c.inside(t)
			i = c.touching(i)
		case Name, Bare:
			if afterName || !c.foreignComment(t) {
				c.inside(t)
			}
		}
		first, afterName = false, t.Kind == Name
	}
}

// odd speaks of an odd token; first says that it is the first of its line.
func (c *checker) odd(t Token, first bool) {
	at := c.span(t.Start, t.End)
	s := c.text(t)
	remove := []diag.Fix{{Title: "remove it", Safe: true, Edits: []diag.Edit{{Span: at}}}}
	if strings.IndexByte(punctuation, s[0]) >= 0 {
		if first && s[0] == ';' {
			c.say("DSP026", diag.Error, at, "start comments with #", "; does not start a comment")
			c.claim(t.Start, c.lineEnd(t.Start))
			return
		}
		d := c.say("DSP005", diag.Error, at, "blanks separate names and values: remove it", "%s stands where a name or a value should", s)
		d.Fixes = remove
		return
	}
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError {
		r = rune(s[0])
	}
	hint := "remove it"
	fix := diag.Edit{Span: at}
	switch {
	case r == 0xfeff && t.Start == 0:
		hint = "save the file as UTF-8 without a byte order mark"
	case r == 0xa0 || r == 0x202f:
		hint = "replace it by a blank"
		fix.New = " "
	}
	more := ""
	if n := utf8.RuneCountInString(s); n > 1 && len(s) > size {
		more = fmt.Sprintf(" (%d in a row)", n)
	}
	d := c.say("DSP024", diag.Error, at, hint, "%s%s outside a string", nameRune(r), more)
	d.Fixes = []diag.Fix{{Title: hint, Safe: true, Edits: []diag.Edit{fix}}}
}

// inside looks for characters in a name or value that are not what they look like.
func (c *checker) inside(t Token) {
	b := c.src.Text[t.Start:t.End]
	if at := placeholderIn(b); at != nil {
		start := t.Start + int32(at[0])
		c.say("DSP005", diag.Warning, c.span(start, start+int32(at[1]-at[0])), "put the real text in its place", "%s is a placeholder that was left in", clip(string(b[at[0]:at[1]])))
		return
	}
	for i := 0; i < len(b); {
		if b[i] < 0x80 && (classes[b[i]]&control == 0) {
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		at := c.span(t.Start+int32(i), t.Start+int32(i+size))
		i += size
		if r == utf8.RuneError && size == 3 {
			c.say("DSP024", diag.Error, at, "the text was converted by a program that did not know its encoding: write it anew", "%s stands for a character that was lost", nameRune(r))
			return
		}
		hint, bad := suspicious[r]
		if !bad && (r < 0x20 || r == 0x7f) && r != '\t' || oddLen(c.src.Text[at.Start:]) > 0 {
			hint, bad = "", true
		}
		if !bad {
			continue
		}
		title := "remove it"
		if hint != "" {
			title = "replace it by " + hint
			if hint == " " {
				title = "replace it by a blank"
			}
		}
		d := c.say("DSP024", diag.Error, at, title, "%s in %s", nameRune(r), describe(t.Kind))
		d.Fixes = []diag.Fix{{Title: title, Edits: []diag.Edit{{Span: at, New: hint}}}}
		return
	}
}

// placeholderIn returns where a token holds what builds and templates put where text should go, @NAME@ or
// a whole string of {{ name }}; nil where it does not.
func placeholderIn(b []byte) []int {
	if i := bytes.IndexByte(b, '@'); i >= 0 {
		for end := i + 1; end < len(b); end++ {
			c := b[end]
			if c == '@' && end > i+2 {
				return []int{i, end + 1}
			}
			if c != '_' && c != '.' && c != '-' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
				break
			}
		}
	}
	if n := len(b); n > 6 && string(b[1:3]) == "{{" && string(b[n-3:n-1]) == "}}" {
		return []int{1, n - 1}
	}
	return nil
}

// suspicious are characters that look like another one, with that one.
var suspicious = map[rune]string{
	'“': `"`, '”': `"`, '„': `"`, '‟': `"`, '‘': "'", '’': "'", '‚': "'", '‛': "'",
	'–': "-", '—': "-", '−': "-", '‐': "-", '‑': "-",
	'\u00a0': " ", '\u202f': " ", '\u3000': " ",
}

var runeNames = map[rune]string{
	0: "NUL byte", 0xfeff: "byte order mark", 0xa0: "no-break space", 0x202f: "narrow no-break space",
	0x200b: "zero-width space", 0x200c: "zero-width non-joiner", 0x200d: "zero-width joiner",
	0x200e: "left-to-right mark", 0x200f: "right-to-left mark", 0x2060: "word joiner",
	0x2028: "line separator", 0x2029: "paragraph separator", 0xfffd: "replacement character",
	'“': "typographic quote “", '”': "typographic quote ”", '„': "typographic quote „", '‟': "typographic quote ‟",
	'‘': "typographic quote ‘", '’': "typographic quote ’", '‚': "typographic quote ‚", '‛': "typographic quote ‛",
	'–': "dash –", '—': "dash —", '−': "minus sign −", '‐': "hyphen ‐", '‑': "no-break hyphen ‑", 0x3000: "wide space",
}

func nameRune(r rune) string {
	name, ok := runeNames[r]
	if !ok {
		name = "control character"
	}
	return fmt.Sprintf("%s (U+%04X)", name, r)
}

func describe(k Kind) string {
	switch k {
	case Name:
		return "a name"
	case Double, Single, Broken:
		return "a string"
	}
	return "a value"
}

// broken speaks of a string that is not closed, or that typographic quotes surround.
func (c *checker) broken(t Token) {
	s := c.text(t)
	at := c.span(t.Start, t.End)
	c.brokenBraces += strings.Count(s, "}") - strings.Count(s, "{")
	if q, n := typographic([]byte(s)); n > 0 {
		end := s[len(s)-1:]
		m := closingTypographic([]byte(s[n:]))
		edits := []diag.Edit{{Span: c.span(t.Start, t.Start+int32(n)), New: string(q)}}
		switch {
		case m > 0:
			edits = append(edits, diag.Edit{Span: c.span(t.End-int32(m), t.End), New: string(q)})
		case end != string(q):
			edits = append(edits, diag.Edit{Span: c.span(t.End, t.End), New: string(q)})
		}
		d := c.say("DSP024", diag.Error, at, fmt.Sprintf("use %c", q), "%s around a value", nameRune(first([]byte(s))))
		d.Fixes = []diag.Fix{{Title: "use straight quotes", Edits: edits}}
		c.claim(t.Start, t.End)
		return
	}
	opening := c.span(t.Start, t.Start+1)
	if m := closingTypographic([]byte(s)); m > 0 {
		r, _ := utf8.DecodeLastRuneInString(s)
		d := c.say("DSP001", diag.Error, opening, fmt.Sprintf("close it with %c", s[0]), "string is not closed: %s is no closing quote", nameRune(r))
		d.Fixes = []diag.Fix{{Title: "use a straight quote", Edits: []diag.Edit{{Span: c.span(t.End-int32(m), t.End), New: s[:1]}}}}
		c.claim(t.Start, t.End)
		return
	}
	c.say("DSP001", diag.Error, opening, fmt.Sprintf("close it with %c; strings do not span lines", s[0]), "string is not closed on its line")
	c.claim(t.Start, c.lineEnd(t.Start))
}

func first(b []byte) rune { r, _ := utf8.DecodeRune(b); return r }

// touching speaks of text right behind the closing quote of token i. It returns the last token of the
// run of touching strings, i where there is none.
func (c *checker) touching(i int) int {
	toks := c.f.Tokens
	last := i
	for last+1 < len(toks) {
		switch toks[last+1].Kind {
		case Double, Single, Bare, Name:
			last++
			continue
		case Broken: // has a finding of its own
		}
		break
	}
	if last == i {
		return i
	}
	at := c.span(toks[i+1].Start, toks[last].End)
	strings := true
	for _, t := range toks[i+1 : last+1] {
		strings = strings && (t.Kind == Double || t.Kind == Single)
	}
	if strings {
		c.say("DSP006", diag.Warning, at, "put a blank between them", "string touches the closing quote of the string before it")
		return last
	}
	c.say("DSP006", diag.Error, at, "is a quote missing or one too many?", "%s touches the closing quote of a string", clip(at.Text()))
	c.claim(toks[i+1].Start, toks[last].End)
	return last
}

// foreignComment speaks of a comment in another notation's style that starts with a token.
func (c *checker) foreignComment(t Token) bool {
	s := c.src.Text[t.Start:t.End]
	var mark, closing string
	switch {
	case len(s) < 2:
		return false
	case s[0] == '/' && s[1] == '/':
		mark = "//"
	case s[0] == '/' && s[1] == '*':
		mark, closing = "/*", "*/"
	case bytes.HasPrefix(s, []byte("<!--")):
		mark, closing = "<!--", "-->"
	case string(s) == "--":
		mark = "--"
	default:
		return false
	}
	end := c.lineEnd(t.Start)
	at := c.span(t.Start, t.Start+int32(len(mark)))
	var fixes []diag.Fix
	if closing == "" {
		fixes = []diag.Fix{{Title: "start the comment with #", Edits: []diag.Edit{{Span: at, New: "#"}}}}
	} else if n := bytes.Index(c.src.Text[t.Start+int32(len(mark)):], []byte(closing)); n >= 0 {
		end = t.Start + int32(len(mark)+n+len(closing))
		if c.sameLine(t.Start, end) {
			fixes = []diag.Fix{{Title: "start the comment with #", Edits: []diag.Edit{{Span: at, New: "#"}, {Span: c.span(end-int32(len(closing)), end)}}}}
		}
	}
	d := c.say("DSP026", diag.Error, at, "start each line of the comment with #", "%s does not start a comment", mark)
	d.Fixes = fixes
	c.claim(t.Start, end)
	if len(c.comments) < 16 { // each is compared with each brace
		c.comments = append(c.comments, claim{t.Start, end})
	}
	return true
}

func clip(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	r := []rune(s)
	return string(r[:most]) + "…"
}
