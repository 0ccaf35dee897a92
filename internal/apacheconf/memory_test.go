package apacheconf

import (
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dispcheck/dispcheck/source"
)

// memory is a server's disk in memory. Names are absolute.
type memory struct {
	files fstest.MapFS
	texts map[string]*source.File
}

func newMemory(files map[string]string) *memory {
	m := &memory{files: fstest.MapFS{}, texts: map[string]*source.File{}}
	for name, text := range files {
		if strings.HasSuffix(name, "/") {
			m.files[strings.Trim(name, "/")] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
			continue
		}
		m.files[strings.TrimPrefix(name, "/")] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return m
}

func (m *memory) name(name string) string {
	if name = strings.TrimPrefix(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}

func (m *memory) ReadFile(name string) (*source.File, error) {
	if f := m.texts[name]; f != nil {
		return f, nil
	}
	text, err := fs.ReadFile(m.files, m.name(name))
	if err != nil {
		return nil, err
	}
	m.texts[name] = source.NewFile(name, text)
	return m.texts[name], nil
}

func (m *memory) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(m.files, m.name(name))
}
func (m *memory) Stat(name string) (fs.FileInfo, error) { return fs.Stat(m.files, m.name(name)) }

// dump writes a tree as httpd's DUMP_CONFIG does, one directive a line.
func dump(nodes []*Node) string {
	var b strings.Builder
	dumpTo(&b, nodes, "")
	return b.String()
}

func dumpTo(b *strings.Builder, nodes []*Node, indent string) {
	for _, n := range nodes {
		line := n.Name
		if n.Section {
			line = "<" + line
		}
		if n.Args != "" {
			line += " " + n.Args
		}
		if n.Section {
			line += ">"
		}
		b.WriteString(indent + line + "\n")
		if len(n.Children) > 0 { // httpd prints no closing line for an empty section
			dumpTo(b, n.Children, indent+"  ")
			b.WriteString(indent + "</" + n.Name + ">\n")
		}
	}
}

func read(t *testing.T, files map[string]string, defines ...string) *Tree {
	t.Helper()
	opt := Options{FS: newMemory(files), Main: "/etc/httpd/conf/httpd.conf", Root: "/etc/httpd",
		Modules: []string{"version_module", "macro_module", "rewrite_module", "env_module", "info_module", "headers_module"}}
	for _, d := range defines {
		opt.Defines = append(opt.Defines, Flag{Name: d})
	}
	tree, err := Read(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
