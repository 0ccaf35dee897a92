//go:build unix

package renderio

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// canOwn says that connections can be kept without net/http.
const canOwn = true

// firstPiece is how much of an answer is read at first: most pages with their heads.
const firstPiece = 16 << 10

var firstPieces = sync.Pool{New: func() any { return new([firstPiece]byte) }}

// A line is a connection that is read by the one who asks, without a goroutine of its own. While it waits for an answer
// it holds no buffer.
type line struct {
	*conn
	raw   syscall.RawConn
	cut   func()    // closes it
	since time.Time // when it became idle

	// What the functions below, made once, leave behind.
	tryMore, tryPeek func(fd uintptr)
	waitFirst        func(fd uintptr) bool
	first            *[firstPiece]byte
	into             []byte
	n                int
	err              error
	one              [1]byte
}

// newLine makes a line of a connection, or nil where it is none of the system's.
func newLine(c *conn) *line {
	s, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	l := &line{conn: c, raw: raw}
	l.cut = func() { l.Close() }
	l.waitFirst = func(fd uintptr) bool {
		b := firstPieces.Get().(*[firstPiece]byte)
		l.n, l.err = readNow(fd, b[:])
		if l.err == syscall.EAGAIN {
			firstPieces.Put(b)
			return false
		}
		l.first = b
		return true
	}
	l.tryMore = func(fd uintptr) { l.n, l.err = readNow(fd, l.into) }
	l.tryPeek = func(fd uintptr) {
		for {
			if _, _, l.err = syscall.Recvfrom(int(fd), l.one[:], syscall.MSG_PEEK); l.err != syscall.EINTR {
				return
			}
		}
	}
	return l
}

func readNow(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// readFirst waits for the first bytes of an answer. The buffer is the caller's; it goes back with putFirst.
func (l *line) readFirst() (*[firstPiece]byte, int, error) {
	err := l.raw.Read(l.waitFirst)
	b, n := l.first, l.n
	l.first = nil
	if b == nil {
		return nil, 0, err
	}
	if err = l.readError(n); err != nil {
		putFirst(b)
		return nil, 0, err
	}
	return b, n, nil
}

func putFirst(b *[firstPiece]byte) { firstPieces.Put(b) }

// readError words what the last read returned as package net does.
func (l *line) readError(n int) error {
	switch {
	case l.err != nil:
		return &net.OpError{Op: "read", Net: "tcp", Source: l.LocalAddr(), Addr: l.RemoteAddr(), Err: os.NewSyscallError("read", l.err)}
	case n == 0:
		return io.EOF
	}
	return nil
}

// readMore reads what is there already, and does not wait for it. That there is nothing, or no more, is told by the next
// Read.
func (l *line) readMore(p []byte) int {
	l.into, l.n = p, 0
	err := l.raw.Control(l.tryMore)
	l.into = nil
	if err != nil || l.err != nil {
		return 0
	}
	return l.n
}

// quiet reports whether an idle connection stands, and nothing has come over it.
func (l *line) quiet() bool {
	l.err = nil
	return l.raw.Control(l.tryPeek) == nil && l.err == syscall.EAGAIN
}
