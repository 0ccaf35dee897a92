package realhttpd

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
	"github.com/dispcheck/dispcheck/source"
)

// Load reads what a site would be on the server, as a simulation has it: the base with this site alone. refusal is what is
// said where httpd would not start with it, "" otherwise.
func (s *Server) Load(ctx context.Context, site Site) (srv *server.Server, refusal string, err error) {
	main := strings.TrimSuffix(s.Base, "IncludeOptional sites/*.conf\n") + "Include sites/" + site.Name + ".conf\n"
	file := s.Root + "/sites/" + site.Name + ".conf"
	if _, err := os.Stat(file); err != nil { // httpd refused it, or was not asked
		if err := os.WriteFile(file, []byte(site.Text), 0o644); err != nil {
			return nil, "", err
		}
		defer os.Remove(file)
	}
	d := &disk{texts: map[string]*source.File{}}
	for name, text := range map[string]string{s.Root + "/httpd.conf": main, s.Root + "/sites/" + site.Name + ".conf": site.Text} {
		d.texts[name] = source.NewFile(name, []byte(text))
	}
	tree, err := apacheconf.Read(ctx, apacheconf.Options{
		FS: d, Main: s.Root + "/httpd.conf", Root: s.Root,
		Modules: []string{"log_config_module", "logio_module", "unixd_module", "version_module", "watchdog_module"},
	})
	if err != nil {
		return nil, "", err
	}
	srv = server.Decode(ctx, tree, server.DecodeOptions{ReadFile: os.ReadFile, Stat: d.Stat})
	for _, list := range [][]diag.Diagnostic{tree.Findings, srv.Findings} {
		for _, f := range list {
			if f.Severity == diag.Error {
				p := f.Span.Position()
				return srv, fmt.Sprintf("%d:%d: %s", p.Line, p.Column, f.Message), nil
			}
		}
	}
	return srv, "", nil
}

// A disk is the real one, with some texts over it.
type disk struct{ texts map[string]*source.File }

func (d *disk) ReadFile(name string) (*source.File, error) {
	if f := d.texts[name]; f != nil {
		return f, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	d.texts[name] = source.NewFile(name, text)
	return d.texts[name], nil
}

func (d *disk) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

func (d *disk) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// Files is the file system of the server, for a simulation.
type Files struct{}

// Stat says what is at a path.
func (Files) Stat(path string) rewrite.FileKind {
	fi, err := os.Stat(path)
	switch {
	case err != nil:
		return rewrite.Missing
	case fi.IsDir():
		return rewrite.Folder
	case fi.Size() == 0:
		return rewrite.Empty
	case fi.Mode()&0o111 != 0:
		return rewrite.Executable
	}
	return rewrite.Plain
}

// Size is how many bytes a file has.
func (Files) Size(path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		return -1
	}
	return fi.Size()
}

// Modified is when a file was changed.
func (Files) Modified(path string) time.Time {
	fi, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return fi.ModTime()
}
