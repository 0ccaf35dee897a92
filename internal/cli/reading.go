package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/source"
)

// stdinName is how standard input is called where nobody gave it a name.
const stdinName = "<stdin>"

// display returns a path as outputs show it: seen from the working directory, with slashes.
func display(path string) string {
	if filepath.IsAbs(path) {
		if dir, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(dir, path); err == nil {
				path = rel
			}
		}
	}
	return filepath.ToSlash(filepath.Clean(path))
}

// checkFile refuses what is no regular file of at most limit bytes. Folders, devices and pipes are refused before they
// are opened: reading one may never end.
func checkFile(path string, limit int64) error {
	name := display(path)
	info, err := os.Stat(path)
	if err != nil {
		return newFileError(name, err)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return &fileError{name, errors.New("is a folder; give a file")}
	case !mode.IsRegular():
		return &fileError{name, errors.New("is no regular file; use - to read standard input")}
	case info.Size() > limit:
		return tooLarge(name, info.Size(), limit)
	}
	return nil
}

// readBounded reads a file that [checkFile] takes.
func readBounded(path string, limit int64) ([]byte, error) {
	if err := checkFile(path, limit); err != nil {
		return nil, err
	}
	name := display(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, newFileError(name, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, newFileError(name, err)
	}
	if int64(len(text)) > limit {
		return nil, tooLarge(name, int64(len(text)), limit)
	}
	return text, nil
}

func tooLarge(name string, size, limit int64) error {
	return &fileError{name, fmt.Errorf("has %d bytes or more, and at most %d are read", size, limit)}
}

// readConfigFile reads one text of configuration: a file, or standard input for -, which is called name.
func (in *invocation) readConfigFile(ctx context.Context, path, name string) (*source.File, error) {
	var text []byte
	var err error
	if path == "-" {
		text, err = in.readStdin(ctx, grammar.MaxFileSize)
	} else {
		name = display(path)
		text, err = readBounded(path, grammar.MaxFileSize)
	}
	if err != nil {
		return nil, err
	}
	return source.NewFile(name, text), nil
}

// readStdin reads standard input to its end, at most limit bytes of it, and gives up when the command is
// interrupted: a read from a terminal cannot be.
func (in *invocation) readStdin(ctx context.Context, limit int64) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := io.ReadAll(io.LimitReader(in.stdin, limit+1))
		done <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		if r.err != nil {
			return nil, newFileError(stdinName, r.err)
		}
		if int64(len(r.text)) > limit {
			return nil, tooLarge(stdinName, int64(len(r.text)), limit)
		}
		return r.text, nil
	}
}
