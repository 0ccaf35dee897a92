// Package gitfs gives a revision of a git repository, or its index (what is staged), as an [fs.FS], so that a
// configuration can be loaded from it as it is loaded from disk.
//
// It asks the git command that is in PATH and no library: what git reads (worktrees, alternates, replaced
// objects, SHA-256) is read. Nothing is written and no network is asked, not even in a partial clone. Names are
// those of io/fs in any encoding, links are links, submodules are empty folders. The names are read at once,
// contents when they are asked for, through a git process that [FS.Close] ends.
//
// Contents are those that are stored: neither line endings nor filters (Git LFS) are applied. Start at [Open].
package gitfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Index is what [Open] takes in place of a revision for what is staged: the next commit, as git commit would
// make it.
const Index = ":"

// MaxFile is how many bytes of a file are read. A file that has more can be looked at, but not read.
const MaxFile = 16 << 20

// What [Open] may find missing, for errors.Is.
var (
	// ErrNoGit says that PATH has no git command.
	ErrNoGit = errors.New("no git command in PATH")
	// ErrNoRepository says that a folder is in no git repository.
	ErrNoRepository = errors.New("not in a git repository")
	// ErrUnknownRevision says that the repository has no commit of that name.
	ErrUnknownRevision = errors.New("unknown revision")
	// ErrConflicts says that a merge has left files in the index that are not yet resolved.
	ErrConflicts = errors.New("the index has conflicts")
	// ErrMissing says that a content is not in this clone, which is a partial one or damaged.
	ErrMissing = errors.New("not in this clone")
	// ErrTooLarge says that a file has more bytes than [MaxFile].
	ErrTooLarge = errors.New("too large")
)

// An FS is the tree of one commit, or the index as it was when it was opened. It implements [fs.ReadDirFS],
// [fs.ReadFileFS], [fs.StatFS] and [fs.ReadLinkFS]. Open, Stat, ReadDir and ReadFile follow links inside the
// tree; a link that leaves the tree is like one that leads nowhere ([fs.ErrNotExist]). Modification times are
// zero. It may be used by many goroutines.
type FS struct {
	dir, base, commit string

	root  *node
	most  int64
	sizes *objects // git cat-file --batch-check
	texts *objects // git cat-file --batch
}

// Open reads the names of a revision of the repository that dir is in; "" is the working directory. rev is what
// git takes for a commit (HEAD~1, origin/main, v1.2, a hash) or [Index].
//
// The variables with which git tells a hook its repository and index (GIT_DIR, GIT_INDEX_FILE and others;
// githooks(5)) count where they are of the repository that dir is in, and not for another repository.
//
// Until it is cancelled, ctx is for reading also: then the processes end, and what is read after that fails.
func Open(ctx context.Context, dir, rev string) (*FS, error) {
	switch {
	case rev == "":
		return nil, errors.New("the name of the revision is empty: name a commit, such as HEAD or origin/main")
	case strings.HasPrefix(rev, "-"):
		return nil, fmt.Errorf("%w %q: it begins with -, as options do", ErrUnknownRevision, rev)
	case strings.ContainsAny(rev, "\x00\n"):
		return nil, fmt.Errorf("%w %q: no name of a revision has such characters", ErrUnknownRevision, rev)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(abs); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", dir, cause(err))
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder: name the folder it is in", dir)
	}
	r, err := findRepository(ctx, abs)
	if err != nil {
		return nil, err
	}
	f := &FS{dir: r.top, base: r.base, most: MaxFile}
	if rev == Index {
		f.root, err = r.index(ctx)
	} else if f.commit, err = r.commit(ctx, rev); err == nil {
		f.root, err = r.tree(ctx, f.commit)
	}
	if err != nil {
		return nil, err
	}
	f.sizes = &objects{ctx: ctx, git: r.git, option: "--batch-check"}
	f.texts = &objects{ctx: ctx, git: r.git, option: "--batch"}
	return f, nil
}

// Dir returns the folder on disk that the root of the tree is checked out in, absolute; "" where there is none,
// as in a bare repository.
func (f *FS) Dir() string { return f.dir }

// Base returns the name in the tree of the folder that [Open] was given: "." where that is the root of the
// repository. The tree need not have such a folder.
func (f *FS) Base() string { return f.base }

// Commit returns the hash of the commit; "" for the index.
func (f *FS) Commit() string { return f.commit }

// Close ends the processes that read contents. Reading a file after that fails with [fs.ErrClosed].
func (f *FS) Close() error {
	f.sizes.close()
	f.texts.close()
	return nil
}

// cause leaves out of a file system's error what the message says anyway.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
