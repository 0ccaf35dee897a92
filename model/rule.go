package model

import (
	"github.com/dispcheck/dispcheck/grammar"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/source"
)

// A Filter is /filter. The last rule that matches decides; where none does, the request is denied.
type Filter = RuleList

// A RuleList is a section of rules, in the order of the text: /filter, /rules, /invalidate,
// /allowedClients, /ignoreUrlParams, and /filter and /headers of /auth_checker. Labels decide nothing.
type RuleList struct {
	At    Place
	Rules []*Rule

	Unknown []Unknown
}

// A Rule allows or denies what all its patterns match.
type Rule struct {
	// Label is the name without its slash; "" for a rule that has none.
	Label string
	// NameAt covers the label, At the whole rule.
	NameAt source.Span
	At     Place
	// Allow says what the rule does. A rule whose /type is missing or not a known word denies: what the
	// module does then is not published.
	Allow bool
	// Type is /type as written.
	Type Setting[string]

	// Glob matches the whole subject of the section: the request line in /filter, the URL path in
	// /rules and /invalidate, a client address, a parameter name. Where it is set, the rest is not read.
	Glob *Pattern
	// The elements of a request, in filters since 4.1.5 and 4.2.0 and in cache rules since 4.2.0. nil
	// where not written.
	Method, URL, Query, Protocol, Path, Selectors, Extension, Suffix *Pattern

	Unknown []Unknown
}

// Patterns returns what the rule demands, in the order glob, method, url, query, protocol, path,
// selectors, extension, suffix, without those that are not written. Where there is a glob it is alone,
// since the module then reads nothing else. A rule without patterns matches everything.
func (r *Rule) Patterns() []*Pattern {
	if r.Glob != nil {
		return []*Pattern{r.Glob}
	}
	var ps []*Pattern
	for _, p := range [...]*Pattern{r.Method, r.URL, r.Query, r.Protocol, r.Path, r.Selectors, r.Extension, r.Suffix} {
		if p != nil {
			ps = append(ps, p)
		}
	}
	return ps
}

// AllowsByGlob reports whether the rule is one that the module itself warns of in a /filter, as
// "considered unsafe": it allows what a glob matches in the whole request line, of which the sender
// chooses every part (AdobeDocs/experience-manager-learn.en, common-logs.md).
func (r *Rule) AllowsByGlob() bool { return r.Allow && r.Glob != nil }

// A Pattern is what a rule demands of one element.
type Pattern struct {
	*match.Pattern
	// Property is the name, without its slash.
	Property string
	// Quote is ' for a regular expression, " or 0 for a glob.
	Quote byte
	// At covers the property, ValueAt the value with its quotes.
	At      Place
	ValueAt source.Span
	// Err says why the pattern cannot be used: the C library refuses it, and the rule never matches
	// (*match.SyntaxError), or it is not simulated (*match.UnsupportedError). Pattern then matches nothing.
	Err error

	value *grammar.Value
}

// Span returns the text that the bytes [start, end) of the pattern came from: escapes count as the one
// byte they stand for. Where a variable was put in, it is the whole value.
func (p *Pattern) Span(start, end int) source.Span { return spanOf(p.value, p.ValueAt, start, end) }

// A VirtualHost is one value of /virtualhosts: [scheme]host[uri][*].
type VirtualHost struct {
	Text string
	At   Place
	// Scheme is "http", "https" or "" for any.
	Scheme string
	// Host matches the host, without its port unless HasPort. Letter case does not matter.
	Host    *match.Pattern
	HasPort bool
	// URI matches the URL path from its start; nil where the value has none.
	URI *match.Pattern
	// HostText and URIText are the parts as written.
	HostText, URIText string
}
