package filter

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterBroadWriteAllow = lint.Rule{
	ID: "DSP160", Name: "filter-broad-write-allow", Severity: diag.Error, Security: true, Drops: true, Asks: true, Farm: checkBroadWrite,
	Doc: lint.Doc{
		Title: "a rule lets strangers write to a whole tree",
		Why: "Sling writes what is posted to any path into the repository, as far as permissions allow, and each POST is rendered by " +
			"an instance. A rule that allows POST for a tree opens every servlet below it.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0200 { /type "allow" /method "POST" /url "/content/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0200 { /type "allow" /method "POST" /url "/content/site/*/form.submit.html" }
}
`,
		Note: "Farms for authors are not looked at. A rule that names three folders, a selector or an extension is narrow enough, and a rule " +
			"without /method is another matter.",
		Since:   since,
		Sources: []string{checklist, hacker + ", post_servlet", "adobe/skills, OWASP table"},
	},
}

// narrowFolders is how many folders a path must name to count as narrow.
const narrowFolders = 3

func checkBroadWrite(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, r := range f.Filter.Rules {
		if !r.Allow || r.Method == nil || r.Method.Pattern == nil || r.Method.Always() || r.Selectors != nil || r.Extension != nil {
			continue
		}
		folder, ok := broadFolder(r)
		if !ok {
			continue
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			// Neither the name nor the extension is one that a rule would name.
			request := method + " " + folder + "dispcheck.dispcheck"
			if r.Method.Match(method) && a.lets(request) == r {
				a.tellOnce("", r, request, ": whatever is below "+folder+" can be written to", "name the paths that forms post to, with selector and extension", 0)
			}
		}
	}
}

// broadFolder returns the folder that a rule opens, where it names few folders above it.
func broadFolder(r *model.Rule) (string, bool) {
	at := r.URL
	if at == nil {
		at = r.Path
	}
	if at == nil {
		return "/", true
	}
	s := exampleOf(at)
	if !strings.HasPrefix(s, "/") || strings.Contains(s, ".") {
		return "", false
	}
	folder := s[:strings.LastIndexByte(s, '/')+1]
	if s != wordOf(at) && strings.Count(folder, "/") > 2 {
		return "", false // the wildcard ends a name, as in /bin/search*: that is one servlet
	}
	return (&url.URL{Path: folder}).EscapedPath(), strings.Count(folder, "/")-1 < narrowFolders
}

var filterAllowByExtensionOnly = lint.Rule{
	ID: "DSP161", Name: "filter-allow-by-extension-only", Severity: diag.Error, Security: true, Drops: true, Asks: true, Farm: checkByExtension,
	Doc: lint.Doc{
		Title: "a rule allows by the extension alone",
		Why: "AEM serves many servlets whatever the extension of the URL is. A rule that goes by the extension alone opens every path of the " +
			"instance to who appends .css to it.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0011 { /type "allow" /method "GET" /extension '(css|js|png)' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0011 { /type "allow" /method "GET" /extension '(css|js|png)' /path "/content/*" }
}
`,
		Note: "Adobe's own default filter has such a rule, /0011; its owner cannot change it, and denies what must not be open in a rule " +
			"behind the $include.",
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, issue 1247", "AdobeDocs/experience-manager-dispatcher.en, issue 32", hacker, "assetnote/hopgoblin"},
	},
}

func checkByExtension(p *lint.Pass, f *model.Farm) {
	a := askAbout(p, f)
	if a == nil {
		return
	}
	open := a.byExtension()
	for _, r := range f.Filter.Rules {
		if request := open[r]; request != "" {
			a.tellOnce("", r, request, ": any path passes that ends in ."+wordOf(r.Extension), "add the /path below which such files lie", 0)
		}
	}
}

// byExtension returns the rules that allow by the extension alone, each with a request that it lets through: what DSP161 is
// about.
func (a *asking) byExtension() map[*model.Rule]string {
	type key struct{ filter *model.RuleList }
	return lint.Memo(a.pass, key{a.farm.Filter}, func() map[*model.Rule]string {
		found := map[*model.Rule]string{}
		for _, r := range a.farm.Filter.Rules {
			if !r.Allow || r.Glob != nil || r.Extension == nil || r.Extension.Pattern == nil || !isAnything(r.URL) || !isAnything(r.Path) {
				continue
			}
			end := wordOf(r.Extension)
			if end == "" {
				continue
			}
			for _, request := range []string{
				"/bin/x." + end, "/bin/x.json;%0ay." + end, "/bin/x.json;y='." + end + "/z'", "/libs/x." + end, "/apps/x." + end, "/etc/x." + end, "/home/x." + end, "/var/x." + end,
			} {
				if a.lets(request) == r {
					found[r] = request
					break
				}
			}
		}
		return found
	})
}

var filterSelectorAnyMatch = lint.Rule{
	ID: "DSP164", Name: "filter-selector-any-match", Severity: diag.Error, Security: true, Drops: true, Asks: true, Farm: checkAnySelector,
	Doc: lint.Doc{
		Title: "a rule for one selector lets others through beside it",
		Why: "/selectors matches where one selector of the URL does, however many others there are. A rule that allows .model.json behind " +
			"the rules that deny lets .model.infinity.json through as well, which prints the repository.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0101 { /type "allow" /method "GET" /path "/content/*" /selectors "model" /extension "json" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0101 { /type "allow" /method "GET" /url '/content/[^.]+\.model\.json' }
}
`,
		Note: "Farms for authors are not looked at, nor rules for extensions with which Sling prints no trees by itself. It is a warning where XML alone passes, which " +
			"instances that are set up for production do not print. Where a page needs several selectors, write each order that is used as a /url.",
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, issue 576", "valtech-ch/aem-dispatcher-filter, filter.md"},
	},
}

func checkAnySelector(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, r := range f.Filter.Rules {
		if !r.Allow || r.Glob != nil || r.Selectors == nil || r.Selectors.Pattern == nil || isAnything(r.Selectors) {
			continue
		}
		s := wordOf(r.Selectors)
		if s == "" || strings.ContainsAny(s, "./()|[]") {
			continue // the pattern is meant otherwise than it reads
		}
		end, severity := renderedEnd(r.Extension)
		if end == "" || r.Method != nil && !r.Method.Match(http.MethodGet) {
			continue
		}
		base, _, _ := strings.Cut(addressOf(r), ".")
		if base == "" {
			base = "/content/x"
		}
		for _, bad := range []string{"infinity", "tidy", "1", "-1", "sysview", "docview", "query"} {
			for _, selectors := range []string{s + "." + bad, bad + "." + s} {
				if request := base + "." + selectors + "." + end; a.lets(request) == r {
					a.tellOnce("", r, request, ": "+bad+" passes beside "+s, "write path, selector and extension as one /url", severity)
				}
			}
		}
	}
}

// renderedEnd returns an extension that a pattern matches and for which Sling prints whole trees of nodes by itself, "" where
// there is none. As XML it does so on instances alone that are not set up for production.
func renderedEnd(p *model.Pattern) (end string, severity diag.Severity) {
	switch {
	case p == nil || p.Match("json"):
		return "json", diag.Error
	case p.Match("xml"):
		return "xml", diag.Warning
	}
	return "", 0
}

var filterQueryAllowMisread = lint.Rule{
	ID: "DSP199", Name: "filter-query-allow-misread", Severity: diag.Info, Security: true, Drops: true, Asks: true, Farm: checkQueryAllow,
	Doc: lint.Doc{
		Title: "a rule that allows one query keeps no other away",
		Why: "A rule with /query speaks of the requests that have the query, and of no others. Where another rule allows the same URL " +
			"without saying anything about queries, every query passes through that one.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" }
	/0101 { /type "allow" /method "GET" /path "/content/*" /query "q=*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" }
	/0101 { /type "deny"  /query "*" }
	/0102 { /type "allow" /method "GET" /path "/content/*" /query "q=*" }
}
`,
		Since:   since,
		Sources: []string{configuration + " (restricting query strings)"},
	},
}

func checkQueryAllow(p *lint.Pass, f *model.Farm) {
	a := askAbout(p, f)
	if a == nil {
		return
	}
	for _, r := range f.Filter.Rules {
		if !r.Allow || r.Glob != nil || r.Query == nil || r.Query.Pattern == nil || isAnything(r.Query) || r.Query.Text() == "" {
			continue
		}
		query := wordOf(r.Query)
		if query == "" || strings.ContainsAny(query, " #") {
			continue
		}
		for _, at := range a.examplesOf(r) {
			if a.lets(at+"?"+query) != r {
				continue
			}
			other := at + "?dispcheck=1"
			if by := a.lets(other); by != nil && by != r && by.Query == nil {
				a.tellOnce("", r, at+"?"+query, ", and "+letsThrough(by)+" lets through every other query", "deny other queries between the two rules", 0,
					diag.Related{Span: by.At.Span, Message: other + " is let through here"})
				break
			}
		}
	}
}

// examplesOf returns URLs that a rule may speak of.
func (a *asking) examplesOf(r *model.Rule) []string {
	at := addressOf(r)
	if at == "" {
		at = "/content/x"
	}
	end := ""
	if r.Extension != nil {
		end = "." + wordOf(r.Extension)
	}
	if r.Selectors != nil {
		if s := wordOf(r.Selectors); s != "" {
			end = "." + s + end
		}
	}
	return []string{at + end, at + ".html", at + ".json"}
}
