package session

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
)

var vanityEatenByRewrite = lint.Rule{
	ID: "DSP519", Name: "vanity-eaten-by-rewrite", Severity: diag.Warning, Farm: checkVanityRewritten,
	Doc: lint.Doc{
		Title: "rewrite rules change vanity URLs before the list is asked",
		Why: "The Dispatcher looks a request up in the list of vanity URLs by the address that httpd hands to it. Where a rewrite rule has put the content path in front of it, or an " +
			"extension behind it, no entry of the list fits, and the filter decides as if there were none.",
		File: "conf.dispatcher.d/dispatcher.any",
		Bad:  "/farms {\n\t$include \"enabled_farms/*.farm\"\n}\n", Good: "/farms {\n\t$include \"enabled_farms/*.farm\"\n}\n",
		Files: []lint.File{
			{Name: "opt-in/USE_SOURCES_DIRECTLY"},
			{Name: "conf.dispatcher.d/enabled_farms/site.farm", Text: `/site {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
	/vanity_urls {
		/url "/libs/granite/dispatcher/content/vanityUrls.html"
		/file "/tmp/vanity_urls"
		/delay "300"
	}
}
`},
		},
		BadFiles:  []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: rewritingHost("RewriteRule ^/(.*)$ /content/site/$1 [PT,L]", "RewriteCond %{REQUEST_URI} !^/content/")}},
		GoodFiles: []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: rewritingHost("RewriteRule ^/(.*)$ /content/site/$1 [PT,L]", "RewriteCond %{REQUEST_URI} !^/content/", `RewriteCond %{REQUEST_URI} \.html$`)}},
		Note:      "Asked is what becomes of addresses with one segment and no extension, which vanity URLs have. Leave addresses without an extension as they are, or map them last.",
		Since:     since,
		Sources:   []string{"AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md, vanity URLs"},
	},
}

// rewritingHost is a virtual host for examples with one rule.
func rewritingHost(rule string, conditions ...string) string {
	text := "<VirtualHost *:80>\n\tServerName www.example.com\n\tDocumentRoot \"${DOCROOT}\"\n\t<Directory \"${DOCROOT}\">\n" +
		"\t\tSetHandler dispatcher-handler\n\t\tRequire all granted\n\t</Directory>\n\tRewriteEngine on\n"
	for _, c := range conditions {
		text += "\t" + c + "\n"
	}
	return text + "\t" + rule + "\n</VirtualHost>\n"
}

func checkVanityRewritten(p *lint.Pass, f *model.Farm) {
	if f.VanityURLs == nil || p.Subject.Front == nil || p.Subject.Server == nil {
		return
	}
	for _, pair := range vhosts.Pairs(p) {
		if pair.Farm != f || !vhosts.Own(p, pair.Host) {
			continue
		}
		var a lint.FrontAnswer
		changed := 0
		// Two words that mean nothing: a rule that knows one of them is made for it.
		for _, url := range []string{"/qvanityx", "/zspring-sale"} {
			err := p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Of: pair.Host, Host: pair.Name, URL: url}, &a)
			if err != nil || a.Uncertain || a.HandledBy != server.DispatcherHandler || a.Host != pair.Host || a.URI == url || len(a.Applied) == 0 {
				break
			}
			changed++
		}
		if changed < 2 {
			continue
		}
		rule := a.Applied[len(a.Applied)-1]
		if vhosts.Platform(rule.At.File) {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: rule.At, Included: rule.Included, Message: fmt.Sprintf("rule makes %s of a vanity URL such as /zspring-sale, which no entry of the list is", a.URI),
			Hint: "leave addresses without an extension as they are", Related: []diag.Related{{Span: f.VanityURLs.At.Span, Message: "the list"}},
		})
	}
}
