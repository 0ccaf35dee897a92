package page

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A message is one server-sent event.
type message struct{ event, id, data string }

// listener reads the stream of a page.
type listener struct {
	t    *testing.T
	in   *bufio.Reader
	stop context.CancelFunc
}

func listen(t *testing.T, url, last string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream; charset=utf-8" {
		t.Fatalf("the stream is %d %s", resp.StatusCode, got)
	}
	return &listener{t, bufio.NewReader(resp.Body), cancel}
}

// next returns the next event, comments passed over.
func (l *listener) next() (m message) {
	l.t.Helper()
	for {
		line, err := l.in.ReadString('\n')
		if err != nil {
			l.t.Fatal(err)
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "" && m.data != "":
			return m
		case name == "event":
			m.event = value
		case name == "id":
			m.id = value
		case name == "data":
			m.data += value
		}
	}
}

func (l *listener) want(event string, v any) message {
	l.t.Helper()
	m := l.next()
	if m.event != event {
		l.t.Fatalf("got event %s %s, want %s", m.event, m.data, event)
	}
	if err := json.Unmarshal([]byte(m.data), v); err != nil {
		l.t.Fatalf("%v in %s", err, m.data)
	}
	return m
}

func TestStream(t *testing.T) {
	s := newTestSite(t)
	h := newHandler(s, Options{})
	h.every = 0
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	if _, err := s.Send(t.Context(), Request{Method: "GET", URL: "/a\n\ndata: forged\u2028.html"}); err != nil {
		t.Fatal(err)
	}
	l := listen(t, server.URL, "")
	var hello helloJSON
	m := l.want("hello", &hello)
	if len(hello.Exchanges) != 1 || hello.Exchanges[0].URL != "/a\n\ndata: forged\u2028.html" || m.id != "1" || hello.Instance == "" || hello.State.Revision != 1 {
		t.Fatalf("got %s %+v", m.id, hello)
	}

	if _, err := s.Send(t.Context(), Request{Method: "GET", URL: "/system/console"}); err != nil {
		t.Fatal(err)
	}
	var batch batchJSON
	m = l.want("exchanges", &batch)
	if len(batch.Exchanges) != 1 || batch.Exchanges[0].ID != 2 || batch.Exchanges[0].By == nil || batch.Skipped != 0 || m.id != "2" {
		t.Fatalf("got %s %+v", m.id, batch)
	}

	s.Advance(time.Hour)
	var state stateEventJSON
	l.want("state", &state)
	if state.State.Ahead != 3600 || state.Linted {
		t.Errorf("got %+v", state)
	}
	s.Tell(Linted)
	l.want("state", &state)
	if !state.Linted {
		t.Errorf("got %+v", state)
	}
	s.Tell(Flushing)
	l.want("flush", &struct{}{})

	// A page that comes again gets what it missed, and nothing twice.
	again := listen(t, server.URL, "1")
	again.want("hello", &hello)
	if len(hello.Exchanges) != 1 || hello.Exchanges[0].ID != 2 {
		t.Errorf("got %+v", hello.Exchanges)
	}
}

// TestStreamBatches: under load a page gets the last exchanges of a batch and is told how many more there were.
func TestStreamBatches(t *testing.T) {
	src := newTestSite(t)
	s := stream{h: newHandler(src, Options{}), w: httptest.NewRecorder()}
	s.c = http.NewResponseController(s.w)
	const n = 5*maxBatch + maxBatch/2
	for i := 1; i <= n; i++ {
		s.take(&Event{Kind: Ended, Exchange: Exchange{ID: int64(i)}})
	}
	if !s.waits() || !s.write() || s.waits() {
		t.Fatal("the batch was not written")
	}
	_, data, _ := strings.Cut(s.w.(*httptest.ResponseRecorder).Body.String(), "data: ")
	var batch batchJSON
	if err := json.Unmarshal([]byte(data), &batch); err != nil {
		t.Fatal(err)
	}
	if len(batch.Exchanges) != maxBatch || batch.Exchanges[0].ID != n-maxBatch+1 || batch.Exchanges[maxBatch-1].ID != n || batch.Skipped != n-maxBatch {
		t.Errorf("%d from %d, %d skipped", len(batch.Exchanges), batch.Exchanges[0].ID, batch.Skipped)
	}
	s.take(&Event{Kind: Ended, Exchange: Exchange{ID: 3}})
	if s.waits() {
		t.Error("what was sent is sent again")
	}
}

// TestStreamsAreBounded: nobody can hold more than so many streams open.
func TestStreamsAreBounded(t *testing.T) {
	h := newHandler(newTestSite(t), Options{Listen: "127.0.0.1:8081"})
	h.streams.Store(maxStreams)
	failed(t, asked(h, "GET", "/api/events", ""), 503, "at most 64 pages")
	if got := h.streams.Load(); got != maxStreams {
		t.Errorf("%d are counted", got)
	}
}

func TestLog(t *testing.T) {
	l := NewLog(3)
	if l.Recent(10) != nil || l.Watched() {
		t.Error("an empty log has something")
	}
	events, cancel := l.Subscribe()
	for i := range 5 {
		if id := l.Add(Exchange{Method: "GET"}, &Explanation{}); id != int64(i+1) {
			t.Errorf("got id %d", id)
		}
	}
	var ids []int64
	for _, e := range l.Recent(10) {
		ids = append(ids, e.ID)
	}
	if len(ids) != 3 || ids[0] != 3 || ids[2] != 5 || len(l.Recent(1)) != 1 || l.Recent(1)[0].ID != 5 {
		t.Errorf("kept %v", ids)
	}
	for _, id := range []int64{0, 1, 2, 6, -1} {
		if _, ok := l.Explain(id); ok {
			t.Errorf("%d is kept", id)
		}
	}
	if x, ok := l.Explain(4); !ok || x.Exchange.ID != 4 {
		t.Errorf("got %+v", x)
	}
	l.Add(Exchange{}, nil)
	if _, ok := l.Explain(6); ok {
		t.Error("a path that was not recorded is there")
	}
	if len(events) != 6 || !l.Watched() {
		t.Errorf("%d events", len(events))
	}
	for range 2 * pending { // a reader that does not read holds nobody up
		l.Tell(Flushing)
	}
	cancel()
	if l.Watched() {
		t.Error("somebody is still told")
	}
}
