package lint

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/source"
)

func TestCheck(t *testing.T) {
	f := source.NewFile(".dispcheck.yaml", []byte("0123456789"))
	at := func(i int) source.Span { return f.Span(i, i+1) }
	all := append([]*Rule{{ID: "DSP155", Name: "filter-allow-glob", Options: []Option{{Name: "extra-keys", Default: []string{}}, {Name: "depth", Default: 3}}}}, some...)
	for _, tt := range []struct {
		name string
		set  Settings
		want []SettingProblem
	}{
		{"nothing set", Settings{}, nil},
		{"all is well", Settings{
			Select: []string{"DSP1*", "invalid-number"}, Ignore: []string{"*-glob"},
			Severity:  []SeverityOf{{Rules: "dsp155", To: LevelOff}},
			Overrides: []Override{{Paths: []string{"a/**"}, Select: []string{"*"}, Severity: []SeverityOf{{Rules: "*", To: LevelError}}}},
			Options:   map[string]Options{"filter-allow-glob": {"extra-keys": {Value: []string{"a"}}, "depth": {Value: 1}}},
			Farms:     []FarmOf{{Name: "a*", Type: Author}}, Policy: Literal,
		}, nil},
		{"select and ignore", Settings{Select: []string{"DSP155", "invalid-nubmer"}, SelectAt: []source.Span{at(0), at(1)}, Ignore: []string{"cofee-*"}, IgnoreAt: []source.Span{at(2)}}, []SettingProblem{
			{at(1), `select: no rule is called "invalid-nubmer"`, "did you mean invalid-number?"},
			{at(2), `ignore: no rule is called "cofee-*"`, "dispcheck rules lists all rules"},
		}},
		{"no place known", Settings{Select: []string{"DSP1000"}}, []SettingProblem{{Message: `select: no rule is called "DSP1000"`, Hint: "dispcheck rules lists all rules"}}},
		{"levels", Settings{Severity: []SeverityOf{{Rules: "DSP155", Written: "warn", Span: at(3)}, {Rules: "DSP155", Written: "eror", Span: at(4)}, {Rules: "DSP15", To: LevelInfo, Span: at(5)}, {Rules: "*", To: 77, Span: at(6)}}}, []SettingProblem{
			{at(3), `level "warn" of "DSP155" is none of off, hint, info, warning, error`, ""},
			{at(4), `level "eror" of "DSP155" is none of off, hint, info, warning, error`, "did you mean error?"},
			{at(5), `severity: no rule is called "DSP15"`, "dispcheck rules lists all rules"},
			{at(6), `level "" of "*" is none of off, hint, info, warning, error`, ""},
		}},
		{"overrides", Settings{Overrides: []Override{{Span: at(1), Select: []string{"DSP1"}}, {Span: at(2), Paths: []string{""}, Ignore: []string{"nope"}, Severity: []SeverityOf{{Rules: "nope", To: LevelHint}}}}}, []SettingProblem{
			{at(1), "override has no paths", "name files, such as **/*_filters.any"},
			{at(1), `select: no rule is called "DSP1"`, "did you mean DSP001?"},
			{at(2), "override has an empty path", "name files, such as **/*_filters.any"},
			{at(2), `ignore: no rule is called "nope"`, "dispcheck rules lists all rules"},
			{at(2), `severity: no rule is called "nope"`, "dispcheck rules lists all rules"},
		}},
		{"options", Settings{Options: map[string]Options{
			"DSP155":         {"depth": {"3", at(1)}, "extra-keys": {[]any{"a"}, at(2)}, "extra-kyes": {[]string{}, at(3)}, "zzz": {1, at(4)}},
			"DSP1*":          {"depth": {3, at(5)}},
			"invalid-nubmer": {"a": {1, at(6)}, "b": {1, at(7)}},
			"DSP017":         {"a": {1, at(8)}},
			"nothing-there":  nil,
		}}, []SettingProblem{
			{at(8), `invalid-number has no option "a"`, "the rule has no options"},
			{at(5), `options: "DSP1*" is a glob`, "name one rule by its id or name"},
			{at(1), "option depth of filter-allow-glob is not a whole number", ""},
			{at(2), "option extra-keys of filter-allow-glob is not a list of texts", ""},
			{at(3), `filter-allow-glob has no option "extra-kyes"`, "did you mean extra-keys?"},
			{at(4), `filter-allow-glob has no option "zzz"`, "its options are extra-keys, depth"},
			{at(6), `options: no rule is called "invalid-nubmer"`, "did you mean invalid-number?"},
			{Message: `options: no rule is called "nothing-there"`, Hint: "dispcheck rules lists all rules"},
		}},
		{"farms and policy", Settings{Farms: []FarmOf{{Span: at(1)}, {Name: "x", Type: 9, Span: at(2)}}, Policy: 9}, []SettingProblem{
			{at(1), "farm has no name", "write the label of the farm, or a glob"},
			{at(2), `farm "x" is of no type: there are publish and author`, ""},
			{Message: "policy is none of semantic, literal"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.set.Check(all)
			if tt.name == "options" { // keys come in the order of their bytes
				if diff := cmp.Diff(sortedBy(tt.want), sortedBy(got), cmp.Comparer(func(a, b source.Span) bool { return a == b })); diff != "" {
					t.Error(diff)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b source.Span) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func sortedBy(ps []SettingProblem) map[string]SettingProblem {
	m := map[string]SettingProblem{}
	for _, p := range ps {
		m[p.Message] = p
	}
	return m
}

func TestLevels(t *testing.T) {
	want := map[string]diag.Severity{"hint": diag.Hint, "info": diag.Info, "warning": diag.Warning, "error": diag.Error}
	for _, name := range Levels() {
		l, err := ParseLevel(name)
		if err != nil || l.String() != name {
			t.Errorf("%s is read as %s: %v", name, l, err)
		}
		if s, ok := want[name]; ok && l.severity() != s {
			t.Errorf("%s has severity %s", name, l.severity())
		}
	}
	for name, want := range map[string]string{
		"eror": `level "eror" is none of off, hint, info, warning, error; did you mean error?`,
		"":     `level "" is none of off, hint, info, warning, error`,
		"of":   `level "of" is none of off, hint, info, warning, error; did you mean off?`,
	} {
		if _, err := ParseLevel(name); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if got := Level(0).String() + " " + Policy(7).String(); got != "level(0) policy(7)" {
		t.Errorf("got %s", got)
	}
	for _, p := range []Policy{Semantic, Literal} {
		if got, ok := ParsePolicy(p.String()); !ok || got != p {
			t.Errorf("%s is read as %s", p, got)
		}
	}
	if _, ok := ParsePolicy("strict"); ok {
		t.Error("strict is a policy")
	}
}
