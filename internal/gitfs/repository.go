package gitfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A repository is where git runs, and where its work tree is.
type repository struct {
	git
	top  string // "" without a work tree
	base string
}

// local are the variables that say which repository is meant, and not how git works: those of
// git rev-parse --local-env-vars but for settings.
var local = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_COMMON_DIR", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE",
	"GIT_INTERNAL_SUPER_PREFIX",
}

// findRepository finds the repository that a folder is in.
func findRepository(ctx context.Context, dir string) (*repository, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		if errors.Is(err, exec.ErrDot) {
			return nil, fmt.Errorf("%w: the one in the working directory is not run; install git", ErrNoGit)
		}
		return nil, fmt.Errorf("%w: install it, or name the configuration as a folder", ErrNoGit)
	}
	g := git{path: path, dir: dir, env: os.Environ()}
	if slices.ContainsFunc(local, func(name string) bool { return os.Getenv(name) != "" }) {
		if g.env, err = g.environment(ctx); err != nil {
			return nil, err
		}
	}
	out, err := g.answer(ctx, "rev-parse", "--is-inside-work-tree", "--show-cdup", "--show-prefix", "--show-toplevel")
	if strings.HasPrefix(out, "false\n") {
		if err == nil && g.has("GIT_WORK_TREE") {
			return nil, fmt.Errorf("%s is %w: GIT_DIR and GIT_WORK_TREE are set, and it is not in their work tree", dir, ErrNoRepository)
		}
		return &repository{git: g, base: "."}, nil // it is bare, or the folder is in .git
	}
	if err != nil {
		return nil, notFound(dir, err)
	}
	rest, ok := strings.CutPrefix(out, "true\n")
	up, rest, ok2 := strings.Cut(rest, "\n")
	n := strings.Count(up, "../")
	prefix := rest[:prefixLen(rest, n)]
	top := toplevel(rest, n)
	if !ok || !ok2 || top == "" {
		return nil, fmt.Errorf("git rev-parse says %q of %s, which cannot be read: is git very old?", out, dir)
	}
	r := &repository{git: g, top: filepath.FromSlash(top), base: "."}
	if prefix != "" {
		r.base = strings.TrimSuffix(prefix, "/")
	}
	return r, nil
}

// prefixLen finds the end of a folder's name that has n parts, each with a slash behind it. A name may hold
// line feeds, so its line may not end at the first.
func prefixLen(text string, n int) int {
	end := 0
	for range n {
		i := strings.IndexByte(text[end:], '/')
		if i < 0 {
			return 0
		}
		end += i + 1
	}
	return end
}

// toplevel reads the last line, which may hold line feeds, behind a prefix of n parts.
func toplevel(text string, n int) string {
	top, ok := strings.CutPrefix(text[prefixLen(text, n):], "\n")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(top, "\n")
}

// notFound says why git finds no repository.
func notFound(dir string, err error) error {
	var g *gitError
	switch {
	case !errors.As(err, &g):
		return err
	case strings.Contains(g.said, "dubious ownership"):
		return fmt.Errorf("git does not trust %s, which belongs to another user: run git config --global --add safe.directory with its path", dir)
	case strings.Contains(g.said, "not a git repository"):
		return fmt.Errorf("%s is %w: start in one, or name one of its folders", dir, ErrNoRepository)
	}
	return fmt.Errorf("%s cannot be read as a git repository: %w", dir, err)
}

// environment returns the environment in which git finds the repository that its folder is in, and the index
// that a hook is to look at.
//
// A hook has variables that are relative to its working directory, and a work tree that is that directory where
// only GIT_DIR is set. The folder may be another, and even in another repository: then they do not count.
func (g git) environment(ctx context.Context) ([]string, error) {
	clean := slices.DeleteFunc(slices.Clone(g.env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(local, name)
	})
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	here, inFolder := git{g.path, cwd, g.env}, git{g.path, g.dir, clean}
	given, givenErr := here.answer(ctx, "rev-parse", "--absolute-git-dir")
	own, ownErr := inFolder.answer(ctx, "rev-parse", "--absolute-git-dir")
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	given, own = strings.TrimSuffix(given, "\n"), strings.TrimSuffix(own, "\n")
	switch {
	case givenErr != nil && g.has("GIT_DIR"):
		return nil, fmt.Errorf("the variable GIT_DIR is set, and it names no repository: %w", givenErr)
	case givenErr != nil, ownErr == nil && !sameFile(given, own):
		return clean, nil
	case !g.has("GIT_DIR"):
		return g.env, nil // git finds the same from the folder, and its index is relative to the work tree
	}
	top, err := here.answer(ctx, "rev-parse", "--show-toplevel")
	top = strings.TrimSuffix(top, "\n")
	from := cwd // what git takes relative paths from
	if err == nil {
		from = top
	}
	env := slices.DeleteFunc(slices.Clone(g.env), func(v string) bool { return strings.HasPrefix(v, "GIT_DIR=") })
	if ownErr != nil || g.has("GIT_WORK_TREE") {
		env = append(env, "GIT_DIR="+given)
		if err == nil {
			env = append(env, "GIT_WORK_TREE="+top)
		}
	} // else git finds it from the folder, and the work tree with it
	for name, from := range map[string]string{"GIT_COMMON_DIR": cwd, "GIT_INDEX_FILE": from, "GIT_OBJECT_DIRECTORY": from} {
		if v := os.Getenv(name); v != "" && !filepath.IsAbs(v) {
			env = append(env, name+"="+filepath.Join(from, v))
		}
	}
	return env, nil
}

// has reports whether a variable is set to more than nothing.
func (g git) has(name string) bool {
	for _, v := range slices.Backward(g.env) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value != ""
		}
	}
	return false
}

func sameFile(a, b string) bool {
	if a == b {
		return true
	}
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// commit finds the commit that a revision names.
func (r *repository) commit(ctx context.Context, rev string) (string, error) {
	name := rev
	if !strings.HasPrefix(rev, ":/") { // which takes all that follows for words of a message
		name += "^{commit}"
	}
	// git before 2.30 does not know --end-of-options here; Open has refused what could be an option.
	out, err := r.answer(ctx, "rev-parse", "--verify", name)
	var g *gitError
	switch hash := strings.TrimSuffix(out, "\n"); {
	case errors.As(err, &g):
		why := ""
		for line := range strings.Lines(g.said) {
			if rest, ok := strings.CutPrefix(line, "error: "); ok && why == "" {
				why = " (" + strings.TrimSpace(rest) + ")"
			}
		}
		return "", fmt.Errorf("%w %q%s: look with git log --all, or fetch it; a shallow clone has only the newest", ErrUnknownRevision, rev, why)
	case err != nil:
		return "", err
	case !isHash(hash):
		return "", fmt.Errorf("%w %q: it does not name a single commit", ErrUnknownRevision, rev)
	default:
		return hash, nil
	}
}

// isHash reports whether a text is a hash in full, of SHA-1 or SHA-256.
func isHash(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}
