package filter

import (
	"net/http"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterFormSelectorOpen = lint.Rule{
	ID: "DSP205", Name: "filter-form-selector-open", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Farm: checkFormSelector,
	Doc: lint.Doc{
		Title: "the selector form is open for whole trees",
		Why: "With the selector form AEM renders, or takes a form for, the path in the suffix, whatever lies there: " +
			"/content/x.form.html/var/audit reads what the filter denies by its path. A rule that lets any page below a folder be posted to " +
			"as .form. opens what is rendered there to everybody's input.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0014 { /type "allow" /method "POST" /url "/content/*.form.html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0014 { /type "allow" /method "POST" /url "/content/mysite/en/contact/*.form.html" }
}
`,
		Note: "Farms for authors are not looked at. Reading is told once for a farm. A rule that names three folders is narrow enough. Adobe's default filter has such a rule, " +
			"/0014; its owner denies what is not used behind the $include.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-65.en, security-checklist.md (form selector)", pickaxe + ", forms-pdf-bypass", "projectdiscovery/nuclei-templates, aem-secrets"},
	},
}

func checkFormSelector(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	a.readsByForm()
	for _, r := range f.Filter.Rules {
		if !r.Allow || r.Glob != nil || spellsOut(r.URL) || !asksForForm(r) || r.Method != nil && (!known(r.Method) || !r.Method.Match(http.MethodPost)) {
			continue
		}
		base, _, _ := strings.Cut(addressOf(r), ".")
		folder := base[:strings.LastIndexByte(base, '/')+1]
		if folder == "" || namedFolders(folder) >= narrowFolders {
			continue
		}
		if request := "POST " + folder + "dispcheck.form.html"; a.lets(request) == r {
			a.tellOnce("post", r, request, ": forms anywhere below "+folder+" can be posted to", "name the pages that have a form", 0)
		}
	}
}

// readsByForm reports one request that reads another tree by the selector: one rule behind all others closes them all.
// One that a rule of the owner's lets through comes first.
func (a *asking) readsByForm() {
	var found *model.Rule
	var read string
	for _, base := range a.sharedAddresses(true) {
		request, r := a.first(base+".form.html/home/users/dispcheck", base+".form.validator.html/home/users/dispcheck")
		if r == nil || found != nil && a.theirs(r) {
			continue
		}
		found, read = r, request
		if !a.theirs(r) {
			break
		}
	}
	if found != nil {
		a.tellOnce("read", found, read, ": with the selector form AEM renders what the suffix names",
			`deny the selector behind all rules that allow content: /url "/content*" /selectors "form"`, 0)
	}
}

// asksForForm reports whether a rule speaks of the selector form.
func asksForForm(r *model.Rule) bool {
	if known(r.Selectors) && !isAnything(r.Selectors) && r.Selectors.Match("form") {
		return true
	}
	return known(r.URL) && (strings.Contains(r.URL.Text(), ".form.") || strings.Contains(r.URL.Text(), `.form\.`) || strings.Contains(r.URL.Text(), "]form["))
}
