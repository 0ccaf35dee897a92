package project

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// A textFS reads some files from memory and the others from a file system below.
type textFS struct {
	fs.FS
	texts map[string][]byte
}

// withTexts lays texts over a file system.
func withTexts(fsys fs.FS, texts map[string][]byte) fs.FS {
	if len(texts) == 0 {
		return fsys
	}
	return &textFS{fsys, texts}
}

// Open opens a text, or else a file.
func (t *textFS) Open(name string) (fs.File, error) {
	if text, ok := t.texts[name]; ok {
		return &textFile{Reader: *bytes.NewReader(text), info: textInfo{path.Base(name), int64(len(text))}}, nil
	}
	f, err := t.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return &textFolder{File: f, fsys: t, name: name}, nil
	}
	return f, nil
}

// A textFolder is a folder that is open, with the texts that stand in it.
type textFolder struct {
	fs.File
	fsys    *textFS
	name    string
	entries []fs.DirEntry
	read    bool
}

// ReadDir lists the next n entries, all where n is not positive.
func (d *textFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.read {
		entries, err := d.fsys.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.entries, d.read = entries, true
	}
	if n > 0 && len(d.entries) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.entries) {
		n = len(d.entries)
	}
	next := d.entries[:n]
	d.entries = d.entries[n:]
	return next, nil
}

// Stat describes a text, or else a file.
func (t *textFS) Stat(name string) (fs.FileInfo, error) {
	if text, ok := t.texts[name]; ok {
		return textInfo{path.Base(name), int64(len(text))}, nil
	}
	return fs.Stat(t.FS, name)
}

// Lstat describes a text, or else a file or link.
func (t *textFS) Lstat(name string) (fs.FileInfo, error) {
	if text, ok := t.texts[name]; ok {
		return textInfo{path.Base(name), int64(len(text))}, nil
	}
	return fs.Lstat(t.FS, name)
}

// ReadLink returns where a link leads. A text in its place is none.
func (t *textFS) ReadLink(name string) (string, error) {
	if _, ok := t.texts[name]; ok {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return fs.ReadLink(t.FS, name)
}

// ReadDir lists a folder with the texts that stand in it.
func (t *textFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(t.FS, name)
	for n, text := range t.texts {
		if path.Dir(n) != name {
			continue
		}
		e := fs.FileInfoToDirEntry(textInfo{path.Base(n), int64(len(text))})
		at, found := slices.BinarySearchFunc(entries, e.Name(), func(d fs.DirEntry, name string) int { return strings.Compare(d.Name(), name) })
		if found {
			entries[at] = e
		} else {
			entries = slices.Insert(entries, at, e)
		}
		err = nil
	}
	return entries, err
}

type textFile struct {
	bytes.Reader
	info textInfo
}

func (t *textFile) Stat() (fs.FileInfo, error) { return t.info, nil }
func (t *textFile) Close() error               { return nil }

type textInfo struct {
	name string
	size int64
}

func (t textInfo) Name() string       { return t.name }
func (t textInfo) Size() int64        { return t.size }
func (t textInfo) Mode() fs.FileMode  { return 0o444 }
func (t textInfo) ModTime() time.Time { return time.Time{} }
func (t textInfo) IsDir() bool        { return false }
func (t textInfo) Sys() any           { return nil }

// readUpTo reads the start of a regular file.
func readUpTo(fsys fs.FS, name string, most int64) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text := make([]byte, min(info.Size(), most))
	n, err := io.ReadFull(f, text)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // it has become shorter
	}
	return text[:n], err
}
