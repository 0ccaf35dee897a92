package performance

import (
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
)

const (
	deflateManual = "httpd.apache.org/docs/2.4, mod/mod_deflate.html"
	headersManual = "httpd.apache.org/docs/2.4, mod/mod_headers.html"
	rewriteManual = "httpd.apache.org/docs/2.4, rewrite/avoid.html"
	caching       = "AdobeDocs/experience-manager-cloud-service.en, caching.md"
)

var noCompression = lint.Rule{
	ID: "DSP952", Name: "no-compression", Severity: diag.Info, Host: checkCompression,
	Doc: lint.Doc{
		Title: "virtual host sends texts as they are",
		Why: "Pages, style sheets and scripts shrink to a fifth and less when they are compressed. Without a filter httpd sends them whole, to " +
			"whatever is in front of it; a CDN may compress for its clients, and still fetches the whole.",
		Bad:     hostOf("\tSetHandler dispatcher-handler\n"),
		Good:    hostOf("\tSetHandler dispatcher-handler\n\tAddOutputFilterByType DEFLATE text/html text/css application/javascript application/json\n"),
		File:    "site.vhost",
		Since:   since,
		Sources: []string{deflateManual, "adobe/aem-project-archetype, default.vhost"},
	},
}

// hostOf is an example: a virtual host with some directives.
func hostOf(text string) string {
	return "<VirtualHost *:80>\n\tServerName www.example.com\n\tDocumentRoot \"${DOCROOT}\"\n" + text + "</VirtualHost>\n"
}

func checkCompression(p *lint.Pass, h *server.Host) {
	if !vhosts.Own(p, h) || !vhosts.Dispatches(h) {
		return
	}
	found := false
	for _, s := range vhosts.Settings(h) {
		found = found || s.OutputFilters != nil && compresses(s.OutputFilters.Value)
		for _, f := range s.FiltersByType {
			found = found || compresses(f.Filter)
		}
		for _, f := range s.FiltersByExt {
			found = found || compresses(f.Value)
		}
	}
	if !found {
		p.Report(diag.Diagnostic{
			Span: firstLine(h.Place), Included: h.Included, Message: "virtual host " + h.Name.Host + " compresses nothing",
			Hint: "write AddOutputFilterByType DEFLATE text/html text/css application/javascript application/json",
		})
	}
}

// compresses reports whether a list of filters has one that compresses.
func compresses(list string) bool {
	for f := range strings.SplitSeq(list, ";") {
		switch strings.ToUpper(strings.TrimSpace(f)) {
		case "DEFLATE", "BROTLI_COMPRESS":
			return true
		}
	}
	return false
}

var compressImages = lint.Rule{
	ID: "DSP953", Name: "compress-images", Severity: diag.Hint, Host: checkImages,
	Doc: lint.Doc{
		Title: "images are compressed once more",
		Why: "SetOutputFilter DEFLATE compresses all answers. Images, fonts and videos are compressed already: nothing is won, and the server is busy " +
			"with each of them.",
		Bad: hostOf("\tSetOutputFilter DEFLATE\n"),
		Good: hostOf("\tSetOutputFilter DEFLATE\n" +
			"\tSetEnvIfNoCase Request_URI \"\\.(gif|ico|jpe?g|png|webp|woff2?)$\" no-gzip\n"),
		File: "site.vhost", Since: since, Sources: []string{deflateManual},
	},
}

func checkImages(p *lint.Pass, h *server.Host) {
	if vhosts.Platform(h.At.File) {
		return
	}
	spared := false
	for _, s := range vhosts.Settings(h) {
		for _, e := range s.EnvIf {
			for _, set := range e.Set {
				if !set.Unset && strings.EqualFold(set.Name, "no-gzip") && e.Pattern != nil && matches(e.Pattern, "/content/dam/site/a.jpg") {
					spared = true
				}
			}
		}
	}
	if spared {
		return
	}
	for _, s := range vhosts.Settings(h) {
		f := s.OutputFilters
		if f == nil || !compresses(f.Value) || vhosts.Platform(f.At.File) || !meets(s.Section(), "/content/dam/site/a.jpg") {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: f.At, Included: f.Included, Message: f.At.Text() + " compresses images, too",
			Hint: `write SetEnvIfNoCase Request_URI "\.(gif|ico|jpe?g|png|webp|woff2?)$" no-gzip, or AddOutputFilterByType for texts`,
		})
	}
}

var rewriteCost = lint.Rule{
	ID: "DSP958", Name: "rewrite-cost", Severity: diag.Info, Host: checkRewriteCost,
	Options: []lint.Option{{Name: "rules", Default: 500, Doc: "How many rewrite rules a request may have to pass."}},
	Doc: lint.Doc{
		Title: "each request passes hundreds of rewrite rules",
		Why: "httpd tries the rules one after the other, for each request: for images and style sheets, too, which no redirect is meant for. Each rule " +
			"is a regular expression. A map looks a path up at once, whatever its size, and a rule at the start that ends the list for what is " +
			"never rewritten spares most requests the rest.",
		Bad:  "RewriteEngine On\n" + manyRedirects,
		Good: "RewriteEngine On\nRewriteRule ^/(etc\\.clientlibs|content/dam)/ - [L]\n" + manyRedirects,
		File: "site.rules", Note: "The option rules sets the number.", Since: since, Sources: []string{rewriteManual},
		Options: lint.Options{"rules": lint.OptionValue{Value: 5}},
	},
}

// manyRedirects are rules as they gather over the years.
const manyRedirects = `RewriteRule ^/a\.html$ /content/site/a.html [PT,L]
RewriteRule ^/b\.html$ /content/site/b.html [PT,L]
RewriteRule ^/c\.html$ /content/site/c.html [PT,L]
RewriteRule ^/d\.html$ /content/site/d.html [PT,L]
RewriteRule ^/e\.html$ /content/site/e.html [PT,L]
RewriteRule ^/f\.html$ /content/site/f.html [PT,L]
`

func checkRewriteCost(p *lint.Pass, h *server.Host) {
	most := p.Int("rules")
	rules := h.Rewrite.Rules
	if len(rules) <= most {
		return
	}
	for i, r := range rules {
		if i >= most {
			break
		}
		if r.NoSubstitution && (r.Flags.Last || r.Flags.End) && !r.Pattern.Negated && len(r.Conditions) == 0 &&
			(matches(r.Pattern, "/etc.clientlibs/site/clientlibs/base.css") || matches(r.Pattern, "/content/dam/site/a.jpg")) {
			return // what is asked for most often leaves early
		}
	}
	first := rules[most]
	if vhosts.Platform(first.At.File) {
		return
	}
	p.Report(diag.Diagnostic{
		Span: first.At, Included: first.Included, Message: "virtual host " + h.Name.Host + " tries " + strconv.Itoa(len(rules)) + " rewrite rules for a request",
		Hint: `put redirects into a RewriteMap, and write RewriteRule "^/(etc\.clientlibs|content/dam)/" "-" [L] in front of them`,
	})
}
