package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/suite"
)

func checkExpectation(s string) error {
	if path, _, ok := strings.Cut(s, "="); !ok || path == "" {
		return fmt.Errorf("%q has no =; write PATH=VALUE, filter=deny for one", s)
	}
	return nil
}

func (in *invocation) expectations() []suite.Expectation {
	var out []suite.Expectation
	for _, s := range in.list("expect") {
		path, value, _ := strings.Cut(s, "=")
		out = append(out, suite.Literal(strings.TrimSpace(path), strings.TrimSpace(value)))
	}
	return out
}

// meet compares an answer with what is expected of it, and says on standard error what differs. The error says that an
// expectation asks for something that no answer has.
func (s *simulation) meet(p *scenario.Played, sim *report.Simulation) error {
	var wants []suite.Expectation
	if p.Step.Kind == scenario.Ask { // --expect is about clients' requests
		wants = append(wants, s.wants...)
	}
	for _, e := range p.Step.Expect {
		want := suite.Literal(e.Path, e.Value)
		want.Span = e.Span
		wants = append(wants, want)
	}
	if len(wants) == 0 {
		return nil
	}
	full := *sim
	full.ShowTrace = true
	v := report.NewSimulationJSON(&full, s.in.text("path-prefix"))
	answer, err := suite.NewAnswer(v)
	if err != nil {
		return &internalError{err}
	}
	for _, want := range wants {
		got, err := want.Check(answer)
		var path *suite.PathError
		if errors.As(err, &path) && !want.Span.IsZero() {
			return &placedError{want.Span, err.Error(), didYouMean(path.Name, path.Known, "", knownWords(path.Known))}
		}
		if errors.As(err, &path) {
			return usagef(didYouMean(path.Name, path.Known, "", knownWords(path.Known)), "--expect: %v", err)
		}
		if err != nil {
			return &internalError{err}
		}
		if got.OK {
			continue
		}
		s.missed = true
		name := ""
		if s.many {
			name = p.Step.Name + ": "
		}
		fmt.Fprintln(s.in.stderr, report.Line(fmt.Sprintf("%s%s %s: expected %s=%s, actual %s; because: %s",
			name, sim.Request.Method, sim.Request.Target, want.Path, want.Want, got.Actual, because(v))))
	}
	return nil
}

func knownWords(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "it has " + strings.Join(names, ", ")
}

// because says what decided.
func because(v *report.SimulationJSON) string {
	s := v.Reason
	if v.Source != nil && (v.Filter == nil || v.Filter.Source == nil || *v.Source != *v.Filter.Source) {
		s += fmt.Sprintf(" at %s:%d:%d", v.Source.File, v.Source.Line, v.Source.Column)
	}
	if v.Filter != nil && v.Filter.Rule != nil {
		s += ", rule " + *v.Filter.Rule
		if p := v.Filter.Source; p != nil {
			s += fmt.Sprintf(" at %s:%d:%d", p.File, p.Line, p.Column)
		}
	}
	if v.Cache != nil && v.Cache.Reason != nil {
		s += "; not cacheable: " + *v.Cache.Reason
	}
	return s
}
