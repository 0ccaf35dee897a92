package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/suite"
)

// startOfTime is the time of requests of which nobody says when they are, so that results are the same every day.
func startOfTime() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }

// A suitePlayer plays cases, one at a time. Plain cases share what answers them, and no two players share anything that changes.
type suitePlayer struct {
	*testRun
	// shared are what answers plain cases, by the configuration and how many redirects are followed.
	shared map[sharing]*simulation
}

type sharing struct {
	*loaded
	follow int
}

func (t *testRun) player() *suitePlayer {
	return &suitePlayer{t, map[sharing]*simulation{}}
}

// simulation returns what a case is played on: plain cases share it.
func (t *suitePlayer) simulation(ctx context.Context, l *loaded, c *suite.Case) (s *simulation, shared bool, err error) {
	played := *c.Scenario
	if played.At.IsZero() {
		played.At = startOfTime()
	}
	played.Steps = slices.Clone(c.Scenario.Steps) // AssumeHost changes them
	for i := range played.Steps {
		if r := played.Steps[i].Request; r != nil {
			q := *r
			played.Steps[i].Request = &q
		}
	}
	shared = c.Plain() && !t.in.given("render") && !c.Scenario.Steps[0].Request.Header.Has("CQ-Handle")
	if s := t.shared[sharing{l, c.Follow}]; shared && s != nil {
		s.scenario = &played
		if l.apache != nil {
			if host := l.apache.UsualHost(); host != "" {
				played.AssumeHost(host, "which the first virtual host of the project answers")
			}
		}
		return s, true, nil
	}
	s = &simulation{in: t.in, scenario: &played, many: true, follow: c.Follow}
	if err := s.prepare(ctx, l.configuration); err != nil {
		s.close()
		return nil, false, err
	}
	s.stage.Explain = true // for hints, and for coverage
	if shared {
		t.shared[sharing{l, c.Follow}] = s
	}
	return s, shared, nil
}

// play plays a case.
func (t *suitePlayer) play(ctx context.Context, c *suite.Case, show func(*suite.Observed) error) error {
	l, err := t.load(ctx, c.Environment, c.Env)
	if err != nil {
		return err
	}
	s, shared, err := t.simulation(ctx, l, c)
	if err != nil {
		return err
	}
	if !shared {
		defer s.close()
	}
	err = s.scenario.Play(ctx, &s.stage, func(p *scenario.Played) error {
		seen, err := t.observe(ctx, s, p, c)
		if err != nil {
			return err
		}
		if shared && p.Decision.Invalidation.Reached {
			delete(t.shared, sharing{l, c.Follow}) // it has left something behind
		}
		return show(seen)
	})
	var step *scenario.StepError
	if errors.As(err, &step) && !step.Step.Span.IsZero() && ctx.Err() == nil {
		return &placedError{step.Step.Span, step.Err.Error(), ""}
	}
	return err
}

// observe puts together what is known of a step, with the log and the explanation where they are asked for: they are most of an answer.
func (t *testRun) observe(ctx context.Context, s *simulation, p *scenario.Played, c *suite.Case) (*suite.Observed, error) {
	s.dated = true
	sim, err := s.simulation(ctx, p)
	if err != nil {
		return nil, err
	}
	sim.ShowTrace, sim.Explain = c.Expects("log") || c.Expects("trace"), c.Expects("explain")
	a, err := suite.NewAnswer(report.NewSimulationJSON(sim, t.in.text("path-prefix")))
	if err != nil {
		return nil, &internalError{err}
	}
	seen := &suite.Observed{Step: p.Index, Answer: a, Decision: p.Decision, Trace: p.Trace, Passage: s.passage}
	if t.coverage != nil && sim.Survey != nil {
		if seen.Invalidates, err = invalidates(s.stage.Engine, p.Decision.Farm.Farm, sim.Survey); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// invalidates are the entries of /invalidate that decided about the pages of a survey.
func invalidates(e *simulate.Engine, f *model.Farm, v *report.Survey) ([]*model.Rule, error) {
	var out []*model.Rule
	for _, list := range [][]report.Surveyed{v.Stale, v.Fresh, v.Already} {
		for _, page := range list {
			r, _, err := e.Invalidates(f, page.Name)
			if err != nil {
				return nil, err
			}
			if r != nil {
				out = append(out, r)
			}
		}
	}
	return out, nil
}
