package httpd

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
)

var passErrorErrorDocument = lint.Rule{
	ID: "DSP559", Name: "passerror-errordocument", Severity: diag.Warning, Server: checkPassErrorDocument,
	Doc: lint.Doc{
		Title: "error page and DispatcherPassError do not go together",
		Why: "The Dispatcher only leaves an error to httpd where DispatcherPassError says so. An ErrorDocument for another status is not used for what AEM or the " +
			"filter answers, and for a status that is passed and has no ErrorDocument, visitors get the plain page of httpd.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
	DispatcherPassError 0
	ErrorDocument 404 /errors/404.html
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
	DispatcherPassError 404
	ErrorDocument 404 /errors/404.html
</VirtualHost>
`,
		Note:    "Only error pages for 404 and 500 are looked at, and not where httpd itself answers with the status, as by a rewrite rule with R=404: others are mostly httpd's.",
		Since:   since,
		Sources: []string{docsInstall + " (DispatcherPassError)", docsCore + " (ErrorDocument)"},
	},
}

var passErrorSyntax = lint.Rule{
	ID: "DSP560", Name: "passerror-syntax", Severity: diag.Error, Server: checkPassErrorSyntax,
	Doc: lint.Doc{
		Title: "value of DispatcherPassError is no list of statuses",
		Why:   "The value is 0, 1, or statuses and ranges with commas between them. Of another value the module makes something else than is meant, and errors have the wrong page.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	DispatcherPassError "404;500"
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	DispatcherPassError 404,500
	ErrorDocument 404 /errors/404.html
	ErrorDocument 500 /errors/500.html
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsInstall + " (DispatcherPassError)", "adobe/aem-dispatcher-experiments, httpd.conf"},
	},
}

var errorDocumentTarget = lint.Rule{
	ID: "DSP595", Name: "errordocument-target", Severity: diag.Warning, Server: checkErrorDocumentTarget,
	Doc: lint.Doc{
		Title: "error page cannot be had, or hides the error",
		Why: "An ErrorDocument with a full URL makes httpd answer with a redirect: the status of the error is lost, and search engines keep pages that are gone. One with a " +
			"path goes through the Dispatcher, and where its filter denies the path, visitors get the plain page of httpd.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	ErrorDocument 403 https://www.site.example/errors/403.html
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	ErrorDocument 403 /errors/403.html
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsCore + " (ErrorDocument)"},
	},
}

// statusRange is a part of DispatcherPassError.
type statusRange struct{ from, to int }

// passed reads the value of DispatcherPassError; false where it is none.
func passed(value string) ([]statusRange, bool) {
	switch value = strings.TrimSpace(value); {
	case in(value, "0", "off"):
		return nil, true
	case in(value, "1", "on"):
		return []statusRange{{400, 999}}, true
	}
	var list []statusRange
	for part := range strings.SplitSeq(value, ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(strings.TrimSpace(from))
		b := a
		if isRange && err == nil {
			b, err = strconv.Atoi(strings.TrimSpace(to))
		}
		if err != nil || a < 400 || b > 999 || b < a {
			return nil, false
		}
		list = append(list, statusRange{a, b})
	}
	return list, true
}

func passes(list []statusRange, status int) bool {
	return slices.ContainsFunc(list, func(r statusRange) bool { return r.from <= status && status <= r.to })
}

func checkPassErrorSyntax(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, l := range c.byKey["dispatcherpasserror"] {
		value := strings.Join(texts(l.Node), " ")
		if len(l.Undefined) > 0 {
			continue
		}
		if _, ok := passed(value); !ok {
			at := l.At
			if l.Args != "" {
				at = l.Span(0, len(l.Args))
			}
			tell(p, at, l.Included, fmt.Sprintf("DispatcherPassError is %q", value), "write 0, 1, or statuses from 400 on such as 400-404,501")
		}
	}
}

func checkPassErrorDocument(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		if !c.dispatches(h) {
			continue
		}
		var ranges []statusRange
		d := c.directive(h, "DispatcherPassError")
		if d != nil {
			var ok bool
			if ranges, ok = passed(d.Args); !ok {
				continue
			}
		}
		pages := c.handled[h][0].settings.ErrorDocuments
		for _, status := range slices.Sorted(maps.Keys(pages)) {
			e := pages[status]
			if (status != 404 && status != 500) || e.Kind == server.ErrorDefault || passes(ranges, status) || !c.owns(e.At) || c.answers(h, status) {
				continue
			}
			says := "is not set"
			more := []func(*diag.Diagnostic){}
			if d != nil {
				says = "is " + d.Args
				more = append(more, with(d.At, "DispatcherPassError stands here"))
			}
			tell(p, e.At, e.Included, fmt.Sprintf("ErrorDocument %d is not used for answers of AEM: DispatcherPassError %s", status, says),
				fmt.Sprintf("write DispatcherPassError %d, or leave the page to AEM", status), more...)
		}
		if d == nil || !c.owns(d.At) {
			continue
		}
		for _, r := range ranges {
			// What 1 passes is all; the page that visitors meet is that of 404.
			missing := 0
			switch {
			case r.to == 999 && r.from == 400:
				missing = 404
			case r.from == r.to:
				missing = r.from
			default:
				if !slices.ContainsFunc(slices.Collect(maps.Keys(pages)), func(n int) bool { return r.from <= n && n <= r.to }) {
					missing = r.from
				}
			}
			if missing == 0 || c.hasErrorDocument(h, missing) {
				continue
			}
			tell(p, d.At, d.Included, fmt.Sprintf("DispatcherPassError leaves status %d to httpd, and no ErrorDocument is for it", missing),
				fmt.Sprintf("write ErrorDocument %d, or DispatcherPassError 0", missing))
			break
		}
	}
}

// hasErrorDocument reports whether a host has a page for a status, in whatever section.
func (c *scene) hasErrorDocument(h *server.Host, status int) bool {
	return slices.ContainsFunc(c.settings[h], func(s vhosts.Placed) bool { return s.ErrorDocuments[status] != nil })
}

// answers reports whether httpd itself may answer requests of a host with a status, as far as a directive says so.
func (c *scene) answers(h *server.Host, status int) bool {
	rule := func(r *server.RewriteRule) bool { return r.Flags.Status == status }
	if slices.ContainsFunc(h.Rewrite.Rules, rule) || slices.ContainsFunc(h.Redirects, func(r *server.Redirect) bool { return r.Status == status }) || len(h.Proxies) > 0 {
		return true
	}
	for _, s := range c.settings[h] {
		if s.Rewrite != nil && slices.ContainsFunc(s.Rewrite.Rules, rule) ||
			slices.ContainsFunc(s.Redirects, func(r *server.Redirect) bool { return r.Status == status }) {
			return true
		}
	}
	return false
}

func checkErrorDocumentTarget(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		for _, s := range c.settings[h] {
			for _, status := range slices.Sorted(maps.Keys(s.ErrorDocuments)) {
				e := s.ErrorDocuments[status]
				if !c.owns(e.At) {
					continue
				}
				switch e.Kind {
				case server.ErrorURL:
					tell(p, e.At, e.Included, fmt.Sprintf("ErrorDocument %d with a full URL answers with a redirect instead of %d", status, status), "write the path alone")
				case server.ErrorPath:
					if e.Expr == nil && c.denied(p, h, e.Value) {
						tell(p, e.At, e.Included, fmt.Sprintf("ErrorDocument %d is %s, which the filter of each farm denies", status, e.Value), "allow the path in /filter")
					}
				}
			}
		}
	}
}

// denied reports whether a path of a host goes to the Dispatcher and each farm's filter denies it.
func (c *scene) denied(p *lint.Pass, h *server.Host, path string) bool {
	config := p.Subject.Config
	if p.Subject.Front == nil || config == nil || len(config.Farms) == 0 || strings.ContainsAny(path, " %${") {
		return false
	}
	var a lint.FrontAnswer
	if p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Of: h, URL: path}, &a) != nil || a.Uncertain || a.HandledBy != server.DispatcherHandler {
		return false
	}
	uri := a.URI
	if a.Rounds > 0 {
		// An error of the way there led on to an error page. What reached the Dispatcher first is the path, unless a rule
		// changed it.
		if len(a.Applied) > 0 {
			return false
		}
		uri = path
	}
	for _, f := range config.Farms {
		var answer lint.Answer
		if !p.Ask(f, &lint.Question{URL: uri}, &answer) || answer.Allowed || !answer.Filtered {
			return false
		}
	}
	return true
}
