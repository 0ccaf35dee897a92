package gitfs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a listing.
const (
	maxNodes = 4_000_000 // files and folders
	maxLine  = 1 << 16   // bytes of one name with what stands before it
)

// An entry is a line of a listing.
type entry struct {
	mode  uint32
	stage byte // '0', or '1' to '3' in a conflict; trees have none
	hash  string
	name  string
}

// records hands each text that ends in NUL to a function.
func records(r io.Reader, each func(string) error) error {
	for b := bufio.NewReaderSize(r, maxLine); ; {
		line, err := b.ReadSlice(0)
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("the repository has a name of more than %d bytes", maxLine)
		case err != nil:
			return fmt.Errorf("%w in the list of files: %w", errBrokenOff, err)
		}
		if err := each(string(line[:len(line)-1])); err != nil {
			return err
		}
	}
}

// parseTree reads a line of git ls-tree: "MODE TYPE HASH", tab, name.
func parseTree(line string) (entry, error) {
	head, name, ok := strings.Cut(line, "\t")
	fields := strings.Split(head, " ")
	if !ok || len(fields) != 3 {
		return entry{}, fmt.Errorf("git ls-tree says %q, which is not understood", line)
	}
	return parseEntry(line, fields[0], fields[2], '0', name)
}

// parseIndex reads a line of git ls-files --stage: "MODE HASH STAGE", tab, name.
func parseIndex(line string) (entry, error) {
	head, name, ok := strings.Cut(line, "\t")
	fields := strings.Split(head, " ")
	if !ok || len(fields) != 3 || len(fields[2]) != 1 || fields[2] < "0" || fields[2] > "3" {
		return entry{}, fmt.Errorf("git ls-files says %q, which is not understood", line)
	}
	return parseEntry(line, fields[0], fields[1], fields[2][0], name)
}

func parseEntry(line, mode, hash string, stage byte, name string) (entry, error) {
	m, err := strconv.ParseUint(mode, 8, 32)
	if err != nil || !isHash(hash) {
		return entry{}, fmt.Errorf("git says %q of a file, which is not understood", line)
	}
	return entry{uint32(m), stage, hash, name}, nil
}

// tree reads the names of a commit.
func (r *repository) tree(ctx context.Context, commit string) (*node, error) {
	b := newBuilder()
	err := r.read(ctx, func(out io.Reader) error {
		return records(out, func(line string) error {
			e, err := parseTree(line)
			if err != nil {
				return err
			}
			return b.add(e)
		})
	}, "ls-tree", "-r", "-z", "--full-tree", commit)
	if err != nil {
		return nil, listingError(err)
	}
	return b.done()
}

// index reads the names of what is staged.
func (r *repository) index(ctx context.Context) (*node, error) {
	if r.top == "" && !r.has("GIT_INDEX_FILE") {
		return nil, fmt.Errorf("%s has no work tree, so nothing is staged: name a revision, such as HEAD", r.git.dir)
	}
	var entries []entry
	empty := false
	err := r.read(ctx, func(out io.Reader) error {
		return records(out, func(line string) error {
			e, err := parseIndex(line)
			switch {
			case err != nil:
				return err
			case e.stage != '0':
				return fmt.Errorf("%w, such as in %s: resolve them and git add the files", ErrConflicts, e.name)
			case len(entries) == maxNodes:
				return tooMany()
			}
			entries = append(entries, e)
			empty = empty || isEmptyFile(e.hash)
			return nil
		})
	}, r.all("ls-files", "--stage", "-z", "--full-name")...)
	if err != nil {
		return nil, listingError(err)
	}
	staged := map[string]bool{}
	if empty {
		// git add --intent-to-add lists a file that is not staged, and lists it as an empty one. In comparison
		// with an empty tree those that are staged are new.
		err := r.read(ctx, func(out io.Reader) error {
			return records(out, func(name string) error {
				staged[name] = true
				return nil
			})
		}, "diff-index", "--cached", "--ita-invisible-in-index", "--diff-filter=A", "--ignore-submodules=none", "--no-renames", "--name-only", "-z", emptyTree(entries[0].hash))
		if err != nil {
			return nil, listingError(err)
		}
	}
	b := newBuilder()
	for _, e := range entries {
		if isEmptyFile(e.hash) && !staged[e.name] {
			continue
		}
		if err := b.add(e); err != nil {
			return nil, err
		}
	}
	return b.done()
}

// all makes a command that starts in a folder of the work tree speak of all of it.
func (r *repository) all(args ...string) []string {
	if r.top == "" {
		return args
	}
	return append(args, "--", ":/")
}

func listingError(err error) error {
	var g *gitError
	if errors.As(err, &g) && strings.Contains(g.said, "promisor remote") {
		return fmt.Errorf("the folders of this revision are %w, which is a partial one: git checkout of the revision fetches them", ErrMissing)
	}
	return err
}

func tooMany() error {
	return fmt.Errorf("the repository has more than %d files and folders", maxNodes)
}

// isEmptyFile reports whether a hash is that of a file without bytes, in SHA-1 or SHA-256 (gitformat-index(5):
// such is an entry that is only intended).
func isEmptyFile(hash string) bool {
	return hash == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391" ||
		hash == "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
}

// emptyTree returns the hash of a tree without names, which git knows without an object, in the kind of another.
func emptyTree(hash string) string {
	if len(hash) == 64 {
		return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
	}
	return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
}

// A builder makes a tree of a listing, in which the names of a folder stand together.
type builder struct {
	root    *node
	folders []*node
	nodes   int
}

func newBuilder() *builder {
	root := &node{mode: fs.ModeDir | 0o755}
	return &builder{root: root, folders: []*node{root}}
}

// The modes that git stores, and what stands for the kind in them (gitformat-index(5)).
const (
	kindMask  = 0o170000
	kindFile  = 0o100000
	kindLink  = 0o120000
	kindOther = 0o160000 // a commit of another repository: a submodule
)

func (b *builder) add(e entry) error {
	at := b.root
	rest := e.name
	for {
		part, after, more := strings.Cut(rest, "/")
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("the repository has a file named %q, which no folder can hold", e.name)
		}
		if !more {
			break
		}
		at, rest = b.folder(at, part), after
		if b.nodes > maxNodes {
			return tooMany()
		}
	}
	n := &node{name: rest, hash: e.hash}
	switch e.mode & kindMask {
	case kindFile:
		n.mode = 0o644
		if e.mode&0o100 != 0 {
			n.mode = 0o755
		}
	case kindLink:
		n.mode = fs.ModeSymlink | 0o777
	case kindOther:
		n.mode = fs.ModeDir | 0o755
	default:
		return fmt.Errorf("the repository has %q with mode %o, which is neither file, link nor submodule", e.name, e.mode)
	}
	b.nodes++
	at.kids = append(at.kids, n)
	return nil
}

// folder returns the folder of that name that was added last, or adds one.
func (b *builder) folder(in *node, name string) *node {
	if len(in.kids) > 0 {
		if last := in.kids[len(in.kids)-1]; last.name == name && last.mode.IsDir() && last.hash == "" {
			return last
		}
	}
	n := &node{name: name, mode: fs.ModeDir | 0o755}
	in.kids = append(in.kids, n)
	b.folders = append(b.folders, n)
	b.nodes++
	return n
}

// done sorts the names of each folder.
func (b *builder) done() (*node, error) {
	for _, f := range b.folders {
		slices.SortFunc(f.kids, func(x, y *node) int { return strings.Compare(x.name, y.name) })
		for i := 1; i < len(f.kids); i++ {
			if f.kids[i].name == f.kids[i-1].name {
				return nil, fmt.Errorf("the repository has two files named %q in one folder: look with git fsck", f.kids[i].name)
			}
		}
	}
	return b.root, nil
}
