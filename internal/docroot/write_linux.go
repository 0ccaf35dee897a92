package docroot

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"
	"sync/atomic"
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
	folder := &openFolder{fd: dir}
	name = strings.Clone(name)
	w := r.beginIn(folder, name, name[len(name)-len(base):], mode)
	if w == nil {
		unix.Close(dir)
	}
	return w, w != nil
}

// beginIn makes a file in a folder that is open. It is nil where it cannot tell what to do.
func (r *diskRoot) beginIn(folder *openFolder, name, base string, mode fs.FileMode) *quickWriter {
	var st unix.Stat_t
	err := unix.Fstatat(folder.fd, base, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG || err != nil && err != unix.ENOENT {
		return nil
	}
	for range tries {
		temp := temporary(base)
		fd, err := unix.Openat(folder.fd, temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, uint32(mode.Perm()&^0o111))
		if err == nil {
			folder.users.Add(1)
			return &quickWriter{root: r, d: r.d, name: name, folder: folder, dir: folder.fd, fd: fd, temp: temp, base: base}
		}
		if err != unix.EEXIST && err != unix.EINTR {
			return nil
		}
	}
	return nil
}

// An openFolder is a folder in which files are being written. It is closed with the last of them.
type openFolder struct {
	fd    int
	users atomic.Int32
}

func (f *openFolder) leave() {
	if f.users.Add(-1) == 0 {
		unix.Close(f.fd)
	}
}

// A quickWriter is a file that is being written, under its temporary name in its folder.
type quickWriter struct {
	root       *diskRoot
	d          *Disk
	name       string
	folder     *openFolder
	dir, fd    int // dir is the folder's
	temp, base string
	done       bool
	err        error // of the write that failed
}

var _ simulate.Neighbour = (*quickWriter)(nil)

// CreateBeside implements simulate.Neighbour.
func (w *quickWriter) CreateBeside(suffix string, mode fs.FileMode) (simulate.NewFile, error) {
	if name := w.name + suffix; !w.done && !tooLongToWrite(w.root.prefix, name) {
		if f := w.root.beginIn(w.folder, name, name[len(name)-len(w.base)-len(suffix):], mode); f != nil {
			return f, nil
		}
	}
	return w.root.Create(w.name+suffix, mode)
}

// RemoveBeside implements simulate.Neighbour.
func (w *quickWriter) RemoveBeside(suffix string) error {
	var st unix.Stat_t
	if !w.done && unix.Fstatat(w.dir, w.base+suffix, &st, unix.AT_SYMLINK_NOFOLLOW) == unix.ENOENT {
		return nil
	}
	return w.root.Remove(w.name + suffix)
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
	w.folder.leave()
}

// Commit implements simulate.NewFile.
func (w *quickWriter) Commit(at time.Time) error {
	if w.done {
		return cmp.Or(w.err, fail(simulate.PlaceFile, w.name, fs.ErrClosed))
	}
	w.done = true
	defer w.folder.leave()
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
