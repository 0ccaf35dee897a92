package project

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apachebase"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate/httpd"
	"github.com/dispcheck/dispcheck/source"
)

// An Apache is the httpd side of a project, loaded: the project's files on the server that its platform brings.
type Apache struct {
	*server.Server
	// Base is the server that the project was laid over.
	Base *apachebase.Server
	// Findings are those of reading and decoding, sorted, without those in the platform's own files.
	Findings []diag.Diagnostic

	project *Project
}

// HasApache reports whether there is an Apache side: a folder conf.d, or a file of httpd that was asked for.
func (p *Project) HasApache() bool {
	return p.Site != "" || isFolder(p.FS, path.Join(p.Root, httpdFolder))
}

// hasOwnServer reports whether a project is that of a server of its owner's own: it has httpd's first text.
func (p *Project) hasOwnServer() bool {
	return p.Kind == Classic && p.Whole && slices.ContainsFunc([]string{"conf/httpd.conf", "httpd.conf", "apache2.conf", "conf/apache2.conf"}, func(name string) bool {
		return isFile(p.FS, path.Join(p.Root, name))
	})
}

// Apache loads the httpd side of the project; nil where there is none. What is wrong with it is in its findings; an error
// says that a bound was exceeded or that a file cannot be read.
func (p *Project) Apache(ctx context.Context) (*Apache, error) {
	if !p.HasApache() {
		return nil, nil
	}
	return p.loadApache(ctx)
}

// WholeApache is Apache, and also loads the httpd side of a project without conf.d that has httpd's first text:
// conf/httpd.conf and the like.
func (p *Project) WholeApache(ctx context.Context) (*Apache, error) {
	if !p.HasApache() && !p.hasOwnServer() {
		return nil, nil
	}
	return p.loadApache(ctx)
}

func (p *Project) loadApache(ctx context.Context) (*Apache, error) {
	root, err := fs.Sub(p.FS, path.Clean(p.Root))
	if err != nil {
		return nil, err
	}
	o := apachebase.Options{
		Profile: apachebase.Profile(p.Kind), Project: root, Flags: p.Env.Flags(),
		Text: p.apacheText,
		Env: func(name string) (string, bool) {
			v, ok := p.Env.onServer(name)
			return v.Value, ok
		},
	}
	if p.Site != "" && !isFolder(p.FS, path.Join(p.Root, httpdFolder)) {
		o.File = strings.TrimPrefix(strings.TrimPrefix(p.Site, path.Clean(p.Root)), "/")
	}
	base, err := apachebase.Load(o)
	if err != nil {
		return nil, err
	}
	for _, d := range p.Env.options() {
		base.Read.Defines = append(base.Read.Defines, apacheconf.Flag{Name: d.Name, Value: d.Value, HasValue: !d.Bare})
	}
	tree, err := apacheconf.Read(ctx, base.Read)
	if err != nil {
		return nil, err
	}
	a := &Apache{Base: base, project: p}
	a.Server = server.Decode(ctx, tree, server.DecodeOptions{
		ReadFile: func(name string) ([]byte, error) {
			f, err := base.FS.ReadFile(name)
			if err != nil {
				return nil, err
			}
			return f.Text, nil
		},
		Stat: base.FS.Stat, Env: o.Env,
	})
	for _, list := range [][]diag.Diagnostic{tree.Findings, a.Server.Findings} {
		for _, d := range list {
			if a.Owned(d.Span.File) {
				a.Findings = append(a.Findings, d)
			}
		}
	}
	a.Findings = diag.Sort(a.Findings)
	return a, nil
}

// UsualHost is a host name for requests of which nobody says what host they are for: "" where a virtual host of the project
// answers localhost, else the name of the first one that has any.
func (a *Apache) UsualHost() string {
	first := ""
	for _, h := range a.Hosts {
		if !a.Owned(h.At.File) || a.project.platforms(a.project.nameOf(h.At.File)) {
			continue
		}
		names := []string{h.Name.Host}
		for _, n := range h.Names {
			names = append(names, n.Pattern)
		}
		for _, n := range names {
			if httpd.MatchName("localhost", n) {
				return ""
			}
			if first == "" && n != "" && !strings.ContainsAny(n, "*?$") {
				first = n
			}
		}
	}
	return first
}

// nameOf is the name in FS of a text of the httpd side.
func (p *Project) nameOf(f *source.File) string { return p.textNames[f] }

// Owned reports whether a text is the project's, and not one that its platform brings.
func (a *Apache) Owned(f *source.File) bool { return f != nil && a.project.texts[f.Name] == f }

// apacheText reads a text of the httpd side; the name is within the project's root.
func (p *Project) apacheText(name string) (*source.File, error) {
	full := path.Join(p.Root, name)
	shown := p.Show(full)
	if f := p.texts[shown]; f != nil {
		return f, nil
	}
	text, err := fs.ReadFile(p.FS, full)
	if err != nil {
		return nil, err
	}
	if p.texts == nil {
		p.texts, p.textNames = map[string]*source.File{}, map[*source.File]string{}
	}
	f := source.NewFile(shown, text)
	p.texts[shown], p.textNames[f] = f, full
	return f, nil
}
