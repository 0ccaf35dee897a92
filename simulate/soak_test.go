//go:build soak

package simulate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path"
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
	"github.com/dispcheck/dispcheck/internal/renderio"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// soakFarms: a site with all that keeps files beside pages; a farm in a folder of its document root; one with the defaults;
// and one whose renders are asked over HTTP, the first of which refuses connections. PORT and CLOSED are ports.
const soakFarms = `/farms {
	/site {
		/virtualhosts { "www.example.com" }
		/renders { /site01 { /hostname "a" /port "4503" /receiveTimeout "3000" } /site02 { /hostname "b" /port "4503" /receiveTimeout "3000" } }
		/numberOfRetries "2" /retryDelay "1" /failover "1"
		/statistics { /categories { /html { /glob "*.html" } /others { /glob "*" } } }
		/cache {
			/docroot "/var/www/html" /statfileslevel "2" /serveStaleOnError "1" /gracePeriod "2" /enableTTL "1"
			/rules { /0 { /glob "*" /type "allow" } }
			/invalidate { /0 { /glob "*" /type "deny" } /1 { /glob "*.html" /type "allow" } }
			/headers { "X-Version" }
		}
	}
	/inner {
		/virtualhosts { "inner.example.com" }
		/renders { /inner01 { /hostname "a" /port "4503" /receiveTimeout "3000" } }
		/numberOfRetries "1"
		/cache {
			/docroot "/var/www/html/content/inner" /statfileslevel "1"
			/rules { /0 { /glob "*" /type "allow" } }
			/invalidate { /0 { /glob "*" /type "allow" } }
			/headers { "X-Version" }
		}
	}
	/plain {
		/virtualhosts { "plain.example.com" }
		/renders { /plain01 { /hostname "a" /port "4503" /receiveTimeout "3000" } }
		/numberOfRetries "1"
		/cache {
			/docroot "/var/plain"
			/rules { /0 { /glob "*" /type "allow" } }
			/invalidate { /0 { /glob "*" /type "allow" } }
		}
	}
	/http {
		/virtualhosts { "http.example.com" }
		/renders { /real01 { /hostname "127.0.0.1" /port "CLOSED" } /real02 { /hostname "127.0.0.1" /port "PORT" /receiveTimeout "100" } }
		/numberOfRetries "1"
		/cache {
			/docroot "/var/http" /statfileslevel "2" /enableTTL "1"
			/rules { /0 { /glob "*" /type "allow" } }
			/invalidate { /0 { /glob "*" /type "allow" } }
			/headers { "X-Version" }
		}
	}
}`

// A soakFarm is what the test knows of a farm by itself.
type soakFarm struct {
	name, host   string
	folder       string // its document root, below that of the test
	prefix       string // of its URLs in the document root that folder stands for
	level        int
	grace        time.Duration
	ttl, headers bool
	onlyHTML     bool // of /invalidate
}

var soakKnown = []soakFarm{
	{name: "site", host: "www.example.com", folder: "site", level: 2, grace: 2 * time.Second, ttl: true, headers: true, onlyHTML: true},
	{name: "inner", host: "inner.example.com", folder: "site", prefix: "/content/inner", level: 1, headers: true},
	{name: "plain", host: "plain.example.com", folder: "plain"},
	{name: "http", host: "http.example.com", folder: "http", level: 2, ttl: true, headers: true},
}

// soakAge returns the time to live of a version, below 0 for none.
func soakAge(version int64) time.Duration {
	if version%3 != 0 {
		return -1
	}
	return time.Duration(1+version%40) * time.Second
}

// soakPage is the body of a version. Some are larger than any buffer.
func soakPage(url string, version int64) string {
	if version%64 != 0 {
		return versionedBody(url, version)
	}
	text := fmt.Sprintf("url %s\nversion %d\n%s\n", url, version, strings.Repeat("0123456789abcdef", 10_000+int(version%1000)))
	return text + fmt.Sprintf("sum %08x\n", crc32.ChecksumIEEE([]byte(text)))
}

// soakHeader is the headers of a version.
func soakHeader(version int64) simulate.Header {
	h := simulate.Header{{Name: "Content-Type", Value: "text/html"}, {Name: "X-Version", Value: strconv.FormatInt(version, 10)}}
	switch age := soakAge(version); {
	case age < 0:
	case version%2 == 0:
		h = append(h, simulate.Field{Name: "Cache-Control", Value: fmt.Sprintf("max-age=%d", age/time.Second)})
	default:
		h = append(h, simulate.Field{Name: "Cache-Control", Value: fmt.Sprintf("max-age=7000, s-maxage=%d", age/time.Second)})
	}
	return h
}

// A tally counts by name.
type tally struct {
	mu sync.Mutex
	of map[string]int64
}

func (c *tally) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int64{}
	}
	c.of[name]++
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.of)) {
		fmt.Fprintf(&b, "\n\t%-50s %9d", name, c.of[name])
	}
	return b.String()
}

// cancelKey is under which a context holds the function that ends it, so that the render can.
type cancelKey struct{}

func cancelOf(ctx context.Context) {
	if f, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		f()
	}
}

// errSoak is what renders and clients of the test panic with.
var errSoak = errors.New("panic of the soak test")

// A soakRender answers for the renders, those named real but passed on, and fails in all ways that there are, until it is
// told to be well.
type soakRender struct {
	seed    uint64
	line    *simulate.Timeline
	version atomic.Int64
	well    atomic.Bool
	real    *renderio.Backend
	counts  tally
}

// pick returns a number below n that depends on the seed and a version alone.
func (r *soakRender) pick(version int64, n uint64) uint64 {
	return rand.NewPCG(r.seed, uint64(version)).Uint64() % n
}

func (r *soakRender) RoundTrip(ctx context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
	if strings.HasPrefix(q.Render.Name, "real") {
		a, err := r.real.RoundTrip(ctx, q)
		if c := (*simulate.ConnectError)(nil); errors.As(err, &c) {
			r.counts.add("http: refused")
		} else if err != nil {
			r.counts.add("http: no answer")
		}
		return a, err
	}
	version := r.version.Add(1)
	r.line.Advance(time.Duration(r.pick(version, 20)) * time.Millisecond)
	url, _, _ := strings.Cut(q.Target, "?")
	if q.Render.Name == "inner01" {
		url = "/content/inner" + url
	}
	page := soakPage(url, version)
	a := &simulate.Answer{Status: 200, Header: soakHeader(version)}
	if version%2 == 0 {
		a.Header = append(a.Header, simulate.Field{Name: "Content-Length", Value: strconv.Itoa(len(page))})
	}
	body := &soakBody{text: page, r: r}
	a.Body = body
	kind := r.pick(version, 128)
	if r.well.Load() {
		kind = 127
	}
	count := func(name string) { r.counts.add("render: " + name) }
	switch kind {
	case 0, 1, 2, 3:
		count("refused")
		return nil, &simulate.ConnectError{Addr: "10.0.0.1:4503", Err: errors.New("Connection refused")}
	case 4, 5, 6:
		count("503")
		return failing(503), nil
	case 7, 8:
		count("500")
		return failing(500), nil
	case 9, 10:
		count("reset")
		return nil, errors.New("Connection reset by peer")
	case 11, 12:
		count("stalled")
		r.line.Advance(time.Duration(q.Render.ReceiveTimeout.Value) * time.Millisecond)
		return nil, simulate.ErrReceiveTimeout
	case 13, 14, 15:
		count("cut")
		body.cut(io.ErrUnexpectedEOF)
	case 16:
		count("reset in the body")
		body.cut(errors.New("Connection reset by peer"))
	case 17:
		count("stalled in the body")
		r.line.Advance(time.Duration(q.Render.ReceiveTimeout.Value) * time.Millisecond)
		body.cut(simulate.ErrReceiveTimeout)
	case 18, 19:
		count("empty")
		return &simulate.Answer{Status: 200, Header: soakHeader(version), Body: io.NopCloser(strings.NewReader(""))}, nil
	case 20:
		count("no body")
		return &simulate.Answer{Status: 200, Header: soakHeader(version)}, nil
	case 21, 22:
		count("404")
		return failing(404), nil
	case 23:
		count("no-store")
		a.Header = append(a.Header, simulate.Field{Name: "Cache-Control", Value: "no-store"})
	case 24:
		count("no-cache")
		a.Header = append(a.Header, simulate.Field{Name: "Dispatcher", Value: "no-cache"})
	case 25, 26:
		count("canceled")
		cancelOf(ctx)
		return nil, cmpErr(ctx.Err(), errors.New("Connection reset by peer"))
	case 27:
		count("canceled in the body")
		body.cut(context.Canceled)
		body.before = func() { cancelOf(ctx) }
	case 28, 29, 30, 31:
		count("slow")
		body.most = 1 + int(r.pick(version, 200))
	case 32:
		count("panic")
		panic(errSoak)
	case 33:
		count("panic in the body")
		body.cut(nil)
		body.before = func() { panic(errSoak) }
	default:
		count("page")
	}
	return a, nil
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// A soakBody is a body that may be slow or break off.
type soakBody struct {
	text   string
	most   int // bytes of one Read, 0 for any number
	end    error
	before func() // is called before the end
	r      *soakRender
}

// cut leaves half of the body.
func (b *soakBody) cut(end error) { b.text, b.end = b.text[:len(b.text)/2], end }

func (b *soakBody) Read(p []byte) (int, error) {
	if b.text == "" {
		if b.before != nil {
			b.before()
		}
		return 0, cmpErr(b.end, io.EOF)
	}
	if b.most > 0 {
		p = p[:min(len(p), b.most)]
		b.r.line.Advance(time.Millisecond)
		runtime.Gosched()
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	return n, nil
}

func (b *soakBody) Close() error { return nil }

// ServeHTTP is a render that fails, too.
func (r *soakRender) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	_, _ = io.Copy(io.Discard, q.Body) // otherwise a server does not notice that the client goes away
	version := r.version.Add(1)
	url, _, _ := strings.Cut(q.RequestURI, "?")
	page := soakPage(url, version)
	for _, f := range soakHeader(version) {
		w.Header().Set(f.Name, f.Value)
	}
	kind := r.pick(version, 64)
	if r.well.Load() {
		kind = 63
	}
	count := func(name string) { r.counts.add("http: " + name) }
	length := func() { w.Header().Set("Content-Length", strconv.Itoa(len(page))) }
	switch kind {
	case 0, 1:
		count("reset")
		reset(w)
	case 2, 3:
		count("reset in the body")
		length()
		_, _ = io.WriteString(w, page[:len(page)/2])
		_ = http.NewResponseController(w).Flush()
		reset(w)
	case 4, 5:
		count("cut")
		length()
		_, _ = io.WriteString(w, page[:len(page)/2])
	case 6, 7:
		count("cut between chunks")
		_, _ = io.WriteString(w, page[:len(page)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case 8:
		count("503")
		http.Error(w, "busy", http.StatusServiceUnavailable)
	case 9:
		count("500")
		http.Error(w, "error", http.StatusInternalServerError)
	case 10:
		count("empty")
		w.WriteHeader(200)
	case 11:
		if q.Method == "HEAD" || r.pick(-version, 4) == 0 {
			count("stalled")
			<-q.Context().Done()
			return
		}
		count("stalled in the body")
		length()
		_, _ = io.WriteString(w, page[:len(page)/2])
		_ = http.NewResponseController(w).Flush()
		<-q.Context().Done()
	case 12, 13:
		count("in pieces")
		for len(page) > 0 {
			n := min(len(page), 100+len(page)/8)
			_, _ = io.WriteString(w, page[:n])
			_ = http.NewResponseController(w).Flush()
			page = page[n:]
		}
	default:
		count("page")
		if version%2 == 0 {
			length()
		}
		_, _ = io.WriteString(w, page)
	}
}

// reset ends a connection so that the peer is told of an error.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}

// stores are several disks, by the document root that each stands for.
type stores map[string]*docroot.Disk

func (s stores) Docroot(root string) (simulate.Docroot, error) {
	for top, disk := range s {
		if root == top || strings.HasPrefix(root, top+"/") {
			return disk.Docroot(root)
		}
	}
	return nil, fmt.Errorf("no disk stands for %s", root)
}

// A soak is one run.
type soak struct {
	t        *testing.T
	seed     uint64
	dir      string
	engine   *simulate.Engine
	config   *model.Config
	store    stores
	line     *simulate.Timeline
	render   *soakRender
	left     atomic.Int64
	counts   tally
	peak     atomic.Uint64 // HeapInuse
	problems atomic.Int64
	closers  func()
}

// TestSoak sends many requests and flushes, from many goroutines, at document roots on a disk, with renders that fail in all
// ways, and checks then that the cache is whole: no file is half written or left over, none is anywhere else, pages and the
// files beside them are of one version, and every file is as valid as the test reckons by itself. Descriptors, goroutines
// and memory are what they were.
//
//	go test -tags soak -run Soak ./simulate -timeout 15m
//
// SOAK_REQUESTS is how many requests, 200000 by default, SOAK_SEED the seed of the random numbers. Requests and answers depend
// on the seed alone; in which order they come does not.
func TestSoak(t *testing.T) {
	s := &soak{t: t, seed: uint64(number(t, "SOAK_SEED", time.Now().UnixNano())), dir: t.TempDir()}
	requests := number(t, "SOAK_REQUESTS", 200_000)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the seed was SOAK_SEED=%d", s.seed)
		}
	})
	s.canary()
	// What the process keeps once it has used the network is no leak.
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Skipf("no loopback: %v", err)
	} else {
		l.Close()
	}
	before, beforeFiles, goroutines := heap(), descriptors(), runtime.NumGoroutine()

	s.open()
	began := time.Now()
	s.left.Store(requests)
	var wg sync.WaitGroup
	const workers = 24
	for worker := range workers {
		wg.Go(func() { s.work(uint64(worker)) })
	}
	wg.Wait()
	took := time.Since(began)
	during := heap()
	s.problems.Store(0) // what is wrong with the files is to be said as well
	s.checkFiles()
	s.checkValidity()
	s.checkMarks()
	s.checkFiles()
	s.checkCanary()
	s.close()

	after, afterFiles := s.settled(goroutines), descriptors()
	if beforeFiles != nil && len(afterFiles) > len(beforeFiles) {
		t.Errorf("%d descriptors are open, %d were before: %q", len(afterFiles), len(beforeFiles), afterFiles[:min(len(afterFiles), 20)])
	}
	const most = 64 << 20
	if during > before+most || after > before+most {
		t.Errorf("heap in use: %d bytes before, %d with the engine, %d after; want at most %d more", before, during, after, most)
	}
	if requests >= 50_000 {
		s.checkCounts()
	}
	t.Logf("seed %d: %d requests in %s, %.0f a second, %d goroutines; simulated time %s", s.seed, requests, took.Round(time.Millisecond), float64(requests)/took.Seconds(), workers, s.line.Now().Sub(crowdStart).Round(time.Second))
	t.Logf("heap in use: %.1f MiB before, at most %.1f during, %.1f with the engine, %.1f after; descriptors: %d before, %d after; goroutines: %d before, %d after",
		mib(before), mib(s.peak.Load()), mib(during), mib(after), len(beforeFiles), len(afterFiles), goroutines, runtime.NumGoroutine())
	t.Logf("what became of them:%s", &s.counts)
	t.Logf("what the renders did:%s", &s.render.counts)
}

func mib(n uint64) float64 { return float64(n) / (1 << 20) }

// number reads a number of the environment.
func number(t *testing.T, name string, otherwise int64) int64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is %q, not a number", name, text)
	}
	return n
}

// heap returns how much memory is in use once what nobody needs is gone.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// descriptors returns what the process has open, nil where the system does not tell.
func descriptors() (open []string) {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil { // that of the folder itself has gone
			open = append(open, to)
		}
	}
	return open
}

// settled waits until no more goroutines run than before, and returns the heap.
func (s *soak) settled(goroutines int) uint64 {
	for range 5_000_000 {
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		stacks := make([]byte, 1<<20)
		s.t.Errorf("%d goroutines, %d before:\n%s", n, goroutines, stacks[:runtime.Stack(stacks, true)])
	}
	return heap()
}

// open makes the document roots, the renders and the engine.
func (s *soak) open() {
	t := s.t
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	text := strings.NewReplacer("CLOSED", port(closed), "PORT", port(listener)).Replace(soakFarms)
	s.config = decodeText(t, text, simulate.Version{}, nil)
	s.line = simulate.NewTimeline(crowdStart)
	real, err := renderio.New(renderio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.render = &soakRender{seed: s.seed, line: s.line, real: real}
	server := &http.Server{Handler: s.render}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	s.store = stores{}
	for root, folder := range map[string]string{"/var/www/html": "site", "/var/plain": "plain", "/var/http": "http"} {
		roots := []string{root}
		if folder == "site" {
			roots = append(roots, "/var/www/html/content/inner")
		}
		if s.store[root], err = docroot.NewDisk(filepath.Join(s.dir, folder), roots); err != nil {
			t.Fatal(err)
		}
	}
	s.engine = simulate.New(s.config, simulate.Options{Backend: s.render, Store: s.store, Now: s.line.Now, Sleep: s.line.Sleep})
	s.closers = func() {
		real.Close()
		server.Close()
		<-served
		for _, d := range s.store {
			d.Close()
		}
	}
}

func port(l net.Listener) string { return strconv.Itoa(l.Addr().(*net.TCPAddr).Port) }

// close ends what open began.
func (s *soak) close() {
	s.closers()
	s.engine = nil
}

// problem reports what is wrong, a few times.
func (s *soak) problem(format string, args ...any) {
	if s.problems.Add(1) <= 50 {
		s.t.Errorf(format, args...)
	}
}

// canaryText is in the file that nobody may touch.
const canaryText = "nobody writes here\n"

// canary makes the folders of the document roots, and one beside them that has nothing to do with them.
func (s *soak) canary() {
	old := crowdStart.Add(-24 * time.Hour)
	for _, dir := range []string{"site", "plain", "http", "canary", "canary/content"} {
		if err := os.Mkdir(filepath.Join(s.dir, dir), 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, name := range []string{"canary/.stat", "canary/page.html", "canary/page.html.h", "canary/content/p1.html", "page.html"} {
		file := filepath.Join(s.dir, name)
		if err := os.WriteFile(file, []byte(canaryText), 0o644); err != nil {
			s.t.Fatal(err)
		}
		if err := os.Chtimes(file, old, old); err != nil {
			s.t.Fatal(err)
		}
	}
}

// checkCanary checks that nothing outside of the document roots was changed, added or removed.
func (s *soak) checkCanary() {
	var found []string
	err := filepath.WalkDir(s.dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(s.dir, file)
		if e.IsDir() {
			switch name {
			case "site", "plain", "http":
				return fs.SkipDir
			}
			return nil
		}
		found = append(found, filepath.ToSlash(name))
		info, err := e.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil || string(text) != canaryText || !info.ModTime().Equal(crowdStart.Add(-24*time.Hour)) {
			s.problem("%s was changed: %q, %s, %v", name, text, info.ModTime(), err)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	want := []string{"canary/.stat", "canary/content/p1.html", "canary/page.html", "canary/page.html.h", "page.html"}
	if !slices.Equal(found, want) {
		s.problem("outside of the document roots there are now %q, want %q", found, want)
	}
}

// work sends requests until there are none left.
func (s *soak) work(worker uint64) {
	random := rand.New(rand.NewPCG(s.seed, worker))
	var d simulate.Decision
	for {
		left := s.left.Add(-1)
		if left < 0 {
			return
		}
		if left%5_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			s.peak.Store(max(s.peak.Load(), m.HeapInuse))
		}
		s.one(random, &d)
	}
}

// names are pages at all depths, some of which want to be a file where others want a folder.
var names = [...]string{
	"/p1.html", "/content/p1.html", "/content/s1/p1.html", "/content/s1/p2.html", "/content/s1/p1.png", "/content/s1/x/p1.html", "/content/s1/x/p1.selector.html",
	"/content/s1/x/y/p1.html", "/content/s1/x/y/p1.png", "/content/s2/p1.html", "/content/s2/p1/_jcr_content/image.png", "/content/s2/p1/child.html", "/content/s2/p1.html/suffix.html",
	"/content/inner/p1.html", "/content/inner/a/p1.html", "/content/inner/a/b/p1.html", "/content/inner/a/b/c/p1.png", "/a/p1.html", "/a/b/p1.html", "/a/b/c/p1.png",
}

// handles are what flushes name.
var handles = [...]string{
	"/content/p1", "/content/s1/p1", "/content/s1/p2", "/content/s1/p1.png", "/content/s1/x/p1", "/content/s1/x", "/content/s1/x/y/p1", "/content/s2/p1", "/content/s2",
	"/content/inner/a/p1", "/content/inner/a/b", "/a/p1", "/a/b", "/a/b/c/p1.png", "/other", "/content/s1/other", "/content/s1/x/other", "/content/inner/other",
	"/", "/../canary/page", "/content/../../canary/page", "/content/./s1//p2", "/.stat", "/content/s1/p1/child.h", "/\x00",
}

// elsewhere are targets that try to get out.
var elsewhere = [...]string{"/../canary/page.html", "/content/%2e%2e/%2e%2e/canary/page.html", "/..%2fcanary/page.html", "/canary%00.html", "/content/s1/p1.html.h", "/.stat", "//canary/page.html"}

// one sends one request and checks its answer.
func (s *soak) one(random *rand.Rand, d *simulate.Decision) {
	farm := &soakKnown[[...]int{0, 0, 0, 0, 1, 1, 2, 2, 2, 3}[random.IntN(10)]]
	name := names[random.IntN(len(names))]
	r := &simulate.Request{Method: "GET", Target: name, Host: farm.host}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ctx = context.WithValue(ctx, cancelKey{}, cancel)
	sink := &soakSink{want: int64(random.IntN(4000))}
	plain := true // a GET whose answer is looked at
	s.line.Advance(time.Duration(random.IntN(10)) * time.Millisecond)
	switch n := random.IntN(100); {
	case n < 12:
		plain = false
		handle := handles[random.IntN(len(handles))]
		if random.IntN(3) > 0 {
			handle = handles[len(handles)-11:][random.IntN(4)] // one that deletes nothing
		}
		r = &simulate.Request{Method: "POST", Target: "/dispatcher/invalidate.cache", Host: farm.host, Header: simulate.Header{
			{Name: "CQ-Action", Value: [...]string{"Activate", "Activate", "Activate", "Activate", "Delete", "Deactivate", "Test", "Flush"}[random.IntN(8)]},
			{Name: "CQ-Handle", Value: handle}}}
		switch random.IntN(6) {
		case 0:
			r.Header = append(r.Header, simulate.Field{Name: "CQ-Action-Scope", Value: "ResourceOnly"})
		case 1:
			r.Header = append(r.Header, simulate.Field{Name: "Content-Type", Value: "text/plain"})
			body := name + "\n" + names[random.IntN(len(names))] + "\n"
			r.Body, r.Length = strings.NewReader(body), int64(len(body))
		}
	case n < 16:
		r.Method, plain = "HEAD", false
	case n < 18:
		r.Method, r.Body, r.Length, plain = "POST", strings.NewReader("a=b"), 3, false
	case n < 20:
		r.Target, plain = name+"?q=1", false
	case n < 22:
		r.Header, plain = simulate.Header{{Name: "If-Modified-Since", Value: s.line.Now().UTC().Format(http.TimeFormat)}}, false
	case n < 24:
		r.Target, plain = elsewhere[random.IntN(len(elsewhere))], false
	case n < 25:
		cancel()
	case n < 28:
		sink.leaves, plain = true, false
	case n < 29:
		sink.panics, plain = true, false
	case n < 30:
		s.line.Advance(time.Duration(random.IntN(3000)) * time.Millisecond)
	}
	if random.IntN(10) > 0 {
		r.Sink = sink
	}
	panicked, err := decideOrPanic(ctx, s.engine, r, d)
	where := func() string {
		return fmt.Sprintf("%s %s%s: %s (%s) %d", r.Method, r.Host, r.Target, d.Outcome, d.Reason, d.Response.Status)
	}
	switch {
	case panicked != nil:
		s.counts.add("panic passed on")
		if panicked != errSoak {
			panic(panicked)
		}
		return
	case err != nil:
		s.counts.add("error: context canceled")
		if !errors.Is(err, context.Canceled) || ctx.Err() == nil {
			s.problem("%s: %v", where(), err)
		}
		return
	}
	s.counts.add(farm.name + ": " + d.Outcome.String() + ", " + string(d.Reason))
	if d.Cache.Stored {
		s.counts.add(farm.name + ": stored")
	}
	if r.Sink == nil {
		return
	}
	if d.Response.From == "httpd" {
		if sink.calls != 0 {
			s.problem("%s: the client was answered by the module, too", where())
		}
		return
	}
	if sink.calls != 1 || sink.status != d.Response.Status {
		s.problem("%s: the client was answered %d times, with %d", where(), sink.calls, sink.status)
		return
	}
	if !plain || sink.status != 200 || sink.err != nil || sink.body.Len() == 0 && d.Outcome == simulate.Answered {
		return
	}
	url, version, err := readVersioned(sink.body.String())
	if err != nil || url != farm.prefix+r.Target {
		s.problem("%s: the body is of %q, %v", where(), url, err)
		return
	}
	v, ok := sink.header.Value("X-Version")
	if ok && v != strconv.FormatInt(version, 10) || !ok && (farm.headers || d.Outcome != simulate.Delivered) {
		s.problem("%s: the body is of version %d, the header X-Version says %q", where(), version, v)
	}
}

// A soakSink is a client, who may leave early or worse.
type soakSink struct {
	taken
	body           bytes.Buffer
	want           int64 // bytes that are read before
	leaves, panics bool
}

func (s *soakSink) Answer(status int, h simulate.Header, body io.Reader) error {
	s.calls++
	s.status, s.header = status, h
	if s.leaves || s.panics {
		_, _ = io.CopyN(io.Discard, body, s.want)
		if s.panics {
			panic(errSoak)
		}
		return errors.New("Broken pipe")
	}
	_, s.err = s.body.ReadFrom(body)
	return nil
}

// pages returns the pages below a folder of the test, by their names, and checks every file on the way.
func (s *soak) pages(folder string) []string {
	dir := filepath.Join(s.dir, folder)
	var pages []string
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, file)
		name := "/" + filepath.ToSlash(rel)
		switch {
		case !e.Type().IsRegular():
			s.problem("%s%s is no file: %s", folder, name, e.Type())
		case temporaryName(name):
			s.problem("%s%s is left over", folder, name)
		case path.Base(name) == ".stat":
			if !statAllowed(folder, path.Dir(name)) {
				s.problem("%s%s is below the level", folder, name)
			}
		case strings.HasSuffix(name, ".h"), strings.HasSuffix(name, ".ttl"):
			page := strings.TrimSuffix(strings.TrimSuffix(file, ".h"), ".ttl")
			if _, err := os.Stat(page); err != nil {
				s.problem("%s%s stands there without a page", folder, name)
			}
			if folder == "plain" {
				s.problem("%s%s is of a farm that keeps none", folder, name)
			}
		default:
			pages = append(pages, name)
			s.checkPage(folder, name)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return pages
}

// statAllowed reports whether a farm may have a statfile in a folder.
func statAllowed(folder, name string) bool {
	for _, f := range soakKnown {
		rest, ok := strings.CutPrefix(name, f.prefix)
		if f.folder == folder && ok && (rest == "" || rest[0] == '/') && depth(rest) <= f.level {
			return true
		}
	}
	return false
}

// depth counts the folders of a path.
func depth(folder string) int { return strings.Count(strings.TrimSuffix(folder, "/"), "/") }

// checkPage checks that a page is whole, is that of its name, and agrees with what stands beside it.
func (s *soak) checkPage(folder, name string) {
	file := filepath.Join(s.dir, folder, filepath.FromSlash(name))
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	url, version, err := readVersioned(string(text))
	if err != nil || url != name {
		s.problem("%s%s: the page is of %q: %v", folder, name, url, err)
		return
	}
	if folder == "plain" {
		return
	}
	header, err := os.ReadFile(file + ".h")
	if want := fmt.Sprintf("X-Version: %d\n", version); err != nil || string(header) != want {
		s.problem("%s%s is of version %d, the headers beside it are %q: %v", folder, name, version, header, err)
	}
	page, err := os.Stat(file)
	if err != nil {
		s.t.Fatal(err)
	}
	ttl, err := os.Stat(file + ".ttl")
	age := soakAge(version)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		s.t.Fatal(err)
	case err != nil && age >= 0 && !strings.HasPrefix(name, "/content/inner/"):
		s.problem("%s%s is of version %d, which is good for %s, and has no .ttl", folder, name, version, age)
	case err == nil && ttl.ModTime().Sub(page.ModTime()) != age:
		s.problem("%s%s is of version %d, which is good for %s; its .ttl says %s", folder, name, version, age, ttl.ModTime().Sub(page.ModTime()))
	}
}

// checkFiles checks all files in the document roots.
func (s *soak) checkFiles() {
	for _, folder := range []string{"site", "plain", "http"} {
		if n := len(s.pages(folder)); n == 0 {
			s.problem("%s is empty", folder)
		} else {
			s.t.Logf("%s: %d pages", folder, n)
		}
	}
}

// modOf returns the time of a file, and whether it is there.
func (s *soak) modOf(folder, name string) (time.Time, bool) {
	info, err := os.Stat(filepath.Join(s.dir, folder, filepath.FromSlash(name)))
	if err != nil {
		return time.Time{}, false
	}
	return info.ModTime(), true
}

// valid reckons whether a page is valid for a farm; name starts at the farm's document root.
func (s *soak) valid(f *soakFarm, name string, now time.Time) simulate.Reason {
	page, _ := s.modOf(f.folder, f.prefix+name)
	reason := simulate.NotInvalidated
	if ttl, ok := s.modOf(f.folder, f.prefix+name+".ttl"); ok && f.ttl {
		if now.After(ttl) {
			return simulate.Expired
		}
		reason = simulate.NotExpired
	}
	if f.onlyHTML && !strings.HasSuffix(name, ".html") {
		return reason
	}
	for folder := path.Dir(name); ; folder = path.Dir(folder) {
		if depth(folder) <= f.level {
			if stat, ok := s.modOf(f.folder, path.Join(f.prefix, folder, ".stat")); ok {
				switch {
				case !page.Before(stat):
					return simulate.NewerThanStatfile
				case now.Before(stat.Add(f.grace)):
					return simulate.GracePeriod
				}
				return simulate.OlderThanStatfile
			}
		}
		if folder == "/" {
			return simulate.NoStatfile
		}
	}
}

// checkValidity compares what the test and an engine that has seen nothing make of each page, for each farm that has it,
// and that a survey finds the same pages.
func (s *soak) checkValidity() {
	now := s.line.Now()
	fresh := simulate.New(s.config, simulate.Options{Store: s.store, Now: func() time.Time { return now }})
	reasons := map[simulate.Reason]int{}
	for i := range soakKnown {
		f := &soakKnown[i]
		var surveyed, walked []string
		if err := fresh.Survey(context.Background(), s.config.Farms[i], simulate.AtOnce, func(c simulate.CachedFile) error {
			surveyed = append(surveyed, c.Name)
			if want := s.valid(f, c.Name, now); c.Validity.Reason != want {
				s.problem("survey of %s%s: %s, want %s", f.name, c.Name, c.Validity.Reason, want)
			}
			return nil
		}); err != nil {
			s.t.Fatal(err)
		}
		for _, name := range s.pages(f.folder) {
			name, ok := strings.CutPrefix(name, f.prefix+"/")
			if !ok {
				continue
			}
			name = "/" + name
			walked = append(walked, name)
			want := s.valid(f, name, now)
			reasons[want]++
			var d simulate.Decision
			if err := fresh.Decide(context.Background(), &simulate.Request{Method: "GET", Target: name, Host: f.host}, &d, nil); err != nil {
				s.t.Fatal(err)
			}
			v := &d.Cache.Validity
			if wantFresh := want != simulate.Expired && want != simulate.OlderThanStatfile; !v.Known || v.Reason != want || v.Fresh != wantFresh || (d.Cache.Action == simulate.ActionHit) != wantFresh {
				s.problem("%s%s: the engine says %s (fresh %v, %s), want %s", f.name, name, v.Reason, v.Fresh, d.Cache.Action, want)
			}
		}
		slices.Sort(surveyed)
		slices.Sort(walked)
		if !slices.Equal(surveyed, walked) {
			s.problem("%s: the survey has %q, the disk %q", f.name, surveyed, walked)
		}
	}
	s.t.Logf("validity of the files: %v", reasons)
}

// checkMarks lets the renders be well and asks for all pages: none may count as being fetched by a request that has ended,
// and each is a hit afterwards.
func (s *soak) checkMarks() {
	s.render.well.Store(true)
	for i := range soakKnown {
		f := &soakKnown[i]
		for _, name := range names {
			var outcomes [2]simulate.Outcome
			var reasons [2]simulate.Reason
			var action simulate.Action
			for try := range 2 {
				var d simulate.Decision
				sink := new(taken)
				if err := s.engine.Decide(context.Background(), &simulate.Request{Method: "GET", Target: name, Host: f.host, Sink: sink}, &d, nil); err != nil {
					s.t.Fatal(err)
				}
				if url, _, err := readVersioned(sink.body); err != nil || url != f.prefix+name {
					s.problem("%s%s in the end: the page is of %q, %v", f.name, name, url, err)
				}
				outcomes[try], reasons[try], action = d.Outcome, d.Reason, d.Cache.Action
			}
			if reasons[0] == simulate.BeingRefreshed || reasons[1] == simulate.BeingRefreshed {
				s.problem("%s%s counts as being fetched, and nobody fetches it", f.name, name)
			}
			// A page where a folder stands is never stored, nor one below a page.
			conflict := strings.HasPrefix(name, "/content/s2/p1.html")
			if outcomes[1] != simulate.Delivered && !conflict {
				s.problem("%s%s in the end: %s (%s), then %s (%s, %s); want a hit", f.name, name, outcomes[0], reasons[0], outcomes[1], reasons[1], action)
			}
		}
	}
}

// checkCounts checks that what the run is about has happened.
func (s *soak) checkCounts() {
	for _, want := range []string{
		"site: stored", "inner: stored", "plain: stored", "http: stored", "panic passed on", "error: context canceled",
		"site: delivered, being-refreshed", "site: delivered, stale-served", "site: delivered, grace-period", "site: failed, render-timeout", "site: failed, render-broken",
		"site: invalidation, flush-done", "plain: failed, no-render", "plain: failed, render-timeout", "http: failed, render-broken", "http: failed, render-timeout",
	} {
		if s.counts.of[want] == 0 {
			s.problem("%q did not happen", want)
		}
	}
}
