package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// controls asks the requests that should be answered. Those that are not are part of the report; what the filter sees of the
// others is kept: a proposed rule must leave them.
func (a *auditor) controls(ctx context.Context) error {
	w := &worker{ask: a.o.Ask(a.o.Config)}
	for _, c := range Controls() {
		if c.Reserved && !a.o.Reserved {
			continue
		}
		a.report.ControlsAsked++
		var blocked []ControlResult
		answered := map[*model.Farm]bool{}
		for i, t := range a.o.Targets {
			if t.Farm == nil && !c.Reserved || t.Farm != nil && a.author(t.Farm) {
				continue // a host that leads nowhere needs no pages
			}
			for _, url := range a.sites[i].urls(c.Target) {
				if err := w.ask.Ask(ctx, a.request(t, c.Method, url, nil), &w.answer); err != nil {
					return err
				}
				ans := &w.answer
				sent := Sent{Method: c.Method, Target: url, Host: t.Host, TLS: t.TLS}
				if how, no := blockedBy(c, ans); no {
					blocked = append(blocked, ControlResult{
						Control: c, Request: sent, Farm: t.Farm, How: how, Rule: ans.Decision.Filter.Rule, At: ans.Decision.By,
					})
					continue
				}
				answered[t.Farm] = true
				if f := ans.Decision.Farm.Farm; rendered(ans) && f != nil && !a.author(f) {
					v := viewOf(ans)
					v.control, v.sent = c, sent
					a.passed = append(a.passed, v)
				}
			}
		}
		// One host that answers is enough for a farm, and one page. Of those that do not, a denial says most.
		slices.SortStableFunc(blocked, func(a, b ControlResult) int {
			return cmp.Compare(boolToInt(a.Rule == nil), boolToInt(b.Rule == nil))
		})
		for _, r := range blocked {
			if !c.Either && (c.Reserved || !answered[r.Farm]) {
				answered[r.Farm] = true
				a.report.Controls = append(a.report.Controls, r)
			}
		}
	}
	return nil
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (a *auditor) author(f *model.Farm) bool { return a.o.Author != nil && a.o.Author(f) }

// blockedBy reports whether a control is not answered, and by what.
func blockedBy(c *Control, ans *Answer) (how string, blocked bool) {
	d := &ans.Decision
	if c.Reserved {
		// The platform answers before the project's own rules do: in the model that is a request that httpd answers, or that
		// comes to the Dispatcher as it was sent.
		switch {
		case ans.Redirects > 0 || d.Outcome == simulate.Redirected:
			return "redirected", true
		case rendered(ans) && d.URI != c.Target:
			return "rewritten to " + d.URI, true
		}
		return "", false
	}
	switch d.Outcome {
	case simulate.Denied:
		return "denied by the filter", true
	case simulate.Refused:
		return fmt.Sprintf("answered by httpd with %d", d.Response.Status), true
	case simulate.Redirected:
		return "redirected away", true
	case simulate.Lost:
		return "no farm answers", true
	case simulate.Flush:
		return "taken for a flush", true
	}
	return "", false
}
