package rewrite

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
)

var missingLast = lint.Rule{
	ID: "DSP652", Name: "redirect-missing-l", Severity: diag.Warning, Fixable: true, Server: eachRule(checkMissingLast),
	Doc: lint.Doc{
		Title: "redirect that later rules go on with",
		Why: "R makes a redirect and does not end the rules. Those behind it see the new address, with its scheme and host, in the place of " +
			"the path: one that is not bound to the beginning, or that matches whatever comes, changes the redirect or refuses the request.",
		File: "site.rules",
		Bad: `RewriteRule ^/old$ /new.htm [R=301]
RewriteRule (.*)\.htm$ $1.html [PT,L]
`,
		Good: `RewriteRule ^/old$ /new.htm [R=301,L]
RewriteRule (.*)\.htm$ $1.html [PT,L]
`,
		Note:    "Where no later rule can match the new address, the finding is an info: all of them are tried in vain.",
		Since:   since,
		Sources: []string{docFlags},
	},
}

func checkMissingLast(p *lint.Pass, w *site, sc *scope, i int, r *server.RewriteRule) {
	if !r.Flags.Redirect || !redirects(r) || stops(r) || r.Flags.Chain || r.Flags.Next || r.Flags.Skip > 0 || i+1 == len(sc.rules) {
		return
	}
	d := diag.Diagnostic{
		Severity: diag.Info, Message: "redirect does not end the rules: those behind it are tried on the new address", Hint: "add flag L", Fixes: withFlag(r, "L"),
	}
	for _, later := range sc.rules[i+1:] {
		if seesURL(p, later.Pattern, r) {
			d.Severity = diag.Warning
			d.Message = fmt.Sprintf("redirect does not end the rules: %s is tried on the new address", shown(later.Pattern))
			d.Related = []diag.Related{{Span: later.At, Message: "the later rule"}}
			break
		}
	}
	at := r.FlagsAt
	if f, ok := flagNamed(r.FlagsAt, "r", "redirect"); ok {
		at = f.at
	}
	w.tell(p, at, r.Place, d)
}

// seesURL reports whether a pattern may match the address of a redirect.
func seesURL(p *lint.Pass, pattern *server.Pattern, to *server.RewriteRule) bool {
	if pattern.PCRE == nil {
		return false
	}
	refs := references(to.Substitution)
	target, _, _ := strings.Cut(to.Substitution, "?")
	if len(refs) == 0 && !strings.Contains(target, `\`) {
		for _, url := range []string{"http://www.example.com" + target, "https://www.example.com" + target} {
			if absolute(target) {
				url = target
			}
			ok, _, err := pattern.PCRE.Match(url, nil)
			if err != nil || ok != pattern.Negated {
				return true
			}
		}
		return false
	}
	if pattern.Negated {
		return true
	}
	s := pattern.PCRE.Shape()
	if s.Begin && s.Prefix != "" {
		return s.Prefix[0] == 'h'
	}
	l, ok := languageOf(p, pattern)
	if !ok {
		return !s.Begin
	}
	never, err := limit.Disjoint(l, urls(p))
	return err != nil || !never
}

var flagConflict = lint.Rule{
	ID: "DSP669", Name: "rewrite-flag-conflict", Severity: diag.Info, Fixable: true, Server: eachRule(checkConflict),
	Doc: lint.Doc{
		Title: "flags that do not go together",
		Why: "PT hands a path on, and with R or P there is none: a redirect with PT is answered with 400, or not sent. L behind F or G says " +
			"what holds anyway, END never lets a chain go on, and S past the last rule skips what is not there.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/old$ /new [R=301,PT,L]` + "\n",
		Good:    `RewriteRule ^/old$ /new [R=301,L]` + "\n",
		Note:    "A flag that is only needless, as L beside F, is a hint.",
		Since:   since,
		Sources: []string{docFlags},
	},
}

func checkConflict(p *lint.Pass, w *site, sc *scope, i int, r *server.RewriteRule) {
	f := &r.Flags
	say := func(severity diag.Severity, message string, names ...string) {
		at, ok := flagNamed(r.FlagsAt, names...)
		if !ok {
			return
		}
		w.tell(p, at.at, r.Place, diag.Diagnostic{
			Severity: severity, Message: message, Hint: "remove " + at.at.Text(), Fixes: withoutFlag(r.FlagsAt, at),
		})
	}
	if f.PassThrough && f.Redirect && redirects(r) {
		say(diag.Info, "PT beside R: there is no path to hand on", "pt", "passthrough")
	}
	if f.PassThrough && f.Proxy {
		say(diag.Info, "PT beside P: there is no path to hand on", "pt", "passthrough")
	}
	if f.Last && (f.Forbidden || f.Gone) {
		say(diag.Hint, "L beside F or G says what holds anyway", "l", "last")
	}
	if f.End && f.Chain {
		say(diag.Info, "END beside C: where the rule applies, the chain ends with it", "c", "chain")
	}
	if f.Skip > 0 && i+f.Skip >= len(sc.rules) {
		tellSkip(p, w, r, len(sc.rules)-i-1)
	}
}

// tellSkip reports a flag that skips more rules than there are. The fix skips those that there are.
func tellSkip(p *lint.Pass, w *site, r *server.RewriteRule, left int) {
	f, ok := flagNamed(r.FlagsAt, "s", "skip")
	if !ok {
		return
	}
	d := diag.Diagnostic{Severity: diag.Hint, Message: fmt.Sprintf("S=%d skips more rules than the %d that follow", r.Flags.Skip, left)}
	if left == 0 {
		d.Hint, d.Fixes = "remove "+f.at.Text(), withoutFlag(r.FlagsAt, f)
	} else {
		right := fmt.Sprintf("S=%d", left)
		d.Hint, d.Fixes = "write "+right, []diag.Fix{{Title: "write " + right, Edits: []diag.Edit{{Span: f.at, New: right}}}}
	}
	w.tell(p, f.at, r.Place, d)
}

var forbidTarget = lint.Rule{
	ID: "DSP670", Name: "rewrite-forbid-target", Severity: diag.Warning, Fixable: true, Server: eachRule(checkForbidTarget),
	Doc: lint.Doc{
		Title: "target of a rule that refuses",
		Why: "A rule with F or G answers 403 or 410 and goes nowhere: its target is never used. Either the target was meant, or the flag, and " +
			"who reads the rule takes it for the other.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/private /login.html [F]` + "\n",
		Good:    `RewriteRule ^/private - [F]` + "\n",
		Since:   since,
		Sources: []string{docFlags},
	},
}

func checkForbidTarget(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	if r.NoSubstitution || !r.Flags.Forbidden && !r.Flags.Gone || r.SubstitutionAt.IsZero() {
		return
	}
	name := "F"
	if r.Flags.Gone {
		name = "G"
	}
	w.tell(p, r.SubstitutionAt, r.Place, diag.Diagnostic{
		Message: fmt.Sprintf("target %s is never used: %s answers at once", text(r.Substitution), name), Hint: "write - in its place, or remove " + name,
		Fixes: []diag.Fix{{Title: "write -", Edits: []diag.Edit{{Span: r.SubstitutionAt, New: "-"}}}},
	})
}

var defaultFound = lint.Rule{
	ID: "DSP671", Name: "rewrite-default-302", Severity: diag.Hint, Server: eachRule(checkDefaultFound),
	Doc: lint.Doc{
		Title: "redirect without a status",
		Why: "R alone answers 302, a redirect for now: browsers and search engines ask for the old address again each time. A page that has " +
			"moved for good wants 301, or 308 where the method has to stay.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/old$ /new [R,L]` + "\n",
		Good:    `RewriteRule ^/old$ /new [R=301,L]` + "\n",
		Note:    "R=302 says that it is meant so.",
		Since:   since,
		Sources: []string{docFlags},
	},
}

func checkDefaultFound(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	f, ok := flagNamed(r.FlagsAt, "r", "redirect")
	if !ok || f.value != "" || !r.Flags.Redirect {
		return
	}
	w.tell(p, f.at, r.Place, diag.Diagnostic{Message: f.at.Text() + " without a status is 302", Hint: "write R=301 for good, or R=302 for now"})
}
