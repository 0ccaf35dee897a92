package httpd

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
)

var duplicateSingleDirective = lint.Rule{
	ID: "DSP596", Name: "duplicate-single-directive", Severity: diag.Warning, Server: checkDuplicates,
	Doc: lint.Doc{
		Title: "directive with one value stands twice",
		Why:   "httpd goes by the last of them and says nothing. Who changes the first one wonders why nothing happens.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	DocumentRoot "/var/www/html"
	ServerName site.example
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	ServerAlias site.example
	DocumentRoot "/var/www/html"
</VirtualHost>
`,
		Note:    "Told where the values differ, in one section or virtual host.",
		Since:   since,
		Sources: []string{docsCore},
	},
}

var substituteCompressed = lint.Rule{
	ID: "DSP597", Name: "substitute-before-deflate", Severity: diag.Info, Server: checkSubstitute,
	Doc: lint.Doc{
		Title: "text is looked for in compressed answers",
		Why: "A farm passes Accept-Encoding on, so AEM may compress its answers. Substitute then looks for its text in what is compressed and finds nothing: it works for clients that take no " +
			"compression, and for nobody else.",
		File: "conf.dispatcher.d/dispatcher.any",
		Bad: `/farms {
	/site {
		/clientheaders { "Host" "Accept-Encoding" }
		/virtualhosts { "*" }
		/renders {
			/0 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
		}
	}
}
`,
		Good: `/farms {
	/site {
		/clientheaders { "Host" "Accept" }
		/virtualhosts { "*" }
		/renders {
			/0 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
		}
	}
}
`,
		Files: []lint.File{
			{Name: "conf.d/enabled_vhosts/site.vhost", Text: `<VirtualHost *:80>
	ServerName www.site.example
	AddOutputFilterByType SUBSTITUTE text/html
	Substitute "s|/content/site|/|n"
</VirtualHost>
`},
		},
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, mod/mod_substitute.html", "httpd.apache.org/docs/2.4, mod/mod_deflate.html (output decompression)"},
	},
}

var cookieFlags = lint.Rule{
	ID: "DSP598", Name: "cookie-flags", Severity: diag.Info, Server: checkCookies,
	Doc: lint.Doc{
		Title: "cookie is sent in plain text, or shown to scripts",
		Why:   "Without Secure a browser sends the cookie over connections that are not encrypted, and without HttpOnly scripts of the page may read it.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	RewriteEngine On
	RewriteRule "^/beta$" "-" [CO=beta:1:.site.example]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	RewriteEngine On
	RewriteRule "^/beta$" "-" [CO=beta:1:.site.example:0:/:secure:httponly:lax]
</VirtualHost>
`,
		Note:    "Looked at are the flag CO of rewrite rules, and Header lines that set Set-Cookie.",
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, rewrite/flags.html (CO)", "RFC 6265, 4.1.2"},
	},
}

// single are directives of which the last in a place counts.
var single = []string{
	"documentroot", "servername", "serverpath", "allowencodedslashes", "usecanonicalname", "mergeslashes", "traceenable", "limitinternalrecursion",
	"allowoverride", "directoryslash", "modmimeusepathinfo", "sethandler", "forcetype", "acceptpathinfo", "rewriteengine", "rewritebase", "setoutputfilter",
	"expiresactive", "expiresdefault", "proxypreservehost", "proxyerroroverride", "adddefaultcharset", "authtype", "authname",
	"dispatcherconfig", "dispatcheruseprocessedurl", "dispatcherpasserror", "dispatcherdeclineroot", "dispatcheruseforwardedhost",
	"dispatcherrestrictuncacheablecontent", "dispatcherloglevel", "sslengine", "sslprotocol", "sslciphersuite", "sslproxyengine",
}

func checkDuplicates(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, key := range single {
		lines := c.byKey[key]
		if len(lines) < 2 {
			continue
		}
		groups := map[any][]line{}
		var order []any
		for _, l := range lines {
			in := innermost(l)
			if in == nil {
				continue // parts of the server's configuration may set again what a base file has set
			}
			if groups[in] == nil {
				order = append(order, in)
			}
			groups[in] = append(groups[in], l)
		}
		for _, in := range order {
			group := groups[in]
			last := group[len(group)-1]
			more := []func(*diag.Diagnostic){}
			for _, l := range group[:len(group)-1] {
				if l.At != last.At && !strings.EqualFold(value(l), value(last)) {
					more = append(more, with(l.At, "this one is overruled"))
				}
			}
			if len(more) > 0 {
				tell(p, last.At, last.Included, fmt.Sprintf("%s overrules another %s in the same place", last.Name, last.Name), "keep one of them", more...)
			}
		}
	}
}

func value(l line) string { return strings.Join(texts(l.Node), " ") }

func checkSubstitute(p *lint.Pass, _ *server.Server) {
	if p.Subject.Config == nil {
		return
	}
	passed := false
	for _, f := range p.Subject.Config.Farms {
		if f.ClientHeaders == nil {
			continue
		}
		for _, v := range f.ClientHeaders.Values {
			passed = passed || in(v.Text, "*", "Accept-Encoding")
		}
	}
	if !passed {
		return
	}
	c := sceneOf(p)
	for _, key := range []string{"setoutputfilter", "addoutputfilter", "addoutputfilterbytype"} {
		for _, l := range c.byKey[key] {
			w := words(l.Node)
			if len(w) == 0 {
				continue
			}
			has := map[string]bool{}
			for f := range strings.SplitSeq(strings.ToUpper(w[0].Text), ";") {
				has[f] = true
			}
			if has["SUBSTITUTE"] && !has["INFLATE"] {
				tell(p, l.WordSpan(w[0]), l.Included, "SUBSTITUTE stands without INFLATE, and AEM may compress its answers", "write INFLATE;SUBSTITUTE;DEFLATE, or take Accept-Encoding out of /clientheaders")
			}
		}
	}
}

func checkCookies(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		eachRule(c, h, func(r *server.RewriteRule) {
			for _, cookie := range r.Flags.Cookies {
				if name, missing := cookieMissing(cookie); missing != "" && c.owns(r.At) {
					tell(p, r.FlagsAt, r.Included, fmt.Sprintf("cookie %s is set without %s", name, missing), "write CO=name:value:domain:lifetime:path:secure:httponly:lax")
				}
			}
		})
	}
	c.eachHeader(func(_ *server.Host, _ vhosts.Placed, r *server.HeaderRule) {
		if !gives(r) || !in(r.Name, "Set-Cookie") || !c.owns(r.At) {
			return
		}
		var b strings.Builder
		for _, part := range r.Value {
			b.WriteString(part.Text)
		}
		attributes := map[string]bool{}
		for i, a := range strings.Split(b.String(), ";") {
			if name, _, _ := strings.Cut(a, "="); i > 0 {
				attributes[strings.ToLower(strings.TrimSpace(name))] = true
			}
		}
		var missing []string
		for _, a := range []string{"Secure", "HttpOnly"} {
			if !attributes[strings.ToLower(a)] {
				missing = append(missing, a)
			}
		}
		if len(missing) > 0 && len(r.Value) > 0 {
			tell(p, r.ValueAt, r.Included, "Set-Cookie has no "+strings.Join(missing, " and no "), "add "+strings.Join(missing, "; "))
		}
	})
}

// cookieMissing says which of secure and httponly a cookie of flag CO lacks.
func cookieMissing(cookie string) (name, lacks string) {
	sep := ":"
	if rest, ok := strings.CutPrefix(cookie, ";"); ok {
		sep, cookie = ";", rest
	}
	f := strings.Split(cookie, sep)
	on := func(i int, word string) bool { return i < len(f) && in(f[i], word, "true", "1") }
	var missing []string
	if !on(5, "secure") {
		missing = append(missing, "secure")
	}
	if !on(6, "httponly") {
		missing = append(missing, "httponly")
	}
	return f[0], strings.Join(missing, " and ")
}
