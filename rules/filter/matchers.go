package filter

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var filterUnknownMatcher = lint.Rule{
	ID: "DSP151", Name: "filter-unknown-matcher", Severity: diag.Error, Security: true, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "filter rule has a condition that does not exist",
		Why: "A condition whose name the module does not know is dropped, and the rule stays. It then matches more than it says: an " +
			"allow rule that was meant for pages lets through everything below the path.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extensions "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Note: "A rule knows /type, /method, /url, /query, /protocol, /path, /selectors, /extension, /suffix and /glob. The address of a " +
			"client is none of them: restrict that in Apache, with Require ip.",
		Since:   since,
		Sources: []string{configuration, "calebpryor/aem-dispatcher-filter-testing, a sample with /extensions"},
	},
}
