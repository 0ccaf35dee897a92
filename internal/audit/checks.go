package audit

import (
	"slices"

	"github.com/dispcheck/dispcheck/diag"
)

// A Check is a request with what is wanted of its answer: a case of a suite.
type Check struct {
	Name, Class string
	Request     Sent
	// Wants are names of expectations with what is expected, as suites write it.
	Wants [][2]string
}

// Checks are what a suite holds on to: each exposure is to be denied, as are one probe of each class and each target that are
// denied today; what is answered today stays answered.
func (r *Report) Checks() []Check {
	var out []Check
	for _, g := range r.Groups {
		want := [2]string{"filter", "deny"}
		switch g.How {
		case ByFlush:
			want = [2]string{"status", "403"}
		case ByProxy:
			want = [2]string{"outcome", "\"!proxied\""}
		case ByRule, ByNothing, ByVanity:
		}
		for _, e := range g.Exposures {
			out = append(out, Check{e.Probe.Name() + ", " + string(e.Operator), e.Probe.Class.Name, e.Request, [][2]string{want}})
		}
	}
	for _, d := range r.denied {
		out = append(out, Check{d.probe.Name(), d.probe.Class.Name, d.sent, [][2]string{{"filter", "deny"}}})
	}
	for i := range r.passed {
		v := &r.passed[i]
		if v.control.Either {
			continue
		}
		out = append(out, Check{"answered: " + v.control.Why, "control", v.sent, [][2]string{{"filter", "allow"}}})
	}
	return out
}

// LeaveOut takes out what is less severe.
func (r *Report) LeaveOut(least diag.Severity) {
	for _, g := range r.Groups {
		g.Exposures = slices.DeleteFunc(g.Exposures, func(e *Exposure) bool { return e.Severity() < least })
		g.Requests = 0
		for _, e := range g.Exposures {
			g.Requests += e.Requests
		}
	}
	r.Groups = slices.DeleteFunc(r.Groups, func(g *Group) bool { return len(g.Exposures) == 0 })
}
