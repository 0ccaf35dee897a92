//go:build unix

package replay_test

import (
	"syscall"
	"time"
)

// cpuTime is what this process has used of the processor: other load on the machine is no part of it.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
