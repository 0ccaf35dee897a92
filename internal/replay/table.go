package replay

import (
	"cmp"
	"slices"
	"sync"
	"unsafe"
)

// A table counts distinct requests. It keeps as many as it may: those with the smallest hashes, which are the same whatever
// order the requests come in and however they are shared out. What is not kept is counted by its verdict alone. So all sums
// are exact, and so is all that is said of the requests that are kept.
type table struct {
	stripes [stripes]stripe
	// limit is how many requests a stripe keeps.
	limit int
}

const (
	stripeBits = 8
	stripes    = 1 << stripeBits
	chunkRows  = 64
	chunkBytes = 16 << 10
)

// A stripe is a part of the table with a lock of its own. Nothing in its chunks is a pointer.
type stripe struct {
	mu    sync.Mutex
	slots []slot // a power of two
	rows  []*[chunkRows]row
	texts []*[chunkBytes]byte
	n     int
	free  int // where the last of texts has room
	// bound is set when rows were let go: only smaller hashes are kept.
	bounded bool
	bound   uint64
	// beyond counts by verdict what is not kept.
	beyond map[uint32]uint64
	_      [64]byte // no two stripes share a line of the processor's cache
}

// A slot finds a row: by a part of its hash, so that other rows need not be fetched to see that they are others.
type slot struct {
	tag uint32
	row uint32 // its index plus 1; 0 for none
}

// A row is one distinct request.
type row struct {
	hash    uint64
	count   uint64
	file    uint64 // of the cache file, 0 for none
	at      uint32 // of the key in texts
	length  uint16
	_       uint16
	verdict uint32
	params  uint32 // bits for the first 32 parameters of the query: those that keep the answer out of the cache
}

// A decided is what a table stores of a request that it sees for the first time.
type decided struct {
	verdict uint32
	file    uint64
	params  uint32
}

func newTable(maxDistinct int) *table {
	return &table{limit: max(maxDistinct/stripes, 1)}
}

func (t *table) stripe(h uint64) *stripe { return &t.stripes[h&(stripes-1)] }

// add counts a request and returns its verdict. decide is called where the request is not kept.
func (t *table) add(h uint64, key []byte, n uint64, decide func(key string) (decided, error)) (uint32, error) {
	s := t.stripe(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.find(h, key); r != nil {
		r.count += n
		return r.verdict, nil
	}
	if s.bounded && h >= s.bound {
		d, err := decide(unsafe.String(unsafe.SliceData(key), len(key)))
		if err != nil {
			return 0, err
		}
		s.skip(d.verdict, n)
		return d.verdict, nil
	}
	r := s.insert(h, key)
	d, err := decide(s.text(r))
	if err != nil {
		return 0, err
	}
	r.count, r.verdict, r.file, r.params = n, d.verdict, d.file, d.params
	if s.n > t.limit+t.limit/8+64 {
		s.trim(t.limit)
	}
	return d.verdict, nil
}

func (s *stripe) skip(verdict uint32, n uint64) {
	if s.beyond == nil {
		s.beyond = map[uint32]uint64{}
	}
	s.beyond[verdict] += n
}

// find returns the row of a key, nil where there is none.
func (s *stripe) find(h uint64, key []byte) *row {
	if len(s.slots) == 0 {
		return nil
	}
	mask := uint64(len(s.slots) - 1)
	for i := (h >> stripeBits) & mask; ; i = (i + 1) & mask {
		slot := s.slots[i]
		if slot.row == 0 {
			return nil
		}
		if slot.tag != uint32(h>>32) {
			continue
		}
		r := s.row(int(slot.row - 1))
		if r.hash == h && int(r.length) == len(key) && s.text(r) == unsafe.String(unsafe.SliceData(key), len(key)) {
			return r
		}
	}
}

func (s *stripe) row(i int) *row { return &s.rows[i/chunkRows][i%chunkRows] }

// text is the key of a row. It holds until the stripe is trimmed.
func (s *stripe) text(r *row) string {
	chunk := s.texts[r.at/chunkBytes]
	return unsafe.String(&chunk[r.at%chunkBytes], int(r.length))
}

// insert makes a row for a key that is not there.
func (s *stripe) insert(h uint64, key []byte) *row {
	if 4*(s.n+1) > 3*len(s.slots) {
		s.grow()
	}
	if s.n%chunkRows == 0 {
		s.rows = append(s.rows, new([chunkRows]row))
	}
	if len(s.texts) == 0 || s.free+len(key) > chunkBytes {
		s.texts = append(s.texts, new([chunkBytes]byte))
		s.free = 0
	}
	i := s.n
	s.n++
	r := s.row(i)
	*r = row{hash: h, at: uint32((len(s.texts)-1)*chunkBytes + s.free), length: uint16(len(key))}
	s.free += copy(s.texts[len(s.texts)-1][s.free:], key)
	s.place(h, i)
	return r
}

func (s *stripe) place(h uint64, i int) {
	mask := uint64(len(s.slots) - 1)
	at := (h >> stripeBits) & mask
	for s.slots[at].row != 0 {
		at = (at + 1) & mask
	}
	s.slots[at] = slot{uint32(h >> 32), uint32(i + 1)}
}

func (s *stripe) grow() {
	s.slots = make([]slot, max(16, 2*len(s.slots)))
	for i := range s.n {
		s.place(s.row(i).hash, i)
	}
}

// trim lets rows go until so many are left: those with the smallest hashes, and of one hash those with the smaller keys.
func (s *stripe) trim(limit int) {
	if s.n <= limit {
		return
	}
	order := make([]*row, s.n)
	for i := range order {
		order[i] = s.row(i)
	}
	slices.SortFunc(order, func(a, b *row) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(s.text(a), s.text(b)))
	})
	for limit > 0 && order[limit].hash == order[limit-1].hash {
		limit-- // what has the bound's hash is let go together
	}
	bound := order[limit].hash
	if !s.bounded || bound < s.bound {
		s.bounded, s.bound = true, bound
	}
	for _, r := range order[limit:] {
		s.skip(r.verdict, r.count)
	}
	old := stripe{texts: s.texts}
	s.slots, s.rows, s.texts, s.n, s.free = nil, nil, nil, 0, 0
	for _, r := range order[:limit] {
		key := old.text(r)
		n := s.insert(r.hash, unsafe.Slice(unsafe.StringData(key), len(key)))
		n.count, n.verdict, n.file, n.params = r.count, r.verdict, r.file, r.params
	}
}

// trim cuts every stripe down to what it may keep.
func (t *table) trim() {
	for i := range t.stripes {
		t.stripes[i].trim(t.limit)
	}
}

// each calls visit for each request that is kept, in no order that means anything.
func (t *table) each(visit func(key string, r *row)) {
	for i := range t.stripes {
		s := &t.stripes[i]
		for n := range s.n {
			r := s.row(n)
			visit(s.text(r), r)
		}
	}
}

// distinct returns how many distinct requests there were; where not all were kept, an estimate from the share of the hashes
// that is.
func (t *table) distinct() (n int64, exact bool) {
	exact = true
	for i := range t.stripes {
		s := &t.stripes[i]
		if !s.bounded {
			n += int64(s.n)
			continue
		}
		exact = false
		share := float64(s.bound>>stripeBits) / float64(uint64(1)<<(64-stripeBits))
		if share > 0 {
			n += int64(float64(s.n) / share)
		}
	}
	return n, exact
}
