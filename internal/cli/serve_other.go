//go:build !unix

package cli

import (
	"errors"
	"os"
)

// notifyHangUp reports that there is no such signal.
func notifyHangUp(chan<- os.Signal) bool { return false }

// limitOpenFiles says that the system has no such limit.
func limitOpenFiles(uint64) error { return errors.New("this system has no such limit") }
