package rewrite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/source"
)

var unescapedDot = lint.Rule{
	ID: "DSP659", Name: "rewrite-unescaped-dot", Severity: diag.Info, Fixable: true, Server: eachRule(checkDots),
	Doc: lint.Doc{
		Title: "dot that stands for any sign",
		Why: "In a regular expression a dot matches any sign: .html matches /shtml and /a-html, www.example.com matches wwwxexample.com. " +
			"Mostly this is harmless. Where the rule lets something in or keeps it out, it is a gap.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/robots.txt$ /content/dam/site/robots.txt [PT,L]` + "\n",
		Good:    `RewriteRule ^/robots\.txt$ /content/dam/site/robots.txt [PT,L]` + "\n",
		Note:    "Told of a dot in front of a usual extension or top-level domain, once for a pattern.",
		Since:   since,
		Sources: []string{"perldoc.perl.org, perlre", docModule},
	},
}

// endings are extensions and top-level domains in front of which a dot means a dot, domains those that end a host.
const (
	endings = " html htm json xml txt css js jpg jpeg png gif svg ico webp pdf php asp aspx jsp zip woff woff2 mp4 map" + domains
	domains = " com net org de eu fr uk it es nl ch at io dev info biz "
)

// listed reports whether a word is in a list that blanks separate.
func listed(list, word string) bool { return word != "" && strings.Contains(list, " "+word+" ") }

func checkDots(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	tellDots(p, w, r.Pattern, r.Place)
	for _, c := range r.Conditions {
		if c.Kind == server.CondPattern && w.owns(c.At) {
			tellDots(p, w, c.Pattern, c.Place)
		}
	}
}

func tellDots(p *lint.Pass, w *site, pattern *server.Pattern, in server.Place) {
	dots := plainDots(pattern.Text)
	if len(dots) == 0 {
		return
	}
	base, ok := literalIn(pattern.At, pattern.Text)
	if !ok {
		return
	}
	fix := diag.Fix{Title: "write \\. for a dot"}
	for _, i := range dots {
		at := source.Span{File: pattern.At.File, Start: base + int32(i), End: base + int32(i)}
		fix.Edits = append(fix.Edits, diag.Edit{Span: at, New: `\`})
	}
	at := source.Span{File: pattern.At.File, Start: base + int32(dots[0]), End: base + int32(dots[0]) + 1}
	w.tell(p, at, in, diag.Diagnostic{
		Message: fmt.Sprintf("dot in %s matches any sign", shown(pattern)), Hint: `write \. for a dot`, Fixes: []diag.Fix{fix},
	})
}

// plainDots returns where dots stand in a pattern that are meant as such: one in front of a usual ending, and if there is
// one, those between letters and digits too.
func plainDots(s string) []int {
	var dots []int
	certain := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			i = classEnd(s, i)
		case '.':
			end := i + 1
			for end < len(s) && isWord(s[end]) {
				end++
			}
			if end == i+1 {
				continue
			}
			word := s[i+1 : end]
			if rest := strings.TrimLeft(s[end:], "?"); len(rest) < len(s)-end && rest != "" && isWord(rest[0]) {
				end++ // a sign within that may lack, as in jpe?g
				for end < len(s) && isWord(s[end]) {
					end++
				}
				word = strings.ReplaceAll(s[i+1:end], "?", "")
			}
			known := listed(endings, strings.ToLower(word)) && (end == len(s) || strings.IndexByte(`$|)/?:\`, s[end]) >= 0)
			// What a quantifier stands behind is no word of its own.
			if end < len(s) && strings.IndexByte("*+{", s[end]) >= 0 {
				known = false
			}
			if known || i > 0 && isWord(s[i-1]) {
				dots = append(dots, i)
			}
			certain = certain || known
		}
	}
	if !certain {
		return nil
	}
	return dots
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

var unanchored = lint.Rule{
	ID: "DSP660", Name: "rewrite-unanchored", Severity: diag.Info, Server: eachRule(checkAnchors),
	Doc: lint.Doc{
		Title: "redirect of a path that others contain or start with",
		Why: "A pattern is searched for in the path. Without ^ and $ the redirect of one page takes every page with it whose path contains " +
			"or starts with that of the page: /contact also catches /contact-us and /content/contact.",
		File:    "site.rules",
		Bad:     `RewriteRule /contact /about/contact-form.html [R=301,L]` + "\n",
		Good:    `RewriteRule ^/contact$ /about/contact-form.html [R=301,L]` + "\n",
		Note:    "Told of redirects whose pattern and target are plain texts.",
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkAnchors(p *lint.Pass, w *site, sc *scope, _ int, r *server.RewriteRule) {
	if sc.section != nil || !redirects(r) || r.Pattern.Negated || r.Pattern.PCRE == nil || !plain(r.Substitution) {
		return
	}
	s := r.Pattern.PCRE.Shape()
	if !s.Whole {
		s = meantShape(r.Pattern)
	}
	path := s.Contains
	if !s.Whole || s.Begin && s.End || len(path) < 2 || s.Begin && strings.HasSuffix(path, "/") {
		return
	}
	d := diag.Diagnostic{Message: fmt.Sprintf("pattern %s matches every path that contains it", shown(r.Pattern)), Hint: "write ^ in front and $ behind it"}
	switch {
	case s.Begin:
		d.Message, d.Hint = fmt.Sprintf("pattern %s matches every path that starts with it", shown(r.Pattern)), "write $ behind it, or (/|$) for what is below it, too"
	case s.End:
		d.Message, d.Hint = fmt.Sprintf("pattern %s matches every path that ends with it", shown(r.Pattern)), "write ^ in front of it"
	}
	w.tell(p, r.Pattern.At, r.Place, d)
}

// meantShape is the shape of a pattern whose dots are escaped where they are meant as such.
func meantShape(p *server.Pattern) match.Shape {
	dots := plainDots(p.Text)
	if len(dots) == 0 {
		return match.Shape{}
	}
	escaped := []byte(p.Text)
	for _, i := range slices.Backward(dots) {
		escaped = slices.Insert(escaped, i, '\\')
	}
	re, err := match.CompilePCRE(string(escaped), match.PCREOptions{IgnoreCase: p.NoCase})
	if err != nil {
		return match.Shape{}
	}
	return re.Shape()
}

var leadingSlash = lint.Rule{
	ID: "DSP661", Name: "rewrite-leading-slash", Severity: diag.Error, Fixable: true, Server: eachRule(checkLeadingSlash),
	Doc: lint.Doc{
		Title: "pattern that no path can match",
		Why: "In a virtual host the path starts with a slash, and in <Directory> it is what is left without the folder, which has none in " +
			"front. A pattern that says otherwise behind its ^ never matches, and its rule never applies.",
		File:    "site.rules",
		Bad:     `RewriteRule ^content/(.*)$ /content/site/$1 [PT,L]` + "\n",
		Good:    `RewriteRule ^/content/(.*)$ /content/site/$1 [PT,L]` + "\n",
		Note:    "^/? matches in both places.",
		Since:   since,
		Sources: []string{docModule, docTech},
	},
}

func checkLeadingSlash(p *lint.Pass, w *site, sc *scope, i int, r *server.RewriteRule) {
	pattern := r.Pattern
	if pattern.PCRE == nil || pattern.Negated || !strings.HasPrefix(pattern.Text, "^") || sc.section != nil && !sc.folder() {
		return
	}
	shape := pattern.PCRE.Shape()
	if sc.section != nil {
		if !shape.Begin || !strings.HasPrefix(shape.Prefix, "/") || pathsElsewhere(sc, i, true) {
			return
		}
		w.tell(p, pattern.At, r.Place, diag.Diagnostic{
			Message: fmt.Sprintf("pattern %s never matches: in <Directory> what it sees has no slash in front", shown(pattern)),
			Hint:    "write ^ without the slash, or put the rule into the virtual host", Fixes: afterCaret(pattern, "", "/"),
		})
		return
	}
	if strings.HasPrefix(shape.Prefix, "/") || strings.HasPrefix(pattern.Text, "^/") || strings.HasPrefix(pattern.Text, "^(.*)") ||
		hostLike(pattern) || pathsElsewhere(sc, i, false) || !impossible(p, pattern) {
		return
	}
	// The alternatives of a pattern do not all begin where it does.
	fixes := afterCaret(pattern, "/", "")
	if redirects(r) && !leavesAlone(r) || strings.Contains(pattern.Text, "|^") || strings.Contains(pattern.Text, "^(^") || strings.HasPrefix(pattern.Text, "^(?") {
		fixes = nil
	}
	w.tell(p, pattern.At, r.Place, diag.Diagnostic{
		Message: fmt.Sprintf("pattern %s never matches: in a virtual host the path starts with a slash", shown(pattern)),
		Hint:    "write ^/", Fixes: fixes,
	})
}

// leavesAlone reports whether a redirect with a slash in front of its pattern does not match what it leads to: one that never
// applied is not to become one that never ends.
func leavesAlone(r *server.RewriteRule) bool {
	if !plain(r.Substitution) || len(r.Conditions) > 0 {
		return false
	}
	re, err := match.CompilePCRE("^/"+r.Pattern.Text[1:], match.PCREOptions{IgnoreCase: r.Pattern.NoCase})
	if err != nil {
		return false
	}
	target, _, _ := strings.Cut(r.Substitution, "?")
	ok, _, err := re.Match(targetPath(target), nil)
	return err == nil && !ok
}

// impossible reports whether a pattern matches no path.
func impossible(p *lint.Pass, pattern *server.Pattern) bool {
	if s := pattern.PCRE.Shape(); s.Begin && s.Prefix != "" {
		return s.Prefix[0] != '/'
	}
	l, ok := languageOf(p, pattern)
	if !ok {
		return false
	}
	none, err := limit.Disjoint(l, paths(p))
	return err == nil && none && !l.Empty()
}

// afterCaret is a fix that writes something between the ^ of a pattern and what follows, in the place of old.
func afterCaret(pattern *server.Pattern, text, old string) []diag.Fix {
	base, ok := literalIn(pattern.At, pattern.Text)
	if !ok {
		return nil
	}
	at := source.Span{File: pattern.At.File, Start: base + 1, End: base + 1 + int32(len(old))}
	return []diag.Fix{{Title: "write ^" + text, Edits: []diag.Edit{{Span: at, New: text}}}}
}

// pathsElsewhere reports whether a rule in front may leave something that does not start with a slash, or in a folder
// something that does, to the rule at i: a redirect that goes on, or a target that is written so.
func pathsElsewhere(sc *scope, i int, folder bool) bool {
	for j, r := range sc.rules {
		if r.Flags.Next && !r.NoSubstitution {
			return true // all rules see what it has made
		}
		if j < i && changes(r) && (folder || leavesNoPath(r)) {
			return true
		}
	}
	return false
}

// leavesNoPath reports whether a rule may leave a text that does not start with a slash to those behind it.
func leavesNoPath(r *server.RewriteRule) bool {
	return redirects(r) || !strings.HasPrefix(r.Substitution, "/")
}

var patternQuery = lint.Rule{
	ID: "DSP662", Name: "rewrite-pattern-query", Severity: diag.Error, Server: eachRule(checkPatternQuery),
	Doc: lint.Doc{
		Title: "pattern that looks for the query",
		Why:   "A RewriteRule sees the path alone: the question mark and what is behind it are no part of it, and a pattern that wants them never matches.",
		File:  "site.rules",
		Bad:   `RewriteRule ^/page\?id=1$ /content/site/one.html [PT,L]` + "\n",
		Good: `RewriteCond %{QUERY_STRING} ^id=1$
RewriteRule ^/page$ /content/site/one.html [PT,L]
`,
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkPatternQuery(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	pattern := r.Pattern
	if pattern.PCRE == nil || !strings.Contains(pattern.Text, "?") || hostLike(pattern) {
		return
	}
	message := ""
	if i := queryAsRepeat(pattern.Text); i {
		message = fmt.Sprintf("pattern %s looks for a query, and the ? makes the sign in front of it optional", shown(pattern))
	} else if strings.Contains(pattern.Text, `\?`) || strings.Contains(pattern.Text, "[?]") {
		l, ok := languageOf(p, pattern)
		if !ok {
			return
		}
		none, err := limit.Disjoint(l, without("?"))
		if err != nil || !none || l.Empty() {
			return
		}
		message = fmt.Sprintf("pattern %s looks for a question mark: what it sees is the path without the query", shown(pattern))
	}
	if message == "" {
		return
	}
	w.tell(p, pattern.At, r.Place, diag.Diagnostic{Message: message, Hint: "look at the query with RewriteCond %{QUERY_STRING}"})
}

// queryAsRepeat reports whether a pattern has ?name= behind a word, which is a query that was not escaped.
func queryAsRepeat(s string) bool {
	for i := 1; i+2 < len(s); i++ {
		if s[i] != '?' || !isWord(s[i-1]) || i > 1 && s[i-2] == '\\' {
			continue
		}
		end := i + 1
		for end < len(s) && isWord(s[end]) {
			end++
		}
		if end > i+1 && end < len(s) && s[end] == '=' {
			return true
		}
	}
	return false
}

var patternHost = lint.Rule{
	ID: "DSP663", Name: "rewrite-pattern-host", Severity: diag.Error, Server: eachRule(checkPatternHost),
	Doc: lint.Doc{
		Title: "pattern that looks for the host",
		Why:   "A RewriteRule sees the path alone: scheme and host are no part of it, and a pattern that wants them never matches.",
		File:  "site.rules",
		Bad:   `RewriteRule ^https?://shop\.example\.com/cart$ /content/shop/cart.html [PT,L]` + "\n",
		Good: `RewriteCond %{HTTP_HOST} =shop.example.com
RewriteRule ^/cart$ /content/shop/cart.html [PT,L]
`,
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkPatternHost(p *lint.Pass, w *site, sc *scope, i int, r *server.RewriteRule) {
	if r.Pattern.PCRE == nil || !hostLike(r.Pattern) || sc.section == nil && pathsElsewhere(sc, i, false) {
		return
	}
	w.tell(p, r.Pattern.At, r.Place, diag.Diagnostic{
		Message: fmt.Sprintf("pattern %s looks for a host: what it sees is the path alone", shown(r.Pattern)),
		Hint:    "look at the host with RewriteCond %{HTTP_HOST}",
	})
}

// hostLike reports whether a pattern begins with a scheme or with the name of a host.
func hostLike(p *server.Pattern) bool {
	s := strings.TrimPrefix(strings.ToLower(p.Text), "^")
	s = strings.ReplaceAll(strings.NewReplacer(`\.`, ".", `\:`, ":", `\/`, "/", `\-`, "-").Replace(s), "(", "")
	for _, scheme := range []string{"http://", "https://", "https?://", "http[s]?://", "https)?://", "https)://", "https?)://", "http|https)://", "s?://"} {
		if strings.HasPrefix(s, scheme) {
			return true
		}
	}
	if !strings.HasPrefix(p.Text, "^") {
		return false
	}
	end := 0
	for end < len(s) && (isWord(s[end]) || s[end] == '.') {
		end++
	}
	labels := strings.Split(s[:end], ".")
	return len(labels) > 2 && (end == len(s) || s[end] == '/' || s[end] == '$') && listed(domains, labels[len(labels)-1]) && !slices.Contains(labels, "")
}

var catastrophic = lint.Rule{
	ID: "DSP689", Name: "rewrite-regex-catastrophic", Severity: diag.Warning, Server: eachRule(checkCatastrophic),
	Doc: lint.Doc{
		Title: "pattern that may need exponential time",
		Why: "A loop that can take the same text in several ways makes PCRE try all of them where the rest does not match: a path made for it " +
			"keeps a process of httpd busy until the match is given up, and a few such requests keep all of them busy.",
		File:    "site.rules",
		Bad:     `RewriteRule ^(/.*)*/x$ /content/site/x.html [PT,L]` + "\n",
		Good:    `RewriteRule ^/.*/x$ /content/site/x.html [PT,L]` + "\n",
		Since:   since,
		Sources: []string{"owasp.org, Regular expression Denial of Service"},
	},
}

func checkCatastrophic(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	tellAmbiguous(p, w, r.Pattern, r.Place)
	for _, c := range r.Conditions {
		if c.Kind == server.CondPattern && w.owns(c.At) {
			tellAmbiguous(p, w, c.Pattern, c.Place)
		}
	}
}

// repeatsGroup reports whether a pattern has a group in a loop: a loop over one sign takes each text in one way.
func repeatsGroup(s string) bool {
	for {
		i := strings.IndexByte(s, ')')
		if i < 0 {
			return false
		}
		if s = s[i+1:]; s == "" {
			return false
		}
		switch s[0] {
		case '*', '+':
			return true
		case '{':
			if bounds, _, ok := strings.Cut(s[1:], "}"); ok && strings.HasSuffix(bounds, ",") {
				return true
			}
		}
	}
}

func tellAmbiguous(p *lint.Pass, w *site, pattern *server.Pattern, in server.Place) {
	if pattern.PCRE == nil || !repeatsGroup(pattern.Text) {
		return
	}
	offset, ok := pattern.PCRE.Ambiguous()
	if !ok {
		return
	}
	at := pattern.At
	if base, ok := literalIn(pattern.At, pattern.Text); ok && offset < len(pattern.Text) {
		at = source.Span{File: at.File, Start: base + int32(offset), End: base + int32(offset) + 1}
	}
	w.tell(p, at, in, diag.Diagnostic{
		Message: fmt.Sprintf("loop in %s can take the same text in several ways", shown(pattern)),
		Hint:    "write the loop so that each sign can only be taken in one way",
	})
}
