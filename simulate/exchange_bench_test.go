package simulate_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/internal/mock"
	"github.com/dispcheck/dispcheck/simulate"
)

// The configurations of the benchmarks: a farm as a site has it, with a statfile for the whole cache, and with statfiles
// two levels deep, stored headers and times to live.
const (
	benchFlat = `/farms { /publish {
	/virtualhosts { "*" }
	/renders { /rend01 { /hostname "localhost" /port "4503" } }
	/filter {
		/0001 { /type "deny" /url "*" }
		/0010 { /type "allow" /extension '(css|gif|ico|js|png|svg|html|jpe?g|pdf|woff2?)' /path "/content/*" }
		/0011 { /type "allow" /method "GET" /url "/etc.clientlibs/*" }
		/0012 { /type "allow" /method "POST" /url "/content/*.form.html" }
		/0013 { /type "deny" /selectors '(feed|rss|pages|infinity|tidy|sysview|docview|query|[0-9-]+)' /extension '(json|xml|html)' }
		/0014 { /type "deny" /url "/content/dam/private/*" }
	}
	/cache {
		/docroot "/var/www/html"
		/statfileslevel "0"
		/rules { /0000 { /glob "*" /type "allow" } }
		/invalidate { /0000 { /glob "*" /type "deny" } /0001 { /glob "*.html" /type "allow" } }
	}
} }`
	benchPage = "/content/site/us/en/products.html"
)

var benchDeep = string(bytes.Replace([]byte(benchFlat), []byte(`/statfileslevel "0"`), []byte(`/statfileslevel "2" /enableTTL "1" /headers { "Content-Type" "Cache-Control" "ETag" "X-Content-Type-Options" }`), 1))

// benchStart is when the time of the benchmarks starts.
var benchStart = time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC)

// benchFill puts a page and what stands beside it into a document root.
func benchFill(b *testing.B, store simulate.Store, body []byte) {
	b.Helper()
	root, err := store.Docroot("/var/www/html")
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range []struct {
		name, text string
		at         time.Time
	}{
		{benchPage, string(body), benchStart.Add(-time.Hour)},
		{benchPage + ".h", "Content-Type: text/html;charset=utf-8\nCache-Control: max-age=300\nETag: \"abc\"\nX-Content-Type-Options: nosniff\n", benchStart.Add(-time.Hour)},
		{benchPage + ".ttl", "", benchStart.Add(time.Hour)},
		{"/.stat", "", benchStart.Add(-2 * time.Hour)},
		{"/content/.stat", "", benchStart.Add(-2 * time.Hour)},
		{"/content/site/.stat", "", benchStart.Add(-2 * time.Hour)},
	} {
		w, err := root.Create(f.name, 0o755)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			b.Fatal(err)
		}
		if err := w.Commit(f.at); err != nil {
			b.Fatal(err)
		}
	}
}

// takeNothing takes an answer and does not read its body: what reading costs is the same for all.
type takeNothing struct{ status int }

func (s *takeNothing) Answer(status int, _ simulate.Header, _ io.Reader) error {
	s.status = status
	return nil
}

func benchEngine(b *testing.B, config string, store simulate.Store, backend simulate.Backend) *simulate.Engine {
	b.Helper()
	return simulate.New(decodeText(b, config, simulate.Version{}, nil), simulate.Options{
		Store: store, Backend: backend, Now: func() time.Time { return benchStart },
	})
}

func benchAsk(b *testing.B, e *simulate.Engine, r *simulate.Request, want simulate.Outcome) {
	b.Helper()
	ctx := context.Background()
	var d simulate.Decision
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Decide(ctx, r, &d, nil); err != nil {
			b.Fatal(err)
		}
	}
	if d.Outcome != want {
		b.Fatalf("got %v (%s), want %v", d.Outcome, d.Reason, want)
	}
}

// BenchmarkHit answers from the cache. Goals: in memory a million a second; on the disk twice the time of opening,
// looking at and closing the page at /statfileslevel 0 without headers and time to live, five times at level 2 with both.
func BenchmarkHit(b *testing.B) {
	page := bytes.Repeat([]byte("<p>text</p>"), 900)
	sink := &takeNothing{}
	request := &simulate.Request{Method: "GET", Target: benchPage, Host: "www.example.com", Sink: sink}
	decided := &simulate.Request{Method: "GET", Target: benchPage, Host: "www.example.com"}
	for _, config := range []struct{ name, text string }{{"level0", benchFlat}, {"level2-headers-ttl", benchDeep}} {
		memory := new(docroot.Memory)
		benchFill(b, memory, page)
		b.Run("memory/"+config.name, func(b *testing.B) {
			benchAsk(b, benchEngine(b, config.text, memory, nil), request, simulate.Delivered)
		})
		b.Run("memory-decided/"+config.name, func(b *testing.B) {
			benchAsk(b, benchEngine(b, config.text, memory, nil), decided, simulate.Delivered)
		})
		b.Run("disk/"+config.name, func(b *testing.B) {
			disk, err := docroot.NewDisk(b.TempDir(), nil)
			if err != nil {
				b.Fatal(err)
			}
			defer disk.Close()
			benchFill(b, disk, page)
			benchAsk(b, benchEngine(b, config.text, disk, nil), request, simulate.Delivered)
		})
	}
	dir := b.TempDir()
	name := filepath.Join(dir, filepath.FromSlash(benchPage))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(name, page, 0o644); err != nil {
		b.Fatal(err)
	}
	b.Run("baseline-open-stat-close", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f, err := os.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.Stat(); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
	b.Run("baseline-fileserver", func(b *testing.B) {
		h := http.FileServer(http.Dir(dir))
		r, err := http.NewRequest("GET", benchPage, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			w := &nowhere{header: http.Header{}}
			h.ServeHTTP(w, r)
			if w.status != 200 {
				b.Fatal(w.status)
			}
		}
	})
}

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct {
	header http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) WriteHeader(status int)      { n.status = status }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkMiss asks a mock for a page of 10 KB: passed on, stored in memory, stored on the disk.
func BenchmarkMiss(b *testing.B) {
	m := mock.Respond(200, "text/html")
	for _, way := range []struct {
		name, method string
		store        func(b *testing.B) simulate.Store
	}{
		{"passed", "POST", func(*testing.B) simulate.Store { return nil }},
		{"memory", "GET", func(*testing.B) simulate.Store { return new(docroot.Memory) }},
		{"disk", "GET", func(b *testing.B) simulate.Store {
			disk, err := docroot.NewDisk(b.TempDir(), nil)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { disk.Close() })
			return disk
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			store := way.store(b)
			e := benchEngine(b, benchFlat, store, m)
			r := &simulate.Request{Method: way.method, Target: "/content/site/us/en.form.html", Host: "www.example.com"}
			var root simulate.Docroot
			if store != nil {
				var err error
				if root, err = store.Docroot("/var/www/html"); err != nil {
					b.Fatal(err)
				}
			}
			ctx := context.Background()
			var d simulate.Decision
			b.ReportAllocs()
			for b.Loop() {
				if err := e.Decide(ctx, r, &d, nil); err != nil {
					b.Fatal(err)
				}
				if root != nil {
					if !d.Cache.Stored {
						b.Fatalf("not stored: %s", d.Cache.Reason)
					}
					if err := root.Remove("/content/site/us/en.form.html"); err != nil {
						b.Fatal(err)
					}
				}
			}
			if d.Outcome != simulate.Answered {
				b.Fatalf("got %v (%s)", d.Outcome, d.Reason)
			}
		})
	}
}
