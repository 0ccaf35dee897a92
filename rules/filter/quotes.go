package filter

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var regexInDoubleQuotes = lint.Rule{
	ID: "DSP165", Name: "regex-in-double-quotes", Severity: diag.Error, Drops: true, Fixable: true, Farm: checkRegexInDoubleQuotes,
	Doc: lint.Doc{
		Title: "regular expression between double quotes",
		Why: "Between double quotes a pattern is a glob, in which bars, parentheses, dots, anchors and backslashes are ordinary " +
			"characters. A deny rule for \"(infinity|tidy)\" stops a selector of just these fifteen characters and lets infinity and " +
			"tidy through.",
		Bad: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "json" }
	/0002 { /type "deny"  /selectors "(infinity|tidy|sysview)" }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "json" }
	/0002 { /type "deny"  /selectors '(infinity|tidy|sysview)' }
}
`,
		Note: "Reported where the text, read as a regular expression, matches something that the glob does not: the message names it. " +
			"A fix is offered where single quotes are all that is missing. Lists of methods are DSP193.",
		Since:   since,
		Sources: []string{configuration, "valtech-ch/aem-dispatcher-filter, filter.md"},
	},
}

func checkRegexInDoubleQuotes(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if isRegex(p) || listsMethods(p) {
			return
		}
		habit, ok := habitOf(p)
		if !ok {
			return
		}
		meant := dotted(strings.ReplaceAll(p.Text(), "[.]*", "[^.]*"))
		example, ok := missed(p, meant)
		if !ok {
			return
		}
		hint := "put a regular expression between single quotes"
		var fixes []diag.Fix
		if edits := requoted(p, "'"); edits != nil && meant == p.Text() {
			fixes = []diag.Fix{{Title: "put it between single quotes", Edits: edits}}
		}
		if strings.HasPrefix(p.Text()[habit.Offset:], "[.]*") {
			hint = "write * for any text"
			if rest := strings.ReplaceAll(p.Text(), "[.]*", ""); inFile(p) && !strings.ContainsAny(rest, `()|[]{}^$\`) {
				fixes = []diag.Fix{{Title: hint, Edits: []diag.Edit{{Span: p.Span(habit.Offset, habit.Offset+len("[.]"))}}}}
			}
		}
		ps.Tell(p.Span(habit.Offset, habit.End), p.At, fmt.Sprintf("/%s does not match %s: %s", p.Property, shown(example), habit.Message), hint, fixes...)
	})
}

// habitOf returns the first thing in a glob that has a meaning in regular expressions only.
func habitOf(p *model.Pattern) (first match.Note, ok bool) {
	for _, n := range p.Notes() {
		if (n.Code == match.NoteRegexHabit || n.Code == match.NoteBackslash) && (!ok || n.Offset < first.Offset) {
			first, ok = n, true
		}
	}
	return first, ok
}

// dotted returns a text that is half a glob and half a regular expression as a whole regular expression: stars that
// repeat nothing stand for any text.
func dotted(text string) string {
	var b strings.Builder
	class := false
	for i := range len(text) {
		switch c := text[i]; {
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case bareStar(text, i):
			b.WriteByte('.')
		case c == '.' && i > 0 && bareStar(text, i-1):
			b.WriteByte('\\') // the dot of an extension, as in *.html
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// bareStar reports whether a star stands at text[i] that repeats nothing.
func bareStar(text string, i int) bool {
	return text[i] == '*' && (i == 0 || !strings.ContainsRune(".])", rune(text[i-1])))
}

var globInSingleQuotes = lint.Rule{
	ID: "DSP166", Name: "glob-in-single-quotes", Severity: diag.Error, Drops: true, Fixable: true, Farm: checkGlobInSingleQuotes,
	Doc: lint.Doc{
		Title: "glob between single quotes",
		Why: "Between single quotes a pattern is a regular expression, in which a star repeats what stands before it: '/content/*' is " +
			"/content and any number of slashes. Nothing below /content matches, and a deny rule written so denies nothing.",
		Bad: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /url '/content/private/*' }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /url "/content/private/*" }
}
`,
		Note: "Reported where a star behind a slash leaves out something that the same text with .* matches: the message names it. " +
			"A star or question mark in first place does not compile, which is DSP036.",
		Since:   since,
		Sources: []string{configuration, "valtech-ch/aem-dispatcher-filter, filter.md"},
	},
}

func checkGlobInSingleQuotes(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if !isRegex(p) {
			return
		}
		var habits []match.Note
		meant := p.Text()
		for _, n := range p.Notes() {
			if n.Code == match.NoteGlobHabit {
				habits = append(habits, n)
			}
		}
		for i := len(habits) - 1; i >= 0; i-- { // from the end, so that offsets stay right
			at := habits[i].End - 1
			meant = meant[:at] + "." + meant[at:]
		}
		if len(habits) == 0 {
			return
		}
		example, ok := missed(p, meant)
		if !ok {
			return
		}
		ps.Tell(p.Span(habits[0].Offset, habits[0].End), p.At,
			fmt.Sprintf("/%s does not match %s: %s", p.Property, shown(example), habits[0].Message),
			"put a glob between double quotes, or write .* for any text", asGlob(p, habits)...)
	})
}

// asGlob are the fixes of a glob between single quotes: other quotes where nothing in it is that of a regular
// expression, else a dot before each star.
func asGlob(p *model.Pattern, habits []match.Note) []diag.Fix {
	if !inFile(p) {
		return nil
	}
	text := p.Text()
	if !strings.ContainsAny(text, `()|[]{}^$+?\`) && !strings.Contains(text, ".*") {
		if edits := requoted(p, `"`); edits != nil {
			return []diag.Fix{{Title: "put it between double quotes", Edits: edits}}
		}
	}
	var edits []diag.Edit
	for _, n := range habits {
		edits = append(edits, diag.Edit{Span: p.Span(n.End-1, n.End-1), New: "."})
	}
	return []diag.Fix{{Title: "write .* for any text", Edits: edits}}
}
