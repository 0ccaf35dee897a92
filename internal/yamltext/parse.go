package yamltext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/dispcheck/dispcheck/source"
)

// The bounds that hold for one text. They are far above what settings and suites need.
const (
	MaxSize  = 1 << 20 // bytes
	MaxDepth = 64      // lists and mappings inside each other
)

// Parse reads a text that holds one YAML document. A text without any (empty, or comments only) gives
// a Null node. Every error is an [*Error].
//
// The YAML library decodes only into its own node type here: decoding into Go maps or structs runs code
// that panics on some texts (a merge key beside a key that is a list does it in v3.0.1).
func Parse(src *source.File) (*Node, error) {
	if err := precheck(src); err != nil {
		return nil, err
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(src.Text))
	err := decode(dec, &doc)
	if errors.Is(err, io.EOF) {
		return &Node{Kind: Null, Span: src.Span(len(src.Text), len(src.Text))}, nil
	}
	if err != nil {
		return nil, syntaxError(src, err)
	}
	c := converter{src: src, lines: breaks(src.Text)}
	var next yaml.Node
	switch err := decode(dec, &next); {
	case err == nil:
		return nil, &Error{Span: c.at(&next), Message: "a second document starts here", Hint: "one file holds one; remove the line ---"}
	case !errors.Is(err, io.EOF):
		return nil, syntaxError(src, err)
	}
	if len(doc.Content) != 1 {
		return &Node{Kind: Null, Span: src.Span(0, 0)}, nil
	}
	return c.node(doc.Content[0], 0)
}

// precheck refuses what the library would read in a way of its own.
func precheck(src *source.File) error {
	text := src.Text
	if len(text) > MaxSize {
		return &Error{Span: src.Span(0, 0), Message: fmt.Sprintf("the file has %d bytes, more than the %d that are read", len(text), MaxSize)}
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return &Error{Span: src.Span(i, i+1), Message: "the file has a NUL byte", Hint: "save it as UTF-8"}
	}
	if !utf8.Valid(text) {
		i := 0
		for {
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			i += n
		}
		return &Error{Span: src.Span(i, i+1), Message: fmt.Sprintf("byte 0x%02x is not UTF-8", text[i]), Hint: "save the file as UTF-8"}
	}
	return nil
}

// decode keeps a panic of the library from ending the process: the text is the user's, the crash would
// look like ours.
func decode(dec *yaml.Decoder, into *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: the text cannot be read (%v)", r)
		}
	}()
	return dec.Decode(into)
}

// syntaxError gives a place to the library's message, which holds at most a line.
func syntaxError(src *source.File, err error) error {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if rest, ok := strings.CutPrefix(msg, "line "); ok {
		if digits, text, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(digits); err == nil {
				line, msg = n, text
			}
		}
	}
	line = min(max(line, 1), src.Lines())
	span := src.Line(line)
	text := src.Text[span.Start:span.End]
	span.Start += int32(len(text) - len(bytes.TrimLeft(text, " \t")))
	return &Error{Span: span, Message: "the text is not YAML: " + strings.TrimSpace(msg), Hint: hintFor(msg, text)}
}

func hintFor(msg string, line []byte) string {
	switch {
	case bytes.HasPrefix(bytes.TrimLeft(line, " "), []byte("\t")), strings.Contains(msg, "cannot start any token"):
		return "indent with blanks, not tabs, and quote values that start with @, ` or %"
	case strings.Contains(msg, "did not find expected key"), strings.Contains(msg, "mapping values are not allowed"), strings.Contains(msg, "could not find expected ':'"):
		return "write key: value, all keys of one level under each other; quote values with a colon"
	case strings.Contains(msg, "unknown anchor"):
		return "quote values that start with *"
	case strings.Contains(msg, "quoted scalar"):
		return "close the quote"
	}
	return ""
}

// breaks returns the offset of each line's first byte, lines as YAML counts them: the library takes a
// lone carriage return, U+0085, U+2028 and U+2029 for line ends too.
func breaks(text []byte) []int {
	lines := []int{0}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
			i += 2
		case c == '\r' || c == '\n':
			i++
		case c == 0xc2 && i+1 < len(text) && text[i+1] == 0x85:
			i += 2
		case c == 0xe2 && i+2 < len(text) && text[i+1] == 0x80 && (text[i+2] == 0xa8 || text[i+2] == 0xa9):
			i += 3
		default:
			i++
			continue
		}
		lines = append(lines, i)
	}
	return lines
}

type converter struct {
	src   *source.File
	lines []int
	// last is the place that offset found last.
	last struct{ line, column, offset int }
}

// offset turns the library's line and column, which count characters, into a byte offset.
func (c *converter) offset(line, column int) int {
	line = min(max(line, 1), len(c.lines))
	i := c.lines[line-1]
	text := c.src.Text
	if line == 1 && bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		i = 3 // the library does not count the byte order mark
	}
	at := 1
	if c.last.line == line && c.last.column <= column {
		// Nodes come in their order: a long line is walked once, not once for each of its nodes.
		i, at = c.last.offset, c.last.column
	}
	for ; at < column && i < len(text); at++ {
		_, n := utf8.DecodeRune(text[i:])
		i += n
	}
	c.last.line, c.last.column, c.last.offset = line, at, i
	return min(i, len(text))
}

func (c *converter) at(n *yaml.Node) source.Span {
	i := c.offset(n.Line, n.Column)
	return c.src.Span(i, min(i+1, len(c.src.Text)))
}

func (c *converter) node(n *yaml.Node, depth int) (*Node, error) {
	if depth > MaxDepth {
		return nil, &Error{Span: c.at(n), Message: fmt.Sprintf("lists and mappings are nested more than %d deep", MaxDepth)}
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return nil, &Error{Span: c.at(n), Message: fmt.Sprintf("tag %s is not read", n.Tag), Hint: "quote the value if the ! belongs to it"}
	}
	switch n.Kind {
	case yaml.AliasNode:
		return nil, &Error{Span: c.at(n), Message: fmt.Sprintf("alias *%s is not read", n.Value), Hint: "write the value out, or quote it if the * belongs to it"}
	case yaml.SequenceNode:
		return c.list(n, depth)
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.ScalarNode:
		return c.scalar(n)
	}
	return nil, &Error{Span: c.at(n), Message: "the value cannot be read"}
}

func (c *converter) list(n *yaml.Node, depth int) (*Node, error) {
	out := &Node{Kind: List, Span: c.at(n), Items: make([]*Node, 0, len(n.Content))}
	for _, it := range n.Content {
		v, err := c.node(it, depth+1)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
		out.Span.End = max(out.Span.End, v.Span.End)
	}
	return out, nil
}

func (c *converter) mapping(n *yaml.Node, depth int) (*Node, error) {
	out := &Node{Kind: Mapping, Span: c.at(n), Entries: make([]Entry, 0, len(n.Content)/2)}
	seen := make(map[string]*Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind == yaml.ScalarNode && k.ShortTag() == "!!merge" {
			return nil, &Error{Span: c.at(k), Message: "merge key << is not read", Hint: "write the keys out"}
		}
		key, err := c.node(k, depth+1)
		if err != nil {
			return nil, err
		}
		if !key.IsScalar() {
			return nil, &Error{Span: key.Span, Message: "key is " + key.Kind.String(), Hint: "a key is one word; quote it if it starts with [ or {"}
		}
		if first := seen[key.Text]; first != nil {
			return nil, &Error{Span: key.Span, Message: fmt.Sprintf("key %s is set twice", key.Text), Hint: fmt.Sprintf("it is set first in line %d", first.Span.Position().Line)}
		}
		seen[key.Text] = key
		value, err := c.node(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if value.Kind == Null && value.Span.Len() == 0 {
			value.Span = key.Span // an empty value has no place of its own
		}
		out.Entries = append(out.Entries, Entry{Key: key, Value: value})
		out.Span.End = max(out.Span.End, key.Span.End, value.Span.End)
	}
	return out, nil
}

func (c *converter) scalar(n *yaml.Node) (*Node, error) {
	out := &Node{Kind: String, Text: n.Value, Span: c.scalarSpan(n)}
	out.Quoted = n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if out.Quoted {
		return out, nil
	}
	switch n.ShortTag() {
	case "!!null":
		out.Kind = Null
		out.Text = ""
	case "!!bool":
		out.Kind = Bool
	case "!!int", "!!float":
		out.Kind = Number
	}
	return out, nil
}

// scalarSpan works out where a value ends, which the library does not say: at its closing quote, after
// its text, or with its line.
func (c *converter) scalarSpan(n *yaml.Node) source.Span {
	text := c.src.Text
	start := c.offset(n.Line, n.Column)
	if n.Anchor != "" { // the place is the anchor's
		if i := bytes.IndexAny(text[start:], " \t\r\n"); i >= 0 && start < len(text) && text[start] == '&' {
			start += i
			for start < len(text) && (text[start] == ' ' || text[start] == '\t') {
				start++
			}
		}
	}
	end := start
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for end++; end < len(text) && text[end] != '"'; end++ {
			if text[end] == '\\' {
				end++
			}
		}
		end++
	case n.Style&yaml.SingleQuotedStyle != 0:
		for end++; end < len(text); end++ {
			if text[end] == '\'' {
				if end+1 < len(text) && text[end+1] == '\'' {
					end++
					continue
				}
				break
			}
		}
		end++
	case bytes.HasPrefix(text[start:], []byte(n.Value)):
		end = start + len(n.Value)
	default:
		for end < len(text) && text[end] != '\n' && text[end] != '\r' {
			end++
		}
	}
	return c.src.Span(start, min(end, len(text)))
}
