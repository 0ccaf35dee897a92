package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/gitfs"
	"github.com/dispcheck/dispcheck/internal/project"
)

// options says where OLD or NEW is read from. other is the other one: a revision without a path is read where that is.
func (d *differ) options(ctx context.Context, arg, other string) (project.Options, error) {
	o := d.in.projectOptions()
	o.Path = arg
	rev, inside, ok := revision(arg)
	if !ok {
		if arg == "" {
			return o, usagef("name a file or a folder", "diff: an argument is empty")
		}
		return o, nil
	}
	if rev == "" {
		return o, usagef("write git:main, or git:HEAD~1:dispatcher/src", "diff: %s names no revision", arg)
	}
	dir := "."
	var where string // on disk
	if inside == "" {
		var err error
		if where, err = d.besideOther(other); err != nil {
			return o, err
		}
		if where != "" {
			dir = folderOf(where)
		}
	}
	revision := rev
	if rev == ":" {
		revision = gitfs.Index
	}
	tree, err := gitfs.Open(ctx, dir, revision)
	if err != nil {
		return o, usagef("", "%s: %v", arg, err)
	}
	d.closers = append(d.closers, tree)
	if where != "" {
		return copied(o, tree, where)
	}
	name := path.Clean(strings.TrimPrefix(filepath.ToSlash(inside), "/"))
	if strings.HasPrefix(inside, "./") || strings.HasPrefix(inside, "../") { // as git reads it: from the working directory
		name = path.Join(tree.Base(), inside)
	}
	if inside == "" {
		name = tree.Base()
		if _, err := fs.Stat(tree, name); err != nil {
			name = "."
		}
	}
	if _, err := fs.Stat(tree, name); err != nil {
		return o, usagef("the path is seen from the root of the repository; ./ starts at the working directory", "%s: there is no %s in that revision", arg, name)
	}
	if o.WorkDir, err = os.Getwd(); err == nil {
		o.WorkDir, err = filepath.EvalSymlinks(o.WorkDir)
	}
	if err != nil {
		return o, err
	}
	o.FS, o.Path, o.Overlay = tree, name, nil
	if o.At = tree.Dir(); o.At == "" { // a bare repository
		o.Prefix = arg
	}
	return o, nil
}

// besideOther is the path on disk that a revision without a path is read at: that of the other argument, else that of
// --config, else the project that is found; "" where there is none of them.
func (d *differ) besideOther(other string) (string, error) {
	o := d.in.projectOptions()
	if _, _, ok := revision(other); !ok {
		if strings.HasPrefix(other, "example:") {
			return "", usagef("say where: git:REV:PATH", "diff: %s is in no git repository", other)
		}
		o.Path = other
	}
	where, err := onDisk(o)
	var none *project.NotFoundError
	if errors.As(err, &none) && o.Path == "" {
		return "", nil
	}
	return where, err
}

// report prints what is wrong with a side: mistakes alone, each once.
func (d *differ) report(p *project.Project, c *configuration) error {
	found := p.Findings
	if c.apache != nil {
		found = slices.Concat(found, c.apache.Findings)
	}
	if d.said == nil {
		d.said = map[string]bool{}
	}
	var shown []diag.Diagnostic
	for _, f := range found {
		if f.Severity < diag.Error && !d.in.yes("verbose") {
			continue
		}
		key := f.Rule + "\x00" + f.Message + "\x00" + f.Span.Text()
		if !d.said[key] {
			d.said[key] = true
			shown = append(shown, f)
		}
	}
	return d.in.printer().Compact(d.in.stderr, diag.Sort(shown))
}
