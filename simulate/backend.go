package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/dispcheck/dispcheck/model"
)

// A Backend stands for the renders: real, canned, or recorded. It is called from many goroutines at once.
//
// RoundTrip connects to one render and returns its answer as soon as the headers are there. It keeps to the render's
// /timeout and /receiveTimeout: where they pass, it returns a [*ConnectError] or [ErrReceiveTimeout], or the body's
// Read returns ErrReceiveTimeout. Any other error means that the connection was made and no answer came. The engine
// closes the body.
type Backend interface {
	RoundTrip(context.Context, *RenderRequest) (*Answer, error)
}

// Purpose says what a request to a render is for.
type Purpose uint8

// The purposes.
const (
	// ForClient: a client's request.
	ForClient Purpose = iota
	// ForHealth: the URL of /health_check.
	ForHealth
	// ForPermission: the URL of /auth_checker.
	ForPermission
	// ForVanityList: the URL of /vanity_urls.
	ForVanityList
	// ForRefetch: a page that a flush asks to be fetched again.
	ForRefetch
	// ForFlush: a flush that /propagateSyndPost passes on.
	ForFlush
)

// String returns the purpose as mocks name it: "health-check".
func (p Purpose) String() string {
	return [...]string{"request", "health-check", "permission-check", "vanity-list", "re-fetch", "flush"}[p]
}

// A RenderRequest is a request as the module sends it to a render.
type RenderRequest struct {
	Render  *model.Render
	Purpose Purpose
	Method  string
	// Target is the request target, encoded: "/a%20b.html?c=d".
	Target string
	// Header is all headers in the order in which they are sent, Host among them.
	Header Header
	// Body is what is sent along, nil for nothing. Length is its length, -1 where that is not known.
	Body   io.Reader
	Length int64
}

// An Answer is what a render sends back.
type Answer struct {
	Status int
	// Proto is the protocol of the status line; "" is HTTP/1.1.
	Proto  string
	Header Header
	// Body is nil for an answer without one. Where less comes than was announced, its Read ends with
	// io.ErrUnexpectedEOF.
	Body io.ReadCloser
	// Addr is the address that answered, "127.0.0.1:4503"; "" where it is not known.
	Addr string
}

// Close closes the body, if there is one.
func (a *Answer) Close() {
	if a.Body != nil {
		a.Body.Close()
	}
}

// ErrReceiveTimeout says that a render's answer, or a part of it, did not come within /receiveTimeout.
var ErrReceiveTimeout = errors.New("the answer did not come in time")

// A ConnectError says that a render could not be connected to.
type ConnectError struct {
	// Addr is the address that was tried, "10.0.0.1:4503".
	Addr string
	// Err is the system's reason. Its text stands in the log.
	Err error
}

func (e *ConnectError) Error() string { return fmt.Sprintf("connecting to %s: %v", e.Addr, e.Err) }

// Unwrap returns the system's reason.
func (e *ConnectError) Unwrap() error { return e.Err }

// RenderPort returns the port of a render: what /port says, else 80, or 443 with /secure.
func RenderPort(r *model.Render) int {
	switch {
	case r.Port.Value != 0:
		return r.Port.Value
	case r.Secure.Value:
		return 443
	}
	return 80
}

// RenderAddr returns the host and the port of a render as they are configured, "localhost:4503".
func RenderAddr(r *model.Render) string {
	host := r.Hostname.Value
	if len(host) > 0 && host[0] != '[' && countByte(host, ':') > 1 {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(RenderPort(r))
}

func countByte(s string, c byte) int {
	n := 0
	for i := range len(s) {
		if s[i] == c {
			n++
		}
	}
	return n
}
