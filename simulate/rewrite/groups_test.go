package rewrite

import (
	"testing"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model/server"
)

// captures takes the groups of each step.
type captures struct{ got [][]string }

func (c *captures) Step(s Step)   { c.got = append(c.got, s.Captures) }
func (*captures) Log(int, string) {}

func patternOf(t *testing.T, text string) *server.Pattern {
	t.Helper()
	re, err := match.CompilePCRE(text, match.PCREOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &server.Pattern{Text: text, PCRE: re}
}

// TestGroupsOfConditionsStay: %N stands for the last condition that matched, also after others were tried that did not, or
// that are negated.
func TestGroupsOfConditionsStay(t *testing.T) {
	cond := func(test, pattern string, negated, or bool) *server.RewriteCond {
		return &server.RewriteCond{Test: test, Pattern: patternOf(t, pattern), Negated: negated, Or: or}
	}
	for _, tt := range []struct {
		name       string
		conditions []*server.RewriteCond
		want       string
	}{
		{"one", []*server.RewriteCond{cond("%{HTTP_HOST}", "^(w+)", false, false)}, "/www/"},
		{"another not met", []*server.RewriteCond{
			cond("%{HTTP_HOST}", "^(w+)", false, false), cond("%{QUERY_STRING}", "(x)(y)", false, true), cond("%{REQUEST_URI}", "^/z", true, false)}, "/www/"},
		{"another not met half way", []*server.RewriteCond{
			cond("%{HTTP_HOST}", "^(w+)", false, false), cond("%{REQUEST_URI}", "^(/a)(/.)z", false, true), cond("%{REQUEST_URI}", "^/z", true, false)}, "/www/"},
		{"another met", []*server.RewriteCond{cond("%{HTTP_HOST}", "^(w+)", false, false), cond("%{REQUEST_URI}", "(b)", false, false)}, "/b/"},
		{"negated", []*server.RewriteCond{cond("%{REQUEST_URI}", "^(/z)", true, false)}, "/"}, // leading slashes are made one
	} {
		t.Run(tt.name, func(t *testing.T) {
			rs := Compile(&server.RewriteSettings{Rules: []*server.RewriteRule{
				{Pattern: patternOf(t, "^/a"), Conditions: tt.conditions, Substitution: "/%1/", Flags: server.RewriteFlags{PassThrough: true}},
			}}, nil)
			for _, rec := range []Recorder{nil, new(captures)} {
				var res Result
				rs.RunServer(&asked{uri: "/a/b", query: "q", headers: map[string]string{"host": "www.example.com"}, env: map[string]string{}}, rec, &res)
				if res.URI != tt.want {
					t.Errorf("got %q, want %q", res.URI, tt.want)
				}
			}
		})
	}
}

// TestGroupsOfNegatedPatterns: a negated pattern has no groups, whatever the rule before had.
func TestGroupsOfNegatedPatterns(t *testing.T) {
	negated := patternOf(t, "^/(b)(c)(d)")
	negated.Negated = true
	rs := Compile(&server.RewriteSettings{Rules: []*server.RewriteRule{
		{Pattern: patternOf(t, "^/(a)"), NoSubstitution: true},
		{Pattern: negated, Substitution: "/x$1"},
	}}, nil)
	var rec captures
	var res Result
	rs.RunServer(&asked{uri: "/abc", headers: map[string]string{}, env: map[string]string{}}, &rec, &res)
	if len(rec.got) != 2 || len(rec.got[0]) != 2 || rec.got[1] != nil || res.Filename != "/x" {
		t.Errorf("got groups %q and file name %q, want those of the first rule alone and /x", rec.got, res.Filename)
	}
}
