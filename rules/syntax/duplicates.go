package syntax

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var duplicateProperty = lint.Rule{
	ID: "DSP013", Name: "duplicate-property", Severity: diag.Warning, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "property is written twice in one section",
		Why: "One of the two counts, the last, and the other one misleads whoever reads or changes it. Both places are named, also where " +
			"an included file brings one of them.",
		Bad: `/cache {
	/docroot "/var/www/html"
	/gracePeriod "2"
	/enableTTL "1"
	/gracePeriod "10"
}
`,
		Good: `/cache {
	/docroot "/var/www/html"
	/gracePeriod "10"
	/enableTTL "1"
}
`,
		Note:    "Where the two stand in different files it is an info: a default may be overridden on purpose. A repeat with the same value can be removed by a fix.",
		Since:   since,
		Sources: []string{"BeardedFish/vscode-apache-dispatcher-config-language-support, its diagnostics"},
	},
}

var duplicateSection = lint.Rule{
	ID: "DSP014", Name: "duplicate-section", Severity: diag.Error, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "section stands twice in its parent",
		Why: "No document says whether the module joins two sections of a name, or which one it takes. If it takes one, all rules of the " +
			"other are gone: with two filters that is half of what protects the servers behind.",
		Bad: `/publish {
	/filter {
		/0001 { /type "deny" /url "*" }
	}
	/filter {
		/0002 { /type "allow" /url "/content/*" }
	}
}
`,
		Good: `/publish {
	/filter {
		/0001 { /type "deny"  /url "*" }
		/0002 { /type "allow" /url "/content/*" }
	}
}
`,
		Note:  "dispcheck reads the last one, as it does with properties.",
		Since: since,
	},
}

var duplicateRuleLabel = lint.Rule{
	ID: "DSP015", Name: "duplicate-rule-label", Severity: diag.Warning, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "two entries of a section have one label",
		Why: "The order of rules decides, not their labels, so both count. But the log and every trace name a rule by its label: which " +
			"of the two denied a request cannot be told. Defaults that are included take the low numbers.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0011 { /type "allow" /url "/content/*" }
	/0011 { /type "deny"  /url "/content/private/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0011 { /type "allow" /url "/content/*" }
	/0012 { /type "deny"  /url "/content/private/*" }
}
`,
		Note:  "Two renders of one label are an error, since the cookie renderid names renders so. Two farms of one label are DSP400.",
		Since: since,
		Sources: []string{
			configuration,
			"BeardedFish/vscode-apache-dispatcher-config-language-support, its diagnostics",
		},
	},
}

var duplicateListValue = lint.Rule{
	ID: "DSP016", Name: "duplicate-list-value", Severity: diag.Info, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "string stands twice in a list",
		Why: "The repeat has no effect. It is left over from joining two lists, and the next person who removes the entry will miss one. " +
			"Hosts and headers are compared without regard to letter case.",
		Bad: `/clientheaders {
	"Host"
	"Authorization"
	"host"
}
`,
		Good: `/clientheaders {
	"Host"
	"Authorization"
}
`,
		Since:   since,
		Sources: []string{"BeardedFish/vscode-apache-dispatcher-config-language-support, its diagnostics"},
	},
}
