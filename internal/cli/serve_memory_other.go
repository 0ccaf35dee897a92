//go:build !linux

package cli

import "runtime/debug"

// giveBack gives the system back what starting took.
func giveBack() { debug.FreeOSMemory() }
