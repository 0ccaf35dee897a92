//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyHangUp sends SIGHUP to a channel. It reports whether there is such a signal.
func notifyHangUp(c chan<- os.Signal) bool {
	signal.Notify(c, syscall.SIGHUP)
	return true
}
