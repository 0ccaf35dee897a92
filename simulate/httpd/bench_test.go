package httpd

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/apachebase"
	"github.com/dispcheck/dispcheck/internal/apacheconf"
	"github.com/dispcheck/dispcheck/internal/expand"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/simulate"
	"github.com/dispcheck/dispcheck/simulate/rewrite"
	"github.com/dispcheck/dispcheck/source"
)

// benchHost is a virtual host as projects in the cloud have it, around rules. Written for these benchmarks.
const benchHost = `<VirtualHost *:80>
	ServerName "www.example.com"
	ServerAlias example.com "*.example.com" www.example.de www.example.fr
	DocumentRoot "/mnt/var/www/html"
	AllowEncodedSlashes NoDecode
	DispatcherUseProcessedURL On
	DispatcherPassError 0
	Header always add X-Frame-Options "SAMEORIGIN"
	Header always set Strict-Transport-Security "max-age=31536000"
	Header set X-Content-Type-Options nosniff
	SetEnvIf X-Forwarded-Proto "https" SECURE=1
	<Directory />
		ModMimeUsePathInfo On
		SetHandler dispatcher-handler
		Options FollowSymLinks
		AllowOverride None
		Require all granted
	</Directory>
	<Directory "/mnt/var/www/html">
		AllowOverride None
		Require all granted
	</Directory>
	<LocationMatch "^/content/.*\.html$">
		Header set Cache-Control "max-age=300,stale-while-revalidate=3600" "expr=%{REQUEST_STATUS} < 400"
	</LocationMatch>
	<LocationMatch "^/etc\.clientlibs/.*\.(js|css|woff2|ttf)$">
		Header set Cache-Control "max-age=2592000,immutable"
	</LocationMatch>
	RewriteEngine On
RULES</VirtualHost>
`

// benchRules are 24 rules in the shapes that real projects have most often: the guards against forged addresses and probes,
// the move to HTTPS and to the main name, files of the root, redirects one by one and by subtree, the way to the short URL
// and, behind a block of conditions, from it into the repository.
const benchRules = `
	RewriteCond %{HTTP:X-Forwarded-For} ^127\.
	RewriteRule ^ - [F]
	RewriteRule (?:wp-login|wp-admin|xmlrpc)\.php$ - [F,L]
	RewriteRule ^/(?:wordpress|wp-content|wp-includes)/ - [F]
	RewriteCond %{HTTP:X-Forwarded-Proto} =http
	RewriteRule ^(.*)$ https://%{HTTP_HOST}$1 [R=301,L]
	RewriteCond %{HTTP_HOST} ^example\.com$ [NC]
	RewriteRule ^/(.*)$ https://www.example.com/$1 [R=301,L]
	RewriteCond %{HTTP_HOST} ^www\.example\.de$ [NC]
	RewriteRule ^/?$ https://www.example.com/de.html [R=301,L]
	RewriteRule ^/?$ /content/site/us/en.html [PT,L]
	RewriteRule ^/robots\.txt$ /content/dam/site/seo/robots.txt [PT,L]
	RewriteRule ^/sitemap\.xml$ /content/site/us/en.sitemap.xml [PT,L]
	RewriteRule ^/sitemap-index.xml$ /content/site.sitemap-index.xml [PT,L]
	RewriteRule ^/favicon\.ico$ /etc.clientlibs/site/clientlibs/clientlib-site/resources/favicon.ico [PT,L]
	RewriteRule ^/manifest\.json$ /etc.clientlibs/site/clientlibs/clientlib-site/resources/manifest.json [PT,L]
	RewriteRule ^/google0123456789abcdef\.html$ /content/dam/site/seo/google.html [PT,L]
	RewriteRule ^/about/history/?$ /about-us/history.html [R=301,L]
	RewriteRule ^/jobs/?$ https://careers.example.com/ [R=301,L,NE]
	RewriteRule ^/products/old-line/(.*)$ /products/line/$1 [R=301,L]
	RewriteRule ^/news/([0-9]{4})/([0-9]{2})/(.*)\.html$ /archive/$1-$2/$3.html [R=302,L]
	RewriteCond %{REQUEST_METHOD} =OPTIONS
	RewriteRule ^/api/ - [R=204,L]
	RewriteRule ^/graphql/execute\.json/(.*)$ - [PT,L]
	RewriteCond %{REQUEST_URI} !^/content/site/us/en\.model\.json
	RewriteRule ^/content/site/us/en/(.*)\.html$ /$1.html [R=301,L]
	RewriteRule ^/(de|fr)/(.*)/$ /$1/$2.html [R=301,L]
	RewriteRule ^/(de|fr)((?:/.*)?\.html)$ /content/site/$1/$1$2 [PT,L]
	RewriteCond %{QUERY_STRING} (^|&)preview=true(&|$)
	RewriteRule ^/(.*)\.html$ /content/site/preview/$1.html [PT,L,QSA]
	RewriteCond %{REQUEST_URI} !^/apps
	RewriteCond %{REQUEST_URI} !^/bin
	RewriteCond %{REQUEST_URI} !^/content
	RewriteCond %{REQUEST_URI} !^/etc
	RewriteCond %{REQUEST_URI} !^/home
	RewriteCond %{REQUEST_URI} !^/libs
	RewriteCond %{REQUEST_URI} !^/saml_login
	RewriteCond %{REQUEST_URI} !^/system
	RewriteCond %{REQUEST_URI} !^/tmp
	RewriteCond %{REQUEST_URI} !^/var
	RewriteRule ^/(.*)\.html$ /content/site/us/en/$1.html [PT,L]
`

// benchHeavyRules are 1,800 rules of a site that was moved several times: redirects one by one above all, as legacy lists
// have them, subtrees, blocks for each language and, at the end, what benchRules has.
func benchHeavyRules() string {
	var b strings.Builder
	for i := range 1000 {
		end := [...]string{"$", "/?$", `\.html$`, ".html$"}[i%4]
		target := [...]string{"https://www.example.com/new/page-%d.html", "/new/page-%d.html"}[i/4%2]
		fmt.Fprintf(&b, "RewriteRule ^/%s/%s-%d%s "+target+" [R=301,L]\n", benchFolders[i%len(benchFolders)], benchNames[i%len(benchNames)], i, end, i)
	}
	for i := range 300 {
		fmt.Fprintf(&b, "RewriteRule ^/%s/archive-%d/(.*)$ /archive/%d/$1 [R=301,L,NC]\n", benchFolders[i%len(benchFolders)], i, i)
	}
	for i := range 200 {
		fmt.Fprintf(&b, "RewriteCond %%{HTTP_HOST} ^shop%d\\.example\\.com$ [NC]\nRewriteRule ^/(.*)$ /content/shop/%d/$1 [PT,L]\n", i, i)
	}
	for i := range 156 {
		fmt.Fprintf(&b, "RewriteCond %%{REQUEST_URI} !^/apps/\nRewriteCond %%{REQUEST_URI} !^/content/\nRewriteRule ^/l%d(/.*)?\\.html$ /content/site/l%d$1.html [PT,L]\n", i, i)
	}
	for i := range 60 {
		fmt.Fprintf(&b, "RewriteCond %%{QUERY_STRING} (?:^|&)id=%d(?:&|$)\nRewriteRule ^/shop/article\\.(?:jsp|php)$ /products/article-%d.html? [R=301,L]\n", i, i)
	}
	for i := range 60 {
		fmt.Fprintf(&b, "RewriteRule ^/(?:campaign|promo)/([^/]+)-%d(?:/(.*))?$ /campaigns/%d/$1 [R=302,L,NC]\n", i, i)
	}
	return b.String() + benchRules
}

var (
	benchFolders = [...]string{"products", "services", "about", "support", "news", "investors", "careers"}
	benchNames   = [...]string{"overview", "outdoor-equipment", "press-release", "team", "download-centre"}
)

// benchTargets are 40 requests as a site gets them: pages by their short URLs and by their paths, assets, some redirects,
// some that are to be refused.
var benchTargets = [40][2]string{
	{"GET", "/"},
	{"GET", "/products.html"},
	{"GET", "/products/equipment/outdoor/boots.html"},
	{"GET", "/about-us.html?utm_source=newsletter"},
	{"GET", "/about-us.html?utm_source=newsletter&utm_campaign=spring"},
	{"GET", "/search.html?q=boots"},
	{"GET", "/de.html"},
	{"GET", "/de/produkte.html"},
	{"GET", "/fr/produits/chaussures.html"},
	{"GET", "/fr/produits/"},
	{"GET", "/about/history"},
	{"GET", "/jobs/"},
	{"GET", "/news/2024/05/press-release.html"},
	{"GET", "/content/site/us/en/products.html"},
	{"GET", "/content/site/de/de/produkte.html"},
	{"GET", "/content/dam/site/en/images/hero.jpg"},
	{"GET", "/content/dam/site/en/images/hero.jpg/jcr:content/renditions/cq5dam.thumbnail.319.319.png"},
	{"GET", "/content/dam/site/documents/report.pdf"},
	{"GET", "/content/dam/private/report.pdf"},
	{"GET", "/etc.clientlibs/site/clientlibs/clientlib-base.min.css"},
	{"GET", "/etc.clientlibs/site/clientlibs/clientlib-base.lc-0123456789abcdef0123456789abcdef-lc.min.css"},
	{"GET", "/etc.clientlibs/site/clientlibs/clientlib-site.min.js"},
	{"GET", "/etc.clientlibs/site/clientlibs/clientlib-site/resources/fonts/icons.woff2"},
	{"GET", "/libs/granite/csrf/token.json"},
	{"GET", "/favicon.ico"},
	{"GET", "/robots.txt"},
	{"GET", "/sitemap.xml"},
	{"POST", "/content/site/us/en/contact/jcr:content/root/form.form.html"},
	{"POST", "/content/_cq_graphql/site/endpoint.json"},
	{"GET", "/content/site/us/en.model.json"},
	{"GET", "/content/site/us/en.infinity.json"},
	{"GET", "/content/site/us/en.1.json"},
	{"GET", "/content/dam/site/video/intro.mp4"},
	{"GET", "/content/dam/site/video/poster.webp"},
	{"GET", "/bin/querybuilder.json?path=/home&p.limit=-1"},
	{"GET", "/bin/search.json?q=boots"},
	{"GET", "/system/console/bundles"},
	{"GET", "/crx/de/index.jsp"},
	{"GET", "/wp-login.php"},
	{"GET", "/content/experience-fragments/site/us/en/footer/master.html"},
}

// benchHeavyTargets are requests to the heavy tree: those of benchTargets, and some that rules in the middle answer.
func benchHeavyTargets() [][2]string {
	list := append([][2]string(nil), benchTargets[:]...)
	return append(list, [][2]string{
		{"GET", "/products/overview-0"}, {"GET", "/about/outdoor-equipment-961/"}, {"GET", "/investors/archive-299/a/b.html"},
		{"GET", "/l155/page.html"}, {"GET", "/shop/article.jsp?id=59"}, {"GET", "/promo/spring-59/a"},
	}...)
}

func benchRequests(list [][2]string) []Request {
	rs := make([]Request, len(list))
	for i, t := range list {
		rs[i] = Request{Method: t[0], Target: t[1], Host: "www.example.com", Header: []Field{
			{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
			{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
			{"Accept-Encoding", "gzip, deflate, br"},
			{"X-Forwarded-For", "203.0.113.7"},
			{"X-Forwarded-Proto", "https"},
		}}
	}
	return rs
}

// benchDisk is a server with its document root and nothing cached.
type benchDisk struct{ noFiles }

func (d benchDisk) Stat(path string) rewrite.FileKind {
	switch path {
	case "/mnt/var", "/mnt/var/www", "/mnt/var/www/html", "/mnt/var/www/html/content":
		return rewrite.Folder
	}
	return d.noFiles.Stat(path)
}

// benchServer reads a project of one virtual host on the server of the cloud.
func benchServer(tb testing.TB, host string) *server.Server {
	tb.Helper()
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"AEM_HOST": "aem", "AEM_PORT": "4503", "DOCROOT": "/mnt/var/www/html", "EXPIRATION_TIME": "300",
			"FORWARDED_HOST_SETTING": "Off", "DISP_LOG_LEVEL": "warn", "REWRITE_LOG_LEVEL": "warn", "POD_NAME": "pod"}[name]
		return v, ok
	}
	base, err := apachebase.Load(apachebase.Options{Env: env, Project: fstest.MapFS{
		"conf.d/enabled_vhosts/site.vhost": &fstest.MapFile{Data: []byte(host), Mode: 0o644},
	}})
	if err != nil {
		tb.Fatal(err)
	}
	tree, err := apacheconf.Read(tb.Context(), base.Read)
	if err != nil {
		tb.Fatal(err)
	}
	s := server.Decode(tb.Context(), tree, server.DecodeOptions{Env: env, Stat: func(string) (fs.FileInfo, error) { return nil, fs.ErrNotExist }})
	for _, d := range append(tree.Findings, s.Findings...) {
		if d.Severity == diag.Error {
			tb.Fatalf("%+v", d)
		}
	}
	return s
}

// benchAnswer is a handler that has its answer ready.
type benchAnswer struct{ Answer }

func (a *benchAnswer) Handle(context.Context, *Handled) (Answer, error) { return a.Answer, nil }

func benchEngine(tb testing.TB, rules string, h Handler) *Engine {
	tb.Helper()
	if h == nil {
		h = &benchAnswer{Answer{Status: 200, ContentType: "text/html", Bytes: -1, Header: []Field{{"X-Content", "a"}}}}
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return New(benchServer(tb, strings.Replace(benchHost, "RULES", rules, 1)), Options{
		Handlers: map[string]Handler{"dispatcher-handler": h, "proxy-server": h}, Files: benchDisk{}, Now: func() time.Time { return now },
	})
}

func benchServe(b *testing.B, e *Engine, requests []Request) {
	ctx := context.Background()
	res := Result{Memory: new(rewrite.Memory)}
	for i := range requests { // patterns are compiled when they are first used
		if err := e.Serve(ctx, &requests[i], &res, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := e.Serve(ctx, &requests[i%len(requests)], &res, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServe leads requests through a usual virtual host of 24 rules, up to the handler and back. The goal is 400,000 a
// second, better a million, with the Dispatcher behind it: BenchmarkServeWithDispatcher.
func BenchmarkServe(b *testing.B) {
	benchServe(b, benchEngine(b, benchRules, nil), benchRequests(benchTargets[:]))
}

// BenchmarkServeHeavy is BenchmarkServe with 1,800 rules; the goal is 20,000 a second.
func BenchmarkServeHeavy(b *testing.B) {
	benchServe(b, benchEngine(b, benchHeavyRules(), nil), benchRequests(benchHeavyTargets()))
}

// benchFarm is a farm of the usual shape. Written for this benchmark; 32 filter rules.
const benchFarm = `/publish {
	/clientheaders { "*" }
	/virtualhosts { "www.example.com" "*.example.com" "*" }
	/renders { /0 { /hostname "aem" /port "4503" } }
	/filter {
		/0001 { /type "deny" /url "*" }
		/0010 { /type "allow" /extension '(css|eot|gif|ico|jpeg|jpg|js|pdf|png|svg|swf|ttf|woff|woff2|html|mp4|mov|m4v|webp)' /path "/content/*" }
		/0011 { /type "allow" /method "GET" /url "/etc.clientlibs/*" }
		/0012 { /type "allow" /method "GET" /url "/libs/granite/csrf/token.json" /extension "json" }
		/0013 { /type "allow" /method "POST" /url "/content/*.form.html" }
		/0014 { /type "allow" /method "GET" /path "/libs/cq/personalization/*" }
		/0015 { /type "allow" /method "GET" /path "/content/*" /selectors 'sitemap(-index)?' /extension "xml" }
		/0016 { /type "allow" /method '(POST|OPTIONS)' /url "/content/_cq_graphql/*/endpoint.json" }
		/0017 { /type "allow" /method '(GET|POST|OPTIONS)' /url "/graphql/execute.json*" }
		/0018 { /type "allow" /method "GET" /url "/content/experience-fragments/*.html" }
		/0019 { /type "allow" /method "GET" /url "/content/dam/site/seo/*" }
		/0020 { /type "allow" /method "GET" /url "/content/*/outdoor/*.html" }
		/0021 { /type "allow" /method "GET" /url "/favicon.ico" }
		/0022 { /type "allow" /method "GET" /url "/robots.txt" }
		/0023 { /type "allow" /method "GET" /url '/(en|de|fr)(/.*)?\.html' }
		/0024 { /type "allow" /method "GET" /url "/bin/search.json" /query "q=*" }
		/0025 { /type "allow" /method "GET" /path '/content/(dam|site)/.+' /selectors 'model' /extension "json" }
		/0026 { /type "allow" /method "HEAD" /url "/content/*" }
		/0027 { /type "deny" /method '(DELETE|PUT|PATCH)' /url "*" }
		/0040 { /type "deny" /selectors '(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query|[0-9-]+|jcr:content)' /extension '(json|xml|html|feed)' }
		/0041 { /type "deny" /method "GET" /query "debug=*" }
		/0042 { /type "deny" /method "GET" /query "wcmmode=*" }
		/0043 { /type "deny" /method "GET" /query '(.*&)?(debug|wcmmode)=.*' }
		/0044 { /type "deny" /url "/content/dam/private/*" }
		/0045 { /type "deny" /path "/content/ams/*" }
		/0046 { /type "deny" /url '/(system|crx|admin|bin/querybuilder)(/.*)?' }
		/0047 { /type "deny" /url '.*/[.][.];/.*' }
		/0048 { /type "deny" /suffix '(.*infinity.*|.*children.*|.*tidy.*)' }
		/0049 { /type "deny" /url "/content*" /suffix "*.json" }
		/0050 { /type "deny" /extension '(jsp|php|asp|aspx|cgi)' }
		/0051 { /type "deny" /glob "TRACE *" }
		/0052 { /type "deny" /url "*/jcr:system*" }
	}
	/cache {
		/docroot "/mnt/var/www/html"
		/allowAuthorized "1"
		/rules {
			/0000 { /type "allow" /glob "*" }
			/0001 { /type "deny" /glob "/libs/granite/csrf/token.json" }
			/0002 { /type "deny" /glob "*/private/*" }
			/0003 { /type "deny" /glob "/content/*.nocache.html" }
		}
		/ignoreUrlParams {
			/0001 { /type "deny" /glob "*" }
			/0002 { /type "allow" /glob "utm_*" }
			/0003 { /type "allow" /glob "gclid" }
		}
	}
}
`

// benchDispatcher hands requests on to the Dispatcher.
type benchDispatcher struct {
	engine   *simulate.Engine
	request  simulate.Request
	decision simulate.Decision
	outcomes map[simulate.Outcome]int
}

func newBenchDispatcher(tb testing.TB) *benchDispatcher {
	tb.Helper()
	tree, err := expand.Source(source.NewFile("dispatcher.any", []byte("/farms {\n"+benchFarm+"}\n")), ".", expand.Options{FS: fstest.MapFS{}})
	if err != nil {
		tb.Fatal(err)
	}
	c, found := model.Decode(tree.Items, model.Options{})
	if len(found) > 0 || len(c.Farms) != 1 || len(c.Farms[0].Filter.Rules) != 32 {
		tb.Fatalf("the farm does not read: %v", found)
	}
	return &benchDispatcher{engine: simulate.New(c, simulate.Options{Directives: simulate.Directives{UseProcessedURL: true}})}
}

func (d *benchDispatcher) Handle(ctx context.Context, h *Handled) (Answer, error) {
	r := &d.request
	header := r.Header[:0]
	host := ""
	for _, f := range h.Header {
		if f.Name == "Host" {
			host = f.Value
			continue
		}
		header = append(header, simulate.Field(f))
	}
	*r = simulate.Request{Method: h.Method, Target: h.Unparsed, Host: host, Client: h.Client, Header: header}
	if path, query, has := strings.Cut(h.Unparsed, "?"); path != h.URI || query != h.Args || has != h.HasArgs {
		if r.Processed = h.URI; h.HasArgs {
			r.Processed += "?" + h.Args
		}
	}
	if err := d.engine.Decide(ctx, r, &d.decision, nil); err != nil {
		return Answer{}, err
	}
	if d.outcomes != nil {
		d.outcomes[d.decision.Outcome]++
	}
	status := 200
	if d.decision.Outcome == simulate.Denied {
		status = 404
	}
	return Answer{Status: status, ContentType: h.ContentType, Bytes: -1}, nil
}

// BenchmarkServeWithDispatcher is the whole way: virtual host, rules, farm, filter, cacheability, and back.
func BenchmarkServeWithDispatcher(b *testing.B) {
	benchServe(b, benchEngine(b, benchRules, newBenchDispatcher(b)), benchRequests(benchTargets[:]))
}

// BenchmarkServeHeavyWithDispatcher is the whole way with 1,800 rules.
func BenchmarkServeHeavyWithDispatcher(b *testing.B) {
	benchServe(b, benchEngine(b, benchHeavyRules(), newBenchDispatcher(b)), benchRequests(benchHeavyTargets()))
}

// BenchmarkRules runs the rules alone. goregexp is what anybody would write: each pattern in Go's regexp, in order, and
// conditions not at all.
func BenchmarkRules(b *testing.B) {
	for _, size := range []struct {
		name    string
		rules   string
		targets [][2]string
	}{{"24", benchRules, benchTargets[:]}, {"1800", benchHeavyRules(), benchHeavyTargets()}} {
		e := benchEngine(b, size.rules, nil)
		requests := benchRequests(size.targets)
		b.Run(size.name+"/dispcheck", func(b *testing.B) {
			ctx := context.Background()
			var x exchange
			res := Result{Memory: new(rewrite.Memory)}
			var out rewrite.Result
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				x.begin(ctx, e, &requests[i%len(requests)], &res, nil)
				x.chooseHost()
				x.normalise(true)
				res.Memory.Reset()
				out = rewrite.Result{Memory: res.Memory, Applied: out.Applied[:0]}
				x.host.rules.RunServer(&x, nil, &out)
			}
		})
		b.Run(size.name+"/goregexp", func(b *testing.B) {
			rules := e.hosts[1].Rewrite.Rules
			patterns := make([]*regexp.Regexp, len(rules))
			for i, r := range rules {
				text := r.Pattern.Text
				if r.Pattern.NoCase {
					text = "(?i)" + text
				}
				patterns[i] = regexp.MustCompile(text)
			}
			for i := 0; b.Loop(); i++ {
				path, _, _ := strings.Cut(requests[i%len(requests)].Target, "?")
				for j, p := range patterns {
					f := &rules[j].Flags
					if p.MatchString(path) && len(rules[j].Conditions) == 0 && (f.Last || f.PassThrough) {
						break
					}
				}
			}
		})
	}
}
