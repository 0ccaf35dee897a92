package serve_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/internal/serve"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// This file holds serve against simulate: each request goes through the engine as simulate asks it, and over a connection to a
// server of its own, and all that simulate would print about it must be the same, trace and rules looked at included.

// errCannot says that a request cannot be sent over HTTP as it is, or that the port cannot tell what the caller knows.
var errCannot = errors.New("not possible over HTTP")

// A remote is a client at the other end of a connection, from any address.
type remote struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newRemote() *remote {
	return &remote{conns: make(chan net.Conn), done: make(chan struct{})}
}

// Accept implements net.Listener.
func (r *remote) Accept() (net.Conn, error) {
	select {
	case c := <-r.conns:
		return c, nil
	case <-r.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (r *remote) Close() error {
	r.once.Do(func() { close(r.done) })
	return nil
}

// Addr implements net.Listener.
func (r *remote) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

// from is a connection whose client has an address.
type from struct {
	net.Conn
	client net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.client }

// send sends the bytes of a request from an address, and reads the answer.
func (r *remote) send(t *testing.T, client string, text []byte, method string) error {
	t.Helper()
	here, there := net.Pipe()
	r.conns <- from{there, &net.TCPAddr{IP: net.ParseIP(client), Port: 40000}}
	defer here.Close()
	go func() {
		_, _ = here.Write(text) // an answer may come before all is sent
	}()
	res, err := http.ReadResponse(bufio.NewReader(here), &http.Request{Method: method})
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil // the answer broke off, as it may be meant to
	}
	return err
}

// wireText is a request as it is sent, or errCannot.
func wireText(r *simulate.Request) ([]byte, error) {
	switch {
	case r.Farm != "", r.Host == "", !strings.HasPrefix(r.Target, "/"), r.Proto != "" && r.Proto != "HTTP/1.1", strings.ContainsAny(r.Target, " \t\r\n"), !r.Client.IsValid():
		return nil, errCannot
	case strings.HasSuffix(r.Host, ".localhost"):
		return nil, errCannot
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.Target, r.Host)
	for _, f := range r.Header {
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
	}
	b.WriteString("\r\n")
	if r.Body != nil {
		if _, err := io.Copy(&b, r.Body); err != nil {
			return nil, err
		}
	}
	if _, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b.Bytes()))); err != nil {
		return nil, errCannot // net/http answers 400 itself
	}
	return b.Bytes(), nil
}

// direct hands a request to a server as one that came over TLS.
func direct(s *serve.Server, client string, text []byte) error {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		return err
	}
	r.TLS, r.RemoteAddr = &tls.ConnectionState{}, net.JoinHostPort(client, "40000")
	defer func() {
		if e := recover(); e != nil && e != http.ErrAbortHandler {
			panic(e)
		}
	}()
	s.ServeHTTP(httptest.NewRecorder(), r)
	return nil
}

// complete makes a request one that can be sent: with a body it says how long that is. Over TLS headers are in the order of their
// names, which is all that is known of them.
func complete(r *simulate.Request) {
	if r.Proto == "" {
		r.Proto = "HTTP/1.1"
	}
	if r.TLS {
		defer func() {
			h := slices.Clone(r.Header)
			for i := range h {
				h[i].Name = textproto.CanonicalMIMEHeaderKey(h[i].Name)
			}
			slices.SortStableFunc(h, func(a, b simulate.Field) int { return strings.Compare(a.Name, b.Name) })
			r.Header = h
		}()
	}
	if r.Body == nil {
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.Body, r.Length = bytes.NewReader(body), int64(len(body))
	if !r.Header.Has("Content-Length") && !r.Header.Has("Transfer-Encoding") {
		r.Header = append(r.Header[:len(r.Header):len(r.Header)], simulate.Field{Name: "Content-Length", Value: fmt.Sprint(len(body))})
	}
}

// said is what simulate prints about a request.
func said(t *testing.T, s *report.Simulation) string {
	t.Helper()
	s.ShowTrace, s.Explain = true, true
	v := report.NewSimulationJSON(s, "")
	if s.Decision.Outcome == simulate.Proxied { // simulate asks no other server, so that it knows no headers of the answer
		v.HTTPD.Headers = nil
	}
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A world is a configuration with a clock and a cache of its own.
type world struct {
	line  *simulate.Timeline
	store *docroot.Memory
	play  *scenario.Scenario
	o     simulate.Options
}

func newWorld(t *testing.T, text string, o simulate.Options, c *serve.Configuration) *world {
	t.Helper()
	s, err := scenario.Parse(source.NewFile("scenario.yaml", []byte(text)), scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := s.At
	if at.IsZero() {
		at = start
	}
	w := &world{line: simulate.NewTimeline(at), store: new(docroot.Memory), play: s, o: o}
	w.o.Sleep = w.line.Sleep
	if s.Mock != nil {
		s.Mock.SetSleep(w.line.Sleep)
	}
	s.Options(&w.o, c.Config, at)
	if err := s.Lay(w.store, c.Config, at); err != nil {
		t.Fatal(err)
	}
	if c.Apache != nil {
		if host := c.Apache.UsualHost(); host != "" {
			s.AssumeHost(host, "")
		}
	}
	return w
}

// agree plays a scenario in two worlds, and returns how many requests were compared and how many cannot be sent.
func agree(t *testing.T, c *serve.Configuration, text string, o simulate.Options, directives []string) (compared, left int) {
	t.Helper()
	ctx := context.Background()
	// As simulate asks.
	a := newWorld(t, text, o, c)
	ao := a.o
	ao.Now, ao.Store = a.line.Now, a.store
	if a.play.Mock != nil {
		ao.Backend = a.play.Mock
	}
	engine := simulate.New(c.Config, ao)
	if err := engine.Start(ctx, nil); err != nil { // as simulate --startup does
		t.Fatal(err)
	}
	var passage *site.Passage
	onA := scenario.Stage{Engine: engine, Store: a.store, Advance: a.line.Advance, Mock: a.play.Mock, Now: a.line.Now, Explain: true}
	onA.Decide = engine.Decide
	if c.Apache != nil {
		front := site.New(&site.Site{Server: c.Apache.Server, Files: c.Apache.Files(), Getenv: c.Apache.Getenv, Dispatcher: engine, Directives: directives, Now: a.line.Now})
		onA.Decide = func(ctx context.Context, r *simulate.Request, d *simulate.Decision, t *simulate.Trace) error {
			passage = new(site.Passage)
			return front.Decide(ctx, r, d, t, passage)
		}
	}
	decide := onA.Decide
	var possible []bool
	onA.Decide = func(ctx context.Context, r *simulate.Request, d *simulate.Decision, tr *simulate.Trace) error {
		complete(r)
		q := *r
		if r.Body != nil {
			body, _ := io.ReadAll(r.Body)
			q.Body, r.Body = bytes.NewReader(body), bytes.NewReader(body)
		}
		_, err := wireText(&q)
		possible = append(possible, err == nil)
		if err != nil {
			*d = simulate.Decision{}
			return nil
		}
		return decide(ctx, r, d, tr)
	}
	var want []string
	err := a.play.Play(ctx, &onA, func(p *scenario.Played) error {
		if !possible[len(possible)-1] {
			want = append(want, "")
			return nil
		}
		want = append(want, said(t, &report.Simulation{Request: p.Request, Decision: p.Decision, Trace: p.Trace, Passage: passage, Version: engine.Version()}))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	// Over a connection.
	b := newWorld(t, text, o, c)
	got := make(chan string, 1)
	so := serve.Options{
		Load:   func(context.Context) (*serve.Configuration, error) { return c, nil },
		Engine: b.o, Directives: directives, Clock: b.line, Sleep: b.line.Sleep, Store: b.store,
		Publish: func(*serve.Configuration) (simulate.Backend, error) {
			if b.play.Mock == nil {
				return nil, nil
			}
			return b.play.Mock, nil
		},
		Each: func(s *report.Simulation) { got <- said(t, s) },
	}
	s := newServer(t, so)
	r := newRemote()
	runCtx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(runCtx, r) }()
	defer func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	}()
	onB := scenario.Stage{Engine: simulate.New(c.Config, b.o), Store: b.store, Advance: b.line.Advance, Mock: b.play.Mock, Now: b.line.Now}
	i := 0
	onB.Decide = func(_ context.Context, q *simulate.Request, d *simulate.Decision, _ *simulate.Trace) error {
		n := i
		i++
		if !possible[n] {
			left++
			return nil
		}
		complete(q)
		text, err := wireText(q)
		if err != nil {
			return err
		}
		if q.TLS {
			err = direct(s, q.Client.String(), text)
		} else {
			err = r.send(t, q.Client.String(), text, q.Method)
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", q.Method, q.Target, err)
		}
		compared++
		if diff := cmp.Diff(want[n], <-got); diff != "" {
			t.Errorf("%s http://%s%s: serve and simulate differ (-simulate +serve):\n%s", q.Method, q.Host, q.Target, diff)
		}
		return nil
	}
	if err := b.play.Play(ctx, &onB, func(*scenario.Played) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return compared, left
}

// decoded is a configuration of an .any text alone.
func decoded(t *testing.T, text string, version simulate.Version) *serve.Configuration {
	t.Helper()
	p, err := project.Load(t.Context(), project.Options{FS: fstest.MapFS{"dispatcher.any": {Data: []byte(text)}}, Path: "dispatcher.any", DispatcherVersion: version.String()})
	if err != nil {
		t.Fatal(err)
	}
	return &serve.Configuration{Project: p, Config: p.Config}
}

// TestAgreesOnSequences plays the scenarios of the engine.
func TestAgreesOnSequences(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testkit.Root(t), "simulate/testdata/sequences/*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sequences: %v", err)
	}
	compared, left := 0, 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sections := map[string]string{}
			for _, f := range a.Files {
				sections[f.Name] = string(f.Data)
			}
			o, directives := optionsOf(t, sections["options"])
			n, l := agree(t, decoded(t, sections["config.any"], o.Version), sections["scenario.yaml"], o, directives)
			compared, left = compared+n, left+l
		})
	}
	t.Logf("%d requests compared, %d cannot be sent", compared, left)
	if compared < 150 || left > compared/10 {
		t.Errorf("%d requests compared, %d cannot be sent: this is too little to say that serve agrees", compared, left)
	}
}

func optionsOf(t *testing.T, text string) (o simulate.Options, directives []string) {
	t.Helper()
	var err error
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "version":
			o.Version, err = simulate.ParseVersion(value)
		case "reading":
			err = o.Readings.Set(value)
		case "directive":
			directives = append(directives, value)
			err = simulate.ParseDirective(&o.Directives, value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return o, directives
}

// TestAgreesOnFixtures sends the requests of the sample projects, each twice, with a flush between some.
func TestAgreesOnFixtures(t *testing.T) {
	for _, name := range []string{"cloud", "ams", "classic"} {
		t.Run(name, func(t *testing.T) {
			c := load(t, project.Options{Path: "example:" + name})
			var b strings.Builder
			b.WriteString("at: 2025-11-20T08:00:00Z\nrenders:\n  \"*\":\n    - when: {path: \"*broken*\"}\n      respond: {status: 200, headers: {Content-Type: text/html}, body: abcdef, cut: 3}\n")
			b.WriteString("    - respond: {headers: {Content-Type: text/html, Cache-Control: max-age=60}, body: \"" + strings.Repeat("page ", 40) + "\"}\nsteps:\n")
			for round := range 2 {
				for i, r := range fixtures.Requests(name) {
					url := r.URL
					fmt.Fprintf(&b, "  - {method: %q, url: %q", r.Method, url)
					if r.Host != "" {
						fmt.Fprintf(&b, ", host: %q", r.Host)
					}
					if r.Client != "" {
						fmt.Fprintf(&b, ", client: %q", r.Client)
					}
					if len(r.Header) > 0 {
						b.WriteString(", headers: {")
						for j, h := range r.Header {
							k, v, _ := strings.Cut(h, ":")
							if j > 0 {
								b.WriteString(", ")
							}
							fmt.Fprintf(&b, "%q: %q", k, strings.TrimSpace(v))
						}
						b.WriteString("}")
					}
					b.WriteString("}\n")
					if i%10 == 9 {
						fmt.Fprintf(&b, "  - advance: 20s\n  - publish: {handle: /content/wknd/us/en}\n")
					}
				}
				_ = round
			}
			n, left := agree(t, c, b.String(), simulate.Options{}, nil)
			t.Logf("%d requests compared, %d cannot be sent", n, left)
			if n < 40 || left > n/2 {
				t.Errorf("%d requests compared, %d cannot be sent", n, left)
			}
		})
	}
}
