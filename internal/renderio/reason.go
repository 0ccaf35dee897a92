package renderio

import (
	"errors"
	"net"
	"runtime"
	"strings"
	"syscall"
)

// The reasons of the C library that the module's log shows.
const (
	timedOut = "Connection timed out"
	noName   = "Name or service not known"
	tryAgain = "Temporary failure in name resolution"
)

// A reason is an error in the words of the C library.
type reason struct {
	text string
	err  error
}

func (r *reason) Error() string { return r.text }
func (r *reason) Unwrap() error { return r.err }

// lookupReason words the failure of a lookup as gai_strerror does.
func lookupReason(err error) error {
	var dns *net.DNSError
	if errors.As(err, &dns) && !dns.IsNotFound && (dns.IsTimeout || dns.IsTemporary) {
		return &reason{tryAgain, err}
	}
	return &reason{noName, err}
}

// connectReason words the failure of a connect as strerror does. What is no error of the system keeps its words.
func connectReason(err error) error {
	var known *reason
	if errors.As(err, &known) {
		return known
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return &reason{strerror(errno), err}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &reason{timedOut, err}
	}
	return err
}

// strerror is what the C library says of an error number. Other systems have other numbers and words for what the log
// of a Dispatcher shows in these.
func strerror(errno syscall.Errno) string {
	switch errno {
	case syscall.ECONNREFUSED:
		return "Connection refused"
	case syscall.ETIMEDOUT:
		return timedOut
	case syscall.EHOSTUNREACH:
		return "No route to host"
	case syscall.ENETUNREACH:
		return "Network is unreachable"
	case syscall.EACCES:
		return "Permission denied"
	case syscall.EPERM:
		return "Operation not permitted"
	case syscall.ECONNRESET:
		return "Connection reset by peer"
	}
	if runtime.GOOS == "windows" {
		switch uintptr(errno) {
		case 10013:
			return "Permission denied"
		case 10051:
			return "Network is unreachable"
		case 10054:
			return "Connection reset by peer"
		case 10060:
			return timedOut
		case 10061:
			return "Connection refused"
		case 10065:
			return "No route to host"
		}
	}
	// Go has the words of strerror with a small first letter.
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
