package rewrite

import (
	"fmt"
	"strings"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
	"github.com/dispcheck/dispcheck/rules/vhosts"
	"github.com/dispcheck/dispcheck/source"
)

var missingPT = lint.Rule{
	ID: "DSP651", Name: "rewrite-missing-pt", Severity: diag.Warning, Fixable: true, Server: eachRule(checkMissingPT),
	Doc: lint.Doc{
		Title: "path that the Dispatcher never sees",
		Why: "A rule of a virtual host makes a file name of its target unless flag PT says that it is a path. The Dispatcher takes the path, " +
			"and that is the old one then: filter, cache and instance see the request as if no rule had applied.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/home$ /content/site/home.html [L]` + "\n",
		Good:    `RewriteRule ^/home$ /content/site/home.html [PT,L]` + "\n",
		Note:    "Nothing is told where DispatcherUseProcessedURL is off: the Dispatcher sees the old path with PT as well.",
		Since:   since,
		Sources: []string{"AdobeDocs/experience-manager-dispatcher.en, dispatcher-install.md", docFlags},
	},
}

func checkMissingPT(p *lint.Pass, w *site, sc *scope, i int, r *server.RewriteRule) {
	f := &r.Flags
	if sc.section != nil || !internal(r) || f.PassThrough || f.Forbidden || f.Gone || f.Chain || f.Next || f.Handler != nil ||
		!strings.HasPrefix(r.Substitution, "/") || !vhosts.Dispatches(sc.host) || !processedURL(p, sc.host) {
		return
	}
	for _, c := range r.Conditions {
		if c.Kind >= server.CondFile && c.Kind <= server.CondExecutable && !c.Negated {
			return
		}
	}
	if !f.Last && !f.End {
		// Another rule may hand the path on.
		for _, later := range sc.rules[i+1:] {
			if later.Flags.PassThrough || redirects(later) || later.Flags.Proxy {
				return
			}
		}
	}
	for _, u := range witnesses(p, r.Pattern) {
		a, ok := w.ask(sc.host, u, true)
		if ok && applied(a, r) && (a.HandledBy != server.DispatcherHandler || a.URI != u) {
			return
		}
	}
	w.tell(p, r.SubstitutionAt, r.Place, diag.Diagnostic{
		Message: fmt.Sprintf("path %s is not handed to the Dispatcher: the rule has no flag PT", text(r.Substitution)), Hint: "add flag PT", Fixes: withFlag(r, "PT"),
	})
}

// processedURL reports whether the Dispatcher of a host takes the path that rules have made, or nobody says.
func processedURL(p *lint.Pass, h *server.Host) bool {
	state := ""
	look := func(s *server.Settings) {
		if s == nil {
			return
		}
		for _, d := range s.Dispatcher {
			if strings.EqualFold(d.Name, "DispatcherUseProcessedURL") {
				state = strings.ToLower(d.Args)
			}
		}
	}
	for _, d := range h.Dispatcher {
		if strings.EqualFold(d.Name, "DispatcherUseProcessedURL") {
			state = strings.ToLower(d.Args)
		}
	}
	look(h.Base)
	for _, s := range h.Directories {
		look(s.Settings)
	}
	if state == "" {
		return p.Subject.Profile != "classic"
	}
	return state != "off" && state != "0"
}

var queryDropped = lint.Rule{
	ID: "DSP664", Name: "rewrite-query-dropped", Severity: diag.Info, Fixable: true, Server: eachRule(checkQueryDropped),
	Doc: lint.Doc{
		Title: "query of the request is lost",
		Why: "A target with a query of its own takes the place of the one that the request had: parameters of campaigns and forms are gone, " +
			"unless QSA keeps them.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/old$ /new?from=old [R=301,L]` + "\n",
		Good:    `RewriteRule ^/old$ /new?from=old [R=301,L,QSA]` + "\n",
		Note:    "QSD, or a question mark at the end of the target, says that the query is to go.",
		Since:   since,
		Sources: []string{docFlags},
	},
}

func checkQueryDropped(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	f := &r.Flags
	_, query, ok := strings.Cut(r.Substitution, "?")
	if r.NoSubstitution || !ok || query == "" || f.QueryAppend || f.QueryDiscard || f.Forbidden || f.Gone {
		return
	}
	for _, ref := range references(r.Substitution) {
		if ref.kind == variable && strings.EqualFold(ref.name, "QUERY_STRING") || ref.kind == condGroup || ref.kind == mapLookup {
			return
		}
	}
	for _, c := range r.Conditions {
		if strings.Contains(strings.ToUpper(c.Test), "QUERY_STRING") || strings.Contains(strings.ToUpper(c.Test), "THE_REQUEST") {
			return
		}
	}
	at := r.SubstitutionAt
	if base, ok := literalIn(at, r.Substitution); ok {
		i := strings.IndexByte(r.Substitution, '?')
		at = source.Span{File: at.File, Start: base + int32(i), End: base + int32(len(r.Substitution))}
	}
	w.tell(p, at, r.Place, diag.Diagnostic{
		Message: "query ?" + text(query) + " takes the place of the request's", Hint: "add flag QSA to keep it, or QSD to say that it goes", Fixes: withFlag(r, "QSA"),
	})
}

var needsNE = lint.Rule{
	ID: "DSP665", Name: "rewrite-needs-ne", Severity: diag.Warning, Fixable: true, Server: eachRule(checkNeedsNE),
	Doc: lint.Doc{
		Title: "sign of a redirect that is escaped",
		Why: "httpd escapes the address of a redirect once more: # becomes %23 and % becomes %25, so that the client asks for a page with that " +
			"name and not for the anchor, or the character, that was meant. NE leaves the address as it is.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/team$ /about.html#team [R=301,L]` + "\n",
		Good:    `RewriteRule ^/team$ /about.html#team [R=301,L,NE]` + "\n",
		Since:   since,
		Sources: []string{docFlags},
	},
}

func checkNeedsNE(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	if !redirects(r) || r.Flags.NoEscape {
		return
	}
	refs := references(r.Substitution)
	taken := func(i int) bool {
		for _, ref := range refs {
			if i >= ref.start && i < ref.end {
				return true
			}
		}
		return false
	}
	s := r.Substitution
	for i := 0; i < len(s); i++ {
		encoded := s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		if s[i] != '#' && !encoded || taken(i) {
			continue
		}
		sign := s[i : i+1]
		if encoded {
			sign = s[i : i+3]
		}
		at := r.SubstitutionAt
		if base, ok := literalIn(at, s); ok {
			at = source.Span{File: at.File, Start: base + int32(i), End: base + int32(i+len(sign))}
		}
		into := "%23"
		if encoded {
			into = "%25" + sign[1:]
		}
		w.tell(p, at, r.Place, diag.Diagnostic{
			Message: fmt.Sprintf("%s of the redirect becomes %s: the rule has no flag NE", sign, into), Hint: "add flag NE", Fixes: withFlag(r, "NE"),
		})
		return
	}
}

var needsB = lint.Rule{
	ID: "DSP666", Name: "rewrite-needs-b", Severity: diag.Warning, Fixable: true, Server: eachRule(checkNeedsB),
	Doc: lint.Doc{
		Title: "part of the path in a query, not escaped",
		Why: "The path that a pattern sees is decoded. Put into a query as it is, a blank makes httpd answer 403 (AH10411, since 2.4.60), and an " +
			"& starts another parameter, which the client can choose. Flag B escapes what groups hold.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/search/(.*)$ /content/site/search.html?q=$1 [PT,L,QSA]` + "\n",
		Good:    `RewriteRule ^/search/(.*)$ /content/site/search.html?q=$1 [PT,L,QSA,B]` + "\n",
		Note:    "Groups that can hold neither a blank nor an & are left alone. In redirects, where httpd escapes the blank itself, the finding is an info.",
		Since:   since,
		Sources: []string{docFlags, "httpd.apache.org, security vulnerabilities of 2.4, 2.4.60"},
	},
}

func checkNeedsB(p *lint.Pass, w *site, _ *scope, _ int, r *server.RewriteRule) {
	query := strings.IndexByte(r.Substitution, '?')
	if r.NoSubstitution || query < 0 || r.Flags.Escape || r.Flags.Forbidden || r.Flags.Gone || r.Pattern.PCRE == nil || r.Pattern.Negated {
		return
	}
	for _, ref := range references(r.Substitution) {
		if ref.kind != ruleGroup || ref.start < query || ref.n > r.Pattern.PCRE.NumCaptures() {
			continue
		}
		l, ok := languageOf(p, r.Pattern)
		if ref.n > 0 {
			l, ok = groupLanguage(r.Pattern, ref.n)
		}
		if !ok {
			continue
		}
		harmless, err := limit.Includes(without(" &"), l)
		if err != nil || harmless {
			continue
		}
		blank, err := limit.Includes(without(" "), l)
		what := "a blank, which httpd answers with 403"
		if err == nil && blank {
			what = "an &, which starts another parameter"
		}
		severity := diag.Warning
		if redirects(r) {
			severity, what = diag.Info, "an &, which starts another parameter"
		}
		at := r.SubstitutionAt
		if base, ok := literalIn(at, r.Substitution); ok {
			at = source.Span{File: at.File, Start: base + int32(ref.start), End: base + int32(ref.end)}
		}
		w.tell(p, at, r.Place, diag.Diagnostic{
			Severity: severity, Message: fmt.Sprintf("$%d in the query may hold %s", ref.n, what), Hint: "add flag B, or let the group take less", Fixes: withFlag(r, "B"),
		})
		return
	}
}

var downgrade = lint.Rule{
	ID: "DSP672", Name: "rewrite-downgrade", Severity: diag.Warning, Fixable: true, Server: checkDowngrade,
	Doc: lint.Doc{
		Title: "redirect from https to http",
		Why: "The site is served by https, and the redirect sends its visitors to http: the request and its cookies go over the wire for all " +
			"to read, and one more redirect brings them back.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteRule ^/old$ http://www.example.com/new [R=301,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteRule ^/old$ https://www.example.com/new [R=301,L]
</VirtualHost>
`,
		Note: "Told of hosts of the configuration itself: on the Cloud Service all of them are served by https, elsewhere those to which " +
			"another rule sends by https. Of another's host on the Cloud Service it is an info. Hosts without a dot are left alone.",
		Since:   since,
		Sources: []string{"adobe/skills, AEM as a Cloud Service Dispatcher, redirects", "datatracker.ietf.org, RFC 9325"},
	},
}

func checkDowngrade(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	secure := map[string]bool{}
	for _, sc := range w.scopes {
		for _, r := range sc.rules {
			if host, ok := targetHost(r.Substitution, "https"); ok {
				secure[host] = true
			}
		}
	}
	tell := func(h *server.Host, target string, where source.Span, in server.Place) {
		host, ok := targetHost(target, "http")
		if !ok || p.Subject.Profile != "cloud" && !secure[host] || !strings.HasPrefix(host, "%{") && !strings.Contains(host, ".") {
			return
		}
		if !strings.HasPrefix(host, "%{") && !secure[host] && !w.named(host) {
			// Whether somebody else's host answers by https is not known.
			w.tell(p, where, in, diag.Diagnostic{
				Severity: diag.Info, Message: fmt.Sprintf("redirect leads to %s by http", host), Hint: "write https:// where the host answers by it",
			})
			return
		}
		at := where
		var fixes []diag.Fix
		if base, ok := literalIn(where, target); ok {
			at = source.Span{File: at.File, Start: base, End: base + 4}
			fixes = []diag.Fix{{Title: "write https", Edits: []diag.Edit{{Span: at, New: at.Text() + "s"}}}}
		}
		w.tell(p, at, in, diag.Diagnostic{Message: fmt.Sprintf("redirect leads to %s by http", host), Hint: "write https://", Fixes: fixes})
	}
	for _, sc := range w.scopes {
		for _, r := range sc.rules {
			if w.owns(r.At) && redirects(r) && !ofScheme(r.Conditions) {
				tell(sc.host, r.Substitution, r.SubstitutionAt, r.Place)
			}
		}
	}
	for _, h := range s.Hosts {
		for _, r := range h.Redirects {
			if w.owns(r.At) {
				tell(h, r.Target, r.At, r.Place)
			}
		}
	}
}

// targetHost is the host of a URL of a scheme, in lower case and without its port; the host of the request as its variable.
func targetHost(target, scheme string) (string, bool) {
	if len(target) < len(scheme)+3 || !strings.EqualFold(target[:len(scheme)], scheme) || !strings.HasPrefix(target[len(scheme):], "://") {
		return "", false
	}
	host := target[len(scheme)+3:]
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "}") {
		host = host[:i]
	}
	switch up := strings.ToUpper(host); {
	case up == "%{HTTP_HOST}", up == "%{SERVER_NAME}":
		return up, true
	case host == "", strings.ContainsAny(host, "$%{}"), strings.Trim(host, "0123456789.") == "":
		return "", false
	}
	return strings.ToLower(host), true
}

// named reports whether a virtual host of the project answers to a name, by ServerName or an alias without wildcards.
func (w *site) named(host string) bool {
	for _, h := range w.server.Hosts {
		if !w.owns(h.At) {
			continue
		}
		if h.Name.Set && strings.EqualFold(h.Name.Host, host) {
			return true
		}
		for _, n := range h.Names {
			if !n.Wild && strings.EqualFold(n.Pattern, host) {
				return true
			}
		}
	}
	return false
}

// ofScheme reports whether conditions look at the scheme or the port.
func ofScheme(conditions []*server.RewriteCond) bool {
	for _, c := range conditions {
		t := strings.ToUpper(c.Test)
		for _, word := range []string{"HTTPS", "SERVER_PORT", "REQUEST_SCHEME", "X-FORWARDED", "FORWARDED-PROTO", "SSL"} {
			if strings.Contains(t, word) {
				return true
			}
		}
	}
	return false
}

var unsafeSubstitution = lint.Rule{
	ID: "DSP692", Name: "unsafe-substitution", Severity: diag.Warning, Fixable: true, Server: eachRule(checkUnsafe),
	Doc: lint.Doc{
		Title: "target that begins with what the client sent",
		Why: "A target of a virtual host has to begin with a slash. One that begins with a group which cannot hold it makes httpd answer 400. One " +
			"that begins with a variable such as %{DOCUMENT_ROOT} is taken for a path below the document root since httpd 2.4.60, unless flag " +
			"UnsafePrefixStat says otherwise.",
		File:    "site.rules",
		Bad:     `RewriteRule ^/site/(.*)$ $1 [PT,L]` + "\n",
		Good:    `RewriteRule ^/site/(.*)$ /$1 [PT,L]` + "\n",
		Note:    "There is a fix for groups. A group that may hold the slash itself is left alone.",
		Since:   since,
		Sources: []string{docFlags, "httpd.apache.org, security vulnerabilities of 2.4, 2.4.60"},
	},
}

func checkUnsafe(p *lint.Pass, w *site, sc *scope, _ int, r *server.RewriteRule) {
	if sc.section != nil || !internal(r) || r.Flags.Forbidden || r.Flags.Gone || r.Pattern.PCRE == nil || r.Pattern.Negated || strings.Contains(r.Substitution, "://") {
		return
	}
	refs := references(r.Substitution)
	if len(refs) == 0 || refs[0].start != 0 {
		return
	}
	first := refs[0]
	at := r.SubstitutionAt
	base, there := literalIn(at, r.Substitution)
	if there {
		at = source.Span{File: at.File, Start: base, End: base + int32(first.end)}
	}
	switch {
	case first.kind == ruleGroup && first.n > 0 && first.n <= r.Pattern.PCRE.NumCaptures():
		l, ok := groupLanguage(r.Pattern, first.n)
		if !ok {
			return
		}
		// A group of which a part is free may begin with the slash, or even with a scheme.
		if whole, ok := languageOf(p, r.Pattern); !ok || whole.Empty() {
			return
		}
		before, _, _ := strings.Cut(r.Pattern.Text, "(")
		behindSlash := first.n == 1 && strings.HasPrefix(before, "^") && strings.HasSuffix(before, "/") && strings.HasPrefix(r.Substitution, "$1")
		never, err := limit.Disjoint(l, paths(p))
		if err != nil || !never && !behindSlash {
			return
		}
		// With PT, merged slashes leave nothing that begins with one behind a slash.
		d := diag.Diagnostic{Message: fmt.Sprintf("target %s does not begin with a slash: httpd answers 400", text(r.Substitution)), Hint: "write a slash in front"}
		if there {
			start := at
			start.End = start.Start
			d.Fixes = []diag.Fix{{Title: "write /" + r.Substitution[:first.end], Edits: []diag.Edit{{Span: start, New: "/"}}}}
		}
		w.tell(p, at, r.Place, d)
	case first.kind == variable && listed(" DOCUMENT_ROOT CONTEXT_DOCUMENT_ROOT ", strings.ToUpper(first.name)) && !r.Flags.PassThrough && !r.Flags.UnsafePrefixStat:
		w.tell(p, at, r.Place, diag.Diagnostic{
			Message: fmt.Sprintf("target that begins with %%{%s} is taken for a path below the document root since httpd 2.4.60", first.name),
			Hint:    "write the path without it, or add flag UnsafePrefixStat",
		})
	}
}
