package syntax

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var unknownProperty = lint.Rule{
	ID: "DSP011", Name: "unknown-property", Severity: diag.Warning, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "property or section that no Dispatcher knows",
		Why: "The module ignores names it does not know. What was meant to be set keeps its default: here every flush is felt at once, " +
			"because no grace period holds.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/gracePeriode "2"
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/gracePeriod "2"
}
`,
		Note:    "A name that looks like a section switched off on purpose, such as /x-cache, is an info. Unknown names in a filter rule are DSP151.",
		Since:   since,
		Sources: []string{configuration},
	},
}

var wrongCaseProperty = lint.Rule{
	ID: "DSP012", Name: "wrong-case-property", Severity: diag.Warning, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "name differs from a known one in letter case",
		Why: "Names are compared letter by letter, and some have capitals inside and some do not: /ignoreUrlParams, but " +
			"/statfileslevel. The other spelling is an unknown name, and the default holds.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/statFilesLevel "2"
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/statfileslevel "2"
}
`,
		Since:   since,
		Sources: []string{configuration},
	},
}

var reservedWordAsLabel = lint.Rule{
	ID: "DSP023", Name: "reserved-word-as-label", Severity: diag.Warning, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "label of an entry is the name of a property",
		Why: "Labels are free, so this may work. Most often it does because a brace or a label is missing: what reads as an entry was " +
			"meant as a property of the one before it.",
		Bad: `/filter {
	/url { /type "allow" /url "/content/*" }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /url "/content/*" }
}
`,
		Since:   since,
		Sources: []string{"adobe/aem-dispatcher-optimizer-tool, log of its reserved tokens"},
	},
}

var misplacedProperty = lint.Rule{
	ID: "DSP029", Name: "misplaced-property", Severity: diag.Error, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "property or entry stands in a section that does not read it",
		Why: "The module looks for each name in one place. Elsewhere it has no effect: a deny rule that stands behind the closing brace " +
			"of /filter denies nothing, and a grace period in the farm is none.",
		Bad: `/publish {
	/gracePeriod "2"
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
	/cache {
		/docroot "/var/www/html"
	}
}
`,
		Good: `/publish {
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
	/cache {
		/docroot "/var/www/html"
		/gracePeriod "2"
	}
}
`,
		Note:  "The message names the section that the property belongs to. A brace that closes too early is the usual cause.",
		Since: since,
		Sources: []string{
			configuration,
			"adobe/aem-dispatcher-experiments, a sample with a deny rule behind the end of /filter",
		},
	},
}

var topLevelContent = lint.Rule{
	ID: "DSP030", Name: "top-level-content", Severity: diag.Error, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "something that is no farm stands at the top level",
		Why: "At the top of a configuration the module reads /name, /ignoreEINTR and /farms. A section of a farm, or a farm itself, that " +
			"ends up beside them is not read: an $include outside of /farms, or a brace that closes too early, does that.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		/renders {
			/rend01 { /hostname "publish" /port "4503" }
		}
	}
}
/filter {
	/0001 { /type "deny" /url "*" }
}
`,
		Good: `/farms {
	/publish {
		/renders {
			/rend01 { /hostname "publish" /port "4503" }
		}
		/filter {
			/0001 { /type "deny" /url "*" }
		}
	}
}
`,
		Note:    "Only a whole configuration is judged so: a file that holds the rules of one section is a part, and fine.",
		Since:   since,
		Sources: []string{configuration},
	},
}
