package filter

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterEncodedBypass = lint.Rule{
	ID: "DSP183", Name: "filter-encoded-bypass", Severity: diag.Warning, Security: true, Drops: true, Asks: true, Farm: checkEncoded,
	Doc: lint.Doc{
		Title: "a denied address is let through in another encoding",
		Why: "The filter sees a URL decoded once, in bytes. AEM takes digits of any script for numbers, so that .%D9%A1.json, " +
			"with the Arabic one, lists content as .1.json does. It may decode %2f, too, which Apache leaves as it is where AllowEncodedSlashes " +
			"says NoDecode. A rule that denies the plain form misses these.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url "/content/*" }
	/0117 { /type "deny"  /selectors '([a-z]+|[0-9-]+)' /extension '(json|xml|html|feed)' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url "/content/*" }
	/0117 { /type "deny"  /url "/content*" /selectors "*" }
}
`,
		Note: "Farms for authors are not looked at. One finding for each rule and kind of encoding. Letters that are encoded twice matter only " +
			"where something before or behind the Dispatcher decodes once more: an info, told where there is nothing else. What is " +
			"encoded once is the same as plain for the filter.",
		Since:   since,
		Sources: []string{pickaxe + " (digits of other scripts)", "hacktivesec/AEM-hacker2", configuration + " (testing Dispatcher security)", "httpd.apache.org, 2.4, core, AllowEncodedSlashes"},
	},
}

func checkEncoded(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	told := map[*model.Rule]bool{}
	tell := func(class, plain, coded, what, hint string, severity diag.Severity) {
		by, ok := a.denied(plain)
		if !ok || by == nil {
			return // nobody meant to deny it
		}
		if r := a.lets(coded); r != nil && (severity == 0 || !told[r]) {
			told[r] = true
			a.tellOnce(class, r, coded, what, hint, severity, deniedHere(by, plain)...)
		}
	}
	addresses := a.sharedAddresses(true)
	const selectors = `deny all selectors and allow the ones that are used: /url "/content*" /selectors "*"`
	for _, base := range addresses {
		tell("digit", base+".1.json", base+".%D9%A1.json", ": AEM reads the digit as 1", selectors, 0)
	}
	for _, list := range [][]hazard{administration(), sensitive()} {
		if p.Context().Err() != nil {
			return
		}
		for _, h := range list {
			plain := h.requests[0]
			if i := strings.IndexByte(plain[1:], '/'); plain[0] == '/' && i > 0 && !strings.Contains(plain, "?") {
				tell("slash", plain, plain[:i+1]+"%2f"+plain[i+2:], ": AEM may read %2f as a slash", "deny it behind all allow rules: /url '.*%.*'", 0)
			}
		}
	}
	for _, base := range addresses {
		tell("twice", base+".infinity.json", base+".%2569nfinity.json", ": decoded once more it is "+base+".infinity.json", selectors, diag.Info)
	}
}

var filterCaseBypass = lint.Rule{
	ID: "DSP184", Name: "filter-case-bypass", Severity: diag.Info, Security: true, Drops: true, Asks: true, Off: true, Farm: checkCase,
	Doc: lint.Doc{
		Title: "rule denies lower case and misses capital letters",
		Why: "Patterns tell small letters from capital ones. What a rule denies as .infinity.json is let through as .INFINITY.JSON by a rule " +
			"that asks for neither. AEM tells them apart too, so this matters for servlets that do not, and on file systems that do not.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url "/content/*" }
	/0117 { /type "deny"  /selectors '(feed|infinity|tidy)' /extension '(json|xml|html)' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method "GET" /url "/content/*" }
	/0117 { /type "deny"  /url "/content*" /selectors "*" }
}
`,
		Note:    "Not run unless it is asked for. Farms for authors are not looked at. One finding for each rule that denies.",
		Since:   since,
		Sources: []string{"adobe/skills, security-hardening (case variation)"},
	},
}

func checkCase(p *lint.Pass, f *model.Farm) {
	a := askPublic(p, f)
	if a == nil {
		return
	}
	for _, r := range f.Filter.Rules {
		if !denies(r) || r.Glob != nil || matchesAll(r) {
			continue
		}
		for _, at := range a.spokenOf(r) {
			by, ok := a.denied(at)
			if !ok || by != r {
				continue
			}
			other, through := a.first(capitals(at)...)
			if through == nil {
				continue
			}
			p.Report(diag.Diagnostic{
				Span: r.At.Span, Included: r.At.Included,
				Message: named(r) + " denies " + shown(at) + ", and " + shown(other) + " is let through",
				Hint:    "deny all, and allow what is used",
				Related: []diag.Related{{Span: through.At.Span, Message: "it is let through here"}},
			})
			break
		}
	}
}

// spokenOf returns addresses that a rule without a path of its own speaks of, too: those of content with its selectors
// and extension.
func (a *asking) spokenOf(r *model.Rule) []string {
	list := a.examplesOf(r)
	if addressOf(r) != "" || r.Suffix != nil || r.Query != nil {
		return list
	}
	end := ".html"
	if r.Extension != nil {
		end = "." + wordOf(r.Extension)
	}
	if r.Selectors != nil {
		end = "." + wordOf(r.Selectors) + end
	}
	for _, base := range a.sharedAddresses(true) {
		list = append(list, base+end)
	}
	return list
}

// capitals returns an address with capital letters behind its first dot, behind its last one, and between the two.
func capitals(at string) []string {
	first, last := strings.IndexByte(at, '.'), strings.LastIndexByte(at, '.')
	if first < 0 {
		return nil
	}
	list := []string{at[:first] + strings.ToUpper(at[first:]), at[:last] + strings.ToUpper(at[last:])}
	if first < last {
		list = append(list, at[:first]+strings.ToUpper(at[first:last])+at[last:])
	}
	for i := range list {
		if list[i] == at { // nothing to capitalize
			return nil
		}
	}
	return list
}
