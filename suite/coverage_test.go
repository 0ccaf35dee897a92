package suite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
	"github.com/dispcheck/dispcheck/source"
)

// A coverText is a text of which each line is something that can decide.
type coverText struct{ *source.File }

func (c coverText) line(t *testing.T, text string) source.Span {
	t.Helper()
	at := strings.Index(string(c.Text), text+"\n")
	if at < 0 {
		t.Fatalf("there is no %s", text)
	}
	return c.Span(at, at+len(text))
}

// TestDecided: what is counted of a step that was redirected once, and whose answer has an error document.
func TestDecided(t *testing.T) {
	text := coverText{source.NewFile("all", []byte("host 1\nhost 2\nrule 1\nrule 2\nrule 3\ncond 1\ncond 2\nfarm\nfilter 1\nfilter 2\ncache 1\ncache 2\nparam 1\nparam 2\nstale 1\nstale 2\nclient\n"))}
	c := NewCoverage()
	kinds := map[string]CoverageKind{
		"host": VHosts, "rule": RewriteRules, "cond": RewriteConditions, "farm": Farms, "filter": FilterRules, "cache": CacheRules, "param": IgnoreURLParams,
		"stale": InvalidateRules, "client": AllowedClients,
	}
	for line := range strings.Lines(string(text.Text)) {
		line = strings.TrimSpace(line)
		word, _, _ := strings.Cut(line, " ")
		c.add(kinds[word], line, text.line(t, line))
	}
	rule := func(name string) *model.Rule { return &model.Rule{At: model.Place{Span: text.line(t, name)}} }
	host := func(name string) *server.Host {
		return &server.Host{Place: server.Place{At: text.line(t, name)}}
	}
	step := func(name string, applied bool, conds ...string) rewrite.Step {
		s := rewrite.Step{Rule: &server.RewriteRule{Place: server.Place{At: text.line(t, name)}}, Matched: true, Applied: applied}
		for _, cond := range conds {
			cond, met := strings.CutPrefix(cond, "met ")
			c := &server.RewriteCond{Place: server.Place{At: text.line(t, cond)}}
			s.Rule.Conditions = append(s.Rule.Conditions, c)
			s.Conditions = append(s.Conditions, rewrite.CondStep{Cond: c, Matched: met})
		}
		return s
	}
	look := func(section, subject string, r *model.Rule) simulate.Looked {
		return simulate.Looked{Section: section, Rule: r, Match: true, Elements: []simulate.Element{{Subject: subject}}}
	}
	farm := &model.Farm{NameAt: text.line(t, "farm")}
	o := &Observed{
		Decision: &simulate.Decision{
			Farm: simulate.FarmChoice{Farm: farm}, Filter: simulate.FilterVerdict{Rule: rule("filter 2")},
			Cache: simulate.CacheVerdict{Validity: simulate.Validity{Rule: rule("stale 1")}}, Invalidation: simulate.Invalidation{Rule: rule("client")},
		},
		Trace: &simulate.Trace{Looked: []simulate.Looked{
			look("/filter", "", rule("filter 1")), look("/cache/rules", "", rule("cache 1")), look("/cache/rules", "", rule("cache 2")), // redirected
			look("/filter", "", rule("filter 2")), look("/cache/rules", "", rule("cache 1")), look("/cache/ignoreUrlParams", "a", rule("param 1")),
			look("/cache/ignoreUrlParams", "b", rule("param 1")), look("/cache/ignoreUrlParams", "b", rule("param 2")),
			look("/filter", "", rule("filter 2")), look("/cache/rules", "", rule("cache 2")), // error document
		}},
		Passage: &site.Passage{
			Steps:     []rewrite.Step{step("rule 2", true)},
			Redirects: []site.Redirect{{Host: host("host 1"), Steps: []rewrite.Step{step("rule 1", true, "met cond 1"), step("rule 3", false, "met cond 1", "cond 2")}, Farm: farm, Filter: rule("filter 1"), Looked: 3}},
		},
		Invalidates: []*model.Rule{rule("stale 2"), rule("stale 2")},
	}
	o.Passage.Result.Host = host("host 2")
	counts := func() string {
		var b strings.Builder
		for _, it := range c.Items() {
			fmt.Fprintf(&b, "%s: %d\n", it.Name, it.Times)
		}
		return b.String()
	}
	c.count(c.Decided(o))
	want := "host 1: 1\nhost 2: 1\nrule 1: 1\nrule 2: 1\nrule 3: 0\ncond 1: 0\ncond 2: 1\nfarm: 2\nfilter 1: 1\nfilter 2: 1\ncache 1: 1\ncache 2: 2\nparam 1: 1\nparam 2: 1\nstale 1: 1\nstale 2: 2\nclient: 1\n"
	if diff := cmp.Diff(want, counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	// A loop ends with the redirect that led back: its answer counts once.
	o = &Observed{Decision: &simulate.Decision{}, Trace: &simulate.Trace{}, Passage: &site.Passage{Loop: true, Redirects: []site.Redirect{{Host: host("host 1")}}}}
	o.Passage.Result.Host = host("host 1")
	c.count(c.Decided(o))
	if !strings.HasPrefix(counts(), "host 1: 2\n") {
		t.Errorf("got %s", counts())
	}
	if got := c.Of(RewriteRules); got.Covered != 2 || got.Total != 3 || len(got.Uncovered) != 1 || got.Uncovered[0].Name != "rule 3" {
		t.Errorf("got %+v", got)
	}
}

// TestConditionsThatDecide: of each condition of a rule, whether it decided.
func TestConditionsThatDecide(t *testing.T) {
	tests := []struct {
		name  string
		conds string // each as NAME, NAME+ where it is met, and | behind it where it is joined to the next
		want  string
	}{
		{"met", "a+", ""},
		{"not met", "a", "a"},
		{"the second is not met", "a+ b", "b"},
		{"either, the first is met", "a+|", "a"},
		{"either, the second is met", "a| b+", "b"},
		{"neither", "a| b", ""},
		{"behind either, and not met", "a+| -b c", "a c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var conds []string
			for _, w := range strings.Fields(tt.conds) {
				conds = append(conds, strings.Trim(w, "+|-"))
			}
			text := coverText{source.NewFile("rules", []byte(strings.Join(conds, "\n")+"\n"))}
			c := NewCoverage()
			r := &server.RewriteRule{}
			s := rewrite.Step{Rule: r}
			for _, w := range strings.Fields(tt.conds) {
				name := strings.Trim(w, "+|-")
				cond := &server.RewriteCond{Place: server.Place{At: text.line(t, name)}, Or: strings.HasSuffix(w, "|")}
				c.add(RewriteConditions, name, cond.At)
				r.Conditions = append(r.Conditions, cond)
				if !strings.HasPrefix(w, "-") { // which was not compared
					s.Conditions = append(s.Conditions, rewrite.CondStep{Cond: cond, Matched: strings.Contains(w, "+")})
				}
			}
			c.count(c.Decided(&Observed{Decision: &simulate.Decision{}, Trace: &simulate.Trace{}, Passage: &site.Passage{Steps: []rewrite.Step{s}}}))
			var got []string
			for _, it := range c.Items() {
				if it.Times > 0 {
					got = append(got, it.Name)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
