package serve

import (
	"errors"
	"hash/maphash"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// Under load the same few files are looked at thousands of times a second, and to ask the system each time takes longer than all
// the rest of an answer. What is asked for often enough is therefore looked at once in a short while: what this process writes,
// touches and removes is known at once, and what others do within that while.
const (
	// hotFor is how long a look counts, hotAfter how many there are in that while before one does: 16 in 50 ms are 320 requests a
	// second for one file, which no person and no script that waits for its answers makes.
	hotFor   = 50 * time.Millisecond
	hotAfter = 16
	// maxHotBody is how large a file may be to be kept, maxHotBodies what all may take.
	maxHotBody, maxHotBodies = 64 << 10, 8 << 20
	// maxHot is how many names are remembered in a shard.
	maxHot    = 512
	hotShards = 16
)

// hotFiles are what is known of files of all document roots.
type hotFiles struct {
	epoch  atomic.Int64 // of the last change
	bodies atomic.Int64
	seed   maphash.Seed
	shards [hotShards]struct {
		mu    sync.Mutex
		names map[hotName]*hotFile
	}
}

type hotName struct{ root, name string }

// A hotFile is what is known of a name.
type hotFile struct {
	since time.Time // when the while began
	looks int

	info    simulate.FileInfo
	infoErr error
	stat    time.Time // when info was looked at; the zero time for never

	opened  time.Time
	openErr error // of Open: there is no such file
	body    []byte
	file    simulate.FileInfo
}

func newHotFiles() *hotFiles {
	h := &hotFiles{seed: maphash.MakeSeed()}
	for i := range h.shards {
		h.shards[i].names = map[hotName]*hotFile{}
	}
	return h
}

func (h *hotFiles) shard(name string) int {
	return int(maphash.String(h.seed, name) % hotShards)
}

// A hotRoot is a document root that is not asked again and again. What is written goes through its keptRoot, which says so.
type hotRoot struct {
	simulate.Docroot
	path string
	hot  *hotFiles
}

// Stat implements simulate.Docroot.
func (r *hotRoot) Stat(name string) (simulate.FileInfo, error) {
	h := r.hot
	s := &h.shards[h.shard(name)]
	now := time.Now()
	s.mu.Lock()
	f := s.names[hotName{r.path, name}]
	if f != nil && f.looked(now) && now.Sub(f.stat) < hotFor {
		info, err := f.info, f.infoErr
		s.mu.Unlock()
		return info, err
	}
	s.mu.Unlock()
	epoch := h.epoch.Load()
	info, err := r.Docroot.Stat(name)
	s.mu.Lock()
	if f = h.known(r, name, now); f != nil && f.looks >= hotAfter && h.epoch.Load() == epoch {
		f.info, f.infoErr, f.stat = info, err, now
	}
	s.mu.Unlock()
	return info, err
}

// looked counts a look, and reports whether there are so many that earlier ones count.
func (f *hotFile) looked(now time.Time) bool {
	if now.Sub(f.since) >= hotFor {
		hot := f.looks >= hotAfter
		f.since, f.looks = now, 1
		if hot {
			f.looks = hotAfter // as long as each while was hot, the next one is
			f.looks -= hotAfter / 4
		}
		return false
	}
	f.looks++
	return f.looks > hotAfter
}

// known returns what is known of a name, and makes room for it where nothing is. It is called under the lock of the shard.
func (h *hotFiles) known(r *hotRoot, name string, now time.Time) *hotFile {
	s := &h.shards[h.shard(name)]
	key := hotName{r.path, name}
	f := s.names[key]
	if f == nil {
		if len(s.names) >= maxHot {
			for k, old := range s.names {
				h.bodies.Add(-int64(len(old.body)))
				delete(s.names, k)
			}
		}
		key.name = strings.Clone(name)
		f = &hotFile{since: now, looks: 1}
		s.names[key] = f
	}
	return f
}

// Open implements simulate.Docroot.
func (r *hotRoot) Open(name string) (simulate.File, error) {
	h := r.hot
	s := &h.shards[h.shard(name)]
	now := time.Now()
	s.mu.Lock()
	f := s.names[hotName{r.path, name}]
	hot := f != nil && f.looked(now)
	if hot && now.Sub(f.opened) < hotFor {
		info, body, err := f.file, f.body, f.openErr
		s.mu.Unlock()
		if err != nil {
			return nil, err
		}
		return &hotBody{info: info, body: body}, nil
	}
	s.mu.Unlock()
	epoch := h.epoch.Load()
	file, err := r.Docroot.Open(name)
	if err != nil {
		s.mu.Lock()
		if f = h.known(r, name, now); errors.Is(err, fs.ErrNotExist) && f.looks >= hotAfter && h.epoch.Load() == epoch {
			h.bodies.Add(-int64(len(f.body)))
			f.opened, f.openErr, f.body = now, err, nil
		}
		s.mu.Unlock()
		return nil, err
	}
	info := file.Info()
	if !hot || info.Size > maxHotBody || h.bodies.Load()+info.Size > maxHotBodies {
		s.mu.Lock()
		h.known(r, name, now)
		s.mu.Unlock()
		return file, nil
	}
	body := make([]byte, info.Size)
	if _, err := io.ReadFull(file, body); err != nil {
		file.Close()
		return r.Docroot.Open(name) // it is being changed, or cannot be read: whoever reads it finds out
	}
	file.Close()
	s.mu.Lock()
	if f = h.known(r, name, now); h.epoch.Load() == epoch {
		h.bodies.Add(int64(len(body) - len(f.body)))
		f.opened, f.openErr, f.file, f.body = now, nil, info, body
	}
	s.mu.Unlock()
	return &hotBody{info: info, body: body}, nil
}

// changed forgets a name and the folders that it lies in.
func (r *hotRoot) changed(name string) {
	h := r.hot
	h.epoch.Add(1)
	for name = strings.TrimSuffix(name, "/"); ; {
		s := &h.shards[h.shard(name)]
		s.mu.Lock()
		key := hotName{r.path, name}
		if f := s.names[key]; f != nil {
			h.bodies.Add(-int64(len(f.body)))
			f.stat, f.opened, f.body = time.Time{}, time.Time{}, nil
		}
		s.mu.Unlock()
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return
		}
		name = name[:i]
	}
}

// Touch implements simulate.Docroot.
func (r *hotRoot) Touch(name string, mode fs.FileMode, at time.Time) error {
	err := r.Docroot.Touch(name, mode, at)
	r.changed(name)
	return err
}

// Remove implements simulate.Docroot.
func (r *hotRoot) Remove(name string) error {
	err := r.Docroot.Remove(name)
	r.changed(name)
	return err
}

// A hotBody is a file in memory.
type hotBody struct {
	info simulate.FileInfo
	body []byte
	at   int
}

// Info implements simulate.File.
func (b *hotBody) Info() simulate.FileInfo { return b.info }

func (b *hotBody) Read(p []byte) (int, error) {
	if b.at >= len(b.body) {
		return 0, io.EOF
	}
	n := copy(p, b.body[b.at:])
	b.at += n
	return n, nil
}

// ReadAt implements io.ReaderAt.
func (b *hotBody) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(b.body)) {
		return 0, io.EOF
	}
	n := copy(p, b.body[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Close implements io.Closer.
func (b *hotBody) Close() error { return nil }
