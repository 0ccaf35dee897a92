package session

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

// exampleVanity is a section about which nothing is said.
const exampleVanity = `/vanity_urls {
	/url "/libs/granite/dispatcher/content/vanityUrls.html"
	/file "/tmp/vanity_urls"
	/delay "300"
}
`

// reserved are URLs that filters deny for good reason, one for each class: what answers there is AEM's own.
var reserved = [...]string{
	"/system/console", "/crx/de/index.jsp", "/crx/packmgr/index.jsp", "/bin/querybuilder.json", "/libs/cq/core/content/welcome.html",
	"/etc/packages.html", "/home/users.json", "/apps", "/admin",
}

var vanityDefeatsFilter = lint.Rule{
	ID: "DSP515", Name: "vanity-defeats-filter", Severity: diag.Info, Off: true, Asks: true, Farm: checkVanityDefeats,
	Doc: lint.Doc{
		Title: "vanity URLs may open what the filter denies",
		Why: "A URL that stands on the list of vanity URLs is let through although /filter denies it. Every author who may edit the properties of a " +
			"page adds to that list: a vanity URL such as /system/console passes, and what answers there is AEM's own.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/content/*" }
}
` + exampleVanity,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/content/*" }
}
`,
		Note: "It is off unless a project selects it, since it speaks of every farm with /vanity_urls and a filter that denies. It is to be answered by " +
			"rules of httpd that deny the roots of AEM before the Dispatcher sees them, and by a look at the list; from 4.3.0 on, the module itself " +
			"keeps vanity URLs with an extension of their own from passing (DISP-709).",
		Since:   since,
		Sources: []string{configuration + " (/vanity_urls)", "AdobeDocs/experience-manager-dispatcher.en, release-notes.md (DISP-709)"},
	},
}

// listsVanity reports whether a farm has a list of vanity URLs.
func listsVanity(f *model.Farm) bool { return f.VanityURLs != nil && f.VanityURLs.URL.Value != "" }

func checkVanityDefeats(ps *lint.Pass, f *model.Farm) {
	if !listsVanity(f) {
		return
	}
	a := askAbout(ps, f)
	if a == nil {
		return
	}
	var denied []string
	for _, url := range reserved {
		if _, ok := a.denies("", url); ok {
			denied = append(denied, url)
		}
	}
	if len(denied) == 0 {
		return
	}
	const most = 3
	more := ""
	if len(denied) > most {
		more = fmt.Sprintf(" and %d more", len(denied)-most)
		denied = denied[:most]
	}
	at := f.VanityURLs.At
	ps.Tell(textedit.Head(at.Span), at, "a vanity URL passes where the filter denies: "+strings.Join(denied, ", ")+more,
		"deny these roots in httpd, too, and look at who may set vanity URLs")
}

var vanityListPublic = lint.Rule{
	ID: "DSP516", Name: "vanity-list-public", Severity: diag.Warning, Asks: true, Farm: checkVanityPublic,
	Doc: lint.Doc{
		Title: "list of vanity URLs can be read by everybody",
		Why: "AEM lists all vanity URLs on one page. The module's own requests for it do not pass /filter; let through, it tells visitors of campaigns " +
			"before they start and of pages that nothing links to, and AEM makes it by a query over the repository each time.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/content/*" }
	/0101 { /type "allow" /method '(GET|HEAD)' /url "/libs/granite/*" }
}
` + exampleVanity,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/content/*" }
}
` + exampleVanity,
		Note:    "Looked at are farms with /vanity_urls, and the URL that they name.",
		Since:   since,
		Sources: []string{configuration + " (/vanity_urls)", "AdobeDocs/experience-manager-learn.en, disp-vanity-url.md"},
	},
}

func checkVanityPublic(ps *lint.Pass, f *model.Farm) {
	if !listsVanity(f) || ps.FarmType(f) == lint.Author {
		return
	}
	u := &f.VanityURLs.URL
	a := askAbout(ps, f)
	if a == nil {
		return
	}
	urls := []string{vanityService}
	if strings.HasPrefix(u.Value, "/") && known(u.Value) && !strings.ContainsAny(u.Value, "# ") && u.Value != vanityService {
		urls = append(urls, u.Value)
	}
	for _, url := range urls {
		if r := a.lets("", url); r != nil {
			ps.Report(diag.Diagnostic{
				Span: r.At.Span, Included: r.At.Included,
				Message: fmt.Sprintf("filter %s lets everybody read the list of vanity URLs, %s", lastmatch.Name(r), shown(url)),
				Hint:    "deny the URL: the module's own requests do not pass the filter",
				Related: []diag.Related{{Span: u.At.Span, Message: "the list is used here"}},
			})
			return
		}
	}
}

var vanityAlreadyAllowed = lint.Rule{
	ID: "DSP517", Name: "vanity-already-allowed", Severity: diag.Info, Asks: true, Farm: checkVanityNeedless,
	Doc: lint.Doc{
		Title: "filter lets vanity URLs through without the list",
		Why: "The module asks the list of vanity URLs about requests that /filter denies. A filter that lets any short URL through never comes to that: the " +
			"list has no effect, and whatever is made up in place of a vanity URL reaches AEM, too.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/*" }
	/0101 { /type "deny"  /url '/(libs|apps|etc|bin|system|crx|home)(/.*)?' }
}
` + exampleVanity,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/content/*" }
}
` + exampleVanity,
		Note:    "Asked about are two made-up URLs without an extension, /dispcheck and /dispcheck/vanity: both have to pass.",
		Since:   since,
		Sources: []string{configuration + " (/vanity_urls: the URL has to be denied)"},
	},
}

func checkVanityNeedless(ps *lint.Pass, f *model.Farm) {
	if !listsVanity(f) {
		return
	}
	a := askAbout(ps, f)
	if a == nil {
		return
	}
	r, deep := a.lets("", "/dispcheck"), a.lets("", "/dispcheck/vanity")
	if r == nil || deep == nil {
		return
	}
	at := f.VanityURLs.At
	ps.Report(diag.Diagnostic{
		Span: textedit.Head(at.Span), Included: at.Included,
		Message: "/vanity_urls has no effect: the filter lets every short URL through",
		Hint:    "deny everything first, and allow what visitors need; or remove /vanity_urls",
		Related: []diag.Related{{Span: r.At.Span, Message: lastmatch.Name(r) + " lets /dispcheck through"}},
	})
}
