package lint_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/project"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules"
	"github.com/dispcheck/dispcheck/source"
)

const two = `-- dispatcher.any --
/one "1"
/farms {
	$include "a/x.farm"
	/author { /filter { $include "both.any" } /renders { /r { /hostname "h" /port "4502" } } }
}
-- a/x.farm --
/publish {
	/two "2"
	/filter { $include "../both.any" }
	/renders { /r { /hostname "h" /port "4503" } }
}
-- both.any --
/0001 { /type "deny" /url "*" }
`

// TestPolicy: under the policy literal a rule that has another look looks that way, in every profile and with nobody to ask.
func TestPolicy(t *testing.T) {
	both := words("DSP801", "word-one", "one")
	both.Config, both.Asks, both.Profiles = nil, true, []string{"cloud"}
	both.Farm = func(p *lint.Pass, f *model.Farm) { p.Reportf(f.At, "semantic %s", f.Name) }
	both.Literal = func(p *lint.Pass, f *model.Farm) { p.Reportf(f.At, "literal %s", f.Name) }
	both.File, both.Drops = nil, true
	plain := words("DSP802", "word-two", "two")
	const two2 = "a/x.farm:2:2: error DSP802: /two is here\n"
	for _, tt := range []struct {
		name    string
		policy  lint.Policy
		ignore  []string
		profile string
		want    string
	}{
		{"semantic, nobody to ask", lint.Semantic, nil, "cloud", two2},
		{"literal", lint.Literal, nil, "cloud", "a/x.farm:1:1: error DSP801: literal publish\n" + two2 + "dispatcher.any:4:2: warning DSP801: literal author\n"},
		{"literal in another profile", lint.Literal, nil, "ams", "a/x.farm:1:1: error DSP801: literal publish\n" + two2 + "dispatcher.any:4:2: warning DSP801: literal author\n"},
		{"literal and ignored", lint.Literal, []string{"DSP801"}, "ams", two2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := subject(t, two)
			s.Profile, s.Found = tt.profile, nil
			r := lint.Run(t.Context(), s, []*lint.Rule{both, plain}, &lint.Settings{Policy: tt.policy, Ignore: tt.ignore}, lint.RunOptions{})
			if got := said(r.Findings); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

// TestChoice: which rules run, and with which severity they report where.
func TestChoice(t *testing.T) {
	one, two2 := words("DSP801", "word-one", "one"), words("DSP802", "word-two", "two")
	off, cloud := words("DSP803", "other-two", "two"), words("DSP804", "cloud-one", "one")
	off.Off, cloud.Profiles = true, []string{"cloud"}
	all := []*lint.Rule{one, two2, off, cloud}
	const oneErr, twoErr = "dispatcher.any:1:1: error DSP801: /one is here\n", "a/x.farm:2:2: error DSP802: /two is here\n"
	sev := func(rules string, to lint.Level) lint.SeverityOf { return lint.SeverityOf{Rules: rules, To: to} }
	for _, tt := range []struct {
		name    string
		set     lint.Settings
		profile string
		want    string
	}{
		{"nothing set", lint.Settings{}, "ams", twoErr + oneErr},
		{"profile", lint.Settings{}, "cloud", twoErr + oneErr + "dispatcher.any:1:1: error DSP804: /one is here\n"},
		{"select by id", lint.Settings{Select: []string{"dsp801"}}, "ams", oneErr},
		{"select by name", lint.Settings{Select: []string{"Word-Two"}}, "ams", twoErr},
		{"select by glob over names", lint.Settings{Select: []string{"word-*"}}, "ams", twoErr + oneErr},
		{"select by glob over ids", lint.Settings{Select: []string{"DSP80[12]"}}, "ams", twoErr + oneErr},
		{"select what is off", lint.Settings{Select: []string{"other-two"}}, "ams", "a/x.farm:2:2: error DSP803: /two is here\n"},
		{"select of another profile", lint.Settings{Select: []string{"DSP804"}}, "ams", ""},
		{"ignore", lint.Settings{Ignore: []string{"*-one"}}, "cloud", twoErr},
		{"ignore wins over select", lint.Settings{Select: []string{"*"}, Ignore: []string{"DSP*"}}, "cloud", ""},
		{"level", lint.Settings{Severity: []lint.SeverityOf{sev("word-one", lint.LevelHint)}}, "ams", twoErr + "dispatcher.any:1:1: hint DSP801: /one is here\n"},
		{"later level wins", lint.Settings{Severity: []lint.SeverityOf{sev("word-*", lint.LevelOff), sev("word-one", lint.LevelInfo)}}, "ams", "dispatcher.any:1:1: info DSP801: /one is here\n"},
		{"level wakes a rule", lint.Settings{Severity: []lint.SeverityOf{sev("DSP803", lint.LevelInfo)}}, "ams", "a/x.farm:2:2: error DSP802: /two is here\na/x.farm:2:2: info DSP803: /two is here\ndispatcher.any:1:1: error DSP801: /one is here\n"},
		{"level of a glob wakes none", lint.Settings{Severity: []lint.SeverityOf{sev("other-*", lint.LevelInfo)}}, "ams", twoErr + oneErr},
		{"level does not undo ignore", lint.Settings{Severity: []lint.SeverityOf{sev("DSP803", lint.LevelInfo)}, Ignore: []string{"DSP803"}}, "ams", twoErr + oneErr},
		{"override ignores", lint.Settings{Overrides: []lint.Override{{Paths: []string{"a/**"}, Ignore: []string{"*"}}}}, "ams", oneErr},
		{"override of a folder", lint.Settings{Overrides: []lint.Override{{Paths: []string{"a"}, Ignore: []string{"*"}}}}, "ams", oneErr},
		{"override by ending", lint.Settings{Overrides: []lint.Override{{Paths: []string{"*.farm"}, Ignore: []string{"*"}}}}, "ams", oneErr},
		{"override elsewhere", lint.Settings{Overrides: []lint.Override{{Paths: []string{"b/**", "*/dispatcher.any"}, Ignore: []string{"*"}}}}, "ams", twoErr + oneErr},
		{"override selects what is off", lint.Settings{Select: []string{"DSP801"}, Overrides: []lint.Override{{Paths: []string{"**/*.farm"}, Select: []string{"DSP80*"}}}}, "ams",
			"a/x.farm:2:2: error DSP802: /two is here\na/x.farm:2:2: error DSP803: /two is here\n" + oneErr},
		{"override level", lint.Settings{Severity: []lint.SeverityOf{sev("*", lint.LevelOff)}, Overrides: []lint.Override{{Paths: []string{"a/x.farm"}, Severity: []lint.SeverityOf{sev("DSP802", lint.LevelInfo)}}}}, "ams",
			"a/x.farm:2:2: info DSP802: /two is here\n"},
		{"later override wins", lint.Settings{Overrides: []lint.Override{{Paths: []string{"a"}, Ignore: []string{"*"}}, {Paths: []string{"x.farm"}, Select: []string{"DSP802"}}}}, "ams", twoErr + oneErr},
		{"paths start from a folder", lint.Settings{Dir: "a", Overrides: []lint.Override{{Paths: []string{"./x.farm", "dispatcher.any"}, Ignore: []string{"*"}}}}, "ams", oneErr},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := subject(t, two)
			s.Found, s.Profile = nil, tt.profile
			got := lint.Run(t.Context(), s, all, &tt.set, lint.RunOptions{})
			if diff := cmp.Diff(tt.want, said(got.Findings)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFoundIsTreatedAlike: what reading finds is selected, levelled and suppressed as what rules find.
func TestFoundIsTreatedAlike(t *testing.T) {
	const text = `-- dispatcher.any --
/farms {
	/publish {
		/renders { /r { /hostname "h" } }
		/filter { /0001 { /type "deny" /url "*" } }
		/cache { /gracePeriode "2" }
	}
}
`
	reading := slices.DeleteFunc(rules.All(), (*lint.Rule).Looks)
	for _, tt := range []struct {
		name string
		set  lint.Settings
		want string
	}{
		{"as it is", lint.Settings{}, "dispatcher.any:5:12: warning DSP011"},
		{"level", lint.Settings{Severity: []lint.SeverityOf{{Rules: "unknown-property", To: lint.LevelError}}}, "dispatcher.any:5:12: error DSP011"},
		{"off", lint.Settings{Severity: []lint.SeverityOf{{Rules: "DSP011", To: lint.LevelOff}}}, ""},
		{"ignored", lint.Settings{Ignore: []string{"unknown-*"}}, ""},
		{"not selected", lint.Settings{Select: []string{"DSP012"}}, ""},
		{"override", lint.Settings{Overrides: []lint.Override{{Paths: []string{"*.any"}, Ignore: []string{"DSP011"}}}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, _ := strings.Cut(said(lint.Run(t.Context(), subject(t, text), reading, &tt.set, lint.RunOptions{}).Findings), ": /")
			if got, _, _ = strings.Cut(got, ": no"); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("profile", func(t *testing.T) {
		s := subject(t, text)
		only := *rules.Find("DSP011")
		only.Profiles, s.Profile = []string{"cloud"}, "ams"
		if got := lint.Run(t.Context(), s, []*lint.Rule{&only}, nil, lint.RunOptions{}).Findings; len(got) > 0 {
			t.Error(said(got))
		}
	})
	t.Run("no rule of the id", func(t *testing.T) {
		s := subject(t, text)
		if got := lint.Run(t.Context(), s, nil, nil, lint.RunOptions{}).Findings; len(got) != 1 || got[0].Severity != diag.Warning {
			t.Errorf("got %s, want the finding as it was", said(got))
		}
		if got := lint.Run(t.Context(), s, nil, &lint.Settings{Ignore: []string{"DSP0*"}}, lint.RunOptions{}).Findings; len(got) != 0 {
			t.Errorf("got %s, want nothing", said(got))
		}
	})
}

// TestIncludedTwice: a finding in a file that several farms include is told once, with a chain of includes, the
// worse severity, and a fix that is safe only where it is for each of them.
func TestIncludedTwice(t *testing.T) {
	r := farms("DSP811")
	r.Drops = true
	inner := r.Farm
	r.Farm = func(p *lint.Pass, f *model.Farm) {
		inner(p, f)
		at := f.Filter.Rules[0].At.Span
		p.Report(diag.Diagnostic{Span: at, Message: "with a fix", Severity: diag.Warning, Fixes: []diag.Fix{
			{Title: "remove", Safe: p.FarmType(f) == lint.Publish, Edits: []diag.Edit{{Span: at}}},
			{Title: "put in", Safe: true, Edits: []diag.Edit{{Span: at, New: "x"}}},
		}})
	}
	s := subject(t, two)
	s.Found = nil
	got := lint.Run(t.Context(), s, []*lint.Rule{r}, nil, lint.RunOptions{})
	want := "both.any:1:1: error DSP811: rule is here\nboth.any:1:1: warning DSP811: with a fix\n"
	if diff := cmp.Diff(want, said(got.Findings)); diff != "" {
		t.Fatal(diff)
	}
	chain := ""
	for _, in := range got.Findings[0].Included {
		chain += placeOf(in) + " "
	}
	if chain != "dispatcher.any:3:2 a/x.farm:3:12 " {
		t.Errorf("chain is %q", chain)
	}
	if f := got.Findings[1].Fixes; f[0].Safe || !f[1].Safe {
		t.Errorf("safe: %t and %t, want false and true", f[0].Safe, f[1].Safe)
	}
}

// TestFarmTypes: rules that say so are a step milder in farms for authors.
func TestFarmTypes(t *testing.T) {
	for _, tt := range []struct {
		name, farm string
		set        []lint.FarmOf
		want       diag.Severity
		keeps      bool
	}{
		{name: "publish", farm: `/publish { /renders { /r { /hostname "h" /port "4503" } }`, want: diag.Error},
		{name: "author by name", farm: `/myAuthorFarm {`, want: diag.Warning},
		{name: "author by port", farm: `/x { /renders { /r { /hostname "h" /port "4502" } }`, want: diag.Warning},
		{name: "author by sessions", farm: `/x { /sessionmanagement { /directory "/d" }`, want: diag.Warning},
		{name: "settings say publish", farm: `/author {`, set: []lint.FarmOf{{Name: "author", Type: lint.Publish}}, want: diag.Error},
		{name: "settings say author", farm: `/pub1 {`, set: []lint.FarmOf{{Name: "*", Type: lint.Publish}, {Name: "pub*", Type: lint.Author}}, want: diag.Warning},
		{name: "rule does not drop", farm: `/author {`, want: diag.Error, keeps: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := subject(t, "-- dispatcher.any --\n/farms { "+tt.farm+` /filter { /0001 { /type "deny" /url "*" } } } }`+"\n")
			s.Found = nil
			r := farms("DSP811")
			r.Drops = !tt.keeps
			got := lint.Run(t.Context(), s, []*lint.Rule{r}, &lint.Settings{Farms: tt.set}, lint.RunOptions{}).Findings
			if len(got) != 1 || got[0].Severity != tt.want {
				t.Errorf("got %swant one %s", said(got), tt.want)
			}
		})
	}
	t.Run("a hint stays one, and a level counts as it is", func(t *testing.T) {
		s := subject(t, `-- dispatcher.any --
/farms { /author { /filter { /0001 { /type "deny" /url "*" } } } }
`)
		s.Found = nil
		r := farms("DSP811")
		r.Drops, r.Severity = true, diag.Hint
		if got := lint.Run(t.Context(), s, []*lint.Rule{r}, nil, lint.RunOptions{}).Findings; len(got) != 1 || got[0].Severity != diag.Hint {
			t.Errorf("got %s, want a hint", said(got))
		}
		set := &lint.Settings{Severity: []lint.SeverityOf{{Rules: "DSP811", To: lint.LevelError}}}
		if got := lint.Run(t.Context(), s, []*lint.Rule{r}, set, lint.RunOptions{}).Findings; len(got) != 1 || got[0].Severity != diag.Error {
			t.Errorf("got %s, want an error", said(got))
		}
	})
}

// TestImmutable: what is found in a file that must not be changed is told once at the owner's nearest $include
// line, as an info at most.
func TestImmutable(t *testing.T) {
	const text = `-- dispatcher.any --
/farms {
	/a { /filter { $include "mine.any" } }
	/b { /filter { $include "default2.any" } }
}
-- mine.any --
/0100 { /type "allow" /url "/x" }
$include "default1.any"
-- default1.any --
$include "default2.any"
-- default2.any --
/0001 { /type "deny" /url "*" }
/0002 { /type "deny" /url "/y" }
`
	load := func(t *testing.T) *lint.Subject {
		s := subject(t, text)
		s.Found = nil
		s.Immutable = func(f *source.File) bool { return strings.HasPrefix(f.Name, "default") }
		return s
	}
	rule := func(t *testing.T) *lint.Rule {
		r := farms("DSP811")
		inner := r.Farm
		r.Farm = func(p *lint.Pass, f *model.Farm) {
			inner(p, f)
			last := f.Filter.Rules[len(f.Filter.Rules)-1].At
			p.Report(diag.Diagnostic{Span: last.Span, Included: last.Included, Message: "milder", Severity: diag.Hint, Fixes: []diag.Fix{
				{Title: "not there", Safe: true, Edits: []diag.Edit{{Span: last.Span}}},
				{Title: "before it", Edits: []diag.Edit{{Span: p.Subject.Files[1].Src.Span(0, 0), New: "# x\n"}}},
			}})
		}
		return r
	}
	t.Run("moved", func(t *testing.T) {
		got := lint.Run(t.Context(), load(t), []*lint.Rule{rule(t)}, nil, lint.RunOptions{}).Findings
		want := `mine.any:1:1: error DSP811: rule is here
mine.any:2:1: info DSP811: rule is here
mine.any:2:1: hint DSP811: milder
`
		if diff := cmp.Diff(want, said(got)); diff != "" {
			t.Fatal(diff)
		}
		var related []string
		for _, r := range got[1].Related {
			related = append(related, placeOf(r.Span)+" "+r.Message)
		}
		if diff := cmp.Diff([]string{
			"default2.any:1:1 found here, in a file that must not be changed", "dispatcher.any:3:17 included here as well",
			"default2.any:2:1 found here, in a file that must not be changed",
		}, related); diff != "" {
			t.Error(diff)
		}
		if in := got[1].Included; len(in) != 1 || placeOf(in[0]) != "dispatcher.any:2:17" {
			t.Errorf("the line itself is included by %v", in)
		}
		if f := got[2].Fixes; len(f) != 1 || f[0].Title != "before it" {
			t.Errorf("fixes are %v, want the one that leaves the file alone", f)
		}
	})
	t.Run("the rule says otherwise", func(t *testing.T) {
		r := rule(t)
		r.InImmutable = true
		want := `default2.any:1:1: error DSP811: rule is here
default2.any:2:1: error DSP811: rule is here
default2.any:2:1: hint DSP811: milder
mine.any:1:1: error DSP811: rule is here
`
		if diff := cmp.Diff(want, said(lint.Run(t.Context(), load(t), []*lint.Rule{r}, nil, lint.RunOptions{}).Findings)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("no line is the owner's", func(t *testing.T) {
		s := load(t)
		s.Immutable = func(f *source.File) bool { return true }
		for _, d := range lint.Run(t.Context(), s, []*lint.Rule{rule(t)}, nil, lint.RunOptions{}).Findings {
			if d.Severity > diag.Info || len(d.Related) > 0 {
				t.Errorf("got %s, want an info at its place", said([]diag.Diagnostic{d}))
			}
		}
	})
	t.Run("levels end at info, by the path of the line", func(t *testing.T) {
		set := &lint.Settings{Severity: []lint.SeverityOf{{Rules: "DSP811", To: lint.LevelError}},
			Overrides: []lint.Override{{Paths: []string{"default2.any"}, Ignore: []string{"*"}}}}
		got := lint.Run(t.Context(), load(t), []*lint.Rule{rule(t)}, set, lint.RunOptions{}).Findings
		if len(got) != 3 || got[1].Severity != diag.Info || got[2].Severity != diag.Info {
			t.Errorf("got %s", said(got))
		}
	})
}

// TestFailure: a rule that panics is named, what it found before counts, and the others run.
func TestFailure(t *testing.T) {
	broken := words("DSP801", "word-one", "one")
	inner := broken.File
	broken.File = func(p *lint.Pass, f *grammar.File) {
		inner(p, f)
		var none []string
		_ = none[len(f.Items)]
	}
	s := subject(t, two)
	s.Found = nil
	got := lint.Run(t.Context(), s, []*lint.Rule{broken, words("DSP802", "word-two", "two")}, nil, lint.RunOptions{})
	if len(got.Findings) != 2 || len(got.Failures) != 1 {
		t.Fatalf("%d failures, findings:\n%s", len(got.Failures), said(got.Findings))
	}
	f := got.Failures[0]
	if f.Rule != broken || !strings.Contains(f.Error(), "DSP801") || !strings.Contains(f.Message, "index out of range") || !strings.Contains(f.Stack, "TestFailure") {
		t.Errorf("failure is %v\n%s", f, f.Stack)
	}
}

// TestOptions: a rule sees what is set, and the default otherwise.
func TestOptions(t *testing.T) {
	type seen struct {
		Text string
		N    int
		Flag bool
		List []string
	}
	var got seen
	r := &lint.Rule{ID: "DSP801", Name: "word-one", Severity: diag.Error, Options: []lint.Option{
		{Name: "text", Default: "a"}, {Name: "n", Default: 1}, {Name: "flag", Default: true}, {Name: "list", Default: []string{"x"}},
	}}
	r.Config = func(p *lint.Pass, _ *model.Config) {
		got = seen{p.String("text"), p.Int("n"), p.Bool("flag"), p.Strings("list")}
	}
	for _, tt := range []struct {
		name string
		set  map[string]lint.Options
		want seen
	}{
		{"defaults", nil, seen{"a", 1, true, []string{"x"}}},
		{"by id", map[string]lint.Options{"DSP801": {"text": {Value: "b"}, "n": {Value: 0}, "flag": {Value: false}}}, seen{"b", 0, false, []string{"x"}}},
		{"by name", map[string]lint.Options{"word-one": {"list": {Value: []string{}}}}, seen{"a", 1, true, []string{}}},
		{"another type", map[string]lint.Options{"DSP801": {"n": {Value: "2"}}}, seen{"a", 1, true, []string{"x"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lint.Run(t.Context(), subject(t, two), []*lint.Rule{r}, &lint.Settings{Options: tt.set}, lint.RunOptions{})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("no such option", func(t *testing.T) {
		r := &lint.Rule{ID: "DSP801", Name: "word-one", Config: func(p *lint.Pass, _ *model.Config) { p.Int("n") }}
		if got := lint.Run(t.Context(), subject(t, two), []*lint.Rule{r}, nil, lint.RunOptions{}); len(got.Failures) != 1 {
			t.Errorf("%d failures, want one", len(got.Failures))
		}
	})
}

// TestContext: a run ends between two rules when its context does, and says so.
func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	first, second := words("DSP801", "word-one", "one"), words("DSP802", "word-two", "two")
	inner := first.File
	first.File = func(p *lint.Pass, f *grammar.File) { inner(p, f); cancel() }
	s := subject(t, two)
	s.Found = nil
	got := lint.Run(ctx, s, []*lint.Rule{first, second}, nil, lint.RunOptions{})
	if !errors.Is(got.Err, context.Canceled) || len(got.Findings) != 1 || got.Findings[0].Rule != "DSP801" {
		t.Errorf("error %v, findings:\n%s", got.Err, said(got.Findings))
	}
}

// TestTiming: each rule that looked is timed by the clock that is given.
func TestTiming(t *testing.T) {
	now := time.Duration(0)
	clock := func() time.Duration { now += time.Second; return now }
	one, off := words("DSP801", "word-one", "one"), words("DSP802", "word-two", "two")
	off.Off = true
	s := subject(t, two)
	got := lint.Run(t.Context(), s, []*lint.Rule{one, off}, nil, lint.RunOptions{Now: clock}).Timing
	if len(got) != 1 || got[0] != (lint.Timing{Rule: one, Duration: time.Second, Findings: 1}) {
		t.Errorf("got %v", got)
	}
	if got := lint.Run(t.Context(), s, []*lint.Rule{one}, nil, lint.RunOptions{}).Timing; len(got) != 1 || got[0].Duration != 0 {
		t.Errorf("without a clock: %v", got)
	}
}

// TestBound: of one rule so many findings are kept, and the others counted.
func TestBound(t *testing.T) {
	r := &lint.Rule{ID: "DSP801", Name: "word-one", Severity: diag.Error, File: func(p *lint.Pass, f *grammar.File) {
		for i := range lint.MaxFindings + 7 {
			p.Report(diag.Diagnostic{Span: f.Src.Span(0, 1), Message: strings.Repeat("x", i%50) + string(rune('A'+i/50))})
		}
	}}
	got := lint.Run(t.Context(), subject(t, "-- dispatcher.any --\n/farms { }\n"), []*lint.Rule{r}, nil, lint.RunOptions{})
	if n := len(got.Findings); n > lint.MaxFindings+1 || got.Left != 7 {
		t.Errorf("%d findings and %d left", n, got.Left)
	}
}

// TestOrder: the same run gives the same, whatever the order of the rules.
func TestOrder(t *testing.T) {
	all := []*lint.Rule{words("DSP801", "word-one", "one"), words("DSP802", "word-two", "two"), farms("DSP811")}
	want := said(lint.Run(t.Context(), subject(t, two), all, nil, lint.RunOptions{}).Findings)
	for range 20 {
		slices.Reverse(all)
		if got := said(lint.Run(t.Context(), subject(t, two), all, nil, lint.RunOptions{}).Findings); got != want {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
	}
}

// BenchmarkRun runs all rules over the examples, which are loaded before.
func BenchmarkRun(b *testing.B) {
	all := rules.All()
	for _, name := range []string{"cloud", "ams", "classic"} {
		p, err := project.Load(b.Context(), project.Options{Path: "example:" + name})
		if err != nil {
			b.Fatal(err)
		}
		s := subjectOf(p)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lint.Run(b.Context(), s, all, nil, lint.RunOptions{})
			}
		})
	}
}

// TestExamplesAreQuiet: the examples have neither errors nor warnings.
func TestExamplesAreQuiet(t *testing.T) {
	for _, name := range []string{"cloud", "ams", "classic"} {
		p, err := project.Load(t.Context(), project.Options{Path: "example:" + name})
		if err != nil {
			t.Fatal(err)
		}
		got := lint.Run(t.Context(), subjectOf(p), rules.All(), nil, lint.RunOptions{})
		if diag.Worst(got.Findings) >= diag.Warning || len(got.Failures) > 0 {
			t.Errorf("%s: %v\n%s", name, got.Failures, said(got.Findings))
		}
	}
}

// TestConcurrently: one configuration may be linted by many at once.
func TestConcurrently(t *testing.T) {
	s, all := subject(t, two), rules.All()
	want := said(lint.Run(t.Context(), s, all, nil, lint.RunOptions{}).Findings)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got := said(lint.Run(t.Context(), s, all, nil, lint.RunOptions{}).Findings); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
	wait.Wait()
}
