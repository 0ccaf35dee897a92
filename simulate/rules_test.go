package simulate

import (
	"fmt"
	"testing"

	"github.com/dispcheck/dispcheck/internal/testkit"
	"github.com/dispcheck/dispcheck/model"
)

// TestManyWords: more methods and extensions than get a set of their own change nothing.
func TestManyWords(t *testing.T) {
	rules := new(model.RuleList)
	for i := range 3 * maxWords {
		rules.Rules = append(rules.Rules, newRule(fmt.Sprint(i), "allow", "extension", fmt.Sprintf(`"e%d"`, i), "method", fmt.Sprintf(`"M%d"`, i)))
	}
	step := 1
	if testkit.Race { // there is one goroutine
		step = 17
	}
	for i := 0; i < len(rules.Rules); i += step {
		r := &Request{Method: fmt.Sprintf("M%d", i), Target: fmt.Sprintf("/a.e%d", i)}
		if v := verdict(t, rules, r); v.Rule != rules.Rules[i] {
			t.Fatalf("%s %s: got rule %v, want %d", r.Method, r.Target, v.Rule, i)
		}
	}
	if v := verdict(t, rules, &Request{Method: "M1", Target: "/a.e2"}); v.Rule != nil {
		t.Errorf("a method and an extension of two rules match rule %s", v.Rule.Label)
	}
	if v := verdict(t, rules, &Request{Method: "M1", Target: "/a"}); v.Rule != nil {
		t.Errorf("a URL without an extension matches rule %s", v.Rule.Label)
	}
}
