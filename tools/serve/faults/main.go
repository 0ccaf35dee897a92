// Command faults takes away from dispcheck serve what it stands on, one thing after the other, while clients ask: the publish, its
// speed, whole answers, room on the disk, the cache folder, room for other clients, and peace from flushes. After each it wants: the
// process lives, no client got a page that is not whole or is another URL's, the cache has no such file, memory is bounded, and all is
// well again within seconds. Every fault takes a bounded time.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/dispcheck/dispcheck/tools/serve/internal/proc"
)

var (
	seconds = flag.Int("seconds", 6, "how long each fault lasts")
	only    = flag.String("only", "", "the faults to try, by name, with commas between")
	clients = flag.Int("clients", 32, "how many clients ask at the same time")
	slow    = flag.Int("slow", 10_000, "how many slow clients there are")
)

// body is the page at a path: it starts and ends with it, and is of a size of its own.
func body(path string) []byte {
	size := 2_000 + int(hash(path)%60_000)
	b := bytes.Repeat([]byte(path+"\n"), size/(len(path)+1)+1)
	return append(b[:size:size], "END "+path...)
}

func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// A publish is the AEM behind it all. It can be stopped, slowed down, and made to break off.
type publish struct {
	addr string
	mu   sync.Mutex
	srv  *http.Server

	delay, cut atomic.Int64 // of each answer in ms; one in so many breaks off, 0 for none
	asked      atomic.Int64
}

func (p *publish) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	if d := p.delay.Load(); d > 0 {
		select {
		case <-time.After(time.Duration(d) * time.Millisecond):
		case <-r.Context().Done():
			return
		}
	}
	b := body(r.URL.Path)
	w.Header().Set("Content-Type", "text/html")
	if hash(r.URL.Path)%2 == 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	}
	if n := p.cut.Load(); n > 0 && rand.Int64N(n) == 0 {
		w.Write(b[:len(b)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	w.Write(b)
}

func (p *publish) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	var l net.Listener
	var err error
	for range 50 {
		if l, err = net.Listen("tcp", p.addr); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	fatal(err)
	p.addr = l.Addr().String()
	p.srv = &http.Server{Handler: p, ErrorLog: nothing}
	go p.srv.Serve(l)
}

func (p *publish) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.srv.Close()
}

// A bench is a server under test, with its publish and its cache.
type bench struct {
	dir, cache, program string
	publish             *publish
	server              *proc.Server
	more                []string // flags

	peak atomic.Uint64 // of memory in KB
}

func (b *bench) start() {
	addr := proc.Free()
	args := append([]string{"serve", "-q", "-c", "example:cloud", "--listen", addr, "--page", proc.Free(), "--cache-dir", b.cache, "--publish", b.publish.addr, "--color", "never"}, b.more...)
	s, err := proc.Start("dispcheck serve", addr, exec.Command(b.program, args...))
	fatal(err)
	b.server = s
}

// A tally counts what clients got.
type tally struct {
	whole, refused, broken, wrong atomic.Int64
	example                       atomic.Value
}

func (t *tally) String() string {
	return fmt.Sprintf("%d whole, %d errors told, %d broken off and seen so, %d WRONG", t.whole.Load(), t.refused.Load(), t.broken.Load(), t.wrong.Load())
}

// pages are the paths that clients ask for.
func pages(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("/content/wknd/us/en/d%d/p%d.html", i%7, i))
	}
	return out
}

// get asks for a page, and counts what came. It reports whether that was the whole page.
func (b *bench) get(c *http.Client, path string, t *tally) bool {
	res, err := c.Get("http://" + b.server.Addr + path)
	if err != nil {
		t.broken.Add(1)
		return false
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	switch {
	case res.StatusCode >= 500:
		t.refused.Add(1)
	case err != nil: // the client sees that something is missing
		t.broken.Add(1)
	case res.StatusCode == 200 && bytes.Equal(got, body(path)):
		t.whole.Add(1)
		return true
	default:
		t.wrong.Add(1)
		t.example.Store(fmt.Sprintf("%s: %d, %d bytes of %d, %.60q … %.60q", path, res.StatusCode, len(got), len(body(path)), got, got[max(0, len(got)-60):]))
	}
	return false
}

func client() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableCompression: true}}
}

// ask lets clients ask until ctx is over. query keeps pages from the cache.
func (b *bench) ask(ctx context.Context, paths []string, t *tally) {
	var all sync.WaitGroup
	for range *clients {
		all.Go(func() {
			c := client()
			defer c.CloseIdleConnections()
			for ctx.Err() == nil {
				if !b.get(c, paths[rand.IntN(len(paths))], t) {
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	all.Go(func() {
		for ctx.Err() == nil {
			b.peak.Store(max(b.peak.Load(), uint64(b.server.Memory()*1024)))
			time.Sleep(100 * time.Millisecond)
		}
	})
	all.Wait()
}

// partial are files of the cache that are not what their URL has.
func (b *bench) partial() (bad []string, files int) {
	filepath.WalkDir(b.cache, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".html") {
			return nil
		}
		files++
		text, err := os.ReadFile(name)
		path := filepath.ToSlash(strings.TrimPrefix(name, b.cache))
		if err == nil && !bytes.Equal(text, body(path)) {
			bad = append(bad, fmt.Sprintf("%s has %d bytes of %d", path, len(text), len(body(path))))
		}
		return nil
	})
	return bad, files
}

// recovers waits until a hundred pages in a row are whole.
func (b *bench) recovers() (time.Duration, bool) {
	c := client()
	defer c.CloseIdleConnections()
	start := time.Now()
	var t tally
	for row := 0; time.Since(start) < 20*time.Second; {
		if b.get(c, pages(200)[rand.IntN(200)], &t) {
			if row++; row == 100 {
				return time.Since(start), true
			}
		} else {
			row = 0
			time.Sleep(20 * time.Millisecond)
		}
	}
	return 0, false
}

// A fault is something that goes wrong for as long as ctx lasts.
type fault struct {
	name, what string
	flags      []string
	paths      int
	// memory bounds what the server may take, in MB.
	memory float64
	// prepare makes the world ready; an error is why the fault cannot be tried here.
	prepare func(*bench) error
	do      func(context.Context, *bench)
	after   func(*bench)
	// nothing says that clients must not notice.
	nothing bool
}

func faults() []fault {
	return []fault{
		{name: "publish-gone", what: "the publish is killed and comes back, again and again", paths: 5_000, memory: 120, do: func(ctx context.Context, b *bench) {
			for ctx.Err() == nil {
				wait(ctx, 700*time.Millisecond)
				b.publish.stop()
				wait(ctx, 300*time.Millisecond)
				b.publish.start()
			}
		}},
		{name: "slow", what: "each answer of the publish takes 2 s", paths: 5_000, memory: 120, nothing: true,
			do:    func(ctx context.Context, b *bench) { b.publish.delay.Store(2_000); <-ctx.Done() },
			after: func(b *bench) { b.publish.delay.Store(0) }},
		{name: "cut", what: "one answer of three breaks off", paths: 5_000, memory: 120,
			do:    func(ctx context.Context, b *bench) { b.publish.cut.Store(3); <-ctx.Done() },
			after: func(b *bench) { b.publish.cut.Store(0) }},
		{name: "disk-full", what: "the cache is a disk of 4 MB", paths: 5_000, memory: 120, nothing: true,
			prepare: func(b *bench) error {
				if os.Geteuid() != 0 {
					return errors.New("only root may mount a disk")
				}
				return syscall.Mount("tmpfs", b.cache, "tmpfs", 0, "size=4m")
			},
			do:    func(ctx context.Context, _ *bench) { <-ctx.Done() },
			after: func(b *bench) { syscall.Unmount(b.cache, syscall.MNT_DETACH) }},
		{name: "cache-removed", what: "the files of the cache are removed every 50 ms, and its folder too", paths: 300, memory: 120, nothing: true, do: func(ctx context.Context, b *bench) {
			for i := 0; ctx.Err() == nil; i++ {
				wait(ctx, 50*time.Millisecond)
				os.RemoveAll(filepath.Join(b.cache, "content"))
				if i%20 == 19 {
					os.RemoveAll(b.cache)
					os.MkdirAll(b.cache, 0o755)
				}
			}
		}},
		{name: "slow-clients", what: strconv.Itoa(*slow) + " clients send a byte of their request now and then", paths: 300, memory: 250, nothing: true, do: slowClients},
		{name: "flushes", what: "a flush every 10 ms", paths: 300, memory: 120, nothing: true, do: func(ctx context.Context, b *bench) {
			c := client()
			defer c.CloseIdleConnections()
			for ctx.Err() == nil {
				r, _ := http.NewRequestWithContext(ctx, "POST", "http://"+b.server.Addr+"/dispatcher/invalidate.cache", nil)
				r.Header.Set("CQ-Action", "Activate")
				r.Header.Set("CQ-Handle", fmt.Sprintf("/content/wknd/us/en/d%d/p%d", rand.IntN(7), rand.IntN(300)))
				if res, err := c.Do(r); err == nil {
					if res.StatusCode != 200 {
						fatal(fmt.Errorf("a flush answers %d", res.StatusCode))
					}
					io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
				wait(ctx, 10*time.Millisecond)
			}
		}},
	}
}

// slowClients are connections that say little.
func slowClients(ctx context.Context, b *bench) {
	var open sync.WaitGroup
	var conns, closed atomic.Int64
	for g := range 50 {
		open.Go(func() {
			var mine []net.Conn
			defer func() {
				for _, c := range mine {
					c.Close()
				}
			}()
			for len(mine) < *slow/50 && ctx.Err() == nil {
				c, err := net.DialTimeout("tcp", b.server.Addr, 5*time.Second)
				if err != nil {
					wait(ctx, 20*time.Millisecond)
					continue
				}
				conns.Add(1)
				fmt.Fprintf(c, "GET /content/wknd/us/en/d%d/p%d.html HTTP/1.1\r\nHost: ", g%7, g)
				mine = append(mine, c)
			}
			for ctx.Err() == nil {
				wait(ctx, 500*time.Millisecond)
				for _, c := range mine {
					if _, err := c.Write([]byte("x")); err != nil {
						closed.Add(1)
					}
				}
			}
		})
	}
	open.Wait()
	fmt.Printf("  %d slow clients came\n", conns.Load())
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func main() {
	flag.Parse()
	raise()
	dir, err := os.MkdirTemp("", "serve-faults-")
	fatal(err)
	defer os.RemoveAll(dir)
	program, err := proc.Dispcheck(dir)
	fatal(err)
	failed := 0
	for _, f := range faults() {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), f.name) {
			continue
		}
		if !try(&f, dir, program) {
			failed++
		}
	}
	if failed > 0 {
		fmt.Printf("%d faults were not survived\n", failed)
		os.RemoveAll(dir)
		os.Exit(1)
	}
}

// try lets a fault happen.
func try(f *fault, dir, program string) (ok bool) {
	fmt.Printf("%s: %s\n", f.name, f.what)
	b := &bench{dir: dir, program: program, publish: &publish{addr: "127.0.0.1:0"}, more: f.flags}
	var err error
	b.cache, err = os.MkdirTemp(dir, "cache-")
	fatal(err)
	if f.prepare != nil {
		if err := f.prepare(b); err != nil {
			fmt.Printf("  skipped: %v\n", err)
			return true
		}
	}
	b.publish.start()
	defer b.publish.stop()
	b.start()
	defer b.server.Kill()

	ok = true
	want := func(holds bool, format string, args ...any) {
		if !holds {
			ok = false
			fmt.Printf("  FAILED: "+format+"\n", args...)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(*seconds)*time.Second)
	defer cancel()
	var t tally
	var done sync.WaitGroup
	done.Go(func() { f.do(ctx, b) })
	b.ask(ctx, pages(f.paths), &t)
	done.Wait()
	during := b.server.Memory()
	fmt.Printf("  %s; %d questions to the publish; at most %.0f MB, %.0f MB at the end\n", &t, b.publish.asked.Load(), float64(b.peak.Load())/1024, during)
	want(b.server.Alive(), "the server is gone")
	want(t.wrong.Load() == 0, "a client got a wrong page: %v", t.example.Load())
	want(t.whole.Load() > 0, "nobody got anything")
	if f.nothing {
		want(t.refused.Load() == 0 && t.broken.Load() == 0, "clients noticed: %s", &t)
	}
	want(float64(b.peak.Load())/1024 <= f.memory, "it took %.0f MB, and may take %.0f", float64(b.peak.Load())/1024, f.memory)
	bad, files := b.partial()
	want(len(bad) == 0, "the cache has %d files that are not whole, the first: %v", len(bad), first(bad))
	if f.after != nil {
		f.after(b)
	}
	took, well := b.recovers()
	if f.name == "cache-removed" { // and pages are stored again
		_, again := b.partial()
		want(again > 20, "only %d pages are stored again", again)
	}
	want(well, "it is not well again after 20 s")
	fmt.Printf("  the cache had %d files; well again after %d ms; ", files, took.Milliseconds())
	err = b.server.Stop()
	want(err == nil, "it ended with %v", err)
	fmt.Printf("ended in peace: %v\n", err == nil)
	return ok
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// raise lets this process have as many connections as the system allows.
func raise() {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) == nil {
		r.Cur = r.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r)
	}
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}
