package simulate

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// flushNames are segments of names that are easily taken for each other.
var flushNames = []string{"a", "a.b", "ab", "_jcr_content", "a.html", "b", "en", "en.html", "en-gb.html", "en.print.html", "en.html.h", ".stat", "a b", "%41", "jcr:content"}

// randomName makes a name of some segments.
func randomName(r *rand.Rand, depth int) string {
	var b strings.Builder
	for range 1 + r.IntN(depth) {
		b.WriteByte('/')
		b.WriteString(flushNames[r.IntN(len(flushNames))])
	}
	return b.String()
}

// randomCache puts files and links, none below another.
func randomCache(r *rand.Rand, root *flushRoot) {
	for range 30 {
		name := randomName(r, 5)
		free := root.files[name] == nil
		for dir := name; free && strings.Count(dir, "/") > 1; {
			dir = dir[:strings.LastIndexByte(dir, '/')]
			if n := root.files[dir]; n != nil && n.kind != FileFolder {
				free = false
			}
		}
		switch {
		case !free:
		case r.IntN(8) == 0:
			root.link(name, []string{"", "/", "/a", randomName(r, 3)}[r.IntN(4)])
		default:
			root.put(name, flushTime(0))
		}
	}
}

// mayDelete says whether a flush of a handle may take a name away: by the text of the documentation alone.
func mayDelete(name, handle string, below bool) bool {
	rest, ok := strings.CutPrefix(name, handle)
	return ok && (rest == "" || rest[0] == '.' && !strings.Contains(rest, "/") ||
		rest == contentFolder || strings.HasPrefix(rest, contentFolder+"/") || below && rest[0] == '/')
}

// TestFlushStaysWithItsHandle: what a flush deletes are names of its handle, what it touches are statfiles above it;
// nothing else of the cache changes. What is touched at a level is the beginning of what is touched at the next.
func TestFlushStaysWithItsHandle(t *testing.T) {
	actions := []string{"Activate", "Delete", "deactivate", "Test", "Reorder"}
	deleted := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		handle, action := randomName(r, 4), actions[r.IntN(len(actions))]
		var before []string
		for level := range 8 {
			w := newFlushWorld(t, fmt.Sprintf(`/cache { /docroot "/d" /statfileslevel "%d" }`, level), Options{})
			randomCache(rand.New(rand.NewPCG(seed, 2)), w.root)
			was := map[string]flushNode{}
			for name, n := range w.root.files {
				was[name] = *n
			}
			v := &w.decideFlush(t, newFlush(action, handle), nil).Invalidation
			for name, n := range was {
				now := w.root.files[name]
				switch {
				case throughLink(was, handle): // the names are then those that it leads to
				case now == nil && !mayDelete(name, handle, deletesBelow(action)):
					t.Fatalf("seed %d: %s of %s deleted %s", seed, action, handle, name)
				case now == nil && n.kind != FileFolder:
					deleted++
					if !slices.Contains(v.Deleted, name) {
						t.Fatalf("seed %d: %s of %s deleted %s and does not say so: %s", seed, action, handle, name, v.Deleted)
					}
				case now != nil && now.mod != n.mod && !strings.HasSuffix(name, "/.stat"):
					t.Fatalf("seed %d: %s was touched", seed, name)
				}
			}
			for name := range w.root.files {
				if _, ok := was[name]; !ok && !slices.Contains(v.Touched, name) && !throughLink(was, handle) {
					t.Fatalf("seed %d: %s was made", seed, name)
				}
			}
			for _, name := range v.Touched {
				folder := strings.TrimSuffix(name, "/.stat")
				if !strings.HasPrefix(handle, folder+"/") || strings.Count(folder, "/") > level {
					t.Fatalf("seed %d, level %d: flush of %s touched %s", seed, level, handle, name)
				}
			}
			if !slices.IsSorted(v.Deleted) || !slices.IsSorted(v.Folders) {
				t.Fatalf("not in order: %s, %s", v.Deleted, v.Folders)
			}
			if len(v.Touched) < len(before) || !slices.Equal(v.Touched[:len(before)], before) {
				t.Fatalf("seed %d, level %d: touched %s after %s", seed, level, v.Touched, before)
			}
			before = v.Touched
		}
	}
	if deleted < 100 {
		t.Errorf("only %d files were deleted: the caches do not fit the handles", deleted)
	}
}

// throughLink reports whether a name has a link above it, so that it stands for another.
func throughLink(files map[string]flushNode, name string) bool {
	for dir := name; strings.Count(dir, "/") > 1; {
		dir = dir[:strings.LastIndexByte(dir, '/')]
		if n, ok := files[dir]; ok && n.kind == FileLink {
			return true
		}
	}
	return false
}

// TestStaleAfterAgrees: what WhatIf foretells is what a flush then does to a cache whose folders have their statfiles.
func TestStaleAfterAgrees(t *testing.T) {
	const rules = `/invalidate { /1 { /glob "*" /type "deny" } /2 { /glob "*.html" /type "allow" } /3 { /glob "*/b/*" /type "deny" } }`
	actions := []string{"Activate", "Delete", "Deactivate", "Test"}
	stale := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		flush := FlushRequest{Handle: randomName(r, 3), Action: actions[r.IntN(len(actions))]}
		if r.IntN(5) == 0 {
			flush.Scope = "ResourceOnly"
		}
		level := r.IntN(6)
		w := newFlushWorld(t, fmt.Sprintf(`/cache { /docroot "/d" /statfileslevel "%d" %s }`, level, rules), Options{})
		cache := (&flushStore{}).root("/d")
		randomCache(r, cache)
		// No links: names are all that is foretold from. No folder where a statfile goes, and none that is empty.
		for name, n := range cache.files {
			if n.kind == FileRegular && !strings.Contains(name, "/.stat") {
				w.root.put(name, flushTime(0))
			}
		}
		var names []string
		for _, name := range w.root.names(true) {
			switch {
			case w.root.files[name].kind == FileRegular:
				names = append(names, name)
			case strings.Count(name, "/") <= level:
				w.root.put(strings.TrimSuffix(name, "/")+"/.stat", flushTime(0))
			}
		}
		farm := w.Config().Farms[0]
		effects, err := w.WhatIf(farm, slices.Values(names), flush, []int{level})
		if err != nil {
			t.Fatal(err)
		}
		got := effects[0]
		v := &w.decideFlush(t, newFlush(flush.Action, flush.Handle, "CQ-Action-Scope", flush.Scope), nil).Invalidation
		left := map[string]bool{}
		var wantStale []string
		err = w.Survey(context.Background(), farm, AtOnce, func(f CachedFile) error {
			left[f.Name] = true
			if !f.Validity.Fresh {
				wantStale = append(wantStale, f.Name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Stale, wantStale) {
			t.Fatalf("seed %d: %+v at level %d of %s: foretold stale %s, is %s", seed, flush, level, names, got.Stale, wantStale)
		}
		for _, name := range got.Deleted {
			if left[name] {
				t.Fatalf("seed %d: %+v of %s: %s was to be deleted", seed, flush, names, name)
			}
		}
		pages := 0
		for _, name := range names {
			if !isSpecial(name) {
				pages++
			}
		}
		if got.Files != pages || pages-len(got.Deleted) != len(left) {
			t.Fatalf("seed %d: %+v of %q: %d pages, %d to be deleted, left %v", seed, flush, names, pages, len(got.Deleted), left)
		}
		if !slices.Equal(got.Touched, v.Touched) {
			t.Fatalf("seed %d: %+v at level %d of %s: foretold touched %s, is %s", seed, flush, level, names, got.Touched, v.Touched)
		}
		stale += len(wantStale)
	}
	if stale < 100 {
		t.Errorf("only %d files became stale: the caches do not fit the handles", stale)
	}
}

// TestFlushesAndRequestsAtOnce is for the race detector: flushes, surveys and requests of many.
func TestFlushesAndRequestsAtOnce(t *testing.T) {
	config := `/farms { /f { /renders { /r { /hostname "127.0.0.1" } } /cache { /docroot "/d" /statfileslevel "2"
		/rules { /1 { /glob "*" /type "allow" } } /invalidate { /1 { /glob "*" /type "allow" } } /statfile "/d/x" } }
		/g { /virtualhosts { "g" } /cache { /docroot "/d" /statfile "/tmp/stat" } } }`
	w := newFlushWorld(t, config, Options{Backend: &flushBackend{}}, "/content/a.html", "/content/a/b.html", "/content/a/_jcr_content/i.png", "/content/c.html")
	var wait sync.WaitGroup
	for worker := range 6 {
		wait.Go(func() {
			for i := range 60 {
				var d Decision
				r := newFlush([]string{"Activate", "Delete"}[i%2], []string{"/content/a", "/content/c"}[i/2%2])
				if i%3 == 0 {
					r.Header = append(r.Header, Field{"Content-Type", "text/plain"})
					r.Body = strings.NewReader("/content/a.html\n/content/a/b.html\n")
				}
				if i%5 == 0 {
					r.Host = "g"
				}
				if worker%2 == 0 {
					r = &Request{Method: "GET", Target: "/content/a.html", Host: "f"}
					w.root.put(fmt.Sprintf("/content/a/%d.html", i), w.time.Now())
				}
				if err := w.Decide(context.Background(), r, &d, nil); err != nil {
					t.Error(err)
				}
				if err := w.Survey(context.Background(), w.Config().Farms[0], AtOnce, func(CachedFile) error { return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if got := w.memory.refreshing.files; len(got) != 0 {
		t.Errorf("left as being fetched: %v", got)
	}
}

// TestStoreRefuses: what a store refuses is said, and the flush goes on and is answered.
func TestStoreRefuses(t *testing.T) {
	w := newFlushWorld(t, `/cache { /docroot "/d" /statfileslevel "1" }`, Options{}, "/content/a.html", "/content/a.print.html", "/content/a/b.html", "/content/a/c/d.html")
	w.root.refused["/content/a.html"] = fs.ErrPermission
	w.root.refused["/content/a/c/d.html"] = fs.ErrPermission
	w.root.refused["/.stat"] = fs.ErrPermission
	var trace Trace
	d := w.decideFlush(t, newFlush("Delete", "/content/a"), &trace)
	v := &d.Invalidation
	if d.Response.Status != 200 || d.Reason != FlushDone {
		t.Errorf("got %d, %s", d.Response.Status, d.Reason)
	}
	for _, c := range []struct {
		what      string
		got, want []string
	}{
		{"deleted", v.Deleted, []string{"/content/a.print.html", "/content/a/b.html"}},
		{"folders", v.Folders, nil},
		{"failed", v.Failed, []string{"/.stat", "/content/a.html", "/content/a/c/d.html"}},
		{"touched", v.Touched, []string{"/content/.stat"}},
		{"left", w.root.names(false), []string{"/content/.stat", "/content/a.html", "/content/a/c/d.html"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
		}
	}
	if err := hasLine(&trace, "[N] /content/a.html: removing /content/a.html: permission denied; the flush goes on"); err != nil {
		t.Error(err)
	}
	many := newFlushWorld(t, `/cache { /docroot "/d" }`, Options{})
	for i := range maxSaid + 7 {
		name := fmt.Sprintf("/a/%03d.html", i)
		many.root.put(name, flushTime(0))
		many.root.refused[name] = fs.ErrPermission
	}
	trace.Reset()
	d = many.decideFlush(t, newFlush("Delete", "/a"), &trace)
	if err := hasLine(&trace, "[N] 7 more files could not be deleted"); err != nil || len(d.Invalidation.Failed) != maxSaid {
		t.Errorf("%d said: %v", len(d.Invalidation.Failed), err)
	}
}

// FuzzFlush: no handle, action or body makes a flush leave what its handle names.
func FuzzFlush(f *testing.F) {
	for _, s := range []string{"/content/a", "/", "", "/../x", "//content//a/", "/content/./a/../b", "content", "/a\x00b", "/%2e%2e/x", `/a\..\b`, "/content/.stat", "/.", "/..", "/content/a/_jcr_content"} {
		f.Add(s, "Activate", "/content/a.html\n")
		f.Add(s, "DELETE", "/../x\r\n\r\n/%zz\n/a?b\n\x00")
	}
	f.Fuzz(func(t *testing.T, handle, action, body string) {
		w := newFlushWorld(t, `/cache { /docroot "/d" /statfileslevel "2" /rules { /1 { /glob "*" /type "allow" } } }`, Options{},
			"/content/a.html", "/content/a/b.html", "/content/a/_jcr_content/c.png", "/content/b.html", "/x", "/.htaccess")
		w.root.link("/content/a/up", "/")
		before := w.root.names(false)
		r := newFlush(action, handle, "Content-Type", "text/plain")
		r.Body, r.Length = strings.NewReader(body), int64(len(body))
		var trace Trace
		d := w.decideFlush(t, r, &trace)
		if d.Response.Status != 200 {
			t.Errorf("status %d", d.Response.Status)
		}
		clean, ok := cleanHandle(d.Invalidation.Handle, len("/d"))
		after := w.root.names(false)
		for _, name := range before {
			if slices.Contains(after, name) {
				continue
			}
			if !ok || !mayDelete(name, strings.TrimSuffix(clean, "/"), clean != "/" && deletesBelow(action)) {
				// A handle may lead through a link of the cache to itself.
				if !strings.HasPrefix(clean, "/content/a/up") {
					t.Errorf("%s of %q deleted %s", action, handle, name)
				}
			}
		}
		if !slices.Contains(after, "/.htaccess") {
			t.Error("/.htaccess was deleted")
		}
	})
}

// BenchmarkFlush activates one page of a folder with 10,000 files.
func BenchmarkFlush(b *testing.B) {
	store := &flushStore{}
	root := &manyFiles{flushRoot: store.root("/d")}
	root.put("/content/page.html", flushTime(0))
	for i := range 10_000 {
		root.list = append(root.list, Entry{fmt.Sprintf("page%05d.html", i), FileInfo{Kind: FileRegular}})
	}
	e := New(decode(b, `/cache { /docroot "/d" /statfileslevel "2" }`, Version{}, nil), Options{Store: manyStore{root}})
	r := newFlush("Activate", "/content/page05000")
	var d Decision
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Decide(context.Background(), r, &d, nil); err != nil {
			b.Fatal(err)
		}
	}
	if len(d.Invalidation.Deleted) != 1 || len(d.Invalidation.Touched) != 2 {
		b.Fatalf("got %+v", d.Invalidation)
	}
}

// BenchmarkNoFlush is a request that is none, with headers as browsers send them.
func BenchmarkNoFlush(b *testing.B) {
	e := New(decode(b, `/cache { /docroot "/d" }`, Version{}, nil), Options{})
	x := &Exchange{Request: &Request{Method: "GET", Header: Header{
		{"User-Agent", "x"}, {"Accept", "*/*"}, {"Accept-Language", "en"}, {"Accept-Encoding", "gzip"}, {"Cookie", "a=b"}, {"Cache-Control", "max-age=0"}, {"Connection", "keep-alive"},
	}}, Decision: &Decision{URI: "/content/a.html"}, engine: e, farm: e.farms.farms[0]}
	b.ReportAllocs()
	for b.Loop() {
		if d, err := (invalidateStage{}).Run(context.Background(), x); d != nil || err != nil {
			b.Fatal(d, err)
		}
	}
}

// manyStore has one document root, with one folder of many files that never change.
type manyStore struct{ root *manyFiles }

func (s manyStore) Docroot(string) (Docroot, error) { return s.root, nil }

type manyFiles struct {
	*flushRoot
	list []Entry
}

func (m *manyFiles) List(name string) ([]Entry, error) {
	if name == "/content" {
		return slices.Clone(m.list), nil
	}
	return m.flushRoot.List(name)
}

func (m *manyFiles) Remove(string) error { return nil }
