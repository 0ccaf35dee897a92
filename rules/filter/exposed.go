package filter

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

const (
	checklist = "AdobeDocs/experience-manager-dispatcher.en, security-checklist.md"
	hacker    = "0ang3el/aem-hacker"
	pickaxe   = "Netcentric/pickaxe-security-scanner"
)

var filterAdminPathAllowed = lint.Rule{
	ID: "DSP178", Name: "filter-admin-path-allowed", Severity: diag.Error, Security: true, Drops: true, Asks: true,
	Farm: func(p *lint.Pass, f *model.Farm) { checkHazards(p, f, administration()) },
	Doc: lint.Doc{
		Title: "an administration console can be reached",
		Why: "Consoles of AEM read and change the whole instance: who reaches the repository browser, the package manager or the web " +
			"console and has, or guesses, a password can run code. On publish instances nobody needs them through the Dispatcher.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0080 { /type "allow" /url "/crx/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0080 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Note: "Farms for authors are not looked at. One finding for each rule: the URL is an example that it lets through, and other consoles " +
			"are named beside it. A rule that opens everything is another matter (DSP154).",
		Since:   since,
		Sources: []string{checklist, configuration, hacker, "projectdiscovery/nuclei-templates", "adobe/skills, sensitive-paths-catalog.md"},
	},
}

var filterSensitivePathAllowed = lint.Rule{
	ID: "DSP179", Name: "filter-sensitive-path-allowed", Severity: diag.Error, Security: true, Drops: true, Asks: true,
	Farm: func(p *lint.Pass, f *model.Farm) { checkHazards(p, f, sensitive()) },
	Doc: lint.Doc{
		Title: "a servlet or tree that is AEM's own can be reached",
		Why: "AEM answers on many paths that no site needs: searches over the repository, the homes of users, servlets that fetch " +
			"URLs for their caller. They give away content and password hashes, or serve as a way into the network.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /url "/bin/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url "/bin/mysite/search.json" }
}
`,
		Note: "Farms for authors are not looked at. Product pages, lists of assets, the user interface of authors and a few servlets " +
			"are warnings. One finding for each rule, with the worst that it opens; the rest is named beside it. A rule that opens everything is " +
			"another matter (DSP154).",
		Since:   since,
		Sources: []string{checklist, configuration, hacker, "hacktivesec/AEM-hacker2", pickaxe, "Cognifide/SecureCQ"},
	},
}

func checkHazards(p *lint.Pass, f *model.Farm, list []hazard) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	var found []passage
	for _, h := range list {
		told := map[*model.Rule]bool{}
		for _, request := range h.requests {
			if r := a.lets(request); r != nil && !told[r] {
				told[r] = true
				found = append(found, passage{rule: r, request: request, what: ", " + h.what, severity: h.severity})
			}
		}
	}
	slices.SortStableFunc(found, func(x, y passage) int { return int(y.severity) - int(x.severity) })
	a.tellEachRule(found, "allow single paths that the site needs, or deny this one further down")
}

var filterBypassByExtension = lint.Rule{
	ID: "DSP180", Name: "filter-bypass-by-extension", Severity: diag.Error, Security: true, Drops: true, Asks: true, Farm: checkBypass,
	Doc: lint.Doc{
		Title: "a denied address is let through in disguise",
		Why: "AEM serves the same servlet when something is put behind its address: another extension, a suffix, a path parameter. A rule " +
			"that goes by how an address ends then lets through what the filter denies.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0011 { /type "allow" /method "GET" /url "*.css" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0011 { /type "allow" /method "GET" /url "/etc.clientlibs/*.css" }
}
`,
		Note: "Farms for authors are not looked at. One finding for each rule, with the first address as the example; other disguises are " +
			"named beside it. A rule that allows by the extension alone is another matter (DSP161), as is one that opens everything (DSP154). " +
			"Whether AEM answers depends on its release and on Apache, which may refuse control characters.",
		Since:   since,
		Sources: []string{hacker, pickaxe + ", FilterEvasion", "AdobeDocs/experience-manager-dispatcher.en, issue 32"},
	},
}

func checkBypass(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	var found []passage
	told := map[telling]bool{}
	disguised := disguises()
	byExtension := a.byExtension()
	for _, list := range [][]hazard{administration(), sensitive()} {
		for _, h := range list {
			if p.Context().Err() != nil {
				return
			}
			if h.class == "dam" {
				continue // with another ending it is a page like others
			}
			for _, request := range h.requests {
				if !strings.HasPrefix(request, "/") {
					continue // disguises are for links
				}
				plain, _, _ := strings.Cut(request, "?")
				by, ok := a.denied(plain)
				if !ok {
					continue
				}
				for _, g := range disguised {
					for _, form := range g.forms {
						got := plain + strings.TrimPrefix(form, "{}")
						r := a.lets(got)
						if key := (telling{g.what, r}); r != nil && byExtension[r] == "" && !told[key] {
							told[key] = true
							found = append(found, passage{rule: r, request: got, what: fmt.Sprintf(": %s hides %s", g.what, plain), related: deniedHere(by, plain)})
						}
					}
				}
			}
		}
	}
	a.tellEachRule(found, "bind the rule to a path, and deny what does not belong there")
}

var filterPathParameterNotDenied = lint.Rule{
	ID: "DSP181", Name: "filter-path-parameter-not-denied", Severity: diag.Error, Security: true, Drops: true, Asks: true, Farm: checkPathParameter,
	Doc: lint.Doc{
		Title: "path parameters are let through",
		Why: "AEM takes what stands behind a semicolon as parameters and leaves it out of the path; the Dispatcher does not. With " +
			"/bin/querybuilder.json;x='/x.css' the two see different addresses, and the filter judges another one than AEM serves.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0011 { /type "allow" /method "GET" /extension "css" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0011 { /type "allow" /method "GET" /extension "css" }
	/0152 { /type "deny"  /url '.*;.*' }
}
`,
		Note: "Where only pages that are open anyway can be asked for with a semicolon, it is an info, told once. The semicolon of " +
			"persisted GraphQL queries is none of these.",
		Since:   since,
		Sources: []string{"assetnote/hopgoblin", "projectdiscovery/nuclei-templates, aem-dispatcher-bypass", "hacktivesec/AEM-hacker2"},
	},
}

func checkPathParameter(p *lint.Pass, f *model.Farm) {
	a := askAbout(p, f)
	if a == nil {
		return
	}
	const hint = "deny them behind all allow rules: /url '.*;.*'"
	found := false
	for _, plain := range []string{"/bin/querybuilder.json", "/crx/de/index.jsp", "/system/console", "/home/users.json", "/libs/cq/core/content/welcome.html"} {
		by, ok := a.denied(plain)
		if !ok {
			continue
		}
		for _, parameter := range []string{
			";x='.ico/x'", ";x='.css/x'", ";x='x/.js/x'", ";%0aa.css", ";%0aa.png", ";a.html", ";x='x/graphql/execute/json/x'", ";x='/content/x.html'", ";x='/graphql/execute.json/x'",
			";.json",
		} {
			if r := a.lets(plain + parameter); r != nil {
				found = true
				a.tellOnce("", r, plain+parameter, ", which AEM reads as "+plain, hint, 0, deniedHere(by, plain)...)
			}
		}
	}
	if found {
		return
	}
	for _, base := range a.addresses(false) {
		for _, form := range []string{";x=1.html", ".html;x=1", ";x=1.json", ";x=1.png"} {
			if r := a.lets(base + form); r != nil {
				a.tellOnce("", r, base+form, ", with a path parameter", hint, diag.Info)
				return
			}
		}
	}
}

var filterTraversalNotDenied = lint.Rule{
	ID: "DSP182", Name: "filter-traversal-not-denied", Severity: diag.Error, Security: true, Drops: true, Asks: true, Farm: checkTraversal,
	Doc: lint.Doc{
		Title: "a way up in disguise is let through",
		Why: "Apache takes /../ out of a path before the filter sees it. It leaves \"..;\" and dots among brackets and braces, which a " +
			"servlet engine may read as a way up: what starts with an allowed folder then ends in another one.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0012 { /type "allow" /method "GET" /url "/etc.clientlibs/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0012 { /type "allow" /method "GET" /url "/etc.clientlibs/*" }
	/0153 { /type "deny"  /url '.*[.][.];.*' }
	/0154 { /type "deny"  /url '.*[][{}].*' }
}
`,
		Note: "Farms for authors are not looked at. One finding for each farm, since one rule puts it right, with the first way that is let through; " +
			"other rules that let one through are named beside it. Names of assets may hold brackets: deny those of dots alone, then.",
		Since:   since,
		Sources: []string{configuration + " (testing Dispatcher security)", "shinesolutions/inspec-aem-security", pickaxe + ", jetty-path-traversal", "calebpryor/aem-dispatcher-filter-testing"},
	},
}

func checkTraversal(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	var targets []string // what is denied where it is asked for by its name
	for _, target := range []string{"bin/querybuilder.json", "libs/x.html", "etc/x.css", "etc/x.js", "system/console"} {
		if _, ok := a.denied("/" + target); ok {
			targets = append(targets, target)
		}
	}
	var found []passage
	by := map[string]*model.Rule{} // what lets a request through: rules share folders
	for _, r := range f.Filter.Rules {
		if !r.Allow {
			continue
		}
		at := addressOf(r)
		i := strings.LastIndexByte(at, '/')
		if i < 1 {
			continue // from the root there is no way up
		}
		if p, ok := a.wayUp(r, (&url.URL{Path: at[:i+1]}).EscapedPath(), targets, by); ok {
			found = append(found, p)
		}
	}
	a.tellTogether(found, "deny such paths behind all allow rules: /url '.*[.][.];.*' and /url '.*[][{}].*'")
}

// wayUp returns a request that a rule lets through and that leads out of a folder, by way of the root, to one of some
// targets. by keeps what was asked already.
func (a *asking) wayUp(r *model.Rule, folder string, targets []string, by map[string]*model.Rule) (passage, bool) {
	depth := strings.Count(folder, "/") - 1
	for _, up := range [...]string{"..;/", ".[./", ".{.}/"} {
		for _, target := range targets {
			request := folder + strings.Repeat(up, depth) + target
			if len(by) >= maxWaysUp || r.URL != nil && r.URL.Err == nil && !matchesEncoded(r.URL, request) {
				continue // most that spell out more than a folder do not match
			}
			if _, asked := by[request]; !asked {
				by[request] = a.lets(request)
			}
			if by[request] == r {
				return passage{rule: r, request: request, what: ", a way out of " + folder}, true
			}
		}
	}
	return passage{}, false
}

// maxWaysUp bounds how many ways out of folders are asked about.
const maxWaysUp = 1 << 15

// matchesEncoded reports whether a pattern for the URL may match a request. It always does if something in that is encoded.
func matchesEncoded(p *model.Pattern, request string) bool {
	return strings.Contains(request, "%") || p.Match(request)
}

// The two addresses of Managed Services that are for its own watchers.
var filterAMSHealthcheckExposed = lint.Rule{
	ID: "DSP176", Name: "filter-ams-healthcheck-exposed", Severity: diag.Warning, Security: true, Profiles: []string{"ams"}, Drops: true, Asks: true,
	Literal: func(p *lint.Pass, f *model.Farm) { entryHealthcheck.includes(p, f) },
	Farm: func(p *lint.Pass, f *model.Farm) {
		checkExposed(p, f, []string{"/content/ams/healthcheck/x.html", "/content/ams/healthcheck/regent.html"}, "a health check of Managed Services", `deny /path "/content/ams/healthcheck/*"`)
	},
	Doc: lint.Doc{
		Title: "health checks of Managed Services can be reached",
		Why:   "The pages below /content/ams/healthcheck tell Adobe's watchers how an instance is. They are rendered at each request, and tell everybody else what to attack.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0020 { /type "deny"  /path "/content/ams/healthcheck/*" }
}
`,
		Literal: "The filter of a farm for the public has an entry with /type \"deny\" and /path \"/content/ams/healthcheck/*\"" + behindOrBefore,
		Note:    "Farms for authors are not looked at.", Since: since, Sources: []string{optimizer},
	},
}

const optimizer = "adobe/aem-dispatcher-optimizer-tool, core-rules.json"

var filterRegentExposed = lint.Rule{
	ID: "DSP177", Name: "filter-regent-exposed", Severity: diag.Warning, Security: true, Profiles: []string{"ams"}, Drops: true, Asks: true,
	Literal: func(p *lint.Pass, f *model.Farm) { entryRegent.includes(p, f) },
	Farm: func(p *lint.Pass, f *model.Farm) {
		checkExposed(p, f, []string{"/content/regent.html"}, "a page of Managed Services", `deny /url "/content/regent.html"`)
	},
	Doc: lint.Doc{
		Title: "the page regent of Managed Services can be reached",
		Why:   "/content/regent.html is for the load balancers and watchers of Managed Services. It is rendered at each request, and is nobody else's.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0020 { /type "deny"  /url "/content/regent.html" }
}
`,
		Literal: "The filter of a farm for the public has an entry with /type \"deny\" and /url \"/content/regent.html\"" + behindOrBefore,
		Note:    "Farms for authors are not looked at.", Since: since, Sources: []string{optimizer},
	},
}

func checkExposed(p *lint.Pass, f *model.Farm, requests []string, what, hint string) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, request := range requests {
		if r := a.lets(request); r != nil {
			a.tellOnce("", r, request, ", "+what, hint, 0)
		}
	}
}
