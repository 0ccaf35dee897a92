package cli

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/suite"
)

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
			t.note(arg)
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
	s, err := suite.Load(t.noted(dir, rootedFiles(dir)), name, suite.ReadOptions{Base: base, Shown: func(name string) string {
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
		t.note(d)
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
