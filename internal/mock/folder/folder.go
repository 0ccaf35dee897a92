// Package folder opens the files that a text names beside itself, and nothing outside of the folder it stands in: neither
// through .., nor by an absolute name, nor through a link. It does not read them and does not know what they are for. Start
// from [Folder].
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// A Folder is a folder of a file system. The zero Folder holds nothing.
type Folder struct {
	// FS is the file system. Where it stands for a disk, it should be that of an os.Root: what a link is may change between
	// the look at it and the opening.
	FS fs.FS
	// Dir is the folder's name in FS; "" is its root.
	Dir string
}

// Of returns the folder of a file.
func Of(fsys fs.FS, name string) Folder { return Folder{fsys, path.Dir(name)} }

// maxLinks is how many links are followed for one name, as many as Linux follows.
const maxLinks = 40

// ErrNoFiles says that there is no folder to take files from, because the text did not come from one.
var ErrNoFiles = errors.New("there is no folder to take files from")

// Resolve returns the name in FS of the regular file that a relative, slash-separated name means. An error is in words for
// people and does not repeat the name.
func (f Folder) Resolve(name string) (string, error) {
	if f.FS == nil {
		return "", ErrNoFiles
	}
	switch {
	case name == "":
		return "", errors.New("names no file")
	case strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':':
		return "", errors.New("is an absolute path; name a file of this folder or of one below")
	case strings.ContainsAny(name, "\\\x00"):
		return "", errors.New("has a backslash or a NUL; separate folders with /")
	}
	dir := path.Clean(f.Dir)
	left := strings.Split(path.Clean(name), "/")
	at, links := ".", 0 // below dir
	for len(left) > 0 {
		part := left[0]
		left = left[1:]
		switch part {
		case ".", "":
			continue
		case "..":
			if at == "." {
				return "", errors.New("lies outside of the folder of the file that names it")
			}
			at = path.Dir(at)
			continue
		}
		next := path.Join(at, part)
		full := path.Join(dir, next)
		info, err := fs.Lstat(f.FS, full)
		if err != nil {
			return "", Cause(err)
		}
		switch mode := info.Mode(); {
		case mode&fs.ModeSymlink != 0:
			if links++; links > maxLinks {
				return "", errors.New("is behind too many links")
			}
			target, err := fs.ReadLink(f.FS, full)
			if err != nil {
				return "", Cause(err)
			}
			if path.IsAbs(target) || strings.Contains(target, "\\") {
				return "", errors.New("is behind a link that leads out of the folder")
			}
			left = append(strings.Split(target, "/"), left...)
			continue
		case mode.IsDir():
			if len(left) == 0 {
				return "", errors.New("is a folder, not a file")
			}
		case !mode.IsRegular():
			return "", errors.New("is no regular file")
		case len(left) > 0:
			return "", fmt.Errorf("goes through %s, which is no folder", part)
		default:
			return full, nil
		}
		at = next
	}
	return "", errors.New("is a folder, not a file")
}

// Open opens a file and returns its size as it is now.
func (f Folder) Open(name string) (fs.File, int64, error) {
	full, err := f.Resolve(name)
	if err != nil {
		return nil, 0, err
	}
	file, err := f.FS.Open(full)
	if err != nil {
		return nil, 0, Cause(err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is no regular file")
	}
	if err != nil {
		file.Close()
		return nil, 0, Cause(err)
	}
	return file, info.Size(), nil
}

// Cause says what the system's error says, for people and without the path.
func Cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("is not there")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("may not be read: permission denied")
	}
	return err
}
