package expand

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A folder is what a folder holds. Names are looked up here and not by opening them, so that letter case
// counts on file systems too where it does not: the Dispatcher runs on Linux.
type folder struct {
	entries []fs.DirEntry // by name
	names   []string
	// blind says that the folder is there but cannot be listed.
	blind bool
	// absent says that there is no such folder.
	absent bool
}

func (e *expander) folder(name string) *folder {
	if f, ok := e.folders[name]; ok {
		return f
	}
	f := new(folder)
	e.folders[name] = f
	entries, err := fs.ReadDir(e.o.FS, name)
	if err != nil && len(entries) == 0 {
		f.absent = isAbsent(err) || !e.isFolder(name)
		f.blind = !f.absent
		return f
	}
	f.entries = entries
	f.names = make([]string, len(entries))
	for i, d := range entries {
		f.names[i] = d.Name()
	}
	if !slices.IsSorted(f.names) { // fs.ReadDirFS promises it, other people's file systems forget
		slices.Sort(f.names)
		slices.SortFunc(f.entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return f
}

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func (e *expander) isFolder(name string) bool {
	info, err := fs.Stat(e.o.FS, name)
	return err == nil && info.IsDir()
}

// entry returns the entry of a name, nil where there is none.
func (f *folder) entry(name string) fs.DirEntry {
	if i, ok := slices.BinarySearch(f.names, name); ok {
		return f.entries[i]
	}
	return nil
}

// fold returns the entry whose name differs from name only in letter case, nil where there is none.
func (f *folder) fold(name string) fs.DirEntry {
	for i, n := range f.names {
		if len(n) == len(name) && strings.EqualFold(n, name) {
			return f.entries[i]
		}
	}
	return nil
}

// A search is the outcome of looking for a name step by step.
type search struct {
	// name is the name in the case in which it is there.
	name string
	// entry is what stands there; nil where nothing does, or where the folder cannot be listed.
	entry fs.DirEntry
	found bool
	// folded says that letter case differs.
	folded bool
	// missing is the first part that is not there, in the folder in; at is its index in the name.
	in, missing string
	at          int
}

// search looks for name. The first known parts of it are taken to be there.
func (e *expander) search(name string, known int) search {
	if name == "." {
		return search{name: name, found: true}
	}
	parts := strings.Split(name, "/")
	s := search{}
	at := "."
	for i, part := range parts {
		if i < known {
			at = path.Join(at, part)
			continue
		}
		f := e.folder(at)
		s.entry = f.entry(part)
		switch {
		case s.entry != nil:
		case f.blind:
			if _, err := fs.Stat(e.o.FS, path.Join(at, part)); err == nil {
				break
			}
			fallthrough
		default:
			if s.entry = f.fold(part); s.entry == nil {
				s.in, s.missing, s.at = at, part, i
				return s
			}
			s.folded = true
			part = s.entry.Name()
		}
		at = path.Join(at, part)
	}
	s.name, s.found = at, true
	return s
}

// common counts the leading parts that two names share.
func common(a, b string) int {
	if a == "." || b == "." {
		return 0
	}
	n := 0
	for a != "" && b != "" {
		x, restA, _ := strings.Cut(a, "/")
		y, restB, _ := strings.Cut(b, "/")
		if x != y {
			break
		}
		n++
		a, b = restA, restB
	}
	return n
}

const wildcards = "*?["

// glob returns the names that pattern matches, in byte order. Wildcards may stand in any part. A name
// that starts with a dot is matched only by a part that does, as in Apache's own wildcards; folders are
// left out. False says that the pattern is malformed.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (wildcard);
// AdobeDocs/experience-manager-learn.en, explanation-config-files.md (order).
func (e *expander) glob(pattern string) (names []string, ok bool) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, false
	}
	parts := strings.Split(pattern, "/")
	dirs := []string{"."}
	for i, part := range parts {
		last := i == len(parts)-1
		wild := strings.ContainsAny(part, wildcards)
		var next []string
		// A part before the last goes on in folders, the last one ends at what is none.
		add := func(dir string, d fs.DirEntry) {
			full := path.Join(dir, d.Name())
			isFolder := d.IsDir() || d.Type()&fs.ModeSymlink != 0 && e.isFolder(full)
			if isFolder != last {
				next = append(next, full)
			}
		}
		for _, dir := range dirs {
			f := e.folder(dir)
			if !wild {
				if d := f.entry(part); d != nil {
					add(dir, d)
				} else if f.blind {
					next = append(next, path.Join(dir, part))
				}
				continue
			}
			if e.matches += len(f.names); e.matches > maxMatches || len(next) > MaxFiles {
				return next, true // the caller gives up
			}
			for j, n := range f.names {
				if strings.HasPrefix(n, ".") && !strings.HasPrefix(part, ".") {
					continue
				}
				if ok, _ := path.Match(part, n); ok {
					add(dir, f.entries[j])
				}
			}
		}
		dirs = next
	}
	slices.Sort(dirs)
	return dirs, true
}

// ValidName is fs.ValidPath without its demand for UTF-8: whether such a name can be opened is for the file
// system to say.
func ValidName(name string) bool {
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
