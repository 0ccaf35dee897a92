//go:build !unix

package renderio

import (
	"net"
	"time"
)

// canOwn says that net/http keeps all connections: there is no way to see whether something came over an idle one.
const canOwn = false

const firstPiece = 0

// A line is never made here.
type line struct {
	*conn
	cut   func()
	since time.Time
}

func newLine(*conn) *line { return nil }

func (*line) readFirst() (*[firstPiece]byte, int, error) { return nil, 0, net.ErrClosed }
func putFirst(*[firstPiece]byte)                         {}
func (*line) readMore([]byte) int                        { return 0 }
func (*line) quiet() bool                                { return false }
