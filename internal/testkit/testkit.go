// Package testkit is what the tests of several packages share: the corpus, and the flag that rewrites
// golden texts. Nothing but tests imports it.
package testkit

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/source"
)

// Update is set by go test -update: golden texts are written anew and not compared.
var Update = flag.Bool("update", false, "write golden files anew")

// Root returns the root of the repository, found from the working directory of the test.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// Folder returns the folder that an environment variable names, or else the one at a path relative to
// the root of the repository, and skips the test where there is none.
func Folder(tb testing.TB, variable, otherwise string) string {
	tb.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		dir = filepath.Join(Root(tb), filepath.FromSlash(otherwise))
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		tb.Skipf("no folder at %s: set %s to one", dir, variable)
	}
	return dir
}

// CorpusDir returns the folder of real configurations, and skips the test where there is none.
func CorpusDir(tb testing.TB) string {
	tb.Helper()
	return Folder(tb, "DISPCHECK_CORPUS", "../shared/corpus")
}

// CorpusSites returns the folders of real configurations that have an httpd side, sorted, and the folder that they lie in. It skips
// the test where there is no corpus.
func CorpusSites(tb testing.TB) (dir string, folders []string) {
	tb.Helper()
	dir = CorpusDir(tb)
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && e.Name() == "conf.d" {
			folders = append(folders, filepath.Dir(p))
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	slices.Sort(folders)
	return dir, folders
}

// Corpus returns the distinct texts of real configurations with one of the endings, and skips the test
// where there is no corpus.
func Corpus(tb testing.TB, endings ...string) []*source.File {
	tb.Helper()
	dir := CorpusDir(tb)
	seen := map[string]bool{}
	var files []*source.File
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !slices.ContainsFunc(endings, func(s string) bool { return strings.HasSuffix(path, s) }) {
			return err
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a link that points nowhere
		}
		if err != nil || seen[string(text)] {
			return err
		}
		seen[string(text)] = true
		name, err := filepath.Rel(dir, path)
		files = append(files, source.NewFile(filepath.ToSlash(name), text))
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	if len(files) == 0 {
		tb.Skipf("no %s files in %s", strings.Join(endings, ", "), dir)
	}
	return files
}
