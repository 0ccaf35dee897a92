package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/gitfs"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// writeBaseline keeps the findings of today.
func (l *linter) writeBaseline(r *linted) error {
	if err := l.verdict(&linted{failures: r.failures, unread: r.unread}); err != nil {
		return err // what was not found for such a reason would be new in the next run
	}
	path := l.in.text("baseline")
	if err := l.in.writeFile(path, lint.NewBaseline(r.list, r.name).Write); err != nil {
		return err
	}
	l.in.remark("dispcheck lint: %s kept in %s", count(len(r.list), "finding"), display(path))
	return nil
}

// withoutBaseline leaves out what the baseline holds, and says what it holds in vain.
func (l *linter) withoutBaseline(list []diag.Diagnostic, names lint.Names) ([]diag.Diagnostic, error) {
	path := l.in.text("baseline")
	if path == "" {
		return list, nil
	}
	text, err := readBounded(path, lint.MaxBaseline)
	if err != nil {
		return nil, err
	}
	b, err := lint.ReadBaseline(display(path), bytes.NewReader(text))
	var broken *lint.BaselineError
	if errors.As(err, &broken) {
		return nil, &placedError{broken.Span, broken.Message, broken.Hint}
	}
	if err != nil {
		return nil, err
	}
	fresh, known, gone := b.Split(list, names)
	if b.Shown {
		l.in.remark("dispcheck lint: %s fits in the folder alone in which it was written; --write-baseline writes one that fits in all", display(path))
	}
	l.in.detail("dispcheck lint: %s passed over by %s", count(len(known), "finding"), display(path))
	if len(gone) > 0 {
		l.in.remark("dispcheck lint: %s holds %s that is no longer found; --write-baseline writes it anew", display(path), count(len(gone), "finding"))
	}
	return fresh, nil
}

// fresh lints what is staged, or what is on disk, and leaves out what a git revision has as well. Findings are
// told apart as those of a baseline: by rule, file and line of text, wherever the line stands.
func (l *linter) fresh(ctx context.Context, rev string, staged bool) (*linted, error) {
	if staged {
		rev = "HEAD"
	}
	var now, before linted
	for _, path := range l.paths {
		if err := l.freshOf(ctx, path, rev, staged, &now, &before); err != nil {
			return nil, err
		}
	}
	var known []diag.Diagnostic
	now.list, known, _ = lint.NewBaseline(diag.Sort(before.list), nil).Split(diag.Sort(now.list), nil)
	l.in.detail("dispcheck lint: %s in %s as well", count(len(known), "finding"), rev)
	return &now, nil
}

// freshOf lints one configuration twice: as it is now and as it was.
func (l *linter) freshOf(ctx context.Context, path, rev string, staged bool, now, before *linted) error {
	o := l.in.projectOptions()
	if path != "" {
		o.Path = path
	}
	place, err := onDisk(o)
	if err != nil {
		return err
	}
	old, err := gitfs.Open(ctx, folderOf(place), rev)
	if staged && errors.Is(err, gitfs.ErrUnknownRevision) {
		old, err = nil, nil // the first commit is about to be made, and all is new
	}
	if err != nil {
		return err
	}
	if old != nil {
		defer old.Close()
	}
	if !staged {
		if err := l.load(ctx, o, now); err != nil {
			return err
		}
	} else {
		index, err := gitfs.Open(ctx, folderOf(place), gitfs.Index)
		if err != nil {
			return err
		}
		defer index.Close()
		o, err := copied(o, index, place)
		if err != nil {
			return err
		}
		if err := l.load(ctx, o, now); err != nil {
			return err
		}
	}
	if old == nil {
		return nil
	}
	if o, err = copied(o, old, place); err != nil {
		return err
	}
	quiet := *l
	quiet.silent = true
	err = quiet.load(ctx, o, before)
	var none *project.NotFoundError
	switch {
	case errors.As(err, &none):
		l.in.detail("dispcheck lint: %s has no configuration there: all findings are new", rev)
	case err != nil && ctx.Err() == nil:
		l.in.remark("dispcheck lint: the configuration of %s cannot be read, so that all findings count as new: %v", rev, err)
	case err != nil:
		return err
	}
	return nil
}

// onDisk returns the path of a configuration on disk, absolute and with links followed.
func onDisk(o project.Options) (string, error) {
	place, err := project.Find(o)
	if err != nil {
		return "", err
	}
	if place.Dir == "" {
		return "", usagef("name a configuration that is in git", "%s is in no git repository", o.Path)
	}
	path := place.Path(place.Root)
	if o.Path != "" {
		if path, err = filepath.Abs(o.Path); err != nil {
			return "", err
		}
	}
	return filepath.EvalSymlinks(path)
}

// folderOf returns a folder itself, and the folder of a file.
func folderOf(path string) string {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return filepath.Dir(path)
	}
	return path
}

// copied returns the options for what lies at a path of the repository, read from a revision of it.
func copied(o project.Options, revision *gitfs.FS, path string) (project.Options, error) {
	inside, err := filepath.Rel(revision.Dir(), path)
	if err != nil || !filepath.IsLocal(inside) {
		return o, fmt.Errorf("%s is not in the git repository at %s", display(path), display(revision.Dir()))
	}
	dir, err := os.Getwd()
	if err != nil {
		return o, fmt.Errorf("finding the working directory: %w", err)
	}
	if o.WorkDir, err = filepath.EvalSymlinks(dir); err != nil {
		return o, err
	}
	o.FS, o.At, o.Path, o.Overlay = revision, revision.Dir(), filepath.ToSlash(inside), nil
	return o, nil
}
