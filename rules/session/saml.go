package session

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
)

// samlLogin ends the URLs to which AEM has identity providers post.
const samlLogin = "saml_login"

var samlPostBlocked = lint.Rule{
	ID: "DSP518", Name: "saml-post-blocked", Severity: diag.Info, Asks: true, Farm: checkSAML,
	Doc: lint.Doc{
		Title: "login by SAML is prepared, and its requests are denied",
		Why: "The identity provider has the browser post what it says of the visitor to a URL that ends in /saml_login. Where the filter denies that POST the " +
			"visitor sees an error in place of the page, though provider and AEM are set up.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/content/*" }
	/0101 { /type "allow" /method "GET" /url "/content/brand/saml_login" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/content/*" }
	/0101 { /type "allow" /method "POST"       /url "/content/brand/saml_login" }
}
`,
		Note: "It speaks where an allow rule of /filter, or any rule of the cache, names saml_login. Asked about are POST requests for URLs that these rules match, " +
			"for /saml_login and for /content/saml_login: all have to be denied. The request headers that a login needs are DSP509.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-65.en, SAML 2.0 authentication handler", "adobe/aem-project-archetype, rewrite rules (saml_login)"},
	},
}

func checkSAML(ps *lint.Pass, f *model.Farm) {
	named := samlPatterns(f)
	if len(named) == 0 {
		return
	}
	a := askAbout(ps, f)
	if a == nil {
		return
	}
	var urls []string
	for _, p := range named {
		urls = append(urls, samlURLs(p)...)
	}
	urls = append(urls, "/content/"+samlLogin, "/"+samlLogin)
	var by *model.Rule // what denies the first of them, which the message names
	for i, url := range urls {
		r, denied := a.denies("POST", url)
		if !denied {
			return
		}
		if i == 0 {
			by = r
		}
	}
	p := named[0]
	d := diag.Diagnostic{
		Span: p.ValueAt, Included: p.At.Included,
		Message: fmt.Sprintf("%s is named, and POST %s is denied", samlLogin, shown(urls[0])),
		Hint:    `allow it: /type "allow" /method "POST" /url "*/saml_login"`,
	}
	if by != nil {
		d.Related = []diag.Related{{Span: by.At.Span, Message: lastmatch.Name(by) + " denies it"}}
	}
	ps.Report(d)
}

// samlPatterns are the patterns of a farm that show that it is made for logins by SAML: of rules that allow in /filter,
// and of any in the cache. A filter that denies such URLs is made for none.
func samlPatterns(f *model.Farm) []*model.Pattern {
	var found []*model.Pattern
	add := func(l *model.RuleList, denying bool) {
		if l == nil {
			return
		}
		for _, r := range l.Rules {
			if !r.Allow && !denying || !lastmatch.Plain(r) {
				continue
			}
			for _, p := range r.Patterns() {
				if strings.Contains(p.Text(), samlLogin) {
					found = append(found, p)
				}
			}
		}
	}
	add(f.Filter, false)
	if f.Cache != nil {
		add(f.Cache.Rules, true)
	}
	return found
}

// samlURLs returns URLs that a pattern matches and that end as those of SAML do.
func samlURLs(p *model.Pattern) []string {
	if p.Property == "glob" && strings.Contains(p.Text(), " ") {
		return nil // it is about whole request lines
	}
	const bound, few = automata.Limit(0), 4
	urls, err := bound.Language(p.Pattern)
	if err != nil {
		return nil
	}
	if urls, err = bound.Intersect(urls, automata.URIs()); err != nil {
		return nil
	}
	var out []string
	for _, url := range urls.Sample(few) {
		if strings.HasPrefix(url, "/") && strings.HasSuffix(url, samlLogin) && !strings.ContainsAny(url, "?# ") {
			out = append(out, url)
		}
	}
	return out
}
