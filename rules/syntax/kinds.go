package syntax

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var wrongValueKind = lint.Rule{
	ID: "DSP008", Name: "wrong-value-kind", Severity: diag.Error, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "block where a value belongs, or a value where a block belongs",
		Why: "Each name stands either for one value or for a section. The module does not look for a value inside braces, nor for " +
			"entries in a string: the property does not count, and its default holds. Here there is no server to ask.",
		Bad: `/publish {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 "publish:4503"
	}
}
`,
		Good: `/publish {
	/virtualhosts { "www.example.com" }
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`,
		Since:   since,
		Sources: []string{configuration},
	},
}

var namedValueInStringList = lint.Rule{
	ID: "DSP010", Name: "named-value-in-string-list", Severity: diag.Info, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "string of a list has a name",
		Why: "Hosts, headers and sticky folders are lists of strings. A label in front of one means nothing; the string counts all the " +
			"same. Other tools warn, and readers look for a meaning.",
		Bad: `/publish {
	/virtualhosts {
		/0001 "www.example.com"
		/0002 "shop.example.com"
	}
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`,
		Good: `/publish {
	/virtualhosts {
		"www.example.com"
		"shop.example.com"
	}
	/renders {
		/rend01 { /hostname "publish" /port "4503" }
	}
}
`,
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-optimizer-tool, log of its model of string lists"},
	},
}
