package accesslog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A File is a log on disk whose format is known.
type File struct {
	// Name is its path.
	Name string
	// Size is in bytes, as on disk, when it was opened: what is appended later is not read.
	Size int64
	// Compression is found out from the first bytes, not from the name.
	Compression Compression
	// Parser is its format.
	Parser *Parser
}

// Open looks at a file: how it is packed, and which format it has. It holds nothing open.
func Open(name string, o Options) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name its files", name)
	}
	file := &File{Name: name, Size: info.Size()}
	head, err := readHead(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if file.Compression, err = compressionOf(head); err != nil {
		return nil, fmt.Errorf("%s %w", name, err)
	}
	if file.Compression != Plain {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if head, err = unpackedHead(f, file.Compression); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if file.Parser, err = Detect(head, o); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return file, nil
}

// unpackedHead reads the start of a packed file. Damage is no error here: what came before it may tell the format.
func unpackedHead(src io.Reader, c Compression) ([]byte, error) {
	d := decompress(src, c, true)
	defer d.Close()
	head, err := readHead(d)
	var damaged *corruptError
	if err != nil && (!errors.As(err, &damaged) || len(head) == 0) {
		return nil, err
	}
	return head, nil
}

// Read opens the file and reads it from one goroutine; [File.Blocks] is for several. Close the reader.
func (f *File) Read() (*Reader, error) {
	file, err := os.Open(f.Name)
	if err != nil {
		return nil, err
	}
	if f.Compression != Plain {
		d := decompress(file, f.Compression, true)
		r := newReader(d, f.Parser)
		r.closer = closers{d, file}
		return r, nil
	}
	src := io.Reader(file)
	if f.Parser.Lines() {
		src = io.LimitReader(file, f.Size) // what is appended meanwhile is for the next time
	}
	r := newReader(src, f.Parser)
	r.closer = file
	return r, nil
}

// closers closes all in order.
type closers []io.Closer

func (c closers) Close() error {
	var first error
	for _, one := range c {
		if err := one.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Stream reads a log from anything, such as standard input: it finds out how it is packed and which format it has. Close the
// reader; src stays open.
func Stream(src io.Reader, o Options) (*Reader, error) {
	var closer io.Closer
	whole, p, err := detectStream(src, o, func(packed io.Reader, c Compression) io.Reader {
		d := decompress(packed, c, false)
		closer = d
		return d
	})
	if err != nil {
		if closer != nil {
			closer.Close()
		}
		return nil, err
	}
	r := newReader(whole, p)
	r.closer = closer
	return r, nil
}

// detectStream reads the first bytes of a stream to find out how it is packed and which format it has; whole has its text from
// the start. unpack is called where it is packed.
func detectStream(src io.Reader, o Options, unpack func(io.Reader, Compression) io.Reader) (whole io.Reader, p *Parser, err error) {
	head, err := readHead(src)
	if err != nil {
		return nil, nil, err
	}
	c, err := compressionOf(head)
	if err != nil {
		return nil, nil, fmt.Errorf("input %w", err)
	}
	whole = io.MultiReader(bytes.NewReader(head), src)
	if c != Plain {
		text := unpack(whole, c)
		var damaged *corruptError
		if head, err = readHead(text); err != nil && (!errors.As(err, &damaged) || len(head) == 0) {
			return nil, nil, err
		}
		whole = io.MultiReader(bytes.NewReader(head), text)
	}
	p, err = Detect(head, o)
	return whole, p, err
}

// readHead reads enough to tell the format from: headSize, or where that has few lines up to longHead. A stream that pauses is
// waited for only until it has some lines. At an error the head is what came before it.
func readHead(src io.Reader) ([]byte, error) {
	head := make([]byte, 0, headSize)
	lines, idle := 0, 0
	for lines < 20 && idle < 100 {
		if len(head) >= headSize && (lines >= 5 || len(head) >= longHead || looksLikeHAR(head)) {
			break
		}
		if len(head) == cap(head) {
			head = slices.Grow(head, len(head))
		}
		n, err := src.Read(head[len(head):cap(head)])
		lines += bytes.Count(head[len(head):len(head)+n], []byte("\n"))
		head = head[:len(head)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return head, err
		}
		if idle++; n > 0 {
			idle = 0
		}
	}
	return head, nil
}

// Expand returns the files that arguments of a command name, in the order of the arguments: files as they are, globs and folders
// with what is in them, sorted, files whose names begin with a dot left out. "-" stays, for standard input. A file is
// named once. What names nothing is an error.
func Expand(args []string) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, arg := range args {
		if arg == "-" {
			add(arg)
			continue
		}
		paths := []string{arg}
		if _, err := os.Stat(arg); err != nil {
			if !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(arg, "*?[") {
				return nil, err
			}
			if paths, err = filepath.Glob(arg); err != nil {
				return nil, fmt.Errorf("pattern %s: %w", arg, err)
			}
			if len(paths) == 0 {
				return nil, fmt.Errorf("pattern %s matches no file", arg)
			}
			slices.Sort(paths)
		}
		for _, path := range paths {
			found, err := filesIn(path)
			if err != nil {
				return nil, err
			}
			for _, name := range found {
				add(name)
			}
		}
	}
	return names, nil
}

// filesIn returns path, or where it is a folder the files in it, at any depth.
func filesIn(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{filepath.Clean(path)}, nil
	}
	var names []string
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name != path && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			return nil // a dangling link, a socket
		}
		names = append(names, name)
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("folder %s has no files", path)
	}
	return names, err
}
