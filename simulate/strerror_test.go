package simulate

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
)

func TestStrerror(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the words are those of the system")
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"errno", syscall.ECONNREFUSED, "Connection refused"},
		{"wrapped", fmt.Errorf("dial: %w", os.NewSyscallError("connect", syscall.EACCES)), "Permission denied"},
		{"interrupted", syscall.EINTR, "Interrupted system call"},
		{"timeout", os.ErrDeadlineExceeded, "Connection timed out"},
		{"other", errors.New("no such host"), "no such host"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strerror(tt.err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
