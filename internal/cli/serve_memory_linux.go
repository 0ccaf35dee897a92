package cli

import (
	"bufio"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// giveBack gives the system back what starting took: the garbage, and the parts of the program that only loading and checking a
// configuration need. They are read again from the file where they are needed again, as if memory had been short.
func giveBack() {
	debug.FreeOSMemory()
	program, err := os.Executable()
	if err != nil {
		return
	}
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		w := strings.Fields(s.Text())
		if len(w) < 6 || w[5] != program || !strings.HasPrefix(w[1], "r") || strings.Contains(w[1], "w") {
			continue // what was written to would be lost
		}
		first, last, _ := strings.Cut(w[0], "-")
		from, err := strconv.ParseUint(first, 16, 64)
		to, err2 := strconv.ParseUint(last, 16, 64)
		if err == nil && err2 == nil && to > from {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(from), uintptr(to-from), syscall.MADV_DONTNEED) // where it fails, all stays
		}
	}
}
