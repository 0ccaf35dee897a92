package accesslog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// blockSize is how much text is read at once.
const blockSize = 256 << 10

// A Block is a piece of a log: whole lines, which somebody reads with a [BlockReader] while the next block is fetched.
type Block struct {
	// Seq counts the blocks of a log from 0. The same log is always cut in the same way.
	Seq int
	// Offset is where the block begins, in bytes of the text after decompression.
	Offset int64

	text []byte
	// skipped is a line that was passed over: too long, or lost to an error.
	skipped Reason
	length  int64
	har     *Reader
}

// End is where the block ends: Offset of the one that follows.
func (k *Block) End() int64 {
	if k.skipped != Read {
		return k.Offset + k.length
	}
	return k.Offset + int64(len(k.text))
}

// Lines is how many lines the block has. HAR has none.
func (k *Block) Lines() int64 {
	if k.skipped == TooLong {
		return 1
	}
	n := bytes.Count(k.text, []byte("\n"))
	if len(k.text) > 0 && k.text[len(k.text)-1] != '\n' {
		n++
	}
	return int64(n)
}

// Blocks reads one log block by block. It is used by one goroutine; what it delivers may be read by others.
type Blocks struct {
	parser *Parser
	src    io.Reader
	closer io.Closer
	room   int    // of a block, beside that for a line
	tail   []byte // of the last block, without a line end yet
	offset int64  // of tail
	seq    int
	err    error // of src; io.EOF at its end
	failed error
	file   *os.File // where it is not compressed, and size of it
	size   int64
	long   bool // the text up to the next line end belongs to a line that is too long
	done   bool
}

// Blocks opens the file to read it block by block. Close it.
func (f *File) Blocks() (*Blocks, error) {
	file, err := os.Open(f.Name)
	if err != nil {
		return nil, err
	}
	b := &Blocks{parser: f.Parser, src: file, closer: file, room: blockSize}
	switch {
	case f.Compression != Plain:
		b.src = &unpacker{src: file, c: f.Compression}
	case f.Parser.Lines():
		b.src = io.LimitReader(file, f.Size) // what is appended meanwhile is for the next time
		b.file, b.size = file, f.Size
	}
	return b, nil
}

// StreamBlocks reads a log from anything, such as standard input: it finds out how it is packed and which format it has.
func StreamBlocks(src io.Reader, o Options) (*Blocks, error) {
	whole, p, err := detectStream(src, o, func(packed io.Reader, c Compression) io.Reader { return &unpacker{src: packed, c: c} })
	if err != nil {
		return nil, err
	}
	return &Blocks{parser: p, src: whole, room: blockSize}, nil
}

// Skip goes on where a block ended when the log was read before: offset is where, and seq the number of the block that
// follows. It is called before Next.
func (b *Blocks) Skip(offset int64, seq int) error {
	if b.file != nil {
		if _, err := b.file.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		b.src = io.LimitReader(b.file, b.size-offset)
	} else if n, err := io.CopyN(io.Discard, b.src, offset); err != nil {
		return fmt.Errorf("has %d bytes of text and not the %d that were read before", n, offset)
	}
	b.offset, b.seq = offset, seq
	return nil
}

// Parser is the format that is read.
func (b *Blocks) Parser() *Parser { return b.parser }

// Err is the error of reading that ended the log early; damaged compressed data is none, see [Corrupt].
func (b *Blocks) Err() error { return b.failed }

// Close gives back what is held.
func (b *Blocks) Close() error {
	if b.closer == nil {
		return nil
	}
	return b.closer.Close()
}

// Next fetches the next block into k, whose memory is used again. It reports false at the end.
func (b *Blocks) Next(k *Block) bool {
	if b.done {
		return false
	}
	k.Seq, k.Offset, k.skipped, k.har = b.seq, b.offset, Read, nil
	b.seq++
	if !b.parser.Lines() {
		b.done = true
		k.har = newReader(b.src, b.parser)
		k.har.closer = nil
		return true
	}
	if need := b.parser.opts.maxLine() + b.room; cap(k.text) < need {
		k.text = make([]byte, need)
	}
	text := k.text[:cap(k.text)]
	n := copy(text, b.tail)
	b.tail = b.tail[:0]
	for {
		n = b.fill(text, n)
		if b.long {
			i := bytes.IndexByte(text[:n], '\n')
			if i < 0 {
				b.offset += int64(n)
				if n = 0; b.err == nil {
					continue
				}
				return b.end(k, text[:0])
			}
			b.long = false
			b.offset += int64(i + 1)
			k.Offset = b.offset
			n = copy(text, text[i+1:n])
			continue
		}
		if i := bytes.LastIndexByte(text[:n], '\n'); i >= 0 {
			b.tail = append(b.tail, text[i+1:n]...)
			k.text = text[:i+1]
			b.offset += int64(i + 1)
			return true
		}
		if b.err != nil {
			return b.end(k, text[:n])
		}
		// A line that fills the whole block is too long, and is passed over up to its end.
		k.skipped, k.length, k.text = TooLong, int64(n), text[:n]
		b.offset += int64(n)
		b.long = true
		return true
	}
}

// fill reads until the text is full, or there is no more.
func (b *Blocks) fill(text []byte, n int) int {
	for idle := 0; n < len(text) && b.err == nil; {
		m, err := b.src.Read(text[n:])
		n, b.err = n+m, err
		if idle++; m > 0 {
			idle = 0
		}
		if idle > 100 {
			b.err = io.ErrNoProgress
		}
	}
	return n
}

// end delivers what is left when the source has ended: a line without an end, then how it ended.
func (b *Blocks) end(k *Block, rest []byte) bool {
	if len(rest) > 0 {
		k.text = rest
		b.offset += int64(len(rest))
		return true
	}
	b.done = true
	var damaged *corruptError
	switch {
	case errors.Is(b.err, io.EOF):
		return false
	case errors.As(b.err, &damaged):
		k.skipped = Corrupt
	default:
		k.skipped, b.failed = Unreadable, b.err
	}
	k.text, k.length = k.text[:0], 0
	return true
}

// A BlockReader reads the records of blocks, one after the other. What it says of lines counts from the start of the block.
type BlockReader struct {
	r Reader
	k *Block
}

// Begin begins a block of a log of the format p.
func (b *BlockReader) Begin(p *Parser, k *Block) {
	b.k = k
	if k.har != nil {
		return
	}
	r := &b.r
	r.parser, r.maxLine, r.samples = p, p.opts.maxLine(), p.opts.samples()
	r.stats, r.err, r.line = Stats{Samples: r.stats.Samples[:0]}, nil, 0
	if k.skipped != Read {
		if k.skipped == TooLong {
			r.stats.Lines, r.stats.Bytes = 1, k.length
		}
		r.stats.countLine(k.skipped, k.Offset, r.samples, k.text, &p.opts)
		k.text = k.text[:0]
	}
	r.buf, r.start, r.end, r.seen, r.eof = k.text, 0, len(k.text), 0, true
	r.offset = k.Offset
}

func (b *BlockReader) reader() *Reader {
	if b.k.har != nil {
		return b.k.har
	}
	return &b.r
}

// Next goes on to the next record. It reports false at the end of the block.
func (b *BlockReader) Next() bool {
	if b.k.har != nil {
		return b.k.har.Next()
	}
	return b.r.Next()
}

// Record is the one that Next found. It holds until Next is called again.
func (b *BlockReader) Record() *Record { return b.reader().Record() }

// Stats is what was read of the block.
func (b *BlockReader) Stats() *Stats { return b.reader().Stats() }

// Err is the error of reading a HAR, which is read by the BlockReader itself.
func (b *BlockReader) Err() error { return b.reader().err }
