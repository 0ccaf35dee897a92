package mock

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// Load reads a file of answers. Files that it names must lie in its folder or below. The error is [form.Errors], a
// *yamltext.Error, or that of reading the file.
func Load(fsys fs.FS, name string, o Options) (*Mock, error) {
	shown := o.Shown
	if shown == "" {
		shown = name
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown, folder.Cause(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: is a folder; give a file", shown)
	}
	text, err := io.ReadAll(io.LimitReader(f, yamltext.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown, folder.Cause(err))
	}
	return Parse(source.NewFile(shown, text), folder.Of(fsys, name), o)
}

// Parse reads a text of answers whose files lie in a folder.
func Parse(src *source.File, files folder.Folder, o Options) (*Mock, error) {
	root, err := yamltext.Parse(src)
	if err != nil {
		return nil, err
	}
	var r form.Reader
	var s Source
	if root.Kind == yamltext.Null {
		r.Failf(root, "write renders: or default:", "the file says nothing")
		return nil, r.Err()
	}
	root.Span = firstLine(root.Span)
	fileTable().Read(&r, root, &s)
	m := s.Build(&r, files, o)
	if err := r.Err(); err != nil {
		return nil, err
	}
	return m, nil
}

// firstLine is where a span starts: what is said of a whole file points to its first word alone.
func firstLine(s source.Span) source.Span {
	return source.Span{File: s.File, Start: s.Start, End: s.Start}
}

// A Source is what a text says of renders, before it is put together.
type Source struct {
	renders  []form.Pair[renderForm]
	fallback *respondForm
}

// Keys are the keys of a file of answers, renders and default, as part of another table.
func Keys[T any](field func(*T) *Source) []form.Key[T] {
	t := tables()
	return []form.Key[T]{
		form.Of("renders", "what each render answers, by its label in /renders; * for those that are not named", t.renders, func(v *T) *[]form.Pair[renderForm] { return &field(v).renders }),
		form.Of("default", "the answer where nothing matches", t.fallback, func(v *T) **respondForm { return &field(v).fallback }),
	}
}

// Definitions are what the schemas of [Keys] refer to.
func Definitions() form.Schema { return tables().definitions }

// Given reports whether there is anything.
func (s *Source) Given() bool { return s.renders != nil || s.fallback != nil }

// Schema returns the JSON schema of a file of answers, draft 2020-12.
func Schema() []byte {
	return form.Document("https://github.com/dispcheck/dispcheck/schema/mock.schema.json", "canned answers of renders, for dispcheck simulate --render mock:FILE",
		fileTable().Schema(), Definitions())
}

func fileTable() *form.Table[Source] {
	return &form.Table[Source]{What: "the file", Keys: Keys(func(s *Source) *Source { return s })}
}

type renderForm struct {
	down    bool
	entries []entryForm
}

type entryForm struct {
	node     *yamltext.Node
	when     whenForm
	respond  form.At[*respondForm]
	sequence form.At[[]*respondForm]
	cycle    form.At[bool]
}

type whenForm struct {
	methods  []string
	path     form.At[string]
	query    form.At[string]
	headers  []form.Pair[string]
	purposes []string
}

type respondForm struct {
	node             *yamltext.Node
	status           form.At[int64]
	headers          form.At[[]form.Pair[[]string]]
	body, base64     form.At[string]
	file             form.At[string]
	size             form.At[int64]
	length           form.At[int64] // or unsaid
	delay, bodyDelay form.At[time.Duration]
	cut              form.At[int64]
	fail, stall      form.At[string]
}

// purposes are the words of the key purpose.
var purposes = [...]string{
	simulate.ForClient: "request", simulate.ForHealth: "health-check", simulate.ForPermission: "permission-check",
	simulate.ForVanityList: "vanity-list", simulate.ForRefetch: "re-fetch", simulate.ForFlush: "flush",
}

// down is the short form of a render that cannot be reached.
const down = "down"

// formTables are the tables of a file of answers, as values.
type formTables struct {
	renders     form.Value[[]form.Pair[renderForm]]
	fallback    form.Value[*respondForm]
	definitions form.Schema
}

var tables = sync.OnceValue(func() *formTables {
	respondTable := &form.Table[respondForm]{What: "the answer", Keys: []form.Key[respondForm]{
		form.Of("status", "the status; 200 unless it is said", form.Placed(form.Int(100, 599)), func(f *respondForm) *form.At[int64] { return &f.status }),
		form.Of("headers", "headers, each a text or a list of texts", form.Placed(Headers()), func(f *respondForm) *form.At[[]form.Pair[[]string]] { return &f.headers }),
		form.Of("body", "the body, as a text", form.Placed(form.Text()), func(f *respondForm) *form.At[string] { return &f.body }),
		form.Of("body-base64", "the body, as bytes in base64", form.Placed(form.Text()), func(f *respondForm) *form.At[string] { return &f.base64 }),
		form.Of("file", "the body, as a file in the folder of this one or below", form.Placed(form.Text()), func(f *respondForm) *form.At[string] { return &f.file }),
		form.Of("body-size", "the body, as so many bytes that are made up", form.Placed(form.Int(0, math.MaxInt64)), func(f *respondForm) *form.At[int64] { return &f.size }),
		form.Of("content-length", "the length that is announced, none for no announcement; that of the body unless it is said", form.Placed(length()), func(f *respondForm) *form.At[int64] { return &f.length }),
		form.Of("delay", "time before the headers", form.Placed(form.Duration(false)), func(f *respondForm) *form.At[time.Duration] { return &f.delay }),
		form.Of("body-delay", "time before the body, and again after each 64 KiB of it", form.Placed(form.Duration(false)), func(f *respondForm) *form.At[time.Duration] { return &f.bodyDelay }),
		form.Of("cut", "bytes after which the body breaks off", form.Placed(form.Int(0, math.MaxInt64)), func(f *respondForm) *form.At[int64] { return &f.cut }),
		form.Of("fail", "how it fails: refused, unreachable, connect-timeout and no-host are never connected; reset and timeout do not answer; interrupted breaks one read of the body", form.Placed(form.Word(failures[refused:]...)), func(f *respondForm) *form.At[string] { return &f.fail }),
		form.Of("stall", "what never comes: the headers, or (the rest of) the body", form.Placed(form.Word("headers", "body")), func(f *respondForm) *form.At[string] { return &f.stall }),
	}}
	respond := form.Ref("respond", respondValue(respondTable))
	whenTable := &form.Table[whenForm]{What: "when", Keys: []form.Key[whenForm]{
		form.Of("method", "the method, or a list of methods", form.OneOrMany(form.Text()), func(f *whenForm) *[]string { return &f.methods }),
		form.Of("path", "a glob that matches the path, as it is sent or decoded", form.Placed(form.Text()), func(f *whenForm) *form.At[string] { return &f.path }),
		form.Of("query", `a glob that matches the query; "" where there is none`, form.Placed(form.Text()), func(f *whenForm) *form.At[string] { return &f.query }),
		form.Of("headers", "globs; each must match a header of its name", form.Pairs(form.Text(), headerNamePattern, CheckHeaderName), func(f *whenForm) *[]form.Pair[string] { return &f.headers }),
		form.Of("purpose", "what the request is for, or a list of such words", form.OneOrMany(form.Word(purposes[:]...)), func(f *whenForm) *[]string { return &f.purposes }),
	}}
	entryTable := &form.Table[entryForm]{What: "the entry", Keys: []form.Key[entryForm]{
		form.Of("when", "the requests that it answers; all unless it is said", whenTable.Value(), func(f *entryForm) *whenForm { return &f.when }),
		form.Of("respond", "the answer", form.Placed(respond), func(f *entryForm) *form.At[*respondForm] { return &f.respond }),
		form.Of("sequence", "answers one after the other; the last one repeats", form.Placed(form.List(respond)), func(f *entryForm) *form.At[[]*respondForm] { return &f.sequence }),
		form.Of("cycle", "the sequence starts again at its end", form.Placed(form.Bool()), func(f *entryForm) *form.At[bool] { return &f.cycle }),
	}}
	entry := entryValue(entryTable)
	entry = form.Ref("entry", entry)
	return &formTables{
		renders: form.Pairs(renderValue(entry), "", nil), fallback: respond,
		definitions: form.Schema{
			{Key: "respond", Value: form.AnyOf(statusSchema(), respondTable.Schema())},
			{Key: "entry", Value: form.AnyOf(statusSchema(), entrySchema(entryTable))},
		},
	}
})

func statusSchema() form.Schema { return form.Int(100, 599).Schema }

// entrySchema says, beside the keys, that an entry has an answer.
func entrySchema(t *form.Table[entryForm]) form.Schema {
	return append(t.Schema(), form.Member{Key: "oneOf", Value: []form.Schema{
		{{Key: "required", Value: []string{"respond"}}}, {{Key: "required", Value: []string{"sequence"}}},
	}}, form.Member{Key: "dependentRequired", Value: form.Schema{{Key: "cycle", Value: []string{"sequence"}}}})
}

// respondValue is an answer: its keys, or a status alone.
func respondValue(t *form.Table[respondForm]) form.Value[*respondForm] {
	return form.Value[*respondForm]{Read: func(r *form.Reader, what string, n *yamltext.Node) (*respondForm, bool) {
		f := &respondForm{node: n}
		if n.IsScalar() {
			status, ok := form.Int(100, 599).Read(r, "status", n)
			f.status = form.At[int64]{Node: n, Value: status}
			return f, ok
		}
		if n.Kind != yamltext.Mapping {
			r.Failf(n, "write a status or the keys of one answer; several stand in a sequence", "%s is %s, not an answer", what, n.Kind)
			return f, false
		}
		return f, t.Read(r, n, f)
	}}
}

// entryValue is an entry: its keys, or a status alone.
func entryValue(t *form.Table[entryForm]) form.Value[entryForm] {
	return form.Value[entryForm]{Read: func(r *form.Reader, what string, n *yamltext.Node) (entryForm, bool) {
		f := entryForm{node: n}
		if n.IsScalar() {
			if n.Kind == yamltext.String {
				hint := ""
				if n.Text == down {
					hint = fmt.Sprintf("write %s: down, not in a list", what)
				}
				r.Failf(n, hint, "the entry is %q, not a mapping or a status", n.Text)
				return f, false
			}
			status, ok := form.Int(100, 599).Read(r, "status", n)
			f.respond = form.At[*respondForm]{Node: n, Value: &respondForm{node: n, status: form.At[int64]{Node: n, Value: status}}}
			return f, ok
		}
		if n.Kind != yamltext.Mapping {
			r.Failf(n, "an entry has respond or sequence", "the entry is %s, not a mapping or a status", n.Kind)
			return f, false
		}
		if !t.Read(r, n, &f) {
			return f, false
		}
		switch {
		case f.respond.Given() && f.sequence.Given():
			r.Failf(f.sequence.Node, "keep one of them", "the entry has respond and sequence")
		case !f.respond.Given() && !f.sequence.Given():
			r.Failf(n, "write respond or sequence", "the entry has no answer")
		case f.cycle.Given() && !f.sequence.Given():
			r.Failf(f.cycle.Node, "it stands beside a sequence", "cycle has nothing to repeat")
		default:
			return f, true
		}
		return f, false
	}}
}

// renderValue is what is said of a render: a list of entries, one of them, or down.
func renderValue(entry form.Value[entryForm]) form.Value[renderForm] {
	s := form.AnyOf(form.Schema{{Key: "const", Value: down}}, entry.Schema, form.Schema{{Key: "type", Value: "array"}, {Key: "items", Value: entry.Schema}, {Key: "minItems", Value: 1}})
	return form.Value[renderForm]{Schema: s, Read: func(r *form.Reader, what string, n *yamltext.Node) (renderForm, bool) {
		if n.Kind == yamltext.String {
			if n.Text != down {
				r.Failf(n, form.DidYouMean(n.Text, []string{down}), "render %s is %q, which is no answer", what, n.Text)
			}
			return renderForm{down: true}, n.Text == down
		}
		entries, ok := form.OneOrMany(entry).Read(r, what, n)
		return renderForm{entries: entries}, ok
	}}
}

// length is what content-length takes: a number, or none.
func length() form.Value[int64] {
	number := form.Int(0, math.MaxInt64)
	return form.Value[int64]{Schema: form.AnyOf(number.Schema, form.Schema{{Key: "const", Value: "none"}}), Read: func(r *form.Reader, what string, n *yamltext.Node) (int64, bool) {
		if n.Kind == yamltext.String && n.Text == "none" {
			return unsaid, true
		}
		return number.Read(r, what, n)
	}}
}

// headerNamePattern is what a name of a header looks like (RFC 9110, 5.6.2).
const headerNamePattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

// Headers is a mapping of names to values, each a text or a list of texts.
func Headers() form.Value[[]form.Pair[[]string]] {
	text := form.Text()
	value := form.Value[string]{Schema: text.Schema, Read: func(r *form.Reader, what string, n *yamltext.Node) (string, bool) {
		v, ok := text.Read(r, "header "+what, n)
		if ok {
			if err := CheckHeaderValue(v); err != nil {
				r.Failf(n, "", "header %s: %v", what, err)
				return v, false
			}
		}
		return v, ok
	}}
	return form.Pairs(form.OneOrMany(value), headerNamePattern, CheckHeaderName)
}

// CheckHeaderName says what is wrong with a name of a header, nil for nothing.
func CheckHeaderName(name string) error {
	if name == "" {
		return errors.New("a header has no name")
	}
	for i := range len(name) {
		c := name[i]
		if !('0' <= c && c <= '9' || 'a' <= lower(c) && lower(c) <= 'z' || strings.IndexByte("!#$%&'*+.^_`|~-", c) >= 0) {
			return fmt.Errorf("%q is no name of a header: letters, digits and - make one", name)
		}
	}
	return nil
}

// CheckHeaderValue says what is wrong with a value of a header, nil for nothing.
func CheckHeaderValue(value string) error {
	if i := strings.IndexFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }); i >= 0 {
		return fmt.Errorf("%q holds a control character, which no header may", value)
	}
	return nil
}

// Fields returns headers as a message has them.
func Fields(pairs []form.Pair[[]string]) simulate.Header {
	var h simulate.Header
	for _, p := range pairs {
		for _, v := range p.Value {
			h = append(h, simulate.Field{Name: p.Name.Text, Value: v})
		}
	}
	return h
}

// Build puts a Mock together, and adds to r what is wrong with it. It is nil where something is.
func (s *Source) Build(r *form.Reader, files folder.Folder, o Options) *Mock {
	m := &Mock{renders: make(map[string]*render, len(s.renders)), sleep: o.Sleep, record: o.Record, files: files}
	c := compiler{r, files}
	for _, p := range s.renders {
		label := bare(p.Name.Text)
		if m.renders[label] != nil {
			r.Failf(p.Name, "", "render %s is named twice", label)
			continue
		}
		if label != AllRenders {
			m.labels = append(m.labels, p.Name)
		}
		out := &render{down: p.Value.down}
		for i := range p.Value.entries {
			out.entries = append(out.entries, c.entry(&p.Value.entries[i]))
		}
		m.renders[label] = out
	}
	if s.fallback != nil {
		m.fallback = c.respond(s.fallback)
	} else {
		m.fallback = plain(200, "text/html")
	}
	if r.Failed() {
		return nil
	}
	return m
}

// A compiler makes answers of what was read, and checks what a table cannot say.
type compiler struct {
	*form.Reader
	files folder.Folder
}

func (c *compiler) entry(f *entryForm) *entry {
	e := &entry{cycle: f.cycle.Value}
	e.when.methods = f.when.methods
	glob := func(g form.At[string]) *match.Pattern {
		if !g.Given() {
			return nil
		}
		p := match.Glob(g.Value)
		if p.Never() {
			c.Failf(g.Node, "close the [", "the glob %q matches nothing", g.Value)
		}
		return p
	}
	e.when.path, e.when.query = glob(f.when.path), glob(f.when.query)
	for _, h := range f.when.headers {
		e.when.headers = append(e.when.headers, headerGlob{h.Name.Text, glob(form.At[string]{Node: h.Name, Value: h.Value})})
	}
	for _, word := range f.when.purposes {
		e.when.purposes = append(e.when.purposes, simulate.Purpose(slices.Index(purposes[:], word)))
	}
	answers := f.sequence.Value
	if f.respond.Given() {
		answers = []*respondForm{f.respond.Value}
	}
	for _, a := range answers {
		if a != nil {
			e.answers = append(e.answers, c.respond(a))
		}
	}
	return e
}

func (c *compiler) respond(f *respondForm) *response {
	status := 200
	if f.status.Given() {
		status = int(f.status.Value)
	}
	out := newResponse(status)
	out.header = Fields(f.headers.Value)
	out.delay, out.bodyDelay = f.delay.Value, f.bodyDelay.Value
	c.failure(f, out)
	c.body(f, out)
	if f.cut.Given() {
		out.cut = f.cut.Value
		size := out.size + int64(len(out.text))
		if out.file == "" && out.cut >= size && f.anyBody() {
			c.Failf(f.cut.Node, "", "cut %d is not inside the body, which has %d bytes", out.cut, size)
		}
		if !f.anyBody() {
			c.Failf(f.cut.Node, "write body, file or body-size", "there is no body to cut")
		}
	}
	if f.length.Given() {
		out.length = f.length.Value
		if out.header.Has("Content-Length") {
			c.Failf(f.length.Node, "keep one of them", "the length is announced by content-length and by the header Content-Length")
		}
	}
	c.alone(f, out)
	return out
}

// failure reads fail and stall.
func (c *compiler) failure(f *respondForm, out *response) {
	if f.fail.Given() {
		switch i := slices.Index(failures[:], f.fail.Value); {
		case i < 0: // said already
		case failure(i) == interrupted:
			out.interrupt = true
		default:
			out.fail = failure(i)
		}
	}
	if f.stall.Given() {
		if out.fail != answers || out.interrupt && f.stall.Value == "headers" {
			c.Failf(f.stall.Node, "keep one of them", "the answer has fail and stall")
		}
		out.fail = timeout
		if f.stall.Value == "body" {
			out.fail = stalled
		}
	}
}

// anyBody reports whether one of the keys of a body is there.
func (f *respondForm) anyBody() bool {
	return f.body.Given() || f.base64.Given() || f.file.Given() || f.size.Given()
}

// body reads the one key that gives a body.
func (c *compiler) body(f *respondForm, out *response) {
	var first string
	only := func(node *yamltext.Node, key string) bool {
		if node == nil {
			return false
		}
		if first != "" {
			c.Failf(node, "keep one of them", "the answer has %s and %s", first, key)
			return false
		}
		first = key
		if !hasBody(out.status) {
			c.Failf(node, "", "an answer with status %d has no body", out.status)
		}
		return true
	}
	if only(f.body.Node, "body") {
		out.text = []byte(f.body.Value)
	}
	if only(f.base64.Node, "body-base64") {
		text, err := base64.StdEncoding.DecodeString(strings.Map(noBlank, f.base64.Value))
		if err != nil {
			where := "at its end"
			var at base64.CorruptInputError
			if errors.As(err, &at) {
				where = "at character " + strconv.FormatInt(int64(at)+1, 10)
			}
			c.Failf(f.base64.Node, "", "body-base64 is no base64 %s", where)
		}
		out.text = text
	}
	if only(f.file.Node, "file") {
		out.file = f.file.Value
		if _, err := c.files.Resolve(out.file); err != nil {
			c.Failf(f.file.Node, "", "file %s %v", out.file, err)
		}
	}
	if only(f.size.Node, "body-size") {
		out.size = f.size.Value
	}
}

// noBlank leaves blanks and line ends out.
func noBlank(r rune) rune {
	if r == ' ' || r == '\t' || r == '\n' || r == '\r' {
		return -1
	}
	return r
}

// alone refuses what counts for nothing where no answer comes.
func (c *compiler) alone(f *respondForm, out *response) {
	if out.fail == answers || out.fail == stalled {
		return
	}
	why := "stall: headers"
	if f.fail.Given() {
		why = "fail: " + f.fail.Value
	}
	for _, key := range []struct {
		name string
		node *yamltext.Node
	}{
		{"status", f.status.Node}, {"headers", f.headers.Node}, {"body", f.body.Node}, {"body-base64", f.base64.Node}, {"file", f.file.Node},
		{"body-size", f.size.Node}, {"content-length", f.length.Node}, {"body-delay", f.bodyDelay.Node}, {"cut", f.cut.Node},
	} {
		if key.node != nil {
			c.Failf(key.node, "remove one of them", "%s counts for nothing with %s: no answer comes", key.name, why)
		}
	}
}
