package project

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"
)

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.any": "/name \"x\"\n", "sub/b.any": "$include \"../a.any\"\n"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := fstest.TestFS(onDiskFS(dir), "a.any", "sub/b.any"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "/a.any", "../x", "sub/../a.any", "a.any/", "sub//b.any", "a\x00b"} {
		if _, err := fs.Stat(onDiskFS(dir), name); err == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
}

// TestNamesOfAnyEncoding: a folder and an included file whose names are not UTF-8.
func TestNamesOfAnyEncoding(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the file system takes no such names")
	}
	dir := filepath.Join(t.TempDir(), "caf\xe9")
	if err := os.MkdirAll(filepath.Join(dir, "farms"), 0o755); err != nil {
		t.Skipf("the file system takes no such names: %v", err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("dispatcher.any", "/farms { $include \"farms/*.any\" }\n")
	write("farms/f\xfcr.any", "/site { /virtualhosts { \"*\" } /renders { /r { /hostname \"h\" } } }\n")
	for _, path := range []string{dir, filepath.Join(dir, "dispatcher.any"), ""} {
		o := Options{Path: path, WorkDir: dir}
		p, err := Load(context.Background(), o)
		if err != nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if len(p.Config.Farms) != 1 || len(p.Tree.Fatal) > 0 {
			t.Errorf("%q: %d farms, fatal %v", path, len(p.Config.Farms), p.Tree.Fatal)
		}
	}
}
