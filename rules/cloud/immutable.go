package cloud

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var immutableMissing = lint.Rule{
	ID: "DSP756", Name: "immutable-missing", Severity: diag.Warning, Profiles: []string{"cloud"}, Reported: lint.ByExpansion,
	Doc: lint.Doc{
		Title: "file that the platform provides is not in the project",
		Why: "The Cloud Service puts its own copy of this file in place, so a deployment works. But what the file says is unknown here: " +
			"its rules are neither checked nor simulated, and the Dispatcher of the SDK does not find it on a developer's machine.",
		File: "conf.dispatcher.d/filters/filters.any",
		Bad: `$include "./default_filters.any"
/0100 { /type "allow" /extension '(pdf|docx)' /path "/content/dam/site/*" }
`,
		Good: `$include "./default_filters.any"
/0100 { /type "allow" /extension '(pdf|docx)' /path "/content/dam/site/*" }
`,
		Files: []lint.File{
			{Name: "conf.dispatcher.d/available_farms/site.farm", Text: `/site {
	/renders { $include "../renders/default_renders.any" }
	/filter { $include "../filters/filters.any" }
}
`},
		},
		GoodFiles: []lint.File{
			{Name: "conf.dispatcher.d/filters/default_filters.any", Text: `/0001 { /type "deny" /url "*" }
`},
		},
		Note: "Copy the file from the SDK, unchanged. Where dispatcher.any itself is missing, one that includes all enabled farms is read " +
			"in its place, and that is an info.",
		Since: since,
		Sources: []string{
			"adobe/aem-project-archetype, issue 1008",
			"AdobeDocs/experience-manager-cloud-service.en, validation-debug.md",
		},
	},
}
