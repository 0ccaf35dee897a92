package renderio

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A conn is a connection as Transport has it. It puts the engine's head in place of Transport's, and keeps the bytes
// of an answer's head.
type conn struct {
	net.Conn
	owner *Backend
	addr  string

	// head is what is written in place of the next head that Transport writes. stall limits each write. Both are set
	// before Transport is told of the request, and read by the one goroutine that writes.
	head  []byte
	stall time.Duration
	timed bool // a deadline for writes is set

	// listening: what is read belongs to the head of an answer and is kept.
	listening atomic.Bool
	mu        sync.Mutex
	heard     []byte
}

var errHead = errors.New("net/http wrote a head that is not recognised")

// expect makes the connection ready for a request and its answer.
func (c *conn) expect(head []byte, stall time.Duration) {
	c.head, c.stall = head, stall
	c.mu.Lock()
	c.heard = c.heard[:0]
	c.mu.Unlock()
	c.listening.Store(true)
}

// answerHead returns what was read since expect. It is valid until the next expect.
func (c *conn) answerHead() []byte {
	c.listening.Store(false)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.listening.Load() {
		c.mu.Lock()
		// Transport gives up on a head that is too long; what comes after it is none of ours.
		if int64(len(c.heard)) <= 2*c.owner.o.MaxHeaderBytes {
			c.heard = append(c.heard, p[:n]...)
		}
		c.mu.Unlock()
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	if c.stall > 0 || c.timed {
		var by time.Time
		if c.stall > 0 {
			by = time.Now().Add(c.stall)
		}
		c.timed = c.stall > 0
		if err := c.Conn.SetWriteDeadline(by); err != nil {
			return 0, err
		}
	}
	if c.head == nil {
		return c.Conn.Write(p)
	}
	// Transport's head is a few short lines. It flushes before it waits for 100 Continue and after the body, never
	// within a head that fits its buffer.
	end := bytes.Index(p, []byte("\r\n\r\n"))
	if end < 0 {
		return 0, errHead
	}
	out := append(c.head, p[end+4:]...)
	c.head = nil
	n, err := c.Conn.Write(out)
	if err != nil {
		// What Transport asks for is whether anything was written at all.
		return min(n, len(p)), err
	}
	return len(p), nil
}

// Close ends the connection.
func (c *conn) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.conns, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}
