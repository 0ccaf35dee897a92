package rules

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
)

// TestOptimizerProjects: under the policy literal the Optimizer Tool's own projects get the findings that it has for them,
// and no others of the rules that it has as well.
func TestOptimizerProjects(t *testing.T) {
	dir := filepath.Join(testkit.CorpusDir(t), "adobe__aem-dispatcher-optimizer-tool")
	checks := filepath.Join(dir, "core", "src", "test", "resources", "com", "adobe", "aem", "dot", "common", "analyzer", "rules")
	amsFilters := []string{"DSP162", "DSP163", "DSP173", "DSP174", "DSP176", "DSP177"} // what its check of two entries does not want
	noFilter := append([]string{"DSP152", "DSP171"}, amsFilters...)
	for _, tt := range []struct {
		path    string
		without []string // what the file lacks for reasons that its check is not about
		want    []string
	}{
		{filepath.Join(dir, "test-projects", "test-project-all-rules-pass", "dispatcher", "src"), nil, nil},
		{
			filepath.Join(dir, "test-projects", "test-project-all-rules-fail", "dispatcher", "src"), nil,
			[]string{"DSP152", "DSP162", "DSP163", "DSP304", "DSP308", "DSP310", "DSP311", "DSP400"},
		},
		{filepath.Join(checks, "AMSFiltersRuleTest", "true_values", "dispatcher.any"), amsFilters, nil},
		{filepath.Join(checks, "AMSFiltersRuleTest", "false_values", "dispatcher.any"), append([]string{"DSP310"}, amsFilters...), []string{"DSP152"}},
		{filepath.Join(checks, "BooleanCheckTest", "true_values", "dispatcher.any"), noFilter, nil},
		{filepath.Join(checks, "BooleanCheckTest", "false_values", "dispatcher.any"), noFilter, []string{"DSP310"}},
		{filepath.Join(checks, "IgnoreUrlParamsAllowListRuleTest", "true_values", "dispatcher.any"), noFilter, nil},
		{filepath.Join(checks, "IgnoreUrlParamsAllowListRuleTest", "false_values", "dispatcher.any"), append([]string{"DSP310"}, noFilter...), []string{"DSP311"}},
		{filepath.Join(checks, "IntCheckTest", "true_values", "dispatcher.any"), noFilter, nil},
		{filepath.Join(checks, "IntCheckTest", "false_values", "dispatcher.any"), append([]string{"DSP310", "DSP311"}, noFilter...), []string{"DSP304"}},
		{filepath.Join(checks, "IsUniqueLabelCheckTest", "true_values", "dispatcher.any"), noFilter, nil},
		{filepath.Join(checks, "IsUniqueLabelCheckTest", "false_values", "dispatcher.any"), append([]string{"DSP310", "DSP311"}, noFilter...), []string{"DSP400"}},
	} {
		rel, _ := filepath.Rel(dir, tt.path)
		t.Run(rel, func(t *testing.T) {
			p, err := project.Load(t.Context(), project.Options{Path: tt.path})
			if err != nil {
				t.Fatal(err)
			}
			s := &lint.Subject{Config: p.Config, Files: p.Tree.Files, Found: p.Findings, Profile: string(p.Kind)}
			set := lint.Settings{Policy: lint.Literal, Select: []string{"DSP400"}}
			for _, r := range All() {
				if r.Literal != nil {
					set.Select = append(set.Select, r.ID)
				}
			}
			var got []string
			for _, d := range lint.Run(t.Context(), s, All(), &set, lint.RunOptions{}).Findings {
				if !slices.Contains(tt.without, d.Rule) && !slices.Contains(got, d.Rule) {
					got = append(got, d.Rule)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rules (-want +got):\n%s", diff)
			}
		})
	}
}
