package filter

import (
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterRiskyExtension = lint.Rule{
	ID: "DSP208", Name: "filter-risky-extension", Severity: diag.Warning, Security: true, Drops: true, Fixable: true, Farm: checkRiskyExtension,
	Doc: lint.Doc{
		Title: "rule allows an extension that pages do not need",
		Why: "Flash files run scripts on the site's own origin, and programs, archives, backups and configuration have no place on a " +
			"page: each extension that is open is one more by which a servlet can be reached, or a file that was forgotten.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension '(css|js|swf)' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension '(css|js)' }
}
`,
		Note: "The extensions are bak, class, config, exe, jar, jsp, old, sh, swf, war and zip; zip below /content/dam, where downloads " +
			"lie, is not reported. Only patterns that list their extensions are looked at.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-65.en, security-checklist.md", "0ang3el/aem-hacker", "AdobeDocs/experience-manager-dispatcher.en, security-checklist.md"},
	},
}

var riskyExtensions = []string{"bak", "class", "config", "exe", "jar", "jsp", "old", "sh", "swf", "war", "zip"}

func checkRiskyExtension(ps *lint.Pass, f *model.Farm) {
	rules := rulesOf(f)
	told := map[fixedText]bool{}
	for i, r := range rules {
		p := r.Extension
		if !allows(r) || r.Glob != nil || !known(p) {
			continue
		}
		words, ok := p.Strings()
		if !ok {
			continue
		}
		var risky, rest []string
		for _, w := range words {
			if slices.Contains(riskyExtensions, w) && !extensionDenied(rules[i+1:], w) && (w != "zip" || !belowAssets(r)) {
				risky = append(risky, w)
			} else {
				rest = append(rest, w)
			}
		}
		if len(risky) == 0 {
			continue
		}
		if isFixed(ps, r) {
			key := fixedText{r.At.Span.File, strings.Join(risky, ", ")}
			if told[key] {
				continue
			}
			told[key] = true
		}
		var fixes []diag.Fix
		flat := strings.TrimSuffix(strings.TrimPrefix(p.Text(), "("), ")")
		if isRegex(p) && inFile(p) && len(rest) > 0 && !strings.ContainsAny(flat, `()[]{}*+?.^$\`) && strings.HasPrefix(p.Text(), "(") == strings.HasSuffix(p.Text(), ")") {
			left := slices.DeleteFunc(strings.Split(flat, "|"), func(w string) bool { return slices.Contains(risky, w) })
			at := strings.Index(p.Text(), flat)
			fixes = []diag.Fix{{Title: "take " + strings.Join(risky, ", ") + " out", Edits: []diag.Edit{{Span: p.Span(at, at+len(flat)), New: strings.Join(left, "|")}}}}
		}
		ps.Tell(p.ValueAt, p.At, named(r)+" allows the extension "+strings.Join(risky, ", "), "take it out unless the site serves such files", fixes...)
	}
}

// extensionDenied reports whether one of some rules denies an extension wherever it stands.
func extensionDenied(rules []*model.Rule, extension string) bool {
	for _, r := range rules {
		if !denies(r) || r.Glob != nil || !known(r.Extension) || !r.Extension.Match(extension) {
			continue
		}
		others := *r
		others.Extension = nil
		if matchesAll(&others) {
			return true
		}
	}
	return false
}

// belowAssets reports whether a rule is about the folder of assets, where downloads lie.
func belowAssets(r *model.Rule) bool {
	for _, p := range [...]*model.Pattern{r.URL, r.Path} {
		if known(p) && strings.HasPrefix(p.Text(), "/content/dam/") {
			return true
		}
	}
	return false
}
