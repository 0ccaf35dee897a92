package project

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	apachetext "github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/internal/apachebase"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/managedmaps"
	"github.com/dispcheck/dispcheck/model/server"
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
	// folders are the document roots and those above them: they are made before httpd starts, by the scripts of the platform
	// (docker_run.sh of the Dispatcher tools) or by who runs the server.
	folders map[string]bool
}

// HasApache reports whether there is an Apache side: a folder conf.d, httpd's first text, or a file of httpd that was asked
// for.
func (p *Project) HasApache() bool {
	return p.Site != "" || isFolder(p.FS, path.Join(p.Root, httpdFolder)) || p.hasOwnServer()
}

// hasOwnServer reports whether a project is that of a server of its owner's own: it has httpd's first text.
func (p *Project) hasOwnServer() bool {
	return p.Kind == Classic && p.Whole && slices.ContainsFunc([]string{"conf/httpd.conf", "httpd.conf", "apache2.conf", "conf/apache2.conf"}, func(name string) bool {
		return isFile(p.FS, path.Join(p.Root, name))
	})
}

// Apache loads the httpd side of the project; nil where there is none. What is wrong with it is in its findings; an error
// says that a bound was exceeded or that a file cannot be read.
//
// It is the side as it runs: in AEM as a Cloud Service, the platform's own files count in the place of the project's copies.
func (p *Project) Apache(ctx context.Context) (*Apache, error) { return p.loadApache(ctx, true) }

// loadApache loads the httpd side as it runs, or as it is written.
func (p *Project) loadApache(ctx context.Context, runs bool) (*Apache, error) {
	if !p.HasApache() {
		return nil, nil
	}
	root, err := fs.Sub(p.FS, path.Clean(p.Root))
	if err != nil {
		return nil, err
	}
	o := apachebase.Options{
		Profile: apachebase.Profile(p.Kind), Project: root, Flags: p.Env.Flags(),
		Text: p.apacheText, Layered: runs,
		Env: func(name string) (string, bool) {
			v, ok := p.Env.onServer(name)
			return v.Value, ok
		},
	}
	if p.Site != "" && !isFolder(p.FS, path.Join(p.Root, httpdFolder)) {
		o.File = strings.TrimPrefix(strings.TrimPrefix(p.Site, path.Clean(p.Root)), "/")
	}
	o.Files = p.managedMaps()
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
	a.Findings = diag.Sort(append(a.Findings, p.flattenedHosts()...))
	a.noteDocumentRoots()
	return a, nil
}

// managedMaps are the databases that the cloud makes of the maps it fetches from AEM, with nothing in them: what they say is
// not known.
func (p *Project) managedMaps() map[string]string {
	if p.Kind != Cloud {
		return nil
	}
	name := path.Join(p.Root, managedmaps.File)
	text, err := readUpTo(p.FS, name, maxManagedMaps)
	if err != nil {
		return nil
	}
	files := map[string]string{}
	maps, _ := managedmaps.Read(source.NewFile(p.Show(name), text))
	for _, m := range maps {
		for _, suffix := range []string{".dir", ".pag"} {
			files[managedmaps.Folder+m.Name+suffix] = "\x00"
		}
	}
	return files
}

// maxManagedMaps bounds the list of maps, in bytes.
const maxManagedMaps = 1 << 20

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
			if server.MatchName(n, "localhost") {
				return ""
			}
			if first == "" && n != "" && !strings.ContainsAny(n, "*?$") {
				first = n
			}
		}
	}
	return first
}

// flattenedHosts says of enabled virtual hosts that are the texts of links, as git writes them where links are switched off.
// One whose file is not there is found in reading.
func (p *Project) flattenedHosts() []diag.Diagnostic {
	if p.Site != "" {
		return nil
	}
	folder := path.Join(p.Root, httpdFolder, "enabled_vhosts")
	entries, err := fs.ReadDir(p.FS, folder)
	if err != nil {
		return nil
	}
	var out []diag.Diagnostic
	for _, e := range entries {
		full := path.Join(folder, e.Name())
		if info, err := e.Info(); err != nil || !e.Type().IsRegular() || info.Size() > maxLinkText || path.Ext(full) != ".vhost" {
			continue
		}
		text, err := readUpTo(p.FS, full, maxLinkText)
		if err != nil {
			continue
		}
		target, ok := apachetext.LinkText(text)
		to, inside := p.lead(full, target)
		if !ok || !inside || !isFile(p.FS, to) {
			continue
		}
		f := p.known(source.NewFile(p.Show(full), text), full)
		at := strings.Index(string(text), target)
		out = append(out, diag.Diagnostic{
			Rule: flattened, Severity: diag.Error, Span: f.Span(at, at+len(target)),
			Message: "the file is a flattened symbolic link to " + target,
			Hint:    "check the tree out again with core.symlinks=true, or make the link anew",
			Why:     "httpd reads the text of the link in place of the file that it names, and does not start; the tools of the SDK follow it",
			Related: []diag.Related{{Span: source.NewFile(p.Show(to), nil).Span(0, 0), Message: "read in its place"}},
		})
	}
	return out
}

// Owned reports whether a text is the project's, and not one that its platform brings.
func (a *Apache) Owned(f *source.File) bool { return f != nil && a.project.texts[f.Name] == f }

// OnServer reports whether a text is of the httpd side: one that httpd has read, or one that lies in conf.d.
func (p *Project) OnServer(f *source.File) bool {
	if f == nil {
		return false
	}
	name := p.nameOf(f)
	return p.texts[f.Name] == f || name != "" && strings.HasPrefix(p.inside(name), httpdFolder+"/") || name == "" && apachebase.Brought(f)
}

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
		p.texts = map[string]*source.File{}
	}
	f := source.NewFile(shown, text)
	p.texts[shown] = p.known(f, full)
	return f, nil
}
