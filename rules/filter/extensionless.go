package filter

import (
	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterExtensionlessAllowed = lint.Rule{
	ID: "DSP207", Name: "filter-extensionless-allowed", Severity: diag.Info, Security: true, Drops: true, Asks: true, Farm: checkExtensionless,
	Doc: lint.Doc{
		Title: "content is let through without an extension",
		Why: "The Dispatcher stores nothing whose URL has no extension, so each such request goes to an instance: it answers with a " +
			"redirect, with an error, or with what the node at that path happens to print.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Note: "Farms for authors are not looked at, nor rules that ask for no extension or can match none, nor those of files " +
			"that their owner must not change. Where Apache adds the extension, /filter sees it.",
		Since:   since,
		Sources: []string{configuration + " (what is cached)"},
	},
}

func checkExtensionless(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, base := range a.sharedAddresses(true) {
		r := a.lets(base)
		if r == nil || r.Extension != nil || a.theirs(r) {
			continue
		}
		if r.URL != nil && (spellsOut(r.URL) || !r.URL.Match(base+".html")) {
			continue // it is about addresses without an extension
		}
		a.tellOnce("", r, base, ", which has no extension and is never stored", `add the extensions that are served, such as /extension "html"`, 0)
	}
}
