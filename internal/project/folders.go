package project

import (
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

// Folders returns what lies in the folders of the configuration beside what was read. Nothing is looked at before it is
// asked for, and once then.
func (p *Project) Folders() lint.Folders {
	f := &folders{project: p}
	f.files = sync.OnceValue(func() []listed {
		return slices.Concat(f.list(path.Join(p.Root, httpdFolder)), f.list(path.Join(p.Root, anyFolder)))
	})
	f.unread, f.links, f.others = sync.OnceValue(f.findUnread), sync.OnceValue(f.findLinks), sync.OnceValue(f.findOthers)
	f.unreadServer, f.entries = sync.OnceValue(f.findUnreadServer), sync.OnceValue(f.findEntries)
	return f
}

// Bounds on what is looked at in folders. The largest configurations that are public have some 600 files.
const (
	maxListed = 10_000
	maxLevels = 12
	maxUnread = 2_000   // files
	maxText   = 1 << 20 // bytes of one
	maxBeside = 200     // folders beside the configuration
	maxHops   = 40      // of links that lead to links
)

// A folders lists folders of a project.
type folders struct {
	project *Project
	files   func() []listed // of conf.d, then of conf.dispatcher.d
	unread  func() []*grammar.File
	links   func() []lint.Link
	others  func() []*source.File

	unreadServer func() []*httpd.File
	entries      func() []lint.Entry
}

func (f *folders) Unread() []*grammar.File { return f.unread() }
func (f *folders) Links() []lint.Link      { return f.links() }
func (f *folders) Others() []*source.File  { return f.others() }

// UnreadServer implements lint.Folders.
func (f *folders) UnreadServer() []*httpd.File { return f.unreadServer() }

// Entries implements lint.Folders.
func (f *folders) Entries() []lint.Entry { return f.entries() }

// A listed is a file or link in a folder.
type listed struct {
	name   string
	isLink bool
}

// list returns the files and links below a folder, sorted by their names. It follows no link.
func (f *folders) list(folder string) []listed {
	var all []listed
	left := maxListed
	var into func(folder string, levels int)
	into = func(folder string, levels int) {
		entries, err := fs.ReadDir(f.project.FS, folder)
		if left -= len(entries); err != nil || left < 0 {
			return
		}
		for _, e := range entries {
			name := path.Join(folder, e.Name())
			switch {
			case e.IsDir():
				if levels > 1 && !skipped(e.Name()) {
					into(name, levels-1)
				}
			case e.Type()&fs.ModeSymlink != 0:
				all = append(all, listed{name, true})
			case e.Type().IsRegular():
				all = append(all, listed{name, false})
			}
		}
	}
	into(folder, maxLevels)
	slices.SortFunc(all, func(a, b listed) int { return strings.Compare(a.name, b.name) })
	return all
}

// skipped reports whether a folder is none of people's: of a version control, or made by tools.
func skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") || folder == "node_modules" || folder == "target"
}

// read returns the names of all files that were read, by themselves or by a link.
func (f *folders) read() map[string]*source.File {
	names := map[string]*source.File{}
	for _, g := range f.project.Tree.Files {
		name := f.project.Tree.Name(g.Src)
		for range maxHops {
			if _, ok := names[name]; ok {
				break
			}
			names[name] = g.Src
			target, err := fs.ReadLink(f.project.FS, name)
			if err != nil {
				break
			}
			to, inside := f.project.lead(name, target)
			if !inside {
				break
			}
			name = to
		}
	}
	return names
}

// laidOut reports whether a whole configuration was read from conf.dispatcher.d, so that what is in there belongs to it.
func (l *Location) laidOut() bool { return l.Entry == path.Join(l.Root, anyFolder, entryName) }

// findUnread looks for the files that nothing brings.
func (f *folders) findUnread() []*grammar.File {
	p := f.project
	if p.Tree == nil || len(p.Tree.Fatal) > 0 || !p.laidOut() {
		return nil
	}
	read := f.read()
	var out []*grammar.File
	for _, file := range f.files() {
		ext := path.Ext(file.name)
		if file.isLink || ext != ".any" && ext != ".farm" || read[file.name] != nil || p.platforms(file.name) || !strings.HasPrefix(file.name, path.Join(p.Root, anyFolder)+"/") {
			continue
		}
		text, err := readUpTo(p.FS, file.name, maxText)
		if err != nil || len(out) == maxUnread {
			continue
		}
		out = append(out, grammar.Parse(source.NewFile(p.Show(file.name), text)))
	}
	return out
}

// findLinks looks for symbolic links.
func (f *folders) findLinks() []lint.Link {
	p := f.project
	if p.Site != "" || p.Entry != "" && !p.laidOut() { // a part was asked for
		return nil
	}
	var read map[string]*source.File
	var out []lint.Link
	for _, file := range f.files() {
		if !file.isLink {
			continue
		}
		target, err := fs.ReadLink(p.FS, file.name)
		if err != nil {
			continue
		}
		if read == nil && p.Tree != nil {
			read = f.read()
		}
		text := read[file.name]
		if text == nil || p.Tree.Name(text) != file.name {
			text = source.NewFile(p.Show(file.name), nil)
		}
		_, inside := p.lead(file.name, target)
		out = append(out, lint.Link{File: text, Target: filepath.ToSlash(target), Inside: inside})
	}
	return out
}

// lead returns the name that a link leads to, and whether that is inside of the root.
func (l *Location) lead(link, target string) (name string, inside bool) {
	if strings.Contains(target, `:\`) || strings.HasPrefix(target, `\`) {
		return "", false
	}
	target = filepath.ToSlash(target)
	if path.IsAbs(target) {
		return "", false
	}
	name = path.Join(path.Dir(link), target)
	if l.Root == "." {
		return name, name != ".." && !strings.HasPrefix(name, "../")
	}
	return name, strings.HasPrefix(name, l.Root+"/")
}

// findOthers looks for other files called dispatcher.any: in the layouts that have a root, anywhere in it; and in the folder
// in which the configuration was looked for, where another one would be.
func (f *folders) findOthers() []*source.File {
	p := f.project
	if p.Tree == nil || !p.Whole || p.Synthetic != "" {
		return nil
	}
	read := f.read()
	var out []*source.File
	seen := map[string]bool{p.Show(p.Entry): true}
	add := func(shown string) {
		if !seen[shown] && !pair(shown, p.Show(p.Entry)) {
			seen[shown] = true
			out = append(out, source.NewFile(shown, nil))
		}
	}
	if p.laidOut() {
		for _, file := range f.files() {
			if path.Base(file.name) == entryName && read[file.name] == nil {
				add(p.Show(file.name))
			}
		}
	}
	if p.searched == "" {
		return out
	}
	fsys, at, show := p.FS, p.searched, p.Show
	if p.Dir != "" {
		fsys, at = onDiskFS(p.searched), "."
		show = func(name string) string {
			return shownPath(p.workDir, filepath.Join(p.searched, filepath.FromSlash(name)))
		}
	}
	for _, folder := range beside(fsys, at) {
		if lay, ok := recognise(fsys, folder); ok && lay.entry != "" && lay.synthetic == "" {
			name := path.Join(folder, lay.entry)
			if p.Dir != "" || read[name] == nil {
				add(show(name))
			}
		}
	}
	return out
}

// beside returns the folders in which another configuration may be: where one is looked for, and one level down.
func beside(fsys fs.FS, at string) []string {
	var out []string
	for _, sub := range below {
		out = append(out, path.Join(at, sub))
	}
	entries, err := fs.ReadDir(fsys, at)
	if err != nil {
		return out
	}
	for _, e := range entries {
		if e.IsDir() && !skipped(e.Name()) && e.Name() != anyFolder && e.Name() != "conf" && len(out) < maxBeside {
			out = append(out, path.Join(at, e.Name()))
		}
	}
	return slices.Compact(out)
}

// pair reports whether two configurations are meant to be side by side: one for authors and one for publish.
func pair(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	author := strings.Contains(a, "author") != strings.Contains(b, "author")
	return author && (strings.Contains(a, "publish") || strings.Contains(b, "publish"))
}
