package site_test

import (
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/simulate"
)

// TestCorpus asks each virtual host of each project of the corpus for a page, from end to end.
func TestCorpus(t *testing.T) {
	dir, folders := testkit.CorpusSites(t)
	projects, hosts, unsure := 0, 0, 0
	outcomes := map[simulate.Outcome]int{}
	for _, folder := range folders {
		p, err := project.Load(t.Context(), project.Options{Path: folder, WorkDir: dir})
		if err != nil {
			continue // a folder that is no project
		}
		a, err := p.Apache(t.Context())
		if err != nil {
			t.Errorf("%s: %v", folder, err)
			continue
		}
		if a == nil {
			continue
		}
		projects++
		config := p.Config
		if config == nil {
			config = site.OpenFarm()
		}
		s := site.New(&site.Site{Server: a.Server, Files: a.Files(), Getenv: a.Getenv, Dispatcher: simulate.New(config, simulate.Options{}), Follow: 3})
		unknown := 0
		for _, d := range a.Findings {
			if d.Rule == "DSP592" {
				unknown++
			}
		}
		before := hosts
		here := map[simulate.Outcome]int{}
		for _, h := range a.Hosts {
			if !a.Owned(h.At.File) {
				continue
			}
			name := h.Name.Host
			for _, n := range h.Names {
				if name == "" {
					name = strings.NewReplacer("*", "a", "?", "a").Replace(n.Pattern)
				}
			}
			r, err := simulate.NewRequest("GET", "/content/site/en.html")
			if err != nil {
				t.Fatal(err)
			}
			r.Host = name
			var d simulate.Decision
			var passage site.Passage
			if err := s.Decide(t.Context(), r, &d, nil, &passage); err != nil {
				t.Errorf("%s, host %s: %v", folder, name, err)
				continue
			}
			hosts++
			outcomes[d.Outcome]++
			here[d.Outcome]++
			if len(passage.Result.NotSimulated) > 0 {
				unsure++
			}
		}
		t.Logf("%s: %d virtual hosts, %v, %d unknown directives", strings.TrimPrefix(folder, dir+"/"), hosts-before, here, unknown)
	}
	if projects < 40 || hosts < 60 {
		t.Errorf("%d projects and %d virtual hosts only", projects, hosts)
	}
	t.Logf("%d projects, %d virtual hosts, %d answers that depend; outcomes %v", projects, hosts, unsure, outcomes)
}
