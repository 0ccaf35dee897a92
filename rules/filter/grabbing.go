package filter

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
)

// What no rule names: a selector and a suffix of nobody's.
const (
	strangeSelector = "dispcheck"
	strangeSuffix   = "/dispcheck.html"
)

var filterSuffixNotRestricted = lint.Rule{
	ID: "DSP162", Name: "filter-suffix-not-restricted", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Farm: checkSuffix, Literal: func(p *lint.Pass, f *model.Farm) { entrySuffix.includes(p, f) },
	Doc: lint.Doc{
		Title: "pages are let through with any suffix",
		Why: "AEM renders a page with whatever suffix stands behind it, and each is a page of its own for the cache. Anybody can make " +
			"up as many as it takes to keep the instances rendering and to fill the disk.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0150 { /type "deny"  /url "/content*" /suffix "*" }
}
`,
		Literal: "The filter of a farm for the public has an entry with /type \"deny\", /url \"/content*\" and /suffix \"*\"" + behindOrBefore,
		Note:    "Farms for authors are not looked at. Images and forms that need a suffix are allowed again behind the rule that denies.",
		Since:   since,
		Sources: []string{optimizer, "Cognifide/SecureCQ", "AdobeDocs/experience-manager-65.en, security checklist (denial of service by suffixes)"},
	},
}

func checkSuffix(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, page := range a.pages() {
		if r := a.lets(page + ".html" + strangeSuffix); r != nil {
			a.tellOnce("", r, page+".html"+strangeSuffix, ": any suffix passes", `deny suffixes of content and allow the ones that are used: /url "/content*" /suffix "*"`, 0)
		}
	}
}

var filterSelectorsNotRestricted = lint.Rule{
	ID: "DSP163", Name: "filter-selectors-not-restricted", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Farm: checkSelectors, Literal: func(p *lint.Pass, f *model.Farm) { entrySelectors.includes(p, f) },
	Doc: lint.Doc{
		Title: "pages are let through with any selector",
		Why: "AEM renders a page with whatever selectors stand in its name, and each is a page of its own for the cache. Anybody can make " +
			"up as many as it takes to keep the instances rendering and to fill the disk.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0151 { /type "deny"  /url "/content*" /selectors "*" }
}
`,
		Literal: "The filter of a farm for the public has an entry with /type \"deny\", /url \"/content*\" and /selectors \"*\"" + behindOrBefore,
		Note:    "Farms for authors are not looked at. Selectors that the site uses are allowed again behind the rule that denies, as a whole /url.",
		Since:   since,
		Sources: []string{optimizer, "Cognifide/SecureCQ", "AdobeDocs/experience-manager-65.en, security checklist (denial of service by selectors)"},
	},
}

func checkSelectors(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, page := range a.pages() {
		if r := a.lets(page + "." + strangeSelector + ".html"); r != nil {
			a.tellOnce("", r, page+"."+strangeSelector+".html", ": any selector passes", `deny selectors of content and allow the ones that are used: /url "/content*" /selectors "*"`, 0)
		}
	}
}

// grabbing are the selectors with which AEM lists content or runs queries, grabbingToo those that matter less or less
// often. Sources: those of DSP171 and DSP172.
var (
	grabbing     = [...]string{"infinity", "tidy", "sysview", "docview", "query", "feed", "rss", "pages", "languages", "blueprint", "1", "-1", "jcr:content"}
	grabbingToo  = [...]string{"children", "harray", "childrenlist", "assetsearch", "_jcr_content", "search", "ext", "assets", "permissions", "savedsearch", "cqactions", "social", "s7catalog", "form", "forms"}
	grabbingEnds = [...]string{"json", "xml", "feed"}
	// As HTML the default servlet prints one node whatever the selector is. These have servlets that list more.
	grabbingPages = [...]string{"feed", "rss", "pages", "languages", "blueprint", "childrenlist"}
)

var filterSelectorDenylistMissing = lint.Rule{
	ID: "DSP171", Name: "filter-selector-denylist-missing", Severity: diag.Error, Security: true, Drops: true, Asks: true, Farm: checkGrabbing, Literal: func(p *lint.Pass, f *model.Farm) { entryGrabbing.includes(p, f) },
	Doc: lint.Doc{
		Title: "content can be read with selectors that list it",
		Why: "The default servlets of Sling print the repository below a page: .infinity.json all of it, .1.json a level, .query.json what " +
			"a query of the caller's finds. That gives away authors, drafts and settings, and one request can keep an instance busy.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /url "/content/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /url "/content/*" }
	/0117 {
		/type "deny"
		/selectors '(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query|[0-9-]+|jcr:content)'
		/extension '(json|xml|html|feed)'
	}
}
`,
		Literal: "The filter of a farm for the public has an entry with /type \"deny\", the /selectors and the /extension of the example" + behindOrBefore,
		Note: "Farms for authors are not looked at. A filter that lets no such selector through needs no rule that denies them. It is a warning " +
			"where pages alone pass (html). A rule that opens again what another denies by its selectors is another matter (DSP185), as is one that " +
			"opens everything (DSP154).",
		Since:   since,
		Sources: []string{configuration, checklist, optimizer, "Cognifide/SecureCQ"},
	},
}

func checkGrabbing(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, g := range a.allGrabs() {
		severity := diag.Error
		if g.page {
			severity = diag.Warning
		}
		if !a.open[g.rule] && !a.reopens(g.rule) {
			a.tellOnce("", g.rule, g.request, ": the selector "+g.selector+" lists content", "deny such selectors behind all rules that allow content", severity)
		}
	}
}

// reopens reports whether DSP185 tells of a rule that it opens again what another denies by its selectors.
func (a *asking) reopens(r *model.Rule) bool {
	type key struct{ rule *model.Rule }
	return lint.Memo(a.pass, key{r}, func() bool {
		i := a.index[r]
		if !slices.ContainsFunc(a.farm.Filter.Rules[:i], func(d *model.Rule) bool { return !d.Allow && d.Selectors != nil }) {
			return false
		}
		_, _, found := lastmatch.Of(a.pass, lastmatch.Filter, a.farm).Reopened(i)
		return found
	})
}

// A grab is the first request with a selector of DSP171 that a rule lets through.
type grab struct {
	rule              *model.Rule
	request, selector string
	page              bool
}

// allGrabs returns the grab of each rule that has one.
func (a *asking) allGrabs() []grab {
	if !a.combed {
		a.grabs = nil
		known := map[*model.Rule]bool{}
		a.grabbed(grabbing[:], func(r *model.Rule, request, selector string, page bool) {
			if !known[r] {
				known[r] = true
				a.grabs = append(a.grabs, grab{r, request, selector, page})
			}
		})
		a.combed = a.pass.Context().Err() == nil
	}
	return a.grabs
}

// grabbed calls yield for each request of content with one of the selectors that is let through. A URL that a rule spells
// out is meant.
func (a *asking) grabbed(selectors []string, yield func(r *model.Rule, request, selector string, page bool)) {
	bases := a.addresses(true)
	ask := func(base, selector, end string) {
		request := base + "." + selector + "." + end
		if r := a.lets(request); r != nil && !spellsOut(r.URL) {
			yield(r, request, selector, end == "html")
		}
	}
	for _, base := range bases {
		if a.pass.Context().Err() != nil {
			return
		}
		for _, selector := range selectors {
			for _, end := range grabbingEnds {
				ask(base, selector, end)
			}
		}
	}
	for _, base := range bases {
		for _, selector := range selectors {
			if slices.Contains(grabbingPages[:], selector) {
				ask(base, selector, "html")
			}
		}
	}
}

var filterSelectorDenylistIncomplete = lint.Rule{
	ID: "DSP172", Name: "filter-selector-denylist-incomplete", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Farm: checkGrabbingToo,
	Doc: lint.Doc{
		Title: "content can be read with selectors that the usual list lacks",
		Why: "Besides the selectors that every list denies, AEM has others that print lists: .children.json and .harray.json show what lies " +
			"below a page, .assetsearch.json finds assets, .cqactions.json shows permissions.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /url "/content/*" }
	/0117 {
		/type "deny"
		/selectors '(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query|[0-9-]+|jcr:content)'
		/extension '(json|xml|html|feed)'
	}
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /url "/content/*" }
	/0117 { /type "deny"  /url "/content*" /selectors "*" }
}
`,
		Note:    "Farms for authors are not looked at. A rule of which DSP171 speaks is not told again.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-dispatcher.en, issue 42", configuration, pickaxe, "escalate/aem-dispatcher-security-scan"},
	},
}

func checkGrabbingToo(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	var worse map[*model.Rule]bool // asked for when it first matters
	a.grabbed(grabbingToo[:], func(r *model.Rule, request, selector string, _ bool) {
		if worse == nil {
			worse = map[*model.Rule]bool{}
			for _, g := range a.allGrabs() {
				worse[g.rule] = true
			}
		}
		if !worse[r] {
			a.tellOnce("", r, request, ": the selector "+selector+" lists content, too", "deny it with the others, or deny all selectors and allow the ones that are used", 0)
		}
	})
}

var filterDebugParamAllowed = lint.Rule{
	ID: "DSP173", Name: "filter-debug-param-allowed", Severity: diag.Warning, Security: true, Drops: true, Asks: true,
	Literal: func(p *lint.Pass, f *model.Farm) { entryDebug.includes(p, f) },
	Farm:    func(p *lint.Pass, f *model.Farm) { checkParameter(p, f, "debug=layout") },
	Doc: lint.Doc{
		Title: "pages are let through with the parameter debug",
		Why: "With ?debug=layout AEM shows how a page is made up, and in older releases repeats what the URL holds, script included " +
			"(CVE-2016-7882). It is rendered anew each time.",
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
		Literal: "The filter of a farm for the public has an entry with /type \"deny\", /method \"GET\" and /query \"debug=*\"" + behindOrBefore,
		Note:    "Farms for authors are not looked at. The parameter counts wherever it stands in the query.",
		Since:   since,
		Sources: []string{optimizer, configuration + " (testing Dispatcher security)", hacker + ", wcmdebug_filter", pickaxe},
	},
}

var filterWCMModeParamAllowed = lint.Rule{
	ID: "DSP174", Name: "filter-wcmmode-param-allowed", Severity: diag.Warning, Security: true, Drops: true, Asks: true,
	Literal: func(p *lint.Pass, f *model.Farm) { entryWCMMode.includes(p, f) },
	Farm:    func(p *lint.Pass, f *model.Farm) { checkParameter(p, f, "wcmmode=edit") },
	Doc: lint.Doc{
		Title: "pages are let through with the parameter wcmmode",
		Why: "With ?wcmmode=edit AEM renders a page as authors see it, with the markup of the editor and the paths of its parts. It is " +
			"rendered anew each time.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0119 { /type "deny"  /query '(.*&)?wcmmode=.*' }
}
`,
		Literal: "The filter of a farm for the public has an entry with /type \"deny\", /method \"GET\" and /query \"wcmmode=*\"" + behindOrBefore,
		Note:    "Farms for authors are not looked at. The parameter counts wherever it stands in the query.",
		Since:   since,
		Sources: []string{optimizer, checklist},
	},
}

func checkParameter(p *lint.Pass, f *model.Farm, parameter string) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, page := range a.pages() {
		if request, r := a.first(page+".html?"+parameter, page+".html?x=1&"+parameter); r != nil {
			name, _, _ := strings.Cut(parameter, "=")
			a.tellOnce("", r, request, ", with a parameter for authors", "deny it wherever it stands, behind all rules that allow pages: /query '(.*&)?"+name+"=.*'", 0)
		}
	}
}
