package session

import (
	"slices"

	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/unread"
)

// An asking is a rule that asks what the filter of one farm makes of requests.
type asking struct {
	pass   *lint.Pass
	farm   *model.Farm
	answer lint.Answer
}

// askAbout returns nil where nothing can be said: there is no /filter, or not all of it is known.
func askAbout(p *lint.Pass, f *model.Farm) *asking {
	if f.Filter == nil || slices.Contains(p.Subject.Config.Wrapped, "/filter") || unread.Section(p, f.Filter.At.Span) {
		return nil
	}
	return &asking{pass: p, farm: f}
}

// decides returns the rule that decides about a request and whether it lets it through. certain is false where the rule,
// or one behind it, may match something else than its text says. A request that no rule matches is denied by nil.
func (a *asking) decides(method, url string) (r *model.Rule, allow, certain bool) {
	if !a.pass.Ask(a.farm, &lint.Question{Method: method, URL: url}, &a.answer) || !a.answer.Filtered {
		return nil, false, false
	}
	r, allow = a.answer.Rule, a.answer.Allowed
	for _, o := range slices.Backward(a.farm.Filter.Rules) {
		if !lastmatch.Plain(o) && (o == r || o.Allow != allow) {
			return nil, false, false
		}
		if o == r {
			break
		}
	}
	return r, allow, true
}

// lets returns the rule that lets a request through, nil where it is denied or that is not certain.
func (a *asking) lets(method, url string) *model.Rule {
	if r, allow, certain := a.decides(method, url); certain && allow {
		return r
	}
	return nil
}

// denies reports whether a request is certainly denied, and by which rule; nil is none that matches.
func (a *asking) denies(method, url string) (*model.Rule, bool) {
	r, allow, certain := a.decides(method, url)
	return r, certain && !allow
}
