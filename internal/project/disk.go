package project

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dispcheck/dispcheck/internal/expand"
)

// onDiskFS gives a folder as a file system. It is os.DirFS, but for names that are not UTF-8: Unix has them, a
// project in such a folder is a project, and os.DirFS refuses them.
func onDiskFS(dir string) fs.FS {
	if runtime.GOOS == "windows" {
		return os.DirFS(dir) // which knows what names that system reserves
	}
	return disk(dir)
}

// disk is a folder. Names are those of io/fs, in any encoding; none leaves the folder but through a link.
type disk string

func (d disk) at(op, name string) (string, error) {
	if !expand.ValidName(name) || strings.IndexByte(name, 0) >= 0 {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return filepath.Join(string(d), name), nil
}

func (d disk) Open(name string) (fs.File, error) {
	path, err := d.at("open", name)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

func (d disk) Stat(name string) (fs.FileInfo, error) {
	path, err := d.at("stat", name)
	if err != nil {
		return nil, err
	}
	return os.Stat(path)
}

func (d disk) Lstat(name string) (fs.FileInfo, error) {
	path, err := d.at("lstat", name)
	if err != nil {
		return nil, err
	}
	return os.Lstat(path)
}

func (d disk) ReadLink(name string) (string, error) {
	path, err := d.at("readlink", name)
	if err != nil {
		return "", err
	}
	return os.Readlink(path)
}

func (d disk) ReadDir(name string) ([]fs.DirEntry, error) {
	path, err := d.at("readdir", name)
	if err != nil {
		return nil, err
	}
	return os.ReadDir(path)
}

func (d disk) ReadFile(name string) ([]byte, error) {
	path, err := d.at("readfile", name)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
