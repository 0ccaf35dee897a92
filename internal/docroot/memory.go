package docroot

import (
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// A Memory is document roots in memory. The zero value is empty and ready. A document root is an empty folder from
// the first call of Docroot on, except one inside another, which is made when it is first written to: so it is on a
// disk. Folders have no time of modification, and permissions are not kept. Files that are being written stand under
// their temporary name, as on a disk.
type Memory struct {
	// MaxBytes bounds what all files take, names and records of them included; a write that goes over it fails with
	// simulate.ErrNoSpace. 0 is 1 GiB. It is read by Docroot and Put.
	MaxBytes int64

	t tree
}

// Docroot implements simulate.Store.
func (m *Memory) Docroot(root string) (simulate.Docroot, error) {
	b := m.branch(root)
	b.t.mu.Lock()
	defer b.t.mu.Unlock()
	if n, _ := b.t.find(b.prefix, ""); n == nil && !b.t.inside(b.prefix) {
		folder, err := b.folderOf("x")
		if err != nil {
			return nil, failParent("x", err)
		}
		folder.docroot = true
	}
	return b, nil
}

func (m *Memory) branch(root string) *branch {
	m.t.mu.Lock()
	defer m.t.mu.Unlock()
	m.t.max = m.MaxBytes
	prefix, _ := general(root)
	return &branch{t: &m.t, prefix: prefix}
}

// place implements placer.
func (m *Memory) place(root string) (string, error) { return general(root) }

// Put places a file with its time of modification in a document root, and makes the folders it is in. Name is as in
// simulate.Docroot. What is wrong with it is a *simulate.StoreError.
func (m *Memory) Put(root, name string, body []byte, mod time.Time) error {
	d, err := m.Docroot(root)
	if err != nil {
		return err
	}
	w, err := d.Create(name, 0)
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	return w.Commit(mod)
}

// PutFolder makes a folder in a document root, and those above it.
func (m *Memory) PutFolder(root, name string) error {
	if _, err := m.Docroot(root); err != nil {
		return err
	}
	b := m.branch(root)
	s := b.at(name)
	if s.err != nil {
		return fail(simulate.MakeParent, name, s.err)
	}
	b.t.mu.Lock()
	defer b.t.mu.Unlock()
	if _, err := b.folderOf(join(s.rel, "x")); err != nil {
		return fail(simulate.MakeParent, name, err)
	}
	return nil
}

// Check that the three are what the engine wants.
var (
	_ simulate.Store = (*Memory)(nil)
	_ simulate.Store = (*Disk)(nil)
	_ simulate.Store = (*Overlay)(nil)
)
