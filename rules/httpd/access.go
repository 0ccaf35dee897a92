package httpd

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/dispcheck/dispcheck/diag"
	"github.com/dispcheck/dispcheck/lint"
	"github.com/dispcheck/dispcheck/model/server"
)

var sensitiveFilesNotBlocked = lint.Rule{
	ID: "DSP585", Name: "sensitive-files-not-blocked", Severity: diag.Info, Server: checkSensitiveFiles,
	Doc: lint.Doc{
		Title: "files that editors and tools leave behind are served",
		Why: "httpd serves the files of this document root itself. What a deployment or an editor leaves in it, as .git, .env or a page with .bak behind its name, is served as well, with keys and " +
			"sources in it.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName static.site.example
	DocumentRoot "/var/www/html"
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName static.site.example
	DocumentRoot "/var/www/html"
	RedirectMatch 404 "/\.(git|svn|env)|\.(bak|old|tmp|swp)$|~$"
</VirtualHost>
`,
		Note:    "Where the Dispatcher answers, the document root holds its cache alone, and nothing is said.",
		Since:   since,
		Sources: []string{docsAccess, "OWASP, Web Security Testing Guide, old backup and unreferenced files"},
	},
}

var statusInfoOpen = lint.Rule{
	ID: "DSP587", Name: "status-info-open", Severity: diag.Error, Profiles: ownServers, Server: checkStatusOpen, Fixable: true,
	Doc: lint.Doc{
		Title: "page about the server is open to all",
		Why: "server-status shows the addresses that others ask for, with their queries; server-info the whole configuration; balancer-manager changes it. Without a Require of its own the page is as open " +
			"as the site.",
		File: "site.conf",
		Bad: `<Location "/server-status">
	SetHandler server-status
</Location>
`,
		Good: `<Location "/server-status">
	SetHandler server-status
	Require local
</Location>
`,
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, mod/mod_status.html", "httpd.apache.org/docs/2.4, mod/mod_info.html"},
	},
}

var legacyAccessMix = lint.Rule{
	ID: "DSP588", Name: "legacy-access-mix", Severity: diag.Warning, Server: checkLegacyAccess,
	Doc: lint.Doc{
		Title: "two kinds of access control hold at once",
		Why: "Order, Allow and Deny are of httpd 2.2, and mod_access_compat checks them beside Require: a client must pass both. What one of them grants, the other still refuses, and the outcome " +
			"changes with the modules that are loaded.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	<Location "/intern">
		Order deny,allow
		Deny from all
		Allow from 10.0.0.0/8
		Require all granted
	</Location>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	<Location "/intern">
		Require ip 10.0.0.0/8
	</Location>
</VirtualHost>
`,
		Note:    "Satisfy alone is left alone: the platform's own files have it beside Require.",
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, upgrading.html (access control)", "httpd.apache.org/docs/2.4, mod/mod_access_compat.html"},
	},
}

var authBlocksHealth = lint.Rule{
	ID: "DSP589", Name: "auth-blocks-health", Severity: diag.Error, Profiles: []string{"cloud"}, Server: checkHealth,
	Doc: lint.Doc{
		Title: "access control refuses the platform's own requests",
		Why: "AEM as a Cloud Service asks each virtual host for the state of the machine and sends invalidations to it, without credentials. Where it is refused, instances are taken out of service, deployments " +
			"fail, and pages stay old.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	ServerAlias *
	DocumentRoot "${DOCROOT}"
	<Location "/">
		Require ip 10.0.0.0/8
	</Location>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	ServerAlias *
	DocumentRoot "${DOCROOT}"
	<LocationMatch "^/content/">
		Require ip 10.0.0.0/8
	</LocationMatch>
</VirtualHost>
`,
		Note:    "Asked for are /systemready, /system/probes/live, /system/probes/start and /system/probes/ready, as httpd would answer them.",
		Since:   since,
		Sources: []string{"adobe/aem-guides-wknd, dispatcher_vhost.conf (Satisfy any)", "AdobeDocs/experience-manager-cloud-service.en, implementing/dispatcher/disp-overview.md"},
	},
}

var spoofableIPCheck = lint.Rule{
	ID: "DSP590", Name: "ip-check-on-spoofable-header", Severity: diag.Warning, Server: checkSpoofableIP,
	Doc: lint.Doc{
		Title: "client says itself from which address it comes",
		Why: "X-Forwarded-For is a header that every client can send, and proxies only add to it. A pattern that is found anywhere in it, or a dot without a backslash, lets other addresses pass than those " +
			"that are meant; and with RemoteIPHeader and no list of proxies, each client is whom it says it is.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.site.example
	SetEnvIf X-Forwarded-For 10\.0\.0\.1 OFFICE
	<Location "/intern">
		Require env OFFICE
	</Location>
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.site.example
	SetEnvIf X-Forwarded-For "^10\.0\.0\.1$" OFFICE
	<Location "/intern">
		Require env OFFICE
	</Location>
</VirtualHost>
`,
		Note:    "Only told where access goes by the variable, or by the address of the client.",
		Since:   since,
		Sources: []string{"httpd.apache.org/docs/2.4, mod/mod_remoteip.html", "httpd.apache.org/docs/2.4, mod/mod_setenvif.html"},
	},
}

// leftovers are files that must not be served.
var leftovers = []string{"/.git/config", "/.env", "/index.html.bak"}

func checkSensitiveFiles(p *lint.Pass, s *server.Server) {
	c := sceneOf(p)
	for _, h := range s.Hosts {
		if !c.owns(h.At) || c.dispatches(h) || p.Subject.Front == nil {
			continue
		}
		open := ""
		for _, u := range leftovers {
			var a lint.FrontAnswer
			if p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Of: h, URL: u}, &a) != nil || a.Uncertain || a.Host != h || a.URI != u ||
				a.HandledBy == server.DispatcherHandler || a.HandledBy == "proxy-server" || a.HandledBy == "" {
				continue
			}
			open = u
			break
		}
		if open != "" {
			tell(p, h.At, h.Included, "virtual host would serve "+open, "refuse such names by RedirectMatch 404 or <FilesMatch>")
		}
	}
}

func checkStatusOpen(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		for _, s := range c.settings[h] {
			x := s.Handler
			if x == nil || !in(x.Value, "server-status", "server-info", "balancer-manager") || !c.owns(x.At) {
				continue
			}
			a := at(h, h.DocumentRoot.Value).Access
			for _, w := range s.Within {
				if w.Settings.Access != nil {
					a = w.Settings.Access
				}
			}
			open := a == nil || a.Require == nil && len(a.Deny) == 0 && a.Order == nil && a.AuthType == ""
			if !open {
				_, open = grants(a.Require)
				open = open && len(a.Deny) == 0
			}
			if !open {
				continue
			}
			more := []func(*diag.Diagnostic){}
			if len(s.Within) > 0 && (s.Access == nil || s.Access.Require == nil) {
				more = append(more, inserting("write Require local", x.At, "", "Require local"))
			}
			tell(p, x.At, x.Included, x.Value+" is open to everybody", "write Require local, or Require ip with the addresses of those who look at it", more...)
		}
	}
}

func checkLegacyAccess(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		for _, s := range c.settings[h] {
			a := s.Access
			if len(s.Within) == 0 || a == nil || a.Require == nil {
				continue
			}
			var old server.Place
			name := ""
			switch {
			case a.Order != nil:
				old, name = a.Order.Place, "Order"
			case len(a.Deny) > 0:
				old, name = a.Deny[0].Place, "Deny"
			case len(a.Allow) > 0:
				old, name = a.Allow[0].Place, "Allow"
			default:
				continue
			}
			if c.owns(old.At) {
				tell(p, old.At, old.Included, name+" stands beside Require, and a client must pass both", "say it with Require alone", with(a.Require.At, "Require stands here"))
			}
		}
	}
}

// platformPaths are those that the platform asks for.
var platformPaths = []string{"/systemready", "/system/probes/live", "/system/probes/start", "/system/probes/ready"}

func checkHealth(p *lint.Pass, s *server.Server) {
	c := sceneOf(p)
	if p.Subject.Front == nil {
		return
	}
	for _, h := range s.Hosts {
		if !c.restricts(h) {
			continue
		}
		for _, u := range platformPaths {
			var a lint.FrontAnswer
			if p.Subject.Front.Serve(p.Context(), &lint.FrontQuestion{Of: h, URL: u}, &a) != nil || a.Uncertain || a.Host != h || len(a.Applied) > 0 ||
				a.Status != 401 && a.Status != 403 || !c.owns(a.By.At) {
				continue
			}
			tell(p, a.By.At, a.By.Included, fmt.Sprintf("access control answers %s with %d", u, a.Status), "except the addresses of the platform, as by <If> with %{REQUEST_URI}")
			break
		}
	}
}

// restricts reports whether the project's owner has access control of a host that may refuse somebody.
func (c *scene) restricts(h *server.Host) bool {
	for _, s := range c.settings[h] {
		a := s.Access
		if a == nil {
			continue
		}
		if a.Require != nil && c.owns(a.Require.At) {
			if _, all := grants(a.Require); !all {
				return true
			}
		}
		if a.Order != nil && c.owns(a.Order.At) || len(a.Deny) > 0 && c.owns(a.Deny[0].At) || len(a.LimitedOrders) > 0 {
			return true
		}
	}
	return false
}

var address = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]{1,3}(?:\\?\.[0-9]{1,3}){3}`) })

func checkSpoofableIP(p *lint.Pass, _ *server.Server) {
	c := sceneOf(p)
	for _, h := range c.hosts {
		vars, byAddress := c.accessBy(h)
		if r := h.RemoteIP; r != nil && len(r.Internal) == 0 && len(r.Trusted) == 0 && byAddress != nil && c.owns(r.Header.At) {
			tell(p, r.Header.WordAt, r.Header.Included, fmt.Sprintf("RemoteIPHeader %s believes every client", r.Header.Value),
				"name the proxies in front with RemoteIPInternalProxy or RemoteIPTrustedProxy", with(byAddress.At, "access goes by the address here"))
		}
		for _, s := range c.settings[h] {
			for _, e := range s.EnvIf {
				if !aboutHeader(e, "X-Forwarded-For") || e.Pattern == nil || e.Pattern.PCRE == nil || !c.owns(e.At) {
					continue
				}
				var used *server.Place
				for _, set := range e.Set {
					if vars[set.Name] != nil && !set.Unset {
						used = vars[set.Name]
					}
				}
				if used == nil {
					continue
				}
				if other, how := otherAddress(e.Pattern); other != "" {
					tell(p, e.Pattern.At, e.Included, fmt.Sprintf("pattern for X-Forwarded-For lets %s pass: %s", other, how), "anchor it with ^ and $, and put a backslash before each dot",
						with(used.At, "access goes by it here"))
				}
			}
		}
	}
}

// accessBy returns the variables by which requests of a host are let in, and a place where that goes by the address.
func (c *scene) accessBy(h *server.Host) (vars map[string]*server.Place, byAddress *server.Place) {
	vars = map[string]*server.Place{}
	var walk func(r *server.Requirement)
	walk = func(r *server.Requirement) {
		if r == nil {
			return
		}
		switch r.Kind {
		case server.RequireEnv:
			for _, w := range r.Words {
				vars[w] = &r.Place
			}
		case server.RequireIP:
			byAddress = &r.Place
		}
		for _, x := range r.Children {
			walk(x)
		}
	}
	for _, s := range c.settings[h] {
		if s.Access == nil {
			continue
		}
		walk(s.Access.Require)
		for i := range s.Access.Allow {
			switch a := &s.Access.Allow[i]; {
			case a.Env != "" && !a.Negated:
				vars[a.Env] = &a.Place
			case a.Prefix.IsValid():
				byAddress = &a.Place
			}
		}
	}
	return vars, byAddress
}

// otherAddress finds an address that a pattern lets pass besides the one that it names.
func otherAddress(pt *server.Pattern) (other, how string) {
	for _, text := range address().FindAllString(pt.Text, 8) {
		ip := strings.ReplaceAll(text, `\`, "")
		passes := func(s string) bool {
			ok, _, err := pt.PCRE.Match(s, nil)
			return ok && err == nil
		}
		if !passes(ip) || passes("198.51.100.77") {
			continue
		}
		i := strings.LastIndexByte(ip, '.')
		for _, a := range []struct{ other, how string }{
			{ip + ", 198.51.100.77", "it is not anchored at its end"},
			{"198.51.100.77, " + ip, "it is not anchored at its start"},
			{ip[:i] + "1" + ip[i+1:], "a dot without a backslash stands for any character"},
		} {
			if passes(a.other) {
				return a.other, a.how
			}
		}
	}
	return "", ""
}
