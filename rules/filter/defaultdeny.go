package filter

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterNoDefaultDeny = lint.Rule{
	ID: "DSP152", Name: "filter-no-default-deny", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Farm: checkDefaultDeny, Literal: func(p *lint.Pass, f *model.Farm) { entryDefaultDeny.starts(p, f) },
	Doc: lint.Doc{
		Title: "/filter does not start by denying everything",
		Why: "What no rule matches is denied, but nobody who reads the filter sees that, and other tools and the validator of the SDK want " +
			"it said. Where the first rule allows everything, all that is not denied one by one is open.",
		Bad: `/filter {
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Literal: "The filter of a farm for the public starts with an entry that has /type \"deny\" and /url \"*\". Without it the finding is an error.",
		Note: "It is an error where a rule before the first deny allows every URL. A rule that denies everything further down counts, " +
			"too; whether it comes too late is another question.",
		Since:   since,
		Sources: []string{configuration, checklist, optimizer + " (FILTER_LIST_STARTS_WITH)"},
	},
}

func checkDefaultDeny(p *lint.Pass, f *model.Farm) {
	a := askAbout(p, f)
	if a == nil || a.gaps {
		return
	}
	var first, open *model.Rule // the first that allows, and the first that allows every URL before anything is denied
	denied := false
	for _, r := range f.Filter.Rules {
		switch {
		case isDoubtful(r):
			return
		case !r.Allow && demandsNothing(r) && isAnything(r.Method):
			return
		case !r.Allow:
			denied = true
		default:
			if first == nil {
				first = r
			}
			if !denied && open == nil && demandsNothing(r) {
				open = r
			}
		}
	}
	const hint = `start with a rule that denies everything: /0001 { /type "deny" /url "*" }`
	switch {
	case open != nil:
		p.Report(diag.Diagnostic{
			Span: open.At.Span, Included: open.At.Included, Severity: diag.Error, Hint: hint,
			Message: letsThrough(open) + " allows every URL before anything is denied, such as " + a.openBy(open),
		})
	case first != nil:
		p.Report(diag.Diagnostic{
			Span: first.At.Span, Included: first.At.Included, Hint: hint,
			Message: letsThrough(first) + " allows, and no rule denies everything else" + a.leftOver(),
		})
	}
}

// samplesOfHazards are one address of each class, and one that nobody has a rule for.
func samplesOfHazards() []string {
	var list []string
	for _, h := range append(administration(), sensitive()...) {
		list = append(list, h.requests[0])
	}
	return append(list, "/dispcheck.dispcheck")
}

// openBy returns an address that a rule lets through, a dangerous one where there is one.
func (a *asking) openBy(r *model.Rule) string {
	for _, request := range samplesOfHazards() {
		if a.lets(request) == r {
			return request
		}
	}
	return "/"
}

// leftOver says what becomes of an address that nobody denies, "" where each has its rule.
func (a *asking) leftOver() string {
	for _, request := range samplesOfHazards() {
		if by, ok := a.denied(request); ok && by == nil {
			return ": only for want of a match is " + request + " kept out"
		}
		if a.answer.Allowed {
			return ": " + request + " is let through"
		}
	}
	return ""
}

// demandsNothing reports whether a rule matches every URL, with its query, of some method.
func demandsNothing(r *model.Rule) bool {
	if r.Glob != nil {
		return isAnything(r.Glob)
	}
	for _, part := range []*model.Pattern{r.URL, r.Path, r.Query, r.Protocol, r.Selectors, r.Extension, r.Suffix} {
		if part != nil && (part.Pattern == nil || part.Err != nil || !part.Always()) {
			return false
		}
	}
	// Selectors, extension and suffix that a URL lacks are matched by the empty pattern alone.
	return r.Selectors == nil && r.Extension == nil && r.Suffix == nil && r.Query == nil
}
