package filter

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
)

var filterMethodCase = lint.Rule{
	ID: "DSP192", Name: "filter-method-case", Severity: diag.Error, Drops: true, Fixable: true, Farm: checkMethodCase,
	Doc: lint.Doc{
		Title: "/method has lower-case letters",
		Why: "Methods are compared letter by letter, and HTTP writes them in upper case. A rule for get matches no request that a browser " +
			"sends: what it allows stays closed, what it denies stays open.",
		Bad: `/filter {
	/0001 { /type "allow" /method "GET" /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /method "post" /path "/content/archive/*" }
}
`,
		Good: `/filter {
	/0001 { /type "allow" /method "GET"  /path "/content/*" /extension "html" }
	/0002 { /type "deny"  /method "POST" /path "/content/archive/*" }
}
`,
		Since:   since,
		Sources: []string{configuration, "RFC 9110, section 9.1"},
	},
}

func checkMethodCase(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if p.Property != "method" || listsMethods(p) {
			return
		}
		word := lowerWord(p.Expr())
		if word == "" {
			return
		}
		var fixes []diag.Fix
		text := p.Text()
		if inFile(p) && !strings.ContainsAny(text, `\[`) {
			fixes = []diag.Fix{{Title: "write it in upper case", Edits: []diag.Edit{{Span: p.Span(0, len(text)), New: upper(text)}}}}
		}
		ps.Tell(p.ValueAt, p.At, fmt.Sprintf("%s has %s in lower case, and no request has such a method", written(p), shown(word)),
			"write methods in upper case", fixes...)
	})
}

// upper returns a text with its ASCII letters in upper case, byte by byte as patterns are compared.
func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// lowerWord returns a text in an expression that has lower-case letters; "" where none has. Sets of letters do not
// count: they may hold both cases.
func lowerWord(e *match.Expr) string {
	if e.Op == match.OpText && upper(e.Text) != e.Text {
		return e.Text
	}
	for _, sub := range e.Subs {
		if w := lowerWord(sub); w != "" {
			return w
		}
	}
	return ""
}

var filterMethodListAsGlob = lint.Rule{
	ID: "DSP193", Name: "filter-method-list-as-glob", Severity: diag.Error, Drops: true, Fixable: true, Farm: checkMethodListAsGlob,
	Doc: lint.Doc{
		Title: "/method is a list between double quotes",
		Why: "A glob has no lists: \"GET,POST\" is one method of that name, which nobody sends, so the rule never matches. Several " +
			"methods are a regular expression, between single quotes.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method "GET,POST" /path "/content/*" /extension "html" }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0002 { /type "allow" /method '(GET|POST)' /path "/content/*" /extension "html" }
}
`,
		Since:   since,
		Sources: []string{configuration},
	},
}

func checkMethodListAsGlob(ps *lint.Pass, f *model.Farm) {
	patterns(f, func(r *model.Rule, p *model.Pattern) {
		if !listsMethods(p) {
			return
		}
		methods := strings.FieldsFunc(strings.Trim(p.Text(), "()"), betweenMethods)
		list := strings.ToUpper("'(" + strings.Join(methods, "|") + ")'")
		hint := "write several methods as '(GET|POST)'"
		var fixes []diag.Fix
		if inFile(p) && strings.Trim(list, "'()|ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			fixes = []diag.Fix{{Title: "write " + list, Edits: []diag.Edit{{Span: p.ValueAt, New: list}}}}
		}
		ps.Tell(p.ValueAt, p.At, written(p)+" is one method of that name, and not a list", hint, fixes...)
	})
}

func betweenMethods(c rune) bool { return c == '|' || c == ',' || c == ' ' }

// listsMethods reports whether a glob for methods is a list of two or more, which globs do not have.
func listsMethods(p *model.Pattern) bool {
	return p.Property == "method" && !isRegex(p) && len(strings.FieldsFunc(strings.Trim(p.Text(), "()"), betweenMethods)) > 1
}

var filterAllowAnyMethod = lint.Rule{
	ID: "DSP159", Name: "filter-allow-any-method", Severity: diag.Warning, Security: true, Drops: true, Fixable: true, Farm: checkAllowAnyMethod,
	Doc: lint.Doc{
		Title: "rule allows with every method",
		Why: "A rule without /method lets POST, PUT and DELETE through as well. On a publish instance the default POST servlet and " +
			"others answer them wherever a page is, and pages are read with GET and HEAD.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /path "/content/*" /extension '(css|js|png)' }
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0010 { /type "allow" /method '(GET|HEAD)' /path "/content/*" /extension '(css|js|png)' }
}
`,
		Note: "A fix is offered where all extensions are those of static files. A rule is not reported where those behind it deny " +
			"POST, PUT and DELETE whatever the URL, nor where it allows everything (DSP154) or has /glob (DSP155). It is an info where a rule " +
			"asks for selectors, names three folders or a file, or has no path: it opens little to who posts, or others tell of it.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-dispatcher.en, security-checklist.md", "calebpryor/aem-dispatcher-filter-fiddler"},
	},
}

func checkAllowAnyMethod(ps *lint.Pass, f *model.Farm) {
	rules := rulesOf(f)
	told := map[fixedText]bool{}
	denied := writesDenied(rules)
	for i, r := range rules {
		if i < denied || !allows(r) || r.Glob != nil || !always(r.Method) || matchesAll(r) {
			continue
		}
		d := diag.Diagnostic{
			Span: head(r), Included: r.At.Included, Message: named(r) + " allows every method",
			Hint: "add /method '(GET|HEAD)', or the methods that are needed", Fixes: onlyReading(r),
		}
		if !opensTree(r) {
			d.Severity = diag.Info
		}
		if isFixed(ps, r) {
			key := fixedText{r.At.Span.File, ""}
			if told[key] {
				continue
			}
			told[key] = true
		}
		ps.Report(d)
	}
}

// opensTree reports whether a rule speaks of a folder near the root, whatever the selectors: the extension keeps nobody from
// posting to what lies below. Rules without any path are told by others.
func opensTree(r *model.Rule) bool {
	folder, broad := broadFolder(r)
	if !broad || !optional(r.Selectors) || always(r.URL) && always(r.Path) {
		return false
	}
	// What nobody would name, and so a rule for a single resource does not.
	return (r.URL == nil || r.URL.Match(folder+"dispcheck") || r.URL.Match(folder+"dispcheck."+wordOf(r.Extension))) &&
		(r.Path == nil || r.Path.Match(folder+"dispcheck"))
}

// writesDenied returns the last rule from which on rules deny the methods that change content, whatever the URL; -1 where
// there is none.
func writesDenied(rules []*model.Rule) int {
	from := len(rules)
	for _, method := range [...]string{"POST", "PUT", "DELETE"} {
		last := -1
		for i := len(rules) - 1; i >= 0 && last < 0; i-- {
			if deniesMethod(rules[i], method) {
				last = i
			}
		}
		from = min(from, last)
	}
	return from
}

// deniesMethod reports whether a rule denies a method, whatever the URL.
func deniesMethod(r *model.Rule, method string) bool {
	if !denies(r) {
		return false
	}
	if r.Glob != nil {
		return known(r.Glob) && (r.Glob.Always() || r.Glob.Text() == method+" *" || r.Glob.Text() == method+"*")
	}
	only := *r
	only.Method = nil
	return matchesAll(&only) && (r.Method == nil || known(r.Method) && r.Method.Match(method))
}

// staticExtensions are those of files that nobody posts to.
const staticExtensions = " avif bmp css eot gif ico jpeg jpg js m4v map mov mp3 mp4 otf pdf png svg swf tiff ttf txt webm webmanifest webp woff woff2 "

// onlyReading is the fix that limits a rule for static files to reading. A form that posts to such a file would be
// denied after it, so it is not a safe one.
func onlyReading(r *model.Rule) []diag.Fix {
	if !known(r.Extension) || r.Type.At.Span.File != r.At.Span.File || !r.At.Span.Contains(r.Type.At.Span) {
		return nil
	}
	words, ok := r.Extension.Strings()
	if !ok || len(words) == 0 {
		return nil
	}
	for _, w := range words {
		if w == "" || !strings.Contains(staticExtensions, " "+w+" ") {
			return nil
		}
	}
	const title = "allow GET and HEAD alone"
	if r.Method != nil {
		return []diag.Fix{{Title: title, Edits: []diag.Edit{{Span: r.Method.ValueAt, New: "'(GET|HEAD)'"}}}}
	}
	at := r.Type.At.Span
	line := at.File.Text[:at.Start]
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	gap := " "
	if strings.TrimSpace(string(line)) == "" { // a property to a line
		gap = "\n" + string(line)
	}
	at.Start = at.End
	return []diag.Fix{{Title: title, Edits: []diag.Edit{{Span: at, New: gap + "/method '(GET|HEAD)'"}}}}
}
