package docroot

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

// byName hides that a file knows its folder.
type byName struct {
	d    simulate.Docroot
	name string
	simulate.NewFile
}

func (f byName) CreateBeside(suffix string, mode fs.FileMode) (simulate.NewFile, error) {
	return f.d.Create(f.name+suffix, mode)
}
func (f byName) RemoveBeside(suffix string) error { return f.d.Remove(f.name + suffix) }

// storePage stores a page with its headers and without a .ttl, as the engine does. Between the beginning and the end
// something may happen.
func storePage(d simulate.Docroot, name, body string, named bool, meanwhile func()) error {
	w, err := d.Create(name, 0o755)
	if err != nil {
		return err
	}
	defer w.Abort()
	n, ok := w.(simulate.Neighbour)
	if named {
		n = byName{d, name, w}
	} else if !ok {
		return fmt.Errorf("%T knows no folder", w)
	}
	if _, err := io.WriteString(w, body); err != nil {
		return err
	}
	meanwhile()
	h, err := n.CreateBeside(".h", 0o755)
	if err != nil {
		return err
	}
	defer h.Abort()
	if _, err := io.WriteString(h, "A: "+body); err != nil {
		return err
	}
	if err := h.Commit(noon); err != nil {
		return err
	}
	if err := n.RemoveBeside(".ttl"); err != nil {
		return err
	}
	return w.Commit(one)
}

// picture is what is in a folder, with the times that the tests give.
func picture(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := snapshot(t, dir)
	out := map[string]string{}
	for name, what := range all {
		if i := strings.Index(what, " +0000 UTC"); i >= 0 && !strings.Contains(what, " 2026-03-01 ") {
			mode, _, _ := strings.Cut(what, " ")
			what = mode + what[i+len(" +0000 UTC"):]
		}
		out[strings.TrimPrefix(name, dir)] = what
	}
	return out
}

// TestNeighbour: beside a page the same happens, and the same goes wrong, as where files are made by their names.
func TestNeighbour(t *testing.T) {
	const page = "/a/b/page.html"
	long := "/a/" + strings.Repeat("x", maxSegment-tempSuffix)
	tests := []struct {
		name, page string
		make       func(at string)                // at is the page, on the disk
		meanwhile  func(dir, at string)           // dir is the folder of the cache
		differs    func(t *testing.T, dir string) // where the folder that was opened is another than that of the name
	}{
		{name: "nothing", page: page},
		{name: "older files", page: page, make: func(at string) {
			for _, suffix := range []string{"", ".h", ".ttl"} {
				os.WriteFile(at+suffix, []byte("older and longer"), 0o600)
			}
		}},
		{name: "a folder for .h", page: page, make: func(at string) { os.Mkdir(at+".h", 0o755) }},
		{name: "a link out for .h", page: page, make: func(at string) { os.Symlink("/etc/passwd", at+".h") }},
		{name: "a link inside for .h", page: page, make: func(at string) { os.WriteFile(at+"2", nil, 0o644); os.Symlink("page.html2", at+".h") }},
		{name: "a pipe for .h", page: page, make: func(at string) { syscall.Mkfifo(at+".h", 0o644) }},
		{name: "an empty folder for .ttl", page: page, make: func(at string) { os.Mkdir(at+".ttl", 0o755) }},
		{name: "a full folder for .ttl", page: page, make: func(at string) { os.MkdirAll(at+".ttl/x", 0o755) }},
		{name: "a link for .ttl", page: page, make: func(at string) { os.Symlink("/etc/passwd", at+".ttl") }},
		{name: "no room for the name of .h", page: long},
		{name: "the page becomes a folder", page: page, meanwhile: func(_, at string) { os.Mkdir(at, 0o755) }},
		{name: "the page is flushed", page: page, make: func(at string) { os.WriteFile(at, nil, 0o644) }, meanwhile: func(_, at string) { os.Remove(at) }},
		{name: "the folder is removed", page: page, meanwhile: func(dir, _ string) { os.RemoveAll(dir + "/a") }},
		{name: "all is removed", page: page, meanwhile: func(dir, _ string) { os.RemoveAll(dir + "/a"); os.WriteFile(dir+"/a", []byte("a file"), 0o644) }},
		{name: "the folder is moved", page: page, meanwhile: func(dir, _ string) { os.Rename(dir+"/a", dir+"/moved") }, differs: func(t *testing.T, dir string) {
			if got := picture(t, dir+"/moved/b"); len(got) < 2 {
				t.Errorf("page and headers are not together: %v", got)
			}
			if _, err := os.Lstat(dir + "/a"); err == nil {
				t.Error("a folder was made anew for the headers alone")
			}
		}},
		{name: "a link out in place of the folder", page: page, meanwhile: func(dir, _ string) {
			os.Rename(dir+"/a", dir+"/moved")
			os.Symlink("/tmp", dir+"/a")
		}, differs: func(t *testing.T, dir string) {
			if got := picture(t, dir+"/moved/b"); len(got) < 2 {
				t.Errorf("page and headers are not together: %v", got)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var outcome [2]string
			var left [2]map[string]string
			for i, named := range []bool{true, false} {
				dir := t.TempDir()
				disk := newDisk(t, dir)
				if !disk.handle.quick {
					t.Skip("the system has no openat2")
				}
				d := open(t, disk, outer)
				d.write("/a/b/other.html", "x", noon)
				if tt.make != nil {
					tt.make(dir + tt.page)
				}
				before := descriptors(t)
				err := storePage(d, tt.page, "new", named, func() {
					if tt.meanwhile != nil {
						tt.meanwhile(dir, dir+tt.page)
					}
				})
				if after := descriptors(t); after > before {
					t.Errorf("%d descriptors are open, want %d", after, before)
				}
				outcome[i], left[i] = fmt.Sprint(err), picture(t, dir)
				for name := range left[i] {
					if strings.Contains(name, ".html_") || strings.Contains(name, ".h_") {
						t.Errorf("%s is left", name)
					}
				}
				if tt.differs != nil && !named {
					tt.differs(t, dir)
				}
			}
			if tt.differs != nil {
				return
			}
			if outcome[0] != outcome[1] {
				t.Errorf("by name: %s\nbeside:  %s", outcome[0], outcome[1])
			}
			if diff := cmp.Diff(left[0], left[1]); diff != "" {
				t.Errorf("(-by name +beside):\n%s", diff)
			}
		})
	}
}

func descriptors(t testing.TB) int {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(fds)
}

// TestNeighbourOutlives: the folder stays open for as long as one of its files is being written.
func TestNeighbourOutlives(t *testing.T) {
	d := open(t, newDisk(t, t.TempDir()), outer)
	d.write("/a/other.html", "x", noon)
	for _, commit := range []bool{true, false} {
		w, err := d.Create("/a/page.html", 0o755)
		if err != nil {
			t.Fatal(err)
		}
		n, ok := w.(simulate.Neighbour)
		if !ok {
			t.Skip("the system has no openat2")
		}
		h, err := n.CreateBeside(".h", 0o755)
		if err != nil {
			t.Fatal(err)
		}
		if commit {
			err = w.Commit(noon)
		} else {
			w.Abort()
		}
		io.WriteString(h, "A: b")
		if err := cmpErr(err, h.Commit(noon)); err != nil {
			t.Fatal(err)
		}
		if got := d.read("/a/page.html.h"); got != "A: b" {
			t.Errorf("got %q", got)
		}
		// Afterwards it is made by its name.
		late, err := n.CreateBeside(".ttl", 0o755)
		if err != nil {
			t.Fatal(err)
		}
		late.Abort()
		if err := n.RemoveBeside(".h"); err != nil {
			t.Fatal(err)
		}
		d.want("/a/page.html.h", simulate.FileMissing)
	}
}

func cmpErr(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestStoringAtOnce: one page is stored by many while it is flushed and its folder removed. Who reads it finds all of it.
func TestStoringAtOnce(t *testing.T) {
	dir := t.TempDir()
	disk := newDisk(t, dir)
	d := open(t, disk, outer)
	d.write("/a/b/other.html", "x", noon)
	before := descriptors(t)
	var writers, others sync.WaitGroup
	done := make(chan struct{})
	for i := range 8 {
		body := strings.Repeat(string(rune('a'+i)), 10<<10)
		writers.Go(func() {
			for range 150 {
				// Its folder may go away meanwhile.
				_ = storePage(d, "/a/b/page.html", body, i%2 == 0, func() {})
			}
		})
	}
	others.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			_ = d.Remove("/a/b/page.html")
			_ = d.Remove("/a/b/page.html.h")
			if i%50 == 0 {
				os.RemoveAll(dir + "/a")
			}
		}
	})
	others.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if f, err := d.Open("/a/b/page.html"); err == nil {
				body, err := io.ReadAll(f)
				f.Close()
				if err != nil || len(body) != 10<<10 || strings.Trim(string(body), string(body[0])) != "" {
					t.Errorf("a page of %d bytes, %v", len(body), err)
				}
			}
		}
	})
	writers.Wait()
	close(done)
	others.Wait()
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors are open, want %d", after, before)
	}
	for name := range picture(t, dir) {
		if strings.Contains(name, "html_") || strings.Contains(name, ".h_") {
			t.Errorf("%s is left", name)
		}
	}
}

// BenchmarkStore stores pages of 10 KB with their headers, in turns beside the page and, the baseline, by the names of the
// files. What counts is the ratio: each round is half as long on one disk as on another, or after many files were removed.
func BenchmarkStore(b *testing.B) {
	body := strings.Repeat("x", 10<<10)
	d := open(b, newDisk(b, b.TempDir()), outer)
	for i := range 100 {
		d.write(fmt.Sprintf("/content/site/us/en/f%d/first.html", i), "x", noon)
	}
	if _, ok := newPage(b, d).(simulate.Neighbour); !ok {
		b.Skip("the system has no openat2")
	}
	start := time.Now()
	var took [2]time.Duration
	n := 0
	for b.Loop() {
		for i, named := range []bool{false, true} {
			name := fmt.Sprintf("/content/site/us/en/f%d/%d-%d.html", n%100, start.UnixNano(), n)
			n++
			at := time.Now()
			if err := storePage(d, name, body, named, func() {}); err != nil {
				b.Fatal(err)
			}
			took[i] += time.Since(at)
		}
	}
	b.ReportMetric(float64(took[0].Nanoseconds())/float64(b.N), "ns-beside")
	b.ReportMetric(float64(took[0])/float64(took[1]), "beside/by-name")
}

func newPage(b *testing.B, d site) simulate.NewFile {
	w, err := d.Create("/content/site/us/en/f0/look.html", 0o755)
	if err != nil {
		b.Fatal(err)
	}
	w.Abort()
	return w
}
