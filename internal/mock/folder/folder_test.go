package folder

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestResolve(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	link := func(to string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink | 0o777}
	}
	fsys := fstest.MapFS{
		"secret":          file("s"),
		"in/a.html":       file("a"),
		"in/deep/b.html":  file("b"),
		"in/near":         link("a.html"),
		"in/deep/up":      link("../a.html"),
		"in/out":          link("../secret"),
		"in/deep/out":     link("../../secret"),
		"in/abs":          link("/etc/passwd"),
		"in/folder":       link("deep"),
		"in/loop":         link("loop"),
		"in/outfolder":    link(".."),
		"in/nowhere":      link("missing"),
		"in/throughfile":  link("a.html/x"),
		"in/deep/andback": link("../../in/a.html"),
	}
	tests := []struct{ name, want, err string }{
		{"a.html", "in/a.html", ""},
		{"./a.html", "in/a.html", ""},
		{"deep/../a.html", "in/a.html", ""},
		{"near", "in/a.html", ""},
		{"deep/up", "in/a.html", ""},
		{"folder/b.html", "in/deep/b.html", ""},
		{"", "", "names no file"},
		{"../secret", "", "outside"},
		{"deep/../../secret", "", "outside"},
		{"..", "", "outside"},
		{"/etc/passwd", "", "absolute"},
		{`c:\x`, "", "absolute"},
		{`deep\b.html`, "", "backslash"},
		{"out", "", "outside"},
		{"deep/out", "", "outside"},
		{"outfolder/secret", "", "outside"},
		{"deep/andback", "", "outside"}, // out of the folder, even if only for a moment
		{"abs", "", "leads out"},
		{"loop", "", "too many links"},
		{"nowhere", "", "is not there"},
		{"missing", "", "is not there"},
		{"deep", "", "is a folder"},
		{".", "", "is a folder"},
		{"a.html/x", "", "no folder"},
		{"throughfile", "", "no folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Of(fsys, "in/mock.yaml").Resolve(tt.name)
			switch {
			case tt.err == "" && err != nil:
				t.Fatal(err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Fatalf("got %q and error %v, want one with %q", got, err, tt.err)
			case got != tt.want:
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if _, err := (Folder{}).Resolve("a"); !errors.Is(err, ErrNoFiles) {
		t.Errorf("the zero Folder gives error %v", err)
	}
}

// TestOpenOnDisk: links on a disk do not lead out either, and names are those of an os.Root.
func TestOpenOnDisk(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"secret": "s", "in/a": "text"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"in/near": "a", "in/out": filepath.Join("..", "secret")} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for what, fsys := range map[string]fs.FS{"DirFS": os.DirFS(dir), "Root": root.FS()} {
		f := Folder{fsys, "in"}
		file, size, err := f.Open("near")
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		text, err := io.ReadAll(file)
		file.Close()
		if err != nil || string(text) != "text" || size != 4 {
			t.Errorf("%s: read %q of size %d, error %v", what, text, size, err)
		}
		if _, _, err := f.Open("out"); err == nil || !strings.Contains(err.Error(), "outside") {
			t.Errorf("%s: a link out gives error %v", what, err)
		}
		if _, _, err := f.Open("missing"); err == nil || err.Error() != "is not there" {
			t.Errorf("%s: a missing file gives error %v", what, err)
		}
	}
}
