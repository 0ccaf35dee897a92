package filter

import (
	"net/http"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/source"
)

const csrfToken = "/libs/granite/csrf/token.json"

var filterCSRFTokenBlocked = lint.Rule{
	ID: "DSP203", Name: "filter-csrf-token-blocked", Severity: diag.Warning, Drops: true, Asks: true, Fixable: true, Farm: checkCSRFToken,
	Doc: lint.Doc{
		Title: "forms can be posted, and their token cannot be fetched",
		Why: "A page with a form asks AEM for a token and sends it along with the form. AEM refuses what a visitor who is logged in posts " +
			"without one, so forms that work for everybody else fail for those.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0200 { /type "allow" /method "POST" /url "/content/site/en/contact.send.html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET"  /path "/content/*" /extension "html" }
	/0200 { /type "allow" /method "POST" /url "/content/site/en/contact.send.html" }
	/0201 { /type "allow" /method "GET"  /url "/libs/granite/csrf/token.json" }
}
`,
		Note: "Only a rule that names POST in /method says that there are forms, and rules for GraphQL and logins do not count. The fix opens the " +
			"token behind all other rules.",
		Since:   since,
		Sources: []string{checklist, "AdobeDocs/experience-manager-65.en, csrf-protection.md", "AdobeDocs/experience-manager-core-components, forms"},
	},
}

func checkCSRFToken(p *lint.Pass, f *model.Farm) {
	a := askAbout(p, f)
	if a == nil || a.gaps {
		return
	}
	form := a.posted()
	if form == nil {
		return
	}
	by, ok := a.denied(csrfToken)
	if !ok {
		return
	}
	at, included := a.section()
	p.Report(diag.Diagnostic{
		Span: at, Included: included,
		Message: "/filter denies " + csrfToken + ", and " + letsThrough(form) + " lets forms be posted",
		Hint:    `allow it behind the rule that denies it: /method "GET" /url "` + csrfToken + `"`,
		Related: append(deniedHere(by, csrfToken), diag.Related{Span: form.At.Span, Message: "forms are let through here"}),
		Fixes:   appended(f.Filter, "allow-csrf-token", `{ /type "allow" /method "GET" /url "`+csrfToken+`" }`),
	})
}

// posted returns a rule that lets forms be posted and says so; nil where there is none.
func (a *asking) posted() *model.Rule {
	for _, r := range a.farm.Filter.Rules {
		if !r.Allow || r.Glob != nil || !known(r.Method) || r.Method.Always() || !r.Method.Match(http.MethodPost) {
			continue
		}
		for _, at := range a.examplesOf(r) {
			if !strings.Contains(at, "graphql") && !strings.Contains(at, "j_security_check") && a.lets("POST "+at) == r {
				return r
			}
		}
	}
	return nil
}

var filterClientlibsBlocked = lint.Rule{
	ID: "DSP204", Name: "filter-clientlibs-blocked", Severity: diag.Warning, Drops: true, Asks: true, Fixable: true, Farm: checkClientlibs,
	Doc: lint.Doc{
		Title: "pages are let through, and their client libraries are not",
		Why: "Since release 6.3 AEM serves scripts and style sheets of components under /etc.clientlibs, whatever folder they lie in. Where " +
			"that is denied, pages come without them.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0101 { /type "allow" /method "GET" /url "/etc.clientlibs/*" }
}
`,
		Note: "A filter that lets files below /etc/clientlibs, /etc/designs or /apps through is taken for one of an older site, and one that " +
			"speaks of /etc.clientlibs anywhere is not reported. The fix opens them behind all other rules.",
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, default_filters.any (/0012)", "AdobeDocs/experience-manager-65.en, clientlibs.md"},
	},
}

// clientlibs are addresses of client libraries, in the forms that strict rules tell apart.
func clientlibs() []string {
	return []string{
		"/etc.clientlibs/mysite/clientlibs/clientlib-base.css", "/etc.clientlibs/mysite/clientlibs/clientlib-base.min.js",
		"/etc.clientlibs/mysite/clientlibs/clientlib-base.lc-0123456789abcdef0123456789abcdef-lc.min.css", "/etc.clientlibs/a/b.css",
	}
}

func checkClientlibs(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil || a.gaps || mentions(f.Filter, "clientlibs") {
		return
	}
	libs := clientlibs()
	by, ok := a.denied(libs[0])
	if !ok {
		return
	}
	for _, other := range append(libs[1:], "/etc/clientlibs/mysite/x.css", "/etc/designs/mysite/x.css", "/apps/mysite/clientlibs/x.css") {
		if _, ok := a.denied(other); !ok {
			return
		}
	}
	pages := a.sharedPages()
	if len(pages) == 0 {
		return
	}
	page := a.lets(pages[0] + ".html")
	if page == nil {
		return
	}
	at, included := a.section()
	p.Report(diag.Diagnostic{
		Span: at, Included: included,
		Message: "/filter denies client libraries, such as " + libs[0] + ", and lets pages through",
		Hint:    `allow them: /method "GET" /url "/etc.clientlibs/*"`,
		Related: append(deniedHere(by, libs[0]), diag.Related{Span: page.At.Span, Message: pages[0] + ".html is let through here"}),
		Fixes:   appended(f.Filter, "allow-clientlibs", `{ /type "allow" /method "GET" /url "/etc.clientlibs/*" }`),
	})
}

// mentions reports whether an allow rule has a word in what it says of the URL.
func mentions(l *model.RuleList, word string) bool {
	for _, r := range l.Rules {
		if !r.Allow {
			continue
		}
		for _, p := range r.Patterns() {
			switch p.Property {
			case "glob", "url", "path", "extension":
				if strings.Contains(p.Text(), word) {
					return true
				}
			}
		}
	}
	return false
}

const mustAllow = "must-allow"

var filterNeededURLDenied = lint.Rule{
	ID: "DSP214", Name: "filter-needed-url-denied", Severity: diag.Error, Asks: true, InImmutable: true, Config: checkNeeded,
	Options: []lint.Option{{
		Name: mustAllow, Default: []string{},
		Doc: "URLs that visitors need, a method before them where it is not GET: \"/content/site/en.html\" for some farm, \"POST https://www.example.com/x.html\" for the farm of that host.",
	}},
	Doc: lint.Doc{
		Title: "a URL that visitors need is denied",
		Why: "A rule that closes a gap is soon one that closes a page, and nobody notices before visitors do. The URLs that a project names " +
			"are asked for at each run, as a visitor whom nobody knows would.",
		Options: lint.Options{mustAllow: {Value: []string{"/content/site/en.html", "/content/site/en.search.html"}}},
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0200 { /type "deny"  /selectors "*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0200 { /type "deny"  /selectors "*" }
	/0201 { /type "allow" /method "GET" /url "/content/site/en.search.html" }
}
`,
		Note: "Nothing is reported unless the option must-allow names URLs; in the examples it names /content/site/en.html and /content/site/en.search.html. A path alone has to pass in one of the farms for visitors; one " +
			"with a host in the farm that has the host among its /virtualhosts. URLs are those that /filter sees: what Apache rewrites them to.",
		Since:   since,
		Sources: []string{"wcm-io-devops, smoke test of a Dispatcher"},
	},
}

func checkNeeded(p *lint.Pass, c *model.Config) {
	for _, text := range p.Strings(mustAllow) {
		if p.Context().Err() != nil {
			return
		}
		n, ok := neededOf(text)
		if !ok {
			if len(c.Farms) > 0 {
				p.Report(diag.Diagnostic{
					Span: nameOf(c.Farms[0]), Included: c.Farms[0].At.Included,
					Message: "option " + mustAllow + " has " + shown(text) + ", which is no URL",
					Hint:    "write a path, such as /content/site/en.html, or a URL with http:// or https://, and a method before it where it is not GET",
				})
			}
			continue
		}
		checkOne(p, n, n.farms(p, c))
	}
}

// checkOne reports a URL that each of some farms denies, at the first of them.
func checkOne(p *lint.Pass, n needed, farms []*model.Farm) {
	var first *asking
	var by *model.Rule
	for _, f := range farms {
		a := askAbout(p.For(f), f)
		if a == nil || a.gaps {
			return // it may pass there
		}
		r, ok := a.denied(n.method + " " + n.target)
		if !ok {
			return
		}
		if first == nil {
			first, by = a, r
		}
	}
	if first == nil {
		return
	}
	request := n.target
	if n.method != http.MethodGet {
		request = n.method + " " + n.target
	}
	message := "/filter denies " + request
	if n.host != "" {
		message += " of " + n.host
	}
	switch {
	case by == nil:
		message += ", since no rule matches"
	default:
		message += " by " + named(by)
	}
	at, included := first.section()
	p.Report(diag.Diagnostic{
		Span: at, Included: included, Message: message + ", and the project needs it",
		Hint: "allow it behind that rule, or take it off the option " + mustAllow, Related: deniedHere(by, request),
	})
}

func nameOf(f *model.Farm) source.Span {
	if f.NameAt.IsZero() {
		return f.At.Span
	}
	return f.NameAt
}

// A needed is a request that has to pass.
type needed struct{ method, scheme, host, target string }

// neededOf reads an entry of the option.
func neededOf(text string) (needed, bool) {
	n := needed{method: http.MethodGet}
	text = strings.TrimSpace(text)
	if method, rest, ok := strings.Cut(text, " "); ok {
		if method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return n, false
		}
		n.method, text = method, strings.TrimSpace(rest)
	}
	if scheme, rest, ok := strings.Cut(text, "://"); ok && !strings.HasPrefix(text, "/") {
		if scheme != "http" && scheme != "https" {
			return n, false
		}
		host, path, _ := strings.Cut(rest, "/")
		n.scheme, n.host, text = scheme, strings.ToLower(host), "/"+path
		if host == "" {
			return n, false
		}
	}
	text, _, _ = strings.Cut(text, "#")
	n.target = text
	return n, strings.HasPrefix(text, "/") && !strings.ContainsAny(text, " \t")
}

// farms returns the farms of which one has to let the request through: those for visitors, or the one for its host.
func (n needed) farms(p *lint.Pass, c *model.Config) []*model.Farm {
	if n.host != "" {
		if f := n.farm(c); f != nil {
			return []*model.Farm{f}
		}
		return nil
	}
	var list []*model.Farm
	for _, f := range c.Farms {
		if p.FarmType(f) != lint.Author {
			list = append(list, f)
		}
	}
	return list
}

// farm returns the farm that takes the host: the last one that names it, values with a scheme or a path first.
func (n needed) farm(c *model.Config) *model.Farm {
	name, _, _ := strings.Cut(n.host, ":")
	path, _, _ := strings.Cut(n.target, "?")
	for _, explicit := range []bool{true, false} {
		for i := len(c.Farms) - 1; i >= 0; i-- {
			for _, v := range c.Farms[i].VirtualHosts {
				host := name
				if v.HasPort {
					host = n.host
				}
				if v.Host != nil && (v.Scheme != "" || v.URI != nil) == explicit && v.Host.Match(host) &&
					(v.Scheme == "" || v.Scheme == n.scheme) && (v.URI == nil || v.URI.Match(path)) {
					return c.Farms[i]
				}
			}
		}
	}
	return nil
}
