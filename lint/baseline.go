package lint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

// BaselineSchema is the version of the form in which a [Baseline] is written.
const BaselineSchema = "dispcheck.baseline/v2"

// oldBaselineSchema is that of baselines whose fingerprints hold names as they were shown: they fit in the folder in
// which they were written alone.
const oldBaselineSchema = "dispcheck.baseline/v1"

// MaxBaseline is how many bytes of a baseline are read.
const MaxBaseline = 32 << 20

// A Baseline holds the findings that were there when it was made, so that later ones can be told from them.
type Baseline struct {
	// Entries are sorted by file, rule and fingerprint.
	Entries []BaselineEntry
	// Shown says that fingerprints hold the names of files as shown, and not those that a [Names] gives: the baseline was
	// written before dispcheck.baseline/v2.
	Shown bool
}

// Names gives files the names by which findings are told from others, wherever dispcheck runs: paths from the root of
// their project. Where it returns "", and where it is nil, files have the names that are shown.
type Names func(*source.File) string

func (names Names) of(s source.Span) string {
	if names != nil && s.File != nil {
		if name := names(s.File); name != "" {
			return name
		}
	}
	return nameOf(s)
}

// A BaselineEntry is one finding that was there. Its fingerprint is what counts; the rest is for people.
type BaselineEntry struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	File        string `json:"file"`
	Message     string `json:"message"`
}

// Fingerprints returns for each finding, in their order, what tells it from others across changes of the text. It is
// made of its rule, the name of its file, the text of the line on which it starts and the text at fault; blanks do
// not count in either. It stays when lines are moved. Of several that have all of that in common, the second and
// those behind it have their number in it.
func Fingerprints(ds []diag.Diagnostic, names Names) []string {
	seen := make(map[string]int, len(ds))
	prints := make([]string, len(ds))
	for i := range ds {
		p := fingerprint(&ds[i], names, 0)
		if n := seen[p]; n > 0 {
			prints[i] = fingerprint(&ds[i], names, n)
		} else {
			prints[i] = p
		}
		seen[p]++
	}
	return prints
}

// fingerprintBytes is how much of a hash is kept: enough that no two findings of a project meet by chance.
const fingerprintBytes = 16

func fingerprint(d *diag.Diagnostic, names Names, number int) string {
	h := sha256.New()
	line, fault := "", d.Message // what is about no text is known by its words
	if !d.Span.IsZero() {
		line = words(d.Span.File.Line(d.Span.Position().Line))
		fault = words(d.Span)
	}
	for _, part := range []string{d.Rule, names.of(d.Span), line, fault, strconv.Itoa(number)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:fingerprintBytes])
}

// maxWords is how many bytes of a text are in a fingerprint: a whole configuration may stand in one line.
const maxWords = 1 << 10

// words returns the start of a text with one blank for each run of white space.
func words(s source.Span) string {
	s.End = min(s.End, s.Start+maxWords)
	return strings.Join(strings.Fields(s.Text()), " ")
}

// NewBaseline returns a baseline of findings.
func NewBaseline(ds []diag.Diagnostic, names Names) *Baseline {
	sorted := slices.Clone(ds)
	slices.SortStableFunc(sorted, func(a, b diag.Diagnostic) int { return a.Span.Compare(b.Span) })
	b := &Baseline{}
	for i, p := range Fingerprints(sorted, names) {
		d := &sorted[i]
		b.Entries = append(b.Entries, BaselineEntry{p, d.Rule, names.of(d.Span), d.Message})
	}
	b.sort()
	return b
}

func (b *Baseline) sort() {
	slices.SortFunc(b.Entries, func(x, y BaselineEntry) int {
		if c := strings.Compare(x.File, y.File); c != 0 {
			return c
		}
		if c := strings.Compare(x.Rule, y.Rule); c != 0 {
			return c
		}
		return strings.Compare(x.Fingerprint, y.Fingerprint)
	})
}

// Split tells findings that are not in the baseline from those that are, each in their order, and returns the
// entries whose findings are gone. names are those with which the baseline was made.
func (b *Baseline) Split(ds []diag.Diagnostic, names Names) (fresh, known []diag.Diagnostic, gone []BaselineEntry) {
	if b.Shown {
		names = nil
	}
	left := make(map[string]bool, len(b.Entries))
	for _, e := range b.Entries {
		left[e.Fingerprint] = true
	}
	// Numbers are given in the order of the text, whatever order the findings come in.
	order := make([]int, len(ds))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return ds[i].Span.Compare(ds[j].Span) })
	sorted := make([]diag.Diagnostic, len(ds))
	for i, at := range order {
		sorted[i] = ds[at]
	}
	isKnown := make([]bool, len(ds))
	for i, p := range Fingerprints(sorted, names) {
		if left[p] {
			isKnown[order[i]] = true
			delete(left, p)
		}
	}
	for i, d := range ds {
		if isKnown[i] {
			known = append(known, d)
		} else {
			fresh = append(fresh, d)
		}
	}
	for _, e := range b.Entries {
		if left[e.Fingerprint] {
			gone = append(gone, e)
		}
	}
	return fresh, known, gone
}

// Write writes the baseline as JSON of [BaselineSchema], or of the one before where it is Shown, an entry a line, so that changes of it are read and merged by line.
func (b *Baseline) Write(w io.Writer) error {
	var out bytes.Buffer
	schema := BaselineSchema
	if b.Shown {
		schema = oldBaselineSchema
	}
	fmt.Fprintf(&out, "{\n  \"schema\": %q,\n  \"findings\": [", schema)
	for i, e := range b.Entries {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n    ")
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(e); err != nil {
			return err
		}
		out.Truncate(out.Len() - 1) // the line end that Encode writes
	}
	if len(b.Entries) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteString("]\n}\n")
	_, err := w.Write(out.Bytes())
	return err
}

// A BaselineError says what of a baseline cannot be read.
type BaselineError struct {
	// Span is the place; its file is the baseline.
	Span    source.Span
	Message string
	// Hint says what to do; "" where there is nothing to add.
	Hint string
}

// Error names the place.
func (e *BaselineError) Error() string {
	p := e.Span.Position()
	s := fmt.Sprintf("%s:%d:%d: %s", e.Span.File.Name, p.Line, p.Column, e.Message)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// ReadBaseline reads what [Baseline.Write] wrote. name stands for it in errors: a *[BaselineError], or what
// reading from r returns.
func ReadBaseline(name string, r io.Reader) (*Baseline, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxBaseline+1))
	if err != nil {
		return nil, err
	}
	p := &baselineReader{src: source.NewFile(name, text)}
	if len(text) > MaxBaseline {
		return nil, p.fail(0, "", "baseline is larger than %d MiB", MaxBaseline>>20)
	}
	return p.read()
}

type baselineReader struct {
	src  *source.File
	dec  *json.Decoder
	base int // where the decoder starts
}

const makeAnew = "make it anew with --write-baseline"

func (p *baselineReader) fail(at int, hint, format string, args ...any) error {
	at = min(at, len(p.src.Text))
	return &BaselineError{p.src.Span(at, at), fmt.Sprintf(format, args...), hint}
}

// valid says where the text breaks off being JSON. The decoder that reads it token by token does not know.
func (p *baselineReader) valid() error {
	var syntax *json.SyntaxError
	var all json.RawMessage
	err := json.Unmarshal(p.src.Text[p.base:], &all)
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &syntax):
		return p.fail(p.base, "", "baseline is not JSON: %s", err)
	}
	at := p.base + int(syntax.Offset)
	if at >= len(p.src.Text) && strings.Contains(err.Error(), "end of JSON") {
		return p.fail(len(p.src.Text), "", "baseline ends before it is complete")
	}
	return p.fail(max(at-1, 0), "", "baseline is not JSON here: %s", err) // the offset is behind the byte at fault
}

// broken reports an error of the decoder on what is valid JSON.
func (p *baselineReader) broken(err error) error {
	return p.fail(p.at(), "", "baseline cannot be read here: %s", err)
}

// at is where the next token starts.
func (p *baselineReader) at() int {
	i := p.base + int(p.dec.InputOffset())
	for i < len(p.src.Text) && strings.IndexByte(" \t\r\n,:", p.src.Text[i]) >= 0 {
		i++
	}
	return i
}

func (p *baselineReader) read() (*Baseline, error) {
	text := p.src.Text
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		p.base = len("\ufeff")
	}
	if err := p.valid(); err != nil {
		return nil, err
	}
	p.dec = json.NewDecoder(bytes.NewReader(text[p.base:]))
	if err := p.delim('{', "baseline is no object"); err != nil {
		return nil, err
	}
	b, schema, listed := &Baseline{}, "", false
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return nil, p.broken(err)
		}
		at := p.at()
		switch key {
		case "schema":
			if err := p.dec.Decode(&schema); err != nil {
				var typ *json.UnmarshalTypeError
				if errors.As(err, &typ) {
					return nil, p.fail(at, makeAnew, "schema is no text")
				}
				return nil, p.broken(err)
			}
			if b.Shown = schema == oldBaselineSchema; !b.Shown && schema != BaselineSchema {
				return nil, p.fail(at, makeAnew, "schema is %s, and %q is read here", quoted(schema), BaselineSchema)
			}
		case "findings":
			listed = true
			if err := p.entries(b); err != nil {
				return nil, err
			}
		default:
			var skipped json.RawMessage
			if err := p.dec.Decode(&skipped); err != nil {
				return nil, p.broken(err)
			}
		}
	}
	if err := p.delim('}', "object is not closed"); err != nil {
		return nil, err
	}
	switch {
	case schema == "":
		return nil, p.fail(0, makeAnew, "baseline has no schema")
	case !listed:
		return nil, p.fail(0, makeAnew, "baseline has no findings")
	}
	b.sort()
	return b, nil
}

func (p *baselineReader) delim(want json.Delim, otherwise string) error {
	at := p.at()
	t, err := p.dec.Token()
	if err != nil {
		return p.broken(err)
	}
	if t != want {
		return p.fail(at, makeAnew, "%s", otherwise)
	}
	return nil
}

// entries reads the list of findings.
func (p *baselineReader) entries(b *Baseline) error {
	if err := p.delim('[', "findings are no list"); err != nil {
		return err
	}
	first := map[string]int{}
	for p.dec.More() {
		at := p.at()
		var e BaselineEntry
		if err := p.dec.Decode(&e); err != nil {
			var typ *json.UnmarshalTypeError
			if errors.As(err, &typ) && typ.Field == "" {
				return p.fail(at, makeAnew, "entry is %s and no object", typ.Value)
			} else if errors.As(err, &typ) {
				return p.fail(at, "", "%s of the entry is %s and no text", typ.Field, typ.Value)
			}
			return p.broken(err)
		}
		if raw, err := hex.DecodeString(e.Fingerprint); err != nil || len(raw) != fingerprintBytes {
			return p.fail(at, makeAnew, "fingerprint of the entry is not %d hexadecimal digits", 2*fingerprintBytes)
		}
		if e.Rule == "" {
			return p.fail(at, makeAnew, "entry names no rule")
		}
		if line, ok := first[e.Fingerprint]; ok {
			return p.fail(at, "remove one of them", "entry is there twice, first on line %d", line)
		}
		first[e.Fingerprint] = p.src.Position(at).Line
		b.Entries = append(b.Entries, e)
	}
	return p.delim(']', "list of findings is not closed")
}
