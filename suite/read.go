package suite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/source"
)

// Suffix is what the names of suites end with.
const Suffix = ".dispcheck.yaml"

// ReadOptions say how suites are read.
type ReadOptions struct {
	// Base is what flags say of all requests: it counts more than the defaults of a suite, and less than what a case says.
	Base scenario.Base
	// Shown returns the name of a file in messages; nil is the name in the file system.
	Shown func(name string) string
}

// Load reads a suite and what it includes. Files that it names must lie in its folder or below. The error is [form.Errors] or
// a *yamltext.Error, both with places, or one of reading the file.
func Load(fsys fs.FS, name string, o ReadOptions) (*Suite, error) {
	rd := &reader{options: o, fsys: fsys}
	if o.Shown == nil {
		rd.options.Shown = func(name string) string { return name }
	}
	src, err := rd.open(folder.Folder{FS: fsys}, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rd.options.Shown(name), err)
	}
	root, err := rd.fragment(src, name, nil)
	if err != nil {
		return nil, err
	}
	s := &Suite{File: src, Name: root.name}
	if s.Name == "" {
		s.Name = strings.TrimSuffix(strings.TrimSuffix(path.Base(name), Suffix), path.Ext(name))
	}
	rd.build(s, root)
	if err := rd.form.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// A fragment is what one text says.
type fragment struct {
	src      *source.File
	files    folder.Folder
	name     string
	tags     []string
	includes []*fragment
	vars     []yamltext.Entry
	defaults []yamltext.Entry
	cases    []*yamltext.Node
}

type reader struct {
	options ReadOptions
	fsys    fs.FS
	form    form.Reader
	files   int
	cases   int
	full    bool // too many cases: said once
}

// open reads a text.
func (rd *reader) open(dir folder.Folder, name string) (*source.File, error) {
	f, _, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, yamltext.MaxSize+1))
	if err != nil {
		return nil, folder.Cause(err)
	}
	shown := name
	if dir.Dir != "" && dir.Dir != "." {
		shown = path.Join(dir.Dir, name)
	}
	return source.NewFile(rd.options.Shown(shown), text), nil
}

// rootKeys are the keys of a suite.
var rootKeys = []string{"suite", "description", "include", "variables", "defaults", "tags", "cases"}

// fragment reads a text and those that it includes. chain are the files that led to it.
func (rd *reader) fragment(src *source.File, name string, chain []string) (*fragment, error) {
	f := &fragment{src: src, files: folder.Of(rd.fsys, name)}
	rd.files++
	root, err := yamltext.Parse(src)
	if err != nil {
		return nil, err
	}
	chain = append(chain, path.Clean(name))
	r := &rd.form
	top := *root
	top.Span.End = top.Span.Start
	if root.Kind == yamltext.List { // cases alone
		f.cases = root.Items
		return f, nil
	}
	if root.Kind != yamltext.Mapping {
		r.Failf(&top, "write suite: NAME, and cases: with a list", "the suite is %s, not a mapping", root.Kind)
		return f, nil
	}
	for _, e := range root.Entries {
		if e.Value.Kind == yamltext.Null && slices.Contains(rootKeys, e.Key.Text) {
			r.Failf(e.Value, "give it one or remove the key", "%s has no value", e.Key.Text)
			continue
		}
		switch e.Key.Text {
		case "suite":
			f.name, _ = form.Text().Read(r, "suite", e.Value)
		case "description":
			form.Text().Read(r, "description", e.Value)
		case "tags":
			f.tags = readTags(r, e.Value)
		case "include":
			if err := rd.include(f, e.Value, chain); err != nil {
				return nil, err
			}
		case "variables":
			f.vars = readVariables(r, "variables", e.Value)
		case "defaults":
			f.defaults = rd.readDefaults(e.Value)
		case "cases":
			if e.Value.Kind != yamltext.List {
				r.Failf(e.Value, "write its entries behind dashes", "cases is %s, not a list", e.Value.Kind)
				continue
			}
			f.cases = e.Value.Items
		default:
			r.Failf(e.Key, form.DidYouMean(e.Key.Text, rootKeys), "key %s is not known", e.Key.Text)
		}
	}
	if len(f.cases) == 0 && len(f.includes) == 0 && !r.Failed() && len(chain) == 1 {
		r.Failf(&top, "add cases:, a list of METHOD URL: {EXPECTATIONS}", "the suite has no cases")
	}
	return f, nil
}

// include reads the texts that a text includes.
func (rd *reader) include(f *fragment, n *yamltext.Node, chain []string) error {
	items := []*yamltext.Node{n}
	if n.Kind == yamltext.List {
		items = n.Items
	}
	for _, it := range items {
		file, ok := form.Text().Read(&rd.form, "include", it)
		if !ok {
			continue
		}
		name, err := f.files.Resolve(file)
		switch {
		case err != nil:
			rd.form.Failf(it, "", "file %s %v", file, err)
			continue
		case slices.Contains(chain, path.Clean(name)):
			rd.form.Failf(it, "", "%s includes itself", file)
			continue
		case len(chain) >= MaxDepth:
			rd.form.Failf(it, "", "files include each other more than %d deep", MaxDepth)
			continue
		case rd.files >= MaxFiles:
			rd.form.Failf(it, "", "more than %d files are included", MaxFiles)
			return nil
		}
		src, err := rd.open(folder.Folder{FS: rd.fsys}, name)
		if err != nil {
			rd.form.Failf(it, "", "file %s: %v", file, err)
			continue
		}
		inner, err := rd.fragment(src, name, chain)
		if err != nil {
			return err
		}
		f.includes = append(f.includes, inner)
	}
	return nil
}

func readTags(r *form.Reader, n *yamltext.Node) []string {
	tags, _ := form.OneOrMany(form.Text()).Read(r, "tags", n)
	for _, t := range tags {
		if t == "" || strings.ContainsAny(t, ", \t\n!") {
			r.Failf(n, "a tag is one word", "tag %q has a blank, a comma or a !", t)
		}
	}
	return tags
}

func readVariables(r *form.Reader, what string, n *yamltext.Node) []yamltext.Entry {
	if n.Kind != yamltext.Mapping {
		r.Failf(n, "write NAME: VALUE lines below it", "%s is %s, not a mapping", what, n.Kind)
		return nil
	}
	var out []yamltext.Entry
	for _, e := range n.Entries {
		switch {
		case !isName(e.Key.Text):
			r.Failf(e.Key, "a name has letters, digits, and _ . - behind the first", "%q is no name of a variable", e.Key.Text)
		case !e.Value.IsScalar():
			r.Failf(e.Value, "", "variable %s is %s, not a text", e.Key.Text, e.Value.Kind)
		default:
			out = append(out, e)
		}
	}
	return out
}

// Keys that a case may have. Those of requests go to the scenario's request, those of scenarios to the scenario.
var (
	requestKeys  = []string{"headers", "host", "scheme", "client", "proto", "body"}
	scenarioKeys = []string{"at", "cookies", "files", "vanity", "sessions", "mock", "renders", "default"}
	ownKeys      = []string{"name", "tags", "skip", "only", "table", "follow", "environment", "env", "render", "expect"}
	defaultKeys  = slices.Concat([]string{"host", "scheme", "client", "proto", "headers", "environment", "env", "render", "follow"}, scenarioKeys)
	fullKeys     = slices.Concat([]string{"request", "method", "url", "urls", "publish", "steps"}, ownKeys, requestKeys, scenarioKeys)
)

// optionInLine reports whether a key of a case in one line is about the case, and not an expectation.
func optionInLine(key string) bool {
	return slices.Contains(ownKeys, key) || slices.Contains(requestKeys, key) || slices.Contains(scenarioKeys, key)
}

func (rd *reader) readDefaults(n *yamltext.Node) []yamltext.Entry {
	if n.Kind != yamltext.Mapping {
		rd.form.Failf(n, form.DidYouMean("", defaultKeys), "defaults is %s, not a mapping", n.Kind)
		return nil
	}
	for _, e := range n.Entries {
		if !slices.Contains(defaultKeys, e.Key.Text) {
			rd.form.Failf(e.Key, form.DidYouMean(e.Key.Text, defaultKeys), "defaults: key %s is not known", e.Key.Text)
		}
	}
	return n.Entries
}

// A setting is an entry of defaults and the text that it stands in.
type setting struct {
	yamltext.Entry
	in *fragment
}

// build makes the cases of a suite. Variables and defaults of the text that includes count more than those of the included.
func (rd *reader) build(s *Suite, root *fragment) {
	vars := newVariables(nil)
	var defaults []setting
	var order []*fragment
	tags := map[*fragment][]string{}
	var walk func(f *fragment, above []string)
	walk = func(f *fragment, above []string) {
		tags[f] = slices.Concat(above, f.tags)
		for _, e := range f.vars {
			if vars.nodes[e.Key.Text] == nil {
				vars.nodes[e.Key.Text] = e.Value
			}
		}
		for _, e := range f.defaults {
			if !slices.ContainsFunc(defaults, func(d setting) bool { return d.Key.Text == e.Key.Text }) {
				defaults = append(defaults, setting{e, f})
			}
		}
		for _, in := range f.includes {
			walk(in, tags[f])
		}
		order = append(order, f)
	}
	walk(root, nil)
	for i, d := range defaults {
		defaults[i].Value = vars.expand(&rd.form, d.Value)
	}
	for _, f := range order {
		for _, n := range f.cases {
			rd.tabled(s, f, tags[f], defaults, vars, n)
		}
	}
}

// tabled makes the cases of an entry: one, or one for each row of its table and each of its URLs.
func (rd *reader) tabled(s *Suite, f *fragment, tags []string, defaults []setting, vars *variables, n *yamltext.Node) {
	r := &rd.form
	body := n
	if n.Kind == yamltext.Mapping && len(n.Entries) == 1 && len(strings.Fields(n.Entries[0].Key.Text)) > 1 {
		body = n.Entries[0].Value
	}
	var table *yamltext.Node
	if body.Kind == yamltext.Mapping {
		table = body.Lookup("table")
	}
	if table == nil {
		rd.entry(s, f, tags, defaults, vars, n)
		return
	}
	if table.Kind != yamltext.List || len(table.Items) == 0 {
		r.Failf(table, "write NAME: VALUE lines, each row behind a dash", "table is %s, not a list of rows", table.Kind)
		return
	}
	n = withoutTable(n, body) // or each row would be read with all of them
	for _, row := range table.Items {
		inner, before := newVariables(vars), r.Count()
		for _, e := range readVariables(r, "the row", row) {
			inner.nodes[e.Key.Text] = e.Value
		}
		if r.Count() > before {
			continue
		}
		if !rd.entry(s, f, tags, defaults, inner, n) {
			return // each row would say the same again
		}
	}
}

// withoutTable returns the entry n, whose keys stand in body, without its table.
func withoutTable(n, body *yamltext.Node) *yamltext.Node {
	rest := *body
	rest.Entries = slices.DeleteFunc(slices.Clone(body.Entries), func(e yamltext.Entry) bool { return e.Key.Text == "table" })
	if body == n {
		return &rest
	}
	out := *n
	out.Entries = []yamltext.Entry{{Key: n.Entries[0].Key, Value: &rest}}
	return &out
}

// A draft is a case as a text says it, with variables put in.
type draft struct {
	node    *yamltext.Node // where it stands
	method  string
	url     string
	target  *yamltext.Node // METHOD URL or the URL
	host    *yamltext.Node // of METHOD URL HOST
	options []yamltext.Entry
	expect  []yamltext.Entry
	steps   *yamltext.Node
	publish *yamltext.Node
}

// title is METHOD URL, and the host where one is named.
func (d *draft) title() string {
	if d.host != nil {
		return d.method + " " + d.url + " " + d.host.Text
	}
	return d.method + " " + d.url
}

// entry makes the cases of an entry, with variables put in, and reports whether there was no mistake.
func (rd *reader) entry(s *Suite, f *fragment, tags []string, defaults []setting, vars *variables, raw *yamltext.Node) bool {
	row := vars.outer != nil
	r := &rd.form
	before := r.Count()
	n := vars.expand(r, raw)
	if r.Count() > before {
		return false
	}
	drafts := rd.drafts(n)
	if r.Count() > before {
		return false
	}
	for i := range drafts {
		if rd.cases++; rd.cases > MaxCases {
			if !rd.full {
				r.Failf(n, "split the suite", "the suite has more than %d cases", MaxCases)
			}
			rd.full = true
			return false
		}
		c := rd.one(f, tags, defaults, &drafts[i], raw)
		if c == nil {
			continue
		}
		if d := &drafts[i]; d.url != "" && c.Name != d.title() && (row || len(drafts) > 1) {
			c.Name += ": " + d.title() // or all would have one name
		}
		s.Cases = append(s.Cases, c)
	}
	return r.Count() == before
}

// drafts reads the notations of a case.
func (rd *reader) drafts(n *yamltext.Node) []draft {
	r := &rd.form
	const hint = "a case is METHOD URL: {EXPECTATIONS}, or a mapping with request and expect, or with steps"
	if n.Kind != yamltext.Mapping || len(n.Entries) == 0 {
		what := n.Kind.String()
		if n.IsScalar() && n.Kind != yamltext.Null {
			what = fmt.Sprintf("%.80q and expects nothing", n.Text)
		}
		r.Failf(n, hint, "the case is %s", what)
		return nil
	}
	d := draft{node: n}
	if key := n.Entries[0].Key; len(strings.Fields(key.Text)) > 1 {
		if len(n.Entries) > 1 {
			r.Failf(n.Entries[1].Key, "put a dash before it, or indent it more if it belongs to the request", "the case has key %s beside %s", n.Entries[1].Key.Text, key.Text)
			return nil
		}
		d.node = key
		if !rd.words(&d, key) {
			return nil
		}
		value := n.Entries[0].Value
		if value.Kind != yamltext.Mapping {
			r.Failf(value, "write {filter: allow} for one", "%s expects %s, not a mapping", key.Text, value.Kind)
			return nil
		}
		for _, e := range value.Entries {
			switch {
			case e.Key.Text == "table":
			case e.Key.Text == "expect":
				d.expect = append(d.expect, rd.entriesOf(e)...)
			case optionInLine(e.Key.Text):
				d.options = append(d.options, e)
			default:
				d.expect = append(d.expect, e)
			}
		}
		return []draft{d}
	}
	return rd.whole(d, n)
}

// words reads METHOD URL, METHOD URL HOST, or publish HANDLE.
func (rd *reader) words(d *draft, n *yamltext.Node) bool {
	words := strings.Fields(n.Text)
	if len(words) < 2 || len(words) > 3 || words[0] == "publish" && len(words) > 2 {
		rd.form.Failf(n, "quote it, and write blanks in a URL as %20", "%q is not METHOD URL", n.Text)
		return false
	}
	part := func(text string) *yamltext.Node {
		return &yamltext.Node{Kind: yamltext.String, Text: text, Span: n.Span}
	}
	if words[0] == "publish" {
		d.publish = part(words[1])
		return true
	}
	d.method, d.url, d.target = words[0], words[1], n
	if len(words) == 3 {
		d.host = part(words[2])
	}
	return true
}

// whole reads a case with keys of its own.
func (rd *reader) whole(d draft, n *yamltext.Node) []draft {
	r := &rd.form
	var urls []*yamltext.Node
	var method *yamltext.Node
	ways := 0
	for _, e := range n.Entries {
		v := e.Value
		if v.Kind == yamltext.Null && slices.Contains(fullKeys, e.Key.Text) {
			r.Failf(v, "give it one or remove the key", "%s has no value", e.Key.Text)
			return nil
		}
		switch e.Key.Text {
		case "table":
		case "request":
			ways++
			if !v.IsScalar() || !rd.words(&d, v) {
				if !v.IsScalar() {
					r.Failf(v, "write METHOD URL", "request is %s, not a text", v.Kind)
				}
				return nil
			}
		case "method":
			method = v
		case "url":
			ways++
			urls = []*yamltext.Node{v}
		case "urls":
			ways++
			if v.Kind != yamltext.List || len(v.Items) == 0 {
				r.Failf(v, "write its entries behind dashes", "urls is %s, not a list with entries", v.Kind)
				return nil
			}
			urls = v.Items
		case "publish":
			ways++
			d.publish = v
		case "steps":
			ways++
			d.steps = v
		case "expect":
			d.expect = append(d.expect, rd.entriesOf(e)...)
		default:
			if !slices.Contains(fullKeys, e.Key.Text) {
				hint := form.DidYouMean(e.Key.Text, fullKeys)
				if isRoot(e.Key.Text) {
					hint = "write what is expected below expect:"
				}
				r.Failf(e.Key, hint, "key %s is not known", e.Key.Text)
				continue
			}
			d.options = append(d.options, e)
		}
	}
	switch {
	case ways == 0:
		r.Failf(&yamltext.Node{Span: n.Entries[0].Key.Span}, "give request: METHOD URL, or steps", "the case has no request")
		return nil
	case ways > 1:
		r.Failf(&yamltext.Node{Span: n.Entries[0].Key.Span}, "keep one of request, url, urls, publish and steps", "the case has more than one request")
		return nil
	case method != nil && urls == nil:
		r.Failf(method, "write method and url, or request: METHOD URL", "method stands without url")
		return nil
	}
	d.node = n.Entries[0].Key
	if urls == nil {
		return []draft{d}
	}
	var out []draft
	for _, u := range urls {
		text, ok := form.Text().Read(r, "url", u)
		if !ok {
			return nil
		}
		one := d
		one.method, one.url, one.target = "GET", text, u
		if method != nil {
			one.method = method.Text
		}
		if len(urls) > 1 {
			one.node = u
		}
		out = append(out, one)
	}
	return out
}

func (rd *reader) entriesOf(e yamltext.Entry) []yamltext.Entry {
	if e.Value.Kind != yamltext.Mapping {
		rd.form.Failf(e.Value, "write filter: allow below it, for one", "%s is %s, not a mapping", e.Key.Text, e.Value.Kind)
		return nil
	}
	return e.Value.Entries
}

// one makes a case of a draft.
func (rd *reader) one(f *fragment, tags []string, defaults []setting, d *draft, raw *yamltext.Node) *Case {
	r := &rd.form
	before := r.Count()
	c := &Case{Span: d.node.Span, Tags: slices.Clone(tags)}
	c.Span.End = max(c.Span.Start, c.Span.End)
	b := scenarioBuilder{files: f.files}
	has := func(key string) bool {
		return slices.ContainsFunc(d.options, func(e yamltext.Entry) bool { return e.Key.Text == key })
	}
	for _, e := range defaults {
		key := e.Key.Text
		answers := key == "mock" || key == "renders" || key == "default" || key == "render"
		if has(key) || answers && (has("mock") || has("renders") || has("default") || has("render")) {
			if key != "headers" && key != "env" { // those are put together
				continue
			}
		}
		switch {
		case key == "render":
			rd.render(&b, e.Value)
		case slices.Contains(requestKeys, key):
			b.defaults = append(b.defaults, e.Entry)
		case slices.Contains(scenarioKeys, key):
			b.root = append(b.root, e.Entry)
			if key == "mock" || key == "renders" || key == "default" {
				b.files = e.in.files
			}
		default:
			rd.own(c, e.Entry)
		}
	}
	for _, e := range d.options {
		switch {
		case e.Value.Kind == yamltext.Null:
			r.Failf(e.Value, "give it one or remove the key", "%s has no value", e.Key.Text)
		case e.Key.Text == "render":
			rd.render(&b, e.Value)
		case slices.Contains(requestKeys, e.Key.Text):
			b.request = append(b.request, e)
		case slices.Contains(scenarioKeys, e.Key.Text):
			b.root = append(b.root, e)
		default:
			rd.own(c, e)
		}
	}
	if r.Count() > before {
		return nil
	}
	rd.scenario(c, f, &b, d)
	if r.Count() > before {
		return nil
	}
	if c.Follow == 0 && !has("follow") && c.Expects("hops") {
		c.Follow = usualFollow
	}
	if c.Name == "" {
		switch {
		case d.url != "":
			c.Name = d.title()
		case d.publish != nil:
			c.Name = "publish " + d.publish.Text
			if h := d.publish.Lookup("handle"); h != nil {
				c.Name = "publish " + h.Text
			}
		default:
			c.Name = "line " + strconv.Itoa(raw.Span.Position().Line)
		}
	}
	return c
}

// usualFollow is how many redirects are followed where a case expects a number of them and does not say.
const usualFollow = 10

// Expects reports whether something is expected of a name, such as "log", or of what lies below it.
func (c *Case) Expects(name string) bool {
	return slices.ContainsFunc(c.Wants, func(wants []Expectation) bool {
		return slices.ContainsFunc(wants, func(x Expectation) bool { return x.Path == name || strings.HasPrefix(x.Path, name+".") })
	})
}

// own reads a key that is the suite's own.
func (rd *reader) own(c *Case, e yamltext.Entry) {
	r, v := &rd.form, e.Value
	switch e.Key.Text {
	case "name":
		c.Name, _ = form.Text().Read(r, "name", v)
	case "tags":
		c.Tags = append(c.Tags, readTags(r, v)...)
	case "skip":
		switch {
		case v.Kind == yamltext.Bool && strings.EqualFold(v.Text, "true"):
			c.Skip = "skipped"
		case v.Kind == yamltext.Bool:
		default:
			c.Skip, _ = form.Text().Read(r, "skip", v)
		}
	case "only":
		c.Only, _ = form.Bool().Read(r, "only", v)
	case "follow":
		n, _ := form.Int(0, 50).Read(r, "follow", v)
		c.Follow = int(n)
	case "environment":
		c.Environment, _ = form.Word("dev", "stage", "prod", "local").Read(r, "environment", v)
	case "env":
		if v.Kind == yamltext.String {
			rd.own(c, yamltext.Entry{Key: &yamltext.Node{Kind: yamltext.String, Text: "environment", Span: e.Key.Span}, Value: v})
			return
		}
		if v.Kind == yamltext.Mapping && len(v.Entries) > 0 && strings.HasPrefix(v.Entries[0].Key.Text, "dispatcher:") {
			r.Failf(v.Entries[0].Key, "write env."+v.Entries[0].Key.Text+" for what is expected of it", "env holds variables of the configuration, and %s is none", v.Entries[0].Key.Text)
			return
		}
		pairs, _ := form.Pairs(form.Text(), "", nil).Read(r, "env", v)
		if c.Env == nil {
			c.Env = map[string]string{}
		}
		for _, p := range pairs {
			c.Env[p.Name.Text] = p.Value
		}
	}
}

// render reads what answers for the renders.
func (rd *reader) render(b *scenarioBuilder, n *yamltext.Node) {
	text, ok := form.Text().Read(&rd.form, "render", n)
	if !ok || text == "none" {
		b.answer = nil
		return
	}
	const hint = "write none, respond:200, or respond:200:text/html; mock: names a file of answers"
	rest, ok := strings.CutPrefix(text, "respond:")
	code, contentType, _ := strings.Cut(rest, ":")
	status, err := strconv.Atoi(code)
	switch {
	case !ok:
		rd.form.Failf(n, hint, "render %s is not known", text)
	case err != nil || status < 100 || status > 599:
		rd.form.Failf(n, hint, "render %s has no status from 100 to 599", text)
	case mock.CheckHeaderValue(contentType) != nil:
		rd.form.Failf(n, hint, "render %s has no type of content", text)
	default:
		b.answer = mock.Respond(status, contentType)
	}
}

// A scenarioBuilder holds the parts of a scenario.
type scenarioBuilder struct {
	files    folder.Folder
	defaults []yamltext.Entry
	request  []yamltext.Entry
	root     []yamltext.Entry
	answer   *mock.Mock // of render
}

// scenario makes the case's scenario and takes what is expected out of its steps.
func (rd *reader) scenario(c *Case, f *fragment, b *scenarioBuilder, d *draft) {
	at := d.node.Span
	mapping := func(entries ...yamltext.Entry) *yamltext.Node {
		return &yamltext.Node{Kind: yamltext.Mapping, Span: at, Entries: entries}
	}
	entry := func(key string, v *yamltext.Node) yamltext.Entry {
		return yamltext.Entry{Key: &yamltext.Node{Kind: yamltext.String, Text: key, Span: v.Span}, Value: v}
	}
	text := func(s string, span source.Span) *yamltext.Node {
		return &yamltext.Node{Kind: yamltext.String, Text: s, Span: span, Quoted: true}
	}
	var steps *yamltext.Node
	switch {
	case d.steps != nil:
		if len(d.expect) > 0 {
			rd.form.Failf(d.expect[0].Key, "write it below the step that it is about", "a case with steps has expectations of its own")
			return
		}
		if steps = rd.stepsOf(c, d.steps); steps == nil {
			return
		}
		// What is said of the request is said of all.
		b.defaults = slices.DeleteFunc(b.defaults, func(e yamltext.Entry) bool {
			return slices.ContainsFunc(b.request, func(o yamltext.Entry) bool { return o.Key.Text == e.Key.Text })
		})
		b.defaults = append(b.defaults, b.request...)
	case d.publish != nil:
		body := d.publish
		if body.IsScalar() {
			body = mapping(entry("handle", body))
		} else {
			var expect []yamltext.Entry
			body, expect = rd.without(body)
			d.expect = append(d.expect, expect...)
		}
		body = &yamltext.Node{Kind: yamltext.Mapping, Span: body.Span, Entries: append(slices.Clone(body.Entries), b.request...)}
		steps = &yamltext.Node{Kind: yamltext.List, Span: at, Items: []*yamltext.Node{mapping(entry("publish", body))}}
		c.Wants = [][]Expectation{rd.expectations("", d.expect)}
	default:
		request := append([]yamltext.Entry{entry("method", text(d.method, d.target.Span)), entry("url", text(d.url, d.target.Span))}, b.request...)
		if d.host != nil {
			if slices.ContainsFunc(b.request, func(e yamltext.Entry) bool { return e.Key.Text == "host" }) {
				rd.form.Failf(d.host, "keep one of them", "the case has two hosts")
				return
			}
			request = append(request, entry("host", d.host))
		}
		steps = &yamltext.Node{Kind: yamltext.List, Span: at, Items: []*yamltext.Node{mapping(request...)}}
		c.Wants = [][]Expectation{rd.expectations("", d.expect)}
	}
	if d.steps == nil && len(d.expect) == 0 {
		rd.form.Failf(&yamltext.Node{Span: at}, "write filter: allow, for one", "the case expects nothing")
		return
	}
	root := mapping()
	if len(b.defaults) > 0 {
		root.Entries = append(root.Entries, entry("defaults", mapping(b.defaults...)))
	}
	root.Entries = append(root.Entries, b.root...)
	root.Entries = append(root.Entries, entry("steps", steps))
	s, err := scenario.FromNode(f.src, root, scenario.Options{Base: rd.options.Base, Files: b.files})
	if err != nil {
		var empty *scenario.EmptyError
		if errors.As(err, &empty) {
			err = errors.New("the case has no steps")
		}
		rd.form.Merge(&yamltext.Node{Span: at}, err)
		return
	}
	if b.answer != nil {
		s.Mock = b.answer
	}
	c.Scenario = s
}

// stepsOf returns the steps without their expectations, which it keeps.
func (rd *reader) stepsOf(c *Case, n *yamltext.Node) *yamltext.Node {
	if n.Kind != yamltext.List || len(n.Items) == 0 {
		rd.form.Failf(n, "write its entries behind dashes", "steps is %s, not a list with entries", n.Kind)
		return nil
	}
	out := *n
	out.Items = make([]*yamltext.Node, len(n.Items))
	expects := false
	before := rd.form.Count()
	for i, step := range n.Items {
		var expect []yamltext.Entry
		switch {
		case step.Kind != yamltext.Mapping || len(step.Entries) == 0:
			out.Items[i] = step
		case step.Lookup("url") != nil:
			out.Items[i], expect = rd.without(step)
		case step.Entries[0].Value.Kind == yamltext.Mapping:
			inner := *step
			inner.Entries = slices.Clone(step.Entries)
			inner.Entries[0].Value, expect = rd.without(step.Entries[0].Value)
			out.Items[i] = &inner
		default:
			out.Items[i] = step
		}
		wants := rd.expectations("", expect)
		expects = expects || len(wants) > 0
		c.Wants = append(c.Wants, wants)
	}
	if !expects && rd.form.Count() == before {
		rd.form.Failf(n, "write expect: below a step", "no step of the case expects anything")
	}
	return &out
}

// without returns a mapping without its key expect, and what stands below that.
func (rd *reader) without(n *yamltext.Node) (*yamltext.Node, []yamltext.Entry) {
	out := *n
	out.Entries = nil
	var expect []yamltext.Entry
	for _, e := range n.Entries {
		if e.Key.Text == "expect" {
			expect = rd.entriesOf(e)
			continue
		}
		out.Entries = append(out.Entries, e)
	}
	return &out, expect
}

// roots are the first words of paths.
var roots = []string{
	"filter", "cache", "farm", "vhost", "uri", "rewrite", "redirect", "hops", "status", "file", "header", "stale", "fresh", "deleted", "touched", "refetched", "log",
	"request", "outcome", "reason", "source", "verdict", "httpd", "render", "response", "invalidation", "env", "not_simulated", "trace", "explain",
}

func isRoot(name string) bool { return slices.Contains(roots, name) }

// expectations reads what is expected. A mapping whose keys are not those of matchers goes on with the path.
func (rd *reader) expectations(prefix string, entries []yamltext.Entry) []Expectation {
	var out []Expectation
	for _, e := range entries {
		name := e.Key.Text
		if prefix == "" {
			if first, _, _ := strings.Cut(name, "."); !isRoot(first) {
				rd.form.Failf(e.Key, form.DidYouMean(first, roots), "no answer has %s", first)
				continue
			}
		}
		at := prefix + name
		v := e.Value
		if v.Kind == yamltext.Mapping && len(v.Entries) > 0 && !slices.ContainsFunc(v.Entries, func(e yamltext.Entry) bool { return slices.Contains(matcherKeys, e.Key.Text) }) {
			if _, short := shortPaths[at]; at == "farm" || !short {
				out = append(out, rd.expectations(at+".", v.Entries)...)
				continue
			}
		}
		m := readMatcher(&rd.form, at, v)
		if m == nil {
			continue
		}
		if at == "cache" && !rd.checkReason(m, v) {
			continue
		}
		x := Expectation{Path: at, Want: m, Span: e.Key.Span}
		if v.IsScalar() && v.Kind != yamltext.Null && !strings.Contains(v.Span.Text(), "${") {
			x.value = v.Span
		}
		out = append(out, x)
	}
	return out
}

// checkReason reads the pattern behind no: of cache, so that a mistake in it is found here.
func (rd *reader) checkReason(m *Matcher, n *yamltext.Node) bool {
	_, reason, ok := strings.Cut(m.text, ":")
	reason = strings.TrimSpace(reason)
	if m.kind != matchText || m.exact || !ok || shortForm(reason) != nil {
		return true
	}
	rd.form.Failf(n, "", "cache: %v", shortError(reason))
	return false
}
