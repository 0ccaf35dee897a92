package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dispcheck/dispcheck/internal/testkit"
)

// TestInvalidate runs the archives of testdata/invalidate: config.any (its document root is /d), files (a line for
// each: its name, a blank and its time in seconds, or "-> name" for a link, "->" for one out of the root), requests (a line for each, as in facts;
// "wait=N" puts the time forward first, "body=" has \n for the ends of its lines), and result, which -update writes.
// The time is 1000 at the start.
func TestInvalidate(t *testing.T) {
	files, err := filepath.Glob("testdata/invalidate/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { checkFlushArchive(t, file) })
	}
}

func checkFlushArchive(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, f := range a.Files {
		sections[f.Name] = string(f.Data)
	}
	if !strings.Contains(string(a.Comment), "Source: ") {
		t.Error("the archive does not say where its facts are published")
	}
	var got strings.Builder
	var w *flushWorld
	for line := range strings.Lines(sections["requests"]) {
		r, o, wait := flushRequestOf(t, strings.TrimSpace(line))
		if _, ok := sections["empty-cache"]; ok {
			o.Readings.EmptyCache = true
		}
		if w == nil {
			w = newFlushWorld(t, sections["config.any"], o)
			for entry := range strings.Lines(sections["files"]) {
				putEntry(t, w.root, strings.TrimSpace(entry))
			}
		}
		w.time.Advance(flushTime(wait).Sub(flushTime(0)))
		var d Decision
		var trace Trace
		if err := w.Decide(context.Background(), r, &d, &trace); err != nil {
			t.Fatal(err)
		}
		trace.Events = slices.DeleteFunc(trace.Events, func(e Event) bool { return e.Stage != "farm" && e.Stage != "invalidate" })
		fmt.Fprintf(&got, "%s\n%s%s", strings.TrimSpace(line), flushText(&d), traceText(&trace))
	}
	got.WriteString("left:\n")
	for _, name := range w.root.names(true) {
		n := w.root.files[name]
		switch n.kind {
		case FileFolder:
			fmt.Fprintf(&got, "%s/\n", strings.TrimRight(name, "/"))
		case FileLink:
			fmt.Fprintf(&got, "%s -> %s\n", name, n.link)
		default:
			fmt.Fprintf(&got, "%s %.0f\n", name, n.mod.Sub(flushTime(0)).Seconds())
		}
	}
	if *testkit.Update {
		for i, f := range a.Files {
			if f.Name == "result" {
				a.Files = append(a.Files[:i], a.Files[i+1:]...)
				break
			}
		}
		a.Files = append(a.Files, txtar.File{Name: "result", Data: []byte(got.String())})
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.ReplaceAll(sections["result"], "\r\n", "\n"), got.String()); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func putEntry(t *testing.T, root *flushRoot, entry string) {
	t.Helper()
	if name, to, ok := strings.Cut(entry, " ->"); ok {
		root.link(name, strings.TrimSpace(to))
		return
	}
	i := strings.LastIndexByte(entry, ' ')
	seconds, err := strconv.Atoi(entry[i+1:])
	if err != nil {
		t.Fatalf("%q: %v", entry, err)
	}
	root.put(entry[:i], flushTime(seconds))
}

// flushRequestOf reads a request with the options that only flushes have.
func flushRequestOf(t *testing.T, line string) (r *Request, o Options, wait int) {
	t.Helper()
	var words []string
	body, client := "", netip.Addr{}
	for _, w := range splitWords(line) {
		switch key, value, _ := strings.Cut(w, "="); key {
		case "client":
			client = netip.MustParseAddr(value)
		case "body":
			body = strings.ReplaceAll(strings.ReplaceAll(value, `\n`, "\n"), `\r`, "\r")
		case "wait":
			var err error
			if wait, err = strconv.Atoi(value); err != nil {
				t.Fatal(err)
			}
		default:
			words = append(words, w)
		}
	}
	r, o = requestOf(t, words)
	r.Client = client
	if body != "" {
		r.Body, r.Length = strings.NewReader(body), int64(len(body))
	}
	return r, o, wait
}

// flushText writes what a flush does.
func flushText(d *Decision) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	v := &d.Invalidation
	if !v.Reached {
		return "no flush\n"
	}
	line("%s: %s by %s, status %d, %d bytes", d.Outcome, d.Reason, placeText(d.By), d.Response.Status, d.Response.Length)
	line("action %q, handle %q, path %q, scope %q, allowed %v, rule %s", v.Action, v.Handle, v.Path, v.Scope, v.Allowed, ruleName(v.Rule))
	line("deleted %s, folders %s, failed %s", v.Deleted, v.Folders, v.Failed)
	line("touched %s, outside %s", v.Touched, v.TouchedOutside)
	line("refetched %v, handler %q, forwarded %v", v.Refetched, v.Handler, v.Forwarded)
	return b.String()
}

// newFlush makes a request of a flush.
func newFlush(action, handle string, more ...string) *Request {
	r := &Request{Method: "POST", Target: "/dispatcher/invalidate.cache", Host: "flush", Header: Header{{"CQ-Action", action}, {"CQ-Handle", handle}}}
	for i := 0; i < len(more); i += 2 {
		r.Header = append(r.Header, Field{more[i], more[i+1]})
	}
	return r
}

// decideFlush decides a request, once; with a trace where one is asked for.
func (w *flushWorld) decideFlush(tb testing.TB, r *Request, trace *Trace) *Decision {
	tb.Helper()
	d := new(Decision)
	if err := w.Decide(context.Background(), r, d, trace); err != nil {
		tb.Fatal(err)
	}
	return d
}

// TestAllowedClients: the last entry that matches decides; nobody is let where entries are there and none matches.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (allowedClients).
func TestAllowedClients(t *testing.T) {
	const documented = `/allowedClients { /0001 { /glob "*.*.*.*" /type "deny" } /0002 { /glob "127.0.0.1" /type "allow" } }`
	tests := []struct {
		name, section, client string
		want                  bool
		rule                  string
	}{
		{"no section", "", "198.51.100.7", true, ""},
		{"empty section", "/allowedClients { }", "198.51.100.7", true, ""},
		{"empty section, nobody", "/allowedClients { }", "", true, ""},
		{"allowed", documented, "127.0.0.1", true, "0002"},
		{"denied", documented, "10.43.0.57", false, "0001"},
		{"IPv4 in IPv6", documented, "::ffff:127.0.0.1", true, "0002"},
		{"IPv4 in IPv6, denied", documented, "::ffff:10.0.0.1", false, "0001"},
		{"IPv6 that no glob matches", documented, "::1", false, ""},
		{"nobody", documented, "", false, ""},
		{"nobody, a star", `/allowedClients { /1 { /glob "*" /type "allow" } }`, "", true, "1"},
		{"IPv6", `/allowedClients { /1 { /glob "*" /type "deny" } /2 { /glob "2001:db8:*" /type "allow" } }`, "2001:db8::1", true, "2"},
		{"zone", `/allowedClients { /1 { /glob "fe80::1" /type "allow" } }`, "fe80::1%eth0", true, "1"},
		{"range", `/allowedClients { /1 { /glob "*" /type "deny" } /2 { /glob "10.0.[0-9].*" /type "allow" } }`, "10.0.7.1", true, "2"},
		{"out of range", `/allowedClients { /1 { /glob "*" /type "deny" } /2 { /glob "10.0.[0-9].*" /type "allow" } }`, "10.0.77.1", false, "1"},
		{"the order counts, not the label", `/allowedClients { /9 { /glob "10.*" /type "allow" } /1 { /glob "*" /type "deny" } }`, "10.0.0.1", false, "1"},
		{"no glob", `/allowedClients { /1 { /url "*" /type "allow" } }`, "10.0.0.1", false, ""},
		{"only denied ones named", `/allowedClients { /1 { /glob "10.*" /type "deny" } }`, "192.0.2.1", false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newFlushWorld(t, `/cache { /docroot "/d" `+tt.section+` }`, Options{}, "/content/x.html")
			r := newFlush("Activate", "/content/x")
			if tt.client != "" {
				r.Client = netip.MustParseAddr(tt.client)
			}
			d := w.decideFlush(t, r, nil)
			slow := w.decideFlush(t, r, &Trace{Explain: true})
			rule := ""
			if d.Invalidation.Rule != nil {
				rule = d.Invalidation.Rule.Label
			}
			if d.Invalidation.Allowed != tt.want || rule != tt.rule {
				t.Errorf("got %v by %q, want %v by %q", d.Invalidation.Allowed, rule, tt.want, tt.rule)
			}
			status, left := 200, []string{"/.stat"}
			if !tt.want {
				status, left = 403, []string{"/content/x.html"}
			}
			if d.Response.Status != status || slow.Response.Status != status {
				t.Errorf("status: got %d, with a trace %d, want %d", d.Response.Status, slow.Response.Status, status)
			}
			if d.Invalidation.Rule != slow.Invalidation.Rule {
				t.Error("the trace changes the rule that decides")
			}
			if diff := cmp.Diff(left, w.root.names(false)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFlushHeadersDISP1040: since 4.3.8 (DISP-1040) headers of flushes are taken off requests of clients that may not
// flush; before, such a request is a flush, which is rejected. A flush by its URL is rejected in either.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, release-notes.md.
func TestFlushHeadersDISP1040(t *testing.T) {
	const config = `/cache { /docroot "/d" /rules { /1 { /glob "*" /type "allow" } }
		/allowedClients { /1 { /glob "*" /type "deny" } /2 { /glob "10.0.0.1" /type "allow" } } }`
	tests := []struct {
		name, version, method, target, client string
		want                                  Outcome
		status                                int
		stripped                              bool
	}{
		{"page, 4.3.7", "4.3.7", "GET", "/a.html", "192.0.2.1", Flush, 403, false},
		{"page, 4.3.8", "4.3.8", "GET", "/a.html", "192.0.2.1", Forwarded, 0, true},
		{"page, cloud", "2.0.264", "GET", "/a.html", "192.0.2.1", Forwarded, 0, true},
		{"HEAD, 4.3.7", "4.3.7", "HEAD", "/a.html", "192.0.2.1", Forwarded, 0, false},
		{"HEAD, 4.3.8", "4.3.8", "HEAD", "/a.html", "192.0.2.1", Forwarded, 0, true},
		{"page, allowed", "4.3.8", "GET", "/a.html", "10.0.0.1", Flush, 200, false},
		{"flush, 4.3.7", "4.3.7", "GET", "/dispatcher/invalidate.cache", "192.0.2.1", Flush, 403, false},
		{"flush, 4.3.8", "4.3.8", "GET", "/dispatcher/invalidate.cache", "192.0.2.1", Flush, 403, false},
		{"PUT to the flush's URL, 4.3.8", "4.3.8", "PUT", "/dispatcher/invalidate.cache", "192.0.2.1", Forwarded, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			version, err := ParseVersion(tt.version)
			if err != nil {
				t.Fatal(err)
			}
			e := New(decode(t, config, version, nil), Options{Version: version})
			r := &Request{Method: tt.method, Target: tt.target, Host: "www", Client: netip.MustParseAddr(tt.client), Header: Header{
				{"CQ-Action", "Delete"}, {"Accept", "text/html"}, {"cq-handle", "/a"}, {"CQ-Path", "/a"}, {"HANDLE", "/a"}, {"CQ", "kept"}, {"Handler", "kept"},
			}}
			before := append(Header(nil), r.Header...)
			x := &Exchange{Request: r, Decision: new(Decision), Trace: new(Trace), engine: e}
			if err := x.run(context.Background()); err != nil {
				t.Fatal(err)
			}
			if x.Decision.Outcome != tt.want || x.Decision.Response.Status != tt.status {
				t.Errorf("got %s with %d, want %s with %d", x.Decision.Outcome, x.Decision.Response.Status, tt.want, tt.status)
			}
			want := before
			if tt.stripped {
				want = Header{{"Accept", "text/html"}, {"CQ", "kept"}, {"Handler", "kept"}}
			}
			if diff := cmp.Diff(want, x.Request.Header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, r.Header); diff != "" {
				t.Errorf("the caller's request was changed (-want +got):\n%s", diff)
			}
		})
	}
}

// flushSink keeps the answer to a flush.
type flushSink struct {
	status int
	header Header
	body   []byte
	calls  int
	err    error
}

func (s *flushSink) Answer(status int, h Header, body io.Reader) error {
	s.calls++
	s.status, s.header = status, h
	if s.err != nil {
		return s.err
	}
	var err error
	s.body, err = io.ReadAll(body)
	return err
}

// TestFlushAnswer: the answer has 13 bytes.
//
// Source: Adobe knowledge base KA-19985 (an access log).
func TestFlushAnswer(t *testing.T) {
	w := newFlushWorld(t, `/cache { /docroot "/d" }`, Options{})
	sink := &flushSink{}
	r := newFlush("Activate", "/content/x")
	r.Sink = sink
	d := w.decideFlush(t, r, nil)
	if string(sink.body) != "<H1>OK</H1>\r\n" || sink.status != 200 || sink.calls != 1 {
		t.Errorf("got %d %q in %d calls", sink.status, sink.body, sink.calls)
	}
	want := Response{Status: 200, From: "dispatcher", Length: 13, Header: Header{{"Content-Type", "text/html"}, {"Content-Length", "13"}}}
	if diff := cmp.Diff(want, d.Response); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Header, sink.header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	r.Sink = &flushSink{err: errors.New("gone")}
	if d := w.decideFlush(t, r, nil); !d.Response.Cut || d.Response.Length != 0 || d.Outcome != Flush {
		t.Errorf("a client that has gone: got %+v", d.Response)
	}
}

// TestFlushTakesTime: how long a flush took is in the summary line, in either of its forms.
func TestFlushTakesTime(t *testing.T) {
	for version, want := range map[string]string{
		"4.3.8": `"POST /dispatcher/invalidate.cache" 200 purge [farm/-] 53ms`,
		"4.3.3": `"POST /dispatcher/invalidate.cache" 200 purge [farm/-] 53ms`,
		"4.3.2": `"POST /dispatcher/invalidate.cache" - - 53ms [farm/-]`,
	} {
		t.Run(version, func(t *testing.T) {
			v, err := ParseVersion(version)
			if err != nil {
				t.Fatal(err)
			}
			var w *flushWorld
			o := Options{Version: v, RunHandler: func(ctx context.Context, _ []string) error {
				return w.time.Sleep(ctx, 53_000_000)
			}}
			w = newFlushWorld(t, `/farms { /farm { /cache { /docroot "/d" /invalidateHandler "/h" } } }`, o)
			var trace Trace
			d := w.decideFlush(t, newFlush("Activate", "/content/x"), &trace)
			if err := hasLine(&trace, "[I] "+want); err != nil {
				t.Error(err)
			}
			if d.Took.Milliseconds() != 53 {
				t.Errorf("took: got %v", d.Took)
			}
		})
	}
}

// TestInvalidateHandler: the program gets handle, action and scope, and is run only where the caller gives the means.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (invalidateHandler).
func TestInvalidateHandler(t *testing.T) {
	tests := []struct {
		name   string
		flush  *Request
		want   []string
		failed error
	}{
		{"plain", newFlush("Activate", "/content/x"), []string{"/opt/h.sh", "/content/x", "Activate", ""}, nil},
		{"resource only", newFlush("Delete", "/content/x", "CQ-Action-Scope", "ResourceOnly"), []string{"/opt/h.sh", "/content/x", "Delete", "ResourceOnly"}, nil},
		{"another scope", newFlush("Delete", "/content/x", "CQ-Action-Scope", "All"), []string{"/opt/h.sh", "/content/x", "Delete", ""}, nil},
		{"misspelt scope", newFlush("Delete", "/content/x", "CQ-Scope-Action", "ResourceOnly"), []string{"/opt/h.sh", "/content/x", "Delete", ""}, nil},
		{"fails", newFlush("Activate", "/content/x/"), []string{"/opt/h.sh", "/content/x/", "Activate", ""}, errors.New("exit status 1")},
		{"test", newFlush("Test", "/content/x"), nil, nil},
		{"incomplete", newFlush("", "/content/x"), nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var ran []string
			o := Options{RunHandler: func(_ context.Context, args []string) error {
				ran = args
				return tt.failed
			}}
			w := newFlushWorld(t, `/cache { /docroot "/d" /invalidateHandler "/opt/h.sh" }`, o)
			var trace Trace
			d := w.decideFlush(t, tt.flush, &trace)
			if diff := cmp.Diff(tt.want, ran); diff != "" {
				t.Errorf("ran (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, d.Invalidation.Handler); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
			if d.Response.Status != 200 {
				t.Errorf("status: got %d", d.Response.Status)
			}
			if tt.failed != nil {
				if err := hasLine(&trace, "[N] /invalidateHandler /opt/h.sh: exit status 1; the flush goes on"); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// flushBackend answers all with a page, and keeps what it was asked.
type flushBackend struct {
	mu       sync.Mutex
	requests []*RenderRequest
	bodies   []string
	err      error
	status   int
	// during is called while a request is being answered.
	during func(*RenderRequest)
}

func (b *flushBackend) RoundTrip(_ context.Context, r *RenderRequest) (*Answer, error) {
	body := []byte(nil)
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	b.mu.Lock()
	b.requests, b.bodies = append(b.requests, r), append(b.bodies, string(body))
	b.mu.Unlock()
	if b.during != nil {
		b.during(r)
	}
	if b.err != nil {
		return nil, b.err
	}
	status := b.status
	if status == 0 {
		status = 200
	}
	return &Answer{Status: status, Header: Header{{"Content-Type", "text/html"}, {"Content-Length", "3"}}, Body: io.NopCloser(bytes.NewReader([]byte("new")))}, nil
}

// TestPropagateSyndPost: the flush is sent on where /filter allows it; its answer stays the flush's own.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (propagateSyndPost).
func TestPropagateSyndPost(t *testing.T) {
	const render = `/renders { /r { /hostname "127.0.0.1" /port "4503" } } `
	tests := []struct {
		name, config string
		method       string
		backend      *flushBackend
		want         bool
		sent         int
	}{
		{"off", render, "POST", &flushBackend{}, false, 0},
		{"set to 0", render + `/propagateSyndPost "0"`, "POST", &flushBackend{}, false, 0},
		{"no filter", render + `/propagateSyndPost "1"`, "POST", &flushBackend{}, true, 1},
		{"allowed", render + `/propagateSyndPost "1" /filter { /1 { /type "allow" /method "POST" /url "*" } }`, "POST", &flushBackend{}, true, 1},
		{"denied", render + `/propagateSyndPost "1" /filter { /1 { /type "deny" /url "*" } }`, "POST", &flushBackend{}, false, 0},
		{"no rule matches", render + `/propagateSyndPost "1" /filter { /1 { /type "allow" /method "GET" /url "*" } }`, "POST", &flushBackend{}, false, 0},
		{"the method as sent", render + `/propagateSyndPost "1" /filter { /1 { /type "allow" /method "GET" /url "*" } }`, "GET", &flushBackend{}, true, 1},
		{"render fails", render + `/propagateSyndPost "1"`, "POST", &flushBackend{err: errors.New("broken")}, false, 1},
		{"render refuses", render + `/propagateSyndPost "1"`, "POST", &flushBackend{status: 500}, true, 1},
		{"no render", `/propagateSyndPost "1"`, "POST", &flushBackend{}, false, 0},
		{"nobody to ask", render + `/propagateSyndPost "1"`, "POST", nil, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o Options
			if tt.backend != nil {
				o.Backend = tt.backend
			}
			w := newFlushWorld(t, `/farms { /f { `+tt.config+` /cache { /docroot "/d" } } }`, o)
			r := newFlush("Activate", "/content/x", "Connection", "close")
			r.Method, r.Body, r.Length = tt.method, strings.NewReader("a=b"), 3
			d := w.decideFlush(t, r, nil)
			if d.Invalidation.Forwarded != tt.want {
				t.Errorf("forwarded: got %v", d.Invalidation.Forwarded)
			}
			if d.Response.Status != 200 || d.Outcome != Flush {
				t.Errorf("got %s with %d", d.Outcome, d.Response.Status)
			}
			if tt.backend == nil {
				return
			}
			sent := 0
			for i, s := range tt.backend.requests {
				if s.Purpose != ForFlush {
					continue
				}
				sent++
				if s.Method != tt.method || s.Target != "/dispatcher/invalidate.cache" || tt.backend.bodies[i] != "a=b" {
					t.Errorf("sent: %s %s %q", s.Method, s.Target, tt.backend.bodies[i])
				}
				if v, _ := s.Header.Value("CQ-Handle"); v != "/content/x" || s.Header.Has("Connection") {
					t.Errorf("sent headers %v", s.Header)
				}
			}
			if min(sent, 1) != tt.sent {
				t.Errorf("sent %d, want %d", sent, tt.sent)
			}
		})
	}
}

// TestRefetchBody: which lines of a body are pages, and that their files are not deleted.
//
// Source: AdobeDocs/experience-manager-dispatcher.en, page-invalidate.md, and release-notes.md (DISP-826).
func TestRefetchBody(t *testing.T) {
	many := strings.Repeat("/a.html\n", maxRefetchLines+5)
	long := "/first.html\n" + strings.Repeat("x", maxRefetchBody)
	tests := []struct {
		name, version, contentType, body string
		want                             []string
		kept                             bool // /content/en.html is there afterwards
	}{
		{"one", "", "text/plain", "/content/en.html", []string{"/content/en.html"}, true},
		{"parameters", "", "Text/Plain; charset=utf-8", "/content/en.html\n", []string{"/content/en.html"}, true},
		{"CRLF and blank lines", "", "text/plain", "\r\n/content/en.html\r\n\r\n  \r\n/b.html\r\n", []string{"/content/en.html", "/b.html"}, true},
		{"encoded", "", "text/plain", "/content/%65n.html", []string{"/content/%65n.html"}, true},
		{"not a path", "", "text/plain", "content/en.html\nhttp://host/content/en.html\n/b.html", []string{"/b.html"}, false},
		{"another page", "", "text/plain", "/b.html", []string{"/b.html"}, false},
		{"no body", "", "text/plain", "", nil, false},
		{"another type", "", "application/x-www-form-urlencoded", "/content/en.html", nil, false},
		{"no type", "", "", "/content/en.html", nil, false},
		{"query that counts", "", "text/plain", "/content/en.html?x=1", []string{"/content/en.html?x=1"}, false},
		{"query that is ignored", "", "text/plain", "/content/en.html?utm_x=1", []string{"/content/en.html?utm_x=1"}, true},
		{"query, 4.3.2", "4.3.2", "text/plain", "/content/en.html?utm_x=1\n/b.html", []string{"/b.html"}, false},
		{"query, 4.3.3", "4.3.3", "text/plain", "/content/en.html?utm_x=1\n/b.html", []string{"/content/en.html?utm_x=1", "/b.html"}, true},
		{"above the root", "", "text/plain", "/../../content/en.html", []string{"/../../content/en.html"}, false},
		{"too many lines", "", "text/plain", many, strings.Fields(many)[:maxRefetchLines], false},
		{"too long", "", "text/plain", long, []string{"/first.html"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o Options
			if tt.version != "" {
				var err error
				if o.Version, err = ParseVersion(tt.version); err != nil {
					t.Fatal(err)
				}
			}
			w := newFlushWorld(t, `/cache { /docroot "/d" /rules { /1 { /glob "*" /type "allow" } } /ignoreUrlParams { /1 { /glob "utm_*" /type "allow" } } }`, o,
				"/content/en.html", "/content/en.html.h", "/content/en.html.ttl", "/content/en.print.html")
			r := newFlush("Activate", "/content/en")
			if tt.contentType != "" {
				r.Header = append(r.Header, Field{"Content-Type", tt.contentType})
			}
			if tt.body != "" {
				r.Body, r.Length = strings.NewReader(tt.body), int64(len(tt.body))
			}
			d := w.decideFlush(t, r, nil)
			var got []string
			for _, page := range d.Invalidation.Refetched {
				got = append(got, page.URL)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("refetched (-want +got):\n%s", diff)
			}
			want := []string{"/.stat"}
			if tt.kept {
				want = append(want, "/content/en.html", "/content/en.html.h", "/content/en.html.ttl")
			}
			if diff := cmp.Diff(want, w.root.names(false)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRefetchReplaces: a page of the body is fetched and replaced; while it is, who asks for it gets the old one.
//
// Source: adobe/aem-dispatcher-experiments, refetching-flush.
func TestRefetchReplaces(t *testing.T) {
	const config = `/farms { /f { /renders { /r { /hostname "127.0.0.1" /port "4503" } }
		/cache { /docroot "/d" /rules { /1 { /glob "*" /type "allow" } } /invalidate { /1 { /glob "*" /type "allow" } } } } }`
	backend := &flushBackend{}
	w := newFlushWorld(t, config, Options{Backend: backend}, "/content/en.html")
	probe := w.decideFlush(t, &Request{Method: "GET", Target: "/other.html", Host: "h"}, nil)
	if !probe.Cache.Stored {
		t.Skip("the stages from lookup to store are not there yet: pages are not stored")
	}
	backend.requests = nil
	var meanwhile Decision
	backend.during = func(r *RenderRequest) {
		if r.Purpose != ForRefetch {
			t.Errorf("purpose: got %s", r.Purpose)
			return
		}
		if err := w.Decide(context.Background(), &Request{Method: "GET", Target: "/content/en.html", Host: "h"}, &meanwhile, nil); err != nil {
			t.Error(err)
		}
	}
	r := newFlush("Activate", "/content/en", "Content-Type", "text/plain")
	r.Body, r.Length = strings.NewReader("/content/en.html\n"), -1
	d := w.decideFlush(t, r, nil)
	if diff := cmp.Diff([]Refetched{{"/content/en.html", 200, true}}, d.Invalidation.Refetched); diff != "" {
		t.Errorf("refetched (-want +got):\n%s", diff)
	}
	if len(d.Invalidation.Deleted) != 0 || len(backend.requests) != 1 {
		t.Errorf("deleted %s, %d requests", d.Invalidation.Deleted, len(backend.requests))
	}
	if meanwhile.Outcome != Delivered || meanwhile.Reason == "" {
		t.Errorf("meanwhile: got %s (%s), want the old page", meanwhile.Outcome, meanwhile.Reason)
	}
	if n := w.root.files["/content/en.html"]; n == nil || string(n.data) != "new" {
		t.Errorf("the page was not replaced: %v", n)
	}
	if got := w.memory.refreshing.files; len(got) != 0 {
		t.Errorf("left as being fetched: %v", got)
	}
}

// TestRefetchGoesOn: pages are fetched in the order of the body, and one that cannot be asked for does not end the
// flush. The flush's own answer is the client's.
func TestRefetchGoesOn(t *testing.T) {
	w := newFlushWorld(t, `/farms { /f { /renders { /r { /hostname "127.0.0.1" } } /cache { /docroot "/d" /rules { /1 { /glob "*" /type "allow" } } } } }`,
		Options{Backend: &flushBackend{}}, "/content/a.html", "/content/a.print.html")
	sink := &flushSink{}
	r := newFlush("Activate", "/content/a", "Content-Type", "text/plain")
	r.Body, r.Length, r.Sink = strings.NewReader("/b.html\n/%zz.html\n/content/a.html\n"), -1, sink
	d := w.decideFlush(t, r, new(Trace))
	var got []string
	for _, page := range d.Invalidation.Refetched {
		got = append(got, page.URL)
		if page.URL == "/%zz.html" && (page.Status != 0 || page.Stored) {
			t.Errorf("got %+v", page)
		}
	}
	if diff := cmp.Diff([]string{"/b.html", "/%zz.html", "/content/a.html"}, got); diff != "" {
		t.Errorf("refetched (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/content/a.print.html"}, d.Invalidation.Deleted); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	if sink.calls != 1 || string(sink.body) != flushAnswer || d.Outcome != Flush || d.URI != "/dispatcher/invalidate.cache" {
		t.Errorf("the client got %q in %d calls, for %s", sink.body, sink.calls, d.URI)
	}
	if got := w.memory.refreshing.files; len(got) != 0 {
		t.Errorf("left as being fetched: %v", got)
	}
}

// TestFlushEnds: a flush ends where its context does.
func TestFlushEnds(t *testing.T) {
	w := newFlushWorld(t, `/cache { /docroot "/d" }`, Options{}, "/content/x/a.html", "/content/x/b.html")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := w.Decide(ctx, newFlush("Delete", "/content/x"), new(Decision), nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := w.root.names(false); len(got) != 3 { // with the statfile, which is touched first
		t.Errorf("left: %s", got)
	}
}
