package farm

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var farmDuplicateName = lint.Rule{
	ID: "DSP400", Name: "farm-duplicate-name", Severity: diag.Error, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "two farms have one name",
		Why: "The log names the farm that answered, and with two of a name it says nothing. It happens when a farm file is copied for a " +
			"second site and only its hosts are changed.",
		File: "dispatcher.any",
		Files: []lint.File{
			{Name: "enabled_farms/brand.farm", Text: `/brand {
	/virtualhosts { "www.brand.example" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`},
		},
		BadFiles: []lint.File{
			{Name: "enabled_farms/shop.farm", Text: `/brand {
	/virtualhosts { "shop.brand.example" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`},
		},
		GoodFiles: []lint.File{
			{Name: "enabled_farms/shop.farm", Text: `/shop {
	/virtualhosts { "shop.brand.example" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`},
		},
		Bad: `/farms {
	$include "enabled_farms/*.farm"
}
`,
		Good: `/farms {
	$include "enabled_farms/*.farm"
}
`,
		Since:   since,
		Sources: []string{"adobe/aem-dispatcher-optimizer-tool, docs/Rules.md (Disp-8)"},
	},
}
