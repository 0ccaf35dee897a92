package session

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
)

// exampleHeaders is a list about which nothing is said.
const exampleHeaders = `/clientheaders {
	"Authorization"
	"Content-Length"
	"Content-Type"
	"Cookie"
	"CSRF-Token"
	"Host"
	"If-Modified-Since"
	"If-None-Match"
	"Referer"
	"User-Agent"
	"X-Forwarded-Proto"
	"x-request-id"
}
`

var clientHeadersMissing = lint.Rule{
	ID: "DSP507", Name: "clientheaders-missing", Severity: diag.Error, Farm: checkMissing,
	Doc: lint.Doc{
		Title: "farm does not say which request headers are passed on",
		Why: "/clientheaders is the list of all request headers that AEM gets to see. An empty one passes on none: no Host, no cookie, no " +
			"content type, so that AEM answers as if for another site, and logins and forms fail.",
		Bad: `/clientheaders {
}
`,
		Good: exampleHeaders,
		Note: "Where there is no /clientheaders at all it is an info: the module then passes on a list of its own, which has the headers of " +
			"HTTP and of AEM, but not If-Modified-Since, Origin or those of a load balancer.",
		Since:   since,
		Sources: []string{configuration + " (/clientheaders)", "adobe/aem-dispatcher-optimizer-tool, its model of farms"},
	},
}

func checkMissing(ps *lint.Pass, f *model.Farm) {
	const hint = `list the headers that AEM needs, as "Host", "Cookie" and "CSRF-Token"`
	if h := f.ClientHeaders; h != nil {
		if len(h.Values) == 0 && len(h.Unknown) == 0 && textedit.Head(h.At.Span) != h.At.Span && !unread.Property(ps, f, "clientheaders", h.At.Span) {
			ps.Tell(textedit.Head(h.At.Span), h.At, "/clientheaders is empty: AEM gets no request header", hint)
		}
		return
	}
	if partOf(ps.Subject.Config) || unread.Property(ps, f, "clientheaders", f.At.Span) {
		return
	}
	ps.Report(diag.Diagnostic{
		Severity: diag.Info, Span: spanOr(f.NameAt, textedit.Head(f.At.Span)), Included: f.At.Included, Hint: hint,
		Message: "farm /" + shown(f.Name) + " has no /clientheaders",
		Why:     "which headers AEM gets is left to the list that the module has for this case",
	})
}

var clientHeadersStar = lint.Rule{
	ID: "DSP508", Name: "clientheaders-star", Severity: diag.Warning, Security: true, Farm: checkStar, Fixable: true,
	Doc: lint.Doc{
		Title: "all request headers are passed on",
		Why: "With * AEM gets whatever a client sends. Headers that override the method or the URL of a request reach it behind the back of " +
			"the filter, and pages that depend on a header nobody thought of end up in the cache for everybody.",
		Bad: `/clientheaders {
	"*"
}
`,
		Good:    exampleHeaders,
		Note:    "Farms for authors are not reported. The fix lists the headers that AEM needs; add those of the site.",
		Since:   since,
		Sources: []string{configuration + " (/clientheaders)", skills},
	},
}

// usualHeaders are those that sites pass on.
var usualHeaders = [...]string{
	"Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Content-Length", "Content-Type", "Cookie", "CSRF-Token", "Host",
	"If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Origin", "Range", "Referer", "User-Agent",
	"X-Forwarded-Proto", "x-request-id", "X-Requested-With",
}

func checkStar(ps *lint.Pass, f *model.Farm) {
	h := f.ClientHeaders
	if h == nil || ps.FarmType(f) == lint.Author {
		return
	}
	for _, v := range h.Values {
		if v.Text != "*" {
			continue
		}
		var fixes []diag.Fix
		if text := v.At.Span.Text(); len(h.Values) == 1 && (text == `"*"` || text == `'*'`) {
			items := make([]string, len(usualHeaders))
			for i, name := range usualHeaders {
				items[i] = `"` + name + `"`
			}
			fixes = []diag.Fix{{Title: "list the usual headers", Edits: []diag.Edit{textedit.Written(v.At.Span, items)}}}
		}
		ps.Tell(v.At.Span, v.At, "* passes on every header that a client sends", "list the headers that the site needs", fixes...)
	}
}

var clientHeadersRequired = lint.Rule{
	ID: "DSP509", Name: "clientheaders-required", Severity: diag.Warning, Farm: checkRequired, Fixable: true,
	Options: []lint.Option{{
		Name:    "headers",
		Default: []string{"Host", "CSRF-Token", "X-Forwarded-Proto", "User-Agent", "Referer", "Content-Type", "Content-Length"},
		Doc:     "Headers that every list must have.",
	}, {
		Name:    "useful",
		Default: []string{"Authorization", "Cookie", "If-None-Match", "If-Modified-Since"},
		Doc:     "Headers of which a list without them is worth an info.",
	}},
	Doc: lint.Doc{
		Title: "request header that AEM needs is not passed on",
		Why: "/clientheaders is the whole list of what AEM gets. Without CSRF-Token and Referer it refuses forms, without Host it maps to the " +
			"wrong site, without X-Forwarded-Proto it makes links with http, without the content's type and length it cannot read what " +
			"is sent.",
		Bad: `/clientheaders {
	"Authorization"
	"Content-Length"
	"Content-Type"
	"Cookie"
	"Host"
	"If-Modified-Since"
	"If-None-Match"
	"Referer"
	"User-Agent"
	"X-Forwarded-Proto"
	"x-request-id"
}
`,
		Good: exampleHeaders,
		Note: "Where only Authorization, Cookie, If-None-Match, If-Modified-Since or, in the profile cloud, x-request-id is missing it is an " +
			"info: a site without logins can do without.",
		Since: since,
		Sources: []string{
			skills,
			"AdobeDocs/experience-manager-65.en, CSRF protection",
			"adobe/aem-project-archetype, default_clientheaders.any",
		},
	},
}

func checkRequired(ps *lint.Pass, f *model.Farm) {
	h := f.ClientHeaders
	if h == nil || len(h.Values) == 0 || partOf(ps.Subject.Config) && textedit.Head(h.At.Span) == h.At.Span || unread.Property(ps, f, "", h.At.Span) {
		return
	}
	has := make(map[string]bool, len(h.Values))
	for _, v := range h.Values {
		if v.Text == "*" || !known(v.Text) {
			return
		}
		has[strings.ToLower(v.Text)] = true
	}
	var missing []string
	lacks := func(names ...string) {
		for _, name := range names {
			if !has[strings.ToLower(name)] {
				missing = append(missing, name)
			}
		}
	}
	lacks(ps.Strings("headers")...)
	severity := diag.Warning
	if len(missing) == 0 {
		severity = diag.Info
	}
	lacks(ps.Strings("useful")...)
	if ps.Subject.Profile == "cloud" {
		lacks("x-request-id")
	}
	if len(missing) == 0 {
		return
	}
	ps.Report(diag.Diagnostic{
		Severity: severity, Span: textedit.Head(h.At.Span), Included: h.At.Included, Message: "/clientheaders lacks " + listed(missing),
		Hint: "add " + them(missing), Fixes: appended(ps, h, missing),
	})
}

// listed joins names for a message.
func listed(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func them(names []string) string {
	if len(names) == 1 {
		return "it"
	}
	return "them"
}

// appended is a fix that writes names behind the last string of a list that stands in a file which may be changed.
func appended(ps *lint.Pass, h *model.List, names []string) []diag.Fix {
	for i := len(h.Values) - 1; i >= 0; i-- {
		at := h.Values[i].At.Span
		if at.IsZero() || ps.Subject.Immutable != nil && ps.Subject.Immutable(at.File) {
			continue
		}
		items := []string{at.Text()}
		for _, name := range names {
			items = append(items, `"`+name+`"`)
		}
		e := textedit.Written(at, items)
		e.New = strings.TrimPrefix(e.New, at.Text())
		e.Span.Start = e.Span.End
		return []diag.Fix{{Title: "add " + listed(names), Edits: []diag.Edit{e}}}
	}
	return nil
}

var clientHeadersDangerous = lint.Rule{
	ID: "DSP510", Name: "clientheaders-dangerous", Severity: diag.Warning, Security: true, Farm: checkDangerous, Fixable: true,
	Doc: lint.Doc{
		Title: "request header is passed on that clients should not choose",
		Why: "The filter decides about the method and the URL of a request. A header that makes AEM, or an application on it, take another " +
			"method or another URL gets past that decision, and its answer is cached under the URL that was asked for. Proxy becomes the " +
			"proxy that programs on the server use.",
		Bad: `/clientheaders {
	"Authorization"
	"Content-Length"
	"Content-Type"
	"Cookie"
	"CSRF-Token"
	"Host"
	"If-Modified-Since"
	"If-None-Match"
	"Referer"
	"User-Agent"
	"X-Forwarded-Proto"
	"X-HTTP-Method-Override"
	"x-request-id"
}
`,
		Good: exampleHeaders,
		Note: "Connection, Keep-Alive, TE, Trailer, Transfer-Encoding and Upgrade are about the connection, not for AEM: an info. Whether " +
			"X-Forwarded-Host may be passed on depends on settings of the web server, and is not said here.",
		Since:   since,
		Sources: []string{skills + " (probes with overridden methods)", "httpoxy.org", configuration + " (/clientheaders)"},
	},
}

// overriding are the headers that take the place of a part of the request, in lower case; what they replace.
var overriding = map[string]string{
	"x-http-method-override": "the method",
	"x-http-method":          "the method",
	"x-method-override":      "the method",
	"x-original-url":         "the URL",
	"x-rewrite-url":          "the URL",
	"proxy":                  "the proxy of programs on the server",
}

func checkDangerous(ps *lint.Pass, f *model.Farm) {
	if f.ClientHeaders == nil {
		return
	}
	for _, v := range f.ClientHeaders.Values {
		name := strings.ToLower(v.Text)
		d := diag.Diagnostic{Span: v.At.Span, Included: v.At.Included}
		switch what, bad := overriding[name]; {
		case bad:
			d.Message = fmt.Sprintf("header %s lets a client choose %s", shown(v.Text), what)
			d.Hint = "remove it, unless an application behind needs it"
		case ofConnection(name):
			d.Severity = diag.Info
			d.Message = fmt.Sprintf("header %s is about the connection of the client, not for AEM", shown(v.Text))
			d.Hint = "remove it"
			d.Why = "the module has a connection of its own to the render"
		default:
			continue
		}
		if text := v.At.Span.Text(); len(f.ClientHeaders.Values) > 1 && strings.Trim(text, `"'`) == v.Text {
			d.Fixes = []diag.Fix{{Title: "remove " + text, Edits: []diag.Edit{textedit.Removed(v.At.Span)}}}
		}
		ps.Report(d)
	}
}

// ofConnection reports whether a header, in lower case, is for one hop. Those of proxies are left out: the module's
// own list has them.
func ofConnection(name string) bool {
	switch name {
	case "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return false
}
