//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// notifyHangUp sends SIGHUP to a channel. It reports whether there is such a signal.
func notifyHangUp(c chan<- os.Signal) bool {
	signal.Notify(c, syscall.SIGHUP)
	return true
}

// limitOpenFiles bounds how many files the process has open.
func limitOpenFiles(n uint64) error {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return err
	}
	r.Cur = min(n, r.Max)
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &r)
}
