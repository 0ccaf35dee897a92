package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/expand"
)

// Options say what to load and how. The zero Options look for a configuration from the working
// directory upward.
type Options struct {
	// Path is what -c names: a file, a folder, "example:NAME", or "" to search from WorkDir upward to
	// the root of the repository.
	Path string
	// WorkDir is what relative paths start from and names are shown relative to. "" is the working
	// directory of the process.
	WorkDir string
	// FS is read in place of the disk. Path is then a slash-separated name in it ("" its root), and
	// Prefix stands before names that are shown.
	FS     fs.FS
	Prefix string
	// At is the folder on disk of which FS is a copy, such as an older revision: names are then shown as those of its files,
	// relative to WorkDir, and Prefix does not count.
	At string
	// Overlay holds texts that are read in place of files, such as those not yet saved in an editor. Keys
	// are absolute paths on disk, or names in FS.
	Overlay map[string][]byte

	// Profile takes the place of the kind that is detected; "" detects it.
	Profile Kind
	// DispatcherVersion is passed on to package model.
	DispatcherVersion string

	// Environment is "dev" (the default), "stage", "prod" or "local".
	Environment string
	// Env are the variables of --env.
	Env map[string]string
	// EnvFile is a file of variables, relative to WorkDir.
	EnvFile string
	// Defines are NAME or NAME=VALUE, as httpd's -D and Define.
	Defines []string
	// InheritEnv lets the environment of the process count; Environ stands for it where it is not nil.
	InheritEnv bool
	Environ    []string
}

// A Location says where a configuration is.
type Location struct {
	Kind Kind
	// FS holds the configuration. No include leaves it.
	FS fs.FS
	// Dir is the folder on disk that is the root of FS, absolute; "" where FS is not on disk.
	Dir string
	// Root is the name in FS of the folder that the server calls ServerRoot: "." or a folder below.
	Root string
	// Entry is the name in FS of the .any file to start from; "" where there is none.
	Entry string
	// Whole says that Entry is a whole configuration and not a part of one, such as a farm.
	Whole bool
	// Synthetic is the text that stands in for Entry where the file is missing; "" where it is there.
	Synthetic string
	// Site is the name in FS of the Apache file that was asked for; "" otherwise.
	Site string

	// searched is the folder in which the configuration was looked for, and found in it or below: absolute on disk where FS
	// is, else a name in FS. "" where a file was named.
	searched string

	prefix  string // stands before names that are shown
	at      string // the folder on disk that FS is a copy of
	workDir string // what they are relative to, where FS is on disk
}

// A NotFoundError says that no configuration was found.
type NotFoundError struct {
	// Where is what was searched, for people.
	Where string
	// Looked is what would have been a configuration.
	Looked []string
	// Seen are paths that hold one, but not where it is looked for.
	Seen []string
}

// Error names what was looked for and what to do.
func (e *NotFoundError) Error() string {
	s := "no Dispatcher configuration " + e.Where
	if len(e.Looked) > 0 {
		s += ": looked for " + strings.Join(e.Looked, ", ")
	}
	switch len(e.Seen) {
	case 0:
		return s + "; name one with -c, or try -c example:cloud"
	case 1:
		return s + "; there is one at " + e.Seen[0] + ": name it with -c"
	}
	return s + "; there are several, such as " + e.Seen[0] + ": name one with -c"
}

// looked is what Find looks for in a folder.
func looked() []string {
	return []string{
		"conf.dispatcher.d beside conf.d (here, in src or in dispatcher/src)",
		"conf.dispatcher.d/dispatcher.any", "dispatcher.any", "conf/dispatcher.any",
	}
}

// below are the folders in which a configuration is looked for, nearest first.
var below = [...]string{".", "src", "dispatcher", "httpd", "dispatcher/src", "src/httpd", "etc/httpd", "dispatcher/src/httpd"}

// apacheEndings are those of files that httpd reads.
var apacheEndings = [...]string{".conf", ".vhost", ".rules"}

// Find looks for a configuration. It reads names and, for a file that lies alone, its text; it parses
// nothing. Where there is none the error is a *[NotFoundError].
func Find(o Options) (*Location, error) {
	if o.Profile != "" && !slices.Contains(Kinds(), o.Profile) {
		return nil, fmt.Errorf("profile %q is none of cloud, ams, classic", o.Profile)
	}
	l, err := find(&o)
	if err != nil {
		return nil, err
	}
	if o.Profile != "" {
		l.Kind = o.Profile
	}
	l.FS = withTexts(l.FS, l.overlay(&o))
	return l, nil
}

func find(o *Options) (*Location, error) {
	if name, ok := strings.CutPrefix(o.Path, "example:"); ok {
		name, inside, _ := strings.Cut(name, "/")
		fsys, err := fixtures.Open(name)
		if err != nil {
			return nil, fmt.Errorf("%w; write -c example:cloud", err)
		}
		return findInFS(fsys, inside, "example:"+name)
	}
	workDir, err := filepath.Abs(o.WorkDir)
	if err != nil {
		return nil, err
	}
	if o.FS != nil && o.At != "" {
		l, err := findInFS(o.FS, o.Path, shownPath(workDir, o.At))
		if l != nil {
			l.at, l.workDir = o.At, workDir
		}
		return l, err
	}
	if o.FS != nil {
		return findInFS(o.FS, o.Path, o.Prefix)
	}
	o.WorkDir = workDir
	if o.Path == "" {
		return searchUp(o.WorkDir)
	}
	abs := o.Path
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(o.WorkDir, abs)
	}
	abs = filepath.Clean(abs)
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		if errors.Is(err, fs.ErrNotExist) {
			entries, _ := os.ReadDir(filepath.Dir(abs)) // only for a hint
			return nil, &NotFoundError{Where: "at " + o.Path + ": there is no such file or folder", Seen: sameWithoutCase(o.Path, entries)}
		}
		return nil, fmt.Errorf("%s cannot be read: %w", o.Path, cause(err))
	case info.IsDir():
		return findInFolder(o, abs)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is neither a file nor a folder", o.Path)
	}
	return findFile(o, abs), nil
}

// sameWithoutCase returns the path with the last part in the case in which it is there.
func sameWithoutCase(p string, entries []fs.DirEntry) []string {
	base := filepath.Base(p)
	for _, e := range entries {
		if e.Name() != base && strings.EqualFold(e.Name(), base) {
			return []string{filepath.ToSlash(filepath.Join(filepath.Dir(p), e.Name()))}
		}
	}
	return nil
}

// findInFS finds a configuration in a file system that is not the disk.
func findInFS(fsys fs.FS, name, prefix string) (*Location, error) {
	name = path.Clean("/" + filepath.ToSlash(name))[1:]
	if name == "" {
		name = "."
	}
	shown := path.Join(prefix, name)
	info, err := fs.Stat(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{Where: "at " + shown + ": there is no such file or folder"}
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", shown, cause(err))
	}
	if !info.IsDir() {
		l := &Location{FS: fsys, Root: ".", prefix: prefix}
		if root, lay, ok := treeAround(fsys, name); ok {
			l.Root, l.Kind = root, lay.kind
			l.point(name, path.Join(root, lay.entry), lay.kind)
			return l, nil
		}
		l.Root = path.Dir(name)
		l.point(name, "", "")
		return l, nil
	}
	if root, lay, ok := inside(fsys, name); ok {
		l := &Location{FS: fsys, Root: root, prefix: prefix, searched: name}
		l.take(root, lay)
		return l, nil
	}
	return nil, &NotFoundError{Where: "in " + shown, Looked: looked()}
}

// take sets what a layout says of a folder of FS.
func (l *Location) take(root string, lay layout) {
	l.Kind, l.Root = lay.kind, root
	if lay.entry != "" {
		l.Entry, l.Whole = path.Join(root, lay.entry), true
		l.Synthetic = lay.synthetic
	}
}

// point makes the location that of one file. entry is the entry of the configuration around it, if there
// is one.
func (l *Location) point(name, entry string, kind Kind) {
	if slices.Contains(apacheEndings[:], path.Ext(name)) {
		l.Site = name
	} else {
		l.Entry = name
		l.Whole = name == entry || path.Base(name) == entryName
	}
	if kind == "" {
		kind = l.guess(name)
	}
	l.Kind = kind
}

// guess says for what a file that lies alone was written, by the variables that it uses.
func (l *Location) guess(name string) Kind {
	if path.Base(name) == entryName {
		return Classic
	}
	text, err := readUpTo(l.FS, name, 1<<16)
	if err == nil {
		for _, v := range []string{"${PUBLISH_", "${AUTHOR_", "${LIVECYCLE_", "${CRX_FILTER}", "${DISP_ID}"} {
			if strings.Contains(string(text), v) {
				return AMS
			}
		}
		for _, v := range []string{"${AEM_", "${DOCROOT}", "${ENVIRONMENT_TYPE}"} {
			if strings.Contains(string(text), v) {
				return Cloud
			}
		}
	}
	if l.Site != "" || path.Ext(name) == ".farm" {
		return Cloud
	}
	return Classic
}

// treeAround finds the configuration that a file is a part of: the folder that holds the conf.d or
// conf.dispatcher.d around the file.
func treeAround(fsys fs.FS, name string) (root string, lay layout, ok bool) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if base := path.Base(dir); base == anyFolder || base == httpdFolder {
			if lay, ok := recognise(fsys, path.Dir(dir)); ok {
				return path.Dir(dir), lay, true
			}
		}
	}
	return "", lay, false
}

// onDisk makes a location whose FS starts at dir.
func onDisk(workDir, dir string) *Location {
	prefix := filepath.ToSlash(dir)
	if rel, err := filepath.Rel(workDir, dir); err == nil {
		prefix = filepath.ToSlash(rel)
	}
	return &Location{FS: onDiskFS(dir), Dir: dir, Root: ".", prefix: prefix, workDir: workDir}
}

// inside finds the configuration that a folder holds: around it where it is conf.d or conf.dispatcher.d,
// or else in it or below, nearest first.
func inside(fsys fs.FS, dir string) (root string, lay layout, ok bool) {
	if base := path.Base(dir); base == anyFolder || base == httpdFolder {
		if lay, ok := recognise(fsys, path.Dir(dir)); ok {
			return path.Dir(dir), lay, true
		}
	}
	for _, sub := range below {
		root := path.Join(dir, sub)
		lay, ok := recognise(fsys, root)
		if !ok {
			continue
		}
		if path.Base(root) == "conf" && lay.entry == entryName {
			return path.Dir(root), layout{kind: lay.kind, entry: path.Join("conf", entryName)}, true
		}
		return root, lay, true
	}
	return "", lay, false
}

// findInFolder finds the configuration in a folder of the disk.
func findInFolder(o *Options, dir string) (*Location, error) {
	if l := inFolder(o.WorkDir, dir); l != nil {
		return l, nil
	}
	return nil, &NotFoundError{Where: "in " + shownPath(o.WorkDir, dir), Looked: looked(), Seen: seenBelow(o.WorkDir, dir)}
}

// inFolder finds the configuration in a folder of the disk; nil where there is none.
func inFolder(workDir, dir string) *Location {
	// The folder's own name counts, so the file system starts above it.
	up, name := filepath.Dir(dir), filepath.Base(dir)
	if up == dir {
		name = "."
	}
	root, lay, ok := inside(onDiskFS(up), name)
	if !ok {
		return nil
	}
	root = filepath.Join(up, filepath.FromSlash(root))
	var l *Location
	if lay.kind != Classic {
		l = onDisk(workDir, root)
		l.take(".", lay)
	} else {
		l = classicOnDisk(workDir, root, func(l *Location, at string) { l.take(at, lay) })
	}
	l.searched = dir
	return l
}

// classicOnDisk makes a location for a folder that no layout bounds. The module has no notion of a root:
// what belongs together is in one repository, or else in the folder that people work in or near by. set
// gets the folder's name in FS.
func classicOnDisk(workDir, root string, set func(l *Location, at string)) *Location {
	base := repository(root)
	if base == "" {
		base = root
		for range 2 {
			if up := filepath.Dir(base); filepath.Dir(up) != up {
				base = up
			}
		}
		if rel, err := filepath.Rel(workDir, base); err == nil && filepath.IsLocal(rel) {
			base = workDir
		}
	}
	at, err := filepath.Rel(base, root)
	if err != nil {
		base, at = root, "."
	}
	l := onDisk(workDir, base)
	set(l, filepath.ToSlash(at))
	return l
}

// findFile makes the location of one file: in the configuration around it, or alone.
func findFile(o *Options, abs string) *Location {
	name := filepath.ToSlash(strings.TrimPrefix(abs, filepath.VolumeName(abs)))
	volume := filepath.VolumeName(abs) + string(filepath.Separator)
	if root, lay, ok := treeAround(onDiskFS(volume), strings.TrimPrefix(name, "/")); ok {
		root = filepath.Join(volume, filepath.FromSlash(root))
		rel, err := filepath.Rel(root, abs)
		if err == nil {
			l := onDisk(o.WorkDir, root)
			if lay.kind == Classic {
				l = classicOnDisk(o.WorkDir, root, func(l *Location, at string) { l.Root = at })
			}
			l.point(path.Join(l.Root, filepath.ToSlash(rel)), path.Join(l.Root, lay.entry), lay.kind)
			return l
		}
	}
	root := filepath.Dir(abs)
	if up := filepath.Dir(root); filepath.Base(abs) == entryName && filepath.Base(root) == "conf" {
		root = up
	} else if filepath.Base(abs) != entryName {
		// The nearest folder above with a configuration is where its includes start, if there is one.
		stop := repository(root)
		for dir, n := root, 0; n < 4 && (stop != "" || dir == root); dir, n = filepath.Dir(dir), n+1 {
			if lay, ok := recognise(onDiskFS(dir), "."); ok && lay.kind == Classic {
				root = dir
				break
			}
			if dir == stop {
				break
			}
		}
	}
	return classicOnDisk(o.WorkDir, root, func(l *Location, at string) {
		l.Root = at
		rel, err := filepath.Rel(root, abs)
		if err != nil {
			rel = filepath.Base(abs)
		}
		l.point(path.Join(at, filepath.ToSlash(rel)), "", "")
	})
}

// searchUp looks in a folder and those above it, up to the root of the repository. Outside a repository
// it looks in the folder alone, and around it where that is a part of a configuration: what lies above
// is not the user's.
func searchUp(workDir string) (*Location, error) {
	stop := repository(workDir)
	for dir := workDir; ; dir = filepath.Dir(dir) {
		if l := inFolder(workDir, dir); l != nil {
			return l, nil
		}
		if dir == stop || filepath.Dir(dir) == dir {
			break
		}
		if stop == "" && !strings.Contains(filepath.ToSlash(dir)+"/", "/"+anyFolder+"/") && !strings.Contains(filepath.ToSlash(dir)+"/", "/"+httpdFolder+"/") {
			break
		}
	}
	where := "in the working directory"
	if stop != "" && stop != workDir {
		where = "from the working directory up to " + shownPath(workDir, stop)
	}
	return nil, &NotFoundError{Where: where, Looked: looked(), Seen: seenBelow(workDir, workDir)}
}

// repository returns the folder of the version control that dir is in, "" for none.
func repository(dir string) string {
	for {
		for _, mark := range []string{".git", ".hg", ".svn"} {
			if _, err := os.Stat(filepath.Join(dir, mark)); err == nil {
				return dir
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// seenBelow looks for configurations deeper down, for a hint: four levels and two thousand names, no
// more.
func seenBelow(workDir, dir string) []string {
	var seen []string
	left := 2000
	level := []string{dir}
	for depth := 0; depth < 4 && len(seen) == 0; depth++ {
		var next []string
		for _, d := range level {
			entries, err := os.ReadDir(d)
			if left -= len(entries); err != nil || left < 0 {
				continue
			}
			for _, e := range entries {
				name := e.Name()
				if !e.IsDir() || strings.HasPrefix(name, ".") || name == "node_modules" || name == "target" {
					continue
				}
				sub := filepath.Join(d, name)
				if _, ok := recognise(onDiskFS(sub), "."); ok {
					seen = append(seen, shownPath(workDir, sub))
					continue
				}
				next = append(next, sub)
			}
		}
		level = next
	}
	return seen
}

func shownPath(workDir, p string) string {
	if rel, err := filepath.Rel(workDir, p); err == nil {
		p = rel
	}
	return filepath.ToSlash(p)
}

const builtIn = " (built in)"

// Show gives the name under which people know a file of FS: relative to the working directory, with /.
func (l *Location) Show(name string) string {
	shown := path.Join(l.prefix, name)
	switch {
	case l.at != "":
		shown = shownPath(l.workDir, filepath.Join(l.at, filepath.FromSlash(name)))
	case l.Dir != "" && strings.HasPrefix(shown, ".."): // the working directory is inside, or beside
		shown = shownPath(l.workDir, l.Path(name))
	}
	if l.Synthetic != "" && name == l.Entry {
		shown += builtIn
	}
	return shown
}

// Path returns where a file of FS is on disk; "" where FS is not on disk.
func (l *Location) Path(name string) string {
	if l.Dir == "" {
		return ""
	}
	return filepath.Join(l.Dir, filepath.FromSlash(name))
}

// Map finds the name in FS of an absolute path as servers have it. /etc/httpd is the project's root, as
// in the images of Adobe; a path that lies in the project on this disk is itself; else what counts is
// the end of the path, from conf.dispatcher.d on or as far as there is such a file.
func (l *Location) Map(abs string) (name string, ok bool) {
	if l.Dir != "" {
		if rest, ok := strings.CutPrefix(abs, strings.TrimSuffix(filepath.ToSlash(l.Dir), "/")+"/"); ok {
			return rest, true
		}
	}
	inRoot, fromServer := strings.CutPrefix(abs, "/etc/httpd/")
	if fromServer {
		name = path.Join(l.Root, inRoot)
		if l.Kind != Classic || l.isThere(name) {
			return name, true
		}
	}
	if i := strings.LastIndex(abs, "/"+anyFolder+"/"); i >= 0 && isFolder(l.FS, path.Join(l.Root, anyFolder)) {
		return path.Join(l.Root, abs[i+1:]), true
	}
	if ext := path.Ext(abs); ext == ".any" || ext == ".farm" {
		for _, start := range []string{l.Root, path.Dir(l.Entry)} {
			for rest := strings.TrimPrefix(abs, "/"); rest != ""; _, rest, _ = strings.Cut(rest, "/") {
				if end := path.Join(start, rest); l.isThere(end) && (strings.Contains(rest, "/") || !strings.ContainsAny(rest, "*?[")) {
					return end, true
				}
			}
		}
	}
	return name, fromServer
}

// isThere reports whether a name, or the folder before its first wildcard, is in FS.
func (l *Location) isThere(name string) bool {
	if i := strings.IndexAny(name, "*?["); i >= 0 {
		name = path.Dir(name[:i] + "x")
	}
	if !expand.ValidName(name) || name == "." {
		return false
	}
	_, err := fs.Stat(l.FS, name)
	return err == nil
}

// overlay returns the texts that are read in place of files of FS.
func (l *Location) overlay(o *Options) map[string][]byte {
	texts := map[string][]byte{}
	for name, text := range o.Overlay {
		if l.Dir != "" {
			rel, err := filepath.Rel(l.Dir, name)
			if err != nil || !filepath.IsLocal(rel) {
				continue
			}
			name = filepath.ToSlash(rel)
		}
		texts[name] = text
	}
	if l.Synthetic != "" {
		if _, ok := texts[l.Entry]; ok {
			l.Synthetic = ""
		} else {
			texts[l.Entry] = []byte(l.Synthetic)
		}
	}
	return texts
}

// cause leaves out of a file system's error what the message says anyway.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
