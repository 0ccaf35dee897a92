package cache

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/grammar/httpd"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
)

// What examples with virtual hosts are made of.
const (
	entryFile = "conf.dispatcher.d/dispatcher.any"
	allFarms  = "/farms {\n\t$include \"enabled_farms/*.farm\"\n}\n"
)

// siteTree is a project of the Cloud Service with one farm, with lines for its /cache, and virtual hosts.
func siteTree(cache string, hosts ...string) []lint.File {
	return []lint.File{
		{Name: "opt-in/USE_SOURCES_DIRECTLY"},
		{Name: "conf.dispatcher.d/enabled_farms/site.farm", Text: `/site {
	/virtualhosts { "*.example.com" }
	/renders {
		/rend01 { /hostname "${AEM_HOST}" /port "${AEM_PORT}" }
	}
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
	/cache {
		` + strings.ReplaceAll(cache, "\n", "\n\t\t") + `
		/rules {
			/0001 { /glob "*" /type "allow" }
		}
	}
}
`},
		{Name: "conf.d/enabled_vhosts/site.vhost", Text: strings.Join(hosts, "")},
	}
}

// siteHost is a virtual host that hands its requests to the Dispatcher.
func siteHost(name, docroot string, lines ...string) string {
	more := ""
	if len(lines) > 0 {
		more = "\t" + strings.Join(lines, "\n\t") + "\n"
	}
	return "<VirtualHost *:80>\n\tServerName " + name + "\n\tDocumentRoot \"" + docroot + "\"\n\t<Directory \"" + docroot + "\">\n" +
		"\t\tSetHandler dispatcher-handler\n\t\tRequire all granted\n\t</Directory>\n" + more + "</VirtualHost>\n"
}

var docrootVhostMismatch = lint.Rule{
	ID: "DSP303", Name: "docroot-vhost-mismatch", Severity: diag.Error, Server: checkDocroots,
	Doc: lint.Doc{
		Title: "a DocumentRoot is not the /docroot of the farm",
		Why: "The Dispatcher writes the cache below /docroot, and httpd delivers files and decides on access below DocumentRoot. Where the two differ, sections for the " +
			"one do not hold for the other, and what the cache has is not what is served.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     []lint.File{siteTree(`/docroot "/mnt/var/www/html"`)[0], siteTree(`/docroot "/mnt/var/www/html"`)[1]},
		BadFiles:  []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: siteHost("www.example.com", "/mnt/var/www/site")}},
		GoodFiles: []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: siteHost("www.example.com", "/mnt/var/www/html")}},
		Note:      "Compared are virtual hosts that hand pages to the Dispatcher with the farm that gets the requests for one of their names.",
		Since:     since,
		Sources:   []string{"AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md", "httpd.apache.org, 2.4, core, DocumentRoot"},
	},
}

func checkDocroots(p *lint.Pass, _ *server.Server) {
	for _, pair := range vhosts.Pairs(p) {
		h, c := pair.Host, pair.Farm.Cache
		if c == nil || !c.Docroot.Set || h.DocumentRoot.Value == "" || !vhosts.Own(p, h) || strings.Contains(h.DocumentRoot.Value+c.Docroot.Value, "${") {
			continue
		}
		root, docroot := path.Clean(h.DocumentRoot.Value), path.Clean(c.Docroot.Value)
		if root == docroot || !path.IsAbs(root) || !path.IsAbs(docroot) || vhosts.Platform(h.DocumentRoot.At.File) {
			continue
		}
		p.Report(diag.Diagnostic{
			Span: h.DocumentRoot.At, Included: h.DocumentRoot.Included,
			Message: fmt.Sprintf("DocumentRoot is %s, and /docroot of farm %s is %s", root, pair.Farm.Name, docroot),
			Hint:    "let both be the same folder", Related: []diag.Related{{Span: c.Docroot.At.Span, Message: "the /docroot"}},
		})
	}
}

var headersETagMismatch = lint.Rule{
	ID: "DSP339", Name: "headers-etag-mismatch", Severity: diag.Info, Profiles: []string{"cloud"}, Farm: checkETag,
	Doc: lint.Doc{
		Title: "/headers keeps ETag, and httpd makes one of its own",
		Why: "With ETag in /headers the tag of AEM lies beside the cached file. httpd makes one too when it delivers that file, of its size and time, unless FileETag None says not " +
			"to: browsers and the CDN get now the one, now the other, and load again what has not changed.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     siteTree("/docroot \"/mnt/var/www/html\"\n/headers {\n\t\"Content-Type\"\n\t\"ETag\"\n}")[:2],
		BadFiles:  []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: siteHost("www.example.com", "/mnt/var/www/html")}},
		GoodFiles: []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: siteHost("www.example.com", "/mnt/var/www/html", "FileETag None")}},
		Note:      "FileETag None without ETag in /headers is not reported: then there is no tag at all.",
		Since:     since,
		Sources:   []string{"AdobeDocs/experience-manager-cloud-service.en, caching.md", "httpd.apache.org, 2.4, core, FileETag"},
	},
}

func checkETag(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil || f.Cache.Headers == nil || p.Subject.Server == nil {
		return
	}
	i := slices.IndexFunc(f.Cache.Headers.Values, func(v model.ListValue) bool { return strings.EqualFold(v.Text, "ETag") })
	if i < 0 {
		return
	}
	for _, pair := range vhosts.Pairs(p) {
		if pair.Farm != f || withoutETag(pair.Host) {
			continue
		}
		v := f.Cache.Headers.Values[i]
		p.Report(diag.Diagnostic{
			Span: v.At.Span, Included: v.At.Included, Message: fmt.Sprintf("ETag is kept, and virtual host %s has no FileETag None", pair.Name),
			Hint: "add FileETag None to the virtual host", Related: []diag.Related{{Span: pair.Host.At, Message: "the virtual host"}},
		})
		return
	}
}

// withoutETag reports whether a virtual host has FileETag None, in whatever section.
func withoutETag(h *server.Host) bool {
	none := func(s *server.Settings) bool {
		return s != nil && s.FileETag != nil && strings.Contains(strings.ToLower(s.FileETag.Value), "none")
	}
	var within func(list []*server.Section) bool
	within = func(list []*server.Section) bool {
		return slices.ContainsFunc(list, func(s *server.Section) bool {
			return none(s.Settings) || s.Settings != nil && (within(s.Settings.Files) || within(s.Settings.Ifs))
		})
	}
	return none(h.Base) || within(h.Base.Files) || within(h.Base.Ifs) || within(h.Directories) || within(h.Locations)
}

var cacheHostCollision = lint.Rule{
	ID: "DSP346", Name: "cache-host-collision", Severity: diag.Error, Server: checkCollision,
	Doc: lint.Doc{
		Title: "two hosts keep different pages in one cache file",
		Why: "Without DispatcherUseProcessedURL the cache file is named for the address as it was sent, before rewrite rules. Where two hosts map the same address to different pages " +
			"and share a cache, whichever is asked first is delivered for both.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files: siteTree(`/docroot "/mnt/var/www/html"`)[:2],
		BadFiles: []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: siteHost("a.example.com", "/mnt/var/www/html", "DispatcherUseProcessedURL Off", "RewriteEngine on", "RewriteRule ^/index.html$ /content/a.html [PT,L]") +
			siteHost("b.example.com", "/mnt/var/www/html", "DispatcherUseProcessedURL Off", "RewriteEngine on", "RewriteRule ^/index.html$ /content/b.html [PT,L]")}},
		GoodFiles: []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: siteHost("a.example.com", "/mnt/var/www/html", "DispatcherUseProcessedURL On", "RewriteEngine on", "RewriteRule ^/index.html$ /content/a.html [PT,L]") +
			siteHost("b.example.com", "/mnt/var/www/html", "DispatcherUseProcessedURL On", "RewriteEngine on", "RewriteRule ^/index.html$ /content/b.html [PT,L]")}},
		Note:    "Asked is what becomes of a few addresses that sites have in common, such as /index.html and /en.html.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md"},
	},
}

// common are addresses that several sites of one server have.
var common = []string{"/index.html", "/home.html", "/en.html", "/us/en.html"}

func checkCollision(p *lint.Pass, _ *server.Server) {
	type kept struct {
		pair vhosts.Pair
		uri  string
	}
	type file struct{ docroot, url string }
	first := map[file]kept{}
	done := map[*server.Host]bool{}
	for _, pair := range vhosts.Pairs(p) {
		c := pair.Farm.Cache
		if c == nil || c.Docroot.Value == "" || c.Rules == nil || processed(pair.Host) || p.Subject.Front == nil {
			continue
		}
		for _, url := range common {
			var a lint.FrontAnswer
			err := p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Of: pair.Host, Host: pair.Name, URL: url}, &a)
			if err != nil || a.Uncertain || a.HandledBy != server.DispatcherHandler || a.Host != pair.Host || !strings.HasSuffix(a.URI, ".html") {
				continue
			}
			key := file{path.Clean(c.Docroot.Value), url}
			other, ok := first[key]
			if !ok {
				first[key] = kept{pair, a.URI}
				continue
			}
			if other.uri == a.URI || other.pair.Host == pair.Host || done[pair.Host] || !vhosts.Own(p, pair.Host) {
				continue
			}
			done[pair.Host] = true
			p.Report(diag.Diagnostic{
				Span: pair.Host.At, Included: pair.Host.Included,
				Message: fmt.Sprintf("%s is %s here and %s for %s, in one cache file", url, a.URI, other.uri, other.pair.Name),
				Hint:    "set DispatcherUseProcessedURL On, or give each host a /docroot of its own",
				Related: []diag.Related{{Span: other.pair.Host.At, Message: "the other one"}},
			})
		}
	}
}

// processed reports whether the Dispatcher takes addresses as rewrite rules made them.
func processed(h *server.Host) bool {
	on := false
	for _, d := range h.Dispatcher {
		if strings.EqualFold(d.Name, "DispatcherUseProcessedURL") {
			v := strings.ToLower(strings.Trim(d.Args, `"`))
			on = v == "on" || v == "1"
		}
	}
	return on
}

var graphqlCacheWithoutCORS = lint.Rule{
	ID: "DSP349", Name: "graphql-cache-without-cors", Severity: diag.Warning, Profiles: []string{"cloud"}, Server: checkCORS,
	Doc: lint.Doc{
		Title: "persisted queries are cached, and nothing sets headers for other origins",
		Why: "Cached answers of persisted GraphQL queries come from the Dispatcher, where AEM no longer decides on the headers of CORS. Unless httpd sets them, an application of another " +
			"origin gets those of whoever asked first, or none, and its browser refuses the answer.",
		File: entryFile, Bad: allFarms, Good: allFarms,
		Files:     siteTree(`/docroot "/mnt/var/www/html"`)[:2],
		BadFiles:  []lint.File{{Name: "conf.d/variables/global.vars", Text: "Define CACHE_GRAPHQL_PERSISTED_QUERIES\n"}, {Name: "conf.d/enabled_vhosts/site.vhost", Text: siteHost("www.example.com", "/mnt/var/www/html")}},
		GoodFiles: []lint.File{{Name: "conf.d/variables/global.vars", Text: "Define CACHE_GRAPHQL_PERSISTED_QUERIES\n"}, {Name: "conf.d/enabled_vhosts/site.vhost", Text: siteHost("www.example.com", "/mnt/var/www/html", "SetEnvIf Origin ^https://app\\.example\\.com$ ORIGIN=$0", "Header set Access-Control-Allow-Origin %{ORIGIN}e env=ORIGIN")}},
		Note:      "Looked for is Access-Control-Allow-Origin in the texts of httpd and in /headers. Where all applications are of the site's own origin, the finding can be ignored.",
		Since:     since,
		Sources:   []string{"AdobeDocs/experience-manager-cloud-service.en, graphql persisted queries", "adobe/aem-guides-wknd, dispatcher"},
	},
}

func checkCORS(p *lint.Pass, s *server.Server) {
	def, ok := s.Tree.Defines["CACHE_GRAPHQL_PERSISTED_QUERIES"]
	if !ok || def.At.IsZero() || vhosts.Platform(def.At.File) {
		return
	}
	const header = "access-control-allow-origin"
	for _, f := range p.Subject.ServerFiles {
		if hasDirectiveWith(f.Items, header) {
			return
		}
	}
	if c := p.Subject.Config; c != nil {
		for _, f := range c.Farms {
			if f.Cache != nil && f.Cache.Headers != nil && slices.ContainsFunc(f.Cache.Headers.Values, func(v model.ListValue) bool { return strings.EqualFold(v.Text, header) }) {
				return
			}
		}
	}
	p.Report(diag.Diagnostic{
		Span: def.At, Message: "persisted queries are cached, and nothing sets Access-Control-Allow-Origin", Hint: "set it in the virtual host, for the origins that may ask",
	})
}

// hasDirectiveWith reports whether a line, and not a comment, has a word in lower case.
func hasDirectiveWith(items []httpd.Item, word string) bool {
	return slices.ContainsFunc(items, func(it httpd.Item) bool {
		switch it := it.(type) {
		case *httpd.Directive:
			return bytes.Contains(bytes.ToLower([]byte(it.At.Text())), []byte(word))
		case *httpd.Section:
			return hasDirectiveWith(it.Items, word)
		}
		return false
	})
}
