package performance

import (
	"fmt"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var statfilesLevelHigh = lint.Rule{
	ID: "DSP951", Name: "statfileslevel-high", Severity: diag.Info, Farm: checkLevel,
	Options: []lint.Option{{Name: "max", Default: 10, Doc: "The highest level that is not reported."}},
	Doc: lint.Doc{
		Title: "/statfileslevel is deeper than sites are",
		Why: "Each folder down to the level gets a .stat of its own. A flush touches one in each folder on the way to the page, and a page is " +
			"as old as the .stat of the deepest folder above it: below a certain depth a flush makes only the page itself stale, and " +
			"what refers to it, such as navigation, stays as it was.",
		Bad: `/cache {
	$include "cache.any"
	/statfileslevel "20"
}
`,
		Good: `/cache {
	$include "cache.any"
	/statfileslevel "4"
}
`,
		Files: []lint.File{{Name: "cache.any", Text: `/docroot "/var/www/html"
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
`}},
		Note:    "The option max sets the level, for trees that are deeper.",
		Since:   since,
		Sources: []string{configuration + " (/statfileslevel)", "adobe/aem-dispatcher-experiments, statfileslevel"},
	},
}

func checkLevel(ps *lint.Pass, f *model.Farm) {
	if f.Cache == nil {
		return
	}
	if s := &f.Cache.StatfilesLevel; s.Set && s.Value > ps.Int("max") {
		ps.Report(diag.Diagnostic{
			Span: s.ValueAt, Included: s.At.Included, Message: fmt.Sprintf("property /statfileslevel is %d, deeper than sites are", s.Value),
			Hint: "write the depth of the folder that holds one site in one language, such as 4 for /content/<site>/<country>/<language>",
		})
	}
}
