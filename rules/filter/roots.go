package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterNonprodSampleEnabled = lint.Rule{
	ID: "DSP200", Name: "filter-nonprod-sample-enabled", Severity: diag.Error, Security: true, Drops: true, Farm: checkNonprodSampleEnabled,
	Doc: lint.Doc{
		Title: "sample rule for development is switched on",
		Why: "The default filters carry rules for /crx, /system, /apps and /bin behind comment signs, to be switched on where nobody but " +
			"developers comes. In front of the public they open the repository browser, the console of the framework, the sources of " +
			"the application and each servlet.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /url "/crx/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny" /url "*" }
	# /0002 { /type "allow" /method "GET" /url "/crx/*" }
}
`,
		Note:    "A rule is not reported where one behind it denies the same again. In farms for authors it is a warning.",
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, default_filters.any", configuration},
	},
}

// samplesForDevelopment are the URLs of the sample rules, and what is behind each.
var samplesForDevelopment = map[string]string{
	"/crx/*":    "the repository browser",
	"/system/*": "the console of the framework",
	"/apps/*":   "the sources of the application",
	"/bin/*":    "all servlets below /bin",
}

func checkNonprodSampleEnabled(ps *lint.Pass, f *model.Farm) {
	rules := rulesOf(f)
	for i, r := range rules {
		if p := sampleOf(r); p != nil && !deniedBehind(rules, i, strings.TrimSuffix(p.Text(), "*")+"x") {
			ps.Tell(p.At.Span, r.At, fmt.Sprintf("%s opens %s: %s", named(r), samplesForDevelopment[p.Text()], written(p)),
				"remove the rule, or keep it behind a comment sign")
		}
	}
}

// sampleOf returns the pattern by which a rule is one of the samples, nil where it is none.
func sampleOf(r *model.Rule) *model.Pattern {
	if !allows(r) || !onlyOf(r) {
		return nil
	}
	for _, p := range [...]*model.Pattern{r.URL, r.Path} {
		if known(p) && !isRegex(p) && samplesForDevelopment[p.Text()] != "" && (r.URL == nil) != (r.Path == nil) {
			return p
		}
	}
	return nil
}

// onlyOf reports whether a rule asks for nothing but a URL, or a path, and perhaps a method.
func onlyOf(r *model.Rule) bool {
	return r.Glob == nil && always(r.Protocol) && r.Query == nil && optional(r.Selectors) && optional(r.Extension) && optional(r.Suffix)
}

var filterBroadRootAllow = lint.Rule{
	ID: "DSP201", Name: "filter-broad-root-allow", Severity: diag.Error, Security: true, Drops: true, Farm: checkBroadRootAllow,
	Doc: lint.Doc{
		Title: "rule allows all below a system root",
		Why: "Below /libs, /apps, /etc and the other roots of the repository lie consoles, servlets, sources and data that no visitor " +
			"needs, and with each update come more. A site needs single resources from there, and each can be named.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0090 { /type "allow" /method "GET" /url "/libs/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0090 { /type "allow" /method "GET" /url "/libs/granite/csrf/token.json" }
}
`,
		Note: "The roots are /apps, /bin, /conf, /etc, /home, /libs, /mnt, /services, /system, /tmp and /var. One folder below them is " +
			"reported too, but for /bin, /conf and /services, where projects have folders of their own, and for /etc/clientlibs, " +
			"/etc/designs and what ContextHub reads: /etc/clientcontext, /etc/cloudsettings, /etc/segmentation. Rules that ask for selectors, an extension or a suffix are not reported, nor " +
			"those that one behind them takes back. The bare samples of the default filters are DSP200.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-dispatcher.en, security-checklist.md"},
	},
}

// systemRoots are the roots of the repository that hold no pages. The value says whether a folder below one is as
// little a visitor's business as the root.
var systemRoots = map[string]bool{
	"apps": true, "bin": false, "conf": false, "etc": true, "home": true, "libs": true, "mnt": true,
	"services": false, "system": true, "tmp": true, "var": true,
}

// servedFolders lie below such a root and hold what pages need.
var servedFolders = []string{"/etc/clientcontext", "/etc/clientlibs", "/etc/cloudsettings", "/etc/designs", "/etc/segmentation"}

func checkBroadRootAllow(ps *lint.Pass, f *model.Farm) {
	rules := rulesOf(f)
	for i, r := range rules {
		if !allows(r) || !onlyOf(r) || sampleOf(r) != nil {
			continue
		}
		for _, p := range [...]*model.Pattern{r.URL, r.Path} {
			if !known(p) {
				continue
			}
			other := r.Path
			if p == r.Path {
				other = r.URL
			}
			root, ok := broadRoot(p)
			if !ok || !always(other) || deniedBehind(rules, i, root+"/x") {
				continue
			}
			ps.Tell(p.At.Span, r.At, fmt.Sprintf("%s allows everything below %s", named(r), root), "allow the single resources that the site needs")
			break
		}
	}
}

// broadRoot returns the system root, or the folder right below one, of which a pattern matches everything.
func broadRoot(p *model.Pattern) (root string, ok bool) {
	e := p.Expr()
	if e.Op != match.OpCat || len(e.Subs) != 2 || e.Subs[0].Op != match.OpText || !anything(e.Subs[1]) {
		return "", false
	}
	root = strings.TrimSuffix(e.Subs[0].Text, "/")
	names := strings.Split(strings.TrimPrefix(root, "/"), "/")
	folders, known := systemRoots[names[0]]
	switch {
	case !known || len(names) > 2 || !strings.HasPrefix(root, "/"):
		return "", false
	case len(names) == 2 && (!folders || slices.Contains(servedFolders, root) || strings.ContainsRune(names[1], '.')):
		return "", false
	}
	return root, true
}

// anything reports whether an expression matches every string: .* or *.
func anything(e *match.Expr) bool {
	return e.Op == match.OpRepeat && e.Min == 0 && e.Max < 0 && e.Subs[0].Op == match.OpSet && e.Subs[0].Set.Any()
}

var filterPrefixWithoutSlash = lint.Rule{
	ID: "DSP202", Name: "filter-prefix-without-slash", Severity: diag.Info, Security: true, Drops: true, Fixable: true, Farm: checkPrefixWithoutSlash,
	Doc: lint.Doc{
		Title: "allowed folder has no slash before its wildcard",
		Why: "/content* takes /content-backup and /contentimport as well as what lies below /content. What a later release, or another " +
			"project, puts beside the folder is then open too.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /path "/content/shop*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /path "/content/shop/*" /extension "html" }
}
`,
		Note: "Only patterns below /content are looked at. Deny rules are not reported: there the form without the slash is the better " +
			"one, since it takes the page of the folder too.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-optimizer-tool, pull request 8"},
	},
}

func checkPrefixWithoutSlash(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if !allows(r) || p.Property != "url" && p.Property != "path" || isRegex(p) {
			return
		}
		e := p.Expr()
		if e.Op != match.OpCat || len(e.Subs) != 2 || e.Subs[0].Op != match.OpText || !anything(e.Subs[1]) {
			return
		}
		folder := e.Subs[0].Text
		name := folder[strings.LastIndexByte(folder, '/')+1:]
		if name == "" || !wordByte(name[len(name)-1]) || strings.ContainsRune(name, '.') || !strings.HasPrefix(folder, "/content") {
			return
		}
		if _, broad := broadRoot(p); broad && onlyOf(r) {
			return // which DSP201 reports
		}
		var fixes []diag.Fix
		if inFile(p) && p.Text() == folder+"*" {
			fixes = []diag.Fix{{Title: "write a slash before the wildcard", Edits: []diag.Edit{{Span: p.Span(len(folder), len(folder)), New: "/"}}}}
		}
		ps.Tell(p.ValueAt, p.At, written(p)+" takes what lies beside "+shown(folder)+" as well", "write a slash before the wildcard", fixes...)
	})
}
