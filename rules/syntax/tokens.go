package syntax

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var unexpectedToken = lint.Rule{
	ID: "DSP005", Name: "unexpected-token", Severity: diag.Error, Reported: lint.ByGrammar, Fixable: true,
	Doc: lint.Doc{
		Title: "text is neither name, value, brace nor comment",
		Why: "Blanks alone separate names from values, and everything that is no comment counts. The module takes an equals sign, a " +
			"comma or a left-over word for a value or an entry, or does not start.",
		Bad: `/filter {
	/0001 { /type = "deny" /url "*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny" /url "*" }
}
`,
		Note: "Placeholders of templates, words that belong to no property, a slash without a name and a section without one are " +
			"reported under this rule as well.",
		Since:   since,
		Sources: []string{optimizerRules + " (Disp-S2)"},
	},
}

var missingValue = lint.Rule{
	ID: "DSP007", Name: "missing-value", Severity: diag.Error, Reported: lint.ByGrammar,
	Doc: lint.Doc{
		Title: "property has no value",
		Why: "A property without a value says nothing, and its default holds. In a rule the condition is missing, or whether it allows " +
			"or denies.",
		Bad: `/filter {
	/0001 { /type /url "*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny" /url "*" }
}
`,
		Note: "A value that starts with a slash needs quotes: in /docroot /var/www the second word reads as one more property. The " +
			"quotes are then offered as a fix.",
		Since:   since,
		Sources: []string{optimizerRules + " (Disp-S2)"},
	},
}

var suspiciousCharacters = lint.Rule{
	ID: "DSP024", Name: "suspicious-characters", Severity: diag.Error, Reported: lint.ByGrammar | lint.ByServer, Fixable: true,
	Doc: lint.Doc{
		Title: "character is not what it looks like",
		Why: "Typographic quotes, no-break spaces, zero-width characters and a byte order mark come in with text that is pasted from web " +
			"pages and mails. To the module they are letters: the name is one it does not know, and the pattern never matches.",
		Bad: `/filter {
	/0001 { /type “deny” /url "*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny" /url "*" }
}
`,
		Note:    "In comments such characters do no harm and are not reported.",
		Since:   since,
		Sources: []string{"adobe/aem-dispatcher-optimizer-tool, tests of the parser (binary_any_file)"},
	},
}

var missingLeadingSlash = lint.Rule{
	ID: "DSP025", Name: "missing-leading-slash", Severity: diag.Error, Reported: lint.ByGrammar, Fixable: true,
	Doc: lint.Doc{
		Title: "name has no slash",
		Why: "Names start with a slash; a word without one is a value. Its block belongs to nothing, so the rule or section is missing " +
			"although it can be read in the file.",
		Bad: `/filter {
	0001 { /type "deny" /url "*" }
	/0002 { /type "allow" /url "/content/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /url "/content/*" }
}
`,
		Since:   since,
		Sources: []string{optimizerRules + " (Disp-S2)", configuration},
	},
}

var foreignComment = lint.Rule{
	ID: "DSP026", Name: "foreign-comment", Severity: diag.Error, Reported: lint.ByGrammar, Fixable: true,
	Doc: lint.Doc{
		Title: "comment in the notation of another language",
		Why: "A comment starts with # and ends with its line. Slashes, semicolons and the brackets of XML start none: the text behind " +
			"them is read as configuration, and what was meant to be switched off may still hold.",
		Bad: `/filter {
	/0001 { /type "deny" /url "*" }
	// pages of the site
	/0002 { /type "allow" /url "/content/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny" /url "*" }
	# pages of the site
	/0002 { /type "allow" /url "/content/*" }
}
`,
		Since:   since,
		Sources: []string{configuration},
	},
}
