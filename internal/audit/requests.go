package audit

import (
	"context"
	"slices"

	"github.com/dispcheck/dispcheck/simulate"
)

// Requests calls f for each request that Run would send for probes, with all operators and for all targets; some come twice.
// It stops at the first error of f and returns it; other errors are those of Run.
func Requests(ctx context.Context, o Options, f func(*simulate.Request) error) error {
	a := &auditor{o: o, report: &Report{Targets: o.Targets}}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	for i := range a.jobs {
		j := &a.jobs[i]
		var failed error
		j.probe.Forms(j.url, a.sites[j.target].selectors, func(o Operator, method, url string) {
			h := j.probe.Header
			if o == MethodTunnel {
				h = append(slices.Clone(h), simulate.Field{Name: "X-HTTP-Method-Override", Value: "GET"})
			}
			if failed == nil {
				failed = f(a.request(a.o.Targets[j.target], method, url, h))
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}
