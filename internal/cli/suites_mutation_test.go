package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
	"github.com/dispcheck/dispcheck/suite"
)

// A removable is something of an example that can be taken away.
type removable struct {
	kind  suite.CoverageKind
	name  string
	at    source.Span   // what coverage names
	spans []source.Span // the text to take away, in its order
}

// TestSuitesNoticeWhatIsTakenAway: whichever rule, condition, farm or virtual host of an example is taken away, a case of its suites
// fails, or coverage names it as what no case covers. Filter rules are covered all.
func TestSuitesNoticeWhatIsTakenAway(t *testing.T) {
	for _, name := range fixtures.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys, err := fixtures.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := copyWithoutLinks(dir, fsys); err != nil {
				t.Fatal(err)
			}
			uncovered := uncoveredOf(t, dir)
			counts := map[suite.CoverageKind]int{}
			for _, r := range removables(t, name) {
				file := filepath.FromSlash(strings.TrimPrefix(r.at.File.Name, "example:"+name+"/"))
				place := fmt.Sprintf("%s:%d", filepath.ToSlash(file), r.at.Position().Line)
				counts[r.kind]++
				code, out := withoutText(t, readAs(name, dir, file), r.spans, func() (int, string) { return runSuites(dir, "--fail-fast") })
				named := slices.Contains(uncovered, string(r.kind)+" "+place)
				switch {
				case r.kind == suite.FilterRules && named:
					t.Errorf("%s: no case covers filter rule %s", place, r.name)
				case code == exitClean && !named:
					t.Errorf("%s: without %s of %s all cases pass, and coverage does not name it", place, r.name, r.kind)
				case code != exitClean && code != exitFindings && r.kind != suite.Farms && r.kind != suite.VHosts:
					t.Errorf("%s: without %s the exit code is %d\n%s", place, r.name, code, out)
				}
			}
			t.Logf("taken away: %v", counts)
			for _, k := range []suite.CoverageKind{suite.FilterRules, suite.CacheRules, suite.InvalidateRules, suite.IgnoreURLParams, suite.Farms, suite.VHosts, suite.RewriteRules, suite.RewriteConditions} {
				if counts[k] == 0 {
					t.Errorf("the example has no %s", k)
				}
			}
		})
	}
}

// removables are what of an example can be taken away: a rewrite rule with its conditions, a virtual host as far as its end.
func removables(t *testing.T, name string) []removable {
	t.Helper()
	p, err := project.Load(t.Context(), project.Options{Path: "example:" + name})
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.Apache(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := suite.NewCoverage()
	c.AddConfig(p.Config)
	c.AddServer(a.Server, a.Owned)
	farms, rules := map[source.Span]source.Span{}, map[source.Span]*server.RewriteRule{}
	for _, f := range p.Config.Farms {
		farms[f.NameAt] = f.At.Span
	}
	for _, h := range append([]*server.Host{a.Main}, a.Hosts...) {
		noteRules(rules, &h.Rewrite)
		for _, s := range slices.Concat(h.Directories, h.Locations) {
			if s.Settings != nil && s.Settings.Rewrite != nil {
				noteRules(rules, s.Settings.Rewrite)
			}
		}
	}
	var out []removable
	for _, it := range c.Items() {
		r := removable{kind: it.Kind, name: it.Name, at: it.At, spans: []source.Span{it.At}}
		switch it.Kind {
		case suite.Farms:
			r.spans[0] = farms[it.At]
		case suite.VHosts:
			const closing = "</VirtualHost>"
			end := bytes.Index(it.At.File.Text[it.At.End:], []byte(closing))
			r.spans[0].End += int32(end + len(closing))
		case suite.RewriteRules:
			r.spans = nil
			for _, cond := range rules[it.At].Conditions {
				r.spans = append(r.spans, cond.At)
			}
			r.spans = append(r.spans, it.At)
		}
		out = append(out, r)
	}
	return out
}

func noteRules(rules map[source.Span]*server.RewriteRule, s *server.RewriteSettings) {
	for _, r := range s.Rules {
		rules[r.At] = r
	}
}

// readAs are the paths under which a file of an example lies in a copy without links: as itself, and in place of the links to it.
func readAs(example, dir, file string) []string {
	out := []string{filepath.Join(dir, file)}
	for link, target := range fixtures.Links(example) {
		if path.Join(path.Dir(link), target) == filepath.ToSlash(file) {
			out = append(out, filepath.Join(dir, filepath.FromSlash(link)))
		}
	}
	return out
}

// withoutText takes texts out of a file, which has several paths, as long as f takes.
func withoutText(t *testing.T, paths []string, spans []source.Span, f func() (int, string)) (int, string) {
	t.Helper()
	text := spans[0].File.Text
	var without []byte
	last := 0
	for _, s := range spans {
		if s.IsZero() || s.File != spans[0].File || int(s.Start) < last {
			t.Fatalf("%s: %v is no place that can be taken away", paths[0], s.Position())
		}
		without = append(without, text[last:s.Start]...)
		last = int(s.End)
	}
	without = append(without, text[last:]...)
	write := func(text []byte) {
		for _, p := range paths {
			if err := os.WriteFile(p, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(without)
	defer write(text)
	return f()
}

// uncoveredOf are what no case of the suites of a folder covers, as KIND FILE:LINE. All cases pass.
func uncoveredOf(t *testing.T, dir string) []string {
	t.Helper()
	code, out := runSuites(dir, "--coverage")
	if code != exitClean {
		t.Fatalf("the suites fail before anything is taken away:\n%s", out)
	}
	var got struct {
		Coverage map[string]struct {
			Uncovered []struct {
				File string
				Line int
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	var list []string
	for kind, c := range got.Coverage {
		for _, u := range c.Uncovered {
			_, file, _ := strings.Cut(u.File, filepath.Base(dir)+"/")
			list = append(list, fmt.Sprintf("%s %s:%d", kind, file, u.Line))
		}
	}
	return list
}

func runSuites(dir string, flags ...string) (code int, out string) {
	var stdout, stderr bytes.Buffer
	args := append([]string{"dispcheck", "test", "-c", dir, "--environment", "prod", "--format", "json", "--no-project-config", "-q"}, flags...)
	code = Main(args, strings.NewReader(""), &stdout, &stderr)
	if code == exitUnusable {
		return code, stderr.String()
	}
	return code, stdout.String()
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
