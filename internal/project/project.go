package project

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// A Project is a configuration, loaded. Nothing of it changes.
type Project struct {
	Location
	// Env holds the variables, each with its origin.
	Env *Env
	// Tree is the expanded tree; nil where there is no .any side.
	Tree *expand.Tree
	// Config is what the tree says; nil where there is no .any side. Config.Wrapped says what was added
	// around a fragment.
	Config *model.Config
	// Findings are those of the notation, of the expansion and of the decoding, sorted. What rules find
	// is package lint's.
	Findings []diag.Diagnostic

	// texts are those of the httpd side, by the names that people see.
	texts map[string]*source.File
	// names are where texts lie that the expansion has not read, in FS.
	names map[*source.File]string
}

// Load finds a configuration and reads it. What is wrong with it is in Findings; the error says that
// there is none (*[NotFoundError]), that its entry cannot be read (*[expand.Error]), or that an option
// cannot be followed (*[EnvFileError] and others).
func Load(ctx context.Context, o Options) (*Project, error) {
	l, err := Find(o)
	if err != nil {
		return nil, err
	}
	env, err := newEnv(&o, l.Kind)
	if err != nil {
		return nil, err
	}
	p := &Project{Location: *l, Env: env}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	readDefines(l, env)
	if l.Entry == "" {
		p.Findings = p.withoutAny()
		return p, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.Tree, err = expand.File(l.Entry, expand.Options{
		FS:       l.FS,
		Map:      l.Map,
		Fallback: l.fallback(),
		Provided: l.provided,
		Lookup:   env.Lookup,
		Names:    env.Names,
		Show:     l.Show,
	})
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var decoded []diag.Diagnostic
	p.Config, decoded = model.Decode(p.Tree.Items, model.Options{Fragment: !l.Whole, DispatcherVersion: o.DispatcherVersion})
	p.Findings = p.findings(decoded)
	return p, ctx.Err()
}

// findings joins what the parts of a load have found.
func (p *Project) findings(decoded []diag.Diagnostic) []diag.Diagnostic {
	var notation []diag.Diagnostic
	unbalanced := map[*source.File]bool{}
	for _, f := range p.Tree.Files {
		for _, d := range grammar.Check(f) {
			d.Included = p.Tree.Included(f)
			notation = append(notation, d)
			unbalanced[f.Src] = unbalanced[f.Src] || grammar.Misplaces(d)
		}
	}
	decoded = slices.DeleteFunc(decoded, func(d diag.Diagnostic) bool {
		return model.Follows(d, unbalanced[d.Span.File], len(p.Tree.Fatal) > 0) || besides(d, notation)
	})
	all := slices.Concat(p.Tree.Findings, decoded)
	links := map[*source.File]int{} // followed flattened links: where they are in all
	for i, d := range p.Tree.Findings {
		if d.Rule == flattened {
			links[d.Span.File] = i
		}
	}
	var repeated []int
	for _, d := range notation {
		if i, ok := links[d.Span.File]; ok && d.Rule == flattened {
			// One finding says that the file is a link and what is read in its place.
			d.Related = append(d.Related, diag.Related{Span: all[i].Span, Message: all[i].Message})
			d.Related = append(d.Related, all[i].Related...)
			repeated = append(repeated, i)
		}
		all = append(all, d)
	}
	for _, i := range repeated {
		all[i].Rule = ""
	}
	all = slices.DeleteFunc(all, func(d diag.Diagnostic) bool { return d.Rule == "" })
	if p.Synthetic != "" {
		all = append(all, diag.Diagnostic{
			Rule: missingImmutable, Severity: diag.Info, Span: p.Tree.Root.Src.Span(0, 0),
			Message: strings.TrimSuffix(p.Show(p.Entry), builtIn) + " is not in the project: a built-in one that includes all enabled farms is read",
			Hint:    "copy it from the SDK",
		})
	}
	return diag.Sort(all)
}

// withoutAny says that there is an Apache side and nothing for the Dispatcher. That a file of the one was asked for says
// nothing of the other.
func (p *Project) withoutAny() []diag.Diagnostic {
	lay, ok := recognise(p.FS, p.Root)
	if !ok || lay.entry != "" {
		return nil
	}
	at := p.Site
	for _, folder := range []string{"enabled_vhosts", "available_vhosts"} {
		entries, err := fs.ReadDir(p.FS, path.Join(p.Root, httpdFolder, folder))
		if at == "" && err == nil && len(entries) > 0 {
			at = path.Join(p.Root, httpdFolder, folder, entries[0].Name())
		}
	}
	if at == "" {
		at = path.Join(p.Root, httpdFolder)
	}
	return []diag.Diagnostic{{
		Rule: noConfig, Severity: diag.Error, Span: source.NewFile(p.Show(at), nil).Span(0, 0),
		Message: "virtual hosts of httpd are here, and no configuration of the Dispatcher",
		Hint:    "add conf.dispatcher.d with dispatcher.any and enabled_farms beside conf.d, or name the folder that has it",
	}}
}

// besides reports whether a finding is about a name or a value in whose notation there is a mistake: that is the
// mistake, and what the text would mean is not worth saying. notation is in the order of each file's text.
func besides(d diag.Diagnostic, notation []diag.Diagnostic) bool {
	if d.Span.IsZero() || d.Span.Len() > 1000 || strings.Contains(d.Span.Text(), "\n") {
		return false
	}
	return slices.ContainsFunc(notation, func(n diag.Diagnostic) bool {
		return n.Span.File == d.Span.File && n.Severity >= diag.Warning && n.Span.Start <= d.Span.End && d.Span.Start <= n.Span.End
	})
}

// The ids of findings that this package makes or joins.
const (
	noConfig         = "DSP032"
	flattened        = "DSP116"
	missingImmutable = "DSP756"
)

// fallback are the folders in which an include may have been meant to start: the server's root and the
// folder of dispatcher.any.
func (l *Location) fallback() []string {
	folders := []string{l.Root}
	for _, f := range []string{path.Join(l.Root, anyFolder), path.Dir(l.Entry), "."} {
		if !slices.Contains(folders, f) {
			folders = append(folders, f)
		}
	}
	return folders
}

// provided says whether the Cloud Service puts a file in place by itself. Projects hold copies of these
// to be read by people; legacy and partial ones do not (adobe/aem-project-archetype, dispatcher.cloud,
// list of immutable files).
func (l *Location) provided(name string) bool {
	if l.Kind != Cloud {
		return false
	}
	inside, ok := strings.CutPrefix(name, path.Join(l.Root, anyFolder)+"/")
	return ok && slices.Contains([]string{
		entryName, "available_farms/default.farm", "enabled_farms/farms.any",
		"cache/default_invalidate.any", "cache/default_rules.any", "clientheaders/default_clientheaders.any",
		"filters/default_filters.any", "renders/default_renders.any", "virtualhosts/default_virtualhosts.any",
	}, inside)
}

// OnDisk returns the absolute path of a text that was read from a file on disk; "" for any other, such as one that
// stands in for a missing file.
func (p *Project) OnDisk(f *source.File) string {
	name := p.nameOf(f)
	if name == "" || name == p.Entry && p.Synthetic != "" {
		return ""
	}
	return p.Path(name)
}

// FromRoot returns the path of a text from the folder that the server calls ServerRoot, wherever the program runs; ""
// for a text that is not of the project.
func (p *Project) FromRoot(f *source.File) string {
	up, name := p.Root, p.nameOf(f)
	if name == "" {
		return ""
	}
	above := ""
	for up != "." && !strings.HasPrefix(name, up+"/") {
		up, above = path.Dir(up), above+"../"
	}
	return above + strings.TrimPrefix(name, up+"/")
}
