package scenario

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// The bounds of one scenario. YAML is bound by [yamltext.MaxSize] too.
const (
	MaxSize  = 16 << 20 // bytes of text
	MaxSteps = 1_000_000
	// MaxBodies is how many bytes all bodies of .http files may have together, with what files and variables put in.
	MaxBodies = 64 << 20
)

// A Scenario is what a text says.
type Scenario struct {
	// Name is what its author calls it, "" for nothing.
	Name string
	// At is when simulated time starts; the zero time where nothing is said.
	At time.Time
	// Files are what the cache holds at first.
	Files []File
	// Vanity is the list of vanity URLs; nil where nothing is said, empty where it is known to be.
	Vanity []string
	// Sessions are credentials that are known at first, and how long ago they were used.
	Sessions map[string]time.Duration
	// Mock answers for the renders; nil where nothing is said.
	Mock *mock.Mock
	// Cookies says that a client keeps cookies: play with a [Jar].
	Cookies bool
	// Steps are what happens, one after the other; at least one.
	Steps []Step
}

// A File is a file in the cache.
type File struct {
	// Name starts at the document root: "/content/a.html".
	Name string
	// Modified is when it was written; where it is zero that is Age before the start.
	Modified time.Time
	Age      time.Duration
	// TTL is the expiry, counted from the start, which may lie before it; nil makes no .ttl file.
	TTL *time.Duration
	// Header is what the .h file holds; nil makes none.
	Header simulate.Header
	Body   []byte
	Span   source.Span
}

// ModTime returns when the file was written, in a scenario that starts at a time.
func (f *File) ModTime(start time.Time) time.Time {
	if !f.Modified.IsZero() {
		return f.Modified
	}
	return start.Add(-f.Age)
}

// A Kind is what a step does.
type Kind uint8

// The kinds.
const (
	Ask     Kind = iota + 1 // a client's request
	Publish                 // a request that flushes
	Advance                 // time passes
	Down                    // a render refuses connections
	Up                      // a render answers again
	Remove                  // a file vanishes from the cache
)

// String returns the kind's key in YAML, "request" for Ask.
func (k Kind) String() string {
	return [...]string{"", "request", "publish", "advance", "down", "up", "remove"}[k]
}

// A Step is one thing that happens.
type Step struct {
	Kind Kind
	// Name is what its author calls it, or else file and line: "requests.txt:3".
	Name string
	Span source.Span
	// Request is what is asked, for Ask and Publish. Its Body is nil: [Step.NewRequest] gives requests to play.
	Request *simulate.Request
	// Body is what is sent along, nil for nothing.
	Body []byte
	// NoHost says that nobody named a host: that of Request was assumed, which the first of Notes says.
	NoHost bool
	// Notes are what was assumed.
	Notes []string
	// Advance is how much time passes.
	Advance time.Duration
	// Render is a label without a slash, or "*" for all.
	Render string
	// File is a name from the document root.
	File string
	// Expect is what must be true of the answer.
	Expect []Expectation

	label *yamltext.Node // of Render
}

// Place returns file and line of the step, "requests.txt:3"; "" where it stands in none.
func (s *Step) Place() string {
	if s.Span.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s:%d", s.Span.File.Name, s.Span.Position().Line)
}

// An Expectation is a path into the JSON of an answer, and the text that must stand there, as --expect has it.
type Expectation struct {
	Path, Value string
	Span        source.Span
}

// NewRequest returns the step's request, to play once. With a Jar, which may be nil, an Ask carries its cookies: in one Cookie
// header with those that the step itself sends, which count more.
func (s *Step) NewRequest(j *Jar) *simulate.Request {
	r := *s.Request
	if s.Body != nil {
		r.Body, r.Length = bytes.NewReader(s.Body), int64(len(s.Body))
	}
	if j != nil && s.Kind == Ask {
		r.Header = j.add(&r)
	}
	return &r
}

// A Base is what is said of all requests from outside, by flags: it counts more than the defaults of a scenario, and less than
// what a step says. The zero value says nothing.
type Base struct {
	// Header is sent with every Ask, before the headers of the step.
	Header simulate.Header
	// Host is the Host header, "" for none; nil says nothing.
	Host *string
	// Client is who asks; the zero value is 127.0.0.1.
	Client netip.Addr
	// Proto is the protocol; "" is HTTP/1.1.
	Proto string
	Farm  string
	// Body is sent with every Ask that has none.
	Body []byte
}

// Options say how a scenario is read.
type Options struct {
	Base Base
	// Files is where files lie that the text names; the zero value refuses them.
	Files folder.Folder
	// Mock is for the scenario's own renders. Its Shown is not read.
	Mock mock.Options
	// Notation is how the text is written; 0 looks at its name and its start, see [NotationOf].
	Notation Notation
}

// A Notation is a way to write a scenario.
type Notation uint8

// The notations.
const (
	Lines Notation = iota + 1 // METHOD URL [HOST], or a JSON object, on each line
	YAML
	HTTP // .http and .rest files
)

// NotationOf tells a notation: by the ending of a name (.yaml, .yml, .http, .rest), or else by the first line that is neither
// empty nor a comment. It is YAML where that is ---, starts with a dash and a blank, or has a first word that ends with a
// colon, and lines otherwise. No method is such a word.
func NotationOf(name string, text []byte) Notation {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml":
		return YAML
	case ".http", ".rest":
		return HTTP
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		word := line
		if i := bytes.IndexAny(line, " \t"); i >= 0 {
			word = line[:i]
		}
		if string(word) == "-" || string(word) == "---" || word[0] != '{' && bytes.HasSuffix(word, []byte(":")) {
			return YAML
		}
		return Lines
	}
	return Lines
}

const byteOrderMark = "\xef\xbb\xbf" // some editors start a file so

// An EmptyError says that a text holds no step.
type EmptyError struct{ Name string }

func (e *EmptyError) Error() string { return e.Name + ": holds no request" }

// readAll reads a file that has at most so many bytes.
func readAll(f folder.Folder, name string, most int64) ([]byte, error) {
	file, size, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if size <= most {
		text, err := io.ReadAll(io.LimitReader(file, most+1))
		if err != nil {
			return nil, folder.Cause(err)
		}
		if size = int64(len(text)); size <= most {
			return text, nil
		}
	}
	return nil, fmt.Errorf("has %d bytes or more, and at most %d are read", size, most)
}

// Parse reads a text. The error is an [*EmptyError], a *yamltext.Error, or [form.Errors]: the last two have places.
func Parse(src *source.File, o Options) (*Scenario, error) {
	if len(src.Text) > MaxSize {
		return nil, &yamltext.Error{Span: src.Span(0, 0), Message: fmt.Sprintf("the file has %d bytes, more than the %d that are read", len(src.Text), MaxSize)}
	}
	b := &builder{src: src, options: &o, out: new(Scenario)}
	notation := o.Notation
	if notation == 0 {
		notation = NotationOf(src.Name, src.Text)
	}
	var err error
	switch notation {
	case YAML:
		err = b.yaml()
	case HTTP:
		err = b.http()
	default:
		err = b.lines()
	}
	if err != nil {
		return nil, err
	}
	if len(b.out.Steps) == 0 {
		return nil, &EmptyError{src.Name}
	}
	return b.out, nil
}

// Check says which renders the scenario names that a configuration does not have. The error is [form.Errors].
func (s *Scenario) Check(labels []string) error {
	var r form.Reader
	if s.Mock != nil {
		r.Merge(nil, s.Mock.Check(labels))
	}
	for i := range s.Steps {
		if n := s.Steps[i].label; n != nil {
			mock.CheckLabel(&r, n, labels)
		}
	}
	return r.Err()
}

// One returns the step of a single request, as people type it.
func One(method, url string, base Base) (*Step, error) {
	b := &builder{options: &Options{Base: base}}
	d := draft{method: method, url: url}
	return b.request(&d)
}

// A builder makes steps of what a text says.
type builder struct {
	src      *source.File
	options  *Options
	defaults defaultsForm
	out      *Scenario
	err      error // the first that keeps from going on
}

// A draft is a request as a text says it. What is nil or empty is not said.
type draft struct {
	method, url string
	host        *string
	scheme      string
	header      simulate.Header
	client      netip.Addr
	proto       string
	body        []byte
	name        string
	expect      []Expectation
	flush       bool // not a client's: without headers and body that are for clients
}

// add gives a draft a header. Host has a field of its own.
func (d *draft) add(name, value string) {
	if strings.EqualFold(name, "Host") {
		d.host = &value
		return
	}
	d.header = append(d.header, simulate.Field{Name: name, Value: value})
}

// request makes the step of a draft.
func (b *builder) request(d *draft) (*Step, error) {
	r, err := simulate.NewRequest(d.method, d.url)
	if err != nil {
		return nil, err
	}
	base, def := &b.options.Base, &b.defaults
	s := &Step{Kind: Ask, Request: r, Name: d.name, Expect: d.expect, Body: d.body}
	given := true
	switch {
	case d.host != nil:
		r.Host = *d.host
	case base.Host != nil:
		r.Host = *base.Host
	case r.Host != "":
	case def.host.Given():
		r.Host = def.host.Value
	default:
		given = false
	}
	if strings.ContainsFunc(r.Host, func(c rune) bool { return c <= ' ' || c == 0x7f }) || strings.ContainsAny(r.Host, "/?#@") {
		return nil, fmt.Errorf("%q is no host such as www.example.com or localhost:8080", r.Host)
	}
	if r.Target == d.url { // otherwise the URL has a scheme of its own
		r.TLS = d.scheme == "https" || d.scheme == "" && def.scheme == "https"
	}
	r.Proto = first(d.proto, base.Proto, def.proto, "HTTP/1.1")
	r.Client = first(d.client, base.Client, def.client, localClient)
	r.Farm = base.Farm
	r.Header = d.header
	if d.flush {
		s.Kind = Publish
	} else {
		r.Header = b.clientHeader(d.header)
		if s.Body == nil && len(base.Body) > 0 {
			s.Body = base.Body
		}
	}
	if r.Host == "" && !given {
		r.Host, s.NoHost = "localhost", true
		s.Notes = localhostTaken()
	}
	if i := strings.IndexByte(r.Target, '#'); i >= 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("fragment %s of the URL is left out: no client sends it", r.Target[i:]))
		r.Target = r.Target[:i]
	}
	return s, nil
}

// localhostTaken is the same for the many steps of a large file.
var localhostTaken = sync.OnceValue(func() []string { return slices.Clip([]string{"no host is given: localhost is taken"}) })

// AssumeHost gives the steps for which no host is named another than localhost.
func (s *Scenario) AssumeHost(host, why string) {
	notes := []string{"no host is given: " + host + " is taken, " + why}
	for i := range s.Steps {
		if step := &s.Steps[i]; step.NoHost && step.Request != nil {
			step.Request.Host = host
			step.Notes = append(notes[:1:1], step.Notes[1:]...)
		}
	}
}

// localClient is who asks where nothing else is said.
var localClient = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// first returns the first value that says something.
func first[T comparable](values ...T) T {
	var none T
	for _, v := range values {
		if v != none {
			return v
		}
	}
	return none
}

// clientHeader puts headers together: the defaults of the scenario but for names that are given otherwise, what the flags say,
// and what the step says.
func (b *builder) clientHeader(own simulate.Header) simulate.Header {
	base := b.options.Base.Header
	if len(base)+len(b.defaults.header) == 0 {
		return own
	}
	var h simulate.Header
	for _, f := range b.defaults.header {
		if !own.Has(f.Name) && !base.Has(f.Name) {
			h = append(h, f)
		}
	}
	return slices.Concat(h, base, own)
}

// append adds a step. There are never more than MaxSteps.
func (b *builder) append(s *Step, span source.Span) error {
	if len(b.out.Steps) >= MaxSteps {
		return &yamltext.Error{Span: span, Message: fmt.Sprintf("more than %d steps", MaxSteps), Hint: "split the scenario"}
	}
	s.Span = span
	if s.Name == "" {
		s.Name = s.Place()
	}
	b.out.Steps = append(b.out.Steps, *s)
	return nil
}

// checkClient reads an address.
func checkClient(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, fmt.Errorf("%q is no IP address", s)
	}
	return a, nil
}

func checkProto(s string) error {
	if rest, ok := strings.CutPrefix(s, "HTTP/"); !ok || rest == "" || strings.ContainsAny(rest, " \t\r\n") {
		return fmt.Errorf("%q is no protocol such as HTTP/1.0", s)
	}
	return nil
}

// checkHeader says what is wrong with a header, in the words of lines and .http files.
func checkHeader(name, value string) error {
	if mock.CheckHeaderName(name) != nil || mock.CheckHeaderValue(value) != nil {
		return fmt.Errorf("%q is no header; write 'Name: value'", name+": "+value)
	}
	return nil
}
