package gitfs

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
)

// A node is a file, a folder, a link or a submodule of the tree.
type node struct {
	name   string
	mode   fs.FileMode
	hash   string  // "" for folders
	kids   []*node // by name
	size   atomic.Int64
	target atomic.Pointer[string]
}

// Bounds of following links, those of Linux.
const (
	maxLinks  = 40
	maxTarget = 4095
)

var errCircle = errors.New("too many links: do they lead in a circle?")

// A leavingError says that a link leads out of the tree, where nothing is.
type leavingError struct{ target string }

func (e *leavingError) Error() string {
	return fmt.Sprintf("a link leaves the repository: %s", e.target)
}

func (e *leavingError) Is(target error) bool { return target == fs.ErrNotExist }

// validName is fs.ValidPath without its demand for UTF-8.
func validName(name string) bool {
	if name == "." {
		return true
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

func (n *node) kid(name string) *node {
	i, ok := slices.BinarySearchFunc(n.kids, name, func(k *node, name string) int { return strings.Compare(k.name, name) })
	if !ok {
		return nil
	}
	return n.kids[i]
}

// find walks to a name, through links. follow says that the last part is followed too where it is a link.
func (f *FS) find(name string, follow bool) (*node, error) {
	if !validName(name) {
		return nil, fs.ErrInvalid
	}
	above := make([]*node, 0, 16)
	at, links, target := f.root, 0, ""
	for rest := name; rest != ""; {
		part, after, more := strings.Cut(rest, "/")
		rest = after
		if !at.mode.IsDir() {
			return nil, fs.ErrNotExist
		}
		switch part {
		case "", ".":
			continue
		case "..":
			if len(above) == 0 {
				return nil, &leavingError{target}
			}
			at, above = above[len(above)-1], above[:len(above)-1]
			continue
		}
		kid := at.kid(part)
		if kid == nil {
			return nil, fs.ErrNotExist
		}
		if kid.mode&fs.ModeSymlink == 0 || !more && !follow {
			at, above = kid, append(above, at)
			if more && rest == "" && !at.mode.IsDir() { // a link to "file/"
				return nil, fs.ErrNotExist
			}
			continue
		}
		if links++; links > maxLinks {
			return nil, errCircle
		}
		var err error
		target, err = f.linkTarget(kid)
		switch {
		case err != nil:
			return nil, err
		case target == "":
			return nil, fs.ErrNotExist
		case target[0] == '/':
			return nil, &leavingError{target}
		case more:
			rest = target + "/" + after
		default:
			rest = target
		}
	}
	return at, nil
}

// linkTarget reads where a link leads.
func (f *FS) linkTarget(n *node) (string, error) {
	if t := n.target.Load(); t != nil {
		return *t, nil
	}
	text, err := f.texts.content(n, maxTarget)
	if err != nil {
		return "", err
	}
	target := string(text)
	n.target.Store(&target)
	return target, nil
}
