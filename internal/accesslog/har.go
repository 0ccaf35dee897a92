package accesslog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"
)

// harReader walks through an HTTP archive, an entry at a time. Bodies are passed over as they are read: a text longer than
// the limit is never in memory.
type harReader struct {
	in      *bufio.Reader
	pos     int64
	max     int
	text    []byte // of the last string or number
	cut     bool   // text was longer
	found   bool   // the entries have begun
	done    bool
	err     error
	offset  int64 // of the entry
	scratch []byte
}

// maxHeaders bounds those of an entry that are kept.
const maxHeaders = 256

// maxDepth bounds nesting.
const maxDepth = 200

var (
	errHARSyntax = errors.New("the text is no JSON")
	errHAREnd    = errors.New("the text ends early")
)

func newHARReader(src io.Reader, most int) *harReader {
	return &harReader{in: bufio.NewReaderSize(src, readSize), max: most}
}

// next reads an entry. ok is false at the end of the archive.
func (h *harReader) next(p *Parser, r *Record) (reason Reason, ok bool) {
	reason, ok, err := h.entry(p, r)
	if err == nil {
		if !ok {
			h.done = true
		}
		return reason, ok
	}
	// What is behind damage cannot be found again.
	h.done = true
	switch {
	case errors.Is(err, errHARSyntax):
		return Misfit, true
	case errors.Is(err, errHAREnd):
		return CutOff, true
	}
	h.err = err
	return 0, false
}

func (h *harReader) entry(p *Parser, r *Record) (Reason, bool, error) {
	c, err := h.peek()
	if err != nil {
		return 0, false, err
	}
	if !h.found {
		if err := h.toEntries(); err != nil {
			return 0, false, err
		}
		h.found = true
		if c, err = h.peek(); err != nil {
			return 0, false, err
		}
		if c == ']' {
			return 0, false, nil
		}
	} else {
		switch c {
		case ']':
			return 0, false, nil
		case ',':
			h.skip()
		default:
			return 0, false, errHARSyntax
		}
		if _, err = h.peek(); err != nil {
			return 0, false, err
		}
	}
	h.offset = h.pos
	r.reset(p, nil)
	e := harEntry{p: p, r: r}
	if err := h.object(0, func(key string) error { return e.key(h, key) }); err != nil {
		return 0, false, err
	}
	return e.finish(), true, nil
}

// toEntries goes to the start of the list of entries.
func (h *harReader) toEntries() error {
	for _, wanted := range []string{"log", "entries"} {
		if err := h.expect('{'); err != nil {
			return err
		}
		for first := true; ; first = false {
			c, err := h.peek()
			if err != nil {
				return err
			}
			if c == ',' && !first {
				h.skip()
			} else if !first || c == '}' {
				return errHARSyntax // there are no entries
			}
			if err := h.key(); err != nil {
				return err
			}
			if string(h.text) == wanted {
				break
			}
			if err := h.skipValue(0); err != nil {
				return err
			}
		}
	}
	return h.expect('[')
}

// A harEntry gathers what an entry says. Its texts go to the record's arena, which may move: so they are slices of it only
// at the end.
type harEntry struct {
	p *Parser
	r *Record

	method, url, protocol, started span
	names, values                  []span
	status, bytes, size            int64
	elapsed                        float64
	hasStatus, hasBytes, hasSize   bool
	hasElapsed                     bool
}

func (e *harEntry) keep(h *harReader) span {
	a := len(e.r.arena)
	if a+len(h.text) > 8*h.max { // an entry that is made of headers
		return span{}
	}
	e.r.arena = append(e.r.arena, h.text...)
	return span{int32(a), int32(len(e.r.arena))}
}

func (e *harEntry) text(s span) []byte { return e.r.arena[s.a:s.b:s.b] }

func (e *harEntry) key(h *harReader, key string) error {
	switch key {
	case "startedDateTime":
		return h.stringInto(e, &e.started)
	case "time":
		if ok, err := h.scalar(); err != nil || !ok {
			return err
		}
		if v, err := strconv.ParseFloat(string(h.text), 64); err == nil && v >= 0 && v < 1e12 {
			e.elapsed, e.hasElapsed = v, true
		}
		return nil
	case "request":
		return h.object(1, func(key string) error {
			switch key {
			case "method":
				return h.stringInto(e, &e.method)
			case "url":
				return h.stringInto(e, &e.url)
			case "httpVersion":
				return h.stringInto(e, &e.protocol)
			case "headers":
				return h.list(2, func() error {
					var name, value span
					err := h.object(3, func(key string) error {
						switch key {
						case "name":
							return h.stringInto(e, &name)
						case "value":
							return h.stringInto(e, &value)
						}
						return h.skipValue(4)
					})
					if err == nil && name.b > name.a && len(e.names) < maxHeaders {
						e.names, e.values = append(e.names, name), append(e.values, value)
					}
					return err
				})
			}
			return h.skipValue(2)
		})
	case "response":
		return h.object(1, func(key string) error {
			switch key {
			case "status":
				return h.integer(&e.status, &e.hasStatus)
			case "bodySize":
				return h.integer(&e.bytes, &e.hasBytes)
			case "content":
				return h.object(2, func(key string) error {
					if key == "size" {
						return h.integer(&e.size, &e.hasSize)
					}
					return h.skipValue(3)
				})
			}
			return h.skipValue(2)
		})
	}
	return h.skipValue(1)
}

// finish makes the record of the entry.
func (e *harEntry) finish() Reason {
	r, o := e.r, &e.p.opts
	if e.url.a == e.url.b {
		return NoTarget
	}
	if e.method.b > e.method.a {
		r.take(FieldMethod, &r.Method, e.text(e.method), false, false)
		if !isToken(r.Method) {
			return NotHTTP
		}
	}
	if e.protocol.b > e.protocol.a {
		r.take(FieldProtocol, &r.Protocol, e.text(e.protocol), false, false)
	}
	e.p.target(r, e.text(e.url), true)
	if len(r.Target) == 0 || r.Target[0] != '/' { // data: and blob: are not requested
		return NoTarget
	}
	if e.started.b > e.started.a {
		if t, ok := r.clock.iso(e.text(e.started)); ok {
			r.Time = t
			r.mark(FieldTime)
		}
	}
	if e.hasStatus && e.status > 0 && e.status < 1000 { // browsers write 0 for no answer
		r.Status = int(e.status)
		r.mark(FieldStatus)
	}
	if e.hasBytes && e.bytes >= 0 { // -1 for not known
		r.Bytes = e.bytes
		r.mark(FieldBytes)
	} else if e.hasSize && e.size >= 0 {
		r.Bytes = e.size
		r.mark(FieldBytes)
	}
	if e.hasElapsed {
		r.Elapsed = time.Duration(e.elapsed * float64(time.Millisecond))
		r.mark(FieldElapsed)
	}
	r.markNone(FieldUserAgent)
	for i := range e.names {
		name, value := e.text(e.names[i]), e.text(e.values[i])
		if equalFold(name, "User-Agent") {
			r.take(FieldUserAgent, &r.UserAgent, value, false, !o.KeepUserAgent)
			continue
		}
		if equalFold(name, "Host") && r.present&(1<<FieldHost) == 0 {
			r.take(FieldHost, &r.Host, value, false, false)
		}
		hd := header{name: name, value: value}
		if dropsHeader(string(name), o) {
			hd.value, hd.dropped = nil, true
		} else if q := bytes.IndexByte(value, '?'); q >= 0 && !o.KeepQuery {
			hd.value = value[:q+1+dropValues(value[q+1:])]
		}
		r.headers = append(r.headers, hd)
	}
	return Read
}

// object reads an object, and calls f for each key, which reads the value. Anything but an object is passed over.
func (h *harReader) object(depth int, f func(key string) error) error {
	return h.each('{', '}', depth, func() error {
		if err := h.key(); err != nil {
			return err
		}
		return f(string(h.text))
	})
}

// list reads a list, and calls f for each value, which reads it. Anything but a list is passed over.
func (h *harReader) list(depth int, f func() error) error { return h.each('[', ']', depth, f) }

// each reads what stands between two brackets, and calls f for each part, which reads it. Anything else is passed over.
func (h *harReader) each(open, end byte, depth int, f func() error) error {
	c, err := h.peek()
	if err != nil {
		return err
	}
	if c != open {
		return h.skipValue(depth)
	}
	h.skip()
	for first := true; ; first = false {
		if c, err = h.peek(); err != nil {
			return err
		}
		switch {
		case c == end:
			h.skip()
			return nil
		case c == ',' && !first:
			h.skip()
		case !first:
			return errHARSyntax
		}
		if err := f(); err != nil {
			return err
		}
	}
}

// key reads a key and its colon.
func (h *harReader) key() error {
	if c, err := h.peek(); err != nil {
		return err
	} else if c != '"' {
		return errHARSyntax
	}
	if err := h.str(); err != nil {
		return err
	}
	return h.expect(':')
}

// stringInto reads a string; anything else, and a string that is too long, leaves to as it is.
func (h *harReader) stringInto(e *harEntry, to *span) error {
	c, err := h.peek()
	if err != nil {
		return err
	}
	if c != '"' {
		return h.skipValue(0)
	}
	if err := h.str(); err != nil {
		return err
	}
	if !h.cut {
		*to = e.keep(h)
	}
	return nil
}

func (h *harReader) integer(to *int64, has *bool) error {
	if ok, err := h.scalar(); err != nil || !ok {
		return err
	}
	if v, err := strconv.ParseFloat(string(h.text), 64); err == nil && v > -1e15 && v < 1e15 {
		*to, *has = int64(v), true
	}
	return nil
}

// scalar reads a number, true, false or null to h.text. Anything else is passed over.
func (h *harReader) scalar() (bool, error) {
	c, err := h.peek()
	if err != nil {
		return false, err
	}
	if c == '"' || c == '{' || c == '[' {
		return false, h.skipValue(0)
	}
	return true, h.word()
}

// word reads a number or a literal.
func (h *harReader) word() error {
	h.text = h.text[:0]
	for {
		c, err := h.in.ReadByte()
		if err != nil {
			return h.ended(err)
		}
		if c == ',' || c == '}' || c == ']' || c <= ' ' {
			h.in.UnreadByte()
			break
		}
		h.pos++
		if h.text = append(h.text, c); len(h.text) > 64 {
			return errHARSyntax
		}
	}
	if !isScalar(h.text) {
		return errHARSyntax
	}
	return nil
}

// skipValue passes over a value of any kind.
func (h *harReader) skipValue(depth int) error {
	c, err := h.peek()
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return errHARSyntax
	}
	switch c {
	case '"':
		return h.str()
	case '{':
		return h.object(depth+1, func(string) error { return h.skipValue(depth + 1) })
	case '[':
		return h.list(depth+1, func() error { return h.skipValue(depth + 1) })
	}
	return h.word()
}

// str reads a string to h.text, as much of it as may be kept.
func (h *harReader) str() error {
	h.skip()
	h.text, h.cut = h.text[:0], false
	for {
		s, err := h.in.ReadSlice('"')
		h.pos += int64(len(s))
		if err != nil && err != bufio.ErrBufferFull {
			return h.ended(err)
		}
		// Backslashes at the end of s say whether the quote is one; those that a full buffer parts are counted on.
		h.scratch = append(h.scratch[:0], s...)
		closed := err == nil
		if closed {
			h.scratch = h.scratch[:len(h.scratch)-1]
		}
		odd := isEscaped(h.scratch, 0, len(h.scratch))
		if odd { // the escaped byte is the quote, or still to come
			c := byte('"')
			if !closed {
				if c, err = h.in.ReadByte(); err != nil {
					return h.ended(err)
				}
				h.pos++
			}
			h.scratch = append(h.scratch, c)
			closed = false
		}
		if h.cut || len(h.scratch) > h.max-len(h.text) {
			h.text, h.cut = h.text[:0], true
		} else {
			h.text = append(h.text, h.scratch...)
		}
		if closed {
			break
		}
	}
	if bytes.IndexByte(h.text, '\\') >= 0 {
		n, ok := unescapeJSON(h.text)
		if !ok {
			return errHARSyntax
		}
		h.text = h.text[:n]
	}
	return nil
}

// peek passes over blanks and returns the byte behind them, which is not read.
func (h *harReader) peek() (byte, error) {
	for {
		c, err := h.in.ReadByte()
		if err != nil {
			return 0, h.ended(err)
		}
		switch c {
		case ' ', '\t', '\r', '\n', 0xef, 0xbb, 0xbf:
			h.pos++
			continue
		}
		h.in.UnreadByte()
		return c, nil
	}
}

// skip passes over the byte that was peeked.
func (h *harReader) skip() {
	h.in.ReadByte()
	h.pos++
}

func (h *harReader) expect(want byte) error {
	c, err := h.peek()
	if err != nil {
		return err
	}
	if c != want {
		return errHARSyntax
	}
	h.skip()
	return nil
}

func (h *harReader) ended(err error) error {
	if errors.Is(err, io.EOF) {
		return errHAREnd
	}
	return err
}
