package filter

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterQueryFirstParamOnly = lint.Rule{
	ID: "DSP175", Name: "filter-query-first-param-only", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Fixable: true, Farm: checkFirstParameter,
	Doc: lint.Doc{
		Title: "rule denies a parameter only where it comes first",
		Why: "/query is compared with the whole query. One that starts with the name of a parameter misses the parameter behind another " +
			"one: ?debug=layout is denied, and ?x=1&debug=layout is let through.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0118 { /type "deny"  /query "debug=*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0118 { /type "deny"  /query '(.*&)?debug=.*' }
}
`,
		Note: "The rules /0018 and /0019 of Adobe's default filter are such ones; their owner adds rules of the better form behind the " +
			"$include. A fix is offered where the pattern is a name, an equals sign and an asterisk.",
		Since:   since,
		Sources: []string{"calebpryor/aem-dispatcher-filter-testing", "adobe/aem-project-archetype, default_filters.any (/0018, /0019)"},
	},
}

func checkFirstParameter(p *lint.Pass, f *model.Farm) {
	a := askAbout(p, f)
	if a == nil {
		return
	}
	for _, r := range f.Filter.Rules {
		if !denies(r) || r.Glob != nil || !known(r.Query) || isAnything(r.Query) {
			continue
		}
		query := wordOf(r.Query)
		name, _, ok := strings.Cut(query, "=")
		if !ok || name == "" || strings.ContainsAny(query, "&#% ") || strings.HasPrefix(r.Query.Text(), "*") || r.Query.Match("x=1&"+query) {
			continue
		}
		for _, at := range a.placesOf(r) {
			by, ok := a.denied(at + "?" + query)
			if !ok || by != r {
				continue
			}
			second := at + "?x=1&" + query
			through := a.lets(second)
			if through == nil {
				continue
			}
			p.Report(diag.Diagnostic{
				Span: r.Query.ValueAt, Included: r.Query.At.Included, Fixes: anywhere(r.Query),
				Message: named(r) + " denies the parameter " + shown(name) + " only where it comes first: " + second + " is let through",
				Hint:    "write it so that it may stand anywhere: /query '(.*&)?" + name + "=.*'",
				Related: []diag.Related{{Span: through.At.Span, Message: "it is let through here"}},
			})
			break
		}
	}
}

type placesKey struct{ farm *model.Farm }

// placesOf returns paths that a rule may be asked about: what it speaks of itself, pages, and what is allowed.
func (a *asking) placesOf(r *model.Rule) []string {
	var list []string
	if r.URL != nil || r.Path != nil {
		list = a.examplesOf(r)
	}
	return append(list, lint.Memo(a.pass, placesKey{a.farm}, func() []string {
		var places []string
		for _, page := range a.sharedPages() {
			places = append(places, page+".html")
		}
		for _, o := range a.farm.Filter.Rules {
			if at := addressOf(o); o.Allow && at != "" && len(places) < 2*maxAddresses {
				places = append(places, at)
			}
		}
		return places
	})...)
}

// anywhere is the fix that makes a glob for a parameter in first place find it anywhere. Not safe: more is denied
// after it.
func anywhere(p *model.Pattern) []diag.Fix {
	name, ok := strings.CutSuffix(p.Text(), "=*")
	if !ok || isRegex(p) || p.Quote == 0 || !inFile(p) {
		return nil
	}
	for i := range len(name) {
		if !wordByte(name[i]) && name[i] != ':' && name[i] != '-' {
			return nil
		}
	}
	text := "'(.*&)?" + name + "=.*'"
	return []diag.Fix{{Title: "write " + text, Edits: []diag.Edit{{Span: p.ValueAt, New: text}}}}
}

var filterHTTPProxyParam = lint.Rule{
	ID: "DSP218", Name: "filter-http-proxy-param", Severity: diag.Info, Security: true, Drops: true, Asks: true, Farm: checkProxyParameter,
	Doc: lint.Doc{
		Title: "servlet that looks like a proxy takes a URL from anybody",
		Why: "A servlet that fetches, or redirects to, the URL in a parameter does so for everybody who can reach it: into the network behind " +
			"it, or to a page that looks like a part of the site.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url "/bin/mysite/proxy" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url "/bin/mysite/proxy" }
	/0101 { /type "deny"  /url "/bin/*" /query '(.*&)?(url|uri|target|dest|redirect)=.*' }
}
`,
		Note: "Only paths below /bin and /services whose name says proxy, fetch, redirect, forward or relay are looked at, and the " +
			"parameters url, uri, target, dest and redirect. Farms for authors are not.",
		Since:   since,
		Sources: []string{"adobe/skills, OWASP table (A10)", hacker + ", SSRF"},
	},
}

// proxyWords are what the name of a servlet has that goes where it is told.
var proxyWords = [...]string{"proxy", "fetch", "redirect", "forward", "relay"}

func checkProxyParameter(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, r := range f.Filter.Rules {
		if !r.Allow || r.Glob != nil {
			continue
		}
		at := addressOf(r)
		if !strings.HasPrefix(at, "/bin/") && !strings.HasPrefix(at, "/services/") {
			continue
		}
		name := strings.ToLower(at)
		found := false
		for _, word := range proxyWords {
			found = found || strings.Contains(name, word)
		}
		if !found {
			continue
		}
		for _, parameter := range []string{"url", "uri", "target", "dest", "redirect"} {
			if request := at + "?" + parameter + "=http://callback.invalid"; a.lets(request) == r {
				a.tellOnce("", r, request, ", and its name says that it goes there", "deny such parameters, or have the servlet know where it may go", 0)
				break
			}
		}
	}
}
