package suppression

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var suppressionUnused = lint.Rule{
	ID: "DSP990", Name: "suppression-unused", Severity: diag.Warning, Reported: lint.ByLint, Fixable: true,
	Doc: lint.Doc{
		Title: "comment suppresses a finding that is not there",
		Why: "The mistake was put right, or the comment stands on the wrong line. It does nothing today, and hides the next mistake of " +
			"its kind that is made at this place.",
		Bad: `/cache {
	/docroot "/var/www/html" # dispcheck:ignore suspicious-characters -- pasted from the wiki
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
}
`,
		Note: "A comment holds for findings that start on its line or, where it stands alone, on the next line that says something. " +
			"Nothing is reported about a rule that did not run: one that settings switch off, that another profile has, or that needs the " +
			"whole configuration where only a part of it was read.",
		Since: since,
	},
}

var suppressionWithoutReason = lint.Rule{
	ID: "DSP991", Name: "suppression-without-reason", Severity: diag.Warning, Reported: lint.ByLint,
	Doc: lint.Doc{
		Title: "comment suppresses a finding and does not say why",
		Why: "Who reads it later cannot tell whether somebody looked into the finding or was in a hurry, and dares neither to keep the " +
			"comment nor to remove it. The finding is suppressed all the same.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/gracePeriode "2" # dispcheck:ignore unknown-property
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/gracePeriode "2" # dispcheck:ignore unknown-property -- read by our own fork of the module
}
`,
		Note:  "The reason stands behind two dashes. Where only the dashes are missing, a fix puts them there.",
		Since: since,
	},
}

var suppressionUnknownRule = lint.Rule{
	ID: "DSP992", Name: "suppression-unknown-rule", Severity: diag.Warning, Reported: lint.ByLint, Fixable: true,
	Doc: lint.Doc{
		Title: "comment that suppresses names no rule",
		Why:   "A name that no rule has suppresses nothing: what the comment was to take away is still reported.",
		Bad: `/cache {
	/docroot "/var/www/html"
	# dispcheck:ignore DSP011, unknown-proprety -- read by our own fork of the module
	/gracePeriode "2"
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	# dispcheck:ignore unknown-property -- read by our own fork of the module
	/gracePeriode "2"
}
`,
		Note:  "Rules are named by id or by name, in either letter case; globs are for the settings. A fix is offered where one name is near.",
		Since: since,
	},
}

var suppressionMalformed = lint.Rule{
	ID: "DSP993", Name: "suppression-malformed", Severity: diag.Warning, Reported: lint.ByLint, Fixable: true,
	Doc: lint.Doc{
		Title: "comment for dispcheck that cannot be followed",
		Why: "A directive that is misspelt, names no rule, or ends what was never started does nothing. One that starts and never ends suppresses findings down to " +
			"the end of the file.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/gracePeriode "2" # dispcheck:ignore unknown-property -- read by our own fork of the module
	# dispcheck:ignore-end
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/gracePeriode "2" # dispcheck:ignore unknown-property -- read by our own fork of the module
}
`,
		Note: "The directives are ignore, ignore-start with ignore-end, and ignore-file. A fix is offered for a misspelt word and for an " +
			"end without a start.",
		Since: since,
	},
}
