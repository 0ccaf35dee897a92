//go:build !linux && !darwin

package cli

import "errors"

// limitOpenFiles says that this system's limit is not ours to set.
func limitOpenFiles(uint64) error { return errors.New("this system has no such limit for a process") }
