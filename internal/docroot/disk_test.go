package docroot

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

// unixNames says that names of 255 bytes are kept as they are.
const unixNames = runtime.GOOS != "windows"

// reused is a name in memory that the test changes later.
func reused(memory []byte) string { return unsafe.String(unsafe.SliceData(memory), len(memory)) }

func TestNewDisk(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "homes", "me")
	for _, folder := range []string{home, filepath.Join(home, "cache")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	link := func(name, target string) string {
		name = filepath.Join(dir, name)
		if err := os.Symlink(target, name); err != nil {
			t.Skip("no symbolic links: ", err)
		}
		return name
	}
	top := filepath.VolumeName(dir) + string(filepath.Separator)
	tests := []struct{ name, dir, err string }{
		{"a folder", filepath.Join(home, "cache"), ""},
		{"a link to a folder", link("good", filepath.Join(home, "cache")), ""},
		{"missing", filepath.Join(dir, "none"), "does not exist: make it first"},
		{"a file", file, "is not a folder: name the folder that stands for the document root"},
		{"below a file", filepath.Join(file, "x"), ""},
		{"the top", top, "is the root of the file system: name a folder of its own"},
		{"the top by dots", filepath.Join(dir, strings.Repeat("../", 40)), "is the root of the file system: name a folder of its own"},
		{"a link to the top", link("top", top), "is the root of the file system: name a folder of its own"},
		{"home", home, "is the home folder: name a folder of its own"},
		{"a link home", link("h", home), "is the home folder: name a folder of its own"},
		{"above home", filepath.Dir(home), "holds the home folder: name a folder of its own"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, err := NewDisk(test.dir, []string{outer})
			if test.name == "below a file" {
				if err == nil {
					t.Error("no error")
				}
				return
			}
			if test.err != "" {
				if want := "cache folder " + test.dir + " " + test.err; err == nil || err.Error() != want {
					t.Errorf("got %v, want %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := filepath.EvalSymlinks(test.dir); d.Dir() != want {
				t.Errorf("got %s, want %s", d.Dir(), want)
			}
			if err := errors.Join(d.Close(), d.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDiskRoots(t *testing.T) {
	tests := []struct {
		name  string
		roots []string
		root  string
		want  string // "!": refused
	}{
		{"the only one", []string{"/var/www/html"}, "/var/www/html", ""},
		{"a slash at its end", []string{"/var/www/html/"}, "/var/www/html", ""},
		{"nested", []string{"/var/www/html/a/b", "/var/www/html"}, "/var/www/html/a/b", "a/b"},
		{"not named, inside", []string{"/var/www/html"}, "/var/www/html/x", "x"},
		{"two apart", []string{"/one", "/two"}, "/two", ""},
		{"nested in the second", []string{"/one", "/two", "/two/x"}, "/two/x/", "x"},
		{"a longer name is not inside", []string{"/html", "/html2"}, "/html2", ""},
		{"dots", []string{"/var/www/../html"}, "/var/html/x", "x"},
		{"outside", []string{"/var/www/html"}, "/var/www", "!"},
		{"a neighbour", []string{"/var/www/html"}, "/var/www/html2", "!"},
		{"no roots", nil, "/anything", ""},
		{"relative", []string{"cache"}, "cache/x", "x"},
		{"the system's root", []string{"/", "/a"}, "/a", "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			d, err := NewDisk(dir, test.roots)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			root, err := d.Docroot(test.root)
			if test.want == "!" {
				if err == nil || !strings.Contains(err.Error(), "document root "+test.root+" is none of those that ") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := write(root, "/f.html", "x", noon); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(test.want), "f.html")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestClosedDisk(t *testing.T) {
	dir := t.TempDir()
	disk := newDisk(t, dir)
	d := open(t, disk, outer)
	d.write("/a.html", "x", noon)
	f, err := d.Open("/a.html")
	if err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	if err := disk.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Read(make([]byte, 2)); n != 1 {
		t.Errorf("an open file: %d, %v", n, err)
	}
	f.Close()
	calls := map[string]error{}
	_, calls["Stat"] = d.Stat("/a.html")
	_, calls["Open"] = d.Open("/a.html")
	_, calls["Create"] = d.Create("/b.html", 0o755)
	_, calls["List"] = d.List("/")
	calls["Touch"] = d.Touch("/a.html", 0o755, one)
	calls["Remove"] = d.Remove("/a.html")
	for name, err := range calls {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// FuzzNames: whatever a name is, nothing beside the folder changes, and nothing of what is beside is shown.
func FuzzNames(f *testing.F) {
	for _, name := range []string{
		"/", "/a.html", "/../canary", "/a/../../canary", "/./x", "//", "/a//b/", "", "a", "/\x00", "/canary\x00.html",
		"/out/canary", "/up/canary", "/up", "/out", "/in/x", "/loop/x", "/file", "/deep/up/canary", "/..%2fcanary", "/..\\canary",
		"C:\\x", "/C:/x", "/CON", "/a.html/b", "/\xff\xfe", "/" + strings.Repeat("x", 300), strings.Repeat("/y", 2100),
		"/folder/.stat", "/folder/", "/jcr:content/a", "/~", "/up/../../canary", "/in/../up/canary", "/proc/self/root",
	} {
		f.Add(name, "body")
	}
	f.Fuzz(func(t *testing.T, name, body string) {
		for _, plain := range []bool{false, true} {
			outside := t.TempDir()
			dir := filepath.Join(outside, "root")
			canary := filepath.Join(outside, "canary")
			for _, folder := range []string{dir, filepath.Join(dir, "folder"), filepath.Join(dir, "deep")} {
				if err := os.Mkdir(folder, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			const secret = "canary: nobody may read this"
			if err := os.WriteFile(canary, []byte(secret), 0o644); err != nil {
				t.Fatal(err)
			}
			for name, target := range map[string]string{
				"out": outside, "up": "..", "in": "folder", "loop": "loop", "file": "../canary", "deep/up": "../..",
			} {
				if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
					t.Skip("no symbolic links: ", err)
				}
			}
			disk := newDisk
			if plain {
				disk = newPlainDisk
			}
			around := func() map[string]string {
				all := snapshot(t, outside)
				for path := range all {
					if strings.HasPrefix(path, dir) {
						delete(all, path)
					}
				}
				return all
			}
			before := around()
			d := open(t, disk(t, dir), outer)
			info, _ := d.Stat(name)
			if info.Kind == simulate.FileRegular && info.Size == int64(len(secret)) {
				t.Errorf("Stat(%q) looks outside", name)
			}
			if file, err := d.Open(name); err == nil {
				file.Close()
				t.Errorf("Open(%q) found a file where there is none", name)
			}
			if list, _ := d.List(name); len(list) > 0 && list[0].Name == "canary" {
				t.Errorf("List(%q) looks outside", name)
			}
			if err := write(d, name, body, noon); err == nil {
				if got := d.read(name); got != body {
					t.Errorf("%q holds %q, want %q", name, got, body)
				}
			}
			_ = d.Touch(name, 0o755, one)
			_ = d.Remove(name)
			if diff := cmp.Diff(before, around()); diff != "" {
				t.Errorf("%q changed what is outside:\n%s", name, diff)
			}
			for path := range snapshot(t, dir) {
				if base := filepath.Base(path); len(base) > tempSuffix && !strings.Contains(name, "_") && strings.Contains(base, "_") {
					t.Errorf("%s is left", path)
				}
			}
		}
	})
}

func BenchmarkHit(b *testing.B) {
	const page = "/content/site/us/en/products/page.html"
	stats := []string{"/content/site/.stat", "/content/.stat", "/.stat"}
	dir := b.TempDir()
	disk := newDisk(b, dir)
	memory := new(Memory)
	fill := func(s simulate.Store) simulate.Docroot {
		d := open(b, s, outer)
		d.write(page, strings.Repeat("x", 4096), noon)
		d.write(page+".h", "Content-Type: text/html\r\n", noon)
		d.write(page+".ttl", "", one)
		for _, name := range stats {
			d.write(name, "", noon)
		}
		return d.Docroot
	}
	look := func(b *testing.B, d simulate.Docroot, name string) {
		if info, err := d.Stat(name); err != nil || info.Kind != simulate.FileRegular {
			b.Fatal(info, err)
		}
	}
	bare := func(d simulate.Docroot) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				look(b, d, page)
				look(b, d, "/.stat")
				f, err := d.Open(page)
				if err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
		}
	}
	full := func(d simulate.Docroot) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			head := make([]byte, 512)
			for b.Loop() {
				look(b, d, page)
				look(b, d, page+".ttl")
				for _, name := range stats {
					look(b, d, name)
				}
				f, err := d.Open(page)
				if err != nil {
					b.Fatal(err)
				}
				h, err := d.Open(page + ".h")
				if err != nil {
					b.Fatal(err)
				}
				if n, err := h.Read(head); n == 0 {
					b.Fatal(err)
				}
				h.Close()
				f.Close()
			}
		}
	}
	onDisk, inMemory := fill(disk), fill(memory)
	path := filepath.Join(dir, filepath.FromSlash(page))
	b.Run("os", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.Stat(); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
	b.Run("disk level 0", bare(onDisk))
	b.Run("disk level 2 headers ttl", full(onDisk))
	b.Run("memory level 0", bare(inMemory))
	b.Run("memory level 2 headers ttl", full(inMemory))
	b.Run("os.Root level 0", bare(open(b, newPlainDisk(b, dir), outer).Docroot))
}

// TestMemoryHitAllocates: a hit in memory makes the file, and nothing else.
func TestMemoryHitAllocates(t *testing.T) {
	d := open(t, new(Memory), outer)
	d.write("/content/site/page.html", "x", noon)
	got := testing.AllocsPerRun(100, func() {
		if _, err := d.Stat("/content/site/page.html"); err != nil {
			t.Fatal(err)
		}
		f, err := d.Open("/content/site/page.html")
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	})
	if got > 1 {
		t.Errorf("%v allocations, want 1", got)
	}
}
