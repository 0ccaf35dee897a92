package rewrite

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/textedit"
)

var shadowed = lint.Rule{
	ID: "DSP655", Name: "rewrite-shadowed", Severity: diag.Warning, Server: checkShadowed,
	Doc: lint.Doc{
		Title: "rule behind one that takes all its paths",
		Why: "Rules are tried in their order. One that ends them, has no conditions and matches every path of a later rule leaves nothing to " +
			"it: the later rule never applies.",
		File: "site.rules",
		Bad: `RewriteRule ^/(.*)$ /content/site/$1 [PT,L]
RewriteRule ^/shop/cart$ /content/shop/cart.html [PT,L]
`,
		Good: `RewriteRule ^/shop/cart$ /content/shop/cart.html [PT,L]
RewriteRule ^/(.*)$ /content/site/$1 [PT,L]
`,
		Note: "Proven on the patterns, for all paths. A rule for the same paths in another file, there in case the included one has none, is an " +
			"info. Rules of sections are left out: they run anew on what they have made. The same path twice is rule DSP687.",
		Since:   since,
		Sources: []string{docTech},
	},
}

// taker reports whether a rule takes every path that its pattern matches away from those behind it. One that redirects and
// goes on does so, too: those behind it see a URL in the place of the path.
func taker(sc *scope, i int) bool {
	r := sc.rules[i]
	if len(r.Conditions) > 0 || r.Pattern.Negated || r.Pattern.PCRE == nil || !stops(r) && !redirects(r) || r.Flags.Chain || r.Flags.Next || i > 0 && sc.rules[i-1].Flags.Chain {
		return false
	}
	for j, o := range sc.rules[:i] {
		if o.Flags.Skip > 0 && j+o.Flags.Skip >= i {
			return false
		}
	}
	return true
}

// changes reports whether a rule may leave another path to the rules behind it.
func changes(r *server.RewriteRule) bool { return !r.NoSubstitution && !stops(r) }

func checkShadowed(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	for _, sc := range w.scopes {
		if sc.section != nil {
			continue
		}
		var takers []int
		// Rules in front may leave a text that is no path: a redirect that goes on, or a target without its slash.
		elsewhere := pathsElsewhere(sc, 0, false)
		for j, r := range sc.rules {
			if p.Context().Err() != nil {
				return
			}
			if w.owns(r.At) && r.Pattern.PCRE != nil && !r.Pattern.Negated {
				for _, i := range takers {
					by := sc.rules[i]
					if b := r.Pattern.PCRE.Shape(); !stops(by) && !(b.Begin && strings.HasPrefix(b.Prefix, "/")) {
						continue
					}
					if !covers(p, by.Pattern, r.Pattern, elsewhere) {
						continue
					}
					if by.At == r.At {
						break // a text that is included twice is not in its own way
					}
					d := diag.Diagnostic{
						Message: fmt.Sprintf("rule %s never applies: %s in front takes all its paths", shown(r.Pattern), shown(by.Pattern)),
						Hint:    "put it in front, or remove it",
						Related: []diag.Related{{Span: by.At, Message: "the rule that takes them"}},
					}
					if by.At.File != r.At.File && covers(p, r.Pattern, by.Pattern, elsewhere) {
						d.Severity = diag.Info // one that is there in case that included rules have none
					}
					w.tell(p, r.Pattern.At, r.Place, d)
					break
				}
			}
			if changes(r) {
				takers = takers[:0]
				elsewhere = elsewhere || leavesNoPath(r)
			}
			// Equal literals are DSP687; a literal covers nothing else.
			if _, one := literal(r.Pattern); !one && taker(sc, j) && len(takers) < maxTakers {
				takers = append(takers, j)
			}
		}
	}
}

// maxTakers bounds how many rules are held against each later one.
const maxTakers = 100

// covers reports whether every path that b matches, or every text where elsewhere is set, is one that a matches; false where
// that is not known.
func covers(p *lint.Pass, a, b *server.Pattern, elsewhere bool) bool {
	if everything(a) && (!elsewhere || !strings.Contains(a.Text, "/")) {
		return true
	}
	if path, ok := literal(b); ok {
		if b.NoCase && !a.NoCase {
			return false
		}
		found, _, err := a.PCRE.Match(path, nil)
		return err == nil && found
	}
	x, y := a.PCRE.Shape(), b.PCRE.Shape()
	if x.Begin && y.Begin && !x.Fold && !y.Fold && x.Prefix != "" && y.Prefix != "" && !strings.HasPrefix(x.Prefix, y.Prefix) && !strings.HasPrefix(y.Prefix, x.Prefix) {
		return false
	}
	if x.Begin && !y.Begin && x.Prefix != "" && x.Prefix != "/" {
		return false
	}
	for _, path := range witnesses(p, b) {
		if ok, _, err := a.PCRE.Match(path, nil); err != nil || !ok {
			return false
		}
	}
	la, ok := languageOf(p, a)
	if !ok {
		return false
	}
	lb, ok := languageOf(p, b)
	if !ok {
		return false
	}
	seen := lb
	if !elsewhere {
		only, err := limit.Intersect(lb, paths(p))
		if err != nil {
			return false
		}
		seen = only
	}
	if seen.Empty() {
		return false
	}
	all, err := limit.Includes(la, seen)
	return err == nil && all
}

var duplicateSource = lint.Rule{
	ID: "DSP687", Name: "duplicate-redirect-source", Severity: diag.Warning, Fixable: true, Server: checkDuplicates,
	Doc: lint.Doc{
		Title: "same path in two rules",
		Why: "The first rule for a path decides, and the second never applies. Where they lead to different places, one of the two was meant, and " +
			"who corrects the second sees nothing change.",
		File: "site.rules",
		Bad: `RewriteRule ^/old$ /new [R=301,L]
RewriteRule ^/older$ /newer [R=301,L]
RewriteRule ^/old$ /newest [R=301,L]
`,
		Good: `RewriteRule ^/old$ /newest [R=301,L]
RewriteRule ^/older$ /newer [R=301,L]
`,
		Note:    "Rules with conditions are told where both have the same.",
		Since:   since,
		Sources: []string{docModule},
	},
}

func checkDuplicates(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	for _, sc := range w.scopes {
		if sc.section != nil {
			continue
		}
		first := map[string]int{}
		for j, r := range sc.rules {
			if changes(r) && !redirects(r) {
				clear(first)
				continue
			}
			path, ok := literal(r.Pattern)
			if !ok || r.Flags.Chain || j > 0 && sc.rules[j-1].Flags.Chain || !stops(r) && !redirects(r) {
				continue
			}
			// A rule that looks at case is behind one that does not where their texts are the same without it.
			exact := key(r, path)
			folded := key(r, strings.ToLower(path)) + "\x00"
			i, twice := first[folded]
			if !twice && !r.Pattern.NoCase {
				i, twice = first[exact]
			}
			if !twice {
				if r.Pattern.NoCase {
					first[folded] = j
				} else {
					first[exact] = j
				}
				continue
			}
			by := sc.rules[i]
			if !w.owns(r.At) || skipped(sc, i) || by.At == r.At {
				continue
			}
			d := diag.Diagnostic{
				Message: fmt.Sprintf("path %s has a rule already: this one never applies", text(path)), Hint: "remove one of the two",
				Related: []diag.Related{{Span: by.At, Message: "the rule that applies"}},
			}
			if len(r.Conditions) == 0 {
				d.Fixes = []diag.Fix{{Title: "remove the second", Edits: []diag.Edit{textedit.Removed(r.At)}}}
			}
			w.tell(p, r.Pattern.At, r.Place, d)
		}
	}
}

// skipped reports whether a rule in front may skip a rule.
func skipped(sc *scope, i int) bool {
	for j, o := range sc.rules[:i] {
		if o.Flags.Skip > 0 && j+o.Flags.Skip >= i {
			return true
		}
	}
	return false
}

// key is a path with the conditions of its rule.
func key(r *server.RewriteRule, path string) string {
	var b strings.Builder
	b.WriteString(path)
	for _, c := range r.Conditions {
		fmt.Fprintf(&b, "\x01%s\x01%d%t%t%t\x01%s", c.Test, c.Kind, c.Negated, c.NoCase, c.Or, c.Operand)
		if c.Pattern != nil {
			b.WriteString(c.Pattern.Text)
		}
		if c.Kind == server.CondExpr {
			b.WriteString(c.PatternAt.Text())
		}
	}
	return b.String()
}
