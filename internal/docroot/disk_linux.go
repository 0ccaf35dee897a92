package docroot

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/dispcheck/dispcheck/simulate"
)

// openFlags keep a pipe that stands in for a file from holding up the one who opens it.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOCTTY

// beneath keeps a path in its folder, links included.
const beneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_MAGICLINKS

// How files are opened: to look at them, and to read them.
var (
	toLook = unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: beneath}
	toRead = unix.OpenHow{Flags: unix.O_RDONLY | unix.O_CLOEXEC | openFlags, Resolve: beneath}
)

// A handle is the descriptor that paths start at.
type handle struct {
	mu    sync.RWMutex // keeps file open while a call uses fd
	file  *os.File     // nil: closed
	fd    int
	quick bool // openat2 works
}

// open tries whether openat2 works: kernels before 5.6 do not have it, and some sandboxes do not let it through.
func (h *handle) open(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	h.file, h.fd = f, int(f.Fd())
	fd, errno := h.openat2("", ".", &toLook)
	if h.quick = errno == 0; h.quick {
		unix.Close(fd)
	}
	return nil
}

func (h *handle) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		return nil
	}
	err := h.file.Close()
	h.file = nil
	return err
}

// openat2 opens a path below a prefix. It is called under the lock.
func (h *handle) openat2(prefix, rel string, how *unix.OpenHow) (int, syscall.Errno) {
	// The path is put together here, with the zero at its end, so that nothing is allocated.
	var short [512]byte
	path := short[:0]
	if len(prefix)+len(rel)+2 > len(short) {
		path = make([]byte, 0, len(prefix)+len(rel)+2)
	}
	path = append(path, prefix...)
	if prefix != "" && rel != "" {
		path = append(path, '/')
	}
	path = append(path, rel...)
	if len(path) == 0 {
		path = append(path, '.')
	}
	path = append(path, 0)
	for try := 0; ; try++ {
		fd, _, errno := syscall.Syscall6(unix.SYS_OPENAT2, uintptr(h.fd), uintptr(unsafe.Pointer(&path[0])),
			uintptr(unsafe.Pointer(how)), unsafe.Sizeof(*how), 0, 0)
		// EAGAIN says that a folder was moved while a ".." of a link was followed.
		if try < tries && (errno == syscall.EINTR || errno == syscall.EAGAIN) {
			continue
		}
		return int(fd), errno
	}
}

// stat looks at a file below the root without opening it. What stands directly in the folder is looked at with one
// system call; nothing before its name can be a link. A deeper one is found first: fstatat would follow links on the
// way to it, wherever they lead.
func (r *diskRoot) stat(rel string) (simulate.FileInfo, error) {
	h := &r.d.handle
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.file == nil {
		return simulate.FileInfo{Kind: simulate.FileOther}, fs.ErrClosed
	}
	if !h.quick {
		return r.statByRoot(rel)
	}
	var st unix.Stat_t
	if r.prefix == "" && rel != "" && isSegment(rel) {
		err := unix.Fstatat(h.fd, rel, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == unix.ENOENT {
			return simulate.FileInfo{}, nil
		}
		if err == nil && st.Mode&unix.S_IFMT != unix.S_IFLNK {
			return infoOfStat(&st), nil
		}
	}
	fd, errno := h.openat2(r.prefix, rel, &toLook)
	if errno != 0 {
		return r.d.absentHere(errno)
	}
	err := unix.Fstat(fd, &st)
	unix.Close(fd)
	if err != nil {
		return simulate.FileInfo{Kind: simulate.FileOther}, err
	}
	return infoOfStat(&st), nil
}

// isSegment reports whether a path has no slash.
func isSegment(rel string) bool {
	for i := range len(rel) {
		if rel[i] == '/' {
			return false
		}
	}
	return true
}

// absentHere is absent for an error of openat2. EXDEV says that the path leads out.
func (d *Disk) absentHere(errno syscall.Errno) (simulate.FileInfo, error) {
	switch errno {
	case syscall.ENOENT, syscall.ENOTDIR:
		return simulate.FileInfo{}, nil
	case syscall.EXDEV, syscall.ENXIO, syscall.ENODEV:
		return simulate.FileInfo{Kind: simulate.FileOther}, nil
	}
	return d.absent(errno)
}

func infoOfStat(st *unix.Stat_t) simulate.FileInfo {
	kind := simulate.FileOther
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		kind = simulate.FileRegular
	case unix.S_IFDIR:
		kind = simulate.FileFolder
	}
	return simulate.FileInfo{Kind: kind, Size: st.Size, Mod: time.Unix(st.Mtim.Unix())}
}

// open opens a file below the root to read it.
func (r *diskRoot) open(rel string) (simulate.File, error) {
	h := &r.d.handle
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.file == nil {
		return nil, fs.ErrClosed
	}
	if !h.quick {
		return r.openByRoot(rel)
	}
	fd, errno := h.openat2(r.prefix, rel, &toRead)
	if errno != 0 {
		info, err := r.d.absentHere(errno)
		if err == nil {
			err = unopened(info.Kind)
		}
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return nil, err
	}
	info := infoOfStat(&st)
	if info.Kind != simulate.FileRegular {
		unix.Close(fd)
		return nil, unopened(info.Kind)
	}
	return &quickFile{fd: fd, info: info}, nil
}

// A quickFile is an open regular file. os.File would ask the kernel to tell when it can be read, which a regular file
// always can.
type quickFile struct {
	info simulate.FileInfo
	mu   sync.Mutex // keeps fd open while it is read
	fd   int        // -1: closed
}

func (f *quickFile) Info() simulate.FileInfo { return f.info }

func (f *quickFile) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fd < 0 {
		return 0, fs.ErrClosed
	}
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := unix.Read(f.fd, p[:min(len(p), 1<<30)])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// ReadAt implements io.ReaderAt.
func (f *quickFile) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fd < 0 {
		return 0, fs.ErrClosed
	}
	done := 0
	for done < len(p) {
		n, err := unix.Pread(f.fd, p[done:min(len(p), done+1<<30)], off+int64(done))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return done, err
		case n == 0:
			return done, io.EOF
		}
		done += n
	}
	return done, nil
}

func (f *quickFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fd < 0 {
		return fs.ErrClosed
	}
	fd := f.fd
	f.fd = -1
	return unix.Close(fd)
}
