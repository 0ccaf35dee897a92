//go:build unix && !linux

package docroot

import "syscall"

// openFlags keep a pipe that stands in for a file from holding up the one who opens it.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOCTTY
