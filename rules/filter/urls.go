package filter

import (
	"strings"
	"unicode"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterURLRelative = lint.Rule{
	ID: "DSP198", Name: "filter-url-relative", Severity: diag.Error, Drops: true, Fixable: true, Farm: checkURLRelative,
	Doc: lint.Doc{
		Title: "/url or /path does not start with a slash",
		Why: "A glob is compared with the whole URL, from its first slash on. One that starts with anything but a slash or a wildcard " +
			"never matches, and neither does its rule.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /url "content/*" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET" /url "/content/*" }
}
`,
		Note:    "Addresses with a scheme and a host, such as https://host/path, get no fix: a URL as filters see it has neither.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkURLRelative(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		text := p.Text()
		if !isRelative(p) || strings.ContainsFunc(text, hidden) {
			return
		}
		var fixes []diag.Fix
		if inFile(p) && !strings.Contains(text, "//") && wordByte(text[0]) {
			fixes = []diag.Fix{{Title: "start it with a slash", Edits: []diag.Edit{{Span: p.Span(0, 0), New: "/"}}}}
		}
		ps.Tell(p.ValueAt, p.At, written(p)+" does not start with a slash, so "+named(r)+" never matches", "start it with a slash, or with a wildcard", fixes...)
	})
}

// hidden reports whether a character leaves no mark. DSP024 tells of such ones, and what they are in the way of follows.
func hidden(r rune) bool { return !unicode.IsPrint(r) }

// isRelative reports whether a glob matches no URL, or no path, since it does not start with a slash.
func isRelative(p *model.Pattern) bool {
	text := p.Text()
	if p.Property != "url" && p.Property != "path" || isRegex(p) || text == "" || shapeOf("url").takes(p.Expr()) {
		return false
	}
	// Otherwise what keeps it from matching is something else.
	return !strings.ContainsRune("/*?", rune(text[0])) && !strings.ContainsRune(text, '[')
}

// wordByte reports whether a byte is one that names start with.
func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

var filterURLWithQuery = lint.Rule{
	ID: "DSP197", Name: "filter-url-with-query", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkURLWithQuery,
	Doc: lint.Doc{
		Title: "/url or /path holds a query",
		Why: "/url sees the URL without its query, and /path a part of that. A question mark there is a wildcard for one character, or an " +
			"option in a regular expression: a rule against ?debug= written so denies nothing.",
		Bad: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /url "/content/*?debug=*" }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /url "/content/*" /query "debug=*" }
}
`,
		Note:    "A fix is offered for globs in /url. A parameter may stand anywhere in a query: '(.*&)?debug=.*' finds it there.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkURLWithQuery(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if p.Property != "url" && p.Property != "path" {
			return
		}
		text := p.Text()
		at := queryIn(text)
		if at <= 0 {
			return
		}
		var fixes []diag.Fix
		if !isRegex(p) && p.Quote == '"' && inFile(p) && p.Property == "url" && r.Query == nil && !strings.ContainsAny(text, `"'\`) {
			split := `/url "` + text[:at] + `" /query "` + text[at+1:] + `"`
			fixes = []diag.Fix{{Title: "write " + split, Edits: []diag.Edit{{Span: p.At.Span, New: split}}}}
		}
		ps.Tell(p.Span(at, len(text)), p.At, "/"+p.Property+" holds a query, "+shown(text[at:])+", and is compared without one", "write the query as /query", fixes...)
	})
}

// queryIn returns where a question mark stands in a text with the name of a parameter and = behind it; -1 for nowhere.
func queryIn(text string) int {
	for i := range len(text) {
		if text[i] != '?' {
			continue
		}
		end := i + 1
		for end < len(text) && (wordByte(text[end]) || text[end] == '-' || text[end] == ':') {
			end++
		}
		if end > i+1 && end < len(text) && text[end] == '=' {
			return i
		}
	}
	return -1
}
