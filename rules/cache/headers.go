package cache

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var headersGlob = lint.Rule{
	ID: "DSP335", Name: "headers-glob", Severity: diag.Error, Farm: checkHeadersGlob,
	Doc: lint.Doc{
		Title: "/headers holds a pattern",
		Why: "/headers lists whole names. A pattern is the name of no header: none is stored for it, and what comes from the cache lacks " +
			"the headers that the same page has when it comes from AEM.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/headers {
		"Content-Type"
		"X-*"
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/headers {
		"Content-Type"
		"X-Content-Type-Options"
		"X-Robots-Tag"
	}
}
`,
		Since:   since,
		Sources: []string{configuration, archetype},
	},
}

func checkHeadersGlob(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || f.Cache.Headers == nil {
		return
	}
	for _, v := range f.Cache.Headers.Values {
		if undetermined(v.Text) || !strings.ContainsAny(v.Text, "*?[") {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: v.At.Span, Included: v.At.Included, Message: fmt.Sprintf("%s in /headers is a pattern, and no header has that name", quote(v.Text)),
			Hint: "list the names, each in full",
		})
	}
}

var headersSetCookie = lint.Rule{
	ID: "DSP337", Name: "headers-set-cookie", Severity: diag.Error, Security: true, Fixable: true, Farm: checkHeadersSetCookie,
	Doc: lint.Doc{
		Title: "a header that is for one visitor is stored with the page",
		Why: "What /headers names is stored beside the page and sent to everyone who gets it from the cache. A stored Set-Cookie gives all " +
			"visitors the cookie of the first, who may share a session then; a stored WWW-Authenticate asks those for a password who need none.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/headers {
		"Content-Type"
		"Set-Cookie"
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/headers {
		"Content-Type"
	}
}
`,
		Note:    "Reported are Set-Cookie, Authorization and WWW-Authenticate.",
		Since:   since,
		Sources: []string{configuration, skills},
	},
}

func checkHeadersSetCookie(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || f.Cache.Headers == nil {
		return
	}
	for _, v := range f.Cache.Headers.Values {
		switch strings.ToLower(v.Text) {
		case "set-cookie", "authorization", "www-authenticate":
		default:
			continue
		}
		d := diag.Diagnostic{
			Span: v.At.Span, Included: v.At.Included, Message: fmt.Sprintf("%s in /headers is stored and sent to every visitor", v.Text),
			Hint: "remove it",
		}
		if strings.Trim(v.At.Span.Text(), `"'`) == v.Text {
			// Not safe: what comes from the cache lacks the header then.
			d.Fixes = []diag.Fix{{Title: "remove " + v.Text, Edits: []diag.Edit{textedit.Removed(v.At.Span)}}}
		}
		p.Report(d)
	}
}

var headersMissingBasics = lint.Rule{
	ID: "DSP336", Name: "headers-missing-basics", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkHeadersBasics,
	Doc: lint.Doc{
		Title: "headers that each page needs are not stored with it",
		Why: "What comes from the cache has only those headers of AEM that /headers names. Without Content-Type httpd guesses by the ending " +
			"of the file, and the character set is lost; without Cache-Control and Expires browsers and CDNs keep a page for how long they " +
			"like; without Content-Disposition a file that was to be downloaded opens in the site.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/headers {
				"Expires"
				"Last-Modified"
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
			/headers {
				"Cache-Control"
				"Content-Disposition"
				"Content-Type"
				"Expires"
				"Last-Modified"
				"X-Content-Type-Options"
			}
		}
	}
}
`,
		Files: exampleCache(exampleLevel + exampleGrace + exampleStale + exampleTTL + exampleRules + exampleInvalid + exampleClients + exampleParams),
		Note: "An info where both Cache-Control and Content-Type are stored and only some of Content-Disposition, Expires, Last-Modified and " +
			"X-Content-Type-Options lack: httpd can set them itself. A fix is offered for a list that has some.",
		Since:   since,
		Sources: []string{archetype, cloudCaching, skills},
	},
}

// basics are the headers that Adobe's configurations store.
var basics = [...]string{"Cache-Control", "Content-Disposition", "Content-Type", "Expires", "Last-Modified", "X-Content-Type-Options"}

func checkHeadersBasics(p *lint.Pass, f *model.Farm) {
	if !siteFarm(p, f) || !storesPages(f.Cache) {
		return
	}
	l := f.Cache.Headers
	if l == nil || len(l.Values) == 0 && len(l.Unknown) == 0 {
		at, message := head(f.Cache.At), "/cache has no /headers: pages lose their headers in the cache"
		if l != nil {
			at, message = head(l.At), "/headers is empty: pages lose their headers in the cache"
		}
		p.Report(diag.Diagnostic{Span: at.Span, Included: at.Included, Message: message, Hint: "list at least " + strings.Join(basics[:], ", ")})
		return
	}
	there := map[string]bool{}
	for _, v := range l.Values {
		if undetermined(v.Text) || strings.ContainsAny(v.Text, "*?[") {
			return
		}
		there[strings.ToLower(v.Text)] = true
	}
	var missing, quoted []string
	severity := diag.Info
	for _, name := range basics {
		if !there[strings.ToLower(name)] {
			missing, quoted = append(missing, name), append(quoted, `"`+name+`"`)
			if name == "Cache-Control" || name == "Content-Type" {
				severity = diag.Warning
			}
		}
	}
	if len(missing) == 0 || len(l.Unknown) > 0 {
		return
	}
	at := head(l.At)
	d := diag.Diagnostic{
		Severity: severity, Span: at.Span, Included: at.Included, Message: "/headers lacks " + strings.Join(missing, ", "),
		Hint: "add what AEM sends and visitors need",
	}
	if n := len(l.Values); n > 0 {
		// Not safe: what comes from the cache has more headers then.
		d.Fixes = behind(l.Values[n-1].At.Span, l.At.Span, "add what lacks", quoted...)
	}
	p.Report(d)
}

var headersCORSCached = lint.Rule{
	ID: "DSP338", Name: "headers-cors-cached", Severity: diag.Warning, Security: true, Drops: true, Farm: checkHeadersCORS,
	Doc: lint.Doc{
		Title: "the permission for one origin is stored for all",
		Why: "AEM sees the Origin of a request and answers with an Access-Control-Allow-Origin for it. Stored with the file, that answer goes " +
			"to scripts of every other origin as well, whose browsers then refuse it. It depends on who came first after a flush, so the " +
			"fault comes and goes.",
		Bad: `/clientheaders {
	"Host"
	"Origin"
}
/cache {
	/docroot "/var/cache/www"
	/headers {
		"Content-Type"
		"Access-Control-Allow-Origin"
	}
}
`,
		Good: `/clientheaders {
	"Host"
	"Origin"
}
/cache {
	/docroot "/var/cache/www"
	/headers {
		"Content-Type"
	}
}
`,
		Note:    "Let httpd set the header instead. Where AEM allows one fixed origin, or all, nothing goes wrong: suppress the finding.",
		Since:   since,
		Sources: []string{cloudCaching},
	},
}

func checkHeadersCORS(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || f.Cache.Headers == nil || f.ClientHeaders == nil {
		return
	}
	var origin *model.ListValue
	for i, v := range f.ClientHeaders.Values {
		if v.Text == "*" || strings.EqualFold(v.Text, "Origin") {
			origin = &f.ClientHeaders.Values[i]
		}
	}
	if origin == nil {
		return
	}
	for _, v := range f.Cache.Headers.Values {
		if strings.EqualFold(v.Text, "Access-Control-Allow-Origin") {
			p.Report(diag.Diagnostic{
				Span: v.At.Span, Included: v.At.Included, Message: v.Text + " in /headers is stored for the origin that asked first, and sent to all",
				Hint:    "remove it, and set the header in the virtual host",
				Related: []diag.Related{{Span: origin.At.Span, Message: "AEM gets to see the origin"}},
			})
		}
	}
}
