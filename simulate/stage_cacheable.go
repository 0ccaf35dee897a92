package simulate

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

// The cacheable stage says whether the answer to a request may be cached, as far as the request decides. The checks
// are made in the order of the documentation's list, a trailing slash before a missing extension; the module's own
// order is not published and only decides which of several reasons is named.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (debugging, cache rules,
// /ignoreUrlParams); Adobe knowledge base KA-17497 (log texts).
type cacheableStage struct{}

func (cacheableStage) Name() string { return "cacheable" }

// Limits of file names in bytes (Linux, limits.h): PATH_MAX counts the NUL byte at the end.
const (
	pathMax = 4096
	nameMax = 255
)

// tempSuffix is how much longer the name of a temporary file is: _YYYYXXXXXX.
const tempSuffix = len("_YYYYXXXXXX")

func (s cacheableStage) Run(_ context.Context, x *Exchange) (*Decision, error) {
	d := x.Decision
	v := &d.Cache
	if x.farm.model.Cache == nil && x.engine.partOfFarm() {
		if x.Trace != nil {
			x.say(s.Name(), LevelNote, "", "the fragment has no /cache: whether the answer is cached is not known")
		}
		return nil, nil
	}
	v.Reached = true
	v.docroot, v.hasDocroot, v.uri = x.farm.docroot, x.farm.hasDocroot, d.URI
	v.docs = x.engine.options.Readings.Wording == WordsOfDocs
	v.SessionUnknown = x.session == sessionUnknown
	v.bodiless = x.Request.Method == "HEAD"
	v.InfoAskedFor = x.farm.model.Info.Value && len(x.Request.Header) > 0 && x.Request.Header.Has("X-Dispatcher-Info")
	if x.Trace != nil {
		x.say(s.Name(), LevelDebug, "", "checking [%s]", escapePath(d.URI))
		if x.farm.cachePart {
			x.sayOf(s.Name(), LevelNote, "", x.farm.model.Cache.At, false, "the fragment is a part of a /cache: what it lacks of /docroot and /rules is taken to allow caching")
		}
	}
	if err := s.find(x); err != nil {
		return nil, err
	}
	v.Reason = s.check(x, v)
	v.Cacheable = v.Reason == Cacheable
	if x.Trace != nil {
		s.say(x, v)
	}
	return nil, nil
}

// check returns the first reason not to cache, or Cacheable.
func (s cacheableStage) check(x *Exchange, v *CacheVerdict) Reason {
	d, c := x.Decision, x.farm.model.Cache
	switch {
	case !x.farm.hasDocroot && !x.farm.cachePart:
		v.By = x.farm.model.At.Span
		if c != nil {
			v.By = c.At.Span
		}
		return NoDocroot
	case d.URI == "" || d.URI[0] != '/':
		v.arg = d.URI
		return NotCanonical
	}
	if reason := checkName(len(x.farm.docroot), d.URI); reason != "" {
		v.By = c.Docroot.At.Span
		return reason
	}
	switch {
	case d.URI[len(d.URI)-1] == '/':
		return TrailingSlash
	case d.Parts.Suffix == "" && d.Parts.middle == "", d.Parts.Suffix != "" && !hasExtension(d.URI):
		// Without a suffix the first dot is in the last segment.
		if x.Trace != nil && d.HasQuery {
			// Both keep the answer from the cache; the log is searched for either.
			s.checkQuery(x, new(CacheVerdict))
		}
		return NoExtension
	case x.Request.Method != "GET" && x.Request.Method != "HEAD":
		return OtherMethod
	case d.HasQuery && !s.checkQuery(x, v):
		v.arg = d.Query
		return QueryString
	case x.session == noCredentials:
		v.By = x.farm.model.SessionManagement.At.Span
		return NoSession
	case !c.AllowAuthorized.Value && hasAuthorization(x.Request.Header):
		v.By = orSpan(c.AllowAuthorized.At.Span, c.At.Span)
		return Authorization
	}
	if x.Request.Unknowns != nil && !c.AllowAuthorized.Value {
		v.CredentialsUnknown = x.Request.Unknowns.hasUnknownCredentials()
	}
	if x.found.Kind == FileFolder {
		v.By = c.Docroot.At.Span
		v.arg = joinDocroot(v.docroot, v.uri)
		return TargetIsFolder
	}
	if !s.checkRules(x, v) {
		v.arg = d.URI
		return NotInCacheRules
	}
	if x.session == sessionInvalid {
		v.By = x.farm.model.SessionManagement.At.Span
		return SessionInvalid
	}
	return Cacheable
}

// find looks what stands in the cache under the URI. A page and its suffixes want to be a file and a folder of one name:
// whichever came first stays.
//
// Sources: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md ("target is a directory"); field
// reports of one-inside.com and hitthecode.com. A chapter of AdobeDocs/experience-manager-learn.en says that the folder
// gives way, and is outvoted.
func (s cacheableStage) find(x *Exchange) error {
	if x.farm.root == nil || x.Decision.URI == "" || x.Decision.URI[0] != '/' {
		return x.farm.rootErr
	}
	if x.Request.Sink != nil && x.Request.Method == "GET" && !x.storesHeaders() {
		// A page that is delivered has to be opened: then it need not be looked at, too. One that has stored headers is
		// opened together with them.
		file, err := x.farm.root.Open(x.Decision.URI)
		if err == nil {
			x.file, x.found = file, file.Info()
			return nil
		}
		if err == ErrNothing {
			x.found = FileInfo{}
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			s.sayUnreadable(x, err)
			return nil
		}
	}
	var err error
	if x.found, err = x.farm.root.Stat(x.Decision.URI); err != nil {
		s.sayUnreadable(x, err)
	}
	return nil
}

// sayUnreadable adds that the system does not let the cache be looked at: for the module, nothing is there then.
func (cacheableStage) sayUnreadable(x *Exchange, err error) {
	if x.Trace != nil {
		x.say(cacheableStage{}.Name(), LevelNote, StoreFailed, "%s cannot be looked at: %v; it is taken not to be there", joinDocroot(x.farm.docroot, x.Decision.URI), err)
	}
}

// hasExtension reports whether the last segment of a URI holds a dot and something after it. A path after the first
// extension is no obstacle: AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, calls
// /test.html/a/file.ext cacheable; KA-17497 disagrees and is outvoted by reports of such files in real caches.
func hasExtension(uri string) bool {
	name := uri[strings.LastIndexByte(uri, '/')+1:]
	dot := strings.IndexByte(name, '.')
	return dot >= 0 && dot+1 < len(name)
}

// checkName reports whether the names of the cache file and of its temporary file are too long.
func checkName(docroot int, uri string) Reason {
	if n := docroot + len(uri); n+tempSuffix < min(pathMax, nameMax) {
		return "" // no segment can be longer than the whole
	}
	longest, last := 0, 0
	for rest := uri; rest != ""; {
		segment := rest
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			segment, rest = rest[:i], rest[i+1:]
		} else {
			rest = ""
		}
		longest, last = max(longest, len(segment)), len(segment)
	}
	switch n := docroot + len(uri); {
	case n >= pathMax || longest > nameMax:
		return PathTooLong
	case n+tempSuffix >= pathMax || last+tempSuffix > nameMax:
		return TempPathTooLong
	}
	return ""
}

// hasAuthorization reports whether a request has credentials: the header Authorization or one of two cookies.
func hasAuthorization(h Header) bool {
	return len(h) > 0 && (h.Has("Authorization") || h.HasCookie("authorization") || h.HasCookie("login-token"))
}

// checkQuery reports whether /ignoreUrlParams ignores every parameter. Names are compared as sent; a parameter ends
// at &, its name at =. A ? with nothing after it names no parameter that could be ignored.
func (s cacheableStage) checkQuery(x *Exchange, v *CacheVerdict) bool {
	d := x.Decision
	ignored := d.Query != ""
	for rest, more := d.Query, ignored; more && ignored; {
		var param string
		param, rest, more = strings.Cut(rest, "&")
		name, _, _ := strings.Cut(param, "=")
		var rule *model.Rule
		if rule, ignored = s.checkParam(x, name); !ignored {
			v.Rule = rule
			v.By = s.paramSpan(x, rule)
			if x.Trace != nil && x.farm.model.Cache.IgnoreURLParams != nil {
				x.sayOf(s.Name(), LevelDebug, QueryString, ruleAt(rule), rule != nil, "Name not in ignored URL parameters ACL: %s", name)
			}
		}
	}
	if x.Trace != nil {
		if ignored {
			x.say(s.Name(), LevelDebug, QueryIgnored, "Query string ignored: %s", d.Query)
		} else {
			x.say(s.Name(), LevelDebug, QueryString, "request contains a query string: %s", d.Query)
		}
	}
	return ignored
}

// checkParam returns the last entry of /ignoreUrlParams that matches a name and whether the parameter is ignored.
func (s cacheableStage) checkParam(x *Exchange, name string) (*model.Rule, bool) {
	if x.Trace != nil {
		var list model.RuleList
		if c := x.farm.model.Cache; c != nil && c.IgnoreURLParams != nil {
			list = *c.IgnoreURLParams
		}
		e := evaluation{x: x, stage: s.Name(), section: "/cache/ignoreUrlParams", subject: name, globOnly: true}
		r, _ := e.all(&list, nil)
		return r, r != nil && r.Allow
	}
	rules := x.farm.ignore
	for i := len(rules) - 1; i >= 0; i-- {
		if rules[i].glob.Match(name) {
			return rules[i].model, rules[i].model.Allow
		}
	}
	return nil, false
}

// paramSpan returns what decided that a parameter counts: an entry, else the section that has none for it, else the
// cache that has no such section.
func (cacheableStage) paramSpan(x *Exchange, r *model.Rule) source.Span {
	c := x.farm.model.Cache
	switch {
	case r != nil:
		return r.At.Span
	case c.IgnoreURLParams != nil:
		return c.IgnoreURLParams.At.Span
	}
	return c.At.Span
}

// checkRules applies /rules: the last that matches decides, and where none does the answer is not cached.
func (s cacheableStage) checkRules(x *Exchange, v *CacheVerdict) bool {
	list := x.farm.cache
	switch {
	case list == nil:
		v.By = x.farm.model.Cache.At.Span
		return x.farm.cachePart
	case x.Trace != nil:
		e := evaluation{x: x, stage: s.Name(), section: "/cache/rules", subject: x.Decision.URI}
		v.Rule, _ = e.all(list.section, nil)
	default:
		v.Rule = list.last(x)
	}
	if v.Rule == nil {
		v.By = list.section.At.Span
		return false
	}
	v.By = v.Rule.At.Span
	return v.Rule.Allow
}

// joinDocroot makes the name of a file in the document root; docroot has no slash at its end.
func joinDocroot(docroot, uri string) string { return docroot + uri }

func orSpan(a, b source.Span) source.Span {
	if a.IsZero() {
		return b
	}
	return a
}

// say adds why the answer is not cached, and what the verdict rests on.
func (s cacheableStage) say(x *Exchange, v *CacheVerdict) {
	f := x.farm.model
	at := ruleAt(v.Rule)
	if v.Rule == nil {
		at = model.Place{Span: v.By}
	}
	_, log := v.Reason.cacheWords()
	switch {
	case v.Cacheable, v.Reason == QueryString: // which has been said
	case log == "":
		x.sayOf(s.Name(), LevelNote, v.Reason, at, v.Rule != nil, "not cacheable: %s", v.Info())
	default:
		x.sayOf(s.Name(), LevelDebug, v.Reason, at, v.Rule != nil, "%s", v.Log())
	}
	if v.Reason == NotInCacheRules && x.farm.cache == nil {
		x.sayOf(s.Name(), LevelNote, v.Reason, f.Cache.At, false, "/cache has no /rules: nothing is cached")
	}
	if x.farm.cache != nil && (v.Cacheable || v.Reason == NotInCacheRules) {
		x.sayRuleVariables(s.Name(), "cache rule", x.farm.cache.section, v.Rule)
	}
	if v.Cacheable {
		root := f.Cache.Docroot
		x.sayVariables(s.Name(), "/docroot", root.Text, root.ValueAt.Text(), root.At)
	}
}
