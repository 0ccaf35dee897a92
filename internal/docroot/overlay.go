package docroot

import "github.com/dispcheck/dispcheck/simulate"

// An Overlay shows the files of another store, and keeps in memory what is written, touched and removed. The store
// below is read only, and should not change meanwhile. A link in it is followed when it is read; what is written
// through a link stays under the name it was written to. Of document roots in each other the outer one is to be opened
// first: it knows what stands on the way to the inner one.
type Overlay struct {
	// Base is the store below.
	Base simulate.Store
	// MaxBytes bounds what is kept in memory, as in Memory.
	MaxBytes int64

	t tree
}

// Docroot implements simulate.Store.
func (o *Overlay) Docroot(root string) (simulate.Docroot, error) {
	base, err := o.Base.Docroot(root)
	if err != nil {
		return nil, err
	}
	prefix, err := o.place(root)
	if err != nil {
		return nil, err
	}
	o.t.mu.Lock()
	defer o.t.mu.Unlock()
	if o.t.max = o.MaxBytes; o.t.bases == nil {
		o.t.bases = make(map[string]simulate.Docroot)
	}
	o.t.bases[prefix] = base
	return &branch{t: &o.t, prefix: prefix, base: base}, nil
}

// place implements placer.
func (o *Overlay) place(root string) (string, error) {
	if p, ok := o.Base.(placer); ok {
		return p.place(root)
	}
	return general(root)
}
