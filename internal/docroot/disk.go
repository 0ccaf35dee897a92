package docroot

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// tries bounds how often a step is repeated that lost a race against another process or goroutine.
const tries = 64

// A Disk is a real folder that stands for the document roots of a configuration. Nothing outside of it is read, written
// or looked at: a name that leads out, be it by a link, is refused, also when the link is put there at the last moment.
// Links that stay inside are followed; absolute ones are taken to lead out, wherever they point.
//
// On Linux a file is found in one system call, openat2 with RESOLVE_BENEATH; elsewhere, and where a kernel or a sandbox
// does not have it, os.Root opens folder after folder.
type Disk struct {
	dir     string
	roots   []string // outermost ones
	root    *os.Root
	escapes error // what root returns for a name that leads out
	handle  handle
}

// NewDisk opens a folder. Roots are all document roots that the configuration names: the outermost of them stand for
// the folder itself, those inside another for the matching folder in it. Without roots any path stands for the folder.
// The folder must be there. That of the system ("/", "C:\"), the home folder and those that hold it are refused,
// whatever links lead to them: a cache is emptied now and then. A folder that cannot be written to can be read; writing
// fails then with *simulate.StoreError. The Disk has to be closed.
func NewDisk(dir string, roots []string) (*Disk, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cache folder %s: %w", dir, bare(err))
	}
	real, err := filepath.EvalSymlinks(absolute)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cache folder %s does not exist: make it first", dir)
	case err != nil:
		return nil, fmt.Errorf("cache folder %s: %w", dir, bare(err))
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cache folder %s: %w", dir, bare(err))
	case !info.IsDir():
		return nil, fmt.Errorf("cache folder %s is not a folder: name the folder that stands for the document root", dir)
	}
	if err := refuse(dir, real, info); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return nil, fmt.Errorf("cache folder %s: %w", dir, bare(err))
	}
	d := &Disk{dir: real, root: root}
	_, err = root.Lstat("..")
	d.escapes = bare(err)
	d.roots = outermost(roots)
	if err := d.handle.open(root); err != nil {
		root.Close()
		return nil, fmt.Errorf("cache folder %s: %w", dir, bare(err))
	}
	return d, nil
}

// refuse says why a folder must not be a cache.
func refuse(dir, real string, info fs.FileInfo) error {
	if filepath.Dir(real) == real {
		return fmt.Errorf("cache folder %s is the root of the file system: name a folder of its own", dir)
	}
	if top, err := os.Stat(filepath.VolumeName(real) + string(filepath.Separator)); err == nil && os.SameFile(top, info) {
		return fmt.Errorf("cache folder %s is the root of the file system: name a folder of its own", dir)
	}
	home, err := os.UserHomeDir()
	if err != nil || home == "" {
		return nil
	}
	if home, err = filepath.EvalSymlinks(home); err != nil {
		return nil
	}
	for at := home; filepath.Dir(at) != at; at = filepath.Dir(at) {
		if in, err := os.Stat(at); err == nil && os.SameFile(in, info) {
			if at == home {
				return fmt.Errorf("cache folder %s is the home folder: name a folder of its own", dir)
			}
			return fmt.Errorf("cache folder %s holds the home folder: name a folder of its own", dir)
		}
	}
	return nil
}

// outermost returns the document roots that lie in no other.
func outermost(roots []string) []string {
	var tops []string
	clean := make([]string, 0, len(roots))
	for _, root := range roots {
		clean = append(clean, tidy(root))
	}
	slices.SortFunc(clean, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	for _, root := range clean {
		if !slices.ContainsFunc(tops, func(top string) bool { _, ok := within(top, root); return ok }) {
			tops = append(tops, root)
		}
	}
	return tops
}

// Dir returns the folder, absolute and without links.
func (d *Disk) Dir() string { return d.dir }

// Close lets go of the folder. Files that are open can still be read and closed; everything else fails from then on.
func (d *Disk) Close() error {
	return cmp.Or(d.handle.close(), d.root.Close())
}

// Docroot implements simulate.Store. A path that is not in one of the document roots is an error.
func (d *Disk) Docroot(root string) (simulate.Docroot, error) {
	prefix, err := d.place(root)
	if err != nil {
		return nil, err
	}
	if s := at("", "/"+prefix, true); s.err != nil {
		return nil, fmt.Errorf("document root %s: %w", root, s.err)
	}
	return &diskRoot{d: d, prefix: prefix}, nil
}

// place implements placer.
func (d *Disk) place(root string) (string, error) {
	if len(d.roots) == 0 {
		return "", nil
	}
	for _, top := range d.roots {
		if rel, ok := within(top, tidy(root)); ok {
			return rel, nil
		}
	}
	return "", fmt.Errorf("document root %s is none of those that %s stands for: %s", root, d.dir, strings.Join(d.roots, ", "))
}

// A diskRoot is a document root: the folder at prefix.
type diskRoot struct {
	d      *Disk
	prefix string
}

func (r *diskRoot) at(name string) spot { return at(r.prefix, name, true) }

// path makes the path of a file for os.Root.
func (r *diskRoot) path(rel string) string {
	if rel = join(r.prefix, rel); rel == "" {
		return "."
	}
	return rel
}

// Stat implements simulate.Docroot.
func (r *diskRoot) Stat(name string) (simulate.FileInfo, error) {
	s := r.at(name)
	switch s.err {
	case nil:
	case simulate.ErrOutside:
		return simulate.FileInfo{Kind: simulate.FileOther}, s.err
	default:
		return simulate.FileInfo{}, nil
	}
	info, err := r.stat(s.rel)
	if s.slash && info.Kind != simulate.FileFolder {
		return simulate.FileInfo{}, err
	}
	return info, err
}

// statByRoot is stat by os.Root.
func (r *diskRoot) statByRoot(rel string) (simulate.FileInfo, error) {
	info, err := r.d.root.Stat(r.path(rel))
	if err == nil {
		return infoOf(info), nil
	}
	return r.d.absent(err)
}

// absent makes sense of an error that a look at a file returned: there is none, or none that may be looked at.
func (d *Disk) absent(err error) (simulate.FileInfo, error) {
	switch err := d.reason(err); {
	case errors.Is(err, fs.ErrNotExist), err == simulate.ErrNotFolder, err == simulate.ErrNameTooLong:
		return simulate.FileInfo{}, nil
	case err == simulate.ErrOutside, err == syscall.ELOOP:
		return simulate.FileInfo{Kind: simulate.FileOther}, nil
	default:
		return simulate.FileInfo{Kind: simulate.FileOther}, err
	}
}

// infoOf translates what the system says of a file.
func infoOf(info fs.FileInfo) simulate.FileInfo {
	kind := simulate.FileOther
	switch mode := info.Mode(); {
	case mode.IsRegular():
		kind = simulate.FileRegular
	case mode.IsDir():
		kind = simulate.FileFolder
	case mode&fs.ModeSymlink != 0:
		kind = simulate.FileLink
	}
	return simulate.FileInfo{Kind: kind, Size: info.Size(), Mod: info.ModTime()}
}

// Open implements simulate.Docroot. The file is to be closed.
func (r *diskRoot) Open(name string) (simulate.File, error) {
	s := r.at(name)
	switch {
	case s.err == simulate.ErrOutside:
		return nil, errOutsideMissing
	case s.err != nil || s.slash:
		return nil, errMissing
	}
	return r.open(s.rel)
}

// openByRoot is open by os.Root.
func (r *diskRoot) openByRoot(rel string) (simulate.File, error) {
	// A look before: to open a device may do something.
	info, err := r.statByRoot(rel)
	if err != nil {
		return nil, err
	}
	if info.Kind != simulate.FileRegular {
		return nil, unopened(info.Kind)
	}
	f, err := r.d.root.OpenFile(r.path(rel), os.O_RDONLY|openFlags, 0)
	if err != nil {
		if info, err := r.d.absent(err); err == nil {
			return nil, unopened(info.Kind)
		}
		return nil, bare(err)
	}
	found, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, bare(err)
	}
	if info = infoOf(found); info.Kind != simulate.FileRegular {
		f.Close()
		return nil, unopened(info.Kind)
	}
	return &rootFile{f, info}, nil
}

// unopened is the error of Open for what is no file.
func unopened(kind simulate.FileKind) error {
	switch kind {
	case simulate.FileOther:
		return errOutsideMissing
	case simulate.FileMissing:
		return simulate.ErrNothing
	}
	return errMissing
}

// A rootFile is an open file that os.Root opened.
type rootFile struct {
	*os.File
	info simulate.FileInfo
}

func (f *rootFile) Info() simulate.FileInfo { return f.info }

// Create implements simulate.Docroot. What leads out of the folder, or is no file, is not replaced.
func (r *diskRoot) Create(name string, mode fs.FileMode) (simulate.NewFile, error) {
	s := r.at(name)
	switch {
	case s.err != nil:
		return nil, fail(simulate.MakeFile, name, s.err)
	case s.slash || s.rel == "":
		return nil, fail(simulate.MakeFile, name, simulate.ErrIsFolder)
	case tooLongToWrite(r.prefix, s.rel):
		return nil, fail(simulate.MakeFile, name, simulate.ErrNameTooLong)
	}
	if f, ok := r.begin(name, s.rel, mode); ok {
		return f, nil
	}
	info, err := r.stat(s.rel)
	if err = cannotHold(info, err); err != nil {
		return nil, fail(simulate.MakeFile, name, err)
	}
	parent, base := split(strings.Clone(s.rel))
	for try := 0; ; try++ {
		folder, err := r.folder(parent, mode)
		if err != nil {
			return nil, failParent(s.rel, err)
		}
		temp := temporary(base)
		f, err := folder.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.Perm()&^0o111)
		if err == nil {
			return &diskWriter{d: r.d, name: strings.Clone(name), folder: folder, f: f, temp: temp, base: base}, nil
		}
		folder.Close()
		// Another has taken the name, or has removed the folder since it was opened.
		if try == tries || !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return nil, fail(simulate.MakeFile, name, r.d.reason(err))
		}
	}
}

// folder opens a folder and makes it where it is missing. What is written in it stays in it, even if it is moved.
func (r *diskRoot) folder(rel string, mode fs.FileMode) (*os.Root, error) {
	path := r.path(rel)
	for try := 0; ; try++ {
		folder, err := r.openFolder(rel)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || try == tries {
			return folder, err
		}
		// Others may remove, while this one makes, folders.
		if err := r.d.root.MkdirAll(path, mode.Perm()); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return nil, r.d.reason(err)
		}
	}
}

// openFolder opens a folder. It looks first: os.Root would wait for a pipe.
func (r *diskRoot) openFolder(rel string) (*os.Root, error) {
	switch info, err := r.stat(rel); {
	case err != nil:
		return nil, err
	case info.Kind == simulate.FileRegular:
		return nil, simulate.ErrNotFolder
	case info.Kind == simulate.FileOther:
		return nil, simulate.ErrOutside
	}
	folder, err := r.d.root.OpenRoot(r.path(rel))
	return folder, r.d.reason(err)
}

// A diskWriter is a file that is being written, under its temporary name in its folder.
type diskWriter struct {
	d          *Disk
	name       string
	folder     *os.Root
	f          *os.File
	temp, base string
	done       bool
	err        error // of the write that failed
}

func (w *diskWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, cmp.Or(w.err, fail(simulate.MakeFile, w.name, fs.ErrClosed))
	}
	n, err := w.f.Write(p)
	if err != nil {
		w.err = fail(simulate.MakeFile, w.name, w.d.reason(err))
		w.Abort()
		return n, w.err
	}
	return n, nil
}

// Abort implements simulate.NewFile.
func (w *diskWriter) Abort() {
	if w.done {
		return
	}
	w.done = true
	// The file is closed first: an open one cannot be removed everywhere.
	w.f.Close()
	w.folder.Remove(w.temp)
	w.folder.Close()
}

// Commit implements simulate.NewFile.
func (w *diskWriter) Commit(at time.Time) error {
	if w.done {
		return cmp.Or(w.err, fail(simulate.PlaceFile, w.name, fs.ErrClosed))
	}
	w.done = true
	defer w.folder.Close()
	step, err := simulate.MakeFile, w.f.Close()
	if err == nil {
		step, err = simulate.PlaceFile, w.folder.Chtimes(w.temp, time.Time{}, at)
	}
	if err == nil {
		err = w.folder.Rename(w.temp, w.base)
	}
	if err == nil {
		return nil
	}
	reason := w.d.reason(err)
	if info, err := w.folder.Lstat(w.base); err == nil && info.IsDir() {
		reason = simulate.ErrIsFolder
	}
	w.folder.Remove(w.temp)
	return fail(step, w.name, reason)
}

// Touch implements simulate.Docroot. A file that it makes has the present time for a moment, as the module's have.
func (r *diskRoot) Touch(name string, mode fs.FileMode, at time.Time) error {
	s := r.at(name)
	switch {
	case s.err != nil:
		return fail(simulate.TouchFile, name, s.err)
	case s.slash || s.rel == "":
		return fail(simulate.TouchFile, name, simulate.ErrIsFolder)
	}
	path := strings.Clone(r.path(s.rel))
	for try := 0; ; try++ {
		err := r.touch(s.rel, path, mode, at)
		if err == nil {
			return nil
		}
		// It was removed, or made by another, between two steps.
		if try < tries && (err == errVanished || errors.Is(err, fs.ErrExist)) {
			continue
		}
		return fail(simulate.TouchFile, name, r.d.reason(err))
	}
}

// errVanished says that a file was there a moment ago.
var errVanished = errors.New("removed while it was touched")

func (r *diskRoot) touch(rel, path string, mode fs.FileMode, at time.Time) error {
	info, err := r.stat(rel)
	if err = cannotHold(info, err); err != nil {
		return err
	}
	if info.Kind == simulate.FileRegular {
		err := r.d.root.Chtimes(path, time.Time{}, at)
		if errors.Is(err, fs.ErrNotExist) {
			return errVanished
		}
		return err
	}
	parent, _ := split(rel)
	above, err := r.stat(parent)
	switch {
	case err != nil:
		return err
	case above.Kind == simulate.FileMissing:
		return fs.ErrNotExist
	case above.Kind == simulate.FileOther:
		return simulate.ErrOutside
	case above.Kind != simulate.FileFolder:
		return simulate.ErrNotFolder
	}
	f, err := r.d.root.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.Perm()&^0o111)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err = r.d.root.Chtimes(path, time.Time{}, at); errors.Is(err, fs.ErrNotExist) {
		return errVanished
	}
	return err
}

// Remove implements simulate.Docroot. A folder that is not empty is an error that wraps fs.ErrExist.
func (r *diskRoot) Remove(name string) error {
	s := r.at(name)
	switch {
	case s.err == simulate.ErrNameTooLong:
		return nil
	case s.err != nil:
		return s.err
	case s.rel == "":
		return errRoot
	}
	if r.absent(s.rel) {
		return nil
	}
	path := r.path(s.rel)
	if s.slash {
		if info, err := r.d.root.Lstat(path); err == nil && !info.IsDir() {
			return nil
		}
	}
	switch err := r.d.reason(r.d.root.Remove(path)); {
	case err == nil, errors.Is(err, fs.ErrNotExist), err == simulate.ErrNotFolder, err == simulate.ErrNameTooLong:
		return nil
	case errors.Is(err, fs.ErrExist):
		return errNotEmpty
	default:
		return err
	}
}

// List implements simulate.Docroot.
func (r *diskRoot) List(name string) ([]simulate.Entry, error) {
	s := r.at(name)
	switch s.err {
	case nil:
	case simulate.ErrOutside:
		return nil, s.err
	default:
		return nil, nil
	}
	folder, err := r.openFolder(s.rel)
	if err != nil {
		_, err := r.d.absent(err)
		return nil, err
	}
	defer folder.Close()
	f, err := folder.Open(".")
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, bare(err)
	}
	slices.Sort(names)
	entries := make([]simulate.Entry, 0, len(names))
	for _, name := range names {
		info, err := folder.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, bare(err)
		}
		entries = append(entries, simulate.Entry{Name: name, FileInfo: infoOf(info)})
	}
	return entries, nil
}

// Full disks of Windows, which syscall does not name.
const (
	windowsHandleDiskFull = syscall.Errno(39)
	windowsDiskFull       = syscall.Errno(112)
)

// reason makes one of the errors of package simulate of a system's error, or takes the path off it.
func (d *Disk) reason(err error) error {
	err = bare(err)
	switch {
	case err == nil:
		return nil
	case err == d.escapes:
		return simulate.ErrOutside
	case errors.Is(err, syscall.ENOTDIR):
		return simulate.ErrNotFolder
	case errors.Is(err, syscall.EISDIR):
		return simulate.ErrIsFolder
	case errors.Is(err, syscall.ENAMETOOLONG):
		return simulate.ErrNameTooLong
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return simulate.ErrNoSpace
	case runtime.GOOS == "windows" && (errors.Is(err, windowsDiskFull) || errors.Is(err, windowsHandleDiskFull)):
		return simulate.ErrNoSpace
	}
	return err
}

// bare takes what os puts around a system's error off it: names are known to those who asked.
func bare(err error) error {
	for {
		switch e := err.(type) {
		case *fs.PathError:
			err = e.Err
		case *os.LinkError:
			err = e.Err
		case *os.SyscallError:
			err = e.Err
		default:
			return err
		}
	}
}
