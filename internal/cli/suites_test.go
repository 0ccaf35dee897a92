package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/model"
)

// TestSuitesOfTheExampleNoticeEveryRule: whichever filter rule of the example is taken away, a case of its suites fails, or
// the rule is one that coverage names.
func TestSuitesOfTheExampleNoticeEveryRule(t *testing.T) {
	fsys, err := fixtures.Open("cloud")
	if err != nil {
		t.Fatal(err)
	}
	p, err := project.Load(context.Background(), project.Options{Path: "example:cloud"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "src")
	if err := copyWithoutLinks(dir, fsys); err != nil {
		t.Fatal(err)
	}
	run := func() (code int, out []byte) {
		var stdout, stderr bytes.Buffer
		code = Main([]string{"dispcheck", "test", "-c", dir, "--coverage", "--format", "json", "--no-project-config"}, strings.NewReader(""), &stdout, &stderr)
		return code, append(stdout.Bytes(), stderr.Bytes()...)
	}
	if code, out := run(); code != 0 {
		t.Fatalf("the suites fail before anything is changed: %s", out)
	}
	rules, seen := 0, map[string]bool{}
	for _, f := range p.Config.Farms {
		for _, r := range f.Filter.Rules {
			span := r.At.Span
			name := strings.TrimPrefix(span.File.Name, "example:cloud/")
			key := name + r.Label
			if seen[key] {
				continue
			}
			seen[key] = true
			rules++
			t.Run(filepath.Base(name)+"/"+r.Label, func(t *testing.T) {
				file := filepath.Join(dir, filepath.FromSlash(name))
				text := span.File.Text
				without := string(text[:span.Start]) + string(text[span.End:])
				if err := os.WriteFile(file, []byte(without), 0o600); err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := os.WriteFile(file, text, 0o600); err != nil {
						t.Fatal(err)
					}
				}()
				if code, out := run(); code != exitFindings && !uncovered(t, r) {
					t.Errorf("exit code %d without the rule: nobody misses it\n%.400s", code, out)
				}
			})
		}
	}
	if rules < 20 {
		t.Errorf("only %d rules were taken away", rules)
	}
}

// uncovered reports whether coverage of the unchanged example names the rule.
func uncovered(t *testing.T, r *model.Rule) bool {
	var stdout, stderr bytes.Buffer
	if code := Main([]string{"dispcheck", "test", "-c", "example:cloud", "--coverage", "--format", "json"}, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatal(stderr.String())
	}
	var got struct {
		Coverage map[string]struct{ Uncovered []struct{ Rule, File string } }
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, u := range got.Coverage["filter"].Uncovered {
		if u.Rule == "/"+r.Label && u.File == r.At.Span.File.Name {
			return true
		}
	}
	return false
}

// copyWithoutLinks writes a project with the files in place of the links to them, which not every disk has.
func copyWithoutLinks(dir string, fsys fs.FS) error {
	return fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(p))
		if e.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		text, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o600)
	})
}

func TestParseFailUnder(t *testing.T) {
	tests := []struct {
		text, kind string
		least      float64
		ok         bool
	}{
		{"90", "", 90, true}, {"99.5%", "", 99.5, true}, {"filter=100", "filter", 100, true}, {"0", "", 0, true},
		{"-1", "", 0, false}, {"101", "", 0, false}, {"NaN", "", 0, false}, {"filters=1", "", 0, false}, {"=1", "", 0, false}, {"", "", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			kind, least, err := parseFailUnder(tt.text)
			if string(kind) != tt.kind || least != tt.least || (err == nil) != tt.ok {
				t.Errorf("got %q %v %v, want %q %v, ok %v", kind, least, err, tt.kind, tt.least, tt.ok)
			}
		})
	}
}

// TestRecordedSuitesPass: what --record writes for the requests of an example is met by that example.
func TestRecordedSuitesPass(t *testing.T) {
	for _, name := range fixtures.Names() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var urls strings.Builder
			n := 0
			for _, r := range fixtures.Requests(name) {
				if len(r.Header) == 0 && !strings.ContainsAny(r.URL, " \t") {
					urls.WriteString(r.Method + " " + r.URL + " " + r.Host + "\n")
					n++
				}
			}
			if n < 10 {
				t.Fatalf("only %d requests", n)
			}
			list, recorded := filepath.Join(dir, "urls.txt"), filepath.Join(dir, "r.dispcheck.yaml")
			if err := os.WriteFile(list, []byte(urls.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			if code := Main([]string{"dispcheck", "test", "--record", list, recorded, "-c", "example:" + name}, strings.NewReader(""), &stdout, &stderr); code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			if code := Main([]string{"dispcheck", "test", recorded, "-c", "example:" + name, "--coverage"}, strings.NewReader(""), &stdout, &stderr); code != 0 {
				t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
			}
		})
	}
}
