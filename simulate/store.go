package simulate

import (
	"errors"
	"io"
	"io/fs"
	"time"
)

// A Store is where document roots are: the disk, or memory.
type Store interface {
	// Docroot returns the document root of a path as a configuration names it, "/mnt/var/www/html", without a slash at
	// its end. It need not exist: it is made when first written to. The same path gives the same files.
	Docroot(path string) (Docroot, error)
}

// A Docroot is one document root. Names are decoded URL paths such as "/content/a.html", "/" being the root itself.
// Methods may be called from many goroutines at once, and none follows a link out of the root: what a name then stands
// for is FileOther.
type Docroot interface {
	// Stat says what stands at a name. Nothing there is FileMissing and no error; so is a name below a file.
	Stat(name string) (FileInfo, error)
	// Open opens a regular file. Nothing there, or something else, is an error that wraps fs.ErrNotExist.
	Open(name string) (File, error)
	// Create begins a file beside its name, in folders that are made with it. Permissions are mode, without the process's
	// umask, and for a file without the bits for execution. The name shows the file only after Commit. An error is a
	// *StoreError.
	Create(name string, mode fs.FileMode) (NewFile, error)
	// Touch gives a file the time of modification at, and makes it, empty, where it is missing and its folder is there.
	// A missing folder is an error that wraps fs.ErrNotExist. What is not a regular file is not touched: *StoreError.
	Touch(name string, mode fs.FileMode, at time.Time) error
	// Remove removes a file, a link or an empty folder. Nothing there is no error.
	Remove(name string) error
	// List returns what is in a folder, sorted by name. Links are FileLink and not followed. Nothing there, or no
	// folder, is no error: the list is empty.
	List(name string) ([]Entry, error)
}

// A FileKind is what stands at a name.
type FileKind uint8

// The kinds.
const (
	FileMissing FileKind = iota
	FileRegular
	FileFolder
	FileLink  // in a list: a symbolic link
	FileOther // a device, a socket, a link out of the root
)

// A FileInfo is what a Docroot knows of a name.
type FileInfo struct {
	Kind FileKind
	Size int64
	Mod  time.Time
}

// An Entry is one file of a folder. Name has no slash.
type Entry struct {
	Name string
	FileInfo
}

// A File is an open cache file.
type File interface {
	io.ReadCloser
	io.ReaderAt
	Info() FileInfo
}

// A NewFile is a cache file that is being written.
type NewFile interface {
	io.Writer
	// Commit puts the file under its name, in place of what stood there, with the time of modification at. Where that
	// fails nothing is left of it. An error is a *StoreError.
	Commit(at time.Time) error
	// Abort leaves nothing of the file. After Commit it does nothing.
	Abort()
}

// A Neighbour is a NewFile that knows its folder: the files that stand beside a page need not be looked for anew. Its
// methods are called before Commit and Abort. A store gives one only where the folder was there already.
type Neighbour interface {
	NewFile
	// CreateBeside is Docroot.Create for the name of the file with suffix behind it.
	CreateBeside(suffix string, mode fs.FileMode) (NewFile, error)
	// RemoveBeside is Docroot.Remove for that name.
	RemoveBeside(suffix string) error
}

// ErrNothing is what Open may return where nothing stands at a name at all: then it need not be looked at. It wraps
// fs.ErrNotExist.
var ErrNothing error = nothing{}

type nothing struct{}

func (nothing) Error() string { return "no such file in the document root" }
func (nothing) Unwrap() error { return fs.ErrNotExist }

// Why a store refuses. Errors of a Docroot wrap them. In the log their texts start with a capital letter, as the C
// library has them.
var (
	// ErrNotFolder says that a file stands where a folder is needed.
	ErrNotFolder = errors.New("not a directory")
	// ErrIsFolder says that a folder stands where a file is needed.
	ErrIsFolder = errors.New("is a directory")
	// ErrNoSpace says that the disk is full.
	ErrNoSpace = errors.New("no space left on device")
	// ErrNameTooLong says that the system has no room for the name.
	ErrNameTooLong = errors.New("file name too long")
	// ErrOutside says that the name leads out of the document root.
	ErrOutside = errors.New("outside of the document root")
)

// A StoreStep is what a store was doing when it failed.
type StoreStep uint8

// The steps.
const (
	MakeParent StoreStep = iota // make the folder of a file
	MakeFile                    // make or write the temporary file
	PlaceFile                   // rename it
	TouchFile
)

// A StoreError is a failure to write. Err is one of the errors above, or the system's.
type StoreError struct {
	Step StoreStep
	// Name is the URL path of the file, or of the folder that could not be made.
	Name string
	Err  error
}

func (e *StoreError) Error() string {
	return [...]string{"making folder ", "writing ", "renaming to ", "touching "}[e.Step] + e.Name + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *StoreError) Unwrap() error { return e.Err }
