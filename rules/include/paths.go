package include

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

// denyAll is what several examples include.
const denyAll = `/0001 { /type "deny" /url "*" }
`

var includeNotFound = lint.Rule{
	ID: "DSP100", Name: "include-not-found", Severity: diag.Error, InImmutable: true, Reported: lint.ByExpansion, Fixable: true,
	Doc: lint.Doc{
		Title: "$include names a file that is not there",
		Why: "Paths start from the folder of the file they stand in. Where there is no such file the Dispatcher does not start, or it runs " +
			"without the rules that the file would bring.",
		File: "filters/filters.any",
		Bad: `$include "./default_filter.any"
/0100 { /type "allow" /url "/content/*" }
`,
		Good: `$include "./default_filters.any"
/0100 { /type "allow" /url "/content/*" }
`,
		Files: []lint.File{{Name: "filters/default_filters.any", Text: denyAll}},
		Note: "A wildcard that matches nothing is no mistake: Managed Services ship empty folders to drop files into. A file that " +
			"is found only when the path starts from the server's root is read, and reported as an info.",
		Since:   since,
		Sources: []string{configuration, debugging, "adobe/aem-project-archetype, issue 1008"},
	},
}

var includeCycle = lint.Rule{
	ID: "DSP101", Name: "include-cycle", Severity: diag.Error, InImmutable: true, Reported: lint.ByExpansion,
	Doc: lint.Doc{
		Title: "files include each other in a circle",
		Why:   "Such files could be read without end. The Dispatcher does not start with them; dispcheck leaves out the line that closes the circle.",
		File:  "filters/filters.any",
		Bad: `$include "./site.any"
/0001 { /type "deny" /url "*" }
`,
		BadFiles: []lint.File{{Name: "filters/site.any", Text: `$include "./filters.any"
/0100 { /type "allow" /url "/content/site/*" }
`}},
		Good: `/0001 { /type "deny" /url "*" }
$include "./site.any"
`,
		GoodFiles: []lint.File{{Name: "filters/site.any", Text: `/0100 { /type "allow" /url "/content/site/*" }
`}},
		Note:    "A wildcard that matches the file it stands in leaves that file out, and that is an info.",
		Since:   since,
		Sources: []string{optimizer},
	},
}

var includeIsDirectory = lint.Rule{
	ID: "DSP102", Name: "include-is-directory", Severity: diag.Error, InImmutable: true, Reported: lint.ByExpansion, Fixable: true,
	Doc: lint.Doc{
		Title: "$include names a folder",
		Why:   "A folder is not its files. Nothing of what lies in it is read: here, no farm.",
		File:  "dispatcher.any",
		Bad: `/farms {
	$include "enabled_farms"
}
`,
		Good: `/farms {
	$include "enabled_farms/*.farm"
}
`,
		Files: []lint.File{{Name: "enabled_farms/site.farm", Text: `/site {
	/virtualhosts { "*" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`}},
		Since:   since,
		Sources: []string{optimizer},
	},
}

var includeOutsideRoot = lint.Rule{
	ID: "DSP104", Name: "include-outside-root", Severity: diag.Error, InImmutable: true, Reported: lint.ByExpansion,
	Doc: lint.Doc{
		Title: "$include leads out of the project",
		Why: "What lies outside of the configuration is not deployed with it. The file is there on the author's machine and missing on the " +
			"server; the Cloud Service's validator refuses such a path.",
		File: "filters/filters.any",
		Bad: `$include "../../shared/default_filters.any"
/0100 { /type "allow" /url "/content/*" }
`,
		Good: `$include "./default_filters.any"
/0100 { /type "allow" /url "/content/*" }
`,
		GoodFiles: []lint.File{{Name: "filters/default_filters.any", Text: denyAll}},
		Since:     since,
		Sources:   []string{debugging},
	},
}

var includeCaseMismatch = lint.Rule{
	ID: "DSP106", Name: "include-case-mismatch", Severity: diag.Error, Reported: lint.ByExpansion, Fixable: true,
	Doc: lint.Doc{
		Title: "path of $include differs from the file in letter case",
		Why: "Windows and macOS find the file all the same, so the author never notices. The Dispatcher runs on Linux, where there is no " +
			"such file.",
		File: "filters/filters.any",
		Bad: `$include "./Default_Filters.any"
/0100 { /type "allow" /url "/content/*" }
`,
		Good: `$include "./default_filters.any"
/0100 { /type "allow" /url "/content/*" }
`,
		Files:   []lint.File{{Name: "filters/default_filters.any", Text: denyAll}},
		Since:   since,
		Sources: []string{debugging},
	},
}

var includeBackslash = lint.Rule{
	ID: "DSP107", Name: "include-backslash", Severity: diag.Error, Reported: lint.ByExpansion, Fixable: true,
	Doc: lint.Doc{
		Title: "path of $include has backslashes",
		Why:   "Folders are separated by slashes, on every system. To Linux a backslash is a character of the file's name, and no file is called so.",
		File:  "filters.any",
		Bad: `$include "filters\site.any"
/0001 { /type "deny" /url "*.json" }
`,
		Good: `$include "filters/site.any"
/0001 { /type "deny" /url "*.json" }
`,
		Files: []lint.File{{Name: "filters/site.any", Text: `/0100 { /type "allow" /url "/content/site/*" }
`}},
		Since: since,
	},
}

var includeSyntax = lint.Rule{
	ID: "DSP110", Name: "include-syntax", Severity: diag.Error, Reported: lint.ByGrammar | lint.ByModel | lint.ByServer, Fixable: true,
	Doc: lint.Doc{
		Title: "something meant as $include is none",
		Why: "Files are put in by $include and a path in double quotes. Apache's Include, the word in quotes, or the dollar alone include " +
			"nothing: the rules of the file are missing.",
		File: "available_farms/site.farm",
		Bad: `/site {
	/filter {
		Include "../filters/default_filters.any"
		/0100 { /type "allow" /url "/content/*" }
	}
}
`,
		Good: `/site {
	/filter {
		$include "../filters/default_filters.any"
		/0100 { /type "allow" /url "/content/*" }
	}
}
`,
		Files:   []lint.File{{Name: "filters/default_filters.any", Text: denyAll}},
		Note:    "A path without quotes is a warning: other tools read it, and so does dispcheck.",
		Since:   since,
		Sources: []string{configuration, optimizer},
	},
}
