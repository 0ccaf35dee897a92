package watch

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// Interval is how long a [Watcher] waits from one look to the next.
	Interval = 250 * time.Millisecond
	// MaxFiles is how many files and folders one Watcher looks at.
	MaxFiles = 50_000
	// MaxDepth is how deep the folders are that it looks into, below those that are named.
	MaxDepth = 64

	// settles is how many more looks may find changes before those so far are reported: a tool that never stops writing does
	// not keep them back for ever.
	settles = 40
)

// A Clock lets time pass.
type Clock interface {
	// Sleep returns after d, or the error of ctx as soon as that is over.
	Sleep(ctx context.Context, d time.Duration) error
}

// A FileSystem is where the files lie, by the paths of the system.
type FileSystem interface {
	// Stat tells of what a path leads to, links followed.
	Stat(path string) (fs.FileInfo, error)
	// ReadDir lists a folder.
	ReadDir(path string) ([]fs.DirEntry, error)
}

// A Watcher finds out which files changed. It is for one goroutine at a time.
type Watcher struct {
	paths func() []string
	clock Clock
	files FileSystem

	named []string // what paths returned at the last look
	seen  map[string]stamp
	err   error
}

// A stamp is what is known of a file; the zero stamp is one that is not there.
type stamp struct {
	size int64
	mod  time.Time
	mode fs.FileMode
}

// New looks at what paths names, and has [Watcher.Wait] report what changes from now on. A folder stands for all that lies in it
// and below, but for hidden folders and node_modules; a path where there is nothing is reported when something appears. paths is
// asked again at every look; what it did not name before counts as it is found. A nil clock is the system's, and so are nil files.
func New(paths func() []string, clock Clock, files FileSystem) *Watcher {
	if clock == nil {
		clock = systemClock{}
	}
	if files == nil {
		files = systemFiles{}
	}
	w := &Watcher{paths: paths, clock: clock, files: files}
	w.named = w.clean()
	w.seen, w.err = w.look(w.named)
	return w
}

// Wait returns the paths of the files that were changed, made or removed since the Watcher was made or Wait returned last, sorted, as
// soon as there are some and no more come for one [Interval]. A change that is made while nobody waits is found by the next call. The error
// is that of ctx, or a [*BoundError].
func (w *Watcher) Wait(ctx context.Context) (changed []string, err error) {
	if w.err != nil {
		return nil, w.err
	}
	found := map[string]bool{}
	for quiet, left := false, settles; len(found) == 0 || !quiet && left > 0; {
		if err := w.clock.Sleep(ctx, Interval); err != nil {
			return nil, err
		}
		more, err := w.changes()
		if err != nil {
			return nil, err
		}
		for _, name := range more {
			found[name] = true
		}
		if quiet = len(more) == 0; len(found) > 0 {
			left--
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// changes looks once, and compares with the look before.
func (w *Watcher) changes() ([]string, error) {
	named := w.clean()
	now, err := w.look(named)
	if err != nil {
		return nil, err
	}
	var out []string
	for name, s := range now {
		if before, known := w.seen[name]; known && !before.same(s) || !known && s != (stamp{}) && under(name, w.named) {
			out = append(out, name)
		}
	}
	for name, s := range w.seen {
		if _, still := now[name]; !still && s != (stamp{}) && under(name, named) {
			out = append(out, name)
		}
	}
	w.named, w.seen = named, now
	return out, nil
}

// clean asks for the paths, each in its shortest form.
func (w *Watcher) clean() []string {
	var out []string
	for _, name := range w.paths() {
		out = append(out, filepath.Clean(name))
	}
	return out
}

// under reports whether a path is one of the named ones, or lies below one.
func under(name string, named []string) bool {
	return slices.ContainsFunc(named, func(n string) bool {
		rest, below := strings.CutPrefix(name, n)
		if n == "." {
			return filepath.IsLocal(name)
		}
		return below && (rest == "" || os.IsPathSeparator(rest[0]) || os.IsPathSeparator(n[len(n)-1]))
	})
}

// same reports whether a file is as it was. The time of a folder is that of its list, which has an entry of its own for each
// file.
func (s stamp) same(o stamp) bool {
	return s.mode == o.mode && (s.mode.IsDir() || s.size == o.size && s.mod.Equal(o.mod))
}

// look notes how everything is.
func (w *Watcher) look(named []string) (map[string]stamp, error) {
	out := make(map[string]stamp, len(w.seen))
	for _, name := range named {
		if err := w.lookAt(out, name, 0); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (w *Watcher) lookAt(out map[string]stamp, name string, depth int) error {
	if _, done := out[name]; done {
		return nil
	}
	if len(out) >= MaxFiles {
		return &BoundError{fmt.Sprintf("more than %d files are to be watched", MaxFiles)}
	}
	info, err := w.files.Stat(name)
	if err != nil { // not there, or not to be read: the next look may find more
		out[name] = stamp{}
		return nil
	}
	out[name] = stamp{info.Size(), info.ModTime(), info.Mode()}
	if !info.IsDir() {
		return nil
	}
	if depth >= MaxDepth {
		return &BoundError{fmt.Sprintf("%s lies more than %d folders deep", name, MaxDepth)}
	}
	entries, err := w.files.ReadDir(name)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		inner := filepath.Join(name, e.Name())
		if e.IsDir() && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules") {
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 && w.leadsToFolder(inner) {
			continue // which may be one that it lies in
		}
		if err := w.lookAt(out, inner, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *Watcher) leadsToFolder(name string) bool {
	info, err := w.files.Stat(name)
	return err == nil && info.IsDir()
}

// A BoundError says that there is more to watch than a Watcher takes.
type BoundError struct{ Message string }

func (e *BoundError) Error() string { return e.Message }

// systemClock is the time that passes.
type systemClock struct{}

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// systemFiles is the disk.
type systemFiles struct{}

func (systemFiles) Stat(path string) (fs.FileInfo, error)      { return os.Stat(path) }
func (systemFiles) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }
