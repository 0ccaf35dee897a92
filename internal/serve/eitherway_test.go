package serve_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/serve"
	"github.com/dispcheck/dispcheck/simulate"
)

// TestEitherWay: a client gets the same answer to a simple request, which package wire reads, as to one that net/http reads.
func TestEitherWay(t *testing.T) {
	var texts []string
	for range 2 { // not cached, and cached
		for _, r := range fixtures.Requests("cloud") {
			q, err := simulate.NewRequest(r.Method, r.URL)
			if err != nil {
				t.Fatal(err)
			}
			if q.Method != "GET" && q.Method != "HEAD" || strings.ContainsAny(q.Target, " \x00") {
				continue
			}
			host := r.Host
			if host == "" {
				host = q.Host
			}
			if host == "" {
				host = "www.wknd.example"
			}
			head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n", q.Method, q.Target, host)
			for _, h := range r.Header {
				head += h + "\r\n"
			}
			for _, more := range []string{"", "Accept-Encoding: gzip\r\n", "Range: bytes=2-5\r\n", "Range: bytes=0-1,3-4\r\n", "Range: bytes=99999999-\r\n", "If-Modified-Since: " + start.Format(http.TimeFormat) + "\r\n"} {
				texts = append(texts, head+more+"\r\n")
			}
		}
	}
	if len(texts) < 200 {
		t.Fatalf("%d requests are too few to say anything", len(texts))
	}
	type got struct {
		Status, Body string
		Header       http.Header
		Length       int64
		Encoding     []string
	}
	answers := func(first string) (out []got) {
		s := newServer(t, serve.Options{Clock: simulate.NewTimeline(start)})
		c, err := net.Dial("tcp", listening(t, s))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(c)
		read := func(text string) got {
			if _, err := io.WriteString(c, text); err != nil {
				t.Fatal(err)
			}
			method, _, _ := strings.Cut(text, " ")
			res, err := http.ReadResponse(r, &http.Request{Method: method})
			if err != nil {
				t.Fatalf("%.100q: %v", text, err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatalf("%.100q: %v", text, err)
			}
			res.Header.Del("Date") // that of net/http is today's
			return got{res.Status, string(body), res.Header, res.ContentLength, res.TransferEncoding}
		}
		read(first)
		for _, text := range texts {
			out = append(out, read(text))
		}
		return out
	}
	// Once net/http has a connection, it keeps it.
	byHTTP := answers("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
	simple := answers("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
	kinds := map[string]int{}
	for i, text := range texts {
		kinds[byHTTP[i].Status]++
		if strings.HasPrefix(text, "HEAD") { // net/http says how long the body would be where it knows
			simple[i].Length, simple[i].Encoding = byHTTP[i].Length, byHTTP[i].Encoding
		}
		if diff := cmp.Diff(byHTTP[i], simple[i]); diff != "" {
			t.Errorf("%q (-net/http +wire):\n%.2000s", text, diff)
		}
	}
	t.Logf("%v", kinds)
	if len(kinds) < 5 {
		t.Errorf("answers are too much alike: %v", kinds)
	}
}
