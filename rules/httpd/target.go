package httpd

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/internal/automata"
	"github.com/dispcheck/dispcheck/internal/match"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
)

var hostReflection = lint.Rule{
	ID: "DSP577", Name: "host-reflection", Severity: diag.Warning, Server: checkHostReflection,
	Doc: lint.Doc{
		Title: "redirect goes to the host that the client names",
		Why: "The virtual host answers to every name, and the redirect leads to the name in the request's own header. A cache in front that does not tell requests apart by it keeps the " +
			"redirect to the site of somebody else, and sends visitors there.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	ServerAlias *
	DocumentRoot "${PUBLISH_DOCROOT}"
	RewriteEngine On
	RewriteRule "^" "https://%{HTTP_HOST}%{REQUEST_URI}" [R=301,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	ServerAlias *
	DocumentRoot "${PUBLISH_DOCROOT}"
	RewriteEngine On
	RewriteRule "^" "https://www.site.example%{REQUEST_URI}" [R=301,L]
</VirtualHost>
`,
		Note:    "In AEM as a Cloud Service the CDN lets known names through only, and the finding is an info. X-Forwarded-Host is told for each virtual host, as no name of it is checked.",
		Since:   since,
		Sources: []string{docsRewrite, "yandex/gixy, host_spoofing"},
	},
}

var openRedirect = lint.Rule{
	ID: "DSP578", Name: "open-redirect", Severity: diag.Error, Server: checkOpenRedirect, Fixable: true,
	Doc: lint.Doc{
		Title: "address says to which host visitors are sent",
		Why: "Between the scheme and the first slash, the target of a redirect is a host. Where a part of the requested address ends up there, a link to your site leads its visitors to any site that " +
			"the link's author likes.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName old.site.example
	Redirect 301 / https://www.site.example
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName old.site.example
	Redirect 301 / https://www.site.example/
</VirtualHost>
`,
		Note:    "Of a rule with a pattern, the finding names an address, and the host that it is sent to.",
		Since:   since,
		Sources: []string{docsAlias, docsRewrite, "OWASP, Unvalidated Redirects and Forwards Cheat Sheet"},
	},
}

var proxySSRF = lint.Rule{
	ID: "DSP579", Name: "proxy-ssrf", Severity: diag.Error, Server: checkProxySSRF,
	Doc: lint.Doc{
		Title: "address says which host httpd asks",
		Why: "Where a part of the request ends up in the host that a proxy rule asks, everybody can have httpd ask machines that only it can reach: author instances, consoles, the metadata service of the " +
			"cloud.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	RewriteEngine On
	RewriteRule "^/p/([^/]+)/(.*)$" "http://$1/$2" [P]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	RewriteEngine On
	RewriteRule "^/p/(.*)$" "http://search.site.example/$1" [P]
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docsProxy, docsRewrite, "OWASP, Server Side Request Forgery Prevention Cheat Sheet"},
	},
}

var namedHost = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^https?://[^/?#%]*%\{(HTTP_HOST|HTTP:Host|HTTP:X-Forwarded-Host)\}`)
})

func checkHostReflection(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		eachRule(c, h, func(r *server.RewriteRule) {
			if !strings.Contains(r.Substitution, "://") || !strings.Contains(r.Substitution, "%{") {
				return
			}
			m := namedHost().FindStringSubmatch(r.Substitution)
			if m == nil || r.Flags.Proxy || !c.owns(r.At) {
				return
			}
			if strings.Contains(strings.ToLower(m[1]), "forwarded") {
				if holdsName(r, "%{"+m[1]+"}") {
					return
				}
			} else if !anyName(h) || holdsName(r, "%{HTTP_HOST}", "%{HTTP:Host}", "%{SERVER_NAME}") {
				return
			}
			severity := diag.Warning
			if p.Subject.Profile == "cloud" {
				severity = diag.Info
			}
			tell(p, r.SubstitutionAt, r.Included, fmt.Sprintf("redirect leads to %%{%s}, whatever name the client sends", m[1]), "write the name of the site, or check it in a condition", as(severity))
		})
	}
}

// holdsName reports whether a rule has a condition on one of some test strings.
func holdsName(r *server.RewriteRule, tests ...string) bool {
	for _, x := range r.Conditions {
		if in(x.Test, tests...) && !x.Negated {
			return true
		}
	}
	return false
}

// A slot is a place in the host of a target that is filled from a request.
type slot struct {
	sign         byte // $ or % of a back-reference; { of a variable
	n            int
	variable     string
	front, rest  string // of the host around it
	start, limit int    // where it stands in the target
}

// slotOf finds the first place of a target's host that is filled from a request. The name that the client came by is taken for
// a part of the host where named says so.
func slotOf(target string, named bool) (slot, bool) {
	_, after, ok := strings.Cut(target, "://")
	if !ok || strings.ContainsAny(target[:len(target)-len(after)], "$%") {
		return slot{}, false
	}
	base := len(target) - len(after)
	for i := 0; i < len(after); i++ {
		switch b := after[i]; b {
		case '/', '?', '#':
			return slot{}, false
		case '\\':
			i++
		case '$', '%':
			if i+1 == len(after) {
				return slot{}, false
			}
			s := slot{sign: b, front: after[:i], start: base + i}
			switch x := after[i+1]; {
			case '0' <= x && x <= '9':
				s.n, s.limit = int(x-'0'), base+i+2
			case b == '%' && x == '{':
				end := strings.IndexByte(after[i:], '}')
				if end < 0 {
					return slot{}, false
				}
				s.sign, s.variable, s.limit = '{', after[i+2:i+end], base+i+end+1
				if named && in(s.variable, "HTTP_HOST", "SERVER_NAME", "HTTP:Host", "HTTP:X-Forwarded-Host") {
					i += end
					continue
				}
			default:
				return slot{}, false // a map, whose values are fixed
			}
			s.rest = target[s.limit:]
			if j := strings.IndexAny(s.rest, "/?#"); j >= 0 {
				s.rest = s.rest[:j]
			}
			return s, true
		}
	}
	return slot{}, false
}

// evil is what would have to stand in a slot so that a client is led away.
func (s *slot) evil() string {
	e := "evil.test"
	if s.front != "" && !strings.HasSuffix(s.front, "@") {
		e = ".evil.test"
		if strings.HasSuffix(s.front, ".") {
			e = "evil.test"
		}
	}
	if s.rest != "" {
		e += "/x"
	}
	return e
}

// host is the host that a client is led to where evil stands in the slot.
func (s *slot) host() string {
	return s.front[strings.LastIndexByte(s.front, '@')+1:] + strings.TrimSuffix(s.evil(), "/x")
}

// steered looks for a text in which a pattern finds a match whose group n is evil. path says that texts start with a slash.
func steered(pt *server.Pattern, n int, evil string, path bool) (string, bool) {
	if pt == nil || pt.PCRE == nil || pt.Negated || n > pt.PCRE.NumCaptures() {
		return "", false
	}
	text := pt.Text
	if n > 0 {
		from, to, ok := group(text, n)
		if !ok {
			return "", false
		}
		text = text[:from] + "(?:" + regexp.QuoteMeta(evil) + ")" + text[to:]
	} else {
		return "", false
	}
	re, err := match.CompilePCRE(text, match.PCREOptions{IgnoreCase: pt.NoCase})
	if err != nil {
		return "", false
	}
	q, ok := re.Pattern()
	if !ok {
		return "", false
	}
	l, err := automata.Limit(2000).Language(q)
	if err != nil {
		return "", false
	}
	w, ok := l.Witness()
	if !ok {
		return "", false
	}
	for _, s := range []string{w, "/" + w} {
		if path && (!strings.HasPrefix(s, "/") || strings.Contains(s, "//")) || strings.ContainsAny(s, "\n\x00") {
			continue // httpd makes one slash of two
		}
		if ok, g, err := pt.PCRE.Match(s, nil); err == nil && ok && 2*n+1 < len(g) && g[2*n] >= 0 && s[g[2*n]:g[2*n+1]] == evil {
			return s, true
		}
	}
	return "", false
}

// group finds the brackets of the group with a number.
func group(text string, n int) (from, to int, ok bool) {
	type open struct{ at, number int }
	var stack []open
	count := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i+1 < len(text) && text[i+1] == 'Q' {
				return 0, 0, false
			}
			i++
		case '[':
			for i++; i < len(text) && (text[i] != ']' || text[i-1] == '[' || text[i-1] == '^' && text[i-2] == '['); i++ {
				if text[i] == '\\' {
					i++
				} else if text[i] == '[' && i+1 < len(text) && text[i+1] == ':' {
					if end := strings.Index(text[i:], ":]"); end > 0 {
						i += end + 1
					}
				}
			}
		case '(':
			o := open{at: i}
			rest := text[i+1:]
			if !strings.HasPrefix(rest, "?") && !strings.HasPrefix(rest, "*") || strings.HasPrefix(rest, "?P<") ||
				strings.HasPrefix(rest, "?<") && !strings.HasPrefix(rest, "?<=") && !strings.HasPrefix(rest, "?<!") || strings.HasPrefix(rest, "?'") {
				count++
				o.number = count
			}
			stack = append(stack, o)
		case ')':
			if len(stack) == 0 {
				return 0, 0, false
			}
			o := stack[len(stack)-1]
			if stack = stack[:len(stack)-1]; o.number == n {
				return o.at, i + 1, true
			}
		}
	}
	return 0, 0, false
}

// leads finds a request that a rule sends to a host of the client's choice, and says which.
func leads(r *server.RewriteRule) (what, host string, ok bool) {
	s, ok := slotOf(r.Substitution, true)
	if !ok {
		return "", "", false
	}
	switch host = s.host(); s.sign {
	case '$':
		if w, ok := steered(r.Pattern, s.n, s.evil(), true); ok && allows(r, w) {
			return "address " + quoted(w), host, true
		}
	case '%':
		var last *server.RewriteCond
		for _, x := range r.Conditions {
			if x.Kind == server.CondPattern && !x.Negated {
				if x.Or {
					return "", "", false
				}
				last = x
			}
		}
		if last == nil {
			return "", "", false
		}
		switch {
		case in(last.Test, "%{QUERY_STRING}"):
			if w, ok := steered(last.Pattern, s.n, s.evil(), false); ok {
				return "query " + quoted(w), host, true
			}
		case in(last.Test, "%{REQUEST_URI}"):
			if w, ok := steered(last.Pattern, s.n, s.evil(), true); ok {
				return "address " + quoted(w), host, true
			}
		}
	case '{':
		if in(s.variable, "QUERY_STRING") && s.rest == "" {
			return "query " + quoted(s.evil()), host, true
		}
	}
	return "", "", false
}

func quoted(s string) string { return strconv.Quote(s) }

// allows reports whether the conditions of a rule on the address hold for one.
func allows(r *server.RewriteRule, path string) bool {
	for _, x := range r.Conditions {
		if !in(x.Test, "%{REQUEST_URI}") || x.Or {
			continue
		}
		if x.Kind != server.CondPattern || x.Pattern == nil || x.Pattern.PCRE == nil {
			return false
		}
		if ok, _, err := x.Pattern.PCRE.Match(path, nil); err != nil || ok == x.Negated {
			return false
		}
	}
	return true
}

func checkOpenRedirect(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	seen := map[*server.RewriteRule]bool{}
	for _, h := range c.hosts {
		for _, r := range h.Rewrite.Rules {
			if r.Flags.Proxy || r.NoSubstitution || seen[r] || !c.owns(r.At) {
				continue
			}
			seen[r] = true
			if what, host, ok := leads(r); ok {
				tell(p, r.SubstitutionAt, r.Included, "redirect of "+what+" leads to "+host, "write the host in full, with a slash behind it")
			}
		}
		redirects := h.Redirects
		for _, s := range c.settings[h] {
			if len(s.Within) > 0 {
				redirects = append(redirects[:len(redirects):len(redirects)], s.Redirects...)
			}
		}
		for _, r := range redirects {
			if !c.owns(r.At) || r.Status < 300 || r.Status > 399 {
				continue
			}
			if r.Pattern != nil {
				s, ok := slotOf(r.Target, true)
				if !ok || s.sign != '$' {
					continue
				}
				if w, ok := steered(r.Pattern, s.n, s.evil(), true); ok {
					tell(p, r.At, r.Included, "redirect of address "+quoted(w)+" leads to "+s.host(), "write the host in full, with a slash behind it")
				}
				continue
			}
			scheme, host, ok := strings.Cut(r.Target, "://")
			if !ok || !in(scheme, "http", "https") || host == "" || strings.ContainsAny(host, "/?#%$") || !strings.HasSuffix(r.Path, "/") || r.InSection {
				continue
			}
			at, text := c.word(r.At, func(w string) bool { return w == r.Target })
			tell(p, at, r.Included, fmt.Sprintf("redirect of address %q leads to %s.evil.test", r.Path+".evil.test", host), "put a slash behind the host",
				replacing("write the slash", at, text, text+"/"))
		}
	}
}

func checkProxySSRF(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		eachRule(c, h, func(r *server.RewriteRule) {
			if !r.Flags.Proxy || !c.owns(r.At) {
				return
			}
			if s, ok := slotOf(r.Substitution, false); ok && s.sign == '{' && s.rest == "" && !holdsName(r, "%{"+s.variable+"}") &&
				(in(s.variable, "HTTP_HOST") || strings.HasPrefix(strings.ToUpper(s.variable), "HTTP:")) {
				tell(p, r.SubstitutionAt, r.Included, fmt.Sprintf("proxy asks the host that %%{%s} names", s.variable), "write the host in full")
				return
			}
			if what, host, ok := leads(r); ok {
				tell(p, r.SubstitutionAt, r.Included, "proxy asks "+host+" for "+what, "write the host in full, with a slash behind it")
			}
		})
		for _, x := range h.Proxies {
			c.proxied(p, x, x.Pattern)
		}
		for _, s := range c.settings[h] {
			if s.Proxy != nil && len(s.Within) > 0 {
				c.proxied(p, s.Proxy, s.Within[len(s.Within)-1].Pattern)
			}
		}
	}
}

// proxied looks at a ProxyPassMatch.
func (c *scene) proxied(p *lint.Pass, x *server.ProxyPass, pt *server.Pattern) {
	s, ok := slotOf(x.Target, false)
	if !ok || s.sign != '$' || !c.owns(x.At) {
		return
	}
	if w, ok := steered(pt, s.n, s.evil(), true); ok {
		tell(p, x.At, x.Included, "proxy asks "+s.host()+" for address "+quoted(w), "write the host in full, with a slash behind it")
	}
}
