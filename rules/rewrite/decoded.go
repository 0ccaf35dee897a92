package rewrite

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

// The rules of this file are found while httpd's texts are decoded.

var flagsMalformed = lint.Rule{
	ID: "DSP667", Name: "rewrite-flags-malformed", Severity: diag.Error, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title:   "list of flags that httpd refuses",
		Why:     "httpd does not start with a list of flags that it cannot read: a blank ends the list where it is not in quotes, brackets have to be closed, and a name that is no flag is an error.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/old$ /new [R=301, L]` + "\n",
		Good:    `RewriteRule ^/old$ /new [R=301,L]` + "\n",
		Since:   since,
		Sources: []string{docFlags, "httpd -t, bad flag delimiters"},
	},
}

var redirectCode = lint.Rule{
	ID: "DSP668", Name: "rewrite-redirect-code", Severity: diag.Error, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title:   "status that is no redirect",
		Why:     "httpd does not start with a status of flag R that it does not know. With one outside of 300 to 399 it answers that status at once, and nobody is sent to the target.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/old$ /new [R=309,L]` + "\n",
		Good:    `RewriteRule ^/old$ /new [R=308,L]` + "\n",
		Note:    "A status that httpd has and that is no redirect, as R=200, is a warning where the rule has a target. With - in its place it is an answer.",
		Since:   since,
		Sources: []string{docFlags},
	},
}

var mapType = lint.Rule{
	ID: "DSP675", Name: "rewritemap-type", Severity: diag.Error, Profiles: []string{"cloud"}, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title:   "map that httpd cannot open",
		Why:     "httpd does not start with a map whose file is not there. On the Cloud Service a map lies in the project, or is one of the pipeline-free redirects, a database in /tmp/rewrites.",
		File:    "site.rules",
		Bad:     `RewriteMap moved txt:/opt/rewrites/moved.map` + "\n",
		Good:    `RewriteMap moved txt:moved.map` + "\n",
		Files:   []lint.File{{Name: "moved.map", Text: "/a /b\n"}},
		Since:   since,
		Sources: []string{docModule, "AdobeDocs/experience-manager-cloud-service.en, pipeline-free-redirects.md"},
	},
}

var badRegex = lint.Rule{
	ID: "DSP688", Name: "rewrite-regex-invalid", Severity: diag.Error, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title:   "regular expression that does not compile",
		Why:     "httpd does not start with a pattern that PCRE refuses.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/(old$ /new [R=301,L]` + "\n",
		Good:    `RewriteRule ^/(old)$ /new [R=301,L]` + "\n",
		Since:   since,
		Sources: []string{docModule, "httpd -t, cannot compile regular expression"},
	},
}

var quoting = lint.Rule{
	ID: "DSP694", Name: "rewrite-quoting", Severity: diag.Error, Reported: lint.ByServer,
	Doc: lint.Doc{
		Title:   "arguments that httpd does not count as they were meant",
		Why:     "Blanks separate arguments. Where one of them is not in quotes there is one argument too many, or the wrong one is taken for another, and httpd does not start.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/old page$ /new [R=301,L]` + "\n",
		Good:    `RewriteRule "^/old page$" /new [R=301,L]` + "\n",
		Since:   since,
		Sources: []string{docModule, "httpd -t"},
	},
}
