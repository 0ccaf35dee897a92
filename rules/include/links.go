package include

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

// siteFarm is the farm that examples enable.
const siteFarm = `/site {
	/virtualhosts { "*" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`

var pseudoSymlink = lint.Rule{
	ID: "DSP116", Name: "pseudo-symlink", Severity: diag.Error, Profiles: []string{"cloud", "ams"},
	Reported: lint.ByGrammar | lint.ByExpansion | lint.ByServer,
	Doc: lint.Doc{
		Title: "file holds the path of a link in place of being one",
		Why: "Farms and hosts are enabled by symbolic links. Git on Windows may write a link as a small text file with the path in it; " +
			"committed so, it is a file like any other. The Dispatcher reads the path as configuration, and the " +
			"farm is missing.",
		File: "dispatcher.any",
		Bad: `/farms {
	$include "enabled_farms/*.farm"
}
`,
		Good: `/farms {
	$include "enabled_farms/*.farm"
}
`,
		Files:     []lint.File{{Name: "available_farms/site.farm", Text: siteFarm}},
		BadFiles:  []lint.File{{Name: "enabled_farms/site.farm", Text: "../available_farms/site.farm"}},
		GoodFiles: []lint.File{{Name: "enabled_farms/site.farm", Link: "../available_farms/site.farm"}},
		Note: "dispcheck reads the file that the path names, so that the rest can be looked at. git config core.symlinks true, and " +
			"checking out anew, brings links back.",
		Since:   since,
		Sources: []string{debugging},
	},
}

var brokenSymlink = lint.Rule{
	ID: "DSP117", Name: "broken-symlink", Severity: diag.Error, InImmutable: true, Reported: lint.ByExpansion,
	Doc: lint.Doc{
		Title: "symbolic link points to nothing",
		Why:   "The farm or file behind the link was renamed or removed. The Dispatcher does not start, or runs without it.",
		File:  "dispatcher.any",
		Bad: `/farms {
	$include "enabled_farms/site.farm"
}
`,
		Good: `/farms {
	$include "enabled_farms/site.farm"
}
`,
		Files:     []lint.File{{Name: "available_farms/site.farm", Text: siteFarm}},
		BadFiles:  []lint.File{{Name: "enabled_farms/site.farm", Link: "../available_farms/old.farm"}},
		GoodFiles: []lint.File{{Name: "enabled_farms/site.farm", Link: "../available_farms/site.farm"}},
		Since:     since,
		Sources:   []string{debugging},
	},
}
