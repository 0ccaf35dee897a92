package accesslog

import (
	"bytes"
	"errors"
	"io"
)

// A Reader delivers the records of one log in order. What is malformed is counted and passed over.
//
//	for r.Next() {
//		use(r.Record())
//	}
//
// A Reader is used by one goroutine.
type Reader struct {
	parser  *Parser
	src     io.Reader
	closer  io.Closer
	record  Record
	stats   Stats
	err     error
	maxLine int
	samples int

	buf        []byte
	start, end int   // what of buf is not read yet
	seen       int   // how much of it has no line end
	offset     int64 // of buf[start] in the text
	eof        bool
	line       int64

	har *harReader
}

// readSize is how much is asked for at once.
const readSize = 256 << 10

// newReader reads src, which is not compressed, with p.
func newReader(src io.Reader, p *Parser) *Reader {
	r := &Reader{parser: p, src: src, maxLine: p.opts.maxLine(), samples: p.opts.samples()}
	if p.kind == kindHAR {
		r.har = newHARReader(src, r.maxLine)
		return r
	}
	r.buf = make([]byte, r.maxLine+readSize)
	return r
}

// Record is the one that Next found. It holds until Next is called again.
func (r *Reader) Record() *Record { return &r.record }

// Line is the number of the record's line, from 1. For HAR it is that of the entry.
func (r *Reader) Line() int64 { return r.line }

// Stats is what was read up to now.
func (r *Reader) Stats() *Stats { return &r.stats }

// Err is the error of reading that ended the log early, nil at its end. Damaged compressed data is none: it is counted as
// [Corrupt], what was there before it has been delivered.
func (r *Reader) Err() error { return r.err }

// Parser is the format that is read.
func (r *Reader) Parser() *Parser { return r.parser }

// Close gives back what the reader holds: the file, and the goroutine that decompresses.
func (r *Reader) Close() error {
	r.eof, r.start, r.end, r.seen = true, 0, 0, 0
	if r.har != nil {
		r.har.done = true
	}
	if r.closer == nil {
		return nil
	}
	c := r.closer
	r.closer = nil
	return c.Close()
}

// Next goes on to the next record. It reports false at the end.
func (r *Reader) Next() bool {
	if r.har != nil {
		return r.nextEntry()
	}
	for {
		i := bytes.IndexByte(r.buf[r.start+r.seen:r.end], '\n')
		if i < 0 {
			r.seen = r.end - r.start
			if r.seen > r.maxLine {
				r.tooLong()
				continue
			}
			if !r.eof {
				r.fill()
				continue
			}
			if r.start == r.end {
				return false
			}
			return r.parse(r.end-r.start, 0)
		}
		if i += r.seen; i > r.maxLine {
			r.tooLong()
			continue
		}
		if r.parse(i, 1) {
			return true
		}
	}
}

// parse reads the next line, of n bytes and an end of so many.
func (r *Reader) parse(n, lineEnd int) bool {
	line := r.buf[r.start : r.start+n]
	at := r.offset
	r.start += n + lineEnd
	r.seen = 0
	r.offset += int64(n + lineEnd)
	r.stats.Lines++
	r.stats.Bytes += int64(n + lineEnd)
	if n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if at == 0 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	reason := r.parser.Parse(line, &r.record)
	if reason == Read {
		r.stats.Records++
		r.line = r.stats.Lines
		return true
	}
	if lineEnd == 0 && reason.Malformed() {
		reason = CutOff
	}
	r.stats.countLine(reason, at, r.samples, line, &r.parser.opts)
	if reason == OtherMessage && r.record.Flush != nil {
		r.line = r.stats.Lines
		return true
	}
	return false
}

// tooLong counts the line and passes over it.
func (r *Reader) tooLong() {
	at := r.offset
	r.stats.Lines++
	r.stats.countLine(TooLong, at, r.samples, r.buf[r.start:r.end], &r.parser.opts)
	r.discard()
	r.stats.Bytes += r.offset - at
}

// discard passes over the rest of the line. It reports false where the text ends in it.
func (r *Reader) discard() bool {
	r.seen = 0
	for {
		i := bytes.IndexByte(r.buf[r.start:r.end], '\n')
		if i >= 0 {
			r.start += i + 1
			r.offset += int64(i + 1)
			return true
		}
		r.offset += int64(r.end - r.start)
		r.start, r.end = 0, 0
		if r.eof {
			return false
		}
		r.fill()
	}
}

// fill reads on. There is always room: whoever calls has passed over what is longer than a line may be.
func (r *Reader) fill() {
	if r.start > 0 {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if err != nil {
			r.eof = true
			r.failed(err)
			return
		}
		if n > 0 {
			return
		}
	}
	r.eof = true
	r.failed(io.ErrNoProgress)
}

// failed takes note of why reading ended.
func (r *Reader) failed(err error) {
	var damaged *corruptError
	switch {
	case errors.Is(err, io.EOF):
	case errors.As(err, &damaged):
		r.stats.count(Corrupt, r.offset+int64(r.end-r.start), r.samples)
	default:
		r.stats.count(Unreadable, r.offset+int64(r.end-r.start), r.samples)
		r.err = err
	}
}

// nextEntry is Next for HAR.
func (r *Reader) nextEntry() bool {
	for !r.har.done {
		reason, ok := r.har.next(r.parser, &r.record)
		if !ok {
			break
		}
		r.stats.Lines++
		if reason == Read {
			r.stats.Records++
			r.line = r.stats.Lines
			return true
		}
		r.stats.count(reason, r.har.offset, r.samples)
	}
	if err := r.har.err; err != nil {
		r.har.err = nil
		r.failed(err)
	}
	return false
}
