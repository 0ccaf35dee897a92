package page

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/dispcheck/dispcheck/internal/report"
)

// maxBatch is how many exchanges one message of a stream has at most; of more, the last are sent and the others counted.
const maxBatch = 1000

// rest is how much longer a stream waits after a message for each exchange in it: a page under load is to take its time.
const rest = 500 * time.Microsecond

// writeTime is how long a page may take to read a message before it is given up.
const writeTime = 10 * time.Second

// events is the stream of server-sent events: "hello" with the state and what happened before, "exchanges", "state", and "flush".
// A page that comes again with Last-Event-ID gets what it missed.
func (h *handler) events(w http.ResponseWriter, r *http.Request) {
	if h.streams.Add(1) > maxStreams {
		h.streams.Add(-1)
		fail(w, http.StatusServiceUnavailable, fmt.Sprintf("at most %d pages are open at once; close one", maxStreams))
		return
	}
	defer h.streams.Add(-1)
	events, cancel := h.src.Subscribe()
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	s := &stream{h: h, w: w, c: http.NewResponseController(w)}
	last, _ := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if !s.hello(last) {
		return
	}
	beat := time.NewTicker(h.beat)
	defer beat.Stop()
	var due <-chan time.Time // set while something waits to be written
	var pause time.Duration
	for {
		select {
		case <-r.Context().Done():
			return
		case e, ok := <-events:
			if !ok {
				return
			}
			s.take(&e)
			if due == nil && s.waits() {
				due = time.After(h.every + pause)
			}
		case <-due:
			due, pause = nil, time.Duration(len(s.list))*rest
			if !s.write() {
				return
			}
		case <-beat.C:
			if !s.send([]byte(": lives\n\n")) {
				return
			}
		}
	}
}

// A stream is one open page. What happens is gathered and written together, so that a page under load gets a few messages a
// second and not thousands.
type stream struct {
	h *handler
	w http.ResponseWriter
	c *http.ResponseController

	last    int64 // the id of the last exchange that was sent or left out
	list    []Exchange
	state   bool // the state is to be sent again
	linted  bool
	flushed bool
	buf     bytes.Buffer
}

// hello sends what a page begins with: the exchanges after the one that it has seen.
func (s *stream) hello(last int64) bool {
	hello := helloJSON{Instance: s.h.instance, State: s.h.stateJSON(), Exchanges: []exchangeJSON{}}
	for _, e := range s.h.src.Recent(maxRecent) {
		if e.ID > last {
			hello.Exchanges = append(hello.Exchanges, newExchangeJSON(&e, s.h.prefix))
		}
		s.last = e.ID
	}
	return s.message("hello", hello)
}

// take notes an event.
func (s *stream) take(e *Event) {
	switch e.Kind {
	case Ended:
		if e.Exchange.ID <= s.last {
			return // the hello had it
		}
		s.list = append(s.list, e.Exchange)
		if len(s.list) == 2*maxBatch {
			s.list = s.list[:copy(s.list, s.list[maxBatch:])]
		}
	case Flushing:
		s.flushed = true
	case Linted:
		s.state, s.linted = true, true
	default:
		s.state = true
	}
}

func (s *stream) waits() bool { return len(s.list) > 0 || s.state || s.flushed }

// write sends what was gathered.
func (s *stream) write() bool {
	ok := true
	if s.state {
		ok = s.message("state", stateEventJSON{s.h.stateJSON(), s.linted})
	}
	if n := min(len(s.list), maxBatch); n > 0 && ok {
		s.list = s.list[len(s.list)-n:]
		batch := batchJSON{Exchanges: make([]exchangeJSON, 0, n)}
		newest := s.last
		for i := range s.list {
			batch.Exchanges = append(batch.Exchanges, newExchangeJSON(&s.list[i], s.h.prefix))
			newest = max(newest, s.list[i].ID)
		}
		batch.Skipped = max(0, newest-s.last-int64(n))
		s.last = newest
		ok = s.message("exchanges", batch)
	}
	if s.flushed && ok {
		ok = s.message("flush", struct{}{})
	}
	s.list, s.state, s.linted, s.flushed = nil, false, false, false
	return ok
}

// message sends one event. JSON has no line ends in it, so that it is one line of data.
func (s *stream) message(name string, v any) bool {
	s.buf.Reset()
	fmt.Fprintf(&s.buf, "event: %s\nid: %d\ndata: ", name, s.last)
	if err := report.JSONLine(&s.buf, v); err != nil {
		return false
	}
	s.buf.WriteByte('\n')
	return s.send(s.buf.Bytes())
}

func (s *stream) send(text []byte) bool {
	_ = s.c.SetWriteDeadline(time.Now().Add(writeTime)) // a writer without deadlines is a test's
	if _, err := s.w.Write(text); err != nil {
		return false
	}
	return s.c.Flush() == nil
}
