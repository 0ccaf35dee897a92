package filter

import (
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterExtensionWithDot = lint.Rule{
	ID: "DSP194", Name: "filter-extension-with-dot", Severity: diag.Error, Drops: true, Fixable: true, Farm: checkExtensionWithDot,
	Doc: lint.Doc{
		Title: "/extension asks for a dot",
		Why: "The extension is what stands behind the last dot, without it: html and not .html. A pattern that asks for the dot never " +
			"matches, and neither does its rule.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /path "/content/*" /extension ".html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
}
`,
		Note:    "A fix is offered where the dot stands first.",
		Since:   since,
		Sources: []string{configuration, "adobe/skills, config-patterns.md"},
	},
}

func checkExtensionWithDot(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if !extensionWantsDot(p) {
			return
		}
		ps.Tell(p.ValueAt, p.At, written(p)+" asks for a dot, which no extension has, so "+named(r)+" never matches",
			"write the extension without its dot", undotted(p)...)
	})
}

// extensionWantsDot reports whether a pattern matches no extension since it asks for a dot.
func extensionWantsDot(p *model.Pattern) bool {
	return p.Property == "extension" && strings.Contains(p.Text(), ".") && !takesAbsent(p) && misses(p)
}

// undotted is the fix that removes a dot in first place, with the wildcard before it, of a pattern that has no other.
func undotted(p *model.Pattern) []diag.Fix {
	lead := "."
	switch text := p.Text(); {
	case isRegex(p) && strings.HasPrefix(text, `\.`):
		lead = `\.`
	case isRegex(p):
		return nil
	case strings.HasPrefix(text, "*."):
		lead = "*."
	case !strings.HasPrefix(text, "."):
		return nil
	}
	if rest := p.Text()[len(lead):]; rest == "" || strings.ContainsAny(rest, `./\`) || !inFile(p) {
		return nil
	}
	return []diag.Fix{{Title: "remove the dot", Edits: []diag.Edit{{Span: p.Span(0, len(lead))}}}}
}

var filterURLWithParts = lint.Rule{
	ID: "DSP191", Name: "filter-url-with-parts", Severity: diag.Info, Drops: true, Farm: checkURLWithParts,
	Doc: lint.Doc{
		Title: "/url says what another condition says again",
		Why: "/url is compared with the whole URL, and /path, /selectors and /extension with parts of the same URL. Where /url spells out " +
			"how the URL ends, the other condition adds nothing, or makes the rule match nothing once one of the two is changed.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0013 { /type "allow" /method "GET" /url "/libs/granite/csrf/token.json" /extension "json" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0013 { /type "allow" /method "GET" /url "/libs/granite/csrf/token.json" }
}
`,
		Note:    "A /url that ends in a wildcard leaves the parts open and is not reported.",
		Since:   since,
		Sources: []string{"valtech-ch/aem-dispatcher-filter, filter.md"},
	},
}

func checkURLWithParts(ps *lint.Pass, f *model.Farm) {
	for _, r := range rulesOf(f) {
		if r.Glob != nil || !known(r.URL) || r.URL.Text() == "" || always(r.URL) {
			continue
		}
		e := r.URL.Expr()
		if len(e.Subs) > 0 && e.Op == match.OpCat {
			e = e.Subs[len(e.Subs)-1]
		}
		if anything(e) {
			continue
		}
		for _, p := range [...]*model.Pattern{r.Path, r.Selectors, r.Extension, r.Suffix} {
			if p != nil {
				ps.Report(diag.Diagnostic{
					Span: p.At.Span, Included: p.At.Included, Message: named(r) + " has /url, which says how the URL ends, and /" + p.Property + " besides",
					Hint:    "keep /url, or write the parts alone",
					Related: []diag.Related{{Span: r.URL.At.Span, Message: "the URL as a whole"}},
				})
				break
			}
		}
	}
}

var filterSelectorWithDot = lint.Rule{
	ID: "DSP195", Name: "filter-selector-with-dot", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkSelectorWithDot,
	Doc: lint.Doc{
		Title: "/selectors asks for a dot",
		Why: "Each selector of a request is compared by itself, without the dots around it. A pattern that asks for a dot matches none, " +
			"so that a deny rule denies nothing.",
		Bad: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "json" }
	/0002 { /type "deny"  /selectors ".infinity" }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "json" }
	/0002 { /type "deny"  /selectors "infinity" }
}
`,
		Note:    "Two selectors at once cannot be asked for by /selectors; /url can. A fix is offered where the dot stands first.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-project-archetype, issue 576"},
	},
}

func checkSelectorWithDot(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if p.Property != "selectors" || !strings.Contains(p.Text(), ".") {
			return
		}
		hint := "write a selector without dots; to ask for several at once, write /url"
		if !takesAbsent(p) && misses(p) {
			ps.Tell(p.ValueAt, p.At, written(p)+" asks for a dot, which no selector has, so "+named(r)+" never matches", hint, undotted(p)...)
			return
		}
		words, _ := p.Strings()
		for _, w := range words {
			if strings.Contains(w, ".") {
				ps.Tell(p.ValueAt, p.At, "alternative "+shown(w)+" of /selectors has a dot and matches no selector", hint)
				return
			}
		}
	})
}

var filterSuffixWithoutSlash = lint.Rule{
	ID: "DSP196", Name: "filter-suffix-without-slash", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkSuffixWithoutSlash,
	Doc: lint.Doc{
		Title: "/suffix does not start with a slash",
		Why: "The suffix of a URL is what follows the extension, with its slash: /a/b of /content/page.html/a/b. A pattern that starts " +
			"otherwise never matches, and neither does its rule.",
		Bad: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /suffix "admin*" }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /suffix "/admin*" }
}
`,
		Note:    "An empty pattern is another thing: it asks for no suffix.",
		Since:   since,
		Sources: []string{configuration, "adobe/skills, config-patterns.md"},
	},
}

func checkSuffixWithoutSlash(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if p.Property != "suffix" || takesAbsent(p) || !misses(p) || p.Text()[0] == '/' || p.Text()[0] == '*' {
			return
		}
		var fixes []diag.Fix
		if inFile(p) && wordByte(p.Text()[0]) && (!isRegex(p) || !strings.ContainsAny(p.Text(), "|?{") && !strings.HasPrefix(p.Text()[1:], "*")) {
			fixes = []diag.Fix{{Title: "start it with a slash", Edits: []diag.Edit{{Span: p.Span(0, 0), New: "/"}}}}
		}
		ps.Tell(p.ValueAt, p.At, written(p)+" does not start with a slash, so "+named(r)+" never matches", "start it with a slash", fixes...)
	})
}

var filterProtocolMatcher = lint.Rule{
	ID: "DSP216", Name: "filter-protocol-matcher", Severity: diag.Info, Drops: true, Farm: checkProtocolMatcher,
	Doc: lint.Doc{
		Title: "rule asks for a protocol",
		Why: "/protocol is compared with the end of the request line, such as HTTP/1.1. It does not tell http from https, and with HTTP/2 " +
			"at the edge it says how a proxy speaks and not how the visitor does.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /url "/content/*" /protocol "https" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /url "/content/*" }
}
`,
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkProtocolMatcher(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if p.Property != "protocol" {
			return
		}
		message := named(r) + " asks for a protocol, which is HTTP and a version and does not tell http from https"
		if misses(p) {
			message = written(p) + " matches no protocol, such as HTTP/1.1, so " + named(r) + " never matches"
		}
		ps.Tell(p.At.Span, p.At, message, "remove it, and tell http from https in Apache")
	})
}
