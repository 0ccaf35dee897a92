package simulate

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A flushStore is document roots in memory, with links and with names that cannot be removed or touched.
type flushStore struct {
	mu    sync.Mutex
	roots map[string]*flushRoot
}

func (s *flushStore) Docroot(name string) (Docroot, error) { return s.root(name), nil }

func (s *flushStore) root(name string) *flushRoot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.roots == nil {
		s.roots = map[string]*flushRoot{}
	}
	r := s.roots[name]
	if r == nil {
		r = &flushRoot{files: map[string]*flushNode{"/": {kind: FileFolder}}, refused: map[string]error{}}
		s.roots[name] = r
	}
	return r
}

// A flushRoot holds its files by name.
type flushRoot struct {
	mu      sync.Mutex
	files   map[string]*flushNode
	refused map[string]error
	// calls are what was asked for that changes something, and for which name.
	calls []string
}

type flushNode struct {
	kind FileKind
	data []byte
	mod  time.Time
	link string // where a link points to: a name, "" for out of the root
}

func (n *flushNode) info() FileInfo { return FileInfo{n.kind, int64(len(n.data)), n.mod} }

// put makes a file with the folders above it.
func (r *flushRoot) put(name string, mod time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.place(name, &flushNode{kind: FileRegular, data: []byte(name), mod: mod})
}

// link makes a link.
func (r *flushRoot) link(name, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.place(name, &flushNode{kind: FileLink, link: to})
}

func (r *flushRoot) place(name string, n *flushNode) {
	r.files[name] = n
	for dir := path.Dir(name); r.files[dir] == nil; dir = path.Dir(dir) {
		r.files[dir] = &flushNode{kind: FileFolder}
	}
}

// names returns the names of all that is no folder, or of all where folders is true, in order.
func (r *flushRoot) names(folders bool) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []string{}
	for name, n := range r.files {
		if n.kind != FileFolder || folders {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// find follows links in all of a name but its last part.
func (r *flushRoot) find(name string) (string, *flushNode) {
	for range 40 {
		dir, followed := "", false
		parts := strings.Split(strings.Trim(name, "/"), "/")
		for i, p := range parts[:len(parts)-1] {
			dir += "/" + p
			if n := r.files[dir]; n != nil && n.kind == FileLink {
				if n.link == "" {
					return name, nil
				}
				name, followed = path.Join(n.link, strings.Join(parts[i+1:], "/")), true
				break
			}
		}
		if !followed {
			return name, r.files[name]
		}
	}
	return name, nil
}

func (r *flushRoot) resolve(name string) (string, *flushNode) {
	for range 40 {
		var n *flushNode
		if name, n = r.find(name); n == nil || n.kind != FileLink {
			return name, n
		}
		if n.link == "" {
			return name, &flushNode{kind: FileOther}
		}
		name = n.link
	}
	return name, nil
}

func (r *flushRoot) Stat(name string) (FileInfo, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, n := r.resolve(name); n != nil {
		return n.info(), nil
	}
	return FileInfo{}, nil
}

func (r *flushRoot) Open(name string) (File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, n := r.resolve(name)
	if n == nil || n.kind != FileRegular {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return &flushFile{Reader: bytes.NewReader(n.data), info: n.info()}, nil
}

type flushFile struct {
	*bytes.Reader
	info FileInfo
}

func (f *flushFile) Info() FileInfo { return f.info }
func (f *flushFile) Close() error   { return nil }

func (r *flushRoot) Create(name string, _ fs.FileMode) (NewFile, error) {
	return &flushNewFile{root: r, name: name}, nil
}

type flushNewFile struct {
	bytes.Buffer
	root *flushRoot
	name string
}

func (f *flushNewFile) Commit(at time.Time) error {
	f.root.mu.Lock()
	defer f.root.mu.Unlock()
	f.root.place(f.name, &flushNode{kind: FileRegular, data: f.Bytes(), mod: at})
	return nil
}

func (f *flushNewFile) Abort() {}

func (r *flushRoot) Touch(name string, _ fs.FileMode, at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refused[name]; err != nil {
		return &StoreError{TouchFile, name, err}
	}
	if _, dir := r.resolve(path.Dir(name)); dir == nil || dir.kind != FileFolder {
		return fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	r.calls = append(r.calls, "touch "+name)
	at0, n := r.resolve(name)
	if n == nil {
		n = &flushNode{kind: FileRegular}
		r.files[at0] = n
	}
	if n.kind != FileRegular {
		return &StoreError{TouchFile, name, ErrIsFolder}
	}
	n.mod = at
	return nil
}

func (r *flushRoot) Remove(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refused[name]; err != nil {
		return fmt.Errorf("removing %s: %w", name, err)
	}
	r.calls = append(r.calls, "remove "+name)
	real, n := r.find(name)
	if n == nil {
		return nil
	}
	if n.kind == FileFolder {
		for other := range r.files {
			if strings.HasPrefix(other, real+"/") {
				return fmt.Errorf("removing %s: Directory not empty", name)
			}
		}
	}
	delete(r.files, real)
	return nil
}

func (r *flushRoot) List(name string) ([]Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	real, n := r.resolve(name)
	if n == nil || n.kind != FileFolder {
		return nil, nil
	}
	var list []Entry
	prefix := strings.TrimRight(real, "/") + "/"
	for _, other := range slices.Sorted(maps.Keys(r.files)) {
		if rest, ok := strings.CutPrefix(other, prefix); ok && rest != "" && !strings.Contains(rest, "/") {
			list = append(list, Entry{rest, r.files[other].info()})
		}
	}
	return list, nil
}

// flushTime is a time of tests, in seconds after a start.
func flushTime(seconds int) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

// A flushWorld is an engine with a store in memory and time that stands still at 1000.
type flushWorld struct {
	*Engine
	root *flushRoot
	time *Timeline
}

// newFlushWorld makes an engine of a configuration whose document root is /d, with these files, all of the time 0.
func newFlushWorld(tb testing.TB, config string, o Options, files ...string) *flushWorld {
	tb.Helper()
	store := &flushStore{}
	w := &flushWorld{root: store.root("/d"), time: NewTimeline(flushTime(1000))}
	for _, name := range files {
		w.root.put(name, flushTime(0))
	}
	o.Store, o.Now, o.Sleep = store, w.time.Now, w.time.Sleep
	w.Engine = New(decode(tb, config, o.Version, nil), o)
	return w
}
