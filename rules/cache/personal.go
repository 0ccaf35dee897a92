package cache

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
)

const (
	securityChecklist = "AdobeDocs/experience-manager-dispatcher.en, security-checklist.md"
	csrfToken         = "/libs/granite/csrf/token.json"
)

// exampleStranger is a site whose filter lets the addresses through of which rules about the answers of one visitor speak.
const exampleStranger = "/virtualhosts { \"www.example.com\" }\n" + exampleHeadersIn + exampleRender + `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/site/*" /extension "html" }
	/0101 { /type "allow" /method "GET" /url "/libs/granite/csrf/token.json" }
	/0102 { /type "allow" /method "GET" /url "/libs/granite/security/currentuser.json" }
}
`

// exampleBesideRules is a complete /cache without /docroot and /rules.
const exampleBesideRules = exampleLevel + exampleGrace + exampleStale + exampleTTL + exampleInvalid + exampleClients + exampleParams + exampleHeaders

var csrfTokenCached = lint.Rule{
	ID: "DSP323", Name: "cache-csrf-token", Severity: diag.Error, Security: true, Fixable: true, Drops: true, Asks: true, Farm: checkCSRFToken,
	Doc: lint.Doc{
		Title: "the token against forged requests may be cached",
		Why: "AEM gives each visitor a token of its own, by which it knows a form as the visitor's. Stored and handed to everybody, the token " +
			"is refused: forms fail for all but the first, or protect nobody.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/rules {
				/0000 { /glob "*" /type "allow" }
				/0001 { /glob "/libs/granite/security/*" /type "deny" }
			}
		}
	}
}
`,
		Good: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/rules {
				/0000 { /glob "*"                             /type "allow" }
				/0001 { /glob "/libs/granite/security/*"      /type "deny" }
				/0002 { /glob "/libs/granite/csrf/token.json" /type "deny" }
			}
		}
	}
}
`,
		Files: []lint.File{{Name: "site.any", Text: exampleStranger}, {Name: "cache.any", Text: exampleBesideRules}},
		Note: "Not reported where the filter denies the token, and in farms for authors. AEM may forbid storing by a header of its answer; " +
			"what is said is what the rules allow.",
		Since:   since,
		Sources: []string{securityChecklist, archetype + " (default_rules.any)", skills},
	},
}

func checkCSRFToken(p *lint.Pass, f *model.Farm) {
	v := visitorOf(p, f)
	if v == nil {
		return
	}
	if s, ok := v.stores(p, csrfToken); ok {
		p.Report(diag.Diagnostic{
			Span: s.rule.At.Span, Included: s.rule.At.Included, Related: passedBy(s.filter, csrfToken),
			Message: fmt.Sprintf("cache %s lets %s be stored, and each visitor has one of its own", lastmatch.Name(s.rule), csrfToken),
			Hint:    fmt.Sprintf("deny it behind that rule: /glob %q", csrfToken),
			Fixes:   behindLast(f.Cache.Rules, "deny", csrfToken),
		})
	}
}

// passedBy is the place that lets a request through, where there is one.
func passedBy(r *model.Rule, url string) []diag.Related {
	if r == nil {
		return nil
	}
	return []diag.Related{{Span: r.At.Span, Message: url + " is let through here"}}
}

var userSpecificCached = lint.Rule{
	ID: "DSP324", Name: "cache-user-specific", Severity: diag.Error, Security: true, Fixable: true, Drops: true, Asks: true, Farm: checkUserSpecific,
	Doc: lint.Doc{
		Title: "what is made for one visitor may be cached",
		Why: "A stored answer is handed to everybody who asks. What AEM makes for one user, as the answer to who is logged in, an account or " +
			"a cart, is then read by all others until the file is made anew.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/rules {
				/0000 { /glob "*" /type "allow" }
				/0001 { /glob "/libs/granite/csrf/token.json" /type "deny" }
			}
		}
	}
}
`,
		Good: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/rules {
				/0000 { /glob "*"                             /type "allow" }
				/0001 { /glob "/libs/granite/csrf/token.json" /type "deny" }
				/0002 { /glob "/libs/granite/security/*"      /type "deny" }
			}
		}
	}
}
`,
		Files: []lint.File{{Name: "site.any", Text: exampleStranger}, {Name: "cache.any", Text: exampleBesideRules}},
		Note: "It knows addresses of AEM itself, of which its login pages alone are a warning. What a rule of /filter calls an account, a cart, a checkout, an order, a profile or a login is a " +
			"warning, and so is what a servlet below /bin answers where files do not expire. Farms for authors are not looked at. AEM may " +
			"forbid storing by a header of its answer; what is said is what the rules allow.",
		Since:   since,
		Sources: []string{securityChecklist, skills},
	},
}

// own are addresses at which AEM answers each user differently.
var own = [...]string{
	"/libs/granite/security/currentuser.json", "/libs/granite/security/userinfo.json", "/libs/cq/security/userinfo.json",
	"/libs/cq/currentuser.json", "/system/sling/info.sessionInfo.json", "/system/sling/loginstatus.json", loginPage, oldLoginPage,
}

// The pages at which users log in.
const (
	loginPage    = "/libs/granite/core/content/login.html"
	oldLoginPage = "/libs/cq/core/content/login.html"
)

// personalWord is a part of a path that is called after what one visitor has.
var personalWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[/._-])(my-?account|accounts?|shopping-?cart|cart|basket|checkout|orders?|wish-?list|my-?profile|profile|login|loginstatus|saml_login)([/._*-]|$)`)
})

func checkUserSpecific(p *lint.Pass, f *model.Farm) {
	v := visitorOf(p, f)
	if v == nil {
		return
	}
	type at struct {
		stored
		severity diag.Severity
		urls     []string
	}
	var found []*at
	for _, url := range own {
		s, ok := v.stores(p, url)
		if !ok {
			continue
		}
		severity := diag.Error
		if url == loginPage || url == oldLoginPage {
			severity = diag.Warning
		}
		i := slices.IndexFunc(found, func(a *at) bool { return a.rule == s.rule })
		if i < 0 {
			i, found = len(found), append(found, &at{stored: s})
		}
		found[i].urls, found[i].severity = append(found[i].urls, url), max(found[i].severity, severity)
	}
	for _, a := range found {
		p.Report(diag.Diagnostic{
			Severity: a.severity, Span: a.rule.At.Span, Included: a.rule.At.Included, Related: passedBy(a.filter, a.urls[0]),
			Message: fmt.Sprintf("cache %s lets %s be stored, and AEM answers each user differently", lastmatch.Name(a.rule), enumerate(a.urls)),
			Hint:    "deny it behind that rule",
			Fixes:   behindLast(f.Cache.Rules, "deny", a.urls...),
		})
	}
	v.named(p, func(text string) bool { return personalWord().MatchString(text) || strings.HasPrefix(text, "/bin/") }, func(r *model.Rule, url string, s stored) {
		if slices.Contains(own[:], url) {
			return
		}
		d := diag.Diagnostic{
			Severity: diag.Warning, Span: s.rule.At.Span, Included: s.rule.At.Included, Related: passedBy(s.filter, url),
			Hint: "deny it behind that rule if it is not the same for everybody",
		}
		switch {
		case personalWord().MatchString(url) && personalWord().MatchString(textOf(r)):
			d.Message = fmt.Sprintf("cache %s lets %s be stored, which by its name is one visitor's own", lastmatch.Name(s.rule), url)
		case strings.HasPrefix(url, "/bin/") && !expires(f.Cache) && !invalidated(f.Cache, url):
			d.Message = fmt.Sprintf("cache %s lets %s be stored for good: what a servlet answers is seldom the same for everybody", lastmatch.Name(s.rule), url)
		default:
			return
		}
		p.Report(d)
	})
}

// textOf is what a rule of /filter says of the URL.
func textOf(r *model.Rule) string {
	text := ""
	for _, p := range [...]*model.Pattern{r.Path, r.URL} {
		if p != nil {
			text += p.Text() + "/"
		}
	}
	return text
}

// mostNamed is how many rules of a filter are asked about for what they say.
const mostNamed = 200

// named calls yield for each allow rule of /filter whose text is looked for and of whose URLs there is an example that is
// stored because of it, whatever its extension.
func (v *visitor) named(p *lint.Pass, wanted func(text string) bool, yield func(r *model.Rule, url string, s stored)) {
	if v.farm.Filter == nil {
		return
	}
	n := 0
	for _, r := range v.farm.Filter.Rules {
		if p.Context().Err() != nil {
			return
		}
		if !r.Allow || !wanted(textOf(r)) {
			continue
		}
		if n++; n > mostNamed {
			return
		}
		path := pathOf(r)
		if path == "" {
			continue
		}
		for _, end := range [...]string{"", ".json", ".html"} {
			if end == "" && !strings.Contains(path[strings.LastIndexByte(path, '/')+1:], ".") {
				continue
			}
			if s, ok := v.stores(p, path+end); ok && s.filter == r {
				yield(r, path+end, s)
				break
			}
		}
	}
}

// invalidated reports whether a flush of any page makes the file of a URL stale.
func invalidated(c *model.Cache, url string) bool {
	if c.Invalidate == nil {
		return false
	}
	for i := len(c.Invalidate.Rules) - 1; i >= 0; i-- {
		r := c.Invalidate.Rules[i]
		if g := r.Glob; g != nil && g.Pattern != nil && g.Match(url) {
			return r.Allow
		}
	}
	return false
}

// enumerate joins a few texts for a message.
func enumerate(list []string) string {
	const some = 3
	switch n := len(list); {
	case n == 1:
		return list[0]
	case n > some:
		return fmt.Sprintf("%s and %d more", strings.Join(list[:some], ", "), n-some)
	default:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
}
