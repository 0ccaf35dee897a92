package filter

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var regexUnsupportedSyntax = lint.Rule{
	ID: "DSP169", Name: "regex-unsupported-syntax", Severity: diag.Error, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "regular expression uses what POSIX does not have",
		Why: "Patterns between single quotes are POSIX extended regular expressions, not those of Perl, Java or JavaScript. \\d is the " +
			"letter d; (?: and look-ahead do not compile, so that the rule matches nothing; a question mark behind a repeat does " +
			"not make it lazy.",
		Bad: `/filter {
	/0031 { /type "allow" /method "GET" /path '/content/news/\d+' /extension "html" }
}
`,
		Good: `/filter {
	/0031 { /type "allow" /method "GET" /path '/content/news/[0-9]+' /extension "html" }
}
`,
		Note: "A construct that dispcheck cannot decide about, though the module may take it, is a warning. The rule holds " +
			"wherever regular expressions are read, not in /filter alone.",
		Since: since,
		Sources: []string{
			configuration + " (POSIX extended)",
			"valtech-ch/aem-dispatcher-filter, filter.md",
			"GNU C library, regcomp",
		},
	},
}
