package docroot

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dispcheck/dispcheck/simulate"
)

const (
	maxSegment = 255  // bytes of a file name: NAME_MAX of Linux
	maxPath    = 4095 // bytes of a path below the store: PATH_MAX of Linux without the zero at its end
	tempSuffix = len("_YYYYXXXXXX")
)

// errMissing is what Open returns where there is no file. It does not keep the name, whose memory is the caller's.
var errMissing error = missing{}

type missing struct{}

func (missing) Error() string { return "no such file in the document root" }
func (missing) Unwrap() error { return fs.ErrNotExist }

// errOutsideMissing is what Open returns for a link that leads out: nothing that can be read.
var errOutsideMissing = errors.Join(simulate.ErrOutside, fs.ErrNotExist)

// A spot is a name, taken apart.
type spot struct {
	// rel is the name without the slash at its start, without empty segments and without a slash at its end.
	// "" is the root. It may share the memory of the name.
	rel string
	// slash says that the name ended in a slash: only a folder can stand there.
	slash bool
	// err is ErrNameTooLong, or ErrOutside for a name that is no path below a root.
	err error
}

// at takes a name apart that lies below a prefix of the store. It does not allocate for a clean name.
func at(prefix, name string, onDisk bool) spot {
	if name == "" || name[0] != '/' {
		return spot{err: simulate.ErrOutside}
	}
	clean, tooLong := true, len(prefix)+len(name) > maxPath
	start := 1
	for i := 1; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			if name[i] == 0 {
				return spot{err: simulate.ErrOutside}
			}
			continue
		}
		switch segment := name[start:i]; {
		case len(segment) > maxSegment:
			tooLong = true
		case segment == "":
			clean = clean && i == len(name)
		case segment == "." || segment == "..":
			return spot{err: simulate.ErrOutside}
		}
		start = i + 1
	}
	s := spot{rel: name[1:]}
	if !clean {
		s.rel = strings.Join(strings.FieldsFunc(s.rel, func(r rune) bool { return r == '/' }), "/")
	}
	if len(name) > 1 && name[len(name)-1] == '/' {
		s.rel, s.slash = strings.TrimSuffix(s.rel, "/"), s.rel != ""
	}
	if onDisk && runtime.GOOS == "windows" && s.rel != "" &&
		(strings.IndexByte(s.rel, '\\') >= 0 || !filepath.IsLocal(filepath.FromSlash(s.rel))) {
		return spot{err: simulate.ErrOutside}
	}
	if tooLong {
		s.err = simulate.ErrNameTooLong
	}
	return s
}

// split parts a path at its last slash. The folder of "a" is "".
func split(rel string) (folder, base string) {
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		return rel[:i], rel[i+1:]
	}
	return "", rel
}

// join puts two paths together, each of which may be "".
func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "/" + b
}

// temporary makes a name for the file while it is written: four digits and six letters, as the module has them
// (AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md).
func temporary(base string) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	b := make([]byte, 0, len(base)+tempSuffix)
	b = append(append(b, base...), '_')
	for range 4 {
		b = append(b, byte('0'+rand.IntN(10)))
	}
	for range 6 {
		b = append(b, letters[rand.IntN(len(letters))])
	}
	return string(b)
}

// tidy makes the path of a document root comparable: without a slash at its end, "" for the root of the system.
func tidy(root string) string {
	if root == "" {
		return ""
	}
	return strings.TrimSuffix(path.Clean(root), "/")
}

// general places the document roots of a store that tells nothing of where they are: at their own path.
func general(root string) (string, error) {
	return strings.TrimPrefix(tidy(root), "/"), nil
}

// within cuts the path of an outer document root from that of one that is the same or lies inside it.
func within(outer, inner string) (rel string, ok bool) {
	rest, ok := strings.CutPrefix(inner, outer)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

// fail makes the error of a write. The name is copied: its memory is the caller's.
func fail(step simulate.StoreStep, name string, err error) error {
	return &simulate.StoreError{Step: step, Name: strings.Clone(name), Err: err}
}

// failParent makes the error of a folder that could not be made for a file.
func failParent(rel string, err error) error {
	folder, _ := split(rel)
	return fail(simulate.MakeParent, "/"+folder, err)
}

// A placer tells where in a store a document root lies, so that an Overlay knows which of them share their files.
type placer interface {
	place(root string) (prefix string, err error)
}
