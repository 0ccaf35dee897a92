package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/accesslog"
	"github.com/dispcheck/dispcheck/internal/replay"
)

// benchLines is how long the generated log is: 2 million lines where DISPCHECK_BENCH_LINES asks for them.
func benchLines() int {
	if n, err := strconv.Atoi(os.Getenv("DISPCHECK_BENCH_LINES")); err == nil && n > 0 {
		return n
	}
	return 100_000
}

// benchLog writes the log, and packs it.
func benchLog(b *testing.B) (plain, packed string, lines int) {
	b.Helper()
	dir := b.TempDir()
	plain, packed, lines = filepath.Join(dir, "access.log"), filepath.Join(dir, "access.log.gz"), benchLines()
	f, err := os.Create(plain)
	if err != nil {
		b.Fatal(err)
	}
	if err := generateLog(f, lines, max(lines/20, 1000)); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile(plain)
	if err != nil {
		b.Fatal(err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(text); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(packed, z.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	return plain, packed, lines
}

// BenchmarkReplay replays a generated log, beside reading it alone in the same run: for the .any side, with virtual hosts and
// rewrite rules, on one core and on all that there are, plain and packed.
//
//	DISPCHECK_BENCH_LINES=2000000 go test ./internal/replay -run '^$' -bench Replay -benchtime 3x -cpu 1,2
func BenchmarkReplay(b *testing.B) {
	plain, packed, lines := benchLog(b)
	perSecond := func(b *testing.B, before time.Duration) {
		b.ReportMetric(float64(b.N*lines)/b.Elapsed().Seconds()/1e6, "Mlines/s")
		if used := cpuTime() - before; used > 0 {
			b.ReportMetric(float64(used.Nanoseconds())/float64(b.N*lines), "cpu-ns/line")
		}
	}
	b.Run("baseline-parse", func(b *testing.B) {
		before := cpuTime()
		for b.Loop() {
			parseOnly(b, plain, runtime.GOMAXPROCS(0))
		}
		perSecond(b, before)
	})
	b.Run("baseline-gunzip", func(b *testing.B) {
		before := cpuTime()
		for b.Loop() {
			f, err := os.Open(packed)
			if err != nil {
				b.Fatal(err)
			}
			z, err := gzip.NewReader(f)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, z); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
		perSecond(b, before)
	})
	for _, kind := range []struct {
		name  string
		httpd bool
		log   string
	}{{"any", false, plain}, {"any-gz", false, packed}, {"httpd", true, plain}, {"httpd-gz", true, packed}} {
		b.Run(kind.name, func(b *testing.B) {
			p := exampleProject(b, "cloud", kind.httpd)
			before := cpuTime()
			for b.Loop() {
				o := p.options()
				o.Host, o.Scheme, o.Jobs = "www.wknd.example", "https", runtime.GOMAXPROCS(0)
				r, err := replay.Run(context.Background(), []replay.Input{fileInput(kind.log, o.Reading())}, o)
				if err != nil {
					b.Fatal(err)
				}
				if s := r.Summary(10); s.Parsed != int64(lines) || s.Allow == 0 || s.Deny == 0 {
					b.Fatalf("got %d requests, %d allowed, %d denied", s.Parsed, s.Allow, s.Deny)
				}
			}
			perSecond(b, before)
		})
	}
}

// parseOnly reads a log in as many goroutines as replay does, and decides nothing.
func parseOnly(b *testing.B, name string, jobs int) {
	f, err := accesslog.Open(name, accesslog.Options{})
	if err != nil {
		b.Fatal(err)
	}
	blocks, err := f.Blocks()
	if err != nil {
		b.Fatal(err)
	}
	defer blocks.Close()
	free, full, done := make(chan *accesslog.Block, jobs+2), make(chan *accesslog.Block, jobs), make(chan int64)
	for range jobs + 2 {
		free <- new(accesslog.Block)
	}
	for range jobs {
		go func() {
			var r accesslog.BlockReader
			n := int64(0)
			for k := range full {
				r.Begin(f.Parser, k)
				for r.Next() {
				}
				n += r.Stats().Records
				free <- k
			}
			done <- n
		}()
	}
	for k := <-free; blocks.Next(k); k = <-free {
		full <- k
	}
	close(full)
	n := int64(0)
	for range jobs {
		n += <-done
	}
	if n == 0 {
		b.Fatal("nothing was read")
	}
}

// BenchmarkMemory says how much memory a distinct request takes beyond what a run needs for itself.
func BenchmarkMemory(b *testing.B) {
	p := exampleProject(b, "cloud", false)
	for _, distinct := range []int{1000, 200_000} {
		b.Run(fmt.Sprint(distinct), func(b *testing.B) {
			for b.Loop() {
				var log bytes.Buffer
				for i := range distinct {
					fmt.Fprintf(&log, "GET /content/wknd/us/en/section-%d/article-with-a-name-%d.html?utm_source=mail&page=%d\n", i%40, i, i)
				}
				o := p.options()
				o.Host = "www.wknd.example"
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				r, err := replay.Run(context.Background(), []replay.Input{{Name: "urls", Open: func() (*accesslog.Blocks, error) {
					return accesslog.StreamBlocks(&log, o.Log)
				}}}, o)
				if err != nil {
					b.Fatal(err)
				}
				log = bytes.Buffer{}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(distinct), "B/distinct")
				if s := r.Summary(1); s.Distinct != int64(distinct) {
					b.Fatal(s.Distinct)
				}
			}
		})
	}
}
