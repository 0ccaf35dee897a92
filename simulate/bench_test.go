package simulate

import (
	"context"
	"testing"

	"github.com/dispcheck/dispcheck/model"
)

// benchFilter is a filter of the usual shape: a first rule that denies all, then what a site needs, then what it
// must not show. Written for this benchmark; 32 rules.
func benchFilter() *model.Filter {
	const assets = `'(css|eot|gif|ico|jpeg|jpg|js|pdf|png|svg|swf|ttf|woff|woff2|html|mp4|mov|m4v|webp)'`
	return &model.Filter{Rules: []*model.Rule{
		newRule("0001", "deny", "url", `"*"`),
		newRule("0010", "allow", "extension", assets, "path", `"/content/*"`),
		newRule("0011", "allow", "method", `"GET"`, "extension", assets, "path", `"/conf/*"`),
		newRule("0012", "allow", "method", `"GET"`, "url", `"/etc.clientlibs/*"`),
		newRule("0013", "allow", "method", `"GET"`, "url", `"/libs/granite/csrf/token.json"`, "extension", `"json"`),
		newRule("0014", "allow", "method", `"POST"`, "url", `"/content/*.form.html"`),
		newRule("0015", "allow", "method", `"GET"`, "path", `"/libs/cq/personalization/*"`),
		newRule("0016", "allow", "method", `"GET"`, "path", `"/content/*"`, "selectors", `'sitemap(-index)?'`, "extension", `"xml"`),
		newRule("0017", "allow", "method", `'(POST|OPTIONS)'`, "url", `"/content/_cq_graphql/*/endpoint.json"`),
		newRule("0018", "allow", "method", `'(GET|POST|OPTIONS)'`, "url", `"/graphql/execute.json*"`),
		newRule("0019", "allow", "method", `"GET"`, "url", `"/content/experience-fragments/*.html"`),
		newRule("0020", "allow", "method", `"GET"`, "url", `"/content/*/outdoor/*.html"`),
		newRule("0021", "allow", "method", `"GET"`, "url", `"/favicon.ico"`),
		newRule("0022", "allow", "method", `"GET"`, "url", `"/robots.txt"`),
		newRule("0023", "allow", "method", `"GET"`, "url", `'/(en|de|fr)(/.*)?\.html'`),
		newRule("0024", "allow", "method", `"GET"`, "url", `"/bin/search.json"`, "query", `"q=*"`),
		newRule("0025", "allow", "method", `"GET"`, "path", `'/content/(dam|site)/.+'`, "selectors", `'model'`, "extension", `"json"`),
		newRule("0026", "allow", "method", `"HEAD"`, "url", `"/content/*"`),
		newRule("0040", "deny", "selectors", `'(feed|rss|pages|languages|blueprint|infinity|tidy|sysview|docview|query|[0-9-]+|jcr:content)'`, "extension", `'(json|xml|html|feed)'`),
		newRule("0041", "deny", "method", `"GET"`, "query", `"debug=*"`),
		newRule("0042", "deny", "method", `"GET"`, "query", `"wcmmode=*"`),
		newRule("0043", "deny", "method", `"GET"`, "query", `'(.*&)?(debug|wcmmode)=.*'`),
		newRule("0044", "deny", "url", `"/content/dam/private/*"`),
		newRule("0045", "deny", "path", `"/content/ams/*"`),
		newRule("0046", "deny", "url", `'/(system|crx|admin|bin/querybuilder)(/.*)?'`),
		newRule("0047", "deny", "url", `'.*/[.][.];/.*'`),
		newRule("0048", "deny", "url", `'.*([[]|[]]).*'`),
		newRule("0049", "deny", "suffix", `'(.*infinity.*|.*children.*|.*tidy.*)'`),
		newRule("0050", "deny", "url", `"/content*"`, "suffix", `"*.json"`),
		newRule("0051", "deny", "extension", `'(jsp|php|asp|aspx|cgi)'`),
		newRule("0052", "deny", "glob", `"TRACE *"`),
		newRule("0053", "deny", "url", `"*/jcr:system*"`),
	}}
}

func benchCacheRules() *model.RuleList {
	return &model.RuleList{Rules: []*model.Rule{
		newRule("0000", "allow", "glob", `"*"`),
		newRule("0001", "deny", "glob", `"/libs/granite/csrf/token.json"`),
		newRule("0002", "deny", "glob", `"*/private/*"`),
		newRule("0003", "deny", "glob", `"/content/*.nocache.html"`),
	}}
}

func benchParams() *model.RuleList {
	return &model.RuleList{Rules: []*model.Rule{
		newRule("0001", "deny", "glob", `"*"`),
		newRule("0002", "allow", "glob", `"utm_*"`),
		newRule("0003", "allow", "glob", `"gclid"`),
	}}
}

func benchConfig() *model.Config {
	docroot := model.Setting[string]{Value: "/mnt/var/www/html", Set: true}
	return &model.Config{Farms: []*model.Farm{{
		Name:         "publish",
		VirtualHosts: []*model.VirtualHost{newHost("www.example.com"), newHost("*.example.com"), newHost("*")},
		Filter:       benchFilter(),
		Cache: &model.Cache{
			Docroot: docroot, Rules: benchCacheRules(), IgnoreURLParams: benchParams(),
		},
	}}}
}

// benchTargets are 40 requests as a site gets them: mostly pages and assets, some that are to be refused.
var benchTargets = [40][2]string{
	{"GET", "/content/site/us/en.html"},
	{"GET", "/content/site/us/en/products.html"},
	{"GET", "/content/site/us/en/products/equipment/outdoor/boots.html"},
	{"GET", "/content/site/us/en/about-us.html?utm_source=newsletter"},
	{"GET", "/content/site/us/en/about-us.html?utm_source=newsletter&utm_campaign=spring"},
	{"GET", "/content/site/us/en/search.html?q=boots"},
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
	{"GET", "/en.html"},
	{"GET", "/de/produkte.html"},
	{"GET", "/fr/"},
	{"GET", "/"},
	{"POST", "/content/site/us/en/contact/jcr:content/root/form.form.html"},
	{"POST", "/content/_cq_graphql/site/endpoint.json"},
	{"GET", "/graphql/execute.json/site/adventures"},
	{"OPTIONS", "/graphql/execute.json/site/adventures"},
	{"HEAD", "/content/site/us/en.html"},
	{"GET", "/content/site/us/en.model.json"},
	{"GET", "/content/site/us/en.infinity.json"},
	{"GET", "/content/site/us/en.1.json"},
	{"GET", "/content/site.sitemap.xml"},
	{"GET", "/content/site.sitemap-index.xml"},
	{"GET", "/content/site/us/en.html?debug=layout"},
	{"GET", "/content/site/us/en.html?wcmmode=disabled"},
	{"GET", "/bin/querybuilder.json?path=/home&p.limit=-1"},
	{"GET", "/bin/search.json?q=boots"},
	{"GET", "/system/console/bundles"},
	{"GET", "/crx/de/index.jsp"},
	{"GET", "/libs/cq/personalization/clickstreamcloud/usersettings.json"},
	{"GET", "/content/experience-fragments/site/us/en/footer/master.html"},
	{"GET", "/content/site/us/en/products.searchresults.json/jcr:content/root/header/search?fulltext=boot"},
}

func benchRequests() []Request {
	reqs := make([]Request, len(benchTargets))
	for i, t := range benchTargets {
		reqs[i] = Request{Method: t[0], Target: t[1], Host: "www.example.com"}
	}
	return reqs
}

// BenchmarkDecide decides requests one after the other: farm, filter of 32 rules, query parameters, cache rules.
// goregexp is the baseline of the same run; the goal is a third of its time, and no allocation.
func BenchmarkDecide(b *testing.B) {
	c := benchConfig()
	requests := benchRequests()
	b.Run("specialised", func(b *testing.B) {
		e := New(c, Options{})
		ctx := context.Background()
		var d Decision
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if err := e.Decide(ctx, &requests[i%len(requests)], &d, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, way := range []struct {
		name     string
		backward bool
	}{{"goregexp", true}, {"goregexp-forward", false}} {
		b.Run(way.name, func(b *testing.B) {
			e := newBaseline(c.Farms[0], way.backward)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r := &requests[i%len(requests)]
				e.decide(r.Method, r.Target)
			}
		})
	}
}

// BenchmarkTrace decides with a trace, as the command does.
func BenchmarkTrace(b *testing.B) {
	e := New(benchConfig(), Options{})
	requests := benchRequests()
	ctx := context.Background()
	var d Decision
	var trace Trace
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		trace.Reset()
		if err := e.Decide(ctx, &requests[i%len(requests)], &d, &trace); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNew compiles the configuration and decides one request: what a single question costs.
func BenchmarkNew(b *testing.B) {
	c := benchConfig()
	requests := benchRequests()
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		var d Decision
		if err := New(c, Options{}).Decide(ctx, &requests[0], &d, nil); err != nil {
			b.Fatal(err)
		}
	}
}
