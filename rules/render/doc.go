// Package render holds the rules about the servers behind the Dispatcher: /renders, and how requests are
// spread over them. Start from [Rules].
package render

import "github.com/dispcheck/dispcheck/lint"

// Rules returns the rules of this package in the order of their ids.
func Rules() []*lint.Rule {
	return []*lint.Rule{
		&rendersMissing,
		&renderHostnameMissing,
		&renderPortInvalid,
		&renderTimeoutZero,
		&renderTimeoutExtreme,
		&renderSecureMismatch,
		&renderDuplicate,
		&failoverUseless,
		&healthCheckMissing,
		&statisticsTooMany,
		&statisticsShadowed,
		&stickyEverything,
		&stickyBothForms,
		&stickyCookieFlags,
		&propagateSyndPostOn,
		&renderLocal,
		&alwaysResolveOff,
		&statisticsUseless,
		&renderWithoutLabel,
	}
}

// since is the version that brought these rules.
const since = "0.1.0"

const (
	configuration = "AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"
	releaseNotes  = "AdobeDocs/experience-manager-dispatcher.en, release-notes.md"
)

// restOfFarm are the files that examples of whole farms include, for what they are not about.
var restOfFarm = []lint.File{
	{Name: "clientheaders.any", Text: `"Accept"
"Accept-Language"
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
`},
	{Name: "filter.any", Text: `/0001 { /type "deny"  /url "*" }
/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
/0200 { /type "deny"  /selectors "*" }
/0201 { /type "deny"  /suffix "*" }
`},
	{Name: "cache.any", Text: `/docroot "/var/www/html"
/statfileslevel "2"
/serveStaleOnError "1"
/enableTTL "1"
/gracePeriod "2"
/allowAuthorized "0"
/rules {
	/0000 { /glob "*"                             /type "allow" }
	/0001 { /glob "/libs/granite/csrf/token.json" /type "deny" }
}
/invalidate {
	/0000 { /glob "*"      /type "deny" }
	/0001 { /glob "*.html" /type "allow" }
}
/allowedClients {
	/0000 { /glob "*"         /type "deny" }
	/0001 { /glob "127.0.0.1" /type "allow" }
}
/ignoreUrlParams {
	/0000 { /glob "*"     /type "deny" }
	/0001 { /glob "utm_*" /type "allow" }
}
/headers {
	"Cache-Control"
	"Content-Disposition"
	"Content-Type"
	"Expires"
	"Last-Modified"
	"X-Content-Type-Options"
}
`},
}
