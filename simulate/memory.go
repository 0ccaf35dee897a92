package simulate

import (
	"strings"
	"sync"
	"time"
)

// memory is what an engine remembers from one request to the next, apart from the store. How the module keeps these
// things, and whether its processes share them, is not published; here one engine is one process.
type memory struct {
	refreshing refreshing
	outside    outsideStatfiles
	sessions   sessions
	vanity     vanityLists
	renders    renderMemory
	files      fileLocks
}

// fileLocks keep a page and the files beside it together: they are put into place, taken away and read as one, so that
// nobody gets the page of one answer with the headers of another. A page has one of the locks, by the last part of its name:
// document roots may share their files, and need not have them under the same path. A flush takes all of them.
type fileLocks [32]sync.RWMutex

// of returns the lock of a page.
func (l *fileLocks) of(uri string) *sync.RWMutex {
	hash := uint32(2166136261) // FNV-1a
	for i := strings.LastIndexByte(uri, '/') + 1; i < len(uri); i++ {
		hash = (hash ^ uint32(uri[i])) * 16777619
	}
	return &l[hash%uint32(len(l))]
}

func (l *fileLocks) lockAll() {
	for i := range l {
		l[i].Lock()
	}
}

func (l *fileLocks) unlockAll() {
	for i := range l {
		l[i].Unlock()
	}
}

// fileLock returns the lock of the page under the URI.
func (x *Exchange) fileLock() *sync.RWMutex { return x.engine.memory.files.of(x.Decision.URI) }

func (m *memory) init(o *Options) {
	m.sessions.init(o.Sessions)
	m.vanity.init(o.Vanity)
}

// refreshing is the stale files that are being fetched again: others who ask for one get the stale file meanwhile
// (adobe/aem-dispatcher-experiments, statfileslevel).
type refreshing struct {
	mu    sync.Mutex
	files map[refreshed]struct{}
}

// A refreshed is a file of a document root.
type refreshed struct{ docroot, name string }

// begin reports whether the caller is the first to fetch a file again; it must call end then.
func (r *refreshing) begin(f refreshed) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, busy := r.files[f]; busy {
		return false
	}
	if r.files == nil {
		r.files = map[refreshed]struct{}{}
	}
	r.files[f] = struct{}{}
	return true
}

func (r *refreshing) end(f refreshed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.files, f)
}

// endRefresh lets others fetch the stale file again, if the exchange was the one that did.
func (x *Exchange) endRefresh() {
	if x.refreshes {
		x.refreshes = false
		x.engine.memory.refreshing.end(refreshed{x.farm.docroot, x.Decision.URI})
	}
}

// outsideStatfiles are statfiles that do not lie in a document root. They live as long as the engine does: a store
// touches nothing outside of its document roots.
type outsideStatfiles struct {
	mu    sync.RWMutex
	times map[string]time.Time
}

func (s *outsideStatfiles) time(path string) (time.Time, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t, ok := s.times[path]
	return t, ok
}

func (s *outsideStatfiles) touch(path string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.times == nil {
		s.times = map[string]time.Time{}
	}
	s.times[path] = at
}

// sessions are the credentials that the module has seen accepted, and when they were last used.
type sessions struct {
	mu   sync.Mutex
	used map[string]time.Time
}

func (s *sessions) init(known map[string]time.Time) {
	s.used = make(map[string]time.Time, len(known))
	for k, t := range known {
		s.used[k] = t
	}
}

// vanityLists are the lists of vanity URLs, by the file that the module keeps each in.
type vanityLists struct {
	mu    sync.Mutex
	lists map[string]*vanityList
}

// A vanityList is one list, and the lock that keeps it from being fetched twice at once.
type vanityList struct {
	mu      sync.Mutex
	urls    map[string]struct{}
	fetched time.Time
	known   bool
}

func (v *vanityLists) init(known map[string]VanityList) {
	v.lists = make(map[string]*vanityList, len(known))
	for file, l := range known {
		n := &vanityList{urls: make(map[string]struct{}, len(l.URLs)), fetched: l.Fetched, known: true}
		for _, u := range l.URLs {
			n.urls[u] = struct{}{}
		}
		v.lists[file] = n
	}
}

// of returns the list that a farm keeps in a file, made when first asked for.
func (v *vanityLists) of(file string) *vanityList {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.lists[file]
	if l == nil {
		l = &vanityList{}
		v.lists[file] = l
	}
	return l
}
