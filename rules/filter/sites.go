package filter

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterSampleContent = lint.Rule{
	ID: "DSP209", Name: "filter-sample-content", Severity: diag.Info, Security: true, Drops: true, Fixable: true, Farm: checkSampleContent,
	Doc: lint.Doc{
		Title: "rule allows a sample site",
		Why: "The sample sites of the product are for learning. They bring pages, servlets and users that nobody maintains in production, " +
			"and a rule that was copied along with a sample keeps them open.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/brand/*" /extension "html" }
	/0101 { /type "allow" /method "GET" /path "/content/we-retail/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /path "/content/brand/*" /extension "html" }
}
`,
		Note: "The sites are Geometrixx, We.Retail and WKND, with their assets. Where a /filter allows no other site by name, the project " +
			"is taken for a sample itself, and nothing is reported.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-65.en, security-checklist.md", "Cognifide/SecureCQ"},
	},
}

// ownFolders lie beside the sites below /content and are no sites.
var ownFolders = []string{
	"_cq_graphql", "ams", "campaigns", "catalogs", "communities", "cq:graphql", "cq:tags", "dam", "experience-fragments", "forms",
	"graphql", "launches", "phonegap", "projects", "regent", "screens", "usergenerated", "versionhistory",
}

// foldersOfSites hold a folder for each site.
var foldersOfSites = []string{"dam", "experience-fragments"}

func checkSampleContent(ps *lint.Pass, f *model.Farm) {
	type sample struct {
		r    *model.Rule
		p    *model.Pattern
		site string
	}
	var samples []sample
	others := false
	for _, r := range rulesOf(f) {
		if !allows(r) || r.Glob != nil {
			continue
		}
		for _, p := range [...]*model.Pattern{r.URL, r.Path} {
			site := siteOf(p)
			switch {
			case site == "":
			case isSample(site):
				samples = append(samples, sample{r, p, site})
			default:
				others = true
			}
		}
	}
	if !others {
		return
	}
	for _, s := range samples {
		var fixes []diag.Fix
		if edit, ok := lineOf(s.r.At.Span); ok {
			fixes = []diag.Fix{{Title: "remove the rule", Edits: []diag.Edit{edit}}}
		}
		ps.Tell(s.p.At.Span, s.p.At, named(s.r)+" allows the sample site "+shown(s.site), "remove the rule, and the sample from the instance", fixes...)
	}
}

func isSample(site string) bool {
	return strings.HasPrefix(site, "geometrixx") || site == "we-retail" || site == "wknd" || strings.HasPrefix(site, "wknd-")
}

// siteOf returns the name of the site that a pattern is about, as in /content/brand/* and /content/dam/brand/*; ""
// where the pattern does not name one in full.
func siteOf(p *model.Pattern) string {
	if !known(p) {
		return ""
	}
	e := p.Expr()
	for e.Op == match.OpCat {
		e = e.Subs[0]
	}
	rest, ok := strings.CutPrefix(e.Text, "/content/")
	if !ok {
		return ""
	}
	names := strings.Split(rest, "/")
	if slices.Contains(foldersOfSites, names[0]) {
		names = names[1:]
	}
	if len(names) < 2 || slices.Contains(ownFolders, names[0]) { // without a slash behind it a name may go on
		return ""
	}
	return names[0]
}
