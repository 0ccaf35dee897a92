package renderio

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

// FuzzRequestHead: whatever the engine hands over, a head is refused or is one request: the target as it was given,
// no header more than the engine's and those that frame the body, and nothing behind it.
func FuzzRequestHead(f *testing.F) {
	f.Add("GET", "/a%2bb", "Host", "www.example.com", int64(0))
	f.Add("POST", "//x", "Transfer-Encoding", "chunked", int64(-1))
	f.Add("PUT", "/a b", "X\r\nY", "z", int64(3))
	f.Add("POST", "/?a=b", "Content-Length", "1\r\n\r\nGET / HTTP/1.1", int64(7))
	f.Fuzz(func(t *testing.T, method, target, name, value string, length int64) {
		length = max(length, -1)
		r := &simulate.RenderRequest{Method: method, Target: target, Header: simulate.Header{{Name: name, Value: value}}}
		head, err := requestHead(nil, r, length, aPeer, false)
		if err != nil {
			return
		}
		line, rest, _ := bytes.Cut(head, []byte("\r\n"))
		if got, want := string(line), method+" "+target+" HTTP/1.1"; got != want {
			t.Fatalf("request line %q, want %q", got, want)
		}
		if i := bytes.Index(head, []byte("\r\n\r\n")); i != len(head)-4 {
			t.Fatalf("%q ends at %d already", head, i)
		}
		names := map[string]int{}
		for _, line := range strings.Split(strings.TrimSuffix(string(rest), "\r\n\r\n"), "\r\n") {
			n, _, ok := strings.Cut(line, ": ")
			if !ok || !isToken(n) || strings.ContainsAny(line, "\r\n\x00") {
				t.Fatalf("line %q of %q", line, head)
			}
			names[strings.ToLower(n)]++
		}
		if names["host"] != 1 || names["content-length"]+names["transfer-encoding"] > 1 || names["expect"] > 1 {
			t.Fatalf("%q", head)
		}
		if length != 0 && names["content-length"]+names["transfer-encoding"] != 1 {
			t.Fatalf("a body that nothing frames: %q", head)
		}
	})
}

// FuzzAnswerHeader: of every answer that net/http accepts, the same headers are read with the same values; only order
// and letter case are more.
func FuzzAnswerHeader(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nA: b\r\na: c\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nPragma: no-cache\r\n\r\n",
		"HTTP/1.1 200 OK\nA: b\n\tc\n \n\nx",
		"HTTP/1.0 200\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA:\r\n  \r\n x\r\nB: c \r\n\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		in := bufio.NewReader(bytes.NewReader(text))
		var resp *http.Response
		for {
			var err error
			if resp, err = http.ReadResponse(in, &http.Request{Method: "HEAD"}); err != nil {
				return
			}
			if resp.StatusCode < 100 || resp.StatusCode > 199 || resp.StatusCode == http.StatusSwitchingProtocols {
				break
			}
		}
		io.Copy(io.Discard, resp.Body)
		got, err := answerHeader(text, resp.StatusCode, len(resp.TransferEncoding) > 0)
		if err == errTooMany {
			return
		}
		if err != nil {
			t.Fatalf("net/http reads it, and here: %v", err)
		}
		have := http.Header{}
		for _, f := range got {
			have.Add(f.Name, strings.TrimSpace(f.Value))
		}
		want := resp.Header.Clone()
		want.Del("Trailer")
		want.Del("Transfer-Encoding")
		// What net/http adds, and what it leaves of several lengths.
		if slices.Equal(want["Cache-Control"], []string{"no-cache"}) && len(have["Cache-Control"]) == 0 {
			want.Del("Cache-Control")
		}
		// A value whose last line is empty keeps a space at its end there.
		for _, values := range want {
			for i := range values {
				values[i] = strings.TrimSpace(values[i])
			}
		}
		want.Del("Content-Length")
		have.Del("Content-Length")
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("(-net/http +here):\n%s", diff)
		}
	})
}

// aPeer is whose host name a request gets that has none.
var aPeer = &peer{target: target{host: "render", port: 80}}
