package filter

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

// An entry is a rule that denies, as adobe/aem-dispatcher-optimizer-tool asks for one: letter by letter. What is "" may
// be anything.
type entry struct{ method, url, path, query, selectors, extension, suffix string }

// The entries of the Optimizer Tool's core-rules.json.
var (
	entryDefaultDeny = entry{url: "*"}
	entryGrabbing    = entry{
		selectors: "(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query|[0-9-]+|jcr:content)",
		extension: "(json|xml|html|feed)",
	}
	entryDebug       = entry{method: "GET", query: "debug=*"}
	entryWCMMode     = entry{method: "GET", query: "wcmmode=*"}
	entryHealthcheck = entry{path: "/content/ams/healthcheck/*"}
	entryRegent      = entry{url: "/content/regent.html"}
	entrySuffix      = entry{url: "/content*", suffix: "*"}
	entrySelectors   = entry{url: "/content*", selectors: "*"}
)

// behindOrBefore ends what rules say of the policy literal.
const behindOrBefore = ", whatever else it demands and whatever stands before and behind it."

// parts returns what the entry asks for, and what a rule has there.
func (e entry) parts(r *model.Rule) [7]entryPart {
	return [...]entryPart{
		{"method", e.method, r.Method}, {"url", e.url, r.URL}, {"path", e.path, r.Path}, {"query", e.query, r.Query},
		{"selectors", e.selectors, r.Selectors}, {"extension", e.extension, r.Extension}, {"suffix", e.suffix, r.Suffix},
	}
}

type entryPart struct {
	name, want string
	has        *model.Pattern
}

// is reports whether a rule is the entry for the Optimizer Tool. What else the rule demands does not matter to it, nor
// do quotes.
func (e entry) is(r *model.Rule) bool {
	if !strings.EqualFold(r.Type.Text, "deny") {
		return false
	}
	for _, part := range e.parts(r) {
		if part.want != "" && (part.has == nil || strings.TrimSpace(part.has.Text()) != part.want) {
			return false
		}
	}
	return true
}

// String is the entry as it is written in a filter.
func (e entry) String() string {
	var b strings.Builder
	b.WriteString(`/type "deny"`)
	for _, part := range e.parts(new(model.Rule)) {
		if part.want == "" {
			continue
		}
		quote := `"`
		if part.want[0] == '(' {
			quote = "'"
		}
		b.WriteString(" /" + part.name + " " + quote + part.want + quote)
	}
	return b.String()
}

// includes is a rule's literal look for an entry anywhere in the filter.
func (e entry) includes(p *lint.Pass, f *model.Farm) {
	if isFilterOfPublic(p, f) && (f.Filter == nil || !slices.ContainsFunc(f.Filter.Rules, e.is)) {
		e.report(p, f, 0, "/filter has no entry "+e.String(), "add it as it stands")
	}
}

// starts is a rule's literal look for an entry in first place.
func (e entry) starts(p *lint.Pass, f *model.Farm) {
	if isFilterOfPublic(p, f) && (f.Filter == nil || len(f.Filter.Rules) == 0 || !e.is(f.Filter.Rules[0])) {
		e.report(p, f, diag.Error, "/filter does not start with "+e.String(), "write it before all other entries")
	}
}

// isFilterOfPublic reports whether the Optimizer Tool would look at the filter of a farm, or miss it. It does not look
// at farms for authors; and of a part of a farm alone there is no telling what stands in the rest.
func isFilterOfPublic(p *lint.Pass, f *model.Farm) bool {
	if p.FarmType(f) == lint.Author {
		return false
	}
	wrapped := p.Subject.Config.Wrapped
	if f.Filter == nil {
		return len(wrapped) <= 1
	}
	return !slices.Contains(wrapped, "/filter")
}

// report reports at the filter, or at the farm that has none.
func (e entry) report(p *lint.Pass, f *model.Farm, severity diag.Severity, message, hint string) {
	at := f.At
	if f.Filter != nil {
		at = f.Filter.At
	} else {
		message = "farm /" + shown(f.Name) + " has no /filter, so no " + e.String()
	}
	p.Report(diag.Diagnostic{Span: textedit.Head(at.Span), Included: at.Included, Severity: severity, Message: message, Hint: hint})
}
