package performance

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

const day = 24 * 60 * 60

var noLongTTL = lint.Rule{
	ID: "DSP954", Name: "no-long-ttl-for-versioned", Severity: diag.Info, Profiles: []string{"ams", "classic"}, Host: checkVersioned,
	Doc: lint.Doc{
		Title: "files with a version in their name expire like all others",
		Why: "Client libraries with a hash in their name never change: another text has another name. Without a long Cache-Control browsers and CDN ask " +
			"for them again, page by page.",
		Bad: hostOf("\tSetHandler dispatcher-handler\n"),
		Good: hostOf("\tSetHandler dispatcher-handler\n\t<LocationMatch \"^/etc\\.clientlibs/.*\\.lc-[a-z0-9]+-lc\\.\">\n" +
			"\t\tHeader set Cache-Control \"max-age=2592000,immutable\"\n\t</LocationMatch>\n"),
		File: "site.vhost", Note: "AEM as a Cloud Service sends such a header by itself, so that nothing is said there. Where renders do so elsewhere, ignore the rule.", Since: since, Sources: []string{caching},
	},
}

const versioned = "/etc.clientlibs/site/clientlibs/base.lc-0123456789abcdef-lc.min.css"

func checkVersioned(p *lint.Pass, h *server.Host) {
	if !vhosts.Own(p, h) || !vhosts.Dispatches(h) || p.Subject.Profile == "cloud" { // there, renders send it
		return
	}
	long := false
	for _, s := range vhosts.Settings(h) {
		if !meets(s.Section(), versioned) {
			continue
		}
		for _, r := range s.Headers {
			long = long || lifetimeOf(r) >= day
		}
		if s.ExpiresActive != nil && *s.ExpiresActive || h.Base.ExpiresActive != nil && *h.Base.ExpiresActive {
			e := s.ExpiresByType["text/css"]
			if e == nil {
				e = s.ExpiresDefault
			}
			long = long || e != nil && e.Seconds >= day
		}
	}
	if !long {
		p.Report(diag.Diagnostic{
			Span: firstLine(h.Place), Included: h.Included, Message: "virtual host " + h.Name.Host + " gives " + versioned + " no life of a day or more",
			Hint: `write <LocationMatch "^/etc\.clientlibs/.*\.lc-[a-z0-9]+-lc\."> with Header set Cache-Control "max-age=2592000,immutable"`,
		})
	}
}

var htmlTTLConflict = lint.Rule{
	ID: "DSP955", Name: "html-ttl-conflict", Severity: diag.Warning, Profiles: []string{"cloud"}, Host: checkTwoLives,
	Doc: lint.Doc{
		Title: "pages get two times to live",
		Why: "The platform adds max-age=300 to pages, unless DISABLE_DEFAULT_CACHING is defined. A line that adds another max-age to the same header leaves " +
			"both in it, and browsers, CDN and proxies choose each in their own way.",
		Bad: hostOf("\tExpiresActive On\n\tExpiresByType text/html A300\n\t<LocationMatch \"^/content/.*\\.html$\">\n" +
			"\t\tHeader append Cache-Control \"max-age=600\"\n\t</LocationMatch>\n"),
		Good: hostOf("\tExpiresActive On\n\tExpiresByType text/html A300\n\t<LocationMatch \"^/content/.*\\.html$\">\n" +
			"\t\tHeader set Cache-Control \"max-age=600\"\n\t</LocationMatch>\n"),
		File: "site.vhost", Since: since, Sources: []string{caching, "httpd.apache.org/docs/2.4, mod/mod_expires.html"},
	},
}

const page = "/content/site/en/page.html"

func checkTwoLives(p *lint.Pass, h *server.Host) {
	if h.Base.ExpiresActive == nil || !*h.Base.ExpiresActive || h.Base.ExpiresByType["text/html"] == nil {
		return
	}
	for _, s := range vhosts.Settings(h) {
		if !meets(s.Section(), page) {
			continue
		}
		for _, r := range s.Headers {
			switch r.Action {
			case server.HeaderAdd, server.HeaderAppend, server.HeaderMerge:
				if lifetimeOf(r) >= 0 && !vhosts.Platform(r.At.File) && r.Condition == nil && r.EnvName == "" {
					p.Report(diag.Diagnostic{
						Span: r.At, Included: r.Included, Message: "pages have max-age from mod_expires already, and this line adds another",
						Hint:    "write Header set, or define DISABLE_DEFAULT_CACHING",
						Related: []diag.Related{{Span: h.Base.ExpiresByType["text/html"].At, Message: "this gives pages their time to live"}},
					})
				}
			}
		}
	}
}

var ageHeader = lint.Rule{
	ID: "DSP956", Name: "age-header", Severity: diag.Hint, Host: checkAge,
	Doc: lint.Doc{
		Title: "long times to live count from when the render answered",
		Why: "A render behind another cache sends Age, and what it says is taken off the time to live in the browser. With a life of days the header " +
			"only makes it shorter, and differently for each answer.",
		Bad: hostOf("\t<LocationMatch \"^/etc\\.clientlibs/\">\n\t\tHeader set Cache-Control \"max-age=2592000\"\n\t</LocationMatch>\n"),
		Good: hostOf("\t<LocationMatch \"^/etc\\.clientlibs/\">\n\t\tHeader set Cache-Control \"max-age=2592000\"\n\t\tHeader set Age 0\n" +
			"\t</LocationMatch>\n"),
		File: "site.vhost", Since: since, Sources: []string{caching, headersManual},
	},
}

func checkAge(p *lint.Pass, h *server.Host) {
	var long *server.HeaderRule
	aged := false
	for _, s := range vhosts.Settings(h) {
		for _, r := range s.Headers {
			if strings.EqualFold(r.Name, "Age") {
				aged = true
			}
			if long == nil && !vhosts.Platform(r.At.File) && lifetimeOf(r) > day {
				long = r
			}
		}
	}
	if long != nil && !aged {
		p.Report(diag.Diagnostic{
			Span: long.At, Included: long.Included, Message: "virtual host " + h.Name.Host + " sends long times to live and leaves Age as it comes",
			Hint: "write Header set Age 0 beside it",
		})
	}
}

var htmlTTLTooLong = lint.Rule{
	ID: "DSP961", Name: "html-ttl-too-long", Severity: diag.Warning, Host: checkPageLife,
	Options: []lint.Option{{Name: "seconds", Default: day, Doc: "How long pages may live in browsers and CDN, in seconds."}},
	Doc: lint.Doc{
		Title: "pages live for days where no publish reaches them",
		Why: "A publish makes the Dispatcher's copy of a page stale, not those of browsers and of the CDN: they keep what they have for as long as it was " +
			"promised. After a page was corrected, people see the old one for days.",
		Bad:  hostOf("\t<LocationMatch \"^/content/.*\\.html$\">\n\t\tHeader set Cache-Control \"max-age=31536000\"\n\t\tHeader set Age 0\n\t</LocationMatch>\n"),
		Good: hostOf("\t<LocationMatch \"^/content/.*\\.html$\">\n\t\tHeader set Cache-Control \"max-age=300,stale-while-revalidate=43200\"\n\t</LocationMatch>\n"),
		File: "site.vhost", Note: "The option seconds sets what is too long.", Since: since, Sources: []string{caching},
	},
}

func checkPageLife(p *lint.Pass, h *server.Host) {
	most := int64(p.Int("seconds"))
	for _, s := range vhosts.Settings(h) {
		if !meets(s.Section(), page) {
			continue
		}
		for _, r := range s.Headers {
			if life := lifetimeOf(r); life > most && !vhosts.Platform(r.At.File) && r.Condition == nil && r.EnvName == "" {
				p.Report(diag.Diagnostic{
					Span: r.At, Included: r.Included, Message: fmt.Sprintf("pages live %s in browsers and CDN", lasting(life)),
					Hint: "write minutes or hours, with stale-while-revalidate",
				})
			}
		}
		if e := s.ExpiresByType["text/html"]; e != nil && e.Seconds > most && !vhosts.Platform(e.At.File) {
			p.Report(diag.Diagnostic{
				Span: e.At, Included: e.Included, Message: fmt.Sprintf("pages live %s in browsers and CDN", lasting(e.Seconds)), Hint: "write minutes or hours",
			})
		}
	}
}

// lasting writes a time in the largest unit that fits.
func lasting(seconds int64) string {
	for _, u := range []struct {
		name string
		n    int64
	}{{"days", day}, {"hours", 3600}, {"minutes", 60}} {
		if seconds >= 2*u.n {
			return fmt.Sprintf("%d %s", seconds/u.n, u.name)
		}
	}
	return fmt.Sprintf("%d seconds", seconds)
}

var maxAge = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|[\s,])(?:s-maxage|max-age)\s*=\s*"?(\d{1,10})`)
})

// lifetimeOf is the longest time to live that a line gives; -1 where it gives none.
func lifetimeOf(r *server.HeaderRule) int64 {
	if !strings.EqualFold(r.Name, "Cache-Control") && !strings.EqualFold(r.Name, "Surrogate-Control") {
		return -1
	}
	switch r.Action {
	case server.HeaderSet, server.HeaderSetIfEmpty, server.HeaderAdd, server.HeaderAppend, server.HeaderMerge:
	default:
		return -1
	}
	longest := int64(-1)
	for _, m := range maxAge().FindAllStringSubmatch(r.ValueText, -1) {
		if n, err := strconv.ParseInt(m[1], 10, 64); err == nil {
			longest = max(longest, n)
		}
	}
	return longest
}
