package gitfs

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"sync"
	"time"
)

// Open opens a file or folder. Contents are read with the first Read.
func (f *FS) Open(name string) (fs.File, error) {
	n, err := f.find(name, true)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if n.mode.IsDir() {
		return &openFolder{fsys: f, node: n, name: name}, nil
	}
	return &openFile{fsys: f, node: n, name: name}, nil
}

// ReadFile reads a file whole. One that has more than [MaxFile] bytes is an error that is [ErrTooLarge].
func (f *FS) ReadFile(name string) ([]byte, error) {
	n, err := f.find(name, true)
	if err == nil {
		var text []byte
		if text, err = f.read(n); err == nil {
			return text, nil
		}
	}
	return nil, &fs.PathError{Op: "readfile", Path: name, Err: err}
}

// ReadDir lists a folder by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := f.find(name, true)
	if err == nil && !n.mode.IsDir() {
		err = errNoFolder
	}
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return f.entries(n.kids), nil
}

// Stat describes a file or folder, behind links.
func (f *FS) Stat(name string) (fs.FileInfo, error) { return f.stat("stat", name, true) }

// Lstat describes a file, folder or link.
func (f *FS) Lstat(name string) (fs.FileInfo, error) { return f.stat("lstat", name, false) }

// ReadLink returns where a link leads, as it is written in it.
func (f *FS) ReadLink(name string) (string, error) {
	n, err := f.find(name, false)
	if err == nil && n.mode&fs.ModeSymlink == 0 {
		err = fs.ErrInvalid
	}
	var target string
	if err == nil {
		target, err = f.linkTarget(n)
	}
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return target, nil
}

func (f *FS) stat(op, name string, follow bool) (fs.FileInfo, error) {
	n, err := f.find(name, follow)
	var info fs.FileInfo
	if err == nil {
		info, err = f.describe(n, path.Base(name))
	}
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return info, nil
}

// describe describes a node under a name, which is not the node's own behind a link.
func (f *FS) describe(n *node, name string) (fs.FileInfo, error) {
	i := fileInfo{name: name, mode: n.mode}
	switch {
	case n.mode.IsRegular():
		size, err := f.sizes.size(n)
		if err != nil {
			return nil, err
		}
		i.size = size
	case n.mode&fs.ModeSymlink != 0:
		target, err := f.linkTarget(n)
		if err != nil {
			return nil, err
		}
		i.size = int64(len(target))
	}
	return i, nil
}

// read reads a regular file.
func (f *FS) read(n *node) ([]byte, error) {
	if n.mode.IsDir() {
		return nil, errFolder
	}
	return f.texts.content(n, f.most)
}

func (f *FS) entries(nodes []*node) []fs.DirEntry {
	list := make([]fs.DirEntry, len(nodes))
	for i, n := range nodes {
		list[i] = dirEntry{f, n}
	}
	return list
}

type dirEntry struct {
	fsys *FS
	node *node
}

func (e dirEntry) Name() string      { return e.node.name }
func (e dirEntry) IsDir() bool       { return e.node.mode.IsDir() }
func (e dirEntry) Type() fs.FileMode { return e.node.mode.Type() }
func (e dirEntry) String() string    { return fs.FormatDirEntry(e) }

func (e dirEntry) Info() (fs.FileInfo, error) {
	info, err := e.fsys.describe(e.node, e.node.name)
	if err != nil {
		return nil, &fs.PathError{Op: "lstat", Path: e.node.name, Err: err}
	}
	return info, nil
}

type fileInfo struct {
	name string
	size int64
	mode fs.FileMode
}

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return i.mode }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return i.mode.IsDir() }
func (i fileInfo) Sys() any           { return nil }
func (i fileInfo) String() string     { return fs.FormatFileInfo(i) }

// An openFile reads its content when it is first asked for it, so that a file that is too large can be looked at.
type openFile struct {
	fsys *FS
	node *node
	name string

	mu   sync.Mutex
	text *bytes.Reader
	shut bool
}

func (o *openFile) Stat() (fs.FileInfo, error) {
	info, err := o.fsys.describe(o.node, path.Base(o.name))
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: o.name, Err: err}
	}
	return info, nil
}

func (o *openFile) Read(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.shut {
		return 0, &fs.PathError{Op: "read", Path: o.name, Err: fs.ErrClosed}
	}
	if o.text == nil {
		text, err := o.fsys.read(o.node)
		if err != nil {
			return 0, &fs.PathError{Op: "read", Path: o.name, Err: err}
		}
		o.text = bytes.NewReader(text)
	}
	return o.text.Read(p)
}

func (o *openFile) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.shut {
		return &fs.PathError{Op: "close", Path: o.name, Err: fs.ErrClosed}
	}
	o.shut, o.text = true, nil
	return nil
}

// An openFolder lists itself part by part.
type openFolder struct {
	fsys *FS
	node *node
	name string

	mu   sync.Mutex
	next int
}

func (o *openFolder) Stat() (fs.FileInfo, error) {
	return o.fsys.describe(o.node, path.Base(o.name))
}

func (o *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: o.name, Err: errFolder}
}

func (o *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	left := o.node.kids[o.next:]
	if n > 0 && len(left) == 0 {
		return nil, io.EOF
	}
	if n > 0 && n < len(left) {
		left = left[:n]
	}
	o.next += len(left)
	return o.fsys.entries(left), nil
}

func (o *openFolder) Close() error { return nil }
