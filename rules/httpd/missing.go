package httpd

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
)

var missingFrameOptions = lint.Rule{
	ID: "DSP564", Name: "missing-frame-options", Severity: diag.Warning, Server: checkFrameOptions, Fixable: true,
	Doc: lint.Doc{
		Title: "pages may be framed by any site",
		Why: "Neither X-Frame-Options nor a Content-Security-Policy is set for pages. Another site can show the page in a frame of its own and have visitors click on what they " +
			"do not see.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "${PUBLISH_DOCROOT}"
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "${PUBLISH_DOCROOT}"
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
	Header always set X-Frame-Options SAMEORIGIN
</VirtualHost>
`,
		Note: headerNote, Since: since,
		Sources: []string{"AdobeDocs/experience-manager-65.en, security-checklist.md (clickjacking)", "RFC 7034", archetype},
	},
}

var missingNosniff = lint.Rule{
	ID: "DSP565", Name: "missing-nosniff", Severity: diag.Warning, Server: checkNosniff, Fixable: true,
	Doc: lint.Doc{
		Title: "browsers may guess the type of an answer",
		Why: "Without X-Content-Type-Options nosniff a browser that takes a file for a script runs it, whatever type it was sent with. In a site where visitors or editors " +
			"upload files that is enough to run theirs.",
		File: "site.vhost",
		Bad:  missingNosniffBad, Good: strings.Replace(missingNosniffBad, "</VirtualHost>", "\tHeader always set X-Content-Type-Options nosniff\n</VirtualHost>", 1),
		Note: headerNote, Since: since,
		Sources: []string{"Fetch standard, X-Content-Type-Options", "AdobeDocs/experience-manager-65.en, security-checklist.md"},
	},
}

var missingHSTS = lint.Rule{
	ID: "DSP566", Name: "missing-hsts", Severity: diag.Warning, Server: checkHSTS, Fixable: true,
	Doc: lint.Doc{
		Title: "browsers may come back without TLS",
		Why: "Without Strict-Transport-Security, or with one that ends within months, a browser that is given the name of the site alone asks for it in plain text first, and whoever is on the line may " +
			"answer.",
		File: "site.vhost",
		Bad:  strings.Replace(missingNosniffBad, "</VirtualHost>", "\tHeader always set Strict-Transport-Security \"max-age=300\"\n</VirtualHost>", 1),
		Good: strings.Replace(missingNosniffBad, "</VirtualHost>", "\tHeader always set Strict-Transport-Security \"max-age=63072000; includeSubDomains\"\n</VirtualHost>", 1),
		Note: headerNote + " In AMS, where TLS ends in front of httpd, it is an info too. A max-age below half a year counts as missing.", Since: since,
		Sources: []string{"RFC 6797", "AdobeDocs/experience-manager-65.en, security-checklist.md"},
	},
}

var missingPolicyHeaders = lint.Rule{
	ID: "DSP567", Name: "missing-policy-headers", Severity: diag.Info, Server: checkPolicyHeaders,
	Doc: lint.Doc{
		Title: "page says not what scripts and referers may do",
		Why: "Content-Security-Policy says from where a page may load scripts, Referrer-Policy what other sites learn of addresses, Permissions-Policy what a page may ask the browser for. Where " +
			"they are missing, the defaults of browsers hold.",
		File: "site.vhost",
		Bad:  missingNosniffBad, Good: strings.Replace(missingNosniffBad, "</VirtualHost>", "\tHeader always set Content-Security-Policy \"frame-ancestors 'self'\"\n"+
			"\tHeader always set Referrer-Policy strict-origin-when-cross-origin\n\tHeader always set Permissions-Policy \"camera=()\"\n</VirtualHost>", 1),
		Note:  "What AEM or a CDN adds is not seen here.",
		Since: since, Sources: []string{"Content Security Policy Level 3", "Referrer Policy", "Permissions Policy"},
	},
}

const missingNosniffBad = `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "${PUBLISH_DOCROOT}"
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
</VirtualHost>
`

const headerNote = "Nothing is said where a farm stores the header in /headers, since AEM sends it then. In AEM as a Cloud Service the CDN may set it, and the finding is an info."

// sends returns the first line that gives requests of a host one of some headers.
func (c *scene) sends(h *server.Host, names ...string) *server.HeaderRule {
	for _, s := range c.settings[h] {
		for _, r := range s.Headers {
			if in(r.Name, names...) && (gives(r) || r.Action == server.HeaderEdit || r.Action == server.HeaderEditAll) {
				return r
			}
		}
	}
	return nil
}

// stores reports whether a farm keeps one of some headers of AEM in its cache.
func stores(p *lint.Pass, names ...string) bool {
	if p.Subject.Config == nil {
		return false
	}
	for _, f := range p.Subject.Config.Farms {
		if f.Cache == nil || f.Cache.Headers == nil {
			continue
		}
		for _, v := range f.Cache.Headers.Values {
			if in(v.Text, names...) {
				return true
			}
		}
	}
	return false
}

// eachSite finds the hosts that give visitors pages of AEM.
func (c *scene) eachSite(f func(h *server.Host, where server.Place)) {
	for _, h := range c.hosts {
		where, ok := c.served(h)
		if !ok {
			continue
		}
		if public(h) && !c.refuses(h) {
			f(h, where)
		}
	}
}

// refuses reports whether a host is for flush agents and the like: it refuses all but single addresses, by a rewrite rule.
func (c *scene) refuses(h *server.Host) bool {
	for _, r := range h.Rewrite.Rules {
		if r.Flags.Forbidden && r.NoSubstitution && r.Pattern != nil && !r.Pattern.Negated && in(r.Pattern.Text, "^", ".*", "^.*", "^.*$", "^(.*)$", "(.*)") {
			for _, x := range r.Conditions {
				if x.Test == "%{REQUEST_URI}" && (x.Negated || x.Kind == server.CondLexEqual && x.Negated) {
					return true
				}
			}
			if len(r.Conditions) == 0 {
				return true
			}
		}
	}
	return false
}

func (c *scene) tellMissing(p *lint.Pass, h *server.Host, where server.Place, message, line string) {
	severity := p.Rule.Severity
	if p.Subject.Profile == "cloud" || p.Subject.Profile == "ams" && p.Rule.ID == "DSP566" {
		severity = min(severity, diag.Info)
	}
	more := []func(*diag.Diagnostic){as(severity)}
	if h.Virtual {
		more = append(more, inserting("write "+line, where.At, "\t", line))
	}
	tell(p, where.At, where.Included, message, "write "+line, more...)
}

func checkFrameOptions(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	names := []string{"X-Frame-Options", "Content-Security-Policy"}
	if stores(p, names...) {
		return
	}
	c.eachSite(func(h *server.Host, where server.Place) {
		if c.sends(h, names...) == nil {
			c.tellMissing(p, h, where, "pages are sent without X-Frame-Options", "Header always set X-Frame-Options SAMEORIGIN")
		}
	})
}

func checkNosniff(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	if stores(p, "X-Content-Type-Options") {
		return
	}
	c.eachSite(func(h *server.Host, where server.Place) {
		if c.sends(h, "X-Content-Type-Options") == nil {
			c.tellMissing(p, h, where, "pages are sent without X-Content-Type-Options", "Header always set X-Content-Type-Options nosniff")
		}
	})
}

// halfAYear is the shortest max-age of Strict-Transport-Security that is not reported, in seconds.
const halfAYear = 15_768_000

var maxAge = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)(?:^|;)\s*max-age\s*=\s*"?([0-9]+)`) })

func checkHSTS(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	if stores(p, "Strict-Transport-Security") {
		return
	}
	c.eachHeader(func(_ *server.Host, _ vhosts.Placed, r *server.HeaderRule) {
		value, ok := constant(r)
		if !ok || !gives(r) || !in(r.Name, "Strict-Transport-Security") || !c.owns(r.At) {
			return
		}
		m := maxAge().FindStringSubmatch(value)
		if m == nil {
			tell(p, r.ValueAt, r.Included, "Strict-Transport-Security has no max-age, and browsers pass over it", "write max-age=63072000")
			return
		}
		if n, err := strconv.ParseInt(m[1], 10, 64); err == nil && n < halfAYear {
			tell(p, r.ValueAt, r.Included, fmt.Sprintf("Strict-Transport-Security ends after %s seconds", m[1]), "write max-age=63072000",
				replacing("write max-age=63072000", r.ValueAt, value, strings.Replace(value, m[1], "63072000", 1)))
		}
	})
	c.eachSite(func(h *server.Host, where server.Place) {
		if c.sends(h, "Strict-Transport-Security") == nil {
			c.tellMissing(p, h, where, "pages are sent without Strict-Transport-Security", `Header always set Strict-Transport-Security "max-age=63072000; includeSubDomains"`)
		}
	})
}

func checkPolicyHeaders(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	c.eachSite(func(h *server.Host, where server.Place) {
		var missing []string
		for _, name := range []string{"Content-Security-Policy", "Referrer-Policy", "Permissions-Policy"} {
			if c.sends(h, name, name+"-Report-Only") == nil && !stores(p, name) {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			tell(p, where.At, where.Included, "pages are sent without "+strings.Join(missing, ", "), "set what the site needs")
		}
	})
}
