package effective

import (
	"context"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/dispcheck/dispcheck/fixtures"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// checkSite holds what is true of every site.
func checkSite(t *testing.T, p *project.Project) {
	t.Helper()
	s, err := New(context.Background(), p, simulate.Version{})
	if err != nil {
		t.Errorf("%s: %v", p.Show(p.Root), err)
		return
	}
	table, err := s.Names(context.Background())
	if err != nil {
		t.Errorf("%s: %v", p.Show(p.Root), err)
		return
	}
	for _, n := range table.Names {
		if n.Unusable {
			continue
		}
		if s.Apache != nil && n.VirtualHost == nil {
			t.Errorf("%s: no virtual host for %q", p.Show(p.Root), n.Text)
		}
		if s.Config != nil && len(s.Config.Farms) > 0 && (n.Farm == nil) != n.Ended {
			t.Errorf("%s: %q ends in httpd: %v, and has farm %v", p.Show(p.Root), n.Text, n.Ended, n.Farm)
		}
	}
	hosts, err := s.Hosts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts {
		s.checkHost(t, h)
	}
	for _, f := range s.Farms() {
		checkProperties(t, f.Properties)
	}
}

func checkProperties(t *testing.T, list []Property) {
	t.Helper()
	for _, p := range list {
		if p.Set == p.Origin.At.IsZero() {
			t.Errorf("/%s: set is %v, and its place %v", p.Name, p.Set, p.Origin.At)
		}
		checkProperties(t, p.Inside)
	}
}

// checkHost: each directive of a virtual host that httpd takes is listed or replaced, or is one of a group of its own that
// has no effect there.
func (s *Site) checkHost(t *testing.T, h *Host) {
	t.Helper()
	seen := map[string]bool{}
	rules := 0
	var note func(list []Directive)
	note = func(list []Directive) {
		for _, d := range list {
			if d.At.IsZero() {
				t.Errorf("%s has no place", d.Name)
			}
			seen[where(d.At)+d.At.File.Name] = true
			for _, r := range d.Replaces {
				seen[where(r.At)+r.At.File.Name] = true
			}
			note(d.Conditions)
			note(d.Inside)
		}
	}
	for _, g := range h.Groups {
		note(g.Directives)
		if g.Name == Rewrites {
			for _, d := range g.Directives {
				if d.Name == "RewriteRule" || d.Name == "rewriterule" || d.Name == "Rewriterule" {
					rules++
				}
			}
		}
	}
	if want := len(h.Rewrite.Rules); rules > want {
		t.Errorf("%s: %d rules are listed, and %d run", h.Title, rules, want)
	}
	refused := map[source.Span]bool{}
	for _, d := range s.Apache.Server.Findings {
		refused[source.Span{File: d.Span.File, Start: int32(d.Span.Position().Line)}] = true
	}
	n := s.node(h.Place)
	if n == nil {
		return
	}
	for _, c := range n.Children {
		if c.Key == "" || mine()[c.Key] || refused[source.Span{File: c.At.File, Start: int32(c.At.Position().Line)}] || !known(c) {
			continue
		}
		if !seen[where(c.At)+c.At.File.Name] {
			t.Errorf("%s: %s at %s:%d is not listed", h.Title, c.Name, c.At.File.Name, c.At.Position().Line)
		}
	}
}

func known(n *apacheconf.Node) bool {
	name := n.Key
	if n.Section {
		name = "<" + name + ">"
	}
	_, ok := server.Lookup(name)
	return ok
}

func TestExamples(t *testing.T) {
	for _, name := range fixtures.Names() {
		t.Run(name, func(t *testing.T) {
			p, err := project.Load(context.Background(), project.Options{Path: "example:" + name})
			if err != nil {
				t.Fatal(err)
			}
			checkSite(t, p)
		})
	}
}

// TestCorpus does so for all trees of real configurations.
func TestCorpus(t *testing.T) {
	dir := testkit.CorpusDir(t)
	trees := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if name := e.Name(); name == "conf.dispatcher.d" || name == "conf.d" || name == "conf" {
			return nil
		}
		for _, mark := range []string{"conf.d", "conf.dispatcher.d", "dispatcher.any", "conf/httpd.conf"} {
			if m, _ := filepath.Glob(filepath.Join(path, filepath.FromSlash(mark))); len(m) > 0 {
				p, err := project.Load(context.Background(), project.Options{Path: path, WorkDir: dir})
				if err != nil {
					return nil // internal/project says why
				}
				trees++
				checkSite(t, p)
				return nil
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if trees == 0 {
		t.Skipf("no configuration in %s", dir)
	}
	t.Logf("%d trees", trees)
}
