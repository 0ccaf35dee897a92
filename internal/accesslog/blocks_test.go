package accesslog

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readBlocks reads a log by blocks, as many goroutines would, one after the other.
func readBlocks(t testing.TB, b *Blocks) (records []string, stats Stats) {
	t.Helper()
	var k Block
	var r BlockReader
	end := int64(0)
	for seq := 0; b.Next(&k); seq++ {
		if k.Seq != seq || k.har == nil && k.Offset < end {
			t.Fatalf("block %d at %d follows one that ends at %d, as number %d", k.Seq, k.Offset, end, seq)
		}
		end = k.End()
		lines := k.Lines()
		r.Begin(b.Parser(), &k)
		for r.Next() {
			records = append(records, show(r.Record()))
		}
		if k.har == nil && lines != r.Stats().Lines {
			t.Fatalf("block %d has %d lines, and %d were read", seq, lines, r.Stats().Lines)
		}
		s := *r.Stats()
		stats.Append(&s, b.Parser().opts.samples())
	}
	return records, stats
}

// TestBlocksAreTheWhole: read by blocks, a log has the records, the counts and the samples that it has read at once.
func TestBlocksAreTheWhole(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 9))
	for try := range 40 {
		var text bytes.Buffer
		for range rnd.IntN(4000) {
			switch rnd.IntN(40) {
			case 0:
				text.WriteString(strings.Repeat("z", rnd.IntN(900)) + "\n")
			case 1:
				text.WriteString("\n")
			case 2:
				text.WriteString("\x00\xff" + strings.Repeat("\x01", rnd.IntN(50)) + "\r\n")
			default:
				fmt.Fprintf(&text, "GET /content/%d.html?a=%d www.example.com\n", rnd.IntN(1000), rnd.IntN(10))
			}
		}
		if try%5 == 0 {
			text.WriteString(strings.Repeat("long ", 200_000) + "\n/after.html\n")
		}
		if try%3 == 0 {
			text.WriteString("/no-end")
		}
		o := Options{Format: "urls", MaxLine: 1 + rnd.IntN(1000), SampleText: 20}
		whole, err := Stream(bytes.NewReader(text.Bytes()), o)
		if err != nil {
			t.Fatal(err)
		}
		want := drain(whole)
		for name, src := range map[string]io.Reader{
			"plain": bytes.NewReader(text.Bytes()), "gzip": bytes.NewReader(pack(t, text.Bytes())), "in halves": iotest.HalfReader(bytes.NewReader(text.Bytes())),
		} {
			b, err := StreamBlocks(src, o)
			if err != nil {
				t.Fatal(err)
			}
			got, stats := readBlocks(t, b)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s: want -, got +:\n%s", name, diff)
			}
			s := *whole.Stats()
			s.Bytes, stats.Bytes = 0, 0 // of a line that is too long, not all is counted
			if diff := cmp.Diff(s, stats, cmp.AllowUnexported(Stats{})); diff != "" {
				t.Fatalf("%s: want -, got +:\n%s", name, diff)
			}
		}
	}
}

// TestBlocksSkip: reading can be gone on with where a block ends.
func TestBlocksSkip(t *testing.T) {
	text := generate("combined", 5000)
	dir := t.TempDir()
	for name, data := range map[string][]byte{"plain": text, "packed": pack(t, text)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		open := func() *Blocks {
			b, err := f.Blocks()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.Close() })
			return b
		}
		want, _ := readBlocks(t, open())
		first := open()
		var k Block
		var r BlockReader
		for n := range 2 {
			if !first.Next(&k) {
				t.Fatalf("there are only %d blocks", n)
			}
		}
		end, seq := k.End(), k.Seq+1
		rest := open()
		if err := rest.Skip(end, seq); err != nil {
			t.Fatal(err)
		}
		var got []string
		for rest.Next(&k) {
			if k.Seq != seq {
				t.Fatalf("%s: block %d, want %d", name, k.Seq, seq)
			}
			seq++
			for r.Begin(f.Parser, &k); r.Next(); {
				got = append(got, show(r.Record()))
			}
		}
		if diff := cmp.Diff(want[len(want)-len(got):], got); diff != "" || len(got) == 0 || len(got) == len(want) {
			t.Errorf("%s: %d of %d records; want -, got +:\n%s", name, len(got), len(want), diff)
		}
	}
}

// TestBlocksCutOff: a packed log that ends early gives what there was, and says so.
func TestBlocksCutOff(t *testing.T) {
	data := pack(t, generate("combined", 20_000))
	b, err := StreamBlocks(bytes.NewReader(data[:len(data)/2]), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, stats := readBlocks(t, b)
	if len(got) < 1000 || stats.Count(Corrupt) != 1 || b.Err() != nil {
		t.Errorf("%d records, %d corrupt, %v", len(got), stats.Count(Corrupt), b.Err())
	}
	wrong := io.MultiReader(bytes.NewReader(generate("combined", 50)), iotest.ErrReader(os.ErrPermission))
	if b, err = StreamBlocks(wrong, Options{Format: "combined"}); err != nil {
		t.Fatal(err)
	}
	if got, stats = readBlocks(t, b); len(got) != 50 || stats.Count(Unreadable) != 1 || b.Err() == nil {
		t.Errorf("%d records, %d unreadable, %v", len(got), stats.Count(Unreadable), b.Err())
	}
}

func TestZstandard(t *testing.T) {
	f, err := Open("testdata/cdn.log.zst", Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Blocks()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got, _ := readBlocks(t, b); len(got) != 30 || b.Parser().Name() != "cdn" {
		t.Errorf("%d records of format %s", len(got), b.Parser().Name())
	}
	text, err := os.ReadFile("testdata/cdn.log.zst")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = StreamBlocks(bytes.NewReader(text[:len(text)-9]), Options{Format: "cdn"}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("cut off in its first block: got %v", err)
	}
}

func TestMask(t *testing.T) {
	for _, tt := range [][2]string{
		{"198.51.100.77 - x", "000.00.000.00 - x"},
		{"2001:db8::17 GET /a?q=private&b=2 HTTP/1.1", "* GET /a?q=*&b=* HTTP/0.0"},
		{`user=jane "Mozilla/5.0" jane@example.org`, `user=* "Mozilla/0.0" *`},
		{"", ""},
		{"=", "=*"},
		{strings.Repeat("a", 300), strings.Repeat("a", 100)},
	} {
		if got := Mask([]byte(tt[0]), 100); got != tt[1] {
			t.Errorf("%q: got %q, want %q", tt[0], got, tt[1])
		}
	}
}

// TestFlushLines: lines that say what a flush asks for are delivered where they are wanted.
func TestFlushLines(t *testing.T) {
	text := "[17/Jul/2026:23:48:06 +0000] [I] [pod-1] Activation detected: action=Delete [/content/a b]\n" +
		"[17/Jul/2026:23:48:06 +0000] [I] [pod-1] Touched /mnt/.stat\n" +
		`[17/Jul/2026:23:48:07 +0000] [I] [pod-1] "GET /dispatcher/invalidate.cache" 200 purge [site/-] 3ms` + "\n"
	for _, wanted := range []bool{false, true} {
		p, err := New(Options{Format: "dispatcher", Flushes: wanted})
		if err != nil {
			t.Fatal(err)
		}
		r := newReader(strings.NewReader(text), p)
		var got []string
		for r.Next() {
			if f := r.Record().Flush; f != nil {
				got = append(got, string(r.Record().Action)+" "+string(f))
			}
		}
		if wanted != (len(got) == 1 && got[0] == "Delete /content/a b") || r.Stats().Records != 1 || r.Stats().Count(OtherMessage) != 2 {
			t.Errorf("%v: got %q, %+v", wanted, got, r.Stats())
		}
	}
}
