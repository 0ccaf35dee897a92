package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// lineHint says what a line is.
const lineHint = "a line is METHOD URL [HOST] or a JSON object with method and url"

// lines reads a step from each line.
func (b *builder) lines() error {
	text := b.src.Text
	b.out.Steps = make([]Step, 0, min(b.src.Lines(), MaxSteps))
	for n := range b.src.Lines() {
		span := b.src.Line(n + 1)
		row := text[span.Start:span.End]
		if n == 0 {
			row = bytes.TrimPrefix(row, []byte(byteOrderMark))
		}
		row = bytes.TrimSpace(row)
		if len(row) == 0 || row[0] == '#' {
			continue
		}
		if row[0] == '{' {
			at := int(span.Start) + bytes.Index(text[span.Start:span.End], row)
			root, err := jsonNode(b.src, at, row)
			if placed := (*yamltext.Error)(nil); errors.As(err, &placed) {
				return err
			}
			if err == nil && isStep(root) { // other mistakes are jsonLine's to name
				if err := b.stepOf(root); err != nil {
					return err
				}
				continue
			}
			if err := checkKeys(root); err != nil {
				return err
			}
		}
		var s *Step
		var err error
		if row[0] == '{' {
			s, err = b.jsonLine(row, span)
		} else {
			s, err = b.wordLine(string(row))
		}
		if err == nil {
			err = b.append(s, span)
		}
		if placed := (*yamltext.Error)(nil); errors.As(err, &placed) {
			return err
		}
		if err != nil {
			return &yamltext.Error{Span: span, Message: err.Error(), Hint: lineHint}
		}
	}
	return nil
}

// isStep reports whether a JSON object is a step that YAML has too: one of its words, or METHOD URL, is its only key.
func isStep(n *yamltext.Node) bool {
	if n.Kind != yamltext.Mapping || len(n.Entries) != 1 {
		return false
	}
	key := n.Entries[0].Key.Text
	return slices.Contains(stepWords(), key) || len(strings.Fields(key)) > 1
}

// checkKeys returns an error where an object has a key in two letter cases: encoding/json takes both for one.
func checkKeys(n *yamltext.Node) error {
	if n == nil {
		return nil
	}
	seen := make(map[string]bool, len(n.Entries))
	for _, e := range n.Entries {
		folded := strings.ToLower(strings.ToUpper(e.Key.Text)) // the letters that fold into ASCII have a larger form
		if seen[folded] {
			return twice(e.Key)
		}
		seen[folded] = true
	}
	return nil
}

// twice is the error for a key that is set again.
func twice(key *yamltext.Node) error {
	return key.Errorf("keep one of them", "key %s is set twice", key.Text)
}

// stepOf reads a step of the YAML notation.
func (b *builder) stepOf(n *yamltext.Node) error {
	var r form.Reader
	if f, ok := tables().step.Read(&r, "the line", n); ok {
		b.step(&r, &f)
	}
	if err := r.Err(); err != nil {
		return err
	}
	return b.err
}

// wordLine reads METHOD URL [HOST].
func (b *builder) wordLine(row string) (*Step, error) {
	d, err := wordDraft(row, "the line")
	if err != nil {
		return nil, err
	}
	return b.request(d)
}

func wordDraft(row, what string) (*draft, error) {
	words := strings.Fields(row)
	switch len(words) {
	case 2:
		return &draft{method: words[0], url: words[1]}, nil
	case 3:
		return &draft{method: words[0], url: words[1], host: &words[2]}, nil
	case 1:
		return nil, fmt.Errorf("%s has 1 word, and a request two or three", what)
	}
	return nil, fmt.Errorf("%s has %d words, and a request two or three", what, len(words))
}

// jsonLine reads {"method":…,"url":…,"host":…,"headers":{…},"body":…}. A header's value is a text or a list of texts.
func (b *builder) jsonLine(row []byte, span source.Span) (*Step, error) {
	var q struct {
		Method  string                     `json:"method"`
		URL     string                     `json:"url"`
		Host    *string                    `json:"host"`
		Headers map[string]json.RawMessage `json:"headers"`
		Body    *string                    `json:"body"`
		Scheme  string                     `json:"scheme"`
		Client  string                     `json:"client"`
		Proto   string                     `json:"proto"`
		Name    string                     `json:"name"`
		Expect  map[string]any             `json:"expect"`
	}
	dec := json.NewDecoder(bytes.NewReader(row))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&q); err != nil {
		return nil, jsonProblem(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	if q.Method == "" || q.URL == "" {
		return nil, errors.New("the JSON object lacks method or url")
	}
	d := draft{method: q.Method, url: q.URL, host: q.Host, scheme: q.Scheme, proto: q.Proto, name: q.Name}
	if q.Scheme != "" && q.Scheme != "http" && q.Scheme != "https" {
		return nil, fmt.Errorf("scheme %q is neither http nor https", q.Scheme)
	}
	if q.Proto != "" {
		if err := checkProto(q.Proto); err != nil {
			return nil, err
		}
	}
	if q.Client != "" {
		var err error
		if d.client, err = checkClient(q.Client); err != nil {
			return nil, err
		}
	}
	if q.Body != nil {
		d.body = []byte(*q.Body)
	}
	for _, name := range slices.Sorted(maps.Keys(q.Headers)) {
		values, err := headerValues(q.Headers[name])
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		for _, v := range values {
			if err := checkHeader(strings.TrimSpace(name), v); err != nil {
				return nil, err
			}
			d.add(strings.TrimSpace(name), v)
		}
	}
	if q.Expect != nil {
		at := int(span.Start) + bytes.Index(b.src.Text[span.Start:span.End], row)
		root, err := jsonNode(b.src, at, row)
		if err != nil {
			return nil, err
		}
		if n := root.Lookup("expect"); n != nil {
			var r form.Reader
			pairs, _ := expectValue().Read(&r, "expect", n)
			if err := r.Err(); err != nil {
				return nil, err
			}
			d.expect = expectations(pairs)
		}
	}
	return b.request(&d)
}

func headerValues(raw json.RawMessage) ([]string, error) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, nil
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil {
		return nil, errors.New("its value is neither a text nor a list of texts")
	}
	return many, nil
}

// jsonProblem says in our words what encoding/json says in its own.
func jsonProblem(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("the JSON breaks off or goes wrong at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		wanted := "a text"
		if kind.Type.Kind() == reflect.Map {
			wanted = "an object of names and values"
		}
		article := "a"
		if strings.HasPrefix(kind.Value, "a") || strings.HasPrefix(kind.Value, "o") { // array, object
			article = "an"
		}
		return fmt.Errorf("JSON key %s is %s %s, not %s", kind.Field, article, kind.Value, wanted)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON object is not closed")
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// jsonNode reads a JSON value that stands at an offset of a file, as YAML is read.
func jsonNode(src *source.File, at int, text []byte) (*yamltext.Node, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	c := jsonNodes{src: src, at: at, text: text, dec: dec}
	return c.value(0)
}

type jsonNodes struct {
	src  *source.File
	at   int
	text []byte
	dec  *json.Decoder
}

func (c *jsonNodes) value(depth int) (*yamltext.Node, error) {
	from := int(c.dec.InputOffset())
	for from < len(c.text) && strings.IndexByte(" \t\r\n,:", c.text[from]) >= 0 {
		from++
	}
	token, err := c.dec.Token()
	if err != nil {
		return nil, err
	}
	n := &yamltext.Node{Span: c.src.Span(c.at+from, c.at+int(c.dec.InputOffset()))}
	if depth > yamltext.MaxDepth {
		return nil, n.Errorf("", "lists and objects are nested more than %d deep", yamltext.MaxDepth)
	}
	switch v := token.(type) {
	case nil:
		n.Kind = yamltext.Null
	case bool:
		n.Kind, n.Text = yamltext.Bool, fmt.Sprint(v)
	case json.Number:
		n.Kind, n.Text = yamltext.Number, v.String()
	case string:
		n.Kind, n.Text, n.Quoted = yamltext.String, v, true
	case json.Delim:
		if err := c.inside(n, v, depth); err != nil {
			return nil, err
		}
		n.Span.End = int32(c.at + int(c.dec.InputOffset()))
	}
	return n, nil
}

// inside reads the entries of a list or an object.
func (c *jsonNodes) inside(n *yamltext.Node, opened json.Delim, depth int) error {
	n.Kind = yamltext.List
	if opened == '{' {
		n.Kind = yamltext.Mapping
	}
	seen := map[string]bool{}
	for c.dec.More() {
		v, err := c.value(depth + 1)
		if err != nil {
			return err
		}
		if opened == '[' {
			n.Items = append(n.Items, v)
			continue
		}
		if seen[v.Text] {
			return twice(v)
		}
		seen[v.Text] = true
		of, err := c.value(depth + 1)
		if err != nil {
			return err
		}
		n.Entries = append(n.Entries, yamltext.Entry{Key: v, Value: of})
	}
	_, err := c.dec.Token()
	return err
}
