package lint_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

// fixedOracle lets every request through, but for those it does not understand.
type fixedOracle struct{ asked []string }

func (o *fixedOracle) Decide(_ context.Context, _ *model.Farm, q *lint.Question, a *lint.Answer) error {
	o.asked = append(o.asked, q.URL)
	*a = lint.Answer{Allowed: true}
	if !strings.HasPrefix(q.URL, "/") {
		return errors.New("no URL")
	}
	return nil
}

// TestAsks: a rule that asks runs where there is an oracle, and otherwise neither runs nor counts as one that has.
func TestAsks(t *testing.T) {
	asking := &lint.Rule{ID: "DSP801", Name: "word-one", Severity: diag.Error, Asks: true}
	asking.Farm = func(p *lint.Pass, f *model.Farm) {
		var a lint.Answer
		for _, url := range []string{"/a", "a"} {
			if p.Ask(f, &lint.Question{URL: url}, &a) {
				p.Reportf(f.At, "%s is let through", url)
			}
		}
	}
	const archive = `-- dispatcher.any --
/farms {
	/one { } # dispcheck:ignore DSP802 -- the rule that does not ask
}
`
	other := words("DSP802", "word-two", "two")
	t.Run("with an oracle", func(t *testing.T) {
		s, o := subject(t, archive), &fixedOracle{}
		s.Found, s.Oracle = nil, o
		got := lint.Run(t.Context(), s, []*lint.Rule{asking, other}, nil, lint.RunOptions{})
		if len(got.Findings) != 1 || got.Findings[0].Message != "/a is let through" || len(got.Timing) != 2 {
			t.Errorf("%d rules ran, findings:\n%s", len(got.Timing), said(got.Findings))
		}
		if strings.Join(o.asked, " ") != "/a a" {
			t.Errorf("asked %q", o.asked)
		}
	})
	t.Run("without", func(t *testing.T) {
		s := subject(t, archive)
		s.Found = nil
		got := lint.Run(t.Context(), s, []*lint.Rule{asking, other}, nil, lint.RunOptions{})
		if len(got.Findings) != 0 || len(got.Failures) != 0 || len(got.Timing) != 1 || got.Timing[0].Rule != other {
			t.Errorf("%d rules ran, findings:\n%s", len(got.Timing), said(got.Findings))
		}
	})
}

func TestStranger(t *testing.T) {
	if got, want := lint.Stranger(), netip.MustParseAddr("203.0.113.7"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
