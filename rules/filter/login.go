package filter

import (
	"net/http"
	"slices"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

const usesLogin = "uses-aem-login"

var filterLoginVectorOpen = lint.Rule{
	ID: "DSP213", Name: "filter-login-vector-open", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Farm: checkLogin,
	Options: []lint.Option{{Name: usesLogin, Default: false, Doc: "Whether visitors log in to AEM itself; the rule is silent where they do."}},
	Doc: lint.Doc{
		Title: "everybody can try passwords of AEM",
		Why: "What is posted to j_security_check below any path is a login for AEM, and its login pages say which form to send. On an instance " +
			"whose visitors do not log in, all that comes there are guesses at the passwords of its users.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|POST)' /path "/content/*" /extension "html" }
	/0200 { /type "deny"  /query '(.*&)?sling:authRequestLogin.*' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|POST)' /path "/content/*" /extension "html" }
	/0200 { /type "deny"  /query '(.*&)?sling:authRequestLogin.*' }
	/0201 { /type "deny"  /url "*/j_security_check" }
}
`,
		Note: "Set the option uses-aem-login where visitors log in, as for closed user groups; a rule that lets POST to j_security_check through " +
			"by name says so too. Farms for authors are not looked at. That ?sling:authRequestLogin passes is an info, told where there is nothing " +
			"else: it sends a visitor to a login page.",
		Since:   since,
		Sources: []string{"valtech-ch/aem-dispatcher-filter, filter.md", hacker + ", loginstatus", "AdobeDocs/experience-manager-65.en, security-checklist.md"},
	},
}

func checkLogin(p *lint.Pass, f *model.Farm) {
	if p.Bool(usesLogin) {
		return
	}
	a := askPublic(p, f)
	if a == nil || a.hasLogin() {
		return
	}
	const hint = "deny it, or set the option " + usesLogin + " where visitors log in to AEM"
	for _, request := range []string{"/libs/granite/core/content/login.html", "/libs/cq/core/content/login.html", "/system/sling/cqform/defaultlogin.html"} {
		if r := a.lets(request); r != nil {
			a.tellOnce("page", r, request, ", a login page of AEM", hint, 0)
		}
	}
	check := []string{"POST /j_security_check", "POST /libs/granite/core/content/login.html/j_security_check"}
	pages := a.sharedPages()
	for _, page := range pages {
		check = append(check, "POST "+page+".html/j_security_check")
	}
	for _, request := range check {
		if r := a.lets(request); r != nil {
			a.tellOnce("check", r, request, ", a login for AEM", hint, 0)
		}
	}
	if len(a.told) > 0 {
		return
	}
	for _, page := range pages {
		if request := page + ".html?sling:authRequestLogin=1"; a.lets(request) != nil {
			a.tellOnce("query", a.answer.Rule, request, ", which asks for a login", "deny it behind all rules that allow pages: /query '(.*&)?sling:authRequestLogin.*'", diag.Info)
			break
		}
	}
}

// hasLogin reports whether a rule lets logins be posted and says so: then visitors log in.
func (a *asking) hasLogin() bool {
	return slices.ContainsFunc(a.farm.Filter.Rules, func(r *model.Rule) bool {
		return r.Allow && speaksOf(r, "j_security_check") && (r.Method == nil || r.Method.Match(http.MethodPost))
	})
}

var filterUserinfoOpen = lint.Rule{
	ID: "DSP217", Name: "filter-userinfo-open", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Fixable: true, Farm: checkUserinfo,
	Doc: lint.Doc{
		Title: "what AEM says about the visitor is let through and stored",
		Why: "AEM answers with who is logged in. Stored by the Dispatcher, that answer is the same for everybody: pages take each " +
			"visitor for the one who came first.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0020 { /type "allow" /method "GET" /url "/libs/granite/security/currentuser.json" }
}
/cache {
	/docroot "/var/www/html"
	/allowAuthorized "1"
	/rules {
		/0000 { /glob "*" /type "allow" }
	}
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0020 { /type "allow" /method "GET" /url "/libs/granite/security/currentuser.json" }
}
/cache {
	/docroot "/var/www/html"
	/allowAuthorized "1"
	/rules {
		/0000 { /glob "*"                                       /type "allow" }
		/0001 { /glob "/libs/granite/security/currentuser.json" /type "deny" }
	}
}
`,
		Note: "It is an info where answers to visitors with the cookie login-token are not stored, as /allowAuthorized has it unless told " +
			"otherwise. Farms for authors are not looked at. One finding for each rule, with the first address. The fix keeps the answer out of the cache; a site that does not need it denies it.",
		Since:   since,
		Sources: []string{checklist, pickaxe + ", userinfo servlet", hacker + ", currentuser and userinfo"},
	},
}

func checkUserinfo(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, request := range []string{
		"/libs/granite/security/currentuser.json", "/libs/cq/security/userinfo.json", "/system/sling/loginstatus.json", "/home/users/dispcheck.userprops.json",
	} {
		r := a.lets(request)
		if r == nil || !a.answer.Cacheable {
			continue
		}
		severity := diag.Info
		q := lint.Question{URL: request, Header: []lint.Header{{Name: "Cookie", Value: "login-token=dispcheck"}}}
		if p.Ask(f, &q, &a.answer) && a.answer.Allowed && a.answer.Cacheable {
			severity = p.Rule.Severity
		}
		key := telling{"", r}
		if a.told[key] {
			continue
		}
		a.told[key] = true
		d := diag.Diagnostic{
			Span: r.At.Span, Included: r.At.Included, Severity: severity,
			Message: letsThrough(r) + " lets through " + request + ", and its answer may be stored for everybody",
			Hint:    "deny it in /rules of /cache, or in /filter where nobody needs it",
		}
		if f.Cache != nil {
			d.Fixes = appended(f.Cache.Rules, "deny-userinfo", `{ /glob "`+request+`" /type "deny" }`)
		}
		p.Report(d)
	}
}
