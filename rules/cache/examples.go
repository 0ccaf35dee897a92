package cache

import "github.com/dispcheck/dispcheck/lint"

// Lines of a complete /cache, of which an example leaves out the one that it is about.
const (
	exampleLevel       = "/statfileslevel \"2\"\n"
	exampleGrace       = "/gracePeriod \"2\"\n"
	exampleStale       = "/serveStaleOnError \"1\"\n"
	exampleTTL         = "/enableTTL \"1\"\n"
	exampleRules       = "/rules {\n\t/0000 { /glob \"*\" /type \"allow\" }\n}\n"
	exampleInvalid     = "/invalidate {\n\t/0000 { /glob \"*\"      /type \"deny\" }\n\t/0001 { /glob \"*.html\" /type \"allow\" }\n}\n"
	exampleClients     = "/allowedClients {\n\t/0000 { /glob \"*\"        /type \"deny\" }\n\t/0001 { /glob \"10.1.1.5\" /type \"allow\" }\n}\n"
	exampleCloudParams = "/ignoreUrlParams {\n\t/0000 { /glob \"*\"      /type \"deny\" }\n\t/0001 { /glob \"utm_*\"  /type \"allow\" }\n\t/0002 { /glob \"gclid\"  /type \"allow\" }\n\t/0003 { /glob \"fbclid\" /type \"allow\" }\n}\n"
	exampleParams      = "/ignoreUrlParams {\n\t/0000 { /glob \"*\"     /type \"deny\" }\n\t/0001 { /glob \"utm_*\" /type \"allow\" }\n}\n"
	exampleHeaders     = "/headers {\n\t\"Cache-Control\"\n\t\"Content-Disposition\"\n\t\"Content-Type\"\n\t\"Expires\"\n\t\"Last-Modified\"\n\t\"X-Content-Type-Options\"\n}\n"
)

// Texts of a farm beside /cache.
const (
	exampleHeadersIn = "/clientheaders {\n\t\"Accept\"\n\t\"Accept-Encoding\"\n\t\"Host\"\n\t\"User-Agent\"\n}\n"
	exampleFilter    = "/filter {\n\t/0001 { /type \"deny\"  /url \"*\" }\n\t/0100 { /type \"allow\" /method \"GET\" /path \"/content/site/*\" /extension \"html\" }\n}\n"
	exampleRender    = "/renders {\n\t/rend01 { /hostname \"10.1.1.5\" /port \"4503\" /timeout \"10000\" /receiveTimeout \"60000\" }\n}\n"
	exampleShop      = "/renders {\n\t/rend01 { /hostname \"10.1.1.9\" /port \"4503\" /timeout \"10000\" /receiveTimeout \"60000\" }\n}\n"
)

// exampleSite is what the farm of an example has beside /cache.
var exampleSite = lint.File{Name: "site.any", Text: "/virtualhosts { \"www.example.com\" }\n" + exampleHeadersIn + exampleRender + exampleFilter}

// exampleFarms lie beside the examples of two farms.
var exampleFarms = []lint.File{
	{Name: "brand.any", Text: "/virtualhosts { \"www.example.com\" }\n" + exampleHeadersIn + exampleRender + exampleFilter},
	{Name: "shop.any", Text: "/virtualhosts { \"shop.example.com\" }\n" + exampleHeadersIn + exampleShop + exampleFilter},
	{Name: "cache.any", Text: exampleLevel + exampleGrace + exampleStale + exampleTTL + exampleRules + exampleInvalid + exampleClients + exampleParams + exampleHeaders},
}

// exampleCache is what the /cache of an example has beside its own lines.
func exampleCache(text string) []lint.File {
	return []lint.File{exampleSite, {Name: "cache.any", Text: text}}
}
