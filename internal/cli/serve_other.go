//go:build !unix

package cli

import "os"

// notifyHangUp reports that there is no such signal.
func notifyHangUp(chan<- os.Signal) bool { return false }
