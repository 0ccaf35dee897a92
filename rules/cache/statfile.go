package cache

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var statfileIgnored = lint.Rule{
	ID: "DSP307", Name: "statfile-ignored", Severity: diag.Info, Fixable: true, Farm: checkStatfileIgnored,
	Doc: lint.Doc{
		Title: "/statfile is not read, since /statfileslevel is there",
		Why: "With /statfileslevel, even at 0, statfiles are called .stat and lie in the folders of the cache. The file that /statfile names is " +
			"neither touched nor looked at: who watches it, or touches it to make pages stale, waits in vain.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/statfile "/tmp/dispatcher.stat"
	/statfileslevel "2"
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/statfileslevel "2"
}
`,
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkStatfileIgnored(p *lint.Pass, f *model.Farm) {
	c := f.Cache
	if c == nil || !c.Statfile.Set || !c.StatfilesLevel.Set {
		return
	}
	p.Report(diag.Diagnostic{
		Span: c.Statfile.At.Span, Included: c.Statfile.At.Included, Message: "/statfile is not read beside /statfileslevel",
		Hint:    "remove it",
		Related: []diag.Related{{Span: c.StatfilesLevel.At.Span, Message: "the level"}},
		// Safe in a text of the farm's own: nothing reads the property. A text that is included may serve farms
		// without a level as well.
		Fixes: []diag.Fix{{
			Title: "remove /statfile", Safe: c.Statfile.At.Span.File == c.StatfilesLevel.At.Span.File && len(c.Statfile.At.Included) == 0,
			Edits: []diag.Edit{textedit.Removed(c.Statfile.At.Span)},
		}},
	})
}
