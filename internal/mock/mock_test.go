package mock

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/mock/folder"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

var start = time.Date(2025, 11, 20, 8, 0, 0, 0, time.UTC)

func parse(t testing.TB, text string, o Options) *Mock {
	t.Helper()
	m, err := Parse(source.NewFile("m.yaml", []byte(text)), folder.Folder{FS: fstest.MapFS{"a.html": {Data: []byte("<a>")}}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// newRender is a render with its timeouts in milliseconds.
func newRender(label string, timeout, receive int) *model.Render {
	r := &model.Render{Name: label}
	r.Hostname.Value, r.Port.Value = "localhost", 4503
	r.Timeout.Value, r.ReceiveTimeout.Value = timeout, receive
	return r
}

// told is what came of a request: in words, and how long it took.
func told(m *Mock, q *simulate.RenderRequest) string {
	line := simulate.NewTimeline(start)
	m.SetSleep(line.Sleep)
	var b strings.Builder
	a, err := m.RoundTrip(context.Background(), q)
	if err != nil {
		fmt.Fprintf(&b, "error: %v", err)
	} else {
		fmt.Fprintf(&b, "%d", a.Status)
		for _, h := range a.Header {
			fmt.Fprintf(&b, " %s=%s", h.Name, h.Value)
		}
		if a.Body != nil {
			text, err := io.ReadAll(a.Body)
			for errors.Is(err, syscall.EINTR) {
				fmt.Fprintf(&b, " %q EINTR", text)
				text, err = io.ReadAll(a.Body)
			}
			if len(text) > 40 {
				fmt.Fprintf(&b, " %d bytes", len(text))
			} else {
				fmt.Fprintf(&b, " %q", text)
			}
			if err != nil {
				fmt.Fprintf(&b, " error: %v", err)
			}
		}
		a.Close()
	}
	if d := line.Now().Sub(start); d > 0 {
		fmt.Fprintf(&b, " after %v", d)
	}
	return b.String()
}

func TestRespond(t *testing.T) {
	tests := []struct{ name, respond, method, want string }{
		{"status", "503", "", "503 Content-Length=0"},
		{"nothing said", "{}", "", "200 Content-Length=0"},
		{"headers and body", "{headers: {A: b, Set-Cookie: [a=1, b=2]}, body: text}", "", `200 A=b Set-Cookie=a=1 Set-Cookie=b=2 Content-Length=4 "text"`},
		{"numbers are texts", "{headers: {Age: 1, X: true}, body: 5}", "", `200 Age=1 X=true Content-Length=1 "5"`},
		{"HEAD", "{body: text}", "HEAD", "200 Content-Length=4"},
		{"304", "{status: 304, headers: {ETag: x}}", "", "304 ETag=x"},
		{"304 announces", "{status: 304, content-length: 5}", "", "304 Content-Length=5"},
		{"base64", "{body-base64: 'AAH/ gA=='}", "", `200 Content-Length=4 "\x00\x01\xff\x80"`},
		{"file", "{file: a.html}", "", `200 Content-Length=3 "<a>"`},
		{"made up", "{body-size: 200000}", "", "200 Content-Length=200000 200000 bytes"},
		{"announced too much", "{body: half, content-length: 8}", "", `200 Content-Length=8 "half" error: unexpected EOF`},
		{"announced too little", "{body: whole, content-length: 2}", "", `200 Content-Length=2 "wh"`},
		{"announced nothing", "{body: whole, content-length: none}", "", `200 "whole"`},
		{"announced by a header", "{body: half, headers: {content-length: 8}}", "", `200 content-length=8 "half" error: unexpected EOF`},
		{"announced in a word", "{body: half, headers: {content-length: x}}", "", `200 content-length=x "half"`},
		{"chunked", "{body: half, headers: {Transfer-Encoding: chunked}}", "", `200 Transfer-Encoding=chunked "half"`},
		{"cut", "{body: whole, cut: 2}", "", `200 Content-Length=5 "wh" error: unexpected EOF`},
		{"cut at once", "{body: whole, cut: 0}", "", `200 Content-Length=5 "" error: unexpected EOF`},
		{"cut without announcement", "{body: whole, cut: 2, content-length: none}", "", `200 "wh" error: unexpected EOF`},
		{"delay", "{status: 404, delay: 200ms}", "", "404 Content-Length=0 after 200ms"},
		{"delay up to the end", "{status: 404, delay: 5s}", "", "404 Content-Length=0 after 5s"},
		{"delay too long", "{status: 404, delay: 6s}", "", "error: the answer did not come in time after 5s"},
		{"delay of the body", "{body: x, delay: 1s, body-delay: 2s}", "", `200 Content-Length=1 "x" after 3s`},
		{"delay of each part", "{body-size: 131073, body-delay: 1s}", "", "200 Content-Length=131073 131073 bytes after 3s"},
		{"parts too late", "{body-size: 131073, delay: 1s, body-delay: 2s}", "", "200 Content-Length=131073 131072 bytes error: the answer did not come in time after 5s"},
		{"delay of an empty body", "{body-delay: 2s}", "", `200 Content-Length=0 "" after 2s`},
		{"refused", "{fail: refused}", "", "error: connecting to localhost:4503: Connection refused"},
		{"refused late", "{fail: refused, delay: 1s}", "", "error: connecting to localhost:4503: Connection refused after 1s"},
		{"refused too late", "{fail: refused, delay: 9s}", "", "error: connecting to localhost:4503: Connection timed out after 3s"},
		{"unreachable", "{fail: unreachable}", "", "error: connecting to localhost:4503: No route to host"},
		{"no host", "{fail: no-host}", "", "error: connecting to localhost:4503: Name or service not known"},
		{"connect timeout", "{fail: connect-timeout}", "", "error: connecting to localhost:4503: Connection timed out after 3s"},
		{"reset", "{fail: reset, delay: 1s}", "", "error: Connection reset by peer after 1s"},
		{"timeout", "{fail: timeout}", "", "error: the answer did not come in time after 5s"},
		{"timeout after a delay", "{fail: timeout, delay: 4s}", "", "error: the answer did not come in time after 5s"},
		{"stall", "{stall: headers}", "", "error: the answer did not come in time after 5s"},
		{"stall of the body", "{body: text, stall: body}", "", `200 Content-Length=4 "" error: the answer did not come in time after 5s`},
		{"stall of the rest", "{body: text, stall: body, cut: 2, delay: 1s}", "", `200 Content-Length=4 "te" error: the answer did not come in time after 5s`},
		{"interrupted", "{body: text, fail: interrupted}", "", `200 Content-Length=4 "te" EINTR "xt"`},
		{"interrupted before one byte", "{body: t, fail: interrupted}", "", `200 Content-Length=1 "" EINTR "t"`},
		{"interrupted and empty", "{fail: interrupted}", "", `200 Content-Length=0 "" EINTR ""`},
		{"interrupted and cut", "{body: textes, fail: interrupted, cut: 4}", "", `200 Content-Length=6 "te" EINTR "xt" error: unexpected EOF`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "default: "+tt.respond+"\n", Options{})
			method := tt.method
			if method == "" {
				method = "GET"
			}
			got := told(m, &simulate.RenderRequest{Render: newRender("rend01", 3000, 5000), Method: method, Target: "/"})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWithoutTimeouts: /timeout "0" and /receiveTimeout "0" wait, and yet not for ever.
func TestWithoutTimeouts(t *testing.T) {
	tests := []struct {
		respond          string
		timeout, receive int
		want             string
	}{
		{"{fail: connect-timeout}", 0, 0, "error: connecting to localhost:4503: Connection timed out after 2m7s"},
		{"{fail: connect-timeout}", -1, 0, "error: connecting to localhost:4503: Connection timed out after 2m7s"},
		{"{fail: connect-timeout}", 600000, 0, "error: connecting to localhost:4503: Connection timed out after 2m7s"},
		{"{stall: headers}", 0, 0, "error: the render did not answer for 24 hours, and /receiveTimeout is 0: the wait ends here after 24h0m0s"},
		{"{body: x, stall: body}", 0, 0, `200 Content-Length=1 "" error: the render did not answer for 24 hours, and /receiveTimeout is 0: the wait ends here after 24h0m0s`},
		{"{delay: 30d}", 0, 0, "200 Content-Length=0 after 720h0m0s"},
		{"{delay: 30d}", 0, math.MaxInt, "error: the answer did not come in time after 596h31m23.647s"},
	}
	for _, tt := range tests {
		t.Run(tt.respond, func(t *testing.T) {
			got := told(parse(t, "default: "+tt.respond+"\n", Options{}), &simulate.RenderRequest{Render: newRender("a", tt.timeout, tt.receive), Method: "GET", Target: "/"})
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestErrorsOfTheContract(t *testing.T) {
	var connect *simulate.ConnectError
	q := &simulate.RenderRequest{Render: newRender("a", 1, 1), Method: "GET", Target: "/"}
	m := parse(t, "default: {fail: no-host}\n", Options{Sleep: simulate.NewTimeline(start).Sleep})
	if _, err := m.RoundTrip(context.Background(), q); !errors.As(err, &connect) || connect.Addr != "localhost:4503" || connect.Err.Error() != "Name or service not known" {
		t.Errorf("got %#v", err)
	}
	m = parse(t, "default: {fail: timeout}\n", Options{Sleep: simulate.NewTimeline(start).Sleep})
	if _, err := m.RoundTrip(context.Background(), q); !errors.Is(err, simulate.ErrReceiveTimeout) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m = parse(t, "default: {body: abc}\n", Options{Sleep: simulate.NewTimeline(start).Sleep})
	a, err := m.RoundTrip(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := a.Body.Read(make([]byte, 5)); !errors.Is(err, context.Canceled) {
		t.Errorf("a read after the end gives %v", err)
	}
	if _, err := m.RoundTrip(ctx, q); !errors.Is(err, context.Canceled) {
		t.Errorf("a request after the end gives %v", err)
	}
	a.Close()
	if _, err := a.Body.Read(make([]byte, 5)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a read after Close gives %v", err)
	}
}

func TestChoice(t *testing.T) {
	m := parse(t, `
renders:
  rend01:
    - {when: {path: "/a*", query: ""}, respond: 201}
    - {when: {path: "/a*", query: "*x=1*"}, respond: 202}
    - {when: {method: [POST, PUT]}, respond: 203}
    - {when: {headers: {cookie: "*login=*", X: "1"}}, respond: 204}
    - {when: {purpose: [health-check, vanity-list]}, respond: 205}
    - {when: {path: "/ä ö"}, respond: 206}
    - {when: {path: "/%25"}, respond: 207}
    - {when: {path: /seq}, sequence: [500, 501, 502]}
    - {when: {path: /cyc}, sequence: [500, 501], cycle: true}
  "*": [{when: {method: GET}, respond: 299}]
  rend03: {when: {method: PUT}, respond: 297}
default: 298
`, Options{Record: true})
	header := simulate.Header{{Name: "Cookie", Value: "a=b; login=c"}, {Name: "x", Value: "1"}}
	tests := []struct {
		name string
		q    simulate.RenderRequest
		want int
	}{
		{"path", simulate.RenderRequest{Target: "/a.html"}, 201},
		{"empty query", simulate.RenderRequest{Target: "/a.html?"}, 201},
		{"query", simulate.RenderRequest{Target: "/a.html?y=2&x=1"}, 202},
		{"other query", simulate.RenderRequest{Target: "/a.html?y=2"}, 298},
		{"method", simulate.RenderRequest{Target: "/b", Method: "PUT"}, 203},
		{"letter case of the method", simulate.RenderRequest{Target: "/b", Method: "put"}, 298},
		{"headers", simulate.RenderRequest{Target: "/b", Header: header}, 204},
		{"one header of two", simulate.RenderRequest{Target: "/b", Header: header[:1]}, 298},
		{"purpose", simulate.RenderRequest{Target: "/b", Purpose: simulate.ForVanityList}, 205},
		{"other purpose", simulate.RenderRequest{Target: "/b", Purpose: simulate.ForFlush}, 298},
		{"decoded", simulate.RenderRequest{Target: "/%C3%a4%20%C3%B6"}, 206},
		{"as sent", simulate.RenderRequest{Target: "/%25"}, 207},
		{"sequence 1", simulate.RenderRequest{Target: "/seq"}, 500},
		{"sequence 2", simulate.RenderRequest{Target: "/seq"}, 501},
		{"sequence 3", simulate.RenderRequest{Target: "/seq"}, 502},
		{"sequence 4", simulate.RenderRequest{Target: "/seq"}, 502},
		{"cycle 1", simulate.RenderRequest{Target: "/cyc"}, 500},
		{"cycle 2", simulate.RenderRequest{Target: "/cyc"}, 501},
		{"cycle 3", simulate.RenderRequest{Target: "/cyc"}, 500},
		{"not named", simulate.RenderRequest{Target: "/a", Render: newRender("/rend02", 0, 0)}, 299},
		{"not named, no match", simulate.RenderRequest{Target: "/a", Method: "PUT", Render: newRender("rend02", 0, 0)}, 298},
		{"named, no match", simulate.RenderRequest{Target: "/a", Render: newRender("rend03", 0, 0)}, 298},
		{"without a label", simulate.RenderRequest{Target: "/a", Render: newRender("", 0, 0)}, 299},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := tt.q
			if q.Render == nil {
				q.Render = newRender("rend01", 0, 0)
			}
			if q.Method == "" {
				q.Method = "GET"
			}
			a, err := m.RoundTrip(context.Background(), &q)
			if err != nil {
				t.Fatal(err)
			}
			if a.Status != tt.want || a.Addr != "localhost:4503" {
				t.Errorf("got %d from %s, want %d", a.Status, a.Addr, tt.want)
			}
		})
	}
	calls := m.Calls()
	if len(calls) != len(tests) {
		t.Fatalf("%d calls, want %d", len(calls), len(tests))
	}
	got := calls[6]
	want := Call{Render: "rend01", Method: "GET", Target: "/b", Header: header, Status: 204}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
}

func TestUpAndDown(t *testing.T) {
	m := parse(t, "renders: {rend01: 200, rend02: down}\ndefault: 404\n", Options{})
	state := func() string {
		var s []string
		for _, label := range []string{"rend01", "rend02", "rend03"} {
			a, err := m.RoundTrip(context.Background(), &simulate.RenderRequest{Render: newRender(label, 0, 0), Method: "GET", Target: "/"})
			var connect *simulate.ConnectError
			switch {
			case errors.As(err, &connect):
				s = append(s, "down")
			case err != nil:
				t.Fatal(err)
			default:
				s = append(s, fmt.Sprint(a.Status))
			}
		}
		return strings.Join(s, " ")
	}
	steps := []struct {
		do    func(string)
		label string
		want  string
	}{
		{m.Up, "rend01", "200 down 404"},
		{m.Down, "rend01", "down down 404"},
		{m.Up, "/rend02", "down 404 404"},
		{m.Down, "*", "down down down"},
		{m.Up, "rend01", "200 down down"},
		{m.Up, "*", "200 404 404"},
		{m.Down, "rend03", "200 404 down"},
	}
	for i, s := range steps {
		s.do(s.label)
		if got := state(); got != s.want {
			t.Errorf("after step %d: got %s, want %s", i+1, got, s.want)
		}
	}
}

func TestBodyOfTheRequest(t *testing.T) {
	ask := func(m *Mock, h simulate.Header) (read int, call Call) {
		body := &counter{r: strings.NewReader(strings.Repeat("x", 100_000))}
		q := &simulate.RenderRequest{Render: newRender("a", 0, 0), Method: "POST", Target: "/", Header: h, Body: body, Length: -1}
		_, _ = m.RoundTrip(context.Background(), q)
		c := m.Calls()
		return body.n, c[len(c)-1]
	}
	expect := simulate.Header{{Name: "Expect", Value: "100-Continue"}}
	tests := []struct {
		name, text string
		header     simulate.Header
		want, kept int
	}{
		{"taken", "default: 200\n", nil, 100_000, maxKept},
		{"asked first", "default: 200\n", expect, 100_000, maxKept},
		{"refused without asking", "default: 503\n", nil, 100_000, maxKept},
		{"refused when asked", "default: 503\n", expect, 0, 0},
		{"not connected", "default: {fail: refused}\n", nil, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			read, call := ask(parse(t, tt.text, Options{Record: true}), tt.header)
			if read != tt.want || len(call.Body) != tt.kept {
				t.Errorf("%d bytes read and %d kept, want %d and %d", read, len(call.Body), tt.want, tt.kept)
			}
		})
	}
}

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestRespondFor(t *testing.T) {
	tests := []struct {
		status int
		kind   string
		want   string
	}{
		{200, "", `200 Content-Type=text/html Content-Length=30 "<html><body>200</body></html>\n"`},
		{404, "application/json; charset=utf-8", `404 Content-Type=application/json; charset=utf-8 Content-Length=15 "{\"status\":404}\n"`},
		{500, "text/plain", `500 Content-Type=text/plain Content-Length=4 "500\n"`},
		{304, "text/plain", "304"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			if got := told(Respond(tt.status, tt.kind), &simulate.RenderRequest{Render: newRender("a", 0, 0), Method: "GET", Target: "/"}); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestLargeBody: a body larger than memory costs none.
func TestLargeBody(t *testing.T) {
	m := parse(t, "default: {body-size: 1099511627776}\n", Options{})
	a, err := m.RoundTrip(context.Background(), &simulate.RenderRequest{Render: newRender("a", 0, 0), Method: "GET", Target: "/"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if v, _ := a.Header.Value("Content-Length"); v != "1099511627776" {
		t.Errorf("announced %s", v)
	}
	buffer := make([]byte, 32<<10)
	if allocs := testing.AllocsPerRun(100, func() {
		if _, err := io.ReadFull(a.Body, buffer); err != nil {
			t.Fatal(err)
		}
	}); allocs > 0 {
		t.Errorf("%v allocations for each read", allocs)
	}
}

// TestFileChanges: a file is read when it is asked for, and may have changed since.
func TestFileChanges(t *testing.T) {
	files := fstest.MapFS{"a": {Data: []byte("one")}}
	m, err := Parse(source.NewFile("m.yaml", []byte("default: {file: a}\n")), folder.Folder{FS: files}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := &simulate.RenderRequest{Render: newRender("a", 0, 0), Method: "GET", Target: "/"}
	files["a"] = &fstest.MapFile{Data: []byte("three")}
	if got, want := told(m, q), `200 Content-Length=5 "three"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	delete(files, "a")
	if got, want := told(m, q), "error: file a is not there"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestManyAtOnce: every answer of a sequence is given once, whoever asks.
func TestManyAtOnce(t *testing.T) {
	m := parse(t, "renders: {a: {sequence: [{status: 500}, {status: 501}, {status: 200, body: text, delay: 1ms}]}}\n", Options{Record: true})
	m.SetSleep(simulate.NewTimeline(start).Sleep)
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			if i%10 == 0 {
				m.Down("b")
				m.Up("b")
			}
			a, err := m.RoundTrip(context.Background(), &simulate.RenderRequest{Render: newRender("a", 0, 0), Method: "GET", Target: "/"})
			if err != nil {
				t.Error(err)
				return
			}
			defer a.Close()
			if a.Body != nil {
				if text, err := io.ReadAll(a.Body); string(text) != "text" || err != nil {
					t.Errorf("read %q, %v", text, err)
				}
			}
			a.Header[0].Value = "mine" // an answer belongs to who asked
			mu.Lock()
			defer mu.Unlock()
			got[a.Status]++
		})
	}
	wg.Wait()
	if diff := cmp.Diff(map[int]int{500: 1, 501: 1, 200: 98}, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if n := len(m.Calls()); n != 100 {
		t.Errorf("%d calls are recorded", n)
	}
}

func TestBase64IsWhole(t *testing.T) {
	text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00\xff", 30)))
	m := parse(t, "default:\n  body-base64: |\n    "+text[:40]+"\n    "+text[40:]+"\n", Options{})
	if got, want := told(m, &simulate.RenderRequest{Render: newRender("a", 0, 0), Method: "GET", Target: "/"}), "200 Content-Length=60 60 bytes"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
