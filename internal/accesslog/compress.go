package accesslog

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Compression is how a file is packed.
type Compression uint8

// The ways that are read.
const (
	Plain Compression = iota
	Gzip
	Bzip2
	Zstandard
)

// String returns the name.
func (c Compression) String() string {
	switch c {
	case Gzip:
		return "gzip"
	case Bzip2:
		return "bzip2"
	case Zstandard:
		return "zstd"
	}
	return "plain"
}

// magics are what packed files begin with. Those with a tool cannot be read here.
var magics = []struct {
	magic       string
	compression Compression
	name, tool  string
}{
	{"\x1f\x8b", Gzip, "gzip", ""},
	{"BZh", Bzip2, "bzip2", ""},
	{"\x28\xb5\x2f\xfd", Zstandard, "Zstandard", ""},
	{"\xfd7zXZ\x00", 0, "xz", "xz -dc"},
	{"PK\x03\x04", 0, "zip", "unzip -p"},
	{"\x04\x22\x4d\x18", 0, "lz4", "lz4 -dc"},
}

// compressionOf looks at the first bytes. Files that are packed in another way give an error that says how to unpack them.
func compressionOf(head []byte) (Compression, error) {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			if m.tool != "" {
				return 0, fmt.Errorf("is compressed with %s, which is not read here: unpack it first, with %s FILE, or compress it with gzip", m.name, m.tool)
			}
			return m.compression, nil
		}
	}
	return Plain, nil
}

// A corruptError is about compressed data, not about the disk.
type corruptError struct{ err error }

func (e *corruptError) Error() string { return "compressed data is damaged: " + e.err.Error() }
func (e *corruptError) Unwrap() error { return e.err }

// ownErrors passes on which errors were the source's, so that they are told from those of the compression.
type ownErrors struct {
	r   io.Reader
	err error
}

func (o *ownErrors) Read(b []byte) (int, error) {
	n, err := o.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		o.err = err
	}
	return n, err
}

// decompress unpacks src in a goroutine of its own, so that it takes another core than reading the lines. Close ends it; with
// wait it returns when src is no longer read, which for a pipe may be never.
func decompress(src io.Reader, c Compression, wait bool) io.ReadCloser {
	a := &ahead{wait: wait, free: make(chan []byte, aheadBuffers), full: make(chan chunk, aheadBuffers), quit: make(chan struct{}), done: make(chan struct{})}
	for range aheadBuffers {
		a.free <- make([]byte, aheadSize)
	}
	go a.run(src, c)
	return a
}

const (
	aheadBuffers = 4
	aheadSize    = 128 << 10

	// maxWindow is how far back Zstandard may look: zstd packs with more, and unpacks it, only where it is told to (--long).
	maxWindow = 128 << 20
)

// ahead is a reader whose source is read before it is asked.
type ahead struct {
	free chan []byte
	full chan chunk
	quit chan struct{}
	done chan struct{}
	stop sync.Once
	wait bool

	current []byte
	rest    []byte
	err     error
}

type chunk struct {
	buf []byte
	n   int
	err error
}

func (a *ahead) run(src io.Reader, c Compression) {
	defer close(a.done)
	u := &unpacker{src: src, c: c}
	for {
		var buf []byte
		select {
		case buf = <-a.free:
		case <-a.quit:
			return
		}
		n, err := 0, error(nil)
		for err == nil && n < len(buf) {
			var m int
			m, err = u.Read(buf[n:])
			n += m
		}
		select {
		case a.full <- chunk{buf, n, err}:
		case <-a.quit:
			return
		}
		if err != nil {
			return
		}
	}
}

// Read implements io.Reader.
func (a *ahead) Read(b []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		if a.current != nil {
			a.free <- a.current // there is room for all buffers
			a.current = nil
		}
		c := <-a.full
		a.current, a.rest, a.err = c.buf, c.buf[:c.n], c.err
	}
	n := copy(b, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends the goroutine.
func (a *ahead) Close() error {
	a.stop.Do(func() {
		close(a.quit)
		a.err = io.EOF
		a.rest = nil
	})
	if a.wait {
		<-a.done
	}
	return nil
}

// An unpacker unpacks what it reads. Its errors are those of the source, or a *corruptError.
type unpacker struct {
	src    io.Reader
	c      Compression
	own    *ownErrors
	stream io.Reader
	err    error
}

// Read implements io.Reader.
func (u *unpacker) Read(b []byte) (int, error) {
	if u.own == nil {
		u.own = &ownErrors{r: u.src}
		buffered := bufio.NewReaderSize(u.own, 64<<10)
		switch u.c {
		case Gzip:
			var z *gzip.Reader
			if z, u.err = gzip.NewReader(buffered); u.err == nil {
				u.stream = z
			}
		case Zstandard:
			// With a concurrency of 1 it unpacks in this goroutine, as gzip does, and there is nothing to close.
			var z *zstd.Decoder
			if z, u.err = zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true)); u.err == nil {
				u.stream = z
			}
		default:
			u.stream = bzip2.NewReader(buffered)
		}
	}
	n := 0
	if u.err == nil {
		n, u.err = u.stream.Read(b)
	}
	switch err := u.err; {
	case err == nil || err == io.EOF:
		return n, err
	case u.own.err != nil:
		return n, u.own.err
	default:
		return n, &corruptError{err}
	}
}
