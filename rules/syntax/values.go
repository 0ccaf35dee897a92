package syntax

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var invalidNumber = lint.Rule{
	ID: "DSP017", Name: "invalid-number", Severity: diag.Error, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "value of a number is none",
		Why: "What the module makes of letters, units or a sign in a number is not published: it may stop reading at the letter, take 0 or " +
			"take the default. Each property has one unit, which is never written.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/gracePeriod "2s"
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/gracePeriod "2"
}
`,
		Note:    "dispcheck takes the default. /mode wants octal digits.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-optimizer-tool, its check of integer values"},
	},
}

var invalidBoolean = lint.Rule{
	ID: "DSP018", Name: "invalid-boolean", Severity: diag.Warning, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "value of a flag is neither 0 nor 1",
		Why: "Flags are switched on by 1 and off by 0. A word such as true or on does not switch anything on, so the feature that the " +
			"line promises is not there: here, no stale page is served when the servers fail.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/serveStaleOnError "true"
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/serveStaleOnError "1"
}
`,
		Since:   since,
		Sources: []string{configuration},
	},
}

var invalidEnum = lint.Rule{
	ID: "DSP019", Name: "invalid-enum", Severity: diag.Error, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "value is none of the words that the property takes",
		Why: "Some properties take one of a few words, in small letters: /type takes allow or deny, /encode of sessions md5 or hex. The " +
			"module knows no other, and what it does with a rule that neither allows nor denies is not published.",
		Bad: `/filter {
	/0001 { /type "Deny" /url "*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny" /url "*" }
}
`,
		Note:    "dispcheck takes such a rule for one that denies.",
		Since:   since,
		Sources: []string{configuration},
	},
}

var emptyValue = lint.Rule{
	ID: "DSP021", Name: "empty-value", Severity: diag.Warning, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "value is empty",
		Why: "An empty value is not the same as none: the property is there, and its default need not hold. It often comes from a variable " +
			"that is empty in one environment.",
		Bad: `/cache {
	/docroot ""
	/statfileslevel "2"
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/statfileslevel "2"
}
`,
		Note: "In filter rules the empty string is a condition of its own: /suffix \"\" means that there is no suffix. It is not " +
			"reported there.",
		Since:   since,
		Sources: []string{"adobe/aem-dispatcher-optimizer-tool, its tests of empty values"},
	},
}

var missingRequiredProperty = lint.Rule{
	ID: "DSP022", Name: "missing-required-property", Severity: diag.Error, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "section or rule lacks a property that it needs",
		Why: "A rule without /type neither allows nor denies, sessions without /directory have no place. What the module does then is not " +
			"published, or it does nothing.",
		Bad: `/filter {
	/0001 { /url "*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny" /url "*" }
}
`,
		Note:    "A render without /hostname is reported as DSP451.",
		Since:   since,
		Sources: []string{configuration, optimizerRules + " (Disp-S5)"},
	},
}

var invalidRegex = lint.Rule{
	ID: "DSP036", Name: "invalid-regex", Severity: diag.Error, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "regular expression does not compile, or never matches",
		Why: "Single quotes make a pattern a POSIX extended regular expression. One that does not compile makes its rule match nothing: " +
			"an allow rule lets nothing through, and a deny rule denies nothing. A surplus closing parenthesis compiles, as a plain " +
			"character that no such URL has.",
		Bad: `/filter {
	/0041 { /type "allow" /extension '(css|js|png))' }
}
`,
		Good: `/filter {
	/0041 { /type "allow" /extension '(css|js|png)' }
}
`,
		Since:   since,
		Sources: []string{configuration + " (POSIX extended; one of its samples has the surplus parenthesis)", "GNU C library, regcomp"},
	},
}
