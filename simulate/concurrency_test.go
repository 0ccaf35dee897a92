package simulate_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/simulate"
)

// crowd is how many clients ask at the same time.
const crowd = 100

// onePage is a farm whose pages are all cached and invalidated, with the header that says their version.
const onePage = `/farms { /site {
	/virtualhosts { "*" }
	/renders { /rend01 { /hostname "localhost" /port "4503" } }
	/numberOfRetries "2" /retryDelay "1"
	/cache {
		/docroot "/var/www/html"
		/rules { /0 { /glob "*" /type "allow" } }
		/invalidate { /0 { /glob "*" /type "allow" } }
		/headers { "X-Version" }
		SETTINGS
	}
} }`

const pageURL = "/content/site/page.html"

// versionedBody is a page that says what it is: its URL, its version and, last, a checksum of all that stands before it.
// Versions differ in length.
func versionedBody(url string, version int64) string {
	text := fmt.Sprintf("url %s\nversion %d\n", url, version)
	for i := range version % 13 {
		text += strings.Repeat(strconv.FormatInt(version, 10)+" ", int(40+i*i)) + "\n"
	}
	return text + fmt.Sprintf("sum %08x\n", crc32.ChecksumIEEE([]byte(text)))
}

// readVersioned returns the URL and the version of a page, and says where it is not one, or not whole.
func readVersioned(text string) (url string, version int64, err error) {
	body, sum, ok := strings.Cut(text, "sum ")
	if !ok || sum != fmt.Sprintf("%08x\n", crc32.ChecksumIEEE([]byte(body))) {
		return "", 0, fmt.Errorf("%d bytes are no whole page: %.60q...", len(text), text)
	}
	if _, err := fmt.Sscanf(body, "url %s\nversion %d\n", &url, &version); err != nil {
		return "", 0, fmt.Errorf("%.60q: %w", body, err)
	}
	return url, version, nil
}

// versioned is an answer with a page of a version, in its body and in its header.
func versioned(url string, version int64, more ...simulate.Field) *simulate.Answer {
	text := versionedBody(url, version)
	h := simulate.Header{{Name: "Content-Type", Value: "text/html"}, {Name: "Content-Length", Value: strconv.Itoa(len(text))}, {Name: "X-Version", Value: strconv.FormatInt(version, 10)}}
	return &simulate.Answer{Status: 200, Header: append(h, more...), Body: io.NopCloser(strings.NewReader(text))}
}

// failing is an answer without a page.
func failing(status int) *simulate.Answer {
	return &simulate.Answer{Status: status, Header: simulate.Header{{Name: "Content-Type", Value: "text/plain"}}, Body: io.NopCloser(strings.NewReader("error\n"))}
}

// A backendFunc is a Backend.
type backendFunc func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error)

func (f backendFunc) RoundTrip(ctx context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
	return f(ctx, r)
}

// A taken is a Sink that keeps the answer.
type taken struct {
	calls  int
	status int
	header simulate.Header
	body   string
	err    error // what reading the body returned
	refuse error // what Answer returns before it reads anything
}

func (s *taken) Answer(status int, h simulate.Header, body io.Reader) error {
	s.calls++
	s.status, s.header = status, h
	if s.refuse != nil {
		return s.refuse
	}
	var text []byte
	text, s.err = io.ReadAll(body)
	s.body = string(text)
	return nil
}

// version returns the version of a page that was answered, and says where its parts are not of one version.
func (s *taken) version(url string) (int64, error) {
	of, version, err := readVersioned(s.body)
	if err != nil {
		return 0, err
	}
	if of != url {
		return 0, fmt.Errorf("the body is of %s", of)
	}
	if v, ok := s.header.Value("X-Version"); !ok || v != strconv.FormatInt(version, 10) {
		return version, fmt.Errorf("the body is of version %d, the header X-Version says %q (%v)", version, v, ok)
	}
	if v, ok := s.header.Value("Content-Length"); ok && v != strconv.Itoa(len(s.body)) {
		return version, fmt.Errorf("the body has %d bytes, Content-Length says %s", len(s.body), v)
	}
	return version, nil
}

// eachStore runs a test in front of memory and of a disk. Document roots that do not lie in each other share the folder of a
// disk, and their files with it.
func eachStore(t *testing.T, run func(t *testing.T, store simulate.Store)) {
	t.Run("memory", func(t *testing.T) { run(t, new(docroot.Memory)) })
	t.Run("disk", func(t *testing.T) { run(t, diskIn(t, t.TempDir(), "/var/www/html", "/var/secure")) })
}

// diskIn opens a folder below a folder as a disk, for as long as the test runs.
func diskIn(t *testing.T, dir string, roots ...string) *docroot.Disk {
	t.Helper()
	dir = filepath.Join(dir, "docroot")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d, err := docroot.NewDisk(dir, roots)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// A crowdTest is an engine, in simulated time, in front of a render that can be exchanged.
type crowdTest struct {
	t      *testing.T
	engine *simulate.Engine
	line   *simulate.Timeline
	store  simulate.Store
	asked  atomic.Int64 // requests for pages
	mu     sync.Mutex
	render backendFunc
}

var crowdStart = time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC)

func newCrowd(t *testing.T, config string, store simulate.Store, o simulate.Options) *crowdTest {
	t.Helper()
	c := &crowdTest{t: t, line: simulate.NewTimeline(crowdStart), store: store}
	o.Store, o.Now, o.Sleep = store, c.line.Now, c.line.Sleep
	o.Backend = backendFunc(func(ctx context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
		c.asked.Add(1)
		c.mu.Lock()
		render := c.render
		c.mu.Unlock()
		return render(ctx, r)
	})
	c.engine = simulate.New(decodeText(t, config, o.Version, nil), o)
	return c
}

// answers exchanges the render.
func (c *crowdTest) answers(f backendFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.render = f
}

// page makes the render answer with a version.
func (c *crowdTest) page(version int64) {
	c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
		return versioned(r.Target, version), nil
	})
}

// A told is a request with what became of it.
type told struct {
	decision simulate.Decision
	sink     taken
	err      error
}

// decide sends a request.
func (c *crowdTest) decide(ctx context.Context, r *simulate.Request) *told {
	out := new(told)
	r.Sink = &out.sink
	out.err = c.engine.Decide(ctx, r, &out.decision, nil)
	return out
}

func (c *crowdTest) get(url string) *told {
	return c.decide(context.Background(), &simulate.Request{Method: "GET", Target: url, Host: "www.example.com"})
}

// expect sends a GET and checks what becomes of it and which version is answered.
func (c *crowdTest) expect(url string, outcome simulate.Outcome, version int64) {
	c.t.Helper()
	got := c.get(url)
	v, err := got.sink.version(url)
	if got.err != nil || err != nil || got.decision.Outcome != outcome || v != version {
		c.t.Errorf("%s: got %s (%s) of version %d, errors %v and %v; want %s of version %d", url, got.decision.Outcome, got.decision.Reason, v, got.err, err, outcome, version)
	}
}

// flush sends a flush; body is a list of pages to fetch again.
func (c *crowdTest) flush(ctx context.Context, action, handle, body string) *told {
	r := &simulate.Request{Method: "POST", Target: "/dispatcher/invalidate.cache", Host: "www.example.com", Header: simulate.Header{{Name: "CQ-Action", Value: action}, {Name: "CQ-Handle", Value: handle}}}
	if body != "" {
		r.Header = append(r.Header, simulate.Field{Name: "Content-Type", Value: "text/plain"})
		r.Body, r.Length = strings.NewReader(body), int64(len(body))
	}
	return c.decide(ctx, r)
}

// stale puts version 1 of the page into the cache and makes it stale. No render is asked afterwards.
func (c *crowdTest) stale() {
	c.t.Helper()
	c.page(1)
	c.expect(pageURL, simulate.Answered, 1)
	c.expect(pageURL, simulate.Delivered, 1)
	c.line.Advance(time.Minute)
	if got := c.flush(context.Background(), "Activate", "/content/site/other", ""); got.err != nil || got.decision.Reason != simulate.FlushDone {
		c.t.Fatalf("flush: %s, %v", got.decision.Reason, got.err)
	}
	c.line.Advance(time.Minute)
	c.asked.Store(0)
}

// together starts so many requests for the page and returns the channel of what becomes of them.
func (c *crowdTest) together(n int) <-chan *told {
	out := make(chan *told, n)
	start := make(chan struct{})
	for range n {
		go func() {
			<-start
			out <- c.get(pageURL)
		}()
	}
	close(start)
	return out
}

// countGoroutines checks at the end of the test that there are no more goroutines than now.
func countGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 1_000_000 {
			if runtime.NumGoroutine() <= before {
				return
			}
			runtime.Gosched()
		}
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
	})
}

// files returns the names of what is in a document root below a folder.
func files(t *testing.T, root simulate.Docroot, folder string) (names []string) {
	t.Helper()
	entries, err := root.List(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(folder, "/") + "/" + e.Name
		if e.Kind == simulate.FileFolder {
			names = append(names, files(t, root, name)...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// root returns the document root of the farm.
func (c *crowdTest) root() simulate.Docroot {
	c.t.Helper()
	root, err := c.store.Docroot("/var/www/html")
	if err != nil {
		c.t.Fatal(err)
	}
	return root
}

// TestStaleFileIsFetchedOnce: after an invalidation the first request goes to the render, and those that come meanwhile
// get the stale file as a hit (adobe/aem-dispatcher-experiments, statfileslevel). The render holds its answer back until
// all others were answered.
func TestStaleFileIsFetchedOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, store simulate.Store) {
		countGoroutines(t)
		c := newCrowd(t, setting(onePage, ""), store, simulate.Options{})
		c.stale()
		asked, release := make(chan struct{}, crowd), make(chan struct{})
		c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
			asked <- struct{}{}
			<-release
			return versioned(r.Target, 2), nil
		})
		out := c.together(crowd)
		fetching := 0
		var meanwhile []*told
		for range crowd {
			select {
			case got := <-out:
				meanwhile = append(meanwhile, got)
			case <-asked:
				fetching++
			}
		}
		close(release)
		if fetching != 1 || len(meanwhile) != crowd-1 {
			t.Errorf("%d requests went to the render, %d were answered meanwhile; want 1 and %d", fetching, len(meanwhile), crowd-1)
		}
		for _, got := range meanwhile {
			d := &got.decision
			v, err := got.sink.version(pageURL)
			if got.err != nil || err != nil || v != 1 || d.Outcome != simulate.Delivered || d.Reason != simulate.BeingRefreshed || d.Cache.Action != simulate.ActionHit || len(d.Render.Attempts) != 0 {
				t.Errorf("got %s (%s, %s) of version %d, errors %v and %v; want the stale file", d.Outcome, d.Reason, d.Cache.Action, v, got.err, err)
			}
		}
		for range fetching {
			got := <-out
			v, err := got.sink.version(pageURL)
			if d := &got.decision; got.err != nil || err != nil || v != 2 || d.Outcome != simulate.Answered || d.Cache.Action != simulate.ActionStale || !d.Cache.Stored {
				t.Errorf("got %s (%s, %s) of version %d, errors %v and %v; want version 2 of the render", d.Outcome, d.Reason, d.Cache.Action, v, got.err, err)
			}
		}
		c.expect(pageURL, simulate.Delivered, 2)
	})
}

// setting puts lines into the cache of a farm.
func setting(config, lines string) string { return strings.Replace(config, "SETTINGS", lines, 1) }

// TestDeletedFileIsFetchedByAll: after a deletion every request goes to the render until the file is there
// (adobe/aem-dispatcher-experiments, refetching-flush).
func TestDeletedFileIsFetchedByAll(t *testing.T) {
	eachStore(t, func(t *testing.T, store simulate.Store) {
		countGoroutines(t)
		c := newCrowd(t, setting(onePage, ""), store, simulate.Options{})
		c.page(1)
		c.expect(pageURL, simulate.Answered, 1)
		c.line.Advance(time.Minute)
		if got := c.flush(context.Background(), "Activate", strings.TrimSuffix(pageURL, ".html"), ""); len(got.decision.Invalidation.Deleted) != 2 {
			t.Fatalf("the flush deleted %q, want the page and its headers", got.decision.Invalidation.Deleted)
		}
		c.asked.Store(0)
		var version atomic.Int64
		version.Store(1)
		asked, release := make(chan struct{}, crowd), make(chan struct{})
		c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
			asked <- struct{}{}
			<-release
			return versioned(r.Target, version.Add(1)), nil
		})
		out := c.together(crowd)
		for range crowd {
			select {
			case <-asked:
			case got := <-out:
				t.Fatalf("got %s (%s) while there is no file", got.decision.Outcome, got.decision.Reason)
			}
		}
		check := func(got *told) int64 {
			v, err := got.sink.version(pageURL)
			if d := &got.decision; got.err != nil || err != nil || d.Outcome != simulate.Answered || d.Cache.Action != simulate.ActionMiss || !d.Cache.Stored {
				t.Errorf("got %s (%s, %s), errors %v and %v; want a miss that is stored", d.Outcome, d.Reason, d.Cache.Action, got.err, err)
			}
			return v
		}
		release <- struct{}{}
		first := check(<-out)
		for range 10 {
			c.expect(pageURL, simulate.Delivered, first)
		}
		close(release)
		seen := map[int64]bool{first: true}
		for range crowd - 1 {
			seen[check(<-out)] = true
		}
		if len(seen) != crowd || c.asked.Load() != crowd {
			t.Errorf("%d versions in %d answers, %d requests to the render, want %d of each", len(seen), crowd, c.asked.Load(), crowd)
		}
		got := c.get(pageURL)
		if v, err := got.sink.version(pageURL); err != nil || got.decision.Outcome != simulate.Delivered || !seen[v] {
			t.Errorf("in the end: got %s of version %d, %v", got.decision.Outcome, v, err)
		}
	})
}

// A brokenBody is a body that breaks off.
type brokenBody struct {
	text io.Reader
	end  func() error
}

func (b *brokenBody) Read(p []byte) (int, error) {
	n, err := b.text.Read(p)
	if err == io.EOF {
		err = b.end()
	}
	return n, err
}

func (b *brokenBody) Close() error { return nil }

// cut makes the body of an answer end early, as end says.
func cut(a *simulate.Answer, end func() error) *simulate.Answer {
	text, _ := io.ReadAll(a.Body)
	a.Body = &brokenBody{strings.NewReader(string(text[:len(text)/2])), end}
	return a
}

// TestFailedRefreshIsTriedAgain: whatever becomes of the request that fetches a stale file, the next one is not told that
// somebody fetches it: it goes to the render. What is half written does not stay.
func TestFailedRefreshIsTriedAgain(t *testing.T) {
	errPanic := errors.New("panic of the test")
	type attempt struct {
		c      *crowdTest
		cancel context.CancelFunc
	}
	tests := []struct {
		name   string
		render func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error)
		sink   simulate.Sink
		method string
		ended  bool // the context has ended before the request
		o      simulate.Options
		err    error // of Decide
		panics bool
	}{
		{name: "the render refuses", render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) {
			return nil, &simulate.ConnectError{Addr: "127.0.0.1:4503", Err: errors.New("Connection refused")}
		}},
		{name: "the connection breaks", render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) {
			return nil, errors.New("Connection reset by peer")
		}},
		{name: "the answer does not come in time", render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) {
			return nil, simulate.ErrReceiveTimeout
		}},
		{name: "no answer and no error", render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) { return nil, nil }},
		{name: "500", render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) { return failing(500), nil }},
		{name: "503", render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) { return failing(503), nil }},
		{name: "404", render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) { return failing(404), nil }},
		{name: "302", render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) { return failing(302), nil }},
		{name: "an empty body", render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) {
			return &simulate.Answer{Status: 200}, nil
		}},
		{name: "an answer that forbids caching", render: func(_ *attempt, r *simulate.RenderRequest) (*simulate.Answer, error) {
			return versioned(r.Target, 2, simulate.Field{Name: "Dispatcher", Value: "no-cache"}), nil
		}},
		{name: "the body breaks off", render: func(_ *attempt, r *simulate.RenderRequest) (*simulate.Answer, error) {
			return cut(versioned(r.Target, 2), func() error { return io.ErrUnexpectedEOF }), nil
		}},
		{name: "the body stalls", render: func(_ *attempt, r *simulate.RenderRequest) (*simulate.Answer, error) {
			return cut(versioned(r.Target, 2), func() error { return simulate.ErrReceiveTimeout }), nil
		}},
		{name: "the client goes away before the answer", sink: &taken{refuse: errors.New("Broken pipe")}, render: func(_ *attempt, r *simulate.RenderRequest) (*simulate.Answer, error) {
			return versioned(r.Target, 2), nil
		}},
		{name: "the client goes away during the answer", sink: sinkFunc(func(_ int, _ simulate.Header, body io.Reader) error {
			_, err := body.Read(make([]byte, 10))
			return errors.Join(err, errors.New("Broken pipe"))
		}), render: func(_ *attempt, r *simulate.RenderRequest) (*simulate.Answer, error) {
			return versioned(r.Target, 2), nil
		}},
		{name: "the context ends while the render is asked", err: context.Canceled, render: func(a *attempt, _ *simulate.RenderRequest) (*simulate.Answer, error) {
			a.cancel()
			return nil, context.Canceled
		}},
		{name: "the context ends, and the render refuses", err: context.Canceled, render: func(a *attempt, _ *simulate.RenderRequest) (*simulate.Answer, error) {
			a.cancel()
			return nil, &simulate.ConnectError{Err: errors.New("Connection refused")}
		}},
		{name: "the context ends while the body is read", err: context.Canceled, render: func(a *attempt, r *simulate.RenderRequest) (*simulate.Answer, error) {
			return cut(versioned(r.Target, 2), func() error { a.cancel(); return context.Canceled }), nil
		}},
		{name: "the context has ended before", ended: true, err: context.Canceled, render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) {
			return nil, errors.New("is not asked")
		}},
		{name: "a request of another Dispatcher is refused", o: simulate.Options{Readings: simulate.Readings{RefuseDispatcher: 403}}, render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) {
			return nil, errors.New("is not asked")
		}},
		{name: "the backend panics", panics: true, render: func(*attempt, *simulate.RenderRequest) (*simulate.Answer, error) { panic(errPanic) }},
		{name: "the body panics", panics: true, render: func(_ *attempt, r *simulate.RenderRequest) (*simulate.Answer, error) {
			return cut(versioned(r.Target, 2), func() error { panic(errPanic) }), nil
		}},
		{name: "the client panics", panics: true, sink: sinkFunc(func(_ int, _ simulate.Header, body io.Reader) error {
			_, _ = body.Read(make([]byte, 10))
			panic(errPanic)
		}), render: func(_ *attempt, r *simulate.RenderRequest) (*simulate.Answer, error) {
			return versioned(r.Target, 2), nil
		}},
	}
	for _, setup := range []struct{ name, lines string }{{"", ""}, {" with serveStaleOnError", `/serveStaleOnError "1"`}} {
		for _, tt := range tests {
			t.Run(tt.name+setup.name, func(t *testing.T) {
				eachStore(t, func(t *testing.T, store simulate.Store) {
					c := newCrowd(t, setting(onePage, setup.lines), store, tt.o)
					c.stale()
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					if tt.ended {
						cancel()
					}
					c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
						return tt.render(&attempt{c, cancel}, r)
					})
					r := &simulate.Request{Method: "GET", Target: pageURL, Host: "www.example.com", Sink: tt.sink}
					if r.Sink == nil {
						r.Sink = new(taken)
					}
					if tt.o.Readings.RefuseDispatcher != 0 {
						r.Header = simulate.Header{{Name: "Server-Agent", Value: "Communique-Dispatcher"}}
					}
					var d simulate.Decision
					panicked, err := decideOrPanic(ctx, c.engine, r, &d)
					if !errors.Is(err, tt.err) || tt.panics && panicked != errPanic || !tt.panics && panicked != nil {
						t.Fatalf("got error %v, panic %v, %s (%s); want error %v, panic %v", err, panicked, d.Outcome, d.Reason, tt.err, tt.panics)
					}
					if d.Cache.Action != simulate.ActionStale {
						t.Errorf("got action %s, want %s", d.Cache.Action, simulate.ActionStale)
					}
					for _, name := range files(t, c.root(), "/") {
						if temporaryName(name) {
							t.Errorf("%s is left over", name)
						}
					}
					c.page(3)
					c.expect(pageURL, simulate.Answered, 3)
					c.expect(pageURL, simulate.Delivered, 3)
				})
			})
		}
	}
}

// A sinkFunc is a Sink.
type sinkFunc func(int, simulate.Header, io.Reader) error

func (f sinkFunc) Answer(status int, h simulate.Header, body io.Reader) error {
	return f(status, h, body)
}

// decideOrPanic returns what Decide panicked with, or what it returned.
func decideOrPanic(ctx context.Context, e *simulate.Engine, r *simulate.Request, d *simulate.Decision) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, e.Decide(ctx, r, d, nil)
}

// temporaryName reports whether a name ends as that of a file which is being written: _ and ten letters and digits.
func temporaryName(name string) bool {
	i := len(name) - len("_YYYYXXXXXX")
	return i > 0 && name[i] == '_' && !strings.ContainsFunc(name[i+1:], func(r rune) bool {
		return !('0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z')
	})
}

// TestFailedRefetchIsTriedAgain: a flush that breaks off while it fetches pages again leaves none of them as being
// fetched.
func TestFailedRefetchIsTriedAgain(t *testing.T) {
	for _, how := range []string{"cancel", "panic", "refuse"} {
		t.Run(how, func(t *testing.T) {
			eachStore(t, func(t *testing.T, store simulate.Store) {
				c := newCrowd(t, setting(onePage, ""), store, simulate.Options{})
				c.stale()
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				c.answers(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) {
					// Others get the file as it is.
					c.expect(pageURL, simulate.Delivered, 1)
					switch how {
					case "cancel":
						cancel()
						return nil, ctx.Err()
					case "panic":
						panic(how)
					}
					return nil, &simulate.ConnectError{Err: errors.New("Connection refused")}
				})
				func() {
					defer func() {
						if got := recover(); (got != nil) != (how == "panic") {
							t.Errorf("got panic %v", got)
						}
					}()
					got := c.flush(ctx, "Activate", strings.TrimSuffix(pageURL, ".html"), pageURL+"\n")
					if (how == "cancel") != errors.Is(got.err, context.Canceled) {
						t.Errorf("got error %v", got.err)
					}
				}()
				c.page(3)
				c.expect(pageURL, simulate.Answered, 3)
				c.expect(pageURL, simulate.Delivered, 3)
			})
		})
	}
}

// A hookedStore calls functions before and after what is done to a file.
type hookedStore struct {
	simulate.Store
	hook func(what, name string)
	// refuse is asked before; nil refuses nothing.
	refuse func(what, name string) error
}

// before asks whether a thing may be done.
func (s *hookedStore) before(what, name string) error {
	if s.refuse == nil {
		return nil
	}
	return s.refuse(what, name)
}

// after tells that it was done.
func (s *hookedStore) after(what, name string) {
	if s.hook != nil {
		s.hook(what, name)
	}
}

func (s *hookedStore) Docroot(path string) (simulate.Docroot, error) {
	d, err := s.Store.Docroot(path)
	return &hookedRoot{d, s}, err
}

type hookedRoot struct {
	simulate.Docroot
	s *hookedStore
}

func (r *hookedRoot) Stat(name string) (simulate.FileInfo, error) {
	name = strings.Clone(name)
	info, err := r.Docroot.Stat(name)
	r.s.after("stat", name)
	return info, err
}

func (r *hookedRoot) Open(name string) (simulate.File, error) {
	name = strings.Clone(name)
	f, err := r.Docroot.Open(name)
	r.s.after("open", name)
	return f, err
}

func (r *hookedRoot) Remove(name string) error {
	err := r.Docroot.Remove(name)
	r.s.after("remove", name)
	return err
}

func (r *hookedRoot) Create(name string, mode fs.FileMode) (simulate.NewFile, error) {
	name = strings.Clone(name)
	if err := r.s.before("create", name); err != nil {
		return nil, err
	}
	f, err := r.Docroot.Create(name, mode)
	if err != nil {
		return nil, err
	}
	return &hookedFile{f, r.s, name}, nil
}

type hookedFile struct {
	simulate.NewFile
	s    *hookedStore
	name string
}

func (f *hookedFile) Write(p []byte) (int, error) {
	if err := f.s.before("write", f.name); err != nil {
		f.Abort()
		return 0, err
	}
	return f.NewFile.Write(p)
}

func (f *hookedFile) Commit(at time.Time) error {
	if err := f.s.before("commit", f.name); err != nil {
		f.Abort()
		return err
	}
	err := f.NewFile.Commit(at)
	f.s.after("commit", f.name)
	return err
}

// once makes a hook that is called the first time that a thing is done to a file, once it is armed.
func once(what, name string, f func()) (hook func(what, name string), arm func()) {
	var state atomic.Int32
	return func(did, to string) {
		if did == what && to == name && state.CompareAndSwap(1, 2) {
			f()
		}
	}, func() { state.Store(1) }
}

// unlessItWaits runs f beside the caller and waits for it, but not where f itself waits for the caller: then it goes on
// by itself, and done says when it has finished.
func unlessItWaits(f func()) (done <-chan struct{}) {
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		f()
	}()
	for range 200_000 {
		select {
		case <-finished:
			return finished
		default:
			runtime.Gosched()
		}
	}
	return finished
}

// TestHitIsOfOneVersion: whoever asks while a page is put into place, or taken away, gets the page and the headers of one
// version. Each row lets another request come between two steps.
func TestHitIsOfOneVersion(t *testing.T) {
	ask := func(c *crowdTest) error {
		got := c.get(pageURL)
		if _, err := got.sink.version(pageURL); err != nil {
			return fmt.Errorf("%s (%s): %w", got.decision.Outcome, got.decision.Reason, err)
		}
		return got.err
	}
	refetch := func(c *crowdTest) error {
		return c.flush(context.Background(), "Activate", "/content/site/other", pageURL+"\n").err
	}
	remove := func(c *crowdTest) error {
		return c.flush(context.Background(), "Activate", strings.TrimSuffix(pageURL, ".html"), "").err
	}
	tests := []struct {
		name          string
		what, file    string // after what the other comes
		first, second func(*crowdTest) error
	}{
		{"a hit between headers and page of a page that is stored", "commit", pageURL + ".h", refetch, ask},
		{"a page is stored between page and headers of a hit", "open", pageURL, ask, refetch},
		{"a hit between page and headers of a page that is deleted", "remove", pageURL, remove, ask},
		{"a page is deleted between page and headers of a hit", "open", pageURL, ask, remove},
		{"a page is deleted between headers and page of a page that is stored", "commit", pageURL + ".h", refetch, remove},
		{"a page is stored between page and headers of a page that is deleted", "remove", pageURL, remove, refetch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, store simulate.Store) {
				countGoroutines(t)
				var c *crowdTest
				var done <-chan struct{}
				var second error
				hook, arm := once(tt.what, tt.file, func() {
					done = unlessItWaits(func() { second = tt.second(c) })
				})
				c = newCrowd(t, setting(onePage, ""), &hookedStore{Store: store, hook: hook}, simulate.Options{})
				c.page(1)
				c.expect(pageURL, simulate.Answered, 1)
				var version atomic.Int64
				version.Store(1)
				c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
					return versioned(r.Target, version.Add(1)), nil
				})
				arm()
				first := tt.first(c)
				if done == nil {
					t.Fatal("the other request did not come")
				}
				<-done
				if first != nil || second != nil {
					t.Errorf("the first: %v; the second: %v", first, second)
				}
				checkBeside(t, c.root())
				if err := ask(c); err != nil {
					t.Errorf("in the end: %v", err)
				}
			})
		})
	}
}

// checkBeside checks that each page of a document root stands beside its headers, and each file of headers beside its page.
func checkBeside(t *testing.T, root simulate.Docroot) {
	t.Helper()
	all := files(t, root, "/")
	for _, name := range all {
		switch {
		case temporaryName(name):
			t.Errorf("%s is left over", name)
		case strings.HasSuffix(name, ".h"):
			if !slices.Contains(all, strings.TrimSuffix(name, ".h")) {
				t.Errorf("%s stands there without a page", name)
			}
		case strings.HasSuffix(name, ".html"):
			_, version, err := readVersioned(text(t, root, name))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !slices.Contains(all, name+".h") {
				t.Errorf("%s stands there without its headers", name)
			} else if got, want := text(t, root, name+".h"), fmt.Sprintf("X-Version: %d\n", version); got != want {
				t.Errorf("%s.h: got %q, want %q", name, got, want)
			}
		}
	}
}

func text(t *testing.T, root simulate.Docroot, name string) string {
	t.Helper()
	f, err := root.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestFullDisk: whatever step of storing a page the disk refuses, the client gets the page, and the cache has the older one
// with what belongs to it, or none.
func TestFullDisk(t *testing.T) {
	for _, lines := range []string{`/enableTTL "1"`, `/enableTTL "1" /serveStaleOnError "1"`} {
		for _, step := range []string{"create", "write", "commit"} {
			for _, suffix := range []string{"", ".h", ".ttl"} {
				t.Run(step+" page"+suffix+", "+lines, func(t *testing.T) {
					eachStore(t, func(t *testing.T, store simulate.Store) {
						full := false
						c := newCrowd(t, setting(onePage, lines), &hookedStore{Store: store, refuse: func(what, name string) error {
							if full && what == step && name == pageURL+suffix {
								return &simulate.StoreError{Step: simulate.MakeFile, Name: name, Err: simulate.ErrNoSpace}
							}
							return nil
						}}, simulate.Options{})
						c.stale()
						page := func(version int64) {
							c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
								return versioned(r.Target, version, simulate.Field{Name: "Cache-Control", Value: "max-age=60"}), nil
							})
						}
						page(2)
						full = true
						got := c.get(pageURL)
						v, err := got.sink.version(pageURL)
						d := &got.decision
						if got.err != nil || err != nil || v != 2 || d.Outcome != simulate.Answered || d.Cache.Reason != simulate.StoreFailed || d.Cache.Stored || d.Cache.StoredHeaders || d.Cache.StoredTTL {
							t.Errorf("got %s of version %d, %s, stored %v with headers %v and expiry %v, errors %v and %v", d.Outcome, v, d.Cache.Reason, d.Cache.Stored, d.Cache.StoredHeaders, d.Cache.StoredTTL, got.err, err)
						}
						checkBeside(t, c.root())
						if all := files(t, c.root(), "/"); !slices.Contains(all, pageURL) && slices.Contains(all, pageURL+".ttl") {
							t.Errorf("the expiry of no page: %q", all)
						}
						full = false
						page(3)
						c.expect(pageURL, simulate.Answered, 3)
						c.expect(pageURL, simulate.Delivered, 3)
					})
				})
			}
		}
	}
}

// TestLateComerIsAHit: who looked at the stale file before it was replaced, and comes to fetch it afterwards, finds the
// new one.
func TestLateComerIsAHit(t *testing.T) {
	eachStore(t, func(t *testing.T, store simulate.Store) {
		var c *crowdTest
		hook, arm := once("stat", pageURL, func() {
			c.expect(pageURL, simulate.Answered, 2)
			c.expect(pageURL, simulate.Delivered, 2)
		})
		c = newCrowd(t, setting(onePage, ""), &hookedStore{Store: store, hook: hook}, simulate.Options{})
		c.stale()
		var version atomic.Int64
		version.Store(1)
		c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
			return versioned(r.Target, version.Add(1)), nil
		})
		arm()
		c.expect(pageURL, simulate.Delivered, 2)
		if got := c.asked.Load(); got != 1 {
			t.Errorf("the render was asked %d times, want once", got)
		}
	})
}

// TestReplacedByItsLike: a page is replaced, while it is being delivered, by one that is as long and as old. The client gets
// one of the two, with its own headers.
func TestReplacedByItsLike(t *testing.T) {
	const older, newer = 14, 27
	if len(versionedBody(pageURL, older)) != len(versionedBody(pageURL, newer)) {
		t.Fatal("the two differ in length")
	}
	for _, what := range []string{"stat", "open"} {
		t.Run("after "+what, func(t *testing.T) {
			eachStore(t, func(t *testing.T, store simulate.Store) {
				var c *crowdTest
				replaced := make(chan (<-chan struct{}), 1)
				hook, arm := once(what, pageURL, func() {
					replaced <- unlessItWaits(func() {
						c.flush(context.Background(), "Delete", "/content/site/page", "")
						c.expect(pageURL, simulate.Answered, newer)
					})
				})
				c = newCrowd(t, setting(onePage, ""), &hookedStore{Store: store, hook: hook}, simulate.Options{})
				c.page(older)
				c.expect(pageURL, simulate.Answered, older)
				c.page(newer)
				arm()
				got := c.get(pageURL)
				<-<-replaced
				if _, err := got.sink.version(pageURL); got.err != nil || err != nil || got.decision.Outcome != simulate.Delivered {
					t.Errorf("got %s (%s), errors %v and %v", got.decision.Outcome, got.decision.Reason, got.err, err)
				}
				c.expect(pageURL, simulate.Delivered, newer)
			})
		})
	}
}

// TestFailureKeepsTheNewerFile: a stale file whose render fails is removed; one that another put there meanwhile stays.
func TestFailureKeepsTheNewerFile(t *testing.T) {
	eachStore(t, func(t *testing.T, store simulate.Store) {
		c := newCrowd(t, setting(onePage, ""), store, simulate.Options{})
		c.stale()
		c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
			if r.Purpose == simulate.ForRefetch {
				return versioned(r.Target, 2), nil
			}
			if got := c.flush(context.Background(), "Activate", "/content/site/other", pageURL+"\n").decision.Invalidation.Refetched; len(got) != 1 || !got[0].Stored {
				t.Errorf("the flush fetched %+v", got)
			}
			return failing(404), nil
		})
		if got := c.get(pageURL); got.decision.Outcome != simulate.Answered || got.sink.status != 404 {
			t.Errorf("got %s, %d", got.decision.Outcome, got.sink.status)
		}
		c.expect(pageURL, simulate.Delivered, 2)
	})
}

// TestStaleFileGoesMeanwhile: where a stale file is to be served in place of a failure and a flush has deleted it, the
// client gets the failure.
func TestStaleFileGoesMeanwhile(t *testing.T) {
	for _, tt := range []struct {
		name    string
		render  backendFunc
		outcome simulate.Outcome
		reason  simulate.Reason
		status  int
	}{
		{"503", func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) { return failing(503), nil }, simulate.Answered, simulate.RenderAnswered, 503},
		{"refused", func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) {
			return nil, &simulate.ConnectError{Err: errors.New("Connection refused")}
		}, simulate.Failed, simulate.NoRender, 502},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, store simulate.Store) {
				c := newCrowd(t, setting(onePage, `/serveStaleOnError "1"`), store, simulate.Options{})
				c.stale()
				c.answers(func(ctx context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
					c.flush(ctx, "Activate", strings.TrimSuffix(pageURL, ".html"), "")
					return tt.render(ctx, r)
				})
				got := c.get(pageURL)
				d := &got.decision
				if got.err != nil || d.Outcome != tt.outcome || d.Reason != tt.reason || d.Response.Status != tt.status {
					t.Errorf("got %s (%q) %d, error %v; want %s (%q) %d", d.Outcome, d.Reason, d.Response.Status, got.err, tt.outcome, tt.reason, tt.status)
				}
				if got.sink.calls != 1 || got.sink.status != tt.status || got.sink.body == "" {
					t.Errorf("the client was answered %d times, with %d and %q", got.sink.calls, got.sink.status, got.sink.body)
				}
			})
		})
	}
}

// TestFolderGoesWhileAPageIsWritten: a flush with the action Delete takes a folder away, and the file in it that is being
// written: nothing of the page is left, and nothing beside it.
func TestFolderGoesWhileAPageIsWritten(t *testing.T) {
	eachStore(t, func(t *testing.T, store simulate.Store) {
		c := newCrowd(t, setting(onePage, `/enableTTL "1"`), store, simulate.Options{})
		c.answers(func(ctx context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
			a := versioned(r.Target, 2, simulate.Field{Name: "Cache-Control", Value: "max-age=60"})
			whole, _ := io.ReadAll(a.Body)
			a.Body = &brokenBody{strings.NewReader(string(whole)), func() error {
				if got := c.flush(ctx, "Delete", "/content/site", ""); got.err != nil {
					t.Error(got.err)
				}
				return io.EOF
			}}
			return a, nil
		})
		got := c.get(pageURL)
		v, err := got.sink.version(pageURL)
		if got.err != nil || err != nil || v != 2 || got.decision.Outcome != simulate.Answered {
			t.Errorf("got %s of version %d, errors %v and %v", got.decision.Outcome, v, got.err, err)
		}
		all := files(t, c.root(), "/")
		for _, suffix := range []string{".h", ".ttl"} {
			if slices.Contains(all, pageURL+suffix) != slices.Contains(all, pageURL) {
				t.Errorf("a page and what stands beside it are there or not: %q", all)
			}
		}
		if got.decision.Cache.Stored != slices.Contains(all, pageURL) {
			t.Errorf("stored is %v, and there are %q", got.decision.Cache.Stored, all)
		}
	})
}

// TestVanityListIsFetchedOnce: requests that are denied at the same time fetch the list once, and one that breaks off
// while it fetches does not keep the others waiting.
func TestVanityListIsFetchedOnce(t *testing.T) {
	const config = `/farms { /site {
		/virtualhosts { "*" }
		/renders { /rend01 { /hostname "localhost" /port "4503" } }
		/filter { /0 { /type "deny" /url "*" } }
		/vanity_urls { /url "/vanity" /file "/tmp/vanity" /delay "300" }
		/cache { /docroot "/var/www/html" /rules { /0 { /glob "*" /type "deny" } } }
	} }`
	countGoroutines(t)
	c := newCrowd(t, config, new(docroot.Memory), simulate.Options{})
	var lists, others atomic.Int64
	failsWith := func(f func()) {
		c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
			if r.Purpose != simulate.ForVanityList {
				others.Add(1)
				return failing(404), nil
			}
			lists.Add(1)
			f()
			return &simulate.Answer{Status: 200, Body: io.NopCloser(strings.NewReader("/short\n/brief\n"))}, nil
		})
	}
	failsWith(func() { panic("of the test") })
	var d simulate.Decision
	if panicked, _ := decideOrPanic(context.Background(), c.engine, &simulate.Request{Method: "GET", Target: "/short"}, &d); panicked == nil {
		t.Error("the panic of the backend was swallowed")
	}
	lists.Store(0)
	failsWith(func() {})
	out := make(chan *told, crowd)
	for i := range crowd {
		go func() { out <- c.get([]string{"/short", "/long"}[i%2]) }()
	}
	for range crowd {
		got := <-out
		want := simulate.Denied
		if got.decision.URI == "/short" {
			want = simulate.Answered
		}
		if got.err != nil || got.decision.Outcome != want {
			t.Errorf("%s: got %s, %v, want %s", got.decision.URI, got.decision.Outcome, got.err, want)
		}
	}
	if lists.Load() != 1 || others.Load() != crowd/2 {
		t.Errorf("%d lists and %d pages were fetched, want 1 and %d", lists.Load(), others.Load(), crowd/2)
	}
}

// TestStartThatPanics: a start that breaks off leaves no list of vanity URLs locked.
func TestStartThatPanics(t *testing.T) {
	const config = `/farms { /site {
		/virtualhosts { "*" }
		/renders { /rend01 { /hostname "localhost" /port "4503" } }
		/filter { /0 { /type "deny" /url "*" } }
		/vanity_urls { /url "/vanity" /file "/tmp/vanity" /delay "300" }
	} }`
	c := newCrowd(t, config, new(docroot.Memory), simulate.Options{})
	c.answers(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) { panic("of the test") })
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic of the backend was swallowed")
			}
		}()
		_ = c.engine.Start(context.Background(), nil)
	}()
	c.answers(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) { return failing(404), nil })
	var got *told
	select {
	case <-unlessItWaits(func() { got = c.get("/short") }):
		if got.err != nil || got.decision.Outcome != simulate.Denied {
			t.Errorf("got %s, %v", got.decision.Outcome, got.err)
		}
	default:
		t.Error("a request waits for the list for ever")
	}
}

// mixedFarms is a configuration with what lasts from one request to the next: sessions, vanity lists, sticky cookies,
// scores, an authorization checker, statfiles, and a document root inside another.
const mixedFarms = `/farms {
	/site {
		/virtualhosts { "www.example.com" }
		/stickyConnectionsFor "/content/sticky"
		/filter { /0 { /type "allow" /url "/content/*" } }
		/vanity_urls { /url "/vanity" /file "/tmp/vanity" /delay "5" }
		/renders { /rend01 { /hostname "a" /port "4503" } /rend02 { /hostname "b" /port "4503" } /rend03 { /hostname "c" /port "4503" } }
		/numberOfRetries "2" /retryDelay "1" /failover "1" /health_check { /url "/health" }
		/statistics { /categories { /html { /glob "*.html" } /others { /glob "*" } } }
		/auth_checker { /url "/auth" /filter { /0 { /glob "*" /type "deny" } /1 { /glob "/content/checked/*" /type "allow" } } /headers { /0 { /glob "*" /type "deny" } /1 { /glob "Set-Cookie:*" /type "allow" } } }
		/cache {
			/docroot "/var/www/html" /statfileslevel "2" /serveStaleOnError "1" /gracePeriod "1" /enableTTL "1"
			/rules { /0 { /glob "*" /type "allow" } }
			/invalidate { /0 { /glob "*" /type "deny" } /1 { /glob "*.html" /type "allow" } }
			/headers { "X-Version" }
		}
	}
	/inner {
		/virtualhosts { "inner.example.com" }
		/renders { /rend01 { /hostname "a" /port "4503" } }
		/cache {
			/docroot "/var/www/html/content/inner" /statfileslevel "1"
			/rules { /0 { /glob "*" /type "allow" } }
			/invalidate { /0 { /glob "*" /type "allow" } }
			/headers { "X-Version" }
		}
	}
	/secure {
		/virtualhosts { "secure.example.com" }
		/sessionmanagement { /directory "/tmp/sessions" /header "Cookie:sid" /timeout "30" }
		/renders { /rend01 { /hostname "a" /port "4503" } }
		/cache {
			/docroot "/var/secure"
			/rules { /0 { /glob "*" /type "allow" } }
			/invalidate { /0 { /glob "*" /type "allow" } }
			/headers { "X-Version" }
		}
	}
}`

// TestMixedCrowd: all that an engine remembers is used by many at once. Each answer is of one version, scores and shares
// stay finite, and in the end the cache is whole.
func TestMixedCrowd(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	eachStore(t, func(t *testing.T, store simulate.Store) {
		countGoroutines(t)
		c := newCrowd(t, mixedFarms, store, simulate.Options{})
		var version atomic.Int64
		c.answers(func(_ context.Context, r *simulate.RenderRequest) (*simulate.Answer, error) {
			v := version.Add(1)
			switch r.Purpose {
			case simulate.ForHealth:
				return failing([]int{200, 500}[v%2]), nil
			case simulate.ForPermission:
				return &simulate.Answer{Status: []int{200, 200, 403}[v%3], Header: simulate.Header{{Name: "Set-Cookie", Value: "a=b"}}}, nil
			case simulate.ForVanityList:
				return &simulate.Answer{Status: 200, Body: io.NopCloser(strings.NewReader("/short\n"))}, nil
			}
			c.line.Advance(time.Duration(v%7) * 10 * time.Millisecond)
			if _, ok := r.Header.Value("X-Fail"); ok {
				return nil, context.Canceled
			}
			path, _, _ := strings.Cut(r.Target, "?")
			switch v % 23 {
			case 1:
				return nil, &simulate.ConnectError{Err: errors.New("Connection refused")}
			case 2:
				return failing(503), nil
			case 3:
				return failing(500), nil
			case 4:
				return cut(versioned(path, v), func() error { return io.ErrUnexpectedEOF }), nil
			case 5:
				return versioned(path, v, simulate.Field{Name: "Cache-Control", Value: "no-store"}), nil
			case 6, 7, 8:
				return versioned(path, v, simulate.Field{Name: "Cache-Control", Value: "max-age=" + strconv.FormatInt(v%5, 10)}), nil
			}
			return versioned(path, v), nil
		})
		var wg sync.WaitGroup
		for client := range crowd {
			wg.Go(func() {
				for round := range rounds {
					c.mixed(client, round)
				}
			})
		}
		wg.Wait()
		for _, f := range c.engine.Config().Farms {
			if ratio, n := c.engine.HitRatio(f); math.IsNaN(ratio) || ratio < 0 || ratio > 1 || n == 0 {
				t.Errorf("farm %s: hit ratio %v of %d requests", f.Name, ratio, n)
			}
		}
		c.checkScores()
		checkBeside(t, c.root())
		secure, err := store.Docroot("/var/secure")
		if err != nil {
			t.Fatal(err)
		}
		checkBeside(t, secure)
	})
}

// mixed sends one request of many kinds and checks its answer.
func (c *crowdTest) mixed(client, round int) {
	ctx := context.Background()
	n := client*31 + round*7
	page := n % 5
	r := &simulate.Request{Method: "GET", Target: fmt.Sprintf("/content/site/page%d.html", page), Host: "www.example.com", Client: netip.AddrFrom4([4]byte{10, 0, 0, byte(client)})}
	switch n % 16 {
	case 0:
		r.Method = "HEAD"
	case 1:
		r.Method, r.Body, r.Length = "POST", strings.NewReader("a=b"), 3
	case 2, 3:
		c.flush(ctx, []string{"Activate", "Delete", "Activate", "Deactivate"}[n/16%4], fmt.Sprintf("/content/site/page%d", page), "")
		return
	case 4:
		c.flush(ctx, "Activate", "/content/site/other", r.Target+"\n")
		return
	case 5:
		r.Target = []string{"/short", "/long"}[n/16%2]
	case 6:
		r.Target = fmt.Sprintf("/content/sticky/page%d.html", page)
		r.Header = simulate.Header{{Name: "Cookie", Value: []string{"renderid=rend02", "a=b", "renderid=rend03"}[n/16%3]}}
	case 7:
		r.Target = fmt.Sprintf("/content/checked/page%d.html", page)
	case 8:
		r.Host, r.Target = "inner.example.com", fmt.Sprintf("/a/page%d.html", page)
	case 9:
		r.Target = fmt.Sprintf("/content/inner/b/page%d.html", page)
	case 10:
		r.Host, r.Header = "secure.example.com", simulate.Header{{Name: "Cookie", Value: fmt.Sprintf("sid=s%d", client%3)}}
	case 11:
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		cancel()
	case 12:
		c.line.Advance(300 * time.Millisecond)
	}
	got := c.decide(ctx, r)
	d := &got.decision
	where := fmt.Sprintf("%s %s%s: %s (%s) %d", r.Method, r.Host, r.Target, d.Outcome, d.Reason, d.Response.Status)
	switch {
	case got.err != nil:
		if !errors.Is(got.err, context.Canceled) || ctx.Err() == nil {
			c.t.Errorf("%s: %v", where, got.err)
		}
	case got.sink.calls != 1:
		c.t.Errorf("%s: answered %d times", where, got.sink.calls)
	case got.sink.status != d.Response.Status:
		c.t.Errorf("%s: the client got %d", where, got.sink.status)
	case d.Outcome == simulate.Delivered && r.Method == "HEAD":
		if !got.sink.header.Has("X-Version") {
			c.t.Errorf("%s: a hit without the stored header: %v", where, got.sink.header)
		}
	case d.Outcome == simulate.Delivered, d.Outcome == simulate.Answered && got.sink.status == 200 && r.Method == "GET" && got.sink.err == nil:
		if _, err := got.sink.version(r.Target); err != nil {
			c.t.Errorf("%s: %v", where, err)
		}
	}
}

// checkScores checks that the scores of the renders are numbers, as the trace has them.
func (c *crowdTest) checkScores() {
	c.t.Helper()
	for _, url := range []string{"/content/site/new.html", "/content/site/new.png"} {
		trace, d := new(simulate.Trace), new(simulate.Decision)
		if err := c.engine.Decide(context.Background(), &simulate.Request{Method: "GET", Target: url, Host: "www.example.com"}, d, trace); err != nil {
			c.t.Fatal(err)
		}
		found := false
		for _, e := range trace.Events {
			if _, text, ok := strings.Cut(e.Message, "it has the lowest score for category /"); ok {
				_, number, _ := strings.Cut(text, ", ")
				score, err := strconv.ParseFloat(number, 64)
				if err != nil || math.IsNaN(score) || math.IsInf(score, 0) || score < 0 {
					c.t.Errorf("%s: score %q, %v", url, number, err)
				}
				found = true
			}
		}
		if !found {
			c.t.Errorf("%s: no score in the trace:%s", url, traceLines(trace))
		}
	}
}
