package cli

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

// A testRun is one run of the command.
type testRun struct {
	in       *invocation
	coverage *suite.Coverage
	loaded   map[string]*loaded // by what the environment of cases is
	paths    map[string]string  // of suites on disk, by the names that are shown
}

// A loaded is a configuration in one environment, with what answers plain cases: by how many redirects are followed.
type loaded struct {
	*configuration
	shared map[int]*simulation
}

// startOfTime is the time of requests of which nobody says when they are, so that results are the same every day.
func startOfTime() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }

// load loads the configuration for an environment and variables of a case. Findings are printed for the first one alone.
func (t *testRun) load(ctx context.Context, environment string, env map[string]string) (*loaded, error) {
	key := environment
	for _, n := range slices.Sorted(maps.Keys(env)) {
		key += "\x00" + n + "\x00" + env[n]
	}
	if l := t.loaded[key]; l != nil {
		return l, nil
	}
	l := &loaded{shared: map[int]*simulation{}}
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
	if t.coverage != nil {
		if !l.open {
			t.coverage.AddConfig(l.Config)
		}
		if l.apache != nil {
			t.coverage.AddServer(l.apache.Server, l.apache.Owned)
		}
	}
	return l, nil
}

// simulation returns what a case is played on: plain cases share it.
func (t *testRun) simulation(ctx context.Context, l *loaded, c *suite.Case) (s *simulation, shared bool, err error) {
	played := *c.Scenario
	if played.At.IsZero() {
		played.At = startOfTime()
	}
	played.Steps = slices.Clone(c.Scenario.Steps) // AssumeHost changes them
	for i := range played.Steps {
		if r := played.Steps[i].Request; r != nil {
			q := *r
			played.Steps[i].Request = &q
		}
	}
	shared = c.Plain() && !t.in.given("render") && !c.Scenario.Steps[0].Request.Header.Has("CQ-Handle")
	if s := l.shared[c.Follow]; shared && s != nil {
		s.scenario = &played
		if l.apache != nil {
			if host := l.apache.UsualHost(); host != "" {
				played.AssumeHost(host, "which the first virtual host of the project answers")
			}
		}
		return s, true, nil
	}
	s = &simulation{in: t.in, scenario: &played, many: true, follow: c.Follow}
	if err := s.prepare(ctx, l.configuration); err != nil {
		s.close()
		return nil, false, err
	}
	s.stage.Explain = true // for hints, and for coverage
	if shared {
		l.shared[c.Follow] = s
	}
	return s, shared, nil
}

// play plays a case.
func (t *testRun) play(ctx context.Context, c *suite.Case, show func(*suite.Observed) error) error {
	l, err := t.load(ctx, c.Environment, c.Env)
	if err != nil {
		return err
	}
	s, shared, err := t.simulation(ctx, l, c)
	if err != nil {
		return err
	}
	if !shared {
		defer s.close()
	}
	err = s.scenario.Play(ctx, &s.stage, func(p *scenario.Played) error {
		seen, err := t.observe(ctx, s, p)
		if err != nil {
			return err
		}
		if shared && p.Decision.Invalidation.Reached {
			delete(l.shared, c.Follow) // it has left something behind
		}
		return show(seen)
	})
	var step *scenario.StepError
	if errors.As(err, &step) && !step.Step.Span.IsZero() && ctx.Err() == nil {
		return &placedError{step.Step.Span, step.Err.Error(), ""}
	}
	return err
}

// observe puts together what is known of a step.
func (t *testRun) observe(ctx context.Context, s *simulation, p *scenario.Played) (*suite.Observed, error) {
	s.dated = true
	sim, err := s.simulation(ctx, p)
	if err != nil {
		return nil, err
	}
	sim.ShowTrace = true
	a, err := suite.NewAnswer(report.NewSimulationJSON(sim, t.in.text("path-prefix")))
	if err != nil {
		return nil, &internalError{err}
	}
	seen := &suite.Observed{Step: p.Index, Answer: a, Decision: p.Decision, Trace: p.Trace, Passage: s.passage}
	if t.coverage != nil && sim.Survey != nil {
		if seen.Invalidates, err = invalidates(s.stage.Engine, p.Decision.Farm.Farm, sim.Survey); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// invalidates are the entries of /invalidate that decided about the pages of a survey.
func invalidates(e *simulate.Engine, f *model.Farm, v *report.Survey) ([]*model.Rule, error) {
	var out []*model.Rule
	for _, list := range [][]report.Surveyed{v.Stale, v.Fresh, v.Already} {
		for _, page := range list {
			r, _, err := e.Invalidates(f, page.Name)
			if err != nil {
				return nil, err
			}
			if r != nil {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// suites reads the suites of the arguments, or those beside the configuration.
func (t *testRun) suites(c *loaded) ([]*suite.Suite, error) {
	base, err := t.in.base()
	if err != nil {
		return nil, err
	}
	t.paths = map[string]string{}
	var out []*suite.Suite
	if len(t.in.args) == 0 {
		found, looked, err := t.beside(c.project)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 && c.project.Dir == "" {
			return t.embedded(c.project, base)
		}
		if len(found) == 0 {
			return nil, noSuites(looked)
		}
		for _, p := range found {
			s, err := t.read(p, base)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
		return out, nil
	}
	for _, arg := range t.in.args {
		files := []string{arg}
		if info, err := os.Stat(arg); err == nil && info.IsDir() {
			if files, err = suitesBelow(arg); err != nil {
				return nil, err
			}
			if len(files) == 0 {
				return nil, noSuites([]string{display(arg)})
			}
		}
		for _, p := range files {
			s, err := t.read(p, base)
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	}
	return out, nil
}

func noSuites(looked []string) error {
	return usagef("name a suite, or write one with dispcheck test --record URLS", "no *%s in %s", suite.Suffix, strings.Join(looked, ", "))
}

// read reads a suite on disk.
func (t *testRun) read(file string, base scenario.Base) (*suite.Suite, error) {
	if err := checkFile(file, yamltext.MaxSize); err != nil {
		return nil, err
	}
	dir, name := filepath.Split(file)
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, newFileError(display(file), err)
	}
	defer root.Close()
	s, err := suite.Load(root.FS(), name, suite.ReadOptions{Base: base, Shown: func(name string) string {
		shown := display(filepath.Join(dir, filepath.FromSlash(name)))
		t.paths[shown] = filepath.Join(dir, filepath.FromSlash(name))
		return shown
	}})
	return s, err
}

// places are the folders beside a configuration: that of the project, that above it where it is called src, and that of the
// file that was asked for; and test and tests in each.
func places(l *project.Location) []string {
	dirs := []string{l.Root}
	if l.Entry != "" && !l.Whole {
		dirs = append(dirs, path.Dir(l.Entry))
	}
	var out []string
	for _, d := range dirs {
		for _, sub := range []string{"", "test", "tests"} {
			if p := path.Join(d, sub); !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// beside finds the suites beside a configuration on disk.
func (t *testRun) beside(p *project.Project) (found, looked []string, err error) {
	if p.Dir == "" {
		return nil, nil, nil
	}
	var dirs []string
	for _, d := range places(&p.Location) {
		dirs = append(dirs, p.Path(d))
	}
	if root := p.Path(p.Root); filepath.Base(root) == "src" {
		up := filepath.Dir(root)
		dirs = append(dirs, up, filepath.Join(up, "test"), filepath.Join(up, "tests"))
	}
	for _, d := range dirs {
		entries, err := os.ReadDir(d)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, newFileError(display(d), err)
		}
		looked = append(looked, display(d))
		for _, e := range entries {
			if isSuite(e.Name()) && !e.IsDir() {
				found = append(found, filepath.Join(d, e.Name()))
			}
		}
	}
	return found, looked, nil
}

func isSuite(name string) bool {
	// The settings of a project are no suite, whatever they are called.
	return strings.HasSuffix(name, suite.Suffix) && name != suite.Suffix
}

// embedded reads the suites of a project in the binary.
func (t *testRun) embedded(p *project.Project, base scenario.Base) ([]*suite.Suite, error) {
	var out []*suite.Suite
	for _, d := range places(&p.Location) {
		entries, err := fs.ReadDir(p.FS, d)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if !isSuite(e.Name()) {
				continue
			}
			s, err := suite.Load(p.FS, path.Join(d, e.Name()), suite.ReadOptions{Base: base, Shown: p.Show})
			if err != nil {
				return nil, err
			}
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, noSuites([]string{p.Show(p.Root)})
	}
	return out, nil
}

// suitesBelow finds the suites in a folder and below it, without hidden folders and node_modules.
func suitesBelow(dir string) ([]string, error) {
	const most = 100_000
	var out []string
	seen := 0
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if seen++; seen > most {
			return &fileError{display(dir), errors.New("holds more than 100000 files; name a folder with less")}
		}
		switch name := e.Name(); {
		case err != nil:
			return newFileError(display(p), err)
		case e.IsDir() && p != dir && (strings.HasPrefix(name, ".") || name == "node_modules"):
			return filepath.SkipDir
		case !e.IsDir() && isSuite(name):
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// record writes a suite of what is decided today for URLs.
func (t *testRun) record(ctx context.Context, l *loaded) error {
	in := t.in
	if len(in.args) > 1 {
		return usagef("", "--record writes one suite, and %d are named", len(in.args))
	}
	base, err := in.base()
	if err != nil {
		return err
	}
	text, name, err := t.urls(ctx)
	if err != nil {
		return err
	}
	list, err := scenario.Parse(source.NewFile(name, text), scenario.Options{Base: base, Notation: scenario.Lines})
	if err != nil {
		return err
	}
	c := &suite.Case{Scenario: list}
	var out []suite.Recorded
	for i := range list.Steps {
		one := *c
		one.Scenario = &scenario.Scenario{Steps: list.Steps[i : i+1]}
		s, _, err := t.simulation(ctx, l, &one)
		if err != nil {
			return err
		}
		err = s.scenario.Play(ctx, &s.stage, func(p *scenario.Played) error {
			seen, err := t.observe(ctx, s, p)
			if err != nil {
				return err
			}
			r := *p.Request
			out = append(out, suite.Recorded{Request: &r, Answer: seen.Answer})
			return nil
		})
		if err != nil {
			return err
		}
	}
	title := "recorded"
	if len(in.args) == 1 {
		title = strings.TrimSuffix(filepath.Base(in.args[0]), suite.Suffix)
	}
	var b bytes.Buffer
	if err := suite.Write(&b, title, out); err != nil {
		return err
	}
	if len(in.args) == 0 {
		_, err := in.stdout.Write(b.Bytes())
		return err
	}
	if _, err := os.Lstat(in.args[0]); err == nil {
		return usagef("name another, or remove it first", "%s is there already", display(in.args[0]))
	}
	if err := in.writeFile(in.args[0], whole(b.Bytes())); err != nil {
		return err
	}
	in.remark("%s: %s written", display(in.args[0]), count(len(out), "case"))
	return nil
}

// urls reads what --record names, with GET put before lines that start with a URL.
func (t *testRun) urls(ctx context.Context) (text []byte, name string, err error) {
	file := t.in.text("record")
	switch file {
	case "":
		return nil, "", usagef("", "--record names no file")
	case "-":
		name = stdinName
		text, err = t.in.readStdin(ctx, scenario.MaxSize)
	default:
		name = display(file)
		text, err = readBounded(file, scenario.MaxSize)
	}
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	for l := range bytes.Lines(text) {
		if w := bytes.Fields(l); len(w) > 0 && (w[0][0] == '/' || bytes.Contains(w[0], []byte("://")) && w[0][0] != '#' && w[0][0] != '{') {
			b.WriteString("GET ")
		}
		b.Write(l)
	}
	return b.Bytes(), name, nil
}
