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

var reservedPath = lint.Rule{
	ID: "DSP679", Name: "reserved-path-rewritten", Severity: diag.Error, Server: checkReserved,
	Doc: lint.Doc{
		Title: "path that the platform needs is rewritten",
		Why: "Probes of health, the token against forged requests, client libraries, persisted queries and the flush of the cache are asked for by " +
			"paths that must reach the instance as they are. A rule for every path takes them with it: forms fail, styles are missing, the cache " +
			"is not flushed, or the platform takes the server for sick.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	RewriteEngine On
	RewriteRule ^/(.*)$ /content/site/$1 [PT,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	RewriteEngine On
	RewriteCond %{REQUEST_URI} !^/(content|etc\.clientlibs|libs|graphql|dispatcher|system|systemready|adobe)(/|$)
	RewriteRule ^/(.*)$ /content/site/$1 [PT,L]
</VirtualHost>
`,
		Note: "Redirects to another host do not count, nor those that depend on cookies or headers. Persisted queries may get the extension ;.json. " +
			"Paths of the Cloud Service are asked for there alone. Where /dispatcher/invalidate.cache and /adobe alone are rewritten, which other " +
			"virtual hosts or the CDN mostly answer, the finding is a warning.",
		Since: since,
		Sources: []string{"adobe/skills, AEM as a Cloud Service Dispatcher, configuration guardrails",
			"adobe/aem-project-archetype, dispatcher.cloud, conf.d/dispatcher_vhost.conf"},
	},
}

// A reserved path has to reach the instance as it is.
type reserved struct {
	path  string
	cloud bool // on the Cloud Service alone
	mild  bool // other virtual hosts, or what is in front of httpd, mostly answer it
}

func reservedPaths() []reserved {
	return []reserved{
		{"/system/probes/health", true, false},
		{"/systemready", true, false},
		{"/libs/granite/csrf/token.json", false, false},
		{"/etc.clientlibs/site/clientlibs/site.min.css", false, false},
		{"/graphql/execute.json/site/query", true, false},
		{"/dispatcher/invalidate.cache", false, true},
		{"/adobe/forms/site", true, true},
	}
}

func checkReserved(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	type found struct {
		rule  *server.RewriteRule
		place server.Place
		at    source.Span
		paths []string
		how   string
		mild  bool
	}
	var order []*found
	byPlace := map[source.Span]*found{}
	for _, h := range s.Hosts {
		if !vhosts.Dispatches(h) {
			continue
		}
		mine := map[source.Span]bool{}
		for _, path := range reservedPaths() {
			if path.cloud && p.Subject.Profile != "cloud" {
				continue
			}
			a, ok := w.ask(h, path.path, true)
			if !ok {
				continue
			}
			how, place, rule := w.disturbed(a, h, path.path)
			if how == "" || !w.owns(place.At) {
				continue
			}
			f := byPlace[place.At]
			switch {
			case f == nil:
				f = &found{rule: rule, place: place, at: place.At, paths: []string{path.path}, how: how, mild: path.mild}
				byPlace[place.At] = f
				mine[place.At] = true
				order = append(order, f)
			case mine[place.At]:
				f.paths = append(f.paths, path.path)
				f.mild = f.mild && path.mild
			}
		}
	}
	for _, f := range order {
		message := fmt.Sprintf("%s, which has to reach the instance as it is, is %s", f.paths[0], f.how)
		if n := len(f.paths); n > 1 {
			how, _, _ := strings.Cut(f.how, " ")
			message = fmt.Sprintf("%s and %s, which have to reach the instance as they are, are %s", strings.Join(f.paths[:n-1], ", "), f.paths[n-1], how)
		}
		at := f.at
		if f.rule != nil {
			at = f.rule.Pattern.At
		}
		severity := diag.Error
		if f.mild {
			severity = diag.Warning
		}
		w.tell(p, at, f.place, diag.Diagnostic{Severity: severity, Message: message, Hint: "leave them out with RewriteCond %{REQUEST_URI} !^/…"})
	}
}

// disturbed says what became of a path that has to stay as it is, "" where nothing did, and by which line.
func (w *site) disturbed(a *lint.FrontAnswer, h *server.Host, path string) (how string, by server.Place, rule *server.RewriteRule) {
	for _, r := range a.Applied {
		if !asked(r) && !ofScheme(r.Conditions) {
			return "", by, nil
		}
	}
	rule = last(a)
	if rule != nil && a.Status == 0 && rule.Flags.Status != 0 {
		rule = nil
	}
	switch {
	case a.Status >= 300 && a.Status <= 399 && a.Location != "":
		name, _ := vhosts.Called(h)
		to, ok := w.redirected(address{host: name, target: path, secure: true}, a)
		if !ok || !strings.EqualFold(to.host, name) || to.target == path {
			return "", by, nil
		}
		by = a.By
		if rule == nil || rule.At != by.At {
			rule = nil
		}
		return "redirected", by, rule
	case rule == nil:
		return "", by, nil
	case a.HandledBy == server.DispatcherHandler && a.URI != path && a.URI != path+";.json":
		return "rewritten to " + text(a.URI), rule.Place, rule
	}
	return "", by, nil
}

var prefixDoubled = lint.Rule{
	ID: "DSP680", Name: "content-prefix-doubled", Severity: diag.Error, Server: eachRule(checkDoubled),
	Doc: lint.Doc{
		Title: "prefix that is put in front of itself",
		Why: "The rule puts the path of the site in front of every path, also where it stands there already: pages that are asked for by their " +
			"full path, as from an editor, a sitemap or a link that was not shortened, are not found.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	RewriteEngine On
	RewriteRule ^/(.*)$ /content/site/$1 [PT,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	RewriteEngine On
	RewriteCond %{REQUEST_URI} !^/(apps|bin|content|dispatcher|etc|etc\.clientlibs|graphql|home|libs|adobe|system|systemready)(/|$)
	RewriteRule ^/(.*)$ /content/site/$1 [PT,L]
</VirtualHost>
`,
		Since:   since,
		Sources: []string{"adobe/aem-project-archetype, dispatcher.cloud, conf.d/rewrites/rewrite.rules"},
	},
}

func checkDoubled(p *lint.Pass, w *site, sc *scope, _ int, r *server.RewriteRule) {
	prefix, ok := prefixOf(r)
	if !ok || sc.section != nil || !sc.host.Virtual {
		return
	}
	for _, u := range witnesses(p, r.Pattern) {
		a, ok := w.ask(sc.host, u, true)
		if !ok || !applied(a, r) || last(a) != r || !strings.HasPrefix(a.URI, prefix) || a.URI == u {
			continue
		}
		again, ok := w.ask(sc.host, a.URI, true)
		if !ok || last(again) != r || again.URI != prefix+strings.TrimPrefix(a.URI, "/") {
			continue
		}
		w.tell(p, r.Pattern.At, r.Place, diag.Diagnostic{
			Message: fmt.Sprintf("%s is put in front of %s once more: %s", prefix, text(a.URI), text(again.URI)),
			Hint:    "leave out paths that are full already: RewriteCond %{REQUEST_URI} !^/content",
		})
		return
	}
}

// prefixOf is the text in front of the reference at the end of a target below /content.
func prefixOf(r *server.RewriteRule) (string, bool) {
	if !internal(r) || !r.Flags.PassThrough || !strings.HasPrefix(r.Substitution, "/content/") {
		return "", false
	}
	refs := references(r.Substitution)
	if len(refs) != 1 || refs[0].end != len(r.Substitution) || refs[0].kind == mapLookup {
		return "", false
	}
	prefix := r.Substitution[:refs[0].start]
	if !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	return prefix, true
}

var targetDenied = lint.Rule{
	ID: "DSP681", Name: "rewrite-target-denied", Severity: diag.Error, Asks: true, Server: eachRule(checkTargetDenied),
	Doc: lint.Doc{
		Title:     "target that the filter denies",
		Why:       "The rule leads to a path that /filter of every farm denies: whoever asks for the short path gets 404, however well the page works by another.",
		File:      "conf.dispatcher.d/dispatcher.any",
		Bad:       deniedFarm,
		Good:      deniedFarm,
		BadFiles:  []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: deniedSite("/content/site/home")}},
		GoodFiles: []lint.File{{Name: "conf.d/enabled_vhosts/site.vhost", Text: deniedSite("/content/site/home.html")}},
		Files:     []lint.File{{Name: "conf.dispatcher.d/enabled_farms/site.farm", Text: "# farms stand in dispatcher.any\n"}},
		Note:      "Told of targets that are plain texts.",
		Since:     since,
		Sources:   []string{"AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md"},
	},
}

const deniedFarm = `/farms {
	/site {
		/virtualhosts { "*" }
		/renders {
			/0 { /hostname "localhost" /port "4503" }
		}
		/filter {
			/0001 { /type "deny"  /url "*" }
			/0002 { /type "allow" /path "/content/*" /extension "html" }
		}
		/cache { /docroot "/var/www" }
	}
}
`

func deniedSite(target string) string {
	return `<VirtualHost *:80>
	ServerName www.example.com
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	RewriteEngine On
	RewriteRule ^/home$ ` + target + ` [PT,L]
</VirtualHost>
`
}

func checkTargetDenied(p *lint.Pass, w *site, sc *scope, _ int, r *server.RewriteRule) {
	if sc.section != nil || !sc.host.Virtual || !internal(r) || !r.Flags.PassThrough || !plain(r.Substitution) || !plainPath(r.Substitution) ||
		p.Subject.Config == nil || len(p.Subject.Config.Farms) == 0 || !vhosts.Dispatches(sc.host) || !processedURL(p, sc.host) {
		return
	}
	for _, u := range witnesses(p, r.Pattern) {
		// A later rule may have the last word about the path.
		if a, ok := w.ask(sc.host, u, true); ok && applied(a, r) && (a.HandledBy != server.DispatcherHandler || a.URI != r.Substitution) {
			return
		}
	}
	for _, f := range p.Subject.Config.Farms {
		var a lint.Answer
		if !p.Ask(f, &lint.Question{URL: r.Substitution}, &a) || !a.Filtered || a.Allowed {
			return
		}
	}
	w.tell(p, r.SubstitutionAt, r.Place, diag.Diagnostic{
		Message: fmt.Sprintf("path %s is denied by the filter of every farm", text(r.Substitution)), Hint: "correct the path, or allow it in /filter",
	})
}

var mixed = lint.Rule{
	ID: "DSP685", Name: "redirect-mixed", Severity: diag.Warning, Server: checkMixed,
	Doc: lint.Doc{
		Title: "redirect of mod_alias that a rewrite rule is in the way of",
		Why: "In a virtual host mod_rewrite sees the path before mod_alias. Where a rule takes the path of a Redirect, the Redirect never applies, " +
			"wherever in the text it stands.",
		File: "site.vhost",
		Bad: `<VirtualHost *:80>
	ServerName www.example.com
	Redirect 301 /a /b
	RewriteEngine On
	RewriteRule ^/a$ /c [R=301,L]
</VirtualHost>
`,
		Good: `<VirtualHost *:80>
	ServerName www.example.com
	RewriteEngine On
	RewriteRule ^/a$ /b [R=301,L]
</VirtualHost>
`,
		Since:   since,
		Sources: []string{docAlias, docTech},
	},
}

func checkMixed(p *lint.Pass, s *server.Server) {
	w := siteOf(p, s)
	for _, h := range s.Hosts {
		if len(h.Rewrite.Rules) == 0 {
			continue
		}
		for _, r := range h.Redirects {
			if !w.owns(r.At) || r.InSection {
				continue
			}
			targets := []string{r.Path, strings.TrimSuffix(r.Path, "/") + "/some/page.html"}
			if r.Pattern != nil {
				targets = witnesses(p, r.Pattern)
			}
			var by *server.RewriteRule
			for _, t := range targets {
				by = nil
				if !strings.HasPrefix(t, "/") || !plainPath(t) {
					break
				}
				a, ok := w.ask(h, t, true)
				if !ok || a.By.At == r.At {
					break
				}
				rule := last(a)
				if rule == nil || !asked(rule) || ofScheme(rule.Conditions) || !redirects(rule) && !rule.Flags.PassThrough && !rule.Flags.Last && !rule.Flags.End {
					break
				}
				by = rule
				if r.Pattern == nil && t == r.Path && literalOf(by, r.Path) {
					break // the rule is for this path and no other
				}
			}
			if by == nil {
				continue
			}
			message := fmt.Sprintf("redirect of %s never applies", text(r.Path))
			switch {
			case r.Pattern != nil:
				message = fmt.Sprintf("redirect of %s never applies", text(r.Pattern.Text))
			case literalOf(by, r.Path):
				message = fmt.Sprintf("redirect does not apply to %s itself", text(r.Path))
			}
			w.tell(p, r.At, r.Place, diag.Diagnostic{
				Message: fmt.Sprintf("%s: rule %s takes the path first", message, shown(by.Pattern)), Hint: "make a rewrite rule of it, in front of the other",
				Related: []diag.Related{{Span: by.At, Message: "the rule"}},
			})
		}
	}
}

func literalOf(r *server.RewriteRule, path string) bool {
	p, ok := literal(r.Pattern)
	return ok && strings.EqualFold(p, path)
}

var persistedQuery = lint.Rule{
	ID: "DSP693", Name: "persisted-query-rewrite", Severity: diag.Error, Profiles: []string{"cloud"}, Server: checkPersisted,
	Doc: lint.Doc{
		Title: "persisted queries without their extension",
		Why: "CACHE_GRAPHQL_PERSISTED_QUERIES says that answers of persisted queries are to be cached. For that their path needs the extension " +
			";.json, which a rule of default_rewrite.rules puts behind it. Where the rule is missing, or one in front takes the path, each query " +
			"goes to the instance.",
		File: "site.vhost",
		Bad: `Define CACHE_GRAPHQL_PERSISTED_QUERIES
<VirtualHost *:80>
	ServerName www.example.com
	DocumentRoot "${DOCROOT}"
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	RewriteEngine On
	RewriteRule ^/graphql/ - [PT,L]
	Include conf.d/rewrites/default_rewrite.rules
</VirtualHost>
`,
		Good: `Define CACHE_GRAPHQL_PERSISTED_QUERIES
<VirtualHost *:80>
	ServerName www.example.com
	DocumentRoot "${DOCROOT}"
	<Directory />
		SetHandler dispatcher-handler
		Require all granted
	</Directory>
	RewriteEngine On
	Include conf.d/rewrites/default_rewrite.rules
	RewriteRule ^/graphql/ - [PT,L]
</VirtualHost>
`,
		Note:  "Of several virtual hosts, those are told that have the rule and do not come to it; where none has it, the first.",
		Since: since,
		Sources: []string{"AdobeDocs/experience-manager-cloud-service.en, headless, persisted queries, caching",
			"adobe/aem-project-archetype, dispatcher.cloud, conf.d/rewrites/default_rewrite.rules"},
	},
}

func checkPersisted(p *lint.Pass, s *server.Server) {
	if _, ok := s.Tree.Defines["CACHE_GRAPHQL_PERSISTED_QUERIES"]; !ok {
		return
	}
	w := siteOf(p, s)
	const query = "/graphql/execute.json/site/query"
	var missing *server.Host
	some := false
	for _, h := range s.Hosts {
		if !w.owns(h.At) || !vhosts.Dispatches(h) {
			continue
		}
		has := false
		for _, r := range h.Rewrite.Rules {
			has = has || strings.Contains(r.Substitution, ";.json")
		}
		some = some || has
		a, ok := w.ask(h, query, true)
		if !ok || a.Status != 0 || strings.HasSuffix(a.URI, ".json") || a.HandledBy != server.DispatcherHandler {
			continue
		}
		if !has {
			if missing == nil {
				missing = h
			}
			continue
		}
		d := diag.Diagnostic{Message: "persisted queries do not get their extension: the rule for it does not apply", Hint: "include default_rewrite.rules in front of other rules"}
		at, in := h.At, h.Place
		if len(a.Applied) > 0 {
			r := a.Applied[len(a.Applied)-1]
			if w.owns(r.At) {
				d.Message = fmt.Sprintf("persisted queries do not get their extension: rule %s takes them first", shown(r.Pattern))
				at, in = r.Pattern.At, r.Place
			}
		}
		w.tell(p, at, in, d)
	}
	if missing != nil && !some {
		w.tell(p, missing.At, missing.Place, diag.Diagnostic{
			Message: "persisted queries do not get their extension: no rule puts ;.json behind them", Hint: "include conf.d/rewrites/default_rewrite.rules",
		})
	}
}
