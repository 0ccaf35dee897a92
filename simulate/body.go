package simulate

import (
	"errors"
	"io"
	"sync"
)

// A sentBody is the body of a request that may have to be sent to another render. It knows whether it can be: where
// nothing of it was read, or where it can be set back. The module finds out by sending Expect: 100-continue first
// (AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, /failover); here that is the backend's
// business.
type sentBody struct {
	mu    sync.Mutex
	from  io.Reader
	seek  io.Seeker // nil where it cannot be set back
	start int64
	read  int64
	turn  int // which handle may read
}

func newSentBody(r io.Reader) *sentBody {
	b := &sentBody{from: r}
	if s, ok := r.(io.Seeker); ok {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil {
			b.seek, b.start = s, at
		}
	}
	return b
}

// handle returns the body for one attempt. It ends when the body is rewound: a backend that is still reading must not
// take from the next attempt.
func (b *sentBody) handle() io.Reader {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &bodyHandle{b, b.turn}
}

// rewind makes a question ready to be sent, for the first time or again, and reports whether that is possible.
func (q *question) rewind() bool {
	b := q.body
	if b == nil {
		return true
	}
	if !b.mu.TryLock() {
		return false // a backend is reading
	}
	defer b.mu.Unlock()
	b.turn++
	if b.read == 0 {
		return true
	}
	if b.seek == nil {
		return false
	}
	if _, err := b.seek.Seek(b.start, io.SeekStart); err != nil {
		return false
	}
	b.read = 0
	return true
}

// A bodyHandle reads a body for one attempt.
type bodyHandle struct {
	body *sentBody
	turn int
}

var errBodyGone = errors.New("the request's body is being sent to another render")

func (h *bodyHandle) Read(p []byte) (int, error) {
	b := h.body
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.turn != h.turn {
		return 0, errBodyGone
	}
	n, err := b.from.Read(p)
	b.read += int64(n)
	return n, err
}
