package lint

import (
	"testing"

	"github.com/dispcheck/dispcheck/model"
)

// TestMemo: rules of one run share what is made for a key; another run makes it anew.
func TestMemo(t *testing.T) {
	type key struct{ n int }
	type other struct{ n int }
	made := 0
	rule := func(id string) *Rule {
		return &Rule{ID: id, Name: "memo-" + id, Config: func(p *Pass, _ *model.Config) {
			for range 2 {
				if got := Memo(p, key{1}, func() string { made++; return "one" }); got != "one" {
					t.Errorf("got %q, want one", got)
				}
			}
			if got := Memo(p, other{1}, func() int { return 7 }); got != 7 {
				t.Errorf("a key of another type gives %d, want 7", got)
			}
		}}
	}
	rules := []*Rule{rule("DSP901"), rule("DSP902")}
	for run := 1; run <= 2; run++ {
		r := Run(t.Context(), &Subject{Config: &model.Config{}}, rules, nil, RunOptions{})
		if len(r.Failures) > 0 {
			t.Fatal(r.Failures[0])
		}
		if made != run {
			t.Errorf("after run %d it was made %d times", run, made)
		}
	}
}

// TestMemoOfAnotherType: a key that stands for something else breaks the rule, and no other.
func TestMemoOfAnotherType(t *testing.T) {
	rule := &Rule{ID: "DSP901", Name: "memo-type", Config: func(p *Pass, _ *model.Config) {
		Memo(p, 1, func() string { return "" })
		Memo(p, 1, func() int { return 0 })
	}}
	r := Run(t.Context(), &Subject{Config: &model.Config{}}, []*Rule{rule}, nil, RunOptions{})
	if len(r.Failures) != 1 {
		t.Errorf("%d failures, want 1", len(r.Failures))
	}
}
