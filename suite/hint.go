package suite

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/simulate"
)

// hint says what would make an answer what is expected, where that is plain; "" elsewhere.
func hint(x *Expectation, o *Observed) string {
	first, rest, _ := strings.Cut(x.Path, ".")
	switch first {
	case "filter":
		return filterHint(x, o)
	case "cache":
		if rest == "" {
			return cacheHint(x, o)
		}
		return unreached(o.Decision.Cache.Reached, "the cache", o)
	case "farm":
		return farmHint(x, o)
	case "vhost":
		return hostHint(x, o)
	case "uri", "rewrite":
		return uriHint(x, o)
	case "redirect", "hops":
		return redirectHint(x, o)
	case "status", "response":
		return statusHint(x, o)
	case "header":
		if o.Passage != nil && !strings.EqualFold(rest, "Location") && o.Decision.Response.Status == 0 {
			return noRender
		}
	case "stale", "fresh", "deleted", "touched":
		return publishHint(first, x, o)
	}
	return ""
}

// noRender is the hint where nothing answers for the renders.
const noRender = "nothing answers for the renders: write render: respond:200, or mock: FILE"

// unreached says why a request did not come to a stage; "" where it did.
func unreached(reached bool, stage string, o *Observed) string {
	d := o.Decision
	switch {
	case reached:
		return ""
	case d.Outcome == simulate.Redirected:
		return fmt.Sprintf("httpd redirects the request before it comes to %s: follow: 1 goes where the client goes", stage)
	case d.Outcome == simulate.Refused, d.Outcome == simulate.Declined, d.Outcome == simulate.Proxied:
		return fmt.Sprintf("httpd answers the request itself, and it does not come to %s", stage)
	}
	return ""
}

func filterHint(x *Expectation, o *Observed) string {
	d := o.Decision
	if !d.Filter.Reached {
		return unreached(false, "the filter", o)
	}
	word := "allow"
	if d.Filter.Allow {
		word = "deny"
	}
	if x.Path != "filter" || !x.Want.takes(word) {
		return ""
	}
	return fmt.Sprintf("a rule that says %s to it has to stand behind %s", word, called(d.Filter.Rule, "all others"))
}

func cacheHint(x *Expectation, o *Observed) string {
	d := o.Decision
	c := &d.Cache
	switch {
	case !c.Reached && d.Filter.Reached && !d.Filter.Allow:
		return fmt.Sprintf("the filter denies it: a rule that says allow to it has to stand behind %s", called(d.Filter.Rule, "all others"))
	case !c.Reached:
		return unreached(false, "the cache", o)
	case c.Cacheable && x.Want.takes("no"):
		return fmt.Sprintf("an entry of /rules that denies %s has to stand behind %s", d.URI, called(c.Rule, "the others"))
	case c.Cacheable && (x.Want.takes("hit") || x.Want.takes("stale") || x.Want.takes("expired")) && !c.Validity.Known:
		file := cmp.Or(textAt(o, "cache.file"), d.URI)
		return fmt.Sprintf("%s is not there: write it below files:, or ask for the page in a step before, with a render that answers", file)
	case c.Cacheable || !x.Want.takes("yes"):
		return ""
	}
	switch c.Reason {
	case simulate.QueryString:
		if names := counting(d.Query, o.Trace); len(names) > 0 {
			return "/ignoreUrlParams has to allow " + strings.Join(names, ", ") + ", if the page does not depend on it"
		}
	case simulate.NotInCacheRules:
		return fmt.Sprintf("an entry of /rules that allows %s has to stand behind %s", d.URI, called(c.Rule, "the others"))
	case simulate.OtherMethod:
		return "answers to GET and HEAD alone are cached"
	case simulate.NoExtension:
		return "the last part of the URL needs an extension: a rewrite can give it one"
	case simulate.TrailingSlash:
		return "the URL must not end with a slash"
	case simulate.Authorization:
		return `/allowAuthorized "1" caches it all the same, if the page is the same for everybody, or /auth_checker asks`
	case simulate.NoDocroot:
		return "the farm needs /docroot in /cache"
	}
	return ""
}

// hostOf is the host that counts, without its port.
func hostOf(o *Observed) string {
	if host := o.Decision.Host; host != "" {
		return host
	}
	return textAt(o, "request.host")
}

func farmHint(x *Expectation, o *Observed) string {
	if o.Decision.Farm.Farm == nil {
		return unreached(false, "a farm", o)
	}
	if !x.Want.plain() || x.Want.text == "" {
		return ""
	}
	return fmt.Sprintf("/virtualhosts of %s has to have a value for %s, in a farm behind %s or with the scheme or the path, too",
		x.Want.text, hostOf(o), o.Decision.Farm.Farm.Name)
}

func hostHint(x *Expectation, o *Observed) string {
	if !x.Want.plain() || x.Want.text == "" {
		return ""
	}
	if o.Passage == nil {
		return "there is no httpd side"
	}
	return fmt.Sprintf("ServerName or ServerAlias of %s has to match %s, and no virtual host before it may", x.Want.text, hostOf(o))
}

func uriHint(x *Expectation, o *Observed) string {
	if o.Passage == nil || !x.Want.plain() || x.Want.text == "" {
		return ""
	}
	if asked := pathAsked(o); asked != x.Want.text {
		return fmt.Sprintf("a RewriteRule with PT has to make it of %s", asked)
	}
	return "no RewriteRule may match it"
}

func redirectHint(x *Expectation, o *Observed) string {
	if o.Passage == nil {
		return "there is no httpd side"
	}
	status := o.Decision.Response.Status
	redirects := len(o.Passage.Redirects) > 0 || status >= 300 && status < 400
	switch {
	case x.Path == "hops":
		return ""
	case redirects && x.Want.takes("no"):
		return "a RewriteCond in front of the rule has to leave the request out, or a rule with L has to end it before"
	case !redirects:
		return fmt.Sprintf("a RewriteRule with R, or Redirect, has to match %s", pathAsked(o))
	}
	return ""
}

func statusHint(x *Expectation, o *Observed) string {
	d := o.Decision
	switch {
	case d.Response.Status == 0 && d.Filter.Reached && d.Filter.Allow:
		return noRender
	case x.Path == "status" && d.Filter.Reached && !d.Filter.Allow && x.Want.takes("200"):
		return fmt.Sprintf("the filter denies it: a rule that says allow to it has to stand behind %s", called(d.Filter.Rule, "all others"))
	case x.Path == "status" && d.Outcome == simulate.Redirected && (x.Want.takes("200") || x.Want.takes("404")):
		return "follow: 1 goes where the client goes"
	}
	return ""
}

// publishHint is about the pages that a publish leaves.
func publishHint(list string, x *Expectation, o *Observed) string {
	d := o.Decision
	switch {
	case !d.Invalidation.Reached:
		if hint := unreached(false, "the Dispatcher", o); hint != "" {
			return hint
		}
		return "the step is no publish"
	case !d.Invalidation.Allowed:
		return fmt.Sprintf("/allowedClients has to allow %s, behind %s", cmp.Or(textAt(o, "httpd.client_ip"), "the client"), called(d.Invalidation.Rule, "the others"))
	case list == "touched":
		return ""
	}
	name := x.Want.firstNotIn(entriesAt(o, "invalidation."+list))
	if name == "" {
		return ""
	}
	for _, other := range []string{"stale", "fresh", "deleted"} {
		if other == list {
			continue
		}
		if !slices.Contains(entriesAt(o, "invalidation."+other), name) {
			continue
		}
		switch {
		case other == "deleted":
			return name + " is deleted: it belongs to the handle of the publish"
		case list == "stale":
			return fmt.Sprintf("%s is %s: /invalidate has to allow it, and /statfileslevel to let the publish reach its folder", name, other)
		case list == "fresh":
			return fmt.Sprintf("%s is %s: /invalidate has to deny it, or a greater /statfileslevel to keep the publish from its folder", name, other)
		}
		return fmt.Sprintf("%s is %s: a publish deletes the files of its own handle", name, other)
	}
	docroot := ""
	if f := d.Farm.Farm; f != nil && f.Cache != nil {
		docroot = strings.TrimRight(f.Cache.Docroot.Value, "/")
	}
	return docroot + name + " is not there: write it below files:"
}

// pathAsked is the path that the client asked for.
func pathAsked(o *Observed) string {
	path, _, _ := strings.Cut(textAt(o, "request.url"), "?")
	return path
}

// textAt is a text of the answer; "" where there is none.
func textAt(o *Observed, path string) string {
	v, _ := o.Answer.LookUp(path)
	s, _ := v.(string)
	return s
}

// entriesAt are the entries of a list of the answer.
func entriesAt(o *Observed, path string) []string {
	v, _ := o.Answer.LookUp(path)
	return memberSubject(v).texts
}

// firstNotIn is the first text that is wanted and not in a list; "" where what is wanted is a pattern.
func (m *Matcher) firstNotIn(list []string) string {
	wanted := []*Matcher{m}
	if m.kind == matchList {
		wanted = m.inner
	}
	for _, w := range wanted {
		if w.kind == matchText && !slices.Contains(list, w.text) {
			return w.text
		}
	}
	return ""
}

// takes reports whether a word would be as expected.
func (m *Matcher) takes(word string) bool {
	return m.match(&subject{shown: word, value: word, texts: []string{word}, equals: func(want string) bool {
		want, _, _ = strings.Cut(want, " by ")
		return want == word
	}})
}

// called is the label of a rule, or what stands for one without.
func called(r *model.Rule, other string) string {
	if r == nil || r.Label == "" {
		return other
	}
	return label(r)
}

// counting are the names of a query's parameters that are not known to be ignored, quoted.
func counting(query string, t *simulate.Trace) []string {
	ignored := map[string]bool{}
	for i := range t.Looked {
		l := &t.Looked[i]
		if l.Section == "/cache/ignoreUrlParams" && l.Match && len(l.Elements) > 0 {
			ignored[l.Elements[0].Subject] = l.Rule.Allow // the last that matches
		}
	}
	const most = 5
	var out []string
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil && ignored[decoded] || ignored[name] || name == "" {
			continue
		}
		if len(out) == most {
			return append(out, "…")
		}
		out = append(out, fmt.Sprintf("%.60q", name))
	}
	return out
}
