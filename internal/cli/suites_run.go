package cli

import (
	"context"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/suite"
)

// A testRun is one run of the suites.
type testRun struct {
	in       *invocation
	coverage *suite.Coverage
	loaded   map[string]*loaded // by what the environment of cases is
	first    *loaded            // the configuration as the flags have it
	paths    map[string]string  // of suites on disk, by the names that are shown
	watching bool               // the run is one of many

	mu    sync.Mutex
	basis map[string]bool // with watching, files and folders on disk that the run rests on
}

// A loaded is a configuration in one environment.
type loaded struct {
	*configuration
	counted bool // coverage knows of it
}

func newTestRun(in *invocation) *testRun {
	return &testRun{in: in, loaded: map[string]*loaded{}, basis: map[string]bool{}}
}

// load loads the configuration for an environment and variables of a case, or returns it where it was. Findings are printed for
// the first one alone.
func (t *testRun) load(ctx context.Context, environment string, env map[string]string) (*loaded, error) {
	if environment == t.in.text("environment") {
		environment = "" // that of the flags
	}
	key := environment
	for _, n := range slices.Sorted(maps.Keys(env)) {
		key += "\x00" + n + "\x00" + env[n]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.loaded[key]; l != nil {
		return l, nil
	}
	l := &loaded{}
	var err error
	httpd := !t.in.yes("no-httpd")
	if len(t.loaded) == 0 {
		l.configuration, err = t.in.loadConfiguration(ctx, httpd)
	} else {
		o := t.in.projectOptions()
		if environment != "" {
			o.Environment = environment
		}
		maps.Copy(o.Env, env)
		var p *project.Project
		if p, err = loadProject(ctx, o); err == nil {
			l.configuration, err = configurationOf(ctx, p, httpd)
		}
	}
	if err != nil {
		return nil, err
	}
	t.loaded[key] = l
	return l, nil
}

// prepare loads the configuration of a case before any case is played, and has its rules counted.
func (t *testRun) prepare(ctx context.Context, c *suite.Case) error {
	l, err := t.load(ctx, c.Environment, c.Env)
	if err != nil || l.counted || t.coverage == nil {
		return err
	}
	l.counted = true
	if !l.open {
		t.coverage.AddConfig(l.Config)
	}
	if l.apache != nil {
		t.coverage.AddServer(l.apache.Server, l.apache.Owned)
	}
	return nil
}

// run plays the suites and writes the report.
func (t *testRun) run(ctx context.Context) error {
	in := t.in
	targets, err := in.targets()
	if err != nil {
		return err
	}
	needs := func(o target) bool { return o.format == "lcov" || o.format == "html" }
	if in.yes("coverage") || in.given("fail-under") || slices.ContainsFunc(targets, needs) {
		t.coverage = suite.NewCoverage()
	}
	if t.first, err = t.load(ctx, "", nil); err != nil {
		return err
	}
	t.noteProject(t.first.project)
	if in.given("record") {
		if err := t.record(ctx, t.first); err != nil {
			return err
		}
		return in.unread(t.first.project)
	}
	suites, err := t.suites(t.first)
	if err != nil {
		return err
	}
	o, err := t.options()
	if err != nil {
		return err
	}
	cases := 0
	for _, s := range suites {
		for _, c := range s.Cases {
			if o.Chosen(s, c) {
				cases++
			}
		}
	}
	if cases == 0 {
		return usagef("look at --run and --tag", "no case of the suites is chosen")
	}
	bar := in.progress(cases, "cases")
	o.Done = bar.done
	rep, wrong := suite.Run(ctx, suites, o)
	bar.clear()
	if rep == nil {
		return wrong
	} // else what can be said of the other cases is worth having
	return t.end(rep, wrong)
}

// options are what flags say of which cases are played.
func (t *testRun) options() (suite.Options, error) {
	o := suite.Options{FailFast: t.in.yes("fail-fast"), Coverage: t.coverage, Prepare: t.prepare}
	for range runtime.GOMAXPROCS(0) {
		o.Players = append(o.Players, t.player().play)
	}
	for _, s := range t.in.list("tag") {
		for tag := range strings.SplitSeq(s, ",") {
			if tag = strings.TrimSpace(tag); tag != "" {
				o.Tags = append(o.Tags, tag)
			}
		}
	}
	if s := t.in.text("run"); s != "" {
		var err error
		if o.Run, err = regexp.Compile(s); err != nil {
			return o, usagef("", "--run: %v", err)
		}
	}
	return o, nil
}

// end writes the report of a run, and the suites where they are to be updated. wrong says what of the suites could not be played.
func (t *testRun) end(rep *suite.Report, wrong error) error {
	in := t.in
	run := &report.TestRun{Report: rep, Uncovered: in.yes("uncovered"), Compact: t.watching}
	var err error
	if run.Below, err = t.below(); err != nil {
		return err
	}
	if err := t.write(run); err != nil {
		return err
	}
	if rep.LeftOut > 0 {
		in.remark("dispcheck: only: in a suite leaves %s out", count(rep.LeftOut, "case"))
	}
	if wrong != nil {
		in.complain(wrong)
		return errUnusable
	}
	if err := in.unread(t.first.project); err != nil {
		return err
	}
	failed := rep.Failed > 0
	if in.yes("update") && failed {
		if failed, err = t.update(rep); err != nil {
			return err
		}
	}
	if failed || len(run.Below) > 0 {
		return errFindings
	}
	return nil
}

// note takes down a file or folder on disk that the run rests on.
func (t *testRun) note(path string) {
	if !t.watching {
		return
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs // or what is noted in two ways would change twice
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.basis[path] = true
}

// noteProject takes down where a configuration lies: its folder, or the texts of one that is a part of a configuration.
func (t *testRun) noteProject(p *project.Project) {
	if p.Dir == "" {
		return
	}
	if p.Whole || p.Entry == "" && p.Site == "" {
		t.note(p.Path(p.Root))
		return
	}
	for _, name := range []string{p.Entry, p.Site} {
		if name != "" {
			t.note(p.Path(name))
		}
	}
	if p.Tree == nil {
		return
	}
	for _, f := range p.Tree.Files {
		if path := p.OnDisk(f.Src); path != "" {
			t.note(path)
		}
	}
}

// noted is a folder on disk whose files are taken down as they are asked for; without --watch it is the file system as it is.
func (t *testRun) noted(dir string, fsys fs.FS) fs.FS {
	if !t.watching {
		return fsys
	}
	return &notedFiles{FS: fsys, note: func(name string) { t.note(filepath.Join(dir, filepath.FromSlash(name))) }}
}

// notedFiles is a file system that tells which files are asked for, whether they are there or not.
type notedFiles struct {
	fs.FS
	note func(name string)
}

// Open implements fs.FS.
func (f *notedFiles) Open(name string) (fs.File, error) {
	f.note(name)
	return f.FS.Open(name)
}

// Lstat implements fs.ReadLinkFS. Folders on the way to a file are looked at, too, and are not what is asked for.
func (f *notedFiles) Lstat(name string) (fs.FileInfo, error) {
	info, err := fs.Lstat(f.FS, name)
	if err != nil || !info.IsDir() {
		f.note(name)
	}
	return info, err
}

// ReadLink implements fs.ReadLinkFS.
func (f *notedFiles) ReadLink(name string) (string, error) { return fs.ReadLink(f.FS, name) }
