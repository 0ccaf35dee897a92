package replay

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

// A partial result is a file: a line with its name, a header in JSON, the requests in the order of their keys, and a checksum.
// The same result is always the same bytes.
//
//	magic
//	length of the header, header
//	number of requests, then for each: bytes shared with the key before, length and text of the rest, count, verdict, cache
//	file, parameters
//	CRC-32 of all before
//
// Numbers are varints of encoding/binary, but for cache files (8 bytes) and the checksum (4 bytes), both little-endian.

// outcomes is how many outcomes a decision can have.
const outcomes = int(simulate.Proxied) + 1

const (
	magic     = "dispcheck.replay-partial/v1\n"
	maxHeader = 256 << 20
)

// A partialHeader is the header as it is written: with what belongs to the table.
type partialHeader struct {
	Header
	Verdicts []Verdict `json:"verdicts"`
	// Bounds and Beyond are those of the table's stripes: nothing that has a hash from the bound on was kept.
	Bounds []stripeBound `json:"bounds"`
}

type stripeBound struct {
	Stripe int      `json:"stripe"`
	Bound  uint64   `json:"bound"`
	Beyond []beyond `json:"beyond"`
}

// A beyond is how many requests of a verdict were not kept.
type beyond struct {
	Verdict  uint32 `json:"verdict"`
	Requests uint64 `json:"requests"`
}

// Encode writes the result, to be read by Decode.
func (r *Result) Encode(w io.Writer) error {
	r.table.trim()
	sum := crc32.NewIEEE()
	b := bufio.NewWriterSize(io.MultiWriter(w, sum), 64<<10)
	order, ids := r.sortedVerdicts()
	h := partialHeader{Header: r.Header, Verdicts: order, Bounds: []stripeBound{}}
	for i := range r.table.stripes {
		s := &r.table.stripes[i]
		if !s.bounded {
			continue
		}
		bound := stripeBound{Stripe: i, Bound: s.bound, Beyond: []beyond{}}
		for _, id := range slices.Sorted(maps.Keys(s.beyond)) {
			bound.Beyond = append(bound.Beyond, beyond{ids[id], s.beyond[id]})
		}
		slices.SortFunc(bound.Beyond, func(a, b beyond) int { return cmp.Compare(a.Verdict, b.Verdict) })
		h.Bounds = append(h.Bounds, bound)
	}
	text, err := json.Marshal(&h)
	if err != nil {
		return err
	}
	b.WriteString(magic)
	writeNumber(b, uint64(len(text)))
	b.Write(text)
	rows := r.sortedRows()
	writeNumber(b, uint64(len(rows)))
	last := ""
	for _, at := range rows {
		q, key := r.table.at(at)
		shared := sharedPrefix(last, key)
		writeNumber(b, uint64(shared))
		writeNumber(b, uint64(len(key)-shared))
		b.WriteString(key[shared:])
		writeNumber(b, q.count)
		writeNumber(b, uint64(ids[q.verdict]))
		var file [8]byte
		binary.LittleEndian.PutUint64(file[:], q.file)
		b.Write(file[:])
		writeNumber(b, uint64(q.params))
		last = key
	}
	if err := b.Flush(); err != nil {
		return err
	}
	_, err = w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	return err
}

func writeNumber(b *bufio.Writer, n uint64) {
	var buf [binary.MaxVarintLen64]byte
	b.Write(buf[:binary.PutUvarint(buf[:], n)]) // Flush returns the error
}

func sharedPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// sortedVerdicts returns those verdicts that requests have in an order of their own, and their numbers in it.
func (r *Result) sortedVerdicts() (list []Verdict, ids map[uint32]uint32) {
	used := map[uint32]bool{}
	r.table.each(func(_ string, q *row) { used[q.verdict] = true })
	for i := range r.table.stripes {
		for id := range r.table.stripes[i].beyond {
			used[id] = true
		}
	}
	type named struct {
		id   uint32
		text string
	}
	var order []named
	for id := range used {
		v := r.verdicts.list[id]
		text, _ := json.Marshal(&v) // strings and numbers cannot fail
		order = append(order, named{id, string(text)})
	}
	slices.SortFunc(order, func(a, b named) int { return strings.Compare(a.text, b.text) })
	list, ids = []Verdict{}, map[uint32]uint32{}
	for i, n := range order {
		list = append(list, r.verdicts.list[n.id])
		ids[n.id] = uint32(i)
	}
	return list, ids
}

// A tableRow says where a row is.
type tableRow struct{ stripe, row uint32 }

// at returns the row, and its key.
func (t *table) at(r tableRow) (*row, string) {
	s := &t.stripes[r.stripe]
	q := s.row(int(r.row))
	return q, s.text(q)
}

func (r *Result) sortedRows() []tableRow {
	n := 0
	for i := range r.table.stripes {
		n += r.table.stripes[i].n
	}
	rows := make([]tableRow, 0, n)
	for i := range r.table.stripes {
		for n := range r.table.stripes[i].n {
			rows = append(rows, tableRow{uint32(i), uint32(n)})
		}
	}
	slices.SortFunc(rows, func(a, b tableRow) int {
		_, x := r.table.at(a)
		_, y := r.table.at(b)
		return strings.Compare(x, y)
	})
	return rows
}

// ErrDamaged says that a partial result cannot be read.
var ErrDamaged = errors.New("is no partial result of replay, or is damaged")

func damaged(what string) error { return fmt.Errorf("%w: %s", ErrDamaged, what) }

// Decode reads a result that Encode has written. The error wraps ErrDamaged, or is the reader's.
func Decode(src io.Reader) (*Result, error) {
	d := &decoder{b: bufio.NewReaderSize(src, 64<<10), sum: crc32.NewIEEE()}
	r, err := d.result()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, damaged("it ends too early")
	}
	return r, err
}

type decoder struct {
	b   *bufio.Reader
	sum interface {
		io.Writer
		Sum32() uint32
	}
	one [1]byte
}

// ReadByte implements io.ByteReader, and puts what is read into the checksum.
func (d *decoder) ReadByte() (byte, error) {
	c, err := d.b.ReadByte()
	if err == nil {
		d.one[0] = c
		d.sum.Write(d.one[:])
	}
	return c, err
}

func (d *decoder) number(most uint64) (uint64, error) {
	n, err := binary.ReadUvarint(d)
	if err == nil && n > most {
		err = damaged("a number is too large")
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return n, err
}

func (d *decoder) bytes(b []byte) error {
	if _, err := io.ReadFull(d.b, b); err != nil {
		return err
	}
	d.sum.Write(b)
	return nil
}

func (d *decoder) result() (*Result, error) {
	head := make([]byte, len(magic))
	if err := d.bytes(head); err != nil {
		return nil, err
	}
	if string(head) != magic {
		return nil, damaged("it does not begin with " + strings.TrimSpace(magic))
	}
	n, err := d.number(maxHeader)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer // grows with what is there, whatever n says
	if _, err := io.CopyN(&text, d.b, int64(n)); err != nil {
		return nil, err
	}
	d.sum.Write(text.Bytes())
	var h partialHeader
	dec := json.NewDecoder(&text)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&h); err != nil {
		return nil, damaged(err.Error())
	}
	if dec.More() {
		return nil, damaged("something follows its header")
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	r := newResult(h.Settings.MaxDistinct)
	r.Header = h.Header
	for i, v := range h.Verdicts {
		if r.verdicts.id(v) != uint32(i) {
			return nil, damaged("a verdict is there twice")
		}
	}
	for _, b := range h.Bounds {
		s := &r.table.stripes[b.Stripe]
		s.bounded, s.bound = true, b.Bound
		for _, y := range b.Beyond {
			s.skip(y.Verdict, y.Requests)
		}
	}
	if err := d.rows(r); err != nil {
		return nil, err
	}
	want := d.sum.Sum32()
	var sum [4]byte
	if _, err := io.ReadFull(d.b, sum[:]); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(sum[:]) != want {
		return nil, damaged("its checksum is another")
	}
	if _, err := d.b.ReadByte(); err == nil {
		return nil, damaged("something follows its end")
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return r, r.checkSums()
}

func (d *decoder) rows(r *Result) error {
	n, err := d.number(1 << 40)
	if err != nil {
		return err
	}
	var key, last []byte
	var q request
	for range n {
		shared, err := d.number(uint64(len(last)))
		if err != nil {
			return err
		}
		rest, err := d.number(maxKey - shared)
		if err != nil {
			return err
		}
		key = append(key[:0], last[:shared]...)
		key = slices.Grow(key, int(rest))[:int(shared+rest)]
		if err := d.bytes(key[shared:]); err != nil {
			return err
		}
		if bytes.Compare(key, last) <= 0 {
			return damaged("its requests are not in order")
		}
		if err := q.parse(string(key), r.Header.Headers); err != nil {
			return damaged("a request is none")
		}
		w := row{hash: hashOf(key)}
		if w.count, err = d.number(1 << 62); err != nil {
			return err
		}
		if w.count == 0 {
			return damaged("a request was never made")
		}
		id, err := d.number(uint64(len(r.verdicts.list)))
		if err != nil || id == uint64(len(r.verdicts.list)) {
			return cmp.Or(err, damaged("a verdict is missing"))
		}
		var file [8]byte
		if err := d.bytes(file[:]); err != nil {
			return err
		}
		w.file = binary.LittleEndian.Uint64(file[:])
		params, err := d.number(1<<32 - 1)
		if err != nil {
			return err
		}
		w.params = uint32(params)
		s := r.table.stripe(w.hash)
		if s.n >= r.table.limit || s.bounded && w.hash >= s.bound {
			return damaged("it has more requests than it may")
		}
		if err := s.put(&w, key, uint32(id)); err != nil {
			return err
		}
		key, last = last, key
	}
	return nil
}

// check looks whether indexes lead somewhere, and counts can be.
func (h *partialHeader) check() error {
	c := &h.Catalog
	wrong := func(i int32, n int) bool { return i < none || int(i) >= n }
	if h.Settings.MaxDistinct < 1 || len(h.Headers) > maxKept || h.Lines < 0 || h.Parsed < 0 {
		return damaged("a setting or a count cannot be")
	}
	if p := h.Position; p != nil {
		for _, l := range p.Logs {
			if l.Offset < 0 || l.Blocks < 0 || l.Lines < 0 || l.Size < -1 {
				return damaged("a position cannot be")
			}
		}
	}
	if h.Other == nil || h.Formats == nil {
		return damaged("a part of its header is missing")
	}
	for i := range h.Verdicts {
		v := &h.Verdicts[i]
		if wrong(v.Rule, len(c.Rules)) || v.Farm != farmDepends && wrong(v.Farm, len(c.Farms)) || wrong(v.Host, len(c.Hosts)) ||
			v.Filter > Depends || v.Logged > Depends || v.Cache > CacheDepends || int(v.Outcome) >= outcomes {
			return damaged("a verdict points nowhere")
		}
		for _, list := range []struct {
			text string
			n    int
		}{{v.Applied, len(c.Rewrites)}, {v.MayRules, len(c.Rules)}, {v.MayRewrites, len(c.Rewrites)}} {
			got := indexesOf(list.text)
			if list.text != indexes(got) || slices.ContainsFunc(got, func(j int32) bool { return j < 0 || int(j) >= list.n }) {
				return damaged("a verdict points nowhere")
			}
		}
	}
	for _, b := range h.Bounds {
		if b.Stripe < 0 || b.Stripe >= stripes {
			return damaged("a part of its table is none")
		}
		for _, y := range b.Beyond {
			if int(y.Verdict) >= len(h.Verdicts) {
				return damaged("a verdict is missing")
			}
		}
	}
	return nil
}

// checkSums holds the requests against the lines that were read.
func (r *Result) checkSums() error {
	n := uint64(0)
	r.table.each(func(_ string, q *row) { n += q.count })
	for i := range r.table.stripes {
		for _, m := range r.table.stripes[i].beyond {
			n += m
		}
	}
	if n != uint64(r.Header.Parsed) {
		return damaged("its requests are not as many as its lines say")
	}
	return nil
}
