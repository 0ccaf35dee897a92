package gitfs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestFS(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			r := newRepo(t, "--object-format="+format)
			r.stage("100644", "dispatcher.any", "/farms { }\n")
			r.stage("100755", "bin/run", "#!/bin/sh\n")
			r.stage("100644", "conf-d", "x")
			r.stage("100644", "conf/a.any", "a")
			r.stage("100644", "conf/empty", "")
			r.stage("100644", "conf.d/b.any", "b")
			r.stage("120000", "enabled/a.any", "../conf/a.any")
			r.stage("120000", "all", "conf")
			r.commit()
			f := r.open("HEAD")
			if err := fstest.TestFS(f, "dispatcher.any", "bin/run", "conf-d", "conf/a.any", "conf.d/b.any", "conf/empty", "enabled/a.any"); err != nil {
				t.Error(err)
			}
			want := "all -> conf\nbin/run: \"#!/bin/sh\\n\"\nconf/a.any: \"a\"\nconf/empty: \"\"\nconf-d: \"x\"\nconf.d/b.any: \"b\"\n" +
				"dispatcher.any: \"/farms { }\\n\"\nenabled/a.any -> ../conf/a.any\n"
			if diff := cmp.Diff(want, shown(t, f)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(want, shown(t, r.open(Index))); diff != "" {
				t.Errorf("the index: %s", diff)
			}
			if got, want := f.Commit(), r.git("rev-parse", "HEAD"); got != want {
				t.Errorf("commit: got %s, want %s", got, want)
			}
			for name, want := range map[string]string{
				"bin/run":       "-rwxr-xr-x 10 run",
				"conf/a.any":    "-rw-r--r-- 1 a.any",
				"conf":          "drwxr-xr-x 0 conf",
				".":             "drwxr-xr-x 0 .",
				"enabled/a.any": "-rw-r--r-- 1 a.any",
				"all/a.any":     "-rw-r--r-- 1 a.any",
				"all":           "drwxr-xr-x 0 all",
			} {
				info, err := f.Stat(name)
				if err != nil {
					t.Errorf("stat %s: %v", name, err)
				} else if got := fmt.Sprintf("%v %d %s", info.Mode(), info.Size(), info.Name()); got != want {
					t.Errorf("stat %s: got %s, want %s", name, got, want)
				}
			}
			if info, err := f.Lstat("all"); err != nil || info.Mode() != fs.ModeSymlink|0o777 || info.Size() != 4 {
				t.Errorf("lstat all: got %v, %v; want a link of 4 bytes", info, err)
			}
		})
	}
}

func TestLinks(t *testing.T) {
	r := newRepo(t)
	r.stage("100644", "a/b/file", "text")
	r.stage("100644", "top", "top")
	for name, target := range map[string]string{
		"good":           "a/b/file",
		"a/b/up":         "../../top",
		"folder":         "./a//b/",
		"twice":          "folder/up",
		"a/here":         ".",
		"through":        "a/here/here/b/../b/file",
		"physical":       "folder/../b/file", // .. is of a/b, where the link leads
		"absolute":       "/etc/passwd",
		"leaving":        "a/../../other",
		"self":           "self",
		"round":          "a/round",
		"a/round":        "../round",
		"dangling":       "a/nothing",
		"empty":          "",
		"file as folder": "top/",
		"file above":     "top/../top",
		"long":           strings.Repeat("x", 5000),
	} {
		r.stage("120000", name, target)
	}
	f := r.open(Index)
	for _, tt := range []struct {
		name, want, err string
		absent          bool
	}{
		{name: "good", want: "text"},
		{name: "a/b/up", want: "top"},
		{name: "folder/file", want: "text"},
		{name: "twice", want: "top"},
		{name: "through", want: "text"},
		{name: "physical", want: "text"},
		{name: "absolute", err: "a link leaves the repository: /etc/passwd", absent: true},
		{name: "leaving", err: "a link leaves the repository: a/../../other", absent: true},
		{name: "self", err: "do they lead in a circle?"},
		{name: "round", err: "do they lead in a circle?"},
		{name: "dangling", err: "file does not exist", absent: true},
		{name: "empty", err: "file does not exist", absent: true},
		{name: "file as folder", err: "file does not exist", absent: true},
		{name: "file above", err: "file does not exist", absent: true},
		{name: "long", err: "more than the 4095"},
		{name: "folder", err: "it is a folder, not a file"},
		{name: "top/x", err: "file does not exist", absent: true},
		{name: "a/../top", err: "invalid argument"},
		{name: "/top", err: "invalid argument"},
		{name: "", err: "invalid argument"},
	} {
		t.Run("read "+tt.name, func(t *testing.T) {
			text, err := f.ReadFile(tt.name)
			if string(text) != tt.want || !says(err, tt.err) || errors.Is(err, fs.ErrNotExist) != tt.absent {
				t.Errorf("got %q, %v; want %q, %q, absent %t", text, err, tt.want, tt.err, tt.absent)
			}
			if _, statErr := f.Stat(tt.name); tt.name != "folder" && (statErr == nil) != (err == nil) {
				t.Errorf("stat: got %v, reading it says %v", statErr, err)
			}
		})
	}
	if got, err := f.ReadLink("absolute"); got != "/etc/passwd" || err != nil {
		t.Errorf("readlink: got %q, %v", got, err)
	}
	if _, err := f.ReadLink("top"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("readlink of a file: got %v, want %v", err, fs.ErrInvalid)
	}
	if info, err := f.Lstat("self"); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("lstat of a circle: got %v, %v", info, err)
	}
	entries, err := f.ReadDir("folder")
	if err != nil || len(entries) != 2 || entries[1].Type() != fs.ModeSymlink || entries[0].Name() != "file" {
		t.Errorf("readdir through a link: got %v, %v", entries, err)
	}
	if _, err := f.ReadDir("top"); !says(err, "not a folder") {
		t.Errorf("readdir of a file: got %v", err)
	}
}

// says reports whether an error says a text; the empty text stands for no error.
func says(err error, text string) bool {
	if err == nil || text == "" {
		return err == nil && text == ""
	}
	return strings.Contains(err.Error(), text)
}

func TestNames(t *testing.T) {
	r := newRepo(t)
	names := []string{"two\nlines/a\tb.any", "caf\xe9.any", "caf\xc3\xa9.any", " lead", "-c", `back\slash`, `"quoted"`, "*?[", strings.Repeat("n", 300), "deep/" + strings.Repeat("d/", 300) + "f"}
	for i, name := range names {
		r.stage("100644", name, fmt.Sprint(i))
	}
	r.commit()
	for _, rev := range []string{"HEAD", Index} {
		f := r.open(rev)
		for i, name := range names {
			if text, err := f.ReadFile(name); err != nil || string(text) != fmt.Sprint(i) {
				t.Errorf("%s: got %q, %v; want %d", name, text, err, i)
			}
		}
	}
}

func TestTooLarge(t *testing.T) {
	r := newRepo(t)
	r.stage("100644", "fits", "12345678")
	r.stage("100644", "large", "123456789")
	f := r.open(Index)
	f.most = 8
	for range 2 { // the size is known the second time
		if text, err := f.ReadFile("large"); !errors.Is(err, ErrTooLarge) || !says(err, "9 bytes, more than the 8") {
			t.Errorf("got %q, %v", text, err)
		}
		if text, err := f.ReadFile("fits"); err != nil || string(text) != "12345678" {
			t.Errorf("got %q, %v", text, err)
		}
	}
	file, err := f.Open("large")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := file.Stat(); err != nil || info.Size() != 9 {
		t.Errorf("stat: got %v, %v; want 9 bytes", info, err)
	}
	if _, err := io.ReadAll(file); !errors.Is(err, ErrTooLarge) {
		t.Errorf("read: got %v", err)
	}
}

func TestIndex(t *testing.T) {
	r := newRepo(t)
	r.write("same", "same")
	r.write("staged", "old")
	r.write("unstaged", "old")
	r.write("removed", "x")
	r.write("empty", "")
	r.git("add", ".")
	r.commit()
	r.write("staged", "new")
	r.git("add", "staged")
	r.write("staged", "newer")
	r.write("unstaged", "new")
	r.git("rm", "-q", "removed")
	r.write("untracked", "x")
	r.write("added", "x")
	r.git("add", "added")
	r.write("intended", "x")
	r.write("intended empty", "")
	r.write("folder/intended", "x")
	r.git("add", "--intent-to-add", "intended", "intended empty", "folder/intended")
	r.write("sub/.gitkeep", "")
	r.git("add", "sub/.gitkeep")
	want := "added: \"x\"\nempty: \"\"\nsame: \"same\"\nstaged: \"new\"\nsub/.gitkeep: \"\"\nunstaged: \"old\"\n"
	f := r.open(Index)
	if diff := cmp.Diff(want, shown(t, f)); diff != "" {
		t.Error(diff)
	}
	if got := f.Commit(); got != "" {
		t.Errorf("commit: got %q, want none", got)
	}
	if diff := cmp.Diff("empty: \"\"\nremoved: \"x\"\nsame: \"same\"\nstaged: \"old\"\nunstaged: \"old\"\n", shown(t, r.open("HEAD"))); diff != "" {
		t.Error(diff)
	}
	sub := openAt(t, filepath.Join(r.dir, "sub"), Index)
	if diff := cmp.Diff(want, shown(t, sub)); diff != "" {
		t.Errorf("from a folder below: %s", diff)
	}
	// What is staged is what git commits.
	r.commit()
	if diff := cmp.Diff(want, shown(t, r.open("HEAD"))); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyIndex(t *testing.T) {
	r := newRepo(t)
	if got := shown(t, r.open(Index)); got != "./\n" {
		t.Errorf("got %q, want an empty folder", got)
	}
	if _, err := Open(t.Context(), r.dir, "HEAD"); !errors.Is(err, ErrUnknownRevision) {
		t.Errorf("HEAD of a repository without commits: got %v", err)
	}
}

func TestConflicts(t *testing.T) {
	r := newRepo(t)
	r.write("a", "1")
	r.git("add", "a")
	base := r.commit()
	r.git("checkout", "-q", "-b", "other")
	r.write("a", "2")
	r.git("commit", "-qam", "2")
	r.git("checkout", "-q", base)
	r.write("a", "3")
	r.git("commit", "-qam", "3")
	if _, err := r.run("", "merge", "other"); err == nil {
		t.Fatal("the merge has no conflict")
	}
	if _, err := Open(t.Context(), r.dir, Index); !errors.Is(err, ErrConflicts) || !says(err, "such as in a: resolve") {
		t.Errorf("got %v", err)
	}
	if got := shown(t, r.open("HEAD")); got != "a: \"3\"\n" {
		t.Errorf("HEAD, which is detached: got %q", got)
	}
}

func TestSubmodule(t *testing.T) {
	r := newRepo(t)
	r.stage("100644", "a", "1")
	commit := r.commit()
	r.git("update-index", "--add", "--cacheinfo", "160000,"+commit+",lib/sub")
	r.commit()
	for _, rev := range []string{"HEAD", Index} {
		if got := shown(t, r.open(rev)); got != "a: \"1\"\nlib/sub/\n" {
			t.Errorf("%s: got %q", rev, got)
		}
	}
}

func TestRevisions(t *testing.T) {
	r := newRepo(t)
	r.stage("100644", "a", "1")
	first := r.commit()
	r.git("tag", "-a", "-m", "a tag", "v1")
	r.stage("100644", "a", "2")
	r.git("commit", "-q", "-m", "fix farms")
	r.git("branch", "topic")
	for _, tt := range []struct{ rev, want, err string }{
		{rev: "HEAD", want: "2"},
		{rev: "HEAD~1", want: "1"},
		{rev: "v1", want: "1"},
		{rev: "topic", want: "2"},
		{rev: first[:10], want: "1"},
		{rev: ":/fix", want: "2"},
		{rev: "HEAD^{/a commit}", want: "1"},
		{rev: "@{0}", want: "2"},
		{rev: "nothing", err: `unknown revision "nothing": look`},
		{rev: "HEAD~9", err: "unknown revision"},
		{rev: "v1..topic", err: "unknown revision"},
		{rev: "^HEAD", err: "does not name a single commit"},
		{rev: "HEAD:a", err: "unknown revision"},
		{rev: "HEAD^{tree}", err: "unknown revision"},
		{rev: strings.Repeat("0", 40), err: "unknown revision"},
		{rev: "--all", err: "begins with -"},
		{rev: "-h", err: "begins with -"},
		{rev: "--output=x", err: "begins with -"},
		{rev: "HEAD\nHEAD", err: "no name of a revision"},
		{rev: "a\x00b", err: "no name of a revision"},
		{rev: "", err: "is empty: name a commit"},
	} {
		t.Run(tt.rev, func(t *testing.T) {
			f, err := Open(t.Context(), r.dir, tt.rev)
			if !says(err, tt.err) {
				t.Fatalf("got error %v, want %q", err, tt.err)
			}
			if err != nil {
				if tt.rev != "" && !errors.Is(err, ErrUnknownRevision) {
					t.Errorf("%v is not ErrUnknownRevision", err)
				}
				return
			}
			defer f.Close()
			if text, err := f.ReadFile("a"); string(text) != tt.want || err != nil {
				t.Errorf("got %q, %v; want %q", text, err, tt.want)
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	r := newRepo(t)
	r.write("a/two\n/b/file", "1")
	r.git("add", ".")
	r.commit()
	bare := filepath.Join(t.TempDir(), "bare.git")
	r.git("clone", "-q", "--bare", r.dir, bare)
	tree := filepath.Join(filepath.Dir(r.dir), filepath.Base(r.dir)+"-tree")
	t.Cleanup(func() { os.RemoveAll(tree) })
	r.git("worktree", "add", "-q", "--detach", tree)
	outside := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(r.dir, "a"), outside); err != nil {
		t.Skip(err)
	}
	moved := newRepo(t)
	elsewhere, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	moved.stage("100644", "a/two\n/b/file", "1")
	moved.commit()
	moved.git("config", "core.worktree", elsewhere)
	for _, tt := range []struct{ name, at, dir, base string }{
		{"top", r.dir, r.dir, "."},
		{"below", filepath.Join(r.dir, "a"), r.dir, "a"},
		{"a name of two lines", filepath.Join(r.dir, "a", "two\n", "b"), r.dir, "a/two\n/b"},
		{"through a link", outside, r.dir, "a"},
		{"bare", bare, "", "."},
		{"in .git", filepath.Join(r.dir, ".git"), "", "."},
		{"worktree", filepath.Join(tree, "a"), tree, "a"},
		{"core.worktree", moved.dir, "", "."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := openAt(t, tt.at, "HEAD")
			if f.Dir() != tt.dir || f.Base() != tt.base {
				t.Errorf("got %q, %q; want %q, %q", f.Dir(), f.Base(), tt.dir, tt.base)
			}
			if got, want := shown(t, f), "a/two\n/b/file: \"1\"\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if _, err := Open(t.Context(), tt.at, Index); tt.dir == "" && !says(err, "nothing is staged") || tt.dir != "" && err != nil {
				t.Errorf("the index: got %v", err)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	r := newRepo(t)
	empty := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(empty))
	r.write("file", "")
	if _, err := Open(t.Context(), empty, "HEAD"); !errors.Is(err, ErrNoRepository) || !says(err, "start in one") {
		t.Errorf("no repository: got %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(empty, "x"), "HEAD"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(r.dir, "file"), "HEAD"); !says(err, "is not a folder") {
		t.Errorf("a file: got %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(cancelled, r.dir, Index); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	t.Run("GIT_DIR", func(t *testing.T) {
		t.Setenv("GIT_DIR", filepath.Join(empty, "none"))
		if _, err := Open(t.Context(), r.dir, "HEAD"); !says(err, "GIT_DIR is set, and it names no repository") {
			t.Errorf("got %v", err)
		}
	})
	t.Setenv("PATH", empty)
	if _, err := Open(t.Context(), r.dir, "HEAD"); !errors.Is(err, ErrNoGit) || !says(err, "install it") {
		t.Errorf("no git: got %v", err)
	}
}

// TestMissing: what a partial clone has not is an error, and neither absent nor fetched.
func TestMissing(t *testing.T) {
	r := newRepo(t)
	r.git("config", "uploadpack.allowFilter", "true")
	r.git("config", "uploadpack.allowAnySHA1InWant", "true")
	r.stage("100644", "a", "1")
	r.stage("120000", "link", "a")
	r.commit()
	partial := &repo{t, filepath.Join(t.TempDir(), "partial")}
	r.git("clone", "-q", "--no-checkout", "--filter=blob:none", "file://"+filepath.ToSlash(r.dir), partial.dir)
	asked := filepath.ToSlash(filepath.Join(t.TempDir(), "asked"))
	partial.git("config", "remote.origin.uploadpack", "touch '"+asked+"'; git-upload-pack")
	treeless := filepath.Join(t.TempDir(), "treeless")
	r.git("clone", "-q", "--no-checkout", "--filter=tree:0", "file://"+filepath.ToSlash(r.dir), treeless)
	if _, err := Open(t.Context(), treeless, "HEAD"); !errors.Is(err, ErrMissing) || !says(err, "folders of this revision") {
		t.Errorf("a clone without folders: got %v", err)
	}
	damaged := &repo{t, filepath.Join(t.TempDir(), "damaged")}
	r.git("clone", "-q", "--no-checkout", "--no-local", r.dir, damaged.dir)
	damaged.git("update-ref", "--no-deref", "HEAD", damaged.git("commit-tree", "-m", "x", func() string {
		out, err := damaged.run("100644 blob "+strings.Repeat("1", 40)+"\ta\n120000 blob "+strings.Repeat("2", 40)+"\tlink\n100644 blob "+damaged.blob("there")+"\tthere\n", "mktree", "--missing")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}()))
	for _, c := range []*repo{partial, damaged} {
		t.Run(filepath.Base(c.dir), func(t *testing.T) {
			f := openAt(t, c.dir, "HEAD")
			for range 2 {
				for _, name := range []string{"a", "link"} {
					_, err := f.ReadFile(name)
					if !errors.Is(err, ErrMissing) || errors.Is(err, fs.ErrNotExist) {
						t.Errorf("reading %s: got %v", name, err)
					}
					if _, err := f.Stat(name); !errors.Is(err, ErrMissing) {
						t.Errorf("stat %s: got %v", name, err)
					}
				}
			}
			if entries, err := f.ReadDir("."); err != nil || len(entries) < 2 {
				t.Errorf("readdir: got %v, %v", entries, err)
			}
		})
	}
	if _, err := os.Stat(asked); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the repository that it is a clone of was asked: %v", err)
	}
	partial.git("cat-file", "-e", "HEAD:a") // as the message says
	if _, err := os.Stat(asked); err != nil {
		t.Errorf("it cannot be seen whether the repository is asked: %v", err)
	}
	if text, err := openAt(t, partial.dir, "HEAD").ReadFile("a"); err != nil || string(text) != "1" {
		t.Errorf("what has been fetched: got %q, %v", text, err)
	}
	if text, err := openAt(t, damaged.dir, "HEAD").ReadFile("there"); err != nil || string(text) != "there" {
		t.Errorf("what is there: got %q, %v", text, err)
	}
}

// TestDamaged: a content that cannot be unpacked ends git; the next one is read all the same.
func TestDamaged(t *testing.T) {
	r := newRepo(t)
	r.stage("100644", "a", "good")
	r.stage("100644", "b", "bad")
	hash := r.blob("bad")
	path := filepath.Join(r.dir, ".git", "objects", hash[:2], hash[2:])
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("damage"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := r.open(Index)
	if text, err := f.ReadFile("b"); err == nil {
		t.Errorf("got %q", text)
	}
	if text, err := f.ReadFile("a"); err != nil || string(text) != "good" {
		t.Errorf("got %q, %v", text, err)
	}
}

// processes starts both processes of a file system and returns them.
func processes(t *testing.T, f *FS, name string) []*process {
	t.Helper()
	if _, err := f.Stat(name); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadFile(name); err != nil {
		t.Fatal(err)
	}
	var list []*process
	for _, o := range []*objects{f.sizes, f.texts} {
		o.mu.Lock()
		if o.proc != nil { // sizes that are known are not asked for
			list = append(list, o.proc)
		}
		o.mu.Unlock()
	}
	return list
}

// gone fails if a process is still there, if only as one that nobody has waited for.
func gone(t *testing.T, list []*process) {
	t.Helper()
	for _, p := range list {
		<-p.ended
		if p.cmd.ProcessState == nil {
			t.Errorf("%v: nobody has waited for it", p.cmd.Args)
		}
		if _, err := os.Stat("/proc/self"); err == nil {
			if _, err := os.Stat(fmt.Sprintf("/proc/%d", p.cmd.Process.Pid)); err == nil {
				t.Errorf("%v: the process is still there", p.cmd.Args)
			}
		}
	}
}

func TestCancel(t *testing.T) {
	r := newRepo(t)
	r.stage("100644", "a", "1")
	r.stage("100644", "b", "2")
	ctx, cancel := context.WithCancelCause(t.Context())
	f, err := Open(ctx, r.dir, Index)
	if err != nil {
		t.Fatal(err)
	}
	list := processes(t, f, "a")
	if len(list) != 2 {
		t.Fatalf("got %d processes, want 2", len(list))
	}
	why := errors.New("enough")
	cancel(why)
	gone(t, list)
	for name, read := range map[string]func() error{
		"readfile": func() error { _, err := f.ReadFile("b"); return err },
		"stat":     func() error { _, err := f.Stat("b"); return err },
	} {
		for range 2 {
			if err := read(); !errors.Is(err, why) {
				t.Errorf("%s: got %v, want %v", name, err, why)
			}
		}
	}
	if f.sizes.proc != nil || f.texts.proc != nil {
		t.Error("a process was started after the end")
	}
	f.Close()
}

func TestClose(t *testing.T) {
	r := newRepo(t)
	r.stage("100644", "a", "1")
	r.stage("100644", "b", "2")
	f := r.open(Index)
	list := processes(t, f, "a")
	if len(list) != 2 {
		t.Fatalf("got %d processes, want 2", len(list))
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	gone(t, list)
	if _, err := f.ReadFile("b"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("readfile: got %v", err)
	}
	if _, err := f.Stat("b"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("stat: got %v", err)
	}
}

// fakeGit puts a git in PATH that does what a script says where it is asked for contents.
func fakeGit(t *testing.T, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the git of this test is a shell script")
	}
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script = "#!/bin/sh\ncase \"$*\" in *cat-file*) " + script + ";; *) exec '" + real + "' \"$@\";; esac\n"
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// TestWaiting: who waits for a git that does not answer is let go.
func TestWaiting(t *testing.T) {
	r := newRepo(t)
	r.stage("100644", "a", "1")
	for _, tt := range []struct {
		name string
		end  func(context.CancelFunc, *FS)
		want error
	}{
		{"cancelled", func(cancel context.CancelFunc, _ *FS) { cancel() }, context.Canceled},
		{"closed", func(_ context.CancelFunc, f *FS) { f.Close() }, fs.ErrClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			started := filepath.Join(t.TempDir(), "started")
			fakeGit(t, "echo started >'"+started+"'; exec cat >/dev/null")
			if out, err := exec.Command("mkfifo", started).CombinedOutput(); err != nil {
				t.Skipf("mkfifo: %v: %s", err, out)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			f, err := Open(ctx, r.dir, Index)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got := make(chan error)
			go func() {
				_, err := f.ReadFile("a")
				got <- err
			}()
			if _, err := os.ReadFile(started); err != nil { // waits until the script writes
				t.Fatal(err)
			}
			f.texts.mu.Lock()
			p := f.texts.proc
			f.texts.mu.Unlock()
			tt.end(cancel, f)
			if err := <-got; !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			gone(t, []*process{p})
		})
	}
}

// TestAnswers: an answer that git does not give is an error, and the next question is asked of a new process.
func TestAnswers(t *testing.T) {
	r := newRepo(t)
	r.stage("100644", "a", "1")
	hash := r.blob("1")
	for _, tt := range []struct{ name, script, want string }{
		{"good", "read h; printf '%s blob 3\\nabc\\n' $h; cat >/dev/null", ""},
		{"words", "read h; echo what is this; cat >/dev/null", "not understood"},
		{"a folder", "read h; echo $h tree 3; cat >/dev/null", "not understood"},
		{"negative", "read h; echo $h blob -3; cat >/dev/null", "not understood"},
		{"a long line", "read h; printf '%9000d' 1; cat >/dev/null", "not understood"},
		{"longer than said", "read h; printf '%s blob 1\\nabc\\n' $h; cat >/dev/null", "not understood"},
		{"shorter than said", "read h; printf '%s blob 9\\nabc\\n' $h; exit 1", "git cat-file: unexpected EOF"},
		{"a reason", "read h; echo 'warning: x' >&2; echo 'fatal: the disk is on fire' >&2; exit 128", "git cat-file: the disk is on fire"},
		{"an end before the question", "exec 0<&-; echo 'fatal: no' >&2; exit 1", "git cat-file: "},
		{"huge", "read h; echo $h blob 99999999999999; cat /dev/zero", "too large"},
		{"missing", "while read h; do echo $h missing; done", "not in this clone: git cat-file -e " + hash},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fakeGit(t, tt.script)
			f := r.open(Index)
			for range 2 {
				if _, err := f.ReadFile("a"); !says(err, tt.want) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
				if tt.want == "" {
					break // it answers one question
				}
			}
		})
	}
}

func TestOwner(t *testing.T) {
	r := newRepo(t)
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
	if _, err := Open(t.Context(), r.dir, Index); !says(err, "safe.directory") {
		t.Errorf("got %v", err)
	}
}

func TestConcurrent(t *testing.T) {
	r := newRepo(t)
	r.stage("120000", "link", "0")
	for i := range 20 {
		r.stage("100644", fmt.Sprint(i), strings.Repeat(fmt.Sprint(i), 5000*i+1))
	}
	f := r.open(Index)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for k := range 60 {
				i := (g + k) % 20
				text, err := f.ReadFile(fmt.Sprint(i))
				if want := strings.Repeat(fmt.Sprint(i), 5000*i+1); err != nil || string(text) != want {
					t.Errorf("%d: got %d bytes, %v; want %d", i, len(text), err, len(want))
				}
				if info, err := f.Stat(fmt.Sprint(i)); err != nil || info.Size() != int64(len(text)) {
					t.Errorf("stat %d: got %v, %v", i, info, err)
				}
				if _, err := f.ReadFile("link"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	// Closing while others read makes errors, no more.
	list := processes(t, f, "1")
	for range 4 {
		wg.Go(func() {
			for {
				if _, err := f.ReadFile("19"); err != nil {
					if !errors.Is(err, fs.ErrClosed) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	f.Close()
	wg.Wait()
	gone(t, list)
}

// TestHook: in the environment of a hook the index is that of the commit under way.
func TestHook(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the hook is a shell script that starts this program")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"main", "worktree"} {
		for _, tt := range []struct {
			name, from string // what the hook opens, relative to the top
			args       []string
			want       string
		}{
			{"staged", ".", nil, "base .\na: \"2\"\nsub/b: \"1\"\n"},
			{"all", ".", []string{"-a"}, "base .\na: \"3\"\nsub/b: \"3\"\n"},
			{"only", ".", []string{"sub/b"}, "base .\na: \"1\"\nsub/b: \"3\"\n"},
			{"below", "sub", []string{"-a"}, "base sub\na: \"3\"\nsub/b: \"3\"\n"},
			{"another repository", "../other", []string{"-a"}, "base .\nmine: \"x\"\n"},
		} {
			t.Run(place+"/"+tt.name, func(t *testing.T) {
				r := newRepo(t)
				r.dir = filepath.Join(r.dir, "top")
				r.git2(filepath.Dir(r.dir), "init", "-q", r.dir)
				r.write("a", "1")
				r.write("sub/b", "1")
				r.git("add", ".")
				r.commit()
				other := &repo{t, filepath.Join(filepath.Dir(r.dir), "other")}
				r.git("init", "-q", other.dir)
				other.stage("100644", "mine", "x")
				hooks := t.TempDir()
				if err := os.WriteFile(filepath.Join(hooks, "pre-commit"), []byte("#!/bin/sh\nGITFS_TEST_HOOK=\"$GITFS_FROM\" exec \"$GITFS_PROGRAM\"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
				r.git("config", "core.hooksPath", hooks)
				if place == "worktree" {
					tree := filepath.Join(filepath.Dir(r.dir), "tree")
					r.git("worktree", "add", "-q", tree)
					r.dir = tree
				}
				r.write("a", "2")
				r.git("add", "a")
				r.write("a", "3")
				r.write("sub/b", "3")
				out := filepath.Join(t.TempDir(), "out")
				t.Setenv("GITFS_FROM", tt.from)
				t.Setenv("GITFS_PROGRAM", program)
				t.Setenv("GITFS_TEST_OUT", out)
				r.git(append([]string{"commit", "-q", "-m", "x"}, tt.args...)...)
				got, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, string(got)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func (r *repo) git2(dir string, args ...string) {
	r.t.Helper()
	(&repo{r.t, dir}).git(args...)
}

// TestVariables: a repository away from its work tree is named by variables alone.
func TestVariables(t *testing.T) {
	r := newRepo(t)
	r.write("sub/a", "1")
	r.git("add", ".")
	r.commit()
	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(filepath.Join(r.dir, ".git"), away); err != nil {
		t.Fatal(err)
	}
	outside := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(outside))
	t.Setenv("GIT_DIR", away)
	t.Setenv("GIT_WORK_TREE", r.dir)
	f := openAt(t, filepath.Join(r.dir, "sub"), Index)
	if f.Dir() != r.dir || f.Base() != "sub" {
		t.Errorf("got %q, %q; want %q, sub", f.Dir(), f.Base(), r.dir)
	}
	if got := shown(t, f); got != "sub/a: \"1\"\n" {
		t.Errorf("got %q", got)
	}
	if _, err := Open(t.Context(), outside, "HEAD"); !errors.Is(err, ErrNoRepository) {
		t.Errorf("outside of the work tree: got %v", err)
	}
}

// TestRelativeVariables: what variables say relative to the working directory holds for another folder.
func TestRelativeVariables(t *testing.T) {
	r := newRepo(t)
	r.write("sub/a", "1")
	r.git("add", ".")
	r.commit()
	bare := filepath.Join(t.TempDir(), "bare.git")
	r.git("clone", "-q", "--bare", r.dir, bare)
	next := filepath.Join(r.dir, ".git", "next")
	text, err := os.ReadFile(filepath.Join(r.dir, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(next, text, 0o600); err != nil {
		t.Fatal(err)
	}
	r.git("rm", "-q", "--cached", "sub/a") // from the index that does not count
	outside := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(outside))
	t.Run("in the top folder", func(t *testing.T) {
		t.Chdir(r.dir)
		t.Setenv("GIT_DIR", ".git")
		t.Setenv("GIT_INDEX_FILE", filepath.Join(".git", "next"))
		for dir, base := range map[string]string{"": ".", "sub": "sub"} {
			f := openAt(t, dir, Index)
			if got, want := shown(t, f), "sub/a: \"1\"\n"; got != want || f.Dir() != r.dir || f.Base() != base {
				t.Errorf("%q: got %q in %q, base %q", dir, got, f.Dir(), f.Base())
			}
		}
	})
	t.Run("index alone", func(t *testing.T) {
		t.Chdir(r.dir)
		t.Setenv("GIT_INDEX_FILE", filepath.Join(".git", "next"))
		if got, want := shown(t, openAt(t, "sub", Index)), "sub/a: \"1\"\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("from elsewhere", func(t *testing.T) {
		t.Chdir(outside)
		t.Setenv("GIT_DIR", filepath.Join(r.dir, ".git"))
		f := openAt(t, filepath.Join(r.dir, "sub"), "HEAD")
		if f.Dir() != r.dir || f.Base() != "sub" {
			t.Errorf("got %q, base %q; want %q, base sub", f.Dir(), f.Base(), r.dir)
		}
	})
	t.Run("hook of a bare repository", func(t *testing.T) {
		t.Chdir(bare)
		t.Setenv("GIT_DIR", ".")
		f := openAt(t, outside, "HEAD")
		if got, want := shown(t, f), "sub/a: \"1\"\n"; got != want || f.Dir() != "" || f.Base() != "." {
			t.Errorf("got %q in %q, base %q", got, f.Dir(), f.Base())
		}
		if f := openAt(t, r.dir, "HEAD"); f.Dir() != r.dir {
			t.Errorf("another repository: got %q, want %q", f.Dir(), r.dir)
		}
	})
	t.Run("variables of no repository", func(t *testing.T) {
		t.Chdir(outside)
		t.Setenv("GIT_INDEX_FILE", "nothing")
		if got := shown(t, openAt(t, r.dir, Index)); got != "./\n" {
			t.Errorf("got %q, want what the repository itself has staged", got)
		}
	})
}

func TestListings(t *testing.T) {
	hash := strings.Repeat("a", 40)
	for _, tt := range []struct {
		name, lines, err string
	}{
		{"good", "100644 blob " + hash + "\ta/b\x00100664 blob " + hash + "\tc\x00", ""},
		{"no tab", "100644 blob " + hash + " a\x00", "not understood"},
		{"no mode", "x blob " + hash + "\ta\x00", "not understood"},
		{"no hash", "100644 blob 12\ta\x00", "not understood"},
		{"a folder", "040000 tree " + hash + "\ta\x00", "neither file, link nor submodule"},
		{"up", "100644 blob " + hash + "\ta/../../b\x00", "no folder can hold"},
		{"absolute", "100644 blob " + hash + "\t/b\x00", "no folder can hold"},
		{"empty", "100644 blob " + hash + "\t\x00", "no folder can hold"},
		{"twice", "100644 blob " + hash + "\ta\x00100644 blob " + hash + "\ta\x00", "two files named"},
		{"file and folder", "100644 blob " + hash + "\ta\x00100644 blob " + hash + "\ta/b\x00", "two files named"},
		{"folder in a submodule", "160000 commit " + hash + "\ta\x00100644 blob " + hash + "\ta/b\x00", "two files named"},
		{"folder in parts", "100644 blob " + hash + "\ta/b\x00100644 blob " + hash + "\tb\x00100644 blob " + hash + "\ta/c\x00", "two files named"},
		{"broken off", "100644 blob " + hash + "\ta", "breaks off"},
		{"long", "100644 blob " + hash + "\t" + strings.Repeat("a", maxLine) + "\x00", "a name of more than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder()
			err := records(strings.NewReader(tt.lines), func(line string) error {
				e, err := parseTree(line)
				if err != nil {
					return err
				}
				return b.add(e)
			})
			if err == nil {
				_, err = b.done()
			}
			if !says(err, tt.err) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}

// FuzzListing: whatever git lists, each name is found again, or an error says why there is no tree.
func FuzzListing(f *testing.F) {
	hash := strings.Repeat("a", 40)
	f.Add("100644 " + hash + " 0\ta\x00120000 " + hash + " 0\ta-b\x00100755 " + hash + " 0\tc/d\x00")
	f.Add("160000 " + hash + " 2\ta/b/c\x00100644 " + hash + " 0\ta/b\x00")
	f.Fuzz(func(t *testing.T, lines string) {
		b := newBuilder()
		var names []string
		err := records(strings.NewReader(lines), func(line string) error {
			e, err := parseIndex(line)
			if err != nil {
				return err
			}
			names = append(names, e.name)
			return b.add(e)
		})
		if err != nil {
			return
		}
		root, err := b.done()
		if err != nil {
			return
		}
		fsys := &FS{root: root}
		for _, name := range names {
			if n, err := fsys.find(name, false); err != nil || n.hash == "" {
				t.Errorf("%q: got %v, %v", name, n, err)
			}
		}
	})
}
