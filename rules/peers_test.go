package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/lint"
)

const (
	optimizerModels = "core/src/test/resources/com/adobe/aem/dot/dispatcher/core/"
	optimizerRules  = "core/src/test/resources/com/adobe/aem/dot/common/analyzer/rules/"
	optimizerFails  = "test-projects/test-project-all-rules-fail"
)

// optimizerFixtures are the configurations in the tests of the Optimizer Tool whose names state a defect: false values of one
// of its rules, a brace that is missing, something empty, a cycle, or all of its rules at once.
var optimizerFixtures = []Fixture{
	{optimizerRules + "AMSFiltersRuleTest/false_values", []string{"DSP165", "DSP186"}, "the rule that denies everything stands last: it is there, and makes the one before it needless"},
	{optimizerRules + "BooleanCheckTest/false_values", []string{"DSP310"}, ""},
	{optimizerRules + "IgnoreUrlParamsAllowListRuleTest/false_values", []string{"DSP311"}, ""},
	{optimizerRules + "IntCheckTest/false_values", []string{"DSP304"}, ""},
	{optimizerRules + "IsUniqueLabelCheckTest/false_values", []string{"DSP400"}, ""},
	{optimizerModels + "parser/no_ending_brace", []string{"DSP002"}, ""},
	{optimizerModels + "resolver/infinite.any", []string{"DSP101"}, ""},
	{optimizerModels + "model/auth_checker/nobrace", []string{"DSP003"}, ""},
	{optimizerModels + "model/clientheaders/nobrace", []string{"DSP003"}, ""},
	{optimizerModels + "model/farm/empty", []string{"DSP003"}, "/farms has a word in place of a section"},
	{optimizerModels + "model/farm/empty2", []string{"DSP007"}, "a label without a farm"},
	{optimizerModels + "model/filter/empty", []string{"DSP007"}, "a label without a rule"},
	{optimizerModels + "model/filter/nobrace", []string{"DSP003"}, ""},
	{optimizerModels + "model/health_check/nobrace", []string{"DSP003"}, ""},
	{optimizerModels + "model/renders/empty", []string{"DSP007", "DSP008"}, "labels without a render, one with a word in its place"},
	{optimizerModels + "model/renders/empty2", []string{"DSP003"}, ""},
	{optimizerModels + "model/rule/nobrace", []string{"DSP003"}, ""},
	{optimizerModels + "model/rule/nobrace2", []string{"DSP002", "DSP003"}, ""},
	{optimizerModels + "model/rule/nobrace3", []string{"DSP002", "DSP003"}, ""},
	{optimizerModels + "model/sessionmanagement/empty_values", []string{"DSP020"}, ""},
	{optimizerModels + "model/sessionmanagement/nobrace", []string{"DSP003"}, ""},
	{optimizerModels + "model/statistics/nobrace", []string{"DSP003"}, ""},
	{optimizerModels + "model/statistics/nobrace2", []string{"DSP003"}, ""},
	{optimizerModels + "model/statistics/nobrace3", []string{"DSP003"}, ""},
	{optimizerModels + "model/vanity_urls/nobrace", []string{"DSP003"}, ""},
	{
		optimizerFails + "/dispatcher/src",
		[]string{
			"DSP001", "DSP002", "DSP007", "DSP020", "DSP152", "DSP154", "DSP162", "DSP163", "DSP172", "DSP173", "DSP174", "DSP304", "DSP308", "DSP310", "DSP312", "DSP400",
		},
		"Disp-1 to Disp-3 and Disp-5 to Disp-8, default deny, debug and wcmmode of Disp-4, Disp-S2 to Disp-S5. The other entries of Disp-4 are written in its farm for publish, " +
			"and its farm for authors is held to less; Disp-S6 and the rules about httpd have no rule here",
	},
}

// TestOptimizerFixtures: what the names of the Optimizer Tool's fixtures state is found in each of them, and none of them is
// left out.
func TestOptimizerFixtures(t *testing.T) {
	root := filepath.Join(testkit.CorpusDir(t), "adobe__aem-dispatcher-optimizer-tool")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no fixtures of the Optimizer Tool: %v", err)
	}
	for _, f := range optimizerFixtures {
		t.Run(f.Path, func(t *testing.T) {
			found := lintFixture(t, filepath.Join(root, filepath.FromSlash(f.Path)))
			for _, id := range f.Rules {
				if !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Rule == id }) {
					t.Errorf("%s is not reported; findings:\n%s", id, allSaid(found))
				}
			}
			if len(f.Rules) == 0 && f.Note == "" {
				t.Error("no rule, and no word why")
			}
		})
	}
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !statesDefect(e) {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if !slices.ContainsFunc(optimizerFixtures, func(f Fixture) bool { return f.Path == rel || strings.HasPrefix(f.Path, rel+"/") }) {
			t.Errorf("%s states a defect and is not in the table", rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// statesDefect reports whether the name of a fixture says that something is wrong with it.
func statesDefect(e fs.DirEntry) bool {
	words := strings.FieldsFunc(strings.ToLower(e.Name()), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	return slices.ContainsFunc(words, func(w string) bool {
		w = strings.TrimRight(w, "0123456789")
		return slices.Contains([]string{"false", "nobrace", "no", "empty", "infinite", "binary", "fail", "bad", "invalid", "broken", "missing", "wrong", "duplicate"}, w)
	})
}

// lintFixture returns what all rules find in a configuration on disk, as dispcheck lint does without settings.
func lintFixture(t *testing.T, path string) []diag.Diagnostic {
	t.Helper()
	p, err := project.Load(t.Context(), project.Options{Path: path, WorkDir: path})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := lint.Run(t.Context(), s, All(), nil, lint.RunOptions{})
	for _, f := range r.Failures {
		t.Errorf("%v\n%s", f, f.Stack)
	}
	return r.Findings
}

// TestPeers: the rules that the peers' checks name are there, and each check says what becomes of it.
func TestPeers(t *testing.T) {
	for _, p := range Peers() {
		if p.Name == "" || p.Source == "" || len(p.Checks) == 0 {
			t.Errorf("peer %q has no source, or no checks", p.Name)
		}
		seen := map[string]bool{}
		for _, c := range p.Checks {
			if seen[c.Name] {
				t.Errorf("%s: %q is there twice", p.Name, c.Name)
			}
			seen[c.Name] = true
			checkRules(t, p.Name+": "+c.Name, c.Rules, c.Note)
		}
	}
	for _, f := range optimizerFixtures {
		checkRules(t, f.Path, f.Rules, f.Note)
	}
}

func checkRules(t *testing.T, what string, ids []string, note string) {
	t.Helper()
	if len(ids) == 0 && !strings.HasPrefix(note, "not") {
		t.Errorf("%s: no rule, and the note does not say why not: %q", what, note)
	}
	if strings.HasSuffix(note, ".") {
		t.Errorf("%s: the note ends with a full stop", what)
	}
	for i, id := range ids {
		if r := Find(id); r == nil || r.ID != id {
			t.Errorf("%s: %s is no rule", what, id)
		}
		if slices.Contains(ids[:i], id) {
			t.Errorf("%s: %s is there twice", what, id)
		}
	}
}
