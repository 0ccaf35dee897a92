package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// writeFile makes or replaces a file as a whole: whoever reads it sees the old text or the new one. Where write
// fails, nothing is left of what it has written, and its error is returned.
func (in *invocation) writeFile(path string, write func(io.Writer) error) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return in.replace(path, write, 0o666, nil)
	case err != nil:
		return notWritten(path, err)
	case info.IsDir():
		return &fileError{display(path), errors.New("is a folder; give a file")}
	case !info.Mode().IsRegular(): // a pipe, /dev/null
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return notWritten(path, err)
		}
		defer f.Close()
		return writeTo(f, path, write)
	}
	return in.rewrite(path, write, info)
}

// whole is for writeFile and rewrite where the text is at hand.
func whole(text []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}
}

// notWritten says that a file cannot be written.
func notWritten(path string, err error) error {
	return &fileError{display(path), fmt.Errorf("cannot be written: %w", cause(err))}
}

// writeTo writes to an open file that was asked for as path. An error of write's own is returned as it is.
func writeTo(f *os.File, path string, write func(io.Writer) error) error {
	w := fileWriter{f: f}
	b := bufio.NewWriterSize(&w, 64<<10)
	err := write(b)
	if err == nil {
		err = b.Flush()
	}
	if w.err != nil {
		return notWritten(path, w.err)
	}
	return err
}

// A fileWriter remembers the error of its file, to tell it from those of whoever writes.
type fileWriter struct {
	f   *os.File
	err error
}

func (w *fileWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

// rewriteUnchanged replaces a file that still has the text that was read of it.
func (in *invocation) rewriteUnchanged(path string, before, after []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return newFileError(display(path), err)
	}
	var now []byte
	if info.Size() == int64(len(before)) {
		if now, err = readBounded(path, info.Size()); err != nil {
			return err
		}
	}
	if !bytes.Equal(now, before) {
		return changedMeanwhile(path)
	}
	return in.rewrite(path, whole(after), info)
}

func changedMeanwhile(path string) error {
	return &fileError{display(path), errors.New("has changed meanwhile; run the command again")}
}

// rewrite replaces a file that was found as info says. A link is followed. A file that may not be
// written, that has gone or that has changed meanwhile is an error.
func (in *invocation) rewrite(path string, write func(io.Writer) error, info fs.FileInfo) error {
	name := display(path)
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return newFileError(name, err)
	}
	now, err := os.Stat(real)
	switch {
	case err != nil:
		return newFileError(name, err)
	case !os.SameFile(now, info) || now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime()):
		return changedMeanwhile(path)
	case now.Mode().Perm()&0o200 == 0: // renaming over it would work, and root may write anything
		return &fileError{name, errors.New("is read-only")}
	}
	f, err := os.OpenFile(real, os.O_WRONLY, 0)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return &fileError{name, errors.New("may not be written: permission denied")}
		}
		return newFileError(name, err)
	}
	f.Close()
	return in.replace(real, write, now.Mode().Perm(), now)
}

// replace writes a file beside path and moves it there. was is the file that is replaced, or nil.
func (in *invocation) replace(path string, write func(io.Writer) error, mode fs.FileMode, was fs.FileInfo) error {
	f, err := createBeside(path, mode)
	if err != nil {
		return notWritten(path, err)
	}
	temp := f.Name()
	defer in.program.temps.drop(temp)
	if !in.program.temps.add(temp) {
		f.Close()
		os.Remove(temp)
		return notWritten(path, errors.New("interrupted"))
	}
	if was != nil {
		err = errors.Join(f.Chmod(mode), keepOwner(f, was))
	}
	if err == nil {
		if err := writeTo(f, path, write); err != nil {
			f.Close()
			os.Remove(temp)
			return err
		}
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
		return notWritten(path, err)
	}
	return nil
}

// createBeside makes a new file in the folder of path. Unlike os.CreateTemp it lets the process's umask
// decide about a new file's mode.
func createBeside(path string, mode fs.FileMode) (*os.File, error) {
	dir, base := filepath.Split(path)
	var err error
	for i := range 1000 {
		var f *os.File
		f, err = os.OpenFile(fmt.Sprintf("%s.%s.dispcheck-%d-%d", dir, base, os.Getpid(), i), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, err
}

// cause strips operation and path off a system's error.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}
