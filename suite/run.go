package suite

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

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
	// Players play the cases: each one case at a time, and all of them at once. What comes of a run does not depend on how many
	// there are.
	Players []Player
	// Prepare, which may be nil, is told of each case that is to be played, in their order, before the first is.
	Prepare func(ctx context.Context, c *Case) error
	// Coverage counts what decided about every step; nil counts nothing.
	Coverage *Coverage
	// Done, which may be nil, hears how many cases are over, from one goroutine at a time.
	Done func(n int)
}

// A Player plays a case and shows each step that is a request. An error says that the case cannot be played; what it shows is
// read before the Player goes on.
type Player func(ctx context.Context, c *Case, show func(*Observed) error) error

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

// Run plays the cases of suites and holds the answers against what is expected. The report is as if they were played in their order, one
// after the other. The error is that of the context, or says what of the suites cannot be played: [form.Errors] with places, beside
// a report of the others, or what Prepare or a Player returned.
func Run(ctx context.Context, suites []*Suite, o Options) (*Report, error) {
	list := chosen(suites, &o)
	for i := range list {
		if o.Prepare == nil || !list[i].played() {
			continue
		}
		if err := o.Prepare(ctx, list[i].Case); err != nil {
			return nil, err
		}
	}
	if err := playAll(ctx, list, &o); err != nil {
		return nil, err
	}
	rep := &Report{Coverage: o.Coverage}
	var wrong form.Reader
	next := 0
	for _, s := range suites {
		rep.Suites = append(rep.Suites, SuiteReport{Suite: s})
		sr := &rep.Suites[len(rep.Suites)-1]
		for ; next < len(list) && list[next].suite == s; next++ {
			it := &list[next]
			switch {
			case it.leftOut:
				rep.LeftOut++
			case o.FailFast && rep.Failed+sr.Failed > 0:
				rep.Stopped++
			case it.Case.Skip != "":
				sr.Cases = append(sr.Cases, Result{Case: it.Case, Skipped: it.Case.Skip})
				sr.Skipped++
				rep.Skipped++
			case it.err != nil && !placed(it.err):
				return nil, it.err
			case it.err != nil:
				wrong.Merge(nil, it.err)
			default:
				if o.Coverage != nil {
					o.Coverage.count(it.decided)
				}
				sr.add(it.Result)
			}
		}
		rep.Passed += sr.Passed
		rep.Failed += sr.Failed
	}
	return rep, wrong.Err()
}

func (sr *SuiteReport) add(r Result) {
	sr.Cases = append(sr.Cases, r)
	if r.OK {
		sr.Passed++
	} else {
		sr.Failed++
	}
}

// placed reports whether an error says what is wrong with a suite, and where.
func placed(err error) bool {
	var y *yamltext.Error
	var many form.Errors
	return errors.As(err, &y) || errors.As(err, &many)
}

// An item is a case that was chosen, and what came of it.
type item struct {
	Result
	suite   *Suite
	leftOut bool // others say only
	decided []*Covered
	err     error
}

func (it *item) played() bool { return !it.leftOut && it.Case.Skip == "" }

// chosen lists the cases that the options choose, in their order.
func chosen(suites []*Suite, o *Options) []item {
	var list []item
	only := false
	for _, s := range suites {
		for _, c := range s.Cases {
			if o.Chosen(s, c) {
				list = append(list, item{Result: Result{Case: c}, suite: s})
				only = only || c.Only
			}
		}
	}
	for i := range list {
		list[i].leftOut = only && !list[i].Case.Only
	}
	return list
}

// playAll plays what is to be played, each player in a goroutine of its own. Cases are taken in their order, so that all before one
// that stops the run are played.
func playAll(ctx context.Context, list []item, o *Options) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	next, done := 0, 0
	last := len(list) // the case that stops the run: those behind it need not be played
	var crash any
	take := func() (i int, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		for ; next < last; next++ {
			if list[next].played() {
				next++
				return next - 1, true
			}
			done++
		}
		return 0, false
	}
	over := func(i int) {
		mu.Lock()
		defer mu.Unlock()
		if it := &list[i]; it.err != nil && !placed(it.err) || o.FailFast && it.err == nil && !it.OK {
			last = min(last, i)
		}
		if done++; o.Done != nil {
			o.Done(done)
		}
	}
	for _, play := range o.Players[:min(len(o.Players), len(list))] {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil { // whoever waits is to crash of it
					mu.Lock()
					defer mu.Unlock()
					crash, last = p, 0
				}
			}()
			for ctx.Err() == nil {
				i, ok := take()
				if !ok {
					return
				}
				list[i].play(ctx, play, o.Coverage)
				over(i)
			}
		})
	}
	all.Wait()
	if crash != nil {
		panic(crash)
	}
	return ctx.Err()
}

// play plays one case.
func (it *item) play(ctx context.Context, play Player, coverage *Coverage) {
	it.OK = true
	var wrong form.Reader
	c := it.Case
	it.err = play(ctx, c, func(seen *Observed) error {
		if coverage != nil {
			it.decided = append(it.decided, coverage.Decided(seen)...)
		}
		for i := range c.Wants[seen.Step] {
			want := &c.Wants[seen.Step][i]
			got, err := want.Check(seen.Answer)
			var path *PathError
			switch {
			case errors.As(err, &path):
				wrong.Fail(&yamltext.Error{Span: want.Span, Message: path.Message, Hint: form.DidYouMean(path.Name, path.Known)})
			case err != nil:
				return err
			case !got.OK:
				it.OK = false
				it.Failures = append(it.Failures, it.failure(want, &got, seen))
			}
		}
		return nil
	})
	if it.err == nil {
		it.err = wrong.Err()
	}
}

// failure says how an answer is not as expected.
func (it *item) failure(want *Expectation, got *Check, seen *Observed) Failure {
	f := Failure{
		Path: want.Path, Expected: want.Want.String(), Actual: got.Actual, At: want.Span,
		Because: because(want.Path, seen), Hint: hint(want, seen), value: want.value, update: got.update,
	}
	step := &it.Case.Scenario.Steps[seen.Step]
	if r := step.Request; r != nil {
		f.Request = r.Method + " " + r.Target
	}
	if len(it.Case.Scenario.Steps) > 1 {
		f.Step = step.Name
	}
	return f
}
