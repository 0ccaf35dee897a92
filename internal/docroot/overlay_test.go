package docroot

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/simulate"
)

// snapshot tells all of a folder: names, kinds, times, sizes.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		all[path] = info.Mode().String() + " " + info.ModTime().String()
		if info.Mode().IsRegular() {
			body, _ := os.ReadFile(path)
			all[path] += " " + string(body)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOverlayKeepsTheDisk(t *testing.T) {
	dir := t.TempDir()
	disk := newDisk(t, dir)
	base := open(t, disk, outer)
	for _, name := range []string{"/.stat", "/en.html", "/en/a.html", "/en/b.html", "/content/site/x.html"} {
		base.write(name, "disk "+name, noon)
	}
	before := snapshot(t, dir)
	over := &Overlay{Base: disk}
	d, in := open(t, over, outer), open(t, over, inner)
	other := open(t, over, "/srv/other")

	if got := d.read("/en/a.html"); got != "disk /en/a.html" {
		t.Errorf("got %q", got)
	}
	if got := in.read("/x.html"); got != "disk /content/site/x.html" {
		t.Errorf("got %q", got)
	}
	if err := d.Touch("/en/a.html", 0o755, one); err != nil {
		t.Fatal(err)
	}
	f, err := d.Open("/en/a.html")
	if err != nil || !f.Info().Mod.Equal(one) || d.read("/en/a.html") != "disk /en/a.html" {
		t.Errorf("got %v, %v", f, err)
	}
	f.Close()
	d.write("/en/b.html", "memory", one)
	d.write("/en/c/d.html", "memory", one)
	if got := d.list("/en"); got != "a.html b.html c/" {
		t.Errorf("got %q", got)
	}
	if err := d.Remove("/en"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"/en/a.html", "/en/b.html", "/en/c/d.html", "/en/c", "/en", "/en.html"} {
		if err := d.Remove(name); err != nil {
			t.Fatalf("Remove(%q): %v", name, err)
		}
		d.want(name, simulate.FileMissing)
		if _, err := d.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open(%q): %v", name, err)
		}
	}
	if got := d.list("/"); got != ".stat content/" {
		t.Errorf("got %q", got)
	}
	// What is made again where something was removed shows nothing of what was there.
	d.write("/en/new.html", "memory", one)
	if got := d.list("/en"); got != "new.html" {
		t.Errorf("got %q", got)
	}
	d.want("/en/a.html", simulate.FileMissing)
	// Both outer roots are the same folder.
	if got := other.read("/en/new.html"); got != "memory" {
		t.Errorf("got %q", got)
	}
	if err := in.Remove("/x.html"); err != nil {
		t.Fatal(err)
	}
	d.want("/content/site/x.html", simulate.FileMissing)
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("the disk has changed:\n%s", diff)
	}
}

func TestMaxBytes(t *testing.T) {
	small := map[string]func() simulate.Store{
		"memory":  func() simulate.Store { return &Memory{MaxBytes: 4000} },
		"overlay": func() simulate.Store { return &Overlay{Base: new(Memory), MaxBytes: 4000} },
	}
	for name, fresh := range small {
		t.Run(name, func(t *testing.T) {
			d := open(t, fresh(), outer)
			body := strings.Repeat("x", 1000)
			d.write("/a.html", body, noon)
			w, err := d.Create("/b/c.html", 0o755)
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = w.Write([]byte(body))
			}
			refused(t, err, simulate.MakeFile, "/b/c.html", simulate.ErrNoSpace)
			if got := d.list("/b"); got != "" {
				t.Errorf("a failed write leaves %q", got)
			}
			refused(t, w.Commit(noon), simulate.MakeFile, "/b/c.html", simulate.ErrNoSpace)
			w.Abort()
			// What is replaced and removed gives its room back.
			for i := range 100 {
				d.write("/a.html", body, noon.Add(time.Duration(i)))
				d.write("/b/d.html", body[:500], noon)
				if err := d.Remove("/b/d.html"); err != nil {
					t.Fatal(err)
				}
			}
			// Names take room too.
			err = nil
			for i := 0; err == nil && i < 1000; i++ {
				err = d.Touch("/"+strings.Repeat("n", i%200+1), 0o755, noon)
			}
			refused(t, err, simulate.TouchFile, err.(*simulate.StoreError).Name, simulate.ErrNoSpace)
			_, err = d.Create("/z/z/z/z/z/z/z/z/z/z/z/z/z/z/z/z/z/z/z/z/z.html", 0o755)
			if !errors.Is(err, simulate.ErrNoSpace) {
				t.Errorf("got %v", err)
			}
			if got := d.read("/a.html"); got != body {
				t.Errorf("%d bytes are left", len(got))
			}
		})
	}
}

// TestMemoryCounts: what is removed leaves nothing counted.
func TestMemoryCounts(t *testing.T) {
	m := new(Memory)
	d := open(t, m, outer)
	before := m.t.used
	d.write("/a/b/c.html", "12345", noon)
	d.write("/a/b/c.html", "123", noon)
	if err := d.Touch("/a/.stat", 0o755, noon); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/a/b/c.html", "/a/b", "/a/.stat", "/a"} {
		if err := d.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if m.t.used != before {
		t.Errorf("%d bytes are counted, want %d", m.t.used, before)
	}
}

func TestPutList(t *testing.T) {
	tests := []struct {
		name, list, want, err string
	}{
		{name: "paths", list: "/a.html\n/b/c.html\r\n\n# a comment\n  /d.html  \n/a.html\n", want: "/a.html /b/ /b/c.html /d.html"},
		{name: "URLs", list: "https://www.example.com/a.html?x=1\nhttp://h/b%20c.html#top\nhttps://h\nhttps://h?q\n", want: "/a.html /b c.html"},
		{name: "of find", list: ".\n./a\n./a/b.html\n/mnt/var/www/html/c.html\n/mnt/var/www/html\n", want: "/a/ /a/b.html /c.html"},
		{name: "byte order mark", list: "\ufeff/a.html", want: "/a.html"},
		{name: "a folder", list: "/a/b/\n", want: "/a/ /a/b/"},
		{name: "a page with a suffix", list: "/a.html\n/a.html/s.html\n", want: "/a.html/ /a.html/s.html"},
		{name: "no escape", list: "/100%.html\n/x%zz\n", want: "/100%.html /x%zz"},
		{name: "another root", list: "/mnt/var/www/html2/x", want: "/mnt/ /mnt/var/ /mnt/var/www/ /mnt/var/www/html2/ /mnt/var/www/html2/x"},
		{name: "dots", list: "/a\n/a/../b\n", err: "line 2: \"/a/../b\": outside of the document root"},
		{name: "escaped dots", list: "/%2e%2e/b\n", err: "line 1: \"/%2e%2e/b\": outside of the document root"},
		{name: "no slash", list: "\n\na.html\n", err: `line 3: "a.html" is no URL or path: start it with a slash`},
		{name: "a long line", list: "/a\n/" + strings.Repeat("x", maxListLine), err: "line 2: bufio.Scanner: token too long"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := new(Memory)
			n, err := m.PutList(outer, strings.NewReader(test.list), noon)
			if err != nil || test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("got error %v, want %s", err, test.err)
				}
				return
			}
			d := open(t, m, outer)
			var got []string
			files := 0
			var walk func(folder string)
			walk = func(folder string) {
				entries, err := d.List(folder)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					if e.Kind == simulate.FileFolder {
						got = append(got, folder+e.Name+"/")
						walk(folder + e.Name + "/")
						continue
					}
					files++
					got = append(got, folder+e.Name)
					if !e.Mod.Equal(noon) {
						t.Errorf("%s is of %v", e.Name, e.Mod)
					}
				}
			}
			walk("/")
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if n != files {
				t.Errorf("%d files said, %d there", n, files)
			}
		})
	}
}
