package docroot

import (
	"os"
	"testing"
)

// newPlainDisk opens a folder as on a kernel without openat2.
func newPlainDisk(t testing.TB, dir string) *Disk {
	t.Helper()
	d := newDisk(t, dir)
	d.handle.quick = false
	return d
}

// TestDescriptors: nothing stays open, whatever happens.
func TestDescriptors(t *testing.T) {
	count := func() int {
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(fds)
	}
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/folder", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", dir+"/out"); err != nil {
		t.Fatal(err)
	}
	before := count()
	for _, make := range []func(testing.TB, string) *Disk{newDisk, newPlainDisk} {
		disk := make(t, dir)
		d := open(t, disk, outer)
		for range 3 {
			d.write("/a.html", "x", noon)
			for _, name := range []string{"/a.html/x", "/a.html", "/folder", "/out/passwd", "/out", "/none", "/folder/x/y"} {
				_, _ = d.Stat(name)
				if f, err := d.Open(name); err == nil {
					f.Close()
				}
				_, _ = d.List(name)
				_ = d.Touch(name, 0o755, noon)
				if w, err := d.Create(name, 0o755); err == nil {
					w.Abort()
				}
				if name != "/out" && name != "/folder" {
					_ = d.Remove(name)
				}
			}
			w, err := d.Create("/b.html", 0o755)
			if err != nil {
				t.Fatal(err)
			}
			d.write("/b.html/folder.html", "x", noon)
			if err := w.Commit(noon); err == nil {
				t.Error("a file took the place of a folder")
			}
			_ = d.Remove("/b.html/folder.html")
			_ = d.Remove("/b.html")
		}
		if err := disk.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := count(); after > before { // fewer are those of earlier tests, closed meanwhile
		t.Errorf("%d descriptors are open, want %d", after, before)
	}
}
