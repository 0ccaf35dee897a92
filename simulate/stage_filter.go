package simulate

import (
	"context"
	"net/http"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// The filter stage lets a request through or not. All rules of /filter that match count, and the last of them
// decides, whatever the labels say. Where none matches, the request is denied; where the farm has no /filter, it is
// allowed. Some URLs are denied whatever the filter says: see reserved. A denied request gets 404.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (last rule, 404, no /filter) and
// configuring-dispatcher-to-prevent-csrf.md. That nothing matching denies follows from its section on filtering by
// query string.
type filterStage struct{}

func (filterStage) Name() string { return "filter" }

func (s filterStage) Run(ctx context.Context, x *Exchange) (*Decision, error) {
	d := x.Decision
	v := &d.Filter
	v.Reached = true
	s.decide(x, v)
	if x.Trace != nil {
		s.sayVerdict(x, v)
	}
	never := reserved(x)
	if v.Allow && never != "" {
		return s.reserve(x, v, never), nil
	}
	d.By = s.span(x, v)
	if v.Allow {
		return nil, nil
	}
	d.Response = Response{Status: s.status(x), From: "dispatcher"}
	if x.farm.model.VanityURLs != nil && never == "" {
		return nil, nil // the vanity list may still allow it
	}
	if err := s.leak(ctx, x); err != nil {
		return nil, err
	}
	return s.deny(x), nil
}

// leak asks the authorization checker about a request that is denied, as releases before 4.3.2 did (DISP-742).
func (s filterStage) leak(ctx context.Context, x *Exchange) error {
	if x.at(disp742) || x.engine.options.Backend == nil || x.farm.root == nil {
		return nil
	}
	c := x.checker()
	if c == nil {
		return nil
	}
	if info, err := x.farm.root.Stat(x.Decision.URI); err != nil || info.Kind != FileRegular {
		return err
	}
	_, err := x.askChecker(ctx, s.Name(), c)
	return err
}

// reserve ends a request for a URL that is never served.
func (s filterStage) reserve(x *Exchange, v *FilterVerdict, reason Reason) *Decision {
	v.Allow, v.Rule, v.Reason = false, nil, reason
	x.Decision.Response = Response{Status: 404, From: "dispatcher"}
	if x.Trace != nil {
		what := "files that the cache keeps beside its pages"
		if reason == StatfileDenied {
			what = "statfiles"
		}
		x.say(s.Name(), LevelNote, reason, "%s are never served, whatever /filter says", what)
	}
	x.finish(s.Name(), "-", "blocked")
	x.answerEmpty()
	return x.settle(Denied, reason)
}

// span returns what decided: a rule, the section in which none matches, or the farm that has no such section.
func (filterStage) span(x *Exchange, v *FilterVerdict) source.Span {
	switch {
	case v.Rule != nil:
		return v.Rule.At.Span
	case v.Reason == FilterNoMatch:
		return x.farm.model.Filter.At.Span
	}
	return x.farm.model.At.Span
}

// status returns the status of a denial: 404, but for a POST, which until 4.3.5 (DISP-949) got 200.
func (filterStage) status(x *Exchange) int {
	if x.Request.Method == http.MethodPost && !x.at(disp949) {
		return http.StatusOK
	}
	return http.StatusNotFound
}

// deny ends a request that is not let through.
func (s filterStage) deny(x *Exchange) *Decision {
	d := x.Decision
	d.Reason = d.Filter.Reason
	x.finish(s.Name(), "-", "blocked")
	x.answerEmpty()
	return x.settle(Denied, d.Filter.Reason)
}

// decide applies the rules.
func (s filterStage) decide(x *Exchange, v *FilterVerdict) {
	list := x.farm.filter
	if list == nil {
		v.Allow, v.Reason = true, NoFilter
		return
	}
	if x.Trace != nil {
		s.sayParts(x)
		e := evaluation{x: x, stage: s.Name(), section: "/filter", subject: strings.Clone(requestLine(x))} // the trace keeps it
		v.Rule, v.Matched = e.all(list.section, v.Matched)
	} else {
		v.Rule = list.last(x)
	}
	switch {
	case v.Rule == nil:
		v.Reason = FilterNoMatch
	case v.Rule.Allow:
		v.Allow, v.Reason = true, FilterAllowed
	default:
		v.Reason = FilterDenied
	}
}

// reserved returns why a URL is denied even where the filter allows it: statfiles at any level, and the files that
// stand beside cached ones, *.h since 4.3.1 (DISP-730) and, as is inferred from it, *.ttl.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (statfile) and release-notes.md.
func reserved(x *Exchange) Reason {
	uri := x.Decision.URI
	switch {
	case strings.HasSuffix(uri, "/.stat"), x.farm.statURL != "" && uri == x.farm.statURL:
		return StatfileDenied
	case !x.at(v431):
	case strings.HasSuffix(uri, ".h"):
		return HeaderFileDenied
	case strings.HasSuffix(uri, ".ttl"):
		return TTLFileDenied
	}
	return ""
}

// sayParts adds the parts of the URL as the module logs them: since 4.3.4 (DISP-883), all selectors since 4.3.6
// (DISP-937); the lines method, path and query were seen in builds of 2025.
func (s filterStage) sayParts(x *Exchange) {
	if !x.at(v434) {
		return
	}
	d := x.Decision
	line := func(format string, args ...any) { x.say(s.Name(), LevelTrace, "", format, args...) }
	newest := x.at(v438)
	if newest {
		line("method : %s", x.Request.Method)
	}
	line("Decomposing URL : %s", escapePath(d.URI))
	line("uri : %s", escapePath(d.URI))
	if newest {
		line("path : %s", escapePath(d.Parts.Path))
	}
	line("suffix : %s", orNone(escapePath(d.Parts.Suffix), "No suffix"))
	line("extension : %s", orNone(escapePath(d.Parts.Extension), "No extension"))
	selectors := d.Parts.Selectors()
	if len(selectors) == 0 {
		line("selector : No selectors")
	} else if !x.at(v436) {
		selectors = selectors[:1]
	}
	for _, sel := range selectors {
		line("selector : %s", escapePath(sel))
	}
	if newest && d.HasQuery {
		line("query : %s", d.Query)
	}
	line("Decomposing Complete")
}

func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// sayVerdict adds the rule that decided. 4.2 words it differently from 4.3.
func (s filterStage) sayVerdict(x *Exchange, v *FilterVerdict) {
	if v.Rule != nil {
		word := "blocked"
		if v.Rule.Allow {
			word = "allowed"
		}
		format := "Filter rule entry %s %s '%s'"
		args := []any{label(v.Rule.Label), word, x.logLine()}
		if !x.at(v430) {
			format = "'%s' was %s because of %s"
			args = []any{x.logLine(), word, label(v.Rule.Label)}
		}
		x.sayOf(s.Name(), LevelTrace, v.Reason, v.Rule.At, true, format, args...)
		s.sayDoubts(x, v.Rule)
	}
	switch v.Reason {
	case NoFilter:
		x.sayOf(s.Name(), LevelNote, v.Reason, x.farm.model.At, false, "farm %s has no /filter: everything is allowed", x.farm.model.Name)
		return
	case FilterNoMatch:
		x.sayOf(s.Name(), LevelNote, v.Reason, x.farm.model.Filter.At, false, "no rule of /filter matches: the request is denied")
	}
	x.sayRuleVariables(s.Name(), "filter rule", x.farm.model.Filter, v.Rule)
	if !v.Allow {
		x.sayOf(s.Name(), LevelDebug, v.Reason, ruleAt(v.Rule), v.Rule != nil, "Filter rejects: %s", x.logLine())
	}
}

// sayDoubts adds what is not certain about a rule that decided, and the module's own warning of it, which the module
// logs when it starts (AdobeDocs/experience-manager-learn.en, common-logs.md).
func (s filterStage) sayDoubts(x *Exchange, r *model.Rule) {
	if at := r.At.Span; x.at(v420) && r.AllowsByGlob() && !at.IsZero() {
		x.sayOf(s.Name(), LevelWarning, "", r.At, true, "%s:%d: Allowing requests with globs is considered unsafe.", at.File.Name, at.Position().Line)
	}
	if !r.Type.Set {
		x.sayOf(s.Name(), LevelNote, NotSimulated, r.At, true, "rule %s has no /type; it is taken to deny, what the module does is not published", label(r.Label))
	}
}

func ruleAt(r *model.Rule) model.Place {
	if r == nil {
		return model.Place{}
	}
	return r.At
}
