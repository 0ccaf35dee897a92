package suite

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/internal/mock/form"
	"github.com/dispcheck/dispcheck/internal/site"
	"github.com/dispcheck/dispcheck/internal/yamltext"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// An Observed is what became of one step of a case.
type Observed struct {
	// Step counts the steps of the scenario, from 0.
	Step   int
	Answer Answer
	// Decision is the Dispatcher's, Trace what it said: its Looked are counted for coverage.
	Decision *simulate.Decision
	Trace    *simulate.Trace
	// Passage is what httpd did; nil where there is no httpd side.
	Passage *site.Passage
	// Invalidates are entries of /invalidate that decided about pages that a publish found.
	Invalidates []*model.Rule
}

// Options say which cases are run, and how.
type Options struct {
	// Run chooses cases whose "SUITE: CASE" it is found in; nil is all.
	Run *regexp.Regexp
	// Tags choose cases that have one of them; those with a ! in front leave cases out.
	Tags []string
	// FailFast stops at the first case that fails.
	FailFast bool
	// Play plays a case and shows each step that is a request. An error says that the case cannot be played; what it shows is
	// read before Play goes on.
	Play func(ctx context.Context, c *Case, show func(*Observed) error) error
	// Coverage is told of every step; nil counts nothing.
	Coverage *Coverage
	// Done, which may be nil, hears how many cases are over.
	Done func(n int)
}

// A Report is what came of a run.
type Report struct {
	Suites                  []SuiteReport
	Passed, Failed, Skipped int
	// LeftOut is how many cases did not run because others say only; Stopped is how many did not because of FailFast.
	LeftOut, Stopped int
	// Coverage is that of the options.
	Coverage *Coverage
}

// A SuiteReport is what came of one suite. Cases that were not chosen are not in it.
type SuiteReport struct {
	Suite                   *Suite
	Cases                   []Result
	Passed, Failed, Skipped int
}

// A Result is what came of a case.
type Result struct {
	Case *Case
	// OK says that all was as expected.
	OK bool
	// Skipped says why the case was not run.
	Skipped  string
	Failures []Failure
}

// A Failure is an expectation that was not met.
type Failure struct {
	// Step is the name of the step in a case of several; "" otherwise. Request is METHOD URL.
	Step, Request string
	// Path, Expected and Actual say what was expected of what, and what there is.
	Path, Expected, Actual string
	// At is where the expectation stands.
	At source.Span
	// Because says what decided. Hint says what would make it as expected, where that is plain.
	Because Because
	Hint    string

	value  source.Span
	update string
}

// Chosen reports whether a case is run, as far as its name and its tags say.
func (o *Options) Chosen(s *Suite, c *Case) bool {
	if o.Run != nil && !o.Run.MatchString(s.Name+": "+c.Name) {
		return false
	}
	wanted, found := false, false
	for _, t := range o.Tags {
		name, out := strings.CutPrefix(t, "!")
		has := slices.Contains(c.Tags, name)
		if out && has {
			return false
		}
		wanted = wanted || !out
		found = found || !out && has
	}
	return found || !wanted
}

// Run plays the cases of suites in their order and holds the answers against what is expected. The error is that of the
// context, or says what of the suites cannot be played: [form.Errors] with places, or what Play returned.
func Run(ctx context.Context, suites []*Suite, o Options) (*Report, error) {
	rep := &Report{Coverage: o.Coverage}
	only := false
	for _, s := range suites {
		only = only || slices.ContainsFunc(s.Cases, func(c *Case) bool { return c.Only && o.Chosen(s, c) })
	}
	var wrong form.Reader
	done := 0
	for _, s := range suites {
		rep.Suites = append(rep.Suites, SuiteReport{Suite: s})
		sr := &rep.Suites[len(rep.Suites)-1]
		for _, c := range s.Cases {
			if !o.Chosen(s, c) {
				continue
			}
			if done++; o.Done != nil {
				o.Done(done)
			}
			switch {
			case only && !c.Only:
				rep.LeftOut++
				continue
			case o.FailFast && rep.Failed > 0:
				rep.Stopped++
				continue
			case c.Skip != "":
				sr.Cases = append(sr.Cases, Result{Case: c, Skipped: c.Skip})
				sr.Skipped++
				rep.Skipped++
				continue
			}
			res, err := play(ctx, c, &o)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				var y *yamltext.Error
				var many form.Errors
				if !errors.As(err, &y) && !errors.As(err, &many) {
					return nil, err
				}
				wrong.Merge(nil, err)
				continue
			}
			sr.Cases = append(sr.Cases, res)
			if res.OK {
				sr.Passed++
				rep.Passed++
			} else {
				sr.Failed++
				rep.Failed++
			}
		}
	}
	return rep, wrong.Err()
}

// play plays one case.
func play(ctx context.Context, c *Case, o *Options) (Result, error) {
	res := Result{Case: c, OK: true}
	var wrong form.Reader
	err := o.Play(ctx, c, func(seen *Observed) error {
		if o.Coverage != nil {
			o.Coverage.Note(seen)
		}
		for i := range c.Wants[seen.Step] {
			want := &c.Wants[seen.Step][i]
			got, err := want.Check(seen.Answer)
			var path *PathError
			switch {
			case errors.As(err, &path):
				wrong.Fail(&yamltext.Error{Span: want.Span, Message: path.Message, Hint: form.DidYouMean(path.Name, path.Known)})
				continue
			case err != nil:
				return err
			case got.OK:
				continue
			}
			f := Failure{
				Path: want.Path, Expected: want.Want.String(), Actual: got.Actual, At: want.Span,
				Because: because(want.Path, seen), Hint: hint(want, seen), value: want.value, update: got.update,
			}
			step := &c.Scenario.Steps[seen.Step]
			if r := step.Request; r != nil {
				f.Request = r.Method + " " + r.Target
			}
			if len(c.Scenario.Steps) > 1 {
				f.Step = step.Name
			}
			res.OK = false
			res.Failures = append(res.Failures, f)
		}
		return nil
	})
	if err == nil {
		err = wrong.Err()
	}
	return res, err
}
