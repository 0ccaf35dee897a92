package serve

import (
	"io"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/internal/docroot"
	"github.com/dispcheck/dispcheck/simulate"
)

// TestStoredIsSeen: what is stored, and removed beside it, is seen at once, however often it was looked for before.
func TestStoredIsSeen(t *testing.T) {
	disk, err := docroot.NewDisk(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	for name, store := range map[string]simulate.Store{"disk": disk, "memory": new(docroot.Memory)} {
		s := &Server{}
		s.ctx = t.Context()
		root, err := (&cacheStore{Store: store, keeper: newKeeper(s, 1<<30), hot: newHotFiles()}).Docroot("/r")
		if err != nil {
			t.Fatal(err)
		}
		look := func(when string, kinds map[string]simulate.FileKind) {
			t.Helper()
			for name, want := range kinds {
				for range 3 * hotAfter {
					if info, err := root.Stat(name); info.Kind != want || err != nil {
						t.Fatalf("%s: %s is of kind %v, want %v (%v)", when, name, info.Kind, want, err)
					}
					f, err := root.Open(name)
					if (err == nil) != (want == simulate.FileRegular) {
						t.Fatalf("%s: %s: %v", when, name, err)
					}
					if err == nil {
						f.Close()
					}
				}
			}
		}
		const page, gone, file, folder = "/a/b/page.html", simulate.FileMissing, simulate.FileRegular, simulate.FileFolder
		for i, first := range []bool{true, false} {
			if first {
				look(name+", before", map[string]simulate.FileKind{page: gone, page + ".h": gone, page + ".ttl": gone, "/a/b": gone, "/a": gone})
			}
			w, err := root.Create(page, 0o755)
			if err != nil {
				t.Fatal(err)
			}
			look(name+", meanwhile", map[string]simulate.FileKind{"/a/b": folder, "/a": folder})
			io.WriteString(w, "page")
			n, ok := w.(simulate.Neighbour)
			if !ok { // whose folder was made with it, or is in memory
				for _, suffix := range []string{".h", ".ttl"} {
					f, err := root.Create(page+suffix, 0o755)
					if err != nil {
						t.Fatal(err)
					}
					if err := f.Commit(time.Unix(int64(i), 0)); err != nil {
						t.Fatal(err)
					}
				}
			} else {
				if err := n.RemoveBeside(".ttl"); err != nil {
					t.Fatal(err)
				}
				look(name+", removed", map[string]simulate.FileKind{page + ".ttl": gone})
				h, err := n.CreateBeside(".h", 0o755)
				if err != nil {
					t.Fatal(err)
				}
				io.WriteString(h, "longer than before")
				if err := h.Commit(time.Unix(int64(i), 0)); err != nil {
					t.Fatal(err)
				}
				if info, _ := root.Stat(page + ".h"); info.Size != 18 {
					t.Errorf("%s: the older headers are seen: %d bytes", name, info.Size)
				}
			}
			if err := w.Commit(time.Unix(int64(i), 0)); err != nil {
				t.Fatal(err)
			}
			ttl := file
			if ok {
				ttl = gone
			}
			look(name+", after", map[string]simulate.FileKind{page: file, page + ".h": file, page + ".ttl": ttl, "/a/b": folder})
			if info, _ := root.Stat(page); !info.Mod.Equal(time.Unix(int64(i), 0)) {
				t.Errorf("%s: the older page is seen: %v", name, info.Mod)
			}
		}
	}
}
