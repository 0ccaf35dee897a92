package cache

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var cacheGlobIsRegex = lint.Rule{
	ID: "DSP321", Name: "cache-glob-is-regex", Severity: diag.Error, Fixable: true, Farm: checkGlobIsRegex,
	Doc: lint.Doc{
		Title: "glob is written like a regular expression",
		Why: "Between double quotes a pattern is a glob: only *, ? and sets in square brackets are special, and the whole text must fit. " +
			"Parentheses, bars, backslashes, ^ and $ stand for themselves, no URL has them, and the entry never decides: what was to be " +
			"cached is not, or what was to stay out of the cache gets in.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*"            /type "allow" }
		/0001 { /glob "*.(json|xml)" /type "deny" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*"      /type "allow" }
		/0001 { /glob "*.json" /type "deny" }
		/0002 { /glob "*.xml"  /type "deny" }
	}
}
`,
		Note: "It looks at /rules, /invalidate, /ignoreUrlParams and /allowedClients. A fix is offered where one alternative in parentheses " +
			"makes two or more globs, each of which gets an entry.",
		Since:   since,
		Sources: []string{configuration},
	},
}

var cacheRulesMissing = lint.Rule{
	ID: "DSP317", Name: "cache-rules-missing", Severity: diag.Warning, Drops: true, Farm: checkRulesMissing,
	Doc: lint.Doc{
		Title: "/cache has no /rules",
		Why: "The rules say what may be stored. Without any, nothing is: the farm has a place for files, and every request goes to AEM all " +
			"the same.",
		File: "dispatcher.any",
		Bad: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
		}
	}
}
`,
		Good: `/farms {
	/publish {
		$include "site.any"
		/cache {
			/docroot "/var/cache/www"
			$include "cache.any"
			/rules {
				/0000 { /glob "*" /type "allow" }
			}
		}
	}
}
`,
		Files:   exampleCache(exampleLevel + exampleGrace + exampleStale + exampleTTL + exampleInvalid + exampleClients + exampleParams + exampleHeaders),
		Note:    "A farm that is to cache nothing needs no /cache.",
		Since:   since,
		Sources: []string{configuration, "adobe/aem-dispatcher-optimizer-tool, its test of defaults"},
	},
}

func checkRulesMissing(p *lint.Pass, f *model.Farm) {
	if !complete(p, f) || !f.Cache.Docroot.Set {
		return
	}
	at, message := head(f.Cache.At), "/cache has no /rules: nothing is cached"
	if l := f.Cache.Rules; l != nil {
		if len(l.Rules) > 0 || len(l.Unknown) > 0 {
			return
		}
		at, message = head(l.At), "/rules is empty: nothing is cached"
	}
	p.Report(diag.Diagnostic{
		Span: at.Span, Included: at.Included, Message: message,
		Hint: "say what may be stored, or remove /cache",
	})
}

var cacheGlobRelative = lint.Rule{
	ID: "DSP322", Name: "cache-glob-relative", Severity: diag.Warning, Fixable: true, Drops: true, Farm: checkGlobRelative,
	Doc: lint.Doc{
		Title: "glob for URLs starts with neither / nor a wildcard",
		Why: "The globs of /rules and /invalidate are compared with the whole path of the URL, which starts with a slash. One that starts " +
			"with anything else fits no URL, and the entry never decides.",
		Bad: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*"                 /type "allow" }
		/0001 { /glob "content/private/*" /type "deny" }
	}
}
`,
		Good: `/cache {
	/docroot "/var/cache/www"
	/rules {
		/0000 { /glob "*"                  /type "allow" }
		/0001 { /glob "/content/private/*" /type "deny" }
	}
}
`,
		Note:    "A fix is offered where only the slash seems to lack. What looks like a regular expression is told by DSP321.",
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkGlobRelative(p *lint.Pass, f *model.Farm) {
	if f.Cache == nil {
		return
	}
	for _, l := range [...]*model.RuleList{f.Cache.Rules, f.Cache.Invalidate} {
		if l == nil {
			continue
		}
		for _, r := range l.Rules {
			g := r.Glob
			if g == nil || g.Quote == '\'' || g.Text() == "" || undetermined(g.Text()) || regexSign(g, subjectURL) != "" ||
				strings.IndexByte("/*?[", g.Text()[0]) >= 0 {
				continue
			}
			d := diag.Diagnostic{
				Span: g.ValueAt, Included: g.At.Included, Message: fmt.Sprintf("/glob %s fits no URL: it does not start with /", quote(g.Text())),
				Hint: "start it with / or *",
			}
			if folder, _, ok := strings.Cut(g.Text(), "/"); ok && strings.Trim(folder, nameBytes) == "" {
				d.Fixes = textedit.Replaced(g.ValueAt, "/"+g.Text()) // not safe: the entry comes to decide
			}
			p.Report(d)
		}
	}
}

// nameBytes are what the name of a folder is usually made of.
const nameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// A subject is what the globs of a list are compared with.
type subject uint8

const (
	subjectURL subject = iota
	subjectName
	subjectAddress
)

func checkGlobIsRegex(p *lint.Pass, f *model.Farm) {
	c := f.Cache
	if c == nil {
		return
	}
	for _, l := range [...]struct {
		list *model.RuleList
		of   subject
	}{{c.Rules, subjectURL}, {c.Invalidate, subjectURL}, {c.IgnoreURLParams, subjectName}, {c.AllowedClients, subjectAddress}} {
		if l.list == nil {
			continue
		}
		for _, r := range l.list.Rules {
			if r.Glob == nil {
				continue
			}
			if sign := regexSign(r.Glob, l.of); sign != "" {
				p.Report(diag.Diagnostic{
					Span: r.Glob.ValueAt, Included: r.Glob.At.Included,
					Message: fmt.Sprintf("/glob %s is written like a regular expression: %s", quote(r.Glob.Text()), sign),
					Hint:    "write it with * and ?, an entry for each alternative",
					Fixes:   splitAlternatives(r),
				})
			}
		}
	}
}

// regexSign says which part of a glob belongs to a regular expression and makes it fit nothing of what it is
// compared with; "" for a glob.
func regexSign(g *model.Pattern, of subject) string {
	text := g.Text()
	if g.Quote == '\'' || text == "" || undetermined(text) {
		return ""
	}
	bare := withoutSets(text)
	open, bar, shut := strings.IndexByte(bare, '('), strings.IndexByte(bare, '|'), strings.LastIndexByte(bare, ')')
	switch {
	case open >= 0 && open < bar && bar < shut:
		return "( | ) have no meaning in a glob"
	case strings.HasPrefix(bare, "^"):
		return "^ has no meaning in a glob"
	case strings.HasSuffix(bare, "$"):
		return "$ has no meaning in a glob"
	case strings.ContainsRune(bare, '\\'):
		return "a backslash has no meaning in a glob"
	case strings.Contains(bare, "]+"):
		return "+ has no meaning in a glob"
	case of != subjectName && strings.HasPrefix(bare, ".*"):
		return ".* starts with a dot in a glob"
	case of == subjectURL && strings.Contains(bare, "/.*"):
		return ".* starts with a dot in a glob"
	}
	return ""
}

// withoutSets takes out what stands between square brackets, where characters mean other things.
func withoutSets(text string) string {
	var b strings.Builder
	for {
		start := strings.IndexByte(text, '[')
		if start < 0 {
			b.WriteString(text)
			return b.String()
		}
		// A bracket right behind the opening one, or behind its ! or ^, is a member.
		from := start + 1
		if from < len(text) && (text[from] == '!' || text[from] == '^') {
			from++
		}
		if from < len(text) && text[from] == ']' {
			from++
		}
		end := strings.IndexByte(text[min(from, len(text)):], ']')
		if end < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:start+1])
		text = text[from+end:]
	}
}

// splitAlternatives gives each alternative of one group in parentheses an entry of its own. The last matching entry
// decides and all have one type, so their order does not matter. It is not safe: entries that did nothing do
// something.
func splitAlternatives(r *model.Rule) []diag.Fix {
	raw, text := r.Glob.ValueAt.Text(), r.Glob.Text()
	open, shut := strings.IndexByte(text, '('), strings.IndexByte(text, ')')
	if r.Label == "" || open < 0 || shut < open || raw != `"`+text+`"` || strings.ContainsAny(text[shut+1:], `()|^$\+{`) || strings.ContainsAny(text[:open], `|^$\+{`) || strings.Contains(text, ".*") {
		return nil
	}
	if rest := text[shut+1:]; strings.HasPrefix(rest, "*") || strings.HasPrefix(rest, "?") {
		return nil // a repeat in a regular expression
	}
	words := strings.Split(text[open+1:shut], "|")
	rule, at := r.At.Span, r.Glob.ValueAt
	const most = 8
	if len(words) < 2 || len(words) > most || rule.File != at.File || !rule.Contains(at) || strings.Contains(rule.Text(), "\n") {
		return nil
	}
	line := rule.File.Line(rule.Position().Line)
	before := string(rule.File.Text[line.Start:rule.Start])
	if strings.Trim(before, " \t\r") != "" {
		return nil
	}
	var entries []string
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, `(){}[]^$\+?*`) {
			return nil
		}
		e := string(rule.File.Text[rule.Start:at.Start]) + `"` + text[:open] + w + text[shut+1:] + `"` + string(rule.File.Text[at.End:rule.End])
		if i > 0 { // a label of its own
			e = fmt.Sprintf("/%s-%d", r.Label, i+1) + strings.TrimPrefix(e, "/"+r.Label)
		}
		entries = append(entries, e)
	}
	if !strings.HasPrefix(rule.Text(), "/"+r.Label) {
		return nil
	}
	return []diag.Fix{{Title: "make an entry of each alternative", Edits: []diag.Edit{{Span: rule, New: strings.Join(entries, "\n"+before)}}}}
}
