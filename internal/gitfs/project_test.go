package gitfs_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/gitfs"
	"github.com/dispcheck/dispcheck/internal/project"
)

// TestProject: a configuration that is loaded from a commit and from the index is the one on disk.
func TestProject(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git command in PATH")
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	for _, v := range []string{"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"} {
		t.Setenv(v, "") // puts it back
		os.Unsetenv(v)
	}
	for _, name := range fixtures.Names() {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			git := func(args ...string) {
				t.Helper()
				cmd := exec.Command("git", append([]string{"-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.symlinks=true", "-c", "core.autocrlf=false"}, args...)...)
				cmd.Dir = top
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("git %v: %v: %s", args, err, out)
				}
			}
			example, err := fixtures.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(filepath.Join(top, "dispatcher", "src"), example); err != nil {
				t.Skip(err) // a system without links
			}
			git("init", "-q")
			git("add", "--force", ".")
			git("commit", "-q", "-m", "all")
			load := func(o project.Options) *project.Project {
				t.Helper()
				p, err := project.Load(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			want := load(project.Options{Path: filepath.Join(top, "dispatcher", "src"), WorkDir: top})
			if len(want.Config.Farms) == 0 {
				t.Fatal("the example has no farms")
			}
			// What is on disk does not count from here on.
			if err := os.WriteFile(filepath.Join(top, filepath.FromSlash(want.Config.Farms[0].At.Span.File.Name)), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, rev := range []string{"HEAD", gitfs.Index} {
				f, err := gitfs.Open(t.Context(), filepath.Join(top, "dispatcher"), rev)
				if err != nil {
					t.Fatal(err)
				}
				got := load(project.Options{FS: f, Path: f.Base()})
				if got.Kind != want.Kind {
					t.Errorf("%s: got kind %s, want %s", rev, got.Kind, want.Kind)
				}
				if diff := cmp.Diff(farms(want), farms(got)); diff != "" {
					t.Errorf("%s: %s", rev, diff)
				}
				if diff := cmp.Diff(files(want), files(got)); diff != "" {
					t.Errorf("%s: %s", rev, diff)
				}
				if len(got.Findings) != len(want.Findings) {
					t.Errorf("%s: got %d findings, want %d: %v", rev, len(got.Findings), len(want.Findings), got.Findings)
				}
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// farms are the names of the farms with what stands for their content.
func farms(p *project.Project) []string {
	var list []string
	for _, f := range p.Config.Farms {
		list = append(list, f.Name)
		for _, r := range f.Filter.Rules {
			list = append(list, fmt.Sprint("  ", r.Label, " ", r.Allow, " ", r.At.Span.File.Name))
		}
	}
	return list
}

// files are the texts of a configuration under the names that people see.
func files(p *project.Project) map[string]string {
	texts := map[string]string{}
	for _, f := range p.Tree.Files {
		texts[f.Src.Name] = string(f.Src.Text)
	}
	return texts
}

var _ interface {
	fs.ReadDirFS
	fs.ReadFileFS
	fs.StatFS
	fs.ReadLinkFS
} = (*gitfs.FS)(nil)
