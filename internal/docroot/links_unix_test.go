//go:build unix

package docroot

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

// disks are both ways to reach a folder.
var disks = []struct {
	name string
	make func(testing.TB, string) *Disk
}{{"disk", newDisk}, {"disk by os.Root", newPlainDisk}}

const secret = "nobody may read this"

// yard makes a folder with a document root in it and a secret beside it.
func yard(t *testing.T) (outside, dir string) {
	outside = t.TempDir()
	dir = filepath.Join(outside, "root")
	for _, folder := range []string{dir, filepath.Join(outside, "beside"), filepath.Join(dir, "folder")} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{filepath.Join(outside, "secret"), filepath.Join(outside, "beside", "secret")} {
		if err := os.WriteFile(file, []byte(secret), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, noon, noon); err != nil {
			t.Fatal(err)
		}
	}
	return outside, dir
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestLinksOut(t *testing.T) {
	for _, disk := range disks {
		t.Run(disk.name, func(t *testing.T) {
			outside, dir := yard(t)
			link(t, "../secret", dir+"/file")
			link(t, outside+"/secret", dir+"/absolute")
			link(t, "../beside", dir+"/beside")
			link(t, outside+"/beside", dir+"/absbeside")
			link(t, "..", dir+"/up")
			link(t, "file", dir+"/chain")
			link(t, dir+"/folder", dir+"/absinside")
			link(t, "loop", dir+"/loop")
			link(t, "ping", dir+"/pong")
			link(t, "pong", dir+"/ping")
			link(t, "/proc/self/cwd", dir+"/magic")
			link(t, "../../secret", dir+"/folder/deep")
			before := snapshot(t, outside+"/beside")
			before["secret"] = snapshot(t, outside+"/secret")[outside+"/secret"]
			d := open(t, disk.make(t, dir), outer)
			d.want("/file", simulate.FileOther)
			for _, name := range []string{
				"/file", "/absolute", "/beside", "/absbeside", "/up", "/chain", "/absinside", "/loop", "/ping", "/magic", "/folder/deep",
				"/beside/secret", "/absbeside/secret", "/up/secret", "/up/root/folder", "/loop/x", "/ping/x/y", "/magic/x",
				"/beside/new/file", "/absbeside/new", "/up/new",
			} {
				d.want(name, simulate.FileOther)
				f, err := d.Open(name)
				if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, simulate.ErrOutside) {
					t.Errorf("Open(%q): %v, %v", name, f, err)
				}
				var failed *simulate.StoreError
				if _, err := d.Create(name, 0o755); !errors.As(err, &failed) || !errors.Is(err, simulate.ErrOutside) {
					t.Errorf("Create(%q): %v", name, err)
				}
				if err := d.Touch(name, 0o755, one); !errors.As(err, &failed) || !errors.Is(err, simulate.ErrOutside) {
					t.Errorf("Touch(%q): %v", name, err)
				}
				if got := d.list(name); got != "" {
					t.Errorf("List(%q): %s", name, got)
				}
			}
			if got, want := d.list("/"), "absbeside@ absinside@ absolute@ beside@ chain@ file@ folder/ loop@ magic@ ping@ pong@ up@"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			for _, name := range []string{"/beside/secret", "/absbeside/secret", "/up/secret"} {
				if err := d.Remove(name); !errors.Is(err, simulate.ErrOutside) {
					t.Errorf("Remove(%q): %v", name, err)
				}
			}
			// Links themselves are removed.
			for _, name := range []string{"/file", "/absolute", "/beside", "/absbeside", "/up", "/loop", "/magic"} {
				if err := d.Remove(name); err != nil {
					t.Errorf("Remove(%q): %v", name, err)
				}
				d.want(name, simulate.FileMissing)
			}
			after := snapshot(t, outside+"/beside")
			after["secret"] = snapshot(t, outside+"/secret")[outside+"/secret"]
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("what is outside has changed:\n%s", diff)
			}
		})
	}
}

func TestLinksInside(t *testing.T) {
	for _, disk := range disks {
		t.Run(disk.name, func(t *testing.T) {
			_, dir := yard(t)
			link(t, "folder", dir+"/in")
			link(t, "../folder/page.html", dir+"/folder/alias.html")
			link(t, "none", dir+"/dangling")
			d := open(t, disk.make(t, dir), outer)
			d.write("/in/page.html", "x", noon)
			if got := d.read("/folder/page.html") + d.read("/folder/alias.html") + d.read("/in/alias.html"); got != "xxx" {
				t.Errorf("got %q", got)
			}
			d.want("/in", simulate.FileFolder)
			d.want("/dangling", simulate.FileMissing)
			if got := d.list("/") + " " + d.list("/in"); got != "dangling@ folder/ in@ alias.html@ page.html" {
				t.Errorf("got %q", got)
			}
			// A file takes the place of a link, not of what it leads to.
			d.write("/folder/alias.html", "own", noon)
			if got := d.read("/folder/page.html") + d.read("/folder/alias.html"); got != "xown" {
				t.Errorf("got %q", got)
			}
			for _, name := range []string{"/in", "/dangling"} {
				if err := d.Remove(name); err != nil {
					t.Error(err)
				}
			}
			if got := d.list("/"); got != "folder/" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestLinkOnOverlay: a link of the store below is removed as a link, though it shows a folder.
func TestLinkOnOverlay(t *testing.T) {
	outside, dir := yard(t)
	link(t, "folder", dir+"/in")
	link(t, "../beside", dir+"/beside")
	link(t, "none", dir+"/dangling")
	disk := newDisk(t, dir)
	open(t, disk, outer).write("/folder/page.html", "x", noon)
	before := snapshot(t, outside)
	d := open(t, &Overlay{Base: disk}, outer)
	if _, err := d.Create("/beside/x", 0o755); !errors.Is(err, simulate.ErrOutside) {
		t.Errorf("got %v", err)
	}
	if err := d.Touch("/beside/x", 0o755, noon); !errors.Is(err, simulate.ErrOutside) {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"/in", "/beside", "/dangling"} {
		if err := d.Remove(name); err != nil {
			t.Errorf("Remove(%q): %v", name, err)
		}
	}
	if got := d.list("/"); got != "folder/" {
		t.Errorf("got %q", got)
	}
	if err := d.Remove("/folder"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, snapshot(t, outside)); diff != "" {
		t.Error(diff)
	}
}

// TestSwappedLink: a file, or a folder on the way to it, becomes a link between a look and what follows.
func TestSwappedLink(t *testing.T) {
	for _, disk := range disks {
		t.Run(disk.name, func(t *testing.T) {
			outside, dir := yard(t)
			d := open(t, disk.make(t, dir), outer)
			d.write("/a/page.html", "x", noon)
			d.want("/a/page.html", simulate.FileRegular)
			w, err := d.Create("/a/late.html", 0o755)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(dir+"/a", dir+"/moved"); err != nil {
				t.Fatal(err)
			}
			link(t, "../beside", dir+"/a")
			if _, err := d.Open("/a/page.html"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v", err)
			}
			// What was begun goes where it was begun.
			io.WriteString(w, "late")
			if err := w.Commit(noon); err != nil {
				t.Fatal(err)
			}
			if got := d.read("/moved/late.html"); got != "late" {
				t.Errorf("got %q", got)
			}
			if got, err := os.ReadDir(outside + "/beside"); len(got) != 1 {
				t.Errorf("beside: %v, %v", got, err)
			}
		})
	}
}

// TestSwapping: links come and go while others read, write and remove.
func TestSwapping(t *testing.T) {
	for _, disk := range disks {
		t.Run(disk.name, func(t *testing.T) {
			outside, dir := yard(t)
			d := open(t, disk.make(t, dir), outer)
			before := snapshot(t, outside+"/beside")
			link(t, "../beside", dir+"/bad")
			d.write("/good/secret", "fine", noon)
			var stop atomic.Bool
			var group sync.WaitGroup
			group.Go(func() {
				for !stop.Load() {
					os.Rename(dir+"/good", dir+"/a")
					os.Rename(dir+"/a", dir+"/good")
					os.Rename(dir+"/bad", dir+"/a")
					os.Rename(dir+"/a", dir+"/bad")
				}
			})
			for range 2000 {
				if f, err := d.Open("/a/secret"); err == nil {
					if body, err := io.ReadAll(f); string(body) == secret {
						t.Errorf("got %q, %v", body, err)
					}
					f.Close()
				}
				if info, _ := d.Stat("/a/secret"); info.Size == int64(len(secret)) {
					t.Errorf("got %v", info)
				}
			}
			for range 200 {
				_ = write(d, "/a/new", "new", noon)
				_ = d.Touch("/a/secret", 0o755, one)
				_ = d.Remove("/a/secret")
			}
			stop.Store(true)
			group.Wait()
			if diff := cmp.Diff(before, snapshot(t, outside+"/beside")); diff != "" {
				t.Errorf("what is outside has changed:\n%s", diff)
			}
		})
	}
}

// TestPipe: what is no file is not opened, waited for or replaced.
func TestPipe(t *testing.T) {
	for _, disk := range disks {
		t.Run(disk.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mkfifo(dir+"/pipe", 0o644); err != nil {
				t.Skip(err)
			}
			d := open(t, disk.make(t, dir), outer)
			d.want("/pipe", simulate.FileOther)
			if _, err := d.Open("/pipe"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v", err)
			}
			_, err := d.Create("/pipe", 0o755)
			refused(t, err, simulate.MakeFile, "/pipe", simulate.ErrOutside)
			_, err = d.Create("/pipe/x", 0o755)
			refused(t, err, simulate.MakeParent, "/pipe", simulate.ErrOutside)
			if got := d.list("/pipe"); got != "" {
				t.Errorf("got %s", got)
			}
			if got := d.list("/"); got != "pipe!" {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestMode: permissions are /mode, for files without execution, less the process's umask. It sets the umask of the
// whole process, so nothing runs beside it.
func TestMode(t *testing.T) {
	tests := []struct {
		umask        int
		mode         fs.FileMode
		file, folder fs.FileMode
	}{
		{0o022, 0o755, 0o644, 0o755},
		{0o022, 0o777, 0o644, 0o755},
		{0o002, 0o777, 0o664, 0o775},
		{0o000, 0o777, 0o666, 0o777},
		{0o077, 0o755, 0o600, 0o700},
		{0o027, 0o750, 0o640, 0o750},
		{0o022, 0o700, 0o600, 0o700},
		{0o022, 0o4755, 0o644, 0o755},
	}
	for _, test := range tests {
		for _, disk := range disks {
			dir := t.TempDir()
			d := open(t, disk.make(t, dir), outer)
			old := syscall.Umask(test.umask)
			w, err := d.Create("/a/b/c.html", test.mode)
			if err == nil {
				err = w.Commit(noon)
			}
			touched := d.Touch("/a/.stat", test.mode, noon)
			syscall.Umask(old)
			if err := errors.Join(err, touched); err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]fs.FileMode{"a": test.folder, "a/b": test.folder, "a/b/c.html": test.file, "a/.stat": test.file} {
				info, err := os.Stat(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				if got := info.Mode().Perm(); got != want {
					t.Errorf("%s, umask %#o, mode %#o: %s has %#o, want %#o", disk.name, test.umask, test.mode, name, got, want)
				}
			}
		}
	}
}

// TestBrokenWrite: a write that fails leaves nothing, and what stood there before stays.
func TestBrokenWrite(t *testing.T) {
	dir := t.TempDir()
	d := open(t, newDisk(t, dir), outer)
	d.write("/a.html", "old", noon)
	w, err := d.Create("/a.html", 0o755)
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no device that is always full: ", err)
	}
	if err := breakWriter(w, full); err != nil {
		t.Fatal(err)
	}
	_, err = w.Write([]byte("x"))
	refused(t, err, simulate.MakeFile, "/a.html", simulate.ErrNoSpace)
	if got := d.list("/"); got != "a.html" {
		t.Errorf("got %s", got)
	}
	_, err = w.Write([]byte("x"))
	refused(t, err, simulate.MakeFile, "/a.html", simulate.ErrNoSpace)
	refused(t, w.Commit(noon), simulate.MakeFile, "/a.html", simulate.ErrNoSpace)
	w.Abort()
	if got := d.read("/a.html"); got != "old" {
		t.Errorf("got %q", got)
	}
}

// TestReadOnlyFolder: reading works, writing is a *StoreError.
func TestReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write anywhere")
	}
	dir := t.TempDir()
	open(t, newDisk(t, dir), outer).write("/a.html", "x", noon)
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o755)
	d := open(t, newDisk(t, dir), outer)
	if got := d.read("/a.html"); got != "x" {
		t.Errorf("got %q", got)
	}
	_, err := d.Create("/b.html", 0o755)
	refused(t, err, simulate.MakeFile, "/b.html", fs.ErrPermission)
	_, err = d.Create("/b/c.html", 0o755)
	refused(t, err, simulate.MakeParent, "/b", fs.ErrPermission)
	refused(t, d.Touch("/.stat", 0o755, time.Now()), simulate.TouchFile, "/.stat", fs.ErrPermission)
	if err := d.Remove("/a.html"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}
