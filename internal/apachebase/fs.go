package apachebase

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/source"
)

// MaxFile is how large a file may be to be read, in bytes.
const MaxFile = 16 << 20

// maxLinks bounds how many links lead to a file.
const maxLinks = 40

// An FS is the disk of a server, by absolute paths: further files over the project over what the server brings. A link of
// the project leads where it would lead on the server, also by an absolute path below Root. A regular file in a folder
// enabled_* that is the text of a link, as git leaves it where links are switched off, leads there too if that is a file.
// It is safe for many goroutines if the project's file system and Options.Text are.
type FS struct {
	project fs.FS
	text    func(string) (*source.File, error)
	// visible are the folders of the project that are on the server; nil for all of them.
	visible []string
	// single is the one file that is read of the project, and site its place on the server; "" for a whole project.
	single, site string
	// roots are the folders of the server that are the project: Root, and what the project calls ServerRoot.
	roots []string

	files   map[string]string // of the server, by absolute path
	over    map[string]string // further files
	folders map[string]bool
	layered map[string]bool // files of the server that count in the place of the project's copies

	mu   sync.Mutex
	read map[string]*source.File // by name in the project, or by absolute path
}

func newFS(o Options) *FS {
	f := &FS{
		project: o.Project, text: o.Text, files: map[string]string{}, over: map[string]string{}, folders: map[string]bool{"/": true},
		read: map[string]*source.File{}, roots: []string{Root},
	}
	switch {
	case o.File != "":
		f.single, f.site = path.Clean(o.File), Root+"/conf.d/"+siteName(o.File)
	case o.Profile == Cloud:
		f.visible = []string{"conf.d", "conf.dispatcher.d", "opt-in"}
	case o.Bare:
		f.visible = []string{"conf.d", "conf.dispatcher.d"}
	}
	for _, dir := range machine {
		f.mkdir(dir)
	}
	for name, text := range pages {
		f.add(name, text)
	}
	bare := o.Bare
	f.fill("every", func(string) bool { return true })
	f.fill(string(o.Profile), func(name string) bool {
		switch {
		case name == defaultHost && !(o.Layered && o.Project != nil && isFile(o.Project, name)):
			return false // it is there to be laid over the project's copy
		case bare && (name == "conf.d/remoteip.conf" || name == "conf.d/status.conf" || name == "conf.modules.d/10-image.conf"):
			return false
		case o.File != "" && strings.HasPrefix(name, "conf.d/") && name != "conf.d/remoteip.conf" && name != "conf.d/status.conf":
			return strings.HasPrefix(name, "conf.d/variables/") || strings.HasPrefix(name, "conf.d/rewrites/")
		case o.Profile != Cloud && strings.HasPrefix(name, "conf.modules.d/") && !bare && f.bringsModules():
			return false
		}
		return true
	})
	if strings.HasSuffix(o.File, ".rules") {
		f.add(Root+"/conf.d/site.conf", neutralVirtualHost)
	}
	if o.Layered && o.Profile == Cloud && o.File == "" {
		f.layered = map[string]bool{}
		for _, name := range platformFiles {
			f.layered[Root+"/"+name] = true
		}
	}
	for name, text := range o.Files {
		if strings.HasSuffix(name, "/") {
			f.mkdir(path.Clean(name))
			continue
		}
		f.mkdir(path.Dir(path.Clean(name)))
		f.over[path.Clean(name)] = text
	}
	return f
}

// defaultHost is the virtual host that the platform has for projects to switch on.
const defaultHost = "conf.d/available_vhosts/default.vhost"

func isFile(project fs.FS, name string) bool {
	fi, err := fs.Stat(project, name)
	return err == nil && fi.Mode().IsRegular()
}

func (f *FS) fill(profile string, want func(string) bool) {
	eachText(profile, func(name, text string) {
		if want(name) {
			f.add(Root+"/"+name, text)
		}
	})
}

// bringsModules reports whether the project loads the modules of its server itself, and not only some more: those that no
// server can do without are among them.
func (f *FS) bringsModules() bool {
	if f.project == nil || f.single != "" {
		return false
	}
	names, err := fs.Glob(f.project, "conf.modules.d/*.conf")
	return err == nil && slices.ContainsFunc(names, func(name string) bool {
		text, err := fs.ReadFile(f.project, name)
		return err == nil && bytes.Contains(text, []byte("authz_core_module"))
	})
}

func (f *FS) add(name, text string) {
	f.mkdir(path.Dir(name))
	f.files[name] = text
}

func (f *FS) mkdir(name string) {
	for ; !f.folders[name]; name = path.Dir(name) {
		f.folders[name] = true
	}
}

// A place is what an absolute path leads to.
type place struct {
	name string // the path, with links followed
	// project is the name in the project, "" for what is the server's.
	project string
	text    string
	folder  bool
	size    int64
}

func notThere(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }

// locate follows a path.
func (f *FS) locate(op, name string) (place, error) {
	name = path.Clean("/" + name)
	for range maxLinks {
		p, link, err := f.step(op, name)
		if err != nil {
			return place{}, err
		}
		if link == "" {
			return p, nil
		}
		name = link
	}
	return place{}, &fs.PathError{Op: op, Path: name, Err: errors.New("links lead in a circle")}
}

// step looks at a path, and says where it leads if a link is on the way.
func (f *FS) step(op, name string) (place, string, error) {
	if text, ok := f.over[name]; ok {
		return place{name: name, text: text, size: int64(len(text))}, "", nil
	}
	if inner, ok := f.inProject(name); ok && !(f.layered[name] && isFile(f.project, inner)) {
		link, err := f.link(inner)
		if err != nil {
			return place{}, "", err
		}
		if link != "" {
			return place{}, link, nil
		}
		if fi, err := fs.Stat(f.project, inner); err == nil {
			if fi.IsDir() {
				return place{name: name, project: inner, folder: true}, "", nil
			}
			if !fi.Mode().IsRegular() {
				return place{}, "", &fs.PathError{Op: op, Path: name, Err: errors.New("not a regular file")}
			}
			if to := f.standIn(name, inner, fi.Size()); to != "" {
				return place{}, to, nil
			}
			return place{name: name, project: inner, size: fi.Size()}, "", nil
		}
	}
	if text, ok := f.files[name]; ok {
		return place{name: name, text: text, size: int64(len(text))}, "", nil
	}
	if f.folders[name] {
		return place{name: name, folder: true}, "", nil
	}
	for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) { // a file on the way is no folder
		if p, link, err := f.step(op, dir); err == nil && link == "" && !p.folder {
			return place{}, "", &fs.PathError{Op: op, Path: name, Err: errNotFolder}
		} else if err == nil {
			break
		}
	}
	return place{}, "", notThere(op, name)
}

// errNotFolder is what a path gives that goes on behind a file. For httpd it is another case than a missing one.
var errNotFolder = errors.New("not a folder")

// inProject is the name in the project of a path of the server.
func (f *FS) inProject(name string) (string, bool) {
	if f.project == nil {
		return "", false
	}
	if f.single != "" && name == f.site {
		return f.single, true
	}
	rest, ok := f.below(name)
	if !ok {
		return "", false
	}
	if f.single != "" && (rest == "conf/httpd.conf" || rest == "conf/mime.types" || strings.HasPrefix(rest, "conf.modules.d")) {
		return "", false // the server's own stand there
	}
	if f.visible != nil {
		top, _, _ := strings.Cut(rest, "/")
		if !slices.Contains(f.visible, top) {
			return "", false
		}
	}
	return rest, true
}

// below is a path relative to the root that it lies in.
func (f *FS) below(name string) (string, bool) {
	for _, root := range f.roots {
		if name == root && root != Root {
			return ".", true
		}
		if rest, ok := strings.CutPrefix(name, root+"/"); ok && fs.ValidPath(rest) {
			return rest, true
		}
	}
	return "", false
}

// link follows the first symbolic link on the way to a file of the project.
func (f *FS) link(inner string) (string, error) {
	links, ok := f.project.(fs.ReadLinkFS)
	if !ok {
		return "", nil
	}
	for i := 0; i <= len(inner); i++ {
		if i < len(inner) && inner[i] != '/' {
			continue
		}
		fi, err := links.Lstat(inner[:i])
		if err != nil {
			return "", nil // not of the project
		}
		if fi.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		to, err := links.ReadLink(inner[:i])
		if err != nil {
			return "", err
		}
		to = strings.ReplaceAll(to, `\`, "/")
		if !strings.HasPrefix(to, "/") {
			to = path.Join(path.Dir(Root+"/"+inner[:i]), to)
		}
		return path.Join(to, inner[i:]), nil
	}
	return "", nil
}

// standIn follows a file that is the text of a link.
func (f *FS) standIn(name, inner string, size int64) string {
	if size > 4096 || !strings.HasPrefix(path.Base(path.Dir(name)), "enabled_") {
		return ""
	}
	text, err := fs.ReadFile(f.project, inner)
	if err != nil {
		return ""
	}
	to, ok := httpd.LinkText(text)
	if !ok {
		return ""
	}
	to = path.Join(path.Dir(name), to)
	if p, _, err := f.step("stat", to); err != nil || p.folder {
		return ""
	}
	return to
}

// ReadFile gives a text, the same each time.
func (f *FS) ReadFile(name string) (*source.File, error) {
	p, err := f.locate("read", name)
	if err != nil {
		return nil, err
	}
	key := p.project
	if key == "" {
		key = p.name
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if file := f.read[key]; file != nil {
		return file, nil
	}
	file, err := f.load(p)
	if err != nil {
		return nil, err
	}
	f.read[key] = file
	return file, nil
}

func (f *FS) load(p place) (*source.File, error) {
	switch {
	case p.folder:
		return nil, &fs.PathError{Op: "read", Path: p.name, Err: errors.New("is a folder")}
	case p.size > MaxFile:
		return nil, &fs.PathError{Op: "read", Path: p.name, Err: fmt.Errorf("file is larger than %d MB", MaxFile>>20)}
	case p.project == "":
		return source.NewFile("base:"+p.name, []byte(p.text)), nil
	case f.text != nil:
		return f.text(p.project)
	}
	in, err := f.project.Open(p.project)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxFile {
		return nil, &fs.PathError{Op: "read", Path: p.name, Err: fmt.Errorf("file is larger than %d MB", MaxFile>>20)}
	}
	return source.NewFile(p.project, text), nil
}

// Own reports whether a text is the server's and not the project's.
func (f *FS) Own(file *source.File) bool { return Brought(file) }

// Brought reports whether a text is one that a server brings.
func Brought(file *source.File) bool { return strings.HasPrefix(file.Name, "base:") }

// Path is where a text is on the server, "" for one that was not read from here. A file that links lead to has the path
// that the links lead to.
func (f *FS) Path(file *source.File) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, read := range f.read {
		if read != file {
			continue
		}
		if strings.HasPrefix(key, "/") {
			return key
		}
		if key == f.single {
			return f.site
		}
		return Root + "/" + key
	}
	return ""
}

// ReadDir gives the entries of a folder in the order of their names.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	p, err := f.locate("readdir", name)
	if err != nil {
		return nil, err
	}
	if !p.folder {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotFolder}
	}
	entries := map[string]fs.DirEntry{}
	child := func(full string, folder bool, size int64) {
		if full != "/" && path.Dir(full) == p.name {
			entries[path.Base(full)] = info{name: path.Base(full), folder: folder, size: size}
		}
	}
	for n := range f.folders {
		child(n, true, 0)
	}
	for n, text := range f.files {
		child(n, false, int64(len(text)))
	}
	if inner, ok := f.inProject(p.name); ok || p.name == Root && f.project != nil {
		if p.name == Root {
			inner = "."
		}
		list, err := fs.ReadDir(f.project, inner)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range list {
			if _, ok := f.inProject(path.Join(p.name, e.Name())); ok {
				entries[e.Name()] = e
			}
		}
	}
	if f.site != "" {
		child(f.site, false, 0)
	}
	for n, text := range f.over {
		child(n, false, int64(len(text)))
	}
	return slices.SortedFunc(maps.Values(entries), func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) }), nil
}

// Stat says what a path leads to.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	p, err := f.locate("stat", name)
	if err != nil {
		return nil, err
	}
	return info{name: path.Base(p.name), folder: p.folder, size: p.size}, nil
}

// An info describes a file or a folder.
type info struct {
	name   string
	folder bool
	size   int64
}

func (i info) Name() string               { return i.name }
func (i info) Size() int64                { return i.size }
func (i info) IsDir() bool                { return i.folder }
func (i info) ModTime() time.Time         { return time.Time{} }
func (i info) Sys() any                   { return nil }
func (i info) Type() fs.FileMode          { return i.Mode().Type() }
func (i info) Info() (fs.FileInfo, error) { return i, nil }
func (i info) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
