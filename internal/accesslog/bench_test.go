package accesslog

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// generate makes a log of n lines, with addresses, paths, queries and agents that differ.
func generate(format string, n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	agents := []string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
		"ExampleBot/2.1 (+https://bot.example.com/about)",
	}
	var b bytes.Buffer
	for i := range n {
		path := fmt.Sprintf("/content/example/us/en/section-%d/page-%d.html", rnd.IntN(20), rnd.IntN(5000))
		if rnd.IntN(100) < 15 {
			path += fmt.Sprintf("?utm_source=mail&id=%d", rnd.IntN(1e6))
		}
		ip := fmt.Sprintf("10.%d.%d.%d", rnd.IntN(256), rnd.IntN(256), rnd.IntN(256))
		agent := agents[rnd.IntN(len(agents))]
		second := i / 200 % 60
		switch format {
		case "cdn":
			fmt.Fprintf(&b, `{"timestamp":"2026-05-26T09:47:%02d+0000","ttfb":%d,"cli_ip":"%s","cli_country":"CH","rid":"%08x","req_ua":"%s","host":"www.example.com","url":"%s","method":"GET","res_ctype":"text/html","cache":"HIT","status":200,"res_age":%d,"pop":"PAR","rules":""}`+"\n",
				second, rnd.IntN(400), ip, rnd.Uint32(), agent, path, rnd.IntN(9999))
		case "dispatcher":
			fmt.Fprintf(&b, `[17/Jul/2026:23:48:%02d +0000] [I] [cm-p1-e2-aem-publish-6c] "GET %s" - %dms [publishfarm/0] [action miss] "www.example.com"`+"\n", second, path, rnd.IntN(500))
		default:
			fmt.Fprintf(&b, `%s - - [10/Oct/2026:13:55:%02d +0200] "GET %s HTTP/1.1" 200 %d "https://www.example.com/en.html" "%s"`+"\n",
				ip, second, path, 1000+rnd.IntN(90000), agent)
		}
	}
	return b.Bytes()
}

// BenchmarkRead reads generated logs on one core. The baseline finds line ends alone.
func BenchmarkRead(b *testing.B) {
	const lines = 50_000
	perLine := func(b *testing.B, before time.Duration) {
		if used := cpuTime() - before; used > 0 {
			b.ReportMetric(float64(used.Nanoseconds())/float64(b.N*lines), "cpu-ns/line")
			b.ReportMetric(float64(b.N*lines)/used.Seconds()/1e6, "Mlines/cpu-s")
		}
	}
	b.Run("baseline-lines", func(b *testing.B) {
		text := generate("combined", lines)
		b.SetBytes(int64(len(text)))
		before := cpuTime()
		for b.Loop() {
			n := 0
			for rest := text; len(rest) > 0; n++ {
				rest = rest[bytes.IndexByte(rest, '\n')+1:]
			}
			if n != lines {
				b.Fatal(n)
			}
		}
		perLine(b, before)
	})
	for _, format := range []string{"combined", "cdn", "dispatcher"} {
		b.Run(format, func(b *testing.B) {
			text := generate(format, lines)
			p, err := New(Options{Format: format})
			if err != nil {
				b.Fatal(err)
			}
			src := bytes.NewReader(nil)
			r := newReader(src, p)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			before := cpuTime()
			for b.Loop() {
				src.Reset(text)
				r.offset, r.eof, r.start, r.end = 0, false, 0, 0
				n := 0
				for r.Next() {
					n += len(r.Record().Method)
				}
				if n != 3*lines {
					b.Fatal(n)
				}
			}
			perLine(b, before)
		})
	}
}

// BenchmarkGzip sets reading a packed log beside unpacking it alone.
func BenchmarkGzip(b *testing.B) {
	packed := pack(b, generate("combined", 50_000))
	b.Run("baseline-unpack", func(b *testing.B) {
		for b.Loop() {
			d := decompress(bytes.NewReader(packed), Gzip, true)
			if _, err := io.Copy(io.Discard, d); err != nil {
				b.Fatal(err)
			}
			d.Close()
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			r, err := Stream(bytes.NewReader(packed), Options{})
			if err != nil {
				b.Fatal(err)
			}
			for r.Next() {
			}
			if r.Stats().Records != 50_000 {
				b.Fatal(r.Stats())
			}
			r.Close()
		}
	})
}
