package serve_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/serve"
	"github.com/dispcheck/dispcheck/simulate"
)

// siteFS is a project of one host: pages below /content are cached, those of /private are not, and some are redirected, proxied
// or refused by httpd.
func siteFS(filter string) fstest.MapFS {
	vhost := `<VirtualHost *:80>
	ServerName www.example.com
	ServerAlias *
	DocumentRoot "/mnt/var/www/html"
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	DispatcherUseProcessedURL On
	DispatcherPassError 500-599
	ErrorDocument 503 /content/errors/503.html
	ErrorDocument 502 "AEM is away"
	AddOutputFilterByType DEFLATE text/html
	Header always set X-Always a
	RewriteEngine On
	RewriteRule ^/short/(.*)$ /content/site/$1 [PT,L]
	RewriteRule ^/forbidden - [F]
	RewriteRule ^/old$ http://www.example.com/content/new.html [R=301,L]
	RewriteRule ^/away$ https://elsewhere.example/ [R=302,L]
	RewriteRule ^/p/(.*)$ http://backend.example:8081/$1 [P]
</VirtualHost>
`
	farm := `/site {
	/virtualhosts { "*" }
	/renders { /rend01 { /hostname "localhost" /port "4503" } }
	/clientheaders { "*" }
	/filter {
		` + filter + `
	}
	/cache {
		/docroot "/mnt/var/www/html"
		/rules { /0000 { /glob "*" /type "allow" } /0001 { /glob "/private/*" /type "deny" } }
		/invalidate { /0000 { /glob "*" /type "allow" } }
		/allowedClients { /0000 { /glob "*" /type "deny" } /0001 { /glob "127.0.0.1" /type "allow" } }
		/statfileslevel "1"
		/headers { "Content-Type" "X-Page" }
	}
}
`
	return fstest.MapFS{
		"conf.d/enabled_vhosts/site.vhost":          {Data: []byte(vhost)},
		"conf.dispatcher.d/dispatcher.any":          {Data: []byte(`/farms { $include "enabled_farms/*.farm" }`)},
		"conf.dispatcher.d/enabled_farms/site.farm": {Data: []byte(farm)},
		"opt-in/USE_SOURCES_DIRECTLY":               {Data: []byte("")},
	}
}

const openFilter = `/0001 { /type "deny" /url "*" } /0002 { /type "allow" /url "/content/*" } /0003 { /type "allow" /url "/private/*" }`

// siteLoad loads the project of siteFS.
func siteLoad(t testing.TB, filter string) func(context.Context) (*serve.Configuration, error) {
	c := load(t, project.Options{FS: siteFS(filter)})
	return func(context.Context) (*serve.Configuration, error) { return c, nil }
}

// renders answers with a function.
type renders func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error)

func (f renders) RoundTrip(ctx context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
	return f(ctx, q)
}

func page(body string, header ...string) *simulate.Answer {
	a := &simulate.Answer{Status: 200, Header: simulate.Header{{Name: "Content-Type", Value: "text/html"}}, Body: io.NopCloser(strings.NewReader(body))}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		a.Header = append(a.Header, simulate.Field{Name: name, Value: value})
	}
	return a
}

func TestCachedFile(t *testing.T) {
	body := strings.Repeat("0123456789", 100)
	asked := 0
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: t.TempDir(), Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		asked++
		return page(body, "Content-Length: 1000", "X-Page: yes"), nil
	}))})
	url, c := "http://"+listening(t, s)+"/content/a.html", client(t)
	first := ask(t, c, "GET", url)
	if first.body != body || first.StatusCode != 200 {
		t.Fatalf("got %d and %d bytes", first.StatusCode, len(first.body))
	}
	hit := ask(t, c, "GET", url)
	etag, modified := hit.Header.Get("ETag"), hit.Header.Get("Last-Modified")
	if hit.body != body || asked != 1 || etag == "" || modified == "" || hit.Header.Get("X-Page") != "yes" || hit.Header.Get("X-Always") != "a" {
		t.Fatalf("got %d bytes, %d questions to the render, %v", len(hit.body), asked, hit.Header)
	}
	for _, tt := range []struct {
		name, method string
		header       []string
		status       int
		want         string
		check        map[string]string
	}{
		{"HEAD", "HEAD", nil, 200, "", map[string]string{"Content-Length": "1000"}},
		{"if none match", "GET", []string{"If-None-Match: " + etag}, 304, "", map[string]string{"ETag": etag}},
		{"another etag", "GET", []string{`If-None-Match: "x"`}, 200, body, nil},
		{"if modified since", "GET", []string{"If-Modified-Since: " + modified}, 304, "", nil},
		{"range", "GET", []string{"Range: bytes=5-9"}, 206, "56789", map[string]string{"Content-Range": "bytes 5-9/1000", "Content-Length": "5"}},
		{"end", "GET", []string{"Range: bytes=-3"}, 206, "789", map[string]string{"Content-Range": "bytes 997-999/1000"}},
		{"open range", "GET", []string{"Range: bytes=995-"}, 206, "56789", nil},
		{"beyond", "GET", []string{"Range: bytes=1000-"}, 416, "", map[string]string{"Content-Range": "bytes */1000"}},
		{"no range", "GET", []string{"Range: lines=1-2"}, 200, body, nil},
		{"if range", "GET", []string{"Range: bytes=0-1", "If-Range: " + etag}, 206, "01", nil},
		{"other version", "GET", []string{"Range: bytes=0-1", `If-Range: "x"`}, 200, body, nil},
		{"HEAD with range", "HEAD", []string{"Range: bytes=0-1"}, 200, "", map[string]string{"Content-Length": "1000"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, c, tt.method, url, tt.header...)
			if got.StatusCode != tt.status || tt.status != 416 && got.body != tt.want {
				t.Errorf("got %d %.40q, want %d %.40q", got.StatusCode, got.body, tt.status, tt.want)
			}
			for name, value := range tt.check {
				if v := got.Header.Get(name); v != value {
					t.Errorf("%s: got %q, want %q", name, v, value)
				}
			}
		})
	}
	if asked != 1 {
		t.Errorf("the render was asked %d times", asked)
	}
}

func TestSeveralRanges(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "content/a.txt", "0123456789")
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: dir})
	got := ask(t, client(t), "GET", "http://"+listening(t, s)+"/content/a.txt", "Range: bytes=0-1,4-5")
	if got.StatusCode != 206 || !strings.Contains(got.body, "bytes 0-1/10\r\n\r\n01\r\n") || !strings.Contains(got.body, "bytes 4-5/10\r\n\r\n45\r\n") {
		t.Errorf("got %d %q", got.StatusCode, got.body)
	}
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCompression(t *testing.T) {
	body := strings.Repeat("compress me ", 1000)
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: t.TempDir(), Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		if strings.Contains(q.Target, "short") {
			return page("short"), nil
		}
		return page(body), nil
	}))})
	base, c := "http://"+listening(t, s), client(t)
	for _, name := range []string{"a miss", "a hit"} {
		got := ask(t, c, "GET", base+"/content/a.html", "Accept-Encoding: gzip")
		if got.Header.Get("Content-Encoding") != "gzip" || got.Header.Get("Content-Length") != "" || got.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("%s: %v", name, got.Header)
		}
		z, err := gzip.NewReader(strings.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(z); err != nil || string(text) != body {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
		if e := got.Header.Get("ETag"); e != "" && !strings.HasSuffix(e, `-gzip"`) {
			t.Errorf("%s: ETag %s", name, e)
		}
	}
	if got := ask(t, c, "GET", base+"/content/a.html"); got.body != body || got.Header.Get("Content-Encoding") != "" {
		t.Errorf("without Accept-Encoding: %v", got.Header)
	}
	if got := ask(t, c, "GET", base+"/content/short.html", "Accept-Encoding: gzip"); got.body != "short" || got.Header.Get("Content-Encoding") != "" {
		t.Errorf("a short page: %q %v", got.body, got.Header)
	}
}

func TestByHTTPD(t *testing.T) {
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: t.TempDir(), Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		switch {
		case q.Render.Name == "proxy":
			return page(simulate.RenderAddr(q.Render)+q.Target, "X-Page: proxied"), nil
		case strings.Contains(q.Target, "down"):
			a := page("broken")
			a.Status = 503
			return a, nil
		case strings.Contains(q.Target, "bad"):
			a := page("broken")
			a.Status = 502
			return a, nil
		case strings.Contains(q.Target, "errors/503"):
			return page("the page for errors"), nil
		}
		return page(q.Target), nil
	}))})
	addr := listening(t, s)
	_, port, _ := net.SplitHostPort(addr)
	c := client(t)
	for _, tt := range []struct {
		name, host, path string
		status           int
		body, location   string
	}{
		{"rewritten", "www.example.com", "/short/x.html", 200, "/content/site/x.html", ""},
		{"forbidden", "www.example.com", "/forbidden", 403, "You don't have permission", ""},
		{"redirected", "www.example.com", "/old", 301, `<a href="http://www.example.com/content/new.html">`, "http://www.example.com/content/new.html"},
		{"redirected, here", "www.example.com.localhost:" + port, "/old", 301, "", "http://www.example.com.localhost:" + port + "/content/new.html"},
		{"elsewhere", "www.example.com.localhost:" + port, "/away", 302, "", "https://elsewhere.example/"},
		{"proxied", "www.example.com", "/p/x?y=z", 200, "backend.example:8081/x?y=z", ""},
		{"an error document by the Dispatcher", "www.example.com", "/content/down.html", 503, "the page for errors", ""},
		{"an error document that is a text", "www.example.com", "/content/bad.html", 502, "AEM is away", ""},
		{"denied", "www.example.com", "/system/console", 404, "The requested URL was not found", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, c, "GET", "http://"+addr+tt.path, "Host: "+tt.host)
			if got.StatusCode != tt.status || !strings.Contains(got.body, tt.body) || got.Header.Get("Location") != tt.location || got.Header.Get("X-Always") != "a" {
				t.Errorf("got %d %q, Location %q, %v", got.StatusCode, got.body, got.Header.Get("Location"), got.Header)
			}
		})
	}
}

func TestFlush(t *testing.T) {
	dir := t.TempDir()
	n := 0
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: dir, Clock: simulate.NewTimeline(time.Now()), Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		n++
		return page(fmt.Sprint("version ", n)), nil
	}))})
	base, c := "http://"+listening(t, s), client(t)
	get := func() string { return ask(t, c, "GET", base+"/content/a.html").body }
	get()
	if got := get(); got != "version 1" {
		t.Fatalf("got %s", got)
	}
	if f, err := os.ReadFile(filepath.Join(dir, "content/a.html")); err != nil || string(f) != "version 1" {
		t.Fatalf("the cache has %q, %v", f, err)
	}
	if f, err := os.ReadFile(filepath.Join(dir, "content/a.html.h")); err != nil || !strings.Contains(string(f), "Content-Type") {
		t.Fatalf("the headers are %q, %v", f, err)
	}
	for _, method := range []string{"POST", "GET"} {
		got := ask(t, c, method, base+"/dispatcher/invalidate.cache", "CQ-Action: Activate", "CQ-Handle: /content/a")
		if got.StatusCode != 200 || got.body != "<H1>OK</H1>\n" {
			t.Fatalf("the flush answers %d %q", got.StatusCode, got.body)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ".stat")); err != nil {
		t.Error(err)
	}
	if got := get(); got != "version 2" {
		t.Errorf("after the flush: %s", got)
	}
	// What others do to the folder counts as well.
	if err := os.RemoveAll(filepath.Join(dir, "content")); err != nil {
		t.Fatal(err)
	}
	if got := get(); got != "version 3" {
		t.Errorf("after the folder was removed: %s", got)
	}
}

// TestFolderRemoved: a cache folder that somebody removes is made again, and pages are stored in it.
func TestFolderRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	again := make(chan struct{}, 1)
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: dir, Notice: func(n serve.Notice) {
		if n.Reopened {
			again <- struct{}{}
		}
	}, Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		return page(q.Target), nil
	}))})
	base, c := "http://"+listening(t, s), client(t)
	ask(t, c, "GET", base+"/content/a.html")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, c, "GET", base+"/content/a.html"); got.StatusCode != 200 || got.body != "/content/a.html" {
		t.Errorf("without the folder: %d %q", got.StatusCode, got.body)
	}
	<-again
	ask(t, c, "GET", base+"/content/a.html")
	if b, err := os.ReadFile(filepath.Join(dir, "content/a.html")); err != nil || string(b) != "/content/a.html" {
		t.Errorf("the page is not stored again: %q, %v", b, err)
	}
}

// TestUpload sends a body that never was in memory as a whole: the render reads its first part before the client sends the second.
func TestUpload(t *testing.T) {
	got := make(chan string)
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		for {
			b := make([]byte, 5)
			n, err := io.ReadFull(q.Body, b)
			if err != nil {
				return page("done"), nil
			}
			got <- string(b[:n])
		}
	}))})
	r, w := io.Pipe()
	q, err := http.NewRequest("POST", "http://"+listening(t, s)+"/content/form.html", r)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Expect", "100-continue")
	go func() {
		for _, part := range []string{"first", "other"} {
			if _, err := io.WriteString(w, part); err != nil {
				t.Error(err)
			}
			if p := <-got; p != part {
				t.Errorf("the render got %q, want %q", p, part)
			}
		}
		w.Close()
	}()
	c := client(t)
	c.Transport.(*http.Transport).ExpectContinueTimeout = time.Minute
	if a := do(t, c, q); a.body != "done" || a.StatusCode != 200 {
		t.Errorf("got %d %q", a.StatusCode, a.body)
	}
}

// TestStreams passes an answer on as it comes.
func TestStreams(t *testing.T) {
	r, w := io.Pipe()
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: t.TempDir(), Publish: backend(renders(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) {
		return &simulate.Answer{Status: 200, Header: simulate.Header{{Name: "Content-Type", Value: "text/event-stream"}}, Body: r}, nil
	}))})
	res, err := client(t).Get("http://" + listening(t, s) + "/content/events.html")
	if err == nil {
		t.Cleanup(func() { res.Body.Close() })
	}
	_ = w
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"data: 1\n\n", "data: 2\n\n"} {
		go func() { _, _ = io.WriteString(w, part) }()
		b := make([]byte, len(part))
		if _, err := io.ReadFull(res.Body, b); err != nil || string(b) != part {
			t.Fatalf("got %q, %v", b, err)
		}
	}
	w.Close()
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) > 0 {
		t.Errorf("then %q, %v", rest, err)
	}
}

// TestCutOff: a body that breaks off is not cached, and the client sees that it is not whole.
func TestCutOff(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ name, length string }{{"announced", "Content-Length: 100000"}, {"not announced", "X-Page: x"}, {"small", "Content-Length: 20"}} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: dir, Publish: backend(renders(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) {
				a := page("", tt.length)
				a.Body = io.NopCloser(io.MultiReader(strings.NewReader("half a page"), broken{}))
				return a, nil
			}))})
			res, err := client(t).Get("http://" + listening(t, s) + "/content/a.html")
			if err == nil {
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
			}
			if err == nil {
				t.Error("the client took half a page for a whole one")
			}
			if _, err := os.Stat(filepath.Join(dir, "content/a.html")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("half a page is in the cache: %v", err)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestClientLeaves: the render is told, and nothing is cached.
func TestClientLeaves(t *testing.T) {
	dir := t.TempDir()
	told := make(chan struct{})
	asked := make(chan struct{})
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: dir, Publish: backend(renders(func(ctx context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		close(asked)
		<-ctx.Done()
		close(told)
		return nil, ctx.Err()
	}))})
	ctx, leave := context.WithCancel(t.Context())
	q, _ := http.NewRequestWithContext(ctx, "GET", "http://"+listening(t, s)+"/content/a.html", nil)
	go func() {
		<-asked
		leave()
	}()
	if _, err := client(t).Do(q); err == nil {
		t.Error("an answer came")
	}
	<-told
}

func TestRenderFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{"not connected", &simulate.ConnectError{Addr: "127.0.0.1:4503", Err: errors.New("connection refused")}, 502, "AEM is away"},
		{"time is over", simulate.ErrReceiveTimeout, 504, "The gateway did not receive a timely response"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), Log: &locked{w: &log}, Sleep: func(context.Context, time.Duration) error { return nil },
				Publish: backend(renders(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) { return nil, tt.err }))})
			got := ask(t, client(t), "GET", "http://"+listening(t, s)+"/content/a.html")
			if got.StatusCode != tt.status || !strings.Contains(got.body, tt.body) {
				t.Errorf("got %d %q", got.StatusCode, got.body)
			}
			s.Close()
			if tt.status == 502 && !strings.Contains(log.String(), "[W]") {
				t.Errorf("the log has no warning:\n%s", log.String())
			}
		})
	}
}

// locked is a writer for many goroutines.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// TestHeaderOrder: a render gets headers in the client's order and letters, over one connection after another request with a body.
func TestHeaderOrder(t *testing.T) {
	var got []string
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		got = nil
		for _, f := range q.Header {
			got = append(got, f.Name)
		}
		if q.Body != nil {
			_, _ = io.Copy(io.Discard, q.Body)
		}
		return page("x", "Content-Length: 1"), nil
	}))})
	conn, err := net.Dial("tcp", listening(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	one := "POST /content/a.html HTTP/1.1\r\nHost: h\r\nx-zebra: 1\r\nContent-Length: 21\r\nX-aPple: 2\r\n\r\nGET /x HTTP/1.1\r\n\r\n.."
	two := "GET /content/b.html?q HTTP/1.1\r\nx-zebra: 1\r\nHost: h\r\nX-aPple: 2\r\nACCEPT: */*\r\n\r\n"
	for _, tt := range []struct{ text, want string }{
		{one, "x-zebra Content-Length X-aPple"}, {two, "x-zebra X-aPple ACCEPT"},
		{one + two, "x-zebra X-aPple ACCEPT"},
		{strings.Replace(two, "\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1), "x-zebra X-aPple ACCEPT"},
		{two, "Accept X-Apple X-Zebra"}, // heads cannot be told from bodies any more
	} {
		if _, err := io.WriteString(conn, tt.text); err != nil {
			t.Fatal(err)
		}
		for range strings.Count(tt.text, "Host: h") {
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != 200 {
				t.Fatal(res.Status, err)
			}
		}
		sent := strings.Join(got, " ")
		if !strings.Contains(sent, tt.want) {
			t.Errorf("the render got %s, want %s", sent, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), Limits: serve.Limits{HeaderBytes: 4 << 10, BodyBytes: 100}, Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		if q.Body != nil {
			if _, err := io.Copy(io.Discard, q.Body); err != nil {
				return nil, err
			}
		}
		return page("x"), nil
	}))})
	base, c := "http://"+listening(t, s), client(t)
	q, _ := http.NewRequest("POST", base+"/content/a.html", strings.NewReader(strings.Repeat("x", 101)))
	if got := do(t, c, q); got.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too large: %d", got.StatusCode)
	}
	q, _ = http.NewRequest("GET", base+"/content/a.html", nil)
	q.Header.Set("X-Large", strings.Repeat("x", 16<<10))
	// The connection may be gone before the client has read why.
	if res, err := c.Do(q); err == nil && res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a head that is too large: %d", res.StatusCode)
	}
	q, _ = http.NewRequest("POST", base+"/content/a.html", io.MultiReader(strings.NewReader(strings.Repeat("x", 101)))) // sent in chunks
	if got := do(t, c, q); got.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that turns out too large: %d", got.StatusCode)
	}
	q, _ = http.NewRequest("POST", base+"/content/a.html", strings.NewReader(strings.Repeat("x", 100)))
	if got := do(t, c, q); got.StatusCode != 200 {
		t.Errorf("a body that is just small enough: %d", got.StatusCode)
	}
}

// TestConnections: clients who say nothing keep nobody out.
func TestConnections(t *testing.T) {
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), Limits: serve.Limits{Connections: 4}, Publish: backend(renders(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) {
		return page("x"), nil
	}))})
	addr := listening(t, s)
	for range 20 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /content/a.html HTTP/1.1\r\nHost:"); err != nil {
			break // it was closed to make room
		}
	}
	if got := ask(t, client(t), "GET", "http://"+addr+"/content/a.html"); got.StatusCode != 200 {
		t.Errorf("got %d", got.StatusCode)
	}
}

func TestTLS(t *testing.T) {
	cert, err := serve.SelfSigned(time.Now(), []string{"www.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	var proto atomic.Value
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), TLS: &tls.Config{Certificates: cert}, Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
		v, _ := q.Header.Value("X-Forwarded-Proto")
		proto.Store(v)
		return page("x"), nil
	}))})
	addr := listening(t, s)
	for _, h2 := range []bool{true, false} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "www.example.com.localhost"}, ForceAttemptHTTP2: h2}
		defer tr.CloseIdleConnections()
		got := ask(t, &http.Client{Transport: tr}, "GET", "https://"+addr+"/content/a.html", "Host: www.example.com.localhost")
		want := 1
		if h2 {
			want = 2
		}
		if got.StatusCode != 200 || got.body != "x" || got.ProtoMajor != want || proto.Load() != "https" {
			t.Errorf("HTTP/%d: got %d %q, X-Forwarded-Proto %v", got.ProtoMajor, got.StatusCode, got.body, proto.Load())
		}
		if err := got.TLS.PeerCertificates[0].VerifyHostname("www.example.com.localhost"); err != nil {
			t.Error(err)
		}
	}
}

// TestReload: another configuration takes over, a broken one does not, and requests that are under way end with the one that they
// began with.
func TestReload(t *testing.T) {
	var filter atomic.Value
	filter.Store(openFilter)
	ask1, goOn := make(chan struct{}), make(chan struct{})
	var notices []serve.Notice
	s := newServer(t, serve.Options{
		Load: func(ctx context.Context) (*serve.Configuration, error) {
			return loaded(ctx, project.Options{FS: siteFS(filter.Load().(string))})
		},
		Notice: func(n serve.Notice) { notices = append(notices, n) },
		Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
			if strings.Contains(q.Target, "slow") {
				close(ask1)
				<-goOn
			}
			return page("x"), nil
		})),
	})
	base, c := "http://"+listening(t, s), client(t)
	status := func() int { return ask(t, c, "GET", base+"/content/a.html").StatusCode }
	if status() != 200 {
		t.Fatal("it is open at first")
	}
	slow := make(chan int)
	go func() {
		res, err := client(t).Get(base + "/content/slow.html")
		if err != nil {
			t.Error(err)
			slow <- 0
			return
		}
		res.Body.Close()
		slow <- res.StatusCode
	}()
	<-ask1
	filter.Store(`/0001 { /type "deny" /url "*" }`)
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != 404 {
		t.Errorf("the new filter: got %d", got)
	}
	close(goOn)
	if got := <-slow; got != 200 {
		t.Errorf("the request under way: got %d", got)
	}
	filter.Store(`/0001 { /type "allow" /url "*" `)
	if err := s.Reload(t.Context()); err == nil {
		t.Error("a broken configuration was taken")
	}
	if got := status(); got != 404 {
		t.Errorf("the last good one: got %d", got)
	}
	if st := s.State(); st.Broken == nil || st.Revision != 2 {
		t.Errorf("the state is %+v", st)
	}
	filter.Store(openFilter)
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != 200 || s.State().Broken != nil {
		t.Errorf("mended: got %d", got)
	}
	if len(notices) != 3 || notices[0].Reloaded != 2 || notices[1].Err == nil || notices[2].Reloaded != 3 {
		t.Errorf("the notices are %+v", notices)
	}
}

// TestDrain: who is being answered when the server ends gets the answer.
func TestDrain(t *testing.T) {
	asked, goOn := make(chan struct{}), make(chan struct{})
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), Publish: backend(renders(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) {
		close(asked)
		<-goOn
		return page("whole"), nil
	}))})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, l) }()
	got := make(chan string)
	go func() {
		res, err := client(t).Get("http://" + l.Addr().String() + "/content/a.html")
		if err != nil {
			got <- err.Error()
			return
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		got <- string(b)
	}()
	<-asked
	end()
	close(goOn)
	if body := <-got; body != "whole" {
		t.Errorf("got %s", body)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestOnce(t *testing.T) {
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), Once: 3, Publish: backend(renders(func(context.Context, *simulate.RenderRequest) (*simulate.Answer, error) { return page("x"), nil }))})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context(), l) }()
	for range 3 {
		ask(t, client(t), "GET", "http://"+l.Addr().String()+"/content/a.html")
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestManyAtOnce asks, publishes, reloads and removes at the same time. Run with -race.
func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := newServer(t, serve.Options{Load: siteLoad(t, openFilter), CacheDir: dir, Watched: true, Limits: serve.Limits{CacheBytes: 40 << 10},
		Publish: backend(renders(func(_ context.Context, q *simulate.RenderRequest) (*simulate.Answer, error) {
			return page(strings.Repeat(q.Target, 50)), nil
		}))})
	base := "http://" + listening(t, s)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			c := client(t)
			for i := range 40 {
				switch {
				case i%10 == 5:
					ask(t, c, "POST", base+"/dispatcher/invalidate.cache", "CQ-Action: Activate", fmt.Sprintf("CQ-Handle: /content/p%d", i%5))
				case i%20 == 7 && g == 0:
					if err := s.Reload(context.Background()); err != nil {
						t.Error(err)
					}
				case i%20 == 9 && g == 1:
					_ = os.RemoveAll(filepath.Join(dir, "content")) // files may be made in it at the same time
				default:
					path := fmt.Sprintf("/content/p%d.html", (i+g)%6)
					if got := ask(t, c, "GET", base+path); got.StatusCode != 200 || got.body != strings.Repeat(path, 50) {
						t.Errorf("%s: got %d %.80q", path, got.StatusCode, got.body)
					}
				}
			}
		})
	}
	events, cancel := s.Subscribe()
	defer cancel()
	all.Go(func() {
		for range 20 {
			<-events
			s.State()
			s.Rules()
			if _, err := s.Cache(context.Background(), 100); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
}
