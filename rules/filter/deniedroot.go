package filter

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterDenyPathMissesRoot = lint.Rule{
	ID: "DSP219", Name: "filter-deny-path-misses-root", Severity: diag.Error, Security: true, Drops: true, Asks: true, Fixable: true, Farm: checkDeniedRoot,
	Doc: lint.Doc{
		Title: "rule denies selectors below a folder and not of the folder itself",
		Why: "/content/* takes what lies below /content. The folder is a node too, and /content.infinity.json has the path /content: what the " +
			"rule denies for each page can be read for all of them at once.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url "/content*" }
	/0117 { /type "deny"  /path "/content/*" /selectors '(feed|infinity|tidy)' /extension '(json|xml|html)' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url "/content*" }
	/0117 { /type "deny"  /path "/content*" /selectors '(feed|infinity|tidy)' /extension '(json|xml|html)' }
}
`,
		Note: "Rules with /selectors are looked at, and of those with /extension alone the ones that deny json or xml. The fix takes the slash " +
			"out; the rule then denies the same for folders whose name goes on behind it.",
		Since:   since,
		Sources: []string{configuration + " (denying selectors)", "bstopp/puppet-aem, issue 53", "adobe/aem-dispatcher-optimizer-tool, pull request 8"},
	},
}

func checkDeniedRoot(p *lint.Pass, f *model.Farm) {
	a := askAbout(p, f)
	if a == nil {
		return
	}
	for _, r := range f.Filter.Rules {
		if !denies(r) || r.Glob != nil || r.Suffix != nil || r.Query != nil || r.Method != nil && !r.Method.Match("GET") {
			continue
		}
		for _, at := range []*model.Pattern{r.Path, r.URL} {
			root, ok := rootOf(at)
			if !ok {
				continue
			}
			if request, by := a.missed(r, root); by != nil {
				p.Report(diag.Diagnostic{
					Span: at.ValueAt, Included: at.At.Included, Fixes: withRoot(at),
					Message: named(r) + " denies what lies below " + root + " and misses " + request + ", which is let through",
					Hint:    `leave the slash out: /` + at.Property + ` "` + root + `*"`,
					Related: []diag.Related{{Span: by.At.Span, Message: "it is let through here"}},
				})
				break
			}
		}
	}
}

// rootOf returns the folder below which a pattern matches everything.
func rootOf(p *model.Pattern) (string, bool) {
	if !known(p) {
		return "", false
	}
	text, ok := strings.CutSuffix(p.Text(), "/*")
	if isRegex(p) {
		text, ok = strings.CutSuffix(p.Text(), "/.*")
	}
	if !ok || len(text) < 2 || text[0] != '/' {
		return "", false
	}
	for i := range len(text) {
		if !wordByte(text[i]) && text[i] != '/' && text[i] != '-' {
			return "", false
		}
	}
	return text, true
}

// missed returns a request for a folder that a rule denies below it, and which rule lets it through.
func (a *asking) missed(r *model.Rule, root string) (string, *model.Rule) {
	for _, end := range endsOf(r) {
		if by, ok := a.denied(root + "/x" + end); !ok || by != r {
			continue
		}
		if by := a.lets(root + end); by != nil {
			return root + end, by
		}
	}
	return "", nil
}

// endsOf returns selectors and extension that a rule denies: ones that print content where it has these.
func endsOf(r *model.Rule) []string {
	rendered, _ := renderedEnd(r.Extension)
	if rendered == "" && r.Extension != nil && r.Extension.Match("html") {
		rendered = "html"
	}
	extension := rendered
	switch {
	case r.Selectors == nil && r.Extension == nil:
		return nil
	case r.Extension != nil && extension == "":
		extension = wordOf(r.Extension)
	}
	if extension == "" {
		return nil
	}
	if r.Selectors == nil {
		if extension == "html" || extension != rendered {
			return nil // a page, or a file: nothing that lists
		}
		return []string{"." + extension}
	}
	var list []string
	for _, selector := range grabbing {
		if r.Selectors.Match(selector) {
			list = append(list, "."+selector+"."+extension)
		}
	}
	if s := wordOf(r.Selectors); s != "" && len(list) == 0 {
		list = append(list, "."+s+"."+extension)
	}
	return list
}

// withRoot is the fix that takes the slash out of a glob. Not safe: more is denied after it.
func withRoot(p *model.Pattern) []diag.Fix {
	n := len(p.Text())
	if isRegex(p) || !inFile(p) {
		return nil
	}
	return []diag.Fix{{Title: "take the slash out", Edits: []diag.Edit{{Span: p.Span(n-2, n-1)}}}}
}
