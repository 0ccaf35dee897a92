package render

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
)

var renderHostnameMissing = lint.Rule{
	ID: "DSP451", Name: "render-hostname-missing", Severity: diag.Error, Reported: lint.ByModel,
	Doc: lint.Doc{
		Title: "render does not say which server it is",
		Why: "A render is a server that makes pages, and /hostname its name or address. Without one, or with an empty one, no connection comes " +
			"about: requests that are the render's are retried, and fail.",
		Bad: `/renders {
	/rend01 { /port "4503" /timeout "10000" }
}
`,
		Good: `/renders {
	/rend01 { /hostname "publish.brand.example" /port "4503" /timeout "10000" }
}
`,
		Note:    "A variable that is empty in one environment makes the hostname empty there: the message names it.",
		Since:   since,
		Sources: []string{configuration + " (/renders)", "adobe/aem-dispatcher-optimizer-tool, its model of renders"},
	},
}
