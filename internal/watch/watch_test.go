package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// memory is a file system of a test, whose paths are those of an fs.FS behind "/".
type memory struct{ fstest.MapFS }

func inside(path string) string {
	if name := strings.TrimPrefix(filepath.ToSlash(path), "/"); name != "" {
		return name
	}
	return "."
}

func (m memory) Stat(path string) (fs.FileInfo, error)      { return m.MapFS.Stat(inside(path)) }
func (m memory) ReadDir(path string) ([]fs.DirEntry, error) { return m.MapFS.ReadDir(inside(path)) }

// A script is a clock that does something at every Sleep, one after the other, and ends the context behind the last.
type script struct {
	steps []func()
	slept time.Duration
	end   context.CancelFunc
}

func (s *script) Sleep(ctx context.Context, d time.Duration) error {
	s.slept += d
	if len(s.steps) == 0 {
		s.end()
		return ctx.Err()
	}
	next := s.steps[0]
	s.steps = s.steps[1:]
	if next != nil {
		next()
	}
	return ctx.Err()
}

func file(text string, second int64) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(text), ModTime: time.Unix(second, 0)}
}

func TestWait(t *testing.T) {
	site := func() memory {
		return memory{fstest.MapFS{
			"site/dispatcher.any": file("a", 1), "site/conf/a.any": file("a", 1), "site/.git/index": file("a", 1), "site/node_modules/a.js": file("a", 1),
			"suite.yaml": file("a", 1), "other.yaml": file("a", 1),
		}}
	}
	tests := []struct {
		name  string
		paths string
		steps func(m memory) []func()
		want  string // of each Wait until the end, in one line each
		looks int
	}{
		{"nothing happens", "/site", func(m memory) []func() { return []func(){nil, nil} }, "", 3},
		{"time", "/site", func(m memory) []func() {
			return []func(){nil, func() { m.MapFS["site/conf/a.any"] = file("a", 2) }, nil}
		}, "/site/conf/a.any", 4},
		{"size", "/site /suite.yaml", func(m memory) []func() {
			return []func(){func() { m.MapFS["suite.yaml"] = file("ab", 1) }, nil}
		}, "/suite.yaml", 3},
		{"new file", "/site", func(m memory) []func() {
			return []func(){func() { m.MapFS["site/conf/b.any"] = file("b", 1) }, nil}
		}, "/site/conf/b.any", 3},
		{"removed file", "/site", func(m memory) []func() {
			return []func(){func() { delete(m.MapFS, "site/dispatcher.any") }, nil}
		}, "/site/dispatcher.any", 3},
		{"named file that is not there yet", "/site /later.yaml", func(m memory) []func() {
			return []func(){nil, func() { m.MapFS["later.yaml"] = file("", 1) }, nil}
		}, "/later.yaml", 4},
		{"written in pieces: one report", "/site", func(m memory) []func() {
			return []func(){
				func() { m.MapFS["site/dispatcher.any"] = file("", 2) }, func() { m.MapFS["site/dispatcher.any"] = file("ab", 2) },
				func() { m.MapFS["site/conf/a.any"] = file("x", 3) }, nil,
			}
		}, "/site/conf/a.any /site/dispatcher.any", 5},
		{"twice", "/suite.yaml", func(m memory) []func() {
			return []func(){func() { m.MapFS["suite.yaml"] = file("a", 2) }, nil, nil, func() { m.MapFS["suite.yaml"] = file("a", 3) }, nil}
		}, "/suite.yaml\n/suite.yaml", 6},
		{"working directory", ".", func(m memory) []func() {
			return []func(){func() { m.MapFS["site/conf/b.any"] = file("b", 1) }, nil}
		}, "site/conf/b.any", 3},
		{"everything, in a long form", "/site/..", func(m memory) []func() {
			return []func(){func() { m.MapFS["new.any"] = file("b", 1) }, nil}
		}, "/new.any", 3},
		{"hidden folders, and what is not named", "/site /suite.yaml", func(m memory) []func() {
			return []func(){func() {
				m.MapFS["site/.git/index"] = file("ab", 2)
				m.MapFS["site/node_modules/b.js"] = file("b", 2)
				m.MapFS["other.yaml"] = file("b", 2)
			}, nil}
		}, "", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := site()
			ctx, cancel := context.WithCancel(t.Context())
			clock := &script{steps: tt.steps(m), end: cancel}
			w := New(func() []string { return strings.Fields(tt.paths) }, clock, m)
			var got []string
			for {
				changed, err := w.Wait(ctx)
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Fatal(err)
					}
					break
				}
				for i := range changed {
					changed[i] = filepath.ToSlash(changed[i])
				}
				got = append(got, strings.Join(changed, " "))
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if clock.slept != time.Duration(tt.looks)*Interval {
				t.Errorf("waited %v, want %d intervals", clock.slept, tt.looks)
			}
		})
	}
}

// TestBetween: what changes while nobody waits is found, and what is named anew is not taken for a change.
func TestBetween(t *testing.T) {
	m := memory{fstest.MapFS{"a.any": file("a", 1), "b.any": file("b", 1)}}
	named := []string{"/a.any", "/d"}
	ctx, cancel := context.WithCancel(t.Context())
	w := New(func() []string { return named }, &script{steps: make([]func(), 2), end: cancel}, m)
	m.MapFS["a.any"] = file("changed before anybody waits", 2)
	named = []string{"/a.any", "/b.any", "/d", "/d/none", "/none"}
	got, err := w.Wait(ctx)
	if err != nil || !slices.Equal(got, []string{"/a.any"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestNeverQuiet: a file that changes at every look is reported all the same.
func TestNeverQuiet(t *testing.T) {
	m := memory{fstest.MapFS{"a.log": file("", 1)}}
	ctx, cancel := context.WithCancel(t.Context())
	var steps []func()
	for i := range 10 * settles {
		steps = append(steps, func() { m.MapFS["a.log"] = file("", int64(i+2)) })
	}
	clock := &script{steps: steps, end: cancel}
	got, err := New(func() []string { return []string{"/a.log"} }, clock, m).Wait(ctx)
	if err != nil || len(got) != 1 || clock.slept > (settles+1)*Interval {
		t.Errorf("got %q, %v after %v", got, err, clock.slept)
	}
}

func TestTooMuch(t *testing.T) {
	m := memory{fstest.MapFS{}}
	for i := range MaxFiles {
		m.MapFS[fmt.Sprintf("d/%d", i)] = file("", 1)
	}
	_, err := New(func() []string { return []string{"/d"} }, nil, m).Wait(t.Context())
	var bound *BoundError
	if !errors.As(err, &bound) || err.Error() != "more than 50000 files are to be watched" {
		t.Errorf("got %v", err)
	}
	m.MapFS = fstest.MapFS{strings.Repeat("d/", MaxDepth+2) + "a": file("", 1)}
	if _, err = New(func() []string { return []string{"/d"} }, nil, m).Wait(t.Context()); !errors.As(err, &bound) {
		t.Errorf("got %v", err)
	}
}

// TestSystem: the disk and the clock of the system.
func TestSystem(t *testing.T) {
	dir := t.TempDir()
	w := New(func() []string { return []string{dir} }, nil, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, ok := w.seen[dir]; !ok {
		t.Errorf("the folder was not looked at: %v", w.seen)
	}
}
