package accesslog

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func pack(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// drain reads all: a line each of what was delivered.
func drain(r *Reader) []string {
	var all []string
	for r.Next() {
		all = append(all, show(r.Record()))
	}
	return all
}

// odd is a log with all that can go wrong.
func odd() string {
	const good = `h - - [10/Oct/2026:13:55:36 +0000] "GET /%d HTTP/1.1" 200 5`
	long := `h - - [10/Oct/2026:13:55:36 +0000] "GET /` + strings.Repeat("x", 1<<20) + ` HTTP/1.1" 200 5`
	return strings.Join([]string{
		fmt.Sprintf(good, 1), "", "\x00\x01\xff", long, fmt.Sprintf(good, 2) + "\r", `garbage "`, "more", "garbage",
		`h - - [10/Oct/2026:13:55:36 +0000] "-" 408 -`, `h - - [10/Oct/2026:13:55:36 +0000] "\x16\x03" 400 0`, long, fmt.Sprintf(good, 3), `h - - [10/Oct/2026:13:55:36 +0000] "GET /4 HT`,
	}, "\n")
}

var statsOptions = cmp.Options{cmp.AllowUnexported(Stats{}), cmpopts.EquateEmpty()}

func TestReader(t *testing.T) {
	o := Options{Format: "common", Samples: 2}
	for name, src := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r },
		"halves": func(r io.Reader) io.Reader {
			return iotest.HalfReader(r)
		},
		"error with the data": func(r io.Reader) io.Reader { return iotest.DataErrReader(r) },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Stream(src(strings.NewReader(odd())), o)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for r.Next() {
				got = append(got, fmt.Sprintf("%d %s", r.Line(), r.Record().Target))
			}
			if diff := cmp.Diff([]string{"1 /1", "5 /2", "12 /3"}, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			s := r.Stats()
			if err := r.Err(); err != nil {
				t.Error(err)
			}
			if s.Lines != 13 || s.Records != 3 || s.Bytes != int64(len(odd())) || s.Malformed() != 8 {
				t.Errorf("got %d lines, %d records, %d bytes, %d malformed", s.Lines, s.Records, s.Bytes, s.Malformed())
			}
			counts := map[string]int64{}
			for _, reason := range Reasons() {
				if n := s.Count(reason); n > 0 {
					counts[reason.String()] = n
				}
			}
			want := map[string]int64{"blank line": 1, "binary data": 1, "line is too long": 2, "line does not fit the format": 3,
				"line without a request": 1, "request line is not HTTP": 1, "text is cut off at the end": 1}
			if diff := cmp.Diff(want, counts); diff != "" {
				t.Errorf("counts (-want +got):\n%s", diff)
			}
			var lines []string
			for _, n := range s.Samples {
				if at := n.Offset; at > 0 && odd()[at-1] != '\n' {
					t.Errorf("line %d: offset %d is inside of a line", n.Line, at)
				}
				lines = append(lines, fmt.Sprintf("%d %s", n.Line, n.Reason))
			}
			wantLines := []string{"3 binary data", "4 line is too long", "6 line does not fit the format", "7 line does not fit the format",
				"10 request line is not HTTP", "11 line is too long", "13 text is cut off at the end"}
			if diff := cmp.Diff(wantLines, lines); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBlockEnds: wherever blocks end, they have together what the whole has, and their statistics add up to its.
func TestBlockEnds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 9))
	o := Options{Format: "urls", MaxLine: 40, Samples: 3}
	for n := range 600 {
		var b strings.Builder
		for range rnd.IntN(30) {
			b.WriteString(pick(rnd, "/a\n", "GET /b?c=d\r\n", "\n", "no url here\n", "/"+strings.Repeat("x", rnd.IntN(60))+"\n", "# x\n", "\x00\n"))
		}
		b.WriteString(pick(rnd, "", "/last", "cut o"))
		text := b.String()
		whole, err := Stream(strings.NewReader(text), o)
		if err != nil {
			t.Fatal(err)
		}
		want, wantStats := drain(whole), *whole.Stats()
		parts, err := StreamBlocks(strings.NewReader(text), o)
		if err != nil {
			t.Fatal(err)
		}
		parts.room = 1 + rnd.IntN(50) // the line end needs one
		got, stats := readBlocks(t, parts)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%d: %q (-whole +blocks):\n%s", n, text, diff)
		}
		if wantStats.Count(TooLong) > 0 { // not all of such a line is counted
			wantStats.Bytes, stats.Bytes = 0, 0
		}
		if diff := cmp.Diff(wantStats, stats, statsOptions); diff != "" {
			t.Fatalf("%d: %q: statistics (-whole +blocks):\n%s", n, text, diff)
		}
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	text := generate("combined", 20_000)
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain, packed := write("plain.log", text), write("named-wrongly.log", pack(t, text))
	two := write("two-members.log.gz", append(pack(t, text[:1000]), pack(t, text[1000:])...))
	for _, path := range []string{plain, packed, two} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := Open(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := f.Read()
			if err != nil {
				t.Fatal(err)
			}
			for r.Next() {
			}
			if s := r.Stats(); s.Records != 20_000 || s.Lines != 20_000 || s.Bytes != int64(len(text)) {
				t.Errorf("got %+v", s)
			}
			if err := errors.Join(r.Err(), r.Close(), r.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("cut off", func(t *testing.T) {
		data := pack(t, text)
		f, err := Open(write("cut.gz", data[:len(data)/2]), Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		n := len(drain(r))
		if s := r.Stats(); n < 1000 || n >= 20_000 || s.Count(Corrupt) != 1 || r.Err() != nil {
			t.Errorf("got %d records, %d corrupt, error %v", n, s.Count(Corrupt), r.Err())
		}
	})
	t.Run("left early", func(t *testing.T) {
		before := runtime.NumGoroutine()
		f, err := Open(packed, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			r, err := f.Read()
			if err != nil {
				t.Fatal(err)
			}
			if !r.Next() {
				t.Fatal("no record")
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if r.Next() {
				t.Error("a record after Close")
			}
		}
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("%d goroutines are left of %d", after, before)
		}
	})
	for name, data := range map[string]string{"xz -dc": "\xfd7zXZ\x00", "unzip -p": "PK\x03\x04", "not recognised": "some text\n", "no lines": ""} {
		t.Run("refuses "+name, func(t *testing.T) {
			path := write("refused", []byte(data))
			if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), name) || !strings.HasPrefix(err.Error(), path) {
				t.Errorf("Open: got %v", err)
			}
			if _, err := Stream(strings.NewReader(data), Options{}); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("Stream: got %v", err)
			}
		})
	}
}

func TestStream(t *testing.T) {
	text := generate("cdn", 2000)
	for name, src := range map[string]io.Reader{
		"plain": bytes.NewReader(text), "gzip": bytes.NewReader(pack(t, text)),
		"byte by byte": iotest.OneByteReader(bytes.NewReader(text)), "gzip byte by byte": iotest.OneByteReader(bytes.NewReader(pack(t, text))),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Stream(src, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if got := len(drain(r)); got != 2000 || r.Parser().Name() != "cdn" {
				t.Errorf("got %d records of %s", got, r.Parser().Name())
			}
		})
	}
	t.Run("long lines first", func(t *testing.T) {
		long := strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 2)
		for name, data := range map[string][]byte{"plain": append([]byte(long), text...), "gzip": pack(t, append([]byte(long), text...))} {
			r, err := Stream(bytes.NewReader(data), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(drain(r)); got != 2000 || r.Stats().Count(TooLong) != 2 {
				t.Errorf("%s: got %d records, %d long lines", name, got, r.Stats().Count(TooLong))
			}
			r.Close()
		}
	})
	t.Run("disk fails", func(t *testing.T) {
		broken := errors.New("the disk is gone")
		for name, data := range map[string][]byte{"plain": text, "gzip": pack(t, text)} {
			r, err := Stream(io.MultiReader(bytes.NewReader(data[:len(data)*3/4]), iotest.ErrReader(broken)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := len(drain(r))
			if !errors.Is(r.Err(), broken) || n < 100 || r.Stats().Count(Unreadable) != 1 || r.Stats().Count(Corrupt) != 0 {
				t.Errorf("%s: got %d records, error %v", name, n, r.Err())
			}
			r.Close()
		}
	})
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"b.log", "a.log", "logs/2/x.gz", "logs/1", "logs/.hidden", "logs/.git/x"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("empty", 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := Expand([]string{"b.log", "*.log", "-", "logs", "./logs/1"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i] = filepath.ToSlash(got[i])
	}
	if diff := cmp.Diff([]string{"b.log", "a.log", "-", "logs/1", "logs/2/x.gz"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for arg, want := range map[string]string{"none.log": "none.log", "*.txt": "matches no file", "[": "pattern [", "empty": "has no files"} {
		if _, err := Expand([]string{arg}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", arg, err)
		}
	}
}

func TestHAR(t *testing.T) {
	const start = `{"log":{"version":"1.2","creator":{"name":"x\"y"},"pages":[],"entries":[`
	const entry = `{"startedDateTime":"2026-05-26T09:47:01.500Z","time":12.5,"_x":[{"a":[]}],"request":{"method":"GET","url":"https://www.example.com/a?b=c#d","httpVersion":"HTTP/2",
		"headers":[{"name":"User-Agent","value":"x"},{"name":"Cookie","value":"a=b"},{"name":"Accept","value":"text\/html"}],"queryString":[]},
		"response":{"status":200,"bodySize":-1,"content":{"size":7,"text":"%s"}}}`
	one := fmt.Sprintf(entry, "")
	tests := []struct {
		name, text string
		records    int
		reasons    map[Reason]int64
	}{
		{"one", start + one + `]}}`, 1, nil},
		{"none", start + ` ] }}`, 0, nil},
		{"long body", start + fmt.Sprintf(entry, strings.Repeat(`ab\\\"`, 1<<18)) + "," + one + `]}}`, 2, nil},
		{"data URL", start + `{"request":{"url":"data:x"}},` + one + `]}}`, 1, map[Reason]int64{NoTarget: 1}},
		{"cut off", start + one + "," + one[:200], 1, map[Reason]int64{CutOff: 1}},
		{"cut off between", start + one, 1, map[Reason]int64{CutOff: 1}},
		{"no JSON", start + one + ", nonsense", 1, map[Reason]int64{Misfit: 0, CutOff: 1}},
		{"wrong JSON", start + one + ` x `, 1, map[Reason]int64{Misfit: 1}},
		{"deep", start + `{"x":` + strings.Repeat("[", 5000), 0, map[Reason]int64{Misfit: 1}},
		{"no entries", `{"log":{"x":1}}`, 0, map[Reason]int64{Misfit: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Stream(strings.NewReader(tt.text), Options{Format: ""})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for r.Next() {
				n++
				q := r.Record()
				const want = "time 2026-05-26T09:47:01.5Z\nmethod GET\ntarget /a?b=\nquery dropped\nprotocol HTTP/2\nhost www.example.com\nscheme https\nstatus 200\nbytes 7\nelapsed 12.5ms\nagent (dropped)\n"
				if diff := cmp.Diff(want, show(q)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if v, p := q.Header("cookie"); v != nil || p != Present {
					t.Errorf("cookie: got %q, %v", v, p)
				}
				if v, p := q.Header("Accept"); string(v) != "text/html" || p != Present {
					t.Errorf("accept: got %q, %v", v, p)
				}
				if v, p := q.Header("Authorization"); v != nil || p != Absent {
					t.Errorf("authorization: got %q, %v", v, p)
				}
			}
			if n != tt.records || r.Err() != nil {
				t.Errorf("got %d records, error %v; want %d", n, r.Err(), tt.records)
			}
			for reason, want := range tt.reasons {
				if got := r.Stats().Count(reason); got != want {
					t.Errorf("%s: got %d, want %d", reason, got, want)
				}
			}
			if tt.reasons == nil && r.Stats().Malformed() > 0 {
				t.Errorf("got %d malformed", r.Stats().Malformed())
			}
		})
	}
}
