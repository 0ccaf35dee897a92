package docroot

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

const (
	outer = "/mnt/var/www/html"
	inner = "/mnt/var/www/html/content/site"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	one  = noon.Add(time.Hour)
)

// stores are all stores that must behave alike.
var stores = []struct {
	name string
	make func(t testing.TB) simulate.Store
}{
	{"memory", func(testing.TB) simulate.Store { return new(Memory) }},
	{"disk", func(t testing.TB) simulate.Store { return newDisk(t, t.TempDir()) }},
	{"disk by os.Root", func(t testing.TB) simulate.Store { return newPlainDisk(t, t.TempDir()) }},
	{"overlay on memory", func(testing.TB) simulate.Store { return &Overlay{Base: new(Memory)} }},
	{"overlay on disk", func(t testing.TB) simulate.Store { return &Overlay{Base: newDisk(t, t.TempDir())} }},
	{"overlay on overlay", func(t testing.TB) simulate.Store {
		return &Overlay{Base: &Overlay{Base: newDisk(t, t.TempDir())}}
	}},
}

func newDisk(t testing.TB, dir string) *Disk {
	t.Helper()
	d, err := NewDisk(dir, []string{inner, outer + "/", "/srv/other"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// A site is a document root whose calls fail the test.
type site struct {
	simulate.Docroot
	t testing.TB
}

func open(t testing.TB, s simulate.Store, root string) site {
	t.Helper()
	d, err := s.Docroot(root)
	if err != nil {
		t.Fatal(err)
	}
	return site{d, t}
}

func (s site) write(name, body string, mod time.Time) {
	s.t.Helper()
	if err := write(s, name, body, mod); err != nil {
		s.t.Fatal(err)
	}
}

func write(d simulate.Docroot, name, body string, mod time.Time) error {
	w, err := d.Create(name, 0o755)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := io.WriteString(w, body); err != nil {
		return err
	}
	return w.Commit(mod)
}

func (s site) stat(name string) simulate.FileInfo {
	s.t.Helper()
	info, err := s.Stat(name)
	if err != nil {
		s.t.Fatalf("Stat(%q): %v", name, err)
	}
	return info
}

func (s site) read(name string) string {
	s.t.Helper()
	f, err := s.Open(name)
	if err != nil {
		s.t.Fatalf("Open(%q): %v", name, err)
	}
	body, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		s.t.Fatal(err)
	}
	if got := f.Info(); got.Size != int64(len(body)) || got.Kind != simulate.FileRegular {
		s.t.Errorf("%s: %d bytes read, Info says %+v", name, len(body), got)
	}
	return string(body)
}

func (s site) list(name string) string {
	s.t.Helper()
	entries, err := s.List(name)
	if err != nil {
		s.t.Fatalf("List(%q): %v", name, err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name+[]string{"?", "", "/", "@", "!"}[e.Kind])
	}
	return strings.Join(names, " ")
}

func (s site) want(name string, want simulate.FileKind) {
	s.t.Helper()
	if got := s.stat(name).Kind; got != want {
		s.t.Errorf("%q is of kind %d, want %d", name, got, want)
	}
}

// refused checks that an error is a *StoreError.
func refused(t testing.TB, err error, step simulate.StoreStep, name string, reason error) {
	t.Helper()
	var e *simulate.StoreError
	if !errors.As(err, &e) {
		t.Errorf("got error %v, want a *StoreError that wraps %v", err, reason)
		return
	}
	if e.Step != step || e.Name != name || !errors.Is(e.Err, reason) {
		t.Errorf("got step %d, name %q, error %v; want step %d, name %q, error %v", e.Step, e.Name, e.Err, step, name, reason)
	}
}

func TestStores(t *testing.T) {
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) { testStore(t, s.make) })
	}
}

// testStore checks all that simulate.Docroot promises.
func testStore(t *testing.T, fresh func(testing.TB) simulate.Store) {
	tests := []struct {
		name string
		run  func(t *testing.T, d site)
	}{
		{"an empty root is a folder", func(t *testing.T, d site) {
			d.want("/", simulate.FileFolder)
			d.want("/a.html", simulate.FileMissing)
			if got := d.list("/"); got != "" {
				t.Errorf("got %q", got)
			}
		}},
		{"a file is there after Commit", func(t *testing.T, d site) {
			w, err := d.Create("/content/a/b.html", 0o755)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{"hel", "", "lo"} {
				if n, err := io.WriteString(w, part); n != len(part) || err != nil {
					t.Fatal(n, err)
				}
			}
			d.want("/content/a/b.html", simulate.FileMissing)
			if err := w.Commit(noon); err != nil {
				t.Fatal(err)
			}
			w.Abort()
			got := d.stat("/content/a/b.html")
			if want := (simulate.FileInfo{Kind: simulate.FileRegular, Size: 5, Mod: noon}); !cmp.Equal(got, want) {
				t.Error(cmp.Diff(got, want))
			}
			if got := d.read("/content/a/b.html"); got != "hello" {
				t.Errorf("got %q", got)
			}
			d.want("/content/a", simulate.FileFolder)
			if got := d.list("/content/a"); got != "b.html" {
				t.Errorf("got %q", got)
			}
			refused(t, w.Commit(noon), simulate.PlaceFile, "/content/a/b.html", fs.ErrClosed)
			if _, err := w.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("Write after Commit: %v", err)
			}
		}},
		{"a file is read from any place", func(t *testing.T, d site) {
			text := strings.Repeat("0123456789", 1000)
			d.write("/content/b.html", text, noon)
			f, err := d.Open("/content/b.html")
			if err != nil {
				t.Fatal(err)
			}
			if err := iotest.TestReader(f, []byte(text)); err != nil {
				t.Error(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if n, err := f.ReadAt(make([]byte, 1), 0); n != 0 || err == nil {
				t.Errorf("after Close: %d, %v", n, err)
			}
		}},
		{"the temporary file lies beside its name", func(t *testing.T, d site) {
			w, err := d.Create("/content/b.html", 0o755)
			if err != nil {
				t.Fatal(err)
			}
			got := d.list("/content")
			rest, ok := strings.CutPrefix(got, "b.html_")
			if !ok || len(rest) != 10 || strings.Trim(rest[:4], "0123456789") != "" ||
				strings.Trim(strings.ToLower(rest[4:]), "abcdefghijklmnopqrstuvwxyz") != "" {
				t.Errorf("got %q, want b.html_ and four digits and six letters", got)
			}
			if err := d.Remove("/content"); !errors.Is(err, fs.ErrExist) {
				t.Errorf("Remove of the folder: %v", err)
			}
			w.Abort()
			w.Abort()
			if got := d.list("/content"); got != "" {
				t.Errorf("after Abort: %q", got)
			}
			refused(t, w.Commit(noon), simulate.PlaceFile, "/content/b.html", fs.ErrClosed)
		}},
		{"a temporary file that was removed cannot be placed", func(t *testing.T, d site) {
			w, err := d.Create("/content/b.html", 0o755)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Remove("/content/" + d.list("/content")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, "late"); err != nil {
				t.Fatal(err)
			}
			refused(t, w.Commit(noon), simulate.PlaceFile, "/content/b.html", fs.ErrNotExist)
			if got := d.list("/content"); got != "" {
				t.Errorf("got %q", got)
			}
		}},
		{"an open file stays as it is", func(t *testing.T, d site) {
			d.write("/a.html", "old", noon)
			f, err := d.Open("/a.html")
			if err != nil {
				t.Fatal(err)
			}
			d.write("/a.html", "newer", one)
			if err := d.Remove("/a.html"); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(f)
			if string(got) != "old" || err != nil || !f.Info().Mod.Equal(noon) {
				t.Errorf("got %q, %v, %v", got, err, f.Info())
			}
			f.Close()
			if _, err := f.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("Read after Close: %v", err)
			}
		}},
		{"a file takes the place of another", func(t *testing.T, d site) {
			d.write("/a.html", "old and long", noon)
			d.write("/a.html", "new", one)
			if got := d.read("/a.html"); got != "new" || !d.stat("/a.html").Mod.Equal(one) {
				t.Errorf("got %q of %v", got, d.stat("/a.html").Mod)
			}
		}},
		{"a folder stands where a file is needed", func(t *testing.T, d site) {
			d.write("/a.html/suffix.html", "x", noon)
			_, err := d.Create("/a.html", 0o755)
			refused(t, err, simulate.MakeFile, "/a.html", simulate.ErrIsFolder)
			refused(t, d.Touch("/a.html", 0o755, noon), simulate.TouchFile, "/a.html", simulate.ErrIsFolder)
			refused(t, d.Touch("/", 0o755, noon), simulate.TouchFile, "/", simulate.ErrIsFolder)
			_, err = d.Create("/new/", 0o755)
			refused(t, err, simulate.MakeFile, "/new/", simulate.ErrIsFolder)
			_, err = d.Create("/", 0o755)
			refused(t, err, simulate.MakeFile, "/", simulate.ErrIsFolder)
			if _, err := d.Open("/a.html"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Open: %v", err)
			}
			if got := d.list("/"); got != "a.html/" {
				t.Errorf("got %q", got)
			}
		}},
		{"a folder comes while a file is written", func(t *testing.T, d site) {
			w, err := d.Create("/c/a.html", 0o755)
			if err != nil {
				t.Fatal(err)
			}
			d.write("/c/a.html/suffix.html", "x", noon)
			refused(t, w.Commit(noon), simulate.PlaceFile, "/c/a.html", simulate.ErrIsFolder)
			if got := d.list("/c"); got != "a.html/" {
				t.Errorf("got %q", got)
			}
		}},
		{"a file stands where a folder is needed", func(t *testing.T, d site) {
			d.write("/a.html", "x", noon)
			_, err := d.Create("/a.html/b.html", 0o755)
			refused(t, err, simulate.MakeParent, "/a.html", simulate.ErrNotFolder)
			_, err = d.Create("/a.html/b/c.html", 0o755)
			refused(t, err, simulate.MakeParent, "/a.html/b", simulate.ErrNotFolder)
			d.want("/a.html/b.html", simulate.FileMissing)
			d.want("/a.html/b/c.html", simulate.FileMissing)
			d.want("/a.html/", simulate.FileMissing)
			refused(t, d.Touch("/a.html/.stat", 0o755, noon), simulate.TouchFile, "/a.html/.stat", simulate.ErrNotFolder)
			for _, name := range []string{"/a.html/b.html", "/a.html/", "/a.html/b/c"} {
				if err := d.Remove(name); err != nil {
					t.Errorf("Remove(%q): %v", name, err)
				}
				if _, err := d.Open(name); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("Open(%q): %v", name, err)
				}
				if got := d.list(name); got != "" {
					t.Errorf("List(%q): %q", name, got)
				}
			}
			if got := d.read("/a.html"); got != "x" {
				t.Errorf("got %q", got)
			}
		}},
		{"Touch makes a file and changes its time", func(t *testing.T, d site) {
			if err := d.Touch("/.stat", 0o755, noon); err != nil {
				t.Fatal(err)
			}
			if got := d.stat("/.stat"); !cmp.Equal(got, simulate.FileInfo{Kind: simulate.FileRegular, Mod: noon}) {
				t.Errorf("got %+v", got)
			}
			d.write("/a.html", "body", noon)
			for _, at := range []time.Time{one, noon.Add(-time.Hour)} {
				if err := d.Touch("/a.html", 0o755, at); err != nil {
					t.Fatal(err)
				}
				if got := d.stat("/a.html"); !got.Mod.Equal(at) || got.Size != 4 || d.read("/a.html") != "body" {
					t.Errorf("got %+v, want %v", got, at)
				}
			}
			err := d.Touch("/none/.stat", 0o755, noon)
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v", err)
			}
			d.want("/none", simulate.FileMissing)
		}},
		{"Remove takes a file and an empty folder", func(t *testing.T, d site) {
			d.write("/a/b.html", "x", noon)
			if err := d.Remove("/a"); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a full folder: %v", err)
			}
			d.want("/a/b.html", simulate.FileRegular)
			for _, name := range []string{"/a/b.html", "/a/b.html", "/a/", "/a", "/none/at/all"} {
				if err := d.Remove(name); err != nil {
					t.Errorf("Remove(%q): %v", name, err)
				}
			}
			d.want("/a", simulate.FileMissing)
			if err := d.Remove("/"); err == nil {
				t.Error("the root was removed")
			}
			d.want("/", simulate.FileFolder)
			d.write("/a", "a file now", noon)
			d.want("/a", simulate.FileRegular)
		}},
		{"List is sorted and knows kinds, sizes and times", func(t *testing.T, d site) {
			for _, name := range []string{"/b.html", "/a.html", "/a-b.html", "/a/x.html", "/.stat"} {
				d.write(name, name, noon)
			}
			if got, want := d.list("/"), ".stat a/ a-b.html a.html b.html"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			entries, err := d.List("/")
			if err != nil || !entries[4].Mod.Equal(noon) || entries[4].Size != 7 {
				t.Errorf("got %+v, %v", entries, err)
			}
			if got := d.list("/a/") + d.list("/none") + d.list("/a.html"); got != "x.html" {
				t.Errorf("got %q", got)
			}
		}},
		{"slashes without a name between them count once", func(t *testing.T, d site) {
			d.write("//a///b.html", "x", noon)
			d.want("/a/b.html", simulate.FileRegular)
			d.want("/a//b.html", simulate.FileRegular)
			d.want("/a//", simulate.FileFolder)
			d.want("//", simulate.FileFolder)
			d.want("/a/b.html/", simulate.FileMissing)
		}},
		{"names that are no path below the root", func(t *testing.T, d site) {
			for _, name := range []string{"", "a.html", "..", "/..", "/../x", "/a/../b", "/a/..", "/.", "/a/./b", "/a\x00b", "\x00", "/a/\x00"} {
				if info, err := d.Stat(name); !errors.Is(err, simulate.ErrOutside) || info.Kind != simulate.FileOther {
					t.Errorf("Stat(%q): %v, %v", name, info, err)
				}
				if _, err := d.Open(name); !errors.Is(err, simulate.ErrOutside) || !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("Open(%q): %v", name, err)
				}
				_, err := d.Create(name, 0o755)
				refused(t, err, simulate.MakeFile, name, simulate.ErrOutside)
				refused(t, d.Touch(name, 0o755, noon), simulate.TouchFile, name, simulate.ErrOutside)
				if err := d.Remove(name); !errors.Is(err, simulate.ErrOutside) {
					t.Errorf("Remove(%q): %v", name, err)
				}
				if _, err := d.List(name); !errors.Is(err, simulate.ErrOutside) {
					t.Errorf("List(%q): %v", name, err)
				}
			}
			d.write("/...", "three dots are a name", noon)
			d.write("/..a", "so are these", noon)
			if got := d.list("/"); got != "... ..a" {
				t.Errorf("got %q", got)
			}
		}},
		{"names that are too long", func(t *testing.T, d site) {
			segment := strings.Repeat("s", 256)
			whole := strings.Repeat("/"+strings.Repeat("p", 99), 41)
			for _, name := range []string{"/" + segment, "/a/" + segment + "/b", whole} {
				d.want(name, simulate.FileMissing)
				if _, err := d.Open(name); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("Open: %v", err)
				}
				_, err := d.Create(name, 0o755)
				refused(t, err, simulate.MakeFile, name, simulate.ErrNameTooLong)
				refused(t, d.Touch(name, 0o755, noon), simulate.TouchFile, name, simulate.ErrNameTooLong)
				if err := d.Remove(name); err != nil {
					t.Errorf("Remove: %v", err)
				}
				if got := d.list(name); got != "" {
					t.Errorf("List: %q", got)
				}
			}
			// There is room for the name, and none for that of the temporary file.
			_, err := d.Create("/a/"+segment[:245], 0o755)
			refused(t, err, simulate.MakeFile, "/a/"+segment[:245], simulate.ErrNameTooLong)
			if got := d.list("/"); got != "" {
				t.Errorf("got %q", got)
			}
			d.write("/a/"+segment[:244], "x", noon)
			if got := d.read("/a/" + segment[:244]); got != "x" {
				t.Errorf("got %q", got)
			}
			deep := strings.Repeat("/"+strings.Repeat("p", 99), 8)
			d.write(deep, "deep", noon)
			if got := d.read(deep); got != "deep" {
				t.Errorf("got %q", got)
			}
		}},
		{"names are not kept", func(t *testing.T, d site) {
			memory := []byte("/a/b.html")
			name := reused(memory)
			d.write(name, "x", noon)
			w, err := d.Create(name, 0o755)
			if err != nil {
				t.Fatal(err)
			}
			copy(memory, "/X/Y.html")
			if err := w.Commit(one); err != nil {
				t.Fatal(err)
			}
			memory = []byte("/t.stat")
			if err := d.Touch(reused(memory), 0o755, noon); err != nil {
				t.Fatal(err)
			}
			memory2 := []byte("/gone")
			_ = d.Remove(reused(memory2))
			copy(memory2, "/t.st")
			copy(memory, "/-----")
			if got := d.list("/") + d.list("/a"); got != "a/ t.statb.html" || !d.stat("/a/b.html").Mod.Equal(one) {
				t.Errorf("got %q", got)
			}
			memory = []byte("/a/\x00")
			err = d.Touch(reused(memory), 0o755, noon)
			copy(memory, "/bbb")
			refused(t, err, simulate.TouchFile, "/a/\x00", simulate.ErrOutside)
		}},
		{"many at once leave nothing behind", testMany},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !unixNames && strings.Contains(test.name, "too long") {
				t.Skip("the system has other bounds")
			}
			test.run(t, open(t, fresh(t), outer))
		})
	}
	t.Run("roots in each other show the same files", func(t *testing.T) {
		s := fresh(t)
		out, in := open(t, s, outer), open(t, s, inner)
		again := open(t, s, inner+"/")
		if got := out.list("/"); got != "" {
			t.Errorf("before anything is written: %q", got)
		}
		in.want("/", simulate.FileMissing)
		if err := in.Touch("/.stat", 0o755, noon); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
		in.write("/en.html", "inner", noon)
		again.want("/en.html", simulate.FileRegular)
		if got := out.read("/content/site/en.html"); got != "inner" {
			t.Errorf("got %q", got)
		}
		out.write("/content/site/de/a.html", "outer", noon)
		if got := in.read("/de/a.html"); got != "outer" {
			t.Errorf("got %q", got)
		}
		if got := in.list("/"); got != "de/ en.html" {
			t.Errorf("got %q", got)
		}
		for _, name := range []string{"/content/site/de/a.html", "/content/site/de", "/content/site/en.html", "/content/site"} {
			if err := out.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		in.want("/", simulate.FileMissing)
		in.want("/en.html", simulate.FileMissing)
		in.write("/fr.html", "back", noon)
		if got := out.list("/content/site"); got != "fr.html" {
			t.Errorf("got %q", got)
		}
	})
}

// testMany lets goroutines fight over a few names.
func testMany(t *testing.T, d site) {
	names := []string{"/a.html", "/a/b.html", "/a/b/c.html", "/a/b/d.html", "/a/.stat"}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 7))
			for range 20 {
				name := names[random.IntN(len(names))]
				body := fmt.Sprintf("%s %d", name, i)
				switch random.IntN(7) {
				case 0, 1:
					if err := write(d, name, body, noon); err != nil {
						t.Errorf("writing %s: %v", name, err)
					}
				case 2:
					w, err := d.Create(name, 0o755)
					if err != nil {
						t.Errorf("Create(%q): %v", name, err)
						continue
					}
					io.WriteString(w, "never seen")
					w.Abort()
				case 3:
					if err := d.Remove(name); err != nil {
						t.Errorf("Remove(%q): %v", name, err)
					}
					if err := d.Remove("/a/b"); err != nil && !errors.Is(err, fs.ErrExist) {
						t.Errorf("Remove of a folder: %v", err)
					}
				case 4:
					if _, err := d.List("/a"); err != nil {
						t.Errorf("List: %v", err)
					}
				case 5:
					if err := d.Touch("/a/.stat", 0o755, one); err != nil && !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("Touch: %v", err)
					}
				case 6:
					if _, err := d.Stat(name); err != nil {
						t.Errorf("Stat(%q): %v", name, err)
					}
					f, err := d.Open(name)
					if errors.Is(err, fs.ErrNotExist) {
						continue
					}
					if err != nil {
						t.Errorf("Open(%q): %v", name, err)
						continue
					}
					got, err := io.ReadAll(f)
					if err := errors.Join(err, f.Close()); err != nil {
						t.Error(err)
					}
					if len(got) > 0 && !strings.HasPrefix(string(got), name+" ") {
						t.Errorf("%s holds %q", name, got)
					}
				}
			}
		})
	}
	group.Wait()
	for _, folder := range []string{"/", "/a", "/a/b"} {
		if got := d.list(folder); strings.Contains(got, "_") {
			t.Errorf("%s holds temporary files: %s", folder, got)
		}
	}
}
