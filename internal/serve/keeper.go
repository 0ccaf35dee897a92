package serve

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// A cacheStore is the document roots of a generation. It tells a keeper what is written.
type cacheStore struct {
	simulate.Store
	roots  []string
	keeper *keeper
	hot    *hotFiles

	mu   sync.Mutex
	open map[string]simulate.Docroot
}

// Docroot implements simulate.Store.
func (s *cacheStore) Docroot(path string) (simulate.Docroot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.open[path]; r != nil {
		return r, nil
	}
	r, err := s.Store.Docroot(path)
	if err != nil {
		return nil, err
	}
	if s.open == nil {
		s.open = map[string]simulate.Docroot{}
	}
	hot := &hotRoot{Docroot: r, path: path, hot: s.hot}
	k := &keptRoot{Docroot: hot, hot: hot, keeper: s.keeper}
	s.open[path] = k
	return k, nil
}

// A keptRoot is a document root that tells what is written.
type keptRoot struct {
	simulate.Docroot
	hot    *hotRoot
	keeper *keeper
}

// Create implements simulate.Docroot.
func (r *keptRoot) Create(name string, mode fs.FileMode) (simulate.NewFile, error) {
	f, err := r.hot.Docroot.Create(name, mode)
	n, ok := f.(simulate.Neighbour)
	if i := strings.LastIndexByte(name, '/'); i >= 0 && !ok {
		r.hot.changed(name[:i]) // folders may have been made
	}
	if err != nil {
		r.keeper.missed(err)
		return nil, err
	}
	kept := keptFile{NewFile: f, root: r, name: name}
	if ok {
		return &keptNeighbour{kept, n}, nil
	}
	return &kept, nil
}

type keptFile struct {
	simulate.NewFile
	root   *keptRoot
	name   string
	size   int64
	beside bool // the folders that it lies in are forgotten with its page
}

func (f *keptFile) Write(p []byte) (int, error) {
	n, err := f.NewFile.Write(p)
	f.size += int64(n)
	return n, err
}

// Commit implements simulate.NewFile.
func (f *keptFile) Commit(at time.Time) error {
	err := f.NewFile.Commit(at)
	if f.beside {
		f.root.hot.changedFile(f.name)
	} else {
		f.root.hot.changed(f.name)
	}
	if err == nil {
		f.root.keeper.wrote(f.size + fileCost)
	}
	return err
}

// A keptNeighbour is a file that knows its folder.
type keptNeighbour struct {
	keptFile
	under simulate.Neighbour
}

// CreateBeside implements simulate.Neighbour.
func (f *keptNeighbour) CreateBeside(suffix string, mode fs.FileMode) (simulate.NewFile, error) {
	n, err := f.under.CreateBeside(suffix, mode)
	if err != nil {
		f.root.keeper.missed(err)
		return nil, err
	}
	return &keptFile{NewFile: n, root: f.root, name: f.name + suffix, beside: true}, nil
}

// RemoveBeside implements simulate.Neighbour.
func (f *keptNeighbour) RemoveBeside(suffix string) error {
	err := f.under.RemoveBeside(suffix)
	f.root.hot.changedFile(f.name + suffix)
	return err
}

// changedFile forgets one name, where the folders that it lies in are forgotten with another.
func (r *hotRoot) changedFile(name string) {
	h := r.hot
	h.epoch.Add(1)
	s := &h.shards[h.shard(name)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.names[hotName{r.path, name}]; f != nil {
		h.bodies.Add(-int64(len(f.body)))
		f.stat, f.opened, f.body = time.Time{}, time.Time{}, nil
	}
}

// fileCost is what a file takes besides its bytes.
const fileCost = 4 << 10

// A keeper keeps the cache below its bound: it removes the oldest pages, with what stands beside them. Statfiles stay, since
// without one everything below it would be fresh.
type keeper struct {
	server *Server
	most   int64
	size   atomic.Int64 // at most what the files take
	once   atomic.Bool  // somebody counts or removes
}

func newKeeper(s *Server, most int64) *keeper { return &keeper{server: s, most: most} }

// wrote notes what was written. Where it may be too much, the cache is looked through beside the requests.
func (k *keeper) wrote(n int64) {
	if k.size.Add(n) <= k.most || k.server.ctx.Err() != nil || !k.once.CompareAndSwap(false, true) {
		return
	}
	k.server.running.Add(1)
	go func() {
		defer k.server.running.Done()
		defer k.once.Store(false)
		k.trim()
	}()
}

// missed is told of a file that could not be made. Where the folder of the cache is not the one that was opened any more, because
// somebody has removed it, it is made and opened anew, as the module makes a document root that is missing.
func (k *keeper) missed(err error) {
	s := k.server
	if s.o.CacheDir == "" || s.o.Store != nil || !errors.Is(err, fs.ErrNotExist) || s.ctx.Err() != nil || !k.once.CompareAndSwap(false, true) {
		return
	}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer k.once.Store(false)
		s.reopen()
	}()
}
