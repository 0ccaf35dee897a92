package httpd

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

var corsWildcardCredentials = lint.Rule{
	ID: "DSP574", Name: "cors-wildcard-credentials", Severity: diag.Error, Server: checkCORS,
	Doc: lint.Doc{
		Title: "every site may read what a visitor sees when logged in",
		Why: "With Access-Control-Allow-Credentials a browser sends cookies along and lets the page of the other site read the answer. Where that is allowed to whatever Origin was sent, any page on " +
			"the web reads it in the name of its visitor. With *, browsers refuse the answer altogether.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	SetEnvIf Origin "^(.*)$" ORIGIN=$1
	Header always set Access-Control-Allow-Origin "%{ORIGIN}e" env=ORIGIN
	Header always set Access-Control-Allow-Credentials true
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	SetEnvIf Origin "^(https://app\.site\.example)$" ORIGIN=$1
	Header always set Access-Control-Allow-Origin "%{ORIGIN}e" env=ORIGIN
	Header always set Access-Control-Allow-Credentials true
</VirtualHost>
`,
		Since:   since,
		Sources: []string{"Fetch standard, CORS protocol and credentials", "yandex/gixy, origins"},
	},
}

var weakOriginRegex = lint.Rule{
	ID: "DSP575", Name: "weak-origin-regex", Severity: diag.Error, Server: checkOriginRegex,
	Doc: lint.Doc{
		Title: "pattern for other sites lets foreign ones pass",
		Why: "Patterns are searched for anywhere in the text, and a dot stands for any character. Without anchors and backslashes, a site of somebody else whose name only contains or resembles that of " +
			"yours passes: it may then read answers, or show files that are meant for your sites.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	SetEnvIf Origin "^https://app\.site\.example" APP
	Header always set Access-Control-Allow-Origin "https://app.site.example" env=APP
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	SetEnvIf Origin "^https://app\.site\.example$" APP
	Header always set Access-Control-Allow-Origin "https://app.site.example" env=APP
</VirtualHost>
`,
		Note:    "The finding names an address that passes. Where only a dot without its backslash lets it pass it is a warning; where the pattern takes any name below a domain on which everybody can have one, an info.",
		Since:   since,
		Sources: []string{"yandex/gixy, origins", "httpd.apache.org/docs/2.4, mod/mod_setenvif.html"},
	},
}

var refererEmptyAllowed = lint.Rule{
	ID: "DSP576", Name: "referer-empty-allowed", Severity: diag.Info, Server: checkEmptyReferer,
	Doc: lint.Doc{
		Title: "check of the referer is passed without one",
		Why:   "The rule refuses requests from other sites, and lets those pass that have no Referer. A site that does not want to be known has its visitors' browsers send none.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	RewriteEngine On
	RewriteCond %{HTTP_REFERER} !^$
	RewriteCond %{HTTP_REFERER} !^https://www\.site\.example/ [NC]
	RewriteRule "^/content/dam/" "-" [F]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	RewriteEngine On
	RewriteCond %{HTTP_REFERER} !^https://www\.site\.example/ [NC]
	RewriteRule "^/content/dam/" "-" [F]
</VirtualHost>
`,
		Note:    "Visitors with strict privacy settings send no Referer either, so this may be what is wanted. It keeps bandwidth from being used by others; it protects nothing.",
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, rewrite/access.html", "yandex/gixy, valid_referers"},
	},
}

func checkCORS(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		for _, s := range c.settings[h] {
			headers := s.Headers
			if len(s.Within) > 0 {
				headers = slices.Concat(h.Base.Headers, headers)
			}
			credentials := []*server.HeaderRule{}
			for _, r := range headers {
				if v, ok := constant(r); ok && gives(r) && in(r.Name, "Access-Control-Allow-Credentials") && in(strings.TrimSpace(v), "true") {
					credentials = append(credentials, r)
				}
			}
			if len(credentials) == 0 {
				continue
			}
			for _, r := range s.Headers {
				if !gives(r) || !in(r.Name, "Access-Control-Allow-Origin") || !c.owns(r.At) {
					continue
				}
				what := c.anyOrigin(h, s, r)
				if what == "" {
					continue
				}
				for _, x := range credentials {
					if together(r, x) {
						tell(p, r.ValueAt, r.Included, "Access-Control-Allow-Origin is "+what+" where Access-Control-Allow-Credentials is true",
							"name the origins that may read answers", with(x.At, "credentials are allowed here"))
						break
					}
				}
			}
		}
	}
}

// together reports whether two lines send their headers with the same answers, or the second with all.
func together(a, b *server.HeaderRule) bool {
	if !conditional(b) {
		return true
	}
	same := a.EnvName == b.EnvName && a.EnvNegated == b.EnvNegated && (a.Condition == nil) == (b.Condition == nil)
	return same && (a.Condition == nil || a.Condition.Text == b.Condition.Text)
}

// anyOrigin says in which way a line allows every origin; "" where it does not.
func (c *scene) anyOrigin(h *server.Host, s vhosts.Placed, r *server.HeaderRule) string {
	if v, ok := constant(r); ok {
		if strings.TrimSpace(v) == "*" {
			return "*"
		}
		return ""
	}
	if r.ValueExpr != nil || conditional(r) && r.EnvName == "" || len(r.Value) != 1 || r.Value[0].Format != 'e' {
		return ""
	}
	name := r.Value[0].Name
	if r.EnvName != "" && (r.EnvName != name || r.EnvNegated) {
		return ""
	}
	found := false
	lines := h.Base.EnvIf
	if len(s.Within) > 0 {
		lines = slices.Concat(lines, s.EnvIf)
	}
	for _, e := range lines {
		for _, set := range e.Set {
			if set.Name != name {
				continue
			}
			if set.Unset || found || !aboutHeader(e, "Origin") || e.Pattern == nil || e.Pattern.PCRE == nil || !strings.HasPrefix(set.Value, "$") {
				return "" // another line may have the last word
			}
			for _, foreign := range []string{"https://evil.test", "http://other.invalid:8080"} {
				if ok, _, err := e.Pattern.PCRE.Match(foreign, nil); err != nil || !ok {
					return ""
				}
			}
			found = true
		}
	}
	if !found {
		return ""
	}
	return "whatever was sent"
}

// aboutHeader reports whether a line looks at a request header.
func aboutHeader(e *server.EnvIf, name string) bool {
	if e.AttributePattern == nil {
		return strings.EqualFold(e.Attribute, name)
	}
	if e.AttributePattern.PCRE == nil {
		return false
	}
	ok, _, err := e.AttributePattern.PCRE.Match(name, nil)
	return ok && err == nil && strings.Contains(strings.ToLower(e.AttributePattern.Text), strings.ToLower(name))
}

// names finds host names in a pattern: words with dots between them, escaped or not.
var names = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[A-Za-z0-9-]+(?:\\?\.[A-Za-z0-9-]+)*\\?\.[A-Za-z]{2,}`)
})

// sharedDomains are those below which everybody can have a name.
var sharedDomains = []string{
	"vercel.app", "netlify.app", "github.io", "gitlab.io", "pages.dev", "workers.dev", "herokuapp.com", "azurewebsites.net", "web.app", "firebaseapp.com",
	"csb.app", "cloudfront.net", "s3.amazonaws.com", "onrender.com", "surge.sh", "glitch.me", "repl.co", "ngrok.io", "ngrok-free.app", "webflow.io",
}

// foreign looks for an address of somebody else that a pattern for the sites of its owner lets pass. referer says that an
// address with a path is looked at, and not an origin.
func foreign(text string, re *match.PCRE, referer bool) (address, how string, severity diag.Severity) {
	passes := func(s string) bool {
		ok, _, err := re.Match(s, nil)
		return ok && err == nil
	}
	end := ""
	if referer {
		end = "/"
	}
	for _, name := range names().FindAllString(text, 8) {
		host := strings.ReplaceAll(name, `\`, "")
		for _, form := range []string{"https://" + host, "http://" + host, "https://www." + host, "https://a." + host} {
			scheme, rest, _ := strings.Cut(form, "://")
			if !passes(form+end) || passes(scheme+"://unrelated.invalid"+end) {
				continue
			}
			for _, attack := range []struct {
				address, how string
				fits         bool
			}{
				{form + ".evil.test" + end, "it is not anchored at its end", true},
				{scheme + "://evil" + host + end, "what stands in front of the name is not held", isDomain(host)},
				{scheme + "://evil.test/?" + form + "/", "it is not anchored at its start", referer},
			} {
				if attack.fits && passes(attack.address) {
					return attack.address, attack.how, diag.Error
				}
			}
			if i := dotBeforeDomain(rest); i > 0 {
				if other := scheme + "://" + rest[:i] + "x" + rest[i+1:] + end; passes(other) {
					return other, "a dot without a backslash stands for any character", diag.Warning
				}
			}
			for _, d := range sharedDomains {
				if strings.EqualFold(host, d) && passes("https://somebody-else."+d+end) {
					return "https://somebody-else." + d + end, "everybody can have a name below " + d, diag.Info
				}
			}
			break
		}
	}
	return "", "", 0
}

// isDomain reports whether a name is a domain of somebody, so that another one comes of it by letters in front, and not a
// name below the same domain.
func isDomain(host string) bool {
	labels := strings.Split(host, ".")
	n := len(labels)
	return n == 2 || n == 3 && len(labels[2]) == 2 && in(labels[1], "co", "com", "org", "net", "gov", "ac", "edu")
}

// dotBeforeDomain is the place of the dot before the last two labels of a name, which make a domain of somebody; 0 for none.
func dotBeforeDomain(host string) int {
	last := strings.LastIndexByte(host, '.')
	if last < 0 {
		return 0
	}
	return max(strings.LastIndexByte(host[:last], '.'), 0)
}

func checkOriginRegex(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	try := func(at source.Span, included []source.Span, header, text string, re *match.PCRE) {
		if re == nil || !c.owns(at) {
			return
		}
		if address, how, severity := foreign(text, re, strings.EqualFold(header, "Referer")); address != "" {
			tell(p, at, included, fmt.Sprintf("pattern for %s lets %s pass: %s", header, address, how), "anchor it with ^ and $, and put a backslash before each dot", as(severity))
		}
	}
	for _, h := range c.hosts {
		for _, s := range c.settings[h] {
			for _, e := range s.EnvIf {
				for _, header := range []string{"Origin", "Referer"} {
					if aboutHeader(e, header) && e.Pattern != nil {
						try(e.Pattern.At, e.Included, header, e.Pattern.Text, e.Pattern.PCRE)
					}
				}
				if e.Expr == nil {
					continue
				}
				header := ""
				for _, r := range e.Expr.References() {
					switch {
					case in(r.Function, "req", "req_novary", "http") && r.Plain && in(r.Argument, "Origin", "Referer"):
						header = r.Argument
					case r.Variable == "HTTP_REFERER":
						header = "Referer"
					}
				}
				list := e.Expr.Patterns()
				if header == "" || len(list) != 1 {
					continue
				}
				at, _ := c.word(e.At, func(w string) bool { return strings.Contains(w, list[0].Text()) })
				try(at, e.Included, header, list[0].Text(), list[0])
			}
		}
		eachRule(c, h, func(r *server.RewriteRule) {
			for _, x := range r.Conditions {
				header := ""
				switch {
				case in(x.Test, "%{HTTP:Origin}"):
					header = "Origin"
				case in(x.Test, "%{HTTP_REFERER}", "%{HTTP:Referer}"):
					header = "Referer"
				}
				if header != "" && x.Pattern != nil {
					try(x.PatternAt, x.Included, header, x.Pattern.Text, x.Pattern.PCRE)
				}
			}
		})
	}
}

// eachRule calls f for each rewrite rule of a host, those of its sections included.
func eachRule(c *scene, h *server.Host, f func(*server.RewriteRule)) {
	for _, r := range h.Rewrite.Rules {
		f(r)
	}
	for _, s := range c.settings[h] {
		if s.Rewrite != nil {
			for _, r := range s.Rewrite.Rules {
				f(r)
			}
		}
	}
}

func checkEmptyReferer(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		eachRule(c, h, func(r *server.RewriteRule) {
			if !r.Flags.Forbidden && r.Flags.Status != 403 || !c.owns(r.At) {
				return
			}
			var empty *server.RewriteCond
			others := 0
			for _, x := range r.Conditions {
				if !in(x.Test, "%{HTTP_REFERER}", "%{HTTP:Referer}") || x.Or {
					continue
				}
				if x.Negated && x.Pattern != nil && x.Pattern.Text == "^$" {
					empty = x
				} else if x.Negated {
					others++
				}
			}
			if empty != nil && others > 0 {
				tell(p, empty.At, empty.Included, "check of the referer lets requests without one pass", "leave the condition out where it is to protect files")
			}
		})
	}
}
