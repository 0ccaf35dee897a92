package serve_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/serve"
)

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct{ h http.Header }

func (w *nowhere) Header() http.Header         { return w.h }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w *nowhere) Flush()                      {}

// BenchmarkHit answers from the cache, beside Go's server of files with the same file: what an answer costs without the network.
func BenchmarkHit(b *testing.B) {
	dir := b.TempDir()
	page := filepath.Join(dir, "content/wknd/us/en.html")
	if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(page, []byte(strings.Repeat("x", 10<<10)), 0o644); err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/content/wknd/us/en.html", nil)
	r.Host = "www.wknd.example"
	r.Header.Set("User-Agent", "bench")
	run := func(h http.Handler) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			w := &nowhere{http.Header{}}
			for b.Loop() {
				clear(w.h)
				h.ServeHTTP(w, r)
			}
		}
	}
	b.Run("serve", run(newServer(b, serve.Options{CacheDir: dir})))
	b.Run("watched", run(newServer(b, serve.Options{CacheDir: dir, Watched: true})))
	b.Run("baseline-FileServer", run(http.FileServer(http.Dir(dir))))
}
