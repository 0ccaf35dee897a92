package docroot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dispcheck/dispcheck/simulate"
)

// TestStoresAgree runs the same steps, chosen by chance, on every store: each must answer as the first does.
func TestStoresAgree(t *testing.T) {
	names := []string{"/", "/a", "/a/", "/a/b", "/a/b/c", "/a/b/c/d", "/b", "/b/a", "/content/site/a", "/content/site", "/content",
		"/a//b", "/a/../b", "/" + strings.Repeat("l", 250), "/a/" + strings.Repeat("l", 260), ""}
	for seed := range uint64(12) {
		var transcripts []string
		for _, s := range stores {
			random := rand.New(rand.NewPCG(seed, 3))
			store := s.make(t)
			out, in := open(t, store, outer).Docroot, open(t, store, inner).Docroot
			if o, ok := store.(*Overlay); ok && seed%2 == 1 {
				// The first half of the steps is done below, where it must show through.
				out, in = open(t, o.Base, outer).Docroot, open(t, o.Base, inner).Docroot
			}
			var log strings.Builder
			var writers []simulate.NewFile
			for step := range 80 {
				if step == 40 {
					for _, w := range writers {
						w.Abort()
					}
					writers = nil
					out, in = open(t, store, outer).Docroot, open(t, store, inner).Docroot
				}
				d, name := out, names[random.IntN(len(names))]
				if random.IntN(4) == 0 {
					d = in
				}
				at := noon.Add(time.Duration(random.IntN(1000)) * time.Second)
				fmt.Fprintf(&log, "%d %.20q ", step, name)
				switch random.IntN(8) {
				case 0, 1:
					fmt.Fprintln(&log, "write", class(write(d, name, strings.Repeat("x", step), at)))
				case 2:
					w, err := d.Create(name, 0o755)
					if err == nil {
						writers = append(writers, w)
					}
					fmt.Fprintln(&log, "create", class(err))
				case 3:
					if len(writers) > 0 {
						fmt.Fprintln(&log, "commit", class(writers[0].Commit(at)))
						writers = writers[1:]
					}
				case 4:
					fmt.Fprintln(&log, "touch", class(d.Touch(name, 0o755, at)))
				case 5, 6:
					fmt.Fprintln(&log, "remove", class(d.Remove(name)))
				case 7:
					f, err := d.Open(name)
					fmt.Fprintln(&log, "open", class(err))
					if err == nil {
						var body bytes.Buffer
						n, err := io.Copy(&body, f)
						fmt.Fprintln(&log, n, body.Len(), class(err), f.Info().Size, f.Info().Mod.Unix(), class(f.Close()))
					}
				}
				for _, name := range names {
					for _, d := range []simulate.Docroot{out, in} {
						info, err := d.Stat(name)
						fmt.Fprint(&log, info.Kind)
						if info.Kind == simulate.FileRegular {
							fmt.Fprint(&log, ":", info.Size, ":", info.Mod.Unix())
						}
						list, err2 := d.List(name)
						fmt.Fprint(&log, " ", class(err), class(err2))
						for _, e := range list {
							if len(e.Name) > tempSuffix && e.Name[len(e.Name)-tempSuffix] == '_' {
								e.Name = e.Name[:len(e.Name)-10]
							}
							fmt.Fprint(&log, " ", e.Name, e.Kind)
						}
						fmt.Fprint(&log, ";")
					}
				}
				fmt.Fprintln(&log)
			}
			for _, w := range writers {
				w.Abort()
			}
			transcripts = append(transcripts, log.String())
		}
		for i, got := range transcripts[1:] {
			if got == transcripts[0] {
				continue
			}
			a, b := strings.Split(transcripts[0], "\n"), strings.Split(got, "\n")
			for n := range a {
				if n >= len(b) || a[n] != b[n] {
					t.Fatalf("seed %d: after\n%s\n%s says\n%s\nand %s\n%s", seed, strings.Join(a[max(0, n-3):n], "\n"), stores[0].name, a[n], stores[i+1].name, b[min(n, len(b)-1)])
				}
			}
		}
	}
}

// class names an error by what a caller can tell of it.
func class(err error) string {
	if err == nil {
		return "ok"
	}
	name := "?"
	for _, known := range []error{simulate.ErrIsFolder, simulate.ErrNotFolder, simulate.ErrNameTooLong, simulate.ErrOutside,
		simulate.ErrNoSpace, fs.ErrNotExist, fs.ErrExist, fs.ErrClosed} {
		if errors.Is(err, known) {
			name = known.Error()
			break
		}
	}
	var e *simulate.StoreError
	if errors.As(err, &e) {
		name = fmt.Sprintf("step %d %.20s: %s", e.Step, e.Name, name)
	}
	if name == "?" {
		name = err.Error()
	}
	return name
}

// unplaced is a store that does not tell where its document roots are.
type unplaced struct{ simulate.Store }

func TestOverlayOfAnyStore(t *testing.T) {
	testStore(t, func(testing.TB) simulate.Store { return &Overlay{Base: unplaced{new(Memory)}} })
}

func TestPut(t *testing.T) {
	m := new(Memory)
	if err := m.Put(outer, "/a/b.html", []byte("x"), noon); err != nil {
		t.Fatal(err)
	}
	if err := m.PutFolder(outer, "/a/c/"); err != nil {
		t.Fatal(err)
	}
	refused(t, m.Put(outer, "/a/b.html/c", nil, noon), simulate.MakeParent, "/a/b.html", simulate.ErrNotFolder)
	refused(t, m.Put(outer, "/a", nil, noon), simulate.MakeFile, "/a", simulate.ErrIsFolder)
	refused(t, m.PutFolder(outer, "/a/b.html"), simulate.MakeParent, "/a/b.html", simulate.ErrNotFolder)
	refused(t, m.PutFolder(outer, "/../x"), simulate.MakeParent, "/../x", simulate.ErrOutside)
	if got := open(t, m, outer).list("/a"); got != "b.html c/" {
		t.Errorf("got %q", got)
	}
	// A file where the document root is needed.
	if _, err := m.Docroot(outer + "/a/b.html/x"); err != nil {
		t.Errorf("a root inside another is made when it is written to: %v", err)
	}
}
