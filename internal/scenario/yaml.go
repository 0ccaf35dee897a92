package scenario

import (
	"bytes"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

type scenarioForm struct {
	name     string
	at       time.Time
	defaults defaultsForm
	cookies  bool
	files    []form.Pair[fileForm]
	vanity   []string
	sessions []form.Pair[time.Duration]
	mock     form.At[string]
	renders  mock.Source
	steps    []stepForm
}

type defaultsForm struct {
	host    form.At[string]
	scheme  string
	client  netip.Addr
	proto   string
	headers []form.Pair[[]string]
	header  simulate.Header // of headers
}

type fileForm struct {
	modified form.At[time.Time]
	age      form.At[time.Duration]
	ttl      form.At[time.Duration]
	headers  form.At[[]form.Pair[[]string]]
	body     string
}

// A stepForm is a step: one of its parts is there.
type stepForm struct {
	node    *yamltext.Node
	words   string // METHOD URL [HOST]
	at      *yamltext.Node
	request *requestForm
	publish *publishForm
	advance *time.Duration
	down    *yamltext.Node
	up      *yamltext.Node
	remove  *yamltext.Node
}

type requestForm struct {
	method, url string
	headers     []form.Pair[[]string]
	host        form.At[string]
	scheme      string
	body        form.At[string]
	client      netip.Addr
	proto       string
	name        string
	expect      []form.Pair[string]
}

type publishForm struct {
	requestForm
	handle, action, scope, path string
	refetch                     []string
}

// wordsPattern is METHOD URL [HOST].
const wordsPattern = `^\s*\S+\s+\S+(\s+\S+)?\s*$`

// namePattern is a name from the document root.
const namePattern = `^(/[^/]+)+$`

type formTables struct {
	root form.Table[scenarioForm]
	step form.Value[stepForm]
}

func text[T any](name, about string, field func(*T) *string) form.Key[T] {
	return form.Of(name, about, form.Text(), field)
}

// address is an IP address. The schema says only roughly what one is.
func address() form.Value[netip.Addr] {
	return form.Value[netip.Addr]{Schema: form.Schema{{Key: "type", Value: "string"}, {Key: "pattern", Value: `^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)$`}},
		Read: func(r *form.Reader, what string, n *yamltext.Node) (netip.Addr, bool) {
			if !n.IsScalar() {
				r.Failf(n, "", "%s is %s, not an IP address", what, n.Kind)
				return netip.Addr{}, false
			}
			a, err := checkClient(n.Text)
			if err != nil {
				r.Failf(n, "", "%s %v", what, err)
			}
			return a, err == nil
		}}
}

func protocol() form.Value[string] {
	return form.Value[string]{Schema: form.Schema{{Key: "type", Value: "string"}, {Key: "pattern", Value: `^HTTP/[^ \t\r\n]+$`}},
		Read: func(r *form.Reader, what string, n *yamltext.Node) (string, bool) {
			err := checkProto(n.Text)
			if err != nil {
				r.Failf(n, "", "%s %v", what, err)
			}
			return n.Text, err == nil
		}}
}

// vanityList is a list of texts that may be empty.
func vanityList() form.Value[[]string] {
	many := form.List(form.Text())
	return form.Value[[]string]{Schema: form.Schema{{Key: "type", Value: "array"}, {Key: "items", Value: form.Text().Schema}},
		Read: func(r *form.Reader, what string, n *yamltext.Node) ([]string, bool) {
			if n.Kind == yamltext.List && len(n.Items) == 0 {
				return []string{}, true
			}
			return many.Read(r, what, n)
		}}
}

// expectValue is paths with the values that must stand there.
func expectValue() form.Value[[]form.Pair[string]] {
	plain := form.Text()
	one := form.Value[string]{Null: true, Schema: form.Schema{{Key: "type", Value: []string{"string", "number", "boolean", "null"}}},
		Read: func(r *form.Reader, what string, n *yamltext.Node) (string, bool) {
			if n.Kind == yamltext.Null {
				return "null", true
			}
			return plain.Read(r, what, n)
		}}
	return form.Pairs(one, "^.+$", func(name string) error {
		if name == "" || strings.Contains(name, "\n") {
			return fmt.Errorf("%q is no path into an answer", name)
		}
		return nil
	})
}

func requestKeys[T any](field func(*T) *requestForm) []form.Key[T] {
	return []form.Key[T]{
		form.Of("headers", "headers, each a text or a list of texts", mock.Headers(), func(v *T) *[]form.Pair[[]string] { return &field(v).headers }),
		form.Of("host", `the Host header; "" for none`, form.Placed(form.Text()), func(v *T) *form.At[string] { return &field(v).host }),
		form.Of("scheme", "http or https, where the URL does not say", form.Word("http", "https"), func(v *T) *string { return &field(v).scheme }),
		form.Of("client", "the address that asks", address(), func(v *T) *netip.Addr { return &field(v).client }),
		text("name", "what the step is called", func(v *T) *string { return &field(v).name }),
		form.Of("expect", "what the answer must say: paths into its JSON, as --expect has them", expectValue(), func(v *T) *[]form.Pair[string] { return &field(v).expect }),
	}
}

var tables = sync.OnceValue(func() *formTables {
	options := form.Table[requestForm]{What: "the request", Keys: append(requestKeys(func(f *requestForm) *requestForm { return f }),
		form.Of("body", "what is sent along", form.Placed(form.Text()), func(f *requestForm) *form.At[string] { return &f.body }),
		form.Of("proto", "the protocol, HTTP/1.1 unless it is said", protocol(), func(f *requestForm) *string { return &f.proto }),
	)}
	whole := form.Table[requestForm]{What: "the request", Required: []string{"method", "url"}, Keys: append([]form.Key[requestForm]{
		text("method", "the method, as it is sent", func(f *requestForm) *string { return &f.method }),
		text("url", "a path, an absolute URL, or *", func(f *requestForm) *string { return &f.url }),
	}, options.Keys...)}
	publish := form.Table[publishForm]{What: "publish", Required: []string{"handle"}, Keys: append([]form.Key[publishForm]{
		text("handle", "what was changed, CQ-Handle", func(f *publishForm) *string { return &f.handle }),
		text("action", "CQ-Action, Activate unless it is said", func(f *publishForm) *string { return &f.action }),
		text("scope", "CQ-Action-Scope, such as ResourceOnly", func(f *publishForm) *string { return &f.scope }),
		text("path", "CQ-Path", func(f *publishForm) *string { return &f.path }),
		text("url", "the URL, /dispatcher/invalidate.cache unless it is said", func(f *publishForm) *string { return &f.url }),
		text("method", "the method, GET unless it is said, POST with refetch", func(f *publishForm) *string { return &f.method }),
		form.Of("refetch", "pages to fetch again, in the body", form.OneOrMany(form.Text()), func(f *publishForm) *[]string { return &f.refetch }),
	}, requestKeys(func(f *publishForm) *requestForm { return &f.requestForm })...)}
	file := form.Table[fileForm]{What: "the file", Keys: []form.Key[fileForm]{
		form.Of("modified", "when it was written; when the scenario starts unless it is said", form.Placed(form.Time()), func(f *fileForm) *form.At[time.Time] { return &f.modified }),
		form.Of("age", "how long before the start it was written", form.Placed(form.Duration(false)), func(f *fileForm) *form.At[time.Duration] { return &f.age }),
		form.Of("ttl", "when it expires, counted from the start; below zero is before it", form.Placed(form.Duration(true)), func(f *fileForm) *form.At[time.Duration] { return &f.ttl }),
		form.Of("headers", "the headers that are kept beside it", form.Placed(mock.Headers()), func(f *fileForm) *form.At[[]form.Pair[[]string]] { return &f.headers }),
		text("body", "what is in it", func(f *fileForm) *string { return &f.body }),
	}}
	defaults := form.Table[defaultsForm]{What: "defaults", Keys: []form.Key[defaultsForm]{
		form.Of("host", `the Host header; "" for none`, form.Placed(form.Text()), func(f *defaultsForm) *form.At[string] { return &f.host }),
		form.Of("scheme", "http or https, where the URL does not say", form.Word("http", "https"), func(f *defaultsForm) *string { return &f.scheme }),
		form.Of("client", "the address that asks", address(), func(f *defaultsForm) *netip.Addr { return &f.client }),
		form.Of("proto", "the protocol", protocol(), func(f *defaultsForm) *string { return &f.proto }),
		form.Of("headers", "headers of requests that do not have one of the name", mock.Headers(), func(f *defaultsForm) *[]form.Pair[[]string] { return &f.headers }),
	}}
	fileValue := file.Value()
	fileValue.Null = true
	fileValue.Schema = form.AnyOf(fileValue.Schema, form.Schema{{Key: "type", Value: "null"}})
	readFile := fileValue.Read
	fileValue.Read = func(r *form.Reader, what string, n *yamltext.Node) (fileForm, bool) {
		if n.Kind == yamltext.Null {
			return fileForm{}, true
		}
		return readFile(r, what, n)
	}
	step := stepValue(&options, &whole, &publish)
	t := &formTables{step: step}
	t.root = form.Table[scenarioForm]{What: "the scenario", Required: []string{"steps"}, Keys: slices.Concat([]form.Key[scenarioForm]{
		text("name", "what the scenario is called", func(f *scenarioForm) *string { return &f.name }),
		form.Of("at", "when simulated time starts, RFC 3339 or Unix seconds", form.Time(), func(f *scenarioForm) *time.Time { return &f.at }),
		form.Of("defaults", "what is said of every request", defaults.Value(), func(f *scenarioForm) *defaultsForm { return &f.defaults }),
		form.Of("cookies", "the client keeps cookies and sends them back", form.Bool(), func(f *scenarioForm) *bool { return &f.cookies }),
		form.Of("files", "what the cache holds at first, by name from the document root", form.Pairs(fileValue, namePattern, checkName), func(f *scenarioForm) *[]form.Pair[fileForm] { return &f.files }),
		form.Of("vanity", "the list of vanity URLs", vanityList(), func(f *scenarioForm) *[]string { return &f.vanity }),
		form.Of("sessions", "credentials that are known at first, by how long ago they were used", form.Pairs(form.Duration(false), "", nil), func(f *scenarioForm) *[]form.Pair[time.Duration] { return &f.sessions }),
		form.Of("mock", "a file of answers for the renders", form.Placed(form.Text()), func(f *scenarioForm) *form.At[string] { return &f.mock }),
	}, mock.Keys(func(f *scenarioForm) *mock.Source { return &f.renders }), []form.Key[scenarioForm]{
		form.Of("steps", "what happens, one after the other", form.List(form.Ref("step", step)), func(f *scenarioForm) *[]stepForm { return &f.steps }),
	})}
	return t
})

// Schema returns the JSON schema of the YAML notation, draft 2020-12.
func Schema() []byte {
	t := tables()
	defs := append(form.Schema{{Key: "step", Value: t.step.Schema}}, mock.Definitions()...)
	steps := form.List(form.Ref("step", t.step)).Schema
	return form.Document("https://github.com/dispcheck/dispcheck/schema/scenario.schema.json", "a scenario for dispcheck simulate --requests",
		form.AnyOf(t.root.Schema(), steps), defs)
}

func checkName(name string) error {
	if name == "" || name[0] != '/' || strings.HasSuffix(name, "/") || strings.Contains(name, "//") {
		return fmt.Errorf("%q is no name from the document root, such as /content/a.html", name)
	}
	return nil
}

// stepWords are the steps that are no requests of a client.
func stepWords() []string { return []string{"publish", "advance", "down", "up", "remove"} }

// stepValue is a step: METHOD URL, such a text with options, method and url as keys, or one of the other steps.
func stepValue(options, whole *form.Table[requestForm], publish *form.Table[publishForm]) form.Value[stepForm] {
	duration, plain := form.Duration(false), form.Text()
	name := form.Value[string]{Schema: form.Schema{{Key: "type", Value: "string"}, {Key: "pattern", Value: namePattern}}}
	alone := func(key, about string, s form.Schema) form.Schema {
		return form.Schema{{Key: "type", Value: "object"}, {Key: "additionalProperties", Value: false}, {Key: "required", Value: []string{key}},
			{Key: "properties", Value: form.Schema{{Key: key, Value: append(form.Schema{{Key: "description", Value: about}}, s...)}}}}
	}
	schema := form.AnyOf(
		form.Schema{{Key: "type", Value: "string"}, {Key: "pattern", Value: wordsPattern}},
		form.Schema{{Key: "type", Value: "object"}, {Key: "additionalProperties", Value: false}, {Key: "minProperties", Value: 1}, {Key: "maxProperties", Value: 1},
			{Key: "patternProperties", Value: form.Schema{{Key: wordsPattern, Value: form.AnyOf(options.Schema(), form.Schema{{Key: "type", Value: "null"}})}}}},
		whole.Schema(),
		alone("publish", "a flush: what was changed, or its keys", form.AnyOf(plain.Schema, publish.Schema())),
		alone("advance", "time passes", duration.Schema),
		alone("down", "a render refuses connections; * is all of them", plain.Schema),
		alone("up", "a render answers again; * is all of them", plain.Schema),
		alone("remove", "a file vanishes from the cache", name.Schema),
	)
	known := append(stepWords(), "method", "url")
	return form.Value[stepForm]{Schema: schema, Read: func(r *form.Reader, what string, n *yamltext.Node) (stepForm, bool) {
		s := stepForm{node: n, at: n}
		if n.Kind == yamltext.String {
			s.words = n.Text
			_, err := wordDraft(n.Text, "the step")
			if err != nil {
				r.Failf(n, "a step is METHOD URL, or a mapping such as advance: 10s", "%v", err)
			}
			return s, err == nil
		}
		if n.Kind != yamltext.Mapping || len(n.Entries) == 0 {
			r.Failf(n, "a step is METHOD URL, or a mapping such as advance: 10s", "the step is %s, not a text or a mapping", empty(n))
			return s, false
		}
		if n.Lookup("method") != nil || n.Lookup("url") != nil {
			s.request = new(requestForm)
			return s, whole.Read(r, n, s.request)
		}
		key, value := n.Entries[0].Key, n.Entries[0].Value
		isWord := slices.Contains(stepWords(), key.Text)
		if !isWord && len(strings.Fields(key.Text)) < 2 {
			r.Failf(key, form.DidYouMean(key.Text, known), "key %s is not known", key.Text)
			return s, false
		}
		if len(n.Entries) > 1 {
			hint := "put a dash before it; one step is one entry of the list"
			if !isWord {
				hint = "indent it more, if it belongs to the request"
			}
			r.Failf(n.Entries[1].Key, hint, "the step has key %s beside %s", n.Entries[1].Key.Text, key.Text)
			return s, false
		}
		if isWord && value.Kind == yamltext.Null {
			r.Failf(value, "", "%s has no value", key.Text)
			return s, false
		}
		ok := false
		switch key.Text {
		case "publish":
			s.publish = new(publishForm)
			if value.IsScalar() {
				s.publish.handle, ok = plain.Read(r, "publish", value)
			} else {
				ok = publish.Read(r, value, s.publish)
			}
		case "advance":
			if d, err := form.ParseDuration(value.Text); value.IsScalar() && err == nil && d < 0 {
				r.Failf(value, "", "advance is %s: time does not go back", value.Text)
				return s, false
			}
			var d time.Duration
			d, ok = duration.Read(r, "advance", value)
			s.advance = &d
		case "down":
			s.down = value
			_, ok = plain.Read(r, "down", value)
		case "up":
			s.up = value
			_, ok = plain.Read(r, "up", value)
		case "remove":
			s.remove = value
			if value.Kind != yamltext.String || checkName(value.Text) != nil {
				r.Failf(value, "", "remove is %s, not a name from the document root, such as /content/a.html", empty(value))
				return s, false
			}
			ok = true
		default:
			s.words, s.at, s.request = key.Text, key, new(requestForm)
			_, err := wordDraft(key.Text, "the step")
			if err != nil {
				r.Failf(key, "a step is METHOD URL, or a mapping such as advance: 10s", "%v", err)
				return s, false
			}
			ok = value.Kind == yamltext.Null || options.Read(r, value, s.request)
		}
		return s, ok
	}}
}

// empty says what a node is.
func empty(n *yamltext.Node) string {
	if n.Kind == yamltext.Mapping && len(n.Entries) == 0 {
		return "an empty mapping"
	}
	if n.Kind == yamltext.String {
		return fmt.Sprintf("%.80q", n.Text)
	}
	return n.Kind.String()
}

// yaml reads the YAML notation.
func (b *builder) yaml() error {
	root, err := yamltext.Parse(b.src)
	if err != nil {
		return err
	}
	return b.tree(root)
}

// FromNode reads the YAML notation from a value that stands in another text. The error is that of [Parse].
func FromNode(src *source.File, root *yamltext.Node, o Options) (*Scenario, error) {
	b := &builder{src: src, options: &o, out: new(Scenario)}
	if err := b.tree(root); err != nil {
		return nil, err
	}
	if len(b.out.Steps) == 0 {
		return nil, &EmptyError{src.Name}
	}
	return b.out, nil
}

// tree reads a scenario, or the list of its steps.
func (b *builder) tree(root *yamltext.Node) error {
	if root.Kind == yamltext.Null {
		return nil
	}
	var r form.Reader
	var f scenarioForm
	if root.Kind == yamltext.List {
		f.steps, _ = form.List(tables().step).Read(&r, "the scenario", root)
	} else {
		whole := *root // what is said of the whole points to its start
		whole.Span.End = whole.Span.Start
		tables().root.Read(&r, &whole, &f)
	}
	if !r.Failed() { // what is half read would only be found wrong again
		b.build(&r, &f)
	}
	if err := r.Err(); err != nil {
		return err
	}
	return b.err
}

// build makes a scenario of what was read, and checks what tables cannot say.
func (b *builder) build(r *form.Reader, f *scenarioForm) {
	s := b.out
	s.Name, s.At, s.Cookies, s.Vanity = f.name, f.at, f.cookies, f.vanity
	b.defaults = f.defaults
	b.defaults.header = mock.Fields(f.defaults.headers)
	if v, ok := b.defaults.header.Value("Host"); ok {
		for _, p := range f.defaults.headers {
			if strings.EqualFold(p.Name.Text, "Host") && f.defaults.host.Given() {
				r.Failf(p.Name, "keep one of them", "defaults have host and a header Host")
			} else if strings.EqualFold(p.Name.Text, "Host") {
				b.defaults.host = form.At[string]{Node: p.Name, Value: v}
			}
		}
		b.defaults.header = slices.DeleteFunc(b.defaults.header, func(h simulate.Field) bool { return strings.EqualFold(h.Name, "Host") })
	}
	for _, p := range f.files {
		s.Files = append(s.Files, b.file(r, &p))
	}
	if f.sessions != nil {
		s.Sessions = make(map[string]time.Duration, len(f.sessions))
		for _, p := range f.sessions {
			s.Sessions[p.Name.Text] = p.Value
		}
	}
	b.renders(r, f)
	for i := range f.steps {
		b.step(r, &f.steps[i])
	}
}

func (b *builder) file(r *form.Reader, p *form.Pair[fileForm]) File {
	f := &p.Value
	out := File{Name: p.Name.Text, Modified: f.modified.Value, Age: f.age.Value, Body: []byte(f.body), Span: p.Name.Span}
	checkPath(r, p.Name)
	if f.modified.Given() && f.age.Given() {
		r.Failf(f.age.Node, "keep one of them", "file %s has modified and age", out.Name)
	}
	if f.ttl.Given() {
		out.TTL = &f.ttl.Value
	}
	if f.headers.Given() {
		out.Header = append(simulate.Header{}, mock.Fields(f.headers.Value)...)
	}
	return out
}

// checkPath refuses names that lead elsewhere.
func checkPath(r *form.Reader, n *yamltext.Node) {
	if path.Clean(n.Text) != n.Text || strings.ContainsRune(n.Text, 0) {
		r.Failf(n, "write it without . and .. and NUL", "%q is not the name of a file as the cache has it", n.Text)
	}
}

// renders reads mock, or renders and default.
func (b *builder) renders(r *form.Reader, f *scenarioForm) {
	o := b.options.Mock
	switch {
	case f.mock.Given() && f.renders.Given():
		r.Failf(f.mock.Node, "keep one of them", "the scenario has mock and answers of its own")
	case f.mock.Given():
		name, err := b.options.Files.Resolve(f.mock.Value)
		if err != nil {
			r.Failf(f.mock.Node, "", "file %s %v", f.mock.Value, err)
			return
		}
		o.Shown = path.Join(path.Dir(b.src.Name), f.mock.Value)
		m, err := mock.Load(b.options.Files.FS, name, o)
		r.Merge(f.mock.Node, err)
		b.out.Mock = m
	case f.renders.Given():
		b.out.Mock = f.renders.Build(r, b.options.Files, o)
	}
}

// step adds a step.
func (b *builder) step(r *form.Reader, f *stepForm) {
	s := &Step{}
	label := func(kind Kind, n *yamltext.Node) {
		s.Kind, s.Render, s.label = kind, strings.TrimPrefix(n.Text, "/"), n
		if s.Render == "" {
			r.Failf(n, "write the label of a render, or *", "%s names no render", kind)
		}
	}
	switch {
	case f.publish != nil:
		s = b.asked(r, f, b.publish(r, f))
	case f.advance != nil:
		s.Kind, s.Advance = Advance, *f.advance
	case f.down != nil:
		label(Down, f.down)
	case f.up != nil:
		label(Up, f.up)
	case f.remove != nil:
		s.Kind, s.File = Remove, f.remove.Text
		checkPath(r, f.remove)
	default:
		d := &draft{}
		if f.words != "" {
			var err error
			if d, err = wordDraft(f.words, "the step"); err != nil {
				r.Failf(f.at, "", "%v", err)
				return
			}
		} else {
			d.method, d.url = f.request.method, f.request.url
		}
		if q := f.request; q != nil {
			d.fill(q)
			d.proto = q.proto
			if q.body.Given() {
				d.body = []byte(q.body.Value)
			}
		}
		s = b.asked(r, f, d)
	}
	if s == nil {
		return
	}
	span := f.node.Span
	if f.at != f.node {
		span = f.at.Span
	}
	if err := b.append(s, span); err != nil && b.err == nil {
		b.err = err
	}
}

// asked makes a request of a draft.
func (b *builder) asked(r *form.Reader, f *stepForm, d *draft) *Step {
	s, err := b.request(d)
	if err != nil {
		r.Failf(f.at, "", "%v", err)
		return nil
	}
	return s
}

// fill takes what the keys of a request say.
func (d *draft) fill(q *requestForm) {
	if q.host.Given() {
		d.host = &q.host.Value
	}
	d.scheme, d.client, d.name = q.scheme, q.client, q.name
	for _, h := range mock.Fields(q.headers) {
		d.add(h.Name, h.Value)
	}
	d.expect = expectations(q.expect)
}

func expectations(pairs []form.Pair[string]) []Expectation {
	var out []Expectation
	for _, p := range pairs {
		out = append(out, Expectation{p.Name.Text, p.Value, p.Name.Span})
	}
	return out
}

// flushURL is where flushes go by convention (AdobeDocs/experience-manager-dispatcher.en, page-invalidate.md).
const flushURL = "/dispatcher/invalidate.cache"

// publish makes the request of a flush.
func (b *builder) publish(r *form.Reader, step *stepForm) *draft {
	f := step.publish
	d := &draft{flush: true, method: first(f.method, "GET"), url: first(f.url, flushURL)}
	d.add("CQ-Action", first(f.action, "Activate"))
	d.add("CQ-Handle", f.handle)
	if f.path != "" {
		d.add("CQ-Path", f.path)
	}
	if f.scope != "" {
		d.add("CQ-Action-Scope", f.scope)
	}
	for _, h := range d.header {
		if err := mock.CheckHeaderValue(h.Value); err != nil {
			r.Failf(step.at, "", "publish: header %s: %v", h.Name, err)
		}
	}
	if len(f.refetch) > 0 {
		d.method = first(f.method, "POST")
		var body bytes.Buffer
		for _, u := range f.refetch {
			body.WriteString(u)
			body.WriteByte('\n')
		}
		d.body = body.Bytes()
		d.add("Content-Type", "text/plain")
	}
	d.fill(&f.requestForm)
	return d
}
