package simulate

import (
	"errors"
	"strings"
	"syscall"
)

// strerror returns an error as it stands in the module's log: in the words of the C library, which start with a capital.
func strerror(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		text := number.Error()
		return strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):]
	}
	var late interface{ Timeout() bool }
	if errors.As(err, &late) && late.Timeout() {
		return "Connection timed out"
	}
	return err.Error()
}
