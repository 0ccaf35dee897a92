package httpd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/spelling"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

var headerAddForSingleValue = lint.Rule{
	ID: "DSP568", Name: "header-add-for-single-value", Severity: diag.Warning, Server: checkHeaderAdd, Fixable: true,
	Doc: lint.Doc{
		Title: "header that has one value is given a second",
		Why: "append, merge and add leave what AEM has sent. A browser that finds two values for such a header takes the first, or none at all: a frame option or " +
			"a transport policy that looks set does nothing.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	Header always append X-Frame-Options DENY
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	Header always set X-Frame-Options DENY
</VirtualHost>
`,
		Note: "X-Frame-Options SAMEORIGIN, which AEM sends too, and X-Content-Type-Options are an info: browsers take the same value twice. " +
			"Lines with a condition are left alone.",
		Since:   since,
		Sources: []string{docsHeaders, "RFC 6797, 8.1", "yandex/gixy, add_header_redefinition"},
	},
}

var headerWithoutAlways = lint.Rule{
	ID: "DSP569", Name: "header-without-always", Severity: diag.Info, Server: checkHeaderWithoutAlways, Fixable: true,
	Doc: lint.Doc{
		Title: "security header is missing on errors and redirects",
		Why:   "Without always, httpd sends the header with what handlers answer, and leaves it out of its own error pages and of redirects by rewrite rules.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	Header set Strict-Transport-Security "max-age=63072000; includeSubDomains"
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	Header always set Strict-Transport-Security "max-age=63072000; includeSubDomains"
</VirtualHost>
`,
		Note:    "httpd keeps two tables of headers. Where AEM sends the header as well, take it away with Header unset, or it is there twice.",
		Since:   since,
		Sources: []string{docsHeaders},
	},
}

var headerMultiline = lint.Rule{
	ID: "DSP570", Name: "header-multiline", Severity: diag.Error, Server: checkHeaderMultiline,
	Doc: lint.Doc{
		Title: "value of a header has a line break",
		Why: "A line break ends a header. httpd answers 500 instead of sending it, and older releases send what follows as a header of its own. A quote that is not " +
			"closed on its line is the same mistake: httpd takes the next line for a directive.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	Header always set Content-Security-Policy "default-src 'self';\n frame-ancestors 'none'"
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	Header always set Content-Security-Policy "default-src 'self'; frame-ancestors 'none'"
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsHeaders, "yandex/gixy, add_header_multiline"},
	},
}

var headerBadValue = lint.Rule{
	ID: "DSP571", Name: "header-bad-value", Severity: diag.Warning, Server: checkHeaderValue, Fixable: true,
	Doc: lint.Doc{
		Title: "value of a header is not one that clients know",
		Why:   "Clients and caches pass over what they do not know: a misspelt max-age is no lifetime at all, and the Dispatcher, the CDN and browsers go by something else.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	<LocationMatch "^/content/.*\.html$">
		Header set Cache-Control "max-age:300, public"
	</LocationMatch>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	<LocationMatch "^/content/.*\.html$">
		Header set Cache-Control "max-age=300, public"
	</LocationMatch>
</VirtualHost>
`,
		Note:    "Looked at are Cache-Control, X-Frame-Options and X-Content-Type-Options. Directives of Cache-Control that are near to no known one are taken for extensions.",
		Since:   since,
		Sources: []string{"RFC 9111, 5.2", "RFC 5861", "RFC 7034", docsCaching},
	},
}

var cacheControlGlobal = lint.Rule{
	ID: "DSP572", Name: "cache-control-global", Severity: diag.Warning, Server: checkCacheControlGlobal,
	Doc: lint.Doc{
		Title: "one lifetime for all that AEM answers",
		Why: "Header set takes the place of what AEM has said about the page, private and no-store included. A CDN then keeps what is meant for one visitor, or for " +
			"no cache at all, and gives it to the next.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
	Header set Cache-Control "public, max-age=3600"
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	AllowEncodedSlashes NoDecode
	<Directory />
		SetHandler dispatcher-handler
	</Directory>
	<LocationMatch "^/content/.*\.html$">
		Header set Cache-Control "public, max-age=3600"
	</LocationMatch>
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsCaching},
	},
}

var varyUserAgent = lint.Rule{
	ID: "DSP573", Name: "vary-user-agent", Severity: diag.Warning, Server: checkVaryUserAgent, Fixable: true,
	Doc: lint.Doc{
		Title: "caches keep one copy for each browser",
		Why: "Vary with User-Agent tells the CDN and other caches that the answer depends on the name of the browser, of which there are thousands. They keep a copy for " +
			"each or none at all, and most requests reach the Dispatcher.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	Header append Vary User-Agent env=!dont-vary
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsCaching, "RFC 9110, 12.5.5"},
	},
}

// eachHeader calls f for each line of Header that a host's requests may meet; in the same order each time.
func (c *scene) eachHeader(f func(h *server.Host, s vhosts.Placed, r *server.HeaderRule)) {
	for _, h := range c.hosts {
		for _, s := range c.settings[h] {
			for _, r := range s.Headers {
				f(h, s, r)
			}
		}
	}
}

// gives reports whether a line sends a header.
func gives(r *server.HeaderRule) bool {
	return r.Action <= server.HeaderAdd
}

// conditional reports whether a line has a condition of its own.
func conditional(r *server.HeaderRule) bool { return r.EnvName != "" || r.Condition != nil }

// constant returns the value of a line that is plain text.
func constant(r *server.HeaderRule) (string, bool) {
	if r.ValueExpr != nil {
		return r.ValueExpr.Constant()
	}
	switch len(r.Value) {
	case 0:
		return "", true
	case 1:
		return r.Value[0].Text, r.Value[0].Format == 0
	}
	return "", false
}

// action returns the word of a line that says what it does.
func (c *scene) action(r *server.HeaderRule) (source.Span, string) {
	return c.word(r.At, func(w string) bool { return in(w, "set", "setifempty", "append", "merge", "add") })
}

// strict are headers that have one value.
var strict = []string{"X-Frame-Options", "X-Content-Type-Options", "Strict-Transport-Security"}

func checkHeaderAdd(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	c.eachHeader(func(_ *server.Host, _ vhosts.Placed, r *server.HeaderRule) {
		if r.Action != server.HeaderAppend && r.Action != server.HeaderMerge && r.Action != server.HeaderAdd ||
			!in(r.Name, strict...) || conditional(r) || !c.owns(r.At) {
			return
		}
		severity := diag.Warning
		value, ok := constant(r)
		if in(r.Name, "X-Frame-Options") && ok && in(value, "sameorigin") || in(r.Name, "X-Content-Type-Options") {
			severity = diag.Info
		}
		at, text := c.action(r)
		by := "set"
		if !r.Always {
			by = "always set"
		}
		tell(p, at, r.Included, fmt.Sprintf("Header %s may give %s a second value", text, r.Name), "write Header always set", as(severity), replacing("write "+by, at, text, by))
	})
}

// kept are headers about safety that every answer should have.
var kept = []string{
	"X-Frame-Options", "X-Content-Type-Options", "Strict-Transport-Security", "Content-Security-Policy", "Referrer-Policy", "Permissions-Policy",
}

func checkHeaderWithoutAlways(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	always := map[*server.Host]map[string]bool{}
	c.eachHeader(func(h *server.Host, _ vhosts.Placed, r *server.HeaderRule) {
		if always[h] == nil {
			always[h] = map[string]bool{}
		}
		if r.Always && gives(r) {
			always[h][strings.ToLower(r.Name)] = true
		}
	})
	c.eachHeader(func(h *server.Host, _ vhosts.Placed, r *server.HeaderRule) {
		if r.Always || r.Early || !gives(r) || conditional(r) || !in(r.Name, kept...) || !c.owns(r.At) || always[h][strings.ToLower(r.Name)] {
			return
		}
		more := []func(*diag.Diagnostic){}
		if at, text := c.action(r); r.Action == server.HeaderSet {
			more = append(more, replacing("write always set", at, text, "always set"))
		}
		tell(p, r.NameAt, r.Included, fmt.Sprintf("header %s is set without always, and is missing on errors and redirects", r.Name), "write Header always set", more...)
	})
}

func checkHeaderMultiline(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, key := range []string{"header", "requestheader"} {
		for _, l := range c.byKey[key] {
			_, err := l.Words()
			if _, open := err.(*apacheconf.QuoteError); !open {
				continue
			}
			list := words(l.Node)
			tell(p, l.WordSpan(list[len(list)-1]), l.Included, "value of "+l.Name+" has a quote that is not closed on its line",
				"write the value on one line, or end each line but the last with a backslash")
		}
	}
	broken := func(r *server.HeaderRule) {
		for _, part := range r.Value {
			if strings.ContainsAny(part.Text, "\r\n") && c.owns(r.At) {
				tell(p, r.ValueAt, r.Included, fmt.Sprintf("value of header %s has a line break", r.Name), `leave \n and \r out`)
				return
			}
		}
	}
	for _, h := range c.hosts {
		for _, s := range c.settings[h] {
			for _, r := range s.Headers {
				broken(r)
			}
			for _, r := range s.RequestHeaders {
				broken(r)
			}
		}
	}
}

// cacheDirectives are those of Cache-Control that answers have. Those that want a number are marked.
var cacheDirectives = map[string]bool{
	"public": false, "private": false, "no-cache": false, "no-store": false, "no-transform": false, "must-revalidate": false, "proxy-revalidate": false,
	"must-understand": false, "immutable": false, "max-age": true, "s-maxage": true, "stale-while-revalidate": true, "stale-if-error": true,
	"pre-check": true, "post-check": true, "max-stale": false, "min-fresh": true, "only-if-cached": false, "community": false,
	"no-store-remote": false, "surrogate-control": false, "edge-maxage": true,
}

func checkHeaderValue(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	c.eachHeader(func(_ *server.Host, _ vhosts.Placed, r *server.HeaderRule) {
		value, ok := constant(r)
		if !gives(r) || !ok || !c.owns(r.At) {
			return
		}
		switch {
		case in(r.Name, "Cache-Control"):
			wrong, why, instead := badCacheControl(value)
			if why == "" {
				return
			}
			more := []func(*diag.Diagnostic){}
			if instead != "" {
				more = append(more, c.respelling(r, value, wrong, instead))
			}
			hint := "correct it"
			if instead != "" {
				hint = "write " + instead
			}
			tell(p, r.ValueAt, r.Included, fmt.Sprintf("Cache-Control has %q: %s", wrong, why), hint, more...)
		case in(r.Name, "X-Frame-Options"):
			if word := strings.TrimSpace(value); !in(word, "DENY", "SAMEORIGIN") && !strings.Contains(word, ",") {
				tell(p, r.ValueAt, r.Included, fmt.Sprintf("X-Frame-Options is %q, which browsers pass over", word), "write DENY or SAMEORIGIN, or use frame-ancestors of Content-Security-Policy")
			}
		case in(r.Name, "X-Content-Type-Options"):
			if word := strings.TrimSpace(value); !in(word, "nosniff") {
				tell(p, r.ValueAt, r.Included, fmt.Sprintf("X-Content-Type-Options is %q, which browsers pass over", word), "write nosniff", replacing("write nosniff", r.ValueAt, value, "nosniff"))
			}
		}
	})
}

// respelling offers to write a part of a value otherwise.
func (c *scene) respelling(r *server.HeaderRule, value, wrong, instead string) func(*diag.Diagnostic) {
	if strings.Count(value, wrong) != 1 {
		return func(*diag.Diagnostic) {}
	}
	return replacing("write "+instead, r.ValueAt, value, strings.Replace(value, wrong, instead, 1))
}

// badCacheControl finds the first directive that caches do not know, why they do not, and what was meant, "" where that is not
// plain to see.
func badCacheControl(value string) (wrong, why, instead string) {
	if strings.ContainsAny(value, `"`) {
		return "", "", ""
	}
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if before, after, ok := strings.Cut(part, ";"); ok {
			if after = strings.TrimSpace(after); after == "" {
				return part, "directives are separated by commas", strings.TrimSpace(before)
			}
			return part, "directives are separated by commas", ""
		}
		name, number, has := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		numeric, known := cacheDirectives[name]
		if known {
			switch _, err := strconv.ParseUint(strings.TrimSpace(number), 10, 63); {
			case name == "private" || name == "no-cache" || name == "max-stale":
			case numeric && (!has || err != nil):
				return part, "a number of seconds is missing", ""
			case numeric && strings.ContainsAny(part, " \t"):
				return part, "no blank may stand at the sign =", strings.Join(strings.Fields(part), "")
			case !numeric && has:
				return part, "it takes no value", name
			}
			continue
		}
		if before, after, colon := strings.Cut(part, ":"); colon {
			if numeric := cacheDirectives[strings.ToLower(strings.TrimSpace(before))]; numeric {
				return part, "a colon is not the sign =", strings.TrimSpace(before) + "=" + strings.TrimSpace(after)
			}
		}
		if strings.ContainsAny(name, " \t") {
			return part, "directives are separated by commas", ""
		}
		if near := nearDirective(name); near != "" {
			instead = near
			if has {
				instead += "=" + number
			}
			return part, "caches do not know it", instead
		}
	}
	return "", "", ""
}

func nearDirective(name string) string {
	best, found := 3, ""
	for _, d := range slices.Sorted(func(yield func(string) bool) {
		for d := range cacheDirectives {
			if !yield(d) {
				return
			}
		}
	}) {
		if e := spelling.Edits(name, d, best-1); e < best {
			best, found = e, d
		}
	}
	return found
}

func checkCacheControlGlobal(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	c.eachHeader(func(h *server.Host, s vhosts.Placed, r *server.HeaderRule) {
		if r.Action != server.HeaderSet || r.Always || r.Early || conditional(r) || !in(r.Name, "Cache-Control") || !c.owns(r.At) || !c.dispatches(h) {
			return
		}
		if len(s.Within) > 1 || len(s.Within) == 1 && !covers(h, s.Within[0]) {
			return
		}
		value, ok := constant(r)
		low := strings.ToLower(value)
		if !ok || strings.Contains(low, "private") || strings.Contains(low, "no-store") || strings.Contains(low, "no-cache") || strings.Contains(low, "max-age=0") {
			return
		}
		tell(p, r.NameAt, r.Included, "Cache-Control is set for every answer, whatever AEM says of the page", "put the line into <LocationMatch> for the pages that are meant, or write setifempty")
	})
}

func checkVaryUserAgent(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	c.eachHeader(func(_ *server.Host, _ vhosts.Placed, r *server.HeaderRule) {
		value, ok := constant(r)
		if !gives(r) || !ok || !in(r.Name, "Vary") || !c.owns(r.At) {
			return
		}
		list := strings.Split(value, ",")
		for _, part := range list {
			if !in(strings.TrimSpace(part), "User-Agent") {
				continue
			}
			more := []func(*diag.Diagnostic){}
			if len(list) == 1 {
				more = append(more, removing("take the line away", r.At))
			}
			tell(p, r.ValueAt, r.Included, "Vary has User-Agent", "leave it out, and let answers depend on something with few values", more...)
		}
	})
}
