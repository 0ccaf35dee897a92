package cli

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
)

// maxRounds bounds how often fixes are made: one may bring another to light, and two that undo each other never end.
const maxRounds = 20

// A repair is one file that fixes change.
type repair struct {
	path          string // absolute, with links followed
	name          string // as it is shown
	before, after []byte
}

// fix makes fixes until there is none left to make, then writes the files or shows what would change. What is left is
// reported as ever.
func (l *linter) fix(ctx context.Context) error {
	repairs := map[string]*repair{}
	fixed := 0
	var r *linted
	for round := 0; ; round++ {
		var err error
		if r, err = l.findings(ctx); err != nil {
			return err
		}
		if r.list, err = l.withoutBaseline(r.list, r.name); err != nil {
			return err
		}
		edits, taken, _ := lint.SelectFixes(l.writable(r), l.in.yes("unsafe-fixes"))
		if len(edits) == 0 {
			break
		}
		if round == maxRounds {
			l.in.remark("dispcheck lint: fixes bring up others without end; stopped after %d rounds", maxRounds)
			break
		}
		changed, err := l.apply(r.projects, edits, repairs)
		if err != nil {
			return err
		}
		if !changed {
			break
		}
		fixed += len(taken)
	}
	list := sorted(repairs)
	if l.in.yes("diff") {
		return l.showRepairs(list, fixed, l.unsafe(r))
	}
	for _, f := range list {
		if err := l.in.rewriteUnchanged(f.path, f.before, f.after); err != nil {
			return err
		}
	}
	if err := l.print(r); err != nil {
		return err
	}
	if fixed > 0 {
		l.in.remark("dispcheck lint: %s put right in %s", count(fixed, "finding"), count(len(list), "file"))
	}
	if n := l.unsafe(r); n > 0 {
		l.in.remark("dispcheck lint: --unsafe-fixes would put %d more right", n)
	}
	return l.verdict(r)
}

// writable returns the findings with the fixes that stay within files on disk: there is nowhere else to write.
func (l *linter) writable(r *linted) []diag.Diagnostic {
	list := slices.Clone(r.list)
	for i := range list {
		list[i].Fixes = slices.DeleteFunc(slices.Clone(list[i].Fixes), func(f diag.Fix) bool {
			return slices.ContainsFunc(f.Edits, func(e diag.Edit) bool {
				return !slices.ContainsFunc(r.projects, func(p *project.Project) bool { return p.OnDisk(e.Span.File) != "" })
			})
		})
	}
	return list
}

// apply makes edits in the texts that the next round reads. Two names may be those of one file on disk: the edits
// under the first are made, and the text is that of both.
func (l *linter) apply(projects []*project.Project, edits []diag.Edit, repairs map[string]*repair) (changed bool, err error) {
	fixed, err := lint.ApplyEdits(edits)
	if err != nil {
		return false, &internalError{err}
	}
	done := map[string]bool{}
	for _, c := range fixed {
		file, after := c.File, c.Text
		var names []string
		for _, p := range projects {
			if path := p.OnDisk(file); path != "" {
				names = append(names, path)
			}
		}
		if len(names) == 0 {
			continue
		}
		real, err := filepath.EvalSymlinks(names[0])
		if err != nil {
			return false, newFileError(file.Name, err)
		}
		if done[real] {
			continue
		}
		done[real] = true
		f := repairs[real]
		if f == nil {
			f = &repair{path: real, name: file.Name, before: file.Text}
			repairs[real] = f
		}
		f.after, changed = after, true
		if l.texts == nil {
			l.texts = map[string][]byte{}
		}
		for _, name := range l.namesOf(projects, real) {
			l.texts[name] = after
		}
	}
	return changed, nil
}

// namesOf returns all absolute paths under which the projects have read a file.
func (l *linter) namesOf(projects []*project.Project, real string) []string {
	names := []string{real}
	for _, p := range projects {
		if p.Tree == nil {
			continue
		}
		for _, f := range p.Tree.Files {
			path := p.OnDisk(f.Src)
			if path == "" {
				continue
			}
			if r, err := filepath.EvalSymlinks(path); err == nil && r == real {
				names = append(names, path)
			}
		}
	}
	return names
}

// sorted returns the files whose text has changed in the end, in the order of their names.
func sorted(repairs map[string]*repair) []*repair {
	var list []*repair
	for _, f := range repairs {
		if !bytes.Equal(f.before, f.after) {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b *repair) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return list
}

// unsafe says how many findings are left that --unsafe-fixes would put right; 0 where it is given.
func (l *linter) unsafe(r *linted) int {
	if l.in.yes("unsafe-fixes") {
		return 0
	}
	_, taken, _ := lint.SelectFixes(l.writable(r), true)
	return len(taken)
}

// showRepairs prints what fixes would change. unsafe is how many more findings --unsafe-fixes would put right.
func (l *linter) showRepairs(list []*repair, fixed, unsafe int) error {
	err := l.in.emit(func(o *output) error {
		if o.format != "text" {
			return usagef("leave --format out", "--diff writes text, not %s", o.format)
		}
		for _, f := range list {
			if err := o.Diff(o, f.name, f.name+" (fixed)", f.before, f.after); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	more := ""
	if unsafe > 0 {
		more = fmt.Sprintf("; --unsafe-fixes would put %d more right", unsafe)
	}
	if len(list) == 0 {
		l.in.remark("dispcheck lint: --fix would put nothing right%s", more)
		return nil
	}
	l.in.remark("dispcheck lint: --fix would put %s right in %s%s", count(fixed, "finding"), count(len(list), "file"), more)
	return errFindings
}
