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

var regexUnescapedDot = lint.Rule{
	ID: "DSP167", Name: "regex-unescaped-dot", Severity: diag.Info, Drops: true, Fixable: true, Farm: checkUnescapedDot,
	Doc: lint.Doc{
		Title: "dot before an extension lacks its backslash",
		Why: "In a regular expression a dot stands for any character: '/token.json' takes /token/json and /tokenxjson too. As a rule nothing " +
			"is there, but the rule says less exactly what it opens than it seems to.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0013 { /type "allow" /method "GET" /url '/libs/granite/csrf/token.json' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0013 { /type "allow" /method "GET" /url '/libs/granite/csrf/token\.json' }
}
`,
		Since:   since,
		Sources: []string{configuration + " (POSIX extended)"},
	},
}

// knownExtensions are those behind a dot that is meant as one.
const knownExtensions = " any css eot gif html ico jpeg jpg js json mp4 otf pdf png svg txt ttf webmanifest webp woff woff2 xml zip "

func checkUnescapedDot(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if p.Property != "url" || !isRegex(p) {
			return
		}
		dots := looseDots(p.Text())
		if len(dots) == 0 {
			return
		}
		var fixes []diag.Fix
		if inFile(p) {
			var edits []diag.Edit
			for _, at := range dots {
				edits = append(edits, diag.Edit{Span: p.Span(at, at), New: `\`})
			}
			// /url then misses what has another character there, so the fix is not a safe one.
			fixes = []diag.Fix{{Title: `write \. for a dot`, Edits: edits}}
		}
		ps.Tell(p.Span(dots[0], dots[0]+1), p.At, "dot of /url stands for any character, before "+extensionAt(p.Text()[dots[0]+1:]), `write \. for a dot`, fixes...)
	})
}

// looseDots returns where in a regular expression a dot stands right before an extension, without a backslash.
func looseDots(text string) []int {
	var dots []int
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '[':
			i = max(i, classEnd(text, i, true)-1)
		case '.':
			if extensionAt(text[i+1:]) != "" {
				dots = append(dots, i)
			}
		}
	}
	return dots
}

// extensionAt returns the extension that a text starts with; "" for none.
func extensionAt(text string) string {
	end := 0
	for end < len(text) && wordByte(text[end]) {
		end++
	}
	if end == 0 || !strings.Contains(knownExtensions, " "+text[:end]+" ") {
		return ""
	}
	return text[:end]
}

// classEnd returns the index behind the class that starts at text[at], a '['; 0 where it is not closed.
func classEnd(text string, at int, regex bool) int {
	i := at + 1
	if i < len(text) && (text[i] == '^' || text[i] == '!' && !regex) {
		i++
	}
	for first := i; i < len(text); i++ {
		switch {
		case text[i] == ']' && (i > first || !regex):
			return i + 1
		case regex && text[i] == '[' && i+1 < len(text) && strings.IndexByte(":=.", text[i+1]) >= 0:
			n := strings.Index(text[i+2:], string([]byte{text[i+1], ']'}))
			if n < 0 {
				return 0
			}
			i += 2 + n + 1
		}
	}
	return 0
}

var regexAnchorMisuse = lint.Rule{
	ID: "DSP168", Name: "regex-anchor-misuse", Severity: diag.Info, Drops: true, Farm: checkAnchorMisuse,
	Doc: lint.Doc{
		Title: "regular expression is compared with the whole text",
		Why: "A regular expression has to match the element from its first character to its last. ^ and $ at the ends say nothing new, and " +
			"a word that is meant to be found anywhere in the URL, such as 'crx', never matches.",
		Bad: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /url '^/content/private/.*$' }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /url '/content/private/.*' }
}
`,
		Note:    "An expression for /url or /path that matches nothing which starts with a slash is an error.",
		Since:   since,
		Sources: []string{"valtech-ch/aem-dispatcher-filter, filter.md", "adobe/aem-dispatcher-experiments, dispatcher.any"},
	},
}

func checkAnchorMisuse(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if !isRegex(p) || p.Text() == "" {
			return
		}
		if (p.Property == "url" || p.Property == "path") && !shapeOf("url").takes(p.Expr()) {
			ps.Report(diag.Diagnostic{
				Span: p.ValueAt, Included: p.At.Included, Severity: diag.Error,
				Message: written(p) + " is compared with the whole URL, which starts with a slash, so " + named(r) + " never matches",
				Hint:    "write .* before and behind what may stand anywhere",
			})
			return
		}
		for _, n := range p.Notes() {
			if n.Code == match.NoteOuterAnchor {
				ps.Tell(p.Span(n.Offset, n.End), p.At, fmt.Sprintf("%s of /%s changes nothing: the whole text is compared anyway", p.Text()[n.Offset:n.End], p.Property), "remove it")
				return
			}
		}
	})
}

var filterEmptyAlternative = lint.Rule{
	ID: "DSP210", Name: "filter-empty-alternative", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkEmptyAlternative,
	Doc: lint.Doc{
		Title: "alternative is empty",
		Why: "A bar with nothing on one side matches nothing at all as well: '(json|)' takes a URL without an extension too, which an allow " +
			"rule then opens. Mostly it is left over from a list that was shortened.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension '(html|json|)' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension '(html|json)?' }
}
`,
		Note:    "The fix is safe: it writes what is there so that it can be seen. Where it is not meant, remove the bar.",
		Since:   since,
		Sources: []string{configuration + " (POSIX extended)", "GNU C library, regcomp"},
	},
}

func checkEmptyAlternative(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if !isRegex(p) {
			return
		}
		for _, n := range p.Notes() {
			if n.Code == match.NoteEmptyAlternative {
				ps.Tell(p.Span(n.Offset, n.End), p.At, "empty alternative of /"+p.Property+" matches the empty text too", "remove the bar, or write (…)? where that is meant", optionally(p)...)
				return
			}
		}
	})
}

// optionally is the fix that writes groups with an empty alternative as ones that may be missing. Both match the
// same, so it is safe. There is none where an empty alternative would be left.
func optionally(p *model.Pattern) []diag.Fix {
	text := p.Text()
	if !inFile(p) || strings.ContainsAny(text, `\[`) {
		return nil
	}
	var edits []diag.Edit
	var fixed strings.Builder
	open, done := -1, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			open = i
		case ')':
			if open < 0 {
				continue
			}
			all := strings.Split(text[open+1:i], "|")
			words := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return w == "" })
			if len(words) < len(all) && len(words) > 0 && (i+1 == len(text) || strings.IndexByte("*+?{", text[i+1]) < 0) {
				group := "(" + strings.Join(words, "|") + ")?"
				edits = append(edits, diag.Edit{Span: p.Span(open, i+1), New: group})
				fixed.WriteString(text[done:open] + group)
				done = i + 1
			}
			open = -1
		}
	}
	fixed.WriteString(text[done:])
	_, notes, err := match.ParseERE(fixed.String())
	if len(edits) == 0 || err != nil || slices.ContainsFunc(notes, func(n match.Note) bool { return n.Code == match.NoteEmptyAlternative }) {
		return nil
	}
	return []diag.Fix{{Title: "write (…)?", Safe: true, Edits: edits}}
}

var filterDuplicateAlternative = lint.Rule{
	ID: "DSP211", Name: "filter-duplicate-alternative", Severity: diag.Hint, Drops: true, Fixable: true, Farm: checkDuplicateAlternative,
	Doc: lint.Doc{
		Title: "alternative is there twice",
		Why:   "The second one matches nothing that the first does not. Who takes one of them out to close it finds it still open.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension '(gif|js|png|gif)' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method "GET" /path "/content/*" /extension '(gif|js|png)' }
}
`,
		Note:    "The fix is safe.",
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, default_filters.any"},
	},
}

func checkDuplicateAlternative(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if !isRegex(p) {
			return
		}
		for _, twice := range repeats(p.Text()) {
			at := p.Span(twice[0], twice[1])
			var fixes []diag.Fix
			if inFile(p) {
				// The same word stands before it in the same group, so both match the same.
				fixes = []diag.Fix{{Title: "remove it", Safe: true, Edits: []diag.Edit{{Span: p.Span(twice[0]-1, twice[1])}}}}
			}
			ps.Tell(at, p.At, "alternative "+shown(p.Text()[twice[0]:twice[1]])+" of /"+p.Property+" is there twice", "remove one of them", fixes...)
		}
	})
}

// repeats returns where in a regular expression a plain word stands that is an alternative of the same group
// already. Groups within groups, and what has a class or a backslash in it, are left out.
func repeats(text string) [][2]int {
	var found [][2]int
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] != '(' && text[i] != ')' {
			continue
		}
		// text[start:i] lies in one group; it is all of it where the parentheses around it are a pair.
		whole := start == 0 && i == len(text) || start > 0 && i < len(text) && text[start-1] == '(' && text[i] == ')'
		if whole && !strings.ContainsAny(text[start:i], `\[`) && (start < 2 || text[start-2] != '\\') {
			seen := map[string]bool{}
			at := start
			for _, w := range strings.Split(text[start:i], "|") {
				if w != "" && seen[w] && at > start {
					found = append(found, [2]int{at, at + len(w)})
				}
				seen[w] = true
				at += len(w) + 1
			}
		}
		start = i + 1
	}
	return found
}

var filterSuspiciousClass = lint.Rule{
	ID: "DSP212", Name: "filter-suspicious-class", Severity: diag.Warning, Drops: true, Fixable: true, Farm: checkSuspiciousClass,
	Doc: lint.Doc{
		Title: "characters between brackets are not what they seem",
		Why: "Brackets stand for one character. '[json|xml]' is one of these letters or a bar, and neither json nor xml. [A-z] takes six " +
			"marks between Z and a as well, the backslash and brackets among them. A range that runs backwards in a glob is empty.",
		Bad: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension '[a-z]+' }
	/0002 { /type "deny"  /extension '[json|xml]' }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension '[a-z]+' }
	/0002 { /type "deny"  /extension '(json|xml)' }
}
`,
		Note:    "A bar or comma is reported where letters stand on both sides of it. A fix is offered for a bar in a regular expression, and for [A-z].",
		Since:   since,
		Sources: []string{configuration, "GNU C library, regcomp"},
	},
}

func checkSuspiciousClass(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		text := p.Text()
		for i := 0; i < len(text); i++ {
			if text[i] == '\\' && isRegex(p) {
				i++
				continue
			}
			if text[i] != '[' {
				continue
			}
			end := classEnd(text, i, isRegex(p))
			if end == 0 {
				return
			}
			checkClass(ps, p, i, end)
			i = end - 1
		}
	})
}

// checkClass looks at the class text[from:to], brackets included.
func checkClass(ps *lint.Pass, p *model.Pattern, from, to int) {
	text := p.Text()
	class := text[from:to]
	for i := from + 1; i+3 < to; i++ {
		lo, hi := text[i], text[i+2]
		if text[i+1] != '-' || !letter(lo) || !letter(hi) {
			continue
		}
		at := p.Span(i, i+3)
		switch {
		case lo <= 'Z' && hi >= 'a':
			var fixes []diag.Fix
			if inFile(p) && lo == 'A' && hi == 'z' {
				fixes = []diag.Fix{{Title: "write A-Za-z", Edits: []diag.Edit{{Span: at, New: "A-Za-z"}}}}
			}
			ps.Tell(at, p.At, fmt.Sprintf("range %s takes the marks between Z and a as well", text[i:i+3]), "write A-Za-z", fixes...)
		case lo > hi:
			ps.Tell(at, p.At, fmt.Sprintf("range %s runs backwards and is empty", text[i:i+3]), "swap its ends")
		}
	}
	for i := from + 2; i+2 < to; i++ {
		if c := text[i]; (c != '|' && c != ',') || !letter(text[i-1]) || !letter(text[i+1]) {
			continue
		}
		var fixes []diag.Fix
		inner := class[1 : len(class)-1]
		if text[i] == '|' && isRegex(p) && inFile(p) && strings.Trim(inner, "|") == inner && !strings.ContainsAny(inner, "^-[],") && (to == len(text) || strings.IndexByte("*+?{", text[to]) < 0) {
			fixes = []diag.Fix{{Title: "write (" + inner + ")", Edits: []diag.Edit{{Span: p.Span(from, to), New: "(" + inner + ")"}}}}
		}
		ps.Tell(p.Span(from, to), p.At, shown(class)+" is one character, a letter or '"+text[i:i+1]+"', and not one of several words", "write alternatives as '(json|xml)'", fixes...)
		return
	}
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
