package serve

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/simulate"
)

func TestSiteHost(t *testing.T) {
	for _, tt := range []struct {
		host, want string
		mapped     bool
	}{
		{"www.example.com.localhost:8080", "www.example.com", true},
		{"www.example.com.LOCALHOST", "www.example.com", true},
		{"www.example.com:8080", "www.example.com:8080", false},
		{"localhost:8080", "localhost:8080", false},
		{".localhost", ".localhost", false},
		{"[::1]:8080", "[::1]:8080", false},
		{"", "", false},
	} {
		if got, mapped := siteHost(tt.host); got != tt.want || mapped != tt.mapped {
			t.Errorf("%q: got %q, %t, want %q, %t", tt.host, got, mapped, tt.want, tt.mapped)
		}
	}
}

func TestCommonFolder(t *testing.T) {
	for _, tt := range []struct {
		roots []string
		want  string
	}{
		{nil, "/"},
		{[]string{"/mnt/var/www/html"}, "/mnt/var/www/html"},
		{[]string{"/mnt/var/www/html", "/mnt/var/www/author"}, "/mnt/var/www"},
		{[]string{"/mnt/var/www/html", "/mnt/var/www/html2"}, "/mnt/var/www"},
		{[]string{"/a/b", "/a/b/c"}, "/a/b"},
		{[]string{"/a", "/b"}, "/"},
	} {
		if got := commonFolder(tt.roots); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.roots, got, tt.want)
		}
	}
}

func TestAccessLines(t *testing.T) {
	x := &exchange{
		request: simulate.Request{
			Method: "GET", Target: "/a.html?b=\"c\\\n\x80", Proto: "HTTP/1.1", Host: "h", Client: netip.MustParseAddr("203.0.113.7"),
			Header: simulate.Header{{Name: "referer", Value: "https://x/"}, {Name: "USER-AGENT", Value: `say "hi"`}},
		},
		decision: new(simulate.Decision), at: time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC), status: 200, sent: 15, id: 7, start: time.Now(),
	}
	want := `203.0.113.7 - - [20/Nov/2025:08:00:00 +0000] "GET /a.html?b=\"c\\\n\x80 HTTP/1.1" 200 15 "https://x/" "say \"hi\""` + "\n"
	if got := string(Combined.append(nil, x)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got := string(CDN.append(nil, x))
	for _, part := range []string{`"cli_ip":"203.0.113.7"`, `"method":"GET"`, `"status":200`, `"cache":"PASS"`, `"timestamp":"2025-11-20T08:00:00+0000"`} {
		if !strings.Contains(got, part) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s is not in %s", part, got)
		}
	}
}

func TestParseRanges(t *testing.T) {
	for _, tt := range []struct {
		header string
		want   []span
		none   bool
	}{
		{"bytes=0-4", []span{{0, 5}}, false},
		{"bytes=0-4, 6-", []span{{0, 5}, {6, 4}}, false},
		{"bytes=-20", []span{{0, 10}}, false},
		{"bytes=9-100", []span{{9, 1}}, false},
		{"bytes=10-", nil, true},
		{"bytes=-0", nil, true},
		{"bytes=3-2", nil, false},
		{"bytes=a-b", nil, false},
		{"bytes=-", nil, false},
		{"chars=0-1", nil, false},
		{"bytes=" + strings.Repeat("0-1,", maxRanges+1), nil, false},
	} {
		got, err := parseRanges(tt.header, 10)
		if (err != nil) != tt.none || len(got) != len(tt.want) {
			t.Errorf("%.40s: got %v, %v", tt.header, got, err)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%.40s: got %v, want %v", tt.header, got, tt.want)
			}
		}
	}
}

func FuzzParseRanges(f *testing.F) {
	f.Add("bytes=0-4,-2", int64(10))
	f.Add("bytes=9223372036854775807-", int64(1))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		got, _ := parseRanges(header, size)
		for _, s := range got {
			if s.start < 0 || s.length < 1 || s.start+s.length > size {
				t.Errorf("%q of %d bytes: %v", header, size, s)
			}
		}
	})
}

// timed is a ResponseWriter that keeps the deadlines it was given.
type timed struct {
	http.ResponseWriter
	deadlines []time.Time
}

func (w *timed) SetWriteDeadline(at time.Time) error {
	w.deadlines = append(w.deadlines, at)
	return nil
}

// TestWholeHasDeadline: a client has so long to take an answer in one piece, and the next answer has its own time.
func TestWholeHasDeadline(t *testing.T) {
	w := &timed{ResponseWriter: httptest.NewRecorder()}
	o := &httpOutput{w: w, wait: time.Minute}
	before := time.Now()
	if n, err := o.Whole(200, nil, []byte("page")); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	o.done()
	if len(w.deadlines) != 2 || w.deadlines[0].Before(before.Add(time.Minute)) || !w.deadlines[1].IsZero() {
		t.Errorf("got %v", w.deadlines)
	}
}

// counted counts what is asked of a document root.
type counted struct {
	simulate.Docroot
	stats, opens int
}

func (c *counted) Stat(name string) (simulate.FileInfo, error) {
	c.stats++
	return c.Docroot.Stat(name)
}

func (c *counted) Open(name string) (simulate.File, error) {
	c.opens++
	return c.Docroot.Open(name)
}

func TestHotFiles(t *testing.T) {
	memory := new(docroot.Memory)
	inner, err := memory.Docroot("/r")
	if err != nil {
		t.Fatal(err)
	}
	c := &counted{Docroot: inner}
	hot := &hotRoot{Docroot: c, path: "/r", hot: newHotFiles()}
	server := &Server{}
	server.ctx = t.Context()
	r := &keptRoot{Docroot: hot, hot: hot, keeper: newKeeper(server, 1<<30)}
	put := func(text string) {
		t.Helper()
		w, err := r.Create("/content/a.html", 0o755)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
	}
	get := func() string {
		t.Helper()
		f, err := r.Open("/content/a.html")
		if err != nil {
			return err.Error()
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		if err != nil || f.Info().Size != int64(len(b)) {
			t.Fatalf("%d bytes of %d, %v", len(b), f.Info().Size, err)
		}
		return string(b)
	}
	put("one")
	for range 1000 {
		if got := get(); got != "one" {
			t.Fatalf("got %s", got)
		}
	}
	if c.opens > 900 {
		t.Errorf("the system was asked %d times of 1000", c.opens)
	}
	// What is written, removed and touched counts at once.
	put("other")
	if got := get(); got != "other" {
		t.Errorf("after it was written: %s", got)
	}
	for range 1000 {
		if info, err := r.Stat("/.stat"); err != nil || info.Kind != simulate.FileMissing {
			t.Fatal(info, err)
		}
	}
	if err := r.Touch("/.stat", 0o755, time.Unix(2e9, 0)); err != nil {
		t.Fatal(err)
	}
	if info, err := r.Stat("/.stat"); err != nil || !info.Mod.Equal(time.Unix(2e9, 0)) {
		t.Errorf("after it was touched: %v, %v", info, err)
	}
	if err := r.Remove("/content/a.html"); err != nil {
		t.Fatal(err)
	}
	if got := get(); got == "other" {
		t.Error("after it was removed it is still there")
	}
	for range 1000 {
		get()
	}
	if err := r.Remove("/content"); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if info, _ := r.Stat("/content"); info.Kind != simulate.FileMissing {
			t.Fatal("the folder is still there")
		}
	}
	put("again")
	if info, _ := r.Stat("/content"); info.Kind != simulate.FileFolder || get() != "again" {
		t.Error("a folder that was made again is not there")
	}
}

func TestKeeper(t *testing.T) {
	memory := new(docroot.Memory)
	root, err := memory.Docroot("/r")
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, size int, at int64) {
		t.Helper()
		w, err := root.Create(name, 0o755)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte("x"), size)); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(time.Unix(at, 0)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		put("/"+string(rune('a'+i))+"/p.html", 10_000, int64(1000+i))
		put("/"+string(rune('a'+i))+"/p.html.h", 10, int64(1000+i))
	}
	put("/.stat", 0, 1)
	put("/a/.stat", 0, 1)
	s := &Server{}
	s.ctx = context.Background()
	g := &generation{roots: []string{"/r"}, store: &cacheStore{Store: memory, keeper: newKeeper(s, 100_000), hot: newHotFiles()}}
	g.users.Store(1)
	s.current.Store(g)
	k := g.store.keeper
	if n := k.trim(); n == 0 || n > 8 {
		t.Errorf("%d pages were removed", n)
	}
	is := func(name string) bool {
		info, err := root.Stat(name)
		return err == nil && info.Kind == simulate.FileRegular
	}
	if is("/a/p.html") || is("/a/p.html.h") || !is("/j/p.html") || !is("/j/p.html.h") || !is("/.stat") || !is("/a/.stat") {
		t.Error("the oldest pages go, with their headers; the newest and statfiles stay")
	}
	if size := k.size.Load(); size > 90_000 {
		t.Errorf("it still takes %d", size)
	}
}
