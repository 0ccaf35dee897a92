package render

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var renderWithoutLabel = lint.Rule{
	ID: "DSP468", Name: "render-without-label", Severity: diag.Warning, Reported: lint.ByModel, Fixable: true,
	Doc: lint.Doc{
		Title: "render has no label",
		Why: "Each render is a block with a label, which names it in logs and in the cookie renderid. Properties that stand in /renders " +
			"itself can describe one server at most, and that one has no name.",
		Bad: `/renders {
	/hostname "publish.brand.example"
	/port "4503"
	/timeout "10000"
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Note:    "dispcheck reads it as one render without a name, as one of Adobe's samples has it.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md (a sample of virtual hosts)"},
	},
}
