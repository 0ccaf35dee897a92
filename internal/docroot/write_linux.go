package docroot

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/dispcheck/dispcheck/simulate"
)

// toEnter is how a folder is opened to make files in it.
var toEnter = unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: beneath}

// begin makes a file in a folder that is there, in three system calls. It reports false where it cannot tell what to do: Create then
// goes the long way, which also says what is wrong.
func (r *diskRoot) begin(name, rel string, mode fs.FileMode) (*quickWriter, bool) {
	h := &r.d.handle
	parent, base := split(rel)
	h.mu.RLock()
	if h.file == nil || !h.quick {
		h.mu.RUnlock()
		return nil, false
	}
	dir, errno := h.openat2(r.prefix, parent, &toEnter)
	h.mu.RUnlock()
	if errno != 0 {
		return nil, false
	}
	var st unix.Stat_t
	err := unix.Fstatat(dir, base, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG || err == unix.ENOENT {
		for range tries {
			temp := temporary(base)
			fd, err := unix.Openat(dir, temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, uint32(mode.Perm()&^0o111))
			if err == nil {
				return &quickWriter{d: r.d, name: strings.Clone(name), dir: dir, fd: fd, temp: temp, base: strings.Clone(base)}, true
			}
			if err != unix.EEXIST && err != unix.EINTR {
				break
			}
		}
	}
	unix.Close(dir)
	return nil, false
}

// A quickWriter is a file that is being written, under its temporary name in its folder.
type quickWriter struct {
	d          *Disk
	name       string
	dir, fd    int
	temp, base string
	done       bool
	err        error // of the write that failed
}

func (w *quickWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, cmp.Or(w.err, fail(simulate.MakeFile, w.name, fs.ErrClosed))
	}
	written := 0
	for written < len(p) {
		n, err := unix.Write(w.fd, p[written:min(len(p), written+1<<30)])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			w.err = fail(simulate.MakeFile, w.name, w.d.reason(err))
			w.Abort()
			return written, w.err
		}
		written += n
	}
	return written, nil
}

// Abort implements simulate.NewFile.
func (w *quickWriter) Abort() {
	if w.done {
		return
	}
	w.done = true
	unix.Close(w.fd)
	_ = unix.Unlinkat(w.dir, w.temp, 0)
	unix.Close(w.dir)
}

// Commit implements simulate.NewFile.
func (w *quickWriter) Commit(at time.Time) error {
	if w.done {
		return cmp.Or(w.err, fail(simulate.PlaceFile, w.name, fs.ErrClosed))
	}
	w.done = true
	defer unix.Close(w.dir)
	times := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(at.UnixNano())}
	step, err := simulate.PlaceFile, futimens(w.fd, &times)
	if closed := unix.Close(w.fd); closed != nil && closed != unix.EINTR {
		step, err = simulate.MakeFile, closed // a full disk of the network is told as late as this
	}
	if err == nil {
		for {
			if err = unix.Renameat(w.dir, w.temp, w.dir, w.base); err != unix.EINTR {
				break
			}
		}
	}
	if err == nil {
		return nil
	}
	reason := w.d.reason(err)
	var st unix.Stat_t
	if unix.Fstatat(w.dir, w.base, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		reason = simulate.ErrIsFolder
	}
	_ = unix.Unlinkat(w.dir, w.temp, 0)
	return fail(step, w.name, reason)
}

// futimens sets the times of an open file.
func futimens(fd int, times *[2]unix.Timespec) error {
	_, _, errno := syscall.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(times)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// toFind is how a name is looked for, be it a link.
var toFind = unix.OpenHow{Flags: unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: beneath}

// absent reports that there is nothing at a name for sure, in one system call.
func (r *diskRoot) absent(rel string) bool {
	h := &r.d.handle
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.file == nil || !h.quick {
		return false
	}
	fd, errno := h.openat2(r.prefix, rel, &toFind)
	if errno == 0 {
		unix.Close(fd)
	}
	return errors.Is(errno, unix.ENOENT)
}
