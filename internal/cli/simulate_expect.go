package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/internal/report"
	"github.com/dispcheck/dispcheck/internal/scenario"
	"github.com/dispcheck/dispcheck/source"
)

func checkExpectation(s string) error {
	if path, _, ok := strings.Cut(s, "="); !ok || path == "" {
		return fmt.Errorf("%q has no =; write PATH=VALUE, filter=deny for one", s)
	}
	return nil
}

func (in *invocation) expectations() []report.Expectation {
	var out []report.Expectation
	for _, s := range in.list("expect") {
		path, value, _ := strings.Cut(s, "=")
		out = append(out, report.Expectation{Path: strings.TrimSpace(path), Value: strings.TrimSpace(value)})
	}
	return out
}

// A wanted is an expectation and where it stands; the zero Span is the command line.
type wanted struct {
	report.Expectation
	at source.Span
}

// meet compares an answer with what is expected of it, and says on standard error what differs. The error says that an
// expectation asks for something that no answer has.
func (s *simulation) meet(p *scenario.Played, sim *report.Simulation) error {
	var wants []wanted
	if p.Step.Kind == scenario.Ask { // --expect is about clients' requests
		for _, e := range s.wants {
			wants = append(wants, wanted{Expectation: e})
		}
	}
	for _, e := range p.Step.Expect {
		wants = append(wants, wanted{report.Expectation{Path: e.Path, Value: e.Value}, e.Span})
	}
	if len(wants) == 0 {
		return nil
	}
	full := *sim
	full.ShowTrace = true
	v := report.NewSimulationJSON(&full, s.in.text("path-prefix"))
	answer, err := report.NewAnswer(v)
	if err != nil {
		return &internalError{err}
	}
	for _, want := range wants {
		got, ok, err := want.Compare(answer)
		var path *report.PathError
		if errors.As(err, &path) && !want.at.IsZero() {
			return &placedError{want.at, err.Error(), didYouMean(path.Name, path.Known, "", knownWords(path.Known))}
		}
		if errors.As(err, &path) {
			return usagef(didYouMean(path.Name, path.Known, "", knownWords(path.Known)), "--expect: %v", err)
		}
		if err != nil {
			return &internalError{err}
		}
		if ok {
			continue
		}
		s.missed = true
		name := ""
		if s.many {
			name = p.Step.Name + ": "
		}
		fmt.Fprintln(s.in.stderr, report.Line(fmt.Sprintf("%s%s %s: expected %s=%s, actual %s; because: %s",
			name, sim.Request.Method, sim.Request.Target, want.Path, want.Value, got, because(v))))
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
