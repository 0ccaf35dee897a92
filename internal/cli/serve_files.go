//go:build linux || darwin

package cli

import "syscall"

// limitOpenFiles bounds how many files the process has open.
func limitOpenFiles(n uint64) error {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return err
	}
	r.Cur = min(n, r.Max)
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r)
}
