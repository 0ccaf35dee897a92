package syntax

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var unterminatedString = lint.Rule{
	ID: "DSP001", Name: "unterminated-string", Severity: diag.Error, Reported: lint.ByGrammar | lint.ByServer,
	Doc: lint.Doc{
		Title: "string is not closed on its line",
		Why: "A string ends at the quote it began with, on the same line. Without that quote the module takes names, braces and " +
			"whole rules behind it for part of the value, or does not start at all.",
		Bad: `/filter {
	/0001 { /type "deny" /url "*" }
	/0002 { /type "allow" /url "/content/* }
	/0003 { /type "deny" /url "/content/private/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /url "/content/*" }
	/0003 { /type "deny"  /url "/content/private/*" }
}
`,
		Note:    "A string that ends in a typographic quote counts as not closed, too; putting a straight one in its place is offered.",
		Since:   since,
		Sources: []string{optimizerRules + " (Disp-S3)"},
	},
}

var trailingCharactersAfterString = lint.Rule{
	ID: "DSP006", Name: "trailing-characters-after-string", Severity: diag.Error, Reported: lint.ByGrammar,
	Doc: lint.Doc{
		Title: "text touches the closing quote of a string",
		Why: "Until 4.3.0 the module read such text as one more value, one without a name; from 4.3.1 on it drops it. Either way the " +
			"condition is not the one that was meant: here the rule lets GET through and nothing else.",
		Bad: `/filter {
	/0010 { /type "allow" /method "GET"POST /url "/bin/search" }
}
`,
		Good: `/filter {
	/0010 { /type "allow" /method '(GET|POST)' /url "/bin/search" }
}
`,
		Note:    "A string that touches another string, as in a list without blanks, is a warning: both are read.",
		Since:   since,
		Sources: []string{releaseNotes + " (DISP-725)"},
	},
}

var unnamedValue = lint.Rule{
	ID: "DSP009", Name: "unnamed-value-in-keyed-section", Severity: diag.Warning, Reported: lint.ByGrammar | lint.ByModel,
	Doc: lint.Doc{
		Title: "string without a name where everything has one",
		Why: "In a rule, a render or a cache section the module looks values up by name. A string without one is kept and read by " +
			"nobody, so the condition it was meant to be does not hold: the rule here is about every .json, not about one selector. " +
			"Releases from 4.3.2 on mention it in the log.",
		Bad: `/filter {
	/0087 { /type "allow" /path "/content/*" /extension 'json' "*.1.json" }
}
`,
		Good: `/filter {
	/0087 { /type "allow" /path "/content/*" /selectors '1' /extension 'json' }
}
`,
		Since:   since,
		Sources: []string{releaseNotes + " (DISP-746)"},
	},
}
