package session

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model"
	"github.com/dispcheck/dispcheck/rules/lastmatch"
	"github.com/dispcheck/dispcheck/rules/textedit"
	"github.com/dispcheck/dispcheck/rules/unread"
)

var authCheckerFilter = lint.Rule{
	ID: "DSP504", Name: "auth-checker-filter", Severity: diag.Error, Farm: checkCheckerFilter,
	Doc: lint.Doc{
		Title: "permissions are checked for no page, or for every file",
		Why: "/filter of /auth_checker says for which cached files AEM is asked whether the visitor may see them; the last rule that matches " +
			"decides. Where no rule allows a URL that exists, nobody is asked and pages of one visitor are served to all.",
		Bad: `/cache { /allowAuthorized "1" }
/auth_checker {
	/url "/bin/permissioncheck"
	/filter {
		/0000 { /type "allow" /glob "/content/secure/*.html" }
		/0001 { /type "deny" /glob "*" }
	}
}
`,
		Good: `/cache { /allowAuthorized "1" }
/auth_checker {
	/url "/bin/permissioncheck"
	/filter {
		/0000 { /type "deny"  /glob "*" }
		/0001 { /type "allow" /glob "/content/secure/*.html" }
	}
}
`,
		Note: "Where all URLs are allowed it is a warning: each style sheet and image in the cache then costs a request to AEM, which a site " +
			"that has all pages behind a login may want. Where no rule denies everything first it is an info, since what the module does with " +
			"a URL that no rule matches is not published.",
		Since:   since,
		Sources: []string{permissions},
	},
}

// checkCheckerFilter is about the URLs that /filter allows, all of them: sets, not samples.
func checkCheckerFilter(ps *lint.Pass, f *model.Farm) {
	c := f.AuthChecker
	if c == nil || c.Filter == nil || len(c.Filter.Rules) == 0 || unread.Section(ps, c.Filter.At.Span) {
		return
	}
	rules := c.Filter.Rules
	const most = 60 // the set of URLs grows with each
	if len(rules) > most || len(c.Filter.Unknown) > 0 || slices.ContainsFunc(rules, func(r *model.Rule) bool { return r.Glob == nil || !lastmatch.Plain(r) }) {
		return
	}
	const bound = automata.Limit(0)
	allowed, err := bound.Strings()
	if err != nil {
		return
	}
	void := false
	for _, r := range rules {
		urls, err := bound.Language(r.Glob.Pattern)
		if err != nil {
			return
		}
		if urls, err = bound.Intersect(urls, automata.URIs()); err != nil {
			return
		}
		switch habit, ok := regexHabit(r.Glob); {
		case r.Allow && urls.Empty():
			void = true
			ps.Tell(r.Glob.ValueAt, r.At, fmt.Sprintf("glob %s matches no URL, so that permissions for it are never checked", shown(r.Glob.ValueAt.Text())),
				`write the URL from / on, with * for what differs, such as "/content/secure/*.html"`)
		case r.Allow && ok:
			ps.Tell(r.Glob.Span(habit.Offset, habit.End), r.At, fmt.Sprintf("glob %s is no regular expression: %s", shown(r.Glob.ValueAt.Text()), habit.Message),
				"write a glob: * for any text, and an entry for each alternative")
		}
		change := bound.Difference
		if r.Allow {
			change = bound.Union
		}
		if allowed, err = change(allowed, urls); err != nil {
			return
		}
	}
	at := c.Filter.At
	all, err := bound.Includes(allowed, automata.URIs())
	switch first := rules[0]; {
	case err != nil:
	case allowed.Empty():
		if !void {
			ps.Tell(textedit.Head(at.Span), at, "/filter of /auth_checker allows no URL: nobody's permissions are checked", "allow the URLs to check behind a rule that denies everything")
		}
	case all:
		last := rules[len(rules)-1]
		for _, r := range slices.Backward(rules) {
			if r.Allow && r.Glob.Always() {
				last = r
				break
			}
		}
		ps.Report(diag.Diagnostic{
			Severity: diag.Warning, Span: last.At.Span, Included: last.At.Included,
			Message: "/filter of /auth_checker allows every URL: AEM is asked for each file that the cache holds",
			Why:     "scripts, style sheets and images are asked for far more often than pages, and mostly hold nothing that is secret",
			Hint:    "deny everything first, and allow the pages that need a login",
		})
	case first.Allow || !first.Glob.Always():
		ps.Report(diag.Diagnostic{
			Severity: diag.Info, Span: textedit.Head(at.Span), Included: at.Included,
			Message: "/filter of /auth_checker does not deny everything first",
			Why:     "what the module does with a URL that no rule matches is not published",
			Hint:    `start it with /0000 { /type "deny" /glob "*" }`,
		})
	}
}

// regexHabit returns the first thing in a glob that has a meaning in regular expressions only.
func regexHabit(p *model.Pattern) (first match.Note, ok bool) {
	if p.Kind() != match.KindGlob {
		return first, false
	}
	for _, n := range p.Notes() {
		if (n.Code == match.NoteRegexHabit || n.Code == match.NoteBackslash) && (!ok || n.Offset < first.Offset) {
			first, ok = n, true
		}
	}
	return first, ok
}

var authCheckerEndpointPublic = lint.Rule{
	ID: "DSP506", Name: "auth-checker-endpoint-public", Severity: diag.Warning, Asks: true, Farm: checkCheckerPublic,
	Doc: lint.Doc{
		Title: "who asks for permissions may be anybody",
		Why: "The module asks the URL of /auth_checker whether a visitor may see a page, and its own requests do not pass /filter. Let through, the " +
			"URL tells everybody which pages exist behind the login, and each request costs AEM a look at permissions.",
		Bad: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/content/*" }
	/0101 { /type "allow" /method '(GET|HEAD)' /url "/bin/permissioncheck*" }
}
/cache { /allowAuthorized "1" }
/auth_checker {
	/url "/bin/permissioncheck"
	/filter {
		/0000 { /type "deny"  /glob "*" }
		/0001 { /type "allow" /glob "/content/secure/*.html" }
	}
}
`,
		Good: `/filter {
	/0001 { /type "deny"  /url "*" }
	/0100 { /type "allow" /method '(GET|HEAD)' /url "/content/*" }
}
/cache { /allowAuthorized "1" }
/auth_checker {
	/url "/bin/permissioncheck"
	/filter {
		/0000 { /type "deny"  /glob "*" }
		/0001 { /type "allow" /glob "/content/secure/*.html" }
	}
}
`,
		Note:    "Asked about is GET and HEAD, with and without the parameter uri that the module sends.",
		Since:   since,
		Sources: []string{permissions, "AdobeDocs/experience-manager-dispatcher.en, release-notes.md (DISP-742: what the filter denies does not reach the checker)"},
	},
}

func checkCheckerPublic(ps *lint.Pass, f *model.Farm) {
	if f.AuthChecker == nil {
		return
	}
	u := &f.AuthChecker.URL
	if !strings.HasPrefix(u.Value, "/") || !known(u.Value) || strings.ContainsAny(u.Value, "?# ") {
		return
	}
	a := askAbout(ps, f)
	if a == nil {
		return
	}
	for _, method := range []string{"GET", "HEAD"} {
		for _, url := range []string{u.Value + "?uri=/content/x.html", u.Value} {
			r := a.lets(method, url)
			if r == nil {
				continue
			}
			ps.Report(diag.Diagnostic{
				Span: r.At.Span, Included: r.At.Included,
				Message: fmt.Sprintf("filter %s lets everybody ask %s %s, where permissions are checked", lastmatch.Name(r), method, shown(url)),
				Hint:    "deny the URL: the module's own requests do not pass the filter",
				Related: []diag.Related{{Span: u.At.Span, Message: "the URL of the checker"}},
			})
			return
		}
	}
}
