package gitfs

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMain is also the hook of TestHook: git commit runs this program in the environment of a hook.
func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv("GITFS_TEST_HOOK"); ok {
		if err := hook(dir); err != nil {
			fmt.Fprintln(os.Stderr, "hook:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func hook(dir string) error {
	f, err := Open(context.Background(), dir, Index)
	if err != nil {
		return err
	}
	defer f.Close()
	var b strings.Builder
	fmt.Fprintf(&b, "base %s\n", f.Base())
	if err := show(&b, f); err != nil {
		return err
	}
	return os.WriteFile(os.Getenv("GITFS_TEST_OUT"), []byte(b.String()), 0o600)
}

// show writes a line for each file, link and empty folder, with contents.
func show(b *strings.Builder, f fs.FS) error {
	return fs.WalkDir(f, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if kids, err := fs.ReadDir(f, name); err != nil || len(kids) > 0 {
				return err
			}
			fmt.Fprintf(b, "%s/\n", name)
		case d.Type()&fs.ModeSymlink != 0:
			target, err := fs.ReadLink(f, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(b, "%s -> %s\n", name, target)
		default:
			text, err := fs.ReadFile(f, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(b, "%s: %q\n", name, text)
		}
		return nil
	})
}

// shown is the tree of a revision as a text.
func shown(t *testing.T, f fs.FS) string {
	t.Helper()
	var b strings.Builder
	if err := show(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A repo is a repository in a folder of the test.
type repo struct {
	t   *testing.T
	dir string
}

// isolate makes git the same on each machine, and skips the test where there is none.
func isolate(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git command in PATH")
	}
	for _, name := range append(slices.Clone(local), "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_CEILING_DIRECTORIES") {
		if v, ok := os.LookupEnv(name); ok {
			t.Setenv(name, v) // puts it back
			os.Unsetenv(name)
		}
	}
	for name, v := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z",
	} {
		t.Setenv(name, v)
	}
}

func newRepo(t *testing.T, args ...string) *repo {
	t.Helper()
	isolate(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &repo{t, dir}
	r.git(append([]string{"init", "-q"}, args...)...)
	return r
}

func (r *repo) run(stdin string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	out, err := r.run("", args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// blob stores a content and returns its hash.
func (r *repo) blob(text string) string {
	r.t.Helper()
	out, err := r.run(text, "hash-object", "-w", "--stdin")
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// stage puts an entry in the index, also such as no disk could hold.
func (r *repo) stage(mode, name, text string) {
	r.t.Helper()
	hash := r.blob(text)
	if _, err := r.run(mode+" "+hash+"\t"+name+"\x00", "update-index", "-z", "--index-info"); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) commit() string {
	r.t.Helper()
	r.git("commit", "-q", "-m", "a commit")
	return r.git("rev-parse", "HEAD")
}

func (r *repo) open(rev string) *FS {
	r.t.Helper()
	return openAt(r.t, r.dir, rev)
}

func openAt(t *testing.T, dir, rev string) *FS {
	t.Helper()
	f, err := Open(t.Context(), dir, rev)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
