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

var loop = lint.Rule{
	ID: "DSP653", Name: "rewrite-loop", Severity: diag.Error, Server: checkLoops,
	Doc: lint.Doc{
		Title: "redirects that never end",
		Why: "A redirect leads to an address that the rules redirect again, and so on: the browser gives up after some tries and shows an error, " +
			"and no page can be reached there.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteRule ^/(.*)$ /en/$1 [R=302,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteCond %{REQUEST_URI} !^/en(/|$)
	RewriteRule ^/(.*)$ /en/$1 [R=302,L]
</VirtualHost>
`,
		Note: "Found by asking for paths that the patterns match, and following where they lead. Rules with conditions on cookies, headers or " +
			"files are left out: what a browser sends along is not known. Conditions on https are rule DSP673.",
		Since:   since,
		Sources: []string{docModule, "adobe/skills, AEM as a Cloud Service Dispatcher, redirects"},
	},
}

var chain = lint.Rule{
	ID: "DSP654", Name: "redirect-chain", Severity: diag.Warning, Fixable: true, Server: checkChains,
	Doc: lint.Doc{
		Title: "redirect to what is redirected again",
		Why:   "The client has to ask three times to see a page. That is slow, above all on phones, and search engines give up on longer chains.",
		File:  "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteRule ^/a$ /b [R=301,L]
	RewriteRule ^/b$ /c [R=301,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteRule ^/a$ /c [R=301,L]
	RewriteRule ^/b$ /c [R=301,L]
</VirtualHost>
`,
		Note:    "A redirect that changes scheme or host alone does not count. There is a fix where path and target are plain texts.",
		Since:   since,
		Sources: []string{"adobe/skills, AEM as a Cloud Service Dispatcher, redirects"},
	},
}

var schemeLoop = lint.Rule{
	ID: "DSP673", Name: "https-redirect-loop", Severity: diag.Error, Fixable: true, Server: checkSchemeLoops,
	Doc: lint.Doc{
		Title: "redirect to https by a sign that httpd never sees",
		Why: "TLS ends in front of httpd, at the CDN or the load balancer: for httpd each request comes by http, %{HTTPS} is off and the port is " +
			"the same, so a redirect to https by these conditions is made of requests by https, too, and never ends. The header " +
			"X-Forwarded-Proto says how the client came.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteCond %{HTTPS} off
	RewriteRule ^/(.*)$ https://%{HTTP_HOST}/$1 [R=301,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteCond %{HTTP:X-Forwarded-Proto} !https
	RewriteRule ^/(.*)$ https://%{HTTP_HOST}/$1 [R=301,L]
</VirtualHost>
`,
		Note: "Told on the Cloud Service and under Managed Services, and elsewhere where another line looks at X-Forwarded-Proto. Virtual hosts for " +
			"port 443 alone are left out.",
		Since:   since,
		Sources: []string{docModule, "AdobeDocs/experience-manager-cloud-service.en, dispatcher, content delivery"},
	},
}

// A journey is what came of following redirects from one path.
type journey struct {
	hops []hop
	end  bool
}

type journeysKey struct{}

// maxJourneys bounds how many paths are followed in one configuration.
const maxJourneys = 4_000

// journeys follows the redirects of every rule of the project, and of every Redirect, once.
func journeys(p *lint.Pass, w *site) []journey {
	return lint.Memo(p, journeysKey{}, func() []journey {
		var list []journey
		for _, h := range w.server.Hosts {
			if _, ok := vhosts.Called(h); !ok {
				continue
			}
			scheme := false
			var targets []string
			for _, r := range h.Rewrite.Rules {
				if !w.owns(r.At) || !redirects(r) {
					continue
				}
				scheme = scheme || ofScheme(r.Conditions)
				targets = append(targets, witnesses(p, r.Pattern)...)
			}
			for _, r := range h.Redirects {
				switch {
				case !w.owns(r.At) || r.Status < 300 || r.Status > 399:
				case r.Pattern != nil:
					targets = append(targets, witnesses(p, r.Pattern)...)
				case strings.HasPrefix(r.Path, "/") && plainPath(r.Path):
					targets = append(targets, r.Path)
				}
			}
			seen := map[string]bool{}
			for _, t := range targets {
				if seen[t] {
					continue
				}
				seen[t] = true
				for _, secure := range []bool{true, false} {
					if !secure && !scheme || len(list) >= maxJourneys || p.Context().Err() != nil {
						continue
					}
					if hops, end := w.follow(h, t, secure); len(hops) > 0 {
						list = append(list, journey{hops, end})
					}
				}
			}
		}
		return list
	})
}

// decided is where a redirect was decided: the rule, or the Redirect.
func (h *hop) decided() (at source.Span, in server.Place, rule *server.RewriteRule) {
	if r := last(h.answer); r != nil && r.At == h.answer.By.At {
		return r.At, r.Place, r
	}
	return h.answer.By.At, h.answer.By, nil
}

// certain reports whether all that decided a hop is said by the question.
func (h *hop) certain() bool {
	for _, r := range h.answer.Applied {
		if !asked(r) {
			return false
		}
	}
	return true
}

func checkLoops(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	told := map[source.Span]bool{}
	for _, j := range journeys(p, w) {
		if j.end {
			continue
		}
		certain, known := true, false
		var names []string
		for i := range j.hops {
			h := &j.hops[i]
			certain = certain && h.certain()
			at, _, _ := h.decided()
			known = known || told[at]
			if len(names) < 3 {
				names = append(names, text(h.target))
			}
		}
		end := &j.hops[len(j.hops)-1]
		at, in, rule := end.decided()
		if !certain || known || !w.owns(at) || w.schemeOnly(&j) {
			continue
		}
		for i := range j.hops {
			at, _, _ := j.hops[i].decided()
			told[at] = true
		}
		d := diag.Diagnostic{Hint: "add a condition that leaves out the paths that the rule makes"}
		switch {
		case len(j.hops) == maxHops:
			d.Message = fmt.Sprintf("%s is redirected again and again: %s", names[0], strings.Join(append(names[1:], "…"), ", "))
		case end.to.target == end.target && end.to.host == end.host:
			d.Message = fmt.Sprintf("%s is redirected to itself", text(end.target))
		default:
			d.Message = fmt.Sprintf("%s is redirected in a circle: %s", names[0], strings.Join(append(names[1:], text(end.to.target)), ", "))
		}
		for i := range j.hops[:len(j.hops)-1] {
			if other, _, _ := j.hops[i].decided(); other != at && len(d.Related) < 3 {
				d.Related = append(d.Related, diag.Related{Span: other, Message: "takes part"})
			}
		}
		if rule != nil {
			at = rule.Pattern.At
		}
		w.tell(p, at, in, d)
	}
}

// schemeOnly reports whether a circle is one of schemes: each hop asks for the same path by another scheme, or for the same
// at all. httpd's own redirects say http where TLS ends in front of it, which the client is brought back from.
func (w *site) schemeOnly(j *journey) bool {
	for i := range j.hops {
		h := &j.hops[i]
		for _, r := range h.answer.Applied {
			if ofScheme(r.Conditions) && h.to.target == h.target {
				return true
			}
		}
	}
	return false
}

func checkChains(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	told := map[source.Span]bool{}
	for _, j := range journeys(p, w) {
		if !j.end {
			continue
		}
		var moves []*hop
		for i := range j.hops {
			h := &j.hops[i]
			if h.target != h.to.target && h.certain() {
				moves = append(moves, h)
			}
		}
		if len(moves) < 2 {
			continue
		}
		at, in, rule := moves[0].decided()
		second, _, _ := moves[1].decided()
		if told[at] || !w.owns(at) || at == second {
			continue
		}
		told[at] = true
		names := []string{text(moves[0].to.target)}
		for _, m := range moves[1:] {
			names = append(names, text(m.to.target))
		}
		d := diag.Diagnostic{
			Message: fmt.Sprintf("%s is redirected %s: to %s", text(moves[0].target), times(len(moves)), strings.Join(names, ", then to ")),
			Hint:    "redirect to the last address at once",
			Related: []diag.Related{{Span: second, Message: "the next redirect"}},
		}
		if rule != nil {
			at = rule.Pattern.At
			d.Fixes = straight(rule, &j)
		}
		w.tell(p, at, in, d)
	}
}

func times(n int) string {
	if n == 2 {
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// straight is a fix that lets a rule for one path lead to the end of a chain.
func straight(r *server.RewriteRule, j *journey) []diag.Fix {
	if _, ok := literal(r.Pattern); !ok || !plain(r.Substitution) || r.SubstitutionAt.IsZero() {
		return nil
	}
	end := j.hops[len(j.hops)-1]
	if !end.to.known || end.to.host != j.hops[0].host || strings.ContainsAny(end.to.target, "$%?\\ ") {
		return nil
	}
	base, ok := literalIn(r.SubstitutionAt, r.Substitution)
	if !ok {
		return nil
	}
	to := end.to.target
	if absolute(r.Substitution) {
		scheme, rest, _ := strings.Cut(r.Substitution, "://")
		host, _, _ := strings.Cut(rest, "/")
		to = scheme + "://" + host + to
	}
	at := source.Span{File: r.SubstitutionAt.File, Start: base, End: base + int32(len(r.Substitution))}
	return []diag.Fix{{Title: "redirect to " + to, Edits: []diag.Edit{{Span: at, New: to}}}}
}

func checkSchemeLoops(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	if p.Subject.Profile == "classic" && !w.looksAtProto() {
		return
	}
	told := map[source.Span]bool{}
	for _, j := range journeys(p, w) {
		for i := range j.hops {
			h := &j.hops[i]
			if !h.secure || !h.to.secure || h.to.host != h.host || h.to.target != h.target || onlySecure(h.answer.Host) {
				continue
			}
			_, _, r := h.decided()
			if r == nil || told[r.At] || !w.owns(r.At) {
				continue
			}
			for _, c := range r.Conditions {
				if !ofConnection(c) || !w.owns(c.At) {
					continue
				}
				told[r.At] = true
				w.tell(p, c.TestAt, c.Place, diag.Diagnostic{
					Message: fmt.Sprintf("%s never says that a client came by https: the redirect goes in a circle", text(c.Test)),
					Hint:    "look at %{HTTP:X-Forwarded-Proto}", Fixes: byHeader(c), Related: []diag.Related{{Span: r.At, Message: "the redirect"}},
				})
				break
			}
		}
	}
}

// ofConnection reports whether a condition looks at the scheme or the port of the connection to httpd.
func ofConnection(c *server.RewriteCond) bool {
	refs := references(c.Test)
	return len(refs) == 1 && refs[0].kind == variable && listed(" HTTPS SERVER_PORT REQUEST_SCHEME SSL:HTTPS ENV:HTTPS ", strings.ToUpper(refs[0].name))
}

// byHeader is a fix that makes a condition look at the header. What it compares with has to be plain.
func byHeader(c *server.RewriteCond) []diag.Fix {
	if c.PatternAt.IsZero() || c.TestAt.IsZero() || c.TestAt.File != c.PatternAt.File || c.TestAt.End > c.PatternAt.Start {
		return nil
	}
	switch strings.ToLower(strings.Trim(c.PatternAt.Text(), `"'^$`)) {
	case "off", "!on", "!=on", "=off", "80", "!443", "!=443", "=80", "http", "=http", "!https", "!=https", "!^on$", "!^443$":
	default:
		return nil
	}
	at := c.TestAt
	at.End = c.PatternAt.End
	return []diag.Fix{{Title: "look at X-Forwarded-Proto", Edits: []diag.Edit{{Span: at, New: "%{HTTP:X-Forwarded-Proto} !https"}}}}
}

// onlySecure reports whether a virtual host is for port 443 alone: TLS ends there.
func onlySecure(h *server.Host) bool {
	for _, a := range h.Addresses {
		if a.Port != 443 {
			return false
		}
	}
	return len(h.Addresses) > 0
}

// looksAtProto reports whether a line of the project reads X-Forwarded-Proto, which something in front then sends.
func (w *site) looksAtProto() bool {
	for _, f := range w.pass.Subject.ServerFiles {
		if strings.Contains(strings.ToLower(string(f.Src.Text)), "x-forwarded-proto") {
			return true
		}
	}
	return false
}
