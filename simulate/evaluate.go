package simulate

import (
	"strings"

	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/model"
)

// This file says when a rule matches, the plain way: every rule, every element, in the order of the text. It is
// what a trace is made of, and what rules.go must agree with.

// An evaluation looks at all rules of a section.
type evaluation struct {
	x       *Exchange
	stage   string
	section string
	// subject is what /glob sees; globOnly says that the section knows no other element.
	subject  string
	globOnly bool
}

// all returns the last rule that matches, nil where none does, and appends to matched all that do.
func (e *evaluation) all(list *model.RuleList, matched []*model.Rule) (*model.Rule, []*model.Rule) {
	var last *model.Rule
	for _, r := range list.Rules {
		if e.matches(r) {
			last = r
			matched = append(matched, r)
		}
	}
	return last, matched
}

// matches reports whether all elements of a rule match. A rule with /glob has no others: they are not read where
// /glob is given (bstopp/puppet-aem, documentation of filters).
func (e *evaluation) matches(r *model.Rule) bool {
	l := Looked{Stage: e.stage, Section: e.section, Rule: r, Match: true, Reason: RuleMatched}
	d := e.x.Decision
	switch {
	case r.Glob != nil:
		e.element(&l, "glob", r.Glob, e.subject)
	case e.globOnly:
		l.Match, l.Reason = false, RuleMissed
	default:
		e.element(&l, "method", r.Method, e.x.Request.Method)
		e.element(&l, "url", r.URL, d.URI)
		e.query(&l, r.Query)
		e.element(&l, "protocol", r.Protocol, e.x.Request.proto())
		e.element(&l, "path", r.Path, d.Parts.Path)
		e.selectors(&l, r.Selectors)
		e.part(&l, "extension", r.Extension, d.Parts.Extension)
		e.part(&l, "suffix", r.Suffix, d.Parts.Suffix)
	}
	if e.x.Trace.Explain {
		e.x.Trace.Looked = append(e.x.Trace.Looked, l)
	}
	return l.Match
}

// element compares a pattern with a part that every request has.
func (e *evaluation) element(l *Looked, name string, p *model.Pattern, subject string) {
	if p != nil {
		e.note(l, name, p, subject, false, usable(p) && p.Match(subject))
	}
}

// query compares a pattern with the query. A rule with /query never matches a request without one, whatever the
// pattern (AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, filtering by query).
func (e *evaluation) query(l *Looked, p *model.Pattern) {
	if p != nil {
		d := e.x.Decision
		e.note(l, "query", p, d.Query, !d.HasQuery, d.HasQuery && usable(p) && p.Match(d.Query))
	}
}

// part compares a pattern with a part that a request may lack.
func (e *evaluation) part(l *Looked, name string, p *model.Pattern, subject string) {
	switch {
	case p == nil:
	case subject == "":
		e.note(l, name, p, "", true, usable(p) && takesAbsent(p))
	default:
		e.note(l, name, p, subject, false, usable(p) && p.Match(subject))
	}
}

// selectors compares a pattern with each selector: one hit is enough (adobe/aem-project-archetype, issue 576).
func (e *evaluation) selectors(l *Looked, p *model.Pattern) {
	if p == nil {
		return
	}
	list := e.x.Decision.Parts.Selectors()
	if len(list) == 0 {
		e.part(l, "selectors", p, "")
		return
	}
	ok := false
	for _, s := range list {
		ok = ok || usable(p) && p.Match(s)
	}
	e.note(l, "selectors", p, strings.Join(list, " "), false, ok)
}

// takesAbsent reports whether a pattern matches a part that is not there: an empty one does, as does a regular
// expression that takes the empty string. "*" does not: it asks for the part (Adobe's AMS filters deny
// /url "/content*" /selectors "*", and pages without selectors pass).
func takesAbsent(p *model.Pattern) bool {
	if p.Kind() == match.KindERE {
		return p.MatchesEmpty()
	}
	return p.Text() == ""
}

// note adds an element to what was looked at.
func (e *evaluation) note(l *Looked, name string, p *model.Pattern, subject string, absent, ok bool) {
	if !ok {
		l.Match = false
		if l.Reason != RuleUnusable {
			l.Reason = RuleMissed
		}
	}
	if !usable(p) {
		l.Reason = RuleUnusable
	}
	if !e.x.Trace.Explain {
		return
	}
	el := Element{Name: name, Pattern: p.ValueAt.Text(), Text: p.Text(), Subject: subject, Absent: absent, Match: ok, At: p.At.Span}
	if p.Err != nil {
		el.Err = p.Err.Error()
	}
	l.Elements = append(l.Elements, el)
}
