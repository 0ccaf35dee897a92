package project

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/source"
)

// optInFolder holds the files by which a project takes part in what the Cloud Service offers.
const optInFolder = "opt-in"

// serverEndings are those of texts that an Include of a project names.
var serverEndings = [...]string{".conf", ".vhost", ".rules", ".vars"}

// part reports whether a part of a configuration was asked for, or one that is laid out otherwise: what lies around it is
// nobody's then.
func (p *Project) part() bool {
	return p.Site != "" || p.Kind == Classic || p.Entry != "" && !p.laidOut()
}

// findEntries lists the server's root.
func (f *folders) findEntries() []lint.Entry {
	p := f.project
	if p.part() {
		return nil
	}
	var out []lint.Entry
	left := maxListed
	var into func(folder string, levels int)
	into = func(folder string, levels int) {
		entries, err := fs.ReadDir(p.FS, folder)
		if left -= len(entries); err != nil || left < 0 {
			return
		}
		for _, e := range entries {
			full := path.Join(folder, e.Name())
			switch {
			case e.IsDir():
				if skipped(e.Name()) && folder != p.Root {
					continue
				}
				out = append(out, lint.Entry{Name: p.inside(full), File: f.nameless(full), Folder: true})
				if levels > 1 && (folder != p.Root || e.Name() == httpdFolder || e.Name() == anyFolder || e.Name() == optInFolder) {
					into(full, levels-1)
				}
			case e.Type()&fs.ModeSymlink != 0 || e.Type().IsRegular():
				out = append(out, f.entry(full, e))
			}
		}
	}
	into(path.Clean(p.Root), maxLevels)
	slices.SortFunc(out, func(a, b lint.Entry) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// inside is a name in FS as seen from the server's root.
func (l *Location) inside(name string) string {
	if l.Root == "." {
		return name
	}
	return strings.TrimPrefix(name, l.Root+"/")
}

// nameless is a text that has a name and holds nothing.
func (f *folders) nameless(full string) *source.File {
	return f.project.known(source.NewFile(f.project.Show(full), nil), full)
}

// known takes note of where a text lies.
func (p *Project) known(text *source.File, full string) *source.File {
	if p.names == nil {
		p.names = map[*source.File]string{}
	}
	p.names[text] = full
	return text
}

// nameOf is where a text lies in FS; "" for one that does not.
func (p *Project) nameOf(f *source.File) string {
	if p.Tree != nil {
		if name := p.Tree.Name(f); name != "" {
			return name
		}
	}
	return p.names[f]
}

// entry describes a file or link.
func (f *folders) entry(full string, e fs.DirEntry) lint.Entry {
	p := f.project
	out := lint.Entry{Name: p.inside(full), File: f.readBy(full)}
	if out.File == nil {
		out.File = f.nameless(full)
	}
	if e.Type()&fs.ModeSymlink != 0 {
		out.Link = "?"
		if target, err := fs.ReadLink(p.FS, full); err == nil {
			out.Link = filepath.ToSlash(target)
			if to, ok := p.lead(full, target); ok {
				out.To = p.inside(to)
			}
		}
		_, err := fs.Stat(p.FS, full)
		out.Broken = err != nil
		return out
	}
	info, err := e.Info()
	if err != nil {
		return out
	}
	out.Size = info.Size()
	if out.Size == 0 || out.Size > maxLinkText || !strings.HasPrefix(path.Base(path.Dir(full)), "enabled_") {
		return out
	}
	text, err := readUpTo(p.FS, full, maxLinkText)
	if err != nil {
		return out
	}
	if target, ok := httpd.LinkText(text); ok {
		to, _ := p.lead(full, target)
		out.To = p.inside(to)
		out.Broken = !isFile(p.FS, to)
	}
	return out
}

// maxLinkText is how long a file may be that holds the text of a link.
const maxLinkText = 4096

// readBy is the text that was read by a name; nil where none was.
func (f *folders) readBy(full string) *source.File {
	p := f.project
	if t := p.texts[p.Show(full)]; t != nil {
		return t
	}
	if p.Tree == nil {
		return nil
	}
	for _, g := range p.Tree.Files {
		if p.Tree.Name(g.Src) == full {
			return g.Src
		}
	}
	return nil
}

// Read implements lint.Folders.
func (f *folders) Read(name string) *source.File {
	p := f.project
	full := path.Join(p.Root, name)
	if t := f.readBy(full); t != nil {
		return t
	}
	if strings.HasPrefix(full, "../") {
		return p.outside(full)
	}
	text, err := readUpTo(p.FS, full, maxText)
	if err != nil {
		return nil
	}
	return p.known(source.NewFile(p.Show(full), text), full)
}

// outside reads a file beside the configuration from the disk, where that is on one.
func (p *Project) outside(name string) *source.File {
	if p.Dir == "" {
		return nil
	}
	full := filepath.Join(p.Dir, filepath.FromSlash(name))
	info, err := os.Stat(full)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxText {
		return nil
	}
	text, err := os.ReadFile(full)
	if err != nil {
		return nil
	}
	return source.NewFile(shownPath(p.workDir, full), text)
}

// findUnreadServer looks for the texts of httpd that nothing includes.
func (f *folders) findUnreadServer() []*httpd.File {
	p := f.project
	if p.part() || p.texts == nil {
		return nil
	}
	var out []*httpd.File
	for _, file := range f.files() {
		if file.isLink || !slices.Contains(serverEndings[:], path.Ext(file.name)) || p.texts[p.Show(file.name)] != nil || p.platforms(file.name) ||
			!strings.HasPrefix(file.name, path.Join(p.Root, httpdFolder)+"/") {
			continue
		}
		text, err := readUpTo(p.FS, file.name, maxText)
		if err != nil || len(out) == maxUnread {
			continue
		}
		if _, isLink := httpd.LinkText(text); isLink {
			continue
		}
		out = append(out, httpd.Parse(p.known(source.NewFile(p.Show(file.name), text), file.name)))
	}
	return out
}
