package scenario

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// http reads the notation of editors: requests with a line ### between them, each a request line, headers, an empty line and
// a body.
func (b *builder) http() error {
	text := b.src.Text
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return &yamltext.Error{Span: b.src.Span(i, i+1), Message: fmt.Sprintf("byte 0x%02x is not text", text[i]), Hint: "save the file as UTF-8"}
		}
		i += n
	}
	h := &httpReader{builder: b, variables: map[string]string{}, defined: map[string]int{}, lines: b.src.Lines(), next: 1}
	h.findVariables()
	return h.read()
}

// An httpReader reads a .http file line by line.
type httpReader struct {
	*builder
	lines, next int // next is the line to read, from 1
	variables   map[string]string
	defined     map[string]int // lines in which variables are defined, for hints
	name        string
	notes       []string
	put         int // bytes that variables and files have put in
}

// line returns a line and its place, without blanks at its end and a byte order mark.
func (h *httpReader) line(n int) (string, source.Span) {
	span := h.src.Line(n)
	if n == 1 && bytes.HasPrefix(h.src.Text, []byte(byteOrderMark)) {
		span.Start += int32(len(byteOrderMark))
	}
	text := strings.TrimRight(span.Text(), " \t\r")
	span.End = span.Start + int32(len(text))
	return text, span
}

func failAt(span source.Span, hint, format string, args ...any) error {
	return &yamltext.Error{Span: span, Message: fmt.Sprintf(format, args...), Hint: hint}
}

const separator = "###"

func isComment(s string) bool { return strings.HasPrefix(s, "#") || strings.HasPrefix(s, "//") }

// findVariables notes where variables are defined.
func (h *httpReader) findVariables() {
	for n := 1; n <= h.lines; n++ {
		text, _ := h.line(n)
		if name, _, ok := strings.Cut(strings.TrimPrefix(text, "@"), "="); ok && strings.HasPrefix(text, "@") && h.defined[strings.TrimSpace(name)] == 0 {
			h.defined[strings.TrimSpace(name)] = n
		}
	}
}

func (h *httpReader) read() error {
	for h.next <= h.lines {
		text, span := h.line(h.next)
		trimmed := strings.TrimSpace(text)
		switch {
		case trimmed == "":
			h.next++
		case strings.HasPrefix(text, separator):
			h.name, h.notes = strings.TrimSpace(strings.TrimLeft(text, "#")), nil
			h.next++
		case isComment(trimmed):
			h.comment(trimmed)
			h.next++
		case text[0] == '@':
			if err := h.define(text, span); err != nil {
				return err
			}
			h.next++
		case isScript(trimmed, '<'):
			h.skipScript()
		default:
			if err := h.request(); err != nil {
				return err
			}
		}
	}
	return nil
}

// comment reads # @name X. Others say nothing.
func (h *httpReader) comment(text string) {
	text = strings.TrimSpace(strings.TrimLeft(text, "#/"))
	if rest, ok := strings.CutPrefix(text, "@name"); ok && rest != "" && strings.ContainsAny(rest[:1], " \t=") {
		h.name = strings.TrimSpace(strings.TrimLeft(rest, " \t="))
	}
}

// define reads @name = value.
func (h *httpReader) define(text string, span source.Span) error {
	name, value, ok := strings.Cut(text[1:], "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" || strings.ContainsAny(name, " \t{}") {
		return failAt(span, "write @name = value", "%q defines no variable", text)
	}
	at := strings.IndexByte(text, '=') + 1
	span.Start += int32(at)
	value, err := h.expand(value, span)
	if err != nil {
		return err
	}
	h.variables[name] = strings.TrimSpace(value)
	return nil
}

// expand puts the values of variables in.
func (h *httpReader) expand(text string, span source.Span) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	var out strings.Builder
	for at := 0; ; {
		i := strings.Index(text[at:], "{{")
		end := -1
		if i >= 0 {
			end = strings.Index(text[at+i:], "}}")
		}
		if end < 0 {
			out.WriteString(text[at:])
			return out.String(), nil
		}
		out.WriteString(text[at : at+i])
		from, to := at+i, at+i+end+len("}}")
		name := strings.TrimSpace(text[from+len("{{") : to-len("}}")])
		place := source.Span{File: span.File, Start: span.Start + int32(from), End: span.Start + int32(to)}
		value, ok := h.variables[name]
		switch {
		case !ok && h.defined[name] > 0:
			return "", failAt(place, "put its line above", "variable %s is defined further down, in line %d", name, h.defined[name])
		case !ok:
			return "", failAt(place, h.hintFor(name), "variable %s is not defined", name)
		}
		out.WriteString(value)
		if err := h.count(len(value), place); err != nil {
			return "", err
		}
		at = to
	}
}

func (h *httpReader) hintFor(name string) string {
	if strings.HasPrefix(name, "$") {
		return "values that an editor makes up are not known here; write @name = value"
	}
	names := make([]string, 0, len(h.variables))
	for n := range h.variables {
		names = append(names, n)
	}
	if hint := form.DidYouMean(name, names); strings.HasPrefix(hint, "did") {
		return hint
	}
	return fmt.Sprintf("write @%s = value above", name)
}

// count bounds what files and variables put in.
func (h *httpReader) count(n int, place source.Span) error {
	if h.put += n; h.put > MaxBodies {
		return failAt(place, "", "variables and files put in more than %d bytes", MaxBodies)
	}
	return nil
}

// request reads a request, from its request line to the next separator.
func (h *httpReader) request() error {
	text, span := h.line(h.next)
	first := span
	h.next++
	row, err := h.expand(text, span)
	if err != nil {
		return err
	}
	for ; h.next <= h.lines; h.next++ {
		text, span := h.line(h.next)
		rest := strings.TrimLeft(text, " \t")
		if rest == text || rest == "" {
			break
		}
		if !strings.ContainsAny(rest[:1], "?&/") || strings.HasPrefix(rest, "//") {
			return failAt(span, "more of the URL starts with ?, & or /; a header starts its line", "the line is indented and belongs to nothing")
		}
		span.Start += int32(len(text) - len(rest))
		if rest, err = h.expand(rest, span); err != nil {
			return err
		}
		// It stands before the protocol, if there is one.
		if url, proto, ok := cutProto(row); ok {
			row = url + rest + " " + proto
		} else {
			row += rest
		}
	}
	d, err := requestLine(row)
	if err != nil {
		return failAt(first, "write METHOD URL, or a URL alone for GET", "%v", err)
	}
	d.name = h.name
	if err := h.headers(d); err != nil {
		return err
	}
	if err := h.body(d); err != nil {
		return err
	}
	s, err := h.builder.request(d)
	if err != nil {
		return failAt(first, "write METHOD URL, or a URL alone for GET", "%v", err)
	}
	s.Notes = append(s.Notes, h.notes...)
	h.name, h.notes = "", nil
	return h.append(s, first)
}

// cutProto splits off the protocol at the end of a request line.
func cutProto(row string) (rest, proto string, ok bool) {
	row = strings.TrimRight(row, " \t")
	i := strings.LastIndexAny(row, " \t")
	if i < 0 || checkProto(row[i+1:]) != nil {
		return row, "", false
	}
	return strings.TrimRight(row[:i], " \t"), row[i+1:], true
}

// requestLine reads METHOD URL [PROTOCOL], or URL [PROTOCOL].
func requestLine(row string) (*draft, error) {
	row, proto, _ := cutProto(strings.TrimSpace(row))
	words := strings.Fields(row)
	d := &draft{proto: proto}
	switch len(words) {
	case 1:
		d.method, d.url = "GET", words[0]
	case 2:
		d.method, d.url = words[0], words[1]
	case 0:
		return nil, fmt.Errorf("the request line has no URL")
	default:
		return nil, fmt.Errorf("the request line has %d words", len(words))
	}
	return d, nil
}

// headers reads the lines up to the empty one, and that.
func (h *httpReader) headers(d *draft) error {
	for ; h.next <= h.lines; h.next++ {
		text, span := h.line(h.next)
		switch {
		case strings.TrimSpace(text) == "":
			h.next++
			return nil
		case strings.HasPrefix(text, separator):
			return nil
		case isComment(text):
			h.comment(text)
			if d.name == "" {
				d.name = h.name
			}
			continue
		}
		row, err := h.expand(text, span)
		if err != nil {
			return err
		}
		name, value, ok := strings.Cut(row, ":")
		if !ok {
			return failAt(span, "an empty line stands before the body", "%q is no header; write 'Name: value'", row)
		}
		value = strings.TrimSpace(value)
		if err := checkHeader(strings.TrimRight(name, " \t"), value); err != nil {
			return failAt(span, "", "%v", err)
		}
		d.add(strings.TrimRight(name, " \t"), value)
	}
	return nil
}

// body reads the lines up to the next separator.
func (h *httpReader) body(d *draft) error {
	var out [][]byte
	kind, _ := d.header.Value("Content-Type")
	isForm := strings.HasPrefix(strings.ToLower(kind), "application/x-www-form-urlencoded")
	whole := 0 // of out, without empty lines at its end
	for h.next <= h.lines {
		text, span := h.line(h.next)
		if strings.HasPrefix(text, separator) {
			break
		}
		if isScript(text, '>') {
			h.skipScript()
			continue
		}
		h.next++
		if isResult(text) {
			h.note("the line %q of the request is left out: nothing is saved or compared", text)
			continue
		}
		line, err := h.bodyLine(text, span)
		if err != nil {
			return err
		}
		if isForm && len(out) > 0 && bytes.HasPrefix(line, []byte("&")) {
			out[len(out)-1] = append(out[len(out)-1], line...)
		} else {
			out = append(out, line)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			whole = len(out)
		}
	}
	if whole > 0 {
		d.body = bytes.Join(out[:whole], []byte{'\n'})
	}
	return nil
}

// bodyLine is a line of a body: as it stands, with variables, or the file that it names.
func (h *httpReader) bodyLine(text string, span source.Span) ([]byte, error) {
	name, withVariables, ok := bodyFile(text)
	if !ok {
		line, err := h.expand(strings.TrimRight(span.File.Line(span.Position().Line).Text(), "\r"), span)
		return []byte(line), err
	}
	name, err := h.expand(name, span)
	if err != nil {
		return nil, err
	}
	content, err := readAll(h.options.Files, name, MaxSize)
	if err != nil {
		return nil, failAt(span, "", "file %s %v", name, err)
	}
	if err := h.count(len(content), span); err != nil {
		return nil, err
	}
	if !withVariables {
		return content, nil
	}
	src := source.NewFile(name, content)
	line, err := h.expand(string(content), src.Span(0, len(content)))
	if err != nil { // its place is in the other file
		return nil, failAt(span, "", "file %s: %v", name, err)
	}
	return []byte(line), nil
}

// bodyFile reads "< file" and "<@ file".
func bodyFile(text string) (name string, withVariables, ok bool) {
	rest, ok := strings.CutPrefix(text, "<")
	if !ok {
		return "", false, false
	}
	rest, withVariables = strings.CutPrefix(rest, "@")
	if rest == "" || rest[0] != ' ' && rest[0] != '\t' {
		return "", false, false
	}
	name = strings.TrimSpace(rest)
	return name, withVariables, name != ""
}

// isScript reports whether a line starts a script: "< {%" before a request, "> {%" behind one.
func isScript(text string, mark byte) bool {
	return len(text) > 1 && text[0] == mark && strings.HasPrefix(strings.TrimLeft(text[1:], " \t"), "{%")
}

// isResult reports whether a line is about the answer: where to save it, what to compare it with, what to run.
func isResult(text string) bool {
	return strings.HasPrefix(text, "<> ") || strings.HasPrefix(text, ">> ") || strings.HasPrefix(text, ">>! ") ||
		strings.HasPrefix(text, "> ") && strings.HasSuffix(text, ".js")
}

// skipScript passes over a script of an editor.
func (h *httpReader) skipScript() {
	h.note("the script in line %d is not run", h.next)
	for h.next <= h.lines {
		text, _ := h.line(h.next)
		h.next++
		if strings.Contains(text, "%}") {
			return
		}
	}
}

func (h *httpReader) note(format string, args ...any) {
	h.notes = append(h.notes, fmt.Sprintf(format, args...))
}
