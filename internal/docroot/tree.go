package docroot

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// defaultMaxBytes bounds a tree that has no other bound: 1 GiB.
const defaultMaxBytes = 1 << 30

// nodeBytes is what a file counts besides its content and its name.
const nodeBytes = 200

// A nodeKind is what a node stands for.
type nodeKind uint8

const (
	folderNode nodeKind = iota
	fileNode
	goneNode // nothing, though something stands in the store below
)

// A node is a file or folder of a tree. Nodes are changed under the tree's lock only; the bytes of body never change.
type node struct {
	kind nodeKind
	// opaque says of a folder that nothing of the store below shows in it.
	opaque bool
	// docroot says of a folder that it was made to be a document root.
	docroot bool
	// lower says of a file that its content is in the store below, under the same name.
	lower    bool
	size     int64
	mod      time.Time
	body     []byte
	children map[string]*node
}

func (n *node) info() simulate.FileInfo {
	switch n.kind {
	case fileNode:
		return simulate.FileInfo{Kind: simulate.FileRegular, Size: n.size, Mod: n.mod}
	case folderNode:
		return simulate.FileInfo{Kind: simulate.FileFolder, Mod: n.mod}
	}
	return simulate.FileInfo{}
}

// A tree is folders and files in memory.
type tree struct {
	mu   sync.RWMutex
	top  node
	used int64
	max  int64
	// generation changes when a folder goes: what was known of where it lay is then of no use.
	generation uint64
	// bases are the document roots of the store below, by where they lie in the tree.
	bases map[string]simulate.Docroot
}

// below asks the document root of the store below that a path of the tree lies in. Above all of them there are folders.
func (t *tree) below(p string) (simulate.FileInfo, error) {
	for prefix, base := range t.bases {
		if rel, ok := within(prefix, p); ok || prefix == "" {
			if prefix == "" {
				rel = p
			}
			return base.Stat("/" + rel)
		}
	}
	return simulate.FileInfo{Kind: simulate.FileFolder}, nil
}

// spend counts bytes, and refuses what goes over the bound.
func (t *tree) spend(n int64) error {
	limit := t.max
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	if n > limit-t.used {
		return simulate.ErrNoSpace
	}
	t.used += n
	return nil
}

// put hangs a node into a folder, in place of what stood there, and counts it.
func (t *tree) put(folder *node, name string, n *node) error {
	old := folder.children[name]
	if old == nil {
		if err := t.spend(nodeBytes + int64(len(name))); err != nil {
			return err
		}
		if folder.children == nil {
			folder.children = make(map[string]*node)
		}
		name = strings.Clone(name)
	} else {
		if old.kind == folderNode {
			t.generation++
		}
		t.empty(old)
	}
	folder.children[name] = n
	return nil
}

// drop takes a node out of its folder.
func (t *tree) drop(folder *node, name string) {
	if n := folder.children[name]; n != nil {
		if n.kind == folderNode {
			t.generation++
		}
		t.empty(n)
		t.used -= nodeBytes + int64(len(name))
		delete(folder.children, name)
	}
}

// empty gives back what a node holds.
func (t *tree) empty(n *node) {
	t.used -= int64(len(n.body))
	for name := range n.children {
		t.drop(n, name)
	}
}

// find goes down a path. It returns the node there, if the tree has one. Where it has none, through says whether the
// store below is to be asked.
func (t *tree) find(prefix, rel string) (n *node, through bool) {
	n, through = t.top.find(prefix)
	if n == nil {
		return nil, through
	}
	return n.find(rel)
}

// find goes down a path from a node.
func (n *node) find(p string) (found *node, through bool) {
	for p != "" {
		end := 0
		for end < len(p) && p[end] != '/' {
			end++
		}
		if n.kind != folderNode {
			return nil, false
		}
		child := n.children[p[:end]]
		if child == nil {
			return nil, !n.opaque
		}
		n, p = child, p[min(end+1, len(p)):]
	}
	return n, true
}

// inside reports whether a path lies in a document root of the tree.
func (t *tree) inside(p string) bool {
	n := &t.top
	for p != "" && n != nil && !n.docroot {
		var segment string
		segment, p, _ = strings.Cut(p, "/")
		n = n.children[segment]
	}
	return n != nil && n.docroot
}

// A branch is a document root in a tree: the folder at prefix, above the document root base of another store.
type branch struct {
	t      *tree
	prefix string
	base   simulate.Docroot // nil: nothing is below
	// top is where prefix was found last.
	top atomic.Pointer[foundFolder]
}

// A foundFolder is a folder and the generation of the tree in which it was found.
type foundFolder struct {
	node       *node
	generation uint64
}

// find goes down a path from the document root. It is called under the lock.
func (b *branch) find(rel string) (n *node, through bool) {
	f := b.top.Load()
	if f == nil || f.generation != b.t.generation {
		top, through := b.t.top.find(b.prefix)
		if top == nil {
			return nil, through
		}
		if top.kind != folderNode {
			return top.find(rel)
		}
		f = &foundFolder{top, b.t.generation}
		b.top.Store(f)
	}
	return f.node.find(rel)
}

func (b *branch) at(name string) spot { return at(b.prefix, name, false) }

// below asks the store below. Without one, nothing is there.
func (b *branch) below(rel string) (simulate.FileInfo, error) {
	if b.base == nil {
		return simulate.FileInfo{}, nil
	}
	return b.base.Stat("/" + rel)
}

// stat is Stat under the lock.
func (b *branch) stat(rel string) (simulate.FileInfo, error) {
	n, through := b.find(rel)
	switch {
	case n != nil:
		return n.info(), nil
	case !through:
		return simulate.FileInfo{}, nil
	}
	return b.below(rel)
}

// Stat implements simulate.Docroot.
func (b *branch) Stat(name string) (simulate.FileInfo, error) {
	s := b.at(name)
	switch s.err {
	case nil:
	case simulate.ErrOutside:
		return simulate.FileInfo{Kind: simulate.FileOther}, s.err
	default:
		return simulate.FileInfo{}, nil
	}
	b.t.mu.RLock()
	info, err := b.stat(s.rel)
	b.t.mu.RUnlock()
	if s.slash && info.Kind != simulate.FileFolder {
		return simulate.FileInfo{}, err
	}
	return info, err
}

// Open implements simulate.Docroot.
func (b *branch) Open(name string) (simulate.File, error) {
	s := b.at(name)
	switch {
	case s.err == simulate.ErrOutside:
		return nil, errOutsideMissing
	case s.err != nil || s.slash:
		return nil, errMissing
	}
	b.t.mu.RLock()
	n, through := b.find(s.rel)
	var body []byte
	var mod time.Time
	var regular, lower bool
	if n != nil && n.kind == fileNode {
		body, mod, regular, lower = n.body, n.mod, true, n.lower
	}
	b.t.mu.RUnlock()
	switch {
	case n == nil && through && b.base != nil:
		return b.base.Open(name)
	case !regular:
		return nil, errMissing
	case lower:
		f, err := b.base.Open(name)
		if err != nil {
			return nil, err
		}
		return &touchedFile{File: f, mod: mod}, nil
	}
	return &memoryFile{body: body, mod: mod}, nil
}

// Create implements simulate.Docroot.
func (b *branch) Create(name string, _ fs.FileMode) (simulate.NewFile, error) {
	s := b.at(name)
	_, base := split(s.rel)
	switch {
	case s.err != nil:
		return nil, fail(simulate.MakeFile, name, s.err)
	case s.slash || s.rel == "":
		return nil, fail(simulate.MakeFile, name, simulate.ErrIsFolder)
	case tooLongToWrite(b.prefix, s.rel):
		return nil, fail(simulate.MakeFile, name, simulate.ErrNameTooLong)
	}
	b.t.mu.Lock()
	defer b.t.mu.Unlock()
	info, err := b.stat(s.rel)
	if err = cannotHold(info, err); err != nil {
		return nil, fail(simulate.MakeFile, name, err)
	}
	folder, err := b.folderOf(s.rel)
	if err != nil {
		return nil, failParent(s.rel, err)
	}
	w := &memoryWriter{b: b, name: strings.Clone(name), rel: strings.Clone(s.rel), folder: folder, n: &node{kind: fileNode}}
	for w.temp = temporary(base); folder.children[w.temp] != nil; {
		w.temp = temporary(base)
	}
	if err := b.t.put(folder, w.temp, w.n); err != nil {
		return nil, fail(simulate.MakeFile, name, err)
	}
	return w, nil
}

// cannotHold says why a file cannot be put where something stands.
func cannotHold(info simulate.FileInfo, err error) error {
	switch {
	case err != nil:
		return err
	case info.Kind == simulate.FileFolder:
		return simulate.ErrIsFolder
	case info.Kind == simulate.FileOther:
		return simulate.ErrOutside
	}
	return nil
}

// tooLongToWrite says that there is no room for the name of the temporary file.
func tooLongToWrite(prefix, rel string) bool {
	_, base := split(rel)
	return len(base)+tempSuffix > maxSegment || len(prefix)+1+len(rel)+tempSuffix > maxPath
}

// folderOf returns the folder that a file is in, making it and those above it.
func (b *branch) folderOf(rel string) (*node, error) {
	n := &b.t.top
	parent, _ := split(rel)
	for i, p := range [2]string{b.prefix, parent} {
		whole := p
		for p != "" {
			var segment string
			segment, p, _ = strings.Cut(p, "/")
			child := n.children[segment]
			switch {
			case child == nil || child.kind == goneNode:
				opaque := n.opaque || child != nil
				if !opaque && b.base != nil {
					so := strings.TrimSuffix(whole[:len(whole)-len(p)], "/")
					var info simulate.FileInfo
					var err error
					if i == 0 {
						info, err = b.t.below(so)
					} else {
						info, err = b.below(so)
					}
					switch {
					case err != nil:
						return nil, err
					case info.Kind == simulate.FileRegular:
						return nil, simulate.ErrNotFolder
					case info.Kind == simulate.FileOther:
						return nil, simulate.ErrOutside
					}
					opaque = info.Kind == simulate.FileMissing
				}
				child = &node{opaque: opaque}
				if err := b.t.put(n, segment, child); err != nil {
					return nil, err
				}
			case child.kind == fileNode:
				return nil, simulate.ErrNotFolder
			}
			n = child
		}
	}
	return n, nil
}

// Touch implements simulate.Docroot.
func (b *branch) Touch(name string, _ fs.FileMode, at time.Time) error {
	s := b.at(name)
	switch {
	case s.err != nil:
		return fail(simulate.TouchFile, name, s.err)
	case s.slash || s.rel == "":
		return fail(simulate.TouchFile, name, simulate.ErrIsFolder)
	}
	b.t.mu.Lock()
	defer b.t.mu.Unlock()
	info, err := b.stat(s.rel)
	if err = cannotHold(info, err); err != nil {
		return fail(simulate.TouchFile, name, err)
	}
	parent, base := split(s.rel)
	if info.Kind == simulate.FileMissing {
		switch above, err := b.stat(parent); {
		case err != nil:
			return fail(simulate.TouchFile, name, err)
		case above.Kind == simulate.FileMissing:
			return fail(simulate.TouchFile, name, fs.ErrNotExist)
		case above.Kind == simulate.FileOther:
			return fail(simulate.TouchFile, name, simulate.ErrOutside)
		case above.Kind != simulate.FileFolder:
			return fail(simulate.TouchFile, name, simulate.ErrNotFolder)
		}
	}
	folder, err := b.folderOf(s.rel)
	if err != nil {
		return fail(simulate.TouchFile, name, err)
	}
	if n := folder.children[base]; n != nil && n.kind == fileNode {
		n.mod = at
		return nil
	}
	n := &node{kind: fileNode, lower: info.Kind == simulate.FileRegular, size: info.Size, mod: at}
	if err := b.t.put(folder, base, n); err != nil {
		return fail(simulate.TouchFile, name, err)
	}
	return nil
}

// Remove implements simulate.Docroot. A folder that is not empty is an error that wraps fs.ErrExist.
func (b *branch) Remove(name string) error {
	s := b.at(name)
	switch {
	case s.err == simulate.ErrNameTooLong:
		return nil
	case s.err != nil:
		return s.err
	case s.rel == "":
		return errRoot
	}
	b.t.mu.Lock()
	defer b.t.mu.Unlock()
	n, through := b.t.find(b.prefix, s.rel)
	var listed []simulate.Entry
	if n == nil || n.kind == folderNode {
		if n == nil && (!through || b.base == nil) {
			return nil
		}
		var err error
		if listed, err = b.list(s.rel); err != nil {
			return err
		}
	}
	switch {
	case n != nil && n.kind == goneNode, s.slash && n != nil && n.kind == fileNode:
		return nil
	case len(listed) > 0:
		// A link to a folder lists what is in that folder, and is removed all the same.
		if n != nil || !b.isLink(s.rel) {
			return errNotEmpty
		}
	}
	parent, base := split(s.rel)
	above, _ := b.t.find(b.prefix, parent)
	if b.base == nil || above != nil && above.opaque {
		b.t.drop(above, base)
		return nil
	}
	if n == nil {
		// Nothing is hidden where there is no folder that could hold it.
		if info, err := b.stat(parent); err != nil || info.Kind != simulate.FileFolder {
			return err
		}
		if s.slash {
			if info, err := b.stat(s.rel); err != nil || info.Kind != simulate.FileFolder {
				return err
			}
		}
	}
	folder, err := b.folderOf(s.rel)
	if err != nil {
		return err
	}
	return b.t.put(folder, base, &node{kind: goneNode})
}

// isLink reports whether the store below has a link at a path.
func (b *branch) isLink(rel string) bool {
	parent, base := split(rel)
	list, err := b.base.List("/" + parent)
	i := slices.IndexFunc(list, func(e simulate.Entry) bool { return e.Name == base })
	return err == nil && i >= 0 && list[i].Kind == simulate.FileLink
}

// errNotEmpty is what removing a folder with something in it returns.
var errNotEmpty error = notEmpty{}

type notEmpty struct{}

func (notEmpty) Error() string { return "the folder is not empty" }
func (notEmpty) Unwrap() error { return fs.ErrExist }

// errRoot is what removing the document root itself returns.
var errRoot = errors.New("the document root itself cannot be removed")

// List implements simulate.Docroot.
func (b *branch) List(name string) ([]simulate.Entry, error) {
	s := b.at(name)
	switch s.err {
	case nil:
	case simulate.ErrOutside:
		return nil, s.err
	default:
		return nil, nil
	}
	b.t.mu.RLock()
	defer b.t.mu.RUnlock()
	return b.list(s.rel)
}

func (b *branch) list(rel string) ([]simulate.Entry, error) {
	n, through := b.t.find(b.prefix, rel)
	if n != nil && n.kind != folderNode || n == nil && !through {
		return nil, nil
	}
	var entries []simulate.Entry
	if b.base != nil && (n == nil || !n.opaque) {
		below, err := b.base.List("/" + rel)
		if err != nil {
			return nil, err
		}
		entries = below
	}
	if n == nil {
		return entries, nil
	}
	entries = slices.DeleteFunc(entries, func(e simulate.Entry) bool { return n.children[e.Name] != nil })
	entries = slices.Grow(entries, len(n.children))
	for name, child := range n.children {
		if child.kind != goneNode {
			entries = append(entries, simulate.Entry{Name: name, FileInfo: child.info()})
		}
	}
	slices.SortFunc(entries, func(a, b simulate.Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, nil
}

// A memoryFile is an open file of a tree.
type memoryFile struct {
	body   []byte
	mod    time.Time
	read   int
	closed bool
}

func (f *memoryFile) Info() simulate.FileInfo {
	return simulate.FileInfo{Kind: simulate.FileRegular, Size: int64(len(f.body)), Mod: f.mod}
}

func (f *memoryFile) Read(p []byte) (int, error) {
	switch {
	case f.closed:
		return 0, fs.ErrClosed
	case len(p) == 0:
		return 0, nil
	case f.read == len(f.body):
		return 0, io.EOF
	}
	n := copy(p, f.body[f.read:])
	f.read += n
	return n, nil
}

// ReadAt implements io.ReaderAt.
func (f *memoryFile) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case f.closed:
		return 0, fs.ErrClosed
	case off < 0:
		return 0, errors.New("negative offset")
	case off >= int64(len(f.body)):
		return 0, io.EOF
	}
	n := copy(p, f.body[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteTo implements io.WriterTo: the body is written in one go.
func (f *memoryFile) WriteTo(w io.Writer) (int64, error) {
	if f.closed {
		return 0, fs.ErrClosed
	}
	n, err := w.Write(f.body[f.read:])
	f.read += n
	return int64(n), err
}

func (f *memoryFile) Close() error {
	f.closed = true
	return nil
}

// A touchedFile is a file of the store below with another time.
type touchedFile struct {
	simulate.File
	mod time.Time
}

func (f *touchedFile) Info() simulate.FileInfo {
	info := f.File.Info()
	info.Mod = f.mod
	return info
}

// A memoryWriter is a file of a tree that is being written. Its node stands in the tree under a temporary name, as it
// would on a disk.
type memoryWriter struct {
	b         *branch
	name, rel string
	folder    *node
	temp      string
	n         *node
	body      []byte
	done      bool
	err       error // of the write that failed
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	t := w.b.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.done {
		return 0, fail(simulate.MakeFile, w.name, fs.ErrClosed)
	}
	if w.folder.children[w.temp] != w.n {
		// Removed while it is written: on a disk the bytes still go somewhere, and are lost in the end.
		return len(p), nil
	}
	if err := t.spend(int64(len(p))); err != nil {
		w.end()
		w.body = nil
		w.err = fail(simulate.MakeFile, w.name, err)
		return 0, w.err
	}
	w.body = append(w.body, p...)
	w.n.body, w.n.size = w.body, int64(len(w.body))
	return len(p), nil
}

// end takes the temporary file away.
func (w *memoryWriter) end() {
	if !w.done && w.folder.children[w.temp] == w.n {
		w.b.t.drop(w.folder, w.temp)
	}
	w.done, w.body = true, nil
}

func (w *memoryWriter) Abort() {
	w.b.t.mu.Lock()
	defer w.b.t.mu.Unlock()
	w.end()
}

func (w *memoryWriter) Commit(at time.Time) error {
	t := w.b.t
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case w.err != nil:
		return w.err
	case w.done:
		return fail(simulate.PlaceFile, w.name, fs.ErrClosed)
	}
	if w.folder.children[w.temp] != w.n {
		w.end()
		return fail(simulate.PlaceFile, w.name, fs.ErrNotExist)
	}
	if info, err := w.b.stat(w.rel); err != nil || info.Kind == simulate.FileFolder {
		w.end()
		if err == nil {
			err = simulate.ErrIsFolder
		}
		return fail(simulate.PlaceFile, w.name, err)
	}
	body := w.body
	if cap(body) > len(body)+len(body)/4 {
		body = bytes.Clone(body)
	}
	w.end()
	// There is room: the temporary file, whose name is longer, has just been given back.
	_, base := split(w.rel)
	n := &node{kind: fileNode, body: body, size: int64(len(body)), mod: at}
	if err := t.put(w.folder, base, n); err != nil {
		return fail(simulate.PlaceFile, w.name, err)
	}
	t.used += int64(len(body))
	return nil
}
