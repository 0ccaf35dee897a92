package audit

import (
	"context"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/source"
)

// client is where probes come from: an address of a network that is for documents alone (RFC 5737).
func client() netip.Addr { return netip.AddrFrom4([4]byte{203, 0, 113, 7}) }

// Options say what is audited and how.
type Options struct {
	// Config is the .any side.
	Config *model.Config
	// Ask makes what answers for a configuration: Config, or one with rules added. What it returns is for one goroutine.
	Ask func(*model.Config) Asker
	// Targets are the hosts that are asked, one for each that something else answers.
	Targets []Target
	// Classes are the names of the classes that are asked; none stands for all.
	Classes []string
	// Uses are what the site uses: "forms" or "login". Probes that only ask for that are left out.
	Uses []string
	// Pages are pages of the site, without their extension; where there are none they are found from the rules.
	Pages []string
	// Reserved says that the paths which the Cloud Service keeps for itself are controls, too.
	Reserved bool
	// Author reports whether a farm is for authors, who need much of what is probed: it is not judged. nil is none.
	Author func(*model.Farm) bool
	// Fixed reports whether a text may not be changed by the owner of the project. nil is none.
	Fixed func(*source.File) bool
	// Notes are put with those of the report.
	Notes []string
	// Workers is how many goroutines ask; 0 is one for each processor.
	Workers int
	// Done is told now and then how many of all probes, one for each target, were asked. It is called from one goroutine at a
	// time. nil is nobody.
	Done func(asked, all int)
}

// A Target is a host that requests are sent to.
type Target struct {
	// Host is the Host header, with a port if it has one.
	Host string
	TLS  bool
	// Also are other names that the same virtual host and the same farm answer for.
	Also []string
	// VirtualHost says where the virtual host of httpd stands; the zero Span without httpd.
	VirtualHost source.Span
	// Farm is the one that answers for the host, as far as one request says; nil where none was reached.
	Farm *model.Farm
}

// A Report is the result of an audit.
type Report struct {
	// Probes is how many probes were asked, Requests how many requests that made, with all operators and for all targets.
	Probes, Requests int
	Targets          []Target
	// Groups are the exposures by what let them in, the worst first.
	Groups []*Group
	// Platform is what files of the platform let through, past the Dispatcher: nobody who runs a site can change it, and it does
	// not count as exposed.
	Platform []*Group
	// Controls are those that are not answered.
	Controls []ControlResult
	// ControlsAsked is how many controls there were.
	ControlsAsked int
	// Ends counts how requests ended: "denied by the filter", "redirected" and so on.
	Ends []End
	// Judged are the farms that requests came to. Skipped are those of them that are for authors, which were not judged,
	// Unreached those that no request came to.
	Judged, Skipped, Unreached []*model.Farm
	// Notes are what the whole result rests on.
	Notes []string

	denied []denied // for each class and each target a probe that the filter denies
	passed []view   // controls that are answered
}

// denied is a probe that is denied as it is.
type denied struct {
	probe *Probe
	sent  Sent
}

// An End is a way in which requests ended, and how many.
type End struct {
	How      string
	Requests int
}

// An Exposed is a probe that got through, by what let its smallest request.
type Exposed struct {
	*Exposure
	By *Group
	// Also are other things that let it through in some form.
	Also []*Group
}

// Exposed are the probes that got through, each once, the worst first.
func (r *Report) Exposed() []Exposed {
	var out []Exposed
	at := map[*Probe]int{}
	for _, g := range r.Groups {
		for _, e := range g.Exposures {
			i, ok := at[e.Probe]
			if !ok {
				at[e.Probe] = len(out)
				out = append(out, Exposed{Exposure: e, By: g})
				continue
			}
			if compareExposures(e, out[i].Exposure) < 0 {
				out[i].Also = append(out[i].Also, out[i].By)
				out[i].Exposure, out[i].By = e, g
				continue
			}
			out[i].Also = append(out[i].Also, g)
		}
	}
	slices.SortStableFunc(out, func(a, b Exposed) int { return compareExposures(a.Exposure, b.Exposure) })
	return out
}

// ExposedRequests is how many requests got through.
func (r *Report) ExposedRequests() int {
	n := 0
	for _, g := range r.Groups {
		n += g.Requests
	}
	return n
}

// Worst is the highest severity of what got through; false where nothing did.
func (r *Report) Worst() (diag.Severity, bool) {
	if len(r.Groups) == 0 {
		return 0, false
	}
	worst := r.Groups[0].Severity
	for _, g := range r.Groups {
		worst = max(worst, g.Severity)
	}
	return worst, true
}

// A ControlResult is a control that is not answered.
type ControlResult struct {
	Control *Control
	// Request is what was sent; Target where to.
	Request Sent
	// Farm is the one that answers for the host; nil for none. No host of it answers the control.
	Farm *model.Farm
	// How says what happened.
	How string
	// Rule denied it; nil where no rule did. At is the place of the rule, or of what else decided.
	Rule *model.Rule
	At   source.Span
}

// Sent is a request as it was sent.
type Sent struct {
	Method, Target, Host string
	TLS                  bool
	Header               simulate.Header
}

// job is a probe, written for one page, for one target.
type job struct {
	target int
	probe  *Probe
	url    string // the target with its placeholders filled in
}

// Run asks all probes. The error is the context's or that of what is asked.
func Run(ctx context.Context, o Options) (*Report, error) {
	a := &auditor{o: o, report: &Report{Targets: o.Targets}}
	if a.o.Workers <= 0 {
		a.o.Workers = runtime.GOMAXPROCS(0)
	}
	if err := a.prepare(ctx); err != nil {
		return nil, err
	}
	if err := a.askAll(ctx); err != nil {
		return nil, err
	}
	if err := a.controls(ctx); err != nil {
		return nil, err
	}
	a.group()
	if err := a.propose(ctx); err != nil {
		return nil, err
	}
	a.report.passed = a.passed
	a.notes()
	return a.report, nil
}

// An auditor is one run.
type auditor struct {
	o      Options
	report *Report
	sites  []siteOf // by target
	jobs   []job
	found  []finding
	passed []view // the controls that are answered
}

// prepare finds the pages of each target and lists the jobs.
func (a *auditor) prepare(ctx context.Context) error {
	ask := a.o.Ask(a.o.Config)
	for _, t := range a.o.Targets {
		s, err := a.explore(ctx, ask, t)
		if err != nil {
			return err
		}
		a.sites = append(a.sites, s)
	}
	for _, p := range Probes() {
		if !a.chosen(p) {
			continue
		}
		a.report.Probes++
		for i := range a.sites {
			for _, url := range a.sites[i].urls(p.Target) {
				a.jobs = append(a.jobs, job{target: i, probe: p, url: url})
			}
		}
	}
	return nil
}

func (a *auditor) chosen(p *Probe) bool {
	return (len(a.o.Classes) == 0 || has(a.o.Classes, p.Class.Name)) && (p.Unless == "" || !has(a.o.Uses, p.Unless))
}

func has(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// outcome is what a job found.
type outcome struct {
	requests int
	found    []finding
	ends     [endCount]int
	farms    []*model.Farm // that requests came to
	denied   *Sent         // the probe as it is, where the filter denies it
}

// askAll asks the jobs on all processors. What comes out does not depend on who asked what.
func (a *auditor) askAll(ctx context.Context) error {
	results := make([]outcome, len(a.jobs))
	err := a.parallel(ctx, len(a.jobs), a.o.Config, func(ctx context.Context, w *worker, i int) error {
		return a.askJob(ctx, w, &a.jobs[i], &results[i])
	})
	if err != nil {
		return err
	}
	var ends [endCount]int
	type place struct {
		class  *Class
		target int
	}
	shown, reached := map[place]bool{}, map[*model.Farm]bool{}
	for i := range results {
		r := &results[i]
		if k := (place{a.jobs[i].probe.Class, a.jobs[i].target}); r.denied != nil && !shown[k] {
			shown[k] = true
			a.report.denied = append(a.report.denied, denied{a.jobs[i].probe, *r.denied})
		}
		a.report.Requests += r.requests
		a.found = append(a.found, r.found...)
		for k, n := range r.ends {
			ends[k] += n
		}
		for _, f := range r.farms {
			reached[f] = true
		}
	}
	for _, f := range a.o.Config.Farms {
		switch {
		case !reached[f]:
			a.report.Unreached = append(a.report.Unreached, f)
		case a.author(f):
			a.report.Skipped = append(a.report.Skipped, f)
		default:
			a.report.Judged = append(a.report.Judged, f)
		}
	}
	for k, n := range ends {
		if n > 0 {
			a.report.Ends = append(a.report.Ends, End{endNames[k], n})
		}
	}
	return nil
}

func contains(list []*model.Farm, f *model.Farm) bool {
	for _, e := range list {
		if e == f {
			return true
		}
	}
	return false
}

// A worker is one goroutine with what it asks, and memory for answers.
type worker struct {
	ask    Asker
	answer Answer
}

// parallel calls f for each number below n, on all processors. The first error in the order of numbers is returned.
func (a *auditor) parallel(ctx context.Context, n int, c *model.Config, f func(ctx context.Context, w *worker, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := min(a.o.Workers, max(n, 1))
	var next, done atomic.Int64
	var wait sync.WaitGroup
	var mu sync.Mutex
	var first error
	firstAt := n
	for range workers {
		wait.Go(func() {
			w := &worker{ask: a.o.Ask(c)}
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				err := f(ctx, w, i)
				finished := int(done.Add(1))
				mu.Lock()
				if err != nil && i < firstAt && ctx.Err() == nil {
					first, firstAt = err, i
					cancel()
				}
				if a.o.Done != nil && err == nil && finished%64 == 0 {
					a.o.Done(finished, n)
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if first != nil {
		return first
	}
	return context.Cause(ctx)
}
